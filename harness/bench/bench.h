/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A benchmark of IOVA allocation, DMA mapping and IOMMU mapping that uses only
 * the kernel's public interface, and so runs on any kernel that has it.
 *
 * Words: a *row* is one line of the table, a *set* is rows that belong together. A
 * row's step does its work once and times up to BENCH_OPS operations of it;
 * each of them makes a series of samples. Interrupts are off while an
 * operation is timed, so that no timer tick ends up in a worst case.
 *
 * A sample is in nanoseconds and includes one reading of the clock, whose own
 * cost is a row as well ("clock/read").
 */

#ifndef _BENCH_H_
#define _BENCH_H_

#include <linux/irqflags.h>
#include <linux/iova.h>
#include <linux/timekeeping.h>
#include <linux/types.h>

#define BENCH_OPS 2

struct bench;

/**
 * struct bench_row - one piece of work to be timed
 * @name: name of the row, unique in its set
 * @ops: what a step times, by series; NULL where a step times less
 * @warm: steps before the first sample is kept
 * @steps: steps whose samples are kept
 * @pages: parameter of the work: length of a range or buffer, in pages
 * @limit: parameter of the work: highest PFN to allocate
 * @arg: parameter of the work, as @step understands it
 * @setup: prepares the work; on failure it leaves the rest to @teardown
 * @step: does the work once; @i counts from 0, with the warming steps
 * @teardown: undoes @setup
 */
struct bench_row {
	const char	*name;
	const char	*ops[BENCH_OPS];
	unsigned int	warm;
	unsigned int	steps;
	unsigned long	pages;
	unsigned long	limit;
	const void	*arg;
	int		(*setup)(struct bench *b);
	int		(*step)(struct bench *b, unsigned int i);
	void		(*teardown)(struct bench *b);
};

/**
 * struct bench_set - rows that belong together
 * @name: name of the set
 * @rows: the rows
 * @nr: number of @rows
 * @arg: parameter of all of them, as their functions understand it
 */
struct bench_set {
	const char		*name;
	const struct bench_row	*rows;
	unsigned int		nr;
	const void		*arg;
};

/**
 * struct bench - a row that is being run
 * @set: set of @row
 * @row: the row
 * @priv: of the row's functions
 * @iovad: of the row's functions, all zero before setup
 * @samples: one array of @row->steps samples for each operation
 * @nr: number of samples taken so far, by operation
 * @keep: samples are kept, the row is warm
 */
struct bench {
	const struct bench_set	*set;
	const struct bench_row	*row;
	void			*priv;
	struct iova_domain	iovad;
	u64			*samples[BENCH_OPS];
	unsigned int		nr[BENCH_OPS];
	bool			keep;
};

/**
 * struct bench_timer - an operation that is being timed
 * @start: time before the operation
 * @flags: interrupt state before the operation
 */
struct bench_timer {
	u64		start;
	unsigned long	flags;
};

static __always_inline void bench_start(struct bench_timer *timer)
{
	local_irq_save(timer->flags);
	timer->start = ktime_get_ns();
}

static __always_inline u64 bench_stop(struct bench_timer *timer)
{
	u64 took = ktime_get_ns() - timer->start;

	local_irq_restore(timer->flags);
	return took;
}

/* Tells runs of the same row apart in the results, such as lazy and strict. */
extern char bench_label[16];

extern const struct bench_set bench_set_fast;
extern const struct bench_set bench_set_tree;
extern const struct bench_set bench_set_lock;
extern const struct bench_set bench_set_smp;
extern const struct bench_set bench_set_smp_dma;
extern const struct bench_set bench_set_dma;
extern const struct bench_set bench_set_driver;
extern const struct bench_set bench_set_inval;
extern const struct bench_set bench_set_atomic;
extern const struct bench_set bench_set_map;
extern const struct bench_set bench_set_map_fresh;
extern const struct bench_set bench_set_vtd_ss;
extern const struct bench_set bench_set_vtd_ss_nc;
extern const struct bench_set bench_set_vtd_fs;
extern const struct bench_set bench_set_vtd_fs_nc;
extern const struct bench_set bench_set_lpae_s1;

void bench_sample(struct bench *b, unsigned int op, u64 took);
void bench_value(const struct bench *b, const char *op, u64 value);

struct bench *bench_open(const struct bench_set *set,
			 const struct bench_row *row);
int bench_go(struct bench *b);
void bench_report(struct bench *b);
void bench_close(struct bench *b);

#endif /* _BENCH_H_ */
