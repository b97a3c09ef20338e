// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page-selective ranges. An invalidation covers a power of two of pages, aligned
 * to its own size. This file covers a range of pages with such blocks.
 */

#include <linux/bitops.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>

#include "psi.h"

/* Smallest order that holds some pages, which may be none */
static unsigned int order_for(u64 pages, unsigned int max_order)
{
	return pages ? min_t(unsigned int, order_base_2(pages), max_order) : 0;
}

/*
 * Split the range at its most aligned page. The lower part ends there and the
 * upper part begins there, so each part fits into one block that is less than
 * twice as large, or into blocks of the largest order, of which only the
 * outermost extends beyond the range.
 */
static unsigned int split(u64 first, u64 last, unsigned int max_order,
			  struct vtd_psi_block blocks[VTD_PSI_BLOCKS])
{
	u64 middle = round_down(last, BIT_ULL(fls64(first ^ last) - 1)), page;
	unsigned int below = order_for(middle - first, max_order);
	unsigned int above = order_for(last - middle + 1, max_order);
	unsigned int count = 0, order;

	for (page = round_down(first, BIT_ULL(below)); page <= last;
	     page += BIT_ULL(order)) {
		if (count == VTD_PSI_BLOCKS)
			return 0;
		order = page < middle ? below : above;
		blocks[count++] = (struct vtd_psi_block) { page, order };
	}
	return count;
}

/**
 * vtd_psi_cover() - cover a range with as few blocks as possible
 * @first: first page, in units of 4 KiB
 * @last: last page
 * @max_order: log2 of the pages of the largest block
 * @blocks: filled in
 *
 * All blocks together have at most twice the pages of the range, and no two
 * overlap.
 *
 * Context: Any context.
 * Return: number of blocks, 0 if there would be more than VTD_PSI_BLOCKS.
 */
unsigned int vtd_psi_cover(u64 first, u64 last, unsigned int max_order,
			   struct vtd_psi_block blocks[VTD_PSI_BLOCKS])
{
	unsigned int order = fls64(first ^ last);

	if (order <= max_order && BIT_ULL(order) <= 2 * (last - first + 1)) {
		blocks[0] = (struct vtd_psi_block) {
			round_down(first, BIT_ULL(order)), order
		};
		return 1;
	}
	return split(first, last, max_order, blocks);
}
