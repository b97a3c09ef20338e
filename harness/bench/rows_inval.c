// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many invalidations an unmapping sends to the hardware, and for how many
 * of them it waits. A sample is a number, not a time.
 */

#include <linux/dma-mapping.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "bench_dma.h"
#include "inval.h"

static int inval_setup(struct bench *b)
{
	int ret = dma_setup(b);
	struct dma_work *work = b->priv;
	struct inval_queue *queue;

	if (ret)
		return ret;
	queue = kzalloc(sizeof(*queue), GFP_KERNEL);
	if (!queue)
		return -ENOMEM;
	work->more = queue;
	return inval_open(queue);
}

static void inval_teardown(struct bench *b)
{
	struct dma_work *work = b->priv;
	struct inval_queue *queue = work ? work->more : NULL;

	if (queue && queue->regs)
		iounmap(queue->regs);
	dma_teardown(b);
}

/* What was sent between two looks at the end of the queue, less than a queue full */
static void count_sent(struct bench *b, const struct inval_queue *queue,
		       unsigned int from, unsigned int to)
{
	unsigned int sent = 0, waits = 0;

	for (; from != to; from = (from + 1) % queue->entries) {
		sent++;
		if (inval_type(queue->ring + from * queue->entry_bytes) ==
		    queue->wait_type)
			waits++;
	}
	bench_sample(b, 0, sent - waits);
	bench_sample(b, 1, waits);
}

static int buffer_step(struct bench *b, unsigned int i)
{
	size_t bytes = b->row->pages << PAGE_SHIFT;
	struct dma_work *work = b->priv;
	struct device *dev = &work->pdev->dev;
	unsigned long flags;
	unsigned int from;
	dma_addr_t addr;

	addr = dma_map_page(dev, work->page, 0, bytes, DMA_BIDIRECTIONAL);
	if (dma_mapping_error(dev, addr))
		return -EIO;
	local_irq_save(flags);
	from = inval_tail(work->more);
	dma_unmap_page(dev, addr, bytes, DMA_BIDIRECTIONAL);
	count_sent(b, work->more, from, inval_tail(work->more));
	local_irq_restore(flags);
	return 0;
}

static int list_step(struct bench *b, unsigned int i)
{
	struct dma_work *work = b->priv;
	struct device *dev = &work->pdev->dev;
	struct sg_table *sg = &work->sg;
	unsigned long flags;
	unsigned int from;

	if (!dma_map_sg(dev, sg->sgl, sg->orig_nents, DMA_BIDIRECTIONAL))
		return -EIO;
	local_irq_save(flags);
	from = inval_tail(work->more);
	dma_unmap_sg(dev, sg->sgl, sg->orig_nents, DMA_BIDIRECTIONAL);
	count_sent(b, work->more, from, inval_tail(work->more));
	local_irq_restore(flags);
	return 0;
}

#define INVAL_ROW(_name, _pages, _layout, _step)			\
{									\
	.name = _name, .ops = { "invalidations", "waits" },		\
	.warm = 1000, .steps = 1000, .pages = _pages,			\
	.arg = &dma_layouts[_layout], .setup = inval_setup,		\
	.step = _step, .teardown = inval_teardown,			\
}

static const struct bench_row inval_rows[] = {
	INVAL_ROW("single_4k", 1, DMA_BUFFER, buffer_step),
	INVAL_ROW("single_1m", 256, DMA_BUFFER, buffer_step),
	INVAL_ROW("sg_16_adjacent", 16, DMA_ADJACENT, list_step),
	INVAL_ROW("sg_128_adjacent", 128, DMA_ADJACENT, list_step),
	INVAL_ROW("sg_128_shuffled", 128, DMA_SHUFFLED, list_step),
};

const struct bench_set bench_set_inval = {
	.name = "inval", .rows = inval_rows, .nr = ARRAY_SIZE(inval_rows),
};
