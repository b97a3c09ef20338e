// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that pin pages in place of having an IOMMU (../mdev/vfio_pin.c): in a
 * registered range they get its pages, and nothing is pinned or accounted again.
 */

#include "../mdev/vfio_pin.h"
#include "prereg.h"

#define PAGES	64
#define BYTES	(PAGES * PAGE_BYTES)
#define COUNT	4	/* pages in a call */
#define FEW	(COUNT * PAGE_BYTES)

static int pin(struct edu *device, uint64_t iova, unsigned int count, uint32_t flags)
{
	struct vfio_pin_range range = { .iova = iova, .count = count, .flags = flags };

	return ioctl(device->device, VFIO_PIN_PIN, &range) ? -errno : 0;
}

static int unpin(struct edu *device, uint64_t iova, unsigned int count)
{
	struct vfio_pin_range range = { .iova = iova, .count = count };

	return ioctl(device->device, VFIO_PIN_UNPIN, &range) ? -errno : 0;
}

/* @asked: was it told of an unmapping, any number of times? */
static int expect_state(struct edu *device, const char *what, uint64_t pinned, bool asked,
			uint64_t given_up)
{
	struct vfio_pin_state state;

	if (ioctl(device->device, VFIO_PIN_STATE, &state))
		return fail("VFIO_PIN_STATE: %s", strerror(errno));
	if (state.pinned == pinned && !state.asked == !asked && state.given_up == given_up)
		return 0;
	return fail("%s: %llu pinned, asked %llu times, %llu given up", what,
		    (unsigned long long)state.pinned, (unsigned long long)state.asked,
		    (unsigned long long)state.given_up);
}

/* Is what the device finds in the page at @iova what fill() has made of @seed? */
static int pinned_holds(struct edu *device, const char *what, uint64_t iova, uint64_t seed)
{
	uint8_t page[PAGE_BYTES];

	if (pread(device->device, page, PAGE_BYTES, iova) != PAGE_BYTES)
		return fail("%s: reading the pinned page: %s", what, strerror(errno));
	return holds(page, seed) ? 0 : fail("%s: another page is pinned", what);
}

static int pinned_write(struct edu *device, uint64_t iova, uint64_t seed)
{
	uint8_t page[PAGE_BYTES];

	fill(page, seed);
	return pwrite(device->device, page, PAGE_BYTES, iova) == PAGE_BYTES ? 0 :
		fail("writing the pinned page: %s", strerror(errno));
}

/* A container with vfio_pin.0 alone, as far as tests of what is held go */
static int pin_lab(struct lab *lab, uint8_t **mem)
{
	*mem = memory(SMALL, BYTES);
	if (!*mem || device_open(&lab->edu, "vfio_pin.0", 0))
		return -1;
	for (unsigned int i = 0; i < PAGES; i++)
		fill(*mem + i * PAGE_BYTES, i);
	lab->locked = locked();
	lab->pins = pins();
	return 0;
}

static int pin_registered(struct lab *lab, uint8_t *mem)
{
	struct edu *device = &lab->edu;
	int container = device->container;

	if (expect("registering", reg(container, mem, BYTES), 0) ||
	    expect("mapping", map(container, mem, FIRST_IOVA, BYTES, RW), 0) ||
	    expect_held(lab, "mapped", PAGES) ||
	    expect("pinning", pin(device, FIRST_IOVA, COUNT, VFIO_PIN_WRITE), 0) ||
	    expect_held(lab, "pinned", PAGES) ||
	    pinned_holds(device, "pinned", FIRST_IOVA + PAGE_BYTES, 1) ||
	    pinned_write(device, FIRST_IOVA, 100))
		return -1;
	if (!holds(mem, 100))
		return fail("what the device wrote is not there");
	if (madvise(mem, BYTES, MADV_DONTNEED) || mem[0])
		return fail("MADV_DONTNEED: %s", strerror(errno));
	if (expect("pinning after MADV_DONTNEED", pin(device, FIRST_IOVA + FEW, COUNT, 0), 0) ||
	    pinned_holds(device, "after MADV_DONTNEED", FIRST_IOVA + FEW, COUNT) ||
	    pinned_holds(device, "before MADV_DONTNEED", FIRST_IOVA, 100) ||
	    expect_held(lab, "pinned more", PAGES) ||
	    expect_state(device, "pinned more", 2 * COUNT, false, 0))
		return -1;
	return 0;
}

