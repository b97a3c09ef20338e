// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is flushed, when, and what is freed only then.
 *
 * A model of the hardware's caches holds every leaf and every table that a walk
 * has read, drops an entry only when it is invalidated, and walks to everything
 * again during the invalidation. It checks that
 *
 * - no table that is cached is freed, or becomes another table's memory;
 * - nothing that was unmapped is cached once the flush is done;
 * - all that is mapped is found through every table that is cached, also
 *   before the flush of a neighbour.
 */

#include <linux/align.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "io_pgtable_kunit.h"

#define STEPS		700
#define MAX_CACHED	600
#define MAX_WATCHED	12
#define MAX_PENDING	64

/**
 * struct cached - an entry of the hardware's caches
 * @ia: first address that it is for
 * @size: bytes
 * @target: what it leads to: a table, or memory
 * @height: of the table, or of the leaf
 * @table: a table
 * @attr: of a leaf
 */
struct cached {
	u64 ia;
	u64 size;
	u64 target;
	unsigned int height;
	bool table;
	u32 attr;
};

/**
 * struct span - addresses to be flushed
 * @ia: first
 * @size: bytes
 */
struct span {
	u64 ia;
	u64 size;
};

/**
 * struct caches - the model of the hardware's caches, and of its driver
 * @t: table
 * @model: what is mapped
 * @rnd: source of all decisions
 * @cached: what the hardware knows
 * @nr_cached: how much
 * @watched: addresses that devices access all the time
 * @nr_watched: how many
 * @pending: what the driver has noted for the next sync
 * @nr_pending: how much
 * @gather: the gather that is open
 * @open: there is one
 * @held: addresses unmapped since it was opened; not used again
 * @reused: tables freed that the hardware knew
 * @unreachable: mapped pages that the hardware did not find
 * @others: pages that another CPU has mapped
 */
struct caches {
	struct iopgt *t;
	struct iopgt_model model;
	struct rnd_state rnd;
	struct cached cached[MAX_CACHED];
	unsigned int nr_cached;
	u64 watched[MAX_WATCHED];
	unsigned int nr_watched;
	struct span pending[MAX_PENDING];
	unsigned int nr_pending;
	struct iommu_iotlb_gather gather;
	bool open;
	struct span held;
	unsigned int reused;
	unsigned int unreachable;
	unsigned int others;
};

static u64 below(struct caches *c, u64 ceil)
{
	return prandom_u32_state(&c->rnd) % ceil;
}

static bool overlaps(u64 a, u64 a_size, u64 b, u64 b_size)
{
	return a < b + b_size && b < a + a_size;
}

static void remember(struct caches *c, const struct cached *new)
{
	unsigned int i;

	for (i = 0; i < c->nr_cached; i++)
		if (!memcmp(&c->cached[i], new, sizeof(*new)))
			return;
	if (c->nr_cached == MAX_CACHED)
		c->cached[below(c, MAX_CACHED)] = *new;
	else
		c->cached[c->nr_cached++] = *new;
}

/* Cache all that a walk has read, from the table at @height down. */
static void remember_walk(struct caches *c, u64 ia,
			  const struct iopgt_walk *walk, unsigned int height)
{
	struct cached new;
	unsigned int h;

	for (h = walk->height; h <= height && h + 1 < c->t->geo.levels; h++) {
		memset(&new, 0, sizeof(new));
		new.size = iopgt_span(c->t, h + 1);
		new.ia = ALIGN_DOWN(ia, new.size);
		new.target = walk->tables[h];
		new.height = h;
		new.table = true;
		remember(c, &new);
	}
	if (walk->kind != IOPGT_LEAF)
		return;
	memset(&new, 0, sizeof(new));
	new.size = walk->size;
	new.ia = ALIGN_DOWN(ia, walk->size);
	new.target = ALIGN_DOWN(walk->oa, walk->size);
	new.height = walk->height;
	new.attr = walk->attr & ~(u32)(IOPGT_ACCESSED | IOPGT_DIRTY);
	remember(c, &new);
}

