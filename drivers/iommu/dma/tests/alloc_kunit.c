// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that the DMA API allocates: coherent, in all ways there are to ask
 * for it, and noncontiguous. CPU, device and user space have to see the same.
 */

#include <linux/anon_inodes.h>
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "../../tests/kunit_fail_nth.h"
#include "util.h"

#define PROT	(IOMMU_READ | IOMMU_WRITE)

/**
 * struct way - a way to ask for coherent memory
 * @name: description
 * @gfp: may it sleep?
 * @attrs: attributes
 * @noncoherent: the device does not snoop
 * @cfg: hardware
 */
struct way {
	const char *name;
	gfp_t gfp;
	unsigned long attrs;
	bool noncoherent;
	struct dmock_config cfg;
};

static const struct way ways[] = {
	{ "sleeping", GFP_KERNEL, 0, false, { .type = IOMMU_DOMAIN_DMA } },
	{ "sleeping, lazy", GFP_KERNEL, 0, false,
	  { .type = IOMMU_DOMAIN_DMA_FQ, .tables = true } },
	{ "sleeping, 1K", GFP_KERNEL, 0, false,
	  { .type = IOMMU_DOMAIN_DMA, .pgsize_bitmap = SZ_1K } },
	{ "sleeping, 4K", GFP_KERNEL, 0, false,
	  { .type = IOMMU_DOMAIN_DMA, .pgsize_bitmap = SZ_4K } },
	{ "atomic", GFP_ATOMIC, 0, false, { .type = IOMMU_DOMAIN_DMA } },
	{ "contiguous", GFP_KERNEL, DMA_ATTR_FORCE_CONTIGUOUS, false,
	  { .type = IOMMU_DOMAIN_DMA } },
	{ "single pages", GFP_KERNEL, DMA_ATTR_ALLOC_SINGLE_PAGES, false,
	  { .type = IOMMU_DOMAIN_DMA } },
	{ "write combining", GFP_KERNEL, DMA_ATTR_WRITE_COMBINE, false,
	  { .type = IOMMU_DOMAIN_DMA } },
	{ "sleeping, noncoherent", GFP_KERNEL, 0, true,
	  { .type = IOMMU_DOMAIN_DMA } },
	{ "atomic, noncoherent", GFP_ATOMIC, 0, true,
	  { .type = IOMMU_DOMAIN_DMA } },
	{ "contiguous, noncoherent", GFP_KERNEL, DMA_ATTR_FORCE_CONTIGUOUS, true,
	  { .type = IOMMU_DOMAIN_DMA } },
};

KUNIT_ARRAY_PARAM_DESC(way, ways, name);

static struct device *begin(struct kunit *test, const struct way *w)
{
	struct device *dev = dmi_begin(test, &w->cfg);

	if (w->noncoherent && !dmi_make_noncoherent(dev))
		kunit_skip(test, "all devices are coherent here");
	return dev;
}

/* At once and uncached, memory comes from a pool that is small. */
static size_t most(const struct way *w, size_t size)
{
	return w->noncoherent && w->gfp == GFP_ATOMIC ? min(size, SZ_32K) : size;
}

static phys_addr_t phys_of(void *cpu)
{
	if (is_vmalloc_addr(cpu))
		return page_to_phys(vmalloc_to_page(cpu)) + offset_in_page(cpu);
	return virt_to_phys(cpu);
}

/* Every page of the CPU's view is where the device's view says. */
static void expect_same(struct kunit *test, struct device *dev, u8 *cpu,
			dma_addr_t addr, size_t size)
{
	size_t at;

	for (at = 0; at < size; at += PAGE_SIZE)
		KUNIT_ASSERT_TRUE(test,
				  dmi_reaches(dev, addr + at, phys_of(cpu + at),
					      min(size - at, PAGE_SIZE), PROT));
}

static void expect_zero(struct kunit *test, u8 *cpu, size_t size)
{
	KUNIT_EXPECT_NULL(test, memchr_inv(cpu, 0, size));
}

