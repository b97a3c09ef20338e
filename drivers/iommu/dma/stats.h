/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers of the DMA-API glue for people to look at. What would cost something
 * on each mapping is counted only while somebody collects.
 */

#ifndef __DMA_IOMMU_STATS_H
#define __DMA_IOMMU_STATS_H

#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/types.h>

struct device;
struct iommu_dma_iova_cookie;
struct iommu_domain;

#ifdef CONFIG_IOMMU_DEBUGFS

DECLARE_STATIC_KEY_FALSE(iommu_dma_collect);

/**
 * iommu_dma_collecting() - does somebody collect numbers?
 *
 * Return: whether what costs something is counted.
 */
static inline bool iommu_dma_collecting(void)
{
	return static_branch_unlikely(&iommu_dma_collect);
}

void iommu_dma_count_map(struct device *dev, size_t size);
void iommu_dma_count_unmap(struct device *dev, size_t size, bool synced);

void iommu_dma_debugfs_setup(void);
void iommu_dma_debugfs_add(struct iommu_domain *domain);
void iommu_dma_debugfs_remove(struct iommu_domain *domain);

#else

static inline bool iommu_dma_collecting(void)
{
	return false;
}

static inline void iommu_dma_count_map(struct device *dev, size_t size)
{
}

static inline void iommu_dma_count_unmap(struct device *dev, size_t size, bool synced)
{
}

static inline void iommu_dma_debugfs_setup(void)
{
}

static inline void iommu_dma_debugfs_add(struct iommu_domain *domain)
{
}

static inline void iommu_dma_debugfs_remove(struct iommu_domain *domain)
{
}

#endif /* CONFIG_IOMMU_DEBUGFS */
#endif /* __DMA_IOMMU_STATS_H */
