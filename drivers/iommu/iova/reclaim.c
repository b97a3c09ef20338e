// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes and ends a domain's caches of free ranges, and gives back to the tree
 * what they hold: for a request that would be refused, under memory pressure,
 * and when a CPU goes offline.
 *
 * Locking: see magazine.h. iova_caches_lock, a mutex, orders the list
 * of all caches against the shrinker, which only tries it.
 */

#include <kunit/visibility.h>
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/iova.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "magazine.h"
#include "reclaim.h"

static LIST_HEAD(iova_caches);
static DEFINE_MUTEX(iova_caches_lock);
static struct shrinker *iova_shrinker;

/* Giving back what is cached: on a refusal, under pressure, on hotplug */

static unsigned int drain_depot(struct iova_drain *drain, unsigned int index)
{
	struct iova_cache *cache = drain->cache;
	struct iova_magazine *mag;

	if (!READ_ONCE(cache->depots[index].nr))
		return 0;

	iova_move_begin(cache);
	mag = iova_depot_pop(&cache->depots[index]);
	if (mag) {
		iova_magazine_release(cache, index, mag, iova_bin_capacity(index));
		drain->ranges += iova_bin_capacity(index);
	}
	iova_move_end(cache);

	return !!mag;
}

static unsigned int drain_bin(struct iova_drain *drain, unsigned int cpu_nr,
			      unsigned int index)
{
	struct iova_cache *cache = drain->cache;
	struct iova_cpu *cpu = per_cpu_ptr(cache->iovad->cpus, cpu_nr);
	struct iova_bin *bin = &cpu->bins[index], old;
	unsigned long flags;

	/* Most bins of most CPUs were never used: don't lock those */
	if (!READ_ONCE(bin->loaded))
		return 0;

	iova_move_begin(cache);
	local_irq_save(flags);
	bit_spin_lock(0, &cpu->lock);
	old = *bin;
	*bin = (struct iova_bin){ .hits = old.hits };
	iova_cpu_unlock(cpu, flags);

	if (old.loaded)
		iova_magazine_release(cache, index, old.loaded, old.nr);
	if (old.spare)
		iova_magazine_release(cache, index, old.spare, old.nr_spare);
	iova_move_end(cache);
	drain->ranges += old.nr + old.nr_spare;

	return !!old.loaded + !!old.spare;
}

/**
 * iova_drain_step() - go on until something was given back
 * @drain: where the walk stands
 *
 * Looks at every bin once and takes no more than a depot can hold at one time,
 * so that the walk comes to an end even if other CPUs keep filling the caches.
 *
 * Context: Any context but NMI.
 * Return: number of magazines given back, 0 at the end.
 */
unsigned int iova_drain_step(struct iova_drain *drain)
{
	unsigned int magazines;

	while (drain->bin) {
		unsigned int index = drain->bin - 1;

		/* Of most kinds there are none anywhere: pass by all CPUs at once */
		if (!atomic_read(&drain->cache->depots[index].magazines))
			drain->cpu = nr_cpu_ids;

		if (drain->depot_left) {
			drain->depot_left--;
			if (drain_depot(drain, index))
				return 1;
			drain->depot_left = 0;
		}
		while (drain->cpu < nr_cpu_ids) {
			magazines = drain_bin(drain, drain->cpu, index);
			drain->cpu = cpumask_next(drain->cpu, cpu_possible_mask);
			if (magazines)
				return magazines;
		}

		drain->bin--;
		drain->cpu = cpumask_first(cpu_possible_mask);
		drain->depot_left = IOVA_DEPOT_MAX;
	}

	return 0;
}

/**
 * iova_drain_start() - begin to give back what is cached
 * @cache: caches of a domain
 * @bins: number of bins to look at: IOVA_CACHE_CLASSES for those below 4 GiB,
 *	IOVA_NR_BINS for all
 *
 * Return: the walk, for iova_drain_step().
 */
