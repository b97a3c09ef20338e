// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reservations: what they keep out, how they merge, and that they never touch
 * an allocation. Relative positions are not picked but enumerated: each range
 * of a small space is tried against each arrangement.
 */

#include "util.h"

/* Reservations and allocations below this PFN are enumerated. */
#define SPACE		14

/**
 * struct piece - a range that is there before the tested reservation
 * @first: first PFN
 * @last: last PFN
 * @live: an allocation, not a reservation
 * @iova: handle
 */
struct piece {
	unsigned long first;
	unsigned long last;
	bool live;
	struct iova *iova;
};

/**
 * struct arrangement - some ranges in ascending order
 * @name: description
 * @nr: number of @pieces
 * @pieces: ranges
 */
struct arrangement {
	const char *name;
	int nr;
	struct piece pieces[4];
};

static const struct arrangement arrangements[] = {
	{ "nothing", 0, { } },
	{ "one", 1, { { 5, 8 } } },
	{ "one page", 1, { { 6, 6 } } },
	{ "two apart", 2, { { 2, 4 }, { 8, 10 } } },
	{ "two adjacent", 2, { { 3, 5 }, { 6, 9 } } },
	{ "three with gaps", 3, { { 1, 2 }, { 5, 6 }, { 9, 12 } } },
	{ "four in a row", 4, { { 3, 3 }, { 4, 4 }, { 5, 5 }, { 6, 6 } } },
	{ "allocation", 1, { { 5, 8, true } } },
	{ "allocation above", 2, { { 2, 4 }, { 7, 9, true } } },
	{ "allocation below", 2, { { 2, 4, true }, { 7, 9 } } },
	{ "allocation between", 3, { { 1, 3 }, { 6, 7, true }, { 10, 11 } } },
	{ "adjacent allocations", 3, { { 3, 4, true }, { 5, 6 }, { 7, 8, true } } },
};

KUNIT_ARRAY_PARAM_DESC(arrangement, arrangements, name);

static void arrange(struct kunit *test, struct iova_domain *iovad,
		    struct arrangement *a)
{
	struct piece *p;

	for (p = a->pieces; p < a->pieces + a->nr; p++) {
		if (p->live)
			p->iova = alloc_iova(iovad, p->last - p->first + 1,
					     p->last, false);
		else
			p->iova = reserve_iova(iovad, p->first, p->last);
		KUNIT_ASSERT_NOT_NULL(test, p->iova);
		KUNIT_ASSERT_EQ(test, p->iova->pfn_lo, p->first);
		KUNIT_ASSERT_EQ(test, p->iova->pfn_hi, p->last);
	}
}

static bool overlaps(const struct piece *p, const struct piece *q)
{
	return p->first <= q->last && q->first <= p->last;
}

/*
 * What a reservation of @req makes of @a: the union with every reservation
 * that it overlaps, or nothing if an allocation is in its way.
 */
static bool expect_merge(const struct arrangement *a, const struct piece *req,
			 struct piece *merged)
{
	const struct piece *p;

	*merged = *req;
	for (p = a->pieces; p < a->pieces + a->nr; p++) {
		if (!overlaps(p, req))
			continue;
		if (p->live)
			return false;
		merged->first = min(merged->first, p->first);
		merged->last = max(merged->last, p->last);
	}
	return true;
}

/* Is each PFN in the range that it should be in, or in none? */
static void expect_pieces(struct kunit *test, struct iova_domain *iovad,
			  const struct arrangement *a, const struct piece *merged)
{
	const struct piece *p, *in;
	unsigned long pfn;
	struct iova *iova;

	for (pfn = 0; pfn < SPACE; pfn++) {
		in = NULL;
		for (p = a->pieces; p < a->pieces + a->nr; p++)
			if (p->first <= pfn && pfn <= p->last)
				in = p;
		if (merged && merged->first <= pfn && pfn <= merged->last)
			in = merged;

		iova = find_iova(iovad, pfn);
		if (!in) {
			KUNIT_ASSERT_NULL(test, iova);
			continue;
		}
		KUNIT_ASSERT_PTR_EQ(test, iova, in->iova);
		KUNIT_ASSERT_EQ(test, iova->pfn_lo, in->first);
		KUNIT_ASSERT_EQ(test, iova->pfn_hi, in->last);
	}
}

