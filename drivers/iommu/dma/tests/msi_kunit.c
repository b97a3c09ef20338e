// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI doorbells: where a device has to write to reach one, with a cookie that
 * allocates addresses for everything and with one that knows only MSIs.
 */

#include <linux/completion.h>
#include <linux/device.h>
#include <linux/kthread.h>
#include <linux/msi.h>
#include <linux/sizes.h>

#include "../../dma-iommu.h"
#include "util.h"

#define DOORBELL	0x8020040ULL	/* not at the start of a page */
#define MSI_BASE	0x8000000UL

/**
 * struct msi_fixture - a domain that MSIs go through
 * @dev: device
 * @d: domain that it is attached to
 */
struct msi_fixture {
	struct device *dev;
	struct dmock_domain *d;
};

static phys_addr_t doorbell_at(size_t offset)
{
	return DOORBELL + offset;
}

/* An unmanaged domain, with a cookie for MSIs if there is a base */
static void attach_unmanaged(struct kunit *test, struct msi_fixture *m,
			     dma_addr_t base)
{
	struct iommu_domain *domain = dmi_unmanaged(test, m->dev);

	m->d = to_dmock_domain(domain);
	if (base)
		KUNIT_ASSERT_EQ(test, iommu_get_msi_cookie(domain, base), 0);
	KUNIT_ASSERT_EQ(test, iommu_attach_device(domain, m->dev), 0);
}

static int prepare(struct device *dev, phys_addr_t doorbell,
		   struct msi_desc *desc)
{
	*desc = (struct msi_desc) { .dev = dev };
	return iommu_dma_prepare_msi(desc, doorbell);
}

/* The address that a device writes to, as the message to it says */
static u64 compose(struct msi_desc *desc, u64 doorbell)
{
	struct msi_msg msg = {
		.address_hi = upper_32_bits(doorbell),
		.address_lo = lower_32_bits(doorbell),
		.data = 42,
	};

	iommu_dma_compose_msi_msg(desc, &msg);
	return (u64)msg.address_hi << 32 | msg.address_lo;
}

/* Prepares, composes, and looks where that leads. Returns the address. */
static u64 expect_rings(struct kunit *test, struct msi_fixture *m, u64 doorbell)
{
	struct dmock_translation t = {};
	struct msi_desc desc;
	u64 addr;

	KUNIT_ASSERT_EQ(test, prepare(m->dev, doorbell, &desc), 0);
	addr = compose(&desc, doorbell);
	KUNIT_EXPECT_EQ(test, dmock_translate(m->d, addr, &t), DMOCK_LIVE);
	KUNIT_EXPECT_EQ(test, t.phys, doorbell);
	KUNIT_EXPECT_EQ(test, t.prot, IOMMU_WRITE | IOMMU_NOEXEC | IOMMU_MMIO);
	return addr;
}

static void dmi_test_msi_cookie(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct device *dev = dmi_begin(test, &cfg);
	struct iommu_domain *domain = iommu_paging_domain_alloc(dev);

	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	/* For unmanaged domains only, whatever else they have */
	KUNIT_EXPECT_EQ(test, iommu_get_msi_cookie(&dmi_domain(dev)->domain,
						   MSI_BASE), -EINVAL);
	KUNIT_EXPECT_EQ(test, iommu_get_msi_cookie(domain, MSI_BASE), 0);
	KUNIT_EXPECT_EQ(test, iommu_get_msi_cookie(domain, MSI_BASE), -EEXIST);
	KUNIT_EXPECT_EQ(test, iommu_get_dma_cookie(domain), -EEXIST);
	iommu_put_dma_cookie(domain);
	KUNIT_EXPECT_NULL(test, domain->iova_cookie);
	iommu_put_dma_cookie(domain);
	KUNIT_EXPECT_EQ(test, iommu_get_msi_cookie(domain, MSI_BASE), 0);
	iommu_domain_free(domain);
}

/* Without a cookie, someone else cares for MSIs. */
static void dmi_test_msi_no_cookie(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct msi_fixture m = { dmi_begin(test, &cfg) };
	struct msi_desc desc;

	attach_unmanaged(test, &m, 0);
	KUNIT_EXPECT_EQ(test, prepare(m.dev, DOORBELL, &desc), 0);
	KUNIT_EXPECT_EQ(test, compose(&desc, DOORBELL), DOORBELL);
	KUNIT_EXPECT_EQ(test, dmock_live(m.d), 0);
}

struct granule_case {
	const char *name;
	unsigned long pgsize_bitmap;
};

