/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites of the IOVA allocator's test module share: a domain that is
 * put whatever becomes of a test.
 */

#ifndef _IOVA_TEST_UTIL_H
#define _IOVA_TEST_UTIL_H

#include <kunit/test.h>
#include <linux/iova.h>
#include <linux/prandom.h>
#include <linux/types.h>

/**
 * struct iova_fixture - the domain of one test
 * @iovad: domain, all zero before iova_test_domain()
 * @caches: the domain has per-CPU caches
 */
struct iova_fixture {
	struct iova_domain iovad;
	bool caches;
};

int iova_test_init(struct kunit *test);
void iova_test_exit(struct kunit *test);
struct iova_domain *iova_test_domain(struct kunit *test, unsigned long granule,
				     unsigned long start_pfn, bool caches);
void iova_test_put(struct kunit *test);
void iova_test_validate(struct kunit *test);
unsigned long iova_test_last_pfn(struct iova_domain *iovad);
void iova_test_close_above(struct kunit *test, unsigned long pfn);
void iova_test_expect_all_free(struct kunit *test, unsigned long first,
			       unsigned long last);
void iova_test_expect_range(struct kunit *test, unsigned long first,
			    unsigned long last);
void iova_test_seed(struct kunit *test, struct rnd_state *rnd,
		    unsigned int salt);
unsigned long iova_test_class(unsigned long size);
unsigned int iova_test_hotplug_cpu(struct kunit *test);

#endif /* _IOVA_TEST_UTIL_H */
