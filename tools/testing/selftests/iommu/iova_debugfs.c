// SPDX-License-Identifier: GPL-2.0-only
/*
 * The debugfs files of the IOVA allocator: that they are there for the domains
 * of real devices, private to root, well-formed while the domains change, and
 * true when they don't.
 */

#define _GNU_SOURCE

#include "../kselftest.h"
#include "iova_utils.h"

#define IOVA_DIR	"/sys/kernel/debug/iommu/iova"
#define MAX_DOMAINS	64
#define MAX_CLASSES	64

/**
 * struct stats - what a stats file says
 * @domain: name of the domain in traces
 * @granule: bytes in a page of the domain
 * @start: lowest PFN of an allocation
 * @ranges: ranges in the tree
 * @depth: levels of the tree
 * @hole32: longest hole below 4 GiB, in pages
 * @hole: longest hole, in pages
 * @served: requests that came to the caches
 * @cached: ranges in the caches
 */
struct stats {
	unsigned long domain;
	unsigned long granule;
	unsigned long start;
	unsigned long ranges;
	unsigned long depth;
	unsigned long hole32;
	unsigned long hole;
	unsigned long served;
	unsigned long cached;
};

/**
 * struct ranges - what a ranges file says
 * @nr: number of lines
 * @hole: longest gap, from the domain's start to its end
 */
struct ranges {
	unsigned long nr;
	unsigned long hole;
};

static int domains[MAX_DOMAINS];
static int nr_domains;

static FILE *open_file(int id, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), IOVA_DIR "/%d/%s", id, name);
	return fopen(path, "r");
}

/* Every entry of the folder has to be a domain. */
static bool list_domains(void)
{
	struct dirent *entry;
	DIR *dir = opendir(IOVA_DIR);
	bool ok = true;
	char *end;

	nr_domains = 0;
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (nr_domains < MAX_DOMAINS)
			domains[nr_domains++] = strtol(entry->d_name, &end, 10);
		if (*end)
			ok = false;
	}
	if (dir)
		closedir(dir);
	return ok;
}

/* "  <pages> <below 4 GiB> <all>", sizes ascending, to the end of the file. */
static bool parse_classes(FILE *f, struct stats *s)
{
	unsigned long pages, below, all, last = 0;
	char line[128];

	s->cached = 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %lu %lu %lu", &pages, &below, &all) != 3)
			return false;
		if (pages <= last || below > all)
			return false;
		last = pages;
		s->cached += all;
	}
	return true;
}

static bool parse_stats(int id, struct stats *s)
{
	unsigned long hits, refills, misses;
	FILE *f = open_file(id, "stats");
	char title[128];
	bool ok;

	if (!f)
		return false;
	ok = fscanf(f, "domain: %lx\n", &s->domain) == 1 &&
	     fscanf(f, "granule: %lu\n", &s->granule) == 1 &&
	     fscanf(f, "start pfn: %lx\n", &s->start) == 1 &&
	     fscanf(f, "ranges: %lu\n", &s->ranges) == 1 &&
	     fscanf(f, "tree depth: %lu\n", &s->depth) == 1 &&
	     fscanf(f, "largest hole below 4GiB: %lu pages\n", &s->hole32) == 1 &&
	     fscanf(f, "largest hole: %lu pages\n", &s->hole) == 1 &&
	     fscanf(f, "cache hits: %lu\n", &hits) == 1 &&
	     fscanf(f, "cache refills: %lu\n", &refills) == 1 &&
	     fscanf(f, "cache misses: %lu\n", &misses) == 1 &&
	     fgets(title, sizeof(title), f) &&
	     !strncmp(title, "cached ranges", 13) && parse_classes(f, s);
	fclose(f);
	s->served = hits + refills + misses;
	return ok;
}

