// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entries as hardware reads them, written from the specifications and from
 * nothing else:
 *
 * - Intel Virtualization Technology for Directed I/O, chapter 9: first-stage
 *   and second-stage paging entries
 * - Arm Architecture Reference Manual, VMSAv8-64 translation table descriptor
 *   formats, and VMSAv7 long descriptors, which are a subset of them
 * - the address space of Mali GPUs, as its public drivers describe it
 *
 * Whatever the specification calls reserved has to be zero here; what it calls
 * ignored may be anything.
 */

#include <linux/bitfield.h>
#include <linux/bits.h>

#include "io_pgtable_kunit.h"

/* Second-stage entries: R or W makes one present. */
#define SS_R		BIT_ULL(0)
#define SS_W		BIT_ULL(1)
#define SS_PS		BIT_ULL(7)
#define SS_A		BIT_ULL(8)
#define SS_D		BIT_ULL(9)
#define SS_SNP		BIT_ULL(11)
#define SS_RESERVED	BIT_ULL(62)

/* First-stage entries; PAT is in bit 7 of the smallest, bit 12 of others. */
#define FS_P		BIT_ULL(0)
#define FS_RW		BIT_ULL(1)
#define FS_US		BIT_ULL(2)
#define FS_PWT		BIT_ULL(3)
#define FS_PCD		BIT_ULL(4)
#define FS_A		BIT_ULL(5)
#define FS_D		BIT_ULL(6)
#define FS_PS		BIT_ULL(7)
#define FS_PAT		BIT_ULL(7)
#define FS_PAT_LARGE	BIT_ULL(12)
#define FS_XD		BIT_ULL(63)

/* Arm's long descriptors */
#define ARM_TYPE	GENMASK_ULL(1, 0)
#define ARM_TYPE_BLOCK	1
#define ARM_TYPE_TABLE	3
#define ARM_TYPE_PAGE	3
#define ARM_ATTR_INDEX	GENMASK_ULL(4, 2)
#define ARM_S2_MEMATTR	GENMASK_ULL(5, 2)
#define ARM_NS		BIT_ULL(5)
#define ARM_AP1		BIT_ULL(6)	/* stage 1: unprivileged too */
#define ARM_AP2		BIT_ULL(7)	/* stage 1: read-only */
#define ARM_S2AP_R	BIT_ULL(6)
#define ARM_S2AP_W	BIT_ULL(7)
#define ARM_SH		GENMASK_ULL(9, 8)
#define ARM_SH_NONE	0
#define ARM_SH_OUTER	2
#define ARM_SH_INNER	3
#define ARM_AF		BIT_ULL(10)
#define ARM_NG		BIT_ULL(11)
#define ARM_RES0	GENMASK_ULL(49, 48)
#define ARM_GP		BIT_ULL(50)
#define ARM_DBM		BIT_ULL(51)
#define ARM_CONTIGUOUS	BIT_ULL(52)
#define ARM_PXN		BIT_ULL(53)
#define ARM_XN		BIT_ULL(54)
#define ARM_NSTABLE	BIT_ULL(63)
/* Hierarchical limits of a table: privileges and execution */
#define ARM_TABLE_LIMITS	GENMASK_ULL(62, 59)
#define ARM_TABLE_RES0	GENMASK_ULL(50, 48)

/* Mali: of a table's entry only these are free for software. */
#define MALI_TABLE_FREE	GENMASK_ULL(58, 55)

static void bad(struct iopgt_entry *entry, const char *why)
{
	entry->kind = IOPGT_BAD;
	entry->why = why;
}

/* Bits of an address from @low up that the hardware at hand has not. */
static u64 beyond(unsigned int low, unsigned int high)
{
	return low > high ? 0 : GENMASK_ULL(high, low);
}

static u64 span_bits(const struct iopgt *t, unsigned int height)
{
	return iopgt_span(t, height) - 1;
}

static void decode_ss(const struct iopgt *t, u64 raw, unsigned int height,
		      struct iopgt_entry *entry)
{
	u64 reserved = SS_RESERVED | beyond(t->geo.oa_bits, 51);
	u64 addr = raw & GENMASK_ULL(51, 12);
	bool leaf = !height || (raw & SS_PS);

