// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests of devices: through what the unit has cached, and else through the
 * tables in memory (specification, chapters 3, 5, 6.2, 9).
 *
 * All that may be cached is cached, and nothing is invalidated but by an
 * invalidation, or when there is no more space.
 */

#include <linux/io.h>
#include <linux/pci.h>

#include "../hw/irte.h"
#include "model.h"

/* Second-stage entries, 9.8 */
#define ENTRY_READ		BIT_ULL(0)
#define ENTRY_WRITE		BIT_ULL(1)
#define ENTRY_RIGHTS		(ENTRY_READ | ENTRY_WRITE)
#define ENTRY_LARGE		BIT_ULL(7)
#define ENTRY_SNOOP		BIT_ULL(11)
#define ENTRY_ADDRESS		GENMASK_ULL(51, 12)

static struct model_cached *remember(struct model_unit *model, enum model_kind kind)
{
	struct model_cached *slot = &model->cached[model->next++ % MODEL_CACHED];

	*slot = (struct model_cached) { .valid = true, .kind = kind };
	return slot;
}

static bool overlaps(const struct model_cached *cached, u64 first, u64 last)
{
	u64 end = cached->page + BIT_ULL(cached->order) - 1;

	return cached->page <= last && end >= first;
}

/**
 * vtd_model_invalidate_contexts() - invalidate the context cache, 6.5.1.1
 * @model: unit
 * @granularity: VTD_GRANULARITY_*
 * @did: domain-id
 * @sid: source-id
 * @mask: bits of the function number that don't count: 0 to 3 of them
 *
 * Context: Under the model's lock.
 */
void vtd_model_invalidate_contexts(struct model_unit *model, unsigned int granularity,
				   u16 did, u16 sid, unsigned int mask)
{
	static const u16 ignored[] = { 0, 4, 6, 7 };
	struct model_cached *cached;
	unsigned int i;

	lockdep_assert_held(&model->lock);

	for (i = 0; i < MODEL_CACHED; i++) {
		cached = &model->cached[i];
		if (cached->kind != MODEL_CONTEXT)
			continue;
		if (granularity != VTD_GRANULARITY_GLOBAL && cached->did != did)
			continue;
		if (granularity == VTD_GRANULARITY_DEVICE &&
		    (cached->sid ^ sid) & ~ignored[mask & 3])
			continue;
		cached->valid = false;
	}
}

/**
 * vtd_model_invalidate_pages() - invalidate IOTLB and paging-structure cache, 6.5.1.2
 * @model: unit
 * @granularity: VTD_GRANULARITY_*; 0 for nothing
 * @did: domain-id
 * @hi: address, hint and mask as in the second word of a descriptor
 *
 * Context: Under the model's lock.
 */
void vtd_model_invalidate_pages(struct model_unit *model, unsigned int granularity,
				u16 did, u64 hi)
{
	u64 pages = BIT_ULL(FIELD_GET(VTD_DESC_ADDRESS_MASK, hi));
	u64 first = (hi >> 12) & ~(pages - 1);
	struct model_cached *cached;
	unsigned int i;

	lockdep_assert_held(&model->lock);

	for (i = 0; granularity && i < MODEL_CACHED; i++) {
		cached = &model->cached[i];
		if (cached->kind != MODEL_PAGE && cached->kind != MODEL_TABLE)
			continue;
		if (granularity != VTD_GRANULARITY_GLOBAL && cached->did != did)
			continue;
		if (granularity == VTD_GRANULARITY_PAGE) {
			if (!overlaps(cached, first, first + pages - 1))
				continue;
			if (cached->kind == MODEL_TABLE && hi & VTD_DESC_LEAF_ONLY)
				continue;
		}
		cached->valid = false;
	}
}

/**
 * vtd_model_invalidate_interrupts() - invalidate the interrupt entry cache, 6.5.2.7
 * @model: unit
 * @all: whatever @index and @mask say
 * @index: first entry
 * @mask: log2 of entries
 *
 * Context: Under the model's lock.
 */
