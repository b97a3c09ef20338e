/* SPDX-License-Identifier: GPL-2.0-only */
/* Event interrupts: messages that a unit sends on its own behalf. */

#ifndef _VTD_EVENT_H
#define _VTD_EVENT_H

#include <linux/types.h>

struct intel_iommu;

void vtd_event_mask(struct intel_iommu *unit, unsigned int control, bool masked);
void vtd_event_save(struct intel_iommu *unit, u32 state[4]);
void vtd_event_restore(struct intel_iommu *unit, const u32 state[4]);

#endif /* _VTD_EVENT_H */
