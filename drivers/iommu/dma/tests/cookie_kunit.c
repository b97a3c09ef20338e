// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domains: cookies, and which addresses a device may get. Where it matters
 * that no address is missing and none is too many, the space is so small that
 * a test can take all of it.
 */

#include <linux/dma-direct.h>
#include <linux/iommu-dma.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include "../../dma-iommu.h"
#include "util.h"

/* A space of 256 pages, and more than enough space for them */
#define SPACE_START	SZ_16M
#define SPACE_END	(SZ_16M + SZ_1M - 1)
#define SPACE_PAGES	256
#define MAX_PAGES	300

static const struct dmock_config small = {
	.type = IOMMU_DOMAIN_DMA,
	.pgsize_bitmap = SZ_4K,
	.aperture_start = SPACE_START,
	.aperture_end = SPACE_END,
};

/* Take all addresses there are and give them back; a bit for each page. */
static unsigned int survey(struct kunit *test, struct device *dev,
			   unsigned long *taken)
{
	dma_addr_t *all = kunit_kcalloc(test, MAX_PAGES, sizeof(*all),
					GFP_KERNEL);
	unsigned int i, nr;

	KUNIT_ASSERT_NOT_NULL(test, all);
	bitmap_zero(taken, SPACE_PAGES);
	nr = dmi_take_all(test, dev, all, MAX_PAGES);
	for (i = 0; i < nr; i++) {
		KUNIT_ASSERT_GE(test, all[i], SPACE_START);
		KUNIT_ASSERT_LE(test, all[i], SPACE_END);
		KUNIT_EXPECT_FALSE(test,
				   __test_and_set_bit((all[i] - SPACE_START) /
						      SZ_4K, taken));
	}
	dmi_give_all(dev, all, nr);
	kunit_kfree(test, all);
	return nr;
}

static void dmi_test_dma_cookie(struct kunit *test)
{
	struct device *dev = dmi_begin(test, &small);
	struct iommu_domain *domain = iommu_paging_domain_alloc(dev);

	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	KUNIT_EXPECT_NULL(test, domain->iova_cookie);
	iommu_put_dma_cookie(domain);

	KUNIT_EXPECT_EQ(test, iommu_get_dma_cookie(domain), 0);
	KUNIT_EXPECT_NOT_NULL(test, domain->iova_cookie);
	KUNIT_EXPECT_EQ(test, iommu_get_dma_cookie(domain), -EEXIST);
	KUNIT_EXPECT_EQ(test, iommu_get_msi_cookie(domain, SZ_16M), -EEXIST);
	iommu_put_dma_cookie(domain);
	KUNIT_EXPECT_NULL(test, domain->iova_cookie);
	iommu_put_dma_cookie(domain);

	/* And once more, so that nothing of the first one is left. */
	KUNIT_EXPECT_EQ(test, iommu_get_dma_cookie(domain), 0);
	iommu_domain_free(domain);
}

/* All of a space is used, and comes back. */
static void dmi_test_whole_space(struct kunit *test)
{
	DECLARE_BITMAP(taken, SPACE_PAGES);
	struct device *dev = dmi_begin(test, &small);
	int round;

	for (round = 0; round < 3; round++) {
		KUNIT_EXPECT_EQ(test, survey(test, dev, taken), SPACE_PAGES);
		KUNIT_EXPECT_TRUE(test, bitmap_full(taken, SPACE_PAGES));
	}
}

/* Address 0 would be taken for an error by many. */
static void dmi_test_no_page_zero(struct kunit *test)
{
	struct dmock_config cfg = {
		.type = IOMMU_DOMAIN_DMA,
		.pgsize_bitmap = SZ_4K,
		.aperture_end = SZ_64K - 1,
	};
	struct device *dev = dmi_begin(test, &cfg);
	dma_addr_t all[20];
	unsigned int i, nr;

	nr = dmi_take_all(test, dev, all, ARRAY_SIZE(all));
	KUNIT_EXPECT_EQ(test, nr, 15);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_GE(test, all[i], SZ_4K);
	dmi_give_all(dev, all, nr);
}

/**
 * struct limit_case - how far a device can see
 * @name: description
 * @mask: bits of its masks
 * @bus: bits of its bus; 0 for no limit
 * @aperture: bits of the IOMMU
 */
struct limit_case {
	const char *name;
	unsigned int mask;
	unsigned int bus;
	unsigned int aperture;
};

