// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interrupt remapping table of a unit: the owner of each entry, writing an
 * entry while the unit reads it, and making entries.
 *
 * An entry is free, or belongs to one interrupt of irq-domain.c, or to the
 * previous kernel. It changes owner only after it was invalidated: if the unit
 * does not confirm that, the entry is never used again.
 *
 * Lock: vtd_irt.lock. It is dropped before the unit is waited for. Two writers
 * of one entry are kept apart by the lock of the interrupt's descriptor.
 */

#define pr_fmt(fmt) "DMAR-IR: " fmt

#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/bitmap.h>
#include <linux/io.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/msi.h>
#include <linux/pci.h>

#include "../iommu-pages.h"
#include "command.h"
#include "hw/irte.h"
#include "inval.h"
#include "unit.h"

#define VTD_IRT_BYTES	(VTD_IRT_ENTRIES * sizeof(struct irte))
#define VTD_IRT_ORDER	get_order(VTD_IRT_BYTES)

static_assert(sizeof(struct irte) == 16);

/**
 * vtd_irt_invalidate() - invalidate entries
 * @unit: unit
 * @index: first entry, aligned to what @mask says
 * @mask: log2 of entries
 *
 * Context: Any context, but not under vtd_irt.lock; waits for the unit.
 * Return: 0 or the error of the queue.
 */
VISIBLE_IF_KUNIT int vtd_irt_invalidate(struct intel_iommu *unit, u16 index,
					unsigned int mask)
{
	lockdep_assert_not_held(&unit->irt.lock);
	KUNIT_STATIC_STUB_REDIRECT(vtd_irt_invalidate, unit, index, mask);

	return vtd_flush_interrupts(unit, index, mask);
}

/**
 * vtd_irt_invalidate_all() - invalidate all entries
 * @unit: unit
 *
 * Context: Any context, but not under vtd_irt.lock; waits for the unit.
 * Return: 0 or the error of the queue.
 */
VISIBLE_IF_KUNIT int vtd_irt_invalidate_all(struct intel_iommu *unit)
{
	lockdep_assert_not_held(&unit->irt.lock);
	KUNIT_STATIC_STUB_REDIRECT(vtd_irt_invalidate_all, unit);

	return vtd_flush_all_interrupts(unit);
}

/**
 * vtd_irt_alloc() - give a unit an empty table
 * @unit: unit; may have one already
 *
 * Context: May sleep, under dmar_global_lock or in early boot.
 * Return: 0 or -ENOMEM.
 */
int vtd_irt_alloc(struct intel_iommu *unit)
{
	unsigned long *used;
	struct irte *table;

	if (unit->irt.table)
		return 0;

	used = bitmap_zalloc(VTD_IRT_ENTRIES, GFP_KERNEL);
	if (!used)
		return -ENOMEM;
	table = iommu_alloc_pages_node(unit->node, GFP_KERNEL, VTD_IRT_ORDER);
	if (!table) {
		bitmap_free(used);
		return -ENOMEM;
	}
	/* A unit that does not snoop would read what the memory held before */
	vtd_write_back(unit, table, VTD_IRT_BYTES);

	unit->irt.used = used;
	unit->irt.table = table;
	return 0;
}

/**
 * vtd_irt_free() - take a unit's table away
 * @unit: unit, disabled; may have no table
 *
 * A unit that could not be disabled keeps the memory that it reads.
 *
 * Context: May sleep, under dmar_global_lock or in early boot. Nobody else uses
 * the table any more.
 */
void vtd_irt_free(struct intel_iommu *unit)
{
	unsigned long *used = unit->irt.used;
	struct irte *table = unit->irt.table;

	if (!table)
		return;

	scoped_guard(raw_spinlock_irqsave, &unit->irt.lock) {
		unit->irt.table = NULL;
		unit->irt.used = NULL;
	}
	bitmap_free(used);
	if (vtd_read32(&unit->regs, VTD_GSTS_REG) & VTD_GCMD_IRE) {
		pr_err("%s: still remaps interrupts: its table stays in memory\n",
		       unit->name);
		return;
	}
	iommu_free_pages(table, VTD_IRT_ORDER);
}