	if (!(raw & (SS_R | SS_W)))
		return;
	entry->kind = leaf ? IOPGT_LEAF : IOPGT_TABLE;
	entry->addr = addr;
	entry->attr = (raw & SS_R ? IOPGT_READ : 0) |
		      (raw & SS_W ? IOPGT_WRITE : 0) | IOPGT_USER;
	if (raw & reserved) {
		bad(entry, "reserved bits of a second-stage entry");
		return;
	}
	if (!leaf) {
		if (raw & SS_SNP)
			bad(entry, "SNP in a table's entry");
		return;
	}

	if (raw & SS_A)
		entry->attr |= IOPGT_ACCESSED;
	if (raw & SS_D)
		entry->attr |= IOPGT_DIRTY;
	if (raw & SS_SNP)
		entry->attr |= IOPGT_SNOOP;
	if (height > 2)
		bad(entry, "PS above level 3");
	else if (!(t->config->pgsizes & iopgt_span(t, height)))
		bad(entry, "a page size that this hardware has not");
	else if (addr & span_bits(t, height))
		bad(entry, "address of a page is not aligned");
	else if (raw & SS_SNP && !(t->cfg.quirks & IO_PGTABLE_QUIRK_VTD_SNOOP))
		bad(entry, "SNP without snoop control");
}

static void decode_fs(const struct iopgt *t, u64 raw, unsigned int height,
		      struct iopgt_entry *entry)
{
	u64 reserved = FS_XD | beyond(t->geo.oa_bits, 51);
	u64 addr = raw & GENMASK_ULL(51, 12);
	bool leaf = !height || (raw & FS_PS);
	u64 type = FS_PWT | FS_PCD;

	if (!(raw & FS_P))
		return;
	entry->kind = leaf ? IOPGT_LEAF : IOPGT_TABLE;
	entry->addr = addr;
	entry->attr = IOPGT_READ | (raw & FS_RW ? IOPGT_WRITE : 0) |
		      (raw & FS_US ? IOPGT_USER : 0);
	if (raw & reserved) {
		bad(entry, "reserved bits of a first-stage entry");
		return;
	}
	if (!leaf) {
		if (raw & type)
			bad(entry, "memory type of a table");
		return;
	}

	if (raw & FS_A)
		entry->attr |= IOPGT_ACCESSED;
	if (raw & FS_D)
		entry->attr |= IOPGT_DIRTY;
	type |= height ? FS_PAT_LARGE : FS_PAT;
	if (raw & type)
		entry->attr |= IOPGT_ODD;
	if (height)
		entry->addr &= ~FS_PAT_LARGE;
	if (height > 2)
		bad(entry, "PS above level 3");
	else if (!(t->config->pgsizes & iopgt_span(t, height)))
		bad(entry, "a page size that this hardware has not");
	else if (entry->addr & span_bits(t, height))
		bad(entry, "address of a page is not aligned");
}

/* Which levels have blocks depends on the granule, and on 52-bit addresses. */
static bool arm_has_block(const struct iopgt *t, unsigned int height)
{
	switch (t->geo.shift) {
	case 12:
		return height == 1 || height == 2;
	case 14:
		return height == 1;
	default:
		return height == 1 || (height == 2 && t->geo.oa_bits == 52);
	}
}

/*
 * An output address of 52 bits has its top four in bits 15:12, which the
 * granule of 64 KiB leaves free. @low is log2 of what the address is a
 * multiple of. Returns the bits that have to be zero.
 */
static u64 arm_addr(const struct iopgt *t, u64 raw, unsigned int low,
		    u64 *addr)
{
	u64 zero = beyond(12, low - 1);

	*addr = raw & GENMASK_ULL(47, low);
	if (t->geo.shift == 16 && t->geo.oa_bits == 52) {
		*addr |= FIELD_GET(GENMASK_ULL(15, 12), raw) << 48;
		zero &= ~GENMASK_ULL(15, 12);
	}
	return zero;
}

