/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An IOMMU without hardware, under the real core: a driver, its page table and
 * an IOTLB that invalidates nothing on its own, and devices behind them.
 */

#ifndef _DMA_IOMMU_MOCK_H
#define _DMA_IOMMU_MOCK_H

#include <linux/atomic.h>
#include <linux/iommu.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct bus_dma_region;

/* What devices have at most: reserved regions, and how many there are. */
#define DMOCK_RESV	8
#define DMOCK_DEVICES	8

/**
 * struct dmock_resv - a reserved region
 * @start: first address
 * @length: bytes
 * @type: kind
 * @devices: mask of the devices that have it, by the order in which they were
 *	     added; 0 for all
 */
struct dmock_resv {
	phys_addr_t start;
	size_t length;
	enum iommu_resv_type type;
	u32 devices;
};

/**
 * struct dmock_config - what the hardware is like
 * @pgsize_bitmap: page sizes; 4 KiB, 2 MiB and 1 GiB if 0
 * @aperture_start: first address that can be mapped
 * @aperture_end: last one; 2^48 - 1 if 0
 * @type: type of the default domain; the system's default if 0
 * @no_deferred_flush: the driver lacks IOMMU_CAP_DEFERRED_FLUSH
 * @shadow_on_flush: devices ask for one large flush queue
 * @gather_pages: the driver gathers single pages, not ranges
 * @sync_map: the driver wants to be told of new mappings
 * @tables: tables whose last entry goes are given to whoever unmaps
 * @one_group: all devices are in one group
 * @resv: reserved regions, @nr_resv of them
 * @nr_resv: likewise
 */
struct dmock_config {
	unsigned long pgsize_bitmap;
	dma_addr_t aperture_start;
	dma_addr_t aperture_end;
	unsigned int type;
	bool no_deferred_flush;
	bool shadow_on_flush;
	bool gather_pages;
	bool sync_map;
	bool tables;
	bool one_group;
	struct dmock_resv resv[DMOCK_RESV];
	unsigned int nr_resv;
};

/**
 * struct dmock - the hardware of one test
 * @iommu: what the core knows of it
 * @cfg: what it is like
 * @fwnode: by which devices find it
 * @group: of all devices, with &dmock_config.one_group
 * @devices: how many were added
 * @map_pages: calls of the driver's function of that name
 * @unmap_pages: likewise
 * @iova_to_phys: likewise
 * @iotlb_sync: likewise, but only those with something to flush
 * @flush_iotlb_all: likewise
 * @iotlb_sync_map: likewise
 * @fail_map: this many calls of map_pages later one fails; 0 for none
 * @fail_sync_map: likewise for iotlb_sync_map
 * @fail_flush: so many of the next flushes are not confirmed
 * @flush_us: how long a flush takes
 * @violations: what no correct user of an IOMMU brings about
 * @tables_lost: tables that nobody had given back when their domain went
 * @max_stale: the most entries that waited for a flush at once
 */
struct dmock {
	struct iommu_device iommu;
	struct dmock_config cfg;
	struct fwnode_handle *fwnode;
	struct iommu_group *group;
	unsigned int devices;

	atomic_t map_pages;
	atomic_t unmap_pages;
	atomic_t iova_to_phys;
	atomic_t iotlb_sync;
	atomic_t flush_iotlb_all;
	atomic_t iotlb_sync_map;

	atomic_t fail_map;
	atomic_t fail_sync_map;
	atomic_t fail_flush;
	unsigned int flush_us;

	atomic_t violations;
	atomic_t tables_lost;
	atomic_t max_stale;
};

/**
 * struct dmock_domain - page table and IOTLB
 * @domain: what the core knows of it
 * @mock: hardware
 * @attached: devices that it translates for
 * @lock: protects all that follows
 * @leaves: entries by IOVA, those that the IOTLB alone still has among them
 * @tables: the tables that the entries are in, by IOVA
 * @stale: entries that the IOTLB alone still has, in the order of their removal
 * @out: tables that were given away, in that order
 * @clock: counts removals; a flush covers those that it finds done
 * @nr_live: entries of the page table
 * @nr_stale: entries of @stale
 */
struct dmock_domain {
	struct iommu_domain domain;
	struct dmock *mock;
	unsigned int attached;
	spinlock_t lock;	/* of all that follows */
	struct rb_root leaves;
	struct rb_root tables;
	struct list_head stale;
	struct list_head out;
	u64 clock;
	unsigned int nr_live;
	unsigned int nr_stale;
};

/**
 * struct dmock_device - a device's private data in the driver
 * @dev: device
 * @mock: hardware
 * @index: place in the order in which devices were added
 * @domain: what it is attached to
 */
struct dmock_device {
	struct device *dev;
	struct dmock *mock;
	unsigned int index;
	struct dmock_domain *domain;
};

/**
 * enum dmock_hit - where a device's access is translated
 * @DMOCK_FAULT: nowhere
 * @DMOCK_LIVE: in the page table
 * @DMOCK_STALE: in the IOTLB only; software has taken the entry away already
 */
enum dmock_hit {
	DMOCK_FAULT,
	DMOCK_LIVE,
	DMOCK_STALE,
};

/**
 * struct dmock_translation - what an access meets
 * @phys: address in memory
 * @prot: IOMMU_* of the entry
 * @size: bytes that the entry covers from here on
 */
struct dmock_translation {
	phys_addr_t phys;
	int prot;
	size_t size;
};

extern const struct iommu_domain_ops dmock_domain_ops;
extern const struct iommu_domain_ops dmock_domain_ops_sync_map;

/**
 * to_dmock_domain() - the mock's part of a domain
 * @domain: domain that the mock has made
 *
 * Return: the structure around it.
 */
static inline struct dmock_domain *to_dmock_domain(struct iommu_domain *domain)
{
	return container_of(domain, struct dmock_domain, domain);
}

struct dmock_domain *dmock_domain_alloc(struct dmock *mock);
void dmock_violation(struct dmock *mock, const char *what, dma_addr_t iova);
void dmock_detach(struct dmock_device *md);
enum dmock_hit dmock_translate(struct dmock_domain *d, dma_addr_t iova,
			       struct dmock_translation *t);
unsigned int dmock_live(struct dmock_domain *d);
unsigned int dmock_stale(struct dmock_domain *d);
unsigned int dmock_tables_out(struct dmock_domain *d);

int dmock_register(struct dmock *mock);
void dmock_unregister(struct dmock *mock);
int dmock_fwspec(struct dmock *mock, struct device *dev);
struct device *dmock_new_device(struct dmock *mock,
				const struct bus_dma_region *map);

#endif /* _DMA_IOMMU_MOCK_H */
