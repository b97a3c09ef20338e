// SPDX-License-Identifier: GPL-2.0-only
/*
 * The walk itself: from the registers that a driver would program, through the
 * raw tables, to a page. Nothing in here asks the implementation.
 *
 * A walk that is not coherent reads what the device has been shown, which
 * is no more than the cache lines that were written back to it.
 */

#include <linux/array_size.h>
#include <linux/iommu.h>
#include <linux/math.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "io_pgtable_kunit.h"

/* What a line holds that the device has never been shown: a trap. */
#define NEVER_SYNCED	0xdeadbeefdeadbeefULL

#define MALI_ROOT_FLAGS	GENMASK_ULL(11, 0)

/* The granule by its code in TCR.TG0 and VTCR.TG0, and in TCR.TG1 */
static const unsigned int tg0_shifts[] = { 12, 16, 14, 0 };
static const unsigned int tg1_shifts[] = { 0, 14, 12, 16 };

/* Bits of address by the code in IPS and PS */
static const unsigned int ps_bits[] = { 32, 36, 40, 42, 44, 48, 52, 0 };

static void read_vtd(struct iopgt *t)
{
	t->geo = (struct iopgt_geometry) {
		.root = t->cfg.vtd_cfg.root,
		.levels = t->cfg.vtd_cfg.levels,
		.shift = 12,
		.bits = 9,
		.root_bits = 9,
		.oa_bits = t->config->oas,
	};
}

static void read_stage1(struct iopgt *t)
{
	const typeof(t->cfg.arm_lpae_s1_cfg) *s1 = &t->cfg.arm_lpae_s1_cfg;
	bool upper = t->cfg.quirks & IO_PGTABLE_QUIRK_ARM_TTBR1;
	struct iopgt_geometry *geo = &t->geo;
	unsigned int ia_bits = 64 - s1->tcr.tsz;

	geo->root = s1->ttbr;
	geo->shift = upper ? tg1_shifts[s1->tcr.tg] : tg0_shifts[s1->tcr.tg];
	KUNIT_ASSERT_NE(t->test, geo->shift, 0);
	geo->bits = geo->shift - 3;
	geo->levels = DIV_ROUND_UP(ia_bits - geo->shift, geo->bits);
	geo->root_bits = ia_bits - geo->shift - (geo->levels - 1) * geo->bits;
	geo->oa_bits = ps_bits[s1->tcr.ips];
	geo->mair = s1->mair;
}

/* SL0 names the first level; its tables may be up to 16 in a row. */
static void read_stage2(struct iopgt *t)
{
	const typeof(t->cfg.arm_lpae_s2_cfg) *s2 = &t->cfg.arm_lpae_s2_cfg;
	unsigned int ia_bits = 64 - s2->vtcr.tsz;
	struct iopgt_geometry *geo = &t->geo;

	geo->root = s2->vttbr;
	geo->shift = tg0_shifts[s2->vtcr.tg];
	KUNIT_ASSERT_NE(t->test, geo->shift, 0);
	geo->bits = geo->shift - 3;
	geo->levels = s2->vtcr.sl + (geo->shift == 12 ? 2 : 1);
	geo->root_bits = ia_bits - geo->shift - (geo->levels - 1) * geo->bits;
	geo->oa_bits = ps_bits[s2->vtcr.ps];
	geo->mair = 0;
	KUNIT_ASSERT_LE(t->test, geo->root_bits, geo->bits + 4);
}

/* Always four whole levels */
static void read_mali(struct iopgt *t)
{
	t->geo = (struct iopgt_geometry) {
		.root = t->cfg.arm_mali_lpae_cfg.transtab & ~MALI_ROOT_FLAGS,
		.levels = 4,
		.shift = 12,
		.bits = 9,
		.root_bits = 9,
		.oa_bits = t->config->oas,
		.mair = t->cfg.arm_mali_lpae_cfg.memattr,
	};
}

/**
 * iopgt_read_registers() - set the geometry as hardware would
 * @t: table, just made
 */
