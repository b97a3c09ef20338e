/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites of the IOVA allocator's test module share: a domain that is
 * put whatever becomes of a test, and a model of the space to compare with.
 */

#ifndef _IOVA_KUNIT_H_
#define _IOVA_KUNIT_H_

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

/**
 * struct iova_model - which pages of a small window are taken
 * @base: PFN of the window's first page
 * @pages: length of the window
 * @start: lowest PFN that an allocation may return, not below @base
 * @used: one bit per page of the window
 *
 * It knows nothing of trees or caches: every answer is re-derived by looking
 * at all bits, so that it can't share a mistake with what it checks.
 */
struct iova_model {
	unsigned long base;
	unsigned long pages;
	unsigned long start;
	unsigned long *used;
};

/**
 * struct iova_request - the arguments of an allocation
 * @size: length in PFNs
 * @limit: last PFN that the range may include
 * @aligned: first PFN to be a multiple of @size, rounded up to a power of two
 */
struct iova_request {
	unsigned long size;
	unsigned long limit;
	bool aligned;
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

int iova_model_init(struct kunit *test, struct iova_model *model,
		    unsigned long base, unsigned long pages,
		    unsigned long start);
bool iova_model_take(struct iova_model *model, unsigned long pfn,
		     unsigned long size);
bool iova_model_give(struct iova_model *model, unsigned long pfn,
		     unsigned long size);
bool iova_model_is_taken(const struct iova_model *model, unsigned long pfn);
bool iova_model_fits(const struct iova_model *model,
		     const struct iova_request *rq, unsigned long *pfn);
void iova_model_check_shape(struct kunit *test, const struct iova_model *model,
			    const struct iova_request *rq,
			    const struct iova *iova);
void iova_model_check(struct kunit *test, const struct iova_model *model,
		      const struct iova_request *rq, const struct iova *iova);

#endif /* _IOVA_KUNIT_H_ */
