// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages and resources: mapped where they should be, for whom they should be,
 * and gone when they should be.
 */

#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/iommu-dma.h>
#include <linux/iova.h>
#include <linux/irqflags.h>
#include <linux/sizes.h>

#include "util.h"

/**
 * struct hardware - hardware that all of this has to work with
 * @name: description
 * @cfg: what it is like
 */
struct hardware {
	const char *name;
	struct dmock_config cfg;
};

static const struct hardware hardwares[] = {
	{ "4K 2M 1G", { .type = IOMMU_DOMAIN_DMA } },
	{ "4K", { .type = IOMMU_DOMAIN_DMA, .pgsize_bitmap = SZ_4K } },
	{ "1K 4K 64K", { .type = IOMMU_DOMAIN_DMA,
			 .pgsize_bitmap = SZ_1K | SZ_4K | SZ_64K } },
	{ "4K 64K 2M 32M", { .type = IOMMU_DOMAIN_DMA, .pgsize_bitmap =
			     SZ_4K | SZ_64K | SZ_2M | SZ_32M } },
	{ "gathers pages", { .type = IOMMU_DOMAIN_DMA, .gather_pages = true,
			     .tables = true } },
	{ "syncs maps, frees tables", { .type = IOMMU_DOMAIN_DMA,
					.sync_map = true, .tables = true } },
	{ "high aperture", { .type = IOMMU_DOMAIN_DMA,
			     .aperture_start = 0x180000000ULL,
			     .aperture_end = 0x1ffffffffULL } },
	{ "4K 2M 1G, lazy", { .type = IOMMU_DOMAIN_DMA_FQ } },
	{ "1K, lazy", { .type = IOMMU_DOMAIN_DMA_FQ,
			.pgsize_bitmap = SZ_1K } },
	{ "gathers pages, lazy", { .type = IOMMU_DOMAIN_DMA_FQ,
				   .gather_pages = true, .tables = true } },
};

KUNIT_ARRAY_PARAM_DESC(hardware, hardwares, name);

/* A place in a buffer and a direction */
struct extent {
	size_t offset;
	size_t size;
	enum dma_data_direction dir;
};

static const struct extent extents[] = {
	{ 0, 1, DMA_TO_DEVICE },
	{ 0, SZ_4K, DMA_FROM_DEVICE },
	{ 17, 100, DMA_BIDIRECTIONAL },
	{ 4095, 2, DMA_FROM_DEVICE },
	{ 4000, SZ_4K, DMA_TO_DEVICE },
	{ SZ_4K, SZ_8K, DMA_BIDIRECTIONAL },
	{ 511, SZ_64K, DMA_TO_DEVICE },
	{ SZ_64K - 1, SZ_64K + 2, DMA_FROM_DEVICE },
	{ 0, 33 * SZ_4K, DMA_FROM_DEVICE },
	{ SZ_1K, SZ_1M, DMA_BIDIRECTIONAL },
	{ 0, SZ_2M, DMA_TO_DEVICE },
	{ SZ_2M - 5, 10, DMA_FROM_DEVICE },
	{ 0, SZ_4M, DMA_BIDIRECTIONAL },
};

#define BUFFER_ORDER	get_order(SZ_4M)

static int dir_prot(enum dma_data_direction dir)
{
	switch (dir) {
	case DMA_TO_DEVICE:
		return IOMMU_READ;
	case DMA_FROM_DEVICE:
		return IOMMU_WRITE;
	default:
		return IOMMU_READ | IOMMU_WRITE;
	}
}

static bool is_lazy(struct device *dev)
{
	return dmi_domain(dev)->domain.type == IOMMU_DOMAIN_DMA_FQ;
}

