/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a range of I/O addresses goes back to the allocator. Unmapping does it,
 * and so do the flush queues, which are below everything that allocates.
 */

#ifndef _IOMMU_DMA_FREE_H
#define _IOMMU_DMA_FREE_H

#include <linux/iova.h>
#include <linux/log2.h>
#include <linux/types.h>

/**
 * iommu_dma_free_pfn() - free a range
 * @iovad: IOVA domain
 * @pfn: first PFN of the range
 * @pages: its length as it was asked for, in PFNs
 *
 * A range that was placed without alignment does not come from the caches, and
 * must not go there.
 *
 * Context: Any context but NMI.
 */
static inline void iommu_dma_free_pfn(struct iova_domain *iovad,
				      unsigned long pfn, unsigned long pages)
{
	if (unlikely(pages > 1 && pfn & (roundup_pow_of_two(pages) - 1)))
		free_iova(iovad, pfn);
	else
		free_iova_fast(iovad, pfn, pages);
}

#endif /* _IOMMU_DMA_FREE_H */
