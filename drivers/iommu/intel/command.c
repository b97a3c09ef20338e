// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands to a remapping unit, and what the unit reads from memory.
 *
 * Owns the Global Command Register. The register is write-only and takes one
 * change at a time: unit->gcmd keeps the bits that are on, and each change
 * holds register_lock until the status register shows it.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/cacheflush.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>

#include "command.h"
#include "unit.h"

/**
 * vtd_write_back() - make what the CPU wrote visible to the unit
 * @unit: unit that reads it
 * @start: first byte
 * @bytes: how many
 *
 * Nothing has to be done where the unit snoops the CPU's caches (ECAP.C).
 *
 * Context: Any context.
 */
void vtd_write_back(struct intel_iommu *unit, void *start, size_t bytes)
{
	if (!vtd_ecap_coherent(unit->ecap))
		clflush_cache_range(start, bytes);
}

/* One lasting bit. The unit may not be told anything else until it shows it. */
static int change_bit_of_command(struct intel_iommu *unit, u32 bit, bool on)
{
	lockdep_assert_held(&unit->register_lock);

	if (on)
		unit->gcmd |= bit;
	else
		unit->gcmd &= ~bit;
	vtd_write32(&unit->regs, VTD_GCMD_REG, unit->gcmd);
	return vtd_wait32(&unit->regs, VTD_GSTS_REG, bit, on ? bit : 0);
}

/**
 * vtd_unit_command() - turn functions of a unit on or off
 * @unit: the unit
 * @set: lasting bits of VTD_GCMD_REG to set
 * @clear: lasting bits to clear; none that is in @set
 *
 * One write for each bit, in rising order, since the unit is to be told one
 * change at a time (specification 11.4.4). On failure the bits that it was told
 * of stay in unit->gcmd: it may still come round to them.
 *
 * Context: Any context; takes register_lock. Waits at most VTD_REGISTER_TIMEOUT_US for
 * each bit.
 * Return: 0, or -ETIMEDOUT if the unit does not show the change.
 */
int vtd_unit_command(struct intel_iommu *unit, u32 set, u32 clear)
{
	unsigned long bits = set | clear;
	unsigned int bit;
	int ret = 0;

	scoped_guard(raw_spinlock_irqsave, &unit->register_lock) {
		for_each_set_bit(bit, &bits, 32) {
			ret = change_bit_of_command(unit, BIT(bit),
						    set & BIT(bit));
			if (ret)
				break;
		}
	}
	if (ret)
		pr_err_ratelimited("%s: does not %s bit %u of its command register\n",
				   unit->name, set & BIT(bit) ? "set" : "clear", bit);
	return ret;
}

/**
 * vtd_unit_one_shot() - have a unit do something once
 * @unit: the unit
 * @command: one bit of VTD_GCMD_REG that does not last
 * @done: bit of VTD_GSTS_REG that shows when it is done; 0 if the bit at the
 *	position of @command clears then, as with VTD_GCMD_WBF
 *
 * Specification 11.4.4.
 *
 * Context: Any context; takes register_lock. Waits at most VTD_REGISTER_TIMEOUT_US.
 * Return: 0 or -ETIMEDOUT.
 */
int vtd_unit_one_shot(struct intel_iommu *unit, u32 command, u32 done)
{
	int ret;

	scoped_guard(raw_spinlock_irqsave, &unit->register_lock) {
		vtd_write32(&unit->regs, VTD_GCMD_REG, unit->gcmd | command);
		ret = vtd_wait32(&unit->regs, VTD_GSTS_REG, done ?: command, done);
	}
	if (ret)
		pr_err_ratelimited("%s: does not finish command %#x\n",
				   unit->name, command);
	return ret;
}

/**
 * vtd_unit_disable_protected_memory() - let devices reach all memory again
 * @unit: the unit
 *
 * Firmware may block DMA into ranges of memory until the operating system is
 * ready (specification 11.4.8). These ranges also stop requests that are
 * translated, so they have to go once translation is on.
 *
 * Context: Any context; takes register_lock. Waits at most VTD_REGISTER_TIMEOUT_US.
 * Return: 0, or -ETIMEDOUT if the ranges stay protected.
 */
int vtd_unit_disable_protected_memory(struct intel_iommu *unit)
{
	u32 enable;
	int ret;

	if (!vtd_cap_protected_memory(unit->cap))
		return 0;

	scoped_guard(raw_spinlock_irqsave, &unit->register_lock) {
		enable = vtd_read32(&unit->regs, VTD_PMEN_REG);
		vtd_write32(&unit->regs, VTD_PMEN_REG, enable & ~VTD_PMEN_ENABLE);
		ret = vtd_wait32(&unit->regs, VTD_PMEN_REG, VTD_PMEN_STATUS, 0);
	}
	if (ret)
		pr_err_ratelimited("%s: does not release protected memory\n",
				   unit->name);
	return ret;
}