static u32 arm_type_of(u64 mair, unsigned int index)
{
	switch (mair >> (8 * index) & 0xff) {
	case 0xff:	/* write-back, read and write allocate */
	case 0x8d:	/* Mali: write allocate */
		return IOPGT_WRITE_BACK;
	case 0x44:	/* inner and outer non-cacheable */
	case 0x88:	/* Mali: as the GPU likes */
		return IOPGT_NON_CACHED;
	case 0x04:	/* device-nGnRE */
		return IOPGT_DEVICE;
	}
	return IOPGT_ODD;
}

static u32 arm_s2_type_of(unsigned int memattr)
{
	switch (memattr) {
	case 0xf:	/* outer and inner write-back */
		return IOPGT_WRITE_BACK;
	case 0x5:	/* outer and inner non-cacheable */
		return IOPGT_NON_CACHED;
	case 0x1:	/* device-nGnRE */
		return IOPGT_DEVICE;
	}
	return IOPGT_ODD;
}

static u32 arm_shareability(u64 raw)
{
	switch (FIELD_GET(ARM_SH, raw)) {
	case ARM_SH_NONE:
		return 0;
	case ARM_SH_OUTER:
		return IOPGT_OUTER;
	case ARM_SH_INNER:
		return IOPGT_INNER;
	}
	return IOPGT_ODD;
}

static u32 arm_execution(u64 raw)
{
	switch (raw & (ARM_XN | ARM_PXN)) {
	case 0:
		return IOPGT_EXEC;
	case ARM_XN | ARM_PXN:
		return 0;
	}
	return IOPGT_ODD;
}

static u32 arm_s1_attr(const struct iopgt *t, u64 raw)
{
	bool tracks = t->cfg.quirks & IO_PGTABLE_QUIRK_ARM_HD;
	u32 attr = IOPGT_READ;

	attr |= arm_type_of(t->geo.mair, FIELD_GET(ARM_ATTR_INDEX, raw));
	if (raw & ARM_NS)
		attr |= IOPGT_NON_SECURE;
	if (raw & ARM_AP1)
		attr |= IOPGT_USER;
	if (!(raw & ARM_AP2) || (tracks && raw & ARM_DBM))
		attr |= IOPGT_WRITE;
	if (raw & ARM_NG)
		attr |= IOPGT_NOT_GLOBAL;
	if (raw & ARM_DBM) {
		attr |= tracks ? IOPGT_TRACKED : IOPGT_ODD;
		attr |= raw & ARM_AP2 ? 0 : IOPGT_DIRTY;
	}
	return attr;
}

static u32 arm_s2_attr(u64 raw)
{
	u32 attr = arm_s2_type_of(FIELD_GET(ARM_S2_MEMATTR, raw));

	if (raw & ARM_S2AP_R)
		attr |= IOPGT_READ;
	if (raw & ARM_S2AP_W)
		attr |= IOPGT_WRITE;
	if (raw & (ARM_NG | ARM_DBM))
		attr |= IOPGT_ODD;
	return attr | IOPGT_USER;
}

static void decode_arm_table(const struct iopgt *t, u64 raw,
			     struct iopgt_entry *entry)
{
	u64 zero = arm_addr(t, raw, t->geo.shift, &entry->addr);
	bool s1 = t->config->fmt == ARM_64_LPAE_S1 ||
		  t->config->fmt == ARM_32_LPAE_S1;
	bool ns = t->cfg.quirks & IO_PGTABLE_QUIRK_ARM_NS;

	entry->kind = IOPGT_TABLE;
	entry->attr = IOPGT_READ | IOPGT_WRITE | IOPGT_USER;
	if (raw & (zero | ARM_TABLE_RES0))
		bad(entry, "reserved bits of a table's descriptor");
	else if (raw & ARM_TABLE_LIMITS)
		bad(entry, "limits in a table's descriptor");
	else if (!!(raw & ARM_NSTABLE) != (s1 && ns))
		bad(entry, "NSTable");
}

static void decode_arm_leaf(const struct iopgt *t, u64 raw, unsigned int height,
			    struct iopgt_entry *entry)
{
	unsigned int low = t->geo.shift + height * t->geo.bits;
	u64 zero = arm_addr(t, raw, low, &entry->addr);

