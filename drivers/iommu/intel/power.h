/* SPDX-License-Identifier: GPL-2.0-only */
/* Units while the machine sleeps, wakes up and goes down. */

#ifndef _VTD_POWER_H
#define _VTD_POWER_H

struct intel_iommu;

void vtd_power_init(void);
int vtd_translation_off(struct intel_iommu *unit);

#endif /* _VTD_POWER_H */
