// SPDX-License-Identifier: GPL-2.0-only
/*
 * All CPUs at once on one domain.
 *
 * Workers take ranges in both ways, pass them to each other through an array
 * and free what they find there. Before a worker uses a range it sets a bit
 * for each page of it, and clears them before it frees the range: a bit that
 * is set already belongs to another owner of the same page. Meanwhile the test
 * drains the caches and takes a CPU away and brings it back. At the end
 * nothing may be missing.
 */

#include <linux/bitfield.h>
#include <linux/bitmap.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "../reclaim.h"
#include "util.h"

#define SLOTS		512
#define MAX_WORKERS	32
#define DISTURBANCES	3

/**
 * struct stress_config - what the workers compete for
 * @name: description
 * @pages: length of the window
 * @below_4g: that many pages of it lie below 4 GiB; all of them if 0
 * @max_size: longest request
 * @steps: least number of steps of each worker
 * @hotplug: a CPU leaves and comes back meanwhile
 */
struct stress_config {
	const char *name;
	unsigned long pages;
	unsigned long below_4g;
	unsigned long max_size;
	unsigned long steps;
	bool hotplug;
};

static const struct stress_config stress_configs[] = {
	{ "sparse", 65536, 0, 300, 6000, false },
	{ "cramped", 2048, 0, 40, 10000, false },
	{ "single pages, nearly full", 400, 0, 1, 10000, false },
	{ "across 4 GiB", 16384, 6000, 270, 6000, false },
	{ "across 4 GiB, hotplug", 16384, 6000, 270, 5000, true },
	{ "cramped, hotplug", 2048, 0, 40, 5000, true },
};

KUNIT_ARRAY_PARAM_DESC(stress, stress_configs, name);

/**
 * struct stress - what the workers of a test share
 * @cfg: configuration
 * @iovad: domain
 * @base: first PFN of the window
 * @owned: one bit per page of the window, set by its owner
 * @slots: ranges that wait for whoever comes next, packed; 0 for none
 * @until_told: go on past the least number of steps
 * @granted: allocations that succeeded
 * @overlaps: ranges that were granted with a page of another owner
 * @strays: ranges that were granted outside of the window or their limit
 * @lost: owned pages whose bit was gone when they were freed
 */
struct stress {
	const struct stress_config *cfg;
	struct iova_domain *iovad;
	unsigned long base;
	unsigned long *owned;
	unsigned long slots[SLOTS];
	bool until_told;
	atomic_t granted;
	atomic_t overlaps;
	atomic_t strays;
	atomic_t lost;
};

/**
 * struct worker - one thread
 * @stress: what it shares
 * @task: thread
 * @rnd: its random numbers
 * @cpu: where it runs as long as that CPU is there
 */
struct worker {
	struct stress *stress;
	struct task_struct *task;
	struct rnd_state rnd;
	unsigned int cpu;
};

/* A range in one word: its first page, the size asked for, how it came. */
#define SLOT_FAST	BIT(0)
#define SLOT_SIZE	GENMASK(11, 1)
#define SLOT_PAGE	GENMASK(30, 12)

static unsigned long slot_pages(unsigned long slot)
{
	unsigned long asked = FIELD_GET(SLOT_SIZE, slot);

	return slot & SLOT_FAST ? iova_test_class(asked) : asked;
}

static void claim(struct stress *s, unsigned long slot)
{
	unsigned long page = FIELD_GET(SLOT_PAGE, slot);
	unsigned long end = page + slot_pages(slot);

	for (; page < end; page++)
		if (test_and_set_bit(page, s->owned))
			atomic_inc(&s->overlaps);
}

static void disclaim(struct stress *s, unsigned long slot)
{
	unsigned long page = FIELD_GET(SLOT_PAGE, slot);
	unsigned long end = page + slot_pages(slot);

	for (; page < end; page++)
		if (!test_and_clear_bit(page, s->owned))
			atomic_inc(&s->lost);
}

static void release(struct stress *s, unsigned long slot)
{
	unsigned long pfn = s->base + FIELD_GET(SLOT_PAGE, slot);

	disclaim(s, slot);
	if (slot & SLOT_FAST)
		free_iova_fast(s->iovad, pfn, FIELD_GET(SLOT_SIZE, slot));
	else
		free_iova(s->iovad, pfn);
}

/* Allocates by the means that chance picks; 0 if refused. */
static unsigned long acquire(struct worker *w)
{
	struct stress *s = w->stress;
	unsigned long asked = 1 + prandom_u32_state(&w->rnd) % s->cfg->max_size;
	unsigned long last = s->base + s->cfg->pages - 1;
	u32 dice = prandom_u32_state(&w->rnd);
	unsigned long limit, pfn, slot;
	struct iova *iova;

	limit = dice & 0xc ? last : s->base + dice / 16 % s->cfg->pages;
	if (dice & 1) {
		pfn = alloc_iova_fast(s->iovad, asked, limit, dice & 2);
		if (!pfn)
			return 0;
	} else {
		iova = alloc_iova(s->iovad, asked, limit, dice & 2);
		if (!iova)
			return 0;
		pfn = iova->pfn_lo;
	}

	slot = FIELD_PREP(SLOT_PAGE, pfn - s->base) |
	       FIELD_PREP(SLOT_SIZE, asked) | (dice & SLOT_FAST);
	if (pfn < s->base || pfn + asked - 1 > limit) {
		atomic_inc(&s->strays);
		return 0;
	}
	atomic_inc(&s->granted);
	claim(s, slot);
	return slot;
}

