// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping, unmapping and looking up in tables of 64-bit entries, for every
 * format that has them. See io-pgtable-radix-types.h for the words and the
 * rules. A table begins and ends here, too.
 *
 * A request is split into runs that lie in one table each: one walk down, one
 * counting and one write-back of cache lines for a run.
 */

#define pr_fmt(fmt) "io-pgtable: " fmt

#include <linux/dma-mapping.h>
#include <linux/overflow.h>
#include <linux/printk.h>

#include "io-pgtable-radix.h"
#include "io-pgtable-radix-alloc.h"
#include "io-pgtable-radix-reclaim.h"
#include "io-pgtable-radix-walk.h"

/**
 * struct io_radix_run - entries to write or clear
 * @iova: address of the first, in bytes
 * @leaf: what to write into the first; unused when clearing
 * @level: their level
 * @count: how many
 */
struct io_radix_run {
	u64		iova;
	u64		leaf;
	unsigned int	level;
	size_t		count;
};

/*
 * Check the size and the addresses of a request and find the level of its
 * entries. Returns its length in bytes through @bytes.
 */
static int io_radix_prepare(const struct io_radix *table,
			    struct io_radix_run *run, size_t pgsize,
			    size_t *bytes)
{
	unsigned int shift = table->page_shift;

	if (!is_power_of_2(pgsize) || !(pgsize & table->iop.cfg.pgsize_bitmap) ||
	    (run->iova & (pgsize - 1)))
		return -EINVAL;
	if (check_mul_overflow(pgsize, run->count, bytes))
		return -ERANGE;
	if (*bytes && !io_radix_in_range(table, run->iova, *bytes))
		return -ERANGE;

	for (run->level = 0; 1ULL << shift < pgsize; run->level++)
		shift += table->index_bits;
	return 0;
}

static void io_radix_advance(const struct io_radix *table,
			     struct io_radix_run *run, unsigned int nr)
{
	u64 bytes = (u64)nr << io_radix_shift(table->format, table, run->level);
	phys_addr_t addr = io_radix_addr(table->format, table, run->leaf) + bytes;

	run->iova += bytes;
	run->count -= nr;
	run->leaf = (run->leaf & ~table->format->addr_mask) |
		    io_radix_encode(table->format, table, addr);
}

/* How many entries of a run lie in the table that it begins in? */
static unsigned int io_radix_in_table(const struct io_radix *table,
				      const struct io_radix_run *run)
{
	unsigned int left = io_radix_entries(table, run->level) -
			    io_radix_index(table, run->iova, run->level);

	return min_t(size_t, left, run->count);
}

static void io_radix_sync_run(struct io_radix *table, u64 *slot, unsigned int nr)
{
	if (!table->iop.cfg.coherent_walk)
		io_radix_sync(table, slot, nr * sizeof(*slot));
}

/*
 * Write back the entries above a level: another CPU may have installed some of
 * them and not yet written them back.
 */
static void io_radix_sync_path(struct io_radix *table, u64 iova,
			       unsigned int level)
{
	struct io_radix_walk walk;
	unsigned int at;

	for (at = table->top; at > level; at--) {
		walk = io_radix_walk_to(table->format, table, iova, at);
		io_radix_sync(table, walk.slot, sizeof(*walk.slot));
	}
}

/* Make the entry of a table, which has not reached memory yet. */
static u64 io_radix_entry_of(const struct io_radix *table, u64 *entries,
			     unsigned int live)
{
	u64 entry = io_radix_encode(table->format, table,
				    virt_to_phys(entries)) | table->table_bits;

	return table->format->counted ?
		io_radix_set_live(table->format, entry, live) : entry;
}

/* Install a table in an entry. Returns false if the entry is no longer @old. */
static bool io_radix_install(struct io_radix *table, u64 *slot, u64 old,
			     u64 *entries, unsigned int live)
{
	u64 new = io_radix_entry_of(table, entries, live);

	if (table->iop.cfg.coherent_walk)
		new |= table->format->synced;
	else
		io_radix_sync(table, entries, io_radix_table_bytes(table));

	/* Order the table's entries before the entry that leads to it. */
	dma_wmb();
	if (!try_cmpxchg64(slot, &old, new))
		return false;
	if (table->iop.cfg.coherent_walk)
		return true;

	io_radix_sync(table, slot, sizeof(*slot));
	while (!try_cmpxchg64(slot, &new, new | table->format->synced))
		;
	return true;
}

