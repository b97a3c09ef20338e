// SPDX-License-Identifier: GPL-2.0-only
/*
 * All CPUs at once on one table, without any lock.
 *
 * Workers map and unmap pages of their own that lie between those of others:
 * in the same tables, or in tables that become empty and full again all the
 * time. What a worker has mapped must translate as long as it wants it, to the
 * operations and to hardware, whatever the neighbours do; what it has unmapped
 * must not. At the end nothing may be mapped, and no memory missing.
 */

#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/prandom.h>
#include <linux/sched.h>

#include "io_pgtable_kunit.h"

#define STEPS		2500
#define SLOTS		64	/* of each worker */
#define MAX_WORKERS	8

/**
 * struct stress - what the workers share
 * @t: table
 * @nr: workers
 * @distance: from one slot to the next, in granules
 * @blocks: slots are blocks, of which pages are cut out
 * @failed: calls that were refused
 * @lost: mapped pages that hardware or the operations did not find
 * @strays: unmapped ones that they found
 */
struct stress {
	struct iopgt *t;
	unsigned int nr;
	u64 distance;
	bool blocks;
	atomic_t failed;
	atomic_t lost;
	atomic_t strays;
};

/**
 * struct worker - one thread
 * @stress: what it shares
 * @task: thread
 * @id: which of its slots are this worker's
 * @rnd: its random numbers
 * @mapped: slots that it has mapped
 */
struct worker {
	struct stress *stress;
	struct task_struct *task;
	unsigned int id;
	struct rnd_state rnd;
	DECLARE_BITMAP(mapped, SLOTS);
};

static u64 slot_size(const struct stress *s)
{
	u64 granule = iopgt_span(s->t, 0);

	return s->blocks ? granule << s->t->geo.bits : granule;
}

static u64 slot_ia(const struct worker *w, unsigned int slot)
{
	u64 nth = (u64)slot * w->stress->nr + w->id;
	u64 ia = nth * w->stress->distance * iopgt_span(w->stress->t, 0);

	/* Past the last slot it begins anew; never in another worker's. */
	return w->stress->blocks ? nth * slot_size(w->stress) : ia;
}

static u64 slot_pa(const struct worker *w, unsigned int slot)
{
	return slot_size(w->stress) * (1 + slot % 16 * 8 + w->id);
}

static void check_slot(struct worker *w, u64 ia, u64 pa)
{
	struct stress *s = w->stress;
	struct iopgt_walk walk;

	iopgt_walk(s->t, ia, &walk);
	if (walk.kind != IOPGT_LEAF || walk.oa != pa)
		atomic_inc(&s->lost);
	if (s->t->ops->iova_to_phys(s->t->ops, iopgt_iova(s->t, ia)) != pa)
		atomic_inc(&s->lost);
}

static void check_gone(struct worker *w, u64 ia)
{
	struct stress *s = w->stress;

	if (s->t->ops->iova_to_phys(s->t->ops, iopgt_iova(s->t, ia)))
		atomic_inc(&s->strays);
}

static void map_slot(struct worker *w, unsigned int slot)
{
	struct stress *s = w->stress;
	u64 ia = slot_ia(w, slot);
	size_t mapped = 0;

	if (s->t->ops->map_pages(s->t->ops, iopgt_iova(s->t, ia),
				 slot_pa(w, slot), slot_size(s), 1,
				 IOMMU_READ | IOMMU_WRITE,
				 slot % 2 ? GFP_KERNEL : GFP_ATOMIC, &mapped) ||
	    mapped != slot_size(s)) {
		atomic_inc(&s->failed);
		return;
	}
	__set_bit(slot, w->mapped);
	check_slot(w, ia, slot_pa(w, slot));
	check_slot(w, ia + mapped - 8, slot_pa(w, slot) + mapped - 8);
}

static void unmap(struct worker *w, u64 ia, u64 size)
{
	struct iommu_iotlb_gather gather, *use = &gather;
	struct stress *s = w->stress;

	iommu_iotlb_gather_init(&gather);
	if (prandom_u32_state(&w->rnd) % 4 == 0)
		use = NULL;
	if (s->t->ops->unmap_pages(s->t->ops, iopgt_iova(s->t, ia), size, 1,
				   use) != size)
		atomic_inc(&s->failed);
	check_gone(w, ia);
	iopgt_put_gather(s->t, &gather);
}

