// SPDX-License-Identifier: GPL-2.0-only
/*
 * The performance monitor in sysfs: names of the events and filters that a unit
 * has. The names are those that perf and its users know.
 */

#include <linux/sysfs.h>

#include "perfmon-internal.h"

/* What every unit takes */
#define ALWAYS	0

/**
 * struct vtd_pmu_format - a word in the description of an event
 * @name: of the file
 * @bits: where its value goes in struct perf_event_attr
 * @filter: bit in &iommu_pmu.filters that it needs, or ALWAYS
 */
struct vtd_pmu_format {
	const char	*name;
	const char	*bits;
	unsigned int	filter;
};

static const struct vtd_pmu_format formats[] = {
	{ "event_group",		"config:28-31",		ALWAYS },
	{ "event",			"config:0-27",		ALWAYS },
	{ "filter_requester_id_en",	"config1:0",		BIT(0) },
	{ "filter_domain_en",		"config1:1",		BIT(1) },
	{ "filter_pasid_en",		"config1:2",		BIT(2) },
	{ "filter_ats_en",		"config1:3",		BIT(3) },
	{ "filter_page_table_en",	"config1:4",		BIT(4) },
	{ "filter_requester_id",	"config1:16-31",	BIT(0) },
	{ "filter_domain",		"config1:32-47",	BIT(1) },
	{ "filter_pasid",		"config2:0-21",		BIT(2) },
	{ "filter_ats",			"config2:24-28",	BIT(3) },
	{ "filter_page_table",		"config2:32-36",	BIT(4) },
};

static_assert(ARRAY_SIZE(formats) == VTD_PMU_FORMATS);

/**
 * struct vtd_pmu_event - an event that has a name
 * @name: of the file
 * @text: what perf is told
 * @group: group of events
 * @select: event in the group, as a bit
 */
struct vtd_pmu_event {
	const char	*name;
	const char	*text;
	u8		group;
	u32		select;
};

static const struct vtd_pmu_event events[] = {
	{ "iommu_clocks", "event_group=0x0,event=0x001", 0, 0x001 },
	{ "iommu_requests", "event_group=0x0,event=0x002", 0, 0x002 },
	{ "pw_occupancy", "event_group=0x0,event=0x004", 0, 0x004 },
	{ "ats_blocked", "event_group=0x0,event=0x008", 0, 0x008 },
	{ "iommu_mrds", "event_group=0x1,event=0x001", 1, 0x001 },
	{ "iommu_mem_blocked", "event_group=0x1,event=0x020", 1, 0x020 },
	{ "pg_req_posted", "event_group=0x1,event=0x040", 1, 0x040 },
	{ "ctxt_cache_lookup", "event_group=0x2,event=0x001", 2, 0x001 },
	{ "ctxt_cache_hit", "event_group=0x2,event=0x002", 2, 0x002 },
	{ "pasid_cache_lookup", "event_group=0x2,event=0x004", 2, 0x004 },
	{ "pasid_cache_hit", "event_group=0x2,event=0x008", 2, 0x008 },
	{ "ss_nonleaf_lookup", "event_group=0x2,event=0x010", 2, 0x010 },
	{ "ss_nonleaf_hit", "event_group=0x2,event=0x020", 2, 0x020 },
	{ "fs_nonleaf_lookup", "event_group=0x2,event=0x040", 2, 0x040 },
	{ "fs_nonleaf_hit", "event_group=0x2,event=0x080", 2, 0x080 },
	{ "hpt_nonleaf_lookup", "event_group=0x2,event=0x100", 2, 0x100 },
	{ "hpt_nonleaf_hit", "event_group=0x2,event=0x200", 2, 0x200 },
	{ "iotlb_lookup", "event_group=0x3,event=0x001", 3, 0x001 },
	{ "iotlb_hit", "event_group=0x3,event=0x002", 3, 0x002 },
	{ "hpt_leaf_lookup", "event_group=0x3,event=0x004", 3, 0x004 },
	{ "hpt_leaf_hit", "event_group=0x3,event=0x008", 3, 0x008 },
	{ "int_cache_lookup", "event_group=0x4,event=0x001", 4, 0x001 },
	{ "int_cache_hit_nonposted", "event_group=0x4,event=0x002", 4, 0x002 },
	{ "int_cache_hit_posted", "event_group=0x4,event=0x004", 4, 0x004 },
};

static_assert(ARRAY_SIZE(events) == VTD_PMU_EVENTS);

static ssize_t vtd_pmu_attr_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	struct vtd_pmu_attr *file = container_of(attr, struct vtd_pmu_attr, device);

	return sysfs_emit(buf, "%s\n", file->text);
}

/* Returns what sysfs takes for its list of files */
static struct attribute *vtd_pmu_attr_make(struct vtd_pmu_attr *file,
					   const char *name, const char *text)
{
	sysfs_attr_init(&file->device.attr);
	file->device.attr.name = name;
	file->device.attr.mode = 0444;
	file->device.show = vtd_pmu_attr_show;
	file->text = text;
	return &file->device.attr;
}

/**
 * vtd_pmu_attrs_init() - make the list of what a unit shows in sysfs
 * @pmu: its monitor, zeroed but for what is known of the hardware
 *
 * Context: Process context.
 */
void vtd_pmu_attrs_init(struct iommu_pmu *pmu)
{
	struct vtd_pmu_attrs *attrs = &pmu->attrs;
	unsigned int i, nr = 0;

	for (i = 0; i < VTD_PMU_FORMATS; i++)
		if (formats[i].filter == ALWAYS || formats[i].filter & pmu->filters)
			attrs->format_list[nr++] =
				vtd_pmu_attr_make(&attrs->formats[i],
						  formats[i].name, formats[i].bits);

	nr = 0;
	for (i = 0; i < VTD_PMU_EVENTS; i++)
		if (events[i].select & pmu->selects[events[i].group])
			attrs->event_list[nr++] =
				vtd_pmu_attr_make(&attrs->events[i],
						  events[i].name, events[i].text);

	attrs->format_group.name = "format";
	attrs->format_group.attrs = attrs->format_list;
	attrs->event_group.name = "events";
	attrs->event_group.attrs = attrs->event_list;
	attrs->groups[0] = &attrs->format_group;
	attrs->groups[1] = &attrs->event_group;
}