/* A device accesses @ia: from the root, and from whatever table is known. */
static void access(struct caches *c, u64 ia)
{
	unsigned int i, nr = c->nr_cached, top = c->t->geo.levels - 1;
	struct iopgt_walk walk;

	iopgt_walk(c->t, ia, &walk);
	remember_walk(c, ia, &walk, top);
	for (i = 0; i < nr; i++) {
		struct cached *known = &c->cached[i];

		if (!known->table || !overlaps(known->ia, known->size, ia, 1))
			continue;
		iopgt_walk_from(c->t, known->target, known->height, ia, &walk);
		if (walk.kind != IOPGT_BAD)
			remember_walk(c, ia, &walk, known->height);
	}
}

static void access_watched(struct caches *c)
{
	unsigned int i;

	for (i = 0; i < c->nr_watched; i++)
		access(c, c->watched[i]);
}

static void watch(struct caches *c, u64 ia)
{
	if (c->nr_watched == MAX_WATCHED)
		c->watched[below(c, MAX_WATCHED)] = ia;
	else
		c->watched[c->nr_watched++] = ia;
}

static void invalidate(struct caches *c, u64 ia, u64 size, bool tables)
{
	unsigned int i;

	for (i = c->nr_cached; i--; ) {
		struct cached *known = &c->cached[i];

		if (known->table && !tables)
			continue;
		if (overlaps(known->ia, known->size, ia, size))
			*known = c->cached[--c->nr_cached];
	}
}

static void note(struct caches *c, u64 ia, u64 size)
{
	struct span *last = c->nr_pending ? &c->pending[c->nr_pending - 1] : NULL;

	if (last && last->ia + last->size == ia) {
		last->size += size;
		return;
	}
	if (c->nr_pending == MAX_PENDING) {
		KUNIT_FAIL(c->t->test, "more flushes than one request can need");
		return;
	}
	c->pending[c->nr_pending++] = (struct span){ ia, size };
}

static void on_flush(struct iopgt *t, const struct iopgt_flush *flush)
{
	struct caches *c = t->private;
	u64 ia;

	iopgt_ia(t, flush->iova, &ia);
	switch (flush->kind) {
	case IOPGT_FLUSH_ALL:
		c->nr_cached = 0;
		break;
	case IOPGT_FLUSH_WALK:
		invalidate(c, ia, flush->size, true);
		break;
	default:
		if (flush->gather)
			note(c, ia, flush->size);
		else
			invalidate(c, ia, flush->size, false);
		/* Nothing has happened yet that a device would notice. */
		return;
	}
	/* All that is still in the tables is cached again at once. */
	access_watched(c);
}

static bool is_known(struct caches *c, u64 phys, u64 bytes)
{
	unsigned int i;

	for (i = 0; i < c->nr_cached; i++)
		if (c->cached[i].table &&
		    overlaps(c->cached[i].target, 1, phys, bytes))
			return true;
	return false;
}

static void on_free(struct iopgt *t, u64 phys, size_t bytes)
{
	struct caches *c = t->private;

	c->reused += is_known(c, phys, bytes);
}

/* The caches must agree with memory. */
static void check_cached(struct caches *c)
{
	struct kunit *test = c->t->test;
	struct iopgt_walk walk;
	unsigned int i;

	for (i = 0; i < c->nr_cached; i++) {
		struct cached *known = &c->cached[i];

		iopgt_walk(c->t, known->ia, &walk);
		if (known->table) {
			KUNIT_ASSERT_EQ_MSG(test, walk.tables[known->height],
					    known->target,
					    "0x%llx: the table of height %u is gone and not flushed",
					    known->ia, known->height);
			continue;
		}
		KUNIT_ASSERT_EQ_MSG(test, walk.kind, IOPGT_LEAF,
				    "0x%llx is unmapped and not flushed",
				    known->ia);
		KUNIT_ASSERT_EQ_MSG(test, walk.oa, known->target,
				    "0x%llx is stale", known->ia);
	}
}

