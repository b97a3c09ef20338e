/* SPDX-License-Identifier: GPL-2.0-only */
/* What a unit shows in /sys/class/iommu/dmarN/intel-iommu. */

#ifndef _VTD_SYSFS_H
#define _VTD_SYSFS_H

struct attribute_group;

/* For iommu_device_sysfs_add() */
extern const struct attribute_group *vtd_sysfs_groups[];

#endif /* _VTD_SYSFS_H */
