// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio_prereg MAPS KILLS SECONDS SEED DEVICE DEVICE [TEST...]: registers memory
 * with VFIO's type 1 IOMMU and maps it for two edu devices, and for those of
 * vfio_pin.ko. Runs the tests whose names are given, or all.
 *
 * Each test runs in a process of its own, and what it pinned has to be gone
 * when that has ended.
 */

#include <sys/prctl.h>
#include <sys/wait.h>

#include "prereg.h"

struct settings settings;

struct test {
	const char	*name;
	int		(*run)(void);
};

static const struct test tests[] = {
	{ "capability", test_capability },
	{ "inside", test_inside },
	{ "outside", test_outside },
	{ "straddle", test_straddle },
	{ "directions", test_directions },
	{ "second-container", test_second_container },
	{ "survivor", test_survivor },
	{ "lookup-of-other", test_lookup_of_other },
	{ "gib-line", test_gib_line },
	{ "small-entries", test_small_entries },
	{ "register-errors", test_register_errors },
	{ "unregister-errors", test_unregister_errors },
	{ "overlap", test_overlap },
	{ "later-page", test_later_page },
	{ "limit", test_limit },
	{ "limit-mlock", test_limit_mlock },
	{ "limit-capable", test_limit_capable },
	{ "twice", test_twice },
	{ "movable", test_movable },
	{ "untouched", test_untouched },
	{ "munmap", test_munmap },
	{ "dontneed", test_dontneed },
	{ "dontneed-hugetlb", test_dontneed_hugetlb },
	{ "mremap", test_mremap },
	{ "fork", test_fork },
	{ "fork-thp", test_fork_thp },
	{ "fork-before", test_fork_before },
	{ "owner-exits", test_owner_exits },
	{ "dirty-device", test_dirty_device },
	{ "dirty-pinned", test_dirty_pinned },
	{ "dirty-release", test_dirty_release },
	{ "vaddr", test_vaddr },
	{ "vaddr-fork", test_vaddr_fork },
	{ "vaddr-exec", test_vaddr_exec },
	{ "pin", test_pin },
	{ "pin-beside", test_pin_beside },
	{ "pin-unmap", test_pin_unmap },
	{ "pin-old-way", test_pin_old_way },
	{ "regroup", test_regroup },
	{ "many-small", test_many_small },
	{ "many-thp", test_many_thp },
	{ "many-hugetlb", test_many_hugetlb },
	{ "race-stamps", test_race_stamps },
	{ "race-limit", test_race_limit },
	{ "race-kill", test_race_kill },
	{ }
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

/* Takes leave of every process that is left: of a test that forks, and is killed. */
static int reap(pid_t child)
{
	int status, ret = -1;
	pid_t pid;

	while ((pid = wait(&status)) > 0) {
		if (pid == child)
			ret = status;
	}
	return ret;
}

static int run(const struct test *test)
{
	long before = pins();
	uint64_t began = now_ms();
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		/* a test that has failed ends with what it holds: the kernel clears up */
		int ret = test->run();

		if (ret)
			printf("FAIL prereg-%s: %s\n", test->name, said());
		else
			printf("PASS prereg-%s: %s (%llu ms)\n", test->name, detailed(),
			       (unsigned long long)(now_ms() - began));
		fflush(stdout);
		_exit(ret ? 1 : 0);
	}
	status = reap(child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
		printf("FAIL prereg-%s: ended with status %#x\n", test->name, status);
		return -1;
	}
	if (expect_pins("after the process", before)) {
		printf("FAIL prereg-%s-leak: %s\n", test->name, said());
		exit(1);
	}
	return WEXITSTATUS(status) ? -1 : 0;
}

static bool wanted(const char *name, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], name))
			return true;
	}
	return !argc;
}

int main(int argc, char **argv)
{
	int ret = 0;

	if (argc > 1 && !strcmp(argv[1], "--after-exec"))
		return after_exec(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "--race-worker"))
		return race_worker(argc, argv);
	if (argc < 7)
		return 2;
	settings = (struct settings) {
		.maps = atoi(argv[1]), .kills = atoi(argv[2]), .seconds = atoi(argv[3]),
		.seed = atoi(argv[4]), .devices = { argv[5], argv[6] },
	};
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (const struct test *test = tests; test->name; test++) {
		if (wanted(test->name, argc - 7, argv + 7) && run(test))
			ret = 1;
	}
	return ret;
}
