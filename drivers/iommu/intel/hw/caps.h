/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a remapping unit can do: the Capability Register and the Extended
 * Capability Register (specification 11.4.2 and 11.4.3). Each is a type of its
 * own, so that one can't be asked for what stands in the other.
 */

#ifndef _VTD_HW_CAPS_H
#define _VTD_HW_CAPS_H

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/types.h>

/**
 * struct vtd_cap - value of the Capability Register
 * @bits: as read
 */
struct vtd_cap {
	u64 bits;
};

/**
 * struct vtd_ecap - value of the Extended Capability Register
 * @bits: as read
 */
struct vtd_ecap {
	u64 bits;
};

#define VTD_CAP_ND		GENMASK_ULL(2, 0)
#define VTD_CAP_AFL		BIT_ULL(3)
#define VTD_CAP_RWBF		BIT_ULL(4)
#define VTD_CAP_PLMR		BIT_ULL(5)
#define VTD_CAP_PHMR		BIT_ULL(6)
#define VTD_CAP_CM		BIT_ULL(7)
#define VTD_CAP_SAGAW		GENMASK_ULL(12, 8)
#define VTD_CAP_MGAW		GENMASK_ULL(21, 16)
#define VTD_CAP_ZLR		BIT_ULL(22)
#define VTD_CAP_FRO		GENMASK_ULL(33, 24)
#define VTD_CAP_SSLPS		GENMASK_ULL(37, 34)
#define VTD_CAP_PSI		BIT_ULL(39)
#define VTD_CAP_NFR		GENMASK_ULL(47, 40)
#define VTD_CAP_MAMV		GENMASK_ULL(53, 48)
#define VTD_CAP_DWD		BIT_ULL(54)
#define VTD_CAP_DRD		BIT_ULL(55)
#define VTD_CAP_FS1GP		BIT_ULL(56)
#define VTD_CAP_PI		BIT_ULL(59)
#define VTD_CAP_FS5LP		BIT_ULL(60)
#define VTD_CAP_ECMDS		BIT_ULL(61)
#define VTD_CAP_ESIRTPS		BIT_ULL(62)
#define VTD_CAP_ESRTPS		BIT_ULL(63)

#define VTD_ECAP_C		BIT_ULL(0)
#define VTD_ECAP_QI		BIT_ULL(1)
#define VTD_ECAP_DT		BIT_ULL(2)
#define VTD_ECAP_IR		BIT_ULL(3)
#define VTD_ECAP_EIM		BIT_ULL(4)
#define VTD_ECAP_PT		BIT_ULL(6)
#define VTD_ECAP_SC		BIT_ULL(7)
#define VTD_ECAP_IRO		GENMASK_ULL(17, 8)
#define VTD_ECAP_MHMV		GENMASK_ULL(23, 20)
#define VTD_ECAP_MTS		BIT_ULL(25)
#define VTD_ECAP_NEST		BIT_ULL(26)
#define VTD_ECAP_PRS		BIT_ULL(29)
#define VTD_ECAP_ERS		BIT_ULL(30)
#define VTD_ECAP_SRS		BIT_ULL(31)
#define VTD_ECAP_NWFS		BIT_ULL(33)
#define VTD_ECAP_EAFS		BIT_ULL(34)
#define VTD_ECAP_PSS		GENMASK_ULL(39, 35)
#define VTD_ECAP_PASID		BIT_ULL(40)
#define VTD_ECAP_DIT		BIT_ULL(41)
#define VTD_ECAP_PDS		BIT_ULL(42)
#define VTD_ECAP_SMTS		BIT_ULL(43)
#define VTD_ECAP_VCS		BIT_ULL(44)
#define VTD_ECAP_SLADS		BIT_ULL(45)
#define VTD_ECAP_SLTS		BIT_ULL(46)
#define VTD_ECAP_FLTS		BIT_ULL(47)
#define VTD_ECAP_SMPWCS		BIT_ULL(48)
#define VTD_ECAP_RPS		BIT_ULL(49)
#define VTD_ECAP_PMS		BIT_ULL(51)
#define VTD_ECAP_RPRIVS		BIT_ULL(53)

/*
 * Of scalable mode, which this driver does not use: not shown to userspace,
 * which would otherwise build a guest that counts on it
 */
#define VTD_CAP_SCALABLE	(VTD_CAP_FS1GP | VTD_CAP_FS5LP)
#define VTD_ECAP_SCALABLE	(VTD_ECAP_NEST | VTD_ECAP_PRS | VTD_ECAP_ERS |	\
				 VTD_ECAP_SRS | VTD_ECAP_NWFS | VTD_ECAP_EAFS | \
				 VTD_ECAP_PSS | VTD_ECAP_PASID | VTD_ECAP_PDS |	\
				 VTD_ECAP_SMTS | VTD_ECAP_VCS | VTD_ECAP_SLADS | \
				 VTD_ECAP_SLTS | VTD_ECAP_FLTS |		\
				 VTD_ECAP_SMPWCS | VTD_ECAP_RPS | VTD_ECAP_RPRIVS)

/* Domain-ids the unit has; one more than the largest it takes */
static inline unsigned int vtd_cap_domains(struct vtd_cap cap)
{
	unsigned int log2 = 4 + 2 * FIELD_GET(VTD_CAP_ND, cap.bits);

	return 1U << min(log2, 16U);
}

