/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making and ending a domain's caches, and giving back what they hold: the
 * interface of reclaim.c.
 */

#ifndef _IOVA_RECLAIM_H
#define _IOVA_RECLAIM_H

struct iova_cache;
struct iova_domain;

/* Where a walk that gives back cached ranges stands; goes downwards in bins */
struct iova_drain {
	struct iova_cache	*cache;
	unsigned int		bin;		/* one more than the current bin */
	unsigned int		cpu;
	unsigned int		depot_left;	/* magazines still to be looked for */
	unsigned long		ranges;		/* given back so far */
};

int iova_cache_setup(void);
void iova_cache_teardown(void);
int iova_cache_create(struct iova_domain *iovad);
void iova_cache_destroy(struct iova_domain *iovad);

struct iova_drain iova_drain_start(struct iova_cache *cache, unsigned int bins);
unsigned int iova_drain_step(struct iova_drain *drain);
unsigned long iova_cache_drain(struct iova_domain *iovad);

#if IS_ENABLED(CONFIG_IOMMU_IOVA_KUNIT_TEST)
unsigned long iova_cache_limit(struct iova_domain *iovad);
#endif

#endif /* _IOVA_RECLAIM_H */
