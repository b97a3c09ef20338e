// SPDX-License-Identifier: GPL-2.0-only
/*
 * disk_io NAME DEVICE MIB SEED [write|read]: writes MIB mebibytes past the page
 * cache and reads them back, or does one of both, and compares every word.
 *
 * Each word tells of the seed and of its place. Several processes work at once,
 * each on a part of its own, with requests of many sizes in buffers that don't
 * begin with a page; what is read is in other pieces than it was written in.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS		4
#define SECTOR		512
#define LARGEST		1048576
#define SIZES		7

static const unsigned int sizes[SIZES] = {
	4096, SECTOR, LARGEST, 12288, 65536, 131072 + SECTOR, 262144,
};

static uint64_t word_at(uint64_t seed, uint64_t at)
{
	uint64_t word = (at + 1) * 0x9e3779b97f4a7c15ull ^ seed * 0xbf58476d1ce4e5b9ull;

	return word ^ word >> 29;
}

static void fill(uint64_t *buffer, uint64_t seed, uint64_t at, size_t bytes)
{
	for (size_t i = 0; i < bytes / 8; i++)
		buffer[i] = word_at(seed, at + 8 * i);
}

/* Returns where the first wrong word is on the disk, or -1. */
static int64_t compare(const uint64_t *buffer, uint64_t seed, uint64_t at, size_t bytes)
{
	for (size_t i = 0; i < bytes / 8; i++) {
		if (buffer[i] != word_at(seed, at + 8 * i))
			return at + 8 * i;
	}
	return -1;
}

static int pass(int fd, char *memory, uint64_t seed, uint64_t from, uint64_t end, bool writing)
{
	unsigned int turn = writing ? 0 : 3;
	uint64_t at = from;
	int64_t wrong;

	while (at < end) {
		size_t bytes = sizes[turn++ % SIZES];
		uint64_t *buffer = (void *)(memory + turn % 8 * SECTOR);
		ssize_t done;

		if (bytes > end - at)
			bytes = end - at;
		if (writing)
			fill(buffer, seed, at, bytes);
		else
			memset(buffer, 0, bytes);
		done = writing ? pwrite(fd, buffer, bytes, at) : pread(fd, buffer, bytes, at);
		if (done != (ssize_t)bytes) {
			printf("  %zu bytes at %#llx: %s\n", bytes, (unsigned long long)at,
			       done < 0 ? strerror(errno) : "less");
			return 1;
		}
		wrong = writing ? -1 : compare(buffer, seed, at, bytes);
		if (wrong >= 0) {
			printf("  not what was written at %#llx\n", (unsigned long long)wrong);
			return 1;
		}
		at += bytes;
	}
	return 0;
}

static int work(const char *device, uint64_t seed, uint64_t from, uint64_t end, bool writing,
		bool reading)
{
	char *memory = mmap(NULL, LARGEST + 8 * SECTOR, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open(device, (writing ? O_RDWR : O_RDONLY) | O_DIRECT);

	if (fd < 0 || memory == MAP_FAILED) {
		printf("  %s: %s\n", device, strerror(errno));
		return 1;
	}
	if (writing && (pass(fd, memory, seed, from, end, true) || fsync(fd)))
		return 1;
	return reading ? pass(fd, memory, seed, from, end, false) : 0;
}

int main(int argc, char **argv)
{
	struct timespec start, end;
	uint64_t bytes, seed;
	bool writing, reading;
	int status, bad = 0;

	if (argc < 5)
		return 2;
	bytes = strtoull(argv[3], NULL, 0) << 20;
	seed = strtoull(argv[4], NULL, 0);
	writing = argc == 5 || !strcmp(argv[5], "write");
	reading = argc == 5 || !strcmp(argv[5], "read");
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (unsigned int i = 0; i < WORKERS; i++) {
		if (!fork()) {
			status = work(argv[2], seed, bytes / WORKERS * i, bytes / WORKERS * (i + 1),
				      writing, reading);
			fflush(stdout);
			_exit(status);
		}
	}
	for (unsigned int i = 0; i < WORKERS; i++) {
		if (wait(&status) < 0 || status)
			bad++;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (bad)
		printf("FAIL %s: %d of %d parts\n", argv[1], bad, WORKERS);
	else
		printf("PASS %s: %s MiB%s%s in %.1f s\n", argv[1], argv[3],
		       writing ? " written" : "", reading ? " read and compared" : "",
		       end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9);
	return !!bad;
}
