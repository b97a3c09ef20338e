/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A remapping unit: struct intel_iommu and what each file keeps in it. For .c
 * files only: other headers declare struct intel_iommu and don't look inside.
 */

#ifndef _VTD_UNIT_H
#define _VTD_UNIT_H

#include <linux/dmar.h>
#include <linux/iommu.h>
#include <linux/spinlock.h>

#include "context.h"
#include "did.h"
#include "fault.h"
#include "hw/caps.h"
#include "hw/regs.h"
#include "irte.h"
#include "mmio.h"
#include "qi.h"

struct iommu_pmu;

/* The previous kernel left it on */
#define VTD_UNIT_TRANSLATION_INHERITED	BIT(0)
#define VTD_UNIT_INTERRUPTS_INHERITED	BIT(1)

/**
 * struct intel_iommu - a remapping unit
 * @regs: (c) its registers
 * @reg_phys: (c) their physical address
 * @reg_size: (c) their size in bytes
 * @cap: (c) capabilities, quirks included
 * @ecap: (c) extended capabilities
 * @drain: (c) requests that an IOTLB invalidation must drain, VTD_DESC_DRAIN_*
 * @register_lock: orders what takes several registers; innermost lock, taken
 *	with interrupts off
 * @gcmd: (r) lasting bits of the Global Command Register that are set
 * @seq_id: (c) number of the unit, as in its name; below DMAR_UNITS_SUPPORTED
 * @levels: (c) levels of page tables that domains get by default
 * @max_levels: (c) most levels that the unit takes, for pass-through
 * @irq: (i) interrupt of faults, 0 before it is set up
 * @perf_irq: (i) interrupt of the performance monitor, likewise
 * @segment: (c) PCI segment
 * @name: (c) "dmarN"
 * @node: (c) NUMA node or NUMA_NO_NODE
 * @flags: (i) VTD_UNIT_*
 * @event_state: registers of the fault event while the machine sleeps, see
 *	power.c
 * @drhd: (c) its entry in the list of units
 * @qi: invalidation queue, see qi.h
 * @dids: domain-ids, see did.h
 * @contexts: root and context tables, see context.h
 * @faults: fault records and their counts, see fault.h
 * @irt: interrupt remapping, see irte.h
 * @devices: devices behind the unit by source-id; the xarray's own lock, and
 *	RCU for looking one up
 * @aliases: devices that have a context entry, by source-id; one group's mutex
 *	for each source-id
 * @iommu: (c) its handle in the core
 * @pmu: (i) performance monitor or NULL
 * @perf_statistic: latency statistics, see perf.c
 *
 * Made by vtd_unit_create() when its DRHD is parsed, freed by vtd_unit_free().
 * (c) constant once created, (i) changes only while the unit is set up or torn
 * down, under dmar_global_lock, (r) @register_lock.
 */
struct intel_iommu {
	struct vtd_regs		regs;
	u64			reg_phys;
	u64			reg_size;
	struct vtd_cap		cap;
	struct vtd_ecap		ecap;
	u64			drain;
	raw_spinlock_t		register_lock;
	u32			gcmd;
	int			seq_id;
	unsigned int		levels;
	unsigned int		max_levels;
	unsigned int		irq;
	unsigned int		perf_irq;
	u16			segment;
	char			name[16];
	int			node;
	u32			flags;
	u32			event_state[4];
	struct dmar_drhd_unit	*drhd;

	struct vtd_qi		*qi;
	struct vtd_dids		dids;
	struct vtd_contexts	contexts;
	struct vtd_faults	faults;
	struct vtd_irt		irt;

	struct xarray		devices;
	struct xarray		aliases;
	struct iommu_device	iommu;
	struct iommu_pmu	*pmu;
	void			*perf_statistic;
};

int vtd_unit_create(struct dmar_drhd_unit *drhd);
void vtd_unit_free(struct intel_iommu *unit);
void vtd_unit_init(struct intel_iommu *unit);
void vtd_unit_release(struct intel_iommu *unit);
int vtd_unit_read_caps(struct intel_iommu *unit);

#endif /* _VTD_UNIT_H */
