// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domains: address spaces with page tables, and which units they fit.
 *
 * What a domain's tables are like is settled when it is made: for the unit of
 * the device that it is made for, or so that every unit can use them. A unit
 * that can't use them refuses the domain with -EINVAL, upon which the core, VFIO
 * and iommufd make another.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/dmar.h>
#include <linux/io-pgtable.h>
#include <linux/kmemleak.h>
#include <linux/slab.h>
#include <linux/sizes.h>

#include "../iommu-pages.h"
#include "cache.h"
#include "device.h"
#include "domain.h"
#include "params.h"
#include "quirks.h"
#include "unit.h"

static struct vtd_need need_of(const struct intel_iommu *unit)
{
	return (struct vtd_need) {
		.levels = unit->levels,
		.address_bits = vtd_cap_address_bits(unit->cap),
		.large_pages = vtd_params.large_pages ?
			       vtd_cap_large_pages(unit->cap) : 0,
		.coherent = vtd_ecap_coherent(unit->ecap),
		.zero_length_reads = vtd_cap_zero_length_read(unit->cap),
		.no_news = !vtd_cap_caching_mode(unit->cap) &&
			   !vtd_cap_write_buffer(unit->cap) &&
			   !vtd_quirk_write_buffer(),
	};
}

static bool unit_has(const struct intel_iommu *unit, const struct vtd_need *need)
{
	struct vtd_need own = need_of(unit);

	return (vtd_cap_sagaw(unit->cap) & BIT(vtd_levels_to_width(need->levels))) &&
	       own.address_bits >= need->address_bits &&
	       !(need->large_pages & ~own.large_pages) &&
	       own.coherent >= need->coherent &&
	       own.zero_length_reads >= need->zero_length_reads &&
	       own.no_news >= need->no_news;
}

/* For a domain that is not made for a device */
static bool need_of_all(struct vtd_need *need)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *unit;
	bool found = false;

	rcu_read_lock();
	for_each_active_iommu(unit, drhd) {
		struct vtd_need own = need_of(unit);

		if (!found)
			*need = own;
		found = true;
		need->levels = min(need->levels, own.levels);
		need->address_bits = min(need->address_bits, own.address_bits);
		need->large_pages &= own.large_pages;
		need->coherent &= own.coherent;
		need->zero_length_reads &= own.zero_length_reads;
		need->no_news &= own.no_news;
	}
	rcu_read_unlock();
	return found;
}