/**
 * vtd_irt_inherit() - take over the entries of the previous kernel
 * @unit: unit with an empty table, remapping by another table
 *
 * Interrupts of devices that nobody has stopped yet go on to where they went.
 * Their entries are not given to anybody.
 *
 * Context: May sleep; before the table is enabled.
 * Return: 0, -EINVAL if there is no table, -ENOMEM if it can't be mapped.
 */
int vtd_irt_inherit(struct intel_iommu *unit)
{
	u64 irta = vtd_read64(&unit->regs, VTD_IRTA_REG);
	size_t count = 2UL << FIELD_GET(VTD_IRTA_SIZE, irta);
	struct vtd_irt *irt = &unit->irt;
	struct irte *old;
	size_t index;

	if (!(irta & VTD_IRTA_TABLE))
		return -EINVAL;
	old = memremap(irta & VTD_IRTA_TABLE, count * sizeof(*old), MEMREMAP_WB);
	if (!old)
		return -ENOMEM;

	scoped_guard(raw_spinlock_irqsave, &irt->lock) {
		for (index = 0; index < count; index++) {
			if (!(old[index].low & VTD_IRTE_PRESENT))
				continue;
			irt->table[index] = old[index];
			__set_bit(index, irt->used);
		}
	}
	vtd_write_back(unit, irt->table, VTD_IRT_BYTES);
	memunmap(old);
	return 0;
}

/*
 * Requests in compatibility format pass unchecked, whatever device sends them.
 * They are off after reset, but firmware may have turned them on.
 */
static void vtd_irt_block_compatibility(struct intel_iommu *unit)
{
	if (!(vtd_read32(&unit->regs, VTD_GSTS_REG) & VTD_GCMD_CFI))
		return;
	if (vtd_unit_command(unit, 0, VTD_GCMD_CFI))
		pr_warn("%s: passes interrupts in compatibility format: devices can forge interrupts\n",
			unit->name);
}

/**
 * vtd_irt_enable() - have a unit remap interrupts by its table
 * @unit: unit with a table and, unless setting the table invalidates, a queue
 * @extended: entries have x2APIC destinations
 *
 * Specification 5.1.4, 6.7 and 11.4.10. Where the unit remaps already, it goes
 * from one table to the other without a gap.
 *
 * Context: Any context; waits for the unit.
 * Return: 0 or a negative error; the unit may then read the table or not.
 */
int vtd_irt_enable(struct intel_iommu *unit, bool extended)
{
	u64 irta = virt_to_phys(unit->irt.table) |
		   FIELD_PREP(VTD_IRTA_SIZE, ilog2(VTD_IRT_ENTRIES) - 1);
	int ret;

	if (extended)
		irta |= VTD_IRTA_EXTENDED;
	unit->irt.extended = extended;
	vtd_write64(&unit->regs, VTD_IRTA_REG, irta);

	ret = vtd_unit_one_shot(unit, VTD_GCMD_SIRTP, VTD_GCMD_SIRTP);
	if (ret)
		return ret;
	if (!vtd_cap_interrupt_table_invalidates(unit->cap)) {
		ret = vtd_irt_invalidate_all(unit);
		if (ret)
			return ret;
	}
	ret = vtd_unit_command(unit, VTD_GCMD_IRE, 0);
	if (ret)
		return ret;

	vtd_irt_block_compatibility(unit);
	return 0;
}

/**
 * vtd_irt_disable() - have a unit pass interrupts as they are
 * @unit: unit; may not be remapping
 *
 * Context: Any context; waits for the unit.
 */
