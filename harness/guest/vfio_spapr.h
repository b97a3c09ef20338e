/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The edu device through VFIO's containers of powerpc (SPAPR TCE v2), and what
 * their tests have in common. Such a container maps only memory that was
 * registered before, into windows of the bus that its owner lays out.
 *
 * Functions named spapr_* return what the kernel did: 0, -errno, or a positive
 * number, which is a mistake of the kernel's. Functions of the tests return 0,
 * or -1 once it is noted what was wrong.
 */

#ifndef _VFIO_SPAPR_H_
#define _VFIO_SPAPR_H_

#include <stdarg.h>
#include <sys/wait.h>

#include "vfio_edu.h"

#define SYSTEM_PAGE		0x10000ul
#define MIB			0x100000ul
#define SETTLE_MS		5000	/* memory may be given back after a grace period */

/**
 * struct test - one test, which runs in a process of its own
 * @name: of its result
 * @text: what is true when it has passed
 * @run: 0, or -1 after fail()
 */
struct test {
	const char	*name;
	const char	*text;
	int		(*run)(void);
};

/* names of the two devices, each in a group of its own */
static const char *devices[2];

/* why the test failed, where both processes see it */
static char *why;
#define WHY_BYTES		4096

/* Notes what is wrong; the first one counts. */
static inline int fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!why[0])
		vsnprintf(why, WHY_BYTES, format, args);
	va_end(args);
	return -1;
}

static inline int expect(const char *what, long got, long wanted)
{
	return got == wanted ? 0 : fail("%s: %ld, not %ld", what, got, wanted);
}

/* The number behind a word at the start of a line of a file in /proc, or -1 */
static inline long proc_number(const char *path, const char *word)
{
	char line[256];
	long value = -1;
	FILE *file = fopen(path, "r");

	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, word, strlen(word)))
			value = strtol(line + strlen(word), NULL, 0);
	}
	if (file)
		fclose(file);
	return value;
}

/* Bytes that count against the process's RLIMIT_MEMLOCK */
static inline long locked_bytes(void)
{
	return proc_number("/proc/self/status", "VmLck:") * 1024;
}

/* Pages that are pinned in the whole machine; each CPU counts apart until it is asked to add up. */
static inline long pinned_pages(void)
{
	proc_number("/proc/sys/vm/stat_refresh", "");
	return proc_number("/proc/vmstat", "nr_foll_pin_acquired ") -
	       proc_number("/proc/vmstat", "nr_foll_pin_released ");
}

static inline int expect_pinned(const char *what, long wanted)
{
	for (int i = 0; i < SETTLE_MS / 10 && pinned_pages() != wanted; i++)
		pause_ms(10);
	return expect(what, pinned_pages(), wanted);
}

/* Memory at a multiple of 2 MiB; NULL without */
static inline uint8_t *get_memory(size_t bytes)
{
	uint8_t *memory = mmap(NULL, bytes + 2 * MIB, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before = -(uintptr_t)memory % (2 * MIB);

	if (memory == MAP_FAILED) {
		fail("mmap: %s", strerror(errno));
		return NULL;
	}
	if (before)
		munmap(memory, before);
	munmap(memory + before + bytes, 2 * MIB - before);
	return memory + before;
}

static inline long spapr_ioctl(struct edu *edu, unsigned long request, void *argument)
{
	long ret = ioctl(edu->container, request, argument);

	return ret < 0 ? -errno : ret;
}

static inline long spapr_register(struct edu *edu, void *memory, size_t bytes)
{
	struct vfio_iommu_spapr_register_memory range = {
		.argsz = sizeof(range), .vaddr = (uintptr_t)memory, .size = bytes,
	};

	return spapr_ioctl(edu, VFIO_IOMMU_SPAPR_REGISTER_MEMORY, &range);
}

static inline long spapr_unregister(struct edu *edu, void *memory, size_t bytes)
{
	struct vfio_iommu_spapr_register_memory range = {
		.argsz = sizeof(range), .vaddr = (uintptr_t)memory, .size = bytes,
	};

	return spapr_ioctl(edu, VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY, &range);
}

static inline long spapr_map(struct edu *edu, void *memory, uint64_t iova, size_t bytes)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory, .iova = iova, .size = bytes,
	};

	return spapr_ioctl(edu, VFIO_IOMMU_MAP_DMA, &map);
}

static inline long spapr_unmap(struct edu *edu, uint64_t iova, size_t bytes)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = iova, .size = bytes,
	};

	return spapr_ioctl(edu, VFIO_IOMMU_UNMAP_DMA, &unmap);
}

static inline long spapr_remove_window(struct edu *edu, uint64_t start)
{
	struct vfio_iommu_spapr_tce_remove window = {
		.argsz = sizeof(window), .start_addr = start,
	};

	return spapr_ioctl(edu, VFIO_IOMMU_SPAPR_TCE_REMOVE, &window);
}

