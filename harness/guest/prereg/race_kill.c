// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes whose threads register, map, unmap, give up and replace memory,
 * fork and run other programs, and that are killed wherever they happen to be.
 */

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../mdev/vfio_pin.h"
#include "prereg.h"

#define WORKERS		2
#define THREADS		4
#define RANGES		16
#define RANGE_PAGES	64
#define RANGE_BYTES	(RANGE_PAGES * PAGE_BYTES)
#define ARENA		((uint8_t *)0x200000000000)
#define ARENA_BYTES	(RANGES * RANGE_BYTES)
#define WINDOW		0x1000000ull	/* of addresses, for each mapping */
#define WINDOWS		4		/* for each thread */
#define DEEDS		16
#define WARM_UP		6		/* kills, before memory is looked at */
#define LONGEST_MS	100		/* that a worker lives after it has begun */
#define EXEC_MS		60
#define BEGIN_MS	10000
#define REAP_MS		10000
#define SLACK_KB	(64 << 10)	/* of free memory: caches */

/**
 * struct worker - a process
 * @index: which
 * @seed: of its random numbers
 * @main: an edu device and its container
 * @pinner: a device in the same container that pins
 * @other: a device in another container
 */
struct worker {
	unsigned int	index;
	unsigned int	seed;
	struct edu	main;
	struct edu	pinner;
	struct edu	other;
};

/**
 * struct successes - what all workers have in common: a file that they hand on
 * @begun: how often the threads of a worker have begun their work
 * @registered: how often it went well, and so on
 * @unregistered: ...
 * @mapped: ...
 * @pinned: ...
 * @again: how often a worker became a program again
 */
struct successes {
	atomic_uint	begun[WORKERS];
	atomic_uint	registered;
	atomic_uint	unregistered;
	atomic_uint	mapped;
	atomic_uint	pinned;
	atomic_uint	again;
};

static struct successes *successes;
static int successes_fd;

struct thread {
	struct worker	*worker;
	unsigned int	number;
	unsigned int	seed;
};

static unsigned int any(struct thread *self, unsigned int count)
{
	return rand_r(&self->seed) % count;
}

/* 1 without an error; one that nobody can explain ends the worker, which its parent sees. */
static int allow(const char *what, int ret, int a, int b, int c)
{
	if (!ret || ret == a || ret == b || ret == c)
		return !ret;
	printf("  race-kill: %s: %d\n", what, ret);
	fflush(stdout);
	_exit(3);
}

/* A range as all threads use it, mostly, or one that overlaps several */
static uint8_t *any_range(struct thread *self, size_t *bytes)
{
	unsigned int range = any(self, RANGES - 1);

	*bytes = any(self, 8) ? RANGE_BYTES : RANGE_BYTES + (1 + any(self, 9)) * PAGE_BYTES;
	return ARENA + range * RANGE_BYTES;
}

static int any_container(struct thread *self)
{
	return any(self, 3) ? self->worker->main.container : self->worker->other.container;
}

static void do_register(struct thread *self)
{
	size_t bytes;
	uint8_t *mem = any_range(self, &bytes);

	successes->registered += allow("register", reg(any_container(self), mem, bytes), -EEXIST,
				       -EFAULT, -ENOMEM);
}

static void do_unregister(struct thread *self)
{
	size_t bytes;
	uint8_t *mem = any_range(self, &bytes);

	successes->unregistered += allow("unregister", unreg(any_container(self), mem, bytes),
					 -ENOENT, -EBUSY, 0);
}

static uint64_t any_window(struct thread *self)
{
	return FIRST_IOVA + (self->number * WINDOWS + any(self, WINDOWS)) * WINDOW;
}

static void do_map(struct thread *self)
{
	unsigned int first = any(self, RANGES * RANGE_PAGES);
	unsigned int count = 1 + any(self, RANGE_PAGES);

	if (first + count > RANGES * RANGE_PAGES)
		count = RANGES * RANGE_PAGES - first;
	successes->mapped += allow("map", map(any_container(self), ARENA + first * PAGE_BYTES,
					      any_window(self), count * PAGE_BYTES, RW),
				   -EEXIST, -EFAULT, -ENOMEM);
}

static void do_unmap(struct thread *self)
{
	allow("unmap", unmap(any_container(self), any_window(self), WINDOW), 0, 0, 0);
}

/* What is mapped may go, and what is pinned of it is read, while others do the rest. */
static void do_pin(struct thread *self)
{
	struct vfio_pin_range range = {
		.iova = any_window(self), .count = 1 + any(self, 4), .flags = VFIO_PIN_WRITE,
	};
	struct edu *device = any(self, 2) ? &self->worker->pinner : &self->worker->other;
	char byte;
	int ret;

	ret = ioctl(device->device, VFIO_PIN_PIN, &range) ? -errno : 0;
	/* nothing is mapped; what the program before this one mapped; what is pinned already */
	if (ret != -EINVAL && ret != -ENODEV)
		successes->pinned += allow("pin", ret, -EFAULT, -EBUSY, -ENOMEM);
	if (!ret && pread(device->device, &byte, 1, range.iova) < 0)
		allow("read", -errno, -ENXIO, 0, 0);
	ret = ioctl(device->device, VFIO_PIN_UNPIN, &range) ? -errno : 0;
	allow("unpin", ret, -ENXIO, 0, 0);
}

