/* SPDX-License-Identifier: GPL-2.0-only */
/* The interrupt of faults. */

#ifndef _VTD_FAULT_IRQ_H
#define _VTD_FAULT_IRQ_H

#include <linux/interrupt.h>

struct intel_iommu;

irqreturn_t dmar_fault(int irq, void *dev_id);
int vtd_fault_enable(struct intel_iommu *unit);
void vtd_fault_disable(struct intel_iommu *unit);

#endif /* _VTD_FAULT_IRQ_H */
