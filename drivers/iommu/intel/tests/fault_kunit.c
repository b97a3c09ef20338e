// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults: records taken apart bit by bit, said in words, and taken from the
 * registers of a unit that records them as the specification says, one that
 * never stops included.
 */

#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/string.h>

#include "../device.h"
#include "../fault-irq.h"
#include "../unit.h"

/* The last device of bus 3 */
#define SID		0x03ff
#define PAGE		0xfedcba987000ULL
#define RECORDS		4
#define RECORDS_OFFSET	0x220

static u64 record_hi(u8 reason, u64 bits)
{
	return VTD_FRCD_VALID | FIELD_PREP(VTD_FRCD_REASON, reason) |
	       FIELD_PREP(VTD_FRCD_SID, SID) | bits;
}

/*
 * Words
 */

/* What 6.12 has a text for, and the two of 4.x for posted interrupts */
static bool is_known(unsigned int reason)
{
	static const struct {
		u8 first;
		u8 last;
	} known[] = {
		{ 0x01, 0x0e }, { 0x20, 0x28 }, { 0x30, 0x32 }, { 0x38, 0x3a },
		{ 0x40, 0x48 }, { 0x50, 0x52 }, { 0x58, 0x5d }, { 0x70, 0x7c },
		{ 0x80, 0x87 }, { 0x90, 0x90 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (reason >= known[i].first && reason <= known[i].last)
			return true;
	return false;
}

static void fault_test_reasons(struct kunit *test)
{
	unsigned int reason;
	const char *words;

	for (reason = 0; reason < VTD_FAULT_REASONS; reason++) {
		words = vtd_fault_reason(reason);
		KUNIT_ASSERT_NOT_NULL(test, words);
		KUNIT_EXPECT_EQ_MSG(test, is_known(reason),
				    !!strcmp(words, "unknown reason"), "0x%02x", reason);
		KUNIT_EXPECT_EQ_MSG(test, is_known(reason) && reason >= 0x30,
				    strstarts(words, "SM: "), "0x%02x", reason);
	}
}

static void fault_test_decode(struct kunit *test)
{
	static const struct {
		u64 bits;
		u8 request;
	} requests[] = {
		{ 0, VTD_REQUEST_WRITE },
		{ VTD_FRCD_TYPE2, VTD_REQUEST_PAGE },
		{ VTD_FRCD_TYPE1, VTD_REQUEST_READ },
		{ VTD_FRCD_TYPE1 | VTD_FRCD_TYPE2, VTD_REQUEST_ATOMIC },
	};
	struct vtd_fault fault;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		fault = vtd_fault_decode(PAGE | 0xabc, record_hi(5, requests[i].bits));
		KUNIT_EXPECT_EQ(test, fault.address, PAGE);
		KUNIT_EXPECT_EQ(test, fault.sid, SID);
		KUNIT_EXPECT_EQ(test, fault.reason, 5);
		KUNIT_EXPECT_EQ(test, fault.request, requests[i].request);
		KUNIT_EXPECT_FALSE(test, fault.interrupt);
		KUNIT_EXPECT_FALSE(test, fault.has_index);
		KUNIT_EXPECT_FALSE(test, fault.has_pasid);
		KUNIT_EXPECT_FALSE(test, fault.translation);
	}

	fault = vtd_fault_decode(PAGE, record_hi(0x59, VTD_FRCD_HAS_PASID |
						 FIELD_PREP(VTD_FRCD_PASID, 0xfffff) |
						 FIELD_PREP(VTD_FRCD_TRANSLATION, 1)));
	KUNIT_EXPECT_TRUE(test, fault.has_pasid);
	KUNIT_EXPECT_EQ(test, fault.pasid, 0xfffff);
	KUNIT_EXPECT_TRUE(test, fault.translation);
	KUNIT_EXPECT_EQ(test, fault.reason, 0x59);
}

static void fault_test_decode_interrupt(struct kunit *test)
{
	struct vtd_fault fault;
	unsigned int reason;

	for (reason = 0; reason < VTD_FAULT_REASONS; reason++) {
		fault = vtd_fault_decode(0xbeefULL << 48, record_hi(reason, 0));
		KUNIT_EXPECT_EQ(test, fault.interrupt, reason >= 0x20 && reason < 0x30);
		KUNIT_EXPECT_EQ(test, fault.has_index, fault.interrupt && reason != 0x25);
		if (fault.has_index)
			KUNIT_EXPECT_EQ(test, fault.index, 0xbeef);
	}
}

static void fault_test_describe(struct kunit *test)
{
	char text[VTD_FAULT_TEXT];
	struct vtd_fault fault;

	fault = vtd_fault_decode(PAGE, record_hi(5, 0));
	vtd_fault_describe(&fault, text);
	KUNIT_EXPECT_STREQ(test, text,
			   "[DMA Write NO_PASID] Request device [03:1f.7] fault addr 0xfedcba987000 [fault reason 0x05] page may not be written");

	fault = vtd_fault_decode(PAGE, record_hi(6, VTD_FRCD_TYPE1 |
						 FIELD_PREP(VTD_FRCD_TRANSLATION, 1)));
	vtd_fault_describe(&fault, text);
	KUNIT_EXPECT_STREQ(test, text,
			   "[DMA Read NO_PASID] Request device [03:1f.7] fault addr 0xfedcba987000 [fault reason 0x06] page may not be read, asking for a translation");

	fault = vtd_fault_decode(PAGE, record_hi(0x59, VTD_FRCD_HAS_PASID |
						 FIELD_PREP(VTD_FRCD_PASID, 0xabcde)));
	vtd_fault_describe(&fault, text);
	KUNIT_EXPECT_STREQ(test, text,
			   "[DMA Write PASID 0xabcde] Request device [03:1f.7] fault addr 0xfedcba987000 [fault reason 0x59] SM: PASID entry is not present");

	fault = vtd_fault_decode(0x1234ULL << 48, record_hi(0x22, 0));
	vtd_fault_describe(&fault, text);
	KUNIT_EXPECT_STREQ(test, text,
			   "[INTR-REMAP] Request device [03:1f.7] fault index 0x1234 [fault reason 0x22] interrupt entry is not present");

	fault = vtd_fault_decode(0x1234ULL << 48, record_hi(0x25, 0));
	vtd_fault_describe(&fault, text);
	KUNIT_EXPECT_STREQ(test, text,
			   "[INTR-REMAP] Request device [03:1f.7] [fault reason 0x25] interrupt request of compatibility format is blocked");
}

/* The longest words of all fit, the end included. */
static void fault_test_describe_length(struct kunit *test)
{
	u64 bits = VTD_FRCD_HAS_PASID | VTD_FRCD_PASID | VTD_FRCD_TYPE2 |
		   FIELD_PREP(VTD_FRCD_TRANSLATION, 1);
	char text[VTD_FAULT_TEXT];
	struct vtd_fault fault;
	unsigned int reason;

	for (reason = 0; reason < VTD_FAULT_REASONS; reason++) {
		fault = vtd_fault_decode(U64_MAX, record_hi(reason, bits));
		vtd_fault_describe(&fault, text);
		KUNIT_EXPECT_LT(test, strlen(text), VTD_FAULT_TEXT - 1);
	}
}

/*
 * A unit that records faults
 */

/**
 * struct fault_model - registers of faults
 * @model: what the driver uses
 * @test: the test
 * @status: Fault Status; its pending bit is made from @hi
 * @control: Fault Event Control
 * @lo: low words of the records
 * @hi: high words
 * @next: record that comes next
 * @endless: a device faults whenever a record is free
 * @recorded: faults recorded
 */
struct fault_model {
	struct vtd_model model;
	struct kunit *test;
	u32 status;
	u32 control;
	u64 lo[RECORDS];
	u64 hi[RECORDS];
	unsigned int next;
	bool endless;
	atomic_t recorded;
};

static bool model_pending(const struct fault_model *model)
{
	unsigned int i;

	for (i = 0; i < RECORDS; i++)
		if (model->hi[i] & VTD_FRCD_VALID)
			return true;
	return false;
}

/* Nothing is recorded from an overflow until it is acknowledged. */
static void model_fault(struct fault_model *model, u64 lo, u64 hi)
{
	if (model->status & VTD_FSTS_OVERFLOW)
		return;
	if (model->hi[model->next] & VTD_FRCD_VALID) {
		model->status |= VTD_FSTS_OVERFLOW;
		return;
	}
	if (!model_pending(model))
		model->status = (model->status & ~VTD_FSTS_RECORD) |
				FIELD_PREP(VTD_FSTS_RECORD, model->next);
	model->lo[model->next] = lo;
	model->hi[model->next] = hi;
	model->next = (model->next + 1) % RECORDS;
	atomic_inc(&model->recorded);
}

static u64 model_read(struct vtd_model *base, unsigned int offset, unsigned int bytes)
{
	struct fault_model *model = container_of(base, struct fault_model, model);
	unsigned int record = (offset - RECORDS_OFFSET) / VTD_FRCD_BYTES;
	u64 word;

	if (offset == VTD_FSTS_REG)
		return model->status | (model_pending(model) ? VTD_FSTS_PENDING : 0);
	if (offset == VTD_FECTL_REG)
		return model->control;
	if (offset < RECORDS_OFFSET || record >= RECORDS) {
		KUNIT_FAIL(model->test, "read at 0x%x", offset);
		return 0;
	}
	word = offset & 8 ? model->hi[record] : model->lo[record];
	if (bytes == 8)
		return word;
	return offset & 4 ? upper_32_bits(word) : lower_32_bits(word);
}

static void model_write(struct vtd_model *base, unsigned int offset,
			unsigned int bytes, u64 value)
{
	struct fault_model *model = container_of(base, struct fault_model, model);
	unsigned int record = (offset - RECORDS_OFFSET) / VTD_FRCD_BYTES;

	if (offset == VTD_FSTS_REG) {
		model->status &= ~(value & 0xf1);
		return;
	}
	if (offset == VTD_FECTL_REG) {
		model->control = value;
		return;
	}
	if (offset < RECORDS_OFFSET || record >= RECORDS || offset % 16 != 12) {
		KUNIT_FAIL(model->test, "write at 0x%x", offset);
		return;
	}
	if (value & upper_32_bits(VTD_FRCD_VALID))
		model->hi[record] &= ~VTD_FRCD_VALID;
	if (model->endless)
		model_fault(model, PAGE, record_hi(6, 0));
}

static void stop_unit(void *data)
{
	struct intel_iommu *unit = data;

	vtd_fault_disable(unit);
	xa_destroy(&unit->devices);
}

static struct intel_iommu *make_unit(struct kunit *test, struct fault_model **model)
{
	struct intel_iommu *unit = kunit_kzalloc(test, sizeof(*unit), GFP_KERNEL);

	*model = kunit_kzalloc(test, sizeof(**model), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, unit);
	KUNIT_ASSERT_NOT_NULL(test, *model);
	(*model)->test = test;
	(*model)->model.read = model_read;
	(*model)->model.write = model_write;
	unit->regs.model = &(*model)->model;
	unit->cap.bits = FIELD_PREP(VTD_CAP_FRO, RECORDS_OFFSET / 16) |
			 FIELD_PREP(VTD_CAP_NFR, RECORDS - 1);
	strscpy(unit->name, "dmar9");
	raw_spin_lock_init(&unit->register_lock);
	xa_init(&unit->devices);
	vtd_fault_init(unit);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, stop_unit, unit), 0);
	return unit;
}

