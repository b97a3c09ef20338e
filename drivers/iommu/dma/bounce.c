// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bounce buffers: a device that is not trusted must not see what shares a page
 * with a buffer, and one that is not coherent must not share cache lines with
 * the CPU. Both get a copy of the buffer that has its granules to itself.
 */

#include <linux/device.h>
#include <linux/dma-map-ops.h>
#include <linux/io.h>
#include <linux/scatterlist.h>
#include <linux/string.h>
#include <linux/swiotlb.h>
#include <trace/events/swiotlb.h>

#include "internal.h"

/**
 * iommu_dma_may_bounce_sg() - tell whether a list may have been bounced
 * @dev: device
 * @sg: scatter list
 * @nents: number of its segments
 * @dir: direction of the DMA
 *
 * Context: Any context.
 * Return: whether any of its segments may be bounced.
 */
bool iommu_dma_may_bounce_sg(struct device *dev, struct scatterlist *sg,
			     int nents, enum dma_data_direction dir)
{
	struct scatterlist *s;
	int i;

	if (!IS_ENABLED(CONFIG_SWIOTLB))
		return false;
	if (iommu_dma_is_untrusted(dev))
		return true;
	if (dma_kmalloc_safe(dev, dir))
		return false;

	for_each_sg(sg, s, nents, i)
		if (!dma_kmalloc_size_aligned(s->length))
			return true;

	return false;
}

/* Clear the rest of the granules before and after the copy: it holds old data */
static void clear_padding(struct iova_domain *iovad, phys_addr_t phys, size_t size)
{
	void *start = phys_to_virt(phys), *end = start + size;
	size_t before = iova_offset(iovad, phys);
	size_t after = -(phys + size) & iova_mask(iovad);

	memset(start - before, 0, before);
	memset(end, 0, after);
}

/**
 * iommu_dma_bounce() - copy a buffer into granules of its own, if it must be
 * @dev: device that iommu_dma_may_bounce() is true for
 * @iovad: IOVA domain that will map it
 * @phys: physical address of the buffer
 * @size: length in bytes
 * @dir: direction of the DMA
 * @attrs: DMA_ATTR_*
 *
 * swiotlb_tbl_unmap_single() undoes it, and does nothing to a buffer that was
 * not copied.
 *
 * Context: Any context but NMI.
 * Return: where the device is to do its DMA, or DMA_MAPPING_ERROR.
 */
phys_addr_t iommu_dma_bounce(struct device *dev, struct iova_domain *iovad,
			     phys_addr_t phys, size_t size,
			     enum dma_data_direction dir, unsigned long attrs)
{
	if (!iova_offset(iovad, phys | size))
		return phys;

	if (!is_swiotlb_active(dev)) {
		dev_warn_once(dev, "No bounce buffers: cannot map a buffer that fills no page\n");
		return (phys_addr_t)DMA_MAPPING_ERROR;
	}

	trace_swiotlb_bounced(dev, phys, size);
	phys = swiotlb_tbl_map_single(dev, phys, size, iova_mask(iovad), dir, attrs);
	if (phys != (phys_addr_t)DMA_MAPPING_ERROR && iommu_dma_is_untrusted(dev))
		clear_padding(iovad, phys, size);

	return phys;
}
