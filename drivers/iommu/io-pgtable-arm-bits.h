/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Long descriptors as the Arm Architecture Reference Manual draws them, in its
 * chapters on the VMSAv8-64 and VMSAv7 translation table formats. Registers
 * that a driver programs beside the table are in io-pgtable-arm.h.
 */

#ifndef _IO_PGTABLE_ARM_BITS_H
#define _IO_PGTABLE_ARM_BITS_H

#include <linux/bits.h>

/*
 * Type, in bits 1:0: invalid if bit 0 is clear. What is a page at the last
 * level would be a table above it. Mali has blocks at the last level, too.
 */
#define ARM_LPAE_TYPE		GENMASK_ULL(1, 0)
#define ARM_LPAE_BLOCK		1ULL
#define ARM_LPAE_TABLE		3ULL
#define ARM_LPAE_PAGE		3ULL

/* Addresses; of 52-bit ones with 64 KiB pages bits 51:48 are in bits 15:12 */
#define ARM_LPAE_ADDR_MASK	GENMASK_ULL(47, 12)

/*
 * To a table          63      62..59     58..51 47..12  11..2 1 0
 *                     NSTable hierarchy  -      address -     1 1
 *
 * A dash is ignored by hardware, and ours; on Mali that is known of 58:55 only.
 */
#define ARM_LPAE_NSTABLE	BIT_ULL(63)

#define ARM_LPAE_SW_LIVE_SHIFT		2	/* bits 11:2 */
#define ARM_LPAE_SW_LIVE_HIGH_SHIFT	55	/* bits 58:55 */
#define ARM_LPAE_SW_LIVE_HIGH_MASK	0xf
#define ARM_LPAE_SW_PARKED		BIT_ULL(54)
#define ARM_LPAE_SW_SYNCED		BIT_ULL(53)
#define ARM_MALI_SW_SYNCED		BIT_ULL(55)

/*
 * Block and page      54:53 52         51  47..12  11 10 9:8 7:6 5  4:2
 *   stage 1           XN    contiguous DBM address nG AF SH  AP  NS AttrIndx
 *
 *                     54:53 52         51  47..12  11 10 9:8 7:6  5:2
 *   stage 2           XN    contiguous DBM address -  AF SH  S2AP MemAttr
 */
#define ARM_LPAE_XN		GENMASK_ULL(54, 53)
#define ARM_LPAE_DBM		BIT_ULL(51)
#define ARM_LPAE_NG		BIT_ULL(11)
#define ARM_LPAE_AF		BIT_ULL(10)
#define ARM_LPAE_SH_OUTER	(2ULL << 8)
#define ARM_LPAE_SH_INNER	(3ULL << 8)
#define ARM_LPAE_AP_READ_ONLY	BIT_ULL(7)
#define ARM_LPAE_AP_USER	BIT_ULL(6)
#define ARM_LPAE_NS		BIT_ULL(5)
#define ARM_LPAE_ATTR_INDEX	GENMASK_ULL(4, 2)

#define ARM_LPAE_S2AP_WRITE	BIT_ULL(7)
#define ARM_LPAE_S2AP_READ	BIT_ULL(6)
#define ARM_LPAE_MEMATTR	GENMASK_ULL(5, 2)
#define ARM_LPAE_MEMATTR_DEVICE		0x1
#define ARM_LPAE_MEMATTR_NON_CACHED	0x5
#define ARM_LPAE_MEMATTR_CACHED		0xf

/* What AttrIndx picks from MAIR */
#define ARM_LPAE_INDEX_NON_CACHED	0
#define ARM_LPAE_INDEX_CACHED		1
#define ARM_LPAE_INDEX_DEVICE		2
#define ARM_LPAE_INDEX_OUTER_CACHED	3

#define ARM_LPAE_MAIR_DEVICE		0x04ULL
#define ARM_LPAE_MAIR_NON_CACHED	0x44ULL
#define ARM_LPAE_MAIR_OUTER_CACHED	0xf4ULL
#define ARM_LPAE_MAIR_CACHED		0xffULL

/* Mali's MEMATTR register, with the same indices, and its TRANSTAB */
#define ARM_MALI_MEMATTR_DEFAULT	0x88ULL
#define ARM_MALI_MEMATTR_WRITE_ALLOC	0x8dULL

#define ARM_MALI_TRANSTAB_TABLE		3ULL
#define ARM_MALI_TRANSTAB_READ_INNER	BIT_ULL(2)
#define ARM_MALI_TRANSTAB_SHARE_OUTER	BIT_ULL(4)

#endif /* _IO_PGTABLE_ARM_BITS_H */
