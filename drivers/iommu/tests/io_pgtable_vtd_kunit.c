// SPDX-License-Identifier: GPL-2.0-only
/*
 * VT-d: what a driver is told to program, and which tables it can have at all;
 * and what becomes of formats that this kernel lacks.
 */

#include <linux/kconfig.h>
#include <linux/sizes.h>

#include "io_pgtable_kunit.h"

#define SIZES_4K	(SZ_4K | SZ_2M | SZ_1G)

/**
 * struct vtd_case - a table that can or can't be had
 * @name: description
 * @fmt: format
 * @pgsizes: page sizes asked for
 * @ias: bits of input address
 * @oas: bits of output address
 * @coherent: of its walk
 * @quirks: asked for
 * @levels: tables on the way to a page; 0: refused
 */
struct vtd_case {
	const char *name;
	enum io_pgtable_fmt fmt;
	unsigned long pgsizes;
	unsigned int ias;
	unsigned int oas;
	bool coherent;
	unsigned long quirks;
	unsigned int levels;
};

#define SS	VTD_SECOND_STAGE
#define FS	VTD_FIRST_STAGE
#define SNOOP	IO_PGTABLE_QUIRK_VTD_SNOOP
#define DIRTY	IO_PGTABLE_QUIRK_VTD_DIRTY

