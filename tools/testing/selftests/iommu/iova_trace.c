// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracepoints of the IOVA allocator, seen in a trace of disk reads: what
 * is allocated is freed with the same size, and no two owners hold the same
 * page at one time.
 */

#define _GNU_SOURCE

#include "../kselftest.h"
#include "iova_utils.h"

#define TRACE_DIR	"/sys/kernel/tracing"
#define INSTANCE	TRACE_DIR "/instances/iova_selftest"
#define EVENTS		INSTANCE "/events/iova"
#define IOVA_DIR	"/sys/kernel/debug/iommu/iova"
#define READS		256
#define MAX_LIVE	65536
#define MAX_DOMAINS	64

/**
 * struct live - a range that was allocated under our eyes
 * @domain: pointer as the trace prints it
 * @pfn: first PFN
 * @size: pages
 */
struct live {
	unsigned long domain;
	unsigned long pfn;
	unsigned long size;
};

/**
 * struct tally - what a trace contains
 * @allocs: allocations
 * @pairs: frees of what was allocated in the same trace
 * @wrong_size: frees with another size than the allocation
 * @overlaps: allocations of a page that has an owner
 * @malformed: lines of our events that don't parse
 * @strangers: allocations in domains that debugfs does not know
 */
struct tally {
	unsigned long allocs;
	unsigned long pairs;
	unsigned long wrong_size;
	unsigned long overlaps;
	unsigned long malformed;
	unsigned long strangers;
};

static struct live live[MAX_LIVE];
static int nr_live;
static unsigned long domains[MAX_DOMAINS];
static int nr_domains;

/* The names that debugfs has for the domains; the events use the same. */
static void list_domains(void)
{
	char path[128], text[256];
	struct dirent *entry;
	DIR *dir;

	if (!have_mount("debugfs", "/sys/kernel/debug", IOVA_DIR))
		return;
	dir = opendir(IOVA_DIR);
	while (dir && (entry = readdir(dir)) && nr_domains < MAX_DOMAINS) {
		snprintf(path, sizeof(path), IOVA_DIR "/%.16s/stats",
			 entry->d_name);
		if (read_text(path, text, sizeof(text)) &&
		    sscanf(text, "domain: %lx", &domains[nr_domains]) == 1)
			nr_domains++;
	}
	if (dir)
		closedir(dir);
}

static bool is_known(unsigned long domain)
{
	for (int i = 0; i < nr_domains; i++)
		if (domains[i] == domain)
			return true;
	return false;
}

static bool enable_events(bool on)
{
	const char *text = on ? "1" : "0";

	return write_text(EVENTS "/iova_alloc/enable", text) &&
	       write_text(EVENTS "/iova_free/enable", text) &&
	       write_text(EVENTS "/iova_refuse/enable", text);
}

static bool clear_trace(void)
{
	int fd = open(INSTANCE "/trace", O_WRONLY | O_TRUNC);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void saw_alloc(struct tally *t, const struct live *l)
{
	t->allocs++;
	t->strangers += !is_known(l->domain);
	for (int i = 0; i < nr_live; i++)
		if (live[i].domain == l->domain &&
		    l->pfn < live[i].pfn + live[i].size &&
		    live[i].pfn < l->pfn + l->size)
			t->overlaps++;
	if (nr_live < MAX_LIVE)
		live[nr_live++] = *l;
}

static void saw_free(struct tally *t, const struct live *l)
{
	for (int i = 0; i < nr_live; i++) {
		if (live[i].domain != l->domain || live[i].pfn != l->pfn)
			continue;
		t->pairs++;
		t->wrong_size += live[i].size != l->size;
		live[i] = live[--nr_live];
		return;
	}
	/* It was allocated before the trace began. */
}

static void parse_line(struct tally *t, const char *line)
{
	const char *alloc = strstr(line, "iova_alloc: ");
	const char *freed = strstr(line, "iova_free: ");
	const char *args = alloc ?: freed;
	struct live l;

	if (!args)
		return;
	args = strstr(args, "iovad=");
	if (!args || sscanf(args, "iovad=%lx pfn=%lx size=%lu", &l.domain,
			    &l.pfn, &l.size) != 3 || !l.pfn || !l.size)
		t->malformed++;
	else if (alloc)
		saw_alloc(t, &l);
	else
		saw_free(t, &l);
}

static bool parse_trace(struct tally *t)
{
	FILE *f = fopen(INSTANCE "/trace", "r");
	char line[512];

	*t = (struct tally) { };
	nr_live = 0;
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f))
		parse_line(t, line);
	fclose(f);
	return true;
}

