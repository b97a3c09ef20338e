// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flush queues: the way of an entry, from iommu_fq_add() through a flush to the
 * IOVA allocator. See fq.h for how they work.
 */

#define pr_fmt(fmt) "iommu: " fmt

#include <linux/bitops.h>
#include <linux/cleanup.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

#include "fq.h"
#include "free.h"
#include "stats.h"
#include "../iommu-pages.h"

/*
 * Covered batches that leave when a new one is begun. All that a flush covers
 * should leave together, at the usual watermark: then addresses come back in the
 * order they left in, and neighbours go on sharing page tables.
 */
#define FQ_RELEASE		16
/* What relieving an address space may cost, in batches */
#define FQ_RELIEF		16
/* Empty batches that a CPU keeps */
#define FQ_SPARES		10
/* Time that a timer spends on releasing */
#define FQ_BUDGET_NS		(200 * NSEC_PER_USEC)

static void fq_count(atomic_long_t *buckets, u64 value)
{
	atomic_long_inc(&buckets[min(fls64(value), IOMMU_FQ_BUCKETS - 1)]);
}

/**
 * iommu_fq_is_open() - tell whether entries are accepted
 * @fq: queues
 *
 * Context: Any context. The answer may be out of date at once, but a queue is not seen
 * older than it.
 * Return: whether they are open.
 */
bool iommu_fq_is_open(struct iommu_fq *fq)
{
	/* Pairs with iommu_fq_open() */
	return smp_load_acquire(&fq->open);
}

/**
 * iommu_fq_queued() - tell how much waits in all queues
 * @fq: queues
 *
 * Context: Any context. The answer may be out of date at once.
 * Return: number of ranges.
 */
unsigned long iommu_fq_queued(struct iommu_fq *fq)
{
	unsigned long queued = 0;
	unsigned int cpu;

	for_each_cpu(cpu, iommu_fq_cpus(fq))
		queued += READ_ONCE(iommu_fq_queue(fq, cpu)->queued);

	return queued;
}

/* Lock this CPU's queue, or the one that all CPUs share */
static struct fq_queue *queue_lock(struct iommu_fq *fq, unsigned long *flags)
	__acquires(&fq->single->lock)
{
	struct fq_queue *single = fq->single;

	if (unlikely(single)) {
		spin_lock_irqsave(&single->lock, *flags);
		return single;
	}

	local_lock_irqsave(&fq->queues->cpu_lock, *flags);
	__acquire(&single->lock);	/* sparse: held on both ways out */

	return this_cpu_ptr(fq->queues);
}

static void queue_unlock(struct iommu_fq *fq, struct fq_queue *q, unsigned long flags)
	__releases(&fq->single->lock)
{
	if (unlikely(q == fq->single)) {
		spin_unlock_irqrestore(&q->lock, flags);
		return;
	}

	local_unlock_irqrestore(&fq->queues->cpu_lock, flags);
	__release(&q->lock);
}

static void queue_assert_locked(struct fq_queue *q)
{
	lockdep_assert(lockdep_is_held(&q->cpu_lock) || lockdep_is_held(&q->lock));
}

/* Batches: where they come from and go to */

static struct fq_batch *batch_get(struct fq_queue *q)
{
	struct fq_batch *batch = q->spares;

	if (!batch)
		return kmalloc(sizeof(*batch), GFP_NOWAIT | __GFP_NOWARN);

	q->spares = batch->next;
	q->nr_spares--;
	return batch;
}

static void batch_put(struct fq_queue *q, struct fq_batch *batch)
{
	if (q->nr_spares >= FQ_SPARES) {
		kfree(batch);
		return;
	}

	batch->next = q->spares;
	q->spares = batch;
	q->nr_spares++;
}

static void queue_arm(struct fq_queue *q, unsigned long expires)
{
	q->armed = true;
	q->expires = expires;
	mod_timer(&q->timer, expires);
}

static noinline struct fq_batch *queue_begin_batch(struct iommu_fq *fq,
						   struct fq_queue *q, u64 epoch)
{
	struct fq_batch *batch = batch_get(q);
	unsigned long due;

	if (!batch)
		return NULL;

	INIT_LIST_HEAD(&batch->tables);
	batch->next = NULL;
	batch->epoch = epoch;
	batch->opened = jiffies;
	batch->since_ns = iommu_dma_collecting() ? local_clock() : 0;
	batch->nr = 0;

	if (q->tail)
		q->tail->next = batch;
	else
		q->head = batch;
	q->tail = batch;

	if (q->fresh_epoch != epoch) {
		WRITE_ONCE(q->fresh, 0);
		WRITE_ONCE(q->fresh_epoch, epoch);
		q->fresh_since = batch->opened;
	}
	/* It may be armed for a delay that has been lowered since */
	due = batch->opened + READ_ONCE(fq->delay);
	if (!q->armed || time_before(due, q->expires))
		queue_arm(q, due);

