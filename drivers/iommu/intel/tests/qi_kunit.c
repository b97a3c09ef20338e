// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the invalidation queue on units that do what they are told: the ring
 * through many laps, CPUs at the same time, statistics.
 */

#include <linux/ktime.h>

#include "qi_kunit.h"

#define LAPS_SUBMISSIONS	4000
#define CROWD_ROUNDS		3000
#define CROWD_ROUNDS_SLOW	300

struct qi_case {
	const char *name;
	u64 ecap;
	bool by_timer;
};

/* Units that know scalable mode have wide descriptors */
static const struct qi_case qi_cases[] = {
	{ "128 bits", MODEL_ECAP, false },
	{ "128 bits, later", MODEL_ECAP, true },
	{ "256 bits", MODEL_ECAP | VTD_ECAP_SMTS, false },
	{ "256 bits, later", MODEL_ECAP | VTD_ECAP_SMTS, true },
};

KUNIT_ARRAY_PARAM_DESC(qi, qi_cases, name);

static struct model_unit *make_unit(struct kunit *test)
{
	const struct qi_case *c = test->param_value;
	struct model_unit *model = vtd_model_create(test, MODEL_CAP, c->ecap);

	if (c->by_timer)
		vtd_model_by_timer(model);
	return model;
}

static void qi_enable(struct kunit *test)
{
	const struct qi_case *c = test->param_value;
	struct model_unit *model = make_unit(test);
	u64 address = vtd_model_get64(model, VTD_IQA_REG);

	KUNIT_EXPECT_TRUE(test, model->regs[VTD_GSTS_REG / 4] & VTD_GCMD_QIE);
	KUNIT_EXPECT_EQ(test, !!(address & VTD_IQA_WIDE), !!(c->ecap & VTD_ECAP_SMTS));
	KUNIT_EXPECT_EQ(test, vtd_model_get64(model, VTD_IQT_REG), 0);
	/* Once is enough */
	KUNIT_EXPECT_EQ(test, 0, vtd_qi_enable(model->unit));
	KUNIT_EXPECT_EQ(test, vtd_model_get64(model, VTD_IQA_REG), address);
	vtd_model_seen(test, model);
}

static void qi_none(struct kunit *test)
{
	struct model_unit *model = vtd_model_create(test, MODEL_CAP,
						    MODEL_ECAP & ~VTD_ECAP_QI);
	struct vtd_qi_stats stats;

	KUNIT_EXPECT_EQ(test, -ENODEV, vtd_qi_enable(model->unit));
	KUNIT_EXPECT_NULL(test, model->unit->qi);
	KUNIT_EXPECT_EQ(test, -ENOENT, vtd_qi_reenable(model->unit));
	KUNIT_EXPECT_FALSE(test, vtd_qi_timed_out(model->unit, 0x100));
	vtd_qi_read_stats(model->unit, &stats);
	KUNIT_EXPECT_EQ(test, stats.waits, 0);
	vtd_model_seen(test, model);
}

static void qi_deaf(struct kunit *test)
{
	struct model_unit *model = vtd_model_create(test, MODEL_CAP, MODEL_ECAP);

	vtd_qi_disable(model->unit);
	vtd_qi_free(model->unit);
	model->deaf = VTD_GCMD_QIE;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, vtd_qi_enable(model->unit));
	KUNIT_EXPECT_NULL(test, model->unit->qi);
	vtd_model_seen(test, model);
}

static void qi_one(struct kunit *test)
{
	struct model_unit *model = make_unit(test);
	struct vtd_desc desc = vtd_desc_context(VTD_GRANULARITY_DOMAIN, 9, 1);
	struct model_seen *seen;

	KUNIT_EXPECT_EQ(test, 0, vtd_qi_submit(model->unit, &desc, 1));
	seen = vtd_model_seen(test, model);
	KUNIT_EXPECT_EQ(test, seen->by_did[9], 1);
	KUNIT_EXPECT_EQ(test, seen->waits, 1);
	KUNIT_EXPECT_EQ(test, seen->doorbells, 1);
}

static void qi_full_batch(struct kunit *test)
{
	struct vtd_desc descs[VTD_QI_BATCH];
	struct model_unit *model = make_unit(test);
	struct model_seen *seen;
	unsigned int i;

	for (i = 0; i < VTD_QI_BATCH; i++)
		descs[i] = vtd_desc_context(VTD_GRANULARITY_DOMAIN, 1 + i, i);
	KUNIT_EXPECT_EQ(test, 0, vtd_qi_submit(model->unit, descs, VTD_QI_BATCH));
	seen = vtd_model_seen(test, model);
	for (i = 0; i < VTD_QI_BATCH; i++)
		KUNIT_EXPECT_EQ(test, seen->by_did[1 + i], 1);
	KUNIT_EXPECT_EQ(test, seen->waits, 1);
	KUNIT_EXPECT_EQ(test, seen->doorbells, 1);
}

