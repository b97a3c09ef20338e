/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers of the DMA-API glue for people to look at. What would cost something
 * on each mapping is counted only while numbers are collected.
 */

#ifndef _IOMMU_DMA_STATS_H
#define _IOMMU_DMA_STATS_H

#include <linux/jump_label.h>
#include <linux/percpu.h>
#include <linux/types.h>

/**
 * struct iommu_dma_counts - what one CPU has counted for a device
 * @maps: mappings made
 * @unmaps: mappings ended
 * @mapped: bytes in @maps
 * @unmapped: bytes in @unmaps
 * @syncs: unmaps that were flushed for at once
 */
struct iommu_dma_counts {
	u64	maps;
	u64	unmaps;
	u64	mapped;
	u64	unmapped;
	u64	syncs;
};

#ifdef CONFIG_IOMMU_DEBUGFS

DECLARE_STATIC_KEY_FALSE(iommu_dma_collect);

/**
 * iommu_dma_collecting() - tell whether numbers are collected
 *
 * Context: Any context.
 * Return: whether what costs something is counted.
 */
static inline bool iommu_dma_collecting(void)
{
	return static_branch_unlikely(&iommu_dma_collect);
}

void iommu_dma_counts_add(struct iommu_dma_counts *sum,
			  struct iommu_dma_counts __percpu *counts);

#else

static inline bool iommu_dma_collecting(void)
{
	return false;
}

#endif /* CONFIG_IOMMU_DEBUGFS */

/**
 * iommu_dma_count_map() - count a mapping
 * @counts: counts of the device that it was made for
 * @size: its length in bytes, in granules
 *
 * Context: Any context but NMI.
 */
static inline void iommu_dma_count_map(struct iommu_dma_counts __percpu *counts,
				       size_t size)
{
	this_cpu_inc(counts->maps);
	this_cpu_add(counts->mapped, size);
}

/**
 * iommu_dma_count_unmap() - count the end of a mapping
 * @counts: counts of the device that it was made for
 * @size: its length in bytes, in granules
 * @synced: the unmap waited for the hardware
 *
 * Context: Any context but NMI.
 */
static inline void iommu_dma_count_unmap(struct iommu_dma_counts __percpu *counts,
					 size_t size, bool synced)
{
	this_cpu_inc(counts->unmaps);
	this_cpu_add(counts->unmapped, size);
	if (synced)
		this_cpu_inc(counts->syncs);
}

#endif /* _IOMMU_DMA_STATS_H */
