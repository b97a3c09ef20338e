/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which I/O address a mapping gets. See dma-iommu-iova.c.
 */

#ifndef __DMA_IOMMU_IOVA_H
#define __DMA_IOMMU_IOVA_H

#include <linux/iova.h>
#include <linux/log2.h>
#include <linux/types.h>

/**
 * iommu_dma_free_pfn() - give a range back
 * @iovad: IOVA domain
 * @pfn: first PFN of the range
 * @pages: its length as it was asked for, in PFNs
 *
 * A range that was placed without alignment does not come from the caches, and
 * must not go there.
 *
 * Context: any but NMI.
 */
static inline void iommu_dma_free_pfn(struct iova_domain *iovad,
				      unsigned long pfn, unsigned long pages)
{
	if (unlikely(pages > 1 && pfn & (roundup_pow_of_two(pages) - 1)))
		free_iova(iovad, pfn);
	else
		free_iova_fast(iovad, pfn, pages);
}

#endif /* __DMA_IOMMU_IOVA_H */
