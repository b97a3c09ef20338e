// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the invalidation queue on units that report errors (specification
 * 6.5.2.9, 11.4.7.1): refused descriptors, devices that do not answer or answer
 * wrongly, units that stop.
 */

#include <linux/delay.h>
#include <linux/ktime.h>

#include "qi_kunit.h"

#define TEST_SID		0x0100
#define OTHER_SID		0x0208

#define CROWD_ROUNDS		400

/* A unit that never comes back is given up after a stall and a command */
#define DEAD_MS			60000

/* One that stops after each repair gets the time of eight stalls, of a second each */
#define AGAIN_MS		16000

struct repair_case {
	const char *name;
	u64 ecap;
	bool by_timer;
	bool old;
};

static const struct repair_case repair_cases[] = {
	{ "128 bits", MODEL_ECAP, false, false },
	{ "128 bits, later", MODEL_ECAP, true, false },
	{ "128 bits, old", MODEL_ECAP, false, true },
	{ "128 bits, old, later", MODEL_ECAP, true, true },
	{ "256 bits", MODEL_ECAP | VTD_ECAP_SMTS, false, false },
	{ "256 bits, later", MODEL_ECAP | VTD_ECAP_SMTS, true, false },
};

KUNIT_ARRAY_PARAM_DESC(repair, repair_cases, name);

static const struct vtd_desc bad_type = { .lo = 0xe };

static struct model_unit *make_unit(struct kunit *test)
{
	const struct repair_case *c = test->param_value;
	struct model_unit *model = vtd_model_create(test, MODEL_CAP, c->ecap);

	model->old = c->old;
	vtd_model_add_device(test, model, TEST_SID, true);
	vtd_model_add_device(test, model, OTHER_SID, true);
	if (c->by_timer)
		vtd_model_by_timer(model);
	return model;
}

static struct vtd_desc mark(u16 number)
{
	return vtd_desc_context(VTD_GRANULARITY_DOMAIN, 9, number);
}

static struct vtd_desc ask_device(u16 sid)
{
	return vtd_desc_device_tlb(sid, 0, 0, 0, 52);
}

static int submit_one(struct kunit *test, struct model_unit *model, struct vtd_desc desc)
{
	return qi_submit_guarded(test, model, &desc, 1);
}

/* The queue works: more than a lap, and each is executed */
static void expect_alive(struct kunit *test, struct model_unit *model)
{
	struct vtd_desc desc = mark(1);
	u64 before = model->seen.by_did[9];
	unsigned int i;

	for (i = 0; i < 600; i++)
		KUNIT_ASSERT_EQ(test, 0, vtd_qi_submit(model->unit, &desc, 1));
	KUNIT_EXPECT_EQ(test, vtd_model_seen(test, model)->by_did[9], before + 600);
}

static void repair_refused(struct kunit *test)
{
	struct model_unit *model = make_unit(test);
	struct vtd_qi_stats stats;

	KUNIT_EXPECT_EQ(test, -EIO, submit_one(test, model, bad_type));
	expect_alive(test, model);
	vtd_qi_read_stats(model->unit, &stats);
	KUNIT_EXPECT_EQ(test, stats.queue_errors, 1);
	KUNIT_EXPECT_EQ(test, stats.failed, 1);
	KUNIT_EXPECT_EQ(test, stats.stalls, 0);
}

/* Wherever in a submission it is, and wherever in the ring that is */
static void repair_refused_anywhere(struct kunit *test)
{
	struct vtd_desc descs[VTD_QI_BATCH];
	struct model_unit *model = make_unit(test);
	unsigned int bad, count, i, turn, refused = 0;
	struct vtd_qi_stats stats;

	for (turn = 0; turn < 6; turn++) {
		/* Slots of one parity for each length */
		count = VTD_QI_BATCH - turn % 2;
		for (bad = 0; bad < count; bad++) {
			for (i = 0; i < count; i++)
				descs[i] = i == bad ? bad_type : mark(i);
			KUNIT_ASSERT_EQ(test, -EIO,
					qi_submit_guarded(test, model, descs, count));
			/* And it was, once: otherwise each takes its time */
			vtd_qi_read_stats(model->unit, &stats);
			KUNIT_ASSERT_EQ(test, stats.queue_errors, ++refused);
			KUNIT_ASSERT_EQ(test, stats.stalls, 0);
		}
	}
	expect_alive(test, model);
}

