// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which caches hold translations of a domain, and how they forget them.
 *
 * The list is walked under RCU, and the walker waits for the hardware in there:
 * whoever takes a cache out of the list may not let go of what it stands for
 * before a grace period has passed, as far as the hardware minds: a domain-id
 * that has a new owner is flushed once too often, which is harmless.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/rculist.h>
#include <linux/slab.h>

#include "cache.h"
#include "device.h"
#include "domain.h"
#include "inval.h"
#include "psi.h"
#include "trace.h"
#include "unit.h"

/* Devices that one flush may find silent before it is given up */
#define CACHE_TRIES		8

/* The device-TLB descriptor has bits for any size */
#define DEVICE_MAX_ORDER	52

/**
 * struct cache_flush - what is to be forgotten
 * @first: first page, in units of 4 KiB
 * @last: last page
 * @leaf_only: tables have not changed
 * @all: everything, whatever @first and @last say
 * @news: nothing was there before
 */
struct cache_flush {
	u64 first;
	u64 last;
	bool leaf_only;
	bool all;
	bool news;
};

static struct vtd_cache *cache_find(struct vtd_domain *domain,
				    const struct vtd_cache *like)
{
	struct vtd_cache *cache;

	lockdep_assert_held(&domain->lock);
	list_for_each_entry(cache, &domain->caches, link)
		if (cache->unit == like->unit && cache->kind == like->kind &&
		    cache->did == like->did && cache->sid == like->sid)
			return cache;
	return NULL;
}

/* All of a unit stand together, so that they go into one batch */
static void cache_link(struct vtd_domain *domain, struct vtd_cache *cache)
{
	struct vtd_cache *other;

	list_for_each_entry_reverse(other, &domain->caches, link)
		if (other->unit == cache->unit) {
			list_add_rcu(&cache->link, &other->link);
			return;
		}
	list_add_tail_rcu(&cache->link, &domain->caches);
}

static int cache_get(struct vtd_domain *domain, const struct vtd_cache *like)
{
	struct vtd_cache *new = kmemdup(like, sizeof(*like), GFP_KERNEL), *old;

	if (!new)
		return -ENOMEM;
	new->users = 1;
	spin_lock(&domain->lock);
	old = cache_find(domain, like);
	if (old)
		old->users++;
	else
		cache_link(domain, new);
	spin_unlock(&domain->lock);
	if (old)
		kfree(new);
	else
		trace_cache_tag_assign(new);
	return 0;
}

