/* SPDX-License-Identifier: GPL-2.0-only */
/* Invalidation through registers, for units without an invalidation queue. */

#ifndef _VTD_INVAL_REGISTER_H
#define _VTD_INVAL_REGISTER_H

#include "hw/desc.h"

struct intel_iommu;

int vtd_invalidate_by_register(struct intel_iommu *unit, struct vtd_desc desc);

#endif /* _VTD_INVAL_REGISTER_H */
