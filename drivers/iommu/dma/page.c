// SPDX-License-Identifier: GPL-2.0-only
/*
 * The DMA API on top of an IOMMU: what drivers call for pages, for resources of
 * other devices and for the caches of the CPU, and what they ask about sizes.
 *
 * kernel/dma/mapping.c comes here for each device whose group has a default
 * domain for the DMA API. Such a domain has an IOVA cookie, made before any of
 * its devices gets here and valid as long as one of them is bound to a driver.
 *
 * Everything that maps or unmaps may be called in any context but NMI, with
 * whatever locks a driver holds, and never sleeps, if it does not say so.
 */

#include <linux/dma-map-ops.h>
#include <linux/iommu.h>
#include <linux/iommu-dma.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/swiotlb.h>

#include "fastpath.h"

/**
 * iommu_dma_map_page() - map a buffer
 * @dev: device
 * @page: page that the buffer begins in
 * @offset: where it begins there, in bytes; may lie beyond the page
 * @size: its length in bytes
 * @dir: direction of the DMA
 * @attrs: DMA_ATTR_*
 *
 * Context: Any context but NMI.
 * Return: the buffer's I/O address, or DMA_MAPPING_ERROR.
 */
dma_addr_t iommu_dma_map_page(struct device *dev, struct page *page,
			      unsigned long offset, size_t size,
			      enum dma_data_direction dir, unsigned long attrs)
{
	struct iommu_domain *domain = iommu_get_dma_domain(dev);
	phys_addr_t phys = page_to_phys(page) + offset;
	bool coherent = dev_is_dma_coherent(dev);
	bool bounce = iommu_dma_may_bounce(dev, size, dir);
	dma_addr_t iova;

	if (unlikely(bounce)) {
		phys = iommu_dma_bounce(dev, &iova_cookie(domain)->iovad, phys,
					size, dir, attrs);
		if (phys == (phys_addr_t)DMA_MAPPING_ERROR)
			return DMA_MAPPING_ERROR;
	}

	if (!coherent && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		arch_sync_dma_for_device(phys, size, dir);

	iova = __iommu_dma_map_phys(dev, domain, phys, size,
				    iommu_dma_prot(coherent, dir, attrs),
				    dma_get_mask(dev), false);
	if (unlikely(bounce && iova == DMA_MAPPING_ERROR))
		swiotlb_tbl_unmap_single(dev, phys, size, dir, attrs);

	return iova;
}

/**
 * iommu_dma_unmap_page() - unmap a buffer
 * @dev: device
 * @dma_handle: I/O address from iommu_dma_map_page()
 * @size: length in bytes, as it was mapped
 * @dir: direction of the DMA, as it was mapped
 * @attrs: DMA_ATTR_*
 *
 * The tables are walked for the buffer's physical address only if the CPU has
 * to do something about its contents.
 *
 * Context: Any context but NMI.
 */
void iommu_dma_unmap_page(struct device *dev, dma_addr_t dma_handle, size_t size,
			  enum dma_data_direction dir, unsigned long attrs)
{
	bool bounce = iommu_dma_may_bounce(dev, size, dir);
	bool sync = !dev_is_dma_coherent(dev) && !(attrs & DMA_ATTR_SKIP_CPU_SYNC);
	phys_addr_t phys = 0;

	if (unlikely(bounce || sync)) {
		phys = iommu_iova_to_phys(iommu_get_dma_domain(dev), dma_handle);
		if (WARN_ON_ONCE(!phys))
			return;
	}

