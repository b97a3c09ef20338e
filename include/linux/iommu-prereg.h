/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User memory that is registered once and mapped for devices many times.
 *
 * A process registers a range of its memory: the pages are pinned and counted
 * against its RLIMIT_MEMLOCK, once. Whoever maps a part of the range for a
 * device then looks the physical addresses up, at any time and in any context.
 *
 * A *registration* is what a container holds on a range, a *mapping* is what
 * is held while a device may reach the range. Both counts are one word, so
 * that nobody acts on the one while the other changes. A range lives from its
 * first registration until both counts are 0.
 *
 * Addresses of processes (@ua) and sizes are in bytes, @npages in pages of
 * PAGE_SIZE.
 */
#ifndef _LINUX_IOMMU_PREREG_H
#define _LINUX_IOMMU_PREREG_H

#include <linux/maple_tree.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct iommu_prereg;
struct mm_struct;

/* Registrations of one range */
struct iommu_prereg *iommu_prereg_register(struct mm_struct *mm,
					   unsigned long ua,
					   unsigned long npages);
struct iommu_prereg *iommu_prereg_register_device(struct mm_struct *mm,
						  unsigned long ua,
						  unsigned long npages,
						  phys_addr_t phys);
struct iommu_prereg *iommu_prereg_get(struct mm_struct *mm, unsigned long ua,
				      unsigned long npages);
int iommu_prereg_unregister(struct iommu_prereg *region);
void iommu_prereg_abandon(struct iommu_prereg *region);

/* Mappings of one range, and what is known about it without any */
struct iommu_prereg *iommu_prereg_map(struct mm_struct *mm, unsigned long ua,
				      unsigned long bytes);
struct iommu_prereg *iommu_prereg_lookup(struct mm_struct *mm,
					 unsigned long ua,
					 unsigned long bytes);
int iommu_prereg_map_get(struct iommu_prereg *region);
void iommu_prereg_map_put(struct iommu_prereg *region);

/**
 * struct iommu_prereg_span - memory that is contiguous
 * @phys: physical address, in bytes
 * @bytes: how much there is
 */
struct iommu_prereg_span {
	phys_addr_t phys;
	unsigned long bytes;
};

/* Where the memory is */
int iommu_prereg_translate(struct iommu_prereg *region, unsigned long ua,
			   phys_addr_t *phys);
unsigned long iommu_prereg_run(struct iommu_prereg *region, unsigned long ua,
			       unsigned long bytes, phys_addr_t *phys);
unsigned int iommu_prereg_spans(struct iommu_prereg *region, unsigned long ua,
				unsigned long bytes,
				struct iommu_prereg_span *spans,
				unsigned int max);
void iommu_prereg_mark_written(struct iommu_prereg *region, unsigned long ua,
			       unsigned long bytes);

/* What a range and a process are */
struct mm_struct *iommu_prereg_mm(const struct iommu_prereg *region);
bool iommu_prereg_any(struct mm_struct *mm);
unsigned long iommu_prereg_device_bytes(struct mm_struct *mm, phys_addr_t phys);

/**
 * struct iommu_prereg_owner - the registrations that one container holds
 * @lock: protects @held; taken before every lock of the library
 * @held: how many registrations of a range are held here, by the address of
 *        its object
 *
 * Part of the container. What is in @held stays alive while @lock is held.
 */
struct iommu_prereg_owner {
	struct mutex lock;	/* see above */
	struct maple_tree held;
};

void iommu_prereg_owner_init(struct iommu_prereg_owner *owner);
int iommu_prereg_owner_register(struct iommu_prereg_owner *owner,
				unsigned long ua, unsigned long npages);
int iommu_prereg_owner_unregister(struct iommu_prereg_owner *owner,
				  unsigned long ua, unsigned long npages);
void iommu_prereg_owner_release(struct iommu_prereg_owner *owner);

#endif