/* Granules of a domain for the DMA API are never larger than a page. */
static const struct granule_case granule_cases[] = {
	{ "1K", SZ_1K },
	{ "4K", SZ_4K },
	{ "4K 2M", SZ_4K | SZ_2M },
	{ "16K", SZ_16K | SZ_32M },
	{ "64K", SZ_64K | SZ_512M },
};

KUNIT_ARRAY_PARAM_DESC(granule, granule_cases, name);

/* Pages for doorbells come from where all other addresses do. */
static void dmi_test_msi_allocated(struct kunit *test)
{
	const struct granule_case *c = test->param_value;
	struct dmock_config cfg = {
		.type = IOMMU_DOMAIN_DMA, .pgsize_bitmap = c->pgsize_bitmap,
	};
	struct dmi_fixture *fix = test->priv;
	struct msi_fixture m;
	size_t granule = BIT(__ffs(c->pgsize_bitmap));
	u64 addr, other;

	if (granule > PAGE_SIZE)
		kunit_skip(test, "pages are smaller");
	m.dev = dmi_begin(test, &cfg);
	m.d = dmi_domain(m.dev);
	/* Doorbells stay until the domain goes. */
	fix->leaks = true;
	KUNIT_ASSERT_EQ(test, dma_set_mask(m.dev, DMA_BIT_MASK(32)), 0);

	addr = expect_rings(test, &m, DOORBELL);
	KUNIT_EXPECT_LE(test, addr, DMA_BIT_MASK(32));
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.map_pages), 1);
	/* Once more, and another register of the same page: nothing new */
	KUNIT_EXPECT_EQ(test, expect_rings(test, &m, DOORBELL), addr);
	KUNIT_EXPECT_EQ(test, expect_rings(test, &m, DOORBELL + 4), addr + 4);
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.map_pages), 1);

	other = expect_rings(test, &m, DOORBELL + granule);
	KUNIT_EXPECT_NE(test, other & ~(granule - 1), addr & ~(granule - 1));
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.map_pages), 2);
}

/* Untranslated on their way: a doorbell is where it is. */
static void dmi_test_msi_hardware_region(struct kunit *test)
{
	static const struct dmock_config cfg = {
		.type = IOMMU_DOMAIN_DMA,
		.resv = { { DOORBELL & ~0xfffULL, SZ_64K, IOMMU_RESV_MSI } },
		.nr_resv = 1,
	};
	struct device *dev = dmi_begin(test, &cfg);
	struct dmi_fixture *fix = test->priv;
	struct msi_desc desc;
	u64 addr;

	for (addr = DOORBELL; addr < doorbell_at(SZ_64K - SZ_4K); addr += SZ_4K) {
		KUNIT_ASSERT_EQ(test, prepare(dev, addr, &desc), 0);
		KUNIT_EXPECT_EQ(test, compose(&desc, addr), addr);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.map_pages), 0);
}

/*
 * Owners of such domains keep a page of the kernel free for each doorbell.
 * Beyond 6.12: more where the hardware can't do less.
 */
static void dmi_test_msi_linear(struct kunit *test)
{
	const struct granule_case *c = test->param_value;
	struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	size_t granule = BIT(__ffs(c->pgsize_bitmap));
	size_t page = max(granule, PAGE_SIZE);
	struct dmi_fixture *fix = test->priv;
	struct msi_fixture m;
	int i;

	/* The default domain can't do all of them, the unmanaged one can. */
	m.dev = dmi_begin(test, &cfg);
	fix->mock.cfg.pgsize_bitmap = c->pgsize_bitmap;
	attach_unmanaged(test, &m, MSI_BASE);

	for (i = 0; i < 4; i++) {
		u64 doorbell = DOORBELL + i * SZ_1M;

		KUNIT_EXPECT_EQ(test, expect_rings(test, &m, doorbell),
				MSI_BASE + i * page + doorbell % page);
		KUNIT_EXPECT_EQ(test, expect_rings(test, &m, doorbell),
				MSI_BASE + i * page + doorbell % page);
	}
	KUNIT_EXPECT_EQ(test, dmock_live(m.d), 4 * page / granule);
}

