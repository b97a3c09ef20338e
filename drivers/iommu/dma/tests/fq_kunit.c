// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deferred flushing, through the DMA API: when the hardware is told, who has
 * to wait for that, and that no address and no table is lost or comes back too
 * early, whoever does what meanwhile. The last is what the mock looks at all
 * the time; most tests only have to bring about what might go wrong.
 */

#include <kunit/resource.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>
#include <linux/smp.h>

#include "../../tests/kunit_fail_nth.h"
#include "../fq-control.h"
#include "util.h"

/* A space of 2048 pages: enough to let many wait, few enough to count them */
#define SPACE_PAGES	2048
#define MAX_PAGES	(SPACE_PAGES + 10)

/* What a timer may be late by on a slow, busy machine, and on the best one */
#define SLACK_MS	300

static const struct dmock_config lazy = {
	.type = IOMMU_DOMAIN_DMA_FQ,
	.pgsize_bitmap = SZ_4K,
	.aperture_start = SZ_16M,
	.aperture_end = SZ_16M + SZ_8M - 1,
	.tables = true,
};

static void restore_settings(void *unused)
{
	iommu_fq_set_delay(IOMMU_FQ_DELAY);
	iommu_fq_set_watermark(IOMMU_FQ_WATERMARK);
}

/* Beyond 6.12: both can be changed. Whatever a test does to them ends with it. */
static void need_settings(struct kunit *test)
{
	if (iommu_fq_set_delay(IOMMU_FQ_DELAY))
		kunit_skip(test, "the delay can't be set");
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, restore_settings, NULL), 0);
}

/* DMA_MAPPING_ERROR has been looked for, which the DMA API insists on. */
static dma_addr_t map_page(struct device *dev)
{
	dma_addr_t addr;

	addr = dma_map_resource(dev, SZ_4G, SZ_4K, DMA_TO_DEVICE, 0);
	return dma_mapping_error(dev, addr) ? DMA_MAPPING_ERROR : addr;
}

static void unmap_page(struct device *dev, dma_addr_t addr)
{
	dma_unmap_resource(dev, addr, SZ_4K, DMA_TO_DEVICE, 0);
}

static void map_unmap(struct kunit *test, struct device *dev, unsigned int nr)
{
	while (nr--) {
		dma_addr_t addr = map_page(dev);

		KUNIT_ASSERT_NE(test, addr, DMA_MAPPING_ERROR);
		unmap_page(dev, addr);
	}
}

/* Give how many milliseconds it took, or -1 if it took too long. */
static int wait_for_flush(struct device *dev, int ms)
{
	ktime_t begin = ktime_get();
	s64 waited;

	do {
		if (!dmock_stale(dmi_domain(dev)))
			return ktime_ms_delta(ktime_get(), begin);
		usleep_range(500, 1000);
		waited = ktime_ms_delta(ktime_get(), begin);
	} while (waited <= ms);
	return -1;
}

/* Everything is back, but for what is quarantined: each address, each table. */
static void expect_all_back(struct kunit *test, struct device *dev,
			    unsigned int quarantined)
{
	dma_addr_t *all = kvcalloc(MAX_PAGES, sizeof(*all), GFP_KERNEL);
	unsigned int nr, tries;

	KUNIT_ASSERT_NOT_NULL(test, all);
	/* Ranges leave the queue some time after their flush. */
	for (tries = 0; tries < 8; tries++) {
		wait_for_flush(dev, 1000);
		nr = dmi_take_all(test, dev, all, MAX_PAGES);
		dmi_give_all(dev, all, nr);
		if (nr == SPACE_PAGES - quarantined)
			break;
		msleep(20);
	}
	kvfree(all);
	KUNIT_EXPECT_EQ(test, nr, SPACE_PAGES - quarantined);
	wait_for_flush(dev, 1000);
}

/* Tables come back when their ranges do, soon after the flush. */
static void expect_tables_out(struct kunit *test, struct device *dev,
			      unsigned int nr)
{
	int tries;

	for (tries = 0; tries < 100; tries++) {
		if (dmock_tables_out(dmi_domain(dev)) <= nr)
			break;
		msleep(20);
	}
	KUNIT_EXPECT_EQ(test, dmock_tables_out(dmi_domain(dev)), nr);
}

