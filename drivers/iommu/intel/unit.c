// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a remapping unit: its registers are mapped, its capabilities are
 * read, and it gets a number. What the other files keep in it (queue, tables,
 * interrupts, faults) is initialised here and freed here.
 *
 * Owns the numbers of units. The queue, the tables and the interrupts are set
 * up by init.c and irq_remapping.c.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/idr.h>
#include <linux/ioport.h>
#include <linux/slab.h>

#include "fault-irq.h"
#include "hw/tables.h"
#include "perf.h"
#include "unit.h"

/* Registers are in pages of this size, independent of the CPU's page size */
#define VTD_REGISTER_PAGE	SZ_4K

/* Page tables that we can build */
#define VTD_LEVELS_MIN		3
#define VTD_LEVELS_MAX		5

static DEFINE_IDA(vtd_seq_ids);

static bool has_levels(struct vtd_cap cap, unsigned int levels)
{
	return vtd_cap_sagaw(cap) & BIT(vtd_levels_to_width(levels));
}

/* Most levels of page tables that unit and driver have in common, 0 if none */
static unsigned int most_levels(struct vtd_cap cap)
{
	unsigned int levels;

	for (levels = VTD_LEVELS_MAX; levels >= VTD_LEVELS_MIN; levels--)
		if (has_levels(cap, levels))
			return levels;
	return 0;
}

/* Each level costs a memory read: use no more than devices can address */
static unsigned int enough_levels(struct vtd_cap cap)
{
	unsigned int levels;

	for (levels = VTD_LEVELS_MIN; levels < VTD_LEVELS_MAX; levels++)
		if (has_levels(cap, levels) &&
		    12 + 9 * levels >= vtd_cap_address_bits(cap))
			return levels;
	return most_levels(cap);
}

/*
 * Requests that were translated before must have reached memory when pages are
 * reused (specification 6.5.4).
 */
static u64 drain_bits(struct vtd_cap cap)
{
	return (vtd_cap_drains_writes(cap) ? VTD_DESC_DRAIN_WRITES : 0) |
	       (vtd_cap_drains_reads(cap) ? VTD_DESC_DRAIN_READS : 0);
}

/**
 * vtd_unit_read_caps() - ask a unit what it can do
 * @unit: the unit, its registers mapped
 *
 * Fills in @unit->cap, @unit->ecap and what follows from them
 * (specification 11.4.2, 11.4.3). Both numbers of levels are 0 if the unit has
 * no width of addresses that we can build tables for.
 *
 * Context: Any context; the unit is not shared yet.
 * Return: 0, or -EINVAL if nothing answers at that address.
 */
int vtd_unit_read_caps(struct intel_iommu *unit)
{
	unit->cap.bits = vtd_read64(&unit->regs, VTD_CAP_REG);
	unit->ecap.bits = vtd_read64(&unit->regs, VTD_ECAP_REG);
	if (unit->cap.bits == U64_MAX && unit->ecap.bits == U64_MAX)
		return -EINVAL;

	unit->max_levels = most_levels(unit->cap);
	unit->levels = enough_levels(unit->cap);
	unit->drain = drain_bits(unit->cap);
	return 0;
}

static int map_registers(struct intel_iommu *unit, u64 bytes)
{
	if (!request_mem_region(unit->reg_phys, bytes, unit->name)) {
		pr_err("%s: registers at %#llx belong to somebody else\n",
		       unit->name, unit->reg_phys);
		return -EBUSY;
	}

	unit->regs.base = ioremap(unit->reg_phys, bytes);
	if (!unit->regs.base) {
		release_mem_region(unit->reg_phys, bytes);
		pr_err("%s: registers at %#llx can't be mapped\n",
		       unit->name, unit->reg_phys);
		return -ENOMEM;
	}
	unit->reg_size = bytes;
	return 0;
}

static void unmap_registers(struct intel_iommu *unit)
{
	if (!unit->regs.base)
		return;
	iounmap(unit->regs.base);
	release_mem_region(unit->reg_phys, unit->reg_size);
	unit->regs.base = NULL;
}

/* Bytes of registers that are used; those of IOTLB and faults can be anywhere */
static u64 registers_used(const struct intel_iommu *unit)
{
	u64 iotlb_end = vtd_ecap_iotlb_offset(unit->ecap) + 2 * sizeof(u64);
	u64 faults_end = vtd_cap_fault_offset(unit->cap) +
			 vtd_cap_fault_records(unit->cap) * VTD_FRCD_BYTES;

	return ALIGN(max(iotlb_end, faults_end), VTD_REGISTER_PAGE);
}

/*
 * How far the registers reach stands in them: what firmware tells, or a page,
 * is mapped first. On failure nothing is left mapped.
 */
static int map_and_identify(struct intel_iommu *unit, u64 bytes)
{
	int ret;

	ret = map_registers(unit, max_t(u64, bytes, VTD_REGISTER_PAGE));
	if (ret)
		return ret;

	ret = vtd_unit_read_caps(unit);
	if (ret) {
		pr_warn(FW_BUG "%s: nothing answers at %#llx, check the DMAR table\n",
			unit->name, unit->reg_phys);
		unmap_registers(unit);
		return ret;
	}

	if (registers_used(unit) <= unit->reg_size)
		return 0;
	unmap_registers(unit);
	return map_registers(unit, registers_used(unit));
}