void iopgt_read_registers(struct iopgt *t)
{
	struct iopgt_geometry *geo = &t->geo;

	switch (t->config->fmt) {
	case VTD_SECOND_STAGE:
	case VTD_FIRST_STAGE:
		read_vtd(t);
		break;
	case ARM_MALI_LPAE:
		read_mali(t);
		break;
	case ARM_64_LPAE_S1:
	case ARM_32_LPAE_S1:
		read_stage1(t);
		break;
	default:
		read_stage2(t);
		break;
	}

	KUNIT_ASSERT_GT(t->test, geo->levels, 0);
	KUNIT_ASSERT_LE(t->test, geo->levels, IOPGT_MAX_LEVELS);
	KUNIT_ASSERT_GT(t->test, geo->root_bits, 0);
	KUNIT_ASSERT_LE(t->test, geo->root_bits, geo->bits + 4);
	KUNIT_ASSERT_NE(t->test, geo->root, 0);
	/* The hardware takes the low bits of a root's address for zeros. */
	KUNIT_ASSERT_EQ(t->test, geo->root & ((8ULL << geo->root_bits) - 1), 0);
	KUNIT_ASSERT_EQ(t->test, geo->root >> geo->oa_bits, 0);
}

static bool is_signed(const struct iopgt *t)
{
	return t->config->fmt == VTD_FIRST_STAGE;
}

/**
 * iopgt_ia() - the address within the table that an address means
 * @t: table
 * @iova: address
 * @ia: set to it
 *
 * Return: false if the hardware would fault on @iova before any walk.
 */
bool iopgt_ia(const struct iopgt *t, unsigned long iova, u64 *ia)
{
	*ia = iova & GENMASK_ULL(t->config->ias - 1, 0);
	return iopgt_iova(t, *ia) == iova;
}

/**
 * iopgt_iova() - the address that the operations take for it
 * @t: table
 * @ia: address within the table
 *
 * Return: the address, with its upper bits as the format wants them.
 */
unsigned long iopgt_iova(const struct iopgt *t, u64 ia)
{
	u64 above = ~GENMASK_ULL(t->config->ias - 1, 0);

	if (is_signed(t) && ia >> (t->config->ias - 1) & 1)
		return ia | above;
	if (t->cfg.quirks & IO_PGTABLE_QUIRK_ARM_TTBR1)
		return ia | above;
	return ia;
}

/**
 * iopgt_read() - read an entry as the device would
 * @t: table
 * @phys: physical address of the entry
 *
 * Return: the entry.
 */
u64 iopgt_read(struct iopgt *t, u64 phys)
{
	const u8 *shadow;

	if (t->cfg.coherent_walk || t->from_memory)
		return READ_ONCE(*(u64 *)phys_to_virt(phys));

	shadow = iopgt_shadow(t, phys);
	return shadow ? *(const u64 *)shadow : NEVER_SYNCED;
}

static unsigned int height_shift(const struct iopgt *t, unsigned int height)
{
	return t->geo.shift + height * t->geo.bits;
}

static unsigned int index_bits(const struct iopgt *t, unsigned int height)
{
	return height + 1 == t->geo.levels ? t->geo.root_bits : t->geo.bits;
}

/*
 * Does it make sense to read what an entry calls a table? pfn_valid() takes a
 * lock of RCU, which is the dearest part of a walk under lockdep.
 */
static bool is_memory(struct iopgt *t, u64 phys)
{
	unsigned long pfn = PHYS_PFN(phys);
	unsigned long *known = &t->memory[pfn % ARRAY_SIZE(t->memory)];

	if (pfn && READ_ONCE(*known) == pfn)
		return true;
	if (!pfn_valid(pfn))
		return false;
	WRITE_ONCE(*known, pfn);
	return true;
}

/**
 * iopgt_walk_from() - go on with a walk that has come to a table
 * @t: table under test
 * @table: physical address of the table that comes next
 * @height: its height
 * @ia: address to look up
 * @walk: set to the result
 */
void iopgt_walk_from(struct iopgt *t, u64 table, unsigned int height, u64 ia,
		     struct iopgt_walk *walk)
{
	const u32 limits = IOPGT_READ | IOPGT_WRITE | IOPGT_USER;
	struct iopgt_entry entry;
	u32 allowed = limits;
	u64 index;

