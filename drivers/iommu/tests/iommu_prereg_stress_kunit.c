// SPDX-License-Identifier: GPL-2.0-only
/*
 * Long runs: one thread that compares what every call returns with a model,
 * and all CPUs at once on ranges of one process that get in each other's way.
 */

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "iommu_prereg_kunit.h"

/* The model: a window of few pages, so that ranges meet often */
#define WINDOW		40U
#define MAX_RANGES	12U
#define STEPS		20000U

/**
 * struct model_range - what is known of a range
 * @region: the library's
 * @first: its first page in the window
 * @npages: its length; 0 if there is no such range
 * @registrations: of it
 * @mappings: of it
 * @marked: pages that were marked as written
 */
struct model_range {
	struct iommu_prereg *region;
	unsigned int first;
	unsigned int npages;
	unsigned int registrations;
	unsigned int mappings;
	DECLARE_BITMAP(marked, WINDOW);
};

/**
 * struct model - what there should be
 * @test: test
 * @mm: process
 * @l: the window
 * @rnd: random numbers
 * @ranges: in no order
 */
struct model {
	struct kunit *test;
	struct mm_struct *mm;
	struct prereg_layout *l;
	struct rnd_state rnd;
	struct model_range ranges[MAX_RANGES];
};

static unsigned int below(struct rnd_state *rnd, unsigned int ceiling)
{
	return prandom_u32_state(rnd) % ceiling;
}

static unsigned long page_ua(const struct prereg_layout *l, unsigned int page)
{
	return l->ua + page * PAGE_SIZE;
}

static bool meets(const struct model_range *r, unsigned int first,
		  unsigned int npages)
{
	return r->npages && r->first < first + npages &&
	       first < r->first + r->npages;
}

static struct model_range *find(struct model *m, unsigned int first,
				unsigned int npages)
{
	struct model_range *r;

	for (r = m->ranges; r < m->ranges + MAX_RANGES; r++)
		if (meets(r, first, npages))
			return r;
	return NULL;
}

static struct model_range *spare(struct model *m)
{
	struct model_range *r;

	for (r = m->ranges; r < m->ranges + MAX_RANGES; r++)
		if (!r->npages)
			return r;
	return NULL;
}

static struct model_range *any(struct model *m)
{
	struct model_range *r = &m->ranges[below(&m->rnd, MAX_RANGES)];

	return r->npages ? r : NULL;
}

static unsigned long expected_pages(struct model *m)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < MAX_RANGES; i++)
		sum += m->ranges[i].npages;
	return sum;
}

static void clean(struct model *m, const struct model_range *r)
{
	unsigned int i;

	for (i = r->first; i < r->first + r->npages; i++)
		ClearPageDirty(m->l->pages[i]);
}

/* Its last use has ended. Dirty is what was marked, at least, if anything was. */
static void gone(struct model *m, struct model_range *r)
{
	unsigned int first = r->first, npages = r->npages, i;
	bool clean = bitmap_empty(r->marked, WINDOW);

	r->npages = 0;
	prereg_settle(m->test, expected_pages(m));
	KUNIT_EXPECT_NULL(m->test, prereg_seek(m->mm, page_ua(m->l, first), 1));
	for (i = first; i < first + npages; i++) {
		if (test_bit(i, r->marked))
			KUNIT_EXPECT_TRUE(m->test, PageDirty(m->l->pages[i]));
		if (clean)
			KUNIT_EXPECT_FALSE(m->test, PageDirty(m->l->pages[i]));
	}
}

