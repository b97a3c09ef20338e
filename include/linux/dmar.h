/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DMA remapping units as firmware reports them (ACPI table DMAR), and the
 * layout of interrupt remapping entries.
 *
 * What the rest of the kernel may ask of Intel VT-d is here; the driver itself
 * is in drivers/iommu/intel/.
 */

#ifndef __DMAR_H__
#define __DMAR_H__

#include <linux/acpi.h>
#include <linux/irqreturn.h>
#include <linux/msi.h>
#include <linux/rculist.h>
#include <linux/rwsem.h>
#include <linux/types.h>

struct acpi_dmar_header;
struct device;
struct intel_iommu;
struct irq_data;
struct pci_dev;

/* Most units of a machine; more are left alone, with a message */
#define DMAR_UNITS_SUPPORTED	1024

/* Flags of the table (specification 8.1) */
#define DMAR_INTR_REMAP		BIT(0)
#define DMAR_X2APIC_OPT_OUT	BIT(1)
#define DMAR_PLATFORM_OPT_IN	BIT(2)

/**
 * struct dmar_dev_scope - place of a device in a device scope
 * @dev: the device, with a reference to it, or NULL while it is not there.
 *	Changes under dmar_global_lock held for writing; read under RCU. Its
 *	reference is dropped a grace period after it left the place.
 * @bus: bus number of @dev's requests, valid while @dev is set
 * @devfn: device and function number of @dev's requests, likewise
 *
 * The array lives as long as the structure of the table that it is of, and has
 * one place per entry that names a device.
 */
struct dmar_dev_scope {
	struct device __rcu	*dev;
	u8			bus;
	u8			devfn;
};

#ifdef CONFIG_DMAR_TABLE

/**
 * struct dmar_drhd_unit - a remapping unit as firmware reports it
 * @list: in dmar_drhd_units; changes under dmar_global_lock held for writing,
 *	walked under it or under RCU
 * @hdr: (c) a copy of its structure in the table, without entries of its device
 *	scope that make no sense; lives as long as the unit
 * @reg_base_addr: (c) physical address of its registers, a multiple of 4 KiB
 * @reg_size: (c) their size in bytes, as reported
 * @devices: (c) devices of its scope, see there
 * @devices_cnt: (c) places in @devices
 * @segment: (c) PCI segment of its devices
 * @ignored: DMA remapping is not used; set under dmar_global_lock before
 *	devices are probed
 * @include_all: (c) has all devices of the segment that are in no other's scope
 * @gfx_dedicated: has graphics only; set as @ignored is
 * @iommu: (c) the unit itself; never NULL while @list is linked
 *
 * Made when its structure is parsed: at boot, or when a host bridge is added.
 * Unlinked under dmar_global_lock, and freed a grace period later, when its host
 * bridge is removed; units present at boot also go at the end of boot where
 * neither DMA nor interrupts are remapped. Hot plug takes a unit away only after
 * all of its devices. (c) constant while it is linked.
 */
struct dmar_drhd_unit {
	struct list_head	list;
	struct acpi_dmar_header	*hdr;
	u64			reg_base_addr;
	unsigned long		reg_size;
	struct dmar_dev_scope	*devices;
	int			devices_cnt;
	u16			segment;
	u8			ignored:1;
	u8			include_all:1;
	u8			gfx_dedicated:1;
	struct intel_iommu	*iommu;
};

/**
 * struct dmar_pci_notify_info - a PCI device that comes or goes
 * @dev: the device; never a virtual function
 * @event: BUS_NOTIFY_ADD_DEVICE or BUS_NOTIFY_REMOVED_DEVICE
 * @seg: its PCI segment
 *
 * On the stack of whoever tells of it, under dmar_global_lock.
 */
struct dmar_pci_notify_info {
	struct pci_dev		*dev;
	unsigned long		event;
	u16			seg;
};

/* The table. Set by dmar_table_init(), for boot only */
extern struct acpi_table_header *dmar_tbl;

/*
 * Orders all changes of what firmware reports, and setting up and tearing down
 * units. Taken before any lock of a unit; in interrupts use RCU.
 */
extern struct rw_semaphore dmar_global_lock;

/* struct dmar_drhd_unit; those with include_all stand at the end */
extern struct list_head dmar_drhd_units;

static inline bool dmar_rcu_check(void)
{
	return system_state == SYSTEM_BOOTING || rwsem_is_locked(&dmar_global_lock);
}

/**
 * dmar_next_unit() - step through the units
 * @unit: unit to go on behind, NULL to start
 * @active: leave out those that are ignored
 *
 * Context: under dmar_global_lock or RCU, for as long as the unit is used.
 * Return: the next unit, or NULL behind the last.
 */
static inline struct dmar_drhd_unit *dmar_next_unit(struct dmar_drhd_unit *unit,
						    bool active)
{
	struct list_head *at = unit ? &unit->list : &dmar_drhd_units;

	RCU_LOCKDEP_WARN(!dmar_rcu_check() && !rcu_read_lock_any_held(),
			 "list of remapping units walked without protection");
	do {
		at = rcu_dereference_raw(list_next_rcu(at));
		if (at == &dmar_drhd_units)
			return NULL;
		unit = list_entry(at, struct dmar_drhd_unit, list);
	} while (active && unit->ignored);

	return unit;
}

