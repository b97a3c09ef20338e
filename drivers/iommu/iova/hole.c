// SPDX-License-Identifier: GPL-2.0-only
/*
 * The holes between the ranges of an I/O address space.
 *
 * All ranges of a domain, live, reserved or cached, stand in one red-black
 * tree ordered by address. The free space is not kept anywhere else: every
 * range knows the hole directly below it, and every subtree the most that a
 * request can get from one of its holes, without and with alignment. A search
 * for space therefore never looks into a subtree in vain, and both a success
 * and a refusal cost one way down the tree, or two.
 *
 * The anchor, a range embedded in the domain, stands right above the last PFN.
 * It is never removed, so that every hole lies below some range and every
 * other range has a successor.
 *
 * Words: "pages" are PFNs, units of the domain's granule; "end" is exclusive,
 * "limit" and "hi" are inclusive; "above" is the next range upwards.
 *
 * Locking: the caller holds iovad->lock.
 */

#include <linux/bitops.h>
#include <linux/iova.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/rbtree_augmented.h>

#include "hole.h"

static struct iova *to_iova(struct rb_node *node)
{
	return rb_entry(node, struct iova, node);
}

/* Holes and their summaries */

/* What is left of [lo, end) above the first multiple of @block, a power of two */
static unsigned long pages_aligned(unsigned long lo, unsigned long end,
				   unsigned long block)
{
	unsigned long skip = -lo & (block - 1);

	return skip < end - lo ? end - lo - skip : 0;
}

/*
 * The largest size that fits [lo, end), which is not empty, at its natural
 * alignment: that of the size rounded up to a power of two. All smaller sizes
 * fit too.
 *
 * With 2^n <= end - lo < 2^(n+1), that may be something above a multiple of
 * 2^(n+1); if not, up to 2^n at a multiple of that; and 2^(n-1) fits anywhere.
 */
static unsigned long largest_aligned(unsigned long lo, unsigned long end)
{
	unsigned long block = BIT(__fls(end - lo)), pages;

	pages = max3(pages_aligned(lo, end, 2 * block),
		     min(pages_aligned(lo, end, block), block), block / 2);

	return min(pages, IOVA_TREE_MAX_PAGES);
}

/* Recompute what subtrees know, upwards from @node as far as it changes */
static void subtree_propagate(struct rb_node *node, struct rb_node *stop)
{
	for (; node != stop; node = rb_parent(node)) {
		struct iova *iova = to_iova(node);
		unsigned long own = iova->pfn_lo - iova->hole_lo;
		unsigned long hole = own, aligned = 0;

		if (node->rb_left) {
			hole = max(hole, to_iova(node->rb_left)->max_hole);
			aligned = to_iova(node->rb_left)->max_aligned;
		}
		if (node->rb_right) {
			hole = max(hole, to_iova(node->rb_right)->max_hole);
			aligned = max_t(unsigned long, aligned,
					to_iova(node->rb_right)->max_aligned);
		}
		if (own > aligned)
			aligned = max(aligned, largest_aligned(iova->hole_lo,
							       iova->pfn_lo));
		if (iova->max_hole == hole && iova->max_aligned == aligned)
			break;

		iova->max_hole = hole;
		iova->max_aligned = aligned;
	}
}

static void subtree_update(struct iova *iova)
{
	subtree_propagate(&iova->node, rb_parent(&iova->node));
}

static void subtree_copy(struct rb_node *from, struct rb_node *to)
{
	to_iova(to)->max_hole = to_iova(from)->max_hole;
	to_iova(to)->max_aligned = to_iova(from)->max_aligned;
}

static void subtree_rotate(struct rb_node *old_top, struct rb_node *new_top)
{
	subtree_copy(old_top, new_top);
	subtree_update(to_iova(old_top));
}

static const struct rb_augment_callbacks subtree_callbacks = {
	.propagate = subtree_propagate,
	.copy = subtree_copy,
	.rotate = subtree_rotate,
};

/* Ranges in and out */

