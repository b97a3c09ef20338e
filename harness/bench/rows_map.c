// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommu_map() and iommu_unmap() of 1 GiB through a paging domain for the
 * device, attached to it or fresh. Nobody looks at the memory behind the
 * addresses.
 */

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/iommu.h>
#include <linux/kernel.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "bench.h"
#include "bench_device.h"

#define MAP_IOVA SZ_1G
#define MAP_PADDR SZ_1G

/**
 * struct map_work - what the functions of a row keep
 * @pdev: the device
 * @domain: domain for it
 * @attached: @domain is attached to @pdev
 */
struct map_work {
	struct pci_dev		*pdev;
	struct iommu_domain	*domain;
	bool			attached;
};

static int map_setup(struct bench *b)
{
	struct map_work *work = kzalloc(sizeof(*work), GFP_KERNEL);
	struct iommu_domain *domain;

	b->priv = work;
	if (!work)
		return -ENOMEM;
	work->pdev = bench_device_get();
	if (!work->pdev)
		return -ENODEV;
	domain = iommu_paging_domain_alloc(&work->pdev->dev);
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	work->domain = domain;
	return 0;
}

static int attached_setup(struct bench *b)
{
	struct map_work *work;
	int ret = map_setup(b);

	if (ret)
		return ret;
	work = b->priv;
	ret = iommu_attach_device(work->domain, &work->pdev->dev);
	work->attached = !ret;
	return ret;
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
	pci_dev_put(work->pdev);
	kfree(work);
}

static int map_1g(struct iommu_domain *domain, size_t bytes)
{
	size_t done;
	int ret = 0;

	for (done = 0; done < SZ_1G && !ret; done += bytes)
		ret = iommu_map(domain, MAP_IOVA + done, MAP_PADDR + done,
				bytes, IOMMU_READ | IOMMU_WRITE, GFP_ATOMIC);
	return ret;
}

static int map_step(struct bench *b, unsigned int i)
{
	struct map_work *work = b->priv;
	struct bench_timer timer;
	size_t unmapped;
	int ret;

	bench_start(&timer);
	ret = map_1g(work->domain, b->row->pages << PAGE_SHIFT);
	bench_sample(b, 0, bench_stop(&timer));

	bench_start(&timer);
	unmapped = iommu_unmap(work->domain, MAP_IOVA, SZ_1G);
	bench_sample(b, 1, bench_stop(&timer));

	return ret ?: (unmapped == SZ_1G ? 0 : -EIO);
}

#define MAP_ROW(_name, _bytes, _setup)					\
{									\
	.name = _name, .ops = { "map", "unmap" }, .steps = 3,		\
	.pages = (_bytes) >> PAGE_SHIFT, .setup = _setup,		\
	.step = map_step, .teardown = map_teardown,			\
}

static const struct bench_row map_rows[] = {
	MAP_ROW("1g_once", SZ_1G, attached_setup),
	MAP_ROW("1g_once_fresh", SZ_1G, map_setup),
	MAP_ROW("1g_by_4k", SZ_4K, attached_setup),
};

const struct bench_set bench_set_map = {
	.name = "map", .rows = map_rows, .nr = ARRAY_SIZE(map_rows),
};
