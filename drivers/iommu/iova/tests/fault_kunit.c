// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation inside the allocator fails: each on its own, and each with
 * all that follow it.
 *
 * A sweep repeats an operation on a fresh domain, the first time with its
 * first allocation failing, then its second, until one repetition meets no
 * failure any more. Each time the operation has to report what really
 * happened, and nothing may be missing afterwards.
 *
 * Slab and page allocations fail by kunit_fail_nth.h. The per-CPU allocator has
 * no fault injection; a return probe adds it.
 */

#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/sched.h>

#include "../../tests/kunit_fail_nth.h"
#include "../reclaim.h"
#include "util.h"

/* The window that operations use, all of it above start_pfn. */
#define FIRST_PFN	1
#define LAST_PFN	8191

/* More failing allocations than this in one operation are a runaway sweep. */
#define MAX_NTH		500

/**
 * struct fault_op - an operation that is swept
 * @name: description
 * @caches: the domain has caches when it begins
 * @allocates: there must be something that can fail
 * @needs_no_memory: it has to succeed whatever fails
 * @prepare: brings the domain into the state for it; may be NULL
 * @run: the operation; returns whether it says that it succeeded
 * @check: compares the domain with what @run has said
 */
struct fault_op {
	const char *name;
	bool caches;
	bool allocates;
	bool needs_no_memory;
	void (*prepare)(struct kunit *test, struct iova_domain *iovad);
	bool (*run)(struct iova_domain *iovad);
	void (*check)(struct kunit *test, struct iova_domain *iovad,
		      bool success);
};

/**
 * struct fault_source - a way to make allocations fail
 * @arm: from now on this task's @nth allocation fails
 * @disarm: ends it; returns whether one has failed
 */
struct fault_source {
	void (*arm)(unsigned int nth);
	bool (*disarm)(void);
};

#define NR_PFNS		600

/* What @prepare leaves for @run and @check; one test runs at a time. */
static unsigned long pfns[NR_PFNS];
static unsigned long fast_pfn;
static struct iova *handle;

static bool run_init_rcaches(struct iova_domain *iovad)
{
	return !iova_domain_init_rcaches(iovad);
}

/* Without its caches a domain is slower, not broken; and it may try again. */
static void check_init_rcaches(struct kunit *test, struct iova_domain *iovad,
			       bool success)
{
	struct iova_fixture *fix = test->priv;
	unsigned long pfn;

	fix->caches = success;
	pfn = alloc_iova_fast(iovad, 4, LAST_PFN, true);
	KUNIT_ASSERT_EQ(test, pfn, LAST_PFN - 3);
	free_iova_fast(iovad, pfn, 4);
	if (!success) {
		KUNIT_EXPECT_NULL(test, find_iova(iovad, pfn));
		KUNIT_ASSERT_EQ(test, iova_domain_init_rcaches(iovad), 0);
		fix->caches = true;
		pfn = alloc_iova_fast(iovad, 4, LAST_PFN, true);
		free_iova_fast(iovad, pfn, 4);
	}
	KUNIT_EXPECT_EQ(test, iova_cache_drain(iovad), 1);
}

static bool run_alloc(struct iova_domain *iovad)
{
	handle = alloc_iova(iovad, 5, LAST_PFN, true);
	return handle;
}

static void check_handle(struct kunit *test, struct iova_domain *iovad,
			 bool success)
{
	if (!success)
		return;
	KUNIT_EXPECT_PTR_EQ(test, find_iova(iovad, handle->pfn_lo), handle);
	__free_iova(iovad, handle);
}

static bool run_alloc_fast(struct iova_domain *iovad)
{
	fast_pfn = alloc_iova_fast(iovad, 64, LAST_PFN, true);
	return fast_pfn;
}

static void check_fast_pfn(struct kunit *test, struct iova_domain *iovad,
			   bool success)
{
	if (!success)
		return;
	KUNIT_EXPECT_NOT_NULL(test, find_iova(iovad, fast_pfn));
	free_iova_fast(iovad, fast_pfn, 64);
}

static void take_single_pages(struct kunit *test, struct iova_domain *iovad)
{
	unsigned long i;

	for (i = 0; i < NR_PFNS; i++) {
		pfns[i] = alloc_iova_fast(iovad, 1, LAST_PFN, true);
		KUNIT_ASSERT_NE(test, pfns[i], 0);
	}
}

static bool free_single_pages(struct iova_domain *iovad)
{
	unsigned long i;

	for (i = 0; i < NR_PFNS; i++)
		free_iova_fast(iovad, pfns[i], 1);
	return true;
}

