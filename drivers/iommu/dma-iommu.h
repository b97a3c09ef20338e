/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The DMA-API glue as the IOMMU core and drivers see it. What devices' drivers
 * use is in <linux/iommu-dma.h>, what interrupts need in <linux/iommu.h>.
 */

#ifndef _DMA_IOMMU_H
#define _DMA_IOMMU_H

#include <linux/iommu.h>

#ifdef CONFIG_IOMMU_DMA

void iommu_setup_dma_ops(struct device *dev);
void iommu_dma_release_device(struct device *dev);

int iommu_get_dma_cookie(struct iommu_domain *domain);
void iommu_put_dma_cookie(struct iommu_domain *domain);

int iommu_dma_init_fq(struct iommu_domain *domain);
void iommu_dma_stop_fq(struct iommu_domain *domain);

void iommu_dma_get_resv_regions(struct device *dev, struct list_head *list);

extern bool iommu_dma_forcedac;

#else /* CONFIG_IOMMU_DMA */

static inline void iommu_setup_dma_ops(struct device *dev)
{
}

static inline void iommu_dma_release_device(struct device *dev)
{
}

static inline int iommu_get_dma_cookie(struct iommu_domain *domain)
{
	return -ENODEV;
}

static inline void iommu_put_dma_cookie(struct iommu_domain *domain)
{
}

static inline int iommu_dma_init_fq(struct iommu_domain *domain)
{
	return -EINVAL;
}

static inline void iommu_dma_stop_fq(struct iommu_domain *domain)
{
}

static inline void iommu_dma_get_resv_regions(struct device *dev,
					      struct list_head *list)
{
}

#endif /* CONFIG_IOMMU_DMA */
#endif /* _DMA_IOMMU_H */
