// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cookie of a domain for the DMA API: it is made and ended here, with the
 * addresses that must not be handed out, and the policy, strict or lazy.
 *
 * Locking: the IOMMU core calls everything here under the lock of the domain's
 * group, or while no other thread knows the domain. A cookie's own lock is for
 * readers in debugfs, which do not hold the group's.
 */

#include <linux/acpi_iort.h>
#include <linux/cleanup.h>
#include <linux/crash_dump.h>
#include <linux/device.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/iommu.h>
#include <linux/iova.h>
#include <linux/kstrtox.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/of_iommu.h>
#include <linux/pci.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <trace/events/iommu_dma.h>

#include "debugfs.h"
#include "fq-control.h"
#include "internal.h"

bool iommu_dma_forcedac __read_mostly;

static int __init iommu_dma_forcedac_setup(char *str)
{
	int ret = kstrtobool(str, &iommu_dma_forcedac);

	if (!ret && iommu_dma_forcedac)
		pr_info("iommu: PCI devices may get addresses above 4 GiB from the start\n");

	return ret;
}
early_param("iommu.forcedac", iommu_dma_forcedac_setup);

/* Making and ending a cookie */

static void cookie_init(struct iommu_dma_cookie *cookie,
			enum iommu_dma_cookie_type type)
{
	cookie->type = type;
	mutex_init(&cookie->msi_lock);
	INIT_LIST_HEAD(&cookie->msi_maps);
}

/**
 * iommu_get_dma_cookie() - prepare a domain for the DMA API
 * @domain: domain that becomes a group's default domain
 *
 * Context: Process context, may sleep.
 * Return: 0, -EEXIST if the domain has a cookie, or -ENOMEM.
 */
int iommu_get_dma_cookie(struct iommu_domain *domain)
{
	struct iommu_dma_iova_cookie *cookie;

	if (domain->iova_cookie)
		return -EEXIST;

	cookie = kzalloc(sizeof(*cookie), GFP_KERNEL);
	if (!cookie)
		return -ENOMEM;

	cookie_init(&cookie->cookie, IOMMU_DMA_IOVA_COOKIE);
	mutex_init(&cookie->lock);
	INIT_LIST_HEAD(&cookie->devices);
	domain->iova_cookie = &cookie->cookie;
	return 0;
}

/**
 * iommu_get_msi_cookie() - prepare a domain for MSIs only
 * @domain: domain whose owner maps what it likes, but not MSI doorbells
 * @base: first I/O address for doorbells, which the owner keeps free from
 *	there to the end of the devices' IOMMU_RESV_SW_MSI region
 *
 * Context: Process context, may sleep.
 * Return: 0, -EINVAL for another type of domain, -EEXIST if the domain has a
 * cookie, or -ENOMEM.
 */
int iommu_get_msi_cookie(struct iommu_domain *domain, dma_addr_t base)
{
	struct iommu_dma_msi_cookie *cookie;

	if (domain->type != IOMMU_DOMAIN_UNMANAGED)
		return -EINVAL;
	if (domain->iova_cookie)
		return -EEXIST;

	cookie = kzalloc(sizeof(*cookie), GFP_KERNEL);
	if (!cookie)
		return -ENOMEM;

	cookie_init(&cookie->cookie, IOMMU_DMA_MSI_COOKIE);
	cookie->base = base;
	cookie->next = base;
	domain->iova_cookie = &cookie->cookie;
	return 0;
}
EXPORT_SYMBOL(iommu_get_msi_cookie);

static void iova_cookie_release(struct iommu_domain *domain)
{
	struct iommu_dma_iova_cookie *cookie = iova_cookie(domain);
	struct iommu_dma_device *d, *next;

	iommu_dma_debugfs_remove(domain);
	list_for_each_entry_safe(d, next, &cookie->devices, list) {
		list_del(&d->list);
		d->domain = NULL;
	}
	/* Timers first: they give ranges back to what goes next */
	iommu_fq_destroy(cookie->fq);
	put_iova_domain(&cookie->iovad);
	kfree(cookie);
}

/**
 * iommu_put_dma_cookie() - end a domain's cookie
 * @domain: domain that no device is attached to; it may have no cookie
 *
 * Context: Process context, may sleep.
 */
void iommu_put_dma_cookie(struct iommu_domain *domain)
{
	struct iommu_dma_cookie *cookie = domain->iova_cookie;

	if (!cookie)
		return;

	iommu_dma_msi_release(domain);
	if (cookie->type == IOMMU_DMA_IOVA_COOKIE)
		iova_cookie_release(domain);
	else
		kfree(to_msi_cookie(cookie));
	domain->iova_cookie = NULL;
}

/* Addresses that must not be handed out */