	*walk = (struct iopgt_walk){ .height = height };
	for (;; walk->height--) {
		index = ia >> height_shift(t, walk->height) &
			(BIT_ULL(index_bits(t, walk->height)) - 1);
		walk->tables[walk->height] = table;
		walk->at = table + index * sizeof(u64);
		walk->size = iopgt_span(t, walk->height);
		walk->raw = iopgt_read(t, walk->at);
		iopgt_decode(t, walk->raw, walk->height, &entry);
		walk->kind = entry.kind;
		walk->why = entry.why;
		if (entry.kind != IOPGT_TABLE)
			break;
		allowed &= entry.attr;
		table = entry.addr;
		if (!is_memory(t, table)) {
			walk->kind = IOPGT_BAD;
			walk->why = "a table that is no memory";
			break;
		}
	}
	walk->oa = entry.addr + (ia & (walk->size - 1));
	walk->attr = entry.attr & (allowed | ~limits);
}

/**
 * iopgt_walk() - translate an address as hardware would
 * @t: table
 * @ia: address to look up
 * @walk: set to the result
 */
void iopgt_walk(struct iopgt *t, u64 ia, struct iopgt_walk *walk)
{
	iopgt_walk_from(t, t->geo.root, t->geo.levels - 1, ia, walk);
}

/**
 * struct sweep - a look at everything
 * @t: table under test
 * @leaf: called for each leaf
 * @arg: passed to @leaf
 * @tables: tables seen
 * @why: what was wrong first
 * @at: and where
 */
struct sweep {
	struct iopgt *t;
	void (*leaf)(struct iopgt *t, u64 ia, const struct iopgt_walk *leaf,
		     void *arg);
	void *arg;
	int tables;
	const char *why;
	u64 at;
};

static void sweep_table(struct sweep *s, u64 table, unsigned int height, u64 ia,
			u32 allowed)
{
	const u32 limits = IOPGT_READ | IOPGT_WRITE | IOPGT_USER;
	u64 entries = BIT_ULL(index_bits(s->t, height)), i;
	struct iopgt_entry entry;
	struct iopgt_walk leaf;
	u64 raw;

	s->tables++;
	for (i = 0; i < entries && !s->why; i++, ia += leaf.size) {
		leaf.size = iopgt_span(s->t, height);
		raw = iopgt_read(s->t, table + i * sizeof(u64));
		if (!raw)
			continue;
		iopgt_decode(s->t, raw, height, &entry);
		if (entry.kind == IOPGT_TABLE && !is_memory(s->t, entry.addr))
			entry.why = "a table that is no memory";
		if (entry.why) {
			s->why = entry.why;
			s->at = ia;
		} else if (entry.kind == IOPGT_TABLE) {
			sweep_table(s, entry.addr, height - 1, ia,
				    allowed & entry.attr);
		} else if (entry.kind == IOPGT_LEAF && s->leaf) {
			leaf.kind = IOPGT_LEAF;
			leaf.height = height;
			leaf.oa = entry.addr;
			leaf.attr = entry.attr & (allowed | ~limits);
			leaf.raw = raw;
			leaf.at = table + i * sizeof(u64);
			s->leaf(s->t, ia, &leaf, s->arg);
		}
	}
}

/**
 * iopgt_flaw() - look for an entry that hardware would complain about
 * @t: table
 * @ia: set to the first address that it is for
 *
 * Context: Any context; unlike others it fails no test.
 * Return: what is wrong, NULL if nothing is.
 */
const char *iopgt_flaw(struct iopgt *t, u64 *ia)
{
	struct sweep s = { .t = t };

	sweep_table(&s, t->geo.root, t->geo.levels - 1, 0, ~0U);
	*ia = s.at;
	return s.why;
}

/**
 * iopgt_sweep() - read the tables from end to end
 * @t: table
 * @leaf: called for each leaf, in the order of addresses; may be NULL
 * @arg: passed to @leaf
 *
 * Fails the test at an entry that hardware would complain about.
 *
 * Return: number of tables.
 */