static void step_register(struct model *m)
{
	unsigned int first = below(&m->rnd, WINDOW);
	unsigned int npages = 1 + below(&m->rnd, min(WINDOW - first, 12));
	struct model_range *r = any(m);
	struct iommu_prereg *region;

	if (r && below(&m->rnd, 2)) {
		first = r->first;
		npages = r->npages;
	}
	r = find(m, first, npages);
	region = iommu_prereg_register(m->mm, page_ua(m->l, first), npages);
	if (r && (r->first != first || r->npages != npages)) {
		KUNIT_ASSERT_EQ(m->test, PTR_ERR(region), -EEXIST);
		return;
	}
	KUNIT_ASSERT_NOT_ERR_OR_NULL(m->test, region);
	if (r) {
		KUNIT_ASSERT_PTR_EQ(m->test, region, r->region);
		r->registrations++;
		return;
	}
	r = spare(m);
	if (!r) {
		KUNIT_ASSERT_EQ(m->test, iommu_prereg_unregister(region), 0);
		return;
	}
	*r = (struct model_range) { region, first, npages, 1 };
	clean(m, r);
}

static void step_get(struct model *m)
{
	struct model_range *r = any(m);

	if (!r)
		return;
	KUNIT_ASSERT_PTR_EQ(m->test,
			    iommu_prereg_get(m->mm, page_ua(m->l, r->first),
					     r->npages), r->region);
	r->registrations++;
}

static void step_unregister(struct model *m)
{
	struct model_range *r = any(m);
	bool busy;

	if (!r || !r->registrations)
		return;
	busy = r->registrations == 1 && r->mappings;
	KUNIT_ASSERT_EQ(m->test, iommu_prereg_unregister(r->region),
			busy ? -EBUSY : 0);
	if (!busy && !--r->registrations)
		gone(m, r);
}

static void step_abandon(struct model *m)
{
	struct model_range *r = any(m);

	if (!r || !r->registrations)
		return;
	iommu_prereg_abandon(r->region);
	if (!--r->registrations && !r->mappings)
		gone(m, r);
}

static void step_map(struct model *m)
{
	unsigned long begin = below(&m->rnd, WINDOW * PAGE_SIZE);
	unsigned long most = min(WINDOW * PAGE_SIZE - begin, 6 * PAGE_SIZE);
	unsigned long bytes = 1 + below(&m->rnd, most);
	unsigned int first = begin >> PAGE_SHIFT;
	unsigned int last = (begin + bytes - 1) >> PAGE_SHIFT;
	struct model_range *r = find(m, first, 1);
	struct iommu_prereg *region;

	if (r && last >= r->first + r->npages)
		r = NULL;
	KUNIT_ASSERT_PTR_EQ(m->test,
			    prereg_seek(m->mm, m->l->ua + begin, bytes),
			    r ? r->region : NULL);
	if (r && !r->registrations)
		r = NULL;
	region = iommu_prereg_map(m->mm, m->l->ua + begin, bytes);
	KUNIT_ASSERT_PTR_EQ(m->test, region, r ? r->region : NULL);
	if (!r)
		return;
	r->mappings++;
	if (below(&m->rnd, 3))
		return;
	iommu_prereg_mark_written(region, m->l->ua + begin, bytes);
	bitmap_set(r->marked, first, last - first + 1);
}

static void step_map_get(struct model *m)
{
	struct model_range *r = any(m);

	if (!r)
		return;
	KUNIT_ASSERT_EQ(m->test, iommu_prereg_map_get(r->region),
			r->registrations ? 0 : -ENXIO);
	r->mappings += !!r->registrations;
}

static void step_put(struct model *m)
{
	struct model_range *r = any(m);

	if (!r || !r->mappings)
		return;
	iommu_prereg_map_put(r->region);
	if (!--r->mappings && !r->registrations)
		gone(m, r);
}

static void step_run(struct model *m)
{
	unsigned long begin = below(&m->rnd, WINDOW * PAGE_SIZE);
	unsigned long bytes = 1 + below(&m->rnd, 6 * PAGE_SIZE);
	struct model_range *r = any(m);
	unsigned long end, expected;
	phys_addr_t phys;

	if (!r)
		return;
	end = (r->first + r->npages) * PAGE_SIZE;
	if (begin < r->first * PAGE_SIZE || begin >= end)
		expected = 0;
	else
		expected = prereg_contiguous(m->l, begin,
					     min(bytes, end - begin));
	KUNIT_ASSERT_EQ(m->test, iommu_prereg_run(r->region, m->l->ua + begin,
						  bytes, &phys), expected);
	if (expected)
		KUNIT_ASSERT_EQ(m->test, phys, prereg_phys(m->l, begin));
}

