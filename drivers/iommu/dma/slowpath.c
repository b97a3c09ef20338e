// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the fast path leaves: mapping and unmapping a range that takes more than
 * one call, and ranges that must never be used again. The usual case is in
 * fastpath.h.
 */

#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/printk.h>
#include <trace/events/iommu.h>

#include "internal.h"
#include "../iommu-pages.h"

/* A crashed kernel has left devices attached to their IOMMUs' old domains */
DEFINE_STATIC_KEY_FALSE(iommu_dma_deferred_attach);

/*
 * Choose the largest page that fits at both addresses, and tell how many of
 * them there are before a larger one would do.
 */
static size_t choose_page(struct iommu_domain *domain, unsigned long iova,
			  phys_addr_t phys, size_t size, size_t *count)
{
	unsigned long sizes = domain->pgsize_bitmap, fitting = sizes, larger;
	unsigned long align = iova | phys;
	size_t page, until;

	fitting &= GENMASK(__fls(size), 0);
	if (align)
		fitting &= GENMASK(__ffs(align), 0);
	page = BIT(__fls(fitting));

	larger = sizes & ~GENMASK(__fls(fitting), 0);
	if (larger) {
		larger = BIT(__ffs(larger));
		until = larger - (iova & (larger - 1));
		/* Worth it if both reach its alignment together, and it fits then */
		if (!((iova ^ phys) & (larger - 1)) && size > until &&
		    size - until >= larger)
			size = until;
	}
	*count = size / page;

	return page;
}

/**
 * iommu_dma_map_range_slow() - map a part of a range by pages of several sizes
 * @domain: domain with an IOVA cookie
 * @iova: first I/O address, on a granule
 * @phys: physical address, on a granule
 * @size: length in bytes, a multiple of the granule, not 0
 * @prot: IOMMU_* flags
 * @mapped: length in bytes that is mapped already; raised to what is mapped,
 *	after an error too
 *
 * Context: Any context but NMI.
 * Return: 0 or a negative errno.
 */
int iommu_dma_map_range_slow(struct iommu_domain *domain, dma_addr_t iova,
			     phys_addr_t phys, size_t size, int prot,
			     size_t *mapped)
{
	const struct iommu_domain_ops *ops = domain->ops;
	size_t page, count, n;
	int ret;

	do {
		n = 0;
		page = choose_page(domain, iova + *mapped, phys + *mapped,
				   size - *mapped, &count);
		ret = ops->map_pages(domain, iova + *mapped, phys + *mapped, page,
				     count, prot, GFP_ATOMIC, &n);
		*mapped += n;
	} while (!ret && *mapped < size);

	if (!ret)
		trace_map(iova, phys, size);

	return ret;
}

/**
 * iommu_dma_unmap_range_slow() - unmap a part of a range, pages of several sizes
 * @domain: domain with an IOVA cookie
 * @iova: first I/O address, on a granule
 * @size: length in bytes, a multiple of the granule, not 0
 * @gather: what has to be flushed; added to
 *
 * Context: Any context but NMI.
 * Return: length in bytes up to the first page that was not mapped.
 */
size_t iommu_dma_unmap_range_slow(struct iommu_domain *domain, dma_addr_t iova,
				  size_t size, struct iommu_iotlb_gather *gather)
{
	size_t unmapped = 0, page, count, n;

	do {
		page = choose_page(domain, iova + unmapped, iova + unmapped,
				   size - unmapped, &count);
		n = domain->ops->unmap_pages(domain, iova + unmapped, page, count,
					     gather);
		unmapped += n;
	} while (n && unmapped < size);
	trace_unmap(iova, size, unmapped);

	return unmapped;
}

/**
 * iommu_dma_quarantine() - keep a range from ever being used again
 * @domain: domain with an IOVA cookie
 * @iova: first I/O address
 * @size: length in bytes
 * @tables: pages of page tables that are never used again either, or NULL
 *
 * Context: Any context but NMI.
 */
void iommu_dma_quarantine(struct iommu_domain *domain, dma_addr_t iova, size_t size,
			  struct list_head *tables)
{
	struct iommu_dma_iova_cookie *cookie = iova_cookie(domain);

	atomic_long_inc(&cookie->quarantined_ranges);
	if (tables)
		atomic_long_add(list_count_nodes(tables), &cookie->quarantined_tables);
	pr_warn_ratelimited("iommu: [%pad, %#zx bytes] is never reused, as it may still be in use\n",
			    &iova, size);
}

/**
 * iommu_dma_undo() - give up a range that could not be mapped
 * @domain: domain with an IOVA cookie
 * @iova: first I/O address
 * @size: length in bytes, as allocated
 * @mapped: length in bytes that is mapped from @iova on, without a hole
 * @failures: domain->flush_failures from before it was mapped
 *
 * Context: Any context but NMI.
 */
void iommu_dma_undo(struct iommu_domain *domain, dma_addr_t iova, size_t size,
		    size_t mapped, int failures)
{
	struct iova_domain *iovad = &iova_cookie(domain)->iovad;
	size_t unmapped = mapped ? iommu_unmap(domain, iova, mapped) : 0;

	if (likely(unmapped == mapped &&
		   failures == atomic_read(&domain->flush_failures)))
		iommu_dma_free_pfn(iovad, iova_pfn(iovad, iova),
				   size >> iova_shift(iovad));
	else
		iommu_dma_quarantine(domain, iova, size, NULL);
}

/* Flush for all that was unmapped, whatever the policy was when it was */
static bool flush_now(struct iommu_domain *domain, struct iommu_iotlb_gather *gather,
		      int failures)
{
	bool confirmed;

	if (gather->queued)
		iommu_flush_iotlb_all(domain);
	else if (domain->ops->iotlb_sync)
		domain->ops->iotlb_sync(domain, gather);

	confirmed = failures == atomic_read(&domain->flush_failures);
	if (confirmed && gather->queued)
		iommu_put_pages_list(&gather->freelist);

	return confirmed;
}

/**
 * iommu_dma_flush_and_quarantine() - flush for a range that is never used again
 * @domain: domain with an IOVA cookie
 * @iova: first I/O address
 * @size: length in bytes
 * @gather: what was unmapped of it
 * @failures: what iommu_dma_gather_begin() returned
 *
 * Context: Any context but NMI.
 */
void iommu_dma_flush_and_quarantine(struct iommu_domain *domain, dma_addr_t iova,
				    size_t size, struct iommu_iotlb_gather *gather,
				    int failures)
{
	bool confirmed = flush_now(domain, gather, failures);

	iommu_dma_quarantine(domain, iova, size, confirmed ? NULL : &gather->freelist);
}

/**
 * iommu_dma_refuse_unmap() - report a caller that is wrong about what is mapped
 * @dev: device
 * @domain: its domain
 * @iova: first I/O address, on a granule
 * @size: length in bytes that was to be unmapped
 * @unmapped: what was mapped of it, and is no longer
 * @gather: what has to be flushed
 * @failures: what iommu_dma_gather_begin() returned
 *
 * What was unmapped is flushed for, but the range is never given back: perhaps
 * it belongs to another user, or was given back before.
 *
 * Context: Any context but NMI.
 */
void iommu_dma_refuse_unmap(struct device *dev, struct iommu_domain *domain,
			    dma_addr_t iova, size_t size, size_t unmapped,
			    struct iommu_iotlb_gather *gather, int failures)
{
	dev_err_ratelimited(dev, "unmaps %#zx bytes at %pad, but %#zx are mapped\n",
			    size, &iova, unmapped);
	if (unmapped)
		iommu_dma_flush_and_quarantine(domain, iova, size, gather, failures);
}
