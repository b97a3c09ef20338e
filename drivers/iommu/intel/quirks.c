// SPDX-License-Identifier: GPL-2.0-only
/*
 * Errata: chipsets whose unit does not do what it says, and devices that can't
 * live with it as it is.
 *
 * What is known by a PCI id is in tables. One PCI fixup looks each Intel device
 * up as it is found, which is before the units start, and remembers what the
 * machine needs. Nothing here believes a device on a link that firmware calls
 * untrusted: an id alone would let it have others out of translation.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <kunit/visibility.h>
#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/dmi.h>
#include <linux/iommu.h>
#include <linux/pci.h>

#include "params.h"
#include "quirks.h"
#include "unit.h"

/* Sound of the Tylersburg chipset, and where its system registers are */
#define AZALIA_DEVICE		0x3a3e
#define TYLERSBURG_SYSTEM	0x342e
#define ISOCH_CONTROL		0x188
#define ISOCH_CONTROL_ELSEWHERE	BIT(0)		/* sound has the common unit */
#define ISOCH_CONTROL_ENTRIES	GENMASK(4, 2)	/* as register bits: multiples of 4 */
#define ISOCH_ENTRIES_WANTED	16

/* Graphics control of the Calpella platform's host bridge */
#define GRAPHICS_CONTROL	0x52
#define GRAPHICS_CONTROL_SHADOW	BIT(11)		/* memory for a shadow GTT */

/* Base of remapping units, of the host bridge in the bus of an I/OAT device */
#define VTBAR			0xb0
#define VTBAR_ADDRESS		GENMASK(31, 16)
#define VTBAR_IOAT_UNIT		0xa000

/**
 * struct quirk_id - a device that tells of an erratum
 * @device: PCI device id, of Intel
 * @quirks: VTD_QUIRK_*
 */
struct quirk_id {
	u16 device;
	u32 quirks;
};

static const struct quirk_id quirk_ids[] = {
	/* Q35 */
	{ 0x29b2, VTD_QUIRK_IGFX_OFF },
	/* GM45, G4x */
	{ 0x2a40, VTD_QUIRK_IGFX_OFF | VTD_QUIRK_WRITE_BUFFER },
	{ 0x2e00, VTD_QUIRK_IGFX_OFF | VTD_QUIRK_WRITE_BUFFER },
	{ 0x2e10, VTD_QUIRK_IGFX_OFF | VTD_QUIRK_WRITE_BUFFER },
	{ 0x2e20, VTD_QUIRK_IGFX_OFF | VTD_QUIRK_WRITE_BUFFER },
	{ 0x2e30, VTD_QUIRK_IGFX_OFF | VTD_QUIRK_WRITE_BUFFER },
	{ 0x2e40, VTD_QUIRK_IGFX_OFF | VTD_QUIRK_WRITE_BUFFER },
	{ 0x2e90, VTD_QUIRK_IGFX_OFF | VTD_QUIRK_WRITE_BUFFER },
	/* Ironlake, Calpella: as far as firmware left memory for it */
	{ 0x0040, VTD_QUIRK_CHECK_GTT },
	{ 0x0062, VTD_QUIRK_CHECK_GTT },
	{ 0x006a, VTD_QUIRK_CHECK_GTT },
	/* QM57, QS57 */
	{ 0x0044, VTD_QUIRK_IGFX_OFF },
	/* Broadwell */
	{ 0x1602, VTD_QUIRK_IGFX_OFF }, { 0x1606, VTD_QUIRK_IGFX_OFF },
	{ 0x160a, VTD_QUIRK_IGFX_OFF }, { 0x160b, VTD_QUIRK_IGFX_OFF },
	{ 0x160d, VTD_QUIRK_IGFX_OFF }, { 0x160e, VTD_QUIRK_IGFX_OFF },
	{ 0x1612, VTD_QUIRK_IGFX_OFF }, { 0x1616, VTD_QUIRK_IGFX_OFF },
	{ 0x161a, VTD_QUIRK_IGFX_OFF }, { 0x161b, VTD_QUIRK_IGFX_OFF },
	{ 0x161d, VTD_QUIRK_IGFX_OFF }, { 0x161e, VTD_QUIRK_IGFX_OFF },
	{ 0x1622, VTD_QUIRK_IGFX_OFF }, { 0x1626, VTD_QUIRK_IGFX_OFF },
	{ 0x162a, VTD_QUIRK_IGFX_OFF }, { 0x162b, VTD_QUIRK_IGFX_OFF },
	{ 0x162d, VTD_QUIRK_IGFX_OFF }, { 0x162e, VTD_QUIRK_IGFX_OFF },
	{ 0x1632, VTD_QUIRK_IGFX_OFF }, { 0x1636, VTD_QUIRK_IGFX_OFF },
	{ 0x163a, VTD_QUIRK_IGFX_OFF }, { 0x163b, VTD_QUIRK_IGFX_OFF },
	{ 0x163d, VTD_QUIRK_IGFX_OFF }, { 0x163e, VTD_QUIRK_IGFX_OFF },
};

