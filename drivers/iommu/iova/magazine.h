/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the caches of a domain are made of: magazines, bins, depots.
 *
 * Freed ranges are kept in magazines (after Bonwick and Adams, "Magazines and
 * Vmem", USENIX 2001): each CPU has two for each kind of range, a depot per
 * domain holds full ones. A kind, or bin, is a size class in one of two zones,
 * below and above 4 GiB, so that a request with a 32-bit limit and one without
 * never search through each other's ranges.
 *
 * A cached range is still in the domain's tree. Its PFN stands in at most one
 * magazine, and the CPU that takes it from there owns the range. A range of a class
 * always has the full length of the class, whatever its user asked for, and
 * is naturally aligned.
 *
 * Locking: the magazines of a CPU, local or remote, are touched under its
 * iova_cpu.lock with interrupts off. Nothing else is locked, allocated or freed
 * under it. A depot's lock and iovad->lock (see tree.c) are leaves too.
 */

#ifndef _IOVA_MAGAZINE_H
#define _IOVA_MAGAZINE_H

#include <linux/processor.h>	/* bit_spinlock.h needs it */
#include <linux/bit_spinlock.h>
#include <linux/atomic.h>
#include <linux/iova.h>
#include <linux/irqflags.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>

struct dentry;

/* Longest range that is cached, in PFNs; longer ones go to the tree */
#define IOVA_CACHE_MAX_PAGES	256

/* Sizes up to 32 PFNs in powers of two, then four steps per doubling */
#define IOVA_CACHE_CLASSES	18

#define IOVA_MAGAZINE_SIZE	127
/* So that no magazine ties up more address space than 64 MiB of 4 KiB pages */
#define IOVA_MAGAZINE_PAGES	16384
#define IOVA_DEPOT_MAX		16	/* magazines */
#define IOVA_NR_BINS		(2 * IOVA_CACHE_CLASSES)

/* @next serves the depot's list */
struct iova_magazine {
	struct iova_magazine	*next;
	unsigned long		pfns[IOVA_MAGAZINE_SIZE];
};

static_assert(sizeof(struct iova_magazine) == 128 * sizeof(long));

/*
 * One CPU's magazines of one kind, under iova_cpu.lock. They come when the
 * first range is freed, so that a kind that a CPU never frees costs no memory.
 *
 * Invariant: @spare is full or empty, unless it is NULL.
 */
struct iova_bin {
	struct iova_magazine	*loaded;
	struct iova_magazine	*spare;
	u16			nr;		/* ranges in @loaded */
	u16			capacity;	/* of @loaded, 0 if NULL */
	u16			nr_spare;	/* ranges in @spare */
	unsigned long		hits;
};

struct iova_cpu {
	unsigned long		lock;		/* bit 0 */
	unsigned long		refills;	/* this_cpu_inc() */
	unsigned long		misses;		/* this_cpu_inc() */
	struct iova_bin		bins[IOVA_NR_BINS];
};

/* Full magazines of one kind, that CPUs exchange */
struct iova_depot {
	spinlock_t		lock;		/* protects the list and its length */
	unsigned int		nr;
	struct iova_magazine	*top;
	atomic_t		magazines;	/* here and with all CPUs */
};

/*
 * The caches of one domain. They are made by iova_domain_init_rcaches() and
 * live until put_iova_domain().
 *
 * Memory: at most two magazines per possible CPU and bin, and IOVA_DEPOT_MAX in
 * each depot; a range that is freed while these are full goes to the tree. Each
 * magazine of 1 KiB keeps up to 127 ranges of the tree alive. The shrinker takes
 * all of it back, CPU hotplug what the CPU had.
 *
 * Moves: while a magazine is on its way from one place to another, or to the
 * tree, its ranges are seen in neither. A CPU that moves one counts @moves_begun
 * before and @moves_done after it, so that no request is refused because of
 * ranges that were on their way.
 */
struct iova_cache {
	struct iova_domain	*iovad;
	struct hlist_node	cpuhp_node;
	struct list_head	list;		/* iova_caches_lock */
	struct dentry		*debugfs;	/* domain.c */
	atomic_t		moves_begun;
	atomic_t		moves_done;
	struct iova_depot	depots[IOVA_NR_BINS];
};

/**
 * iova_cpu_lock() - lock this CPU's magazines
 * @iovad: domain with caches
 * @flags: where the state of interrupts is kept
 *
 * A bit spinlock, because that is inlined: it is half of the fast way, which
 * is a leaf function thanks to it.
 *
 * Context: Any context but NMI. Returns with interrupts off.
 * Return: this CPU's magazines.
 */
static inline struct iova_cpu *iova_cpu_lock(struct iova_domain *iovad,
					     unsigned long *flags)
	__acquires(bitlock)
{
	struct iova_cpu *cpu;

	local_irq_save(*flags);
	cpu = this_cpu_ptr(iovad->cpus);
	bit_spin_lock(0, &cpu->lock);

	return cpu;
}

/**
 * iova_cpu_assert_held() - assert that a CPU's magazines are locked
 * @cpu: magazines
 *
 * The lock is a bit, which lockdep does not track: this shows that a CPU has
 * taken it, and that interrupts are off.
 */
static inline void iova_cpu_assert_held(struct iova_cpu *cpu)
{
	lockdep_assert_irqs_disabled();
	lockdep_assert(bit_spin_is_locked(0, &cpu->lock));
}

/**
 * iova_cpu_unlock() - unlock a CPU's magazines
 * @cpu: what was locked
 * @flags: state of interrupts to go back to
 */
static inline void iova_cpu_unlock(struct iova_cpu *cpu, unsigned long flags)
	__releases(bitlock)
{
	iova_cpu_assert_held(cpu);
	__bit_spin_unlock(0, &cpu->lock);
	local_irq_restore(flags);
}

/**
 * iova_move_begin() - announce that a magazine leaves its place
 * @cache: caches of a domain
 */
static inline void iova_move_begin(struct iova_cache *cache)
{
	atomic_inc_return(&cache->moves_begun);	/* fully ordered */
}

/**
 * iova_move_end() - announce that its ranges can be found again
 * @cache: caches of a domain
 */
static inline void iova_move_end(struct iova_cache *cache)
{
	atomic_inc_return(&cache->moves_done);	/* fully ordered */
}

/* The class of each size. A table, because every request looks into it */
extern const u8 iova_size_classes[IOVA_CACHE_MAX_PAGES + 1];

unsigned long iova_cache_class_pages(unsigned long size);
unsigned int iova_bin_capacity(unsigned int bin);

int iova_magazine_slab_create(void);
void iova_magazine_slab_destroy(void);
unsigned long iova_magazine_count(void);

struct iova_magazine *iova_magazine_alloc(struct iova_cache *cache,
					  unsigned int bin);
void iova_magazine_free(struct iova_cache *cache, unsigned int bin,
			struct iova_magazine *mag);
void iova_magazine_release(struct iova_cache *cache, unsigned int bin,
			   struct iova_magazine *mag, unsigned int nr);

struct iova_magazine *iova_depot_pop(struct iova_depot *depot);
void iova_depot_push(struct iova_cache *cache, unsigned int bin,
		     struct iova_magazine *mag);

#endif /* _IOVA_MAGAZINE_H */
