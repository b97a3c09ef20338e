// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scatter lists: all segments get places in one range of I/O addresses, in
 * whole granules. Where a segment would lie across a boundary that the device
 * can't cross, it moves up to it and leaves a hole behind.
 *
 * The range has to be known before it can be mapped, so the list is gone
 * through twice: once to add up its length, and once to map it and to write
 * down where each segment is. Both follow the same cursor. What a list
 * says of its memory, offset and length, is never changed.
 */

#include <linux/device.h>
#include <linux/dma-map-ops.h>
#include <linux/iommu.h>
#include <linux/iommu-dma.h>
#include <linux/memremap.h>
#include <linux/overflow.h>
#include <linux/pci-p2pdma.h>
#include <linux/scatterlist.h>

#include "fastpath.h"

/**
 * struct sg_request - a scatter list that is being mapped
 * @dev: device
 * @domain: its domain
 * @prot: IOMMU_* flags
 * @mask: of the bits below the domain's granule
 * @boundary: the device's segment boundary mask
 * @max_length: longest segment that it takes
 * @iova: first I/O address of the range
 * @size: its length in bytes
 * @mapped: what is mapped of it, up to where something failed
 * @failures: flushes of the domain that had failed before
 */
struct sg_request {
	struct device		*dev;
	struct iommu_domain	*domain;
	int			prot;
	size_t			mask;
	unsigned long		boundary;
	unsigned int		max_length;
	dma_addr_t		iova;
	size_t			size;
	size_t			mapped;
	int			failures;
};

/* Step to the next entry, which there must be */
static struct scatterlist *sg_step(struct scatterlist *s)
{
	s++;
	return unlikely(sg_is_chain(s)) ? sg_chain_ptr(s) : s;
}

/* Add up the granules that a segment takes, in bytes */
static size_t sg_footprint(struct scatterlist *s, size_t mask)
{
	if (unlikely(!s->length))
		return 0;

	return ((s->offset & mask) + s->length + mask) & ~mask;
}

/*
 * Tell where a segment goes, relative to the range, if those before it reach up
 * to @end. The range begins on a boundary, or else does not reach the next one: it
 * is aligned to its size.
 */
static size_t sg_place(size_t end, size_t length, unsigned long boundary)
{
	size_t left = -end & boundary;

	return unlikely(left < length) && left ? end + left : end;
}

/* Tell apart what the IOMMU has to do with and what stays below a PCI switch */
static int sg_find_peers(struct sg_request *req, struct scatterlist *sg, int nents)
{
	struct pci_p2pdma_map_state p2pdma = {};
	struct scatterlist *s;
	int i;

	for_each_sg(sg, s, nents, i) {
		if (!is_pci_p2pdma_page(sg_page(s)))
			continue;

		switch (pci_p2pdma_map_segment(&p2pdma, req->dev, s)) {
		case PCI_P2PDMA_MAP_BUS_ADDR:
		case PCI_P2PDMA_MAP_THRU_HOST_BRIDGE:
			break;
		default:
			return -EREMOTEIO;
		}
	}

	return 0;
}

/*
 * Add up the length of the range that the list takes, if no segment may cross a
 * boundary of @boundary. Returns 0 or -EINVAL.
 */
static int sg_add_up(struct sg_request *req, struct scatterlist *sg, int nents,
		     unsigned long boundary)
{
	size_t mask = req->mask, end = 0, length;
	struct scatterlist *s = sg;

	for (int i = 0; i < nents; i++) {
		if (i)
			s = sg_step(s);
		if (sg_dma_is_bus_address(s))
			continue;

		length = sg_footprint(s, mask);
		if (boundary != ULONG_MAX)
			end = sg_place(end, length, boundary);
		if (check_add_overflow(end, length, &end))
			return -EINVAL;
	}
	req->size = end;

	return 0;
}

static int sg_lay_out(struct sg_request *req, struct scatterlist *sg, int nents)
{
	int ret = sg_add_up(req, sg, nents, ULONG_MAX);

	/* What is no longer than the distance of two boundaries crosses none */
	if (likely(!ret && req->size <= req->boundary))
		return 0;

	return ret ?: sg_add_up(req, sg, nents, req->boundary);
}

