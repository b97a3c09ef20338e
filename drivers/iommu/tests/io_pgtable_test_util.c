// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the page-table formats: configurations, the table under test,
 * flush callbacks that count, and what a device sees of the tables.
 *
 * A test gets its table from iopgt_begin(); the fixture frees it when the test
 * ends, also when an assertion ended it early.
 */

#include <kunit/device.h>
#include <kunit/static_stub.h>
#include <kunit/test-bug.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/kconfig.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/nodemask.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmstat.h>

#include "../io-pgtable-radix-alloc.h"
#include "../iommu-pages.h"
#include "io_pgtable_kunit.h"
#include "kunit_fail_nth.h"

/* What is visible is told from what is not by whole cache lines. */
#define LINE		64UL

/* Differs from anything that belongs into a table, and says so in a dump */
#define UNSYNCED_BYTE	0xef

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "seed of the randomised tests, 0 for a new one each time");

#define SIZES_4K	(SZ_4K | SZ_2M | SZ_1G)
#define SIZES_16K	(SZ_16K | SZ_32M)
#define SIZES_64K	(SZ_64K | SZ_512M)
#define SIZES_64K_52	(SIZES_64K | BIT_ULL(42))
#define SS		VTD_SECOND_STAGE
#define FS		VTD_FIRST_STAGE

static const struct iopgt_config configs[] = {
	{ "SS, 3 levels", SS, SIZES_4K, 39, 39, true, false, 0 },
	{ "SS, 4 levels, snoop, not coherent", SS, SIZES_4K, 48, 46, false,
	  false, IO_PGTABLE_QUIRK_VTD_SNOOP },
	{ "SS, 4 levels, 4K only", SS, SZ_4K, 48, 48, true, false, 0 },
	{ "SS, 5 levels, dirty", SS, SIZES_4K, 57, 52, true, false,
	  IO_PGTABLE_QUIRK_VTD_DIRTY },
	{ "SS, 5 levels, no 1G, not coherent", SS, SZ_4K | SZ_2M, 57, 52,
	  false, false, 0 },
	{ "FS, 4 levels", FS, SIZES_4K, 48, 46, true, false, 0 },
	{ "FS, 5 levels, not coherent", FS, SIZES_4K, 57, 52, false, false, 0 },
	{ "FS, 5 levels, no 1G, dirty", FS, SZ_4K | SZ_2M, 57, 52, true, false,
	  IO_PGTABLE_QUIRK_VTD_DIRTY },
	{ "FS, 4 levels, 4K only, not coherent", FS, SZ_4K, 48, 48, false,
	  false, 0 },
	{ "32-bit S1", ARM_32_LPAE_S1, SIZES_4K, 32, 40, true, true, 0 },
	{ "32-bit S1, 30 bits, not coherent", ARM_32_LPAE_S1, SZ_4K | SZ_2M, 30,
	  32, false, false, 0 },
	{ "32-bit S2, 2 tables in a row", ARM_32_LPAE_S2, SIZES_4K, 40, 40,
	  true, true, 0 },
	{ "32-bit S2, not coherent", ARM_32_LPAE_S2, SIZES_4K, 32, 40, false,
	  true, 0 },
	{ "64-bit S1, 4K", ARM_64_LPAE_S1, SIZES_4K, 48, 48, true, true, 0 },
	{ "64-bit S1, 4K, upper half, not coherent", ARM_64_LPAE_S1, SIZES_4K,
	  39, 40, false, true, IO_PGTABLE_QUIRK_ARM_TTBR1 },
	{ "64-bit S1, 4K, dirty", ARM_64_LPAE_S1, SIZES_4K, 48, 44, true, true,
	  IO_PGTABLE_QUIRK_ARM_HD },
	{ "64-bit S1, 16K", ARM_64_LPAE_S1, SIZES_16K, 48, 48, true, true, 0 },
	{ "64-bit S1, 16K, upper half, outer WBWA", ARM_64_LPAE_S1, SIZES_16K,
	  47, 44, false, true,
	  IO_PGTABLE_QUIRK_ARM_OUTER_WBWA | IO_PGTABLE_QUIRK_ARM_TTBR1 },
	{ "64-bit S1, 64K, NS", ARM_64_LPAE_S1, SIZES_64K, 48, 48, true, true,
	  IO_PGTABLE_QUIRK_ARM_NS },
	{ "64-bit S1, 64K, 52 bits, not coherent", ARM_64_LPAE_S1, SIZES_64K_52,
	  52, 52, false, true, 0 },
	{ "64-bit S2, 4K, 2 tables in a row", ARM_64_LPAE_S2, SIZES_4K, 40, 40,
	  true, true, 0 },
	{ "64-bit S2, 4K, 16 tables in a row, not coherent", ARM_64_LPAE_S2,
	  SIZES_4K, 43, 44, false, true, 0 },
	{ "64-bit S2, 4K, 4 levels", ARM_64_LPAE_S2, SIZES_4K, 48, 48, true,
	  false, 0 },
	{ "64-bit S2, 16K, 2 tables in a row", ARM_64_LPAE_S2, SIZES_16K, 48, 48,
	  true, true, 0 },
	{ "64-bit S2, 64K, 52 bits", ARM_64_LPAE_S2, SIZES_64K_52, 52, 52, true,
	  true, 0 },
	{ "64-bit S2, 64K, 42 bits, not coherent", ARM_64_LPAE_S2, SIZES_64K, 42,
	  42, false, true, 0 },
	{ "Mali", ARM_MALI_LPAE, SIZES_4K, 48, 40, true, true, 0 },
	{ "Mali, 33 bits, not coherent", ARM_MALI_LPAE, SIZES_4K, 33, 40, false,
	  true, 0 },
};

