// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio_edu DEVICE FIRST LAST: drives the edu device from user space, through
 * VFIO's type 1 IOMMU: DMA into and out of memory that it maps, and an MSI
 * that must arrive through an address from FIRST to LAST.
 *
 * Does all of it twice, each time with a container of its own.
 */

#include <errno.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "pci_config.h"

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

#define BUFFER_BYTES		8192
#define BUFFER_IOVA		0x1000000
#define INTERRUPTS		5
#define PATIENCE_MS		10000

struct edu {
	const char	*name;
	int		container;
	int		group;
	int		device;
	int		event;
	void		*regs;
	size_t		regs_bytes;
	uint8_t		*buffer;	/* two pages, one to send from and one to receive in */
};

static int fail(const char *what)
{
	printf("FAIL vfio: %s: %s\n", what, strerror(errno));
	return -1;
}

/* Each access has to reach the device; it comes after what was written to memory before. */
static void edu_write(struct edu *edu, unsigned int at, uint32_t value)
{
	__atomic_store_n((uint32_t *)((char *)edu->regs + at), value, __ATOMIC_SEQ_CST);
}

static uint32_t edu_read(struct edu *edu, unsigned int at)
{
	return __atomic_load_n((uint32_t *)((char *)edu->regs + at), __ATOMIC_SEQ_CST);
}

static int open_group(struct edu *edu)
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

