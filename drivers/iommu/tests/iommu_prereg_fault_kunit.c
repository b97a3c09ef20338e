// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation and every pin fails once.
 *
 * A sweep repeats an operation, the first time with its first allocation or
 * pin failing, then its second, until one repetition meets no failure any
 * more. What fails has to leave nothing behind; what ends a use may not fail,
 * not even if all its allocations do.
 *
 * Allocations fail by the kernel's own fault injection. Pins fail at a page
 * that is not there; or by a return probe, which can also have fewer pages
 * pinned than were asked for.
 */

#include <kunit/resource.h>
#include <linux/err.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "iommu_prereg_kunit.h"
#include "kunit_fail_nth.h"

/* More failures than this in one operation are a runaway sweep. */
#define MAX_NTH		300

/* More than may be pinned in one go */
#define MANY_PAGES	1100U

/**
 * struct subject - what an operation works on
 * @test: test
 * @ua: range
 * @npages: its length
 * @region: what is registered there; NULL if nothing is
 * @owner: a container
 */
struct subject {
	struct kunit *test;
	unsigned long ua;
	unsigned long npages;
	struct iommu_prereg *region;
	struct iommu_prereg_owner owner;
};

/* Instead of the number of one allocation */
#define ALL_OF_THEM	UINT_MAX

static void inject(unsigned int nth)
{
	if (nth == ALL_OF_THEM)
		kunit_fail_nth_start_all(1);
	else
		kunit_fail_nth_start(nth);
}

static int add(struct subject *s)
{
	struct iommu_prereg *region;

	region = iommu_prereg_register(current->mm, s->ua, s->npages);
	if (IS_ERR(region))
		return PTR_ERR(region);
	s->region = region;
	return 0;
}

static int add_device(struct subject *s)
{
	struct iommu_prereg *region;

	region = iommu_prereg_register_device(current->mm, s->ua, s->npages,
					      SZ_2G);
	if (IS_ERR(region))
		return PTR_ERR(region);
	s->region = region;
	return 0;
}

static int add_owned(struct subject *s)
{
	return iommu_prereg_owner_register(&s->owner, s->ua, s->npages);
}

static int drop(struct subject *s)
{
	int ret = iommu_prereg_unregister(s->region);

	if (!ret)
		s->region = NULL;
	return ret;
}

static int drop_owned(struct subject *s)
{
	return iommu_prereg_owner_unregister(&s->owner, s->ua, s->npages);
}

static int abandon(struct subject *s)
{
	iommu_prereg_abandon(s->region);
	s->region = NULL;
	return 0;
}

static int release_owner(struct subject *s)
{
	iommu_prereg_owner_release(&s->owner);
	iommu_prereg_owner_init(&s->owner);
	return 0;
}

static int use(struct subject *s)
{
	unsigned long bytes = s->npages * PAGE_SIZE;
	struct iommu_prereg *region;
	phys_addr_t phys;

	region = iommu_prereg_map(current->mm, s->ua, bytes);
	if (!region || iommu_prereg_map_get(region) ||
	    iommu_prereg_translate(region, s->ua, &phys) ||
	    !iommu_prereg_run(region, s->ua, bytes, &phys) ||
	    iommu_prereg_get(current->mm, s->ua, s->npages) != region)
		return -ENXIO;
	iommu_prereg_mark_written(region, s->ua, bytes);
	iommu_prereg_map_put(region);
	iommu_prereg_map_put(region);
	return iommu_prereg_unregister(region);
}

/**
 * struct fault_op - an operation that is swept
 * @name: description
 * @run: memory in runs of that many pages; private and not yet there if 0
 * @sure: it has to succeed whatever fails
 * @before: brings about the state for it, without failures; may be NULL
 * @act: the operation; returns 0 or an error
 * @after: takes back what it did, or what @before did if that is still there
 */
struct fault_op {
	const char *name;
	unsigned int run;
	bool sure;
	int (*before)(struct subject *s);
	int (*act)(struct subject *s);
	int (*after)(struct subject *s);
};

static int drop_any(struct subject *s)
{
	return s->region ? drop(s) : 0;
}

