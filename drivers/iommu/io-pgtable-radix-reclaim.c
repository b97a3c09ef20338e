// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting the entries in use of each table, and giving empty tables back.
 *
 * A table that becomes empty is *parked*: it stays in its entry, which is
 * marked, and its key enters the LRU of empty tables, a ring. It leaves the
 * LRU, and is *evicted* if it is still empty, when another key takes its slot
 * or when there are more empty tables than may stay.
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
 * @entry: the value read from @slot
 * @nr: how many
 *
 * Context: Within a walk.
 * Return: 0; -EAGAIN if @slot has changed its table meanwhile; -EEXIST if there
 * can't be so many, and so some of them must be in use.
 */
int io_radix_hold_slow(struct io_radix *table, u64 *slot, u64 entry,
		       unsigned int nr)
{
	u64 old = READ_ONCE(*slot), live;

	io_radix_assert_walking();
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
 * Count entries off. Where none is left, the table becomes parked. Returns true
 * if it was not, so that its key has yet to enter the LRU.
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
			new |= table->format->parked;
	} while (!try_cmpxchg64(slot, &old, new));
	return !live && !(old & table->format->parked);
}

/*
 * Are there more empty tables than may stay? Those beyond the reserve are too
 * many once nothing is mapped. Then all tables that are not parked are interior
 * tables above parked ones. If there are others, something is in use: the CPU
 * that unmaps it looks again, and until then all parked tables may stay. Large
 * pages don't show here, as they may lie in interior tables.
 */
static bool io_radix_too_many(struct io_radix *table)
{
	int others = atomic_read(&table->tables), parked = 0, i;

	if (io_radix_may_park(table))
		return false;
	for (i = 0; i < IO_RADIX_LRU; i++)
		parked += !!READ_ONCE(table->lru[i]);
	for (i = 0; i < table->reserve; i++)
		others -= !!READ_ONCE(table->spare[i]);
	others -= parked;
	return others <= min(atomic_read(&table->interior), (table->top - 1) * parked);
}

/* Add the key of an empty table. Returns the key that had its slot, or 0. */
static unsigned long io_radix_lru_add(struct io_radix *table, u64 iova,
				      unsigned int level)
{
	unsigned int next = atomic_inc_return(&table->lru_next);

	return xchg(&table->lru[next % IO_RADIX_LRU], iova | (level + 1));
}

/* Take the oldest key. Returns 0 if there is none. */
static unsigned long io_radix_lru_take(struct io_radix *table)
{
	unsigned int next = atomic_read(&table->lru_next), i;
	unsigned long key = 0;

	for (i = 1; i <= IO_RADIX_LRU && !key; i++)
		if (READ_ONCE(table->lru[(next + i) % IO_RADIX_LRU]))
			key = xchg(&table->lru[(next + i) % IO_RADIX_LRU], 0);
	return key;
}

/* The first address that a table of a level translates */
static u64 io_radix_first(struct io_radix *table, u64 iova, unsigned int level)
{
	return iova & ~((1ULL << io_radix_shift(table->format, table, level + 1)) - 1);
}

/*
 * Remove an empty table from its entry. The entry becomes stale, since the
 * caller does not own the whole range. A table that is not empty stays, and is
 * no longer parked.
 */
static bool io_radix_detach(struct io_radix *table, u64 *slot, u64 entry)
{
	const struct io_radix_format *f = table->format;
	u64 old = READ_ONCE(*slot), new;

	do {
		if (!io_radix_same_table(table, old, entry))
			return false;
		new = io_radix_live(f, old) ? old & ~f->parked : f->parked;
	} while (!try_cmpxchg64(slot, &old, new));
	if (new != f->parked)
		return false;
	if (!table->iop.cfg.coherent_walk)
		io_radix_sync(table, slot, sizeof(*slot));
	return true;
}

/*
 * Walk to a table and remove it, then those above that became empty by it,
 * except for the reserve. All in one walk: no table that it has read is freed
 * before its end, so an entry with the same address has the same table.
 *
 * Returns the level of a table that stays although empty, 0 for none.
 */
static unsigned int io_radix_take_out(struct io_radix *table, u64 iova,
				      unsigned int level,
				      struct io_radix_removed *removed)
{
	u64 *slots[IO_RADIX_MAX_LEVELS + 1] = {}, *entries = table->root;
	u64 held[IO_RADIX_MAX_LEVELS + 1] = {};
	unsigned int at;

	io_radix_assert_walking();
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
		removed->entries[removed->nr++] = held[at];
		if (at == table->top ||
		    !io_radix_release(table, slots[at + 1], held[at + 1], 1))
			return 0;
		if (!table->iop.cfg.alloc && atomic_read(&table->tables) -
		    (int)removed->nr <= table->reserve)
			return at;
	}
	return 0;
}

