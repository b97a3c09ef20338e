// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domain-ids. What a unit caches is tagged with one, so two address spaces
 * never share an id within a unit, and an id goes to a new owner only after
 * its tags were flushed. The first two are reserved, see did.h.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/printk.h>
#include <linux/ratelimit.h>

#include "unit.h"

/**
 * vtd_did_init() - start with the reserved domain-ids only
 * @unit: the unit
 *
 * Context: Any context; the unit is not shared yet.
 */
void vtd_did_init(struct intel_iommu *unit)
{
	ida_init(&unit->dids.ida);
	atomic_set(&unit->dids.used, VTD_DID_FIRST);
}

/**
 * vtd_did_alloc() - take a domain-id
 * @unit: the unit it is for, its capabilities known
 *
 * Context: Process context, may sleep.
 * Return: the id, at least VTD_DID_FIRST; -ENOSPC if the unit has no more, or
 * -ENOMEM.
 */
int vtd_did_alloc(struct intel_iommu *unit)
{
	int did = ida_alloc_range(&unit->dids.ida, VTD_DID_FIRST,
				  vtd_cap_domains(unit->cap) - 1, GFP_KERNEL);

	if (did >= 0)
		atomic_inc(&unit->dids.used);
	else if (did == -ENOSPC)
		pr_warn_ratelimited("%s: all %u domain-ids are in use\n",
				    unit->name, vtd_cap_domains(unit->cap));
	return did;
}

/**
 * vtd_did_reserve() - keep a domain-id from being given out
 * @unit: the unit
 * @did: domain-id that is in use already, by inherited tables
 *
 * Context: Process context, may sleep.
 * Return: 0, also if it was in use already; -ERANGE if the unit has no such id,
 * or -ENOMEM.
 */
int vtd_did_reserve(struct intel_iommu *unit, u16 did)
{
	int got;

	if (did >= vtd_cap_domains(unit->cap))
		return -ERANGE;
	if (did < VTD_DID_FIRST)
		return 0;

	got = ida_alloc_range(&unit->dids.ida, did, did, GFP_KERNEL);
	if (got == -ENOSPC)
		return 0;
	if (got < 0)
		return got;
	atomic_inc(&unit->dids.used);
	return 0;
}

/**
 * vtd_did_free() - give a domain-id back
 * @unit: the unit
 * @did: domain-id that vtd_did_alloc() or vtd_did_reserve() took; nothing is
 *	cached under it any more
 *
 * Context: Any context.
 */
void vtd_did_free(struct intel_iommu *unit, u16 did)
{
	if (did < VTD_DID_FIRST)
		return;
	ida_free(&unit->dids.ida, did);
	atomic_dec(&unit->dids.used);
}

/**
 * vtd_did_destroy() - free all domain-ids
 * @unit: the unit, not in use any more
 *
 * Context: Any context.
 */
void vtd_did_destroy(struct intel_iommu *unit)
{
	ida_destroy(&unit->dids.ida);
	atomic_set(&unit->dids.used, 0);
}
