// SPDX-License-Identifier: GPL-2.0-only
/*
 * All CPUs at once on one domain: threads map, look, unmap, while the policy
 * changes, CPUs come and go, memory is short, and devices leave when they have
 * just stopped. Each mapping leads to a place of its own, so that an address
 * which two were given shows at once; and the mock sees what came back early.
 */

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>
#include <trace/events/iova.h>

#include "../../tests/kunit_fail_nth.h"
#include "../fq-control.h"
#include "util.h"

#define MAX_WORKERS	16
#define SLOTS		32
#define SPACE_PAGES	4096
#define SPACE_PFN	(SZ_32M / SZ_4K)

/**
 * struct disturbance - what goes on meanwhile
 * @name: description
 * @ms: for how long
 * @type: policy to begin with
 * @policy: it changes
 * @hotplug: CPUs leave
 * @settings: watermark and delay change
 * @no_memory: every so many allocations of a worker fail; 0 for none
 * @flush_us: time that a flush takes
 * @watched: each page that the allocator hands out has to come back once
 */
struct disturbance {
	const char *name;
	unsigned int ms;
	unsigned int type;
	bool policy;
	bool hotplug;
	bool settings;
	unsigned int no_memory;
	unsigned int flush_us;
	bool watched;
};

static const struct disturbance disturbances[] = {
	{ "strict", 300, IOMMU_DOMAIN_DMA },
	{ "lazy", 500, IOMMU_DOMAIN_DMA_FQ },
	{ "lazy, slow flushes", 500, IOMMU_DOMAIN_DMA_FQ, .flush_us = 300 },
	{ "policy", 1300, IOMMU_DOMAIN_DMA_FQ, .policy = true, .flush_us = 50 },
	{ "hotplug", 1300, IOMMU_DOMAIN_DMA_FQ, .hotplug = true },
	{ "settings", 800, IOMMU_DOMAIN_DMA_FQ, .settings = true },
	{ "no memory", 600, IOMMU_DOMAIN_DMA_FQ, .no_memory = 20 },
	{ "lazy, watched", 500, IOMMU_DOMAIN_DMA_FQ, .watched = true },
	{ "strict, watched", 300, IOMMU_DOMAIN_DMA, .watched = true },
	{ "hotplug, policy, watched", 1000, IOMMU_DOMAIN_DMA_FQ, .policy = true,
	  .hotplug = true, .watched = true },
	{ "all of it", 2000, IOMMU_DOMAIN_DMA_FQ, true, true, true, 50, 20 },
};

KUNIT_ARRAY_PARAM_DESC(disturbance, disturbances, name);

/* What the allocator's tracepoints tell of the space, a bit for each page */
static DECLARE_BITMAP(owned, SPACE_PAGES);
static atomic_t owned_twice;
static atomic_t freed_twice;

static void on_alloc(void *unused, struct iova_domain *iovad, unsigned long pfn,
		     unsigned long size)
{
	for (; size; size--, pfn++)
		if (pfn - SPACE_PFN < SPACE_PAGES &&
		    test_and_set_bit(pfn - SPACE_PFN, owned))
			atomic_inc(&owned_twice);
}

static void on_free(void *unused, struct iova_domain *iovad, unsigned long pfn,
		    unsigned long size)
{
	for (; size; size--, pfn++)
		if (pfn - SPACE_PFN < SPACE_PAGES &&
		    !test_and_clear_bit(pfn - SPACE_PFN, owned))
			atomic_inc(&freed_twice);
}

static void end_watch(void *unused)
{
	unregister_trace_iova_alloc(on_alloc, NULL);
	unregister_trace_iova_free(on_free, NULL);
	tracepoint_synchronize_unregister();
}

/* What the allocator refuses to take back does no harm, but is wrong as well. */
static void begin_watch(struct kunit *test)
{
	bitmap_zero(owned, SPACE_PAGES);
	atomic_set(&owned_twice, 0);
	atomic_set(&freed_twice, 0);
	if (register_trace_iova_free(on_free, NULL) ||
	    register_trace_iova_alloc(on_alloc, NULL))
		kunit_skip(test, "needs tracepoints");
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_watch, NULL),
			0);
}

static void expect_watched(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, atomic_read(&owned_twice), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&freed_twice), 0);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(owned, SPACE_PAGES));
}

/**
 * struct worker - one thread
 * @dev: device
 * @task: thread
 * @rnd: its random numbers
 * @cpu: where it runs as long as that CPU is there
 * @phys: where the first of its places is
 * @addr: DMA address of each slot; 0 if there is none
 * @size: bytes of it
 * @no_memory: see struct disturbance
 * @mapped: how often it got an address
 * @refused: how often it got none
 * @wrong: mappings that led somewhere else
 */
