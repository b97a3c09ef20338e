// SPDX-License-Identifier: GPL-2.0-only
/* Mappings in, beside and across a registered range, and ranges that two containers have. */

#include <sys/wait.h>

#include "prereg.h"

#define PAGES	512
#define BYTES	(PAGES * PAGE_BYTES)

int test_capability(void)
{
	struct lab lab;

	if (lab_open(&lab, 0) ||
	    expect("VFIO_CHECK_EXTENSION",
		   ioctl(lab.edu.container, VFIO_CHECK_EXTENSION, VFIO_REGISTER_MEMORY), 1))
		return -1;
	return lab_close(&lab);
}

/* There and back: a page that the device has written at one place is what it reads there. */
static int round_trip(struct lab *lab, uint8_t *page, uint64_t iova, uint64_t seed)
{
	fill(page, seed);
	if (device_sees(lab, "what was written", iova, seed) ||
	    device_writes(lab, iova, seed + 1))
		return -1;
	return holds(page, seed + 1) ? 0 : fail("what the device has written is not there");
}

/* No right to lock more than is registered is needed, and nothing is locked or pinned again. */
static int map_with_nothing_left(struct lab *lab, uint8_t *mem, uint8_t *other)
{
	int container = lab->edu.container;

	if (drop_ipc_lock() || limit_memlock((locked() + PAGES) * PAGE_BYTES) ||
	    expect("registering", reg(container, mem, BYTES), 0) ||
	    expect_held(lab, "registered", PAGES) ||
	    expect("mapping all", map(container, mem, FIRST_IOVA, BYTES, RW), 0) ||
	    expect_held(lab, "all mapped", PAGES) ||
	    expect("mapping a part", map(container, mem + 7 * PAGE_BYTES, FIRST_IOVA + 2 * BYTES,
					 3 * PAGE_BYTES, RW), 0) ||
	    expect_held(lab, "a part mapped again", PAGES) ||
	    expect("mapping what is not registered",
		   map(container, other, FIRST_IOVA + 3 * BYTES, PAGE_BYTES, RW), -ENOMEM) ||
	    expect_held(lab, "refused", PAGES))
		return -1;
	return 0;
}

int test_inside(void)
{
	uint8_t *mem = memory(SMALL, BYTES), *other = memory(SMALL, PAGE_BYTES);
	struct lab lab;
	int container;

	if (!mem || !other || lab_open(&lab, 0) || map_with_nothing_left(&lab, mem, other))
		return -1;
	container = lab.edu.container;
	if (round_trip(&lab, mem, FIRST_IOVA, 1) ||
	    round_trip(&lab, mem + BYTES - PAGE_BYTES, FIRST_IOVA + BYTES - PAGE_BYTES, 3) ||
	    round_trip(&lab, mem + 8 * PAGE_BYTES, FIRST_IOVA + 2 * BYTES + PAGE_BYTES, 5) ||
	    expect("unregistering while mapped twice", unreg(container, mem, BYTES), -EBUSY) ||
	    expect("unmapping all", unmap(container, FIRST_IOVA, BYTES), 0) ||
	    expect("unregistering while mapped once", unreg(container, mem, BYTES), -EBUSY) ||
	    expect_held(&lab, "refused to unregister", PAGES) ||
	    round_trip(&lab, mem + 8 * PAGE_BYTES, FIRST_IOVA + 2 * BYTES + PAGE_BYTES, 7) ||
	    expect("unmapping a part", unmap(container, FIRST_IOVA + 2 * BYTES, 3 * PAGE_BYTES),
		   0) ||
	    expect_held(&lab, "unmapped", PAGES) ||
	    expect("unregistering", unreg(container, mem, BYTES), 0))
		return -1;
	return lab_close(&lab);
}

/* Beside a registered range mapping is what it was: each page pinned and accounted, each time */
int test_outside(void)
{
	uint8_t *mem = memory(SMALL, BYTES);
	struct lab lab;
	int container;

	if (!mem || lab_open(&lab, 0))
		return -1;
	container = lab.edu.container;
	if (expect("registering", reg(container, mem, BYTES / 2), 0) ||
	    expect("mapping", map(container, mem + BYTES / 2, FIRST_IOVA, BYTES / 2, RW), 0) ||
	    expect_held(&lab, "mapped", PAGES) ||
	    expect("mapping again", map(container, mem + BYTES / 2, FIRST_IOVA + BYTES,
					4 * PAGE_BYTES, RW), 0) ||
	    expect_held(&lab, "mapped again", PAGES + 4) ||
	    round_trip(&lab, mem + BYTES / 2, FIRST_IOVA + BYTES, 1) ||
	    expect("unregistering", unreg(container, mem, BYTES / 2), 0) ||
	    expect_held(&lab, "unregistered", PAGES / 2 + 4) ||
	    round_trip(&lab, mem + BYTES / 2, FIRST_IOVA, 3) ||
	    expect("unmapping", unmap(container, FIRST_IOVA, 2 * BYTES), 0))
		return -1;
	return lab_close(&lab);
}

