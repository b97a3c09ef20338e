// SPDX-License-Identifier: GPL-2.0-only
/*
 * The performance monitor of a unit (specification 11.4.13) as a PMU of perf,
 * named after the unit. Counters are started, stopped and frozen by enhanced
 * commands; an interrupt tells when one has overflowed.
 *
 * A monitor is made and ended with its unit, under dmar_global_lock. The locks
 * are described with struct iommu_pmu.
 */

#define pr_fmt(fmt) "DMAR: " fmt

#include <linux/cleanup.h>
#include <linux/dmar.h>
#include <linux/hardirq.h>
#include <linux/interrupt.h>
#include <linux/slab.h>

#include "ecmd.h"
#include "perfmon.h"
#include "perfmon-internal.h"
#include "unit.h"

/*
 * How often one interrupt looks for more overflows. Counters that overflow
 * faster than they are served would keep it for ever.
 */
#define OVERFLOW_ROUNDS		8

/**
 * struct vtd_pmu_filter - a filter, as userspace describes it
 * @second: its value is in config2, not config1
 * @value: bits of the value
 *
 * Which filters are wanted is in the lowest bits of config1.
 */
struct vtd_pmu_filter {
	bool	second;
	u64	value;
};

static const struct vtd_pmu_filter filters[VTD_PERF_FILTERS] = {
	{ false, GENMASK_ULL(31, 16) },	/* requester */
	{ false, GENMASK_ULL(47, 32) },	/* domain */
	{ true,  GENMASK_ULL(21, 0) },	/* PASID */
	{ true,  GENMASK_ULL(28, 24) },	/* ATS */
	{ true,  GENMASK_ULL(36, 32) },	/* page table */
};

static struct iommu_pmu *to_vtd_pmu(struct pmu *pmu)
{
	return container_of(pmu, struct iommu_pmu, pmu);
}

static u32 event_select(const struct perf_event *event)
{
	return FIELD_GET(VTD_PMU_CONFIG_SELECT, event->attr.config);
}

static u32 event_group(const struct perf_event *event)
{
	return FIELD_GET(VTD_PMU_CONFIG_GROUP, event->attr.config);
}

static unsigned int config_reg(const struct iommu_pmu *pmu, int idx)
{
	return pmu->config_offset + idx * VTD_PERFCFG_BYTES;
}

static unsigned int filter_reg(const struct iommu_pmu *pmu, int idx,
			       unsigned int filter)
{
	return config_reg(pmu, idx) + VTD_PERFCFG_FILTER_OFFSET +
	       filter * VTD_PERFCFG_FILTER_BYTES;
}

static u64 counter_read(const struct iommu_pmu *pmu, int idx)
{
	return vtd_read64(&pmu->unit->regs,
			  pmu->counter_offset + idx * pmu->stride);
}

/* Counting */

static void count_locked(struct iommu_pmu *pmu, struct perf_event *event)
{
	unsigned int unused = 64 - pmu->width;
	u64 before, now;

	lockdep_assert_held(&pmu->lock);
	before = local64_read(&event->hw.prev_count);
	now = counter_read(pmu, event->hw.idx);
	local64_set(&event->hw.prev_count, now);
	/* Only the counter's own bits wrap around as a difference should. */
	local64_add(((now - before) << unused) >> unused, &event->count);
}

/*
 * perf may ask from an NMI, which can have come upon a CPU that holds the lock;
 * it gets what was last known.
 */
static void vtd_pmu_read(struct perf_event *event)
{
	struct iommu_pmu *pmu = to_vtd_pmu(event->pmu);

	if (in_nmi())
		return;
	scoped_guard(raw_spinlock_irqsave, &pmu->lock)
		if (event->hw.idx >= 0)
			count_locked(pmu, event);
}

/*
 * perf has no way to report that a counter could not be started. It stays at 0
 * then, which perf shows as "not counted".
 */
static void vtd_pmu_start(struct perf_event *event, int flags)
{
	struct iommu_pmu *pmu = to_vtd_pmu(event->pmu);
	int idx = event->hw.idx;

	if (WARN_ON_ONCE(idx < 0 || !(event->hw.state & PERF_HES_STOPPED)))
		return;
	event->hw.state = 0;
	scoped_guard(raw_spinlock_irqsave, &pmu->lock)
		local64_set(&event->hw.prev_count, counter_read(pmu, idx));
	vtd_ecmd_submit(pmu->unit, VTD_ECMD_ENABLE_COUNTER, idx, 0);
	perf_event_update_userpage(event);
}

