// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests that reach the tree of ranges: in an almost empty domain, and among
 * hundreds of thousands of live ranges with holes too small to serve them.
 *
 * A step among live ranges first frees one of them for good, the topmost in
 * the first step and then anyone, since a memory of past failures ends with
 * that, and it is what a driver at work does. A single page that the step
 * allocates takes its place; where it allocates more, the number of live
 * ranges sinks by one with each step.
 */

#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "bench.h"
#include "live.h"

#define LIMIT_32BIT ((1UL << (32 - PAGE_SHIFT)) - 1)
#define LIMIT_48BIT ((1UL << (48 - PAGE_SHIFT)) - 1)
#define PFNS_1G (1UL << (30 - PAGE_SHIFT))

/* Steps of the mixed rows: so many allocations, then as many frees */
#define MIXED_STEPS 200

/* Ranges that memory use is averaged over */
#define MEMORY_RANGES 100000

/**
 * struct layout - live ranges that a request meets
 * @start_pfn: lowest PFN of the domain
 * @high: number of ranges of one page, taken from the top of 48 bits down
 * @low: the same, from 4 GiB down
 * @hole_every: one of so many of them is freed again; 0: none
 * @refused: the request finds no hole
 */
struct layout {
	unsigned long	start_pfn;
	unsigned long	high;
	unsigned long	low;
	unsigned int	hole_every;
	bool		refused;
};

/* What the row's functions keep: the ground, and what the row itself took */
struct ground {
	struct live	*live;
	unsigned long	pfns[MIXED_STEPS];
};

static int layout_setup(struct bench *b)
{
	const struct layout *layout = b->row->arg;
	struct ground *ground = vzalloc(sizeof(*ground));
	int ret;

	init_iova_domain(&b->iovad, PAGE_SIZE, layout->start_pfn);
	b->priv = ground;
	if (!ground)
		return -ENOMEM;
	if (!layout->low && !layout->high)
		return 0;
	ground->live = live_create(&b->iovad, layout->low + layout->high);
	if (!ground->live)
		return -ENOMEM;
	ret = live_fill(ground->live, layout->low, LIMIT_32BIT,
			layout->hole_every);
	if (!ret)
		ret = live_fill(ground->live, layout->high, LIMIT_48BIT,
				layout->hole_every);
	return ret;
}

static int mixed_setup(struct bench *b)
{
	int ret = layout_setup(b);

	return ret ?: iova_domain_init_rcaches(&b->iovad);
}

static void layout_teardown(struct bench *b)
{
	struct ground *ground = b->priv;
	unsigned int i;

	for (i = 0; ground && i < MIXED_STEPS; i++) {
		if (ground->pfns[i])
			free_iova_fast(&b->iovad, ground->pfns[i],
				       b->row->pages);
	}
	if (ground)
		live_destroy(ground->live);
	vfree(ground);
	put_iova_domain(&b->iovad);
}

static void tree_free(struct bench *b, struct iova *iova)
{
	struct bench_timer timer;

	bench_start(&timer);
	__free_iova(&b->iovad, iova);
	bench_sample(b, 1, bench_stop(&timer));
}

static struct iova *tree_alloc(struct bench *b)
{
	struct bench_timer timer;
	struct iova *iova;

	bench_start(&timer);
	iova = alloc_iova(&b->iovad, b->row->pages, b->row->limit, true);
	bench_sample(b, 0, bench_stop(&timer));
	return iova;
}

static struct iova *take_victim(struct bench *b, unsigned int i)
{
	struct ground *ground = b->priv;

	return i ? live_take_random(ground->live) : live_take(ground->live, 0);
}

static int layout_step(struct bench *b, unsigned int i)
{
	const struct layout *layout = b->row->arg;
	struct ground *ground = b->priv;
	struct iova *iova;

	tree_free(b, take_victim(b, i));
	iova = tree_alloc(b);
	if (iova && b->row->pages == 1)
		live_give(ground->live, iova);
	else if (iova)
		tree_free(b, iova);
	return !iova == layout->refused ? 0 : -ENOSPC;
}

static int empty_step(struct bench *b, unsigned int i)
{
	struct iova *iova = tree_alloc(b);

	if (!iova)
		return -ENOSPC;
	tree_free(b, iova);
	return 0;
}

/* Ranges are kept at first, so that no cache can serve the next request. */
static int mixed_step(struct bench *b, unsigned int i)
{
	struct ground *ground = b->priv;
	unsigned long *pfn = &ground->pfns[i % MIXED_STEPS];
	struct bench_timer timer;

	if (i >= MIXED_STEPS) {
		bench_start(&timer);
		free_iova_fast(&b->iovad, *pfn, b->row->pages);
		bench_sample(b, 1, bench_stop(&timer));
		*pfn = 0;
		return 0;
	}
	__free_iova(&b->iovad, take_victim(b, i));
	bench_start(&timer);
	*pfn = alloc_iova_fast(&b->iovad, b->row->pages, b->row->limit, true);
	bench_sample(b, 0, bench_stop(&timer));
	return *pfn ? 0 : -ENOSPC;
}