/* A walk may begin at any cached table, and must find the page. */
static void check_reachable(struct caches *c, const struct cached *known)
{
	u64 end = known->ia + known->size, ia = known->ia;
	struct iopgt_walk walk;
	struct iopgt_extent *e;

	while ((e = iopgt_model_first(&c->model, ia, end))) {
		u64 at = max(ia, e->ia);

		iopgt_walk_from(c->t, known->target, known->height, at, &walk);
		KUNIT_ASSERT_EQ_MSG(c->t->test, walk.kind, IOPGT_LEAF,
				    "0x%llx is mapped, a known table of height %u says no",
				    at, known->height);
		KUNIT_ASSERT_EQ(c->t->test, walk.oa, e->pa + (at - e->ia));
		ia = e->ia + e->bytes;
	}
}

static void check_all_reachable(struct caches *c)
{
	unsigned int i;

	for (i = 0; i < c->nr_cached; i++)
		if (c->cached[i].table)
			check_reachable(c, &c->cached[i]);
}

/* The driver's sync: it spares the tables unless some were removed. */
static void sync_gather(struct caches *c)
{
	bool tables = !list_empty(&c->gather.freelist);
	struct page *page;
	unsigned int i;
	u64 ia;

	if (c->gather.queued) {
		c->nr_cached = 0;
	} else if (c->gather.end >= c->gather.start) {
		iopgt_ia(c->t, c->gather.start, &ia);
		invalidate(c, ia, c->gather.end - c->gather.start + 1, tables);
	}
	for (i = 0; i < c->nr_pending; i++)
		invalidate(c, c->pending[i].ia, c->pending[i].size, tables);
	c->nr_pending = 0;
	access_watched(c);

	list_for_each_entry(page, &c->gather.freelist, lru)
		c->reused += is_known(c, page_to_phys(page), PAGE_SIZE);
	KUNIT_ASSERT_EQ_MSG(c->t->test, c->reused, 0,
			    "tables freed that the hardware knows");
	iopgt_put_gather(c->t, &c->gather);
	c->open = false;
	check_cached(c);
}

static void open_gather(struct caches *c, bool queued)
{
	iommu_iotlb_gather_init(&c->gather);
	c->gather.queued = queued;
	c->open = true;
	c->held = (struct span){};
}

/* Near the boundary between two tables, granules or a block */
static void random_range(struct caches *c, u64 *ia, u64 *page, u64 *count)
{
	struct iopgt *t = c->t;
	u64 table = iopgt_span(t, 0) << t->geo.bits;
	bool block = !below(c, 6) && t->cfg.pgsize_bitmap & table;

	*page = block ? table : iopgt_span(t, 0);
	*count = block || below(c, 4) ? 1 : 1 + below(c, 4);
	*ia = table * (2 + below(c, 3));
	if (!block)
		*ia += *page * (below(c, 6)) - *page * 3;
}

static void step_map(struct caches *c)
{
	u64 ia, page, count, pa;
	struct iopgt *t = c->t;
	size_t mapped = 0;
	int ret;

	random_range(c, &ia, &page, &count);
	if (iopgt_model_first(&c->model, ia, ia + page * count))
		return;
	if (c->open && overlaps(c->held.ia, c->held.size, ia, page * count))
		return;

	pa = page * (1 + below(c, 1000));
	if (pa + page * count > BIT_ULL(t->config->oas))
		pa = page;
	ret = t->ops->map_pages(t->ops, iopgt_iova(t, ia), pa, page, count,
				IOMMU_READ | IOMMU_WRITE, GFP_KERNEL, &mapped);
	KUNIT_ASSERT_EQ(t->test, ret, 0);
	iopgt_model_add(t, &c->model, ia, mapped, pa, page,
			IOMMU_READ | IOMMU_WRITE);
	watch(c, ia);
	watch(c, ia + page * count - 1);
}

/* Without a gather the caller flushes, and only what it has unmapped. */
static void unmap(struct caches *c, u64 ia, u64 page, u64 count,
		  struct iommu_iotlb_gather *gather)
{
	struct iopgt *t = c->t;
	u64 start = ia;
	size_t bytes;

