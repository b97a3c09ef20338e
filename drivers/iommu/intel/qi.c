// SPDX-License-Identifier: GPL-2.0-only
/*
 * Submissions to the invalidation queue (specification 6.5.2): reserve, publish,
 * ring, wait.
 *
 * qi-internal.h tells what a submission goes through and why no lock is needed.
 * qi-ring.c allocates the queue and turns it on, qi-repair.c repairs it.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/math64.h>
#include <linux/sched/clock.h>
#include <linux/timex.h>
#include <asm/tsc.h>

#include "perf.h"
#include "qi-internal.h"
#include "trace.h"
#include "unit.h"

/* Looks at the status word between two looks at the clock and the unit */
#define QI_SPINS	512

/* Submissions whose slots one CPU frees when space is short */
#define QI_RECLAIM	64

/* Submissions complete in order, but a CPU may see one before those ahead of it */
static u64 qi_walk_complete(struct vtd_qi *qi, u64 position)
{
	unsigned int i;

	for (i = 0; i < QI_RECLAIM; i++) {
		u64 end = qi_published_end(qi, position);

		if (!end || !qi_complete(qi, end))
			break;
		position = end;
	}
	return position;
}

/* Free the slots of what is complete; false if there is nothing to free */
static bool qi_reclaim(struct vtd_qi *qi)
{
	s64 freed = atomic64_read(&qi->freed);
	s64 to = atomic64_read(&qi->completed);

	if (to <= freed)
		to = qi_walk_complete(qi, freed);
	if (to == freed)
		return false;
	/* If another CPU was faster, there is space all the same */
	atomic64_try_cmpxchg(&qi->freed, &freed, to);
	return true;
}

static bool qi_has_space(struct vtd_qi *qi, u64 end)
{
	/* One slot stays free: a ring with equal ends is empty */
	while (unlikely(end - atomic64_read(&qi->freed) >= QI_SLOTS))
		if (!qi_reclaim(qi))
			return false;
	return true;
}

/* No interrupt handler may run between this and qi_publish() */
static bool qi_reserve(struct vtd_qi *qi, unsigned int slots, u64 *start)
{
	s64 from = atomic64_read(&qi->reserved);

	lockdep_assert_irqs_disabled();

	do {
		if (unlikely(from < 0 || !qi_has_space(qi, from + slots)))
			return false;
	} while (!atomic64_try_cmpxchg(&qi->reserved, &from, from + slots));

	*start = from;
	return true;
}

static void qi_publish(struct vtd_qi *qi, u64 start, const struct vtd_desc *descs,
		       unsigned int count)
{
	u64 wait = start + count;
	unsigned int i, slot = qi_slot(wait);

	lockdep_assert_irqs_disabled();

	for (i = 0; i < count; i++)
		qi_write_slot(qi, start + i, descs[i]);
	qi_write_slot(qi, wait, vtd_desc_wait(qi->status_phys + slot * sizeof(u32),
					      wait + 1));
	/*
	 * Less than what is waited for, however long the slot had no wait in
	 * it; and no less than what an earlier owner may still be waiting for.
	 */
	WRITE_ONCE(qi->status[slot], (u32)wait);
	/* Pairs with qi_published_end() */
	atomic64_set_release(&qi->ends[qi_slot(start)], wait + 1);
}

/* An interrupt handler that ran here could wait for this CPU to ring */
static void qi_ring(struct intel_iommu *unit, struct vtd_qi *qi)
{
	u64 from, to, end;

	lockdep_assert_irqs_disabled();

	if (test_and_set_bit_lock(0, &qi->ringing))
		return;

	from = atomic64_read(&qi->rung);
	to = from;
	while ((end = qi_published_end(qi, to)))
		to = end;
	if (to != from) {
		atomic64_set(&qi->rung, to);
		qi->doorbells++;
		vtd_write32(&unit->regs, VTD_IQT_REG, qi_slot(to) << qi->slot_log2);
	}
	clear_bit_unlock(0, &qi->ringing);
}

