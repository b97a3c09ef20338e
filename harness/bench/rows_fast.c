// SPDX-License-Identifier: GPL-2.0-only
/*
 * alloc_iova_fast() and free_iova_fast() in the patterns that drivers make:
 * one range that comes and goes, a ring whose oldest entry is replaced, bursts
 * longer than a magazine, and a request that only the caches can serve.
 *
 * Each step is one operation pair, except for bursts, where it is one
 * operation.
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

#include "bench.h"

#define RING 1024
#define BURST 300
#define LIMIT_32BIT ((1UL << (32 - PAGE_SHIFT)) - 1)
#define LIMIT_48BIT ((1UL << (48 - PAGE_SHIFT)) - 1)

/* The domain of the flush row: 512 MiB just below 4 GiB. */
#define WINDOW (SZ_512M >> PAGE_SHIFT)

static int fast_setup(struct bench *b)
{
	init_iova_domain(&b->iovad, PAGE_SIZE, 1);
	b->priv = vcalloc(RING, sizeof(unsigned long));
	if (!b->priv)
		return -ENOMEM;
	return iova_domain_init_rcaches(&b->iovad);
}

static int fast_alloc(struct bench *b, unsigned long *pfn)
{
	struct bench_timer timer;

	bench_start(&timer);
	*pfn = alloc_iova_fast(&b->iovad, b->row->pages, b->row->limit, true);
	bench_sample(b, 0, bench_stop(&timer));
	return *pfn ? 0 : -ENOSPC;
}

static void fast_free(struct bench *b, unsigned long *pfn)
{
	struct bench_timer timer;

	bench_start(&timer);
	free_iova_fast(&b->iovad, *pfn, b->row->pages);
	bench_sample(b, 1, bench_stop(&timer));
	*pfn = 0;
}

static void fast_teardown(struct bench *b)
{
	unsigned long *pfns = b->priv;
	unsigned int i;

	for (i = 0; pfns && i < RING; i++) {
		if (pfns[i])
			free_iova_fast(&b->iovad, pfns[i], b->row->pages);
	}
	vfree(pfns);
	put_iova_domain(&b->iovad);
}

static int pair_step(struct bench *b, unsigned int i)
{
	unsigned long pfn;
	int ret = fast_alloc(b, &pfn);

	if (!ret)
		fast_free(b, &pfn);
	return ret;
}

static int ring_step(struct bench *b, unsigned int i)
{
	unsigned long *oldest = (unsigned long *)b->priv + i % RING;

	if (*oldest)
		fast_free(b, oldest);
	return fast_alloc(b, oldest);
}

static int burst_step(struct bench *b, unsigned int i)
{
	unsigned long *pfn = (unsigned long *)b->priv + i % BURST;

	if (i / BURST % 2 == 0)
		return fast_alloc(b, pfn);
	fast_free(b, pfn);
	return 0;
}

static int flush_setup(struct bench *b)
{
	init_iova_domain(&b->iovad, PAGE_SIZE, LIMIT_32BIT + 1 - WINDOW);
	b->priv = vcalloc(WINDOW, sizeof(unsigned long));
	if (!b->priv)
		return -ENOMEM;
	return iova_domain_init_rcaches(&b->iovad);
}

/*
 * Takes the whole window page by page and frees it again, which leaves it in
 * the caches, as far as they hold that much. Then it asks for a longer range.
 */
static int flush_step(struct bench *b, unsigned int i)
{
	unsigned long *pfns = b->priv;
	unsigned long pfn, n;
	int ret;

	for (n = 0; n < WINDOW; n++) {
		pfns[n] = alloc_iova_fast(&b->iovad, 1, LIMIT_32BIT, true);
		if (!pfns[n])
			break;
		cond_resched();
	}
	ret = n < WINDOW ? -ENOSPC : 0;
	while (n) {
		free_iova_fast(&b->iovad, pfns[--n], 1);
		cond_resched();
	}
	if (ret)
		return ret;
	ret = fast_alloc(b, &pfn);
	if (!ret)
		free_iova_fast(&b->iovad, pfn, b->row->pages);
	return ret;
}

static void flush_teardown(struct bench *b)
{
	vfree(b->priv);
	put_iova_domain(&b->iovad);
}

#define FAST_ROW(_name, _warm, _steps, _pages, _step)			\
{									\
	.name = _name, .ops = { "alloc", "free" }, .warm = _warm,	\
	.steps = _steps, .pages = _pages, .limit = LIMIT_48BIT,		\
	.setup = fast_setup, .step = _step, .teardown = fast_teardown,	\
}

static const struct bench_row fast_rows[] = {
	FAST_ROW("pair_1", 1000, 20000, 1, pair_step),
	FAST_ROW("pair_16", 1000, 20000, 16, pair_step),
	FAST_ROW("pair_64", 1000, 20000, 64, pair_step),
	FAST_ROW("pair_256", 1000, 20000, 256, pair_step),
	FAST_ROW("ring_1", 4 * RING, 20 * RING, 1, ring_step),
	FAST_ROW("ring_64", 4 * RING, 20 * RING, 64, ring_step),
	FAST_ROW("ring_256", 4 * RING, 20 * RING, 256, ring_step),
	FAST_ROW("burst_1", 8 * BURST, 80 * BURST, 1, burst_step),
	FAST_ROW("burst_64", 8 * BURST, 80 * BURST, 64, burst_step),
	FAST_ROW("burst_256", 8 * BURST, 80 * BURST, 256, burst_step),
	{
		.name = "flush_16", .ops = { "alloc" }, .steps = 3, .pages = 16,
		.limit = LIMIT_32BIT, .setup = flush_setup, .step = flush_step,
		.teardown = flush_teardown,
	},
};

const struct bench_set bench_set_fast = {
	.name = "fast", .rows = fast_rows, .nr = ARRAY_SIZE(fast_rows),
};
