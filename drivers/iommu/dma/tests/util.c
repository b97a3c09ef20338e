// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the DMA-API glue: what its suites share.
 *
 * A test gets its device from dmi_begin() or dmi_begin_pci(). The fixture takes
 * everything away when the test ends, also when an assertion ended it early,
 * and then looks at what the hardware has to complain about: that is the part
 * of each test that no test has to write down.
 */

#include <kunit/resource.h>
#include <linux/bug.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/iommu-dma.h>
#include <linux/kconfig.h>
#include <linux/kernfs.h>
#include <linux/kobject.h>
#include <linux/kprobes.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/ptrace.h>
#include <linux/random.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "util.h"

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "seed of the randomised tests, 0 for a new one each time");

/**
 * dmi_init() - set up a test's fixture
 * @test: test
 *
 * Return: 0 or an error that fails @test.
 */
int dmi_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct dmi_fixture), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

/**
 * dmi_exit() - end a test's fixture
 * @test: test
 */
void dmi_exit(struct kunit *test)
{
	if (test->priv)
		dmi_end(test);
}

/**
 * dmi_end() - take hardware and devices away, and look at what they say
 * @test: test, which may then begin again with others
 */
void dmi_end(struct kunit *test)
{
	struct dmi_fixture *fix = test->priv;
	struct dmock *mock = &fix->mock;
	struct device *dev = fix->devices[0];

	if (!fix->registered)
		return;
	if (dev && !fix->leaks)
		KUNIT_EXPECT_EQ_MSG(test, dmock_live(dmi_domain(dev)),
				    fix->baseline, "mappings left behind");

	if (fix->unmanaged) {
		if (iommu_get_domain_for_dev(dev) == fix->unmanaged)
			iommu_detach_device(fix->unmanaged, dev);
		iommu_domain_free(fix->unmanaged);
	}
	if (!dmock_pci_remove())
		while (fix->nr_devices) {
			dev = fix->devices[--fix->nr_devices];
			platform_device_unregister(to_platform_device(dev));
		}
	dmock_unregister(mock);

	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&mock->violations), 0,
			    "the IOMMU was used wrongly, see above");
	if (!fix->leaks)
		KUNIT_EXPECT_EQ(test, atomic_read(&mock->tables_lost), 0);
	memset(fix, 0, sizeof(*fix));
}

/**
 * dmi_mock() - begin with hardware
 * @test: test
 * @cfg: what it is like
 *
 * Return: the hardware.
 */
struct dmock *dmi_mock(struct kunit *test, const struct dmock_config *cfg)
{
	struct dmi_fixture *fix = test->priv;

	dmi_end(test);
	fix->mock.cfg = *cfg;
	KUNIT_ASSERT_EQ(test, dmock_register(&fix->mock), 0);
	fix->registered = true;
	return &fix->mock;
}

/* Give false where the architecture has only the other kind. */
static bool set_coherent(struct device *dev, bool coherent)
{
#if defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE) || \
	defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU)
	dev->dma_coherent = coherent;
#ifdef CONFIG_DMA_NEED_SYNC
	dev->dma_skip_sync = coherent;
#endif
	return true;
#else
	return coherent;
#endif
}

/**
 * dmi_make_noncoherent() - have a device not snoop the CPU's caches
 * @dev: device; all begin as coherent ones
 *
 * Return: false where the architecture has no such devices.
 */
bool dmi_make_noncoherent(struct device *dev)
{
	return set_coherent(dev, false);
}

/**
 * dmi_add_raw_device() - add a platform device that may turn out unusable
 * @test: test
 * @map: what of memory its bus shows it; NULL for all
 *
 * Return: the device.
 */
struct device *dmi_add_raw_device(struct kunit *test,
				  const struct bus_dma_region *map)
{
	struct dmi_fixture *fix = test->priv;
	struct device *dev = dmock_new_device(&fix->mock, map);

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	fix->devices[fix->nr_devices++] = dev;
	KUNIT_ASSERT_NOT_NULL(test, dev->iommu_group);
	set_coherent(dev, true);
	return dev;
}

/**
 * dmi_add_device() - add a platform device behind the hardware
 * @test: test
 *
 * Return: the device, with 64 bits of address.
 */
struct device *dmi_add_device(struct kunit *test)
{
	struct dmi_fixture *fix = test->priv;
	struct device *dev = dmi_add_raw_device(test, NULL);

	KUNIT_ASSERT_TRUE(test, use_dma_iommu(dev));
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)),
			0);
	if (fix->nr_devices == 1) {
		fix->baseline = dmock_live(dmi_domain(dev));
		dmi_reset_counts(&fix->mock);
	}
	return dev;
}

