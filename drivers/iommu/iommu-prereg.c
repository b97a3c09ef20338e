// SPDX-License-Identifier: GPL-2.0-only
/*
 * User memory that is registered once and mapped for devices many times: the
 * ranges of each process, found without a lock, and who uses them.
 */

#include <linux/capability.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/lockdep.h>
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "iommu-prereg-internal.h"

static const struct rhashtable_params prereg_space_params = {
	.head_offset = offsetof(struct prereg_space, node),
	.key_offset = offsetof(struct prereg_space, mm),
	.key_len = sizeof_field(struct prereg_space, mm),
	.automatic_shrinking = true,
};

/* The processes that have ranges. Looked up under RCU. */
struct rhashtable prereg_spaces;

/* Serialises changes of prereg_spaces; protects prereg_space::users */
static DEFINE_MUTEX(prereg_spaces_lock);

static struct prereg_space *prereg_space_new(struct mm_struct *mm)
{
	struct prereg_space *space = kzalloc(sizeof(*space), GFP_KERNEL_ACCOUNT);
	int ret;

	lockdep_assert_held(&prereg_spaces_lock);
	if (!space)
		return ERR_PTR(-ENOMEM);
	space->mm = mm;
	mutex_init(&space->lock);
	mt_init_flags(&space->regions, MT_FLAGS_USE_RCU);
	mt_init_flags(&space->devices, MT_FLAGS_USE_RCU);
	ret = rhashtable_insert_fast(&prereg_spaces, &space->node,
				     prereg_space_params);
	if (ret) {
		kfree(space);
		return ERR_PTR(-ENOMEM);	/* -EBUSY is for ranges */
	}
	mmgrab(mm);
	return space;
}

/* Get the space of @mm with one more user; create it if there is none yet. */
static struct prereg_space *prereg_space_get(struct mm_struct *mm)
{
	struct prereg_space *space;

	guard(mutex)(&prereg_spaces_lock);
	space = rhashtable_lookup_fast(&prereg_spaces, &mm, prereg_space_params);
	if (!space)
		space = prereg_space_new(mm);
	if (!IS_ERR(space))
		space->users++;
	return space;
}

static void prereg_space_hold(struct prereg_space *space)
{
	guard(mutex)(&prereg_spaces_lock);
	space->users++;
}

static void prereg_space_put(struct prereg_space *space)
{
	scoped_guard(mutex, &prereg_spaces_lock) {
		if (--space->users)
			return;
		rhashtable_remove_fast(&prereg_spaces, &space->node,
				       prereg_space_params);
	}
	mtree_destroy(&space->regions);
	mtree_destroy(&space->devices);
	mmdrop(space->mm);
	kfree_rcu(space, rcu);
}

static unsigned long prereg_last(unsigned long ua, unsigned long npages)
{
	return ua + (npages << PAGE_SHIFT) - 1;
}

static unsigned long prereg_device_pfn(const struct iommu_prereg *region)
{
	return region->pages.only.pfn;
}

/**
 * prereg_tree_erase() - remove an entry from a tree, without fail
 * @tree: the tree
 * @first: first index of the entry
 * @last: its last index
 *
 * Removing an entry may need memory for the nodes around it. Replacing it by
 * one that reads as nothing never does. That one stays if there is no memory,
 * until another entry is stored over it.
 *
 * Context: May sleep. The caller must serialise changes of the tree.
 */
void prereg_tree_erase(struct maple_tree *tree, unsigned long first,
		       unsigned long last)
{
	mtree_store_range(tree, first, last, XA_ZERO_ENTRY, GFP_KERNEL);
	mtree_erase(tree, first);
}

/* List device memory. No other range of the space overlaps. */
static int prereg_list_device(struct iommu_prereg *region)
{
	unsigned long pfn = prereg_device_pfn(region);
	unsigned long last = pfn + region->npages - 1;
	unsigned long index = pfn;

	lockdep_assert_held(&region->space->lock);
	if (mt_find(&region->space->devices, &index, last))
		return -EEXIST;
	return mtree_store_range(&region->space->devices, pfn, last, region,
				 GFP_KERNEL_ACCOUNT);
}

/*
 * List a range, in @regions last: it can be mapped from then on, so nothing may
 * fail afterwards.
 */
