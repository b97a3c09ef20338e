// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pieces of work. A page of 4 KiB is never mapped to memory that would
 * allow for a larger one: so iommu_map(), too, asks the driver for as many
 * small pages as it is called for.
 */

#include <linux/align.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/vmstat.h>

#include "bench_device.h"
#include "bench_map.h"
#include "iommu-pages.h"

#define MAP_IOVA SZ_1G
#define MAP_PADDR SZ_1G
#define MAP_PROT (IOMMU_READ | IOMMU_WRITE)

/* Where something is mapped again and again: 512 pages from here are in the
 * upper half of one table of 2 MiB and in the lower half of the next.
 */
#define AGAIN_IOVA (MAP_IOVA + SZ_1M)

static int map_setup(struct bench *b)
{
	const struct map_way *way = b->set->arg;
	struct map_work *work = kzalloc(sizeof(*work), GFP_KERNEL);

	b->priv = work;
	if (!work)
		return -ENOMEM;
	work->pdev = bench_device_get();
	return work->pdev ? way->setup(work, way) : -ENODEV;
}

static void map_teardown(struct bench *b)
{
	struct map_work *work = b->priv;

	if (!work)
		return;
	if (work->attached)
		iommu_detach_device(work->domain, &work->pdev->dev);
	if (work->domain)
		iommu_domain_free(work->domain);
	if (IS_ENABLED(CONFIG_IOMMU_IO_PGTABLE))
		free_io_pgtable_ops(work->ops);
	pci_dev_put(work->pdev);
	kfree(work);
}

/* The core asks for the largest pages that fit, also where there are small ones. */
static size_t unmap_size(unsigned long iova, size_t bytes)
{
	if (bytes == SZ_2M && IS_ALIGNED(iova, SZ_2M))
		return SZ_2M;
	return bytes == SZ_1G ? SZ_1G : SZ_4K;
}

/* As the core does it: again, until all is mapped */
static int ops_map(struct io_pgtable_ops *ops, unsigned long iova,
		   phys_addr_t paddr, size_t pgsize, size_t bytes)
{
	size_t done = 0, mapped;
	int ret = 0;

	while (done < bytes && !ret) {
		mapped = 0;
		ret = ops->map_pages(ops, iova + done, paddr + done, pgsize,
				     (bytes - done) / pgsize, MAP_PROT,
				     GFP_ATOMIC, &mapped);
		done += mapped;
		if (!mapped && !ret)
			ret = -EIO;
	}
	return ret;
}

/* As the core and a driver do it, but that there is nothing to flush */
static size_t ops_unmap(struct io_pgtable_ops *ops, unsigned long iova,
			size_t pgsize, size_t bytes)
{
	struct iommu_iotlb_gather gather;
	size_t done = 0, unmapped;

	iommu_iotlb_gather_init(&gather);
	do {
		unmapped = ops->unmap_pages(ops, iova + done, pgsize,
					    (bytes - done) / pgsize, &gather);
		done += unmapped;
	} while (unmapped && done < bytes);
	iommu_put_pages_list(&gather.freelist);
	return done;
}

static int do_map(struct map_work *work, unsigned long iova, size_t bytes)
{
	phys_addr_t paddr = MAP_PADDR + (iova - MAP_IOVA);

	if (bytes != SZ_1G)
		paddr += SZ_4K;
	if (work->domain)
		return iommu_map(work->domain, iova, paddr, bytes, MAP_PROT,
				 GFP_ATOMIC);
	return ops_map(work->ops, iova, paddr,
		       bytes == SZ_1G ? SZ_1G : SZ_4K, bytes);
}

static int do_unmap(struct map_work *work, unsigned long iova, size_t bytes)
{
	size_t unmapped;

	if (work->domain)
		unmapped = iommu_unmap(work->domain, iova, bytes);
	else
		unmapped = ops_unmap(work->ops, iova, unmap_size(iova, bytes),
				     bytes);
	return unmapped == bytes ? 0 : -EIO;
}

static int do_map_1g(struct map_work *work, size_t bytes)
{
	size_t done;
	int ret = 0;

	for (done = 0; done < SZ_1G && !ret; done += bytes)
		ret = do_map(work, MAP_IOVA + done, bytes);
	return ret;
}