void vtd_model_invalidate_interrupts(struct model_unit *model, bool all, u16 index,
				     unsigned int mask)
{
	struct model_cached *cached;
	unsigned int i;

	lockdep_assert_held(&model->lock);

	for (i = 0; i < MODEL_CACHED; i++) {
		cached = &model->cached[i];
		if (cached->kind == MODEL_INTERRUPT &&
		    (all || !((cached->sid ^ index) >> mask)))
			cached->valid = false;
	}
}

/**
 * vtd_model_find_device() - find a device with a TLB
 * @model: unit
 * @sid: source-id
 *
 * Context: Any context; devices are only added, before the test uses the unit.
 * Return: the device or NULL.
 */
struct model_device *vtd_model_find_device(struct model_unit *model, u16 sid)
{
	unsigned int i;

	for (i = 0; i < model->device_count; i++)
		if (model->devices[i].sid == sid)
			return &model->devices[i];
	return NULL;
}

/**
 * vtd_model_count_cached() - count what the unit remembers
 * @model: unit
 * @kind: of this kind
 * @did: tagged so
 * @first: first page, in units of 4 KiB
 * @last: last page
 *
 * Context: Any context.
 * Return: how many overlap these pages.
 */
unsigned int vtd_model_count_cached(struct model_unit *model, enum model_kind kind,
				    u16 did, u64 first, u64 last)
{
	unsigned int i, count = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&model->lock, flags);
	for (i = 0; i < MODEL_CACHED; i++) {
		const struct model_cached *cached = &model->cached[i];

		count += cached->valid && cached->kind == kind && cached->did == did &&
			 overlaps(cached, first, last);
	}
	raw_spin_unlock_irqrestore(&model->lock, flags);
	return count;
}

/* 11.4.7.6; what finds the records full is lost */
static u8 record_fault(struct model_unit *model, u8 reason, u16 sid, u64 address,
		       unsigned int want)
{
	u32 *status = &model->regs[VTD_FSTS_REG / sizeof(u32)];
	unsigned int i, offset;

	for (i = 0; i < MODEL_RECORDS; i++) {
		offset = MODEL_FAULTS + i * VTD_FRCD_BYTES;
		if (vtd_model_get64(model, offset + 8) & VTD_FRCD_VALID)
			continue;
		vtd_model_set64(model, offset, address & VTD_FRCD_ADDRESS);
		vtd_model_set64(model, offset + 8, VTD_FRCD_VALID |
				FIELD_PREP(VTD_FRCD_REASON, reason) |
				FIELD_PREP(VTD_FRCD_SID, sid) |
				(want & MODEL_READ ? VTD_FRCD_TYPE1 : 0));
		*status |= VTD_FSTS_PENDING;
		return reason;
	}
	*status |= VTD_FSTS_OVERFLOW;
	return reason;
}

/* 9.1, 9.3: what of an entry is no good */
static u8 context_flaw(struct model_unit *model, struct vtd_context context)
{
	unsigned int type = FIELD_GET(VTD_CONTEXT_TYPE, context.lo);
	unsigned int width = FIELD_GET(VTD_CONTEXT_WIDTH, context.hi);
	struct intel_iommu *unit = model->unit;

	if (context.lo & GENMASK_ULL(11, 4) ||
	    context.hi & (GENMASK_ULL(63, 24) | BIT_ULL(7)))
		return MODEL_CONTEXT_RESERVED;
	if (type > VTD_PASS_THROUGH || !(vtd_cap_sagaw(unit->cap) & BIT(width)))
		return MODEL_BAD_CONTEXT;
	if (type == VTD_TRANSLATE_ATS && !vtd_ecap_device_tlb(unit->ecap))
		return MODEL_BAD_CONTEXT;
	if (type == VTD_PASS_THROUGH && (!vtd_ecap_pass_through(unit->ecap) ||
					 vtd_cap_sagaw(unit->cap) >> (width + 1)))
		return MODEL_BAD_CONTEXT;
	if (vtd_context_did(context) >= vtd_cap_domains(unit->cap))
		vtd_model_complain(model, "domain-id that the unit does not have");
	if (vtd_cap_caching_mode(unit->cap) && !vtd_context_did(context))
		vtd_model_complain(model, "domain-id 0 in caching mode");
	return 0;
}

