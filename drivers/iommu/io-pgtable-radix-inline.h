/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What mapping and unmapping a page goes through. A format calls the functions
 * at the end with its constants, so that none of them has to be fetched or
 * tried at run time; io-pgtable-radix.c takes those of the table at hand and
 * does what the functions here leave: everything that is not the usual case.
 */

#ifndef _IO_PGTABLE_RADIX_INLINE_H_
#define _IO_PGTABLE_RADIX_INLINE_H_

#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/percpu.h>

#include "io-pgtable-radix.h"

static inline unsigned int io_radix_index_bits(const struct io_radix_format *f,
					       const struct io_radix *table)
{
	return f->index_bits ?: table->index_bits;
}

static inline unsigned int io_radix_page_shift(const struct io_radix_format *f,
					       const struct io_radix *table)
{
	return f->page_shift ?: table->page_shift;
}

static inline unsigned int io_radix_shift(const struct io_radix_format *f,
					  const struct io_radix *table,
					  unsigned int level)
{
	return io_radix_page_shift(f, table) +
	       level * io_radix_index_bits(f, table);
}

static inline unsigned int io_radix_entries(const struct io_radix *table,
					    unsigned int level)
{
	return level == table->top ? table->root_entries :
				     1U << table->index_bits;
}

static inline unsigned int io_radix_index(const struct io_radix *table,
					  u64 iova, unsigned int level)
{
	return (iova >> io_radix_shift(table->format, table, level)) &
	       (io_radix_entries(table, level) - 1);
}

static inline size_t io_radix_table_bytes(const struct io_radix *table)
{
	return sizeof(u64) << table->index_bits;
}

/* Of entries above level 0 only */
static inline bool io_radix_is_table(const struct io_radix_format *f, u64 entry)
{
	return (entry & f->table_mask) == f->table_value;
}

/* Empty or stale */
static inline bool io_radix_is_free(const struct io_radix_format *f, u64 entry)
{
	return !(entry & ~f->queued);
}

static inline phys_addr_t io_radix_addr(const struct io_radix_format *f,
					const struct io_radix *table, u64 entry)
{
	u64 addr = entry & f->addr_mask;

	if (f->folds && table->fold)
		addr = (addr & ~GENMASK_ULL(15, 12)) |
		       (addr & GENMASK_ULL(15, 12)) << 36;
	return addr;
}

static inline u64 io_radix_encode(const struct io_radix_format *f,
				  const struct io_radix *table, phys_addr_t addr)
{
	u64 bits = addr;

	if (f->folds && table->fold)
		bits = (bits | bits >> 36) & f->addr_mask;
	return bits;
}

static inline u64 *io_radix_table_at(const struct io_radix_format *f,
				     const struct io_radix *table, u64 entry)
{
	return phys_to_virt(io_radix_addr(f, table, entry));
}

static inline unsigned int io_radix_live(const struct io_radix_format *f,
					 u64 entry)
{
	return (entry >> f->live_shift & IO_RADIX_LIVE_LOW) |
	       (entry >> f->live_high_shift & f->live_high_mask) <<
		       IO_RADIX_LIVE_LOW_BITS;
}

static inline u64 io_radix_set_live(const struct io_radix_format *f, u64 entry,
				    u64 live)
{
	entry &= ~((u64)IO_RADIX_LIVE_LOW << f->live_shift |
		   (u64)f->live_high_mask << f->live_high_shift);
	return entry | (live & IO_RADIX_LIVE_LOW) << f->live_shift |
	       (live >> IO_RADIX_LIVE_LOW_BITS & f->live_high_mask) <<
		       f->live_high_shift;
}

/* Whether a table can translate addresses: @bytes, not 0, from @iova on */
static inline bool io_radix_in_range(const struct io_radix *table, u64 iova,
				     size_t bytes)
{
	u64 start = iova + table->bias;

	return start <= table->last && bytes - 1 <= table->last - start &&
	       iova + (bytes - 1) >= iova;
}

/* Odd while the CPU walks some table */
DECLARE_PER_CPU(unsigned int, io_radix_walks);

/**
 * io_radix_enter() - begin to walk tables that others may take away
 *
 * No table that the walk comes upon is freed before io_radix_leave(). What is
 * between the two is short and bounded: others wait for it, spinning.
 *
 * Context: any but NMI. Interrupts are off from here on.
 * Return: what io_radix_leave() needs.
 */
static inline unsigned long io_radix_enter(void)
{
	unsigned long flags;

	local_irq_save(flags);
	__this_cpu_inc(io_radix_walks);
	/* who waits sees the counter, or the walk that the table has gone */
	smp_mb();
	return flags;
}

