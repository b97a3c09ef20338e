// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interrupt domain of a unit: between the domains of devices, IOAPICs and
 * HPETs, whose messages name entries of the table, and the vectors of CPUs,
 * which the entries name.
 *
 * Interrupts that are allocated together get a run of entries. The run goes
 * with the last of them, since the core frees them one by one. What writes an
 * entry runs under the lock of the interrupt's descriptor.
 */

#define pr_fmt(fmt) "DMAR-IR: " fmt

#include <linux/dmar.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <asm/apic.h>
#include <asm/irq_remapping.h>
#include <asm/irqdomain.h>

#include "../irq_remapping.h"
#include "hw/irte.h"
#include "irq-internal.h"
#include "unit.h"

struct vtd_ir_run;

/**
 * struct vtd_ir_irq - one interrupt
 * @run: (c) the run that its entry is of
 * @index: (c) its entry
 * @posted_vcpu: (d) it is posted to a virtual CPU; moving it on the host then
 *	changes nothing
 * @msg: (c) message by which the device raises it
 *
 * (c) constant, (d) under the lock of the interrupt's descriptor.
 */
struct vtd_ir_irq {
	struct vtd_ir_run	*run;
	unsigned int		index;
	bool			posted_vcpu;
	struct msi_msg		msg;
};

/**
 * struct vtd_ir_run - interrupts whose entries were allocated together
 * @unit: (c) unit whose entries they are
 * @senders: (c) whose requests the entries accept
 * @posted_host: (c) they are posted to the host's CPUs
 * @first: (c) first entry
 * @live: interrupts not yet freed; under the root domain's mutex
 * @count: (c) interrupts
 * @irqs: the interrupts
 *
 * Chip data of an interrupt points into @irqs until it is freed.
 */
struct vtd_ir_run {
	struct intel_iommu	*unit;
	struct vtd_senders	senders;
	bool			posted_host;
	unsigned int		first;
	unsigned int		live;
	unsigned int		count;
	struct vtd_ir_irq	irqs[] __counted_by(count);
};

/* The entry that brings an interrupt to the host */
static struct irte vtd_ir_host_entry(struct irq_data *irqd)
{
	const struct vtd_ir_irq *irq = irq_data_get_irq_chip_data(irqd);
	const struct vtd_ir_run *run = irq->run;
	const struct irq_cfg *cfg = irqd_cfg(irqd);
	unsigned int cpu;

	if (run->posted_host) {
		cpu = cpumask_first(irq_data_get_effective_affinity_mask(irqd));
		if (cpu < nr_cpu_ids)
			return vtd_make_posted(cfg->vector, vtd_host_desc(cpu),
					       false, run->senders);
	}
	return vtd_make_remapped((struct vtd_target) {
					 .apic = cfg->dest_apicid,
					 .vector = cfg->vector,
					 .delivery = APIC_DELIVERY_MODE_FIXED,
					 .logical = apic->dest_mode_logical,
					 .extended = run->unit->irt.extended,
				 }, run->senders);
}

static int vtd_ir_write_host(struct irq_data *irqd)
{
	struct vtd_ir_irq *irq = irq_data_get_irq_chip_data(irqd);

	irq->posted_vcpu = false;
	return vtd_irte_write(irq->run->unit, irq->index, vtd_ir_host_entry(irqd));
}

/*
 * Only the entry changes, never what the device or IOAPIC has, so an interrupt
 * is not lost on its way. The old vector is freed only after the unit's cached
 * entry is invalidated. If that fails, the vector stays allocated, since
 * interrupts may still arrive there.
 */
static int vtd_ir_set_affinity(struct irq_data *irqd, const struct cpumask *mask,
			       bool force)
{
	const struct vtd_ir_irq *irq = irq_data_get_irq_chip_data(irqd);
	struct irq_data *parent = irqd->parent_data;
	int ret;

	ret = parent->chip->irq_set_affinity(parent, mask, force);
	if (ret < 0 || ret == IRQ_SET_MASK_OK_DONE)
		return ret;

	if (irq->posted_vcpu || !vtd_ir_write_host(irqd))
		vector_schedule_cleanup(irqd_cfg(irqd));
	return IRQ_SET_MASK_OK_DONE;
}

