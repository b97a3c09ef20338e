// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables of units in debugfs: root and context entries, and the entries of
 * interrupt remapping. See debugfs-internal.h for the locks; entries are read
 * one by one under the lock of their table, and printed without it.
 */

#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/dmar.h>
#include <linux/io.h>
#include <linux/kconfig.h>
#include <linux/pci.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "debugfs-internal.h"
#include "unit.h"

/* Root and context entries */

static void show_context(struct seq_file *m, u16 sid, struct vtd_root_entry root,
			 struct vtd_context context)
{
	seq_printf(m, "%02x:%02x.%x\t0x%016llx:0x%016llx\t0x%016llx:0x%016llx\t",
		   PCI_BUS_NUM(sid), PCI_SLOT(sid), PCI_FUNC(sid), root.hi, root.lo,
		   context.hi, context.lo);
	/* The columns of PASID tables, which legacy mode does not have */
	seq_printf(m, "%-6d\t0x%016x:0x%016x:0x%016x\n", -1, 0, 0, 0);
}

static void show_bus(struct seq_file *m, struct intel_iommu *unit,
		     unsigned int bus)
{
	struct vtd_root_entry root;

	scoped_guard(spinlock_irqsave, &unit->contexts.lock)
		root = unit->contexts.root[bus];
	if (!(root.lo & VTD_ROOT_PRESENT))
		return;
	for (unsigned int devfn = 0; devfn < VTD_TABLE_ENTRIES; devfn++) {
		u16 sid = PCI_DEVID(bus, devfn);
		struct vtd_context context = vtd_context_read(unit, sid);

		if (vtd_context_present(context))
			show_context(m, sid, root, context);
	}
}

static void show_translation(struct seq_file *m, struct intel_iommu *unit)
{
	u32 status = vtd_read32(&unit->regs, VTD_GSTS_REG);

	if (!(status & VTD_GCMD_TE) || !unit->contexts.root) {
		seq_printf(m, "DMA Remapping is not enabled on %s\n", unit->name);
		return;
	}
	seq_printf(m, "IOMMU %s: Root Table Address: 0x%llx\n", unit->name,
		   (u64)virt_to_phys(unit->contexts.root));
	seq_puts(m, "B.D.F\tRoot_entry\t\t\t\tContext_entry\t\t\t\tPASID\tPASID_table_entry\n");
	for (unsigned int bus = 0; bus < VTD_TABLE_ENTRIES; bus++) {
		show_bus(m, unit, bus);
		cond_resched();
	}
	seq_putc(m, '\n');
}

static int dmar_translation_struct_show(struct seq_file *m, void *unused)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *unit;

	guard(rwsem_read)(&dmar_global_lock);
	for_each_active_iommu(unit, drhd)
		show_translation(m, unit);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(dmar_translation_struct);

/* Interrupt remapping entries */

static struct irte read_irte(struct intel_iommu *unit, unsigned int index)
{
	struct irte irte;

	scoped_guard(raw_spinlock_irqsave, &unit->irt.lock)
		irte = unit->irt.table[index];
	return irte;
}

static void show_remapped(struct seq_file *m, unsigned int index,
			  const struct irte *irte)
{
	seq_printf(m, " %-5u %02x:%02x.%01x %08x %02x  %016llx\t%016llx\n", index,
		   PCI_BUS_NUM(irte->sid), PCI_SLOT(irte->sid),
		   PCI_FUNC(irte->sid), (u32)irte->dest_id, (u8)irte->vector,
		   irte->high, irte->low);
}

static void show_posted(struct seq_file *m, unsigned int index,
			const struct irte *irte)
{
	seq_printf(m, " %-5u %02x:%02x.%01x %08x %08x %02x  %016llx\t%016llx\n",
		   index, PCI_BUS_NUM(irte->sid), PCI_SLOT(irte->sid),
		   PCI_FUNC(irte->sid), (u32)irte->pda_h, (u32)irte->pda_l << 6,
		   (u8)irte->vector, irte->high, irte->low);
}

static void show_irtes(struct seq_file *m, struct intel_iommu *unit, bool posted)
{
	seq_printf(m, " IR table address:%llx\n",
		   (u64)virt_to_phys(unit->irt.table));
	seq_puts(m, posted ?
		 " Entry SrcID   PDA_high PDA_low  Vct IRTE_high\t\tIRTE_low\n" :
		 " Entry SrcID   DstID    Vct IRTE_high\t\tIRTE_low\n");
	for (unsigned int i = 0; i < VTD_IRT_ENTRIES; i++) {
		struct irte irte = read_irte(unit, i);

		if (irte.present && irte.p_pst == posted)
			(posted ? show_posted : show_remapped)(m, i, &irte);
		if (!(i % VTD_TABLE_ENTRIES))
			cond_resched();
	}
}

static void show_remapping(struct seq_file *m, struct intel_iommu *unit)
{
	u32 status;

	if (!vtd_ecap_interrupt_remapping(unit->ecap))
		return;
	seq_printf(m, "Remapped Interrupt supported on IOMMU: %s\n", unit->name);
	status = vtd_read32(&unit->regs, VTD_GSTS_REG);
	if (unit->irt.table && status & VTD_GCMD_IRE)
		show_irtes(m, unit, false);
	else
		seq_puts(m, "Interrupt Remapping is not enabled\n");
	seq_putc(m, '\n');
}

static void show_posting(struct seq_file *m, struct intel_iommu *unit)
{
	if (!vtd_cap_posted_interrupts(unit->cap))
		return;
	seq_printf(m, "Posted Interrupt supported on IOMMU: %s\n", unit->name);
	if (unit->irt.table)
		show_irtes(m, unit, true);
	else
		seq_puts(m, "Interrupt Remapping is not enabled\n");
	seq_putc(m, '\n');
}

static int ir_translation_struct_show(struct seq_file *m, void *unused)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *unit;

	guard(rwsem_read)(&dmar_global_lock);
	for_each_active_iommu(unit, drhd)
		show_remapping(m, unit);
	seq_puts(m, "****\n\n");
	for_each_active_iommu(unit, drhd)
		show_posting(m, unit);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ir_translation_struct);

/**
 * vtd_debugfs_tables_init() - make the files for all units
 * @root: the driver's folder
 *
 * Context: Process context, may sleep.
 */
void vtd_debugfs_tables_init(struct dentry *root)
{
	debugfs_create_file("dmar_translation_struct", 0444, root, NULL,
			    &dmar_translation_struct_fops);
	if (IS_ENABLED(CONFIG_IRQ_REMAP))
		debugfs_create_file("ir_translation_struct", 0444, root, NULL,
				    &ir_translation_struct_fops);
}
