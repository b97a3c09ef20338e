/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registers of a remapping unit, in the order of the specification (Intel
 * Virtualization Technology for Directed I/O, chapter 11). Offsets in bytes.
 * Fields are given as the bits they occupy. No policy, no state.
 */

#ifndef _VTD_HW_REGS_H
#define _VTD_HW_REGS_H

#include <linux/bits.h>

/* 11.4.1 Version Register, 32 bits */
#define VTD_VER_REG			0x00
#define VTD_VER_MINOR			GENMASK(3, 0)
#define VTD_VER_MAJOR			GENMASK(7, 4)

/* 11.4.2, 11.4.3 Capability and Extended Capability: see caps.h */
#define VTD_CAP_REG			0x08
#define VTD_ECAP_REG			0x10

/* 11.4.4 Global Command and Global Status, 32 bits, same positions */
#define VTD_GCMD_REG			0x18
#define VTD_GSTS_REG			0x1c
#define VTD_GCMD_CFI			BIT(23)	/* pass compatibility interrupts */
#define VTD_GCMD_SIRTP			BIT(24)	/* set interrupt table, one-shot */
#define VTD_GCMD_IRE			BIT(25)	/* interrupt remapping */
#define VTD_GCMD_QIE			BIT(26)	/* queued invalidation */
#define VTD_GCMD_WBF			BIT(27)	/* flush write buffer, one-shot */
#define VTD_GCMD_EAFL			BIT(28)	/* advanced fault log */
#define VTD_GCMD_SFL			BIT(29)	/* set fault log, one-shot */
#define VTD_GCMD_SRTP			BIT(30)	/* set root table, one-shot */
#define VTD_GCMD_TE			BIT(31)	/* translation */

/* 11.4.5 Root Table Address, 64 bits */
#define VTD_RTADDR_REG			0x20
#define VTD_RTADDR_MODE			GENMASK_ULL(11, 10)
#define VTD_RTADDR_SCALABLE		BIT_ULL(10)
#define VTD_RTADDR_TABLE		GENMASK_ULL(63, 12)

/* 11.4.6.1 Context Command, 64 bits */
#define VTD_CCMD_REG			0x28
#define VTD_CCMD_DID			GENMASK_ULL(15, 0)
#define VTD_CCMD_SID			GENMASK_ULL(31, 16)
#define VTD_CCMD_FUNCTION_MASK		GENMASK_ULL(33, 32)
#define VTD_CCMD_ACTUAL			GENMASK_ULL(60, 59)
#define VTD_CCMD_GRANULARITY		GENMASK_ULL(62, 61)
#define VTD_CCMD_INVALIDATE		BIT_ULL(63)

/* 11.4.7.1 Fault Status, 32 bits; the error bits are cleared by writing 1 */
#define VTD_FSTS_REG			0x34
#define VTD_FSTS_OVERFLOW		BIT(0)
#define VTD_FSTS_PENDING		BIT(1)
#define VTD_FSTS_QUEUE_ERROR		BIT(4)	/* IQE: bad descriptor */
#define VTD_FSTS_COMPLETION_ERROR	BIT(5)	/* ICE: bad answer of a device */
#define VTD_FSTS_TIMEOUT_ERROR		BIT(6)	/* ITE: no answer of a device */
#define VTD_FSTS_REQUEST_OVERFLOW	BIT(7)
#define VTD_FSTS_RECORD			GENMASK(15, 8)

/* 11.4.7.2 to 11.4.7.5 Fault Event: control, data, address; 32 bits each */
#define VTD_FECTL_REG			0x38
#define VTD_FEDATA_REG			0x3c
#define VTD_FEADDR_REG			0x40
#define VTD_FEUADDR_REG			0x44
/* In the control registers of all event interrupts */
#define VTD_EVENT_PENDING		BIT(30)
#define VTD_EVENT_MASKED		BIT(31)

/* 11.4.8 Protected Memory, 32 bits */
#define VTD_PMEN_REG			0x64
#define VTD_PMEN_STATUS			BIT(0)
#define VTD_PMEN_ENABLE			BIT(31)

/* 11.4.9 Invalidation Queue: head, tail, address; 64 bits each */
#define VTD_IQH_REG			0x80
#define VTD_IQT_REG			0x88
#define VTD_IQA_REG			0x90
#define VTD_IQA_SIZE			GENMASK_ULL(2, 0)	/* log2 of 4 KiB pages */
#define VTD_IQA_WIDE			BIT_ULL(11)		/* 256-bit descriptors */
#define VTD_IQA_QUEUE			GENMASK_ULL(63, 12)

/* 11.4.9.4 Invalidation Completion Status, 32 bits */
#define VTD_ICS_REG			0x9c
/* 11.4.9.5 to 11.4.9.8 Invalidation Event, 32 bits each */
#define VTD_IECTL_REG			0xa0
#define VTD_IEDATA_REG			0xa4
#define VTD_IEADDR_REG			0xa8
#define VTD_IEUADDR_REG			0xac
/* 11.4.9.9 Invalidation Queue Error Record, 64 bits */
#define VTD_IQER_REG			0xb0
#define VTD_IQER_REASON			GENMASK_ULL(3, 0)
#define VTD_IQER_TIMEOUT_SID		GENMASK_ULL(47, 32)
#define VTD_IQER_COMPLETION_SID		GENMASK_ULL(63, 48)

