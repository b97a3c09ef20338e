// SPDX-License-Identifier: GPL-2.0-only
/*
 * Repair of an invalidation queue that stopped (specification 6.5.2.9, 11.4.7.1):
 * find the reason, log it, get the queue going again.
 *
 * One CPU repairs, the others keep polling their status words. Each repair starts
 * a new generation. A submitter that sees a new generation submits again if it is
 * not certain that its descriptors were executed. So a repair only needs to know
 * which descriptor was refused, or which device did not answer.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/bitmap.h>
#include <linux/sched/clock.h>

#include "command.h"
#include "qi-internal.h"
#include "unit.h"

/* How long another CPU may take from reserving to publishing */
#define QI_PUBLISH_NS	(100 * NSEC_PER_MSEC)

/* Reasons of VTD_IQER_REASON, 11.4.9.9 */
static const char * const qi_reasons[] = {
	"no information",
	"invalid tail",
	"error fetching",
	"invalid type",
	"reserved field set",
	"invalid width",
	"tail not aligned",
	"invalid translation mode",
};

/*
 * The position that the head register stands for: it is at most a lap behind
 * the tail.
 */
static u64 qi_head(struct intel_iommu *unit, struct vtd_qi *qi)
{
	unsigned int slot = vtd_read64(&unit->regs, VTD_IQH_REG) >> qi->slot_log2;
	u64 rung = atomic64_read(&qi->rung);

	return rung - qi_slot(rung - slot);
}

/*
 * The first submission that the unit has not completed, or the end of all. What
 * is complete may be freed, and its slots used again, on the way.
 */
static u64 qi_first_pending(struct vtd_qi *qi)
{
	u64 freed, position, end;

	do {
		freed = atomic64_read(&qi->freed);
		position = freed;
		while ((end = qi_published_end(qi, position)) && qi_complete(qi, end))
			position = end;
	} while (freed != atomic64_read(&qi->freed));
	return position;
}

/* Complete submissions whose wait the unit dropped or will never execute */
static void qi_abort(struct vtd_qi *qi, u64 to)
{
	u64 position = qi_first_pending(qi), end;

	lockdep_assert_held(&qi->repair_lock);

	qi_new_generation(qi);
	while ((end = qi_published_end(qi, position)) && end <= to) {
		WRITE_ONCE(qi->status[qi_slot(end - 1)], (u32)end);
		position = end;
	}
}

/* End of the submission that a position is in, 0 if there is none */
static u64 qi_submission_end(struct vtd_qi *qi, u64 in)
{
	u64 position = qi_first_pending(qi), end;

	while ((end = qi_published_end(qi, position)) && end <= in)
		position = end;
	return end;
}

/*
 * IQE: the unit stands before a descriptor that it does not take. It gets one
 * in its place that does nothing.
 */
static void qi_repair_refusal(struct intel_iommu *unit, struct vtd_qi *qi)
{
	u64 head = qi_head(unit, qi), end = qi_submission_end(qi, head);
	struct vtd_desc desc = qi_read_slot(qi, head);
	u64 record = vtd_read64(&unit->regs, VTD_IQER_REG);
	unsigned int reason = FIELD_GET(VTD_IQER_REASON, record);

	lockdep_assert_held(&qi->repair_lock);

	qi->stats.queue_errors++;
	pr_err_ratelimited("%s: invalidation queue error: %s, descriptor %u is %016llx %016llx\n",
			   unit->name,
			   reason < ARRAY_SIZE(qi_reasons) ? qi_reasons[reason] :
			   "unknown reason", qi_slot(head), desc.lo, desc.hi);
	WRITE_ONCE(qi->refused[qi->refusals++ % QI_REFUSED], end);
	qi_new_generation(qi);
	qi_write_slot(qi, head, vtd_desc_wait(qi->scratch_phys, 0));
	vtd_write32(&unit->regs, VTD_FSTS_REG, VTD_FSTS_QUEUE_ERROR);
	/* The unit refused the wait itself: complete it here */
	if (head == end - 1)
		WRITE_ONCE(qi->status[qi_slot(head)], (u32)end);
}