/**
 * struct sg_run - segments that lie in a row, for devices and in memory
 * @place: where they begin in the range
 * @phys: where they begin in memory
 * @size: their length in bytes, 0 for none
 */
struct sg_run {
	size_t		place;
	phys_addr_t	phys;
	size_t		size;
};

/* Map a run. They are mapped in order: all before an error is mapped */
static int sg_map_run(struct sg_request *req, struct sg_run run)
{
	size_t mapped;
	int ret;

	ret = iommu_dma_map_range(req->domain, req->iova + run.place, run.phys, run.size,
				  req->prot, &mapped);
	req->mapped = run.place + mapped;

	return ret;
}

/* Segments as they go out, in the list's own DMA fields, from the first on */
struct sg_output {
	struct scatterlist	*cur;	/* NULL before the first */
	unsigned int		length;	/* of @cur, 0 if nothing may join it */
	int			count;
};

static struct sg_output sg_output_next(struct sg_output out, struct scatterlist *sg,
				       dma_addr_t addr, unsigned int length)
{
	out.cur = out.cur ? sg_step(out.cur) : sg;
	sg_dma_address(out.cur) = addr;
	sg_dma_len(out.cur) = length;
	out.length = length;
	out.count++;

	return out;
}

static struct sg_output sg_output_bus_address(struct sg_output out,
					      struct scatterlist *sg,
					      struct scatterlist *s,
					      dma_addr_t addr)
{
	sg_dma_unmark_bus_address(s);
	out = sg_output_next(out, sg, addr, s->length);
	sg_dma_mark_bus_address(out.cur);
	out.length = 0;

	return out;
}

/* Add a segment to the one before it, or on its own, as the device may take it */
static struct sg_output sg_output_segment(struct sg_request *req,
					  struct sg_output out,
					  struct scatterlist *sg, dma_addr_t addr,
					  unsigned int length, bool follows)
{
	if (!out.length || !follows || !(addr & req->boundary) ||
	    req->max_length - out.length < length)
		return sg_output_next(out, sg, addr, length);

	out.length += length;
	sg_dma_len(out.cur) = out.length;

	return out;
}

/* Map all segments; returns how many go out, or a negative errno */
static int sg_map_segments(struct sg_request *req, struct scatterlist *sg, int nents)
{
	const size_t mask = req->mask;
	struct sg_output out = {};
	struct scatterlist *s = sg;
	struct sg_run run = {};
	size_t end = 0;
	int ret;

	for (int i = 0; i < nents; i++) {
		size_t length, offset, place;
		dma_addr_t bus_addr;
		phys_addr_t phys;

		if (i)
			s = sg_step(s);
		bus_addr = sg_dma_address(s);
		sg_dma_address(s) = DMA_MAPPING_ERROR;
		sg_dma_len(s) = 0;
		if (unlikely(sg_dma_is_bus_address(s))) {
			out = sg_output_bus_address(out, sg, s, bus_addr);
			continue;
		}

		length = sg_footprint(s, mask);
		if (unlikely(!length))
			continue;
		place = sg_place(end, length, req->boundary);
		offset = s->offset & mask;
		phys = sg_phys(s) - offset;
		if (phys == run.phys + run.size && place == end && run.size) {
			run.size += length;
		} else {
			ret = run.size ? sg_map_run(req, run) : 0;
			if (unlikely(ret))
				return ret;
			run = (struct sg_run){ place, phys, length };
		}

		out = sg_output_segment(req, out, sg, req->iova + place + offset,
					s->length, !offset && place == end);
		if (offset + s->length < length)
			out.length = 0;	/* it ends within a granule */
		end = place + length;
	}

	ret = run.size ? sg_map_run(req, run) : 0;

	return ret ?: out.count;
}

static void sg_invalidate(struct scatterlist *sg, int nents)
{
	struct scatterlist *s;
	int i;

	for_each_sg(sg, s, nents, i) {
		sg_dma_unmark_bus_address(s);
		sg_dma_address(s) = DMA_MAPPING_ERROR;
		sg_dma_len(s) = 0;
	}
}

