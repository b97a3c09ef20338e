// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mock IOMMU's driver, as the core sees it, and platform devices that the
 * core finds behind it by their fwspec. There is one such IOMMU at a time.
 */

#include <linux/dma-direct.h>
#include <linux/dma-mapping.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "mock.h"

/* The one that devices which are being probed belong to */
static struct dmock *present;

static bool dmock_capable(struct device *dev, enum iommu_cap cap)
{
	struct dmock_device *md = dev_iommu_priv_get(dev);

	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
	case IOMMU_CAP_NOEXEC:
		return true;
	case IOMMU_CAP_DEFERRED_FLUSH:
		return !md->mock->cfg.no_deferred_flush;
	default:
		return false;
	}
}

static struct iommu_device *dmock_probe_device(struct device *dev)
{
	struct dmock_device *md = kzalloc(sizeof(*md), GFP_KERNEL);

	if (!md)
		return ERR_PTR(-ENOMEM);
	md->dev = dev;
	md->mock = present;
	md->index = present->devices++;
	dev_iommu_priv_set(dev, md);
	dev->iommu->shadow_on_flush = present->cfg.shadow_on_flush;
	return &present->iommu;
}

static void dmock_release_device(struct device *dev)
{
	struct dmock_device *md = dev_iommu_priv_get(dev);

	dmock_detach(md);
	kfree(md);
}

static struct iommu_group *dmock_device_group(struct device *dev)
{
	struct dmock_device *md = dev_iommu_priv_get(dev);

	if (md->mock->group)
		return iommu_group_ref_get(md->mock->group);
	return iommu_group_alloc();
}

static void dmock_get_resv_regions(struct device *dev, struct list_head *head)
{
	struct dmock_device *md = dev_iommu_priv_get(dev);
	const struct dmock_config *cfg = &md->mock->cfg;
	struct iommu_resv_region *region;
	unsigned int i;

	for (i = 0; i < cfg->nr_resv; i++) {
		const struct dmock_resv *r = &cfg->resv[i];

		if (r->devices && !(r->devices & BIT(md->index)))
			continue;
		region = iommu_alloc_resv_region(r->start, r->length,
						 IOMMU_READ | IOMMU_WRITE,
						 r->type, GFP_KERNEL);
		if (region)
			list_add_tail(&region->list, head);
	}
}

static int dmock_def_domain_type(struct device *dev)
{
	struct dmock_device *md = dev_iommu_priv_get(dev);

	/* Only to begin with: later the type is changed through sysfs. */
	return md->domain ? 0 : md->mock->cfg.type;
}

static struct iommu_domain *dmock_domain_alloc_paging(struct device *dev)
{
	struct dmock_device *md = dev_iommu_priv_get(dev);
	struct dmock_domain *d = dmock_domain_alloc(md->mock);

	return d ? &d->domain : NULL;
}

static const struct iommu_ops dmock_ops = {
	.capable = dmock_capable,
	.domain_alloc_paging = dmock_domain_alloc_paging,
	.probe_device = dmock_probe_device,
	.release_device = dmock_release_device,
	.device_group = dmock_device_group,
	.get_resv_regions = dmock_get_resv_regions,
	.def_domain_type = dmock_def_domain_type,
	.default_domain_ops = &dmock_domain_ops,
};

/**
 * dmock_register() - make the hardware known
 * @mock: hardware with its configuration
 *
 * Return: 0 or an error.
 */
int dmock_register(struct dmock *mock)
{
	struct dmock_config *cfg = &mock->cfg;
	int ret;

	if (present)
		return -EBUSY;
	if (!cfg->pgsize_bitmap)
		cfg->pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G;
	if (!cfg->aperture_end)
		cfg->aperture_end = DMA_BIT_MASK(48);

	mock->fwnode = fwnode_create_software_node(NULL, NULL);
	if (IS_ERR(mock->fwnode))
		return PTR_ERR(mock->fwnode);
	mock->iommu.fwnode = mock->fwnode;
	if (cfg->one_group) {
		mock->group = iommu_group_alloc();
		if (IS_ERR(mock->group)) {
			ret = PTR_ERR(mock->group);
			goto err_fwnode;
		}
	}
	ret = iommu_device_sysfs_add(&mock->iommu, NULL, NULL, "dma-iommu-mock");
	if (ret)
		goto err_group;
	ret = iommu_device_register(&mock->iommu, &dmock_ops, NULL);
	if (ret)
		goto err_sysfs;
	present = mock;
	return 0;

err_sysfs:
	iommu_device_sysfs_remove(&mock->iommu);
err_group:
	iommu_group_put(mock->group);
err_fwnode:
	fwnode_remove_software_node(mock->fwnode);
	return ret;
}

/**
 * dmock_unregister() - take the hardware away
 * @mock: hardware; its devices are gone already
 */
void dmock_unregister(struct dmock *mock)
{
	iommu_device_unregister(&mock->iommu);
	iommu_device_sysfs_remove(&mock->iommu);
	iommu_group_put(mock->group);
	fwnode_remove_software_node(mock->fwnode);
	present = NULL;
}

/**
 * dmock_fwspec() - put a device behind the hardware before it is added
 * @mock: hardware
 * @dev: device
 *
 * Return: 0 or an error.
 */
int dmock_fwspec(struct dmock *mock, struct device *dev)
{
	u32 id = 0;
	int ret;

	guard(mutex)(&iommu_probe_device_lock);
	ret = iommu_fwspec_init(dev, mock->fwnode);
	if (!ret)
		ret = iommu_fwspec_add_ids(dev, &id, 1);
	return ret;
}

/**
 * dmock_new_device() - add a platform device behind the hardware
 * @mock: hardware
 * @map: what of memory its bus shows it, in one piece; NULL for all
 *
 * Return: the device, or an error.
 */
struct device *dmock_new_device(struct dmock *mock,
				const struct bus_dma_region *map)
{
	struct platform_device *pdev;
	int ret;

	pdev = platform_device_alloc("dma-iommu-mock", PLATFORM_DEVID_AUTO);
	if (!pdev)
		return ERR_PTR(-ENOMEM);
	/* Goes with the device. */
	if (map)
		pdev->dev.dma_range_map = kmemdup_array(map, 2, sizeof(*map),
							GFP_KERNEL);
	ret = dmock_fwspec(mock, &pdev->dev);
	if (!ret)
		ret = platform_device_add(pdev);
	if (ret) {
		platform_device_put(pdev);
		return ERR_PTR(ret);
	}
	return &pdev->dev;
}