/* One per format, coherent or not in turn */
static const unsigned int some_configs[] = { 0, 1, 3, 6, 9, 12, 13, 14, 19, 21,
					     24, 26 };

/**
 * iopgt_gen_params() - all configurations, as a test's parameters
 * @prev: the one before, NULL to begin with
 * @desc: set to the description
 *
 * Return: a configuration, NULL after the last.
 */
const void *iopgt_gen_params(const void *prev, char *desc)
{
	const struct iopgt_config *next = prev ? prev : configs - 1;

	if (++next == configs + ARRAY_SIZE(configs))
		return NULL;
	strscpy(desc, next->name, KUNIT_PARAM_DESC_SIZE);
	return next;
}

/**
 * iopgt_gen_some() - fewer configurations, for tests that take their time
 * @prev: the one before, NULL to begin with
 * @desc: set to the description
 *
 * Return: a configuration, NULL after the last.
 */
const void *iopgt_gen_some(const void *prev, char *desc)
{
	const struct iopgt_config *last = prev;
	unsigned int i = 0;

	if (last) {
		while (&configs[some_configs[i]] != last)
			i++;
		if (++i == ARRAY_SIZE(some_configs))
			return NULL;
	}
	last = &configs[some_configs[i]];
	strscpy(desc, last->name, KUNIT_PARAM_DESC_SIZE);
	return last;
}

/* Walks that are not coherent cost several times as much to follow. */
static unsigned int weight(const struct iopgt_config *config)
{
	return config->coherent ? 3 : 1;
}

/**
 * iopgt_share() - split a number of steps among a format's configurations
 * @config: one of them
 * @steps: steps for all of them together
 *
 * Return: steps for @config.
 */
unsigned long iopgt_share(const struct iopgt_config *config,
			  unsigned long steps)
{
	unsigned int i, all = 0;

	for (i = 0; i < ARRAY_SIZE(configs); i++)
		if (configs[i].fmt == config->fmt)
			all += weight(&configs[i]);
	return DIV_ROUND_UP(steps * weight(config), all);
}

/**
 * iopgt_built() - is a format part of this kernel?
 * @fmt: one of the formats that this stack has
 *
 * Return: true if it is.
 */
bool iopgt_built(enum io_pgtable_fmt fmt)
{
	if (fmt == VTD_SECOND_STAGE || fmt == VTD_FIRST_STAGE)
		return IS_ENABLED(CONFIG_IOMMU_IO_PGTABLE_VTD);
	return IS_ENABLED(CONFIG_IOMMU_IO_PGTABLE_LPAE);
}

/**
 * iopgt_is_vtd() - one of VT-d's formats?
 * @t: table
 *
 * Return: true if it is; else it is one of Arm's.
 */
bool iopgt_is_vtd(const struct iopgt *t)
{
	return t->config->fmt == VTD_SECOND_STAGE ||
	       t->config->fmt == VTD_FIRST_STAGE;
}

/**
 * iopgt_shadow() - what the device sees of memory
 * @t: table
 * @phys: address
 *
 * Return: its copy, NULL if the device has never been shown any of
 * the frame.
 */
u8 *iopgt_shadow(struct iopgt *t, u64 phys)
{
	u64 frame = phys >> 12;
	typeof(t->looked_up[0]) *at = &t->looked_up[frame % IOPGT_REMEMBERED];

	if (!at->shadow || at->frame != frame) {
		at->frame = frame;
		at->shadow = xa_load(&t->shadow, frame);
	}
	return at->shadow ? at->shadow + (phys & (SZ_4K - 1)) : NULL;
}

