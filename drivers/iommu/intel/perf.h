/* SPDX-License-Identifier: GPL-2.0-only */
/* How long invalidations take: statistics that debugfs turns on and shows. */

#ifndef _VTD_PERF_H
#define _VTD_PERF_H

#include <linux/errno.h>
#include <linux/types.h>

struct intel_iommu;

/**
 * enum latency_type - what is measured
 * @DMAR_LATENCY_INV_IOTLB: IOTLB invalidations
 * @DMAR_LATENCY_INV_DEVTLB: device-TLB invalidations
 * @DMAR_LATENCY_INV_IEC: interrupt entry cache invalidations
 * @DMAR_LATENCY_NUM: number of these
 */
enum latency_type {
	DMAR_LATENCY_INV_IOTLB,
	DMAR_LATENCY_INV_DEVTLB,
	DMAR_LATENCY_INV_IEC,
	DMAR_LATENCY_NUM,
};

#ifdef CONFIG_DMAR_PERF
int dmar_latency_enable(struct intel_iommu *iommu, enum latency_type type);
void dmar_latency_disable(struct intel_iommu *iommu, enum latency_type type);
bool dmar_latency_enabled(struct intel_iommu *iommu, enum latency_type type);
void dmar_latency_update(struct intel_iommu *iommu, enum latency_type type,
			 u64 latency);
void dmar_latency_snapshot(struct intel_iommu *iommu, char *str, size_t size);
void dmar_latency_free(struct intel_iommu *iommu);
#else
static inline int dmar_latency_enable(struct intel_iommu *iommu,
				      enum latency_type type)
{
	return -EOPNOTSUPP;
}

static inline void dmar_latency_disable(struct intel_iommu *iommu,
					enum latency_type type)
{
}

static inline bool dmar_latency_enabled(struct intel_iommu *iommu,
					enum latency_type type)
{
	return false;
}

static inline void dmar_latency_update(struct intel_iommu *iommu,
				       enum latency_type type, u64 latency)
{
}

static inline void dmar_latency_snapshot(struct intel_iommu *iommu, char *str,
					 size_t size)
{
	if (size)
		*str = '\0';
}

static inline void dmar_latency_free(struct intel_iommu *iommu)
{
}
#endif /* CONFIG_DMAR_PERF */

#endif /* _VTD_PERF_H */
