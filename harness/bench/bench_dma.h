/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the rows about streaming DMA mappings share: the device, and memory to
 * map, as a buffer or as a scatter list of single pages.
 */

#ifndef _BENCH_DMA_H_
#define _BENCH_DMA_H_

#include <linux/scatterlist.h>

#include "bench.h"

struct pci_dev;

/**
 * struct dma_work - what the functions of a row keep
 * @pdev: the device
 * @page: memory that is mapped, of order @order
 * @order: see @page
 * @sg: scatter list over @page, for rows that have one
 * @more: of the row's functions
 */
struct dma_work {
	struct pci_dev	*pdev;
	struct page	*page;
	unsigned int	order;
	struct sg_table	sg;
	void		*more;
};

/**
 * enum dma_layout - how the pages of a scatter list lie in memory
 * @DMA_BUFFER: there is no list, but one buffer
 * @DMA_ADJACENT: one behind the other
 * @DMA_SCATTERED: in ascending order, a page apart
 * @DMA_SHUFFLED: one behind the other, but in another order
 */
enum dma_layout {
	DMA_BUFFER,
	DMA_ADJACENT,
	DMA_SCATTERED,
	DMA_SHUFFLED,
};

/* For the arg of a row, whose pages say how many there are */
extern const enum dma_layout dma_layouts[];

int dma_setup(struct bench *b);
void dma_teardown(struct bench *b);

#endif /* _BENCH_DMA_H_ */
