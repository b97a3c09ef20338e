/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables that an IOMMU walks, by format.
 *
 * A driver describes the table that its hardware wants in a struct
 * io_pgtable_cfg, gets a set of operations for it, and keeps no descriptor
 * bits of its own. The first half of this file is for drivers; the second,
 * from struct io_pgtable on, is for the formats.
 *
 * Documentation/driver-api/io-pgtable.rst tells which call is allowed in which
 * context, and what must have happened before memory is freed.
 */

#ifndef _IO_PGTABLE_H
#define _IO_PGTABLE_H

#include <linux/bitops.h>
#include <linux/iommu.h>

/**
 * enum io_pgtable_fmt - formats of page tables
 * @ARM_32_LPAE_S1: Arm long descriptors, stage 1, 32-bit input
 * @ARM_32_LPAE_S2: Arm long descriptors, stage 2, 40-bit input
 * @ARM_64_LPAE_S1: Arm long descriptors, stage 1, AArch64
 * @ARM_64_LPAE_S2: Arm long descriptors, stage 2, AArch64
 * @ARM_V7S: Arm short descriptors
 * @ARM_MALI_LPAE: long descriptors as Mali GPUs read them
 * @AMD_IOMMU_V1: AMD host table
 * @AMD_IOMMU_V2: AMD guest table
 * @APPLE_DART: Apple DART of the t8020
 * @APPLE_DART2: Apple DART of the t6000 and t8110
 * @VTD_SECOND_STAGE: Intel VT-d second-stage translation
 * @VTD_FIRST_STAGE: Intel VT-d first-stage translation
 * @IO_PGTABLE_NUM_FMTS: number of formats
 */
enum io_pgtable_fmt {
	ARM_32_LPAE_S1,
	ARM_32_LPAE_S2,
	ARM_64_LPAE_S1,
	ARM_64_LPAE_S2,
	ARM_V7S,
	ARM_MALI_LPAE,
	AMD_IOMMU_V1,
	AMD_IOMMU_V2,
	APPLE_DART,
	APPLE_DART2,
	VTD_SECOND_STAGE,
	VTD_FIRST_STAGE,
	IO_PGTABLE_NUM_FMTS,
};

/**
 * struct iommu_flush_ops - how a driver invalidates what its hardware caches
 *
 * All of them are called from the context of a map or unmap: interrupts and
 * preemption may be off and the caller's spinlocks held, so none may sleep or
 * wait for memory. The formats hold no lock of their own. Several CPUs may be in
 * them at once, for different addresses of the same table. Each may be NULL.
 */
struct iommu_flush_ops {
	/**
	 * @tlb_flush_all: Invalidates everything that the hardware caches of
	 * this table, leaves and tables, and waits until that is done. Called
	 * before the whole table is freed, and from unmap_pages and map_pages
	 * where a large part of it is removed, or replaces a removed part.
	 */
	void (*tlb_flush_all)(void *cookie);

	/**
	 * @tlb_flush_walk: Invalidates all that was cached on the way to the
	 * @size bytes at @iova, tables and leaves, and waits until that is
	 * done: then the format frees the tables on that way, or installs
	 * others in their entries. Called from unmap_pages and map_pages.
	 * @granule is the smallest page size of the table in bytes.
	 */
	void (*tlb_flush_walk)(unsigned long iova, size_t size, size_t granule,
			       void *cookie);

	/**
	 * @tlb_add_page: Invalidates the leaf of @granule bytes at @iova, at
	 * once or when @gather is synced. There is one call
	 * for each leaf, and at most the leaves of one request come between
	 * two syncs, so a driver that queues needs no queue: it widens the
	 * gathered range, or syncs what it has when the next leaf does not
	 * continue it. Not called where @gather is queued, since the whole
	 * domain will be flushed.
	 */
	void (*tlb_add_page)(struct iommu_iotlb_gather *gather,
			     unsigned long iova, size_t granule, void *cookie);

	/**
	 * @tlb_add_range: In place of @tlb_add_page, for drivers that take a
	 * run at once: @size bytes of leaves of @granule bytes each. One call
	 * for each run that a request clears. Where neither callback is
	 * there, the range is merged into @gather.
	 */
	void (*tlb_add_range)(struct iommu_iotlb_gather *gather,
			      unsigned long iova, size_t size, size_t granule,
			      void *cookie);
};

