// SPDX-License-Identifier: GPL-2.0-only
/*
 * Life of a domain, what its fields mean, and which requests it refuses.
 */

#include <linux/irq_work.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "../reclaim.h"
#include "util.h"

/* Each user has its own reference; the first to leave takes nothing away. */
static void iova_test_cache_get_is_counted(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
	unsigned long pfn;

	KUNIT_ASSERT_EQ(test, iova_cache_get(), 0);
	KUNIT_ASSERT_EQ(test, iova_cache_get(), 0);
	iova_cache_put();
	iova_cache_put();

	pfn = alloc_iova_fast(iovad, 1, 100, true);
	KUNIT_EXPECT_EQ(test, pfn, 100);
	KUNIT_EXPECT_NOT_NULL(test, alloc_iova(iovad, 1, 100, false));
	iova_test_validate(test);
}

/* Users embed the domain, and put it on error paths that never came to init. */
static void iova_test_put_of_zeroed_domain(struct kunit *test)
{
	struct iova_fixture *fix = test->priv;

	put_iova_domain(&fix->iovad);
	put_iova_domain(&fix->iovad);
	KUNIT_EXPECT_NULL(test, memchr_inv(&fix->iovad, 0, sizeof(fix->iovad)));
}

/*
 * Several drivers drop their reference first and put the domain after it. That
 * it really is the last one takes a kernel whose DMA API has no IOMMU.
 */
static void iova_test_put_after_last_reference(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
	unsigned long pfn;

	KUNIT_ASSERT_NOT_NULL(test, alloc_iova(iovad, 3, 1000, true));
	KUNIT_ASSERT_NOT_NULL(test, reserve_iova(iovad, 10, 20));
	KUNIT_ASSERT_NOT_NULL(test, reserve_iova(iovad, 15, 30));
	pfn = alloc_iova_fast(iovad, 2, 1000, true);
	KUNIT_ASSERT_NE(test, pfn, 0);
	free_iova_fast(iovad, pfn, 2);

	iova_cache_put();
	iova_test_put(test);

	/* All of it can begin again. The fixture drops this reference. */
	KUNIT_ASSERT_EQ(test, iova_cache_get(), 0);
	iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
	KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, 1, 1000, true), 1000);
}

/* A domain that is put and initialised again remembers nothing. */
static void iova_test_domain_is_reusable(struct kunit *test)
{
	struct iova_domain *iovad;
	int round;

	for (round = 0; round < 3; round++) {
		iovad = iova_test_domain(test, PAGE_SIZE, 1, round != 1);
		KUNIT_EXPECT_NULL(test, find_iova(iovad, 7));
		KUNIT_EXPECT_NOT_NULL(test, reserve_iova(iovad, 5, 9));
		KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, 4, 100, true), 96);
		iova_test_validate(test);
	}
}

/* Caches are made once; a second try changes nothing. */
static void iova_test_caches_are_made_once(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
	unsigned long pfn = alloc_iova_fast(iovad, 4, 1023, true);

	KUNIT_ASSERT_EQ(test, pfn, 1020);
	free_iova_fast(iovad, pfn, 4);
	KUNIT_EXPECT_EQ(test, iova_domain_init_rcaches(iovad), -EEXIST);
	KUNIT_EXPECT_EQ(test, iova_cache_drain(iovad), 1);
	iova_test_expect_all_free(test, 1, 1023);
}

static const unsigned long granules[] = {
	1, SZ_512, SZ_4K, PAGE_SIZE / 2, PAGE_SIZE,
};

static void granule_desc(const unsigned long *granule, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu bytes", *granule);
}

KUNIT_ARRAY_PARAM(granule, granules, granule_desc);

