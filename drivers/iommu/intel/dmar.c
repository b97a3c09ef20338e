// SPDX-License-Identifier: GPL-2.0-only
/*
 * Remapping units as firmware reports them: finds the table, and makes a struct
 * dmar_drhd_unit for each unit in it that is really there.
 *
 * A unit that can't be used is lost, and the others are used for DMA. Its devices
 * must not be taken for those of another unit, so it goes into the list of lost
 * units; they are left as firmware has them. Interrupts are then not remapped at
 * all.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <linux/cleanup.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/numa.h>
#include <linux/pci.h>
#include <linux/processor.h>
#include <linux/slab.h>
#include <linux/tboot.h>
#include <asm/iommu.h>

#include "../irq_remapping.h"
#include "dmar-internal.h"
#include "rmrr.h"
#include "unit.h"

struct acpi_table_header *dmar_tbl __initdata;

/* A unit of the table can't be used, or the table can't be read to its end */
bool dmar_units_lost __initdata;

/* DMA remapping is on; set once by init.c, under dmar_global_lock */
bool vtd_enabled __read_mostly;

static const struct dmar_handlers dmar_report_handlers __initconst = {
	.flaw = dmar_report_flaw,
};

/**
 * dmar_in_use() - tell whether any unit remaps anything
 *
 * Context: Any context.
 * Return: true if DMA or interrupts are remapped.
 */
bool dmar_in_use(void)
{
	return irq_remapping_enabled || vtd_enabled;
}

/* Return true if another unit has them; else set @units to the number of units. */
static bool dmar_registers_taken(const struct acpi_dmar_hardware_unit *drhd,
				 unsigned int *units)
{
	u64 end = drhd->address + dmar_register_bytes(drhd);
	struct dmar_drhd_unit *other;

	*units = 0;
	for_each_drhd_unit(other) {
		if (drhd->address < other->reg_base_addr + other->reg_size &&
		    other->reg_base_addr < end)
			return true;
		(*units)++;
	}
	return false;
}

/**
 * dmar_registers_possible() - check where a unit's registers are said to be
 * @drhd: the unit
 *
 * To be called before they are mapped. Reports what is wrong.
 *
 * Context: Process context, or early in boot.
 * Return: true if registers can be there.
 */
bool dmar_registers_possible(const struct acpi_dmar_hardware_unit *drhd)
{
	u64 bytes = dmar_register_bytes(drhd);

	if ((drhd->address + bytes - 1) >> boot_cpu_data.x86_phys_bits) {
		dmar_firmware_bug("unit at 0x%llx: beyond what the CPU can address",
				  drhd->address);
		return false;
	}
	if (region_intersects(drhd->address, bytes, IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) != REGION_DISJOINT) {
		dmar_firmware_bug("unit at 0x%llx: that is memory", drhd->address);
		return false;
	}
	return true;
}

/**
 * dmar_registers_answer() - check that a unit is there
 * @address: physical address of its registers
 * @base: their mapping
 *
 * Reports what is wrong.
 *
 * Context: Any context.
 * Return: true if the capabilities can be those of a unit.
 */
bool dmar_registers_answer(u64 address, void __iomem *base)
{
	struct vtd_regs regs = { .base = base };
	u64 cap = vtd_read64(&regs, VTD_CAP_REG);
	u64 ecap = vtd_read64(&regs, VTD_ECAP_REG);

	if ((cap || ecap) && (cap != U64_MAX || ecap != U64_MAX))
		return true;
	dmar_firmware_bug("unit at 0x%llx: not there, its registers are all %s", address,
			  cap ? "ones" : "zero");
	return false;
}

static int dmar_probe(const struct acpi_dmar_hardware_unit *drhd)
{
	void __iomem *base = ioremap(drhd->address, SZ_4K);
	bool there;

	if (!base)
		return -ENOMEM;
	there = dmar_registers_answer(drhd->address, base);
	iounmap(base);
	return there ? 0 : -ENODEV;
}

