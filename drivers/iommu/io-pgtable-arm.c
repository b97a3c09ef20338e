// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arm's long descriptors: stage 1 and 2 of AArch64 and of 32-bit systems, and
 * Mali GPUs. The attributes of a page's entry, and the registers that go with a
 * table.
 */

#include <linux/bitfield.h>
#include <linux/io-pgtable.h>
#include <linux/log2.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "io-pgtable-arm.h"
#include "io-pgtable-arm-bits.h"
#include "io-pgtable-radix-fast.h"

#define ARM_LPAE_LEVELS		4
#define ARM_LPAE_CONCATENATED	16	/* tables that can be one root, at most */

static const struct io_radix_format arm_lpae_format = {
	.table_mask	= ARM_LPAE_TYPE,
	.table_value	= ARM_LPAE_TABLE,
	.addr_mask	= ARM_LPAE_ADDR_MASK,
	.leaf		= { ARM_LPAE_PAGE, ARM_LPAE_BLOCK },
	.dirty_mask	= ARM_LPAE_AP_READ_ONLY | ARM_LPAE_DBM,
	.dirty_value	= ARM_LPAE_DBM,
	.dirty_flip	= ARM_LPAE_AP_READ_ONLY,
	.live_shift	= ARM_LPAE_SW_LIVE_SHIFT,
	.live_high_shift = ARM_LPAE_SW_LIVE_HIGH_SHIFT,
	.live_high_mask	= ARM_LPAE_SW_LIVE_HIGH_MASK,
	.parked		= ARM_LPAE_SW_PARKED,
	.synced		= ARM_LPAE_SW_SYNCED,
	.counted	= true,
	.folds		= true,
};

static const struct io_radix_format arm_mali_format = {
	.table_mask	= ARM_LPAE_TYPE,
	.table_value	= ARM_LPAE_TABLE,
	.addr_mask	= ARM_LPAE_ADDR_MASK,
	.leaf		= { ARM_LPAE_BLOCK, ARM_LPAE_BLOCK },
	.synced		= ARM_MALI_SW_SYNCED,
	.page_shift	= ilog2(SZ_4K),
	.index_bits	= ilog2(SZ_4K / sizeof(u64)),
};

/* Attributes by their index in MAIR */
static u64 arm_lpae_indexed(int prot)
{
	if (prot & IOMMU_MMIO)
		return FIELD_PREP(ARM_LPAE_ATTR_INDEX, ARM_LPAE_INDEX_DEVICE);
	if (prot & IOMMU_CACHE)
		return FIELD_PREP(ARM_LPAE_ATTR_INDEX, ARM_LPAE_INDEX_CACHED);
	return FIELD_PREP(ARM_LPAE_ATTR_INDEX, ARM_LPAE_INDEX_NON_CACHED);
}

/* The bits of all but Mali */
static u64 arm_lpae_common(const struct io_radix *table, int prot)
{
	u64 leaf = ARM_LPAE_AF;

	leaf |= prot & IOMMU_CACHE ? ARM_LPAE_SH_INNER : ARM_LPAE_SH_OUTER;
	if (prot & IOMMU_NOEXEC)
		leaf |= ARM_LPAE_XN;
	if (table->iop.cfg.quirks & IO_PGTABLE_QUIRK_ARM_NS)
		leaf |= ARM_LPAE_NS;
	return leaf;
}

static int arm_lpae_s1_map_pages(struct io_pgtable_ops *ops,
				 unsigned long iova, phys_addr_t paddr,
				 size_t pgsize, size_t pgcount, int prot,
				 gfp_t gfp, size_t *mapped)
{
	struct io_radix *table = io_radix_of(ops);
	u64 leaf = ARM_LPAE_NG;

	if (!(prot & (IOMMU_READ | IOMMU_WRITE)))
		return -EINVAL;
	leaf |= arm_lpae_common(table, prot) | arm_lpae_indexed(prot);
	if (!(prot & IOMMU_WRITE))
		leaf |= ARM_LPAE_AP_READ_ONLY;
	else if (table->iop.cfg.quirks & IO_PGTABLE_QUIRK_ARM_HD)
		leaf |= ARM_LPAE_DBM;
	if (!(prot & IOMMU_PRIV))
		leaf |= ARM_LPAE_AP_USER;
	return io_radix_map_pages(&arm_lpae_format, table, iova, paddr, pgsize,
				  pgcount, leaf, gfp, mapped);
}

