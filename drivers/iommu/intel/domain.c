// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domains: address spaces with page tables, and which units they fit.
 *
 * The format of a domain's tables is fixed when it is made: for the unit of the
 * device that it is made for, or so that every unit can use them. A unit that
 * can't use them refuses the domain with -EINVAL; the core, VFIO and iommufd then
 * make another one.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/cleanup.h>
#include <linux/dmar.h>
#include <linux/io-pgtable.h>
#include <linux/kmemleak.h>
#include <linux/slab.h>
#include <linux/sizes.h>

#include "../iommu-pages.h"
#include "cache.h"
#include "device.h"
#include "did.h"
#include "domain.h"
#include "params.h"
#include "quirks.h"
#include "unit.h"

static struct vtd_requirements requirements_of(const struct intel_iommu *unit)
{
	return (struct vtd_requirements) {
		.levels = unit->levels,
		.address_bits = vtd_cap_address_bits(unit->cap),
		.large_pages = vtd_params.large_pages ?
			       vtd_cap_large_pages(unit->cap) : 0,
		.coherent = vtd_ecap_coherent(unit->ecap),
		.zero_length_reads = vtd_cap_zero_length_read(unit->cap),
		.needs_sync_map = vtd_cap_caching_mode(unit->cap) ||
				  vtd_cap_write_buffer(unit->cap) ||
				  vtd_quirk_write_buffer(),
	};
}

static bool unit_meets(const struct intel_iommu *unit,
		       const struct vtd_requirements *required)
{
	struct vtd_requirements own = requirements_of(unit);

	return (vtd_cap_sagaw(unit->cap) & BIT(vtd_levels_to_width(required->levels))) &&
	       own.address_bits >= required->address_bits &&
	       !(required->large_pages & ~own.large_pages) &&
	       own.coherent >= required->coherent &&
	       own.zero_length_reads >= required->zero_length_reads &&
	       own.needs_sync_map <= required->needs_sync_map;
}

/* For a domain that is not made for a device: what all units meet. */
static bool requirements_of_all(struct vtd_requirements *all)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *unit;
	bool found = false;

	guard(rcu)();
	for_each_active_iommu(unit, drhd) {
		struct vtd_requirements own = requirements_of(unit);

		if (!found)
			*all = own;
		found = true;
		all->levels = min(all->levels, own.levels);
		all->address_bits = min(all->address_bits, own.address_bits);
		all->large_pages &= own.large_pages;
		all->coherent &= own.coherent;
		all->zero_length_reads &= own.zero_length_reads;
		all->needs_sync_map |= own.needs_sync_map;
	}
	return found;
}

/**
 * vtd_domain_map_pages() - map pages of one size
 * @iommu_domain: domain
 * @iova: first address
 * @paddr: physical address
 * @pgsize: size of a page in bytes
 * @pgcount: number of pages
 * @prot: IOMMU_READ, IOMMU_WRITE
 * @gfp: how to allocate tables
 * @mapped: increased by the bytes that are mapped
 *
 * Context: Any context but NMI, as @gfp allows.
 * Return: 0 or a negative errno, with @mapped bytes mapped.
 */
int vtd_domain_map_pages(struct iommu_domain *iommu_domain, unsigned long iova,
			 phys_addr_t paddr, size_t pgsize, size_t pgcount,
			 int prot, gfp_t gfp, size_t *mapped)
{
	struct vtd_domain *domain = to_vtd_domain(iommu_domain);
	struct io_pgtable_ops *table = domain->table;

	if (unlikely(!READ_ONCE(domain->mapped)))
		WRITE_ONCE(domain->mapped, true);
	return table->map_pages(table, iova, paddr, pgsize, pgcount,
				prot | domain->read_bit, gfp, mapped);
}

/**
 * vtd_domain_unmap_pages() - unmap pages of one size
 * @iommu_domain: domain
 * @iova: first address
 * @pgsize: size of a page in bytes
 * @pgcount: number of pages
 * @gather: range and tables for vtd_domain_iotlb_sync()
 *
 * Context: Any context but NMI.
 * Return: bytes that are unmapped.
 */
size_t vtd_domain_unmap_pages(struct iommu_domain *iommu_domain, unsigned long iova,
			      size_t pgsize, size_t pgcount,
			      struct iommu_iotlb_gather *gather)
{
	struct io_pgtable_ops *table = to_vtd_domain(iommu_domain)->table;

	return table->unmap_pages(table, iova, pgsize, pgcount, gather);
}

/**
 * vtd_domain_iova_to_phys() - look up an address
 * @iommu_domain: domain
 * @iova: address
 *
 * Context: Any context but NMI.
 * Return: physical address, or 0 if there is no mapping.
 */
