// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device scopes: the devices that a structure of the DMAR table names.
 *
 * Firmware names a device by its path from a root bus. A scope has one slot for
 * each of its devices; a slot holds a reference while the device is there.
 *
 * Owns dmar_global_lock. Slots change with it held for writing, and are read under
 * it or RCU. A device keeps its reference until no reader can see it.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <linux/device.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "dmar-internal.h"

DECLARE_RWSEM(dmar_global_lock);

/**
 * dmar_scope_alloc() - allocate the slots of a scope
 * @header: the structure
 * @slots: set to an array with one slot per entry, all empty; NULL if there is
 *	no entry
 * @count: set to their number
 *
 * I/O APICs and HPETs get none: they are found by their path when interrupt
 * remapping is set up.
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int dmar_scope_alloc(const struct acpi_dmar_header *header,
		     struct dmar_dev_scope **slots, int *count)
{
	struct dmar_scope_cursor cursor = dmar_scope_start(header);
	const struct acpi_dmar_device_scope *scope;

	*slots = NULL;
	*count = 0;
	while ((scope = dmar_scope_next(&cursor))) {
		switch (scope->entry_type) {
		case ACPI_DMAR_SCOPE_TYPE_ENDPOINT:
		case ACPI_DMAR_SCOPE_TYPE_BRIDGE:
		case ACPI_DMAR_SCOPE_TYPE_NAMESPACE:
			(*count)++;
			break;
		default:
			break;
		}
	}
	if (!*count)
		return 0;

	*slots = kcalloc(*count, sizeof(**slots), GFP_KERNEL);
	if (*slots)
		return 0;
	*count = 0;
	return -ENOMEM;
}

/**
 * dmar_scope_free() - drop the devices of a scope, and free its slots
 * @slots: the slots, may be NULL
 * @count: their number
 *
 * Context: Process context, may sleep; no reader can see them any more.
 */
void dmar_scope_free(struct dmar_dev_scope *slots, int count)
{
	int i;

	for (i = 0; i < count; i++)
		put_device(rcu_dereference_protected(slots[i].dev, true));
	kfree(slots);
}

static bool dmar_step_matches(const struct acpi_dmar_pci_path *step,
			      const struct pci_dev *dev)
{
	return step->device == PCI_SLOT(dev->devfn) &&
	       step->function == PCI_FUNC(dev->devfn);
}

/* Return true if the path leads from its root bus to the device. Walks it backwards. */
static bool dmar_path_matches(const struct acpi_dmar_device_scope *scope,
			      const struct pci_dev *dev)
{
	const struct acpi_dmar_pci_path *path = (const void *)(scope + 1);
	unsigned int steps = dmar_scope_steps(scope);

	while (dev && steps) {
		if (!dmar_step_matches(&path[--steps], dev))
			return false;
		if (pci_is_root_bus(dev->bus))
			return !steps && dev->bus->number == scope->bus;
		dev = dev->bus->self;
	}

	return false;
}

/* Some firmware gives only the bus of the device, and the last step of the path. */
static bool dmar_short_path_matches(const struct acpi_dmar_device_scope *scope,
				    const struct pci_dev *dev)
{
	const struct acpi_dmar_pci_path *path = (const void *)(scope + 1);

	if (dmar_scope_steps(scope) != 1 || dev->bus->number != scope->bus ||
	    !dmar_step_matches(path, dev))
		return false;

	dev_info_ratelimited(&dev->dev,
			     FW_BUG "DMAR: device scope does not start at a root bus\n");
	return true;
}

/*
 * An entry for one device should not lead to a bridge, or the reverse. Where it
 * leads is certain all the same. A bridge that is not one between PCI buses (a
 * non-transparent one) may be given as either.
 */
static void dmar_check_kind(const struct acpi_dmar_device_scope *scope,
			    const struct pci_dev *dev)
{
	bool normal = dev->hdr_type == PCI_HEADER_TYPE_NORMAL;
	bool wrong;

	if (scope->entry_type == ACPI_DMAR_SCOPE_TYPE_BRIDGE)
		wrong = normal && dev->class >> 16 != PCI_BASE_CLASS_BRIDGE;
	else
		wrong = !normal;
	if (wrong)
		dev_warn_ratelimited(&dev->dev,
				     FW_BUG "DMAR: device scope is for another kind of device\n");
}

