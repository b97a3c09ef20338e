// SPDX-License-Identifier: GPL-2.0-only
/* Containers and the devices in them: edu, and those of vfio_pin.ko. */

#include "prereg.h"

#define BUSY_MS		10000	/* the last owner of a group may take so long to go */

static int register_call(int container, unsigned long call, const void *memory, size_t bytes)
{
	struct vfio_iommu_type1_register_memory range = {
		.argsz = sizeof(range), .vaddr = (uintptr_t)memory, .size = bytes,
	};
	int ret = ioctl(container, call, &range);

	return ret < 0 ? -errno : ret;
}

int reg(int container, const void *memory, size_t bytes)
{
	return register_call(container, VFIO_IOMMU_TYPE1_REGISTER_MEMORY, memory, bytes);
}

int unreg(int container, const void *memory, size_t bytes)
{
	return register_call(container, VFIO_IOMMU_TYPE1_UNREGISTER_MEMORY, memory, bytes);
}

int map(int container, const void *memory, uint64_t iova, size_t bytes, uint32_t flags)
{
	struct vfio_iommu_type1_dma_map range = {
		.argsz = sizeof(range), .flags = flags, .vaddr = (uintptr_t)memory, .iova = iova,
		.size = bytes,
	};

	return ioctl(container, VFIO_IOMMU_MAP_DMA, &range) ? -errno : 0;
}

int unmap(int container, uint64_t iova, size_t bytes)
{
	struct vfio_iommu_type1_dma_unmap range = {
		.argsz = sizeof(range), .iova = iova, .size = bytes,
	};

	return ioctl(container, VFIO_IOMMU_UNMAP_DMA, &range) ? -errno : 0;
}

/* Opens the group of a device; one that was killed with it open may not be gone yet. */
static int open_group(const char *name)
{
	char path[PATH_MAX], link[PATH_MAX];
	ssize_t size;
	int group;

	snprintf(path, sizeof(path), "/sys/bus/%s/devices/%s/iommu_group",
		 strchr(name, ':') ? "pci" : "platform", name);
	size = readlink(path, link, sizeof(link) - 1);
	if (size < 0)
		return -1;
	link[size] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(link, '/') + 1);
	for (int i = 0; i < BUSY_MS; i++) {
		group = open(path, O_RDWR);
		if (group >= 0 || errno != EBUSY)
			break;
		pause_ms(1);
	}
	return group;
}

/* A device in a container: in that one, or in one of its own if there is none. */
int device_open(struct edu *edu, const char *name, int container)
{
	*edu = (struct edu) { .name = name };
	edu->group = open_group(name);
	if (edu->group < 0)
		return fail("group of %s: %s", name, strerror(errno));
	edu->container = container ? dup(container) : open("/dev/vfio/vfio", O_RDWR);
	if (edu->container < 0 || ioctl(edu->group, VFIO_GROUP_SET_CONTAINER, &edu->container))
		return fail("container of %s: %s", name, strerror(errno));
	if (!container && ioctl(edu->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return fail("VFIO_SET_IOMMU for %s: %s", name, strerror(errno));
	edu->device = ioctl(edu->group, VFIO_GROUP_GET_DEVICE_FD, name);
	if (edu->device < 0)
		return fail("device %s: %s", name, strerror(errno));
	if (!strchr(name, ':'))
		return 0;
	return edu_open_regs(edu) || edu_enable_bus_master(edu) ? fail("%s", name) : 0;
}

int device_close(struct edu *edu)
{
	if ((edu->regs && munmap(edu->regs, edu->regs_bytes)) || close(edu->device) ||
	    (edu->event && close(edu->event)) || close(edu->group) || close(edu->container))
		return fail("closing %s: %s", edu->name, strerror(errno));
	return 0;
}

/* Waits for a transfer that a killed owner has started. */
static int wait_idle(struct edu *edu)
{
	for (int i = 0; i < EDU_PATIENCE_MS; i++) {
		if (!(edu_read(edu, EDU_DMA_COMMAND) & EDU_DMA_START))
			return 0;
		pause_ms(1);
	}
	return fail("%s does not end its transfer", edu->name);
}

int lab_open(struct lab *lab, unsigned int device)
{
	int ret;

	lab->scratch = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	if (lab->scratch == MAP_FAILED)
		return fail("mmap: %s", strerror(errno));
	if (device_open(&lab->edu, settings.devices[device], 0) || wait_idle(&lab->edu))
		return -1;
	ret = map(lab->edu.container, lab->scratch, SCRATCH_IOVA, PAGE_BYTES, RW);
	if (ret)
		return expect("mapping the scratch page", ret, 0);
	lab->locked = locked();
	lab->pins = pins();
	return 0;
}

/* Also finds that only the scratch page is left. */
int lab_close(struct lab *lab)
{
	if (expect_held(lab, "at the end", 0) ||
	    expect("unmapping the scratch page",
		   unmap(lab->edu.container, SCRATCH_IOVA, PAGE_BYTES), 0) ||
	    device_close(&lab->edu))
		return -1;
	munmap(lab->scratch, PAGE_BYTES);
	return 0;
}

/* Has the device read the page at @iova, and looks what it got. */
int device_sees(struct lab *lab, const char *what, uint64_t iova, uint64_t seed)
{
	memset(lab->scratch, 0, PAGE_BYTES);
	if (edu_load(&lab->edu, iova, EDU_MEMORY_BYTES) ||
	    edu_store(&lab->edu, SCRATCH_IOVA, EDU_MEMORY_BYTES))
		return fail("%s: no transfer", what);
	return holds(lab->scratch, seed) ? 0 : fail("%s: the device sees another page", what);
}

/* Has the device write the page at @iova. */
int device_writes(struct lab *lab, uint64_t iova, uint64_t seed)
{
	fill(lab->scratch, seed);
	if (edu_load(&lab->edu, SCRATCH_IOVA, EDU_MEMORY_BYTES) ||
	    edu_store(&lab->edu, iova, EDU_MEMORY_BYTES))
		return fail("no transfer");
	return 0;
}
