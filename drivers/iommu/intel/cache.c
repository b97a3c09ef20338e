// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which caches hold translations of a page table, and how they are flushed.
 *
 * Owns struct vtd_caches, which a domain embeds. A flush walks the list under
 * RCU and waits for the hardware there. So a device-TLB may only be turned off a
 * grace period after its cache was removed from the list. A domain-id can be
 * given to its next owner at once: a late flush invalidates some of that owner's
 * translations, which is harmless.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/cleanup.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "cache.h"
#include "context.h"
#include "device.h"
#include "inval.h"
#include "psi.h"
#include "trace.h"
#include "unit.h"

/* Devices that may time out during one flush before it fails */
#define CACHE_TRIES		8

/* The device-TLB descriptor has bits for any size */
#define DEVICE_MAX_ORDER	52

/**
 * struct cache_flush - what is to be invalidated
 * @first: first page, in units of 4 KiB
 * @last: last page
 * @leaf_only: tables have not changed
 * @all: everything, whatever @first and @last say
 * @mapped: the range was just mapped, for iotlb_sync_map
 */
struct cache_flush {
	u64 first;
	u64 last;
	bool leaf_only;
	bool all;
	bool mapped;
};

static struct vtd_cache *cache_find(struct vtd_caches *caches,
				    const struct vtd_cache *like)
{
	struct vtd_cache *cache;

	lockdep_assert_held(&caches->lock);
	list_for_each_entry(cache, &caches->list, link)
		if (cache->unit == like->unit && cache->kind == like->kind &&
		    cache->did == like->did && cache->sid == like->sid)
			return cache;
	return NULL;
}

/* Keep the caches of a unit together, so that they go into one batch. */
static void cache_link(struct vtd_caches *caches, struct vtd_cache *cache)
{
	struct vtd_cache *other;

	lockdep_assert_held(&caches->lock);
	list_for_each_entry_reverse(other, &caches->list, link)
		if (other->unit == cache->unit) {
			list_add_rcu(&cache->link, &other->link);
			return;
		}
	list_add_tail_rcu(&cache->link, &caches->list);
}

static int cache_get(struct vtd_caches *caches, const struct vtd_cache *like)
{
	struct vtd_cache *new = kmemdup(like, sizeof(*like), GFP_KERNEL), *old;

	if (!new)
		return -ENOMEM;
	new->users = 1;
	scoped_guard(spinlock, &caches->lock) {
		old = cache_find(caches, like);
		if (old)
			old->users++;
		else
			cache_link(caches, new);
	}
	if (old)
		kfree(new);
	else
		trace_cache_tag_assign(new);
	return 0;
}

static void cache_put(struct vtd_caches *caches, const struct vtd_cache *like)
{
	struct vtd_cache *cache;

	scoped_guard(spinlock, &caches->lock) {
		cache = cache_find(caches, like);
		if (cache && --cache->users)
			cache = NULL;
		if (cache)
			list_del_rcu(&cache->link);
	}
	if (cache) {
		trace_cache_tag_unassign(cache);
		kfree_rcu(cache, rcu);
	}
}

static struct vtd_cache iotlb_of(struct vtd_device *device, u16 did)
{
	return (struct vtd_cache) {
		.kind = VTD_CACHE_IOTLB,
		.unit = device->unit,
		.did = did,
	};
}

static struct vtd_cache device_tlb_of(struct vtd_device *device, u16 did)
{
	return (struct vtd_cache) {
		.kind = VTD_CACHE_DEVICE,
		.unit = device->unit,
		.did = did,
		.sid = device->sid,
		.pfsid = device->pfsid,
		.depth = device->ats_depth,
		.twice = device->flush_twice,
	};
}

/**
 * vtd_caches_init() - start without caches
 * @caches: caches of a new domain
 *
 * Context: Any context.
 */
void vtd_caches_init(struct vtd_caches *caches)
{
	spin_lock_init(&caches->lock);
	INIT_LIST_HEAD(&caches->list);
	caches->flush_failed = false;
}

