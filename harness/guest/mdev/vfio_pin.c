// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that exist in VFIO alone, and have no IOMMU: they reach a program's
 * memory by pinning its pages, as mediated devices do.
 *
 * A program says with ioctls (vfio_pin.h) which pages of its address space a
 * device is to pin and to unpin, and what the device finds in them is read and
 * written at the offset that is their IOVA. What is unmapped is given up.
 *
 * devices= is how many there are: vfio_pin.0, vfio_pin.1 and so on.
 */

#include <linux/completion.h>
#include <linux/highmem.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "vfio_pin.h"

#define MOST_DEVICES	16
#define PATIENCE_MS	200

static unsigned int devices = 1;
module_param(devices, uint, 0444);
MODULE_PARM_DESC(devices, "how many devices to make");

/**
 * struct pin_device - one of the devices
 * @vdev: as VFIO has it
 * @lock: protects @pages and @state; taken before every lock of VFIO
 * @pages: what is pinned, by the number of its page in the address space
 * @state: of that and of what was given up
 * @unmapped: unpins what VFIO has told to be unmapped
 * @range_lock: protects @first and @last
 * @first: the first page of that
 * @last: the last one
 * @given_up: it was done
 *
 * VFIO has locks when it tells of an unmapping that it takes to pin and unpin as
 * well. So that is left to a work item, and the wait for it has an end.
 */
struct pin_device {
	struct vfio_device	vdev;
	struct mutex		lock;		/* see above */
	struct xarray		pages;
	struct vfio_pin_state	state;
	struct work_struct	unmapped;
	spinlock_t		range_lock;	/* see above */
	unsigned long		first;
	unsigned long		last;
	struct completion	given_up;
};

static struct platform_device *parents[MOST_DEVICES];

static struct pin_device *to_pin(struct vfio_device *vdev)
{
	return container_of(vdev, struct pin_device, vdev);
}

/* Unpins what is pinned of these pages: their number. */
static unsigned long pin_drop(struct pin_device *pin, unsigned long first,
			      unsigned long last)
{
	unsigned long index, count = 0;
	struct page *page;

	lockdep_assert_held(&pin->lock);
	xa_for_each_range(&pin->pages, index, page, first, last) {
		xa_erase(&pin->pages, index);
		vfio_unpin_pages(&pin->vdev, (dma_addr_t)index << PAGE_SHIFT, 1);
		pin->state.pinned--;
		count++;
	}
	return count;
}

static void pin_give_up(struct work_struct *work)
{
	struct pin_device *pin = container_of(work, struct pin_device, unmapped);
	unsigned long first, last;

	guard(mutex)(&pin->lock);
	scoped_guard(spinlock, &pin->range_lock) {
		first = pin->first;
		last = pin->last;
	}
	pin->state.asked++;
	pin->state.given_up += pin_drop(pin, first, last);
	complete(&pin->given_up);
}

static int pin_init(struct vfio_device *vdev)
{
	struct pin_device *pin = to_pin(vdev);

	mutex_init(&pin->lock);
	spin_lock_init(&pin->range_lock);
	xa_init(&pin->pages);
	INIT_WORK(&pin->unmapped, pin_give_up);
	init_completion(&pin->given_up);
	return 0;
}

static void pin_release(struct vfio_device *vdev)
{
	xa_destroy(&to_pin(vdev)->pages);
}

static int pin_open(struct vfio_device *vdev)
{
	struct pin_device *pin = to_pin(vdev);

	guard(mutex)(&pin->lock);
	pin->state = (struct vfio_pin_state) { };
	return 0;
}

static void pin_close(struct vfio_device *vdev)
{
	struct pin_device *pin = to_pin(vdev);

	cancel_work_sync(&pin->unmapped);
	guard(mutex)(&pin->lock);
	pin_drop(pin, 0, ULONG_MAX);
}

/* VFIO asks again if something is still pinned afterwards, ten times at most. */
static void pin_dma_unmap(struct vfio_device *vdev, u64 iova, u64 length)
{
	struct pin_device *pin = to_pin(vdev);

	reinit_completion(&pin->given_up);
	scoped_guard(spinlock, &pin->range_lock) {
		pin->first = iova >> PAGE_SHIFT;
		pin->last = (iova + length - 1) >> PAGE_SHIFT;
	}
	queue_work(system_unbound_wq, &pin->unmapped);
	wait_for_completion_timeout(&pin->given_up, msecs_to_jiffies(PATIENCE_MS));
}

/* Notes pages that VFIO has pinned; those that cannot be noted are unpinned. */
static int pin_note(struct pin_device *pin, struct vfio_pin_range *range,
		    struct page **pages)
{
	unsigned long first = range->iova >> PAGE_SHIFT;
	unsigned int i;
	int error;

	for (i = 0; i < range->count; i++) {
		error = xa_insert(&pin->pages, first + i, pages[i], GFP_KERNEL);
		if (error)
			break;
		pin->state.pinned++;
		range->pfns[i] = page_to_pfn(pages[i]);
	}
	if (i == range->count)
		return 0;
	vfio_unpin_pages(&pin->vdev, range->iova + ((dma_addr_t)i << PAGE_SHIFT),
			 range->count - i);
	if (i)
		pin_drop(pin, first, first + i - 1);
	return error;
}

static int pin_pin(struct pin_device *pin, struct vfio_pin_range *range)
{
	int prot = IOMMU_READ | (range->flags & VFIO_PIN_WRITE ? IOMMU_WRITE : 0);
	struct page **pages __free(kfree) =
		kcalloc(VFIO_PIN_MOST, sizeof(*pages), GFP_KERNEL);
	int ret;

	if (!pages)
		return -ENOMEM;
	guard(mutex)(&pin->lock);
	ret = vfio_pin_pages(&pin->vdev, range->iova, range->count, prot, pages);
	if (ret < 0)
		return ret;
	if (WARN_ON(ret != range->count))
		return -EIO;
	return pin_note(pin, range, pages);
}