static void repair_refused_twice(struct kunit *test)
{
	struct vtd_desc descs[] = { bad_type, mark(1), bad_type, mark(2) };
	struct model_unit *model = make_unit(test);

	KUNIT_EXPECT_EQ(test, -EIO,
			qi_submit_guarded(test, model, descs, ARRAY_SIZE(descs)));
	expect_alive(test, model);
}

/* Only who submitted it is told, and what others submitted is executed */
static void repair_refused_in_crowd(struct kunit *test)
{
	struct model_unit *model = make_unit(test);
	struct qi_crowd *crowd = qi_crowd_alloc(test, model, CROWD_ROUNDS);
	unsigned int i;

	crowd->members[2].odd = bad_type;
	crowd->members[2].wanted = -EIO;
	crowd->members[2].pause_us = 500;
	qi_crowd_start(test, crowd);
	qi_crowd_finish(test, crowd);
	for (i = 0; i < crowd->count; i++)
		KUNIT_EXPECT_GE(test, model->seen.by_did[1 + i],
				i == 2 ? CROWD_ROUNDS / 2 : CROWD_ROUNDS);
	expect_alive(test, model);
}

/* Two at it at the same time: each is told of its own */
static void repair_refused_of_two(struct kunit *test)
{
	struct model_unit *model = make_unit(test);
	struct qi_crowd *crowd = qi_crowd_alloc(test, model, CROWD_ROUNDS / 4);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		crowd->members[i].odd = bad_type;
		crowd->members[i].wanted = -EIO;
		crowd->members[i].pause_us = 2000;
	}
	qi_crowd_start(test, crowd);
	qi_crowd_finish(test, crowd);
	expect_alive(test, model);
}

static void repair_timeout(struct kunit *test)
{
	struct model_unit *model = make_unit(test);
	struct vtd_qi_stats stats;
	u64 doorbells;

	vtd_model_find_device(model, TEST_SID)->times_out = true;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, submit_one(test, model, ask_device(TEST_SID)));
	KUNIT_EXPECT_TRUE(test, vtd_qi_timed_out(model->unit, TEST_SID));
	KUNIT_EXPECT_FALSE(test, vtd_qi_timed_out(model->unit, OTHER_SID));
	vtd_qi_read_stats(model->unit, &stats);
	KUNIT_EXPECT_EQ(test, stats.timeout_errors, 1);
	KUNIT_EXPECT_EQ(test, stats.stalls, 0);

	/* It is not asked again */
	doorbells = model->seen.doorbells;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, submit_one(test, model, ask_device(TEST_SID)));
	KUNIT_EXPECT_EQ(test, model->seen.doorbells, doorbells);
	KUNIT_EXPECT_EQ(test, 0, submit_one(test, model, ask_device(OTHER_SID)));
	expect_alive(test, model);

	/* Until it was reset */
	vtd_model_find_device(model, TEST_SID)->times_out = false;
	vtd_qi_clear_timeout(model->unit, TEST_SID);
	KUNIT_EXPECT_FALSE(test, vtd_qi_timed_out(model->unit, TEST_SID));
	KUNIT_EXPECT_EQ(test, 0, submit_one(test, model, ask_device(TEST_SID)));
}

/* The waits of others are dropped along with that of the device */
static void repair_timeout_in_crowd(struct kunit *test)
{
	struct model_unit *model = make_unit(test);
	struct qi_crowd *crowd = qi_crowd_alloc(test, model, CROWD_ROUNDS);

	model->drop_depth = 3;
	vtd_model_find_device(model, TEST_SID)->times_out = true;
	crowd->members[1].odd = ask_device(TEST_SID);
	crowd->members[1].wanted = -ETIMEDOUT;
	crowd->members[1].pause_us = 500;
	qi_crowd_start(test, crowd);
	qi_crowd_finish(test, crowd);
	KUNIT_EXPECT_TRUE(test, vtd_qi_timed_out(model->unit, TEST_SID));
	KUNIT_EXPECT_FALSE(test, vtd_qi_timed_out(model->unit, OTHER_SID));
	expect_alive(test, model);
}