static u64 arm_lpae_s2_access(int prot)
{
	return (prot & IOMMU_READ ? ARM_LPAE_S2AP_READ : 0) |
	       (prot & IOMMU_WRITE ? ARM_LPAE_S2AP_WRITE : 0);
}

static int arm_lpae_s2_map_pages(struct io_pgtable_ops *ops,
				 unsigned long iova, phys_addr_t paddr,
				 size_t pgsize, size_t pgcount, int prot,
				 gfp_t gfp, size_t *mapped)
{
	struct io_radix *table = io_radix_of(ops);
	u64 leaf = arm_lpae_s2_access(prot);

	if (!leaf)
		return -EINVAL;
	leaf |= arm_lpae_common(table, prot);
	if (prot & IOMMU_MMIO)
		leaf |= FIELD_PREP(ARM_LPAE_MEMATTR, ARM_LPAE_MEMATTR_DEVICE);
	else if (prot & IOMMU_CACHE)
		leaf |= FIELD_PREP(ARM_LPAE_MEMATTR, ARM_LPAE_MEMATTR_CACHED);
	else
		leaf |= FIELD_PREP(ARM_LPAE_MEMATTR,
				   ARM_LPAE_MEMATTR_NON_CACHED);
	return io_radix_map_pages(&arm_lpae_format, table, iova, paddr, pgsize,
				  pgcount, leaf, gfp, mapped);
}

/*
 * Attributes as in stage 1, access as in stage 2. Mali's outer domain is
 * everything but the GPU.
 */
static int arm_mali_map_pages(struct io_pgtable_ops *ops, unsigned long iova,
			      phys_addr_t paddr, size_t pgsize, size_t pgcount,
			      int prot, gfp_t gfp, size_t *mapped)
{
	u64 leaf = arm_lpae_s2_access(prot);

	if (!leaf)
		return -EINVAL;
	leaf |= arm_lpae_indexed(prot) | ARM_LPAE_SH_OUTER;
	if (prot & IOMMU_NOEXEC)
		leaf |= ARM_LPAE_XN;
	return io_radix_map_pages(&arm_mali_format, io_radix_of(ops), iova,
				  paddr, pgsize, pgcount, leaf, gfp, mapped);
}

static size_t arm_lpae_unmap_pages(struct io_pgtable_ops *ops,
				   unsigned long iova, size_t pgsize,
				   size_t pgcount,
				   struct iommu_iotlb_gather *gather)
{
	return io_radix_unmap_pages(&arm_lpae_format, io_radix_of(ops), iova,
				    pgsize, pgcount, gather);
}

static size_t arm_mali_unmap_pages(struct io_pgtable_ops *ops,
				   unsigned long iova, size_t pgsize,
				   size_t pgcount,
				   struct iommu_iotlb_gather *gather)
{
	return io_radix_unmap_pages(&arm_mali_format, io_radix_of(ops), iova,
				    pgsize, pgcount, gather);
}

/* Only stage 1 of AArch64 records writes. */
static int arm_lpae_read_and_clear_dirty(struct io_pgtable_ops *ops,
					 unsigned long iova, size_t size,
					 unsigned long flags,
					 struct iommu_dirty_bitmap *dirty)
{
	if (io_pgtable_ops_to_pgtable(ops)->fmt != ARM_64_LPAE_S1)
		return -EINVAL;
	return io_radix_read_and_clear_dirty(ops, iova, size, flags, dirty);
}

/*
 * The granule is the CPU's page size if the hardware has it, else the next
 * below, else the next above. Returns 0 for none that exists.
 */
static unsigned long arm_lpae_granule(unsigned long sizes)
{
	if (sizes & PAGE_SIZE)
		return PAGE_SIZE;
	if (sizes & ~PAGE_MASK)
		return 1UL << __fls(sizes & ~PAGE_MASK);
	return sizes ? 1UL << __ffs(sizes) : 0;
}

/* Leaves of the sizes asked for those that one granule has. */
static unsigned long arm_lpae_restrict(struct io_pgtable_cfg *cfg)
{
	unsigned long granule = arm_lpae_granule(cfg->pgsize_bitmap);
	unsigned int bits = 48;
	u64 sizes;

	switch (granule) {
	case SZ_4K:
		sizes = SZ_4K | SZ_2M | SZ_1G;
		break;
	case SZ_16K:
		sizes = SZ_16K | SZ_32M;
		break;
	case SZ_64K:
		sizes = SZ_64K | SZ_512M;
		if (cfg->oas > 48)
			sizes |= 1ULL << 42;
		bits = 52;
		break;
	default:
		return 0;
	}
	cfg->pgsize_bitmap &= sizes;
	cfg->ias = min(cfg->ias, bits);
	cfg->oas = min(cfg->oas, bits);
	return granule;
}