/* What a mapping has to be like from the first to the last byte */
static void expect_mapped(struct kunit *test, struct device *dev,
			  dma_addr_t addr, phys_addr_t phys,
			  const struct extent *e)
{
	size_t granule = dmi_granule(dev);
	int prot = dir_prot(e->dir);
	u8 byte = 0x5a;

	KUNIT_EXPECT_TRUE(test, dmi_reaches(dev, addr, phys, e->size, prot));
	KUNIT_EXPECT_EQ(test, addr % granule, phys % granule);

	/* And the other way round: what it must not do, it can't. */
	KUNIT_EXPECT_EQ(test, dmi_device_copy(dev, addr, &byte, 1, true),
			prot & IOMMU_WRITE ? 0 : -EFAULT);
	KUNIT_EXPECT_EQ(test, dmi_device_copy(dev, addr + e->size - 1, &byte, 1,
					      false),
			prot & IOMMU_READ ? 0 : -EFAULT);
}

static void dmi_test_map_page(struct kunit *test)
{
	const struct hardware *hw = test->param_value;
	struct device *dev = dmi_begin(test, &hw->cfg);
	u8 *buffer = dmi_pages(test, BUFFER_ORDER);
	int i;

	for (i = 0; i < ARRAY_SIZE(extents); i++) {
		const struct extent *e = &extents[i];
		u8 *at = buffer + e->offset;
		size_t size = min(e->size, SZ_4M - e->offset);
		dma_addr_t addr;

		addr = dma_map_page(dev, virt_to_page(at), offset_in_page(at),
				    size, e->dir);
		KUNIT_ASSERT_EQ(test, dma_mapping_error(dev, addr), 0);
		expect_mapped(test, dev, addr, virt_to_phys(at), e);

		dma_unmap_page(dev, addr, size, e->dir);
		if (!is_lazy(dev))
			KUNIT_EXPECT_TRUE(test, dmi_blocked(dev, addr, size));
		KUNIT_EXPECT_EQ(test, dmock_live(dmi_domain(dev)), 0);
	}
}