static const struct fault_op fault_ops[] = {
	{ "register, one run", 64, false, NULL, add, drop_any },
	{ "register, no runs", 1, false, NULL, add, drop_any },
	{ "register, runs", 5, false, NULL, add, drop_any },
	{ "register, not there yet", 0, false, NULL, add, drop_any },
	{ "register again", 1, true, add_owned, add, drop_any },
	{ "register device memory", 1, false, NULL, add_device, drop_any },
	{ "register for a container", 3, false, NULL, add_owned, release_owner },
	{ "register for a container again", 3, true, add_owned, add_owned,
	  release_owner },
	{ "use", 2, true, add, use, drop_any },
	{ "unregister", 1, true, add, drop, drop_any },
	{ "unregister device memory", 1, true, add_device, drop, drop_any },
	{ "unregister from a container", 64, true, add_owned, drop_owned,
	  release_owner },
	{ "abandon", 64, true, add, abandon, drop_any },
	{ "release a container", 64, true, add_owned, release_owner,
	  release_owner },
};

KUNIT_ARRAY_PARAM_DESC(fault_op, fault_ops, name);

/* With a neighbour, which has to stay as it is */
static void try_nth(struct subject *s, const struct fault_op *op,
		    unsigned int nth, bool *failed)
{
	struct mm_struct *mm = current->mm;
	unsigned long held;
	int ret;

	if (op->before)
		KUNIT_ASSERT_EQ(s->test, op->before(s), 0);
	held = mm->locked_vm;
	inject(nth);
	ret = op->act(s);
	*failed = kunit_fail_nth_stop();

	if (op->sure || !*failed)
		KUNIT_EXPECT_EQ_MSG(s->test, ret, 0, "allocation %u", nth);
	if (ret) {
		KUNIT_EXPECT_EQ(s->test, ret, -ENOMEM);
		prereg_expect_held(s->test, held);
	}
	KUNIT_ASSERT_EQ(s->test, op->after(s), 0);
	if (op->before == add_owned)
		release_owner(s);
}

static void expect_only_neighbour(struct subject *s,
				  struct iommu_prereg *neighbour,
				  unsigned long ua)
{
	struct mm_struct *mm = current->mm;
	unsigned long i;

	prereg_settle(s->test, 1);
	for (i = 0; i < s->npages; i++)
		KUNIT_ASSERT_NULL(s->test, prereg_seek(mm, s->ua + i * PAGE_SIZE,
						       1));
	KUNIT_ASSERT_PTR_EQ(s->test, prereg_seek(mm, ua, PAGE_SIZE), neighbour);
}

static void prereg_test_no_memory(struct kunit *test)
{
	const struct fault_op *op = test->param_value;
	struct subject s = { .test = test, .npages = 64 };
	unsigned long ua = prereg_mmap(test, 1);
	struct iommu_prereg *neighbour;
	bool failed = true;
	unsigned int nth;

	kunit_fail_nth_prepare(test);
	iommu_prereg_owner_init(&s.owner);
	if (op->run)
		s.ua = prereg_mapped(test, s.npages, op->run)->ua;
	neighbour = prereg_add(test, ua, 1);
	for (nth = 1; failed; nth++) {
		KUNIT_ASSERT_LE(test, nth, MAX_NTH);
		if (!op->run)
			s.ua = prereg_mmap(test, s.npages);
		try_nth(&s, op, nth, &failed);
		expect_only_neighbour(&s, neighbour, ua);
		if (!op->run)
			prereg_munmap(test, s.ua, s.npages);
	}
	if (!op->sure)
		KUNIT_EXPECT_GT(test, nth, 2);
	prereg_drop(test, neighbour);
	iommu_prereg_owner_release(&s.owner);
}

/* What ends a use has everything it needs. */
static void prereg_test_no_memory_at_all(struct kunit *test)
{
	const struct fault_op *op = test->param_value;
	struct subject s = { .test = test, .npages = 64 };
	unsigned long ua = prereg_mmap(test, 1);
	struct iommu_prereg *neighbour;
	bool failed;

	kunit_fail_nth_prepare(test);
	iommu_prereg_owner_init(&s.owner);
	if (op->run)
		s.ua = prereg_mapped(test, s.npages, op->run)->ua;
	else
		s.ua = prereg_mmap(test, s.npages);
	neighbour = prereg_add(test, ua, 1);
	try_nth(&s, op, ALL_OF_THEM, &failed);
	expect_only_neighbour(&s, neighbour, ua);
	prereg_drop(test, neighbour);
	iommu_prereg_owner_release(&s.owner);
}