/*
 * Add the tables that a run needs, below the free entry that a walk found. The
 * caller holds the table of that entry. The lowest table gets the leaves before
 * it is installed.
 *
 * Returns 0; -ENOMEM; -EAGAIN if another CPU was faster somewhere. Then the
 * tables that were added are put, and so evicted if they stay empty.
 */
static int io_radix_grow(struct io_radix *table, struct io_radix_walk walk,
			 const struct io_radix_run *run, unsigned int nr,
			 gfp_t gfp)
{
	bool synced = walk.all & table->format->synced;
	unsigned int level = walk.level;
	int ret = -ENOMEM;

	if (walk.entry)
		io_radix_invalidate(table, run->iova, walk.level);
	for (;;) {
		bool last = walk.level - 1 == run->level;
		unsigned int index = io_radix_index(table, run->iova,
						    walk.level - 1);
		u64 *entries = io_radix_alloc(table, gfp, last &&
					      nr == 1U << table->index_bits);

		if (!entries)
			break;
		if (last)
			io_radix_write(table->format, table, entries + index,
				       run->leaf, run->level, nr);
		/* Early: too high a count only evicts tables that could stay. */
		if (walk.level > 1)
			atomic_inc(&table->interior);
		/* Our hold of the table above becomes the entry's own. */
		if (!io_radix_install(table, walk.slot, walk.entry, entries,
				      last ? nr : 1)) {
			if (walk.level > 1)
				atomic_dec(&table->interior);
			io_radix_free_unused(table, entries);
			ret = -EAGAIN;
			break;
		}
		if (last) {
			if (!synced && !table->iop.cfg.coherent_walk)
				io_radix_sync_path(table, run->iova, level);
			return 0;
		}
		walk.parent = walk.slot;
		walk.slot = entries + index;
		walk.entry = 0;
		walk.level--;
	}
	if (walk.parent)
		io_radix_put(table->format, table, walk.parent, 1, run->iova, walk.level,
			     NULL);
	return ret;
}

/* Is nothing mapped by an entry and below it? */
static bool io_radix_vacant(struct io_radix *table, u64 entry,
			    unsigned int level)
{
	unsigned int i;
	u64 *entries;

	if (!level)
		return !entry;
	if (!io_radix_is_table(table->format, entry))
		return io_radix_is_free(table->format, entry);
	if (table->format->counted && !io_radix_live(table->format, entry))
		return true;
	if (table->format->counted && level == 1)
		return false;
	entries = io_radix_table_at(table->format, table, entry);
	for (i = 0; i < 1U << table->index_bits; i++)
		if (!io_radix_vacant(table, READ_ONCE(entries[i]), level - 1))
			return false;
	return true;
}

/* The same for an entry that the caller may not own */
static bool io_radix_is_vacant(struct io_radix *table, u64 *slot,
			       unsigned int level)
{
	unsigned long flags = io_radix_enter();
	bool vacant = io_radix_vacant(table, READ_ONCE(*slot), level);

	io_radix_leave(flags);
	return vacant;
}

/*
 * Prepare entries for large pages. Remove parked tables, and invalidate stale
 * entries. Anything else stays, and is an error.
 */
static int io_radix_remove_parked(struct io_radix *table,
				  struct io_radix_walk walk,
				  const struct io_radix_run *run,
				  unsigned int nr)
{
	unsigned int shift = io_radix_shift(table->format, table, run->level), i;

	for (i = 0; i < nr; i++) {
		u64 iova = run->iova + ((u64)i << shift);
		u64 *slot = walk.slot + i;

		if (!READ_ONCE(*slot))
			continue;
		if (io_radix_is_free(table->format, READ_ONCE(*slot))) {
			io_radix_invalidate(table, iova, run->level);
			continue;
		}
		if (!io_radix_is_vacant(table, slot, run->level)) {
			pr_warn_ratelimited("0x%llx is mapped already\n", iova);
			return -EEXIST;
		}
		if (io_radix_remove(table, slot, iova, run->level, NULL) &&
		    walk.parent)
			io_radix_put(table->format, table, walk.parent, 1, iova,
				     run->level, NULL);
	}
	return 0;
}

