/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices that the driver serves, from probe to release. */

#ifndef _VTD_PROBE_H
#define _VTD_PROBE_H

struct device;
struct iommu_device;

struct iommu_device *vtd_probe_device(struct device *dev);
void vtd_release_device(struct device *dev);

#endif /* _VTD_PROBE_H */
