/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Descriptors of the invalidation queue (specification 6.5.2). Functions here
 * only make them; the ring is in qi-ring.c.
 */

#ifndef _VTD_HW_DESC_H
#define _VTD_HW_DESC_H

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/types.h>

/**
 * struct vtd_desc - one descriptor
 * @lo: first word
 * @hi: second word
 *
 * All descriptors of legacy mode are 128 bits. In a queue of 256-bit
 * descriptors the other two words are zero.
 */
struct vtd_desc {
	u64 lo;
	u64 hi;
};

static_assert(sizeof(struct vtd_desc) == 16);

#define VTD_DESC_TYPE		GENMASK_ULL(3, 0)
#define VTD_DESC_CONTEXT	0x1
#define VTD_DESC_IOTLB		0x2
#define VTD_DESC_DEVICE_TLB	0x3
#define VTD_DESC_INTERRUPT	0x4
#define VTD_DESC_WAIT		0x5

/* How much is invalidated; in registers and descriptors alike */
#define VTD_GRANULARITY_GLOBAL	1
#define VTD_GRANULARITY_DOMAIN	2
#define VTD_GRANULARITY_DEVICE	3	/* of the context cache */
#define VTD_GRANULARITY_PAGE	3	/* of the IOTLB */

/* 6.5.2.1 Context cache; DID and GRANULARITY also in IOTLB descriptors */
#define VTD_DESC_GRANULARITY	GENMASK_ULL(5, 4)
#define VTD_DESC_DID		GENMASK_ULL(31, 16)
#define VTD_DESC_CONTEXT_SID	GENMASK_ULL(47, 32)
#define VTD_DESC_CONTEXT_MASK	GENMASK_ULL(49, 48)

/* 6.5.2.3 IOTLB */
#define VTD_DESC_DRAIN_WRITES	BIT_ULL(6)
#define VTD_DESC_DRAIN_READS	BIT_ULL(7)
#define VTD_DESC_ADDRESS	GENMASK_ULL(63, 12)	/* of hi */
#define VTD_DESC_LEAF_ONLY	BIT_ULL(6)		/* of hi */
#define VTD_DESC_ADDRESS_MASK	GENMASK_ULL(5, 0)	/* of hi */

/* 6.5.2.5 Device-TLB */
#define VTD_DESC_PFSID_LOW	GENMASK_ULL(15, 12)
#define VTD_DESC_QUEUE_DEPTH	GENMASK_ULL(20, 16)
#define VTD_DESC_DEVICE_SID	GENMASK_ULL(47, 32)
#define VTD_DESC_PFSID_HIGH	GENMASK_ULL(63, 52)
#define VTD_DESC_SIZED		BIT_ULL(0)		/* of hi */

/* 6.5.2.7 Interrupt entry cache */
#define VTD_DESC_BY_INDEX	BIT_ULL(4)
#define VTD_DESC_INDEX_MASK	GENMASK_ULL(31, 27)
#define VTD_DESC_INDEX		GENMASK_ULL(47, 32)

/* 6.5.2.8 Wait */
#define VTD_DESC_WAIT_INTERRUPT	BIT_ULL(4)
#define VTD_DESC_WAIT_WRITE	BIT_ULL(5)
#define VTD_DESC_WAIT_FENCE	BIT_ULL(6)
#define VTD_DESC_WAIT_DATA	GENMASK_ULL(63, 32)

/**
 * vtd_desc_context() - invalidate context entries
 * @granularity: VTD_GRANULARITY_GLOBAL, _DOMAIN or _DEVICE
 * @did: domain-id that they are tagged with
 * @sid: source-id of the device
 *
 * Return: the descriptor.
 */
static inline struct vtd_desc vtd_desc_context(unsigned int granularity, u16 did,
					       u16 sid)
{
	return (struct vtd_desc) {
		.lo = VTD_DESC_CONTEXT |
		      FIELD_PREP(VTD_DESC_GRANULARITY, granularity) |
		      FIELD_PREP(VTD_DESC_DID, did) |
		      FIELD_PREP(VTD_DESC_CONTEXT_SID, sid),
	};
}

/**
 * vtd_desc_iotlb() - invalidate all translations, or a domain's
 * @granularity: VTD_GRANULARITY_GLOBAL or _DOMAIN
 * @did: domain-id
 * @drain: VTD_DESC_DRAIN_WRITES and _READS, as far as the unit has them
 *
 * Return: the descriptor.
 */