static void iova_test_units_follow_granule(struct kunit *test)
{
	unsigned long granule = *(const unsigned long *)test->param_value;
	struct iova_domain *iovad = iova_test_domain(test, granule, 1, false);
	struct iova *iova;

	KUNIT_EXPECT_EQ(test, iovad->granule, granule);
	KUNIT_EXPECT_EQ(test, iovad->start_pfn, 1);
	KUNIT_EXPECT_EQ(test, 1UL << iova_shift(iovad), granule);
	KUNIT_EXPECT_EQ(test, (u64)iovad->dma_32bit_pfn * granule, SZ_4G);
	KUNIT_EXPECT_EQ(test, iova_mask(iovad), granule - 1);
	KUNIT_EXPECT_EQ(test, iova_offset(iovad, 5 * granule + granule / 2),
			granule / 2);
	KUNIT_EXPECT_EQ(test, iova_align(iovad, 4 * granule + 1),
			granule == 1 ? 5 : 5 * granule);
	KUNIT_EXPECT_EQ(test, iova_align(iovad, 4 * granule), 4 * granule);
	KUNIT_EXPECT_EQ(test, iova_align_down(iovad, 5 * granule - 1),
			granule == 1 ? 4 : 4 * granule);

	iova = alloc_iova(iovad, 3, 1000, false);
	KUNIT_ASSERT_NOT_NULL(test, iova);
	KUNIT_EXPECT_EQ(test, iova_size(iova), 3);
	KUNIT_EXPECT_EQ(test, iova->pfn_hi, 1000);
	KUNIT_EXPECT_EQ(test, iova_dma_addr(iovad, iova), 998 * granule);
	KUNIT_EXPECT_EQ(test, iova_pfn(iovad, 1001 * granule - 1), 1000);
}

/* The top of the domain is where addresses stop fitting into 64 bits. */
static void iova_test_top_of_domain(struct kunit *test)
{
	unsigned long granule = *(const unsigned long *)test->param_value;
	struct iova_domain *iovad = iova_test_domain(test, granule, 1, false);
	unsigned long last = iova_test_last_pfn(iovad);
	struct iova *top, *next;

	/* Limits beyond the domain are clamped. */
	top = alloc_iova(iovad, 4, ULONG_MAX, false);
	KUNIT_ASSERT_NOT_NULL(test, top);
	KUNIT_EXPECT_EQ(test, top->pfn_hi, last);
	KUNIT_EXPECT_EQ(test, top->pfn_lo, last - 3);
	next = alloc_iova(iovad, 1, last, true);
	KUNIT_ASSERT_NOT_NULL(test, next);
	KUNIT_EXPECT_EQ(test, next->pfn_lo, last - 4);
	iova_test_validate(test);

	KUNIT_EXPECT_PTR_EQ(test, find_iova(iovad, last), top);
	KUNIT_EXPECT_PTR_EQ(test, find_iova(iovad, last - 3), top);
	KUNIT_EXPECT_PTR_EQ(test, find_iova(iovad, last - 4), next);

	__free_iova(iovad, next);
	free_iova(iovad, last);
	/* No single range may span what 64 bits count in bytes. */
	iova_test_expect_all_free(test, granule > 8 ? 1 : last / 8 * 7, last);
}

/*
 * What has no meaning as a granule must not become one by accident: the domain
 * stays safe to use and to put, and hands out nothing.
 */
static void iova_test_bad_granule(struct kunit *test)
{
	static const unsigned long bad[] = {
		0, 3, PAGE_SIZE - 1, PAGE_SIZE + 1, 2 * PAGE_SIZE, ULONG_MAX,
	};
	struct iova_fixture *fix = test->priv;
	struct iova_domain *iovad = &fix->iovad;
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		iova_test_domain(test, bad[i], 1, false);
		KUNIT_EXPECT_EQ(test, iovad->granule, PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, iova_shift(iovad), PAGE_SHIFT);
		KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 1, 1000, false));
		KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 1, ULONG_MAX, true));
		KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, 1, 1000, true), 0);
		KUNIT_EXPECT_NULL(test, reserve_iova(iovad, 1, 1));
		KUNIT_EXPECT_NULL(test, find_iova(iovad, 1));
		free_iova(iovad, 1);
		iova_test_validate(test);
	}

	/* Nor do caches make it usable. */
	iova_test_domain(test, 3, 1, false);
	if (!iova_domain_init_rcaches(iovad))
		fix->caches = true;
	KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, 1, 1000, true), 0);
	KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, 1, ULONG_MAX, true), 0);

	/* The next one is none the worse for it. */
	iova_test_domain(test, PAGE_SIZE, 1, false);
	KUNIT_EXPECT_NOT_NULL(test, alloc_iova(iovad, 1, 1000, false));
}

