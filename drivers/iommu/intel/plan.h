/* SPDX-License-Identifier: GPL-2.0-only */
/* How a range becomes aligned blocks, as invalidations want them. */

#ifndef __VTD_PLAN_H
#define __VTD_PLAN_H

#include <linux/types.h>

/* A range that takes more blocks is dear: the whole domain is flushed */
#define VTD_PLAN_BLOCKS		4

/**
 * struct vtd_block - pages that one descriptor covers
 * @page: first page, in units of 4 KiB, aligned to what @order says
 * @order: log2 of pages
 */
struct vtd_block {
	u64		page;
	unsigned int	order;
};

unsigned int vtd_plan(u64 first, u64 last, unsigned int max_order,
		      struct vtd_block blocks[VTD_PLAN_BLOCKS]);

#endif /* __VTD_PLAN_H */
