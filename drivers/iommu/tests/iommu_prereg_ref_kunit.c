// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who uses a range: registrations and mappings, what one of them refuses the
 * other, and when memory is the process's again. Where a test looks at what is
 * pinned without waiting, it has to be so before the call returns.
 */

#include <linux/err.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

#include "iommu_prereg_kunit.h"

#define PAGES	16UL
#define BYTES	(PAGES * PAGE_SIZE)

static struct iommu_prereg *map(struct kunit *test, unsigned long ua,
				unsigned long bytes)
{
	struct iommu_prereg *region;

	region = iommu_prereg_map(prereg_mm(test), ua, bytes);
	KUNIT_ASSERT_NOT_NULL(test, region);
	return region;
}

/* Everything that a range that is registered can do */
static void expect_alive(struct kunit *test, struct iommu_prereg *region,
			 unsigned long ua)
{
	phys_addr_t phys;

	KUNIT_EXPECT_TRUE(test, iommu_prereg_any(prereg_mm(test)));
	KUNIT_EXPECT_PTR_EQ(test, prereg_seek(prereg_mm(test), ua, BYTES),
			    region);
	KUNIT_EXPECT_PTR_EQ(test, map(test, ua + 1, BYTES - 1), region);
	KUNIT_EXPECT_EQ(test, iommu_prereg_map_get(region), 0);
	KUNIT_EXPECT_EQ(test, iommu_prereg_translate(region, ua, &phys), 0);
	KUNIT_EXPECT_EQ(test, phys, page_to_phys(prereg_user_page(test, ua)));
	iommu_prereg_map_put(region);
	iommu_prereg_map_put(region);
}

static void expect_gone(struct kunit *test, unsigned long ua)
{
	struct mm_struct *mm = prereg_mm(test);

	prereg_expect_held(test, 0);
	KUNIT_EXPECT_NULL(test, prereg_seek(mm, ua, 1));
	KUNIT_EXPECT_NULL(test, iommu_prereg_map(mm, ua, 1));
	KUNIT_EXPECT_NULL(test, iommu_prereg_get(mm, ua, PAGES));
	KUNIT_EXPECT_FALSE(test, iommu_prereg_any(mm));
}

/* Still there, still pinned, not to be mapped */
static void expect_abandoned(struct kunit *test, struct iommu_prereg *region,
			     unsigned long ua)
{
	struct mm_struct *mm = prereg_mm(test);
	phys_addr_t phys;

	prereg_expect_held(test, PAGES);
	KUNIT_EXPECT_TRUE(test, iommu_prereg_any(mm));
	KUNIT_EXPECT_PTR_EQ(test, prereg_seek(mm, ua, BYTES), region);
	KUNIT_EXPECT_NULL(test, iommu_prereg_map(mm, ua, BYTES));
	KUNIT_EXPECT_NULL(test, iommu_prereg_map(mm, ua, 1));
	KUNIT_EXPECT_EQ(test, iommu_prereg_map_get(region), -ENXIO);
	KUNIT_EXPECT_EQ(test, iommu_prereg_translate(region, ua, &phys), 0);
	KUNIT_EXPECT_EQ(test, phys, page_to_phys(prereg_user_page(test, ua)));
	KUNIT_EXPECT_EQ(test, prereg_refused(test, ua, PAGES - 1), -EEXIST);
	KUNIT_EXPECT_EQ(test, prereg_refused(test, ua + BYTES - PAGE_SIZE, 2),
			-EEXIST);
}

static void prereg_test_again(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, PAGES);
	struct iommu_prereg *region = prereg_add(test, ua, PAGES);
	unsigned int i;

	for (i = 0; i < 100; i++) {
		KUNIT_ASSERT_PTR_EQ(test, prereg_add(test, ua, PAGES), region);
		prereg_expect_held(test, PAGES);
	}
	for (i = 0; i < 100; i++) {
		prereg_drop(test, region);
		prereg_expect_held(test, PAGES);
	}
	expect_alive(test, region, ua);
	prereg_drop(test, region);
	expect_gone(test, ua);
}

static void prereg_test_busy(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, PAGES);
	struct iommu_prereg *region = prereg_add(test, ua, PAGES);
	unsigned int i;

	KUNIT_EXPECT_PTR_EQ(test, map(test, ua + PAGE_SIZE, 1), region);
	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_EQ(test, iommu_prereg_unregister(region), -EBUSY);
		prereg_expect_held(test, PAGES);
		expect_alive(test, region, ua);
	}
	iommu_prereg_map_put(region);
	/* There is one registration still, no fewer, and no more. */
	expect_alive(test, region, ua);
	prereg_drop(test, region);
	expect_gone(test, ua);
}

