// SPDX-License-Identifier: GPL-2.0-only
/*
 * Structures of the DMAR table that are not about units: memory that devices use
 * on their own (RMRR), root ports that let ATS through (ATSR), and integrated
 * devices that cache translations (SATC).
 *
 * Owns a list of each. They change under dmar_global_lock held for writing or,
 * while the machine boots, before other CPUs are started. They are read under RCU.
 * Entries are added while the table is parsed, those of ATSR and SATC also with a
 * host bridge; they are removed with it, or all at once when nothing is to be
 * translated.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <linux/align.h>
#include <linux/cleanup.h>
#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <asm/iommu.h>

#include "dmar-internal.h"
#include "quirks.h"
#include "rmrr.h"

/* Writes to these addresses are interrupts, and never translated */
#define VTD_MSI_FIRST		0xfee00000UL
#define VTD_MSI_LAST		0xfeefffffUL

/* What a floppy controller behind an ISA bridge can address */
#define VTD_ISA_BYTES		SZ_16M

/**
 * struct vtd_reserved - a structure of the table that names devices
 * @list: in the list of its type
 * @hdr: copy of the structure, less what makes no sense
 * @segment: PCI segment
 * @devices: devices of its scope
 * @devices_cnt: slots in @devices
 * @first: RMRR: first byte, start of a page
 * @last: RMRR: last byte, end of a page
 * @flag: ATSR: all root ports of the segment; SATC: the devices need ATS
 *
 * All but the content of @devices is constant while it is linked. It is freed a
 * grace period after it was unlinked.
 */
struct vtd_reserved {
	struct list_head	list;
	struct acpi_dmar_header	*hdr;
	u16			segment;
	struct dmar_dev_scope	*devices;
	int			devices_cnt;
	u64			first;
	u64			last;
	bool			flag;
};

static LIST_HEAD(vtd_rmrrs);
static LIST_HEAD(vtd_atsrs);
static LIST_HEAD(vtd_satcs);

static struct vtd_reserved *vtd_reserved_find(const struct list_head *head,
					      const struct acpi_dmar_header *header)
{
	struct vtd_reserved *entry;

	list_for_each_entry_rcu(entry, head, list, dmar_rcu_check())
		if (dmar_same_structure(entry->hdr, header))
			return entry;
	return NULL;
}

static void vtd_reserved_free(struct vtd_reserved *entry)
{
	dmar_scope_free(entry->devices, entry->devices_cnt);
	kfree(entry->hdr);
	kfree(entry);
}

static struct vtd_reserved *vtd_reserved_alloc(const struct acpi_dmar_header *header,
					       u16 segment)
{
	struct vtd_reserved *entry = kzalloc(sizeof(*entry), GFP_KERNEL);

	if (!entry)
		return NULL;

	entry->segment = segment;
	entry->hdr = dmar_copy_structure(header);
	if (entry->hdr &&
	    !dmar_scope_alloc(entry->hdr, &entry->devices, &entry->devices_cnt))
		return entry;

	vtd_reserved_free(entry);
	return NULL;
}

/* ATSR and SATC are alike but for what their flag means */
static int vtd_reserved_add(struct list_head *head, const struct acpi_dmar_header *header,
			    u16 segment, bool flag)
{
	struct vtd_reserved *entry;

	if (vtd_reserved_find(head, header))
		return 0;

	entry = vtd_reserved_alloc(header, segment);
	if (!entry)
		return -ENOMEM;

	pr_info_ratelimited("%s segment: %#x flag: %d\n", dmar_type_name(header->type),
			    segment, flag);
	entry->flag = flag;
	list_add_tail_rcu(&entry->list, head);
	return 0;
}

static void vtd_reserved_remove(const struct list_head *head,
				const struct acpi_dmar_header *header)
{
	struct vtd_reserved *entry = vtd_reserved_find(head, header);

	lockdep_assert_held_write(&dmar_global_lock);
	if (!entry)
		return;

	list_del_rcu(&entry->list);
	synchronize_rcu();
	vtd_reserved_free(entry);
}

