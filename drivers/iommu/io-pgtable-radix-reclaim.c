// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting the entries in use of each table, and giving empty tables back.
 */

#define pr_fmt(fmt) "io-pgtable: " fmt

#include <linux/minmax.h>
#include <linux/printk.h>

#include "io-pgtable-radix-alloc.h"
#include "io-pgtable-radix-reclaim.h"

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

/* Gives a table back, if there is one there, and nothing in it. */
static void io_radix_evict(struct io_radix *table, u64 iova, unsigned int level,
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
 * io_radix_free_unused() - free a table that was not used after all
 * @table: what it was to be part of
 * @entries: its entries
 *
 * Context: any.
 */
void io_radix_free_unused(struct io_radix *table, u64 *entries)
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
