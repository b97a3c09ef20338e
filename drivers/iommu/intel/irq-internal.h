/* SPDX-License-Identifier: GPL-2.0-only */
/* Between irq_remapping.c, irq-domain.c and irq-scope.c. */

#ifndef _VTD_IRQ_INTERNAL_H
#define _VTD_IRQ_INTERNAL_H

#include <linux/hardirq.h>
#include <linux/percpu.h>
#include <linux/types.h>

struct acpi_dmar_header;
struct intel_iommu;
struct vtd_irq_source;

/* irq-domain.c */
int vtd_ir_domain_add(struct intel_iommu *unit);
void vtd_ir_domain_remove(struct intel_iommu *unit);

/* irq-scope.c */
int vtd_irq_sources_init(struct intel_iommu *unit,
			 const struct acpi_dmar_header *header);
void vtd_irq_sources_free(struct intel_iommu *unit);
const struct vtd_irq_source *
vtd_irq_source_find(const struct intel_iommu *unit, u8 type, u32 id);

#ifdef CONFIG_X86_POSTED_MSI
/* Physical address of the descriptor that collects the MSIs of a CPU */
static inline u64 vtd_host_desc(unsigned int cpu)
{
	return per_cpu_ptr_to_phys(per_cpu_ptr(&posted_msi_pi_desc, cpu));
}
#else
static inline u64 vtd_host_desc(unsigned int cpu)
{
	return 0;
}
#endif

#endif /* _VTD_IRQ_INTERNAL_H */