/* Handles that the merge swallowed are refused, not dereferenced once freed. */
static void expect_absorbed_refused(struct kunit *test,
				    struct iova_domain *iovad,
				    const struct arrangement *a,
				    const struct piece *merged)
{
	const struct piece *p;

	for (p = a->pieces; p < a->pieces + a->nr; p++)
		if (!p->live && p->iova != merged->iova && overlaps(p, merged))
			__free_iova(iovad, p->iova);

	iova_test_validate(test);
	expect_pieces(test, iovad, a, merged);
}

static void try_reservation(struct kunit *test, const struct arrangement *from,
			    unsigned long first, unsigned long last)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 0, false);
	const struct piece req = { .first = first, .last = last };
	struct arrangement a = *from;
	struct piece merged;
	bool granted;

	arrange(test, iovad, &a);
	granted = expect_merge(&a, &req, &merged);
	merged.iova = reserve_iova(iovad, first, last);
	iova_test_validate(test);

	KUNIT_ASSERT_EQ_MSG(test, !!merged.iova, granted,
			    "reservation of [%lu, %lu]", first, last);
	if (!granted) {
		expect_pieces(test, iovad, &a, NULL);
		return;
	}

	KUNIT_ASSERT_EQ(test, merged.iova->pfn_lo, merged.first);
	KUNIT_ASSERT_EQ(test, merged.iova->pfn_hi, merged.last);
	expect_pieces(test, iovad, &a, &merged);
	expect_absorbed_refused(test, iovad, &a, &merged);

	/* Freeing the union frees every page of it, once. */
	__free_iova(iovad, merged.iova);
	iova_test_validate(test);
	KUNIT_ASSERT_NULL(test, find_iova(iovad, merged.first));
	KUNIT_ASSERT_NULL(test, find_iova(iovad, merged.last));
	KUNIT_ASSERT_NOT_NULL(test, alloc_iova(iovad,
					       merged.last - merged.first + 1,
					       merged.last, false));
	iova_test_expect_range(test, merged.first, merged.last);
}

static void iova_test_reserve_everywhere(struct kunit *test)
{
	const struct arrangement *a = test->param_value;
	unsigned long first, last;

	for (first = 0; first < SPACE; first++)
		for (last = first; last < SPACE; last++)
			try_reservation(test, a, first, last);
}

static void iova_test_reserve_bad_arguments(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, false);
	unsigned long last = iova_test_last_pfn(iovad);

	KUNIT_EXPECT_NULL(test, reserve_iova(iovad, 11, 10));
	KUNIT_EXPECT_NULL(test, reserve_iova(iovad, ULONG_MAX, 0));
	if (last < ULONG_MAX) {
		KUNIT_EXPECT_NULL(test, reserve_iova(iovad, last, last + 1));
		KUNIT_EXPECT_NULL(test, reserve_iova(iovad, last + 1, last + 1));
		KUNIT_EXPECT_NULL(test, reserve_iova(iovad, 0, ULONG_MAX));
	}
	KUNIT_EXPECT_NULL(test, find_iova(iovad, 0));
	KUNIT_EXPECT_NULL(test, find_iova(iovad, 10));
	KUNIT_EXPECT_NULL(test, find_iova(iovad, last));
	iova_test_expect_all_free(test, 1, last);
}

static void iova_test_reserve_whole_domain(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, false);
	unsigned long last = iova_test_last_pfn(iovad);
	struct iova *all;

	KUNIT_ASSERT_NOT_NULL(test, reserve_iova(iovad, last, last));
	iova_test_expect_range(test, last, last);

	all = reserve_iova(iovad, 0, last);
	KUNIT_ASSERT_NOT_NULL(test, all);
	iova_test_expect_range(test, 0, last);
	iova_test_validate(test);

	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 1, last, false));
	KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, 1, last, true), 0);
	KUNIT_EXPECT_PTR_EQ(test, reserve_iova(iovad, 77, 99), all);

	free_iova(iovad, 1234);
	iova_test_expect_all_free(test, 1, last);
}