static const struct limit_case limit_cases[] = {
	{ "24 bits", 24, 0, 48 },
	{ "28 bits", 28, 0, 48 },
	{ "32 bits", 32, 0, 48 },
	{ "39 bits", 39, 0, 48 },
	{ "48 bits", 48, 0, 48 },
	{ "64 bits", 64, 0, 48 },
	{ "64 bits, IOMMU 39", 64, 0, 39 },
	{ "64 bits, IOMMU 64", 64, 0, 64 },
	{ "64 bits, bus 36", 64, 36, 48 },
	{ "32 bits, bus 28", 32, 28, 48 },
	{ "28 bits, bus 32", 28, 32, 48 },
};

KUNIT_ARRAY_PARAM_DESC(limit, limit_cases, name);

static void dmi_test_limits(struct kunit *test)
{
	const struct limit_case *c = test->param_value;
	struct dmock_config cfg = {
		.type = IOMMU_DOMAIN_DMA,
		.aperture_end = DMA_BIT_MASK(c->aperture),
	};
	unsigned int bits = min(c->mask, c->aperture);
	struct device *dev = dmi_begin(test, &cfg);
	dma_addr_t addr, coherent, last;
	void *mem;
	int i, ret;

	if (c->bus) {
		dev->bus_dma_limit = DMA_BIT_MASK(c->bus);
		bits = min(bits, c->bus);
	}
	last = DMA_BIT_MASK(bits);
	ret = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(c->mask));
	KUNIT_ASSERT_EQ(test, ret, 0);
	for (i = 0; i < 6; i++) {
		size_t size = SZ_4K << (2 * i);

		addr = dma_map_resource(dev, SZ_4G, size, DMA_TO_DEVICE, 0);
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
		KUNIT_EXPECT_LE(test, addr, last);
		KUNIT_EXPECT_LE(test, addr + size - 1, last);
		/* From the top: the lowest half is for those who need it. */
		KUNIT_EXPECT_GT(test, addr, last / 2);
		dma_unmap_resource(dev, addr, size, DMA_TO_DEVICE, 0);
	}

	/* Both masks count, each for its own kind. */
	KUNIT_ASSERT_EQ(test, dma_set_coherent_mask(dev, DMA_BIT_MASK(26)), 0);
	mem = dma_alloc_coherent(dev, SZ_64K, &coherent, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, mem);
	KUNIT_EXPECT_LE(test, coherent + SZ_64K - 1, DMA_BIT_MASK(26));
	dma_free_coherent(dev, SZ_64K, mem, coherent);
}

/* A narrow device runs out of addresses, and has them again afterwards. */
static void dmi_test_narrow_device(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct device *dev = dmi_begin(test, &cfg);
	unsigned int i, nr, round;
	dma_addr_t addr[33];

	KUNIT_ASSERT_EQ(test, dma_set_mask(dev, DMA_BIT_MASK(24)), 0);
	for (round = 0; round < 3; round++) {
		for (nr = 0; nr < ARRAY_SIZE(addr); nr++) {
			addr[nr] = dma_map_resource(dev, SZ_4G, SZ_512K,
						    DMA_TO_DEVICE, 0);
			if (dma_mapping_error(dev, addr[nr]))
				break;
		}
		/* 16 MiB, but not the first page */
		KUNIT_EXPECT_EQ(test, nr, 31);
		for (i = 0; i < nr; i++)
			dma_unmap_resource(dev, addr[i], SZ_512K,
					   DMA_TO_DEVICE, 0);
	}
}

/**
 * struct resv_case - reserved regions and what they leave
 * @name: description
 * @resv: regions, @nr of them
 * @nr: likewise
 * @pages: how many pages are left of the space
 */
struct resv_case {
	const char *name;
	struct dmock_resv resv[3];
	unsigned int nr;
	unsigned int pages;
};

static const struct resv_case resv_cases[] = {
	{ "direct", { { SZ_16M + SZ_64K, SZ_16K, IOMMU_RESV_DIRECT } }, 1, 252 },
	{ "relaxable", { { SZ_16M, SZ_4K, IOMMU_RESV_DIRECT_RELAXABLE } }, 1,
	  255 },
	{ "reserved", { { SZ_16M + SZ_512K, SZ_64K, IOMMU_RESV_RESERVED } }, 1,
	  240 },
	{ "odd size", { { SZ_16M + 100, SZ_4K, IOMMU_RESV_RESERVED } }, 1, 254 },
	{ "MSI", { { SZ_16M + SZ_256K, SZ_64K, IOMMU_RESV_MSI } }, 1, 240 },
	{ "software MSI", { { SZ_16M + SZ_256K, SZ_64K, IOMMU_RESV_SW_MSI } }, 1,
	  256 },
	{ "across the end", { { SZ_16M + SZ_1M - SZ_4K, SZ_1M,
				IOMMU_RESV_RESERVED } }, 1, 255 },
	{ "across the start", { { SZ_16M - SZ_1M, SZ_1M + SZ_8K,
				  IOMMU_RESV_RESERVED } }, 1, 254 },
	{ "overlapping", { { SZ_16M + SZ_64K, SZ_64K, IOMMU_RESV_RESERVED },
			   { SZ_16M + SZ_64K + SZ_32K, SZ_64K,
			     IOMMU_RESV_RESERVED },
			   { SZ_16M + SZ_512K, SZ_4K, IOMMU_RESV_DIRECT } }, 3,
	  231 },
};

