// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bounce buffers: a device that nobody trusts sees whole pages, and so must
 * not see whatever else is on a page of its buffer; and a device that does not
 * snoop must not share cache lines with anybody.
 */

#include <linux/cleanup.h>
#include <linux/dma-map-ops.h>
#include <linux/iommu-dma.h>
#include <linux/kconfig.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/swiotlb.h>

#include "util.h"

#define SECRET	0x5e

static const struct dmock_config strict = { .type = IOMMU_DOMAIN_DMA };

/* Where the kernel has found no need for bounce buffers at boot, it has now. */
static void need_swiotlb(struct kunit *test, struct device *dev)
{
	if (!IS_ENABLED(CONFIG_SWIOTLB))
		kunit_skip(test, "needs CONFIG_SWIOTLB");
	if (!is_swiotlb_active(dev) && swiotlb_init_late(SZ_4M, GFP_KERNEL, NULL))
		kunit_skip(test, "no memory for bounce buffers");
	if (!is_swiotlb_active(dev))
		kunit_skip(test, "bounce buffers are switched off");
}

/* What buffers were copied to before has something in it that is none of ours. */
static void dirty_bounce_buffers(struct kunit *test, struct device *dev)
{
	size_t size = min(dma_max_mapping_size(dev), SZ_256K) - SZ_8K - 8;
	u8 *buffer = dmi_pages(test, get_order(SZ_256K));
	dma_addr_t *addr;
	unsigned int nr;

	addr = kunit_kcalloc(test, 1000, sizeof(*addr), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, addr);
	memset(buffer, SECRET, SZ_256K);
	for (nr = 0; nr < 1000; nr++) {
		addr[nr] = dma_map_single_attrs(dev, buffer + 8, size,
						DMA_TO_DEVICE, DMA_ATTR_NO_WARN);
		if (dma_mapping_error(dev, addr[nr]))
			break;
	}
	KUNIT_EXPECT_GT(test, nr, 0);
	while (nr--)
		dma_unmap_single(dev, addr[nr], size, DMA_TO_DEVICE);
}

static struct device *begin(struct kunit *test, const struct dmock_config *cfg)
{
	static const struct dmock_pci_config untrusted = { 1, BIT(0) };
	struct device *dev = dmi_begin_pci(test, cfg, &untrusted);

	need_swiotlb(test, dev);
	KUNIT_ASSERT_TRUE(test, to_pci_dev(dev)->untrusted);
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)),
			0);
	return dev;
}

/* Tell whether the device sees the memory itself. */
static bool is_bounced(struct device *dev, dma_addr_t addr, void *cpu)
{
	struct dmock_translation t = {};

	if (dmock_translate(dmi_domain(dev), addr, &t) != DMOCK_LIVE)
		return false;
	return t.phys != virt_to_phys(cpu);
}

/* All that the device sees around a buffer is zero. */
static void expect_no_secret(struct kunit *test, struct device *dev,
			     dma_addr_t addr, size_t size)
{
	size_t granule = dmi_granule(dev);
	dma_addr_t at, end = ALIGN(addr + size, granule);
	unsigned int leaked = 0;
	u8 byte;

	for (at = ALIGN_DOWN(addr, granule); at < end; at++) {
		if (at >= addr && at < addr + size)
			continue;
		if (!dmi_device_copy(dev, at, &byte, 1, false) && byte)
			leaked++;
	}
	KUNIT_EXPECT_EQ(test, leaked, 0);
}

struct piece {
	const char *name;
	size_t offset;
	size_t size;
	bool bounced;
};

static const struct piece pieces[] = {
	{ "first bytes", 0, 100, true },
	{ "last bytes", SZ_4K - 100, 100, true },
	{ "middle", 1234, 777, true },
	{ "across pages", 4000, SZ_4K, true },
	{ "long and odd", 3, SZ_64K, true },
	{ "a page and a bit", 0, SZ_4K + 1, true },
	{ "one page", 0, SZ_4K, false },
	{ "many pages", SZ_4K, SZ_128K, false },
};

KUNIT_ARRAY_PARAM_DESC(piece, pieces, name);

