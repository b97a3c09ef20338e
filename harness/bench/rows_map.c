// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommu_map() and iommu_unmap() through a paging domain for the device,
 * attached to it or fresh.
 */

#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/kernel.h>
#include <linux/pci.h>

#include "bench.h"
#include "bench_map.h"

static int fresh_setup(struct map_work *work, const struct map_way *way)
{
	struct iommu_domain *domain = iommu_paging_domain_alloc(&work->pdev->dev);

	if (IS_ERR(domain))
		return PTR_ERR(domain);
	work->domain = domain;
	return 0;
}

static int attached_setup(struct map_work *work, const struct map_way *way)
{
	int ret = fresh_setup(work, way);

	ret = ret ?: iommu_attach_device(work->domain, &work->pdev->dev);
	work->attached = !ret;
	return ret;
}

static const struct map_way fresh = { .setup = fresh_setup };
static const struct map_way attached = { .setup = attached_setup };

const struct bench_set bench_set_map = {
	.name = "map", .rows = map_rows, .nr = MAP_ROWS, .arg = &attached,
};

/* Only the first of the rows, 1 GiB in one call */
const struct bench_set bench_set_map_fresh = {
	.name = "map_fresh", .rows = map_rows, .nr = 1, .arg = &fresh,
};
