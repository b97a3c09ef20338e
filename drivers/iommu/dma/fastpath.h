/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The usual case of mapping and unmapping, which is compiled into each place
 * where it is hot: an address from a cache, pages of one size, nothing fails.
 * All else is called in slowpath.c and address.c.
 *
 * The page tables are written through the domain's operations directly. What
 * the IOMMU core would check on each call is known here once and for all: the
 * domain is a paging domain, and everything is a multiple of its granule.
 */

#ifndef _IOMMU_DMA_FASTPATH_H
#define _IOMMU_DMA_FASTPATH_H

#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <trace/events/iommu.h>
#include <trace/events/iommu_dma.h>

#include "internal.h"

/**
 * iommu_dma_alloc_iova() - find an I/O address
 * @domain: domain with an IOVA cookie
 * @dev: device that will use it
 * @size: length in bytes, a multiple of the granule
 * @limit: highest address that the caller allows, or 0 for any
 * @aligned: it has to be aligned to @size rounded up to a power of two
 *
 * Context: Any context but NMI.
 * Return: the address, or 0 if there is none, or no memory. If @aligned is
 * false and the only places left are below 4 GiB and not aligned, it is one of
 * those.
 */
static __always_inline dma_addr_t
iommu_dma_alloc_iova(struct iommu_domain *domain, struct device *dev, size_t size,
		     u64 limit, bool aligned)
{
	struct iommu_dma_iova_cookie *cookie = iova_cookie(domain);
	unsigned long shift = iova_shift(&cookie->iovad);
	unsigned long pages = size >> shift;
	unsigned long pfn;

	limit = min_not_zero(limit, dev->bus_dma_limit);
	if (domain->geometry.force_aperture)
		limit = min_t(u64, limit, domain->geometry.aperture_end);

	pfn = alloc_iova_fast(&cookie->iovad, pages,
			      (iommu_dma_prefers_32bit(dev, limit) ?
			       DMA_BIT_MASK(32) : limit) >> shift, false);
	if (unlikely(!pfn))
		pfn = iommu_dma_alloc_slow(cookie, dev, pages, limit, aligned);

	return (dma_addr_t)pfn << shift;
}

/**
 * iommu_dma_map_range() - map a part of a range
 * @domain: domain with an IOVA cookie
 * @iova: first I/O address, on a granule
 * @phys: physical address, on a granule
 * @size: length in bytes, a multiple of the granule, not 0
 * @prot: IOMMU_* flags
 * @mapped: gets the length in bytes that is mapped, after an error too
 *
 * Context: Any context but NMI.
 * Return: 0 or a negative errno.
 */
static __always_inline int
iommu_dma_map_range(struct iommu_domain *domain, dma_addr_t iova,
		    phys_addr_t phys, size_t size, int prot, size_t *mapped)
{
	struct iommu_dma_iova_cookie *cookie = iova_cookie(domain);
	struct iova_domain *iovad = &cookie->iovad;
	int ret;

	*mapped = 0;
	if (unlikely(size >= cookie->large_page))
		return iommu_dma_map_range_slow(domain, iova, phys, size, prot, mapped);

	ret = domain->ops->map_pages(domain, iova, phys, iovad->granule,
				     size >> iova_shift(iovad), prot, GFP_ATOMIC,
				     mapped);
	if (unlikely(ret || *mapped < size))
		return ret ?: iommu_dma_map_range_slow(domain, iova, phys, size,
						       prot, mapped);
	trace_map(iova, phys, size);

	return 0;
}

/**
 * iommu_dma_sync_map() - make new mappings visible to the hardware
 * @domain: domain
 * @iova: first I/O address
 * @size: length in bytes of all that was mapped
 *
 * Context: Any context but NMI.
 * Return: 0 or a negative errno.
 */
static __always_inline int iommu_dma_sync_map(struct iommu_domain *domain,
					      dma_addr_t iova, size_t size)
{
	const struct iommu_domain_ops *ops = domain->ops;

	return ops->iotlb_sync_map ? ops->iotlb_sync_map(domain, iova, size) : 0;
}

/**
 * iommu_dma_unmap_range() - unmap a part of a range
 * @domain: domain with an IOVA cookie
 * @iova: first I/O address, on a granule
 * @size: length in bytes, a multiple of the granule, not 0
 * @gather: what has to be flushed; added to
 *
 * Context: Any context but NMI.
 * Return: length in bytes up to the first page that was not mapped.
 */
static __always_inline size_t
iommu_dma_unmap_range(struct iommu_domain *domain, dma_addr_t iova, size_t size,
		      struct iommu_iotlb_gather *gather)
{
	struct iommu_dma_iova_cookie *cookie = iova_cookie(domain);
	struct iova_domain *iovad = &cookie->iovad;
	size_t unmapped;

	if (unlikely(size >= cookie->large_page))
		return iommu_dma_unmap_range_slow(domain, iova, size, gather);

	unmapped = domain->ops->unmap_pages(domain, iova, iovad->granule,
					    size >> iova_shift(iovad), gather);
	if (unlikely(unmapped && unmapped < size))
		unmapped += iommu_dma_unmap_range_slow(domain, iova + unmapped,
						       size - unmapped, gather);
	trace_unmap(iova, size, unmapped);

	return unmapped;
}

/**
 * iommu_dma_gather_begin() - begin a request to unmap
 * @gather: is initialized
 * @domain: domain with an IOVA cookie
 *
 * Drivers may flush for a part of a request before its end, so whether all of
 * it was confirmed shows only in a count that was taken before the first part.
 *
 * Return: that count, for iommu_dma_give_back().
 */