/* Allocations begin at start_pfn, reservations anywhere. */
static void iova_test_reserve_below_start(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 100, false);
	struct iova *below, *across;

	below = reserve_iova(iovad, 0, 9);
	across = reserve_iova(iovad, 90, 109);
	KUNIT_ASSERT_NOT_NULL(test, below);
	KUNIT_ASSERT_NOT_NULL(test, across);
	iova_test_expect_range(test, 0, 9);
	iova_test_expect_range(test, 90, 109);
	iova_test_validate(test);

	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 1, 109, false));
	KUNIT_EXPECT_NOT_NULL(test, alloc_iova(iovad, 1, 110, false));
	iova_test_expect_range(test, 110, 110);

	/* Freeing them makes space above the start, none below it. */
	__free_iova(iovad, across);
	__free_iova(iovad, below);
	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 1, 99, false));
	KUNIT_EXPECT_NOT_NULL(test, alloc_iova(iovad, 10, 109, false));
	KUNIT_EXPECT_NULL(test, find_iova(iovad, 99));
	iova_test_validate(test);
}

/* The device must never see an address of a window that was set aside. */
static void iova_test_reserved_is_kept_out(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
	struct iova *iova;
	unsigned long n;

	/* As dma-iommu does for MSI windows and bridges, in no order. */
	KUNIT_ASSERT_NOT_NULL(test, reserve_iova(iovad, 700, 799));
	KUNIT_ASSERT_NOT_NULL(test, reserve_iova(iovad, 100, 300));
	KUNIT_ASSERT_NOT_NULL(test, reserve_iova(iovad, 750, 900));
	KUNIT_ASSERT_NOT_NULL(test, reserve_iova(iovad, 950, 950));
	KUNIT_ASSERT_NOT_NULL(test, reserve_iova(iovad, 301, 400));

	for (n = 0; (iova = alloc_iova(iovad, 1, 999, false)); n++) {
		unsigned long pfn = iova->pfn_lo;

		KUNIT_ASSERT_FALSE(test, pfn >= 700 && pfn <= 900);
		KUNIT_ASSERT_FALSE(test, pfn >= 100 && pfn <= 400);
		KUNIT_ASSERT_NE(test, pfn, 950);
	}
	KUNIT_EXPECT_EQ(test, n, 999 - 201 - 301 - 1);
	KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, 1, 999, true), 0);
	iova_test_validate(test);
}

/* A chain of overlaps through many reservations ends in one range. */
static void iova_test_reserve_chain(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, false);
	struct iova *old[64], *all;
	int i;

	for (i = 0; i < ARRAY_SIZE(old); i++) {
		old[i] = reserve_iova(iovad, 10 * i + 100, 10 * i + 104);
		KUNIT_ASSERT_NOT_NULL(test, old[i]);
	}
	all = reserve_iova(iovad, 102, 10 * 63 + 101);
	KUNIT_ASSERT_NOT_NULL(test, all);
	iova_test_validate(test);
	iova_test_expect_range(test, 100, 10 * 63 + 104);

	/* A second merge swallows what the first one left. */
	all = reserve_iova(iovad, 50, 2000);
	KUNIT_ASSERT_NOT_NULL(test, all);
	for (i = 0; i < ARRAY_SIZE(old); i++)
		if (old[i] != all)
			__free_iova(iovad, old[i]);
	iova_test_expect_range(test, 50, 2000);

	__free_iova(iovad, all);
	iova_test_expect_all_free(test, 1, 4096);
}

static struct kunit_case iova_reserve_cases[] = {
	KUNIT_CASE_PARAM(iova_test_reserve_everywhere, arrangement_gen_params),
	KUNIT_CASE(iova_test_reserve_bad_arguments),
	KUNIT_CASE(iova_test_reserve_whole_domain),
	KUNIT_CASE(iova_test_reserve_below_start),
	KUNIT_CASE(iova_test_reserved_is_kept_out),
	KUNIT_CASE(iova_test_reserve_chain),
	{}
};

static struct kunit_suite iova_reserve_suite = {
	.name = "iova-reserve",
	.init = iova_test_init,
	.exit = iova_test_exit,
	.test_cases = iova_reserve_cases,
};

kunit_test_suite(iova_reserve_suite);