/* The first range of a process, and its last */
static void prereg_test_no_memory_first(struct kunit *test)
{
	struct subject s = { .test = test, .npages = 64 };
	bool failed = true;
	unsigned int nth;
	int ret;

	kunit_fail_nth_prepare(test);
	s.ua = prereg_mapped(test, s.npages, 4)->ua;
	for (nth = 1; failed; nth++) {
		KUNIT_ASSERT_LE(test, nth, MAX_NTH);
		inject(nth);
		ret = add(&s);
		failed = kunit_fail_nth_stop();
		if (!ret) {
			prereg_drop(test, s.region);
		} else {
			KUNIT_EXPECT_TRUE(test, failed);
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
		}
		KUNIT_EXPECT_FALSE(test, iommu_prereg_any(current->mm));
		prereg_expect_held(test, 0);
	}
}

static unsigned long count_references(const struct prereg_layout *l)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < l->npages; i++)
		sum += page_ref_count(l->pages[i]);
	return sum;
}

/* A page that is not there: those before it were pinned. */
static void try_hole(struct kunit *test, struct prereg_layout *l,
		     unsigned int hole)
{
	unsigned long references;

	l->hole = hole;
	prereg_map_layout(test, l);
	references = count_references(l);
	KUNIT_EXPECT_EQ_MSG(test, prereg_refused(test, l->ua, l->npages),
			    -EFAULT, "page %u", hole);
	KUNIT_EXPECT_EQ(test, count_references(l), references);
	KUNIT_EXPECT_FALSE(test, iommu_prereg_any(current->mm));
	prereg_munmap(test, l->ua, l->npages);
}

static void prereg_test_hole_anywhere(struct kunit *test)
{
	static const unsigned int runs[] = { 1, 4, 32 };
	struct prereg_layout *l;
	unsigned int i, hole;

	for (i = 0; i < ARRAY_SIZE(runs); i++) {
		l = prereg_layout(test, 32, runs[i]);
		for (hole = 0; hole < l->npages; hole++)
			try_hole(test, l, hole);
		l->hole = l->npages;
		prereg_map_layout(test, l);
		prereg_drop(test, prereg_add(test, l->ua, l->npages));
	}
}

static void prereg_test_hole_far_away(struct kunit *test)
{
	static const unsigned int holes[] = {
		1, 255, 256, 510, 511, 512, 513, 1023, 1024, MANY_PAGES - 1,
	};
	struct prereg_layout *scattered = prereg_layout(test, MANY_PAGES, 1);
	struct prereg_layout *runs = prereg_layout(test, MANY_PAGES, 256);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(holes); i++) {
		try_hole(test, scattered, holes[i]);
		try_hole(test, runs, holes[i]);
	}
}

/* The same in private memory, with the errors that tell why */
static void prereg_test_end_of_memory(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, MANY_PAGES);
	unsigned long last = ua + (MANY_PAGES - 1) * PAGE_SIZE;

	prereg_mmap_at(test, last, 1, PROT_NONE);
	KUNIT_EXPECT_EQ(test, prereg_refused(test, ua, MANY_PAGES), -EACCES);
	prereg_mmap_at(test, last, 1, PROT_READ);
	KUNIT_EXPECT_EQ(test, prereg_refused(test, ua, MANY_PAGES), -EACCES);
	prereg_munmap(test, last, 1);
	KUNIT_EXPECT_EQ(test, prereg_refused(test, ua, MANY_PAGES), -EFAULT);
	prereg_drop(test, prereg_add(test, ua, MANY_PAGES - 1));
}

#if defined(CONFIG_KRETPROBES) && defined(CONFIG_HAVE_FUNCTION_ARG_ACCESS_API)
/**
 * struct pin_fault - what happens to pins
 * @task: whose
 * @nth: the one that it happens to; all of them from then on if @always
 * @always: likewise
 * @happened: it has
 * @kill: the task is told to die before the pages are pinned
 * @keep: pages that remain pinned of those that were
 * @error: returned if none remains
 */
