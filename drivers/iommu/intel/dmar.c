// SPDX-License-Identifier: GPL-2.0-only
/*
 * Remapping units as firmware reports them: the table is found, and each unit
 * in it that is really there gets a struct dmar_drhd_unit.
 *
 * Owns the two lists of units and what is said about bad firmware. A unit that
 * can't be used is lost, and the others are used for DMA: it stands in a list of
 * its own, so that its devices are not taken for those of another unit, and are
 * left as firmware has them. Interrupts are then not remapped at all. Both lists
 * change under dmar_global_lock held for writing, and are read under it or RCU.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <linux/dmi.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/numa.h>
#include <linux/pci.h>
#include <linux/processor.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/tboot.h>
#include <asm/early_ioremap.h>
#include <asm/iommu.h>
#include <asm/x86_init.h>

#include "../irq_remapping.h"
#include "dmar-internal.h"
#include "params.h"
#include "rmrr.h"
#include "unit.h"

DECLARE_RWSEM(dmar_global_lock);
LIST_HEAD(dmar_drhd_units);

/*
 * struct dmar_drhd_unit of units that can't be used, without @iommu. They come
 * while the table is parsed; only those that devices may be behind.
 */
LIST_HEAD(dmar_lost_units);

struct acpi_table_header *dmar_tbl __initdata;

/* A unit of the table can't be used, or the table can't be read to its end */
bool dmar_units_lost __initdata;

/**
 * dmar_firmware_bug() - say what firmware did wrong
 * @fmt: format of one line, without its end
 *
 * The first time, it is also said whose firmware it is. Ratelimited.
 *
 * Context: any.
 */
void dmar_firmware_bug(const char *fmt, ...)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL,
				      2 * DEFAULT_RATELIMIT_BURST);
	struct va_format format;
	va_list args;

	add_taint(TAINT_FIRMWARE_WORKAROUND, LOCKDEP_STILL_OK);
	if (!__ratelimit(&limit))
		return;

	va_start(args, fmt);
	format.fmt = fmt;
	format.va = &args;
	pr_warn(FW_BUG "%pV\n", &format);
	va_end(args);

	pr_warn_once("BIOS vendor: %s; Ver: %s; Product Version: %s\n",
		     dmi_get_system_info(DMI_BIOS_VENDOR),
		     dmi_get_system_info(DMI_BIOS_VERSION),
		     dmi_get_system_info(DMI_PRODUCT_VERSION));
}

/**
 * dmar_report_flaw() - say what is wrong with the table
 * @flaw: what
 * @at: structure that has it, or NULL
 * @offset: distance from the first structure in bytes
 * @arg: not used
 *
 * For struct dmar_handlers. What is only unknown may be of a later version of
 * the specification: that is no bug.
 *
 * Context: any.
 */
void dmar_report_flaw(enum dmar_flaw flaw, const struct acpi_dmar_header *at,
		      size_t offset, void *arg)
{
	switch (flaw) {
	case DMAR_FLAW_TYPE:
		pr_info_once("structures of unknown type are left out, first is %u\n",
			     at->type);
		break;
	case DMAR_FLAW_SCOPE_TYPE:
		pr_info_once("device scope entries of unknown type are left out, first in %s at +0x%zx\n",
			     dmar_type_name(at->type), offset);
		break;
	case DMAR_FLAW_TABLE_SHORT:
	case DMAR_FLAW_TABLE_CUT:
	case DMAR_FLAW_CHECKSUM:
	case DMAR_FLAW_WIDTH:
		dmar_firmware_bug("table: %s", dmar_flaw_text(flaw));
		break;
	default:
		dmar_firmware_bug("%s at +0x%zx: %s",
				  at ? dmar_type_name(at->type) : "structure", offset,
				  dmar_flaw_text(flaw));
		break;
	}
}

static const struct dmar_handlers dmar_report_handlers __initconst = {
	.flaw = dmar_report_flaw,
};

/**
 * dmar_in_use() - whether any unit remaps anything
 *
 * Context: any.
 * Return: true if DMA or interrupts are remapped.
 */
bool dmar_in_use(void)
{
	return irq_remapping_enabled || vtd_enabled;
}

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

