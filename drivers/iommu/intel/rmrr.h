/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that firmware has devices use, and devices that may cache translations. */

#ifndef _VTD_RMRR_H
#define _VTD_RMRR_H

#include <linux/list.h>
#include <linux/types.h>

struct device;
struct pci_dev;

void vtd_rmrr_get_regions(struct device *dev, struct list_head *head);
bool vtd_ats_allowed(struct pci_dev *pdev);
void vtd_reserved_lists_report(void);
void vtd_reserved_lists_free(void);

#endif /* _VTD_RMRR_H */
