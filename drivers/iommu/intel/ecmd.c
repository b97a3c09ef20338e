// SPDX-License-Identifier: GPL-2.0-only
/*
 * Enhanced commands (specification 11.4.14). A unit executes one at a time:
 * vtd_ecmd_submit() holds register_lock until the command is done.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/printk.h>

#include "ecmd.h"
#include "unit.h"

/* Capability words have one bit for each command, lowest command first */
#define COMMANDS_PER_WORD	64

/**
 * vtd_ecmd_supported() - ask whether a unit has a command
 * @unit: the unit
 * @command: the command, VTD_ECMD_*
 *
 * Reads the Enhanced Command Capability Register (11.4.14.4) each time; a caller
 * that needs the answer often keeps it.
 *
 * Context: Any context.
 * Return: whether it has.
 */
bool vtd_ecmd_supported(struct intel_iommu *unit, u8 command)
{
	unsigned int word = command / COMMANDS_PER_WORD;

	if (!vtd_cap_enhanced_commands(unit->cap))
		return false;

	return vtd_read64(&unit->regs, VTD_ECCAP_REG + word * sizeof(u64)) &
	       BIT_ULL(command % COMMANDS_PER_WORD);
}

static int submit_locked(struct intel_iommu *unit, u8 command, u64 operand_a,
			 u64 operand_b)
{
	lockdep_assert_held(&unit->register_lock);
	if (vtd_read64(&unit->regs, VTD_ECRSP_REG) & VTD_ECRSP_IN_PROGRESS)
		return -EBUSY;

	/* The write of the command starts it, so its operand has to be there. */
	vtd_write64(&unit->regs, VTD_ECEO_REG, operand_b);
	vtd_write64(&unit->regs, VTD_ECMD_REG,
		    FIELD_PREP(VTD_ECMD_COMMAND, command) |
		    FIELD_PREP(VTD_ECMD_OPERAND_A, operand_a));

	if (vtd_wait64(&unit->regs, VTD_ECRSP_REG, VTD_ECRSP_IN_PROGRESS))
		return -ETIMEDOUT;
	return FIELD_GET(VTD_ECRSP_STATUS,
			 vtd_read64(&unit->regs, VTD_ECRSP_REG));
}

/**
 * vtd_ecmd_submit() - have a unit carry out a command, and wait for it
 * @unit: the unit
 * @command: the command, VTD_ECMD_*
 * @operand_a: its first operand
 * @operand_b: its second operand
 *
 * A unit that did not finish once is not waited for again: as long as the old
 * command is in progress, new ones fail at once.
 *
 * Context: Any context but NMI; takes register_lock; waits for at most
 * VTD_REGISTER_TIMEOUT_US with interrupts off.
 * Return: 0; the status code, greater than 0, with which the unit refused it
 * (11.4.14.3); -ENODEV if the unit has no commands, -EBUSY if it is not through
 * with an earlier one, -ETIMEDOUT.
 */
int vtd_ecmd_submit(struct intel_iommu *unit, u8 command, u64 operand_a,
		    u64 operand_b)
{
	int ret;

	if (!vtd_cap_enhanced_commands(unit->cap))
		return -ENODEV;

	scoped_guard(raw_spinlock_irqsave, &unit->register_lock)
		ret = submit_locked(unit, command, operand_a, operand_b);
	if (ret == -ETIMEDOUT)
		pr_err_ratelimited("%s: enhanced command 0x%x takes too long\n",
				   unit->name, command);
	return ret;
}