static void cache_put(struct vtd_domain *domain, const struct vtd_cache *like)
{
	struct vtd_cache *cache;

	spin_lock(&domain->lock);
	cache = cache_find(domain, like);
	if (cache && --cache->users)
		cache = NULL;
	if (cache)
		list_del_rcu(&cache->link);
	spin_unlock(&domain->lock);
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
 * vtd_cache_add() - flush from now on what a unit caches for a device
 * @domain: domain
 * @device: device that is about to be attached
 * @did: domain-id of the domain in the device's unit
 *
 * Context: may sleep; under the domain's attach_lock.
 * Return: 0 or -ENOMEM.
 */
int vtd_cache_add(struct vtd_domain *domain, struct vtd_device *device, u16 did)
{
	struct vtd_cache iotlb = iotlb_of(device, did);

	return cache_get(domain, &iotlb);
}

/**
 * vtd_cache_add_device() - flush from now on what a device caches itself
 * @domain: domain
 * @device: device that is attached, with ATS on
 * @did: domain-id of the domain in the device's unit
 *
 * Context: may sleep; under the domain's attach_lock.
 * Return: 0 or -ENOMEM.
 */
int vtd_cache_add_device(struct vtd_domain *domain, struct vtd_device *device, u16 did)
{
	struct vtd_cache device_tlb = device_tlb_of(device, did);

	return cache_get(domain, &device_tlb);
}

/**
 * vtd_cache_del() - no longer flush for a device
 * @domain: domain
 * @device: device that was detached and caches nothing any more
 * @did: domain-id that vtd_cache_add() got, and vtd_cache_add_device() if ATS is on
 *
 * Returns when no CPU asks the device-TLB any more, so that ATS can be turned
 * off, or the device be gone.
 *
 * Context: may sleep; under the domain's attach_lock.
 */
void vtd_cache_del(struct vtd_domain *domain, struct vtd_device *device, u16 did)
{
	struct vtd_cache iotlb = iotlb_of(device, did);
	struct vtd_cache device_tlb = device_tlb_of(device, did);

	cache_put(domain, &iotlb);
	if (device->ats_enabled) {
		cache_put(domain, &device_tlb);
		synchronize_rcu();
	}
}

/* Returns 0 if all of the domain is to go */
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
 * After the IOTLB: else the device could ask again, and get, what is about to be
 * forgotten there. Descriptors of different kinds are executed in any order
 * (specification 6.5.2.10), so a wait has to come in between.
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

/* One kind of cache; all of one unit with one wait, or each with its own */
static int flush_kind(struct vtd_domain *domain, enum vtd_cache_kind kind,
		      const struct cache_flush *flush, bool apart)
{
	struct vtd_batch batch = { };
	struct vtd_cache *cache;
	int error = 0;

	list_for_each_entry_rcu(cache, &domain->caches, link) {
		if (cache->kind != kind || READ_ONCE(cache->dead))
			continue;
		if (apart || batch.unit != cache->unit) {
			error = vtd_worse_error(error, vtd_batch_submit(&batch));
			batch.unit = cache->unit;
		}
		if (kind == VTD_CACHE_IOTLB)
			add_iotlb(&batch, cache, flush);
		else
			add_device_tlb(&batch, cache, flush);
	}
	return vtd_worse_error(error, vtd_batch_submit(&batch));
}

/*
 * Only once it can't reach memory, nobody has to ask a device any more. False if
 * there is one of which the unit does not confirm it; another CPU may have been
 * faster with the others.
 */
static bool cut_off_silent(struct vtd_domain *domain)
{
	struct vtd_cache *cache;
	bool all = true;

	list_for_each_entry_rcu(cache, &domain->caches, link) {
		if (cache->kind != VTD_CACHE_DEVICE || READ_ONCE(cache->dead) ||
		    !vtd_qi_timed_out(cache->unit, cache->sid))
			continue;
		if (vtd_cut_off(cache->unit, cache->sid))
			all = false;
		else
			WRITE_ONCE(cache->dead, true);
	}
	return all;
}

/*
 * Old units do not tell which device it is that does not answer. Asked one by
 * one, it shows.
 */
static int flush_device_tlbs(struct vtd_domain *domain,
			     const struct cache_flush *flush)
{
	int error, tries = CACHE_TRIES;
	bool apart = false;

	do {
		error = flush_kind(domain, VTD_CACHE_DEVICE, flush, apart);
		if (!error || (error != -ETIMEDOUT && apart))
			return error;
		apart = true;
	} while (tries-- && (error != -ETIMEDOUT || cut_off_silent(domain)));
	return error;
}

static int flush_many(struct vtd_domain *domain, const struct cache_flush *flush)
{
	int error = flush_kind(domain, VTD_CACHE_IOTLB, flush, false);

	return flush_device_tlbs(domain, flush) ?: error;
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

		if (flush->news)
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

/* Apart from the flush itself, so that this costs nothing when it is off */
static void trace_caches(struct vtd_domain *domain, const struct cache_flush *flush)
{
	struct vtd_cache *cache;

	list_for_each_entry_rcu(cache, &domain->caches, link)
		if (cache->kind == VTD_CACHE_IOTLB || !flush->news)
			trace_cache(cache, flush);
}

static int flush_range(struct vtd_domain *domain, const struct cache_flush *flush)
{
	struct vtd_cache *cache;
	int error = -EAGAIN;

	cache = list_first_or_null_rcu(&domain->caches, struct vtd_cache, link);
	if (!cache)
		return 0;
	if (list_is_last(&cache->link, &domain->caches) && cache->unit->qi &&
	    cache->kind == VTD_CACHE_IOTLB)
		error = flush_one(cache, flush);
	return error == -EAGAIN ? flush_many(domain, flush) : error;
}

/**
 * vtd_cache_flush_range() - have all caches forget a range of a domain
 * @domain: domain
 * @first: first address in bytes
 * @last: last address in bytes
 * @leaf_only: tables on the way to the pages have not changed
 *
 * Context: any but NMI; waits for the hardware.
 * Return: 0, or a negative errno if some cache may still have it.
 */
int vtd_cache_flush_range(struct vtd_domain *domain, unsigned long first,
			  unsigned long last, bool leaf_only)
{
	struct cache_flush flush = {
		.first = (u64)first >> 12,
		.last = (u64)last >> 12,
		.leaf_only = leaf_only,
	};
	int error;

	rcu_read_lock();
	if (trace_cache_tag_flush_range_enabled())
		trace_caches(domain, &flush);
	error = flush_range(domain, &flush);
	rcu_read_unlock();
	return unlikely(READ_ONCE(domain->stuck)) ? -EIO : error;
}

/**
 * vtd_cache_flush_all() - have all caches forget a domain
 * @domain: domain
 *
 * One invalidation for each unit, whatever was unmapped.
 *
 * Context: any but NMI; waits for the hardware.
 * Return: 0, or a negative errno if some cache may still have something.
 */
int vtd_cache_flush_all(struct vtd_domain *domain)
{
	struct cache_flush flush = { .all = true };
	int error;

	rcu_read_lock();
	if (trace_cache_tag_flush_all_enabled())
		trace_caches(domain, &flush);
	error = flush_many(domain, &flush);
	rcu_read_unlock();
	return unlikely(READ_ONCE(domain->stuck)) ? -EIO : error;
}

/**
 * vtd_cache_flush_new() - make new mappings known
 * @domain: domain
 * @first: first address in bytes
 * @last: last address in bytes
 *
 * A unit in caching mode may have cached that there was nothing (specification
 * 6.1); others may have the new entries in their write buffer.
 *
 * Context: any but NMI; waits for the hardware.
 * Return: 0 or a negative errno.
 */
int vtd_cache_flush_new(struct vtd_domain *domain, unsigned long first,
			unsigned long last)
{
	struct cache_flush flush = {
		.first = (u64)first >> 12,
		.last = (u64)last >> 12,
		.news = true,
	};
	struct vtd_cache *cache;
	int error = 0;

	/* Pairs with attaching, which lists the cache before it makes it work */
	smp_mb();
	rcu_read_lock();
	if (trace_cache_tag_flush_range_np_enabled())
		trace_caches(domain, &flush);
	list_for_each_entry_rcu(cache, &domain->caches, link) {
		struct vtd_batch batch = { .unit = cache->unit };

		if (cache->kind != VTD_CACHE_IOTLB)
			continue;
		if (!vtd_cap_caching_mode(cache->unit->cap)) {
			vtd_flush_write_buffer(cache->unit);
			continue;
		}
		add_iotlb(&batch, cache, &flush);
		error = vtd_batch_submit(&batch) ?: error;
	}
	rcu_read_unlock();
	return error;
}
