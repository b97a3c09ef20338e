// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PCI host bridge with nothing behind it but configuration space, so that
 * the mock IOMMU has PCI devices: such with windows of their bridge in their
 * way, and such that nobody trusts. No driver is ever bound to them.
 *
 * There is one at a time. The core of PCI serialises what happens to it.
 */

#include <linux/acpi.h>
#include <linux/err.h>
#include <linux/kconfig.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/string.h>

#include "mock.h"
#include "mock_pci.h"

/* Above all that firmware can name */
#define DOMAIN_NR	0x1da70
#define DEVICE_ID	0xda70

/**
 * struct dmock_pci - the host bridge
 * @mock: IOMMU that its devices are behind
 * @cfg: what is there
 * @bridge: what the core knows of it; NULL if there is none
 * @windows: resources of the windows
 * @dma_ranges: likewise
 * @sysdata: what x86 wants to know
 */
static struct dmock_pci {
	struct dmock *mock;
	struct dmock_pci_config cfg;
	struct pci_host_bridge *bridge;
	struct resource windows[DMOCK_PCI_WINDOWS];
	struct resource dma_ranges[DMOCK_PCI_WINDOWS];
#ifdef CONFIG_X86
	struct pci_sysdata sysdata;
#endif
} pci;

/* Identity and class; all else is zero, there is no BAR and no capability. */
static u32 config_dword(int where)
{
	switch (where) {
	case PCI_VENDOR_ID:
		return PCI_VENDOR_ID_REDHAT_QUMRANET | DEVICE_ID << 16;
	case PCI_CLASS_REVISION:
		return PCI_CLASS_NOT_DEFINED_VGA << 16;
	default:
		return 0;
	}
}

static int config_read(struct pci_bus *bus, unsigned int devfn, int where,
		       int size, u32 *val)
{
	if (!pci_is_root_bus(bus) || PCI_FUNC(devfn) ||
	    PCI_SLOT(devfn) >= pci.cfg.devices) {
		*val = ~0U;
		return PCIBIOS_DEVICE_NOT_FOUND;
	}
	*val = config_dword(where & ~3) >> where % 4 * 8;
	if (size < 4)
		*val &= BIT(8 * size) - 1;
	return PCIBIOS_SUCCESSFUL;
}

/* There is nothing that could be set. */
static int config_write(struct pci_bus *bus, unsigned int devfn, int where,
			int size, u32 val)
{
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops config_ops = {
	.read = config_read,
	.write = config_write,
};

/* Comes before the core's, which then finds the mock. */
static int before_iommu(struct notifier_block *nb, unsigned long action,
			void *data)
{
	struct pci_dev *pdev = to_pci_dev(data);

	if (action != BUS_NOTIFY_ADD_DEVICE || pdev->bus->ops != &config_ops)
		return NOTIFY_DONE;
	pdev->untrusted = !!(pci.cfg.untrusted & BIT(PCI_SLOT(pdev->devfn)));
	if (dmock_fwspec(pci.mock, &pdev->dev))
		pci_warn(pdev, "not behind the mock IOMMU\n");
	return NOTIFY_OK;
}

static struct notifier_block before_iommu_nb = {
	.notifier_call = before_iommu,
	.priority = 100,
};

static void add_windows(struct list_head *list, struct resource *res,
			const struct dmock_window *window)
{
	for (; window->end; window++, res++) {
		*res = (struct resource) {
			.name = "dma-iommu-mock",
			.start = window->start,
			.end = window->end,
			.flags = IORESOURCE_MEM,
		};
		pci_add_resource_offset(list, res, window->offset);
	}
}

/**
 * dmock_pci_possible() - can this machine have such a host bridge?
 *
 * Return: whether dmock_pci_add() may be called.
 */
bool dmock_pci_possible(void)
{
	/* Where sysdata must be something that only firmware can give. */
	return IS_ENABLED(CONFIG_X86_64) ||
	       (IS_ENABLED(CONFIG_PCI_DOMAINS_GENERIC) && acpi_disabled);
}

/**
 * dmock_pci_add() - add the host bridge and its devices
 * @mock: IOMMU that they are behind
 * @cfg: what is there
 *
 * Return: 0 or an error.
 */
int dmock_pci_add(struct dmock *mock, const struct dmock_pci_config *cfg)
{
	struct pci_host_bridge *bridge = pci_alloc_host_bridge(0);
	int ret;

	if (!bridge)
		return -ENOMEM;
	memset(&pci, 0, sizeof(pci));
	pci.mock = mock;
	pci.cfg = *cfg;
	bridge->ops = &config_ops;
#ifdef CONFIG_X86
	pci.sysdata.domain = DOMAIN_NR;
	pci.sysdata.node = NUMA_NO_NODE;
	bridge->sysdata = &pci.sysdata;
#else
	bridge->domain_nr = DOMAIN_NR;
#endif
	add_windows(&bridge->windows, pci.windows, cfg->windows);
	add_windows(&bridge->dma_ranges, pci.dma_ranges, cfg->dma_ranges);

	bus_register_notifier(&pci_bus_type, &before_iommu_nb);
	pci_lock_rescan_remove();
	ret = pci_scan_root_bus_bridge(bridge);
	pci_unlock_rescan_remove();
	if (ret) {
		bus_unregister_notifier(&pci_bus_type, &before_iommu_nb);
		pci_free_host_bridge(bridge);
		return ret;
	}
	pci.bridge = bridge;
	return 0;
}

/**
 * dmock_pci_remove() - take the host bridge away
 *
 * Return: whether there was one.
 */
bool dmock_pci_remove(void)
{
	if (!pci.bridge)
		return false;
	pci_lock_rescan_remove();
	pci_stop_root_bus(pci.bridge->bus);
	pci_remove_root_bus(pci.bridge->bus);
	pci_unlock_rescan_remove();
	pci_free_host_bridge(pci.bridge);
	pci.bridge = NULL;
	bus_unregister_notifier(&pci_bus_type, &before_iommu_nb);
	return true;
}

/**
 * dmock_pci_device() - find a device
 * @index: its number
 *
 * The bridge keeps the device; the caller need not put it.
 *
 * Return: the device, or NULL.
 */
struct pci_dev *dmock_pci_device(unsigned int index)
{
	struct pci_dev *pdev;

	pdev = pci_get_slot(pci.bridge->bus, PCI_DEVFN(index, 0));
	pci_dev_put(pdev);
	return pdev;
}