struct iova_drain iova_drain_start(struct iova_cache *cache, unsigned int bins)
{
	return (struct iova_drain){
		.cache = cache,
		.bin = bins,
		.cpu = cpumask_first(cpu_possible_mask),
		.depot_left = IOVA_DEPOT_MAX,
	};
}

/* Life of the caches */

static int iova_cpu_dead(unsigned int cpu, struct hlist_node *node)
{
	struct iova_cache *cache = hlist_entry(node, struct iova_cache, cpuhp_node);
	struct iova_drain drain = { .cache = cache };

	for (unsigned int i = 0; i < IOVA_NR_BINS; i++)
		drain_bin(&drain, cpu, i);

	return 0;
}

static void cache_free(struct iova_cache *cache)
{
	unsigned int cpu;

	for (unsigned int i = 0; i < IOVA_NR_BINS; i++) {
		struct iova_magazine *mag;

		while ((mag = iova_depot_pop(&cache->depots[i])))
			iova_magazine_free(cache, i, mag);
		for_each_possible_cpu(cpu) {
			struct iova_bin *bin;

			bin = &per_cpu_ptr(cache->iovad->cpus, cpu)->bins[i];
			iova_magazine_free(cache, i, bin->loaded);
			iova_magazine_free(cache, i, bin->spare);
		}
	}
	free_percpu(cache->iovad->cpus);
	kfree(cache);
}

static struct iova_cache *cache_alloc(struct iova_domain *iovad)
{
	struct iova_cache *cache = kzalloc(sizeof(*cache), GFP_KERNEL);

	if (!cache)
		return NULL;

	cache->iovad = iovad;
	for (unsigned int i = 0; i < IOVA_NR_BINS; i++) {
		struct iova_depot *iova_depot = &cache->depots[i];

		spin_lock_init(&iova_depot->lock);
	}

	return cache;
}

/**
 * iova_cache_create() - give a domain its per-CPU caches
 * @iovad: domain without caches, from which nothing was allocated yet
 *
 * Context: Process context, may sleep.
 * Return: 0, -ENOMEM, or what CPU hotplug says. On an error the domain works
 * on without caches.
 */
int iova_cache_create(struct iova_domain *iovad)
{
	struct iova_cache *cache __free(kfree) = cache_alloc(iovad);
	int ret;

	if (!cache)
		return -ENOMEM;

	/* CPU hotplug finds the magazines as soon as it knows the caches */
	iovad->cpus = alloc_percpu(struct iova_cpu);
	if (!iovad->cpus)
		return -ENOMEM;

	ret = cpuhp_state_add_instance_nocalls(CPUHP_IOMMU_IOVA_DEAD,
					       &cache->cpuhp_node);
	if (ret) {
		free_percpu(iovad->cpus);
		iovad->cpus = NULL;
		return ret;
	}

	scoped_guard(mutex, &iova_caches_lock)
		list_add_tail(&cache->list, &iova_caches);
	iovad->cache = no_free_ptr(cache);
	iovad->max_cached = IOVA_CACHE_MAX_PAGES;

	return 0;
}

/**
 * iova_cache_destroy() - end a domain's caches, if it has any
 * @iovad: domain that nobody uses any more
 *
 * The ranges in the caches stay in the tree, which goes next.
 *
 * Context: Process context, may sleep.
 */
void iova_cache_destroy(struct iova_domain *iovad)
{
	struct iova_cache *cache = iovad->cache;

	if (!cache)
		return;

	scoped_guard(mutex, &iova_caches_lock)
		list_del(&cache->list);
	cpuhp_state_remove_instance_nocalls(CPUHP_IOMMU_IOVA_DEAD,
					    &cache->cpuhp_node);
	cache_free(cache);
	iovad->max_cached = 0;
	iovad->cpus = NULL;
	iovad->cache = NULL;
}

/* The shrinker, whose objects are magazines, of all domains */

