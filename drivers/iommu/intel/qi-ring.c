// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ring of an invalidation queue (specification 6.5.2): allocated, given to
 * the unit, turned on and off, freed.
 *
 * Owns unit->qi. Nobody submits while a function here runs, except for
 * qi_program() and qi_new_generation(), which qi-repair.c uses.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../iommu-pages.h"
#include "command.h"
#include "qi-internal.h"
#include "unit.h"

/**
 * qi_new_generation() - make all CPUs that wait check their submissions again
 * @qi: queue; write status words after this call
 *
 * Context: Any context. Only one CPU at a time; a repair holds vtd_qi.repair_lock.
 */
void qi_new_generation(struct vtd_qi *qi)
{
	WRITE_ONCE(qi->generation, qi->generation + 1);
	/* Pairs with qi_submit_once() */
	smp_wmb();
}

/* Specification 6.5.2: tail, then address, then the queue is turned on */
int qi_program(struct intel_iommu *unit)
{
	struct vtd_qi *qi = unit->qi;
	u64 address = virt_to_phys(qi->ring);

	/* Sizes are given in units of 4 KiB */
	address |= FIELD_PREP(VTD_IQA_SIZE, QI_SLOTS_LOG2 + qi->slot_log2 - 12);
	if (qi->slot_log2 == 5)
		address |= VTD_IQA_WIDE;
	vtd_write64(&unit->regs, VTD_IQT_REG, 0);
	vtd_write64(&unit->regs, VTD_IQA_REG, address);
	return vtd_unit_command(unit, VTD_GCMD_QIE, 0);
}

static struct vtd_qi *qi_alloc(struct intel_iommu *unit)
{
	struct vtd_qi *qi = kzalloc_node(sizeof(*qi), GFP_KERNEL, unit->node);

	if (!qi)
		return NULL;
	raw_spin_lock_init(&qi->repair_lock);
	/* Units that know scalable mode take wide descriptors, also without it */
	qi->slot_log2 = vtd_ecap_scalable(unit->ecap) ? 5 : 4;
	/* The arrays are full of zeroes, which are ends of the lap before */
	atomic64_set(&qi->reserved, QI_SLOTS);
	atomic64_set(&qi->freed, QI_SLOTS);
	atomic64_set(&qi->completed, QI_SLOTS);
	atomic64_set(&qi->rung, QI_SLOTS);

	qi->ring = iommu_alloc_pages_node(unit->node, GFP_KERNEL,
					  get_order(QI_SLOTS << qi->slot_log2));
	/* Status words, and a scratch word that is never read */
	qi->status = kzalloc_node(2 * QI_SLOTS * sizeof(u32), GFP_KERNEL, unit->node);
	qi->ends = kcalloc_node(QI_SLOTS, sizeof(*qi->ends), GFP_KERNEL,
				unit->node);
	qi->timed_out = bitmap_zalloc(BIT(16), GFP_KERNEL);
	qi->counts = alloc_percpu(struct vtd_qi_counts);
	if (qi->status) {
		qi->status_phys = virt_to_phys(qi->status);
		qi->scratch_phys = virt_to_phys(qi->status + QI_SLOTS);
	}
	return qi;
}

static bool qi_is_whole(const struct vtd_qi *qi)
{
	return qi && qi->ring && qi->status && qi->ends && qi->timed_out && qi->counts;
}

/**
 * vtd_qi_enable() - set up the queue of a unit
 * @unit: unit; nothing is done if its queue is on already
 *
 * Context: May sleep; under dmar_global_lock.
 * Return: 0, -ENODEV if the unit has no queue, -ENOMEM, or -ETIMEDOUT.
 */
int vtd_qi_enable(struct intel_iommu *unit)
{
	int ret;

	if (!vtd_ecap_queue(unit->ecap))
		return -ENODEV;
	if (unit->qi)
		return 0;

	unit->qi = qi_alloc(unit);
	ret = qi_is_whole(unit->qi) ? qi_program(unit) : -ENOMEM;
	if (ret)
		vtd_qi_free(unit);
	return ret;
}

/**
 * vtd_qi_reenable() - turn the queue on again after the unit lost its state
 * @unit: unit
 *
 * Context: Any context; nobody submits.
 * Return: 0, -ENOENT if there was no queue, -ETIMEDOUT.
 */
int vtd_qi_reenable(struct intel_iommu *unit)
{
	struct vtd_qi *qi = unit->qi;
	u64 start;

	if (!qi)
		return -ENOENT;
	/* The next command must not turn on again what suspend turned off */
	scoped_guard(raw_spinlock_irqsave, &unit->register_lock)
		unit->gcmd &= vtd_read32(&unit->regs, VTD_GSTS_REG);

	vtd_qi_disable(unit);
	vtd_write32(&unit->regs, VTD_FSTS_REG, VTD_FSTS_QUEUE_ERROR |
		    VTD_FSTS_COMPLETION_ERROR | VTD_FSTS_TIMEOUT_ERROR);
	/* The unit starts with slot 0. A unit that had failed gets another chance. */
	start = round_up((u64)atomic64_read(&qi->reserved) & ~(u64)QI_FROZEN, QI_SLOTS);
	atomic64_set(&qi->freed, start);
	atomic64_set(&qi->completed, start);
	atomic64_set(&qi->reserved, start);
	atomic64_set(&qi->rung, start);
	qi_new_generation(qi);
	qi->failed = false;
	return qi_program(unit);
}

/**
 * vtd_qi_disable() - turn the queue off, whoever turned it on
 * @unit: unit
 *
 * Context: Any context; nobody submits.
 */
void vtd_qi_disable(struct intel_iommu *unit)
{
	u64 tail;

	if (!(vtd_read32(&unit->regs, VTD_GSTS_REG) & VTD_GCMD_QIE))
		return;
	/* Let it finish; a unit that does not is turned off as it is */
	read_poll_timeout_atomic(vtd_read64, tail,
				 tail == vtd_read64(&unit->regs, VTD_IQT_REG), 1,
				 VTD_REGISTER_TIMEOUT_US, false, &unit->regs,
				 VTD_IQH_REG);
	vtd_unit_command(unit, 0, VTD_GCMD_QIE);
}

/**
 * vtd_qi_free() - turn the queue of a unit off and free it
 * @unit: unit; keeps the memory if it does not turn off
 *
 * Context: May sleep; nobody submits.
 */
void vtd_qi_free(struct intel_iommu *unit)
{
	struct vtd_qi *qi = unit->qi;

	if (!qi)
		return;
	unit->qi = NULL;
	vtd_qi_disable(unit);
	if (vtd_read32(&unit->regs, VTD_GSTS_REG) & VTD_GCMD_QIE)
		return;
	if (qi->ring)
		iommu_free_pages(qi->ring, get_order(QI_SLOTS << qi->slot_log2));
	kfree(qi->status);
	kfree(qi->ends);
	bitmap_free(qi->timed_out);
	free_percpu(qi->counts);
	kfree(qi);
}
