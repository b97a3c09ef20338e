// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command queue of an SMMUv3, as a device tree tells of it.
 */

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/sizes.h>

#include "inval.h"

#define SMMU_CMDQ_BASE		0x90
#define SMMU_CMDQ_ADDRESS	GENMASK_ULL(51, 5)
#define SMMU_CMDQ_LOG2SIZE	GENMASK_ULL(4, 0)
#define SMMU_CMDQ_PROD		0x98
#define SMMU_OPCODE		GENMASK_ULL(7, 0)
#define SMMU_OPCODE_SYNC	0x46

int inval_open(struct inval_queue *queue)
{
	struct device_node *node = of_find_compatible_node(NULL, NULL, "arm,smmu-v3");
	struct resource regs;
	u64 base;
	int ret;

	if (!node)
		return -ENODEV;
	ret = of_address_to_resource(node, 0, &regs);
	of_node_put(node);
	if (ret)
		return ret;
	queue->regs = ioremap(regs.start, SZ_4K);
	if (!queue->regs)
		return -ENOMEM;
	base = readq(queue->regs + SMMU_CMDQ_BASE);
	if (!(base & SMMU_CMDQ_ADDRESS))
		return -ENODEV;
	queue->ring = phys_to_virt(base & SMMU_CMDQ_ADDRESS);
	queue->entries = 1 << FIELD_GET(SMMU_CMDQ_LOG2SIZE, base);
	queue->entry_bytes = 16;
	queue->wait_type = SMMU_OPCODE_SYNC;
	return 0;
}

/* Index of the next entry; the register has one more bit, for the round. */
unsigned int inval_tail(const struct inval_queue *queue)
{
	return readl(queue->regs + SMMU_CMDQ_PROD) % queue->entries;
}

u8 inval_type(const void *entry)
{
	return FIELD_GET(SMMU_OPCODE, *(const u64 *)entry);
}
