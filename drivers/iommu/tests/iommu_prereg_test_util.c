// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of pre-registered user memory: what its suites share.
 *
 * The fixture gives the test's thread a process's memory and looks, when the
 * test has ended, whether all that it registered is unpinned and uncharged. A
 * test that keeps all that it began need not look itself.
 */

#include <kunit/resource.h>
#include <linux/anon_inodes.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/vmstat.h>

#include "iommu_prereg_kunit.h"

/* Pages that are allocated in one piece, if so many are left to allocate */
#define BLOCK_ORDER	8

/* How long work that was left to a work item may take on a busy machine */
#define SETTLE_MS	10000

/* How long a CPU may be held up between two steps of folding its counters */
#define FOLD_MS		1000

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "seed of the randomised tests, 0 for a new one each time");

/* What CPUs have counted and not yet added to the sum included */
static long node_count(enum node_stat_item item)
{
	struct pglist_data *node;
	unsigned int cpu;
	long sum = 0;

	for_each_online_pgdat(node) {
		sum += atomic_long_read(&node->vm_stat[item]);
		for_each_online_cpu(cpu)
			sum += per_cpu_ptr(node->per_cpu_nodestats,
					   cpu)->vm_node_stat_diff[item];
	}
	return sum;
}

/* How many pins of pages there are, of whomever */
static long all_pins(void)
{
	return node_count(NR_FOLL_PIN_ACQUIRED) -
	       node_count(NR_FOLL_PIN_RELEASED);
}

static bool held(struct prereg_fixture *fix, unsigned long npages)
{
	return READ_ONCE(fix->mm->locked_vm) == npages &&
	       all_pins() - fix->pins == npages;
}

/*
 * A CPU that folds its part of the counters is not seen right for a moment, so
 * there are more looks than one. The last of them is judged: yet another could
 * meet the next CPU that folds.
 */
static void expect_all_pins(struct kunit *test, long expected)
{
	unsigned long end = jiffies + msecs_to_jiffies(FOLD_MS);
	long now = all_pins();

	while (now != expected && time_before(jiffies, end) &&
	       READ_ONCE(test->status) != KUNIT_FAILURE) {
		usleep_range(200, 500);
		now = all_pins();
	}
	KUNIT_EXPECT_EQ(test, now, expected);
}

/**
 * prereg_expect_pins() - so much is pinned, now
 * @test: test
 * @npages: expected, in pages; each of them once
 */
void prereg_expect_pins(struct kunit *test, unsigned long npages)
{
	struct prereg_fixture *fix = test->priv;

	expect_all_pins(test, fix->pins + npages);
}

/* What a test that has failed already left behind is not waited for. */
static void wait_until_held(struct kunit *test, unsigned long npages)
{
	unsigned long end = jiffies + msecs_to_jiffies(SETTLE_MS);

	while (!held(test->priv, npages) && time_before(jiffies, end) &&
	       READ_ONCE(test->status) != KUNIT_FAILURE)
		usleep_range(200, 500);
}

/**
 * prereg_expect_held() - so much is pinned and charged, now
 * @test: test
 * @npages: expected, in pages; each of them once
 */
void prereg_expect_held(struct kunit *test, unsigned long npages)
{
	struct prereg_fixture *fix = test->priv;

	KUNIT_EXPECT_EQ(test, fix->mm->locked_vm, npages);
	prereg_expect_pins(test, npages);
}

/**
 * prereg_settle() - so much is pinned and charged, or will be soon
 * @test: test
 * @npages: expected, in pages
 */
void prereg_settle(struct kunit *test, unsigned long npages)
{
	wait_until_held(test, npages);
	prereg_expect_held(test, npages);
}

/**
 * prereg_init() - set up a test's fixture
 * @test: test
 *
 * Return: 0 or an error that fails @test.
 */