static void qi_mark_timed_out(struct intel_iommu *unit, struct vtd_qi *qi, u16 sid,
			      const char *what)
{
	lockdep_assert_held(&qi->repair_lock);

	WRITE_ONCE(qi->degraded, true);
	if (!test_and_set_bit(sid, qi->timed_out))
		pr_err_ratelimited("%s: device-TLB of %02x:%02x.%d %s\n", unit->name,
				   sid >> 8, (sid >> 3) & 0x1f, sid & 0x7, what);
}

/*
 * Old units do not tell which device it was: then it is the one that all
 * device-TLB descriptors in question are for, if there is only one.
 */
static bool qi_guess_sid(struct vtd_qi *qi, u64 to, u16 *sid)
{
	bool found = false;
	u64 from;

	for (from = qi_first_pending(qi); from < to; from++) {
		struct vtd_desc desc = qi_read_slot(qi, from);
		u16 other = FIELD_GET(VTD_DESC_DEVICE_SID, desc.lo);

		if (FIELD_GET(VTD_DESC_TYPE, desc.lo) != VTD_DESC_DEVICE_TLB)
			continue;
		if (found && other != *sid)
			return false;
		*sid = other;
		found = true;
	}
	return found;
}

/*
 * ITE: a device did not answer in time. The unit has dropped all waits that it
 * had fetched by then, and goes on when the bit is cleared.
 */
static void qi_repair_timeout(struct intel_iommu *unit, struct vtd_qi *qi)
{
	u64 record = vtd_read64(&unit->regs, VTD_IQER_REG);
	u16 sid = FIELD_GET(VTD_IQER_TIMEOUT_SID, record);
	u64 head = qi_head(unit, qi);

	lockdep_assert_held(&qi->repair_lock);

	qi->stats.timeout_errors++;
	if (sid || qi_guess_sid(qi, head, &sid))
		qi_mark_timed_out(unit, qi, sid, "does not answer");
	else
		pr_err_ratelimited("%s: a device-TLB does not answer\n", unit->name);
	qi_abort(qi, head);
	vtd_write32(&unit->regs, VTD_FSTS_REG, VTD_FSTS_TIMEOUT_ERROR);
}

/*
 * ICE: a device answered an invalidation wrongly. Its device-TLB may still hold the
 * translation.
 */
static void qi_repair_completion(struct intel_iommu *unit, struct vtd_qi *qi)
{
	u64 record = vtd_read64(&unit->regs, VTD_IQER_REG);
	u16 sid = FIELD_GET(VTD_IQER_COMPLETION_SID, record);

	lockdep_assert_held(&qi->repair_lock);

	qi->stats.completion_errors++;
	if (sid || qi_guess_sid(qi, atomic64_read(&qi->rung), &sid))
		qi_mark_timed_out(unit, qi, sid, "answers wrongly");
	else
		pr_err_ratelimited("%s: a device-TLB answers wrongly\n", unit->name);
	qi_new_generation(qi);
	vtd_write32(&unit->regs, VTD_FSTS_REG, VTD_FSTS_COMPLETION_ERROR);
}

/* Wait until all reserved slots are published. Submitters have interrupts off. */
static bool qi_wait_published(struct vtd_qi *qi, u64 reserved)
{
	u64 since = local_clock(), position = atomic64_read(&qi->freed), end;

	while (position != reserved) {
		end = qi_published_end(qi, position);
		if (end) {
			position = end;
			continue;
		}
		if (qi_passed(since, QI_PUBLISH_NS))
			return false;
		cpu_relax();
	}
	return true;
}

