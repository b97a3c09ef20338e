/* SPDX-License-Identifier: GPL-2.0-only */
/* What the driver keeps of a device. */

#ifndef _VTD_DEVICE_H
#define _VTD_DEVICE_H

#include <linux/atomic.h>
#include <linux/iommu.h>
#include <linux/ratelimit_types.h>

struct intel_iommu;
struct vtd_domain;

/**
 * struct vtd_device - what the driver keeps of a device
 * @dev: (c) the device
 * @unit: (c) the unit that it is behind
 * @segment: (c) PCI segment
 * @sid: (c) source-id of its requests: bus, device, function
 * @pfsid: (c) source-id of its physical function where the unit wants it, or 0
 * @ats_depth: (c) invalidations that it takes at once
 * @ats_supported: (c) it can cache translations and may
 * @flush_twice: (c) see vtd_quirk_flush_twice()
 * @ats_enabled: (g) it caches translations
 * @shadowed: (c) it uses the source-id of another device (pci_real_dma_dev()),
 *	which has its context entry
 * @isolated: its device-TLB timed out, so it is blocked, see vtd_isolate()
 * @attached: (g) context entries are set
 * @aliases: (g) their number; more than one behind a bridge to conventional PCI
 * @domain: (g) paging domain it is attached to, or NULL
 * @faults: faults it caused
 * @reports: limits what is said about them
 * @debugfs: (g) its folder
 *
 * Made by probe.c when the core probes the device, freed when it releases it,
 * both under the core's probe lock. (c) constant, (g) the core's group mutex.
 */
struct vtd_device {
	struct device		*dev;
	struct intel_iommu	*unit;
	u32			segment;
	u16			sid;
	u16			pfsid;
	u8			ats_depth;
	bool			ats_supported;
	bool			flush_twice;
	bool			ats_enabled;
	bool			shadowed;
	bool			isolated;
	bool			attached;
	unsigned int		aliases;
	struct vtd_domain	*domain;
	atomic_t		faults;
	struct ratelimit_state	reports;
	struct dentry		*debugfs;
};

static inline struct vtd_device *vtd_device_of(struct device *dev)
{
	return dev_iommu_priv_get(dev);
}

#endif /* _VTD_DEVICE_H */