static u8 read_context(struct model_unit *model, u16 sid, struct vtd_context *context)
{
	const struct vtd_root_entry *root;
	const struct vtd_context *table;
	u64 lo;

	if (!(model->root & VTD_RTADDR_TABLE))
		return MODEL_NO_ROOT;
	root = phys_to_virt(model->root & VTD_RTADDR_TABLE);
	lo = READ_ONCE(root[sid >> 8].lo);
	if (!(lo & VTD_ROOT_PRESENT))
		return MODEL_NO_ROOT;
	if (lo & GENMASK_ULL(11, 1) || root[sid >> 8].hi)
		return MODEL_ROOT_RESERVED;
	table = phys_to_virt(lo & VTD_ROOT_TABLE);
	context->lo = READ_ONCE(table[sid & 0xff].lo);
	context->hi = READ_ONCE(table[sid & 0xff].hi);
	return vtd_context_present(*context) ? context_flaw(model, *context) :
	       MODEL_NO_CONTEXT;
}

/* In caching mode what is not there is remembered too, under domain-id 0 */
static u8 find_context(struct model_unit *model, u16 sid, struct vtd_context *context)
{
	struct model_cached *cached;
	unsigned int i;
	u8 reason;

	for (i = 0; i < MODEL_CACHED; i++) {
		cached = &model->cached[i];
		if (!cached->valid || cached->kind != MODEL_CONTEXT || cached->sid != sid)
			continue;
		*context = (struct vtd_context) { cached->lo, cached->hi };
		return cached->lo ? 0 : MODEL_NO_CONTEXT;
	}

	reason = read_context(model, sid, context);
	if (reason && !vtd_cap_caching_mode(model->unit->cap))
		return reason;
	cached = remember(model, MODEL_CONTEXT);
	cached->sid = sid;
	if (!reason) {
		cached->did = vtd_context_did(*context);
		cached->lo = context->lo;
		cached->hi = context->hi;
	}
	return reason;
}

static u8 entry_flaw(struct model_unit *model, u64 entry, unsigned int level)
{
	unsigned int large = vtd_cap_large_pages(model->unit->cap);
	bool leaf = level == 1 || entry & ENTRY_LARGE;

	if (leaf && level > 1 && (level > 3 || !(large & BIT(level - 2))))
		return MODEL_PAGE_RESERVED;
	if (leaf && level > 1 && entry & GENMASK_ULL(12 + 9 * (level - 1) - 1, 12))
		return MODEL_PAGE_RESERVED;
	if (entry & ENTRY_SNOOP && (!leaf || !vtd_ecap_snoop(model->unit->ecap)))
		return MODEL_PAGE_RESERVED;
	return 0;
}

static void remember_entry(struct model_unit *model, u16 did, u64 page, u64 entry,
			   unsigned int level, bool leaf)
{
	struct model_cached *cached = remember(model, leaf ? MODEL_PAGE : MODEL_TABLE);

	cached->did = did;
	cached->order = 9 * (level - 1);
	cached->page = page >> cached->order << cached->order;
	cached->level = level - 1;
	cached->lo = entry & (ENTRY_ADDRESS | ENTRY_RIGHTS | ENTRY_SNOOP);
}