/* A window where the platform puts it, in the first place that is free */
static inline long spapr_create_window(struct edu *edu, unsigned int page_shift, uint64_t bytes,
				       unsigned int levels, uint64_t *start)
{
	struct vfio_iommu_spapr_tce_create window = {
		.argsz = sizeof(window), .page_shift = page_shift, .window_size = bytes,
		.levels = levels,
	};
	long ret = spapr_ioctl(edu, VFIO_IOMMU_SPAPR_TCE_CREATE, &window);

	*start = window.start_addr;
	return ret;
}

/*
 * A container with the device's group in it. Its windows are in force from here on; its registers
 * come from sysfs, since VFIO, when it opens and closes a device, resets it, and firmware takes
 * 5 s for that.
 */
static inline int open_spapr(struct edu *edu, const char *name)
{
	*edu = (struct edu) { .name = name };
	edu->container = open("/dev/vfio/vfio", O_RDWR);
	if (edu->container < 0 || edu_open_group(edu))
		return fail("open: %s", strerror(errno));
	if (ioctl(edu->group, VFIO_GROUP_SET_CONTAINER, &edu->container) ||
	    ioctl(edu->container, VFIO_SET_IOMMU, VFIO_SPAPR_TCE_v2_IOMMU))
		return fail("VFIO_SET_IOMMU: %s", strerror(errno));
	if (edu_open_raw(edu))
		return fail("the device's registers");
	/* one that was killed may have left a transfer under way */
	for (int i = 0; edu_read(edu, EDU_DMA_COMMAND) & EDU_DMA_START; i++) {
		if (i == EDU_PATIENCE_MS)
			return fail("the last transfer does not end");
		pause_ms(1);
	}
	return 0;
}

/* From here on VFIO has the device as well. */
static inline int claim_device(struct edu *edu)
{
	munmap(edu->regs, edu->regs_bytes);
	edu->device = ioctl(edu->group, VFIO_GROUP_GET_DEVICE_FD, edu->name);
	if (edu->device < 0)
		return fail("VFIO_GROUP_GET_DEVICE_FD: %s", strerror(errno));
	if (edu_open_regs(edu) || edu_enable_bus_master(edu))
		return fail("the device's regions");
	return 0;
}

static inline int close_spapr(struct edu *edu)
{
	if (munmap(edu->regs, edu->regs_bytes) ||
	    (edu->device && (close(edu->device) || close(edu->event))) ||
	    close(edu->group) || close(edu->container))
		return fail("close: %s", strerror(errno));
	return 0;
}

static inline void fill(uint8_t *bytes, unsigned int count, unsigned int seed)
{
	for (unsigned int i = 0; i < count; i++)
		bytes[i] = i * 13 + (i >> 8) + seed * 29 + 1;
}

/* Has the device read at @from and write what it read at @to. */
static inline int copy_by_device(struct edu *edu, uint64_t from, uint64_t to)
{
	return edu_load(edu, from, EDU_MEMORY_BYTES) || edu_store(edu, to, EDU_MEMORY_BYTES) ?
		fail("a transfer did not end") : 0;
}

/* The same in memory that is mapped in one piece from @iova on, with data that must arrive */
static inline int test_copy(struct edu *edu, uint8_t *memory, uint64_t iova, unsigned int seed)
{
	uint8_t *back = memory + SYSTEM_PAGE / 2;

	fill(memory, EDU_MEMORY_BYTES, seed);
	memset(back, 0, EDU_MEMORY_BYTES);
	if (copy_by_device(edu, iova, iova + SYSTEM_PAGE / 2))
		return -1;
	return memcmp(memory, back, EDU_MEMORY_BYTES) ? fail("what came back differs") : 0;
}

/* What the device writes to @iova, which is mapped no more, must not arrive at @memory. */
static inline int test_out_of_reach(struct edu *edu, uint8_t *memory, uint64_t iova)
{
	memset(memory, 0, EDU_MEMORY_BYTES);
	if (edu_store(edu, iova, EDU_MEMORY_BYTES))
		return fail("a transfer did not end");
	for (unsigned int i = 0; i < EDU_MEMORY_BYTES; i++) {
		if (memory[i])
			return fail("the device reaches what was unmapped");
	}
	return 0;
}

/* Runs a test in its own process; when that has ended, all it had pinned must be free again. */
static inline void run_test(const struct test *test)
{
	long pinned = pinned_pages();
	int status;
	pid_t child;

	why[0] = '\0';
	fflush(stdout);
	child = fork();
	if (!child)
		_exit(test->run() ? 1 : 0);
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		fail("the test was killed");
	else if (status)
		fail("no reason given");
	expect_pinned("pages still pinned after the end", pinned);
	if (why[0])
		printf("FAIL %s: %s\n", test->name, why);
	else
		printf("PASS %s: %s\n", test->name, test->text);
}

/* @tests: ends with one that has no name */
static inline int run_tests(const struct test *tests, int argc, char **argv)
{
	if (argc != 3)
		return 2;
	why = mmap(NULL, WHY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (why == MAP_FAILED)
		return 2;
	devices[0] = argv[1];
	devices[1] = argv[2];
	for (; tests->name; tests++)
		run_test(tests);
	return 0;
}

#endif /* _VFIO_SPAPR_H_ */