	for (; count; count -= bytes / page, ia += bytes) {
		bytes = t->ops->unmap_pages(t->ops, iopgt_iova(t, ia), page,
					    count, gather);
		KUNIT_ASSERT_NE(t->test, bytes, 0);
		iopgt_model_cut(t, &c->model, ia, bytes);
	}
	if (!gather) {
		invalidate(c, start, ia - start, false);
		access_watched(c);
		if (!c->open)
			check_cached(c);
	}
}

static void step_unmap(struct caches *c)
{
	u64 ia, page, count, table = iopgt_span(c->t, 0) << c->t->geo.bits;
	struct iopgt_extent *e;

	random_range(c, &ia, &page, &count);
	e = iopgt_model_first(&c->model, ia, U64_MAX);
	if (!e)
		return;
	/* The extent, a part of a block, or a table with what is below it */
	page = e->page;
	count = e->bytes / page;
	ia = e->ia;
	if (page > iopgt_span(c->t, 0) && below(c, 2)) {
		page = iopgt_span(c->t, 0);
		ia += page * below(c, 4);
		count = 1 + below(c, 3);
	} else if (page < table && c->t->cfg.pgsize_bitmap & table &&
		   !below(c, 4)) {
		page = table;
		ia = ALIGN_DOWN(ia, table);
		count = 1;
	}

	if (c->open || !below(c, 3)) {
		unmap(c, ia, page, count, NULL);
		return;
	}
	open_gather(c, !below(c, 4));
	unmap(c, ia, page, count, &c->gather);
	c->held = (struct span){ ia, page * count };
}

static struct caches *caches_begin(struct kunit *test, unsigned int variant)
{
	static const struct iommu_flush_ops *const variants[] = {
		&iopgt_flush_pages, &iopgt_flush_ranges, &iopgt_flush_merging,
	};
	const struct iopgt_config *config = test->param_value;
	struct iopgt *t;
	struct caches *c;

	t = iopgt_begin(test, config, variants[variant]);
	c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, c);
	c->t = t;
	iopgt_seed(test, &c->rnd, variant);
	t->private = c;
	t->on_flush = on_flush;
	t->on_free = on_free;
	return c;
}

static void random_steps(struct caches *c)
{
	unsigned int step;

	for (step = 0; step < STEPS; step++) {
		if (c->open && !below(c, 3))
			sync_gather(c);
		else if (below(c, 2))
			step_map(c);
		else
			step_unmap(c);
		access_watched(c);
		check_all_reachable(c);
		if (!c->open)
			check_cached(c);
		KUNIT_ASSERT_EQ_MSG(c->t->test, c->reused, 0,
				    "a table was freed that the hardware knows");
		if (step % 64 == 0)
			cond_resched();
	}
	if (c->open)
		sync_gather(c);
	iopgt_model_sweep(c->t, &c->model);
	/* No device walks it any more; its end flushes, and frees all. */
	c->nr_watched = 0;
	iopgt_end(c->t);
	KUNIT_EXPECT_EQ(c->t->test, c->reused, 0);
}

static void iopgt_flush_by_page(struct kunit *test)
{
	random_steps(caches_begin(test, 0));
}

static void iopgt_flush_by_range(struct kunit *test)
{
	random_steps(caches_begin(test, 1));
}

static void map_one(struct caches *c, u64 ia)
{
	u64 page = iopgt_span(c->t, 0);
	size_t mapped = 0;

	KUNIT_ASSERT_EQ(c->t->test,
			c->t->ops->map_pages(c->t->ops, iopgt_iova(c->t, ia),
					     page, page, 1, IOMMU_READ,
					     GFP_KERNEL, &mapped), 0);
	iopgt_model_add(c->t, &c->model, ia, page, page, page, IOMMU_READ);
}

/*
 * Many tables become empty under one gather; before it is synced, neighbours
 * of what was unmapped are mapped, and a device accesses them by the tables
 * that it knows.
 */