static void worker_step(struct worker *w)
{
	struct stress *s = w->stress;
	u32 dice = prandom_u32_state(&w->rnd);
	unsigned long old, new = dice & 1 ? acquire(w) : 0;

	old = xchg(&s->slots[dice / 2 % SLOTS], new);
	if (old)
		release(s, old);
}

static int worker_run(void *arg)
{
	struct worker *w = arg;
	unsigned long step;

	for (step = 0; step < w->stress->cfg->steps ||
	     READ_ONCE(w->stress->until_told); step++) {
		/*
		 * The scheduler moves the thread away when the CPU leaves,
		 * nobody moves it back.
		 */
		if (step % 256 == 0) {
			set_cpus_allowed_ptr(current, cpumask_of(w->cpu));
			cond_resched();
		}
		worker_step(w);
	}

	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static struct stress *stress_begin(struct kunit *test)
{
	const struct stress_config *cfg = test->param_value;
	struct stress *s;

	s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, s);
	s->owned = kunit_kcalloc(test, BITS_TO_LONGS(cfg->pages),
				 sizeof(*s->owned), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, s->owned);

	s->cfg = cfg;
	s->until_told = cfg->hotplug;
	/* Natural alignment from 0 on, were it not for page 0. */
	s->base = 1;
	if (cfg->below_4g)
		s->base = (1UL << (32 - PAGE_SHIFT)) - cfg->below_4g;
	s->iovad = iova_test_domain(test, PAGE_SIZE, s->base, true);
	iova_test_close_above(test, s->base + cfg->pages);
	return s;
}

/* No assertion may end the test while threads run; errors are returned. */
static int start_workers(struct kunit *test, struct stress *s,
			 struct worker *workers, int *nr)
{
	struct rnd_state rnd;
	unsigned int cpu;
	int i;

	iova_test_seed(test, &rnd, s->cfg - stress_configs);
	*nr = clamp(2 * num_online_cpus(), 2, MAX_WORKERS);
	cpu = cpumask_first(cpu_online_mask);
	for (i = 0; i < *nr; i++) {
		struct worker *w = &workers[i];

		w->stress = s;
		w->cpu = cpu;
		prandom_seed_state(&w->rnd, prandom_u32_state(&rnd));
		w->task = kthread_run(worker_run, w, "iova_stress/%d", i);
		if (IS_ERR(w->task)) {
			*nr = i;
			return PTR_ERR(w->task);
		}
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
	}
	return 0;
}

/* What disturbs the workers; returns the first error of CPU hotplug. */
static int disturb(struct stress *s, unsigned int cpu)
{
	int cycle, ret = 0;

	for (cycle = 0; cycle < DISTURBANCES && !ret; cycle++) {
		iova_cache_drain(s->iovad);
		msleep(20);
		if (!s->cfg->hotplug)
			continue;
		ret = remove_cpu(cpu);
		if (ret)
			break;
		msleep(20);
		iova_cache_drain(s->iovad);
		ret = add_cpu(cpu);
	}
	WRITE_ONCE(s->until_told, false);
	return ret;
}

static void expect_nothing_lost(struct kunit *test, struct stress *s)
{
	int i;

	for (i = 0; i < SLOTS; i++)
		if (s->slots[i])
			release(s, s->slots[i]);

	KUNIT_EXPECT_EQ(test, atomic_read(&s->overlaps), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->strays), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->lost), 0);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(s->owned, s->cfg->pages));
	iova_test_expect_all_free(test, s->base, s->base + s->cfg->pages - 1);
}

static void iova_test_parallel_stress(struct kunit *test)
{
	const struct stress_config *cfg = test->param_value;
	struct worker *workers;
	int i, nr, started, hotplug;
	unsigned int cpu = 0;
	struct stress *s;

	if (cfg->hotplug)
		cpu = iova_test_hotplug_cpu(test);
	else if (num_online_cpus() < 2)
		kunit_info(test, "one CPU: preemption is all the parallelism");

	s = stress_begin(test);
	workers = kunit_kcalloc(test, MAX_WORKERS, sizeof(*workers), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, workers);

	started = start_workers(test, s, workers, &nr);
	hotplug = disturb(s, cpu);
	/* Each one finishes its steps before it looks for the stop. */
	for (i = 0; i < nr; i++)
		kthread_stop(workers[i].task);

	KUNIT_EXPECT_EQ(test, started, 0);
	KUNIT_EXPECT_EQ(test, hotplug, 0);
	kunit_info(test, "%d workers, %d granted", nr, atomic_read(&s->granted));
	KUNIT_EXPECT_GT(test, atomic_read(&s->granted), nr * cfg->steps / 50);
	expect_nothing_lost(test, s);
}

static struct kunit_case iova_stress_cases[] = {
	KUNIT_CASE_PARAM_ATTR(iova_test_parallel_stress, stress_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite iova_stress_suite = {
	.name = "iova-stress",
	.init = iova_test_init,
	.exit = iova_test_exit,
	.test_cases = iova_stress_cases,
};

kunit_test_suite(iova_stress_suite);