/**
 * struct sg_unmapping - a request to unmap one allocation in pieces
 * @dev: device
 * @domain: its domain
 * @gather: what has to be flushed
 * @failures: flushes that had failed before the first piece
 * @iova: first address of the allocation, on a granule
 * @size: its length in bytes: up to the end of what was unmapped
 * @expected: bytes that were to be unmapped so far
 * @unmapped: bytes of them that were mapped
 */
struct sg_unmapping {
	struct device			*dev;
	struct iommu_domain		*domain;
	struct iommu_iotlb_gather	gather;
	int				failures;
	dma_addr_t			iova;
	size_t				size;
	size_t				expected;
	size_t				unmapped;
};

/*
 * Begin to unmap an allocation, whose first granule @iova lies in. All that
 * follows until sg_unmap_end() is one request: it is flushed for once.
 */
static void sg_unmap_begin(struct sg_unmapping *u, struct device *dev, dma_addr_t iova)
{
	struct iommu_domain *domain = iommu_get_dma_domain(dev);
	struct iova_domain *iovad = &iova_cookie(domain)->iovad;

	u->dev = dev;
	u->domain = domain;
	u->iova = iova - iova_offset(iovad, iova);
	u->size = 0;
	u->unmapped = 0;
	u->expected = 0;
	u->failures = iommu_dma_gather_begin(&u->gather, domain);
}

/* Unmap a piece of whole granules, above all pieces before */
static void sg_unmap_piece(struct sg_unmapping *u, dma_addr_t iova, size_t size)
{
	struct iommu_iotlb_gather *gather = &u->gather;

	/*
	 * A small gap is flushed as well: a gather that grows in one piece is
	 * flushed once, however its driver collects.
	 */
	if (!gather->queued && gather->end && iova > gather->end + 1 &&
	    iova - gather->end <= u->unmapped)
		iommu_iotlb_gather_add_range(gather, gather->end + 1,
					     iova - gather->end - 1);

	u->size = iova + size - u->iova;
	u->expected += size;
	u->unmapped += iommu_dma_unmap_range(u->domain, iova, size, gather);
}

/* Give back an allocation all of which was to be unmapped */
static void sg_unmap_end(struct sg_unmapping *u)
{
	bool queued = u->gather.queued;

	if (unlikely(u->unmapped < u->expected)) {
		iommu_dma_refuse_unmap(u->dev, u->domain, u->iova, u->size,
				       u->unmapped, &u->gather, u->failures);
		return;
	}
	iommu_dma_give_back(u->domain, u->iova, u->size, &u->gather, u->failures);

	if (iommu_dma_collecting())
		iommu_dma_count_unmap(u->dev->iommu->dma->counts, u->size, !queued);
	trace_iommu_dma_unmap(u->dev, u->iova, u->size, queued);
}

/*
 * Give back an allocation of @size bytes that was mapped in part; @failures is
 * the domain's flush_failures from before that.
 */
static void sg_unmap_undo(struct sg_unmapping *u, size_t size, int failures)
{
	if (likely(u->unmapped == u->expected))
		iommu_dma_give_back(u->domain, u->iova, size, &u->gather, failures);
	else
		iommu_dma_flush_and_quarantine(u->domain, u->iova, size, &u->gather,
					       failures);
}

/* The granules that hold a segment that went out */
static dma_addr_t sg_first(struct iova_domain *iovad, struct scatterlist *s)
{
	return sg_dma_address(s) - iova_offset(iovad, sg_dma_address(s));
}

static dma_addr_t sg_end(struct iova_domain *iovad, struct scatterlist *s)
{
	return ALIGN(sg_dma_address(s) + sg_dma_len(s), (dma_addr_t)iovad->granule);
}

/*
 * Unmap what went out, up to @limit. Returns false if there is nothing.
 *
 * There is a hole where a segment has moved up to a boundary, and only there: a
 * driver may have shortened what it has been given.
 */
static bool sg_unmap_segments(struct sg_unmapping *u, struct device *dev,
			      struct scatterlist *sg, int nents, dma_addr_t limit)
{
	struct iova_domain *iovad = &iova_cookie(iommu_get_dma_domain(dev))->iovad;
	unsigned long boundary = dma_get_seg_boundary(dev);
	dma_addr_t start = 0, end = 0, first;
	struct scatterlist *s;
	int i;