static const size_t sizes[] = {
	1, 100, SZ_4K, 5000, SZ_16K, SZ_64K + 1, SZ_1M + SZ_4K, SZ_2M,
};

static void dmi_test_coherent(struct kunit *test)
{
	const struct way *w = test->param_value;
	struct device *dev = begin(test, w);
	dma_addr_t addr;
	u8 *cpu, byte;
	int i;

	KUNIT_ASSERT_EQ(test, dma_set_coherent_mask(dev, DMA_BIT_MASK(32)), 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (sizes[i] > most(w, sizes[i]))
			continue;
		cpu = dma_alloc_attrs(dev, sizes[i], &addr, w->gfp, w->attrs);
		KUNIT_ASSERT_NOT_NULL(test, cpu);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(addr, dmi_granule(dev)));
		KUNIT_EXPECT_LE(test, addr + sizes[i] - 1, DMA_BIT_MASK(32));
		expect_zero(test, cpu, sizes[i]);
		expect_same(test, dev, cpu, addr, sizes[i]);
		memset(cpu, 0xa5, sizes[i]);
		KUNIT_EXPECT_EQ(test, dmi_device_copy(dev, addr + sizes[i] - 1,
						      &byte, 1, false), 0);
		if (!w->noncoherent)
			KUNIT_EXPECT_EQ(test, byte, 0xa5);

		dma_free_attrs(dev, sizes[i], cpu, addr, w->attrs);
		if (w->cfg.type == IOMMU_DOMAIN_DMA)
			KUNIT_EXPECT_TRUE(test, dmi_blocked(dev, addr,
							    sizes[i]));
		KUNIT_EXPECT_EQ(test, dmock_live(dmi_domain(dev)), 0);
	}
}

/* What is asked for in one piece comes in one piece. */
static void dmi_test_contiguous(struct kunit *test)
{
	const struct way *w = test->param_value;
	struct device *dev = begin(test, w);
	size_t size = most(w, SZ_64K), at;
	dma_addr_t addr;
	u8 *cpu;

	if (w->gfp != GFP_ATOMIC && !(w->attrs & DMA_ATTR_FORCE_CONTIGUOUS))
		kunit_skip(test, "need not be contiguous");
	cpu = dma_alloc_attrs(dev, size, &addr, w->gfp, w->attrs);
	KUNIT_ASSERT_NOT_NULL(test, cpu);
	for (at = 0; at < size; at += PAGE_SIZE)
		KUNIT_EXPECT_EQ(test, phys_of(cpu + at), phys_of(cpu) + at);
	dma_free_attrs(dev, size, cpu, addr, w->attrs);
}

/* Each call of the driver fails once, in a space that nothing may get lost of. */
static void dmi_test_coherent_map_fails(struct kunit *test)
{
	const struct way *w = test->param_value;
	struct device *dev = begin(test, w);
	struct dmi_fixture *fix = test->priv;
	size_t size = most(w, SZ_256K + SZ_4K);
	dma_addr_t addr;
	void *cpu;
	int nth;

	KUNIT_ASSERT_EQ(test, dma_set_coherent_mask(dev, DMA_BIT_MASK(20)), 0);
	for (nth = 1; nth < 1000; nth++) {
		atomic_set(&fix->mock.fail_map, nth);
		cpu = dma_alloc_attrs(dev, size, &addr, w->gfp,
				      w->attrs | DMA_ATTR_NO_WARN);
		if (atomic_read(&fix->mock.fail_map) || cpu)
			break;
		KUNIT_EXPECT_EQ(test, dmock_live(dmi_domain(dev)), 0);
	}
	atomic_set(&fix->mock.fail_map, 0);
	KUNIT_EXPECT_GT(test, nth, 1);
	KUNIT_ASSERT_NOT_NULL(test, cpu);
	dma_free_attrs(dev, size, cpu, addr, w->attrs);
}