/**
 * iommu_dma_get_resv_regions() - list the regions that firmware reserves
 * @dev: device
 * @list: where they are added
 *
 * For the get_resv_regions of IOMMU drivers.
 *
 * Context: Process context, may sleep.
 */
void iommu_dma_get_resv_regions(struct device *dev, struct list_head *list)
{
	if (!is_of_node(dev_iommu_fwspec_get(dev)->iommu_fwnode))
		iort_iommu_get_resv_regions(dev, list);
	if (dev->of_node)
		of_iommu_get_resv_regions(dev, list);
}
EXPORT_SYMBOL(iommu_dma_get_resv_regions);

/* Reserve a region; both addresses are inclusive */
static void reserve(struct device *dev, struct iova_domain *iovad, u64 first, u64 last)
{
	u64 first_pfn = first >> iova_shift(iovad);
	u64 last_pfn = min_t(u64, last >> iova_shift(iovad), ULONG_MAX);

	/* What has no PFN can't be handed out */
	if (first > last || first_pfn > last_pfn)
		return;
	if (!reserve_iova(iovad, first_pfn, last_pfn))
		dev_warn(dev, "I/O addresses [%#llx-%#llx] are in use, though the device cannot reach memory there\n",
			 first, last);
}

/* Find the lowest of a bridge's DMA windows that begins at or above @from */
static struct resource_entry *next_window(struct list_head *windows, u64 from)
{
	struct resource_entry *window, *next = NULL;

	resource_list_for_each_entry(window, windows) {
		u64 start = window->res->start - window->offset;

		if (start >= from &&
		    (!next || start < next->res->start - next->offset))
			next = window;
	}

	return next;
}

/* Tell whether firmware has made the mistake to let windows overlap */
static bool windows_overlap(struct list_head *windows)
{
	struct resource_entry *a, *b;

	resource_list_for_each_entry(a, windows) {
		resource_list_for_each_entry(b, windows) {
			if (a != b &&
			    a->res->start - a->offset <= b->res->end - b->offset &&
			    b->res->start - b->offset <= a->res->end - a->offset)
				return true;
		}
	}

	return false;
}

/* Reserve what is outside the windows that a bridge lets DMA through */
static int reserve_outside_windows(struct pci_dev *pdev, struct iova_domain *iovad,
				   struct list_head *windows)
{
	struct resource_entry *window;
	u64 from = 0;

	if (list_empty(windows))
		return 0;
	if (windows_overlap(windows)) {
		pci_err(pdev, "DMA windows of the host bridge overlap\n");
		return -EINVAL;
	}

	while ((window = next_window(windows, from))) {
		u64 start = window->res->start - window->offset;
		u64 last = window->res->end - window->offset;

		if (start > from)
			reserve(&pdev->dev, iovad, from, start - 1);
		if (last == U64_MAX)
			return 0;
		from = last + 1;
	}
	reserve(&pdev->dev, iovad, from, U64_MAX);

	return 0;
}

/* Reserve what a host bridge takes for other devices' memory: it never gets to the IOMMU */
static int reserve_bridge(struct pci_dev *pdev, struct iova_domain *iovad)
{
	struct pci_host_bridge *bridge = pci_find_host_bridge(pdev->bus);
	struct resource_entry *window;

	resource_list_for_each_entry(window, &bridge->windows) {
		if (resource_type(window->res) == IORESOURCE_MEM)
			reserve(&pdev->dev, iovad, window->res->start - window->offset,
				window->res->end - window->offset);
	}

	return reserve_outside_windows(pdev, iovad, &bridge->dma_ranges);
}

static int reserve_regions(struct device *dev, struct iommu_dma_iova_cookie *cookie)
{
	struct iommu_resv_region *region;
	LIST_HEAD(regions);
	int ret = 0;

	lockdep_assert_held(&cookie->lock);

	if (dev_is_pci(dev)) {
		ret = reserve_bridge(to_pci_dev(dev), &cookie->iovad);
		if (ret)
			return ret;
	}

	iommu_get_resv_regions(dev, &regions);
	list_for_each_entry(region, &regions, list) {
		/* Where the glue itself may put doorbells */
		if (region->type == IOMMU_RESV_SW_MSI || !region->length)
			continue;

		reserve(dev, &cookie->iovad, region->start,
			region->start + region->length - 1);
		if (region->type == IOMMU_RESV_MSI)
			ret = iommu_dma_msi_add_window(cookie, region->start,
						       region->length);
		if (ret)
			break;
	}
	iommu_put_resv_regions(dev, &regions);

	return ret;
}

/* Policy */

static bool flush_all(void *token, enum iommu_fq_cause cause, u64 nr)
{
	struct iommu_domain *domain = token;
	int failures = atomic_read(&domain->flush_failures);
	bool confirmed;

	domain->ops->flush_iotlb_all(domain);
	confirmed = failures == atomic_read(&domain->flush_failures);
	trace_iommu_dma_flush(iova_cookie(domain)->group, cause, nr, confirmed);

	return confirmed;
}

