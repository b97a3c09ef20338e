// SPDX-License-Identifier: GPL-2.0-only
/*
 * Long random walks: each step maps or unmaps something, and what hardware
 * would find is compared with the model.
 *
 * A walk stays near a few places, each at a boundary of tables of several
 * levels, so that its steps run into each other: over live mappings, through
 * holes, into blocks and across tables. Now and then all of the tables are
 * compared with all of the model.
 */

#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/sched.h>

#include "io_pgtable_kunit.h"

/* Per format; its configurations share them. */
#define STEPS		50000
#define SWEEP_STEPS	1499
#define PHASE_STEPS	640

/* Distance from a place, in pages of the size at hand */
#define NEAR_GRANULES	1100
#define NEAR_BLOCKS	5

#define PLACES		5

/**
 * struct walker - state of a random walk
 * @t: table
 * @model: what is mapped
 * @rnd: source of all decisions
 * @places: addresses that it stays near
 * @mapped: calls that mapped all they should
 * @refused: calls that met a live mapping
 * @unmapped: calls that unmapped something
 * @split: calls that took a part of a block
 */
struct walker {
	struct iopgt *t;
	struct iopgt_model model;
	struct rnd_state rnd;
	u64 places[PLACES];
	unsigned long mapped;
	unsigned long refused;
	unsigned long unmapped;
	unsigned long split;
};

static u64 below(struct walker *w, u64 ceil)
{
	u64 random = prandom_u32_state(&w->rnd);

	return (random << 32 | prandom_u32_state(&w->rnd)) % ceil;
}

static u64 space(const struct walker *w)
{
	return BIT_ULL(w->t->config->ias);
}

/* Mostly granules */
static u64 random_page(struct walker *w)
{
	unsigned long sizes = w->t->cfg.pgsize_bitmap;
	unsigned int nth = below(w, 16);

	nth = nth < 10 ? 0 : nth < 14 ? 1 : 2;
	while (nth-- && hweight_long(sizes) > 1)
		sizes &= sizes - 1;
	return BIT_ULL(__ffs(sizes));
}

static u64 random_count(struct walker *w, u64 page)
{
	bool granule = page == iopgt_span(w->t, 0);

	switch (below(w, 64)) {
	case 0:
		return granule ? 1 + below(w, NEAR_GRANULES) : 2;
	case 1 ... 12:
		return 1 + below(w, granule ? 20 : 3);
	default:
		return 1 + below(w, granule ? 3 : 1);
	}
}

/*
 * A range near one of the places; shorter where the address space ends. Half
 * of the granules fall among few, where most of them meet others.
 */
static bool try_range(struct walker *w, u64 page, u64 *ia, u64 *count)
{
	u64 place = w->places[below(w, PLACES)], half = space(w) / 2;
	bool granule = page == iopgt_span(w->t, 0);
	u64 reach = granule ? NEAR_GRANULES : NEAR_BLOCKS;
	s64 offset;

	if (granule && below(w, 2))
		reach = 24;
	offset = (s64)below(w, 2 * reach) - (s64)reach;
	*ia = ALIGN_DOWN(place, page) + offset * page;
	if (*ia >= space(w))
		return false;
	*count = random_count(w, page);
	*count = min(*count, (space(w) - *ia) / page);
	/* The two halves of a signed space do not touch. */
	if (w->t->config->fmt == VTD_FIRST_STAGE && *ia < half)
		*count = min(*count, (half - *ia) / page);
	return *count;
}

static void random_range(struct walker *w, u64 page, u64 *ia, u64 *count)
{
	while (!try_range(w, page, ia, count))
		;
}

static u64 random_pa(struct walker *w, u64 page, u64 bytes)
{
	u64 all = BIT_ULL(w->t->config->oas);

	if (bytes + page > all)
		return page;
	switch (below(w, 8)) {
	case 0:
		return all - bytes;
	case 1:
		return page;
	default:
		return page + ALIGN_DOWN(below(w, all - bytes - page + 1), page);
	}
}

static int random_prot(struct walker *w)
{
	int prot = 1 + below(w, IOMMU_READ | IOMMU_WRITE);

	if (below(w, 2))
		prot |= IOMMU_CACHE;
	if (!below(w, 4))
		prot |= IOMMU_NOEXEC;
	if (!below(w, 8))
		prot |= IOMMU_MMIO;
	if (!below(w, 8))
		prot |= IOMMU_PRIV;
	return prot;
}

/*
 * What a call must report that met @first: the tables before the one that the
 * first conflict is in. Tables of the root's level may count as one.
 */
