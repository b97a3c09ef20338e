// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt remapping towards the kernel: the operations that the x86 code
 * turns it on and off with, and the units. The interrupt domain of a unit is in
 * irq-domain.c, its table in irte.c.
 *
 * Remapping is on for all units or for none: an interrupt that goes past the
 * table could be forged. It is prepared while memory can be had, and turned on
 * with interrupts off, both while only one CPU runs. From then on units are added
 * and removed with dmar_global_lock held for writing.
 */

#define pr_fmt(fmt) "DMAR-IR: " fmt

#include <linux/acpi.h>
#include <linux/crash_dump.h>
#include <linux/dmar.h>
#include <linux/pci.h>
#include <linux/topology.h>
#include <asm/apic.h>
#include <asm/io_apic.h>
#include <asm/irq_remapping.h>

#include "../irq_remapping.h"
#include "dmar-internal.h"
#include "fault-irq.h"
#include "irq-internal.h"
#include "unit.h"

/* Entries have x2APIC destinations; set before remapping is enabled */
static bool vtd_ir_extended __ro_after_init;

/* Take away all that vtd_ir_setup() made */
static void vtd_ir_teardown(struct intel_iommu *unit)
{
	vtd_ir_domain_remove(unit);
	vtd_irq_sources_free(unit);
	vtd_irt_free(unit);
}

static void __init vtd_ir_teardown_all(void)
{
	struct intel_iommu *unit;
	struct dmar_drhd_unit *drhd;

	for_each_iommu(unit, drhd) {
		if (!unit->irt.table)
			continue;
		vtd_irt_disable(unit);
		vtd_ir_teardown(unit);
	}
}

/* Firmware, or the kernel before, may have left a queue on */
static int vtd_ir_start_queue(struct intel_iommu *unit)
{
	if (unit->qi)
		return 0;
	vtd_fault_clear(unit);
	vtd_qi_disable(unit);
	return vtd_qi_enable(unit);
}

/*
 * A crash kernel's devices still run, so their interrupts go on as they were.
 * Nobody else may leave remapping on: the table's memory is not its own.
 */
static void vtd_ir_settle_previous(struct intel_iommu *unit)
{
	int ret;

	if (!(vtd_read32(&unit->regs, VTD_GSTS_REG) & VTD_GCMD_IRE))
		return;
	if (!is_kdump_kernel()) {
		pr_info("%s: remapping left on is turned off\n", unit->name);
		unit->flags &= ~VTD_UNIT_INTERRUPTS_INHERITED;
		vtd_irt_disable(unit);
		return;
	}

	unit->flags |= VTD_UNIT_INTERRUPTS_INHERITED;
	ret = vtd_irt_inherit(unit);
	if (ret)
		pr_err("%s: previous kernel's table can't be read (%d): interrupts of running devices are lost\n",
		       unit->name, ret);
	else
		pr_info("%s: entries of the previous kernel taken over\n",
			unit->name);
}

/* All that a unit needs before it can be turned on */
static int vtd_ir_setup(struct intel_iommu *unit)
{
	int ret;

	if (unit->irt.table)
		return 0;
	ret = vtd_irt_alloc(unit);
	if (ret)
		return ret;
	ret = vtd_ir_start_queue(unit);
	if (ret)
		return ret;
	vtd_ir_settle_previous(unit);
	return vtd_ir_domain_add(unit);
}

/* Firmware's flags say whether the platform can take remapped interrupts */
static bool __init dmar_ir_support(void)
{
	const struct acpi_table_dmar *dmar = (void *)dmar_tbl;

	return dmar && dmar->flags & DMAR_INTR_REMAP;
}

static bool __init vtd_ir_firmware_allows(void)
{
	if (irq_remap_broken) {
		pr_warn(FW_BUG "interrupt remapping is on, but has an erratum on this chipset: it is not used\n");
		add_taint(TAINT_FIRMWARE_WORKAROUND, LOCKDEP_STILL_OK);
		return false;
	}
	return dmar_table_init() >= 0 && dmar_ir_support();
}

static bool __init vtd_ir_units_able(void)
{
	struct intel_iommu *unit;
	struct dmar_drhd_unit *drhd;
	bool any = false;

	if (dmar_units_lost) {
		pr_info("a unit can't be used: interrupts are not remapped\n");
		return false;
	}
	for_each_iommu(unit, drhd) {
		if (!vtd_ecap_interrupt_remapping(unit->ecap)) {
			pr_info("%s can't remap interrupts: not used\n", unit->name);
			return false;
		}
		any = true;
	}
	return any;
}

