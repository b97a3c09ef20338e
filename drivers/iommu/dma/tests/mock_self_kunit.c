// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the mock IOMMU notice what it is there to notice? Each case does wrong
 * to it, and ends with the right number of violations.
 */

#include <linux/mm.h>
#include <linux/sizes.h>

#include "../../iommu-pages.h"
#include "util.h"

#define PROT	(IOMMU_READ | IOMMU_WRITE)
#define IOVA	0x40000000UL

/* An unmanaged use of the device's own domain, without the DMA API */
static struct iommu_domain *begin(struct kunit *test, bool tables)
{
	struct dmock_config cfg = {
		.type = IOMMU_DOMAIN_DMA,
		.tables = tables,
	};

	return &dmi_domain(dmi_begin(test, &cfg))->domain;
}

static void expect_violations(struct kunit *test, int nr)
{
	struct dmi_fixture *fix = test->priv;

	KUNIT_EXPECT_EQ(test, atomic_xchg(&fix->mock.violations, 0), nr);
}

static void unmap_unflushed(struct kunit *test, struct iommu_domain *domain,
			    struct iommu_iotlb_gather *gather)
{
	iommu_iotlb_gather_init(gather);
	KUNIT_ASSERT_EQ(test, iommu_map(domain, IOVA, SZ_4K, SZ_4K, PROT,
					GFP_KERNEL), 0);
	KUNIT_ASSERT_EQ(test, iommu_unmap_fast(domain, IOVA, SZ_4K, gather),
			SZ_4K);
}

static void dmock_test_reuse_too_early(struct kunit *test)
{
	struct iommu_domain *domain = begin(test, false);
	struct iommu_iotlb_gather gather;

	unmap_unflushed(test, domain, &gather);
	KUNIT_ASSERT_EQ(test, iommu_map(domain, IOVA, SZ_8K, SZ_4K, PROT,
					GFP_KERNEL), 0);
	expect_violations(test, 1);
	iommu_iotlb_sync(domain, &gather);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, IOVA, SZ_4K), SZ_4K);
	KUNIT_ASSERT_EQ(test, iommu_map(domain, IOVA, SZ_8K, SZ_4K, PROT,
					GFP_KERNEL), 0);
	expect_violations(test, 0);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, IOVA, SZ_4K), SZ_4K);
}

static void dmock_test_map_twice(struct kunit *test)
{
	struct iommu_domain *domain = begin(test, false);

	KUNIT_ASSERT_EQ(test, iommu_map(domain, IOVA, SZ_4K, SZ_4K, PROT,
					GFP_KERNEL), 0);
	KUNIT_EXPECT_NE(test, iommu_map(domain, IOVA, SZ_4K, SZ_4K, PROT,
					GFP_KERNEL), 0);
	expect_violations(test, 1);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, IOVA, SZ_4K), SZ_4K);
}

static void dmock_test_stale_access(struct kunit *test)
{
	struct iommu_domain *domain = begin(test, false);
	struct dmock_domain *d = to_dmock_domain(domain);
	struct iommu_iotlb_gather gather;
	struct dmock_translation t;

	unmap_unflushed(test, domain, &gather);
	KUNIT_EXPECT_EQ(test, dmock_translate(d, IOVA, &t), DMOCK_STALE);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, IOVA), 0);
	iommu_iotlb_sync(domain, &gather);
	KUNIT_EXPECT_EQ(test, dmock_translate(d, IOVA, &t), DMOCK_FAULT);
}

/* A flush of something else does not help. */
static void dmock_test_other_range(struct kunit *test)
{
	struct iommu_domain *domain = begin(test, false);
	struct iommu_iotlb_gather gather, other;

	unmap_unflushed(test, domain, &gather);
	iommu_iotlb_gather_init(&other);
	iommu_iotlb_gather_add_range(&other, IOVA + SZ_4K, SZ_1M);
	iommu_iotlb_sync(domain, &other);
	KUNIT_EXPECT_EQ(test, dmock_stale(to_dmock_domain(domain)), 1);
	iommu_flush_iotlb_all(domain);
	KUNIT_EXPECT_EQ(test, dmock_stale(to_dmock_domain(domain)), 0);
}

