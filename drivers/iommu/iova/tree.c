// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ranges of an I/O address space as objects: taken, reserved, looked up and
 * given back. Where there is space for them is known to hole.c.
 *
 * Locking: everything here takes iovad->lock by itself. Nothing sleeps and
 * nothing is allocated or freed under it.
 */

#include <kunit/visibility.h>
#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/iova.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "hole.h"
#include "tree.h"

static struct kmem_cache *iova_slab;

static struct iova *to_iova(struct rb_node *node)
{
	return rb_entry(node, struct iova, node);
}

/* The lowest range that ends at or above @pfn, NULL if @pfn is too high */
static struct iova *tree_first_from(struct iova_domain *iovad, unsigned long pfn)
{
	struct rb_node *node = iovad->rbroot.rb_node;
	struct iova *first = NULL;

	lockdep_assert_held(&iovad->lock);

	while (node) {
		struct iova *iova = to_iova(node);

		if (iova->pfn_hi >= pfn) {
			first = iova;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}

	return first;
}

static struct iova *tree_lookup(struct iova_domain *iovad, unsigned long pfn)
{
	struct iova *iova = tree_first_from(iovad, pfn);

	return iova && iova != &iovad->anchor && iova->pfn_lo <= pfn ? iova : NULL;
}

static bool tree_place(struct iova_domain *iovad, struct iova *iova,
		       const struct iova_want *want, unsigned long limit_pfn)
{
	struct iova *above;
	unsigned long pfn;

	lockdep_assert_held(&iovad->lock);

	above = iova_hole_search(iovad, want, limit_pfn, &pfn);
	if (!above)
		return false;

	iova->pfn_lo = pfn;
	iova->pfn_hi = pfn + want->pages - 1;
	iova_hole_take(iovad, iova, above);
	return true;
}

/* Ranges as objects */

static struct iova *iova_new(bool reserved)
{
	struct iova *iova;

	/* Not there if iova_cache_get() failed and the caller did not look */
	if (!iova_slab)
		return NULL;

	iova = kmem_cache_alloc(iova_slab, GFP_ATOMIC | __GFP_NOWARN);
	if (iova) {
		iova->max_hole = 0;
		iova->max_aligned = 0;
		iova->reserved = reserved;
		iova->cached = false;
	}

