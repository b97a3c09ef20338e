// SPDX-License-Identifier: GPL-2.0-only
/*
 * The caches in front of the tree, seen from one CPU: which sizes they take,
 * that they respect limits, that they give way when space runs out, and that
 * they are bounded.
 */

#include <kunit/resource.h>
#include <linux/align.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "../magazine.h"
#include "../reclaim.h"
#include "util.h"

/* The longest range that is cached, in PFNs: 1 MiB of 4 KiB pages. */
#define CACHED_PAGES	256

static void iova_test_class_sizes(struct kunit *test)
{
	unsigned long size;

	for (size = 1; size <= CACHED_PAGES; size++)
		KUNIT_EXPECT_EQ(test, iova_cache_class_pages(size),
				iova_test_class(size));
	for (size = CACHED_PAGES + 1; size <= 4 * CACHED_PAGES; size += 7)
		KUNIT_EXPECT_EQ(test, iova_cache_class_pages(size), size);
}

/* Only what may be cached is rounded, and only as far as the classes say. */
static void fast_range_has_its_class(struct kunit *test, bool caches)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, caches);
	unsigned long size, pages, pfn;
	struct iova *iova;

	for (size = 1; size <= 2 * CACHED_PAGES; size++) {
		pages = caches ? iova_test_class(size) : size;
		pfn = alloc_iova_fast(iovad, size, 99999, true);
		KUNIT_ASSERT_NE(test, pfn, 0);
		KUNIT_ASSERT_TRUE(test, IS_ALIGNED(pfn,
						   roundup_pow_of_two(size)));

		iova = find_iova(iovad, pfn);
		KUNIT_ASSERT_NOT_NULL(test, iova);
		KUNIT_ASSERT_EQ(test, iova->pfn_lo, pfn);
		KUNIT_ASSERT_EQ(test, iova_size(iova), pages);
		KUNIT_ASSERT_LE(test, iova->pfn_hi, 99999);
		free_iova_fast(iovad, pfn, size);
	}
	iova_test_expect_all_free(test, 1, 99999);
}

static void iova_test_fast_range_has_its_class(struct kunit *test)
{
	fast_range_has_its_class(test, false);
	fast_range_has_its_class(test, true);
}

/* A freed range of each cached size serves the next request of its class. */
static void iova_test_freed_range_is_reused(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
	unsigned long size, first, second, third;

	for (size = 1; size <= CACHED_PAGES; size++) {
		/* A CPU's cache is meant; so stay on it. */
		migrate_disable();
		first = alloc_iova_fast(iovad, size, 99999, true);
		free_iova_fast(iovad, first, size);
		second = alloc_iova_fast(iovad, size, 99999, true);
		free_iova_fast(iovad, second, size);
		third = alloc_iova_fast(iovad, iova_test_class(size), 99999,
					true);
		migrate_enable();

		KUNIT_ASSERT_NE(test, first, 0);
		KUNIT_EXPECT_EQ(test, second, first);
		KUNIT_EXPECT_EQ(test, third, first);
		free_iova_fast(iovad, third, iova_test_class(size));
		KUNIT_EXPECT_NOT_NULL(test, find_iova(iovad, first));
		KUNIT_EXPECT_EQ(test, iova_cache_drain(iovad), 1);
		KUNIT_EXPECT_NULL(test, find_iova(iovad, first));
	}
	KUNIT_EXPECT_EQ(test, iova_cache_drain(iovad), 0);
	iova_test_expect_all_free(test, 1, 99999);
}

static void iova_test_large_range_is_not_cached(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
	unsigned long pfn = alloc_iova_fast(iovad, CACHED_PAGES + 1, 9999, true);

	KUNIT_ASSERT_NE(test, pfn, 0);
	free_iova_fast(iovad, pfn, CACHED_PAGES + 1);
	KUNIT_EXPECT_NULL(test, find_iova(iovad, pfn));
	KUNIT_EXPECT_EQ(test, iova_cache_drain(iovad), 0);
}

