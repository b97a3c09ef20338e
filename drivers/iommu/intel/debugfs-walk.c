// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a device's requests go through, in debugfs: its context entry, all pages
 * of its page table, and the walk for one address. See debugfs-internal.h for
 * the locks.
 *
 * The page table is found as the unit finds it, through the context entry, and
 * not through the domain: that belongs to the core's group mutex, which is held
 * while readers are waited for. An entry that is present keeps the top table,
 * for a domain is freed only after it was detached, and that takes the lock of
 * the context tables to change the entry. So the table stays while that lock is
 * held; io_pgtable_vtd_path() sees to the tables below.
 */

#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/io-pgtable.h>
#include <linux/kstrtox.h>
#include <linux/pci.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string_choices.h>

#include "../io-pgtable-vtd-bits.h"
#include "debugfs-internal.h"
#include "device.h"
#include "unit.h"

#define MAX_LEVELS	5

/* Addresses that are looked up before the lock is dropped for a moment */
#define PROBES		256

/**
 * struct vtd_path - how an address is translated
 * @root: physical address of the top table
 * @levels: levels of tables
 * @iova: the address
 * @level: of the last entry read, which is a page or nothing; 0 is the lowest
 * @entry: the entries, by level; 0 above the top
 */
struct vtd_path {
	u64		root;
	unsigned int	levels;
	u64		iova;
	unsigned int	level;
	u64		entry[MAX_LEVELS];
};

/**
 * struct vtd_walk - the walk that was asked for last
 * @device: the device
 * @iova: the address
 */
struct vtd_walk {
	struct vtd_device	*device;
	u64			iova;
};

static unsigned int level_shift(unsigned int level)
{
	return VTD_PAGE_LOG2 + level * VTD_INDEX_LOG2;
}

static u64 path_span(const struct vtd_path *path)
{
	return 1ULL << level_shift(path->level);
}

static bool path_in_range(const struct vtd_path *path)
{
	return !(path->iova >> level_shift(path->levels));
}

static bool entry_is_used(u64 entry)
{
	return entry & (VTD_SS_READ | VTD_SS_WRITE);
}

static unsigned int context_type(struct vtd_context context)
{
	return FIELD_GET(VTD_CONTEXT_TYPE, context.lo);
}

static unsigned int context_levels(struct vtd_context context)
{
	return vtd_width_to_levels(FIELD_GET(VTD_CONTEXT_WIDTH, context.hi));
}

/* As vtd_context_read(), for a caller that holds the lock. */
static struct vtd_context read_context_locked(struct intel_iommu *unit, u16 sid)
{
	struct vtd_context *table;
	u64 root;

	lockdep_assert_held(&unit->contexts.lock);
	if (!unit->contexts.root)
		return (struct vtd_context) {};
	root = unit->contexts.root[PCI_BUS_NUM(sid)].lo;
	if (!(root & VTD_ROOT_PRESENT))
		return (struct vtd_context) {};
	table = phys_to_virt(root & VTD_ROOT_TABLE);
	return table[sid & 0xff];
}

/*
 * Find the page table of a device. Return NULL, or in words why there is none to
 * walk.
 */
static const char *find_table_locked(const struct vtd_device *device,
				     struct vtd_path *path)
{
	struct intel_iommu *unit = device->unit;
	struct vtd_context context;

	lockdep_assert_held(&unit->contexts.lock);
	if (!(vtd_read32(&unit->regs, VTD_GSTS_REG) & VTD_GCMD_TE))
		return "translation is off";
	context = read_context_locked(unit, device->sid);
	if (!vtd_context_present(context))
		return "blocked";
	/* Not in this kernel's memory, and so perhaps not mapped */
	if (unit->contexts.inherited && test_bit(device->sid, unit->contexts.inherited))
		return "has the tables of the previous kernel";
	if (context_type(context) == VTD_PASS_THROUGH)
		return "passed through";
	if (context_type(context) > VTD_PASS_THROUGH)
		return "has a context entry of unknown type";

	path->root = context.lo & VTD_CONTEXT_TABLE;
	path->levels = context_levels(context);
	return path->levels > MAX_LEVELS ? "has a table of unknown size" : NULL;
}

static void read_path(struct vtd_path *path)
{
	memset(path->entry, 0, sizeof(path->entry));
	path->level = io_pgtable_vtd_path(path->root, path->levels, path->iova,
					  path->entry);
}

/* The context entry */

static const char *context_type_name(struct vtd_context context)
{
	switch (context_type(context)) {
	case VTD_TRANSLATE:
		return "translate";
	case VTD_TRANSLATE_ATS:
		return "translate, ATS";
	case VTD_PASS_THROUGH:
		return "pass-through";
	default:
		return "reserved";
	}
}

