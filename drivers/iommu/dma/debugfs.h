/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The DMA-API glue in debugfs. Only cookie.c, which makes and ends domains'
 * cookies, calls it.
 */

#ifndef _IOMMU_DMA_DEBUGFS_H
#define _IOMMU_DMA_DEBUGFS_H

struct iommu_domain;

#ifdef CONFIG_IOMMU_DEBUGFS

void iommu_dma_debugfs_setup(void);
void iommu_dma_debugfs_add(struct iommu_domain *domain);
void iommu_dma_debugfs_remove(struct iommu_domain *domain);

#else

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
#endif /* _IOMMU_DMA_DEBUGFS_H */
