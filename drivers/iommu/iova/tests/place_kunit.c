// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where ranges come to lie: under each limit, at each alignment, in each
 * pattern of holes, and down to the last page.
 */

#include <linux/align.h>
#include <linux/log2.h>
#include <linux/minmax.h>

#include "model.h"
#include "util.h"

/* Pages of the space whose every pattern of holes is tried. */
#define PATTERN_PAGES	7

static const unsigned long pattern_starts[] = { 0, 1, 3 };

static void pattern_desc(const unsigned long *start, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "start_pfn %lu", *start);
}

KUNIT_ARRAY_PARAM(pattern, pattern_starts, pattern_desc);

static void try_request(struct kunit *test, struct iova_domain *iovad,
			struct iova_model *model, const struct iova_request *rq)
{
	struct iova *iova = alloc_iova(iovad, rq->size, rq->limit, rq->aligned);

	iova_model_check(test, model, rq, iova);
	if (!iova)
		return;

	/* The shape is right; the pages must have been free, too. */
	KUNIT_ASSERT_TRUE(test, iova_model_take(model, iova->pfn_lo, rq->size));
	iova_model_give(model, iova->pfn_lo, rq->size);
	__free_iova(iovad, iova);
}

static void try_pattern(struct kunit *test, unsigned long start,
			unsigned long pattern)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, start,
						     false);
	unsigned long used = pattern;
	struct iova_model model = {
		.base = start,
		.pages = PATTERN_PAGES,
		.start = start,
		.used = &used,
	};
	unsigned long first = start ? start - 1 : 0;
	struct iova_request rq;
	unsigned long bit;

	/* Page by page: neighbours leave holes of no length between them. */
	for_each_set_bit(bit, &pattern, PATTERN_PAGES)
		KUNIT_ASSERT_NOT_NULL(test, reserve_iova(iovad, start + bit,
							 start + bit));
	iova_test_close_above(test, start + PATTERN_PAGES);
	iova_test_validate(test);

	for (rq.size = 1; rq.size <= PATTERN_PAGES + 1; rq.size++) {
		for (rq.limit = first; rq.limit <= start + PATTERN_PAGES;
		     rq.limit++) {
			rq.aligned = false;
			try_request(test, iovad, &model, &rq);
			rq.aligned = true;
			try_request(test, iovad, &model, &rq);
		}
	}
	iova_test_validate(test);
}

static void iova_test_every_pattern_of_holes(struct kunit *test)
{
	unsigned long start = *(const unsigned long *)test->param_value;
	unsigned long pattern;

	for (pattern = 0; pattern < BIT(PATTERN_PAGES); pattern++)
		try_pattern(test, start, pattern);
}

static void expect_alloc(struct kunit *test, unsigned long size,
			 unsigned long limit, bool aligned, unsigned long pfn)
{
	struct iova_fixture *fix = test->priv;
	struct iova *iova = alloc_iova(&fix->iovad, size, limit, aligned);

	KUNIT_ASSERT_NOT_NULL(test, iova);
	KUNIT_EXPECT_EQ(test, iova->pfn_lo, pfn);
	KUNIT_EXPECT_EQ(test, iova->pfn_hi, pfn + size - 1);
}

/* Limits are inclusive, wherever they fall. */
static void iova_test_limits(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, false);

	expect_alloc(test, 10, 1000, false, 991);
	expect_alloc(test, 1, 990, false, 990);

	/* On a range's last page, inside it, on its first page. */
	expect_alloc(test, 2, 1000, false, 988);
	expect_alloc(test, 2, 995, false, 986);
	expect_alloc(test, 2, 991, false, 984);

	/* Inside a hole, then once more in what is left of it above. */
	expect_alloc(test, 4, 500, false, 497);
	expect_alloc(test, 4, 503, false, 493);
	expect_alloc(test, 4, 504, false, 501);
	expect_alloc(test, 4, 983, false, 980);

	/* Exactly the request between the limit and the start. */
	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 10, 9, false));
	expect_alloc(test, 10, 10, false, 1);
	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 1, 10, false));
	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 1, 0, false));
	iova_test_validate(test);
}

/* The last PFN that a 32-bit device can address, for each granule. */
static void iova_test_32bit_boundary(struct kunit *test)
{
	static const unsigned long granules[] = { 1, 4096, PAGE_SIZE };
	struct iova_domain *iovad;
	unsigned long first64;
	int i;

	for (i = 0; i < ARRAY_SIZE(granules); i++) {
		iovad = iova_test_domain(test, granules[i], 1, false);
		first64 = iovad->dma_32bit_pfn;

		expect_alloc(test, 1, first64 - 1, false, first64 - 1);
		expect_alloc(test, 1, first64, false, first64);
		expect_alloc(test, 1, first64, false, first64 - 2);
		expect_alloc(test, 3, first64 + 1, false, first64 - 5);
		expect_alloc(test, 1, first64 + 1, false, first64 + 1);
		iova_test_validate(test);
	}
}

