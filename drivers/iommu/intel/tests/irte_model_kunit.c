// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of interrupt remapping on the model: what interrupt a device can send,
 * and that an entry which changed is not used as it was before. irte_kunit.c
 * has the bits.
 */

#include <linux/msi.h>

#include "../hw/irte.h"
#include "model.h"

#define TEST_SID	0x0100
#define OTHER_SID	0x0208

static const struct vtd_senders only_test = {
	.svt = VTD_SVT_SID, .sq = VTD_SQ_ALL, .sid = TEST_SID,
};

static void disable(void *data)
{
	vtd_irt_disable(data);
}

static struct model_unit *make_unit(struct kunit *test, bool extended)
{
	struct model_unit *model = vtd_model_create(test, MODEL_CAP, MODEL_ECAP);
	struct intel_iommu *unit = model->unit;

	KUNIT_ASSERT_EQ(test, 0, vtd_irt_alloc(unit));
	KUNIT_ASSERT_EQ(test, 0, vtd_irt_enable(unit, extended));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, disable, unit));
	return model;
}

static struct irte make_entry(u8 vector, struct vtd_senders senders)
{
	struct vtd_target target = { .apic = 3, .vector = vector, .extended = true };

	return vtd_make_remapped(target, senders);
}

static u8 send(struct model_unit *model, u16 sid, unsigned int handle, unsigned int sub,
	       u8 *vector)
{
	struct msi_msg message;
	u64 entry[2];
	u8 reason;

	vtd_make_message(&message, handle, sub);
	reason = vtd_model_interrupt(model, sid, message.address_lo, message.data, entry);
	*vector = FIELD_GET(VTD_IRTE_VECTOR, entry[0]);
	return reason;
}

static void irt_enable(struct kunit *test)
{
	struct model_unit *model = make_unit(test, true);
	u32 status = model->regs[VTD_GSTS_REG / 4];

	KUNIT_EXPECT_TRUE(test, status & VTD_GCMD_IRE);
	KUNIT_EXPECT_FALSE(test, status & VTD_GCMD_CFI);
	KUNIT_EXPECT_TRUE(test, model->irta & VTD_IRTA_EXTENDED);
	KUNIT_EXPECT_EQ(test, 2U << FIELD_GET(VTD_IRTA_SIZE, model->irta), VTD_IRT_ENTRIES);
	vtd_model_seen(test, model);
}

/* Nothing gets through that has no entry, not even in the format of old */
static void irt_blocks(struct kunit *test)
{
	struct model_unit *model = make_unit(test, true);
	u64 entry[2];
	u8 vector;

	KUNIT_EXPECT_EQ(test, MODEL_INT_NOT_PRESENT, send(model, TEST_SID, 5, 0, &vector));
	KUNIT_EXPECT_EQ(test, MODEL_INT_NOT_PRESENT,
			send(model, TEST_SID, 0xffff, 0, &vector));
	KUNIT_EXPECT_EQ(test, MODEL_INT_INDEX, send(model, TEST_SID, 0xffff, 1, &vector));
	KUNIT_EXPECT_EQ(test, MODEL_INT_COMPATIBILITY,
			vtd_model_interrupt(model, TEST_SID, VTD_MESSAGE_BASE, 0x41, entry));
}

static void irt_passes(struct kunit *test)
{
	struct model_unit *model = make_unit(test, true);
	int index = vtd_irte_alloc(model->unit, 4);
	unsigned int i;
	u8 vector;

	KUNIT_ASSERT_GE(test, index, 0);
	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, 0, vtd_irte_write(model->unit, index + i,
							make_entry(0x40 + i, only_test)));
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, 0, send(model, TEST_SID, index, i, &vector));
		KUNIT_EXPECT_EQ(test, vector, 0x40 + i);
		KUNIT_EXPECT_EQ(test, 0, send(model, TEST_SID, index + i, 0, &vector));
		KUNIT_EXPECT_EQ(test, vector, 0x40 + i);
		KUNIT_EXPECT_EQ(test, MODEL_INT_SOURCE,
				send(model, OTHER_SID, index, i, &vector));
	}
	vtd_irte_free(model->unit, index, 4);
	/* What was cached is gone, too */
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, MODEL_INT_NOT_PRESENT,
				send(model, TEST_SID, index, i, &vector));
	vtd_model_seen(test, model);
}