KUNIT_ARRAY_PARAM_DESC(resv, resv_cases, name);

static void dmi_test_reserved(struct kunit *test)
{
	const struct resv_case *c = test->param_value;
	DECLARE_BITMAP(taken, SPACE_PAGES);
	struct dmock_config cfg = small;
	struct device *dev;
	unsigned int i;

	memcpy(cfg.resv, c->resv, sizeof(c->resv));
	cfg.nr_resv = c->nr;
	dev = dmi_begin(test, &cfg);
	/* That none of them is inside is what the hardware looks at. */
	KUNIT_EXPECT_EQ(test, survey(test, dev, taken), c->pages);

	for (i = 0; i < c->nr; i++) {
		const struct dmock_resv *r = &c->resv[i];

		if (r->type != IOMMU_RESV_DIRECT &&
		    r->type != IOMMU_RESV_DIRECT_RELAXABLE)
			continue;
		KUNIT_EXPECT_TRUE(test, dmi_reaches(dev, r->start, r->start,
						    r->length, IOMMU_READ |
						    IOMMU_WRITE));
	}
}

/* Beyond 6.12: regions of those who come later are carved out as well. */
static void dmi_test_reserved_later(struct kunit *test)
{
	DECLARE_BITMAP(taken, SPACE_PAGES);
	struct dmock_config cfg = small;
	struct device *dev;

	cfg.one_group = true;
	cfg.resv[0] = (struct dmock_resv) {
		SZ_16M + SZ_256K, SZ_64K, IOMMU_RESV_RESERVED, BIT(1),
	};
	cfg.nr_resv = 1;
	dev = dmi_begin(test, &cfg);
	KUNIT_EXPECT_EQ(test, survey(test, dev, taken), SPACE_PAGES);
	dmi_add_device(test);
	KUNIT_EXPECT_EQ(test, survey(test, dev, taken), SPACE_PAGES - 16);
}

/* Devices of a group share addresses; others have the same ones again. */
static void dmi_test_groups(struct kunit *test)
{
	struct dmock_config cfg = small;
	struct device *a, *b;
	dma_addr_t all[4];

	a = dmi_begin(test, &cfg);
	b = dmi_add_device(test);
	KUNIT_EXPECT_PTR_NE(test, dmi_domain(a), dmi_domain(b));

	cfg.one_group = true;
	a = dmi_begin(test, &cfg);
	b = dmi_add_device(test);
	KUNIT_EXPECT_PTR_EQ(test, dmi_domain(a), dmi_domain(b));
	KUNIT_EXPECT_EQ(test, dmi_take_all(test, a, all, 2), 2);
	KUNIT_EXPECT_EQ(test, dmi_take_all(test, b, all + 2, 2), 2);
	KUNIT_EXPECT_NE(test, all[0], all[2]);
	dmi_give_all(a, all, 2);
	dmi_give_all(b, all + 2, 2);
}

static void dmi_test_range_map(struct kunit *test)
{
	static const struct bus_dma_region inside[] = {
		{ 0, SZ_16M + SZ_64K, SZ_1G }, {}
	};
	static const struct bus_dma_region below[] = { { 0, 0, SZ_8M }, {} };
	static const struct bus_dma_region above[] = { { 0, SZ_1G, SZ_1G }, {} };
	DECLARE_BITMAP(taken, SPACE_PAGES);
	struct device *dev;

	dmi_mock(test, &small);
	dev = dmi_add_raw_device(test, inside);
	KUNIT_EXPECT_TRUE(test, use_dma_iommu(dev));
	KUNIT_EXPECT_GT(test, survey(test, dev, taken), 0);

	dmi_mock(test, &small);
	KUNIT_EXPECT_FALSE(test, use_dma_iommu(dmi_add_raw_device(test, below)));
	dmi_mock(test, &small);
	KUNIT_EXPECT_FALSE(test, use_dma_iommu(dmi_add_raw_device(test, above)));
}