/**
 * dmi_begin() - begin with hardware and one platform device
 * @test: test
 * @cfg: what the hardware is like
 *
 * Return: the device.
 */
struct device *dmi_begin(struct kunit *test, const struct dmock_config *cfg)
{
	dmi_mock(test, cfg);
	return dmi_add_device(test);
}

/**
 * dmi_begin_pci() - begin with hardware and PCI devices
 * @test: test, skipped where that is impossible
 * @cfg: what the hardware is like
 * @pci: what devices there are
 *
 * Return: the first device.
 */
struct device *dmi_begin_pci(struct kunit *test, const struct dmock_config *cfg,
			     const struct dmock_pci_config *pci)
{
	struct dmi_fixture *fix = test->priv;
	unsigned int i;

	if (!IS_ENABLED(CONFIG_PCI) || !dmock_pci_possible())
		kunit_skip(test, "needs PCI domains that a test can add to");
	dmi_mock(test, cfg);
	KUNIT_ASSERT_EQ(test, dmock_pci_add(&fix->mock, pci), 0);
	for (i = 0; i < pci->devices; i++) {
		struct pci_dev *pdev = dmock_pci_device(i);

		KUNIT_ASSERT_NOT_NULL(test, pdev);
		fix->devices[fix->nr_devices++] = &pdev->dev;
		KUNIT_ASSERT_NOT_NULL(test, pdev->dev.iommu_group);
		set_coherent(&pdev->dev, true);
	}
	fix->baseline = dmock_live(dmi_domain(fix->devices[0]));
	dmi_reset_counts(&fix->mock);
	return fix->devices[0];
}

/**
 * dmi_reset_counts() - count the driver's calls anew
 * @mock: hardware
 */
void dmi_reset_counts(struct dmock *mock)
{
	atomic_set(&mock->map_pages, 0);
	atomic_set(&mock->unmap_pages, 0);
	atomic_set(&mock->iova_to_phys, 0);
	atomic_set(&mock->iotlb_sync, 0);
	atomic_set(&mock->flush_iotlb_all, 0);
	atomic_set(&mock->iotlb_sync_map, 0);
	atomic_set(&mock->max_stale, 0);
}

/**
 * dmi_seed() - begin a sequence of random numbers and print its seed
 * @test: test whose log shows how to repeat the sequence
 * @rnd: state of the sequence
 * @salt: tells sequences of the same seed apart
 */
void dmi_seed(struct kunit *test, struct rnd_state *rnd, unsigned int salt)
{
	while (!seed)
		seed = get_random_u64();

	kunit_info(test, "dma_iommu_kunit.seed=%llu", seed);
	prandom_seed_state(rnd, seed + salt);
}

/**
 * dmi_below() - draw a number
 * @rnd: state of the sequence
 * @ceiling: not zero
 *
 * Return: a number from 0 to @ceiling - 1.
 */
u32 dmi_below(struct rnd_state *rnd, u32 ceiling)
{
	return prandom_u32_state(rnd) % ceiling;
}

/**
 * dmi_domain() - the domain that the DMA API uses for a device
 * @dev: device
 *
 * Return: the mock's part of it.
 */
struct dmock_domain *dmi_domain(struct device *dev)
{
	return to_dmock_domain(iommu_get_dma_domain(dev));
}

/**
 * dmi_unmanaged() - make a domain that the DMA API has nothing to do with
 * @test: test; the domain goes with its hardware
 * @dev: the first device, which may be attached to it
 *
 * Return: the domain, attached to nothing.
 */
struct iommu_domain *dmi_unmanaged(struct kunit *test, struct device *dev)
{
	struct dmi_fixture *fix = test->priv;
	struct iommu_domain *domain = iommu_paging_domain_alloc(dev);

	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	KUNIT_ASSERT_NULL(test, fix->unmanaged);
	fix->unmanaged = domain;
	return domain;
}

/**
 * dmi_granule() - smallest page of a device's domain
 * @dev: device
 *
 * Return: its size.
 */
size_t dmi_granule(struct device *dev)
{
	return BIT(__ffs(dmi_domain(dev)->domain.pgsize_bitmap));
}

/**
 * dmi_reaches() - is a range of a device's addresses led to memory as it should?
 * @dev: device
 * @addr: first address
 * @phys: where it has to lead to, and those after it in a row
 * @len: bytes
 * @prot: IOMMU_READ and IOMMU_WRITE as the device needs and has them, no more
 *
 * Return: whether it is so for each byte, by the page table.
 */
