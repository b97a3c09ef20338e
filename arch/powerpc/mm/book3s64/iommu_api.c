// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Registered user memory under the names that VFIO and KVM know on powerpc: a
 * thin layer on <linux/iommu-prereg.h>.
 */

#include <linux/align.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/iommu-prereg.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmu_context.h>

/*
 * Callers only pass pointers to it around. Pages get dirty when a mapping ends,
 * by iommu_tce_xchg_no_kill(), which knows whether it was one for writing.
 */
static struct iommu_prereg *region_of(struct mm_iommu_table_group_mem_t *mem)
{
	return (struct iommu_prereg *)mem;
}

static struct mm_iommu_table_group_mem_t *mem_of(struct iommu_prereg *region)
{
	return (struct mm_iommu_table_group_mem_t *)region;
}

/**
 * mm_iommu_preregistered() - whether a process has registered memory
 * @mm: the process
 *
 * Context: Any context.
 * Return: true if it has.
 */
bool mm_iommu_preregistered(struct mm_struct *mm)
{
	return iommu_prereg_any(mm);
}
EXPORT_SYMBOL_GPL(mm_iommu_preregistered);

/* Return one of the few errors that the ABI knows. */
static long mm_iommu_result(struct iommu_prereg *region,
			    struct mm_iommu_table_group_mem_t **pmem)
{
	switch (PTR_ERR_OR_ZERO(region)) {
	case 0:
		*pmem = mem_of(region);
		return 0;
	case -EEXIST:
	case -ENODATA:
	case -EOVERFLOW:
		return -EINVAL;
	case -EACCES:
	case -EOPNOTSUPP:
		return -EFAULT;
	default:
		return PTR_ERR(region);
	}
}

/**
 * mm_iommu_new() - register memory of the calling process
 * @mm: the process, which must be the caller's
 * @ua: first address, in bytes, page-aligned
 * @entries: how many, in pages
 * @pmem: gets the region, with one more registration
 *
 * Context: May sleep.
 * Return: 0; -EINVAL if the range is empty, wraps, is not page-aligned or
 * overlaps a different one; -EFAULT if a page of it can't be pinned; -ENOMEM
 * beyond RLIMIT_MEMLOCK or memory; -EPERM if it is not the caller's; -EINTR on
 * a fatal signal. Nothing is pinned then.
 */
long mm_iommu_new(struct mm_struct *mm, unsigned long ua, unsigned long entries,
		  struct mm_iommu_table_group_mem_t **pmem)
{
	return mm_iommu_result(iommu_prereg_register(mm, ua, entries), pmem);
}
EXPORT_SYMBOL_GPL(mm_iommu_new);

/**
 * mm_iommu_newdev() - register device memory of a process
 * @mm: the process
 * @ua: where the process sees it, in bytes, page-aligned
 * @entries: how many, in pages
 * @dev_hpa: where it is, in bytes, page-aligned
 * @pmem: gets the region, with one more registration
 *
 * Context: May sleep.
 * Return: as mm_iommu_new().
 */
long mm_iommu_newdev(struct mm_struct *mm, unsigned long ua,
		     unsigned long entries, unsigned long dev_hpa,
		     struct mm_iommu_table_group_mem_t **pmem)
{
	return mm_iommu_result(iommu_prereg_register_device(mm, ua, entries, dev_hpa),
			       pmem);
}
EXPORT_SYMBOL_GPL(mm_iommu_newdev);

/**
 * mm_iommu_put() - end one registration
 * @mm: the process
 * @mem: the region
 *
 * Context: May sleep.
 * Return: 0; -EBUSY if it is the last one and the region is mapped: nothing
 * has changed then.
 */
long mm_iommu_put(struct mm_struct *mm, struct mm_iommu_table_group_mem_t *mem)
{
	return iommu_prereg_unregister(region_of(mem));
}
EXPORT_SYMBOL_GPL(mm_iommu_put);

/**
 * mm_iommu_drop() - end one registration, also of a mapped region
 * @mem: the region; stays until its last mapping ends if it is still mapped
 *
 * Context: May sleep.
 */