static void vtd_pmu_stop(struct perf_event *event, int flags)
{
	struct iommu_pmu *pmu = to_vtd_pmu(event->pmu);

	if (event->hw.state & PERF_HES_STOPPED)
		return;
	vtd_ecmd_submit(pmu->unit, VTD_ECMD_DISABLE_COUNTER, event->hw.idx, 0);
	vtd_pmu_read(event);
	event->hw.state |= PERF_HES_STOPPED | PERF_HES_UPTODATE;
}

/*
 * Counters that can't count everything are usually the last; to take these
 * first leaves the others for events that need them.
 */
static int take_counter_locked(struct iommu_pmu *pmu, struct perf_event *event)
{
	lockdep_assert_held(&pmu->lock);
	for (int idx = pmu->counters - 1; idx >= 0; idx--) {
		u32 can = pmu->counter_selects[idx][event_group(event)];

		if (test_bit(idx, pmu->used) || !(can & event_select(event)))
			continue;
		__set_bit(idx, pmu->used);
		pmu->events[idx] = event;
		event->hw.idx = idx;
		return 0;
	}
	return -EINVAL;
}

static void set_filters(struct iommu_pmu *pmu, const struct perf_event *event)
{
	const struct perf_event_attr *attr = &event->attr;

	for (unsigned int i = 0; i < VTD_PERF_FILTERS; i++) {
		u64 words = filters[i].second ? attr->config2 : attr->config1;
		u64 value = (words & filters[i].value) >> __ffs64(filters[i].value);

		if (pmu->filters & attr->config1 & BIT(i))
			vtd_write32(&pmu->unit->regs,
				    filter_reg(pmu, event->hw.idx, i),
				    value | VTD_PERFCFG_FILTER_ENABLE);
	}
}

static void clear_filters(struct iommu_pmu *pmu, int idx)
{
	for (unsigned int i = 0; i < VTD_PERF_FILTERS; i++)
		if (pmu->filters & BIT(i))
			vtd_write32(&pmu->unit->regs, filter_reg(pmu, idx, i), 0);
}

static int vtd_pmu_add(struct perf_event *event, int flags)
{
	struct iommu_pmu *pmu = to_vtd_pmu(event->pmu);
	int ret;

	scoped_guard(raw_spinlock_irqsave, &pmu->lock)
		ret = take_counter_locked(pmu, event);
	if (ret)
		return ret;
	vtd_write64(&pmu->unit->regs, config_reg(pmu, event->hw.idx),
		    event->hw.config);
	set_filters(pmu, event);

	event->hw.state = PERF_HES_UPTODATE | PERF_HES_STOPPED;
	if (flags & PERF_EF_START)
		vtd_pmu_start(event, 0);
	return 0;
}

static void vtd_pmu_del(struct perf_event *event, int flags)
{
	struct iommu_pmu *pmu = to_vtd_pmu(event->pmu);
	int idx = event->hw.idx;

	vtd_pmu_stop(event, PERF_EF_UPDATE);
	clear_filters(pmu, idx);
	scoped_guard(raw_spinlock_irqsave, &pmu->lock) {
		/* The interrupt handler finds the event only through this array. */
		pmu->events[idx] = NULL;
		event->hw.idx = -1;
		__clear_bit(idx, pmu->used);
	}
	perf_event_update_userpage(event);
}

static void vtd_pmu_enable(struct pmu *pmu)
{
	vtd_ecmd_submit(to_vtd_pmu(pmu)->unit, VTD_ECMD_UNFREEZE_COUNTERS, 0, 0);
}

static void vtd_pmu_disable(struct pmu *pmu)
{
	vtd_ecmd_submit(to_vtd_pmu(pmu)->unit, VTD_ECMD_FREEZE_COUNTERS, 0, 0);
}

/* Checking events */