/* Nothing can be reserved or rung meanwhile: restart at the next lap */
static bool qi_restart(struct intel_iommu *unit, struct vtd_qi *qi, u64 reserved)
{
	u64 start = round_up(reserved, QI_SLOTS);

	if (vtd_unit_command(unit, 0, VTD_GCMD_QIE))
		return false;
	vtd_write32(&unit->regs, VTD_FSTS_REG, VTD_FSTS_QUEUE_ERROR |
		    VTD_FSTS_COMPLETION_ERROR | VTD_FSTS_TIMEOUT_ERROR);
	qi_abort(qi, start);
	if (qi_program(unit))
		return false;
	atomic64_set(&qi->rung, start);
	atomic64_set(&qi->freed, start);
	atomic64_set_release(&qi->reserved, start);
	return true;
}

/*
 * The unit reports no error but does not go on. If a device-TLB invalidation is
 * pending, assume that its device does not answer.
 */
static void qi_repair_stall(struct intel_iommu *unit, struct vtd_qi *qi)
{
	u64 head = qi_head(unit, qi), rung = atomic64_read(&qi->rung), reserved;
	u16 sid;

	lockdep_assert_held(&qi->repair_lock);

	if (qi_first_pending(qi) >= rung)
		return;
	qi->stats.stalls++;
	pr_err_ratelimited("%s: invalidation queue stands still at %u, tail %u; restarting it\n",
			   unit->name, qi_slot(head), qi_slot(rung));

	reserved = atomic64_fetch_or(QI_FROZEN, &qi->reserved);
	if (!qi_wait_published(qi, reserved)) {
		pr_err_ratelimited("%s: a CPU keeps the queue from being restarted\n",
				   unit->name);
		/* Others try again only after a whole stall time */
		qi_new_generation(qi);
		atomic64_andnot(QI_FROZEN, &qi->reserved);
		return;
	}
	if (qi_guess_sid(qi, rung, &sid))
		qi_mark_timed_out(unit, qi, sid, "may not answer");
	if (qi_restart(unit, qi, reserved))
		return;
	pr_err("%s: does not answer; no device behind it is served any more\n",
	       unit->name);
	WRITE_ONCE(qi->failed, true);
	WRITE_ONCE(qi->degraded, true);
}

static void qi_repair_locked(struct intel_iommu *unit, struct vtd_qi *qi, bool stalled)
{
	u32 status = vtd_read32(&unit->regs, VTD_FSTS_REG);

	lockdep_assert_held(&qi->repair_lock);

	if (status & VTD_FSTS_QUEUE_ERROR)
		qi_repair_refusal(unit, qi);
	if (status & VTD_FSTS_TIMEOUT_ERROR)
		qi_repair_timeout(unit, qi);
	if (status & VTD_FSTS_COMPLETION_ERROR)
		qi_repair_completion(unit, qi);
	if (!(status & (VTD_FSTS_QUEUE_ERROR | VTD_FSTS_TIMEOUT_ERROR |
			VTD_FSTS_COMPLETION_ERROR)) && stalled)
		qi_repair_stall(unit, qi);
}

/**
 * qi_repair() - put a queue in order
 * @unit: unit with a queue
 * @generation: the generation in which the caller saw the error
 * @stalled: a submission has not completed for QI_STALL_NS
 *
 * Does nothing if another CPU is repairing, or has done so.
 *
 * Context: Any context but NMI; interrupts are off while registers are waited for.
 */
void qi_repair(struct intel_iommu *unit, u32 generation, bool stalled)
{
	struct vtd_qi *qi = unit->qi;
	unsigned long flags;

	if (!raw_spin_trylock_irqsave(&qi->repair_lock, flags))
		return;
	/* The tail must not move while the head is interpreted */
	if (qi->generation == generation && !qi->failed &&
	    !test_and_set_bit_lock(0, &qi->ringing)) {
		qi_repair_locked(unit, qi, stalled);
		clear_bit_unlock(0, &qi->ringing);
	}
	raw_spin_unlock_irqrestore(&qi->repair_lock, flags);
}
