/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The holes between ranges: the interface of hole.c, for tree.c.
 */

#ifndef _IOVA_HOLE_H
#define _IOVA_HOLE_H

#include <linux/bits.h>
#include <linux/types.h>

struct iova;
struct iova_domain;

/* Longest range, in PFNs: what the tree's summary of aligned space can tell */
#define IOVA_TREE_MAX_PAGES	(BIT(BITS_PER_LONG - 2) - 1)

/**
 * struct iova_want - what a search looks for
 * @pages: length in PFNs
 * @align_mask: bits of the first PFN that must be clear: those below @pages
 *	rounded up to a power of two, or none
 */
struct iova_want {
	unsigned long	pages;
	unsigned long	align_mask;
};

void iova_hole_init(struct iova_domain *iovad, unsigned long end_pfn);
void iova_hole_take(struct iova_domain *iovad, struct iova *iova,
		    struct iova *above);
struct iova *iova_hole_return(struct iova_domain *iovad, struct iova *iova);
struct iova *iova_hole_search(struct iova_domain *iovad,
			      const struct iova_want *want,
			      unsigned long limit_pfn, unsigned long *pfn);
unsigned long iova_hole_longest(struct iova_domain *iovad,
				unsigned long limit_pfn);

#if IS_ENABLED(CONFIG_IOMMU_IOVA_KUNIT_TEST)
bool iova_hole_is_sound(struct iova_domain *iovad, struct iova *iova,
			struct iova *below);
#endif

#endif /* _IOVA_HOLE_H */
