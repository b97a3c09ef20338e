// SPDX-License-Identifier: GPL-2.0-only
/*
 * A folder for each domain with caches below <debugfs>/iommu/iova/, with the
 * files "stats" and "ranges". Removing the folder waits for reads under way, so
 * that they need no reference to the domain.
 */

#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/iommu.h>
#include <linux/iova.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "cache.h"
#include "debugfs.h"
#include "magazine.h"
#include "tree.h"

static struct dentry *iova_dir;

/* One lock hold per range: a large tree is read without stopping anybody */
static unsigned int tree_depth(struct iova_domain *iovad)
{
	struct iova_tree_range range;
	unsigned long pfn = 0;
	unsigned int depth = 0;

	while (iova_tree_range_from(iovad, pfn, &range)) {
		depth = max(depth, range.depth);
		pfn = range.pfn_hi + 1;
		cond_resched();
	}

	return depth;
}

static void show_caches(struct seq_file *m, const struct iova_cache_usage *usage)
{
	unsigned long size = 1;

	seq_printf(m, "cache hits: %lu\n", usage->hits);
	seq_printf(m, "cache refills: %lu\n", usage->refills);
	seq_printf(m, "cache misses: %lu\n", usage->misses);
	seq_puts(m, "cached ranges (pages each, below 4GiB, all):\n");
	for (unsigned int i = 0; i < IOVA_CACHE_CLASSES; i++) {
		unsigned long pages = iova_cache_class_pages(size);

		if (usage->cached[i])
			seq_printf(m, "  %lu %lu %lu\n", pages,
				   usage->cached_32bit[i], usage->cached[i]);
		size = pages + 1;
	}
}

static int stats_show(struct seq_file *m, void *unused)
{
	struct iova_domain *iovad = m->private;
	struct iova_cache_usage *caches;
	struct iova_tree_usage tree;

	caches = kmalloc(sizeof(*caches), GFP_KERNEL);
	if (!caches)
		return -ENOMEM;

	iova_tree_usage(iovad, &tree);
	iova_cache_usage(iovad, caches);
	/* As in the tracepoints, hashed */
	seq_printf(m, "domain: %p\n", iovad);
	seq_printf(m, "granule: %lu\n", iovad->granule);
	seq_printf(m, "start pfn: %#lx\n", iovad->start_pfn);
	seq_printf(m, "ranges: %lu\n", tree.ranges);
	seq_printf(m, "tree depth: %u\n", tree_depth(iovad));
	seq_printf(m, "largest hole below 4GiB: %lu pages\n", tree.max_hole_32bit);
	seq_printf(m, "largest hole: %lu pages\n", tree.max_hole);
	show_caches(m, caches);

	kfree(caches);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/* The position is a PFN; ranges that come or go meanwhile may be missed */
static void *ranges_start(struct seq_file *m, loff_t *pos)
{
	struct iova_domain *iovad = m->private;
	struct iova_tree_range *range;

	range = kmalloc(sizeof(*range), GFP_KERNEL);
	if (!range)
		return ERR_PTR(-ENOMEM);
	if (iova_tree_range_from(iovad, *pos, range))
		return range;

	kfree(range);
	return NULL;
}

static void *ranges_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct iova_domain *iovad = m->private;
	struct iova_tree_range *range = v;

	*pos = range->pfn_hi + 1;
	if (iova_tree_range_from(iovad, *pos, range))
		return range;

	kfree(range);
	return NULL;
}

static void ranges_stop(struct seq_file *m, void *v)
{
	if (!IS_ERR(v))
		kfree(v);
}

static int ranges_show(struct seq_file *m, void *v)
{
	struct iova_tree_range *range = v;

	seq_printf(m, "%#lx-%#lx %s\n", range->pfn_lo, range->pfn_hi,
		   range->reserved ? "reserved" : "allocated");
	return 0;
}

static const struct seq_operations ranges_sops = {
	.start = ranges_start,
	.next = ranges_next,
	.stop = ranges_stop,
	.show = ranges_show,
};
DEFINE_SEQ_ATTRIBUTE(ranges);

/**
 * iova_debugfs_setup() - make the folder that domains show up in
 */
void iova_debugfs_setup(void)
{
	iova_dir = debugfs_create_dir("iova", iommu_debugfs_dir);
}

/**
 * iova_debugfs_teardown() - remove that folder
 */
void iova_debugfs_teardown(void)
{
	debugfs_remove(iova_dir);
}

/**
 * iova_debugfs_add() - make a domain's folder
 * @iovad: domain with caches
 *
 * Context: Process context, may sleep.
 * Return: the folder; a failure is no concern of the caller's.
 */
struct dentry *iova_debugfs_add(struct iova_domain *iovad)
{
	static atomic_t last_id;
	struct dentry *dir;
	char name[16];

	snprintf(name, sizeof(name), "%u", (u32)atomic_inc_return(&last_id));
	dir = debugfs_create_dir(name, iova_dir);
	debugfs_create_file("stats", 0400, dir, iovad, &stats_fops);
	debugfs_create_file("ranges", 0400, dir, iovad, &ranges_fops);

	return dir;
}

/**
 * iova_debugfs_remove() - remove a domain's folder
 * @dir: what iova_debugfs_add() returned
 *
 * Context: Process context, may sleep. Waits for readers.
 */
void iova_debugfs_remove(struct dentry *dir)
{
	debugfs_remove(dir);
}