static int open_device(struct edu *edu)
{
	struct vfio_region_info bar = { .argsz = sizeof(bar), .index = VFIO_PCI_BAR0_REGION_INDEX };

	edu->container = open("/dev/vfio/vfio", O_RDWR);
	if (edu->container < 0 || open_group(edu))
		return fail("open");
	if (ioctl(edu->group, VFIO_GROUP_SET_CONTAINER, &edu->container) ||
	    ioctl(edu->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return fail("VFIO_SET_IOMMU");
	edu->device = ioctl(edu->group, VFIO_GROUP_GET_DEVICE_FD, edu->name);
	if (edu->device < 0 || ioctl(edu->device, VFIO_DEVICE_GET_REGION_INFO, &bar))
		return fail("VFIO_GROUP_GET_DEVICE_FD");
	edu->regs_bytes = bar.size;
	edu->regs = mmap(NULL, edu->regs_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, edu->device,
			 bar.offset);
	if (edu->regs == MAP_FAILED)
		return fail("mmap of the registers");
	return 0;
}

static int enable_bus_master(struct edu *edu)
{
	struct vfio_region_info config = {
		.argsz = sizeof(config), .index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	uint16_t command;

	if (ioctl(edu->device, VFIO_DEVICE_GET_REGION_INFO, &config) ||
	    pread(edu->device, &command, 2, config.offset + PCI_COMMAND) != 2)
		return fail("configuration space");
	command |= PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY;
	if (pwrite(edu->device, &command, 2, config.offset + PCI_COMMAND) != 2)
		return fail("configuration space");
	return 0;
}

static int map_buffer(struct edu *edu)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.iova = BUFFER_IOVA, .size = BUFFER_BYTES,
	};

	edu->buffer = mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (edu->buffer == MAP_FAILED)
		return fail("mmap");
	map.vaddr = (uintptr_t)edu->buffer;
	if (ioctl(edu->container, VFIO_IOMMU_MAP_DMA, &map))
		return fail("VFIO_IOMMU_MAP_DMA");
	return 0;
}

/* Waits for the transfer's end by polling: interrupts are another test. */
static int transfer(struct edu *edu, uint32_t from, uint32_t to, uint32_t command)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	int patience = PATIENCE_MS;

	edu_write(edu, EDU_DMA_SOURCE, from);
	edu_write(edu, EDU_DMA_DESTINATION, to);
	edu_write(edu, EDU_DMA_COUNT, EDU_MEMORY_BYTES);
	edu_write(edu, EDU_DMA_COMMAND, EDU_DMA_START | command);
	while (edu_read(edu, EDU_DMA_COMMAND) & EDU_DMA_START) {
		if (!patience--) {
			errno = ETIMEDOUT;
			return fail("transfer");
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int test_dma(struct edu *edu, unsigned int round)
{
	uint8_t *there = edu->buffer, *back = edu->buffer + BUFFER_BYTES / 2;

	for (unsigned int i = 0; i < EDU_MEMORY_BYTES; i++)
		there[i] = i * 13 + (i >> 8) + round;
	if (transfer(edu, BUFFER_IOVA, EDU_MEMORY, 0) ||
	    transfer(edu, EDU_MEMORY, BUFFER_IOVA + BUFFER_BYTES / 2, EDU_DMA_TO_RAM))
		return -1;
	if (memcmp(there, back, EDU_MEMORY_BYTES)) {
		errno = EILSEQ;
		return fail("what came back");
	}
	return 0;
}

static int set_msi(struct edu *edu, int enable)
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
	return ioctl(edu->device, VFIO_DEVICE_SET_IRQS, set) ? fail("VFIO_DEVICE_SET_IRQS") : 0;
}

/* The doorbell that the device really holds; its owner is shown another. */
static int test_doorbell(struct edu *edu, unsigned long long first, unsigned long long last)
{
	uint8_t config[PCI_CONFIG_BYTES];
	unsigned long long address;
	unsigned int cap;

	if (pci_read_config(edu->name, config))
		return fail("config");
	cap = pci_capability(config, PCI_CAP_ID_MSI);
	address = pci_u32(config, cap + PCI_MSI_ADDRESS_LO) |
		  (unsigned long long)pci_u32(config, cap + PCI_MSI_ADDRESS_HI) << 32;
	printf("  MSI to %#llx\n", address);
	if (!cap || address < first || address > last) {
		errno = ERANGE;
		return fail("address of the MSI");
	}
	return 0;
}

static int test_interrupt(struct edu *edu)
{
	struct pollfd wait = { .fd = edu->event, .events = POLLIN };
	uint64_t count;

	for (int i = 0; i < INTERRUPTS; i++) {
		edu_write(edu, EDU_IRQ_RAISE, 1);
		if (poll(&wait, 1, PATIENCE_MS) != 1) {
			errno = ETIMEDOUT;
			return fail("interrupt");
		}
		if (read(edu->event, &count, sizeof(count)) != sizeof(count) || count != 1) {
			errno = ERANGE;
			return fail("number of interrupts");
		}
		edu_write(edu, EDU_IRQ_ACK, 1);
	}
	return 0;
}

static int test(struct edu *edu, unsigned int round, unsigned long long first,
		unsigned long long last)
{
	edu->event = eventfd(0, 0);
	if (edu->event < 0)
		return fail("eventfd");
	if (open_device(edu) || enable_bus_master(edu) || map_buffer(edu) || test_dma(edu, round))
		return -1;
	/* enabled twice: the second time the doorbell is mapped already */
	for (int i = 0; i < 2; i++) {
		if (set_msi(edu, 1) || test_doorbell(edu, first, last) || test_interrupt(edu) ||
		    set_msi(edu, 0))
			return -1;
	}
	if (munmap(edu->buffer, BUFFER_BYTES) || munmap(edu->regs, edu->regs_bytes) ||
	    close(edu->device) || close(edu->group) || close(edu->container) || close(edu->event))
		return fail("close");
	return 0;
}

int main(int argc, char **argv)
{
	struct edu edu = { .name = argv[1] };

	if (argc != 4)
		return 2;
	for (unsigned int round = 0; round < 2; round++) {
		if (test(&edu, round, strtoull(argv[2], NULL, 0), strtoull(argv[3], NULL, 0)))
			return 1;
	}
	printf("PASS vfio: %d bytes there and back, %d interrupts, twice\n", EDU_MEMORY_BYTES,
	       2 * INTERRUPTS);
	return 0;
}
