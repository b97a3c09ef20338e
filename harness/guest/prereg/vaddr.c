// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings of registered memory that are given to another address or to another
 * process, as an update of a virtual machine's monitor does: the device does not
 * notice. A process that takes over what another has registered is accounted for
 * it until it unmaps; nothing is pinned for that.
 */

#include <sys/wait.h>

#include "prereg.h"

#define PAGES	256
#define BYTES	(PAGES * PAGE_BYTES)

/* A file in memory, and its pages at some address */
static uint8_t *file_memory(int *fd)
{
	void *mem;

	*fd = memfd_create("prereg", 0);
	if (*fd < 0 || ftruncate(*fd, BYTES))
		return MAP_FAILED;
	mem = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, *fd, 0);
	return mem;
}

static uint8_t *map_file(int fd)
{
	return mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

/* From here on nobody may ask what the address is; the device goes on. */
static int forget_vaddr(int container)
{
	struct vfio_iommu_type1_dma_unmap range = {
		.argsz = sizeof(range), .flags = VFIO_DMA_UNMAP_FLAG_VADDR, .iova = FIRST_IOVA,
		.size = BYTES,
	};

	return ioctl(container, VFIO_IOMMU_UNMAP_DMA, &range) ? -errno : 0;
}

static int tell_vaddr(int container, const void *mem)
{
	return map(container, mem, FIRST_IOVA, BYTES, VFIO_DMA_MAP_FLAG_VADDR);
}

static int begin(struct lab *lab, int *fd, uint8_t **mem)
{
	int container;

	*mem = file_memory(fd);
	if (*mem == MAP_FAILED)
		return fail("memfd: %s", strerror(errno));
	if (lab_open(lab, 0))
		return -1;
	container = lab->edu.container;
	for (unsigned int i = 0; i < PAGES; i++)
		fill(*mem + i * PAGE_BYTES, i);
	if (expect("VFIO_UPDATE_VADDR", ioctl(container, VFIO_CHECK_EXTENSION, VFIO_UPDATE_VADDR),
		   1) ||
	    expect("registering", reg(container, *mem, BYTES), 0) ||
	    expect("mapping", map(container, *mem, FIRST_IOVA, BYTES, RW), 0) ||
	    expect("forgetting the address", forget_vaddr(container), 0) ||
	    expect("unregistering meanwhile", unreg(container, *mem, BYTES), -EBUSY) ||
	    device_sees(lab, "without an address", FIRST_IOVA + PAGE_BYTES, 1))
		return -1;
	return 0;
}

/* Another address in the same process */
int test_vaddr(void)
{
	uint8_t *mem, *moved;
	struct lab lab;
	int fd, container;

	if (begin(&lab, &fd, &mem))
		return -1;
	container = lab.edu.container;
	moved = map_file(fd);
	munmap(mem, BYTES);
	if (expect("telling the address", tell_vaddr(container, moved), 0) ||
	    expect_held(&lab, "told", PAGES) ||
	    device_sees(&lab, "with another address", FIRST_IOVA + 2 * PAGE_BYTES, 2) ||
	    device_writes(&lab, FIRST_IOVA, 100))
		return -1;
	if (!holds(moved, 100))
		return fail("what the device wrote is not at the new address");
	if (expect("unregistering", unreg(container, mem, BYTES), -EBUSY) ||
	    expect("forgetting it", forget_vaddr(container), 0) ||
	    expect("forgetting it twice", forget_vaddr(container), -EINVAL) ||
	    expect("telling it", tell_vaddr(container, moved), 0) ||
	    expect("unmapping", unmap(container, FIRST_IOVA, BYTES), 0) ||
	    expect_held(&lab, "unmapped", PAGES) ||
	    expect("unregistering", unreg(container, mem, BYTES), 0))
		return -1;
	close(fd);
	return lab_close(&lab);
}

/* What a child does with the mapping that it gets; what it says is its parent's to tell. */
static int take_over(struct lab *lab, int fd)
{
	uint8_t *mem = map_file(fd);
	int container = lab->edu.container;

	if (expect("telling the address", tell_vaddr(container, mem), 0) ||
	    expect("accounted to the child", locked(), PAGES) ||
	    expect("accounted to the parent", locked_of(getppid()), lab->locked + PAGES) ||
	    expect_pins("taken over", lab->pins + PAGES) ||
	    device_sees(lab, "the child's", FIRST_IOVA + 3 * PAGE_BYTES, 3) ||
	    device_writes(lab, FIRST_IOVA, 200))
		return -1;
	if (!holds(mem, 200))
		return fail("what the device wrote is not at the child's address");
	if (expect("unmapping", unmap(container, FIRST_IOVA, BYTES), 0) ||
	    expect("accounted to the child at last", locked(), 0))
		return -1;
	return 0;
}

/* Takes it over, and ends without an end of it: that is left to the one that had it before. */
static int take_over_and_leave(struct lab *lab, int fd)
{
	if (expect("telling the address", tell_vaddr(lab->edu.container, map_file(fd)), 0) ||
	    expect("forgetting it", forget_vaddr(lab->edu.container), 0))
		return -1;
	return expect("accounted to the child", locked(), PAGES);
}

static int in_child(struct lab *lab, int fd, int (*what)(struct lab *lab, int fd))
{
	pid_t child = fork();
	int status;

	if (!child) {
		if (!what(lab, fd))
			_exit(0);
		printf("  the child: %s\n", said());
		fflush(stdout);
		_exit(1);
	}
	if (waitpid(child, &status, 0) != child || status)
		return fail("the child could not take it over");
	return 0;
}

int test_vaddr_fork(void)
{
	struct lab lab;
	uint8_t *mem;
	int fd;

	if (begin(&lab, &fd, &mem) || in_child(&lab, fd, take_over_and_leave) ||
	    expect_held(&lab, "the child ended", PAGES) ||
	    expect("telling the old address", tell_vaddr(lab.edu.container, mem), 0) ||
	    expect_held(&lab, "told the old address", PAGES) ||
	    device_sees(&lab, "ours again", FIRST_IOVA + PAGE_BYTES, 1) ||
	    expect("forgetting the address", forget_vaddr(lab.edu.container), 0) ||
	    in_child(&lab, fd, take_over) ||
	    expect_held(&lab, "the child has unmapped", PAGES) ||
	    expect("unregistering", unreg(lab.edu.container, mem, BYTES), 0))
		return -1;
	close(fd);
	return lab_close(&lab);
}

/* The process becomes another program, which has the files and nothing else. */
int test_vaddr_exec(void)
{
	char numbers[6][24];
	struct lab lab;
	uint8_t *mem;
	int fd;

	if (begin(&lab, &fd, &mem))
		return -1;
	if (fcntl(lab.edu.device, F_SETFD, 0))
		return fail("fcntl: %s", strerror(errno));
	snprintf(numbers[0], sizeof(numbers[0]), "%d", lab.edu.container);
	snprintf(numbers[1], sizeof(numbers[1]), "%d", lab.edu.group);
	snprintf(numbers[2], sizeof(numbers[2]), "%d", lab.edu.device);
	snprintf(numbers[3], sizeof(numbers[3]), "%d", fd);
	/* the scratch page's pin is the container's, too */
	snprintf(numbers[4], sizeof(numbers[4]), "%ld", lab.pins - 1);
	snprintf(numbers[5], sizeof(numbers[5]), "%lu", (unsigned long)mem);
	execl("/proc/self/exe", "vfio_prereg", "--after-exec", numbers[0], numbers[1], numbers[2],
	      numbers[3], numbers[4], numbers[5], NULL);
	return fail("execl: %s", strerror(errno));
}

/* @registered: where the memory was, for the program before */
static int use_after_exec(struct lab *lab, int fd, void *registered)
{
	uint8_t *mem = map_file(fd);
	int container = lab->edu.container;

	lab->scratch = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	if (mem == MAP_FAILED || lab->scratch == MAP_FAILED)
		return fail("mmap: %s", strerror(errno));
	if (edu_open_regs(&lab->edu) ||
	    expect_pins("after exec", lab->pins + PAGES + 1) ||
	    expect("accounted", locked(), 0) ||
	    expect("unmapping the old page", unmap(container, SCRATCH_IOVA, PAGE_BYTES), 0) ||
	    expect("telling the address", tell_vaddr(container, mem), 0) ||
	    expect_pins("told", lab->pins + PAGES) ||
	    expect("mapping a page", map(container, lab->scratch, SCRATCH_IOVA, PAGE_BYTES, RW),
		   0) ||
	    expect("accounted to the program", locked(), PAGES + 1) ||
	    device_sees(lab, "the program's", FIRST_IOVA + 4 * PAGE_BYTES, 4) ||
	    device_writes(lab, FIRST_IOVA, 300))
		return -1;
	if (!holds(mem, 300))
		return fail("what the device wrote is not at the program's address");
	if (expect("unregistering too early", unreg(container, registered, BYTES), -EBUSY) ||
	    expect("unmapping", unmap(container, FIRST_IOVA, BYTES), 0) ||
	    expect("unregistering", unreg(container, registered, BYTES), 0) ||
	    expect("unregistering twice", unreg(container, registered, BYTES), -ENOENT) ||
	    expect_pins("unregistered", lab->pins + 1) ||
	    expect("accounted at last", locked(), 1) || device_close(&lab->edu) ||
	    expect("accounted at the end", locked(), 0))
		return -1;
	return expect_pins("at the end", lab->pins);
}

/* What vaddr-exec becomes */
int after_exec(int argc, char **argv)
{
	struct lab lab = { .edu.name = "edu" };
	int ret;

	if (argc != 8)
		return 2;
	lab.edu.container = atoi(argv[2]);
	lab.edu.group = atoi(argv[3]);
	lab.edu.device = atoi(argv[4]);
	lab.pins = atol(argv[6]);
	ret = use_after_exec(&lab, atoi(argv[5]), (void *)strtoul(argv[7], NULL, 10));
	if (ret)
		printf("FAIL prereg-vaddr-exec: %s\n", said());
	else
		printf("PASS prereg-vaddr-exec: %s\n", detailed());
	return ret ? 1 : 0;
}
