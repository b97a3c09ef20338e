/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading and writing entries, and walking down to them. What a format has
 * constant is constant here, too, where the format is known when this is
 * compiled.
 */

#ifndef _IO_PGTABLE_RADIX_WALK_H
#define _IO_PGTABLE_RADIX_WALK_H

#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>

#include "io-pgtable-radix-types.h"

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

/* Valid for entries above level 0 only */
static inline bool io_radix_is_table(const struct io_radix_format *f, u64 entry)
{
	return (entry & f->table_mask) == f->table_value;
}

/* Empty or stale */
static inline bool io_radix_is_free(const struct io_radix_format *f, u64 entry)
{
	return !(entry & ~f->parked);
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

/* Can the table translate @bytes, not 0, from @iova on? */
static inline bool io_radix_in_range(const struct io_radix *table, u64 iova,
				     size_t bytes)
{
	u64 start = iova + table->bias;

	return start <= table->last && bytes - 1 <= table->last - start &&
	       iova + (bytes - 1) >= iova;
}

/* Odd while the CPU walks some table */
DECLARE_PER_CPU(unsigned int, io_radix_walks);

static inline void io_radix_assert_walking(void)
{
	lockdep_assert(this_cpu_read(io_radix_walks) & 1);
}

/**
 * io_radix_enter() - begin to walk tables that other CPUs may remove
 *
 * No table that the walk comes upon is freed before io_radix_leave(). The code
 * between the two must be short and bounded: other CPUs spin until it ends.
 *
 * Context: Any context but NMI. Interrupts are off from here on.
 * Return: the argument for io_radix_leave().
 */
static inline unsigned long io_radix_enter(void)
{
	unsigned long flags;

	local_irq_save(flags);
	__this_cpu_inc(io_radix_walks);
	/*
	 * Pairs with io_radix_wait(): either it sees our count, or we see the
	 * entry without the table.
	 */
	smp_mb();
	return flags;
}

/**
 * io_radix_leave() - end a walk
 * @flags: what io_radix_enter() returned
 *
 * Context: Within a walk. Interrupts are as before it from here on.
 */
static inline void io_radix_leave(unsigned long flags)
{
	unsigned int *walks = this_cpu_ptr(&io_radix_walks);

	io_radix_assert_walking();
	/* Pairs with io_radix_wait(), which returns only after our reads. */
	smp_store_release(walks, *walks + 1);
	local_irq_restore(flags);
}

void io_radix_wait(void);

/**
 * struct io_radix_walk - where a walk has ended
 * @slot: the entry
 * @level: its level
 * @entry: the value read from @slot, if it is above the level that was wanted
 * @parent: entry of the table that @slot is in; NULL for the root
 * @parent_entry: the value read from @parent
 * @all: the bits that all entries on the way have set
 */
struct io_radix_walk {
	u64		*slot;
	unsigned int	level;
	u64		entry;
	u64		*parent;
	u64		parent_entry;
	u64		all;
};

/*
 * Walk to the entry of a level, or to the last entry before it if there is no
 * table below that. Either within io_radix_enter() and io_radix_leave(), or on
 * a path that the caller holds.
 */
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

/* Are the entries empty? They may have become so a moment ago. */
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

/* Write the leaves of a run that lies in one table. */
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

#endif /* _IO_PGTABLE_RADIX_WALK_H */
