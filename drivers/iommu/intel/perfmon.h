/* SPDX-License-Identifier: GPL-2.0-only */
/* The performance monitor of a unit. */

#ifndef _VTD_PERFMON_H
#define _VTD_PERFMON_H

struct intel_iommu;

#ifdef CONFIG_INTEL_IOMMU_PERF_EVENTS

int vtd_pmu_alloc(struct intel_iommu *unit);
void vtd_pmu_free(struct intel_iommu *unit);
void vtd_pmu_register(struct intel_iommu *unit);
void vtd_pmu_unregister(struct intel_iommu *unit);

#else

static inline int vtd_pmu_alloc(struct intel_iommu *unit)
{
	return 0;
}

static inline void vtd_pmu_free(struct intel_iommu *unit)
{
}

static inline void vtd_pmu_register(struct intel_iommu *unit)
{
}

static inline void vtd_pmu_unregister(struct intel_iommu *unit)
{
}

#endif /* CONFIG_INTEL_IOMMU_PERF_EVENTS */
#endif /* _VTD_PERFMON_H */
