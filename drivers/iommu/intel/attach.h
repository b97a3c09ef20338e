/* SPDX-License-Identifier: GPL-2.0-only */
/* Attaching devices to domains. */

#ifndef _VTD_ATTACH_H
#define _VTD_ATTACH_H

struct device;
struct iommu_domain;

int vtd_attach_paging(struct iommu_domain *iommu_domain, struct device *dev);
int vtd_attach_identity(struct iommu_domain *iommu_domain, struct device *dev);
int vtd_attach_blocked(struct iommu_domain *iommu_domain, struct device *dev);

#endif /* _VTD_ATTACH_H */