/* A mapping across the end of a range, and one across two ranges, go the old way. */
int test_straddle(void)
{
	uint8_t *mem = memory(SMALL, BYTES);
	struct lab lab;
	int container;

	if (!mem || lab_open(&lab, 0))
		return -1;
	container = lab.edu.container;
	if (expect("registering", reg(container, mem, 4 * PAGE_BYTES), 0) ||
	    expect("registering beside", reg(container, mem + 4 * PAGE_BYTES, 4 * PAGE_BYTES), 0) ||
	    expect("mapping two ranges", map(container, mem + 2 * PAGE_BYTES, FIRST_IOVA,
					     4 * PAGE_BYTES, RW), 0) ||
	    expect_held(&lab, "two ranges mapped", 12) ||
	    expect("mapping beyond", map(container, mem + 7 * PAGE_BYTES, FIRST_IOVA + BYTES,
					 2 * PAGE_BYTES, RW), 0) ||
	    expect_held(&lab, "beyond mapped", 14) ||
	    expect("unregistering", unreg(container, mem, 4 * PAGE_BYTES), 0) ||
	    expect("unregistering beside", unreg(container, mem + 4 * PAGE_BYTES, 4 * PAGE_BYTES),
		   0) ||
	    expect_held(&lab, "unregistered", 6) ||
	    round_trip(&lab, mem + 2 * PAGE_BYTES, FIRST_IOVA, 1) ||
	    round_trip(&lab, mem + 5 * PAGE_BYTES, FIRST_IOVA + 3 * PAGE_BYTES, 3) ||
	    round_trip(&lab, mem + 8 * PAGE_BYTES, FIRST_IOVA + BYTES + PAGE_BYTES, 5) ||
	    expect("unmapping", unmap(container, FIRST_IOVA, 2 * BYTES), 0))
		return -1;
	return lab_close(&lab);
}

/* What a device may do to registered memory is up to the mapping; so is where it may be. */
int test_directions(void)
{
	uint8_t *mem = memory(SMALL, BYTES);
	struct lab lab;
	int container;

	if (!mem || lab_open(&lab, 0))
		return -1;
	container = lab.edu.container;
	fill(mem, 1);
	if (expect("registering", reg(container, mem, BYTES), 0) ||
	    expect("mapping to read", map(container, mem, FIRST_IOVA, PAGE_BYTES,
					  VFIO_DMA_MAP_FLAG_READ), 0) ||
	    device_sees(&lab, "mapped to read", FIRST_IOVA, 1) ||
	    /* the fault of this is expected by the job */
	    device_writes(&lab, FIRST_IOVA, 2))
		return -1;
	if (!holds(mem, 1))
		return fail("the device wrote what was mapped to be read");
	if (expect("mapping where there is one", map(container, mem + PAGE_BYTES, FIRST_IOVA,
						     PAGE_BYTES, RW), -EEXIST) ||
	    expect("mapping without a direction", map(container, mem, FIRST_IOVA + BYTES,
						      PAGE_BYTES, 0), -EINVAL) ||
	    expect("mapping where none may be", map(container, mem, 0xfee00000, PAGE_BYTES, RW),
		   -EINVAL) ||
	    expect("unmapping", unmap(container, FIRST_IOVA, PAGE_BYTES), 0) ||
	    expect_held(&lab, "unmapped", PAGES) ||
	    /* a mapping that failed has to have dropped its count */
	    expect("unregistering", unreg(container, mem, BYTES), 0))
		return -1;
	return lab_close(&lab);
}