void vtd_irt_disable(struct intel_iommu *unit)
{
	if (!(vtd_read32(&unit->regs, VTD_GSTS_REG) & VTD_GCMD_IRE))
		return;

	if (!vtd_cap_interrupt_table_invalidates(unit->cap) &&
	    vtd_irt_invalidate_all(unit))
		pr_warn("%s: remapped interrupts not forgotten\n", unit->name);
	if (vtd_unit_command(unit, 0, VTD_GCMD_IRE))
		pr_err("%s: interrupt remapping can't be turned off\n", unit->name);
}

/**
 * vtd_irt_idle() - nobody has an entry
 * @unit: unit with a table
 *
 * Context: Any context.
 * Return: true if all entries are free.
 */
bool vtd_irt_idle(struct intel_iommu *unit)
{
	bool idle;

	scoped_guard(raw_spinlock_irqsave, &unit->irt.lock)
		idle = bitmap_empty(unit->irt.used, VTD_IRT_ENTRIES);
	return idle;
}

/**
 * vtd_irte_alloc() - get a run of entries
 * @unit: unit with a table
 * @count: number of entries, at least 1; rounded up to a power of two
 *
 * The run is aligned to its size and no larger than what one invalidation
 * covers. No entry of it is present.
 *
 * Context: Any context.
 * Return: index of the first entry, -EINVAL if the unit can't have so many in
 * one, -ENOSPC if there are none left.
 */
int vtd_irte_alloc(struct intel_iommu *unit, unsigned int count)
{
	unsigned int order;
	int index;

	if (!count || count > VTD_IRT_ENTRIES)
		return -EINVAL;
	order = order_base_2(count);
	if (order > vtd_ecap_max_handle_mask(unit->ecap))
		return -EINVAL;

	scoped_guard(raw_spinlock_irqsave, &unit->irt.lock)
		index = bitmap_find_free_region(unit->irt.used, VTD_IRT_ENTRIES,
						order);
	return index < 0 ? -ENOSPC : index;
}

/* Which word goes first matters only where there is a present bit to go last */
static void vtd_irte_store_words(struct vtd_irt *irt, struct irte *entry,
				 struct irte irte)
{
	lockdep_assert_held(&irt->lock);

	if (irte.low & VTD_IRTE_PRESENT) {
		WRITE_ONCE(entry->high, irte.high);
		dma_wmb();
		WRITE_ONCE(entry->low, irte.low);
	} else {
		WRITE_ONCE(entry->low, irte.low);
		dma_wmb();
		WRITE_ONCE(entry->high, irte.high);
	}
}

/*
 * The unit sees the entry as it was or as it will be. Moving an interrupt
 * touches only one word; between posted and remapped both change at once.
 */
static int vtd_irte_store(struct vtd_irt *irt, struct irte *entry, struct irte irte)
{
	u128 old = entry->irte;
	bool live = entry->low & VTD_IRTE_PRESENT && irte.low & VTD_IRTE_PRESENT;

	lockdep_assert_held(&irt->lock);

	if (entry->high == irte.high) {
		WRITE_ONCE(entry->low, irte.low);
		return 0;
	}
	if (!live) {
		vtd_irte_store_words(irt, entry, irte);
		return 0;
	}
	if (!system_has_cmpxchg128())
		return -EOPNOTSUPP;
	/* Only the owner writes the entry, so it has not changed since it was read */
	if (WARN_ON_ONCE(!try_cmpxchg128(&entry->irte, &old, irte.irte)))
		return -EBUSY;
	return 0;
}

/**
 * vtd_irte_free() - give a run of entries back
 * @unit: unit with a table
 * @index: first entry, as vtd_irte_alloc() returned it
 * @count: number of entries, as it was told
 *
 * Context: Any context, but not under vtd_irt.lock; waits for the unit.
 */
