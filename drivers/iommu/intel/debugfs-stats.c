// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters in debugfs: what went through a unit's queue, which faults there
 * were, how long invalidations take. See debugfs-internal.h for the locks.
 */

#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/dmar.h>
#include <linux/kstrtox.h>
#include <linux/rwsem.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "debugfs-internal.h"
#include "perf.h"
#include "unit.h"

/* Faults and invalidations of a unit */

static void show_queue_stats(struct seq_file *m, struct intel_iommu *unit)
{
	struct vtd_qi_stats stats;

	vtd_qi_read_stats(unit, &stats);
	seq_printf(m, "context %llu\n", stats.context);
	seq_printf(m, "iotlb_global %llu\n", stats.iotlb_global);
	seq_printf(m, "iotlb_domain %llu\n", stats.iotlb_domain);
	seq_printf(m, "iotlb_pages %llu\n", stats.iotlb_pages);
	seq_printf(m, "device_tlb %llu\n", stats.device_tlb);
	seq_printf(m, "interrupts %llu\n", stats.interrupts);
	seq_printf(m, "doorbells %llu\n", stats.doorbells);
	seq_printf(m, "waits %llu\n", stats.waits);
	seq_printf(m, "longest_wait_ns %llu\n", stats.longest_ns);
	seq_printf(m, "queue_errors %llu\n", stats.queue_errors);
	seq_printf(m, "completion_errors %llu\n", stats.completion_errors);
	seq_printf(m, "timeout_errors %llu\n", stats.timeout_errors);
	seq_printf(m, "stalls %llu\n", stats.stalls);
	seq_printf(m, "failed %llu\n", stats.failed);
}

static int stats_show(struct seq_file *m, void *unused)
{
	struct intel_iommu *unit = m->private;

	show_queue_stats(m, unit);
	seq_printf(m, "faults_lost %u\n", atomic_read(&unit->faults.lost));
	seq_printf(m, "fault_pauses %u\n", atomic_read(&unit->faults.pauses));
	for (unsigned int i = 0; i < VTD_FAULT_REASONS; i++) {
		unsigned int count = atomic_read(&unit->faults.count[i]);

		if (count)
			seq_printf(m, "fault 0x%02x %u %s\n", i, count,
				   vtd_fault_reason(i));
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/**
 * vtd_debugfs_stats_add_unit() - make the files of a unit
 * @unit: the unit
 * @folder: where to put them
 *
 * Context: Process context, may sleep.
 */
void vtd_debugfs_stats_add_unit(struct intel_iommu *unit, struct dentry *folder)
{
	debugfs_create_file("stats", 0444, folder, unit, &stats_fops);
}

/* Latency */

/* What the statistics of one unit take at most, in bytes */
#define LATENCY_TEXT_BYTES	1024

static int dmar_perf_latency_show(struct seq_file *m, void *unused)
{
	char *text __free(kfree) = kzalloc(LATENCY_TEXT_BYTES, GFP_KERNEL);
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *unit;

	if (!text)
		return -ENOMEM;

	guard(rwsem_read)(&dmar_global_lock);
	for_each_active_iommu(unit, drhd) {
		dmar_latency_snapshot(unit, text, LATENCY_TEXT_BYTES);
		seq_printf(m, "IOMMU: %s Register Base Address: %llx\n%s\n",
			   unit->name, unit->reg_phys, text);
	}
	return 0;
}

static void latency_disable_all(void)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *unit;

	guard(rwsem_read)(&dmar_global_lock);
	for_each_active_iommu(unit, drhd)
		for (int type = 0; type < DMAR_LATENCY_NUM; type++)
			dmar_latency_disable(unit, type);
}

static int latency_enable(enum latency_type type)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *unit;
	int ret;

	guard(rwsem_read)(&dmar_global_lock);
	for_each_active_iommu(unit, drhd) {
		ret = dmar_latency_enable(unit, type);
		if (ret)
			return ret;
	}
	return 0;
}

/* 0 ends all statistics; 1, 2 and 3 begin that of a kind of invalidation. */
static ssize_t dmar_perf_latency_write(struct file *file, const char __user *buf,
				       size_t count, loff_t *pos)
{
	static const enum latency_type types[] = {
		DMAR_LATENCY_INV_IOTLB,
		DMAR_LATENCY_INV_DEVTLB,
		DMAR_LATENCY_INV_IEC,
	};
	unsigned int which;
	int ret = 0;

	if (kstrtouint_from_user(buf, count, 0, &which) ||
	    which > ARRAY_SIZE(types))
		return -EINVAL;
	if (which)
		ret = latency_enable(types[which - 1]);
	else
		latency_disable_all();
	return ret ?: count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(dmar_perf_latency);

/**
 * vtd_debugfs_stats_init() - make the files for all units
 * @root: the driver's folder
 *
 * Context: Process context, may sleep.
 */
void vtd_debugfs_stats_init(struct dentry *root)
{
	debugfs_create_file("dmar_perf_latency", 0644, root, NULL,
			    &dmar_perf_latency_fops);
}