static bool __init vtd_ir_ioapic_known(u32 id)
{
	struct intel_iommu *unit;
	struct dmar_drhd_unit *drhd;

	for_each_iommu(unit, drhd) {
		if (vtd_irq_source_find(unit, ACPI_DMAR_SCOPE_TYPE_IOAPIC, id))
			return true;
	}
	return false;
}

/* All IOAPICs have to be behind a unit: what is not would be blocked */
static int __init vtd_ir_find_sources(void)
{
	struct intel_iommu *unit;
	struct dmar_drhd_unit *drhd;
	int i, ret;

	for_each_iommu(unit, drhd) {
		ret = vtd_irq_sources_init(unit, drhd->hdr);
		if (ret)
			return ret;
	}
	for (i = 0; i < nr_ioapics; i++) {
		if (vtd_ir_ioapic_known(mpc_ioapic_id(i)))
			continue;
		pr_err(FW_BUG "IOAPIC id %d is behind no unit: interrupts are not remapped\n",
		       mpc_ioapic_id(i));
		return -ENODEV;
	}
	return 0;
}

static bool __init vtd_ir_choose_extended(void)
{
	const struct acpi_table_dmar *dmar = (void *)dmar_tbl;
	struct intel_iommu *unit;
	struct dmar_drhd_unit *drhd;

	if (!x2apic_supported())
		return false;
	if (dmar->flags & DMAR_X2APIC_OPT_OUT && !no_x2apic_optout) {
		pr_info("firmware asks for x2apic to stay off; intremap=no_x2apic_optout overrides it\n");
		return false;
	}
	for_each_iommu(unit, drhd) {
		if (vtd_ecap_extended_interrupts(unit->ecap))
			continue;
		pr_info("%s: no x2apic destinations (EIM): xapic mode for all\n",
			unit->name);
		return false;
	}
	return true;
}

static int __init vtd_ir_setup_all(void)
{
	struct intel_iommu *unit;
	struct dmar_drhd_unit *drhd;
	int ret;

	for_each_iommu(unit, drhd) {
		ret = vtd_ir_setup(unit);
		if (ret) {
			pr_err("%s: interrupt remapping can't be set up (%d)\n",
			       unit->name, ret);
			return ret;
		}
	}
	return 0;
}

static int __init vtd_ir_prepare(void)
{
	struct intel_iommu *unit;
	struct dmar_drhd_unit *drhd;

	if (!vtd_ir_firmware_allows() || !vtd_ir_units_able())
		return -ENODEV;

	if (!vtd_ir_find_sources()) {
		vtd_ir_extended = vtd_ir_choose_extended();
		if (!vtd_ir_setup_all())
			return 0;
		vtd_ir_teardown_all();
	}
	for_each_iommu(unit, drhd)
		vtd_irq_sources_free(unit);
	if (x2apic_supported())
		pr_warn("interrupts are not remapped: devices can forge them\n");
	return -ENODEV;
}

/* Posting needs all units, and a CPU that can write an entry in one */
static void vtd_ir_offer_posting(void)
{
	struct intel_iommu *unit;
	struct dmar_drhd_unit *drhd;

	if (disable_irq_post || !boot_cpu_has(X86_FEATURE_CX16))
		return;
	for_each_iommu(unit, drhd) {
		if (!vtd_cap_posted_interrupts(unit->cap))
			return;
	}
	intel_irq_remap_ops.capability |= BIT(IRQ_POSTING_CAP);
}

/* One that fails is no reason to leave the others off after a resume */
static int vtd_ir_enable_all(bool extended)
{
	struct intel_iommu *unit;
	struct dmar_drhd_unit *drhd;
	int ret = 0, unit_ret;

	for_each_iommu(unit, drhd) {
		if (!unit->irt.table)
			continue;
		unit_ret = vtd_irt_enable(unit, extended);
		if (!unit_ret)
			continue;
		pr_err("%s: interrupt remapping can't be turned on (%d)\n",
		       unit->name, unit_ret);
		ret = ret ?: unit_ret;
	}
	return ret;
}

static void vtd_ir_disable(void)
{
	struct intel_iommu *unit;
	struct dmar_drhd_unit *drhd;

	for_each_iommu(unit, drhd) {
		if (unit->irt.table)
			vtd_irt_disable(unit);
	}
	intel_irq_remap_ops.capability &= ~BIT(IRQ_POSTING_CAP);
}