static void end_all(struct model *m)
{
	struct model_range *r;

	for (r = m->ranges; r < m->ranges + MAX_RANGES; r++) {
		if (!r->npages)
			continue;
		while (r->registrations) {
			iommu_prereg_abandon(r->region);
			r->registrations--;
		}
		while (r->mappings) {
			iommu_prereg_map_put(r->region);
			r->mappings--;
		}
		gone(m, r);
	}
}

static const unsigned int runs[] = { 1, 3, WINDOW };

static void run_desc(const unsigned int *run, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "runs of %u pages", *run);
}

KUNIT_ARRAY_PARAM(run, runs, run_desc);

static void prereg_test_random(struct kunit *test)
{
	static void (*const steps[])(struct model *m) = {
		step_register, step_register, step_get, step_unregister,
		step_unregister, step_abandon, step_map, step_map, step_map_get,
		step_put, step_put, step_put, step_run,
	};
	const unsigned int *run = test->param_value;
	struct model *m;
	unsigned int i;

	m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m);
	m->test = test;
	m->mm = prereg_mm(test);
	m->l = prereg_mapped(test, WINDOW, *run);
	prereg_seed(test, &m->rnd, *run);
	for (i = 0; i < STEPS; i++) {
		steps[below(&m->rnd, ARRAY_SIZE(steps))](m);
		prereg_expect_held(test, expected_pages(m));
		KUNIT_ASSERT_EQ(test, iommu_prereg_any(m->mm),
				!!expected_pages(m));
	}
	end_all(m);
}

/* All CPUs: few ranges of one process, some of which overlap */
#define ARENA		64U
#define MAX_WORKERS	24
#define DURATION_MS	2500

static const struct arena_range {
	unsigned int first;
	unsigned int npages;
} arena_ranges[] = {
	{ 0, 16 }, { 0, 16 }, { 8, 16 }, { 16, 8 }, { 16, 8 }, { 24, 8 },
	{ 30, 20 }, { 32, 1 }, { 33, 1 }, { 40, 24 }, { 0, 64 },
};

/* What one page of the arena is registered in: the range and how many times */
#define CLAIM_RANGE	16
#define CLAIM_COUNT	(BIT(CLAIM_RANGE) - 1)

/**
 * struct arena - what the workers share
 * @mm: process
 * @l: its memory
 * @stop: they are to end
 * @claims: which range a page is registered in, by whom knows it
 * @registered: ranges that were registered
 * @mapped: mappings that were begun
 * @errors: errors that nobody should see
 * @overlaps: pages that were registered in two ranges
 * @strays: wrong addresses
 * @loose: pages that were mapped and not pinned
 */
struct arena {
	struct mm_struct *mm;
	struct prereg_layout *l;
	bool stop;
	atomic_t claims[ARENA];
	atomic_t registered;
	atomic_t mapped;
	atomic_t errors;
	atomic_t overlaps;
	atomic_t strays;
	atomic_t loose;
};

/**
 * struct worker - one thread
 * @arena: what it shares
 * @task: thread
 * @rnd: its random numbers
 */
struct worker {
	struct arena *arena;
	struct task_struct *task;
	struct rnd_state rnd;
};

/* Equal ranges have equal names. */
static int claim_name(const struct arena_range *r)
{
	return (r->first * ARENA + r->npages) << CLAIM_RANGE;
}

static void claim(struct arena *a, const struct arena_range *r)
{
	unsigned int i;

	for (i = r->first; i < r->first + r->npages; i++) {
		int old = atomic_read(&a->claims[i]), new;

		do {
			if (old && (old & ~CLAIM_COUNT) != claim_name(r))
				atomic_inc(&a->overlaps);
			new = old ? old + 1 : claim_name(r) + 1;
		} while (!atomic_try_cmpxchg(&a->claims[i], &old, new));
	}
}