struct worker {
	struct device *dev;
	struct task_struct *task;
	struct rnd_state rnd;
	unsigned int cpu;
	phys_addr_t phys;
	dma_addr_t addr[SLOTS];
	size_t size[SLOTS];
	unsigned int no_memory;
	unsigned int mapped;
	unsigned int refused;
	unsigned int wrong;
};

static phys_addr_t slot_phys(const struct worker *w, unsigned int slot)
{
	return w->phys + slot * SZ_1M;
}

static void toggle_slot(struct worker *w, unsigned int slot)
{
	dma_addr_t addr = w->addr[slot];

	if (addr) {
		if (!dmi_reaches(w->dev, addr, slot_phys(w, slot),
				 w->size[slot], IOMMU_READ))
			w->wrong++;
		dma_unmap_resource(w->dev, addr, w->size[slot], DMA_TO_DEVICE,
				   0);
		w->addr[slot] = 0;
		return;
	}

	w->size[slot] = SZ_4K << dmi_below(&w->rnd, 3);
	addr = dma_map_resource(w->dev, slot_phys(w, slot), w->size[slot],
				DMA_TO_DEVICE, 0);
	if (dma_mapping_error(w->dev, addr)) {
		w->refused++;
		return;
	}
	w->mapped++;
	w->addr[slot] = addr;
}

static void set_fault(struct worker *w, unsigned int step)
{
	if (!w->no_memory)
		return;
	kunit_fail_nth_stop();
	if (step % w->no_memory == 0)
		kunit_fail_nth_start_all(1);
}

static int work(void *arg)
{
	struct worker *w = arg;
	unsigned int step, slot;

	for (step = 0; !kthread_should_stop(); step++) {
		if (step % 64 == 0) {
			/* The scheduler moves it when the CPU leaves. */
			set_cpus_allowed_ptr(current, cpumask_of(w->cpu));
			cond_resched();
		}
		set_fault(w, step);
		toggle_slot(w, dmi_below(&w->rnd, SLOTS));
	}
	set_fault(w, 1);
	for (slot = 0; slot < SLOTS; slot++)
		if (w->addr[slot])
			toggle_slot(w, slot);
	return 0;
}

/* No assertion may end the test while threads run; returns how many do. */
static int start_workers(struct kunit *test, struct worker *workers,
			 struct device *dev, unsigned int no_memory)
{
	int i, nr = min(2 * num_online_cpus(), MAX_WORKERS);
	struct rnd_state rnd;
	unsigned int cpu;

	dmi_seed(test, &rnd, 400);
	cpu = cpumask_first(cpu_online_mask);
	for (i = 0; i < nr; i++) {
		struct worker *w = &workers[i];

		w->dev = dev;
		w->cpu = cpu;
		w->no_memory = no_memory;
		w->phys = (phys_addr_t)(i + 1) << 36;
		prandom_seed_state(&w->rnd, prandom_u32_state(&rnd));
		w->task = kthread_run(work, w, "dma_iommu/%d", i);
		if (IS_ERR(w->task))
			return i;
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
	}
	return nr;
}

static void stop_workers(struct kunit *test, struct worker *workers, int nr)
{
	unsigned int mapped = 0, refused = 0;
	int i;

	for (i = 0; i < nr; i++)
		kthread_stop(workers[i].task);
	for (i = 0; i < nr; i++) {
		mapped += workers[i].mapped;
		refused += workers[i].refused;
		KUNIT_EXPECT_EQ(test, workers[i].wrong, 0);
	}
	kunit_info(test, "%d workers, %u mappings, %u refused", nr, mapped,
		   refused);
	KUNIT_EXPECT_GT(test, mapped, 20);
	/* The space is small, but not so small. */
	if (!workers[0].no_memory)
		KUNIT_EXPECT_LE(test, refused, mapped / 20);
}

