// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the pages of a registered range are: pinned in batches, kept as runs
 * while that is the shorter form, page by page otherwise.
 */

#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "iommu-prereg-internal.h"

#define PREREG_BATCH		(PAGE_SIZE / sizeof(struct page *))
#define PREREG_FIRST_RUNS	32	/* that memory is allocated for */
#define PREREG_UNPIN		32768UL	/* pages to unpin before others get the CPU */

static bool prereg_pages_flat(const struct prereg_pages *pages)
{
	return !pages->capacity;
}

/*
 * Not kvmalloc(), which refuses more than INT_MAX bytes: a page each for a
 * terabyte of memory.
 */
static void *prereg_alloc(unsigned long nr, size_t size)
{
	size_t bytes = array_size(nr, size);

	if (bytes <= PAGE_SIZE)
		return kmalloc(bytes, GFP_KERNEL_ACCOUNT);
	return __vmalloc(bytes, GFP_KERNEL_ACCOUNT);
}

static void prereg_pages_free_runs(struct prereg_pages *pages)
{
	if (pages->runs != &pages->only)
		kvfree(pages->runs);
}

static unsigned long prereg_run_end(const struct prereg_pages *pages,
				    unsigned long nr)
{
	return nr + 1 < pages->nr_runs ? pages->runs[nr + 1].index : pages->npages;
}

/**
 * prereg_pages_init() - no pages yet
 * @pages: what to set up
 */
void prereg_pages_init(struct prereg_pages *pages)
{
	*pages = (struct prereg_pages) {
		.capacity = 1,
		.runs = &pages->only,
	};
}

/* Convert runs to one number for each of @npages pages. */
static int prereg_pages_flatten(struct prereg_pages *pages, unsigned long npages)
{
	unsigned long *pfns = prereg_alloc(npages, sizeof(*pfns));
	unsigned long nr, index;

	if (!pfns)
		return -ENOMEM;
	for (nr = 0, index = 0; nr < pages->nr_runs; nr++) {
		unsigned long pfn = pages->runs[nr].pfn;

		while (index < prereg_run_end(pages, nr))
			pfns[index++] = pfn++;
		cond_resched();
	}
	prereg_pages_free_runs(pages);
	pages->pfns = pfns;
	pages->nr_runs = 0;
	pages->capacity = 0;
	return 0;
}

static int prereg_pages_resize(struct prereg_pages *pages, unsigned long capacity)
{
	struct prereg_run *runs = prereg_alloc(capacity, sizeof(*runs));

	if (!runs)
		return -ENOMEM;
	memcpy(runs, pages->runs, pages->nr_runs * sizeof(*runs));
	prereg_pages_free_runs(pages);
	pages->runs = runs;
	pages->capacity = capacity;
	return 0;
}

/* Make space for one more run, in the form that is shorter for @npages pages. */
static int prereg_pages_grow(struct prereg_pages *pages, unsigned long npages)
{
	unsigned long most = npages / 2;

	if (pages->nr_runs >= most)
		return prereg_pages_flatten(pages, npages);
	return prereg_pages_resize(pages, min(most, max(pages->capacity * 2,
							PREREG_FIRST_RUNS)));
}

static bool prereg_pages_extend_run(struct prereg_pages *pages, unsigned long pfn)
{
	const struct prereg_run *last;

	if (!pages->nr_runs)
		return false;
	last = &pages->runs[pages->nr_runs - 1];
	return pfn == last->pfn + (pages->npages - last->index);
}

static int prereg_pages_append(struct prereg_pages *pages, unsigned long pfn,
			       unsigned long npages)
{
	if (!prereg_pages_flat(pages)) {
		if (prereg_pages_extend_run(pages, pfn)) {
			pages->npages++;
			return 0;
		}
		if (pages->nr_runs == pages->capacity) {
			int ret = prereg_pages_grow(pages, npages);

			if (ret)
				return ret;
		}
	}
	if (prereg_pages_flat(pages)) {
		pages->pfns[pages->npages++] = pfn;
	} else {
		pages->runs[pages->nr_runs++] = (struct prereg_run) {
			.index = pages->npages++,
			.pfn = pfn,
		};
	}
	return 0;
}