static int refused_fast_step(struct bench *b, unsigned int i)
{
	struct bench_timer timer;
	unsigned long pfn;

	__free_iova(&b->iovad, take_victim(b, i));
	bench_start(&timer);
	pfn = alloc_iova_fast(&b->iovad, b->row->pages, b->row->limit, true);
	bench_sample(b, 0, bench_stop(&timer));
	if (pfn)
		free_iova_fast(&b->iovad, pfn, b->row->pages);
	return pfn ? -EEXIST : 0;
}

/* The counters are complete only after their periodic update, once a second. */
static unsigned long slab_pages(void)
{
	msleep(2500);
	return global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B) +
	       global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B);
}

static int memory_step(struct bench *b, unsigned int i)
{
	struct ground *ground = b->priv;
	unsigned long before = slab_pages();
	int ret = live_fill(ground->live, MEMORY_RANGES, b->row->limit, 0);
	unsigned long bytes = (slab_pages() - before) << PAGE_SHIFT;

	if (!ret)
		bench_value(b, "bytes", DIV_ROUND_CLOSEST(bytes, MEMORY_RANGES));
	return ret;
}

static int memory_setup(struct bench *b)
{
	struct ground *ground = vzalloc(sizeof(*ground));

	init_iova_domain(&b->iovad, PAGE_SIZE, 1);
	b->priv = ground;
	if (!ground)
		return -ENOMEM;
	ground->live = live_create(&b->iovad, MEMORY_RANGES);
	return ground->live ? 0 : -ENOMEM;
}

static const struct layout empty = {
	.start_pfn = 1,
};

static const struct layout holes_high = {
	.start_pfn = 1, .high = 200000, .hole_every = 2,
};

static const struct layout holes_low = {
	.start_pfn = 1, .low = 200000, .hole_every = 2,
};

/* Three of four pages of 1 GiB are live: 196 608. */
static const struct layout full_low = {
	.start_pfn = LIMIT_32BIT + 1 - PFNS_1G, .low = PFNS_1G,
	.hole_every = 4, .refused = true,
};

static const struct layout full_high = {
	.start_pfn = LIMIT_48BIT + 1 - PFNS_1G, .high = PFNS_1G,
	.hole_every = 4, .refused = true,
};

/* 300 000 live ranges, half of them below 4 GiB */
static const struct layout mixed_dense = {
	.start_pfn = 1, .low = 150000, .high = 150000,
};

static const struct layout mixed_holes = {
	.start_pfn = 1, .low = 300000, .high = 300000, .hole_every = 2,
};

#define TREE_ROW(_name, _steps, _pages, _limit, _arg, _setup, _step)	\
{									\
	.name = _name, .ops = { "alloc", "free" }, .steps = _steps,	\
	.pages = _pages, .limit = _limit, .arg = _arg,			\
	.setup = _setup, .step = _step, .teardown = layout_teardown,	\
}

static const struct bench_row tree_rows[] = {
	TREE_ROW("empty_1", 5000, 1, LIMIT_48BIT, &empty,
		 layout_setup, empty_step),
	TREE_ROW("empty_64", 5000, 64, LIMIT_48BIT, &empty,
		 layout_setup, empty_step),
	TREE_ROW("holes_64", 100, 64, LIMIT_48BIT, &holes_high,
		 layout_setup, layout_step),
	TREE_ROW("holes_64_32bit", 100, 64, LIMIT_32BIT, &holes_low,
		 layout_setup, layout_step),
	TREE_ROW("refused_64", 20, 64, LIMIT_48BIT, &full_high,
		 layout_setup, layout_step),
	TREE_ROW("refused_64_32bit", 20, 64, LIMIT_32BIT, &full_low,
		 layout_setup, layout_step),
	TREE_ROW("refused_fast_16_32bit", 20, 16, LIMIT_32BIT, &full_low,
		 mixed_setup, refused_fast_step),
	TREE_ROW("mixed_1", 200, 1, LIMIT_32BIT, &mixed_dense,
		 layout_setup, layout_step),
	TREE_ROW("mixed_16", 100, 16, LIMIT_32BIT, &mixed_holes,
		 layout_setup, layout_step),
	TREE_ROW("mixed_fast_1", 2 * MIXED_STEPS, 1, LIMIT_32BIT, &mixed_dense,
		 mixed_setup, mixed_step),
	TREE_ROW("mixed_fast_16", 2 * MIXED_STEPS, 16, LIMIT_32BIT, &mixed_holes,
		 mixed_setup, mixed_step),
	{
		.name = "memory", .steps = 1, .limit = LIMIT_48BIT,
		.setup = memory_setup, .step = memory_step,
		.teardown = layout_teardown,
	},
};

const struct bench_set bench_set_tree = {
	.name = "tree", .rows = tree_rows, .nr = ARRAY_SIZE(tree_rows),
};
