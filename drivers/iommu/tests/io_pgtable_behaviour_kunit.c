// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the operations promise, case by case, for every configuration: what is
 * mapped and with which attributes, what is refused, and that a refusal
 * changes nothing.
 */

#include <linux/align.h>
#include <linux/cpumask.h>
#include <linux/minmax.h>

#include "io_pgtable_kunit.h"

#define RW	(IOMMU_READ | IOMMU_WRITE)

static struct iopgt_model model;

static struct iopgt *begin(struct kunit *test)
{
	return iopgt_begin(test, test->param_value, &iopgt_flush_pages);
}

static u64 granule(const struct iopgt *t)
{
	return iopgt_span(t, 0);
}

/* Bytes that one table of the lowest level translates */
static u64 table_span(const struct iopgt *t)
{
	return granule(t) << t->geo.bits;
}

static u64 space(const struct iopgt *t)
{
	return BIT_ULL(t->config->ias);
}

static int map(struct iopgt *t, u64 ia, u64 pa, u64 page, u64 count, int prot,
	       size_t *mapped)
{
	*mapped = 0;
	return t->ops->map_pages(t->ops, iopgt_iova(t, ia), pa, page, count,
				 prot, GFP_KERNEL, mapped);
}

static size_t unmap(struct iopgt *t, u64 ia, u64 page, u64 count)
{
	struct iommu_iotlb_gather gather;
	size_t bytes;

	iommu_iotlb_gather_init(&gather);
	bytes = t->ops->unmap_pages(t->ops, iopgt_iova(t, ia), page, count,
				    &gather);
	iopgt_put_gather(t, &gather);
	return bytes;
}

/* A call may stop at the end of a table; all of them together may not. */
static size_t unmap_all(struct iopgt *t, u64 ia, u64 page, u64 count)
{
	size_t bytes, all = 0;

	while (all < page * count) {
		bytes = unmap(t, ia + all, page, count - all / page);
		if (!bytes)
			break;
		all += bytes;
	}
	return all;
}

static void map_ok(struct iopgt *t, u64 ia, u64 pa, u64 page, u64 count,
		   int prot)
{
	size_t mapped;

	KUNIT_ASSERT_EQ_MSG(t->test, map(t, ia, pa, page, count, prot, &mapped),
			    0, "0x%llx x %llu at 0x%llx", page, count, ia);
	KUNIT_ASSERT_EQ(t->test, mapped, page * count);
	iopgt_model_add(t, &model, ia, page * count, pa, page, prot);
}

static void unmap_ok(struct iopgt *t, u64 ia, u64 page, u64 count)
{
	KUNIT_ASSERT_EQ_MSG(t->test, unmap_all(t, ia, page, count),
			    page * count, "0x%llx x %llu at 0x%llx", page,
			    count, ia);
	iopgt_model_cut(t, &model, ia, page * count);
}

static void refused(struct iopgt *t, int ret, u64 ia, u64 pa, u64 page,
		    u64 count, int prot)
{
	size_t mapped;

	KUNIT_EXPECT_EQ_MSG(t->test, map(t, ia, pa, page, count, prot, &mapped),
			    ret, "0x%llx x %llu at 0x%llx to 0x%llx", page,
			    count, ia, pa);
	KUNIT_EXPECT_EQ(t->test, mapped, 0);
}

static void iopgt_empty(struct kunit *test)
{
	struct iopgt *t = begin(test);
	u64 ia;

	for (ia = 0; ia < space(t); ia = ia ? ia * 8 : granule(t))
		iopgt_model_check(t, &model, ia, ia + granule(t));
	iopgt_model_check(t, &model, space(t) - granule(t), space(t));
	iopgt_model_sweep(t, &model);
}