/* Events of a group run at the same time, so each needs a counter. */
static bool fits_counters(const struct iommu_pmu *pmu, struct perf_event *event)
{
	struct perf_event *leader = event->group_leader, *sibling;
	unsigned int needed = 1;

	if (leader == event)
		return true;
	if (leader->pmu == &pmu->pmu)
		needed++;
	for_each_sibling_event(sibling, leader)
		if (sibling->pmu == &pmu->pmu &&
		    sibling->state > PERF_EVENT_STATE_OFF)
			needed++;
	return needed <= pmu->counters;
}

static int vtd_pmu_event_init(struct perf_event *event)
{
	struct iommu_pmu *pmu = to_vtd_pmu(event->pmu);

	if (event->attr.type != event->pmu->type)
		return -ENOENT;
	/* A unit counts for the whole machine and knows no tasks to sample. */
	if (event->attr.sample_period || event->cpu < 0)
		return -EINVAL;
	if (event_group(event) >= pmu->groups || !fits_counters(pmu, event))
		return -EINVAL;

	event->hw.idx = -1;
	event->hw.config = FIELD_PREP(VTD_PERFCFG_SELECT, event_select(event)) |
			   FIELD_PREP(VTD_PERFCFG_GROUP, event_group(event)) |
			   VTD_PERFCFG_INTERRUPT;
	return 0;
}

/* Overflow */

static void count_overflows_locked(struct iommu_pmu *pmu, u64 status)
{
	lockdep_assert_held(&pmu->lock);
	for (unsigned int idx = 0; idx < pmu->counters; idx++)
		if (status & BIT_ULL(idx) && pmu->events[idx])
			count_locked(pmu, pmu->events[idx]);
}

static irqreturn_t vtd_pmu_interrupt(int irq, void *data)
{
	struct intel_iommu *unit = data;
	struct iommu_pmu *pmu = unit->pmu;
	u64 status;

	if (!(vtd_read32(&unit->regs, VTD_PERFINTRSTS_REG) &
	      VTD_PERFINTRSTS_PENDING))
		return IRQ_NONE;

	for (int round = 0; round < OVERFLOW_ROUNDS; round++) {
		/*
		 * What overflows while the interrupt is pending raises none, so
		 * look only once it is not.
		 */
		vtd_write32(&unit->regs, VTD_PERFINTRSTS_REG,
			    VTD_PERFINTRSTS_PENDING);
		status = vtd_read64(&unit->regs, pmu->overflow_offset);
		if (!status)
			break;
		scoped_guard(raw_spinlock_irqsave, &pmu->lock)
			count_overflows_locked(pmu, status);
		vtd_write64(&unit->regs, pmu->overflow_offset, status);
	}
	return IRQ_HANDLED;
}

static int set_up_interrupt(struct intel_iommu *unit)
{
	struct iommu_pmu *pmu = unit->pmu;
	int irq, ret;

	irq = dmar_alloc_hwirq(IOMMU_IRQ_ID_OFFSET_PERF + unit->seq_id,
			       unit->node, unit);
	if (irq <= 0)
		return -EINVAL;

	/* Masking it begins while it is requested, and goes by this number. */
	unit->perf_irq = irq;
	snprintf(pmu->irq_name, sizeof(pmu->irq_name), "dmar%d-perf", unit->seq_id);
	ret = request_threaded_irq(irq, NULL, vtd_pmu_interrupt, IRQF_ONESHOT,
				   pmu->irq_name, unit);
	if (ret) {
		dmar_free_hwirq(irq);
		unit->perf_irq = 0;
	}
	return ret;
}

static void tear_down_interrupt(struct intel_iommu *unit)
{
	if (!unit->perf_irq)
		return;
	free_irq(unit->perf_irq, unit);
	dmar_free_hwirq(unit->perf_irq);
	unit->perf_irq = 0;
}

/* Life */

/* Return the name of a missing feature that counting needs, or NULL. */
static const char *what_is_missing(struct intel_iommu *unit, u64 cap)
{
	static const u8 commands[] = {
		VTD_ECMD_ENABLE_COUNTER, VTD_ECMD_DISABLE_COUNTER,
		VTD_ECMD_FREEZE_COUNTERS, VTD_ECMD_UNFREEZE_COUNTERS,
	};
	unsigned int width = FIELD_GET(VTD_PERFCAP_WIDTH, cap);

	if (!FIELD_GET(VTD_PERFCAP_COUNTERS, cap))
		return "counters";
	if (!FIELD_GET(VTD_PERFCAP_GROUPS, cap))
		return "events";
	if (!width || width > 64)
		return "a sensible width of counters";
	if (!(cap & VTD_PERFCAP_INTERRUPT))
		return "an interrupt on overflow";
	for (unsigned int i = 0; i < ARRAY_SIZE(commands); i++)
		if (!vtd_ecmd_supported(unit, commands[i]))
			return "enhanced commands for counters";
	return NULL;
}

