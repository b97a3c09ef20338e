// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a process does to its address space under a registration: the device
 * goes on seeing the pages that were registered.
 */

#include <sys/wait.h>

#include "prereg.h"

#define PAGES	1024
#define BYTES	(PAGES * PAGE_BYTES)
#define TRIES	2	/* pages that are looked at */

static const unsigned int places[TRIES] = { 3, PAGES - 1 };

static void stamp(uint8_t *mem, uint64_t seed)
{
	for (unsigned int i = 0; i < PAGES; i++)
		fill(mem + i * PAGE_BYTES, seed + i);
}

static int device_sees_all(struct lab *lab, const char *what, uint64_t iova, uint64_t seed)
{
	for (unsigned int i = 0; i < TRIES; i++) {
		if (device_sees(lab, what, iova + places[i] * PAGE_BYTES, seed + places[i]))
			return -1;
	}
	return 0;
}

/* Unmaps what was mapped at FIRST_IOVA and after, and unregisters. */
static int finish(struct lab *lab, uint8_t *mem)
{
	if (expect_held(lab, "before the end", PAGES) ||
	    expect("unmapping", unmap(lab->edu.container, FIRST_IOVA, 4 * BYTES), 0) ||
	    expect("unregistering", unreg(lab->edu.container, mem, BYTES), 0))
		return -1;
	return lab_close(lab);
}

static int register_and_map(struct lab *lab, uint8_t *mem)
{
	if (lab_open(lab, 0) || expect("registering", reg(lab->edu.container, mem, BYTES), 0) ||
	    expect("mapping", map(lab->edu.container, mem, FIRST_IOVA, BYTES, RW), 0))
		return -1;
	return 0;
}

static int begin(struct lab *lab, uint8_t *mem)
{
	stamp(mem, 1000);
	return register_and_map(lab, mem);
}

/* Memory that nobody has touched gets pages of its own by being registered. */
int test_untouched(void)
{
	uint8_t *mem = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0);
	struct lab lab;

	if (mem == MAP_FAILED)
		return fail("mmap: %s", strerror(errno));
	if (mem[PAGE_BYTES])
		return fail("new memory is not empty");
	if (register_and_map(&lab, mem) || device_writes(&lab, FIRST_IOVA, 1) ||
	    device_writes(&lab, FIRST_IOVA + PAGE_BYTES, 2))
		return -1;
	if (!holds(mem, 1) || !holds(mem + PAGE_BYTES, 2))
		return fail("what the device wrote is not there");
	stamp(mem, 4000);
	if (device_sees_all(&lab, "written after it was registered", FIRST_IOVA, 4000))
		return -1;
	return finish(&lab, mem);
}

/* The memory is gone from the process, and then there is other memory at its place. */
int test_munmap(void)
{
	uint8_t *mem = memory(SMALL, BYTES);
	struct lab lab;

	if (!mem || begin(&lab, mem))
		return -1;
	if (munmap(mem, BYTES))
		return fail("munmap: %s", strerror(errno));
	if (device_sees_all(&lab, "after munmap()", FIRST_IOVA, 1000) ||
	    device_writes(&lab, FIRST_IOVA, 5) ||
	    device_sees(&lab, "what it wrote", FIRST_IOVA, 5) ||
	    expect("mapping what is gone", map(lab.edu.container, mem, FIRST_IOVA + BYTES, BYTES,
					       RW), 0) ||
	    device_sees(&lab, "mapped after munmap()", FIRST_IOVA + BYTES, 5))
		return -1;
	if (mmap(mem, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0) != mem)
		return fail("mmap: %s", strerror(errno));
	stamp(mem, 5000);
	if (device_sees(&lab, "other memory is there", FIRST_IOVA, 5) ||
	    expect("mapping under other memory", map(lab.edu.container, mem, FIRST_IOVA + 2 * BYTES,
						     BYTES, RW), 0) ||
	    device_sees(&lab, "mapped under other memory", FIRST_IOVA + 2 * BYTES, 5) ||
	    expect("registering again", reg(lab.edu.container, mem, BYTES), 0) ||
	    device_sees_all(&lab, "registered again", FIRST_IOVA, 1000) ||
	    expect("unregistering once", unreg(lab.edu.container, mem, BYTES), 0) ||
	    expect("unmapping", unmap(lab.edu.container, FIRST_IOVA, 4 * BYTES), 0) ||
	    expect("unregistering", unreg(lab.edu.container, mem, BYTES), 0) ||
	    /* only now the other memory is what is registered */
	    expect("registering the other", reg(lab.edu.container, mem, BYTES), 0) ||
	    expect("mapping the other", map(lab.edu.container, mem, FIRST_IOVA, BYTES, RW), 0) ||
	    device_sees_all(&lab, "the other memory", FIRST_IOVA, 5000))
		return -1;
	return finish(&lab, mem);
}