/**
 * vtd_rmrr_add() - note memory that devices use on their own
 * @rmrr: the memory, handed on by dmar_walk()
 * @arg: not used
 *
 * For struct dmar_handlers. Memory that the kernel could use for other things is
 * told of and still noted: the devices use it in any case.
 *
 * Context: Boot, may sleep.
 * Return: 0 or -ENOMEM.
 */
int __init vtd_rmrr_add(const struct acpi_dmar_reserved_memory *rmrr, void *arg)
{
	struct acpi_dmar_reserved_memory aligned = *rmrr;
	struct vtd_reserved *entry;

	if (vtd_reserved_find(&vtd_rmrrs, &rmrr->header))
		return 0;

	aligned.base_address = ALIGN_DOWN(rmrr->base_address, SZ_4K);
	aligned.end_address = ALIGN(rmrr->end_address + 1, SZ_4K) - 1;
	if (arch_rmrr_sanity_check(&aligned))
		dmar_firmware_bug("RMRR base: 0x%016llx end: 0x%016llx is not reserved",
				  aligned.base_address, aligned.end_address);
	else
		pr_info_ratelimited("RMRR base: 0x%016llx end: 0x%016llx\n",
				    aligned.base_address, aligned.end_address);

	entry = vtd_reserved_alloc(&rmrr->header, rmrr->segment);
	if (!entry)
		return -ENOMEM;
	entry->first = aligned.base_address;
	entry->last = aligned.end_address;
	list_add_tail_rcu(&entry->list, &vtd_rmrrs);
	return 0;
}

/**
 * vtd_atsr_add() - note root ports that let ATS through
 * @atsr: the ports, handed on by dmar_walk()
 * @arg: not used
 *
 * For struct dmar_handlers.
 *
 * Context: Process context, may sleep; dmar_global_lock held for writing, or
 * while the machine boots.
 * Return: 0 or -ENOMEM.
 */
int vtd_atsr_add(const struct acpi_dmar_atsr *atsr, void *arg)
{
	return vtd_reserved_add(&vtd_atsrs, &atsr->header, atsr->segment,
				atsr->flags & ACPI_DMAR_ALL_PORTS);
}

/**
 * vtd_atsr_busy() - tell whether root ports can be removed
 * @atsr: the ports, handed on by dmar_walk()
 * @arg: not used
 *
 * For struct dmar_handlers.
 *
 * Context: dmar_global_lock held for writing.
 * Return: 0, or -EBUSY if one is there.
 */
int vtd_atsr_busy(const struct acpi_dmar_atsr *atsr, void *arg)
{
	struct vtd_reserved *entry = vtd_reserved_find(&vtd_atsrs, &atsr->header);
	struct device *dev;
	int i;

	lockdep_assert_held_write(&dmar_global_lock);
	if (!entry || entry->flag)
		return 0;
	for_each_active_dev_scope(entry->devices, entry->devices_cnt, i, dev)
		return -EBUSY;
	return 0;
}

/**
 * vtd_atsr_remove() - remove root ports that let ATS through
 * @atsr: the ports, handed on by dmar_walk()
 * @arg: not used
 *
 * For struct dmar_handlers.
 *
 * Context: Process context, may sleep; dmar_global_lock held for writing.
 * Return: 0.
 */
int vtd_atsr_remove(const struct acpi_dmar_atsr *atsr, void *arg)
{
	vtd_reserved_remove(&vtd_atsrs, &atsr->header);
	return 0;
}

/**
 * vtd_satc_add() - note integrated devices that cache translations
 * @satc: the devices, handed on by dmar_walk()
 * @arg: not used
 *
 * For struct dmar_handlers.
 *
 * Context: Process context, may sleep; dmar_global_lock held for writing, or
 * while the machine boots.
 * Return: 0 or -ENOMEM.
 */
int vtd_satc_add(const struct acpi_dmar_satc *satc, void *arg)
{
	/* Bit 0: ATC_REQUIRED (8.8) */
	return vtd_reserved_add(&vtd_satcs, &satc->header, satc->segment,
				satc->flags & BIT(0));
}

/**
 * vtd_satc_remove() - remove integrated devices that cache translations
 * @satc: the devices, handed on by dmar_walk()
 * @arg: not used
 *
 * For struct dmar_handlers.
 *
 * Context: Process context, may sleep; dmar_global_lock held for writing.
 * Return: 0.
 */