/**
 * iova_hole_take() - insert a range into the hole below another
 * @iovad: domain
 * @iova: range to insert, with its place in @pfn_lo and @pfn_hi
 * @above: the next range upwards
 *
 * Context: Any context. The caller holds iovad->lock.
 */
void iova_hole_take(struct iova_domain *iovad, struct iova *iova,
		    struct iova *above)
{
	struct rb_node *parent = &above->node;
	struct rb_node **link = &parent->rb_left;

	lockdep_assert_held(&iovad->lock);

	while (*link) {
		parent = *link;
		link = &parent->rb_right;
	}

	/* A reservation may begin below start_pfn, where no hole is counted */
	iova->hole_lo = min(above->hole_lo, iova->pfn_lo);
	above->hole_lo = max(above->hole_lo, iova->pfn_hi + 1);

	rb_link_node(&iova->node, parent, link);
	subtree_update(iova);

	/*
	 * Before rebalancing, which copies what subtrees know. The first way
	 * stops early where nothing changes, but @above did change.
	 */
	subtree_propagate(parent, &above->node);
	subtree_propagate(&above->node, NULL);
	rb_insert_augmented(&iova->node, &iovad->rbroot, &subtree_callbacks);
	iovad->nr_ranges++;
}

/**
 * iova_hole_return() - remove a range and join the holes around it
 * @iovad: domain
 * @iova: range in the tree, not the anchor
 *
 * Context: Any context. The caller holds iovad->lock.
 * Return: the next range upwards.
 */
struct iova *iova_hole_return(struct iova_domain *iovad, struct iova *iova)
{
	struct iova *above = to_iova(rb_next(&iova->node));

	lockdep_assert_held(&iovad->lock);

	above->hole_lo = clamp(iovad->start_pfn, iova->hole_lo, above->pfn_lo);
	/* Before rebalancing, which copies what subtrees know */
	subtree_propagate(&above->node, NULL);
	rb_erase_augmented(&iova->node, &iovad->rbroot, &subtree_callbacks);
	iovad->nr_ranges--;

	return above;
}

/* Searching for space */

/* Is there a place in [lo, end)? Sets @pfn to the highest */
static bool fits(const struct iova_want *want, unsigned long lo,
		 unsigned long end, unsigned long *pfn)
{
	if (end - lo < want->pages)
		return false;

	*pfn = (end - want->pages) & ~want->align_mask;
	return *pfn >= lo;
}

static bool hole_fits(const struct iova *iova, const struct iova_want *want,
		      unsigned long *pfn)
{
	return fits(want, iova->hole_lo, iova->pfn_lo, pfn);
}

/* The same, for the hole that the limit cuts or lies below */
static bool cut_hole_fits(const struct iova *iova, const struct iova_want *want,
			  unsigned long limit_pfn, unsigned long *pfn)
{
	return limit_pfn >= iova->hole_lo &&
	       fits(want, iova->hole_lo, min(iova->pfn_lo, limit_pfn + 1), pfn);
}

static bool subtree_fits(struct rb_node *node, const struct iova_want *want)
{
	if (!node)
		return false;
	if (want->align_mask)
		return to_iova(node)->max_aligned >= want->pages;

	return to_iova(node)->max_hole >= want->pages;
}

/* The highest range in a subtree that fits, which has a hole that does */
static struct iova *subtree_search(struct rb_node *node,
				   const struct iova_want *want,
				   unsigned long *pfn)
{
	while (node) {
		if (subtree_fits(node->rb_right, want)) {
			node = node->rb_right;
			continue;
		}
		if (hole_fits(to_iova(node), want, pfn))
			break;
		node = node->rb_left;
	}

	return node ? to_iova(node) : NULL;
}

/**
 * iova_hole_search() - find the highest place for a request
 * @iovad: domain
 * @want: what is requested
 * @limit_pfn: highest PFN allowed, at most the domain's last one
 * @pfn: set to the first PFN of the place
 *
 * The way down leads to the one hole that the limit may cut. Every turn to the
 * right passes a range whose hole and left subtree lie wholly under the limit;
 * the last one that fits is the highest, after the cut hole itself.
 *
 * Context: Any context. The caller holds iovad->lock. O(log n).
 * Return: the range above the place, NULL if there is no place.
 */