	for_each_sg(sg, s, nents, i) {
		if (sg_dma_is_bus_address(s)) {
			sg_dma_unmark_bus_address(s);
			continue;
		}
		first = sg_first(iovad, s);
		if (!sg_dma_len(s) || first >= limit)
			break;

		if (!end) {
			sg_unmap_begin(u, dev, first);
			start = first;
		} else if (unlikely(first != end && !(first & boundary))) {
			sg_unmap_piece(u, start, end - start);
			start = first;
		}
		end = min(sg_end(iovad, s), limit);
	}
	if (end)
		sg_unmap_piece(u, start, end - start);

	return end;
}

/* Unmap all that was mapped, and give the range back */
static void sg_undo(struct sg_request *req, struct scatterlist *sg, int nents)
{
	struct sg_unmapping u;

	if (sg_unmap_segments(&u, req->dev, sg, nents, req->iova + req->mapped))
		sg_unmap_undo(&u, req->size, req->failures);
	else
		iommu_dma_undo(req->domain, req->iova, req->size, 0, req->failures);
}

/* Allocate and map the range of a list that is laid out */
static int sg_map(struct sg_request *req, struct scatterlist *sg, int nents)
{
	int count, ret;

	if (!req->size)	/* bus addresses only, or nothing at all */
		return sg_map_segments(req, sg, nents) ?: -EINVAL;

	req->iova = iommu_dma_alloc_iova(req->domain, req->dev, req->size,
					 dma_get_mask(req->dev),
					 req->boundary < req->size - 1);
	if (!req->iova)
		return -ENOMEM;

	count = sg_map_segments(req, sg, nents);
	ret = count < 0 ? count : iommu_dma_sync_map(req->domain, req->iova, req->size);
	if (unlikely(ret)) {
		sg_undo(req, sg, nents);
		return ret;
	}

	if (iommu_dma_collecting())
		iommu_dma_count_map(req->dev->iommu->dma->counts, req->size);
	trace_iommu_dma_map(req->dev, req->iova, sg_phys(sg), req->size);

	return count;
}

/* Bounced segments have each a range of their own */

static void sg_unmap_bounced(struct device *dev, struct scatterlist *sg, int nents,
			     enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *s;
	int i;

	for_each_sg(sg, s, nents, i)
		iommu_dma_unmap_page(dev, sg_dma_address(s), sg_dma_len(s), dir,
				     attrs);
}

/* Unmark a list: the mark of one that was bounced stays when it is unmapped */
static void sg_unmark_bounced(struct scatterlist *sg)
{
#ifdef CONFIG_NEED_SG_DMA_FLAGS
	sg->dma_flags &= ~SG_DMA_SWIOTLB;
#endif
}

static int sg_map_bounced(struct device *dev, struct scatterlist *sg, int nents,
			  enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *s;
	int i;

	sg_dma_mark_swiotlb(sg);

	for_each_sg(sg, s, nents, i) {
		sg_dma_address(s) = iommu_dma_map_page(dev, sg_page(s), s->offset,
						       s->length, dir, attrs);
		if (sg_dma_address(s) == DMA_MAPPING_ERROR) {
			sg_unmap_bounced(dev, sg, i, dir,
					 attrs | DMA_ATTR_SKIP_CPU_SYNC);
			return -EIO;
		}
		sg_dma_len(s) = s->length;
	}

	return nents;
}

/**
 * iommu_dma_map_sg() - map a scatter list
 * @dev: device
 * @sg: first entry
 * @nents: number of entries
 * @dir: direction of the DMA
 * @attrs: DMA_ATTR_*
 *
 * The segments that the device is to use are written to the list's DMA fields;
 * there may be fewer than there are entries. Entries on the same PCI switch as
 * the device are addressed there, without the IOMMU.
 *
 * Context: Any context but NMI.
 * Return: number of segments for the device, or -ENOMEM: no addresses or no
 * memory, -EREMOTEIO: memory of another device that can't be reached, -EIO: no
 * bounce buffer, or -EINVAL. After an error nothing is mapped, and the list is
 * as before but for its DMA fields.
 */
