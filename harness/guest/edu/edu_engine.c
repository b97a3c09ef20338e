// SPDX-License-Identifier: GPL-2.0-only
/* The DMA engine of QEMU's edu device: one transfer, and its interrupt. */

#include <linux/bits.h>
#include <linux/io.h>
#include <linux/jiffies.h>

#include "edu_dma.h"

#define EDU_IRQ_STATUS		0x24
#define EDU_IRQ_ACK		0x64
#define EDU_DMA_SOURCE		0x80
#define EDU_DMA_DESTINATION	0x88
#define EDU_DMA_COUNT		0x90
#define EDU_DMA_COMMAND		0x98
#define EDU_DMA_START		BIT(0)
#define EDU_DMA_TO_RAM		BIT(1)
#define EDU_DMA_RAISE_IRQ	BIT(2)

/* where the engine's memory is in its own address space */
#define EDU_MEMORY		0x40000

#define EDU_TIMEOUT		(10 * HZ)

irqreturn_t edu_dma_interrupt(int irq, void *data)
{
	struct edu_dma *edu = data;
	u32 status = readl(edu->regs + EDU_IRQ_STATUS);

	if (!status)
		return IRQ_NONE;
	edu->ended_at = ktime_get();
	writel(status, edu->regs + EDU_IRQ_ACK);
	edu->interrupts++;
	complete(&edu->done);
	return IRQ_HANDLED;
}

/* Starts a transfer between the buffer at @addr and the engine's memory. */
void edu_dma_start(struct edu_dma *edu, dma_addr_t addr, size_t size,
		   enum dma_data_direction dir)
{
	u32 command = EDU_DMA_START | EDU_DMA_RAISE_IRQ;

	if (dir == DMA_FROM_DEVICE) {
		command |= EDU_DMA_TO_RAM;
		writel(EDU_MEMORY, edu->regs + EDU_DMA_SOURCE);
		writel(addr, edu->regs + EDU_DMA_DESTINATION);
	} else {
		writel(addr, edu->regs + EDU_DMA_SOURCE);
		writel(EDU_MEMORY, edu->regs + EDU_DMA_DESTINATION);
	}
	writel(size, edu->regs + EDU_DMA_COUNT);
	reinit_completion(&edu->done);
	writel(command, edu->regs + EDU_DMA_COMMAND);
}

int edu_dma_wait(struct edu_dma *edu)
{
	return wait_for_completion_timeout(&edu->done, EDU_TIMEOUT) ?
		0 : -ETIMEDOUT;
}