	return batch;
}

/* What an entry asks of the CPU that has added it */
enum fq_verdict {
	FQ_CLOSED,	/* nothing was added */
	FQ_NO_MEMORY,	/* nothing was added */
	FQ_QUEUED,
	FQ_BEGAN_BATCH,	/* time to release covered ones */
	FQ_FULL,	/* time to flush */
};

static enum fq_verdict queue_add(struct iommu_fq *fq, struct fq_queue *q,
				 struct fq_entry entry, struct list_head *tables,
				 u64 *epoch)
{
	struct fq_batch *batch;

	queue_assert_locked(q);

	if (unlikely(!iommu_fq_is_open(fq)))
		return FQ_CLOSED;

	/*
	 * The page tables are written before the number is read: a flush with
	 * a higher one covers these entries. Pairs with the increment in
	 * iommu_fq_flush().
	 */
	smp_mb();
	*epoch = atomic64_read(&fq->begun);
	batch = q->tail;
	if (!batch || batch->nr == FQ_BATCH_ENTRIES || batch->epoch != *epoch) {
		batch = queue_begin_batch(fq, q, *epoch);
		if (unlikely(!batch))
			return FQ_NO_MEMORY;
	}

	batch->entries[batch->nr++] = entry;
	if (unlikely(!list_empty(tables)))
		list_splice_tail_init(tables, &batch->tables);
	WRITE_ONCE(q->queued, q->queued + 1);
	WRITE_ONCE(q->fresh, q->fresh + 1);
	if (unlikely(q->fresh >= READ_ONCE(fq->watermark)))
		return FQ_FULL;

	return batch->nr == 1 ? FQ_BEGAN_BATCH : FQ_QUEUED;
}

/* Releasing */

static void fq_quarantine(struct iommu_fq *fq, unsigned int ranges,
			  struct list_head *tables)
{
	atomic_long_add(ranges, &fq->quarantined_ranges);
	atomic_long_add(list_count_nodes(tables), &fq->quarantined_tables);
}

static void fq_count_age(struct iommu_fq *fq, struct fq_batch *batch)
{
	u64 done_ns = READ_ONCE(fq->done_ns);

	if (batch->since_ns && done_ns > batch->since_ns)
		fq_count(fq->age_us, div_u64(done_ns - batch->since_ns, NSEC_PER_USEC));
}

/* Release the oldest batch: a flush that covers it is over */
static void queue_release_head(struct iommu_fq *fq, struct fq_queue *q,
			       struct list_head *tables)
{
	struct fq_batch *batch = q->head;

	q->head = batch->next;
	if (!q->head)
		q->tail = NULL;
	WRITE_ONCE(q->queued, q->queued - batch->nr);

	if (unlikely(batch->epoch < (u64)atomic64_read(&fq->failed))) {
		fq_quarantine(fq, batch->nr, &batch->tables);
	} else {
		for (unsigned int i = 0; i < batch->nr; i++)
			iommu_dma_free_pfn(fq->iovad, batch->entries[i].pfn,
					   batch->entries[i].pages);
		list_splice_tail(&batch->tables, tables);
		if (iommu_dma_collecting())
			fq_count_age(fq, batch);
	}
	batch_put(q, batch);
}

/* Release the oldest batch if all that is in it has been invalidated */
static bool queue_release(struct iommu_fq *fq, struct fq_queue *q,
			  struct list_head *tables)
{
	queue_assert_locked(q);

	/* What flushes have found out, failure among it, is seen after this */
	if (!q->head || q->head->epoch >= (u64)atomic64_read_acquire(&fq->done))
		return false;

	queue_release_head(fq, q, tables);
	return true;
}

static bool fq_release_one(struct iommu_fq *fq, struct list_head *tables)
{
	unsigned long flags;
	struct fq_queue *q = queue_lock(fq, &flags);
	bool released = iommu_fq_is_open(fq) && queue_release(fq, q, tables);

	queue_unlock(fq, q, flags);

	return released;
}

/* Give back up to @max batches of this CPU; tables go with interrupts on */
static unsigned int fq_release(struct iommu_fq *fq, unsigned int max)
{
	unsigned int released = 0;
	LIST_HEAD(tables);

	/* fq_close() waits until this CPU has released what it took */
	guard(rcu)();
	while (released < max && fq_release_one(fq, &tables))
		released++;
	iommu_put_pages_list(&tables);

	return released;
}

/* Flushing */

