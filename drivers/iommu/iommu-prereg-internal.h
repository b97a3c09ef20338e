/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the cache of registered user memory share. */
#ifndef _IOMMU_PREREG_INTERNAL_H
#define _IOMMU_PREREG_INTERNAL_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable-types.h>
#include <linux/workqueue.h>
#include <linux/iommu-prereg.h>

/* In a page frame number: the pages were mapped for writing */
#define PREREG_WRITTEN		BIT(BITS_PER_LONG - 1)

/**
 * struct prereg_run - pages that follow one another in memory
 * @index: how far into the range the first one is, in pages
 * @pfn: its page frame number, with PREREG_WRITTEN
 *
 * The run ends where the next one begins.
 */
struct prereg_run {
	unsigned long index;
	unsigned long pfn;
};

/**
 * struct prereg_pages - where the pages of a range are
 * @npages: how many are known so far, all of them once the range is listed
 * @nr_runs: entries in use in @runs
 * @capacity: allocated entries of @runs; 0 if @pfns is used instead
 * @runs: sorted by their index
 * @pfns: one page frame number for each page, with PREREG_WRITTEN
 * @only: what @runs is while there is one run
 *
 * Written by the task that registers, before anybody can look it up; later
 * only PREREG_WRITTEN changes, by atomic operations. Runs are kept while they
 * are at most half as many as the range has pages: so a page never costs more
 * than one unsigned long.
 */
struct prereg_pages {
	unsigned long npages;
	unsigned long nr_runs;
	unsigned long capacity;
	union {
		struct prereg_run *runs;
		unsigned long *pfns;
	};
	struct prereg_run only;
};

void prereg_pages_init(struct prereg_pages *pages);
int prereg_pages_pin(struct prereg_pages *pages, unsigned long ua,
		     unsigned long npages);
void prereg_pages_set_device(struct prereg_pages *pages, unsigned long pfn,
			     unsigned long npages);
void prereg_pages_unpin(struct prereg_pages *pages);
void prereg_pages_free(struct prereg_pages *pages);
unsigned int prereg_pages_spans(const struct prereg_pages *pages,
				unsigned long index, unsigned long npages,
				struct iommu_prereg_span *spans,
				unsigned int max);
void prereg_pages_mark(struct prereg_pages *pages, unsigned long index,
		       unsigned long npages);
size_t prereg_pages_bytes(const struct prereg_pages *pages);

/**
 * struct prereg_space - the ranges of one process
 * @node: in prereg_spaces, under the key @mm
 * @mm: the process; its structure is held, its memory is not
 * @users: ranges, and callers that are about to add one; under
 *         prereg_spaces_lock
 * @lock: serialises who adds and removes ranges; may be held while pages are
 *        pinned; taken before the mmap lock and prereg_spaces_lock
 * @regions: ranges by user address
 * @devices: those of device memory, by page frame number
 * @rcu: readers may still be in @regions when the last user has gone
 */
struct prereg_space {
	struct rhash_head node;
	struct mm_struct *mm;
	unsigned int users;
	struct mutex lock;	/* see above */
	struct maple_tree regions;
	struct maple_tree devices;
	struct rcu_head rcu;
};

extern struct rhashtable prereg_spaces;

/* The two counts in iommu_prereg::uses */
#define PREREG_REGISTRATION	BIT_ULL(40)
#define PREREG_MAPPINGS		(PREREG_REGISTRATION - 1)

/**
 * struct iommu_prereg - a range of a process's memory
 * @ua: first address, in bytes
 * @npages: length in pages
 * @space: the process, held
 * @uses: registrations in multiples of PREREG_REGISTRATION, and mappings in
 *        the bits below. Grows from 0 only once, before the range is listed;
 *        whoever takes it to 0 releases the range.
 * @device: device memory, neither pinned nor counted
 * @listed: is in the trees of @space; under its lock
 * @pages: where the memory is
 * @work: releases the range when the last use ends where it can't sleep
 * @rcu: frees the range after those who found it by address have looked
 */
struct iommu_prereg {
	unsigned long ua;
	unsigned long npages;
	struct prereg_space *space;
	atomic64_t uses;
	bool device;
	bool listed;
	struct prereg_pages pages;
	struct work_struct work;
	struct rcu_head rcu;
};

static inline bool prereg_is_range(const struct iommu_prereg *region,
				   unsigned long ua, unsigned long npages)
{
	return region->ua == ua && region->npages == npages;
}

struct iommu_prereg *prereg_find(struct mm_struct *mm, unsigned long ua,
				 unsigned long npages);
void prereg_tree_erase(struct maple_tree *tree, unsigned long first,
		       unsigned long last);
size_t iommu_prereg_footprint(const struct iommu_prereg *region);

#endif
