/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The holes between ranges: the door of hole.c, for tree.c.
 */

#ifndef __IOVA_HOLE_H
#define __IOVA_HOLE_H

#include <linux/types.h>

struct iova;
struct iova_domain;

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

#endif /* __IOVA_HOLE_H */