static void do_madvise(struct thread *self)
{
	madvise(ARENA + any(self, RANGES) * RANGE_BYTES, any(self, RANGE_PAGES) * PAGE_BYTES,
		MADV_DONTNEED);
}

static void do_munmap(struct thread *self)
{
	uint8_t *mem = ARENA + any(self, RANGES) * RANGE_BYTES;

	munmap(mem, RANGE_BYTES);
	if (any(self, 2))
		sched_yield();
	mmap(mem, RANGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
	     0);
}

/* By way of the kernel: the memory may be gone, which is an error then and no signal. */
static void touch(int pipe_in, int pipe_out, uint8_t *mem, unsigned int pages)
{
	for (unsigned int i = 0; i < pages; i++) {
		if (write(pipe_in, "x", 1) != 1)
			return;
		if (read(pipe_out, mem + i * PAGE_BYTES, 1) != 1 &&
		    read(pipe_out, &(char) { 0 }, 1) != 1)
			return;
	}
}

static void do_touch(struct thread *self)
{
	int pipes[2];

	if (pipe(pipes))
		return;
	touch(pipes[1], pipes[0], ARENA + any(self, RANGES - 1) * RANGE_BYTES, any(self, 64));
	close(pipes[0]);
	close(pipes[1]);
}

static void do_fork(struct thread *self)
{
	bool program = any(self, 3) == 0;
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		do_touch(self);
		if (program)
			execl("/bin/true", "true", NULL);
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

/* A transfer that nobody waits for: from what may be mapped, or not, or not any more */
static void do_transfer(struct thread *self)
{
	struct edu *edu = &self->worker->main;
	uint64_t iova = any_window(self);
	bool to_ram = any(self, 2);

	if (!edu->regs || self->number || edu_read(edu, EDU_DMA_COMMAND) & EDU_DMA_START)
		return;
	edu_write64(edu, EDU_DMA_SOURCE, to_ram ? EDU_MEMORY : iova);
	edu_write64(edu, EDU_DMA_DESTINATION, to_ram ? iova : EDU_MEMORY);
	edu_write64(edu, EDU_DMA_COUNT, EDU_MEMORY_BYTES);
	edu_write64(edu, EDU_DMA_COMMAND, EDU_DMA_START | (to_ram ? EDU_DMA_TO_RAM : 0));
}

static void (*const deeds[DEEDS])(struct thread *self) = {
	do_register, do_register, do_register, do_unregister, do_map, do_map, do_map, do_unmap,
	do_unmap, do_pin, do_pin, do_madvise, do_munmap, do_touch, do_fork, do_transfer,
};

static void *live(void *argument)
{
	struct thread *self = argument;

	while (true)
		deeds[any(self, DEEDS)](self);
	return NULL;
}

/* Becomes the same program again, with the container: its other threads are killed by that. */
static void be_again(struct worker *worker)
{
	struct edu *closed[] = { &worker->pinner, &worker->other };
	char numbers[5][16];

	for (unsigned int i = 0; i < 2; i++) {
		fcntl(closed[i]->group, F_SETFD, FD_CLOEXEC);
		fcntl(closed[i]->container, F_SETFD, FD_CLOEXEC);
	}
	fcntl(worker->main.event, F_SETFD, FD_CLOEXEC);
	snprintf(numbers[0], sizeof(numbers[0]), "%u", worker->index);
	snprintf(numbers[1], sizeof(numbers[1]), "%u", worker->seed + 1);
	snprintf(numbers[2], sizeof(numbers[2]), "%d", worker->main.container);
	snprintf(numbers[3], sizeof(numbers[3]), "%d", worker->main.group);
	snprintf(numbers[4], sizeof(numbers[4]), "%d", successes_fd);
	successes->again++;
	execl("/proc/self/exe", "vfio_prereg", "--race-worker", numbers[0], numbers[1],
	      worker->main.name, numbers[2], numbers[3], numbers[4], NULL);
	allow("exec", -errno, 0, 0, 0);
}

static int open_others(struct worker *worker)
{
	char name[20];

	snprintf(name, sizeof(name), "vfio_pin.%u", 2 * worker->index);
	if (device_open(&worker->pinner, strdup(name), worker->main.container))
		return -1;
	snprintf(name, sizeof(name), "vfio_pin.%u", 2 * worker->index + 1);
	return device_open(&worker->other, strdup(name), 0);
}

/* A worker's life, which ends by force */
static void work(struct worker *worker)
{
	static struct thread threads[THREADS];
	pthread_t thread;

	if (mmap(ARENA, ARENA_BYTES, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != ARENA || open_others(worker)) {
		printf("  race-kill: %s\n", said());
		fflush(stdout);
		_exit(4);
	}
	if (worker->seed % 2)
		madvise(ARENA, ARENA_BYTES, MADV_HUGEPAGE);
	for (unsigned int i = 0; i < THREADS; i++) {
		threads[i] = (struct thread) {
			.worker = worker, .number = i, .seed = worker->seed + i,
		};
		if (pthread_create(&thread, NULL, live, &threads[i]))
			_exit(5);
	}
	successes->begun[worker->index]++;
	srand(worker->seed);
	pause_ms(rand() % EXEC_MS);
	if (rand() % 3 == 0)
		be_again(worker);
	while (true)
		pause();
}

static bool share_successes(int fd)
{
	successes_fd = fd;
	successes = mmap(NULL, sizeof(*successes), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return successes != MAP_FAILED;
}

/* What be_again() begins */
int race_worker(int argc, char **argv)
{
	struct worker worker = { };

	if (argc != 8 || !share_successes(atoi(argv[7])))
		return 2;
	worker.index = atoi(argv[2]);
	worker.seed = atoi(argv[3]);
	worker.main.name = argv[4];
	worker.main.container = atoi(argv[5]);
	worker.main.group = atoi(argv[6]);
	/* the last program's device is closed, or will be soon */
	worker.main.device = ioctl(worker.main.group, VFIO_GROUP_GET_DEVICE_FD, argv[4]);
	if (worker.main.device < 0 || edu_open_regs(&worker.main))
		return 6;
	work(&worker);
	return 0;
}

static pid_t begin(unsigned int index, unsigned int seed)
{
	struct worker worker = { .index = index, .seed = seed };
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child)
		return child;
	if (device_open(&worker.main, settings.devices[index], 0)) {
		printf("  race-kill: %s\n", said());
		fflush(stdout);
		_exit(4);
	}
	work(&worker);
	return 0;
}

/* Kills one process, which must have been alive. */
static int end(pid_t child)
{
	int status;

	kill(child, SIGKILL);
	if (waitpid(child, &status, 0) != child)
		return fail("waitpid: %s", strerror(errno));
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return 0;
	return fail("a worker ended by itself, with status %#x", status);
}

/* Waits until a worker does what it is for, mostly: some are to be killed before. */
static void wait_begun(unsigned int index)
{
	unsigned int patience = rand() % 8 ? BEGIN_MS : 0;

	while (patience && !successes->begun[index]) {
		pause_ms(1);
		patience--;
	}
	pause_ms(rand() % LONGEST_MS);
}

static int kill_some(unsigned int kills)
{
	pid_t workers[WORKERS];
	unsigned int i, victim;

	for (i = 0; i < WORKERS; i++)
		workers[i] = begin(i, settings.seed + i);
	for (i = 0; i < kills; i++) {
		victim = rand() % WORKERS;
		wait_begun(victim);
		if (end(workers[victim]))
			break;
		successes->begun[victim] = 0;
		workers[victim] = begin(victim, rand());
	}
	for (victim = 0; victim < WORKERS; victim++) {
		kill(workers[victim], SIGKILL);
		waitpid(workers[victim], NULL, 0);
	}
	/* children of theirs that are left have us for a parent */
	for (unsigned int ms = 0; ms < REAP_MS && waitpid(-1, NULL, WNOHANG) >= 0; ms++)
		pause_ms(1);
	return i < kills ? -1 : 0;
}

/* Memory that is free, once what is cached has been dropped */
static long free_memory(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd < 0 || write(fd, "3", 1) != 1)
		return -1;
	close(fd);
	return memory_info("MemFree:");
}

int test_race_kill(void)
{
	long pinned = pins(), memory_before, memory_after;
	uint8_t *mem = memory(SMALL, RANGE_BYTES);
	int fd = memfd_create("race-kill", 0);
	struct lab lab;

	srand(settings.seed);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (!mem || ftruncate(fd, sizeof(*successes)) || !share_successes(fd) ||
	    kill_some(WARM_UP) || expect_pins("warmed up", pinned))
		return -1;
	memory_before = free_memory();
	if (kill_some(settings.kills) || expect_pins("after the last kill", pinned))
		return -1;
	memory_after = free_memory();
	if (memory_after + SLACK_KB < memory_before)
		return fail("%ld kB of memory are free, not %ld", memory_after, memory_before);
	fill(mem, 1);
	if (lab_open(&lab, 0) ||
	    expect("registering", reg(lab.edu.container, mem, RANGE_BYTES), 0) ||
	    expect("mapping", map(lab.edu.container, mem, FIRST_IOVA, RANGE_BYTES, RW), 0) ||
	    device_sees(&lab, "after all", FIRST_IOVA, 1) ||
	    expect("unmapping", unmap(lab.edu.container, FIRST_IOVA, RANGE_BYTES), 0) ||
	    expect("unregistering", unreg(lab.edu.container, mem, RANGE_BYTES), 0))
		return -1;
	detail("%u kills, %u registered, %u unregistered, %u mapped, %u pinned, %u times exec",
	       settings.kills, successes->registered, successes->unregistered, successes->mapped,
	       successes->pinned, successes->again);
	return lab_close(&lab);
}
