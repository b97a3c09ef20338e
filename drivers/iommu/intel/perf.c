// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long invalidations take, by kind.
 *
 * A unit's statistics are allocated when the first is turned on. They are freed
 * with the unit, when nothing is submitted to it any more, so a submission can use
 * them without a reference. A kind that is off costs a look at a pointer or a flag. Each has its
 * own lock, a leaf that is held for a few instructions.
 */

#include <linux/cleanup.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "perf.h"
#include "unit.h"

/* Ranges: below 0.1 us, and so on by tens; the last has no end */
#define LATENCY_RANGES		7
#define LATENCY_FIRST_NS	100

/**
 * struct latency_statistic - measurements of one kind
 * @lock: protects the rest
 * @enabled: there are any; also read without @lock, where being late is no harm
 * @ranges: measurements by range
 * @samples: measurements
 * @min: shortest, in ns
 * @max: longest, in ns
 * @sum: all, in ns
 */
struct latency_statistic {
	raw_spinlock_t	lock;
	bool		enabled;
	u64		ranges[LATENCY_RANGES];
	u64		samples;
	u64		min;
	u64		max;
	u64		sum;
};

static const char * const latency_columns[] = {
	"<0.1us", "0.1us-1us", "1us-10us", "10us-100us", "100us-1ms", "1ms-10ms",
	">=10ms", "min(us)", "max(us)", "average(us)",
};

static const char * const latency_rows[DMAR_LATENCY_NUM] = {
	[DMAR_LATENCY_INV_IOTLB]	= "inv_iotlb",
	[DMAR_LATENCY_INV_DEVTLB]	= "inv_devtlb",
	[DMAR_LATENCY_INV_IEC]		= "inv_iec",
};

/* Return one kind of a unit's statistics, or NULL before there are any. */
static struct latency_statistic *latency_of(struct intel_iommu *iommu,
					    enum latency_type type)
{
	/* Pairs with cmpxchg() of latency_create() */
	struct latency_statistic *statistics = smp_load_acquire(&iommu->perf_statistic);

	return statistics ? &statistics[type] : NULL;
}

static int latency_create(struct intel_iommu *iommu)
{
	struct latency_statistic *statistics;
	unsigned int i;

	if (iommu->perf_statistic)
		return 0;
	statistics = kcalloc(DMAR_LATENCY_NUM, sizeof(*statistics), GFP_ATOMIC);
	if (!statistics)
		return -ENOMEM;
	for (i = 0; i < DMAR_LATENCY_NUM; i++)
		raw_spin_lock_init(&statistics[i].lock);
	/* Another CPU may have been faster */
	if (cmpxchg(&iommu->perf_statistic, NULL, statistics))
		kfree(statistics);
	return 0;
}

static void latency_reset(struct latency_statistic *statistic, bool enabled)
{
	scoped_guard(raw_spinlock_irqsave, &statistic->lock) {
		if (statistic->enabled == enabled)
			return;
		memset(statistic->ranges, 0, sizeof(statistic->ranges));
		statistic->samples = 0;
		statistic->min = U64_MAX;
		statistic->max = 0;
		statistic->sum = 0;
		WRITE_ONCE(statistic->enabled, enabled);
	}
}

/**
 * dmar_latency_enable() - begin to measure
 * @iommu: unit
 * @type: what
 *
 * What is measured already goes on as it is.
 *
 * Context: Any context.
 * Return: 0 or -ENOMEM.
 */
int dmar_latency_enable(struct intel_iommu *iommu, enum latency_type type)
{
	int ret = latency_create(iommu);

	if (!ret)
		latency_reset(latency_of(iommu, type), true);
	return ret;
}

/**
 * dmar_latency_disable() - stop measuring and discard the measurements
 * @iommu: unit
 * @type: what
 *
 * Context: Any context.
 */
