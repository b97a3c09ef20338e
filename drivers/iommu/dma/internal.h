/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the DMA-API glue share: the cookie that all of them work
 * on, and questions about a device or a buffer.
 *
 * From the ground up: fq.c has what waits for a flush, fq-control.c makes and
 * ends the queues. slowpath.c maps and unmaps what fastpath.h leaves, address.c
 * picks an address, bounce.c copies what a device must not see, debugfs.c shows
 * numbers. page.c (page, resource), sg.c and alloc.c take requests, msi.c is for
 * interrupts, and cookie.c makes and ends the cookie.
 */

#ifndef _IOMMU_DMA_INTERNAL_H
#define _IOMMU_DMA_INTERNAL_H

#include <linux/atomic.h>
#include <linux/dma-map-ops.h>
#include <linux/iommu.h>
#include <linux/iova.h>
#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/types.h>

#include "../dma-iommu.h"
#include "fq.h"
#include "free.h"
#include "stats.h"

/**
 * enum iommu_dma_cookie_type - what a domain uses the glue for
 * @IOMMU_DMA_IOVA_COOKIE: the DMA API: struct iommu_dma_iova_cookie
 * @IOMMU_DMA_MSI_COOKIE: MSI doorbells only: struct iommu_dma_msi_cookie
 */
enum iommu_dma_cookie_type {
	IOMMU_DMA_IOVA_COOKIE,
	IOMMU_DMA_MSI_COOKIE,
};

/**
 * struct iommu_dma_cookie - what both kinds of cookie begin with
 * @type: which kind
 * @msi_lock: protects @msi_maps and where the next doorbell goes; taken with
 *	the allocator's and the domain's locks inside, never in atomic context
 * @msi_maps: doorbells that are mapped, struct iommu_dma_msi_map
 *
 * Lifetime: a domain has at most one, from iommu_get_dma_cookie() or
 * iommu_get_msi_cookie() to iommu_put_dma_cookie(), which comes when no device
 * is attached any more.
 */
struct iommu_dma_cookie {
	enum iommu_dma_cookie_type	type;
	struct mutex			msi_lock;	/* see above */
	struct list_head		msi_maps;
};

/**
 * struct iommu_dma_msi_cookie - cookie of a domain whose owner maps by itself
 * @cookie: common part
 * @base: first address for doorbells
 * @next: where the next one goes, under @cookie.msi_lock
 */
struct iommu_dma_msi_cookie {
	struct iommu_dma_cookie		cookie;
	dma_addr_t			base;
	dma_addr_t			next;
};

/**
 * struct iommu_dma_iova_cookie - cookie of a domain for the DMA API
 * @cookie: common part
 * @iovad: its addresses; its start_pfn is 0 until it is set up
 * @fq: flush queues, made when the domain is lazy for the first time, and from
 *	then on closed while it is strict. Changes once, from NULL.
 * @large_page: the second smallest page that the IOMMU has, or SIZE_MAX; below
 *	it the page size is always the granule
 * @group: id of the group that the domain belongs to
 * @lock: one setup or change of policy at a time
 * @devices: devices that use the domain, under @lock
 * @quarantined_ranges: ranges never reused, as a flush for one of them failed
 * @quarantined_tables: pages of page tables likewise
 * @debugfs: its folder
 */
struct iommu_dma_iova_cookie {
	struct iommu_dma_cookie		cookie;
	struct iova_domain		iovad;
	struct iommu_fq			*fq;
	size_t				large_page;
	int				group;
	struct mutex			lock;		/* see above */
	struct list_head		devices;
	atomic_long_t			quarantined_ranges;
	atomic_long_t			quarantined_tables;
	struct dentry			*debugfs;
};

/**
 * struct iommu_dma_device - a device's part of the glue
 * @dev: the device
 * @domain: domain in whose list it stands, or NULL
 * @list: in that list, under the lock of the domain's cookie
 * @counts: numbers, while somebody collects
 *
 * Lifetime: from the first iommu_setup_dma_ops() until the device leaves its
 * group, see iommu_dma_release_device(); both happen under the group's lock.
 */
struct iommu_dma_device {
	struct device			*dev;
	struct iommu_domain		*domain;
	struct list_head		list;
	struct iommu_dma_counts __percpu *counts;
};

/**
 * struct iommu_dma_msi_map - doorbells that are mapped
 * @list: in the cookie's list
 * @phys: address of the first
 * @iova: where devices see it
 * @size: length in bytes, a multiple of the granule
 * @ours: mapped by the glue, and not a window that the hardware has there
 */
struct iommu_dma_msi_map {
	struct list_head		list;
	phys_addr_t			phys;
	dma_addr_t			iova;
	size_t				size;
	bool				ours;
};

DECLARE_STATIC_KEY_FALSE(iommu_dma_deferred_attach);

static inline struct iommu_dma_iova_cookie *
to_iova_cookie(struct iommu_dma_cookie *cookie)
{
	return container_of(cookie, struct iommu_dma_iova_cookie, cookie);
}

static inline struct iommu_dma_msi_cookie *
to_msi_cookie(struct iommu_dma_cookie *cookie)
{
	return container_of(cookie, struct iommu_dma_msi_cookie, cookie);
}

/**
 * iova_cookie() - give the cookie of a domain that the DMA API uses
 * @domain: default domain of a group
 *
 * Return: its cookie, an IOVA cookie.
 */
static inline struct iommu_dma_iova_cookie *iova_cookie(struct iommu_domain *domain)
{
	return to_iova_cookie(domain->iova_cookie);
}