/* Each size with each access and attribute, in places of their own */
static void iopgt_attributes(struct kunit *test)
{
	static const int attrs[] = {
		0, IOMMU_CACHE, IOMMU_NOEXEC, IOMMU_MMIO, IOMMU_PRIV,
		IOMMU_CACHE | IOMMU_NOEXEC, IOMMU_MMIO | IOMMU_CACHE,
		IOMMU_CACHE | IOMMU_PRIV | IOMMU_NOEXEC,
	};
	static const int access[] = { IOMMU_READ, IOMMU_WRITE, RW };
	struct iopgt *t = begin(test);
	unsigned long sizes = t->cfg.pgsize_bitmap;
	unsigned int a, b;
	u64 page, ia, all = 0;

	for (; sizes; sizes &= sizes - 1) {
		page = BIT_ULL(__ffs(sizes));
		ia = 0;
		for (a = 0; a < ARRAY_SIZE(access); a++) {
			for (b = 0; b < ARRAY_SIZE(attrs); b++, ia += page) {
				if (ia + page > space(t))
					continue;
				map_ok(t, ia, page, page, 1,
				       access[a] | attrs[b]);
			}
		}
		all = min(ia, space(t));
		iopgt_model_check(t, &model, 0, all);
		iopgt_model_sweep(t, &model);
		for (ia = 0; ia < all; ia += page)
			unmap_ok(t, ia, page, 1);
		iopgt_model_sweep(t, &model);
	}
}

/* One call, several tables, neither end at a table's */
static void iopgt_several_tables(struct kunit *test)
{
	struct iopgt *t = begin(test);
	u64 ia = 3 * table_span(t) - 5 * granule(t);
	u64 count = 2 * (table_span(t) / granule(t)) + 12;
	long before = iopgt_memory(t);

	map_ok(t, ia, granule(t) * 7, granule(t), count, RW);
	iopgt_model_check(t, &model, ia - granule(t),
			  ia + granule(t) * (count + 1));
	iopgt_model_sweep(t, &model);
	/* From the middle on, then the beginning */
	unmap_ok(t, ia + granule(t) * 9, granule(t), count - 9);
	iopgt_model_sweep(t, &model);
	unmap_ok(t, ia, granule(t), 9);
	iopgt_model_sweep(t, &model);
	iopgt_expect_memory(t, before);
}

/* The first and the last of all pages, of each size */
static void iopgt_ends_of_space(struct kunit *test)
{
	struct iopgt *t = begin(test);
	unsigned long sizes = t->cfg.pgsize_bitmap;
	u64 half = space(t) / 2, page, last_pa;

	for (; sizes; sizes &= sizes - 1) {
		page = BIT_ULL(__ffs(sizes));
		if (page * 2 > space(t))
			continue;
		last_pa = BIT_ULL(t->config->oas) - page;
		map_ok(t, 0, page, page, 1, RW);
		map_ok(t, space(t) - page, last_pa, page, 1, RW);
		if (page < half) {
			map_ok(t, half - page, page, page, 1, IOMMU_READ);
			map_ok(t, half, page, page, 1, IOMMU_READ);
		}
		iopgt_model_check(t, &model, 0, page);
		iopgt_model_check(t, &model, space(t) - page, space(t));
		iopgt_model_sweep(t, &model);
		if (page < half) {
			unmap_ok(t, half - page, page, 1);
			unmap_ok(t, half, page, 1);
		}
		unmap_ok(t, space(t) - page, page, 1);
		unmap_ok(t, 0, page, 1);
	}
	iopgt_model_sweep(t, &model);
}

static void refused_at(struct iopgt *t, unsigned long iova, u64 count)
{
	size_t mapped = 0;

	KUNIT_EXPECT_EQ_MSG(t->test,
			    t->ops->map_pages(t->ops, iova, granule(t),
					      granule(t), count, RW, GFP_KERNEL,
					      &mapped),
			    -ERANGE, "0x%lx", iova);
	KUNIT_EXPECT_EQ(t->test, mapped, 0);
	KUNIT_EXPECT_EQ_MSG(t->test,
			    t->ops->unmap_pages(t->ops, iova, granule(t), count,
						NULL),
			    0, "0x%lx", iova);
	KUNIT_EXPECT_EQ(t->test, t->ops->iova_to_phys(t->ops, iova), 0);
}