bool dmi_reaches(struct device *dev, dma_addr_t addr, phys_addr_t phys,
		 size_t len, int prot)
{
	struct dmock_domain *d = dmi_domain(dev);

	while (len) {
		struct dmock_translation t;
		size_t part;

		if (dmock_translate(d, addr, &t) != DMOCK_LIVE)
			return false;
		if (t.phys != phys ||
		    (t.prot & (IOMMU_READ | IOMMU_WRITE)) != prot)
			return false;
		part = min(t.size, len);
		addr += part;
		phys += part;
		len -= part;
	}
	return true;
}

/**
 * dmi_blocked() - is a device kept from a range of addresses?
 * @dev: device
 * @addr: first address
 * @len: bytes
 *
 * Return: whether neither page table nor IOTLB have any entry for it.
 */
bool dmi_blocked(struct device *dev, dma_addr_t addr, size_t len)
{
	struct dmock_domain *d = dmi_domain(dev);
	size_t granule = dmi_granule(dev), done = 0;

	while (done < len) {
		struct dmock_translation t;

		if (dmock_translate(d, addr + done, &t) != DMOCK_FAULT)
			return false;
		done += granule - (addr + done) % granule;
	}
	return true;
}

/**
 * dmi_device_copy() - a device reads or writes memory
 * @dev: device
 * @addr: address that it uses
 * @buf: what it writes, or where it puts what it reads
 * @len: bytes
 * @to_memory: it writes
 *
 * Return: 0, or -EFAULT where an address leads nowhere or permits something
 * else, or -ESTALE where only the IOTLB knows it.
 */
int dmi_device_copy(struct device *dev, dma_addr_t addr, void *buf, size_t len,
		    bool to_memory)
{
	struct dmock_domain *d = dmi_domain(dev);

	while (len) {
		struct dmock_translation t;
		enum dmock_hit hit = dmock_translate(d, addr, &t);
		size_t part;

		if (hit == DMOCK_STALE)
			return -ESTALE;
		if (hit == DMOCK_FAULT ||
		    !(t.prot & (to_memory ? IOMMU_WRITE : IOMMU_READ)))
			return -EFAULT;
		part = min(t.size, len);
		if (to_memory)
			memcpy(phys_to_virt(t.phys), buf, part);
		else
			memcpy(buf, phys_to_virt(t.phys), part);
		addr += part;
		buf += part;
		len -= part;
	}
	return 0;
}

static void free_pages_action(void *virt)
{
	struct page *page = virt_to_page(virt);

	unsigned int order = page_private(page);

	set_page_private(page, 0);
	__free_pages(page, order);
}

/**
 * dmi_pages() - memory of whole pages
 * @test: test; the memory goes when it ends
 * @order: its size
 *
 * Return: address of the zeroed memory.
 */
void *dmi_pages(struct kunit *test, unsigned int order)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);

	KUNIT_ASSERT_NOT_NULL(test, page);
	set_page_private(page, order);
	KUNIT_ASSERT_EQ(test,
			kunit_add_action_or_reset(test, free_pages_action,
						  page_address(page)), 0);
	return page_address(page);
}

/**
 * dmi_take_all() - map single pages until there is no address left
 * @test: test; the mappings are its own
 * @dev: device whose addresses are few
 * @all: filled with the addresses
 * @max: more than there can be
 *
 * Return: how many there were.
 */
unsigned int dmi_take_all(struct kunit *test, struct device *dev,
			  dma_addr_t *all, unsigned int max)
{
	unsigned int nr;

	for (nr = 0; nr < max; nr++) {
		/* Not memory, so that nobody wonders how often it is mapped */
		all[nr] = dma_map_resource(dev, SZ_4G + nr * SZ_4K,
					   dmi_granule(dev), DMA_TO_DEVICE, 0);
		if (dma_mapping_error(dev, all[nr]))
			break;
	}
	return nr;
}

/**
 * dmi_give_all() - unmap what dmi_take_all() has mapped
 * @dev: device
 * @all: addresses
 * @nr: how many
 */
void dmi_give_all(struct device *dev, const dma_addr_t *all, unsigned int nr)
{
	while (nr--)
		dma_unmap_resource(dev, all[nr], dmi_granule(dev),
				   DMA_TO_DEVICE, 0);
}

/* The group's folder in sysfs, and in it the file "type" */
static struct kernfs_node *find_type(struct device *dev, struct kobject **group)
{
	struct kernfs_node *link, *type = NULL;

	link = kernfs_find_and_get(dev->kobj.sd, "iommu_group");
	if (!link)
		return NULL;
	if (kernfs_type(link) == KERNFS_LINK) {
		*group = link->symlink.target_kn->priv;
		type = kernfs_find_and_get(link->symlink.target_kn, "type");
	}
	kernfs_put(link);
	return type;
}

