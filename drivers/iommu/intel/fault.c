// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults: requests of devices that a unit refused.
 *
 * The unit puts each fault in a *record*, one of a few registers, and sends an
 * event interrupt for the first of them. A CPU *takes* a record under
 * register_lock. It then counts, traces and, as far as the limit of the device
 * allows, reports the fault in one line. If the records are full, the unit only
 * tells that faults were lost.
 *
 * A device can cause faults without end. An interval has a budget of records.
 * When the budget is used up, the interrupt is masked until a delayed work, with
 * the same budget, has taken all records. So a flood costs a bounded share of one
 * CPU.
 *
 * The error bits of the invalidation queue are in the same status register and
 * raise the same interrupt, see fault-irq.c. They are not changed here while the
 * unit has a queue.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <kunit/visibility.h>
#include <linux/pci.h>
#include <linux/ratelimit.h>

#include "device.h"
#include "event.h"
#include "fault.h"
#include "trace.h"
#include "unit.h"

/* Specification 5.1.2: the compatibility format names no entry */
#define REASON_COMPATIBILITY	0x25
/* Reasons from here to the last are of interrupt requests */
#define REASON_INTERRUPT_FIRST	0x20
#define REASON_INTERRUPT_LAST	0x2f

/* What the fault handler clears; the rest of the register is the queue's */
#define FSTS_OURS		(VTD_FSTS_OVERFLOW | VTD_FSTS_REQUEST_OVERFLOW)
#define FSTS_QUEUE		(VTD_FSTS_QUEUE_ERROR | VTD_FSTS_COMPLETION_ERROR | \
				 VTD_FSTS_TIMEOUT_ERROR)

/* Specification 5.1.2 and 7.1.3, in the order of the numbers */
static const char * const fault_reasons[VTD_FAULT_REASONS] = {
	/* Legacy mode */
	[0x01] = "root entry is not present",
	[0x02] = "context entry is not present",
	[0x03] = "context entry is invalid",
	[0x04] = "address is beyond what the domain or the unit takes",
	[0x05] = "page may not be written",
	[0x06] = "page may not be read",
	[0x07] = "page table can't be accessed",
	[0x08] = "root table can't be accessed",
	[0x09] = "context table can't be accessed",
	[0x0a] = "root entry has reserved bits set",
	[0x0b] = "context entry has reserved bits set",
	[0x0c] = "page table entry has reserved bits set",
	[0x0d] = "context entry forbids translation requests and translated ones",
	[0x0e] = "page lies in the interrupt range",

	/* Interrupt requests */
	[0x20] = "interrupt request has reserved bits set",
	[0x21] = "index is beyond the interrupt table",
	[0x22] = "interrupt entry is not present",
	[0x23] = "interrupt table can't be accessed",
	[0x24] = "interrupt entry has reserved bits set",
	[0x25] = "interrupt request of compatibility format is blocked",
	[0x26] = "interrupt entry is not for this source-id",
	[0x27] = "posted-interrupt descriptor can't be accessed",
	[0x28] = "posted-interrupt descriptor has reserved bits set",

	/* Scalable mode: the tables of the unit */
	[0x30] = "SM: root table address is invalid",
	[0x31] = "SM: request with PASID, which the translation mode forbids",
	[0x32] = "SM: page group request, which the translation mode forbids",
	[0x38] = "SM: root entry can't be accessed",
	[0x39] = "SM: root entry is not present",
	[0x3a] = "SM: root entry has reserved bits set",
	[0x40] = "SM: context entry can't be accessed",
	[0x41] = "SM: context entry is not present",
	[0x42] = "SM: context entry has reserved bits set",
	[0x43] = "SM: context entry is invalid",
	[0x44] = "SM: context entry forbids the device-TLB",
	[0x45] = "SM: context entry forbids PASIDs",
	[0x46] = "SM: PASID is beyond the PASID directory",
	[0x47] = "SM: context entry forbids page requests",
	[0x48] = "SM: PASID for requests without one is invalid",
	[0x50] = "SM: PASID directory can't be accessed",
	[0x51] = "SM: PASID directory entry is not present",
	[0x52] = "SM: PASID directory entry has reserved bits set",
	[0x58] = "SM: PASID entry can't be accessed",
	[0x59] = "SM: PASID entry is not present",
	[0x5a] = "SM: PASID entry has reserved bits set",
	[0x5b] = "SM: PASID entry is invalid",
	[0x5c] = "SM: PASID entry forbids execute requests",
	[0x5d] = "SM: PASID entry forbids supervisor requests",

	/* Scalable mode: page tables */
	[0x70] = "SM: first-stage table can't be accessed",
	[0x71] = "SM: first-stage entry is not present",
	[0x72] = "SM: first-stage entry has reserved bits set",
	[0x73] = "SM: first-stage top table can't be accessed",
	[0x74] = "SM: first-stage entry is beyond what the second stage takes",
	[0x75] = "SM: second stage forbids reading the first-stage top table",
	[0x76] = "SM: second stage forbids reading a first-stage table",
	[0x77] = "SM: second stage forbids writing a first-stage table",
	[0x78] = "SM: second-stage table can't be accessed",
	[0x79] = "SM: second stage forbids the access",
	[0x7a] = "SM: second-stage entry has reserved bits set",
	[0x7b] = "SM: second-stage table pointer is invalid",
	[0x7c] = "SM: second-stage entry can't be marked without snooping",
	[0x80] = "SM: address is not canonical",
	[0x81] = "SM: user request for a supervisor page",
	[0x82] = "SM: page may not be executed",
	[0x83] = "SM: address is beyond what the unit takes",
	[0x84] = "SM: second-stage address is beyond what the unit takes",
	[0x85] = "SM: page may not be written",
	[0x86] = "SM: page may not be read",
	[0x87] = "SM: page lies in the interrupt range",
	[0x90] = "SM: first-stage entry can't be marked without snooping",
};

