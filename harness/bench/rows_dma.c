// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streaming DMA mappings: single pages and buffers, scatter lists, and a ring
 * of receive buffers as a NIC keeps. Whether unmapping is lazy or strict is a
 * matter of the device's group.
 */

#include <linux/dma-mapping.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/pci.h>
#include <linux/prandom.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "bench.h"
#include "bench_device.h"

#define RING 1024
#define RING_MIN_BYTES 1500

/**
 * struct dma_work - what the functions of a row keep
 * @pdev: the device
 * @page: memory that is mapped, of order @order
 * @order: see @page
 * @sg: scatter list over @page
 * @ring: live mappings
 * @bytes: lengths of the @ring mappings
 * @random: state of the generator of lengths
 */
struct dma_work {
	struct pci_dev		*pdev;
	struct page		*page;
	unsigned int		order;
	struct sg_table		sg;
	dma_addr_t		ring[RING];
	unsigned int		bytes[RING];
	struct rnd_state	random;
};

static int dma_setup_pages(struct bench *b, unsigned long pages)
{
	struct dma_work *work = kzalloc(sizeof(*work), GFP_KERNEL);

	b->priv = work;
	if (!work)
		return -ENOMEM;
	work->pdev = bench_device_get();
	if (!work->pdev)
		return -ENODEV;
	work->order = get_order(pages << PAGE_SHIFT);
	work->page = alloc_pages(GFP_KERNEL, work->order);
	if (!work->page)
		return -ENOMEM;
	prandom_seed_state(&work->random, 1);
	return dma_set_mask_and_coherent(&work->pdev->dev, DMA_BIT_MASK(64));
}

static int dma_setup(struct bench *b)
{
	return dma_setup_pages(b, b->row->pages);
}

static void dma_teardown(struct bench *b)
{
	struct dma_work *work = b->priv;

	if (!work)
		return;
	sg_free_table(&work->sg);
	if (work->page)
		__free_pages(work->page, work->order);
	pci_dev_put(work->pdev);
	kfree(work);
}

static int dma_map_timed(struct bench *b, size_t bytes, dma_addr_t *addr)
{
	struct dma_work *work = b->priv;
	struct device *dev = &work->pdev->dev;
	struct bench_timer timer;

	bench_start(&timer);
	*addr = dma_map_page(dev, work->page, 0, bytes, DMA_BIDIRECTIONAL);
	bench_sample(b, 0, bench_stop(&timer));
	return dma_mapping_error(dev, *addr);
}

static void dma_unmap_timed(struct bench *b, size_t bytes, dma_addr_t addr)
{
	struct dma_work *work = b->priv;
	struct bench_timer timer;

	bench_start(&timer);
	dma_unmap_page(&work->pdev->dev, addr, bytes, DMA_BIDIRECTIONAL);
	bench_sample(b, 1, bench_stop(&timer));
}

static int single_step(struct bench *b, unsigned int i)
{
	size_t bytes = b->row->pages << PAGE_SHIFT;
	dma_addr_t addr;
	int ret = dma_map_timed(b, bytes, &addr);

	if (!ret)
		dma_unmap_timed(b, bytes, addr);
	return ret;
}

static int sg_setup(struct bench *b)
{
	unsigned int stride = *(const unsigned int *)b->row->arg;
	unsigned int nents = b->row->pages, i;
	struct scatterlist *entry;
	struct dma_work *work;
	int ret = dma_setup_pages(b, nents * stride);

	work = b->priv;
	if (!ret)
		ret = sg_alloc_table(&work->sg, nents, GFP_KERNEL);
	if (ret)
		return ret;
	for_each_sgtable_sg(&work->sg, entry, i)
		sg_set_page(entry, work->page + i * stride, PAGE_SIZE, 0);
	return 0;
}

static int sg_step(struct bench *b, unsigned int i)
{
	struct dma_work *work = b->priv;
	struct device *dev = &work->pdev->dev;
	struct bench_timer timer;
	int nents;

	bench_start(&timer);
	nents = dma_map_sg(dev, work->sg.sgl, work->sg.orig_nents,
			   DMA_BIDIRECTIONAL);
	bench_sample(b, 0, bench_stop(&timer));
	if (!nents)
		return -EIO;
	bench_start(&timer);
	dma_unmap_sg(dev, work->sg.sgl, work->sg.orig_nents, DMA_BIDIRECTIONAL);
	bench_sample(b, 1, bench_stop(&timer));
	return 0;
}

/* Replaces the oldest buffer; in the first round there is none. */
static int ring_step(struct bench *b, unsigned int i)
{
	struct dma_work *work = b->priv;
	unsigned int slot = i % RING;
	unsigned int spread = PAGE_SIZE - RING_MIN_BYTES + 1;

	if (work->bytes[slot])
		dma_unmap_timed(b, work->bytes[slot], work->ring[slot]);
	work->bytes[slot] = RING_MIN_BYTES +
			    prandom_u32_state(&work->random) % spread;
	if (!dma_map_timed(b, work->bytes[slot], &work->ring[slot]))
		return 0;
	work->bytes[slot] = 0;
	return -EIO;
}

static void ring_teardown(struct bench *b)
{
	struct dma_work *work = b->priv;
	unsigned int slot;

	for (slot = 0; work && slot < RING; slot++) {
		if (work->bytes[slot])
			dma_unmap_page(&work->pdev->dev, work->ring[slot],
				       work->bytes[slot], DMA_BIDIRECTIONAL);
	}
	dma_teardown(b);
}

/* Distance of a scatter list's pages in memory */
static const unsigned int adjacent = 1;
static const unsigned int scattered = 2;

#define DMA_ROW(_name, _pages, _arg, _setup, _step)			\
{									\
	.name = _name, .ops = { "map", "unmap" }, .warm = 2000,		\
	.steps = 2000, .pages = _pages, .arg = _arg,			\
	.setup = _setup, .step = _step, .teardown = dma_teardown,	\
}

static const struct bench_row dma_rows[] = {
	DMA_ROW("single_4k", 1, NULL, dma_setup, single_step),
	DMA_ROW("single_64k", 16, NULL, dma_setup, single_step),
	DMA_ROW("single_1m", 256, NULL, dma_setup, single_step),
	DMA_ROW("sg_16_adjacent", 16, &adjacent, sg_setup, sg_step),
	DMA_ROW("sg_16_scattered", 16, &scattered, sg_setup, sg_step),
	DMA_ROW("sg_128_adjacent", 128, &adjacent, sg_setup, sg_step),
	DMA_ROW("sg_128_scattered", 128, &scattered, sg_setup, sg_step),
	{
		.name = "nic_ring", .ops = { "map", "unmap" },
		.warm = 4 * RING, .steps = 10 * RING, .pages = 1,
		.setup = dma_setup, .step = ring_step,
		.teardown = ring_teardown,
	},
};

const struct bench_set bench_set_dma = {
	.name = "dma", .rows = dma_rows, .nr = ARRAY_SIZE(dma_rows),
};
