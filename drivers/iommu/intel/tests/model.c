// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registers of the model (specification, chapter 11): what they hold, and
 * what writing them does.
 */

#include <linux/bitops.h>
#include <linux/string.h>

#include "model.h"

/* Of the Global Command Register: bits that last, and those that do not */
#define LASTING		(VTD_GCMD_CFI | VTD_GCMD_IRE | VTD_GCMD_QIE | VTD_GCMD_TE)
#define ONE_SHOT	(VTD_GCMD_SIRTP | VTD_GCMD_WBF | VTD_GCMD_SRTP)

#define QUEUE_ERRORS	(VTD_FSTS_QUEUE_ERROR | VTD_FSTS_COMPLETION_ERROR | \
			 VTD_FSTS_TIMEOUT_ERROR)

static struct model_unit *to_model(struct vtd_model *hook)
{
	return container_of(hook, struct model_unit, hook);
}

/**
 * vtd_model_get64() - read a 64-bit register without side effects
 * @model: unit
 * @offset: of the register
 *
 * Context: Any context.
 * Return: its value.
 */
u64 vtd_model_get64(const struct model_unit *model, unsigned int offset)
{
	unsigned int i = offset / sizeof(u32);

	return (u64)model->regs[i + 1] << 32 | model->regs[i];
}

/**
 * vtd_model_set64() - change a 64-bit register without side effects
 * @model: unit
 * @offset: of the register
 * @value: what it is to hold
 *
 * Context: Under the model's lock.
 */
void vtd_model_set64(struct model_unit *model, unsigned int offset, u64 value)
{
	unsigned int i = offset / sizeof(u32);

	model->regs[i] = value;
	model->regs[i + 1] = value >> 32;
}

/**
 * vtd_model_complain() - note what a driver must not do
 * @model: unit
 * @complaint: words for it
 *
 * Context: Under the model's lock.
 */
void vtd_model_complain(struct model_unit *model, const char *complaint)
{
	if (!model->complaint)
		model->complaint = complaint;
}

static u32 *status_of(struct model_unit *model)
{
	return &model->regs[VTD_GSTS_REG / sizeof(u32)];
}

static void turn_queue(struct model_unit *model, bool on)
{
	if (on) {
		if (vtd_model_get64(model, VTD_IQT_REG))
			vtd_model_complain(model, "queue turned on with a tail");
		vtd_model_set64(model, VTD_IQH_REG, 0);
		model->stall = model->stall_again;
	} else {
		model->stall = false;
		model->timed_out = false;
	}
}

/* 11.4.4: one change at a time; it shows at once, or never */
static void write_command(struct model_unit *model, u32 value)
{
	u32 *status = status_of(model);
	u32 changed = (value ^ *status) & LASTING;

	if (hweight32(changed) + hweight32(value & ONE_SHOT) > 1)
		vtd_model_complain(model, "several commands at once");
	if (value & ~(LASTING | ONE_SHOT))
		vtd_model_complain(model, "command that the unit does not have");
	changed &= ~model->deaf;
	*status ^= changed;
	if (changed & VTD_GCMD_QIE)
		turn_queue(model, *status & VTD_GCMD_QIE);

	if (value & VTD_GCMD_SRTP & ~model->deaf) {
		*status |= VTD_GCMD_SRTP;
		model->root = vtd_model_get64(model, VTD_RTADDR_REG);
		if (model->root & VTD_RTADDR_MODE)
			vtd_model_complain(model, "root table is not of legacy mode");
		if (vtd_cap_root_invalidates(model->unit->cap)) {
			vtd_model_invalidate_contexts(model, VTD_GRANULARITY_GLOBAL, 0, 0, 0);
			vtd_model_invalidate_pages(model, VTD_GRANULARITY_GLOBAL, 0, 0);
		}
	}
	if (value & VTD_GCMD_SIRTP & ~model->deaf) {
		*status |= VTD_GCMD_SIRTP;
		model->irta = vtd_model_get64(model, VTD_IRTA_REG);
		if (vtd_cap_interrupt_table_invalidates(model->unit->cap))
			vtd_model_invalidate_interrupts(model, true, 0, 0);
	}
	if (value & VTD_GCMD_WBF) {
		model->seen.write_buffer++;
		*status &= ~VTD_GCMD_WBF;
		*status |= model->deaf & VTD_GCMD_WBF;
	}
}

