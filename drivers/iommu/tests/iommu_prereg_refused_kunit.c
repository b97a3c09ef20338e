// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges that can't be registered: each is refused with an error of its own,
 * and nothing of it is pinned or charged, whichever page of it is to blame.
 */

#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/uaccess.h>

#include "iommu_prereg_kunit.h"

#define PAGES		16UL

/**
 * struct span - what is to be registered
 * @ua: first address
 * @npages: length
 */
struct span {
	unsigned long ua;
	unsigned long npages;
};

static struct span empty(struct kunit *test)
{
	return (struct span){ prereg_island(test, PAGES), 0 };
}

static struct span one_byte_off(struct kunit *test)
{
	return (struct span){ prereg_island(test, PAGES) + 1, 1 };
}

static struct span half_a_page_off(struct kunit *test)
{
	return (struct span){ prereg_island(test, PAGES) + PAGE_SIZE / 2, 2 };
}

static struct span wraps_by_a_page(struct kunit *test)
{
	return (struct span){ -PAGE_SIZE, 2 };
}

/* Its end is 0 */
static struct span wraps_exactly(struct kunit *test)
{
	return (struct span){ PAGE_SIZE, ULONG_MAX >> PAGE_SHIFT };
}

/* In bytes the length is 0, and then one page. */
static struct span length_wraps(struct kunit *test)
{
	return (struct span){ prereg_island(test, PAGES), 1UL << (BITS_PER_LONG - PAGE_SHIFT) };
}

static struct span length_wraps_further(struct kunit *test)
{
	return (struct span){ prereg_island(test, PAGES),
			      (1UL << (BITS_PER_LONG - PAGE_SHIFT)) + 1 };
}

static struct span length_is_all(struct kunit *test)
{
	return (struct span){ prereg_island(test, PAGES), ULONG_MAX };
}

static struct span kernel_memory(struct kunit *test)
{
	return (struct span){ (unsigned long)test->priv & PAGE_MASK, 1 };
}

static struct span crosses_into_kernel(struct kunit *test)
{
	return (struct span){ (TASK_SIZE_MAX & PAGE_MASK) - PAGE_SIZE, 2 };
}

static struct span from_here_into_kernel(struct kunit *test)
{
	unsigned long ua = prereg_island(test, PAGES);

	return (struct span){ ua, ((TASK_SIZE_MAX - ua) >> PAGE_SHIFT) + 2 };
}

static struct span unmapped(struct kunit *test)
{
	return (struct span){ prereg_island(test, PAGES) - PREREG_MARGIN * PAGE_SIZE,
			      PREREG_MARGIN };
}

static struct span begins_unmapped(struct kunit *test)
{
	return (struct span){ prereg_island(test, PAGES) - PAGE_SIZE, PAGES };
}

static struct span ends_unmapped(struct kunit *test)
{
	return (struct span){ prereg_island(test, PAGES), PAGES + 1 };
}

static struct span unmapped_inside(struct kunit *test)
{
	unsigned long ua = prereg_island(test, PAGES);

	prereg_munmap(test, ua + 7 * PAGE_SIZE, 1);
	return (struct span){ ua, PAGES };
}

static struct span with_prot(struct kunit *test, unsigned long first,
			     unsigned long npages, unsigned long prot)
{
	unsigned long ua = prereg_island(test, PAGES);

	prereg_mmap_at(test, ua + first * PAGE_SIZE, npages, prot);
	return (struct span){ ua, PAGES };
}

static struct span prot_none(struct kunit *test)
{
	return with_prot(test, 0, PAGES, PROT_NONE);
}

static struct span prot_none_first(struct kunit *test)
{
	return with_prot(test, 0, 1, PROT_NONE);
}

static struct span prot_none_inside(struct kunit *test)
{
	return with_prot(test, 5, 3, PROT_NONE);
}

static struct span prot_none_last(struct kunit *test)
{
	return with_prot(test, PAGES - 1, 1, PROT_NONE);
}

static struct span read_only(struct kunit *test)
{
	return with_prot(test, 0, PAGES, PROT_READ);
}

static struct span read_only_last(struct kunit *test)
{
	return with_prot(test, PAGES - 1, 1, PROT_READ);
}

static struct span special(struct kunit *test, unsigned long vm_flags)
{
	struct prereg_layout *l = prereg_layout(test, PAGES, 1);

	l->vm_flags = vm_flags;
	prereg_map_layout(test, l);
	return (struct span){ l->ua, PAGES };
}

static struct span pfnmap(struct kunit *test)
{
	return special(test, VM_PFNMAP);
}

static struct span io(struct kunit *test)
{
	return special(test, VM_IO);
}

static struct span io_pfnmap(struct kunit *test)
{
	return special(test, VM_IO | VM_PFNMAP);
}

/* Mapped, but touching this page is a bus error. */
static struct span hole_in_file(struct kunit *test)
{
	struct prereg_layout *l = prereg_layout(test, PAGES, 1);

	l->hole = 9;
	prereg_map_layout(test, l);
	return (struct span){ l->ua, PAGES };
}

/**
 * struct refusal - a range that can't be registered
 * @name: description
 * @make: makes it
 * @error: what is returned
 */
struct refusal {
	const char *name;
	struct span (*make)(struct kunit *test);
	int error;
};

