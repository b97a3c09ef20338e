/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites of pre-registered user memory share: a process whose memory
 * it is, memory whose physical layout a test chooses, and a look at what is
 * pinned and charged.
 */

#ifndef _IOMMU_PREREG_KUNIT_H
#define _IOMMU_PREREG_KUNIT_H

#include <kunit/test.h>
#include <linux/iommu-prereg.h>
#include <linux/prandom.h>

struct page;

/**
 * struct prereg_fixture - what a test has
 * @mm: its process: the test's thread has its memory attached
 * @pins: pages that were pinned in all of the kernel when the test began
 */
struct prereg_fixture {
	struct mm_struct *mm;
	long pins;
};

/**
 * struct prereg_layout - shared memory made of chosen pages
 * @pages: the pages, in the order in which the process sees them
 * @npages: how many
 * @hole: the process has nothing at this page; none if not below @npages
 * @vm_flags: more flags of the mapping
 * @ua: where the process sees them, once they are mapped
 */
struct prereg_layout {
	struct page **pages;
	unsigned int npages;
	unsigned int hole;
	unsigned long vm_flags;
	unsigned long ua;
};

int prereg_init(struct kunit *test);
void prereg_exit(struct kunit *test);
struct mm_struct *prereg_mm(struct kunit *test);
struct mm_struct *prereg_another_mm(struct kunit *test);

/* Pages on either side of an island that are not mapped */
#define PREREG_MARGIN	4UL

unsigned long prereg_island(struct kunit *test, unsigned long npages);
unsigned long prereg_mmap(struct kunit *test, unsigned long npages);
void prereg_mmap_at(struct kunit *test, unsigned long ua, unsigned long npages,
		    unsigned long prot);
void prereg_munmap(struct kunit *test, unsigned long ua, unsigned long npages);
struct page *prereg_user_page(struct kunit *test, unsigned long ua);
void prereg_poke(struct kunit *test, unsigned long ua, u32 value);
u32 prereg_peek(struct kunit *test, unsigned long ua);

struct prereg_layout *prereg_layout(struct kunit *test, unsigned int npages,
				    unsigned int run);
void prereg_map_layout(struct kunit *test, struct prereg_layout *l);
struct prereg_layout *prereg_mapped(struct kunit *test, unsigned int npages,
				    unsigned int run);
phys_addr_t prereg_phys(const struct prereg_layout *l, unsigned long offset);
unsigned long prereg_contiguous(const struct prereg_layout *l,
				unsigned long offset, unsigned long bytes);

void prereg_expect_pins(struct kunit *test, unsigned long npages);
void prereg_expect_held(struct kunit *test, unsigned long npages);
void prereg_settle(struct kunit *test, unsigned long npages);
struct iommu_prereg *prereg_add(struct kunit *test, unsigned long ua,
				unsigned long npages);
int prereg_refused(struct kunit *test, unsigned long ua, unsigned long npages);
void prereg_drop(struct kunit *test, struct iommu_prereg *region);
struct iommu_prereg *prereg_seek(struct mm_struct *mm, unsigned long ua,
				 unsigned long bytes);

void prereg_kill(void);
void prereg_survive(void);
void prereg_seed(struct kunit *test, struct rnd_state *rnd, unsigned int salt);

#endif /* _IOMMU_PREREG_KUNIT_H */
