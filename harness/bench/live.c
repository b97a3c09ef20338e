// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owns the ranges between live_create() and live_destroy(). One caller at a
 * time; the generator starts the same in every run, so that every run does
 * the same.
 */

#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "live.h"

struct live *live_create(struct iova_domain *iovad, unsigned long max)
{
	struct live *live = kzalloc(sizeof(*live), GFP_KERNEL);

	if (!live)
		return NULL;
	live->iova = vmalloc_array(max, sizeof(*live->iova));
	if (!live->iova) {
		kfree(live);
		return NULL;
	}
	live->iovad = iovad;
	live->max = max;
	prandom_seed_state(&live->random, 1);
	return live;
}

void live_destroy(struct live *live)
{
	if (!live)
		return;
	while (live->nr)
		__free_iova(live->iovad, live_take(live, live->nr - 1));
	vfree(live->iova);
	kfree(live);
}

/* Frees one of @every ranges from @first on: holes of one page. 0: none */
static void make_holes(struct live *live, unsigned long first,
		       unsigned int every)
{
	unsigned long from, to = first;

	for (from = first; from < live->nr; from++) {
		if (every && (from - first) % every == every - 1)
			__free_iova(live->iovad, live->iova[from]);
		else
			live->iova[to++] = live->iova[from];
	}
	live->nr = to;
}

/* Allocates @nr ranges from @limit down, frees one of @hole_every of them, if any. */
int live_fill(struct live *live, unsigned long nr, unsigned long limit,
	      unsigned int hole_every)
{
	unsigned long first = live->nr, last = first + nr;

	if (last > live->max)
		return -EINVAL;
	while (live->nr < last) {
		struct iova *iova = alloc_iova(live->iovad, 1, limit, false);

		if (!iova)
			return -ENOSPC;
		live->iova[live->nr++] = iova;
		cond_resched();
	}
	make_holes(live, first, hole_every);
	return 0;
}

/* Hands range @i over to the caller; the last one takes its place. */
struct iova *live_take(struct live *live, unsigned long i)
{
	struct iova *iova = live->iova[i];

	live->iova[i] = live->iova[--live->nr];
	return iova;
}

struct iova *live_take_random(struct live *live)
{
	return live_take(live, prandom_u32_state(&live->random) % live->nr);
}

/* Give a range back that live_take() handed out. */
void live_give(struct live *live, struct iova *iova)
{
	live->iova[live->nr++] = iova;
}