int prereg_init(struct kunit *test)
{
	struct prereg_fixture *fix;
	unsigned long ua;

	fix = kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);
	if (!fix)
		return -ENOMEM;
	/* Has KUnit attach a process's memory to this thread. */
	ua = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE, PROT_READ,
			   MAP_ANONYMOUS | MAP_PRIVATE, 0);
	if (!ua || IS_ERR_VALUE(ua))
		return -ENOMEM;

	fix->mm = current->mm;
	mmgrab(fix->mm);
	fix->pins = all_pins();
	test->priv = fix;
	return 0;
}

/**
 * prereg_exit() - end a test's fixture
 * @test: test
 */
void prereg_exit(struct kunit *test)
{
	struct prereg_fixture *fix = test->priv;

	if (!fix)
		return;
	wait_until_held(test, 0);
	prereg_expect_held(test, 0);
	KUNIT_EXPECT_FALSE(test, iommu_prereg_any(fix->mm));
	mmdrop(fix->mm);
}

/**
 * prereg_mm() - the process of a test
 * @test: test
 *
 * Return: memory of the process, which is the calling thread's.
 */
struct mm_struct *prereg_mm(struct kunit *test)
{
	struct prereg_fixture *fix = test->priv;

	return fix->mm;
}

static void put_mm(void *mm)
{
	mmput(mm);
}

/**
 * prereg_another_mm() - one more process
 * @test: test; the process goes with it
 *
 * Return: its memory, nothing in it.
 */
struct mm_struct *prereg_another_mm(struct kunit *test)
{
	struct mm_struct *mm = mm_alloc();

	KUNIT_ASSERT_NOT_NULL(test, mm);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, put_mm, mm), 0);
	mm->task_size = TASK_SIZE;
	arch_pick_mmap_layout(mm, &current->signal->rlim[RLIMIT_STACK]);
	return mm;
}

/**
 * prereg_mmap() - private memory of the test's process, nothing in it yet
 * @test: test
 * @npages: how much, in pages
 *
 * Return: where it is.
 */
unsigned long prereg_mmap(struct kunit *test, unsigned long npages)
{
	unsigned long ua;

	ua = vm_mmap(NULL, 0, npages << PAGE_SHIFT, PROT_READ | PROT_WRITE,
		     MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(ua));
	return ua;
}

/**
 * prereg_mmap_at() - replace memory of the test's process
 * @test: test
 * @ua: where
 * @npages: how much, in pages
 * @prot: how the new memory may be used
 */
void prereg_mmap_at(struct kunit *test, unsigned long ua, unsigned long npages,
		    unsigned long prot)
{
	KUNIT_ASSERT_EQ(test,
			vm_mmap(NULL, ua, npages << PAGE_SHIFT, prot,
				MAP_ANONYMOUS | MAP_PRIVATE | MAP_FIXED, 0),
			ua);
}

/**
 * prereg_munmap() - take memory away from the test's process
 * @test: test
 * @ua: where
 * @npages: how much, in pages
 */
void prereg_munmap(struct kunit *test, unsigned long ua, unsigned long npages)
{
	KUNIT_ASSERT_EQ(test, vm_munmap(ua, npages << PAGE_SHIFT), 0);
}

/**
 * prereg_island() - private memory with nothing around it
 * @test: test
 * @npages: how much, in pages
 *
 * Return: where it is; PREREG_MARGIN pages on either side are not mapped.
 */
unsigned long prereg_island(struct kunit *test, unsigned long npages)
{
	unsigned long ua = prereg_mmap(test, npages + 2 * PREREG_MARGIN);

	prereg_munmap(test, ua, PREREG_MARGIN);
	ua += PREREG_MARGIN * PAGE_SIZE;
	prereg_munmap(test, ua + npages * PAGE_SIZE, PREREG_MARGIN);
	return ua;
}

/**
 * prereg_user_page() - what the process sees, found without the library
 * @test: test
 * @ua: where
 *
 * Return: the page, which is made if there is none yet.
 */
struct page *prereg_user_page(struct kunit *test, unsigned long ua)
{
	struct page *page;

	KUNIT_ASSERT_EQ(test, get_user_pages_fast(ua, 1, FOLL_WRITE, &page), 1);
	put_page(page);
	return page;
}

