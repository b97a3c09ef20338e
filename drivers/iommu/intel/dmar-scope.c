// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device scopes: which devices a structure of the DMAR table speaks of.
 *
 * Firmware names a device by its path from a root bus. Here paths become
 * references to devices, when the machine boots and whenever a PCI device comes
 * or goes. Places of a scope change under dmar_global_lock held for writing and
 * are read under RCU; a device keeps its reference until no reader can see it.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <linux/device.h>
#include <linux/msi.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "dmar-internal.h"

/* 1 before dmar_dev_scope_init(), then its result; under dmar_global_lock */
static int dmar_dev_scope_status = 1;

/* dmar_pci_bus_nb is in the PCI bus' list; changes only while the machine boots */
static bool dmar_notifier_registered;

/**
 * dmar_scope_alloc() - make places for the devices of a scope
 * @header: the structure
 * @places: set to an array with one place per entry, all empty; NULL if there is
 *	no entry
 * @count: set to their number
 *
 * I/O APICs and HPETs get none: they are found by their path when interrupt
 * remapping is set up.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int dmar_scope_alloc(const struct acpi_dmar_header *header,
		     struct dmar_dev_scope **places, int *count)
{
	struct dmar_scope_cursor cursor = dmar_scope_start(header);
	const struct acpi_dmar_device_scope *scope;

	*places = NULL;
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

	*places = kcalloc(*count, sizeof(**places), GFP_KERNEL);
	if (*places)
		return 0;
	*count = 0;
	return -ENOMEM;
}

/**
 * dmar_scope_free() - drop the devices of a scope, and its places
 * @places: the places, may be NULL
 * @count: their number
 *
 * Context: may sleep; nobody else can see them any more.
 */
void dmar_scope_free(struct dmar_dev_scope *places, int count)
{
	int i;

	for (i = 0; i < count; i++)
		put_device(rcu_dereference_protected(places[i].dev, true));
	kfree(places);
}

static bool dmar_step_matches(const struct acpi_dmar_pci_path *step,
			      const struct pci_dev *dev)
{
	return step->device == PCI_SLOT(dev->devfn) &&
	       step->function == PCI_FUNC(dev->devfn);
}

/* Whether the path leads from its root bus to the device; followed backwards */
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

/* Some firmware gives the bus that the device is on, and the last step alone */
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

static int dmar_scope_find(struct dmar_dev_scope *places, int count,
			   const struct device *dev)
{
	struct device *tmp;
	int i;

	for_each_dev_scope(places, count, i, tmp)
		if (tmp == dev)
			break;
	return i;
}

/* A device takes a place, with a reference; false if none is free */
static bool dmar_scope_take(struct dmar_dev_scope *places, int count,
			    struct device *dev, u8 bus, u8 devfn)
{
	int i = dmar_scope_find(places, count, NULL);

	if (i == count) {
		dev_warn_ratelimited(dev, "DMAR: no place left in device scope\n");
		return false;
	}

	places[i].bus = bus;
	places[i].devfn = devfn;
	rcu_assign_pointer(places[i].dev, get_device(dev));
	return true;
}

/**
 * dmar_scope_insert() - let a device that came into a scope that names it
 * @info: the device
 * @header: structure with the scope
 * @segment: PCI segment of the scope
 * @places: places of the scope
 * @count: their number
 *
 * A device that is there already stays as it is.
 *
 * Context: may sleep; dmar_global_lock held for writing, or while the machine
 * boots.
 * Return: true if the device is in the scope.
 */
bool dmar_scope_insert(const struct dmar_pci_notify_info *info,
		       const struct acpi_dmar_header *header, u16 segment,
		       struct dmar_dev_scope *places, int count)
{
	struct pci_dev *dev = info->dev;

	if (segment != info->seg || !count)
		return false;
	if (dmar_scope_find(places, count, &dev->dev) < count)
		return true;
	return dmar_scope_names(header, dev) &&
	       dmar_scope_take(places, count, &dev->dev, dev->bus->number, dev->devfn);
}

/**
 * dmar_scope_remove() - take a device that went out of a scope
 * @info: the device
 * @segment: PCI segment of the scope
 * @places: places of the scope
 * @count: their number
 *
 * Context: may sleep, waits for readers; dmar_global_lock held for writing.
 * Return: true if the device was in the scope.
 */
bool dmar_scope_remove(const struct dmar_pci_notify_info *info, u16 segment,
		       struct dmar_dev_scope *places, int count)
{
	struct device *dev = &info->dev->dev;
	int i;

	if (segment != info->seg)
		return false;

	i = dmar_scope_find(places, count, dev);
	if (i == count)
		return false;

	RCU_INIT_POINTER(places[i].dev, NULL);
	synchronize_rcu();
	put_device(dev);
	return true;
}

