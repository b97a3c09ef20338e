/* SPDX-License-Identifier: GPL-2.0-only */
/* Page-selective ranges: aligned blocks that cover a range of pages. */

#ifndef _VTD_PSI_H
#define _VTD_PSI_H

#include <linux/types.h>

/* If a range takes more blocks, flushing the whole domain is cheaper */
#define VTD_PSI_BLOCKS		4

/**
 * struct vtd_psi_block - pages that one descriptor covers
 * @page: first page, in units of 4 KiB, aligned to what @order says
 * @order: log2 of pages
 */
struct vtd_psi_block {
	u64		page;
	unsigned int	order;
};

unsigned int vtd_psi_cover(u64 first, u64 last, unsigned int max_order,
			   struct vtd_psi_block blocks[VTD_PSI_BLOCKS]);

#endif /* _VTD_PSI_H */