static int domain_map_pages(struct iommu_domain *iommu_domain, unsigned long iova,
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

static size_t domain_unmap_pages(struct iommu_domain *iommu_domain,
				 unsigned long iova, size_t pgsize, size_t pgcount,
				 struct iommu_iotlb_gather *gather)
{
	struct io_pgtable_ops *table = to_vtd_domain(iommu_domain)->table;

	return table->unmap_pages(table, iova, pgsize, pgcount, gather);
}

static phys_addr_t domain_iova_to_phys(struct iommu_domain *iommu_domain,
				       dma_addr_t iova)
{
	struct io_pgtable_ops *table = to_vtd_domain(iommu_domain)->table;

	return table->iova_to_phys(table, iova);
}

/* What was unmapped must not be used again: the core is told before we return */
static void note_failure(struct iommu_domain *domain)
{
	atomic_inc(&domain->flush_failures);
}

/* Tables come in the gather's list: without any, only leaves have changed */
static void domain_iotlb_sync(struct iommu_domain *iommu_domain,
			      struct iommu_iotlb_gather *gather)
{
	struct vtd_domain *domain = to_vtd_domain(iommu_domain);
	bool leaf_only = list_empty(&gather->freelist);

	if (unlikely(gather->start > gather->end && leaf_only))
		return;
	if (unlikely(vtd_cache_flush_range(domain, gather->start, gather->end,
					   leaf_only))) {
		note_failure(iommu_domain);
		return;
	}
	if (!leaf_only)
		iommu_put_pages_list(&gather->freelist);
}

static void domain_flush_all(struct iommu_domain *domain)
{
	if (vtd_cache_flush_all(to_vtd_domain(domain)))
		note_failure(domain);
}

static int domain_sync_map(struct iommu_domain *domain, unsigned long iova,
			   size_t size)
{
	return vtd_cache_flush_new(to_vtd_domain(domain), iova, iova + size - 1);
}

static void table_flush_all(void *cookie)
{
	domain_flush_all(cookie);
}

static void table_flush_walk(unsigned long iova, size_t size, size_t granule,
			     void *cookie)
{
	if (vtd_cache_flush_range(to_vtd_domain(cookie), iova, iova + size - 1, false))
		note_failure(cookie);
}

static const struct iommu_flush_ops domain_flush_ops = {
	.tlb_flush_all	= table_flush_all,
	.tlb_flush_walk	= table_flush_walk,
};

/*
 * From now on every access snoops the CPU's caches, whatever the device asks
 * for. What is mapped can't be changed.
 */
static bool domain_enforce_coherency(struct iommu_domain *iommu_domain)
{
	struct vtd_domain *domain = to_vtd_domain(iommu_domain);
	struct vtd_domain_unit *place;
	bool able = true;
	unsigned long i;

	guard(mutex)(&domain->attach_lock);
	if (domain->snoop)
		return true;
	xa_for_each(&domain->units, i, place)
		able &= vtd_ecap_snoop(place->unit->ecap);
	if (!able || READ_ONCE(domain->mapped))
		return false;
	io_pgtable_ops_to_pgtable(domain->table)->cfg.quirks |=
		IO_PGTABLE_QUIRK_VTD_SNOOP;
	domain->snoop = true;
	return true;
}

/*
 * Nothing is attached, so that the hardware knows nothing of the tables; unless
 * a unit did not confirm it: then they stay for ever.
 */
static void domain_free(struct iommu_domain *iommu_domain)
{
	struct vtd_domain *domain = to_vtd_domain(iommu_domain);

	if (WARN_ON_ONCE(!xa_empty(&domain->units)))
		return;
	if (domain->stuck) {
		kmemleak_not_leak(domain);
		return;
	}
	free_io_pgtable_ops(domain->table);
	put_device(domain->node);
	xa_destroy(&domain->units);
	kfree(domain);
}

static const struct iommu_domain_ops paging_ops = {
	.attach_dev		= vtd_attach_paging,
	.map_pages		= domain_map_pages,
	.unmap_pages		= domain_unmap_pages,
	.flush_iotlb_all	= domain_flush_all,
	.iotlb_sync		= domain_iotlb_sync,
	.iova_to_phys		= domain_iova_to_phys,
	.enforce_cache_coherency = domain_enforce_coherency,
	.free			= domain_free,
};

/* The same where a unit has to be told what is newly mapped */
static const struct iommu_domain_ops paging_news_ops = {
	.attach_dev		= vtd_attach_paging,
	.map_pages		= domain_map_pages,
	.unmap_pages		= domain_unmap_pages,
	.flush_iotlb_all	= domain_flush_all,
	.iotlb_sync_map		= domain_sync_map,
	.iotlb_sync		= domain_iotlb_sync,
	.iova_to_phys		= domain_iova_to_phys,
	.enforce_cache_coherency = domain_enforce_coherency,
	.free			= domain_free,
};

static int alloc_table(struct vtd_domain *domain)
{
	const struct vtd_need *need = &domain->need;
	unsigned int width = 12 + 9 * need->levels;
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap	= SZ_4K,
		.ias		= width,
		.oas		= 52,
		.coherent_walk	= need->coherent,
		.tlb		= &domain_flush_ops,
		.iommu_dev	= domain->node,
	};

	if (need->large_pages & BIT(0))
		cfg.pgsize_bitmap |= SZ_2M;
	if (need->large_pages & BIT(1))
		cfg.pgsize_bitmap |= SZ_1G;
	domain->table = alloc_io_pgtable_ops(VTD_SECOND_STAGE, &cfg, &domain->domain);
	if (!domain->table)
		return -ENOMEM;

	domain->root = cfg.vtd_cfg.root;
	domain->domain.pgsize_bitmap = cfg.pgsize_bitmap;
	domain->domain.geometry = (struct iommu_domain_geometry) {
		.aperture_end	= BIT_ULL(min(width, need->address_bits)) - 1,
		.force_aperture	= true,
	};
	return 0;
}

static struct iommu_domain *domain_alloc(struct vtd_need need, struct device *node)
{
	struct vtd_domain *domain = kzalloc(sizeof(*domain), GFP_KERNEL);
	int error;

	if (!domain)
		return ERR_PTR(-ENOMEM);
	domain->need = need;
	domain->read_bit = need.zero_length_reads ? 0 : IOMMU_READ;
	domain->domain.ops = need.no_news ? &paging_ops : &paging_news_ops;
	spin_lock_init(&domain->lock);
	mutex_init(&domain->attach_lock);
	INIT_LIST_HEAD(&domain->caches);
	xa_init(&domain->units);
	domain->node = get_device(node);
	error = alloc_table(domain);
	if (error) {
		put_device(node);
		kfree(domain);
		return ERR_PTR(error);
	}
	return &domain->domain;
}