/*
 * With shadow_on_flush each flush makes the hypervisor resync, so use one queue
 * and flush rarely.
 */
static bool wants_single_queue(struct iommu_dma_iova_cookie *cookie)
{
	struct iommu_dma_device *d;

	lockdep_assert_held(&cookie->lock);

	list_for_each_entry(d, &cookie->devices, list)
		if (d->dev->iommu->shadow_on_flush)
			return true;

	return false;
}

static bool any_untrusted(struct iommu_dma_iova_cookie *cookie)
{
	struct iommu_dma_device *d;

	lockdep_assert_held(&cookie->lock);

	list_for_each_entry(d, &cookie->devices, list)
		if (iommu_dma_is_untrusted(d->dev))
			return true;

	return false;
}

static int policy_make_lazy(struct iommu_domain *domain)
{
	struct iommu_dma_iova_cookie *cookie = iova_cookie(domain);
	struct iommu_fq *fq;

	lockdep_assert_held(&cookie->lock);

	if (any_untrusted(cookie))
		return -EPERM;
	if (!domain->ops->flush_iotlb_all)
		return -EOPNOTSUPP;

	if (!cookie->fq) {
		fq = iommu_fq_create(&cookie->iovad, flush_all, domain,
				     wants_single_queue(cookie));
		if (!fq)
			return -ENOMEM;
		/* A CPU that unmaps meanwhile sees all of it, or nothing */
		smp_store_release(&cookie->fq, fq);
	}
	iommu_fq_open(cookie->fq);

	return 0;
}

/**
 * iommu_dma_init_fq() - make a domain lazy
 * @domain: domain that devices use through the DMA API, perhaps right now
 *
 * From now on, what is unmapped is flushed for later, and together.
 *
 * Context: Process context, may sleep.
 * Return: 0, -EPERM if one of the devices is not trusted, -EOPNOTSUPP if the
 * domain can't be flushed as a whole, -EINVAL if it is not set up for the DMA
 * API, or -ENOMEM. After an error it is strict, as before.
 */
int iommu_dma_init_fq(struct iommu_domain *domain)
{
	struct iommu_dma_cookie *cookie = domain->iova_cookie;

	if (!cookie || cookie->type != IOMMU_DMA_IOVA_COOKIE)
		return -EINVAL;

	guard(mutex)(&to_iova_cookie(cookie)->lock);
	if (!to_iova_cookie(cookie)->iovad.start_pfn)
		return -EINVAL;

	return policy_make_lazy(domain);
}

/**
 * iommu_dma_stop_fq() - make a domain strict
 * @domain: domain that devices use through the DMA API, perhaps right now
 *
 * When this returns nothing waits any more: all that was unmapped before is
 * invalidated, or quarantined. From then on an unmap returns only when what it
 * unmapped is invalidated.
 *
 * Context: Process context, may sleep.
 */
void iommu_dma_stop_fq(struct iommu_domain *domain)
{
	struct iommu_dma_iova_cookie *cookie = iova_cookie(domain);

	guard(mutex)(&cookie->lock);
	if (cookie->fq)
		iommu_fq_close(cookie->fq);
}

/* Setup */

static struct iommu_dma_device *device_alloc(struct device *dev)
{
	struct iommu_dma_device *d __free(kfree) = kzalloc(sizeof(*d), GFP_KERNEL);

	if (!d)
		return NULL;
	d->counts = alloc_percpu(struct iommu_dma_counts);
	if (!d->counts)
		return NULL;

	d->dev = dev;
	return_ptr(d);
}

/* Add the device to the list of its domain, which decides about the policy */
static int device_join(struct iommu_domain *domain, struct device *dev)
{
	struct iommu_dma_device *d = dev->iommu->dma;

	lockdep_assert_held(&iova_cookie(domain)->lock);

	if (!d) {
		d = device_alloc(dev);
		if (!d)
			return -ENOMEM;
		dev->iommu->dma = d;
	}
	if (!d->domain) {
		d->domain = domain;
		list_add_tail(&d->list, &iova_cookie(domain)->devices);
	}

	return 0;
}