/**
 * vtd_cache_add() - flush from now on what a unit caches for a device
 * @caches: caches of a domain
 * @device: device that is about to be attached
 * @did: domain-id of the domain in the device's unit
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int vtd_cache_add(struct vtd_caches *caches, struct vtd_device *device, u16 did)
{
	struct vtd_cache iotlb = iotlb_of(device, did);

	return cache_get(caches, &iotlb);
}

/**
 * vtd_cache_add_device() - flush from now on what a device caches itself
 * @caches: caches of a domain
 * @device: device that is attached, with ATS on
 * @did: domain-id of the domain in the device's unit
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int vtd_cache_add_device(struct vtd_caches *caches, struct vtd_device *device, u16 did)
{
	struct vtd_cache device_tlb = device_tlb_of(device, did);

	return cache_get(caches, &device_tlb);
}

/**
 * vtd_cache_del() - no longer flush for a device
 * @caches: caches of a domain
 * @device: device that was detached and caches nothing any more
 * @did: domain-id that vtd_cache_add() got, and vtd_cache_add_device() if ATS is on
 *
 * When this returns, no CPU submits an invalidation of the device-TLB any more:
 * ATS can be turned off, and the device may be removed.
 *
 * Context: Process context, may sleep.
 */
void vtd_cache_del(struct vtd_caches *caches, struct vtd_device *device, u16 did)
{
	struct vtd_cache iotlb = iotlb_of(device, did);
	struct vtd_cache device_tlb = device_tlb_of(device, did);

	cache_put(caches, &iotlb);
	if (device->ats_enabled) {
		cache_put(caches, &device_tlb);
		synchronize_rcu();
	}
}

/* Return 0 if the whole domain must be invalidated. */
static unsigned int plan_iotlb(const struct intel_iommu *unit,
			       const struct cache_flush *flush,
			       struct vtd_psi_block blocks[VTD_PSI_BLOCKS])
{
	if (flush->all || !vtd_cap_page_selective(unit->cap))
		return 0;
	return vtd_psi_cover(flush->first, flush->last, vtd_cap_max_mask(unit->cap), blocks);
}

static unsigned int plan_device_tlb(const struct cache_flush *flush,
				    struct vtd_psi_block blocks[VTD_PSI_BLOCKS])
{
	unsigned int count = 0;

	if (!flush->all)
		count = vtd_psi_cover(flush->first, flush->last, DEVICE_MAX_ORDER, blocks);
	if (count)
		return count;
	blocks[0] = (struct vtd_psi_block) { 0, DEVICE_MAX_ORDER };
	return 1;
}

static void add_iotlb(struct vtd_batch *batch, const struct vtd_cache *cache,
		      const struct cache_flush *flush)
{
	struct vtd_psi_block blocks[VTD_PSI_BLOCKS];
	u64 drain = cache->unit->drain;
	unsigned int i, count;

	count = plan_iotlb(cache->unit, flush, blocks);
	if (!count)
		vtd_batch_add(batch, vtd_desc_iotlb(VTD_GRANULARITY_DOMAIN,
						    cache->did, drain));
	for (i = 0; i < count; i++)
		vtd_batch_add(batch, vtd_desc_iotlb_pages(cache->did,
							  blocks[i].page << 12,
							  blocks[i].order,
							  flush->leaf_only, drain));
}

/*
 * The IOTLB must be invalidated before: else the device could request, and get,
 * the stale translation again. The unit executes descriptors of different kinds
 * in any order (specification 6.5.2.10), so a wait must stand between them.
 */
static void add_device_tlb(struct vtd_batch *batch, const struct vtd_cache *cache,
			   const struct cache_flush *flush)
{
	struct vtd_psi_block blocks[VTD_PSI_BLOCKS];
	unsigned int count = plan_device_tlb(flush, blocks);
	unsigned int i, times = cache->twice ? 2 : 1;

	while (times--)
		for (i = 0; i < count; i++)
			vtd_batch_add(batch,
				      vtd_desc_device_tlb(cache->sid, cache->pfsid,
							  cache->depth,
							  blocks[i].page << 12,
							  blocks[i].order));
}