static void dmi_test_coherent_no_space(struct kunit *test)
{
	const struct way *w = test->param_value;
	struct device *dev = begin(test, w);
	dma_addr_t addr;

	KUNIT_ASSERT_EQ(test, dma_set_coherent_mask(dev, DMA_BIT_MASK(15)), 0);
	KUNIT_EXPECT_NULL(test, dma_alloc_attrs(dev, most(w, SZ_256K), &addr,
						w->gfp,
						w->attrs | DMA_ATTR_NO_WARN));
	KUNIT_EXPECT_EQ(test, dmock_live(dmi_domain(dev)), 0);
}

static void dmi_test_get_sgtable(struct kunit *test)
{
	const struct way *w = test->param_value;
	struct device *dev = begin(test, w);
	struct sg_page_iter iter;
	struct sg_table sgt;
	size_t size = most(w, SZ_64K), at = 0;
	dma_addr_t addr;
	u8 *cpu;

	cpu = dma_alloc_attrs(dev, size, &addr, w->gfp, w->attrs);
	KUNIT_ASSERT_NOT_NULL(test, cpu);
	KUNIT_ASSERT_EQ(test, dma_get_sgtable_attrs(dev, &sgt, cpu, addr, size,
						    w->attrs), 0);
	for_each_sg_page(sgt.sgl, &iter, sgt.orig_nents, 0) {
		if (at < size)
			KUNIT_EXPECT_EQ(test,
					page_to_phys(sg_page_iter_page(&iter)),
					phys_of(cpu + at));
		at += PAGE_SIZE;
	}
	KUNIT_EXPECT_EQ(test, at, size);
	sg_free_table(&sgt);
	dma_free_attrs(dev, size, cpu, addr, w->attrs);
}

/* Allocations inside fail, one after the other. */
static void dmi_test_coherent_no_memory(struct kunit *test)
{
	const struct way *w = test->param_value;
	struct device *dev = begin(test, w);
	size_t size = most(w, SZ_128K);
	dma_addr_t addr;
	bool failed;
	void *cpu;
	int nth;

	kunit_fail_nth_prepare(test);
	KUNIT_ASSERT_EQ(test, dma_set_coherent_mask(dev, DMA_BIT_MASK(20)), 0);
	for (nth = 1; nth < 300; nth++) {
		kunit_fail_nth_start(nth);
		cpu = dma_alloc_attrs(dev, size, &addr, w->gfp | __GFP_NOWARN,
				      w->attrs | DMA_ATTR_NO_WARN);
		failed = kunit_fail_nth_stop();
		/* There may be another way to the same. */
		if (cpu)
			dma_free_attrs(dev, size, cpu, addr, w->attrs);
		KUNIT_EXPECT_TRUE(test, cpu || failed);
		KUNIT_ASSERT_EQ(test, dmock_live(dmi_domain(dev)), 0);
		if (!failed)
			break;
	}
	KUNIT_EXPECT_GT(test, nth, 2);
	KUNIT_EXPECT_LT(test, nth, 300);
}

static void dmi_test_noncontiguous_no_memory(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct device *dev = dmi_begin(test, &cfg);
	struct sg_table *sgt;
	bool failed;
	int nth;

	kunit_fail_nth_prepare(test);
	dma_set_max_seg_size(dev, UINT_MAX);
	for (nth = 1; nth < 300; nth++) {
		kunit_fail_nth_start(nth);
		sgt = dma_alloc_noncontiguous(dev, SZ_128K, DMA_FROM_DEVICE,
					      GFP_KERNEL | __GFP_NOWARN,
					      DMA_ATTR_ALLOC_SINGLE_PAGES);
		failed = kunit_fail_nth_stop();
		if (sgt)
			dma_free_noncontiguous(dev, SZ_128K, sgt,
					       DMA_FROM_DEVICE);
		KUNIT_EXPECT_TRUE(test, sgt || failed);
		KUNIT_ASSERT_EQ(test, dmock_live(dmi_domain(dev)), 0);
		if (!failed)
			break;
	}
	KUNIT_EXPECT_GT(test, nth, 2);
	KUNIT_EXPECT_LT(test, nth, 300);
}