/* What the device can't address must not come out of a cache either. */
static void iova_test_cached_range_above_limit(struct kunit *test)
{
	static const unsigned long sizes[] = { 1, 7, 32, 40, 256 };
	struct iova_domain *iovad;
	unsigned long high, low, size, last;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size = iova_test_class(sizes[i]);
		iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
		migrate_disable();
		high = alloc_iova_fast(iovad, size, 99999, true);
		last = high + size - 1;
		free_iova_fast(iovad, high, size);

		/* One page short is short. */
		low = alloc_iova_fast(iovad, size, last - 1, true);
		KUNIT_EXPECT_NE(test, low, 0);
		KUNIT_EXPECT_LT(test, low + size - 1, last);
		/* The exact limit is enough. */
		KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, size, last, true),
				high);
		migrate_enable();

		free_iova_fast(iovad, high, size);
		free_iova_fast(iovad, low, size);
		KUNIT_EXPECT_EQ(test, iova_cache_drain(iovad), 2);
		iova_test_expect_all_free(test, 1, 99999);
	}
}

/**
 * struct flush_case - a window full of cached ranges, and who wants them
 * @name: description
 * @above_4g: the window lies above 4 GiB
 * @flush: the last argument of the requests
 * @freed: size of the ranges that fill the caches
 * @wanted: size of the requests that have to be served all the same
 */
struct flush_case {
	const char *name;
	bool above_4g;
	bool flush;
	unsigned long freed;
	unsigned long wanted;
};

static const struct flush_case flush_cases[] = {
	{ "32-bit, same class", false, false, 1, 1 },
	{ "32-bit, pages to blocks", false, false, 1, 256 },
	{ "32-bit, blocks to pages", false, false, 256, 1 },
	{ "32-bit, pages to past the caches", false, false, 1, 512 },
	{ "32-bit, odd classes", false, false, 40, 8 },
	{ "32-bit, flush asked for", false, true, 2, 64 },
	{ "64-bit, same class", true, true, 1, 1 },
	{ "64-bit, pages to blocks", true, true, 1, 256 },
	{ "64-bit, blocks to pages", true, true, 128, 2 },
	{ "64-bit, pages to past the caches", true, true, 1, 512 },
};

KUNIT_ARRAY_PARAM_DESC(flush_case, flush_cases, name);

/* Allocates until nothing is left; returns how many there were. */
static unsigned long fill_window(struct kunit *test, unsigned long *pfns,
				 unsigned long size, unsigned long limit,
				 bool flush)
{
	struct iova_fixture *fix = test->priv;
	unsigned long n = 0;

	while ((pfns[n] = alloc_iova_fast(&fix->iovad, size, limit, flush)))
		n++;
	return n;
}

/*
 * 512 pages, first used up in ranges of one size, all of which are then freed
 * into the caches. In each of these cases a block of the wanted size is
 * somewhere in them, until the last page is gone.
 */
static void iova_test_cached_ranges_give_way(struct kunit *test)
{
	const struct flush_case *c = test->param_value;
	unsigned long n, first = 512, pages = 512, last, *pfns;
	struct iova_domain *iovad;

	if (c->above_4g)
		first += 1UL << (32 - PAGE_SHIFT);
	last = first + pages - 1;
	iovad = iova_test_domain(test, PAGE_SIZE, first, true);
	pfns = kunit_kcalloc(test, pages + 1, sizeof(*pfns), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pfns);

	n = fill_window(test, pfns, c->freed, last, true);
	KUNIT_ASSERT_GT(test, n, 0);
	while (n--)
		free_iova_fast(iovad, pfns[n], c->freed);

	n = fill_window(test, pfns, c->wanted, last, c->flush);
	KUNIT_EXPECT_EQ(test, n, pages / c->wanted);
	iova_test_validate(test);

	while (n--)
		free_iova_fast(iovad, pfns[n], c->wanted);
	iova_test_expect_all_free(test, first, last);
}

