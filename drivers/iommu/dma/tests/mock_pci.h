/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCI devices for the mock IOMMU, behind a host bridge that is a mock as well.
 */

#ifndef _DMA_IOMMU_MOCK_PCI_H
#define _DMA_IOMMU_MOCK_PCI_H

#include <linux/ioport.h>
#include <linux/types.h>

struct dmock;
struct pci_dev;

#define DMOCK_PCI_DEVICES	4
#define DMOCK_PCI_WINDOWS	4

/**
 * struct dmock_window - addresses that a host bridge claims
 * @start: first address for the CPU
 * @end: last one
 * @offset: what to subtract from them for the address on the bus
 */
struct dmock_window {
	resource_size_t start;
	resource_size_t end;
	resource_size_t offset;
};

/**
 * struct dmock_pci_config - a host bridge and what is behind it
 * @devices: number of devices
 * @untrusted: mask of those that are not trusted
 * @windows: memory windows of the bridge, up to an empty one
 * @dma_ranges: what devices may access, up to an empty one
 */
struct dmock_pci_config {
	unsigned int devices;
	u32 untrusted;
	struct dmock_window windows[DMOCK_PCI_WINDOWS + 1];
	struct dmock_window dma_ranges[DMOCK_PCI_WINDOWS + 1];
};

bool dmock_pci_possible(void);
int dmock_pci_add(struct dmock *mock, const struct dmock_pci_config *cfg);
bool dmock_pci_remove(void);
struct pci_dev *dmock_pci_device(unsigned int index);

#endif /* _DMA_IOMMU_MOCK_PCI_H */
