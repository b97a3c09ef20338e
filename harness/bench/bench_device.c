// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds the device, and sees to it that it is behind its IOMMU.
 */

#include <linux/device.h>
#include <linux/module.h>
#include <linux/pci.h>

#include "bench_device.h"

#define BENCH_VENDOR 0x1234
#define BENCH_DEVICE 0x11e8

static const struct pci_device_id joiner_ids[] = {
	{ PCI_DEVICE(BENCH_VENDOR, BENCH_DEVICE) },
	{ }
};

static int joiner_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return 0;
}

static struct pci_driver joiner = {
	.name = "iova_bench",
	.id_table = joiner_ids,
	.probe = joiner_probe,
};

/* Return: the device with a reference of the caller's, or NULL */
struct pci_dev *bench_device_get(void)
{
	struct pci_dev *pdev = pci_get_device(BENCH_VENDOR, BENCH_DEVICE, NULL);

	if (pdev && pdev->dev.driver) {
		pci_dev_put(pdev);
		return NULL;
	}
	return pdev;
}

/*
 * On machines with a device tree a device joins its IOMMU group when a driver
 * is bound to it for the first time, and stays there when that goes.
 */
int bench_device_join(void)
{
	struct pci_dev *pdev = bench_device_get();
	int ret = 0;

	if (pdev && !device_iommu_mapped(&pdev->dev)) {
		ret = pci_register_driver(&joiner);
		if (!ret)
			pci_unregister_driver(&joiner);
	}
	pci_dev_put(pdev);
	return ret;
}
