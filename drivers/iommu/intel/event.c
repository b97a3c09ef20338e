// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event interrupts: messages that a unit sends on its own behalf.
 *
 * Each kind of event has four registers in a row: control, data, and the two
 * halves of the address. The interrupt chip in arch/x86/kernel/apic/msi.c
 * writes them through the dmar_msi_*() functions here, and tells them apart by the
 * number of the interrupt. So the number has to be in the unit before the
 * interrupt is requested.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <linux/irq.h>
#include <linux/msi.h>

#include "event.h"
#include "unit.h"

/* Registers of an event, from its control register, in bytes */
#define EVENT_DATA		4
#define EVENT_ADDRESS		8
#define EVENT_UPPER_ADDRESS	12

/* Return the control register of the event that @irq is for, or 0. */
static unsigned int event_control(const struct intel_iommu *unit, unsigned int irq)
{
	if (unit->irq == irq)
		return VTD_FECTL_REG;
	if (unit->perf_irq == irq)
		return VTD_PERFINTRCTL_REG;
	pr_warn_ratelimited("%s: interrupt %u is for no event\n", unit->name, irq);
	return 0;
}

/**
 * vtd_event_mask() - mask or unmask an event interrupt
 * @unit: unit
 * @control: control register of the event
 * @masked: mask it
 *
 * Specification 11.4.7.2. An event that is raised while masked is sent
 * when it is unmasked.
 *
 * Context: Any context.
 */
void vtd_event_mask(struct intel_iommu *unit, unsigned int control, bool masked)
{
	scoped_guard(raw_spinlock_irqsave, &unit->register_lock) {
		vtd_write32(&unit->regs, control, masked ? VTD_EVENT_MASKED : 0);
		/* The write has arrived when something is read */
		vtd_read32(&unit->regs, control);
	}
}

/**
 * dmar_msi_unmask() - irq_unmask of the chip of event interrupts
 * @data: interrupt; its handler data is the unit
 *
 * Context: Any context.
 */
void dmar_msi_unmask(struct irq_data *data)
{
	struct intel_iommu *unit = irq_data_get_irq_handler_data(data);
	unsigned int control = event_control(unit, data->irq);

	if (control)
		vtd_event_mask(unit, control, false);
}

/**
 * dmar_msi_mask() - irq_mask of the chip of event interrupts
 * @data: interrupt; its handler data is the unit
 *
 * Context: Any context.
 */
void dmar_msi_mask(struct irq_data *data)
{
	struct intel_iommu *unit = irq_data_get_irq_handler_data(data);
	unsigned int control = event_control(unit, data->irq);

	if (control)
		vtd_event_mask(unit, control, true);
}

/**
 * dmar_msi_write() - set the message that an event sends
 * @irq: interrupt; its handler data is the unit
 * @msg: message
 *
 * Specification 11.4.7.3 to 11.4.7.5.
 *
 * Context: Any context.
 */
void dmar_msi_write(int irq, struct msi_msg *msg)
{
	struct intel_iommu *unit = irq_get_handler_data(irq);
	unsigned int control = event_control(unit, irq);

	if (!control)
		return;
	scoped_guard(raw_spinlock_irqsave, &unit->register_lock) {
		vtd_write32(&unit->regs, control + EVENT_DATA, msg->data);
		vtd_write32(&unit->regs, control + EVENT_ADDRESS, msg->address_lo);
		vtd_write32(&unit->regs, control + EVENT_UPPER_ADDRESS, msg->address_hi);
	}
}

/**
 * dmar_msi_read() - tell the message that an event sends
 * @irq: interrupt; its handler data is the unit
 * @msg: where to put it; left alone if the unit has no such event
 *
 * Context: Any context.
 */
void dmar_msi_read(int irq, struct msi_msg *msg)
{
	struct intel_iommu *unit = irq_get_handler_data(irq);
	unsigned int control = event_control(unit, irq);

	if (!control)
		return;
	scoped_guard(raw_spinlock_irqsave, &unit->register_lock) {
		msg->data = vtd_read32(&unit->regs, control + EVENT_DATA);
		msg->address_lo = vtd_read32(&unit->regs, control + EVENT_ADDRESS);
		msg->address_hi = vtd_read32(&unit->regs, control + EVENT_UPPER_ADDRESS);
	}
}

/**
 * vtd_event_save() - save the registers of the fault event for suspend
 * @unit: unit
 * @state: where to keep them: control, data, address, upper address
 *
 * Context: Any context.
 */
void vtd_event_save(struct intel_iommu *unit, u32 state[4])
{
	unsigned int i;

	scoped_guard(raw_spinlock_irqsave, &unit->register_lock) {
		for (i = 0; i < 4; i++)
			state[i] = vtd_read32(&unit->regs, VTD_FECTL_REG + 4 * i);
	}
}

/**
 * vtd_event_restore() - restore the registers of the fault event
 * @unit: unit
 * @state: what vtd_event_save() kept
 *
 * The control register is written last: unmasking may send an event, which needs
 * the other registers.
 *
 * Context: Any context.
 */
void vtd_event_restore(struct intel_iommu *unit, const u32 state[4])
{
	unsigned int i;

	scoped_guard(raw_spinlock_irqsave, &unit->register_lock) {
		for (i = 3; i > 0; i--)
			vtd_write32(&unit->regs, VTD_FECTL_REG + 4 * i, state[i]);
		vtd_write32(&unit->regs, VTD_FECTL_REG, state[0] & VTD_EVENT_MASKED);
	}
}
