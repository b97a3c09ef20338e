/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Per-CPU caches of free ranges: what cache.c offers beside the functions of
 * <linux/iova.h>.
 */

#ifndef _IOVA_CACHE_H
#define _IOVA_CACHE_H

#include "magazine.h"

struct iova_domain;

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

void iova_cache_usage(struct iova_domain *iovad, struct iova_cache_usage *usage);

#endif /* _IOVA_CACHE_H */