/*
 * Quirks: what the hardware at hand wants differently from its format.
 *
 * ARM_NS: stage 1 entries carry NS and NSTable, for hardware that looks at
 *	them in non-secure state too.
 * NO_PERMS: every page is mapped with full access (v7s, AMD).
 * ARM_MTK_EXT: v7s entries hold 35 bits of address in MediaTek's way.
 * ARM_MTK_TTBR_EXT: the table of v7s itself may lie beyond 32 bits.
 * ARM_TTBR1: the table serves the upper half of the address space.
 * ARM_OUTER_WBWA: table walks are cached outside although not coherent.
 * ARM_HD: the hardware notes in stage 1 entries which pages were written.
 * VTD_SNOOP: second-stage leaves have SNP set, so that every access snoops the
 *	CPU's caches. The driver may set it later, as long as nothing is mapped.
 * VTD_DIRTY: the hardware notes in leaves which pages were written, and they
 *	can be asked for it. Needs a coherent walk.
 */
#define IO_PGTABLE_QUIRK_ARM_NS			BIT(0)
#define IO_PGTABLE_QUIRK_NO_PERMS		BIT(1)
#define IO_PGTABLE_QUIRK_ARM_MTK_EXT		BIT(3)
#define IO_PGTABLE_QUIRK_ARM_MTK_TTBR_EXT	BIT(4)
#define IO_PGTABLE_QUIRK_ARM_TTBR1		BIT(5)
#define IO_PGTABLE_QUIRK_ARM_OUTER_WBWA		BIT(6)
#define IO_PGTABLE_QUIRK_ARM_HD			BIT(7)
#define IO_PGTABLE_QUIRK_VTD_SNOOP		BIT(8)
#define IO_PGTABLE_QUIRK_VTD_DIRTY		BIT(9)

/**
 * struct io_pgtable_cfg - what a table is to be like, and what it became
 * @quirks: IO_PGTABLE_QUIRK_* in force; those a format does not know are
 *	refused
 * @pgsize_bitmap: page sizes in bytes, one bit each; reduced to what the
 *	format has
 * @ias: size of input addresses in bits
 * @oas: size of output addresses in bits
 * @coherent_walk: the hardware's table walks see the CPU's caches
 * @tlb: how to flush; may be NULL for a table that no hardware sees
 * @iommu_dev: the device that walks the table: its node is where tables are
 *	allocated, its DMA operations make them visible if not @coherent_walk
 * @alloc: takes the place of the page allocator for tables of this kind.
 *	Returns @size bytes of zeroed memory, aligned to @size, in the linear
 *	mapping; NULL on failure. May sleep if @gfp allows it. Only for formats
 *	that say so (&io_pgtable_init_fns.caps); with @free or not at all.
 * @free: takes back what @alloc gave. Called from any context, for tables
 *	that no hardware refers to any more.
 * @arm_lpae_s1_cfg: filled in for the Arm stage 1 formats: registers
 * @arm_lpae_s2_cfg: filled in for the Arm stage 2 formats: registers
 * @arm_v7s_cfg: filled in for the short descriptors: registers
 * @arm_mali_lpae_cfg: filled in for Mali: registers
 * @apple_dart_cfg: filled in for DART: the top-level tables and their number
 * @amd: for AMD: the node to allocate tables on
 * @vtd_cfg: filled in for VT-d: physical address of the top-level table, and
 *	the number of levels
 */
struct io_pgtable_cfg {
	unsigned long			quirks;
	unsigned long			pgsize_bitmap;
	unsigned int			ias;
	unsigned int			oas;
	bool				coherent_walk;
	const struct iommu_flush_ops	*tlb;
	struct device			*iommu_dev;

	void *(*alloc)(void *cookie, size_t size, gfp_t gfp);
	void (*free)(void *cookie, void *pages, size_t size);

