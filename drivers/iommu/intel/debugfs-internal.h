/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For debugfs*.c only.
 *
 * Files that show all units take dmar_global_lock for reading, which keeps the
 * units; no code waits for readers of these files with that lock held. Files of
 * one unit or device take neither that lock nor the core's: debugfs waits for
 * their readers before the unit or device is freed, with those locks held.
 */

#ifndef _VTD_DEBUGFS_INTERNAL_H
#define _VTD_DEBUGFS_INTERNAL_H

struct dentry;
struct intel_iommu;
struct vtd_device;

/* Counters: debugfs-stats.c */
void vtd_debugfs_stats_init(struct dentry *root);
void vtd_debugfs_stats_add_unit(struct intel_iommu *unit, struct dentry *folder);

/* Tables in memory: debugfs-tables.c */
void vtd_debugfs_tables_init(struct dentry *root);

/* What a device's requests go through: debugfs-walk.c */
void vtd_debugfs_walk_add_device(struct vtd_device *device);
void vtd_debugfs_walk_remove_device(struct vtd_device *device);

#endif /* _VTD_DEBUGFS_INTERNAL_H */
