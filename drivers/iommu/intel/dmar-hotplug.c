// SPDX-License-Identifier: GPL-2.0-only
/*
 * Units that are added and removed with their host bridge (specification 8.10).
 *
 * The bridge's _DSM method returns structures as in the table, one type per
 * function. ACPI's code for host bridges calls us so that units are added before
 * the devices behind them, and removed after them. All is done under
 * dmar_global_lock.
 *
 * A bridge with a damaged structure of a unit is refused: unlike at boot, nothing
 * depends on it yet.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/slab.h>
#include <linux/uuid.h>

#include "dmar-internal.h"
#include "unit.h"

#define DMAR_DSM_REVISION	0

/**
 * enum dmar_dsm - functions of the method
 * @DMAR_DSM_DRHD: units
 * @DMAR_DSM_ATSR: root ports that let ATS through
 * @DMAR_DSM_RHSA: NUMA nodes of units
 * @DMAR_DSM_SATC: integrated devices that cache translations
 */
enum dmar_dsm {
	DMAR_DSM_DRHD	= 1,
	DMAR_DSM_ATSR	= 2,
	DMAR_DSM_RHSA	= 3,
	DMAR_DSM_SATC	= 4,
};

static const guid_t dmar_dsm_guid =
	GUID_INIT(0xd8c1a3a6, 0xbe9b, 0x4c9b,
		  0x91, 0xbf, 0xc3, 0xcb, 0x81, 0xfc, 0x5d, 0xaf);

/**
 * struct dmar_hotplug - a host bridge that is added or removed
 * @handle: ACPI object with the method
 * @reported: number of units that the method returned
 * @damaged: structures of units can't all be read
 * @fresh: units that were made for it, by seq_id
 * @stopped: units that were torn down for it, by seq_id
 *
 * Units that were there before a bridge was added stay as they are.
 */
struct dmar_hotplug {
	acpi_handle	handle;
	unsigned int	reported;
	bool		damaged;
	DECLARE_BITMAP(fresh, DMAR_UNITS_SUPPORTED);
	DECLARE_BITMAP(stopped, DMAR_UNITS_SUPPORTED);
};

static bool dmar_has_dsm(acpi_handle handle, enum dmar_dsm function)
{
	return acpi_check_dsm(handle, &dmar_dsm_guid, DMAR_DSM_REVISION, BIT(function));
}

/* Walk what a function returns; a function that is not there returns nothing. */
static int dmar_walk_dsm(struct dmar_hotplug *plug, enum dmar_dsm function,
			 const struct dmar_handlers *handlers)
{
	union acpi_object *object;
	int ret;

	if (!dmar_has_dsm(plug->handle, function))
		return 0;

	object = acpi_evaluate_dsm_typed(plug->handle, &dmar_dsm_guid, DMAR_DSM_REVISION,
					 function, NULL, ACPI_TYPE_BUFFER);
	if (!object)
		return -ENODEV;

	ret = dmar_walk(object->buffer.pointer, object->buffer.length, handlers, plug);
	ACPI_FREE(object);
	return ret;
}

static struct dmar_drhd_unit *dmar_reported_unit(const struct acpi_dmar_hardware_unit *drhd)
{
	return dmar_find_unit(drhd->segment, drhd->address);
}

static void dmar_note_flaw(enum dmar_flaw flaw, const struct acpi_dmar_header *at,
			   size_t offset, void *arg)
{
	struct dmar_hotplug *plug = arg;

	dmar_report_flaw(flaw, at, offset, NULL);
	if (flaw != DMAR_FLAW_TYPE && flaw != DMAR_FLAW_SCOPE_TYPE)
		plug->damaged = true;
}

static const struct dmar_handlers dmar_check_units = {
	.flaw = dmar_note_flaw,
};

static int dmar_make_unit(const struct acpi_dmar_hardware_unit *drhd, void *arg)
{
	struct dmar_hotplug *plug = arg;
	int ret;

	plug->reported++;
	if (dmar_reported_unit(drhd))
		return 0;

	ret = dmar_unit_add(drhd);
	if (!ret)
		__set_bit(dmar_reported_unit(drhd)->iommu->seq_id, plug->fresh);
	return ret;
}

static const struct dmar_handlers dmar_make_units = {
	.drhd = dmar_make_unit,
};

static const struct dmar_handlers dmar_add_others = {
	.atsr = vtd_atsr_add,
	.rhsa = dmar_set_node,
	.satc = vtd_satc_add,
	.flaw = dmar_report_flaw,
};

static int dmar_unit_start(struct dmar_drhd_unit *unit)
{
	int ret = dmar_ir_hotplug(unit, true);

	if (ret)
		return ret;
	ret = dmar_iommu_hotplug(unit, true);
	if (ret)
		dmar_ir_hotplug(unit, false);
	return ret;
}

