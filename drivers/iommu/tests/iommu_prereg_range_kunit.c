// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges: which are found, which keep others out, and where their memory is
 * said to be.
 */

#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include "iommu_prereg_kunit.h"

#define PAGES		16UL

/* Pages that follow one another in each of the layouts */
static const unsigned int runs[] = { 1, 2, 3, 4, 7, 32, 64, 128 };

static void run_desc(const unsigned int *run, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "runs of %u pages", *run);
}

KUNIT_ARRAY_PARAM(run, runs, run_desc);

#define LAYOUT_PAGES	128U

static void expect_at(struct kunit *test, struct iommu_prereg *region,
		      const struct prereg_layout *l, unsigned long offset)
{
	phys_addr_t phys = 0;

	KUNIT_ASSERT_EQ(test, iommu_prereg_translate(region, l->ua + offset,
						     &phys), 0);
	KUNIT_ASSERT_EQ(test, phys, prereg_phys(l, offset));
}

static void expect_outside(struct kunit *test, struct iommu_prereg *region,
			   unsigned long ua)
{
	phys_addr_t phys;

	KUNIT_EXPECT_EQ(test, iommu_prereg_translate(region, ua, &phys),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, iommu_prereg_run(region, ua, 1, &phys), 0);
	KUNIT_EXPECT_EQ(test, iommu_prereg_run(region, ua, ULONG_MAX, &phys),
			0);
}

static void prereg_test_translate(struct kunit *test)
{
	const unsigned int *run = test->param_value;
	struct prereg_layout *l = prereg_mapped(test, LAYOUT_PAGES, *run);
	struct iommu_prereg *region = prereg_add(test, l->ua, l->npages);
	unsigned long end = l->npages * PAGE_SIZE;
	unsigned int i;

	for (i = 0; i < l->npages; i++) {
		expect_at(test, region, l, i * PAGE_SIZE);
		expect_at(test, region, l, i * PAGE_SIZE + 1 + 13 * i);
		expect_at(test, region, l, (i + 1) * PAGE_SIZE - 1);
	}
	expect_outside(test, region, l->ua - 1);
	expect_outside(test, region, l->ua - PAGE_SIZE);
	expect_outside(test, region, l->ua + end);
	expect_outside(test, region, l->ua + end + PAGE_SIZE);
	expect_outside(test, region, 0);
	expect_outside(test, region, ULONG_MAX);
	prereg_drop(test, region);
}

static void expect_run(struct kunit *test, struct iommu_prereg *region,
		       const struct prereg_layout *l, unsigned long offset,
		       unsigned long bytes)
{
	phys_addr_t phys = 0;

	KUNIT_ASSERT_EQ(test, iommu_prereg_run(region, l->ua + offset, bytes,
					       &phys),
			prereg_contiguous(l, offset, bytes));
	KUNIT_ASSERT_EQ(test, phys, prereg_phys(l, offset));
}

static void prereg_test_runs(struct kunit *test)
{
	const unsigned int *run = test->param_value;
	struct prereg_layout *l = prereg_mapped(test, LAYOUT_PAGES, *run);
	struct iommu_prereg *region = prereg_add(test, l->ua, l->npages);
	unsigned long offset, bytes;
	unsigned int i;

	for (i = 0; i < l->npages; i++) {
		offset = i * PAGE_SIZE;
		for (bytes = 1; bytes; bytes <<= 1) {
			expect_run(test, region, l, offset, bytes);
			expect_run(test, region, l, offset + 1, bytes);
			expect_run(test, region, l, offset + 100, bytes - 1 ?: 1);
			expect_run(test, region, l, offset + PAGE_SIZE - 1,
				   bytes + 1);
		}
		expect_run(test, region, l, offset, *run * PAGE_SIZE);
		expect_run(test, region, l, offset + 5, *run * PAGE_SIZE - 5);
		expect_run(test, region, l, offset, *run * PAGE_SIZE + 1);
		expect_run(test, region, l, offset, ULONG_MAX);
		expect_run(test, region, l, offset + 3, ULONG_MAX);
	}
	prereg_drop(test, region);
}

