// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that the driver serves: finds the unit that a device is behind, and
 * makes and frees struct vtd_device.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/acpi.h>
#include <linux/cleanup.h>
#include <linux/dmar.h>
#include <linux/pci.h>
#include <linux/pci-ats.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>

#include "debugfs.h"
#include "device.h"
#include "probe.h"
#include "quirks.h"
#include "rmrr.h"
#include "unit.h"

/* Reports of faults of one device: so many within so long */
#define REPORTS			5
#define REPORTS_INTERVAL	(5 * HZ)

/* Only the DMAR table tells the source-id of a device that is not on PCI. */
static bool scope_lists(const struct dmar_drhd_unit *drhd, const struct device *dev,
			u16 *sid)
{
	struct device *listed;
	int i;

	for_each_active_dev_scope(drhd->devices, drhd->devices_cnt, i, listed) {
		if (listed == dev) {
			*sid = PCI_DEVID(drhd->devices[i].bus,
					 drhd->devices[i].devfn);
			return true;
		}
	}
	return false;
}

static struct dmar_drhd_unit *find_acpi_unit(struct device *dev, u16 *sid)
{
	struct dmar_drhd_unit *drhd;

	if (has_acpi_companion(dev))
		dev = &ACPI_COMPANION(dev)->dev;
	for_each_drhd_unit(drhd)
		if (scope_lists(drhd, dev, sid))
			return drhd;
	return NULL;
}

static struct dmar_drhd_unit *find_pci_unit(struct pci_dev *pdev, u16 *sid)
{
	struct pci_dev *real = pci_real_dma_dev(pdev);
	struct dmar_drhd_unit *drhd;

	*sid = pci_dev_id(real);
	/* Virtual functions are behind the unit of their physical function */
	drhd = dmar_find_matched_drhd_unit(pci_physfn(real));
	if (drhd && vtd_quirk_wrong_unit(real, drhd->iommu))
		return NULL;
	return drhd;
}

/* Find the unit that translates for a device, and the source-id of its requests. */
static struct intel_iommu *find_unit(struct device *dev, u16 *sid)
{
	struct dmar_drhd_unit *drhd;

	guard(rcu)();
	drhd = dev_is_pci(dev) ? find_pci_unit(to_pci_dev(dev), sid) :
				 find_acpi_unit(dev, sid);
	return drhd && !drhd->ignored ? drhd->iommu : NULL;
}

static void probe_ats(struct vtd_device *device, struct pci_dev *pdev)
{
	struct intel_iommu *unit = device->unit;

	if (!vtd_ecap_device_tlb(unit->ecap) || !unit->qi ||
	    !pci_ats_supported(pdev) || !vtd_ats_allowed(pdev))
		return;
	device->ats_supported = true;
	device->ats_depth = pci_ats_queue_depth(pdev);
	device->flush_twice = vtd_quirk_flush_twice(pdev);
	if (vtd_ecap_throttling(unit->ecap))
		device->pfsid = pci_dev_id(pci_physfn(pdev));
}

/**
 * vtd_probe_device() - begin to serve a device
 * @dev: device
 *
 * Context: Process context, may sleep; under the core's probe lock.
 * Return: handle of its unit, or an ERR_PTR(): -ENODEV if no unit translates for
 *	it, -ENOMEM.
 */
struct iommu_device *vtd_probe_device(struct device *dev)
{
	struct vtd_device *device;
	struct intel_iommu *unit;
	u16 sid;
	int ret;

	unit = find_unit(dev, &sid);
	if (!unit || !unit->iommu.ops)
		return ERR_PTR(-ENODEV);

	device = kzalloc(sizeof(*device), GFP_KERNEL);
	if (!device)
		return ERR_PTR(-ENOMEM);
	device->dev = dev;
	device->unit = unit;
	device->segment = unit->segment;
	device->sid = sid;
	ratelimit_state_init(&device->reports, REPORTS_INTERVAL, REPORTS);
	if (dev_is_pci(dev)) {
		struct pci_dev *pdev = to_pci_dev(dev);

		device->shadowed = pci_real_dma_dev(pdev) != pdev;
		probe_ats(device, pdev);
		if (device->ats_supported)
			pci_prepare_ats(pdev, PAGE_SHIFT);
	}

	/* Faults of a source-id that devices share are reported for the first */
	ret = xa_insert(&unit->devices, sid, device, GFP_KERNEL);
	if (ret && ret != -EBUSY) {
		kfree(device);
		return ERR_PTR(ret);
	}
	/* A device that had this source-id before was removed */
	if (!ret)
		vtd_qi_clear_timeout(unit, sid);
	dev_iommu_priv_set(dev, device);
	vtd_debugfs_add_device(device);
	return &unit->iommu;
}

/**
 * vtd_release_device() - no longer serve a device
 * @dev: device; blocked by the core before
 *
 * Context: Process context, may sleep; under the core's probe lock.
 */
void vtd_release_device(struct device *dev)
{
	struct vtd_device *device = vtd_device_of(dev);

	vtd_debugfs_remove_device(device);
	dev_iommu_priv_set(dev, NULL);
	xa_cmpxchg(&device->unit->devices, device->sid, device, NULL, 0);
	/* Faults and timeouts look devices up under RCU */
	synchronize_rcu();
	kfree(device);
}
