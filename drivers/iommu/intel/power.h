/* SPDX-License-Identifier: GPL-2.0-only */
/* Units while the machine sleeps, wakes up and goes down. */

#ifndef __VTD_POWER_H
#define __VTD_POWER_H

struct intel_iommu;

void vtd_power_init(void);
int vtd_translation_off(struct intel_iommu *unit);

#endif /* __VTD_POWER_H */
