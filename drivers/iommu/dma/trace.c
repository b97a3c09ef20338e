// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracepoints of the DMA-API glue. They are defined at the bottom, as all
 * that maps and unmaps calls them.
 */

#include <linux/device.h>

#define CREATE_TRACE_POINTS
#include <trace/events/iommu_dma.h>