static const struct vtd_case vtd_cases[] = {
	{ "SS 39", SS, SIZES_4K, 39, 39, true, 0, 3 },
	{ "SS 48", SS, SIZES_4K, 48, 46, true, 0, 4 },
	{ "SS 57", SS, SIZES_4K, 57, 52, true, 0, 5 },
	{ "SS, snoop", SS, SIZES_4K, 48, 48, true, SNOOP, 4 },
	{ "SS, dirty", SS, SIZES_4K, 48, 48, true, DIRTY, 4 },
	{ "SS, snoop, dirty", SS, SIZES_4K, 48, 48, true, SNOOP | DIRTY, 4 },
	{ "SS, snoop, not coherent", SS, SIZES_4K, 48, 48, false, SNOOP, 4 },
	{ "SS, dirty, not coherent", SS, SIZES_4K, 48, 48, false, DIRTY, 0 },
	{ "SS, Arm's quirk", SS, SIZES_4K, 48, 48, true,
	  IO_PGTABLE_QUIRK_ARM_NS, 0 },
	{ "SS, no permissions", SS, SIZES_4K, 48, 48, true,
	  IO_PGTABLE_QUIRK_NO_PERMS, 0 },
	{ "SS, other sizes too", SS, SIZES_4K | SZ_64K | BIT(39), 48, 48, true,
	  0, 4 },
	{ "SS, no 4K", SS, SZ_2M | SZ_1G, 48, 48, true, 0, 0 },
	{ "SS, no size", SS, 0, 48, 48, true, 0, 0 },
	{ "SS 64", SS, SIZES_4K, 64, 52, true, 0, 0 },
	{ "SS 58", SS, SIZES_4K, 58, 52, true, 0, 0 },
	{ "FS 48", FS, SIZES_4K, 48, 46, true, 0, 4 },
	{ "FS 57", FS, SIZES_4K, 57, 52, true, 0, 5 },
	{ "FS, dirty", FS, SIZES_4K, 48, 46, true, DIRTY, 4 },
	{ "FS, dirty, not coherent", FS, SIZES_4K, 48, 46, false, DIRTY, 0 },
	{ "FS, upper half", FS, SIZES_4K, 48, 46, true,
	  IO_PGTABLE_QUIRK_ARM_TTBR1, 0 },
	{ "FS, no 4K", FS, SZ_2M, 48, 46, true, 0, 0 },
	{ "FS 64", FS, SIZES_4K, 64, 52, true, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(vtd_case, vtd_cases, name);

static void iopgt_vtd_alloc(struct kunit *test)
{
	const struct vtd_case *c = test->param_value;
	struct iopgt_config config = {
		.name = c->name,
		.fmt = c->fmt,
		.pgsizes = c->pgsizes,
		.ias = c->ias,
		.oas = c->oas,
		.coherent = c->coherent,
		.quirks = c->quirks,
	};
	struct iopgt *t = test->priv;

	if (!iopgt_built(c->fmt))
		kunit_skip(test, "not in this kernel");
	iopgt_fill_cfg(t, &config, &iopgt_flush_pages);
	t->ops = alloc_io_pgtable_ops(c->fmt, &t->cfg, t);
	KUNIT_ASSERT_EQ(test, !!t->ops, !!c->levels);
	if (!t->ops)
		return;
	KUNIT_EXPECT_EQ(test, t->cfg.vtd_cfg.levels, c->levels);
	KUNIT_EXPECT_EQ(test, t->cfg.vtd_cfg.root % SZ_4K, 0);
	KUNIT_EXPECT_EQ(test, t->cfg.pgsize_bitmap, c->pgsizes & SIZES_4K);
	KUNIT_EXPECT_PTR_EQ(test, io_pgtable_ops_to_pgtable(t->ops)->cookie, t);
	KUNIT_EXPECT_EQ(test, io_pgtable_ops_to_pgtable(t->ops)->fmt, c->fmt);
	iopgt_read_registers(t);
	KUNIT_EXPECT_GT(test, iopgt_sweep(t, NULL, NULL), 0);
	iopgt_end(t);
}

static void *some_alloc(void *cookie, size_t size, gfp_t gfp)
{
	return NULL;
}

static void some_free(void *cookie, void *pages, size_t size)
{
}

/* Of an allocator of its own a driver has to bring both halves. */
static void iopgt_custom_allocator(struct kunit *test)
{
	const struct iopgt_config *config = test->param_value;
	struct iopgt *t = test->priv;

	if (!iopgt_built(config->fmt))
		kunit_skip(test, "not in this kernel");
	iopgt_fill_cfg(t, config, &iopgt_flush_pages);
	t->cfg.alloc = some_alloc;
	t->cfg.free = NULL;
	KUNIT_EXPECT_NULL(test, alloc_io_pgtable_ops(config->fmt, &t->cfg, t));
	t->cfg.alloc = NULL;
	t->cfg.free = some_free;
	KUNIT_EXPECT_NULL(test, alloc_io_pgtable_ops(config->fmt, &t->cfg, t));
	t->cfg.alloc = some_alloc;
	KUNIT_EXPECT_NULL(test, alloc_io_pgtable_ops(config->fmt, &t->cfg, t));
}

/* A format that is not there, and a number that is no format */
static void iopgt_missing_formats(struct kunit *test)
{
	static const struct {
		enum io_pgtable_fmt fmt;
		bool built;
	} formats[] = {
		{ ARM_32_LPAE_S1, IS_ENABLED(CONFIG_IOMMU_IO_PGTABLE_LPAE) },
		{ ARM_32_LPAE_S2, IS_ENABLED(CONFIG_IOMMU_IO_PGTABLE_LPAE) },
		{ ARM_64_LPAE_S1, IS_ENABLED(CONFIG_IOMMU_IO_PGTABLE_LPAE) },
		{ ARM_64_LPAE_S2, IS_ENABLED(CONFIG_IOMMU_IO_PGTABLE_LPAE) },
		{ ARM_MALI_LPAE, IS_ENABLED(CONFIG_IOMMU_IO_PGTABLE_LPAE) },
		{ ARM_V7S, IS_ENABLED(CONFIG_IOMMU_IO_PGTABLE_ARMV7S) },
		{ AMD_IOMMU_V1, IS_ENABLED(CONFIG_AMD_IOMMU) },
		{ AMD_IOMMU_V2, IS_ENABLED(CONFIG_AMD_IOMMU) },
		{ APPLE_DART, IS_ENABLED(CONFIG_IOMMU_IO_PGTABLE_DART) },
		{ APPLE_DART2, IS_ENABLED(CONFIG_IOMMU_IO_PGTABLE_DART) },
		{ VTD_SECOND_STAGE, IS_ENABLED(CONFIG_IOMMU_IO_PGTABLE_VTD) },
		{ VTD_FIRST_STAGE, IS_ENABLED(CONFIG_IOMMU_IO_PGTABLE_VTD) },
		{ IO_PGTABLE_NUM_FMTS, false },
		{ IO_PGTABLE_NUM_FMTS + 1000, false },
	};
	static const struct iopgt_config config = {
		.pgsizes = SIZES_4K, .ias = 32, .oas = 32, .coherent = true,
	};
	struct iopgt *t = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		if (formats[i].built)
			continue;
		iopgt_fill_cfg(t, &config, &iopgt_flush_pages);
		KUNIT_EXPECT_NULL(test, alloc_io_pgtable_ops(formats[i].fmt,
							     &t->cfg, t));
	}
	/* The end of nothing */
	free_io_pgtable_ops(NULL);
}

#define PATH_ADDR	GENMASK_ULL(51, 12)

/* Check where the walk for an address ends, and with which address. */
static void path_ends(struct iopgt *t, u64 iova, unsigned int level, u64 addr)
{
	u64 path[5] = {};
	unsigned int end = io_pgtable_vtd_path(t->cfg.vtd_cfg.root,
					       t->cfg.vtd_cfg.levels, iova, path);

	KUNIT_ASSERT_EQ_MSG(t->test, end, level, "0x%llx", iova);
	KUNIT_EXPECT_EQ_MSG(t->test, path[end] & PATH_ADDR, addr, "0x%llx", iova);
	for (unsigned int at = 0; at < ARRAY_SIZE(path); at++)
		if (at != end)
			KUNIT_EXPECT_EQ_MSG(t->test, !!path[at],
					    at > end && at < t->cfg.vtd_cfg.levels,
					    "0x%llx level %u", iova, at);
}

/* Pages of each size, holes beside them, the first and the last address */
static void iopgt_vtd_path(struct kunit *test)
{
	static const struct iopgt_config config = {
		.name = "path", .fmt = SS, .pgsizes = SIZES_4K, .ias = 48,
		.oas = 48, .coherent = true,
	};
	const u64 last = BIT_ULL(48) - SZ_4K;
	const u64 pages[][2] = {
		{ 0, SZ_4K }, { last, SZ_4K }, { SZ_1G, SZ_2M }, { BIT_ULL(40), SZ_1G },
	};
	struct iopgt *t = test->priv;
	size_t mapped = 0;

	if (!IS_ENABLED(CONFIG_IOMMU_IO_PGTABLE_VTD)) {
		kunit_skip(test, "not in this kernel");
		return;
	}
	iopgt_fill_cfg(t, &config, &iopgt_flush_pages);
	t->ops = alloc_io_pgtable_ops(SS, &t->cfg, t);
	KUNIT_ASSERT_NOT_NULL(test, t->ops);
	path_ends(t, 0, 3, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++)
		KUNIT_ASSERT_EQ(test, 0,
				t->ops->map_pages(t->ops, pages[i][0],
						  3ULL * SZ_1G, pages[i][1], 1,
						  IOMMU_READ, GFP_KERNEL, &mapped));
	path_ends(t, 0xfff, 0, 3ULL * SZ_1G);
	path_ends(t, last + 1, 0, 3ULL * SZ_1G);
	path_ends(t, pages[2][0] + pages[2][1] - 1, 1, 3ULL * SZ_1G);
	path_ends(t, BIT_ULL(40) + SZ_1G - 1, 2, 3ULL * SZ_1G);
	path_ends(t, SZ_4K, 0, 0);
	path_ends(t, pages[2][0] + pages[2][1], 1, 0);
	path_ends(t, BIT_ULL(40) + SZ_1G, 2, 0);
	path_ends(t, BIT_ULL(46), 3, 0);
	iopgt_end(t);
}

static struct kunit_case iopgt_vtd_cases[] = {
	KUNIT_CASE_PARAM(iopgt_vtd_alloc, vtd_case_gen_params),
	KUNIT_CASE_PARAM(iopgt_custom_allocator, iopgt_gen_params),
	KUNIT_CASE(iopgt_missing_formats),
	KUNIT_CASE(iopgt_vtd_path),
	{}
};

static struct kunit_suite iopgt_vtd_suite = {
	.name = "io-pgtable-vtd",
	.init = iopgt_test_init,
	.exit = iopgt_test_exit,
	.test_cases = iopgt_vtd_cases,
};

kunit_test_suite(iopgt_vtd_suite);