/* More than is pinned in one go, and runs go on from one such batch to the next. */
static void prereg_test_many_pages(struct kunit *test)
{
	static const unsigned int npages[] = { 511, 512, 513, 1100 };
	struct iommu_prereg *region;
	struct prereg_layout *l;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(npages); i++) {
		/* The blocks that make this up may or may not be neighbours. */
		l = prereg_mapped(test, npages[i], npages[i]);
		region = prereg_add(test, l->ua, l->npages);
		prereg_expect_held(test, l->npages);
		for (j = 0; j < l->npages; j++) {
			expect_run(test, region, l, j * PAGE_SIZE, ULONG_MAX);
			expect_at(test, region, l, j * PAGE_SIZE + 77);
		}
		prereg_drop(test, region);
		prereg_expect_held(test, 0);
		prereg_munmap(test, l->ua, l->npages);
	}
}

/* Parts of a layout: what is next to a range in memory is not in it. */
static void prereg_test_part(struct kunit *test)
{
	struct prereg_layout *l = prereg_mapped(test, 64, 64);
	unsigned long ua = l->ua + 10 * PAGE_SIZE;
	struct iommu_prereg *region = prereg_add(test, ua, 20);
	phys_addr_t phys;

	KUNIT_EXPECT_EQ(test, iommu_prereg_run(region, ua, ULONG_MAX, &phys),
			20 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, phys, prereg_phys(l, 10 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, iommu_prereg_run(region, ua + 20 * PAGE_SIZE - 1,
					       ULONG_MAX, &phys), 1);
	expect_outside(test, region, ua - 1);
	expect_outside(test, region, ua + 20 * PAGE_SIZE);
	prereg_drop(test, region);
}

/* Private memory: what the process sees is what is registered. */
static void prereg_test_private(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, 40);
	struct iommu_prereg *region;
	phys_addr_t phys;
	unsigned int i;

	/* Written, only read, and never touched */
	for (i = 0; i < 10; i++)
		prereg_poke(test, ua + i * PAGE_SIZE, i);
	for (; i < 20; i++)
		KUNIT_EXPECT_EQ(test, prereg_peek(test, ua + i * PAGE_SIZE), 0);
	region = prereg_add(test, ua, 40);
	prereg_expect_held(test, 40);
	for (i = 0; i < 40; i++) {
		struct page *page = prereg_user_page(test, ua + i * PAGE_SIZE);

		KUNIT_ASSERT_EQ(test, iommu_prereg_translate(region,
							     ua + i * PAGE_SIZE,
							     &phys), 0);
		KUNIT_EXPECT_EQ(test, phys, page_to_phys(page));
	}
	prereg_drop(test, region);
}

static void prereg_test_exact(struct kunit *test)
{
	struct mm_struct *mm = prereg_mm(test);
	unsigned long ua = prereg_island(test, PAGES), page = PAGE_SIZE;
	struct iommu_prereg *region;

	KUNIT_EXPECT_NULL(test, iommu_prereg_get(mm, ua, PAGES));
	region = prereg_add(test, ua, PAGES);
	KUNIT_EXPECT_NULL(test, iommu_prereg_get(mm, ua, PAGES - 1));
	KUNIT_EXPECT_NULL(test, iommu_prereg_get(mm, ua, PAGES + 1));
	KUNIT_EXPECT_NULL(test, iommu_prereg_get(mm, ua + page, PAGES - 1));
	KUNIT_EXPECT_NULL(test, iommu_prereg_get(mm, ua - page, PAGES + 1));
	KUNIT_EXPECT_NULL(test, iommu_prereg_get(mm, ua + 1, PAGES));
	KUNIT_EXPECT_NULL(test, iommu_prereg_get(mm, ua, 0));
	KUNIT_EXPECT_NULL(test, iommu_prereg_get(prereg_another_mm(test), ua,
						 PAGES));
	KUNIT_EXPECT_PTR_EQ(test, iommu_prereg_get(mm, ua, PAGES), region);
	KUNIT_EXPECT_PTR_EQ(test, iommu_prereg_mm(region), mm);
	/* It is one more registration, and free. */
	prereg_expect_held(test, PAGES);
	prereg_drop(test, region);
	prereg_expect_held(test, PAGES);
	prereg_drop(test, region);
	KUNIT_EXPECT_NULL(test, iommu_prereg_get(mm, ua, PAGES));
}