static const struct refusal refusals[] = {
	{ "empty", empty, -ENODATA },
	{ "one byte off a page", one_byte_off, -EINVAL },
	{ "half a page off", half_a_page_off, -EINVAL },
	{ "wraps by a page", wraps_by_a_page, -EOVERFLOW },
	{ "wraps exactly", wraps_exactly, -EOVERFLOW },
	{ "length wraps to nothing", length_wraps, -EOVERFLOW },
	{ "length wraps to a page", length_wraps_further, -EOVERFLOW },
	{ "all there is", length_is_all, -EOVERFLOW },
	{ "kernel memory", kernel_memory, -EPERM },
	{ "crosses into the kernel", crosses_into_kernel, -EPERM },
	{ "from here into the kernel", from_here_into_kernel, -EPERM },
	{ "unmapped", unmapped, -EFAULT },
	{ "begins unmapped", begins_unmapped, -EFAULT },
	{ "ends unmapped", ends_unmapped, -EFAULT },
	{ "unmapped inside", unmapped_inside, -EFAULT },
	{ "hole in a file", hole_in_file, -EFAULT },
	{ "PROT_NONE", prot_none, -EACCES },
	{ "first page PROT_NONE", prot_none_first, -EACCES },
	{ "PROT_NONE inside", prot_none_inside, -EACCES },
	{ "last page PROT_NONE", prot_none_last, -EACCES },
	{ "read-only", read_only, -EACCES },
	{ "last page read-only", read_only_last, -EACCES },
	{ "page frames", pfnmap, -EOPNOTSUPP },
	{ "I/O", io, -EOPNOTSUPP },
	{ "I/O page frames", io_pfnmap, -EOPNOTSUPP },
};

KUNIT_ARRAY_PARAM_DESC(refusal, refusals, name);

static void prereg_test_refused(struct kunit *test)
{
	const struct refusal *r = test->param_value;
	struct span range = r->make(test);
	struct iommu_prereg_owner owner;

	KUNIT_EXPECT_EQ(test, prereg_refused(test, range.ua, range.npages),
			r->error);
	KUNIT_EXPECT_FALSE(test, iommu_prereg_any(prereg_mm(test)));
	prereg_expect_held(test, 0);

	/* An owner is told the same. */
	iommu_prereg_owner_init(&owner);
	KUNIT_EXPECT_EQ(test, iommu_prereg_owner_register(&owner, range.ua,
							  range.npages),
			r->error);
	iommu_prereg_owner_release(&owner);
	prereg_expect_held(test, 0);
}

/* Once what was missing is there, the same range is registered. */
static void prereg_test_mended(struct kunit *test)
{
	struct span range = unmapped_inside(test);
	struct iommu_prereg *region;

	KUNIT_EXPECT_EQ(test, prereg_refused(test, range.ua, range.npages),
			-EFAULT);
	prereg_mmap_at(test, range.ua + 7 * PAGE_SIZE, 1,
		       PROT_READ | PROT_WRITE);
	region = prereg_add(test, range.ua, range.npages);
	prereg_expect_held(test, PAGES);
	prereg_drop(test, region);
}

static void prereg_test_another_process(struct kunit *test)
{
	struct mm_struct *other = prereg_another_mm(test);
	struct mm_struct *mm = prereg_mm(test);
	unsigned long ua = prereg_island(test, PAGES);

	KUNIT_EXPECT_EQ(test, PTR_ERR(iommu_prereg_register(other, ua, 1)),
			-EPERM);
	KUNIT_EXPECT_EQ(test, PTR_ERR(iommu_prereg_register(NULL, ua, 1)),
			-EPERM);
	/* And from a thread that has none itself */
	kthread_unuse_mm(mm);
	KUNIT_EXPECT_EQ(test, PTR_ERR(iommu_prereg_register(mm, ua, 1)), -EPERM);
	KUNIT_EXPECT_EQ(test, PTR_ERR(iommu_prereg_register(NULL, ua, 1)),
			-EPERM);
	kthread_use_mm(mm);
	KUNIT_EXPECT_FALSE(test, iommu_prereg_any(other));
	KUNIT_EXPECT_EQ(test, other->locked_vm, 0);
}

static void prereg_test_killed(struct kunit *test)
{
	unsigned long ua = prereg_mmap(test, 2000);
	struct iommu_prereg *region;
	int ret;

	prereg_kill();
	ret = prereg_refused(test, ua, 2000);
	prereg_survive();
	KUNIT_EXPECT_EQ(test, ret, -EINTR);
	prereg_expect_held(test, 0);

	region = prereg_add(test, ua, 2000);
	prereg_expect_held(test, 2000);
	/* The dying can still let go. */
	prereg_kill();
	ret = iommu_prereg_unregister(region);
	prereg_survive();
	KUNIT_EXPECT_EQ(test, ret, 0);
	prereg_expect_held(test, 0);
}

static struct kunit_case prereg_refused_cases[] = {
	KUNIT_CASE_PARAM(prereg_test_refused, refusal_gen_params),
	KUNIT_CASE(prereg_test_mended),
	KUNIT_CASE(prereg_test_another_process),
	KUNIT_CASE(prereg_test_killed),
	{}
};

static struct kunit_suite prereg_refused_suite = {
	.name = "iommu-prereg-refused",
	.init = prereg_init,
	.exit = prereg_exit,
	.test_cases = prereg_refused_cases,
};

kunit_test_suite(prereg_refused_suite);