static bool dmar_scope_names(const struct acpi_dmar_header *header,
			     const struct pci_dev *dev)
{
	struct dmar_scope_cursor cursor = dmar_scope_start(header);
	const struct acpi_dmar_device_scope *scope;

	while ((scope = dmar_scope_next(&cursor))) {
		if (scope->entry_type != ACPI_DMAR_SCOPE_TYPE_ENDPOINT &&
		    scope->entry_type != ACPI_DMAR_SCOPE_TYPE_BRIDGE)
			continue;
		if (dmar_path_matches(scope, dev) || dmar_short_path_matches(scope, dev)) {
			dmar_check_kind(scope, dev);
			return true;
		}
	}

	return false;
}

static int dmar_scope_find(struct dmar_dev_scope *slots, int count,
			   const struct device *dev)
{
	struct device *tmp;
	int i;

	for_each_dev_scope(slots, count, i, tmp)
		if (tmp == dev)
			break;
	return i;
}

/**
 * dmar_scope_take() - put a device into a free slot
 * @slots: slots of the scope
 * @count: their number
 * @dev: the device; the slot gets a reference
 * @bus: bus of its requests
 * @devfn: device and function of its requests
 *
 * Context: Process context; dmar_global_lock held for writing.
 * Return: true, or false if no slot is free.
 */
bool dmar_scope_take(struct dmar_dev_scope *slots, int count, struct device *dev,
		     u8 bus, u8 devfn)
{
	int i = dmar_scope_find(slots, count, NULL);

	lockdep_assert_held_write(&dmar_global_lock);
	if (i == count) {
		dev_warn_ratelimited(dev, "DMAR: no place left in device scope\n");
		return false;
	}

	slots[i].bus = bus;
	slots[i].devfn = devfn;
	rcu_assign_pointer(slots[i].dev, get_device(dev));
	return true;
}

/**
 * dmar_scope_insert() - put a device that was added into a scope that names it
 * @info: the device
 * @header: structure with the scope
 * @segment: PCI segment of the scope
 * @slots: slots of the scope
 * @count: their number
 *
 * A device that has a slot already stays as it is.
 *
 * Context: Process context, may sleep; dmar_global_lock held for writing.
 * Return: true if the device is in the scope.
 */
bool dmar_scope_insert(const struct dmar_pci_notify_info *info,
		       const struct acpi_dmar_header *header, u16 segment,
		       struct dmar_dev_scope *slots, int count)
{
	struct pci_dev *dev = info->dev;

	lockdep_assert_held_write(&dmar_global_lock);
	if (segment != info->seg || !count)
		return false;
	if (dmar_scope_find(slots, count, &dev->dev) < count)
		return true;
	return dmar_scope_names(header, dev) &&
	       dmar_scope_take(slots, count, &dev->dev, dev->bus->number, dev->devfn);
}

/**
 * dmar_scope_remove() - take a device that was removed out of a scope
 * @info: the device
 * @segment: PCI segment of the scope
 * @slots: slots of the scope
 * @count: their number
 *
 * Context: Process context, may sleep, waits for readers; dmar_global_lock held
 * for writing.
 * Return: true if the device was in the scope.
 */
bool dmar_scope_remove(const struct dmar_pci_notify_info *info, u16 segment,
		       struct dmar_dev_scope *slots, int count)
{
	struct device *dev = &info->dev->dev;
	int i;

	lockdep_assert_held_write(&dmar_global_lock);
	if (segment != info->seg)
		return false;

	i = dmar_scope_find(slots, count, dev);
	if (i == count)
		return false;

	RCU_INIT_POINTER(slots[i].dev, NULL);
	synchronize_rcu();
	put_device(dev);
	return true;
}

/**
 * dmar_scope_covers() - tell whether a scope has a device, or a bridge above it
 * @slots: slots of the scope
 * @count: their number
 * @dev: the device
 *
 * Context: Any context, under dmar_global_lock or RCU.
 * Return: true if so.
 */
bool dmar_scope_covers(struct dmar_dev_scope *slots, int count,
		       const struct pci_dev *dev)
{
	for (; dev; dev = dev->bus->self)
		if (dmar_scope_find(slots, count, &dev->dev) < count)
			return true;
	return false;
}
