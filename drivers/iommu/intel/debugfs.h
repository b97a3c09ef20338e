/* SPDX-License-Identifier: GPL-2.0-only */
/* What the driver shows in /sys/kernel/debug/iommu/intel. */

#ifndef _VTD_DEBUGFS_H
#define _VTD_DEBUGFS_H

struct intel_iommu;
struct vtd_device;

#ifdef CONFIG_INTEL_IOMMU_DEBUGFS

void vtd_debugfs_init(void);
void vtd_debugfs_add_unit(struct intel_iommu *unit);
void vtd_debugfs_remove_unit(struct intel_iommu *unit);
void vtd_debugfs_add_device(struct vtd_device *device);
void vtd_debugfs_remove_device(struct vtd_device *device);

#else

static inline void vtd_debugfs_init(void)
{
}

static inline void vtd_debugfs_add_unit(struct intel_iommu *unit)
{
}

static inline void vtd_debugfs_remove_unit(struct intel_iommu *unit)
{
}

static inline void vtd_debugfs_add_device(struct vtd_device *device)
{
}

static inline void vtd_debugfs_remove_device(struct vtd_device *device)
{
}

#endif /* CONFIG_INTEL_IOMMU_DEBUGFS */
#endif /* _VTD_DEBUGFS_H */
