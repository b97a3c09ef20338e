/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I/O virtual address (IOVA) allocation.
 *
 * An iova_domain hands out ranges of one I/O address space, in units of its
 * granule, highest addresses first. There are two ways in:
 *
 * - alloc_iova() and friends work on the tree of ranges itself and return a
 *   handle, struct iova. Every operation costs O(log n) of the live ranges,
 *   also one that is refused.
 * - alloc_iova_fast() and free_iova_fast() work on plain PFNs and keep freed
 *   ranges in per-CPU caches, once iova_domain_init_rcaches() has made them.
 *
 * A range belongs to the way it came: what alloc_iova() returned goes back
 * through free_iova() or __free_iova(), what alloc_iova_fast() returned goes
 * back through free_iova_fast() with the size that was asked for.
 *
 * All PFNs count granules, not CPU pages. All limits are inclusive.
 *
 * See Documentation/driver-api/iova.rst for the design.
 */

#ifndef _IOVA_H
#define _IOVA_H

#include <linux/align.h>
#include <linux/bits.h>
#include <linux/dma-mapping.h>
#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/kernel.h>
#include <linux/llist.h>
#include <linux/percpu-defs.h>
#include <linux/rbtree.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>

struct iova_cache;
struct iova_cpu;

/**
 * struct iova - one range of I/O addresses, allocated or reserved
 * @node: position in the domain's tree, ordered by @pfn_lo
 * @pfn_hi: last PFN of the range
 * @pfn_lo: first PFN of the range
 *
 * Ownership: a range belongs to the caller that alloc_iova() or reserve_iova()
 * returned it to. It stays alive until that owner frees it or the domain is
 * put; nothing else ever frees it, and neither memory pressure nor CPU hotplug
 * takes a range from its owner. @pfn_lo and @pfn_hi of a live range may be
 * read without a lock: those of an allocation never change, those of a
 * reservation only when a later reservation grows it.
 *
 * A pointer from find_iova() is borrowed from that owner. There is no
 * reference count: whoever looks a range up has to know that its owner does
 * not free it meanwhile, which in practice means being the owner.
 */
struct iova {
	union {
		struct rb_node	node;
		/* private: a reservation that a later one has absorbed */
		struct llist_node absorbed;
		/* public: */
	};
	unsigned long	pfn_hi;
	unsigned long	pfn_lo;
	/* private: iova/tree.c and iova/hole.c, under the domain's lock */
	unsigned long	hole_lo;	/* the hole below is [hole_lo, pfn_lo) */
	unsigned long	max_hole;	/* longest hole in this subtree */
	unsigned long	reserved : 1;	/* by reserve_iova() */
	unsigned long	cached : 1;	/* CONFIG_IOMMU_IOVA_DEBUG only */
	unsigned long	max_aligned : BITS_PER_LONG - 2; /* see hole.c */
};

/**
 * struct iova_domain - an I/O address space and the ranges taken from it
 * @granule: unit of allocation in bytes, a power of two. It is the smallest
 *	page of the IOMMU, so that a range can always be mapped exactly, and
 *	at most PAGE_SIZE, so that any CPU page can be.
 * @start_pfn: lowest PFN ever handed out. It keeps allocations out of what
 *	the device can't reach or must not use; users of alloc_iova_fast(),
 *	which returns 0 for failure, lose nothing by passing at least 1.
 *	Reservations may lie below it.
 * @dma_32bit_pfn: first PFN at or above 4 GiB
 *
 * Lifetime: the domain is embedded in its user's object. It is valid from
 * init_iova_domain() until put_iova_domain() returns; the user sees to it that
 * no other call on the domain runs at that time. Putting a domain whose memory
 * is all zero, never initialised, is allowed and does nothing.
 *
 * Memory: one struct iova per range that is live or cached (at most 64 bytes
 * on 64-bit), plus the caches, whose bound is written at struct iova_cache.
 * The number of live ranges is the business of the callers, the number of
 * cached ones is bounded.
 *
 * Locking: @lock protects the tree and all ranges in it. It is a leaf, taken
 * with interrupts off and held for one tree operation, for a bounded batch of
 * them, or for a reservation and those that it absorbs. (c) is constant after
 * init_iova_domain(), (l) changes under @lock.
 */
struct iova_domain {
	/* private: */
	spinlock_t	lock;
	struct rb_root	rbroot;		/* (l) */
	unsigned long	nr_ranges;	/* (l) in the tree, without the anchor */
	struct llist_head absorbed;	/* (l) reservations merged into others */
	/* public: */
	unsigned long	granule;	/* (c) */
	unsigned long	start_pfn;	/* (c) */
	unsigned long	dma_32bit_pfn;	/* (c) */
	/* private: */
	struct iova	anchor;		/* (l) sits right above the last PFN */
	/* set by iova_domain_init_rcaches() */
	unsigned long	max_cached;	/* longest range cached, 0 for none */
	struct iova_cpu __percpu *cpus;
	struct iova_cache *cache;
};