/* Pin and record the next pages. On failure what is recorded stays pinned. */
static int prereg_pages_pin_batch(struct prereg_pages *pages, unsigned long ua,
				  unsigned long npages, struct page **batch)
{
	unsigned long want = min(npages - pages->npages, PREREG_BATCH);
	int got, i;

	got = pin_user_pages_fast(ua + (pages->npages << PAGE_SHIFT), want,
				  FOLL_WRITE | FOLL_LONGTERM, batch);
	/* On a signal, taking the mmap lock fails with another errno than gup. */
	if (got <= 0 && fatal_signal_pending(current))
		return -EINTR;
	if (got <= 0)
		return got ?: -EFAULT;
	for (i = 0; i < got; i++) {
		int ret = prereg_pages_append(pages, page_to_pfn(batch[i]), npages);

		if (ret) {
			unpin_user_pages(batch + i, got - i);
			return ret;
		}
	}
	return 0;
}

/**
 * prereg_pages_pin() - pin memory of the calling process for as long as it takes
 * @pages: gets the pages; nothing in it yet
 * @ua: first address, in bytes, page-aligned
 * @npages: how many, in pages
 *
 * Movable pages are migrated away from where they must not stay. Memory is
 * pinned for writing: a private page is the process's own afterwards, and a
 * child that it forks gets a copy.
 *
 * Context: May sleep. Not under the mmap lock of the process.
 * Return: 0, -EINTR on a fatal signal, -ENOMEM, or what get_user_pages()
 * returns for the first page that can't be pinned. On failure pages->npages
 * pages are pinned, to be given to prereg_pages_unpin().
 */
int prereg_pages_pin(struct prereg_pages *pages, unsigned long ua,
		     unsigned long npages)
{
	struct page **batch __free(kfree) = kmalloc(PAGE_SIZE, GFP_KERNEL);

	if (!batch)
		return -ENOMEM;
	while (pages->npages < npages) {
		int ret;

		if (fatal_signal_pending(current))
			return -EINTR;
		ret = prereg_pages_pin_batch(pages, ua, npages, batch);
		if (ret)
			return ret;
		cond_resched();
	}
	/* Doubling leaves up to half of the memory unused; without is no harm */
	if (pages->runs != &pages->only && pages->nr_runs < pages->capacity)
		prereg_pages_resize(pages, pages->nr_runs);
	return 0;
}

/**
 * prereg_pages_set_device() - pages that need no pinning
 * @pages: gets the pages; nothing in it yet
 * @pfn: the first one's page frame number
 * @npages: how many, in pages
 */
void prereg_pages_set_device(struct prereg_pages *pages, unsigned long pfn,
			     unsigned long npages)
{
	pages->only.pfn = pfn;
	pages->nr_runs = 1;
	pages->npages = npages;
}

static unsigned long prereg_pfn(unsigned long entry)
{
	return entry & ~PREREG_WRITTEN;
}

/* Unpin a part at a time: a run may be a terabyte. */
static void prereg_unpin(unsigned long entry, unsigned long npages)
{
	unsigned long pfn = prereg_pfn(entry);

	while (npages) {
		unsigned long nr = min(npages, PREREG_UNPIN);

		unpin_user_page_range_dirty_lock(pfn_to_page(pfn), nr,
						 entry & PREREG_WRITTEN);
		pfn += nr;
		npages -= nr;
		cond_resched();
	}
}

/**
 * prereg_pages_unpin() - let all pages go, those that were marked as dirty ones
 * @pages: the pages
 *
 * What is known about them stays until prereg_pages_free().
 *
 * Context: May sleep.
 */
void prereg_pages_unpin(struct prereg_pages *pages)
{
	unsigned long i;

	if (prereg_pages_flat(pages)) {
		for (i = 0; i < pages->npages; i++)
			prereg_unpin(pages->pfns[i], 1);
	} else {
		for (i = 0; i < pages->nr_runs; i++)
			prereg_unpin(pages->runs[i].pfn,
				     prereg_run_end(pages, i) - pages->runs[i].index);
	}
}

/**
 * prereg_pages_free() - free what is known about the pages
 * @pages: the pages, no longer pinned
 *
 * Context: Any context but hard interrupts.
 */