/**
 * io_radix_leave() - end a walk
 * @flags: what io_radix_enter() returned
 */
static inline void io_radix_leave(unsigned long flags)
{
	unsigned int *walks = this_cpu_ptr(&io_radix_walks);

	/* whoever waits frees what the walk has read only after that */
	smp_store_release(walks, *walks + 1);
	local_irq_restore(flags);
}

/**
 * struct io_radix_walk - where a walk has come to
 * @slot: the entry
 * @level: its level
 * @entry: what was read from @slot, if it is above the level that was wanted
 * @parent: entry of the table that @slot is in; NULL for the root
 * @parent_entry: what was read from @parent
 * @all: what all entries on the way have set
 */
struct io_radix_walk {
	u64		*slot;
	unsigned int	level;
	u64		entry;
	u64		*parent;
	u64		parent_entry;
	u64		all;
};

/* Walks to the entry of a level, or to where there is no further table. */
static __always_inline struct io_radix_walk
io_radix_walk_to(const struct io_radix_format *f, const struct io_radix *table,
		 u64 iova, unsigned int wanted)
{
	unsigned int bits = io_radix_index_bits(f, table);
	unsigned int level = table->top;
	unsigned int shift = io_radix_shift(f, table, level);
	u64 mask = (1U << bits) - 1, next = 0, all = ~0ULL, entry = 0;
	u64 *slot, *parent = NULL;

	slot = table->root + ((iova >> shift) & (table->root_entries - 1));
	for (; level > wanted; level--) {
		next = READ_ONCE(*slot);
		if (!io_radix_is_table(f, next))
			break;
		entry = next;
		all &= entry;
		parent = slot;
		shift -= bits;
		slot = io_radix_table_at(f, table, entry) +
		       ((iova >> shift) & mask);
	}
	return (struct io_radix_walk){
		.slot = slot, .level = level, .entry = next,
		.parent = parent, .parent_entry = entry, .all = all,
	};
}

/**
 * io_radix_hold() - count entries that will be written
 * @f: format of @table
 * @table: what they are part of
 * @slot: entry of their table
 * @entry: what was read from @slot
 * @nr: how many
 *
 * Return: 0; -EAGAIN if @slot has changed its table meanwhile; -EEXIST if there
 * can't be so many, and so some of them must be in use.
 */
static __always_inline int io_radix_hold(const struct io_radix_format *f,
					 struct io_radix *table, u64 *slot,
					 u64 entry, unsigned int nr)
{
	unsigned int low = entry >> f->live_shift & IO_RADIX_LIVE_LOW;
	u64 old = entry;

	if (!f->counted)
		return 0;
	if (likely(low + nr <= IO_RADIX_LIVE_LOW &&
		   try_cmpxchg64(slot, &old, old + ((u64)nr << f->live_shift))))
		return 0;
	return io_radix_hold_slow(table, slot, entry, nr);
}

/*
 * Whether a table that became empty may stay, as far as that is seen without
 * looking closer: because all are of the reserve; or because there are so many
 * that some are in use, even if no spare one was taken and all names are given.
 */
static __always_inline bool io_radix_may_keep(const struct io_radix *table)
{
	int tables = atomic_read(&table->tables), reserve = table->reserve;

	return tables <= reserve ||
	       tables > atomic_read(&table->ways) + reserve + IO_RADIX_KEPT;
}

/**
 * io_radix_put() - count entries off that are empty again
 * @f: format of @table
 * @table: what they are part of
 * @slot: entry of their table
 * @nr: how many
 * @iova: an address that their table translates
 * @level: level of their table
 * @gather: what tables may be freed with; or NULL
 *
 * Context: any.
 */
static __always_inline void io_radix_put(const struct io_radix_format *f,
					 struct io_radix *table, u64 *slot,
					 unsigned int nr, u64 iova,
					 unsigned int level,
					 struct iommu_iotlb_gather *gather)
{
	u64 old, new;

	if (!f->counted)
		return;
	old = READ_ONCE(*slot);
	new = old - ((u64)nr << f->live_shift);
	/*
	 * Neither a borrow from the high part nor a table that became empty;
	 * but one that did so before may be kept.
	 */
	if (likely((old >> f->live_shift & IO_RADIX_LIVE_LOW) > nr ||
		   (old & f->queued && !io_radix_live(f, new) &&
		    io_radix_may_keep(table))) &&
	    try_cmpxchg64(slot, &old, new))
		return;
	io_radix_put_slow(table, slot, nr, iova, level, gather);
}