struct pin_fault {
	struct task_struct *task;
	unsigned int nth;
	bool always;
	bool happened;
	bool kill;
	int keep;
	int error;
};

static struct pin_fault fault;

/**
 * struct pin_probe - a function that pins
 * @probe: probe on it
 * @pages: which argument is the array that it fills
 */
struct pin_probe {
	struct kretprobe probe;
	unsigned int pages;
};

static int pin_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kretprobe *probe = get_kretprobe(ri);
	struct pin_probe *p = container_of(probe, struct pin_probe, probe);

	if (READ_ONCE(fault.task) != current || !fault.nth)
		return 1;
	if (fault.nth > 1) {
		fault.nth--;
		return 1;
	}
	if (!fault.always)
		fault.nth = 0;
	fault.happened = true;
	if (fault.kill) {
		prereg_kill();
		return 1;
	}
	*(unsigned long *)ri->data = regs_get_kernel_argument(regs, p->pages);
	return 0;
}

static int pin_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct page **pages = *(struct page ***)ri->data;
	int pinned = regs_return_value(regs);

	if (pinned <= fault.keep)
		return 0;
	unpin_user_pages(pages + fault.keep, pinned - fault.keep);
	regs_set_return_value(regs, fault.keep ?: fault.error);
	return 0;
}

static struct pin_probe pin_probes[] = {
	{ { .kp.symbol_name = "pin_user_pages_fast" }, 3 },
	{ { .kp.symbol_name = "pin_user_pages" }, 3 },
	{ { .kp.symbol_name = "pin_user_pages_remote" }, 4 },
	{ { .kp.symbol_name = "pin_user_pages_unlocked" }, 2 },
};

static void remove_probe(void *probe)
{
	unregister_kretprobe(probe);
}

static void prepare_pins(struct kunit *test)
{
	unsigned int i;

	fault.task = NULL;
	for (i = 0; i < ARRAY_SIZE(pin_probes); i++) {
		struct kretprobe *probe = &pin_probes[i].probe;

		/* One that has been in use before is not like new. */
		*probe = (struct kretprobe) {
			.kp.symbol_name = probe->kp.symbol_name,
			.entry_handler = pin_entry,
			.handler = pin_return,
			.data_size = sizeof(unsigned long),
		};
		if (register_kretprobe(probe))
			kunit_skip(test, "pins can't be probed");
		KUNIT_ASSERT_EQ(test, kunit_add_action(test, remove_probe,
						       probe), 0);
	}
}

static struct iommu_prereg *add_with(const struct prereg_layout *l,
				     const struct pin_fault *f)
{
	struct iommu_prereg *region;

	fault = *f;
	WRITE_ONCE(fault.task, current);
	region = iommu_prereg_register(current->mm, l->ua, l->npages);
	WRITE_ONCE(fault.task, NULL);
	return region;
}

/* Each call fails once, with each of these errors. */
static void prereg_test_pin_fails(struct kunit *test)
{
	static const int errors[] = { -ENOMEM, -EFAULT, -EINTR, -EHWPOISON };
	struct prereg_layout *l = prereg_mapped(test, MANY_PAGES, 3);
	struct pin_fault f = {};
	struct iommu_prereg *region;
	unsigned int i, nth;

	prepare_pins(test);
	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		for (nth = 1; nth < MAX_NTH; nth++) {
			f.nth = nth;
			f.error = errors[i];
			region = add_with(l, &f);
			if (!fault.happened)
				break;
			KUNIT_ASSERT_EQ(test, PTR_ERR(region), errors[i]);
			prereg_expect_held(test, 0);
			KUNIT_EXPECT_FALSE(test, iommu_prereg_any(current->mm));
		}
		KUNIT_EXPECT_GT(test, nth, 1);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
		prereg_drop(test, region);
	}
}

