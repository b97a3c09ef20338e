// SPDX-License-Identifier: GPL-2.0-only
/*
 * For kernels with LOCK_STAT: the cost of an empty hold, to be taken off the
 * hold times of others, and the pattern that a lock shared between CPUs can't
 * be kept out of: one CPU allocates, another one frees. The other patterns are
 * those of rows_fast.c.
 */

#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "bench.h"

/* Ranges that change hands at a time; twice a magazine of the usual size */
#define HANDOFF 256
#define LIMIT_48BIT ((1UL << (48 - PAGE_SHIFT)) - 1)

static DEFINE_SPINLOCK(bench_empty_lock);

static int empty_hold_step(struct bench *b, unsigned int i)
{
	struct bench_timer timer;
	unsigned long flags;

	bench_start(&timer);
	spin_lock_irqsave(&bench_empty_lock, flags);
	spin_unlock_irqrestore(&bench_empty_lock, flags);
	bench_sample(b, 0, bench_stop(&timer));
	return 0;
}

static int handoff_setup(struct bench *b)
{
	if (!cpu_online(1))
		return -ENODEV;
	init_iova_domain(&b->iovad, PAGE_SIZE, 1);
	b->priv = vcalloc(HANDOFF, sizeof(unsigned long));
	if (!b->priv)
		return -ENOMEM;
	return iova_domain_init_rcaches(&b->iovad);
}

static long handoff_alloc(void *arg)
{
	struct bench *b = arg;
	unsigned long *pfns = b->priv;
	struct bench_timer timer;
	unsigned int i;

	for (i = 0; i < HANDOFF; i++) {
		bench_start(&timer);
		pfns[i] = alloc_iova_fast(&b->iovad, b->row->pages,
					  b->row->limit, true);
		bench_sample(b, 0, bench_stop(&timer));
		if (!pfns[i])
			return -ENOSPC;
	}
	return 0;
}

static long handoff_free(void *arg)
{
	struct bench *b = arg;
	unsigned long *pfns = b->priv;
	struct bench_timer timer;
	unsigned int i;

	for (i = 0; i < HANDOFF && pfns[i]; i++) {
		bench_start(&timer);
		free_iova_fast(&b->iovad, pfns[i], b->row->pages);
		bench_sample(b, 1, bench_stop(&timer));
		pfns[i] = 0;
	}
	return 0;
}

/* Counts single ranges, as other rows do, and so has work at some steps only. */
static int handoff_step(struct bench *b, unsigned int i)
{
	long ret;

	if (i % HANDOFF)
		return 0;
	ret = work_on_cpu(0, handoff_alloc, b);
	return ret ?: work_on_cpu(1, handoff_free, b);
}

static void handoff_teardown(struct bench *b)
{
	if (b->priv)
		handoff_free(b);
	vfree(b->priv);
	if (b->iovad.granule)
		put_iova_domain(&b->iovad);
}

/* Warms up for as long as the number of ranges in circulation still grows */
#define HANDOFF_ROW(_name, _pages)					\
{									\
	.name = _name, .ops = { "alloc", "free" },			\
	.warm = 200 * HANDOFF, .steps = 80 * HANDOFF, .pages = _pages,	\
	.limit = LIMIT_48BIT, .setup = handoff_setup,			\
	.step = handoff_step, .teardown = handoff_teardown,		\
}

static const struct bench_row lock_rows[] = {
	{
		.name = "empty_hold", .ops = { "hold" }, .warm = 100,
		.steps = 20000, .step = empty_hold_step,
	},
	HANDOFF_ROW("handoff_1", 1),
	HANDOFF_ROW("handoff_64", 64),
	HANDOFF_ROW("handoff_256", 256),
};

const struct bench_set bench_set_lock = {
	.name = "lock", .rows = lock_rows, .nr = ARRAY_SIZE(lock_rows),
};
