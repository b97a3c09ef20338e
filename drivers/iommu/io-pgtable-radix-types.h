/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A page table whose tables are arrays of 64-bit entries: VT-d's two formats
 * and Arm's long descriptors. A format says which bits mean what.
 *
 * Words: a *table* is an array of *entries*; an entry is empty (0), a *leaf*,
 * which maps memory, or refers to a table one level down. Levels count from
 * the bottom: entries of level 0 can only be leaves, the *top* level is the
 * root's. The *span* of a level is what one of its entries translates.
 */

#ifndef _IO_PGTABLE_RADIX_TYPES_H
#define _IO_PGTABLE_RADIX_TYPES_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/io-pgtable.h>
#include <linux/types.h>

#define IO_RADIX_MAX_LEVELS	5
#define IO_RADIX_LRU		8	/* empty tables that stay */
#define IO_RADIX_RESERVE_LEVEL_1	4
#define IO_RADIX_RESERVE	(IO_RADIX_MAX_LEVELS - 3 + IO_RADIX_LRU + \
				 IO_RADIX_RESERVE_LEVEL_1)

/* In the key of a table, beside its first address: its level, plus 1 */
#define IO_RADIX_KEY_LEVEL	GENMASK(2, 0)

/**
 * struct io_radix_format - the bits of a format
 * @table_mask: decides, with @table_value, whether an entry above level 0
 *	refers to a table; an empty entry must not match
 * @table_value: what a table's entry has in @table_mask
 * @addr_mask: where an entry has its address
 * @leaf: bits that make an entry a leaf: of level 0, and above
 * @dirty_mask: decides, with @dirty_value, whether a leaf was written to
 * @dirty_value: what the leaf has in @dirty_mask then
 * @dirty_flip: the bit to invert so that the next write shows
 * @live_shift: where the entry of a table holds the lowest ten bits of the
 *	number of entries in use below it, in bits that hardware ignores
 * @live_high_shift: where it holds those above, for tables of more entries
 * @live_high_mask: how many there are, as a mask; 0 for none
 * @parked: ignored bit: the table was found empty, and its key is in the LRU.
 *	Alone, and so not present: the entry is *stale*, its table was removed
 *	and the hardware may still have it cached
 * @synced: ignored bit: the entry has reached memory
 * @counted: the format has the bits for @live_shift and @parked
 * @folds: addresses may have 52 bits, of which 51:48 are in bits 15:12
 * @page_shift: &io_radix.page_shift where it is the same for all tables; or 0
 * @index_bits: &io_radix.index_bits in this case; or 0
 * @deferred: tables are freed by the code that syncs the gather, not by the
 *	format
 * @write_back: writes cache lines back to memory for a walk that is not
 *	coherent; NULL: the DMA API does
 */
struct io_radix_format {
	u64	table_mask;
	u64	table_value;
	u64	addr_mask;
	u64	leaf[2];
	u64	dirty_mask;
	u64	dirty_value;
	u64	dirty_flip;
	u8	live_shift;
	u8	live_high_shift;
	u16	live_high_mask;
	u64	parked;
	u64	synced;
	bool	counted;
	bool	folds;
	bool	deferred;
	u8	page_shift;
	u8	index_bits;
	void	(*write_back)(void *start, unsigned int bytes);
};

/* The low part of the number of entries in use, at live_shift */
#define IO_RADIX_LIVE_LOW	0x3ffU
#define IO_RADIX_LIVE_LOW_BITS	10

/**
 * struct io_radix - a table
 * @iop: (c) what all formats share; @iop.cfg.quirks may change while
 *	nothing is mapped
 * @format: (c) the bits
 * @root: (c) the top table
 * @table_bits: (c) what else the entry of a table has
 * @fold: (c) addresses do have 52 bits
 * @top: (c) level of the root's entries
 * @page_shift: (c) log2 of the bytes that a level 0 entry maps
 * @index_bits: (c) log2 of a table's entries
 * @root_entries: (c) entries of the root; a power of two
 * @root_bytes: (c) size of the root
 * @bias: (c) what makes the lowest valid address 0, modulo 2^64
 * @last: (c) the highest valid address, with @bias added
 * @reserve: (c) number of tables that are never given back, in use or not:
 *	a few of level 0, so that several CPUs may each map one page again and
 *	again, and the interior tables above them
 * @tables: (a) tables below the root, those in @spare included
 * @interior: (a) how many of them are above level 0: the interior tables
 * @spare: (a) tables of the reserve that were not needed so far
 * @lru: (a) LRU of empty tables: their keys, in a ring
 * @lru_next: (a) where the next key goes in @lru
 *
 * (c) is constant once the table exists, (a) is atomic.
 *
 * Entries are changed by atomic operations, and nothing here takes a lock.
 * A table is not freed while a CPU uses it, for two reasons:
 *
 * - Its entry, one level up, counts the entries in use below. A map counts its
 *   entries before it writes them; an unmap counts them off after it has
 *   cleared them. A table is removed only by exchanging its entry in the very
 *   state that says "none in use". The table is found by its key: the first
 *   address it translates, and its level.
 * - Until it has counted, a walk runs with interrupts off and shows in
 *   a counter of its CPU. The CPU that removed a table waits for the walks
 *   that were under way before it frees the memory.
 *
 * io_radix_dispose() sees to it that the hardware does not walk freed memory.
 * Removing a table leaves its parent entry stale, unless the caller owned the
 * whole range. A stale entry must be invalidated before it is reused: the
 * paging-structure caches may still point to the old table.
 *
 * A table that becomes empty is not always freed: mapping one page at a time
 * would cost a table each time. See io_radix_park().
 */
struct io_radix {
	struct io_pgtable		iop;
	const struct io_radix_format	*format;
	u64				*root;
	u64				table_bits;
	bool				fold;
	u8				top;
	u8				page_shift;
	u8				index_bits;
	u32				root_entries;
	size_t				root_bytes;
	u64				bias;
	u64				last;
	int				reserve;

	atomic_t			tables;
	atomic_t			interior;
	u64				*spare[IO_RADIX_RESERVE];
	unsigned long			lru[IO_RADIX_LRU];
	atomic_t			lru_next;
};

static inline struct io_radix *io_radix_of(struct io_pgtable_ops *ops)
{
	return container_of(io_pgtable_ops_to_pgtable(ops), struct io_radix, iop);
}

#endif /* _IO_PGTABLE_RADIX_TYPES_H */
