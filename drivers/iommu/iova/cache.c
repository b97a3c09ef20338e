// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fast way in and out: ranges by PFN, from the per-CPU caches if they have
 * them, else from the tree. How caches are built is told in
 * magazine.h.
 */

#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/iova.h>
#include <linux/percpu.h>
#include <linux/printk.h>

#define CREATE_TRACE_POINTS
#include <trace/events/iova.h>

#include "cache.h"
#include "magazine.h"
#include "reclaim.h"
#include "tree.h"

/* Searches of a request that other CPUs' moves of magazines get in the way of */
#define FLUSH_TRIES	500

static bool is_cacheable(struct iova_domain *iovad, unsigned long size)
{
	return size - 1 < iovad->max_cached;
}

/*
 * The kind that a range at @pfn is of, or that serves a request up to @pfn.
 * The DMA API looks for 32-bit addresses first, so those are the likely ones.
 */
static unsigned long bin_index(struct iova_domain *iovad, unsigned long size,
			       unsigned long pfn)
{
	unsigned long index = iova_size_classes[size];

	if (unlikely(pfn >= iovad->dma_32bit_pfn))
		index += IOVA_CACHE_CLASSES;

	return index;
}

/* A CPU's bins */

static void bin_swap(struct iova_cpu *cpu, struct iova_bin *bin)
{
	iova_cpu_assert_held(cpu);

	swap(bin->loaded, bin->spare);
	swap(bin->nr, bin->nr_spare);
}

/* Load a magazine, return the one that it displaces */
static struct iova_magazine *bin_load(struct iova_cpu *cpu, struct iova_bin *bin,
				      struct iova_magazine *mag, unsigned int nr,
				      unsigned int capacity)
{
	struct iova_magazine *displaced = bin->spare;

	iova_cpu_assert_held(cpu);

	bin->spare = bin->loaded;
	bin->nr_spare = bin->nr;
	bin->loaded = mag;
	bin->nr = nr;
	bin->capacity = capacity;

	return displaced;
}

static bool bin_put(struct iova_cpu *cpu, struct iova_bin *bin,
		    unsigned long pfn)
{
	iova_cpu_assert_held(cpu);

	if (bin->nr == bin->capacity && bin->spare && !bin->nr_spare)
		bin_swap(cpu, bin);
	if (bin->nr == bin->capacity)
		return false;

	bin->loaded->pfns[bin->nr++] = pfn;
	return true;
}

/* Take a range whose first @size pages lie under the limit */
static unsigned long bin_take(struct iova_cpu *cpu, struct iova_bin *bin,
			      unsigned long size, unsigned long limit_pfn)
{
	unsigned long *pfns, pfn;

	iova_cpu_assert_held(cpu);

	if (!bin->nr && bin->nr_spare)
		bin_swap(cpu, bin);

	for (unsigned int i = bin->nr; i--; ) {
		pfns = bin->loaded->pfns;
		pfn = pfns[i];
		if (pfn + size - 1 <= limit_pfn) {
			pfns[i] = pfns[--bin->nr];
			return pfn;
		}
	}

	return 0;
}

/* The way in: this CPU's magazines, a magazine from the depot, the tree */

static unsigned long cache_load(struct iova_domain *iovad, unsigned int index,
				struct iova_magazine *full, unsigned long size,
				unsigned long limit_pfn)
{
	unsigned int capacity = iova_bin_capacity(index);
	struct iova_magazine *displaced = NULL;
	struct iova_cache *cache = iovad->cache;
	struct iova_bin *bin;
	struct iova_cpu *cpu;
	unsigned long flags, pfn;

	cpu = iova_cpu_lock(iovad, &flags);
	bin = &cpu->bins[index];
	pfn = bin_take(cpu, bin, size, limit_pfn);
	if (!pfn && !bin->nr) {
		displaced = bin_load(cpu, bin, full, capacity, capacity);
		full = NULL;
		pfn = bin_take(cpu, bin, size, limit_pfn);
	}
	iova_cpu_unlock(cpu, flags);

	iova_magazine_free(cache, index, displaced);
	if (full)
		iova_depot_push(cache, index, full);

	return pfn;
}