static int prereg_list(struct iommu_prereg *region)
{
	struct prereg_space *space = region->space;
	unsigned long pfn = prereg_device_pfn(region);
	int ret;

	lockdep_assert_held(&space->lock);
	ret = region->device ? prereg_list_device(region) : 0;
	if (ret)
		return ret;
	ret = mtree_store_range(&space->regions, region->ua,
				prereg_last(region->ua, region->npages), region,
				GFP_KERNEL_ACCOUNT);
	if (ret && region->device)
		prereg_tree_erase(&space->devices, pfn, pfn + region->npages - 1);
	region->listed = !ret;
	return ret;
}

static void prereg_unlist(struct iommu_prereg *region)
{
	unsigned long pfn = prereg_device_pfn(region);

	lockdep_assert_held(&region->space->lock);
	if (!region->listed)
		return;
	prereg_tree_erase(&region->space->regions, region->ua,
			  prereg_last(region->ua, region->npages));
	if (region->device)
		prereg_tree_erase(&region->space->devices, pfn,
				  pfn + region->npages - 1);
	region->listed = false;
}

static void prereg_give_back_pages(struct iommu_prereg *region)
{
	if (region->device)
		return;
	prereg_pages_unpin(&region->pages);
	account_locked_vm(region->space->mm, region->npages, false);
}

static void prereg_free_rcu(struct rcu_head *rcu)
{
	struct iommu_prereg *region = container_of(rcu, struct iommu_prereg, rcu);

	prereg_pages_free(&region->pages);
	kfree(region);
}

/* Release a range whose last use has ended. On return its memory is unpinned. */
static void prereg_release(struct iommu_prereg *region)
{
	struct prereg_space *space = region->space;

	scoped_guard(mutex, &space->lock)
		prereg_unlist(region);
	prereg_give_back_pages(region);
	/* A reader that found it by address may still translate, in vain. */
	call_rcu(&region->rcu, prereg_free_rcu);
	prereg_space_put(space);
}

static void prereg_release_work(struct work_struct *work)
{
	prereg_release(container_of(work, struct iommu_prereg, work));
}

/* Tell why @ua can't be pinned: get_user_pages() returns -EFAULT for everything. */
static int prereg_why(struct mm_struct *mm, unsigned long ua)
{
	struct vm_area_struct *vma;
	vm_flags_t flags;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	vma = vma_lookup(mm, untagged_addr_remote(mm, ua));
	flags = vma ? vma->vm_flags : VM_WRITE;
	mmap_read_unlock(mm);
	if (flags & (VM_IO | VM_PFNMAP))
		return -EOPNOTSUPP;
	return flags & VM_WRITE ? -EFAULT : -EACCES;
}

/* Charge and pin, both or nothing. */
static int prereg_take_pages(struct iommu_prereg *region)
{
	struct mm_struct *mm = region->space->mm;
	int ret;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	ret = __account_locked_vm(mm, region->npages, true, current,
				  capable(CAP_IPC_LOCK));
	mmap_write_unlock(mm);
	if (ret)
		return ret;
	ret = prereg_pages_pin(&region->pages, region->ua, region->npages);
	if (!ret)
		return 0;
	if (ret == -EFAULT)
		ret = prereg_why(mm, region->ua +
				     (region->pages.npages << PAGE_SHIFT));
	prereg_give_back_pages(region);
	return ret;
}

/*
 * Create and list a range with one registration. @device: page frame number of
 * device memory, or NULL.
 */
static struct iommu_prereg *prereg_new(struct prereg_space *space, unsigned long ua,
				       unsigned long npages,
				       const unsigned long *device)
{
	struct iommu_prereg *region = kzalloc(sizeof(*region), GFP_KERNEL_ACCOUNT);
	int ret = 0;

	lockdep_assert_held(&space->lock);
	if (!region)
		return ERR_PTR(-ENOMEM);
	region->ua = ua;
	region->npages = npages;
	region->space = space;
	region->device = device;
	atomic64_set(&region->uses, PREREG_REGISTRATION);
	INIT_WORK(&region->work, prereg_release_work);
	prereg_pages_init(&region->pages);

	if (device)
		prereg_pages_set_device(&region->pages, *device, npages);
	else
		ret = prereg_take_pages(region);
	if (ret)
		goto err_free;
	ret = prereg_list(region);
	if (ret)
		goto err_give_back;
	prereg_space_hold(space);
	return region;

err_give_back:
	prereg_give_back_pages(region);
err_free:
	call_rcu(&region->rcu, prereg_free_rcu);
	return ERR_PTR(ret);
}