static int counted(struct intel_iommu *unit, u8 reason)
{
	return atomic_read(&unit->faults.count[reason]);
}

/* More than there are records, so that they wrap; each once. */
static void fault_test_records(struct kunit *test)
{
	struct fault_model *model;
	struct intel_iommu *unit = make_unit(test, &model);
	unsigned int round;
	unsigned int i;

	for (round = 0; round < 10; round++) {
		for (i = 0; i < round % RECORDS + 1; i++)
			model_fault(model, PAGE, record_hi(5 + i, 0));
		KUNIT_EXPECT_EQ(test, dmar_fault(0, unit), IRQ_HANDLED);
		KUNIT_EXPECT_FALSE(test, model_pending(model));
	}
	/* Rounds have 1, 2, 3, 4, 1, 2, 3, 4, 1, 2 */
	KUNIT_EXPECT_EQ(test, counted(unit, 5), 10);
	KUNIT_EXPECT_EQ(test, counted(unit, 6), 7);
	KUNIT_EXPECT_EQ(test, counted(unit, 7), 4);
	KUNIT_EXPECT_EQ(test, counted(unit, 8), 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&unit->faults.lost), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&unit->faults.pauses), 0);

	/* Nothing there: nothing happens */
	KUNIT_EXPECT_EQ(test, dmar_fault(0, unit), IRQ_HANDLED);
	KUNIT_EXPECT_EQ(test, counted(unit, 5), 10);
}