/* Graphics that hang when translation ends under them: upper byte of the id */
static const u8 keep_translation_families[] = {
	0x45, 0x46, 0x4c, 0x4e, 0x7d, 0x8a, 0x98, 0x9a, 0xa7,
};

/* Accelerators whose device-TLB may answer before its last writes are done */
#define FLUSH_TWICE_FIRST	0x4940
#define FLUSH_TWICE_LAST	0x4943

/* What this machine needs: VTD_QUIRK_*. Set by the fixup, only ever added to */
static u32 machine_quirks;
/* Sound can't be translated; set before devices are given domains */
static bool azalia_identity;

/**
 * vtd_quirk_lookup() - tell what a device means for the units of a machine
 * @vendor: PCI vendor id
 * @device: PCI device id
 * @class: PCI class code, 24 bits
 *
 * Context: Any context.
 * Return: VTD_QUIRK_*, 0 for most.
 */
u32 vtd_quirk_lookup(u16 vendor, u16 device, u32 class)
{
	unsigned int i;
	u32 quirks = 0;

	if (vendor != PCI_VENDOR_ID_INTEL)
		return 0;
	for (i = 0; i < ARRAY_SIZE(quirk_ids); i++)
		if (quirk_ids[i].device == device)
			quirks |= quirk_ids[i].quirks;
	if (class >> 16 != PCI_BASE_CLASS_DISPLAY)
		return quirks;
	for (i = 0; i < ARRAY_SIZE(keep_translation_families); i++)
		if (keep_translation_families[i] == device >> 8)
			quirks |= VTD_QUIRK_KEEP_TRANSLATION;
	return quirks;
}
EXPORT_SYMBOL_IF_KUNIT(vtd_quirk_lookup);

/* Return true for a device on a link that firmware calls untrusted. */
static bool quirk_untrusted(struct pci_dev *pdev)
{
	if (!pdev->untrusted)
		return false;
	pci_info(pdev, "DMAR: untrusted: errata that its id %04x:%04x tells of are not believed\n",
		 pdev->vendor, pdev->device);
	return true;
}

/*
 * Without memory for its shadow, the graphics' own table can't be translated.
 * With it, the graphics have to be idle while the IOTLB is flushed, which only
 * the driver that unmaps can see to.
 */
static u32 quirk_check_gtt(struct pci_dev *pdev)
{
	u16 control;

	if (pci_read_config_word(pdev, GRAPHICS_CONTROL, &control))
		return 0;
	if (!(control & GRAPHICS_CONTROL_SHADOW))
		return VTD_QUIRK_IGFX_OFF;
	if (!vtd_quirk_igfx_off()) {
		pci_info(pdev, "DMAR: graphics need strict invalidation\n");
		iommu_set_dma_strict();
	}
	return 0;
}

