/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KUnit tests of the page-table formats: what the suites share.
 *
 * Words: an *ia* is an input address counted from 0 within the table's address
 * space, whatever the bits above it must be; an *iova* is the same address as
 * the operations take it. The *height* of a level counts from the leaves of
 * the smallest page size up, which are at height 0. A *granule* is the
 * smallest page size.
 */

#ifndef _IO_PGTABLE_KUNIT_H
#define _IO_PGTABLE_KUNIT_H

#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/io-pgtable.h>
#include <linux/prandom.h>
#include <linux/rbtree.h>
#include <linux/types.h>
#include <linux/xarray.h>

#define IOPGT_MAX_LEVELS	5

/* What a leaf says, in words that all formats share */
#define IOPGT_READ		BIT(0)
#define IOPGT_WRITE		BIT(1)
#define IOPGT_EXEC		BIT(2)
#define IOPGT_USER		BIT(3)
#define IOPGT_NON_SECURE	BIT(4)
#define IOPGT_SNOOP		BIT(5)
#define IOPGT_NOT_GLOBAL	BIT(6)
#define IOPGT_ACCESSED		BIT(7)
#define IOPGT_DIRTY		BIT(8)
#define IOPGT_TRACKED		BIT(9)	/* the hardware notes writes */
#define IOPGT_INNER		BIT(10)
#define IOPGT_OUTER		BIT(11)
#define IOPGT_WRITE_BACK	BIT(12)
#define IOPGT_NON_CACHED	BIT(13)
#define IOPGT_DEVICE		BIT(14)
#define IOPGT_ODD		BIT(15)	/* what no mapping of ours should have */

/**
 * struct iopgt_config - a table to test
 * @name: description
 * @fmt: format
 * @pgsizes: page sizes, the smallest of which is the granule
 * @ias: bits of input address
 * @oas: bits of output address
 * @coherent: the walk sees the CPU's caches
 * @custom: tables come from an allocator of the driver's
 * @quirks: IO_PGTABLE_QUIRK_*
 */
struct iopgt_config {
	const char *name;
	enum io_pgtable_fmt fmt;
	unsigned long pgsizes;
	unsigned int ias;
	unsigned int oas;
	bool coherent;
	bool custom;
	unsigned long quirks;
};

/**
 * struct iopgt_geometry - how the hardware walks, from what it is told
 * @root: physical address of the top table
 * @levels: number of tables on the way to a granule
 * @shift: log2 of the granule
 * @bits: log2 of the entries of a table, but for the root
 * @root_bits: log2 of the entries of the root
 * @oa_bits: bits of output address
 * @mair: memory attributes, one byte each (stage 1 and Mali)
 */
struct iopgt_geometry {
	u64 root;
	unsigned int levels;
	unsigned int shift;
	unsigned int bits;
	unsigned int root_bits;
	unsigned int oa_bits;
	u64 mair;
};

/**
 * enum iopgt_flush_kind - the callbacks of struct iommu_flush_ops
 * @IOPGT_FLUSH_ALL: tlb_flush_all
 * @IOPGT_FLUSH_WALK: tlb_flush_walk
 * @IOPGT_FLUSH_PAGE: tlb_add_page
 * @IOPGT_FLUSH_RANGE: tlb_add_range
 * @IOPGT_FLUSH_KINDS: how many
 */
enum iopgt_flush_kind {
	IOPGT_FLUSH_ALL,
	IOPGT_FLUSH_WALK,
	IOPGT_FLUSH_PAGE,
	IOPGT_FLUSH_RANGE,
	IOPGT_FLUSH_KINDS,
};

/**
 * struct iopgt_flush - one call of a flush callback
 * @kind: which
 * @iova: address
 * @size: bytes
 * @granule: size of one leaf, as the caller says
 * @gather: what the caller passes on
 */
struct iopgt_flush {
	enum iopgt_flush_kind kind;
	unsigned long iova;
	size_t size;
	size_t granule;
	struct iommu_iotlb_gather *gather;
};

