/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device that DMA and IOMMU mappings are made for: any PCI device that no
 * driver is bound to will do, since it never learns of them. QEMU's edu it is.
 */

#ifndef _BENCH_DEVICE_H_
#define _BENCH_DEVICE_H_

struct pci_dev;

struct pci_dev *bench_device_get(void);
int bench_device_join(void);

#endif /* _BENCH_DEVICE_H_ */
