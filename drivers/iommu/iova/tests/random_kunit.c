// SPDX-License-Identifier: GPL-2.0-only
/*
 * Long random walks, each step of which is compared with the model.
 *
 * A walk takes and frees ranges in every way the interface has. It swings
 * between nearly empty and nearly full, because most of what can go wrong
 * needs one of the two. Cached ranges make the tree's content unknowable from
 * outside; the model then holds what the walk owns, and a refusal is checked
 * after the caches have been drained.
 */

#include <linux/align.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/sched.h>

#include "../reclaim.h"
#include "model.h"
#include "util.h"

#define STEPS		100000
#define PHASE_STEPS	4096
#define VALIDATE_STEPS	997
#define MAX_RANGES	2048

/**
 * struct walk_config - where a random walk goes
 * @name: description
 * @pages: length of its window
 * @below_4g: that many of them lie below 4 GiB; all of them if 0
 * @start: lowest PFN to hand out, counted from the window's begin
 * @granule: log2 of the unit of allocation in bytes
 * @max_size: longest request, usually
 * @caches: the domain has per-CPU caches
 */
struct walk_config {
	const char *name;
	unsigned long pages;
	unsigned long below_4g;
	unsigned long start;
	unsigned int granule;
	unsigned long max_size;
	bool caches;
};

static const struct walk_config walk_configs[] = {
	{ "tree, single pages", 1024, 0, 1, PAGE_SHIFT, 3, false },
	{ "tree, mixed sizes", 8192, 0, 0, PAGE_SHIFT, 80, false },
	{ "tree, large sizes", 65536, 0, 777, PAGE_SHIFT, 3000, false },
	{ "tree, across 4 GiB", 8192, 4000, 3, 12, 60, false },
	{ "caches, small sizes", 2048, 0, 1, PAGE_SHIFT, 12, true },
	{ "caches, all sizes", 16384, 0, 0, PAGE_SHIFT, 330, true },
	{ "caches, across 4 GiB", 16384, 6000, 5, 12, 200, true },
	{ "caches, granule 512", 4096, 0, 9, 9, 40, true },
};

KUNIT_ARRAY_PARAM_DESC(walk_config, walk_configs, name);

/* How a range came, which decides how it may go. */
enum origin {
	BY_HANDLE,
	BY_PFN,
	BY_RESERVATION,
};

/**
 * struct owned - a range that the walk owns
 * @iova: handle, except for @origin BY_PFN
 * @pfn: first PFN
 * @size: pages it has in the tree
 * @asked: pages that were asked for
 * @origin: how it came
 */
struct owned {
	struct iova *iova;
	unsigned long pfn;
	unsigned long size;
	unsigned long asked;
	enum origin origin;
};

/**
 * struct walk - state of a random walk
 * @test: test
 * @cfg: configuration
 * @iovad: domain
 * @model: pages of the ranges in @owned
 * @rnd: source of all decisions
 * @owned: ranges that the walk owns
 * @nr: how many
 * @granted: allocations that succeeded
 * @refused: allocations that did not
 */
struct walk {
	struct kunit *test;
	const struct walk_config *cfg;
	struct iova_domain *iovad;
	struct iova_model model;
	struct rnd_state rnd;
	struct owned *owned;
	unsigned int nr;
	unsigned long granted;
	unsigned long refused;
};

static unsigned long below(struct walk *w, unsigned long ceil)
{
	return prandom_u32_state(&w->rnd) % ceil;
}

static unsigned long window_last(const struct walk *w)
{
	return w->model.base + w->model.pages - 1;
}

/* Mostly small, sometimes up to the maximum, seldom far beyond it. */
static unsigned long random_size(struct walk *w)
{
	unsigned long max = w->cfg->max_size;

	switch (below(w, 32)) {
	case 0:
		return 1 + below(w, w->cfg->pages + 2);
	case 1 ... 10:
		return 1 + below(w, max);
	case 11 ... 20:
		return rounddown_pow_of_two(1 + below(w, max));
	default:
		return 1 + below(w, min(max, 8UL));
	}
}

static unsigned long random_limit(struct walk *w)
{
	switch (below(w, 16)) {
	case 0:
		return ULONG_MAX;
	case 1:
		return iova_test_last_pfn(w->iovad);
	case 2:
		return w->iovad->dma_32bit_pfn - 1;
	case 3:
		return w->iovad->dma_32bit_pfn;
	case 4 ... 7:
		return w->model.base + below(w, w->model.pages + 8);
	default:
		return window_last(w);
	}
}