static void iopgt_flush_neighbours(struct kunit *test)
{
	struct caches *c = caches_begin(test, 0);
	u64 page = iopgt_span(c->t, 0), table = page << c->t->geo.bits;
	u64 nr = min(24ULL, BIT_ULL(c->t->config->ias) / table), i;

	for (i = 0; i < nr; i++) {
		map_one(c, i * table);
		access(c, i * table);
	}
	open_gather(c, false);
	for (i = 0; i < nr; i++)
		unmap(c, i * table, page, 1, &c->gather);
	for (i = 0; i < nr; i++)
		map_one(c, i * table + page);
	check_all_reachable(c);
	sync_gather(c);
	check_all_reachable(c);
}

/* Is a cached table still in the entry that led to it? */
static bool is_linked(struct caches *c, const struct cached *known)
{
	struct iopgt_walk walk;

	iopgt_walk(c->t, known->ia, &walk);
	return walk.tables[known->height] == known->target;
}

static bool is_cached(const struct caches *c, const struct cached *known)
{
	unsigned int i;

	for (i = 0; i < c->nr_cached; i++)
		if (c->cached[i].table && c->cached[i].ia == known->ia &&
		    c->cached[i].target == known->target)
			return true;
	return false;
}

/*
 * Another CPU's turn, just before the invalidation: it maps a page through each
 * table that was removed, and its device walks by what is cached. Runs inside
 * of an unmap, so it can't end the test.
 */
static void on_flush_meanwhile(struct iopgt *t, const struct iopgt_flush *flush)
{
	u64 page = iopgt_span(t, 0), ia;
	struct caches *c = t->private;
	struct iopgt_walk walk;
	unsigned int i;
	size_t mapped;

	for (i = 0; i < c->nr_cached && c->nr_watched < MAX_WATCHED; i++) {
		struct cached known = c->cached[i];

		ia = known.ia + 2 * page;
		if (!known.table || known.height || is_linked(c, &known))
			continue;
		mapped = 0;
		/* A map of this address may invalidate on its own. */
		t->on_flush = on_flush;
		t->ops->map_pages(t->ops, iopgt_iova(t, ia), page, page, 1,
				  IOMMU_READ, GFP_ATOMIC, &mapped);
		t->on_flush = on_flush_meanwhile;
		if (!mapped)
			continue;
		if (is_cached(c, &known)) {
			iopgt_walk_from(t, known.target, 0, ia, &walk);
			c->unreachable += walk.kind != IOPGT_LEAF;
		}
		if (++c->others % 2) {
			watch(c, ia);
			continue;
		}
		/* This table is removed, too, while the first still is. */
		t->on_flush = on_flush;
		t->ops->unmap_pages(t->ops, iopgt_iova(t, ia), page, 1, NULL);
		t->on_flush = on_flush_meanwhile;
	}
	on_flush(t, flush);
}

/* Unmap a page, without checking the caches afterwards. */
static void unmap_one(struct caches *c, u64 ia)
{
	u64 page = iopgt_span(c->t, 0);

	KUNIT_EXPECT_EQ(c->t->test,
			c->t->ops->unmap_pages(c->t->ops, iopgt_iova(c->t, ia),
					       page, 1, NULL), page);
}

/* A page mapped while a table is removed can be reached at once. */
static void iopgt_flush_meanwhile(struct kunit *test)
{
	struct caches *c = caches_begin(test, 0);
	u64 page = iopgt_span(c->t, 0), table = page << c->t->geo.bits;
	u64 nr = min(24ULL, BIT_ULL(c->t->config->ias) / table), i;
	long before = iopgt_memory(c->t);

	for (i = 0; i < nr; i++) {
		map_one(c, i * table);
		access(c, i * table);
	}
	c->t->on_flush = on_flush_meanwhile;
	for (i = 0; i < nr; i++)
		unmap_one(c, i * table);
	c->t->on_flush = on_flush;
	KUNIT_EXPECT_EQ_MSG(test, c->unreachable, 0,
			    "of %u pages a device could not reach so many",
			    c->others);
	for (; c->nr_watched; c->nr_watched--)
		unmap_one(c, c->watched[c->nr_watched - 1]);
	iopgt_expect_memory(c->t, before);
}

static bool needs_callbacks(struct kunit *test)
{
	const struct iopgt_config *config = test->param_value;

	return config->fmt != VTD_SECOND_STAGE && config->fmt != VTD_FIRST_STAGE;
}