/* Map a run by the entries that a walk found, which the caller holds. */
static int io_radix_map_held(struct io_radix *table, struct io_radix_walk walk,
			     const struct io_radix_run *run, unsigned int nr)
{
	if (!io_radix_are_empty(walk.slot, nr) &&
	    io_radix_remove_parked(table, walk, run, nr)) {
		if (walk.parent)
			io_radix_put(table->format, table, walk.parent, nr, run->iova,
				     run->level, NULL);
		return -EEXIST;
	}
	io_radix_write(table->format, table, walk.slot, run->leaf, run->level, nr);
	io_radix_sync_run(table, walk.slot, nr);
	if (!(walk.all & table->format->synced) && !table->iop.cfg.coherent_walk)
		io_radix_sync_path(table, run->iova, run->level);
	return 0;
}

/* Map the part of a run that lies in one table. */
static int io_radix_map_run(struct io_radix *table,
			    const struct io_radix_run *run, unsigned int nr,
			    gfp_t gfp)
{
	struct io_radix_walk walk;
	unsigned long flags;
	bool there;
	int ret;

	do {
		flags = io_radix_enter();
		walk = io_radix_walk_to(table->format, table, run->iova,
					run->level);
		there = walk.level == run->level;
		ret = 0;
		if (!there && !io_radix_is_free(table->format, walk.entry))
			ret = -EEXIST;
		else if (walk.parent)
			ret = io_radix_hold(table->format, table, walk.parent,
					    walk.parent_entry, there ? nr : 1);
		io_radix_leave(flags);

		if (!ret)
			ret = there ? io_radix_map_held(table, walk, run, nr) :
				      io_radix_grow(table, walk, run, nr, gfp);
	} while (ret == -EAGAIN);
	return ret;
}

/**
 * io_radix_map_any() - map pages
 * @table: where
 * @iova: first address
 * @paddr: what it is to be mapped to
 * @pgsize: size of each page in bytes
 * @pgcount: how many
 * @leaf: what their entries have beside address and type
 * @gfp: how to allocate tables
 * @mapped: the bytes that were mapped are added to it
 *
 * Context: Any context that @gfp allows.
 * Return: 0 or an error, see &io_pgtable_ops.map_pages.
 */
int io_radix_map_any(struct io_radix *table, u64 iova, phys_addr_t paddr,
		     size_t pgsize, size_t pgcount, u64 leaf, gfp_t gfp,
		     size_t *mapped)
{
	struct io_radix_run run = { .iova = iova, .count = pgcount };
	unsigned int shift, nr;
	size_t bytes;
	int ret;

	ret = io_radix_prepare(table, &run, pgsize, &bytes);
	if (ret)
		return ret;
	if (paddr & (pgsize - 1))
		return -EINVAL;
	if (bytes && (u64)(paddr | (paddr + (bytes - 1))) >> table->iop.cfg.oas)
		return -ERANGE;

	run.leaf = leaf | io_radix_encode(table->format, table, paddr) |
		   table->format->leaf[!!run.level];
	shift = io_radix_shift(table->format, table, run.level);
	while (run.count) {
		nr = io_radix_in_table(table, &run);
		ret = io_radix_map_run(table, &run, nr, gfp);
		if (ret)
			break;
		*mapped += (size_t)nr << shift;
		io_radix_advance(table, &run, nr);
	}
	/* Order the entries before the device is told to use them. */
	wmb();
	return ret;
}

/*
 * Write a table that maps the same as the large leaf that a walk found, around
 * an address. The entry of the address itself gets the table below, if any.
 */