/* A table of as few levels as the addresses take */
static struct io_radix *arm_lpae_alloc(const struct io_radix_format *format,
				       struct io_pgtable_cfg *cfg)
{
	unsigned long granule = arm_lpae_restrict(cfg);
	unsigned int index_bits, page_shift, levels, bits;
	struct io_radix *table;

	if (!granule)
		return NULL;
	page_shift = ilog2(granule);
	index_bits = page_shift - ilog2(sizeof(u64));
	if (cfg->ias <= page_shift)
		return NULL;
	bits = cfg->ias - page_shift;
	levels = DIV_ROUND_UP(bits, index_bits);

	table = kzalloc(sizeof(*table), GFP_KERNEL);
	if (!table)
		return NULL;
	table->format = format;
	table->table_bits = ARM_LPAE_TABLE;
	table->fold = granule == SZ_64K;
	table->page_shift = page_shift;
	table->index_bits = index_bits;
	table->top = levels - 1;
	table->root_entries = 1U << (bits - index_bits * (levels - 1));
	table->last = (1ULL << cfg->ias) - 1;
	table->iop.ops.read_and_clear_dirty = arm_lpae_read_and_clear_dirty;
	return table;
}

static int arm_lpae_init(struct io_radix *table, struct io_pgtable_cfg *cfg,
			 void *cookie)
{
	table->root_bytes = table->root_entries * sizeof(u64);
	return io_radix_init(table, cfg, cookie);
}

/* Architectural level of the root: 3 is the last one. */
static unsigned int arm_lpae_start_level(const struct io_radix *table)
{
	return ARM_LPAE_LEVELS - 1 - table->top;
}

/* Physical address size as TCR.IPS and VTCR.PS have it; negative for others */
static int arm_lpae_address_size(unsigned int bits)
{
	switch (bits) {
	case 32:
		return ARM_LPAE_TCR_PS_32_BIT;
	case 36:
		return ARM_LPAE_TCR_PS_36_BIT;
	case 40:
		return ARM_LPAE_TCR_PS_40_BIT;
	case 42:
		return ARM_LPAE_TCR_PS_42_BIT;
	case 44:
		return ARM_LPAE_TCR_PS_44_BIT;
	case 48:
		return ARM_LPAE_TCR_PS_48_BIT;
	case 52:
		return ARM_LPAE_TCR_PS_52_BIT;
	default:
		return -EINVAL;
	}
}

static u32 arm_lpae_tg0(const struct io_radix *table)
{
	switch (1UL << table->page_shift) {
	case SZ_16K:
		return ARM_LPAE_TCR_TG0_16K;
	case SZ_64K:
		return ARM_LPAE_TCR_TG0_64K;
	default:
		return ARM_LPAE_TCR_TG0_4K;
	}
}

static u32 arm_lpae_tg1(const struct io_radix *table)
{
	switch (1UL << table->page_shift) {
	case SZ_16K:
		return ARM_LPAE_TCR_TG1_16K;
	case SZ_64K:
		return ARM_LPAE_TCR_TG1_64K;
	default:
		return ARM_LPAE_TCR_TG1_4K;
	}
}

/* Everything in TCR but the table's address, and MAIR */
static int arm_lpae_s1_registers(const struct io_radix *table,
				 struct io_pgtable_cfg *cfg)
{
	typeof(cfg->arm_lpae_s1_cfg.tcr) *tcr = &cfg->arm_lpae_s1_cfg.tcr;
	bool outer = cfg->quirks & IO_PGTABLE_QUIRK_ARM_OUTER_WBWA;
	int size = arm_lpae_address_size(cfg->oas);

