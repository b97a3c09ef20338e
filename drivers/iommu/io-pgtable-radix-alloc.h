/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory of page tables: allocating it, making it visible to the hardware,
 * and freeing it once neither CPU nor hardware can be in it.
 */

#ifndef _IO_PGTABLE_RADIX_ALLOC_H
#define _IO_PGTABLE_RADIX_ALLOC_H

#include "io-pgtable-radix-types.h"

/**
 * struct io_radix_removed - tables that are in no entry any more
 * @iova: the first address they translated
 * @level: the lowest level among them
 * @nr: how many
 * @entries: their former entries, one for each level from @level on
 */
struct io_radix_removed {
	u64		iova;
	unsigned int	level;
	unsigned int	nr;
	u64		entries[IO_RADIX_MAX_LEVELS];
};

/*
 * A gather is an empty structure in kernels that have formats for the sake of
 * a GPU but no IOMMU API; no caller has one to pass there.
 */
#ifdef CONFIG_IOMMU_API
/* Add a range. Returns the list of tables that the sync of the gather frees. */
static inline struct list_head *
io_radix_gather_add(struct iommu_iotlb_gather *gather, u64 iova, size_t bytes)
{
	if (!gather->queued)
		iommu_iotlb_gather_add_range(gather, iova, bytes);
	return &gather->freelist;
}
#else
static inline struct list_head *
io_radix_gather_add(struct iommu_iotlb_gather *gather, u64 iova, size_t bytes)
{
	return NULL;
}
#endif

int io_radix_alloc_root(struct io_radix *table);
void io_radix_free_all(struct io_radix *table);
u64 *io_radix_alloc(struct io_radix *table, gfp_t gfp, bool whole);
void io_radix_free_table(struct io_radix *table, u64 *entries);
bool io_radix_refill(struct io_radix *table, gfp_t gfp);
void io_radix_sync(struct io_radix *table, void *start, size_t bytes);
void io_radix_invalidate(struct io_radix *table, u64 iova, unsigned int level);
void io_radix_dispose(struct io_radix *table, const struct io_radix_removed *removed,
		      struct iommu_iotlb_gather *gather);

#endif /* _IO_PGTABLE_RADIX_ALLOC_H */