/**
 * struct bridge_case - what a host bridge keeps from its devices
 * @name: description
 * @pci: bridge
 * @pages: how many pages are left of the space
 * @refused: the bridge makes no sense
 */
struct bridge_case {
	const char *name;
	struct dmock_pci_config pci;
	unsigned int pages;
	bool refused;
};

static const struct bridge_case bridge_cases[] = {
	{ "window", { 1, 0, { { SZ_16M + SZ_64K, SZ_16M + SZ_128K - 1 } } },
	  240 },
	{ "window with offset", { 1, 0, { { SZ_1G + SZ_16M, SZ_1G + SZ_16M +
					    SZ_256K - 1, SZ_1G } } }, 192 },
	{ "two windows", { 1, 0, { { SZ_16M, SZ_16M + SZ_4K - 1 },
				   { SZ_16M + SZ_512K, SZ_64M - 1 } } }, 127 },
	{ "DMA range", { 1, 0, {}, { { SZ_16M + SZ_256K, SZ_16M + SZ_512K - 1 } } },
	  63 },
	{ "unordered DMA ranges", { 1, 0, {}, {
		{ SZ_16M + SZ_512K, SZ_16M + SZ_512K + SZ_64K - 1 },
		{ SZ_16M + SZ_128K, SZ_16M + SZ_128K + SZ_64K - 1 } } }, 30 },
	{ "overlapping DMA ranges", { 1, 0, {}, {
		{ SZ_16M, SZ_16M + SZ_64K - 1 },
		{ SZ_16M + SZ_32K, SZ_16M + SZ_128K - 1 } } }, 0, true },
};

KUNIT_ARRAY_PARAM_DESC(bridge, bridge_cases, name);

static void dmi_test_bridge(struct kunit *test)
{
	const struct bridge_case *c = test->param_value;
	DECLARE_BITMAP(taken, SPACE_PAGES);
	const struct dmock_window *w;
	struct device *dev;
	unsigned int nr;

	dev = dmi_begin_pci(test, &small, &c->pci);
	KUNIT_ASSERT_EQ(test, use_dma_iommu(dev), !c->refused);
	if (c->refused)
		return;
	nr = survey(test, dev, taken);
	/* 6.12 loses one page at each end of a hole, which nobody minds. */
	KUNIT_EXPECT_GE(test, nr, c->pages);
	KUNIT_EXPECT_LE(test, nr, c->pages + 2);

	for (w = c->pci.windows; w->end; w++) {
		unsigned long first = (w->start - w->offset - SPACE_START) /
				      SZ_4K;

		if (first < SPACE_PAGES)
			KUNIT_EXPECT_FALSE(test, test_bit(first, taken));
	}
	for (w = c->pci.dma_ranges; w->end; w++) {
		unsigned long first = (w->start - SPACE_START) / SZ_4K;

		KUNIT_EXPECT_FALSE(test, test_bit(first - 1, taken));
		KUNIT_EXPECT_TRUE(test, test_bit(first + 1, taken));
	}
}

/* A PCI device gets low addresses as long as there are any. */
static void dmi_test_32bit_first(struct kunit *test)
{
	static const struct dmock_pci_config pci = { .devices = 1 };
	static const struct dmock_config cfg = {
		.type = IOMMU_DOMAIN_DMA,
		.aperture_start = SZ_4G - SZ_1M,
		.aperture_end = DMA_BIT_MASK(36),
	};
	struct device *dev = dmi_begin_pci(test, &cfg, &pci);
	dma_addr_t addr[20];
	int i;

	KUNIT_ASSERT_EQ(test, dma_set_mask(dev, DMA_BIT_MASK(64)), 0);
	for (i = 0; i < ARRAY_SIZE(addr); i++) {
		addr[i] = dma_map_resource(dev, SZ_4G, SZ_64K, DMA_TO_DEVICE, 0);
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr[i]));
		if (i < 16)
			KUNIT_EXPECT_LT(test, addr[i], SZ_4G);
		else
			KUNIT_EXPECT_GE(test, addr[i], SZ_4G);
	}
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		dma_unmap_resource(dev, addr[i], SZ_64K, DMA_TO_DEVICE, 0);
}

static void forcedac_off(void *unused)
{
	iommu_dma_forcedac = false;
}

static void dmi_test_forcedac(struct kunit *test)
{
	static const struct dmock_pci_config pci = { .devices = 1 };
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct device *dev;
	dma_addr_t addr;

	if (iommu_dma_forcedac)
		kunit_skip(test, "iommu.forcedac is set already");
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, forcedac_off, NULL), 0);
	iommu_dma_forcedac = true;
	dev = dmi_begin_pci(test, &cfg, &pci);
	KUNIT_ASSERT_EQ(test, dma_set_mask(dev, DMA_BIT_MASK(64)), 0);
	addr = dma_map_resource(dev, SZ_4G, SZ_64K, DMA_TO_DEVICE, 0);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	KUNIT_EXPECT_GE(test, addr, SZ_4G);
	dma_unmap_resource(dev, addr, SZ_64K, DMA_TO_DEVICE, 0);
}