/* Read the capabilities that all counters share */
static void read_capabilities(struct iommu_pmu *pmu, u64 cap)
{
	struct vtd_regs *regs = &pmu->unit->regs;

	pmu->counters = FIELD_GET(VTD_PERFCAP_COUNTERS, cap);
	if (pmu->counters > VTD_PMU_COUNTERS) {
		pr_warn("%s: %u of %u counters are used\n", pmu->unit->name,
			VTD_PMU_COUNTERS, pmu->counters);
		pmu->counters = VTD_PMU_COUNTERS;
	}
	pmu->groups = min_t(unsigned int, FIELD_GET(VTD_PERFCAP_GROUPS, cap),
			    VTD_PERF_GROUPS);
	pmu->width = FIELD_GET(VTD_PERFCAP_WIDTH, cap);
	pmu->stride = SZ_1K << FIELD_GET(VTD_PERFCAP_STRIDE, cap);
	pmu->filters = FIELD_GET(VTD_PERFCAP_FILTERS, cap);
	pmu->config_offset = vtd_read32(regs, VTD_PERFCFGOFF_REG);
	pmu->counter_offset = vtd_read32(regs, VTD_PERFCNTROFF_REG);
	pmu->overflow_offset = vtd_read32(regs, VTD_PERFOVFOFF_REG);

	for (unsigned int i = 0; i < pmu->groups; i++) {
		u64 events = vtd_read64(regs, VTD_PERFEVNTCAP_REG +
					      i * VTD_PERFEVNTCAP_BYTES);

		pmu->selects[i] = FIELD_GET(VTD_PERFEVNTCAP_SELECT, events);
	}
}

static bool registers_are_mapped(const struct iommu_pmu *pmu)
{
	u64 config_end = (u64)pmu->config_offset +
			 pmu->counters * VTD_PERFCFG_BYTES;
	u64 counter_end = (u64)pmu->counter_offset +
			  (u64)(pmu->counters - 1) * pmu->stride + sizeof(u64);
	u64 overflow_end = (u64)pmu->overflow_offset + sizeof(u64);

	return max3(config_end, counter_end, overflow_end) <= pmu->unit->reg_size;
}

/* Read the events of a counter that differs from the others */
static void read_own_events(struct iommu_pmu *pmu, unsigned int idx, u32 own)
{
	unsigned int reg = config_reg(pmu, idx) + VTD_PERFCFG_CNTREVCAP_OFFSET;

	memset(pmu->counter_selects[idx], 0, sizeof(pmu->counter_selects[idx]));
	for (unsigned int i = 0; i < FIELD_GET(VTD_PERF_CNTRCAP_GROUPS, own); i++) {
		u32 cap = vtd_read32(&pmu->unit->regs,
				     reg + i * VTD_PERFCFG_CNTREVCAP_BYTES);
		u32 group = FIELD_GET(VTD_PERF_CNTREVCAP_GROUP, cap);
		u32 select = FIELD_GET(VTD_PERF_CNTREVCAP_SELECT, cap);

		pmu->counter_selects[idx][group] = select;
		/* Some events are known only to some counters. */
		pmu->selects[group] |= select;
	}
}

/* Counters that differ in more than their events end the list, with the rest. */
static void read_counters(struct iommu_pmu *pmu)
{
	u32 common[VTD_PERF_GROUPS];

	memcpy(common, pmu->selects, sizeof(common));
	for (unsigned int idx = 0; idx < pmu->counters; idx++) {
		u32 own = vtd_read32(&pmu->unit->regs, config_reg(pmu, idx) +
						       VTD_PERFCFG_CNTRCAP_OFFSET);

		memcpy(pmu->counter_selects[idx], common, sizeof(common));
		if (!(own & VTD_PERF_CNTRCAP_OWN))
			continue;
		if (FIELD_GET(VTD_PERF_CNTRCAP_WIDTH, own) != pmu->width ||
		    !(own & VTD_PERF_CNTRCAP_INTERRUPT)) {
			pr_warn("%s: counter %u is unlike the others; %u are used\n",
				pmu->unit->name, idx, idx);
			pmu->counters = idx;
			return;
		}
		read_own_events(pmu, idx, own);
	}
}

