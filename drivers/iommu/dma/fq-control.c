// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flush queues as a whole: making and ending them, opening and closing, CPUs
 * that go offline, the settings. See fq.h.
 */

#include <linux/cleanup.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "fq-control.h"

static LIST_HEAD(fq_list);
static DEFINE_MUTEX(fq_list_lock);
static unsigned int fq_watermark = IOMMU_FQ_WATERMARK;
static unsigned int fq_delay_ms = IOMMU_FQ_DELAY;

static void queue_free_spares(struct fq_queue *q)
{
	struct fq_batch *batch;

	while ((batch = q->spares)) {
		q->spares = batch->next;
		kfree(batch);
	}
	q->nr_spares = 0;
}

static void fq_close(struct iommu_fq *fq, enum iommu_fq_cause cause)
{
	unsigned int cpu;

	WRITE_ONCE(fq->open, false);
	/*
	 * After a grace period no CPU still sees ->open set. Expedited, because
	 * user space waits for the policy switch.
	 */
	if (cause == IOMMU_FQ_SWITCH)
		synchronize_rcu_expedited();
	else
		synchronize_rcu();

	guard(cpus_read_lock)();
	for_each_cpu(cpu, iommu_fq_cpus(fq))
		timer_delete_sync(&iommu_fq_queue(fq, cpu)->timer);

	if (iommu_fq_queued(fq))
		iommu_fq_flush(fq, cause);
	for_each_cpu(cpu, iommu_fq_cpus(fq))
		iommu_fq_drain(fq, iommu_fq_queue(fq, cpu));
}

/**
 * iommu_fq_open() - accept entries
 * @fq: queues, closed or open
 *
 * Context: Process context. The caller opens and closes them one at a time.
 */
void iommu_fq_open(struct iommu_fq *fq)
{
	/* Pairs with iommu_fq_is_open(): the queues are as they were closed */
	smp_store_release(&fq->open, true);
}

/**
 * iommu_fq_close() - drain the queues and accept no entry
 * @fq: queues, closed or open
 *
 * When it returns, nothing waits: every range that was handed over before is
 * freed or quarantined, and each later one is flushed for at once.
 *
 * Context: Process context, may sleep. The caller opens and closes them one at a
 * time.
 */
void iommu_fq_close(struct iommu_fq *fq)
{
	if (fq->open)
		fq_close(fq, IOMMU_FQ_SWITCH);
}

static int fq_cpu_dead(unsigned int cpu)
{
	struct iommu_fq *fq;

	lockdep_assert_cpus_held();

	guard(mutex)(&fq_list_lock);
	list_for_each_entry(fq, &fq_list, list) {
		struct fq_queue *q;

		if (fq->single)
			continue;
		q = per_cpu_ptr(fq->queues, cpu);
		timer_delete_sync(&q->timer);
		if (q->head) {
			iommu_fq_flush(fq, IOMMU_FQ_OFFLINE);
			iommu_fq_drain(fq, q);
		}
		q->armed = false;
		queue_free_spares(q);
	}

	return 0;
}

/**
 * iommu_fq_setup() - prepare for CPUs that go offline
 *
 * Context: Process context, may sleep.
 * Return: 0 or a negative errno.
 */
int iommu_fq_setup(void)
{
	int ret;

	/* Above CPUHP_TIMERS_PREPARE, so before a dead CPU's timers are moved */
	ret = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "iommu/fq:dead",
					NULL, fq_cpu_dead);
	return min(ret, 0);
}

/* Making and ending */

static void queue_init(struct iommu_fq *fq, struct fq_queue *q)
{
	local_lock_init(&q->cpu_lock);
	spin_lock_init(&q->lock);
	q->fq = fq;
	timer_setup(&q->timer, iommu_fq_timeout, fq->single ? 0 : TIMER_PINNED);
	init_irq_work(&q->kick, iommu_fq_kicked);
}

static int fq_init_queues(struct iommu_fq *fq, bool single)
{
	unsigned int cpu;

	if (single)
		fq->single = kzalloc(sizeof(*fq->single), GFP_KERNEL);
	else
		fq->queues = alloc_percpu(struct fq_queue);
	if (!fq->single && !fq->queues)
		return -ENOMEM;

	for_each_cpu(cpu, iommu_fq_cpus(fq))
		queue_init(fq, iommu_fq_queue(fq, cpu));

	return 0;
}

static void fq_apply_settings(struct iommu_fq *fq)
{
	unsigned int watermark = IOMMU_FQ_SINGLE_WATERMARK;
	unsigned int ms = IOMMU_FQ_SINGLE_DELAY;

	lockdep_assert_held(&fq_list_lock);

	if (!fq->single) {
		watermark = fq_watermark;
		ms = fq_delay_ms;
	}
	WRITE_ONCE(fq->watermark, watermark);
	WRITE_ONCE(fq->delay, msecs_to_jiffies(ms));
}

