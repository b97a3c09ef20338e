// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices to domains: in which order entries, caches and the device are told,
 * and how that is undone.
 *
 * Attaching: the unit's cache is put into the domain's list first, then entries
 * are made present, so that nothing is ever cached there that an unmap would not
 * flush. Then the device may cache, is listed, and forgets. Detaching goes the
 * other way round: entries are cleared, which blocks the device, then it is made
 * to forget, then both are taken out of the list.
 *
 * A device between two domains is blocked.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/pci.h>
#include <linux/pci-ats.h>

#include "cache.h"
#include "device.h"
#include "domain.h"
#include "inval.h"
#include "unit.h"

/* What pci_for_each_dma_alias() carries along */
struct alias_walk {
	struct vtd_device *device;
	struct vtd_context context;
	int error;
};

/*
 * Behind a bridge to conventional PCI several devices share source-ids. They
 * are of one group, whose mutex serialises this.
 */
static unsigned long alias_users(struct intel_iommu *unit, u16 sid)
{
	void *users = xa_load(&unit->aliases, sid);

	return users ? xa_to_value(users) : 0;
}

static int alias_get(struct intel_iommu *unit, u16 sid)
{
	unsigned long users = alias_users(unit, sid);

	return xa_err(xa_store(&unit->aliases, sid, xa_mk_value(users + 1),
			       GFP_KERNEL));
}

