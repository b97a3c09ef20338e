/* SPDX-License-Identifier: GPL-2.0-only */
/* Submitting from threads, so that a driver that hangs fails a test only. */

#ifndef _VTD_TESTS_QI_KUNIT_H
#define _VTD_TESTS_QI_KUNIT_H

#include <linux/completion.h>

#include "model.h"

/* Longer than all stalls that a submission waits for */
#define QI_TEST_PATIENCE	(20 * HZ)

#define QI_TEST_THREADS		8

struct qi_crowd;

/**
 * struct qi_member - one thread of a crowd
 * @crowd: the crowd
 * @did: domain-id by which its descriptors are known
 * @odd: what else its submissions contain, if @odd.lo is not 0
 * @pause_us: it sleeps so long after each of these
 * @wanted: what these are to return
 * @unexpected: submissions that returned something else
 * @error: the last thing that was returned instead
 * @early: submissions that returned before they were executed
 */
struct qi_member {
	struct qi_crowd *crowd;
	u16 did;
	struct vtd_desc odd;
	unsigned int pause_us;
	int wanted;
	unsigned int unexpected;
	int error;
	unsigned int early;
};

/**
 * struct qi_crowd - threads that submit at the same time
 * @model: to this unit
 * @rounds: so often each
 * @count: how many they are
 * @wanted: what submissions that contain nothing odd are to return
 * @returned: submissions that did
 * @running: how many are not done
 * @done: nobody is running
 * @members: them
 */
struct qi_crowd {
	struct model_unit *model;
	unsigned int rounds;
	unsigned int count;
	int wanted;
	atomic_t returned;
	atomic_t running;
	struct completion done;
	struct qi_member members[QI_TEST_THREADS];
};

struct qi_crowd *qi_crowd_alloc(struct kunit *test, struct model_unit *model,
				unsigned int rounds);
void qi_crowd_start(struct kunit *test, struct qi_crowd *crowd);
void qi_crowd_finish(struct kunit *test, struct qi_crowd *crowd);
int qi_submit_guarded(struct kunit *test, struct model_unit *model,
		      const struct vtd_desc *descs, unsigned int count);

#endif /* _VTD_TESTS_QI_KUNIT_H */