int vtd_satc_remove(const struct acpi_dmar_satc *satc, void *arg)
{
	vtd_reserved_remove(&vtd_satcs, &satc->header);
	return 0;
}

static void vtd_notify_list(const struct list_head *head,
			    const struct dmar_pci_notify_info *info)
{
	struct vtd_reserved *entry;

	list_for_each_entry_rcu(entry, head, list, dmar_rcu_check()) {
		if (info->event == BUS_NOTIFY_ADD_DEVICE)
			dmar_scope_insert(info, entry->hdr, entry->segment,
					  entry->devices, entry->devices_cnt);
		else
			dmar_scope_remove(info, entry->segment, entry->devices,
					  entry->devices_cnt);
	}
}

/**
 * vtd_reserved_notify() - follow a PCI device that was added or removed
 * @info: the device
 *
 * Unlike units, several of the structures here may name it.
 *
 * Context: Process context, may sleep; dmar_global_lock held for writing.
 */
void vtd_reserved_notify(const struct dmar_pci_notify_info *info)
{
	vtd_notify_list(&vtd_rmrrs, info);
	vtd_notify_list(&vtd_atsrs, info);
	vtd_notify_list(&vtd_satcs, info);
}

/* Also true for virtual functions, whose bus may have no bridge of its own */
static bool vtd_is_below(const struct device *dev, const struct device *bridge)
{
	struct pci_bus *bus;

	if (!dev_is_pci(dev) || !dev_is_pci(bridge))
		return false;

	for (bus = to_pci_dev(dev)->bus; bus; bus = bus->parent)
		if (bus->self == to_pci_dev(bridge))
			return true;
	return false;
}

static bool vtd_rmrr_applies(const struct vtd_reserved *rmrr, const struct device *dev)
{
	struct device *named;
	int i;

	for_each_active_dev_scope(rmrr->devices, rmrr->devices_cnt, i, named)
		if (named == dev || vtd_is_below(dev, named))
			return true;
	return false;
}

/*
 * Firmware uses USB for keyboards and graphics for its console, until a driver
 * takes over: afterwards the memory need not stay within reach.
 */
static enum iommu_resv_type vtd_rmrr_type(struct device *dev)
{
	struct pci_dev *pdev;

	if (!dev_is_pci(dev))
		return IOMMU_RESV_DIRECT;

	pdev = to_pci_dev(dev);
	if (pdev->class >> 8 == PCI_CLASS_SERIAL_USB || vtd_is_graphics(pdev))
		return IOMMU_RESV_DIRECT_RELAXABLE;
	return IOMMU_RESV_DIRECT;
}

static void vtd_add_region(struct list_head *head, u64 first, u64 last, int prot,
			   enum iommu_resv_type type, gfp_t gfp)
{
	struct iommu_resv_region *region;

	region = iommu_alloc_resv_region(first, last - first + 1, prot, type, gfp);
	if (region)
		list_add_tail(&region->list, head);
}

static bool vtd_is_isa_bridge(struct device *dev)
{
	return dev_is_pci(dev) && to_pci_dev(dev)->class >> 8 == PCI_CLASS_BRIDGE_ISA;
}

/**
 * vtd_rmrr_get_regions() - list addresses of a device that are not free
 * @dev: the device
 * @head: list of struct iommu_resv_region to add to
 *
 * Memory that the device uses on its own has to be mapped one to one; addresses
 * of interrupts can't be mapped. Without memory, entries are missing.
 *
 * Context: Process context, may sleep.
 */
void vtd_rmrr_get_regions(struct device *dev, struct list_head *head)
{
	enum iommu_resv_type type = vtd_rmrr_type(dev);
	int prot = IOMMU_READ | IOMMU_WRITE;
	struct vtd_reserved *rmrr;

	scoped_guard(rcu)
		list_for_each_entry_rcu(rmrr, &vtd_rmrrs, list)
			if (vtd_rmrr_applies(rmrr, dev))
				vtd_add_region(head, rmrr->first, rmrr->last, prot,
					       type, GFP_ATOMIC);

	if (IS_ENABLED(CONFIG_INTEL_IOMMU_FLOPPY_WA) && vtd_is_isa_bridge(dev))
		vtd_add_region(head, 0, VTD_ISA_BYTES - 1, prot,
			       IOMMU_RESV_DIRECT_RELAXABLE, GFP_KERNEL);

	vtd_add_region(head, VTD_MSI_FIRST, VTD_MSI_LAST, 0, IOMMU_RESV_MSI, GFP_KERNEL);
}

