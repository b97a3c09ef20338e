/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of the DMA-API glue. Sizes are in bytes.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM iommu_dma

#if !defined(_TRACE_IOMMU_DMA_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_IOMMU_DMA_H

#include <linux/device.h>
#include <linux/tracepoint.h>

/* A buffer was mapped; a scatter list shows the physical address of its first */
TRACE_EVENT(iommu_dma_map,
	    TP_PROTO(struct device *dev, u64 iova, u64 phys, size_t size),
	    TP_ARGS(dev, iova, phys, size),
	    TP_STRUCT__entry(__string(dev, dev_name(dev))
			     __field(u64, iova)
			     __field(u64, phys)
			     __field(size_t, size)),
	    TP_fast_assign(__assign_str(dev);
			   __entry->iova = iova;
			   __entry->phys = phys;
			   __entry->size = size;),
	    TP_printk("dev=%s iova=%#llx phys=%#llx size=%zu", __get_str(dev),
		      __entry->iova, __entry->phys, __entry->size));

/* A buffer was unmapped; @queued: the hardware may still know it */
TRACE_EVENT(iommu_dma_unmap,
	    TP_PROTO(struct device *dev, u64 iova, size_t size, bool queued),
	    TP_ARGS(dev, iova, size, queued),
	    TP_STRUCT__entry(__string(dev, dev_name(dev))
			     __field(u64, iova)
			     __field(size_t, size)
			     __field(bool, queued)),
	    TP_fast_assign(__assign_str(dev);
			   __entry->iova = iova;
			   __entry->size = size;
			   __entry->queued = queued;),
	    TP_printk("dev=%s iova=%#llx size=%zu queued=%d", __get_str(dev),
		      __entry->iova, __entry->size, __entry->queued));

/* A flush of a whole domain is over; causes as in enum iommu_fq_cause */
TRACE_EVENT(iommu_dma_flush,
	    TP_PROTO(int group, unsigned int cause, u64 seq, bool confirmed),
	    TP_ARGS(group, cause, seq, confirmed),
	    TP_STRUCT__entry(__field(int, group)
			     __field(unsigned int, cause)
			     __field(u64, seq)
			     __field(bool, confirmed)),
	    TP_fast_assign(__entry->group = group;
			   __entry->cause = cause;
			   __entry->seq = seq;
			   __entry->confirmed = confirmed;),
	    TP_printk("group=%d cause=%s seq=%llu confirmed=%d", __entry->group,
		      __print_symbolic(__entry->cause,
				       { 0, "watermark" }, { 1, "timer" },
				       { 2, "teardown" }, { 3, "switch" },
				       { 4, "pressure" }, { 5, "offline" },
				       { 6, "tuning" }),
		      __entry->seq, __entry->confirmed));

/* A page of MSI doorbells was mapped for a device */
TRACE_EVENT(iommu_dma_msi_map,
	    TP_PROTO(struct device *dev, u64 phys, u64 iova, size_t size),
	    TP_ARGS(dev, phys, iova, size),
	    TP_STRUCT__entry(__string(dev, dev_name(dev))
			     __field(u64, phys)
			     __field(u64, iova)
			     __field(size_t, size)),
	    TP_fast_assign(__assign_str(dev);
			   __entry->phys = phys;
			   __entry->iova = iova;
			   __entry->size = size;),
	    TP_printk("dev=%s phys=%#llx iova=%#llx size=%zu", __get_str(dev),
		      __entry->phys, __entry->iova, __entry->size));

#endif /* _TRACE_IOMMU_DMA_H */

/* Outside the guard: read once for each kind of code that it makes */
#include <trace/define_trace.h>