/* Only the last registration is what mappings need. */
static void prereg_test_busy_last(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, PAGES);
	struct iommu_prereg *region = prereg_add(test, ua, PAGES);

	prereg_add(test, ua, PAGES);
	map(test, ua, BYTES);
	prereg_drop(test, region);
	KUNIT_EXPECT_EQ(test, iommu_prereg_unregister(region), -EBUSY);
	prereg_add(test, ua, PAGES);
	prereg_drop(test, region);
	KUNIT_EXPECT_EQ(test, iommu_prereg_unregister(region), -EBUSY);
	iommu_prereg_map_put(region);
	prereg_drop(test, region);
	expect_gone(test, ua);
}

/* As many mappings as are begun have to end. */
static void prereg_test_mappings(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, PAGES);
	struct iommu_prereg *region = prereg_add(test, ua, PAGES);
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		if (i % 3)
			map(test, ua + i, 1 + i);
		else
			KUNIT_ASSERT_EQ(test, iommu_prereg_map_get(region), 0);
	}
	for (i = 0; i < 1000; i++) {
		KUNIT_ASSERT_EQ(test, iommu_prereg_unregister(region), -EBUSY);
		iommu_prereg_map_put(region);
	}
	prereg_drop(test, region);
	expect_gone(test, ua);
}

/* A look alone holds nothing. */
static void prereg_test_lookup_holds_nothing(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, PAGES);
	struct iommu_prereg *region = prereg_add(test, ua, PAGES);

	KUNIT_EXPECT_PTR_EQ(test, prereg_seek(prereg_mm(test), ua, 1), region);
	KUNIT_EXPECT_NULL(test, iommu_prereg_map(prereg_mm(test), ua, BYTES + 1));
	prereg_drop(test, region);
	expect_gone(test, ua);
}

static void prereg_test_abandon_unmapped(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, PAGES);
	struct iommu_prereg *region = prereg_add(test, ua, PAGES);

	prereg_add(test, ua, PAGES);
	iommu_prereg_abandon(region);
	prereg_expect_held(test, PAGES);
	expect_alive(test, region, ua);
	iommu_prereg_abandon(region);
	prereg_settle(test, 0);
	expect_gone(test, ua);
}

static void prereg_test_abandon_mapped(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, 2 * PAGES);
	struct iommu_prereg *region = prereg_add(test, ua, PAGES);

	map(test, ua, BYTES);
	map(test, ua + 5 * PAGE_SIZE, PAGE_SIZE);
	iommu_prereg_abandon(region);
	expect_abandoned(test, region, ua);
	iommu_prereg_map_put(region);
	expect_abandoned(test, region, ua);
	iommu_prereg_map_put(region);
	prereg_settle(test, 0);
	expect_gone(test, ua);

	/* Nothing of it is in the way of another range. */
	region = prereg_add(test, ua + PAGE_SIZE, PAGES);
	prereg_expect_held(test, PAGES);
	prereg_drop(test, region);
}

/* Others still hold registrations. */
static void prereg_test_abandon_one_of_two(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, PAGES);
	struct iommu_prereg *region = prereg_add(test, ua, PAGES);

	prereg_add(test, ua, PAGES);
	map(test, ua, BYTES);
	iommu_prereg_abandon(region);
	expect_alive(test, region, ua);
	KUNIT_EXPECT_EQ(test, iommu_prereg_unregister(region), -EBUSY);
	iommu_prereg_map_put(region);
	prereg_drop(test, region);
	expect_gone(test, ua);
}

static void prereg_test_revive(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, PAGES + 1);
	struct iommu_prereg *region = prereg_add(test, ua, PAGES);
	unsigned int i;

	map(test, ua, BYTES);
	for (i = 0; i < 5; i++) {
		iommu_prereg_abandon(region);
		expect_abandoned(test, region, ua);
		KUNIT_ASSERT_PTR_EQ(test, prereg_add(test, ua, PAGES), region);
		prereg_expect_held(test, PAGES);
		expect_alive(test, region, ua);
		KUNIT_EXPECT_EQ(test, iommu_prereg_unregister(region), -EBUSY);
	}
	/* Its old mapping is not the last use any more. */
	iommu_prereg_map_put(region);
	expect_alive(test, region, ua);
	prereg_drop(test, region);
	expect_gone(test, ua);
}