/* Other units' registers; says how many units there are when it finds nothing */
static bool dmar_place_taken(const struct acpi_dmar_hardware_unit *drhd,
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

/* Whether there can be registers; mapping memory or more would be worse than a warning */
static bool dmar_place_possible(const struct acpi_dmar_hardware_unit *drhd)
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

static bool dmar_registers_answer(u64 address, void __iomem *base)
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

static int dmar_check_place(const struct acpi_dmar_hardware_unit *drhd)
{
	unsigned int units;

	if (!dmar_place_possible(drhd))
		return -EINVAL;
	if (dmar_place_taken(drhd, &units)) {
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
 * Context: may sleep; dmar_global_lock held for writing, or while the machine
 * boots.
 */
void dmar_unit_free(struct dmar_drhd_unit *unit)
{
	dmar_scope_free(unit->devices, unit->devices_cnt);
	if (unit->iommu)
		vtd_unit_free(unit->iommu);
	kfree(unit->hdr);
	kfree(unit);
}

/* What takes all devices that are left comes last, else in the table's order */
static void dmar_unit_link(struct dmar_drhd_unit *unit)
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
 * Context: may sleep, waits for readers; dmar_global_lock held for writing.
 */
void dmar_unit_unlink(struct dmar_drhd_unit *unit)
{
	lockdep_assert_held_write(&dmar_global_lock);

	list_del_rcu(&unit->list);
	synchronize_rcu();
}

/**
 * dmar_unit_add() - add a unit
 * @drhd: the unit, handed on by dmar_walk()
 *
 * Says itself what is wrong. The unit is as firmware left it afterwards.
 *
 * Context: may sleep; dmar_global_lock held for writing, or while the machine
 * boots.
 * Return: 0, -EINVAL if no unit can be there, -ENODEV if none is, -EBUSY if it
 * overlaps another, -ENOSPC if there are too many, -ENOMEM, or what
 * vtd_unit_create() returns.
 */
int dmar_unit_add(const struct acpi_dmar_hardware_unit *drhd)
{
	struct dmar_drhd_unit *unit;
	int err;

	err = dmar_check_place(drhd);
	if (err)
		return err;

	unit = dmar_unit_alloc(drhd);
	if (!unit)
		return -ENOMEM;

	pr_info("DRHD base: 0x%016llx flags: 0x%x\n", drhd->address, drhd->flags);
	err = vtd_unit_create(unit);
	if (err) {
		dmar_unit_free(unit);
		return err;
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
	/* One that is reported twice has been told of, and works */
	if (!dmar_unit_add(drhd) || dmar_find_unit(drhd->segment, drhd->address))
		return 0;
	return dmar_parse_lost(drhd, arg);
}

/* What is left out may have been a unit; all flaws have been told of */
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

/* What speaks of units comes after them, whatever the table's order */
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
	int err;

	/* Once more: what detect_intel_iommu() had was mapped for early boot */
	if (ACPI_FAILURE(acpi_get_table(ACPI_SIG_DMAR, 0, &dmar_tbl)))
		dmar_tbl = NULL;
	/* After a measured launch, a copy that no device could write to */
	dmar_tbl = tboot_get_dmar_table(dmar_tbl);
	if (!dmar_tbl)
		return -ENODEV;

	err = dmar_check_table(dmar_tbl, dmar_tbl->length, &dmar_report_handlers, NULL);
	if (err < 0)
		return err;

	dmar = (const struct acpi_table_dmar *)dmar_tbl;
	pr_info("Host address width %d\n", dmar->width + 1);
	err = dmar_walk_table(dmar_tbl, &dmar_unit_handlers, NULL);
	if (!err)
		err = dmar_walk_table(dmar_tbl, &dmar_other_handlers, NULL);
	return err;
}

/**
 * dmar_table_init() - find the units, and all else that firmware tells of them
 *
 * May be called again: the first result stays.
 *
 * Context: may sleep; dmar_global_lock held for writing, or before other CPUs
 * are started.
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

static int __init dmar_probe_early(const struct acpi_dmar_hardware_unit *drhd, void *arg)
{
	unsigned int *units = arg;
	void __iomem *base;

	/* One is enough to go on */
	if (*units || !dmar_place_possible(drhd))
		return 0;

	base = early_ioremap(drhd->address, SZ_4K);
	if (!base) {
		pr_warn("unit at 0x%llx: can't be mapped\n", drhd->address);
		return 0;
	}
	if (dmar_registers_answer(drhd->address, base))
		(*units)++;
	early_iounmap(base, SZ_4K);
	return 0;
}

static const struct dmar_handlers dmar_probe_handlers __initconst = {
	.drhd = dmar_probe_early,
};

/* A measured launch outweighs the command line, and that what firmware wants */
static bool __init dmar_wanted(void)
{
	if (tboot_enabled() && !vtd_params.tboot_noforce)
		return true;
	if (no_iommu)
		return false;
	return !vtd_params.disabled ||
	       (!vtd_params.no_platform_optin && dmar_platform_optin());
}

static void __init dmar_hook_up(void)
{
	if (!iommu_detected && dmar_wanted()) {
		iommu_detected = 1;
		/* Devices that can reach each other can't be told apart */
		pci_request_acs();
	}

	/* Also where DMA is not remapped: units may have to be turned off */
	x86_init.iommu.iommu_init = intel_iommu_init;
	x86_platform.iommu_shutdown = intel_iommu_shutdown;
}

/**
 * detect_intel_iommu() - look for a unit early in boot
 *
 * If there is one, it is arranged that intel_iommu_init() is called.
 *
 * Context: boot, before memory can be allocated.
 */
void __init detect_intel_iommu(void)
{
	struct acpi_table_header *table = NULL;
	unsigned int units = 0;

	guard(rwsem_write)(&dmar_global_lock);
	if (ACPI_FAILURE(acpi_get_table(ACPI_SIG_DMAR, 0, &table)) || !table)
		return;

	dmar_walk_table(table, &dmar_probe_handlers, &units);
	if (units) {
		dmar_hook_up();
	} else {
		dmar_check_table(table, table->length, &dmar_report_handlers, NULL);
		dmar_firmware_bug("table without a unit that can be used");
	}
	acpi_put_table(table);
}

/**
 * dmar_platform_optin() - whether firmware kept devices from DMA
 *
 * If so, it asks us to go on with that (DMA_CTRL_PLATFORM_OPT_IN_FLAG,
 * specification 8.1).
 *
 * Context: may sleep, or early in boot.
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

static void __init dmar_free_list(struct list_head *units)
{
	struct dmar_drhd_unit *unit, *next;

	list_for_each_entry_safe(unit, next, units, list) {
		list_del_rcu(&unit->list);
		dmar_unit_free(unit);
	}
}

/* Nobody looks for units that remap nothing: there are no readers to wait for */
static int __init dmar_free_unused(void)
{
	if (dmar_in_use())
		return 0;

	dmar_unregister_bus_notifier();

	guard(rwsem_write)(&dmar_global_lock);
	dmar_free_list(&dmar_drhd_units);
	dmar_free_list(&dmar_lost_units);
	vtd_reserved_lists_free();
	return 0;
}
late_initcall(dmar_free_unused);
