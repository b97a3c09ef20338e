// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages of a range: they stay what a device sees whatever the process does
 * to its address space, are pinned and charged once, get dirty where a device
 * has written, and cost little memory.
 */

#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/highmem.h>
#include <linux/huge_mm.h>
#include <linux/hugetlb.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/uaccess.h>

#include "../iommu-prereg-internal.h"
#include "iommu_prereg_kunit.h"

#define PAGES	24UL

/* The first word of each page, as a device writes and reads it */
static u32 *device_word(struct kunit *test, struct iommu_prereg *region,
			unsigned long ua)
{
	phys_addr_t phys;

	KUNIT_ASSERT_EQ(test, iommu_prereg_translate(region, ua, &phys), 0);
	return page_address(pfn_to_page(PHYS_PFN(phys)));
}

static u32 stamp(unsigned long i)
{
	return 0xda7a0000 + i;
}

/* The process fills its memory and registers it. */
static struct iommu_prereg *add_filled(struct kunit *test, unsigned long ua)
{
	unsigned long i;

	for (i = 0; i < PAGES; i++)
		prereg_poke(test, ua + i * PAGE_SIZE, stamp(i));
	return prereg_add(test, ua, PAGES);
}

static void expect_device_sees(struct kunit *test, struct iommu_prereg *region,
			       unsigned long ua)
{
	unsigned long i;

	for (i = 0; i < PAGES; i++)
		KUNIT_EXPECT_EQ(test, *device_word(test, region,
						   ua + i * PAGE_SIZE),
				stamp(i));
}

/* Both see what the other writes. */
static void prereg_test_shared_view(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, PAGES);
	struct iommu_prereg *region;
	unsigned long i;

	/* Some pages have only been read before, some not even that. */
	for (i = 0; i < PAGES / 2; i++)
		KUNIT_EXPECT_EQ(test, prereg_peek(test, ua + i * PAGE_SIZE), 0);
	region = prereg_add(test, ua, PAGES);
	for (i = 0; i < PAGES; i++) {
		prereg_poke(test, ua + i * PAGE_SIZE, stamp(i));
		KUNIT_EXPECT_EQ(test, *device_word(test, region,
						   ua + i * PAGE_SIZE),
				stamp(i));
		*device_word(test, region, ua + i * PAGE_SIZE) = i;
		KUNIT_EXPECT_EQ(test, prereg_peek(test, ua + i * PAGE_SIZE), i);
	}
	prereg_drop(test, region);
}

static void prereg_test_munmap(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, PAGES);
	struct iommu_prereg *region = add_filled(test, ua);

	prereg_munmap(test, ua, PAGES);
	prereg_expect_held(test, PAGES);
	expect_device_sees(test, region, ua);
	/* Other memory at the same address does not take over the range. */
	prereg_mmap_at(test, ua, PAGES, PROT_READ | PROT_WRITE);
	prereg_poke(test, ua, 1);
	expect_device_sees(test, region, ua);
	KUNIT_EXPECT_PTR_EQ(test, prereg_add(test, ua, PAGES), region);
	prereg_drop(test, region);
	prereg_drop(test, region);
	prereg_expect_held(test, 0);

	/* From now on it is this memory that is registered. */
	region = prereg_add(test, ua, PAGES);
	KUNIT_EXPECT_EQ(test, *device_word(test, region, ua), 1);
	prereg_drop(test, region);
}

static void prereg_test_dontneed(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, PAGES), i;
	struct iommu_prereg *region = add_filled(test, ua);

	KUNIT_ASSERT_EQ(test, do_madvise(current->mm, ua, PAGES * PAGE_SIZE,
					 MADV_DONTNEED), 0);
	for (i = 0; i < PAGES; i++)
		prereg_poke(test, ua + i * PAGE_SIZE, 0xbad);
	expect_device_sees(test, region, ua);
	prereg_expect_held(test, PAGES);
	prereg_drop(test, region);
}

/**
 * struct child - a process that was forked
 * @done: it has done its work
 * @ua: where it writes, PAGES pages
 * @seen: what it read there before, in the last page
 * @errors: pages that it could not write
 */
struct child {
	struct completion done;
	unsigned long ua;
	u32 seen;
	unsigned int errors;
};

