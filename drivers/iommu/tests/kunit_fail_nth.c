// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations of a KUnit test that fail, by the kernel's own fault injection.
 *
 * Between kunit_fail_nth_start() and kunit_fail_nth_stop() the nth slab or page
 * allocation of the calling task fails, those that may sleep included. A test
 * sweeps an operation: it repeats it with nth = 1, 2, 3, ... until
 * kunit_fail_nth_stop() says that no allocation has failed any more.
 *
 * The settings are those of failslab and fail_page_alloc. They are found by
 * way of debugfs, changed without user space, and restored when the test ends.
 */

#include <kunit/resource.h>
#include <kunit/test.h>
#include <kunit/visibility.h>
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/dcache.h>
#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "kunit_fail_nth.h"

#ifdef CONFIG_FAULT_INJECTION_DEBUG_FS
/**
 * struct fail_settings - settings of one kind of allocation
 * @probability: percentage of the allocations that fail
 * @times: how many more fail, -1 for no limit
 * @verbose: what is printed for each failure
 * @task_filter: only tasks with make_it_fail set are affected
 * @ignore_sleeping: allocations that may sleep never fail
 * @min_order: page allocations of a lower order never fail
 */
struct fail_settings {
	unsigned long probability;
	int times;
	unsigned long verbose;
	bool task_filter;
	bool ignore_sleeping;
	u32 min_order;
};

/**
 * struct fail_point - where the kernel makes one kind of allocation fail
 * @attr: its attributes
 * @ignore_sleeping: its setting of that name
 * @min_order: its setting of that name, NULL for slab allocations
 * @saved: the settings before the test
 *
 * The pointers lead to the kernel's own variables.
 */
struct fail_point {
	struct fault_attr *attr;
	bool *ignore_sleeping;
	u32 *min_order;
	struct fail_settings saved;
};

/* The variable behind a file of debugfs, NULL if there is no such file. */
static void *debugfs_variable(struct dentry *dir, const char *name)
{
	struct dentry *file = debugfs_lookup(name, dir);
	void *variable = file ? d_inode(file)->i_private : NULL;

	dput(file);
	return variable;
}

static bool find_fail_point(struct fail_point *point, const char *name)
{
	struct dentry *dir = debugfs_lookup(name, NULL);
	unsigned long *probability;

	if (!dir)
		return false;
	probability = debugfs_variable(dir, "probability");
	point->ignore_sleeping = debugfs_variable(dir, "ignore-gfp-wait");
	point->min_order = debugfs_variable(dir, "min-order");
	dput(dir);
	if (!probability || !point->ignore_sleeping)
		return false;
	point->attr = container_of(probability, struct fault_attr, probability);
	return true;
}

static struct fail_settings read_settings(const struct fail_point *point)
{
	return (struct fail_settings) {
		.probability = point->attr->probability,
		.times = atomic_read(&point->attr->times),
		.verbose = point->attr->verbose,
		.task_filter = point->attr->task_filter,
		.ignore_sleeping = *point->ignore_sleeping,
		.min_order = point->min_order ? *point->min_order : 0,
	};
}

/* Set all but the probability and the filter, whose order matters. */
static void write_settings(const struct fail_point *point,
			   const struct fail_settings *settings)
{
	atomic_set(&point->attr->times, settings->times);
	point->attr->verbose = settings->verbose;
	*point->ignore_sleeping = settings->ignore_sleeping;
	if (point->min_order)
		*point->min_order = settings->min_order;
}

static void restore_settings(void *arg)
{
	const struct fail_point *point = arg;

	WRITE_ONCE(point->attr->probability, 0);
	write_settings(point, &point->saved);
	WRITE_ONCE(point->attr->task_filter, point->saved.task_filter);
	WRITE_ONCE(point->attr->probability, point->saved.probability);
}

static void prepare_fail_point(struct kunit *test, const char *name)
{
	/* A stack dump for each failure would bury those of real trouble. */
	static const struct fail_settings settings = { .times = -1 };
	struct fail_point *point = kunit_kzalloc(test, sizeof(*point), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, point);
	if (!find_fail_point(point, name))
		kunit_skip(test, "needs CONFIG_FAILSLAB and CONFIG_FAIL_PAGE_ALLOC");
	point->saved = read_settings(point);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, restore_settings, point), 0);
	/* The filter first, or allocations of all tasks would fail. */
	WRITE_ONCE(point->attr->task_filter, true);
	write_settings(point, &settings);
	WRITE_ONCE(point->attr->probability, 100);
}