phys_addr_t vtd_domain_iova_to_phys(struct iommu_domain *iommu_domain,
				    dma_addr_t iova)
{
	struct io_pgtable_ops *table = to_vtd_domain(iommu_domain)->table;

	return table->iova_to_phys(table, iova);
}

/* Tell the core before we return: memory that was unmapped must not be reused. */
static void note_failure(struct iommu_domain *domain)
{
	atomic_inc(&domain->flush_failures);
}

/**
 * vtd_domain_iotlb_sync() - invalidate what was unmapped
 * @iommu_domain: domain
 * @gather: range, and tables to free afterwards
 *
 * Without tables in the gather's list only leaves have changed.
 *
 * Context: Any context but NMI; waits for the hardware.
 */
void vtd_domain_iotlb_sync(struct iommu_domain *iommu_domain,
			   struct iommu_iotlb_gather *gather)
{
	struct vtd_domain *domain = to_vtd_domain(iommu_domain);
	bool leaf_only = list_empty(&gather->freelist);

	if (unlikely(gather->start > gather->end && leaf_only))
		return;
	if (unlikely(vtd_cache_flush_range(&domain->caches, gather->start, gather->end,
					   leaf_only))) {
		note_failure(iommu_domain);
		return;
	}
	if (!leaf_only)
		iommu_put_pages_list(&gather->freelist);
}

/**
 * vtd_domain_flush_all() - invalidate all of a domain
 * @iommu_domain: domain
 *
 * Context: Any context but NMI; waits for the hardware.
 */
void vtd_domain_flush_all(struct iommu_domain *iommu_domain)
{
	if (vtd_cache_flush_all(&to_vtd_domain(iommu_domain)->caches))
		note_failure(iommu_domain);
}

/**
 * vtd_domain_sync_map() - make new mappings known to units that need it
 * @iommu_domain: domain
 * @iova: first address
 * @size: bytes
 *
 * Context: Any context but NMI; waits for the hardware.
 * Return: 0 or a negative errno.
 */
int vtd_domain_sync_map(struct iommu_domain *iommu_domain, unsigned long iova,
			size_t size)
{
	return vtd_cache_sync_map(&to_vtd_domain(iommu_domain)->caches, iova,
				  iova + size - 1);
}

static void table_flush_all(void *cookie)
{
	vtd_domain_flush_all(cookie);
}

static void table_flush_walk(unsigned long iova, size_t size, size_t granule,
			     void *cookie)
{
	struct vtd_domain *domain = to_vtd_domain(cookie);

	if (vtd_cache_flush_range(&domain->caches, iova, iova + size - 1, false))
		note_failure(cookie);
}

static const struct iommu_flush_ops domain_flush_ops = {
	.tlb_flush_all	= table_flush_all,
	.tlb_flush_walk	= table_flush_walk,
};

/**
 * vtd_domain_enforce_coherency() - make every access snoop the CPU's caches
 * @iommu_domain: domain
 *
 * From now on, whatever the device requests. Existing mappings can't be changed.
 *
 * Context: Process context, may sleep.
 * Return: true if all accesses snoop; false if a unit is not able to, or if
 *	something was mapped already.
 */
bool vtd_domain_enforce_coherency(struct iommu_domain *iommu_domain)
{
	struct vtd_domain *domain = to_vtd_domain(iommu_domain);
	struct vtd_domain_unit *info;
	bool able = true;
	unsigned long i;

	guard(mutex)(&domain->attach_lock);
	if (domain->snoop)
		return true;
	xa_for_each(&domain->units, i, info)
		able &= vtd_ecap_snoop(info->unit->ecap);
	if (!able || READ_ONCE(domain->mapped))
		return false;
	io_pgtable_ops_to_pgtable(domain->table)->cfg.quirks |=
		IO_PGTABLE_QUIRK_VTD_SNOOP;
	domain->snoop = true;
	return true;
}

/**
 * vtd_domain_free() - free a domain
 * @iommu_domain: domain that no device is attached to
 *
 * The hardware does not use its page table any more. But if a unit did not
 * confirm that, the domain and its page table are never freed.
 *
 * Context: Process context, may sleep.
 */
void vtd_domain_free(struct iommu_domain *iommu_domain)
{
	struct vtd_domain *domain = to_vtd_domain(iommu_domain);

	if (WARN_ON_ONCE(!xa_empty(&domain->units)))
		return;
	if (domain->caches.flush_failed) {
		kmemleak_not_leak(domain);
		return;
	}
	free_io_pgtable_ops(domain->table);
	put_device(domain->node);
	xa_destroy(&domain->units);
	kfree(domain);
}

