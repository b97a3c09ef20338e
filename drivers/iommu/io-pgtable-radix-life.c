// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of page tables: where it comes from, when it may go.
 *
 * A table has two kinds of readers: CPUs that walk, and the hardware. It is
 * taken out of its entry first; then both are waited for; then it is freed.
 * struct io_radix tells how CPUs are kept apart.
 */

#define pr_fmt(fmt) "io-pgtable: " fmt

#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/cpumask.h>
#include <linux/dma-mapping.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/processor.h>

#include "io-pgtable-radix-inline.h"
#include "iommu-pages.h"

DEFINE_PER_CPU(unsigned int, io_radix_walks);

/*
 * Waits for walks that may have seen entries as they were before. A CPU that
 * comes up meanwhile has not, and one in a walk can't go down.
 */
static void io_radix_wait(void)
{
	unsigned int cpu, seen;

	smp_mb();	/* pairs with the one in io_radix_enter() */
	for_each_online_cpu(cpu) {
		unsigned int *walks = per_cpu_ptr(&io_radix_walks, cpu);

		seen = READ_ONCE(*walks);
		if (seen & 1)
			smp_cond_load_acquire(walks, VAL != seen);
	}
	smp_mb();	/* what they read comes before what becomes of it */
}

/**
 * io_radix_sync() - make entries visible to a walk that is not coherent
 * @table: the table they belong to
 * @start: first byte
 * @bytes: how many
 *
 * Context: any.
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
 * The hardware takes physical addresses, so tables for which the DMA API finds
 * any others are of no use. It is synced once it has something in it.
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

/* Accounted as the helpers for IOMMU drivers do, but zeroed only if so asked */
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
 * @gfp: how to allocate it if there is none in reserve
 * @whole: all entries will be written before anybody sees them
 *
 * Context: any that @gfp allows.
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

static void io_radix_free_table(struct io_radix *table, u64 *entries)
{
	atomic_dec(&table->tables);
	io_radix_free_pages(table, entries, io_radix_table_bytes(table));
}

/*
 * Brings the reserve to its size, which it may have lost to an unmap of more
 * than it. Returns whether it has it.
 */
static bool io_radix_refill(struct io_radix *table, gfp_t gfp)
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

/* Whether tables are plain pages, which can be freed as such from a list */
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
 * Lists a table and all below it to be freed after a flush; returns how
 * many. The tables of level 0, of which there are hundreds, are not looked into.
 */
static int io_radix_list_below(struct io_radix *table, u64 entry,
			       unsigned int level, struct list_head *freelist)
{
	const struct io_radix_format *f = table->format;
	u64 *entries = io_radix_table_at(f, table, entry);
	u64 *end = entries + (1U << table->index_bits);
	int nr = 1;

	if (level)
		atomic_dec(&table->ways);
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

/* Frees a table and all below it; but the root only has them freed. */
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
		atomic_dec(&table->ways);
	io_radix_free_table(table, entries);
}

/**
 * struct io_radix_gone - tables that are in no entry any more
 * @iova: the first address they translated
 * @level: the lowest level among them
 * @nr: how many
 * @entries: what their entries were, one for each level from @level on
 */
struct io_radix_gone {
	u64		iova;
	unsigned int	level;
	unsigned int	nr;
	u64		entries[IO_RADIX_MAX_LEVELS];
};

/**
 * io_radix_forget() - have the hardware forget what was in an entry
 * @table: what it is part of
 * @iova: an address that the entry translates
 * @level: level of the entry
 *
 * For more than one table of level 0, which is rare, one flush of everything is
 * cheaper than one for each page of so large a range.
 *
 * Context: any.
 */
void io_radix_forget(struct io_radix *table, u64 iova, unsigned int level)
{
	u64 span = 1ULL << io_radix_shift(table->format, table, level);

	if (level == 1)
		io_pgtable_tlb_flush_walk(&table->iop, iova & ~(span - 1), span,
					  1UL << table->page_shift);
	else
		io_pgtable_tlb_flush_all(&table->iop);
}

/*
 * Frees tables when nobody can be in them any more.
 *
 * Formats that defer leave them in the gather for that: who syncs it has the
 * hardware forget the range, tables included, and frees what is in the list.
 * The range may lie apart from the request's, so it is added; where the gather
 * is queued, everything will be flushed.
 *
 * The others make the hardware forget here and now.
 */
static void io_radix_dispose(struct io_radix *table,
			     const struct io_radix_gone *gone,
			     struct iommu_iotlb_gather *gather)
{
	unsigned int i, level = gone->level + gone->nr;
	u64 span = 1ULL << io_radix_shift(table->format, table, level);
	u64 first = gone->iova & ~(span - 1);
	struct list_head *freelist = NULL;
	LIST_HEAD(flushed);