static void io_radix_write_split(struct io_radix *table,
				 const struct io_radix_walk *walk, u64 iova,
				 u64 *entries, unsigned int level, u64 *below)
{
	const struct io_radix_format *f = table->format;
	u64 whole = 1ULL << io_radix_shift(f, table, walk->level);
	u64 part = 1ULL << io_radix_shift(f, table, level + 1);
	u64 addr = io_radix_addr(f, table, walk->entry) +
		   (iova & (whole - 1) & ~(part - 1));
	u64 leaf = (walk->entry & ~(f->leaf[1] | f->addr_mask)) |
		   f->leaf[!!level] | io_radix_encode(f, table, addr);
	unsigned int nr = 1U << table->index_bits;

	io_radix_write(f, table, entries, leaf, level, nr);
	if (below)
		entries[io_radix_index(table, iova, level)] =
			io_radix_entry_of(table, below, nr) | f->synced;
	/* The highest is synced when it is installed. */
	if (!table->iop.cfg.coherent_walk && level + 1 < walk->level)
		io_radix_sync(table, entries, io_radix_table_bytes(table));
}

/*
 * Replace a large leaf by tables that map the same, down to leaves of a level
 * around an address. Then invalidate the large one: the later invalidation of
 * the small page need not cover it. Returns false if there is no memory, or if
 * another CPU has split the leaf, which shows in the entry; then nothing has
 * changed.
 */
static bool io_radix_split(struct io_radix *table, u64 iova,
			   const struct io_radix_walk *walk, unsigned int wanted)
{
	u64 span = 1ULL << io_radix_shift(table->format, table, walk->level);
	unsigned int interior = walk->level - max(wanted, 1), level;
	u64 *entries[IO_RADIX_MAX_LEVELS] = {};
	bool done = true;

	for (level = wanted; level < walk->level && done; level++) {
		entries[level] = io_radix_alloc(table, GFP_ATOMIC, true);
		done = entries[level];
	}
	for (level = wanted; level < walk->level && done; level++)
		io_radix_write_split(table, walk, iova, entries[level], level,
				     level > wanted ? entries[level - 1] : NULL);
	atomic_add(interior, &table->interior);
	if (done && io_radix_install(table, walk->slot, walk->entry,
				     entries[walk->level - 1],
				     1U << table->index_bits)) {
		io_pgtable_tlb_flush_walk(&table->iop, iova & ~(span - 1), span,
					  1UL << table->page_shift);
		return true;
	}
	atomic_sub(interior, &table->interior);
	for (level = wanted; level < walk->level; level++)
		if (entries[level])
			io_radix_free_unused(table, entries[level]);
	return false;
}

/*
 * Clear entries, with the tables below them, up to the first that maps nothing.
 * Returns how many.
 */
static unsigned int io_radix_clear(struct io_radix *table, u64 *slot,
				   const struct io_radix_run *run,
				   unsigned int nr,
				   struct iommu_iotlb_gather *gather)
{
	unsigned int shift = io_radix_shift(table->format, table, run->level), i;
	u64 entry;

	for (i = 0; !run->level && i < nr && READ_ONCE(slot[i]); i++)
		WRITE_ONCE(slot[i], 0);
	for (; run->level && i < nr; i++) {
		entry = READ_ONCE(slot[i]);
		if (io_radix_is_free(table->format, entry))
			break;
		if (!io_radix_is_table(table->format, entry))
			WRITE_ONCE(slot[i], 0);
		else if (io_radix_is_vacant(table, slot + i, run->level) ||
			 !io_radix_remove(table, slot + i,
					  run->iova + ((u64)i << shift),
					  run->level, gather))
			break;
	}
	return i;
}

/**
 * io_radix_gather() - invalidate leaves, at once or by the gather
 * @table: the table they were in
 * @iova: first address
 * @bytes: how many
 * @pgsize: what each of them mapped
 * @gather: synced later, unless the driver invalidates now; not queued
 *
 * Context: Any context.
 */
void io_radix_gather(struct io_radix *table, u64 iova, size_t bytes,
		     size_t pgsize, struct iommu_iotlb_gather *gather)
{
	struct io_pgtable *iop = &table->iop;
	const struct iommu_flush_ops *tlb = iop->cfg.tlb;
	size_t done;

	if (tlb && tlb->tlb_add_range)
		tlb->tlb_add_range(gather, iova, bytes, pgsize, iop->cookie);
	else if (tlb && tlb->tlb_add_page)
		for (done = 0; done < bytes; done += pgsize)
			tlb->tlb_add_page(gather, iova + done, pgsize,
					  iop->cookie);
	else
		io_radix_gather_add(gather, iova, bytes);
}