/**
 * struct dmar_unit_walk - a walk through the units
 * @unit: where the unit is to be put; NULL to start, and behind the last
 * @iommu: where its @iommu is to be put, or NULL
 * @active: leave out units that are ignored
 */
struct dmar_unit_walk {
	struct dmar_drhd_unit	**unit;
	struct intel_iommu	**iommu;
	bool			active;
};

static inline struct dmar_unit_walk dmar_units_start(struct dmar_drhd_unit **unit,
						     struct intel_iommu **iommu,
						     bool active)
{
	*unit = NULL;
	return (struct dmar_unit_walk) { unit, iommu, active };
}

/* What the iterators end by: false behind the last unit */
static inline bool dmar_units_step(const struct dmar_unit_walk *walk)
{
	struct dmar_drhd_unit *unit = dmar_next_unit(*walk->unit, walk->active);

	*walk->unit = unit;
	if (walk->iommu)
		*walk->iommu = unit ? unit->iommu : NULL;
	return unit;
}

/**
 * struct dmar_places_walk - a walk through the places of a scope
 * @places: the scope
 * @count: its places
 * @index: where the place is to be put; @count behind the last
 * @dev: where its device is to be put, NULL if it is empty
 * @active: leave out places that are empty
 *
 * Under dmar_global_lock or RCU, for as long as the device is used.
 */
struct dmar_places_walk {
	const struct dmar_dev_scope	*places;
	int				count;
	int				*index;
	struct device			**dev;
	bool				active;
};

static inline struct dmar_places_walk
dmar_places_start(const struct dmar_dev_scope *places, int count, int *index,
		  struct device **dev, bool active)
{
	*index = -1;
	return (struct dmar_places_walk) { places, count, index, dev, active };
}

/* What the iterators end by: false behind the last place */
static inline bool dmar_places_step(const struct dmar_places_walk *walk)
{
	*walk->dev = NULL;
	while (++*walk->index < walk->count) {
		*walk->dev = rcu_dereference_check(walk->places[*walk->index].dev,
						   dmar_rcu_check());
		if (*walk->dev || !walk->active)
			return true;
	}
	return false;
}

/* All units, also those that are not used for DMA; @unit ends as NULL */
#define for_each_drhd_unit(unit)					\
	for (struct dmar_unit_walk __walk =				\
		     dmar_units_start(&(unit), NULL, false);		\
	     dmar_units_step(&__walk);)

/* All units that are used for DMA */
#define for_each_active_drhd_unit(unit)					\
	for (struct dmar_unit_walk __walk =				\
		     dmar_units_start(&(unit), NULL, true);		\
	     dmar_units_step(&__walk);)

#define for_each_iommu(i, unit)						\
	for (struct dmar_unit_walk __walk =				\
		     dmar_units_start(&(unit), &(i), false);		\
	     dmar_units_step(&__walk);)

#define for_each_active_iommu(i, unit)					\
	for (struct dmar_unit_walk __walk =				\
		     dmar_units_start(&(unit), &(i), true);		\
	     dmar_units_step(&__walk);)

/* All places of a scope, empty ones included */
#define for_each_dev_scope(places, count, i, tmp)			\
	for (struct dmar_places_walk __places =				\
		     dmar_places_start(places, count, &(i), &(tmp), false); \
	     dmar_places_step(&__places);)

/* All devices of a scope that are there; @i ends as @count */
#define for_each_active_dev_scope(places, count, i, tmp)		\
	for (struct dmar_places_walk __places =				\
		     dmar_places_start(places, count, &(i), &(tmp), true); \
	     dmar_places_step(&__places);)

void detect_intel_iommu(void);
bool dmar_platform_optin(void);
int dmar_table_init(void);
int dmar_dev_scope_init(void);
void dmar_register_bus_notifier(void);
int dmar_device_add(acpi_handle handle);
int dmar_device_remove(acpi_handle handle);
struct dmar_drhd_unit *dmar_find_matched_drhd_unit(struct pci_dev *dev);

/* drivers/iommu/intel/init.c */
int intel_iommu_init(void);
void intel_iommu_shutdown(void);
int dmar_iommu_hotplug(struct dmar_drhd_unit *unit, bool insert);

/* drivers/iommu/intel/fault-irq.c */
int dmar_set_interrupt(struct intel_iommu *iommu);

#ifdef CONFIG_IRQ_REMAP
/* drivers/iommu/intel/irq_remapping.c */
int enable_drhd_fault_handling(unsigned int cpu);
int dmar_ir_hotplug(struct dmar_drhd_unit *unit, bool insert);
void intel_irq_remap_add_device(struct dmar_pci_notify_info *info);
#else
static inline int dmar_ir_hotplug(struct dmar_drhd_unit *unit, bool insert)
{
	return 0;
}