	union {
		struct {
			u64	ttbr;
			struct {
				u32	ips:3;
				u32	tg:2;
				u32	sh:2;
				u32	orgn:2;
				u32	irgn:2;
				u32	tsz:6;
			}	tcr;
			u64	mair;
		} arm_lpae_s1_cfg;

		struct {
			u64	vttbr;
			struct {
				u32	ps:3;
				u32	tg:2;
				u32	sh:2;
				u32	orgn:2;
				u32	irgn:2;
				u32	sl:2;
				u32	tsz:6;
			}	vtcr;
		} arm_lpae_s2_cfg;

		struct {
			u32	ttbr;
			u32	tcr;
			u32	nmrr;
			u32	prrr;
		} arm_v7s_cfg;

		struct {
			u64	transtab;
			u64	memattr;
		} arm_mali_lpae_cfg;

		struct {
			u64	ttbr[4];
			u32	n_ttbrs;
		} apple_dart_cfg;

		struct {
			int	nid;
		} amd;

		struct {
			u64	root;
			u32	levels;
		} vtd_cfg;
	};
};

/**
 * struct io_pgtable_ops - what can be done with a table
 *
 * All may be called from several CPUs at once, from any context, as long as
 * the addresses of calls that change something do not overlap. The caller must
 * see to that: it allocates the addresses.
 */
struct io_pgtable_ops {
	/**
	 * @map_pages: Maps @pgcount pages of @pgsize bytes at @iova to the
	 * contiguous memory at @paddr, for @prot (IOMMU_READ, ...). Tables are
	 * allocated with @gfp; sleeps only if that allows it. Adds to @mapped
	 * the bytes that are mapped, also when it fails half-way: the caller
	 * unmaps these. Returns 0, or -EINVAL for a size the table does not
	 * have, or no access at all, -ERANGE for an address beyond &ias or
	 * &oas, -EEXIST where something is mapped, -ENOMEM.
	 */
	int (*map_pages)(struct io_pgtable_ops *ops, unsigned long iova,
			 phys_addr_t paddr, size_t pgsize, size_t pgcount,
			 int prot, gfp_t gfp, size_t *mapped);

	/**
	 * @unmap_pages: Unmaps @pgcount pages of @pgsize bytes at @iova, and
	 * returns how many bytes it unmapped: fewer where it comes upon a hole,
	 * or the end of a table, 0 if nothing is mapped at @iova. Part of a
	 * larger page is cut out of it, which takes memory and so can fail,
	 * with 0. Never sleeps. The hardware may cache the pages until
	 * @gather is synced; where @gather is NULL, the caller flushes.
	 */
	size_t (*unmap_pages)(struct io_pgtable_ops *ops, unsigned long iova,
			      size_t pgsize, size_t pgcount,
			      struct iommu_iotlb_gather *gather);

	/** @iova_to_phys: Returns what @iova is mapped to, 0 for nothing. */
	phys_addr_t (*iova_to_phys)(struct io_pgtable_ops *ops,
				    unsigned long iova);

	/**
	 * @read_and_clear_dirty: Records in @dirty which pages in the @size
	 * bytes at @iova the hardware wrote, and unless @flags has
	 * IOMMU_DIRTY_NO_CLEAR, makes it note the next write to them once
	 * @dirty is synced. Sleeps if recording does. Returns 0 or -EINVAL.
	 * NULL for formats that have none of it.
	 */
	int (*read_and_clear_dirty)(struct io_pgtable_ops *ops,
				    unsigned long iova, size_t size,
				    unsigned long flags,
				    struct iommu_dirty_bitmap *dirty);
};

struct io_pgtable_ops *alloc_io_pgtable_ops(enum io_pgtable_fmt fmt,
					    struct io_pgtable_cfg *cfg,
					    void *cookie);
void free_io_pgtable_ops(struct io_pgtable_ops *ops);

/* For showing what a VT-d unit walks, whichever code made the table */
unsigned int io_pgtable_vtd_path(phys_addr_t root, unsigned int levels,
				 u64 iova, u64 *path);

/*
 * From here on: for formats. Of drivers, a few read the configuration of a
 * table that they were given; they need nothing else here.
 */