/* The unit does not know some published descriptors yet, maybe those of this CPU */
static void qi_ring_again(struct intel_iommu *unit, struct vtd_qi *qi)
{
	guard(irqsave)();
	qi_ring(unit, qi);
}

static bool qi_has_error(struct intel_iommu *unit)
{
	return vtd_read32(&unit->regs, VTD_FSTS_REG) &
	       (VTD_FSTS_QUEUE_ERROR | VTD_FSTS_COMPLETION_ERROR |
		VTD_FSTS_TIMEOUT_ERROR);
}

/*
 * Repair the unit if it reports an error, if it still is in @generation. Not
 * inlined: a submission that goes well must not save registers for it.
 */
static noinline void qi_look_after(struct intel_iommu *unit, u32 generation, bool stalled)
{
	if (!stalled && !qi_has_error(unit))
		return;
	qi_repair(unit, generation, stalled);
	/* Another error may be there by now. While one is, faults raise no interrupt. */
	vtd_qi_look(unit);
	vtd_fault_handle(unit);
}

/* Return false if neither the unit nor a repair completed @end in time */
static bool qi_wait(struct intel_iommu *unit, struct vtd_qi *qi, u64 start, u64 end,
		    u32 generation)
{
	u64 begun = 0, since = 0;
	unsigned int spins = 0;
	bool stalled;
	u32 now;

	while (!qi_complete(qi, end)) {
		if (atomic64_read(&qi->rung) <= start)
			qi_ring_again(unit, qi);
		cpu_relax();
		if (likely(++spins % QI_SPINS))
			continue;
		if (!begun)
			begun = local_clock();
		now = READ_ONCE(qi->generation);
		/* After a repair, all that is pending has its time again */
		if (!since || now != generation)
			since = local_clock();
		generation = now;
		/* We may have been off the CPU: the clock first, then the status */
		stalled = qi_passed(since, QI_STALL_NS);
		if (!qi_complete(qi, end))
			qi_look_after(unit, generation, stalled);
		if (READ_ONCE(qi->failed) || qi_passed(begun, QI_STALLS * QI_STALL_NS))
			return qi_complete(qi, end);
	}
	return true;
}

static bool qi_was_refused(struct vtd_qi *qi, u64 end)
{
	unsigned int i;

	for (i = 0; i < QI_REFUSED; i++)
		if (READ_ONCE(qi->refused[i]) == end)
			return true;
	return false;
}

static bool qi_has_timed_out(struct vtd_qi *qi, const struct vtd_desc *descs,
			     unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (FIELD_GET(VTD_DESC_TYPE, descs[i].lo) == VTD_DESC_DEVICE_TLB &&
		    test_bit(FIELD_GET(VTD_DESC_DEVICE_SID, descs[i].lo), qi->timed_out))
			return true;
	return false;
}

/* Submissions that are not even tried */
static int qi_refuse(struct vtd_qi *qi, const struct vtd_desc *descs,
		     unsigned int count)
{
	if (READ_ONCE(qi->failed))
		return -EIO;
	return qi_has_timed_out(qi, descs, count) ? -ETIMEDOUT : 0;
}

/* Return -EAGAIN if any submission failed in between, -EBUSY if there is no space */
static int qi_submit_once(struct intel_iommu *unit, struct vtd_qi *qi,
			  const struct vtd_desc *descs, unsigned int count)
{
	u32 generation = READ_ONCE(qi->generation);
	unsigned long flags;
	u64 start, end;

	local_irq_save(flags);
	if (unlikely(!qi_reserve(qi, count + 1, &start))) {
		local_irq_restore(flags);
		return -EBUSY;
	}
	qi_publish(qi, start, descs, count);
	qi_ring(unit, qi);
	local_irq_restore(flags);

	end = start + count + 1;
	if (unlikely(!qi_wait(unit, qi, start, end, generation)))
		return -EIO;
	atomic64_set(&qi->completed, end);
	/* Pairs with qi_new_generation(): the status that a repair wrote came after */
	smp_rmb();
	if (likely(READ_ONCE(qi->generation) == generation))
		return 0;
	return qi_was_refused(qi, end) ? -EIO : -EAGAIN;
}