/* Add a registration, unless the last use of the range has ended. */
static int prereg_register_again(struct iommu_prereg *region)
{
	s64 old = atomic64_read(&region->uses);

	do {
		if (!old)
			return -ENXIO;
		if (old > S64_MAX - PREREG_REGISTRATION)
			return -EOVERFLOW;
	} while (!atomic64_try_cmpxchg(&region->uses, &old,
				       old + PREREG_REGISTRATION));
	return 0;
}

static bool prereg_is(const struct iommu_prereg *region, unsigned long ua,
		      unsigned long npages, const unsigned long *device)
{
	if (!prereg_is_range(region, ua, npages) || region->device != !!device)
		return false;
	return !device || prereg_device_pfn(region) == *device;
}

static struct iommu_prereg *prereg_add_locked(struct prereg_space *space,
					      unsigned long ua, unsigned long npages,
					      const unsigned long *device)
{
	struct iommu_prereg *region;
	unsigned long index = ua;

	lockdep_assert_held(&space->lock);
	mt_for_each(&space->regions, region, index, prereg_last(ua, npages)) {
		int ret = prereg_is(region, ua, npages, device) ?
			  prereg_register_again(region) : -EEXIST;

		if (!ret)
			return region;
		/* It overlaps, unless its release only waits for this lock. */
		if (atomic64_read(&region->uses))
			return ERR_PTR(ret);
		prereg_unlist(region);
	}
	return prereg_new(space, ua, npages, device);
}

static struct iommu_prereg *prereg_add(struct mm_struct *mm, unsigned long ua,
				       unsigned long npages,
				       const unsigned long *device)
{
	struct prereg_space *space = prereg_space_get(mm);
	struct iommu_prereg *region;

	if (IS_ERR(space))
		return ERR_CAST(space);
	if (mutex_lock_killable(&space->lock)) {
		region = ERR_PTR(-EINTR);
	} else {
		region = prereg_add_locked(space, ua, npages, device);
		mutex_unlock(&space->lock);
	}
	prereg_space_put(space);
	return region;
}

static int prereg_check(unsigned long ua, unsigned long npages)
{
	unsigned long bytes, end;

	if (!npages)
		return -ENODATA;
	if (!PAGE_ALIGNED(ua))
		return -EINVAL;
	if (check_mul_overflow(npages, PAGE_SIZE, &bytes) ||
	    check_add_overflow(ua, bytes, &end))
		return -EOVERFLOW;
	return access_ok((void __user *)ua, bytes) ? 0 : -EPERM;
}

/**
 * iommu_prereg_register() - register memory of the calling process
 * @mm: the process, which must be the caller's
 * @ua: first address, in bytes, page-aligned
 * @npages: how many, in pages
 *
 * The pages are pinned for writing, which takes them out of movable and CMA
 * memory, and counted against RLIMIT_MEMLOCK. They stay what devices see until
 * the range is released, whatever the process does to its address space
 * meanwhile: after munmap() or MADV_DONTNEED it may see other pages there
 * itself, and a child that it forks has copies.
 *
 * The same range again is one more registration of it, and costs nothing: it
 * is the same pages, whatever the process has there now.
 *
 * Context: May sleep; ends early on a fatal signal.
 * Return: the range with one more registration, or
 * -EPERM if @mm is not the caller's, or the range reaches the kernel's addresses,
 * -ENODATA if it is empty, -EINVAL if not page-aligned, -EOVERFLOW if it wraps,
 * -EEXIST if it overlaps a different one,
 * -ENOMEM if it exceeds RLIMIT_MEMLOCK, there is no memory, or a movable page
 * is in use by somebody else just now, so that it can't be migrated,
 * -EFAULT if nothing is mapped somewhere in it, -EACCES if it can't be written,
 * -EOPNOTSUPP if it is device memory, -EINTR on a fatal signal,
 * -EOVERFLOW after eight million registrations of one range,
 * or what else get_user_pages() says of a page, such as -EHWPOISON.
 */
struct iommu_prereg *iommu_prereg_register(struct mm_struct *mm,
					   unsigned long ua,
					   unsigned long npages)
{
	int ret = prereg_check(ua, npages);

	if (ret)
		return ERR_PTR(ret);
	if (!mm || mm != current->mm)
		return ERR_PTR(-EPERM);
	return prereg_add(mm, ua, npages, NULL);
}
EXPORT_SYMBOL_GPL(iommu_prereg_register);

