// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of page tables: where it comes from, and when it may be freed.
 *
 * A table has two kinds of readers: CPUs that walk, and the hardware. It is
 * removed from its entry first; then io_radix_dispose() waits for both; then
 * it is freed. struct io_radix tells how CPUs are kept apart.
 */

#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/cpumask.h>
#include <linux/dma-mapping.h>
#include <linux/mm.h>

#include "io-pgtable-radix-alloc.h"
#include "io-pgtable-radix-walk.h"
#include "iommu-pages.h"

/**
 * io_radix_sync() - make entries visible to a walk that is not coherent
 * @table: the table they belong to
 * @start: first byte
 * @bytes: how many
 *
 * Context: Any context.
 */
void io_radix_sync(struct io_radix *table, void *start, size_t bytes)
{
	KUNIT_STATIC_STUB_REDIRECT(io_radix_sync, table, start, bytes);

	if (table->format->write_back)
		table->format->write_back(start, bytes);
	else
		dma_sync_single_for_device(table->iop.cfg.iommu_dev,
					   virt_to_phys(start), bytes,
					   DMA_TO_DEVICE);
}
EXPORT_SYMBOL_IF_KUNIT(io_radix_sync);

/*
 * The hardware takes physical addresses, so a table with another DMA address is
 * of no use. No sync yet: the table has no entries to show.
 */
static int io_radix_expose(struct io_radix *table, void *pages, size_t bytes)
{
	struct device *dev = table->iop.cfg.iommu_dev;
	dma_addr_t dma;

	if (table->iop.cfg.coherent_walk || table->format->write_back)
		return 0;
	dma = dma_map_single_attrs(dev, pages, bytes, DMA_TO_DEVICE,
				   DMA_ATTR_SKIP_CPU_SYNC);
	if (dma_mapping_error(dev, dma))
		return -ENOMEM;
	if (dma == virt_to_phys(pages))
		return 0;
	dma_unmap_single_attrs(dev, dma, bytes, DMA_TO_DEVICE,
			       DMA_ATTR_SKIP_CPU_SYNC);
	dev_err_ratelimited(dev, "page tables at %pap can't be reached by DMA\n",
			    &dma);
	return -EIO;
}

static void io_radix_hide(struct io_radix *table, void *pages, size_t bytes)
{
	if (table->iop.cfg.coherent_walk || table->format->write_back)
		return;
	dma_unmap_single_attrs(table->iop.cfg.iommu_dev, virt_to_phys(pages),
			       bytes, DMA_TO_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);
}

static void io_radix_free_pages(struct io_radix *table, void *pages,
				size_t bytes)
{
	struct io_pgtable *iop = &table->iop;

	io_radix_hide(table, pages, bytes);
	if (iop->cfg.free)
		iop->cfg.free(iop->cookie, pages, bytes);
	else
		iommu_free_pages(pages, get_order(bytes));
}

/* Account as iommu_alloc_pages() does, but zero only with __GFP_ZERO. */
static void *io_radix_alloc_own(struct io_radix *table, size_t bytes, gfp_t gfp)
{
	struct device *dev = table->iop.cfg.iommu_dev;
	unsigned int order = get_order(bytes);
	struct page *page;

	page = alloc_pages_node(dev ? dev_to_node(dev) : NUMA_NO_NODE, gfp,
				order);
	if (!page)
		return NULL;
	__iommu_alloc_account(page, order);
	return page_address(page);
}

static void *io_radix_alloc_pages(struct io_radix *table, size_t bytes,
				  gfp_t gfp)
{
	struct io_pgtable *iop = &table->iop;
	void *pages;

	if (iop->cfg.alloc)
		pages = iop->cfg.alloc(iop->cookie, bytes, gfp);
	else
		pages = io_radix_alloc_own(table, bytes, gfp);
	if (!pages)
		return NULL;
	if (!io_radix_expose(table, pages, bytes))
		return pages;

	if (iop->cfg.free)
		iop->cfg.free(iop->cookie, pages, bytes);
	else
		iommu_free_pages(pages, get_order(bytes));
	return NULL;
}

/**
 * io_radix_alloc() - get a table that is in no entry yet
 * @table: what it is for
 * @gfp: how to allocate it if the reserve has none
 * @whole: the caller writes all entries before it installs the table
 *
 * Context: Any context that @gfp allows.
 * Return: its entries, empty unless @whole, not synced; NULL if there is no
 * memory.
 */
