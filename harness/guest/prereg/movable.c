// SPDX-License-Identifier: GPL-2.0-only
/* Pages in memory that has to stay movable are moved out before they are pinned. */

#include "prereg.h"

#define PAGES	8192
#define BYTES	(PAGES * PAGE_BYTES)

/* The number behind a word, if the line has that */
static void value_of(const char *line, const char *word, uint64_t *value)
{
	const char *found = strstr(line, word);

	if (found)
		*value = strtoull(found + strlen(word), NULL, 10);
}

/* The zone's pages: from @first on, @count */
int movable_zone(uint64_t *first, uint64_t *count)
{
	FILE *file = fopen("/proc/zoneinfo", "r");
	bool here = false;
	char line[200];

	*first = *count = 0;
	if (!file)
		return fail("zoneinfo: %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (strstr(line, ", zone"))
			here = strstr(line, "Movable");
		if (here) {
			value_of(line, "spanned", count);
			value_of(line, "start_pfn:", first);
		}
	}
	fclose(file);
	return *first && *count ? 0 : fail("no zone of movable memory: movablecore= is missing");
}

/* How many pages of some memory are among @count from @first on */
long count_movable(const uint8_t *mem, size_t bytes, uint64_t first, uint64_t count)
{
	long found = 0;

	for (size_t at = 0; at < bytes; at += PAGE_BYTES)
		found += pfn_of(mem + at) - first < count;
	return found;
}

static int moved_out(struct lab *lab, enum backing backing, uint64_t first, uint64_t count)
{
	uint8_t *mem = memory(backing, BYTES);
	int container = lab->edu.container;
	long before;

	if (!mem)
		return -1;
	for (unsigned int i = 0; i < PAGES; i++)
		fill(mem + i * PAGE_BYTES, i);
	before = count_movable(mem, BYTES, first, count);
	if (!before)
		return fail("no page was in movable memory, of kind %d", backing);
	if (expect("registering", reg(container, mem, BYTES), 0) ||
	    expect("pages in movable memory", count_movable(mem, BYTES, first, count), 0) ||
	    expect_held(lab, "registered", PAGES) ||
	    expect("mapping", map(container, mem, FIRST_IOVA, BYTES, RW), 0))
		return -1;
	for (unsigned int i = 0; i < PAGES; i++) {
		if (!holds(mem + i * PAGE_BYTES, i))
			return fail("page %u is another one after it moved", i);
	}
	if (device_sees(lab, "the first page", FIRST_IOVA, 0) ||
	    device_sees(lab, "the last page", FIRST_IOVA + BYTES - PAGE_BYTES, PAGES - 1) ||
	    expect("unmapping", unmap(container, FIRST_IOVA, BYTES), 0) ||
	    expect("unregistering", unreg(container, mem, BYTES), 0))
		return -1;
	munmap(mem, BYTES);
	detail("%s%ld pages of %d moved", backing ? ", " : "", before, PAGES);
	return 0;
}

int test_movable(void)
{
	uint64_t first, count;
	struct lab lab;

	if (movable_zone(&first, &count) || lab_open(&lab, 0) ||
	    moved_out(&lab, SMALL, first, count) || moved_out(&lab, THP, first, count) ||
	    moved_out(&lab, SHARED, first, count))
		return -1;
	return lab_close(&lab);
}
