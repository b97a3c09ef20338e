// SPDX-License-Identifier: GPL-2.0-only
/* debugfs iommu/prereg: the ranges of registered user memory. */

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/iommu.h>
#include <linux/maple_tree.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/seq_file.h>

#include "iommu-prereg-internal.h"

/* Tell processes apart by the hash of their structure's address. */
static void prereg_show_region(struct seq_file *m, struct iommu_prereg *region)
{
	u64 uses = atomic64_read(&region->uses);

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "the range may be freed");
	seq_printf(m, "%p %#lx %lu %lu %zu %llu %llu%s\n", region->space->mm,
		   region->ua, region->npages, region->pages.nr_runs,
		   iommu_prereg_footprint(region), uses / PREREG_REGISTRATION,
		   uses & PREREG_MAPPINGS, region->device ? " device" : "");
}

static int prereg_show(struct seq_file *m, void *unused)
{
	struct rhashtable_iter iter;
	struct prereg_space *space;

	seq_puts(m, "mm ua npages runs bytes registrations mappings\n");
	rhashtable_walk_enter(&prereg_spaces, &iter);
	rhashtable_walk_start(&iter);
	while ((space = rhashtable_walk_next(&iter))) {
		struct iommu_prereg *region;
		unsigned long index = 0;

		/* -EAGAIN: the table grew, some may be shown twice */
		if (IS_ERR(space))
			continue;
		mt_for_each(&space->regions, region, index, ULONG_MAX)
			prereg_show_region(m, region);
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(prereg);

static int __init prereg_debugfs_init(void)
{
	debugfs_create_file("prereg", 0400, iommu_debugfs_dir, NULL, &prereg_fops);
	return 0;
}
device_initcall(prereg_debugfs_init);
