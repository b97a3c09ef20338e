// SPDX-License-Identifier: GPL-2.0-only
/* Which pages are said to be written: by VFIO_IOMMU_DIRTY_PAGES, and by the kernel after all. */

#include "../mdev/vfio_pin.h"
#include "prereg.h"

#define PAGES		128
#define BYTES		(PAGES * PAGE_BYTES)
#define SETTLE_TRIES	100
#define WORDS		(PAGES / 64)
#define PAGE_DIRTY	0x10	/* in /proc/kpageflags */

static int track(int container, uint32_t flag)
{
	struct vfio_iommu_type1_dirty_bitmap set = { .argsz = sizeof(set), .flags = flag };

	return ioctl(container, VFIO_IOMMU_DIRTY_PAGES, &set) ? -errno : 0;
}

static int get_bitmap(int container, uint64_t *bitmap)
{
	struct {
		struct vfio_iommu_type1_dirty_bitmap set;
		struct vfio_iommu_type1_dirty_bitmap_get get;
	} call = {
		.set.argsz = sizeof(call), .set.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
		.get = {
			.iova = FIRST_IOVA, .size = BYTES,
			.bitmap = {
				.pgsize = PAGE_BYTES, .size = PAGES / 8, .data = (__u64 *)bitmap,
			},
		},
	};

	memset(bitmap, 0, PAGES / 8);
	return ioctl(container, VFIO_IOMMU_DIRTY_PAGES, &call) ? -errno : 0;
}

static int unmap_with_bitmap(int container, uint64_t *bitmap)
{
	struct {
		struct vfio_iommu_type1_dma_unmap unmap;
		struct vfio_bitmap bitmap;
	} call = {
		.unmap = {
			.argsz = sizeof(call), .flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
			.iova = FIRST_IOVA, .size = BYTES,
		},
		.bitmap = { .pgsize = PAGE_BYTES, .size = PAGES / 8, .data = (__u64 *)bitmap },
	};

	memset(bitmap, 0, PAGES / 8);
	return ioctl(container, VFIO_IOMMU_UNMAP_DMA, &call) ? -errno : 0;
}

static int expect_bits(const char *what, const uint64_t *bitmap, uint64_t first, uint64_t second)
{
	if (bitmap[0] == first && bitmap[1] == second)
		return 0;
	return fail("%s: %#llx %#llx are dirty, not %#llx %#llx", what,
		    (unsigned long long)bitmap[0], (unsigned long long)bitmap[1],
		    (unsigned long long)first, (unsigned long long)second);
}

/* A device that reads and writes as it likes: all that is mapped may be dirty. */
static int dirty_device(struct lab *lab, uint8_t *mem, bool early)
{
	int container = lab->edu.container;
	uint64_t bitmap[WORDS];

	if ((early && track(container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START)) ||
	    expect("mapping", map(container, mem, FIRST_IOVA, BYTES, RW), 0) ||
	    (!early && track(container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START)) ||
	    device_writes(lab, FIRST_IOVA + 5 * PAGE_BYTES, 1) ||
	    expect("getting the bitmap", get_bitmap(container, bitmap), 0) ||
	    expect_bits("the device wrote", bitmap, -1ull, -1ull) ||
	    expect("getting it again", get_bitmap(container, bitmap), 0) ||
	    expect_bits("it may have written again", bitmap, -1ull, -1ull) ||
	    expect("unmapping with the bitmap", unmap_with_bitmap(container, bitmap), 0) ||
	    expect_bits("unmapped", bitmap, -1ull, -1ull) ||
	    expect("getting what is unmapped", get_bitmap(container, bitmap), 0) ||
	    expect_bits("nothing is mapped", bitmap, 0, 0) ||
	    expect("an end", track(container, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP), 0) ||
	    expect("getting after it", get_bitmap(container, bitmap), -EINVAL))
		return -1;
	return holds(mem + 5 * PAGE_BYTES, 1) ? 0 : fail("what the device wrote is not there");
}

int test_dirty_device(void)
{
	uint8_t *mem = memory(SMALL, BYTES);
	struct lab lab;

	if (!mem || lab_open(&lab, 0))
		return -1;
	for (unsigned int i = 0; i < 4; i++) {
		/* first without a registration: it is to be the same */
		if (i == 2 && expect("registering", reg(lab.edu.container, mem, BYTES), 0))
			return -1;
		memset(mem, 1, BYTES);
		if (dirty_device(&lab, mem, i % 2))
			return -1;
	}
	if (expect_held(&lab, "all over", PAGES) ||
	    expect("unregistering", unreg(lab.edu.container, mem, BYTES), 0))
		return -1;
	return lab_close(&lab);
}

