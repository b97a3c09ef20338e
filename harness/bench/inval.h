/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is in an IOMMU's queue of invalidations, read from the hardware's
 * registers and the queue's memory: whatever driver writes to it.
 */

#ifndef _INVAL_H_
#define _INVAL_H_

#include <linux/types.h>

/**
 * struct inval_queue - the queue of the machine's IOMMU
 * @regs: registers that have the queue's place and end
 * @ring: the queue
 * @entries: its size
 * @entry_bytes: size of an entry
 * @wait_type: type of the entries that are waited for
 */
struct inval_queue {
	void __iomem	*regs;
	const void	*ring;
	unsigned int	entries;
	unsigned int	entry_bytes;
	u8		wait_type;
};

/* On failure, too, the registers are the caller's to unmap. */
int inval_open(struct inval_queue *queue);
unsigned int inval_tail(const struct inval_queue *queue);
u8 inval_type(const void *entry);

#endif /* _INVAL_H_ */
