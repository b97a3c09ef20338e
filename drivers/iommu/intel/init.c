// SPDX-License-Identifier: GPL-2.0-only
/*
 * The order in which DMA remapping comes up: which units take part, each one's
 * queue and tables, then all their caches are invalidated, then the units are
 * registered with the core, which attaches devices, then translation is turned on.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/cleanup.h>
#include <linux/crash_dump.h>
#include <linux/dmar.h>
#include <linux/pci.h>
#include <linux/tboot.h>
#include <asm/iommu.h>

#include "command.h"
#include "debugfs.h"
#include "device.h"
#include "dmar-internal.h"
#include "inherit.h"
#include "inval.h"
#include "iommu.h"
#include "params.h"
#include "perfmon.h"
#include "power.h"
#include "quirks.h"
#include "rmrr.h"
#include "sysfs.h"
#include "unit.h"

static bool has_external_ports(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (pdev->external_facing) {
			pci_dev_put(pdev);
			return true;
		}
	return false;
}

/*
 * After a measured launch firmware keeps all DMA out until we translate, so off
 * is not an answer.
 */
static bool __init forced_by_tboot(void)
{
	if (vtd_params.tboot_noforce || !tboot_enabled())
		return false;
	if (no_iommu || vtd_params.disabled)
		pr_warn("on, since the kernel was launched by tboot\n");
	vtd_params.disabled = false;
	no_iommu = 0;
	return true;
}

/*
 * Firmware asks for protection, and there are external ports. Where remapping is
 * off by default, only devices at such ports are translated.
 */
static bool __init forced_by_platform(void)
{
	if (no_iommu || vtd_params.no_platform_optin || !dmar_platform_optin() ||
	    !has_external_ports())
		return false;
	if (vtd_params.disabled) {
		pr_info("on, since the platform asks for it\n");
		iommu_set_default_passthrough(false);
	}
	vtd_params.disabled = false;
	return true;
}

static bool __init has_devices(struct dmar_drhd_unit *drhd, bool *only_graphics)
{
	struct device *dev;
	bool found = false;
	int i;

	*only_graphics = true;
	for_each_active_dev_scope(drhd->devices, drhd->devices_cnt, i, dev) {
		found = true;
		if (!dev_is_pci(dev) || !vtd_is_graphics(to_pci_dev(dev)))
			*only_graphics = false;
	}
	return found;
}

/* Units without devices take no part, those of graphics alone if told so */
static void __init choose_units(void)
{
	struct dmar_drhd_unit *drhd;
	bool only_graphics;

	for_each_drhd_unit(drhd) {
		if (drhd->include_all)
			continue;
		if (!has_devices(drhd, &only_graphics)) {
			drhd->ignored = 1;
		} else if (only_graphics) {
			drhd->gfx_dedicated = 1;
			if (vtd_quirk_igfx_off())
				drhd->ignored = 1;
		}
	}
}

static void set_up_queue(struct intel_iommu *unit)
{
	/* Interrupt remapping may have been here before */
	if (!unit->qi) {
		vtd_fault_clear(unit);
		/* What firmware, or another kernel, left on */
		vtd_qi_disable(unit);
	}
	if (vtd_qi_enable(unit))
		pr_info("%s: invalidates by register\n", unit->name);
	else
		pr_info("%s: invalidates by queue\n", unit->name);
}

static void turn_off(struct intel_iommu *unit)
{
	vtd_translation_off(unit);
	unit->flags &= ~VTD_UNIT_TRANSLATION_INHERITED;
}

/* Only a kernel that was started by a crash has devices that are still at work */
static void set_up_inherited(struct intel_iommu *unit)
{
	if (!(unit->flags & VTD_UNIT_TRANSLATION_INHERITED))
		return;
	if (!is_kdump_kernel()) {
		pr_warn("%s: found translating, turned off\n", unit->name);
		turn_off(unit);
	} else if (vtd_inherit_tables(unit)) {
		pr_err("%s: tables of the crashed kernel are of no use; what its devices still do goes untranslated\n",
		       unit->name);
		turn_off(unit);
	} else {
		pr_info("%s: took over the tables of the crashed kernel\n", unit->name);
	}
}