static int dontneed(enum backing backing)
{
	uint8_t *mem = memory(backing, BYTES);
	struct lab lab;

	if (!mem || begin(&lab, mem))
		return -1;
	if (madvise(mem, BYTES, MADV_DONTNEED))
		return fail("madvise: %s", strerror(errno));
	if (mem[0] || mem[BYTES - 1])
		return fail("the process still sees what it does not need");
	if (device_sees_all(&lab, "after MADV_DONTNEED", FIRST_IOVA, 1000) ||
	    expect("mapping after it", map(lab.edu.container, mem, FIRST_IOVA + BYTES, BYTES, RW),
		   0) ||
	    device_sees_all(&lab, "mapped after it", FIRST_IOVA + BYTES, 1000) ||
	    device_writes(&lab, FIRST_IOVA + BYTES, 7) ||
	    device_sees(&lab, "what it wrote", FIRST_IOVA, 7))
		return -1;
	if (mem[0] || mem[8])
		return fail("the process sees what the device wrote to pages it gave up");
	return finish(&lab, mem);
}

int test_dontneed(void)
{
	return dontneed(SMALL);
}

int test_dontneed_hugetlb(void)
{
	return dontneed(HUGETLB);
}

/* Memory that moved is the same to the device; its new address is not registered. */
int test_mremap(void)
{
	uint8_t *mem = memory(SMALL, BYTES), *moved;
	struct lab lab;

	if (!mem || begin(&lab, mem))
		return -1;
	moved = mremap(mem, BYTES, BYTES, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	if (moved == MAP_FAILED)
		return fail("mremap: %s", strerror(errno));
	stamp(moved, 3000);
	if (device_sees_all(&lab, "moved", FIRST_IOVA, 3000) ||
	    expect("mapping the new address", map(lab.edu.container, moved, FIRST_IOVA + BYTES,
						  PAGE_BYTES, RW), 0) ||
	    expect_held(&lab, "mapped at the new address", PAGES + 1) ||
	    device_writes(&lab, FIRST_IOVA, 9))
		return -1;
	if (!holds(moved, 9))
		return fail("what the device wrote is not where the memory moved");
	if (expect("unmapping it", unmap(lab.edu.container, FIRST_IOVA + BYTES, PAGE_BYTES), 0))
		return -1;
	return finish(&lab, mem);
}

/* Asks a process to go on, and waits until it did; each has its end of a pair of pipes. */
static int meet(const int pipes[2])
{
	char byte = 0;

	return write(pipes[1], &byte, 1) == 1 && read(pipes[0], &byte, 1) == 1 ? 0 : -1;
}

/* The child: finds what there was at the fork, whatever its parent writes, and writes itself. */
static void be_child(const int pipes[2], uint8_t *mem)
{
	bool good = !meet(pipes);

	for (unsigned int i = 0; i < PAGES && good; i++)
		good = holds(mem + i * PAGE_BYTES, 1000 + i);
	stamp(mem, 20000);
	_exit(good && !meet(pipes) && !meet(pipes) ? 0 : 1);
}

static int ended_well(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child || status)
		return fail("the child did not see what there was at the fork");
	return 0;
}

/* Forks, and leaves the parent's ends of two pipes in @pipes. */
static pid_t fork_child(int pipes[2], uint8_t *mem)
{
	int down[2], up[2];
	pid_t child;

	if (pipe(down) || pipe(up))
		return -1;
	child = fork();
	if (!child) {
		close(down[1]);
		be_child((int[2]) { down[0], up[1] }, mem);
	}
	close(down[0]);
	close(up[1]);
	pipes[0] = up[0];
	pipes[1] = down[1];
	return child;
}

