// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking. The tests play the hardware, which notes in raw leaves what
 * it wrote to.
 *
 * Without user memory there is no bitmap to record in, so pages are asked for
 * one by one, and what was recorded is the range that the gather was given.
 */

#include <linux/bitops.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sched.h>

#include "io_pgtable_kunit.h"

#define RW		(IOMMU_READ | IOMMU_WRITE)

/* Where the hardware notes a write: D of VT-d's two, AP[2] of Arm, inverted */
#define SS_D		9
#define FS_D		6
#define ARM_AP2		7

#define RACE_PAGES	32
#define RACE_WRITES	20000

static struct iopgt_model model;

static const void *gen_dirty(const void *prev, char *desc)
{
	const struct iopgt_config *config;
	const unsigned long tracks = IO_PGTABLE_QUIRK_ARM_HD |
				     IO_PGTABLE_QUIRK_VTD_DIRTY;

	do {
		prev = iopgt_gen_params(prev, desc);
		config = prev;
	} while (config && !(config->quirks & tracks));
	return config;
}

/* Return whether it was clean before. */
static bool hardware_writes(struct iopgt *t, u64 ia)
{
	struct iopgt_walk walk;
	unsigned long *raw;

	iopgt_walk(t, ia, &walk);
	raw = phys_to_virt(walk.at);
	switch (t->config->fmt) {
	case VTD_SECOND_STAGE:
		return !test_and_set_bit(SS_D, raw);
	case VTD_FIRST_STAGE:
		return !test_and_set_bit(FS_D, raw);
	default:
		return test_and_clear_bit(ARM_AP2, raw);
	}
}

/* Return what has been recorded, in bytes from the first to the last. */
static u64 read_dirty(struct iopgt *t, u64 ia, u64 size, unsigned long flags,
		      u64 *first)
{
	struct iommu_iotlb_gather gather;
	struct iommu_dirty_bitmap dirty;

	iommu_dirty_bitmap_init(&dirty, NULL, &gather);
	KUNIT_EXPECT_EQ(t->test,
			t->ops->read_and_clear_dirty(t->ops, iopgt_iova(t, ia),
						     size, flags, &dirty), 0);
	if (first)
		iopgt_ia(t, gather.start, first);
	return gather.end ? gather.end - gather.start + 1 : 0;
}

static void map(struct iopgt *t, u64 ia, u64 page, u64 count, int prot)
{
	size_t mapped = 0;

	KUNIT_ASSERT_EQ(t->test,
			t->ops->map_pages(t->ops, iopgt_iova(t, ia), page, page,
					  count, prot, GFP_KERNEL, &mapped),
			0);
	iopgt_model_add(t, &model, ia, mapped, page, page, prot);
	KUNIT_ASSERT_NOT_NULL(t->test, t->ops->read_and_clear_dirty);
	/* Arm's are born dirty; the tests begin with clean ones. */
	if (prot & IOMMU_WRITE)
		read_dirty(t, ia, page * count, 0, NULL);
}

static struct iopgt *begin(struct kunit *test)
{
	return iopgt_begin(test, test->param_value, &iopgt_flush_pages);
}

static bool is_dirty(struct iopgt *t, u64 ia)
{
	struct iopgt_walk walk;

	iopgt_walk(t, ia, &walk);
	KUNIT_ASSERT_EQ(t->test, walk.kind, IOPGT_LEAF);
	return walk.attr & IOPGT_DIRTY;
}

