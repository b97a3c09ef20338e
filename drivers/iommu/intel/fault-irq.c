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
 * The handler doesn't become a thread: it is what stops a flood, so it can't wait
 * for its turn among what the flood holds up.
 *
 * Context: process context, dmar_global_lock held or the unit not in use yet;
 * may sleep.
 * Return: 0, -ENOSPC without a free vector, or an error of request_irq().
 */
int dmar_set_interrupt(struct intel_iommu *iommu)
{
	int error;
	int irq;

	if (iommu->irq)
		return 0;

	irq = dmar_alloc_hwirq(iommu->seq_id, iommu->node, iommu);
	if (irq <= 0) {
		pr_err("%s: no interrupt vector for faults\n", iommu->name);
		return -ENOSPC;
	}
	iommu->irq = irq;
	error = request_irq(irq, dmar_fault, IRQF_NO_THREAD, iommu->name, iommu);
	if (!error)
		return 0;

	pr_err("%s: interrupt %d for faults refused: %d\n", iommu->name, irq, error);
	iommu->irq = 0;
	dmar_free_hwirq(irq);
	return error;
}

/**
 * vtd_fault_enable() - have a unit tell of faults
 * @unit: unit
 *
 * Context: process context, dmar_global_lock held or the unit not in use yet;
 * may sleep.
 * Return: 0 or the error of dmar_set_interrupt().
 */
int vtd_fault_enable(struct intel_iommu *unit)
{
	int error = dmar_set_interrupt(unit);

	if (!error)
		vtd_fault_clear(unit);
	return error;
}

/**
 * vtd_fault_disable() - have a unit tell of faults no more
 * @unit: unit; its interrupt need not have been set up
 *
 * Context: process context, as for vtd_fault_enable(); sleeps until the handler
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
