// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA mappings of one device, by one CPU and by two. Whether unmapping is lazy
 * or strict is a matter of the device's group.
 */

#include <linux/cpumask.h>
#include <linux/dma-mapping.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/pci.h>
#include <linux/vmalloc.h>

#include "bench_device.h"
#include "bench_smp.h"

static bool dma_burst(struct worker *worker, unsigned int burst)
{
	size_t bytes = worker->bench->row->pages << PAGE_SHIFT;
	struct device *dev = &worker->pdev->dev;
	unsigned int i, got;

	for (got = 0; got < burst; got++) {
		worker->held[got] = dma_map_page(dev, worker->page, 0, bytes,
						 DMA_BIDIRECTIONAL);
		if (dma_mapping_error(dev, worker->held[got]))
			break;
	}
	for (i = 0; i < got; i++)
		dma_unmap_page(dev, worker->held[i], bytes, DMA_BIDIRECTIONAL);
	return got == burst;
}

static int dma_setup_cpus(struct bench *b)
{
	unsigned int order = get_order(b->row->pages << PAGE_SHIFT);
	struct worker *workers;
	unsigned int cpu;

	if (!cpu_online(1))
		return -ENODEV;
	workers = vcalloc(SMP_CPUS, sizeof(*workers));
	b->priv = workers;
	if (!workers)
		return -ENOMEM;
	for (cpu = 0; cpu < SMP_CPUS; cpu++) {
		workers[cpu].pdev = bench_device_get();
		if (!workers[cpu].pdev)
			return -ENODEV;
		workers[cpu].page = alloc_pages(GFP_KERNEL, order);
		if (!workers[cpu].page)
			return -ENOMEM;
	}
	return dma_set_mask_and_coherent(&workers[0].pdev->dev, DMA_BIT_MASK(64));
}

static void dma_teardown_cpus(struct bench *b)
{
	unsigned int order = get_order(b->row->pages << PAGE_SHIFT);
	struct worker *workers = b->priv;
	unsigned int cpu;

	for (cpu = 0; workers && cpu < SMP_CPUS; cpu++) {
		if (workers[cpu].page)
			__free_pages(workers[cpu].page, order);
		pci_dev_put(workers[cpu].pdev);
	}
	vfree(workers);
}

static const struct smp_way singly = { 4000, 1, dma_burst };
static const struct smp_way in_bursts = { 4000, 40, dma_burst };

#define SMP_DMA_ROW(_name, _pages, _way)				\
{									\
	.name = _name, .ops = { "one_cpu", "two_cpus" }, .warm = 1,	\
	.steps = 20, .pages = _pages, .arg = _way,			\
	.setup = dma_setup_cpus, .step = smp_step,			\
	.teardown = dma_teardown_cpus,					\
}

static const struct bench_row smp_dma_rows[] = {
	SMP_DMA_ROW("dma_1", 1, &singly),
	SMP_DMA_ROW("dma_16", 16, &singly),
	SMP_DMA_ROW("dma_burst_1", 1, &in_bursts),
};

const struct bench_set bench_set_smp_dma = {
	.name = "smp_dma", .rows = smp_dma_rows, .nr = ARRAY_SIZE(smp_dma_rows),
};