static int dmar_check_registers(const struct acpi_dmar_hardware_unit *drhd)
{
	unsigned int units;

	if (!dmar_registers_possible(drhd))
		return -EINVAL;
	if (dmar_registers_taken(drhd, &units)) {
		dmar_firmware_bug("unit at 0x%llx: %s", drhd->address,
				  dmar_find_unit(drhd->segment, drhd->address) ?
				  "reported twice" : "overlaps another unit");
		return -EBUSY;
	}
	if (units >= DMAR_UNITS_SUPPORTED) {
		pr_warn_once("more than %u units, the rest is not used\n",
			     DMAR_UNITS_SUPPORTED);
		return -ENOSPC;
	}
	return dmar_probe(drhd);
}

static struct dmar_drhd_unit *dmar_unit_alloc(const struct acpi_dmar_hardware_unit *drhd)
{
	struct dmar_drhd_unit *unit = kzalloc(sizeof(*unit), GFP_KERNEL);

	if (!unit)
		return NULL;

	INIT_LIST_HEAD(&unit->list);
	unit->reg_base_addr = drhd->address;
	unit->reg_size = dmar_register_bytes(drhd);
	unit->segment = drhd->segment;
	unit->include_all = drhd->flags & ACPI_DMAR_INCLUDE_ALL;
	unit->hdr = dmar_copy_structure(&drhd->header);
	if (unit->hdr &&
	    !dmar_scope_alloc(unit->hdr, &unit->devices, &unit->devices_cnt))
		return unit;

	dmar_unit_free(unit);
	return NULL;
}

/**
 * dmar_unit_free() - free a unit
 * @unit: the unit, unlinked, and not seen by readers any more
 *
 * Context: Process context, may sleep; dmar_global_lock held for writing, or
 * while the machine boots.
 */
void dmar_unit_free(struct dmar_drhd_unit *unit)
{
	dmar_scope_free(unit->devices, unit->devices_cnt);
	if (unit->iommu)
		vtd_unit_free(unit->iommu);
	kfree(unit->hdr);
	kfree(unit);
}

/**
 * dmar_unit_add() - add a unit
 * @drhd: the unit, handed on by dmar_walk()
 *
 * Reports what is wrong. The unit stays as firmware left it.
 *
 * Context: Process context, may sleep; dmar_global_lock held for writing, or
 * while the machine boots.
 * Return: 0, -EINVAL if no unit can be there, -ENODEV if none is, -EBUSY if it
 * overlaps another, -ENOSPC if there are too many, -ENOMEM, or what
 * vtd_unit_create() returns.
 */
int dmar_unit_add(const struct acpi_dmar_hardware_unit *drhd)
{
	struct dmar_drhd_unit *unit;
	int ret;

	ret = dmar_check_registers(drhd);
	if (ret)
		return ret;

	unit = dmar_unit_alloc(drhd);
	if (!unit)
		return -ENOMEM;

	pr_info("DRHD base: 0x%016llx flags: 0x%x\n", drhd->address, drhd->flags);
	ret = vtd_unit_create(unit);
	if (ret) {
		dmar_unit_free(unit);
		return ret;
	}

	dmar_unit_link(unit);
	return 0;
}

/**
 * dmar_set_node() - let a unit know its NUMA node
 * @rhsa: where it is
 * @arg: not used
 *
 * For struct dmar_handlers.
 *
 * Context: dmar_global_lock held for writing, or while the machine boots.
 * Return: 0.
 */
int dmar_set_node(const struct acpi_dmar_rhsa *rhsa, void *arg)
{
	struct dmar_drhd_unit *unit;
	int node;

	if (!IS_ENABLED(CONFIG_ACPI_NUMA))
		return 0;

	for_each_drhd_unit(unit)
		if (unit->reg_base_addr == rhsa->base_address)
			break;
	if (!unit) {
		dmar_firmware_bug("RHSA for 0x%llx, where no unit is used",
				  rhsa->base_address);
		return 0;
	}

	node = pxm_to_node(rhsa->proximity_domain);
	if (node != NUMA_NO_NODE && !node_online(node))
		node = NUMA_NO_NODE;
	unit->iommu->node = node;
	return 0;
}

static int __init dmar_parse_lost(const struct acpi_dmar_hardware_unit *drhd, void *arg)
{
	struct dmar_drhd_unit *unit = dmar_unit_alloc(drhd);

	dmar_units_lost = true;
	if (!unit)
		return -ENOMEM;

	if (unit->devices_cnt && !unit->include_all)
		list_add_tail_rcu(&unit->list, &dmar_lost_units);
	else
		dmar_unit_free(unit);
	return 0;
}

