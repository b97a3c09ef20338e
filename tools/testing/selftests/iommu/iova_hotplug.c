// SPDX-License-Identifier: GPL-2.0-only
/*
 * Disk reads while a CPU leaves and comes back and while memory is reclaimed:
 * every byte has to be right, and what the caches of the IOVA allocator held
 * has to go back when it is asked for.
 */

#define _GNU_SOURCE

#include "../kselftest.h"
#include "iova_utils.h"

#define IOVA_DIR	"/sys/kernel/debug/iommu/iova"
#define CYCLES		4
#define READERS		4

/* Finds a CPU that can be taken offline; not the first, which often can't. */
static int find_cpu(char *path, size_t size)
{
	char text[8];

	for (int cpu = 1023; cpu > 0; cpu--) {
		snprintf(path, size, "/sys/devices/system/cpu/cpu%d/online",
			 cpu);
		if (read_text(path, text, sizeof(text)) && text[0] == '1')
			return cpu;
	}
	return -1;
}

static bool ask_shrinkers(void)
{
	/* 2 leaves the page cache alone. */
	return write_text("/proc/sys/vm/drop_caches", "2");
}

/* Takes the whole part of the disk that the readers compare with. */
static char *read_reference(int fd)
{
	char *want = alloc_io_buffer(DISK_BYTES);

	for (off_t offset = 0; want && offset < DISK_BYTES; offset += IO_BYTES)
		if (!read_direct(fd, want + offset, offset))
			return NULL;
	return want;
}

static bool start_readers(pid_t *pids, int fd, const char *want)
{
	bool ok = true;

	for (int i = 0; i < READERS; i++) {
		pids[i] = start_reader(fd, want);
		ok = ok && pids[i] > 0;
	}
	return ok;
}

static bool stop_readers(pid_t *pids)
{
	bool ok = true;

	for (int i = 0; i < READERS; i++)
		ok = stop_reader(pids[i]) && ok;
	return ok;
}

static void test_reclaim(int fd, const char *want)
{
	pid_t pids[READERS];
	bool started, ok = true;

	started = start_readers(pids, fd, want);
	for (int i = 0; i < 2 * CYCLES; i++) {
		ok = ask_shrinkers() && ok;
		usleep(50000);
	}
	ok = stop_readers(pids) && ok;
	ksft_test_result(started && ok, "data is right while caches are dropped\n");
}

static void test_hotplug(int fd, const char *want)
{
	pid_t pids[READERS];
	bool started, switched = true, ok;
	char online[64];

	if (find_cpu(online, sizeof(online)) < 0) {
		ksft_test_result_skip("no CPU can be taken offline\n");
		ksft_test_result_skip("no CPU can be taken offline: data\n");
		return;
	}

	started = start_readers(pids, fd, want);
	for (int i = 0; i < CYCLES; i++) {
		usleep(50000);
		switched = write_text(online, "0") && switched;
		usleep(50000);
		switched = ask_shrinkers() && switched;
		switched = write_text(online, "1") && switched;
	}
	ok = stop_readers(pids);
	ksft_test_result(switched, "a CPU leaves and comes back\n");
	ksft_test_result(started && ok, "data is right while a CPU is away\n");
}

/* Sum of the last column of the lists of cached ranges, over all domains. */
static unsigned long count_cached(void)
{
	unsigned long sum = 0, pages, below, all;
	char path[128], line[128];
	struct dirent *entry;
	DIR *dir = opendir(IOVA_DIR);

	while (dir && (entry = readdir(dir))) {
		FILE *f;

		snprintf(path, sizeof(path), IOVA_DIR "/%.16s/stats",
			 entry->d_name);
		f = fopen(path, "r");
		while (f && fgets(line, sizeof(line), f))
			if (sscanf(line, " %lu %lu %lu", &pages, &below,
				   &all) == 3)
				sum += all;
		if (f)
			fclose(f);
	}
	if (dir)
		closedir(dir);
	return sum;
}

/*
 * Frees of lazy domains trickle in for some milliseconds after the I/O, and
 * other devices don't rest: a few are left, but no more than a few.
 */
static void test_shrinker(int fd, const char *want)
{
	unsigned long before, after;
	pid_t pids[READERS];
	bool ok;

	if (!have_mount("debugfs", "/sys/kernel/debug", IOVA_DIR)) {
		ksft_test_result_skip("no " IOVA_DIR ": shrinker\n");
		return;
	}
	ok = start_readers(pids, fd, want);
	usleep(500000);
	ok = stop_readers(pids) && ok;
	usleep(100000);

	before = count_cached();
	for (int i = 0; i < 10; i++)
		ok = ask_shrinkers() && ok;
	after = count_cached();
	ksft_print_msg("%lu cached ranges, %lu after reclaim\n", before, after);
	if (ok && before < 16)
		ksft_test_result_skip("too few cached ranges: shrinker\n");
	else
		ksft_test_result(ok && after < before / 2,
				 "cached ranges go back on request\n");
}

int main(void)
{
	void *buf = alloc_io_buffer(IO_BYTES);
	char *want;
	int fd;

	ksft_print_header();
	if (geteuid())
		ksft_exit_skip("needs root\n");
	fd = buf ? open_translated_disk(buf) : -1;
	if (fd < 0)
		ksft_exit_skip("no disk behind an IOMMU\n");
	want = read_reference(fd);
	if (!want)
		ksft_exit_fail_msg("the disk can't be read\n");

	/* Or the log gets a line each time. */
	write_text("/proc/sys/vm/drop_caches", "4");

	ksft_set_plan(4);
	test_reclaim(fd, want);
	test_hotplug(fd, want);
	test_shrinker(fd, want);
	ksft_finished();
}