/* With interrupts off; what a failure leaves, vtd_ir_late_init() cleans up */
static int __init vtd_ir_enable(void)
{
	if (vtd_ir_enable_all(vtd_ir_extended)) {
		vtd_ir_disable();
		pr_warn("interrupts are not remapped: devices can forge them\n");
		return -ENODEV;
	}

	irq_remapping_enabled = 1;
	vtd_ir_offer_posting();
	pr_info("Enabled IRQ remapping in %s mode\n",
		vtd_ir_extended ? "x2apic" : "xapic");
	return vtd_ir_extended ? IRQ_REMAP_X2APIC_MODE : IRQ_REMAP_XAPIC_MODE;
}

/* Registers are as after reset: queues first, since tables need them */
static int vtd_ir_reenable(int extended)
{
	struct intel_iommu *unit;
	struct dmar_drhd_unit *drhd;
	int ret;

	for_each_iommu(unit, drhd) {
		if (!unit->qi)
			continue;
		ret = vtd_qi_reenable(unit);
		if (ret)
			pr_err("%s: invalidation queue does not come back (%d)\n",
			       unit->name, ret);
	}
	ret = vtd_ir_enable_all(extended);
	if (!ret)
		vtd_ir_offer_posting();
	return ret;
}

/**
 * enable_drhd_fault_handling() - set up fault interrupts of a node's units
 * @cpu: CPU of that node; it is coming up
 *
 * Units have interrupts where they are. One that is on a node without CPUs when
 * the driver starts gets its own when the first comes up. An interrupt that can't
 * be set up is told of, and no reason for the CPU not to come up.
 *
 * Context: Process context; takes dmar_global_lock.
 * Return: 0.
 */
int enable_drhd_fault_handling(unsigned int cpu)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *unit;

	guard(rwsem_read)(&dmar_global_lock);
	for_each_iommu(unit, drhd) {
		if (!unit->irq && unit->node == cpu_to_node(cpu))
			vtd_fault_enable(unit);
	}
	return 0;
}

struct irq_remap_ops intel_irq_remap_ops = {
	.prepare		= vtd_ir_prepare,
	.enable			= vtd_ir_enable,
	.disable		= vtd_ir_disable,
	.reenable		= vtd_ir_reenable,
	.enable_faulting	= enable_drhd_fault_handling,
};

/* Tables of a start that failed could not be freed before. */
static int __init vtd_ir_late_init(void)
{
	guard(rwsem_write)(&dmar_global_lock);
	if (!irq_remapping_enabled)
		vtd_ir_teardown_all();
	return 0;
}
rootfs_initcall(vtd_ir_late_init);

static int vtd_ir_insert(struct dmar_drhd_unit *drhd, struct intel_iommu *unit)
{
	int ret;

	if (unit->irt.table)
		return 0;
	if (x2apic_enabled() && !vtd_ecap_extended_interrupts(unit->ecap)) {
		pr_info("%s: no x2apic destinations (EIM)\n", unit->name);
		return -ENODEV;
	}

	ret = vtd_irq_sources_init(unit, drhd->hdr);
	if (!ret)
		ret = vtd_ir_setup(unit);
	if (!ret)
		ret = vtd_irt_enable(unit, vtd_ir_extended);
	if (ret) {
		pr_err("%s: interrupt remapping can't be set up (%d)\n",
		       unit->name, ret);
		vtd_irt_disable(unit);
		vtd_ir_teardown(unit);
	}
	return ret;
}

static int vtd_ir_remove(struct intel_iommu *unit)
{
	if (!unit->irt.table)
		return 0;
	if (!vtd_irt_idle(unit))
		return -EBUSY;

	vtd_irt_disable(unit);
	vtd_ir_teardown(unit);
	return 0;
}

/**
 * dmar_ir_hotplug() - a unit was added, or is about to be removed
 * @dmaru: its entry in the list of units
 * @insert: the unit was added
 *
 * Context: May sleep. dmar_global_lock held for writing.
 * Return: 0; -EBUSY if interrupts use a unit that is to be removed, or if a new
 * unit can't post interrupts while others do; or another negative error if it can't be set up.
 */
int dmar_ir_hotplug(struct dmar_drhd_unit *dmaru, bool insert)
{
	struct intel_iommu *unit = dmaru->iommu;

	lockdep_assert_held_write(&dmar_global_lock);

	if (!irq_remapping_enabled)
		return 0;
	if (!unit)
		return -EINVAL;
	if (!vtd_ecap_interrupt_remapping(unit->ecap))
		return 0;
	if (insert && irq_remapping_cap(IRQ_POSTING_CAP) &&
	    !vtd_cap_posted_interrupts(unit->cap))
		return -EBUSY;

	return insert ? vtd_ir_insert(dmaru, unit) : vtd_ir_remove(unit);
}