static void dmi_test_timer(struct kunit *test)
{
	struct device *dev = dmi_begin(test, &lazy);
	struct dmi_fixture *fix = test->priv;
	int ms;

	map_unmap(test, dev, 10);
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.iotlb_sync), 0);
	KUNIT_EXPECT_GT(test, dmock_tables_out(dmi_domain(dev)), 0);
	ms = wait_for_flush(dev, IOMMU_FQ_DELAY + SLACK_MS);
	expect_tables_out(test, dev, 0);
	KUNIT_EXPECT_GE(test, ms, 0);
	KUNIT_EXPECT_LE(test, atomic_read(&fix->mock.flush_iotlb_all), 2);
	expect_all_back(test, dev, 0);
}

/* Idle again, the timer has nothing to do. */
static void dmi_test_timer_rests(struct kunit *test)
{
	struct device *dev = dmi_begin(test, &lazy);
	struct dmi_fixture *fix = test->priv;

	map_unmap(test, dev, 3);
	KUNIT_EXPECT_GE(test, wait_for_flush(dev, SLACK_MS), 0);
	msleep(100);
	atomic_set(&fix->mock.flush_iotlb_all, 0);
	msleep(200);
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.flush_iotlb_all), 0);
	/* And it wakes up once more. */
	map_unmap(test, dev, 1);
	KUNIT_EXPECT_GE(test, wait_for_flush(dev, SLACK_MS), 0);
}

static void dmi_test_watermark(struct kunit *test)
{
	struct device *dev = dmi_begin(test, &lazy);
	struct dmi_fixture *fix = test->priv;
	unsigned int flushes;

	/* Several at a time, with a CPU's watermark for each CPU there is. */
	map_unmap(test, dev, 3000);
	flushes = atomic_read(&fix->mock.flush_iotlb_all);
	KUNIT_EXPECT_GE(test, flushes, 3);
	KUNIT_EXPECT_LE(test, atomic_read(&fix->mock.max_stale),
			(iommu_fq_watermark() + 1) * num_online_cpus());
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.iotlb_sync), 0);
	expect_all_back(test, dev, 0);
}

static void set_low_watermark(struct kunit *test, unsigned int entries)
{
	need_settings(test);
	KUNIT_ASSERT_EQ(test, iommu_fq_set_delay(IOMMU_FQ_DELAY_MAX), 0);
	KUNIT_ASSERT_EQ(test, iommu_fq_set_watermark(entries), 0);
}

/* Beyond 6.12: exactly as many as were asked for, on one CPU */
static void dmi_test_watermark_exact(struct kunit *test)
{
	struct device *dev = dmi_begin(test, &lazy);
	struct dmi_fixture *fix = test->priv;

	set_low_watermark(test, 50);
	migrate_disable();
	map_unmap(test, dev, 49);
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.flush_iotlb_all), 0);
	KUNIT_EXPECT_EQ(test, dmock_stale(dmi_domain(dev)), 49);
	map_unmap(test, dev, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.flush_iotlb_all), 1);
	KUNIT_EXPECT_EQ(test, dmock_stale(dmi_domain(dev)), 0);
	map_unmap(test, dev, 49);
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.flush_iotlb_all), 1);
	migrate_enable();
}

/* Beyond 6.12: settings and their bounds */
static void dmi_test_settings(struct kunit *test)
{
	struct device *dev = dmi_begin(test, &lazy);
	struct dmock_domain *d = dmi_domain(dev);

	set_low_watermark(test, 200);
	KUNIT_EXPECT_EQ(test, iommu_fq_set_watermark(0), -EINVAL);
	KUNIT_EXPECT_EQ(test, iommu_fq_set_watermark(4097), -EINVAL);
	KUNIT_EXPECT_EQ(test, iommu_fq_watermark(), 200);
	KUNIT_EXPECT_EQ(test, iommu_fq_set_delay(0), -EINVAL);
	KUNIT_EXPECT_EQ(test, iommu_fq_set_delay(10001), -EINVAL);
	KUNIT_EXPECT_EQ(test, iommu_fq_delay(), 10000);

	/* A lower one takes effect before the call returns. */
	map_unmap(test, dev, 100);
	KUNIT_EXPECT_EQ(test, dmock_stale(d), 100);
	KUNIT_EXPECT_EQ(test, iommu_fq_set_watermark(50), 0);
	KUNIT_EXPECT_EQ(test, dmock_stale(d), 0);

	map_unmap(test, dev, 10);
	KUNIT_EXPECT_EQ(test, dmock_stale(d), 10);
	KUNIT_EXPECT_EQ(test, iommu_fq_set_delay(20), 0);
	KUNIT_EXPECT_EQ(test, dmock_stale(d), 0);

	/* Also for what comes next, though a timer was set for later. */
	map_unmap(test, dev, 10);
	KUNIT_EXPECT_GE(test, wait_for_flush(dev, 20 + SLACK_MS), 0);
	expect_all_back(test, dev, 0);
}

