/* SPDX-License-Identifier: GPL-2.0-only */
/* Domains: address spaces of devices. */

#ifndef _VTD_DOMAIN_H
#define _VTD_DOMAIN_H

#include <linux/iommu.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

#include "cache.h"

struct intel_iommu;
struct io_pgtable_ops;

/**
 * struct vtd_domain_unit - what a domain has in a unit that it serves
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
 * struct vtd_requirements - what units must have in common to share page tables
 * @levels: levels of page tables
 * @address_bits: width of addresses
 * @large_pages: as vtd_cap_large_pages()
 * @coherent: tables are read through the CPU's caches
 * @zero_length_reads: pages need not be readable for a read of no bytes
 * @needs_sync_map: new mappings need iotlb_sync_map(): the unit is in caching
 *	mode, or its write buffer must be flushed (RWBF). A domain that has it can
 *	also serve units that do not need it.
 */
struct vtd_requirements {
	unsigned int	levels;
	unsigned int	address_bits;
	unsigned int	large_pages;
	bool		coherent;
	bool		zero_length_reads;
	bool		needs_sync_map;
};

/**
 * struct vtd_domain - an address space with page tables
 * @domain: the core's part
 * @table: (c) page table operations
 * @read_bit: (c) IOMMU_READ where every mapping has to be readable, else 0
 * @mapped: something was mapped at some time; only ever set
 * @snoop: (a) every access snoops the CPU's caches
 * @caches: caches that hold translations, with a lock of its own
 * @units: units that serve the domain, by seq_id; changes under @attach_lock
 * @attach_lock: serialises attaching and detaching; may be slept under; taken
 *	inside the core's group mutex
 * @requirements: (c) what a unit must have to serve the domain
 * @root: (c) physical address of the page table
 * @node: (c) device whose NUMA node has the page tables, a reference is held
 *
 * Made and freed by the core. (c) constant once made, (a) @attach_lock.
 */
struct vtd_domain {
	struct iommu_domain	domain;
	struct io_pgtable_ops	*table;
	int			read_bit;
	bool			mapped;
	bool			snoop;
	struct vtd_caches	caches;
	struct xarray		units;
	struct mutex		attach_lock; /* attaching and detaching */
	struct vtd_requirements	requirements;
	u64			root;
	struct device		*node;
};

static inline struct vtd_domain *to_vtd_domain(struct iommu_domain *domain)
{
	return container_of(domain, struct vtd_domain, domain);
}

struct vtd_domain *vtd_domain_alloc(struct device *dev);
int vtd_domain_join(struct vtd_domain *domain, struct intel_iommu *unit);
void vtd_domain_leave(struct vtd_domain *domain, struct intel_iommu *unit);
u16 vtd_domain_did(struct vtd_domain *domain, struct intel_iommu *unit);

/* Operations of a domain, for the tables in iommu.c */
int vtd_domain_map_pages(struct iommu_domain *iommu_domain, unsigned long iova,
			 phys_addr_t paddr, size_t pgsize, size_t pgcount,
			 int prot, gfp_t gfp, size_t *mapped);
size_t vtd_domain_unmap_pages(struct iommu_domain *iommu_domain, unsigned long iova,
			      size_t pgsize, size_t pgcount,
			      struct iommu_iotlb_gather *gather);
phys_addr_t vtd_domain_iova_to_phys(struct iommu_domain *iommu_domain,
				    dma_addr_t iova);
void vtd_domain_iotlb_sync(struct iommu_domain *iommu_domain,
			   struct iommu_iotlb_gather *gather);
void vtd_domain_flush_all(struct iommu_domain *iommu_domain);
int vtd_domain_sync_map(struct iommu_domain *iommu_domain, unsigned long iova,
			size_t size);
bool vtd_domain_enforce_coherency(struct iommu_domain *iommu_domain);
void vtd_domain_free(struct iommu_domain *iommu_domain);

#endif /* _VTD_DOMAIN_H */
