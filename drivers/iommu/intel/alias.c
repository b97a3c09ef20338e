// SPDX-License-Identifier: GPL-2.0-only
/*
 * Context entries of a device, under all source-ids that its requests have.
 *
 * Behind a bridge to conventional PCI, requests carry the bridge's source-id, or
 * one of several, and devices share them. Devices that do are of one group. This
 * file counts the devices of each source-id in unit->aliases, sets its context
 * entry with the first and clears it with the last.
 *
 * The core's group mutex serialises all calls for the devices of a group.
 */

#include <linux/pci.h>

#include "alias.h"
#include "context.h"
#include "device.h"
#include "did.h"
#include "unit.h"

/**
 * struct alias_walk - a walk of pci_for_each_dma_alias()
 * @device: the device
 * @context: entry to set
 * @ret: result so far
 */
struct alias_walk {
	struct vtd_device *device;
	struct vtd_context context;
	int ret;
};

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

	walk->ret = alias_get(unit, sid);
	if (walk->ret)
		return walk->ret;
	walk->device->aliases++;
	/* Another device that shares the entry may be using it right now */
	if (!context_is(vtd_context_read(unit, sid), walk->context))
		walk->ret = vtd_context_set(unit, sid, walk->context);
	return walk->ret;
}

static int clear_alias(struct pci_dev *pdev, u16 sid, void *data)
{
	struct alias_walk *walk = data;
	struct intel_iommu *unit = walk->device->unit;
	unsigned long users = alias_users(unit, sid);

	/* Setting failed before this one: the rest of the walk is not ours */
	if (!walk->device->aliases)
		return 1;
	walk->device->aliases--;
	if (users > 1) {
		/* Allocates nothing, for there is an entry */
		xa_store(&unit->aliases, sid, xa_mk_value(users - 1), GFP_KERNEL);
		return 0;
	}
	xa_erase(&unit->aliases, sid);
	walk->ret = vtd_context_clear(unit, sid) ?: walk->ret;
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

static int set_contexts(struct vtd_device *device, struct vtd_context context)
{
	struct alias_walk walk = { .device = device, .context = context };

	walk_aliases(&walk, true);
	return walk.ret;
}

/**
 * vtd_alias_translate() - translate the requests of a device
 * @device: the device, blocked
 * @root: physical address of the page table
 * @levels: its levels
 * @did: domain-id
 * @ats: the device may request translations and cache them
 *
 * Context: Process context, may sleep; under the core's group mutex.
 * Return: 0. On failure some source-ids may be set, and vtd_alias_block() must
 *	follow: -ENOMEM, or the error of a flush.
 */
int vtd_alias_translate(struct vtd_device *device, u64 root, unsigned int levels,
			u16 did, bool ats)
{
	return set_contexts(device,
			    vtd_make_context(ats ? VTD_TRANSLATE_ATS : VTD_TRANSLATE,
					     root, levels, did));
}

/**
 * vtd_alias_pass_through() - pass the requests of a device through untranslated
 * @device: the device, blocked; its unit can pass through
 *
 * Context: Process context, may sleep; under the core's group mutex.
 * Return: as vtd_alias_translate().
 */
int vtd_alias_pass_through(struct vtd_device *device)
{
	return set_contexts(device, vtd_make_context(VTD_PASS_THROUGH, 0,
						     device->unit->max_levels,
						     VTD_DID_IDENTITY));
}

/**
 * vtd_alias_block() - block the requests of a device
 * @device: the device; also after a failure to set its entries
 *
 * A source-id that another device uses too stays as it is.
 *
 * Context: Process context, may sleep; under the core's group mutex.
 * Return: 0; else the last error of the flushes, and the unit may still use what
 *	it has cached.
 */
int vtd_alias_block(struct vtd_device *device)
{
	struct alias_walk walk = { .device = device };

	walk_aliases(&walk, false);
	return walk.ret;
}