/* One flush serves whoever had something waiting before it began. */
static int add_one(void *arg)
{
	struct device *dev = arg;
	dma_addr_t addr = map_page(dev);

	if (addr == DMA_MAPPING_ERROR)
		return -ENOMEM;
	unmap_page(dev, addr);
	return 0;
}

static void dmi_test_every_cpu(struct kunit *test)
{
	struct device *dev = dmi_begin(test, &lazy);
	struct dmi_fixture *fix = test->priv;
	unsigned int cpu;

	cpus_read_lock();
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_EQ(test, smp_call_on_cpu(cpu, add_one, dev, false),
				0);
	cpus_read_unlock();
	KUNIT_EXPECT_GE(test, wait_for_flush(dev, IOMMU_FQ_DELAY + SLACK_MS), 0);
	KUNIT_EXPECT_LE(test, atomic_read(&fix->mock.flush_iotlb_all),
			num_online_cpus() + 1);
	expect_all_back(test, dev, 0);
}

/* A flush that takes its time does not let anything go before it ends. */
static void dmi_test_slow_flush(struct kunit *test)
{
	struct device *dev = dmi_begin(test, &lazy);
	struct dmi_fixture *fix = test->priv;

	fix->mock.flush_us = 2000;
	map_unmap(test, dev, 3000);
	fix->mock.flush_us = 0;
	expect_all_back(test, dev, 0);
}

/*
 * Beyond 6.12: rather flush than turn somebody away. All of a space, which is
 * less than the watermark, waits on this CPU; Returns which one that is.
 */
static unsigned int let_all_wait(struct kunit *test, struct device *dev)
{
	dma_addr_t *all = kunit_kcalloc(test, MAX_PAGES, sizeof(*all),
					GFP_KERNEL);
	unsigned int nr, cpu;

	KUNIT_ASSERT_NOT_NULL(test, all);
	KUNIT_ASSERT_EQ(test, iommu_fq_set_delay(IOMMU_FQ_DELAY_MAX), 0);
	KUNIT_ASSERT_EQ(test, iommu_fq_set_watermark(4096), 0);
	nr = dmi_take_all(test, dev, all, MAX_PAGES);
	KUNIT_ASSERT_EQ(test, nr, SPACE_PAGES / 2);

	migrate_disable();
	cpu = smp_processor_id();
	dmi_give_all(dev, all, nr);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, dmock_stale(dmi_domain(dev)), nr);
	return cpu;
}

static void dmi_test_pressure(struct kunit *test)
{
	struct dmock_config cfg = lazy;
	struct device *dev;
	unsigned int cpu;

	need_settings(test);
	cfg.aperture_end = SZ_16M + SZ_4M - 1;
	dev = dmi_begin(test, &cfg);
	cpu = let_all_wait(test, dev);
	KUNIT_EXPECT_EQ(test, smp_call_on_cpu(cpu, add_one, dev, false), 0);
}

/*
 * The same for one who is on another CPU than what waits. That comes too late for
 * the request that finds nothing, but long before a timer that has just been set.
 */
static void dmi_test_pressure_elsewhere(struct kunit *test)
{
	struct dmock_config cfg = lazy;
	struct device *dev;
	unsigned int cpu;
	int ret, ms = 0;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
	need_settings(test);
	cfg.aperture_end = SZ_16M + SZ_4M - 1;
	dev = dmi_begin(test, &cfg);
	cpu = cpumask_any_but(cpu_online_mask, let_all_wait(test, dev));
	do {
		ret = smp_call_on_cpu(cpu, add_one, dev, false);
		msleep(20);
		ms += 20;
	} while (ret && ms < IOMMU_FQ_DELAY_MAX / 10);
	KUNIT_EXPECT_EQ(test, ret, 0);
}