static int pin_unpin(struct pin_device *pin, struct vfio_pin_range *range)
{
	unsigned long first = range->iova >> PAGE_SHIFT;

	guard(mutex)(&pin->lock);
	return pin_drop(pin, first, first + range->count - 1) == range->count ?
		0 : -ENXIO;
}

static long pin_ioctl_state(struct pin_device *pin, void __user *arg)
{
	struct vfio_pin_state state;

	scoped_guard(mutex, &pin->lock)
		state = pin->state;
	return copy_to_user(arg, &state, sizeof(state)) ? -EFAULT : 0;
}

static long pin_ioctl(struct vfio_device *vdev, unsigned int cmd,
		      unsigned long arg)
{
	struct pin_device *pin = to_pin(vdev);
	struct vfio_pin_range *range __free(kfree) = NULL;
	void __user *user = (void __user *)arg;
	long ret;

	if (cmd == VFIO_PIN_STATE)
		return pin_ioctl_state(pin, user);
	if (cmd != VFIO_PIN_PIN && cmd != VFIO_PIN_UNPIN)
		return -ENOTTY;
	range = kmalloc(sizeof(*range), GFP_KERNEL);
	if (!range)
		return -ENOMEM;
	if (copy_from_user(range, user, sizeof(*range)))
		return -EFAULT;
	if (!range->count || range->count > VFIO_PIN_MOST)
		return -EINVAL;
	ret = cmd == VFIO_PIN_PIN ? pin_pin(pin, range) : pin_unpin(pin, range);
	if (!ret && cmd == VFIO_PIN_PIN && copy_to_user(user, range, sizeof(*range)))
		ret = -EFAULT;
	return ret;
}

/* Between the pinned page of that address and @copy; what is asked for ends in the page. */
static ssize_t pin_copy(struct pin_device *pin, loff_t iova, char *copy,
			size_t count, bool write)
{
	size_t offset = offset_in_page(iova);
	struct page *page;

	count = min(count, PAGE_SIZE - offset);
	guard(mutex)(&pin->lock);
	page = xa_load(&pin->pages, iova >> PAGE_SHIFT);
	if (!page)
		return -ENXIO;
	if (write)
		memcpy_to_page(page, offset, copy, count);
	else
		memcpy_from_page(copy, page, offset, count);
	return count;
}

static ssize_t pin_read(struct vfio_device *vdev, char __user *to, size_t count,
			loff_t *iova)
{
	char *copy __free(kfree) = kmalloc(PAGE_SIZE, GFP_KERNEL);
	ssize_t ret;

	if (!copy)
		return -ENOMEM;
	ret = pin_copy(to_pin(vdev), *iova, copy, count, false);
	return ret > 0 && copy_to_user(to, copy, ret) ? -EFAULT : ret;
}

static ssize_t pin_write(struct vfio_device *vdev, const char __user *from,
			 size_t count, loff_t *iova)
{
	char *copy __free(kfree) = kmalloc(PAGE_SIZE, GFP_KERNEL);

	if (!copy)
		return -ENOMEM;
	count = min(count, PAGE_SIZE);
	if (copy_from_user(copy, from, count))
		return -EFAULT;
	return pin_copy(to_pin(vdev), *iova, copy, count, true);
}

static const struct vfio_device_ops pin_ops = {
	.name = "vfio_pin",
	.init = pin_init,
	.release = pin_release,
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
	.open_device = pin_open,
	.close_device = pin_close,
	.read = pin_read,
	.write = pin_write,
	.ioctl = pin_ioctl,
	.dma_unmap = pin_dma_unmap,
};

static int pin_probe(struct platform_device *parent)
{
	struct pin_device *pin;
	int error;

	pin = vfio_alloc_device(pin_device, vdev, &parent->dev, &pin_ops);
	if (IS_ERR(pin))
		return PTR_ERR(pin);
	error = vfio_register_emulated_iommu_dev(&pin->vdev);
	if (error)
		vfio_put_device(&pin->vdev);
	else
		platform_set_drvdata(parent, pin);
	return error;
}

static void pin_remove(struct platform_device *parent)
{
	struct pin_device *pin = platform_get_drvdata(parent);

	vfio_unregister_group_dev(&pin->vdev);
	vfio_put_device(&pin->vdev);
}

static struct platform_driver pin_driver = {
	.probe = pin_probe,
	.remove = pin_remove,
	.driver = { .name = "vfio_pin" },
};

static void pin_end(void)
{
	unsigned int i;

	for (i = 0; i < MOST_DEVICES; i++)
		platform_device_unregister(parents[i]);
	platform_driver_unregister(&pin_driver);
}

static int __init pin_module_init(void)
{
	unsigned int i;
	int error;

	if (devices > MOST_DEVICES)
		return -EINVAL;
	error = platform_driver_register(&pin_driver);
	if (error)
		return error;
	for (i = 0; i < devices; i++) {
		struct platform_device *parent;

		parent = platform_device_register_simple("vfio_pin", i, NULL, 0);
		if (IS_ERR(parent)) {
			pin_end();
			return PTR_ERR(parent);
		}
		parents[i] = parent;
	}
	return 0;
}

static void __exit pin_module_exit(void)
{
	pin_end();
}

module_init(pin_module_init);
module_exit(pin_module_exit);
MODULE_DESCRIPTION("Devices of VFIO that pin pages, for tests");
MODULE_LICENSE("GPL");