/*
 * Unmap the part of a run that lies in one table, or all of one larger page.
 * Returns how many bytes; 0 where nothing is mapped, or for lack of memory for
 * a split.
 */
static size_t io_radix_unmap_run(struct io_radix *table,
				 struct io_radix_run *run,
				 struct iommu_iotlb_gather *gather)
{
	unsigned int wanted = run->level, level = wanted, shift, nr;
	const struct io_radix_format *f = table->format;
	struct io_radix_run part = *run;
	struct io_radix_walk walk;
	unsigned long flags;
	bool vacant;
	u64 span;

	for (;;) {
		flags = io_radix_enter();
		walk = io_radix_walk_to(f, table, run->iova, level);
		if (walk.level == level)
			walk.entry = READ_ONCE(*walk.slot);
		/* If not, the caller owns it, and its table stays. */
		vacant = io_radix_vacant(table, walk.entry, walk.level);
		io_radix_leave(flags);
		if (vacant)
			return 0;
		if (walk.level == level)
			break;
		span = 1ULL << io_radix_shift(f, table, walk.level);
		if (!(run->iova & (span - 1)) &&
		    run->count >= span >> io_radix_shift(f, table, wanted))
			level = walk.level;
		else if (!io_radix_split(table, run->iova, &walk, wanted) &&
			 READ_ONCE(*walk.slot) == walk.entry)
			return 0;
	}

	shift = io_radix_shift(f, table, level);
	part.level = level;
	nr = level == wanted ? io_radix_in_table(table, &part) : 1;
	nr = io_radix_clear(table, walk.slot, &part, nr, gather);
	if (!nr)
		return 0;
	io_radix_sync_run(table, walk.slot, nr);
	if (!(walk.all & f->synced) && !table->iop.cfg.coherent_walk)
		io_radix_sync_path(table, run->iova, level);
	if (gather && !iommu_iotlb_gather_queued(gather))
		io_radix_gather(table, run->iova, (size_t)nr << shift,
				1ULL << shift, gather);
	if (walk.parent)
		io_radix_put(f, table, walk.parent, nr, run->iova, level, gather);
	return (size_t)nr << shift;
}

/**
 * io_radix_unmap_any() - unmap pages
 * @table: where
 * @iova: first address
 * @pgsize: size of each page in bytes
 * @pgcount: how many
 * @gather: what is to be flushed; or NULL, if the caller sees to it
 *
 * Context: Any context.
 * Return: how many bytes were unmapped, see &io_pgtable_ops.unmap_pages.
 */
size_t io_radix_unmap_any(struct io_radix *table, u64 iova, size_t pgsize,
			  size_t pgcount, struct iommu_iotlb_gather *gather)
{
	struct io_radix_run run = { .iova = iova, .count = pgcount };
	size_t done = 0, bytes;
	unsigned int shift;

	if (!pgcount || io_radix_prepare(table, &run, pgsize, &bytes))
		return 0;
	shift = io_radix_shift(table->format, table, run.level);
	while (done < pgcount << shift) {
		run.iova = iova + done;
		run.count = pgcount - (done >> shift);
		bytes = io_radix_unmap_run(table, &run, gather);
		if (!bytes)
			break;
		done += bytes;
	}
	if (unlikely(!done))
		pr_warn_ratelimited("0x%llx is not mapped, or can't be split\n",
				    iova);
	return done;
}

/**
 * io_radix_iova_to_phys() - look an address up
 * @ops: of the table
 * @iova: the address
 *
 * Context: Any context but NMI.
 * Return: what it is mapped to, 0 for nothing.
 */
phys_addr_t io_radix_iova_to_phys(struct io_pgtable_ops *ops,
				  unsigned long iova)
{
	struct io_radix *table = io_radix_of(ops);
	struct io_radix_walk walk;
	unsigned long flags;
	u64 entry;

	if (!io_radix_in_range(table, iova, 1))
		return 0;
	flags = io_radix_enter();
	walk = io_radix_walk_to(table->format, table, iova, 0);
	entry = walk.level ? walk.entry : READ_ONCE(*walk.slot);
	io_radix_leave(flags);
	if (!entry || (walk.level && io_radix_is_free(table->format, entry)))
		return 0;
	return io_radix_addr(table->format, table, entry) |
	       (iova & ((1ULL << io_radix_shift(table->format, table, walk.level)) - 1));
}

