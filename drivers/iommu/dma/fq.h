/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flush queues: I/O addresses whose mappings are gone from the page tables, but
 * perhaps not yet from the IOTLB, wait here until one flush covers many of them.
 * A queue knows an IOVA domain and a function that flushes, nothing else of
 * what it serves. fq.c is the way of an entry; fq-control.c makes, opens,
 * drains and ends queues.
 *
 * Each CPU collects what it unmaps in batches, first in first out. A flush
 * invalidates everything that was unmapped before the flush began, on any CPU.
 * So flushes are numbered, and each batch carries the number of the flush that
 * was begun last when its entries were added, its epoch. It may be released
 * when a flush with a higher number is over.
 *
 * A CPU flushes when its own entries of the current epoch reach the watermark,
 * or when its timer finds its oldest batch due and not covered by another CPU's
 * flush. So the number of flushes does not grow with the number of CPUs.
 * Covered batches leave when later entries are added, and at the latest with
 * the timer.
 *
 * A queue that all CPUs share serves hardware whose flush is so expensive that
 * there should be as few as possible; it is the same thing under a lock.
 *
 * Locking: a CPU's queue is touched by that CPU only, with interrupts off, for
 * the time of one batch at most. While the queues are closed, the caller that
 * closed them has them all: it waits until no CPU is inside, by RCU, and ends
 * the timers. Likewise the queue of a CPU that is dead. No spinlock is held
 * while the hardware is waited for. A mutex in fq-control.c orders the list of
 * all queues and the settings; cpus_read_lock() keeps a close and the death of
 * a CPU apart.
 */

#ifndef _IOMMU_DMA_FQ_H
#define _IOMMU_DMA_FQ_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/local_lock.h>
#include <linux/percpu.h>
#include <linux/spinlock_types.h>
#include <linux/timer.h>
#include <linux/types.h>

struct iova_domain;

/* Histograms have a bucket for 0 and for each power of two; the last takes the rest */
#define IOMMU_FQ_BUCKETS	20

/* So that a batch is 512 bytes, and released in about a microsecond */
#define FQ_BATCH_ENTRIES	28

/**
 * enum iommu_fq_cause - why a flush was done
 * @IOMMU_FQ_WATERMARK_REACHED: enough entries of one CPU were waiting
 * @IOMMU_FQ_TIMER: an entry had waited long enough
 * @IOMMU_FQ_TEARDOWN: the queue ended
 * @IOMMU_FQ_SWITCH: the queue was closed, its domain is strict from now on
 * @IOMMU_FQ_PRESSURE: no address or no memory was left without it
 * @IOMMU_FQ_OFFLINE: a CPU went offline
 * @IOMMU_FQ_TUNING: watermark or delay were lowered
 * @IOMMU_FQ_CAUSES: how many causes there are
 */
enum iommu_fq_cause {
	IOMMU_FQ_WATERMARK_REACHED,
	IOMMU_FQ_TIMER,
	IOMMU_FQ_TEARDOWN,
	IOMMU_FQ_SWITCH,
	IOMMU_FQ_PRESSURE,
	IOMMU_FQ_OFFLINE,
	IOMMU_FQ_TUNING,
	IOMMU_FQ_CAUSES
};

struct fq_entry {
	unsigned long	pfn;
	unsigned long	pages;
};

/**
 * struct fq_batch - entries that are released together
 * @next: the next younger batch, or the next spare one
 * @tables: pages of page tables that the entries' unmapping freed
 * @epoch: number of the flush that was begun last when the entries were added
 * @opened: jiffies when the first entry was added
 * @since_ns: the same as local time, while collecting, or 0
 * @nr: number of entries
 * @entries: ranges in the IOVA domain
 */
struct fq_batch {
	struct fq_batch		*next;
	struct list_head	tables;
	u64			epoch;
	unsigned long		opened;
	u64			since_ns;
	unsigned int		nr;
	struct fq_entry		entries[FQ_BATCH_ENTRIES];
};

/**
 * struct fq_queue - one CPU's batches, or those of all CPUs
 * @cpu_lock: for a CPU's queue: keeps interrupts away. The other members are
 *	protected by it, or by @lock, if not said otherwise.
 * @lock: for a queue that all CPUs share
 * @head: oldest batch
 * @tail: youngest batch, the one that entries are added to
 * @spares: empty batches
 * @nr_spares: how many
 * @armed: the timer is pending, or running and about to set itself again
 * @expires: when it is pending for, in jiffies
 * @queued: entries in all batches; read without the lock
 * @fresh: entries that were added in @fresh_epoch; read without the lock
 * @fresh_epoch: epoch of @tail when it was begun; read without the lock
 * @fresh_since: jiffies when the first entry of @fresh_epoch was added
 * @timer: runs on the CPU that queues
 * @kick: releases on the CPU of the queue what another CPU wants back soon
 * @fq: what the queue belongs to, constant
 *
 * Memory: the batches of the current epoch, bounded by the watermark, and
 * covered ones, which leave faster than new ones come.
 */