void vtd_irte_free(struct intel_iommu *unit, unsigned int index, unsigned int count)
{
	unsigned int order = order_base_2(count);
	struct irte *first = unit->irt.table + index;
	unsigned int i;
	int ret;

	scoped_guard(raw_spinlock_irqsave, &unit->irt.lock) {
		for (i = 0; i < 1U << order; i++)
			vtd_irte_store_words(&unit->irt, first + i, (struct irte) {});
		vtd_write_back(unit, first, sizeof(*first) << order);
	}

	ret = vtd_irt_invalidate(unit, index, order);
	if (ret) {
		pr_err_once("%s: entries from %u not forgotten (%d): they are not used again\n",
			    unit->name, index, ret);
		return;
	}
	scoped_guard(raw_spinlock_irqsave, &unit->irt.lock)
		bitmap_release_region(unit->irt.used, index, order);
}

/**
 * vtd_irte_write() - change an entry that the unit may be reading
 * @unit: unit with a table
 * @index: entry, which belongs to the caller
 * @irte: what it becomes; all zeros to have its interrupts blocked
 *
 * At no time does the unit see a mixture of old and new (specification 9.10).
 *
 * Context: Any context, but not under vtd_irt.lock; waits for the unit. Callers don't
 * write one entry at the same time.
 * Return: 0; -EOPNOTSUPP if both words of a live entry were to change on a CPU
 * that can't, and nothing was changed; or the error of the queue, and the unit
 * may use the old entry for a while yet.
 */
int vtd_irte_write(struct intel_iommu *unit, unsigned int index, struct irte irte)
{
	struct irte *entry = unit->irt.table + index;
	int ret;

	scoped_guard(raw_spinlock_irqsave, &unit->irt.lock) {
		ret = vtd_irte_store(&unit->irt, entry, irte);
		if (!ret)
			vtd_write_back(unit, entry, sizeof(*entry));
	}
	if (!ret)
		ret = vtd_irt_invalidate(unit, index, 0);
	if (ret)
		pr_err_ratelimited("%s: entry %u not changed (%d)\n", unit->name,
				   index, ret);
	return ret;
}

/**
 * vtd_senders_of_aliases() - whose requests a PCI device's entry accepts
 * @aliases: source-ids that they may carry
 *
 * As narrow as the device lets it be. Behind a bridge to conventional PCI,
 * requests carry the id of the bridge or one of the bus below it: all that can
 * be told is the range of buses. A device with several ids on its own bus, as
 * non-transparent bridges have, can only be told by the bus. Another device on
 * the way that takes requests over gives them its id. What is left are devices
 * that use a wrong function number for DMA, but not for interrupts.
 *
 * Context: Any context.
 * Return: the check (specification 9.10, SVT).
 */
struct vtd_senders vtd_senders_of_aliases(struct vtd_aliases aliases)
{
	struct vtd_senders senders = { .svt = VTD_SVT_SID, .sq = VTD_SQ_ALL };
	u8 bus = PCI_BUS_NUM(aliases.own);
	u8 alias_bus = PCI_BUS_NUM(aliases.last);

	if (alias_bus != aliases.last_bus) {
		senders.svt = VTD_SVT_BUSES;
		senders.sid = PCI_DEVID(min(alias_bus, bus), max(alias_bus, bus));
	} else if (aliases.count > 1 && aliases.same_bus == aliases.count) {
		senders.svt = VTD_SVT_BUSES;
		senders.sid = PCI_DEVID(bus, bus);
	} else if (aliases.last_bus != bus) {
		senders.sid = aliases.last;
	} else {
		senders.sid = aliases.own;
	}
	return senders;
}

/**
 * vtd_senders_of_source() - whose requests an IOAPIC's or HPET's entry accepts
 * @source: IOAPIC or HPET
 *
 * Some platforms' HPETs use other function numbers than firmware says. 0 is the
 * host bridge, which is neither: there firmware has not said anything, and to
 * check would block the interrupts.
 *
 * Context: Any context.
 * Return: the check (specification 9.10, SVT).
 */