/* Every length, so that each submission once lies across the end of the ring */
static void qi_laps(struct kunit *test)
{
	struct vtd_desc descs[VTD_QI_BATCH];
	struct model_unit *model = make_unit(test);
	struct model_seen *seen = &model->seen;
	unsigned int i, count, run;
	u64 total = 0;

	for (run = 0; run < LAPS_SUBMISSIONS; run++) {
		count = 1 + run % VTD_QI_BATCH;
		for (i = 0; i < count; i++)
			descs[i] = vtd_desc_context(VTD_GRANULARITY_DOMAIN, 7, run);
		total += count;
		KUNIT_ASSERT_EQ(test, 0, vtd_qi_submit(model->unit, descs, count));
		KUNIT_ASSERT_EQ(test, seen->by_did[7], total);
		KUNIT_ASSERT_EQ(test, seen->last_sid[7], run);
	}
	vtd_model_seen(test, model);
	KUNIT_EXPECT_EQ(test, seen->waits, LAPS_SUBMISSIONS);
}

static void qi_crowd(struct kunit *test)
{
	const struct qi_case *c = test->param_value;
	struct model_unit *model = make_unit(test);
	struct qi_crowd *crowd = qi_crowd_alloc(test, model, c->by_timer ?
						CROWD_ROUNDS_SLOW : CROWD_ROUNDS);
	u64 submissions = (u64)crowd->rounds * crowd->count;
	struct vtd_qi_stats stats;
	struct model_seen *seen;
	unsigned int i;

	qi_crowd_start(test, crowd);
	qi_crowd_finish(test, crowd);

	/* Nothing went wrong, so nothing was made twice */
	seen = vtd_model_seen(test, model);
	for (i = 0; i < crowd->count; i++)
		KUNIT_EXPECT_EQ(test, seen->by_did[1 + i], crowd->rounds);
	KUNIT_EXPECT_EQ(test, seen->waits, submissions);
	KUNIT_EXPECT_LE(test, seen->doorbells, submissions);
	vtd_qi_read_stats(model->unit, &stats);
	KUNIT_EXPECT_EQ(test, stats.waits, submissions);
	KUNIT_EXPECT_EQ(test, stats.doorbells, seen->doorbells);
	kunit_info(test, "%llu submissions, %llu doorbells, longest %llu ns\n",
		   stats.waits, stats.doorbells, stats.longest_ns);
}

static void qi_stats(struct kunit *test)
{
	struct vtd_desc descs[] = {
		vtd_desc_context(VTD_GRANULARITY_GLOBAL, 0, 0),
		vtd_desc_context(VTD_GRANULARITY_DEVICE, 3, 0x100),
		vtd_desc_iotlb(VTD_GRANULARITY_GLOBAL, 0, VTD_DESC_DRAIN_READS),
		vtd_desc_iotlb(VTD_GRANULARITY_DOMAIN, 3, VTD_DESC_DRAIN_WRITES),
		vtd_desc_iotlb(VTD_GRANULARITY_DOMAIN, 4, 0),
		vtd_desc_iotlb_pages(3, 0x1000, 0, true, 0),
		vtd_desc_iotlb_pages(3, 0x2000, 1, false, VTD_DESC_DRAIN_READS),
		vtd_desc_iotlb_pages(3, 0x4000, 2, false, 0),
		vtd_desc_device_tlb(0x100, 0, 0, 0, 52),
		vtd_desc_interrupts(5, 0),
		vtd_desc_all_interrupts(),
	};
	struct model_unit *model = make_unit(test);
	struct vtd_qi_stats stats;

	vtd_model_add_device(test, model, 0x100, true);
	KUNIT_EXPECT_EQ(test, 0, vtd_qi_submit(model->unit, descs, ARRAY_SIZE(descs)));
	KUNIT_EXPECT_EQ(test, 0, vtd_qi_submit(model->unit, descs, 1));
	vtd_model_seen(test, model);
	vtd_qi_read_stats(model->unit, &stats);
	KUNIT_EXPECT_EQ(test, stats.waits, 2);
	KUNIT_EXPECT_EQ(test, stats.doorbells, 2);
	KUNIT_EXPECT_EQ(test, stats.context, 3);
	KUNIT_EXPECT_EQ(test, stats.iotlb_global, 1);
	KUNIT_EXPECT_EQ(test, stats.iotlb_domain, 2);
	KUNIT_EXPECT_EQ(test, stats.iotlb_pages, 3);
	KUNIT_EXPECT_EQ(test, stats.device_tlb, 1);
	KUNIT_EXPECT_EQ(test, stats.interrupts, 2);
	KUNIT_EXPECT_EQ(test, stats.queue_errors, 0);
	KUNIT_EXPECT_EQ(test, stats.timeout_errors, 0);
	KUNIT_EXPECT_EQ(test, stats.completion_errors, 0);
	KUNIT_EXPECT_EQ(test, stats.stalls, 0);
	KUNIT_EXPECT_EQ(test, stats.failed, 0);
}

