/* SPDX-License-Identifier: GPL-2.0-only */
/* Allocations of a KUnit test that fail: see kunit_fail_nth.c. */

#ifndef _KUNIT_FAIL_NTH_H
#define _KUNIT_FAIL_NTH_H

#include <linux/types.h>

struct kunit;

void kunit_fail_nth_prepare(struct kunit *test);
void kunit_fail_nth_start(unsigned int nth);
void kunit_fail_nth_start_all(unsigned int nth);
bool kunit_fail_nth_stop(void);
unsigned int kunit_fail_nth_pause(void);
void kunit_fail_nth_resume(unsigned int nth);

#endif /* _KUNIT_FAIL_NTH_H */
