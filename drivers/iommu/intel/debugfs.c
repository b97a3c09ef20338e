// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver in debugfs: the folders, and what units have in their registers
 * and queues. See debugfs-internal.h for the locks.
 */

#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/dmar.h>
#include <linux/log2.h>
#include <linux/rwsem.h>
#include <linux/seq_file.h>

#include "debugfs.h"
#include "debugfs-internal.h"
#include "device.h"
#include "unit.h"

static struct dentry *root;

/* Registers */

/* Shown, but of no use to the driver; offsets in bytes */
#define AFLOG_REG	0x58	/* advanced fault log */
#define PLMBASE_REG	0x68	/* protected memory, low and high */
#define PLMLIMIT_REG	0x6c
#define PHMBASE_REG	0x70
#define PHMLIMIT_REG	0x78

/* Fixed ranges of 4 KiB, and pairs of base and mask, follow each other. */
#define MTRR_FIX4K_BYTES	8
#define MTRR_PAIR_BYTES		16
#define MTRR_PAIRS		10

/**
 * struct vtd_register - a register to show
 * @offset: in bytes
 * @name: name that it is known by
 */
struct vtd_register {
	unsigned int	offset;
	const char	*name;
};

static const struct vtd_register registers_32[] = {
	{ VTD_VER_REG, "VER" },
	{ VTD_GCMD_REG, "GCMD" },
	{ VTD_GSTS_REG, "GSTS" },
	{ VTD_FSTS_REG, "FSTS" },
	{ VTD_FECTL_REG, "FECTL" },
	{ VTD_FEDATA_REG, "FEDATA" },
	{ VTD_FEADDR_REG, "FEADDR" },
	{ VTD_FEUADDR_REG, "FEUADDR" },
	{ VTD_PMEN_REG, "PMEN" },
	{ PLMBASE_REG, "PLMBASE" },
	{ PLMLIMIT_REG, "PLMLIMIT" },
	{ VTD_ICS_REG, "ICS" },
	{ VTD_PRS_REG, "PRS" },
	{ VTD_PECTL_REG, "PECTL" },
	{ VTD_PEDATA_REG, "PEDATA" },
	{ VTD_PEADDR_REG, "PEADDR" },
	{ VTD_PEUADDR_REG, "PEUADDR" },
};

static const struct vtd_register registers_64[] = {
	{ VTD_CAP_REG, "CAP" },
	{ VTD_ECAP_REG, "ECAP" },
	{ VTD_RTADDR_REG, "RTADDR" },
	{ VTD_CCMD_REG, "CCMD" },
	{ AFLOG_REG, "AFLOG" },
	{ PHMBASE_REG, "PHMBASE" },
	{ PHMLIMIT_REG, "PHMLIMIT" },
	{ VTD_IQH_REG, "IQH" },
	{ VTD_IQT_REG, "IQT" },
	{ VTD_IQA_REG, "IQA" },
	{ VTD_IRTA_REG, "IRTA" },
	{ VTD_PQH_REG, "PQH" },
	{ VTD_PQT_REG, "PQT" },
	{ VTD_PQA_REG, "PQA" },
	{ VTD_MTRRCAP_REG, "MTRRCAP" },
	{ VTD_MTRRDEF_REG, "MTRRDEF" },
	{ VTD_MTRR_FIX64K_00000_REG, "MTRR_FIX64K_00000" },
	{ VTD_MTRR_FIX16K_80000_REG, "MTRR_FIX16K_80000" },
	{ VTD_MTRR_FIX16K_A0000_REG, "MTRR_FIX16K_A0000" },
	{ VTD_MTRR_FIX4K_C0000_REG, "MTRR_FIX4K_C0000" },
	{ VTD_MTRR_FIX4K_C0000_REG + 1 * MTRR_FIX4K_BYTES, "MTRR_FIX4K_C8000" },
	{ VTD_MTRR_FIX4K_C0000_REG + 2 * MTRR_FIX4K_BYTES, "MTRR_FIX4K_D0000" },
	{ VTD_MTRR_FIX4K_C0000_REG + 3 * MTRR_FIX4K_BYTES, "MTRR_FIX4K_D8000" },
	{ VTD_MTRR_FIX4K_C0000_REG + 4 * MTRR_FIX4K_BYTES, "MTRR_FIX4K_E0000" },
	{ VTD_MTRR_FIX4K_C0000_REG + 5 * MTRR_FIX4K_BYTES, "MTRR_FIX4K_E8000" },
	{ VTD_MTRR_FIX4K_C0000_REG + 6 * MTRR_FIX4K_BYTES, "MTRR_FIX4K_F0000" },
	{ VTD_MTRR_FIX4K_C0000_REG + 7 * MTRR_FIX4K_BYTES, "MTRR_FIX4K_F8000" },
};

static void show_register(struct seq_file *m, const char *name,
			  unsigned int offset, u64 value)
{
	seq_printf(m, "%-16s\t0x%02x\t\t0x%016llx\n", name, offset, value);
}