/* Beyond 6.12: pages go with the cookie, not with the domain. */
static void dmi_test_msi_put(struct kunit *test)
{
	static const struct dmock_config cfg = {
		.type = IOMMU_DOMAIN_DMA, .tables = true,
	};
	struct msi_fixture m = { dmi_begin(test, &cfg) };

	attach_unmanaged(test, &m, MSI_BASE);
	expect_rings(test, &m, DOORBELL);
	expect_rings(test, &m, doorbell_at(SZ_4K));
	iommu_detach_device(&m.d->domain, m.dev);
	iommu_put_dma_cookie(&m.d->domain);
	KUNIT_EXPECT_EQ(test, dmock_live(m.d), 0);
	KUNIT_EXPECT_EQ(test, dmock_stale(m.d), 0);

	/* So that the next one may have the same addresses. */
	KUNIT_ASSERT_EQ(test, iommu_get_msi_cookie(&m.d->domain, MSI_BASE), 0);
	KUNIT_ASSERT_EQ(test, iommu_attach_device(&m.d->domain, m.dev), 0);
	KUNIT_EXPECT_EQ(test, expect_rings(test, &m, doorbell_at(SZ_1M)) &
			~0xfffULL, MSI_BASE);
}

/* Beyond 6.12: what follows the region is not ours. */
static void dmi_test_msi_bound(struct kunit *test)
{
	static const struct dmock_config cfg = {
		.type = IOMMU_DOMAIN_DMA,
		.resv = { { 0x1000, SZ_4K, IOMMU_RESV_SW_MSI },
			  { MSI_BASE - SZ_4K, SZ_16K, IOMMU_RESV_SW_MSI } },
		.nr_resv = 2,
	};
	struct msi_fixture m = { dmi_begin(test, &cfg) };
	struct msi_desc desc;
	int i;

	attach_unmanaged(test, &m, MSI_BASE);
	for (i = 0; i < 3; i++)
		expect_rings(test, &m, DOORBELL + i * SZ_64K);
	KUNIT_EXPECT_EQ(test, prepare(m.dev, doorbell_at(SZ_1M), &desc), -ENOSPC);
	KUNIT_EXPECT_EQ(test, dmock_live(m.d), 3);
	/* Those that have a page are not affected. */
	expect_rings(test, &m, doorbell_at(SZ_64K));
}

/* Beyond 6.12: without such a region the hardware's end is the end. */
static void dmi_test_msi_aperture(struct kunit *test)
{
	static const struct dmock_config cfg = {
		.type = IOMMU_DOMAIN_DMA,
		.aperture_end = MSI_BASE + SZ_8K - 1,
	};
	struct msi_fixture m = { dmi_begin(test, &cfg) };
	struct msi_desc desc;

	attach_unmanaged(test, &m, MSI_BASE);
	expect_rings(test, &m, DOORBELL);
	expect_rings(test, &m, doorbell_at(SZ_64K));
	KUNIT_EXPECT_EQ(test, prepare(m.dev, doorbell_at(SZ_1M), &desc), -ENOSPC);
}

/* A page that could not be mapped is there for the next one. */
static void dmi_test_msi_fails(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct msi_fixture m = { dmi_begin(test, &cfg) };
	struct dmi_fixture *fix = test->priv;
	struct msi_desc desc;
	int i;

	attach_unmanaged(test, &m, MSI_BASE);
	for (i = 0; i < 3; i++) {
		atomic_set(&fix->mock.fail_map, 1);
		KUNIT_EXPECT_EQ(test, prepare(m.dev, DOORBELL, &desc), -ENOMEM);
		KUNIT_EXPECT_EQ(test, dmock_live(m.d), 0);
	}
	KUNIT_EXPECT_EQ(test, expect_rings(test, &m, DOORBELL),
			MSI_BASE + DOORBELL % SZ_4K);
}

/* The same with few addresses, none of which may get lost */
static void dmi_test_msi_fails_allocated(struct kunit *test)
{
	static const struct dmock_config cfg = {
		.type = IOMMU_DOMAIN_DMA,
		.aperture_start = SZ_16M,
		.aperture_end = SZ_16M + SZ_16K - 1,
	};
	struct device *dev = dmi_begin(test, &cfg);
	struct dmi_fixture *fix = test->priv;
	struct msi_desc desc;
	int i;

	fix->leaks = true;
	for (i = 0; i < 10; i++) {
		atomic_set(&fix->mock.fail_map, 1);
		KUNIT_EXPECT_EQ(test, prepare(dev, DOORBELL, &desc), -ENOMEM);
	}
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, prepare(dev, DOORBELL + i * SZ_4K, &desc),
				0);
	KUNIT_EXPECT_NE(test, prepare(dev, DOORBELL + 4 * SZ_4K, &desc), 0);
	KUNIT_EXPECT_EQ(test, prepare(dev, DOORBELL, &desc), 0);
}

#define NR_THREADS	4
#define NR_DOORBELLS	32

