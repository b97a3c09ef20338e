/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PCI device's configuration space, as sysfs has it: what the device really
 * holds, also where a driver in user space is shown something else.
 */

#ifndef _PCI_CONFIG_H_
#define _PCI_CONFIG_H_

#include <fcntl.h>
#include <limits.h>
#include <linux/pci_regs.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PCI_CONFIG_BYTES	256

/* Opens a file of the device @name, such as 0000:00:01.0 */
static inline int pci_open(const char *name, const char *file, int flags)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", name, file);
	return open(path, flags);
}

static inline int pci_read_config(const char *name, uint8_t *config)
{
	int fd = pci_open(name, "config", O_RDONLY);
	ssize_t got;

	if (fd < 0)
		return -1;
	got = read(fd, config, PCI_CONFIG_BYTES);
	close(fd);
	return got == PCI_CONFIG_BYTES ? 0 : -1;
}

static inline uint32_t pci_u32(const uint8_t *config, unsigned int at)
{
	uint32_t value;

	memcpy(&value, config + at, sizeof(value));
	return value;
}

static inline uint16_t pci_u16(const uint8_t *config, unsigned int at)
{
	uint16_t value;

	memcpy(&value, config + at, sizeof(value));
	return value;
}

/* Where a capability stands, or 0 */
static inline unsigned int pci_capability(const uint8_t *config, uint8_t id)
{
	unsigned int at = config[PCI_CAPABILITY_LIST] & ~3u, steps;

	for (steps = 0; at && steps < PCI_CONFIG_BYTES / 4; steps++) {
		if (config[at] == id)
			return at;
		at = config[at + PCI_CAP_LIST_NEXT] & ~3u;
	}
	return 0;
}

#endif /* _PCI_CONFIG_H_ */