/*
 * Page 0 is free but no answer to alloc_iova_fast(). It must not pass for the
 * place that was looked for while a better one is cached.
 */
static void iova_test_page_zero_is_no_place(struct kunit *test)
{
	static const unsigned long wanted[] = { 512, 300 };
	struct iova_domain *iovad;
	unsigned long a, b;
	int i;

	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		iovad = iova_test_domain(test, PAGE_SIZE, 0, true);
		iova_test_close_above(test, 1024);
		a = alloc_iova_fast(iovad, 256, 1023, true);
		b = alloc_iova_fast(iovad, 256, 1023, true);
		KUNIT_ASSERT_EQ(test, a, 768);
		KUNIT_ASSERT_EQ(test, b, 512);
		free_iova_fast(iovad, a, 256);
		free_iova_fast(iovad, b, 256);

		KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, wanted[i], 1023,
						      true), 512);
		KUNIT_EXPECT_NULL(test, find_iova(iovad, 0));
		iova_test_validate(test);
	}
}

/*
 * The few low ranges lie deep beneath high ones in the same caches, the tree
 * has nothing below 4 GiB, and yet each low one must be found.
 */
static void iova_test_32bit_among_64bit(struct kunit *test)
{
	const unsigned long nr_low = 300, nr_high = 5000;
	unsigned long last32, i, pfn, *low, *high;
	struct iova_domain *iovad;

	iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
	last32 = iovad->dma_32bit_pfn - 1;
	KUNIT_ASSERT_NOT_NULL(test, reserve_iova(iovad, 1, last32 - nr_low));
	low = kunit_kcalloc(test, nr_low, sizeof(*low), GFP_KERNEL);
	high = kunit_kcalloc(test, nr_high, sizeof(*high), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, low);
	KUNIT_ASSERT_NOT_NULL(test, high);

	for (i = 0; i < nr_low; i++) {
		low[i] = alloc_iova_fast(iovad, 1, last32, true);
		KUNIT_ASSERT_GT(test, low[i], last32 - nr_low);
		KUNIT_ASSERT_LE(test, low[i], last32);
	}
	KUNIT_ASSERT_EQ(test, alloc_iova_fast(iovad, 1, last32, true), 0);
	for (i = 0; i < nr_high; i++) {
		high[i] = alloc_iova_fast(iovad, 1, ULONG_MAX, true);
		KUNIT_ASSERT_GT(test, high[i], last32);
	}

	for (i = 0; i < nr_high; i++) {
		if (i < nr_low)
			free_iova_fast(iovad, low[i], 1);
		free_iova_fast(iovad, high[i], 1);
	}
	for (i = 0; i < nr_low; i++) {
		pfn = alloc_iova_fast(iovad, 1, last32, false);
		KUNIT_ASSERT_NE(test, pfn, 0);
		KUNIT_ASSERT_LE(test, pfn, last32);
	}
	KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, 1, last32, false), 0);
	KUNIT_EXPECT_GT(test, alloc_iova_fast(iovad, 1, ULONG_MAX, false),
			last32);
	iova_test_validate(test);
}

/*
 * 64-bit traffic alone must not be answered from below 4 GiB while there is
 * space above, or 32-bit devices starve: highest first holds with caches, too.
 */
static void iova_test_64bit_stays_above(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
	unsigned long i, size, pfn;

	for (i = 0; i < 3000; i++) {
		size = 1 + i * 7 % 300;
		pfn = alloc_iova_fast(iovad, size, ULONG_MAX, i & 1);
		KUNIT_ASSERT_GE(test, pfn, iovad->dma_32bit_pfn);
		if (i % 3)
			free_iova_fast(iovad, pfn, size);
	}
	iova_test_validate(test);
}

/**
 * struct bound_case - ranges that are all freed at once
 * @name: description
 * @least: number of ranges, unless more are needed to exceed what is cached
 * @max_size: the sizes go round from 1 to this
 */
