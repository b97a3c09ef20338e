/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a unit is to forget: requests as descriptors, or through registers
 * where a unit has no queue.
 */

#ifndef __VTD_INVAL_H
#define __VTD_INVAL_H

#include <linux/errno.h>
#include <linux/types.h>

#include "qi.h"

struct intel_iommu;

/**
 * struct vtd_batch - descriptors that one unit gets with one wait
 * @unit: the unit
 * @count: descriptors so far
 * @error: worst error of a submission that was made on the way
 * @descs: descriptors; on the stack of who collects them
 */
struct vtd_batch {
	struct intel_iommu *unit;
	unsigned int count;
	int error;
	struct vtd_desc descs[VTD_QI_BATCH];
};

/* Of a device that does not answer one has to hear, for that can be mended */
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

#endif /* __VTD_INVAL_H */
