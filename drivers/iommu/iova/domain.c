// SPDX-License-Identifier: GPL-2.0-only
/*
 * The public face of the IOVA allocator: the life of domains, and the way to
 * ranges by handle. Checks what callers pass and traces what happens.
 *
 * The ranges themselves are kept in tree.c; the way by PFN, with per-CPU
 * caches, is in cache.c. All of it is declared in <linux/iova.h>.
 */

#include <linux/export.h>
#include <linux/iova.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <trace/events/iova.h>

#include "debugfs.h"
#include "magazine.h"
#include "reclaim.h"
#include "tree.h"

static DEFINE_MUTEX(iova_users_lock);
static unsigned int iova_users;		/* iova_users_lock */
static bool iova_ready;			/* iova_users_lock */

/* The anchor needs a PFN of its own, above the last one */
static unsigned long domain_end_pfn(struct iova_domain *iovad)
{
	u64 last_pfn = U64_MAX >> iova_shift(iovad);

	return min(last_pfn, ULONG_MAX - 1) + 1;
}

/**
 * init_iova_domain() - make an empty domain
 * @iovad: domain, in any state but a live one
 * @granule: unit of allocation in bytes: a power of two, at most PAGE_SIZE.
 *	With any other value the domain is valid, but has no space: every
 *	request and every reservation is refused.
 * @start_pfn: lowest PFN to hand out
 *
 * Context: Any context. May come before iova_cache_get().
 */
void init_iova_domain(struct iova_domain *iovad, unsigned long granule,
		      unsigned long start_pfn)
{
	bool possible = granule <= PAGE_SIZE && is_power_of_2(granule);

	if (!possible)
		pr_warn_ratelimited("iova: granule %#lx is no IOMMU page size, the domain stays empty\n",
				    granule);

	iovad->granule = possible ? granule : PAGE_SIZE;
	iovad->start_pfn = start_pfn;
	iovad->max_cached = 0;
	iovad->cpus = NULL;
	iovad->cache = NULL;
	iovad->dma_32bit_pfn = min_t(u64, SZ_4G >> iova_shift(iovad), ULONG_MAX);
	iova_tree_init(iovad, possible ? domain_end_pfn(iovad) : 0);
}
EXPORT_SYMBOL_GPL(init_iova_domain);

/**
 * iova_domain_init_rcaches() - give a domain its per-CPU caches
 * @iovad: domain, from which nothing was allocated yet
 *
 * Context: Process context, may sleep. iova_cache_get() came first.
 * Return: 0, -EEXIST if the domain has caches, -ENOMEM, or what CPU hotplug
 * says. On an error other than -EEXIST the domain works on without caches.
 */
int iova_domain_init_rcaches(struct iova_domain *iovad)
{
	int ret;

	if (iovad->cache)
		return -EEXIST;

	ret = iova_cache_create(iovad);
	if (ret)
		return ret;

	iovad->cache->debugfs = iova_debugfs_add(iovad);
	return 0;
}
EXPORT_SYMBOL_GPL(iova_domain_init_rcaches);

/**
 * put_iova_domain() - end a domain and free all its ranges
 * @iovad: domain that nobody uses any more, or all zero
 *
 * Context: Process context, may sleep. May come after iova_cache_put().
 */
void put_iova_domain(struct iova_domain *iovad)
{
	if (iovad->cache)
		iova_debugfs_remove(iovad->cache->debugfs);
	iova_cache_destroy(iovad);
	iova_tree_destroy(iovad);
}
EXPORT_SYMBOL_GPL(put_iova_domain);

/**
 * alloc_iova() - take a range, highest addresses first
 * @iovad: domain
 * @size: length in PFNs
 * @limit_pfn: highest PFN allowed; beyond the domain means its last one
 * @size_aligned: align naturally to @size rounded up to a power of two
 *
 * A request succeeds whenever there is any place for it under the limit, and
 * gets the highest. Success and refusal cost O(log n) of the ranges in the
 * domain. Cached ranges (see alloc_iova_fast()) count as taken.
 *
 * Context: Any context but NMI.
 * Return: the range, owned by the caller, or NULL if there is no space or no
 * memory. A size of 0 or beyond the domain is refused with a warning.
 */
struct iova *alloc_iova(struct iova_domain *iovad, unsigned long size,
			unsigned long limit_pfn, bool size_aligned)
{
	struct iova *iova;

	if (!iova_tree_size_ok(iovad, size))
		return NULL;

	iova = iova_tree_alloc(iovad, size, limit_pfn, size_aligned);
	if (iova)
		trace_iova_alloc(iovad, iova->pfn_lo, size);
	else
		trace_iova_refuse(iovad, size, limit_pfn);

	return iova;
}
EXPORT_SYMBOL_GPL(alloc_iova);

/**
 * find_iova() - look up the range that holds a PFN
 * @iovad: domain
 * @pfn: PFN
 *
 * Context: Any context but NMI.
 * Return: the range, borrowed from its owner (see struct iova), or NULL.
 */
struct iova *find_iova(struct iova_domain *iovad, unsigned long pfn)
{
	return iova_tree_find(iovad, pfn);
}
EXPORT_SYMBOL_GPL(find_iova);