/* Find out what firmware or the previous kernel left on */
static void find_inherited_state(struct intel_iommu *unit)
{
	u32 status = vtd_read32(&unit->regs, VTD_GSTS_REG);

	unit->gcmd = status & (VTD_GCMD_IRE | VTD_GCMD_TE | VTD_GCMD_QIE);
	if (status & VTD_GCMD_TE)
		unit->flags |= VTD_UNIT_TRANSLATION_INHERITED;
	if (status & VTD_GCMD_IRE)
		unit->flags |= VTD_UNIT_INTERRUPTS_INHERITED;
}

/* Log the unit and what it lacks; ignore it for DMA if it has no usable width */
static void announce(struct intel_iommu *unit)
{
	u32 version = vtd_read32(&unit->regs, VTD_VER_REG);

	pr_info("%s: reg_base_addr %llx ver %lu:%lu cap %llx ecap %llx\n",
		unit->name, unit->reg_phys, FIELD_GET(VTD_VER_MAJOR, version),
		FIELD_GET(VTD_VER_MINOR, version), unit->cap.bits, unit->ecap.bits);

	if (!unit->levels) {
		pr_info("%s: no width of addresses that we support (SAGAW %#x): DMA is not translated\n",
			unit->name, vtd_cap_sagaw(unit->cap));
		unit->drhd->ignored = 1;
	}
	if (!vtd_ecap_queue(unit->ecap))
		pr_info("%s: no invalidation queue: registers are used, interrupts can't be remapped\n",
			unit->name);
}

/**
 * vtd_unit_init() - initialise what the driver keeps in a unit
 * @unit: unit, zeroed
 *
 * Touches no register and allocates nothing.
 *
 * Context: Process context. The unit is not shared yet.
 */
void vtd_unit_init(struct intel_iommu *unit)
{
	raw_spin_lock_init(&unit->register_lock);
	raw_spin_lock_init(&unit->irt.lock);
	spin_lock_init(&unit->contexts.lock);
	xa_init(&unit->devices);
	xa_init(&unit->aliases);
	vtd_did_init(unit);
	vtd_fault_init(unit);
}

/**
 * vtd_unit_create() - find out what is behind an entry of the DMAR table
 * @drhd: the entry; its @iommu is set, and its @ignored if the unit can't
 *	translate. Such a unit may still remap interrupts.
 *
 * Changes nothing in the hardware. What was left on is told by the unit's
 * flags; what to do about it is up to the caller that sets the unit up.
 *
 * Context: Process context, under dmar_global_lock held for writing, or at boot.
 * Return: 0, -EINVAL if there is no unit at that address, -EBUSY if the
 * registers are taken, -ENOSPC if there are too many units, or -ENOMEM.
 */
int vtd_unit_create(struct dmar_drhd_unit *drhd)
{
	struct intel_iommu *unit;
	int ret;

	if (!drhd->reg_base_addr) {
		pr_warn(FW_BUG "DRHD without register base address\n");
		return -EINVAL;
	}

	unit = kzalloc(sizeof(*unit), GFP_KERNEL);
	if (!unit)
		return -ENOMEM;

	unit->seq_id = ida_alloc_max(&vtd_seq_ids, DMAR_UNITS_SUPPORTED - 1,
				     GFP_KERNEL);
	if (unit->seq_id < 0) {
		ret = unit->seq_id;
		pr_err("No number left for the unit at %#llx\n", drhd->reg_base_addr);
		goto free_unit;
	}
	snprintf(unit->name, sizeof(unit->name), "dmar%d", unit->seq_id);

	unit->reg_phys = drhd->reg_base_addr;
	ret = map_and_identify(unit, drhd->reg_size);
	if (ret)
		goto free_seq_id;

	unit->segment = drhd->segment;
	unit->node = NUMA_NO_NODE;
	unit->drhd = drhd;
	vtd_unit_init(unit);
	find_inherited_state(unit);
	announce(unit);
	drhd->iommu = unit;
	return 0;

free_seq_id:
	ida_free(&vtd_seq_ids, unit->seq_id);
free_unit:
	kfree(unit);
	return ret;
}

/**
 * vtd_unit_release() - free all that the driver keeps in a unit
 * @unit: the unit; off, unknown to the core, without devices and observers
 *
 * The counterpart of vtd_unit_init() and of all that was set up since: the fault
 * interrupt, the queue and the tables. Uses the registers.
 *
 * Context: Process context, may sleep. The unit is not shared any more.
 */
void vtd_unit_release(struct intel_iommu *unit)
{
	vtd_fault_disable(unit);
	dmar_latency_free(unit);
	if (IS_ENABLED(CONFIG_IRQ_REMAP))
		vtd_irt_free(unit);
	vtd_qi_free(unit);
	vtd_contexts_free(unit);
	vtd_did_destroy(unit);
	xa_destroy(&unit->devices);
	xa_destroy(&unit->aliases);
}

/**
 * vtd_unit_free() - free a unit
 * @unit: the unit; off, unknown to the core, without devices and observers
 *
 * Context: Process context, may sleep. dmar_global_lock held for writing, or
 * while the machine boots. The unit is not shared any more.
 */
void vtd_unit_free(struct intel_iommu *unit)
{
	vtd_unit_release(unit);
	unmap_registers(unit);
	ida_free(&vtd_seq_ids, unit->seq_id);
	kfree(unit);
}
