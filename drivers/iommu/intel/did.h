/* SPDX-License-Identifier: GPL-2.0-only */
/* Domain-ids: the tags by which a unit tells apart what it caches. */

#ifndef _VTD_DID_H
#define _VTD_DID_H

#include <linux/idr.h>
#include <linux/types.h>

struct intel_iommu;

/* With caching mode, what is not present is tagged with 0: never a domain's */
#define VTD_DID_NONE		0
/* All devices that are passed through share one */
#define VTD_DID_IDENTITY	1
#define VTD_DID_FIRST		2

/**
 * struct vtd_dids - the domain-ids of a unit
 * @ida: those in use, under its own lock
 * @used: their number, the reserved ones included
 */
struct vtd_dids {
	struct ida ida;
	atomic_t used;
};

void vtd_did_init(struct intel_iommu *unit);
int vtd_did_alloc(struct intel_iommu *unit);
int vtd_did_reserve(struct intel_iommu *unit, u16 did);
void vtd_did_free(struct intel_iommu *unit, u16 did);
void vtd_did_destroy(struct intel_iommu *unit);

#endif /* _VTD_DID_H */
