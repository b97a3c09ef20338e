// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page-table formats alone: their operations on a table that no hardware sees,
 * for those that the kernel has. Unmapping includes what drivers do with the
 * tables that it removed, but no flush.
 */

#include <linux/errno.h>
#include <linux/io-pgtable.h>
#include <linux/iommu.h>
#include <linux/kernel.h>
#include <linux/pci.h>

#include "bench.h"
#include "bench_map.h"

static void invalidate_all(void *cookie)
{
}

static void invalidate_walk(unsigned long iova, size_t size, size_t granule,
			    void *cookie)
{
}

static int format_setup(struct map_work *work, const struct map_way *way)
{
	struct io_pgtable_cfg cfg = way->cfg;

	cfg.iommu_dev = &work->pdev->dev;
	work->ops = alloc_io_pgtable_ops(way->fmt, &cfg, NULL);
	return work->ops ? 0 : -ENOMEM;
}

#ifdef CONFIG_IOMMU_IO_PGTABLE_VTD
static const struct iommu_flush_ops vtd_flush_ops = {
	.tlb_flush_all = invalidate_all,
	.tlb_flush_walk = invalidate_walk,
};

#define VTD_FORMAT(_fmt, _coherent)					\
{									\
	.setup = format_setup,						\
	.fmt = _fmt,							\
	.cfg = {							\
		.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G,			\
		.ias = 48, .oas = 46, .coherent_walk = _coherent,	\
		.tlb = &vtd_flush_ops,					\
	},								\
}

static const struct map_way vtd_ss = VTD_FORMAT(VTD_SECOND_STAGE, true);
static const struct map_way vtd_ss_nc = VTD_FORMAT(VTD_SECOND_STAGE, false);
static const struct map_way vtd_fs = VTD_FORMAT(VTD_FIRST_STAGE, true);
static const struct map_way vtd_fs_nc = VTD_FORMAT(VTD_FIRST_STAGE, false);

const struct bench_set bench_set_vtd_ss = {
	.name = "vtd_ss", .rows = map_rows, .nr = MAP_ROWS, .arg = &vtd_ss,
};

const struct bench_set bench_set_vtd_ss_nc = {
	.name = "vtd_ss_nc", .rows = map_rows, .nr = MAP_ROWS, .arg = &vtd_ss_nc,
};

const struct bench_set bench_set_vtd_fs = {
	.name = "vtd_fs", .rows = map_rows, .nr = MAP_ROWS, .arg = &vtd_fs,
};

const struct bench_set bench_set_vtd_fs_nc = {
	.name = "vtd_fs_nc", .rows = map_rows, .nr = MAP_ROWS, .arg = &vtd_fs_nc,
};
#endif

#ifdef CONFIG_IOMMU_IO_PGTABLE_LPAE
/* What it comes down to in SMMUv3's driver */
static void invalidate_page(struct iommu_iotlb_gather *gather,
			    unsigned long iova, size_t granule, void *cookie)
{
	iommu_iotlb_gather_add_range(gather, iova, granule);
}

static const struct iommu_flush_ops lpae_flush_ops = {
	.tlb_flush_all = invalidate_all,
	.tlb_flush_walk = invalidate_walk,
	.tlb_add_page = invalidate_page,
};

static const struct map_way lpae_s1 = {
	.setup = format_setup,
	.fmt = ARM_64_LPAE_S1,
	.cfg = {
		.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G,
		.ias = 48, .oas = 48, .coherent_walk = true,
		.tlb = &lpae_flush_ops,
	},
};

const struct bench_set bench_set_lpae_s1 = {
	.name = "lpae_s1", .rows = map_rows, .nr = MAP_ROWS, .arg = &lpae_s1,
};
#endif