/* Flush one kind of cache: all of a unit with one wait, or each with its own. */
static int flush_kind(struct vtd_caches *caches, enum vtd_cache_kind kind,
		      const struct cache_flush *flush, bool apart)
{
	struct vtd_batch batch = { };
	struct vtd_cache *cache;
	int ret = 0;

	list_for_each_entry_rcu(cache, &caches->list, link) {
		if (cache->kind != kind || READ_ONCE(cache->isolated))
			continue;
		if (apart || batch.unit != cache->unit) {
			ret = vtd_worse_error(ret, vtd_batch_submit(&batch));
			batch.unit = cache->unit;
		}
		if (kind == VTD_CACHE_IOTLB)
			add_iotlb(&batch, cache, flush);
		else
			add_device_tlb(&batch, cache, flush);
	}
	return vtd_worse_error(ret, vtd_batch_submit(&batch));
}

/*
 * Isolate the devices that timed out. A device-TLB need not be invalidated once
 * its device can't reach memory. Return false if the unit does not confirm that
 * for one of them. Another CPU may have isolated the others first.
 */
static bool isolate_timed_out(struct vtd_caches *caches)
{
	struct vtd_cache *cache;
	bool all = true;

	list_for_each_entry_rcu(cache, &caches->list, link) {
		if (cache->kind != VTD_CACHE_DEVICE || READ_ONCE(cache->isolated) ||
		    !vtd_qi_timed_out(cache->unit, cache->sid))
			continue;
		if (vtd_isolate(cache->unit, cache->sid))
			all = false;
		else
			WRITE_ONCE(cache->isolated, true);
	}
	return all;
}

/*
 * Old units do not report which device timed out. So the second try submits one
 * device at a time.
 */
static int flush_device_tlbs(struct vtd_caches *caches,
			     const struct cache_flush *flush)
{
	int ret, tries = CACHE_TRIES;
	bool apart = false;

	do {
		ret = flush_kind(caches, VTD_CACHE_DEVICE, flush, apart);
		if (!ret || (ret != -ETIMEDOUT && apart))
			return ret;
		apart = true;
	} while (tries-- && (ret != -ETIMEDOUT || isolate_timed_out(caches)));
	return ret;
}

static int flush_many(struct vtd_caches *caches, const struct cache_flush *flush)
{
	int ret = flush_kind(caches, VTD_CACHE_IOTLB, flush, false);

	return flush_device_tlbs(caches, flush) ?: ret;
}

/* The usual case: one unit, nothing cached in devices, one descriptor */
static int flush_one(const struct vtd_cache *cache, const struct cache_flush *flush)
{
	struct vtd_psi_block blocks[VTD_PSI_BLOCKS];
	struct intel_iommu *unit = cache->unit;
	u64 drain = unit->drain;
	struct vtd_desc desc;
	unsigned int count;

	count = plan_iotlb(unit, flush, blocks);
	if (count > 1)
		return -EAGAIN;
	if (count)
		desc = vtd_desc_iotlb_pages(cache->did, blocks[0].page << 12,
					    blocks[0].order, flush->leaf_only, drain);
	else
		desc = vtd_desc_iotlb(VTD_GRANULARITY_DOMAIN, cache->did, drain);
	return vtd_qi_submit(unit, &desc, 1);
}

static void trace_cache(const struct vtd_cache *cache, const struct cache_flush *flush)
{
	struct vtd_psi_block blocks[VTD_PSI_BLOCKS];
	unsigned int i, count;

	count = cache->kind == VTD_CACHE_IOTLB ?
		plan_iotlb(cache->unit, flush, blocks) : plan_device_tlb(flush, blocks);
	if (flush->all || !count)
		trace_cache_tag_flush_all(cache);
	for (i = 0; i < count && !flush->all; i++) {
		unsigned long pages = BIT(min(blocks[i].order, BITS_PER_LONG - 1U));

		if (flush->mapped)
			trace_cache_tag_flush_range_np(cache, flush->first << 12,
						       (flush->last << 12) | 0xfff,
						       blocks[i].page << 12, pages,
						       blocks[i].order);
		else
			trace_cache_tag_flush_range(cache, flush->first << 12,
						    (flush->last << 12) | 0xfff,
						    blocks[i].page << 12, pages,
						    blocks[i].order);
	}
}