/* Indexed by VTD_REQUEST_* */
static const char * const fault_requests[] = {
	[VTD_REQUEST_WRITE]	= "DMA Write",
	[VTD_REQUEST_PAGE]	= "Page Request",
	[VTD_REQUEST_READ]	= "DMA Read",
	[VTD_REQUEST_ATOMIC]	= "DMA Atomic",
};

/**
 * vtd_fault_reason() - say a fault reason in words
 * @reason: as the specification numbers it
 *
 * Context: Any context.
 * Return: the words, or "unknown reason"; never NULL.
 */
const char *vtd_fault_reason(u8 reason)
{
	return fault_reasons[reason] ?: "unknown reason";
}
EXPORT_SYMBOL_IF_KUNIT(vtd_fault_reason);

/**
 * vtd_fault_decode() - take a fault record apart
 * @lo: low word of the record
 * @hi: high word of the record
 *
 * Specification 11.4.7.6. Of an interrupt request the low word has the index of
 * the entry in its upper 16 bits.
 *
 * Context: Any context.
 * Return: what the record says.
 */
struct vtd_fault vtd_fault_decode(u64 lo, u64 hi)
{
	u8 reason = FIELD_GET(VTD_FRCD_REASON, hi);
	bool interrupt = reason >= REASON_INTERRUPT_FIRST &&
			 reason <= REASON_INTERRUPT_LAST;

	return (struct vtd_fault) {
		.address = lo & VTD_FRCD_ADDRESS,
		.pasid = FIELD_GET(VTD_FRCD_PASID, hi),
		.sid = FIELD_GET(VTD_FRCD_SID, hi),
		.index = lo >> 48,
		.reason = reason,
		.request = 2 * FIELD_GET(VTD_FRCD_TYPE1, hi) +
			   FIELD_GET(VTD_FRCD_TYPE2, hi),
		.interrupt = interrupt,
		.has_index = interrupt && reason != REASON_COMPATIBILITY,
		.has_pasid = !interrupt && (hi & VTD_FRCD_HAS_PASID),
		.translation = !interrupt &&
			       FIELD_GET(VTD_FRCD_TRANSLATION, hi) == 1,
	};
}
EXPORT_SYMBOL_IF_KUNIT(vtd_fault_decode);

/**
 * vtd_fault_describe() - say a fault in words
 * @fault: the fault
 * @text: where to put them; no end of line
 *
 * The beginning, up to the reason's number, is that of earlier kernels: tools
 * look for it in the log.
 *
 * Context: Any context.
 */