/* Data go through what was mapped, in both directions. */
static void dmi_test_data(struct kunit *test)
{
	const struct hardware *hw = test->param_value;
	struct device *dev = dmi_begin(test, &hw->cfg);
	size_t size = 3 * PAGE_SIZE + 5;
	u8 *buffer = dmi_pages(test, 2), *copy = dmi_pages(test, 2);
	dma_addr_t addr;

	memset(buffer, 0x11, size);
	addr = dma_map_single(dev, buffer, size, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	KUNIT_EXPECT_EQ(test, dmi_device_copy(dev, addr, copy, size, false), 0);
	dma_unmap_single(dev, addr, size, DMA_TO_DEVICE);
	KUNIT_EXPECT_MEMEQ(test, copy, buffer, size);

	memset(copy, 0x22, size);
	addr = dma_map_single(dev, buffer, size, DMA_FROM_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	KUNIT_EXPECT_EQ(test, dmi_device_copy(dev, addr, copy, size, true), 0);
	dma_sync_single_for_cpu(dev, addr, size, DMA_FROM_DEVICE);
	KUNIT_EXPECT_MEMEQ(test, copy, buffer, size);
	dma_sync_single_for_device(dev, addr, size, DMA_FROM_DEVICE);
	dma_unmap_single(dev, addr, size, DMA_FROM_DEVICE);
	KUNIT_EXPECT_NE(test, dmi_device_copy(dev, addr, copy, size, true), 0);
}

/* Buffers of a device that does not snoop: whole cache lines, not bounced */
static void dmi_test_noncoherent(struct kunit *test)
{
	const struct hardware *hw = test->param_value;
	struct device *dev = dmi_begin(test, &hw->cfg);
	u8 *buffer = dmi_pages(test, 2), *copy = dmi_pages(test, 2);
	size_t size = 3 * SZ_4K;
	dma_addr_t addr;

	if (!dmi_make_noncoherent(dev))
		kunit_skip(test, "all devices are coherent here");
	memset(buffer, 0x33, size);
	memset(copy, 0x44, size);
	addr = dma_map_single(dev, buffer, size, DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	KUNIT_EXPECT_TRUE(test, dmi_reaches(dev, addr, virt_to_phys(buffer),
					    size, IOMMU_READ | IOMMU_WRITE));
	KUNIT_EXPECT_EQ(test, dmi_device_copy(dev, addr, copy, size, true), 0);
	dma_sync_single_for_cpu(dev, addr, size, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_MEMEQ(test, copy, buffer, size);
	dma_sync_single_for_device(dev, addr, size, DMA_BIDIRECTIONAL);
	dma_unmap_single(dev, addr, size, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, dmock_live(dmi_domain(dev)), 0);
}

/* Drivers map and unmap with interrupts off and locks held. */
static void dmi_test_atomic_context(struct kunit *test)
{
	const struct hardware *hw = test->param_value;
	struct device *dev = dmi_begin(test, &hw->cfg);
	u8 *buffer = dmi_pages(test, 4);
	dma_addr_t addr[16];
	unsigned int i, bad = 0;

	local_irq_disable();
	for (i = 0; i < ARRAY_SIZE(addr); i++) {
		addr[i] = dma_map_single(dev, buffer + i * SZ_4K, 1 + i * 500,
					 DMA_TO_DEVICE);
		bad += dma_mapping_error(dev, addr[i]) != 0;
	}
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		if (addr[i] != DMA_MAPPING_ERROR)
			dma_unmap_single(dev, addr[i], 1 + i * 500,
					 DMA_TO_DEVICE);
	local_irq_enable();
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ(test, dmock_live(dmi_domain(dev)), 0);
}

/* Each page of a request is in place before the driver is told, once. */
static void dmi_test_sync_map(struct kunit *test)
{
	static const struct dmock_config cfg = {
		.type = IOMMU_DOMAIN_DMA, .sync_map = true,
	};
	struct device *dev = dmi_begin(test, &cfg);
	struct dmi_fixture *fix = test->priv;
	void *buffer = dmi_pages(test, 4);
	dma_addr_t addr;

	addr = dma_map_single(dev, buffer, 9 * PAGE_SIZE, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.iotlb_sync_map), 1);
	dma_unmap_single(dev, addr, 9 * PAGE_SIZE, DMA_TO_DEVICE);

	atomic_set(&fix->mock.fail_sync_map, 1);
	addr = dma_map_single(dev, buffer, 9 * PAGE_SIZE, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, addr, DMA_MAPPING_ERROR);
	KUNIT_EXPECT_EQ(test, dmock_live(dmi_domain(dev)), 0);
	KUNIT_EXPECT_EQ(test, dmock_stale(dmi_domain(dev)), 0);
}

/* Strict: one flush of the range per unmap, whatever its length. */
static void dmi_test_strict_flushes(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	static const size_t sizes[] = { 1, SZ_4K, SZ_64K, SZ_1M, SZ_4M };
	struct device *dev = dmi_begin(test, &cfg);
	void *buffer = dmi_pages(test, BUFFER_ORDER);
	struct dmi_fixture *fix = test->priv;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		dma_addr_t addr;

		dmi_reset_counts(&fix->mock);
		addr = dma_map_single(dev, buffer, sizes[i], DMA_TO_DEVICE);
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
		KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.iotlb_sync), 0);
		dma_unmap_single(dev, addr, sizes[i], DMA_TO_DEVICE);
		KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.iotlb_sync), 1);
		KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.flush_iotlb_all), 0);
		KUNIT_EXPECT_EQ(test, dmock_stale(dmi_domain(dev)), 0);
	}
}

/* Beyond 6.12: nobody asks the tables where a coherent buffer was. */
static void dmi_test_one_walk(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct device *dev = dmi_begin(test, &cfg);
	void *buffer = dmi_pages(test, 1);
	struct dmi_fixture *fix = test->priv;
	dma_addr_t addr;

	if (!dev_is_dma_coherent(dev))
		kunit_skip(test, "the device is not coherent");
	addr = dma_map_single(dev, buffer, SZ_8K, DMA_FROM_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	dma_sync_single_for_cpu(dev, addr, SZ_8K, DMA_FROM_DEVICE);
	dma_unmap_single(dev, addr, SZ_8K, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.iova_to_phys), 0);
	KUNIT_EXPECT_LE(test, atomic_read(&fix->mock.unmap_pages), 1);
}