/* A loop of its own, so that the flush pays nothing while the event is off. */
static void trace_caches(struct vtd_caches *caches, const struct cache_flush *flush)
{
	struct vtd_cache *cache;

	list_for_each_entry_rcu(cache, &caches->list, link)
		if (cache->kind == VTD_CACHE_IOTLB || !flush->mapped)
			trace_cache(cache, flush);
}

static int flush_range(struct vtd_caches *caches, const struct cache_flush *flush)
{
	struct vtd_cache *cache;
	int ret = -EAGAIN;

	cache = list_first_or_null_rcu(&caches->list, struct vtd_cache, link);
	if (!cache)
		return 0;
	if (list_is_last(&cache->link, &caches->list) && cache->unit->qi &&
	    cache->kind == VTD_CACHE_IOTLB)
		ret = flush_one(cache, flush);
	return ret == -EAGAIN ? flush_many(caches, flush) : ret;
}

/**
 * vtd_cache_flush_range() - invalidate a range of addresses in all caches
 * @caches: caches of a domain
 * @first: first address in bytes
 * @last: last address in bytes
 * @leaf_only: the tables above the pages have not changed
 *
 * Context: Any context but NMI; waits for the hardware.
 * Return: 0, or a negative errno if a cache may still hold a translation of it.
 */
int vtd_cache_flush_range(struct vtd_caches *caches, unsigned long first,
			  unsigned long last, bool leaf_only)
{
	struct cache_flush flush = {
		.first = (u64)first >> 12,
		.last = (u64)last >> 12,
		.leaf_only = leaf_only,
	};
	int ret;

	scoped_guard(rcu) {
		if (trace_cache_tag_flush_range_enabled())
			trace_caches(caches, &flush);
		ret = flush_range(caches, &flush);
	}
	return unlikely(READ_ONCE(caches->flush_failed)) ? -EIO : ret;
}

/**
 * vtd_cache_flush_all() - invalidate all addresses in all caches
 * @caches: caches of a domain
 *
 * One invalidation for each unit, whatever was unmapped.
 *
 * Context: Any context but NMI; waits for the hardware.
 * Return: 0, or a negative errno if a cache may still hold a translation.
 */
int vtd_cache_flush_all(struct vtd_caches *caches)
{
	struct cache_flush flush = { .all = true };
	int ret;

	scoped_guard(rcu) {
		if (trace_cache_tag_flush_all_enabled())
			trace_caches(caches, &flush);
		ret = flush_many(caches, &flush);
	}
	return unlikely(READ_ONCE(caches->flush_failed)) ? -EIO : ret;
}

/**
 * vtd_cache_sync_map() - make new mappings known
 * @caches: caches of a domain
 * @first: first address in bytes
 * @last: last address in bytes
 *
 * A unit in caching mode may have cached non-present entries (specification
 * 6.1). A unit with RWBF may hold the new entries in its write buffer.
 *
 * Context: Any context but NMI; waits for the hardware.
 * Return: 0 or a negative errno.
 */
int vtd_cache_sync_map(struct vtd_caches *caches, unsigned long first,
		       unsigned long last)
{
	struct cache_flush flush = {
		.first = (u64)first >> 12,
		.last = (u64)last >> 12,
		.mapped = true,
	};
	struct vtd_cache *cache;
	int ret = 0;

	/*
	 * Order our writes of entries before the walk of the list. Attaching lists
	 * the cache before it makes the context entry present.
	 */
	smp_mb();
	guard(rcu)();
	if (trace_cache_tag_flush_range_np_enabled())
		trace_caches(caches, &flush);
	list_for_each_entry_rcu(cache, &caches->list, link) {
		struct vtd_batch batch = { .unit = cache->unit };

		if (cache->kind != VTD_CACHE_IOTLB)
			continue;
		if (!vtd_cap_caching_mode(cache->unit->cap)) {
			vtd_flush_write_buffer(cache->unit);
			continue;
		}
		add_iotlb(&batch, cache, &flush);
		ret = vtd_batch_submit(&batch) ?: ret;
	}
	return ret;
}