static inline struct vtd_desc vtd_desc_iotlb(unsigned int granularity, u16 did,
					     u64 drain)
{
	return (struct vtd_desc) {
		.lo = VTD_DESC_IOTLB | FIELD_PREP(VTD_DESC_GRANULARITY, granularity) |
		      FIELD_PREP(VTD_DESC_DID, did) | drain,
	};
}

/**
 * vtd_desc_iotlb_pages() - invalidate translations of some pages
 * @did: domain-id
 * @address: first address in bytes, aligned to what @mask says
 * @mask: log2 of 4 KiB pages
 * @leaf_only: tables on the way to the pages have not changed
 * @drain: VTD_DESC_DRAIN_WRITES and _READS, as far as the unit has them
 *
 * Return: the descriptor.
 */
static inline struct vtd_desc vtd_desc_iotlb_pages(u16 did, u64 address,
						   unsigned int mask,
						   bool leaf_only, u64 drain)
{
	struct vtd_desc desc = vtd_desc_iotlb(VTD_GRANULARITY_PAGE, did, drain);

	desc.hi = (address & VTD_DESC_ADDRESS) |
		  (leaf_only ? VTD_DESC_LEAF_ONLY : 0) |
		  FIELD_PREP(VTD_DESC_ADDRESS_MASK, mask);
	return desc;
}

/**
 * vtd_desc_device_tlb() - invalidate translations in a device-TLB
 * @sid: source-id of the device
 * @pfsid: source-id of its physical function, 0 without throttling
 * @depth: invalidations it takes at once, 0 for 32
 * @address: first address in bytes, aligned to what @mask says
 * @mask: log2 of 4 KiB pages; 52 for everything
 *
 * Sizes are coded in the address: the lowest bit that is 0 tells it.
 *
 * Return: the descriptor.
 */
static inline struct vtd_desc vtd_desc_device_tlb(u16 sid, u16 pfsid,
						  unsigned int depth,
						  u64 address, unsigned int mask)
{
	struct vtd_desc desc = {
		.lo = VTD_DESC_DEVICE_TLB |
		      FIELD_PREP(VTD_DESC_PFSID_LOW, pfsid & 0xf) |
		      FIELD_PREP(VTD_DESC_QUEUE_DEPTH, depth & 0x1f) |
		      FIELD_PREP(VTD_DESC_DEVICE_SID, sid) |
		      FIELD_PREP(VTD_DESC_PFSID_HIGH, pfsid >> 4),
		.hi = address & VTD_DESC_ADDRESS,
	};

	if (mask) {
		desc.hi &= ~GENMASK_ULL(11 + mask, 12);
		desc.hi |= (GENMASK_ULL(11 + mask, 12) >> 1) & VTD_DESC_ADDRESS;
		desc.hi |= VTD_DESC_SIZED;
	}
	return desc;
}

/**
 * vtd_desc_interrupts() - invalidate remapped interrupts
 * @index: first entry, aligned to what @mask says
 * @mask: log2 of entries
 *
 * Return: the descriptor.
 */
static inline struct vtd_desc vtd_desc_interrupts(u16 index, unsigned int mask)
{
	return (struct vtd_desc) {
		.lo = VTD_DESC_INTERRUPT | VTD_DESC_BY_INDEX |
		      FIELD_PREP(VTD_DESC_INDEX_MASK, mask) |
		      FIELD_PREP(VTD_DESC_INDEX, index),
	};
}

/* Invalidate all remapped interrupts */
static inline struct vtd_desc vtd_desc_all_interrupts(void)
{
	return (struct vtd_desc) { .lo = VTD_DESC_INTERRUPT };
}

/**
 * vtd_desc_wait() - have the unit tell when it has come here
 * @status: physical address of a 32-bit word, aligned to 4
 * @data: what is written there when all descriptors before are complete
 *
 * Return: the descriptor.
 */
static inline struct vtd_desc vtd_desc_wait(u64 status, u32 data)
{
	return (struct vtd_desc) {
		.lo = VTD_DESC_WAIT | VTD_DESC_WAIT_WRITE |
		      FIELD_PREP(VTD_DESC_WAIT_DATA, data),
		.hi = status,
	};
}

#endif /* _VTD_HW_DESC_H */
