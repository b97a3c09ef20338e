/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ordered ranges of an I/O address space: the interface of tree.c.
 */

#ifndef _IOVA_TREE_H
#define _IOVA_TREE_H

#include <linux/types.h>

struct iova;
struct iova_domain;

/* Ranges given back in one hold of a domain's lock */
#define IOVA_TREE_BATCH		32

/**
 * struct iova_tree_range - copy of one range
 * @pfn_lo: first PFN
 * @pfn_hi: last PFN
 * @depth: number of tree nodes from the root to this one, both included
 * @reserved: made by reserve_iova()
 */
struct iova_tree_range {
	unsigned long	pfn_lo;
	unsigned long	pfn_hi;
	unsigned int	depth;
	bool		reserved;
};

/**
 * struct iova_tree_usage - how full an address space is
 * @ranges: number of ranges in the tree, cached ones included
 * @max_hole: longest hole, in PFNs
 * @max_hole_32bit: longest hole below 4 GiB, in PFNs
 */
struct iova_tree_usage {
	unsigned long	ranges;
	unsigned long	max_hole;
	unsigned long	max_hole_32bit;
};

int iova_tree_slab_create(void);
void iova_tree_slab_destroy(void);

void iova_tree_init(struct iova_domain *iovad, unsigned long end_pfn);
void iova_tree_destroy(struct iova_domain *iovad);

bool iova_tree_size_ok(struct iova_domain *iovad, unsigned long size);
struct iova *iova_tree_alloc(struct iova_domain *iovad, unsigned long size,
			     unsigned long limit_pfn, bool size_aligned);
struct iova *iova_tree_reserve(struct iova_domain *iovad, unsigned long pfn_lo,
			       unsigned long pfn_hi);
struct iova *iova_tree_find(struct iova_domain *iovad, unsigned long pfn);
bool iova_tree_free(struct iova_domain *iovad, struct iova *iova);
unsigned long iova_tree_free_pfn(struct iova_domain *iovad, unsigned long pfn);
bool iova_tree_free_range(struct iova_domain *iovad, unsigned long pfn,
			  unsigned long size);
void iova_tree_free_bulk(struct iova_domain *iovad, const unsigned long *pfns,
			 unsigned int nr);

void iova_tree_usage(struct iova_domain *iovad, struct iova_tree_usage *usage);
bool iova_tree_range_from(struct iova_domain *iovad, unsigned long pfn,
			  struct iova_tree_range *range);

#ifdef CONFIG_IOMMU_IOVA_DEBUG
bool iova_tree_set_cached(struct iova_domain *iovad, unsigned long pfn,
			  unsigned long size, bool cached);
#else
static inline bool iova_tree_set_cached(struct iova_domain *iovad,
					unsigned long pfn, unsigned long size,
					bool cached)
{
	return true;
}
#endif

#if IS_ENABLED(CONFIG_IOMMU_IOVA_KUNIT_TEST)
bool iova_tree_validate(struct iova_domain *iovad);
#endif

#endif /* _IOVA_TREE_H */