static int dmar_unit_stop(struct dmar_drhd_unit *unit)
{
	/* Refused while interrupts of the unit are in use */
	int ret = dmar_ir_hotplug(unit, false);

	if (ret)
		return ret;
	ret = dmar_iommu_hotplug(unit, false);
	if (ret && dmar_ir_hotplug(unit, true))
		pr_err("%s: does not remap interrupts again\n", unit->iommu->name);
	return ret;
}

/* Stop what can be stopped of a unit that no device is behind yet. */
static int dmar_unit_undo(struct dmar_drhd_unit *unit)
{
	int ir_ret = dmar_ir_hotplug(unit, false);
	int ret = dmar_iommu_hotplug(unit, false);

	return ir_ret ?: ret;
}

static int dmar_start_fresh_unit(const struct acpi_dmar_hardware_unit *drhd, void *arg)
{
	struct dmar_drhd_unit *unit = dmar_reported_unit(drhd);
	struct dmar_hotplug *plug = arg;

	if (!unit || !test_bit(unit->iommu->seq_id, plug->fresh))
		return 0;

	return dmar_unit_start(unit);
}

static const struct dmar_handlers dmar_start_fresh_units = {
	.drhd = dmar_start_fresh_unit,
};

static int dmar_drop_fresh_unit(const struct acpi_dmar_hardware_unit *drhd, void *arg)
{
	struct dmar_drhd_unit *unit = dmar_reported_unit(drhd);
	struct dmar_hotplug *plug = arg;
	int ret;

	if (!unit || !test_bit(unit->iommu->seq_id, plug->fresh))
		return 0;

	/* Also one that failed to start: that may have been undone only in part */
	ret = dmar_unit_undo(unit);
	if (ret) {
		pr_err("%s: can't be stopped (%d): it stays\n", unit->iommu->name, ret);
		return 0;
	}
	dmar_unit_unlink(unit);
	dmar_unit_free(unit);
	return 0;
}

static const struct dmar_handlers dmar_drop_fresh_units = {
	.drhd = dmar_drop_fresh_unit,
};

static const struct dmar_handlers dmar_remove_others = {
	.atsr = vtd_atsr_remove,
	.satc = vtd_satc_remove,
};

static int dmar_add_reported(struct dmar_hotplug *plug)
{
	int ret = dmar_walk_dsm(plug, DMAR_DSM_DRHD, &dmar_make_units);

	if (ret)
		return ret;
	if (!plug->reported) {
		dmar_firmware_bug("_DSM of a host bridge returns no units");
		return 0;
	}

	ret = dmar_walk_dsm(plug, DMAR_DSM_RHSA, &dmar_add_others);
	if (!ret)
		ret = dmar_walk_dsm(plug, DMAR_DSM_ATSR, &dmar_add_others);
	if (!ret)
		ret = dmar_walk_dsm(plug, DMAR_DSM_SATC, &dmar_add_others);
	if (!ret)
		ret = dmar_walk_dsm(plug, DMAR_DSM_DRHD, &dmar_start_fresh_units);
	return ret;
}

static int dmar_hotplug_insert(struct dmar_hotplug *plug)
{
	int ret = dmar_walk_dsm(plug, DMAR_DSM_DRHD, &dmar_check_units);

	if (!ret && plug->damaged)
		ret = -EINVAL;
	if (ret)
		return ret;

	ret = dmar_add_reported(plug);
	if (!ret)
		return 0;

	dmar_walk_dsm(plug, DMAR_DSM_ATSR, &dmar_remove_others);
	dmar_walk_dsm(plug, DMAR_DSM_SATC, &dmar_remove_others);
	dmar_walk_dsm(plug, DMAR_DSM_DRHD, &dmar_drop_fresh_units);
	return ret;
}

/* Devices are removed before their unit: the slots of its scope must be empty. */
static int dmar_check_empty(const struct acpi_dmar_hardware_unit *drhd, void *arg)
{
	struct dmar_drhd_unit *unit = dmar_reported_unit(drhd);
	struct device *dev;
	int i;

	if (!unit || unit->include_all)
		return 0;
	for_each_active_dev_scope(unit->devices, unit->devices_cnt, i, dev)
		return -EBUSY;
	return 0;
}

static const struct dmar_handlers dmar_check_all_empty = {
	.drhd = dmar_check_empty,
	.atsr = vtd_atsr_busy,
};

static int dmar_stop_unit(const struct acpi_dmar_hardware_unit *drhd, void *arg)
{
	struct dmar_drhd_unit *unit = dmar_reported_unit(drhd);
	struct dmar_hotplug *plug = arg;
	int ret;

	if (!unit || test_bit(unit->iommu->seq_id, plug->stopped))
		return 0;

	ret = dmar_unit_stop(unit);
	if (!ret)
		__set_bit(unit->iommu->seq_id, plug->stopped);
	return ret;
}