/**
 * iova_size() - length of a range
 * @iova: range
 *
 * Return: number of PFNs in @iova.
 */
static inline unsigned long iova_size(struct iova *iova)
{
	return iova->pfn_hi - iova->pfn_lo + 1;
}

/**
 * iova_shift() - log2 of a domain's granule
 * @iovad: domain
 *
 * Return: number of bits between a PFN and an address.
 */
static inline unsigned long iova_shift(struct iova_domain *iovad)
{
	return __ffs(iovad->granule);
}

/**
 * iova_mask() - mask of the bits below a domain's granule
 * @iovad: domain
 *
 * Return: granule - 1, in bytes.
 */
static inline unsigned long iova_mask(struct iova_domain *iovad)
{
	return iovad->granule - 1;
}

/**
 * iova_offset() - offset of an address in its granule
 * @iovad: domain
 * @iova: I/O address
 *
 * Return: offset in bytes.
 */
static inline size_t iova_offset(struct iova_domain *iovad, dma_addr_t iova)
{
	return iova & iova_mask(iovad);
}

/**
 * iova_align() - round a length up to whole granules
 * @iovad: domain
 * @size: length in bytes
 *
 * Return: length in bytes, a multiple of the granule.
 */
static inline size_t iova_align(struct iova_domain *iovad, size_t size)
{
	return ALIGN(size, iovad->granule);
}

/**
 * iova_align_down() - round a length down to whole granules
 * @iovad: domain
 * @size: length in bytes
 *
 * Return: length in bytes, a multiple of the granule.
 */
static inline size_t iova_align_down(struct iova_domain *iovad, size_t size)
{
	return ALIGN_DOWN(size, iovad->granule);
}

/**
 * iova_dma_addr() - first address of a range
 * @iovad: domain
 * @iova: range of @iovad
 *
 * Return: I/O address of the range's first byte.
 */
static inline dma_addr_t iova_dma_addr(struct iova_domain *iovad, struct iova *iova)
{
	return (dma_addr_t)iova->pfn_lo << iova_shift(iovad);
}

/**
 * iova_pfn() - PFN of an address
 * @iovad: domain
 * @iova: I/O address
 *
 * Return: the PFN that holds @iova.
 */
static inline unsigned long iova_pfn(struct iova_domain *iovad, dma_addr_t iova)
{
	return iova >> iova_shift(iovad);
}

#if IS_REACHABLE(CONFIG_IOMMU_IOVA)
int iova_cache_get(void);
void iova_cache_put(void);

unsigned long iova_rcache_range(void);

void free_iova(struct iova_domain *iovad, unsigned long pfn);
void __free_iova(struct iova_domain *iovad, struct iova *iova);
struct iova *alloc_iova(struct iova_domain *iovad, unsigned long size,
			unsigned long limit_pfn, bool size_aligned);
void free_iova_fast(struct iova_domain *iovad, unsigned long pfn,
		    unsigned long size);
unsigned long alloc_iova_fast(struct iova_domain *iovad, unsigned long size,
			      unsigned long limit_pfn, bool flush_rcache);
struct iova *reserve_iova(struct iova_domain *iovad, unsigned long pfn_lo,
			  unsigned long pfn_hi);
void init_iova_domain(struct iova_domain *iovad, unsigned long granule,
		      unsigned long start_pfn);
int iova_domain_init_rcaches(struct iova_domain *iovad);
struct iova *find_iova(struct iova_domain *iovad, unsigned long pfn);
void put_iova_domain(struct iova_domain *iovad);
#else
static inline int iova_cache_get(void)
{
	return -ENOTSUPP;
}

static inline void iova_cache_put(void)
{
}

static inline void free_iova(struct iova_domain *iovad, unsigned long pfn)
{
}

static inline void __free_iova(struct iova_domain *iovad, struct iova *iova)
{
}

static inline struct iova *alloc_iova(struct iova_domain *iovad,
				      unsigned long size,
				      unsigned long limit_pfn,
				      bool size_aligned)
{
	return NULL;
}

static inline void free_iova_fast(struct iova_domain *iovad,
				  unsigned long pfn, unsigned long size)
{
}

static inline unsigned long alloc_iova_fast(struct iova_domain *iovad,
					    unsigned long size,
					    unsigned long limit_pfn,
					    bool flush_rcache)
{
	return 0;
}

static inline struct iova *reserve_iova(struct iova_domain *iovad,
					unsigned long pfn_lo,
					unsigned long pfn_hi)
{
	return NULL;
}

static inline void init_iova_domain(struct iova_domain *iovad,
				    unsigned long granule,
				    unsigned long start_pfn)
{
}

static inline struct iova *find_iova(struct iova_domain *iovad,
				     unsigned long pfn)
{
	return NULL;
}

static inline void put_iova_domain(struct iova_domain *iovad)
{
}
#endif

#endif /* _IOVA_H */