static void iova_test_refused_sizes(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 5, true);
	unsigned long last = iova_test_last_pfn(iovad);
	struct iova *whole;

	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 0, 1000, false));
	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 0, 1000, true));
	KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, 0, 1000, true), 0);

	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, last - 5 + 2, last, false));
	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, last + 2, last, false));
	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, last / 2 + 2, last, true));
	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, ULONG_MAX, last, true));
	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, ULONG_MAX, last, false));
	KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, ULONG_MAX, last, true), 0);
	KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, ULONG_MAX / 2 + 2, last,
					      true), 0);
	iova_test_validate(test);

	/* One PFN less than too much is not too much. */
	whole = alloc_iova(iovad, last - 5 + 1, last, false);
	KUNIT_ASSERT_NOT_NULL(test, whole);
	KUNIT_EXPECT_EQ(test, whole->pfn_lo, 5);
	KUNIT_EXPECT_EQ(test, whole->pfn_hi, last);
}

static void iova_test_start_pfn(struct kunit *test)
{
	static const unsigned long starts[] = { 0, 1, 2, 63, 4096, SZ_1M + 3 };
	struct iova_domain *iovad;
	unsigned long start;
	struct iova *iova;
	int i;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		start = starts[i];
		iovad = iova_test_domain(test, PAGE_SIZE, start, false);

		if (start) {
			KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 1, start - 1,
							   false));
			KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 1, 0, true));
		}
		KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 2, start, false));

		iova = alloc_iova(iovad, 1, start, false);
		KUNIT_ASSERT_NOT_NULL(test, iova);
		KUNIT_EXPECT_EQ(test, iova->pfn_lo, start);
		KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 1, start, false));

		iova = alloc_iova(iovad, 2, start + 2, false);
		KUNIT_ASSERT_NOT_NULL(test, iova);
		KUNIT_EXPECT_EQ(test, iova->pfn_lo, start + 1);
		iova_test_validate(test);
	}
}

/* A start above everything leaves an empty domain, no crash. */
static void iova_test_start_beyond_domain(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, ULONG_MAX,
						     false);

	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 1, ULONG_MAX, false));
	KUNIT_EXPECT_NULL(test, alloc_iova(iovad, 1, 1000, true));
	KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, 1, ULONG_MAX, true), 0);
	KUNIT_EXPECT_NOT_NULL(test, reserve_iova(iovad, 10, 20));
	iova_test_validate(test);
}

/*
 * alloc_iova_fast() says 0 for failure, so page 0 must not be its answer, and
 * must not be lost to it either.
 */
static void fast_never_returns_zero(struct kunit *test, bool caches)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 0, caches);
	unsigned long pfn;
	struct iova *iova;

	KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, 1, 0, true), 0);
	KUNIT_EXPECT_NULL(test, find_iova(iovad, 0));
	KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, 4, 3, true), 0);
	KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, 4, 6, true), 0);
	KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, 300, 511, true), 0);
	iova_test_validate(test);

	pfn = alloc_iova_fast(iovad, 4, 7, true);
	KUNIT_EXPECT_EQ(test, pfn, 4);
	free_iova_fast(iovad, pfn, 4);

	iova = alloc_iova(iovad, 1, 0, false);
	KUNIT_ASSERT_NOT_NULL(test, iova);
	KUNIT_EXPECT_EQ(test, iova->pfn_lo, 0);
	__free_iova(iovad, iova);
	iova_test_expect_all_free(test, 0, 4095);
}

static void iova_test_fast_never_returns_zero(struct kunit *test)
{
	fast_never_returns_zero(test, false);
	fast_never_returns_zero(test, true);
}