/* The table nearest to the page that is known, the top one at worst */
static u64 nearest_table(struct model_unit *model, struct vtd_context context, u64 page,
			 unsigned int *level)
{
	u64 table = (context.lo & VTD_CONTEXT_TABLE) | ENTRY_RIGHTS;
	unsigned int i;

	*level = vtd_width_to_levels(FIELD_GET(VTD_CONTEXT_WIDTH, context.hi));
	for (i = 0; i < MODEL_CACHED; i++) {
		const struct model_cached *cached = &model->cached[i];

		if (!cached->valid || cached->kind != MODEL_TABLE ||
		    cached->did != vtd_context_did(context) ||
		    cached->level >= *level || !overlaps(cached, page, page))
			continue;
		*level = cached->level;
		table = cached->lo;
	}
	return table;
}

/* 3.7: rights are those that the tables on the way and the page have in common */
static u8 walk(struct model_unit *model, struct vtd_context context, u64 page, u64 *found,
	       unsigned int *order)
{
	u16 did = vtd_context_did(context);
	unsigned int level;
	u64 at = nearest_table(model, context, page, &level), entry;
	const u64 *table;
	bool leaf;
	u8 flaw;

	for (;; level--) {
		table = phys_to_virt(at & ENTRY_ADDRESS);
		entry = READ_ONCE(table[page >> 9 * (level - 1) & 0x1ff]);
		*order = 9 * (level - 1);
		if (!(entry & ENTRY_RIGHTS)) {
			*found = 0;
			/* Nothing is there, which only caching mode remembers */
			if (vtd_cap_caching_mode(model->unit->cap))
				remember_entry(model, did, page, 0, 1, true);
			return 0;
		}
		flaw = entry_flaw(model, entry, level);
		if (flaw)
			return flaw;
		leaf = level == 1 || entry & ENTRY_LARGE;
		at = (entry & ~ENTRY_RIGHTS) | (entry & at & ENTRY_RIGHTS);
		remember_entry(model, did, page, at, level, leaf);
		if (leaf)
			break;
	}
	*found = at;
	return 0;
}

/* 3.8: a read of no bytes is none where the unit says so */
static bool allowed(struct model_unit *model, u64 entry, unsigned int want)
{
	if (!(entry & ENTRY_RIGHTS))
		return false;
	if (want & MODEL_WRITE && !(entry & ENTRY_WRITE))
		return false;
	if (!(want & MODEL_READ) || entry & ENTRY_READ)
		return true;
	return want & MODEL_EMPTY && vtd_cap_zero_length_read(model->unit->cap);
}

static u8 translate(struct model_unit *model, struct vtd_context context, u64 address,
		    unsigned int want, u64 *phys)
{
	unsigned int levels = vtd_width_to_levels(FIELD_GET(VTD_CONTEXT_WIDTH, context.hi));
	unsigned int bits = min(12 + 9 * levels, vtd_cap_address_bits(model->unit->cap));
	u64 page = address >> 12, entry = 0;
	unsigned int i, order = 0;
	bool known = false;
	u8 flaw;

	if (address >> bits)
		return MODEL_TOO_WIDE;
	for (i = 0; i < MODEL_CACHED && !known; i++) {
		const struct model_cached *cached = &model->cached[i];

		if (!cached->valid || cached->kind != MODEL_PAGE ||
		    cached->did != vtd_context_did(context) ||
		    !overlaps(cached, page, page))
			continue;
		entry = cached->lo;
		order = cached->order;
		known = true;
	}
	/* More rights may have been given since: only caching mode has to be told */
	if (!known || (!allowed(model, entry, want) &&
		       !vtd_cap_caching_mode(model->unit->cap))) {
		flaw = walk(model, context, page, &entry, &order);
		if (flaw)
			return flaw;
	}
	if (!allowed(model, entry, want))
		return want & MODEL_WRITE ? MODEL_NO_WRITE : MODEL_NO_READ;
	*phys = (entry & ENTRY_ADDRESS) + (address & (BIT_ULL(12 + order) - 1));
	return 0;
}