/* Again and again: the device was reset each time, to no avail */
static void repair_timeout_repeated(struct kunit *test)
{
	struct model_unit *model = make_unit(test);
	unsigned int i;

	vtd_model_find_device(model, TEST_SID)->times_out = true;
	for (i = 0; i < 50; i++) {
		KUNIT_ASSERT_EQ(test, -ETIMEDOUT,
				submit_one(test, model, ask_device(TEST_SID)));
		vtd_qi_clear_timeout(model->unit, TEST_SID);
	}
	expect_alive(test, model);
}

/* Two silent devices in one submission. An old unit can't say which they are. */
static void repair_timeout_of_two(struct kunit *test)
{
	const struct repair_case *c = test->param_value;
	struct vtd_desc descs[] = {
		ask_device(TEST_SID), mark(1), ask_device(OTHER_SID),
	};
	struct model_unit *model = make_unit(test);
	int error;

	vtd_model_find_device(model, TEST_SID)->times_out = true;
	vtd_model_find_device(model, OTHER_SID)->times_out = true;
	error = qi_submit_guarded(test, model, descs, ARRAY_SIZE(descs));
	if (c->old) {
		KUNIT_EXPECT_LT(test, error, 0);
	} else {
		KUNIT_EXPECT_EQ(test, error, -ETIMEDOUT);
		KUNIT_EXPECT_TRUE(test, vtd_qi_timed_out(model->unit, TEST_SID) ||
				  vtd_qi_timed_out(model->unit, OTHER_SID));
	}
	expect_alive(test, model);
}

static void repair_wrong_answer(struct kunit *test)
{
	struct model_unit *model = make_unit(test);
	struct vtd_qi_stats stats;

	vtd_model_find_device(model, TEST_SID)->wrong = true;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, submit_one(test, model, ask_device(TEST_SID)));
	KUNIT_EXPECT_TRUE(test, vtd_qi_timed_out(model->unit, TEST_SID));
	KUNIT_EXPECT_FALSE(test, vtd_qi_timed_out(model->unit, OTHER_SID));
	vtd_qi_read_stats(model->unit, &stats);
	KUNIT_EXPECT_EQ(test, stats.completion_errors, 1);
	KUNIT_EXPECT_EQ(test, 0, submit_one(test, model, ask_device(OTHER_SID)));
	expect_alive(test, model);
}

/* A refused descriptor and a silent device, neither of which hides the other */
static void repair_both(struct kunit *test)
{
	struct model_unit *model = make_unit(test);
	struct qi_crowd *crowd = qi_crowd_alloc(test, model, CROWD_ROUNDS);

	vtd_model_find_device(model, TEST_SID)->times_out = true;
	crowd->members[1].odd = ask_device(TEST_SID);
	crowd->members[1].wanted = -ETIMEDOUT;
	crowd->members[2].odd = bad_type;
	crowd->members[2].wanted = -EIO;
	crowd->members[2].pause_us = 500;
	qi_crowd_start(test, crowd);
	qi_crowd_finish(test, crowd);
	expect_alive(test, model);
}

/* The unit stops, is restarted, and what it had not done is submitted again */
static void repair_stall(struct kunit *test)
{
	struct model_unit *model = make_unit(test);
	struct vtd_qi_stats stats;

	expect_alive(test, model);
	model->stall = true;
	KUNIT_EXPECT_EQ(test, 0, submit_one(test, model, mark(7)));
	KUNIT_EXPECT_EQ(test, model->seen.last_sid[9], 7);
	vtd_qi_read_stats(model->unit, &stats);
	KUNIT_EXPECT_EQ(test, stats.stalls, 1);
	expect_alive(test, model);
}

static void repair_stall_in_crowd(struct kunit *test)
{
	struct model_unit *model = make_unit(test);
	struct qi_crowd *crowd = qi_crowd_alloc(test, model, CROWD_ROUNDS);
	struct vtd_qi_stats stats;

	qi_crowd_start(test, crowd);
	msleep(20);
	model->stall = true;
	qi_crowd_finish(test, crowd);
	/* If they were done before it stopped, nobody noticed */
	KUNIT_EXPECT_EQ(test, 0, submit_one(test, model, mark(1)));
	vtd_qi_read_stats(model->unit, &stats);
	KUNIT_EXPECT_EQ(test, stats.stalls, 1);
	expect_alive(test, model);
}

/* It was about to ask a device when it stopped: that is to blame */
static void repair_stall_at_device(struct kunit *test)
{
	struct model_unit *model = make_unit(test);

	model->stall = true;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, submit_one(test, model, ask_device(TEST_SID)));
	KUNIT_EXPECT_TRUE(test, vtd_qi_timed_out(model->unit, TEST_SID));
	expect_alive(test, model);
}

