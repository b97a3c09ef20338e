// SPDX-License-Identifier: GPL-2.0-only
/*
 * msi_address DEVICE: prints, for each interrupt that a PCI device may raise
 * by MSI or MSI-X, the address that it writes to, as the device itself has it.
 */

#include <sys/mman.h>

#include "pci_config.h"

/* Entries that are masked have no owner. */
static int show_msix(const char *name, const uint8_t *config, unsigned int cap)
{
	uint32_t table = pci_u32(config, cap + PCI_MSIX_TABLE);
	unsigned int size = (pci_u16(config, cap + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_QSIZE) + 1;
	size_t offset = table & PCI_MSIX_TABLE_OFFSET;
	unsigned long long address;
	const uint32_t *entry;
	char file[16];
	void *bar;
	int fd;

	snprintf(file, sizeof(file), "resource%u", table & PCI_MSIX_TABLE_BIR);
	fd = pci_open(name, file, O_RDONLY);
	if (fd < 0)
		return -1;
	bar = mmap(NULL, offset + size * PCI_MSIX_ENTRY_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (bar == MAP_FAILED)
		return -1;
	entry = (void *)((char *)bar + offset);
	for (; size; size--, entry += PCI_MSIX_ENTRY_SIZE / sizeof(*entry)) {
		if (entry[PCI_MSIX_ENTRY_VECTOR_CTRL / 4] & PCI_MSIX_ENTRY_CTRL_MASKBIT)
			continue;
		address = entry[PCI_MSIX_ENTRY_UPPER_ADDR / 4];
		address = address << 32 | entry[PCI_MSIX_ENTRY_LOWER_ADDR / 4];
		printf("msix %#llx\n", address);
	}
	return 0;
}

static int show_msi(const uint8_t *config, unsigned int cap)
{
	unsigned long long address = pci_u32(config, cap + PCI_MSI_ADDRESS_LO);

	if (pci_u16(config, cap + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_64BIT)
		address |= (unsigned long long)pci_u32(config, cap + PCI_MSI_ADDRESS_HI) << 32;
	printf("msi %#llx\n", address);
	return 0;
}

int main(int argc, char **argv)
{
	uint8_t config[PCI_CONFIG_BYTES];
	unsigned int cap;
	int ret = 0;

	if (argc != 2 || pci_read_config(argv[1], config)) {
		fprintf(stderr, "usage: %s DEVICE\n", argv[0]);
		return 2;
	}
	cap = pci_capability(config, PCI_CAP_ID_MSIX);
	if (cap && pci_u16(config, cap + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_ENABLE)
		ret |= show_msix(argv[1], config, cap);
	cap = pci_capability(config, PCI_CAP_ID_MSI);
	if (cap && pci_u16(config, cap + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_ENABLE)
		ret |= show_msi(config, cap);
	if (ret)
		perror(argv[1]);
	return !!ret;
}