static void dmock_test_table_freed_too_early(struct kunit *test)
{
	struct iommu_domain *domain = begin(test, true);
	struct iommu_iotlb_gather gather;

	unmap_unflushed(test, domain, &gather);
	KUNIT_EXPECT_FALSE(test, list_empty(&gather.freelist));
	KUNIT_EXPECT_EQ(test, dmock_tables_out(to_dmock_domain(domain)), 1);
	iommu_put_pages_list(&gather.freelist);
	KUNIT_EXPECT_EQ(test, dmock_tables_out(to_dmock_domain(domain)), 0);
	iommu_iotlb_sync(domain, &gather);
	expect_violations(test, 1);

	unmap_unflushed(test, domain, &gather);
	iommu_flush_iotlb_all(domain);
	iommu_put_pages_list(&gather.freelist);
	expect_violations(test, 0);
}

static void dmock_test_failing_flush(struct kunit *test)
{
	struct iommu_domain *domain = begin(test, false);
	struct dmi_fixture *fix = test->priv;
	struct iommu_iotlb_gather gather;

	unmap_unflushed(test, domain, &gather);
	atomic_set(&fix->mock.fail_flush, 1);
	iommu_flush_iotlb_all(domain);
	KUNIT_EXPECT_EQ(test, atomic_read(&domain->flush_failures), 1);
	KUNIT_EXPECT_EQ(test, dmock_stale(to_dmock_domain(domain)), 1);
	iommu_flush_iotlb_all(domain);
	KUNIT_EXPECT_EQ(test, dmock_stale(to_dmock_domain(domain)), 0);
}

static void dmock_test_reserved(struct kunit *test)
{
	static const struct dmock_config cfg = {
		.type = IOMMU_DOMAIN_DMA,
		.aperture_end = DMA_BIT_MASK(32),
		.resv = { { IOVA, SZ_1M, IOMMU_RESV_RESERVED } },
		.nr_resv = 1,
	};
	struct device *dev = dmi_begin(test, &cfg);
	struct iommu_domain *domain = &dmi_domain(dev)->domain;

	KUNIT_ASSERT_EQ(test, iommu_map(domain, IOVA - SZ_4K, 0, SZ_4K, PROT,
					GFP_KERNEL), 0);
	expect_violations(test, 0);
	KUNIT_ASSERT_EQ(test, iommu_map(domain, IOVA, 0, SZ_4K, PROT,
					GFP_KERNEL), 0);
	expect_violations(test, 1);
	KUNIT_ASSERT_EQ(test, iommu_map(domain, SZ_4G, 0, SZ_4K, PROT,
					GFP_KERNEL), 0);
	expect_violations(test, 1);
	iommu_unmap(domain, IOVA - SZ_4K, SZ_8K);
	iommu_unmap(domain, SZ_4G, SZ_4K);
}

static struct kunit_case dma_iommu_mock_cases[] = {
	KUNIT_CASE(dmock_test_reuse_too_early),
	KUNIT_CASE(dmock_test_map_twice),
	KUNIT_CASE(dmock_test_stale_access),
	KUNIT_CASE(dmock_test_other_range),
	KUNIT_CASE(dmock_test_table_freed_too_early),
	KUNIT_CASE(dmock_test_failing_flush),
	KUNIT_CASE(dmock_test_reserved),
	{}
};

static struct kunit_suite dma_iommu_mock_suite = {
	.name = "dma-iommu-mock",
	.init = dmi_init,
	.exit = dmi_exit,
	.test_cases = dma_iommu_mock_cases,
};

kunit_test_suite(dma_iommu_mock_suite);