/* As after suspend to RAM: registers are gone, memory is not */
static void qi_reenable(struct kunit *test)
{
	struct model_unit *model = make_unit(test);
	struct vtd_desc desc = vtd_desc_context(VTD_GRANULARITY_DOMAIN, 9, 1);
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < 100; i++)
		KUNIT_ASSERT_EQ(test, 0, vtd_qi_submit(model->unit, &desc, 1));
	raw_spin_lock_irqsave(&model->lock, flags);
	model->regs[VTD_GSTS_REG / 4] = 0;
	vtd_model_set64(model, VTD_IQH_REG, 0);
	vtd_model_set64(model, VTD_IQT_REG, 0);
	vtd_model_set64(model, VTD_IQA_REG, 0);
	raw_spin_unlock_irqrestore(&model->lock, flags);
	model->unit->gcmd = 0;

	KUNIT_ASSERT_EQ(test, 0, vtd_qi_reenable(model->unit));
	for (i = 0; i < 2000; i++)
		KUNIT_ASSERT_EQ(test, 0, vtd_qi_submit(model->unit, &desc, 1));
	KUNIT_EXPECT_EQ(test, vtd_model_seen(test, model)->by_did[9], 2100);
}

/* Also when it was on all the time */
static void qi_reenable_while_on(struct kunit *test)
{
	struct model_unit *model = make_unit(test);
	struct vtd_desc desc = vtd_desc_context(VTD_GRANULARITY_DOMAIN, 9, 1);

	KUNIT_ASSERT_EQ(test, 0, vtd_qi_submit(model->unit, &desc, 1));
	KUNIT_ASSERT_EQ(test, 0, vtd_qi_reenable(model->unit));
	KUNIT_ASSERT_EQ(test, 0, vtd_qi_submit(model->unit, &desc, 1));
	KUNIT_EXPECT_EQ(test, vtd_model_seen(test, model)->by_did[9], 2);
}

static void qi_peek(struct kunit *test)
{
	const struct qi_case *c = test->param_value;
	struct model_unit *model = make_unit(test);
	struct vtd_desc desc = vtd_desc_context(VTD_GRANULARITY_DOMAIN, 9, 1), got;
	unsigned int bytes = c->ecap & VTD_ECAP_SMTS ? 32 : 16;
	u32 status;

	KUNIT_ASSERT_EQ(test, 0, vtd_qi_submit(model->unit, &desc, 1));
	KUNIT_EXPECT_EQ(test, bytes, vtd_qi_peek(model->unit, 0, &got, &status));
	KUNIT_EXPECT_EQ(test, got.lo, desc.lo);
	KUNIT_EXPECT_EQ(test, bytes, vtd_qi_peek(model->unit, 1, &got, &status));
	KUNIT_EXPECT_EQ(test, got.lo & 0xf, VTD_DESC_WAIT);
	KUNIT_EXPECT_EQ(test, got.lo >> 32, status);
	KUNIT_EXPECT_EQ(test, 0, vtd_qi_peek(model->unit, UINT_MAX, &got, &status));
}

static struct kunit_case qi_test_cases[] = {
	KUNIT_CASE_PARAM(qi_enable, qi_gen_params),
	KUNIT_CASE(qi_none),
	KUNIT_CASE_SLOW(qi_deaf),
	KUNIT_CASE_PARAM(qi_one, qi_gen_params),
	KUNIT_CASE_PARAM(qi_full_batch, qi_gen_params),
	KUNIT_CASE_PARAM(qi_laps, qi_gen_params),
	KUNIT_CASE_PARAM(qi_crowd, qi_gen_params),
	KUNIT_CASE_PARAM(qi_stats, qi_gen_params),
	KUNIT_CASE_PARAM(qi_reenable, qi_gen_params),
	KUNIT_CASE_PARAM(qi_reenable_while_on, qi_gen_params),
	KUNIT_CASE_PARAM(qi_peek, qi_gen_params),
	{ }
};

static struct kunit_suite qi_suite = {
	.name = "vtd-qi",
	.test_cases = qi_test_cases,
};

kunit_test_suite(qi_suite);
