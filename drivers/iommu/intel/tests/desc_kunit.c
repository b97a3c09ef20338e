// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of invalidation descriptors, bit by bit against the figures of the
 * specification (6.5.2). Expected words are given as numbers on purpose: what
 * the driver calls its fields must not matter.
 */

#include <kunit/test.h>

#include "../hw/desc.h"

#define BOTH_DRAINS	(VTD_DESC_DRAIN_WRITES | VTD_DESC_DRAIN_READS)

static void expect(struct kunit *test, struct vtd_desc desc, u64 lo, u64 hi)
{
	KUNIT_EXPECT_EQ_MSG(test, desc.lo, lo, "%016llx", desc.lo);
	KUNIT_EXPECT_EQ_MSG(test, desc.hi, hi, "%016llx", desc.hi);
}

/* Type 3:0 = 1, G 5:4, DID 31:16, SID 47:32, FM 49:48 */
static void desc_context(struct kunit *test)
{
	expect(test, vtd_desc_context(VTD_GRANULARITY_GLOBAL, 0, 0), 0x11, 0);
	expect(test, vtd_desc_context(VTD_GRANULARITY_DOMAIN, 0x1234, 0),
	       0x12340021, 0);
	expect(test, vtd_desc_context(VTD_GRANULARITY_DEVICE, 0x1234, 0xabcd),
	       0x0000abcd12340031, 0);
	expect(test, vtd_desc_context(VTD_GRANULARITY_DEVICE, 0xffff, 0xffff),
	       0x0000ffffffff0031, 0);
}

/* Type 2, G 5:4, DW 6, DR 7, DID 31:16 */
static void desc_iotlb(struct kunit *test)
{
	expect(test, vtd_desc_iotlb(VTD_GRANULARITY_GLOBAL, 0, 0), 0x12, 0);
	expect(test, vtd_desc_iotlb(VTD_GRANULARITY_GLOBAL, 0, BOTH_DRAINS), 0xd2, 0);
	expect(test, vtd_desc_iotlb(VTD_GRANULARITY_DOMAIN, 0xffff, 0), 0xffff0022, 0);
	expect(test, vtd_desc_iotlb(VTD_GRANULARITY_DOMAIN, 2, VTD_DESC_DRAIN_WRITES),
	       0x00020062, 0);
	expect(test, vtd_desc_iotlb(VTD_GRANULARITY_DOMAIN, 2, VTD_DESC_DRAIN_READS),
	       0x000200a2, 0);
}

/* Of the second word: AM 5:0, IH 6, ADDR 63:12 */
static void desc_iotlb_pages(struct kunit *test)
{
	expect(test, vtd_desc_iotlb_pages(5, 0x123456000, 0, false, 0),
	       0x00050032, 0x123456000);
	expect(test, vtd_desc_iotlb_pages(5, 0x123456000, 1, true, BOTH_DRAINS),
	       0x000500f2, 0x123456041);
	expect(test, vtd_desc_iotlb_pages(0xffff, 0xffffffff80000000, 18, false, 0),
	       0xffff0032, 0xffffffff80000012);
	expect(test, vtd_desc_iotlb_pages(5, 0x123456fff, 0, false, 0),
	       0x00050032, 0x123456000);
	expect(test, vtd_desc_iotlb_pages(5, 0, 63, false, 0), 0x00050032, 0x3f);
}

/* Type 3, PFSID 15:12 and 63:52, MIP 20:16, SID 47:32; ADDR 63:12, S 0 */
static void desc_device_tlb(struct kunit *test)
{
	expect(test, vtd_desc_device_tlb(0x0100, 0, 0, 0x5000, 0),
	       0x0000010000000003, 0x5000);
	expect(test, vtd_desc_device_tlb(0x0100, 0x1234, 0x1f, 0x5000, 0),
	       0x12300100001f4003, 0x5000);
	expect(test, vtd_desc_device_tlb(0xffff, 0xffff, 32, 0, 0),
	       0xfff0ffff0000f003, 0);
}

struct size_case {
	u64 address;
	unsigned int mask;
	u64 hi;
};

/* With S, the lowest address bit that is 0 gives the size */
static const struct size_case size_cases[] = {
	{ 0x4000, 0, 0x4000 },
	{ 0x4000, 1, 0x4001 },
	{ 0x4000, 2, 0x5001 },
	{ 0x8000, 3, 0xb001 },
	{ 0x200000, 9, 0x2ff001 },
	{ 0x40000000, 18, 0x5ffff001 },
	{ 0x8000000000000000, 51, 0xbffffffffffff001 },
	{ 0, 52, 0x7ffffffffffff001 },
	/* What is not aligned to its size is made so */
	{ 0x7000, 2, 0x5001 },
};

static void desc_device_tlb_sizes(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(size_cases); i++)
		expect(test, vtd_desc_device_tlb(7, 0, 0, size_cases[i].address,
						 size_cases[i].mask),
		       0x0000000700000003, size_cases[i].hi);
}

/* Type 4, G 4, IM 31:27, IIDX 47:32 */
static void desc_interrupts(struct kunit *test)
{
	expect(test, vtd_desc_all_interrupts(), 0x4, 0);
	expect(test, vtd_desc_interrupts(0, 0), 0x14, 0);
	expect(test, vtd_desc_interrupts(0x1230, 4), 0x0000123020000014, 0);
	expect(test, vtd_desc_interrupts(0xffff, 0x1f), 0x0000fffff8000014, 0);
}

/* Type 5, IF 4, SW 5, FN 6, DATA 63:32; ADDR 63:2 */
static void desc_wait(struct kunit *test)
{
	expect(test, vtd_desc_wait(0x12345678c, 0xdeadbeef),
	       0xdeadbeef00000025, 0x12345678c);
	expect(test, vtd_desc_wait(0, 0), 0x25, 0);
}

static struct kunit_case desc_cases[] = {
	KUNIT_CASE(desc_context),
	KUNIT_CASE(desc_iotlb),
	KUNIT_CASE(desc_iotlb_pages),
	KUNIT_CASE(desc_device_tlb),
	KUNIT_CASE(desc_device_tlb_sizes),
	KUNIT_CASE(desc_interrupts),
	KUNIT_CASE(desc_wait),
	{ }
};

static struct kunit_suite desc_suite = {
	.name = "vtd-desc",
	.test_cases = desc_cases,
};

kunit_test_suite(desc_suite);
