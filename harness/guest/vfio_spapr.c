// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio_spapr DEVICE DEVICE: two edu devices, driven from user space on powerpc
 * through memory that was registered: windows of every page size, data there
 * and back, interrupts, two containers on the same memory, and drivers that
 * are killed.
 */

#define _GNU_SOURCE	/* clone() */

#include <sched.h>
#include <signal.h>

#include "vfio_spapr.h"

#define SHIFT_4K		12
#define SHIFT_64K		16
#define SHIFT_2M		21
#define INTERRUPTS		5
#define KILLS			16
#define LONGEST_LIFE_MS		600
#define STACK_BYTES		(256 << 10)

/**
 * struct layout - memory as a window shows it: its pages in another order
 * @memory: where it is
 * @count: how many pages of the window, a power of two
 * @shift: their size
 * @start: the window's address on the bus
 */
struct layout {
	uint8_t		*memory;
	unsigned int	count;
	unsigned int	shift;
	uint64_t	start;
};

/* Where the byte is that the device finds at an address of the window */
static uint8_t *byte_at(const struct layout *layout, uint64_t offset)
{
	unsigned int page = (offset >> layout->shift) * 5 + 3;

	return layout->memory + ((uint64_t)(page % layout->count) << layout->shift) +
	       (offset & ((1ul << layout->shift) - 1));
}

static int map_layout(struct edu *edu, const struct layout *layout)
{
	for (unsigned int i = 0; i < layout->count; i++) {
		uint64_t offset = (uint64_t)i << layout->shift;

		if (expect("VFIO_IOMMU_MAP_DMA",
			   spapr_map(edu, byte_at(layout, offset), layout->start + offset,
				     1ul << layout->shift), 0))
			return -1;
	}
	return 0;
}

/* A copy from one border of two pages to another */
static int test_border(struct edu *edu, const struct layout *layout, unsigned int page)
{
	uint64_t from = ((page + 1ul) << layout->shift) - 1500;
	uint64_t to = ((page + layout->count / 2 + 1ul) << layout->shift) - 2500;

	for (unsigned int i = 0; i < EDU_MEMORY_BYTES; i++) {
		*byte_at(layout, from + i) = i * 7 + (i >> 8) + page;
		*byte_at(layout, to + i) = 0;
	}
	if (copy_by_device(edu, layout->start + from, layout->start + to))
		return -1;
	for (unsigned int i = 0; i < EDU_MEMORY_BYTES; i++) {
		if (*byte_at(layout, from + i) != *byte_at(layout, to + i))
			return fail("byte %u of page %u did not come back", i, page);
	}
	return 0;
}

/* Half of the pages are unmapped, which ends their reach; the rest goes with the window. */
static int unmap_layout(struct edu *edu, const struct layout *layout)
{
	uint64_t half = (uint64_t)layout->count / 2 << layout->shift;

	if (expect("VFIO_IOMMU_UNMAP_DMA", spapr_unmap(edu, layout->start, half), 0) ||
	    test_out_of_reach(edu, byte_at(layout, 0), layout->start))
		return -1;
	return expect("VFIO_IOMMU_SPAPR_TCE_REMOVE", spapr_remove_window(edu, layout->start), 0);
}

static int test_window(uint8_t *memory, unsigned int count, unsigned int shift, unsigned int levels)
{
	struct layout layout = { .memory = memory, .count = count, .shift = shift };
	size_t bytes = (size_t)count << shift;
	long locked = locked_bytes(), pinned = pinned_pages(), window;
	struct edu edu;

	if (open_spapr(&edu, devices[0]) ||
	    expect("removal of the default window", spapr_remove_window(&edu, 0), 0) ||
	    expect("VFIO_IOMMU_SPAPR_TCE_CREATE",
		   spapr_create_window(&edu, shift, 1ul << 30, levels, &layout.start), 0))
		return -1;
	window = locked_bytes() - locked;
	if (expect("registration", spapr_register(&edu, memory, bytes), 0) ||
	    expect("bytes locked by it", locked_bytes() - locked - window, bytes) ||
	    map_layout(&edu, &layout) ||
	    test_border(&edu, &layout, 0) || test_border(&edu, &layout, count / 4) ||
	    unmap_layout(&edu, &layout) ||
	    expect("unregistration", spapr_unregister(&edu, memory, bytes), 0) ||
	    expect("bytes still locked", locked_bytes(), locked) ||
	    expect_pinned("pages still pinned", pinned))
		return -1;
	return close_spapr(&edu);
}