	io_radix_wait();
	if (gather && table->format->deferred) {
		freelist = io_radix_gather_add(gather, first, span);
	} else {
		io_radix_forget(table, first, level);
		if (io_radix_is_plain(table))
			freelist = &flushed;
	}

	for (i = 0; i < gone->nr; i++) {
		u64 entry = gone->entries[i];

		if (freelist)
			atomic_sub(io_radix_list_below(table, entry,
						       gone->level + i,
						       freelist),
				   &table->tables);
		else
			io_radix_free_below(table,
					    io_radix_table_at(table->format,
							      table, entry),
					    gone->level + i);
	}
	iommu_put_pages_list(&flushed);
	io_radix_refill(table, GFP_ATOMIC | __GFP_NOWARN);
}

static bool io_radix_same_table(const struct io_radix *table, u64 entry,
				u64 before)
{
	const struct io_radix_format *f = table->format;

	return io_radix_is_table(f, entry) &&
	       io_radix_addr(f, table, entry) == io_radix_addr(f, table, before);
}

/**
 * io_radix_hold_slow() - count entries as io_radix_hold() does
 * @table: what they are part of
 * @slot: entry of their table
 * @entry: what was read from @slot
 * @nr: how many
 *
 * Return: 0; -EAGAIN if @slot has changed its table meanwhile; -EEXIST if there
 * can't be so many, and so some of them must be in use.
 */
int io_radix_hold_slow(struct io_radix *table, u64 *slot, u64 entry,
		       unsigned int nr)
{
	u64 old = READ_ONCE(*slot), live;

	do {
		if (!io_radix_same_table(table, old, entry))
			return -EAGAIN;
		live = io_radix_live(table->format, old) + nr;
		if (live >> (table->index_bits + 1))
			return -EEXIST;
	} while (!try_cmpxchg64(slot, &old, io_radix_set_live(table->format, old, live)));
	return 0;
}

/*
 * Counts entries off. Where none is left, the table becomes queued; true if it
 * was not, and so has a name still to be entered.
 */
static bool io_radix_release(struct io_radix *table, u64 *slot, u64 entry,
			     unsigned int nr)
{
	u64 old = READ_ONCE(*slot), new, live;

	do {
		if (!io_radix_same_table(table, old, entry))
			return false;
		live = io_radix_live(table->format, old);
		if (live < nr) {
			pr_warn_ratelimited("unmapped twice\n");
			return false;
		}
		live -= nr;
		new = io_radix_set_live(table->format, old, live);
		if (!live)
			new |= table->format->queued;
	} while (!try_cmpxchg64(slot, &old, new));
	return !live && !(old & table->format->queued);
}

/*
 * Whether there are more empty tables than should be kept: all beyond the
 * reserve, once nothing is mapped. What is not kept are then the ways to what
 * is. If there is more, something is in use, and who unmaps that looks again;
 * until then all that have a name may stay. Large pages don't show here, as they
 * may lie in the ways.
 */
static bool io_radix_too_many(struct io_radix *table)
{
	int others = atomic_read(&table->tables), kept = 0, i;

	if (io_radix_may_keep(table))
		return false;
	for (i = 0; i < IO_RADIX_KEPT; i++)
		kept += !!READ_ONCE(table->kept[i]);
	for (i = 0; i < table->reserve; i++)
		others -= !!READ_ONCE(table->spare[i]);
	others -= kept;
	return others <= min(atomic_read(&table->ways), (table->top - 1) * kept);
}

/* Enters the name of an empty table; returns the one that had its place, or 0. */
static unsigned long io_radix_keep(struct io_radix *table, u64 iova,
				   unsigned int level)
{
	unsigned int next = atomic_inc_return(&table->kept_next);

	return xchg(&table->kept[next % IO_RADIX_KEPT], iova | (level + 1));
}

static unsigned long io_radix_oldest(struct io_radix *table)
{
	unsigned int next = atomic_read(&table->kept_next), i;
	unsigned long name = 0;

	for (i = 1; i <= IO_RADIX_KEPT && !name; i++)
		if (READ_ONCE(table->kept[(next + i) % IO_RADIX_KEPT]))
			name = xchg(&table->kept[(next + i) % IO_RADIX_KEPT], 0);
	return name;
}

static u64 io_radix_first(struct io_radix *table, u64 iova, unsigned int level)
{
	return iova & ~((1ULL << io_radix_shift(table->format, table, level + 1)) - 1);
}

/*
 * Takes an empty table out of its entry, which becomes stale, for what it
 * translated is not the caller's alone. If it is not empty, it is no longer
 * queued.
 */