/**
 * iommu_prereg_register_device() - register device memory of a process
 * @mm: the process; held by the caller
 * @ua: where the process sees it, in bytes, page-aligned
 * @npages: how many, in pages
 * @phys: where it is, in bytes, page-aligned
 *
 * Nothing is pinned or counted: the caller keeps the memory in place. The same
 * range at the same address again is one more registration. Device memory of one
 * process may not be registered at two addresses.
 *
 * Context: May sleep.
 * Return: as iommu_prereg_register().
 */
struct iommu_prereg *iommu_prereg_register_device(struct mm_struct *mm,
						  unsigned long ua,
						  unsigned long npages,
						  phys_addr_t phys)
{
	unsigned long pfn = PHYS_PFN(phys);
	int ret = prereg_check(ua, npages);

	if (!ret && offset_in_page(phys))
		ret = -EINVAL;
	if (!ret && pfn + npages > (PREREG_WRITTEN >> 1))
		ret = -EOVERFLOW;
	return ret ? ERR_PTR(ret) : prereg_add(mm, ua, npages, &pfn);
}
EXPORT_SYMBOL_GPL(iommu_prereg_register_device);

/**
 * iommu_prereg_unregister() - end one registration
 * @region: the range
 *
 * With the last one, if nothing maps the range, its pages are unpinned, dirty
 * where they were marked as written, and no longer counted, on return.
 *
 * Context: May sleep. Not under the mmap lock of the range's process.
 * Return: 0; -EBUSY if it is the last one and the range is mapped: nothing has
 * changed then.
 */
int iommu_prereg_unregister(struct iommu_prereg *region)
{
	s64 left, old = atomic64_read(&region->uses);

	do {
		left = old - PREREG_REGISTRATION;
		if (WARN_ON_ONCE(left < 0))
			return -ENOENT;
		if (left && left < PREREG_REGISTRATION)
			return -EBUSY;
	} while (!atomic64_try_cmpxchg(&region->uses, &old, left));

	if (!left)
		prereg_release(region);
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_prereg_unregister);

/**
 * iommu_prereg_abandon() - end one registration of an owner that goes
 * @region: the range
 *
 * Where iommu_prereg_unregister() would refuse, the range stays until its last
 * mapping ends. Nothing new can be mapped in it, unless the same range is
 * registered again.
 *
 * Context: May sleep. Not under the mmap lock of the range's process.
 */
void iommu_prereg_abandon(struct iommu_prereg *region)
{
	if (!atomic64_sub_return(PREREG_REGISTRATION, &region->uses))
		prereg_release(region);
}
EXPORT_SYMBOL_GPL(iommu_prereg_abandon);

static struct iommu_prereg *prereg_at(struct mm_struct *mm, unsigned long ua)
{
	struct prereg_space *space;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "the range may be freed");
	space = rhashtable_lookup(&prereg_spaces, &mm, prereg_space_params);
	return space ? mtree_load(&space->regions, ua) : NULL;
}

static bool prereg_contains(const struct iommu_prereg *region, unsigned long ua,
			    unsigned long bytes)
{
	unsigned long offset = ua - region->ua;
	unsigned long length = region->npages << PAGE_SHIFT;

	return offset < length && bytes <= length - offset;
}

/**
 * prereg_find() - a range by what it is
 * @mm: the process
 * @ua: first address, in bytes
 * @npages: length in pages
 *
 * Context: In an RCU read-side critical section; or whoever holds a
 * registration of what may be found keeps it.
 * Return: the range, NULL if there is none.
 */
struct iommu_prereg *prereg_find(struct mm_struct *mm, unsigned long ua,
				 unsigned long npages)
{
	struct iommu_prereg *region;

	guard(rcu)();
	region = prereg_at(mm, ua);
	return region && prereg_is_range(region, ua, npages) ? region : NULL;
}

/**
 * iommu_prereg_get() - one more registration of a range by what it is
 * @mm: the process
 * @ua: first address, in bytes
 * @npages: length in pages
 *
 * Context: Any context.
 * Return: the range, also one that its owners have left and that is still
 * mapped; NULL if there is none.
 */
struct iommu_prereg *iommu_prereg_get(struct mm_struct *mm, unsigned long ua,
				      unsigned long npages)
{
	struct iommu_prereg *region;

	guard(rcu)();
	region = prereg_find(mm, ua, npages);
	return region && !prereg_register_again(region) ? region : NULL;
}
EXPORT_SYMBOL_GPL(iommu_prereg_get);