/**
 * iommu_fq_create() - make the queues of a domain, closed
 * @iovad: domain with caches, valid until the queues are destroyed
 * @flush: invalidates all that is out of the page tables, and returns whether
 *	the hardware has confirmed it. Called in any context but
 *	NMI, without a lock held, by several CPUs at once, with the cause and
 *	the number of the flush.
 * @token: first argument of @flush
 * @single: one queue for all CPUs
 *
 * Context: Process context, may sleep.
 * Return: the queues, or NULL if there is no memory.
 */
struct iommu_fq *iommu_fq_create(struct iova_domain *iovad,
				 bool (*flush)(void *token,
					       enum iommu_fq_cause cause,
					       u64 nr),
				 void *token, bool single)
{
	struct iommu_fq *fq __free(kfree) = kzalloc(sizeof(*fq), GFP_KERNEL);

	if (!fq || fq_init_queues(fq, single))
		return NULL;

	fq->iovad = iovad;
	fq->flush = flush;
	fq->token = token;

	guard(mutex)(&fq_list_lock);
	fq_apply_settings(fq);
	list_add(&fq->list, &fq_list);

	return_ptr(fq);
}

static void queue_destroy(struct fq_queue *q)
{
	timer_shutdown_sync(&q->timer);
	irq_work_sync(&q->kick);
	queue_free_spares(q);
}

/**
 * iommu_fq_destroy() - drain and end a domain's queues
 * @fq: queues that are no longer used, or NULL
 *
 * Context: Process context, may sleep.
 */
void iommu_fq_destroy(struct iommu_fq *fq)
{
	unsigned int cpu;

	if (!fq)
		return;

	if (fq->open)
		fq_close(fq, IOMMU_FQ_TEARDOWN);
	scoped_guard(mutex, &fq_list_lock)
		list_del(&fq->list);

	for_each_cpu(cpu, iommu_fq_cpus(fq))
		queue_destroy(iommu_fq_queue(fq, cpu));
	kfree(fq->single);
	free_percpu(fq->queues);
	kfree(fq);
}

/* Settings */

static int fq_set(unsigned int *setting, unsigned int value, unsigned int max)
{
	struct iommu_fq *fq;
	bool lower;

	if (!value || value > max)
		return -EINVAL;

	guard(mutex)(&fq_list_lock);
	lower = value < *setting;
	WRITE_ONCE(*setting, value);
	list_for_each_entry(fq, &fq_list, list) {
		fq_apply_settings(fq);
		/* What waits now was added under the old setting */
		if (lower && !fq->single && iommu_fq_queued(fq)) {
			iommu_fq_flush(fq, IOMMU_FQ_TUNING);
			iommu_fq_kick_others(fq);
		}
	}

	return 0;
}

/**
 * iommu_fq_watermark() - tell how many entries a CPU lets wait
 *
 * Return: the setting.
 */
unsigned int iommu_fq_watermark(void)
{
	return READ_ONCE(fq_watermark);
}

/**
 * iommu_fq_set_watermark() - set how many entries a CPU lets wait
 * @entries: number of unmapped ranges, 1 to IOMMU_FQ_WATERMARK_MAX
 *
 * A lower value takes effect at once: what waits is flushed. Queues that all
 * CPUs share keep theirs.
 *
 * Context: Process context, may sleep.
 * Return: 0, or -EINVAL and nothing is changed.
 */
int iommu_fq_set_watermark(unsigned int entries)
{
	return fq_set(&fq_watermark, entries, IOMMU_FQ_WATERMARK_MAX);
}

/**
 * iommu_fq_delay() - tell how long an entry waits at most
 *
 * Return: the setting, in milliseconds.
 */
unsigned int iommu_fq_delay(void)
{
	return READ_ONCE(fq_delay_ms);
}

/**
 * iommu_fq_set_delay() - set how long an entry waits at most
 * @ms: milliseconds, 1 to IOMMU_FQ_DELAY_MAX
 *
 * A lower value takes effect at once: what waits is flushed. Queues that all
 * CPUs share keep theirs.
 *
 * Context: Process context, may sleep.
 * Return: 0, or -EINVAL and nothing is changed.
 */
int iommu_fq_set_delay(unsigned int ms)
{
	return fq_set(&fq_delay_ms, ms, IOMMU_FQ_DELAY_MAX);
}

/**
 * iommu_fq_stats() - tell what queues hold and did
 * @fq: queues
 * @stats: filled in; a snapshot that other CPUs may be changing
 *
 * Context: Any context. Takes no lock.
 */
void iommu_fq_stats(struct iommu_fq *fq, struct iommu_fq_stats *stats)
{
	stats->waiting = iommu_fq_queued(fq);
	stats->quarantined_ranges = atomic_long_read(&fq->quarantined_ranges);
	stats->quarantined_tables = atomic_long_read(&fq->quarantined_tables);
	for (unsigned int i = 0; i < IOMMU_FQ_CAUSES; i++)
		stats->flushes[i] = atomic_long_read(&fq->flushes[i]);
	for (unsigned int i = 0; i < IOMMU_FQ_BUCKETS; i++) {
		stats->entries[i] = atomic_long_read(&fq->entries[i]);
		stats->age_us[i] = atomic_long_read(&fq->age_us[i]);
	}
}