/* Software has to flush the unit's write buffer */
static inline bool vtd_cap_write_buffer(struct vtd_cap cap)
{
	return cap.bits & VTD_CAP_RWBF;
}

static inline bool vtd_cap_protected_memory(struct vtd_cap cap)
{
	return cap.bits & (VTD_CAP_PLMR | VTD_CAP_PHMR);
}

/* Entries that are not present may be cached: an emulated unit */
static inline bool vtd_cap_caching_mode(struct vtd_cap cap)
{
	return cap.bits & VTD_CAP_CM;
}

/* Bit 1: three levels of tables (39 bits), bit 2: four (48), bit 3: five (57) */
static inline unsigned int vtd_cap_sagaw(struct vtd_cap cap)
{
	return FIELD_GET(VTD_CAP_SAGAW, cap.bits);
}

/* Width of the addresses that a device can use, in bits */
static inline unsigned int vtd_cap_address_bits(struct vtd_cap cap)
{
	return FIELD_GET(VTD_CAP_MGAW, cap.bits) + 1;
}

/* A read of no bytes from a page that can only be written is not a fault */
static inline bool vtd_cap_zero_length_read(struct vtd_cap cap)
{
	return cap.bits & VTD_CAP_ZLR;
}

static inline unsigned int vtd_cap_fault_offset(struct vtd_cap cap)
{
	return FIELD_GET(VTD_CAP_FRO, cap.bits) * 16;
}

static inline unsigned int vtd_cap_fault_records(struct vtd_cap cap)
{
	return FIELD_GET(VTD_CAP_NFR, cap.bits) + 1;
}

/* Large pages of second-stage tables. Bit 0: 2 MiB, bit 1: 1 GiB */
static inline unsigned int vtd_cap_large_pages(struct vtd_cap cap)
{
	return FIELD_GET(VTD_CAP_SSLPS, cap.bits) & 0x3;
}

static inline bool vtd_cap_page_selective(struct vtd_cap cap)
{
	return cap.bits & VTD_CAP_PSI;
}

/* Largest mask of a page-selective invalidation: log2 of 4 KiB pages */
static inline unsigned int vtd_cap_max_mask(struct vtd_cap cap)
{
	return FIELD_GET(VTD_CAP_MAMV, cap.bits);
}

static inline bool vtd_cap_drains_writes(struct vtd_cap cap)
{
	return cap.bits & VTD_CAP_DWD;
}

static inline bool vtd_cap_drains_reads(struct vtd_cap cap)
{
	return cap.bits & VTD_CAP_DRD;
}

static inline bool vtd_cap_posted_interrupts(struct vtd_cap cap)
{
	return cap.bits & VTD_CAP_PI;
}

static inline bool vtd_cap_enhanced_commands(struct vtd_cap cap)
{
	return cap.bits & VTD_CAP_ECMDS;
}

/* Setting the root table, or the interrupt table, invalidates all caches */
static inline bool vtd_cap_root_invalidates(struct vtd_cap cap)
{
	return cap.bits & VTD_CAP_ESRTPS;
}

static inline bool vtd_cap_interrupt_table_invalidates(struct vtd_cap cap)
{
	return cap.bits & VTD_CAP_ESIRTPS;
}

/* Tables are read through the CPU's caches */
static inline bool vtd_ecap_coherent(struct vtd_ecap ecap)
{
	return ecap.bits & VTD_ECAP_C;
}

static inline bool vtd_ecap_queue(struct vtd_ecap ecap)
{
	return ecap.bits & VTD_ECAP_QI;
}

static inline bool vtd_ecap_device_tlb(struct vtd_ecap ecap)
{
	return ecap.bits & VTD_ECAP_DT;
}

static inline bool vtd_ecap_interrupt_remapping(struct vtd_ecap ecap)
{
	return ecap.bits & VTD_ECAP_IR;
}

static inline bool vtd_ecap_extended_interrupts(struct vtd_ecap ecap)
{
	return ecap.bits & VTD_ECAP_EIM;
}

static inline bool vtd_ecap_pass_through(struct vtd_ecap ecap)
{
	return ecap.bits & VTD_ECAP_PT;
}

static inline bool vtd_ecap_snoop(struct vtd_ecap ecap)
{
	return ecap.bits & VTD_ECAP_SC;
}

static inline unsigned int vtd_ecap_iotlb_offset(struct vtd_ecap ecap)
{
	return FIELD_GET(VTD_ECAP_IRO, ecap.bits) * 16;
}

/* Largest mask of an interrupt entry invalidation: log2 of entries */
static inline unsigned int vtd_ecap_max_handle_mask(struct vtd_ecap ecap)
{
	return FIELD_GET(VTD_ECAP_MHMV, ecap.bits);
}

/* Device-TLB invalidations are throttled by physical function */
static inline bool vtd_ecap_throttling(struct vtd_ecap ecap)
{
	return ecap.bits & VTD_ECAP_DIT;
}

static inline bool vtd_ecap_scalable(struct vtd_ecap ecap)
{
	return ecap.bits & VTD_ECAP_SMTS;
}

static inline bool vtd_ecap_perfmon(struct vtd_ecap ecap)
{
	return ecap.bits & VTD_ECAP_PMS;
}

#endif /* _VTD_HW_CAPS_H */
