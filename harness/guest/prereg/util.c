// SPDX-License-Identifier: GPL-2.0-only
/* What the system says of memory that is pinned and accounted, and memory of many kinds. */

#include <linux/capability.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "prereg.h"

#define RELEASE_MS	5000	/* what is released by a work item has so long */
#define PFN_MASK	((1ull << 55) - 1)	/* in /proc/self/pagemap */

static char why[400], note[400];

int fail(const char *format, ...)
{
	va_list arguments;

	if (why[0])
		return -1;
	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	return -1;
}

/* Adds to what is told of a test that passed. */
void detail(const char *format, ...)
{
	size_t used = strlen(note);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(note + used, sizeof(note) - used, format, arguments);
	va_end(arguments);
}

const char *said(void)
{
	return why[0] ? why : "it does not say";
}

const char *detailed(void)
{
	return note[0] ? note : "as it shall";
}

/* A number, or the name of an error */
static const char *spelled(long value, char *text, size_t bytes)
{
	const char *name = value < 0 && value > -4096 ? strerrorname_np(-value) : NULL;

	snprintf(text, bytes, "%ld", value);
	return name ?: text;
}

int expect(const char *what, long got, long want)
{
	char a[24], b[24];

	if (got == want)
		return 0;
	return fail("%s: %s, not %s", what, spelled(got, a, sizeof(a)),
		    spelled(want, b, sizeof(b)));
}

/* The number behind a key in a file of /proc, -1 if it is not there */
static long number_of(const char *path, const char *key)
{
	size_t length = strlen(key);
	char line[200];
	long found = -1;
	FILE *file = fopen(path, "r");

	if (!file)
		return -1;
	while (found < 0 && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, key, length))
			found = strtol(line + length, NULL, 10);
	}
	fclose(file);
	return found;
}

/* Pages that count against a process's RLIMIT_MEMLOCK */
long locked_of(pid_t pid)
{
	char path[40];
	long kilobytes;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	kilobytes = number_of(path, "VmLck:");
	return kilobytes < 0 ? -1 : kilobytes / 4;
}

long locked(void)
{
	return locked_of(getpid());
}

long memory_info(const char *key)
{
	return number_of("/proc/meminfo", key);
}

/* Pages that are pinned, in the whole system */
long pins(void)
{
	int refresh = open("/proc/sys/vm/stat_refresh", O_WRONLY);

	/* the counters of each CPU are added up; whether one is negative is of no interest */
	if (refresh < 0 || (write(refresh, "1", 1) < 0 && errno != EINVAL))
		return -1;
	close(refresh);
	return number_of("/proc/vmstat", "nr_foll_pin_acquired ") -
	       number_of("/proc/vmstat", "nr_foll_pin_released ");
}

int expect_pins(const char *what, long want)
{
	long got = pins();

	for (int i = 0; i < RELEASE_MS / 10 && got != want; i++) {
		pause_ms(10);
		got = pins();
	}
	return got == want ? 0 : fail("%s: %ld pages are pinned, not %ld", what, got, want);
}

/* Are so many pages accounted and pinned, besides what there was? */
int expect_held(const struct lab *lab, const char *what, long pages)
{
	long more = locked() - lab->locked;

	if (more != pages)
		return fail("%s: %ld pages are accounted, not %ld", what, more, pages);
	return expect_pins(what, lab->pins + pages);
}

/* What the kernel has in a file of 8 bytes for each page, 0 if nothing */
static uint64_t page_entry(int *fd, const char *path, uint64_t index)
{
	uint64_t found = 0;

	if (!*fd)
		*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (pread(*fd, &found, sizeof(found), index * sizeof(found)) != sizeof(found))
		found = 0;
	return found;
}

/* Where a page of this process is in memory, 0 if it is not there */
uint64_t pfn_of(const void *page)
{
	static int fd;

	return page_entry(&fd, "/proc/self/pagemap", (uintptr_t)page / PAGE_BYTES) & PFN_MASK;
}

/* What the kernel says of a page of memory: KPF_* */
uint64_t flags_of(uint64_t pfn)
{
	static int fd;

	return page_entry(&fd, "/proc/kpageflags", pfn);
}

static void *shared_memory(size_t bytes)
{
	int fd = memfd_create("prereg", 0);
	void *memory;

	if (fd < 0 || ftruncate(fd, bytes))
		return MAP_FAILED;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return memory;
}

/* Private memory that begins where a huge page may */
static void *aligned_memory(size_t bytes, int advice)
{
	uint8_t *found = mmap(NULL, bytes + HUGE_BYTES, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before = -(uintptr_t)found % HUGE_BYTES;

	if (found == MAP_FAILED)
		return found;
	if (before)
		munmap(found, before);
	munmap(found + before + bytes, HUGE_BYTES - before);
	return madvise(found + before, bytes, advice) ? MAP_FAILED : found + before;
}

/* Memory whose every page is there; NULL, with a word, if it cannot be had. */
void *memory(enum backing backing, size_t bytes)
{
	void *found;

	if (backing == HUGETLB)
		found = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
	else if (backing == SHARED)
		found = shared_memory(bytes);
	else
		found = aligned_memory(bytes, backing == THP ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	if (found == MAP_FAILED) {
		fail("mmap: %s", strerror(errno));
		return NULL;
	}
	memset(found, 1, bytes);
	if (backing == THP &&
	    number_of("/proc/self/smaps_rollup", "AnonHugePages:") < (long)(bytes >> 11)) {
		fail("less than half of it is in huge pages");
		return NULL;
	}
	return found;
}

/* Makes a page unlike any other. */
void fill(void *page, uint64_t seed)
{
	uint64_t *words = page;

	for (unsigned int i = 0; i < PAGE_BYTES / sizeof(*words); i++)
		words[i] = (seed + 1) * 0x9e3779b97f4a7c15ull + i * 0x100000001b3ull;
}

/* Is that in the page, as far as the device reaches? */
bool holds(const void *page, uint64_t seed)
{
	static uint8_t wanted[PAGE_BYTES];

	fill(wanted, seed);
	return !memcmp(page, wanted, EDU_MEMORY_BYTES);
}

/* From here on RLIMIT_MEMLOCK holds for this process. */
int drop_ipc_lock(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return fail("capget: %s", strerror(errno));
	data[0].effective &= ~(1u << CAP_IPC_LOCK);
	data[0].permitted &= ~(1u << CAP_IPC_LOCK);
	return syscall(SYS_capset, &header, data) ? fail("capset: %s", strerror(errno)) : 0;
}

int limit_memlock(size_t bytes)
{
	struct rlimit limit = { .rlim_cur = bytes, .rlim_max = RLIM_INFINITY };

	return setrlimit(RLIMIT_MEMLOCK, &limit) ? fail("setrlimit: %s", strerror(errno)) : 0;
}