/*
 * Give one table back. Returns the key of another that lost its slot in the LRU,
 * because a table above was parked instead; or 0.
 */
static unsigned long io_radix_evict_key(struct io_radix *table,
					unsigned long key,
					struct iommu_iotlb_gather *gather)
{
	struct io_radix_removed removed = {
		.iova = key & ~IO_RADIX_KEY_LEVEL,
		.level = (key & IO_RADIX_KEY_LEVEL) - 1,
	};
	unsigned long flags, other = 0;
	unsigned int stays;

	flags = io_radix_enter();
	stays = io_radix_take_out(table, removed.iova, removed.level, &removed);
	if (stays)
		other = io_radix_lru_add(table, io_radix_first(table,
							       removed.iova,
							       stays), stays);
	io_radix_leave(flags);
	if (removed.nr)
		io_radix_dispose(table, &removed, gather);
	return other;
}

/* Give a table back, if it is still there and empty. */
static void io_radix_evict(struct io_radix *table, u64 iova, unsigned int level,
			   struct iommu_iotlb_gather *gather)
{
	unsigned long key = iova | (level + 1);

	while (key)
		key = io_radix_evict_key(table, key, gather);
}

/* Give the oldest empty tables back until there are not too many. */
static void io_radix_trim(struct io_radix *table,
			  struct iommu_iotlb_gather *gather)
{
	unsigned long key;

	/*
	 * Pairs with itself: of two CPUs that count off at once, at least one
	 * sees the numbers after both.
	 */
	smp_mb();
	while (io_radix_too_many(table)) {
		key = io_radix_lru_take(table);
		if (!key)
			return;
		io_radix_evict(table, key & ~IO_RADIX_KEY_LEVEL,
			       (key & IO_RADIX_KEY_LEVEL) - 1, gather);
	}
}

/**
 * io_radix_free_unused() - free a table that was not used after all
 * @table: what it was to be part of
 * @entries: its entries
 *
 * Context: Any context.
 */
void io_radix_free_unused(struct io_radix *table, u64 *entries)
{
	io_radix_free_table(table, entries);
	io_radix_refill(table, GFP_ATOMIC | __GFP_NOWARN);
	/* It counted as one in use, so other CPUs may have parked theirs. */
	io_radix_trim(table, NULL);
}

/*
 * A table has become empty. The next page may be about to be mapped through
 * it, so it stays, and those that were parked before are evicted.
 *
 * Tables of a driver's own allocator are given back at once: the driver wants
 * to know where they are.
 */
static void io_radix_park(struct io_radix *table, u64 iova, unsigned int level,
			  struct iommu_iotlb_gather *gather)
{
	unsigned long key;

	if (table->iop.cfg.alloc) {
		io_radix_evict(table, iova, level, gather);
		return;
	}
	key = io_radix_lru_add(table, iova, level);
	if (key)
		io_radix_evict(table, key & ~IO_RADIX_KEY_LEVEL,
			       (key & IO_RADIX_KEY_LEVEL) - 1, gather);
	io_radix_trim(table, gather);
}

/**
 * io_radix_remove() - remove the table in an entry with all below it
 * @table: what it is part of
 * @slot: the entry, made empty
 * @iova: first address that the entry translates
 * @level: level of the entry
 * @gather: what the tables may be freed with; or NULL
 *
 * The caller must own all addresses that the entry translates.
 *
 * Context: Any context.
 * Return: true if the caller must count the entry off; false if another CPU
 * does that, which evicted the table while it was empty.
 */
bool io_radix_remove(struct io_radix *table, u64 *slot, u64 iova,
		     unsigned int level, struct iommu_iotlb_gather *gather)
{
	struct io_radix_removed removed = {
		.iova = iova, .level = level - 1, .nr = 1,
	};
	u64 entry = READ_ONCE(*slot);

	/* Another CPU may just be evicting it, if it is empty. */
	do {
		if (io_radix_is_free(table->format, entry))
			return false;
	} while (!try_cmpxchg64(slot, &entry, 0));
	if (!table->iop.cfg.coherent_walk)
		io_radix_sync(table, slot, sizeof(*slot));
	removed.entries[0] = entry;
	io_radix_dispose(table, &removed, gather);
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
 * Context: Any context.
 */
void io_radix_put_slow(struct io_radix *table, u64 *slot, unsigned int nr,
		       u64 iova, unsigned int level,
		       struct iommu_iotlb_gather *gather)
{
	if (io_radix_release(table, slot, READ_ONCE(*slot), nr))
		io_radix_park(table, io_radix_first(table, iova, level), level,
			      gather);
	else
		io_radix_trim(table, gather);
}
