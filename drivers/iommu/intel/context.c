// SPDX-License-Identifier: GPL-2.0-only
/*
 * Root and context tables of a unit (specification 9.1, 9.3). The root table
 * has one entry per bus, which points to a table with one context entry per
 * function; that says where the function's requests go.
 *
 * This is the only writer of entries that the hardware may read. An entry is
 * 128 bits, of which the unit is only sure to see 64 at once, and what it has
 * read it may cache. So a present entry never changes into another one
 * directly (6.5.3.3): it is made non-present by one store of the low word,
 * invalidated in the unit, and only then rewritten, high word first and the word
 * with the present bit last.
 *
 * The unit is waited for outside of the lock. Between the store and the end of
 * the flush, the low word of an entry keeps its other bits, which the unit
 * ignores: they tell the next caller that the flush is still due, also when it
 * failed. An entry that is settled has a low word of 0.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/io.h>
#include <linux/pci.h>

#include "../iommu-pages.h"
#include "command.h"
#include "device.h"
#include "hw/tables.h"
#include "inval.h"
#include "unit.h"

/* Find the entry of a source-id. Return NULL if its bus has no table. */
static struct vtd_context *find_entry(struct intel_iommu *unit, u16 sid)
{
	struct vtd_root_entry *root = unit->contexts.root;
	struct vtd_context *table;
	u64 lo;

	lockdep_assert_held(&unit->contexts.lock);

	if (!root)
		return NULL;
	lo = root[PCI_BUS_NUM(sid)].lo;
	if (!(lo & VTD_ROOT_PRESENT))
		return NULL;
	table = phys_to_virt(lo & VTD_ROOT_TABLE);
	return &table[sid & 0xff];
}

static void store_low_word(struct intel_iommu *unit, struct vtd_context *entry,
			   u64 lo)
{
	lockdep_assert_held(&unit->contexts.lock);

	WRITE_ONCE(entry->lo, lo);
	vtd_write_back(unit, entry, sizeof(*entry));
}

/* Write an entry that is not present: the unit does not use its high word. */
static void store_entry(struct intel_iommu *unit, struct vtd_context *entry,
			struct vtd_context context)
{
	lockdep_assert_held(&unit->contexts.lock);

	WRITE_ONCE(entry->hi, context.hi);
	/* Order the high word before the present bit that makes it valid */
	dma_wmb();
	store_low_word(unit, entry, context.lo);
}

/*
 * Point a bus to its table, which the unit reads from now on. The high word is
 * reserved in legacy mode and was zeroed with the page.
 */
static void install_table(struct intel_iommu *unit, u8 bus,
			  struct vtd_context *table)
{
	struct vtd_root_entry *entry = &unit->contexts.root[bus];

	lockdep_assert_held(&unit->contexts.lock);

	vtd_write_back(unit, table, VTD_TABLE_BYTES);
	dma_wmb();
	WRITE_ONCE(entry->lo, virt_to_phys(table) | VTD_ROOT_PRESENT);
	vtd_write_back(unit, entry, sizeof(*entry));
}

/**
 * vtd_contexts_init() - allocate the root table: everything is blocked
 * @unit: the unit
 *
 * Context: Process context, may sleep; while the unit is set up.
 * Return: 0, also if there is a table already, or -ENOMEM.
 */
int vtd_contexts_init(struct intel_iommu *unit)
{
	if (unit->contexts.root)
		return 0;
	unit->contexts.root = iommu_alloc_page_node(unit->node, GFP_KERNEL);
	if (!unit->contexts.root)
		return -ENOMEM;
	vtd_write_back(unit, unit->contexts.root, VTD_TABLE_BYTES);
	return 0;
}

/**
 * vtd_contexts_free() - free root and context tables
 * @unit: the unit; its translation is off
 *
 * Context: Process context; the tables are not in use any more.
 */
void vtd_contexts_free(struct intel_iommu *unit)
{
	struct vtd_root_entry *root = unit->contexts.root;
	unsigned int bus;

	bitmap_free(unit->contexts.inherited);
	unit->contexts.inherited = NULL;
	if (!root)
		return;

	unit->contexts.root = NULL;
	for (bus = 0; bus < VTD_TABLE_ENTRIES; bus++)
		if (root[bus].lo & VTD_ROOT_PRESENT)
			iommu_free_page(phys_to_virt(root[bus].lo & VTD_ROOT_TABLE));
	iommu_free_page(root);
}

