/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counting the entries in use of each table, and giving empty tables back. The
 * usual case of counting is inline.
 */

#ifndef _IO_PGTABLE_RADIX_RECLAIM_H
#define _IO_PGTABLE_RADIX_RECLAIM_H

#include "io-pgtable-radix-walk.h"

int io_radix_hold_slow(struct io_radix *table, u64 *slot, u64 entry,
		       unsigned int nr);
void io_radix_put_slow(struct io_radix *table, u64 *slot, unsigned int nr,
		       u64 iova, unsigned int level,
		       struct iommu_iotlb_gather *gather);
bool io_radix_remove(struct io_radix *table, u64 *slot, u64 iova,
		     unsigned int level, struct iommu_iotlb_gather *gather);
void io_radix_free_unused(struct io_radix *table, u64 *entries);

/**
 * io_radix_hold() - count entries that will be written
 * @f: format of @table
 * @table: what they are part of
 * @slot: entry of their table
 * @entry: the value read from @slot
 * @nr: how many
 *
 * Context: Within a walk.
 * Return: 0; -EAGAIN if @slot has changed its table meanwhile; -EEXIST if there
 * can't be so many, and so some of them must be in use.
 */
static __always_inline int io_radix_hold(const struct io_radix_format *f,
					 struct io_radix *table, u64 *slot,
					 u64 entry, unsigned int nr)
{
	unsigned int low = entry >> f->live_shift & IO_RADIX_LIVE_LOW;
	u64 old = entry;

	io_radix_assert_walking();
	if (!f->counted)
		return 0;
	if (likely(low + nr <= IO_RADIX_LIVE_LOW &&
		   try_cmpxchg64(slot, &old, old + ((u64)nr << f->live_shift))))
		return 0;
	return io_radix_hold_slow(table, slot, entry, nr);
}

/*
 * May a table that became empty stay? A quick answer, from the numbers alone:
 * yes if all tables belong to the reserve; and yes if there are so many that
 * some are in use, even if all spare ones are left and the LRU is full.
 */
static __always_inline bool io_radix_may_park(const struct io_radix *table)
{
	int tables = atomic_read(&table->tables), reserve = table->reserve;

	return tables <= reserve ||
	       tables > atomic_read(&table->interior) + reserve + IO_RADIX_LRU;
}

/**
 * io_radix_put() - count off entries that are empty again
 * @f: format of @table
 * @table: what they are part of
 * @slot: entry of their table
 * @nr: how many
 * @iova: an address that their table translates
 * @level: level of their table
 * @gather: what tables may be freed with; or NULL
 *
 * Context: Any context.
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
	 * but a table that is parked already may stay so.
	 */
	if (likely((old >> f->live_shift & IO_RADIX_LIVE_LOW) > nr ||
		   (old & f->parked && !io_radix_live(f, new) &&
		    io_radix_may_park(table))) &&
	    try_cmpxchg64(slot, &old, new))
		return;
	io_radix_put_slow(table, slot, nr, iova, level, gather);
}

#endif /* _IO_PGTABLE_RADIX_RECLAIM_H */