static void iopgt_dirty_pages(struct kunit *test)
{
	struct iopgt *t = begin(test);
	u64 page = iopgt_span(t, 0), table = page << t->geo.bits, ia, first;
	u64 start = table - 8 * page;
	unsigned int i;

	map(t, start, page, 16, RW);
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_FALSE(test, is_dirty(t, start + i * page));
	for (i = 0; i < 16; i += 3)
		hardware_writes(t, start + i * page);

	/* Looking changes nothing. */
	for (i = 0; i < 16; i++) {
		ia = start + i * page;
		KUNIT_EXPECT_EQ(test, read_dirty(t, ia, page,
						 IOMMU_DIRTY_NO_CLEAR, NULL),
				i % 3 ? 0 : page);
		KUNIT_EXPECT_EQ(test, is_dirty(t, ia), i % 3 == 0);
	}
	/* From the first to the last in one call, across two tables */
	KUNIT_EXPECT_EQ(test, read_dirty(t, start, 16 * page,
					 IOMMU_DIRTY_NO_CLEAR, &first),
			16 * page);
	KUNIT_EXPECT_EQ(test, first, start);
	KUNIT_EXPECT_EQ(test, read_dirty(t, start + page, 13 * page, 0, &first),
			10 * page);
	KUNIT_EXPECT_EQ(test, first, start + 3 * page);
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_EQ(test, is_dirty(t, start + i * page),
				i == 0 || i == 15);
	KUNIT_EXPECT_EQ(test, read_dirty(t, start + page, 13 * page, 0, NULL),
			0);
}

/* All but the one bit stays; what can't be written to never gets dirty. */
static void iopgt_dirty_attributes(struct kunit *test)
{
	struct iopgt *t = begin(test);
	u64 page = iopgt_span(t, 0);
	struct iopgt_walk before, after;

	map(t, page, page, 1, RW | IOMMU_CACHE | IOMMU_NOEXEC);
	map(t, 2 * page, page, 1, IOMMU_READ);
	hardware_writes(t, page);
	iopgt_walk(t, page, &before);
	KUNIT_EXPECT_EQ(test, read_dirty(t, page, 2 * page, 0, NULL), page);
	iopgt_walk(t, page, &after);
	KUNIT_EXPECT_EQ(test, after.oa, before.oa);
	KUNIT_EXPECT_EQ(test, before.attr ^ after.attr, IOPGT_DIRTY);
	KUNIT_EXPECT_EQ(test, hweight64(before.raw ^ after.raw), 1);
	KUNIT_EXPECT_TRUE(test, after.attr & IOPGT_WRITE);

	/* Written again, noted again */
	KUNIT_EXPECT_TRUE(test, hardware_writes(t, page));
	KUNIT_EXPECT_EQ(test, read_dirty(t, page, page, 0, NULL), page);
	KUNIT_EXPECT_EQ(test, read_dirty(t, page, page, 0, NULL), 0);
}

/* A block is one leaf; what is cut from it stays as dirty as it was. */
static void iopgt_dirty_blocks(struct kunit *test)
{
	struct iopgt *t = begin(test);
	u64 page = iopgt_span(t, 0), block = page << t->geo.bits, first;
	u64 large = iopgt_largest(t);

	map(t, large, large, 1, RW);
	hardware_writes(t, large + large / 2);
	KUNIT_EXPECT_EQ(test, read_dirty(t, large, large, IOMMU_DIRTY_NO_CLEAR,
					 &first), large);
	KUNIT_EXPECT_EQ(test, first, large);

	KUNIT_ASSERT_EQ(test, t->ops->unmap_pages(t->ops, iopgt_iova(t, large),
						  page, 1, NULL), page);
	KUNIT_EXPECT_TRUE(test, is_dirty(t, large + page));
	KUNIT_EXPECT_TRUE(test, is_dirty(t, large + block - page));
	KUNIT_EXPECT_TRUE(test, is_dirty(t, large + large - page));
	read_dirty(t, large + page, large - page, 0, NULL);
	KUNIT_EXPECT_FALSE(test, is_dirty(t, large + page));
	KUNIT_EXPECT_FALSE(test, is_dirty(t, large + large - page));

	/* A clean one gives clean pieces. */
	map(t, 2 * large, block, 1, RW);
	KUNIT_ASSERT_EQ(test, t->ops->unmap_pages(t->ops,
						  iopgt_iova(t, 2 * large),
						  page, 1, NULL), page);
	KUNIT_EXPECT_FALSE(test, is_dirty(t, 2 * large + page));
}

