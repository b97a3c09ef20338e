// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOAPICs and HPETs behind a unit, as the device scopes of its DRHD tell. They
 * may be no PCI devices that the kernel knows, yet their interrupt requests
 * carry a source-id, which is found here by walking the scope's path.
 *
 * Each unit has an array of its own in struct vtd_irt, made before its interrupt
 * domain and freed after it.
 */

#define pr_fmt(fmt) "DMAR-IR: " fmt

#include <linux/acpi.h>
#include <linux/err.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <asm/pci-direct.h>

#include "irq-internal.h"
#include "unit.h"

/* Two types, 256 numbers each */
#define VTD_SOURCES_MAX		512

/*
 * The scope at @at, NULL at the end of the structure, or -EINVAL if what is
 * there is no scope. Firmware writes the lengths.
 */
static const struct acpi_dmar_device_scope *vtd_scope_at(const void *at,
							 const void *end)
{
	const struct acpi_dmar_device_scope *scope = at;

	if (at == end)
		return NULL;
	if (end - at < (ptrdiff_t)sizeof(*scope) || scope->length < sizeof(*scope) ||
	    scope->length > end - at)
		return ERR_PTR(-EINVAL);
	return scope;
}

/*
 * Source-id at the end of a scope's path, 0 if it can't be told, or -ENODEV. The
 * PCI core does not know the devices yet, so bridges are asked directly.
 */
static int vtd_scope_sid(const struct acpi_dmar_device_scope *scope, u16 segment)
{
	const struct acpi_dmar_pci_path *path = (const void *)(scope + 1);
	unsigned int hops = (scope->length - sizeof(*scope)) / sizeof(*path);
	u8 bus = scope->bus;

	if (!hops)
		return -ENODEV;
	for (; hops > 1; hops--, path++) {
		/* The ports that are asked through know only the first segment */
		if (segment)
			return 0;
		bus = read_pci_config_byte(bus, path->device, path->function,
					   PCI_SECONDARY_BUS);
		if (!bus || bus == 0xff)
			return -ENODEV;
	}
	return PCI_DEVID(bus, PCI_DEVFN(path->device, path->function));
}

/* Find the unit that has an IOAPIC or HPET already, or NULL */
static const struct intel_iommu *vtd_irq_source_owner(u8 type, u8 id)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *unit;

	for_each_iommu(unit, drhd) {
		if (vtd_irq_source_find(unit, type, id))
			return unit;
	}
	return NULL;
}

static void vtd_irq_source_tell(const struct intel_iommu *unit,
				const struct vtd_irq_source *source)
{
	const bool ioapic = source->type == ACPI_DMAR_SCOPE_TYPE_IOAPIC;
	const char *name = ioapic ? "IOAPIC" : "HPET";

	if (source->sid)
		pr_info("%s: %s id %u at %02x:%02x.%u\n", unit->name, name, source->id,
			PCI_BUS_NUM(source->sid), PCI_SLOT(source->sid & 0xff),
			PCI_FUNC(source->sid));
	else if (unit->segment)
		pr_warn("%s: source-id of %s id %u in segment %u can't be told: who sends its interrupts is not checked\n",
			unit->name, name, source->id, unit->segment);
	else
		pr_warn_once(FW_BUG "%s: %s id %u has no source-id: who sends its interrupts is not checked\n",
			     unit->name, name, source->id);
}

