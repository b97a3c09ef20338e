/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The edu device in the hands of a program: through VFIO, with a container of
 * type 1 or with an iommufd, or raw, through what sysfs has of it.
 *
 * Functions return 0, or -1 with errno set, after a line that says what failed.
 */

#ifndef _VFIO_EDU_H_
#define _VFIO_EDU_H_

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "iommufd_abi.h"
#include "pci_config.h"

#define EDU_ID			0x00
#define EDU_ID_SWAPPED		0xed000001	/* read in the other byte order than it has */
#define EDU_IRQ_RAISE		0x60
#define EDU_IRQ_ACK		0x64
#define EDU_DMA_SOURCE		0x80
#define EDU_DMA_DESTINATION	0x88
#define EDU_DMA_COUNT		0x90
#define EDU_DMA_COMMAND		0x98
#define EDU_DMA_START		1
#define EDU_DMA_TO_RAM		2
#define EDU_MEMORY		0x40000
#define EDU_MEMORY_BYTES	4095	/* its last byte is out of reach */

#define EDU_PATIENCE_MS		10000

/**
 * struct edu - the device, as this program has it
 * @name: such as 0000:00:03.0
 * @container: of VFIO's type 1, or 0
 * @group: of the same
 * @iommufd: or 0
 * @ioas: its address space
 * @device: VFIO's file
 * @event: counts interrupts
 * @regs: BAR 0
 * @regs_bytes: how much of it
 * @swapped: QEMU's device has the byte order of QEMU's target, and its 64-bit
 *	Power is big-endian
 */
struct edu {
	const char	*name;
	int		container;
	int		group;
	int		iommufd;
	uint32_t	ioas;
	int		device;
	int		event;
	void		*regs;
	size_t		regs_bytes;
	bool		swapped;
};

static inline int edu_fail(const char *what)
{
	printf("FAIL vfio: %s: %s\n", what, strerror(errno));
	return -1;
}

/* Each access has to reach the device; it comes after what was written to memory before. */
static inline void edu_write(struct edu *edu, unsigned int at, uint32_t value)
{
	if (edu->swapped)
		value = __builtin_bswap32(value);
	__atomic_store_n((uint32_t *)((char *)edu->regs + at), value, __ATOMIC_SEQ_CST);
}

static inline void edu_write64(struct edu *edu, unsigned int at, uint64_t value)
{
	if (edu->swapped)
		value = __builtin_bswap64(value);
	__atomic_store_n((uint64_t *)((char *)edu->regs + at), value, __ATOMIC_SEQ_CST);
}

static inline uint32_t edu_read(struct edu *edu, unsigned int at)
{
	uint32_t value = __atomic_load_n((uint32_t *)((char *)edu->regs + at), __ATOMIC_SEQ_CST);

	return edu->swapped ? __builtin_bswap32(value) : value;
}

static inline void pause_ms(unsigned int ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l };

	nanosleep(&time, NULL);
}

static inline void edu_start_transfer(struct edu *edu, uint64_t from, uint64_t to, uint32_t bytes,
				      uint32_t command)
{
	edu_write64(edu, EDU_DMA_SOURCE, from);
	edu_write64(edu, EDU_DMA_DESTINATION, to);
	edu_write64(edu, EDU_DMA_COUNT, bytes);
	edu_write64(edu, EDU_DMA_COMMAND, EDU_DMA_START | command);
}

/* Has the device transfer, and waits for the end by polling: interrupts are another test. */
static inline int edu_transfer(struct edu *edu, uint64_t from, uint64_t to, uint32_t bytes,
			       uint32_t command)
{
	int patience = EDU_PATIENCE_MS;

	edu_start_transfer(edu, from, to, bytes, command);
	while (edu_read(edu, EDU_DMA_COMMAND) & EDU_DMA_START) {
		if (!patience--) {
			errno = ETIMEDOUT;
			return edu_fail("transfer");
		}
		pause_ms(1);
	}
	return 0;
}

/* From memory into the device */
static inline int edu_load(struct edu *edu, uint64_t iova, uint32_t bytes)
{
	return edu_transfer(edu, iova, EDU_MEMORY, bytes, 0);
}

/* From the device into memory */
static inline int edu_store(struct edu *edu, uint64_t iova, uint32_t bytes)
{
	return edu_transfer(edu, EDU_MEMORY, iova, bytes, EDU_DMA_TO_RAM);
}