static int domain_init(struct iommu_domain *domain, struct device *dev,
		       unsigned long order, unsigned long base_pfn)
{
	struct iommu_dma_iova_cookie *cookie = iova_cookie(domain);
	unsigned long large = domain->pgsize_bitmap & (domain->pgsize_bitmap - 1);
	int ret;

	lockdep_assert_held(&cookie->lock);

	init_iova_domain(&cookie->iovad, 1UL << order, base_pfn);
	ret = iova_domain_init_rcaches(&cookie->iovad);
	if (ret) {
		/* As if nothing had been, so that it can be tried again */
		put_iova_domain(&cookie->iovad);
		memset(&cookie->iovad, 0, sizeof(cookie->iovad));
		return ret;
	}

	cookie->large_page = large ? 1UL << __ffs(large) : SIZE_MAX;
	cookie->group = iommu_group_id(dev->iommu_group);
	iommu_dma_debugfs_add(domain);

	/* Without memory for queues, or trust, the domain is strict */
	if (domain->type == IOMMU_DOMAIN_DMA_FQ &&
	    (!device_iommu_capable(dev, IOMMU_CAP_DEFERRED_FLUSH) ||
	     policy_make_lazy(domain)))
		domain->type = IOMMU_DOMAIN_DMA;

	return 0;
}

/* Check that a domain that is set up already fits the device, and is safe with it */
static int domain_check(struct iommu_domain *domain, struct device *dev,
			unsigned long order, unsigned long base_pfn)
{
	struct iommu_dma_iova_cookie *cookie = iova_cookie(domain);

	lockdep_assert_held(&cookie->lock);

	if (1UL << order != cookie->iovad.granule ||
	    base_pfn != cookie->iovad.start_pfn) {
		dev_warn(dev, "does not fit the addresses of its group's DMA domain\n");
		return -EFAULT;
	}

	if (domain->type == IOMMU_DOMAIN_DMA_FQ && iommu_dma_is_untrusted(dev)) {
		if (cookie->fq)
			iommu_fq_close(cookie->fq);
		domain->type = IOMMU_DOMAIN_DMA;
	}

	return 0;
}

/* Tell whether the device's bus reaches anything that the domain can map */
static bool bus_fits(struct iommu_domain *domain, const struct bus_dma_region *map)
{
	return !map ||
	       (dma_range_map_min(map) <= domain->geometry.aperture_end &&
		dma_range_map_max(map) >= domain->geometry.aperture_start);
}

/*
 * Set the domain up for a device. Address 0 is never handed out: some drivers
 * take it for none. This is called for each device of the domain; what would
 * make addresses invalid that other devices use already is refused.
 */
static int domain_setup(struct iommu_domain *domain, struct device *dev)
{
	struct iommu_dma_iova_cookie *cookie;
	unsigned long order, base_pfn;
	int ret;

	if (!domain->iova_cookie ||
	    domain->iova_cookie->type != IOMMU_DMA_IOVA_COOKIE)
		return -EINVAL;
	if (!bus_fits(domain, dev->dma_range_map)) {
		dev_warn(dev, "the bus reaches nothing that the IOMMU can map\n");
		return -EFAULT;
	}

	cookie = iova_cookie(domain);
	order = __ffs(domain->pgsize_bitmap);
	base_pfn = max_t(unsigned long, 1, domain->geometry.aperture_start >> order);

	guard(mutex)(&cookie->lock);
	ret = device_join(domain, dev);
	if (ret)
		return ret;
	if (cookie->iovad.start_pfn)
		ret = domain_check(domain, dev, order, base_pfn);
	else
		ret = domain_init(domain, dev, order, base_pfn);

	return ret ?: reserve_regions(dev, cookie);
}

/**
 * iommu_setup_dma_ops() - serve a device's DMA API by its IOMMU
 * @dev: device whose group has its default domain
 *
 * Where that domain is for the DMA API, and can be set up for the device, the
 * IOMMU serves it from now on; else the platform does.
 *
 * Context: Process context, may sleep, under the lock of the group.
 */
void iommu_setup_dma_ops(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	iommu_group_mutex_assert(dev);

	if (dev_is_pci(dev))
		dev->iommu->pci_32bit_workaround = !iommu_dma_forcedac;

	dev->dma_iommu = iommu_is_dma_domain(domain);
	if (dev->dma_iommu && domain_setup(domain, dev)) {
		dev_warn(dev, "cannot use its IOMMU for DMA; the platform's own ways remain\n");
		dev->dma_iommu = false;
	}
}

/**
 * iommu_dma_release_device() - end a device's part of the glue
 * @dev: device that leaves its group
 *
 * Context: Process context, may sleep, under the lock of the group.
 */
void iommu_dma_release_device(struct device *dev)
{
	struct iommu_dma_device *d = dev->iommu->dma;

	iommu_group_mutex_assert(dev);

	if (!d)
		return;

	if (d->domain) {
		guard(mutex)(&iova_cookie(d->domain)->lock);
		list_del(&d->list);
	}
	dev->iommu->dma = NULL;
	free_percpu(d->counts);
	kfree(d);
}

static int __init iommu_dma_init(void)
{
	int ret;

	if (is_kdump_kernel())
		static_branch_enable(&iommu_dma_deferred_attach);

	iommu_dma_debugfs_setup();
	ret = iommu_fq_setup();
	if (ret)
		return ret;

	return iova_cache_get();
}
arch_initcall(iommu_dma_init);
