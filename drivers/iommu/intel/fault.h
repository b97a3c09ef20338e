/* SPDX-License-Identifier: GPL-2.0-only */
/* Faults that a unit records: decoding, counting, reports. */

#ifndef _VTD_FAULT_H
#define _VTD_FAULT_H

#include <linux/atomic.h>
#include <linux/ratelimit_types.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct intel_iommu;

#define VTD_FAULT_REASONS	256

/* Records that are handled in one interval; a flood of more pauses the interrupt */
#define VTD_FAULT_BUDGET	256
#define VTD_FAULT_INTERVAL	(HZ / 10)

/* Enough for what vtd_fault_describe() says of any fault */
#define VTD_FAULT_TEXT		224

/**
 * struct vtd_faults - the faults of a unit
 * @count: (a) faults by reason, as the specification numbers them
 * @lost: (a) times that the unit had more than it could record
 * @unknown_sids: limits reports of source-ids that no device has; its own lock
 * @resume: ends a pause of the interrupt
 * @pauses: (a) times that the interrupt was paused because of a flood
 * @window: (r) start of the interval that @budget is of, in jiffies
 * @budget: (r) records that may still be handled in this interval
 *
 * (a) atomic, (r) register_lock of the unit.
 */
struct vtd_faults {
	atomic_t		count[VTD_FAULT_REASONS];
	atomic_t		lost;
	struct ratelimit_state	unknown_sids;
	struct delayed_work	resume;
	atomic_t		pauses;
	unsigned long		window;
	unsigned int		budget;
};

/**
 * struct vtd_fault - one fault, taken out of its record
 * @address: page that was to be accessed, in bytes; without meaning if
 *	@interrupt
 * @pasid: process address space, if @has_pasid
 * @sid: source-id of the request
 * @index: interrupt entry that was asked for, if @has_index
 * @reason: as the specification numbers it
 * @request: VTD_REQUEST_*; without meaning if @interrupt
 * @interrupt: it was an interrupt request
 * @has_index: the unit tells which interrupt entry
 * @has_pasid: the request named a process address space
 * @translation: the device asked for a translation, it didn't use one
 */
struct vtd_fault {
	u64	address;
	u32	pasid;
	u16	sid;
	u16	index;
	u8	reason;
	u8	request;
	bool	interrupt;
	bool	has_index;
	bool	has_pasid;
	bool	translation;
};

const char *vtd_fault_reason(u8 reason);
struct vtd_fault vtd_fault_decode(u64 lo, u64 hi);
void vtd_fault_describe(const struct vtd_fault *fault, char text[VTD_FAULT_TEXT]);
void vtd_fault_handle(struct intel_iommu *unit);
void vtd_fault_init(struct intel_iommu *unit);
void vtd_fault_clear(struct intel_iommu *unit);

#endif /* _VTD_FAULT_H */