/**
 * prereg_poke() - write as the process
 * @test: test
 * @ua: where
 * @value: what
 */
void prereg_poke(struct kunit *test, unsigned long ua, u32 value)
{
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)ua, &value,
					   sizeof(value)), 0);
}

/**
 * prereg_peek() - read as the process
 * @test: test
 * @ua: where
 *
 * Return: what it sees.
 */
u32 prereg_peek(struct kunit *test, unsigned long ua)
{
	u32 value;

	KUNIT_ASSERT_EQ(test, copy_from_user(&value, (void __user *)ua,
					     sizeof(value)), 0);
	return value;
}

static int layout_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct prereg_layout *l = file->private_data;
	unsigned int i;
	int ret;

	vm_flags_set(vma, l->vm_flags | VM_DONTEXPAND | VM_DONTDUMP);
	if (l->vm_flags & VM_PFNMAP)
		return 0;
	for (i = 0; i < l->npages; i++) {
		if (i == l->hole)
			continue;
		ret = vm_insert_page(vma, vma->vm_start + i * PAGE_SIZE,
				     l->pages[i]);
		if (ret)
			return ret;
	}
	return 0;
}

static const struct file_operations layout_fops = {
	.owner = THIS_MODULE,
	.mmap = layout_mmap,
};

static void free_layout(void *arg)
{
	struct prereg_layout *l = arg;
	unsigned int i;

	for (i = 0; i < l->npages; i++)
		if (l->pages[i])
			put_page(l->pages[i]);
}

/* Where page @i of @npages goes if runs of @run pages are put back to front */
static unsigned int place(unsigned int i, unsigned int npages, unsigned int run)
{
	unsigned int first = rounddown(i, run);
	unsigned int length = min(run, npages - first);

	return npages - first - length + i % run;
}

static void fill_layout(struct kunit *test, struct prereg_layout *l,
			unsigned int run)
{
	unsigned int done = 0, order, nr, i;
	struct page *block;

	while (done < l->npages) {
		order = min(ilog2(l->npages - done), BLOCK_ORDER);
		nr = 1U << order;
		block = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
		KUNIT_ASSERT_NOT_NULL(test, block);
		split_page(block, order);
		for (i = 0; i < nr; i++)
			l->pages[place(done + i, l->npages, run)] = block + i;
		done += nr;
	}
}

/**
 * prereg_layout() - choose pages
 * @test: test; the pages go with it
 * @npages: how many
 * @run: this many follow one another in memory, no more where @npages is a
 *       power of two up to 256
 *
 * Return: the layout, to be mapped by prereg_map_layout().
 */
struct prereg_layout *prereg_layout(struct kunit *test, unsigned int npages,
				    unsigned int run)
{
	struct prereg_layout *l;

	l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, l);
	l->pages = kunit_kcalloc(test, npages, sizeof(*l->pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, l->pages);
	l->npages = npages;
	l->hole = npages;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_layout, l),
			0);
	fill_layout(test, l, run);
	return l;
}

/**
 * prereg_map_layout() - let the test's process see a layout
 * @test: test
 * @l: layout; @l->ua says where, when this has returned
 */
void prereg_map_layout(struct kunit *test, struct prereg_layout *l)
{
	struct file *file;

	file = anon_inode_getfile("prereg", &layout_fops, l, O_RDWR);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	l->ua = vm_mmap(file, 0, (unsigned long)l->npages << PAGE_SHIFT,
			PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	fput(file);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(l->ua));
}

/**
 * prereg_mapped() - a layout that the test's process sees
 * @test: test
 * @npages: how many pages
 * @run: see prereg_layout()
 *
 * Return: the layout.
 */
struct prereg_layout *prereg_mapped(struct kunit *test, unsigned int npages,
				    unsigned int run)
{
	struct prereg_layout *l = prereg_layout(test, npages, run);

	prereg_map_layout(test, l);
	return l;
}