void prereg_pages_free(struct prereg_pages *pages)
{
	if (prereg_pages_flat(pages))
		kvfree(pages->pfns);
	else
		prereg_pages_free_runs(pages);
}

/* Find the run that page @index is in. */
static unsigned long prereg_find_run(const struct prereg_pages *pages,
				     unsigned long index)
{
	unsigned long low = 0, high = pages->nr_runs;

	while (high - low > 1) {
		unsigned long middle = low + (high - low) / 2;

		if (pages->runs[middle].index <= index)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static struct iommu_prereg_span prereg_span(unsigned long pfn, unsigned long npages)
{
	return (struct iommu_prereg_span) {
		.phys = PFN_PHYS(pfn),
		.bytes = npages << PAGE_SHIFT,
	};
}

static unsigned int prereg_spans_of_pfns(const struct prereg_pages *pages,
					 unsigned long index, unsigned long end,
					 struct iommu_prereg_span *spans,
					 unsigned int max)
{
	unsigned int nr;

	for (nr = 0; nr < max && index < end; nr++) {
		unsigned long first = prereg_pfn(READ_ONCE(pages->pfns[index]));
		unsigned long next = first;

		do {
			next++;
			index++;
		} while (index < end &&
			 prereg_pfn(READ_ONCE(pages->pfns[index])) == next);
		spans[nr] = prereg_span(first, next - first);
	}
	return nr;
}

static unsigned int prereg_spans_of_runs(const struct prereg_pages *pages,
					 unsigned long index, unsigned long end,
					 struct iommu_prereg_span *spans,
					 unsigned int max)
{
	unsigned long run = prereg_find_run(pages, index);
	unsigned int nr;

	for (nr = 0; nr < max && index < end; nr++, run++) {
		unsigned long first = prereg_pfn(READ_ONCE(pages->runs[run].pfn));
		unsigned long stop = min(end, prereg_run_end(pages, run));

		first += index - pages->runs[run].index;
		spans[nr] = prereg_span(first, stop - index);
		index = stop;
	}
	return nr;
}

/**
 * prereg_pages_spans() - where pages are
 * @pages: the pages
 * @index: how far into the range the first one is, in pages
 * @npages: how many, in pages, all within the range
 * @spans: gets what is contiguous, in their order
 * @max: number of entries in @spans
 *
 * Context: Any context.
 * Return: how many of @spans were written.
 */
unsigned int prereg_pages_spans(const struct prereg_pages *pages,
				unsigned long index, unsigned long npages,
				struct iommu_prereg_span *spans,
				unsigned int max)
{
	if (prereg_pages_flat(pages))
		return prereg_spans_of_pfns(pages, index, index + npages, spans, max);
	return prereg_spans_of_runs(pages, index, index + npages, spans, max);
}

static void prereg_mark(unsigned long *pfn)
{
	/* Looking first spares the cache line a write that changes nothing */
	if (!(READ_ONCE(*pfn) & PREREG_WRITTEN))
		set_bit(BITS_PER_LONG - 1, pfn);
}

/**
 * prereg_pages_mark() - pages that a device may write to
 * @pages: the pages
 * @index: how far into the range the first one is, in pages
 * @npages: how many, in pages, all within the range
 *
 * A run is marked as a whole.
 *
 * Context: Any context.
 */
void prereg_pages_mark(struct prereg_pages *pages, unsigned long index,
		       unsigned long npages)
{
	unsigned long end = index + npages;

	if (prereg_pages_flat(pages)) {
		while (index < end)
			prereg_mark(&pages->pfns[index++]);
	} else {
		unsigned long nr = prereg_find_run(pages, index);

		for (; nr < pages->nr_runs && pages->runs[nr].index < end; nr++)
			prereg_mark(&pages->runs[nr].pfn);
	}
}

/**
 * prereg_pages_bytes() - memory that runs or page frame numbers take
 * @pages: the pages
 *
 * Return: bytes, beyond the structure itself.
 */
size_t prereg_pages_bytes(const struct prereg_pages *pages)
{
	if (prereg_pages_flat(pages))
		return pages->npages * sizeof(*pages->pfns);
	if (pages->runs == &pages->only)
		return 0;
	return pages->capacity * sizeof(*pages->runs);
}