/* Two containers of one process have the same range, each its own registration and mapping. */
int test_second_container(void)
{
	uint8_t *mem = memory(SMALL, BYTES);
	struct lab one, two;

	if (!mem || lab_open(&one, 0) || lab_open(&two, 1))
		return -1;
	one.locked = two.locked;
	one.pins = two.pins;
	if (expect("one registers", reg(one.edu.container, mem, BYTES), 0) ||
	    expect("two registers", reg(two.edu.container, mem, BYTES), 0) ||
	    expect_held(&one, "registered twice", PAGES) ||
	    expect("one maps", map(one.edu.container, mem, FIRST_IOVA, BYTES, RW), 0) ||
	    expect("two maps", map(two.edu.container, mem, FIRST_IOVA, BYTES, RW), 0) ||
	    expect_held(&one, "mapped twice", PAGES) ||
	    round_trip(&one, mem, FIRST_IOVA, 1) || round_trip(&two, mem, FIRST_IOVA, 3) ||
	    expect("two unmaps", unmap(two.edu.container, FIRST_IOVA, BYTES), 0) ||
	    expect("two unregisters", unreg(two.edu.container, mem, BYTES), 0) ||
	    expect("two unregisters again", unreg(two.edu.container, mem, BYTES), -ENOENT) ||
	    round_trip(&one, mem, FIRST_IOVA, 5) ||
	    expect("one unregisters too early", unreg(one.edu.container, mem, BYTES), -EBUSY) ||
	    expect_held(&one, "registered once", PAGES) ||
	    expect("one unmaps", unmap(one.edu.container, FIRST_IOVA, BYTES), 0) ||
	    expect("one unregisters", unreg(one.edu.container, mem, BYTES), 0) ||
	    expect_held(&one, "unregistered", 0) ||
	    lab_close(&two))
		return -1;
	one.locked--;
	one.pins--;
	return lab_close(&one);
}

/* What one container has registered, another one maps; it is not the other's to unregister. */
int test_lookup_of_other(void)
{
	uint8_t *mem = memory(SMALL, BYTES);
	struct lab one, two;

	if (!mem || lab_open(&one, 0) || lab_open(&two, 1))
		return -1;
	if (expect("one registers", reg(one.edu.container, mem, BYTES), 0) ||
	    expect("two maps", map(two.edu.container, mem, FIRST_IOVA, BYTES, RW), 0) ||
	    expect_held(&two, "mapped", PAGES) || round_trip(&two, mem, FIRST_IOVA, 1) ||
	    expect("two unregisters", unreg(two.edu.container, mem, BYTES), -ENOENT) ||
	    expect("one unregisters", unreg(one.edu.container, mem, BYTES), -EBUSY) ||
	    expect("two unmaps", unmap(two.edu.container, FIRST_IOVA, BYTES), 0) ||
	    expect("one unregisters", unreg(one.edu.container, mem, BYTES), 0) ||
	    lab_close(&two))
		return -1;
	one.locked = locked();
	one.pins = pins();
	return lab_close(&one);
}

/*
 * The only registration goes with its container while another has a mapping:
 * that stays, and new ones go the old way until the range is registered again.
 */
int test_survivor(void)
{
	uint8_t *mem = memory(SMALL, BYTES);
	struct lab one, two;
	int container;

	if (!mem || lab_open(&two, 1) || lab_open(&one, 0))
		return -1;
	container = two.edu.container;
	if (expect("one registers", reg(one.edu.container, mem, BYTES), 0) ||
	    expect("two maps", map(container, mem, FIRST_IOVA, BYTES, RW), 0) ||
	    expect("one unmaps its page", unmap(one.edu.container, SCRATCH_IOVA, PAGE_BYTES), 0) ||
	    device_close(&one.edu) ||
	    expect_held(&two, "abandoned", PAGES) || round_trip(&two, mem, FIRST_IOVA, 1) ||
	    expect("two maps more", map(container, mem, FIRST_IOVA + BYTES, PAGE_BYTES, RW), 0) ||
	    expect_held(&two, "mapped the old way", PAGES + 1) ||
	    expect("two registers another range", reg(container, mem, BYTES / 2), -EEXIST) ||
	    expect("two registers", reg(container, mem, BYTES), 0) ||
	    expect_held(&two, "revived", PAGES + 1) ||
	    expect("two maps a part", map(container, mem, FIRST_IOVA + 2 * BYTES, BYTES / 2, RW),
		   0) ||
	    expect_held(&two, "mapped from the cache", PAGES + 1) ||
	    expect("two unregisters too early", unreg(container, mem, BYTES), -EBUSY) ||
	    expect("two unmaps", unmap(container, FIRST_IOVA, 3 * BYTES), 0) ||
	    expect("two unregisters", unreg(container, mem, BYTES), 0))
		return -1;
	return lab_close(&two);
}