static void disclaim(struct arena *a, const struct arena_range *r)
{
	unsigned int i;

	for (i = r->first; i < r->first + r->npages; i++) {
		int old = atomic_read(&a->claims[i]), new;

		do {
			new = (old - 1) & CLAIM_COUNT ? old - 1 : 0;
		} while (!atomic_try_cmpxchg(&a->claims[i], &old, new));
	}
}

/* Pages that a device reaches are pinned, and are the right ones. */
static void check_mapped(struct arena *a, struct iommu_prereg *region,
			 unsigned long begin, unsigned long bytes)
{
	while (bytes) {
		phys_addr_t phys = 0;
		unsigned long done;

		done = iommu_prereg_run(region, a->l->ua + begin, bytes, &phys);
		if (!done || done > prereg_contiguous(a->l, begin, bytes) ||
		    phys != prereg_phys(a->l, begin)) {
			atomic_inc(&a->strays);
			return;
		}
		if (page_ref_count(a->l->pages[begin >> PAGE_SHIFT]) <
		    GUP_PIN_COUNTING_BIAS)
			atomic_inc(&a->loose);
		begin += done;
		bytes -= done;
	}
}

static void map_something(struct arena *a, struct rnd_state *rnd)
{
	unsigned long begin = below(rnd, ARENA * PAGE_SIZE);
	unsigned long bytes = 1 + below(rnd, 12 * PAGE_SIZE);
	struct iommu_prereg *region;

	bytes = min(bytes, ARENA * PAGE_SIZE - begin);
	region = iommu_prereg_map(a->mm, a->l->ua + begin, bytes);
	if (!region)
		return;
	atomic_inc(&a->mapped);
	check_mapped(a, region, begin, bytes);
	if (below(rnd, 2))
		iommu_prereg_mark_written(region, a->l->ua + begin, bytes);
	if (!below(rnd, 4) && !iommu_prereg_map_get(region)) {
		check_mapped(a, region, begin, bytes);
		iommu_prereg_map_put(region);
	}
	iommu_prereg_map_put(region);
}

/* Found and used without any hold but RCU's */
static void look_at_something(struct arena *a, struct rnd_state *rnd)
{
	unsigned long begin = below(rnd, ARENA * PAGE_SIZE);
	struct iommu_prereg *region;
	phys_addr_t phys;

	rcu_read_lock();
	region = iommu_prereg_lookup(a->mm, a->l->ua + begin, 1);
	if (region && (iommu_prereg_translate(region, a->l->ua + begin, &phys) ||
		       phys != prereg_phys(a->l, begin)))
		atomic_inc(&a->strays);
	rcu_read_unlock();
	iommu_prereg_any(a->mm);
}

static void end_registration(struct arena *a, struct rnd_state *rnd,
			     struct iommu_prereg *region)
{
	unsigned int tries = below(rnd, 4);
	int ret = -EBUSY;

	while (ret == -EBUSY && tries--) {
		ret = iommu_prereg_unregister(region);
		cond_resched();
	}
	if (ret == -EBUSY)
		iommu_prereg_abandon(region);
	else if (ret)
		atomic_inc(&a->errors);
}

static void register_something(struct arena *a, struct rnd_state *rnd)
{
	const struct arena_range *r;
	struct iommu_prereg *region;

	r = &arena_ranges[below(rnd, ARRAY_SIZE(arena_ranges))];
	region = iommu_prereg_register(a->mm, page_ua(a->l, r->first),
				       r->npages);
	if (IS_ERR(region)) {
		if (PTR_ERR(region) != -EEXIST)
			atomic_inc(&a->errors);
		return;
	}
	atomic_inc(&a->registered);
	claim(a, r);
	if (iommu_prereg_map_get(region)) {
		atomic_inc(&a->errors);
	} else {
		check_mapped(a, region, r->first * PAGE_SIZE,
			     r->npages * PAGE_SIZE);
		iommu_prereg_map_put(region);
	}
	if (iommu_prereg_get(a->mm, page_ua(a->l, r->first), r->npages) == region)
		end_registration(a, rnd, region);
	else
		atomic_inc(&a->errors);
	if (!below(rnd, 4))
		usleep_range(10, 100);
	disclaim(a, r);
	end_registration(a, rnd, region);
}

