// SPDX-License-Identifier: GPL-2.0-only
/*
 * The invalidation queue of VT-d. The first remapping unit of the machine will
 * do: QEMU has one.
 */

#include <linux/acpi.h>
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/sizes.h>

#include "inval.h"

#define VTD_IQ_TAIL		0x88
#define VTD_IQ_ADDRESS		0x90
#define VTD_IQ_SIZE		GENMASK_ULL(2, 0)	/* 256 entries of 16 bytes, doubled */
#define VTD_IQ_WIDE		BIT_ULL(11)		/* entries of 32 bytes, half as many */
#define VTD_TYPE		GENMASK_ULL(3, 0)
#define VTD_TYPE_WAIT		5

static int find_unit(phys_addr_t *regs)
{
	struct acpi_table_header *table;
	struct acpi_dmar_header *entry;
	int ret = -ENODEV;

	if (ACPI_FAILURE(acpi_get_table(ACPI_SIG_DMAR, 0, &table)))
		return ret;
	entry = (void *)table + sizeof(struct acpi_table_dmar);
	if (entry->type == ACPI_DMAR_TYPE_HARDWARE_UNIT) {
		*regs = ((struct acpi_dmar_hardware_unit *)entry)->address;
		ret = 0;
	}
	acpi_put_table(table);
	return ret;
}

int inval_open(struct inval_queue *queue)
{
	phys_addr_t regs;
	int ret = find_unit(&regs);
	u64 address;

	if (ret)
		return ret;
	queue->regs = ioremap(regs, SZ_4K);
	if (!queue->regs)
		return -ENOMEM;
	address = readq(queue->regs + VTD_IQ_ADDRESS);
	if (!(address & PAGE_MASK))
		return -ENODEV;
	queue->ring = phys_to_virt(address & PAGE_MASK);
	queue->entries = 256 << FIELD_GET(VTD_IQ_SIZE, address);
	queue->entry_bytes = 16;
	queue->wait_type = VTD_TYPE_WAIT;
	if (address & VTD_IQ_WIDE) {
		queue->entries /= 2;
		queue->entry_bytes *= 2;
	}
	return 0;
}

/* Index of the next entry */
unsigned int inval_tail(const struct inval_queue *queue)
{
	return readq(queue->regs + VTD_IQ_TAIL) / queue->entry_bytes;
}

u8 inval_type(const void *entry)
{
	return FIELD_GET(VTD_TYPE, *(const u64 *)entry);
}
