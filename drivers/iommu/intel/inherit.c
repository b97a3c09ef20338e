// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables taken over from a kernel that crashed.
 *
 * Its devices may still be at work while the capture kernel boots. Without
 * translation their requests would access any memory at those addresses, so
 * translation stays on, and root and context tables are copied into memory of
 * ours, where each device has its entry replaced when its driver takes it over.
 * Page tables stay where they are: the capture kernel leaves that memory alone.
 *
 * The old tables are what a broken kernel left behind and are not trusted: a
 * table that can't be where its pointer says, or an entry that the hardware
 * would not take, is left out, which blocks the devices that it was for.
 *
 * Everything is collected in a struct inheritance first. The unit gets it as a
 * whole or, on failure, nothing of it.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/io.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "../iommu-pages.h"
#include "context.h"
#include "did.h"
#include "hw/tables.h"
#include "inherit.h"
#include "unit.h"

/* Values that a source-id or a domain-id can have */
#define VTD_IDS		65536

/**
 * struct inheritance - what was found
 * @unit: unit that gets it
 * @tables: copied context tables by bus, NULL where there is none
 * @sids: source-ids that have an entry; becomes the unit's
 * @dids: domain-ids that these are tagged with
 * @entries: entries copied
 * @refused: entries, or tables, that were left out
 */
struct inheritance {
	struct intel_iommu	*unit;
	struct vtd_context	*tables[VTD_TABLE_ENTRIES];
	unsigned long		*sids;
	unsigned long		*dids;
	unsigned int		entries;
	unsigned int		refused;
};

/* Map a table of the old kernel, NULL if there can't be one */
static void *map_old_table(u64 address)
{
	if (!address || address >> boot_cpu_data.x86_phys_bits)
		return NULL;
	return memremap(address, VTD_TABLE_BYTES, MEMREMAP_WB);
}

/*
 * What is cached of an entry is told apart by its domain-id. Ours are not
 * shared, but for requests that are passed through by both kernels.
 */
static bool did_is_acceptable(struct intel_iommu *unit, struct vtd_context context)
{
	bool passed = FIELD_GET(VTD_CONTEXT_TYPE, context.lo) == VTD_PASS_THROUGH;
	u16 did = vtd_context_did(context);

	if (did >= vtd_cap_domains(unit->cap))
		return false;
	return did >= VTD_DID_FIRST || (passed && did == VTD_DID_IDENTITY);
}

static void copy_entry(struct inheritance *in, struct vtd_context *to,
		       struct vtd_context old, u16 sid)
{
	if (!vtd_context_present(old))
		return;
	if (!did_is_acceptable(in->unit, old)) {
		in->refused++;
		return;
	}

	*to = old;
	__set_bit(sid, in->sids);
	__set_bit(vtd_context_did(old), in->dids);
	in->entries++;
}

/* Return 0, also when the table is left out, or -ENOMEM */
static int copy_bus(struct inheritance *in, struct vtd_root_entry root, u8 bus)
{
	struct vtd_context *from, *to;
	unsigned int devfn;

	if (!(root.lo & VTD_ROOT_PRESENT))
		return 0;

	/* All other bits are reserved in legacy mode */
	from = NULL;
	if (!root.hi && !(root.lo & ~(VTD_ROOT_TABLE | VTD_ROOT_PRESENT)))
		from = map_old_table(root.lo & VTD_ROOT_TABLE);
	if (!from) {
		pr_err_ratelimited("%s: context table of bus %02x is damaged: its devices are blocked\n",
				   in->unit->name, bus);
		in->refused++;
		return 0;
	}

	to = iommu_alloc_page_node(in->unit->node, GFP_KERNEL);
	if (to) {
		for (devfn = 0; devfn < VTD_TABLE_ENTRIES; devfn++)
			copy_entry(in, &to[devfn], from[devfn], PCI_DEVID(bus, devfn));
		in->tables[bus] = to;
	}
	memunmap(from);
	return to ? 0 : -ENOMEM;
}