static void own(struct walk *w, struct iova *iova, unsigned long pfn,
		unsigned long size, unsigned long asked, enum origin origin)
{
	KUNIT_ASSERT_TRUE_MSG(w->test, iova_model_take(&w->model, pfn, size),
			      "[0x%lx, 0x%lx] is not all free", pfn,
			      pfn + size - 1);
	w->owned[w->nr++] = (struct owned) {
		.iova = iova,
		.pfn = pfn,
		.size = size,
		.asked = asked,
		.origin = origin,
	};
}

static void disown(struct walk *w, unsigned int i)
{
	struct owned *o = &w->owned[i];

	KUNIT_ASSERT_TRUE(w->test, iova_model_give(&w->model, o->pfn, o->size));
	*o = w->owned[--w->nr];
}

/* alloc_iova(): checked exactly whenever no cache hides a free range. */
static void walk_alloc(struct walk *w)
{
	struct iova_request rq = {
		.size = random_size(w),
		.limit = random_limit(w),
		.aligned = below(w, 2),
	};
	bool known = !w->cfg->caches;
	struct iova *iova;

	if (!known && !below(w, 16)) {
		iova_cache_drain(w->iovad);
		known = true;
	}
	iova = alloc_iova(w->iovad, rq.size, rq.limit, rq.aligned);
	if (!iova && !known) {
		iova_cache_drain(w->iovad);
		known = true;
		iova = alloc_iova(w->iovad, rq.size, rq.limit, rq.aligned);
	}

	if (known)
		iova_model_check(w->test, &w->model, &rq, iova);
	if (!iova) {
		w->refused++;
		return;
	}
	iova_model_check_shape(w->test, &w->model, &rq, iova);
	own(w, iova, iova->pfn_lo, rq.size, rq.size, BY_HANDLE);
	w->granted++;
}

/*
 * alloc_iova_fast(): when it refuses, draining all caches must not help. It
 * drains them itself if told to, or if the limit is below 4 GiB.
 */
static unsigned long alloc_fast_checked(struct walk *w, unsigned long asked,
					const struct iova_request *rq)
{
	struct iova_model model = w->model;
	bool flush = below(w, 2);
	unsigned long at, pfn;

	pfn = alloc_iova_fast(w->iovad, asked, rq->limit, flush);
	if (pfn)
		return pfn;
	if (!flush && rq->limit >= w->iovad->dma_32bit_pfn) {
		pfn = alloc_iova_fast(w->iovad, asked, rq->limit, true);
		if (pfn)
			return pfn;
	}

	/* PFN 0 is nothing that it could return. */
	model.start = max(model.start, 1UL);
	KUNIT_ASSERT_FALSE_MSG(w->test, iova_model_fits(&model, rq, &at),
			       "refused %lu pages, limit 0x%lx, 0x%lx is free",
			       asked, rq->limit, at);
	return 0;
}

static void walk_alloc_fast(struct walk *w)
{
	unsigned long asked = random_size(w);
	struct iova_request rq = {
		.size = w->cfg->caches ? iova_test_class(asked) : asked,
		.limit = random_limit(w),
		.aligned = true,
	};
	unsigned long pfn = alloc_fast_checked(w, asked, &rq);
	struct iova *iova;

	if (!pfn) {
		w->refused++;
		return;
	}

	/* Also a range that was cached is a range of the tree. */
	iova = find_iova(w->iovad, pfn);
	KUNIT_ASSERT_NOT_NULL(w->test, iova);
	KUNIT_ASSERT_EQ(w->test, iova->pfn_lo, pfn);

	/* What rounding has added to a cached range may exceed the limit. */
	if (w->cfg->caches) {
		KUNIT_ASSERT_LE(w->test, pfn + asked - 1, rq.limit);
		rq.limit = ULONG_MAX;
	}
	iova_model_check_shape(w->test, &w->model, &rq, iova);
	own(w, NULL, pfn, rq.size, asked, BY_PFN);
	w->granted++;
}

static void walk_free(struct walk *w)
{
	unsigned int i = below(w, w->nr);
	struct owned o = w->owned[i];

	disown(w, i);
	if (o.origin == BY_PFN)
		free_iova_fast(w->iovad, o.pfn, o.asked);
	else if (below(w, 2))
		__free_iova(w->iovad, o.iova);
	else
		free_iova(w->iovad, o.pfn + below(w, o.size));
}

static bool touches(const struct owned *o, unsigned long first,
		    unsigned long last)
{
	return o->pfn <= last && first <= o->pfn + o->size - 1;
}