static void bounce_piece(struct kunit *test, struct device *dev,
			 const struct piece *p)
{
	u8 *buffer = dmi_pages(test, get_order(SZ_256K));
	u8 *copy = dmi_pages(test, get_order(SZ_256K));
	u8 *at = buffer + p->offset;
	dma_addr_t addr;

	dirty_bounce_buffers(test, dev);
	memset(buffer, SECRET, SZ_256K);
	memset(at, 1, p->size);
	addr = dma_map_single(dev, at, p->size, DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	KUNIT_EXPECT_EQ(test, is_bounced(dev, addr, at), p->bounced);
	KUNIT_EXPECT_EQ(test, addr & dma_get_min_align_mask(dev),
			virt_to_phys(at) & dma_get_min_align_mask(dev));
	expect_no_secret(test, dev, addr, p->size);

	/* To the device, from the device, and both again in between. */
	KUNIT_EXPECT_EQ(test, dmi_device_copy(dev, addr, copy, p->size, false),
			0);
	KUNIT_EXPECT_MEMEQ(test, copy, at, p->size);
	memset(copy, 2, p->size);
	KUNIT_EXPECT_EQ(test, dmi_device_copy(dev, addr, copy, p->size, true), 0);
	dma_sync_single_for_cpu(dev, addr, p->size, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_MEMEQ(test, copy, at, p->size);
	memset(at, 3, p->size);
	dma_sync_single_for_device(dev, addr, p->size, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, dmi_device_copy(dev, addr, copy, p->size, false),
			0);
	KUNIT_EXPECT_MEMEQ(test, copy, at, p->size);
	memset(copy, 4, p->size);
	KUNIT_EXPECT_EQ(test, dmi_device_copy(dev, addr, copy, p->size, true), 0);
	dma_unmap_single(dev, addr, p->size, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_MEMEQ(test, copy, at, p->size);

	KUNIT_EXPECT_TRUE(test, dmi_blocked(dev, addr, p->size));
	/* And what was around it is as it was. */
	KUNIT_EXPECT_NULL(test, memchr_inv(buffer, SECRET, p->offset));
	KUNIT_EXPECT_NULL(test, memchr_inv(at + p->size, SECRET,
					   SZ_256K - p->offset - p->size));
}

static void dmi_test_bounce_page(struct kunit *test)
{
	struct device *dev = begin(test, &strict);

	bounce_piece(test, dev, test->param_value);
	/* Some want the copy at the same place in its page. */
	dma_set_min_align_mask(dev, SZ_4K - 1);
	bounce_piece(test, dev, test->param_value);
}

/* Bounced for as long as it is mapped, and no longer: thousands come and go. */
static void dmi_test_bounce_often(struct kunit *test)
{
	struct device *dev = begin(test, &strict);
	struct dmi_fixture *fix = test->priv;
	u8 *buffer = dmi_pages(test, 4);
	dma_addr_t addr;
	int i;

	for (i = 0; i < 4000; i++) {
		/* Every other one fails, after it has its bounce buffer. */
		atomic_set(&fix->mock.fail_map, i % 2);
		addr = dma_map_single(dev, buffer + 8, SZ_32K, DMA_TO_DEVICE);
		KUNIT_ASSERT_EQ(test, dma_mapping_error(dev, addr),
				i % 2 ? -ENOMEM : 0);
		if (addr != DMA_MAPPING_ERROR)
			dma_unmap_single(dev, addr, SZ_32K, DMA_TO_DEVICE);
	}
	KUNIT_EXPECT_EQ(test, dmock_live(dmi_domain(dev)), 0);
}

static void dmi_test_bounce_sizes(struct kunit *test)
{
	struct device *dev = begin(test, &strict);
	size_t max = dma_max_mapping_size(dev);

	KUNIT_EXPECT_EQ(test, max, swiotlb_max_mapping_size(dev));
	KUNIT_EXPECT_LE(test, dma_opt_mapping_size(dev), max);
}

#define NENTS	6

static void fill_list(struct scatterlist *sg, u8 *buffer)
{
	static const struct piece segments[NENTS] = {
		{ "", 0, SZ_4K }, { "", 100, 50 }, { "", 4000, 200 },
		{ "", SZ_4K - 1, 1 }, { "", 0, 3000 }, { "", 0, SZ_8K },
	};
	int i;

	sg_init_table(sg, NENTS);
	for (i = 0; i < NENTS; i++)
		sg_set_buf(&sg[i], buffer + i * SZ_16K + segments[i].offset,
			   segments[i].size);
}

static void dmi_test_bounce_sg(struct kunit *test)
{
	struct device *dev = begin(test, &strict);
	u8 *buffer = dmi_pages(test, get_order(SZ_128K));
	u8 *copy = dmi_pages(test, get_order(SZ_16K));
	struct scatterlist list[NENTS], *sg;
	int i;

	dirty_bounce_buffers(test, dev);
	memset(buffer, SECRET, SZ_128K);
	fill_list(list, buffer);
	for_each_sg(list, sg, NENTS, i)
		memset(sg_virt(sg), i, sg->length);
	KUNIT_ASSERT_EQ(test, dma_map_sg(dev, list, NENTS, DMA_BIDIRECTIONAL),
			NENTS);

	for_each_sg(list, sg, NENTS, i) {
		KUNIT_EXPECT_EQ(test, sg_dma_len(sg), sg->length);
		expect_no_secret(test, dev, sg_dma_address(sg), sg->length);
		KUNIT_EXPECT_EQ(test, dmi_device_copy(dev, sg_dma_address(sg),
						      copy, sg->length, false),
				0);
		KUNIT_EXPECT_MEMEQ(test, copy, (u8 *)sg_virt(sg), sg->length);
		memset(copy, 0x40 + i, sg->length);
		KUNIT_EXPECT_EQ(test, dmi_device_copy(dev, sg_dma_address(sg),
						      copy, sg->length, true),
				0);
	}
	dma_sync_sg_for_cpu(dev, list, NENTS, DMA_BIDIRECTIONAL);
	for_each_sg(list, sg, NENTS, i) {
		KUNIT_EXPECT_NULL(test, memchr_inv(sg_virt(sg), 0x40 + i,
						   sg->length));
		memset(sg_virt(sg), 0x80 + i, sg->length);
	}
	dma_sync_sg_for_device(dev, list, NENTS, DMA_BIDIRECTIONAL);
	for_each_sg(list, sg, NENTS, i) {
		KUNIT_EXPECT_EQ(test, dmi_device_copy(dev, sg_dma_address(sg),
						      copy, sg->length, false),
				0);
		KUNIT_EXPECT_MEMEQ(test, copy, (u8 *)sg_virt(sg), sg->length);
	}
	dma_unmap_sg(dev, list, NENTS, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, dmock_live(dmi_domain(dev)), 0);
	KUNIT_EXPECT_EQ(test, dmock_stale(dmi_domain(dev)), 0);
}

/* In the middle of a list it fails; those before are given back. */
static void dmi_test_bounce_sg_fails(struct kunit *test)
{
	struct device *dev = begin(test, &strict);
	u8 *buffer = dmi_pages(test, get_order(SZ_128K));
	struct dmi_fixture *fix = test->priv;
	struct sg_table sgt;
	int nth, ret, i;

	KUNIT_ASSERT_EQ(test, sg_alloc_table(&sgt, NENTS, GFP_KERNEL), 0);
	fill_list(sgt.sgl, buffer);
	for (i = 0; i < 300; i++) {
		for (nth = 1; nth <= NENTS; nth++) {
			atomic_set(&fix->mock.fail_map, nth);
			ret = dma_map_sgtable(dev, &sgt, DMA_TO_DEVICE, 0);
			KUNIT_ASSERT_EQ(test, ret, -EIO);
			KUNIT_ASSERT_EQ(test, dmock_live(dmi_domain(dev)), 0);
		}
	}
	KUNIT_EXPECT_EQ(test, dma_map_sgtable(dev, &sgt, DMA_TO_DEVICE, 0), 0);
	dma_unmap_sgtable(dev, &sgt, DMA_TO_DEVICE, 0);
	sg_free_table(&sgt);
}

/* Nobody else on the page: what is not bounced is not copied either. */
static void dmi_test_trusted_is_not_bounced(struct kunit *test)
{
	static const struct dmock_pci_config trusted = { .devices = 1 };
	struct device *dev = dmi_begin_pci(test, &strict, &trusted);
	u8 *buffer = dmi_pages(test, 0);
	dma_addr_t addr;

	addr = dma_map_single(dev, buffer + 5, 100, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	KUNIT_EXPECT_FALSE(test, is_bounced(dev, addr, buffer + 5));
	dma_unmap_single(dev, addr, 100, DMA_TO_DEVICE);
}

/* Small kmalloc() buffers share cache lines; who doesn't snoop can't use them. */
static void dmi_test_bounce_kmalloc(struct kunit *test)
{
	struct device *dev = dmi_begin(test, &strict);
	u8 copy[40], *small = kunit_kzalloc(test, 8, GFP_KERNEL);
	dma_addr_t addr;
	bool bounced;

	KUNIT_ASSERT_NOT_NULL(test, small);
	if (!IS_ENABLED(CONFIG_DMA_BOUNCE_UNALIGNED_KMALLOC) ||
	    !dmi_make_noncoherent(dev))
		kunit_skip(test, "every kmalloc() buffer is good for DMA here");
	need_swiotlb(test, dev);

	memset(copy, 7, 8);
	addr = dma_map_single(dev, small, 8, DMA_FROM_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	bounced = is_bounced(dev, addr, small);
	KUNIT_EXPECT_EQ(test, bounced,
			dma_kmalloc_needs_bounce(dev, 8, DMA_FROM_DEVICE));
	KUNIT_EXPECT_EQ(test, dmi_device_copy(dev, addr, copy, 8, true), 0);
	dma_unmap_single(dev, addr, 8, DMA_FROM_DEVICE);
	if (bounced)
		KUNIT_EXPECT_MEMEQ(test, small, copy, 8);

	/* Read only, sharing does no harm. */
	addr = dma_map_single(dev, small, 8, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	KUNIT_EXPECT_FALSE(test, is_bounced(dev, addr, small));
	dma_unmap_single(dev, addr, 8, DMA_TO_DEVICE);
}

static struct kunit_case dma_iommu_bounce_cases[] = {
	KUNIT_CASE_PARAM(dmi_test_bounce_page, piece_gen_params),
	KUNIT_CASE(dmi_test_bounce_often),
	KUNIT_CASE(dmi_test_bounce_sizes),
	KUNIT_CASE(dmi_test_bounce_sg),
	KUNIT_CASE(dmi_test_bounce_sg_fails),
	KUNIT_CASE(dmi_test_trusted_is_not_bounced),
	KUNIT_CASE(dmi_test_bounce_kmalloc),
	{}
};

static struct kunit_suite dma_iommu_bounce_suite = {
	.name = "dma-iommu-bounce",
	.init = dmi_init,
	.exit = dmi_exit,
	.test_cases = dma_iommu_bounce_cases,
};

kunit_test_suite(dma_iommu_bounce_suite);