/* A page out of the middle of a block at times, then all of it */
static void unmap_slot(struct worker *w, unsigned int slot)
{
	u64 ia = slot_ia(w, slot), granule = iopgt_span(w->stress->t, 0);

	check_slot(w, ia, slot_pa(w, slot));
	if (w->stress->blocks && prandom_u32_state(&w->rnd) % 2) {
		unmap(w, ia + 3 * granule, granule);
		check_slot(w, ia, slot_pa(w, slot));
		check_slot(w, ia + 4 * granule,
			   slot_pa(w, slot) + 4 * granule);
	}
	unmap(w, ia, slot_size(w->stress));
	__clear_bit(slot, w->mapped);
}

static int worker_run(void *arg)
{
	struct worker *w = arg;
	unsigned int step, slot;

	for (step = 0; step < STEPS; step++) {
		slot = prandom_u32_state(&w->rnd) % SLOTS;
		if (test_bit(slot, w->mapped))
			unmap_slot(w, slot);
		else
			map_slot(w, slot);
		if (step % 64 == 0)
			cond_resched();
	}
	for_each_set_bit(slot, w->mapped, SLOTS)
		unmap_slot(w, slot);

	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* No assertion may end the test while threads run. */
static int run_workers(struct kunit *test, struct stress *s,
		       struct worker *workers)
{
	unsigned int cpu = cpumask_first(cpu_online_mask), i, started = 0;
	struct rnd_state rnd;
	int ret = 0;

	iopgt_seed(test, &rnd, 17);
	for (i = 0; i < s->nr; i++) {
		struct worker *w = &workers[i];

		w->stress = s;
		w->id = i;
		prandom_seed_state(&w->rnd, prandom_u32_state(&rnd));
		w->task = kthread_create(worker_run, w, "iopgt_stress/%u", i);
		if (IS_ERR(w->task)) {
			ret = PTR_ERR(w->task);
			break;
		}
		kthread_bind(w->task, cpu);
		started++;
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
	}
	for (i = 0; i < started; i++)
		wake_up_process(workers[i].task);
	for (i = 0; i < started; i++)
		kthread_stop(workers[i].task);
	return ret;
}

/* As far as the space reaches, with so many slots for each worker */
static bool fits(const struct stress *s)
{
	u64 granules = s->blocks ? 1ULL << s->t->geo.bits : s->distance;

	return granules * iopgt_span(s->t, 0) * SLOTS * s->nr <=
	       BIT_ULL(s->t->config->ias - 1);
}

static void stress(struct kunit *test, u64 distance, bool blocks)
{
	const struct iopgt_config *config = test->param_value;
	struct stress s = { .distance = distance, .blocks = blocks };
	struct worker *workers;
	int started;
	long before;

	s.t = iopgt_begin(test, config, &iopgt_flush_pages);
	/* Threads are no part of the test's view: they read memory itself. */
	s.t->from_memory = true;
	s.nr = clamp(2 * num_online_cpus(), 2, MAX_WORKERS);
	if (!distance)
		s.distance = (1ULL << s.t->geo.bits) / 2;
	if (blocks && !(s.t->cfg.pgsize_bitmap & slot_size(&s)))
		kunit_skip(test, "has no such block");
	if (!fits(&s))
		kunit_skip(test, "too small a space");
	if (num_online_cpus() < 2)
		kunit_info(test, "one CPU: preemption is all the parallelism");
	workers = kunit_kcalloc(test, MAX_WORKERS, sizeof(*workers), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, workers);

	before = iopgt_memory(s.t);
	started = run_workers(test, &s, workers);
	KUNIT_EXPECT_EQ(test, started, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&s.failed), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&s.lost), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&s.strays), 0);
	iopgt_expect_memory(s.t, before);
}

/* Neighbours in the same tables */
static void iopgt_stress_pages(struct kunit *test)
{
	stress(test, 1, false);
}

/* Two slots per table: each table is added and removed all the time. */
static void iopgt_stress_tables(struct kunit *test)
{
	stress(test, 0, false);
}

/* Blocks that are split, beside each other */
static void iopgt_stress_blocks(struct kunit *test)
{
	stress(test, 1, true);
}

static struct kunit_case iopgt_stress_cases[] = {
	KUNIT_CASE_PARAM_ATTR(iopgt_stress_pages, iopgt_gen_some,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM_ATTR(iopgt_stress_tables, iopgt_gen_some,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM_ATTR(iopgt_stress_blocks, iopgt_gen_some,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite iopgt_stress_suite = {
	.name = "io-pgtable-stress",
	.init = iopgt_test_init,
	.exit = iopgt_test_exit,
	.test_cases = iopgt_stress_cases,
};

kunit_test_suite(iopgt_stress_suite);