/* Revived by those who know what it is */
static void prereg_test_revive_by_get(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, PAGES + 1);
	struct iommu_prereg *region = prereg_add(test, ua, PAGES);

	map(test, ua, BYTES);
	iommu_prereg_abandon(region);
	KUNIT_ASSERT_PTR_EQ(test, iommu_prereg_get(prereg_mm(test), ua, PAGES),
			    region);
	expect_alive(test, region, ua);
	iommu_prereg_map_put(region);
	prereg_drop(test, region);
	expect_gone(test, ua);
}

/**
 * struct caller - from where a mapping is used
 * @name: description
 * @call: calls a function from there
 */
struct caller {
	const char *name;
	void (*call)(void (*func)(void *arg), void *arg);
};

static void with_irqs_off(void (*func)(void *arg), void *arg)
{
	unsigned long flags;

	local_irq_save(flags);
	func(arg);
	local_irq_restore(flags);
}

static void under_raw_spinlock(void (*func)(void *arg), void *arg)
{
	static DEFINE_RAW_SPINLOCK(lock);

	raw_spin_lock(&lock);
	func(arg);
	raw_spin_unlock(&lock);
}

/* Another CPU's, if there is one */
static void in_interrupt_handler(void (*func)(void *arg), void *arg)
{
	unsigned int here = get_cpu();
	unsigned int cpu = cpumask_any_but(cpu_online_mask, here);

	smp_call_function_single(cpu < nr_cpu_ids ? cpu : here, func, arg, true);
	put_cpu();
}

static const struct caller callers[] = {
	{ "interrupts off", with_irqs_off },
	{ "raw spinlock", under_raw_spinlock },
	{ "interrupt", in_interrupt_handler },
};

KUNIT_ARRAY_PARAM_DESC(caller, callers, name);

/**
 * struct atomic_use - what is done where one can't sleep
 * @mm: process
 * @ua: range of PAGES pages
 * @region: what was found there
 * @phys: where it is
 * @length: of the run there
 */
struct atomic_use {
	struct mm_struct *mm;
	unsigned long ua;
	struct iommu_prereg *region;
	phys_addr_t phys;
	unsigned long length;
};

static void use(void *arg)
{
	struct atomic_use *u = arg;
	phys_addr_t phys;

	u->region = iommu_prereg_map(u->mm, u->ua, BYTES);
	if (!u->region || iommu_prereg_map_get(u->region))
		return;
	if (prereg_seek(u->mm, u->ua, 1) == u->region)
		u->length = iommu_prereg_run(u->region, u->ua, BYTES, &u->phys);
	if (iommu_prereg_translate(u->region, u->ua, &phys))
		u->length = 0;
	iommu_prereg_mark_written(u->region, u->ua, BYTES);
	iommu_prereg_map_put(u->region);
}

static void put_last(void *arg)
{
	struct atomic_use *u = arg;

	iommu_prereg_map_put(u->region);
}

static void prereg_test_atomic(struct kunit *test)
{
	const struct caller *caller = test->param_value;
	struct prereg_layout *l = prereg_mapped(test, PAGES, 1);
	struct iommu_prereg *region = prereg_add(test, l->ua, PAGES);
	struct atomic_use u = { .mm = prereg_mm(test), .ua = l->ua };

	caller->call(use, &u);
	KUNIT_EXPECT_PTR_EQ(test, u.region, region);
	KUNIT_EXPECT_EQ(test, u.phys, prereg_phys(l, 0));
	KUNIT_EXPECT_EQ(test, u.length, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, iommu_prereg_unregister(region), -EBUSY);

	/* The last use of all ends where nobody can sleep. */
	iommu_prereg_abandon(region);
	prereg_expect_held(test, PAGES);
	caller->call(put_last, &u);
	prereg_settle(test, 0);
	expect_gone(test, l->ua);
}

static void prereg_test_two_owners(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, PAGES + 1);
	struct iommu_prereg_owner a, b;
	struct iommu_prereg *region;

	iommu_prereg_owner_init(&a);
	iommu_prereg_owner_init(&b);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_register(&a, ua, PAGES), 0);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_unregister(&b, ua, PAGES),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_register(&b, ua, PAGES), 0);
	prereg_expect_held(test, PAGES);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_unregister(&a, ua, PAGES), 0);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_unregister(&a, ua, PAGES),
			-ENOENT);
	prereg_expect_held(test, PAGES);

	region = map(test, ua, BYTES);
	expect_alive(test, region, ua);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_unregister(&b, ua, PAGES),
			-EBUSY);
	/* And once more: the container still holds the registration. */
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_unregister(&b, ua, PAGES),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_register(&a, ua, PAGES), 0);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_unregister(&b, ua, PAGES), 0);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_unregister(&a, ua, PAGES),
			-EBUSY);
	iommu_prereg_map_put(region);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_unregister(&a, ua, PAGES), 0);
	expect_gone(test, ua);
	iommu_prereg_owner_release(&a);
	iommu_prereg_owner_release(&b);
}