static int fork_under(enum backing backing)
{
	uint8_t *mem = memory(backing, BYTES);
	struct lab lab;
	int pipes[2];
	pid_t child;

	if (!mem || begin(&lab, mem))
		return -1;
	child = fork_child(pipes, mem);
	if (child < 0)
		return fail("fork: %s", strerror(errno));
	/* the parent writes first: it must be the child that has the copy */
	stamp(mem, 10000);
	if (device_sees_all(&lab, "the parent wrote", FIRST_IOVA, 10000) || meet(pipes) ||
	    meet(pipes))
		return fail("the child ended early");
	if (device_sees_all(&lab, "the child wrote", FIRST_IOVA, 10000) ||
	    device_writes(&lab, FIRST_IOVA, 11))
		return -1;
	if (!holds(mem, 11))
		return fail("what the device wrote is not in the parent's memory");
	if (expect("mapping anew", map(lab.edu.container, mem, FIRST_IOVA + BYTES, BYTES, RW), 0) ||
	    device_sees(&lab, "mapped anew", FIRST_IOVA + BYTES, 11) ||
	    expect("accounted to the child", locked_of(child), 0) || meet(pipes) ||
	    ended_well(child))
		return -1;
	return finish(&lab, mem);
}

int test_fork(void)
{
	return fork_under(SMALL);
}

int test_fork_thp(void)
{
	return fork_under(THP);
}

/* What was shared with a child before it is registered is not shared any more. */
int test_fork_before(void)
{
	uint8_t *mem = memory(SMALL, BYTES);
	struct lab lab;
	int pipes[2];
	pid_t child;

	if (!mem)
		return -1;
	stamp(mem, 1000);
	child = fork_child(pipes, mem);
	if (child < 0)
		return fail("fork: %s", strerror(errno));
	if (register_and_map(&lab, mem))
		return -1;
	stamp(mem, 10000);
	if (device_sees_all(&lab, "the parent wrote", FIRST_IOVA, 10000) || meet(pipes) ||
	    meet(pipes))
		return fail("the child ended early");
	if (device_sees_all(&lab, "the child wrote", FIRST_IOVA, 10000) || meet(pipes) ||
	    ended_well(child))
		return -1;
	return finish(&lab, mem);
}

/*
 * A process registers and ends; its container lives on with another, and so do the pages, until
 * that one unregisters them.
 */
int test_owner_exits(void)
{
	uint8_t *mem = memory(SMALL, BYTES);
	struct lab lab;
	int container, ret;
	pid_t child;

	if (!mem || lab_open(&lab, 0))
		return -1;
	stamp(mem, 1000);
	container = lab.edu.container;
	child = fork();
	if (!child) {
		/* its own copy, which differs from the parent's */
		stamp(mem, 7000);
		ret = reg(container, mem, BYTES) ||
		      map(container, mem, FIRST_IOVA, BYTES, RW) || locked() != PAGES;
		_exit(ret);
	}
	if (waitpid(child, &ret, 0) != child || ret)
		return fail("the child could not register");
	if (device_sees_all(&lab, "its owner ended", FIRST_IOVA, 7000) ||
	    expect("accounted", locked(), lab.locked) ||
	    expect_pins("its owner ended", lab.pins + PAGES) ||
	    expect("unregistering too early", unreg(container, mem, BYTES), -EBUSY) ||
	    /* the same addresses of this process are other memory */
	    expect("registering", reg(container, mem, BYTES), 0) ||
	    expect_pins("registered by two", lab.pins + 2 * PAGES) ||
	    expect("mapping", map(container, mem, FIRST_IOVA + BYTES, BYTES, RW), 0) ||
	    device_sees_all(&lab, "ours", FIRST_IOVA + BYTES, 1000) ||
	    device_sees_all(&lab, "its", FIRST_IOVA, 7000) ||
	    expect("unmapping", unmap(container, FIRST_IOVA, 4 * BYTES), 0) ||
	    expect("unregistering", unreg(container, mem, BYTES), 0) ||
	    expect_pins("ours unregistered", lab.pins + PAGES) ||
	    expect("unregistering what it left", unreg(container, mem, BYTES), 0) ||
	    expect_pins("all unregistered", lab.pins) ||
	    expect("unregistering again", unreg(container, mem, BYTES), -ENOENT))
		return -1;
	return device_close(&lab.edu);
}