/* Frames about which a table remembers something, by the rest of their number */
#define IOPGT_REMEMBERED	16

/**
 * struct iopgt - a table under test; the fixture has one
 * @test: test
 * @config: what it was made from
 * @cfg: configuration as the format settled it
 * @ops: its operations, NULL if there is none
 * @geo: how hardware walks it
 * @dev: the device that walks it
 * @shadow: what the device sees of the tables, by physical address / 4096;
 *	only for walks that are not coherent
 * @looked_up: shadows that were found last: a walk reads the tables of all
 *	levels in turn
 * @memory: frames that are memory
 * @from_memory: walks read memory although they are not coherent
 * @on_sync: called after the device's view has changed; may be NULL
 * @syncs: number of calls that changed it
 * @lines: cache lines that they wrote back
 * @on_flush: called by each flush callback; may be NULL
 * @on_free: called before a table goes back to the custom allocator
 * @flushes: calls of each flush callback
 * @flushed: bytes that they were called for
 * @alloc_nth: the custom allocator's call that fails, counted down; 0 for none
 * @alloc_failed: a call has failed
 * @allocated: pages that the custom allocator has given out
 * @private: for the suite's own use
 */
struct iopgt {
	struct kunit *test;
	const struct iopgt_config *config;
	struct io_pgtable_cfg cfg;
	struct io_pgtable_ops *ops;
	struct iopgt_geometry geo;
	struct device *dev;
	struct xarray shadow;
	struct {
		u64 frame;
		u8 *shadow;
	} looked_up[IOPGT_REMEMBERED];
	unsigned long memory[IOPGT_REMEMBERED];
	bool from_memory;
	void (*on_sync)(struct iopgt *t, u64 phys, size_t bytes);
	unsigned long syncs;
	unsigned long lines;
	void (*on_flush)(struct iopgt *t, const struct iopgt_flush *flush);
	void (*on_free)(struct iopgt *t, u64 phys, size_t bytes);
	atomic_t flushes[IOPGT_FLUSH_KINDS];
	atomic_long_t flushed[IOPGT_FLUSH_KINDS];
	unsigned int alloc_nth;
	bool alloc_failed;
	atomic_long_t allocated;
	void *private;
};

/**
 * enum iopgt_kind - what hardware makes of an entry, or of an address
 * @IOPGT_HOLE: nothing is mapped
 * @IOPGT_TABLE: refers to a table
 * @IOPGT_LEAF: maps a page
 * @IOPGT_BAD: hardware would complain
 */
enum iopgt_kind {
	IOPGT_HOLE,
	IOPGT_TABLE,
	IOPGT_LEAF,
	IOPGT_BAD,
};

/**
 * struct iopgt_entry - an entry, decoded
 * @kind: what it is
 * @addr: address of the table or of the page
 * @attr: IOPGT_*; for a table, what it allows below
 * @why: what is wrong with it
 */
struct iopgt_entry {
	enum iopgt_kind kind;
	u64 addr;
	u32 attr;
	const char *why;
};

/**
 * struct iopgt_walk - the end of a walk
 * @kind: never IOPGT_TABLE
 * @height: level at which it ended
 * @size: bytes that the last entry translates
 * @oa: output address, for a leaf
 * @attr: IOPGT_*, for a leaf
 * @raw: last entry
 * @at: its physical address
 * @tables: physical addresses of the tables on the way, by height
 * @why: what is wrong
 */
struct iopgt_walk {
	enum iopgt_kind kind;
	unsigned int height;
	u64 size;
	u64 oa;
	u32 attr;
	u64 raw;
	u64 at;
	u64 tables[IOPGT_MAX_LEVELS];
	const char *why;
};

/**
 * struct iopgt_extent - contiguous leaves of one kind, in the model
 * @node: in the model
 * @ia: first address
 * @bytes: length
 * @pa: what the first address is mapped to
 * @page: size of each leaf
 * @prot: IOMMU_READ, ...
 */
