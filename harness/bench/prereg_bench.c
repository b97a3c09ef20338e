// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it takes to map user memory for a device through VFIO's type 1, with and
 * without registering it first, measured from userland in a guest whose clock
 * counts instructions.
 *
 *	prereg_bench DEVICE fresh|scattered|huge
 *
 * An *area* of memory is laid out as the last argument says: pages in the order
 * in which a process that has just begun touches them, pages touched in a
 * random order, so that hardly any has its neighbour beside it in memory, or
 * huge pages. 2 MiB in its middle, and for fresh pages one page as well, are
 * mapped and unmapped time and again. All of that is done with nothing
 * registered and then, on a kernel that has it, with the area registered.
 *
 * Prints a line for each figure: instructions, a reading of the clock included,
 * or bytes that the kernel says a registered range takes.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../guest/vfio_edu.h"
#include "../guest/vfio_register.h"
#include "program.h"

#define RANGES		"/sys/kernel/debug/iommu/prereg"	/* what is registered */
#define COLUMNS		16
#define PAGE		4096ul
#define HUGE		(2ul << 20)
#define AREA		(256ul << 20)
#define SLOT		(AREA / 2)	/* what is mapped begins there in the area */
#define IOVA		0x40000000ul
#define SEED		20240611ul	/* of the order in which pages are touched */
#define WARM		40
#define ROUNDS		200

enum op { OP_FIRST, OP_SECOND, OP_BOTH, OPS };

/**
 * struct bench - what is measured
 * @edu: the device and its container
 * @memory: how the area is laid out
 * @label: whether the area is registered
 * @area: its memory
 */
struct bench {
	struct edu	edu;
	const char	*memory;
	const char	*label;
	char		*area;
};

/**
 * struct work - two things that undo each other
 * @row: name of the row that they make up
 * @ops: their names, and that of both together
 * @bytes: from the slot on
 * @first: one
 * @second: the other
 */
struct work {
	char		row[32];
	const char	*ops[OPS];
	size_t		bytes;
	void		(*first)(struct bench *b, size_t bytes);
	void		(*second)(struct bench *b, size_t bytes);
};

static double samples[OPS][ROUNDS];

static void map(struct bench *b, size_t bytes)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .vaddr = (uintptr_t)b->area + SLOT, .iova = IOVA,
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE, .size = bytes,
	};

	if (ioctl(b->edu.container, VFIO_IOMMU_MAP_DMA, &map))
		fail("VFIO_IOMMU_MAP_DMA");
}

static void unmap(struct bench *b, size_t bytes)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = IOVA, .size = bytes,
	};

	if (ioctl(b->edu.container, VFIO_IOMMU_UNMAP_DMA, &unmap) || unmap.size != bytes)
		fail("VFIO_IOMMU_UNMAP_DMA");
}

static void registration(struct bench *b, unsigned long request, char *from, size_t bytes)
{
	struct vfio_iommu_type1_register_memory memory = {
		.argsz = sizeof(memory), .vaddr = (uintptr_t)from, .size = bytes,
	};

	if (ioctl(b->edu.container, request, &memory))
		fail(request == VFIO_IOMMU_TYPE1_REGISTER_MEMORY ? "registering" : "unregistering");
}

static void enlist(struct bench *b, size_t bytes)
{
	registration(b, VFIO_IOMMU_TYPE1_REGISTER_MEMORY, b->area + SLOT, bytes);
}

static void dismiss(struct bench *b, size_t bytes)
{
	registration(b, VFIO_IOMMU_TYPE1_UNREGISTER_MEMORY, b->area + SLOT, bytes);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void report(const struct bench *b, const char *row, const char *op, double *costs)
{
	double sum = 0;

	for (unsigned int i = 0; i < ROUNDS; i++)
		sum += costs[i];
	qsort(costs, ROUNDS, sizeof(*costs), compare);
	printf("bench: set=prereg label=%s row=%s op=%s ", b->label, row, op);
	printf("median=%.0f mean=%.0f best=%.0f worst=%.0f n=%d\n", costs[ROUNDS / 2],
	       sum / ROUNDS, costs[0], costs[ROUNDS - 1], ROUNDS);
}

static void report_value(const char *label, const char *row, const char *op, long value)
{
	printf("bench: set=prereg label=%s row=%s op=%s value=%ld seed=%lu\n", label, row, op,
	       value, SEED);
}

static void measure(struct bench *b, const struct work *work)
{
	for (int i = -WARM; i < ROUNDS; i++) {
		double start = now_ns(), first, second;

		work->first(b, work->bytes);
		first = now_ns() - start;
		start = now_ns();
		work->second(b, work->bytes);
		second = now_ns() - start;
		if (i < 0)
			continue;
		samples[OP_FIRST][i] = first;
		samples[OP_SECOND][i] = second;
		samples[OP_BOTH][i] = first + second;
	}
	for (enum op op = OP_FIRST; op < OPS; op++)
		report(b, work->row, work->ops[op], samples[op]);
}

/* Like all figures here, one reading takes what lies between two of them. */
static void measure_clock(struct bench *b)
{
	for (int i = -WARM; i < ROUNDS; i++) {
		double start = now_ns(), took = now_ns() - start;

		if (i >= 0)
			samples[0][i] = took;
	}
	report(b, "clock", "read", samples[0]);
}

/* Splits a line into words, in place. */
static unsigned int split(char *line, char *words[COLUMNS])
{
	unsigned int count = 0;

	for (char *word = strtok(line, " \t\n"); word && count < COLUMNS;
	     word = strtok(NULL, " \t\n"))
		words[count++] = word;
	return count;
}

static int column(char *words[COLUMNS], unsigned int count, const char *name)
{
	for (unsigned int i = 0; i < count; i++) {
		if (!strcmp(words[i], name))
			return i;
	}
	errno = ENOENT;
	fail(name);
	return -1;
}

/* What the kernel says of the range that is registered from @from on */
static long told(const char *from, const char *name)
{
	char line[512], *words[COLUMNS];
	unsigned int count, ua, wanted;
	FILE *file = fopen(RANGES, "r");

	if (!file || !fgets(line, sizeof(line), file))
		fail(RANGES);
	count = split(line, words);
	ua = column(words, count, "ua");
	wanted = column(words, count, name);
	while (fgets(line, sizeof(line), file)) {
		if (split(line, words) == count &&
		    strtoull(words[ua], NULL, 16) == (uintptr_t)from) {
			fclose(file);
			return strtol(words[wanted], NULL, 0);
		}
	}
	errno = ENOENT;
	fail(RANGES);
	return -1;
}

/* A mapping that is not counted there had its pages looked for, and measures something else. */
static void check_mapped(struct bench *b, size_t bytes)
{
	map(b, bytes);
	if (told(b->area, "mappings") != 1) {
		errno = ERANGE;
		fail("mappings of the registered range");
	}
	unmap(b, bytes);
}

static void map_area(struct bench *b)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | (strcmp(b->memory, "huge") ? 0 : MAP_HUGETLB);
	char *memory = mmap(NULL, AREA + HUGE, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE,
			    -1, 0);

	if (memory == MAP_FAILED)
		fail("mmap");
	b->area = (char *)(((uintptr_t)memory + HUGE - 1) & -HUGE);
	if (!(flags & MAP_HUGETLB) && madvise(memory, AREA + HUGE, MADV_NOHUGEPAGE) &&
	    errno != EINVAL)	/* a kernel without transparent huge pages */
		fail("madvise");
}