static void show_mtrr_pairs(struct seq_file *m, struct intel_iommu *unit)
{
	char name[20];

	for (unsigned int i = 0; i < MTRR_PAIRS; i++) {
		unsigned int base = VTD_MTRR_PHYSBASE0_REG + i * MTRR_PAIR_BYTES;
		unsigned int mask = VTD_MTRR_PHYSMASK0_REG + i * MTRR_PAIR_BYTES;

		snprintf(name, sizeof(name), "MTRR_PHYSBASE%u", i);
		show_register(m, name, base, vtd_read64(&unit->regs, base));
		snprintf(name, sizeof(name), "MTRR_PHYSMASK%u", i);
		show_register(m, name, mask, vtd_read64(&unit->regs, mask));
	}
}

static void show_registers(struct seq_file *m, struct intel_iommu *unit)
{
	unsigned int i;

	seq_printf(m, "IOMMU: %s Register Base Address: %llx\n", unit->name,
		   unit->reg_phys);
	seq_puts(m, "Name\t\t\tOffset\t\tContents\n");
	for (i = 0; i < ARRAY_SIZE(registers_32); i++)
		show_register(m, registers_32[i].name, registers_32[i].offset,
			      vtd_read32(&unit->regs, registers_32[i].offset));
	for (i = 0; i < ARRAY_SIZE(registers_64); i++)
		show_register(m, registers_64[i].name, registers_64[i].offset,
			      vtd_read64(&unit->regs, registers_64[i].offset));
	show_mtrr_pairs(m, unit);
	seq_putc(m, '\n');
}

static int iommu_regset_show(struct seq_file *m, void *unused)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *unit;

	guard(rwsem_read)(&dmar_global_lock);
	for_each_active_iommu(unit, drhd)
		show_registers(m, unit);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(iommu_regset);

/* Queues */

static void show_queue(struct seq_file *m, struct intel_iommu *unit)
{
	u64 address = vtd_read64(&unit->regs, VTD_IQA_REG);
	bool wide = address & VTD_IQA_WIDE;
	struct vtd_desc desc;
	unsigned int bytes;
	u32 status;

	bytes = vtd_qi_peek(unit, 0, &desc, &status);
	if (!bytes)
		return;

	seq_printf(m, "Invalidation queue on IOMMU: %s\n", unit->name);
	seq_printf(m, " Base: 0x%llx\tHead: %llu\tTail: %llu\n",
		   address & VTD_IQA_QUEUE,
		   vtd_read64(&unit->regs, VTD_IQH_REG) >> ilog2(bytes),
		   vtd_read64(&unit->regs, VTD_IQT_REG) >> ilog2(bytes));
	seq_printf(m, "Index\t\tqw0\t\t\tqw1\t\t\t%sstatus\n",
		   wide ? "qw2\t\t\tqw3\t\t\t" : "");
	for (unsigned int i = 0; vtd_qi_peek(unit, i, &desc, &status); i++) {
		seq_printf(m, "%5u\t%016llx\t%016llx\t", i, desc.lo, desc.hi);
		/* Legacy mode has no descriptor with more than two words. */
		if (wide)
			seq_printf(m, "%016x\t%016x\t", 0, 0);
		seq_printf(m, "%016x\n", status);
	}
	seq_putc(m, '\n');
}

static int invalidation_queue_show(struct seq_file *m, void *unused)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *unit;

	guard(rwsem_read)(&dmar_global_lock);
	for_each_active_iommu(unit, drhd)
		show_queue(m, unit);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(invalidation_queue);

/* Folders */

/**
 * vtd_debugfs_init() - make the driver's folder
 *
 * Context: Process context, may sleep; before units and devices are added.
 */
void vtd_debugfs_init(void)
{
	root = debugfs_create_dir("intel", iommu_debugfs_dir);
	debugfs_create_file("iommu_regset", 0444, root, NULL, &iommu_regset_fops);
	debugfs_create_file("invalidation_queue", 0444, root, NULL,
			    &invalidation_queue_fops);
	vtd_debugfs_tables_init(root);
	vtd_debugfs_stats_init(root);
	debugfs_create_symlink("high_watermark", root, "../dma/high_watermark");
}

/**
 * vtd_debugfs_add_unit() - make the folder of a unit
 * @unit: the unit, set up
 *
 * Context: Process context, may sleep.
 */
void vtd_debugfs_add_unit(struct intel_iommu *unit)
{
	vtd_debugfs_stats_add_unit(unit, debugfs_create_dir(unit->name, root));
}

/**
 * vtd_debugfs_remove_unit() - remove the folder of a unit
 * @unit: the unit, still set up
 *
 * Context: Process context, may sleep; waits for readers.
 */
void vtd_debugfs_remove_unit(struct intel_iommu *unit)
{
	debugfs_lookup_and_remove(unit->name, root);
}

/**
 * vtd_debugfs_add_device() - make the folder of a device
 * @device: the device, known to its unit
 *
 * Context: Process context, may sleep; the core's group mutex may be held.
 */
void vtd_debugfs_add_device(struct vtd_device *device)
{
	device->debugfs = debugfs_create_dir(dev_name(device->dev), root);
	vtd_debugfs_walk_add_device(device);
}

/**
 * vtd_debugfs_remove_device() - remove the folder of a device
 * @device: the device; also if vtd_debugfs_add_device() failed in part
 *
 * Context: Process context, may sleep; waits for readers. The core's group mutex may be
 * held.
 */
void vtd_debugfs_remove_device(struct vtd_device *device)
{
	vtd_debugfs_walk_remove_device(device);
	device->debugfs = NULL;
}