struct fq_queue {
	local_lock_t		cpu_lock;	/* see above */
	spinlock_t		lock;		/* see above */
	struct fq_batch		*head;
	struct fq_batch		*tail;
	struct fq_batch		*spares;
	unsigned int		nr_spares;
	bool			armed;
	unsigned long		expires;
	unsigned long		queued;
	unsigned long		fresh;
	u64			fresh_epoch;
	unsigned long		fresh_since;
	struct timer_list	timer;
	struct irq_work		kick;
	struct iommu_fq		*fq;
};

/**
 * struct iommu_fq - flush queues of one IOVA domain
 * @iovad: where ranges go back to; it outlives the queues
 * @flush: the user's function, see iommu_fq_create()
 * @token: its first argument
 * @queues: a queue for each possible CPU, or NULL
 * @single: one queue for all CPUs, or NULL
 * @watermark: entries that wait, in one epoch, before their CPU flushes
 * @delay: jiffies that an entry waits at most
 * @open: entries are accepted; changed by one caller at a time. Read before any
 *	member of a queue, so that a CPU that was late does not go on with a
 *	queue as it was before it was closed and opened again.
 * @list: in the list of all queues, under fq_list_lock
 * @begun: number of the flush that was begun last
 * @done: highest number of a flush that is over
 * @failed: highest number of a flush that failed. A batch of an epoch before it
 *	that is still here is never reused: a few may have been confirmed by an
 *	earlier flush, but that is not worth knowing.
 * @done_ns: local time when the last flush was over, while collecting
 * @flushes: flushes by cause
 * @quarantined_ranges: ranges never used again
 * @quarantined_tables: pages of page tables likewise
 * @entries: histogram, see struct iommu_fq_stats
 * @age_us: histogram
 */
struct iommu_fq {
	struct iova_domain	*iovad;
	bool			(*flush)(void *token, enum iommu_fq_cause cause,
					 u64 nr);
	void			*token;
	struct fq_queue	__percpu *queues;
	struct fq_queue		*single;
	unsigned int		watermark;
	unsigned long		delay;
	bool			open;
	struct list_head	list;
	/* Written at each flush */
	atomic64_t		begun ____cacheline_aligned_in_smp;
	atomic64_t		done;
	atomic64_t		failed;
	u64			done_ns;
	atomic_long_t		flushes[IOMMU_FQ_CAUSES];
	atomic_long_t		quarantined_ranges;
	atomic_long_t		quarantined_tables;
	atomic_long_t		entries[IOMMU_FQ_BUCKETS];
	atomic_long_t		age_us[IOMMU_FQ_BUCKETS];
};

static_assert(sizeof(struct fq_batch) <= 512);

/**
 * iommu_fq_cpus() - give the CPUs whose queues are all queues
 * @fq: queues
 *
 * Return: a mask to go through with iommu_fq_queue().
 */
static inline const struct cpumask *iommu_fq_cpus(struct iommu_fq *fq)
{
	return fq->single ? cpumask_of(0) : cpu_possible_mask;
}

/**
 * iommu_fq_queue() - give the queue of a CPU
 * @fq: queues
 * @cpu: number of the CPU
 *
 * Return: its queue, or the one that all CPUs share.
 */
static inline struct fq_queue *iommu_fq_queue(struct iommu_fq *fq, unsigned int cpu)
{
	return fq->single ?: per_cpu_ptr(fq->queues, cpu);
}

bool iommu_fq_is_open(struct iommu_fq *fq);
void iommu_fq_add(struct iommu_fq *fq, unsigned long pfn, unsigned long pages,
		  struct list_head *tables);
bool iommu_fq_relieve(struct iommu_fq *fq);

/* For fq-control.c */
bool iommu_fq_flush(struct iommu_fq *fq, enum iommu_fq_cause cause);
void iommu_fq_timeout(struct timer_list *timer);
void iommu_fq_kicked(struct irq_work *kick);
void iommu_fq_kick_others(struct iommu_fq *fq);
unsigned long iommu_fq_queued(struct iommu_fq *fq);
void iommu_fq_drain(struct iommu_fq *fq, struct fq_queue *q);

#endif /* _IOMMU_DMA_FQ_H */