static void walk_reserve(struct walk *w)
{
	unsigned long first = w->model.base + below(w, w->model.pages);
	unsigned long size = 1 + below(w, w->cfg->max_size);
	unsigned long last = min(first + size - 1, window_last(w));
	unsigned long union_first = first, union_last = last;
	bool blocked = false;
	struct iova *iova;
	unsigned int i;

	for (i = 0; i < w->nr; i++) {
		struct owned *o = &w->owned[i];

		if (!touches(o, first, last))
			continue;
		blocked |= o->origin != BY_RESERVATION;
		union_first = min(union_first, o->pfn);
		union_last = max(union_last, o->pfn + o->size - 1);
	}

	if (w->cfg->caches)
		iova_cache_drain(w->iovad);
	iova = reserve_iova(w->iovad, first, last);
	KUNIT_ASSERT_EQ_MSG(w->test, !iova, blocked,
			    "reservation of [0x%lx, 0x%lx]", first, last);
	if (!iova)
		return;

	KUNIT_ASSERT_EQ(w->test, iova->pfn_lo, union_first);
	KUNIT_ASSERT_EQ(w->test, iova->pfn_hi, union_last);
	for (i = w->nr; i--; )
		if (touches(&w->owned[i], first, last))
			disown(w, i);
	own(w, iova, union_first, union_last - union_first + 1, 0,
	    BY_RESERVATION);
}

static void walk_find(struct walk *w)
{
	unsigned long pfn = w->model.base + below(w, w->model.pages);
	struct iova *iova = find_iova(w->iovad, pfn);
	const struct owned *o;

	if (!iova_model_is_taken(&w->model, pfn)) {
		/* Free for the walk; a cache may still hold on to it. */
		if (!w->cfg->caches)
			KUNIT_ASSERT_NULL(w->test, iova);
		return;
	}

	KUNIT_ASSERT_NOT_NULL(w->test, iova);
	for (o = w->owned; !touches(o, pfn, pfn); o++)
		KUNIT_ASSERT_LT(w->test, o - w->owned, w->nr);
	KUNIT_ASSERT_EQ(w->test, iova->pfn_lo, o->pfn);
	KUNIT_ASSERT_EQ(w->test, iova->pfn_hi, o->pfn + o->size - 1);
	if (o->iova)
		KUNIT_ASSERT_PTR_EQ(w->test, iova, o->iova);
}

static void walk_step(struct walk *w, unsigned long step)
{
	bool filling = !(step / PHASE_STEPS % 2);
	unsigned long dice = below(w, 100);

	if (dice < 3 && w->nr < MAX_RANGES)
		walk_reserve(w);
	else if (dice < 10)
		walk_find(w);
	else if (w->nr && (w->nr == MAX_RANGES ||
			   below(w, 100) < (filling ? 38 : 62)))
		walk_free(w);
	else if (below(w, 2))
		walk_alloc(w);
	else
		walk_alloc_fast(w);
}

static struct walk *walk_begin(struct kunit *test)
{
	const struct walk_config *cfg = test->param_value;
	unsigned long base = 0;
	struct walk *w;

	w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w);
	w->owned = kunit_kcalloc(test, MAX_RANGES, sizeof(*w->owned),
				 GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w->owned);

	w->test = test;
	w->cfg = cfg;
	if (cfg->below_4g)
		base = (1UL << (32 - cfg->granule)) - cfg->below_4g;
	w->iovad = iova_test_domain(test, 1UL << cfg->granule,
				    base + cfg->start, cfg->caches);
	KUNIT_ASSERT_EQ(test, iova_model_init(test, &w->model, base, cfg->pages,
					      base + cfg->start), 0);
	iova_test_close_above(test, base + cfg->pages);
	iova_test_seed(test, &w->rnd, cfg - walk_configs);
	return w;
}

static void iova_test_random_walk(struct kunit *test)
{
	struct walk *w = walk_begin(test);
	unsigned long step;

	for (step = 0; step < STEPS; step++) {
		walk_step(w, step);
		if (step % VALIDATE_STEPS == 0)
			iova_test_validate(test);
		if (step % 64 == 0)
			cond_resched();
	}
	kunit_info(test, "%lu granted, %lu refused, %u owned", w->granted,
		   w->refused, w->nr);

	/* A walk that met only one kind of answer has compared little. */
	KUNIT_EXPECT_GT(test, w->granted, STEPS / 10);
	KUNIT_EXPECT_GT(test, w->refused, STEPS / 1000);

	while (w->nr)
		walk_free(w);
	iova_test_expect_all_free(test, w->model.start, window_last(w));
}

static struct kunit_case iova_random_cases[] = {
	KUNIT_CASE_PARAM_ATTR(iova_test_random_walk, walk_config_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite iova_random_suite = {
	.name = "iova-random",
	.init = iova_test_init,
	.exit = iova_test_exit,
	.test_cases = iova_random_cases,
};

kunit_test_suite(iova_random_suite);