static unsigned long cache_refill(struct iova_domain *iovad, unsigned long size,
				  unsigned long limit_pfn)
{
	unsigned int index = bin_index(iovad, size, limit_pfn);
	struct iova_cache *cache = iovad->cache;
	struct iova_magazine *full;
	struct iova_bin *bin;
	struct iova_cpu *cpu;
	unsigned long flags, pfn;
	bool empty;

	cpu = iova_cpu_lock(iovad, &flags);
	bin = &cpu->bins[index];
	pfn = bin_take(cpu, bin, size, limit_pfn);
	empty = !bin->nr;
	iova_cpu_unlock(cpu, flags);
	if (pfn || !empty)
		return pfn;

	if (!READ_ONCE(cache->depots[index].nr))
		return 0;

	iova_move_begin(cache);
	full = iova_depot_pop(&cache->depots[index]);
	pfn = full ? cache_load(iovad, index, full, size, limit_pfn) : 0;
	iova_move_end(cache);

	return pfn;
}

/* 0 says failure, so a range at 0, the last place a search comes to, is none */
static unsigned long alloc_from_tree(struct iova_domain *iovad,
				     unsigned long size, unsigned long limit_pfn)
{
	struct iova *iova = iova_tree_alloc(iovad, size, limit_pfn, true);

	if (iova && !iova->pfn_lo) {
		iova_tree_free(iovad, iova);
		return 0;
	}

	return iova ? iova->pfn_lo : 0;
}

/* Give back cached ranges bin by bin until the request can be served */
static unsigned long alloc_draining(struct iova_domain *iovad,
				    unsigned long size, unsigned long limit_pfn)
{
	struct iova_drain drain;
	unsigned long pfn = 0, ranges = 0;

	/* Ranges above 4 GiB are no help under a limit below it */
	drain = iova_drain_start(iovad->cache, limit_pfn < iovad->dma_32bit_pfn ?
				 IOVA_CACHE_CLASSES : IOVA_NR_BINS);
	while (!pfn && iova_drain_step(&drain)) {
		if (drain.ranges != ranges)
			pfn = alloc_from_tree(iovad, size, limit_pfn);
		ranges = drain.ranges;
	}

	return pfn;
}

/*
 * A refusal counts only if no magazine was on its way meanwhile. Others may
 * keep moving theirs, so there is an end to that.
 */
static unsigned long alloc_flushing(struct iova_domain *iovad,
				    unsigned long size, unsigned long limit_pfn)
{
	struct iova_cache *cache = iovad->cache;
	unsigned long pfn;
	int begun, done;

	for (int i = 0; i < FLUSH_TRIES; i++) {
		/* In this order: what is done has begun, so equal means at rest */
		done = atomic_read_acquire(&cache->moves_done);
		begun = atomic_read_acquire(&cache->moves_begun);

		pfn = alloc_from_tree(iovad, size, limit_pfn);
		if (!pfn)
			pfn = alloc_draining(iovad, size, limit_pfn);
		if (pfn)
			return pfn;

		smp_rmb();	/* looked everywhere before looking for moves */
		if (begun == done && begun == atomic_read(&cache->moves_begun))
			break;
		cpu_relax();
	}

	return 0;
}

static unsigned long alloc_uncached(struct iova_domain *iovad,
				    unsigned long size,
				    unsigned long limit_pfn, bool flush_rcache)
{
	if (!iova_tree_size_ok(iovad, size))
		return 0;
	if (iovad->cache && (flush_rcache || limit_pfn < iovad->dma_32bit_pfn))
		return alloc_flushing(iovad, size, limit_pfn);

	return alloc_from_tree(iovad, size, limit_pfn);
}

static void leave_cache(struct iova_domain *iovad, unsigned long pfn,
			unsigned long size)
{
	if (!iova_tree_set_cached(iovad, pfn, size, false))
		pr_warn_ratelimited("iova: [%#lx-%#lx] was cached, but is not ours to hand out\n",
				    pfn, pfn + size - 1);
}

static unsigned long alloc_slow(struct iova_domain *iovad,
				unsigned long size,
				unsigned long limit_pfn,
				bool flush_rcache)
{
	unsigned long pages = size, pfn = 0;

	if (is_cacheable(iovad, size)) {
		pages = iova_cache_class_pages(size);
		pfn = cache_refill(iovad, size, limit_pfn);
		if (pfn) {
			this_cpu_inc(iovad->cpus->refills);
			leave_cache(iovad, pfn, pages);
		} else {
			this_cpu_inc(iovad->cpus->misses);
		}
	}
	if (!pfn)
		pfn = alloc_uncached(iovad, pages, limit_pfn, flush_rcache);

	if (pfn)
		trace_iova_alloc(iovad, pfn, size);
	else
		trace_iova_refuse(iovad, size, limit_pfn);

	return pfn;
}