static void vtd_ir_compose_message(struct irq_data *irqd, struct msi_msg *msg)
{
	const struct vtd_ir_irq *irq = irq_data_get_irq_chip_data(irqd);

	*msg = irq->msg;
}

/*
 * @info is a struct vcpu_data of KVM, or NULL to go back to the host. After a
 * failure nothing may go to the descriptor: KVM is about to free it.
 */
static int vtd_ir_set_vcpu_affinity(struct irq_data *irqd, void *info)
{
	struct vtd_ir_irq *irq = irq_data_get_irq_chip_data(irqd);
	const struct vtd_ir_run *run = irq->run;
	const struct vcpu_data *vcpu = info;
	int ret;

	if (!vcpu)
		return vtd_ir_write_host(irqd);
	if (!vtd_cap_posted_interrupts(run->unit->cap))
		return -EOPNOTSUPP;

	ret = vtd_irte_write(run->unit, irq->index,
			     vtd_make_posted(vcpu->vector, vcpu->pi_desc_addr,
					     false, run->senders));
	if (ret)
		vtd_ir_write_host(irqd);
	else
		irq->posted_vcpu = true;
	return ret;
}

static struct irq_chip intel_ir_chip = {
	.name			= "INTEL-IR",
	.irq_ack		= apic_ack_irq,
	.irq_set_affinity	= vtd_ir_set_affinity,
	.irq_compose_msi_msg	= vtd_ir_compose_message,
	.irq_set_vcpu_affinity	= vtd_ir_set_vcpu_affinity,
};

/*
 * Interrupts that are posted to the host reach its CPUs as one notification for
 * many. That one is acknowledged at the APIC by its handler, so that here only a
 * pending move is done.
 */
static struct irq_chip intel_ir_chip_post_msi = {
	.name			= "INTEL-IR-POST",
	.irq_ack		= intel_ack_posted_msi_irq,
	.irq_set_affinity	= vtd_ir_set_affinity,
	.irq_compose_msi_msg	= vtd_ir_compose_message,
	.irq_set_vcpu_affinity	= vtd_ir_set_vcpu_affinity,
};

static bool vtd_ir_is_msi(const struct irq_alloc_info *info)
{
	return info->type == X86_IRQ_ALLOC_TYPE_PCI_MSI ||
	       info->type == X86_IRQ_ALLOC_TYPE_PCI_MSIX;
}

static int vtd_ir_add_alias(struct pci_dev *pdev, u16 alias, void *data)
{
	struct vtd_aliases *aliases = data;

	if (!aliases->count || PCI_BUS_NUM(alias) == PCI_BUS_NUM(aliases->last))
		aliases->same_bus++;
	aliases->count++;
	aliases->last = alias;
	aliases->last_bus = pdev->bus->number;
	return 0;
}

static struct vtd_senders vtd_ir_pci_senders(struct pci_dev *pdev)
{
	struct vtd_aliases aliases = { .own = pci_dev_id(pdev) };

	pci_for_each_dma_alias(pdev, vtd_ir_add_alias, &aliases);
	return vtd_senders_of_aliases(aliases);
}

/* Find the senders that the entries accept; -EINVAL if the sender is unknown */
static int vtd_ir_find_senders(const struct intel_iommu *unit,
			       const struct irq_alloc_info *info,
			       struct vtd_senders *senders)
{
	const struct vtd_irq_source *source;
	u8 type;

	switch (info->type) {
	case X86_IRQ_ALLOC_TYPE_PCI_MSI:
	case X86_IRQ_ALLOC_TYPE_PCI_MSIX:
		*senders = vtd_ir_pci_senders(pci_real_dma_dev(msi_desc_to_pci_dev(info->desc)));
		break;
	case X86_IRQ_ALLOC_TYPE_IOAPIC:
	case X86_IRQ_ALLOC_TYPE_HPET:
		type = info->type == X86_IRQ_ALLOC_TYPE_HPET ?
		       ACPI_DMAR_SCOPE_TYPE_HPET : ACPI_DMAR_SCOPE_TYPE_IOAPIC;
		source = vtd_irq_source_find(unit, type, info->devid);
		if (!source)
			return -EINVAL;
		*senders = vtd_senders_of_source(*source);
		break;
	default:
		return -EINVAL;
	}
	if (disable_sourceid_checking)
		senders->svt = VTD_SVT_NONE;
	return 0;
}