/* What the DMA API's arguments become on the way to the driver */
static void dmi_test_prot(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct device *dev = dmi_begin(test, &cfg);
	void *buffer = dmi_pages(test, 0);
	int cache = dev_is_dma_coherent(dev) ? IOMMU_CACHE : 0;
	struct dmock_translation t;
	dma_addr_t addr;

	addr = dma_map_single_attrs(dev, buffer, 8, DMA_TO_DEVICE,
				    DMA_ATTR_PRIVILEGED);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	KUNIT_ASSERT_EQ(test, dmock_translate(dmi_domain(dev), addr, &t),
			DMOCK_LIVE);
	KUNIT_EXPECT_EQ(test, t.prot, IOMMU_READ | IOMMU_PRIV | cache);
	dma_unmap_single(dev, addr, 8, DMA_TO_DEVICE);

	addr = dma_map_single_attrs(dev, buffer, 8, DMA_FROM_DEVICE,
				    DMA_ATTR_SKIP_CPU_SYNC);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	KUNIT_ASSERT_EQ(test, dmock_translate(dmi_domain(dev), addr, &t),
			DMOCK_LIVE);
	KUNIT_EXPECT_EQ(test, t.prot, IOMMU_WRITE | cache);
	dma_unmap_single_attrs(dev, addr, 8, DMA_FROM_DEVICE,
			       DMA_ATTR_SKIP_CPU_SYNC);
}

static void dmi_test_resource(struct kunit *test)
{
	const struct hardware *hw = test->param_value;
	struct device *dev = dmi_begin(test, &hw->cfg);
	phys_addr_t phys = 0xf123456789000ULL + 0x234;
	size_t size = 3 * SZ_4K + 7;
	struct dmock_translation t;
	dma_addr_t addr;

	addr = dma_map_resource(dev, phys, size, DMA_BIDIRECTIONAL, 0);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	KUNIT_EXPECT_TRUE(test, dmi_reaches(dev, addr, phys, size,
					    IOMMU_READ | IOMMU_WRITE));
	KUNIT_ASSERT_EQ(test, dmock_translate(dmi_domain(dev), addr, &t),
			DMOCK_LIVE);
	/* Registers are not memory, and never cached. */
	KUNIT_EXPECT_TRUE(test, t.prot & IOMMU_MMIO);
	KUNIT_EXPECT_FALSE(test, t.prot & IOMMU_CACHE);
	dma_unmap_resource(dev, addr, size, DMA_BIDIRECTIONAL, 0);
	if (!is_lazy(dev))
		KUNIT_EXPECT_TRUE(test, dmi_blocked(dev, addr, size));
}

/* Each call of the driver fails once; nothing is left, and nothing is lost. */
static void dmi_test_map_fails(struct kunit *test)
{
	const struct hardware *hw = test->param_value;
	struct device *dev = dmi_begin(test, &hw->cfg);
	/* 2 MiB aligned and not, so that several calls are needed */
	u8 *buffer = dmi_pages(test, BUFFER_ORDER);
	struct dmi_fixture *fix = test->priv;
	size_t size = SZ_4M - SZ_64K;
	dma_addr_t addr, first;
	int nth, round, rounds;

	/* In 16 MiB it fits in few places: lost addresses would be missed. */
	if (!hw->cfg.aperture_end)
		KUNIT_ASSERT_EQ(test, dma_set_mask(dev, DMA_BIT_MASK(24)), 0);
	first = dma_map_single(dev, buffer, size, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, first));
	dma_unmap_single(dev, first, size, DMA_TO_DEVICE);

	/* What is unmapped lazily is not at hand for the next round. */
	rounds = is_lazy(dev) ? 1 : 20;
	for (round = 0; round < rounds; round++) {
		for (nth = 1; nth < 1000; nth++) {
			atomic_set(&fix->mock.fail_map, nth);
			addr = dma_map_single(dev, buffer, size, DMA_TO_DEVICE);
			if (atomic_read(&fix->mock.fail_map))
				break;
			KUNIT_EXPECT_TRUE(test, dma_mapping_error(dev, addr));
			KUNIT_EXPECT_EQ(test, dmock_live(dmi_domain(dev)), 0);
		}
		atomic_set(&fix->mock.fail_map, 0);
		KUNIT_EXPECT_GT(test, nth, 1);
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
		dma_unmap_single(dev, addr, size, DMA_TO_DEVICE);
	}
}