static int child_run(void *arg)
{
	struct child *c = arg;
	u32 value = 0xc0ffee;
	unsigned long i;

	for (i = 0; i < PAGES; i++) {
		void __user *p = (void __user *)(c->ua + i * PAGE_SIZE);

		if (copy_from_user(&c->seen, p, sizeof(c->seen)) ||
		    copy_to_user(p, &value, sizeof(value)))
			c->errors++;
	}
	complete(&c->done);
	do_exit(0);
}

static void fork_and_write(struct kunit *test, struct child *c)
{
	struct kernel_clone_args args = {
		.exit_signal = SIGCHLD,
		.fn = child_run,
		.fn_arg = c,
	};

	init_completion(&c->done);
	KUNIT_ASSERT_GT(test, kernel_clone(&args), 0);
}

/* Whoever of both writes first, the device stays with the parent. */
static void prereg_test_fork(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, PAGES), i;
	struct iommu_prereg *region = add_filled(test, ua);
	struct child c = { .ua = ua };

	fork_and_write(test, &c);
	wait_for_completion(&c.done);
	KUNIT_EXPECT_EQ(test, c.errors, 0);
	KUNIT_EXPECT_EQ(test, c.seen, stamp(PAGES - 1));
	expect_device_sees(test, region, ua);

	fork_and_write(test, &c);
	for (i = 0; i < PAGES; i++)
		prereg_poke(test, ua + i * PAGE_SIZE, stamp(i));
	expect_device_sees(test, region, ua);
	*device_word(test, region, ua) = 0xd0d0;
	KUNIT_EXPECT_EQ(test, prereg_peek(test, ua), 0xd0d0);
	wait_for_completion(&c.done);
	KUNIT_EXPECT_EQ(test, prereg_peek(test, ua), 0xd0d0);
	prereg_expect_held(test, PAGES);
	prereg_drop(test, region);
}

/* Each page has one pin, however often it is registered. */
static void prereg_test_pinned_once(struct kunit *test)
{
	struct prereg_layout *l = prereg_mapped(test, PAGES, 3);
	struct iommu_prereg *region;
	unsigned long i, j;
	int before[PAGES];

	for (i = 0; i < PAGES; i++)
		before[i] = page_ref_count(l->pages[i]);
	region = prereg_add(test, l->ua + PAGE_SIZE, PAGES - 2);
	for (j = 0; j < 3; j++) {
		for (i = 1; i < PAGES - 1; i++)
			KUNIT_EXPECT_EQ(test, page_ref_count(l->pages[i]),
					before[i] + GUP_PIN_COUNTING_BIAS);
		KUNIT_EXPECT_EQ(test, page_ref_count(l->pages[0]), before[0]);
		KUNIT_EXPECT_EQ(test, page_ref_count(l->pages[PAGES - 1]),
				before[PAGES - 1]);
		prereg_add(test, l->ua + PAGE_SIZE, PAGES - 2);
	}
	for (j = 0; j < 4; j++)
		prereg_drop(test, region);
	for (i = 0; i < PAGES; i++)
		KUNIT_EXPECT_EQ(test, page_ref_count(l->pages[i]), before[i]);
}

static const unsigned int runs[] = { 1, 2, 5, 64 };

static void run_desc(const unsigned int *run, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "runs of %u pages", *run);
}

KUNIT_ARRAY_PARAM(run, runs, run_desc);

#define LAYOUT_PAGES	64U

/* Pinning for writing makes pages dirty by itself; what comes later counts. */
static void clean(const struct prereg_layout *l)
{
	unsigned int i;

	for (i = 0; i < l->npages; i++)
		ClearPageDirty(l->pages[i]);
}

static unsigned int count_dirty(const struct prereg_layout *l,
				unsigned int first, unsigned int npages)
{
	unsigned int i, sum = 0;

	for (i = first; i < first + npages; i++)
		sum += PageDirty(l->pages[i]);
	return sum;
}

/**
 * struct writing - what a device wrote
 * @offset: first byte
 * @bytes: how many
 * @first: first page that gets dirty
 * @npages: how many
 */
struct writing {
	unsigned long offset;
	unsigned long bytes;
	unsigned int first;
	unsigned int npages;
};