int test_pin(void)
{
	struct lab lab = { };
	struct edu *device = &lab.edu;
	uint8_t *mem;

	if (pin_lab(&lab, &mem) || pin_registered(&lab, mem) ||
	    expect("unregistering", unreg(device->container, mem, BYTES), -EBUSY) ||
	    expect("pinning what is not mapped", pin(device, FIRST_IOVA + BYTES, 1, 0), -EINVAL) ||
	    expect("pinning beyond", pin(device, FIRST_IOVA + BYTES - PAGE_BYTES, 2, 0), -EINVAL) ||
	    expect("unpinning", unpin(device, FIRST_IOVA, 2 * COUNT), 0) ||
	    expect_held(&lab, "unpinned", PAGES) ||
	    expect_state(device, "unpinned", 0, false, 0) ||
	    expect("unregistering", unreg(device->container, mem, BYTES), -EBUSY) ||
	    expect("unmapping", unmap(device->container, FIRST_IOVA, BYTES), 0) ||
	    expect("mapping to read", map(device->container, mem, FIRST_IOVA, BYTES,
					  VFIO_DMA_MAP_FLAG_READ), 0) ||
	    expect("pinning to write", pin(device, FIRST_IOVA, 1, VFIO_PIN_WRITE), -EPERM) ||
	    expect("pinning to read", pin(device, FIRST_IOVA + FEW, 1, 0), 0) ||
	    pinned_holds(device, "pinned to read", FIRST_IOVA + FEW, COUNT) ||
	    expect("unpinning", unpin(device, FIRST_IOVA + FEW, 1), 0) ||
	    expect("unmapping", unmap(device->container, FIRST_IOVA, BYTES), 0) ||
	    expect("unregistering", unreg(device->container, mem, BYTES), 0) ||
	    expect_held(&lab, "unregistered", 0))
		return -1;
	return device_close(device);
}

/* A device with an IOMMU and one without, in one container */
int test_pin_beside(void)
{
	uint8_t *mem = memory(SMALL, BYTES);
	struct edu device;
	struct lab lab;
	int container;

	if (!mem || lab_open(&lab, 0) || device_open(&device, "vfio_pin.0", lab.edu.container))
		return -1;
	container = lab.edu.container;
	fill(mem, 1);
	if (expect("registering", reg(container, mem, BYTES), 0) ||
	    expect("mapping", map(container, mem, FIRST_IOVA, BYTES, RW), 0) ||
	    expect("pinning", pin(&device, FIRST_IOVA, COUNT, VFIO_PIN_WRITE), 0) ||
	    expect_held(&lab, "pinned", PAGES) ||
	    pinned_holds(&device, "pinned", FIRST_IOVA, 1))
		return -1;
	if (madvise(mem, BYTES, MADV_DONTNEED))
		return fail("madvise: %s", strerror(errno));
	fill(mem, 2);
	if (device_writes(&lab, FIRST_IOVA, 3) ||
	    pinned_holds(&device, "written by edu", FIRST_IOVA, 3) ||
	    pinned_write(&device, FIRST_IOVA + PAGE_BYTES, 4) ||
	    device_sees(&lab, "written through the pin", FIRST_IOVA + PAGE_BYTES, 4))
		return -1;
	if (!holds(mem, 2))
		return fail("a device wrote to pages that are not registered");
	if (expect("unmapping", unmap(container, FIRST_IOVA, BYTES), 0) ||
	    expect_state(&device, "unmapped", 0, true, COUNT) ||
	    expect_held(&lab, "unmapped", PAGES) ||
	    expect("unregistering", unreg(container, mem, BYTES), 0) || device_close(&device))
		return -1;
	return lab_close(&lab);
}

/* What is pinned is given up when it is unmapped, and when the device or the container closes. */
int test_pin_unmap(void)
{
	struct lab lab = { };
	struct edu *device = &lab.edu;
	uint8_t *mem;

	if (pin_lab(&lab, &mem) ||
	    expect("registering", reg(device->container, mem, BYTES), 0) ||
	    expect("mapping", map(device->container, mem, FIRST_IOVA, FEW, RW), 0) ||
	    expect("mapping more", map(device->container, mem + FEW, FIRST_IOVA + FEW, FEW, RW),
		   0) ||
	    expect("pinning across", pin(device, FIRST_IOVA + FEW / 2, COUNT, VFIO_PIN_WRITE), 0) ||
	    pinned_holds(device, "pinned across", FIRST_IOVA + FEW, COUNT) ||
	    expect_held(&lab, "pinned across", PAGES) ||
	    expect("unmapping one", unmap(device->container, FIRST_IOVA, FEW), 0) ||
	    expect_state(device, "unmapped one", COUNT / 2, true, COUNT / 2) ||
	    pinned_holds(device, "unmapped one", FIRST_IOVA + FEW, COUNT) ||
	    expect("unregistering", unreg(device->container, mem, BYTES), -EBUSY) ||
	    expect("unmapping the other", unmap(device->container, FIRST_IOVA + FEW, FEW), 0) ||
	    expect_state(device, "unmapped both", 0, true, COUNT) ||
	    expect_held(&lab, "unmapped both", PAGES) ||
	    expect("unregistering", unreg(device->container, mem, BYTES), 0) ||
	    expect_held(&lab, "unregistered", 0) ||
	    expect("registering again", reg(device->container, mem, BYTES), 0) ||
	    expect("mapping again", map(device->container, mem, FIRST_IOVA, BYTES, RW), 0) ||
	    expect("pinning again", pin(device, FIRST_IOVA, COUNT, VFIO_PIN_WRITE), 0) ||
	    device_close(device))
		return -1;
	return expect_held(&lab, "closed", 0);
}