	if (size < 0 || (cfg->coherent_walk && outer))
		return -EINVAL;
	tcr->ips = size;
	tcr->tsz = 64 - cfg->ias;
	tcr->tg = cfg->quirks & IO_PGTABLE_QUIRK_ARM_TTBR1 ?
		arm_lpae_tg1(table) : arm_lpae_tg0(table);
	if (cfg->coherent_walk) {
		tcr->sh = ARM_LPAE_TCR_SH_IS;
		tcr->irgn = ARM_LPAE_TCR_RGN_WBWA;
		tcr->orgn = ARM_LPAE_TCR_RGN_WBWA;
	} else {
		tcr->sh = ARM_LPAE_TCR_SH_OS;
		tcr->irgn = ARM_LPAE_TCR_RGN_NC;
		tcr->orgn = outer ? ARM_LPAE_TCR_RGN_WBWA : ARM_LPAE_TCR_RGN_NC;
	}
	cfg->arm_lpae_s1_cfg.mair =
		ARM_LPAE_MAIR_NON_CACHED << 8 * ARM_LPAE_INDEX_NON_CACHED |
		ARM_LPAE_MAIR_CACHED << 8 * ARM_LPAE_INDEX_CACHED |
		ARM_LPAE_MAIR_DEVICE << 8 * ARM_LPAE_INDEX_DEVICE |
		ARM_LPAE_MAIR_OUTER_CACHED << 8 * ARM_LPAE_INDEX_OUTER_CACHED;
	return 0;
}

static struct io_pgtable *arm_64_lpae_s1_alloc(struct io_pgtable_cfg *cfg,
					       void *cookie)
{
	struct io_radix *table;

	if (cfg->quirks & ~(IO_PGTABLE_QUIRK_ARM_NS |
			    IO_PGTABLE_QUIRK_ARM_TTBR1 |
			    IO_PGTABLE_QUIRK_ARM_OUTER_WBWA |
			    IO_PGTABLE_QUIRK_ARM_HD))
		return NULL;
	table = arm_lpae_alloc(&arm_lpae_format, cfg);
	if (!table)
		return NULL;
	if (cfg->quirks & IO_PGTABLE_QUIRK_ARM_NS)
		table->table_bits |= ARM_LPAE_NSTABLE;
	if (cfg->quirks & IO_PGTABLE_QUIRK_ARM_TTBR1)
		table->bias = 1ULL << cfg->ias;
	table->iop.ops.map_pages = arm_lpae_s1_map_pages;
	table->iop.ops.unmap_pages = arm_lpae_unmap_pages;
	if (arm_lpae_s1_registers(table, cfg) ||
	    arm_lpae_init(table, cfg, cookie)) {
		kfree(table);
		return NULL;
	}
	cfg->arm_lpae_s1_cfg.ttbr = virt_to_phys(table->root);
	return &table->iop;
}

/* SL0 counts levels from the second to last one down, with 4 KiB from the last. */
static int arm_lpae_s2_registers(const struct io_radix *table,
				 struct io_pgtable_cfg *cfg)
{
	typeof(cfg->arm_lpae_s2_cfg.vtcr) *vtcr = &cfg->arm_lpae_s2_cfg.vtcr;
	int size = arm_lpae_address_size(cfg->oas);
	unsigned int start = arm_lpae_start_level(table);

	if (size < 0)
		return -EINVAL;
	vtcr->ps = size;
	vtcr->tsz = 64 - cfg->ias;
	vtcr->tg = arm_lpae_tg0(table);
	vtcr->sl = ~(1UL << table->page_shift == SZ_4K ? start + 1 : start);
	if (cfg->coherent_walk) {
		vtcr->sh = ARM_LPAE_TCR_SH_IS;
		vtcr->irgn = ARM_LPAE_TCR_RGN_WBWA;
		vtcr->orgn = ARM_LPAE_TCR_RGN_WBWA;
	} else {
		vtcr->sh = ARM_LPAE_TCR_SH_OS;
		vtcr->irgn = ARM_LPAE_TCR_RGN_NC;
		vtcr->orgn = ARM_LPAE_TCR_RGN_NC;
	}
	return 0;
}

static struct io_pgtable *arm_64_lpae_s2_alloc(struct io_pgtable_cfg *cfg,
					       void *cookie)
{
	struct io_radix *table;

	if (cfg->quirks)
		return NULL;
	table = arm_lpae_alloc(&arm_lpae_format, cfg);
	if (!table)
		return NULL;
	/* Few entries of level 0 are saved: their tables become one root. */
	if (!arm_lpae_start_level(table) &&
	    table->root_entries <= ARM_LPAE_CONCATENATED) {
		table->root_entries <<= table->index_bits;
		table->top--;
	}
	table->iop.ops.map_pages = arm_lpae_s2_map_pages;
	table->iop.ops.unmap_pages = arm_lpae_unmap_pages;
	if (arm_lpae_s2_registers(table, cfg) ||
	    arm_lpae_init(table, cfg, cookie)) {
		kfree(table);
		return NULL;
	}
	cfg->arm_lpae_s2_cfg.vttbr = virt_to_phys(table->root);
	return &table->iop;
}

