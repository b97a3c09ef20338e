/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What formats call, beside the fast path of io-pgtable-radix-fast.h: setting
 * a table up, mapping, unmapping and looking up.
 */

#ifndef _IO_PGTABLE_RADIX_H
#define _IO_PGTABLE_RADIX_H

#include "io-pgtable-radix-types.h"

int io_radix_init(struct io_radix *table, const struct io_pgtable_cfg *cfg,
		  void *cookie);
void io_radix_destroy(struct io_radix *table);
int io_radix_map_any(struct io_radix *table, u64 iova, phys_addr_t paddr,
		     size_t pgsize, size_t pgcount, u64 leaf, gfp_t gfp,
		     size_t *mapped);
size_t io_radix_unmap_any(struct io_radix *table, u64 iova, size_t pgsize,
			  size_t pgcount, struct iommu_iotlb_gather *gather);
void io_radix_gather(struct io_radix *table, u64 iova, size_t bytes,
		     size_t pgsize, struct iommu_iotlb_gather *gather);
phys_addr_t io_radix_iova_to_phys(struct io_pgtable_ops *ops,
				  unsigned long iova);
int io_radix_read_and_clear_dirty(struct io_pgtable_ops *ops,
				  unsigned long iova, size_t size,
				  unsigned long flags,
				  struct iommu_dirty_bitmap *dirty);

#endif /* _IO_PGTABLE_RADIX_H */
