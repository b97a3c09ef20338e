// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model that allocations are compared with: one bit per page.
 *
 * What it states is the contract of alloc_iova(), no more: a request succeeds
 * if and only if there is a place for it, and gets the highest one.
 */

#include <linux/align.h>
#include <linux/bitmap.h>
#include <linux/log2.h>
#include <linux/minmax.h>

#include "model.h"

/**
 * iova_model_init() - begin with nothing taken
 * @test: test that the model's memory belongs to
 * @model: model to fill in
 * @base: PFN of the window's first page
 * @pages: length of the window
 * @start: lowest PFN that an allocation may return
 *
 * Return: 0 or -ENOMEM.
 */
int iova_model_init(struct kunit *test, struct iova_model *model,
		    unsigned long base, unsigned long pages,
		    unsigned long start)
{
	model->base = base;
	model->pages = pages;
	model->start = start;
	model->used = kunit_kcalloc(test, BITS_TO_LONGS(pages),
				    sizeof(*model->used), GFP_KERNEL);
	return model->used ? 0 : -ENOMEM;
}

static bool in_window(const struct iova_model *model, unsigned long pfn,
		      unsigned long size)
{
	return pfn >= model->base && pfn - model->base < model->pages &&
	       size <= model->pages - (pfn - model->base);
}

/**
 * iova_model_take() - a range has been handed out
 * @model: model
 * @pfn: first PFN of the range
 * @size: its length
 *
 * Return: false if the range was not free or not inside the window.
 */
bool iova_model_take(struct iova_model *model, unsigned long pfn,
		     unsigned long size)
{
	unsigned long bit = pfn - model->base;

	if (!in_window(model, pfn, size))
		return false;
	if (find_next_bit(model->used, bit + size, bit) < bit + size)
		return false;

	bitmap_set(model->used, bit, size);
	return true;
}

/**
 * iova_model_give() - a range is about to be freed
 * @model: model
 * @pfn: first PFN of the range
 * @size: its length
 *
 * Return: false if some of the range was free already.
 */
bool iova_model_give(struct iova_model *model, unsigned long pfn,
		     unsigned long size)
{
	unsigned long bit = pfn - model->base;

	if (!in_window(model, pfn, size))
		return false;
	if (find_next_zero_bit(model->used, bit + size, bit) < bit + size)
		return false;

	bitmap_clear(model->used, bit, size);
	return true;
}

/**
 * iova_model_is_taken() - is a page taken?
 * @model: model
 * @pfn: PFN inside the window
 *
 * Return: true if @pfn belongs to a range.
 */
bool iova_model_is_taken(const struct iova_model *model, unsigned long pfn)
{
	return test_bit(pfn - model->base, model->used);
}

static unsigned long request_align(const struct iova_request *rq)
{
	return rq->aligned ? roundup_pow_of_two(rq->size) : 1;
}

/* The highest position of the request in the hole from @first to @last. */
static bool fit_in_hole(const struct iova_request *rq, unsigned long first,
			unsigned long last, unsigned long *pfn)
{
	unsigned long at;

	if (last - first + 1 < rq->size)
		return false;
	at = ALIGN_DOWN(last - rq->size + 1, request_align(rq));
	if (at < first)
		return false;

	*pfn = at;
	return true;
}

/**
 * iova_model_fits() - is there a place for a request?
 * @model: model
 * @rq: request
 * @pfn: set to the first PFN of the highest place, if there is one
 *
 * Return: true if the request must succeed, false if it must be refused.
 */
bool iova_model_fits(const struct iova_model *model,
		     const struct iova_request *rq, unsigned long *pfn)
{
	unsigned long bit = model->start - model->base;
	unsigned long end, first;
	bool found = false;

	if (!rq->size || rq->limit < model->start)
		return false;

	end = min(rq->limit - model->base, model->pages - 1) + 1;
	while ((first = find_next_zero_bit(model->used, end, bit)) < end) {
		bit = find_next_bit(model->used, end, first);
		if (fit_in_hole(rq, model->base + first, model->base + bit - 1,
				pfn))
			found = true;
	}

	return found;
}

/**
 * iova_model_check_shape() - does a range have what was asked for?
 * @test: test that fails if not
 * @model: model
 * @rq: request
 * @iova: what the request was granted
 */
void iova_model_check_shape(struct kunit *test, const struct iova_model *model,
			    const struct iova_request *rq,
			    const struct iova *iova)
{
	unsigned long align = request_align(rq);

	KUNIT_ASSERT_EQ(test, iova->pfn_hi - iova->pfn_lo + 1, rq->size);
	KUNIT_ASSERT_LE(test, iova->pfn_hi, rq->limit);
	KUNIT_ASSERT_GE(test, iova->pfn_lo, model->start);
	KUNIT_ASSERT_TRUE_MSG(test, IS_ALIGNED(iova->pfn_lo, align),
			      "0x%lx is no multiple of %lu", iova->pfn_lo,
			      align);
}

/**
 * iova_model_check() - compare the outcome of alloc_iova() with the model
 * @test: test that fails if they differ
 * @model: model as it was before the request
 * @rq: request
 * @iova: what alloc_iova() returned, or NULL
 */
void iova_model_check(struct kunit *test, const struct iova_model *model,
		      const struct iova_request *rq, const struct iova *iova)
{
	unsigned long pfn = 0;
	bool must = iova_model_fits(model, rq, &pfn);

	if (!iova) {
		KUNIT_ASSERT_FALSE_MSG(test, must,
				       "refused size %lu limit 0x%lx aligned %d, 0x%lx is free",
				       rq->size, rq->limit, rq->aligned, pfn);
		return;
	}

	iova_model_check_shape(test, model, rq, iova);
	KUNIT_ASSERT_TRUE_MSG(test, must,
			      "granted size %lu limit 0x%lx at 0x%lx where nothing is free",
			      rq->size, rq->limit, iova->pfn_lo);
	KUNIT_ASSERT_EQ(test, iova->pfn_lo, pfn);
}