/* A frame's shadow begins as something that is no table. */
static u8 *make_shadow(struct iopgt *t, u64 phys)
{
	u8 *shadow = iopgt_shadow(t, phys);

	if (shadow)
		return shadow;
	/* The driver may hold a spinlock. */
	shadow = kmalloc(SZ_4K, GFP_ATOMIC);
	if (!shadow)
		return NULL;
	memset(shadow, UNSYNCED_BYTE, SZ_4K);
	if (xa_err(xa_store(&t->shadow, phys >> 12, shadow, GFP_ATOMIC))) {
		kfree(shadow);
		return NULL;
	}
	return iopgt_shadow(t, phys);
}

/* The stub of io_radix_sync(): from now on the device sees these lines. */
static void show_device(struct io_radix *table, void *start, size_t bytes)
{
	struct kunit *test = kunit_get_current_test();
	struct iopgt *t = test->priv;
	u64 phys = virt_to_phys(start);
	u64 at = ALIGN_DOWN(phys, LINE), end = ALIGN(phys + bytes, LINE), stop;
	unsigned int nth;
	u8 *shadow;

	t->syncs++;
	t->lines += (end - at) / LINE;
	for (; at < end; at = stop) {
		stop = min(end, ALIGN(at + 1, SZ_4K));
		/* The tests sweep allocations of the formats only. */
		nth = kunit_fail_nth_pause();
		shadow = make_shadow(t, at);
		kunit_fail_nth_resume(nth);
		if (!shadow) {
			KUNIT_FAIL(test, "no memory for the device's view");
			return;
		}
		memcpy(shadow, phys_to_virt(at), stop - at);
	}
	if (t->on_sync)
		t->on_sync(t, phys, bytes);
}

/**
 * iopgt_drop_shadow() - drop the device's view of memory that is no table now
 * @t: table it belonged to
 * @phys: its address
 * @bytes: its size
 *
 * What the device saw there says nothing about its next use.
 */
void iopgt_drop_shadow(struct iopgt *t, u64 phys, size_t bytes)
{
	u64 end = phys + bytes;
	u8 *shadow;

	for (; phys < end; phys += SZ_4K) {
		shadow = iopgt_shadow(t, phys);
		if (shadow)
			memset(shadow, UNSYNCED_BYTE, SZ_4K);
	}
}

static void *table_alloc(void *cookie, size_t size, gfp_t gfp)
{
	struct iopgt *t = cookie;
	unsigned int order = get_order(size);
	void *pages;

	if (t->alloc_nth && !--t->alloc_nth) {
		t->alloc_failed = true;
		return NULL;
	}
	pages = (void *)__get_free_pages(gfp | __GFP_ZERO, order);
	if (pages)
		atomic_long_add(1L << order, &t->allocated);
	return pages;
}

static void table_free(void *cookie, void *pages, size_t size)
{
	struct iopgt *t = cookie;
	unsigned int order = get_order(size);
	u64 phys = virt_to_phys(pages);

	if (t->on_free)
		t->on_free(t, phys, size);
	if (!t->cfg.coherent_walk && kunit_get_current_test())
		iopgt_drop_shadow(t, phys, size);
	/* A late walk must not find the old entries. */
	memset(pages, UNSYNCED_BYTE, size);
	atomic_long_sub(1L << order, &t->allocated);
	free_pages((unsigned long)pages, order);
}

static void flushed(struct iopgt *t, enum iopgt_flush_kind kind,
		    unsigned long iova, size_t size, size_t granule,
		    struct iommu_iotlb_gather *gather)
{
	struct iopgt_flush flush = {
		.kind = kind,
		.iova = iova,
		.size = size,
		.granule = granule,
		.gather = gather,
	};

	atomic_inc(&t->flushes[kind]);
	atomic_long_add(size, &t->flushed[kind]);
	if (t->on_flush)
		t->on_flush(t, &flush);
}

static void flush_all(void *cookie)
{
	flushed(cookie, IOPGT_FLUSH_ALL, 0, 0, 0, NULL);
}

static void flush_walk(unsigned long iova, size_t size, size_t granule,
		       void *cookie)
{
	flushed(cookie, IOPGT_FLUSH_WALK, iova, size, granule, NULL);
}

static void flush_page(struct iommu_iotlb_gather *gather, unsigned long iova,
		       size_t granule, void *cookie)
{
	flushed(cookie, IOPGT_FLUSH_PAGE, iova, granule, granule, gather);
}

