// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a driver's map_pages() and unmap_pages() alone cost, for the mappings
 * that rows_dma.c makes: the same memory in the same pieces, in a domain of
 * the bench's own. What is left of those rows is the glue's and the core's.
 *
 * The label says how to unmap: lazily, where nothing is flushed, or strictly.
 */

#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "bench_dma.h"
#include "iommu-pages.h"

#define DRIVER_IOVA (SZ_2G + SZ_1G)
#define DRIVER_PROT (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)

/**
 * struct piece - adjacent pages, for one call of the driver
 * @paddr: where they are
 * @bytes: how long
 */
struct piece {
	phys_addr_t	paddr;
	size_t		bytes;
};

/**
 * struct driver_work - what the functions of a row keep, beside struct dma_work
 * @domain: where to map
 * @attached: it is the device's
 * @nr: how many @pieces there are
 * @pieces: what to map
 */
struct driver_work {
	struct iommu_domain	*domain;
	bool			attached;
	unsigned int		nr;
	struct piece		pieces[];
};

/* So that only the driver is timed, and not the way through a list */
static void cut(struct driver_work *driver, struct sg_table *sg)
{
	struct scatterlist *entry;
	struct piece *last;
	unsigned int i;

	for_each_sgtable_sg(sg, entry, i) {
		last = driver->pieces + driver->nr - 1;
		if (driver->nr && last->paddr + last->bytes == sg_phys(entry)) {
			last->bytes += entry->length;
			continue;
		}
		driver->pieces[driver->nr].paddr = sg_phys(entry);
		driver->pieces[driver->nr].bytes = entry->length;
		driver->nr++;
	}
}

static int driver_setup(struct bench *b)
{
	int ret = dma_setup(b);
	struct dma_work *work = b->priv;
	struct driver_work *driver;
	struct iommu_domain *domain;

	if (ret)
		return ret;
	driver = kzalloc(struct_size(driver, pieces, b->row->pages), GFP_KERNEL);
	if (!driver)
		return -ENOMEM;
	work->more = driver;
	if (work->sg.sgl) {
		cut(driver, &work->sg);
	} else {
		driver->nr = 1;
		driver->pieces[0].paddr = page_to_phys(work->page);
		driver->pieces[0].bytes = b->row->pages << PAGE_SHIFT;
	}
	domain = iommu_paging_domain_alloc(&work->pdev->dev);
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	driver->domain = domain;
	ret = iommu_attach_device(domain, &work->pdev->dev);
	driver->attached = !ret;
	return ret;
}

static void driver_teardown(struct bench *b)
{
	struct dma_work *work = b->priv;
	struct driver_work *driver = work ? work->more : NULL;

	if (driver && driver->attached)
		iommu_detach_device(driver->domain, &work->pdev->dev);
	if (driver && driver->domain)
		iommu_domain_free(driver->domain);
	dma_teardown(b);
}

static int map_piece(struct iommu_domain *domain, unsigned long iova,
		     phys_addr_t paddr, size_t bytes)
{
	size_t done = 0, mapped;
	int ret = 0;

	while (done < bytes && !ret) {
		mapped = 0;
		ret = domain->ops->map_pages(domain, iova + done, paddr + done,
					     SZ_4K, (bytes - done) / SZ_4K,
					     DRIVER_PROT, GFP_ATOMIC, &mapped);
		done += mapped;
		if (!mapped && !ret)
			ret = -EIO;
	}
	return ret;
}

static int driver_map(const struct driver_work *driver)
{
	struct iommu_domain *domain = driver->domain;
	unsigned long iova = DRIVER_IOVA;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < driver->nr && !ret; i++) {
		ret = map_piece(domain, iova, driver->pieces[i].paddr,
				driver->pieces[i].bytes);
		iova += driver->pieces[i].bytes;
	}
	if (!ret && domain->ops->iotlb_sync_map)
		ret = domain->ops->iotlb_sync_map(domain, DRIVER_IOVA,
						  iova - DRIVER_IOVA);
	return ret;
}

static int driver_unmap(struct iommu_domain *domain, size_t bytes, bool strict)
{
	struct iommu_iotlb_gather gather;
	size_t done = 0, unmapped;

	iommu_iotlb_gather_init(&gather);
	gather.queued = !strict;
	do {
		unmapped = domain->ops->unmap_pages(domain, DRIVER_IOVA + done,
						    SZ_4K,
						    (bytes - done) / SZ_4K,
						    &gather);
		done += unmapped;
	} while (unmapped && done < bytes);
	if (strict)
		iommu_iotlb_sync(domain, &gather);
	else
		iommu_put_pages_list(&gather.freelist);
	return done == bytes ? 0 : -EIO;
}

static int driver_step(struct bench *b, unsigned int i)
{
	bool strict = strstr(bench_label, "strict");
	size_t bytes = b->row->pages << PAGE_SHIFT;
	struct dma_work *work = b->priv;
	struct driver_work *driver = work->more;
	struct bench_timer timer;
	int ret;

	bench_start(&timer);
	ret = driver_map(driver);
	bench_sample(b, 0, bench_stop(&timer));
	if (ret)
		return ret;
	bench_start(&timer);
	ret = driver_unmap(driver->domain, bytes, strict);
	bench_sample(b, 1, bench_stop(&timer));
	return ret;
}

/* Invalidation alone, without clearing entries: one page, or all */
static int sync_step(struct bench *b, unsigned int i)
{
	struct dma_work *work = b->priv;
	struct driver_work *driver = work->more;
	struct iommu_domain *domain = driver->domain;
	struct iommu_iotlb_gather gather;
	struct bench_timer timer;
	int ret = driver_map(driver);

	if (ret)
		return ret;
	iommu_iotlb_gather_init(&gather);
	if (domain->ops->unmap_pages(domain, DRIVER_IOVA, SZ_4K, 1, &gather) != SZ_4K)
		return -EIO;
	bench_start(&timer);
	domain->ops->iotlb_sync(domain, &gather);
	bench_sample(b, 0, bench_stop(&timer));
	bench_start(&timer);
	domain->ops->flush_iotlb_all(domain);
	bench_sample(b, 1, bench_stop(&timer));
	return 0;
}

#define DRIVER_ROW(_name, _pages, _layout)				\
{									\
	.name = _name, .ops = { "map", "unmap" }, .warm = 100,		\
	.steps = 1000, .pages = _pages, .arg = &dma_layouts[_layout],	\
	.setup = driver_setup, .step = driver_step,			\
	.teardown = driver_teardown,					\
}

static const struct bench_row driver_rows[] = {
	DRIVER_ROW("single_4k", 1, DMA_BUFFER),
	DRIVER_ROW("single_64k", 16, DMA_BUFFER),
	DRIVER_ROW("single_1m", 256, DMA_BUFFER),
	DRIVER_ROW("sg_16_adjacent", 16, DMA_ADJACENT),
	DRIVER_ROW("sg_16_scattered", 16, DMA_SCATTERED),
	DRIVER_ROW("sg_128_adjacent", 128, DMA_ADJACENT),
	DRIVER_ROW("sg_128_scattered", 128, DMA_SCATTERED),
	DRIVER_ROW("sg_128_shuffled", 128, DMA_SHUFFLED),
	{
		.name = "forget", .ops = { "sync", "flush" }, .warm = 100,
		.steps = 1000, .pages = 1, .arg = &dma_layouts[DMA_BUFFER],
		.setup = driver_setup, .step = sync_step,
		.teardown = driver_teardown,
	},
};

const struct bench_set bench_set_driver = {
	.name = "driver", .rows = driver_rows, .nr = ARRAY_SIZE(driver_rows),
};