/* Full below 4 GiB and free above, the device with the short arm waits. */
static void iova_test_32bit_exhausted(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, false);
	unsigned long last32 = iovad->dma_32bit_pfn - 1;
	struct iova *low;

	KUNIT_ASSERT_NOT_NULL(test, reserve_iova(iovad, 1, last32 - 8));
	expect_alloc(test, 8, last32, false, last32 - 7);
	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 1, last32, false));
	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 4, last32, true));
	KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, 1, last32, true), 0);

	/* A refusal below must not be remembered above, nor for ever. */
	expect_alloc(test, 4, last32 + 4, true, last32 + 1);
	free_iova(iovad, last32 - 3);
	low = alloc_iova(iovad, 2, last32, true);
	KUNIT_ASSERT_NOT_NULL(test, low);
	KUNIT_EXPECT_EQ(test, low->pfn_hi, last32);

	/* The same through a reservation that goes away. */
	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 100, last32, false));
	free_iova(iovad, 1);
	expect_alloc(test, 100, last32, false, last32 - 2 - 99);
	iova_test_validate(test);
}

/* Sizes that are no power of two lie on multiples of the next one. */
static void iova_test_natural_alignment(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, false);
	unsigned long size, align, want;
	struct iova *iova;

	for (size = 1; size <= 1100; size += size < 70 ? 1 : 103) {
		align = roundup_pow_of_two(size);
		want = ALIGN_DOWN(100000 - size + 1, align);

		iova = alloc_iova(iovad, size, 100000, true);
		KUNIT_ASSERT_NOT_NULL(test, iova);
		KUNIT_EXPECT_EQ(test, iova->pfn_lo, want);
		KUNIT_EXPECT_EQ(test, iova->pfn_hi, want + size - 1);
		__free_iova(iovad, iova);
	}
	iova_test_expect_all_free(test, 1, 100000);
}

/*
 * Thousands of holes, all but the lowest one page too short or one page off:
 * the one that serves is found, and where there is none the answer is no.
 */
static void iova_test_needle(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, false);
	unsigned long block, top = 64 * 1000;

	/* Each 64 pages end in a reserved one. */
	for (block = 2; block <= 1000; block++)
		KUNIT_ASSERT_NOT_NULL(test, reserve_iova(iovad, block * 64 - 1,
							 block * 64 - 1));
	KUNIT_ASSERT_NOT_NULL(test, reserve_iova(iovad, top, top + 100));
	iova_test_validate(test);

	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 127, top, false));
	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 64, top, true));
	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 128, top, true));
	expect_alloc(test, 126, top, false, 1);
	free_iova(iovad, 1);
	expect_alloc(test, 64, top, false, 63);
	free_iova(iovad, 63);

	/* Not a whole block of 64 is needed for 40 pages at that alignment. */
	expect_alloc(test, 40, top, true, 999 * 64);
	expect_alloc(test, 63, top, true, 998 * 64);

	/* With this one gone, a block of 64 fits, in one place of thousands. */
	free_iova(iovad, 127);
	expect_alloc(test, 64, top, true, 64);
	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 64, top, true));
	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 64, top, false));
	iova_test_validate(test);
}

/**
 * struct window - a space to use up
 * @start: its first page, and the domain's
 * @pages: its length
 * @caches: allocate through the caches
 */
struct window {
	unsigned long start;
	unsigned long pages;
	bool caches;
};

static const struct window windows[] = {
	{ 1, 1000, false },
	{ 0, 256, false },
	{ 333, 777, false },
	{ 1, 1000, true },
	{ 333, 777, true },
};

static void window_desc(const struct window *w, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu pages from %lu, %s caches",
		 w->pages, w->start, w->caches ? "with" : "no");
}

KUNIT_ARRAY_PARAM(window, windows, window_desc);

/* Take single pages until none is left: each once, and all of them. */
static void use_up(struct kunit *test, const struct window *w,
		   struct iova_model *model, unsigned long *pfns)
{
	struct iova_fixture *fix = test->priv;
	unsigned long last = w->start + w->pages - 1;
	struct iova *iova;
	unsigned long i;