/**
 * vtd_pmu_alloc() - find out what a unit can count
 * @unit: the unit; its registers are mapped and its capabilities known
 *
 * Context: Process context, may sleep; under dmar_global_lock or before others know
 * the unit.
 * Return: 0, also for a unit without a monitor; -ENODEV if its monitor lacks
 * something; -ENOMEM. The unit works as well without.
 */
int vtd_pmu_alloc(struct intel_iommu *unit)
{
	const char *missing;
	u64 cap;

	if (!vtd_ecap_perfmon(unit->ecap))
		return 0;
	cap = vtd_read64(&unit->regs, VTD_PERFCAP_REG);
	missing = what_is_missing(unit, cap);
	if (missing) {
		pr_info("%s: performance monitor lacks %s\n", unit->name, missing);
		return -ENODEV;
	}

	struct iommu_pmu *pmu __free(kfree) = kzalloc(sizeof(*pmu), GFP_KERNEL);

	if (!pmu)
		return -ENOMEM;
	pmu->unit = unit;
	raw_spin_lock_init(&pmu->lock);
	read_capabilities(pmu, cap);
	if (!registers_are_mapped(pmu)) {
		pr_warn(FW_BUG "%s: performance monitor is beyond the registers\n",
			unit->name);
		return -ENODEV;
	}
	read_counters(pmu);
	if (!pmu->counters)
		return -ENODEV;
	vtd_pmu_attrs_init(pmu);
	unit->pmu = no_free_ptr(pmu);
	return 0;
}

/**
 * vtd_pmu_free() - free what vtd_pmu_alloc() made
 * @unit: the unit, not registered with perf, or not any more
 *
 * Context: Any context.
 */
void vtd_pmu_free(struct intel_iommu *unit)
{
	kfree(unit->pmu);
	unit->pmu = NULL;
}

static int register_with_perf(struct iommu_pmu *pmu)
{
	pmu->pmu = (struct pmu) {
		.module		= THIS_MODULE,
		.task_ctx_nr	= perf_invalid_context,
		.capabilities	= PERF_PMU_CAP_NO_EXCLUDE,
		.scope		= PERF_PMU_SCOPE_SYS_WIDE,
		.attr_groups	= pmu->attrs.groups,
		.event_init	= vtd_pmu_event_init,
		.pmu_enable	= vtd_pmu_enable,
		.pmu_disable	= vtd_pmu_disable,
		.add		= vtd_pmu_add,
		.del		= vtd_pmu_del,
		.start		= vtd_pmu_start,
		.stop		= vtd_pmu_stop,
		.read		= vtd_pmu_read,
	};
	return perf_pmu_register(&pmu->pmu, pmu->unit->name, -1);
}

/**
 * vtd_pmu_register() - make the monitor of a unit known to perf
 * @unit: the unit, with a monitor or without
 *
 * A monitor that can't be made known is freed.
 *
 * Context: Process context, may sleep; under dmar_global_lock.
 */
void vtd_pmu_register(struct intel_iommu *unit)
{
	struct iommu_pmu *pmu = unit->pmu;
	int ret;

	if (!pmu)
		return;
	ret = register_with_perf(pmu);
	if (!ret) {
		ret = set_up_interrupt(unit);
		if (!ret)
			return;
		perf_pmu_unregister(&pmu->pmu);
	}
	pr_err("%s: performance monitor: error %d\n", unit->name, ret);
	vtd_pmu_free(unit);
}

/**
 * vtd_pmu_unregister() - take the monitor of a unit away from perf
 * @unit: the unit, with a monitor or without
 *
 * Context: Process context, may sleep; under dmar_global_lock.
 */
void vtd_pmu_unregister(struct intel_iommu *unit)
{
	if (!unit->pmu)
		return;
	tear_down_interrupt(unit);
	perf_pmu_unregister(&unit->pmu->pmu);
}