void mm_iommu_drop(struct mm_iommu_table_group_mem_t *mem)
{
	iommu_prereg_abandon(region_of(mem));
}
EXPORT_SYMBOL_GPL(mm_iommu_drop);

/**
 * mm_iommu_lookup() - the region that contains some addresses
 * @mm: the process
 * @ua: first address, in bytes
 * @size: how many, in bytes
 *
 * Context: In an RCU read-side critical section, or while a registration or a
 * mapping of the region is known to stay.
 * Return: the region, not held, or NULL.
 */
struct mm_iommu_table_group_mem_t *mm_iommu_lookup(struct mm_struct *mm,
						   unsigned long ua,
						   unsigned long size)
{
	return mem_of(iommu_prereg_lookup(mm, ua, size));
}
EXPORT_SYMBOL_GPL(mm_iommu_lookup);

/**
 * mm_iommu_get() - one more registration of a region
 * @mm: the process
 * @ua: first address, in bytes
 * @entries: length in pages
 *
 * Context: Any context.
 * Return: the region; NULL if exactly this one is not registered.
 */
struct mm_iommu_table_group_mem_t *mm_iommu_get(struct mm_struct *mm,
						unsigned long ua,
						unsigned long entries)
{
	return mem_of(iommu_prereg_get(mm, ua, entries));
}
EXPORT_SYMBOL_GPL(mm_iommu_get);

/**
 * mm_iommu_ua_to_hpa() - where a page of an IOMMU table is
 * @mem: the region
 * @ua: the address, in bytes, aligned to the page if that is larger than
 *      PAGE_SIZE
 * @pageshift: log2 of the page's size
 * @hpa: gets the physical address, in bytes
 *
 * Context: As mm_iommu_lookup() if the region came from there.
 * Return: 0; -EFAULT if the page is not inside of the region, or is not one
 * block of memory.
 */
long mm_iommu_ua_to_hpa(struct mm_iommu_table_group_mem_t *mem,
			unsigned long ua, unsigned int pageshift,
			unsigned long *hpa)
{
	unsigned long bytes = pageshift > PAGE_SHIFT ? 1UL << pageshift : 1;
	phys_addr_t phys;

	if (iommu_prereg_run(region_of(mem), ua, bytes, &phys) < bytes ||
	    !IS_ALIGNED(phys, bytes))
		return -EFAULT;
	*hpa = phys;
	return 0;
}
EXPORT_SYMBOL_GPL(mm_iommu_ua_to_hpa);

/**
 * mm_iommu_is_devmem() - whether memory is a device's that was registered
 * @mm: the process that it was registered for
 * @hpa: physical address, in bytes
 * @pageshift: log2 of the IOMMU page's size
 * @size: gets how much of the IOMMU page from @hpa on is such memory, in bytes
 *
 * Context: Any context.
 * Return: true if it is.
 */
bool mm_iommu_is_devmem(struct mm_struct *mm, unsigned long hpa,
			unsigned int pageshift, unsigned long *size)
{
	unsigned long bytes = iommu_prereg_device_bytes(mm, hpa);

	if (!bytes)
		return false;
	*size = min(1UL << pageshift, bytes);
	return true;
}
EXPORT_SYMBOL_GPL(mm_iommu_is_devmem);

/**
 * mm_iommu_mapped_inc() - begin a mapping
 * @mem: the region
 *
 * Context: Any context; as mm_iommu_lookup() if the region came from there.
 * Return: 0; -ENXIO if the region is no longer registered.
 */
long mm_iommu_mapped_inc(struct mm_iommu_table_group_mem_t *mem)
{
	return iommu_prereg_map_get(region_of(mem));
}
EXPORT_SYMBOL_GPL(mm_iommu_mapped_inc);

/**
 * mm_iommu_mapped_dec() - end a mapping
 * @mem: the region
 *
 * Context: Any context.
 */
void mm_iommu_mapped_dec(struct mm_iommu_table_group_mem_t *mem)
{
	iommu_prereg_map_put(region_of(mem));
}
EXPORT_SYMBOL_GPL(mm_iommu_mapped_dec);