void dmar_latency_disable(struct intel_iommu *iommu, enum latency_type type)
{
	struct latency_statistic *statistic = latency_of(iommu, type);

	if (statistic)
		latency_reset(statistic, false);
}

/**
 * dmar_latency_enabled() - tell whether something is measured
 * @iommu: unit
 * @type: what
 *
 * Context: Any context.
 * Return: true if so.
 */
bool dmar_latency_enabled(struct intel_iommu *iommu, enum latency_type type)
{
	struct latency_statistic *statistic = latency_of(iommu, type);

	return statistic && READ_ONCE(statistic->enabled);
}

/**
 * dmar_latency_update() - add a measurement
 * @iommu: unit
 * @type: what; nothing happens if it is not measured
 * @latency: how long it took, in ns
 *
 * Context: Any context.
 */
void dmar_latency_update(struct intel_iommu *iommu, enum latency_type type,
			 u64 latency)
{
	struct latency_statistic *statistic = latency_of(iommu, type);
	u64 end = LATENCY_FIRST_NS;
	unsigned int range;

	if (!statistic || !READ_ONCE(statistic->enabled))
		return;
	for (range = 0; range < LATENCY_RANGES - 1 && latency >= end; range++)
		end *= 10;

	scoped_guard(raw_spinlock_irqsave, &statistic->lock) {
		if (!statistic->enabled)
			return;
		statistic->ranges[range]++;
		statistic->samples++;
		statistic->min = min(statistic->min, latency);
		statistic->max = max(statistic->max, latency);
		statistic->sum += latency;
	}
}

/* Print one row; a measurement that is off has no row. */
static size_t latency_row(struct latency_statistic *statistic, const char *name,
			  char *text, size_t size)
{
	u64 columns[LATENCY_RANGES + 3] = {};
	size_t used;
	unsigned int i;

	scoped_guard(raw_spinlock_irqsave, &statistic->lock) {
		if (!statistic->enabled)
			return 0;
		memcpy(columns, statistic->ranges, sizeof(statistic->ranges));
		if (statistic->samples) {
			columns[LATENCY_RANGES] = statistic->min;
			columns[LATENCY_RANGES + 1] = statistic->max;
			columns[LATENCY_RANGES + 2] = div64_u64(statistic->sum,
								statistic->samples);
		}
	}
	for (i = LATENCY_RANGES; i < ARRAY_SIZE(columns); i++)
		columns[i] = div_u64(columns[i], NSEC_PER_USEC);

	used = scnprintf(text, size, "\n%12s", name);
	for (i = 0; i < ARRAY_SIZE(columns); i++)
		used += scnprintf(text + used, size - used, "%12llu", columns[i]);
	return used;
}

/**
 * dmar_latency_snapshot() - say what was measured, as a table
 * @iommu: unit
 * @str: where to put it; no end of line after the last row
 * @size: of @str, in bytes; what doesn't fit is left out
 *
 * Columns are twelve characters wide, the first is twice that.
 *
 * Context: Any context.
 */
void dmar_latency_snapshot(struct intel_iommu *iommu, char *str, size_t size)
{
	struct latency_statistic *statistic;
	size_t used;
	unsigned int i;

	used = scnprintf(str, size, "%12s", "");
	for (i = 0; i < ARRAY_SIZE(latency_columns); i++)
		used += scnprintf(str + used, size - used, "%12s", latency_columns[i]);
	for (i = 0; i < DMAR_LATENCY_NUM; i++) {
		statistic = latency_of(iommu, i);
		if (statistic)
			used += latency_row(statistic, latency_rows[i], str + used,
					    size - used);
	}
}

/**
 * dmar_latency_free() - free a unit's measurements
 * @iommu: unit that is being freed; not in use any more
 *
 * Context: Any context.
 */
void dmar_latency_free(struct intel_iommu *iommu)
{
	kfree(iommu->perf_statistic);
	iommu->perf_statistic = NULL;
}