static void quirk_fixup(struct pci_dev *pdev)
{
	u32 quirks = vtd_quirk_lookup(pdev->vendor, pdev->device, pdev->class);

	if (!quirks || quirk_untrusted(pdev))
		return;
	if (quirks & VTD_QUIRK_CHECK_GTT)
		quirks |= quirk_check_gtt(pdev);

	if (quirks & VTD_QUIRK_IGFX_OFF)
		pci_info(pdev, "DMAR: graphics of this chipset are not translated\n");
	if (quirks & VTD_QUIRK_WRITE_BUFFER)
		pci_info(pdev, "DMAR: write buffer has to be flushed, whatever the unit says\n");
	if (quirks & VTD_QUIRK_KEEP_TRANSLATION)
		pci_info(pdev, "DMAR: translation of graphics is never turned off\n");
	machine_quirks |= quirks;
}
DECLARE_PCI_FIXUP_HEADER(PCI_VENDOR_ID_INTEL, PCI_ANY_ID, quirk_fixup);

/**
 * vtd_quirk_igfx_off() - tell whether units of graphics alone are left out
 *
 * Context: Any context, once PCI devices are known.
 * Return: true if the command line or the chipset wants that.
 */
bool vtd_quirk_igfx_off(void)
{
	return vtd_params.igfx_off || machine_quirks & VTD_QUIRK_IGFX_OFF;
}

/**
 * vtd_quirk_write_buffer() - tell whether CAP.RWBF should have been set
 *
 * Context: Any context, once PCI devices are known.
 * Return: true if every unit's write buffer has to be flushed.
 */
bool vtd_quirk_write_buffer(void)
{
	return machine_quirks & VTD_QUIRK_WRITE_BUFFER;
}

/**
 * vtd_quirk_keep_translation() - tell whether graphics need translation to stay
 *
 * It is about units of graphics alone (drhd->gfx_dedicated).
 *
 * Context: Any context, once PCI devices are known.
 * Return: true if turning it off would hang the machine.
 */
bool vtd_quirk_keep_translation(void)
{
	return machine_quirks & VTD_QUIRK_KEEP_TRANSLATION;
}

/**
 * vtd_quirk_flush_twice() - tell whether a device-TLB must be flushed twice
 * @pdev: device
 *
 * Its answer to an invalidation may overtake writes that use what is being
 * invalidated; its answer to a second one does not. Also true of untrusted
 * devices: it opens nothing.
 *
 * Context: Any context.
 * Return: true if so.
 */
bool vtd_quirk_flush_twice(const struct pci_dev *pdev)
{
	return pdev->vendor == PCI_VENDOR_ID_INTEL &&
	       pdev->device >= FLUSH_TWICE_FIRST && pdev->device <= FLUSH_TWICE_LAST;
}
EXPORT_SYMBOL_IF_KUNIT(vtd_quirk_flush_twice);

/**
 * vtd_quirk_identity() - tell whether a device must not be translated
 * @dev: device
 *
 * Whether its unit can pass requests through is for the caller to see.
 *
 * Context: Any context, after vtd_quirk_check_isoch().
 * Return: true for sound on chipsets whose unit for it has no memory, and for
 * integrated graphics with intel_iommu=intgpu_off; never for untrusted devices.
 */
bool vtd_quirk_identity(struct device *dev)
{
	struct pci_dev *pdev;

	if (!dev_is_pci(dev))
		return false;
	pdev = to_pci_dev(dev);
	if (pdev->untrusted)
		return false;
	if (azalia_identity && pdev->vendor == PCI_VENDOR_ID_INTEL &&
	    pdev->device == AZALIA_DEVICE)
		return true;
	return !vtd_params.intgpu && vtd_is_integrated_graphics(pdev);
}

/**
 * vtd_quirk_wrong_unit() - tell whether firmware lies about a device's unit
 * @pdev: device
 * @unit: unit that it is behind, by the DMAR table
 *
 * I/OAT devices of Sandy Bridge have a unit of their own, which is always at
 * the same place behind VTBAR. Found behind another, they are in truth behind
 * none that is on.
 *
 * Context: Process context, reads configuration space.
 * Return: true if the device is not translated by @unit.
 */