static void expect_found(struct kunit *test, unsigned long ua,
			 unsigned long bytes, struct iommu_prereg *expected)
{
	struct mm_struct *mm = prereg_mm(test);
	struct iommu_prereg *region;

	KUNIT_EXPECT_PTR_EQ(test, prereg_seek(mm, ua, bytes), expected);
	region = iommu_prereg_map(mm, ua, bytes);
	KUNIT_EXPECT_PTR_EQ(test, region, expected);
	if (region)
		iommu_prereg_map_put(region);
}

static void prereg_test_containing(struct kunit *test)
{
	unsigned long ua = prereg_island(test, PAGES), bytes = PAGES * PAGE_SIZE;
	struct iommu_prereg *region;

	expect_found(test, ua, 1, NULL);
	region = prereg_add(test, ua, PAGES);
	expect_found(test, ua, bytes, region);
	expect_found(test, ua, 1, region);
	expect_found(test, ua + bytes - 1, 1, region);
	expect_found(test, ua + 100, bytes - 200, region);
	expect_found(test, ua + 100, bytes - 100, region);
	expect_found(test, ua + 5 * PAGE_SIZE, PAGE_SIZE, region);

	expect_found(test, ua, bytes + 1, NULL);
	expect_found(test, ua + 1, bytes, NULL);
	expect_found(test, ua - 1, 1, NULL);
	expect_found(test, ua - 1, 2, NULL);
	expect_found(test, ua - 1, bytes + 2, NULL);
	expect_found(test, ua + bytes, 1, NULL);
	expect_found(test, ua + bytes - 1, 2, NULL);
	expect_found(test, 0, ULONG_MAX, NULL);
	/* Addresses that wrap are contained in nothing. */
	expect_found(test, ua, ULONG_MAX, NULL);
	expect_found(test, ua + 8, -8UL, NULL);
	expect_found(test, ua + PAGE_SIZE, -ua, NULL);
	KUNIT_EXPECT_NULL(test, iommu_prereg_map(prereg_another_mm(test), ua, 1));
	prereg_drop(test, region);
	expect_found(test, ua, 1, NULL);
}

/* Neighbours stay two ranges. */
static void prereg_test_neighbours(struct kunit *test)
{
	unsigned long ua = prereg_island(test, PAGES), half = PAGES / 2;
	unsigned long middle = ua + half * PAGE_SIZE;
	struct iommu_prereg *low, *high;

	low = prereg_add(test, ua, half);
	high = prereg_add(test, middle, half);
	KUNIT_EXPECT_PTR_NE(test, low, high);
	expect_found(test, ua, half * PAGE_SIZE, low);
	expect_found(test, middle, half * PAGE_SIZE, high);
	expect_found(test, middle - 1, 1, low);
	expect_found(test, middle - 1, 2, NULL);
	expect_found(test, ua, PAGES * PAGE_SIZE, NULL);
	prereg_expect_held(test, PAGES);
	prereg_drop(test, low);
	expect_found(test, ua, 1, NULL);
	expect_found(test, middle, 1, high);
	prereg_drop(test, high);
}

/**
 * struct meeting - a range that meets another one, which is pages 8 to 15
 * @first: its first page
 * @npages: its length
 * @error: what is returned
 */
struct meeting {
	unsigned long first;
	unsigned long npages;
	int error;
};

static const struct meeting meetings[] = {
	{ 0, 8, 0 }, { 7, 1, 0 }, { 16, 1, 0 }, { 16, 8, 0 },
	{ 8, 8, 0 },
	{ 7, 2, -EEXIST }, { 0, 9, -EEXIST }, { 15, 2, -EEXIST },
	{ 15, 9, -EEXIST }, { 8, 1, -EEXIST }, { 15, 1, -EEXIST },
	{ 9, 6, -EEXIST }, { 8, 7, -EEXIST }, { 9, 7, -EEXIST },
	{ 7, 9, -EEXIST }, { 8, 9, -EEXIST }, { 7, 10, -EEXIST },
	{ 0, 24, -EEXIST },
};

