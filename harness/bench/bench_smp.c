// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the workers of a row.
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "bench_smp.h"

static void do_share(struct work_struct *work)
{
	struct worker *worker = container_of(work, struct worker, work);
	const struct smp_way *way = worker->bench->row->arg;
	unsigned int done;

	/* What starts the other worker may have to run on this CPU first. */
	atomic_dec(worker->waiting);
	while (atomic_read(worker->waiting)) {
		cpu_relax();
		cond_resched();
	}

	worker->start = ktime_get_ns();
	for (done = 0; done < way->share && !worker->failed; done += way->burst)
		worker->failed = !way->once(worker, way->burst);
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

int smp_step(struct bench *b, unsigned int i)
{
	int ret = run_cpus(b, 1);

	return ret ?: run_cpus(b, 2);
}
