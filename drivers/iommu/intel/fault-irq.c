// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interrupt of faults: set up, handled, taken away.
 *
 * The unit raises the same interrupt for a fault and for an error of its
 * invalidation queue. The handler therefore repairs the queue first and then
 * handles the faults. Owns unit->irq.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <kunit/visibility.h>
#include <linux/dmar.h>
#include <linux/interrupt.h>

#include "event.h"
#include "fault-irq.h"
#include "unit.h"

/**
 * dmar_fault() - handle a fault event interrupt
 * @irq: interrupt; not looked at
 * @dev_id: unit
 *
 * As long as the queue reports an error, a fault raises no interrupt.
 *
 * Context: Any context, interrupts included.
 * Return: IRQ_HANDLED.
 */
irqreturn_t dmar_fault(int irq, void *dev_id)
{
	struct intel_iommu *unit = dev_id;

	vtd_qi_look(unit);
	vtd_fault_handle(unit);
	return IRQ_HANDLED;
}
EXPORT_SYMBOL_IF_KUNIT(dmar_fault);

/**
 * dmar_set_interrupt() - set up the interrupt of faults
 * @iommu: unit; nothing happens if it has one already
 *
 * The handler doesn't become a thread: it stops a flood of faults, so it must not
 * wait for threads that the flood delays.
 *
 * Context: Process context, dmar_global_lock held or the unit not in use yet;
 * may sleep.
 * Return: 0, -ENOSPC without a free vector, or an error of request_irq().
 */
int dmar_set_interrupt(struct intel_iommu *iommu)
{
	int ret;
	int irq;

	if (iommu->irq)
		return 0;

	irq = dmar_alloc_hwirq(iommu->seq_id, iommu->node, iommu);
	if (irq <= 0) {
		pr_err("%s: no interrupt vector for faults\n", iommu->name);
		return -ENOSPC;
	}
	iommu->irq = irq;
	ret = request_irq(irq, dmar_fault, IRQF_NO_THREAD, iommu->name, iommu);
	if (!ret)
		return 0;

	pr_err("%s: interrupt %d for faults refused: %d\n", iommu->name, irq, ret);
	iommu->irq = 0;
	dmar_free_hwirq(irq);
	return ret;
}

/**
 * vtd_fault_enable() - set up the fault interrupt and handle recorded faults
 * @unit: unit
 *
 * Context: Process context, dmar_global_lock held or the unit not in use yet;
 * may sleep.
 * Return: 0 or the error of dmar_set_interrupt().
 */
int vtd_fault_enable(struct intel_iommu *unit)
{
	int ret = dmar_set_interrupt(unit);

	if (!ret)
		vtd_fault_clear(unit);
	return ret;
}

/**
 * vtd_fault_disable() - take the fault interrupt away
 * @unit: unit; its interrupt need not have been set up
 *
 * Context: Process context, as for vtd_fault_enable(); sleeps until the handler
 * and the work of this unit have come to their end.
 */
void vtd_fault_disable(struct intel_iommu *unit)
{
	if (unit->irq)
		free_irq(unit->irq, unit);
	/* The work may have unmasked the event after that */
	cancel_delayed_work_sync(&unit->faults.resume);
	if (!unit->irq)
		return;
	vtd_event_mask(unit, VTD_FECTL_REG, true);
	dmar_free_hwirq(unit->irq);
	unit->irq = 0;
}
EXPORT_SYMBOL_IF_KUNIT(vtd_fault_disable);