static bool by_queue_only(struct model_unit *model)
{
	if (!(*status_of(model) & VTD_GCMD_QIE))
		return false;
	vtd_model_complain(model, "invalidation by register while the queue is on");
	return true;
}

/* 11.4.6.1 */
static void write_context_command(struct model_unit *model, u64 value)
{
	unsigned int granularity = FIELD_GET(VTD_CCMD_GRANULARITY, value);

	if (!(value & VTD_CCMD_INVALIDATE) || by_queue_only(model))
		return;
	model->seen.registers++;
	vtd_model_invalidate_contexts(model, granularity, FIELD_GET(VTD_CCMD_DID, value),
				      FIELD_GET(VTD_CCMD_SID, value),
				      FIELD_GET(VTD_CCMD_FUNCTION_MASK, value));
	value &= ~(VTD_CCMD_INVALIDATE | VTD_CCMD_ACTUAL);
	value |= FIELD_PREP(VTD_CCMD_ACTUAL, granularity);
	vtd_model_set64(model, VTD_CCMD_REG, value);
}

/* 11.4.6.3: a request that the unit can't do is told by an actual granularity of 0 */
static void write_iotlb_command(struct model_unit *model, u64 value)
{
	unsigned int granularity = FIELD_GET(VTD_IOTLB_GRANULARITY, value);
	u64 address = vtd_model_get64(model, MODEL_IOTLB);

	if (!(value & VTD_IOTLB_INVALIDATE) || by_queue_only(model))
		return;
	model->seen.registers++;
	if (granularity == VTD_GRANULARITY_PAGE &&
	    (!vtd_cap_page_selective(model->unit->cap) ||
	     FIELD_GET(VTD_IVA_MASK, address) > vtd_cap_max_mask(model->unit->cap)))
		granularity = 0;
	vtd_model_invalidate_pages(model, granularity, FIELD_GET(VTD_IOTLB_DID, value),
				   address);
	value &= ~(VTD_IOTLB_INVALIDATE | VTD_IOTLB_ACTUAL);
	value |= FIELD_PREP(VTD_IOTLB_ACTUAL, granularity);
	vtd_model_set64(model, MODEL_IOTLB + sizeof(u64), value);
}

/* 11.4.7.1: errors are cleared by writing 1, upon which the queue goes on */
static void write_fault_status(struct model_unit *model, u32 value)
{
	u32 *status = &model->regs[VTD_FSTS_REG / sizeof(u32)];

	*status &= ~(value & (QUEUE_ERRORS | VTD_FSTS_OVERFLOW));
	*status |= model->again;
	vtd_model_kick(model);
}

/* 11.4.7.6: the high word is cleared by writing VALID; pending goes with the last */
static void write_fault_record(struct model_unit *model, unsigned int offset, u64 value)
{
	unsigned int i;

	if (!(value & VTD_FRCD_VALID))
		return;
	vtd_model_set64(model, offset,
			vtd_model_get64(model, offset) & ~VTD_FRCD_VALID);
	for (i = 0; i < MODEL_RECORDS; i++)
		if (vtd_model_get64(model, MODEL_FAULTS + i * VTD_FRCD_BYTES + 8) &
		    VTD_FRCD_VALID)
			return;
	model->regs[VTD_FSTS_REG / sizeof(u32)] &= ~VTD_FSTS_PENDING;
}

static void write_tail(struct model_unit *model, u64 old)
{
	u64 tail = vtd_model_get64(model, VTD_IQT_REG);
	u64 address = vtd_model_get64(model, VTD_IQA_REG);
	u64 bytes = SZ_4K << FIELD_GET(VTD_IQA_SIZE, address);

	if (!(*status_of(model) & VTD_GCMD_QIE))
		return;
	if (tail >= bytes || tail % (address & VTD_IQA_WIDE ? 32 : 16))
		vtd_model_complain(model, "tail is not in the ring");
	if (tail != old)
		model->seen.doorbells++;
	vtd_model_kick(model);
}

/* What else a write causes; the register holds the value already */
static void written(struct model_unit *model, unsigned int offset, u64 value, u64 old)
{
	switch (offset) {
	case VTD_GCMD_REG:
		write_command(model, value);
		break;
	case VTD_CCMD_REG:
		write_context_command(model, value);
		break;
	case MODEL_IOTLB + sizeof(u64):
		write_iotlb_command(model, value);
		break;
	case VTD_IQA_REG:
		if (*status_of(model) & VTD_GCMD_QIE)
			vtd_model_complain(model, "queue moved while it is on");
		break;
	case VTD_IQT_REG:
		write_tail(model, old);
		break;
	}
}