struct iopgt_extent {
	struct rb_node node;
	u64 ia;
	u64 bytes;
	u64 pa;
	u64 page;
	int prot;
};

/**
 * struct iopgt_model - what should be mapped
 * @extents: by address
 * @bytes: how much that is
 */
struct iopgt_model {
	struct rb_root extents;
	u64 bytes;
};

/* io_pgtable_test_util.c */
extern const struct iommu_flush_ops iopgt_flush_pages;
extern const struct iommu_flush_ops iopgt_flush_ranges;
extern const struct iommu_flush_ops iopgt_flush_merging;

const void *iopgt_gen_params(const void *prev, char *desc);
const void *iopgt_gen_some(const void *prev, char *desc);
unsigned long iopgt_share(const struct iopgt_config *config,
			  unsigned long steps);
bool iopgt_built(enum io_pgtable_fmt fmt);
bool iopgt_is_vtd(const struct iopgt *t);
int iopgt_test_init(struct kunit *test);
void iopgt_test_exit(struct kunit *test);
void iopgt_fill_cfg(struct iopgt *t, const struct iopgt_config *config,
		    const struct iommu_flush_ops *tlb);
struct iopgt *iopgt_begin(struct kunit *test, const struct iopgt_config *config,
			  const struct iommu_flush_ops *tlb);
void iopgt_end(struct iopgt *t);
long iopgt_memory(struct iopgt *t);
void iopgt_expect_memory(struct iopgt *t, long before);
u8 *iopgt_shadow(struct iopgt *t, u64 phys);
void iopgt_drop_shadow(struct iopgt *t, u64 phys, size_t bytes);
void iopgt_put_gather(struct iopgt *t, struct iommu_iotlb_gather *gather);
void iopgt_reset_counts(struct iopgt *t);
int iopgt_flush_count(struct iopgt *t, enum iopgt_flush_kind kind);
void iopgt_seed(struct kunit *test, struct rnd_state *rnd, unsigned int salt);
u64 iopgt_span(const struct iopgt *t, unsigned int height);
unsigned int iopgt_height(const struct iopgt *t, u64 pgsize);
unsigned long iopgt_largest(const struct iopgt *t);

/* io_pgtable_test_walk.c */
void iopgt_read_registers(struct iopgt *t);
bool iopgt_ia(const struct iopgt *t, unsigned long iova, u64 *ia);
unsigned long iopgt_iova(const struct iopgt *t, u64 ia);
u64 iopgt_read(struct iopgt *t, u64 phys);
void iopgt_walk(struct iopgt *t, u64 ia, struct iopgt_walk *walk);
void iopgt_walk_from(struct iopgt *t, u64 table, unsigned int height, u64 ia,
		     struct iopgt_walk *walk);
const char *iopgt_flaw(struct iopgt *t, u64 *ia);
int iopgt_sweep(struct iopgt *t,
		void (*leaf)(struct iopgt *t, u64 ia,
			     const struct iopgt_walk *leaf, void *arg),
		void *arg);
u32 iopgt_expected(const struct iopgt *t, int prot);
u32 iopgt_compared(const struct iopgt *t);

/* io_pgtable_test_decode.c */
void iopgt_decode(const struct iopgt *t, u64 raw, unsigned int height,
		  struct iopgt_entry *entry);

/* io_pgtable_test_model.c */
void iopgt_model_free(struct iopgt_model *model);
struct iopgt_extent *iopgt_model_first(struct iopgt_model *model, u64 ia,
				       u64 end);
void iopgt_model_add(struct iopgt *t, struct iopgt_model *model, u64 ia,
		     u64 bytes, u64 pa, u64 page, int prot);
void iopgt_model_cut(struct iopgt *t, struct iopgt_model *model, u64 ia,
		     u64 bytes);
void iopgt_model_check(struct iopgt *t, struct iopgt_model *model, u64 ia,
		       u64 end);
void iopgt_model_sweep(struct iopgt *t, struct iopgt_model *model);

#endif /* _IO_PGTABLE_KUNIT_H */
