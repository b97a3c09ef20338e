/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Many live ranges of one page in a domain, as the ground that other requests
 * have to find their way through.
 */

#ifndef _LIVE_H_
#define _LIVE_H_

#include <linux/iova.h>
#include <linux/prandom.h>

/**
 * struct live - ranges of one page, allocated with alloc_iova()
 * @iovad: domain they are allocated from
 * @iova: the ranges
 * @nr: number of ranges
 * @max: number of entries in @iova
 * @random: state of the generator behind live_take_random()
 */
struct live {
	struct iova_domain	*iovad;
	struct iova		**iova;
	unsigned long		nr;
	unsigned long		max;
	struct rnd_state	random;
};

struct live *live_create(struct iova_domain *iovad, unsigned long max);
void live_destroy(struct live *live);
int live_fill(struct live *live, unsigned long nr, unsigned long limit,
	      unsigned int hole_every);
struct iova *live_take(struct live *live, unsigned long i);
struct iova *live_take_random(struct live *live);
void live_give(struct live *live, struct iova *iova);

#endif /* _LIVE_H_ */