static void check_refusal(struct walker *w, const struct iopgt_extent *first,
			  u64 ia, u64 page, size_t mapped)
{
	unsigned int height = iopgt_height(w->t, page);
	u64 conflict = max(ia, first->ia);
	u64 table = page << w->t->geo.bits;
	u64 expected = max(ia, ALIGN_DOWN(conflict, table)) - ia;

	if (height + 1 == w->t->geo.levels && !mapped)
		return;
	KUNIT_ASSERT_EQ_MSG(w->t->test, mapped, expected,
			    "0x%llx at 0x%llx, 0x%llx is mapped", page, ia,
			    conflict);
}

static void step_map(struct walker *w)
{
	u64 page = random_page(w), ia, count, pa;
	struct iopgt_extent *first;
	struct iopgt *t = w->t;
	int prot = random_prot(w), ret;
	size_t mapped = 0;

	random_range(w, page, &ia, &count);
	count = min(count, BIT_ULL(t->config->oas) / page - 1);
	pa = random_pa(w, page, page * count);
	first = iopgt_model_first(&w->model, ia, ia + page * count);
	ret = t->ops->map_pages(t->ops, iopgt_iova(t, ia), pa, page, count,
				prot, below(w, 2) ? GFP_KERNEL : GFP_ATOMIC,
				&mapped);
	if (first) {
		KUNIT_ASSERT_EQ_MSG(t->test, ret, -EEXIST, "0x%llx x %llu at 0x%llx",
				    page, count, ia);
		check_refusal(w, first, ia, page, mapped);
		w->refused++;
	} else {
		KUNIT_ASSERT_EQ_MSG(t->test, ret, 0, "0x%llx x %llu at 0x%llx",
				    page, count, ia);
		KUNIT_ASSERT_EQ(t->test, mapped, page * count);
		w->mapped++;
	}
	iopgt_model_add(t, &w->model, ia, mapped, pa, page, prot);
	iopgt_model_check(t, &w->model, ia - min(ia, page),
			  min(ia + page * (count + 1), space(w)));
}

/*
 * One call's answer, @bytes from @ia on, unit by unit: each must have had
 * something mapped. A unit above the smallest may have been an empty table.
 */
static void check_unmapped(struct walker *w, u64 ia, u64 page, u64 count,
			   u64 bytes)
{
	struct kunit *test = w->t->test;
	struct iopgt_extent *e;
	u64 at;

	KUNIT_ASSERT_EQ(test, bytes % page, 0);
	KUNIT_ASSERT_LE(test, bytes, page * count);
	for (at = ia; at < ia + bytes && page == iopgt_span(w->t, 0);
	     at = e->ia + e->bytes) {
		e = iopgt_model_first(&w->model, at, at + 1);
		KUNIT_ASSERT_NOT_NULL_MSG(test, e, "0x%llx was a hole", at);
	}
	if (!bytes)
		KUNIT_ASSERT_NULL_MSG(test, iopgt_model_first(&w->model, ia, ia + page),
				      "0x%llx at 0x%llx was no hole", page, ia);
}

/* Call until all is unmapped or a hole is met, as the core does. */
static void unmap_range(struct walker *w, u64 ia, u64 page, u64 count,
			struct iommu_iotlb_gather *gather)
{
	struct iopgt *t = w->t;
	u64 bytes;

	while (count) {
		bytes = t->ops->unmap_pages(t->ops, iopgt_iova(t, ia), page,
					    count, gather);
		check_unmapped(w, ia, page, count, bytes);
		if (!bytes)
			return;
		iopgt_model_cut(t, &w->model, ia, bytes);
		count -= bytes / page;
		ia += bytes;
		w->unmapped++;
	}
}

/* The ends of whatever blocks an address may have been in */
static void check_blocks(struct walker *w, u64 ia)
{
	unsigned long sizes = w->t->cfg.pgsize_bitmap;
	u64 granule = iopgt_span(w->t, 0), block, from;

	for (sizes &= sizes - 1; sizes; sizes &= sizes - 1) {
		block = BIT_ULL(__ffs(sizes));
		from = ALIGN_DOWN(ia, block);
		if (block > space(w))
			break;
		iopgt_model_check(w->t, &w->model, from, from + granule);
		iopgt_model_check(w->t, &w->model, from + block - granule,
				  from + block);
	}
}

