// SPDX-License-Identifier: GPL-2.0-only
/*
 * Units while the machine sleeps, wakes up and goes down.
 *
 * A unit loses its registers in S3, not its tables, which are in memory. So
 * suspending means that nothing is left in its caches and that it is off, and
 * resuming that it is told again where everything is. Interrupt remapping is
 * not done here: it comes back earlier, with the local APIC.
 *
 * All of this runs on the last CPU with interrupts off. The list of units is
 * walked under RCU: the owner of dmar_global_lock may be stopped for good.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/dmar.h>
#include <linux/rcupdate.h>
#include <linux/syscore_ops.h>
#include <linux/tboot.h>

#include <asm/iommu.h>

#include "command.h"
#include "event.h"
#include "inval.h"
#include "params.h"
#include "power.h"
#include "quirks.h"
#include "unit.h"

/* Graphics of some chipsets hang when their unit stops translating */
static bool must_keep_translation(const struct intel_iommu *unit)
{
	return vtd_quirk_keep_translation() && unit->drhd->gfx_dedicated &&
	       (vtd_cap_drains_reads(unit->cap) || vtd_cap_drains_writes(unit->cap));
}

/**
 * vtd_translation_off() - have a unit pass requests as they are
 * @unit: the unit
 *
 * Does nothing where an erratum forbids it, see VTD_QUIRK_KEEP_TRANSLATION.
 *
 * Context: Any context. Bounded wait.
 * Return: 0, or -ETIMEDOUT if the unit goes on translating.
 */
int vtd_translation_off(struct intel_iommu *unit)
{
	if (must_keep_translation(unit))
		return 0;
	return vtd_unit_command(unit, 0, VTD_GCMD_TE);
}

/* Firmware put a measured kernel behind protected memory until we translate */
static bool protection_demanded(void)
{
	return tboot_enabled() && !vtd_params.tboot_noforce;
}

static void suspend_unit(struct intel_iommu *unit)
{
	int ret;

	ret = vtd_flush_contexts(unit);
	if (!ret)
		ret = vtd_flush_iotlb(unit);
	if (ret)
		pr_err("%s: not flushed before sleep (%d)\n", unit->name, ret);

	vtd_event_save(unit, unit->event_state);
	/* A failure has been said; the unit is reset in its sleep */
	vtd_translation_off(unit);
}

static int vtd_suspend(void *data)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *unit;

	scoped_guard(rcu) {
		for_each_active_iommu(unit, drhd)
			suspend_unit(unit);
	}
	return 0;
}

static int enable_translation(struct intel_iommu *unit)
{
	int ret;

	ret = vtd_contexts_enable(unit);
	if (ret)
		return ret;
	return vtd_unit_command(unit, VTD_GCMD_TE, 0);
}

/*
 * On failure the ranges that firmware protects stay so: requests carry
 * addresses that mean something else without translation.
 */
static void resume_unit(struct intel_iommu *unit)
{
	int ret = 0;

	if (unit->qi)
		ret = vtd_qi_reenable(unit);
	if (!ret)
		ret = enable_translation(unit);
	if (ret) {
		pr_crit("%s: does not translate after sleep (%d)%s\n", unit->name,
			ret, protection_demanded() ?
			": protected memory stays closed to devices" : "");
		return;
	}

	/* A failure has been said; the ranges stay closed to devices */
	vtd_unit_disable_protected_memory(unit);
	vtd_event_restore(unit, unit->event_state);
}

static void vtd_resume(void *data)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *unit;

	scoped_guard(rcu) {
		for_each_iommu(unit, drhd) {
			if (!drhd->ignored)
				resume_unit(unit);
			else if (protection_demanded())
				vtd_unit_disable_protected_memory(unit);
		}
	}
}

static const struct syscore_ops vtd_syscore_ops = {
	.suspend	= vtd_suspend,
	.resume		= vtd_resume,
};

static struct syscore vtd_syscore = {
	.ops = &vtd_syscore_ops,
};

/**
 * vtd_power_init() - take part in suspend and resume
 *
 * Context: Process context, once, when all units are set up.
 */
void vtd_power_init(void)
{
	register_syscore(&vtd_syscore);
}

/**
 * intel_iommu_shutdown() - leave units as firmware, or another kernel, wants them
 *
 * Called on reboot and kexec. Takes no lock that a stopped CPU may hold but for
 * register_lock, which is held with interrupts off only, and waits for at most
 * twice VTD_REGISTER_TIMEOUT_US for a unit that has failed.
 *
 * Context: One CPU is left.
 */
void intel_iommu_shutdown(void)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *unit;

	if (no_iommu || vtd_params.disabled)
		return;

	scoped_guard(rcu) {
		/* Errors have been said, and there is nobody to give them to */
		for_each_iommu(unit, drhd)
			vtd_unit_disable_protected_memory(unit);
		for_each_active_iommu(unit, drhd)
			vtd_translation_off(unit);
	}
}
