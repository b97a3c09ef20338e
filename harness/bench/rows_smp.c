// SPDX-License-Identifier: GPL-2.0-only
/*
 * Throughput of one CPU and of two that work on one domain at the same time.
 * A sample is the time until every CPU has done its share; two CPUs do twice
 * the work of one. It means something only where CPUs really run in parallel;
 * whatever else the host has to do adds to it, so the best sample is the one
 * to look at. Samples are short for that reason.
 */

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "bench.h"

#define LIMIT_48BIT ((1UL << (48 - PAGE_SHIFT)) - 1)

/* Allocations and as many frees, of one CPU */
#define SHARE 20000
#define BURST_MAX 300

/**
 * struct worker - one CPU's share
 * @work: runs it
 * @bench: the row
 * @waiting: number of CPUs that have not arrived at the start yet
 * @start: time when this CPU began
 * @end: time when this CPU was through
 * @failed: an allocation failed
 * @pfns: ranges that this CPU holds
 */
struct worker {
	struct work_struct	work;
	struct bench		*bench;
	atomic_t		*waiting;
	u64			start;
	u64			end;
	bool			failed;
	unsigned long		pfns[BURST_MAX];
};

static unsigned int burst_of(const struct bench *b)
{
	return *(const unsigned int *)b->row->arg;
}

static bool do_burst(struct worker *worker, unsigned int burst)
{
	struct bench *b = worker->bench;
	unsigned int i, got;

	for (got = 0; got < burst; got++) {
		worker->pfns[got] = alloc_iova_fast(&b->iovad, b->row->pages,
						    b->row->limit, true);
		if (!worker->pfns[got])
			break;
	}
	for (i = 0; i < got; i++)
		free_iova_fast(&b->iovad, worker->pfns[i], b->row->pages);
	return got == burst;
}

static void do_share(struct work_struct *work)
{
	struct worker *worker = container_of(work, struct worker, work);
	unsigned int burst = burst_of(worker->bench);
	unsigned int done;

	/* What starts the other worker may have to run on this CPU first. */
	atomic_dec(worker->waiting);
	while (atomic_read(worker->waiting)) {
		cpu_relax();
		cond_resched();
	}

	worker->start = ktime_get_ns();
	for (done = 0; done < SHARE && !worker->failed; done += burst)
		worker->failed = !do_burst(worker, burst);
	worker->end = ktime_get_ns();
}

static int run_cpus(struct bench *b, unsigned int cpus)
{
	struct worker *workers = b->priv;
	atomic_t waiting = ATOMIC_INIT(cpus);
	u64 start = U64_MAX, end = 0;
	bool failed = false;
	unsigned int cpu;

	for (cpu = 0; cpu < cpus; cpu++) {
		workers[cpu].bench = b;
		workers[cpu].waiting = &waiting;
		workers[cpu].failed = false;
		INIT_WORK(&workers[cpu].work, do_share);
		queue_work_on(cpu, system_highpri_wq, &workers[cpu].work);
	}
	for (cpu = 0; cpu < cpus; cpu++) {
		flush_work(&workers[cpu].work);
		start = min(start, workers[cpu].start);
		end = max(end, workers[cpu].end);
		failed |= workers[cpu].failed;
	}
	bench_sample(b, cpus - 1, end - start);
	return failed ? -ENOSPC : 0;
}

static int smp_setup(struct bench *b)
{
	if (!cpu_online(1))
		return -ENODEV;
	init_iova_domain(&b->iovad, PAGE_SIZE, 1);
	b->priv = vcalloc(2, sizeof(struct worker));
	if (!b->priv)
		return -ENOMEM;
	return iova_domain_init_rcaches(&b->iovad);
}

static int smp_step(struct bench *b, unsigned int i)
{
	int ret = run_cpus(b, 1);

	return ret ?: run_cpus(b, 2);
}

static void smp_teardown(struct bench *b)
{
	vfree(b->priv);
	if (b->iovad.granule)
		put_iova_domain(&b->iovad);
}

static const unsigned int singly = 1;
static const unsigned int in_bursts = BURST_MAX;

#define SMP_ROW(_name, _steps, _pages, _burst)				\
{									\
	.name = _name, .ops = { "one_cpu", "two_cpus" }, .warm = 1,	\
	.steps = _steps, .pages = _pages, .limit = LIMIT_48BIT,		\
	.arg = _burst, .setup = smp_setup, .step = smp_step,		\
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