static u8 request(struct model_unit *model, u16 sid, u64 address, unsigned int want,
		  u64 *phys)
{
	struct vtd_context context = { };
	u8 reason;

	*phys = address;
	if (!(model->regs[VTD_GSTS_REG / sizeof(u32)] & VTD_GCMD_TE))
		return 0;
	reason = find_context(model, sid, &context);
	if (reason)
		return reason;
	if (FIELD_GET(VTD_CONTEXT_TYPE, context.lo) == VTD_PASS_THROUGH)
		return 0;
	return translate(model, context, address, want, phys);
}

/**
 * vtd_model_dma() - a device accesses memory
 * @model: unit
 * @sid: source-id of the request
 * @address: in bytes, as the device says it
 * @want: MODEL_READ, MODEL_WRITE, MODEL_EMPTY
 * @phys: where the request goes
 *
 * Context: Any context.
 * Return: 0, or the reason why it is blocked, which is recorded.
 */
u8 vtd_model_dma(struct model_unit *model, u16 sid, u64 address, unsigned int want,
		 u64 *phys)
{
	unsigned long flags;
	u8 reason;

	raw_spin_lock_irqsave(&model->lock, flags);
	reason = request(model, sid, address, want, phys);
	if (reason)
		record_fault(model, reason, sid, address, want);
	raw_spin_unlock_irqrestore(&model->lock, flags);
	return reason;
}

static u8 ats_allowed(struct model_unit *model, u16 sid)
{
	struct vtd_context context = { };
	u8 reason = find_context(model, sid, &context);

	if (reason)
		return reason;
	return FIELD_GET(VTD_CONTEXT_TYPE, context.lo) == VTD_TRANSLATE_ATS ? 0 :
	       MODEL_NO_ATS;
}

/**
 * vtd_model_ask() - a device with a TLB asks for a translation, and keeps it
 * @model: unit
 * @sid: its source-id
 * @address: in bytes
 * @phys: translation
 *
 * Context: Any context.
 * Return: 0, or the reason why it gets none.
 */
u8 vtd_model_ask(struct model_unit *model, u16 sid, u64 address, u64 *phys)
{
	struct model_device *device = vtd_model_find_device(model, sid);
	unsigned long flags;
	unsigned int i;
	u8 reason;

	raw_spin_lock_irqsave(&model->lock, flags);
	reason = ats_allowed(model, sid) ?:
		 request(model, sid, address, MODEL_READ, phys);
	if (!reason) {
		i = device->next++ % MODEL_DEVICE_PAGES;
		device->pages[i] = address >> 12;
		device->phys[i] = *phys >> 12;
	}
	raw_spin_unlock_irqrestore(&model->lock, flags);
	return reason;
}

/**
 * vtd_model_translated() - a device accesses memory by what its TLB says
 * @model: unit
 * @sid: its source-id
 * @address: in bytes
 * @phys: where the request goes
 *
 * Context: Any context.
 * Return: 0, or the reason why it is blocked, MODEL_NO_READ if nothing is cached.
 */
u8 vtd_model_translated(struct model_unit *model, u16 sid, u64 address, u64 *phys)
{
	struct model_device *device = vtd_model_find_device(model, sid);
	unsigned long flags;
	unsigned int i;
	u8 reason;

	raw_spin_lock_irqsave(&model->lock, flags);
	reason = ats_allowed(model, sid);
	for (i = 0; !reason && i < MODEL_DEVICE_PAGES; i++)
		if (device->pages[i] == address >> 12)
			break;
	if (!reason && i == MODEL_DEVICE_PAGES)
		reason = MODEL_NO_READ;
	else if (!reason)
		*phys = device->phys[i] << 12 | (address & 0xfff);
	raw_spin_unlock_irqrestore(&model->lock, flags);
	return reason;
}