struct vtd_senders vtd_senders_of_source(struct vtd_irq_source source)
{
	return (struct vtd_senders) {
		.svt = source.sid ? VTD_SVT_SID : VTD_SVT_NONE,
		.sq = source.type == ACPI_DMAR_SCOPE_TYPE_HPET ?
		      VTD_SQ_IGNORE_2_0 : VTD_SQ_ALL,
		.sid = source.sid,
	};
}

static u64 vtd_irte_senders(struct vtd_senders senders)
{
	return FIELD_PREP(VTD_IRTE_SID, senders.sid) |
	       FIELD_PREP(VTD_IRTE_SQ, senders.sq) |
	       FIELD_PREP(VTD_IRTE_SVT, senders.svt);
}

/**
 * vtd_make_remapped() - fill an entry that sends interrupts to a CPU
 * @target: where they go
 * @senders: whose they are
 *
 * Always edge-triggered: a level-triggered IOAPIC pin knows its level itself,
 * and the entry alone changes when the interrupt moves.
 *
 * Context: Any context.
 * Return: the entry, present (specification 9.10).
 */
struct irte vtd_make_remapped(struct vtd_target target, struct vtd_senders senders)
{
	u64 low = VTD_IRTE_PRESENT | VTD_IRTE_REDIRECTION |
		  FIELD_PREP(VTD_IRTE_DELIVERY, target.delivery) |
		  FIELD_PREP(VTD_IRTE_VECTOR, target.vector);

	if (target.logical)
		low |= VTD_IRTE_LOGICAL;
	if (target.extended)
		low |= FIELD_PREP(VTD_IRTE_X2APIC_DEST, target.apic);
	else
		low |= FIELD_PREP(VTD_IRTE_XAPIC_DEST, target.apic & 0xff);

	return (struct irte) { .low = low, .high = vtd_irte_senders(senders) };
}

/**
 * vtd_make_posted() - fill an entry that posts interrupts to a descriptor
 * @vector: bit of the descriptor that is set
 * @desc: physical address of the descriptor, aligned to 64
 * @urgent: notify also where the descriptor suppresses notifications
 * @senders: whose they are
 *
 * Context: Any context.
 * Return: the entry, present (specification 9.11).
 */
struct irte vtd_make_posted(u8 vector, u64 desc, bool urgent,
			    struct vtd_senders senders)
{
	return (struct irte) {
		.low = VTD_IRTE_PRESENT | VTD_IRTE_POSTED |
		       (urgent ? VTD_IRTE_URGENT : 0) |
		       FIELD_PREP(VTD_IRTE_VECTOR, vector) |
		       FIELD_PREP(VTD_IRTE_DESC_LOW, lower_32_bits(desc) >> 6),
		.high = vtd_irte_senders(senders) |
			FIELD_PREP(VTD_IRTE_DESC_HIGH, upper_32_bits(desc)),
	};
}

/**
 * vtd_make_message() - fill a message that names an entry
 * @msg: message
 * @handle: first entry of the run
 * @sub: which entry of the run; for an IOAPIC, its pin
 *
 * A device with several messages adds to the data itself, so the data is what
 * tells its entries apart. IOAPICs have no bit to say so: theirs
 * is the entry of the handle, and the data only has to differ between pins.
 *
 * Context: Any context.
 */
void vtd_make_message(struct msi_msg *msg, unsigned int handle, unsigned int sub)
{
	*msg = (struct msi_msg) {
		.address_lo = VTD_MESSAGE_BASE | VTD_MESSAGE_REMAPPABLE |
			      VTD_MESSAGE_SHV |
			      FIELD_PREP(VTD_MESSAGE_HANDLE, handle & 0x7fff) |
			      (handle & BIT(15) ? VTD_MESSAGE_HANDLE_15 : 0),
		.data = sub,
	};
}
