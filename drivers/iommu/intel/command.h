/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands to a unit, and memory that the unit reads. */

#ifndef _VTD_COMMAND_H
#define _VTD_COMMAND_H

#include <linux/types.h>

struct intel_iommu;

void vtd_write_back(struct intel_iommu *unit, void *start, size_t bytes);
int vtd_unit_command(struct intel_iommu *unit, u32 set, u32 clear);
int vtd_unit_one_shot(struct intel_iommu *unit, u32 command, u32 done);
int vtd_unit_disable_protected_memory(struct intel_iommu *unit);

#endif /* _VTD_COMMAND_H */