/**
 * struct io_pgtable - the part of a table that all formats share
 * @fmt: its format
 * @cookie: what the driver wants to be called back with
 * @cfg: its configuration, as the format settled it
 * @ops: its operations, which the format filled in
 *
 * Embedded in the format's own structure, which its alloc() allocates and its
 * free() frees. @fmt, @cookie and @cfg are set only after alloc() returned.
 */
struct io_pgtable {
	enum io_pgtable_fmt	fmt;
	void			*cookie;
	struct io_pgtable_cfg	cfg;
	struct io_pgtable_ops	ops;
};

/**
 * io_pgtable_ops_to_pgtable() - the table that operations belong to
 * @ops: what alloc_io_pgtable_ops() returned
 *
 * Return: the table.
 */
static inline struct io_pgtable *
io_pgtable_ops_to_pgtable(struct io_pgtable_ops *ops)
{
	return container_of(ops, struct io_pgtable, ops);
}

/**
 * io_pgtable_tlb_flush_all() - invalidate a whole table
 * @iop: the table
 *
 * Context: Any context.
 */
static inline void io_pgtable_tlb_flush_all(struct io_pgtable *iop)
{
	if (iop->cfg.tlb && iop->cfg.tlb->tlb_flush_all)
		iop->cfg.tlb->tlb_flush_all(iop->cookie);
}

/**
 * io_pgtable_tlb_flush_walk() - invalidate tables
 * @iop: the table
 * @iova: first address that is translated through them
 * @size: bytes from @iova on
 * @granule: smallest page size, in bytes
 *
 * Context: Any context.
 */
static inline void
io_pgtable_tlb_flush_walk(struct io_pgtable *iop, unsigned long iova,
			  size_t size, size_t granule)
{
	if (iop->cfg.tlb && iop->cfg.tlb->tlb_flush_walk)
		iop->cfg.tlb->tlb_flush_walk(iova, size, granule, iop->cookie);
}

/**
 * io_pgtable_tlb_add_page() - invalidate one leaf
 * @iop: the table
 * @gather: the gather to be synced later, or NULL
 * @iova: address of the leaf
 * @granule: its size in bytes
 *
 * Context: Any context.
 */
static inline void
io_pgtable_tlb_add_page(struct io_pgtable *iop,
			struct iommu_iotlb_gather *gather, unsigned long iova,
			size_t granule)
{
	if (iop->cfg.tlb && iop->cfg.tlb->tlb_add_page)
		iop->cfg.tlb->tlb_add_page(gather, iova, granule, iop->cookie);
}

/**
 * enum io_pgtable_caps - what a format is capable of
 * @IO_PGTABLE_CAP_CUSTOM_ALLOCATOR: it takes &io_pgtable_cfg.alloc and free
 */
enum io_pgtable_caps {
	IO_PGTABLE_CAP_CUSTOM_ALLOCATOR = BIT(0),
};

/**
 * struct io_pgtable_init_fns - how a format makes and frees tables
 * @alloc: allocates a table as @cfg says and puts into @cfg what it became;
 *	NULL if it cannot. May sleep.
 * @free: frees a table with all below it. It has been invalidated.
 * @caps: IO_PGTABLE_CAP_*
 */
struct io_pgtable_init_fns {
	struct io_pgtable *(*alloc)(struct io_pgtable_cfg *cfg, void *cookie);
	void (*free)(struct io_pgtable *iop);
	u32 caps;
};

extern const struct io_pgtable_init_fns io_pgtable_arm_32_lpae_s1_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_arm_32_lpae_s2_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_arm_64_lpae_s1_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_arm_64_lpae_s2_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_arm_mali_lpae_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_vtd_ss_init_fns;
extern const struct io_pgtable_init_fns io_pgtable_vtd_fs_init_fns;

/* Of the base's formats, which define them without const */
extern struct io_pgtable_init_fns io_pgtable_arm_v7s_init_fns;
extern struct io_pgtable_init_fns io_pgtable_amd_iommu_v1_init_fns;
extern struct io_pgtable_init_fns io_pgtable_amd_iommu_v2_init_fns;
extern struct io_pgtable_init_fns io_pgtable_apple_dart_init_fns;

#endif /* _IO_PGTABLE_H */
