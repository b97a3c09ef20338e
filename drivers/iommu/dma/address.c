// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which I/O address a mapping gets: below the limits of the device, its bus and
 * the IOMMU; below 4 GiB first where the device is on PCI; aligned to its size
 * if there is such a place, and else anywhere, if that will do.
 */

#include <linux/bits.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/minmax.h>

#include "internal.h"

/*
 * Allocate without alignment. The range must not look like an aligned one, which
 * would go to the caches when it is freed: if it does, another CPU has just freed
 * an aligned one, and that can be allocated instead.
 */
static unsigned long alloc_unaligned(struct iova_domain *iovad,
				     unsigned long pages, unsigned long limit_pfn)
{
	struct iova *iova = alloc_iova(iovad, pages, limit_pfn, false);

	if (!iova)
		return 0;
	if (iova->pfn_lo & (roundup_pow_of_two(pages) - 1))
		return iova->pfn_lo;

	__free_iova(iovad, iova);
	return alloc_iova_fast(iovad, pages, limit_pfn, true);
}

/* Tell whether the device takes a buffer anywhere below the limit */
static bool may_be_unaligned(struct device *dev, u64 limit)
{
	/* Nothing below 4 GiB crosses a boundary of at least that */
	return limit <= DMA_BIT_MASK(32) &&
	       dma_get_seg_boundary(dev) >= DMA_BIT_MASK(32);
}

/* Try what is left when there is no aligned range */
static unsigned long alloc_squeezed(struct iommu_dma_iova_cookie *cookie,
				    struct device *dev, unsigned long pages,
				    u64 limit, bool aligned)
{
	if (aligned || pages == 1 || !may_be_unaligned(dev, limit))
		return 0;

	return alloc_unaligned(&cookie->iovad, pages, limit >> iova_shift(&cookie->iovad));
}

static unsigned long alloc_anywhere(struct iommu_dma_iova_cookie *cookie,
				    struct device *dev, unsigned long pages,
				    u64 limit, bool aligned)
{
	unsigned long pfn;

	pfn = alloc_iova_fast(&cookie->iovad, pages,
			      limit >> iova_shift(&cookie->iovad), true);

	return pfn ?: alloc_squeezed(cookie, dev, pages, limit, aligned);
}

/**
 * iommu_dma_alloc_slow() - find an I/O address where the first look did not
 * @cookie: cookie of the domain
 * @dev: device that will use it
 * @pages: length in PFNs
 * @limit: highest address that will do
 * @aligned: it has to be aligned to its length rounded up to a power of two
 *
 * Tries what is left, from the cheap to the dear.
 *
 * Context: Any context but NMI.
 * Return: the first PFN, or 0 if there is none, or no memory.
 */
unsigned long iommu_dma_alloc_slow(struct iommu_dma_iova_cookie *cookie,
				   struct device *dev, unsigned long pages,
				   u64 limit, bool aligned)
{
	struct iommu_fq *fq = iommu_dma_lazy(cookie);
	unsigned long pfn;

	if (iommu_dma_prefers_32bit(dev, limit)) {
		pfn = alloc_squeezed(cookie, dev, pages, DMA_BIT_MASK(32), aligned);
		if (pfn)
			return pfn;
		dev->iommu->pci_32bit_workaround = false;
		dev_notice(dev, "Using %d-bit DMA addresses\n", bits_per(limit));
	}

	pfn = alloc_anywhere(cookie, dev, pages, limit, aligned);
	/* Perhaps ranges that wait for a flush are in the way */
	if (!pfn && fq && iommu_fq_relieve(fq))
		pfn = alloc_anywhere(cookie, dev, pages, limit, aligned);

	return pfn;
}
