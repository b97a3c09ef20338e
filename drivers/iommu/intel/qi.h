/* SPDX-License-Identifier: GPL-2.0-only */
/* The invalidation queue of a unit. */

#ifndef _VTD_QI_H
#define _VTD_QI_H

#include <linux/types.h>

#include "hw/desc.h"

struct intel_iommu;
struct vtd_qi;

/* Most descriptors of one submission, the wait not counted */
#define VTD_QI_BATCH	16

/**
 * struct vtd_qi_stats - statistics of a queue
 * @waits: submissions, each with one wait
 * @doorbells: writes of the tail; fewer than @waits where CPUs shared one
 * @longest_ns: longest wait
 * @context: descriptors for the context cache
 * @iotlb_global: IOTLB descriptors for all domains
 * @iotlb_domain: for a whole domain
 * @iotlb_pages: for some pages
 * @device_tlb: for device-TLBs
 * @interrupts: for the interrupt entry cache
 * @queue_errors: IQE: descriptors that the unit refused
 * @completion_errors: ICE: devices that answered wrongly
 * @timeout_errors: ITE: devices that did not answer
 * @stalls: times that the unit itself did not answer
 * @failed: submissions given up
 */
struct vtd_qi_stats {
	u64 waits;
	u64 doorbells;
	u64 longest_ns;
	u64 context;
	u64 iotlb_global;
	u64 iotlb_domain;
	u64 iotlb_pages;
	u64 device_tlb;
	u64 interrupts;
	u64 queue_errors;
	u64 completion_errors;
	u64 timeout_errors;
	u64 stalls;
	u64 failed;
};

/* qi-ring.c */
int vtd_qi_enable(struct intel_iommu *unit);
int vtd_qi_reenable(struct intel_iommu *unit);
void vtd_qi_disable(struct intel_iommu *unit);
void vtd_qi_free(struct intel_iommu *unit);

/* qi.c */
int vtd_qi_submit(struct intel_iommu *unit, const struct vtd_desc *descs,
		  unsigned int count);
void vtd_qi_look(struct intel_iommu *unit);
bool vtd_qi_timed_out(struct intel_iommu *unit, u16 sid);
void vtd_qi_clear_timeout(struct intel_iommu *unit, u16 sid);
void vtd_qi_read_stats(struct intel_iommu *unit, struct vtd_qi_stats *stats);
unsigned int vtd_qi_peek(struct intel_iommu *unit, unsigned int slot,
			 struct vtd_desc *desc, u32 *status);

#endif /* _VTD_QI_H */