/* Lines ascend and don't overlap, however much happens meanwhile. */
static bool parse_ranges(int id, const struct stats *s, struct ranges *r)
{
	unsigned long lo, hi, next = s->start;
	FILE *f = open_file(id, "ranges");
	char line[128], kind[32];
	bool ok = true, first = true;
	unsigned long last_hi = 0;

	*r = (struct ranges) { };
	if (!f)
		return false;
	while (ok && fgets(line, sizeof(line), f)) {
		ok = sscanf(line, "%lx-%lx %31s", &lo, &hi, kind) == 3 &&
		     lo <= hi && (first || lo > last_hi) &&
		     (!strcmp(kind, "allocated") || !strcmp(kind, "reserved"));
		if (lo > next && lo - next > r->hole)
			r->hole = lo - next;
		if (hi >= next)
			next = hi + 1;
		last_hi = hi;
		first = false;
		r->nr++;
	}
	fclose(f);

	/* The last gap ends where addresses stop fitting into 64 bits. */
	last_hi = ~0ULL / s->granule;
	if (next <= last_hi && last_hi - next + 1 > r->hole)
		r->hole = last_hi - next + 1;
	return ok;
}

/* No red-black tree is deeper than that. The anchor is a node, too. */
static unsigned long max_depth(unsigned long ranges)
{
	unsigned long log2 = 0;

	while (ranges + 2 > 1UL << log2)
		log2++;
	return 2 * log2;
}

static bool stats_are_sane(const struct stats *s)
{
	return s->domain && s->granule && !(s->granule & (s->granule - 1)) &&
	       s->granule <= (unsigned long)sysconf(_SC_PAGESIZE) &&
	       s->hole32 <= s->hole && s->depth <= max_depth(s->ranges);
}

static void test_folders(void)
{
	bool ok = list_domains() && nr_domains;
	int i;

	for (i = 0; i < nr_domains; i++) {
		FILE *stats = open_file(domains[i], "stats");
		FILE *ranges = open_file(domains[i], "ranges");

		ok = ok && stats && ranges;
		if (stats)
			fclose(stats);
		if (ranges)
			fclose(ranges);
	}
	ksft_print_msg("%d domains\n", nr_domains);
	ksft_test_result(ok, "each domain has its files\n");
}

static bool only_owner_reads(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return false;
	return !st.st_uid && !(st.st_mode & 0277);
}

/* Addresses of a device's buffers are nobody's business but root's. */
static void test_permissions(void)
{
	char path[128];
	bool ok = nr_domains;
	int status = -1;
	pid_t pid;

	for (int i = 0; i < nr_domains; i++) {
		snprintf(path, sizeof(path), IOVA_DIR "/%d/stats", domains[i]);
		ok = ok && only_owner_reads(path);
		snprintf(path, sizeof(path), IOVA_DIR "/%d/ranges", domains[i]);
		ok = ok && only_owner_reads(path);
	}
	ksft_test_result(ok, "only root may read, nobody may write\n");

	pid = fork();
	if (!pid) {
		if (setgid(65534) || setuid(65534))
			_exit(1);
		_exit(open(path, O_RDONLY) < 0 && errno == EACCES ? 0 : 2);
	}
	waitpid(pid, &status, 0);
	ksft_test_result(WIFEXITED(status) && !WEXITSTATUS(status),
			 "another user is refused\n");
}

static void test_contents(void)
{
	bool ok = nr_domains;
	struct ranges r;
	struct stats s;

	for (int i = 0; i < nr_domains; i++) {
		if (parse_stats(domains[i], &s) && stats_are_sane(&s) &&
		    parse_ranges(domains[i], &s, &r))
			continue;
		ksft_print_msg("domain %d is wrong\n", domains[i]);
		ok = false;
	}
	ksft_test_result(ok, "each domain's files are well-formed\n");
}

/*
 * Both files come from one tree. That shows only while nothing happens, which
 * is so if the same figures are there before and after.
 */
static int compare_files(int id)
{
	struct stats before, after;
	struct ranges r;

	for (int i = 0; i < 100; i++) {
		if (!parse_stats(id, &before) || !parse_ranges(id, &before, &r) ||
		    !parse_stats(id, &after))
			return -1;
		if (before.served != after.served ||
		    before.cached != after.cached ||
		    before.ranges != after.ranges) {
			usleep(20000);
			continue;
		}
		if (r.nr == after.ranges && r.hole == after.hole &&
		    after.cached <= after.ranges)
			return 1;
		ksft_print_msg("domain %d: %lu lines, %lu ranges; hole %lu, %lu; %lu cached\n",
			       id, r.nr, after.ranges, r.hole, after.hole,
			       after.cached);
		return -1;
	}
	return 0;
}

