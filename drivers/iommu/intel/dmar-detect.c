// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks for units early in boot, and arranges that intel_iommu_init() is called.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <linux/cleanup.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/tboot.h>
#include <asm/early_ioremap.h>
#include <asm/iommu.h>
#include <asm/x86_init.h>

#include "dmar-internal.h"
#include "params.h"

static int __init dmar_probe_early(const struct acpi_dmar_hardware_unit *drhd, void *arg)
{
	unsigned int *units = arg;
	void __iomem *base;

	/* One unit is enough */
	if (*units || !dmar_registers_possible(drhd))
		return 0;

	base = early_ioremap(drhd->address, SZ_4K);
	if (!base) {
		pr_warn("unit at 0x%llx: can't be mapped\n", drhd->address);
		return 0;
	}
	if (dmar_registers_answer(drhd->address, base))
		(*units)++;
	early_iounmap(base, SZ_4K);
	return 0;
}

static const struct dmar_handlers dmar_probe_handlers __initconst = {
	.drhd = dmar_probe_early,
};

static const struct dmar_handlers dmar_report_handlers __initconst = {
	.flaw = dmar_report_flaw,
};

/* tboot overrides the command line, which overrides the platform opt-in. */
static bool __init dmar_wanted(void)
{
	if (tboot_enabled() && !vtd_params.tboot_noforce)
		return true;
	if (no_iommu)
		return false;
	return !vtd_params.disabled ||
	       (!vtd_params.no_platform_optin && dmar_platform_optin());
}

static void __init dmar_hook_up(void)
{
	if (!iommu_detected && dmar_wanted()) {
		iommu_detected = 1;
		/* Without ACS, devices that can reach each other can't be isolated */
		pci_request_acs();
	}

	/* Also where DMA is not remapped: units may have to be turned off */
	x86_init.iommu.iommu_init = intel_iommu_init;
	x86_platform.iommu_shutdown = intel_iommu_shutdown;
}

/**
 * detect_intel_iommu() - look for a unit early in boot
 *
 * If there is one, it is arranged that intel_iommu_init() is called.
 *
 * Context: Boot, before memory can be allocated.
 */
void __init detect_intel_iommu(void)
{
	struct acpi_table_header *table = NULL;
	unsigned int units = 0;

	guard(rwsem_write)(&dmar_global_lock);
	if (ACPI_FAILURE(acpi_get_table(ACPI_SIG_DMAR, 0, &table)) || !table)
		return;

	dmar_walk_table(table, &dmar_probe_handlers, &units);
	if (units) {
		dmar_hook_up();
	} else {
		dmar_check_table(table, table->length, &dmar_report_handlers, NULL);
		dmar_firmware_bug("table without a unit that can be used");
	}
	acpi_put_table(table);
}