static int vtd_ir_fill_irq(struct irq_domain *domain, unsigned int virq,
			   struct vtd_ir_run *run, unsigned int i,
			   const struct irq_alloc_info *info)
{
	const bool ioapic = info->type == X86_IRQ_ALLOC_TYPE_IOAPIC;
	struct irq_data *irqd = irq_domain_get_irq_data(domain, virq);
	struct vtd_ir_irq *irq = &run->irqs[i];

	if (!irqd || !irqd_cfg(irqd))
		return -EINVAL;

	irq->run = run;
	irq->index = run->first + i;
	vtd_make_message(&irq->msg, run->first, ioapic ? info->ioapic.pin : i);

	irqd->hwirq = irq->index;
	irqd->chip_data = irq;
	irqd->chip = run->posted_host ? &intel_ir_chip_post_msi : &intel_ir_chip;
	irq_set_status_flags(virq, IRQ_MOVE_PCNTXT);
	return 0;
}

/* A run with entries for all its interrupts, or an error pointer */
static struct vtd_ir_run *vtd_ir_new_run(struct intel_iommu *unit,
					 unsigned int count,
					 const struct irq_alloc_info *info)
{
	struct vtd_ir_run *run __free(kfree) =
		kzalloc(struct_size(run, irqs, count), GFP_KERNEL);
	int ret;

	if (!run)
		return ERR_PTR(-ENOMEM);
	run->count = count;
	run->live = count;
	run->unit = unit;
	run->posted_host = vtd_ir_is_msi(info) && posted_msi_supported();

	ret = vtd_ir_find_senders(unit, info, &run->senders);
	if (ret)
		return ERR_PTR(ret);
	ret = vtd_irte_alloc(unit, count);
	if (ret < 0) {
		pr_warn_ratelimited("%s: no %u entries for an interrupt (%d)\n",
				    unit->name, count, ret);
		return ERR_PTR(ret);
	}
	run->first = ret;
	return_ptr(run);
}

static void vtd_ir_free_run(struct vtd_ir_run *run)
{
	vtd_irte_free(run->unit, run->first, run->count);
	kfree(run);
}

static int vtd_ir_alloc(struct irq_domain *domain, unsigned int virq,
			unsigned int count, void *arg)
{
	const struct irq_alloc_info *info = arg;
	struct vtd_ir_run *run;
	unsigned int i;
	int ret;

	if (!info || (count > 1 && info->type != X86_IRQ_ALLOC_TYPE_PCI_MSI))
		return -EINVAL;
	ret = irq_domain_alloc_irqs_parent(domain, virq, count, arg);
	if (ret < 0)
		return ret;

	run = vtd_ir_new_run(domain->host_data, count, info);
	if (IS_ERR(run)) {
		ret = PTR_ERR(run);
		goto free_parent;
	}
	for (i = 0; i < count; i++) {
		ret = vtd_ir_fill_irq(domain, virq + i, run, i, info);
		if (ret)
			goto free_run;
	}
	return 0;

free_run:
	vtd_ir_free_run(run);
free_parent:
	irq_domain_free_irqs_common(domain, virq, count);
	return ret;
}

/* Entries go before the vectors that they send interrupts to */
static void vtd_ir_free(struct irq_domain *domain, unsigned int virq,
			unsigned int count)
{
	struct vtd_ir_irq *irq;
	struct irq_data *irqd;
	unsigned int i;

	/* Protects the run's @live */
	lockdep_assert_held(&domain->root->mutex);

	for (i = 0; i < count; i++) {
		irqd = irq_domain_get_irq_data(domain, virq + i);
		irq = irqd ? irq_data_get_irq_chip_data(irqd) : NULL;
		if (irq && !--irq->run->live)
			vtd_ir_free_run(irq->run);
	}
	irq_domain_free_irqs_common(domain, virq, count);
}

static int vtd_ir_activate(struct irq_domain *domain, struct irq_data *irqd,
			   bool reserve)
{
	const struct vtd_ir_irq *irq = irq_data_get_irq_chip_data(irqd);
	int ret = vtd_ir_write_host(irqd);

	/* The vector will be reused: nothing may be sent to it any more */
	if (ret)
		vtd_irte_write(irq->run->unit, irq->index, (struct irte) {});
	return ret;
}