/**
 * iommu_prereg_lookup() - the range that contains some addresses
 * @mm: the process
 * @ua: first address, in bytes
 * @bytes: how many
 *
 * Finds also what is no longer registered and still mapped.
 *
 * Context: In an RCU read-side critical section, for as long as the range is
 * used; or whoever holds a use of what may be found keeps it.
 * Return: the range, NULL if none contains them all.
 */
struct iommu_prereg *iommu_prereg_lookup(struct mm_struct *mm,
					 unsigned long ua,
					 unsigned long bytes)
{
	struct iommu_prereg *region;

	guard(rcu)();
	region = prereg_at(mm, ua);
	return region && prereg_contains(region, ua, bytes) ? region : NULL;
}
EXPORT_SYMBOL_GPL(iommu_prereg_lookup);

/**
 * iommu_prereg_map() - begin a mapping of some addresses
 * @mm: the process
 * @ua: first address, in bytes
 * @bytes: how many
 *
 * Context: Any context.
 * Return: the range that contains them all, with one more mapping; NULL if
 * none that is registered does.
 */
struct iommu_prereg *iommu_prereg_map(struct mm_struct *mm, unsigned long ua,
				      unsigned long bytes)
{
	struct iommu_prereg *region;

	guard(rcu)();
	region = iommu_prereg_lookup(mm, ua, bytes);
	return region && !iommu_prereg_map_get(region) ? region : NULL;
}
EXPORT_SYMBOL_GPL(iommu_prereg_map);

/**
 * iommu_prereg_map_get() - begin a mapping
 * @region: the range, which the caller knows to be there
 *
 * Context: Any context.
 * Return: 0; -ENXIO if the range is no longer registered, -EOVERFLOW if it has
 * more than 2^40 mappings.
 */
int iommu_prereg_map_get(struct iommu_prereg *region)
{
	s64 old = atomic64_read(&region->uses);

	do {
		if (old < PREREG_REGISTRATION)
			return -ENXIO;
		if ((old & PREREG_MAPPINGS) == PREREG_MAPPINGS)
			return -EOVERFLOW;
	} while (!atomic64_try_cmpxchg(&region->uses, &old, old + 1));
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_prereg_map_get);

/**
 * iommu_prereg_map_put() - end a mapping
 * @region: the range; not to be used afterwards, unless the caller has another
 *          hold of it
 *
 * The caller must have invalidated the addresses in the hardware.
 *
 * Context: Any context. A range that has lost its owners is released by a work item
 * after its last mapping.
 */
void iommu_prereg_map_put(struct iommu_prereg *region)
{
	s64 old = atomic64_read(&region->uses);

	do {
		if (WARN_ON_ONCE(!(old & PREREG_MAPPINGS)))
			return;
	} while (!atomic64_try_cmpxchg(&region->uses, &old, old - 1));

	if (old == 1)
		queue_work(system_unbound_wq, &region->work);
}
EXPORT_SYMBOL_GPL(iommu_prereg_map_put);

/**
 * iommu_prereg_run() - memory that is contiguous from an address on
 * @region: the range
 * @ua: the address, in bytes
 * @bytes: how many are asked about, at least 1
 * @phys: gets the physical address of @ua, in bytes
 *
 * Context: Any context.
 * Return: bytes, at most @bytes; 0 if @ua is outside of the range.
 */
unsigned long iommu_prereg_run(struct iommu_prereg *region, unsigned long ua,
			       unsigned long bytes, phys_addr_t *phys)
{
	unsigned long offset = ua - region->ua;
	unsigned long in_page = offset_in_page(ua);
	struct iommu_prereg_span span;

	if (!prereg_contains(region, ua, 1))
		return 0;
	bytes = min(bytes, (region->npages << PAGE_SHIFT) - offset);
	prereg_pages_spans(&region->pages, offset >> PAGE_SHIFT,
			   PFN_UP(in_page + bytes), &span, 1);
	*phys = span.phys + in_page;
	return min(bytes, span.bytes - in_page);
}
EXPORT_SYMBOL_GPL(iommu_prereg_run);

