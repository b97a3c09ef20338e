/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables taken over from a kernel that crashed. */

#ifndef __VTD_INHERIT_H
#define __VTD_INHERIT_H

struct intel_iommu;

int vtd_inherit_tables(struct intel_iommu *unit);

#endif /* __VTD_INHERIT_H */