/**
 * vtd_domain_alloc_paging() - make a domain
 * @dev: device that it is for, or NULL for any
 *
 * Context: may sleep.
 * Return: the domain or an ERR_PTR(): -ENODEV without units, -ENOMEM.
 */
struct iommu_domain *vtd_domain_alloc_paging(struct device *dev)
{
	struct vtd_need need;

	if (dev) {
		struct intel_iommu *unit = vtd_device_of(dev)->unit;

		return domain_alloc(need_of(unit), unit->iommu.dev);
	}
	if (!need_of_all(&need))
		return ERR_PTR(-ENODEV);
	return domain_alloc(need, NULL);
}

/**
 * vtd_domain_alloc_user() - make a domain for userspace
 * @dev: device that it is for
 * @flags: IOMMU_HWPT_ALLOC_*; all of them take scalable mode
 * @parent: domain to be nested in, likewise
 * @user_data: table of the nested domain, likewise
 *
 * Context: may sleep.
 * Return: the domain or an ERR_PTR(): -EOPNOTSUPP, -ENOMEM.
 */
struct iommu_domain *vtd_domain_alloc_user(struct device *dev, u32 flags,
					   struct iommu_domain *parent,
					   const struct iommu_user_data *user_data)
{
	struct iommu_domain *domain;

	if (flags || parent || user_data)
		return ERR_PTR(-EOPNOTSUPP);
	domain = vtd_domain_alloc_paging(dev);
	if (!IS_ERR(domain)) {
		domain->type = IOMMU_DOMAIN_UNMANAGED;
		domain->owner = &intel_iommu_ops;
	}
	return domain;
}

/**
 * vtd_domain_join() - let a domain serve a unit, for one more device
 * @domain: domain
 * @unit: unit of a device that is about to be attached
 *
 * Context: may sleep; under @domain->attach_lock.
 * Return: domain-id of the domain in the unit; -EINVAL if the unit can't use
 *	the domain's tables, -ENOSPC without a domain-id, -ENOMEM.
 */
int vtd_domain_join(struct vtd_domain *domain, struct intel_iommu *unit)
{
	struct vtd_domain_unit *place = xa_load(&domain->units, unit->seq_id);
	int did, error;

	lockdep_assert_held(&domain->attach_lock);
	if (!unit_has(unit, &domain->need) ||
	    (domain->snoop && !vtd_ecap_snoop(unit->ecap)))
		return -EINVAL;
	if (place) {
		place->users++;
		return place->did;
	}

	place = kzalloc(sizeof(*place), GFP_KERNEL);
	if (!place)
		return -ENOMEM;
	did = vtd_did_alloc(unit);
	if (did < 0) {
		kfree(place);
		return did;
	}
	*place = (struct vtd_domain_unit) { .unit = unit, .did = did, .users = 1 };
	error = xa_err(xa_store(&domain->units, unit->seq_id, place, GFP_KERNEL));
	if (error) {
		vtd_did_free(unit, did);
		kfree(place);
		return error;
	}
	return did;
}

/**
 * vtd_domain_leave() - undo vtd_domain_join()
 * @domain: domain
 * @unit: unit
 *
 * Where something may still be cached, the domain-id has no other owner, ever.
 *
 * Context: may sleep; under @domain->attach_lock.
 */
void vtd_domain_leave(struct vtd_domain *domain, struct intel_iommu *unit)
{
	struct vtd_domain_unit *place = xa_load(&domain->units, unit->seq_id);

	lockdep_assert_held(&domain->attach_lock);
	if (WARN_ON_ONCE(!place) || --place->users)
		return;
	xa_erase(&domain->units, unit->seq_id);
	if (!domain->stuck)
		vtd_did_free(unit, place->did);
	kfree(place);
}

/**
 * vtd_domain_did() - look up a domain's id
 * @domain: domain
 * @unit: unit that it serves
 *
 * Context: under @domain->attach_lock.
 * Return: domain-id, or VTD_DID_NONE.
 */
u16 vtd_domain_did(struct vtd_domain *domain, struct intel_iommu *unit)
{
	struct vtd_domain_unit *place = xa_load(&domain->units, unit->seq_id);

	return place ? place->did : VTD_DID_NONE;
}
