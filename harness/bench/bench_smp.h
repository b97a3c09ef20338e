/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Throughput of one CPU and of two that work on one domain at the same time.
 * A sample is the time until every CPU has done its share; two CPUs do twice
 * the work of one. It means something only where CPUs really run in parallel;
 * whatever else the host has to do adds to it, so the best sample is the one
 * to look at. Samples are short for that reason.
 */

#ifndef _BENCH_SMP_H_
#define _BENCH_SMP_H_

#include <linux/atomic.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "bench.h"

#define SMP_CPUS 2
#define SMP_BURST_MAX 300

struct page;
struct pci_dev;
struct worker;

/**
 * struct smp_way - what the workers of a row do
 * @share: allocations and as many frees, of one CPU
 * @burst: so many allocations before these are freed
 * @once: does a burst; false if that fails
 */
struct smp_way {
	unsigned int	share;
	unsigned int	burst;
	bool		(*once)(struct worker *worker, unsigned int burst);
};

/**
 * struct worker - one CPU's share
 * @work: runs it
 * @bench: the row
 * @waiting: number of CPUs that have not arrived at the start yet
 * @start: time when this CPU began
 * @end: time when this CPU was through
 * @failed: an allocation failed
 * @pdev: the device, for rows that have one
 * @page: memory to map, for the same
 * @held: ranges or mappings that this CPU holds
 */
struct worker {
	struct work_struct	work;
	struct bench		*bench;
	atomic_t		*waiting;
	u64			start;
	u64			end;
	bool			failed;
	struct pci_dev		*pdev;
	struct page		*page;
	unsigned long		held[SMP_BURST_MAX];
};

/* A step of a row that has SMP_CPUS workers in its priv and a way in its arg */
int smp_step(struct bench *b, unsigned int i);

#endif /* _BENCH_SMP_H_ */
