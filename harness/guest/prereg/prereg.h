/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of registered memory share.
 *
 * A test runs in a process of its own. It says what is wrong with fail(), the
 * first of which counts, and returns 0 or -1. Functions that are named after an
 * ioctl return 0 or the negative error.
 */

#ifndef _PREREG_H_
#define _PREREG_H_

#include "../vfio_edu.h"
#include "../vfio_register.h"

#define PAGE_BYTES	4096ul
#define HUGE_BYTES	(2ul << 20)
#define SCRATCH_IOVA	0x1000ull
#define FIRST_IOVA	0x40000000ull
#define RW		(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

enum backing { SMALL, THP, HUGETLB, SHARED, BACKINGS };

/**
 * struct settings - what the program was told
 * @maps: how many mappings the test of many makes
 * @kills: how many processes the test of races kills
 * @seconds: how long the races without a kill last
 * @seed: of what is random
 * @devices: two edu devices
 */
struct settings {
	unsigned int	maps;
	unsigned int	kills;
	unsigned int	seconds;
	unsigned int	seed;
	const char	*devices[2];
};

extern struct settings settings;

/**
 * struct lab - an edu device in a container, and a page for what it brings back
 * @edu: the device
 * @scratch: one page, mapped at SCRATCH_IOVA, not registered
 * @locked: pages that were accounted when the lab was ready
 * @pins: and pages that were pinned, in the whole system
 */
struct lab {
	struct edu	edu;
	uint8_t		*scratch;
	long		locked;
	long		pins;
};

/* What a test says */
int fail(const char *format, ...);
void detail(const char *format, ...);
int expect(const char *what, long got, long want);
const char *said(void);
const char *detailed(void);

/* What the system says */
long locked_of(pid_t pid);
long locked(void);
long pins(void);
long memory_info(const char *key);
uint64_t pfn_of(const void *page);
uint64_t flags_of(uint64_t pfn);
int movable_zone(uint64_t *first, uint64_t *count);
long count_movable(const uint8_t *mem, size_t bytes, uint64_t first, uint64_t count);
int expect_pins(const char *what, long want);
int expect_held(const struct lab *lab, const char *what, long pages);

/* Memory, and what may be locked of it */
void *memory(enum backing backing, size_t bytes);
void fill(void *page, uint64_t seed);
bool holds(const void *page, uint64_t seed);
int drop_ipc_lock(void);
int limit_memlock(size_t bytes);

/* Containers */
int reg(int container, const void *memory, size_t bytes);
int unreg(int container, const void *memory, size_t bytes);
int map(int container, const void *memory, uint64_t iova, size_t bytes, uint32_t flags);
int unmap(int container, uint64_t iova, size_t bytes);

/* Devices */
int device_open(struct edu *edu, const char *name, int container);
int device_close(struct edu *edu);
int lab_open(struct lab *lab, unsigned int device);
int lab_close(struct lab *lab);
int device_sees(struct lab *lab, const char *what, uint64_t iova, uint64_t seed);
int device_writes(struct lab *lab, uint64_t iova, uint64_t seed);

/* Programs that this one is to a process of its own */
int after_exec(int argc, char **argv);
int race_worker(int argc, char **argv);

/* The tests */
int test_capability(void);
int test_inside(void);
int test_outside(void);
int test_straddle(void);
int test_directions(void);
int test_second_container(void);
int test_survivor(void);
int test_lookup_of_other(void);
int test_gib_line(void);
int test_small_entries(void);
int test_register_errors(void);
int test_unregister_errors(void);
int test_overlap(void);
int test_later_page(void);
int test_limit(void);
int test_limit_mlock(void);
int test_limit_capable(void);
int test_twice(void);
int test_many_small(void);
int test_many_thp(void);
int test_many_hugetlb(void);
int test_movable(void);
int test_untouched(void);
int test_munmap(void);
int test_dontneed(void);
int test_dontneed_hugetlb(void);
int test_mremap(void);
int test_fork(void);
int test_fork_thp(void);
int test_fork_before(void);
int test_owner_exits(void);
int test_dirty_device(void);
int test_dirty_pinned(void);
int test_dirty_release(void);
int test_vaddr(void);
int test_vaddr_fork(void);
int test_vaddr_exec(void);
int test_pin(void);
int test_pin_beside(void);
int test_pin_unmap(void);
int test_pin_old_way(void);
int test_regroup(void);
int test_race_stamps(void);
int test_race_limit(void);
int test_race_kill(void);

#endif /* _PREREG_H_ */