static uint64_t random_below(uint64_t limit)
{
	static uint64_t state = SEED;

	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (state >> 33) % limit;
}

static void lay_out_area(struct bench *b)
{
	size_t pages = AREA / PAGE;
	uint32_t *order = malloc(pages * sizeof(*order));

	if (!order)
		fail("malloc");
	map_area(b);
	for (size_t i = 0; i < pages; i++)
		order[i] = i;
	for (size_t i = pages - 1; i && !strcmp(b->memory, "scattered"); i--) {
		size_t other = random_below(i + 1);
		uint32_t page = order[i];

		order[i] = order[other];
		order[other] = page;
	}
	for (size_t i = 0; i < pages; i++)
		b->area[order[i] * PAGE] = 1;
	free(order);
}

/* Into how many pieces of physical memory a part of the area falls */
static long count_runs(const char *from, size_t bytes)
{
	int file = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry, next = 0, mask = (1ull << 55) - 1;
	long runs = 0;

	for (size_t i = 0; i < bytes / PAGE; i++) {
		off_t at = ((uintptr_t)from / PAGE + i) * sizeof(entry);

		if (pread(file, &entry, sizeof(entry), at) != sizeof(entry))
			fail("/proc/self/pagemap");
		runs += (entry & mask) != next;
		next = (entry & mask) + 1;
	}
	close(file);
	return runs;
}

static void measure_mapping(struct bench *b)
{
	struct work large = { .ops = { "map", "unmap", "both" }, .bytes = HUGE,
			      .first = map, .second = unmap };
	struct work small = { .row = "4k", .ops = { "map", "unmap", "both" }, .bytes = PAGE,
			      .first = map, .second = unmap };

	snprintf(large.row, sizeof(large.row), "2m_%s", b->memory);
	measure(b, &large);
	if (!strcmp(b->memory, "fresh"))
		measure(b, &small);
}

static void measure_registration(struct bench *b)
{
	struct work work = { .ops = { "register", "unregister", "reg_unreg" }, .bytes = HUGE,
			     .first = enlist, .second = dismiss };

	snprintf(work.row, sizeof(work.row), "2m_%s", b->memory);
	measure(b, &work);
}

static void measure_registered(struct bench *b)
{
	char row[32];

	b->label = "registered";
	registration(b, VFIO_IOMMU_TYPE1_REGISTER_MEMORY, b->area, AREA);
	snprintf(row, sizeof(row), "memory_%s", b->memory);
	report_value(b->label, row, "bytes", told(b->area, "bytes"));
	check_mapped(b, HUGE);
	measure_mapping(b);
	registration(b, VFIO_IOMMU_TYPE1_UNREGISTER_MEMORY, b->area, AREA);
	measure_registration(b);
	/* what a range takes that is one run, of whatever size */
	enlist(b, PAGE);
	snprintf(row, sizeof(row), "header_%s", b->memory);
	report_value(b->label, row, "bytes", told(b->area + SLOT, "bytes"));
	dismiss(b, PAGE);
}

int main(int argc, char **argv)
{
	struct bench b = { .edu = { .name = argv[1] }, .label = "plain" };
	char row[32];

	if (argc != 3 || (strcmp(argv[2], "fresh") && strcmp(argv[2], "scattered") &&
			  strcmp(argv[2], "huge"))) {
		fprintf(stderr, "usage: %s DEVICE fresh|scattered|huge\n", argv[0]);
		return 2;
	}
	b.memory = argv[2];
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (edu_open_type1(&b.edu))
		return 1;
	lay_out_area(&b);
	snprintf(row, sizeof(row), "2m_%s", b.memory);
	report_value(b.label, row, "runs", count_runs(b.area + SLOT, HUGE));
	measure_clock(&b);
	measure_mapping(&b);
	if (ioctl(b.edu.container, VFIO_CHECK_EXTENSION, VFIO_REGISTER_MEMORY) == 1)
		measure_registered(&b);
	return edu_close(&b.edu) ? 1 : 0;
}
