// SPDX-License-Identifier: GPL-2.0-only
/*
 * The caches of several CPUs: what one has cached serves the others when they
 * are in need, and a CPU that leaves takes nothing with it.
 */

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/smp.h>

#include "../reclaim.h"
#include "util.h"

/**
 * struct batch - ranges that one CPU allocates or frees in a row
 * @iovad: domain
 * @pfns: first PFN of each
 * @nr: number of ranges
 * @size: pages in each
 * @limit: last PFN that they may include
 * @flush: last argument of alloc_iova_fast()
 */
struct batch {
	struct iova_domain *iovad;
	unsigned long *pfns;
	unsigned long nr;
	unsigned long size;
	unsigned long limit;
	bool flush;
};

static int alloc_batch(void *arg)
{
	struct batch *b = arg;
	unsigned long i;

	for (i = 0; i < b->nr; i++) {
		b->pfns[i] = alloc_iova_fast(b->iovad, b->size, b->limit,
					     b->flush);
		if (!b->pfns[i])
			return -ENOSPC;
	}
	return 0;
}

static int free_batch(void *arg)
{
	struct batch *b = arg;
	unsigned long i;

	for (i = 0; i < b->nr; i++)
		free_iova_fast(b->iovad, b->pfns[i], b->size);
	return 0;
}

static void batch_init(struct kunit *test, struct batch *b,
		       struct iova_domain *iovad, unsigned long nr,
		       unsigned long size, unsigned long limit)
{
	*b = (struct batch) {
		.iovad = iovad,
		.nr = nr,
		.size = size,
		.limit = limit,
	};
	b->pfns = kunit_kcalloc(test, nr, sizeof(*b->pfns), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, b->pfns);
}

static void pick_two_cpus(struct kunit *test, unsigned int *a, unsigned int *b)
{
	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
	*a = cpumask_first(cpu_online_mask);
	*b = cpumask_next(*a, cpu_online_mask);
}

/**
 * struct remote_case - ranges freed on one CPU and wanted on another
 * @name: description
 * @freed: size of the ranges that the first CPU frees
 * @wanted: size of the ranges that the second CPU asks for
 * @above_4g: the window lies above 4 GiB, so that flushing has to be asked for
 */
struct remote_case {
	const char *name;
	unsigned long freed;
	unsigned long wanted;
	bool above_4g;
};

static const struct remote_case remote_cases[] = {
	{ "32-bit, same class", 1, 1, false },
	{ "32-bit, larger class", 1, 64, false },
	{ "32-bit, smaller class", 256, 2, false },
	{ "32-bit, past the caches", 4, 512, false },
	{ "64-bit, same class", 8, 8, true },
	{ "64-bit, larger class", 2, 256, true },
};

KUNIT_ARRAY_PARAM_DESC(remote, remote_cases, name);

static void iova_test_cached_on_another_cpu(struct kunit *test)
{
	const struct remote_case *c = test->param_value;
	unsigned long first = 1024, pages = 1024;
	struct batch freed, wanted;
	struct iova_domain *iovad;
	unsigned int a, b;

	pick_two_cpus(test, &a, &b);
	if (c->above_4g)
		first += 1UL << (32 - PAGE_SHIFT);
	iovad = iova_test_domain(test, PAGE_SIZE, first, true);
	batch_init(test, &freed, iovad, pages / c->freed, c->freed,
		   first + pages - 1);
	batch_init(test, &wanted, iovad, pages / c->wanted, c->wanted,
		   first + pages - 1);
	wanted.flush = c->above_4g;

	/* Taken on both CPUs' behalf, freed on one, wanted on the other. */
	KUNIT_ASSERT_EQ(test, smp_call_on_cpu(a, alloc_batch, &freed, false), 0);
	KUNIT_ASSERT_EQ(test, smp_call_on_cpu(b, free_batch, &freed, false), 0);
	KUNIT_EXPECT_EQ(test, smp_call_on_cpu(a, alloc_batch, &wanted, false), 0);
	iova_test_validate(test);

	KUNIT_EXPECT_EQ(test, alloc_iova_fast(iovad, 1, first + pages - 1, true),
			0);
	iova_test_put(test);
}