static void dmi_test_noncontiguous(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct device *dev = dmi_begin(test, &cfg);
	struct dmi_fixture *fix = test->priv;
	struct sg_table *sgt;
	dma_addr_t addr;
	u8 *cpu;
	int i;

	dma_set_max_seg_size(dev, UINT_MAX);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		sgt = dma_alloc_noncontiguous(dev, sizes[i], DMA_BIDIRECTIONAL,
					      GFP_KERNEL, 0);
		KUNIT_ASSERT_NOT_NULL(test, sgt);
		/* One range for the device, whatever memory looks like. */
		KUNIT_EXPECT_EQ(test, sgt->nents, 1);
		addr = sg_dma_address(sgt->sgl);
		KUNIT_EXPECT_GE(test, sg_dma_len(sgt->sgl), sizes[i]);

		cpu = dma_vmap_noncontiguous(dev, sizes[i], sgt);
		KUNIT_ASSERT_NOT_NULL(test, cpu);
		expect_same(test, dev, cpu, addr, sizes[i]);
		dma_sync_sgtable_for_cpu(dev, sgt, DMA_BIDIRECTIONAL);
		dma_sync_sgtable_for_device(dev, sgt, DMA_BIDIRECTIONAL);
		dma_vunmap_noncontiguous(dev, cpu);

		atomic_set(&fix->mock.iotlb_sync, 0);
		dma_free_noncontiguous(dev, sizes[i], sgt, DMA_BIDIRECTIONAL);
		KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.iotlb_sync), 1);
		KUNIT_EXPECT_TRUE(test, dmi_blocked(dev, addr, sizes[i]));
	}
}

static void dmi_test_alloc_pages(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct device *dev = dmi_begin(test, &cfg);
	struct page *page;
	dma_addr_t addr;

	page = dma_alloc_pages(dev, SZ_16K, &addr, DMA_FROM_DEVICE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	expect_zero(test, page_address(page), SZ_16K);
	KUNIT_EXPECT_TRUE(test, dmi_reaches(dev, addr, page_to_phys(page),
					    SZ_16K, IOMMU_WRITE));
	dma_free_pages(dev, SZ_16K, page, addr, DMA_FROM_DEVICE);
	KUNIT_EXPECT_TRUE(test, dmi_blocked(dev, addr, SZ_16K));
}

/**
 * struct mapped - what user space maps through a file
 * @dev: device
 * @cpu: coherent memory, or NULL
 * @sgt: noncontiguous memory otherwise
 * @addr: DMA address
 * @size: bytes
 * @attrs: attributes
 */
struct mapped {
	struct device *dev;
	void *cpu;
	struct sg_table *sgt;
	dma_addr_t addr;
	size_t size;
	unsigned long attrs;
};

static int mapped_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct mapped *m = file->private_data;

	if (m->sgt)
		return dma_mmap_noncontiguous(m->dev, vma, m->size, m->sgt);
	return dma_mmap_attrs(m->dev, vma, m->cpu, m->addr, m->size, m->attrs);
}

static const struct file_operations mapped_fops = {
	.mmap = mapped_mmap,
};

/* Map pages of the buffer and read what is there through the mapping. */
static void try_mmap(struct kunit *test, struct mapped *m, size_t len,
		     unsigned long first_page, bool possible)
{
	struct file *file;
	unsigned long at;
	u32 got = 0;

	file = anon_inode_getfile("[dma-iommu-kunit]", &mapped_fops, m, O_RDWR);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	at = kunit_vm_mmap(test, file, 0, len, PROT_READ | PROT_WRITE,
			   MAP_SHARED, first_page * PAGE_SIZE);
	if (!possible) {
		KUNIT_EXPECT_EQ(test, (long)at, -ENXIO);
	} else if (IS_ERR_VALUE(at) || !at) {
		KUNIT_FAIL(test, "mmap: %ld", (long)at);
	} else {
		KUNIT_EXPECT_EQ(test, copy_from_user(&got, (void __user *)
						     (at + len - PAGE_SIZE),
						     sizeof(got)), 0);
		KUNIT_EXPECT_EQ(test, got, first_page + len / PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, vm_munmap(at, len), 0);
	}
	fput(file);
}

