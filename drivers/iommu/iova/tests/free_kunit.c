// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding and freeing: what goes back, and what must be refused because it was
 * never taken, is gone already or belongs to somebody else. Refusals are seen
 * in the state they leave behind, the log lines being ratelimited.
 */

#include <linux/kconfig.h>

#include "../reclaim.h"
#include "util.h"

static void iova_test_find(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, false);
	struct iova *high, *low;

	KUNIT_EXPECT_NULL(test, find_iova(iovad, 0));
	KUNIT_EXPECT_NULL(test, find_iova(iovad, 1));
	KUNIT_EXPECT_NULL(test, find_iova(iovad, ULONG_MAX));

	high = alloc_iova(iovad, 5, 1000, false);
	low = alloc_iova(iovad, 7, 990, false);
	KUNIT_ASSERT_NOT_NULL(test, high);
	KUNIT_ASSERT_NOT_NULL(test, low);

	KUNIT_EXPECT_NULL(test, find_iova(iovad, 1001));
	KUNIT_EXPECT_PTR_EQ(test, find_iova(iovad, 1000), high);
	KUNIT_EXPECT_PTR_EQ(test, find_iova(iovad, 998), high);
	KUNIT_EXPECT_PTR_EQ(test, find_iova(iovad, 996), high);
	KUNIT_EXPECT_NULL(test, find_iova(iovad, 995));
	KUNIT_EXPECT_NULL(test, find_iova(iovad, 991));
	KUNIT_EXPECT_PTR_EQ(test, find_iova(iovad, 990), low);
	KUNIT_EXPECT_PTR_EQ(test, find_iova(iovad, 984), low);
	KUNIT_EXPECT_NULL(test, find_iova(iovad, 983));
	KUNIT_EXPECT_NULL(test, find_iova(iovad, ULONG_MAX));
}

/* Any PFN of a range names it, and only its own pages become free. */
static void iova_test_free_by_any_pfn(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, false);
	struct iova *upper, *lower, *iova;
	unsigned long pfn;

	upper = alloc_iova(iovad, 1, 1000, false);
	for (pfn = 995; pfn <= 999; pfn++) {
		iova = alloc_iova(iovad, 5, 999, false);
		KUNIT_ASSERT_NOT_NULL(test, iova);
		KUNIT_ASSERT_EQ(test, iova->pfn_lo, 995);
		lower = alloc_iova(iovad, 1, 994, false);
		KUNIT_ASSERT_NOT_NULL(test, lower);
		KUNIT_ASSERT_EQ(test, lower->pfn_lo, 994);

		free_iova(iovad, pfn);
		iova_test_validate(test);
		KUNIT_EXPECT_NULL(test, find_iova(iovad, 995));
		KUNIT_EXPECT_NULL(test, find_iova(iovad, 999));
		KUNIT_EXPECT_PTR_EQ(test, find_iova(iovad, 994), lower);
		KUNIT_EXPECT_PTR_EQ(test, find_iova(iovad, 1000), upper);
		free_iova(iovad, 994);
	}
	free_iova(iovad, 1000);
	iova_test_expect_all_free(test, 1, 1000);
}

static void iova_test_free_of_nothing(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, false);
	struct iova *iova;

	/* An empty tree first. */
	free_iova(iovad, 0);
	free_iova(iovad, 500);
	free_iova(iovad, ULONG_MAX);
	free_iova(iovad, iova_test_last_pfn(iovad));
	__free_iova(iovad, NULL);

	iova = alloc_iova(iovad, 4, 500, false);
	KUNIT_ASSERT_NOT_NULL(test, iova);
	free_iova(iovad, 496);
	free_iova(iovad, 501);
	free_iova(iovad, ULONG_MAX);
	free_iova(iovad, iova_test_last_pfn(iovad) + 1);
	__free_iova(iovad, NULL);
	iova_test_validate(test);

	KUNIT_EXPECT_PTR_EQ(test, find_iova(iovad, 497), iova);
	iova_test_expect_range(test, 497, 500);
}