static int window_4k(void)
{
	uint8_t *memory = get_memory(2 * SYSTEM_PAGE);

	return memory ? test_window(memory, 2 * SYSTEM_PAGE >> SHIFT_4K, SHIFT_4K, 1) : -1;
}

static int window_64k(void)
{
	uint8_t *memory = get_memory(16 * SYSTEM_PAGE);

	return memory ? test_window(memory, 16, SHIFT_64K, 2) : -1;
}

static int window_2m(void)
{
	uint8_t *memory = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (memory == MAP_FAILED)
		return fail("huge pages: %s", strerror(errno));
	return test_window(memory, 8, SHIFT_2M, 1);
}

/* The default window, and a second one above it */
static int windows_together(void)
{
	uint8_t *memory = get_memory(4 * SYSTEM_PAGE);
	uint64_t start;
	struct edu edu;

	if (!memory || open_spapr(&edu, devices[0]) ||
	    expect("VFIO_IOMMU_SPAPR_TCE_CREATE",
		   spapr_create_window(&edu, SHIFT_64K, 1ul << 30, 1, &start), 0) ||
	    expect("registration", spapr_register(&edu, memory, 4 * SYSTEM_PAGE), 0) ||
	    expect("mapping in the default window",
		   spapr_map(&edu, memory, 0x1000, 4 * SYSTEM_PAGE), 0) ||
	    expect("mapping in the second window",
		   spapr_map(&edu, memory, start, 4 * SYSTEM_PAGE), 0))
		return -1;
	fill(memory, EDU_MEMORY_BYTES, 1);
	if (copy_by_device(&edu, 0x1000, start + 3 * SYSTEM_PAGE))
		return -1;
	if (memcmp(memory, memory + 3 * SYSTEM_PAGE, EDU_MEMORY_BYTES))
		return fail("what came through the second window differs");
	if (expect("unmapping", spapr_unmap(&edu, 0x1000, 4 * SYSTEM_PAGE), 0) ||
	    test_copy(&edu, memory, start, 2) ||
	    expect("unmapping", spapr_unmap(&edu, start, 4 * SYSTEM_PAGE), 0) ||
	    expect("unregistration", spapr_unregister(&edu, memory, 4 * SYSTEM_PAGE), 0))
		return -1;
	return close_spapr(&edu);
}

/* As a driver has it, from VFIO alone: registers, interrupts and data */
static int claimed(void)
{
	uint8_t *memory = get_memory(SYSTEM_PAGE);
	struct edu edu;

	if (!memory || open_spapr(&edu, devices[0]) || claim_device(&edu) ||
	    expect("registration", spapr_register(&edu, memory, SYSTEM_PAGE), 0) ||
	    expect("mapping", spapr_map(&edu, memory, 0, SYSTEM_PAGE), 0))
		return -1;
	if (edu_set_msi(&edu, true))
		return fail("enabling interrupts");
	for (int i = 0; i < INTERRUPTS; i++) {
		if (edu_test_interrupt(&edu))
			return fail("interrupt %d", i);
		if (test_copy(&edu, memory, 0, i))
			return -1;
	}
	/* it ends in the middle of a transfer, and closes nothing */
	edu_start_transfer(&edu, EDU_MEMORY, 0, EDU_MEMORY_BYTES, EDU_DMA_TO_RAM);
	return 0;
}