/* A device may vanish with much of it waiting. */
static void dmi_test_teardown(struct kunit *test)
{
	struct dmi_fixture *fix = test->priv;
	struct device *dev;
	int round;

	for (round = 0; round < 10; round++) {
		dev = dmi_begin(test, &lazy);
		fix->mock.flush_us = 100 * round;
		map_unmap(test, dev, 30 * round);
		if (round % 2)
			usleep_range(9000, 11000);
		/* What this leaves behind is looked at by dmi_end(). */
		dmi_end(test);
	}
}

static void dmi_test_cpu_leaves(struct kunit *test)
{
	unsigned int cpu = dmi_hotplug_cpu(test);
	struct device *dev = dmi_begin(test, &lazy);
	int i;

	for (i = 0; i < 40; i++)
		KUNIT_EXPECT_EQ(test, smp_call_on_cpu(cpu, add_one, dev, false),
				0);
	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	KUNIT_EXPECT_GE(test, wait_for_flush(dev, IOMMU_FQ_DELAY + SLACK_MS), 0);
	expect_all_back(test, dev, 0);

	KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);
	for (i = 0; i < 40; i++)
		KUNIT_EXPECT_EQ(test, smp_call_on_cpu(cpu, add_one, dev, false),
				0);
	KUNIT_EXPECT_GE(test, wait_for_flush(dev, IOMMU_FQ_DELAY + SLACK_MS), 0);
	expect_all_back(test, dev, 0);
}

/* Beyond 6.12: at once, without a timer */
static void dmi_test_cpu_leaves_nothing(struct kunit *test)
{
	unsigned int cpu = dmi_hotplug_cpu(test);
	struct device *dev = dmi_begin(test, &lazy);
	int i;

	need_settings(test);
	KUNIT_ASSERT_EQ(test, iommu_fq_set_delay(IOMMU_FQ_DELAY_MAX), 0);
	for (i = 0; i < 40; i++)
		KUNIT_EXPECT_EQ(test, smp_call_on_cpu(cpu, add_one, dev, false),
				0);
	KUNIT_EXPECT_EQ(test, dmock_stale(dmi_domain(dev)), 40);
	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	KUNIT_EXPECT_EQ(test, dmock_stale(dmi_domain(dev)), 0);
	expect_all_back(test, dev, 0);
	dmi_end(test);
	KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);
}

/* Beyond 6.12: what the hardware does not confirm is never used again. */
static void dmi_test_failing_timer_flush(struct kunit *test)
{
	struct device *dev = dmi_begin(test, &lazy);
	struct dmi_fixture *fix = test->priv;
	dma_addr_t addr[10];
	int i;

	fix->leaks = true;
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		addr[i] = map_page(dev);
	atomic_set(&fix->mock.fail_flush, 1);
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		unmap_page(dev, addr[i]);
	for (i = 0; i < 100 && atomic_read(&fix->mock.fail_flush); i++)
		msleep(20);
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.fail_flush), 0);
	expect_all_back(test, dev, ARRAY_SIZE(addr));
	expect_tables_out(test, dev, 1);
}

static void dmi_test_failing_switch_flush(struct kunit *test)
{
	struct device *dev = dmi_begin(test, &lazy);
	struct dmi_fixture *fix = test->priv;
	dma_addr_t addr[10];
	int i;

	need_settings(test);
	KUNIT_ASSERT_EQ(test, iommu_fq_set_delay(IOMMU_FQ_DELAY_MAX), 0);
	fix->leaks = true;
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		addr[i] = map_page(dev);
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		unmap_page(dev, addr[i]);
	/* This one fails; the one of the switch does not, and comes too late. */
	atomic_set(&fix->mock.fail_flush, 1);
	KUNIT_EXPECT_EQ(test, iommu_fq_set_delay(IOMMU_FQ_DELAY), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.fail_flush), 0);
	KUNIT_EXPECT_EQ(test, dmi_set_type(dev, "DMA"), 0);
	expect_all_back(test, dev, ARRAY_SIZE(addr));
}

static void dmi_test_failing_sync(struct kunit *test)
{
	struct dmock_config cfg = lazy;
	struct dmi_fixture *fix = test->priv;
	struct device *dev;
	dma_addr_t addr;

	cfg.type = IOMMU_DOMAIN_DMA;
	dev = dmi_begin(test, &cfg);
	fix->leaks = true;
	addr = map_page(dev);
	KUNIT_ASSERT_NE(test, addr, DMA_MAPPING_ERROR);
	atomic_set(&fix->mock.fail_flush, 1);
	unmap_page(dev, addr);
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.fail_flush), 0);
	expect_all_back(test, dev, 1);
	expect_tables_out(test, dev, 1);
}