/* A trace with gaps proves nothing. */
static unsigned long lost_events(void)
{
	unsigned long sum = 0, n;
	char path[128], text[512], *overrun;

	for (int cpu = 0; cpu < 1024; cpu++) {
		snprintf(path, sizeof(path), INSTANCE "/per_cpu/cpu%d/stats",
			 cpu);
		if (!read_text(path, text, sizeof(text)))
			continue;
		overrun = strstr(text, "overrun: ");
		if (overrun && sscanf(overrun, "overrun: %lu", &n) == 1)
			sum += n;
	}
	return sum;
}

static bool read_disk(int fd, void *buf)
{
	for (int i = 0; i < READS; i++)
		if (!read_direct(fd, buf, i * IO_BYTES % DISK_BYTES))
			return false;
	/* Longer than a lazy domain waits before it frees. */
	usleep(300000);
	return true;
}

static void test_formats(void)
{
	static const char * const fields[][2] = {
		{ "iova_alloc", "pfn" }, { "iova_alloc", "size" },
		{ "iova_free", "pfn" }, { "iova_free", "size" },
		{ "iova_refuse", "size" }, { "iova_refuse", "limit_pfn" },
	};
	char path[128], text[4096], field[64];
	bool ok = true;

	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++) {
		snprintf(path, sizeof(path), EVENTS "/%s/format", fields[i][0]);
		snprintf(field, sizeof(field), " %s;", fields[i][1]);
		ok = ok && read_text(path, text, sizeof(text)) &&
		     strstr(text, field);
	}
	ksft_test_result(ok, "the events have their fields\n");
}

static void test_reads(int fd, void *buf)
{
	unsigned long lost;
	struct tally t;
	bool ok;

	list_domains();
	ok = clear_trace() && enable_events(true) && read_disk(fd, buf);
	ok = enable_events(false) && ok;
	lost = lost_events();
	ok = parse_trace(&t) && ok;
	ksft_print_msg("%lu allocations, %lu freed again, %lu events lost\n",
		       t.allocs, t.pairs, lost);

	ksft_test_result(ok && t.allocs >= READS && !t.malformed,
			 "reads show as allocations\n");
	if (nr_domains)
		ksft_test_result(ok && t.allocs && !t.strangers,
				 "debugfs knows their domains\n");
	else
		ksft_test_result_skip("no domain in debugfs: names\n");
	if (lost) {
		ksft_test_result_skip("events were lost: pairs\n");
		ksft_test_result_skip("events were lost: owners\n");
		return;
	}
	ksft_test_result(ok && t.pairs >= READS && !t.wrong_size,
			 "allocations are freed with their size\n");
	ksft_test_result(ok && t.allocs && !t.overlaps,
			 "no page has two owners\n");
}

static void test_disabled(int fd, void *buf)
{
	struct tally t;
	bool ok;

	ok = clear_trace() && read_disk(fd, buf) && parse_trace(&t);
	ksft_test_result(ok && !t.allocs && !t.pairs && !t.malformed,
			 "disabled events are silent\n");
}

static bool make_instance(void)
{
	if (mkdir(INSTANCE, 0700) && errno != EEXIST)
		return false;
	/* A counter keeps the order of events of different CPUs. */
	return write_text(INSTANCE "/trace_clock", "counter") &&
	       write_text(INSTANCE "/buffer_size_kb", "4096");
}

int main(void)
{
	void *buf = alloc_io_buffer(IO_BYTES);
	int fd;

	ksft_print_header();
	if (geteuid())
		ksft_exit_skip("needs root\n");
	if (!have_mount("tracefs", TRACE_DIR, TRACE_DIR "/instances"))
		ksft_exit_skip("no tracefs\n");
	if (access(TRACE_DIR "/events/iova", F_OK))
		ksft_exit_skip("no iova events: needs CONFIG_EVENT_TRACING\n");
	fd = buf ? open_translated_disk(buf) : -1;
	if (fd < 0)
		ksft_exit_skip("no disk behind an IOMMU\n");
	if (!make_instance())
		ksft_exit_fail_perror(INSTANCE);

	ksft_set_plan(6);
	test_formats();
	test_reads(fd, buf);
	test_disabled(fd, buf);
	rmdir(INSTANCE);
	ksft_finished();
}