static void iova_test_double_free_of_pfn(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, false);
	struct iova *neighbour, *iova;

	neighbour = alloc_iova(iovad, 2, 1000, false);
	iova = alloc_iova(iovad, 2, 998, false);
	KUNIT_ASSERT_NOT_NULL(test, neighbour);
	KUNIT_ASSERT_NOT_NULL(test, iova);

	free_iova(iovad, 997);
	free_iova(iovad, 997);
	free_iova(iovad, 998);
	iova_test_validate(test);

	KUNIT_EXPECT_NULL(test, find_iova(iovad, 998));
	KUNIT_EXPECT_PTR_EQ(test, find_iova(iovad, 999), neighbour);
	iova_test_expect_range(test, 999, 1000);
}

/* The handle says which range, the domain says whose. Both must agree. */
static void iova_test_free_of_foreign_handle(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, false);
	struct iova_domain *other;
	struct iova *mine, *foreign;

	other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, other);
	init_iova_domain(other, PAGE_SIZE, 1);
	foreign = alloc_iova(other, 4, 500, false);
	mine = alloc_iova(iovad, 4, 800, false);

	/* Once where this domain has nothing ... */
	if (foreign)
		__free_iova(iovad, foreign);
	KUNIT_EXPECT_TRUE(test, foreign && find_iova(other, 500) == foreign);

	/* ... and once where it has the very same PFNs. */
	KUNIT_EXPECT_NOT_NULL(test, alloc_iova(iovad, 4, 500, false));
	if (foreign)
		__free_iova(iovad, foreign);
	KUNIT_EXPECT_TRUE(test, foreign && find_iova(other, 500) == foreign);
	put_iova_domain(other);

	KUNIT_EXPECT_NOT_NULL(test, mine);
	KUNIT_EXPECT_PTR_EQ(test, find_iova(iovad, 800), mine);
	iova_test_expect_range(test, 497, 500);
	iova_test_expect_range(test, 797, 800);
	iova_test_validate(test);
}

/* Past the caches, and without caches, the size has to tell the truth. */
static void free_fast_checks_size(struct kunit *test, bool caches)
{
	static const unsigned long wrong[] = { 256, 299, 301, 512, 1, ULONG_MAX };
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, caches);
	unsigned long pfn = alloc_iova_fast(iovad, 300, 8191, true);
	int i;

	KUNIT_ASSERT_EQ(test, pfn, 7680);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		/* With caches, the small sizes are the next test's business. */
		if (caches && wrong[i] <= 256)
			continue;
		free_iova_fast(iovad, pfn, wrong[i]);
		iova_test_expect_range(test, pfn, pfn + 299);
	}
	free_iova_fast(iovad, pfn + 1, 299);
	free_iova_fast(iovad, pfn + 1, 300);
	free_iova_fast(iovad, pfn - 1, 301);
	free_iova_fast(iovad, pfn + 300, 300);
	iova_test_expect_range(test, pfn, pfn + 299);
	iova_test_validate(test);

	free_iova_fast(iovad, pfn, 300);
	KUNIT_EXPECT_NULL(test, find_iova(iovad, pfn));

	/* A second free finds nothing, and does not hurt who came next. */
	free_iova_fast(iovad, pfn, 300);
	KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, 290, 8191, true), pfn);
	free_iova_fast(iovad, pfn, 300);
	iova_test_expect_range(test, pfn, pfn + 289);
	free_iova_fast(iovad, pfn, 290);
	iova_test_expect_all_free(test, 1, 8191);
}

static void iova_test_free_fast_checks_size(struct kunit *test)
{
	free_fast_checks_size(test, false);
	free_fast_checks_size(test, true);
}

