// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching devices to domains, and detaching them.
 *
 * Attaching: the unit's cache is put into the domain's list first, then the
 * entry is made present, so that an unmap flushes every translation that is ever
 * cached. Then ATS is enabled, the device-TLB is listed, and it is invalidated.
 *
 * Detaching reverses the order: the entry is cleared, which blocks the device,
 * then its device-TLB is invalidated, then both caches leave the list.
 *
 * A device between two domains is blocked.
 */

#include <linux/cleanup.h>
#include <linux/pci.h>
#include <linux/pci-ats.h>

#include "alias.h"
#include "attach.h"
#include "cache.h"
#include "context.h"
#include "device.h"
#include "domain.h"
#include "unit.h"

/* Device-TLB */

static bool may_use_ats(const struct vtd_device *device)
{
	return device->ats_supported && !device->shadowed &&
	       pci_ats_page_aligned(to_pci_dev(device->dev));
}

/*
 * Invalidate all of a device-TLB, of a device that is blocked or has ATS just
 * enabled. A device that was removed caches nothing.
 */
static int invalidate_device_tlb(struct vtd_device *device)
{
	struct vtd_desc desc = vtd_desc_device_tlb(device->sid, device->pfsid,
						   device->ats_depth, 0, 52);
	struct intel_iommu *unit = device->unit;
	int ret;

	if (pci_dev_is_disconnected(to_pci_dev(device->dev)))
		return 0;
	ret = vtd_qi_submit(unit, &desc, 1);
	if (!ret && device->flush_twice)
		ret = vtd_qi_submit(unit, &desc, 1);
	/* An isolated device need not answer */
	return ret == -ETIMEDOUT ? vtd_isolate(unit, device->sid) : ret;
}

/*
 * Enable ATS only after the entry permits it: a translation request that is
 * refused disables ATS in the device. What the device caches before its
 * device-TLB is listed is invalidated here.
 */
static int enable_ats(struct vtd_device *device, struct vtd_domain *domain, u16 did)
{
	struct pci_dev *pdev = to_pci_dev(device->dev);
	int ret;

	if (pci_enable_ats(pdev, PAGE_SHIFT))
		return 0;
	ret = vtd_cache_add_device(&domain->caches, device, did);
	if (ret) {
		pci_disable_ats(pdev);
		return ret;
	}
	device->ats_enabled = true;
	return invalidate_device_tlb(device);
}

static void disable_ats(struct vtd_device *device)
{
	if (!device->ats_enabled)
		return;
	pci_disable_ats(to_pci_dev(device->dev));
	device->ats_enabled = false;
}

/* Domains with page tables */

/*
 * Block a device. If the unit does not confirm, the device is blocked as far as
 * the tables go, and neither its domain-id nor its page table, nor what is
 * unmapped from its domain, is used again.
 */
static void detach_domain(struct vtd_device *device, struct vtd_domain *domain)
{
	struct intel_iommu *unit = device->unit;
	bool settled = !vtd_alias_block(device);

	lockdep_assert_held(&domain->attach_lock);
	if (device->ats_enabled && invalidate_device_tlb(device))
		settled = false;
	/* Before the caches leave the list: from then on no flush covers them */
	if (!settled)
		WRITE_ONCE(domain->caches.flush_failed, true);
	vtd_cache_del(&domain->caches, device, vtd_domain_did(domain, unit));
	disable_ats(device);
	vtd_domain_leave(domain, unit);
}

static void detach(struct vtd_device *device)
{
	struct vtd_domain *domain = device->domain;

	if (!device->attached)
		return;
	if (domain)
		scoped_guard(mutex, &domain->attach_lock)
			detach_domain(device, domain);
	else
		vtd_alias_block(device);
	device->domain = NULL;
	device->attached = false;
}

static int attach_domain(struct vtd_device *device, struct vtd_domain *domain)
{
	bool ats = may_use_ats(device);
	int did, ret;

	lockdep_assert_held(&domain->attach_lock);
	did = vtd_domain_join(domain, device->unit);
	if (did < 0)
		return did;
	ret = vtd_cache_add(&domain->caches, device, did);
	if (ret) {
		vtd_domain_leave(domain, device->unit);
		return ret;
	}
	ret = vtd_alias_translate(device, domain->root, domain->requirements.levels,
				  did, ats);
	if (!ret && ats)
		ret = enable_ats(device, domain, did);
	/* Pairs with vtd_isolate(), which may have run before the entry was set */
	if (!ret && READ_ONCE(device->isolated))
		ret = -EIO;
	if (ret)
		detach_domain(device, domain);
	return ret;
}

/**
 * vtd_attach_paging() - attach a device to a domain with page tables
 * @iommu_domain: domain
 * @dev: device; blocked first, and left so on failure
 *
 * A device that is isolated stays blocked, whatever it is attached to.
 *
 * Context: Process context, may sleep; under the core's group mutex.
 * Return: 0; -EINVAL if the device's unit can't use the domain's tables; -EIO
 *	for a device that is isolated meanwhile; -ENOSPC, -ENOMEM, or the error of
 *	a flush.
 */
int vtd_attach_paging(struct iommu_domain *iommu_domain, struct device *dev)
{
	struct vtd_domain *domain = to_vtd_domain(iommu_domain);
	struct vtd_device *device = vtd_device_of(dev);
	int ret;

	detach(device);
	if (READ_ONCE(device->isolated))
		return 0;
	scoped_guard(mutex, &domain->attach_lock)
		ret = attach_domain(device, domain);
	if (ret)
		return ret;
	device->domain = domain;
	device->attached = true;
	return 0;
}

/* Domains without */

/**
 * vtd_attach_blocked() - block a device
 * @iommu_domain: the blocking domain
 * @dev: device
 *
 * A driver or VFIO that takes a device over resets it while it is blocked. So an
 * isolated device gets another chance here: its reset may be why it timed out.
 *
 * Context: Process context, may sleep; under the core's group mutex.
 * Return: 0.
 */
int vtd_attach_blocked(struct iommu_domain *iommu_domain, struct device *dev)
{
	struct vtd_device *device = vtd_device_of(dev);

	detach(device);
	if (READ_ONCE(device->isolated)) {
		vtd_qi_clear_timeout(device->unit, device->sid);
		WRITE_ONCE(device->isolated, false);
	}
	return 0;
}

/**
 * vtd_attach_identity() - pass the requests of a device through
 * @iommu_domain: the identity domain
 * @dev: device; blocked first, and left so on failure
 *
 * Context: Process context, may sleep; under the core's group mutex.
 * Return: 0; -EINVAL if the device's unit can't pass requests through; -ENOMEM,
 *	or the error of a flush.
 */
int vtd_attach_identity(struct iommu_domain *iommu_domain, struct device *dev)
{
	struct vtd_device *device = vtd_device_of(dev);
	int ret;

	detach(device);
	if (!vtd_ecap_pass_through(device->unit->ecap))
		return -EINVAL;
	if (READ_ONCE(device->isolated))
		return 0;
	ret = vtd_alias_pass_through(device);
	if (ret)
		vtd_alias_block(device);
	device->attached = !ret;
	return ret;
}