static void iopgt_dirty_refused(struct kunit *test)
{
	struct iopgt *t = begin(test);
	u64 page = iopgt_span(t, 0), end = BIT_ULL(t->config->ias);
	struct iommu_iotlb_gather gather;
	struct iommu_dirty_bitmap dirty;
	int ret;

	map(t, 0, page, 2, RW);
	iommu_dirty_bitmap_init(&dirty, NULL, &gather);
	ret = t->ops->read_and_clear_dirty(t->ops, 0, 0, 0, &dirty);
	KUNIT_EXPECT_EQ(test, ret, -EINVAL);
	ret = t->ops->read_and_clear_dirty(t->ops, iopgt_iova(t, end - page),
					   2 * page, 0, &dirty);
	KUNIT_EXPECT_EQ(test, ret, -EINVAL);
	ret = t->ops->read_and_clear_dirty(t->ops, iopgt_iova(t, 0) ^
					   (1UL << 60), page, 0, &dirty);
	KUNIT_EXPECT_EQ(test, ret, -EINVAL);
	KUNIT_EXPECT_EQ(test, gather.end, 0);
}

/**
 * struct race - hardware that writes while dirty pages are collected
 * @t: table
 * @written: writes that found their page clean
 * @done: it has stopped
 */
struct race {
	struct iopgt *t;
	unsigned long written;
	struct completion done;
};

static int race_hardware(void *arg)
{
	struct race *race = arg;
	u64 page = iopgt_span(race->t, 0);
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, 1);
	for (i = 0; i < RACE_WRITES; i++) {
		race->written += hardware_writes(race->t,
						 page * (prandom_u32_state(&rnd) % RACE_PAGES));
		if (i % 256 == 0)
			cond_resched();
	}
	complete(&race->done);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static unsigned long collect(struct iopgt *t)
{
	u64 page = iopgt_span(t, 0);
	unsigned long found = 0;
	unsigned int i;

	for (i = 0; i < RACE_PAGES; i++)
		found += !!read_dirty(t, i * page, page, 0, NULL);
	return found;
}

/* Each write that made a page dirty is found, and found once. */
static void iopgt_dirty_race(struct kunit *test)
{
	struct iopgt *t = begin(test);
	struct race race = { .t = t };
	struct task_struct *hardware;
	unsigned long found = 0;

	init_completion(&race.done);
	map(t, 0, iopgt_span(t, 0), RACE_PAGES, RW);
	hardware = kthread_run(race_hardware, &race, "iopgt_dirty");
	KUNIT_ASSERT_FALSE(test, IS_ERR(hardware));
	while (!try_wait_for_completion(&race.done)) {
		found += collect(t);
		cond_resched();
	}
	kthread_stop(hardware);
	found += collect(t);
	KUNIT_EXPECT_EQ(test, found, race.written);
	KUNIT_EXPECT_GE(test, found, RACE_PAGES);
}

static void iopgt_dirty_exit(struct kunit *test)
{
	iopgt_model_free(&model);
	iopgt_test_exit(test);
}

static struct kunit_case iopgt_dirty_cases[] = {
	KUNIT_CASE_PARAM(iopgt_dirty_pages, gen_dirty),
	KUNIT_CASE_PARAM(iopgt_dirty_attributes, gen_dirty),
	KUNIT_CASE_PARAM(iopgt_dirty_blocks, gen_dirty),
	KUNIT_CASE_PARAM(iopgt_dirty_refused, gen_dirty),
	KUNIT_CASE_PARAM(iopgt_dirty_race, gen_dirty),
	{}
};

static struct kunit_suite iopgt_dirty_suite = {
	.name = "io-pgtable-dirty",
	.init = iopgt_test_init,
	.exit = iopgt_dirty_exit,
	.test_cases = iopgt_dirty_cases,
};

kunit_test_suite(iopgt_dirty_suite);
