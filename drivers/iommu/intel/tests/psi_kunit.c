// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vtd_psi_cover(): against all there is in a small window, and at random.
 */

#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/random.h>

#include "../psi.h"

#define WINDOW		64
#define MAX_ORDER	6
#define RANDOM_RUNS	200000
#define RANDOM_PAGES	52

/* For how many pages the first so many blocks can reach up to a page at least */
struct reach {
	u32 total[2 * WINDOW + 1];
};

static void extend(const struct reach *from, struct reach *to, u64 page,
		   unsigned int max_order, bool first)
{
	unsigned int order;

	for (order = 0; order <= max_order; order++) {
		u64 start = page >> order << order, end = start + BIT_ULL(order);

		/* Only the first may begin before what it is to cover */
		if (start != page && !first)
			continue;
		to->total[end] = min(to->total[end], from->total[page] + (1U << order));
	}
}

/* Fewest blocks that are not more than twice the range; 0 if it takes too many */
static unsigned int fewest(u64 first, u64 last, unsigned int max_order)
{
	struct reach now, next;
	unsigned int count;
	u64 page;

	memset(&now, 0x3f, sizeof(now));
	now.total[first] = 0;
	for (count = 1; count <= VTD_PSI_BLOCKS; count++) {
		memset(&next, 0x3f, sizeof(next));
		for (page = first; page <= last; page++)
			if (now.total[page] <= 2 * WINDOW)
				extend(&now, &next, page, max_order, count == 1);
		for (page = last + 1; page <= 2 * WINDOW; page++)
			if (next.total[page] <= 2 * (last - first + 1))
				return count;
		now = next;
	}
	return 0;
}

/* Everything but that it is the fewest */
static bool psi_is_good(u64 first, u64 last, unsigned int max_order,
			const struct vtd_psi_block *blocks, unsigned int count)
{
	u64 total = 0, end = 0;
	unsigned int i;

	if (!count || count > VTD_PSI_BLOCKS)
		return !count;
	for (i = 0; i < count; i++) {
		if (blocks[i].order > max_order ||
		    blocks[i].page & (BIT_ULL(blocks[i].order) - 1))
			return false;
		/* No gap, no overlap */
		if (i ? blocks[i].page != end : blocks[i].page > first)
			return false;
		/* None that is of no use */
		end = blocks[i].page + BIT_ULL(blocks[i].order);
		if (end <= first || blocks[i].page > last)
			return false;
		total += BIT_ULL(blocks[i].order);
	}
	return end > last && total <= 2 * (last - first + 1);
}

static void psi_window(struct kunit *test)
{
	struct vtd_psi_block blocks[VTD_PSI_BLOCKS];
	unsigned int max_order, count;
	u64 first, last;

	for (max_order = 0; max_order <= MAX_ORDER; max_order++)
		for (first = 0; first < WINDOW; first++)
			for (last = first; last < WINDOW; last++) {
				count = vtd_psi_cover(first, last, max_order, blocks);
				KUNIT_ASSERT_TRUE_MSG(test,
						      psi_is_good(first, last, max_order,
								  blocks, count),
						      "%llu to %llu, order %u: %u", first,
						      last, max_order, count);
				KUNIT_ASSERT_EQ_MSG(test, count,
						    fewest(first, last, max_order),
						    "%llu to %llu, order %u", first, last,
						    max_order);
			}
}

static void psi_random(struct kunit *test)
{
	struct vtd_psi_block blocks[VTD_PSI_BLOCKS];
	u32 seed = get_random_u32();
	struct rnd_state state;
	unsigned int i;

	kunit_info(test, "seed %u\n", seed);
	prandom_seed_state(&state, seed);
	for (i = 0; i < RANDOM_RUNS; i++) {
		unsigned int max_order = prandom_u32_state(&state) % (RANDOM_PAGES + 1);
		unsigned int shift = prandom_u32_state(&state) % RANDOM_PAGES;
		u64 first = prandom_u32_state(&state) | (u64)prandom_u32_state(&state) << 32;
		u64 pages = prandom_u32_state(&state) | (u64)prandom_u32_state(&state) << 32;
		u64 last, whole;
		unsigned int count, order;

		first &= BIT_ULL(RANDOM_PAGES) - 1;
		pages = (pages & (BIT_ULL(RANDOM_PAGES) - 1)) >> shift;
		last = min(first + pages, BIT_ULL(RANDOM_PAGES) - 1);
		pages = last - first + 1;
		order = fls64(first ^ last);
		whole = BIT_ULL(order);

		count = vtd_psi_cover(first, last, max_order, blocks);
		KUNIT_ASSERT_TRUE_MSG(test, psi_is_good(first, last, max_order, blocks,
							count),
				      "%llx to %llx, order %u: %u", first, last, max_order,
				      count);
		if (order <= max_order && whole <= 2 * pages)
			KUNIT_ASSERT_EQ(test, count, 1);
		else if (pages <= BIT_ULL(max_order))
			KUNIT_ASSERT_EQ(test, count, 2);
		else if (pages > (u64)VTD_PSI_BLOCKS << max_order)
			KUNIT_ASSERT_EQ(test, count, 0);
	}
}

static void psi_everything(struct kunit *test)
{
	struct vtd_psi_block blocks[VTD_PSI_BLOCKS];

	KUNIT_EXPECT_EQ(test, vtd_psi_cover(0, BIT_ULL(52) - 1, 52, blocks), 1);
	KUNIT_EXPECT_EQ(test, blocks[0].page, 0);
	KUNIT_EXPECT_EQ(test, blocks[0].order, 52);
	KUNIT_EXPECT_EQ(test, vtd_psi_cover(0, BIT_ULL(52) - 1, 18, blocks), 0);
	KUNIT_EXPECT_EQ(test, vtd_psi_cover(BIT_ULL(52) - 1, BIT_ULL(52) - 1, 0, blocks), 1);
}

static struct kunit_case psi_cases[] = {
	KUNIT_CASE(psi_window),
	KUNIT_CASE(psi_random),
	KUNIT_CASE(psi_everything),
	{ }
};

static struct kunit_suite psi_suite = {
	.name = "vtd-psi",
	.test_cases = psi_cases,
};

kunit_test_suite(psi_suite);
