/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A remapping unit made of software: what the specification says hardware does
 * with registers, queue, tables and caches. Made by the book, not by the driver:
 * what a unit does not have to accept is not accepted, and what a driver must
 * not do to it is a *complaint*, which fails the test at its end.
 *
 * Words: an entry is *stale* if the unit still has it cached, but the tables in
 * memory say something else.
 */

#ifndef _VTD_TESTS_MODEL_H
#define _VTD_TESTS_MODEL_H

#include <kunit/test.h>
#include <linux/hrtimer.h>
#include <linux/spinlock.h>

#include "../device.h"
#include "../hw/tables.h"
#include "../unit.h"

/* Offsets of the registers whose offset the capabilities give */
#define MODEL_FAULTS		0x220
#define MODEL_IOTLB		0x500
#define MODEL_BYTES		0x600

#define MODEL_RECORDS		4
#define MODEL_CACHED		512
#define MODEL_DEVICES		8
#define MODEL_DEVICE_PAGES	64

/* Descriptors are counted by domain-id below this, see struct model_seen */
#define MODEL_SEEN		64

/* Fault reasons, specification 5.1.2 and 7.1.3 */
#define MODEL_NO_ROOT		0x01
#define MODEL_NO_CONTEXT	0x02
#define MODEL_BAD_CONTEXT	0x03
#define MODEL_TOO_WIDE		0x04
#define MODEL_NO_WRITE		0x05
#define MODEL_NO_READ		0x06
#define MODEL_ROOT_RESERVED	0x0a
#define MODEL_CONTEXT_RESERVED	0x0b
#define MODEL_PAGE_RESERVED	0x0c
#define MODEL_NO_ATS		0x0d
#define MODEL_INT_RESERVED	0x20
#define MODEL_INT_INDEX		0x21
#define MODEL_INT_NOT_PRESENT	0x22
#define MODEL_INT_BAD_ENTRY	0x24
#define MODEL_INT_COMPATIBILITY	0x25
#define MODEL_INT_SOURCE	0x26

/* What a request wants; a read of no bytes is MODEL_READ | MODEL_EMPTY */
#define MODEL_READ		BIT(0)
#define MODEL_WRITE		BIT(1)
#define MODEL_EMPTY		BIT(2)

/* Of what a unit is usually made in the tests: four levels, all that is good */
#define MODEL_CAP	(FIELD_PREP_CONST(VTD_CAP_ND, 6) | \
			 FIELD_PREP_CONST(VTD_CAP_SAGAW, 0x4) | \
			 FIELD_PREP_CONST(VTD_CAP_MGAW, 47) | VTD_CAP_ZLR | VTD_CAP_PSI | \
			 FIELD_PREP_CONST(VTD_CAP_MAMV, 9) | VTD_CAP_DWD | VTD_CAP_DRD | \
			 FIELD_PREP_CONST(VTD_CAP_SSLPS, 0x3))
#define MODEL_ECAP	(VTD_ECAP_C | VTD_ECAP_QI | VTD_ECAP_DT | VTD_ECAP_IR | \
			 VTD_ECAP_EIM | VTD_ECAP_PT | VTD_ECAP_SC | \
			 FIELD_PREP_CONST(VTD_ECAP_MHMV, 4))

/**
 * enum model_kind - what is cached
 * @MODEL_CONTEXT: a context entry
 * @MODEL_TABLE: an entry of a page table that points to another table
 * @MODEL_PAGE: a translation
 * @MODEL_INTERRUPT: an interrupt remapping entry
 */
enum model_kind {
	MODEL_CONTEXT,
	MODEL_TABLE,
	MODEL_PAGE,
	MODEL_INTERRUPT,
};

/**
 * struct model_cached - one thing that the unit remembers
 * @valid: in use
 * @kind: what it is
 * @did: domain-id it is tagged with
 * @sid: source-id of a context, index of an interrupt
 * @page: first page, in units of 4 KiB
 * @order: log2 of pages
 * @level: of a table: level of the table that is pointed to
 * @lo: entry, or address and rights
 * @hi: rest of the entry
 */
struct model_cached {
	bool valid;
	enum model_kind kind;
	u16 did;
	u16 sid;
	u64 page;
	unsigned int order;
	unsigned int level;
	u64 lo;
	u64 hi;
};

/**
 * struct model_device - a device with a TLB of its own
 * @sid: source-id
 * @times_out: never answers
 * @wrong: answers what it was not asked
 * @flushes: descriptors it got
 * @lo: first word of the last of them
 * @hi: second word
 * @pages: pages of its translations, ULLONG_MAX for none
 * @phys: where they are
 * @next: slot of the next
 */
struct model_device {
	u16 sid;
	bool times_out;
	bool wrong;
	unsigned int flushes;
	u64 lo;
	u64 hi;
	u64 pages[MODEL_DEVICE_PAGES];
	u64 phys[MODEL_DEVICE_PAGES];
	unsigned int next;
};