	return iova;
}

/**
 * iova_tree_slab_create() - create the slab that ranges come from
 *
 * Return: 0, or -ENOMEM.
 */
int iova_tree_slab_create(void)
{
	static_assert(sizeof(long) < 8 || sizeof(struct iova) <= 64);

	/* Each range belongs to another caller, so they better share no line */
	iova_slab = kmem_cache_create("iommu_iova", sizeof(struct iova), 0,
				      SLAB_HWCACHE_ALIGN, NULL);

	return iova_slab ? 0 : -ENOMEM;
}

/**
 * iova_tree_slab_destroy() - destroy the slab
 *
 * Context: Process context, may sleep. No domain has ranges any more.
 */
void iova_tree_slab_destroy(void)
{
	kmem_cache_destroy(iova_slab);
	iova_slab = NULL;
}

/**
 * iova_tree_init() - make an empty address space
 * @iovad: domain whose granule and start_pfn are set
 * @end_pfn: first PFN above the address space; 0 for one that has no space
 */
void iova_tree_init(struct iova_domain *iovad, unsigned long end_pfn)
{
	spin_lock_init(&iovad->lock);
	init_llist_head(&iovad->absorbed);
	iova_hole_init(iovad, end_pfn);
}

/**
 * iova_tree_destroy() - free all ranges of a domain
 * @iovad: domain, which nobody uses any more; may be all zero
 *
 * Context: Process context, may sleep. Takes no lock, so that any number of ranges is freed
 * without holding up another CPU.
 */
void iova_tree_destroy(struct iova_domain *iovad)
{
	struct llist_node *absorbed = llist_del_all(&iovad->absorbed);
	struct iova *iova, *next;

	llist_for_each_entry_safe(iova, next, absorbed, absorbed)
		kmem_cache_free(iova_slab, iova);

	rbtree_postorder_for_each_entry_safe(iova, next, &iovad->rbroot, node) {
		if (iova != &iovad->anchor)
			kmem_cache_free(iova_slab, iova);
		cond_resched();
	}
	iovad->rbroot = RB_ROOT;
	iovad->nr_ranges = 0;
}

/**
 * iova_tree_size_ok() - check the size of a request, warn if it is absurd
 * @iovad: domain
 * @size: length in PFNs
 *
 * Return: false if no range of @iovad can have that size.
 */
bool iova_tree_size_ok(struct iova_domain *iovad, unsigned long size)
{
	if (size && size <= min(iovad->anchor.pfn_lo, IOVA_TREE_MAX_PAGES))
		return true;

	pr_warn_ratelimited("iova: no range can have %lu pages\n", size);
	return false;
}

/**
 * iova_tree_alloc() - take a range, highest addresses first
 * @iovad: domain
 * @size: length in PFNs, for which iova_tree_size_ok() holds
 * @limit_pfn: highest PFN allowed; beyond the domain means its last one
 * @size_aligned: align naturally to @size rounded up to a power of two
 *
 * Costs O(log n) of the ranges in the tree, refused or not.
 *
 * Context: Any context but NMI. Takes iovad->lock.
 * Return: the range, or NULL if there is no space or no memory.
 */
struct iova *iova_tree_alloc(struct iova_domain *iovad, unsigned long size,
			     unsigned long limit_pfn, bool size_aligned)
{
	struct iova_want want = { .pages = size };
	struct iova *iova;
	bool placed;

	if (size_aligned)
		want.align_mask = BIT(fls_long(size - 1)) - 1;

	iova = iova_new(false);
	if (!iova)
		return NULL;

	scoped_guard(spinlock_irqsave, &iovad->lock)
		placed = tree_place(iovad, iova, &want,
				    min(limit_pfn, iovad->anchor.pfn_lo - 1));
	if (!placed) {
		kmem_cache_free(iova_slab, iova);
		return NULL;
	}

	return iova;
}

/* Merge all ranges from @first on that [lo, hi] overlaps, into @first */
static void tree_absorb(struct iova_domain *iovad, struct iova *first,
			unsigned long lo, unsigned long hi)
{
	struct iova *above;

	lockdep_assert_held(&iovad->lock);

	lo = min(lo, first->pfn_lo);
	hi = max(hi, first->pfn_hi);
	above = iova_hole_return(iovad, first);
	while (above->pfn_lo <= hi) {
		struct iova *absorbed = above;

		hi = max(hi, absorbed->pfn_hi);
		above = iova_hole_return(iovad, absorbed);
		llist_add(&absorbed->absorbed, &iovad->absorbed);
	}

	first->pfn_lo = lo;
	first->pfn_hi = hi;
	iova_hole_take(iovad, first, above);
}

static bool tree_only_reserved(struct iova_domain *iovad, struct iova *iova,
			       unsigned long hi)
{
	lockdep_assert_held(&iovad->lock);

	while (iova->pfn_lo <= hi) {
		if (!iova->reserved)
			return false;
		iova = to_iova(rb_next(&iova->node));
	}

	return true;
}

/**
 * iova_tree_reserve() - keep a range from being allocated
 * @iovad: domain
 * @pfn_lo: first PFN; may lie below the domain's start_pfn
 * @pfn_hi: last PFN, inside the domain
 *
 * Reservations that the new one overlaps become one with it. The lowest of
 * them is the one that stays; the others leave the tree, but are kept until
 * the domain goes, because their pointers were given out.
 *
 * The cost is O(log n) for each reservation absorbed, in one hold of the lock:
 * a merge has to happen whole or, over a live allocation, not at all.
 *
 * Context: Any context but NMI. Takes iovad->lock.
 * Return: the range that holds [@pfn_lo, @pfn_hi] now, or NULL if an
 * allocation, live or cached, stands in the way or there is no memory.
 */
struct iova *iova_tree_reserve(struct iova_domain *iovad, unsigned long pfn_lo,
			       unsigned long pfn_hi)
{
	struct iova *iova = iova_new(true), *first;
	bool allowed, merged;

	if (!iova)
		return NULL;

	scoped_guard(spinlock_irqsave, &iovad->lock) {
		first = tree_first_from(iovad, pfn_lo);
		merged = first->pfn_lo <= pfn_hi;
		allowed = tree_only_reserved(iovad, first, pfn_hi);
		if (!merged) {
			iova->pfn_lo = pfn_lo;
			iova->pfn_hi = pfn_hi;
			iova_hole_take(iovad, iova, first);
		} else if (allowed) {
			tree_absorb(iovad, first, pfn_lo, pfn_hi);
		}
	}
	if (!merged)
		return iova;

	kmem_cache_free(iova_slab, iova);

	return allowed ? first : NULL;
}

/**
 * iova_tree_find() - look up the range that holds a PFN
 * @iovad: domain
 * @pfn: PFN
 *
 * Context: Any context but NMI. Takes iovad->lock.
 * Return: the range, alive as long as its owner keeps it, or NULL.
 */
struct iova *iova_tree_find(struct iova_domain *iovad, unsigned long pfn)
{
	struct iova *iova;