static int __init dmar_parse_unit(const struct acpi_dmar_hardware_unit *drhd, void *arg)
{
	/* A unit that is reported twice has had its warning, and works */
	if (!dmar_unit_add(drhd) || dmar_find_unit(drhd->segment, drhd->address))
		return 0;
	return dmar_parse_lost(drhd, arg);
}

/* The structure that is left out may have been a unit. Flaws are reported elsewhere. */
static void __init dmar_parse_flaw(enum dmar_flaw flaw,
				   const struct acpi_dmar_header *at, size_t offset,
				   void *arg)
{
	if (dmar_flaw_hides_unit(flaw, at))
		dmar_units_lost = true;
}

static const struct dmar_handlers dmar_unit_handlers __initconst = {
	.drhd	= dmar_parse_unit,
	.lost	= dmar_parse_lost,
	.flaw	= dmar_parse_flaw,
};

static int __init dmar_parse_name(const struct acpi_dmar_andd *andd, void *arg)
{
	pr_info_ratelimited("ANDD device: %x name: %s\n", andd->device_number,
			    andd->device_name);
	return 0;
}

/* Structures that refer to units are parsed after them, whatever the table's order. */
static const struct dmar_handlers dmar_other_handlers __initconst = {
	.rmrr	= vtd_rmrr_add,
	.atsr	= vtd_atsr_add,
	.rhsa	= dmar_set_node,
	.andd	= dmar_parse_name,
	.satc	= vtd_satc_add,
};

static int __init dmar_parse_table(void)
{
	const struct acpi_table_dmar *dmar;
	int ret;

	/* Once more: the mapping of detect_intel_iommu() was for early boot */
	if (ACPI_FAILURE(acpi_get_table(ACPI_SIG_DMAR, 0, &dmar_tbl)))
		dmar_tbl = NULL;
	/* After a measured launch, a copy that no device could write to */
	dmar_tbl = tboot_get_dmar_table(dmar_tbl);
	if (!dmar_tbl)
		return -ENODEV;

	ret = dmar_check_table(dmar_tbl, dmar_tbl->length, &dmar_report_handlers, NULL);
	if (ret < 0)
		return ret;

	dmar = (const struct acpi_table_dmar *)dmar_tbl;
	pr_info("Host address width %d\n", dmar->width + 1);
	ret = dmar_walk_table(dmar_tbl, &dmar_unit_handlers, NULL);
	if (!ret)
		ret = dmar_walk_table(dmar_tbl, &dmar_other_handlers, NULL);
	return ret;
}

/**
 * dmar_table_init() - find the units, and all else that firmware tells of them
 *
 * May be called again: the first result stays.
 *
 * Context: Process context, may sleep; dmar_global_lock held for writing, or
 * before other CPUs are started.
 * Return: 0 if there is a unit, -ENODEV if there is none, -EINVAL if the table
 * can't be read, or -ENOMEM.
 */
int __init dmar_table_init(void)
{
	static int status = 1;

	if (status != 1)
		return status;

	status = dmar_parse_table();
	if (!status && list_empty(&dmar_drhd_units)) {
		pr_info("No DMAR devices found\n");
		status = -ENODEV;
	}
	if (status && status != -ENODEV)
		pr_warn("Table can't be used: error %d\n", status);
	return status;
}

/**
 * dmar_platform_optin() - tell whether firmware kept devices from DMA
 *
 * If so, it asks us to go on with that (DMA_CTRL_PLATFORM_OPT_IN_FLAG,
 * specification 8.1).
 *
 * Context: Process context, may sleep, or early in boot.
 * Return: true if the flag is set.
 */
bool dmar_platform_optin(void)
{
	struct acpi_table_header *table = NULL;
	bool optin;

	if (ACPI_FAILURE(acpi_get_table(ACPI_SIG_DMAR, 0, &table)) || !table)
		return false;

	optin = table->length >= sizeof(struct acpi_table_dmar) &&
		((struct acpi_table_dmar *)table)->flags & DMAR_PLATFORM_OPT_IN;
	acpi_put_table(table);
	return optin;
}
EXPORT_SYMBOL_GPL(dmar_platform_optin);
