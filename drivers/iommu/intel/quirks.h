/* SPDX-License-Identifier: GPL-2.0-only */
/* Errata of chipsets and devices. */

#ifndef _VTD_QUIRKS_H
#define _VTD_QUIRKS_H

#include <linux/types.h>

struct device;
struct intel_iommu;
struct pci_dev;

/* What a chipset's erratum asks for */
#define VTD_QUIRK_IGFX_OFF		BIT(0)	/* graphics can't be translated */
#define VTD_QUIRK_WRITE_BUFFER		BIT(1)	/* RWBF is missing in CAP */
#define VTD_QUIRK_CHECK_GTT		BIT(2)	/* off, or strict, as firmware set up */
#define VTD_QUIRK_KEEP_TRANSLATION	BIT(3)	/* graphics hang when it is turned off */

u32 vtd_quirk_lookup(u16 vendor, u16 device, u32 class);
bool vtd_quirk_flush_twice(const struct pci_dev *pdev);
bool vtd_quirk_igfx_off(void);
bool vtd_quirk_write_buffer(void);
bool vtd_quirk_keep_translation(void);
bool vtd_quirk_identity(struct device *dev);
bool vtd_quirk_wrong_unit(struct pci_dev *pdev, const struct intel_iommu *unit);
void vtd_quirk_check_isoch(void);
bool vtd_is_graphics(const struct pci_dev *pdev);
bool vtd_is_integrated_graphics(const struct pci_dev *pdev);

#endif /* _VTD_QUIRKS_H */