static int pin_call(struct edu *device, unsigned long call, unsigned int page, unsigned int count)
{
	struct vfio_pin_range range = {
		.iova = FIRST_IOVA + page * PAGE_BYTES, .count = count, .flags = VFIO_PIN_WRITE,
	};

	return ioctl(device->device, call, &range) ? -errno : 0;
}

/* Devices that only reach what they have pinned: that is dirty. */
static int dirty_pinned(struct edu *device, uint8_t *mem)
{
	int container = device->container;
	uint64_t bitmap[WORDS];

	if (expect("mapping", map(container, mem, FIRST_IOVA, BYTES, RW), 0) ||
	    expect("pinning", pin_call(device, VFIO_PIN_PIN, 2, 3), 0) ||
	    expect("a start", track(container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START), 0) ||
	    expect("pinning more", pin_call(device, VFIO_PIN_PIN, 64, 1), 0) ||
	    expect("getting the bitmap", get_bitmap(container, bitmap), 0) ||
	    expect_bits("pinned before and after", bitmap, 7ull << 2, 1) ||
	    expect("unpinning", pin_call(device, VFIO_PIN_UNPIN, 2, 3), 0) ||
	    expect("getting it again", get_bitmap(container, bitmap), 0) ||
	    expect_bits("pinned until lately", bitmap, 7ull << 2, 1) ||
	    expect("getting it once more", get_bitmap(container, bitmap), 0) ||
	    expect_bits("still pinned", bitmap, 0, 1) ||
	    expect("pinning again", pin_call(device, VFIO_PIN_PIN, 0, 1), 0) ||
	    expect("unmapping with the bitmap", unmap_with_bitmap(container, bitmap), 0) ||
	    expect_bits("unmapped", bitmap, 1, 1) ||
	    expect("an end", track(container, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP), 0))
		return -1;
	return 0;
}

int test_dirty_pinned(void)
{
	uint8_t *mem = memory(SMALL, BYTES);
	long pinned = pins(), before;
	struct edu device;

	if (!mem || device_open(&device, "vfio_pin.0", 0))
		return -1;
	before = locked();
	if (dirty_pinned(&device, mem) ||
	    expect("registering", reg(device.container, mem, BYTES), 0) ||
	    dirty_pinned(&device, mem) || expect("accounted", locked() - before, PAGES) ||
	    expect_pins("all over", pinned + PAGES) ||
	    expect("unregistering", unreg(device.container, mem, BYTES), 0) ||
	    expect("accounted at the end", locked(), before))
		return -1;
	return device_close(&device);
}

static bool is_dirty(const uint8_t *page)
{
	uint64_t pfn = pfn_of(page);

	return pfn && flags_of(pfn) & PAGE_DIRTY;
}

static int count_dirty(const uint8_t *mem)
{
	int count = 0;

	for (unsigned int i = 0; i < PAGES; i++)
		count += is_dirty(mem + i * PAGE_BYTES);
	return count;
}

/* Memory of which nothing will be moved when it is pinned: pages get dirty by that. */
static uint8_t *settled_memory(void)
{
	uint64_t first, count;
	uint8_t *mem;

	if (movable_zone(&first, &count))
		return NULL;
	for (unsigned int tries = 0; tries < SETTLE_TRIES; tries++) {
		mem = memory(SMALL, BYTES);
		if (!mem || !count_movable(mem, BYTES, first, count))
			return mem;
		/* it is filled up first */
		if (!tries && !memory(THP, count * PAGE_BYTES))
			return NULL;
	}
	fail("all memory is movable");
	return NULL;
}

/* Pages that a device could write are dirty when they are released, and others are not. */
int test_dirty_release(void)
{
	uint8_t *mem = settled_memory(), *other = settled_memory();
	struct lab lab;
	int container;

	if (!mem || !other || lab_open(&lab, 0))
		return -1;
	container = lab.edu.container;
	if (expect("dirty at first", count_dirty(mem) + count_dirty(other), 0) ||
	    expect("registering", reg(container, mem, BYTES), 0) ||
	    expect("registering the other", reg(container, other, BYTES), 0) ||
	    expect("mapping", map(container, mem, FIRST_IOVA, BYTES, RW), 0) ||
	    expect("mapping the other", map(container, other, FIRST_IOVA + BYTES, BYTES,
					    VFIO_DMA_MAP_FLAG_READ), 0) ||
	    device_writes(&lab, FIRST_IOVA, 1) ||
	    expect("unmapping", unmap(container, FIRST_IOVA, 2 * BYTES), 0) ||
	    expect("unregistering", unreg(container, mem, BYTES), 0) ||
	    expect("unregistering the other", unreg(container, other, BYTES), 0) ||
	    expect("dirty pages that were mapped for writing", count_dirty(mem), PAGES) ||
	    expect("dirty pages that were mapped for reading", count_dirty(other), 0))
		return -1;
	return lab_close(&lab);
}