/**
 * __free_iova() - give back a range by its handle
 * @iovad: domain
 * @iova: range of @iovad, allocated or reserved. Anything else is refused
 *	with a warning: NULL, which a failed find_iova() may have left, a range
 *	of another domain, a reservation that a later one has absorbed. A range
 *	that was freed before is gone and must not be passed at all.
 *
 * Context: Any context but NMI.
 */
void __free_iova(struct iova_domain *iovad, struct iova *iova)
{
	unsigned long pfn, size;

	if (!iova) {
		pr_warn_ratelimited("iova: no range to free\n");
		return;
	}

	pfn = iova->pfn_lo;
	size = iova_size(iova);
	if (iova_tree_free(iovad, iova))
		trace_iova_free(iovad, pfn, size);
	else
		pr_warn_ratelimited("iova: [%#lx-%#lx] is not a range of this domain\n",
				    pfn, pfn + size - 1);
}
EXPORT_SYMBOL_GPL(__free_iova);

/**
 * free_iova() - give back the range that holds a PFN
 * @iovad: domain
 * @pfn: any PFN of the range. One that is not in use, as after a double free,
 *	is refused with a warning.
 *
 * Context: Any context but NMI.
 */
void free_iova(struct iova_domain *iovad, unsigned long pfn)
{
	unsigned long size = iova_tree_free_pfn(iovad, pfn);

	if (size)
		trace_iova_free(iovad, pfn, size);
	else
		pr_warn_ratelimited("iova: PFN %#lx is freed, but not in use\n", pfn);
}
EXPORT_SYMBOL_GPL(free_iova);

/**
 * reserve_iova() - keep a range from ever being handed out
 * @iovad: domain
 * @pfn_lo: first PFN; may lie below the domain's start_pfn
 * @pfn_hi: last PFN
 *
 * Where earlier reservations overlap, all become one range, that of the lowest
 * of them; pointers to the others must not be used any more, and are refused
 * by __free_iova(). Reservations that merely touch stay apart. Cached ranges
 * that are in the way are given back first.
 *
 * Context: Any context but NMI. Meant for setting up a domain.
 * Return: the range that holds the reservation, owned by the caller, or NULL:
 * with a warning and nothing changed, if there is no memory, a live allocation
 * is in the way, or the PFNs lie beyond the domain or are in the wrong order. A
 * reservation that several calls returned ends for all of them when it is freed.
 */
struct iova *reserve_iova(struct iova_domain *iovad, unsigned long pfn_lo,
			  unsigned long pfn_hi)
{
	struct iova *iova;

	/* Where PFNs fill an unsigned long, the anchor stands on the last one */
	if (iovad->anchor.pfn_lo == ULONG_MAX)
		pfn_hi = min(pfn_hi, ULONG_MAX - 1);
	if (pfn_lo > pfn_hi || pfn_hi >= iovad->anchor.pfn_lo) {
		pr_warn_ratelimited("iova: [%#lx-%#lx] is no range of this domain\n",
				    pfn_lo, pfn_hi);
		return NULL;
	}

	iova = iova_tree_reserve(iovad, pfn_lo, pfn_hi);
	if (!iova && iovad->cache) {
		/* Perhaps nobody has what is in the way */
		iova_cache_drain(iovad);
		iova = iova_tree_reserve(iovad, pfn_lo, pfn_hi);
	}
	if (!iova)
		pr_warn_ratelimited("iova: [%#lx-%#lx] is in use and can't be reserved\n",
				    pfn_lo, pfn_hi);

	return iova;
}
EXPORT_SYMBOL_GPL(reserve_iova);

/* Set up everything, or nothing */
static int iova_setup(void)
{
	int ret;

	lockdep_assert_held(&iova_users_lock);

	ret = iova_tree_slab_create();
	if (ret)
		return ret;

	ret = iova_cache_setup();
	if (ret) {
		iova_tree_slab_destroy();
		return ret;
	}

	iova_debugfs_setup();
	return 0;
}

/**
 * iova_cache_get() - announce a user of the allocator
 *
 * What domains share (slabs, hotplug callback, shrinker) is set up for the
 * first user.
 *
 * Context: Process context, may sleep.
 * Return: 0, or a negative errno if it could not be set up.
 */
int iova_cache_get(void)
{
	int ret = 0;

	guard(mutex)(&iova_users_lock);

	if (!iova_ready)
		ret = iova_setup();
	if (ret) {
		pr_err("iova: set-up failed: %pe\n", ERR_PTR(ret));
		return ret;
	}

	iova_ready = true;
	iova_users++;
	return 0;
}
EXPORT_SYMBOL_GPL(iova_cache_get);

/**
 * iova_cache_put() - announce that a user is gone
 *
 * What domains share stays until the module goes, so that the last user may
 * still put its domains.
 *
 * Context: Process context, may sleep.
 */
void iova_cache_put(void)
{
	guard(mutex)(&iova_users_lock);

	if (iova_users)
		iova_users--;
	else
		pr_warn_ratelimited("iova: more users gone than came\n");
}
EXPORT_SYMBOL_GPL(iova_cache_put);

/* Modules that use the allocator hold this one by its symbols */
static void __exit iova_exit(void)
{
	if (!iova_ready)
		return;

	iova_debugfs_teardown();
	iova_cache_teardown();
	iova_tree_slab_destroy();
}
module_exit(iova_exit);

MODULE_DESCRIPTION("I/O virtual address allocator");
MODULE_LICENSE("GPL");