static void expect_layout(struct kunit *test, struct iommu_prereg *region,
			  const struct prereg_layout *l)
{
	unsigned int i;

	for (i = 0; i < l->npages; i++) {
		unsigned long offset = i * PAGE_SIZE;
		phys_addr_t phys;

		KUNIT_ASSERT_EQ(test, iommu_prereg_run(region, l->ua + offset,
						       ULONG_MAX, &phys),
				prereg_contiguous(l, offset, ULONG_MAX));
		KUNIT_ASSERT_EQ(test, phys, prereg_phys(l, offset));
	}
}

/* Fewer pages than were asked for are no failure. */
static void prereg_test_pin_falls_short(struct kunit *test)
{
	static const int kept[] = { 9, 300 };
	struct prereg_layout *l = prereg_mapped(test, MANY_PAGES, 128);
	struct pin_fault f = {};
	struct iommu_prereg *region;
	unsigned int i, always;

	prepare_pins(test);
	for (i = 0; i < ARRAY_SIZE(kept); i++) {
		for (always = 0; always < 2; always++) {
			f.nth = 1 + i % 2;
			f.keep = kept[i];
			f.always = always;
			region = add_with(l, &f);
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
			KUNIT_EXPECT_TRUE(test, fault.happened);
			prereg_expect_held(test, l->npages);
			expect_layout(test, region, l);
			prereg_drop(test, region);
			prereg_expect_held(test, 0);
		}
	}
}

/* A short pin, and then none at all */
static void prereg_test_pin_short_then_fails(struct kunit *test)
{
	struct prereg_layout *l = prereg_layout(test, MANY_PAGES, 128);
	struct pin_fault f = { .nth = 1, .always = true, .keep = 99 };

	l->hole = 700;
	prereg_map_layout(test, l);
	prepare_pins(test);
	KUNIT_EXPECT_EQ(test, PTR_ERR(add_with(l, &f)), -EFAULT);
	prereg_expect_held(test, 0);
	KUNIT_EXPECT_FALSE(test, iommu_prereg_any(current->mm));
}

/* Told to die while pages are pinned: done, or interrupted with nothing left */
static void prereg_test_pin_killed(struct kunit *test)
{
	struct prereg_layout *l = prereg_mapped(test, MANY_PAGES, 1);
	struct pin_fault f = { .kill = true };
	struct iommu_prereg *region;
	unsigned int nth;

	prepare_pins(test);
	for (nth = 1; nth < MAX_NTH; nth++) {
		f.nth = nth;
		region = add_with(l, &f);
		prereg_survive();
		if (!fault.happened)
			break;
		if (nth == 1)
			KUNIT_EXPECT_EQ(test, PTR_ERR(region), -EINTR);
		if (IS_ERR(region)) {
			KUNIT_EXPECT_EQ(test, PTR_ERR(region), -EINTR);
			prereg_expect_held(test, 0);
		} else {
			prereg_drop(test, region);
		}
	}
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
	prereg_drop(test, region);
}
#else
static void prereg_test_pin_fails(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_KRETPROBES");
}

static void prereg_test_pin_falls_short(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_KRETPROBES");
}

static void prereg_test_pin_short_then_fails(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_KRETPROBES");
}

static void prereg_test_pin_killed(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_KRETPROBES");
}
#endif

static struct kunit_case prereg_fault_cases[] = {
	KUNIT_CASE_PARAM(prereg_test_no_memory, fault_op_gen_params),
	KUNIT_CASE_PARAM(prereg_test_no_memory_at_all, fault_op_gen_params),
	KUNIT_CASE(prereg_test_no_memory_first),
	KUNIT_CASE_SLOW(prereg_test_hole_anywhere),
	KUNIT_CASE_SLOW(prereg_test_hole_far_away),
	KUNIT_CASE(prereg_test_end_of_memory),
	KUNIT_CASE_SLOW(prereg_test_pin_fails),
	KUNIT_CASE_SLOW(prereg_test_pin_falls_short),
	KUNIT_CASE_SLOW(prereg_test_pin_short_then_fails),
	KUNIT_CASE_SLOW(prereg_test_pin_killed),
	{}
};

static struct kunit_suite prereg_fault_suite = {
	.name = "iommu-prereg-fault",
	.init = prereg_init,
	.exit = prereg_exit,
	.test_cases = prereg_fault_cases,
};

kunit_test_suite(prereg_fault_suite);