static bool io_radix_detach(struct io_radix *table, u64 *slot, u64 entry)
{
	const struct io_radix_format *f = table->format;
	u64 old = READ_ONCE(*slot), new;

	do {
		if (!io_radix_same_table(table, old, entry))
			return false;
		new = io_radix_live(f, old) ? old & ~f->queued : f->queued;
	} while (!try_cmpxchg64(slot, &old, new));
	if (new != f->queued)
		return false;
	if (!table->iop.cfg.coherent_walk)
		io_radix_sync(table, slot, sizeof(*slot));
	return true;
}

/*
 * Walks to a table and takes it out, then those above that became empty by it,
 * except for the reserve. All in one walk: what it has seen is not freed before
 * its end, so an address that is still there is still the same table's.
 *
 * Returns the level of a table that stays although empty, 0 for none.
 */
static unsigned int io_radix_take_out(struct io_radix *table, u64 iova,
				      unsigned int level,
				      struct io_radix_gone *gone)
{
	u64 *slots[IO_RADIX_MAX_LEVELS + 1] = {}, *entries = table->root;
	u64 held[IO_RADIX_MAX_LEVELS + 1] = {};
	unsigned int at;

	for (at = table->top; at > level; at--) {
		slots[at] = entries + io_radix_index(table, iova, at);
		held[at] = READ_ONCE(*slots[at]);
		if (!io_radix_is_table(table->format, held[at]))
			return 0;
		entries = io_radix_table_at(table->format, table, held[at]);
	}
	for (at = level + 1; at <= table->top; at++) {
		if (!io_radix_detach(table, slots[at], held[at]))
			return 0;
		gone->entries[gone->nr++] = held[at];
		if (at == table->top ||
		    !io_radix_release(table, slots[at + 1], held[at + 1], 1))
			return 0;
		if (!table->iop.cfg.alloc && atomic_read(&table->tables) -
		    (int)gone->nr <= table->reserve)
			return at;
	}
	return 0;
}

/*
 * Gives one table back. Returns the name of another that lost its place by it,
 * because a table above had to be kept; or 0.
 */
static unsigned long io_radix_evict_name(struct io_radix *table,
					 unsigned long name,
					 struct iommu_iotlb_gather *gather)
{
	struct io_radix_gone gone = {
		.iova = name & ~IO_RADIX_NAME_LEVEL,
		.level = (name & IO_RADIX_NAME_LEVEL) - 1,
	};
	unsigned long flags, other = 0;
	unsigned int stays;

	flags = io_radix_enter();
	stays = io_radix_take_out(table, gone.iova, gone.level, &gone);
	if (stays)
		other = io_radix_keep(table, io_radix_first(table, gone.iova,
							    stays), stays);
	io_radix_leave(flags);
	if (gone.nr)
		io_radix_dispose(table, &gone, gather);
	return other;
}

/**
 * io_radix_evict() - give a table back if it is empty
 * @table: what it is part of
 * @iova: first address that it translates
 * @level: its level
 * @gather: what tables may be freed with; or NULL
 *
 * Does nothing if there is no such table, or something in it.
 *
 * Context: any.
 */
void io_radix_evict(struct io_radix *table, u64 iova, unsigned int level,
		    struct iommu_iotlb_gather *gather)
{
	unsigned long name = iova | (level + 1);

	while (name)
		name = io_radix_evict_name(table, name, gather);
}

/* Gives the oldest of the empty tables back until there are not too many. */
static void io_radix_trim(struct io_radix *table,
			  struct iommu_iotlb_gather *gather)
{
	unsigned long name;

	/* Of two that leave, one at least sees what the other has left. */
	smp_mb();
	while (io_radix_too_many(table)) {
		name = io_radix_oldest(table);
		if (!name)
			return;
		io_radix_evict(table, name & ~IO_RADIX_NAME_LEVEL,
			       (name & IO_RADIX_NAME_LEVEL) - 1, gather);
	}
}

/**
 * io_radix_free() - free a table that was not used after all
 * @table: what it was to be part of
 * @entries: its entries
 *
 * Context: any.
 */
void io_radix_free(struct io_radix *table, u64 *entries)
{
	io_radix_free_table(table, entries);
	io_radix_refill(table, GFP_ATOMIC | __GFP_NOWARN);
	/* It counted as one in use, for which others may have kept theirs. */
	io_radix_trim(table, NULL);
}

/*
 * A table has become empty. Its owner may be about to map the next page
 * through it, so it stays, and those that were kept too long go.
 *
 * Tables of other allocators are given back at once: who brings his own wants
 * to know where they are.
 */