static void fq_count_entries(struct iommu_fq *fq, u64 epoch)
{
	unsigned long entries = 0;
	unsigned int cpu;

	for_each_cpu(cpu, iommu_fq_cpus(fq)) {
		struct fq_queue *q = iommu_fq_queue(fq, cpu);

		if (READ_ONCE(q->fresh_epoch) == epoch)
			entries += READ_ONCE(q->fresh);
	}
	fq_count(fq->entries, entries);
}

/* Fully ordered where it changes anything */
static void fq_raise(atomic64_t *number, s64 to)
{
	s64 from = atomic64_read(number);

	while (from < to && !atomic64_try_cmpxchg(number, &from, to))
		;
}

static bool fq_do_flush(struct iommu_fq *fq, enum iommu_fq_cause cause, u64 nr)
{
	bool confirmed;

	if (iommu_dma_collecting())
		fq_count_entries(fq, nr - 1);

	confirmed = fq->flush(fq->token, cause, nr);
	if (unlikely(!confirmed)) {
		fq_raise(&fq->failed, nr);
		pr_warn_ratelimited("a flush was not confirmed; what waited for it is never reused\n");
	}
	if (iommu_dma_collecting())
		WRITE_ONCE(fq->done_ns, local_clock());

	/* Last: a CPU that sees this number sees whether the flush has failed */
	fq_raise(&fq->done, nr);
	atomic_long_inc(&fq->flushes[cause]);

	return confirmed;
}

/**
 * iommu_fq_flush() - flush all that waits on any CPU
 * @fq: queues
 * @cause: why
 *
 * What it covers may be released when it is over, which is another step.
 *
 * Context: Any context but NMI, no spinlock held. Waits for the hardware.
 * Return: whether the hardware has confirmed it.
 */
bool iommu_fq_flush(struct iommu_fq *fq, enum iommu_fq_cause cause)
{
	/* Fully ordered, see queue_add() */
	return fq_do_flush(fq, cause, atomic64_inc_return(&fq->begun));
}

/*
 * Flush unless one was begun after @epoch: that one covers all that there is of
 * it. So CPUs whose entries fall due together do not all flush.
 */
static void fq_flush_epoch(struct iommu_fq *fq, enum iommu_fq_cause cause, u64 epoch)
{
	s64 begun = epoch;

	/* Fully ordered, see queue_add() */
	if (atomic64_try_cmpxchg(&fq->begun, &begun, epoch + 1))
		fq_do_flush(fq, cause, epoch + 1);
}

/* A range that could not be queued: flush for it alone */
static void fq_flush_for(struct iommu_fq *fq, enum iommu_fq_cause cause,
			 struct fq_entry entry, struct list_head *tables)
{
	if (likely(iommu_fq_flush(fq, cause))) {
		iommu_put_pages_list(tables);
		iommu_dma_free_pfn(fq->iovad, entry.pfn, entry.pages);
	} else {
		fq_quarantine(fq, 1, tables);
	}
	INIT_LIST_HEAD(tables);
}

/**
 * iommu_fq_add() - hand over a range that is no longer mapped
 * @fq: queues
 * @pfn: first PFN of the range in the IOVA domain
 * @pages: its length as it was asked for, in PFNs
 * @tables: pages that its unmapping has freed; empty afterwards
 *
 * The range and the pages are freed when they have been invalidated, or never
 * if the hardware does not confirm that. While the queues are closed, or if memory is
 * short, that happens at once, by a flush for this range alone.
 *
 * Context: Any context but NMI. Now and then flushes, which may wait for hardware.
 */
void iommu_fq_add(struct iommu_fq *fq, unsigned long pfn, unsigned long pages,
		  struct list_head *tables)
{
	struct fq_entry entry = { .pfn = pfn, .pages = pages };
	enum fq_verdict verdict;
	unsigned long flags;
	struct fq_queue *q;
	u64 epoch;

	q = queue_lock(fq, &flags);
	verdict = queue_add(fq, q, entry, tables, &epoch);
	queue_unlock(fq, q, flags);
	if (likely(verdict == FQ_QUEUED))
		return;

	if (unlikely(verdict == FQ_CLOSED)) {
		fq_flush_for(fq, IOMMU_FQ_SWITCH, entry, tables);
		return;
	}
	if (unlikely(verdict == FQ_NO_MEMORY))
		fq_flush_for(fq, IOMMU_FQ_PRESSURE, entry, tables);
	else if (verdict == FQ_FULL)
		fq_flush_epoch(fq, IOMMU_FQ_WATERMARK_REACHED, epoch);
	fq_release(fq, FQ_RELEASE);
}

/**
 * iommu_fq_kicked() - release what is covered, as another CPU asked for it
 * @kick: member of a queue
 *
 * Context: Hard interrupt on the queue's CPU, but for PREEMPT_RT.
 */