int iommu_dma_map_sg(struct device *dev, struct scatterlist *sg, int nents,
		     enum dma_data_direction dir, unsigned long attrs)
{
	struct iommu_domain *domain = iommu_get_dma_domain(dev);
	struct sg_request req = {
		.dev = dev,
		.domain = domain,
		.failures = atomic_read(&domain->flush_failures),
		.mask = iova_mask(&iova_cookie(domain)->iovad),
		.prot = iommu_dma_prot(dev_is_dma_coherent(dev), dir, attrs),
		.boundary = dma_get_seg_boundary(dev),
		.max_length = dma_get_max_seg_size(dev),
	};
	int ret;

	if (iommu_dma_attach_deferred(dev, domain))
		return -EINVAL;
	sg_unmark_bounced(sg);
	if (iommu_dma_may_bounce_sg(dev, sg, nents, dir))
		return sg_map_bounced(dev, sg, nents, dir, attrs);
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		iommu_dma_sync_sg_for_device(dev, sg, nents, dir);

	ret = IS_ENABLED(CONFIG_PCI_P2PDMA) ? sg_find_peers(&req, sg, nents) : 0;
	if (likely(!ret))
		ret = sg_lay_out(&req, sg, nents);
	if (likely(!ret))
		ret = sg_map(&req, sg, nents);
	if (likely(ret >= 0))
		return ret;

	sg_invalidate(sg, nents);
	return ret == -ENOMEM || ret == -EREMOTEIO ? ret : -EINVAL;
}

/**
 * iommu_dma_unmap_sg() - unmap a scatter list
 * @dev: device
 * @sg: first entry of a list that iommu_dma_map_sg() mapped
 * @nents: number of entries, as it was mapped
 * @dir: direction of the DMA
 * @attrs: DMA_ATTR_*
 *
 * The list is flushed for once, however long it is.
 *
 * Context: Any context but NMI.
 */
void iommu_dma_unmap_sg(struct device *dev, struct scatterlist *sg, int nents,
			enum dma_data_direction dir, unsigned long attrs)
{
	struct sg_unmapping u;

	if (sg_dma_is_swiotlb(sg)) {
		sg_unmap_bounced(dev, sg, nents, dir, attrs);
		return;
	}

	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		iommu_dma_sync_sg_for_cpu(dev, sg, nents, dir);
	if (sg_unmap_segments(&u, dev, sg, nents, DMA_MAPPING_ERROR))
		sg_unmap_end(&u);
}

/**
 * iommu_dma_sync_sg_for_cpu() - let the CPU see what a device has written
 * @dev: device
 * @sgl: first entry of a list
 * @nelems: number of entries
 * @dir: direction of the DMA
 *
 * Context: Any context but NMI.
 */
void iommu_dma_sync_sg_for_cpu(struct device *dev, struct scatterlist *sgl,
			       int nelems, enum dma_data_direction dir)
{
	bool bounced = sg_dma_is_swiotlb(sgl);
	struct scatterlist *s;
	int i;

	if (!bounced && dev_is_dma_coherent(dev))
		return;

	for_each_sg(sgl, s, nelems, i) {
		if (bounced)
			iommu_dma_sync_single_for_cpu(dev, sg_dma_address(s),
						      s->length, dir);
		else
			arch_sync_dma_for_cpu(sg_phys(s), s->length, dir);
	}
}

/**
 * iommu_dma_sync_sg_for_device() - let a device see what the CPU has written
 * @dev: device
 * @sgl: first entry of a list
 * @nelems: number of entries
 * @dir: direction of the DMA
 *
 * Context: Any context but NMI.
 */
void iommu_dma_sync_sg_for_device(struct device *dev, struct scatterlist *sgl,
				  int nelems, enum dma_data_direction dir)
{
	bool bounced = sg_dma_is_swiotlb(sgl);
	struct scatterlist *s;
	int i;

	if (!bounced && dev_is_dma_coherent(dev))
		return;

	for_each_sg(sgl, s, nelems, i) {
		if (bounced)
			iommu_dma_sync_single_for_device(dev, sg_dma_address(s),
							 s->length, dir);
		else
			arch_sync_dma_for_device(sg_phys(s), s->length, dir);
	}
}