static void io_radix_emptied(struct io_radix *table, u64 iova,
			     unsigned int level,
			     struct iommu_iotlb_gather *gather)
{
	unsigned long name;

	if (table->iop.cfg.alloc) {
		io_radix_evict(table, iova, level, gather);
		return;
	}
	name = io_radix_keep(table, iova, level);
	if (name)
		io_radix_evict(table, name & ~IO_RADIX_NAME_LEVEL,
			       (name & IO_RADIX_NAME_LEVEL) - 1, gather);
	io_radix_trim(table, gather);
}

/**
 * io_radix_remove() - take away the table in an entry with all below it
 * @table: what it is part of
 * @slot: the entry, made empty
 * @iova: first address that the entry translates
 * @level: level of the entry
 * @gather: what the tables may be freed with; or NULL
 *
 * All that is mapped through the entry is the caller's.
 *
 * Context: any.
 * Return: true if the entry has now to be counted off; false if somebody who
 * evicted it while it was empty does that.
 */
bool io_radix_remove(struct io_radix *table, u64 *slot, u64 iova,
		     unsigned int level, struct iommu_iotlb_gather *gather)
{
	struct io_radix_gone gone = {
		.iova = iova, .level = level - 1, .nr = 1,
	};
	u64 entry = READ_ONCE(*slot);

	/* Someone may just be evicting it, if it is empty. */
	do {
		if (io_radix_is_free(table->format, entry))
			return false;
	} while (!try_cmpxchg64(slot, &entry, 0));
	if (!table->iop.cfg.coherent_walk)
		io_radix_sync(table, slot, sizeof(*slot));
	gone.entries[0] = entry;
	io_radix_dispose(table, &gone, gather);
	io_radix_trim(table, gather);
	return true;
}

/**
 * io_radix_put_slow() - count entries off as io_radix_put() does
 * @table: what they are part of
 * @slot: entry of their table
 * @nr: how many
 * @iova: an address that their table translates
 * @level: level of their table
 * @gather: what tables may be freed with; or NULL
 *
 * Context: any.
 */
void io_radix_put_slow(struct io_radix *table, u64 *slot, unsigned int nr,
		       u64 iova, unsigned int level,
		       struct iommu_iotlb_gather *gather)
{
	if (io_radix_release(table, slot, READ_ONCE(*slot), nr))
		io_radix_emptied(table, io_radix_first(table, iova, level),
				 level, gather);
	else
		io_radix_trim(table, gather);
}

/*
 * A table of level 0 for each CPU, as far as that is little memory, and the ways
 * to them. Addresses below 4 GiB, where most are, lie in no more than four tables
 * of level 1.
 */
static unsigned int io_radix_reserve(const struct io_radix *table)
{
	unsigned int few = max(IO_RADIX_KEPT * SZ_4K / io_radix_table_bytes(table), 1);
	unsigned int cpus = min3(num_possible_cpus(), few, IO_RADIX_KEPT);

	if (table->top < 2)
		return table->top * cpus;
	return cpus + min(cpus, IO_RADIX_RESERVE_LEVEL_1) + table->top - 2;
}

/**
 * io_radix_init() - set a new table up
 * @table: the table; its format filled in what a format decides
 * @cfg: its configuration
 * @cookie: for the driver's callbacks
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int io_radix_init(struct io_radix *table, const struct io_pgtable_cfg *cfg,
		  void *cookie)
{
	/* The generic code fills these in only later. */
	table->iop.cfg = *cfg;
	table->iop.cookie = cookie;
	table->iop.ops.iova_to_phys = io_radix_iova_to_phys;

	table->root = io_radix_alloc_pages(table, table->root_bytes,
					   GFP_KERNEL | __GFP_ZERO);
	if (!table->root)
		return -ENOMEM;
	if (!cfg->coherent_walk)
		io_radix_sync(table, table->root, table->root_bytes);

	if (table->format->counted && !cfg->alloc)
		table->reserve = io_radix_reserve(table);
	wmb();	/* the root is there before a register refers to it */
	if (io_radix_refill(table, GFP_KERNEL))
		return 0;
	io_radix_destroy(table);
	return -ENOMEM;
}

/**
 * io_radix_destroy() - free all memory of a table
 * @table: the table; neither CPU nor hardware uses it
 *
 * Context: may sleep.
 */
void io_radix_destroy(struct io_radix *table)
{
	int i;

	for (i = 0; i < table->reserve; i++)
		if (table->spare[i])
			io_radix_free_table(table, table->spare[i]);
	io_radix_free_below(table, table->root, table->top);
	io_radix_free_pages(table, table->root, table->root_bytes);
}