/**
 * vtd_contexts_enable() - make the unit use our tables
 * @unit: the unit, with a root table, its queue on if it has one
 *
 * Does not turn translation on. Where it is on already the tables are exchanged
 * at once, and nothing of the former ones is cached when this returns
 * (specification 6.6, 11.4.4, 11.4.5).
 *
 * Context: Any context; while the unit is set up or resumed. Bounded wait.
 * Return: 0, or the error of the command or of the flushes.
 */
int vtd_contexts_enable(struct intel_iommu *unit)
{
	int ret;

	vtd_flush_write_buffer(unit);
	/* Bits 11:10 clear: legacy mode */
	vtd_write64(&unit->regs, VTD_RTADDR_REG, virt_to_phys(unit->contexts.root));
	ret = vtd_unit_one_shot(unit, VTD_GCMD_SRTP, VTD_GCMD_SRTP);
	if (ret || vtd_cap_root_invalidates(unit->cap))
		return ret;

	ret = vtd_flush_contexts(unit);
	if (ret)
		return ret;
	return vtd_flush_iotlb(unit);
}

/**
 * vtd_contexts_adopt() - take a complete table for a bus
 * @unit: the unit, with a root table that has none for this bus yet
 * @bus: bus number
 * @table: page of iommu_alloc_page_node(); belongs to the unit from now on
 *
 * For tables that are taken over: the root table is not in use by the hardware.
 *
 * Context: Any context; takes the tables' lock.
 */
void vtd_contexts_adopt(struct intel_iommu *unit, u8 bus, struct vtd_context *table)
{
	scoped_guard(spinlock_irqsave, &unit->contexts.lock)
		install_table(unit, bus, table);
}

/* Make sure that a source-id has an entry. Allocate outside of the lock. */
static int ensure_table(struct intel_iommu *unit, u16 sid)
{
	struct vtd_context *table;
	bool have;

	if (WARN_ON_ONCE(!unit->contexts.root))
		return -ENODEV;
	scoped_guard(spinlock_irqsave, &unit->contexts.lock)
		have = find_entry(unit, sid);
	if (have)
		return 0;

	table = iommu_alloc_page_node(unit->node, GFP_KERNEL);
	if (!table)
		return -ENOMEM;

	scoped_guard(spinlock_irqsave, &unit->contexts.lock) {
		/* Another device of the bus may have installed one meanwhile */
		have = find_entry(unit, sid);
		if (!have)
			install_table(unit, PCI_BUS_NUM(sid), table);
	}
	if (have)
		iommu_free_page(table);
	return 0;
}

/*
 * Clear the present bit. Return the entry as it was: its low word is 0 if it was
 * settled, and not 0 if a flush is due.
 */
static struct vtd_context revoke_entry(struct intel_iommu *unit, u16 sid)
{
	struct vtd_context old = {};
	struct vtd_context *entry;

	scoped_guard(spinlock_irqsave, &unit->contexts.lock) {
		entry = find_entry(unit, sid);
		if (entry && entry->lo) {
			old = *entry;
			if (vtd_context_present(old))
				store_low_word(unit, entry,
					       old.lo & ~VTD_CONTEXT_PRESENT);
		}
		if (unit->contexts.inherited)
			__clear_bit(sid, unit->contexts.inherited);
	}
	return old;
}

/* Settle the entry whose flush is done, unless it was written since. */
static void settle_entry(struct intel_iommu *unit, u16 sid, struct vtd_context old)
{
	struct vtd_context *entry;

	scoped_guard(spinlock_irqsave, &unit->contexts.lock) {
		entry = find_entry(unit, sid);
		if (entry && entry->lo == (old.lo & ~VTD_CONTEXT_PRESENT))
			store_low_word(unit, entry, 0);
	}
}

/**
 * vtd_context_clear() - block the requests of a source-id
 * @unit: the unit
 * @sid: source-id
 *
 * The entry is not present when this returns, whatever it returns. The device
 * has given up its own translations before, as far as it is able to.
 *
 * A device can be isolated while vtd_context_set() works on the same entry.
 * Then the entry ends up cleared or entirely new, never a mixture. The caller of
 * vtd_context_set() must check afterwards whether the device was isolated
 * meanwhile, and clear again.
 *
 * Order: specification 6.5.3.3. The context cache must be invalidated first,
 * since the unit creates IOTLB entries from it.
 *
 * Context: Any context; takes the tables' lock and drops it before it waits for
 * the unit. Bounded wait.
 * Return: 0; else the first error of the flushes, and the unit may still use
 * what it has cached under the old domain-id.
 */