static int set_up_unit(struct intel_iommu *unit)
{
	int ret;

	set_up_queue(unit);
	ret = vtd_contexts_init(unit);
	if (ret)
		return ret;
	set_up_inherited(unit);
	if (vtd_ecap_scalable(unit->ecap))
		pr_info_once("scalable mode is not supported by this driver, legacy mode is used\n");
	return 0;
}

/* A unit that fails is left out: its devices have no IOMMU, and say so */
static void leave_out(struct intel_iommu *unit, int ret)
{
	pr_err("%s: can't be set up: %d; it does not translate\n", unit->name, ret);
	vtd_translation_off(unit);
	unit->drhd->ignored = 1;
}

static void __init set_up_units(void)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *unit;
	int ret;

	for_each_iommu(unit, drhd) {
		if (drhd->ignored) {
			vtd_translation_off(unit);
			continue;
		}
		ret = set_up_unit(unit);
		if (ret)
			leave_out(unit, ret);
	}

	/* Some X58 chipsets only invalidate once all queues are on */
	for_each_active_iommu(unit, drhd) {
		ret = vtd_contexts_enable(unit);
		if (!ret)
			ret = dmar_set_interrupt(unit);
		if (ret)
			leave_out(unit, ret);
	}
	vtd_quirk_check_isoch();
}

/*
 * With caching mode a hypervisor follows each mapping one by one anyhow; batches
 * of unmappings would only make it work on more at once.
 */
static void choose_policy(const struct intel_iommu *unit)
{
	if (!vtd_cap_caching_mode(unit->cap))
		return;
	pr_info_once("%s is emulated: unmapping waits for it\n", unit->name);
	iommu_set_dma_strict();
}

/* The core probes devices in here, which takes its own locks */
static int announce_unit(struct intel_iommu *unit)
{
	int ret;

	choose_policy(unit);
	ret = iommu_device_sysfs_add(&unit->iommu, NULL, vtd_sysfs_groups, "%s",
				     unit->name);
	if (ret)
		return ret;
	set_dev_node(unit->iommu.dev, unit->node);
	ret = iommu_device_register(&unit->iommu, &intel_iommu_ops, NULL);
	if (ret) {
		iommu_device_sysfs_remove(&unit->iommu);
		return ret;
	}
	if (!vtd_pmu_alloc(unit))
		vtd_pmu_register(unit);
	vtd_debugfs_add_unit(unit);
	return 0;
}

static void __init announce_units(void)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *unit;
	int ret;

	down_read(&dmar_global_lock);
	for_each_active_iommu(unit, drhd) {
		/* Units stay until the hotplug of ACPI is there, which is later */
		up_read(&dmar_global_lock);
		ret = announce_unit(unit);
		down_read(&dmar_global_lock);
		if (ret)
			leave_out(unit, ret);
	}
	up_read(&dmar_global_lock);
}

static int __init probe_companions(struct device *dev)
{
	struct acpi_device *adev = to_acpi_device(dev);
	struct acpi_device_physical_node *node;
	int ret = 0;

	guard(mutex)(&adev->physical_node_lock);
	list_for_each_entry(node, &adev->physical_node_list, node) {
		ret = iommu_probe_device(node->dev);
		if (ret)
			break;
	}
	return ret;
}

/* Devices that ANDD structures name are on no bus that the core looks at */
static void __init probe_named_devices(void)
{
	struct dmar_drhd_unit *drhd;
	struct device *dev;
	int i, ret;

	down_read(&dmar_global_lock);
	for_each_active_drhd_unit(drhd) {
		for_each_active_dev_scope(drhd->devices, drhd->devices_cnt, i, dev) {
			if (dev->bus != &acpi_bus_type)
				continue;
			up_read(&dmar_global_lock);
			ret = probe_companions(dev);
			down_read(&dmar_global_lock);
			if (ret)
				dev_warn(dev, "DMAR: can't be probed: %d\n", ret);
		}
	}
	up_read(&dmar_global_lock);
}

static int start_translation(struct intel_iommu *unit)
{
	int ret = 0;

	if (!(unit->flags & VTD_UNIT_TRANSLATION_INHERITED))
		ret = vtd_unit_command(unit, VTD_GCMD_TE, 0);
	/* What firmware protects stays so if we don't */
	return ret ?: vtd_unit_disable_protected_memory(unit);
}