/* False for segments that the table can't name, such as those behind VMD */
static bool dmar_make_info(struct dmar_pci_notify_info *info, struct pci_dev *dev,
			   unsigned long event)
{
	int segment = pci_domain_nr(dev->bus);

	info->dev = dev;
	info->event = event;
	info->seg = segment;
	return segment <= U16_MAX;
}

/*
 * A device is of one unit at most: the first whose scope names it. What has all
 * other devices of a segment needs no places.
 */
static bool dmar_insert_in_list(const struct dmar_pci_notify_info *info,
				const struct list_head *units)
{
	struct dmar_drhd_unit *unit;

	list_for_each_entry_rcu(unit, units, list, dmar_rcu_check())
		if (!unit->include_all &&
		    dmar_scope_insert(info, unit->hdr, unit->segment, unit->devices,
				      unit->devices_cnt))
			return true;
	return false;
}

static void dmar_device_came(struct dmar_pci_notify_info *info)
{
	if (!dmar_insert_in_list(info, &dmar_drhd_units))
		dmar_insert_in_list(info, &dmar_lost_units);
	vtd_reserved_notify(info);
	intel_irq_remap_add_device(info);
}

static bool dmar_remove_from_list(const struct dmar_pci_notify_info *info,
				  const struct list_head *units)
{
	struct dmar_drhd_unit *unit;

	list_for_each_entry_rcu(unit, units, list, dmar_rcu_check())
		if (dmar_scope_remove(info, unit->segment, unit->devices,
				      unit->devices_cnt))
			return true;
	return false;
}

static void dmar_device_went(struct dmar_pci_notify_info *info)
{
	if (!dmar_remove_from_list(info, &dmar_drhd_units))
		dmar_remove_from_list(info, &dmar_lost_units);
	vtd_reserved_notify(info);
}

/*
 * Virtual functions are looked up by their physical function. Its interrupts
 * come from the same unit, which their bus, unlike that of other devices, can't
 * tell: several units may serve it.
 */
static void dmar_virtual_function_came(struct pci_dev *dev)
{
	dev_set_msi_domain(&dev->dev, dev_get_msi_domain(&pci_physfn(dev)->dev));
}

static int dmar_pci_bus_notify(struct notifier_block *nb, unsigned long event,
			       void *data)
{
	struct pci_dev *dev = to_pci_dev(data);
	struct dmar_pci_notify_info info;

	if (event != BUS_NOTIFY_ADD_DEVICE && event != BUS_NOTIFY_REMOVED_DEVICE)
		return NOTIFY_DONE;

	if (dev->is_virtfn) {
		if (event == BUS_NOTIFY_ADD_DEVICE)
			dmar_virtual_function_came(dev);
		return NOTIFY_DONE;
	}
	if (!dmar_make_info(&info, dev, event))
		return NOTIFY_DONE;

	down_write(&dmar_global_lock);
	if (event == BUS_NOTIFY_ADD_DEVICE)
		dmar_device_came(&info);
	else
		dmar_device_went(&info);
	up_write(&dmar_global_lock);

	return NOTIFY_OK;
}

/* Before that of the IOMMU core, which asks for the unit of a device */
static struct notifier_block dmar_pci_bus_nb = {
	.notifier_call	= dmar_pci_bus_notify,
	.priority	= 1,
};

/**
 * dmar_register_bus_notifier() - be told of PCI devices that come and go
 *
 * To be called after dmar_dev_scope_init(), before devices can come by hot plug.
 *
 * Context: may sleep; without dmar_global_lock, which is taken inside the bus'
 * list of notifiers.
 */
void __init dmar_register_bus_notifier(void)
{
	if (!dmar_notifier_registered)
		dmar_notifier_registered =
			!bus_register_notifier(&pci_bus_type, &dmar_pci_bus_nb);
}

/**
 * dmar_unregister_bus_notifier() - no longer be told of PCI devices
 *
 * Context: may sleep; without dmar_global_lock.
 */
void dmar_unregister_bus_notifier(void)
{
	if (dmar_notifier_registered)
		bus_unregister_notifier(&pci_bus_type, &dmar_pci_bus_nb);
	dmar_notifier_registered = false;
}

/* The entry of a unit's scope for a device that is not on PCI, or NULL */
static const struct acpi_dmar_device_scope *
dmar_scope_of_number(const struct dmar_drhd_unit *unit, u8 number)
{
	struct dmar_scope_cursor cursor = dmar_scope_start(unit->hdr);
	const struct acpi_dmar_device_scope *scope;

	while ((scope = dmar_scope_next(&cursor)))
		if (scope->entry_type == ACPI_DMAR_SCOPE_TYPE_NAMESPACE &&
		    scope->enumeration_id == number)
			break;
	return scope;
}

static void __init dmar_insert_acpi_device(const struct acpi_dmar_andd *andd,
					   struct acpi_device *adev)
{
	const struct acpi_dmar_device_scope *scope;
	const struct acpi_dmar_pci_path *path;
	struct dmar_drhd_unit *unit;