/* Every bit above the space, alone: a walk would not see it. */
static void iopgt_beyond_ias(struct kunit *test)
{
	struct iopgt *t = begin(test);
	unsigned long iova = iopgt_iova(t, 0);
	u64 end = space(t), half = space(t) / 2;
	unsigned int bit;

	for (bit = t->config->ias; bit < 64; bit++)
		refused_at(t, iova ^ BIT_ULL(bit), 1);
	if (t->config->fmt == VTD_FIRST_STAGE) {
		refused_at(t, half, 1);
		refused_at(t, iopgt_iova(t, half) - granule(t), 1);
		refused(t, -ERANGE, half - granule(t), granule(t), granule(t),
			2, RW);
	}
	/* The last page is fine, the one after it is not. */
	refused(t, -ERANGE, end - granule(t), granule(t), granule(t), 2, RW);
	/* Lengths that come out small modulo 2^64 */
	refused(t, -ERANGE, 0, granule(t), granule(t),
		U64_MAX / granule(t) + 2, RW);
	refused(t, -ERANGE, 0, granule(t), granule(t), ULONG_MAX, RW);
	iopgt_model_sweep(t, &model);
}

static void iopgt_beyond_oas(struct kunit *test)
{
	struct iopgt *t = begin(test);
	u64 end = BIT_ULL(t->config->oas);
	unsigned int bit;

	for (bit = t->config->oas; bit < 64; bit++)
		refused(t, -ERANGE, 0, BIT_ULL(bit), granule(t), 1, RW);
	refused(t, -ERANGE, 0, end - granule(t), granule(t), 2, RW);
	refused(t, -ERANGE, 0, end - 4 * granule(t), granule(t), 5, RW);
	iopgt_model_sweep(t, &model);
	map_ok(t, 0, end - 4 * granule(t), granule(t), 4, RW);
	iopgt_model_check(t, &model, 0, 5 * granule(t));
}

static void iopgt_bad_arguments(struct kunit *test)
{
	struct iopgt *t = begin(test);
	u64 page = granule(t), twice = t->cfg.pgsize_bitmap;
	size_t mapped;

	refused(t, -EINVAL, 0, page, page, 1, 0);
	refused(t, -EINVAL, 0, page, page, 1, IOMMU_CACHE | IOMMU_NOEXEC);
	refused(t, -EINVAL, 0, page, 0, 1, RW);
	refused(t, -EINVAL, 0, page, page * 2, 1, RW);
	refused(t, -EINVAL, 0, page, page / 2, 1, RW);
	if (hweight64(twice) > 1) {
		refused(t, -EINVAL, 0, page, twice, 1, RW);
		KUNIT_EXPECT_EQ(test, unmap(t, 0, twice, 1), 0);
	}
	KUNIT_EXPECT_EQ(test, map(t, 0, page, page, 0, RW, &mapped), 0);
	KUNIT_EXPECT_EQ(test, mapped, 0);
	iopgt_model_sweep(t, &model);

	map_ok(t, 0, page, page, 2, RW);
	KUNIT_EXPECT_EQ(test, unmap(t, 0, page, 0), 0);
	KUNIT_EXPECT_EQ(test, unmap(t, 0, 0, 1), 0);
	KUNIT_EXPECT_EQ(test, unmap(t, 0, page * 2, 1), 0);
	iopgt_model_sweep(t, &model);
}

/* mapped is added to, not set: callers pass the same one for several calls. */
static void iopgt_mapped_adds_up(struct kunit *test)
{
	struct iopgt *t = begin(test);
	u64 page = granule(t);
	size_t mapped = 12345;

	KUNIT_ASSERT_EQ(test,
			t->ops->map_pages(t->ops, iopgt_iova(t, 0), page, page,
					  2, RW, GFP_KERNEL, &mapped), 0);
	KUNIT_EXPECT_EQ(test, mapped, 12345 + 2 * page);
}

/* Large over small, small over large, and each over itself */
static void iopgt_live_mappings(struct kunit *test)
{
	struct iopgt *t = begin(test);
	unsigned long olds = t->cfg.pgsize_bitmap, news;
	u64 old, new, ia, at;

	for (; olds; olds &= olds - 1) {
		old = BIT_ULL(__ffs(olds));
		ia = iopgt_largest(t) * (iopgt_largest(t) * 2 <= space(t));
		map_ok(t, ia, old, old, 1, IOMMU_READ);
		for (news = t->cfg.pgsize_bitmap; news; news &= news - 1) {
			new = BIT_ULL(__ffs(news));
			at = ia + (new < old ? old - new : 0);
			refused(t, -EEXIST, at, new, new, 1, RW);
			refused(t, -EEXIST, ia, new, new, 1, RW);
		}
		iopgt_model_check(t, &model, ia, ia + old);
		iopgt_model_sweep(t, &model);
		unmap_ok(t, ia, old, 1);
	}
	iopgt_model_sweep(t, &model);
}

