// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arm: the registers that a driver is told to program, from the tables of the
 * Arm ARM; which quirks, sizes and widths can be had, and what comes out.
 */

#include <linux/sizes.h>
#include <linux/mm.h>

#include "io_pgtable_kunit.h"

#define SIZES_4K	(SZ_4K | SZ_2M | SZ_1G)
#define SIZES_16K	(SZ_16K | SZ_32M)
#define SIZES_64K	(SZ_64K | SZ_512M)
#define SIZE_4T		BIT_ULL(42)

/* TCR and VTCR: shareability and cacheability of table walks */
#define SH_OUTER	2
#define SH_INNER	3
#define RGN_NC		0
#define RGN_WBWA	1

/**
 * struct arm_case - a table that can or can't be had
 * @name: description
 * @fmt: format
 * @pgsizes: page sizes asked for
 * @ias: bits of input address asked for
 * @oas: bits of output address asked for
 * @quirks: asked for
 * @not_coherent: of its walk
 * @sizes: page sizes that come out; 0: refused
 * @tg: code of the granule in TCR or VTCR
 * @ps: code of the output size
 * @tsz: 64 less the bits of input address
 * @sl: stage 2: code of the first level
 */
struct arm_case {
	const char *name;
	enum io_pgtable_fmt fmt;
	unsigned long pgsizes;
	unsigned int ias;
	unsigned int oas;
	unsigned long quirks;
	bool not_coherent;
	unsigned long sizes;
	unsigned int tg;
	unsigned int ps;
	unsigned int tsz;
	unsigned int sl;
};

#define S1	ARM_64_LPAE_S1
#define S2	ARM_64_LPAE_S2
#define S1_32	ARM_32_LPAE_S1
#define S2_32	ARM_32_LPAE_S2
#define MALI	ARM_MALI_LPAE
#define NS	IO_PGTABLE_QUIRK_ARM_NS
#define UPPER	IO_PGTABLE_QUIRK_ARM_TTBR1
#define WBWA	IO_PGTABLE_QUIRK_ARM_OUTER_WBWA
#define HD	IO_PGTABLE_QUIRK_ARM_HD

