/* SPDX-License-Identifier: GPL-2.0-only */
/* Root and context tables of a unit: where the requests of a device go. */

#ifndef _VTD_CONTEXT_H
#define _VTD_CONTEXT_H

#include <linux/spinlock.h>
#include <linux/types.h>

#include "hw/tables.h"

struct intel_iommu;

/**
 * struct vtd_contexts - the tables of a unit
 * @lock: serialises writers of entries; taken with interrupts off, since a
 *	device that times out is isolated in any context
 * @root: root table, 256 entries; set while the unit is set up
 * @inherited: one bit per source-id whose entry the previous kernel made, or
 *	NULL; changes under @lock
 *
 * Context tables are added under @lock and stay until the unit is freed.
 */
struct vtd_contexts {
	spinlock_t		lock; /* writers of entries */
	struct vtd_root_entry	*root;
	unsigned long		*inherited;
};

int vtd_contexts_init(struct intel_iommu *unit);
void vtd_contexts_free(struct intel_iommu *unit);
int vtd_contexts_enable(struct intel_iommu *unit);
void vtd_contexts_adopt(struct intel_iommu *unit, u8 bus, struct vtd_context *table);
int vtd_context_set(struct intel_iommu *unit, u16 sid, struct vtd_context context);
int vtd_context_clear(struct intel_iommu *unit, u16 sid);
int vtd_isolate(struct intel_iommu *unit, u16 sid);
struct vtd_context vtd_context_read(struct intel_iommu *unit, u16 sid);
bool vtd_context_inherited(struct intel_iommu *unit, u16 sid);

#endif /* _VTD_CONTEXT_H */
