// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that submit to a queue, and who waits for them.
 *
 * A thread that hangs in the driver is got out by submissions of who waits,
 * which may repair what it waits for; the test has failed by then.
 */

#include <linux/delay.h>
#include <linux/kthread.h>

#include "qi_kunit.h"

/* A busy machine may be slow, so long as it goes on */
static bool wait_while_returning(struct completion *done, const atomic_t *returned)
{
	int before;

	do {
		before = atomic_read(returned);
		if (wait_for_completion_timeout(done, QI_TEST_PATIENCE))
			return true;
	} while (atomic_read(returned) != before);
	return false;
}

static void wait_for_threads(struct kunit *test, struct model_unit *model,
			     struct completion *done, const atomic_t *returned)
{
	struct vtd_desc desc = vtd_desc_all_interrupts();

	if (wait_while_returning(done, returned))
		return;
	KUNIT_FAIL(test, "a submission does not return");
	vtd_model_heal(model);
	do {
		vtd_qi_submit(model->unit, &desc, 1);
	} while (!wait_for_completion_timeout(done, HZ));
}

static bool was_executed(struct model_unit *model, u16 did, u16 number)
{
	unsigned long flags;
	bool executed;

	raw_spin_lock_irqsave(&model->lock, flags);
	executed = model->seen.last_sid[did] == number;
	raw_spin_unlock_irqrestore(&model->lock, flags);
	return executed;
}

/* Of 1 to 9 descriptors, one tells by its source-id which submission this is */
static void submit_round(struct qi_member *member, unsigned int number)
{
	struct vtd_desc descs[VTD_QI_BATCH];
	struct model_unit *model = member->crowd->model;
	unsigned int i, count = 1 + (number + member->did) % 8;
	bool odd = member->odd.lo && !(number % 4);
	int error;

	for (i = 0; i < count; i++)
		descs[i] = vtd_desc_interrupts(number, 0);
	descs[number % count] = vtd_desc_context(VTD_GRANULARITY_DOMAIN, member->did,
						 number);
	if (odd)
		descs[count++] = member->odd;
	error = vtd_qi_submit(model->unit, descs, count);
	if (error != (odd ? member->wanted : member->crowd->wanted)) {
		member->unexpected++;
		member->error = error;
	}
	if (!error && !was_executed(model, member->did, number))
		member->early++;
	if (odd && member->pause_us)
		usleep_range(member->pause_us, 2 * member->pause_us);
}

static int member_thread(void *data)
{
	struct qi_member *member = data;
	struct qi_crowd *crowd = member->crowd;
	unsigned int number;

	for (number = 1; number <= crowd->rounds; number++) {
		submit_round(member, number);
		atomic_inc(&crowd->returned);
		cond_resched();
	}
	if (atomic_dec_and_test(&crowd->running))
		complete(&crowd->done);
	return 0;
}

/**
 * qi_crowd_alloc() - a crowd that has not begun yet
 * @test: test
 * @model: unit to submit to
 * @rounds: submissions of each thread
 *
 * Context: May sleep.
 * Return: the crowd, whose members may be changed.
 */
struct qi_crowd *qi_crowd_alloc(struct kunit *test, struct model_unit *model,
				unsigned int rounds)
{
	struct qi_crowd *crowd = kunit_kzalloc(test, sizeof(*crowd), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, crowd);
	crowd->model = model;
	crowd->rounds = rounds;
	crowd->count = QI_TEST_THREADS;
	init_completion(&crowd->done);
	for (i = 0; i < crowd->count; i++) {
		crowd->members[i].crowd = crowd;
		crowd->members[i].did = 1 + i;
	}
	return crowd;
}

/**
 * qi_crowd_start() - let them go
 * @test: test
 * @crowd: crowd
 *
 * Context: May sleep.
 */
void qi_crowd_start(struct kunit *test, struct qi_crowd *crowd)
{
	struct task_struct *task;
	unsigned int i, started = 0;

	atomic_set(&crowd->running, crowd->count);
	for (i = 0; i < crowd->count; i++) {
		task = kthread_run(member_thread, &crowd->members[i], "vtd-qi/%u", i);
		if (!IS_ERR(task))
			started++;
		else if (atomic_dec_and_test(&crowd->running))
			complete(&crowd->done);
	}
	KUNIT_EXPECT_EQ(test, started, crowd->count);
}

/**
 * qi_crowd_finish() - wait for them, and look what became of their submissions
 * @test: test
 * @crowd: crowd
 *
 * Context: May sleep.
 */
void qi_crowd_finish(struct kunit *test, struct qi_crowd *crowd)
{
	unsigned int i;

	wait_for_threads(test, crowd->model, &crowd->done, &crowd->returned);
	for (i = 0; i < crowd->count; i++) {
		struct qi_member *member = &crowd->members[i];

		KUNIT_EXPECT_EQ_MSG(test, member->unexpected, 0,
				    "thread %u got %d instead of %d or %d", i,
				    member->error, crowd->wanted, member->wanted);
		KUNIT_EXPECT_EQ_MSG(test, member->early, 0,
				    "thread %u returned before its descriptors were executed",
				    i);
	}
}

/* One submission of a thread of its own */
struct guarded {
	struct intel_iommu *unit;
	struct vtd_desc descs[VTD_QI_BATCH];
	unsigned int count;
	int error;
	atomic_t returned;
	struct completion done;
};

static int guarded_thread(void *data)
{
	struct guarded *guarded = data;

	guarded->error = vtd_qi_submit(guarded->unit, guarded->descs, guarded->count);
	atomic_inc(&guarded->returned);
	complete(&guarded->done);
	return 0;
}

/**
 * qi_submit_guarded() - submit, and fail the test if that does not return
 * @test: test
 * @model: unit
 * @descs: descriptors
 * @count: their number
 *
 * Context: May sleep.
 * Return: what vtd_qi_submit() returned.
 */
int qi_submit_guarded(struct kunit *test, struct model_unit *model,
		      const struct vtd_desc *descs, unsigned int count)
{
	struct guarded *guarded = kunit_kzalloc(test, sizeof(*guarded), GFP_KERNEL);
	struct task_struct *task;

	KUNIT_ASSERT_NOT_NULL(test, guarded);
	guarded->unit = model->unit;
	memcpy(guarded->descs, descs, count * sizeof(*descs));
	guarded->count = count;
	init_completion(&guarded->done);
	task = kthread_run(guarded_thread, guarded, "vtd-qi-guarded");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	wait_for_threads(test, model, &guarded->done, &guarded->returned);
	return guarded->error;
}
