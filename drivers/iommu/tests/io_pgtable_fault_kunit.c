// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation of an operation fails once.
 *
 * A sweep repeats an operation on a fresh table, the first time with its first
 * allocation failing, then its second, until one repetition meets no failure
 * any more. Each time the operation has to report what really happened, and
 * nothing may be missing afterwards.
 *
 * Where the table takes an allocator of the driver's, that is what fails; else
 * the kernel's own fault injection does it.
 */

#include <linux/bitops.h>
#include <linux/gfp.h>

#include "io_pgtable_kunit.h"
#include "kunit_fail_nth.h"

#define RW		(IOMMU_READ | IOMMU_WRITE)

/* More failing allocations than this in one operation are a runaway sweep. */
#define MAX_NTH		60

static struct iopgt_model model;

static void arm(struct iopgt *t, unsigned int nth)
{
	t->alloc_failed = false;
	if (t->cfg.alloc)
		t->alloc_nth = nth;
	else
		kunit_fail_nth_start(nth);
}

static bool disarm(struct iopgt *t)
{
	if (!t->cfg.alloc)
		return kunit_fail_nth_stop();
	t->alloc_nth = 0;
	return t->alloc_failed;
}

static void unmap_everything(struct iopgt *t)
{
	struct iommu_iotlb_gather gather;
	struct iopgt_extent *e;
	size_t bytes;

	while ((e = iopgt_model_first(&model, 0, U64_MAX))) {
		iommu_iotlb_gather_init(&gather);
		bytes = t->ops->unmap_pages(t->ops, iopgt_iova(t, e->ia),
					    e->page, e->bytes / e->page,
					    &gather);
		iopgt_put_gather(t, &gather);
		KUNIT_ASSERT_NE(t->test, bytes, 0);
		iopgt_model_cut(t, &model, e->ia, bytes);
	}
	iopgt_model_sweep(t, &model);
}

/**
 * struct fault_op - an operation that is swept
 * @prepare: brings a table into the state for it; may be NULL
 * @run: the operation; returns whether it says that all went well
 * @check: looks at what it did
 */
struct fault_op {
	void (*prepare)(struct iopgt *t);
	bool (*run)(struct iopgt *t);
	void (*check)(struct iopgt *t, bool failed);
};

/* What @run leaves for @check; one test runs at a time. */
static size_t result;
static int run_ret;

static struct iopgt *begin(struct kunit *test)
{
	return iopgt_begin(test, test->param_value, &iopgt_flush_pages);
}

static void sweep(struct kunit *test, const struct fault_op *op)
{
	const struct iopgt_config *config = test->param_value;
	unsigned int nth, failures = 0;
	bool failed = true, success;
	struct iopgt *t;
	long before;

	if (!iopgt_built(config->fmt))
		kunit_skip(test, "not in this kernel");
	if (!config->custom)
		kunit_fail_nth_prepare(test);
	for (nth = 1; failed; nth++) {
		KUNIT_ASSERT_LE(test, nth, MAX_NTH);
		t = begin(test);
		before = iopgt_memory(t);
		if (op->prepare)
			op->prepare(t);
		arm(t, nth);
		success = op->run(t);
		failed = disarm(t);
		if (!failed)
			KUNIT_ASSERT_TRUE(test, success);
		failures += !success;
		op->check(t, !success);
		iopgt_model_sweep(t, &model);
		unmap_everything(t);
		iopgt_expect_memory(t, before);
	}
	/* The reserve may be all that an operation needs, but for Arm. */
	if (config->custom)
		KUNIT_EXPECT_GT(test, failures, 0);
}

static u64 table_span(const struct iopgt *t)
{
	return iopgt_span(t, 0) << t->geo.bits;
}

/* A run through three tables, with other levels above them */
static u64 run_begin(const struct iopgt *t)
{
	return 5 * table_span(t) - 9 * iopgt_span(t, 0);
}

static u64 run_count(const struct iopgt *t)
{
	return (1ULL << t->geo.bits) + 18;
}

static bool map_run(struct iopgt *t, gfp_t gfp)
{
	u64 page = iopgt_span(t, 0);

	result = 0;
	run_ret = t->ops->map_pages(t->ops, iopgt_iova(t, run_begin(t)), page,
				    page, run_count(t), RW, gfp, &result);
	return !run_ret;
}

static bool map_run_sleeping(struct iopgt *t)
{
	return map_run(t, GFP_KERNEL);
}

static bool map_run_atomic(struct iopgt *t)
{
	return map_run(t, GFP_ATOMIC);
}

