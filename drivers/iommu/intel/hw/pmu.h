/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The performance monitor of a unit (specification 11.4.13): fields of the
 * registers that VTD_PERFCAP_REG and its neighbours lead to. Offsets in bytes.
 */

#ifndef _VTD_HW_PMU_H
#define _VTD_HW_PMU_H

#include <linux/bits.h>

/* 11.4.13.1 Capability */
#define VTD_PERFCAP_COUNTERS		GENMASK_ULL(15, 0)
#define VTD_PERFCAP_WIDTH		GENMASK_ULL(22, 16)
#define VTD_PERFCAP_GROUPS		GENMASK_ULL(28, 24)
#define VTD_PERFCAP_FILTERS		GENMASK_ULL(36, 32)
#define VTD_PERFCAP_INTERRUPT		BIT_ULL(50)
#define VTD_PERFCAP_STRIDE		GENMASK_ULL(54, 52)	/* log2 of KiB */

/* Event Capability, one of 64 bits for each group of events */
#define VTD_PERFEVNTCAP_BYTES		8
#define VTD_PERFEVNTCAP_SELECT		GENMASK_ULL(27, 0)
/* Groups that a configuration can name */
#define VTD_PERF_GROUPS			16

/* Configuration of a counter: a block of registers for each */
#define VTD_PERFCFG_BYTES		0x100
#define VTD_PERFCFG_INTERRUPT		BIT_ULL(1)
#define VTD_PERFCFG_GROUP		GENMASK_ULL(11, 8)
#define VTD_PERFCFG_SELECT		GENMASK_ULL(59, 32)

/* Filters, 32 bits each, in the order of VTD_PERFCAP_FILTERS */
#define VTD_PERFCFG_FILTER_OFFSET	0x8
#define VTD_PERFCFG_FILTER_BYTES	0x4
#define VTD_PERFCFG_FILTER_ENABLE	BIT(31)
#define VTD_PERF_FILTERS		5

/* What one counter can do, where it says so itself, 32 bits */
#define VTD_PERFCFG_CNTRCAP_OFFSET	0x80
#define VTD_PERF_CNTRCAP_OWN		BIT(0)
#define VTD_PERF_CNTRCAP_WIDTH		GENMASK(15, 8)
#define VTD_PERF_CNTRCAP_INTERRUPT	BIT(16)
#define VTD_PERF_CNTRCAP_GROUPS		GENMASK(31, 28)

/* Which events it can count: 32 bits for each of VTD_PERF_CNTRCAP_GROUPS */
#define VTD_PERFCFG_CNTREVCAP_OFFSET	0x84
#define VTD_PERFCFG_CNTREVCAP_BYTES	0x4
#define VTD_PERF_CNTREVCAP_SELECT	GENMASK(27, 0)
#define VTD_PERF_CNTREVCAP_GROUP	GENMASK(31, 28)

#endif /* _VTD_HW_PMU_H */