/* Whether entries are empty; they may have become so a moment ago. */
static __always_inline bool io_radix_are_empty(const u64 *slot, unsigned int nr)
{
	u64 used = 0;

	for (; nr >= 4; nr -= 4, slot += 4)
		used |= READ_ONCE(slot[0]) | READ_ONCE(slot[1]) |
			READ_ONCE(slot[2]) | READ_ONCE(slot[3]);
	for (; nr; nr--)
		used |= READ_ONCE(*slot++);
	return !used;
}

/* Writes the leaves of a run that lies in one table. */
static __always_inline void io_radix_write(const struct io_radix_format *f,
					   const struct io_radix *table,
					   u64 *slot, u64 leaf,
					   unsigned int level, unsigned int nr)
{
	u64 step = 1ULL << io_radix_shift(f, table, level), addr, bits;
	unsigned int i;

	if (!f->folds || !table->fold) {
		for (; nr >= 4; nr -= 4, slot += 4, leaf += 4 * step) {
			WRITE_ONCE(slot[0], leaf);
			WRITE_ONCE(slot[1], leaf + step);
			WRITE_ONCE(slot[2], leaf + 2 * step);
			WRITE_ONCE(slot[3], leaf + 3 * step);
		}
		for (; nr; nr--, leaf += step)
			WRITE_ONCE(*slot++, leaf);
		return;
	}
	addr = io_radix_addr(f, table, leaf);
	bits = leaf & ~f->addr_mask;
	for (i = 0; i < nr; i++, addr += step)
		WRITE_ONCE(slot[i], bits | io_radix_encode(f, table, addr));
}

/*
 * The level of pages: 0 for the smallest. The root's for sizes that the table
 * does not have; what is in the root itself is not the usual case.
 */
static __always_inline unsigned int
io_radix_level_of(const struct io_radix_format *f, const struct io_radix *table,
		  size_t pgsize)
{
	unsigned int shift = io_radix_page_shift(f, table), level = 0;

	if (likely(pgsize == 1UL << shift))
		return 0;
	if (!(pgsize & table->iop.cfg.pgsize_bitmap))
		return table->top;
	do {
		shift += io_radix_index_bits(f, table);
	} while (++level < table->top && pgsize != 1UL << shift);
	return level;
}

/* Whether pages lie in one table, and that in the range */
static __always_inline bool io_radix_in_one(const struct io_radix_format *f,
					    const struct io_radix *table,
					    u64 iova, unsigned int level,
					    size_t pgcount)
{
	unsigned int shift = io_radix_shift(f, table, level);
	unsigned int mask = (1U << io_radix_index_bits(f, table)) - 1;
	u64 start = iova + table->bias;

	/* A table of level 0 is never larger than the whole range. */
	return level < table->top && start <= table->last &&
	       pgcount - 1 <= mask - (iova >> shift & mask) &&
	       (!level || (pgcount << shift) - 1 <= table->last - start);
}

/* Maps them if the table is there and has room; else nothing has changed. */
static __always_inline bool
io_radix_map_in_one(const struct io_radix_format *f, struct io_radix *table,
		    u64 iova, u64 leaf, unsigned int level, unsigned int nr)
{
	unsigned long flags = io_radix_enter();
	struct io_radix_walk walk = io_radix_walk_to(f, table, iova, level);
	bool held = walk.level == level && walk.all & f->synced &&
		    io_radix_are_empty(walk.slot, nr) &&
		    !io_radix_hold(f, table, walk.parent, walk.parent_entry, nr);

	io_radix_leave(flags);
	if (unlikely(!held))
		return false;
	io_radix_write(f, table, walk.slot, leaf, level, nr);
	if (!table->iop.cfg.coherent_walk)
		io_radix_sync(table, walk.slot, nr * sizeof(u64));
	wmb();	/* the entries are there before the device is told to use them */
	return true;
}

/**
 * io_radix_map_pages() - map pages
 * @f: format of @table, which is known when this is compiled
 * @table: where
 * @iova: first address
 * @paddr: what it is to be mapped to
 * @pgsize: size of each page in bytes
 * @pgcount: how many
 * @access: what their entries have beside address and type
 * @gfp: how to allocate tables
 * @mapped: the bytes that were mapped are added to it
 *
 * The usual case is that of pages in one table, which is there.
 *
 * Context: any that @gfp allows.
 * Return: 0 or an error, see &io_pgtable_ops.map_pages.
 */