	if (sync)
		arch_sync_dma_for_cpu(phys, size, dir);
	if (__iommu_dma_unmap_phys(dev, dma_handle, size) && unlikely(bounce))
		swiotlb_tbl_unmap_single(dev, phys, size, dir, attrs);
}

/**
 * iommu_dma_map_phys() - map a contiguous buffer
 * @dev: device
 * @phys: its physical address
 * @size: length in bytes
 * @prot: IOMMU_* flags
 * @limit: highest I/O address allowed
 * @aligned: the I/O address has to be aligned to @size
 *
 * Context: Any context but NMI.
 * Return: the I/O address, or DMA_MAPPING_ERROR.
 */
dma_addr_t iommu_dma_map_phys(struct device *dev, phys_addr_t phys, size_t size,
			      int prot, u64 limit, bool aligned)
{
	return __iommu_dma_map_phys(dev, iommu_get_dma_domain(dev), phys, size,
				    prot, limit, aligned);
}

/**
 * iommu_dma_unmap_phys() - unmap a buffer that is mapped in one piece
 * @dev: device
 * @iova: I/O address of the buffer
 * @size: its length in bytes
 *
 * Strict: all of it is invalidated on return. Lazy: it will be before the
 * addresses, or page tables, are used again.
 *
 * Context: Any context but NMI.
 * Return: true. If not all of it was mapped, or the hardware has not confirmed
 * the invalidation, false: the addresses are never given back, and the memory
 * must not be either.
 */
bool iommu_dma_unmap_phys(struct device *dev, dma_addr_t iova, size_t size)
{
	return __iommu_dma_unmap_phys(dev, iova, size);
}

/**
 * iommu_dma_map_resource() - map registers or memory of another device
 * @dev: device
 * @phys: physical address
 * @size: length in bytes
 * @dir: direction of the DMA
 * @attrs: DMA_ATTR_*
 *
 * Context: Any context but NMI.
 * Return: the I/O address, or DMA_MAPPING_ERROR.
 */
dma_addr_t iommu_dma_map_resource(struct device *dev, phys_addr_t phys,
				  size_t size, enum dma_data_direction dir,
				  unsigned long attrs)
{
	int prot = iommu_dma_prot(false, dir, attrs) | IOMMU_MMIO;

	return iommu_dma_map_phys(dev, phys, size, prot, dma_get_mask(dev), false);
}

/**
 * iommu_dma_unmap_resource() - unmap what iommu_dma_map_resource() mapped
 * @dev: device
 * @handle: I/O address
 * @size: length in bytes
 * @dir: not used
 * @attrs: not used
 *
 * Context: Any context but NMI.
 */
void iommu_dma_unmap_resource(struct device *dev, dma_addr_t handle, size_t size,
			      enum dma_data_direction dir, unsigned long attrs)
{
	iommu_dma_unmap_phys(dev, handle, size);
}

/* Tell whether there is anything to do before CPU or device look at a buffer */
static bool needs_sync(struct device *dev, size_t size, enum dma_data_direction dir)
{
	return !dev_is_dma_coherent(dev) || iommu_dma_may_bounce(dev, size, dir);
}

/**
 * iommu_dma_sync_single_for_cpu() - let the CPU see what a device has written
 * @dev: device
 * @dma_handle: I/O address in a mapped buffer
 * @size: length in bytes
 * @dir: direction of the DMA
 *
 * Context: Any context but NMI.
 */
void iommu_dma_sync_single_for_cpu(struct device *dev, dma_addr_t dma_handle,
				   size_t size, enum dma_data_direction dir)
{
	phys_addr_t phys;

	if (!needs_sync(dev, size, dir))
		return;

	phys = iommu_iova_to_phys(iommu_get_dma_domain(dev), dma_handle);
	if (!dev_is_dma_coherent(dev))
		arch_sync_dma_for_cpu(phys, size, dir);
	swiotlb_sync_single_for_cpu(dev, phys, size, dir);
}

/**
 * iommu_dma_sync_single_for_device() - let a device see what the CPU has written
 * @dev: device
 * @dma_handle: I/O address in a mapped buffer
 * @size: length in bytes
 * @dir: direction of the DMA
 *
 * Context: Any context but NMI.
 */
void iommu_dma_sync_single_for_device(struct device *dev, dma_addr_t dma_handle,
				      size_t size, enum dma_data_direction dir)
{
	phys_addr_t phys;

	if (!needs_sync(dev, size, dir))
		return;

	phys = iommu_iova_to_phys(iommu_get_dma_domain(dev), dma_handle);
	swiotlb_sync_single_for_device(dev, phys, size, dir);
	if (!dev_is_dma_coherent(dev))
		arch_sync_dma_for_device(phys, size, dir);
}

/**
 * iommu_dma_get_merge_boundary() - tell what buffers must end on to be merged
 * @dev: device
 *
 * Context: Any context.
 * Return: the mask of the bits that have to be 0, in bytes.
 */
unsigned long iommu_dma_get_merge_boundary(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_dma_domain(dev);

	return (1UL << __ffs(domain->pgsize_bitmap)) - 1;
}

/**
 * iommu_dma_opt_mapping_size() - tell up to which size a mapping is cheap
 *
 * Context: Any context.
 * Return: size in bytes.
 */
size_t iommu_dma_opt_mapping_size(void)
{
	return iova_rcache_range();
}

/**
 * iommu_dma_max_mapping_size() - tell the size of the largest mapping
 * @dev: device
 *
 * Context: Any context.
 * Return: size in bytes.
 */
size_t iommu_dma_max_mapping_size(struct device *dev)
{
	if (iommu_dma_is_untrusted(dev))
		return swiotlb_max_mapping_size(dev);

	return SIZE_MAX;
}