	for (i = 0; i < w->pages; i++) {
		if (w->caches) {
			pfns[i] = alloc_iova_fast(&fix->iovad, 1, last, true);
			KUNIT_ASSERT_NE(test, pfns[i], 0);
		} else {
			iova = alloc_iova(&fix->iovad, 1, last, true);
			KUNIT_ASSERT_NOT_NULL(test, iova);
			pfns[i] = iova->pfn_lo;
			KUNIT_ASSERT_EQ(test, pfns[i], last - i);
		}
		KUNIT_ASSERT_TRUE(test, iova_model_take(model, pfns[i], 1));
	}

	KUNIT_ASSERT_NULL(test, alloc_iova(&fix->iovad, 1, last, false));
	KUNIT_ASSERT_NULL(test, alloc_iova(&fix->iovad, 1, last, true));
	KUNIT_ASSERT_EQ(test, alloc_iova_fast(&fix->iovad, 1, last, true), 0);
	iova_test_validate(test);
}

static void give_back(struct kunit *test, const struct window *w,
		      struct iova_model *model, unsigned long pfn)
{
	struct iova_fixture *fix = test->priv;

	KUNIT_ASSERT_TRUE(test, iova_model_give(model, pfn, 1));
	if (w->caches)
		free_iova_fast(&fix->iovad, pfn, 1);
	else
		free_iova(&fix->iovad, pfn);
}

/* Orders in which pages go back; each visits each page once. */
static unsigned long nth_victim(int order, unsigned long n, unsigned long nr)
{
	unsigned long half = DIV_ROUND_UP(nr, 2);

	switch (order) {
	case 0:
		return n;
	case 1:
		return nr - 1 - n;
	case 2:
		/* First every other page, so that no two free ones meet. */
		return n < half ? 2 * n : 2 * (n - half) + 1;
	default:
		/* From the middle outwards. */
		return n & 1 ? nr / 2 - (n + 1) / 2 : nr / 2 + n / 2;
	}
}

static void iova_test_exhaustion_and_recovery(struct kunit *test)
{
	const struct window *w = test->param_value;
	unsigned long *pfns, last = w->start + w->pages - 1;
	struct iova_model model;
	unsigned long n;
	int order;

	iova_test_domain(test, PAGE_SIZE, w->start, w->caches);
	pfns = kunit_kcalloc(test, w->pages, sizeof(*pfns), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pfns);
	KUNIT_ASSERT_EQ(test, iova_model_init(test, &model, w->start, w->pages,
					      w->start), 0);

	for (order = 0; order < 4; order++) {
		use_up(test, w, &model, pfns);
		for (n = 0; n < w->pages; n++)
			give_back(test, w, &model,
				  pfns[nth_victim(order, n, w->pages)]);
		iova_test_expect_all_free(test, w->start, last);
	}
}

/* A full window in which one page is freed gives exactly that page out. */
static void iova_test_last_page(struct kunit *test)
{
	static const struct window w = { 1, 600, false };
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, false);
	unsigned long *pfns, pfn;
	struct iova_model model;

	pfns = kunit_kcalloc(test, w.pages, sizeof(*pfns), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pfns);
	KUNIT_ASSERT_EQ(test, iova_model_init(test, &model, 1, w.pages, 1), 0);
	use_up(test, &w, &model, pfns);

	for (pfn = 1; pfn <= w.pages; pfn++) {
		free_iova(iovad, pfn);
		KUNIT_ASSERT_NULL(test, alloc_iova(iovad, 2, w.pages, false));
		KUNIT_ASSERT_NULL(test, alloc_iova(iovad, 1, pfn - 1, false));
		expect_alloc(test, 1, pfn, pfn & 1, pfn);
	}
	iova_test_validate(test);
}

static struct kunit_case iova_place_cases[] = {
	KUNIT_CASE_PARAM_ATTR(iova_test_every_pattern_of_holes,
			      pattern_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE(iova_test_limits),
	KUNIT_CASE(iova_test_32bit_boundary),
	KUNIT_CASE(iova_test_32bit_exhausted),
	KUNIT_CASE(iova_test_natural_alignment),
	KUNIT_CASE(iova_test_needle),
	KUNIT_CASE_PARAM(iova_test_exhaustion_and_recovery, window_gen_params),
	KUNIT_CASE(iova_test_last_page),
	{}
};

static struct kunit_suite iova_place_suite = {
	.name = "iova-place",
	.init = iova_test_init,
	.exit = iova_test_exit,
	.test_cases = iova_place_cases,
};

kunit_test_suite(iova_place_suite);
