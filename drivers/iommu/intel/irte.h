/* SPDX-License-Identifier: GPL-2.0-only */
/* The interrupt remapping table of a unit. */

#ifndef _VTD_IRTE_H
#define _VTD_IRTE_H

#include <linux/dmar.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct intel_iommu;
struct irq_domain;
struct msi_msg;

/* 1 MiB: the most that the table can have */
#define VTD_IRT_ENTRIES		65536

/**
 * struct vtd_irq_source - what sends interrupts and is no PCI device
 * @type: ACPI_DMAR_SCOPE_TYPE_IOAPIC or ACPI_DMAR_SCOPE_TYPE_HPET
 * @id: the number that firmware gave it
 * @sid: source-id of its requests, 0 where it is not known
 */
struct vtd_irq_source {
	u8	type;
	u8	id;
	u16	sid;
};

/**
 * struct vtd_irt - interrupt remapping of a unit
 * @lock: protects @used and the entries; innermost but for register_lock and
 *	what the queue does; taken with interrupts off
 * @table: entries, or NULL where the unit doesn't remap
 * @used: one bit per entry that belongs to somebody
 * @domain: interrupt domain, parent of those of the devices; set under
 *	dmar_global_lock
 * @sources: IOAPICs and HPETs behind the unit; constant as long as @domain is
 * @source_count: their number
 * @extended: entries have x2APIC destinations; set when the table is enabled,
 *	and before any entry is written
 */
struct vtd_irt {
	raw_spinlock_t		lock;
	struct irte		*table;
	unsigned long		*used;
	struct irq_domain	*domain;
	struct vtd_irq_source	*sources;
	unsigned int		source_count;
	bool			extended;
};

/**
 * struct vtd_senders - whose requests an entry accepts
 * @svt: VTD_SVT_*
 * @sq: VTD_SQ_*
 * @sid: source-id, or first and last bus
 */
struct vtd_senders {
	u8	svt;
	u8	sq;
	u16	sid;
};

/**
 * struct vtd_aliases - source-ids that a PCI device's requests may carry
 * @own: the device's own
 * @last: the one closest to the unit
 * @last_bus: bus of the device that has @last
 * @count: how many there are
 * @same_bus: how many of them are on the bus of the one before, the first one
 *	included
 */
struct vtd_aliases {
	u16		own;
	u16		last;
	u8		last_bus;
	unsigned int	count;
	unsigned int	same_bus;
};

/**
 * struct vtd_target - where an interrupt goes
 * @apic: APIC id, or logical destination
 * @vector: vector
 * @delivery: delivery mode as local APICs code it
 * @logical: @apic is a logical destination
 * @extended: the unit is in x2APIC mode
 */
struct vtd_target {
	u32	apic;
	u8	vector;
	u8	delivery;
	bool	logical;
	bool	extended;
};

int vtd_irt_alloc(struct intel_iommu *unit);
void vtd_irt_free(struct intel_iommu *unit);
int vtd_irt_inherit(struct intel_iommu *unit);
int vtd_irt_enable(struct intel_iommu *unit, bool extended);
void vtd_irt_disable(struct intel_iommu *unit);
bool vtd_irt_idle(struct intel_iommu *unit);
int vtd_irte_alloc(struct intel_iommu *unit, unsigned int count);
void vtd_irte_free(struct intel_iommu *unit, unsigned int index, unsigned int count);
int vtd_irte_write(struct intel_iommu *unit, unsigned int index, struct irte irte);

struct vtd_senders vtd_senders_of_aliases(struct vtd_aliases aliases);
struct vtd_senders vtd_senders_of_source(struct vtd_irq_source source);
struct irte vtd_make_remapped(struct vtd_target target, struct vtd_senders senders);
struct irte vtd_make_posted(u8 vector, u64 desc, bool urgent,
			    struct vtd_senders senders);
void vtd_make_message(struct msi_msg *msg, unsigned int handle, unsigned int sub);

#if IS_ENABLED(CONFIG_KUNIT)
int vtd_irt_invalidate(struct intel_iommu *unit, u16 index, unsigned int mask);
int vtd_irt_invalidate_all(struct intel_iommu *unit);
#endif

#endif /* _VTD_IRTE_H */
