/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints. Names and fields are what scripts for earlier kernels expect;
 * where they have no meaning in legacy mode, they say so: no request has a
 * PASID, and descriptors have two words.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM intel_iommu

#if !defined(_VTD_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VTD_TRACE_H

#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/tracepoint.h>

#include "cache.h"
#include "fault.h"
#include "unit.h"

#ifndef VTD_TRACE_NAME
/* Bytes of "ssss:bb:dd.f" */
#define VTD_TRACE_NAME	16

static inline void vtd_trace_name(char name[VTD_TRACE_NAME],
				  const struct intel_iommu *unit, u16 sid)
{
	snprintf(name, VTD_TRACE_NAME, "%04x:%02x:%02x.%x", unit->segment,
		 PCI_BUS_NUM(sid), PCI_SLOT(sid & 0xff), PCI_FUNC(sid & 0xff));
}

void vtd_trace_submit(const struct intel_iommu *unit,
		      const struct vtd_desc *descs, unsigned int count);
#endif

TRACE_EVENT(qi_submit,
	    TP_PROTO(const struct intel_iommu *iommu, const struct vtd_desc *desc),
	    TP_ARGS(iommu, desc),
	    TP_STRUCT__entry(__field(u64, qw0)
			     __field(u64, qw1)
			     __field(u64, qw2)
			     __field(u64, qw3)
			     __string(iommu, iommu->name)),
	    TP_fast_assign(__assign_str(iommu);
			   __entry->qw0 = desc->lo;
			   __entry->qw1 = desc->hi;
			   __entry->qw2 = 0;
			   __entry->qw3 = 0;),
	    TP_printk("%s %s: 0x%llx 0x%llx 0x%llx 0x%llx",
		      __print_symbolic(__entry->qw0 & VTD_DESC_TYPE,
				       { VTD_DESC_CONTEXT,	"cc_inv" },
				       { VTD_DESC_IOTLB,	"iotlb_inv" },
				       { VTD_DESC_DEVICE_TLB,	"dev_tlb_inv" },
				       { VTD_DESC_INTERRUPT,	"iec_inv" },
				       { VTD_DESC_WAIT,		"inv_wait" }),
		      __get_str(iommu), __entry->qw0, __entry->qw1, __entry->qw2,
		      __entry->qw3));

DECLARE_EVENT_CLASS(cache_tag_log,
		    TP_PROTO(const struct vtd_cache *tag),
		    TP_ARGS(tag),
		    TP_STRUCT__entry(__string(iommu, tag->unit->name)
				     __array(char, dev, VTD_TRACE_NAME)
				     __field(u16, type)
				     __field(u16, domain_id)
				     __field(u32, pasid)
				     __field(u32, users)),
		    TP_fast_assign(__assign_str(iommu);
				   vtd_trace_name(__entry->dev, tag->unit, tag->sid);
				   __entry->type = tag->kind;
				   __entry->domain_id = tag->did;
				   __entry->pasid = IOMMU_NO_PASID;
				   __entry->users = tag->users;),
		    TP_printk("%s/%s type %s did %d pasid %d ref %d",
			      __get_str(iommu), __entry->dev,
			      __print_symbolic(__entry->type,
					       { VTD_CACHE_IOTLB,  "iotlb" },
					       { VTD_CACHE_DEVICE, "devtlb" }),
			      __entry->domain_id, __entry->pasid, __entry->users));

DEFINE_EVENT(cache_tag_log, cache_tag_assign,
	     TP_PROTO(const struct vtd_cache *tag), TP_ARGS(tag));

DEFINE_EVENT(cache_tag_log, cache_tag_unassign,
	     TP_PROTO(const struct vtd_cache *tag), TP_ARGS(tag));

DEFINE_EVENT(cache_tag_log, cache_tag_flush_all,
	     TP_PROTO(const struct vtd_cache *tag), TP_ARGS(tag));

DECLARE_EVENT_CLASS(cache_tag_flush,
		    TP_PROTO(const struct vtd_cache *tag, unsigned long start,
			     unsigned long end, unsigned long addr,
			     unsigned long pages, unsigned long mask),
		    TP_ARGS(tag, start, end, addr, pages, mask),
		    TP_STRUCT__entry(__string(iommu, tag->unit->name)
				     __array(char, dev, VTD_TRACE_NAME)
				     __field(u16, type)
				     __field(u16, domain_id)
				     __field(u32, pasid)
				     __field(unsigned long, start)
				     __field(unsigned long, end)
				     __field(unsigned long, addr)
				     __field(unsigned long, pages)
				     __field(unsigned long, mask)),
		    TP_fast_assign(__assign_str(iommu);
				   vtd_trace_name(__entry->dev, tag->unit, tag->sid);
				   __entry->type = tag->kind;
				   __entry->domain_id = tag->did;
				   __entry->pasid = IOMMU_NO_PASID;
				   __entry->start = start;
				   __entry->end = end;
				   __entry->addr = addr;
				   __entry->pages = pages;
				   __entry->mask = mask;),
		    TP_printk("%s %s[%d] type %s did %d [0x%lx-0x%lx] addr 0x%lx pages 0x%lx mask 0x%lx",
			      __get_str(iommu), __entry->dev, __entry->pasid,
			      __print_symbolic(__entry->type,
					       { VTD_CACHE_IOTLB,  "iotlb" },
					       { VTD_CACHE_DEVICE, "devtlb" }),
			      __entry->domain_id, __entry->start, __entry->end,
			      __entry->addr, __entry->pages, __entry->mask));

DEFINE_EVENT(cache_tag_flush, cache_tag_flush_range,
	     TP_PROTO(const struct vtd_cache *tag, unsigned long start,
		      unsigned long end, unsigned long addr, unsigned long pages,
		      unsigned long mask),
	     TP_ARGS(tag, start, end, addr, pages, mask));

DEFINE_EVENT(cache_tag_flush, cache_tag_flush_range_np,
	     TP_PROTO(const struct vtd_cache *tag, unsigned long start,
		      unsigned long end, unsigned long addr, unsigned long pages,
		      unsigned long mask),
	     TP_ARGS(tag, start, end, addr, pages, mask));

TRACE_EVENT(vtd_fault,
	    TP_PROTO(const struct intel_iommu *iommu, const struct vtd_fault *fault),
	    TP_ARGS(iommu, fault),
	    TP_STRUCT__entry(__string(iommu, iommu->name)
			     __array(char, dev, VTD_TRACE_NAME)
			     __field(u64, addr)
			     __field(u16, index)
			     __field(u8, reason)
			     __field(u8, request)
			     __field(bool, interrupt)),
	    TP_fast_assign(__assign_str(iommu);
			   vtd_trace_name(__entry->dev, iommu, fault->sid);
			   __entry->addr = fault->interrupt ? 0 : fault->address;
			   __entry->index = fault->has_index ? fault->index : 0;
			   __entry->reason = fault->reason;
			   __entry->request = fault->request;
			   __entry->interrupt = fault->interrupt;),
	    TP_printk("%s/%s %s addr 0x%llx index 0x%x reason 0x%02x",
		      __get_str(iommu), __entry->dev,
		      __entry->interrupt ? "interrupt" :
		      __print_symbolic(__entry->request,
				       { VTD_REQUEST_WRITE,	"write" },
				       { VTD_REQUEST_PAGE,	"page_request" },
				       { VTD_REQUEST_READ,	"read" },
				       { VTD_REQUEST_ATOMIC,	"atomic" }),
		      __entry->addr, __entry->index, __entry->reason));

#endif /* _VTD_TRACE_H */

/* Outside the guard; the Makefile says where this folder is */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