static void fault_test_overflow(struct kunit *test)
{
	struct fault_model *model;
	struct intel_iommu *unit = make_unit(test, &model);
	unsigned int i;

	for (i = 0; i < RECORDS + 3; i++)
		model_fault(model, PAGE, record_hi(5, 0));
	dmar_fault(0, unit);
	KUNIT_EXPECT_EQ(test, counted(unit, 5), RECORDS);
	KUNIT_EXPECT_EQ(test, atomic_read(&unit->faults.lost), 1);
	KUNIT_EXPECT_EQ(test, model->status & VTD_FSTS_OVERFLOW, 0);

	model_fault(model, PAGE, record_hi(5, 0));
	dmar_fault(0, unit);
	KUNIT_EXPECT_EQ(test, counted(unit, 5), RECORDS + 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&unit->faults.lost), 1);
}

/* Errors of the queue are for its own code, as long as there is a queue. */
static void fault_test_queue_errors(struct kunit *test)
{
	const u32 errors = VTD_FSTS_QUEUE_ERROR | VTD_FSTS_COMPLETION_ERROR |
			   VTD_FSTS_TIMEOUT_ERROR;
	struct fault_model *model;
	struct intel_iommu *unit = make_unit(test, &model);

	model->status = errors | VTD_FSTS_OVERFLOW | VTD_FSTS_REQUEST_OVERFLOW;
	dmar_fault(0, unit);
	KUNIT_EXPECT_EQ(test, model->status, errors);
	/* Only looked at for being there */
	unit->qi = (struct vtd_qi *)unit;
	vtd_fault_clear(unit);
	KUNIT_EXPECT_EQ(test, model->status, errors);
	unit->qi = NULL;
	vtd_fault_clear(unit);
	KUNIT_EXPECT_EQ(test, model->status, 0);
}