static void vtd_ir_deactivate(struct irq_domain *domain, struct irq_data *irqd)
{
	struct vtd_ir_irq *irq = irq_data_get_irq_chip_data(irqd);

	/* KVM takes its interrupts back before the device's driver frees them */
	WARN_ON_ONCE(irq->posted_vcpu);
	irq->posted_vcpu = false;
	vtd_irte_write(irq->run->unit, irq->index, (struct irte) {});
}

static int vtd_ir_select(struct irq_domain *domain, struct irq_fwspec *fwspec,
			 enum irq_domain_bus_token token)
{
	u8 type;

	/* The domain may have been made for a start that failed */
	if (!irq_remapping_enabled)
		return 0;
	if (x86_fwspec_is_ioapic(fwspec))
		type = ACPI_DMAR_SCOPE_TYPE_IOAPIC;
	else if (x86_fwspec_is_hpet(fwspec))
		type = ACPI_DMAR_SCOPE_TYPE_HPET;
	else
		return 0;
	return !!vtd_irq_source_find(domain->host_data, type, fwspec->param[0]);
}

static const struct irq_domain_ops vtd_ir_domain_ops = {
	.select		= vtd_ir_select,
	.alloc		= vtd_ir_alloc,
	.free		= vtd_ir_free,
	.activate	= vtd_ir_activate,
	.deactivate	= vtd_ir_deactivate,
};

static const struct msi_parent_ops vtd_ir_msi_parent_ops = {
	.supported_flags	= X86_VECTOR_MSI_FLAGS_SUPPORTED |
				  MSI_FLAG_MULTI_PCI_MSI,
	.prefix			= "IR-",
	.init_dev_msi_info	= msi_parent_init_dev_msi_info,
};

/**
 * vtd_ir_domain_add() - give a unit its interrupt domain
 * @unit: unit with a table, sources known
 *
 * Context: May sleep; in early boot, or under dmar_global_lock.
 * Return: 0 or -ENOMEM.
 */
int vtd_ir_domain_add(struct intel_iommu *unit)
{
	struct fwnode_handle *fwnode;
	struct irq_domain *domain;

	fwnode = irq_domain_alloc_named_id_fwnode("INTEL-IR", unit->seq_id);
	if (!fwnode)
		return -ENOMEM;
	domain = irq_domain_create_hierarchy(arch_get_ir_parent_domain(), 0, 0,
					     fwnode, &vtd_ir_domain_ops, unit);
	if (!domain) {
		irq_domain_free_fwnode(fwnode);
		return -ENOMEM;
	}

	irq_domain_update_bus_token(domain, DOMAIN_BUS_DMAR);
	domain->flags |= IRQ_DOMAIN_FLAG_MSI_PARENT | IRQ_DOMAIN_FLAG_ISOLATED_MSI;
	domain->msi_parent_ops = &vtd_ir_msi_parent_ops;
	unit->irt.domain = domain;
	return 0;
}

/**
 * vtd_ir_domain_remove() - take a unit's interrupt domain away
 * @unit: unit without interrupts; may have no domain
 *
 * Context: May sleep; in early boot, or under dmar_global_lock.
 */
void vtd_ir_domain_remove(struct intel_iommu *unit)
{
	struct irq_domain *domain = unit->irt.domain;
	struct fwnode_handle *fwnode;

	if (!domain)
		return;
	unit->irt.domain = NULL;
	fwnode = domain->fwnode;
	irq_domain_remove(domain);
	irq_domain_free_fwnode(fwnode);
}

/**
 * intel_irq_remap_add_device() - give a new PCI device its interrupt domain
 * @info: the device that was added
 *
 * Devices that have a domain of their own, as those behind a VMD, keep it.
 *
 * Context: May sleep. dmar_global_lock held for writing; also where DMA is not
 * remapped.
 */
void intel_irq_remap_add_device(struct dmar_pci_notify_info *info)
{
	struct dmar_drhd_unit *drhd;

	lockdep_assert_held_write(&dmar_global_lock);

	if (!irq_remapping_enabled ||
	    !pci_dev_has_default_msi_parent_domain(info->dev))
		return;

	drhd = dmar_find_matched_drhd_unit(info->dev);
	dev_set_msi_domain(&info->dev->dev,
			   drhd && drhd->iommu ? drhd->iommu->irt.domain : NULL);
}