static unsigned long shrink_count(struct shrinker *shrinker,
				  struct shrink_control *sc)
{
	return iova_magazine_count() ?: SHRINK_EMPTY;
}

static unsigned long shrink_caches(unsigned long nr_to_scan)
{
	unsigned long freed = 0;
	struct iova_cache *cache;
	struct iova_drain drain;
	unsigned int step = 0;
	LIST_HEAD(visited);

	lockdep_assert_held(&iova_caches_lock);

	while (freed < nr_to_scan && !list_empty(&iova_caches)) {
		cache = list_first_entry(&iova_caches, struct iova_cache, list);
		drain = iova_drain_start(cache, IOVA_NR_BINS);
		do {
			step = iova_drain_step(&drain);
			freed += step;
		} while (step && freed < nr_to_scan);
		list_move_tail(&cache->list, &visited);
		cond_resched();
	}
	/* Those not visited are first next time */
	list_splice_tail(&visited, &iova_caches);

	return freed;
}

static unsigned long shrink_scan(struct shrinker *shrinker,
				 struct shrink_control *sc)
{
	unsigned long freed = 0;

	scoped_cond_guard(mutex_try, return SHRINK_STOP, &iova_caches_lock)
		freed = shrink_caches(sc->nr_to_scan);

	return freed ?: SHRINK_STOP;
}

/**
 * iova_cache_setup() - prepare what all domains' caches share
 *
 * Context: Process context, may sleep.
 * Return: 0 or a negative errno.
 */
int iova_cache_setup(void)
{
	int ret;

	ret = iova_magazine_slab_create();
	if (ret)
		return ret;

	ret = cpuhp_setup_state_multi(CPUHP_IOMMU_IOVA_DEAD, "iommu/iova:dead",
				      NULL, iova_cpu_dead);
	if (ret)
		goto err_slab;

	iova_shrinker = shrinker_alloc(0, "iommu-iova");
	if (!iova_shrinker) {
		ret = -ENOMEM;
		goto err_cpuhp;
	}
	iova_shrinker->count_objects = shrink_count;
	iova_shrinker->scan_objects = shrink_scan;
	shrinker_register(iova_shrinker);

	return 0;

err_cpuhp:
	cpuhp_remove_multi_state(CPUHP_IOMMU_IOVA_DEAD);
err_slab:
	iova_magazine_slab_destroy();
	return ret;
}

/**
 * iova_cache_teardown() - undo iova_cache_setup()
 *
 * Context: Process context, may sleep. No domain has caches any more.
 */
void iova_cache_teardown(void)
{
	shrinker_free(iova_shrinker);
	cpuhp_remove_multi_state(CPUHP_IOMMU_IOVA_DEAD);
	iova_magazine_slab_destroy();
}

/**
 * iova_cache_drain() - give all cached ranges back to the tree
 * @iovad: domain with caches
 *
 * Context: Any context but NMI.
 * Return: number of ranges given back.
 */
unsigned long iova_cache_drain(struct iova_domain *iovad)
{
	struct iova_drain drain = iova_drain_start(iovad->cache, IOVA_NR_BINS);

	while (iova_drain_step(&drain))
		;

	return drain.ranges;
}
EXPORT_SYMBOL_IF_KUNIT(iova_cache_drain);

#if IS_ENABLED(CONFIG_IOMMU_IOVA_KUNIT_TEST)
/**
 * iova_cache_limit() - the most ranges that a domain's caches can hold
 * @iovad: domain with caches
 *
 * Return: number of ranges.
 */
unsigned long iova_cache_limit(struct iova_domain *iovad)
{
	unsigned long per_bin = 2 * num_possible_cpus() + IOVA_DEPOT_MAX;
	unsigned long ranges = 0;

	for (unsigned int i = 0; i < IOVA_NR_BINS; i++)
		ranges += per_bin * iova_bin_capacity(i);

	return ranges;
}
EXPORT_SYMBOL_IF_KUNIT(iova_cache_limit);
#endif
