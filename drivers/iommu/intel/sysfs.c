// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a unit shows in /sys/class/iommu/dmarN/intel-iommu. Names and formats
 * are an interface: numbers are hexadecimal without a prefix where they are
 * registers or addresses, decimal where they count.
 */

#include <linux/device.h>
#include <linux/sysfs.h>

#include "sysfs.h"
#include "unit.h"

static struct intel_iommu *unit_of(struct device *dev)
{
	return container_of(dev_to_iommu_device(dev), struct intel_iommu, iommu);
}

static ssize_t version_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	u32 version = vtd_read32(&unit_of(dev)->regs, VTD_VER_REG);

	return sysfs_emit(buf, "%u:%u\n",
			  (u32)FIELD_GET(VTD_VER_MAJOR, version),
			  (u32)FIELD_GET(VTD_VER_MINOR, version));
}
static DEVICE_ATTR_RO(version);

static ssize_t address_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%llx\n", unit_of(dev)->reg_phys);
}
static DEVICE_ATTR_RO(address);

static ssize_t cap_show(struct device *dev, struct device_attribute *attr,
			char *buf)
{
	return sysfs_emit(buf, "%llx\n", unit_of(dev)->cap.bits);
}
static DEVICE_ATTR_RO(cap);

static ssize_t ecap_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%llx\n", unit_of(dev)->ecap.bits);
}
static DEVICE_ATTR_RO(ecap);

static ssize_t domains_supported_show(struct device *dev,
				      struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", vtd_cap_domains(unit_of(dev)->cap));
}
static DEVICE_ATTR_RO(domains_supported);

static ssize_t domains_used_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", atomic_read(&unit_of(dev)->dids.used));
}
static DEVICE_ATTR_RO(domains_used);

static struct attribute *unit_attributes[] = {
	&dev_attr_version.attr,
	&dev_attr_address.attr,
	&dev_attr_cap.attr,
	&dev_attr_ecap.attr,
	&dev_attr_domains_supported.attr,
	&dev_attr_domains_used.attr,
	NULL,
};

static const struct attribute_group unit_group = {
	.name = "intel-iommu",
	.attrs = unit_attributes,
};

const struct attribute_group *vtd_sysfs_groups[] = {
	&unit_group,
	NULL,
};