static const struct arm_case arm_cases[] = {
	/* Output sizes, and the code of each */
	{ "S1 oas 32", S1, SIZES_4K, 48, 32, 0, false, SIZES_4K, 0, 0, 16, 0 },
	{ "S1 oas 36", S1, SIZES_4K, 48, 36, 0, false, SIZES_4K, 0, 1, 16, 0 },
	{ "S1 oas 40", S1, SIZES_4K, 48, 40, 0, false, SIZES_4K, 0, 2, 16, 0 },
	{ "S1 oas 42", S1, SIZES_4K, 48, 42, 0, false, SIZES_4K, 0, 3, 16, 0 },
	{ "S1 oas 44", S1, SIZES_4K, 48, 44, 0, false, SIZES_4K, 0, 4, 16, 0 },
	{ "S1 oas 48", S1, SIZES_4K, 48, 48, 0, false, SIZES_4K, 0, 5, 16, 0 },
	{ "S1 oas 45", S1, SIZES_4K, 48, 45, 0, false, 0, 0, 0, 0, 0 },
	{ "S2 oas 36", S2, SIZES_4K, 48, 36, 0, false, SIZES_4K, 0, 1, 16, 2 },
	{ "S2 oas 33", S2, SIZES_4K, 48, 33, 0, false, 0, 0, 0, 0, 0 },
	/* Granules, below and above */
	{ "S1 16K", S1, SIZES_16K, 47, 44, 0, false, SIZES_16K, 2, 4, 17, 0 },
	{ "S1 64K", S1, SIZES_64K, 48, 48, 0, false, SIZES_64K, 1, 5, 16, 0 },
	{ "S1 4K, upper", S1, SIZES_4K, 48, 48, UPPER, false, SIZES_4K, 2, 5, 16,
	  0 },
	{ "S1 16K, upper", S1, SIZES_16K, 48, 48, UPPER, false, SIZES_16K, 1, 5,
	  16, 0 },
	{ "S1 64K, upper", S1, SIZES_64K, 48, 48, UPPER, false, SIZES_64K, 3, 5,
	  16, 0 },
	/* 52 bits only with 64K, and 4T with them only */
	{ "S1 52", S1, SIZES_64K | SIZE_4T, 52, 52, 0, false,
	  SIZES_64K | SIZE_4T, 1, 6, 12, 0 },
	{ "S1 4T of 48", S1, SIZES_64K | SIZE_4T, 52, 48, 0, false, SIZES_64K, 1,
	  5, 12, 0 },
	{ "S1 4K of 52", S1, SIZES_4K, 52, 52, 0, false, SIZES_4K, 0, 5, 16, 0 },
	{ "S2 16K of 52", S2, SIZES_16K, 52, 52, 0, false, SIZES_16K, 2, 5, 16,
	  2 },
	{ "S2 52", S2, SIZES_64K | SIZE_4T, 52, 52, 0, false,
	  SIZES_64K | SIZE_4T, 1, 6, 12, 2 },
	/* First levels, with and without tables in a row */
	{ "S2 4K 32", S2, SIZES_4K, 32, 48, 0, false, SIZES_4K, 0, 5, 32, 1 },
	{ "S2 4K 39", S2, SIZES_4K, 39, 48, 0, false, SIZES_4K, 0, 5, 25, 1 },
	{ "S2 4K 40", S2, SIZES_4K, 40, 48, 0, false, SIZES_4K, 0, 5, 24, 1 },
	{ "S2 4K 42", S2, SIZES_4K, 42, 48, 0, false, SIZES_4K, 0, 5, 22, 1 },
	{ "S2 4K 43", S2, SIZES_4K, 43, 48, 0, false, SIZES_4K, 0, 5, 21, 1 },
	{ "S2 4K 44", S2, SIZES_4K, 44, 48, 0, false, SIZES_4K, 0, 5, 20, 2 },
	{ "S2 16K 40", S2, SIZES_16K, 40, 48, 0, false, SIZES_16K, 2, 5, 24, 2 },
	{ "S2 16K 36", S2, SIZES_16K, 36, 48, 0, false, SIZES_16K, 2, 5, 28, 1 },
	{ "S2 16K 48", S2, SIZES_16K, 48, 48, 0, false, SIZES_16K, 2, 5, 16, 2 },
	{ "S2 64K 42", S2, SIZES_64K, 42, 48, 0, false, SIZES_64K, 1, 5, 22, 1 },
	{ "S2 64K 48", S2, SIZES_64K, 48, 48, 0, false, SIZES_64K, 1, 5, 16, 2 },
	/* Walks that are not coherent */
	{ "S1, not coherent", S1, SIZES_4K, 48, 48, 0, true, SIZES_4K, 0, 5, 16,
	  0 },
	{ "S1, outer WBWA", S1, SIZES_4K, 48, 48, WBWA, true, SIZES_4K, 0, 5, 16,
	  0 },
	{ "S1, outer WBWA, coherent", S1, SIZES_4K, 48, 48, WBWA, false, 0, 0, 0,
	  0, 0 },
	{ "S2, not coherent", S2, SIZES_4K, 48, 48, 0, true, SIZES_4K, 0, 5, 16,
	  2 },
	/* Quirks */
	{ "S1 NS", S1, SIZES_4K, 48, 48, NS, false, SIZES_4K, 0, 5, 16, 0 },
	{ "S1 HD", S1, SIZES_4K, 48, 48, HD, false, SIZES_4K, 0, 5, 16, 0 },
	{ "S1 HD NS", S1, SIZES_4K, 48, 48, HD | NS, false, SIZES_4K, 0, 5, 16,
	  0 },
	{ "S1 of v7s", S1, SIZES_4K, 48, 48, IO_PGTABLE_QUIRK_NO_PERMS, false, 0,
	  0, 0, 0, 0 },
	{ "S1 of VT-d", S1, SIZES_4K, 48, 48, IO_PGTABLE_QUIRK_VTD_DIRTY, false,
	  0, 0, 0, 0, 0 },
	{ "S2 NS", S2, SIZES_4K, 48, 48, NS, false, 0, 0, 0, 0, 0 },
	{ "S2 upper", S2, SIZES_4K, 48, 48, UPPER, false, 0, 0, 0, 0, 0 },
	{ "S2 HD", S2, SIZES_4K, 48, 48, HD, false, 0, 0, 0, 0, 0 },
	/* 32 bits: 4K only, and no more than 40 out */
	{ "32 S1", S1_32, SIZES_4K, 32, 40, 0, false, SIZES_4K, 0, 2, 32, 0 },
	{ "32 S1, others too", S1_32, SIZES_4K | SIZES_16K | SIZES_64K, 32, 32,
	  0, false, SIZES_4K, 0, 0, 32, 0 },
	{ "32 S1 NS", S1_32, SIZES_4K, 32, 40, NS, false, SIZES_4K, 0, 2, 32,
	  0 },
	{ "32 S1, 33 bits", S1_32, SIZES_4K, 33, 40, 0, false, 0, 0, 0, 0, 0 },
	{ "32 S1, out 42", S1_32, SIZES_4K, 32, 42, 0, false, 0, 0, 0, 0, 0 },
	{ "32 S1 16K", S1_32, SIZES_16K, 32, 40, 0, false, 0, 0, 0, 0, 0 },
	{ "32 S2", S2_32, SIZES_4K, 40, 40, 0, false, SIZES_4K, 0, 2, 24, 1 },
	{ "32 S2, 41 bits", S2_32, SIZES_4K, 41, 40, 0, false, 0, 0, 0, 0, 0 },
	{ "32 S2, out 48", S2_32, SIZES_4K, 40, 48, 0, false, 0, 0, 0, 0, 0 },
	{ "32 S2 NS", S2_32, SIZES_4K, 40, 40, NS, false, 0, 0, 0, 0, 0 },
	/* Mali */
	{ "Mali", MALI, SIZES_4K, 48, 40, 0, false, SIZES_4K, 0, 0, 0, 0 },
	{ "Mali, not coherent", MALI, SIZES_4K, 33, 32, 0, true, SIZES_4K, 0, 0,
	  0, 0 },
	{ "Mali, 49 bits", MALI, SIZES_4K, 49, 40, 0, false, 0, 0, 0, 0, 0 },
	{ "Mali, out 48", MALI, SIZES_4K, 48, 48, 0, false, 0, 0, 0, 0, 0 },
	{ "Mali NS", MALI, SIZES_4K, 48, 40, NS, false, 0, 0, 0, 0, 0 },
	{ "Mali 64K", MALI, SIZES_64K, 48, 40, 0, false, 0, 0, 0, 0, 0 },
	/* No size, or none that is a granule */
	{ "S1, no size", S1, 0, 48, 48, 0, false, 0, 0, 0, 0, 0 },
	{ "S1, 8K", S1, SZ_8K, 48, 48, 0, false, 0, 0, 0, 0, 0 },
	{ "S1, blocks only", S1, SZ_2M, 48, 48, 0, false, 0, 0, 0, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(arm_case, arm_cases, name);

/* NC, write-back, device and inner-NC-outer-WB, in the order of the indices */
#define MAIR	0xf404ff44ULL

/* Bit fields, as numbers that can be compared */
struct walk_control {
	unsigned int tg;
	unsigned int ps;
	unsigned int tsz;
	unsigned int sh;
	unsigned int irgn;
	unsigned int orgn;
	unsigned int sl;
};

static void check_control(struct iopgt *t, const struct arm_case *c,
			  const struct walk_control *got)
{
	unsigned int region = c->not_coherent ? RGN_NC : RGN_WBWA;

	KUNIT_EXPECT_EQ(t->test, got->tg, c->tg);
	KUNIT_EXPECT_EQ(t->test, got->ps, c->ps);
	KUNIT_EXPECT_EQ(t->test, got->tsz, c->tsz);
	KUNIT_EXPECT_EQ(t->test, got->sl, c->sl);
	KUNIT_EXPECT_EQ(t->test, got->sh, c->not_coherent ? SH_OUTER : SH_INNER);
	KUNIT_EXPECT_EQ(t->test, got->irgn, region);
	KUNIT_EXPECT_EQ(t->test, got->orgn,
			c->quirks & WBWA ? RGN_WBWA : region);
	KUNIT_EXPECT_EQ(t->test, t->cfg.ias, 64 - c->tsz);
}

static void check_stage1(struct iopgt *t, const struct arm_case *c)
{
	const typeof(t->cfg.arm_lpae_s1_cfg) *s1 = &t->cfg.arm_lpae_s1_cfg;
	struct walk_control got = {
		.tg = s1->tcr.tg,
		.ps = s1->tcr.ips,
		.tsz = s1->tcr.tsz,
		.sh = s1->tcr.sh,
		.irgn = s1->tcr.irgn,
		.orgn = s1->tcr.orgn,
	};

	check_control(t, c, &got);
	KUNIT_EXPECT_EQ(t->test, s1->mair, MAIR);
}

static void check_stage2(struct iopgt *t, const struct arm_case *c)
{
	const typeof(t->cfg.arm_lpae_s2_cfg) *s2 = &t->cfg.arm_lpae_s2_cfg;
	struct walk_control got = {
		.tg = s2->vtcr.tg,
		.ps = s2->vtcr.ps,
		.tsz = s2->vtcr.tsz,
		.sh = s2->vtcr.sh,
		.irgn = s2->vtcr.irgn,
		.orgn = s2->vtcr.orgn,
		.sl = s2->vtcr.sl,
	};

	check_control(t, c, &got);
}

/* TRANSTAB: a table at an address, read inside, shared outside if coherent */
static void check_mali(struct iopgt *t, const struct arm_case *c)
{
	u64 flags = t->cfg.arm_mali_lpae_cfg.transtab & GENMASK_ULL(11, 0);

	KUNIT_EXPECT_EQ(t->test, flags, c->not_coherent ? 0x7 : 0x17);
	KUNIT_EXPECT_EQ(t->test, t->cfg.arm_mali_lpae_cfg.memattr, 0x888d88);
}

static void iopgt_arm_registers(struct kunit *test)
{
	const struct arm_case *c = test->param_value;
	struct iopgt_config config = {
		.name = c->name,
		.fmt = c->fmt,
		.pgsizes = c->pgsizes,
		.ias = c->ias,
		.oas = c->oas,
		.coherent = !c->not_coherent,
		.quirks = c->quirks,
	};
	struct iopgt *t = test->priv;

	if (!iopgt_built(c->fmt))
		kunit_skip(test, "not in this kernel");
	iopgt_fill_cfg(t, &config, &iopgt_flush_pages);
	t->ops = alloc_io_pgtable_ops(c->fmt, &t->cfg, t);
	KUNIT_ASSERT_EQ(test, !!t->ops, !!c->sizes);
	if (!t->ops)
		return;

	KUNIT_EXPECT_EQ(test, t->cfg.pgsize_bitmap, c->sizes);
	if (c->fmt == MALI)
		check_mali(t, c);
	else if (c->fmt == S1 || c->fmt == S1_32)
		check_stage1(t, c);
	else
		check_stage2(t, c);
	iopgt_read_registers(t);
	iopgt_sweep(t, NULL, NULL);
	iopgt_end(t);
}

/* The CPU's page size if it is on offer, else the next smaller, else larger */
static void iopgt_arm_granule(struct kunit *test)
{
	static const unsigned long granules[] = { SZ_4K, SZ_16K, SZ_64K };
	static const unsigned long sizes[] = { SIZES_4K, SIZES_16K, SIZES_64K };
	struct iopgt_config config = {
		.fmt = S1, .ias = 48, .oas = 48, .coherent = true,
	};
	struct iopgt *t = test->priv;
	unsigned int offer, i, best;

	if (!iopgt_built(S1))
		kunit_skip(test, "not in this kernel");
	for (offer = 1; offer < BIT(ARRAY_SIZE(sizes)); offer++) {
		config.pgsizes = 0;
		best = ARRAY_SIZE(sizes);
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			if (!(offer & BIT(i)))
				continue;
			config.pgsizes |= sizes[i];
			if (granules[i] <= PAGE_SIZE ||
			    best == ARRAY_SIZE(sizes))
				best = i;
		}
		iopgt_fill_cfg(t, &config, &iopgt_flush_pages);
		t->ops = alloc_io_pgtable_ops(S1, &t->cfg, t);
		KUNIT_ASSERT_NOT_NULL(test, t->ops);
		KUNIT_EXPECT_EQ_MSG(test, t->cfg.pgsize_bitmap, sizes[best],
				    "of 0x%lx", config.pgsizes);
		iopgt_end(t);
	}
}

/* The high bits of an address of 52 end up in bits 15:12 of an entry. */
static void iopgt_arm_52_bits(struct kunit *test)
{
	static const enum io_pgtable_fmt fmts[] = { S1, S2 };
	struct iopgt_config config = {
		.pgsizes = SIZES_64K | SIZE_4T, .ias = 52, .oas = 52,
		.coherent = true,
	};
	unsigned int i, bit;
	struct iopgt_walk walk;
	struct iopgt *t;
	size_t mapped;
	u64 pa;

	for (i = 0; i < ARRAY_SIZE(fmts); i++) {
		config.fmt = fmts[i];
		t = iopgt_begin(test, &config, &iopgt_flush_pages);
		for (bit = 16; bit < 52; bit++) {
			pa = BIT_ULL(bit);
			mapped = 0;
			KUNIT_ASSERT_EQ(test, t->ops->map_pages(t->ops, pa, pa,
								SZ_64K, 1,
								IOMMU_READ,
								GFP_KERNEL,
								&mapped), 0);
			iopgt_walk(t, pa, &walk);
			KUNIT_EXPECT_EQ(test, walk.kind, IOPGT_LEAF);
			KUNIT_EXPECT_EQ(test, walk.oa, pa);
			KUNIT_EXPECT_EQ(test, walk.raw & GENMASK_ULL(15, 12),
					pa >> 48 << 12);
			KUNIT_EXPECT_EQ(test, t->ops->iova_to_phys(t->ops, pa + 5),
					pa + 5);
		}
		iopgt_end(t);
	}
}

static struct kunit_case iopgt_arm_cases[] = {
	KUNIT_CASE_PARAM(iopgt_arm_registers, arm_case_gen_params),
	KUNIT_CASE(iopgt_arm_granule),
	KUNIT_CASE(iopgt_arm_52_bits),
	{}
};

static struct kunit_suite iopgt_arm_suite = {
	.name = "io-pgtable-arm",
	.init = iopgt_test_init,
	.exit = iopgt_test_exit,
	.test_cases = iopgt_arm_cases,
};

kunit_test_suite(iopgt_arm_suite);