/* A few low ranges cached on one CPU beneath many high ones, wanted by another. */
static void iova_test_32bit_on_another_cpu(struct kunit *test)
{
	struct batch low, high, wanted;
	struct iova_domain *iovad;
	unsigned long last32, i;
	unsigned int a, b;

	pick_two_cpus(test, &a, &b);
	iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
	last32 = iovad->dma_32bit_pfn - 1;
	KUNIT_ASSERT_NOT_NULL(test, reserve_iova(iovad, 1, last32 - 64));
	batch_init(test, &low, iovad, 64, 1, last32);
	batch_init(test, &high, iovad, 4000, 1, ULONG_MAX);
	batch_init(test, &wanted, iovad, 64, 1, last32);

	KUNIT_ASSERT_EQ(test, smp_call_on_cpu(b, alloc_batch, &low, false), 0);
	KUNIT_ASSERT_EQ(test, smp_call_on_cpu(b, alloc_batch, &high, false), 0);
	KUNIT_ASSERT_EQ(test, smp_call_on_cpu(b, free_batch, &low, false), 0);
	KUNIT_ASSERT_EQ(test, smp_call_on_cpu(b, free_batch, &high, false), 0);

	KUNIT_EXPECT_EQ(test, smp_call_on_cpu(a, alloc_batch, &wanted, false), 0);
	for (i = 0; i < wanted.nr; i++)
		KUNIT_EXPECT_LE(test, wanted.pfns[i], last32);
	iova_test_validate(test);
}

/* The ranges are back in the tree as soon as the CPU is gone. */
static void iova_test_cpu_leaves(struct kunit *test)
{
	static const unsigned long sizes[] = { 1, 16, 48, 256 };
	struct batch freed[ARRAY_SIZE(sizes)];
	unsigned long last = 99999;
	struct iova_domain *iovad;
	unsigned int cpu;
	int i;

	cpu = iova_test_hotplug_cpu(test);
	iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		/* So few that none of them goes to where all CPUs share. */
		batch_init(test, &freed[i], iovad, 5, sizes[i], last);
		KUNIT_ASSERT_EQ(test, smp_call_on_cpu(cpu, alloc_batch,
						      &freed[i], false), 0);
		KUNIT_ASSERT_EQ(test, smp_call_on_cpu(cpu, free_batch,
						      &freed[i], false), 0);
		KUNIT_EXPECT_NOT_NULL(test, find_iova(iovad, freed[i].pfns[0]));
	}

	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_NULL(test, find_iova(iovad, freed[i].pfns[0]));
	KUNIT_EXPECT_EQ(test, iova_cache_drain(iovad), 0);
	iova_test_expect_all_free(test, 1, last);

	/* And it is a cache again once the CPU is back. */
	KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);
	KUNIT_ASSERT_EQ(test, smp_call_on_cpu(cpu, alloc_batch, &freed[0],
					      false), 0);
	KUNIT_ASSERT_EQ(test, smp_call_on_cpu(cpu, free_batch, &freed[0],
					      false), 0);
	KUNIT_EXPECT_EQ(test, iova_cache_drain(iovad), 5);
	iova_test_expect_all_free(test, 1, last);
}

/* Caches made, filled, drained and put while a CPU is away. */
static void iova_test_domain_made_while_cpu_is_away(struct kunit *test)
{
	struct iova_domain *iovad;
	struct batch freed;
	unsigned int cpu;

	cpu = iova_test_hotplug_cpu(test);
	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
	batch_init(test, &freed, iovad, 3000, 2, 99999);
	KUNIT_EXPECT_EQ(test, alloc_batch(&freed), 0);
	KUNIT_EXPECT_EQ(test, free_batch(&freed), 0);
	KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);

	KUNIT_ASSERT_EQ(test, smp_call_on_cpu(cpu, alloc_batch, &freed, false),
			0);
	KUNIT_ASSERT_EQ(test, smp_call_on_cpu(cpu, free_batch, &freed, false),
			0);
	iova_test_expect_all_free(test, 1, 99999);
}

/* A CPU leaves with full caches behind it, and the domain is put meanwhile. */
static void iova_test_put_while_cpu_is_away(struct kunit *test)
{
	struct iova_domain *iovad;
	struct batch freed;
	unsigned int cpu;

	cpu = iova_test_hotplug_cpu(test);
	iovad = iova_test_domain(test, PAGE_SIZE, 1, true);
	batch_init(test, &freed, iovad, 3000, 2, 99999);
	KUNIT_ASSERT_EQ(test, smp_call_on_cpu(cpu, alloc_batch, &freed, false),
			0);
	KUNIT_ASSERT_EQ(test, smp_call_on_cpu(cpu, free_batch, &freed, false),
			0);
	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	iova_test_validate(test);
	iova_test_put(test);
	KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);

	iova_test_domain(test, PAGE_SIZE, 1, true);
	iova_test_expect_all_free(test, 1, 99999);
}

static struct kunit_case iova_cpu_cases[] = {
	KUNIT_CASE_PARAM(iova_test_cached_on_another_cpu, remote_gen_params),
	KUNIT_CASE(iova_test_32bit_on_another_cpu),
	KUNIT_CASE(iova_test_cpu_leaves),
	KUNIT_CASE(iova_test_domain_made_while_cpu_is_away),
	KUNIT_CASE(iova_test_put_while_cpu_is_away),
	{}
};

static struct kunit_suite iova_cpu_suite = {
	.name = "iova-cpu",
	.init = iova_test_init,
	.exit = iova_test_exit,
	.test_cases = iova_cpu_cases,
};

kunit_test_suite(iova_cpu_suite);