	scoped_guard(spinlock_irqsave, &iovad->lock)
		iova = tree_lookup(iovad, pfn);

	return iova;
}

/* Giving back */

/**
 * iova_tree_free() - give back a range by its handle
 * @iovad: domain
 * @iova: range; anything that is not a range of @iovad is refused
 *
 * Context: Any context but NMI. Takes iovad->lock.
 * Return: true if @iova was given back.
 */
bool iova_tree_free(struct iova_domain *iovad, struct iova *iova)
{
	bool found;

	scoped_guard(spinlock_irqsave, &iovad->lock) {
		found = tree_lookup(iovad, iova->pfn_lo) == iova && !iova->cached;
		if (found)
			iova_hole_return(iovad, iova);
	}
	if (found)
		kmem_cache_free(iova_slab, iova);

	return found;
}

/**
 * iova_tree_free_pfn() - give back the range that holds a PFN
 * @iovad: domain
 * @pfn: any PFN of the range
 *
 * Context: Any context but NMI. Takes iovad->lock.
 * Return: the range's length in PFNs, 0 if there was none.
 */
unsigned long iova_tree_free_pfn(struct iova_domain *iovad, unsigned long pfn)
{
	unsigned long size;
	struct iova *iova;

	scoped_guard(spinlock_irqsave, &iovad->lock) {
		iova = tree_lookup(iovad, pfn);
		if (iova && iova->cached)
			iova = NULL;
		if (iova)
			iova_hole_return(iovad, iova);
	}
	if (!iova)
		return 0;

	size = iova_size(iova);
	kmem_cache_free(iova_slab, iova);
	return size;
}

static struct iova *tree_lookup_exact(struct iova_domain *iovad,
				      unsigned long pfn, unsigned long size)
{
	struct iova *iova = tree_lookup(iovad, pfn);

	return iova && iova->pfn_lo == pfn && iova_size(iova) == size ? iova : NULL;
}

/**
 * iova_tree_free_range() - give back a range by its exact place
 * @iovad: domain
 * @pfn: first PFN of the range
 * @size: length of the range in PFNs
 *
 * Context: Any context but NMI. Takes iovad->lock.
 * Return: true if there was such a range.
 */
bool iova_tree_free_range(struct iova_domain *iovad, unsigned long pfn,
			  unsigned long size)
{
	struct iova *iova;

	scoped_guard(spinlock_irqsave, &iovad->lock) {
		iova = tree_lookup_exact(iovad, pfn, size);
		if (iova)
			iova_hole_return(iovad, iova);
	}
	if (iova)
		kmem_cache_free(iova_slab, iova);

	return iova;
}

static unsigned int tree_erase_batch(struct iova_domain *iovad,
				     const unsigned long *pfns, unsigned int nr,
				     struct iova **erased)
{
	unsigned int found = 0;

	lockdep_assert_held(&iovad->lock);

	for (unsigned int i = 0; i < nr; i++) {
		struct iova *iova = tree_lookup(iovad, pfns[i]);

		if (iova && iova->pfn_lo == pfns[i] && !iova->reserved) {
			iova_hole_return(iovad, iova);
			erased[found++] = iova;
		}
	}