/* Beyond 6.12: more than there is can't be unmapped, and nothing is reused. */
static void dmi_test_unmap_twice(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct device *dev = dmi_begin(test, &cfg);
	void *buffer = dmi_pages(test, 0);
	dma_addr_t addr, others[8];
	int i, j;

	addr = dma_map_single(dev, buffer, 8, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	dma_unmap_single(dev, addr, 8, DMA_TO_DEVICE);

	dmi_warnings_begin(test);
	iommu_dma_unmap_page(dev, addr, 8, DMA_TO_DEVICE, 0);
	dmi_warnings_end(test);

	/* Given back twice, it would be given out twice. */
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		others[i] = dma_map_single(dev, buffer, 8, DMA_TO_DEVICE);
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, others[i]));
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_NE(test, others[i], others[j]);
	}
	for (i = 0; i < ARRAY_SIZE(others); i++)
		dma_unmap_single(dev, others[i], 8, DMA_TO_DEVICE);
}

/* Beyond 6.12: the size is a lie; what is quarantined is never used again. */
static void dmi_test_unmap_too_much(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct device *dev = dmi_begin(test, &cfg);
	void *buffer = dmi_pages(test, 1);
	dma_addr_t addr, again;
	int i;

	addr = dma_map_single(dev, buffer, SZ_4K, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	dmi_warnings_begin(test);
	iommu_dma_unmap_page(dev, addr, SZ_8K, DMA_TO_DEVICE, 0);
	dmi_warnings_end(test);
	KUNIT_EXPECT_TRUE(test, dmi_blocked(dev, addr, SZ_4K));

	for (i = 0; i < 16; i++) {
		again = dma_map_single(dev, buffer, SZ_8K, DMA_TO_DEVICE);
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, again));
		KUNIT_EXPECT_NE(test, again & ~(dma_addr_t)(SZ_8K - 1),
				addr & ~(dma_addr_t)(SZ_8K - 1));
		dma_unmap_single(dev, again, SZ_8K, DMA_TO_DEVICE);
	}
}

