// SPDX-License-Identifier: GPL-2.0-only
/* Threads of one process that register, map and unmap at once: the right memory is mapped. */

#include <pthread.h>
#include <stdatomic.h>

#include "../mdev/vfio_pin.h"
#include "prereg.h"

#define RANGES		4
#define RANGE_PAGES	64
#define RANGE_BYTES	(RANGE_PAGES * PAGE_BYTES)
#define PAGES		(RANGES * RANGE_PAGES)
#define WINDOW		0x40000000ull	/* of addresses, for each thread */
#define MAPPERS		2
#define REGISTRARS	2
#define LIMITED		4
#define LIMIT_RANGES	2

/**
 * struct race - what the threads share
 * @mem: RANGES ranges, each page stamped with its number
 * @container: the one that is mapped into
 * @pinner: a device in it that pins
 * @limit: pages that may be locked
 * @stop: it is over
 * @failed: a thread has said why
 * @turns: of all threads
 * @refused: of them, those that ended with the error that may come
 */
struct race {
	uint8_t		*mem;
	int		container;
	struct edu	pinner;
	long		limit;
	atomic_bool	stop;
	atomic_bool	failed;
	atomic_uint	turns;
	atomic_uint	refused;
};

/**
 * struct runner - one thread
 * @race: what it has in common with the others
 * @seed: of its random numbers
 * @number: 0 and on
 * @device: what has its own container, if it needs one
 */
struct runner {
	struct race	*race;
	unsigned int	seed;
	unsigned int	number;
	struct edu	device;
};

static int check_stamp(struct race *race, uint64_t iova, unsigned int page)
{
	struct vfio_pin_range range = { .iova = iova, .count = 1 };
	uint64_t found;

	if (ioctl(race->pinner.device, VFIO_PIN_PIN, &range))
		return fail("pinning: %s", strerror(errno));
	if (pread(race->pinner.device, &found, sizeof(found), iova) != sizeof(found))
		return fail("reading what is pinned: %s", strerror(errno));
	if (found != page)
		return fail("page %u is mapped in place of page %u", (unsigned int)found, page);
	if (ioctl(race->pinner.device, VFIO_PIN_UNPIN, &range))
		return fail("unpinning: %s", strerror(errno));
	return 0;
}

static int map_once(struct runner *self)
{
	struct race *race = self->race;
	unsigned int range = rand_r(&self->seed) % RANGES;
	unsigned int first = rand_r(&self->seed) % RANGE_PAGES;
	unsigned int count = 1 + rand_r(&self->seed) % (RANGE_PAGES - first);
	unsigned int probe = rand_r(&self->seed) % count;
	uint64_t iova = FIRST_IOVA + self->number * WINDOW;

	first += range * RANGE_PAGES;
	if (expect("mapping", map(race->container, race->mem + first * PAGE_BYTES, iova,
				  count * PAGE_BYTES, RW), 0) ||
	    check_stamp(race, iova + probe * PAGE_BYTES, first + probe))
		return -1;
	return expect("unmapping", unmap(race->container, iova, count * PAGE_BYTES), 0);
}

static void *mapper(void *argument)
{
	struct runner *self = argument;

	while (!self->race->stop) {
		if (map_once(self)) {
			self->race->failed = true;
			break;
		}
		self->race->turns++;
	}
	return NULL;
}

/* Registers and unregisters one of the ranges; holds[] says how often it has. */
static int register_once(struct runner *self, unsigned int *held)
{
	struct race *race = self->race;
	unsigned int range = rand_r(&self->seed) % RANGES;
	uint8_t *mem = race->mem + range * RANGE_BYTES;
	int ret;

	if (!held[range] || (held[range] < 3 && rand_r(&self->seed) % 2)) {
		held[range]++;
		return expect("registering", reg(self->device.container, mem, RANGE_BYTES), 0);
	}
	ret = unreg(self->device.container, mem, RANGE_BYTES);
	if (ret == -EBUSY) {
		race->refused++;
		return 0;
	}
	held[range]--;
	return expect("unregistering", ret, 0);
}

