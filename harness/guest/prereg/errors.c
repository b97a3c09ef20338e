// SPDX-License-Identifier: GPL-2.0-only
/* Ranges that cannot be registered or unregistered: each its error, and nothing held after it. */

#include "prereg.h"

#define PAGES	16
#define BYTES	(PAGES * PAGE_BYTES)
#define KERNEL	0xffff800000000000ull
#define WIDEST	0x00fffffffffff000ull	/* no process has more */

/* A call that has to fail, and to leave everything as it is */
static int refused(struct lab *lab, const char *what, unsigned long call,
		   struct vfio_iommu_type1_register_memory range, int want)
{
	long before = locked(), pinned = pins();
	int ret = ioctl(lab->edu.container, call, &range);

	if (expect(what, ret < 0 ? -errno : ret, want) ||
	    expect("accounted after it", locked(), before) || expect_pins(what, pinned))
		return -1;
	return 0;
}

static struct vfio_iommu_type1_register_memory range_of(const void *start, uint64_t bytes)
{
	return (struct vfio_iommu_type1_register_memory) {
		.argsz = sizeof(struct vfio_iommu_type1_register_memory),
		.vaddr = (uintptr_t)start, .size = bytes,
	};
}

static int not_registered(struct lab *lab, const char *what, const void *start, uint64_t bytes,
			  int want)
{
	return refused(lab, what, VFIO_IOMMU_TYPE1_REGISTER_MEMORY, range_of(start, bytes), want);
}

static int not_unregistered(struct lab *lab, const char *what, const void *start, uint64_t bytes,
			    int want)
{
	return refused(lab, what, VFIO_IOMMU_TYPE1_UNREGISTER_MEMORY, range_of(start, bytes),
		       want);
}

/* What is wrong with the call itself, be it to register or to unregister. */
static int wrong_calls(struct lab *lab, unsigned long call, uint8_t *mem)
{
	struct vfio_iommu_type1_register_memory flagged = range_of(mem, BYTES);
	struct vfio_iommu_type1_register_memory tiny = range_of(mem, BYTES);
	struct vfio_iommu_type1_register_memory cut = range_of(mem, BYTES);
	long before = pins();
	int ret;

	flagged.flags = 1;
	tiny.argsz = 0;
	cut.argsz = sizeof(cut) - 1;
	if (refused(lab, "a flag", call, flagged, -EINVAL) ||
	    refused(lab, "argsz of 0", call, tiny, -EINVAL) ||
	    refused(lab, "argsz too small", call, cut, -EINVAL) ||
	    refused(lab, "unaligned address", call, range_of(mem + 1, BYTES), -EINVAL) ||
	    refused(lab, "unaligned size", call, range_of(mem, BYTES - 8), -EINVAL))
		return -1;
	flagged.flags = 1u << 31;
	if (refused(lab, "the last flag", call, flagged, -EINVAL))
		return -1;
	ret = ioctl(lab->edu.container, call, (void *)PAGE_BYTES) ? -errno : 0;
	return expect("no structure", ret, -EFAULT) || expect_pins("no structure", before);
}

/* Memory whose last page, and then a middle one, is changed by mprotect() or munmap() */
static int holes(struct lab *lab, const char *what, int prot, int want)
{
	static const unsigned int places[] = { PAGES - 1, PAGES / 2, 0 };
	char text[60];

	for (unsigned int i = 0; i < 3; i++) {
		uint8_t *mem = memory(SMALL, BYTES);
		uint8_t *page = mem + places[i] * PAGE_BYTES;

		if (!mem)
			return -1;
		snprintf(text, sizeof(text), "%s, page %u", what, places[i]);
		if (prot < 0 ? munmap(page, PAGE_BYTES) : mprotect(page, PAGE_BYTES, prot))
			return fail("%s: %s", text, strerror(errno));
		if (not_registered(lab, text, mem, BYTES, want))
			return -1;
		munmap(mem, BYTES);
	}
	return 0;
}

/* The device's own registers: alone, and behind memory */
static int device_memory(struct lab *lab)
{
	struct vfio_region_info bar = { .argsz = sizeof(bar), .index = VFIO_PCI_BAR0_REGION_INDEX };
	uint8_t *mem = memory(SMALL, BYTES);

	if (!mem || ioctl(lab->edu.device, VFIO_DEVICE_GET_REGION_INFO, &bar) ||
	    mmap(mem + BYTES - PAGE_BYTES, PAGE_BYTES, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, lab->edu.device, bar.offset) == MAP_FAILED)
		return fail("registers: %s", strerror(errno));
	return not_registered(lab, "registers", lab->edu.regs, BYTES, -EOPNOTSUPP) ||
	       not_registered(lab, "memory and registers", mem, BYTES, -EOPNOTSUPP);
}

int test_register_errors(void)
{
	uint8_t *mem = memory(SMALL, BYTES);
	struct lab lab;

	if (!mem || lab_open(&lab, 0) ||
	    wrong_calls(&lab, VFIO_IOMMU_TYPE1_REGISTER_MEMORY, mem) ||
	    not_registered(&lab, "nothing", mem, 0, -ENODATA) ||
	    not_registered(&lab, "all there is", mem, -PAGE_BYTES, -EOVERFLOW) ||
	    not_registered(&lab, "around the end", (void *)-PAGE_BYTES, 2 * PAGE_BYTES,
			   -EOVERFLOW) ||
	    not_registered(&lab, "of the kernel", (void *)KERNEL, BYTES, -EPERM) ||
	    not_registered(&lab, "into the kernel's", mem, KERNEL - (uintptr_t)mem + BYTES,
			   -EPERM) ||
	    not_registered(&lab, "across the end of the process's", (void *)(WIDEST - PAGE_BYTES),
			   BYTES, -EPERM) ||
	    not_registered(&lab, "null", NULL, BYTES, -EFAULT) ||
	    holes(&lab, "a hole", -1, -EFAULT) ||
	    holes(&lab, "PROT_NONE", PROT_NONE, -EACCES) ||
	    holes(&lab, "PROT_READ", PROT_READ, -EACCES) ||
	    device_memory(&lab) ||
	    expect("at last", reg(lab.edu.container, mem, BYTES), 0) ||
	    expect_held(&lab, "registered", PAGES) ||
	    expect("unregistering", unreg(lab.edu.container, mem, BYTES), 0))
		return -1;
	return lab_close(&lab);
}

