// SPDX-License-Identifier: GPL-2.0-only
/*
 * A unit of the driver on a model, and devices behind it, without ACPI and
 * mostly without PCI: a device with ATS is one on PCI, but on a bus that only it
 * knows of.
 */

#include <kunit/device.h>
#include <linux/atomic.h>
#include <linux/pci.h>
#include <linux/pci-ats.h>

#include "model.h"

/* Numbers that no real unit has: those are below DMAR_UNITS_SUPPORTED */
static atomic_t next_number = ATOMIC_INIT(DMAR_UNITS_SUPPORTED);

/* What a failed test left there, or a unit that stands still, is not waited for */
static void skip_queue(struct model_unit *model)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&model->lock, flags);
	vtd_model_set64(model, VTD_IQH_REG, vtd_model_get64(model, VTD_IQT_REG));
	raw_spin_unlock_irqrestore(&model->lock, flags);
}

static void destroy(void *data)
{
	struct model_unit *model = data;
	struct intel_iommu *unit = model->unit;

	vtd_model_heal(model);
	skip_queue(model);
	vtd_qi_disable(unit);
	vtd_unit_release(unit);
	hrtimer_cancel(&model->engine);
}

/**
 * vtd_model_create() - make a unit
 * @test: test; the unit goes with it
 * @cap: capabilities, see MODEL_CAP
 * @ecap: extended capabilities, see MODEL_ECAP
 *
 * Nothing is turned on but the queue, if there is one; there is a root table.
 *
 * Context: May sleep.
 * Return: the unit.
 */
struct model_unit *vtd_model_create(struct kunit *test, u64 cap, u64 ecap)
{
	struct model_unit *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	struct intel_iommu *unit = kunit_kzalloc(test, sizeof(*unit), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, model);
	KUNIT_ASSERT_NOT_NULL(test, unit);
	model->unit = unit;
	vtd_model_init(model, cap, ecap);
	hrtimer_init(&model->engine, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	model->engine.function = vtd_model_engine;

	unit->regs.model = &model->hook;
	unit->seq_id = atomic_inc_return(&next_number);
	unit->node = NUMA_NO_NODE;
	unit->drhd = &model->drhd;
	model->drhd.iommu = unit;
	snprintf(unit->name, sizeof(unit->name), "model%d", unit->seq_id);
	vtd_unit_init(unit);
	KUNIT_ASSERT_EQ(test, 0, vtd_unit_read_caps(unit));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, destroy, model));

	KUNIT_ASSERT_EQ(test, 0, vtd_contexts_init(unit));
	if (vtd_ecap_queue(unit->ecap))
		KUNIT_ASSERT_EQ(test, 0, vtd_qi_enable(unit));
	return model;
}

static void remove_device(void *data)
{
	struct vtd_device *device = data;

	xa_erase(&device->unit->devices, device->sid);
	device->dev->iommu = NULL;
}

static void add_tlb(struct kunit *test, struct model_unit *model, u16 sid)
{
	struct model_device *tlb = &model->devices[model->device_count];

	KUNIT_ASSERT_LT(test, model->device_count, MODEL_DEVICES);
	tlb->sid = sid;
	memset(tlb->pages, 0xff, sizeof(tlb->pages));
	model->device_count++;
}

static struct vtd_device *add_device(struct kunit *test, struct model_unit *model,
				     struct device *dev, u16 sid)
{
	struct vtd_device *device = kunit_kzalloc(test, sizeof(*device), GFP_KERNEL);
	struct dev_iommu *iommu = kunit_kzalloc(test, sizeof(*iommu), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, device);
	KUNIT_ASSERT_NOT_NULL(test, iommu);
	device->dev = dev;
	device->unit = model->unit;
	device->sid = sid;
	ratelimit_default_init(&device->reports);
	iommu->priv = device;
	dev->iommu = iommu;
	KUNIT_ASSERT_EQ(test, 0, xa_err(xa_store(&model->unit->devices, sid, device,
						 GFP_KERNEL)));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, remove_device, device));
	return device;
}

static char *make_name(struct kunit *test, struct model_unit *model, u16 sid)
{
	char *name = kunit_kzalloc(test, 32, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, name);
	snprintf(name, 32, "%s-%04x", model->unit->name, sid);
	return name;
}

/**
 * vtd_model_add_device() - make a device that is not on PCI
 * @test: test; the device goes with it
 * @model: unit that it is behind
 * @sid: source-id
 * @tlb: it has a TLB
 *
 * Context: May sleep.
 * Return: what the driver keeps of it.
 */