/* The mapping of the one container stays while the other comes and goes. */
static int two_containers(void)
{
	uint8_t *memory = get_memory(8 * SYSTEM_PAGE);
	long locked = locked_bytes(), once;
	struct edu first, second;

	if (!memory || open_spapr(&first, devices[0]) || open_spapr(&second, devices[1]) ||
	    expect("registration", spapr_register(&first, memory, 8 * SYSTEM_PAGE), 0))
		return -1;
	once = locked_bytes();
	if (expect("bytes locked", once - locked, 8 * SYSTEM_PAGE) ||
	    expect("second registration", spapr_register(&second, memory, 8 * SYSTEM_PAGE), 0) ||
	    expect("bytes locked twice", locked_bytes() - once, 0) ||
	    expect("mapping", spapr_map(&first, memory, 0, 4 * SYSTEM_PAGE), 0) ||
	    expect("second mapping", spapr_map(&second, memory, 0, 8 * SYSTEM_PAGE), 0) ||
	    test_copy(&first, memory, 0, 1) ||
	    test_copy(&second, memory + 4 * SYSTEM_PAGE, 4 * SYSTEM_PAGE, 2) ||
	    expect("unmapping", spapr_unmap(&first, 0, 4 * SYSTEM_PAGE), 0) ||
	    expect("unregistration", spapr_unregister(&first, memory, 8 * SYSTEM_PAGE), 0) ||
	    expect("unregistration of what is not its own",
		   spapr_unregister(&first, memory, 8 * SYSTEM_PAGE), -ENOENT) ||
	    close_spapr(&first) || test_copy(&second, memory, 0, 3) ||
	    expect("unmapping", spapr_unmap(&second, 0, 8 * SYSTEM_PAGE), 0) ||
	    expect("last unregistration",
		   spapr_unregister(&second, memory, 8 * SYSTEM_PAGE), 0) ||
	    close_spapr(&second))
		return -1;
	return expect("bytes still locked", locked_bytes(), locked);
}

/* Its child gets copies; the device stays with the memory of the process that registered it. */
static int forked(void)
{
	uint8_t *memory = get_memory(SYSTEM_PAGE);
	struct edu edu;
	int status;
	pid_t child;

	if (!memory || open_spapr(&edu, devices[0]) ||
	    expect("registration", spapr_register(&edu, memory, SYSTEM_PAGE), 0) ||
	    expect("mapping", spapr_map(&edu, memory, 0, SYSTEM_PAGE), 0))
		return -1;
	fill(memory, EDU_MEMORY_BYTES, 1);
	child = fork();
	if (!child) {
		expect("registration by another process",
		       spapr_register(&edu, memory, SYSTEM_PAGE), -EPERM);
		memset(memory, 0, SYSTEM_PAGE);
		pause();
	}
	for (int i = 0; i < 2; i++) {
		if (test_copy(&edu, memory, 0, i))
			break;
	}
	if (kill(child, SIGKILL) || waitpid(child, &status, 0) != child)
		return fail("the child");
	return why[0] || test_copy(&edu, memory, 0, 3) ? -1 : close_spapr(&edu);
}

/* The device keeps what the process has let go of. */
static int unmapped_memory(void)
{
	uint8_t *memory = get_memory(8 * SYSTEM_PAGE), *fresh = get_memory(SYSTEM_PAGE);
	long locked = locked_bytes();
	struct edu edu;

	if (!memory || !fresh || open_spapr(&edu, devices[0]) ||
	    expect("registration", spapr_register(&edu, memory, 8 * SYSTEM_PAGE), 0) ||
	    expect("registration", spapr_register(&edu, fresh, SYSTEM_PAGE), 0) ||
	    expect("mapping", spapr_map(&edu, memory, 0, 8 * SYSTEM_PAGE), 0) ||
	    expect("mapping", spapr_map(&edu, fresh, MIB, SYSTEM_PAGE), 0))
		return -1;
	fill(memory, EDU_MEMORY_BYTES, 5);
	fill(fresh + SYSTEM_PAGE / 2, EDU_MEMORY_BYTES, 5);
	if (madvise(memory, SYSTEM_PAGE, MADV_DONTNEED) || memory[0] ||
	    munmap(memory + SYSTEM_PAGE, 7 * SYSTEM_PAGE))
		return fail("letting go of memory");
	if (copy_by_device(&edu, 0, 3 * SYSTEM_PAGE) || copy_by_device(&edu, 3 * SYSTEM_PAGE, MIB))
		return -1;
	if (memcmp(fresh, fresh + SYSTEM_PAGE / 2, EDU_MEMORY_BYTES))
		return fail("the device does not see the memory that was registered");
	if (expect("unmapping", spapr_unmap(&edu, 0, 8 * SYSTEM_PAGE), 0) ||
	    expect("unmapping", spapr_unmap(&edu, MIB, SYSTEM_PAGE), 0) ||
	    expect("unregistration", spapr_unregister(&edu, memory, 8 * SYSTEM_PAGE), 0) ||
	    expect("unregistration", spapr_unregister(&edu, fresh, SYSTEM_PAGE), 0) ||
	    close_spapr(&edu))
		return -1;
	return expect("bytes still locked", locked_bytes(), locked);
}

