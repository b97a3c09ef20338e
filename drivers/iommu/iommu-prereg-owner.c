// SPDX-License-Identifier: GPL-2.0-only
/* The registrations of user memory that one container holds. */

#include <linux/err.h>
#include <linux/export.h>
#include <linux/lockdep.h>
#include <linux/maple_tree.h>
#include <linux/sched/mm.h>
#include <linux/xarray.h>

#include "iommu-prereg-internal.h"

/* Tell how many registrations of a range the owner holds. */
static unsigned long prereg_held(struct iommu_prereg_owner *owner,
				 struct iommu_prereg *region)
{
	void *count;

	lockdep_assert_held(&owner->lock);
	count = mtree_load(&owner->held, (unsigned long)region);
	return count ? xa_to_value(count) : 0;
}

/* Set how many. Can't fail for a range that the owner holds already. */
static int prereg_set_held(struct iommu_prereg_owner *owner,
			   struct iommu_prereg *region, unsigned long count)
{
	lockdep_assert_held(&owner->lock);
	if (!count) {
		prereg_tree_erase(&owner->held, (unsigned long)region,
				  (unsigned long)region);
		return 0;
	}
	return mtree_store(&owner->held, (unsigned long)region,
			   xa_mk_value(count), GFP_KERNEL_ACCOUNT);
}

/* Get the range that mt_for_each() is at: it leaves the index one beyond. */
static struct iommu_prereg *prereg_of_index(unsigned long index)
{
	return (struct iommu_prereg *)(index - 1);
}

/*
 * Find what the owner holds of a process that has exited or called exec(). The
 * process that has the container now may end that registration.
 */
static struct iommu_prereg *prereg_inherited(struct iommu_prereg_owner *owner,
					     unsigned long ua, unsigned long npages)
{
	unsigned long index = 0;
	void *count;

	lockdep_assert_held(&owner->lock);
	mt_for_each(&owner->held, count, index, ULONG_MAX) {
		struct iommu_prereg *region = prereg_of_index(index);

		if (prereg_is_range(region, ua, npages) &&
		    !atomic_read(&region->space->mm->mm_users))
			return region;
	}
	return NULL;
}

/*
 * Find a range that the owner holds. Take no reference, which would count as
 * another owner's: a registration that is held here keeps the range alive.
 */
static struct iommu_prereg *prereg_own(struct iommu_prereg_owner *owner,
				       unsigned long ua, unsigned long npages)
{
	struct iommu_prereg *region = prereg_find(current->mm, ua, npages);

	if (region && prereg_held(owner, region))
		return region;
	return prereg_inherited(owner, ua, npages);
}

/**
 * iommu_prereg_owner_init() - a container without registrations
 * @owner: what to set up
 */
void iommu_prereg_owner_init(struct iommu_prereg_owner *owner)
{
	mutex_init(&owner->lock);
	mt_init(&owner->held);
}
EXPORT_SYMBOL_GPL(iommu_prereg_owner_init);

/**
 * iommu_prereg_owner_register() - register memory of the caller for a container
 * @owner: the container's registrations
 * @ua: first address, in bytes, page-aligned
 * @npages: how many, in pages
 *
 * The same range again is one more registration, which wants an end of its own.
 *
 * Context: May sleep; ends early on a fatal signal.
 * Return: 0, or what iommu_prereg_register() returns.
 */
int iommu_prereg_owner_register(struct iommu_prereg_owner *owner,
				unsigned long ua, unsigned long npages)
{
	struct iommu_prereg *region;
	int ret;

	if (mutex_lock_killable(&owner->lock))
		return -EINTR;
	region = iommu_prereg_register(current->mm, ua, npages);
	ret = PTR_ERR_OR_ZERO(region);
	if (!ret) {
		ret = prereg_set_held(owner, region, prereg_held(owner, region) + 1);
		if (ret)
			iommu_prereg_abandon(region);
	}
	mutex_unlock(&owner->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_prereg_owner_register);

/**
 * iommu_prereg_owner_unregister() - end one registration of a container
 * @owner: the container's registrations
 * @ua: first address of the range in the calling process, in bytes
 * @npages: its length in pages
 *
 * Ends also what a process has registered that is gone, as before exec().
 *
 * Context: May sleep.
 * Return: 0; -ENOENT if the container has not registered this range, -EBUSY if
 * it is the range's last registration and the range is mapped, -EINTR on a
 * fatal signal: nothing has changed then.
 */
int iommu_prereg_owner_unregister(struct iommu_prereg_owner *owner,
				  unsigned long ua, unsigned long npages)
{
	struct iommu_prereg *region;
	int ret = -ENOENT;

	if (mutex_lock_killable(&owner->lock))
		return -EINTR;
	region = prereg_own(owner, ua, npages);
	if (region) {
		unsigned long count = prereg_held(owner, region);

		ret = iommu_prereg_unregister(region);
		if (!ret)
			prereg_set_held(owner, region, count - 1);
	}
	mutex_unlock(&owner->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_prereg_owner_unregister);

/**
 * iommu_prereg_owner_release() - end all registrations of a container that goes
 * @owner: the container's registrations; nobody else uses it any more
 *
 * What others still map stays for them, see iommu_prereg_abandon().
 *
 * Context: May sleep.
 */
void iommu_prereg_owner_release(struct iommu_prereg_owner *owner)
{
	unsigned long index = 0;
	void *count;

	mt_for_each(&owner->held, count, index, ULONG_MAX) {
		unsigned long left = xa_to_value(count);

		while (left--)
			iommu_prereg_abandon(prereg_of_index(index));
	}
	mtree_destroy(&owner->held);
	mutex_destroy(&owner->lock);
}
EXPORT_SYMBOL_GPL(iommu_prereg_owner_release);