static void prereg_test_overlaps(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, 24);
	struct iommu_prereg *region, *again;
	unsigned int i;

	region = prereg_add(test, ua + 8 * PAGE_SIZE, 8);
	for (i = 0; i < ARRAY_SIZE(meetings); i++) {
		const struct meeting *m = &meetings[i];

		KUNIT_EXPECT_EQ_MSG(test,
				    prereg_refused(test,
						   ua + m->first * PAGE_SIZE,
						   m->npages),
				    m->error, "%lu+%lu", m->first, m->npages);
		prereg_settle(test, 8);
	}
	again = prereg_add(test, ua + 8 * PAGE_SIZE, 8);
	KUNIT_EXPECT_PTR_EQ(test, again, region);
	prereg_drop(test, again);
	prereg_drop(test, region);

	/* Out of the way it is no obstacle. */
	region = prereg_add(test, ua, 24);
	prereg_expect_held(test, 24);
	prereg_drop(test, region);
}

/* The gap between two ranges is registered, and not a page more of it. */
static void prereg_test_gap(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, 24);
	struct iommu_prereg *low, *high, *gap;

	low = prereg_add(test, ua, 8);
	high = prereg_add(test, ua + 16 * PAGE_SIZE, 8);
	KUNIT_EXPECT_EQ(test, prereg_refused(test, ua + 7 * PAGE_SIZE, 9),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, prereg_refused(test, ua + 8 * PAGE_SIZE, 9),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, prereg_refused(test, ua + 7 * PAGE_SIZE, 10),
			-EEXIST);
	gap = prereg_add(test, ua + 8 * PAGE_SIZE, 8);
	prereg_expect_held(test, 24);
	prereg_drop(test, low);
	prereg_drop(test, gap);
	prereg_drop(test, high);
}

/* The same addresses in two processes have nothing to do with each other. */
static void prereg_test_two_processes(struct kunit *test)
{
	struct mm_struct *other = prereg_another_mm(test);
	struct mm_struct *mm = prereg_mm(test);
	unsigned long ua = prereg_island(test, PAGES);
	struct iommu_prereg *here, *there;
	unsigned long held;
	phys_addr_t a, b;

	here = prereg_add(test, ua, PAGES);
	kthread_unuse_mm(mm);
	kthread_use_mm(other);
	prereg_mmap_at(test, ua, 2 * PAGES, PROT_READ | PROT_WRITE);
	there = prereg_add(test, ua, 2 * PAGES);
	held = other->locked_vm;
	kthread_unuse_mm(other);
	kthread_use_mm(mm);

	KUNIT_EXPECT_EQ(test, held, 2 * PAGES);
	KUNIT_EXPECT_EQ(test, mm->locked_vm, PAGES);
	KUNIT_EXPECT_PTR_NE(test, here, there);
	KUNIT_EXPECT_PTR_EQ(test, iommu_prereg_mm(there), other);
	KUNIT_EXPECT_PTR_EQ(test, prereg_seek(mm, ua, 1), here);
	KUNIT_EXPECT_PTR_EQ(test, prereg_seek(other, ua, 1), there);
	KUNIT_EXPECT_EQ(test, iommu_prereg_translate(here, ua, &a), 0);
	KUNIT_EXPECT_EQ(test, iommu_prereg_translate(there, ua, &b), 0);
	KUNIT_EXPECT_NE(test, a, b);

	/* One may end what is another's. */
	prereg_drop(test, there);
	KUNIT_EXPECT_EQ(test, other->locked_vm, 0);
	KUNIT_EXPECT_FALSE(test, iommu_prereg_any(other));
	prereg_expect_held(test, PAGES);
	prereg_drop(test, here);
}

#define MANY	300U

