// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making and freeing page tables: the list of the formats that this kernel has.
 */

#define pr_fmt(fmt) "io-pgtable: " fmt

#include <linux/array_size.h>
#include <linux/export.h>
#include <linux/io-pgtable.h>
#include <linux/printk.h>

/* A format that the build leaves out is NULL. */
static const struct io_pgtable_init_fns * const io_pgtable_formats[] = {
#ifdef CONFIG_IOMMU_IO_PGTABLE_LPAE
	[ARM_32_LPAE_S1] = &io_pgtable_arm_32_lpae_s1_init_fns,
	[ARM_32_LPAE_S2] = &io_pgtable_arm_32_lpae_s2_init_fns,
	[ARM_64_LPAE_S1] = &io_pgtable_arm_64_lpae_s1_init_fns,
	[ARM_64_LPAE_S2] = &io_pgtable_arm_64_lpae_s2_init_fns,
	[ARM_MALI_LPAE] = &io_pgtable_arm_mali_lpae_init_fns,
#endif
#ifdef CONFIG_IOMMU_IO_PGTABLE_ARMV7S
	[ARM_V7S] = &io_pgtable_arm_v7s_init_fns,
#endif
#ifdef CONFIG_AMD_IOMMU
	[AMD_IOMMU_V1] = &io_pgtable_amd_iommu_v1_init_fns,
	[AMD_IOMMU_V2] = &io_pgtable_amd_iommu_v2_init_fns,
#endif
#ifdef CONFIG_IOMMU_IO_PGTABLE_DART
	[APPLE_DART] = &io_pgtable_apple_dart_init_fns,
	[APPLE_DART2] = &io_pgtable_apple_dart_init_fns,
#endif
#ifdef CONFIG_IOMMU_IO_PGTABLE_VTD
	[VTD_SECOND_STAGE] = &io_pgtable_vtd_ss_init_fns,
	[VTD_FIRST_STAGE] = &io_pgtable_vtd_fs_init_fns,
#endif
	[IO_PGTABLE_NUM_FMTS] = NULL,
};

/* A driver's own allocator must have both its functions, or none. */
static bool io_pgtable_allocator_is_valid(const struct io_pgtable_init_fns *fns,
					  const struct io_pgtable_cfg *cfg)
{
	if (!cfg->alloc && !cfg->free)
		return true;
	return cfg->alloc && cfg->free &&
	       fns->caps & IO_PGTABLE_CAP_CUSTOM_ALLOCATOR;
}

/**
 * alloc_io_pgtable_ops() - make an empty page table
 * @fmt: its format
 * @cfg: what it is to be like; changed to what it became, with the values that
 *	the hardware's registers are to get
 * @cookie: what the callbacks in &io_pgtable_cfg.tlb, alloc and free are given
 *
 * Context: Process context, may sleep.
 * Return: operations of the table; NULL if the kernel was built without the
 * format, the format can't be like @cfg, or there is no memory.
 */
struct io_pgtable_ops *alloc_io_pgtable_ops(enum io_pgtable_fmt fmt,
					    struct io_pgtable_cfg *cfg,
					    void *cookie)
{
	const struct io_pgtable_init_fns *fns = NULL;
	struct io_pgtable *iop;

	if ((unsigned int)fmt < ARRAY_SIZE(io_pgtable_formats))
		fns = io_pgtable_formats[fmt];
	if (!fns) {
		pr_err_ratelimited("format %d is not in this kernel\n", fmt);
		return NULL;
	}
	if (!io_pgtable_allocator_is_valid(fns, cfg)) {
		pr_err_ratelimited("format %d takes no allocator like this\n",
				   fmt);
		return NULL;
	}

	iop = fns->alloc(cfg, cookie);
	if (iop) {
		iop->cfg = *cfg;
		iop->fmt = fmt;
		iop->cookie = cookie;
	}
	return iop ? &iop->ops : NULL;
}
EXPORT_SYMBOL_GPL(alloc_io_pgtable_ops);

/**
 * free_io_pgtable_ops() - free a page table and all that it has below
 * @ops: what alloc_io_pgtable_ops() returned; or NULL
 *
 * The hardware must not walk the table any more; its caches are flushed here.
 *
 * Context: Process context, may sleep. No other operation of the table is under
 * way.
 */
void free_io_pgtable_ops(struct io_pgtable_ops *ops)
{
	struct io_pgtable *iop;

	if (!ops)
		return;
	iop = io_pgtable_ops_to_pgtable(ops);
	io_pgtable_tlb_flush_all(iop);
	io_pgtable_formats[iop->fmt]->free(iop);
}
EXPORT_SYMBOL_GPL(free_io_pgtable_ops);
