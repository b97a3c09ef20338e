// SPDX-License-Identifier: GPL-2.0-only
/*
 * The invalidation queue of the model (specification 6.5.2): descriptors are
 * fetched one by one, looked at for reserved bits, executed.
 */

#include <linux/io.h>

#include "model.h"

/* Descriptors executed, and the time to the next ones, where a timer does it */
#define ENGINE_STEPS	6
#define ENGINE_NS	(500 * NSEC_PER_USEC)

/* 11.4.9.9 */
#define REASON_TYPE		3
#define REASON_RESERVED		4

#define QUEUE_ERRORS	(VTD_FSTS_QUEUE_ERROR | VTD_FSTS_COMPLETION_ERROR | \
			 VTD_FSTS_TIMEOUT_ERROR)

static u32 *faults_of(struct model_unit *model)
{
	return &model->regs[VTD_FSTS_REG / sizeof(u32)];
}

static unsigned int slot_bytes(const struct model_unit *model)
{
	return vtd_model_get64(model, VTD_IQA_REG) & VTD_IQA_WIDE ? 32 : 16;
}

static const u64 *slot_at_head(struct model_unit *model)
{
	u64 address = vtd_model_get64(model, VTD_IQA_REG) & VTD_IQA_QUEUE;

	return phys_to_virt(address + vtd_model_get64(model, VTD_IQH_REG));
}

static void advance(struct model_unit *model)
{
	u64 bytes = SZ_4K << FIELD_GET(VTD_IQA_SIZE, vtd_model_get64(model, VTD_IQA_REG));
	u64 head = vtd_model_get64(model, VTD_IQH_REG) + slot_bytes(model);

	vtd_model_set64(model, VTD_IQH_REG, head % bytes);
}

static bool queue_is_empty(const struct model_unit *model)
{
	return vtd_model_get64(model, VTD_IQH_REG) == vtd_model_get64(model, VTD_IQT_REG);
}

/* IQE: the head stays where it is */
static void refuse(struct model_unit *model, unsigned int reason)
{
	*faults_of(model) |= VTD_FSTS_QUEUE_ERROR;
	vtd_model_set64(model, VTD_IQER_REG, reason);
}

static void raise_timeout(struct model_unit *model)
{
	*faults_of(model) |= VTD_FSTS_TIMEOUT_ERROR;
	vtd_model_set64(model, VTD_IQER_REG, model->old ? 0 :
			FIELD_PREP(VTD_IQER_TIMEOUT_SID, model->timeout_sid));
	model->timed_out = false;
	model->dropped = 0;
}

/* 6.5.2.1: G 5:4, DID 31:16, SID 47:32, FM 49:48 */
static bool context_is_good(u64 lo, u64 hi)
{
	return !(lo & 0xfffc00000000ffc0ULL) && !hi && lo & 0x30;
}

/* 6.5.2.3: G 5:4, DW 6, DR 7, DID 31:16; AM 5:0, IH 6, ADDR 63:12 */
static bool iotlb_is_good(const struct model_unit *model, u64 lo, u64 hi)
{
	struct vtd_cap cap = model->unit->cap;

	if (lo & 0xffffffff0000ff00ULL || hi & 0xf80 || !(lo & 0x30))
		return false;
	if (lo & 0x40 && !vtd_cap_drains_writes(cap))
		return false;
	if (lo & 0x80 && !vtd_cap_drains_reads(cap))
		return false;
	if ((lo >> 4 & 3) != VTD_GRANULARITY_PAGE)
		return true;
	return vtd_cap_page_selective(cap) && (hi & 0x3f) <= vtd_cap_max_mask(cap);
}

/* 6.5.2.5: PFSID 15:12 and 63:52 with throttling, MIP 20:16, SID 47:32; S 0 */
static bool device_tlb_is_good(const struct model_unit *model, u64 lo, u64 hi)
{
	if (lo & 0x000f0000ffe00ff0ULL || hi & 0xffe)
		return false;
	if (lo & 0xfff000000000f000ULL && !vtd_ecap_throttling(model->unit->ecap))
		return false;
	return vtd_ecap_device_tlb(model->unit->ecap);
}

/* 6.5.2.7: G 4, IM 31:27, IIDX 47:32 */
static bool interrupt_is_good(const struct model_unit *model, u64 lo, u64 hi)
{
	return !(lo & 0xffff000007ffffe0ULL) && !hi &&
	       (lo >> 27 & 0x1f) <= vtd_ecap_max_handle_mask(model->unit->ecap);
}

/* 6.5.2.8: IF 4, SW 5, FN 6, PD 7, DATA 63:32; ADDR 63:2 */
static bool wait_is_good(u64 lo, u64 hi)
{
	return !(lo & 0xffffff00) && !(hi & 0x3);
}

static unsigned int look_for_flaw(const struct model_unit *model, const u64 *slot)
{
	bool good;

	if (slot_bytes(model) == 32 && (slot[2] || slot[3]))
		return REASON_RESERVED;
	switch (slot[0] & 0xf) {
	case 1:
		good = context_is_good(slot[0], slot[1]);
		break;
	case 2:
		good = iotlb_is_good(model, slot[0], slot[1]);
		break;
	case 3:
		good = device_tlb_is_good(model, slot[0], slot[1]);
		break;
	case 4:
		good = interrupt_is_good(model, slot[0], slot[1]);
		break;
	case 5:
		good = wait_is_good(slot[0], slot[1]);
		break;
	default:
		return REASON_TYPE;
	}
	return good ? 0 : REASON_RESERVED;
}