static bool vtd_names_device(const struct vtd_reserved *entry, const struct device *dev)
{
	struct device *named;
	int i;

	for_each_active_dev_scope(entry->devices, entry->devices_cnt, i, named)
		if (named == dev)
			return true;
	return false;
}

static const struct vtd_reserved *vtd_satc_of(const struct pci_dev *pdev)
{
	const struct vtd_reserved *satc;

	list_for_each_entry_rcu(satc, &vtd_satcs, list)
		if (vtd_names_device(satc, &pdev->dev))
			return satc;
	return NULL;
}

/*
 * Find the root port above a device. Return NULL with *@integrated set if the
 * device is on a root bus, NULL without if a bus between them is not PCIe.
 */
static const struct pci_dev *vtd_root_port_of(const struct pci_dev *pdev,
					      bool *integrated)
{
	const struct pci_bus *bus;

	*integrated = false;
	for (bus = pdev->bus; bus; bus = bus->parent) {
		if (!bus->self)
			break;
		if (!pci_is_pcie(bus->self) ||
		    pci_pcie_type(bus->self) == PCI_EXP_TYPE_PCI_BRIDGE)
			return NULL;
		if (pci_pcie_type(bus->self) == PCI_EXP_TYPE_ROOT_PORT)
			return bus->self;
	}

	*integrated = true;
	return NULL;
}

static bool vtd_port_lets_ats(const struct pci_dev *port)
{
	const struct vtd_reserved *atsr;

	list_for_each_entry_rcu(atsr, &vtd_atsrs, list) {
		if (atsr->segment != pci_domain_nr(port->bus))
			continue;
		if (atsr->flag || vtd_names_device(atsr, &port->dev))
			return true;
	}
	return false;
}

/**
 * vtd_ats_allowed() - tell whether a device may cache translations
 * @pdev: the device; for a virtual function its physical function is looked at
 *
 * Integrated devices may, and those behind a root port that lets requests for
 * translations through. Devices that SATC says can't do without ATS may not:
 * hardware turns it on for them in legacy mode, and invalidates what they cached
 * along with the IOTLB. Doing both again would only cost time.
 *
 * Context: Any context.
 * Return: true if it may.
 */
bool vtd_ats_allowed(struct pci_dev *pdev)
{
	const struct vtd_reserved *satc;
	const struct pci_dev *port;
	bool integrated;

	pdev = pci_physfn(pdev);

	guard(rcu)();
	satc = vtd_satc_of(pdev);
	if (satc)
		return !satc->flag;

	port = vtd_root_port_of(pdev, &integrated);
	return port ? vtd_port_lets_ats(port) : integrated;
}

/**
 * vtd_reserved_lists_report() - report which structures the table does not have
 *
 * Context: Any context.
 */
void vtd_reserved_lists_report(void)
{
	if (list_empty(&vtd_rmrrs))
		pr_info("No RMRR found\n");
	if (list_empty(&vtd_atsrs))
		pr_info("No ATSR found\n");
	if (list_empty(&vtd_satcs))
		pr_info("No SATC found\n");
}

static void vtd_reserved_free_list(struct list_head *head)
{
	struct vtd_reserved *entry, *next;

	list_for_each_entry_safe(entry, next, head, list) {
		list_del(&entry->list);
		vtd_reserved_free(entry);
	}
}

/**
 * vtd_reserved_lists_free() - free all lists
 *
 * For when DMA is not remapped: the lists are not used then. May be called again.
 *
 * Context: Process context, may sleep; dmar_global_lock held for writing.
 */
void vtd_reserved_lists_free(void)
{
	lockdep_assert_held_write(&dmar_global_lock);

	vtd_reserved_free_list(&vtd_rmrrs);
	vtd_reserved_free_list(&vtd_atsrs);
	vtd_reserved_free_list(&vtd_satcs);
}
