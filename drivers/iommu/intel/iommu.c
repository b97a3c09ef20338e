// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver as the IOMMU core sees it: what it offers, by device.
 */

#include <linux/dmar.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <uapi/linux/iommufd.h>

#include "device.h"
#include "domain.h"
#include "quirks.h"
#include "rmrr.h"
#include "unit.h"

static bool iommu_capable(struct device *dev, enum iommu_cap cap)
{
	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
	case IOMMU_CAP_DEFERRED_FLUSH:
		return true;
	case IOMMU_CAP_PRE_BOOT_PROTECTION:
		return dmar_platform_optin();
	case IOMMU_CAP_ENFORCE_CACHE_COHERENCY:
		return vtd_ecap_snoop(vtd_device_of(dev)->unit->ecap);
	default:
		return false;
	}
}

/* What takes scalable mode is not shown, for nothing could be done with it */
static void *iommu_hw_info(struct device *dev, u32 *length, u32 *type)
{
	const struct intel_iommu *unit = vtd_device_of(dev)->unit;
	struct iommu_hw_info_vtd *info = kzalloc(sizeof(*info), GFP_KERNEL);

	if (!info)
		return ERR_PTR(-ENOMEM);
	info->flags = IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17;
	info->cap_reg = unit->cap.bits & ~VTD_CAP_SCALABLE;
	info->ecap_reg = unit->ecap.bits & ~VTD_ECAP_SCALABLE;
	*length = sizeof(*info);
	*type = IOMMU_HW_INFO_TYPE_INTEL_VTD;
	return info;
}

static int iommu_def_domain_type(struct device *dev)
{
	if (!vtd_ecap_pass_through(vtd_device_of(dev)->unit->ecap))
		return IOMMU_DOMAIN_DMA;
	return vtd_quirk_identity(dev) ? IOMMU_DOMAIN_IDENTITY : 0;
}

static struct iommu_group *iommu_device_group_of(struct device *dev)
{
	return dev_is_pci(dev) ? pci_device_group(dev) : generic_device_group(dev);
}

/*
 * The device may still be at work for the kernel that crashed, with its entry:
 * that stays until a driver takes the device over.
 */
static bool iommu_attach_deferred(struct device *dev)
{
	const struct vtd_device *device = vtd_device_of(dev);

	return device->unit->flags & VTD_UNIT_TRANSLATION_INHERITED &&
	       !device->attached;
}

static struct iommu_domain *iommu_alloc_sva(struct device *dev, struct mm_struct *mm)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static int iommu_change_feature(struct device *dev, enum iommu_dev_features feature)
{
	return -EOPNOTSUPP;
}

const struct iommu_ops intel_iommu_ops = {
	.capable		= iommu_capable,
	.hw_info		= iommu_hw_info,
	.domain_alloc_paging	= vtd_domain_alloc_paging,
	.domain_alloc_user	= vtd_domain_alloc_user,
	.domain_alloc_sva	= iommu_alloc_sva,
	.probe_device		= vtd_probe_device,
	.release_device		= vtd_release_device,
	.get_resv_regions	= vtd_rmrr_get_regions,
	.device_group		= iommu_device_group_of,
	.is_attach_deferred	= iommu_attach_deferred,
	.def_domain_type	= iommu_def_domain_type,
	.dev_enable_feat	= iommu_change_feature,
	.dev_disable_feat	= iommu_change_feature,
	.pgsize_bitmap		= SZ_4K,
	.identity_domain	= &vtd_identity_domain,
	.blocked_domain		= &vtd_blocked_domain,
	.release_domain		= &vtd_blocked_domain,
};