/**
 * iommu_prereg_spans() - where memory is, many pieces at a time
 * @region: the range
 * @ua: the first address, in bytes, page-aligned
 * @bytes: how many, page-aligned, at least a page; all inside of the range
 * @spans: gets what is contiguous, in the order of addresses
 * @max: number of entries in @spans
 *
 * Context: Any context.
 * Return: how many of @spans were written; they cover @bytes unless it is @max.
 */
unsigned int iommu_prereg_spans(struct iommu_prereg *region, unsigned long ua,
				unsigned long bytes,
				struct iommu_prereg_span *spans,
				unsigned int max)
{
	if (!prereg_contains(region, ua, bytes))
		return 0;
	return prereg_pages_spans(&region->pages, (ua - region->ua) >> PAGE_SHIFT,
				  bytes >> PAGE_SHIFT, spans, max);
}
EXPORT_SYMBOL_GPL(iommu_prereg_spans);

/**
 * iommu_prereg_translate() - where one address is
 * @region: the range
 * @ua: the address, in bytes
 * @phys: gets the physical address, in bytes
 *
 * Context: Any context.
 * Return: 0; -EFAULT if @ua is outside of the range.
 */
int iommu_prereg_translate(struct iommu_prereg *region, unsigned long ua,
			   phys_addr_t *phys)
{
	return iommu_prereg_run(region, ua, 1, phys) ? 0 : -EFAULT;
}
EXPORT_SYMBOL_GPL(iommu_prereg_translate);

/**
 * iommu_prereg_mark_written() - addresses that devices may write to
 * @region: the range
 * @ua: the first one, in bytes
 * @bytes: how many, at least 1; all inside of the range
 *
 * Their pages get dirty when the range is released, and so do those that are
 * kept in one run with them. Takes as long as there are runs or, without runs,
 * pages.
 *
 * Context: Any context.
 */
void iommu_prereg_mark_written(struct iommu_prereg *region, unsigned long ua,
			       unsigned long bytes)
{
	unsigned long first = (ua - region->ua) >> PAGE_SHIFT;
	unsigned long last = (ua - region->ua + bytes - 1) >> PAGE_SHIFT;

	if (!region->device)
		prereg_pages_mark(&region->pages, first, last - first + 1);
}
EXPORT_SYMBOL_GPL(iommu_prereg_mark_written);

/**
 * iommu_prereg_mm() - whose memory it is
 * @region: the range
 *
 * Context: Any context.
 * Return: the process; its structure stays while the range does.
 */
struct mm_struct *iommu_prereg_mm(const struct iommu_prereg *region)
{
	return region->space->mm;
}
EXPORT_SYMBOL_GPL(iommu_prereg_mm);

/**
 * iommu_prereg_any() - whether a process has any range
 * @mm: the process
 *
 * Context: Any context.
 * Return: true if it has.
 */
bool iommu_prereg_any(struct mm_struct *mm)
{
	struct prereg_space *space;

	guard(rcu)();
	space = rhashtable_lookup(&prereg_spaces, &mm, prereg_space_params);
	return space && !mtree_empty(&space->regions);
}
EXPORT_SYMBOL_GPL(iommu_prereg_any);

/**
 * iommu_prereg_device_bytes() - registered device memory at a physical address
 * @mm: the process that it is registered for
 * @phys: the address, in bytes
 *
 * Context: Any context.
 * Return: bytes from @phys to the end of its range, 0 if it is in none.
 */
unsigned long iommu_prereg_device_bytes(struct mm_struct *mm, phys_addr_t phys)
{
	struct iommu_prereg *region;
	struct prereg_space *space;

	guard(rcu)();
	space = rhashtable_lookup(&prereg_spaces, &mm, prereg_space_params);
	region = space ? mtree_load(&space->devices, PHYS_PFN(phys)) : NULL;
	if (!region)
		return 0;
	return (region->npages << PAGE_SHIFT) -
	       (phys - PFN_PHYS(prereg_device_pfn(region)));
}
EXPORT_SYMBOL_GPL(iommu_prereg_device_bytes);

/**
 * iommu_prereg_footprint() - what a range costs
 * @region: the range
 *
 * Return: bytes of the kernel's memory, without the trees that list it.
 */
size_t iommu_prereg_footprint(const struct iommu_prereg *region)
{
	return sizeof(*region) + prereg_pages_bytes(&region->pages);
}

static int __init prereg_init(void)
{
	return rhashtable_init(&prereg_spaces, &prereg_space_params);
}
core_initcall(prereg_init);