/* What isn't a PCI device has no such fear. */
static void dmi_test_platform_goes_high(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct device *dev = dmi_begin(test, &cfg);
	dma_addr_t addr;

	addr = dma_map_resource(dev, SZ_4G, SZ_64K, DMA_TO_DEVICE, 0);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	KUNIT_EXPECT_GE(test, addr, SZ_4G);
	dma_unmap_resource(dev, addr, SZ_64K, DMA_TO_DEVICE, 0);
}

/*
 * Beyond 6.12: four pages between two multiples of four are better than none,
 * for those who don't rely on alignment.
 */
static void dmi_test_unaligned_hole(struct kunit *test)
{
	static const struct dmock_config cfg = {
		.type = IOMMU_DOMAIN_DMA,
		.pgsize_bitmap = SZ_4K,
		.aperture_start = SZ_16M + SZ_4K,
		.aperture_end = SZ_16M + 5 * SZ_4K - 1,
	};
	struct device *dev = dmi_begin(test, &cfg);
	dma_addr_t addr, other;
	void *mem;
	int i;

	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32)),
			0);
	mem = dma_alloc_coherent(dev, SZ_16K, &addr, GFP_KERNEL);
	KUNIT_EXPECT_NULL(test, mem);
	dma_set_seg_boundary(dev, SZ_64K - 1);
	addr = dma_map_resource(dev, SZ_4G, SZ_16K, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_TRUE(test, dma_mapping_error(dev, addr));

	dma_set_seg_boundary(dev, DMA_BIT_MASK(32));
	for (i = 0; i < 3; i++) {
		addr = dma_map_resource(dev, SZ_4G, SZ_16K, DMA_TO_DEVICE, 0);
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
		KUNIT_EXPECT_EQ(test, addr, SZ_16M + SZ_4K);
		other = dma_map_resource(dev, SZ_4G, SZ_4K, DMA_TO_DEVICE, 0);
		KUNIT_EXPECT_TRUE(test, dma_mapping_error(dev, other));
		dma_unmap_resource(dev, addr, SZ_16K, DMA_TO_DEVICE, 0);
	}
}

/* Hardware that can't defer makes a lazy domain strict. */
static void dmi_test_no_deferred_flush(struct kunit *test)
{
	static const struct dmock_config cfg = {
		.type = IOMMU_DOMAIN_DMA_FQ, .no_deferred_flush = true,
	};
	struct device *dev = dmi_begin(test, &cfg);
	dma_addr_t addr;

	KUNIT_EXPECT_EQ(test, dmi_domain(dev)->domain.type, IOMMU_DOMAIN_DMA);
	addr = dma_map_resource(dev, SZ_4G, SZ_4K, DMA_TO_DEVICE, 0);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	dma_unmap_resource(dev, addr, SZ_4K, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, dmock_stale(dmi_domain(dev)), 0);
}

static struct kunit_case dma_iommu_domain_cases[] = {
	KUNIT_CASE(dmi_test_dma_cookie),
	KUNIT_CASE(dmi_test_whole_space),
	KUNIT_CASE(dmi_test_no_page_zero),
	KUNIT_CASE_PARAM(dmi_test_limits, limit_gen_params),
	KUNIT_CASE(dmi_test_narrow_device),
	KUNIT_CASE_PARAM(dmi_test_reserved, resv_gen_params),
	KUNIT_CASE(dmi_test_reserved_later),
	KUNIT_CASE(dmi_test_groups),
	KUNIT_CASE(dmi_test_range_map),
	KUNIT_CASE_PARAM(dmi_test_bridge, bridge_gen_params),
	KUNIT_CASE(dmi_test_32bit_first),
	KUNIT_CASE(dmi_test_forcedac),
	KUNIT_CASE(dmi_test_platform_goes_high),
	KUNIT_CASE(dmi_test_unaligned_hole),
	KUNIT_CASE(dmi_test_no_deferred_flush),
	{}
};

static struct kunit_suite dma_iommu_domain_suite = {
	.name = "dma-iommu-domain",
	.init = dmi_init,
	.exit = dmi_exit,
	.test_cases = dma_iommu_domain_cases,
};

kunit_test_suite(dma_iommu_domain_suite);
