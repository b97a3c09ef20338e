/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Per-CPU caches of free ranges: the door of cache.c.
 */

#ifndef __IOVA_CACHE_H
#define __IOVA_CACHE_H

#include <linux/types.h>

struct iova_domain;

/* Longest range that is cached, in PFNs; longer ones go to the tree */
#define IOVA_CACHE_MAX_PAGES	256

/* Sizes up to 32 PFNs in powers of two, then four steps per doubling */
#define IOVA_CACHE_CLASSES	18

/**
 * struct iova_cache_usage - what a domain's caches hold and did
 * @hits: requests served from the CPU's own loaded magazine
 * @refills: requests served from its other one, or one from the depot
 * @misses: requests that went to the tree
 * @cached: ranges cached now, by size class
 * @cached_32bit: those of them that lie below 4 GiB
 */
struct iova_cache_usage {
	unsigned long	hits;
	unsigned long	refills;
	unsigned long	misses;
	unsigned long	cached[IOVA_CACHE_CLASSES];
	unsigned long	cached_32bit[IOVA_CACHE_CLASSES];
};

int iova_cache_setup(void);
void iova_cache_teardown(void);
void iova_cache_destroy(struct iova_domain *iovad);

void iova_cache_usage(struct iova_domain *iovad, struct iova_cache_usage *usage);
unsigned long iova_cache_class_pages(unsigned long size);

unsigned long iova_cache_drain(struct iova_domain *iovad);

#if IS_ENABLED(CONFIG_IOMMU_IOVA_KUNIT_TEST)
unsigned long iova_cache_limit(struct iova_domain *iovad);
#endif

#endif /* __IOVA_CACHE_H */