static __always_inline int iommu_dma_gather_begin(struct iommu_iotlb_gather *gather,
						  struct iommu_domain *domain)
{
	iommu_iotlb_gather_init(gather);
	gather->queued = iommu_dma_lazy(iova_cookie(domain));

	return atomic_read(&domain->flush_failures);
}

/**
 * iommu_dma_give_back() - give back a range that is unmapped
 * @domain: domain with an IOVA cookie
 * @iova: first I/O address, as allocated
 * @size: length in bytes, as allocated
 * @gather: what has to be flushed
 * @failures: what iommu_dma_gather_begin() returned
 *
 * Strict: waits until the hardware has invalidated all of it. Lazy: lets the
 * range wait for that.
 *
 * Context: Any context but NMI.
 * Return: false if the hardware has not confirmed it, and the range is
 * quarantined.
 */
static __always_inline bool
iommu_dma_give_back(struct iommu_domain *domain, dma_addr_t iova, size_t size,
		    struct iommu_iotlb_gather *gather, int failures)
{
	struct iommu_dma_iova_cookie *cookie = iova_cookie(domain);
	struct iova_domain *iovad = &cookie->iovad;
	unsigned long pfn = iova_pfn(iovad, iova);
	unsigned long pages = size >> iova_shift(iovad);

	if (gather->queued) {
		iommu_fq_add(cookie->fq, pfn, pages, &gather->freelist);
		return true;
	}

	if (domain->ops->iotlb_sync)
		domain->ops->iotlb_sync(domain, gather);
	if (unlikely(failures != atomic_read(&domain->flush_failures))) {
		iommu_dma_quarantine(domain, iova, size, &gather->freelist);
		return false;
	}
	iommu_dma_free_pfn(iovad, pfn, pages);

	return true;
}

/**
 * __iommu_dma_map_phys() - map a contiguous buffer, where that is hot
 * @dev: device
 * @domain: its domain
 * @phys: physical address of the buffer
 * @size: length in bytes
 * @prot: IOMMU_* flags
 * @limit: highest I/O address allowed
 * @aligned: the I/O address has to be aligned to @size
 *
 * Context: Any context but NMI.
 * Return: the I/O address, or DMA_MAPPING_ERROR.
 */
static __always_inline dma_addr_t
__iommu_dma_map_phys(struct device *dev, struct iommu_domain *domain,
		     phys_addr_t phys, size_t size, int prot, u64 limit,
		     bool aligned)
{
	struct iova_domain *iovad = &iova_cookie(domain)->iovad;
	int failures = atomic_read(&domain->flush_failures);
	size_t offset = iova_offset(iovad, phys);
	size_t length = iova_align(iovad, size + offset);
	dma_addr_t iova;
	size_t mapped;

	if (iommu_dma_attach_deferred(dev, domain))
		return DMA_MAPPING_ERROR;
	if (dev_WARN_ONCE(dev, dma_get_min_align_mask(dev) > iova_mask(iovad),
			  "Unsupported alignment constraint\n"))
		return DMA_MAPPING_ERROR;
	if (unlikely(!length || length < size))
		return DMA_MAPPING_ERROR;

	iova = iommu_dma_alloc_iova(domain, dev, length, limit, aligned);
	if (unlikely(!iova))
		return DMA_MAPPING_ERROR;

	if (unlikely(iommu_dma_map_range(domain, iova, phys - offset, length, prot,
					 &mapped) ||
		     iommu_dma_sync_map(domain, iova, length))) {
		iommu_dma_undo(domain, iova, length, mapped, failures);
		return DMA_MAPPING_ERROR;
	}

	if (iommu_dma_collecting())
		iommu_dma_count_map(dev->iommu->dma->counts, length);
	trace_iommu_dma_map(dev, iova, phys - offset, length);

	return iova + offset;
}

/**
 * __iommu_dma_unmap_phys() - unmap such a buffer, where that is hot
 * @dev: device
 * @iova: I/O address of the buffer
 * @size: its length in bytes
 *
 * Context: Any context but NMI.
 * Return: whether its memory may be reused, see iommu_dma_unmap_phys().
 */
static __always_inline bool __iommu_dma_unmap_phys(struct device *dev,
						   dma_addr_t iova, size_t size)
{
	struct iommu_domain *domain = iommu_get_dma_domain(dev);
	struct iommu_dma_iova_cookie *cookie = iova_cookie(domain);
	size_t offset = iova_offset(&cookie->iovad, iova);
	struct iommu_iotlb_gather gather;
	size_t unmapped = 0;
	bool invalidated, queued;
	int failures;

	iova -= offset;
	size = iova_align(&cookie->iovad, size + offset);
	failures = iommu_dma_gather_begin(&gather, domain);
	queued = gather.queued;

	if (likely(size))
		unmapped = iommu_dma_unmap_range(domain, iova, size, &gather);
	if (unlikely(unmapped < size || !size)) {
		iommu_dma_refuse_unmap(dev, domain, iova, size, unmapped, &gather,
				       failures);
		return false;
	}
	invalidated = iommu_dma_give_back(domain, iova, size, &gather, failures);

	if (iommu_dma_collecting())
		iommu_dma_count_unmap(dev->iommu->dma->counts, size, !queued);
	trace_iommu_dma_unmap(dev, iova, size, queued);

	return invalidated;
}

#endif /* _IOMMU_DMA_FASTPATH_H */
