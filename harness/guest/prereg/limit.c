// SPDX-License-Identifier: GPL-2.0-only
/* What is registered counts against RLIMIT_MEMLOCK, once. */

#include "prereg.h"

#define PAGES	100
#define BYTES	(PAGES * PAGE_BYTES)

/* @spare: bytes of the limit that are less than a page */
static int up_to_limit(struct lab *lab, uint8_t *mem, size_t spare)
{
	int container = lab->edu.container;

	if (limit_memlock((lab->locked + PAGES) * PAGE_BYTES + spare) ||
	    expect("a page too many", reg(container, mem, BYTES + PAGE_BYTES), -ENOMEM) ||
	    expect_held(lab, "refused", 0) ||
	    expect("exactly the limit", reg(container, mem, BYTES), 0) ||
	    expect_held(lab, "at the limit", PAGES) ||
	    expect("a page more", reg(container, mem + BYTES, PAGE_BYTES), -ENOMEM) ||
	    expect("a page the old way", map(container, mem + BYTES, FIRST_IOVA, PAGE_BYTES, RW),
		   -ENOMEM) ||
	    expect_held(lab, "refused at the limit", PAGES) ||
	    expect("unregistering", unreg(container, mem, BYTES), 0) ||
	    expect("again, a page fewer", reg(container, mem, BYTES - PAGE_BYTES), 0) ||
	    expect("and that page", reg(container, mem + BYTES, PAGE_BYTES), 0) ||
	    expect("and another", reg(container, mem + BYTES + PAGE_BYTES, PAGE_BYTES), -ENOMEM) ||
	    expect_held(lab, "at the limit with two", PAGES) ||
	    expect("unregistering the page", unreg(container, mem + BYTES, PAGE_BYTES), 0) ||
	    expect("unregistering", unreg(container, mem, BYTES - PAGE_BYTES), 0))
		return -1;
	return expect_held(lab, "unregistered", 0);
}

int test_limit(void)
{
	uint8_t *mem = memory(SMALL, 2 * BYTES);
	struct lab lab;

	if (!mem || lab_open(&lab, 0) || drop_ipc_lock() || up_to_limit(&lab, mem, 0) ||
	    up_to_limit(&lab, mem, PAGE_BYTES - 1))
		return -1;
	return lab_close(&lab);
}

/* What mlock() has locked counts as well. */
int test_limit_mlock(void)
{
	uint8_t *mem = memory(SMALL, 2 * BYTES);
	struct lab lab;
	int container;

	if (!mem || lab_open(&lab, 0) || drop_ipc_lock() ||
	    limit_memlock((lab.locked + PAGES) * PAGE_BYTES))
		return -1;
	container = lab.edu.container;
	if (mlock(mem + BYTES, 3 * PAGE_BYTES))
		return fail("mlock: %s", strerror(errno));
	if (expect("as many as the limit", reg(container, mem, BYTES), -ENOMEM) ||
	    expect("what is left", reg(container, mem, BYTES - 3 * PAGE_BYTES), 0) ||
	    expect("accounted", locked() - lab.locked, PAGES) ||
	    expect("mlock() of a page more", mlock(mem + BYTES + 3 * PAGE_BYTES, PAGE_BYTES), -1))
		return -1;
	munlock(mem + BYTES, 3 * PAGE_BYTES);
	if (expect("accounted after munlock()", locked() - lab.locked, PAGES - 3) ||
	    expect("unregistering", unreg(container, mem, BYTES - 3 * PAGE_BYTES), 0))
		return -1;
	return lab_close(&lab);
}

/* CAP_IPC_LOCK lifts the limit, not the account. */
int test_limit_capable(void)
{
	uint8_t *mem = memory(SMALL, BYTES);
	struct lab lab;

	if (!mem || lab_open(&lab, 0) || limit_memlock(0) ||
	    expect("registering", reg(lab.edu.container, mem, BYTES), 0) ||
	    expect_held(&lab, "registered", PAGES) || drop_ipc_lock() ||
	    expect("again, without the capability", reg(lab.edu.container, mem, BYTES), 0) ||
	    expect("unregistering", unreg(lab.edu.container, mem, BYTES), 0) ||
	    expect_held(&lab, "registered once", PAGES) ||
	    expect("unregistering", unreg(lab.edu.container, mem, BYTES), 0))
		return -1;
	return lab_close(&lab);
}

/* The same range again is another reference, and costs nothing. */
int test_twice(void)
{
	uint8_t *mem = memory(SMALL, BYTES);
	struct lab lab;
	int container;

	if (!mem || lab_open(&lab, 0) || drop_ipc_lock() ||
	    limit_memlock((lab.locked + PAGES) * PAGE_BYTES))
		return -1;
	container = lab.edu.container;
	if (expect("registering", reg(container, mem, BYTES), 0) ||
	    expect("registering again", reg(container, mem, BYTES), 0) ||
	    expect("and again", reg(container, mem, BYTES), 0) ||
	    expect_held(&lab, "registered three times", PAGES) ||
	    expect("mapping", map(container, mem, FIRST_IOVA, BYTES, RW), 0) ||
	    expect("unregistering", unreg(container, mem, BYTES), 0) ||
	    expect("unregistering again", unreg(container, mem, BYTES), 0) ||
	    expect("the last", unreg(container, mem, BYTES), -EBUSY) ||
	    expect("the last, again", unreg(container, mem, BYTES), -EBUSY) ||
	    expect_held(&lab, "registered once", PAGES) ||
	    expect("unmapping", unmap(container, FIRST_IOVA, BYTES), 0) ||
	    expect("the last", unreg(container, mem, BYTES), 0) ||
	    expect("one too many", unreg(container, mem, BYTES), -ENOENT))
		return -1;
	return lab_close(&lab);
}