static inline int edu_map_regs(struct edu *edu, int fd, off_t offset, size_t bytes)
{
	edu->regs_bytes = bytes;
	edu->regs = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	if (edu->regs == MAP_FAILED)
		return edu_fail("mmap of the registers");
	edu->swapped = false;
	edu->swapped = edu_read(edu, EDU_ID) == EDU_ID_SWAPPED;
	return 0;
}

/* The device without an owner: sysfs gives its registers, and its configuration. */
static inline int edu_open_raw(struct edu *edu)
{
	int bar = pci_open(edu->name, "resource0", O_RDWR | O_SYNC);
	int config = pci_open(edu->name, "config", O_RDWR);
	uint16_t command;
	int ret;

	if (bar < 0 || config < 0 || pread(config, &command, 2, PCI_COMMAND) != 2)
		return edu_fail("open");
	command |= PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY;
	if (pwrite(config, &command, 2, PCI_COMMAND) != 2)
		return edu_fail("configuration space");
	close(config);
	ret = edu_map_regs(edu, bar, 0, 1 << 20);
	close(bar);
	return ret;
}

static inline int edu_open_group(struct edu *edu)
{
	char path[PATH_MAX], link[PATH_MAX];
	ssize_t size;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", edu->name);
	size = readlink(path, link, sizeof(link) - 1);
	if (size < 0)
		return -1;
	link[size] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(link, '/') + 1);
	edu->group = open(path, O_RDWR);
	return edu->group < 0 ? -1 : 0;
}

static inline int edu_enable_bus_master(struct edu *edu)
{
	struct vfio_region_info config = {
		.argsz = sizeof(config), .index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	uint16_t command;

	if (ioctl(edu->device, VFIO_DEVICE_GET_REGION_INFO, &config) ||
	    pread(edu->device, &command, 2, config.offset + PCI_COMMAND) != 2)
		return edu_fail("configuration space");
	command |= PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY;
	if (pwrite(edu->device, &command, 2, config.offset + PCI_COMMAND) != 2)
		return edu_fail("configuration space");
	return 0;
}

static inline int edu_open_regs(struct edu *edu)
{
	struct vfio_region_info bar = { .argsz = sizeof(bar), .index = VFIO_PCI_BAR0_REGION_INDEX };

	edu->event = eventfd(0, 0);
	if (edu->event < 0 || ioctl(edu->device, VFIO_DEVICE_GET_REGION_INFO, &bar))
		return edu_fail("VFIO_DEVICE_GET_REGION_INFO");
	return edu_map_regs(edu, edu->device, bar.offset, bar.size);
}

static inline int edu_open_type1(struct edu *edu)
{
	edu->container = open("/dev/vfio/vfio", O_RDWR);
	if (edu->container < 0 || edu_open_group(edu))
		return edu_fail("open");
	if (ioctl(edu->group, VFIO_GROUP_SET_CONTAINER, &edu->container) ||
	    ioctl(edu->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return edu_fail("VFIO_SET_IOMMU");
	edu->device = ioctl(edu->group, VFIO_GROUP_GET_DEVICE_FD, edu->name);
	if (edu->device < 0)
		return edu_fail("VFIO_GROUP_GET_DEVICE_FD");
	return edu_open_regs(edu);
}

/* The file /dev/vfio/devices/vfioN, N as sysfs has it */
static inline int edu_open_cdev(struct edu *edu)
{
	char path[PATH_MAX] = "";
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", edu->name);
	dir = opendir(path);
	if (!dir)
		return -1;
	path[0] = '\0';
	while ((entry = readdir(dir))) {
		if (!strncmp(entry->d_name, "vfio", 4))
			snprintf(path, sizeof(path), "/dev/vfio/devices/%s", entry->d_name);
	}
	closedir(dir);
	edu->device = open(path, O_RDWR);
	return edu->device < 0 ? -1 : 0;
}

static inline int edu_open_iommufd(struct edu *edu)
{
	struct ioas_alloc ioas = { .size = sizeof(ioas) };
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };

	edu->iommufd = open("/dev/iommu", O_RDWR);
	if (edu->iommufd < 0 || edu_open_cdev(edu))
		return edu_fail("open");
	bind.iommufd = edu->iommufd;
	if (ioctl(edu->device, VFIO_DEVICE_BIND_IOMMUFD, &bind) ||
	    ioctl(edu->iommufd, IOAS_ALLOC, &ioas))
		return edu_fail("VFIO_DEVICE_BIND_IOMMUFD");
	edu->ioas = ioas.out_id;
	attach.pt_id = ioas.out_id;
	if (ioctl(edu->device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach))
		return edu_fail("VFIO_DEVICE_ATTACH_IOMMUFD_PT");
	return edu_open_regs(edu);
}

/* @flags: VFIO_DMA_MAP_FLAG_READ, VFIO_DMA_MAP_FLAG_WRITE, as the device sees it */
static inline int edu_map(struct edu *edu, void *memory, uint64_t iova, size_t bytes,
			  uint32_t flags)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .flags = flags, .vaddr = (uintptr_t)memory, .iova = iova,
		.size = bytes,
	};
	struct ioas_map ioas = {
		.size = sizeof(ioas), .flags = IOAS_FIXED_IOVA, .id = edu->ioas,
		.user_va = (uintptr_t)memory, .length = bytes, .iova = iova,
	};

	if (flags & VFIO_DMA_MAP_FLAG_READ)
		ioas.flags |= IOAS_READABLE;
	if (flags & VFIO_DMA_MAP_FLAG_WRITE)
		ioas.flags |= IOAS_WRITEABLE;
	if (edu->iommufd ? ioctl(edu->iommufd, IOAS_MAP, &ioas) :
			   ioctl(edu->container, VFIO_IOMMU_MAP_DMA, &map))
		return edu_fail("mapping");
	return 0;
}