/* The ring is full or being repaired: give the unit, or the other CPU, time */
static void qi_wait_for_space(struct intel_iommu *unit, struct vtd_qi *qi)
{
	u32 generation = READ_ONCE(qi->generation);

	qi_ring_again(unit, qi);
	qi_look_after(unit, generation, false);
	cpu_relax();
}

static int qi_submit(struct intel_iommu *unit, struct vtd_qi *qi,
		     const struct vtd_desc *descs, unsigned int count)
{
	unsigned int tries = 0;
	u64 since = 0;
	int ret;

	for (;;) {
		ret = unlikely(READ_ONCE(qi->degraded)) ?
			qi_refuse(qi, descs, count) : 0;
		if (ret)
			return ret;
		ret = qi_submit_once(unit, qi, descs, count);
		if (likely(!ret) || ret == -EIO)
			return ret;
		if (!since)
			since = local_clock();
		if (ret == -EBUSY)
			qi_wait_for_space(unit, qi);
		else if (++tries == QI_RETRIES)
			break;
		/* Errors of others may undo this submission several times */
		if (qi_passed(since, QI_STALLS * QI_STALL_NS))
			break;
	}
	/* The last error may have been of the device that is flushed here */
	return qi_refuse(qi, descs, count) ?: -EIO;
}

static void qi_account(struct intel_iommu *unit, struct vtd_qi *qi,
		       const struct vtd_desc *descs, unsigned int count,
		       u64 cycles, int ret)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		this_cpu_inc(qi->counts->kind[descs[i].lo % QI_KINDS]);
	this_cpu_inc(qi->counts->waits);
	if ((s64)cycles > (s64)this_cpu_read(qi->counts->longest))
		this_cpu_write(qi->counts->longest, cycles);
	if (unlikely(ret)) {
		this_cpu_inc(qi->counts->failed);
		pr_err_ratelimited("%s: invalidation failed: %d\n", unit->name, ret);
	}
}

static u64 qi_ns(u64 cycles)
{
	return div_u64(cycles * USEC_PER_SEC, max(tsc_khz, 1U));
}

/* For the latency statistics of debugfs, which are off as a rule */
static void qi_measure(struct intel_iommu *unit, const struct vtd_desc *descs,
		       unsigned int count, u64 ns)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		switch (FIELD_GET(VTD_DESC_TYPE, descs[i].lo)) {
		case VTD_DESC_IOTLB:
			dmar_latency_update(unit, DMAR_LATENCY_INV_IOTLB, ns);
			break;
		case VTD_DESC_DEVICE_TLB:
			dmar_latency_update(unit, DMAR_LATENCY_INV_DEVTLB, ns);
			break;
		case VTD_DESC_INTERRUPT:
			dmar_latency_update(unit, DMAR_LATENCY_INV_IEC, ns);
			break;
		}
	}
}

/**
 * vtd_qi_submit() - submit descriptors to a unit and wait for their completion
 * @unit: unit with a queue
 * @descs: descriptors without a wait
 * @count: their number, at most VTD_QI_BATCH
 *
 * After an error of the unit or of a device, descriptors are submitted again if
 * they may not have been executed: executing a descriptor twice must be harmless.
 * A stalled unit is restarted.
 *
 * Specification 6.5.2.
 *
 * Context: Any context but NMI; spins until the unit is done, in the worst case some
 *	seconds, with interrupts as the caller has them, without a lock.
 * Return: 0 if all is done; -ETIMEDOUT if a device-TLB that is among @descs did
 *	not answer, see vtd_qi_timed_out(); -EIO if the unit refused a descriptor,
 *	or does not answer.
 */
int vtd_qi_submit(struct intel_iommu *unit, const struct vtd_desc *descs,
		  unsigned int count)
{
	struct vtd_qi *qi = unit->qi;
	cycles_t start = get_cycles();
	int ret;

	if (trace_qi_submit_enabled())
		vtd_trace_submit(unit, descs, count);
	ret = qi_submit(unit, qi, descs, count);
	start = get_cycles() - start;
	qi_account(unit, qi, descs, count, start, ret);
	if (unlikely(READ_ONCE(unit->perf_statistic)))
		qi_measure(unit, descs, count, qi_ns(start));
	return ret;
}

