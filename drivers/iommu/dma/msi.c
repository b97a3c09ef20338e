// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI doorbells behind an IOMMU: a device raises an interrupt by writing to an
 * address, and where that write is translated, the doorbell has to be mapped
 * like any other memory. A domain for the DMA API takes an address from its
 * allocator; one that its owner maps takes the next one in a row, in the region
 * that the owner keeps free.
 *
 * A doorbell is mapped when the first interrupt needs it and stays until the
 * cookie is put.
 */

#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/iova.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/msi.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "fastpath.h"

/* Give the unit of doorbells: what the cookie hands out, and so what is masked */
static size_t msi_granule(struct iommu_domain *domain)
{
	struct iommu_dma_cookie *cookie = domain->iova_cookie;

	if (cookie->type == IOMMU_DMA_IOVA_COOKIE)
		return to_iova_cookie(cookie)->iovad.granule;

	return max_t(size_t, PAGE_SIZE, 1UL << __ffs(domain->pgsize_bitmap));
}

static struct iommu_dma_msi_map *msi_find(struct iommu_dma_cookie *cookie,
					  phys_addr_t phys)
{
	struct iommu_dma_msi_map *map;

	lockdep_assert_held(&cookie->msi_lock);

	list_for_each_entry(map, &cookie->msi_maps, list)
		if (phys >= map->phys && phys - map->phys < map->size)
			return map;

	return NULL;
}

/* Find the last address of the device's region that @base lies in */
static dma_addr_t msi_region_last(struct iommu_domain *domain, struct device *dev,
				  dma_addr_t base)
{
	dma_addr_t last = domain->geometry.aperture_end ?: DMA_BIT_MASK(64);
	struct iommu_resv_region *region;
	LIST_HEAD(regions);

	iommu_get_resv_regions(dev, &regions);
	list_for_each_entry(region, &regions, list)
		if (region->type == IOMMU_RESV_SW_MSI && region->length &&
		    base >= region->start && base - region->start < region->length)
			last = min_t(dma_addr_t, last,
				     region->start + region->length - 1);
	iommu_put_resv_regions(dev, &regions);

	return last;
}

static int msi_alloc(struct iommu_domain *domain, struct device *dev, size_t size,
		     dma_addr_t *iova)
{
	struct iommu_dma_cookie *cookie = domain->iova_cookie;
	struct iommu_dma_msi_cookie *linear;
	dma_addr_t last;

	lockdep_assert_held(&cookie->msi_lock);

	if (cookie->type == IOMMU_DMA_IOVA_COOKIE) {
		*iova = iommu_dma_alloc_iova(domain, dev, size, dma_get_mask(dev), true);
		return *iova ? 0 : -ENOMEM;
	}

	linear = to_msi_cookie(cookie);
	last = msi_region_last(domain, dev, linear->base);
	if (check_add_overflow(linear->next, size - 1, iova) || *iova > last) {
		dev_warn_ratelimited(dev, "no room for another MSI doorbell at %pad\n",
				     &linear->next);
		return -ENOSPC;
	}
	*iova = linear->next;
	linear->next += size;

	return 0;
}

/* Give back what msi_alloc() gave last */
static void msi_unalloc(struct iommu_domain *domain, dma_addr_t iova, size_t size,
			int failures)
{
	struct iommu_dma_cookie *cookie = domain->iova_cookie;

	lockdep_assert_held(&cookie->msi_lock);

	if (cookie->type == IOMMU_DMA_IOVA_COOKIE)
		iommu_dma_undo(domain, iova, size, 0, failures);
	else
		to_msi_cookie(cookie)->next = iova;
}

static struct iommu_dma_msi_map *msi_map(struct iommu_domain *domain,
					 struct device *dev, phys_addr_t phys)
{
	struct iommu_dma_msi_map *map __free(kfree) = kzalloc(sizeof(*map), GFP_KERNEL);
	int prot = IOMMU_WRITE | IOMMU_NOEXEC | IOMMU_MMIO;
	int failures = atomic_read(&domain->flush_failures);
	int ret;

	if (!map)
		return ERR_PTR(-ENOMEM);

	map->size = msi_granule(domain);
	map->phys = ALIGN_DOWN(phys, map->size);
	map->ours = true;
	ret = msi_alloc(domain, dev, map->size, &map->iova);
	if (ret)
		return ERR_PTR(ret);