/* Nothing but cached pages where the block has to come from. */
static void fill_window_with_cached(struct kunit *test,
				    struct iova_domain *iovad)
{
	handle = reserve_iova(iovad, FIRST_PFN, LAST_PFN - NR_PFNS);
	KUNIT_ASSERT_NOT_NULL(test, handle);
	take_single_pages(test, iovad);
	free_single_pages(iovad);
}

static void check_flushed(struct kunit *test, struct iova_domain *iovad,
			  bool success)
{
	check_fast_pfn(test, iovad, success);
	__free_iova(iovad, handle);
}

static bool run_reserve(struct iova_domain *iovad)
{
	handle = reserve_iova(iovad, 100, 200);
	return handle;
}

static void make_reservations(struct kunit *test, struct iova_domain *iovad)
{
	KUNIT_ASSERT_NOT_NULL(test, reserve_iova(iovad, 90, 110));
	KUNIT_ASSERT_NOT_NULL(test, reserve_iova(iovad, 120, 130));
	KUNIT_ASSERT_NOT_NULL(test, reserve_iova(iovad, 180, 210));
}

/* All three merged, or each as it was; nothing in between. */
static void check_merged(struct kunit *test, struct iova_domain *iovad,
			 bool success)
{
	if (success) {
		iova_test_expect_range(test, 90, 210);
		__free_iova(iovad, handle);
		return;
	}
	iova_test_expect_range(test, 90, 110);
	iova_test_expect_range(test, 120, 130);
	iova_test_expect_range(test, 180, 210);
	KUNIT_EXPECT_NULL(test, find_iova(iovad, 115));
	free_iova(iovad, 90);
	free_iova(iovad, 120);
	free_iova(iovad, 180);
}

static bool run_drain(struct iova_domain *iovad)
{
	iova_cache_drain(iovad);
	return true;
}

static void check_drained(struct kunit *test, struct iova_domain *iovad,
			  bool success)
{
	KUNIT_EXPECT_EQ(test, iova_cache_drain(iovad), 0);
	__free_iova(iovad, handle);
}

static void take_one_handle(struct kunit *test, struct iova_domain *iovad)
{
	KUNIT_ASSERT_TRUE(test, run_alloc(iovad));
}

static bool run_free(struct iova_domain *iovad)
{
	free_iova(iovad, handle->pfn_lo);
	return true;
}

static const struct fault_op fault_ops[] = {
	{
		.name = "iova_domain_init_rcaches",
		.allocates = true,
		.run = run_init_rcaches,
		.check = check_init_rcaches,
	}, {
		.name = "alloc_iova",
		.allocates = true,
		.run = run_alloc,
		.check = check_handle,
	}, {
		.name = "alloc_iova_fast, no caches",
		.allocates = true,
		.run = run_alloc_fast,
		.check = check_fast_pfn,
	}, {
		.name = "alloc_iova_fast, empty caches",
		.caches = true,
		.allocates = true,
		.run = run_alloc_fast,
		.check = check_fast_pfn,
	}, {
		.name = "alloc_iova_fast, flushing",
		.caches = true,
		.allocates = true,
		.prepare = fill_window_with_cached,
		.run = run_alloc_fast,
		.check = check_flushed,
	}, {
		.name = "free_iova_fast, many times",
		.caches = true,
		.needs_no_memory = true,
		.prepare = take_single_pages,
		.run = free_single_pages,
	}, {
		.name = "iova_cache_drain",
		.caches = true,
		.needs_no_memory = true,
		.prepare = fill_window_with_cached,
		.run = run_drain,
		.check = check_drained,
	}, {
		.name = "free_iova",
		.needs_no_memory = true,
		.prepare = take_one_handle,
		.run = run_free,
	}, {
		.name = "reserve_iova",
		.allocates = true,
		.run = run_reserve,
		.check = check_handle,
	}, {
		.name = "reserve_iova, merging",
		.prepare = make_reservations,
		.run = run_reserve,
		.check = check_merged,
	},
};

KUNIT_ARRAY_PARAM_DESC(fault_op, fault_ops, name);

/* What allocates memory for each CPU. */
static const struct fault_op percpu_ops[] = {
	{
		.name = "iova_domain_init_rcaches",
		.allocates = true,
		.run = run_init_rcaches,
		.check = check_init_rcaches,
	},
};

KUNIT_ARRAY_PARAM_DESC(percpu_op, percpu_ops, name);