/**
 * kunit_fail_nth_prepare() - permit tasks to have their allocations fail
 * @test: test; skipped where the kernel can't inject failures
 *
 * Affects tasks that call kunit_fail_nth_start() or kunit_fail_nth_start_all()
 * only, until @test ends.
 *
 * Context: The test's thread.
 */
void kunit_fail_nth_prepare(struct kunit *test)
{
	prepare_fail_point(test, "failslab");
	prepare_fail_point(test, "fail_page_alloc");
}
EXPORT_SYMBOL_IF_KUNIT(kunit_fail_nth_prepare);

/**
 * kunit_fail_nth_start() - have one allocation of this task fail
 * @nth: which one, counted from 1
 *
 * Context: Process context, after kunit_fail_nth_prepare().
 */
void kunit_fail_nth_start(unsigned int nth)
{
	current->fail_nth = nth;
}
EXPORT_SYMBOL_IF_KUNIT(kunit_fail_nth_start);

/**
 * kunit_fail_nth_start_all() - have an allocation of this task and all later
 *                              ones fail
 * @nth: the first of them, counted from 1
 *
 * Context: Process context, after kunit_fail_nth_prepare().
 */
void kunit_fail_nth_start_all(unsigned int nth)
{
	/* The kernel looks at this one only once the countdown is over. */
	current->make_it_fail = 1;
	current->fail_nth = nth;
}
EXPORT_SYMBOL_IF_KUNIT(kunit_fail_nth_start_all);

/**
 * kunit_fail_nth_stop() - have allocations of this task succeed again
 *
 * Context: Process context.
 * Return: true if an allocation has failed.
 */
bool kunit_fail_nth_stop(void)
{
	bool failed = !current->fail_nth;

	current->fail_nth = 0;
	current->make_it_fail = 0;
	return failed;
}
EXPORT_SYMBOL_IF_KUNIT(kunit_fail_nth_stop);

/**
 * kunit_fail_nth_pause() - leave the next allocations of this task out
 *
 * For what a test allocates itself while the operation runs. Pairs with
 * kunit_fail_nth_resume(), and is no use after kunit_fail_nth_start_all().
 *
 * Context: Process context.
 * Return: what kunit_fail_nth_resume() must be given.
 */
unsigned int kunit_fail_nth_pause(void)
{
	unsigned int nth = current->fail_nth;

	current->fail_nth = 0;
	return nth;
}
EXPORT_SYMBOL_IF_KUNIT(kunit_fail_nth_pause);

/**
 * kunit_fail_nth_resume() - go on to count allocations of this task
 * @nth: what kunit_fail_nth_pause() returned
 *
 * Context: Process context.
 */
void kunit_fail_nth_resume(unsigned int nth)
{
	current->fail_nth = nth;
}
EXPORT_SYMBOL_IF_KUNIT(kunit_fail_nth_resume);
#else
void kunit_fail_nth_prepare(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_FAULT_INJECTION_DEBUG_FS");
}
EXPORT_SYMBOL_IF_KUNIT(kunit_fail_nth_prepare);

void kunit_fail_nth_start(unsigned int nth)
{
}
EXPORT_SYMBOL_IF_KUNIT(kunit_fail_nth_start);

void kunit_fail_nth_start_all(unsigned int nth)
{
}
EXPORT_SYMBOL_IF_KUNIT(kunit_fail_nth_start_all);

bool kunit_fail_nth_stop(void)
{
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(kunit_fail_nth_stop);

unsigned int kunit_fail_nth_pause(void)
{
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(kunit_fail_nth_pause);

void kunit_fail_nth_resume(unsigned int nth)
{
}
EXPORT_SYMBOL_IF_KUNIT(kunit_fail_nth_resume);
#endif

MODULE_DESCRIPTION("Failing allocations for KUnit tests of the IOMMU DMA stack");
MODULE_LICENSE("GPL");