u64 *io_radix_alloc(struct io_radix *table, gfp_t gfp, bool whole)
{
	u64 *entries;
	int i;

	for (i = 0; i < table->reserve; i++) {
		if (!READ_ONCE(table->spare[i]))
			continue;
		entries = xchg(&table->spare[i], NULL);
		if (entries)
			return entries;
	}
	if (!whole)
		gfp |= __GFP_ZERO;
	entries = io_radix_alloc_pages(table, io_radix_table_bytes(table), gfp);
	if (entries)
		atomic_inc(&table->tables);
	return entries;
}

/**
 * io_radix_free_table() - free a table that is in no entry
 * @table: what it was part of
 * @entries: its entries; neither CPU nor hardware uses them
 *
 * Context: Any context.
 */
void io_radix_free_table(struct io_radix *table, u64 *entries)
{
	atomic_dec(&table->tables);
	io_radix_free_pages(table, entries, io_radix_table_bytes(table));
}

/**
 * io_radix_refill() - bring the reserve to its size
 * @table: what it belongs to
 * @gfp: how to allocate
 *
 * An unmap of more tables than the reserve may have taken some of it.
 *
 * Context: Any context that @gfp allows.
 * Return: whether the reserve is complete.
 */
bool io_radix_refill(struct io_radix *table, gfp_t gfp)
{
	u64 *entries;
	int i;

	for (i = 0; i < table->reserve; i++) {
		if (READ_ONCE(table->spare[i]))
			continue;
		if (atomic_inc_return(&table->tables) > table->reserve) {
			atomic_dec(&table->tables);
			return true;
		}
		entries = io_radix_alloc_pages(table, io_radix_table_bytes(table),
					       gfp | __GFP_ZERO);
		if (entries && !cmpxchg(&table->spare[i], NULL, entries))
			continue;
		atomic_dec(&table->tables);
		if (!entries)
			return false;
		io_radix_free_pages(table, entries, io_radix_table_bytes(table));
	}
	return true;
}

/* Are the tables plain pages, which can be freed as such from a list? */
static bool io_radix_is_plain(const struct io_radix *table)
{
	return !table->iop.cfg.free && !table->fold &&
	       io_radix_table_bytes(table) == PAGE_SIZE &&
	       (table->iop.cfg.coherent_walk || table->format->write_back);
}

static struct list_head *io_radix_link(const struct io_radix_format *f, u64 entry)
{
	return &pfn_to_page(PHYS_PFN(entry & f->addr_mask))->lru;
}

/*
 * List a table and all below it to be freed after a flush. Returns their
 * number. The tables of level 0, of which there are hundreds, are not read.
 */
static int io_radix_list_below(struct io_radix *table, u64 entry,
			       unsigned int level, struct list_head *freelist)
{
	const struct io_radix_format *f = table->format;
	u64 *entries = io_radix_table_at(f, table, entry);
	u64 *end = entries + (1U << table->index_bits);
	int nr = 1;

	if (level)
		atomic_dec(&table->interior);
	list_add_tail(io_radix_link(f, entry), freelist);
	for (; level > 1 && entries < end; entries++)
		if (io_radix_is_table(f, *entries))
			nr += io_radix_list_below(table, *entries, level - 1,
						  freelist);
	for (; level && entries < end; entries++) {
		if (!io_radix_is_table(f, *entries))
			continue;
		list_add_tail(io_radix_link(f, *entries), freelist);
		nr++;
	}
	return nr;
}

/* Free a table and all below it; of the root, only the tables below it. */
static void io_radix_free_below(struct io_radix *table, u64 *entries,
				unsigned int level)
{
	const struct io_radix_format *f = table->format;
	unsigned int i;

	for (i = 0; level && i < io_radix_entries(table, level); i++)
		if (io_radix_is_table(f, entries[i]))
			io_radix_free_below(table,
					    io_radix_table_at(f, table,
							      entries[i]),
					    level - 1);
	if (entries == table->root)
		return;
	if (level)
		atomic_dec(&table->interior);
	io_radix_free_table(table, entries);
}