/* Just what it says is mapped, no more. */
static void check_run(struct iopgt *t, bool failed)
{
	u64 page = iopgt_span(t, 0), ia = run_begin(t);

	KUNIT_ASSERT_EQ(t->test, run_ret, failed ? -ENOMEM : 0);
	KUNIT_ASSERT_EQ(t->test, result % page, 0);
	if (failed)
		KUNIT_ASSERT_LT(t->test, result, run_count(t) * page);
	else
		KUNIT_ASSERT_EQ(t->test, result, run_count(t) * page);
	iopgt_model_add(t, &model, ia, result, page, page, RW);
	iopgt_model_check(t, &model, ia - page, ia + (run_count(t) + 1) * page);
}

static void iopgt_fault_map(struct kunit *test)
{
	static const struct fault_op op = {
		.run = map_run_sleeping,
		.check = check_run,
	};

	sweep(test, &op);
}

static void iopgt_fault_map_atomic(struct kunit *test)
{
	static const struct fault_op op = {
		.run = map_run_atomic,
		.check = check_run,
	};

	sweep(test, &op);
}

/* Beside something that is mapped: that stays, with all tables it needs. */
static void map_neighbour(struct iopgt *t)
{
	u64 page = iopgt_span(t, 0), ia = run_begin(t) - page;
	size_t mapped = 0;

	KUNIT_ASSERT_EQ(t->test,
			t->ops->map_pages(t->ops, iopgt_iova(t, ia), page, page,
					  1, IOMMU_READ, GFP_KERNEL, &mapped),
			0);
	iopgt_model_add(t, &model, ia, mapped, page, page, IOMMU_READ);
}

static void iopgt_fault_map_beside(struct kunit *test)
{
	static const struct fault_op op = {
		.prepare = map_neighbour,
		.run = map_run_sleeping,
		.check = check_run,
	};

	sweep(test, &op);
}

static void map_block(struct iopgt *t)
{
	u64 block = iopgt_largest(t);
	size_t mapped = 0;

	KUNIT_ASSERT_EQ(t->test,
			t->ops->map_pages(t->ops, iopgt_iova(t, 0), block,
					  block, 1, RW, GFP_KERNEL, &mapped),
			0);
	iopgt_model_add(t, &model, 0, block, block, block, RW);
}

static bool cut_block(struct iopgt *t)
{
	struct iommu_iotlb_gather gather;
	u64 page = iopgt_span(t, 0);

	iommu_iotlb_gather_init(&gather);
	result = t->ops->unmap_pages(t->ops, iopgt_iova(t, 7 * page), page, 1,
				     &gather);
	iopgt_put_gather(t, &gather);
	return result;
}

/* All of the block is there, as it was, or all but the page. */
static void check_block(struct iopgt *t, bool failed)
{
	u64 page = iopgt_span(t, 0);

	KUNIT_ASSERT_EQ(t->test, result, failed ? 0 : page);
	iopgt_model_cut(t, &model, 7 * page, result);
	iopgt_model_check(t, &model, 0, iopgt_largest(t));
}

static void iopgt_fault_split(struct kunit *test)
{
	const struct iopgt_config *config = test->param_value;
	static const struct fault_op op = {
		.prepare = map_block,
		.run = cut_block,
		.check = check_block,
	};

	if (hweight_long(config->pgsizes) < 2)
		kunit_skip(test, "has no blocks");
	sweep(test, &op);
}

/* The table itself: there is one, or there is none and nothing is left. */
static void iopgt_fault_create(struct kunit *test)
{
	const struct iopgt_config *config = test->param_value;
	struct iopgt *t = test->priv;
	bool failed = true;
	unsigned int nth;
	long before;

	if (!iopgt_built(config->fmt))
		kunit_skip(test, "not in this kernel");
	if (!config->custom)
		kunit_fail_nth_prepare(test);
	for (nth = 1; failed; nth++) {
		KUNIT_ASSERT_LE(test, nth, MAX_NTH);
		iopgt_fill_cfg(t, config, &iopgt_flush_pages);
		before = iopgt_memory(t);
		arm(t, nth);
		t->ops = alloc_io_pgtable_ops(config->fmt, &t->cfg, t);
		failed = disarm(t);
		if (!failed)
			KUNIT_ASSERT_NOT_NULL(test, t->ops);
		if (!t->ops) {
			iopgt_expect_memory(t, before);
			continue;
		}
		iopgt_read_registers(t);
		iopgt_model_sweep(t, &model);
		iopgt_end(t);
	}
	KUNIT_EXPECT_GT(test, nth, 2);
}

static void iopgt_fault_exit(struct kunit *test)
{
	iopgt_model_free(&model);
	iopgt_test_exit(test);
}

static struct kunit_case iopgt_fault_cases[] = {
	KUNIT_CASE_PARAM(iopgt_fault_map, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_fault_map_atomic, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_fault_map_beside, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_fault_split, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_fault_create, iopgt_gen_params),
	{}
};

static struct kunit_suite iopgt_fault_suite = {
	.name = "io-pgtable-fault",
	.init = iopgt_test_init,
	.exit = iopgt_fault_exit,
	.test_cases = iopgt_fault_cases,
};

kunit_test_suite(iopgt_fault_suite);