/* 5.1.3 to 5.1.5, 9.10: who may use the entry */
static bool sender_allowed(u64 hi, u16 sid)
{
	static const u16 ignored[] = { 0, 4, 6, 7 };
	u16 own = FIELD_GET(VTD_IRTE_SID, hi);

	switch (FIELD_GET(VTD_IRTE_SVT, hi)) {
	case VTD_SVT_NONE:
		return true;
	case VTD_SVT_SID:
		return !((own ^ sid) & ~ignored[FIELD_GET(VTD_IRTE_SQ, hi)]);
	case VTD_SVT_BUSES:
		return sid >> 8 >= own >> 8 && sid >> 8 <= (own & 0xff);
	}
	return false;
}

static u8 find_interrupt(struct model_unit *model, u16 index, u64 entry[2])
{
	struct model_cached *cached;
	const u64 *table;
	unsigned int i;

	for (i = 0; i < MODEL_CACHED; i++) {
		cached = &model->cached[i];
		if (!cached->valid || cached->kind != MODEL_INTERRUPT ||
		    cached->sid != index)
			continue;
		entry[0] = cached->lo;
		entry[1] = cached->hi;
		return 0;
	}
	table = phys_to_virt(model->irta & VTD_IRTA_TABLE);
	entry[0] = READ_ONCE(table[2 * index]);
	entry[1] = READ_ONCE(table[2 * index + 1]);
	if (!(entry[0] & VTD_IRTE_PRESENT))
		return MODEL_INT_NOT_PRESENT;
	/* Bits that neither format has; SVT 3 is reserved */
	if (entry[0] & GENMASK_ULL(13, 12) || entry[0] & GENMASK_ULL(31, 24) ||
	    FIELD_GET(VTD_IRTE_SVT, entry[1]) == 3 ||
	    (!(entry[0] & VTD_IRTE_POSTED) && entry[1] >> 20))
		return MODEL_INT_BAD_ENTRY;
	cached = remember(model, MODEL_INTERRUPT);
	cached->sid = index;
	cached->lo = entry[0];
	cached->hi = entry[1];
	return 0;
}

static u8 remap(struct model_unit *model, u16 sid, u32 address, u32 data, u64 entry[2])
{
	u32 index, count = BIT(FIELD_GET(VTD_IRTA_SIZE, model->irta) + 1);
	u32 status = model->regs[VTD_GSTS_REG / sizeof(u32)];
	u8 reason;

	if (!(status & VTD_GCMD_IRE))
		return 0;
	if (!(address & VTD_MESSAGE_REMAPPABLE))
		return status & VTD_GCMD_CFI && !(model->irta & VTD_IRTA_EXTENDED) ? 0 :
		       MODEL_INT_COMPATIBILITY;
	index = FIELD_GET(VTD_MESSAGE_HANDLE, address) |
		(address & VTD_MESSAGE_HANDLE_15 ? BIT(15) : 0);
	if (address & VTD_MESSAGE_SHV)
		index += data & 0xffff;
	if (index >= count)
		return MODEL_INT_INDEX;
	if (data >> 16)
		return MODEL_INT_RESERVED;
	reason = find_interrupt(model, index, entry);
	if (reason)
		return reason;
	return sender_allowed(entry[1], sid) ? 0 : MODEL_INT_SOURCE;
}

/**
 * vtd_model_interrupt() - a device sends an interrupt
 * @model: unit
 * @sid: source-id of the request
 * @address: low half of the message's address
 * @data: the message's data
 * @entry: entry that it goes through, two words; zero if through none
 *
 * Context: Any context.
 * Return: 0, or the reason why it is blocked, which is recorded.
 */
u8 vtd_model_interrupt(struct model_unit *model, u16 sid, u32 address, u32 data,
		       u64 *entry)
{
	unsigned long flags;
	u8 reason;

	entry[0] = 0;
	entry[1] = 0;
	raw_spin_lock_irqsave(&model->lock, flags);
	reason = remap(model, sid, address, data, entry);
	if (reason)
		record_fault(model, reason, sid, address, MODEL_WRITE);
	raw_spin_unlock_irqrestore(&model->lock, flags);
	return reason;
}