/* A run that meets a live page: its table stays, those before are mapped. */
static void iopgt_live_in_run(struct kunit *test)
{
	struct iopgt *t = begin(test);
	u64 per_table = table_span(t) / granule(t), page = granule(t);
	u64 table = 4 * table_span(t);
	size_t mapped;

	map_ok(t, table + 6 * page, page, page, 1, IOMMU_READ);
	refused(t, -EEXIST, table, page, page, 7, RW);
	refused(t, -EEXIST, table + 5 * page, page, page, 100, RW);
	refused(t, -EEXIST, table + 6 * page, page, page, 1, RW);
	iopgt_model_sweep(t, &model);

	/* Begins in the table before, ends in the one after */
	KUNIT_EXPECT_EQ(test, map(t, table - 10 * page, page, page,
				  per_table + 20, RW, &mapped), -EEXIST);
	KUNIT_ASSERT_EQ(test, mapped, 10 * page);
	iopgt_model_add(t, &model, table - 10 * page, mapped, page, page, RW);
	iopgt_model_check(t, &model, table - 11 * page, table + 20 * page);
	iopgt_model_sweep(t, &model);

	/* All around the live page is free. */
	map_ok(t, table, page, page, 6, RW);
	map_ok(t, table + 7 * page, page, page, per_table - 7, RW);
	iopgt_model_sweep(t, &model);
}

static void iopgt_holes(struct kunit *test)
{
	struct iopgt *t = begin(test);
	u64 page = granule(t), table = table_span(t);
	long before = iopgt_memory(t);

	KUNIT_EXPECT_EQ(test, unmap(t, 0, page, 1), 0);
	KUNIT_EXPECT_EQ(test, unmap(t, table, page, 600), 0);
	KUNIT_EXPECT_EQ(test, unmap(t, 0, iopgt_largest(t), 1), 0);
	iopgt_expect_memory(t, before);

	/* Before the hole, in it, and after it up to the next */
	map_ok(t, table, page, page, 3, RW);
	map_ok(t, table + 5 * page, page, page, 2, RW);
	KUNIT_EXPECT_EQ(test, unmap_all(t, table + page, page, 6), 2 * page);
	iopgt_model_cut(t, &model, table + page, 2 * page);
	iopgt_model_sweep(t, &model);
	KUNIT_EXPECT_EQ(test, unmap(t, table + page, page, 1), 0);
	KUNIT_EXPECT_EQ(test, unmap(t, table + 4 * page, page, 3), 0);
	KUNIT_EXPECT_EQ(test, unmap_all(t, table + 5 * page, page, 9), 2 * page);
	iopgt_model_cut(t, &model, table + 5 * page, 2 * page);
	iopgt_model_sweep(t, &model);
	unmap_ok(t, table, page, 1);

	/* Up to the end of a table, beyond which there is no other */
	map_ok(t, 2 * table - page, page, page, 1, RW);
	KUNIT_EXPECT_EQ(test, unmap_all(t, 2 * table - page, page, 3), page);
	iopgt_model_cut(t, &model, 2 * table - page, page);
	iopgt_model_sweep(t, &model);
	iopgt_expect_memory(t, before);
}

/* One page out of a block, with all else staying as it was */
static void split(struct iopgt *t, u64 block, u64 page, u64 offset)
{
	const int prot = IOMMU_WRITE | IOMMU_READ | IOMMU_CACHE | IOMMU_NOEXEC;
	u64 ia = block * (2 * block <= space(t));
	u64 count = 2, end = block * count;

	if (ia + end > space(t) || end + block > BIT_ULL(t->config->oas))
		count = 1;
	end = ia + block * count;
	if (end > space(t))
		return;
	map_ok(t, ia, block, block, count, prot);
	unmap_ok(t, ia + offset, page, 1);
	iopgt_model_check(t, &model, ia, end);
	iopgt_model_sweep(t, &model);

	/* Something else in its place */
	map_ok(t, ia + offset, page, page, 1, IOMMU_READ);
	iopgt_model_check(t, &model, ia, end);
	KUNIT_ASSERT_EQ(t->test, unmap_all(t, ia, block, count), block * count);
	iopgt_model_cut(t, &model, ia, block * count);
	iopgt_model_sweep(t, &model);
}

