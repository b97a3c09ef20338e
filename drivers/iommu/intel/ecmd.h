/* SPDX-License-Identifier: GPL-2.0-only */
/* Enhanced commands: what a unit does on request, one at a time. */

#ifndef _VTD_ECMD_H
#define _VTD_ECMD_H

#include <linux/types.h>

struct intel_iommu;

/* 11.4.14: commands; a unit says of each whether it has it */
#define VTD_ECMD_ENABLE_COUNTER		0xf0	/* operand A: which */
#define VTD_ECMD_DISABLE_COUNTER	0xf1	/* operand A: which */
#define VTD_ECMD_FREEZE_COUNTERS	0xf4
#define VTD_ECMD_UNFREEZE_COUNTERS	0xf5

bool vtd_ecmd_supported(struct intel_iommu *unit, u8 command);
int vtd_ecmd_submit(struct intel_iommu *unit, u8 command, u64 operand_a,
		    u64 operand_b);

#endif /* _VTD_ECMD_H */