struct bound_case {
	const char *name;
	unsigned long least;
	unsigned long max_size;
};

static const struct bound_case bound_cases[] = {
	{ "single pages", 100000, 1 },
	{ "all classes", 20000, 256 },
};

KUNIT_ARRAY_PARAM_DESC(bound, bound_cases, name);

KUNIT_DEFINE_ACTION_WRAPPER(free_array, kvfree, const void *);

/*
 * However much is freed at once, what the caches keep stays within what they
 * promise, and the rest is back in the tree.
 */
static void iova_test_caches_are_bounded(struct kunit *test)
{
	const struct bound_case *c = test->param_value;
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
	unsigned long limit = iova_cache_limit(iovad);
	unsigned long n = max(c->least, 2 * limit);
	unsigned long i, cached, *pfns;

	KUNIT_ASSERT_GT(test, limit, 0);
	if (n > 1000000)
		kunit_skip(test, "%lu ranges are too many to exceed the limit",
			   n);
	pfns = kvmalloc_array(n, sizeof(*pfns), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pfns);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_array, pfns),
			0);

	for (i = 0; i < n; i++) {
		pfns[i] = alloc_iova_fast(iovad, 1 + i % c->max_size, ULONG_MAX,
					  true);
		KUNIT_ASSERT_NE(test, pfns[i], 0);
		if (i % 1024 == 0)
			cond_resched();
	}
	for (i = 0; i < n; i++) {
		free_iova_fast(iovad, pfns[i], 1 + i % c->max_size);
		if (i % 1024 == 0)
			cond_resched();
	}

	cached = iova_cache_drain(iovad);
	kunit_info(test, "%lu of %lu stayed cached, limit %lu", cached, n,
		   limit);
	KUNIT_EXPECT_GT(test, cached, 0);
	KUNIT_EXPECT_LE(test, cached, limit);
	iova_test_expect_all_free(test, 1, iova_test_last_pfn(iovad));
}

/* The caches of a domain that is put full go with it; kmemleak looks. */
static void iova_test_put_with_full_caches(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
	unsigned long i, n = 2000, *pfns;

	pfns = kunit_kcalloc(test, n, sizeof(*pfns), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pfns);
	for (i = 0; i < n; i++) {
		pfns[i] = alloc_iova_fast(iovad, 1 + i % 300, ULONG_MAX, true);
		KUNIT_ASSERT_NE(test, pfns[i], 0);
	}
	/* Every tenth is still in use, as after a driver that leaked it. */
	for (i = 0; i < n; i++)
		if (i % 10)
			free_iova_fast(iovad, pfns[i], 1 + i % 300);
	iova_test_put(test);

	iova_test_domain(test, PAGE_SIZE, 1, true);
	iova_test_expect_all_free(test, 1, iova_test_last_pfn(iovad));
}

static struct kunit_case iova_cache_cases[] = {
	KUNIT_CASE(iova_test_class_sizes),
	KUNIT_CASE(iova_test_fast_range_has_its_class),
	KUNIT_CASE(iova_test_freed_range_is_reused),
	KUNIT_CASE(iova_test_large_range_is_not_cached),
	KUNIT_CASE(iova_test_cached_range_above_limit),
	KUNIT_CASE_PARAM(iova_test_cached_ranges_give_way,
			 flush_case_gen_params),
	KUNIT_CASE(iova_test_page_zero_is_no_place),
	KUNIT_CASE(iova_test_32bit_among_64bit),
	KUNIT_CASE(iova_test_64bit_stays_above),
	KUNIT_CASE_PARAM_ATTR(iova_test_caches_are_bounded, bound_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE(iova_test_put_with_full_caches),
	{}
};

static struct kunit_suite iova_cache_suite = {
	.name = "iova-cache",
	.init = iova_test_init,
	.exit = iova_test_exit,
	.test_cases = iova_cache_cases,
};

kunit_test_suite(iova_cache_suite);
