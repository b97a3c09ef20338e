/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line. */

#ifndef _VTD_PARAMS_H
#define _VTD_PARAMS_H

#include <linux/types.h>

/**
 * struct vtd_params - what intel_iommu= says
 * @disabled: off, or nothing said and off by default
 * @no_platform_optin: off, also where firmware asks for protection
 * @intgpu: integrated graphics are translated
 * @igfx_off: units of graphics alone are left out
 * @large_pages: page tables may have them
 * @scalable: scalable mode is wanted
 * @tboot_noforce: not forced on after a measured launch
 * @strict: unmapping waits for the hardware
 * @forcedac: addresses above 4 GiB are used at once
 *
 * Set while the command line is parsed, constant after intel_iommu_init().
 */
struct vtd_params {
	bool disabled;
	bool no_platform_optin;
	bool intgpu;
	bool igfx_off;
	bool large_pages;
	bool scalable;
	bool tboot_noforce;
	bool strict;
	bool forcedac;
};

extern struct vtd_params vtd_params;

void vtd_params_parse(struct vtd_params *params, const char *words);

#endif /* _VTD_PARAMS_H */