static const struct writing writings[] = {
	{ 0, 1, 0, 1 },
	{ PAGE_SIZE - 1, 1, 0, 1 },
	{ PAGE_SIZE - 1, 2, 0, 2 },
	{ 7 * PAGE_SIZE, PAGE_SIZE, 7, 1 },
	{ 7 * PAGE_SIZE + 1, PAGE_SIZE, 7, 2 },
	{ 20 * PAGE_SIZE, 30 * PAGE_SIZE, 20, 30 },
	{ LAYOUT_PAGES * PAGE_SIZE - 1, 1, LAYOUT_PAGES - 1, 1 },
	{ 0, LAYOUT_PAGES * PAGE_SIZE, 0, LAYOUT_PAGES },
};

static void prereg_test_dirty(struct kunit *test)
{
	const unsigned int *run = test->param_value;
	struct prereg_layout *l = prereg_mapped(test, LAYOUT_PAGES, *run);
	const struct writing *w;
	struct iommu_prereg *region;

	for (w = writings; w < writings + ARRAY_SIZE(writings); w++) {
		region = prereg_add(test, l->ua, l->npages);
		clean(l);
		iommu_prereg_mark_written(region, l->ua + w->offset, w->bytes);
		prereg_drop(test, region);
		KUNIT_EXPECT_EQ(test, count_dirty(l, w->first, w->npages),
				w->npages);
		/* A run may be dirty as a whole, what touches none of it not. */
		if (*run == 1)
			KUNIT_EXPECT_EQ(test, count_dirty(l, 0, l->npages),
					w->npages);
	}
}

static void prereg_test_not_written(struct kunit *test)
{
	const unsigned int *run = test->param_value;
	struct prereg_layout *l = prereg_mapped(test, LAYOUT_PAGES, *run);
	struct iommu_prereg *region = prereg_add(test, l->ua, l->npages);
	phys_addr_t phys;

	clean(l);
	KUNIT_EXPECT_PTR_EQ(test, iommu_prereg_map(prereg_mm(test), l->ua, 1),
			    region);
	iommu_prereg_run(region, l->ua, ULONG_MAX, &phys);
	iommu_prereg_map_put(region);
	prereg_drop(test, region);
	KUNIT_EXPECT_EQ(test, count_dirty(l, 0, l->npages), 0);
}

/* Marks survive everything else, and don't change where memory is. */
static void prereg_test_dirty_later(struct kunit *test)
{
	const unsigned int *run = test->param_value;
	struct prereg_layout *l = prereg_mapped(test, LAYOUT_PAGES, *run);
	struct iommu_prereg *region = prereg_add(test, l->ua, l->npages);
	unsigned long offset;
	phys_addr_t phys;

	KUNIT_ASSERT_EQ(test, iommu_prereg_map_get(region), 0);
	clean(l);
	iommu_prereg_mark_written(region, l->ua + 10 * PAGE_SIZE,
				  4 * PAGE_SIZE);
	for (offset = 0; offset < l->npages * PAGE_SIZE; offset += PAGE_SIZE) {
		KUNIT_EXPECT_EQ(test, iommu_prereg_run(region, l->ua + offset,
						       ULONG_MAX, &phys),
				prereg_contiguous(l, offset, ULONG_MAX));
		KUNIT_EXPECT_EQ(test, phys, prereg_phys(l, offset));
	}
	iommu_prereg_abandon(region);
	KUNIT_EXPECT_PTR_EQ(test, prereg_add(test, l->ua, l->npages), region);
	iommu_prereg_abandon(region);
	prereg_munmap(test, l->ua, l->npages);
	clean(l);
	iommu_prereg_map_put(region);
	prereg_settle(test, 0);
	KUNIT_EXPECT_EQ(test, count_dirty(l, 10, 4), 4);
}

/**
 * struct bound - how much memory a range may take
 * @npages: its length
 * @run: pages that follow one another
 */
struct bound {
	unsigned int npages;
	unsigned int run;
};