static const struct dmar_handlers dmar_stop_units = {
	.drhd = dmar_stop_unit,
};

/* The bridge stays, and so do its units. One that fails does not stop the rest. */
static int dmar_restart_unit(const struct acpi_dmar_hardware_unit *drhd, void *arg)
{
	struct dmar_drhd_unit *unit = dmar_reported_unit(drhd);
	struct dmar_hotplug *plug = arg;

	if (unit && __test_and_clear_bit(unit->iommu->seq_id, plug->stopped) &&
	    dmar_unit_start(unit))
		pr_err("%s: does not start again\n", unit->iommu->name);
	return 0;
}

static const struct dmar_handlers dmar_restart_units = {
	.drhd = dmar_restart_unit,
};

static int dmar_release_unit(const struct acpi_dmar_hardware_unit *drhd, void *arg)
{
	struct dmar_drhd_unit *unit = dmar_reported_unit(drhd);
	struct dmar_hotplug *plug = arg;

	if (!unit || !test_bit(unit->iommu->seq_id, plug->stopped))
		return 0;

	dmar_unit_unlink(unit);
	dmar_unit_free(unit);
	return 0;
}

static const struct dmar_handlers dmar_release_units = {
	.drhd = dmar_release_unit,
};

static int dmar_hotplug_remove(struct dmar_hotplug *plug)
{
	int ret = dmar_walk_dsm(plug, DMAR_DSM_ATSR, &dmar_check_all_empty);

	if (!ret)
		ret = dmar_walk_dsm(plug, DMAR_DSM_DRHD, &dmar_check_all_empty);
	if (ret)
		return ret;

	ret = dmar_walk_dsm(plug, DMAR_DSM_DRHD, &dmar_stop_units);
	if (ret) {
		dmar_walk_dsm(plug, DMAR_DSM_DRHD, &dmar_restart_units);
		return ret;
	}

	dmar_walk_dsm(plug, DMAR_DSM_ATSR, &dmar_remove_others);
	dmar_walk_dsm(plug, DMAR_DSM_SATC, &dmar_remove_others);
	dmar_walk_dsm(plug, DMAR_DSM_DRHD, &dmar_release_units);
	return 0;
}

static acpi_status dmar_match_dsm(acpi_handle handle, u32 level, void *context,
				  void **result)
{
	if (!dmar_has_dsm(handle, DMAR_DSM_DRHD))
		return AE_OK;

	*result = handle;
	return AE_CTRL_TERMINATE;
}

/* The method is the bridge's, or that of the first object below that has one */
static int dmar_find_dsm(acpi_handle bridge, acpi_handle *found)
{
	*found = NULL;
	if (dmar_has_dsm(bridge, DMAR_DSM_DRHD)) {
		*found = bridge;
		return 0;
	}

	if (ACPI_FAILURE(acpi_walk_namespace(ACPI_TYPE_DEVICE, bridge, ACPI_UINT32_MAX,
					     dmar_match_dsm, NULL, NULL, found))) {
		pr_warn_ratelimited("objects of a host bridge can't be looked through\n");
		return -ENXIO;
	}
	return 0;
}

static int dmar_device_hotplug(acpi_handle bridge,
			       int (*change)(struct dmar_hotplug *plug))
{
	struct dmar_hotplug *plug __free(kfree) = NULL;
	acpi_handle handle;
	int ret;

	if (!dmar_in_use())
		return 0;
	ret = dmar_find_dsm(bridge, &handle);
	if (ret || !handle)
		return ret;

	plug = kzalloc(sizeof(*plug), GFP_KERNEL);
	if (!plug)
		return -ENOMEM;
	plug->handle = handle;

	guard(rwsem_write)(&dmar_global_lock);
	return change(plug);
}

/**
 * dmar_device_add() - add the units of a host bridge
 * @handle: ACPI object of the bridge, whose devices are not known yet
 *
 * Context: Process context, may sleep; takes dmar_global_lock.
 * Return: 0, also if it has none or nothing is remapped, or an error, which the
 * bridge is to be refused for; nothing is left of its units then, but for one
 * that can't be stopped.
 */
int dmar_device_add(acpi_handle handle)
{
	return dmar_device_hotplug(handle, dmar_hotplug_insert);
}

/**
 * dmar_device_remove() - remove the units of a host bridge
 * @handle: ACPI object of the bridge, whose devices were removed
 *
 * Context: Process context, may sleep; takes dmar_global_lock.
 * Return: 0, -EBUSY if something behind a unit is still in use, or what the
 * method fails with; the units stay then.
 */
int dmar_device_remove(acpi_handle handle)
{
	return dmar_device_hotplug(handle, dmar_hotplug_remove);
}