/* The same range twice has to end twice; others have nothing to do with it. */
static void prereg_test_owner_counts(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, 3 * PAGES);
	unsigned long other = ua + 2 * BYTES;
	struct iommu_prereg_owner owner;

	iommu_prereg_owner_init(&owner);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_unregister(&owner, ua, PAGES),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_register(&owner, ua, PAGES), 0);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_register(&owner, ua, PAGES), 0);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_register(&owner, other, PAGES),
			0);
	prereg_expect_held(test, 2 * PAGES);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_register(&owner, ua, PAGES + 1),
			-EEXIST);
	KUNIT_EXPECT_EQ(test,
			iommu_prereg_owner_unregister(&owner, ua, PAGES - 1),
			-ENOENT);
	KUNIT_EXPECT_EQ(test,
			iommu_prereg_owner_unregister(&owner, ua + PAGE_SIZE,
						      PAGES - 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_unregister(&owner, ua, PAGES),
			0);
	prereg_expect_held(test, 2 * PAGES);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_unregister(&owner, ua, PAGES),
			0);
	prereg_expect_held(test, PAGES);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_unregister(&owner, ua, PAGES),
			-ENOENT);
	KUNIT_EXPECT_EQ(test,
			iommu_prereg_owner_unregister(&owner, other, PAGES), 0);
	expect_gone(test, other);
	iommu_prereg_owner_release(&owner);
}

/* Everything that is left when a container is closed; without an mm, as then */
static void prereg_test_owner_release(struct kunit *test)
{
	struct mm_struct *mm = prereg_mm(test);
	unsigned long ua = prereg_mmap(test, 5 * PAGES);
	struct iommu_prereg_owner owner, other;
	struct iommu_prereg *mapped;
	unsigned int i;

	iommu_prereg_owner_init(&owner);
	iommu_prereg_owner_init(&other);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test,
				iommu_prereg_owner_register(&owner,
							    ua + i % 5 * BYTES,
							    PAGES), 0);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_register(&other, ua + BYTES,
							  PAGES), 0);
	mapped = map(test, ua, BYTES);
	prereg_expect_held(test, 5 * PAGES);

	kthread_unuse_mm(mm);
	iommu_prereg_owner_release(&owner);
	kthread_use_mm(mm);
	prereg_settle(test, 2 * PAGES);
	KUNIT_EXPECT_EQ(test, iommu_prereg_map_get(mapped), -ENXIO);
	KUNIT_EXPECT_NULL(test, iommu_prereg_map(mm, ua, 1));
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_unregister(&other, ua + BYTES,
							    PAGES), 0);
	prereg_settle(test, PAGES);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_unregister(&other, ua, PAGES),
			-ENOENT);
	iommu_prereg_map_put(mapped);
	prereg_settle(test, 0);
	expect_gone(test, ua);
	iommu_prereg_owner_release(&other);
}

/* An owner does not end what somebody else registered. */
static void prereg_test_owner_and_others(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, PAGES);
	struct iommu_prereg *region = prereg_add(test, ua, PAGES);
	struct iommu_prereg_owner owner;

	iommu_prereg_owner_init(&owner);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_unregister(&owner, ua, PAGES),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_register(&owner, ua, PAGES), 0);
	iommu_prereg_owner_release(&owner);
	prereg_expect_held(test, PAGES);
	expect_alive(test, region, ua);
	prereg_drop(test, region);
	expect_gone(test, ua);
}

/* A range under registration by two who don't know of each other's processes */
static void prereg_test_owner_two_processes(struct kunit *test)
{
	struct mm_struct *other = prereg_another_mm(test);
	struct mm_struct *mm = prereg_mm(test);
	unsigned long ua = prereg_mmap(test, PAGES);
	struct iommu_prereg_owner owner;
	int ret[3];

	iommu_prereg_owner_init(&owner);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_register(&owner, ua, PAGES), 0);
	kthread_unuse_mm(mm);
	kthread_use_mm(other);
	prereg_mmap_at(test, ua, PAGES, PROT_READ | PROT_WRITE);
	/* The first process's is not this one's to end. */
	ret[0] = iommu_prereg_owner_unregister(&owner, ua, PAGES);
	ret[1] = iommu_prereg_owner_register(&owner, ua, PAGES);
	ret[2] = iommu_prereg_owner_unregister(&owner, ua, PAGES);
	kthread_unuse_mm(other);
	kthread_use_mm(mm);
	KUNIT_EXPECT_EQ(test, ret[0], -ENOENT);
	KUNIT_EXPECT_EQ(test, ret[1], 0);
	KUNIT_EXPECT_EQ(test, ret[2], 0);
	KUNIT_EXPECT_EQ(test, other->locked_vm, 0);
	prereg_expect_held(test, PAGES);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_unregister(&owner, ua, PAGES),
			0);
	expect_gone(test, ua);
	iommu_prereg_owner_release(&owner);
}