static void fault_test_device(struct kunit *test)
{
	struct vtd_device *device = kunit_kzalloc(test, sizeof(*device), GFP_KERNEL);
	struct fault_model *model;
	struct intel_iommu *unit = make_unit(test, &model);

	KUNIT_ASSERT_NOT_NULL(test, device);
	ratelimit_state_init(&device->reports, HZ, 1);
	ratelimit_set_flags(&device->reports, RATELIMIT_MSG_ON_RELEASE);
	KUNIT_ASSERT_EQ(test, 0, xa_err(xa_store(&unit->devices, SID, device,
						 GFP_KERNEL)));
	model_fault(model, PAGE, record_hi(5, 0));
	model_fault(model, PAGE, record_hi(6, VTD_FRCD_TYPE1));
	/* Of somebody else */
	model_fault(model, PAGE, record_hi(5, 0) ^ 1);
	dmar_fault(0, unit);
	KUNIT_EXPECT_EQ(test, atomic_read(&device->faults), 2);
	KUNIT_EXPECT_EQ(test, counted(unit, 5), 2);
	KUNIT_EXPECT_EQ(test, counted(unit, 6), 1);
}

/* Records that were left when a pause began are behind the one that is named. */
static void fault_test_named_record_taken(struct kunit *test)
{
	struct fault_model *model;
	struct intel_iommu *unit = make_unit(test, &model);

	model_fault(model, PAGE, record_hi(5, 0));
	model_fault(model, PAGE, record_hi(6, 0));
	model_fault(model, PAGE, record_hi(7, 0));
	model->hi[0] &= ~VTD_FRCD_VALID;
	model->hi[1] &= ~VTD_FRCD_VALID;
	dmar_fault(0, unit);
	KUNIT_EXPECT_EQ(test, counted(unit, 5), 0);
	KUNIT_EXPECT_EQ(test, counted(unit, 7), 1);
	KUNIT_EXPECT_FALSE(test, model_pending(model));
}