/* Moved to another CPU time and again: never the vector of before */
static void irt_changes(struct kunit *test)
{
	struct model_unit *model = make_unit(test, true);
	int index = vtd_irte_alloc(model->unit, 1);
	unsigned int i;
	u8 vector;

	KUNIT_ASSERT_GE(test, index, 0);
	for (i = 0; i < 500; i++) {
		KUNIT_ASSERT_EQ(test, 0,
				vtd_irte_write(model->unit, index,
					       make_entry(0x20 + i % 200, only_test)));
		KUNIT_ASSERT_EQ(test, 0, send(model, TEST_SID, index, 0, &vector));
		KUNIT_ASSERT_EQ(test, vector, 0x20 + i % 200);
	}
	vtd_irte_free(model->unit, index, 1);
}

/* An entry that the unit may still have cached does not get a new owner */
static void irt_not_invalidated(struct kunit *test)
{
	struct model_unit *model = make_unit(test, true);
	int index = vtd_irte_alloc(model->unit, 1);
	u8 vector;

	KUNIT_ASSERT_GE(test, index, 0);
	KUNIT_ASSERT_EQ(test, 0, vtd_irte_write(model->unit, index,
						make_entry(0x40, only_test)));
	KUNIT_ASSERT_EQ(test, 0, send(model, TEST_SID, index, 0, &vector));
	model->refuse_in = 1;
	vtd_irte_free(model->unit, index, 1);
	KUNIT_EXPECT_NE(test, index, vtd_irte_alloc(model->unit, 1));
}

static void irt_senders(struct kunit *test)
{
	static const struct vtd_senders buses = {
		.svt = VTD_SVT_BUSES, .sq = VTD_SQ_ALL, .sid = 0x0305,
	};
	static const struct vtd_senders functions = {
		.svt = VTD_SVT_SID, .sq = VTD_SQ_IGNORE_2_0, .sid = TEST_SID,
	};
	struct model_unit *model = make_unit(test, true);
	int index = vtd_irte_alloc(model->unit, 2);
	u8 vector;

	KUNIT_ASSERT_GE(test, index, 0);
	KUNIT_ASSERT_EQ(test, 0, vtd_irte_write(model->unit, index, make_entry(1, buses)));
	KUNIT_ASSERT_EQ(test, 0, vtd_irte_write(model->unit, index + 1,
						make_entry(2, functions)));
	KUNIT_EXPECT_EQ(test, MODEL_INT_SOURCE, send(model, 0x02ff, index, 0, &vector));
	KUNIT_EXPECT_EQ(test, 0, send(model, 0x0300, index, 0, &vector));
	KUNIT_EXPECT_EQ(test, 0, send(model, 0x05ff, index, 0, &vector));
	KUNIT_EXPECT_EQ(test, MODEL_INT_SOURCE, send(model, 0x0600, index, 0, &vector));
	KUNIT_EXPECT_EQ(test, 0, send(model, TEST_SID + 7, index, 1, &vector));
	KUNIT_EXPECT_EQ(test, MODEL_INT_SOURCE, send(model, TEST_SID + 8, index, 1, &vector));
	vtd_irte_free(model->unit, index, 2);
}

static struct kunit_case irt_cases[] = {
	KUNIT_CASE(irt_enable),
	KUNIT_CASE(irt_blocks),
	KUNIT_CASE(irt_passes),
	KUNIT_CASE(irt_changes),
	KUNIT_CASE(irt_not_invalidated),
	KUNIT_CASE(irt_senders),
	{ }
};

static struct kunit_suite irt_suite = {
	.name = "vtd-irte-model",
	.test_cases = irt_cases,
};

kunit_test_suite(irt_suite);
