/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The invalidation queue for qi-ring.c, which owns its memory, qi-repair.c,
 * which repairs it, and qi.c, which submits to it.
 *
 * Words: a *submission* is some descriptors and the wait that ends them. A
 * *position* counts slots since the queue was enabled and never wraps; the slot
 * is its remainder. Submissions lie back to back, so the end of one is the
 * start of the next.
 *
 * A submission is reserved (its slots are promised), published (its descriptors
 * are there and its end can be read), rung (the unit has been told), complete
 * (the unit wrote the status word), and at some time its slots are freed:
 *
 *	freed <= complete <= rung <= published <= reserved <= freed + slots
 *
 * No CPU waits for another submitter with interrupts off. Reserving to ringing
 * takes a few dozen instructions and no lock. A CPU that finds another CPU about
 * to ring leaves its own submission to that one, and checks again while it waits
 * for its status word.
 */

#ifndef _VTD_QI_INTERNAL_H
#define _VTD_QI_INTERNAL_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/percpu.h>
#include <linux/sched/clock.h>
#include <linux/spinlock.h>

#include "qi.h"

#define QI_SLOTS_LOG2		10
#define QI_SLOTS		BIT(QI_SLOTS_LOG2)

/* Submissions, counting their wait */
#define QI_MOST			(VTD_QI_BATCH + 1)

/* The unit has stopped if nothing completes for so long */
#define QI_STALL_NS		NSEC_PER_SEC

/* The sign of &vtd_qi.reserved, so that no CPU can reserve unawares */
#define QI_FROZEN		S64_MIN

/* How often an error of another submission may undo one */
#define QI_RETRIES		64

/* How many stalls of others, or of its own, a submission waits for */
#define QI_STALLS		8

/* Submissions that the unit refused, as many as CPUs can look for at once */
#define QI_REFUSED		16

/* Descriptors are counted by type and granularity, their lowest six bits */
#define QI_KINDS		64

/**
 * struct vtd_qi_counts - what one CPU submitted
 * @kind: descriptors by type and granularity
 * @waits: submissions
 * @failed: submissions given up
 * @longest: longest wait, in cycles
 */
struct vtd_qi_counts {
	u64 kind[QI_KINDS];
	u64 waits;
	u64 failed;
	u64 longest;
};

/**
 * struct vtd_qi - the queue of a unit
 * @ring: (c) slots
 * @slot_log2: (c) log2 of the bytes of a slot: 4, or 5 for wide descriptors
 * @ends: end of the submission that starts in a slot; written with release
 *	semantics by the CPU that reserved it, which publishes it
 * @status: word that the unit writes the low half of the end into, by the slot
 *	of the wait; set to less than that before publishing
 * @status_phys: (c) physical address of @status
 * @scratch_phys: (c) physical address of a word that is never read
 * @counts: (c) statistics; each CPU has its own, with preemption off
 * @timed_out: (c) one bit per source-id of a device whose device-TLB timed out or
 *	answered wrongly
 * @reserved: end of what is reserved; with QI_FROZEN, nothing more is to be
 * @freed: start of what may not be used again yet
 * @completed: end of some complete submission, of late: all before are complete
 * @ringing: held by the CPU that moves the tail: only ever tried, with
 *	interrupts off
 * @rung: (t) where the tail stands
 * @doorbells: (t) times that it was moved
 * @generation: repairs so far; a submission during which it changed is made again
 * @degraded: (p) @failed, or some bit of @timed_out was ever set: submissions are
 *	checked first
 * @failed: (p) the unit does not answer; nothing is submitted any more
 * @repair_lock: held by the CPU that repairs; only ever tried, with interrupts off.
 *	Taken before @ringing.
 * @refused: (p) ends of submissions with a descriptor that the unit refused
 * @refusals: (p) number of entries ever made in @refused
 * @stats: (p) errors
 *
 * Allocated when the queue is first enabled, freed with the unit. (c) constant,
 * (t) @ringing, (p) @repair_lock.
 */
struct vtd_qi {
	void			*ring;
	unsigned int		slot_log2;
	atomic64_t		*ends;
	u32			*status;
	phys_addr_t		status_phys;
	phys_addr_t		scratch_phys;
	struct vtd_qi_counts __percpu *counts;
	unsigned long		*timed_out;

	atomic64_t		reserved ____cacheline_aligned_in_smp;
	atomic64_t		freed;
	atomic64_t		completed;

	unsigned long		ringing ____cacheline_aligned_in_smp;
	atomic64_t		rung;
	u64			doorbells;

	u32			generation ____cacheline_aligned_in_smp;
	bool			degraded;
	bool			failed;
	raw_spinlock_t		repair_lock;
	u64			refused[QI_REFUSED];
	unsigned int		refusals;
	struct vtd_qi_stats	stats;
};

static inline unsigned int qi_slot(u64 position)
{
	return position & (QI_SLOTS - 1);
}

/* A submission starts at @position and can be read up to what is returned; else 0 */
static inline u64 qi_published_end(const struct vtd_qi *qi, u64 position)
{
	/* Pairs with qi_publish(): the descriptors are there if the end is */
	u64 end = atomic64_read_acquire(&qi->ends[qi_slot(position)]);

	return end - position - 1 < QI_MOST ? end : 0;
}

static inline bool qi_complete(const struct vtd_qi *qi, u64 end)
{
	u32 status = READ_ONCE(qi->status[qi_slot(end - 1)]);

	return (s32)(status - (u32)end) >= 0;
}

/* Clocks of two CPUs can differ: one that is behind is not ages ahead */
static inline bool qi_passed(u64 since, u64 ns)
{
	return (s64)(local_clock() - since) > (s64)ns;
}

static inline void qi_write_slot(struct vtd_qi *qi, u64 position, struct vtd_desc desc)
{
	u64 *slot = qi->ring + ((size_t)qi_slot(position) << qi->slot_log2);

	slot[0] = desc.lo;
	slot[1] = desc.hi;
	/* The rest of a wide slot is zero from the start and stays so */
}

static inline struct vtd_desc qi_read_slot(const struct vtd_qi *qi, u64 position)
{
	const u64 *slot = qi->ring + ((size_t)qi_slot(position) << qi->slot_log2);

	return (struct vtd_desc) { .lo = slot[0], .hi = slot[1] };
}

/* qi-ring.c */
int qi_program(struct intel_iommu *unit);
void qi_new_generation(struct vtd_qi *qi);

/* qi-repair.c */
void qi_repair(struct intel_iommu *unit, u32 generation, bool stalled);

#endif /* _VTD_QI_INTERNAL_H */