static inline void intel_irq_remap_add_device(struct dmar_pci_notify_info *info)
{
}
#endif /* CONFIG_IRQ_REMAP */

#else /* !CONFIG_DMAR_TABLE */

static inline void detect_intel_iommu(void)
{
}

static inline bool dmar_platform_optin(void)
{
	return false;
}

static inline int dmar_device_add(void *handle)
{
	return 0;
}

static inline int dmar_device_remove(void *handle)
{
	return 0;
}

#endif /* CONFIG_DMAR_TABLE */

/**
 * struct irte - an interrupt remapping entry (specification 9.10 and 9.11)
 * @present: interrupts may use the entry, else they fault
 * @fpd: faults are not reported
 * @avail: not looked at by hardware
 * @pst: the entry is in posted format
 * @vector: of the interrupt; where it is posted, the guest's
 * @r_present: @present, of the remapped format
 * @r_fpd: @fpd, likewise
 * @dst_mode: @dest_id is logical, not physical
 * @redir_hint: the interrupt may go to any one CPU of @dest_id
 * @trigger_mode: level, not edge
 * @dlvry_mode: delivery mode as in an MSI
 * @r_avail: @avail, likewise
 * @r_vector: @vector, likewise
 * @dest_id: APIC-id; without x2APIC 8 bits of it, in bits 15:8
 * @p_present: @present, of the posted format
 * @p_fpd: @fpd, likewise
 * @p_avail: @avail, likewise
 * @p_urgent: the notification is sent also where the descriptor says not to
 * @p_pst: @pst, set
 * @p_vector: @vector, likewise
 * @pda_l: bits 31:6 of the posted descriptor's physical address
 * @low: all of the first word
 * @sid: source-id that a request has to have
 * @sq: which bits of the function number are compared
 * @svt: how the source-id is checked: not at all, as it is, or by bus
 * @p_sid: @sid, likewise
 * @p_sq: @sq, likewise
 * @p_svt: @svt, likewise
 * @pda_h: bits 63:32 of the posted descriptor's physical address
 * @high: all of the second word
 * @irte: all of it, to be exchanged at once
 * @__res0: reserved, 0
 * @__res1: reserved, 0
 * @__res2: reserved, 0
 * @__res3: reserved, 0
 * @__res4: reserved, 0
 * @__res5: reserved, 0
 * @__res6: reserved, 0
 * @__res7: reserved, 0
 * @__res8: reserved, 0
 * @__res9: reserved, 0
 */
struct irte {
	union {
		struct {
			union {
				/* What both formats have */
				struct {
					u64 present	: 1;	/* 0 */
					u64 fpd		: 1;
					u64 __res0	: 6;
					u64 avail	: 4;	/* 11:8 */
					u64 __res1	: 3;
					u64 pst		: 1;	/* 15 */
					u64 vector	: 8;	/* 23:16 */
					u64 __res2	: 40;
				};
				/* Remapped format */
				struct {
					u64 r_present	: 1;	/* 0 */
					u64 r_fpd	: 1;
					u64 dst_mode	: 1;
					u64 redir_hint	: 1;
					u64 trigger_mode : 1;	/* 4 */
					u64 dlvry_mode	: 3;	/* 7:5 */
					u64 r_avail	: 4;
					u64 __res3	: 4;
					u64 r_vector	: 8;	/* 23:16 */
					u64 __res4	: 8;
					u64 dest_id	: 32;	/* 63:32 */
				};
				/* Posted format */
				struct {
					u64 p_present	: 1;	/* 0 */
					u64 p_fpd	: 1;
					u64 __res5	: 6;
					u64 p_avail	: 4;	/* 11:8 */
					u64 __res6	: 2;
					u64 p_urgent	: 1;	/* 14 */
					u64 p_pst	: 1;
					u64 p_vector	: 8;	/* 23:16 */
					u64 __res7	: 14;
					u64 pda_l	: 26;	/* 63:38 */
				};
				u64 low;
			};
			union {
				/* What both formats have */
				struct {
					u64 sid		: 16;	/* 79:64 */
					u64 sq		: 2;
					u64 svt		: 2;	/* 83:82 */
					u64 __res8	: 44;
				};
				/* Posted format */
				struct {
					u64 p_sid	: 16;	/* 79:64 */
					u64 p_sq	: 2;
					u64 p_svt	: 2;
					u64 __res9	: 12;
					u64 pda_h	: 32;	/* 127:96 */
				};
				u64 high;
			};
		};
#ifdef CONFIG_IRQ_REMAP
		__u128 irte;
#endif
	};
};

/* A unit's interrupts are MSIs in its registers, and it is no PCI device */
void dmar_msi_unmask(struct irq_data *data);
void dmar_msi_mask(struct irq_data *data);
void dmar_msi_read(int irq, struct msi_msg *msg);
void dmar_msi_write(int irq, struct msi_msg *msg);
int dmar_alloc_hwirq(int id, int node, void *arg);
void dmar_free_hwirq(int irq);

#endif /* __DMAR_H__ */
