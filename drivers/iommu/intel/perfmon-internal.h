/* SPDX-License-Identifier: GPL-2.0-only */
/* For perfmon.c and perfmon-attrs.c only. */

#ifndef _VTD_PERFMON_INTERNAL_H
#define _VTD_PERFMON_INTERNAL_H

#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/dmar.h>
#include <linux/perf_event.h>
#include <linux/spinlock.h>

#include "hw/pmu.h"

struct intel_iommu;

/* Counters that are used of a unit which has more */
#define VTD_PMU_COUNTERS	64

/* Its interrupt, for dmar_alloc_hwirq(): beyond those of faults and page requests */
#define IOMMU_IRQ_ID_OFFSET_PERF	(2 * DMAR_UNITS_SUPPORTED)

/* Most words and events that sysfs can show */
#define VTD_PMU_FORMATS		(2 + 2 * VTD_PERF_FILTERS)
#define VTD_PMU_EVENTS		24

/* How events are coded in what userspace gives: fields of perf_event_attr.config */
#define VTD_PMU_CONFIG_SELECT	GENMASK_ULL(27, 0)
#define VTD_PMU_CONFIG_GROUP	GENMASK_ULL(31, 28)

/**
 * struct vtd_pmu_attr - a file in sysfs
 * @device: what sysfs wants of it
 * @text: what is in it
 */
struct vtd_pmu_attr {
	struct device_attribute	device;
	const char		*text;
};

/**
 * struct vtd_pmu_attrs - the files of a unit: only those that mean something
 * @formats: words of an event's description
 * @events: events with their names
 * @format_list: of @formats, NULL at the end
 * @event_list: of @events, NULL at the end
 * @format_group: folder "format"
 * @event_group: folder "events"
 * @groups: both, NULL at the end
 */
struct vtd_pmu_attrs {
	struct vtd_pmu_attr		formats[VTD_PMU_FORMATS];
	struct vtd_pmu_attr		events[VTD_PMU_EVENTS];
	struct attribute		*format_list[VTD_PMU_FORMATS + 1];
	struct attribute		*event_list[VTD_PMU_EVENTS + 1];
	struct attribute_group		format_group;
	struct attribute_group		event_group;
	const struct attribute_group	*groups[3];
};

/**
 * struct iommu_pmu - the performance monitor of a unit
 * @pmu: perf's part
 * @unit: (c) the unit
 * @counters: (c) their number
 * @groups: (c) groups of events
 * @width: (c) bits of a counter
 * @stride: (c) bytes from one counter to the next
 * @filters: (c) one bit for each filter the unit has
 * @config_offset: (c) where the configurations begin, in bytes
 * @counter_offset: (c) where the counters begin, in bytes
 * @overflow_offset: (c) of the overflow status, in bytes
 * @selects: (c) events of each group that some counter can count
 * @counter_selects: (c) events of each group that a counter can count
 * @irq_name: (c) name of the interrupt
 * @attrs: (c) files in sysfs
 * @lock: orders perf and the interrupt; innermost; taken with interrupts off
 * @used: (l) counters in use
 * @events: (l) what they count
 *
 * (c) constant once allocated, (l) @lock. What was counted, in struct
 * perf_event, changes under @lock too: perf's own locks don't keep the
 * interrupt out.
 */
struct iommu_pmu {
	struct pmu		pmu;
	struct intel_iommu	*unit;
	unsigned int		counters;
	unsigned int		groups;
	unsigned int		width;
	unsigned int		stride;
	unsigned int		filters;
	unsigned int		config_offset;
	unsigned int		counter_offset;
	unsigned int		overflow_offset;
	u32			selects[VTD_PERF_GROUPS];
	u32			counter_selects[VTD_PMU_COUNTERS][VTD_PERF_GROUPS];
	char			irq_name[16];
	struct vtd_pmu_attrs	attrs;

	raw_spinlock_t		lock;
	DECLARE_BITMAP(used, VTD_PMU_COUNTERS);
	struct perf_event	*events[VTD_PMU_COUNTERS];
};

void vtd_pmu_attrs_init(struct iommu_pmu *pmu);

#endif /* _VTD_PERFMON_INTERNAL_H */