void vtd_fault_describe(const struct vtd_fault *fault, char text[VTD_FAULT_TEXT])
{
	unsigned int bus = PCI_BUS_NUM(fault->sid);
	unsigned int slot = PCI_SLOT(fault->sid & 0xff);
	unsigned int function = PCI_FUNC(fault->sid & 0xff);
	char pasid[16] = "NO_PASID";
	char where[32] = "";

	if (fault->interrupt) {
		if (fault->has_index)
			snprintf(where, sizeof(where), " fault index 0x%x",
				 fault->index);
		snprintf(text, VTD_FAULT_TEXT,
			 "[INTR-REMAP] Request device [%02x:%02x.%u]%s [fault reason 0x%02x] %s",
			 bus, slot, function, where, fault->reason,
			 vtd_fault_reason(fault->reason));
		return;
	}
	if (fault->has_pasid)
		snprintf(pasid, sizeof(pasid), "PASID 0x%x", fault->pasid);
	snprintf(text, VTD_FAULT_TEXT,
		 "[%s %s] Request device [%02x:%02x.%u] fault addr 0x%llx [fault reason 0x%02x] %s%s",
		 fault_requests[fault->request & 3], pasid, bus, slot, function,
		 fault->address, fault->reason, vtd_fault_reason(fault->reason),
		 fault->translation ? ", asking for a translation" : "");
}
EXPORT_SYMBOL_IF_KUNIT(vtd_fault_describe);

/* Count and trace a fault, and report it as far as the rate limit allows. */
static void fault_report(struct intel_iommu *unit, const struct vtd_fault *fault)
{
	struct ratelimit_state *limit = &unit->faults.unknown_sids;
	struct vtd_device *device;
	char text[VTD_FAULT_TEXT];

	atomic_inc(&unit->faults.count[fault->reason]);
	trace_vtd_fault(unit, fault);

	guard(rcu)();
	device = xa_load(&unit->devices, fault->sid);
	if (device) {
		atomic_inc(&device->faults);
		limit = &device->reports;
	}
	if (!__ratelimit(limit))
		return;
	vtd_fault_describe(fault, text);
	pr_err("%s (%s, segment %04x)\n", text, unit->name, unit->segment);
}

/*
 * Take one record, if there is a fault in it. The unit sets the valid bit last, so
 * read it first. Clearing it gives the record back.
 */
static bool fault_take(struct intel_iommu *unit, unsigned int record,
		       struct vtd_fault *fault)
{
	unsigned int offset = vtd_cap_fault_offset(unit->cap) + record * VTD_FRCD_BYTES;
	u64 lo = 0;
	u64 hi = 0;

	scoped_guard(raw_spinlock_irqsave, &unit->register_lock) {
		hi = (u64)vtd_read32(&unit->regs, offset + 12) << 32;
		if (!(hi & VTD_FRCD_VALID))
			return false;
		hi |= vtd_read32(&unit->regs, offset + 8);
		lo = vtd_read64(&unit->regs, offset);
		vtd_write32(&unit->regs, offset + 12, upper_32_bits(VTD_FRCD_VALID));
	}
	*fault = vtd_fault_decode(lo, hi);
	return true;
}

/*
 * Go once round the records, from the one that the unit names. That one may have
 * been taken before a pause: then the next is somewhere behind it.
 */
static unsigned int fault_round(struct intel_iommu *unit, unsigned int first,
				unsigned int limit)
{
	unsigned int records = vtd_cap_fault_records(unit->cap);
	unsigned int taken = 0;
	struct vtd_fault fault;
	unsigned int i;

	for (i = 0; i < records && taken < limit; i++) {
		if (fault_take(unit, (first + i) % records, &fault)) {
			fault_report(unit, &fault);
			taken++;
		} else if (taken) {
			break;
		}
	}
	return taken;
}

/* The unit records no more faults after an overflow until it is told to. */
static void fault_acknowledge(struct intel_iommu *unit, u32 status)
{
	if (status & VTD_FSTS_OVERFLOW)
		atomic_inc(&unit->faults.lost);
	vtd_write32(&unit->regs, VTD_FSTS_REG, status & FSTS_OURS);
}

/*
 * Take all records. Look again after each round: a fault that is recorded while the
 * status still shows other faults sends no interrupt of its own. Return the number
 * of records, @limit if there may be more.
 */
