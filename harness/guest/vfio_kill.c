// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio_kill DEVICE KILLS SEED: a driver in user space that is killed, again and
 * again, wherever it happens to be.
 *
 * The driver opens the edu device, by turns through a container and through an
 * iommufd, maps memory in pieces of many sizes, has the device transfer, takes
 * interrupts, and unmaps. After every kill the device must be free for the next;
 * after every tenth, and without an owner, it must not reach what was mapped.
 */

#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "vfio_edu.h"

#define PIECES			6
#define LARGEST_PIECE		(2 << 20)
#define MEMORY_BYTES		(PIECES * LARGEST_PIECE)
#define FIRST_IOVA		0x10000000ull
#define IOVA_STEP		0x8000000ull
#define RW			(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define LONGEST_TRANSFER_MS	220
#define LONGEST_LIFE_NS		2000000000ull
#define LONGEST_NS		400000
#define PROBE_PATTERN		0xe5

enum { OPENING, MAPPING, TRANSFER, INTERRUPT, UNMAPPING, CLOSING, PHASES };

static const char * const phase_names[] = {
	"opening", "mapping", "in a transfer", "at an interrupt", "unmapping", "closing",
};

/* what both processes see */
struct shared {
	atomic_int	phase;
	atomic_uint	turns;
	uint8_t		*memory;
};

static struct shared *shared;

static size_t piece_bytes(unsigned int i)
{
	static const size_t bytes[PIECES] = { 8192, 4096, 65536, LARGEST_PIECE, 12288, 1 << 20 };

	return bytes[i];
}

static uint64_t piece_iova(unsigned int i)
{
	return FIRST_IOVA + i * IOVA_STEP;
}

/* A transfer that a killed owner has started ends some time, and is heard of nowhere. */
static int wait_idle(struct edu *edu)
{
	for (int i = 0; i < EDU_PATIENCE_MS; i++) {
		if (!(edu_read(edu, EDU_DMA_COMMAND) & EDU_DMA_START))
			return 0;
		pause_ms(1);
	}
	errno = ETIMEDOUT;
	return edu_fail("the last transfer");
}

static int transfer(struct edu *edu, unsigned int turn)
{
	uint8_t *there = shared->memory, *back = shared->memory + 4096;

	for (unsigned int i = 0; i < 4096; i++)
		there[i] = i * 7 + (i >> 8) + turn;
	if (edu_load(edu, piece_iova(0), EDU_MEMORY_BYTES) ||
	    edu_store(edu, piece_iova(0) + 4096, EDU_MEMORY_BYTES))
		return -1;
	if (memcmp(there, back, EDU_MEMORY_BYTES)) {
		errno = EILSEQ;
		return edu_fail("what came back");
	}
	return 0;
}

/* One life of the driver, begun and ended as it should be */
static int drive(const char *name, unsigned int turn)
{
	struct edu edu = { .name = name };

	shared->phase = OPENING;
	if (turn % 2 ? edu_open_iommufd(&edu) : edu_open_type1(&edu))
		return -1;
	if (wait_idle(&edu) || edu_enable_bus_master(&edu))
		return -1;
	shared->phase = MAPPING;
	for (unsigned int i = 0; i < PIECES; i++) {
		if (edu_map(&edu, shared->memory + i * LARGEST_PIECE, piece_iova(i),
			    piece_bytes(i), RW))
			return -1;
	}
	shared->phase = TRANSFER;
	if (transfer(&edu, turn))
		return -1;
	shared->phase = INTERRUPT;
	if (edu_set_msi(&edu, true))
		return -1;
	for (unsigned int i = 0; i < 3; i++) {
		if (edu_test_interrupt(&edu))
			return -1;
	}
	if (edu_set_msi(&edu, false))
		return -1;
	shared->phase = UNMAPPING;
	for (unsigned int i = 0; i < PIECES; i++) {
		if (edu_unmap(&edu, piece_iova(i), piece_bytes(i)))
			return -1;
	}
	shared->phase = CLOSING;
	if (edu_close(&edu))
		return -1;
	shared->turns++;
	return 0;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* Waits until the driver is where it is to die, and a little longer: too short a time to sleep. */
static void wait_for_phase(int phase)
{
	uint64_t until = now_ns() + LONGEST_LIFE_NS;

	while (shared->phase != phase && now_ns() < until)
		;
	if (phase == TRANSFER)
		pause_ms(rand() % LONGEST_TRANSFER_MS);
	until = now_ns() + rand() % LONGEST_NS;
	while (now_ns() < until)
		;
}

static int kill_one(const char *name, unsigned int turn)
{
	int phase = rand() % PHASES, status;
	pid_t child;

	shared->phase = PHASES;
	child = fork();
	if (!child) {
		while (!drive(name, turn))
			turn++;
		fflush(stdout);
		_exit(1);
	}
	wait_for_phase(phase);
	kill(child, SIGKILL);
	if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status)) {
		printf("FAIL vfio-kill: the driver ended by itself, %s, in turn %u\n",
		       phase_names[shared->phase % PHASES], turn);
		return -1;
	}
	return 0;
}

/* Has the device write, without an owner, where the one that was killed had memory. */
static int probe(const char *name)
{
	struct edu edu = { .name = name };
	int ret;

	memset(shared->memory, PROBE_PATTERN, 8192);
	if (edu_open_raw(&edu) || wait_idle(&edu))
		return -1;
	ret = edu_store(&edu, piece_iova(0), EDU_MEMORY_BYTES);
	for (unsigned int i = 0; i < 8192 && !ret; i++) {
		if (shared->memory[i] != PROBE_PATTERN) {
			printf("FAIL vfio-kill: memory of a killed driver was written to\n");
			ret = -1;
		}
	}
	munmap(edu.regs, edu.regs_bytes);
	return ret;
}

static int run(const char *name, unsigned int kills, unsigned int seed)
{
	unsigned int killed[PHASES] = { 0 }, probes = 0;

	srand(seed);
	for (unsigned int i = 0; i < kills; i++) {
		if (kill_one(name, i))
			return 1;
		killed[shared->phase % PHASES]++;
		if (i % 10 == 9) {
			if (probe(name))
				return 1;
			probes++;
		}
	}
	printf("  killed");
	for (unsigned int i = 0; i < PHASES; i++)
		printf(" %u %s%s", killed[i], phase_names[i], i < PHASES - 1 ? "," : "\n");
	if (drive(name, 0) || drive(name, 1))
		return 1;
	printf("PASS vfio-kill: %u kills, %u turns between them, %u late writes reached nothing\n",
	       kills, shared->turns, probes);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		return 2;
	shared->memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared->memory == MAP_FAILED)
		return 2;
	/* the first makes what is made once, and stays */
	if (drive(argv[1], 0) || drive(argv[1], 1))
		return 1;
	return atoi(argv[2]) ? run(argv[1], atoi(argv[2]), atoi(argv[3])) : 0;
}