/**
 * prereg_phys() - where a byte of a layout is
 * @l: layout
 * @offset: which byte
 *
 * Return: its physical address.
 */
phys_addr_t prereg_phys(const struct prereg_layout *l, unsigned long offset)
{
	return page_to_phys(l->pages[offset >> PAGE_SHIFT]) +
	       offset_in_page(offset);
}

/**
 * prereg_contiguous() - how far memory follows on in a layout
 * @l: layout
 * @offset: first byte
 * @bytes: most that is of interest
 *
 * Return: number of bytes.
 */
unsigned long prereg_contiguous(const struct prereg_layout *l,
				unsigned long offset, unsigned long bytes)
{
	unsigned long i = offset >> PAGE_SHIFT;

	for (i++; i < l->npages; i++)
		if (page_to_phys(l->pages[i]) !=
		    page_to_phys(l->pages[i - 1]) + PAGE_SIZE)
			break;
	return min(bytes, (i << PAGE_SHIFT) - offset);
}

/**
 * prereg_add() - register a range, which has to succeed
 * @test: test
 * @ua: where
 * @npages: length
 *
 * Return: the range.
 */
struct iommu_prereg *prereg_add(struct kunit *test, unsigned long ua,
				unsigned long npages)
{
	struct iommu_prereg *region;

	region = iommu_prereg_register(current->mm, ua, npages);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
	return region;
}

/**
 * prereg_refused() - try to register what should be refused
 * @test: test, fails if anything is pinned or charged afterwards
 * @ua: where
 * @npages: length
 *
 * Return: the error, 0 if there was none.
 */
int prereg_refused(struct kunit *test, unsigned long ua, unsigned long npages)
{
	struct mm_struct *mm = current->mm;
	unsigned long locked = mm->locked_vm;
	struct iommu_prereg *region;
	long pins = all_pins();

	region = iommu_prereg_register(mm, ua, npages);
	KUNIT_ASSERT_NOT_NULL(test, region);
	if (!IS_ERR(region)) {
		iommu_prereg_abandon(region);
		return 0;
	}
	KUNIT_EXPECT_EQ(test, mm->locked_vm, locked);
	expect_all_pins(test, pins);
	return PTR_ERR(region);
}

/**
 * prereg_drop() - end one registration, which has to succeed
 * @test: test
 * @region: range
 */
void prereg_drop(struct kunit *test, struct iommu_prereg *region)
{
	KUNIT_ASSERT_EQ(test, iommu_prereg_unregister(region), 0);
}

/**
 * prereg_seek() - what is there, without any use of it
 * @mm: process
 * @ua: first address
 * @bytes: how many
 *
 * Return: the range, to be compared and not to be used; NULL if there is none.
 */
struct iommu_prereg *prereg_seek(struct mm_struct *mm, unsigned long ua,
				 unsigned long bytes)
{
	struct iommu_prereg *region;

	rcu_read_lock();
	region = iommu_prereg_lookup(mm, ua, bytes);
	rcu_read_unlock();
	return region;
}

/**
 * prereg_kill() - let this thread have been told to die
 *
 * Without a lock, for use in probes. Nobody else sends it signals.
 */
void prereg_kill(void)
{
	sigaddset(&current->pending.signal, SIGKILL);
	set_thread_flag(TIF_SIGPENDING);
}

/** prereg_survive() - take back what prereg_kill() did */
void prereg_survive(void)
{
	flush_signals(current);
}

/**
 * prereg_seed() - begin a sequence of random numbers and print its seed
 * @test: test whose log shows how to repeat the sequence
 * @rnd: state of the sequence
 * @salt: tells sequences of the same seed apart
 */
void prereg_seed(struct kunit *test, struct rnd_state *rnd, unsigned int salt)
{
	while (!seed)
		seed = get_random_u64();

	kunit_info(test, "iommu_prereg_kunit.seed=%llu", seed);
	prandom_seed_state(rnd, seed + salt);
}

MODULE_DESCRIPTION("KUnit tests of pre-registered user memory");
MODULE_LICENSE("GPL");