int vtd_context_clear(struct intel_iommu *unit, u16 sid)
{
	struct vtd_context old = revoke_entry(unit, sid);
	int ret, iotlb_ret;

	if (!old.lo)
		return 0;

	ret = vtd_flush_context(unit, vtd_context_did(old), sid);
	iotlb_ret = vtd_flush_iotlb_domain(unit, vtd_context_did(old));
	if (ret || iotlb_ret) {
		pr_err_ratelimited("%s: %02x:%02x.%u is blocked, but may still be cached\n",
				   unit->name, PCI_BUS_NUM(sid), PCI_SLOT(sid),
				   PCI_FUNC(sid));
		return ret ?: iotlb_ret;
	}

	settle_entry(unit, sid, old);
	return 0;
}

/* A unit in caching mode caches non-present entries under domain-id 0. */
static int announce_entry(struct intel_iommu *unit, u16 sid, u16 did)
{
	int ret;

	if (!vtd_cap_caching_mode(unit->cap)) {
		vtd_flush_write_buffer(unit);
		return 0;
	}
	ret = vtd_flush_context(unit, VTD_DID_NONE, sid);
	if (ret)
		return ret;
	return vtd_flush_iotlb_domain(unit, did);
}

/**
 * vtd_context_set() - set the context entry of a source-id
 * @unit: the unit, with a root table
 * @sid: source-id
 * @context: the new entry, present
 *
 * The entry before, also an inherited one, is cleared and invalidated first;
 * requests in between are blocked. Order of writes: specification 6.5.3.3, 9.3.
 *
 * Context: Process context, may sleep. One caller at a time for a source-id;
 * see vtd_context_clear() for devices that are isolated meanwhile.
 * Return: 0. On failure the source-id is blocked: -ENOMEM, or the error of a
 * flush.
 */
int vtd_context_set(struct intel_iommu *unit, u16 sid, struct vtd_context context)
{
	struct vtd_context *entry;
	int ret;

	ret = ensure_table(unit, sid);
	if (ret)
		return ret;
	ret = vtd_context_clear(unit, sid);
	if (ret)
		return ret;

	scoped_guard(spinlock_irqsave, &unit->contexts.lock) {
		entry = find_entry(unit, sid);
		store_entry(unit, entry, context);
	}

	ret = announce_entry(unit, sid, vtd_context_did(context));
	if (ret)
		vtd_context_clear(unit, sid);
	return ret;
}

/**
 * vtd_isolate() - keep a device whose device-TLB timed out away from memory
 * @unit: its unit
 * @sid: its source-id
 *
 * Requests that the device translated itself are blocked too, since its context
 * entry is not present. It stays isolated until it is attached to the blocking
 * domain, as happens when a driver or VFIO takes it over, or until it is removed.
 *
 * Context: Any context but NMI; waits for the unit.
 * Return: 0, or a negative errno if the unit does not confirm.
 */
int vtd_isolate(struct intel_iommu *unit, u16 sid)
{
	struct vtd_device *device;

	guard(rcu)();
	device = xa_load(&unit->devices, sid);
	if (device && !READ_ONCE(device->isolated)) {
		/* Before the entry is cleared: attach.c checks it after setting one */
		WRITE_ONCE(device->isolated, true);
		dev_err(device->dev, "DMAR: does not answer its IOMMU, cut off from memory\n");
	}
	return vtd_context_clear(unit, sid);
}

/**
 * vtd_context_read() - look at an entry
 * @unit: the unit
 * @sid: source-id
 *
 * Context: Any context; takes the tables' lock.
 * Return: the entry; not present if there is none.
 */
struct vtd_context vtd_context_read(struct intel_iommu *unit, u16 sid)
{
	struct vtd_context context = {};
	struct vtd_context *entry;

	scoped_guard(spinlock_irqsave, &unit->contexts.lock) {
		entry = find_entry(unit, sid);
		if (entry)
			context = *entry;
	}
	return context;
}

/**
 * vtd_context_inherited() - is an entry still that of the previous kernel?
 * @unit: the unit
 * @sid: source-id
 *
 * Context: Any context; takes the tables' lock.
 * Return: true until the entry is set or cleared for the first time.
 */
bool vtd_context_inherited(struct intel_iommu *unit, u16 sid)
{
	bool inherited = false;

	scoped_guard(spinlock_irqsave, &unit->contexts.lock)
		if (unit->contexts.inherited)
			inherited = test_bit(sid, unit->contexts.inherited);
	return inherited;
}