struct again_case {
	const char *name;
	u32 error;
};

static const struct again_case again_cases[] = {
	{ "refuses", VTD_FSTS_QUEUE_ERROR },
	{ "device does not answer", VTD_FSTS_TIMEOUT_ERROR },
	{ "device answers wrongly", VTD_FSTS_COMPLETION_ERROR },
	{ "just stops", 0 },
};

KUNIT_ARRAY_PARAM_DESC(again, again_cases, name);

/*
 * The unit stops anew after each repair. Each is a new beginning, but nobody
 * waits longer than for some stalls. They are none where the unit said why.
 */
static void repair_stalls_again(struct kunit *test)
{
	const struct again_case *c = test->param_value;
	struct model_unit *model = vtd_model_create(test, MODEL_CAP, MODEL_ECAP);
	struct qi_crowd *crowd = qi_crowd_alloc(test, model, 1);
	ktime_t start = ktime_get();
	struct vtd_qi_stats stats;

	raw_spin_lock_irq(&model->lock);
	model->stall_again = !c->error;
	model->stall = !c->error;
	model->again = c->error;
	model->regs[VTD_FSTS_REG / sizeof(u32)] |= c->error;
	raw_spin_unlock_irq(&model->lock);
	/* Who is first in the queue, and who is behind him */
	crowd->count = 2;
	crowd->wanted = -EIO;
	qi_crowd_start(test, crowd);
	qi_crowd_finish(test, crowd);
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), AGAIN_MS);
	vtd_qi_read_stats(model->unit, &stats);
	KUNIT_EXPECT_EQ(test, !stats.stalls, !!c->error);
	KUNIT_EXPECT_EQ(test, stats.failed, 2);

	/* It has not been given up */
	vtd_model_heal(model);
	KUNIT_EXPECT_EQ(test, 0, submit_one(test, model, mark(1)));
	expect_alive(test, model);
}

/* The unit never comes back: that is found out once, and takes bounded time */
static void repair_failed(struct kunit *test)
{
	struct model_unit *model = make_unit(test);
	ktime_t start = ktime_get();

	model->deaf = VTD_GCMD_QIE;
	model->stall = true;
	KUNIT_EXPECT_EQ(test, -EIO, submit_one(test, model, mark(1)));
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), DEAD_MS);
	start = ktime_get();
	KUNIT_EXPECT_EQ(test, -EIO, submit_one(test, model, mark(1)));
	KUNIT_EXPECT_EQ(test, -EIO, submit_one(test, model, ask_device(TEST_SID)));
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), 500);

	/* After suspend it may be well again */
	vtd_model_heal(model);
	KUNIT_EXPECT_EQ(test, 0, vtd_qi_reenable(model->unit));
	expect_alive(test, model);
}

static struct kunit_case repair_test_cases[] = {
	KUNIT_CASE_PARAM(repair_refused, repair_gen_params),
	KUNIT_CASE_PARAM(repair_refused_anywhere, repair_gen_params),
	KUNIT_CASE_PARAM(repair_refused_twice, repair_gen_params),
	KUNIT_CASE_PARAM(repair_refused_in_crowd, repair_gen_params),
	KUNIT_CASE_PARAM(repair_refused_of_two, repair_gen_params),
	KUNIT_CASE_PARAM(repair_timeout, repair_gen_params),
	KUNIT_CASE_PARAM(repair_timeout_in_crowd, repair_gen_params),
	KUNIT_CASE_PARAM(repair_timeout_repeated, repair_gen_params),
	KUNIT_CASE_PARAM(repair_timeout_of_two, repair_gen_params),
	KUNIT_CASE_PARAM(repair_wrong_answer, repair_gen_params),
	KUNIT_CASE_PARAM(repair_both, repair_gen_params),
	KUNIT_CASE_PARAM_ATTR(repair_stall, repair_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM_ATTR(repair_stall_in_crowd, repair_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM_ATTR(repair_stall_at_device, repair_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM_ATTR(repair_stalls_again, again_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM_ATTR(repair_failed, repair_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	{ }
};

static struct kunit_suite repair_suite = {
	.name = "vtd-qi-repair",
	.test_cases = repair_test_cases,
};

kunit_test_suite(repair_suite);
