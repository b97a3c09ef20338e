/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The DMA engine of QEMU's edu device, as its tests use it.
 *
 * A transfer takes place a fixed time after its start, all of it at once, and
 * is announced by an MSI.
 */

#ifndef _EDU_DMA_H
#define _EDU_DMA_H

#include <linux/completion.h>
#include <linux/dma-direction.h>
#include <linux/irqreturn.h>
#include <linux/ktime.h>
#include <linux/types.h>

struct device_attribute;
struct pci_dev;

/* the engine's memory; its last byte is out of its reach */
#define EDU_MEMORY_BYTES	4095

/* from the start of a transfer to the transfer, by a clock of whole milliseconds */
#define EDU_DELAY_MS		100

/**
 * struct edu_dma - one device under test
 * @pdev: the device
 * @regs: its BAR 0
 * @done: a transfer has ended
 * @ended_at: when that was heard of
 * @interrupts: how many have ended with an interrupt
 * @transfers: how many were started by the test of transfers
 * @bytes: how many bytes came back as they went out
 * @translated: how many buffers had a DMA address that is not their physical one
 * @error: why the test of transfers ended early, or 0
 * @late: of the test of late transfers
 */
struct edu_dma {
	struct pci_dev		*pdev;
	void __iomem		*regs;
	struct completion	done;
	ktime_t			ended_at;
	unsigned int		interrupts;
	unsigned int		transfers;
	unsigned int		bytes;
	unsigned int		translated;
	int			error;
	struct edu_late		*late;
};

irqreturn_t edu_dma_interrupt(int irq, void *data);
void edu_dma_start(struct edu_dma *edu, dma_addr_t addr, size_t size,
		   enum dma_data_direction dir);
int edu_dma_wait(struct edu_dma *edu);

int edu_late_init(struct edu_dma *edu);

extern struct device_attribute dev_attr_late_dma;

#endif /* _EDU_DMA_H */