/**
 * struct model_seen - what was executed
 * @kinds: descriptors, by type and granularity
 * @doorbells: writes of the tail that moved it
 * @waits: status words written
 * @dropped: waits dropped
 * @write_buffer: write buffer flushes
 * @registers: invalidations by register
 * @mixed: device-TLB descriptors with no wait between them and one for the IOTLB
 * @leaf_only: page-selective descriptors that keep tables
 * @largest: largest mask of a page-selective one
 * @by_did: context descriptors for a domain, by domain-id
 * @last_sid: source-id in the last of those
 */
struct model_seen {
	u64 kinds[16][4];
	u64 doorbells;
	u64 waits;
	u64 dropped;
	u64 write_buffer;
	u64 registers;
	u64 mixed;
	u64 leaf_only;
	u64 largest;
	u64 by_did[MODEL_SEEN];
	u16 last_sid[MODEL_SEEN];
};

/**
 * struct model_unit - the unit
 * @hook: what the driver's accesses go to
 * @unit: what the driver keeps of it
 * @drhd: its entry for a list of units; it is in none
 * @lock: protects all below; taken with interrupts off; innermost
 * @regs: registers
 * @root: root table in use
 * @irta: interrupt table in use, with its size and mode
 * @cached: what it remembers
 * @next: slot of the next
 * @devices: devices with TLBs
 * @device_count: their number
 * @seen: what was executed
 * @complaint: first thing the driver must not have done, or NULL
 * @engine: executes descriptors from time to time, if @by_timer
 * @by_timer: the tail's write returns before anything is executed
 * @window_iotlb: an IOTLB descriptor came after the last wait
 * @timed_out: a device did not answer; waits are dropped
 * @timeout_sid: which
 * @dropped: waits dropped since
 *
 * Set by tests:
 * @refuse_in: the descriptor so many further is refused, 0 for none; waits
 *	are not counted
 * @drop_depth: waits that are dropped for one timeout, at least 1
 * @old: does not tell which device it was
 * @stall: stops fetching until the queue is turned off
 * @stall_again: and does it again when that is turned on
 * @again: errors of the Fault Status that are back as soon as they are cleared
 * @deaf: bits of the Global Status that never change
 */
struct model_unit {
	struct vtd_model hook;
	struct intel_iommu *unit;
	struct dmar_drhd_unit drhd;
	raw_spinlock_t lock;
	u32 regs[MODEL_BYTES / sizeof(u32)];
	u64 root;
	u64 irta;
	struct model_cached cached[MODEL_CACHED];
	unsigned int next;
	struct model_device devices[MODEL_DEVICES];
	unsigned int device_count;
	struct model_seen seen;
	const char *complaint;
	struct hrtimer engine;
	bool by_timer;
	bool window_iotlb;
	bool timed_out;
	u16 timeout_sid;
	unsigned int dropped;

	unsigned int refuse_in;
	unsigned int drop_depth;
	bool old;
	bool stall;
	bool stall_again;
	u32 again;
	u32 deaf;
};

/* model.c */
u64 vtd_model_get64(const struct model_unit *model, unsigned int offset);
void vtd_model_set64(struct model_unit *model, unsigned int offset, u64 value);
void vtd_model_complain(struct model_unit *model, const char *complaint);
void vtd_model_init(struct model_unit *model, u64 cap, u64 ecap);
void vtd_model_heal(struct model_unit *model);

/* model-queue.c */
void vtd_model_kick(struct model_unit *model);
enum hrtimer_restart vtd_model_engine(struct hrtimer *timer);

/* model-walk.c */
void vtd_model_invalidate_contexts(struct model_unit *model, unsigned int granularity,
				   u16 did, u16 sid, unsigned int mask);
void vtd_model_invalidate_pages(struct model_unit *model, unsigned int granularity,
				u16 did, u64 hi);
void vtd_model_invalidate_interrupts(struct model_unit *model, bool all, u16 index,
				     unsigned int mask);
struct model_device *vtd_model_find_device(struct model_unit *model, u16 sid);
unsigned int vtd_model_count_cached(struct model_unit *model, enum model_kind kind,
				    u16 did, u64 first, u64 last);
u8 vtd_model_dma(struct model_unit *model, u16 sid, u64 address, unsigned int want,
		 u64 *phys);
u8 vtd_model_ask(struct model_unit *model, u16 sid, u64 address, u64 *phys);
u8 vtd_model_translated(struct model_unit *model, u16 sid, u64 address, u64 *phys);
u8 vtd_model_interrupt(struct model_unit *model, u16 sid, u32 address, u32 data,
		       u64 *entry);

/* model-unit.c */
struct model_unit *vtd_model_create(struct kunit *test, u64 cap, u64 ecap);
struct vtd_device *vtd_model_add_device(struct kunit *test, struct model_unit *model,
					u16 sid, bool tlb);
struct vtd_device *vtd_model_add_pci_device(struct kunit *test, struct model_unit *model,
					    u16 sid, u16 ats);
void vtd_model_by_timer(struct model_unit *model);
struct model_seen *vtd_model_seen(struct kunit *test, struct model_unit *model);

#endif /* _VTD_TESTS_MODEL_H */
