/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries of VT-d page tables, as the Intel Virtualization Technology for
 * Directed I/O specification draws them: first stage in section 9.7, second
 * stage in section 9.8. Entries are 64 bits, tables have 512 of them.
 */

#ifndef _IO_PGTABLE_VTD_BITS_H
#define _IO_PGTABLE_VTD_BITS_H

#include <linux/bits.h>

#define VTD_PAGE_LOG2		12
#define VTD_INDEX_LOG2		9

/*
 * Second stage       63 62 61..52 51..12 11  10 9 8 7  6..3 2 1 0
 *   to a table       -  -  -      addr   0   -  - A 0  -    X W R
 *   leaf             -  -  -      addr   SNP -  D A PS MT   X W R
 *
 * A dash is ignored by hardware, and ours.
 */
#define VTD_SS_READ		BIT_ULL(0)
#define VTD_SS_WRITE		BIT_ULL(1)
#define VTD_SS_PAGE_SIZE	BIT_ULL(7)
#define VTD_SS_ACCESSED		BIT_ULL(8)
#define VTD_SS_DIRTY		BIT_ULL(9)
#define VTD_SS_SNOOP		BIT_ULL(11)

#define VTD_SS_SW_PARKED	BIT_ULL(10)
#define VTD_SS_SW_SYNCED	BIT_ULL(63)

/*
 * First stage        63 62..52 51..12 11 10 9 8 7  6 5 4   3   2   1   0
 *   to a table       XD -      addr   -  EA - - 0  - A PCD PWT U/S R/W P
 *   leaf             XD -      addr   -  EA - G PS D A PCD PWT U/S R/W P
 *
 * Bit 7 of a 4 KiB page is PAT, not PS.
 */
#define VTD_FS_PRESENT		BIT_ULL(0)
#define VTD_FS_WRITE		BIT_ULL(1)
#define VTD_FS_USER		BIT_ULL(2)
#define VTD_FS_ACCESSED		BIT_ULL(5)
#define VTD_FS_DIRTY		BIT_ULL(6)
#define VTD_FS_PAGE_SIZE	BIT_ULL(7)

#define VTD_FS_SW_PARKED	BIT_ULL(9)
#define VTD_FS_SW_SYNCED	BIT_ULL(11)

/* Of both */
#define VTD_ADDR_MASK		GENMASK_ULL(51, 12)
#define VTD_SW_LIVE_SHIFT	52	/* bits 61:52 */

#endif /* _IO_PGTABLE_VTD_BITS_H */
