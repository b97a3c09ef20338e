// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parts of a large registered range are mapped and unmapped very many times,
 * while the device reads one page and writes what it got to another. What
 * arrives is compared, and the account never moves.
 */

#include "prereg.h"

#define BYTES		(256ul << 20)
#define PAGES		((long)(BYTES / PAGE_BYTES))
#define SLOTS		16
#define SLOT_BYTES	(16ul << 20)
#define LARGEST_LG2	10	/* pages of a part */
#define LEAST_ROUNDS	5

/* A part of the range that is mapped, or of 0 bytes */
struct part {
	uint64_t	iova;
	size_t		offset;
	size_t		bytes;
};

enum { IDLE, LOADING, STORING };

/**
 * struct many - the test
 * @lab: the device
 * @mem: the range
 * @parts: what is mapped of it
 * @from: the part that the device reads
 * @to: the part that it writes
 * @from_at: which page of it, in bytes
 * @to_at: the same
 * @step: what the device does
 * @rounds: how often it has read and written
 */
struct many {
	struct lab	lab;
	uint8_t		*mem;
	struct part	parts[SLOTS];
	unsigned int	from;
	unsigned int	to;
	size_t		from_at;
	size_t		to_at;
	int		step;
	unsigned int	rounds;
};

static size_t random_page(const struct part *part)
{
	return rand() % (part->bytes / PAGE_BYTES) * PAGE_BYTES;
}

static void start(struct many *many, uint64_t from, uint64_t to, uint32_t command)
{
	struct edu *edu = &many->lab.edu;

	edu_write64(edu, EDU_DMA_SOURCE, from);
	edu_write64(edu, EDU_DMA_DESTINATION, to);
	edu_write64(edu, EDU_DMA_COUNT, EDU_MEMORY_BYTES);
	edu_write64(edu, EDU_DMA_COMMAND, EDU_DMA_START | command);
}

/* Picks two pages that are mapped, and has the device read the one. */
static void start_round(struct many *many)
{
	const struct part *from, *to;

	many->from = rand() % SLOTS;
	many->to = rand() % SLOTS;
	from = &many->parts[many->from];
	to = &many->parts[many->to];
	if (!from->bytes || !to->bytes)
		return;
	many->from_at = random_page(from);
	many->to_at = random_page(to);
	/* parts overlap: the one page may be the other */
	if (from->offset + many->from_at == to->offset + many->to_at)
		return;
	fill(many->mem + from->offset + many->from_at, many->rounds);
	memset(many->mem + to->offset + many->to_at, 0, PAGE_BYTES);
	start(many, from->iova + many->from_at, EDU_MEMORY, 0);
	many->step = LOADING;
}

/* Goes on with the device when that has ended what it did. */
static int poll_device(struct many *many)
{
	const struct part *to = &many->parts[many->to];

	if (many->step == IDLE) {
		start_round(many);
		return 0;
	}
	if (edu_read(&many->lab.edu, EDU_DMA_COMMAND) & EDU_DMA_START)
		return 0;
	if (many->step == LOADING) {
		start(many, EDU_MEMORY, to->iova + many->to_at, EDU_DMA_TO_RAM);
		many->step = STORING;
		return 0;
	}
	many->step = IDLE;
	if (!holds(many->mem + to->offset + many->to_at, many->rounds))
		return fail("what the device brought in round %u is not what it was given",
			    many->rounds);
	many->rounds++;
	return 0;
}

static bool in_use(const struct many *many, unsigned int slot)
{
	return many->step != IDLE && (slot == many->from || slot == many->to);
}

static int drop(struct many *many, unsigned int slot)
{
	struct part *part = &many->parts[slot];
	size_t bytes = part->bytes;

	part->bytes = 0;
	if (!bytes)
		return 0;
	return expect("unmapping", unmap(many->lab.edu.container, part->iova, bytes), 0);
}

/* Another part in place of the one that is there: of any size, often aligned to that */
static int replace(struct many *many, unsigned int slot)
{
	struct part *part = &many->parts[slot];
	size_t bytes = PAGE_BYTES << rand() % (LARGEST_LG2 + 1), offset;

	if (drop(many, slot))
		return -1;
	if (rand() % 2)
		bytes -= rand() % (bytes / PAGE_BYTES) * PAGE_BYTES;
	offset = rand() % ((BYTES - bytes) / PAGE_BYTES + 1) * PAGE_BYTES;
	if (rand() % 2)
		offset -= offset % bytes;
	/* as in memory, so that what is huge there may be huge in the page table */
	part->iova = FIRST_IOVA + slot * SLOT_BYTES + offset % HUGE_BYTES;
	part->offset = offset;
	if (expect("mapping", map(many->lab.edu.container, many->mem + offset, part->iova, bytes,
				  RW), 0))
		return -1;
	part->bytes = bytes;
	return 0;
}

static int turns(struct many *many, unsigned int maps)
{
	unsigned int made = 0;

	while (made < maps || many->rounds < LEAST_ROUNDS) {
		unsigned int slot = rand() % SLOTS;

		if (poll_device(many))
			return -1;
		if (in_use(many, slot))
			continue;
		if (replace(many, slot))
			return -1;
		made++;
		if (made % 4096 == 1 && expect_held(&many->lab, "mapped", PAGES))
			return -1;
	}
	while (many->step != IDLE) {
		if (poll_device(many))
			return -1;
	}
	detail("%u mappings, %u pages there and back", made, many->rounds);
	return 0;
}

static int test_many(enum backing backing, unsigned int maps)
{
	static struct many many;
	int container;

	srand(settings.seed + backing);
	many.mem = memory(backing, BYTES);
	if (!many.mem || lab_open(&many.lab, 0))
		return -1;
	container = many.lab.edu.container;
	if (expect("registering", reg(container, many.mem, BYTES), 0) ||
	    expect_held(&many.lab, "registered", PAGES) || turns(&many, maps) ||
	    expect("unregistering too early", unreg(container, many.mem, BYTES), -EBUSY))
		return -1;
	for (unsigned int i = 0; i < SLOTS; i++) {
		if (drop(&many, i))
			return -1;
	}
	if (expect_held(&many.lab, "unmapped", PAGES) ||
	    expect("unregistering", unreg(container, many.mem, BYTES), 0))
		return -1;
	return lab_close(&many.lab);
}

int test_many_small(void)
{
	return test_many(SMALL, settings.maps - 2 * (settings.maps / 3));
}

int test_many_thp(void)
{
	return test_many(THP, settings.maps / 3);
}

int test_many_hugetlb(void)
{
	return test_many(HUGETLB, settings.maps / 3);
}
