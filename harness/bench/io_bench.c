// SPDX-License-Identifier: GPL-2.0-only
/*
 * The time that whole I/O takes a CPU, measured from userland in a guest whose
 * clock counts instructions and whose only CPU this is.
 *
 *	io_bench udp ADDRESS BYTES COUNT	sends datagrams with BYTES of payload
 *	io_bench read FILE BYTES COUNT		reads, past the page cache
 *
 * Waiting must not count. A sender never waits: a datagram that would have to
 * is a failure. For a reader, a thread of the lowest priority counts in a loop
 * whenever nobody else wants the CPU; what these loops took is known and is
 * taken off. The kernel's work behind a tick of its timer, which comes in some
 * of the waits, is not; the median leaves these reads aside.
 *
 * Prints the median and the mean cost of one datagram or read, a reading of the
 * clock included.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "program.h"

#define WARM 5	/* one of so many goes before what is measured */
#define CALIBRATION 1000000ul
#define PAGE 4096ul

struct work {
	int fd;
	void *buffer;
	size_t bytes;
	off_t offset;
	off_t size;
	void (*once)(struct work *work);
};

static atomic_ulong spins;
static atomic_ulong spin_limit = CALIBRATION;

static unsigned long spins_now(void)
{
	return atomic_load_explicit(&spins, memory_order_relaxed);
}

/* Has one writer, so there is no need for an atomic increment. */
static void *spin(void *arg)
{
	while (spins_now() <
	       atomic_load_explicit(&spin_limit, memory_order_relaxed))
		atomic_store_explicit(&spins, spins_now() + 1,
				      memory_order_relaxed);
	return arg;
}

/* The time of one loop of the spinner: a few instructions, and so rounded. */
static double calibrate_spinner(void)
{
	double start = now_ns();

	spin(NULL);
	return (long)((now_ns() - start) / CALIBRATION + 0.5);
}

/* Starts the thread that soaks up waiting. */
static void start_spinner(void)
{
	struct sched_param param = { 0 };
	pthread_attr_t attr;
	pthread_t thread;

	atomic_store(&spin_limit, ~0ul);
	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_IDLE);
	pthread_attr_setschedparam(&attr, &param);
	errno = pthread_create(&thread, &attr, spin, NULL);
	if (errno)
		fail("pthread_create");
}

static char *map_memory(size_t bytes)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		fail("mmap");
	memset(memory, 1, bytes);
	return memory;
}

/*
 * A buffer whose pages are not neighbours in memory, so that the number of
 * segments of a request is no matter of luck: every other page of a larger one.
 */
static void *scattered_buffer(size_t bytes)
{
	size_t pages = (bytes + PAGE - 1) / PAGE, i;
	char *from = map_memory(2 * pages * PAGE);
	char *buffer = map_memory(pages * PAGE);

	for (i = 0; i < pages; i++) {
		if (mremap(from + 2 * i * PAGE, PAGE, PAGE,
			   MREMAP_MAYMOVE | MREMAP_FIXED,
			   buffer + i * PAGE) == MAP_FAILED)
			fail("mremap");
	}
	return buffer;
}

static void send_once(struct work *work)
{
	if (send(work->fd, work->buffer, work->bytes, MSG_DONTWAIT) < 0)
		fail("send");
}

static void read_once(struct work *work)
{
	if (pread(work->fd, work->buffer, work->bytes, work->offset) !=
	    (ssize_t)work->bytes)
		fail("pread");
	work->offset += work->bytes;
	if (work->offset + (off_t)work->bytes > work->size)
		work->offset = 0;
}

static double measure(struct work *work, double spin_cost)
{
	unsigned long before = spins_now();
	double start = now_ns(), took;

	work->once(work);
	took = now_ns() - start;
	return took - (spins_now() - before) * spin_cost;
}

static void open_socket(struct work *work, const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };

	work->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (inet_aton(address, &to.sin_addr) == 0 ||
	    connect(work->fd, (struct sockaddr *)&to, sizeof(to)))
		fail(address);
	work->once = send_once;
}

static void open_file(struct work *work, const char *name)
{
	work->fd = open(name, O_RDONLY | O_DIRECT);
	work->size = lseek(work->fd, 0, SEEK_END);
	if (work->size < (off_t)work->bytes)
		fail(name);
	work->once = read_once;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	struct work work = { 0 };
	double *costs, sum = 0, spin_cost = 0;
	long count, i;

	if (argc != 5 || atol(argv[3]) <= 0 || atol(argv[4]) <= 0) {
		fprintf(stderr, "usage: %s udp|read TARGET BYTES COUNT\n", argv[0]);
		return 2;
	}
	work.bytes = atol(argv[3]);
	count = atol(argv[4]);
	costs = calloc(count, sizeof(*costs));
	if (!costs)
		fail("calloc");
	work.buffer = scattered_buffer(work.bytes);
	if (!strcmp(argv[1], "udp")) {
		open_socket(&work, argv[2]);
	} else {
		open_file(&work, argv[2]);
		spin_cost = calibrate_spinner();
		start_spinner();
	}

	for (i = 0; i < count / WARM; i++)
		measure(&work, spin_cost);
	for (i = 0; i < count; i++) {
		costs[i] = measure(&work, spin_cost);
		sum += costs[i];
	}
	qsort(costs, count, sizeof(*costs), compare);
	printf("median=%.0f mean=%.0f worst=%.0f n=%ld spin=%.0f\n",
	       costs[count / 2], sum / count, costs[count - 1], count, spin_cost);
	return 0;
}