static void iopgt_split_blocks(struct kunit *test)
{
	struct iopgt *t = begin(test);
	unsigned long blocks = t->cfg.pgsize_bitmap & ~granule(t), pages;
	long before = iopgt_memory(t);
	u64 block, page;

	if (!blocks)
		kunit_skip(test, "has no blocks");
	for (; blocks; blocks &= blocks - 1) {
		block = BIT_ULL(__ffs(blocks));
		pages = t->cfg.pgsize_bitmap & (block - 1);
		for (; pages; pages &= pages - 1) {
			page = BIT_ULL(__ffs(pages));
			split(t, block, page, 0);
			split(t, block, page, page);
			split(t, block, page, block / 2);
			split(t, block, page, block - page);
		}
	}
	iopgt_expect_memory(t, before);
}

/* Parts that span whole pages of the size between, and several blocks */
static void iopgt_split_runs(struct kunit *test)
{
	struct iopgt *t = begin(test);
	u64 page = granule(t), block = table_span(t);
	u64 per_block = block / page;

	if (!(t->cfg.pgsize_bitmap & block))
		kunit_skip(test, "has no such block");
	map_ok(t, 4 * block, block, block, 4, RW);
	unmap_ok(t, 5 * block - 3 * page, page, per_block + 7);
	iopgt_model_check(t, &model, 4 * block, 8 * block);
	iopgt_model_sweep(t, &model);
	unmap_ok(t, 4 * block, page, per_block - 3);
	iopgt_model_sweep(t, &model);
	/* All of a block by its smallest pages */
	unmap_ok(t, 7 * block, page, per_block);
	iopgt_model_sweep(t, &model);
}

/* A large page size takes whatever smaller is below it. */
static void iopgt_unmap_subtrees(struct kunit *test)
{
	struct iopgt *t = begin(test);
	u64 page = granule(t), block = table_span(t), large = iopgt_largest(t);
	u64 ia = large * (2 * large <= space(t));
	long before = iopgt_memory(t);

	if (!(t->cfg.pgsize_bitmap & block))
		kunit_skip(test, "has no such block");
	map_ok(t, 2 * block + 3 * page, page, page, 5, RW);
	map_ok(t, 3 * block, page, page, block / page, RW);
	map_ok(t, 4 * block, block, block, 1, RW);
	KUNIT_EXPECT_EQ(test, unmap_all(t, 2 * block, block, 3), 3 * block);
	iopgt_model_cut(t, &model, 2 * block, 3 * block);
	iopgt_model_sweep(t, &model);
	iopgt_expect_memory(t, before);

	/* Two levels at once, where there are two */
	map_ok(t, ia + page, page, page, 9, RW);
	map_ok(t, ia + large - page, page, page, 1, RW);
	KUNIT_EXPECT_EQ(test, unmap(t, ia, large, 1), large);
	iopgt_model_cut(t, &model, ia, large);
	iopgt_model_sweep(t, &model);
	iopgt_expect_memory(t, before);
}

/* A block where small pages were: parked tables are removed for it. */
static void iopgt_block_after_pages(struct kunit *test)
{
	struct iopgt *t = begin(test);
	unsigned long blocks = t->cfg.pgsize_bitmap & ~granule(t);
	u64 block, page = granule(t), ia;
	unsigned int round;

	for (; blocks; blocks &= blocks - 1) {
		block = BIT_ULL(__ffs(blocks));
		ia = block * (2 * block <= space(t));
		for (round = 0; round < 3; round++) {
			map_ok(t, ia + block - page, page, page, 1, RW);
			unmap_ok(t, ia + block - page, page, 1);
			map_ok(t, ia, block, block, 1, IOMMU_READ);
			iopgt_model_check(t, &model, ia, ia + block);
			iopgt_model_sweep(t, &model);
			unmap_ok(t, ia, block, 1);
		}
	}
	iopgt_model_sweep(t, &model);
}

