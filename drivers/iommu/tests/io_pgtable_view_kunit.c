// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a device sees whose table walks are not coherent: only what has been
 * written back, in the order in which it was.
 *
 * That all of it is written back in the end is what every other suite shows,
 * since its walker reads the device's view. Here: that nothing wrong can be
 * seen in between, and that no more is written back than has to be.
 */

#include <linux/minmax.h>

#include "io_pgtable_kunit.h"

#define LINE	64

/**
 * struct view - what was seen
 * @flaws: syncs after which something was wrong
 * @why: with the first
 * @ia: where
 */
struct view {
	unsigned int flaws;
	const char *why;
	u64 ia;
};

static void look(struct iopgt *t, u64 phys, size_t bytes)
{
	struct view *view = t->private;
	const char *why;
	u64 ia;

	why = iopgt_flaw(t, &ia);
	if (why && !view->flaws++) {
		view->why = why;
		view->ia = ia;
	}
}

static struct iopgt *begin(struct kunit *test)
{
	const struct iopgt_config *config = test->param_value;

	if (config->coherent)
		kunit_skip(test, "coherent");
	return iopgt_begin(test, config, &iopgt_flush_pages);
}

static void map(struct iopgt *t, u64 ia, u64 page, u64 count)
{
	size_t mapped = 0;

	KUNIT_ASSERT_EQ(t->test,
			t->ops->map_pages(t->ops, iopgt_iova(t, ia), page, page,
					  count, IOMMU_READ, GFP_KERNEL,
					  &mapped), 0);
	KUNIT_ASSERT_EQ(t->test, mapped, page * count);
}

static void unmap(struct iopgt *t, u64 ia, u64 page, u64 count)
{
	struct iommu_iotlb_gather gather;
	size_t bytes;

	iommu_iotlb_gather_init(&gather);
	for (; count; count -= bytes / page, ia += bytes) {
		bytes = t->ops->unmap_pages(t->ops, iopgt_iova(t, ia), page,
					    count, &gather);
		KUNIT_ASSERT_NE(t->test, bytes, 0);
	}
	/* Freed tables first: what they show would be no flaw. */
	iopgt_put_gather(t, &gather);
}

/* No table comes into view before what is in it. */
static void iopgt_view_order(struct kunit *test)
{
	struct iopgt *t = begin(test);
	struct view view = {};
	u64 page = iopgt_span(t, 0), table = page << t->geo.bits;
	u64 blocks = t->cfg.pgsize_bitmap & table;

	t->private = &view;
	t->on_sync = look;
	map(t, table - 3 * page, page, 7);
	map(t, BIT_ULL(t->config->ias) - page, page, 1);
	if (blocks) {
		map(t, 4 * table, table, 2);
		unmap(t, 5 * table + 5 * page, page, 3);
		unmap(t, 4 * table, table, 1);
		unmap(t, 5 * table, table, 1);
	}
	unmap(t, table - 3 * page, page, 7);
	unmap(t, BIT_ULL(t->config->ias) - page, page, 1);
	t->on_sync = NULL;
	t->private = NULL;
	KUNIT_EXPECT_GT(test, t->syncs, 0);
	KUNIT_EXPECT_EQ_MSG(test, view.flaws, 0, "0x%llx: %s", view.ia,
			    view.why);
}

/* A run of entries in one table is written back once, each line once. */
static void iopgt_view_runs(struct kunit *test)
{
	struct iopgt *t = begin(test);
	u64 page = iopgt_span(t, 0), table = page << t->geo.bits;
	u64 per_line = LINE / sizeof(u64);

	/* Something that keeps both tables there */
	map(t, table, page, 1);
	map(t, 2 * table, page, 1);
	iopgt_reset_counts(t);
	map(t, table + per_line * page, page, 10 * per_line);
	KUNIT_EXPECT_EQ(test, t->syncs, 1);
	KUNIT_EXPECT_EQ(test, t->lines, 10);

	iopgt_reset_counts(t);
	unmap(t, table + per_line * page, page, 10 * per_line);
	KUNIT_EXPECT_EQ(test, t->syncs, 1);
	KUNIT_EXPECT_EQ(test, t->lines, 10);

	/* Across two tables: one run in each */
	iopgt_reset_counts(t);
	map(t, 2 * table - 3 * page, page, 3);
	map(t, 2 * table + page, page, 3);
	KUNIT_EXPECT_EQ(test, t->syncs, 2);
	KUNIT_EXPECT_EQ(test, t->lines, 2);
	iopgt_reset_counts(t);
	unmap(t, 2 * table - 3 * page, page, 3);
	unmap(t, 2 * table + page, page, 3);
	KUNIT_EXPECT_EQ(test, t->syncs, 2);
	KUNIT_EXPECT_EQ(test, t->lines, 2);
}

/*
 * A table in use for the first time: its lines, once as it came or once more
 * with the run in it, and the entry that refers to it.
 */
static void iopgt_view_new_tables(struct kunit *test)
{
	struct iopgt *t = begin(test);
	u64 page = iopgt_span(t, 0), entries = 1ULL << t->geo.bits;
	u64 lines = entries * sizeof(u64) / LINE;

	map(t, 0, page, 1);
	iopgt_reset_counts(t);
	map(t, 3 * entries * page, page, entries);
	KUNIT_EXPECT_LE(test, t->syncs, 3);
	KUNIT_EXPECT_LE(test, t->lines, 2 * lines + 1);
	KUNIT_EXPECT_GE(test, t->lines, lines + 1);
}

static void iopgt_view_coherent(struct kunit *test)
{
	const struct iopgt_config *config = test->param_value;
	u64 page, table;
	struct iopgt *t;

	if (!config->coherent)
		kunit_skip(test, "not coherent");
	t = iopgt_begin(test, config, &iopgt_flush_pages);
	page = iopgt_span(t, 0);
	table = page << t->geo.bits;
	map(t, table - 5 * page, page, 10);
	unmap(t, table - 5 * page, page, 10);
	KUNIT_EXPECT_EQ(test, t->syncs, 0);
}

static struct kunit_case iopgt_view_cases[] = {
	KUNIT_CASE_PARAM(iopgt_view_order, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_view_runs, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_view_new_tables, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_view_coherent, iopgt_gen_params),
	{}
};

static struct kunit_suite iopgt_view_suite = {
	.name = "io-pgtable-view",
	.init = iopgt_test_init,
	.exit = iopgt_test_exit,
	.test_cases = iopgt_view_cases,
};

kunit_test_suite(iopgt_view_suite);
