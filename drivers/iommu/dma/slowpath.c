// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges of I/O addresses: filling and emptying them where that takes more than
 * one call, what must never be used again, and unmapping in several pieces. The
 * usual case is in dma-iommu-inline.h.
 */

#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/printk.h>

#include "fastpath.h"
#include "../iommu-pages.h"

/*
 * The largest page that fits at both addresses, and how many of them there are
 * before a larger one would do.
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
 * iommu_dma_fill_slow() - iommu_dma_fill() for pages of several sizes
 * @domain: domain with an IOVA cookie
 * @iova: first I/O address, on a granule
 * @phys: physical address, on a granule
 * @size: length in bytes, a multiple of the granule, not 0
 * @prot: IOMMU_* flags
 * @filled: length in bytes that is mapped already; raised to what is mapped,
 *	which an error leaves so
 *
 * Context: any but NMI.
 * Return: 0 or a negative errno.
 */
int iommu_dma_fill_slow(struct iommu_domain *domain, dma_addr_t iova,
			phys_addr_t phys, size_t size, int prot, size_t *filled)
{
	const struct iommu_domain_ops *ops = domain->ops;
	size_t page, count, n;
	int ret;

	do {
		n = 0;
		page = choose_page(domain, iova + *filled, phys + *filled,
				   size - *filled, &count);
		ret = ops->map_pages(domain, iova + *filled, phys + *filled, page,
				     count, prot, GFP_ATOMIC, &n);
		*filled += n;
	} while (!ret && *filled < size);

	if (!ret)
		trace_map(iova, phys, size);

	return ret;
}

/**
 * iommu_dma_empty_slow() - iommu_dma_empty_range() for pages of several sizes
 * @domain: domain with an IOVA cookie
 * @iova: first I/O address, on a granule
 * @size: length in bytes, a multiple of the granule, not 0
 * @gather: what has to be flushed; added to
 *
 * Context: any but NMI.
 * Return: length in bytes up to the first page that was not mapped.
 */
size_t iommu_dma_empty_slow(struct iommu_domain *domain, dma_addr_t iova,
			    size_t size, struct iommu_iotlb_gather *gather)
{
	size_t emptied = 0, page, count, n;

	do {
		page = choose_page(domain, iova + emptied, iova + emptied,
				   size - emptied, &count);
		n = domain->ops->unmap_pages(domain, iova + emptied, page, count,
					     gather);
		emptied += n;
	} while (n && emptied < size);
	trace_unmap(iova, size, emptied);

	return emptied;
}

/**
 * iommu_dma_set_aside() - see to it that a range is never used again
 * @domain: domain with an IOVA cookie
 * @iova: first I/O address
 * @size: length in bytes
 * @tables: pages of page tables that are never used again either, or NULL
 *
 * Context: any but NMI.
 */
void iommu_dma_set_aside(struct iommu_domain *domain, dma_addr_t iova, size_t size,
			 struct list_head *tables)
{
	struct iommu_dma_iova_cookie *cookie = iova_cookie(domain);

	atomic_long_inc(&cookie->aside_ranges);
	if (tables)
		atomic_long_add(list_count_nodes(tables), &cookie->aside_tables);
	pr_warn_ratelimited("iommu: [%pad, %#zx bytes] is never reused, as it may still be in use\n",
			    &iova, size);
}

/**
 * iommu_dma_undo() - give up a range that could not be filled
 * @domain: domain with an IOVA cookie
 * @iova: first I/O address
 * @size: length in bytes, as allocated
 * @filled: length in bytes that is mapped from @iova on, without a hole
 * @failures: domain->flush_failures from before it was filled
 *
 * Context: any but NMI.
 */
