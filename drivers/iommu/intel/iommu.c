// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver as the IOMMU core sees it: the tables of operations, and nothing
 * else. A function here only picks a table, or answers from what is known.
 */

#include <linux/dmar.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <uapi/linux/iommufd.h>

#include "attach.h"
#include "device.h"
#include "domain.h"
#include "iommu.h"
#include "probe.h"
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

/* Hide capabilities of scalable mode: the driver could not serve them. */
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
 * The device may still be at work for the kernel that crashed. Its inherited entry
 * stays until a driver takes the device over.
 */
static bool iommu_attach_deferred(struct device *dev)
{
	const struct vtd_device *device = vtd_device_of(dev);

	return device->unit->flags & VTD_UNIT_TRANSLATION_INHERITED &&
	       !device->attached;
}

static const struct iommu_domain_ops paging_ops = {
	.attach_dev		= vtd_attach_paging,
	.map_pages		= vtd_domain_map_pages,
	.unmap_pages		= vtd_domain_unmap_pages,
	.flush_iotlb_all	= vtd_domain_flush_all,
	.iotlb_sync		= vtd_domain_iotlb_sync,
	.iova_to_phys		= vtd_domain_iova_to_phys,
	.enforce_cache_coherency = vtd_domain_enforce_coherency,
	.free			= vtd_domain_free,
};

/*
 * The same with iotlb_sync_map, for units in caching mode or with RWBF. A table of
 * its own, so that all other units do not pay for a call that does nothing.
 */
static const struct iommu_domain_ops paging_sync_map_ops = {
	.attach_dev		= vtd_attach_paging,
	.map_pages		= vtd_domain_map_pages,
	.unmap_pages		= vtd_domain_unmap_pages,
	.flush_iotlb_all	= vtd_domain_flush_all,
	.iotlb_sync_map		= vtd_domain_sync_map,
	.iotlb_sync		= vtd_domain_iotlb_sync,
	.iova_to_phys		= vtd_domain_iova_to_phys,
	.enforce_cache_coherency = vtd_domain_enforce_coherency,
	.free			= vtd_domain_free,
};

struct iommu_domain vtd_blocked_domain = {
	.type	= IOMMU_DOMAIN_BLOCKED,
	.ops	= &(const struct iommu_domain_ops) {
		.attach_dev	= vtd_attach_blocked,
	},
};

struct iommu_domain vtd_identity_domain = {
	.type	= IOMMU_DOMAIN_IDENTITY,
	.ops	= &(const struct iommu_domain_ops) {
		.attach_dev	= vtd_attach_identity,
	},
};

static struct iommu_domain *iommu_alloc_paging(struct device *dev)
{
	struct vtd_domain *domain = vtd_domain_alloc(dev);

	if (IS_ERR(domain))
		return ERR_CAST(domain);
	domain->domain.ops = domain->requirements.needs_sync_map ?
			     &paging_sync_map_ops : &paging_ops;
	return &domain->domain;
}

/* All flags, nesting in @parent and tables of userspace need scalable mode. */
static struct iommu_domain *iommu_alloc_user(struct device *dev, u32 flags,
					     struct iommu_domain *parent,
					     const struct iommu_user_data *user_data)
{
	struct iommu_domain *domain;

	if (flags || parent || user_data)
		return ERR_PTR(-EOPNOTSUPP);
	domain = iommu_alloc_paging(dev);
	if (!IS_ERR(domain)) {
		domain->type = IOMMU_DOMAIN_UNMANAGED;
		domain->owner = &intel_iommu_ops;
	}
	return domain;
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
	.domain_alloc_paging	= iommu_alloc_paging,
	.domain_alloc_user	= iommu_alloc_user,
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
