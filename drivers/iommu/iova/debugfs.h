/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains in debugfs: the interface of debugfs.c.
 */

#ifndef _IOVA_DEBUGFS_H
#define _IOVA_DEBUGFS_H

struct dentry;
struct iova_domain;

#ifdef CONFIG_IOMMU_DEBUGFS
void iova_debugfs_setup(void);
void iova_debugfs_teardown(void);
struct dentry *iova_debugfs_add(struct iova_domain *iovad);
void iova_debugfs_remove(struct dentry *dir);
#else
static inline void iova_debugfs_setup(void)
{
}

static inline void iova_debugfs_teardown(void)
{
}

static inline struct dentry *iova_debugfs_add(struct iova_domain *iovad)
{
	return NULL;
}

static inline void iova_debugfs_remove(struct dentry *dir)
{
}
#endif

#endif /* _IOVA_DEBUGFS_H */
