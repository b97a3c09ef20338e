// SPDX-License-Identifier: GPL-2.0-only
/*
 * The DMA-API glue in debugfs: settings of the flush queues, a switch for the
 * numbers that cost something, and a file of numbers for each domain, named
 * after the group whose default domain it is.
 */

#include <linux/capability.h>
#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/jump_label.h>
#include <linux/kstrtox.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "debugfs.h"
#include "fq-control.h"
#include "internal.h"

static struct dentry *dma_dir;

static const char * const cause_names[] = {
	[IOMMU_FQ_WATERMARK_REACHED]	= "watermark",
	[IOMMU_FQ_TIMER]		= "timer",
	[IOMMU_FQ_TEARDOWN]		= "teardown",
	[IOMMU_FQ_SWITCH]		= "switch",
	[IOMMU_FQ_PRESSURE]		= "pressure",
	[IOMMU_FQ_OFFLINE]		= "offline",
	[IOMMU_FQ_TUNING]		= "tuning",
};

static_assert(ARRAY_SIZE(cause_names) == IOMMU_FQ_CAUSES);

/* Tell what is mapped; what was before the counting began may be unmapped in it */
static u64 counts_live(const struct iommu_dma_counts *counts)
{
	return counts->mapped > counts->unmapped ?
	       counts->mapped - counts->unmapped : 0;
}

/* Numbers of a domain */

static void show_histogram(struct seq_file *m, const char *name,
			   const unsigned long *buckets)
{
	seq_puts(m, name);
	for (unsigned int i = 0; i < IOMMU_FQ_BUCKETS; i++)
		if (buckets[i])
			seq_printf(m, " %lu:%lu", i ? 1UL << (i - 1) : 0, buckets[i]);
	seq_putc(m, '\n');
}

static void show_queue(struct seq_file *m, struct iommu_dma_iova_cookie *cookie,
		       u64 syncs)
{
	struct iommu_fq_stats stats = {};

	if (cookie->fq)
		iommu_fq_stats(cookie->fq, &stats);

	seq_printf(m, "waiting %lu\n", stats.waiting);
	seq_printf(m, "quarantined_ranges %lu\n",
		   stats.quarantined_ranges + atomic_long_read(&cookie->quarantined_ranges));
	seq_printf(m, "quarantined_tables %lu\n",
		   stats.quarantined_tables + atomic_long_read(&cookie->quarantined_tables));

	seq_printf(m, "flushes sync=%llu", syncs);
	for (unsigned int i = 0; i < IOMMU_FQ_CAUSES; i++)
		seq_printf(m, " %s=%lu", cause_names[i], stats.flushes[i]);
	seq_putc(m, '\n');

	show_histogram(m, "entries_per_flush", stats.entries);
	show_histogram(m, "unmap_to_flush_us", stats.age_us);
}

static int stats_show(struct seq_file *m, void *v)
{
	struct iommu_dma_iova_cookie *cookie = iova_cookie(m->private);
	struct iommu_dma_counts sum = {};
	struct iommu_dma_device *d;

	guard(mutex)(&cookie->lock);
	list_for_each_entry(d, &cookie->devices, list)
		iommu_dma_counts_add(&sum, d->counts);

	seq_printf(m, "policy %s\n", iommu_dma_lazy(cookie) ? "lazy" : "strict");
	seq_printf(m, "granule %lu\n", cookie->iovad.granule);
	seq_printf(m, "maps %llu\nunmaps %llu\n", sum.maps, sum.unmaps);
	seq_printf(m, "bytes_live %llu\n", counts_live(&sum));
	show_queue(m, cookie, sum.syncs);

	list_for_each_entry(d, &cookie->devices, list) {
		struct iommu_dma_counts counts = {};

		iommu_dma_counts_add(&counts, d->counts);
		seq_printf(m, "device %s maps %llu unmaps %llu bytes_live %llu\n",
			   dev_name(d->dev), counts.maps, counts.unmaps,
			   counts_live(&counts));
	}

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/**
 * iommu_dma_debugfs_add() - make a domain's folder
 * @domain: domain with an IOVA cookie that is being set up
 *
 * Context: Process context, may sleep.
 */
void iommu_dma_debugfs_add(struct iommu_domain *domain)
{
	struct iommu_dma_iova_cookie *cookie = iova_cookie(domain);
	char name[24];

	snprintf(name, sizeof(name), "group-%d", cookie->group);
	cookie->debugfs = debugfs_create_dir(name, dma_dir);
	debugfs_create_file("stats", 0400, cookie->debugfs, domain, &stats_fops);
}

/**
 * iommu_dma_debugfs_remove() - remove a domain's folder
 * @domain: domain with an IOVA cookie
 *
 * Context: Process context, may sleep; waits for readers.
 */
void iommu_dma_debugfs_remove(struct iommu_domain *domain)
{
	debugfs_remove(iova_cookie(domain)->debugfs);
}

/* Settings */

/* Set a number that its setter checks: 0 and less, too much and garbage are refused */
static ssize_t write_setting(const char __user *buf, size_t count,
			     int (*set)(unsigned int value))
{
	unsigned int value;
	int ret;

	ret = kstrtouint_from_user(buf, count, 10, &value);
	if (ret == -ERANGE)
		ret = -EINVAL;
	if (!ret)
		ret = set(value);

	return ret ?: count;
}

static int high_watermark_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%u\n", iommu_fq_watermark());
	return 0;
}

static ssize_t high_watermark_write(struct file *file, const char __user *buf,
				    size_t count, loff_t *pos)
{
	return write_setting(buf, count, iommu_fq_set_watermark);
}
DEFINE_SHOW_STORE_ATTRIBUTE(high_watermark);

static int flush_delay_ms_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%u\n", iommu_fq_delay());
	return 0;
}

static ssize_t flush_delay_ms_write(struct file *file, const char __user *buf,
				    size_t count, loff_t *pos)
{
	return write_setting(buf, count, iommu_fq_set_delay);
}
DEFINE_SHOW_STORE_ATTRIBUTE(flush_delay_ms);

static int collect_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%d\n", iommu_dma_collecting());
	return 0;
}

static ssize_t collect_write(struct file *file, const char __user *buf,
			     size_t count, loff_t *pos)
{
	bool on;
	int ret;

	ret = kstrtobool_from_user(buf, count, &on);
	if (ret)
		return ret;

	if (on)
		static_branch_enable(&iommu_dma_collect);
	else
		static_branch_disable(&iommu_dma_collect);

	return count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(collect);

/**
 * iommu_dma_debugfs_setup() - make the folder of the glue
 *
 * Context: Process context, may sleep.
 */
void iommu_dma_debugfs_setup(void)
{
	dma_dir = debugfs_create_dir("dma", iommu_debugfs_dir);
	debugfs_create_file("high_watermark", 0644, dma_dir, NULL, &high_watermark_fops);
	debugfs_create_file("flush_delay_ms", 0644, dma_dir, NULL, &flush_delay_ms_fops);
	debugfs_create_file("collect", 0644, dma_dir, NULL, &collect_fops);
}