	return found;
}

/**
 * iova_tree_free_bulk() - give back many ranges
 * @iovad: domain
 * @pfns: first PFN of each range
 * @nr: number of ranges
 *
 * Context: Any context but NMI. Takes iovad->lock for at most IOVA_TREE_BATCH ranges
 * at a time.
 */
void iova_tree_free_bulk(struct iova_domain *iovad, const unsigned long *pfns,
			 unsigned int nr)
{
	struct iova *erased[IOVA_TREE_BATCH];

	while (nr) {
		unsigned int batch = min(nr, IOVA_TREE_BATCH), found;

		scoped_guard(spinlock_irqsave, &iovad->lock)
			found = tree_erase_batch(iovad, pfns, batch, erased);
		/* One by one: the bulk call wants interrupts on */
		for (unsigned int i = 0; i < found; i++)
			kmem_cache_free(iova_slab, erased[i]);
		if (found != batch)
			pr_warn_ratelimited("iova: %u cached ranges were freed twice\n",
					    batch - found);
		pfns += batch;
		nr -= batch;
	}
}

/* Looking in */

/**
 * iova_tree_usage() - tell how full an address space is
 * @iovad: domain
 * @usage: filled in
 *
 * Context: Any context but NMI. Takes iovad->lock for O(log n).
 */
void iova_tree_usage(struct iova_domain *iovad, struct iova_tree_usage *usage)
{
	unsigned long last_32bit = iovad->dma_32bit_pfn - 1;

	scoped_guard(spinlock_irqsave, &iovad->lock) {
		usage->ranges = iovad->nr_ranges;
		usage->max_hole = iova_hole_longest(iovad, ULONG_MAX);
		usage->max_hole_32bit = iova_hole_longest(iovad, last_32bit);
	}
}

static void tree_copy_range(struct iova_domain *iovad, struct iova *iova,
			    struct iova_tree_range *range)
{
	lockdep_assert_held(&iovad->lock);

	range->pfn_lo = iova->pfn_lo;
	range->pfn_hi = iova->pfn_hi;
	range->reserved = iova->reserved;
	range->depth = 0;
	for (struct rb_node *node = &iova->node; node; node = rb_parent(node))
		range->depth++;
}

/**
 * iova_tree_range_from() - copy the lowest range that ends at or above a PFN
 * @iovad: domain
 * @pfn: where to look from
 * @range: filled in
 *
 * Context: Any context but NMI. Takes iovad->lock for O(log n).
 * Return: false if there is none.
 */
bool iova_tree_range_from(struct iova_domain *iovad, unsigned long pfn,
			  struct iova_tree_range *range)
{
	struct iova *iova;
	bool found;

	scoped_guard(spinlock_irqsave, &iovad->lock) {
		iova = tree_first_from(iovad, pfn);
		found = iova && iova != &iovad->anchor;
		if (found)
			tree_copy_range(iovad, iova, range);
	}

	return found;
}

#ifdef CONFIG_IOMMU_IOVA_DEBUG
/**
 * iova_tree_set_cached() - note whether a range lies in a cache
 * @iovad: domain
 * @pfn: first PFN of the range
 * @size: length of the range in PFNs
 * @cached: where the range goes
 *
 * Context: Any context but NMI. Takes iovad->lock.
 * Return: false if there is no such allocation, or if it is there already.
 */
bool iova_tree_set_cached(struct iova_domain *iovad, unsigned long pfn,
			  unsigned long size, bool cached)
{
	struct iova *iova;
	bool changed;

	scoped_guard(spinlock_irqsave, &iovad->lock) {
		iova = tree_lookup_exact(iovad, pfn, size);
		changed = iova && !iova->reserved && iova->cached != cached;
		if (changed)
			iova->cached = cached;
	}

	return changed;
}
#endif

#if IS_ENABLED(CONFIG_IOMMU_IOVA_KUNIT_TEST)
static bool tree_is_sound(struct iova_domain *iovad)
{
	struct iova *below = NULL;
	unsigned long count = 0;
	struct rb_node *node;

	lockdep_assert_held(&iovad->lock);

	for (node = rb_first(&iovad->rbroot); node; node = rb_next(node)) {
		struct iova *iova = to_iova(node);

		if (!iova_hole_is_sound(iovad, iova, below)) {
			pr_err("iova: range [%#lx-%#lx] is unsound\n",
			       iova->pfn_lo, iova->pfn_hi);
			return false;
		}
		below = iova;
		count++;
	}
	if (below != &iovad->anchor || count != iovad->nr_ranges + 1) {
		pr_err("iova: %lu ranges in the tree, %lu counted\n",
		       count, iovad->nr_ranges);
		return false;
	}

	return true;
}

/**
 * iova_tree_validate() - check a tree's invariants from scratch
 * @iovad: domain
 *
 * Context: Any context but NMI. Holds iovad->lock for O(n): for tests.
 * Return: true if the tree is sound.
 */
bool iova_tree_validate(struct iova_domain *iovad)
{
	bool sound;

	scoped_guard(spinlock_irqsave, &iovad->lock)
		sound = tree_is_sound(iovad);

	return sound;
}
EXPORT_SYMBOL_IF_KUNIT(iova_tree_validate);
#endif
