// SPDX-License-Identifier: GPL-2.0-only
/*
 * What every kernel with Arm's long descriptors can find out about itself at
 * boot, without KUnit: for each granule, address size, stage, and kind of
 * walk, that mappings translate, that wrong requests are refused and change
 * nothing, and that all memory comes back.
 */

#define pr_fmt(fmt) "arm-lpae io-pgtable: " fmt

#include <linux/device.h>
#include <linux/init.h>
#include <linux/io-pgtable.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#define TEST_PROT (IOMMU_READ | IOMMU_WRITE | IOMMU_NOEXEC | IOMMU_CACHE)

/**
 * struct lpae_test - one table under test
 * @cfg: its configuration
 * @ops: its operations
 * @step: distance between things that are mapped, in bytes
 * @tables: pieces of memory that it holds
 * @walks_flushed: how often it asked for a flush of tables
 */
struct lpae_test {
	struct io_pgtable_cfg	cfg;
	struct io_pgtable_ops	*ops;
	unsigned long		step;
	int			tables;
	int			walks_flushed;
};

static void *lpae_alloc(void *cookie, size_t size, gfp_t gfp)
{
	struct lpae_test *test = cookie;
	void *pages = (void *)__get_free_pages(gfp | __GFP_ZERO, get_order(size));

	test->tables += !!pages;
	return pages;
}

static void lpae_free(void *cookie, void *pages, size_t size)
{
	struct lpae_test *test = cookie;

	test->tables--;
	free_pages((unsigned long)pages, get_order(size));
}

static void lpae_flush_all(void *cookie)
{
	struct lpae_test *test = cookie;

	test->walks_flushed++;
}

static void lpae_flush_walk(unsigned long iova, size_t size, size_t granule,
			    void *cookie)
{
	struct lpae_test *test = cookie;

	WARN_ON(granule != 1UL << __ffs(test->cfg.pgsize_bitmap));
	test->walks_flushed++;
}

static const struct iommu_flush_ops lpae_flush_ops = {
	.tlb_flush_all	= lpae_flush_all,
	.tlb_flush_walk	= lpae_flush_walk,
};

static int lpae_map(struct lpae_test *test, unsigned long iova,
		    phys_addr_t paddr, size_t pgsize, size_t pgcount)
{
	size_t mapped = 0;
	int ret = test->ops->map_pages(test->ops, iova, paddr, pgsize, pgcount,
				       TEST_PROT, GFP_KERNEL, &mapped);

	return ret ?: (mapped == pgsize * pgcount ? 0 : -EIO);
}

static bool lpae_unmap(struct lpae_test *test, unsigned long iova,
		       size_t pgsize, size_t pgcount)
{
	return test->ops->unmap_pages(test->ops, iova, pgsize, pgcount, NULL) ==
	       pgsize * pgcount;
}

static bool lpae_is(struct lpae_test *test, unsigned long iova,
		    phys_addr_t paddr)
{
	return test->ops->iova_to_phys(test->ops, iova) == paddr;
}

/* Nothing is mapped in a new table. */
static bool __init lpae_test_empty(struct lpae_test *test)
{
	return lpae_is(test, 42, 0) && lpae_is(test, SZ_1G + 42, 0) &&
	       lpae_is(test, SZ_2G + 42, 0);
}

/* A page of each size translates, and nothing can be mapped over it. */
static bool __init lpae_test_sizes(struct lpae_test *test)
{
	unsigned long iova = 0, size;
	unsigned int bit;

	for_each_set_bit(bit, &test->cfg.pgsize_bitmap, 32) {
		size = 1UL << bit;
		if (lpae_map(test, iova, iova + size, size, 1) ||
		    lpae_map(test, iova, iova, size, 1) != -EEXIST ||
		    !lpae_is(test, iova + 42, iova + size + 42) ||
		    !lpae_is(test, iova + size - 1, iova + 2 * size - 1))
			return false;
		iova += test->step;
	}
	return true;
}

/* A page cut out of a larger one leaves the rest as it was. */
static bool __init lpae_test_split(struct lpae_test *test)
{
	unsigned long small = 1UL << __ffs(test->cfg.pgsize_bitmap);
	unsigned long large = test->cfg.pgsize_bitmap & ~small;
	unsigned long iova = test->step;

	large = 1UL << __ffs(large);
	if (!lpae_unmap(test, iova + small, small, 1) ||
	    !lpae_is(test, iova + 42, iova + large + 42) ||
	    !lpae_is(test, iova + small + 42, 0) ||
	    !lpae_is(test, iova + 2 * small, iova + large + 2 * small))
		return false;
	return !lpae_map(test, iova + small, small, small, 1) &&
	       lpae_is(test, iova + small + 42, small + 42);
}

