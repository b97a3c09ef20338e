// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streaming DMA mappings: single pages and buffers, scatter lists, and a ring
 * of receive buffers as a NIC keeps. Whether unmapping is lazy or strict is a
 * matter of the device's group.
 */

#include <linux/dma-mapping.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/pci.h>
#include <linux/prandom.h>
#include <linux/slab.h>

#include "bench_dma.h"

#define RING 1024
#define RING_MIN_BYTES 1500

/**
 * struct dma_ring - the buffers of a NIC
 * @addr: live mappings
 * @bytes: their lengths
 * @random: state of the generator of lengths
 */
struct dma_ring {
	dma_addr_t		addr[RING];
	unsigned int		bytes[RING];
	struct rnd_state	random;
};

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

static int ring_setup(struct bench *b)
{
	int ret = dma_setup(b);
	struct dma_work *work = b->priv;
	struct dma_ring *ring;

	if (ret)
		return ret;
	ring = kzalloc(sizeof(*ring), GFP_KERNEL);
	if (!ring)
		return -ENOMEM;
	prandom_seed_state(&ring->random, 1);
	work->more = ring;
	return 0;
}

/* Replaces the oldest buffer; in the first round there is none. */
static int ring_step(struct bench *b, unsigned int i)
{
	struct dma_work *work = b->priv;
	struct dma_ring *ring = work->more;
	unsigned int slot = i % RING;
	unsigned int spread = PAGE_SIZE - RING_MIN_BYTES + 1;

	if (ring->bytes[slot])
		dma_unmap_timed(b, ring->bytes[slot], ring->addr[slot]);
	ring->bytes[slot] = RING_MIN_BYTES +
			    prandom_u32_state(&ring->random) % spread;
	if (!dma_map_timed(b, ring->bytes[slot], &ring->addr[slot]))
		return 0;
	ring->bytes[slot] = 0;
	return -EIO;
}

static void ring_teardown(struct bench *b)
{
	struct dma_work *work = b->priv;
	struct dma_ring *ring = work ? work->more : NULL;
	unsigned int slot;

	for (slot = 0; ring && slot < RING; slot++) {
		if (ring->bytes[slot])
			dma_unmap_page(&work->pdev->dev, ring->addr[slot],
				       ring->bytes[slot], DMA_BIDIRECTIONAL);
	}
	dma_teardown(b);
}

#define DMA_ROW(_name, _pages, _layout, _step)				\
{									\
	.name = _name, .ops = { "map", "unmap" }, .warm = 2000,		\
	.steps = 2000, .pages = _pages, .arg = &dma_layouts[_layout],	\
	.setup = dma_setup, .step = _step, .teardown = dma_teardown,	\
}

static const struct bench_row dma_rows[] = {
	DMA_ROW("single_4k", 1, DMA_BUFFER, single_step),
	DMA_ROW("single_64k", 16, DMA_BUFFER, single_step),
	DMA_ROW("single_1m", 256, DMA_BUFFER, single_step),
	DMA_ROW("sg_16_adjacent", 16, DMA_ADJACENT, sg_step),
	DMA_ROW("sg_16_scattered", 16, DMA_SCATTERED, sg_step),
	DMA_ROW("sg_128_adjacent", 128, DMA_ADJACENT, sg_step),
	DMA_ROW("sg_128_scattered", 128, DMA_SCATTERED, sg_step),
	DMA_ROW("sg_128_shuffled", 128, DMA_SHUFFLED, sg_step),
	{
		.name = "nic_ring", .ops = { "map", "unmap" },
		.warm = 4 * RING, .steps = 10 * RING, .pages = 1,
		.arg = &dma_layouts[DMA_BUFFER], .setup = ring_setup,
		.step = ring_step, .teardown = ring_teardown,
	},
};

const struct bench_set bench_set_dma = {
	.name = "dma", .rows = dma_rows, .nr = ARRAY_SIZE(dma_rows),
};
