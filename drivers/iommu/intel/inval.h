/* SPDX-License-Identifier: GPL-2.0-only */
/* Invalidations: descriptors, alone or in batches, submitted to a unit. */

#ifndef _VTD_INVAL_H
#define _VTD_INVAL_H

#include <linux/errno.h>
#include <linux/types.h>

#include "qi.h"

struct intel_iommu;

/**
 * struct vtd_batch - descriptors that one unit gets with one wait
 * @unit: the unit
 * @count: descriptors so far
 * @error: worst error of the submissions so far
 * @descs: descriptors; on the stack of the caller
 */
struct vtd_batch {
	struct intel_iommu *unit;
	unsigned int count;
	int error;
	struct vtd_desc descs[VTD_QI_BATCH];
};

/* -ETIMEDOUT wins: the caller can recover from an unresponsive device-TLB */
static inline int vtd_worse_error(int a, int b)
{
	return a == -ETIMEDOUT || !b ? a : b;
}

void vtd_batch_add(struct vtd_batch *batch, struct vtd_desc desc);
int vtd_batch_submit(struct vtd_batch *batch);

int vtd_flush_contexts(struct intel_iommu *unit);
int vtd_flush_context(struct intel_iommu *unit, u16 did, u16 sid);
int vtd_flush_iotlb(struct intel_iommu *unit);
int vtd_flush_iotlb_domain(struct intel_iommu *unit, u16 did);
int vtd_flush_interrupts(struct intel_iommu *unit, u16 index, unsigned int mask);
int vtd_flush_all_interrupts(struct intel_iommu *unit);
void vtd_flush_write_buffer(struct intel_iommu *unit);

#endif /* _VTD_INVAL_H */