static void *registrar(void *argument)
{
	struct runner *self = argument;
	unsigned int held[RANGES] = { 0 };

	while (!self->race->stop) {
		if (register_once(self, held)) {
			self->race->failed = true;
			return NULL;
		}
		self->race->turns++;
	}
	/* nobody maps any more, or the mapping goes soon */
	for (unsigned int i = 0; i < RANGES; i++) {
		int ret = 0;

		while (held[i] && !ret) {
			ret = unreg(self->device.container, self->race->mem + i * RANGE_BYTES,
				    RANGE_BYTES);
			if (ret == -EBUSY) {
				pause_ms(1);
				ret = 0;
			} else {
				held[i]--;
			}
		}
		if (expect("unregistering at the end", ret, 0))
			self->race->failed = true;
	}
	return NULL;
}

/* Lets threads run for the time that is set. */
static int let_run(struct race *race, struct runner *runners, unsigned int count,
		   void *(*what)(struct runner *))
{
	pthread_t threads[8];
	unsigned int i;

	for (i = 0; i < count; i++) {
		runners[i].race = race;
		runners[i].number = i;
		runners[i].seed = settings.seed + i;
		if (pthread_create(&threads[i], NULL, (void *(*)(void *))what, &runners[i]))
			return fail("pthread_create: %s", strerror(errno));
	}
	for (i = 0; i < settings.seconds * 100 && !race->failed; i++)
		pause_ms(10);
	race->stop = true;
	for (i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return race->failed ? -1 : 0;
}

static void *map_or_register(struct runner *self)
{
	return self->number < MAPPERS ? mapper(self) : registrar(self);
}

/*
 * All of it is migrated to where it may be pinned for long. Two that do this at
 * the same time can be in each other's way, and get ENOMEM.
 */
static int settle(struct race *race, int container)
{
	return expect("registering all", reg(container, race->mem, PAGES * PAGE_BYTES), 0) ||
	       expect("unregistering all", unreg(container, race->mem, PAGES * PAGE_BYTES), 0);
}

int test_race_stamps(void)
{
	static struct runner runners[MAPPERS + REGISTRARS];
	static struct race race;
	struct lab lab;

	race.mem = memory(SMALL, PAGES * PAGE_BYTES);
	if (!race.mem || device_open(&runners[MAPPERS].device, "vfio_pin.1", 0) ||
	    device_open(&runners[MAPPERS + 1].device, "vfio_pin.2", 0) || lab_open(&lab, 0) ||
	    device_open(&race.pinner, "vfio_pin.0", lab.edu.container))
		return -1;
	for (unsigned int i = 0; i < PAGES; i++)
		*(uint64_t *)(race.mem + i * PAGE_BYTES) = i;
	if (settle(&race, runners[MAPPERS].device.container))
		return -1;
	race.container = lab.edu.container;
	if (let_run(&race, runners, MAPPERS + REGISTRARS, map_or_register))
		return -1;
	detail("%u turns, %u times busy", race.turns, race.refused);
	for (unsigned int i = 0; i < REGISTRARS; i++) {
		if (device_close(&runners[MAPPERS + i].device))
			return -1;
	}
	if (expect_held(&lab, "all over", 0) || device_close(&race.pinner))
		return -1;
	return lab_close(&lab);
}

/* One range each; some of them are too many for the limit at any time. */
static void *register_limited(struct runner *self)
{
	struct race *race = self->race;
	uint8_t *mem = race->mem + self->number * RANGE_BYTES;
	int ret;

	while (!race->stop) {
		race->turns++;
		ret = reg(race->container, mem, RANGE_BYTES);
		if (ret == -ENOMEM) {
			race->refused++;
			continue;
		}
		if (expect("registering", ret, 0) ||
		    (locked() > race->limit && fail("more is locked than may be")) ||
		    expect("unregistering", unreg(race->container, mem, RANGE_BYTES), 0)) {
			race->failed = true;
			return NULL;
		}
	}
	return NULL;
}

int test_race_limit(void)
{
	static struct runner runners[LIMITED];
	static struct race race;
	struct lab lab;

	race.mem = memory(SMALL, LIMITED * RANGE_BYTES);
	if (!race.mem || lab_open(&lab, 0) || drop_ipc_lock())
		return -1;
	race.container = lab.edu.container;
	race.limit = lab.locked + LIMIT_RANGES * RANGE_PAGES;
	if (limit_memlock(race.limit * PAGE_BYTES) ||
	    let_run(&race, runners, LIMITED, register_limited))
		return -1;
	detail("%u turns, %u refused", race.turns, race.refused);
	return lab_close(&lab);
}
