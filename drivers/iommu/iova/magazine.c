// SPDX-License-Identifier: GPL-2.0-only
/*
 * Magazines of free ranges, the depots that CPUs exchange full ones through,
 * and the size classes of the ranges. See magazine.h.
 *
 * Locking: a depot's lock is taken here, and is a leaf.
 */

#include <kunit/visibility.h>
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "magazine.h"
#include "tree.h"

static struct kmem_cache *iova_magazine_slab;
static atomic_long_t iova_magazines;	/* in all domains */

/* Size classes */

const u8 iova_size_classes[IOVA_CACHE_MAX_PAGES + 1] = {
	[1] = 0, [2] = 1, [3 ... 4] = 2, [5 ... 8] = 3, [9 ... 16] = 4,
	[17 ... 32] = 5,
	[33 ... 40] = 6, [41 ... 48] = 7, [49 ... 56] = 8, [57 ... 64] = 9,
	[65 ... 80] = 10, [81 ... 96] = 11, [97 ... 112] = 12, [113 ... 128] = 13,
	[129 ... 160] = 14, [161 ... 192] = 15, [193 ... 224] = 16, [225 ... 256] = 17,
};

static const u16 class_pages[IOVA_CACHE_CLASSES] = {
	1, 2, 4, 8, 16, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256,
};

/**
 * iova_cache_class_pages() - length of the range that serves a request
 * @size: size asked for, in PFNs
 *
 * Return: @size rounded up to its class, or @size if that is never cached.
 */
unsigned long iova_cache_class_pages(unsigned long size)
{
	if (!size || size > IOVA_CACHE_MAX_PAGES)
		return size;

	return class_pages[iova_size_classes[size]];
}
EXPORT_SYMBOL_IF_KUNIT(iova_cache_class_pages);

/**
 * iova_bin_capacity() - number of ranges in a full magazine
 * @bin: kind of the ranges
 *
 * Return: IOVA_MAGAZINE_SIZE, or less for long ranges.
 */
unsigned int iova_bin_capacity(unsigned int bin)
{
	unsigned int pages = class_pages[bin % IOVA_CACHE_CLASSES];

	return min(IOVA_MAGAZINE_SIZE, IOVA_MAGAZINE_PAGES / pages);
}

/* Magazines */

/**
 * iova_magazine_slab_create() - create the slab that magazines come from
 *
 * Context: Process context, may sleep.
 * Return: 0, or -ENOMEM.
 */
int iova_magazine_slab_create(void)
{
	iova_magazine_slab = kmem_cache_create("iommu_iova_magazine",
					       sizeof(struct iova_magazine), 0,
					       SLAB_HWCACHE_ALIGN, NULL);

	return iova_magazine_slab ? 0 : -ENOMEM;
}

/**
 * iova_magazine_slab_destroy() - destroy the slab
 *
 * Context: Process context, may sleep. No domain has magazines any more.
 */
void iova_magazine_slab_destroy(void)
{
	kmem_cache_destroy(iova_magazine_slab);
}

/**
 * iova_magazine_count() - number of magazines of all domains
 *
 * Context: Any context.
 * Return: the number, which other CPUs may be changing.
 */
unsigned long iova_magazine_count(void)
{
	return atomic_long_read(&iova_magazines);
}

/**
 * iova_magazine_alloc() - allocate a magazine
 * @cache: caches of a domain
 * @bin: kind of the ranges to come
 *
 * Does not touch reserves: a free can do without.
 *
 * Context: Any context but NMI.
 * Return: an empty magazine, or NULL.
 */
struct iova_magazine *iova_magazine_alloc(struct iova_cache *cache,
					  unsigned int bin)
{
	struct iova_magazine *mag;

	mag = kmem_cache_alloc(iova_magazine_slab, GFP_NOWAIT | __GFP_NOWARN);
	if (mag) {
		atomic_inc(&cache->depots[bin].magazines);
		atomic_long_inc(&iova_magazines);
	}

	return mag;
}

/**
 * iova_magazine_free() - free a magazine that holds no ranges
 * @cache: caches of a domain
 * @bin: kind of the ranges that were in it
 * @mag: magazine or NULL
 *
 * Context: Any context but NMI.
 */
void iova_magazine_free(struct iova_cache *cache, unsigned int bin,
			struct iova_magazine *mag)
{
	if (!mag)
		return;

	kmem_cache_free(iova_magazine_slab, mag);
	atomic_dec(&cache->depots[bin].magazines);
	atomic_long_dec(&iova_magazines);
}

/**
 * iova_magazine_release() - give back a magazine and the ranges in it
 * @cache: caches of a domain
 * @bin: kind of the ranges
 * @mag: magazine
 * @nr: number of ranges in it; they go to the tree
 *
 * Context: Any context but NMI.
 */
void iova_magazine_release(struct iova_cache *cache, unsigned int bin,
			   struct iova_magazine *mag, unsigned int nr)
{
	if (nr)
		iova_tree_free_bulk(cache->iovad, mag->pfns, nr);
	iova_magazine_free(cache, bin, mag);
}

/* Depots */

/**
 * iova_depot_pop() - take a full magazine
 * @depot: depot of a bin
 *
 * Context: Any context but NMI.
 * Return: the magazine, NULL if there is none.
 */
struct iova_magazine *iova_depot_pop(struct iova_depot *depot)
{
	struct iova_magazine *mag;

	if (!READ_ONCE(depot->nr))
		return NULL;

	scoped_guard(spinlock_irqsave, &depot->lock) {
		mag = depot->top;
		if (mag) {
			depot->top = mag->next;
			WRITE_ONCE(depot->nr, depot->nr - 1);
		}
	}

	return mag;
}

/**
 * iova_depot_push() - leave a full magazine
 * @cache: caches of a domain
 * @bin: kind of the ranges in it
 * @mag: magazine; if the depot is full, its ranges go to the tree
 *
 * Context: Any context but NMI.
 */
void iova_depot_push(struct iova_cache *cache, unsigned int bin,
		     struct iova_magazine *mag)
{
	struct iova_depot *depot = &cache->depots[bin];

	scoped_guard(spinlock_irqsave, &depot->lock) {
		if (depot->nr < IOVA_DEPOT_MAX) {
			mag->next = depot->top;
			depot->top = mag;
			WRITE_ONCE(depot->nr, depot->nr + 1);
			return;
		}
	}
	iova_magazine_release(cache, bin, mag, iova_bin_capacity(bin));
}