/* No memory to queue anything: flushed for at once, or queued nevertheless */
static void dmi_test_no_memory(struct kunit *test)
{
	struct device *dev = dmi_begin(test, &lazy);
	dma_addr_t *all = kunit_kcalloc(test, 600, sizeof(*all), GFP_KERNEL);
	unsigned int nr;

	KUNIT_ASSERT_NOT_NULL(test, all);
	kunit_fail_nth_prepare(test);
	nr = dmi_take_all(test, dev, all, 600);
	KUNIT_EXPECT_EQ(test, nr, 600);
	kunit_fail_nth_start_all(1);
	dmi_give_all(dev, all, nr);
	kunit_fail_nth_stop();
	KUNIT_EXPECT_EQ(test, dmock_live(dmi_domain(dev)), 0);
	expect_all_back(test, dev, 0);
}

/* Where a flush is expensive: one large queue, one second */
static void dmi_test_shadow_on_flush(struct kunit *test)
{
	struct dmock_config cfg = lazy;
	struct dmi_fixture *fix = test->priv;
	struct device *dev;

	cfg.shadow_on_flush = true;
	dev = dmi_begin(test, &cfg);
	map_unmap(test, dev, 1500);
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.flush_iotlb_all), 0);
	KUNIT_EXPECT_EQ(test, dmock_stale(dmi_domain(dev)), 1500);
	KUNIT_EXPECT_GE(test, wait_for_flush(dev, 1000 + SLACK_MS), 300);
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.flush_iotlb_all), 1);
	map_unmap(test, dev, 100);
	dmi_end(test);
}

static void dmi_test_shadow_watermark(struct kunit *test)
{
	static const struct dmock_config cfg = {
		.type = IOMMU_DOMAIN_DMA_FQ, .shadow_on_flush = true,
	};
	struct device *dev = dmi_begin(test, &cfg);
	struct dmi_fixture *fix = test->priv;

	map_unmap(test, dev, 33000);
	KUNIT_EXPECT_GE(test, atomic_read(&fix->mock.flush_iotlb_all), 1);
	KUNIT_EXPECT_LE(test, atomic_read(&fix->mock.max_stale), 32768);
}

static int driver_probe(struct platform_device *pdev)
{
	return 0;
}

/* What binds to the platform devices behind the mock, as long as it is there */
static struct platform_driver driver = {
	.driver.name = "dma-iommu-mock",
	.probe = driver_probe,
};

static void remove_driver(void *unused)
{
	platform_driver_unregister(&driver);
}

/* Beyond 6.12: both ways, and nothing is left behind on the way to strict. */
static void dmi_test_switch(struct kunit *test)
{
	struct dmi_fixture *fix = test->priv;
	char *buf = dmi_pages(test, 0);
	struct dmock_domain *d;
	struct device *dev;
	dma_addr_t addr;
	int round;

	KUNIT_ASSERT_EQ(test, platform_driver_register(&driver), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, remove_driver,
							NULL), 0);
	dev = dmi_begin(test, &lazy);
	KUNIT_ASSERT_PTR_EQ(test, dev->driver, &driver.driver);
	d = dmi_domain(dev);

	addr = map_page(dev);
	for (round = 0; round < 5; round++) {
		KUNIT_EXPECT_STREQ(test, dmi_type(dev, buf), "DMA-FQ");
		KUNIT_EXPECT_EQ(test, dmi_set_type(dev, "DMA-FQ"), 0);
		map_unmap(test, dev, 100);

		KUNIT_ASSERT_EQ(test, dmi_set_type(dev, "DMA"), 0);
		KUNIT_ASSERT_PTR_EQ(test, dmi_domain(dev), d);
		KUNIT_EXPECT_EQ(test, dmock_stale(d), 0);
		KUNIT_EXPECT_EQ(test, dmock_tables_out(d), 0);
		KUNIT_EXPECT_STREQ(test, dmi_type(dev, buf), "DMA");
		KUNIT_EXPECT_EQ(test, dmi_set_type(dev, "DMA"), 0);

		dmi_reset_counts(&fix->mock);
		map_unmap(test, dev, 10);
		KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.iotlb_sync), 10);
		KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.flush_iotlb_all), 0);
		KUNIT_EXPECT_EQ(test, dmock_stale(d), 0);

		KUNIT_ASSERT_EQ(test, dmi_set_type(dev, "DMA-FQ"), 0);
		dmi_reset_counts(&fix->mock);
		map_unmap(test, dev, 10);
		KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.iotlb_sync), 0);
	}
	/* What was mapped all the time is not disturbed. */
	KUNIT_EXPECT_TRUE(test, dmi_reaches(dev, addr, SZ_4G, SZ_4K,
					    IOMMU_READ));
	unmap_page(dev, addr);
	expect_all_back(test, dev, 0);
}