	ret = iommu_map(domain, map->iova, map->phys, map->size, prot, GFP_KERNEL);
	if (ret) {
		msi_unalloc(domain, map->iova, map->size, failures);
		return ERR_PTR(ret);
	}

	list_add(&map->list, &domain->iova_cookie->msi_maps);
	trace_iommu_dma_msi_map(dev, map->phys, map->iova, map->size);
	return_ptr(map);
}

/**
 * iommu_dma_msi_add_window() - note addresses where doorbells need no mapping
 * @cookie: cookie that is being set up
 * @start: first address, the same for devices and for memory
 * @length: length in bytes
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int iommu_dma_msi_add_window(struct iommu_dma_iova_cookie *cookie,
			     phys_addr_t start, size_t length)
{
	phys_addr_t first = start - iova_offset(&cookie->iovad, start);
	struct iommu_dma_msi_map *map;

	guard(mutex)(&cookie->cookie.msi_lock);
	map = msi_find(&cookie->cookie, start);
	if (map && start + length <= map->phys + map->size)
		return 0;	/* another device has the same */

	map = kzalloc(sizeof(*map), GFP_KERNEL);
	if (!map)
		return -ENOMEM;
	map->phys = first;
	map->iova = first;
	map->size = iova_align(&cookie->iovad, start + length - first);
	list_add(&map->list, &cookie->cookie.msi_maps);

	return 0;
}

/**
 * iommu_dma_msi_release() - unmap all doorbells of a domain
 * @domain: domain with a cookie, which is being put
 *
 * Context: Process context, may sleep.
 */
void iommu_dma_msi_release(struct iommu_domain *domain)
{
	struct iommu_dma_cookie *cookie = domain->iova_cookie;
	struct iommu_dma_msi_map *map, *next;

	list_for_each_entry_safe(map, next, &cookie->msi_maps, list) {
		if (map->ours)
			iommu_unmap(domain, map->iova, map->size);
		list_del(&map->list);
		kfree(map);
	}
}

/**
 * iommu_dma_prepare_msi() - make an MSI doorbell reachable for a device
 * @desc: interrupt; gets the doorbell's I/O address
 * @msi_addr: the doorbell's physical address
 *
 * Context: Process context, may sleep. Interrupts may be prepared at the same time.
 * Return: 0, -ENOMEM, -ENOSPC if the region for doorbells is full, -ENODEV if
 * the domain could not be set up, or what mapping the doorbell returned.
 */
int iommu_dma_prepare_msi(struct msi_desc *desc, phys_addr_t msi_addr)
{
	struct device *dev = msi_desc_to_dev(desc);
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);
	struct iommu_dma_msi_map *map;
	size_t granule;

	if (!domain || !domain->iova_cookie) {
		msi_desc_set_iommu_msi_iova(desc, 0, 0);
		return 0;
	}

	granule = msi_granule(domain);
	if (!granule)
		return -ENODEV;	/* it could not be set up for the DMA API */

	guard(mutex)(&domain->iova_cookie->msi_lock);
	map = msi_find(domain->iova_cookie, msi_addr);
	if (!map)
		map = msi_map(domain, dev, msi_addr);
	if (IS_ERR(map))
		return PTR_ERR(map);

	msi_desc_set_iommu_msi_iova(desc, map->iova + ALIGN_DOWN(msi_addr - map->phys, granule),
				    ilog2(granule));
	return 0;
}

/**
 * iommu_dma_compose_msi_msg() - put a doorbell's I/O address into a message
 * @desc: interrupt that iommu_dma_prepare_msi() has prepared
 * @msg: message with the doorbell's physical address
 *
 * The offset in the granule stays, whatever the cookie's granule is.
 *
 * Context: Any context.
 */
void iommu_dma_compose_msi_msg(struct msi_desc *desc, struct msi_msg *msg)
{
#ifdef CONFIG_IRQ_MSI_IOMMU
	u64 iova, offset;

	if (!desc->iommu_msi_shift)
		return;

	iova = (u64)desc->iommu_msi_iova << desc->iommu_msi_shift;
	offset = msg->address_lo & GENMASK(desc->iommu_msi_shift - 1, 0);
	msg->address_hi = upper_32_bits(iova);
	msg->address_lo = lower_32_bits(iova) | offset;
#endif
}
