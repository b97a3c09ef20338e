/* SPDX-License-Identifier: GPL-2.0-only */
/* What a unit shows in /sys/class/iommu/dmarN/intel-iommu. */

#ifndef __VTD_SYSFS_H
#define __VTD_SYSFS_H

struct attribute_group;

/* For iommu_device_sysfs_add() */
extern const struct attribute_group *vtd_sysfs_groups[];

#endif /* __VTD_SYSFS_H */