static void worker_loop(struct worker *w,
			void (*step)(struct arena *a, struct rnd_state *rnd))
{
	while (!READ_ONCE(w->arena->stop)) {
		step(w->arena, &w->rnd);
		cond_resched();
	}
}

static int run_registrant(void *arg)
{
	struct worker *w = arg;

	kthread_use_mm(w->arena->mm);
	worker_loop(w, register_something);
	kthread_unuse_mm(w->arena->mm);
	return 0;
}

static void map_or_look(struct arena *a, struct rnd_state *rnd)
{
	map_something(a, rnd);
	look_at_something(a, rnd);
}

static int run_mapper(void *arg)
{
	worker_loop(arg, map_or_look);
	return 0;
}

/* In an interrupt on every CPU, of which the last put may be one */
static void map_from_interrupt(void *arg)
{
	struct worker *w = arg;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, jiffies + raw_smp_processor_id());
	map_something(w->arena, &rnd);
	look_at_something(w->arena, &rnd);
}

static unsigned int start_workers(struct worker *w, struct arena *a,
				  struct rnd_state *rnd)
{
	unsigned int nr = 0, cpu, i;

	for_each_online_cpu(cpu) {
		for (i = 0; i < 4 && nr < MAX_WORKERS; i++, w++) {
			w->arena = a;
			prandom_seed_state(&w->rnd, prandom_u32_state(rnd));
			w->task = kthread_create(i % 2 ? run_mapper :
						 run_registrant, w,
						 "prereg-%u", nr);
			if (IS_ERR(w->task))
				return nr;
			set_cpus_allowed_ptr(w->task, cpumask_of(cpu));
			get_task_struct(w->task);
			wake_up_process(w->task);
			nr++;
		}
	}
	return nr;
}

static void stop_workers(struct worker *w, struct arena *a, unsigned int nr)
{
	WRITE_ONCE(a->stop, true);
	while (nr--) {
		kthread_stop(w[nr].task);
		put_task_struct(w[nr].task);
	}
}

static void prereg_test_all_cpus(struct kunit *test)
{
	struct rnd_state rnd;
	struct worker *w;
	struct arena *a;
	unsigned long end;
	unsigned int nr;

	a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);
	w = kunit_kcalloc(test, MAX_WORKERS, sizeof(*w), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, w);
	a->mm = prereg_mm(test);
	a->l = prereg_mapped(test, ARENA, *(const unsigned int *)test->param_value);
	prereg_seed(test, &rnd, 1000);
	nr = start_workers(w, a, &rnd);
	end = jiffies + msecs_to_jiffies(DURATION_MS);
	do {
		on_each_cpu(map_from_interrupt, w, true);
		usleep_range(1000, 2000);
	} while (time_before(jiffies, end));
	stop_workers(w, a, nr);

	KUNIT_EXPECT_GT(test, nr, 0);
	prereg_settle(test, 0);
	KUNIT_EXPECT_FALSE(test, iommu_prereg_any(a->mm));
	KUNIT_EXPECT_EQ(test, atomic_read(&a->errors), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&a->overlaps), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&a->strays), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&a->loose), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&a->registered), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&a->mapped), 0);
	kunit_info(test, "%d registrations, %d mappings",
		   atomic_read(&a->registered), atomic_read(&a->mapped));
	/* Nothing is in the way of anything. */
	prereg_drop(test, prereg_add(test, a->l->ua, ARENA));
}

static struct kunit_case prereg_stress_cases[] = {
	KUNIT_CASE_PARAM_ATTR(prereg_test_random, run_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM_ATTR(prereg_test_all_cpus, run_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite prereg_stress_suite = {
	.name = "iommu-prereg-stress",
	.init = prereg_init,
	.exit = prereg_exit,
	.test_cases = prereg_stress_cases,
};

kunit_test_suite(prereg_stress_suite);