/* The fast way stays a leaf as long as it is left by tail calls only */
static noinline unsigned long alloc_missed(struct iova_domain *iovad,
					   unsigned long size,
					   unsigned long limit_pfn,
					   bool flush_rcache,
					   struct iova_cpu *cpu,
					   unsigned long flags)
	__releases(bitlock)
{
	iova_cpu_unlock(cpu, flags);

	return alloc_slow(iovad, size, limit_pfn, flush_rcache);
}

static noinline unsigned long alloc_observed(struct iova_domain *iovad,
					     unsigned long pfn,
					     unsigned long size)
{
	leave_cache(iovad, pfn, iova_cache_class_pages(size));
	trace_iova_alloc(iovad, pfn, size);

	return pfn;
}

/**
 * alloc_iova_fast() - take a range, from a cache if possible
 * @iovad: domain
 * @size: length in PFNs
 * @limit_pfn: highest PFN that the @size pages may reach; beyond the domain
 *	means its last one
 * @flush_rcache: rather than fail, give cached ranges back to the tree and
 *	search again. With a limit below 4 GiB that happens in any case: space
 *	there is scarce, and no request fails while caches hold it.
 *
 * The range is aligned naturally to @size rounded up to a power of two. In a
 * domain with caches, sizes up to IOVA_CACHE_MAX_PAGES take a range as long as
 * their size class.
 *
 * A refused request has looked into the caches of all CPUs, and what it gave
 * back on the way is bounded by what they can hold; see struct iova_cache.
 *
 * Context: Any context but NMI.
 * Return: the first PFN, never 0, or 0 if there is no space or no memory. A
 * size of 0 or beyond the domain is refused with a warning.
 */
unsigned long alloc_iova_fast(struct iova_domain *iovad, unsigned long size,
			      unsigned long limit_pfn, bool flush_rcache)
{
	unsigned long flags, pfn;
	struct iova_bin *bin;
	struct iova_cpu *cpu;
	unsigned long nr;

	if (unlikely(!is_cacheable(iovad, size)))
		return alloc_slow(iovad, size, limit_pfn, flush_rcache);

	cpu = iova_cpu_lock(iovad, &flags);
	bin = &cpu->bins[bin_index(iovad, size, limit_pfn)];
	nr = bin->nr;
	if (unlikely(!nr))
		return alloc_missed(iovad, size, limit_pfn, flush_rcache, cpu, flags);
	pfn = bin->loaded->pfns[nr - 1];
	if (unlikely(pfn + size - 1 > limit_pfn))
		return alloc_missed(iovad, size, limit_pfn, flush_rcache, cpu, flags);

	bin->nr--;
	bin->hits++;
	iova_cpu_unlock(cpu, flags);
	if (IS_ENABLED(CONFIG_IOMMU_IOVA_DEBUG) || trace_iova_alloc_enabled())
		return alloc_observed(iovad, pfn, size);

	return pfn;
}
EXPORT_SYMBOL_GPL(alloc_iova_fast);

/* The way out: this CPU's magazines, the depot, the tree */

static bool cache_store(struct iova_domain *iovad, unsigned long pfn,
			unsigned long size)
{
	unsigned int index = bin_index(iovad, size, pfn);
	struct iova_magazine *fresh, *displaced = NULL;
	struct iova_cache *cache = iovad->cache;
	struct iova_bin *bin;
	struct iova_cpu *cpu;
	unsigned long flags;
	bool stored, crowded;

	cpu = iova_cpu_lock(iovad, &flags);
	bin = &cpu->bins[index];
	stored = bin_put(cpu, bin, pfn);
	crowded = bin->spare;
	iova_cpu_unlock(cpu, flags);
	if (stored)
		return true;

	if (crowded && READ_ONCE(cache->depots[index].nr) >= IOVA_DEPOT_MAX)
		return false;
	fresh = iova_magazine_alloc(cache, index);
	if (!fresh)
		return false;

	iova_move_begin(cache);

	cpu = iova_cpu_lock(iovad, &flags);
	bin = &cpu->bins[index];
	if (!bin_put(cpu, bin, pfn)) {
		displaced = bin_load(cpu, bin, fresh, 0, iova_bin_capacity(index));
		fresh = NULL;
		bin_put(cpu, bin, pfn);
	}
	iova_cpu_unlock(cpu, flags);

	iova_magazine_free(cache, index, fresh);
	if (displaced)
		iova_depot_push(cache, index, displaced);
	iova_move_end(cache);

	return true;
}