/* Sizes of the caches on a domain that never got them. */
static void iova_test_double_free_without_caches(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, false);
	unsigned long pfn = alloc_iova_fast(iovad, 2, 1000, true);

	KUNIT_ASSERT_EQ(test, pfn, 998);
	free_iova_fast(iovad, pfn, 2);
	KUNIT_EXPECT_NULL(test, find_iova(iovad, pfn));
	free_iova_fast(iovad, pfn, 2);
	iova_test_expect_all_free(test, 1, 1000);
}

static void need_iova_debug(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_IOMMU_IOVA_DEBUG))
		kunit_skip(test, "needs CONFIG_IOMMU_IOVA_DEBUG");
}

/* Two owners of one range are what an undetected double free ends in. */
static void iova_test_double_free_cached(struct kunit *test)
{
	static const unsigned long sizes[] = { 1, 3, 32, 33, 64, 200, 256 };
	struct iova_domain *iovad;
	unsigned long pfn, a, b;
	int i;

	need_iova_debug(test);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
		pfn = alloc_iova_fast(iovad, sizes[i], 8191, true);
		KUNIT_ASSERT_NE(test, pfn, 0);
		free_iova_fast(iovad, pfn, sizes[i]);
		free_iova_fast(iovad, pfn, sizes[i]);

		a = alloc_iova_fast(iovad, sizes[i], 8191, true);
		b = alloc_iova_fast(iovad, sizes[i], 8191, true);
		KUNIT_EXPECT_NE(test, a, 0);
		KUNIT_EXPECT_NE(test, b, 0);
		KUNIT_EXPECT_NE(test, a, b);

		free_iova_fast(iovad, a, sizes[i]);
		free_iova_fast(iovad, b, sizes[i]);
		free_iova_fast(iovad, a, sizes[i]);
		KUNIT_EXPECT_EQ(test, iova_cache_drain(iovad), 2);

		/* After the drain it is in no cache, but still not owned. */
		free_iova_fast(iovad, a, sizes[i]);
		KUNIT_EXPECT_EQ(test, iova_cache_drain(iovad), 0);
		iova_test_expect_all_free(test, 1, 8191);
	}
}

static void iova_test_free_cached_never_allocated(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
	unsigned long pfn;

	need_iova_debug(test);
	pfn = alloc_iova_fast(iovad, 4, 1023, true);
	KUNIT_ASSERT_EQ(test, pfn, 1020);

	free_iova_fast(iovad, 0, 1);
	free_iova_fast(iovad, 500, 1);
	free_iova_fast(iovad, pfn + 1, 1);
	free_iova_fast(iovad, pfn, 8);
	free_iova_fast(iovad, pfn, 1);
	free_iova_fast(iovad, pfn, 0);
	KUNIT_EXPECT_EQ(test, iova_cache_drain(iovad), 0);
	iova_test_expect_range(test, pfn, pfn + 3);

	free_iova_fast(iovad, pfn, 4);
	KUNIT_EXPECT_EQ(test, iova_cache_drain(iovad), 1);
	iova_test_expect_all_free(test, 1, 1023);
}

static struct kunit_case iova_free_cases[] = {
	KUNIT_CASE(iova_test_find),
	KUNIT_CASE(iova_test_free_by_any_pfn),
	KUNIT_CASE(iova_test_free_of_nothing),
	KUNIT_CASE(iova_test_double_free_of_pfn),
	KUNIT_CASE(iova_test_free_of_foreign_handle),
	KUNIT_CASE(iova_test_free_fast_checks_size),
	KUNIT_CASE(iova_test_double_free_without_caches),
	KUNIT_CASE(iova_test_double_free_cached),
	KUNIT_CASE(iova_test_free_cached_never_allocated),
	{}
};

static struct kunit_suite iova_free_suite = {
	.name = "iova-free",
	.init = iova_test_init,
	.exit = iova_test_exit,
	.test_cases = iova_free_cases,
};

kunit_test_suite(iova_free_suite);
