/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Root and context entries of legacy mode (specification 9.1 and 9.3).
 *
 * Functions here fill an entry in memory that no hardware reads; what order an
 * entry that is live may change in, context.c knows.
 */

#ifndef _VTD_HW_TABLES_H
#define _VTD_HW_TABLES_H

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/types.h>

#define VTD_TABLE_BYTES		4096
#define VTD_TABLE_ENTRIES	256

/**
 * struct vtd_root_entry - one PCI bus
 * @lo: pointer to a table of contexts
 * @hi: reserved in legacy mode
 */
struct vtd_root_entry {
	u64 lo;
	u64 hi;
};

static_assert(sizeof(struct vtd_root_entry) == 16);

#define VTD_ROOT_PRESENT	BIT_ULL(0)
#define VTD_ROOT_TABLE		GENMASK_ULL(63, 12)

/**
 * struct vtd_context - one function of a bus
 * @lo: present bit, kind of translation, page table
 * @hi: domain-id, number of levels
 */
struct vtd_context {
	u64 lo;
	u64 hi;
};

static_assert(sizeof(struct vtd_context) == 16);

#define VTD_CONTEXT_PRESENT	BIT_ULL(0)
#define VTD_CONTEXT_NO_FAULTS	BIT_ULL(1)
#define VTD_CONTEXT_TYPE	GENMASK_ULL(3, 2)
#define VTD_CONTEXT_TABLE	GENMASK_ULL(63, 12)
#define VTD_CONTEXT_WIDTH	GENMASK_ULL(2, 0)	/* of hi */
#define VTD_CONTEXT_DID		GENMASK_ULL(23, 8)	/* of hi */

/**
 * enum vtd_context_type - what becomes of a request
 * @VTD_TRANSLATE: untranslated requests are translated, others blocked
 * @VTD_TRANSLATE_ATS: the device may also ask for translations and cache them
 * @VTD_PASS_THROUGH: untranslated requests are passed as they are
 */
enum vtd_context_type {
	VTD_TRANSLATE		= 0,
	VTD_TRANSLATE_ATS	= 1,
	VTD_PASS_THROUGH	= 2,
};

/* Width of address spaces as context entries give it: 39 bits is 1 */
static inline unsigned int vtd_levels_to_width(unsigned int levels)
{
	return levels - 2;
}

static inline unsigned int vtd_width_to_levels(unsigned int width)
{
	return width + 2;
}

/**
 * vtd_make_context() - fill a context entry
 * @type: what becomes of requests
 * @table: physical address of the page table, 0 for pass-through
 * @levels: levels of the page table; for pass-through the most that the unit has
 * @did: domain-id
 *
 * Return: the entry, present.
 */
static inline struct vtd_context
vtd_make_context(enum vtd_context_type type, u64 table, unsigned int levels,
		 u16 did)
{
	return (struct vtd_context) {
		.lo = VTD_CONTEXT_PRESENT | FIELD_PREP(VTD_CONTEXT_TYPE, type) |
		      (table & VTD_CONTEXT_TABLE),
		.hi = FIELD_PREP(VTD_CONTEXT_WIDTH, vtd_levels_to_width(levels)) |
		      FIELD_PREP(VTD_CONTEXT_DID, did),
	};
}

static inline bool vtd_context_present(struct vtd_context context)
{
	return context.lo & VTD_CONTEXT_PRESENT;
}

static inline u16 vtd_context_did(struct vtd_context context)
{
	return FIELD_GET(VTD_CONTEXT_DID, context.hi);
}

#endif /* _VTD_HW_TABLES_H */