/* A device may ask for more alignment than pages give; nobody can serve it. */
static void dmi_test_min_align(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct device *dev = dmi_begin(test, &cfg);
	void *buffer = dmi_pages(test, 0);
	dma_addr_t addr;

	dma_set_min_align_mask(dev, SZ_4K - 1);
	addr = dma_map_single(dev, buffer, 8, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	dma_unmap_single(dev, addr, 8, DMA_TO_DEVICE);

	dma_set_min_align_mask(dev, SZ_8K - 1);
	dmi_warnings_begin(test);
	addr = dma_map_single(dev, buffer, 8, DMA_TO_DEVICE);
	dmi_warnings_end(test);
	KUNIT_EXPECT_EQ(test, addr, DMA_MAPPING_ERROR);
}

static void dmi_test_sizes(struct kunit *test)
{
	const struct hardware *hw = test->param_value;
	struct device *dev = dmi_begin(test, &hw->cfg);

	KUNIT_EXPECT_EQ(test, dma_get_merge_boundary(dev), dmi_granule(dev) - 1);
	KUNIT_EXPECT_EQ(test, dma_max_mapping_size(dev), SIZE_MAX);
	KUNIT_EXPECT_EQ(test, dma_opt_mapping_size(dev), iova_rcache_range());
	KUNIT_EXPECT_TRUE(test, dma_can_mmap(dev));
	KUNIT_EXPECT_EQ(test, dma_get_required_mask(dev), DMA_BIT_MASK(32));
}

/**
 * struct live - a mapping of the random test
 * @addr: DMA address
 * @at: memory; NULL if there is no mapping
 * @size: bytes
 * @dir: direction
 * @slot: number
 */
struct live {
	dma_addr_t addr;
	u8 *at;
	size_t size;
	enum dma_data_direction dir;
	unsigned int slot;
};

#define NR_LIVE		48
#define NR_STEPS	1000

static void random_step(struct kunit *test, struct device *dev,
			struct rnd_state *rnd, u8 *buffer, struct live *m)
{
	size_t slice = SZ_2M / NR_LIVE, offset;

	if (m->at) {
		KUNIT_ASSERT_TRUE(test, dmi_reaches(dev, m->addr,
						    virt_to_phys(m->at),
						    m->size, dir_prot(m->dir)));
		dma_unmap_single(dev, m->addr, m->size, m->dir);
		m->at = NULL;
		return;
	}

	/* Only what nobody writes may be mapped by several at once. */
	m->dir = dmi_below(rnd, 3);
	if (m->dir == DMA_TO_DEVICE) {
		m->size = 1 + dmi_below(rnd, 1 << (1 + dmi_below(rnd, 20)));
		offset = SZ_2M + dmi_below(rnd, SZ_2M - m->size);
	} else {
		offset = dmi_below(rnd, slice - 1);
		m->size = 1 + dmi_below(rnd, slice - offset);
		offset = slice * m->slot + offset;
	}
	m->addr = dma_map_single(dev, buffer + offset, m->size, m->dir);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, m->addr));
	m->at = buffer + offset;
}

static void dmi_test_random(struct kunit *test)
{
	const struct hardware *hw = test->param_value;
	struct device *dev = dmi_begin(test, &hw->cfg);
	u8 *buffer = dmi_pages(test, BUFFER_ORDER);
	struct rnd_state rnd;
	struct live *live;
	int i;

	dmi_seed(test, &rnd, hw - hardwares);
	live = kunit_kcalloc(test, NR_LIVE, sizeof(*live), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, live);
	for (i = 0; i < NR_LIVE; i++)
		live[i].slot = i;
	for (i = 0; i < NR_STEPS; i++)
		random_step(test, dev, &rnd, buffer,
			    &live[dmi_below(&rnd, NR_LIVE)]);
	for (i = 0; i < NR_LIVE; i++)
		if (live[i].at)
			random_step(test, dev, &rnd, buffer, &live[i]);
	KUNIT_EXPECT_EQ(test, dmock_live(dmi_domain(dev)), 0);
}

static struct kunit_case dma_iommu_page_cases[] = {
	KUNIT_CASE_PARAM(dmi_test_map_page, hardware_gen_params),
	KUNIT_CASE_PARAM(dmi_test_data, hardware_gen_params),
	KUNIT_CASE_PARAM(dmi_test_resource, hardware_gen_params),
	KUNIT_CASE_PARAM(dmi_test_map_fails, hardware_gen_params),
	KUNIT_CASE_PARAM(dmi_test_sizes, hardware_gen_params),
	KUNIT_CASE_PARAM(dmi_test_noncoherent, hardware_gen_params),
	KUNIT_CASE_PARAM(dmi_test_atomic_context, hardware_gen_params),
	KUNIT_CASE(dmi_test_sync_map),
	KUNIT_CASE(dmi_test_strict_flushes),
	KUNIT_CASE(dmi_test_one_walk),
	KUNIT_CASE(dmi_test_prot),
	KUNIT_CASE(dmi_test_unmap_twice),
	KUNIT_CASE(dmi_test_unmap_too_much),
	KUNIT_CASE(dmi_test_min_align),
	KUNIT_CASE_PARAM_ATTR(dmi_test_random, hardware_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite dma_iommu_page_suite = {
	.name = "dma-iommu-page",
	.init = dmi_init,
	.exit = dmi_exit,
	.test_cases = dma_iommu_page_cases,
};

kunit_test_suite(dma_iommu_page_suite);
