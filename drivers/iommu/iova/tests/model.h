/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of an I/O address space, for allocations to be compared with.
 */

#ifndef _IOVA_TEST_MODEL_H
#define _IOVA_TEST_MODEL_H

#include <kunit/test.h>
#include <linux/iova.h>
#include <linux/types.h>

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

#endif /* _IOVA_TEST_MODEL_H */
