// SPDX-License-Identifier: GPL-2.0-only
/*
 * A unit of the driver on a model, and devices behind it, without ACPI and PCI.
 */

#include <kunit/device.h>
#include <linux/atomic.h>

#include "model.h"

/* Numbers that no real unit has: those are below DMAR_UNITS_SUPPORTED */
static atomic_t next_number = ATOMIC_INIT(DMAR_UNITS_SUPPORTED);

static void destroy(void *data)
{
	struct model_unit *model = data;
	struct intel_iommu *unit = model->unit;

	vtd_model_heal(model);
	vtd_qi_disable(unit);
	vtd_fault_disable(unit);
	if (IS_ENABLED(CONFIG_IRQ_REMAP))
		vtd_irt_free(unit);
	vtd_qi_free(unit);
	vtd_contexts_free(unit);
	vtd_did_destroy(unit);
	xa_destroy(&unit->devices);
	xa_destroy(&unit->aliases);
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
 * Context: may sleep.
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
	raw_spin_lock_init(&unit->register_lock);
	raw_spin_lock_init(&unit->irt.lock);
	spin_lock_init(&unit->contexts.lock);
	xa_init(&unit->devices);
	xa_init(&unit->aliases);
	KUNIT_ASSERT_EQ(test, 0, vtd_unit_read_caps(unit));
	vtd_did_init(unit);
	vtd_fault_init(unit);
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

/**
 * vtd_model_add_device() - make a device that is not on PCI
 * @test: test; the device goes with it
 * @model: unit that it is behind
 * @sid: source-id
 * @tlb: it has a TLB
 *
 * Context: may sleep.
 * Return: what the driver keeps of it.
 */
struct vtd_device *vtd_model_add_device(struct kunit *test, struct model_unit *model,
					u16 sid, bool tlb)
{
	struct vtd_device *device = kunit_kzalloc(test, sizeof(*device), GFP_KERNEL);
	struct dev_iommu *iommu = kunit_kzalloc(test, sizeof(*iommu), GFP_KERNEL);
	char *name = kunit_kzalloc(test, 32, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, device);
	KUNIT_ASSERT_NOT_NULL(test, iommu);
	KUNIT_ASSERT_NOT_NULL(test, name);
	snprintf(name, 32, "%s-%04x", model->unit->name, sid);
	device->dev = kunit_device_register(test, name);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, device->dev);

	device->unit = model->unit;
	device->sid = sid;
	device->ats_enabled = tlb;
	ratelimit_default_init(&device->reports);
	iommu->priv = device;
	device->dev->iommu = iommu;
	KUNIT_ASSERT_EQ(test, 0, xa_err(xa_store(&model->unit->devices, sid, device,
						 GFP_KERNEL)));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, remove_device, device));
	if (tlb) {
		KUNIT_ASSERT_LT(test, model->device_count, MODEL_DEVICES);
		model->devices[model->device_count].sid = sid;
		memset(model->devices[model->device_count].pages, 0xff,
		       sizeof(model->devices[0].pages));
		model->device_count++;
	}
	return device;
}

/**
 * vtd_model_by_timer() - have descriptors executed some time after the tail moved
 * @model: unit
 *
 * Context: any.
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
 * Context: any.
 * Return: what was seen.
 */
struct model_seen *vtd_model_seen(struct kunit *test, struct model_unit *model)
{
	KUNIT_EXPECT_STREQ(test, model->complaint ?: "", "");
	return &model->seen;
}
