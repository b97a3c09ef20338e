// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the IOVA allocator: what its suites share.
 *
 * A test gets its domain from iova_test_domain(). The fixture puts the domain
 * when the test ends, also when an assertion ended it early; that is why no
 * test cleans up after itself unless putting is what it tests.
 */

#include <kunit/resource.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/kconfig.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/string.h>

#include "../reclaim.h"
#include "../tree.h"
#include "util.h"

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "seed of the randomised tests, 0 for a new one each time");

/**
 * iova_test_init() - set up a test's fixture
 * @test: test
 *
 * Return: 0 or an error that fails @test.
 */
int iova_test_init(struct kunit *test)
{
	struct iova_fixture *fix;
	int ret;

	fix = kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);
	if (!fix)
		return -ENOMEM;

	ret = iova_cache_get();
	if (ret)
		return ret;

	test->priv = fix;
	return 0;
}

/**
 * iova_test_exit() - end a test's fixture
 * @test: test
 */
void iova_test_exit(struct kunit *test)
{
	if (!test->priv)
		return;

	/* The reference first: a domain may outlive it. */
	iova_cache_put();
	iova_test_put(test);
}

/**
 * iova_test_domain() - begin with an empty domain
 * @test: test
 * @granule: unit of allocation in bytes
 * @start_pfn: lowest PFN to hand out
 * @caches: with per-CPU caches
 *
 * The domain of an earlier call in the same test is put.
 *
 * Return: the fixture's domain.
 */
struct iova_domain *iova_test_domain(struct kunit *test, unsigned long granule,
				     unsigned long start_pfn, bool caches)
{
	struct iova_fixture *fix = test->priv;

	iova_test_put(test);
	init_iova_domain(&fix->iovad, granule, start_pfn);
	if (caches) {
		KUNIT_ASSERT_EQ(test, iova_domain_init_rcaches(&fix->iovad), 0);
		fix->caches = true;
	}
	return &fix->iovad;
}

/**
 * iova_test_put() - put the fixture's domain, if there is one
 * @test: test
 */
void iova_test_put(struct kunit *test)
{
	struct iova_fixture *fix = test->priv;

	put_iova_domain(&fix->iovad);
	memset(fix, 0, sizeof(*fix));
}

/**
 * iova_test_validate() - fail at once if the tree has lost its shape
 * @test: test
 */
void iova_test_validate(struct kunit *test)
{
	struct iova_fixture *fix = test->priv;

	KUNIT_ASSERT_TRUE(test, iova_tree_validate(&fix->iovad));
}

/**
 * iova_test_last_pfn() - the domain's last PFN
 * @iovad: domain
 *
 * Return: the highest PFN whose addresses fit into 64 bits; but the highest
 * value of a PFN itself is none, where the granule would allow it.
 */
unsigned long iova_test_last_pfn(struct iova_domain *iovad)
{
	return min_t(u64, U64_MAX >> iova_shift(iovad), ULONG_MAX - 1);
}

/**
 * iova_test_close_above() - leave nothing to allocate from a PFN on
 * @test: test
 * @pfn: first PFN to reserve
 *
 * Turns the huge domain into a small one without help of the limit, which so
 * becomes free to be anything.
 */
void iova_test_close_above(struct kunit *test, unsigned long pfn)
{
	struct iova_fixture *fix = test->priv;
	unsigned long last = iova_test_last_pfn(&fix->iovad);

	KUNIT_ASSERT_NOT_NULL(test, reserve_iova(&fix->iovad, pfn, last));
}

/**
 * iova_test_expect_all_free() - nothing is left of what was allocated
 * @test: test
 * @first: first PFN of a window, not below the domain's start_pfn
 * @last: last PFN of the window
 *
 * One allocation of the whole window can only succeed if each page of it is
 * back in the tree.
 */
void iova_test_expect_all_free(struct kunit *test, unsigned long first,
			       unsigned long last)
{
	struct iova_fixture *fix = test->priv;
	struct iova *whole;

	if (fix->caches)
		iova_cache_drain(&fix->iovad);
	iova_test_validate(test);

	KUNIT_EXPECT_NULL(test, find_iova(&fix->iovad, first));
	KUNIT_EXPECT_NULL(test, find_iova(&fix->iovad, last));

	whole = alloc_iova(&fix->iovad, last - first + 1, last, false);
	KUNIT_ASSERT_NOT_NULL(test, whole);
	KUNIT_EXPECT_EQ(test, whole->pfn_lo, first);
	KUNIT_EXPECT_EQ(test, whole->pfn_hi, last);
	__free_iova(&fix->iovad, whole);
	iova_test_validate(test);
}

/**
 * iova_test_expect_range() - one range spans exactly these PFNs
 * @test: test
 * @first: first PFN
 * @last: last PFN
 */
void iova_test_expect_range(struct kunit *test, unsigned long first,
			    unsigned long last)
{
	struct iova_fixture *fix = test->priv;
	struct iova *iova = find_iova(&fix->iovad, first);

	KUNIT_ASSERT_NOT_NULL(test, iova);
	KUNIT_EXPECT_PTR_EQ(test, find_iova(&fix->iovad, last), iova);
	KUNIT_EXPECT_EQ(test, iova->pfn_lo, first);
	KUNIT_EXPECT_EQ(test, iova->pfn_hi, last);
}

/**
 * iova_test_seed() - begin a sequence of random numbers and print its seed
 * @test: test whose log shows how to repeat the sequence
 * @rnd: state of the sequence
 * @salt: tells sequences of the same seed apart
 */
void iova_test_seed(struct kunit *test, struct rnd_state *rnd,
		    unsigned int salt)
{
	while (!seed)
		seed = get_random_u64();

	kunit_info(test, "iova_kunit.seed=%llu", seed);
	prandom_seed_state(rnd, seed + salt);
}

/**
 * iova_test_class() - what alloc_iova_fast() rounds a size up to
 * @size: length in PFNs
 *
 * Powers of two to 32, then four steps per doubling to 256, exact from there.
 * Derived from that sentence and not from the table of the caches.
 *
 * Return: length of the range that holds @size PFNs.
 */
unsigned long iova_test_class(unsigned long size)
{
	if (size > 256)
		return size;
	if (size <= 32)
		return roundup_pow_of_two(size);
	return roundup(size, roundup_pow_of_two(size) / 8);
}

/* Whatever a test was doing when it failed, its CPU comes back. */
static void bring_cpu_back(void *arg)
{
	unsigned int cpu = (uintptr_t)arg;

	if (!cpu_online(cpu))
		add_cpu(cpu);
}

/**
 * iova_test_hotplug_cpu() - find a CPU that can leave, or skip the test
 * @test: test; when it ends the CPU is brought back if need be
 *
 * The only way to know that a CPU can leave is to try, which is done once.
 *
 * Return: a CPU that is online.
 */
unsigned int iova_test_hotplug_cpu(struct kunit *test)
{
	static unsigned int known_good = UINT_MAX;
	unsigned int cpu = cpumask_last(cpu_online_mask);
	void *arg = (void *)(uintptr_t)cpu;

	if (!IS_ENABLED(CONFIG_HOTPLUG_CPU))
		kunit_skip(test, "needs CONFIG_HOTPLUG_CPU");
	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, bring_cpu_back, arg),
			0);
	if (cpu != known_good) {
		if (remove_cpu(cpu))
			kunit_skip(test, "CPU %u can't leave", cpu);
		KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);
		known_good = cpu;
	}
	return cpu;
}

MODULE_DESCRIPTION("KUnit tests of the IOVA allocator");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