static void test_files_agree(void)
{
	bool ok = true;
	int quiet = 0;

	for (int i = 0; i < nr_domains; i++) {
		int ret = compare_files(domains[i]);

		ok = ok && ret >= 0;
		quiet += ret > 0;
	}
	if (ok && !quiet)
		ksft_test_result_skip("no domain is ever quiet\n");
	else
		ksft_test_result(ok, "stats and ranges agree\n");
}

static unsigned long all_served(void)
{
	unsigned long sum = 0;
	struct stats s;

	for (int i = 0; i < nr_domains; i++)
		if (parse_stats(domains[i], &s))
			sum += s.served;
	return sum;
}

static bool files_are_well_formed(void)
{
	bool ok = true;

	for (int i = 0; i < nr_domains; i++) {
		struct ranges r;
		struct stats s;

		ok = ok && parse_stats(domains[i], &s) && stats_are_sane(&s) &&
		     parse_ranges(domains[i], &s, &r);
	}
	return ok;
}

static void test_during_io(void)
{
	void *buf = alloc_io_buffer(IO_BYTES);
	unsigned long before, after;
	pid_t one, two;
	int fd, rounds;
	bool ok;

	fd = buf ? open_translated_disk(buf) : -1;
	if (fd < 0) {
		ksft_test_result_skip("no disk behind an IOMMU: reading during I/O\n");
		ksft_test_result_skip("no disk behind an IOMMU: counters\n");
		return;
	}

	before = all_served();
	after = before;
	one = start_reader(fd, NULL);
	two = start_reader(fd, NULL);
	ok = one > 0 && two > 0;
	/* Each pass lets the disk finish something, even on a slow machine. */
	for (rounds = 0; ok && after < before + 500 && rounds < 5000; rounds++) {
		ok = files_are_well_formed();
		after = all_served();
		usleep(1000);
	}
	ok = stop_reader(one) && ok;
	ok = stop_reader(two) && ok;
	close(fd);
	free(buf);

	ksft_test_result(ok, "files stay well-formed during I/O\n");
	ksft_print_msg("%lu requests, %d passes\n", after - before, rounds);
	ksft_test_result(after >= before + 500, "requests are counted\n");
}

/* However small the pieces that a reader asks for, the file is the same. */
static void test_small_reads(void)
{
	char path[128], piece[7];
	unsigned long lines = 0, whole = 0;
	bool ok = false;

	for (int try = 0; try < 50 && !ok; try++) {
		struct stats s;
		ssize_t n = -1;
		int fd;

		snprintf(path, sizeof(path), IOVA_DIR "/%d/ranges", domains[0]);
		fd = open(path, O_RDONLY);
		lines = 0;
		while (fd >= 0 && (n = read(fd, piece, sizeof(piece))) > 0)
			for (ssize_t i = 0; i < n; i++)
				lines += piece[i] == '\n';
		if (fd >= 0)
			close(fd);
		if (n || !parse_stats(domains[0], &s))
			break;
		whole = s.ranges;
		ok = lines == whole;
	}
	if (!ok)
		ksft_print_msg("%lu lines, %lu ranges\n", lines, whole);
	ksft_test_result(ok, "small reads see every range\n");
}

int main(void)
{
	ksft_print_header();
	if (geteuid())
		ksft_exit_skip("needs root\n");
	if (!have_mount("debugfs", "/sys/kernel/debug", IOVA_DIR))
		ksft_exit_skip("no " IOVA_DIR ": needs CONFIG_IOMMU_DEBUGFS\n");
	list_domains();
	if (!nr_domains)
		ksft_exit_skip("no device has a DMA domain\n");

	ksft_set_plan(8);
	test_folders();
	test_permissions();
	test_contents();
	test_files_agree();
	test_during_io();
	test_small_reads();
	ksft_finished();
}