static inline int edu_unmap(struct edu *edu, uint64_t iova, size_t bytes)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = iova, .size = bytes,
	};
	struct ioas_unmap ioas = {
		.size = sizeof(ioas), .id = edu->ioas, .iova = iova, .length = bytes,
	};

	if (edu->iommufd ? ioctl(edu->iommufd, IOAS_UNMAP, &ioas) :
			   ioctl(edu->container, VFIO_IOMMU_UNMAP_DMA, &unmap))
		return edu_fail("unmapping");
	return 0;
}

static inline int edu_set_msi(struct edu *edu, bool enable)
{
	char memory[sizeof(struct vfio_irq_set) + sizeof(int)];
	struct vfio_irq_set *set = (void *)memory;

	*set = (struct vfio_irq_set) {
		.argsz = sizeof(*set), .index = VFIO_PCI_MSI_IRQ_INDEX,
		.flags = VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_NONE,
	};
	if (enable) {
		set->argsz = sizeof(memory);
		set->flags = VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_EVENTFD;
		set->count = 1;
		memcpy(set->data, &edu->event, sizeof(int));
	}
	return ioctl(edu->device, VFIO_DEVICE_SET_IRQS, set) ?
		edu_fail("VFIO_DEVICE_SET_IRQS") : 0;
}

/* How many interrupts come within that time: the first ends the wait */
static inline uint64_t edu_wait_interrupt(struct edu *edu, int ms)
{
	struct pollfd wait = { .fd = edu->event, .events = POLLIN };
	uint64_t count = 0;

	if (poll(&wait, 1, ms) == 1 && read(edu->event, &count, sizeof(count)) != sizeof(count))
		count = 0;
	return count;
}

/* Raises one interrupt and takes it. */
static inline int edu_test_interrupt(struct edu *edu)
{
	uint64_t count;

	edu_write(edu, EDU_IRQ_RAISE, 1);
	count = edu_wait_interrupt(edu, EDU_PATIENCE_MS);
	edu_write(edu, EDU_IRQ_ACK, 1);
	if (count == 1)
		return 0;
	errno = count ? ERANGE : ETIMEDOUT;
	return edu_fail("interrupt");
}

/* The address that the device really holds for its MSI; its owner is shown another. */
static inline uint64_t edu_msi_address(struct edu *edu)
{
	uint8_t config[PCI_CONFIG_BYTES];
	unsigned int cap;

	if (pci_read_config(edu->name, config))
		return 0;
	cap = pci_capability(config, PCI_CAP_ID_MSI);
	return cap ? pci_u32(config, cap + PCI_MSI_ADDRESS_LO) |
		     (uint64_t)pci_u32(config, cap + PCI_MSI_ADDRESS_HI) << 32 : 0;
}

static inline int edu_close(struct edu *edu)
{
	if (munmap(edu->regs, edu->regs_bytes) || close(edu->device) || close(edu->event) ||
	    (edu->group && close(edu->group)) || (edu->container && close(edu->container)) ||
	    (edu->iommufd && close(edu->iommufd)))
		return edu_fail("close");
	return 0;
}

#endif /* _VFIO_EDU_H_ */