static int alloc_table(struct vtd_domain *domain)
{
	const struct vtd_requirements *required = &domain->requirements;
	unsigned int width = 12 + 9 * required->levels;
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap	= SZ_4K,
		.ias		= width,
		.oas		= 52,
		.coherent_walk	= required->coherent,
		.tlb		= &domain_flush_ops,
		.iommu_dev	= domain->node,
	};

	if (required->large_pages & BIT(0))
		cfg.pgsize_bitmap |= SZ_2M;
	if (required->large_pages & BIT(1))
		cfg.pgsize_bitmap |= SZ_1G;
	domain->table = alloc_io_pgtable_ops(VTD_SECOND_STAGE, &cfg, &domain->domain);
	if (!domain->table)
		return -ENOMEM;

	domain->root = cfg.vtd_cfg.root;
	domain->domain.pgsize_bitmap = cfg.pgsize_bitmap;
	domain->domain.geometry = (struct iommu_domain_geometry) {
		.aperture_end	= BIT_ULL(min(width, required->address_bits)) - 1,
		.force_aperture	= true,
	};
	return 0;
}

static struct vtd_domain *domain_alloc(struct vtd_requirements requirements,
				       struct device *node)
{
	struct vtd_domain *domain = kzalloc(sizeof(*domain), GFP_KERNEL);
	int ret;

	if (!domain)
		return ERR_PTR(-ENOMEM);
	domain->requirements = requirements;
	domain->read_bit = requirements.zero_length_reads ? 0 : IOMMU_READ;
	vtd_caches_init(&domain->caches);
	mutex_init(&domain->attach_lock);
	xa_init(&domain->units);
	domain->node = get_device(node);
	ret = alloc_table(domain);
	if (ret) {
		put_device(node);
		kfree(domain);
		return ERR_PTR(ret);
	}
	return domain;
}

/**
 * vtd_domain_alloc() - make a domain
 * @dev: device that it is for, or NULL for any
 *
 * The caller must set its operations.
 *
 * Context: Process context, may sleep.
 * Return: the domain or an ERR_PTR(): -ENODEV without units, -ENOMEM.
 */
struct vtd_domain *vtd_domain_alloc(struct device *dev)
{
	struct vtd_requirements requirements;

	if (dev) {
		struct intel_iommu *unit = vtd_device_of(dev)->unit;

		return domain_alloc(requirements_of(unit), unit->iommu.dev);
	}
	if (!requirements_of_all(&requirements))
		return ERR_PTR(-ENODEV);
	return domain_alloc(requirements, NULL);
}

/**
 * vtd_domain_join() - let a domain serve a unit, for one more device
 * @domain: domain
 * @unit: unit of a device that is about to be attached
 *
 * Context: Process context, may sleep; under @domain->attach_lock.
 * Return: domain-id of the domain in the unit; -EINVAL if the unit can't use
 *	the domain's tables, -ENOSPC without a domain-id, -ENOMEM.
 */
int vtd_domain_join(struct vtd_domain *domain, struct intel_iommu *unit)
{
	struct vtd_domain_unit *info = xa_load(&domain->units, unit->seq_id);
	int did, ret;

	lockdep_assert_held(&domain->attach_lock);
	if (!unit_meets(unit, &domain->requirements) ||
	    (domain->snoop && !vtd_ecap_snoop(unit->ecap)))
		return -EINVAL;
	if (info) {
		info->users++;
		return info->did;
	}

	info = kzalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	did = vtd_did_alloc(unit);
	if (did < 0) {
		kfree(info);
		return did;
	}
	*info = (struct vtd_domain_unit) { .unit = unit, .did = did, .users = 1 };
	ret = xa_err(xa_store(&domain->units, unit->seq_id, info, GFP_KERNEL));
	if (ret) {
		vtd_did_free(unit, did);
		kfree(info);
		return ret;
	}
	return did;
}

/**
 * vtd_domain_leave() - undo vtd_domain_join()
 * @domain: domain
 * @unit: unit
 *
 * If a flush failed, the domain-id is never given to another domain.
 *
 * Context: Process context, may sleep; under @domain->attach_lock.
 */
void vtd_domain_leave(struct vtd_domain *domain, struct intel_iommu *unit)
{
	struct vtd_domain_unit *info = xa_load(&domain->units, unit->seq_id);

	lockdep_assert_held(&domain->attach_lock);
	if (WARN_ON_ONCE(!info) || --info->users)
		return;
	xa_erase(&domain->units, unit->seq_id);
	if (!domain->caches.flush_failed)
		vtd_did_free(unit, info->did);
	kfree(info);
}

/**
 * vtd_domain_did() - look up a domain's id
 * @domain: domain
 * @unit: unit that it serves
 *
 * Context: Process context, under @domain->attach_lock.
 * Return: domain-id, or VTD_DID_NONE.
 */
u16 vtd_domain_did(struct vtd_domain *domain, struct intel_iommu *unit)
{
	struct vtd_domain_unit *info = xa_load(&domain->units, unit->seq_id);

	lockdep_assert_held(&domain->attach_lock);
	return info ? info->did : VTD_DID_NONE;
}