static bool is_fault_record(unsigned int offset)
{
	return offset >= MODEL_FAULTS &&
	       offset < MODEL_FAULTS + MODEL_RECORDS * VTD_FRCD_BYTES;
}

/* Registers that don't hold what is written */
static bool write_special(struct model_unit *model, unsigned int offset, u64 value)
{
	if (offset == VTD_FSTS_REG) {
		write_fault_status(model, value);
		return true;
	}
	if (is_fault_record(offset)) {
		/* The high word, or its high half */
		if (offset % VTD_FRCD_BYTES == 8)
			write_fault_record(model, offset, value);
		else if (offset % VTD_FRCD_BYTES == 12)
			write_fault_record(model, offset - 4, value << 32);
		return true;
	}
	switch (offset) {
	case VTD_VER_REG:
	case VTD_CAP_REG:
	case VTD_ECAP_REG:
	case VTD_GSTS_REG:
	case VTD_IQH_REG:
	case VTD_IQER_REG:
		vtd_model_complain(model, "write to a register that can't be written");
		return true;
	}
	return false;
}

static bool reachable(struct model_unit *model, unsigned int offset, unsigned int bytes)
{
	if (offset + bytes <= MODEL_BYTES && !(offset % bytes))
		return true;
	vtd_model_complain(model, "access outside of the registers");
	return false;
}

static u64 model_read(struct vtd_model *hook, unsigned int offset, unsigned int bytes)
{
	struct model_unit *model = to_model(hook);
	unsigned long flags;
	u64 value = 0;

	raw_spin_lock_irqsave(&model->lock, flags);
	if (reachable(model, offset, bytes))
		value = bytes == sizeof(u64) ? vtd_model_get64(model, offset) :
			model->regs[offset / sizeof(u32)];
	raw_spin_unlock_irqrestore(&model->lock, flags);
	return value;
}

static void model_write(struct vtd_model *hook, unsigned int offset,
			unsigned int bytes, u64 value)
{
	struct model_unit *model = to_model(hook);
	unsigned long flags;
	u64 old;

	raw_spin_lock_irqsave(&model->lock, flags);
	if (reachable(model, offset, bytes) && !write_special(model, offset, value)) {
		old = bytes == sizeof(u64) ? vtd_model_get64(model, offset) :
		      model->regs[offset / sizeof(u32)];
		if (bytes == sizeof(u64))
			vtd_model_set64(model, offset, value);
		else
			model->regs[offset / sizeof(u32)] = value;
		written(model, offset, value, old);
	}
	raw_spin_unlock_irqrestore(&model->lock, flags);
}

/**
 * vtd_model_init() - the unit as it comes out of reset
 * @model: zeroed memory, with @unit set
 * @cap: capabilities without places of registers
 * @ecap: extended capabilities, likewise
 *
 * Context: Any context.
 */
void vtd_model_init(struct model_unit *model, u64 cap, u64 ecap)
{
	cap |= FIELD_PREP(VTD_CAP_FRO, MODEL_FAULTS / 16) |
	       FIELD_PREP(VTD_CAP_NFR, MODEL_RECORDS - 1);
	ecap |= FIELD_PREP(VTD_ECAP_IRO, MODEL_IOTLB / 16);
	raw_spin_lock_init(&model->lock);
	model->hook.read = model_read;
	model->hook.write = model_write;
	model->drop_depth = 1;
	model->regs[VTD_VER_REG / sizeof(u32)] = 0x10;
	model->regs[VTD_FECTL_REG / sizeof(u32)] = VTD_EVENT_MASKED;
	vtd_model_set64(model, VTD_CAP_REG, cap);
	vtd_model_set64(model, VTD_ECAP_REG, ecap);
}

/**
 * vtd_model_heal() - take back all that was injected
 * @model: unit
 *
 * Context: Any context.
 */
void vtd_model_heal(struct model_unit *model)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&model->lock, flags);
	model->refuse_in = 0;
	model->stall = false;
	model->stall_again = false;
	model->again = 0;
	model->deaf = 0;
	for (i = 0; i < model->device_count; i++) {
		model->devices[i].times_out = false;
		model->devices[i].wrong = false;
	}
	vtd_model_kick(model);
	raw_spin_unlock_irqrestore(&model->lock, flags);
}