/* A range of its own, or of what is mapped near it: a part, all, or a leaf */
static void range_to_unmap(struct walker *w, u64 *page, u64 *ia, u64 *count)
{
	u64 granule = iopgt_span(w->t, 0);
	struct iopgt_extent *e;

	*page = random_page(w);
	random_range(w, *page, ia, count);
	e = iopgt_model_first(&w->model, *ia, space(w));
	if (!e || !below(w, 4))
		return;

	switch (below(w, 4)) {
	case 0:
		w->split += granule < e->page;
		*page = granule;
		*ia = e->ia + granule * below(w, e->bytes / granule);
		*count = min(random_count(w, granule),
			     (e->ia + e->bytes - *ia) / granule);
		return;
	case 1:
		*page = e->page;
		*ia = e->ia;
		*count = e->bytes / e->page;
		return;
	default:
		*page = e->page;
		*ia = e->ia + e->page * below(w, e->bytes / e->page);
		*count = 1;
		return;
	}
}

static void step_unmap(struct walker *w)
{
	struct iommu_iotlb_gather gather, *use = below(w, 3) ? &gather : NULL;
	u64 page, ia, count;

	range_to_unmap(w, &page, &ia, &count);
	iommu_iotlb_gather_init(&gather);
	unmap_range(w, ia, page, count, use);
	iopgt_put_gather(w->t, &gather);
	iopgt_model_check(w->t, &w->model, ia - min(ia, page),
			  min(ia + page * (count + 1), space(w)));
	check_blocks(w, ia);
	check_blocks(w, ia + page * count - 1);
}

/* Across each of them run boundaries of tables of all levels. */
static void choose_places(struct walker *w)
{
	unsigned int top = w->t->geo.levels - 1;
	u64 span = iopgt_span(w->t, top);

	w->places[0] = 0;
	w->places[1] = space(w);
	w->places[2] = space(w) / 2;
	w->places[3] = span < space(w) ? span * below(w, space(w) / span) :
					 space(w) / 4;
	w->places[4] = ALIGN_DOWN(below(w, space(w)), iopgt_largest(w->t));
}

static void unmap_everything(struct walker *w)
{
	struct iommu_iotlb_gather gather;
	struct iopgt_extent *e;

	iommu_iotlb_gather_init(&gather);
	while ((e = iopgt_model_first(&w->model, 0, U64_MAX))) {
		unmap_range(w, e->ia, e->page, e->bytes / e->page, &gather);
		iopgt_put_gather(w->t, &gather);
	}
	iopgt_model_sweep(w->t, &w->model);
}

static void iopgt_random_walk(struct kunit *test)
{
	const struct iopgt_config *config = test->param_value;
	unsigned long steps = iopgt_share(config, STEPS);
	struct iopgt *t = iopgt_begin(test, config, &iopgt_flush_pages);
	unsigned long step;
	struct walker *w;
	bool mapping;
	long before;

	w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w);
	w->t = t;
	t->private = &w->model;
	before = iopgt_memory(t);
	iopgt_seed(test, &w->rnd, config->ias * 64 + config->oas);
	choose_places(w);

	for (step = 0; step < steps; step++) {
		mapping = step / PHASE_STEPS % 2;
		if (below(w, 100) < (mapping ? 62 : 42))
			step_map(w);
		else
			step_unmap(w);
		if (step % SWEEP_STEPS == SWEEP_STEPS - 1)
			iopgt_model_sweep(t, &w->model);
		if (step % 64 == 0)
			cond_resched();
	}
	kunit_info(test, "%lu mapped, %lu refused, %lu unmapped, %lu into blocks, %d tables",
		   w->mapped, w->refused, w->unmapped, w->split,
		   iopgt_sweep(t, NULL, NULL));

	/* A walk that met only one kind of answer has compared little. */
	KUNIT_EXPECT_GT(test, w->mapped, steps / 10);
	KUNIT_EXPECT_GT(test, w->refused, steps / 100);
	KUNIT_EXPECT_GT(test, w->unmapped, steps / 10);

	unmap_everything(w);
	iopgt_expect_memory(t, before);
}

static void iopgt_random_exit(struct kunit *test)
{
	struct iopgt *t = test->priv;

	if (t && t->private)
		iopgt_model_free(t->private);
	iopgt_test_exit(test);
}

static struct kunit_case iopgt_random_cases[] = {
	KUNIT_CASE_PARAM_ATTR(iopgt_random_walk, iopgt_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite iopgt_random_suite = {
	.name = "io-pgtable-random",
	.init = iopgt_test_init,
	.exit = iopgt_random_exit,
	.test_cases = iopgt_random_cases,
};

kunit_test_suite(iopgt_random_suite);