/* Page n of the buffer begins with n + 1. */
static void try_all_mmaps(struct kunit *test, struct mapped *m, u8 *cpu)
{
	size_t pages = PAGE_ALIGN(m->size) / PAGE_SIZE, i;

	for (i = 0; i < pages; i++)
		*(u32 *)(cpu + i * PAGE_SIZE) = i + 1;
	try_mmap(test, m, pages * PAGE_SIZE, 0, true);
	try_mmap(test, m, PAGE_SIZE, 0, true);
	try_mmap(test, m, 2 * PAGE_SIZE, 1, true);
	try_mmap(test, m, PAGE_SIZE, pages - 1, true);
	try_mmap(test, m, PAGE_SIZE, pages, false);
	try_mmap(test, m, 2 * PAGE_SIZE, pages - 1, false);
	try_mmap(test, m, (pages + 1) * PAGE_SIZE, 0, false);
}

static void dmi_test_mmap(struct kunit *test)
{
	const struct way *w = test->param_value;
	struct mapped m = {
		.dev = begin(test, w),
		.size = 5 * PAGE_SIZE,
		.attrs = w->attrs,
	};

	m.cpu = dma_alloc_attrs(m.dev, m.size, &m.addr, w->gfp, w->attrs);
	KUNIT_ASSERT_NOT_NULL(test, m.cpu);
	try_all_mmaps(test, &m, m.cpu);
	dma_free_attrs(m.dev, m.size, m.cpu, m.addr, w->attrs);
}

static void dmi_test_mmap_noncontiguous(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct mapped m = {
		.dev = dmi_begin(test, &cfg),
		.size = 5 * PAGE_SIZE,
	};
	u8 *cpu;

	m.sgt = dma_alloc_noncontiguous(m.dev, m.size, DMA_BIDIRECTIONAL,
					GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_NULL(test, m.sgt);
	cpu = dma_vmap_noncontiguous(m.dev, m.size, m.sgt);
	KUNIT_ASSERT_NOT_NULL(test, cpu);
	try_all_mmaps(test, &m, cpu);
	dma_vunmap_noncontiguous(m.dev, cpu);
	dma_free_noncontiguous(m.dev, m.size, m.sgt, DMA_BIDIRECTIONAL);
}

static struct kunit_case dma_iommu_alloc_cases[] = {
	KUNIT_CASE_PARAM(dmi_test_coherent, way_gen_params),
	KUNIT_CASE_PARAM(dmi_test_contiguous, way_gen_params),
	KUNIT_CASE_PARAM(dmi_test_coherent_map_fails, way_gen_params),
	KUNIT_CASE_PARAM(dmi_test_coherent_no_space, way_gen_params),
	KUNIT_CASE_PARAM(dmi_test_coherent_no_memory, way_gen_params),
	KUNIT_CASE_PARAM(dmi_test_get_sgtable, way_gen_params),
	KUNIT_CASE_PARAM(dmi_test_mmap, way_gen_params),
	KUNIT_CASE(dmi_test_noncontiguous),
	KUNIT_CASE(dmi_test_noncontiguous_no_memory),
	KUNIT_CASE(dmi_test_mmap_noncontiguous),
	KUNIT_CASE(dmi_test_alloc_pages),
	{}
};

static struct kunit_suite dma_iommu_alloc_suite = {
	.name = "dma-iommu-alloc",
	.init = dmi_init,
	.exit = dmi_exit,
	.test_cases = dma_iommu_alloc_cases,
};

kunit_test_suite(dma_iommu_alloc_suite);