static void flush_range(struct iommu_iotlb_gather *gather, unsigned long iova,
			size_t size, size_t granule, void *cookie)
{
	flushed(cookie, IOPGT_FLUSH_RANGE, iova, size, granule, gather);
}

/* A driver as 6.12 has them */
const struct iommu_flush_ops iopgt_flush_pages = {
	.tlb_flush_all = flush_all,
	.tlb_flush_walk = flush_walk,
	.tlb_add_page = flush_page,
};

/* A driver that finds in the gather all it needs to know of leaves */
const struct iommu_flush_ops iopgt_flush_merging = {
	.tlb_flush_all = flush_all,
	.tlb_flush_walk = flush_walk,
};

/* A driver that takes a run at once */
const struct iommu_flush_ops iopgt_flush_ranges = {
	.tlb_flush_all = flush_all,
	.tlb_flush_walk = flush_walk,
	.tlb_add_page = flush_page,
	.tlb_add_range = flush_range,
};

/**
 * iopgt_test_init() - set up a test's fixture
 * @test: test
 *
 * Return: 0 or an error that fails @test.
 */
int iopgt_test_init(struct kunit *test)
{
	struct iopgt *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->test = test;
	xa_init(&t->shadow);
	t->dev = kunit_device_register(test, "iopgt");
	if (IS_ERR(t->dev))
		return PTR_ERR(t->dev);
	t->dev->dma_mask = &t->dev->coherent_dma_mask;
	t->dev->coherent_dma_mask = DMA_BIT_MASK(64);
	test->priv = t;
	kunit_activate_static_stub(test, io_radix_sync, show_device);
	return 0;
}

/**
 * iopgt_test_exit() - end a test's fixture
 * @test: test
 */
void iopgt_test_exit(struct kunit *test)
{
	struct iopgt *t = test->priv;
	unsigned long frame;
	void *shadow;

	if (!t)
		return;
	iopgt_end(t);
	xa_for_each(&t->shadow, frame, shadow)
		kfree(shadow);
	xa_destroy(&t->shadow);
}

/**
 * iopgt_fill_cfg() - say what table is wanted
 * @t: fixture whose configuration is to be set
 * @config: what it is to be like
 * @tlb: flush callbacks, NULL for none
 */
void iopgt_fill_cfg(struct iopgt *t, const struct iopgt_config *config,
		    const struct iommu_flush_ops *tlb)
{
	t->config = config;
	t->cfg = (struct io_pgtable_cfg) {
		.quirks = config->quirks,
		.pgsize_bitmap = config->pgsizes,
		.ias = config->ias,
		.oas = config->oas,
		.coherent_walk = config->coherent,
		.tlb = tlb,
		.iommu_dev = t->dev,
		.alloc = config->custom ? table_alloc : NULL,
		.free = config->custom ? table_free : NULL,
	};
}

/**
 * iopgt_begin() - make a table, or skip the test if the kernel can't
 * @test: test
 * @config: what it is to be like
 * @tlb: flush callbacks, NULL for none
 *
 * Return: the fixture's table.
 */
struct iopgt *iopgt_begin(struct kunit *test, const struct iopgt_config *config,
			  const struct iommu_flush_ops *tlb)
{
	struct iopgt *t = test->priv;

	if (!iopgt_built(config->fmt))
		kunit_skip(test, "not in this kernel");
	iopgt_end(t);
	iopgt_fill_cfg(t, config, tlb);
	t->ops = alloc_io_pgtable_ops(config->fmt, &t->cfg, t);
	KUNIT_ASSERT_NOT_NULL(test, t->ops);
	KUNIT_ASSERT_EQ(test, t->cfg.pgsize_bitmap, config->pgsizes);
	KUNIT_ASSERT_EQ(test, t->cfg.ias, config->ias);
	KUNIT_ASSERT_EQ(test, t->cfg.oas, config->oas);
	iopgt_read_registers(t);
	iopgt_reset_counts(t);
	return t;
}

/**
 * iopgt_end() - free the table, if there is one
 * @t: fixture
 */
void iopgt_end(struct iopgt *t)
{
	struct io_pgtable_ops *ops = t->ops;

	if (!ops)
		return;
	t->ops = NULL;
	free_io_pgtable_ops(ops);
	KUNIT_EXPECT_EQ(t->test, atomic_long_read(&t->allocated), 0);
	t->on_flush = NULL;
	t->on_free = NULL;
	t->on_sync = NULL;
}