void iommu_dma_undo(struct iommu_domain *domain, dma_addr_t iova, size_t size,
		    size_t filled, int failures)
{
	struct iova_domain *iovad = &iova_cookie(domain)->iovad;
	size_t emptied = filled ? iommu_unmap(domain, iova, filled) : 0;

	if (likely(emptied == filled &&
		   failures == atomic_read(&domain->flush_failures)))
		iommu_dma_free_pfn(iovad, iova_pfn(iovad, iova),
				   size >> iova_shift(iovad));
	else
		iommu_dma_set_aside(domain, iova, size, NULL);
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
 * Context: any but NMI.
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
 * Strict: the hardware has forgotten all of it on return. Lazy: it will before
 * the addresses, or page tables, are used again.
 *
 * Context: any but NMI.
 * Return: true. If not all of it was mapped, or the hardware has not confirmed
 * that it has forgotten it, false: the addresses are never given back, and the
 * memory should not be either.
 */
bool iommu_dma_unmap_phys(struct device *dev, dma_addr_t iova, size_t size)
{
	return __iommu_dma_unmap_phys(dev, iova, size);
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

/* The range is never used again; what was unmapped of it is flushed for */
static void flush_and_set_aside(struct iommu_domain *domain, dma_addr_t iova,
				size_t size, struct iommu_iotlb_gather *gather,
				int failures)
{
	bool confirmed = flush_now(domain, gather, failures);

	iommu_dma_set_aside(domain, iova, size, confirmed ? NULL : &gather->freelist);
}

/**
 * iommu_dma_refuse_unmap() - deal with a caller who is wrong about what is mapped
 * @dev: device
 * @domain: its domain
 * @iova: first I/O address, on a granule
 * @size: length in bytes that was to be unmapped
 * @emptied: what was mapped of it, and is no longer
 * @gather: what has to be flushed
 * @failures: what iommu_dma_gather_begin() returned
 *
 * What was unmapped is flushed for, but the range is never given back: perhaps
 * it is another one's, or was given back before.
 *
 * Context: any but NMI.
 */
void iommu_dma_refuse_unmap(struct device *dev, struct iommu_domain *domain,
			    dma_addr_t iova, size_t size, size_t emptied,
			    struct iommu_iotlb_gather *gather, int failures)
{
	dev_err_ratelimited(dev, "unmaps %#zx bytes at %pad, but %#zx are mapped\n",
			    size, &iova, emptied);
	if (emptied)
		flush_and_set_aside(domain, iova, size, gather, failures);
}

/**
 * iommu_dma_unmap_begin() - begin to unmap an allocation in several pieces
 * @u: filled in
 * @dev: device
 * @iova: any I/O address in the first granule of the allocation
 *
 * All that follows until iommu_dma_unmap_end() is one request: it is flushed
 * for once.
 *
 * Context: any but NMI.
 */
void iommu_dma_unmap_begin(struct iommu_dma_unmapping *u, struct device *dev,
			   dma_addr_t iova)
{
	struct iommu_domain *domain = iommu_get_dma_domain(dev);
	struct iova_domain *iovad = &iova_cookie(domain)->iovad;

	u->dev = dev;
	u->domain = domain;
	u->iova = iova - iova_offset(iovad, iova);
	u->size = 0;
	u->emptied = 0;
	u->expected = 0;
	u->failures = iommu_dma_gather_begin(&u->gather, domain);
}

/**
 * iommu_dma_empty() - unmap a piece of an allocation
 * @u: request to unmap
 * @iova: first I/O address, on a granule; above all pieces before
 * @size: length in bytes, a multiple of the granule, not 0
 *
 * Context: any but NMI.
 */
void iommu_dma_empty(struct iommu_dma_unmapping *u, dma_addr_t iova, size_t size)
{
	struct iommu_iotlb_gather *gather = &u->gather;

	/*
	 * A small gap is flushed as well: a gather that grows in one piece is
	 * flushed once, however its driver collects.
	 */
	if (!gather->queued && gather->end && iova > gather->end + 1 &&
	    iova - gather->end <= u->emptied)
		iommu_iotlb_gather_add_range(gather, gather->end + 1,
					     iova - gather->end - 1);

	u->size = iova + size - u->iova;
	u->expected += size;
	u->emptied += iommu_dma_empty_range(u->domain, iova, size, gather);
}

/**
 * iommu_dma_unmap_end() - see to it that an emptied allocation is given back
 * @u: request to unmap, of the whole allocation
 *
 * The same as iommu_dma_unmap_phys() then.
 *
 * Context: any but NMI.
 */
void iommu_dma_unmap_end(struct iommu_dma_unmapping *u)
{
	bool queued = u->gather.queued;

	if (unlikely(u->emptied < u->expected)) {
		iommu_dma_refuse_unmap(u->dev, u->domain, u->iova, u->size,
				       u->emptied, &u->gather, u->failures);
		return;
	}
	iommu_dma_give_back(u->domain, u->iova, u->size, &u->gather, u->failures);

	if (iommu_dma_collecting())
		iommu_dma_count_unmap(u->dev, u->size, !queued);
	trace_iommu_dma_unmap(u->dev, u->iova, u->size, queued);
}

/**
 * iommu_dma_unmap_undo() - give back an allocation that was filled in part
 * @u: request to unmap, of all that was filled
 * @size: length of the allocation in bytes
 * @failures: domain->flush_failures from before it was filled
 *
 * Context: any but NMI.
 */
void iommu_dma_unmap_undo(struct iommu_dma_unmapping *u, size_t size, int failures)
{
	if (likely(u->emptied == u->expected))
		iommu_dma_give_back(u->domain, u->iova, size, &u->gather, failures);
	else
		flush_and_set_aside(u->domain, u->iova, size, &u->gather, failures);
}