/* Record a leaf if it was written to, and make the next write show again. */
static void io_radix_visit_dirty(const struct io_radix *table, u64 *slot,
				 u64 iova, size_t bytes, unsigned long flags,
				 struct iommu_dirty_bitmap *dirty)
{
	const struct io_radix_format *format = table->format;
	u64 entry = READ_ONCE(*slot);

	do {
		if ((entry & format->dirty_mask) != format->dirty_value)
			return;
	} while (!(flags & IOMMU_DIRTY_NO_CLEAR) &&
		 !try_cmpxchg64(slot, &entry, entry ^ format->dirty_flip));
	iommu_dirty_bitmap_record(dirty, iova, bytes);
}

/* The same for the leaves of one table. Returns the bytes done, 0 at a hole. */
static size_t io_radix_visit_table(struct io_radix *table, u64 iova, size_t size,
				   unsigned long flags,
				   struct iommu_dirty_bitmap *dirty)
{
	struct io_radix_walk walk;
	size_t done = 0, bytes;
	unsigned long irq_flags;
	u64 *slot, span;
	int ret;

	irq_flags = io_radix_enter();
	walk = io_radix_walk_to(table->format, table, iova, 0);
	ret = walk.parent ? io_radix_hold(table->format, table, walk.parent,
					  walk.parent_entry, 1) : 0;
	io_radix_leave(irq_flags);
	if (ret)
		return 0;

	slot = walk.slot;
	span = 1ULL << io_radix_shift(table->format, table, walk.level);
	do {
		u64 entry = READ_ONCE(*slot);

		if (!entry || (walk.level &&
			       (io_radix_is_table(table->format, entry) ||
				io_radix_is_free(table->format, entry))))
			break;
		/* Only the requested part of a larger page */
		bytes = min(span - ((iova + done) & (span - 1)), size - done);
		io_radix_visit_dirty(table, slot++, iova + done, bytes, flags,
				     dirty);
		done += bytes;
	} while (done < size && io_radix_index(table, iova + done, walk.level));
	if (walk.parent)
		io_radix_put(table->format, table, walk.parent, 1, iova, walk.level, NULL);
	return done;
}

/**
 * io_radix_read_and_clear_dirty() - find out what was written to
 * @ops: of the table
 * @iova: first address
 * @size: how many bytes
 * @flags: IOMMU_DIRTY_NO_CLEAR, or 0
 * @dirty: where to record it
 *
 * Context: Any context; sleeps if recording does.
 * Return: 0; -EINVAL where not all of it is mapped.
 */
int io_radix_read_and_clear_dirty(struct io_pgtable_ops *ops,
				  unsigned long iova, size_t size,
				  unsigned long flags,
				  struct iommu_dirty_bitmap *dirty)
{
	struct io_radix *table = io_radix_of(ops);
	size_t done;

	if (!size || !io_radix_in_range(table, iova, size))
		return -EINVAL;
	for (; size; iova += done, size -= done) {
		done = io_radix_visit_table(table, iova, size, flags, dirty);
		if (!done)
			return -EINVAL;
	}
	return 0;
}

/**
 * io_radix_init() - set a new table up
 * @table: the table; its format filled in what a format decides
 * @cfg: its configuration
 * @cookie: for the driver's callbacks
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int io_radix_init(struct io_radix *table, const struct io_pgtable_cfg *cfg,
		  void *cookie)
{
	int ret;

	/* The generic code fills these in only later. */
	table->iop.cfg = *cfg;
	table->iop.cookie = cookie;
	table->iop.ops.iova_to_phys = io_radix_iova_to_phys;

	ret = io_radix_alloc_root(table);
	if (ret)
		return ret;
	/* Order the root's entries before the register that refers to it. */
	wmb();
	return 0;
}

/**
 * io_radix_destroy() - free a table
 * @table: the table; neither CPU nor hardware uses it
 *
 * Context: Process context, may sleep.
 */
void io_radix_destroy(struct io_radix *table)
{
	io_radix_free_all(table);
}