/* Without a registration each page that is pinned is accounted; one that comes later is another. */
int test_pin_old_way(void)
{
	struct lab lab = { };
	struct edu *device = &lab.edu;
	uint8_t *mem;

	if (pin_lab(&lab, &mem) ||
	    expect("mapping", map(device->container, mem, FIRST_IOVA, BYTES, RW), 0) ||
	    expect_held(&lab, "mapped", 0) ||
	    expect("pinning", pin(device, FIRST_IOVA, COUNT, VFIO_PIN_WRITE), 0) ||
	    expect_held(&lab, "pinned", COUNT) ||
	    expect("registering", reg(device->container, mem, BYTES), 0) ||
	    expect_held(&lab, "registered", PAGES + COUNT) ||
	    expect("pinning more", pin(device, FIRST_IOVA + FEW, 1, VFIO_PIN_WRITE), 0) ||
	    expect_held(&lab, "pinned more", PAGES + COUNT + 1) ||
	    pinned_holds(device, "pinned more", FIRST_IOVA + FEW, COUNT) ||
	    expect("unregistering", unreg(device->container, mem, BYTES), 0) ||
	    expect_held(&lab, "unregistered", COUNT + 1) ||
	    pinned_holds(device, "unregistered", FIRST_IOVA + FEW, COUNT) ||
	    expect("unpinning", unpin(device, FIRST_IOVA + FEW, 1), 0) ||
	    expect_held(&lab, "unpinned", COUNT) ||
	    expect("unmapping", unmap(device->container, FIRST_IOVA, BYTES), 0) ||
	    expect_state(device, "unmapped", 0, true, COUNT) ||
	    expect_held(&lab, "unmapped", 0))
		return -1;
	return device_close(device);
}

/*
 * The device with an IOMMU comes to a container when registered memory is mapped
 * there already, goes, and comes again: each time it finds what is mapped.
 */
int test_regroup(void)
{
	uint64_t there = FIRST_IOVA + BYTES, one = FIRST_IOVA + PAGE_BYTES;
	struct lab lab = { };
	struct edu *device = &lab.edu;
	struct edu edu;
	uint8_t *mem;

	if (pin_lab(&lab, &mem) ||
	    expect("registering", reg(device->container, mem, BYTES), 0) ||
	    expect("mapping", map(device->container, mem, FIRST_IOVA, BYTES, RW), 0) ||
	    expect("mapping twice", map(device->container, mem, there, FEW, RW), 0) ||
	    expect("pinning", pin(device, there, 1, VFIO_PIN_WRITE), 0))
		return -1;
	for (unsigned int i = 0; i < 3; i++) {
		if (device_open(&edu, settings.devices[0], device->container) ||
		    expect_held(&lab, "with edu", PAGES))
			return -1;
		fill(mem + PAGE_BYTES, 50 + i);
		if (edu_load(&edu, one, EDU_MEMORY_BYTES) ||
		    edu_store(&edu, there + 2 * PAGE_BYTES, EDU_MEMORY_BYTES))
			return fail("no transfer");
		if (!holds(mem + 2 * PAGE_BYTES, 50 + i))
			return fail("edu did not find what is mapped, time %u", i);
		if (device_close(&edu) || expect_held(&lab, "without edu", PAGES) ||
		    pinned_holds(device, "without edu", there, 0))
			return -1;
	}
	if (expect("unregistering", unreg(device->container, mem, BYTES), -EBUSY) ||
	    expect("unmapping", unmap(device->container, FIRST_IOVA, 2 * BYTES), 0) ||
	    expect("unregistering", unreg(device->container, mem, BYTES), 0) ||
	    expect_held(&lab, "unregistered", 0))
		return -1;
	return device_close(device);
}
