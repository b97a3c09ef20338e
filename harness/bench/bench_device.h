/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device that DMA and IOMMU mappings are made for: any PCI device that no
 * driver is bound to will do, since it never learns of them. QEMU's edu it is.
 */

#ifndef _BENCH_DEVICE_H_
#define _BENCH_DEVICE_H_

#include <linux/pci.h>

#define BENCH_VENDOR 0x1234
#define BENCH_DEVICE 0x11e8

/* Return: the device with a reference of the caller's, or NULL */
static inline struct pci_dev *bench_device_get(void)
{
	struct pci_dev *pdev = pci_get_device(BENCH_VENDOR, BENCH_DEVICE, NULL);

	if (pdev && pdev->dev.driver) {
		pci_dev_put(pdev);
		return NULL;
	}
	return pdev;
}

#endif /* _BENCH_DEVICE_H_ */