static const struct bound bounds[] = {
	{ 2, 1 }, { 3, 1 }, { 3, 2 }, { 4, 2 }, { 16, 1 }, { 64, 1 },
	{ 64, 2 }, { 64, 3 }, { 64, 16 }, { 64, 32 }, { 64, 63 }, { 256, 1 },
	{ 256, 2 }, { 256, 3 }, { 256, 4 }, { 256, 8 }, { 256, 255 },
	{ 1500, 1 }, { 1500, 2 }, { 1500, 3 }, { 1500, 10 }, { 1500, 250 },
};

static unsigned int count_runs(const struct prereg_layout *l)
{
	unsigned long offset = 0, end = l->npages * PAGE_SIZE;
	unsigned int nr = 0;

	for (; offset < end; nr++)
		offset += prereg_contiguous(l, offset, end);
	return nr;
}

static void prereg_test_memory(struct kunit *test)
{
	unsigned int i, nr_runs, most;
	struct iommu_prereg *region;
	struct prereg_layout *l;
	size_t header;

	l = prereg_mapped(test, 1, 1);
	region = prereg_add(test, l->ua, 1);
	header = iommu_prereg_footprint(region);
	prereg_drop(test, region);
	KUNIT_EXPECT_LE(test, header, 512);

	for (i = 0; i < ARRAY_SIZE(bounds); i++) {
		l = prereg_mapped(test, bounds[i].npages, bounds[i].run);
		nr_runs = count_runs(l);
		most = min(16 * nr_runs, 8 * l->npages);
		region = prereg_add(test, l->ua, l->npages);
		KUNIT_EXPECT_LE_MSG(test, iommu_prereg_footprint(region),
				    header + (nr_runs > 1 ? most : 0),
				    "%u pages, %u runs", l->npages, nr_runs);
		prereg_drop(test, region);
		prereg_munmap(test, l->ua, l->npages);
	}
	l = prereg_mapped(test, 256, 256);
	region = prereg_add(test, l->ua, 256);
	KUNIT_EXPECT_EQ(test, iommu_prereg_footprint(region), header);
	prereg_drop(test, region);
}

/**
 * struct poor - a thread that RLIMIT_MEMLOCK means
 * @old: its rights before
 * @new: without CAP_IPC_LOCK
 * @limit: before
 */
struct poor {
	const struct cred *old;
	struct cred *new;
	unsigned long limit;
};

static void impoverish(struct kunit *test, struct poor *p)
{
	p->new = prepare_creds();
	KUNIT_ASSERT_NOT_NULL(test, p->new);
	cap_lower(p->new->cap_effective, CAP_IPC_LOCK);
	p->old = override_creds(p->new);
	p->limit = rlimit(RLIMIT_MEMLOCK);
}

static void set_limit(unsigned long npages)
{
	current->signal->rlim[RLIMIT_MEMLOCK].rlim_cur = npages << PAGE_SHIFT;
}

static void enrich(struct poor *p)
{
	current->signal->rlim[RLIMIT_MEMLOCK].rlim_cur = p->limit;
	revert_creds(p->old);
	put_cred(p->new);
}

static void prereg_test_limit(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, 2 * PAGES);
	unsigned long other = ua + PAGES * PAGE_SIZE;
	struct iommu_prereg *region, *one;
	struct poor p;

	impoverish(test, &p);
	set_limit(0);
	KUNIT_EXPECT_EQ(test, prereg_refused(test, ua, 1), -ENOMEM);
	set_limit(PAGES - 1);
	KUNIT_EXPECT_EQ(test, prereg_refused(test, ua, PAGES), -ENOMEM);
	KUNIT_EXPECT_FALSE(test, iommu_prereg_any(current->mm));
	set_limit(PAGES);
	KUNIT_EXPECT_EQ(test, prereg_refused(test, ua, PAGES + 1), -ENOMEM);
	region = prereg_add(test, ua, PAGES);
	KUNIT_EXPECT_EQ(test, prereg_refused(test, other, 1), -ENOMEM);
	/* The same again costs nothing. */
	KUNIT_EXPECT_PTR_EQ(test, prereg_add(test, ua, PAGES), region);
	prereg_drop(test, region);
	prereg_expect_held(test, PAGES);
	KUNIT_EXPECT_EQ(test, prereg_refused(test, other, 1), -ENOMEM);

	set_limit(PAGES + 1);
	one = prereg_add(test, other, 1);
	KUNIT_EXPECT_EQ(test, prereg_refused(test, other + PAGE_SIZE, 1),
			-ENOMEM);
	prereg_drop(test, one);
	/* What was given back may be used again, exactly. */
	KUNIT_EXPECT_EQ(test, prereg_refused(test, other, 2), -ENOMEM);
	one = prereg_add(test, other, 1);
	prereg_drop(test, one);
	prereg_drop(test, region);
	region = prereg_add(test, ua, PAGES + 1);
	prereg_drop(test, region);
	enrich(&p);
}

