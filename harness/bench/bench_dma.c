// SPDX-License-Identifier: GPL-2.0-only
/*
 * Set-up of the rows about streaming DMA mappings.
 */

#include <linux/dma-mapping.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/pci.h>
#include <linux/prandom.h>
#include <linux/slab.h>

#include "bench_device.h"
#include "bench_dma.h"

const enum dma_layout dma_layouts[] = {
	DMA_BUFFER, DMA_ADJACENT, DMA_SCATTERED, DMA_SHUFFLED,
};

/* The same order in each run */
static void shuffle(struct scatterlist *sgl, unsigned int nents)
{
	struct rnd_state random;
	unsigned int i, other;
	struct page *page;

	prandom_seed_state(&random, 1);
	for (i = nents - 1; i; i--) {
		other = prandom_u32_state(&random) % (i + 1);
		page = sg_page(&sgl[i]);
		sg_set_page(&sgl[i], sg_page(&sgl[other]), PAGE_SIZE, 0);
		sg_set_page(&sgl[other], page, PAGE_SIZE, 0);
	}
}

static int setup_sg(struct dma_work *work, unsigned int nents,
		    enum dma_layout layout)
{
	unsigned int stride = layout == DMA_SCATTERED ? 2 : 1, i;
	struct scatterlist *entry;
	int ret = sg_alloc_table(&work->sg, nents, GFP_KERNEL);

	if (ret)
		return ret;
	for_each_sgtable_sg(&work->sg, entry, i)
		sg_set_page(entry, work->page + i * stride, PAGE_SIZE, 0);
	/* a list of that length is one array */
	if (layout == DMA_SHUFFLED)
		shuffle(work->sg.sgl, nents);
	return 0;
}

int dma_setup(struct bench *b)
{
	const enum dma_layout *layout = b->row->arg;
	unsigned int stride = *layout == DMA_SCATTERED ? 2 : 1;
	struct dma_work *work = kzalloc(sizeof(*work), GFP_KERNEL);
	int ret;

	b->priv = work;
	if (!work)
		return -ENOMEM;
	work->pdev = bench_device_get();
	if (!work->pdev)
		return -ENODEV;
	work->order = get_order(b->row->pages * stride << PAGE_SHIFT);
	work->page = alloc_pages(GFP_KERNEL, work->order);
	if (!work->page)
		return -ENOMEM;
	ret = dma_set_mask_and_coherent(&work->pdev->dev, DMA_BIT_MASK(64));
	if (!ret && *layout != DMA_BUFFER)
		ret = setup_sg(work, b->row->pages, *layout);
	return ret;
}

void dma_teardown(struct bench *b)
{
	struct dma_work *work = b->priv;

	if (!work)
		return;
	sg_free_table(&work->sg);
	if (work->page)
		__free_pages(work->page, work->order);
	pci_dev_put(work->pdev);
	kfree(work->more);
	kfree(work);
}
