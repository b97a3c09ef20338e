/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt remapping entries (specification 9.10 remapped, 9.11 posted) and the
 * messages that name them (5.1.2.2). Bits only.
 */

#ifndef _VTD_HW_IRTE_H
#define _VTD_HW_IRTE_H

#include <linux/bits.h>

/* Low word, both formats */
#define VTD_IRTE_PRESENT	BIT_ULL(0)
#define VTD_IRTE_NO_FAULTS	BIT_ULL(1)
#define VTD_IRTE_POSTED		BIT_ULL(15)
#define VTD_IRTE_VECTOR		GENMASK_ULL(23, 16)

/* Low word, remapped */
#define VTD_IRTE_LOGICAL	BIT_ULL(2)
#define VTD_IRTE_REDIRECTION	BIT_ULL(3)
#define VTD_IRTE_LEVEL		BIT_ULL(4)
#define VTD_IRTE_DELIVERY	GENMASK_ULL(7, 5)
#define VTD_IRTE_XAPIC_DEST	GENMASK_ULL(47, 40)
#define VTD_IRTE_X2APIC_DEST	GENMASK_ULL(63, 32)

/* Low word, posted; the descriptor's address bits 31:6 */
#define VTD_IRTE_URGENT		BIT_ULL(14)
#define VTD_IRTE_DESC_LOW	GENMASK_ULL(63, 38)

/* High word, both formats */
#define VTD_IRTE_SID		GENMASK_ULL(15, 0)
#define VTD_IRTE_SQ		GENMASK_ULL(17, 16)
#define VTD_IRTE_SVT		GENMASK_ULL(19, 18)

/* High word, posted; the descriptor's address bits 63:32 */
#define VTD_IRTE_DESC_HIGH	GENMASK_ULL(63, 32)

/* SVT: what is checked of who sends the request */
#define VTD_SVT_NONE		0
#define VTD_SVT_SID		1
#define VTD_SVT_BUSES		2	/* SID: first bus 15:8, last bus 7:0 */

/* SQ: bits of the function number that don't count */
#define VTD_SQ_ALL		0
#define VTD_SQ_IGNORE_2		1
#define VTD_SQ_IGNORE_2_1	2
#define VTD_SQ_IGNORE_2_0	3

/* Low half of a message's address; handle bits 14:0 and 15 */
#define VTD_MESSAGE_BASE	0xfee00000U
#define VTD_MESSAGE_HANDLE_15	BIT(2)
#define VTD_MESSAGE_SHV		BIT(3)	/* the data is added to the handle */
#define VTD_MESSAGE_REMAPPABLE	BIT(4)
#define VTD_MESSAGE_HANDLE	GENMASK(19, 5)

#endif /* _VTD_HW_IRTE_H */