int test_unregister_errors(void)
{
	uint8_t *mem = memory(SMALL, BYTES);
	struct lab lab;
	int container;

	if (!mem || lab_open(&lab, 0) ||
	    not_unregistered(&lab, "what is not registered", mem, BYTES, -ENOENT))
		return -1;
	container = lab.edu.container;
	if (expect("registering", reg(container, mem, BYTES), 0) ||
	    wrong_calls(&lab, VFIO_IOMMU_TYPE1_UNREGISTER_MEMORY, mem) ||
	    not_unregistered(&lab, "its first page", mem, PAGE_BYTES, -ENOENT) ||
	    not_unregistered(&lab, "all but its first page", mem + PAGE_BYTES, BYTES - PAGE_BYTES,
			     -ENOENT) ||
	    not_unregistered(&lab, "more", mem, BYTES + PAGE_BYTES, -ENOENT) ||
	    not_unregistered(&lab, "nothing", mem, 0, -ENOENT) ||
	    not_unregistered(&lab, "of the kernel", (void *)KERNEL, BYTES, -ENOENT) ||
	    expect("mapping", map(container, mem, FIRST_IOVA, PAGE_BYTES, RW), 0) ||
	    not_unregistered(&lab, "what is mapped", mem, BYTES, -EBUSY) ||
	    expect("unmapping", unmap(container, FIRST_IOVA, PAGE_BYTES), 0) ||
	    expect_held(&lab, "still registered", PAGES) ||
	    expect("unregistering", unreg(container, mem, BYTES), 0) ||
	    not_unregistered(&lab, "what was registered", mem, BYTES, -ENOENT))
		return -1;
	return lab_close(&lab);
}

int test_overlap(void)
{
	uint8_t *mem = memory(SMALL, 3 * BYTES), *middle = mem + BYTES;
	struct edu other;
	struct lab lab;

	if (!mem || lab_open(&lab, 0) || device_open(&other, settings.devices[1], 0) ||
	    expect("registering", reg(lab.edu.container, middle, BYTES), 0) ||
	    not_registered(&lab, "a part", middle + PAGE_BYTES, PAGE_BYTES, -EEXIST) ||
	    not_registered(&lab, "its start", middle, PAGE_BYTES, -EEXIST) ||
	    not_registered(&lab, "its end", middle + BYTES - PAGE_BYTES, PAGE_BYTES, -EEXIST) ||
	    not_registered(&lab, "more before", middle - PAGE_BYTES, BYTES + PAGE_BYTES,
			   -EEXIST) ||
	    not_registered(&lab, "more behind", middle, BYTES + PAGE_BYTES, -EEXIST) ||
	    not_registered(&lab, "all around", mem, 3 * BYTES, -EEXIST) ||
	    not_registered(&lab, "across its start", middle - PAGE_BYTES, 2 * PAGE_BYTES,
			   -EEXIST) ||
	    not_registered(&lab, "across its end", middle + BYTES - PAGE_BYTES, 2 * PAGE_BYTES,
			   -EEXIST) ||
	    expect("another container", reg(other.container, middle, PAGE_BYTES), -EEXIST) ||
	    expect_held(&lab, "registered", PAGES) ||
	    expect("before", reg(lab.edu.container, mem, BYTES), 0) ||
	    expect("behind, by another container", reg(other.container, middle + BYTES, BYTES),
		   0) ||
	    expect_held(&lab, "side by side", 3 * PAGES) ||
	    expect("unregistering", unreg(lab.edu.container, middle, BYTES), 0) ||
	    expect("unregistering before", unreg(lab.edu.container, mem, BYTES), 0) ||
	    expect("unregistering behind", unreg(other.container, middle + BYTES, BYTES), 0) ||
	    expect("registering all", reg(lab.edu.container, mem, 3 * BYTES), 0) ||
	    expect("unregistering all", unreg(lab.edu.container, mem, 3 * BYTES), 0) ||
	    device_close(&other))
		return -1;
	return lab_close(&lab);
}

/* A file that ends before the memory does: pages that nobody can have, behind others */
int test_later_page(void)
{
	static const size_t bytes = 1500 * PAGE_BYTES, there = 1301 * PAGE_BYTES;
	int fd = memfd_create("prereg", 0);
	struct lab lab;
	uint8_t *mem;

	if (fd < 0 || ftruncate(fd, there))
		return fail("memfd: %s", strerror(errno));
	mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED)
		return fail("mmap: %s", strerror(errno));
	if (lab_open(&lab, 0) || not_registered(&lab, "beyond the file", mem, bytes, -EFAULT) ||
	    not_registered(&lab, "beyond the file, again", mem, bytes, -EFAULT) ||
	    expect("what there is", reg(lab.edu.container, mem, there), 0) ||
	    expect_held(&lab, "registered", there / PAGE_BYTES) ||
	    expect("unregistering", unreg(lab.edu.container, mem, there), 0))
		return -1;
	munmap(mem, bytes);
	close(fd);
	return lab_close(&lab);
}