/* 11.4.10 Interrupt Remapping Table Address, 64 bits */
#define VTD_IRTA_REG			0xb8
#define VTD_IRTA_SIZE			GENMASK_ULL(3, 0)	/* log2 of entries, less one */
#define VTD_IRTA_EXTENDED		BIT_ULL(11)		/* x2APIC destinations */
#define VTD_IRTA_TABLE			GENMASK_ULL(63, 12)

/* 11.4.11 Page Requests */
#define VTD_PQH_REG			0xc0
#define VTD_PQT_REG			0xc8
#define VTD_PQA_REG			0xd0
#define VTD_PRS_REG			0xdc
#define VTD_PECTL_REG			0xe0
#define VTD_PEDATA_REG			0xe4
#define VTD_PEADDR_REG			0xe8
#define VTD_PEUADDR_REG			0xec

/* 11.4.12 Memory types */
#define VTD_MTRRCAP_REG			0x100
#define VTD_MTRRDEF_REG			0x108
#define VTD_MTRR_FIX64K_00000_REG	0x120
#define VTD_MTRR_FIX16K_80000_REG	0x128
#define VTD_MTRR_FIX16K_A0000_REG	0x130
#define VTD_MTRR_FIX4K_C0000_REG	0x138	/* and seven more, 8 bytes apart */
#define VTD_MTRR_PHYSBASE0_REG		0x180	/* base and mask, ten pairs */
#define VTD_MTRR_PHYSMASK0_REG		0x188

/* 11.4.13 Performance monitoring */
#define VTD_PERFCAP_REG			0x300
#define VTD_PERFCFGOFF_REG		0x310
#define VTD_PERFOVFOFF_REG		0x318
#define VTD_PERFCNTROFF_REG		0x31c
#define VTD_PERFINTRSTS_REG		0x324
#define VTD_PERFINTRCTL_REG		0x328
#define VTD_PERFINTRDATA_REG		0x32c
#define VTD_PERFINTRADDR_REG		0x330
#define VTD_PERFINTRUADDR_REG		0x334
#define VTD_PERFEVNTCAP_REG		0x380
#define VTD_PERFINTRSTS_PENDING		BIT(0)

/* 11.4.14 Enhanced Commands, 64 bits */
#define VTD_ECMD_REG			0x400
#define VTD_ECEO_REG			0x408
#define VTD_ECRSP_REG			0x410
#define VTD_ECCAP_REG			0x430	/* four words */
#define VTD_ECMD_COMMAND		GENMASK_ULL(7, 0)
#define VTD_ECMD_OPERAND_A		GENMASK_ULL(63, 16)
#define VTD_ECRSP_IN_PROGRESS		BIT_ULL(0)
#define VTD_ECRSP_STATUS		GENMASK_ULL(7, 1)

/*
 * 11.4.6.2, 11.4.6.3 Invalidate Address and IOTLB Invalidate: a pair of 64-bit
 * registers at the offset that the extended capabilities tell
 */
#define VTD_IVA_ADDRESS			GENMASK_ULL(63, 12)
#define VTD_IVA_LEAF_ONLY		BIT_ULL(6)
#define VTD_IVA_MASK			GENMASK_ULL(5, 0)
#define VTD_IOTLB_DID			GENMASK_ULL(47, 32)
#define VTD_IOTLB_DRAIN_WRITES		BIT_ULL(48)
#define VTD_IOTLB_DRAIN_READS		BIT_ULL(49)
#define VTD_IOTLB_ACTUAL		GENMASK_ULL(58, 57)
#define VTD_IOTLB_GRANULARITY		GENMASK_ULL(61, 60)
#define VTD_IOTLB_INVALIDATE		BIT_ULL(63)

/*
 * 11.4.7.6 Fault Recording: 128 bits each, at the offset that the capabilities
 * tell. Low word: the page. High word, which is cleared by writing VALID:
 */
#define VTD_FRCD_BYTES			16
#define VTD_FRCD_ADDRESS		GENMASK_ULL(63, 12)
#define VTD_FRCD_SID			GENMASK_ULL(15, 0)
#define VTD_FRCD_TYPE2			BIT_ULL(28)
#define VTD_FRCD_PRIVILEGED		BIT_ULL(29)
#define VTD_FRCD_EXECUTE		BIT_ULL(30)
#define VTD_FRCD_HAS_PASID		BIT_ULL(31)
#define VTD_FRCD_REASON			GENMASK_ULL(39, 32)
#define VTD_FRCD_PASID			GENMASK_ULL(59, 40)
#define VTD_FRCD_TRANSLATION		GENMASK_ULL(61, 60)
#define VTD_FRCD_TYPE1			BIT_ULL(62)
#define VTD_FRCD_VALID			BIT_ULL(63)
/* Kinds of request: TYPE1 and TYPE2 of the high word, in this order */
#define VTD_REQUEST_WRITE		0
#define VTD_REQUEST_PAGE		1
#define VTD_REQUEST_READ		2
#define VTD_REQUEST_ATOMIC		3

#endif /* _VTD_HW_REGS_H */