/* Many small ranges with gaps, gone in another order than they came */
static void prereg_test_many_ranges(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, 2 * MANY);
	struct iommu_prereg **regions;
	unsigned int i, j;

	regions = kunit_kcalloc(test, MANY, sizeof(*regions), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, regions);
	for (i = 0; i < MANY; i++) {
		j = i * 7 % MANY;
		regions[j] = prereg_add(test, ua + 2 * j * PAGE_SIZE, 1);
	}
	prereg_expect_held(test, MANY);
	for (i = 0; i < MANY; i++) {
		expect_found(test, ua + 2 * i * PAGE_SIZE, PAGE_SIZE, regions[i]);
		expect_found(test, ua + (2 * i + 1) * PAGE_SIZE, 1, NULL);
		expect_found(test, ua + 2 * i * PAGE_SIZE, PAGE_SIZE + 1, NULL);
	}
	for (i = 0; i < MANY; i++) {
		j = i * 11 % MANY;
		prereg_drop(test, regions[j]);
		expect_found(test, ua + 2 * j * PAGE_SIZE, 1, NULL);
		prereg_expect_held(test, MANY - 1 - i);
	}
	KUNIT_EXPECT_FALSE(test, iommu_prereg_any(prereg_mm(test)));
}

#define DEVICE_PHYS	(SZ_4G - SZ_16M)

static void prereg_test_device(struct kunit *test)
{
	struct mm_struct *mm = prereg_mm(test);
	phys_addr_t start = DEVICE_PHYS, phys;
	unsigned long ua = prereg_island(test, PAGES), bytes = PAGES * PAGE_SIZE;
	struct iommu_prereg *device, *memory;

	KUNIT_EXPECT_EQ(test, iommu_prereg_device_bytes(mm, start), 0);
	device = iommu_prereg_register_device(mm, ua, PAGES, start);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, device);
	prereg_expect_held(test, 0);
	KUNIT_EXPECT_TRUE(test, iommu_prereg_any(mm));
	KUNIT_EXPECT_EQ(test, iommu_prereg_translate(device, ua + 12345, &phys),
			0);
	KUNIT_EXPECT_EQ(test, phys, start + 12345);
	KUNIT_EXPECT_EQ(test, iommu_prereg_run(device, ua + 1, ULONG_MAX, &phys),
			bytes - 1);
	KUNIT_EXPECT_EQ(test, phys, start + 1);
	expect_outside(test, device, ua - 1);
	expect_outside(test, device, ua + bytes);
	iommu_prereg_mark_written(device, ua, bytes);

	KUNIT_EXPECT_EQ(test, iommu_prereg_device_bytes(mm, start), bytes);
	KUNIT_EXPECT_EQ(test, iommu_prereg_device_bytes(mm, start + 5),
			bytes - 5);
	KUNIT_EXPECT_EQ(test, iommu_prereg_device_bytes(mm, start + bytes - 1),
			1);
	KUNIT_EXPECT_EQ(test, iommu_prereg_device_bytes(mm, start + bytes), 0);
	KUNIT_EXPECT_EQ(test, iommu_prereg_device_bytes(mm, start - 1), 0);
	KUNIT_EXPECT_EQ(test, iommu_prereg_device_bytes(mm, 0), 0);
	KUNIT_EXPECT_EQ(test,
			iommu_prereg_device_bytes(prereg_another_mm(test), start),
			0);

	/* Memory is not device memory. */
	ua = prereg_mmap(test, 3);
	memory = prereg_add(test, ua, 3);
	prereg_expect_held(test, 3);
	KUNIT_EXPECT_EQ(test, iommu_prereg_translate(memory, ua, &phys), 0);
	KUNIT_EXPECT_EQ(test, iommu_prereg_device_bytes(mm, phys), 0);
	prereg_drop(test, memory);
	prereg_drop(test, device);
	KUNIT_EXPECT_EQ(test, iommu_prereg_device_bytes(mm, start), 0);
	KUNIT_EXPECT_FALSE(test, iommu_prereg_any(mm));
}