#ifndef MODULE
static void iova_test_rcache_range(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, iova_rcache_range(), PAGE_SIZE << 8);
}
#else
static void iova_test_rcache_range(struct kunit *test)
{
	kunit_skip(test, "iova_rcache_range() is not exported");
}
#endif

/* What a driver does under its locks, in its interrupt, in its timer. */
static void use_all_atomic_calls(struct iova_domain *iovad, bool *ok)
{
	struct iova *iova, *reserved;
	unsigned long pfn, big;

	iova = alloc_iova(iovad, 3, 4095, true);
	pfn = alloc_iova_fast(iovad, 1, 4095, true);
	big = alloc_iova_fast(iovad, 300, 4095, true);
	reserved = reserve_iova(iovad, 10, 11);

	*ok = iova && pfn && big && reserved && find_iova(iovad, 10) == reserved;
	if (!*ok)
		return;
	free_iova_fast(iovad, big, 300);
	free_iova_fast(iovad, pfn, 1);
	__free_iova(iovad, iova);
	free_iova(iovad, 10);
}

static void iova_test_interrupts_off(struct kunit *test)
{
	struct iova_domain *iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
	unsigned long flags;
	bool still_off, ok;

	local_irq_save(flags);
	use_all_atomic_calls(iovad, &ok);
	still_off = irqs_disabled();
	local_irq_restore(flags);

	KUNIT_EXPECT_TRUE(test, ok);
	KUNIT_EXPECT_TRUE(test, still_off);
	iova_test_expect_all_free(test, 1, 4095);
}

struct irq_user {
	struct irq_work work;
	struct iova_domain *iovad;
	bool ok;
};

static void use_from_irq(struct irq_work *work)
{
	struct irq_user *user = container_of(work, struct irq_user, work);

	use_all_atomic_calls(user->iovad, &user->ok);
}

/*
 * Frees come from timers and interrupts while tasks allocate. Lockdep, where
 * it is on, sees from this whether every lock copes with it.
 */
static void iova_test_hard_interrupt(struct kunit *test)
{
	struct irq_user user = {
		.iovad = iova_test_domain(test, PAGE_SIZE, 1, true),
	};

	use_all_atomic_calls(user.iovad, &user.ok);
	KUNIT_EXPECT_TRUE(test, user.ok);

	user.ok = false;
	user.work = IRQ_WORK_INIT_HARD(use_from_irq);
	KUNIT_ASSERT_TRUE(test, irq_work_queue(&user.work));
	irq_work_sync(&user.work);
	KUNIT_EXPECT_TRUE(test, user.ok);
	iova_test_expect_all_free(test, 1, 4095);
}

static struct kunit_case iova_api_cases[] = {
	KUNIT_CASE(iova_test_cache_get_is_counted),
	KUNIT_CASE(iova_test_put_of_zeroed_domain),
	KUNIT_CASE(iova_test_put_after_last_reference),
	KUNIT_CASE(iova_test_domain_is_reusable),
	KUNIT_CASE(iova_test_caches_are_made_once),
	KUNIT_CASE_PARAM(iova_test_units_follow_granule, granule_gen_params),
	KUNIT_CASE_PARAM(iova_test_top_of_domain, granule_gen_params),
	KUNIT_CASE(iova_test_bad_granule),
	KUNIT_CASE(iova_test_refused_sizes),
	KUNIT_CASE(iova_test_start_pfn),
	KUNIT_CASE(iova_test_start_beyond_domain),
	KUNIT_CASE(iova_test_fast_never_returns_zero),
	KUNIT_CASE(iova_test_rcache_range),
	KUNIT_CASE(iova_test_interrupts_off),
	KUNIT_CASE(iova_test_hard_interrupt),
	{}
};

static struct kunit_suite iova_api_suite = {
	.name = "iova-api",
	.init = iova_test_init,
	.exit = iova_test_exit,
	.test_cases = iova_api_cases,
};

kunit_test_suite(iova_api_suite);