/* Where the sync frees the tables, the gather has all information. */
static void iopgt_flush_by_gather(struct kunit *test)
{
	if (needs_callbacks(test))
		kunit_skip(test, "needs callbacks");
	random_steps(caches_begin(test, 2));
}

/* A run of leaves in one table: so many calls, and no table is flushed. */
static void count_leaves(struct kunit *test, const struct iommu_flush_ops *tlb,
			 enum iopgt_flush_kind kind, int calls)
{
	struct iopgt *t = iopgt_begin(test, test->param_value, tlb);
	unsigned long iova = iopgt_iova(t, 0);
	u64 page = iopgt_span(t, 0);
	struct iommu_iotlb_gather gather;
	size_t mapped = 0;

	iommu_iotlb_gather_init(&gather);
	KUNIT_ASSERT_EQ(test, t->ops->map_pages(t->ops, iova, page, page, 20,
						IOMMU_READ, GFP_KERNEL,
						&mapped), 0);
	KUNIT_EXPECT_EQ(test, iopgt_flush_count(t, IOPGT_FLUSH_ALL), 0);
	KUNIT_EXPECT_EQ(test, iopgt_flush_count(t, IOPGT_FLUSH_WALK), 0);
	KUNIT_EXPECT_EQ(test, iopgt_flush_count(t, IOPGT_FLUSH_PAGE), 0);
	KUNIT_EXPECT_EQ(test, iopgt_flush_count(t, IOPGT_FLUSH_RANGE), 0);

	KUNIT_EXPECT_EQ(test, t->ops->unmap_pages(t->ops, iova + 2 * page, page,
						  8, &gather), 8 * page);
	KUNIT_EXPECT_EQ(test, iopgt_flush_count(t, kind), calls);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&t->flushed[kind]), 8 * page);
	KUNIT_EXPECT_EQ(test, iopgt_flush_count(t, IOPGT_FLUSH_ALL), 0);
	KUNIT_EXPECT_EQ(test, iopgt_flush_count(t, IOPGT_FLUSH_WALK), 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&gather.freelist));

	/* All will be flushed, or the caller flushes: no call is needed. */
	gather.queued = true;
	t->ops->unmap_pages(t->ops, iova + 10 * page, page, 5, &gather);
	t->ops->unmap_pages(t->ops, iova + 15 * page, page, 4, NULL);
	KUNIT_EXPECT_EQ(test, iopgt_flush_count(t, kind), calls);
	KUNIT_EXPECT_EQ(test, iopgt_flush_count(t, IOPGT_FLUSH_WALK), 0);
	iopgt_put_gather(t, &gather);
}

static void iopgt_flush_counts(struct kunit *test)
{
	const struct iopgt_config *config = test->param_value;
	struct iommu_iotlb_gather gather;
	unsigned long iova;
	struct iopgt *t;
	size_t mapped = 0;
	u64 page;

	count_leaves(test, &iopgt_flush_pages, IOPGT_FLUSH_PAGE, 8);
	count_leaves(test, &iopgt_flush_ranges, IOPGT_FLUSH_RANGE, 1);
	if (needs_callbacks(test))
		return;

	/* No callback: the gather has the range, exactly. */
	t = iopgt_begin(test, config, &iopgt_flush_merging);
	iova = iopgt_iova(t, 0);
	page = iopgt_span(t, 0);
	iommu_iotlb_gather_init(&gather);
	KUNIT_ASSERT_EQ(test, t->ops->map_pages(t->ops, iova, page, page, 20,
						IOMMU_READ, GFP_KERNEL,
						&mapped), 0);
	t->ops->unmap_pages(t->ops, iova + 2 * page, page, 8, &gather);
	KUNIT_EXPECT_EQ(test, gather.start, iova + 2 * page);
	KUNIT_EXPECT_EQ(test, gather.end, iova + 10 * page - 1);
	t->ops->unmap_pages(t->ops, iova + 10 * page, page, 2, &gather);
	KUNIT_EXPECT_EQ(test, gather.start, iova + 2 * page);
	KUNIT_EXPECT_EQ(test, gather.end, iova + 12 * page - 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&gather.freelist));

	/* With a table the list is what tells the driver. */
	if (!(t->cfg.pgsize_bitmap & page << t->geo.bits))
		return;
	page <<= t->geo.bits;
	KUNIT_EXPECT_EQ(test, t->ops->unmap_pages(t->ops, iova, page, 1,
						  &gather), page);
	KUNIT_EXPECT_FALSE(test, list_empty(&gather.freelist));
	KUNIT_EXPECT_EQ(test, gather.end, iova + page - 1);
	iopgt_put_gather(t, &gather);
}