struct iova *iova_hole_search(struct iova_domain *iovad,
			      const struct iova_want *want,
			      unsigned long limit_pfn, unsigned long *pfn)
{
	struct rb_node *node = iovad->rbroot.rb_node;
	struct iova *above = NULL, *best = NULL;

	lockdep_assert_held(&iovad->lock);

	while (node) {
		struct iova *iova = to_iova(node);

		if (iova->pfn_lo > limit_pfn) {
			above = iova;
			node = node->rb_left;
			continue;
		}
		if (subtree_fits(node->rb_left, want) ||
		    hole_fits(iova, want, pfn))
			best = iova;
		node = node->rb_right;
	}

	if (above && cut_hole_fits(above, want, limit_pfn, pfn))
		return above;
	if (!best || hole_fits(best, want, pfn))
		return best;

	return subtree_search(best->node.rb_left, want, pfn);
}

/**
 * iova_hole_longest() - length of the longest hole
 * @iovad: domain
 * @limit_pfn: where to stop
 *
 * Context: Any context. The caller holds iovad->lock. O(log n).
 * Return: number of PFNs.
 */
unsigned long iova_hole_longest(struct iova_domain *iovad,
				unsigned long limit_pfn)
{
	struct rb_node *node = iovad->rbroot.rb_node;
	unsigned long longest = 0;

	lockdep_assert_held(&iovad->lock);

	while (node) {
		struct iova *iova = to_iova(node);
		unsigned long end = iova->pfn_lo;

		if (end > limit_pfn) {
			end = limit_pfn + 1;
			node = node->rb_left;
		} else {
			if (node->rb_left)
				longest = max(longest,
					      to_iova(node->rb_left)->max_hole);
			node = node->rb_right;
		}
		if (end > iova->hole_lo)
			longest = max(longest, end - iova->hole_lo);
	}

	return longest;
}

/**
 * iova_hole_init() - make the whole address space one hole
 * @iovad: domain whose start_pfn is set
 * @end_pfn: first PFN above the address space
 *
 * Context: Any context. The domain is not in use yet.
 */
void iova_hole_init(struct iova_domain *iovad, unsigned long end_pfn)
{
	struct iova *anchor = &iovad->anchor;

	anchor->pfn_lo = end_pfn;
	anchor->pfn_hi = end_pfn;
	anchor->reserved = true;
	anchor->cached = false;
	anchor->max_hole = 0;
	anchor->max_aligned = 0;
	anchor->hole_lo = min(iovad->start_pfn, end_pfn);
	iovad->rbroot = RB_ROOT;
	iovad->nr_ranges = 0;
	rb_link_node(&anchor->node, NULL, &iovad->rbroot.rb_node);
	rb_insert_color(&anchor->node, &iovad->rbroot);
	subtree_update(anchor);
}

#if IS_ENABLED(CONFIG_IOMMU_IOVA_KUNIT_TEST)
static bool subtree_is_sound(struct iova *iova)
{
	const struct iova before = *iova;
	bool sound;

	subtree_update(iova);
	sound = iova->max_hole == before.max_hole &&
		iova->max_aligned == before.max_aligned;
	*iova = before;

	return sound;
}

/**
 * iova_hole_is_sound() - check a range and what it knows of holes
 * @iovad: domain
 * @iova: range in the tree
 * @below: the next range downwards, NULL if there is none
 *
 * Context: Any context. The caller holds iovad->lock.
 * Return: true if order, hole and subtree are as they must be.
 */
bool iova_hole_is_sound(struct iova_domain *iovad, struct iova *iova,
			struct iova *below)
{
	unsigned long end = below ? below->pfn_hi + 1 : 0;
	unsigned long hole_lo = min(iova->pfn_lo, max(end, iovad->start_pfn));

	lockdep_assert_held(&iovad->lock);

	return iova->pfn_lo <= iova->pfn_hi &&
	       (!below || below->pfn_hi < iova->pfn_lo) &&
	       iova->hole_lo == hole_lo && subtree_is_sound(iova);
}
#endif