/**
 * io_radix_invalidate() - invalidate what the hardware caches of an entry
 * @table: what it is part of
 * @iova: an address that the entry translates
 * @level: level of the entry
 *
 * For more than one table of level 0, which is rare, one flush of everything is
 * cheaper than one for each page of so large a range.
 *
 * Context: Any context.
 */
void io_radix_invalidate(struct io_radix *table, u64 iova, unsigned int level)
{
	u64 span = 1ULL << io_radix_shift(table->format, table, level);

	if (level == 1)
		io_pgtable_tlb_flush_walk(&table->iop, iova & ~(span - 1), span,
					  1UL << table->page_shift);
	else
		io_pgtable_tlb_flush_all(&table->iop);
}

/**
 * io_radix_dispose() - free tables once neither CPU nor hardware is in them
 * @table: what they were part of
 * @removed: the tables
 * @gather: what they may be freed with; or NULL
 *
 * Formats that defer put the tables on the gather's list: the code that syncs
 * the gather invalidates its range, tables included, and frees the list. The
 * tables' range may lie apart from the request's, so it is added; a gather
 * that is queued needs no range, since the whole domain will be flushed.
 *
 * For the other formats, invalidate here and now.
 *
 * Context: Any context but NMI, not within a walk.
 */
void io_radix_dispose(struct io_radix *table,
		      const struct io_radix_removed *removed,
		      struct iommu_iotlb_gather *gather)
{
	unsigned int i, level = removed->level + removed->nr;
	u64 span = 1ULL << io_radix_shift(table->format, table, level);
	u64 first = removed->iova & ~(span - 1);
	struct list_head *freelist = NULL;
	LIST_HEAD(flushed);

	io_radix_wait();
	if (gather && table->format->deferred) {
		freelist = io_radix_gather_add(gather, first, span);
	} else {
		io_radix_invalidate(table, first, level);
		if (io_radix_is_plain(table))
			freelist = &flushed;
	}

	for (i = 0; i < removed->nr; i++) {
		u64 entry = removed->entries[i];

		if (freelist)
			atomic_sub(io_radix_list_below(table, entry,
						       removed->level + i,
						       freelist),
				   &table->tables);
		else
			io_radix_free_below(table,
					    io_radix_table_at(table->format,
							      table, entry),
					    removed->level + i);
	}
	iommu_put_pages_list(&flushed);
	io_radix_refill(table, GFP_ATOMIC | __GFP_NOWARN);
}

/*
 * A table of level 0 for each CPU, as far as that is little memory, and the
 * interior tables above them. Addresses below 4 GiB, where most are, lie in no
 * more than four tables of level 1.
 */
static unsigned int io_radix_reserve(const struct io_radix *table)
{
	unsigned int few = max(IO_RADIX_LRU * SZ_4K / io_radix_table_bytes(table), 1);
	unsigned int cpus = min3(num_possible_cpus(), few, IO_RADIX_LRU);

	if (table->top < 2)
		return table->top * cpus;
	return cpus + min(cpus, IO_RADIX_RESERVE_LEVEL_1) + table->top - 2;
}

/**
 * io_radix_alloc_root() - allocate the root and the reserve
 * @table: the table; all but its memory is filled in
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int io_radix_alloc_root(struct io_radix *table)
{
	const struct io_pgtable_cfg *cfg = &table->iop.cfg;

	table->root = io_radix_alloc_pages(table, table->root_bytes,
					   GFP_KERNEL | __GFP_ZERO);
	if (!table->root)
		return -ENOMEM;
	if (!cfg->coherent_walk)
		io_radix_sync(table, table->root, table->root_bytes);

	if (table->format->counted && !cfg->alloc)
		table->reserve = io_radix_reserve(table);
	if (io_radix_refill(table, GFP_KERNEL))
		return 0;
	io_radix_free_all(table);
	return -ENOMEM;
}

/**
 * io_radix_free_all() - free all memory of a table
 * @table: the table; neither CPU nor hardware uses it
 *
 * Context: Process context, may sleep.
 */
void io_radix_free_all(struct io_radix *table)
{
	int i;

	for (i = 0; i < table->reserve; i++)
		if (table->spare[i])
			io_radix_free_table(table, table->spare[i]);
	io_radix_free_below(table, table->root, table->top);
	io_radix_free_pages(table, table->root, table->root_bytes);
}