/**
 * struct ringer - a thread that prepares MSIs
 * @dev: device
 * @task: thread
 * @go: all begin together
 * @rnd: its order
 * @addr: what it got for each doorbell
 * @errors: how often it got nothing, or something else than before
 */
struct ringer {
	struct device *dev;
	struct task_struct *task;
	struct completion *go;
	struct rnd_state rnd;
	u64 addr[NR_DOORBELLS];
	int errors;
};

static int ring(void *arg)
{
	struct ringer *r = arg;
	struct msi_desc desc;
	int i;

	wait_for_completion(r->go);
	for (i = 0; i < 20 * NR_DOORBELLS; i++) {
		u32 nr = dmi_below(&r->rnd, NR_DOORBELLS);
		u64 doorbell = DOORBELL + nr * SZ_4K, addr;

		if (prepare(r->dev, doorbell, &desc)) {
			r->errors++;
			continue;
		}
		addr = compose(&desc, doorbell);
		if (r->addr[nr] && r->addr[nr] != addr)
			r->errors++;
		r->addr[nr] = addr;
	}
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static void start_ringers(struct kunit *test, struct ringer *ringers,
			  struct device *dev, struct completion *go)
{
	struct rnd_state rnd;
	int i;

	dmi_seed(test, &rnd, 300);
	for (i = 0; i < NR_THREADS; i++) {
		struct ringer *r = &ringers[i];

		r->dev = dev;
		r->go = go;
		prandom_seed_state(&r->rnd, prandom_u32_state(&rnd));
		r->task = kthread_run(ring, r, "dma_iommu_msi/%d", i);
	}
	complete_all(go);
}

/* Many CPUs set up interrupts at once: each doorbell has one page. */
static void ring_together(struct kunit *test, struct msi_fixture *m)
{
	DECLARE_COMPLETION_ONSTACK(go);
	struct dmi_fixture *fix = test->priv;
	struct ringer *ringers;
	int i, nr;

	ringers = kunit_kcalloc(test, NR_THREADS, sizeof(*ringers), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ringers);
	dmi_reset_counts(&fix->mock);
	start_ringers(test, ringers, m->dev, &go);
	for (i = 0; i < NR_THREADS; i++) {
		KUNIT_EXPECT_FALSE(test, IS_ERR(ringers[i].task));
		if (!IS_ERR(ringers[i].task))
			kthread_stop(ringers[i].task);
	}
	for (i = 0; i < NR_THREADS; i++) {
		KUNIT_EXPECT_EQ(test, ringers[i].errors, 0);
		for (nr = 0; nr < NR_DOORBELLS; nr++)
			if (ringers[i].addr[nr] && ringers[0].addr[nr])
				KUNIT_EXPECT_EQ(test, ringers[i].addr[nr],
						ringers[0].addr[nr]);
	}
	KUNIT_EXPECT_LE(test, atomic_read(&fix->mock.map_pages), NR_DOORBELLS);
	for (nr = 0; nr < NR_DOORBELLS; nr++)
		expect_rings(test, m, DOORBELL + nr * SZ_4K);
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.map_pages), NR_DOORBELLS);
}

static void dmi_test_msi_together(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct msi_fixture m = { dmi_begin(test, &cfg) };
	struct dmi_fixture *fix = test->priv;

	m.d = dmi_domain(m.dev);
	fix->leaks = true;
	ring_together(test, &m);

	m.dev = dmi_begin(test, &cfg);
	attach_unmanaged(test, &m, MSI_BASE);
	ring_together(test, &m);
}

static struct kunit_case dma_iommu_msi_cases[] = {
	KUNIT_CASE(dmi_test_msi_cookie),
	KUNIT_CASE(dmi_test_msi_no_cookie),
	KUNIT_CASE_PARAM(dmi_test_msi_allocated, granule_gen_params),
	KUNIT_CASE(dmi_test_msi_hardware_region),
	KUNIT_CASE_PARAM(dmi_test_msi_linear, granule_gen_params),
	KUNIT_CASE(dmi_test_msi_put),
	KUNIT_CASE(dmi_test_msi_bound),
	KUNIT_CASE(dmi_test_msi_aperture),
	KUNIT_CASE(dmi_test_msi_fails),
	KUNIT_CASE(dmi_test_msi_fails_allocated),
	KUNIT_CASE(dmi_test_msi_together),
	{}
};

static struct kunit_suite dma_iommu_msi_suite = {
	.name = "dma-iommu-msi",
	.init = dmi_init,
	.exit = dmi_exit,
	.test_cases = dma_iommu_msi_cases,
};

kunit_test_suite(dma_iommu_msi_suite);
