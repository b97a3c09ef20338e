// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations and frees in one domain, by one CPU and by two.
 */

#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/vmalloc.h>

#include "bench_smp.h"

#define LIMIT_48BIT ((1UL << (48 - PAGE_SHIFT)) - 1)

static bool iova_burst(struct worker *worker, unsigned int burst)
{
	struct bench *b = worker->bench;
	unsigned int i, got;

	for (got = 0; got < burst; got++) {
		worker->held[got] = alloc_iova_fast(&b->iovad, b->row->pages,
						    b->row->limit, true);
		if (!worker->held[got])
			break;
	}
	for (i = 0; i < got; i++)
		free_iova_fast(&b->iovad, worker->held[i], b->row->pages);
	return got == burst;
}

static int smp_setup(struct bench *b)
{
	if (!cpu_online(1))
		return -ENODEV;
	init_iova_domain(&b->iovad, PAGE_SIZE, 1);
	b->priv = vcalloc(SMP_CPUS, sizeof(struct worker));
	if (!b->priv)
		return -ENOMEM;
	return iova_domain_init_rcaches(&b->iovad);
}

static void smp_teardown(struct bench *b)
{
	vfree(b->priv);
	if (b->iovad.granule)
		put_iova_domain(&b->iovad);
}

static const struct smp_way singly = { 20000, 1, iova_burst };
static const struct smp_way in_bursts = { 20000, SMP_BURST_MAX, iova_burst };

#define SMP_ROW(_name, _steps, _pages, _way)				\
{									\
	.name = _name, .ops = { "one_cpu", "two_cpus" }, .warm = 1,	\
	.steps = _steps, .pages = _pages, .limit = LIMIT_48BIT,		\
	.arg = _way, .setup = smp_setup, .step = smp_step,		\
	.teardown = smp_teardown,					\
}

static const struct bench_row smp_rows[] = {
	SMP_ROW("pair_1", 100, 1, &singly),
	SMP_ROW("pair_64", 20, 64, &singly),
	SMP_ROW("burst_1", 100, 1, &in_bursts),
};

const struct bench_set bench_set_smp = {
	.name = "smp", .rows = smp_rows, .nr = ARRAY_SIZE(smp_rows),
};
