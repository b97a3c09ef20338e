/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables taken over from a kernel that crashed. */

#ifndef _VTD_INHERIT_H
#define _VTD_INHERIT_H

struct intel_iommu;

int vtd_inherit_tables(struct intel_iommu *unit);

#endif /* _VTD_INHERIT_H */