/* A failure gives back what it charged, so that as much is left as before. */
static void prereg_test_limit_after_failure(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, PAGES);
	struct iommu_prereg *region;
	struct poor p;
	unsigned int i;

	prereg_munmap(test, ua + (PAGES - 1) * PAGE_SIZE, 1);
	impoverish(test, &p);
	set_limit(PAGES);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_EQ(test, prereg_refused(test, ua, PAGES), -EFAULT);
	prereg_mmap_at(test, ua + (PAGES - 1) * PAGE_SIZE, 1,
		       PROT_READ | PROT_WRITE);
	region = prereg_add(test, ua, PAGES);
	prereg_drop(test, region);
	enrich(&p);
}

static void add_locked(struct mm_struct *mm, long npages)
{
	mmap_write_lock(mm);
	mm->locked_vm += npages;
	mmap_write_unlock(mm);
}

/* What the process has locked otherwise counts, and is left alone. */
static void prereg_test_limit_shared(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, PAGES);
	struct iommu_prereg *region;
	struct poor p;

	impoverish(test, &p);
	set_limit(PAGES);
	add_locked(current->mm, 3);
	KUNIT_EXPECT_EQ(test, prereg_refused(test, ua, PAGES - 2), -ENOMEM);
	region = prereg_add(test, ua, PAGES - 3);
	KUNIT_EXPECT_EQ(test, current->mm->locked_vm, PAGES);
	prereg_drop(test, region);
	KUNIT_EXPECT_EQ(test, current->mm->locked_vm, 3);
	add_locked(current->mm, -3);
	enrich(&p);
}

/* Who may lock without limit is charged nevertheless. */
static void prereg_test_limit_unbound(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, PAGES);
	unsigned long limit = rlimit(RLIMIT_MEMLOCK);
	struct iommu_prereg *region;

	set_limit(1);
	region = prereg_add(test, ua, PAGES);
	prereg_expect_held(test, PAGES);
	prereg_drop(test, region);
	set_limit(limit >> PAGE_SHIFT);
}