static void __init start_units(void)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *unit;

	guard(rwsem_read)(&dmar_global_lock);
	for_each_iommu(unit, drhd) {
		if (drhd->ignored)
			vtd_unit_disable_protected_memory(unit);
		else if (start_translation(unit))
			pr_err("%s: does not start to translate\n", unit->name);
	}
}

/* Turn all translation off, also that which was left on before this kernel. */
static void __init stay_off(void)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *unit;

	for_each_iommu(unit, drhd) {
		/* tboot set it up, and no other code disables it */
		if (vtd_params.tboot_noforce)
			vtd_unit_disable_protected_memory(unit);
		vtd_translation_off(unit);
	}
}

static int __init find_units(bool forced)
{
	int ret = dmar_table_init();

	if (!ret)
		ret = min(dmar_dev_scope_init(), 0);
	if (ret && forced)
		pr_emerg("protection was asked for, but there is no usable DMAR table: %d\n",
			 ret);
	return ret;
}

static int __init set_up(void)
{
	lockdep_assert_held_write(&dmar_global_lock);

	if (no_iommu || vtd_params.disabled) {
		stay_off();
		return -ENODEV;
	}
	vtd_reserved_lists_report();
	choose_units();
	set_up_units();
	vtd_enabled = true;
	return 0;
}

static int __init find_and_set_up(bool forced)
{
	int ret;

	scoped_guard(rwsem_write, &dmar_global_lock)
		ret = find_units(forced);
	if (ret)
		return ret;

	/* The notifier takes the lock itself */
	dmar_register_bus_notifier();
	if (!no_iommu)
		vtd_debugfs_init();

	scoped_guard(rwsem_write, &dmar_global_lock)
		ret = set_up();
	return ret;
}

/**
 * intel_iommu_init() - turn DMA remapping on
 *
 * Called once while the machine boots, after PCI devices are known and before
 * their drivers are.
 *
 * Context: Process context, may sleep; takes dmar_global_lock.
 * Return: 0, or -ENODEV if there is nothing to turn on, or it is not wanted.
 */
int __init intel_iommu_init(void)
{
	bool forced = forced_by_tboot() || forced_by_platform();
	int ret = find_and_set_up(forced);

	if (ret) {
		guard(rwsem_write)(&dmar_global_lock);
		vtd_reserved_lists_free();
		return ret;
	}

	vtd_power_init();
	announce_units();
	probe_named_devices();
	start_units();
	pr_info("Intel(R) Virtualization Technology for Directed I/O\n");
	return 0;
}

static int add_unit(struct intel_iommu *unit)
{
	int ret;

	if (unit->gcmd & VTD_GCMD_TE)
		turn_off(unit);
	ret = set_up_unit(unit) ?: vtd_contexts_enable(unit);
	if (!ret)
		ret = dmar_set_interrupt(unit);
	if (!ret)
		ret = start_translation(unit);
	return ret ?: announce_unit(unit);
}

static int remove_unit(struct intel_iommu *unit)
{
	if (unit->iommu.ops) {
		vtd_debugfs_remove_unit(unit);
		vtd_pmu_unregister(unit);
		vtd_pmu_free(unit);
		iommu_device_unregister(&unit->iommu);
		iommu_device_sysfs_remove(&unit->iommu);
	}
	return vtd_translation_off(unit);
}

/**
 * dmar_iommu_hotplug() - begin or cease to translate for the devices of a unit
 * @drhd: unit that was added, or that is about to be removed
 * @insert: which of the two
 *
 * Context: Process context, may sleep; under dmar_global_lock.
 * Return: 0, or a negative errno if the unit can't be used, or goes on translating.
 */
int dmar_iommu_hotplug(struct dmar_drhd_unit *drhd, bool insert)
{
	int ret;

	lockdep_assert_held_write(&dmar_global_lock);
	if (!vtd_enabled)
		return 0;
	if (!insert)
		return remove_unit(drhd->iommu);
	if (drhd->ignored)
		return 0;
	ret = add_unit(drhd->iommu);
	if (ret)
		leave_out(drhd->iommu, ret);
	return ret;
}