/* The process exits: all of its address space goes, the registered stays. */
static struct iommu_prereg *leave_behind(struct kunit *test,
					 struct mm_struct *dying)
{
	struct mm_struct *mm = prereg_mm(test);
	struct iommu_prereg *region;
	unsigned long ua;

	kthread_unuse_mm(mm);
	kthread_use_mm(dying);
	ua = prereg_mmap(test, PAGES);
	prereg_poke(test, ua, 0x5a17);
	region = prereg_add(test, ua, PAGES);
	KUNIT_ASSERT_NOT_NULL(test, iommu_prereg_map(dying, ua, BYTES));
	prereg_munmap(test, ua, PAGES / 2);
	kthread_unuse_mm(dying);
	kthread_use_mm(mm);
	return region;
}

static void prereg_test_exit(struct kunit *test)
{
	struct mm_struct *dying = mm_alloc();
	struct iommu_prereg *region;

	KUNIT_ASSERT_NOT_NULL(test, dying);
	dying->task_size = TASK_SIZE;
	arch_pick_mmap_layout(dying, &current->signal->rlim[RLIMIT_STACK]);
	mmgrab(dying);
	region = leave_behind(test, dying);
	mmput(dying);
	KUNIT_EXPECT_PTR_EQ(test, iommu_prereg_mm(region), dying);
	KUNIT_EXPECT_EQ(test, dying->locked_vm, PAGES);
	prereg_expect_pins(test, PAGES);
	KUNIT_EXPECT_EQ(test, iommu_prereg_unregister(region), -EBUSY);
	iommu_prereg_map_put(region);
	prereg_drop(test, region);
	KUNIT_EXPECT_EQ(test, dying->locked_vm, 0);
	KUNIT_EXPECT_FALSE(test, iommu_prereg_any(dying));
	prereg_expect_held(test, 0);
	mmdrop(dying);
}

/* The range keeps the structure of a process that nobody else keeps. */
static void prereg_test_exit_unseen(struct kunit *test)
{
	struct mm_struct *dying = mm_alloc();
	struct iommu_prereg *region;

	KUNIT_ASSERT_NOT_NULL(test, dying);
	dying->task_size = TASK_SIZE;
	arch_pick_mmap_layout(dying, &current->signal->rlim[RLIMIT_STACK]);
	region = leave_behind(test, dying);
	mmput(dying);
	KUNIT_EXPECT_EQ(test, iommu_prereg_mm(region)->locked_vm, PAGES);
	iommu_prereg_abandon(region);
	iommu_prereg_map_put(region);
	prereg_settle(test, 0);
}

static struct kunit_case prereg_ref_cases[] = {
	KUNIT_CASE(prereg_test_again),
	KUNIT_CASE(prereg_test_busy),
	KUNIT_CASE(prereg_test_busy_last),
	KUNIT_CASE(prereg_test_mappings),
	KUNIT_CASE(prereg_test_lookup_holds_nothing),
	KUNIT_CASE(prereg_test_abandon_unmapped),
	KUNIT_CASE(prereg_test_abandon_mapped),
	KUNIT_CASE(prereg_test_abandon_one_of_two),
	KUNIT_CASE(prereg_test_revive),
	KUNIT_CASE(prereg_test_revive_by_get),
	KUNIT_CASE_PARAM(prereg_test_atomic, caller_gen_params),
	KUNIT_CASE(prereg_test_two_owners),
	KUNIT_CASE(prereg_test_owner_counts),
	KUNIT_CASE(prereg_test_owner_release),
	KUNIT_CASE(prereg_test_owner_and_others),
	KUNIT_CASE(prereg_test_owner_two_processes),
	KUNIT_CASE(prereg_test_exit),
	KUNIT_CASE(prereg_test_exit_unseen),
	{}
};

static struct kunit_suite prereg_ref_suite = {
	.name = "iommu-prereg-ref",
	.init = prereg_init,
	.exit = prereg_exit,
	.test_cases = prereg_ref_cases,
};

kunit_test_suite(prereg_ref_suite);