static void dmi_test_switch_errors(struct kunit *test)
{
	struct dmock_config cfg = lazy;
	struct device *dev;

	dev = dmi_begin(test, &cfg);
	KUNIT_EXPECT_EQ(test, dmi_set_type(dev, "lazy"), -EINVAL);
	KUNIT_EXPECT_EQ(test, dmi_set_type(dev, "DMA-FQX"), -EINVAL);

	cfg.no_deferred_flush = true;
	cfg.type = IOMMU_DOMAIN_DMA;
	dev = dmi_begin(test, &cfg);
	KUNIT_EXPECT_EQ(test, dmi_set_type(dev, "DMA-FQ"), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, dmi_domain(dev)->domain.type, IOMMU_DOMAIN_DMA);
}

/* Whom nobody trusts is never lazy, and neither is who comes with it. */
static void dmi_test_untrusted(struct kunit *test)
{
	static const struct dmock_pci_config bad = { 1, BIT(0) };
	static const struct dmock_pci_config mixed = { 2, BIT(1) };
	struct dmock_config cfg = lazy;
	struct device *dev;

	cfg.type = 0;
	dev = dmi_begin_pci(test, &cfg, &bad);
	KUNIT_EXPECT_EQ(test, dmi_domain(dev)->domain.type, IOMMU_DOMAIN_DMA);
	KUNIT_EXPECT_EQ(test, dmi_set_type(dev, "DMA-FQ"), -EPERM);
	KUNIT_EXPECT_EQ(test, dmi_domain(dev)->domain.type, IOMMU_DOMAIN_DMA);

	/* Beyond 6.12: the first one was lazy until the second one came. */
	cfg.type = IOMMU_DOMAIN_DMA_FQ;
	cfg.one_group = true;
	dev = dmi_begin_pci(test, &cfg, &mixed);
	KUNIT_EXPECT_EQ(test, dmi_domain(dev)->domain.type, IOMMU_DOMAIN_DMA);
	map_unmap(test, dev, 10);
	KUNIT_EXPECT_EQ(test, dmock_stale(dmi_domain(dev)), 0);
	KUNIT_EXPECT_EQ(test, dmi_set_type(dev, "DMA-FQ"), -EPERM);
}

static struct kunit_case dma_iommu_fq_cases[] = {
	KUNIT_CASE(dmi_test_timer),
	KUNIT_CASE(dmi_test_timer_rests),
	KUNIT_CASE(dmi_test_watermark),
	KUNIT_CASE(dmi_test_watermark_exact),
	KUNIT_CASE(dmi_test_settings),
	KUNIT_CASE(dmi_test_every_cpu),
	KUNIT_CASE_SLOW(dmi_test_slow_flush),
	KUNIT_CASE(dmi_test_pressure),
	KUNIT_CASE(dmi_test_pressure_elsewhere),
	KUNIT_CASE(dmi_test_teardown),
	KUNIT_CASE(dmi_test_cpu_leaves),
	KUNIT_CASE(dmi_test_cpu_leaves_nothing),
	KUNIT_CASE(dmi_test_failing_timer_flush),
	KUNIT_CASE(dmi_test_failing_switch_flush),
	KUNIT_CASE(dmi_test_failing_sync),
	KUNIT_CASE(dmi_test_no_memory),
	KUNIT_CASE_SLOW(dmi_test_shadow_on_flush),
	KUNIT_CASE_SLOW(dmi_test_shadow_watermark),
	KUNIT_CASE(dmi_test_switch),
	KUNIT_CASE(dmi_test_switch_errors),
	KUNIT_CASE(dmi_test_untrusted),
	{}
};

static struct kunit_suite dma_iommu_fq_suite = {
	.name = "dma-iommu-fq",
	.init = dmi_init,
	.exit = dmi_exit,
	.test_cases = dma_iommu_fq_cases,
};

kunit_test_suite(dma_iommu_fq_suite);
