/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The usual case of mapping and unmapping: pages in one table, which is there.
 * A format expands these templates with its constants, so that none of them
 * has to be loaded or tested at run time. Everything else is done by
 * io-pgtable-radix.c, which reads the constants from the table's format.
 */

#ifndef _IO_PGTABLE_RADIX_FAST_H
#define _IO_PGTABLE_RADIX_FAST_H

#include "io-pgtable-radix.h"
#include "io-pgtable-radix-alloc.h"
#include "io-pgtable-radix-reclaim.h"
#include "io-pgtable-radix-walk.h"

/*
 * The level of pages: 0 for the smallest. The root's for sizes that the table
 * does not have: entries of the root are not the usual case.
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

/* Do the pages lie in one table, and within the range? */
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

/* Map them if their table is there and they are empty, else change nothing. */
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
	/* Order the entries before the device is told to use them. */
	wmb();
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
 * Context: Any context that @gfp allows.
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

		/* Two copies: all that depends on the level is constant in one. */
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

/* Clear smallest leaves up to the first empty entry. Returns how many. */
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

/* Unmap leaves that lie in one table. Returns how many before anything else. */
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
	/* The caller owns the leaf, and so its table stays until it is put. */
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
 * Context: Any context.
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

#endif /* _IO_PGTABLE_RADIX_FAST_H */