/* Keeps the tables that AGAIN_IOVA is in. */
static int neighbours_setup(struct bench *b)
{
	int ret = map_setup(b);

	ret = ret ?: do_map(b->priv, MAP_IOVA, SZ_4K);
	return ret ?: do_map(b->priv, MAP_IOVA + SZ_4M - SZ_4K, SZ_4K);
}

static int all_step(struct bench *b, unsigned int i)
{
	struct map_work *work = b->priv;
	struct bench_timer timer;
	int ret;

	bench_start(&timer);
	ret = do_map_1g(work, b->row->pages << PAGE_SHIFT);
	bench_sample(b, 0, bench_stop(&timer));
	if (ret)
		return ret;

	bench_start(&timer);
	ret = do_unmap(work, MAP_IOVA, SZ_1G);
	bench_sample(b, 1, bench_stop(&timer));
	return ret;
}

static int map_step_at(struct bench *b, unsigned long iova)
{
	size_t bytes = b->row->pages << PAGE_SHIFT;
	struct map_work *work = b->priv;
	struct bench_timer timer;
	int ret;

	bench_start(&timer);
	ret = do_map(work, iova, bytes);
	bench_sample(b, 0, bench_stop(&timer));
	if (ret)
		return ret;

	bench_start(&timer);
	ret = do_unmap(work, iova, bytes);
	bench_sample(b, 1, bench_stop(&timer));
	return ret;
}

static int fresh_step(struct bench *b, unsigned int i)
{
	return map_step_at(b, MAP_IOVA + i * SZ_2M);
}

static int again_step(struct bench *b, unsigned int i)
{
	return map_step_at(b, AGAIN_IOVA);
}

/* The counter is complete only after its periodic update, once a second. */
static unsigned long table_bytes(void)
{
	msleep(2500);
	return global_node_page_state(NR_IOMMU_PAGES) << PAGE_SHIFT;
}

static int memory_setup(struct bench *b)
{
	unsigned long before = table_bytes();
	int ret = map_setup(b);
	struct map_work *work = b->priv;

	if (work)
		work->bytes = before;
	return ret;
}

static int memory_step(struct bench *b, unsigned int i)
{
	struct map_work *work = b->priv;
	unsigned long empty = table_bytes(), after;
	int ret = do_map_1g(work, b->row->pages << PAGE_SHIFT);

	if (ret)
		return ret;
	bench_value(b, "bytes", table_bytes() - work->bytes);
	ret = do_unmap(work, MAP_IOVA, SZ_1G);
	after = table_bytes();
	bench_value(b, "left", after > empty ? after - empty : 0);
	return ret;
}

#define MAP_ROW(_name, _pages, _warm, _steps, _setup, _step)		\
{									\
	.name = _name, .ops = { "map", "unmap" }, .warm = _warm,	\
	.steps = _steps, .pages = _pages, .setup = _setup,		\
	.step = _step, .teardown = map_teardown,			\
}

const struct bench_row map_rows[MAP_ROWS] = {
	/* 1 GiB, in one call as one page, and by calls for smaller ones */
	MAP_ROW("1g_once", SZ_1G >> PAGE_SHIFT, 0, 3, map_setup, all_step),
	MAP_ROW("1g_by_4k", 1, 0, 3, map_setup, all_step),
	MAP_ROW("1g_by_512", 512, 0, 3, map_setup, all_step),
	/* 512 pages where there is no table, and in tables with others */
	MAP_ROW("512_fresh", 512, 2, 200, map_setup, fresh_step),
	MAP_ROW("512", 512, 2, 200, neighbours_setup, again_step),
	/* One page again and again, in a table with others, and alone */
	MAP_ROW("1", 1, 100, 1000, neighbours_setup, again_step),
	MAP_ROW("1_alone", 1, 100, 1000, map_setup, again_step),
	/* What the tables for 1 GiB by 4 KiB take */
	{
		.name = "memory", .steps = 1, .pages = 1,
		.setup = memory_setup, .step = memory_step,
		.teardown = map_teardown,
	},
};