static int copy_tables(struct inheritance *in, const struct vtd_root_entry *root)
{
	unsigned int bus;
	int ret;

	for (bus = 0; bus < VTD_TABLE_ENTRIES; bus++) {
		ret = copy_bus(in, root[bus], bus);
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * Find the old root table. Translation would have to be off for a change of
 * mode, and not to let that happen is why we are here.
 */
static void *map_old_root(struct intel_iommu *unit)
{
	u64 address = vtd_read64(&unit->regs, VTD_RTADDR_REG);
	void *root;

	if (address & VTD_RTADDR_MODE) {
		pr_err("%s: previous kernel used another mode (root table %#llx)\n",
		       unit->name, address);
		return NULL;
	}
	root = map_old_table(address & VTD_RTADDR_TABLE);
	if (!root)
		pr_err("%s: no root table of the previous kernel at %#llx\n",
		       unit->name, address);
	return root;
}

/* All of the domain-ids, or none */
static int reserve_dids(struct inheritance *in)
{
	unsigned int did, undo;
	int ret = 0;

	for_each_set_bit(did, in->dids, VTD_IDS) {
		ret = vtd_did_reserve(in->unit, did);
		if (ret)
			break;
	}
	if (!ret)
		return 0;

	for_each_set_bit(undo, in->dids, did)
		vtd_did_free(in->unit, undo);
	return ret;
}

/* Hand over. What is NULL in @in afterwards belongs to the unit. */
static int give_to_unit(struct inheritance *in)
{
	struct intel_iommu *unit = in->unit;
	unsigned int bus;
	int ret;

	ret = reserve_dids(in);
	if (ret)
		return ret;

	for (bus = 0; bus < VTD_TABLE_ENTRIES; bus++) {
		if (!in->tables[bus])
			continue;
		vtd_contexts_adopt(unit, bus, in->tables[bus]);
		in->tables[bus] = NULL;
	}
	scoped_guard(spinlock_irqsave, &unit->contexts.lock)
		unit->contexts.inherited = in->sids;
	in->sids = NULL;

	pr_info("%s: %u context entries taken over, %u refused\n", unit->name,
		in->entries, in->refused);
	return 0;
}

static void free_inheritance(struct inheritance *in)
{
	unsigned int bus;

	if (!in)
		return;
	for (bus = 0; bus < VTD_TABLE_ENTRIES; bus++)
		iommu_free_page(in->tables[bus]);
	bitmap_free(in->sids);
	bitmap_free(in->dids);
	kfree(in);
}

static struct inheritance *alloc_inheritance(struct intel_iommu *unit)
{
	struct inheritance *in = kzalloc(sizeof(*in), GFP_KERNEL);

	if (!in)
		return NULL;
	in->unit = unit;
	in->sids = bitmap_zalloc(VTD_IDS, GFP_KERNEL);
	in->dids = bitmap_zalloc(VTD_IDS, GFP_KERNEL);
	if (in->sids && in->dids)
		return in;
	free_inheritance(in);
	return NULL;
}

/**
 * vtd_inherit_tables() - take over what the previous kernel set up
 * @unit: unit whose translation was left on; with an empty root table that it
 *	does not use yet, and with no domain-ids given out
 *
 * The unit is not told of the copies, vtd_contexts_enable() does that. Entries
 * that are taken over count as inherited until they are first set or cleared.
 *
 * Context: Process context, may sleep; while the unit is set up.
 * Return: 0. -EINVAL if there are no tables of legacy mode to copy, or -ENOMEM:
 * then the unit has nothing of them, and its translation has to be turned off
 * before it is set up anew.
 */
int vtd_inherit_tables(struct intel_iommu *unit)
{
	struct inheritance *in;
	void *root;
	int ret;

	root = map_old_root(unit);
	if (!root)
		return -EINVAL;

	ret = -ENOMEM;
	in = alloc_inheritance(unit);
	if (in)
		ret = copy_tables(in, root);
	if (!ret)
		ret = give_to_unit(in);
	free_inheritance(in);
	memunmap(root);
	return ret;
}