/* A large folio at @ua: whole, in parts, and what is left of it afterwards */
static void __maybe_unused try_folio(struct kunit *test, unsigned long ua,
				     unsigned long npages)
{
	struct folio *folio = page_folio(prereg_user_page(test, ua));
	struct iommu_prereg *region;
	phys_addr_t phys, start;
	unsigned long i;
	size_t header;

	KUNIT_ASSERT_EQ(test, folio_nr_pages(folio), npages);
	start = page_to_phys(&folio->page);
	region = prereg_add(test, ua, npages);
	header = iommu_prereg_footprint(region);
	KUNIT_EXPECT_LE(test, header, 512);
	prereg_expect_held(test, npages);
	KUNIT_EXPECT_EQ(test, atomic_read(&folio->_pincount), npages);
	for (i = 0; i < npages; i += 7) {
		unsigned long offset = i * PAGE_SIZE + i;

		KUNIT_ASSERT_EQ(test, iommu_prereg_run(region, ua + offset,
						       ULONG_MAX, &phys),
				npages * PAGE_SIZE - offset);
		KUNIT_ASSERT_EQ(test, phys, start + offset);
	}
	folio_clear_dirty(folio);
	iommu_prereg_mark_written(region, ua + PAGE_SIZE, 1);
	prereg_drop(test, region);
	KUNIT_EXPECT_EQ(test, atomic_read(&folio->_pincount), 0);
	KUNIT_EXPECT_TRUE(test, folio_test_dirty(folio));

	region = prereg_add(test, ua + 37 * PAGE_SIZE, 100);
	KUNIT_EXPECT_EQ(test, iommu_prereg_footprint(region), header);
	prereg_expect_held(test, 100);
	KUNIT_EXPECT_EQ(test, atomic_read(&folio->_pincount), 100);
	KUNIT_EXPECT_EQ(test, iommu_prereg_run(region, ua + 37 * PAGE_SIZE,
					       ULONG_MAX, &phys),
			100 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, phys, start + 37 * PAGE_SIZE);
	folio_get(folio);
	prereg_munmap(test, ua, npages);
	KUNIT_EXPECT_EQ(test, atomic_read(&folio->_pincount), 100);
	prereg_drop(test, region);
	KUNIT_EXPECT_EQ(test, atomic_read(&folio->_pincount), 0);
	folio_put(folio);
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
static void prereg_test_thp(struct kunit *test)
{
	unsigned long npages = HPAGE_PMD_NR;
	unsigned long ua = prereg_mmap(test, 2 * npages);
	unsigned long huge = ALIGN(ua, HPAGE_PMD_SIZE);

	if (do_madvise(current->mm, huge, HPAGE_PMD_SIZE, MADV_HUGEPAGE))
		kunit_skip(test, "no transparent huge pages");
	prereg_poke(test, huge, 1);
	if (folio_nr_pages(page_folio(prereg_user_page(test, huge))) != npages)
		kunit_skip(test, "got no transparent huge page");
	try_folio(test, huge, npages);
}
#else
static void prereg_test_thp(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_TRANSPARENT_HUGEPAGE");
}
#endif

#ifdef CONFIG_HUGETLBFS
static unsigned long saved_overcommit;

static void restore_overcommit(void *h)
{
	((struct hstate *)h)->nr_overcommit_huge_pages = saved_overcommit;
}

/* Let huge pages be allocated that the administrator has not reserved. */
static void allow_overcommit(struct kunit *test, struct hstate *h)
{
	saved_overcommit = h->nr_overcommit_huge_pages;
	h->nr_overcommit_huge_pages = saved_overcommit + 1;
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, restore_overcommit, h), 0);
}

static void prereg_test_hugetlb(struct kunit *test)
{
	struct hstate *h = &default_hstate;
	unsigned long npages = pages_per_huge_page(h), ua;
	struct file *file;

	if (!hugepages_supported())
		kunit_skip(test, "no huge pages");
	allow_overcommit(test, h);
	file = hugetlb_file_setup(HUGETLB_ANON_FILE, huge_page_size(h),
				  VM_NORESERVE, HUGETLB_ANONHUGE_INODE,
				  huge_page_shift(h));
	if (IS_ERR(file))
		kunit_skip(test, "no file of huge pages");
	ua = vm_mmap(file, 0, huge_page_size(h), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE, 0);
	fput(file);
	if (IS_ERR_VALUE(ua))
		kunit_skip(test, "got no huge page");
	try_folio(test, ua, npages);
}
#else
static void prereg_test_hugetlb(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_HUGETLBFS");
}
#endif

static struct kunit_case prereg_pages_cases[] = {
	KUNIT_CASE(prereg_test_shared_view),
	KUNIT_CASE(prereg_test_munmap),
	KUNIT_CASE(prereg_test_dontneed),
	KUNIT_CASE_SLOW(prereg_test_fork),
	KUNIT_CASE(prereg_test_pinned_once),
	KUNIT_CASE_PARAM(prereg_test_dirty, run_gen_params),
	KUNIT_CASE_PARAM(prereg_test_not_written, run_gen_params),
	KUNIT_CASE_PARAM(prereg_test_dirty_later, run_gen_params),
	KUNIT_CASE_SLOW(prereg_test_memory),
	KUNIT_CASE(prereg_test_limit),
	KUNIT_CASE(prereg_test_limit_after_failure),
	KUNIT_CASE(prereg_test_limit_shared),
	KUNIT_CASE(prereg_test_limit_unbound),
	KUNIT_CASE(prereg_test_thp),
	KUNIT_CASE(prereg_test_hugetlb),
	{}
};

static struct kunit_suite prereg_pages_suite = {
	.name = "iommu-prereg-pages",
	.init = prereg_init,
	.exit = prereg_exit,
	.test_cases = prereg_pages_cases,
};

kunit_test_suite(prereg_pages_suite);