static struct io_pgtable *arm_32_lpae_s1_alloc(struct io_pgtable_cfg *cfg,
					       void *cookie)
{
	if (cfg->ias > 32 || cfg->oas > 40)
		return NULL;
	cfg->pgsize_bitmap &= SZ_4K | SZ_2M | SZ_1G;
	return arm_64_lpae_s1_alloc(cfg, cookie);
}

static struct io_pgtable *arm_32_lpae_s2_alloc(struct io_pgtable_cfg *cfg,
					       void *cookie)
{
	if (cfg->ias > 40 || cfg->oas > 40)
		return NULL;
	cfg->pgsize_bitmap &= SZ_4K | SZ_2M | SZ_1G;
	return arm_64_lpae_s2_alloc(cfg, cookie);
}

/*
 * Mali walks four levels whatever the size of addresses is. It has no uncached
 * attribute: the hardware's default policy comes nearest to it. Device memory
 * gets it, too, and should not be mapped.
 */
static struct io_pgtable *arm_mali_alloc(struct io_pgtable_cfg *cfg,
					 void *cookie)
{
	struct io_radix *table;

	if (cfg->quirks || cfg->ias > 48 || cfg->oas > 40)
		return NULL;
	cfg->pgsize_bitmap &= SZ_4K | SZ_2M | SZ_1G;
	table = arm_lpae_alloc(&arm_mali_format, cfg);
	if (!table)
		return NULL;
	table->top = ARM_LPAE_LEVELS - 1;
	table->root_entries = 1U << table->index_bits;
	table->iop.ops.map_pages = arm_mali_map_pages;
	table->iop.ops.unmap_pages = arm_mali_unmap_pages;
	if (arm_lpae_init(table, cfg, cookie)) {
		kfree(table);
		return NULL;
	}
	cfg->arm_mali_lpae_cfg.memattr =
		ARM_MALI_MEMATTR_DEFAULT << 8 * ARM_LPAE_INDEX_NON_CACHED |
		ARM_MALI_MEMATTR_WRITE_ALLOC << 8 * ARM_LPAE_INDEX_CACHED |
		ARM_MALI_MEMATTR_DEFAULT << 8 * ARM_LPAE_INDEX_DEVICE;
	cfg->arm_mali_lpae_cfg.transtab = virt_to_phys(table->root) |
		ARM_MALI_TRANSTAB_READ_INNER | ARM_MALI_TRANSTAB_TABLE;
	if (cfg->coherent_walk)
		cfg->arm_mali_lpae_cfg.transtab |= ARM_MALI_TRANSTAB_SHARE_OUTER;
	return &table->iop;
}

static void arm_lpae_free(struct io_pgtable *iop)
{
	struct io_radix *table = container_of(iop, struct io_radix, iop);

	io_radix_destroy(table);
	kfree(table);
}

const struct io_pgtable_init_fns io_pgtable_arm_64_lpae_s1_init_fns = {
	.caps	= IO_PGTABLE_CAP_CUSTOM_ALLOCATOR,
	.alloc	= arm_64_lpae_s1_alloc,
	.free	= arm_lpae_free,
};

const struct io_pgtable_init_fns io_pgtable_arm_64_lpae_s2_init_fns = {
	.caps	= IO_PGTABLE_CAP_CUSTOM_ALLOCATOR,
	.alloc	= arm_64_lpae_s2_alloc,
	.free	= arm_lpae_free,
};

const struct io_pgtable_init_fns io_pgtable_arm_32_lpae_s1_init_fns = {
	.caps	= IO_PGTABLE_CAP_CUSTOM_ALLOCATOR,
	.alloc	= arm_32_lpae_s1_alloc,
	.free	= arm_lpae_free,
};

const struct io_pgtable_init_fns io_pgtable_arm_32_lpae_s2_init_fns = {
	.caps	= IO_PGTABLE_CAP_CUSTOM_ALLOCATOR,
	.alloc	= arm_32_lpae_s2_alloc,
	.free	= arm_lpae_free,
};

const struct io_pgtable_init_fns io_pgtable_arm_mali_lpae_init_fns = {
	.caps	= IO_PGTABLE_CAP_CUSTOM_ALLOCATOR,
	.alloc	= arm_mali_alloc,
	.free	= arm_lpae_free,
};