/* Exact, where the kernel's own sum leaves out what CPUs have not added yet */
static long iommu_pages(void)
{
	long pages = atomic_long_read(&vm_node_stat[NR_IOMMU_PAGES]);
	int cpu, node;

	for_each_online_node(node) {
		struct per_cpu_nodestat __percpu *stats =
			NODE_DATA(node)->per_cpu_nodestats;

		for_each_possible_cpu(cpu)
			pages += per_cpu_ptr(stats, cpu)->vm_node_stat_diff[NR_IOMMU_PAGES];
	}
	return pages;
}

/**
 * iopgt_memory() - how much memory tables take
 * @t: table
 *
 * Return: pages: of this table, if it has an allocator of its own, else of all
 * that the kernel has, so that only differences mean anything.
 */
long iopgt_memory(struct iopgt *t)
{
	return t->cfg.alloc ? atomic_long_read(&t->allocated) : iommu_pages();
}

/**
 * iopgt_expect_memory() - everything was unmapped: tables were given back
 * @t: table
 * @before: what iopgt_memory() returned when nothing was mapped yet
 *
 * Mali's entries have no bits for a count. There a table is removed when a page
 * size covers it, as in 6.12; free_io_pgtable_ops() must free the rest.
 */
void iopgt_expect_memory(struct iopgt *t, long before)
{
	long now;
	int tries;

	if (t->config->fmt == ARM_MALI_LPAE)
		return;
	/*
	 * The kernel's count is of all tables, and wrong while another CPU
	 * adds to it what it has counted. What was seen last is judged:
	 * another look could meet the next CPU that does.
	 */
	now = iopgt_memory(t);
	for (tries = 0; tries < 50 && now != before; tries++) {
		msleep(20);
		now = iopgt_memory(t);
	}
	KUNIT_EXPECT_EQ(t->test, now, before);
}

/**
 * iopgt_put_gather() - free the tables that a gather has collected
 * @t: table
 * @gather: gather, which the hardware has acted upon
 */
void iopgt_put_gather(struct iopgt *t, struct iommu_iotlb_gather *gather)
{
	struct page *page;

	if (!iopgt_is_vtd(t))
		KUNIT_EXPECT_TRUE(t->test, list_empty(&gather->freelist));
	list_for_each_entry(page, &gather->freelist, lru) {
		iopgt_drop_shadow(t, page_to_phys(page), SZ_4K);
		memset(page_address(page), UNSYNCED_BYTE, SZ_4K);
	}
	iommu_put_pages_list(&gather->freelist);
}

/**
 * iopgt_reset_counts() - count flushes and syncs from zero
 * @t: table
 */
void iopgt_reset_counts(struct iopgt *t)
{
	enum iopgt_flush_kind kind;

	for (kind = 0; kind < IOPGT_FLUSH_KINDS; kind++) {
		atomic_set(&t->flushes[kind], 0);
		atomic_long_set(&t->flushed[kind], 0);
	}
	t->syncs = 0;
	t->lines = 0;
}

/**
 * iopgt_flush_count() - how often a callback was called
 * @t: table
 * @kind: callback
 *
 * Return: calls since the counts were reset.
 */
int iopgt_flush_count(struct iopgt *t, enum iopgt_flush_kind kind)
{
	return atomic_read(&t->flushes[kind]);
}

/**
 * iopgt_seed() - begin a sequence of random numbers and print its seed
 * @test: test whose log shows how to repeat the sequence
 * @rnd: state of the sequence
 * @salt: tells sequences of the same seed apart
 */
void iopgt_seed(struct kunit *test, struct rnd_state *rnd, unsigned int salt)
{
	while (!seed)
		seed = get_random_u64();

	kunit_info(test, "io_pgtable_kunit.seed=%llu", seed);
	prandom_seed_state(rnd, seed + salt);
}

/**
 * iopgt_span() - what an entry of a level translates
 * @t: table
 * @height: level
 *
 * Return: bytes.
 */
u64 iopgt_span(const struct iopgt *t, unsigned int height)
{
	return BIT_ULL(t->geo.shift + height * t->geo.bits);
}

/**
 * iopgt_height() - the level that has leaves of a size
 * @t: table
 * @pgsize: bytes
 *
 * Return: height, IOPGT_MAX_LEVELS if there is none.
 */
unsigned int iopgt_height(const struct iopgt *t, u64 pgsize)
{
	unsigned int height;

	for (height = 0; height < t->geo.levels; height++)
		if (iopgt_span(t, height) == pgsize)
			return height;
	return IOPGT_MAX_LEVELS;
}

/**
 * iopgt_largest() - the largest page
 * @t: table
 *
 * Return: bytes.
 */
unsigned long iopgt_largest(const struct iopgt *t)
{
	return BIT(__fls(t->cfg.pgsize_bitmap));
}

MODULE_DESCRIPTION("KUnit tests of the page-table formats");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