/**
 * vtd_qi_look() - repair a queue that reported an error while no CPU waits
 * @unit: unit
 *
 * As long as an error bit is set, no fault raises an interrupt.
 *
 * Context: Any context but NMI.
 */
void vtd_qi_look(struct intel_iommu *unit)
{
	u32 generation;

	if (!unit->qi)
		return;
	generation = READ_ONCE(unit->qi->generation);
	if (qi_has_error(unit))
		qi_repair(unit, generation, false);
}

/**
 * vtd_qi_timed_out() - tell whether a device-TLB timed out
 * @unit: unit
 * @sid: source-id of the device
 *
 * Context: Any context.
 * Return: true from the time the timeout was found until vtd_qi_clear_timeout().
 */
bool vtd_qi_timed_out(struct intel_iommu *unit, u16 sid)
{
	return unit->qi && test_bit(sid, unit->qi->timed_out);
}

/**
 * vtd_qi_clear_timeout() - allow invalidations of a device-TLB again
 * @unit: unit
 * @sid: source-id of a device that was reset, or replaced
 *
 * Context: Any context.
 */
void vtd_qi_clear_timeout(struct intel_iommu *unit, u16 sid)
{
	if (unit->qi)
		clear_bit(sid, unit->qi->timed_out);
}

static void qi_add_counts(struct vtd_qi_stats *stats,
			  const struct vtd_qi_counts *counts)
{
	const unsigned int step = BIT(4);
	const u64 *iotlb = counts->kind + VTD_DESC_IOTLB;
	unsigned int i;

	stats->waits += counts->waits;
	stats->failed += counts->failed;
	stats->longest_ns = max(stats->longest_ns, counts->longest);
	stats->iotlb_global += iotlb[VTD_GRANULARITY_GLOBAL * step];
	stats->iotlb_domain += iotlb[VTD_GRANULARITY_DOMAIN * step];
	stats->iotlb_pages += iotlb[VTD_GRANULARITY_PAGE * step];
	for (i = 0; i < QI_KINDS; i += step) {
		stats->context += counts->kind[i + VTD_DESC_CONTEXT];
		stats->device_tlb += counts->kind[i + VTD_DESC_DEVICE_TLB];
		stats->interrupts += counts->kind[i + VTD_DESC_INTERRUPT];
	}
}

/**
 * vtd_qi_read_stats() - read the statistics of a queue
 * @unit: unit; without a queue, all is 0
 * @stats: what to fill in
 *
 * Context: Any context. Figures are not of one moment.
 */
void vtd_qi_read_stats(struct intel_iommu *unit, struct vtd_qi_stats *stats)
{
	struct vtd_qi *qi = unit->qi;
	int cpu;

	memset(stats, 0, sizeof(*stats));
	if (!qi)
		return;
	*stats = qi->stats;
	stats->doorbells = READ_ONCE(qi->doorbells);
	for_each_possible_cpu(cpu)
		qi_add_counts(stats, per_cpu_ptr(qi->counts, cpu));
	stats->longest_ns = qi_ns(stats->longest_ns);
}

/**
 * vtd_qi_peek() - show one slot of the ring
 * @unit: unit with a queue
 * @slot: number of the slot
 * @desc: filled with what is there, which may be changing
 * @status: filled with the status word of the slot
 *
 * Context: Any context.
 * Return: bytes per slot, 0 if there is no such slot.
 */
unsigned int vtd_qi_peek(struct intel_iommu *unit, unsigned int slot,
			 struct vtd_desc *desc, u32 *status)
{
	struct vtd_qi *qi = unit->qi;

	if (!qi || slot >= QI_SLOTS)
		return 0;
	*desc = qi_read_slot(qi, slot);
	*status = READ_ONCE(qi->status[slot]);
	return 1U << qi->slot_log2;
}
