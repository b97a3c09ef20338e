// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drives the DMA engine of QEMU's edu device, to prove that a mapped buffer
 * is where the device looks for it.
 *
 * Binding runs the test once: each round maps a buffer, lets the device read
 * it into its own memory, unmaps it, maps another and lets the device write
 * that memory out. What came of it stands in the device's attribute dma_result.
 * Transfers that come after the unmapping are tested through late_dma.
 */

#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "edu_dma.h"

#define EDU_DMA_BITS		28

static int edu_dma_transfer(struct edu_dma *edu, void *buffer, size_t size,
			    enum dma_data_direction dir)
{
	struct device *dev = &edu->pdev->dev;
	dma_addr_t addr;
	int error;

	addr = dma_map_single(dev, buffer, size, dir);
	if (dma_mapping_error(dev, addr))
		return -ENOMEM;
	if (addr != virt_to_phys(buffer))
		edu->translated++;
	edu->transfers++;
	edu_dma_start(edu, addr, size, dir);
	error = edu_dma_wait(edu);
	dma_unmap_single(dev, addr, size, dir);
	return error;
}

/* Sends @size bytes to the device and back into another buffer. */
static int edu_dma_round(struct edu_dma *edu, size_t size)
{
	u8 *there __free(kfree) = kmalloc(size, GFP_KERNEL);
	u8 *back __free(kfree) = kzalloc(size, GFP_KERNEL);
	size_t i;
	int error;

	if (!there || !back)
		return -ENOMEM;
	for (i = 0; i < size; i++)
		there[i] = i * 7 + size;

	error = edu_dma_transfer(edu, there, size, DMA_TO_DEVICE);
	if (!error)
		error = edu_dma_transfer(edu, back, size, DMA_FROM_DEVICE);
	if (!error && memcmp(there, back, size))
		error = -EILSEQ;
	if (!error)
		edu->bytes += size;
	return error;
}

static ssize_t dma_result_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct edu_dma *edu = dev_get_drvdata(dev);

	if (edu->error)
		return sysfs_emit(buf, "FAIL edu-dma: error %d after %u bytes\n",
				  edu->error, edu->bytes);
	if (edu->translated != edu->transfers)
		return sysfs_emit(buf, "FAIL edu-dma: %u of %u transfers translated\n",
				  edu->translated, edu->transfers);
	return sysfs_emit(buf, "PASS edu-dma: %u transfers, %u interrupts, %u bytes equal\n",
			  edu->transfers, edu->interrupts, edu->bytes);
}
static DEVICE_ATTR_RO(dma_result);

static struct attribute *edu_dma_attrs[] = {
	&dev_attr_dma_result.attr,
	&dev_attr_late_dma.attr,
	NULL
};
ATTRIBUTE_GROUPS(edu_dma);

static int edu_dma_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	static const size_t sizes[] = { 1, 64, 1000, 2048, EDU_MEMORY_BYTES };
	struct edu_dma *edu;
	int error;

	edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	if (!edu)
		return -ENOMEM;
	edu->pdev = pdev;
	init_completion(&edu->done);
	pci_set_drvdata(pdev, edu);

	error = pcim_enable_device(pdev);
	if (error)
		return error;
	edu->regs = pcim_iomap(pdev, 0, 0);
	if (!edu->regs)
		return -ENOMEM;
	error = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(EDU_DMA_BITS));
	error = error ?: edu_late_init(edu);
	if (error)
		return error;
	pci_set_master(pdev);
	error = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI);
	if (error < 0)
		return error;
	error = request_irq(pci_irq_vector(pdev, 0), edu_dma_interrupt, 0,
			    KBUILD_MODNAME, edu);
	if (error) {
		pci_free_irq_vectors(pdev);
		return error;
	}

	for (size_t i = 0; i < ARRAY_SIZE(sizes) && !edu->error; i++)
		edu->error = edu_dma_round(edu, sizes[i]);
	return 0;
}

static void edu_dma_remove(struct pci_dev *pdev)
{
	free_irq(pci_irq_vector(pdev, 0), pci_get_drvdata(pdev));
	pci_free_irq_vectors(pdev);
}

static const struct pci_device_id edu_dma_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edu_dma_ids);

static struct pci_driver edu_dma_driver = {
	.name		= "edu_dma",
	.id_table	= edu_dma_ids,
	.probe		= edu_dma_probe,
	.remove		= edu_dma_remove,
	.dev_groups	= edu_dma_groups,
};
module_pci_driver(edu_dma_driver);

MODULE_DESCRIPTION("DMA through QEMU's edu device, compared");
MODULE_LICENSE("GPL");
