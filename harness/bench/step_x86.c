// SPDX-License-Identifier: GPL-2.0-only
/*
 * Single-steps through kernel code by the trap flag, and looks at each
 * instruction before it is executed. What has a LOCK prefix, or exchanges with
 * memory, is atomic. Memory of this CPU's own, as addressed through GS, is left
 * out.
 */

#include <linux/bits.h>
#include <linux/cache.h>
#include <linux/kdebug.h>
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/notifier.h>
#include <linux/ptrace.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include <asm/debugreg.h>
#include <asm/processor-flags.h>

#include "step_x86.h"

/* Parts of an instruction */
#define PREFIX_LOCK		0xf0
#define PREFIX_GS		0x65
#define PREFIX_OPERAND		0x66
#define REX_MASK		0xf0
#define REX			0x40
#define REX_X			BIT(1)
#define REX_B			BIT(0)
#define OPCODE_TWO_BYTES	0x0f
#define OPCODE_XCHG_8		0x86
#define OPCODE_XCHG		0x87
#define OPCODE_IMM8		0x80
#define OPCODE_IMM32		0x81
#define OPCODE_IMM8_EXTENDED	0x83
#define OPCODE_BIT_IMM8		0xba
#define REG_SP			4
#define REG_BP			5

static struct step_log *step_log;	/* of the CPU that steps, or NULL */
static int step_cpu;

/* In the order of their numbers in instructions */
static const unsigned short reg_offsets[] = {
	offsetof(struct pt_regs, ax), offsetof(struct pt_regs, cx),
	offsetof(struct pt_regs, dx), offsetof(struct pt_regs, bx),
	offsetof(struct pt_regs, sp), offsetof(struct pt_regs, bp),
	offsetof(struct pt_regs, si), offsetof(struct pt_regs, di),
	offsetof(struct pt_regs, r8), offsetof(struct pt_regs, r9),
	offsetof(struct pt_regs, r10), offsetof(struct pt_regs, r11),
	offsetof(struct pt_regs, r12), offsetof(struct pt_regs, r13),
	offsetof(struct pt_regs, r14), offsetof(struct pt_regs, r15),
};

static unsigned long reg(const struct pt_regs *regs, unsigned int nr)
{
	return *(const unsigned long *)((const u8 *)regs + reg_offsets[nr]);
}

/* The bytes behind the address of an operand */
static unsigned int immediate_bytes(bool two_bytes, u8 opcode, bool operand16)
{
	if (two_bytes)
		return opcode == OPCODE_BIT_IMM8;
	if (opcode == OPCODE_IMM8 || opcode == OPCODE_IMM8_EXTENDED)
		return 1;
	if (opcode == OPCODE_IMM32)
		return operand16 ? 2 : 4;
	return 0;
}

/* Address of an operand in memory; @code is at the ModRM byte, @after bytes follow it. */
static unsigned long operand(const struct pt_regs *regs, const u8 *code, u8 rex,
			     unsigned int after)
{
	u8 mod = *code >> 6, rm = *code & 7, sib;
	unsigned int base = rm | (rex & REX_B) << 3, index;
	unsigned long address = 0;

	code++;
	if (rm == REG_SP) {
		sib = *code++;
		base = (sib & 7) | (rex & REX_B) << 3;
		index = (sib >> 3 & 7) | (rex & REX_X) << 2;
		if (index != REG_SP)
			address = reg(regs, index) << (sib >> 6);
		rm = sib & 7;
		if (mod == 0 && rm == REG_BP)
			return address + (s32)get_unaligned_le32(code);
	} else if (mod == 0 && rm == REG_BP) {
		return (unsigned long)code + 4 + after + (s32)get_unaligned_le32(code);
	}
	address += reg(regs, base);
	if (mod == 1)
		address += (s8)*code;
	else if (mod == 2)
		address += (s32)get_unaligned_le32(code);
	return address;
}

/* Is the next instruction atomic, and on memory that is not this CPU's own? */
static bool next_atomic(const struct pt_regs *regs, unsigned long *address)
{
	const u8 *code = (const u8 *)regs->ip;
	bool lock = false, gs = false, operand16 = false, two_bytes;
	u8 rex = 0, opcode;

	for (;; code++) {
		if (*code == PREFIX_LOCK)
			lock = true;
		else if (*code == PREFIX_GS)
			gs = true;
		else if (*code == PREFIX_OPERAND)
			operand16 = true;
		else
			break;
	}
	if ((*code & REX_MASK) == REX)
		rex = *code++;
	two_bytes = *code == OPCODE_TWO_BYTES;
	code += two_bytes;
	opcode = *code++;
	if (!two_bytes && (opcode == OPCODE_XCHG || opcode == OPCODE_XCHG_8))
		lock |= *code >> 6 != 3;
	if (!lock || gs)
		return false;
	*address = operand(regs, code, rex,
			   immediate_bytes(two_bytes, opcode, operand16));
	return true;
}

static void count(struct step_log *log, unsigned long ip, unsigned long line)
{
	struct step_place *place;

	for (place = log->places; place < log->places + log->nr; place++) {
		if (place->ip == ip && place->line == line) {
			place->count++;
			return;
		}
	}
	if (log->nr == STEP_PLACES) {
		log->lost = true;
		return;
	}
	log->nr++;
	*place = (struct step_place){ .ip = ip, .line = line, .count = 1 };
}

static int step_notify(struct notifier_block *nb, unsigned long event,
		       void *data)
{
	struct die_args *args = data;
	unsigned long *dr6 = (unsigned long *)args->err;
	struct step_log *log = READ_ONCE(step_log);
	unsigned long address;

	if (event != DIE_DEBUG || !(*dr6 & DR_STEP) || !log ||
	    raw_smp_processor_id() != step_cpu)
		return NOTIFY_DONE;
	*dr6 &= ~DR_STEP;
	log->instructions++;
	if (next_atomic(args->regs, &address))
		count(log, args->regs->ip, round_down(address, L1_CACHE_BYTES));
	return NOTIFY_STOP;
}

static struct notifier_block step_block = {
	.notifier_call = step_notify,
	.priority = INT_MAX,
};

int step_init(void)
{
	return register_die_notifier(&step_block);
}

void step_exit(void)
{
	unregister_die_notifier(&step_block);
}

static void set_flags(unsigned long flags)
{
	asm volatile("push %0\n\tpopf" : : "r" (flags) : "memory", "cc");
}

void step_begin(struct step_log *log)
{
	step_cpu = smp_processor_id();
	WRITE_ONCE(step_log, log);
	set_flags(native_save_fl() | X86_EFLAGS_TF);
}

void step_end(void)
{
	set_flags(native_save_fl() & ~X86_EFLAGS_TF);
	WRITE_ONCE(step_log, NULL);
}
