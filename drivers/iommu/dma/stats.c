// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers of the DMA-API glue: whether they are collected, and their sums.
 */

#include <linux/cpumask.h>
#include <linux/percpu.h>

#include "stats.h"

DEFINE_STATIC_KEY_FALSE(iommu_dma_collect);

/**
 * iommu_dma_counts_add() - add what all CPUs have counted for a device
 * @sum: added to
 * @counts: the device's counts
 *
 * Context: Any context. CPUs may be counting meanwhile.
 */
void iommu_dma_counts_add(struct iommu_dma_counts *sum,
			  struct iommu_dma_counts __percpu *counts)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct iommu_dma_counts *c = per_cpu_ptr(counts, cpu);

		sum->maps += READ_ONCE(c->maps);
		sum->unmaps += READ_ONCE(c->unmaps);
		sum->mapped += READ_ONCE(c->mapped);
		sum->unmapped += READ_ONCE(c->unmapped);
		sum->syncs += READ_ONCE(c->syncs);
	}
}
