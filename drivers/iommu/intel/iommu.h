/* SPDX-License-Identifier: GPL-2.0-only */
/* The driver's tables of operations, for the IOMMU core. */

#ifndef _VTD_IOMMU_H
#define _VTD_IOMMU_H

#include <linux/iommu.h>

extern const struct iommu_ops intel_iommu_ops;
extern struct iommu_domain vtd_blocked_domain;
extern struct iommu_domain vtd_identity_domain;

#endif /* _VTD_IOMMU_H */