	entry->kind = IOPGT_LEAF;
	if (t->config->fmt == ARM_64_LPAE_S1 ||
	    t->config->fmt == ARM_32_LPAE_S1)
		entry->attr = arm_s1_attr(t, raw);
	else
		entry->attr = arm_s2_attr(raw);
	entry->attr |= arm_shareability(raw) | arm_execution(raw);
	if (raw & ARM_AF)
		entry->attr |= IOPGT_ACCESSED;
	if (raw & (zero | ARM_RES0 | ARM_GP))
		bad(entry, "reserved bits of a leaf");
	else if (!(raw & ARM_AF))
		bad(entry, "access flag fault");
	else if (raw & ARM_CONTIGUOUS)
		bad(entry, "contiguous bit");
}

static void decode_arm(const struct iopgt *t, u64 raw, unsigned int height,
		       struct iopgt_entry *entry)
{
	u64 type = raw & ARM_TYPE;

	if (!(raw & 1))
		return;
	if (height && type == ARM_TYPE_TABLE)
		decode_arm_table(t, raw, entry);
	else if (!height && type != ARM_TYPE_PAGE)
		bad(entry, "reserved type at the last level");
	else if (height && !arm_has_block(t, height))
		bad(entry, "a block at a level without");
	else
		decode_arm_leaf(t, raw, height, entry);
}

/* Every leaf has type 1, the attributes are stage 1's, the access stage 2's. */
static void decode_mali(const struct iopgt *t, u64 raw, unsigned int height,
			struct iopgt_entry *entry)
{
	u64 free = MALI_TABLE_FREE, addr = GENMASK_ULL(47, 12);
	u64 type = raw & ARM_TYPE;

	if (!(raw & 1))
		return;
	entry->addr = raw & addr;
	if (type == ARM_TYPE_TABLE) {
		entry->kind = IOPGT_TABLE;
		entry->attr = IOPGT_READ | IOPGT_WRITE | IOPGT_USER;
		if (!height)
			bad(entry, "a table at the last level");
		else if (raw & ~(free | addr | ARM_TYPE))
			bad(entry, "reserved bits of a table's descriptor");
		return;
	}

	entry->kind = IOPGT_LEAF;
	entry->attr = arm_type_of(t->geo.mair,
				  FIELD_GET(ARM_ATTR_INDEX, raw)) |
		      arm_shareability(raw) | arm_execution(raw) | IOPGT_USER;
	if (raw & ARM_S2AP_R)
		entry->attr |= IOPGT_READ;
	if (raw & ARM_S2AP_W)
		entry->attr |= IOPGT_WRITE;
	free = addr | ARM_TYPE | ARM_ATTR_INDEX | ARM_S2AP_R | ARM_S2AP_W |
	       ARM_SH | ARM_XN | ARM_PXN;
	if (height > 2)
		bad(entry, "a block at a level without");
	else if (raw & ~free)
		bad(entry, "reserved bits of a leaf");
	else if (entry->addr & span_bits(t, height))
		bad(entry, "address of a page is not aligned");
}

/**
 * iopgt_decode() - what hardware makes of an entry
 * @t: table, its geometry and quirks
 * @raw: entry
 * @height: its level
 * @entry: set to the result
 */
void iopgt_decode(const struct iopgt *t, u64 raw, unsigned int height,
		  struct iopgt_entry *entry)
{
	*entry = (struct iopgt_entry){ .kind = IOPGT_HOLE };

	switch (t->config->fmt) {
	case VTD_SECOND_STAGE:
		decode_ss(t, raw, height, entry);
		break;
	case VTD_FIRST_STAGE:
		decode_fs(t, raw, height, entry);
		break;
	case ARM_MALI_LPAE:
		decode_mali(t, raw, height, entry);
		break;
	default:
		decode_arm(t, raw, height, entry);
		break;
	}
	if ((entry->kind == IOPGT_LEAF || entry->kind == IOPGT_TABLE) &&
	    entry->addr >> t->geo.oa_bits)
		bad(entry, "an address beyond what the hardware has");
}
