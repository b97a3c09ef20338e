// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model that tables are compared with: extents of contiguous leaves in
 * a tree ordered by address.
 *
 * What it knows of splitting: a block of which a part goes leaves behind the
 * largest pages that fit, each at its natural place.
 */

#include <linux/align.h>
#include <linux/minmax.h>
#include <linux/rbtree.h>
#include <linux/slab.h>

#include "io_pgtable_kunit.h"

/* Of a longer run of leaves so many are looked at, spread over all of it. */
#define MAX_LOOKS	10

static struct iopgt_extent *extent_of(struct rb_node *node)
{
	return rb_entry_safe(node, struct iopgt_extent, node);
}

/**
 * iopgt_model_free() - free what a model consists of
 * @model: model
 */
void iopgt_model_free(struct iopgt_model *model)
{
	struct iopgt_extent *e, *next;

	rbtree_postorder_for_each_entry_safe(e, next, &model->extents, node)
		kfree(e);
	*model = (struct iopgt_model){};
}

/**
 * iopgt_model_first() - find what is mapped in a range
 * @model: model
 * @ia: first address
 * @end: first address after it
 *
 * Return: the lowest extent that overlaps, or NULL.
 */
struct iopgt_extent *iopgt_model_first(struct iopgt_model *model, u64 ia,
				       u64 end)
{
	struct rb_node *node = model->extents.rb_node;
	struct iopgt_extent *e, *first = NULL;

	while (node) {
		e = extent_of(node);
		if (e->ia + e->bytes > ia) {
			first = e;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return first && first->ia < end ? first : NULL;
}

static bool extent_less(struct rb_node *a, const struct rb_node *b)
{
	return extent_of(a)->ia < rb_entry(b, struct iopgt_extent, node)->ia;
}

/**
 * iopgt_model_add() - something has been mapped
 * @t: table, whose test fails without memory
 * @model: model
 * @ia: first address
 * @bytes: length; nothing happens for 0
 * @pa: what it is mapped to
 * @page: size of each leaf
 * @prot: IOMMU_READ, ...
 */
void iopgt_model_add(struct iopgt *t, struct iopgt_model *model, u64 ia,
		     u64 bytes, u64 pa, u64 page, int prot)
{
	struct iopgt_extent *e;

	if (!bytes)
		return;
	e = kmalloc(sizeof(*e), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(t->test, e);
	e->ia = ia;
	e->bytes = bytes;
	e->pa = pa;
	e->page = page;
	e->prot = prot;
	rb_add(&e->node, &model->extents, extent_less);
	model->bytes += bytes;
}

/* The next smaller and the next larger page size; 0 and U64_MAX for none */
static u64 smaller_page(const struct iopgt *t, u64 page)
{
	u64 below = t->cfg.pgsize_bitmap & (page - 1);

	return below ? BIT_ULL(fls64(below) - 1) : 0;
}

/*
 * What is left of @block, from @ia to @end, in smaller pages: from either side
 * towards the middle they may grow and shrink.
 */
static void add_rest(struct iopgt *t, struct iopgt_model *model,
		     const struct iopgt_extent *e, u64 ia, u64 end)
{
	u64 page, larger, stop;

	while (ia < end) {
		larger = e->page;
		page = smaller_page(t, e->page);
		while (!IS_ALIGNED(ia, page) || ia + page > end) {
			larger = page;
			page = smaller_page(t, page);
		}
		/* As far as no larger page begins that fits */
		stop = ALIGN_DOWN(end, page);
		if (ALIGN(ia + 1, larger) + larger <= end)
			stop = ALIGN(ia + 1, larger);
		iopgt_model_add(t, model, ia, stop - ia, e->pa + (ia - e->ia),
				page, e->prot);
		ia = stop;
	}
}

/**
 * iopgt_model_cut() - something has been unmapped
 * @t: table, for its page sizes
 * @model: model
 * @ia: first address
 * @bytes: length; holes in it do not matter
 */
void iopgt_model_cut(struct iopgt *t, struct iopgt_model *model, u64 ia,
		     u64 bytes)
{
	u64 end = ia + bytes, from, to, block_from, block_to;
	struct iopgt_extent *e, old;

	while (bytes && (e = iopgt_model_first(model, ia, end))) {
		old = *e;
		rb_erase(&e->node, &model->extents);
		kfree(e);
		model->bytes -= old.bytes;

		from = max(ia, old.ia);
		to = min(end, old.ia + old.bytes);
		block_from = ALIGN_DOWN(from, old.page);
		block_to = ALIGN(to, old.page);
		iopgt_model_add(t, model, old.ia, block_from - old.ia, old.pa,
				old.page, old.prot);
		add_rest(t, model, &old, block_from, from);
		add_rest(t, model, &old, to, block_to);
		iopgt_model_add(t, model, block_to,
				old.ia + old.bytes - block_to,
				old.pa + (block_to - old.ia), old.page,
				old.prot);
	}
}

static void check_leaf(struct iopgt *t, const struct iopgt_extent *e, u64 ia)
{
	struct iopgt_walk walk;
	u32 compared = iopgt_compared(t);

	iopgt_walk(t, ia, &walk);
	KUNIT_ASSERT_NULL_MSG(t->test, walk.why, "0x%llx: %s (0x%016llx)", ia,
			      walk.why, walk.raw);
	KUNIT_ASSERT_EQ_MSG(t->test, walk.kind, IOPGT_LEAF,
			    "0x%llx is not mapped", ia);
	KUNIT_ASSERT_EQ_MSG(t->test, walk.oa, e->pa + (ia - e->ia),
			    "0x%llx leads elsewhere", ia);
	KUNIT_ASSERT_EQ_MSG(t->test, walk.size, e->page,
			    "0x%llx has another page size", ia);
	KUNIT_ASSERT_EQ_MSG(t->test, walk.attr & compared,
			    iopgt_expected(t, e->prot) & compared,
			    "0x%llx mapped with 0x%x: 0x%016llx", ia, e->prot,
			    walk.raw);
	KUNIT_ASSERT_EQ(t->test, t->ops->iova_to_phys(t->ops, iopgt_iova(t, ia)),
			walk.oa);
}

static void check_hole(struct iopgt *t, u64 ia)
{
	struct iopgt_walk walk;

	iopgt_walk(t, ia, &walk);
	KUNIT_ASSERT_NULL_MSG(t->test, walk.why, "0x%llx: %s (0x%016llx)", ia,
			      walk.why, walk.raw);
	KUNIT_ASSERT_EQ_MSG(t->test, walk.kind, IOPGT_HOLE,
			    "0x%llx is mapped to 0x%llx", ia, walk.oa);
	KUNIT_ASSERT_EQ(t->test, t->ops->iova_to_phys(t->ops, iopgt_iova(t, ia)),
			0);
}

/* Each leaf or many of them, with odd offsets into the pages */
static void check_extent(struct iopgt *t, const struct iopgt_extent *e, u64 ia,
			 u64 end)
{
	u64 leaves = DIV64_U64_ROUND_UP(end - ia, e->page);
	u64 stride = e->page * (1 + leaves / MAX_LOOKS), at;

	for (at = ia; at < end; at += stride)
		check_leaf(t, e, at + 8 * (at / e->page % 7));
	check_leaf(t, e, end - 1);
}

/**
 * iopgt_model_check() - compare a range with what hardware finds there
 * @t: table
 * @model: model
 * @ia: first address
 * @end: first address after it
 */
void iopgt_model_check(struct iopgt *t, struct iopgt_model *model, u64 ia,
		       u64 end)
{
	u64 granule = iopgt_span(t, 0), stop;
	struct iopgt_extent *e;

	while (ia < end) {
		e = iopgt_model_first(model, ia, end);
		if (e && e->ia <= ia) {
			stop = min(end, e->ia + e->bytes);
			check_extent(t, e, ia, stop);
		} else {
			stop = e ? e->ia : end;
			check_hole(t, ia);
			check_hole(t, ia + ALIGN_DOWN((stop - ia) / 2, granule));
			check_hole(t, stop - 1);
		}
		ia = stop;
	}
}

/**
 * struct comparison - a sweep beside a model
 * @e: extent that the sweep is in
 * @next: where its next leaf should be
 * @bytes: found so far
 * @strays: leaves that should not be there
 * @stray: the first of them
 */
struct comparison {
	struct iopgt_extent *e;
	u64 next;
	u64 bytes;
	unsigned long strays;
	u64 stray;
};

static void compare_leaf(struct iopgt *t, u64 ia, const struct iopgt_walk *leaf,
			 void *arg)
{
	struct comparison *c = arg;
	u32 compared = iopgt_compared(t);

	if (c->e && c->next == c->e->ia + c->e->bytes) {
		c->e = extent_of(rb_next(&c->e->node));
		c->next = c->e ? c->e->ia : 0;
	}
	if (c->e && ia == c->next && leaf->size == c->e->page &&
	    leaf->oa == c->e->pa + (ia - c->e->ia) &&
	    !((leaf->attr ^ iopgt_expected(t, c->e->prot)) & compared)) {
		c->next += leaf->size;
		c->bytes += leaf->size;
		return;
	}
	if (!c->strays++)
		c->stray = ia;
}

/**
 * iopgt_model_sweep() - compare all of the tables with all of the model
 * @t: table
 * @model: model
 */
void iopgt_model_sweep(struct iopgt *t, struct iopgt_model *model)
{
	struct comparison c = { .e = extent_of(rb_first(&model->extents)) };

	c.next = c.e ? c.e->ia : 0;
	iopgt_sweep(t, compare_leaf, &c);
	KUNIT_ASSERT_EQ_MSG(t->test, c.strays, 0, "the first at 0x%llx",
			    c.stray);
	KUNIT_ASSERT_EQ(t->test, c.bytes, model->bytes);
}