void iommu_fq_kicked(struct irq_work *kick)
{
	fq_release(container_of(kick, struct fq_queue, kick)->fq, FQ_RELIEF);
}

/**
 * iommu_fq_kick_others() - have other CPUs release what is covered, soon
 * @fq: queues
 *
 * Context: Any context but NMI.
 */
void iommu_fq_kick_others(struct iommu_fq *fq)
{
	unsigned int cpu;

	if (fq->single)
		return;

	guard(preempt)();	/* a CPU that is online stays so */
	for_each_online_cpu(cpu) {
		struct fq_queue *q = per_cpu_ptr(fq->queues, cpu);

		if (cpu != smp_processor_id() && READ_ONCE(q->queued))
			irq_work_queue_on(&q->kick, cpu);
	}
}

/**
 * iommu_fq_relieve() - free what waits, as space is short
 * @fq: queues
 *
 * Flushes if anything waits, and frees what this CPU has. What others have they
 * free at once, but that is not waited for.
 *
 * Context: Any context but NMI.
 * Return: whether any range was freed.
 */
bool iommu_fq_relieve(struct iommu_fq *fq)
{
	if (!iommu_fq_queued(fq) || !iommu_fq_flush(fq, IOMMU_FQ_PRESSURE))
		return false;

	iommu_fq_kick_others(fq);
	return fq_release(fq, FQ_RELIEF);
}

/* The timer */

/* Tell until when the oldest entry that no flush covers may wait, in jiffies */
static bool queue_due(struct iommu_fq *fq, struct fq_queue *q, u64 begun,
		      unsigned long *due)
{
	u64 done = atomic64_read(&fq->done);

	if (q->tail->epoch < done)
		return false;

	/* Behind covered batches, older epochs than that are being flushed for */
	*due = q->head->epoch >= done ? q->head->opened : q->fresh_since;
	*due += READ_ONCE(fq->delay);
	/* Another CPU's flush may be about to cover it: wait, but once */
	if (q->tail->epoch < begun)
		++*due;

	return true;
}

/*
 * Set the timer to when it is wanted again, if at all; or, unless @flushed
 * tells that it has just been done, say that a flush is due now.
 */
static bool queue_rearm(struct iommu_fq *fq, struct fq_queue *q, bool flushed,
			u64 *begun)
{
	unsigned long next = jiffies + 1, due;

	queue_assert_locked(q);

	*begun = atomic64_read(&fq->begun);
	if (!q->head) {
		q->armed = false;
		return false;
	}

	if (queue_due(fq, q, *begun, &due)) {
		if (!time_before(jiffies, due) && !flushed)
			return true;
		/* What is covered has outlasted the budget: go on with it soon */
		if (q->head->epoch >= (u64)atomic64_read(&fq->done) &&
		    time_before(next, due))
			next = due;
	}
	queue_arm(q, next);

	return false;
}

static bool fq_rearm(struct iommu_fq *fq, bool flushed, u64 *begun)
{
	unsigned long flags;
	struct fq_queue *q = queue_lock(fq, &flags);
	bool due = queue_rearm(fq, q, flushed, begun);

	queue_unlock(fq, q, flags);

	return due;
}

static void fq_release_in_time(struct iommu_fq *fq)
{
	u64 until = local_clock() + FQ_BUDGET_NS;

	while (fq_release(fq, FQ_RELEASE) == FQ_RELEASE && local_clock() < until)
		;
}

/**
 * iommu_fq_timeout() - release what is covered, flush if an entry is due
 * @timer: member of a queue
 *
 * Runs on the CPU of the queue: its timer is pinned, and a CPU that goes offline
 * gives its queues up before its timers move elsewhere.
 *
 * Context: Softirq.
 */
void iommu_fq_timeout(struct timer_list *timer)
{
	struct fq_queue *q = from_timer(q, timer, timer);
	struct iommu_fq *fq = q->fq;
	u64 begun;

	if (!iommu_fq_is_open(fq))
		return;	/* fq_close() drains all of it */

	fq_release_in_time(fq);
	if (!fq_rearm(fq, false, &begun))
		return;

	fq_flush_epoch(fq, IOMMU_FQ_TIMER, begun);
	fq_release_in_time(fq);
	fq_rearm(fq, true, &begun);
}

/**
 * iommu_fq_drain() - release all of a queue after a flush that covers it
 * @fq: queues
 * @q: one of them; no other CPU may touch it
 *
 * Context: Process context, may sleep.
 */
void iommu_fq_drain(struct iommu_fq *fq, struct fq_queue *q)
{
	LIST_HEAD(tables);

	while (q->head) {
		queue_release_head(fq, q, &tables);
		iommu_put_pages_list(&tables);	/* leaves it empty */
		cond_resched();
	}
	q->armed = false;
}