/**
 * iommu_dma_lazy() - give the flush queues, if unmapped ranges go there now
 * @cookie: cookie
 *
 * Context: Any context. The answer may be out of date at once; iommu_fq_add() looks
 * again.
 * Return: the queues, or NULL where the policy is strict.
 */
static inline struct iommu_fq *iommu_dma_lazy(struct iommu_dma_iova_cookie *cookie)
{
	struct iommu_fq *fq = READ_ONCE(cookie->fq);

	return fq && iommu_fq_is_open(fq) ? fq : NULL;
}

/**
 * iommu_dma_attach_deferred() - attach a device that a crashed kernel left busy
 * @dev: device about to be used
 * @domain: its domain
 *
 * Context: Any context but NMI.
 * Return: 0 or a negative errno.
 */
static inline int iommu_dma_attach_deferred(struct device *dev,
					    struct iommu_domain *domain)
{
	if (static_branch_unlikely(&iommu_dma_deferred_attach))
		return iommu_deferred_attach(dev, domain);

	return 0;
}

/**
 * iommu_dma_is_untrusted() - tell whether a device may attack by DMA
 * @dev: device
 *
 * Return: whether firmware says that it hangs on an external port.
 */
static inline bool iommu_dma_is_untrusted(struct device *dev)
{
	return dev_is_pci(dev) && to_pci_dev(dev)->untrusted;
}

/**
 * iommu_dma_may_bounce() - tell whether such a buffer may have been bounced
 * @dev: device
 * @size: length in bytes
 * @dir: direction of the DMA
 *
 * The same answer whenever the same buffer is asked about, so that unmapping
 * need not look up where a buffer lies that was certainly not bounced.
 *
 * Return: whether it is bounced unless it has its granules to itself.
 */
static inline bool iommu_dma_may_bounce(struct device *dev, size_t size,
					enum dma_data_direction dir)
{
	return IS_ENABLED(CONFIG_SWIOTLB) &&
	       (iommu_dma_is_untrusted(dev) ||
		dma_kmalloc_needs_bounce(dev, size, dir));
}

/**
 * iommu_dma_prefers_32bit() - tell whether a device stays below 4 GiB if it can
 * @dev: device
 * @limit: highest address that it can use
 *
 * Devices on PCI get addresses below 4 GiB as long as there are any, because
 * not all that claim to handle more do; iommu.forcedac ends that.
 *
 * Return: whether it is.
 */
static inline bool iommu_dma_prefers_32bit(struct device *dev, u64 limit)
{
	return limit > DMA_BIT_MASK(32) && dev->iommu->pci_32bit_workaround;
}

/**
 * iommu_dma_prot() - give the permissions of a mapping
 * @coherent: the device sees the CPU's caches
 * @dir: direction of the DMA
 * @attrs: DMA_ATTR_*
 *
 * Return: IOMMU_* flags.
 */
static inline int iommu_dma_prot(bool coherent, enum dma_data_direction dir,
				 unsigned long attrs)
{
	static const u8 access[] = {
		[DMA_BIDIRECTIONAL]	= IOMMU_READ | IOMMU_WRITE,
		[DMA_TO_DEVICE]		= IOMMU_READ,
		[DMA_FROM_DEVICE]	= IOMMU_WRITE,
		[DMA_NONE]		= 0,
	};
	int prot = access[dir & 3];

	if (coherent)
		prot |= IOMMU_CACHE;
	if (unlikely(attrs & DMA_ATTR_PRIVILEGED))
		prot |= IOMMU_PRIV;

	return prot;
}

/* slowpath.c */
int iommu_dma_map_range_slow(struct iommu_domain *domain, dma_addr_t iova,
			     phys_addr_t phys, size_t size, int prot,
			     size_t *mapped);
size_t iommu_dma_unmap_range_slow(struct iommu_domain *domain, dma_addr_t iova,
				  size_t size, struct iommu_iotlb_gather *gather);
void iommu_dma_undo(struct iommu_domain *domain, dma_addr_t iova, size_t size,
		    size_t mapped, int failures);
void iommu_dma_quarantine(struct iommu_domain *domain, dma_addr_t iova, size_t size,
			  struct list_head *tables);
void iommu_dma_flush_and_quarantine(struct iommu_domain *domain, dma_addr_t iova,
				    size_t size, struct iommu_iotlb_gather *gather,
				    int failures);
void iommu_dma_refuse_unmap(struct device *dev, struct iommu_domain *domain,
			    dma_addr_t iova, size_t size, size_t unmapped,
			    struct iommu_iotlb_gather *gather, int failures);

/* address.c */
unsigned long iommu_dma_alloc_slow(struct iommu_dma_iova_cookie *cookie,
				   struct device *dev, unsigned long pages,
				   u64 limit, bool aligned);

/* bounce.c */
bool iommu_dma_may_bounce_sg(struct device *dev, struct scatterlist *sg,
			     int nents, enum dma_data_direction dir);
phys_addr_t iommu_dma_bounce(struct device *dev, struct iova_domain *iovad,
			     phys_addr_t phys, size_t size,
			     enum dma_data_direction dir, unsigned long attrs);

/* page.c */
dma_addr_t iommu_dma_map_phys(struct device *dev, phys_addr_t phys, size_t size,
			      int prot, u64 limit, bool aligned);
bool iommu_dma_unmap_phys(struct device *dev, dma_addr_t iova, size_t size);

/* msi.c */
int iommu_dma_msi_add_window(struct iommu_dma_iova_cookie *cookie,
			     phys_addr_t start, size_t length);
void iommu_dma_msi_release(struct iommu_domain *domain);

#endif /* _IOMMU_DMA_INTERNAL_H */