static unsigned int fault_drain(struct intel_iommu *unit, unsigned int limit)
{
	unsigned int done = 0;
	unsigned int taken;
	u32 status;

	do {
		status = vtd_read32(&unit->regs, VTD_FSTS_REG);
		taken = 0;
		if (status & VTD_FSTS_PENDING)
			taken = fault_round(unit, FIELD_GET(VTD_FSTS_RECORD, status),
					    limit - done);
		if (status & FSTS_OURS)
			fault_acknowledge(unit, status);
		done += taken;
	} while (taken && done < limit);
	return done;
}

/* Return what is left of the interval's budget. */
static unsigned int fault_budget(struct intel_iommu *unit)
{
	struct vtd_faults *faults = &unit->faults;
	unsigned int budget = 0;

	scoped_guard(raw_spinlock_irqsave, &unit->register_lock) {
		if (time_after_eq(jiffies, faults->window + VTD_FAULT_INTERVAL)) {
			faults->window = jiffies;
			faults->budget = VTD_FAULT_BUDGET;
		}
		budget = faults->budget;
	}
	return budget;
}

/* Take @spent out of the budget; return true if nothing is left. */
static bool fault_spend(struct intel_iommu *unit, unsigned int spent)
{
	struct vtd_faults *faults = &unit->faults;
	bool all = false;

	scoped_guard(raw_spinlock_irqsave, &unit->register_lock) {
		faults->budget -= min(spent, faults->budget);
		all = !faults->budget;
	}
	return all;
}

/* End a pause, unless faults are recorded as fast as they are handled. */
static void fault_resume(struct work_struct *work)
{
	struct intel_iommu *unit = container_of(to_delayed_work(work),
						struct intel_iommu, faults.resume);

	if (fault_drain(unit, VTD_FAULT_BUDGET) >= VTD_FAULT_BUDGET) {
		schedule_delayed_work(&unit->faults.resume, VTD_FAULT_INTERVAL);
		return;
	}
	/* An event that was raised while masked is sent now */
	vtd_event_mask(unit, VTD_FECTL_REG, false);
}

/**
 * vtd_fault_handle() - handle the faults that a unit has recorded
 * @unit: unit
 *
 * Specification 7.3 and 11.4.7. Uses at most the rest of the interval's budget
 * of records. When the budget is used up, the fault event pauses.
 *
 * Context: Any context.
 */
void vtd_fault_handle(struct intel_iommu *unit)
{
	if (!fault_spend(unit, fault_drain(unit, fault_budget(unit))))
		return;

	vtd_event_mask(unit, VTD_FECTL_REG, true);
	if (schedule_delayed_work(&unit->faults.resume, VTD_FAULT_INTERVAL)) {
		atomic_inc(&unit->faults.pauses);
		pr_warn_ratelimited("%s: flood of faults, their interrupt pauses\n",
				    unit->name);
	}
}

/**
 * vtd_fault_init() - make a unit ready to count faults
 * @unit: unit that is being created
 *
 * Touches no register.
 *
 * Context: Process context. The unit is not shared yet.
 */
void vtd_fault_init(struct intel_iommu *unit)
{
	struct vtd_faults *faults = &unit->faults;

	ratelimit_state_init(&faults->unknown_sids, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
	INIT_DELAYED_WORK(&faults->resume, fault_resume);
	faults->window = jiffies;
	faults->budget = VTD_FAULT_BUDGET;
}
EXPORT_SYMBOL_IF_KUNIT(vtd_fault_init);

/**
 * vtd_fault_clear() - handle the faults that a unit has recorded so far
 * @unit: unit
 *
 * For a unit that is taken over from firmware or another kernel, and before its
 * interrupt is set up. If the driver has no queue for the unit yet, errors of the
 * queue are cleared: they have no meaning, but would suppress the interrupt.
 *
 * Context: Any context; as long as two rounds of the records take.
 */
void vtd_fault_clear(struct intel_iommu *unit)
{
	fault_drain(unit, 2 * vtd_cap_fault_records(unit->cap));
	if (!unit->qi)
		vtd_write32(&unit->regs, VTD_FSTS_REG, FSTS_QUEUE);
}
EXPORT_SYMBOL_IF_KUNIT(vtd_fault_clear);