/* A driver's life, over and over: it shares nothing but its memory with who kills it. */
static int live(void *memory)
{
	uint64_t start;
	struct edu edu;

	for (;;) {
		if (open_spapr(&edu, devices[0]) ||
		    expect("removal of the default window", spapr_remove_window(&edu, 0), 0) ||
		    expect("VFIO_IOMMU_SPAPR_TCE_CREATE",
			   spapr_create_window(&edu, SHIFT_64K, 1ul << 30, 1, &start), 0) ||
		    expect("registration", spapr_register(&edu, memory, 32 * MIB), 0) ||
		    expect("mapping", spapr_map(&edu, memory, start, 32 * MIB), 0) ||
		    test_copy(&edu, memory, start, 1) ||
		    expect("unmapping", spapr_unmap(&edu, start, 16 * MIB), 0) ||
		    expect("unmapping", spapr_unmap(&edu, start + 16 * MIB, 16 * MIB), 0) ||
		    expect("unregistration", spapr_unregister(&edu, memory, 32 * MIB), 0) ||
		    close_spapr(&edu))
			_exit(1);
	}
}

/* Kills a process; by turns the memory is its own, or goes on being ours. */
static int kill_one(uint8_t *memory, uint8_t *stack, bool shared)
{
	long locked = locked_bytes(), pinned = pinned_pages();
	int status;
	pid_t child = clone(live, stack + STACK_BYTES, (shared ? CLONE_VM : 0) | SIGCHLD, memory);

	if (child < 0)
		return fail("clone: %s", strerror(errno));
	pause_ms(rand() % LONGEST_LIFE_MS);
	kill(child, SIGKILL);
	if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
		return fail("the driver ended by itself");
	return expect("bytes still locked", locked_bytes(), locked) ||
	       expect_pinned("pages still pinned", pinned);
}

static int killed(void)
{
	uint8_t *memory = get_memory(32 * MIB), *stack = get_memory(STACK_BYTES);
	struct edu edu;

	if (!memory || !stack)
		return -1;
	srand(1);
	for (int i = 0; i < KILLS; i++) {
		if (kill_one(memory, stack, i % 2))
			return -1;
	}
	if (open_spapr(&edu, devices[0]) ||
	    expect("registration", spapr_register(&edu, memory, 32 * MIB), 0) ||
	    expect("mapping", spapr_map(&edu, memory, 0, 32 * MIB), 0) ||
	    test_copy(&edu, memory, 0, 9))
		return -1;
	return 0;	/* it ends without closing anything */
}

static const struct test tests[] = {
	{ "spapr-window-4k", "pages of 4 KiB, in any order", window_4k },
	{ "spapr-window-64k", "pages of 64 KiB, in a table of two levels", window_64k },
	{ "spapr-window-2m", "pages of 2 MiB, on huge pages", window_2m },
	{ "spapr-windows", "two windows on the same memory", windows_together },
	{ "spapr-device", "data and interrupts of a device that VFIO has", claimed },
	{ "spapr-containers", "two containers on the same memory, counted once", two_containers },
	{ "spapr-fork", "the device stays with the parent's memory", forked },
	{ "spapr-munmap", "the device keeps what the process let go of", unmapped_memory },
	{ "spapr-kill", "what was killed leaves nothing behind", killed },
	{ }
};

int main(int argc, char **argv)
{
	return run_tests(tests, argc, argv);
}