/* The large page that a small one is cut out of is invalidated as such. */
static void iopgt_flush_split(struct kunit *test)
{
	struct iopgt *t = iopgt_begin(test, test->param_value,
				      &iopgt_flush_pages);
	u64 page = iopgt_span(t, 0), block = page << t->geo.bits;
	unsigned long iova = iopgt_iova(t, 0);
	struct iommu_iotlb_gather gather;
	size_t mapped = 0;

	if (!(t->cfg.pgsize_bitmap & block))
		kunit_skip(test, "no such page size");
	iommu_iotlb_gather_init(&gather);
	KUNIT_ASSERT_EQ(test, t->ops->map_pages(t->ops, iova, 0, block, 1,
						IOMMU_READ, GFP_KERNEL,
						&mapped), 0);
	KUNIT_EXPECT_EQ(test, t->ops->unmap_pages(t->ops, iova + page, page, 1,
						  &gather), page);
	KUNIT_EXPECT_EQ(test, iopgt_flush_count(t, IOPGT_FLUSH_WALK), 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&t->flushed[IOPGT_FLUSH_WALK]),
			block);
	KUNIT_EXPECT_EQ(test, iopgt_flush_count(t, IOPGT_FLUSH_PAGE), 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&gather.freelist));
}

/* A table that no hardware sees needs no driver. */
static void iopgt_flush_nobody(struct kunit *test)
{
	struct iopgt *t = iopgt_begin(test, test->param_value, NULL);
	u64 page = iopgt_span(t, 0), large = iopgt_largest(t);
	unsigned long iova = iopgt_iova(t, 0);
	struct iommu_iotlb_gather gather;
	size_t mapped = 0;

	iommu_iotlb_gather_init(&gather);
	KUNIT_ASSERT_EQ(test, t->ops->map_pages(t->ops, iova, large, large, 1,
						IOMMU_READ, GFP_KERNEL,
						&mapped), 0);
	KUNIT_EXPECT_EQ(test, t->ops->unmap_pages(t->ops, iova, page, 1,
						  &gather), page);
	KUNIT_EXPECT_EQ(test, t->ops->unmap_pages(t->ops, iova, large, 1,
						  large == page ? &gather : NULL),
			large == page ? 0 : large);
	iopgt_put_gather(t, &gather);
}

static void iopgt_flush_exit(struct kunit *test)
{
	struct iopgt *t = test->priv;
	struct caches *c = t ? t->private : NULL;

	if (c) {
		/* The model is of no use any more. A failed test leaves it open. */
		t->on_flush = NULL;
		t->on_free = NULL;
		iopgt_model_free(&c->model);
		if (c->open)
			iopgt_put_gather(t, &c->gather);
	}
	iopgt_test_exit(test);
}

static struct kunit_case iopgt_flush_cases[] = {
	KUNIT_CASE_PARAM(iopgt_flush_by_page, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_flush_by_range, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_flush_by_gather, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_flush_neighbours, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_flush_meanwhile, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_flush_counts, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_flush_split, iopgt_gen_params),
	KUNIT_CASE_PARAM(iopgt_flush_nobody, iopgt_gen_params),
	{}
};

static struct kunit_suite iopgt_flush_suite = {
	.name = "io-pgtable-flush",
	.init = iopgt_test_init,
	.exit = iopgt_flush_exit,
	.test_cases = iopgt_flush_cases,
};

kunit_test_suite(iopgt_flush_suite);
