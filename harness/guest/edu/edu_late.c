// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lets the device write to a buffer after it was unmapped.
 *
 * The buffer is mapped, and written to by the device once, so that the IOMMU
 * has the translation in its cache. Then the device is told to write again and
 * the buffer is unmapped while it waits to do so. What the device reached can
 * be told from the buffer, which stays this module's own to the end.
 *
 * Writing a number of milliseconds to late_dma does this, so that the device
 * writes about that long after the unmapping. It ends with -ETIME when the
 * unmapping came too late to be sure that it was first. Reading gives one line:
 *
 *	DMA-ADDRESS PHYSICAL-ADDRESS FIRST LATE AT-LEAST AT-MOST UNMAPPED
 *
 * FIRST and LATE say what became of the two writes: "written", "blocked" or
 * "torn". The time from the unmapping to the late one was AT-LEAST and AT-MOST
 * so many microseconds: the device's clock and the interrupt's latency make
 * the difference. The buffer was UNMAPPED so many milliseconds after boot.
 */

#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/pci.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "edu_dma.h"

#define LATE_BYTES	64
#define LATE_PATTERN	0xa5

/**
 * struct edu_late - the buffer, and what became of the last test
 * @lock: one test at a time
 * @page: the buffer, a page of which @LATE_BYTES are written
 * @addr: its DMA address
 * @first: what the device wrote while it was mapped
 * @late: what it wrote after it was unmapped
 * @at_least: time from the return of the unmapping to the late write, in microseconds
 * @at_most: time from the call of the unmapping to the late write, in microseconds
 * @unmapped: when the unmapping returned
 */
struct edu_late {
	struct mutex	lock;	/* protects all of this */
	u8		*page;
	dma_addr_t	addr;
	const char	*first;
	const char	*late;
	s64		at_least;
	s64		at_most;
	ktime_t		unmapped;
};

/* What is in the buffer; leaves it empty. */
static const char *late_look(struct edu_late *late)
{
	const char *found = "torn";

	if (!memchr_inv(late->page, LATE_PATTERN, LATE_BYTES))
		found = "written";
	else if (!memchr_inv(late->page, 0, LATE_BYTES))
		found = "blocked";
	memset(late->page, 0, PAGE_SIZE);
	return found;
}

/* Gives the device what it is to write. */
static int late_load(struct edu_dma *edu)
{
	struct edu_late *late = edu->late;
	struct device *dev = &edu->pdev->dev;
	dma_addr_t addr;
	int error;

	memset(late->page, LATE_PATTERN, LATE_BYTES);
	addr = dma_map_single(dev, late->page, PAGE_SIZE, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, addr))
		return -ENOMEM;
	edu_dma_start(edu, addr, LATE_BYTES, DMA_TO_DEVICE);
	error = edu_dma_wait(edu);
	dma_unmap_single(dev, addr, PAGE_SIZE, DMA_TO_DEVICE);
	memset(late->page, 0, PAGE_SIZE);
	return error;
}

/* Has the device write while the buffer is mapped: the IOMMU learns where it is. */
static int late_first(struct edu_dma *edu)
{
	struct edu_late *late = edu->late;
	struct device *dev = &edu->pdev->dev;
	int error;

	edu_dma_start(edu, late->addr, LATE_BYTES, DMA_FROM_DEVICE);
	error = edu_dma_wait(edu);
	dma_sync_single_for_cpu(dev, late->addr, PAGE_SIZE, DMA_FROM_DEVICE);
	late->first = late_look(late);
	dma_sync_single_for_device(dev, late->addr, PAGE_SIZE, DMA_FROM_DEVICE);
	return error;
}

static void late_sleep_until(ktime_t time)
{
	while (ktime_before(ktime_get(), time)) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_hrtimeout_range(&time, 0, HRTIMER_MODE_ABS);
	}
}

/* Has the device write again, @age_ms after the buffer is unmapped. */
static int late_second(struct edu_dma *edu, unsigned int age_ms)
{
	struct edu_late *late = edu->late;
	struct device *dev = &edu->pdev->dev;
	ktime_t start, unmap, earliest;
	int error;

	start = ktime_get();
	/* a clock of whole milliseconds may be one behind */
	earliest = ktime_add_ms(start, EDU_DELAY_MS - 1);
	edu_dma_start(edu, late->addr, LATE_BYTES, DMA_FROM_DEVICE);
	late_sleep_until(ktime_add_ms(start, EDU_DELAY_MS - age_ms));
	unmap = ktime_get();
	dma_unmap_single(dev, late->addr, PAGE_SIZE, DMA_FROM_DEVICE);
	late->unmapped = ktime_get();

	error = edu_dma_wait(edu);
	late->late = late_look(late);
	late->at_least = ktime_us_delta(earliest, late->unmapped);
	late->at_most = ktime_us_delta(edu->ended_at, unmap);
	if (!error && late->at_least <= 0)
		error = -ETIME;
	return error;
}

static int late_test(struct edu_dma *edu, unsigned int age_ms)
{
	struct edu_late *late = edu->late;
	struct device *dev = &edu->pdev->dev;
	int error;

	guard(mutex)(&late->lock);
	error = late_load(edu);
	if (error)
		return error;
	late->addr = dma_map_single(dev, late->page, PAGE_SIZE, DMA_FROM_DEVICE);
	if (dma_mapping_error(dev, late->addr))
		return -ENOMEM;
	error = late_first(edu);
	if (!error)
		return late_second(edu, age_ms);
	dma_unmap_single(dev, late->addr, PAGE_SIZE, DMA_FROM_DEVICE);
	return error;
}

static ssize_t late_dma_store(struct device *dev, struct device_attribute *attr,
			      const char *buf, size_t count)
{
	unsigned int age_ms;
	int error;

	error = kstrtouint(buf, 0, &age_ms);
	if (!error && age_ms >= EDU_DELAY_MS)
		error = -EINVAL;
	return error ?: late_test(dev_get_drvdata(dev), age_ms) ?: count;
}

static ssize_t late_dma_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	struct edu_dma *edu = dev_get_drvdata(dev);
	struct edu_late *late = edu->late;
	phys_addr_t phys = virt_to_phys(late->page);

	guard(mutex)(&late->lock);
	if (!late->late)
		return -ENODATA;
	return sysfs_emit(buf, "%#llx %#llx %s %s %lld %lld %lld\n",
			  (u64)late->addr, (u64)phys, late->first, late->late,
			  late->at_least, late->at_most,
			  ktime_to_ms(late->unmapped));
}
DEVICE_ATTR_ADMIN_RW(late_dma);

/* The page goes when the driver does, and with it whatever the device was to do. */
int edu_late_init(struct edu_dma *edu)
{
	struct device *dev = &edu->pdev->dev;
	struct edu_late *late = devm_kzalloc(dev, sizeof(*late), GFP_KERNEL);

	if (!late)
		return -ENOMEM;
	mutex_init(&late->lock);
	late->page = (u8 *)devm_get_free_pages(dev, GFP_KERNEL | __GFP_ZERO, 0);
	edu->late = late;
	return late->page ? 0 : -ENOMEM;
}
