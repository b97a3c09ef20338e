/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of the IOVA allocator.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM iova

#if !defined(_TRACE_IOVA_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_IOVA_H

#include <linux/tracepoint.h>

struct iova_domain;

DECLARE_EVENT_CLASS(iova_range,
		    TP_PROTO(struct iova_domain *iovad, unsigned long pfn,
			     unsigned long size),
		    TP_ARGS(iovad, pfn, size),
		    TP_STRUCT__entry(__field(const void *, iovad)
				     __field(unsigned long, pfn)
				     __field(unsigned long, size)),
		    TP_fast_assign(__entry->iovad = iovad;
				   __entry->pfn = pfn;
				   __entry->size = size;),
		    TP_printk("iovad=%p pfn=%#lx size=%lu",
			      __entry->iovad, __entry->pfn, __entry->size));

/* A range was handed out; @size is what the caller asked for */
DEFINE_EVENT(iova_range, iova_alloc,
	     TP_PROTO(struct iova_domain *iovad, unsigned long pfn,
		      unsigned long size),
	     TP_ARGS(iovad, pfn, size));

/* A range came back; @size is what the caller says that it is */
DEFINE_EVENT(iova_range, iova_free,
	     TP_PROTO(struct iova_domain *iovad, unsigned long pfn,
		      unsigned long size),
	     TP_ARGS(iovad, pfn, size));

/* A request found no space under its limit, or no memory */
TRACE_EVENT(iova_refuse,
	    TP_PROTO(struct iova_domain *iovad, unsigned long size,
		     unsigned long limit_pfn),
	    TP_ARGS(iovad, size, limit_pfn),
	    TP_STRUCT__entry(__field(const void *, iovad)
			     __field(unsigned long, size)
			     __field(unsigned long, limit_pfn)),
	    TP_fast_assign(__entry->iovad = iovad;
			   __entry->size = size;
			   __entry->limit_pfn = limit_pfn;),
	    TP_printk("iovad=%p size=%lu limit_pfn=%#lx",
		      __entry->iovad, __entry->size, __entry->limit_pfn));

#endif /* _TRACE_IOVA_H */

/* Outside the guard: read once for each kind of code that it makes */
#include <trace/define_trace.h>