/* One page each in more tables than may stay when they are empty */
static void iopgt_tables_come_back(struct kunit *test)
{
	struct iopgt *t = begin(test);
	u64 table = table_span(t), page = granule(t), i, nr;
	long before = iopgt_memory(t), peak, after;

	if (t->config->fmt == ARM_MALI_LPAE)
		kunit_skip(test, "tables go when a page size covers them");
	nr = min(64ULL, space(t) / table);
	for (i = 0; i < nr; i++)
		map_ok(t, i * table, page, page, 1, RW);
	peak = iopgt_memory(t);
	for (i = 0; i < nr; i++)
		unmap_ok(t, i * table, page, 1);
	after = iopgt_memory(t);
	iopgt_expect_memory(t, before);
	KUNIT_EXPECT_GE(test, peak - after, (long)(nr - 16));
	iopgt_model_sweep(t, &model);

	/* Also while one mapping stays */
	map_ok(t, 0, page, page, 1, RW);
	for (i = 1; i < nr; i++)
		map_ok(t, i * table, page, page, 1, RW);
	for (i = 1; i < nr; i++)
		unmap_ok(t, i * table, page, 1);
	KUNIT_EXPECT_LE(test, iopgt_memory(t), before + (peak - before) / 2);
	unmap_ok(t, 0, page, 1);
	iopgt_expect_memory(t, before);
}

/* One page after the other, so far apart, round and round */
static void bounce(struct iopgt *t, unsigned int first, unsigned int nr, u64 apart)
{
	unsigned int round, i;
	u64 page = granule(t);

	for (round = 0; round < 6; round++) {
		/* The first times, tables parked elsewhere may be evicted. */
		if (round == 3)
			iopgt_reset_counts(t);
		for (i = first; i < first + nr; i++) {
			map_ok(t, i * apart, page, page, 1, RW);
			unmap_ok(t, i * apart, page, 1);
		}
	}
	/* Removing a table and adding one would each need a flush. */
	KUNIT_EXPECT_EQ(t->test, iopgt_flush_count(t, IOPGT_FLUSH_WALK), 0);
	KUNIT_EXPECT_EQ(t->test, iopgt_flush_count(t, IOPGT_FLUSH_ALL), 0);
}

/*
 * So many CPUs may each map a page, far from the others', without a table
 * coming or going: of the reserve alone, and more if something stays mapped.
 */
static void iopgt_pages_far_apart(struct kunit *test)
{
	struct iopgt *t = begin(test);
	/* More tables than 32 KiB are too much for that. */
	unsigned int cpus = min(num_possible_cpus(),
				max(SZ_32K >> (t->geo.bits + 3), 1));
	u64 table = table_span(t), next = table << t->geo.bits;
	long before = iopgt_memory(t);

	if (t->cfg.alloc)
		kunit_skip(test, "tables of other allocators go at once");
	if (space(t) < 9 * table)
		kunit_skip(test, "too few tables");
	bounce(t, 0, cpus, table);
	iopgt_expect_memory(t, before);
	/* There is no table of the next level where that is the root's. */
	bounce(t, 0, min3(cpus, 4U, (unsigned int)min(space(t) / next, 4ULL)), next);
	iopgt_expect_memory(t, before);
	map_ok(t, 0, granule(t), granule(t), 1, RW);
	bounce(t, 1, 8, table);
	unmap_ok(t, 0, granule(t), 1);
	iopgt_expect_memory(t, before);
}

static void iopgt_behaviour_exit(struct kunit *test)
{
	iopgt_model_free(&model);
	iopgt_test_exit(test);
}

static struct kunit_case iopgt_behaviour_cases[] = {
	KUNIT_CASE_PARAM(iopgt_empty, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_attributes, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_several_tables, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_ends_of_space, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_beyond_ias, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_beyond_oas, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_bad_arguments, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_mapped_adds_up, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_live_mappings, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_live_in_run, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_holes, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_split_blocks, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_split_runs, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_unmap_subtrees, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_block_after_pages, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_tables_come_back, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_pages_far_apart, iopgt_gen_params),
	{}
};

static struct kunit_suite iopgt_behaviour_suite = {
	.name = "io-pgtable-behaviour",
	.init = iopgt_test_init,
	.exit = iopgt_behaviour_exit,
	.test_cases = iopgt_behaviour_cases,
};

kunit_test_suite(iopgt_behaviour_suite);