bool vtd_quirk_wrong_unit(struct pci_dev *pdev, const struct intel_iommu *unit)
{
	u32 vtbar;

	if (pdev->vendor != PCI_VENDOR_ID_INTEL ||
	    pdev->device != PCI_DEVICE_ID_INTEL_IOAT_SNB || pdev->untrusted)
		return false;
	if (pci_bus_read_config_dword(pdev->bus, PCI_DEVFN(0, 0), VTBAR, &vtbar)) {
		pci_info(pdev, "DMAR: no VTBAR to check its unit by\n");
		return false;
	}
	if (unit->reg_phys == (vtbar & VTBAR_ADDRESS) + VTBAR_IOAT_UNIT)
		return false;
	pr_warn_once(FW_BUG "I/OAT device is said to be behind %s, but has its own unit\n",
		     unit->name);
	add_taint(TAINT_FIRMWARE_WORKAROUND, LOCKDEP_STILL_OK);
	return true;
}

/* Find a device of Intel's by its id. Return NULL also if its link is untrusted. */
static struct pci_dev *quirk_find(unsigned int device)
{
	struct pci_dev *pdev __free(pci_dev_put) =
		pci_get_device(PCI_VENDOR_ID_INTEL, device, NULL);

	if (!pdev || quirk_untrusted(pdev))
		return NULL;
	return_ptr(pdev);
}

/**
 * vtd_quirk_check_isoch() - look after sound on the Tylersburg chipset
 *
 * It has a unit of its own, to which firmware may have given no IOTLB: its first
 * request would wait for ever. Such sound is not translated. The registers that
 * tell may be hidden; no firmware that hides them is known to get this wrong.
 *
 * Context: Process context, once before devices are given domains, when it is
 * certain that units will be used.
 */
void vtd_quirk_check_isoch(void)
{
	struct pci_dev *azalia __free(pci_dev_put) = quirk_find(AZALIA_DEVICE);
	struct pci_dev *system __free(pci_dev_put) = NULL;
	unsigned int entries;
	u32 control;

	if (!azalia)
		return;
	system = quirk_find(TYLERSBURG_SYSTEM);
	if (!system || pci_read_config_dword(system, ISOCH_CONTROL, &control))
		return;
	entries = control & ISOCH_CONTROL_ENTRIES;
	if (control & ISOCH_CONTROL_ELSEWHERE || entries == ISOCH_ENTRIES_WANTED)
		return;
	if (entries) {
		pr_warn(FW_BUG "unit of sound has %u IOTLB entries, %u are recommended\n",
			entries, ISOCH_ENTRIES_WANTED);
		return;
	}
	pr_warn(FW_BUG "unit of sound has no IOTLB: sound is not translated (BIOS %s, %s, %s)\n",
		dmi_get_system_info(DMI_BIOS_VENDOR),
		dmi_get_system_info(DMI_BIOS_VERSION),
		dmi_get_system_info(DMI_PRODUCT_VERSION));
	add_taint(TAINT_FIRMWARE_WORKAROUND, LOCKDEP_STILL_OK);
	azalia_identity = true;
}

/**
 * vtd_is_graphics() - tell whether a device is a display controller
 * @pdev: device
 *
 * Context: Any context.
 * Return: true if so.
 */
bool vtd_is_graphics(const struct pci_dev *pdev)
{
	return pdev->class >> 16 == PCI_BASE_CLASS_DISPLAY;
}
EXPORT_SYMBOL_IF_KUNIT(vtd_is_graphics);

/**
 * vtd_is_integrated_graphics() - tell whether graphics belong to the chipset
 * @pdev: device
 *
 * Context: Any context.
 * Return: true for Intel's display controllers on a root bus.
 */
bool vtd_is_integrated_graphics(const struct pci_dev *pdev)
{
	return vtd_is_graphics(pdev) && pdev->vendor == PCI_VENDOR_ID_INTEL &&
	       pci_is_root_bus(pdev->bus);
}
EXPORT_SYMBOL_IF_KUNIT(vtd_is_integrated_graphics);