static void free_slow(struct iova_domain *iovad, unsigned long pfn,
		      unsigned long size)
{
	unsigned long pages = size;

	trace_iova_free(iovad, pfn, size);
	if (is_cacheable(iovad, size)) {
		pages = iova_cache_class_pages(size);
		if (!iova_tree_set_cached(iovad, pfn, pages, true)) {
			pr_warn_ratelimited("iova: [%#lx-%#lx] is freed, but not in use\n",
					    pfn, pfn + size - 1);
			return;
		}
		if (cache_store(iovad, pfn, size))
			return;
	}
	if (!iova_tree_free_range(iovad, pfn, pages))
		pr_warn_ratelimited("iova: [%#lx-%#lx] is freed, but not in use\n",
				    pfn, pfn + size - 1);
}

static noinline void free_missed(struct iova_domain *iovad, unsigned long pfn,
				 unsigned long size, struct iova_cpu *cpu,
				 unsigned long flags)
	__releases(bitlock)
{
	iova_cpu_unlock(cpu, flags);
	free_slow(iovad, pfn, size);
}

/**
 * free_iova_fast() - give back a range from alloc_iova_fast()
 * @iovad: domain
 * @pfn: what alloc_iova_fast() returned
 * @size: the size that was asked for, in PFNs
 *
 * The caller must have had the IOMMU invalidate the range: it may be handed out
 * again before this function returns.
 *
 * Never needs memory: if a cache is full, the range goes to the tree. A range
 * past the cached sizes, and every range of a domain without caches, is
 * checked: what is not in use is refused with a warning. In the cached sizes
 * that takes CONFIG_IOMMU_IOVA_DEBUG.
 *
 * Context: Any context but NMI.
 */
void free_iova_fast(struct iova_domain *iovad, unsigned long pfn,
		    unsigned long size)
{
	struct iova_bin *bin;
	struct iova_cpu *cpu;
	unsigned long flags;

	if (unlikely(IS_ENABLED(CONFIG_IOMMU_IOVA_DEBUG) ||
		     trace_iova_free_enabled() || !is_cacheable(iovad, size))) {
		free_slow(iovad, pfn, size);
		return;
	}

	cpu = iova_cpu_lock(iovad, &flags);
	bin = &cpu->bins[bin_index(iovad, size, pfn)];
	if (unlikely(bin->nr >= bin->capacity)) {
		free_missed(iovad, pfn, size, cpu, flags);
		return;
	}
	bin->loaded->pfns[bin->nr] = pfn;
	bin->nr++;
	iova_cpu_unlock(cpu, flags);
}
EXPORT_SYMBOL_GPL(free_iova_fast);

/**
 * iova_rcache_range() - largest size that the caches serve
 *
 * What builds large requests from many pages (NVMe, SCSI) takes this as the
 * size up to which a mapping is cheap.
 *
 * Return: size in bytes.
 */
unsigned long iova_rcache_range(void)
{
	return PAGE_SIZE * IOVA_CACHE_MAX_PAGES;
}

/* Looking in */

static void bin_usage(struct iova_cache *cache, unsigned int index,
		      struct iova_cache_usage *usage)
{
	unsigned int class = index % IOVA_CACHE_CLASSES;
	unsigned long cached;
	unsigned int cpu;

	cached = READ_ONCE(cache->depots[index].nr) * iova_bin_capacity(index);
	for_each_possible_cpu(cpu) {
		struct iova_bin *bin;

		bin = &per_cpu_ptr(cache->iovad->cpus, cpu)->bins[index];
		usage->hits += READ_ONCE(bin->hits);
		cached += READ_ONCE(bin->nr) + READ_ONCE(bin->nr_spare);
	}
	usage->cached[class] += cached;
	if (index < IOVA_CACHE_CLASSES)
		usage->cached_32bit[class] = cached;
}

/**
 * iova_cache_usage() - tell what a domain's caches hold and did
 * @iovad: domain with caches
 * @usage: filled in; a snapshot that other CPUs may be changing
 *
 * Context: Any context. Takes no lock.
 */
void iova_cache_usage(struct iova_domain *iovad, struct iova_cache_usage *usage)
{
	struct iova_cache *cache = iovad->cache;
	unsigned int cpu;

	*usage = (struct iova_cache_usage){};
	for_each_possible_cpu(cpu) {
		struct iova_cpu *iova_cpu = per_cpu_ptr(cache->iovad->cpus, cpu);

		usage->refills += READ_ONCE(iova_cpu->refills);
		usage->misses += READ_ONCE(iova_cpu->misses);
	}
	for (unsigned int i = 0; i < IOVA_NR_BINS; i++)
		bin_usage(cache, i, usage);
}