/* Returns whether an allocation has failed. */
static bool try_with_failure(struct kunit *test, const struct fault_op *op,
			     const struct fault_source *source,
			     unsigned int nth)
{
	struct iova_domain *iovad;
	bool failed, success;

	iovad = iova_test_domain(test, PAGE_SIZE, FIRST_PFN, op->caches);
	if (op->prepare)
		op->prepare(test, iovad);

	source->arm(nth);
	success = op->run(iovad);
	failed = source->disarm();

	if (!failed || op->needs_no_memory)
		KUNIT_EXPECT_TRUE_MSG(test, success, "allocation %u", nth);
	if (op->check)
		op->check(test, iovad, success);
	iova_test_expect_all_free(test, FIRST_PFN, LAST_PFN);
	return failed;
}

static void sweep(struct kunit *test, const struct fault_source *source)
{
	const struct fault_op *op = test->param_value;
	unsigned int nth = 1;

	while (try_with_failure(test, op, source, nth)) {
		KUNIT_ASSERT_LT(test, nth, MAX_NTH);
		nth++;
	}
	kunit_info(test, "%u allocations failed", nth - 1);

	/* A sweep in which nothing failed has shown nothing. */
	if (op->allocates)
		KUNIT_EXPECT_GT(test, nth, 1);
}

static void iova_test_fail_one(struct kunit *test)
{
	static const struct fault_source source = {
		.arm = kunit_fail_nth_start,
		.disarm = kunit_fail_nth_stop,
	};

	kunit_fail_nth_prepare(test);
	sweep(test, &source);
}

static void iova_test_fail_all_after(struct kunit *test)
{
	static const struct fault_source source = {
		.arm = kunit_fail_nth_start_all,
		.disarm = kunit_fail_nth_stop,
	};

	kunit_fail_nth_prepare(test);
	sweep(test, &source);
}

#ifdef CONFIG_KRETPROBES
/**
 * struct percpu_fault - what the probe of the per-CPU allocator knows
 * @task: whose allocations are counted; NULL if not armed
 * @nth: countdown to the failure
 * @registered: the probe is in place
 */
static struct percpu_fault {
	struct task_struct *task;
	unsigned int nth;
	bool registered;
} percpu_fault;

/* Nonzero makes the kprobe skip the handler of this call. */
static int percpu_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return READ_ONCE(percpu_fault.task) != current;
}

static int percpu_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	unsigned long p = regs_return_value(regs);

	if (percpu_fault.nth && !--percpu_fault.nth) {
		free_percpu((void __percpu __force *)p);
		regs_set_return_value(regs, 0);
	}
	return 0;
}

static struct kretprobe percpu_probe = {
	.kp.symbol_name = "pcpu_alloc_noprof",
	.entry_handler = percpu_entry,
	.handler = percpu_return,
};

static void arm_percpu(unsigned int nth)
{
	percpu_fault.nth = nth;
	WRITE_ONCE(percpu_fault.task, current);
}

static bool disarm_percpu(void)
{
	WRITE_ONCE(percpu_fault.task, NULL);
	return !percpu_fault.nth;
}

static void iova_test_fail_percpu(struct kunit *test)
{
	static const struct fault_source source = { arm_percpu, disarm_percpu };

	/*
	 * Once there, the probe stays: a CPU that runs into the breakpoint of
	 * a probe that has just gone is a risk that no test should take often.
	 */
	if (!percpu_fault.registered && register_kretprobe(&percpu_probe))
		kunit_skip(test, "the per-CPU allocator can't be probed");
	percpu_fault.registered = true;
	sweep(test, &source);
}

static void __exit iova_fault_exit(void)
{
	if (percpu_fault.registered)
		unregister_kretprobe(&percpu_probe);
}
module_exit(iova_fault_exit);
#else
static void iova_test_fail_percpu(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_KPROBES");
}
#endif

static struct kunit_case iova_fault_cases[] = {
	KUNIT_CASE_PARAM(iova_test_fail_one, fault_op_gen_params),
	KUNIT_CASE_PARAM(iova_test_fail_all_after, fault_op_gen_params),
	KUNIT_CASE_PARAM(iova_test_fail_percpu, percpu_op_gen_params),
	{}
};

static struct kunit_suite iova_fault_suite = {
	.name = "iova-fault",
	.init = iova_test_init,
	.exit = iova_test_exit,
	.test_cases = iova_fault_cases,
};

kunit_test_suite(iova_fault_suite);
