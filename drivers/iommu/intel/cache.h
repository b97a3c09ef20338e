/* SPDX-License-Identifier: GPL-2.0-only */
/* Which caches hold translations of a domain, and how they forget them. */

#ifndef __VTD_CACHE_H
#define __VTD_CACHE_H

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct intel_iommu;
struct vtd_device;
struct vtd_domain;

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
 * struct vtd_cache - a cache that holds translations of a domain
 * @link: in the domain's list, which is walked under RCU and changed under the
 *	domain's lock; all of one unit stand together, its IOTLB first
 * @rcu: frees it
 * @kind: (c) which of the two
 * @unit: (c) the unit, or that of the device
 * @did: (c) domain-id
 * @sid: (c) source-id of the device
 * @pfsid: (c) source-id of its physical function, or 0
 * @depth: (c) invalidations that the device takes at once
 * @twice: (c) the device must be told twice, see quirks.c
 * @dead: the device did not answer and is cut off; only ever set
 * @users: (l) attached devices that share it
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
	bool			dead;
	unsigned int		users;
};

int vtd_cache_add(struct vtd_domain *domain, struct vtd_device *device, u16 did);
int vtd_cache_add_device(struct vtd_domain *domain, struct vtd_device *device, u16 did);
void vtd_cache_del(struct vtd_domain *domain, struct vtd_device *device, u16 did);
int vtd_cache_flush_range(struct vtd_domain *domain, unsigned long first,
			  unsigned long last, bool leaf_only);
int vtd_cache_flush_all(struct vtd_domain *domain);
int vtd_cache_flush_new(struct vtd_domain *domain, unsigned long first,
			unsigned long last);

#endif /* __VTD_CACHE_H */