/* What was mapped in whatever pieces goes in one, and can be mapped again. */
static bool __init lpae_test_again(struct lpae_test *test)
{
	unsigned long iova = 0, size;
	unsigned int bit;

	for_each_set_bit(bit, &test->cfg.pgsize_bitmap, 32) {
		size = 1UL << bit;
		if (!lpae_unmap(test, iova, size, 1) ||
		    !lpae_is(test, iova + 42, 0) ||
		    lpae_map(test, iova, iova, size, 1) ||
		    !lpae_is(test, iova + 42, iova + 42) ||
		    !lpae_unmap(test, iova, size, 1))
			return false;
		iova += test->step;
	}
	return true;
}

/* Many pages over the end of a table, in one call each */
static bool __init lpae_test_runs(struct lpae_test *test)
{
	unsigned long small = 1UL << __ffs(test->cfg.pgsize_bitmap);
	unsigned long iova = test->step - 3 * small;

	return !lpae_map(test, iova, SZ_1G, small, 7) &&
	       lpae_is(test, iova + 6 * small + 1, SZ_1G + 6 * small + 1) &&
	       lpae_is(test, iova + 7 * small, 0) &&
	       lpae_unmap(test, iova, small, 7) && lpae_is(test, iova, 0);
}

/* Requests that can't be met are refused as a whole. */
static bool __init lpae_test_refused(struct lpae_test *test)
{
	unsigned long small = 1UL << __ffs(test->cfg.pgsize_bitmap);
	size_t mapped = 0;

	if (lpae_map(test, 0, 0, small / 2, 1) != -EINVAL ||
	    test->ops->map_pages(test->ops, 0, 0, small, 1, 0, GFP_KERNEL,
				 &mapped) != -EINVAL)
		return false;
	if (sizeof(phys_addr_t) == sizeof(u64) &&
	    lpae_map(test, 0, (phys_addr_t)(1ULL << test->cfg.oas), small, 1) !=
	    -ERANGE)
		return false;
	if (test->cfg.ias < BITS_PER_LONG &&
	    lpae_map(test, (unsigned long)(1ULL << test->cfg.ias), 0, small,
		     1) != -ERANGE)
		return false;
	return !mapped && lpae_is(test, 0, 0) && !lpae_unmap(test, 0, small, 1);
}

/* The root alone is left, and no table was removed without a flush. */
static bool __init lpae_test_memory(struct lpae_test *test)
{
	return test->tables == 1 && test->walks_flushed;
}

struct lpae_check {
	const char *what;
	bool (*check)(struct lpae_test *test);
};

static const struct lpae_check lpae_checks[] __initconst = {
	{ "empty table", lpae_test_empty },
	{ "page sizes", lpae_test_sizes },
	{ "split", lpae_test_split },
	{ "unmap and map again", lpae_test_again },
	{ "runs", lpae_test_runs },
	{ "refused requests", lpae_test_refused },
	{ "memory", lpae_test_memory },
};

static bool __init lpae_run(struct lpae_test *test, enum io_pgtable_fmt fmt)
{
	unsigned int i;

	test->ops = alloc_io_pgtable_ops(fmt, &test->cfg, test);
	if (!test->ops) {
		pr_err("selftest: no table of format %d\n", fmt);
		return false;
	}
	for (i = 0; i < ARRAY_SIZE(lpae_checks); i++) {
		if (lpae_checks[i].check(test))
			continue;
		pr_err("selftest: %s: failed for format %d, sizes 0x%lx, IAS %u\n",
		       lpae_checks[i].what, fmt, test->cfg.pgsize_bitmap,
		       test->cfg.ias);
		break;
	}
	free_io_pgtable_ops(test->ops);
	return i == ARRAY_SIZE(lpae_checks) && !test->tables;
}

static bool __init lpae_run_both(unsigned long sizes, unsigned int ias)
{
	static const enum io_pgtable_fmt formats[] __initconst = {
		ARM_64_LPAE_S1, ARM_64_LPAE_S2,
	};
	bool ok = true;
	int i;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		struct lpae_test test = {
			.cfg = {
				.pgsize_bitmap = sizes,
				.ias = ias,
				.oas = 48,
				.coherent_walk = true,
				.tlb = &lpae_flush_ops,
				.alloc = lpae_alloc,
				.free = lpae_free,
			},
			.step = SZ_1G,
		};

		ok &= lpae_run(&test, formats[i]);
	}
	return ok;
}

static int __init lpae_selftests(void)
{
	static const unsigned long sizes[] __initconst = {
		SZ_4K | SZ_2M | SZ_1G, SZ_16K | SZ_32M, SZ_64K | SZ_512M,
	};
	static const unsigned int ias[] __initconst = {
		32, 36, 40, 42, 44, 48,
	};
	int pass = 0, fail = 0, i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(ias); j++) {
			pr_info("selftest: pgsize_bitmap 0x%08lx, IAS %u\n",
				sizes[i], ias[j]);
			if (lpae_run_both(sizes[i], ias[j]))
				pass++;
			else
				fail++;
		}
	}
	pr_info("selftest: completed with %d PASS %d FAIL\n", pass, fail);
	return fail ? -EFAULT : 0;
}
subsys_initcall(lpae_selftests);
