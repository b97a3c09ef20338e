// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page tables of Intel VT-d, first stage and second stage.
 */

#include <kunit/visibility.h>
#include <linux/cacheflush.h>
#include <linux/export.h>
#include <linux/io-pgtable.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "io-pgtable-radix-fast.h"
#include "io-pgtable-vtd-bits.h"

static void vtd_write_back(void *start, unsigned int bytes)
{
	clflush_cache_range(start, bytes);
}

static const struct io_radix_format vtd_ss_format = {
	.table_mask	= VTD_SS_PAGE_SIZE | VTD_SS_READ,
	.table_value	= VTD_SS_READ,
	.addr_mask	= VTD_ADDR_MASK,
	.page_shift	= VTD_PAGE_LOG2,
	.index_bits	= VTD_INDEX_LOG2,
	.leaf		= { 0, VTD_SS_PAGE_SIZE },
	.dirty_mask	= VTD_SS_DIRTY,
	.dirty_value	= VTD_SS_DIRTY,
	.dirty_flip	= VTD_SS_DIRTY,
	.live_shift	= VTD_SW_LIVE_SHIFT,
	.parked		= VTD_SS_SW_PARKED,
	.synced		= VTD_SS_SW_SYNCED,
	.counted	= true,
	.deferred	= true,
	.write_back	= vtd_write_back,
};

static const struct io_radix_format vtd_fs_format = {
	.table_mask	= VTD_FS_PAGE_SIZE | VTD_FS_PRESENT,
	.table_value	= VTD_FS_PRESENT,
	.addr_mask	= VTD_ADDR_MASK,
	.page_shift	= VTD_PAGE_LOG2,
	.index_bits	= VTD_INDEX_LOG2,
	.leaf		= { 0, VTD_FS_PAGE_SIZE },
	.dirty_mask	= VTD_FS_DIRTY,
	.dirty_value	= VTD_FS_DIRTY,
	.dirty_flip	= VTD_FS_DIRTY,
	.live_shift	= VTD_SW_LIVE_SHIFT,
	.parked		= VTD_FS_SW_PARKED,
	.synced		= VTD_FS_SW_SYNCED,
	.counted	= true,
	.deferred	= true,
	.write_back	= vtd_write_back,
};

static int vtd_ss_map_pages(struct io_pgtable_ops *ops, unsigned long iova,
			    phys_addr_t paddr, size_t pgsize, size_t pgcount,
			    int prot, gfp_t gfp, size_t *mapped)
{
	struct io_radix *table = io_radix_of(ops);
	unsigned long quirks = table->iop.cfg.quirks;
	u64 leaf = 0;

	if (!(prot & (IOMMU_READ | IOMMU_WRITE)))
		return -EINVAL;
	if (prot & IOMMU_READ)
		leaf |= VTD_SS_READ;
	if (prot & IOMMU_WRITE)
		leaf |= VTD_SS_WRITE;
	if (quirks & IO_PGTABLE_QUIRK_VTD_SNOOP)
		leaf |= VTD_SS_SNOOP;
	if (quirks & IO_PGTABLE_QUIRK_VTD_DIRTY)
		leaf |= VTD_SS_ACCESSED;
	return io_radix_map_pages(&vtd_ss_format, table, iova, paddr, pgsize,
				  pgcount, leaf, gfp, mapped);
}

static size_t vtd_ss_unmap_pages(struct io_pgtable_ops *ops, unsigned long iova,
				 size_t pgsize, size_t pgcount,
				 struct iommu_iotlb_gather *gather)
{
	return io_radix_unmap_pages(&vtd_ss_format, io_radix_of(ops), iova,
				    pgsize, pgcount, gather);
}

/*
 * Requests without a PASID have user privilege. Accessed and dirty bits that are
 * set beforehand spare the hardware an atomic write to memory.
 */
static int vtd_fs_map_pages(struct io_pgtable_ops *ops, unsigned long iova,
			    phys_addr_t paddr, size_t pgsize, size_t pgcount,
			    int prot, gfp_t gfp, size_t *mapped)
{
	struct io_radix *table = io_radix_of(ops);
	u64 leaf = VTD_FS_PRESENT | VTD_FS_USER | VTD_FS_ACCESSED;

	if (!(prot & (IOMMU_READ | IOMMU_WRITE)))
		return -EINVAL;
	if (prot & IOMMU_WRITE) {
		leaf |= VTD_FS_WRITE;
		if (!(table->iop.cfg.quirks & IO_PGTABLE_QUIRK_VTD_DIRTY))
			leaf |= VTD_FS_DIRTY;
	}
	return io_radix_map_pages(&vtd_fs_format, table, iova, paddr, pgsize,
				  pgcount, leaf, gfp, mapped);
}

static size_t vtd_fs_unmap_pages(struct io_pgtable_ops *ops, unsigned long iova,
				 size_t pgsize, size_t pgcount,
				 struct iommu_iotlb_gather *gather)
{
	return io_radix_unmap_pages(&vtd_fs_format, io_radix_of(ops), iova,
				    pgsize, pgcount, gather);
}

static bool vtd_cfg_is_valid(struct io_pgtable_cfg *cfg, unsigned long quirks)
{
	cfg->pgsize_bitmap &= SZ_4K | SZ_2M | SZ_1G;
	cfg->oas = min(cfg->oas, 52U);
	if (!(cfg->pgsize_bitmap & SZ_4K) || cfg->quirks & ~quirks)
		return false;
	/* An atomic write to memory may not meet a line in the CPU's cache. */
	return cfg->coherent_walk || !(cfg->quirks & IO_PGTABLE_QUIRK_VTD_DIRTY);
}

