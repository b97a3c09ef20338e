/* SPDX-License-Identifier: GPL-2.0-only */
/* Which caches hold translations of a page table, and how they are flushed. */

#ifndef _VTD_CACHE_H
#define _VTD_CACHE_H

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct intel_iommu;
struct vtd_device;

/**
 * enum vtd_cache_kind - where translations are cached
 * @VTD_CACHE_IOTLB: in a unit, tagged with a domain-id
 * @VTD_CACHE_DEVICE: in a device with ATS
 */
enum vtd_cache_kind {
	VTD_CACHE_IOTLB,
	VTD_CACHE_DEVICE,
};

/**
 * struct vtd_cache - a cache that holds translations
 * @link: in &struct vtd_caches; all caches of one unit stand together, its IOTLB
 *	first
 * @rcu: frees it
 * @kind: (c) which of the two
 * @unit: (c) the unit, or that of the device
 * @did: (c) domain-id
 * @sid: (c) source-id of the device
 * @pfsid: (c) source-id of its physical function, or 0
 * @depth: (c) invalidations that the device takes at once
 * @twice: (c) the device must be invalidated twice, see quirks.c
 * @isolated: the device did not answer and is isolated; only ever set
 * @users: (l) attached devices that share it
 *
 * (c) constant, (l) the lock of &struct vtd_caches.
 */
struct vtd_cache {
	struct list_head	link;
	struct rcu_head		rcu;
	enum vtd_cache_kind	kind;
	struct intel_iommu	*unit;
	u16			did;
	u16			sid;
	u16			pfsid;
	u8			depth;
	bool			twice;
	bool			isolated;
	unsigned int		users;
};

/**
 * struct vtd_caches - all caches that hold translations of one page table
 * @lock: serialises changes of @list; a leaf
 * @list: (l) of &struct vtd_cache; read under RCU
 * @flush_failed: a cache that is no longer listed may still hold a translation,
 *	so every flush fails; only ever set
 *
 * (l) @lock.
 */
struct vtd_caches {
	spinlock_t		lock; /* of what is marked (l) */
	struct list_head	list;
	bool			flush_failed;
};

void vtd_caches_init(struct vtd_caches *caches);
int vtd_cache_add(struct vtd_caches *caches, struct vtd_device *device, u16 did);
int vtd_cache_add_device(struct vtd_caches *caches, struct vtd_device *device, u16 did);
void vtd_cache_del(struct vtd_caches *caches, struct vtd_device *device, u16 did);
int vtd_cache_flush_range(struct vtd_caches *caches, unsigned long first,
			  unsigned long last, bool leaf_only);
int vtd_cache_flush_all(struct vtd_caches *caches);
int vtd_cache_sync_map(struct vtd_caches *caches, unsigned long first,
		       unsigned long last);

#endif /* _VTD_CACHE_H */