/*
 * A device that faults again as soon as it can. The handler comes back, with
 * the event masked; faults go on being counted, so many in an interval; when
 * the device stops, the event is let go.
 */
static void fault_test_flood(struct kunit *test)
{
	const unsigned int intervals = 5;
	struct fault_model *model;
	struct intel_iommu *unit = make_unit(test, &model);
	unsigned long start = jiffies;
	unsigned long took;

	model->endless = true;
	model_fault(model, PAGE, record_hi(6, 0));
	dmar_fault(0, unit);
	KUNIT_EXPECT_GE(test, counted(unit, 6), VTD_FAULT_BUDGET);
	KUNIT_EXPECT_EQ(test, model->control, VTD_EVENT_MASKED);
	KUNIT_EXPECT_EQ(test, atomic_read(&unit->faults.pauses), 1);

	msleep(intervals * jiffies_to_msecs(VTD_FAULT_INTERVAL));
	took = jiffies - start;
	KUNIT_EXPECT_LE(test, counted(unit, 6),
			(took / VTD_FAULT_INTERVAL + 2) * VTD_FAULT_BUDGET);
	KUNIT_EXPECT_EQ(test, model->control, VTD_EVENT_MASKED);
	KUNIT_EXPECT_EQ(test, atomic_read(&unit->faults.pauses), 1);

	model->endless = false;
	for (start = jiffies; time_before(jiffies, start + 10 * HZ); msleep(20))
		if (!READ_ONCE(model->control))
			break;
	KUNIT_EXPECT_EQ(test, model->control, 0);
	flush_delayed_work(&unit->faults.resume);
	KUNIT_EXPECT_EQ(test, counted(unit, 6), atomic_read(&model->recorded));
	KUNIT_EXPECT_FALSE(test, model_pending(model));

	/* And from then on it is as before */
	model_fault(model, PAGE, record_hi(5, 0));
	dmar_fault(0, unit);
	KUNIT_EXPECT_EQ(test, counted(unit, 5), 1);
	KUNIT_EXPECT_EQ(test, model->control, 0);
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE(fault_test_reasons),
	KUNIT_CASE(fault_test_decode),
	KUNIT_CASE(fault_test_decode_interrupt),
	KUNIT_CASE(fault_test_describe),
	KUNIT_CASE(fault_test_describe_length),
	KUNIT_CASE(fault_test_records),
	KUNIT_CASE(fault_test_overflow),
	KUNIT_CASE(fault_test_queue_errors),
	KUNIT_CASE(fault_test_device),
	KUNIT_CASE(fault_test_named_record_taken),
	KUNIT_CASE_SLOW(fault_test_flood),
	{}
};

static struct kunit_suite fault_suite = {
	.name = "vtd-fault",
	.test_cases = fault_cases,
};

kunit_test_suite(fault_suite);