static struct io_radix *vtd_alloc(const struct io_radix_format *format,
				  struct io_pgtable_cfg *cfg)
{
	struct io_radix *table = kzalloc(sizeof(*table), GFP_KERNEL);
	unsigned int levels = DIV_ROUND_UP(cfg->ias - VTD_PAGE_LOG2,
					   VTD_INDEX_LOG2);

	if (!table)
		return NULL;
	table->format = format;
	table->top = max(levels, 3U) - 1;
	table->page_shift = VTD_PAGE_LOG2;
	table->index_bits = VTD_INDEX_LOG2;
	table->root_entries = 1U << VTD_INDEX_LOG2;
	table->root_bytes = SZ_4K;
	table->last = (1ULL << cfg->ias) - 1;
	if (cfg->quirks & IO_PGTABLE_QUIRK_VTD_DIRTY)
		table->iop.ops.read_and_clear_dirty =
			io_radix_read_and_clear_dirty;
	return table;
}

static struct io_pgtable *vtd_init(struct io_radix *table,
				   struct io_pgtable_cfg *cfg, void *cookie)
{
	if (io_radix_init(table, cfg, cookie)) {
		kfree(table);
		return NULL;
	}
	cfg->vtd_cfg.root = virt_to_phys(table->root);
	cfg->vtd_cfg.levels = table->top + 1;
	return &table->iop;
}

static struct io_pgtable *vtd_ss_alloc(struct io_pgtable_cfg *cfg, void *cookie)
{
	struct io_radix *table;

	if (!vtd_cfg_is_valid(cfg, IO_PGTABLE_QUIRK_VTD_SNOOP |
				   IO_PGTABLE_QUIRK_VTD_DIRTY) ||
	    cfg->ias <= VTD_PAGE_LOG2 || cfg->ias > 57)
		return NULL;
	table = vtd_alloc(&vtd_ss_format, cfg);
	if (!table)
		return NULL;
	table->table_bits = VTD_SS_READ | VTD_SS_WRITE;
	if (cfg->quirks & IO_PGTABLE_QUIRK_VTD_DIRTY)
		table->table_bits |= VTD_SS_ACCESSED;
	table->iop.ops.map_pages = vtd_ss_map_pages;
	table->iop.ops.unmap_pages = vtd_ss_unmap_pages;
	return vtd_init(table, cfg, cookie);
}

/* Addresses are those of a CPU: what is above the highest bit repeats it. */
static struct io_pgtable *vtd_fs_alloc(struct io_pgtable_cfg *cfg, void *cookie)
{
	struct io_radix *table;

	if (!vtd_cfg_is_valid(cfg, IO_PGTABLE_QUIRK_VTD_DIRTY) ||
	    (cfg->ias != 48 && cfg->ias != 57))
		return NULL;
	table = vtd_alloc(&vtd_fs_format, cfg);
	if (!table)
		return NULL;
	table->bias = 1ULL << (cfg->ias - 1);
	table->table_bits = VTD_FS_PRESENT | VTD_FS_WRITE | VTD_FS_USER |
			    VTD_FS_ACCESSED;
	table->iop.ops.map_pages = vtd_fs_map_pages;
	table->iop.ops.unmap_pages = vtd_fs_unmap_pages;
	return vtd_init(table, cfg, cookie);
}

/**
 * io_pgtable_vtd_path() - read the entries that translate an address
 * @root: physical address of the top table: second stage, of this kernel. The
 *	caller must keep it from being freed
 * @levels: levels of tables, at most 5
 * @iova: the address, within what the table translates
 * @path: receives the entries on the way, by their level: [0] is that of a
 *	4 KiB page. Those below the last that was read stay as they are
 *
 * Other CPUs may map and unmap meanwhile: tables that they remove are not freed
 * before the walk has ended. The entries need not be of one moment.
 *
 * Context: Any context but NMI.
 * Return: the level of the last entry that was read: a page, or not present.
 */
unsigned int io_pgtable_vtd_path(phys_addr_t root, unsigned int levels,
				 u64 iova, u64 *path)
{
	const u64 *entries = phys_to_virt(root);
	unsigned int level = levels - 1, shift;
	unsigned long flags = io_radix_enter();

	for (;; level--) {
		shift = VTD_PAGE_LOG2 + level * VTD_INDEX_LOG2;
		path[level] = READ_ONCE(entries[(iova >> shift) &
						((1U << VTD_INDEX_LOG2) - 1)]);
		if (!level || !io_radix_is_table(&vtd_ss_format, path[level]))
			break;
		entries = phys_to_virt(path[level] & vtd_ss_format.addr_mask);
	}
	io_radix_leave(flags);
	return level;
}
EXPORT_SYMBOL_IF_KUNIT(io_pgtable_vtd_path);

static void vtd_free(struct io_pgtable *iop)
{
	struct io_radix *table = container_of(iop, struct io_radix, iop);

	io_radix_destroy(table);
	kfree(table);
}

const struct io_pgtable_init_fns io_pgtable_vtd_ss_init_fns = {
	.alloc	= vtd_ss_alloc,
	.free	= vtd_free,
};

const struct io_pgtable_init_fns io_pgtable_vtd_fs_init_fns = {
	.alloc	= vtd_fs_alloc,
	.free	= vtd_free,
};