static int vtd_irq_source_add(struct intel_iommu *unit,
			      const struct acpi_dmar_device_scope *scope)
{
	const bool ioapic = scope->entry_type == ACPI_DMAR_SCOPE_TYPE_IOAPIC;
	const char *name = ioapic ? "IOAPIC" : "HPET";
	const struct intel_iommu *owner;
	struct vtd_irt *irt = &unit->irt;
	int sid;

	if (vtd_irq_source_find(unit, scope->entry_type, scope->enumeration_id))
		return 0;
	owner = vtd_irq_source_owner(scope->entry_type, scope->enumeration_id);
	if (owner) {
		pr_warn_ratelimited(FW_BUG "%s: %s id %u is behind %s already\n",
				    unit->name, name, scope->enumeration_id,
				    owner->name);
		return 0;
	}
	sid = vtd_scope_sid(scope, unit->segment);
	if (sid < 0) {
		pr_warn_ratelimited(FW_BUG "%s: path of %s id %u leads nowhere\n",
				    unit->name, name, scope->enumeration_id);
		return 0;
	}
	if (irt->source_count == VTD_SOURCES_MAX)
		return -ENOSPC;

	irt->sources[irt->source_count] = (struct vtd_irq_source) {
		.type = scope->entry_type,
		.id = scope->enumeration_id,
		.sid = sid,
	};
	vtd_irq_source_tell(unit, &irt->sources[irt->source_count++]);
	return 0;
}

/**
 * vtd_irq_sources_init() - find the IOAPICs and HPETs behind a unit
 * @unit: unit; may have them already
 * @header: its DRHD structure
 *
 * An entry that can't be used is left out with a message: its owner then can't
 * get interrupts remapped, and the caller sees whether it was needed.
 *
 * Context: May sleep; in early boot, or under dmar_global_lock.
 * Return: 0, -ENOMEM, -EINVAL if the scopes can't be told apart, or -ENOSPC.
 */
int vtd_irq_sources_init(struct intel_iommu *unit,
			 const struct acpi_dmar_header *header)
{
	const void *at = (const void *)header + sizeof(struct acpi_dmar_hardware_unit);
	const void *end = (const void *)header + header->length;
	const struct acpi_dmar_device_scope *scope;
	int ret = 0;

	if (unit->irt.sources)
		return 0;
	if (at > end)
		return -EINVAL;
	unit->irt.sources = kcalloc(VTD_SOURCES_MAX, sizeof(*unit->irt.sources),
				    GFP_KERNEL);
	if (!unit->irt.sources)
		return -ENOMEM;

	while (!ret && (scope = vtd_scope_at(at, end))) {
		if (IS_ERR(scope)) {
			pr_warn(FW_BUG "%s: device scope with a wrong length\n",
				unit->name);
			ret = PTR_ERR(scope);
			break;
		}
		if (scope->entry_type == ACPI_DMAR_SCOPE_TYPE_IOAPIC ||
		    scope->entry_type == ACPI_DMAR_SCOPE_TYPE_HPET)
			ret = vtd_irq_source_add(unit, scope);
		at += scope->length;
	}
	if (ret)
		vtd_irq_sources_free(unit);
	return ret;
}

/**
 * vtd_irq_sources_free() - free the list of IOAPICs and HPETs behind a unit
 * @unit: unit without an interrupt domain
 *
 * Context: Any context; in early boot, or under dmar_global_lock.
 */
void vtd_irq_sources_free(struct intel_iommu *unit)
{
	kfree(unit->irt.sources);
	unit->irt.sources = NULL;
	unit->irt.source_count = 0;
}

/**
 * vtd_irq_source_find() - find an IOAPIC or HPET behind a unit
 * @unit: unit
 * @type: ACPI_DMAR_SCOPE_TYPE_IOAPIC or ACPI_DMAR_SCOPE_TYPE_HPET
 * @id: its number
 *
 * Context: Any context; as long as the unit's interrupt domain is there, or under
 * dmar_global_lock.
 * Return: what is known of it, or NULL if it is not behind the unit.
 */
const struct vtd_irq_source *
vtd_irq_source_find(const struct intel_iommu *unit, u8 type, u32 id)
{
	const struct vtd_irt *irt = &unit->irt;
	unsigned int i;

	for (i = 0; i < irt->source_count; i++) {
		if (irt->sources[i].type == type && irt->sources[i].id == id)
			return &irt->sources[i];
	}
	return NULL;
}