static int context_show(struct seq_file *m, void *unused)
{
	struct vtd_device *device = m->private;
	u16 sid = device->sid;
	struct vtd_context context = vtd_context_read(device->unit, sid);

	seq_printf(m, "unit %s\n", device->unit->name);
	seq_printf(m, "source_id %02x:%02x.%x\n", PCI_BUS_NUM(sid), PCI_SLOT(sid),
		   PCI_FUNC(sid));
	seq_printf(m, "entry 0x%016llx:0x%016llx\n", context.hi, context.lo);
	seq_printf(m, "present %s\n", str_yes_no(vtd_context_present(context)));
	seq_printf(m, "type %s\n", context_type_name(context));
	seq_printf(m, "levels %u\n", context_levels(context));
	seq_printf(m, "did %u\n", vtd_context_did(context));
	seq_printf(m, "table 0x%llx\n", context.lo & VTD_CONTEXT_TABLE);
	seq_printf(m, "faults_reported %s\n",
		   str_yes_no(!(context.lo & VTD_CONTEXT_NO_FAULTS)));
	seq_printf(m, "inherited %s\n",
		   str_yes_no(vtd_context_inherited(device->unit, sid)));
	seq_printf(m, "ats %s\n", str_yes_no(READ_ONCE(device->ats_enabled)));
	seq_printf(m, "isolated %s\n", str_yes_no(READ_ONCE(device->isolated)));
	seq_printf(m, "faults %u\n", atomic_read(&device->faults));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(context);

/* The walk for an address */

/* The specification counts levels from 1. */
static void show_level(struct seq_file *m, const struct vtd_path *path,
		       unsigned int level)
{
	u64 entry = path->entry[level], index = path->iova >> level_shift(level);

	seq_printf(m, "level %u index %3llu entry 0x%016llx ", level + 1,
		   index & ((1U << VTD_INDEX_LOG2) - 1), entry);
	if (!entry_is_used(entry))
		seq_puts(m, "nothing\n");
	else
		seq_printf(m, "%s 0x%llx %c%c\n",
			   level == path->level ? "page" : "table",
			   entry & VTD_ADDR_MASK,
			   entry & VTD_SS_READ ? 'r' : '-',
			   entry & VTD_SS_WRITE ? 'w' : '-');
}

static void show_result(struct seq_file *m, const struct vtd_path *path)
{
	u64 entry = path->entry[path->level], offset = path_span(path) - 1;

	if (entry_is_used(entry))
		seq_printf(m, "physical 0x%llx in a page of %llu bytes\n",
			   (entry & VTD_ADDR_MASK & ~offset) | (path->iova & offset),
			   offset + 1);
	else
		seq_puts(m, "not mapped\n");
}

static int walk_show(struct seq_file *m, void *unused)
{
	struct vtd_walk *walk = m->private;
	struct vtd_device *device = walk->device;
	struct vtd_path path = { .iova = READ_ONCE(walk->iova) };
	const char *why;

	scoped_guard(spinlock_irqsave, &device->unit->contexts.lock) {
		why = find_table_locked(device, &path);
		if (!why && !path_in_range(&path))
			why = "has no such address";
		if (!why)
			read_path(&path);
	}

	seq_printf(m, "address 0x%llx\n", path.iova);
	if (why) {
		seq_printf(m, "device %s %s\n", dev_name(device->dev), why);
		return 0;
	}
	seq_printf(m, "table 0x%llx levels %u\n", path.root, path.levels);
	for (unsigned int level = path.levels; level-- > path.level;)
		show_level(m, &path, level);
	show_result(m, &path);
	return 0;
}

/* Take the address to walk to in the next read, in hexadecimal. */
static ssize_t walk_write(struct file *file, const char __user *buf,
			  size_t count, loff_t *pos)
{
	struct vtd_walk *walk = ((struct seq_file *)file->private_data)->private;
	u64 iova;

	if (kstrtoull_from_user(buf, count, 16, &iova))
		return -EINVAL;
	WRITE_ONCE(walk->iova, iova);
	return count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(walk);

/*
 * All pages. A position in the file is 0 for the heading, else 1 more than the
 * frame number of the address to look for pages from: so a reader can go on
 * wherever it was, whatever was mapped and unmapped since.
 */

/**
 * struct vtd_pages - a reader of all pages
 * @device: the device
 * @path: the page that is being shown
 */
struct vtd_pages {
	struct vtd_device	*device;
	struct vtd_path		path;
};

/* Return 0 with a page, -ENOENT if there is no more, -EAGAIN to go on. */
static int find_page_locked(const struct vtd_device *device,
			    struct vtd_path *path)
{
	lockdep_assert_held(&device->unit->contexts.lock);
	if (find_table_locked(device, path))
		return -ENOENT;
	for (unsigned int i = 0; i < PROBES; i++) {
		if (!path_in_range(path))
			return -ENOENT;
		read_path(path);
		if (entry_is_used(path->entry[path->level]))
			return 0;
		path->iova = (path->iova | (path_span(path) - 1)) + 1;
	}
	return -EAGAIN;
}

/* Find the first page at an address or above. */
static void *find_page(struct vtd_pages *pages, loff_t pos)
{
	struct vtd_device *device = pages->device;
	int ret;

	pages->path.iova = (u64)(pos - 1) << VTD_PAGE_LOG2;
	do {
		scoped_guard(spinlock_irqsave, &device->unit->contexts.lock)
			ret = find_page_locked(device, &pages->path);
		cond_resched();
	} while (ret == -EAGAIN && !fatal_signal_pending(current));
	return ret ? NULL : pages;
}

static void *pages_start(struct seq_file *m, loff_t *pos)
{
	return *pos ? find_page(m->private, *pos) : SEQ_START_TOKEN;
}

static void *pages_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct vtd_pages *pages = m->private;
	u64 last;

	if (v == SEQ_START_TOKEN) {
		*pos = 1;
	} else {
		last = pages->path.iova | (path_span(&pages->path) - 1);
		*pos = (last >> VTD_PAGE_LOG2) + 2;
	}
	return find_page(pages, *pos);
}

static void pages_stop(struct seq_file *m, void *v)
{
}

static void show_heading(struct seq_file *m, struct vtd_device *device)
{
	struct vtd_path path = {};
	const char *why;
	u16 sid = device->sid;

	scoped_guard(spinlock_irqsave, &device->unit->contexts.lock)
		why = find_table_locked(device, &path);

	seq_printf(m, "Device %04x:%02x:%02x.%x ", device->segment,
		   PCI_BUS_NUM(sid), PCI_SLOT(sid), PCI_FUNC(sid));
	if (why) {
		seq_printf(m, "%s\n", why);
		return;
	}
	seq_printf(m, "@0x%llx\n", path.root);
	seq_printf(m, "%-17s\t%-18s\t%-18s\t%-18s\t%-18s\t%-s\n", "IOVA_PFN",
		   "PML5E", "PML4E", "PDPE", "PDE", "PTE");
}

static int pages_show(struct seq_file *m, void *v)
{
	struct vtd_pages *pages = m->private;
	struct vtd_path *path = &pages->path;
	u64 first;

	if (v == SEQ_START_TOKEN) {
		show_heading(m, pages->device);
		return 0;
	}
	first = path->iova & ~(path_span(path) - 1);
	seq_printf(m, "0x%013llx |\t0x%016llx\t0x%016llx\t0x%016llx",
		   first >> VTD_PAGE_LOG2, path->entry[4], path->entry[3],
		   path->entry[2]);
	for (int level = 1; level >= (int)path->level; level--)
		seq_printf(m, "\t0x%016llx", path->entry[level]);
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations pages_ops = {
	.start	= pages_start,
	.next	= pages_next,
	.stop	= pages_stop,
	.show	= pages_show,
};

static int pages_open(struct inode *inode, struct file *file)
{
	struct vtd_pages *pages;

	pages = __seq_open_private(file, &pages_ops, sizeof(*pages));
	if (!pages)
		return -ENOMEM;
	pages->device = inode->i_private;
	return 0;
}

static const struct file_operations pages_fops = {
	.owner		= THIS_MODULE,
	.open		= pages_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= seq_release_private,
};

/* Folders of devices */

/**
 * vtd_debugfs_walk_add_device() - make the files of a device
 * @device: the device; its folder is there, or an error pointer
 *
 * Context: Process context, may sleep.
 */
void vtd_debugfs_walk_add_device(struct vtd_device *device)
{
	struct vtd_walk *walk;

	debugfs_create_file("domain_translation_struct", 0444, device->debugfs,
			    device, &pages_fops);
	debugfs_create_file("context", 0444, device->debugfs, device,
			    &context_fops);

	walk = kzalloc(sizeof(*walk), GFP_KERNEL);
	if (!walk)
		return;
	walk->device = device;
	if (IS_ERR(debugfs_create_file("walk", 0644, device->debugfs, walk,
				       &walk_fops)))
		kfree(walk);
}

/**
 * vtd_debugfs_walk_remove_device() - remove the folder of a device
 * @device: the device
 *
 * Context: Process context, may sleep; waits for readers.
 */
void vtd_debugfs_walk_remove_device(struct vtd_device *device)
{
	struct vtd_walk *walk = NULL;
	struct dentry *file;

	if (IS_ERR_OR_NULL(device->debugfs))
		return;
	file = debugfs_lookup("walk", device->debugfs);
	if (file) {
		walk = d_inode(file)->i_private;
		dput(file);
	}
	debugfs_remove(device->debugfs);
	kfree(walk);
}