/* Two of them next to each other, found in either way and put one by one */
static void prereg_test_devices(struct kunit *test)
{
	struct mm_struct *mm = prereg_mm(test);
	unsigned long ua = prereg_island(test, PAGES), half = PAGES / 2 * PAGE_SIZE;
	struct iommu_prereg *a, *b;
	phys_addr_t phys;

	a = iommu_prereg_register_device(mm, ua, PAGES / 2, DEVICE_PHYS + half);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	b = iommu_prereg_register_device(mm, ua + half, PAGES / 2, DEVICE_PHYS);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	KUNIT_EXPECT_PTR_EQ(test,
			    iommu_prereg_register_device(mm, ua, PAGES / 2,
							 DEVICE_PHYS + half), a);
	KUNIT_EXPECT_EQ(test, iommu_prereg_device_bytes(mm, DEVICE_PHYS), half);
	KUNIT_EXPECT_EQ(test, iommu_prereg_run(a, ua, ULONG_MAX, &phys), half);
	expect_found(test, ua, half, a);
	expect_found(test, ua + half, half, b);
	prereg_drop(test, a);
	prereg_drop(test, b);
	KUNIT_EXPECT_EQ(test, iommu_prereg_device_bytes(mm, DEVICE_PHYS), 0);
	KUNIT_EXPECT_EQ(test, iommu_prereg_device_bytes(mm, DEVICE_PHYS + half),
			half);
	prereg_drop(test, a);
}

static int device_error(struct kunit *test, unsigned long ua,
			unsigned long npages, phys_addr_t phys)
{
	struct iommu_prereg *region;

	region = iommu_prereg_register_device(prereg_mm(test), ua, npages, phys);
	if (!IS_ERR(region))
		iommu_prereg_abandon(region);
	return PTR_ERR_OR_ZERO(region);
}

static void prereg_test_device_refused(struct kunit *test)
{
	unsigned long ua = prereg_island(test, PAGES);
	struct iommu_prereg *memory = prereg_add(test, ua, 4);

	KUNIT_EXPECT_EQ(test, device_error(test, ua, 0, DEVICE_PHYS), -ENODATA);
	KUNIT_EXPECT_EQ(test, device_error(test, ua + 1, 1, DEVICE_PHYS),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, device_error(test, -PAGE_SIZE, 2, DEVICE_PHYS),
			-EOVERFLOW);
	KUNIT_EXPECT_EQ(test,
			device_error(test, (unsigned long)test->priv & PAGE_MASK,
				     1, DEVICE_PHYS),
			-EPERM);
	/* Memory and device memory keep out of each other's way. */
	KUNIT_EXPECT_EQ(test, device_error(test, ua + 3 * PAGE_SIZE, 2,
					   DEVICE_PHYS), -EEXIST);
	KUNIT_EXPECT_EQ(test, device_error(test, ua + 4 * PAGE_SIZE, 2,
					   DEVICE_PHYS), 0);
	prereg_expect_held(test, 4);
	prereg_drop(test, memory);
}

static struct kunit_case prereg_range_cases[] = {
	KUNIT_CASE_PARAM(prereg_test_translate, run_gen_params),
	KUNIT_CASE_PARAM(prereg_test_runs, run_gen_params),
	KUNIT_CASE_SLOW(prereg_test_many_pages),
	KUNIT_CASE(prereg_test_part),
	KUNIT_CASE(prereg_test_private),
	KUNIT_CASE(prereg_test_exact),
	KUNIT_CASE(prereg_test_containing),
	KUNIT_CASE(prereg_test_neighbours),
	KUNIT_CASE(prereg_test_overlaps),
	KUNIT_CASE(prereg_test_gap),
	KUNIT_CASE(prereg_test_two_processes),
	KUNIT_CASE_SLOW(prereg_test_many_ranges),
	KUNIT_CASE(prereg_test_device),
	KUNIT_CASE(prereg_test_devices),
	KUNIT_CASE(prereg_test_device_refused),
	{}
};

static struct kunit_suite prereg_range_suite = {
	.name = "iommu-prereg-range",
	.init = prereg_init,
	.exit = prereg_exit,
	.test_cases = prereg_range_cases,
};

kunit_test_suite(prereg_range_suite);
