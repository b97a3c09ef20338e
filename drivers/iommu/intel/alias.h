/* SPDX-License-Identifier: GPL-2.0-only */
/* Context entries of a device, under all source-ids that its requests have. */

#ifndef _VTD_ALIAS_H
#define _VTD_ALIAS_H

#include <linux/types.h>

struct vtd_device;

int vtd_alias_translate(struct vtd_device *device, u64 root, unsigned int levels,
			u16 did, bool ats);
int vtd_alias_pass_through(struct vtd_device *device);
int vtd_alias_block(struct vtd_device *device);

#endif /* _VTD_ALIAS_H */
