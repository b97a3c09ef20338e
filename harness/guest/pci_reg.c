// SPDX-License-Identifier: GPL-2.0-only
/*
 * pci_reg DEVICE OFFSET: prints 64 bits of a device's BAR 0.
 * pci_reg DEVICE ats: prints whether the device asks for translations, or "none" when it cannot.
 */

#include <stdlib.h>
#include <sys/mman.h>

#include "pci_config.h"

#define EXTENDED_BYTES	4096

static int show_ats(const char *name)
{
	uint8_t config[EXTENDED_BYTES] = { 0 };
	int fd = pci_open(name, "config", O_RDONLY);
	unsigned int at = PCI_CONFIG_BYTES, steps;
	uint32_t header;
	uint16_t control;

	if (fd < 0 || read(fd, config, sizeof(config)) < 0)
		return 1;
	for (steps = 0; at && steps < EXTENDED_BYTES / 8; steps++) {
		header = pci_u32(config, at);
		if (PCI_EXT_CAP_ID(header) == PCI_EXT_CAP_ID_ATS) {
			control = pci_u16(config, at + PCI_ATS_CTRL);
			printf("%d\n", !!(control & PCI_ATS_CTRL_ENABLE));
			return 0;
		}
		at = PCI_EXT_CAP_NEXT(header);
	}
	printf("none\n");
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long offset;
	const uint32_t *regs;
	int fd;

	if (argc != 3)
		return 2;
	if (!strcmp(argv[2], "ats"))
		return show_ats(argv[1]);
	offset = strtoul(argv[2], NULL, 0);
	fd = pci_open(argv[1], "resource0", O_RDONLY | O_SYNC);
	regs = fd < 0 ? MAP_FAILED : mmap(NULL, offset + 8, PROT_READ, MAP_SHARED, fd, 0);
	if (regs == MAP_FAILED)
		return 1;
	printf("%#llx\n", regs[offset / 4] | (unsigned long long)regs[offset / 4 + 1] << 32);
	return 0;
}
