/* SPDX-License-Identifier: GPL-2.0-only */
/* Domains: address spaces of devices. */

#ifndef __VTD_DOMAIN_H
#define __VTD_DOMAIN_H

#include <linux/iommu.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>

struct intel_iommu;
struct io_pgtable_ops;

/**
 * struct vtd_domain_unit - a domain's place in a unit
 * @unit: the unit
 * @did: domain-id there
 * @users: devices behind the unit that are attached
 */
struct vtd_domain_unit {
	struct intel_iommu	*unit;
	u16			did;
	unsigned int		users;
};

/**
 * struct vtd_need - what units must have in common to share page tables
 * @levels: levels of page tables
 * @address_bits: width of addresses
 * @large_pages: as vtd_cap_large_pages()
 * @coherent: tables are read through the CPU's caches
 * @zero_length_reads: pages need not be readable for a read of no bytes
 * @no_news: units see by themselves what is newly mapped
 */
struct vtd_need {
	unsigned int	levels;
	unsigned int	address_bits;
	unsigned int	large_pages;
	bool		coherent;
	bool		zero_length_reads;
	bool		no_news;
};

/**
 * struct vtd_domain - an address space with page tables
 * @domain: the core's part
 * @table: (c) page table operations
 * @read_bit: (c) IOMMU_READ where every mapping has to be readable, else 0
 * @mapped: something was mapped at some time; only ever set
 * @snoop: (a) every access snoops the CPU's caches
 * @stuck: a unit may still have something cached under a domain-id; only ever set
 * @lock: serialises changes of @caches; a leaf
 * @caches: (l) caches that hold translations, read under RCU, see cache.h
 * @units: units that serve the domain, by seq_id; changes under @attach_lock
 * @attach_lock: serialises attaching and detaching; may be slept under; taken
 *	inside the core's group mutex
 * @need: (c) what a unit must have to serve the domain
 * @root: (c) physical address of the page table
 * @node: (c) device whose NUMA node has the page tables, a reference is held
 *
 * Made and freed by the core. (c) constant once made, (l) @lock, (a) @attach_lock.
 */
struct vtd_domain {
	struct iommu_domain	domain;
	struct io_pgtable_ops	*table;
	int			read_bit;
	bool			mapped;
	bool			snoop;
	bool			stuck;
	spinlock_t		lock; /* of what is marked (l) */
	struct list_head	caches;
	struct xarray		units;
	struct mutex		attach_lock; /* attaching and detaching */
	struct vtd_need		need;
	u64			root;
	struct device		*node;
};

static inline struct vtd_domain *to_vtd_domain(struct iommu_domain *domain)
{
	return container_of(domain, struct vtd_domain, domain);
}

int vtd_domain_join(struct vtd_domain *domain, struct intel_iommu *unit);
void vtd_domain_leave(struct vtd_domain *domain, struct intel_iommu *unit);
u16 vtd_domain_did(struct vtd_domain *domain, struct intel_iommu *unit);
struct iommu_domain *vtd_domain_alloc_paging(struct device *dev);
struct iommu_domain *vtd_domain_alloc_user(struct device *dev, u32 flags,
					   struct iommu_domain *parent,
					   const struct iommu_user_data *user_data);

#endif /* __VTD_DOMAIN_H */