int iopgt_sweep(struct iopgt *t,
		void (*leaf)(struct iopgt *t, u64 ia,
			     const struct iopgt_walk *leaf, void *arg),
		void *arg)
{
	struct sweep s = { .t = t, .leaf = leaf, .arg = arg };

	sweep_table(&s, t->geo.root, t->geo.levels - 1, 0, ~0U);
	KUNIT_ASSERT_NULL_MSG(t->test, s.why, "0x%llx: %s", s.at, s.why);
	return s.tables;
}

static u32 expected_memory(const struct iopgt *t, int prot)
{
	bool mali = t->config->fmt == ARM_MALI_LPAE;
	u32 attr;

	/* Mali has no device memory, and "outer" means outside of the GPU. */
	if (prot & IOMMU_MMIO)
		attr = mali ? IOPGT_NON_CACHED : IOPGT_DEVICE;
	else
		attr = prot & IOMMU_CACHE ? IOPGT_WRITE_BACK : IOPGT_NON_CACHED;
	attr |= prot & IOMMU_CACHE && !mali ? IOPGT_INNER : IOPGT_OUTER;
	return attr | (prot & IOMMU_NOEXEC ? 0 : IOPGT_EXEC);
}

static u32 expected_arm(const struct iopgt *t, int prot)
{
	u32 attr = expected_memory(t, prot);

	if (t->config->fmt != ARM_MALI_LPAE)
		attr |= IOPGT_ACCESSED;
	if (t->config->fmt != ARM_64_LPAE_S1 &&
	    t->config->fmt != ARM_32_LPAE_S1)
		return attr | IOPGT_USER |
		       (prot & IOMMU_READ ? IOPGT_READ : 0) |
		       (prot & IOMMU_WRITE ? IOPGT_WRITE : 0);

	/* Stage 1 can't forbid reading. */
	attr |= IOPGT_READ | IOPGT_NOT_GLOBAL;
	if (prot & IOMMU_WRITE)
		attr |= IOPGT_WRITE;
	if (prot & IOMMU_WRITE && t->cfg.quirks & IO_PGTABLE_QUIRK_ARM_HD)
		attr |= IOPGT_TRACKED | IOPGT_DIRTY;
	if (!(prot & IOMMU_PRIV))
		attr |= IOPGT_USER;
	if (t->cfg.quirks & IO_PGTABLE_QUIRK_ARM_NS)
		attr |= IOPGT_NON_SECURE;
	return attr;
}

static u32 expected_vtd(const struct iopgt *t, int prot)
{
	bool tracks = t->cfg.quirks & IO_PGTABLE_QUIRK_VTD_DIRTY;
	u32 attr = IOPGT_USER;

	if (prot & IOMMU_WRITE)
		attr |= IOPGT_WRITE;
	if (t->config->fmt == VTD_SECOND_STAGE) {
		if (t->cfg.quirks & IO_PGTABLE_QUIRK_VTD_SNOOP)
			attr |= IOPGT_SNOOP;
		return attr | (prot & IOMMU_READ ? IOPGT_READ : 0);
	}

	attr |= IOPGT_READ | IOPGT_ACCESSED;
	if (prot & IOMMU_WRITE && !tracks)
		attr |= IOPGT_DIRTY;
	return attr;
}

/**
 * iopgt_expected() - what a fresh leaf should say
 * @t: table
 * @prot: IOMMU_READ, ...
 *
 * Return: IOPGT_*.
 */
u32 iopgt_expected(const struct iopgt *t, int prot)
{
	return iopgt_is_vtd(t) ? expected_vtd(t, prot) : expected_arm(t, prot);
}

/**
 * iopgt_compared() - what of a leaf has a meaning at all
 * @t: table
 *
 * Return: IOPGT_* that are to be compared. Second-stage hardware looks at A
 * and D only when it has been told to.
 */
u32 iopgt_compared(const struct iopgt *t)
{
	if (t->config->fmt != VTD_SECOND_STAGE)
		return ~0U;
	if (t->cfg.quirks & IO_PGTABLE_QUIRK_VTD_DIRTY)
		return ~(u32)IOPGT_ACCESSED;
	return ~(u32)(IOPGT_ACCESSED | IOPGT_DIRTY);
}