	for_each_drhd_unit(unit) {
		scope = dmar_scope_of_number(unit, andd->device_number);
		if (!scope)
			continue;

		path = (const void *)(scope + 1);
		dev_info(&adev->dev, "DMAR: unit at 0x%llx, requests as %02x:%02x.%u\n",
			 unit->reg_base_addr, scope->bus, path->device, path->function);
		dmar_scope_take(unit->devices, unit->devices_cnt, &adev->dev, scope->bus,
				PCI_DEVFN(path->device, path->function));
		return;
	}

	dev_warn(&adev->dev, FW_BUG "DMAR: ANDD number %u is in no unit's scope\n",
		 andd->device_number);
}

static int __init dmar_find_acpi_device(const struct acpi_dmar_andd *andd, void *arg)
{
	struct acpi_device *adev = NULL;
	acpi_handle handle;

	if (ACPI_SUCCESS(acpi_get_handle(ACPI_ROOT_OBJECT, (char *)andd->device_name,
					 &handle)))
		adev = acpi_fetch_acpi_dev(handle);

	if (adev)
		dmar_insert_acpi_device(andd, adev);
	else
		dmar_firmware_bug("ANDD: no ACPI device \"%s\"", andd->device_name);
	return 0;
}

static const struct dmar_handlers dmar_name_handlers __initconst = {
	.andd = dmar_find_acpi_device,
};

/*
 * Devices that firmware has hidden or left out are common: not worth a warning.
 * A unit for all that is left names only what is no PCI device.
 */
static void __init dmar_tell_empty_places(void)
{
	struct dmar_drhd_unit *unit;
	struct device *dev;
	int empty = 0;
	int i;

	for_each_drhd_unit(unit) {
		if (unit->include_all)
			continue;
		for_each_dev_scope(unit->devices, unit->devices_cnt, i, dev)
			empty += !dev;
	}

	if (empty)
		pr_info("%d device scope entries of units lead to no device\n", empty);
}

/**
 * dmar_dev_scope_init() - find the devices that scopes name
 *
 * To be called once PCI devices are known, and may be called again: the first
 * result stays.
 *
 * Context: may sleep; dmar_global_lock held for writing.
 * Return: 0, or -ENODEV if there are no units.
 */
int __init dmar_dev_scope_init(void)
{
	struct dmar_pci_notify_info info;
	struct pci_dev *dev = NULL;

	if (dmar_dev_scope_status != 1)
		return dmar_dev_scope_status;

	if (list_empty(&dmar_drhd_units)) {
		dmar_dev_scope_status = -ENODEV;
		return dmar_dev_scope_status;
	}

	if (dmar_tbl)
		dmar_walk_table(dmar_tbl, &dmar_name_handlers, NULL);
	for_each_pci_dev(dev)
		if (!dev->is_virtfn &&
		    dmar_make_info(&info, dev, BUS_NOTIFY_ADD_DEVICE))
			dmar_device_came(&info);

	dmar_tell_empty_places();
	dmar_dev_scope_status = 0;
	return 0;
}

/* Whether the device, or a bridge above it, is in a scope */
static bool dmar_scope_covers(const struct dmar_drhd_unit *unit,
			      const struct pci_dev *dev)
{
	for (; dev; dev = dev->bus->self)
		if (dmar_scope_find(unit->devices, unit->devices_cnt, &dev->dev) <
		    unit->devices_cnt)
			return true;
	return false;
}

/* A unit that can't be used has it: no other must take it for its own */
static bool dmar_device_lost(const struct pci_dev *dev)
{
	struct dmar_drhd_unit *unit;

	list_for_each_entry_rcu(unit, &dmar_lost_units, list, dmar_rcu_check())
		if (dmar_scope_covers(unit, dev))
			return true;
	return false;
}

/**
 * dmar_find_matched_drhd_unit() - find the unit that a PCI device is behind
 * @dev: the device
 *
 * Virtual functions are behind that of their physical function. Units that are
 * ignored are found too.
 *
 * Context: any. The unit stays while dmar_global_lock is held, and for as long
 * as the device is there.
 * Return: the unit, or NULL if there is none or it can't be used.
 */
struct dmar_drhd_unit *dmar_find_matched_drhd_unit(struct pci_dev *dev)
{
	struct dmar_drhd_unit *unit;

	dev = pci_physfn(dev);

	rcu_read_lock();
	for_each_drhd_unit(unit) {
		/* At the end of the list: all scopes have been looked at before */
		if (unit->include_all && unit->segment == pci_domain_nr(dev->bus)) {
			if (dmar_device_lost(dev))
				unit = NULL;
			break;
		}
		if (dmar_scope_covers(unit, dev))
			break;
	}
	rcu_read_unlock();

	return unit;
}