/**
 * dmi_set_type() - write to the file "type" of a device's group
 * @dev: device
 * @type: what to write
 *
 * Return: 0 or the error that the writer gets.
 */
int dmi_set_type(struct device *dev, const char *type)
{
	struct kobject *group;
	struct kernfs_node *kn = find_type(dev, &group);
	ssize_t ret;

	if (!kn)
		return -ENOENT;
	ret = group->ktype->sysfs_ops->store(group, kn->priv, type,
					     strlen(type));
	kernfs_put(kn);
	return ret < 0 ? ret : 0;
}

/**
 * dmi_type() - read the file "type" of a device's group
 * @dev: device
 * @buf: a page
 *
 * Return: what it says, without the end of the line.
 */
const char *dmi_type(struct device *dev, char *buf)
{
	struct kobject *group;
	struct kernfs_node *kn = find_type(dev, &group);

	if (!kn)
		return "";
	if (group->ktype->sysfs_ops->show(group, kn->priv, buf) < 0)
		*buf = '\0';
	kernfs_put(kn);
	return strim(buf);
}

#if defined(CONFIG_KPROBES) && defined(CONFIG_GENERIC_BUG) && \
	(defined(CONFIG_X86_64) || defined(CONFIG_ARM64))
/**
 * struct warning_trap - warnings that are expected, counted and not shown
 * @task: whose warnings; NULL for nobody's
 * @nr: how many there were
 * @registered: the probe is in place, where it then stays
 */
static struct warning_trap {
	struct task_struct *task;
	unsigned int nr;
	bool registered;
} trap;

/* Leave the function before it has begun. */
static void return_at_once(struct pt_regs *regs, unsigned long value)
{
	regs_set_return_value(regs, value);
#ifdef CONFIG_X86_64
	instruction_pointer_set(regs, *(unsigned long *)regs->sp);
	regs->sp += sizeof(unsigned long);
#else
	instruction_pointer_set(regs, procedure_link_pointer(regs));
#endif
}

static int on_report_bug(struct kprobe *kp, struct pt_regs *regs)
{
	struct bug_entry *bug;

	if (READ_ONCE(trap.task) != current)
		return 0;
	bug = find_bug(regs_get_kernel_argument(regs, 0));
	if (!bug || !(bug->flags & BUGFLAG_WARNING))
		return 0;
	trap.nr++;
	return_at_once(regs, BUG_TRAP_TYPE_WARN);
	return 1;
}

/* A probe that has this can't be turned into a jump, which can't return. */
static void after_report_bug(struct kprobe *kp, struct pt_regs *regs,
			     unsigned long flags)
{
}

static struct kprobe warning_probe = {
	.symbol_name = "report_bug",
	.pre_handler = on_report_bug,
	.post_handler = after_report_bug,
};

/**
 * dmi_warnings_begin() - expect that the code warns
 * @test: test, skipped where warnings can't be held back
 */
void dmi_warnings_begin(struct kunit *test)
{
	if (!trap.registered && register_kprobe(&warning_probe))
		kunit_skip(test, "warnings can't be held back");
	trap.registered = true;
	trap.nr = 0;
	WRITE_ONCE(trap.task, current);
}

/**
 * dmi_warnings_end() - warnings are shown again
 * @test: test
 *
 * Return: how many this task met since dmi_warnings_begin().
 */
unsigned int dmi_warnings_end(struct kunit *test)
{
	WRITE_ONCE(trap.task, NULL);
	return trap.nr;
}
#else
void dmi_warnings_begin(struct kunit *test)
{
	kunit_skip(test, "warnings can't be held back");
}

unsigned int dmi_warnings_end(struct kunit *test)
{
	return 0;
}
#endif

/* Whatever a test was doing when it failed, its CPU comes back. */
static void bring_cpu_back(void *arg)
{
	unsigned int cpu = (uintptr_t)arg;

	if (!cpu_online(cpu))
		add_cpu(cpu);
}

/**
 * dmi_hotplug_cpu() - find a CPU that can leave, or skip the test
 * @test: test; when it ends the CPU is brought back if need be
 *
 * Return: a CPU that is online.
 */
unsigned int dmi_hotplug_cpu(struct kunit *test)
{
	unsigned int cpu = cpumask_last(cpu_online_mask);
	void *arg = (void *)(uintptr_t)cpu;

	if (!IS_ENABLED(CONFIG_HOTPLUG_CPU))
		kunit_skip(test, "needs CONFIG_HOTPLUG_CPU");
	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, bring_cpu_back, arg),
			0);
	if (remove_cpu(cpu))
		kunit_skip(test, "CPU %u can't leave", cpu);
	KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);
	return cpu;
}
