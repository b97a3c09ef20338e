// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invalidations: collected as descriptors and submitted to the unit's queue
 * together, or, if the unit has no queue, executed through registers one by one.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include "command.h"
#include "inval-register.h"
#include "inval.h"
#include "quirks.h"
#include "unit.h"

static int submit(struct intel_iommu *unit, const struct vtd_desc *descs,
		  unsigned int count)
{
	unsigned int i;
	int ret = 0;

	if (likely(unit->qi))
		return vtd_qi_submit(unit, descs, count);
	for (i = 0; i < count; i++)
		ret = vtd_invalidate_by_register(unit, descs[i]) ?: ret;
	return ret;
}

/**
 * vtd_batch_submit() - submit the descriptors of a batch and wait for them
 * @batch: batch; empty afterwards
 *
 * Context: Any context but NMI, see vtd_qi_submit().
 * Return: 0, or the worst error since the batch was begun, see vtd_qi_submit().
 */
int vtd_batch_submit(struct vtd_batch *batch)
{
	int ret = batch->error;

	/* An earlier error does not prevent these invalidations */
	if (batch->count)
		ret = vtd_worse_error(ret, submit(batch->unit, batch->descs,
						  batch->count));
	batch->count = 0;
	batch->error = 0;
	return ret;
}

/**
 * vtd_batch_add() - add a descriptor to a batch
 * @batch: batch; if it is full, it is submitted first
 * @desc: descriptor
 *
 * Context: Any context but NMI.
 */
void vtd_batch_add(struct vtd_batch *batch, struct vtd_desc desc)
{
	if (batch->count == VTD_QI_BATCH)
		batch->error = vtd_batch_submit(batch);
	batch->descs[batch->count++] = desc;
}

/**
 * vtd_flush_contexts() - invalidate all context entries of a unit
 * @unit: unit
 *
 * Context: Any context but NMI.
 * Return: 0 or a negative errno, see vtd_qi_submit().
 */
int vtd_flush_contexts(struct intel_iommu *unit)
{
	struct vtd_desc desc = vtd_desc_context(VTD_GRANULARITY_GLOBAL, 0, 0);

	return submit(unit, &desc, 1);
}

/**
 * vtd_flush_context() - invalidate the context entry of a device
 * @unit: unit
 * @did: domain-id in the entry, VTD_DID_NONE for one that was not present
 * @sid: source-id
 *
 * Context: Any context but NMI.
 * Return: 0 or a negative errno, see vtd_qi_submit().
 */
int vtd_flush_context(struct intel_iommu *unit, u16 did, u16 sid)
{
	struct vtd_desc desc = vtd_desc_context(VTD_GRANULARITY_DEVICE, did, sid);

	return submit(unit, &desc, 1);
}

/**
 * vtd_flush_iotlb() - invalidate all translations of a unit
 * @unit: unit
 *
 * Context: Any context but NMI.
 * Return: 0 or a negative errno, see vtd_qi_submit().
 */
int vtd_flush_iotlb(struct intel_iommu *unit)
{
	struct vtd_desc desc = vtd_desc_iotlb(VTD_GRANULARITY_GLOBAL, 0,
					      unit->drain);

	return submit(unit, &desc, 1);
}

/**
 * vtd_flush_iotlb_domain() - invalidate the translations of a domain
 * @unit: unit
 * @did: domain-id
 *
 * Context: Any context but NMI.
 * Return: 0 or a negative errno, see vtd_qi_submit().
 */
int vtd_flush_iotlb_domain(struct intel_iommu *unit, u16 did)
{
	struct vtd_desc desc = vtd_desc_iotlb(VTD_GRANULARITY_DOMAIN, did,
					      unit->drain);

	return submit(unit, &desc, 1);
}

/**
 * vtd_flush_interrupts() - invalidate some remapped interrupts
 * @unit: unit with a queue
 * @index: first entry, aligned to what @mask says
 * @mask: log2 of entries, at most vtd_ecap_max_handle_mask()
 *
 * Context: Any context but NMI.
 * Return: 0 or a negative errno, see vtd_qi_submit().
 */
int vtd_flush_interrupts(struct intel_iommu *unit, u16 index, unsigned int mask)
{
	struct vtd_desc desc = vtd_desc_interrupts(index, mask);

	return submit(unit, &desc, 1);
}

/**
 * vtd_flush_all_interrupts() - invalidate all remapped interrupts
 * @unit: unit with a queue
 *
 * Context: Any context but NMI.
 * Return: 0 or a negative errno, see vtd_qi_submit().
 */
int vtd_flush_all_interrupts(struct intel_iommu *unit)
{
	struct vtd_desc desc = vtd_desc_all_interrupts();

	return submit(unit, &desc, 1);
}

/**
 * vtd_flush_write_buffer() - have writes to tables reach memory
 * @unit: unit; nothing is done if it has no such buffer
 *
 * Specification 6.8.
 *
 * Context: Any context but NMI.
 */
void vtd_flush_write_buffer(struct intel_iommu *unit)
{
	if (vtd_cap_write_buffer(unit->cap) || vtd_quirk_write_buffer())
		vtd_unit_one_shot(unit, VTD_GCMD_WBF, 0);
}
