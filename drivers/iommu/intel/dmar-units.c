// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lists of remapping units, and the search for the unit of a device.
 *
 * Both lists change under dmar_global_lock held for writing or, while the machine
 * boots, before other CPUs are started. They are read under the lock or RCU.
 */

#include <linux/cleanup.h>
#include <linux/pci.h>

#include "dmar-internal.h"

LIST_HEAD(dmar_drhd_units);

/*
 * struct dmar_drhd_unit of units that can't be used, without @iommu; only those
 * that devices may be behind. They are added while the table is parsed.
 */
LIST_HEAD(dmar_lost_units);

/**
 * dmar_find_unit() - find a unit by where it is
 * @segment: PCI segment of its devices
 * @base: physical address of its registers
 *
 * Context: under dmar_global_lock or RCU, for as long as the unit is used.
 * Return: the unit or NULL.
 */
struct dmar_drhd_unit *dmar_find_unit(u16 segment, u64 base)
{
	struct dmar_drhd_unit *unit;

	for_each_drhd_unit(unit)
		if (unit->segment == segment && unit->reg_base_addr == base)
			break;
	return unit;
}

/**
 * dmar_unit_link() - add a unit to the list
 * @unit: the unit
 *
 * In the order of the table, but units for all devices that no scope names come
 * last.
 *
 * Context: Any context; dmar_global_lock held for writing, or while the machine
 * boots.
 */
void dmar_unit_link(struct dmar_drhd_unit *unit)
{
	struct list_head *behind = &dmar_drhd_units;
	struct dmar_drhd_unit *other;

	if (!unit->include_all) {
		for_each_drhd_unit(other)
			if (other->include_all)
				break;
		if (other)
			behind = &other->list;
	}
	list_add_tail_rcu(&unit->list, behind);
}

/**
 * dmar_unit_unlink() - take a unit out of the list
 * @unit: the unit
 *
 * Context: Process context, may sleep, waits for readers; dmar_global_lock held for writing.
 */
void dmar_unit_unlink(struct dmar_drhd_unit *unit)
{
	lockdep_assert_held_write(&dmar_global_lock);

	list_del_rcu(&unit->list);
	synchronize_rcu();
}

/* Return true if a lost unit has the device: then no other unit has it. */
static bool dmar_device_lost(const struct pci_dev *dev)
{
	struct dmar_drhd_unit *unit;

	list_for_each_entry_rcu(unit, &dmar_lost_units, list, dmar_rcu_check())
		if (dmar_scope_covers(unit->devices, unit->devices_cnt, dev))
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
 * Context: Any context. The unit stays while dmar_global_lock is held, and for as
 * long as the device is there.
 * Return: the unit, or NULL if there is none or it can't be used.
 */
struct dmar_drhd_unit *dmar_find_matched_drhd_unit(struct pci_dev *dev)
{
	struct dmar_drhd_unit *unit;

	dev = pci_physfn(dev);

	guard(rcu)();
	for_each_drhd_unit(unit) {
		/* At the end of the list: no other scope has the device */
		if (unit->include_all && unit->segment == pci_domain_nr(dev->bus))
			return dmar_device_lost(dev) ? NULL : unit;
		if (dmar_scope_covers(unit->devices, unit->devices_cnt, dev))
			return unit;
	}

	return NULL;
}