static void do_context(struct model_unit *model, u64 lo)
{
	unsigned int granularity = lo >> 4 & 3;
	u16 did = lo >> 16, sid = lo >> 32;

	if (granularity == VTD_GRANULARITY_DOMAIN && did < MODEL_SEEN) {
		model->seen.by_did[did]++;
		model->seen.last_sid[did] = sid;
	}
	vtd_model_invalidate_contexts(model, granularity, did, sid, lo >> 48 & 3);
}

static void do_iotlb(struct model_unit *model, u64 lo, u64 hi)
{
	unsigned int granularity = lo >> 4 & 3, mask = hi & 0x3f;

	model->window_iotlb = true;
	if (granularity == VTD_GRANULARITY_PAGE) {
		model->seen.leaf_only += hi >> 6 & 1;
		model->seen.largest = max_t(u64, model->seen.largest, mask);
		if ((hi >> 12) & (BIT_ULL(mask) - 1))
			vtd_model_complain(model, "address is not aligned to its mask");
	}
	vtd_model_invalidate_pages(model, granularity, lo >> 16, hi);
}

/* Sizes: with S, the lowest bit from 12 on that is 0 is half of the size */
static unsigned int device_tlb_order(u64 hi)
{
	return hi & 1 ? ffz(hi >> 12) + 1 : 0;
}

static void do_device_tlb(struct model_unit *model, u64 lo, u64 hi)
{
	struct model_device *device = vtd_model_find_device(model, lo >> 32);
	unsigned int i, order = device_tlb_order(hi);

	if (model->window_iotlb)
		model->seen.mixed++;
	if (!device) {
		vtd_model_complain(model, "device-TLB of a device that has none");
		return;
	}
	device->flushes++;
	device->lo = lo;
	device->hi = hi;
	if (device->times_out) {
		model->timed_out = true;
		model->timeout_sid = device->sid;
		return;
	}
	for (i = 0; i < MODEL_DEVICE_PAGES; i++)
		if (!((device->pages[i] ^ (hi >> 12)) >> min(order, 52U)))
			device->pages[i] = U64_MAX;
	if (!device->wrong)
		return;
	*faults_of(model) |= VTD_FSTS_COMPLETION_ERROR;
	vtd_model_set64(model, VTD_IQER_REG, model->old ? 0 :
			FIELD_PREP(VTD_IQER_COMPLETION_SID, device->sid));
}

static void do_wait(struct model_unit *model, u64 lo, u64 hi)
{
	model->window_iotlb = false;
	if (model->timed_out) {
		model->seen.dropped++;
		model->dropped++;
		return;
	}
	if (!(lo & VTD_DESC_WAIT_WRITE))
		return;
	model->seen.waits++;
	/* All that came before is visible to who sees it */
	smp_store_release((u32 *)phys_to_virt(hi), (u32)(lo >> 32));
}

static void execute(struct model_unit *model, const u64 *slot)
{
	u64 lo = slot[0], hi = slot[1];
	unsigned int type = lo & 0xf;

	model->seen.kinds[type][lo >> 4 & 3]++;
	switch (type) {
	case 1:
		do_context(model, lo);
		break;
	case 2:
		do_iotlb(model, lo, hi);
		break;
	case 3:
		do_device_tlb(model, lo, hi);
		break;
	case 4:
		vtd_model_invalidate_interrupts(model, !(lo & VTD_DESC_BY_INDEX), lo >> 32,
						lo >> 27 & 0x1f);
		break;
	case 5:
		do_wait(model, lo, hi);
		break;
	}
}

static bool can_fetch(struct model_unit *model)
{
	u32 status = model->regs[VTD_GSTS_REG / sizeof(u32)];

	return status & VTD_GCMD_QIE && !model->stall &&
	       !(*faults_of(model) & QUEUE_ERRORS) && !queue_is_empty(model);
}

/* One descriptor; false if there is none, or an error stops the queue */
static bool step(struct model_unit *model)
{
	const u64 *slot;
	unsigned int flaw;

	if (!can_fetch(model))
		return false;
	slot = slot_at_head(model);
	flaw = look_for_flaw(model, slot);
	/* A wait that is good is never refused */
	if (model->refuse_in && (slot[0] & 0xf) != 5 && !--model->refuse_in)
		flaw = REASON_RESERVED;
	if (flaw) {
		refuse(model, flaw);
		return false;
	}
	execute(model, slot);
	advance(model);
	/* Noticed late: what was fetched meanwhile has been dropped */
	if (model->timed_out && model->dropped &&
	    (model->dropped >= model->drop_depth || queue_is_empty(model)))
		raise_timeout(model);
	return true;
}

/**
 * vtd_model_kick() - there may be something to do
 * @model: unit
 *
 * Context: Under the model's lock.
 */
void vtd_model_kick(struct model_unit *model)
{
	lockdep_assert_held(&model->lock);

	while (!model->by_timer && step(model))
		;
}

/**
 * vtd_model_engine() - do some of what there is to do
 * @timer: the unit's engine
 *
 * Context: Hard interrupt.
 * Return: HRTIMER_RESTART.
 */
enum hrtimer_restart vtd_model_engine(struct hrtimer *timer)
{
	struct model_unit *model = container_of(timer, struct model_unit, engine);
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&model->lock, flags);
	for (i = 0; i < ENGINE_STEPS; i++)
		if (!step(model))
			break;
	raw_spin_unlock_irqrestore(&model->lock, flags);
	hrtimer_forward_now(timer, ns_to_ktime(ENGINE_NS));
	return HRTIMER_RESTART;
}