/* Give the first error. */
static int disturb(struct device *dev, const struct disturbance *c,
		   unsigned int cpu)
{
	unsigned long end = jiffies + msecs_to_jiffies(c->ms);
	unsigned int round;
	int ret = 0;

	for (round = 0; time_before(jiffies, end) && !ret; round++) {
		msleep(20);
		if (c->policy)
			ret = dmi_set_type(dev, round % 2 ? "DMA-FQ" : "DMA");
		/* Strict, nothing waits but what is just being unmapped. */
		if (c->settings) {
			iommu_fq_set_watermark(1 + round * 37 % 400);
			iommu_fq_set_delay(1 + round * 7 % 30);
		}
		if (c->hotplug && !ret)
			ret = cpu_online(cpu) ? remove_cpu(cpu) : add_cpu(cpu);
	}
	iommu_fq_set_watermark(IOMMU_FQ_WATERMARK);
	iommu_fq_set_delay(IOMMU_FQ_DELAY);
	if (c->hotplug && !cpu_online(cpu))
		add_cpu(cpu);
	return ret;
}

static void expect_all_back(struct kunit *test, struct device *dev)
{
	dma_addr_t *all = kvcalloc(SPACE_PAGES + 1, sizeof(*all), GFP_KERNEL);
	unsigned int nr, tries;

	KUNIT_ASSERT_NOT_NULL(test, all);
	for (tries = 0; tries < 8; tries++) {
		msleep(50);
		nr = dmi_take_all(test, dev, all, SPACE_PAGES + 1);
		dmi_give_all(dev, all, nr);
		if (nr == SPACE_PAGES)
			break;
	}
	kvfree(all);
	KUNIT_EXPECT_EQ(test, nr, SPACE_PAGES);
	for (tries = 0; tries < 100 && dmock_stale(dmi_domain(dev)); tries++)
		msleep(20);
	KUNIT_EXPECT_EQ(test, dmock_stale(dmi_domain(dev)), 0);
	KUNIT_EXPECT_EQ(test, dmock_live(dmi_domain(dev)), 0);
}

static struct dmock_config space(unsigned int type)
{
	return (struct dmock_config) {
		.type = type,
		.pgsize_bitmap = SZ_4K,
		.aperture_start = SZ_32M,
		.aperture_end = SZ_32M + SPACE_PAGES * SZ_4K - 1,
		.tables = true,
	};
}

static void dmi_test_stress(struct kunit *test)
{
	const struct disturbance *c = test->param_value;
	struct dmock_config cfg = space(c->type);
	struct dmi_fixture *fix = test->priv;
	struct worker *workers;
	struct device *dev;
	unsigned int cpu = 0;
	int nr, ret;

	if (c->hotplug)
		cpu = dmi_hotplug_cpu(test);
	if (c->settings && iommu_fq_set_delay(IOMMU_FQ_DELAY))
		kunit_skip(test, "the settings can't be changed");
	if (c->no_memory)
		kunit_fail_nth_prepare(test);
	dev = dmi_begin(test, &cfg);
	/* Beyond 6.12, which would replace the domain under the threads. */
	if (c->policy && iommu_fq_set_delay(IOMMU_FQ_DELAY))
		kunit_skip(test, "the policy can't be changed both ways");
	fix->mock.flush_us = c->flush_us;
	if (c->watched)
		begin_watch(test);

	workers = kunit_kcalloc(test, MAX_WORKERS, sizeof(*workers), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, workers);
	nr = start_workers(test, workers, dev, c->no_memory);
	ret = disturb(dev, c, cpu);
	stop_workers(test, workers, nr);
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_GT(test, nr, 1);
	expect_all_back(test, dev);
	if (c->watched) {
		dmi_end(test);
		expect_watched(test);
	}
}

/* Devices go when their threads have only just gone; others stay. */
static void dmi_test_teardown_under_load(struct kunit *test)
{
	struct dmock_config cfg = space(IOMMU_DOMAIN_DMA_FQ);
	struct worker *workers;
	struct device *dev;
	int round, nr;

	workers = kunit_kcalloc(test, MAX_WORKERS, sizeof(*workers), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, workers);
	for (round = 0; round < 8; round++) {
		dev = dmi_begin(test, &cfg);
		memset(workers, 0, MAX_WORKERS * sizeof(*workers));
		nr = start_workers(test, workers, dev, 0);
		msleep(20 + 5 * round);
		stop_workers(test, workers, nr);
		KUNIT_EXPECT_GT(test, nr, 1);
		dmi_end(test);
	}
}

static struct kunit_case dma_iommu_stress_cases[] = {
	KUNIT_CASE_PARAM_ATTR(dmi_test_stress, disturbance_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_SLOW(dmi_test_teardown_under_load),
	{}
};

static struct kunit_suite dma_iommu_stress_suite = {
	.name = "dma-iommu-stress",
	.init = dmi_init,
	.exit = dmi_exit,
	.test_cases = dma_iommu_stress_cases,
};

kunit_test_suite(dma_iommu_stress_suite);
