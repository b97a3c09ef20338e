// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that fail on demand: the kernel's own fault injection, set up
 * without user space. From dmi_fail_allocations() on, a task's allocations
 * fail as its fail_nth and make_it_fail say, those that may sleep among them.
 */

#include <kunit/resource.h>
#include <linux/atomic.h>
#include <linux/dcache.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/sched.h>

#include "util.h"

#ifdef CONFIG_FAULT_INJECTION
/**
 * struct setting - a variable of a place where failures are injected
 * @file: its name in debugfs
 * @wide: it is a long, and a byte otherwise
 * @value: what it is set to
 * @saved: what it was before
 * @at: variable; NULL if there is none
 */
struct setting {
	const char *file;
	bool wide;
	unsigned long value;
	unsigned long saved;
	void *at;
};

/**
 * struct place - where failures are injected
 * @name: folder in debugfs
 * @times: how many are still to come
 * @saved_times: what that was before
 * @settings: the filter first, or everybody would fail for a moment
 */
struct place {
	const char *name;
	atomic_t *times;
	int saved_times;
	struct setting settings[4];
};

static struct place places[] = {
	{ "failslab", NULL, 0, {
		{ "task-filter", false, 1 }, { "verbose", true, 0 },
		{ "ignore-gfp-wait", false, 0 }, { "probability", true, 100 },
	} },
	{ "fail_page_alloc", NULL, 0, {
		{ "task-filter", false, 1 }, { "verbose", true, 0 },
		{ "ignore-gfp-wait", false, 0 }, { "probability", true, 100 },
	} },
};

static void *find_variable(struct dentry *dir, const char *name)
{
	struct dentry *file = debugfs_lookup(name, dir);
	void *at = NULL;

	if (file)
		at = d_inode(file)->i_private;
	dput(file);
	return at;
}

static void set(struct setting *s, unsigned long value)
{
	if (!s->at)
		return;
	if (s->wide)
		*(unsigned long *)s->at = value;
	else
		*(bool *)s->at = value;
}

static void restore_places(void *unused)
{
	int i, j;

	current->make_it_fail = 0;
	current->fail_nth = 0;
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		struct place *p = &places[i];

		if (!p->times)
			continue;
		for (j = ARRAY_SIZE(p->settings) - 1; j >= 0; j--)
			set(&p->settings[j], p->settings[j].saved);
		atomic_set(p->times, p->saved_times);
		p->times = NULL;
	}
}

static bool open_place(struct place *p)
{
	struct dentry *dir = debugfs_lookup(p->name, NULL);
	int i;

	if (!dir)
		return false;
	for (i = 0; i < ARRAY_SIZE(p->settings); i++) {
		struct setting *s = &p->settings[i];

		s->at = find_variable(dir, s->file);
		if (s->at)
			s->saved = s->wide ? *(unsigned long *)s->at :
					     *(bool *)s->at;
	}
	p->times = find_variable(dir, "times");
	dput(dir);
	if (!p->times || !p->settings[0].at)
		return false;

	p->saved_times = atomic_read(p->times);
	atomic_set(p->times, -1);
	for (i = 0; i < ARRAY_SIZE(p->settings); i++)
		set(&p->settings[i], p->settings[i].value);
	return true;
}

/**
 * dmi_fail_allocations() - let tasks choose to have their allocations fail
 * @test: test, skipped where the kernel has no such thing; ends with it
 */
void dmi_fail_allocations(struct kunit *test)
{
	bool opened = open_place(&places[0]);

	open_place(&places[1]);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, restore_places,
							NULL), 0);
	if (!opened)
		kunit_skip(test, "needs CONFIG_FAILSLAB and CONFIG_FAULT_INJECTION_DEBUG_FS");
}
#else
void dmi_fail_allocations(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_FAULT_INJECTION");
}
#endif