static bool context_is(struct vtd_context a, struct vtd_context b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

static int set_alias(struct pci_dev *pdev, u16 sid, void *data)
{
	struct alias_walk *walk = data;
	struct intel_iommu *unit = walk->device->unit;

	walk->error = alias_get(unit, sid);
	if (walk->error)
		return walk->error;
	walk->device->aliases++;
	/* A device that shares it may be using it this very moment */
	if (!context_is(vtd_context_read(unit, sid), walk->context))
		walk->error = vtd_context_set(unit, sid, walk->context);
	return walk->error;
}

static int clear_alias(struct pci_dev *pdev, u16 sid, void *data)
{
	struct alias_walk *walk = data;
	struct intel_iommu *unit = walk->device->unit;
	unsigned long users = alias_users(unit, sid);

	/* Setting failed before it came here: this one, and those behind, are not ours */
	if (!walk->device->aliases)
		return 1;
	walk->device->aliases--;
	if (users > 1) {
		/* Takes no memory, for there is an entry */
		xa_store(&unit->aliases, sid, xa_mk_value(users - 1), GFP_KERNEL);
		return 0;
	}
	xa_erase(&unit->aliases, sid);
	walk->error = vtd_context_clear(unit, sid) ?: walk->error;
	return 0;
}

static void walk_aliases(struct alias_walk *walk, bool set)
{
	struct vtd_device *device = walk->device;

	if (device->shadowed)
		return;
	if (dev_is_pci(device->dev))
		pci_for_each_dma_alias(to_pci_dev(device->dev),
				       set ? set_alias : clear_alias, walk);
	else if (set)
		set_alias(NULL, device->sid, walk);
	else
		clear_alias(NULL, device->sid, walk);
}

static int clear_contexts(struct vtd_device *device)
{
	struct alias_walk walk = { .device = device };

	walk_aliases(&walk, false);
	return walk.error;
}

static int set_contexts(struct vtd_device *device, struct vtd_context context)
{
	struct alias_walk walk = { .device = device, .context = context };

	walk_aliases(&walk, true);
	return walk.error;
}

static bool may_use_ats(const struct vtd_device *device)
{
	return device->ats_supported && !device->shadowed &&
	       pci_ats_page_aligned(to_pci_dev(device->dev));
}

/*
 * The device is blocked, or has just begun to cache: either way it is to forget
 * everything. One that is gone has forgotten.
 */
static int empty_device_tlb(struct vtd_device *device)
{
	struct vtd_desc desc = vtd_desc_device_tlb(device->sid, device->pfsid,
						   device->ats_depth, 0, 52);
	struct intel_iommu *unit = device->unit;
	int error;

	if (pci_dev_is_disconnected(to_pci_dev(device->dev)))
		return 0;
	error = vtd_qi_submit(unit, &desc, 1);
	if (!error && device->flush_twice)
		error = vtd_qi_submit(unit, &desc, 1);
	/* Blocked for good, it need not answer */
	return error == -ETIMEDOUT ? vtd_cut_off(unit, device->sid) : error;
}

/*
 * Only now, for a device that asks for a translation before it may have one is
 * told never to ask again. What it caches before it is listed, it forgets.
 */
static int enable_ats(struct vtd_device *device, struct vtd_domain *domain, u16 did)
{
	struct pci_dev *pdev = to_pci_dev(device->dev);
	int error;

	if (pci_enable_ats(pdev, PAGE_SHIFT))
		return 0;
	error = vtd_cache_add_device(domain, device, did);
	if (error) {
		pci_disable_ats(pdev);
		return error;
	}
	device->ats_enabled = true;
	return empty_device_tlb(device);
}

static void disable_ats(struct vtd_device *device)
{
	if (!device->ats_enabled)
		return;
	pci_disable_ats(to_pci_dev(device->dev));
	device->ats_enabled = false;
}

/*
 * Block a device. Where the unit does not confirm, the device is blocked as far
 * as the tables go, and neither its domain-id nor its page table, nor what is
 * unmapped from its domain, is used again.
 */
static void detach_domain(struct vtd_device *device, struct vtd_domain *domain)
{
	struct intel_iommu *unit = device->unit;
	bool settled = !clear_contexts(device);

	lockdep_assert_held(&domain->attach_lock);
	if (device->ats_enabled && empty_device_tlb(device))
		settled = false;
	/* Before the cache is taken out: from then on nobody flushes it */
	if (!settled)
		WRITE_ONCE(domain->stuck, true);
	vtd_cache_del(domain, device, vtd_domain_did(domain, unit));
	disable_ats(device);
	vtd_domain_leave(domain, unit);
}

static void detach(struct vtd_device *device)
{
	struct vtd_domain *domain = device->domain;

	if (!device->attached)
		return;
	if (domain) {
		mutex_lock(&domain->attach_lock);
		detach_domain(device, domain);
		mutex_unlock(&domain->attach_lock);
	} else {
		clear_contexts(device);
	}
	device->domain = NULL;
	device->attached = false;
}

static int attach_paging(struct vtd_device *device, struct vtd_domain *domain)
{
	bool ats = may_use_ats(device);
	int did, error;

	did = vtd_domain_join(domain, device->unit);
	if (did < 0)
		return did;
	error = vtd_cache_add(domain, device, did);
	if (error) {
		vtd_domain_leave(domain, device->unit);
		return error;
	}
	error = set_contexts(device,
			     vtd_make_context(ats ? VTD_TRANSLATE_ATS : VTD_TRANSLATE,
					      domain->root, domain->need.levels, did));
	if (!error && ats)
		error = enable_ats(device, domain, did);
	/* It may have been cut off while its entry was on the way */
	if (!error && READ_ONCE(device->dead))
		error = -EIO;
	if (error)
		detach_domain(device, domain);
	return error;
}

/**
 * vtd_attach_paging() - attach a device to a domain with page tables
 * @iommu_domain: domain
 * @dev: device; blocked first, and left so on failure
 *
 * A device that does not answer its IOMMU stays blocked, whatever it is attached
 * to.
 *
 * Context: may sleep; under the core's group mutex.
 * Return: 0; -EINVAL if the device's unit can't use the domain's tables; -EIO
 *	for a device that is cut off meanwhile; -ENOSPC, -ENOMEM, or the error of
 *	a flush.
 */
int vtd_attach_paging(struct iommu_domain *iommu_domain, struct device *dev)
{
	struct vtd_domain *domain = to_vtd_domain(iommu_domain);
	struct vtd_device *device = vtd_device_of(dev);
	int error;

	detach(device);
	if (READ_ONCE(device->dead))
		return 0;
	mutex_lock(&domain->attach_lock);
	error = attach_paging(device, domain);
	mutex_unlock(&domain->attach_lock);
	if (error)
		return error;
	device->domain = domain;
	device->attached = true;
	return 0;
}

/*
 * Whoever takes a device over has it reset while it is blocked. One that did not
 * answer because it was being reset has another chance then.
 */
static int attach_blocked(struct iommu_domain *domain, struct device *dev)
{
	struct vtd_device *device = vtd_device_of(dev);

	detach(device);
	if (READ_ONCE(device->dead)) {
		vtd_qi_clear_timeout(device->unit, device->sid);
		WRITE_ONCE(device->dead, false);
	}
	return 0;
}

static int attach_identity(struct iommu_domain *domain, struct device *dev)
{
	struct vtd_device *device = vtd_device_of(dev);
	struct intel_iommu *unit = device->unit;
	int error;

	detach(device);
	if (!vtd_ecap_pass_through(unit->ecap))
		return -EINVAL;
	if (READ_ONCE(device->dead))
		return 0;
	error = set_contexts(device, vtd_make_context(VTD_PASS_THROUGH, 0,
						      unit->max_levels,
						      VTD_DID_IDENTITY));
	if (error)
		clear_contexts(device);
	device->attached = !error;
	return error;
}

struct iommu_domain vtd_blocked_domain = {
	.type	= IOMMU_DOMAIN_BLOCKED,
	.ops	= &(const struct iommu_domain_ops) {
		.attach_dev	= attach_blocked,
	},
};

struct iommu_domain vtd_identity_domain = {
	.type	= IOMMU_DOMAIN_IDENTITY,
	.ops	= &(const struct iommu_domain_ops) {
		.attach_dev	= attach_identity,
	},
};

/**
 * vtd_cut_off() - keep a device from memory whose device-TLB does not answer
 * @unit: its unit
 * @sid: its source-id
 *
 * Requests that it translated itself are stopped too, since its entry is not
 * present. It stays like this until it is attached to the blocking domain, as
 * happens when somebody else takes it over, or removed.
 *
 * Context: any but NMI; waits for the unit.
 * Return: 0, or a negative errno if the unit does not confirm.
 */
int vtd_cut_off(struct intel_iommu *unit, u16 sid)
{
	struct vtd_device *device;
	int error;

	rcu_read_lock();
	device = xa_load(&unit->devices, sid);
	if (device && !READ_ONCE(device->dead)) {
		/* Before the entry is cleared: who sets it looks afterwards */
		WRITE_ONCE(device->dead, true);
		dev_err(device->dev, "DMAR: does not answer its IOMMU, cut off from memory\n");
	}
	error = vtd_context_clear(unit, sid);
	rcu_read_unlock();
	return error;
}