static __always_inline int
io_radix_map_pages(const struct io_radix_format *f, struct io_radix *table,
		   u64 iova, phys_addr_t paddr, size_t pgsize, size_t pgcount,
		   u64 access, gfp_t gfp, size_t *mapped)
{
	unsigned int level = io_radix_level_of(f, table, pgsize);

	if (likely(io_radix_in_one(f, table, iova, level, pgcount) &&
		   !((iova | paddr) & (pgsize - 1)) &&
		   !((u64)(paddr | (paddr + (pgcount * pgsize - 1))) >>
		     table->iop.cfg.oas))) {
		u64 leaf = access | f->leaf[!!level] |
			   io_radix_encode(f, table, paddr);

		/* two copies: what depends on the level is constant in one */
		if (level ? io_radix_map_in_one(f, table, iova, leaf, level,
						pgcount) :
			    io_radix_map_in_one(f, table, iova, leaf, 0,
						pgcount)) {
			*mapped += pgcount * pgsize;
			return 0;
		}
	}
	return io_radix_map_any(table, iova, paddr, pgsize, pgcount, access,
				gfp, mapped);
}

/* Clears smallest leaves up to the first empty entry; returns how many. */
static __always_inline unsigned int io_radix_clear_smallest(u64 *slot,
							    unsigned int nr)
{
	unsigned int left = nr;

	for (; left >= 4; left -= 4, slot += 4) {
		if (!READ_ONCE(slot[0]) || !READ_ONCE(slot[1]) ||
		    !READ_ONCE(slot[2]) || !READ_ONCE(slot[3]))
			break;
		WRITE_ONCE(slot[0], 0);
		WRITE_ONCE(slot[1], 0);
		WRITE_ONCE(slot[2], 0);
		WRITE_ONCE(slot[3], 0);
	}
	for (; left && READ_ONCE(*slot); left--)
		WRITE_ONCE(*slot++, 0);
	return nr - left;
}

/* The same above level 0, where tables and stale entries are no leaves. */
static __always_inline unsigned int
io_radix_clear_larger(const struct io_radix_format *f, u64 *slot, unsigned int nr)
{
	unsigned int i;
	u64 entry;

	for (i = 0; i < nr; i++) {
		entry = READ_ONCE(slot[i]);
		if (io_radix_is_table(f, entry) || io_radix_is_free(f, entry))
			break;
		WRITE_ONCE(slot[i], 0);
	}
	return i;
}

/* Unmaps leaves that lie in one table; returns how many before anything else. */
static __always_inline unsigned int
io_radix_unmap_in_one(const struct io_radix_format *f, struct io_radix *table,
		      u64 iova, unsigned int level, unsigned int nr,
		      struct iommu_iotlb_gather *gather)
{
	unsigned int shift = io_radix_shift(f, table, level), i;
	unsigned long flags = io_radix_enter();
	struct io_radix_walk walk = io_radix_walk_to(f, table, iova, level);
	u64 entry = walk.level == level ? READ_ONCE(*walk.slot) : 0;

	io_radix_leave(flags);
	/* A leaf is the caller's, and with it the table stays until it is put. */
	if (unlikely(!entry || !(walk.all & f->synced)))
		return 0;
	i = level ? io_radix_clear_larger(f, walk.slot, nr) :
		    io_radix_clear_smallest(walk.slot, nr);
	if (unlikely(!i))
		return 0;

	if (!table->iop.cfg.coherent_walk)
		io_radix_sync(table, walk.slot, i * sizeof(u64));
	if (gather && !iommu_iotlb_gather_queued(gather))
		io_radix_gather(table, iova, (size_t)i << shift, 1UL << shift,
				gather);
	io_radix_put(f, table, walk.parent, i, iova, level, gather);
	return i;
}

/**
 * io_radix_unmap_pages() - unmap pages
 * @f: format of @table, which is known when this is compiled
 * @table: where
 * @iova: first address
 * @pgsize: size of each page in bytes
 * @pgcount: how many
 * @gather: what is to be flushed; or NULL, if the caller sees to it
 *
 * Context: any.
 * Return: how many bytes were unmapped, see &io_pgtable_ops.unmap_pages.
 */
static __always_inline size_t
io_radix_unmap_pages(const struct io_radix_format *f, struct io_radix *table,
		     u64 iova, size_t pgsize, size_t pgcount,
		     struct iommu_iotlb_gather *gather)
{
	unsigned int level = io_radix_level_of(f, table, pgsize), nr = 0;

	if (likely(io_radix_in_one(f, table, iova, level, pgcount) &&
		   !(iova & (pgsize - 1))))
		nr = level ? io_radix_unmap_in_one(f, table, iova, level,
						   pgcount, gather) :
			     io_radix_unmap_in_one(f, table, iova, 0, pgcount,
						   gather);
	if (likely(nr && nr == pgcount))
		return nr * pgsize;
	return nr * pgsize + io_radix_unmap_any(table, iova + nr * pgsize,
						pgsize, pgcount - nr, gather);
}

#endif /* _IO_PGTABLE_RADIX_INLINE_H_ */