struct vtd_device *vtd_model_add_device(struct kunit *test, struct model_unit *model,
					u16 sid, bool tlb)
{
	struct device *dev = kunit_device_register(test, make_name(test, model, sid));
	struct vtd_device *device;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	device = add_device(test, model, dev, sid);
	device->ats_enabled = tlb;
	if (tlb)
		add_tlb(test, model, sid);
	return device;
}

/* Where the capability of ATS stands, and its registers of 16 bits */
#define ATS_CAPABILITY	0x100
#define ATS_WORDS	4

/**
 * struct model_pci - a device on a bus of its own
 * @pdev: what the core of PCI would know of it
 * @bus: the bus, a root bus
 * @sysdata: what x86 knows of the bus
 * @ats: the capability; the rest of its configuration space is zero
 */
struct model_pci {
	struct pci_dev pdev;
	struct pci_bus bus;
	struct pci_sysdata sysdata;
	u16 ats[ATS_WORDS];
};

static u16 *config_word(struct pci_bus *bus, int where, int size)
{
	struct model_pci *pci = container_of(bus, struct model_pci, bus);
	unsigned int i = (where - ATS_CAPABILITY) / 2;

	return where >= ATS_CAPABILITY && i < ATS_WORDS && size == 2 ? &pci->ats[i] : NULL;
}

static int config_read(struct pci_bus *bus, unsigned int devfn, int where, int size,
		       u32 *value)
{
	u16 *word = config_word(bus, where, size);

	*value = word ? *word : 0;
	return PCIBIOS_SUCCESSFUL;
}

/* All but the control register is constant */
static int config_write(struct pci_bus *bus, unsigned int devfn, int where, int size,
			u32 value)
{
	u16 *word = config_word(bus, where, size);

	if (word && where == ATS_CAPABILITY + PCI_ATS_CTRL)
		*word = value;
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops config_ops = {
	.read = config_read,
	.write = config_write,
};

/**
 * vtd_model_add_pci_device() - make a device on PCI, with ATS
 * @test: test; the device goes with it
 * @model: unit that it is behind
 * @sid: source-id
 * @ats: its ATS Capability Register, see PCI_ATS_CAP
 *
 * The core of PCI does not know of it. ATS is still off.
 *
 * Context: May sleep.
 * Return: what the driver keeps of it, as the driver's probe fills it.
 */
struct vtd_device *vtd_model_add_pci_device(struct kunit *test, struct model_unit *model,
					    u16 sid, u16 ats)
{
	struct model_pci *pci = kunit_kzalloc(test, sizeof(*pci), GFP_KERNEL);
	struct vtd_device *device;

	KUNIT_ASSERT_NOT_NULL(test, pci);
	pci->bus.number = PCI_BUS_NUM(sid);
	pci->bus.ops = &config_ops;
	pci->bus.sysdata = &pci->sysdata;
	pci->sysdata.node = NUMA_NO_NODE;
	pci->ats[PCI_ATS_CAP / 2] = ats;
	pci->pdev.bus = &pci->bus;
	pci->pdev.devfn = sid & 0xff;
	pci->pdev.error_state = pci_channel_io_normal;
	pci->pdev.ats_cap = ATS_CAPABILITY;
	pci->pdev.dev.bus = &pci_bus_type;
	pci->pdev.dev.init_name = make_name(test, model, sid);

	device = add_device(test, model, &pci->pdev.dev, sid);
	device->ats_supported = true;
	device->ats_depth = pci_ats_queue_depth(&pci->pdev);
	if (vtd_ecap_throttling(model->unit->ecap))
		device->pfsid = sid;
	add_tlb(test, model, sid);
	return device;
}

/**
 * vtd_model_by_timer() - have descriptors executed some time after the tail moved
 * @model: unit
 *
 * Context: Any context.
 */
void vtd_model_by_timer(struct model_unit *model)
{
	model->by_timer = true;
	hrtimer_start(&model->engine, ns_to_ktime(NSEC_PER_USEC), HRTIMER_MODE_REL_HARD);
}

/**
 * vtd_model_seen() - look at what was executed, and fail for a complaint
 * @test: test
 * @model: unit
 *
 * Context: Any context.
 * Return: what was seen.
 */
struct model_seen *vtd_model_seen(struct kunit *test, struct model_unit *model)
{
	KUNIT_EXPECT_STREQ(test, model->complaint ?: "", "");
	return &model->seen;
}
