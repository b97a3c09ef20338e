// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts devices into the scopes that name them: ACPI devices when the machine
 * boots, PCI devices also from then on, by a notifier.
 *
 * Also frees units, scopes and the notifier late in boot if nothing is remapped.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/msi.h>
#include <linux/notifier.h>
#include <linux/pci.h>

#include "../irq_remapping.h"
#include "dmar-internal.h"
#include "rmrr.h"

/* 1 before dmar_dev_scope_init(), then its result; under dmar_global_lock */
static int dmar_dev_scope_status = 1;

/* dmar_pci_bus_nb is in the PCI bus' list; changes only while the machine boots */
static bool dmar_notifier_registered;

/* Return false for segments that the table can't name, such as those behind VMD. */
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
 * A device has one unit at most: the first whose scope names it. A unit for all
 * other devices of a segment needs no slots.
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

static void dmar_device_added(struct dmar_pci_notify_info *info)
{
	lockdep_assert_held_write(&dmar_global_lock);

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

static void dmar_device_removed(struct dmar_pci_notify_info *info)
{
	lockdep_assert_held_write(&dmar_global_lock);

	if (!dmar_remove_from_list(info, &dmar_drhd_units))
		dmar_remove_from_list(info, &dmar_lost_units);
	vtd_reserved_notify(info);
}

/*
 * Virtual functions are looked up by their physical function, and the same unit
 * remaps their interrupts. Their bus can't tell which: several units may serve it.
 */
static void dmar_virtual_function_added(struct pci_dev *dev)
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
			dmar_virtual_function_added(dev);
		return NOTIFY_DONE;
	}
	if (!dmar_make_info(&info, dev, event))
		return NOTIFY_DONE;

	guard(rwsem_write)(&dmar_global_lock);
	if (event == BUS_NOTIFY_ADD_DEVICE)
		dmar_device_added(&info);
	else
		dmar_device_removed(&info);
	return NOTIFY_OK;
}

/* Before that of the IOMMU core, which asks for the unit of a device */
static struct notifier_block dmar_pci_bus_nb = {
	.notifier_call	= dmar_pci_bus_notify,
	.priority	= 1,
};

/**
 * dmar_register_bus_notifier() - follow PCI devices that are added and removed
 *
 * To be called after dmar_dev_scope_init(), before devices can be hot-plugged.
 *
 * Context: Process context, may sleep; without dmar_global_lock, which is taken
 * inside the bus' list of notifiers.
 */
void __init dmar_register_bus_notifier(void)
{
	if (!dmar_notifier_registered)
		dmar_notifier_registered =
			!bus_register_notifier(&pci_bus_type, &dmar_pci_bus_nb);
}

/* Find the entry of a unit's scope for a device that is not on PCI, or NULL. */
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
 * A unit for all devices that are left names only those that are not on PCI.
 */
static void __init dmar_report_empty_slots(void)
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
 * Context: Process context, may sleep; dmar_global_lock held for writing.
 * Return: 0, or -ENODEV if there are no units.
 */
int __init dmar_dev_scope_init(void)
{
	struct dmar_pci_notify_info info;
	struct pci_dev *dev = NULL;

	lockdep_assert_held_write(&dmar_global_lock);
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
			dmar_device_added(&info);

	dmar_report_empty_slots();
	dmar_dev_scope_status = 0;
	return 0;
}

/* Interrupts need scopes also where DMA is not remapped. Devices are known by now. */
static int __init dmar_late_scope_init(void)
{
	guard(rwsem_write)(&dmar_global_lock);
	return irq_remapping_enabled ? dmar_dev_scope_init() : 0;
}
rootfs_initcall(dmar_late_scope_init);

static void __init dmar_free_list(struct list_head *units)
{
	struct dmar_drhd_unit *unit, *next;

	list_for_each_entry_safe(unit, next, units, list) {
		list_del_rcu(&unit->list);
		dmar_unit_free(unit);
	}
}

/* Units that remap nothing are never looked up: there are no readers to wait for. */
static int __init dmar_free_unused(void)
{
	if (dmar_in_use())
		return 0;

	/* Without the lock, which the notifier takes */
	if (dmar_notifier_registered)
		bus_unregister_notifier(&pci_bus_type, &dmar_pci_bus_nb);
	dmar_notifier_registered = false;

	guard(rwsem_write)(&dmar_global_lock);
	dmar_free_list(&dmar_drhd_units);
	dmar_free_list(&dmar_lost_units);
	vtd_reserved_lists_free();
	return 0;
}
late_initcall(dmar_free_unused);
