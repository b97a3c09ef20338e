// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invalidation through registers, one request after the other, for a unit that
 * has no invalidation queue. Such a unit only has legacy mode.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>

#include "inval-register.h"
#include "unit.h"

/* 11.4.6.1 */
static int context_by_register(struct intel_iommu *unit, struct vtd_desc desc)
{
	u64 command = VTD_CCMD_INVALIDATE |
		      FIELD_PREP(VTD_CCMD_GRANULARITY,
				 FIELD_GET(VTD_DESC_GRANULARITY, desc.lo)) |
		      FIELD_PREP(VTD_CCMD_DID, FIELD_GET(VTD_DESC_DID, desc.lo)) |
		      FIELD_PREP(VTD_CCMD_SID,
				 FIELD_GET(VTD_DESC_CONTEXT_SID, desc.lo));

	lockdep_assert_held(&unit->register_lock);

	vtd_write64(&unit->regs, VTD_CCMD_REG, command);
	return vtd_wait64(&unit->regs, VTD_CCMD_REG, VTD_CCMD_INVALIDATE);
}

/* 11.4.6.2, 11.4.6.3 */
static int iotlb_by_register(struct intel_iommu *unit, struct vtd_desc desc)
{
	unsigned int offset = vtd_ecap_iotlb_offset(unit->ecap), granularity;
	u64 command, done;
	int ret;

	lockdep_assert_held(&unit->register_lock);

	granularity = FIELD_GET(VTD_DESC_GRANULARITY, desc.lo);
	command = VTD_IOTLB_INVALIDATE |
		  FIELD_PREP(VTD_IOTLB_GRANULARITY, granularity) |
		  FIELD_PREP(VTD_IOTLB_DID, FIELD_GET(VTD_DESC_DID, desc.lo));
	if (desc.lo & VTD_DESC_DRAIN_WRITES)
		command |= VTD_IOTLB_DRAIN_WRITES;
	if (desc.lo & VTD_DESC_DRAIN_READS)
		command |= VTD_IOTLB_DRAIN_READS;

	/* Address, mask and hint are in the same place as in the descriptor */
	if (granularity == VTD_GRANULARITY_PAGE)
		vtd_write64(&unit->regs, offset, desc.hi);
	vtd_write64(&unit->regs, offset + sizeof(u64), command);
	ret = vtd_wait64(&unit->regs, offset + sizeof(u64), VTD_IOTLB_INVALIDATE);
	if (ret)
		return ret;
	/* The granularity that was executed is 0 if the unit refused the request */
	done = vtd_read64(&unit->regs, offset + sizeof(u64));
	return FIELD_GET(VTD_IOTLB_ACTUAL, done) ? 0 : -EIO;
}

static int execute_locked(struct intel_iommu *unit, struct vtd_desc desc)
{
	lockdep_assert_held(&unit->register_lock);

	switch (FIELD_GET(VTD_DESC_TYPE, desc.lo)) {
	case VTD_DESC_CONTEXT:
		return context_by_register(unit, desc);
	case VTD_DESC_IOTLB:
		return iotlb_by_register(unit, desc);
	default:
		/* Device-TLBs and interrupts need a queue, which callers check */
		return -EOPNOTSUPP;
	}
}

/**
 * vtd_invalidate_by_register() - execute a descriptor through registers
 * @unit: unit without a queue
 * @desc: descriptor for the context cache or the IOTLB
 *
 * There is only one set of registers, so the unit is waited for with
 * register_lock held.
 *
 * Context: Any context but NMI. Takes register_lock.
 * Return: 0; -EOPNOTSUPP for any other descriptor; -EIO if the unit refused it;
 * -ETIMEDOUT.
 */
int vtd_invalidate_by_register(struct intel_iommu *unit, struct vtd_desc desc)
{
	int ret;

	scoped_guard(raw_spinlock_irqsave, &unit->register_lock)
		ret = execute_locked(unit, desc);
	if (ret)
		pr_err_ratelimited("%s: invalidation by register failed: %d\n",
				   unit->name, ret);
	return ret;
}
