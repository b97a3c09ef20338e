// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of interrupt remapping: entries and messages bit by bit, who an entry
 * accepts, and the table of a unit: runs, reuse, enabling, inheriting.
 *
 * The unit is made by hand. A model takes the place of its registers and a stub
 * that of its invalidation queue, so that a test sees what the table held, and
 * who owned it, at the time of an invalidation.
 */

#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/random.h>

#include "../hw/irte.h"
#include "../irq-internal.h"
#include "../unit.h"

#define TEST_MAX_MASK		4
#define TEST_WRITES		16
#define TEST_FLIPS		20000

/**
 * struct irte_test - a unit and what it was told
 * @model: registers of @unit
 * @unit: the unit
 * @status: Global Status Register
 * @irta: Interrupt Remapping Table Address Register
 * @deaf: the unit does not finish commands
 * @error: what an invalidation returns
 * @index: first entry of the last invalidation
 * @mask: log2 of the entries
 * @invalidations: invalidations of some entries
 * @all: invalidations of all entries
 * @low: what the first word of @index was then
 * @owned: it still belonged to somebody
 * @locked: the table's lock was held
 * @commands: values written to the Global Command Register
 * @count: their number
 */
struct irte_test {
	struct vtd_model model;
	struct intel_iommu unit;
	u32 status;
	u64 irta;
	bool deaf;
	int error;
	unsigned int index;
	unsigned int mask;
	unsigned int invalidations;
	unsigned int all;
	u64 low;
	bool owned;
	bool locked;
	u32 commands[TEST_WRITES];
	unsigned int count;
};

static u64 test_read(struct vtd_model *model, unsigned int offset,
		     unsigned int bytes)
{
	struct irte_test *t = container_of(model, struct irte_test, model);

	switch (offset) {
	case VTD_GSTS_REG:
		return t->status;
	case VTD_IRTA_REG:
		return t->irta;
	}
	return 0;
}

static void test_write(struct vtd_model *model, unsigned int offset,
		       unsigned int bytes, u64 value)
{
	struct irte_test *t = container_of(model, struct irte_test, model);
	u32 lasting = VTD_GCMD_IRE | VTD_GCMD_CFI | VTD_GCMD_QIE;

	if (offset == VTD_IRTA_REG)
		t->irta = value;
	if (offset != VTD_GCMD_REG)
		return;
	if (t->count < TEST_WRITES)
		t->commands[t->count++] = value;
	if (!t->deaf)
		t->status = (value & lasting) | ((t->status | value) & VTD_GCMD_SIRTP);
}

static int test_invalidate(struct intel_iommu *unit, u16 index, unsigned int mask)
{
	struct irte_test *t = container_of(unit, struct irte_test, unit);

	t->index = index;
	t->mask = mask;
	t->invalidations++;
	t->low = unit->irt.table[index].low;
	t->owned = test_bit(index, unit->irt.used);
	t->locked = raw_spin_is_locked(&unit->irt.lock);
	return t->error;
}

static int test_invalidate_all(struct intel_iommu *unit)
{
	struct irte_test *t = container_of(unit, struct irte_test, unit);

	t->all++;
	return t->error;
}

static int irte_test_init(struct kunit *test)
{
	struct irte_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	test->priv = t;
	t->model.read = test_read;
	t->model.write = test_write;
	t->unit.regs.model = &t->model;
	t->unit.node = NUMA_NO_NODE;
	t->unit.ecap.bits = VTD_ECAP_C | FIELD_PREP(VTD_ECAP_MHMV, TEST_MAX_MASK);
	strscpy(t->unit.name, "dmartest");
	raw_spin_lock_init(&t->unit.irt.lock);
	raw_spin_lock_init(&t->unit.register_lock);
	kunit_activate_static_stub(test, vtd_irt_invalidate, test_invalidate);
	kunit_activate_static_stub(test, vtd_irt_invalidate_all, test_invalidate_all);
	return vtd_irt_alloc(&t->unit);
}

static void irte_test_exit(struct kunit *test)
{
	struct irte_test *t = test->priv;

	if (!t)
		return;
	t->status = 0;
	vtd_irq_sources_free(&t->unit);
	vtd_irt_free(&t->unit);
}

static const struct vtd_senders anyone = { .svt = VTD_SVT_NONE };

/**
 * struct bits_case - an entry by hand
 * @target: where it goes
 * @senders: whose it is
 * @low: first word
 * @high: second word
 */
struct bits_case {
	struct vtd_target target;
	struct vtd_senders senders;
	u64 low;
	u64 high;
};

/* Specification 9.10; numbers on purpose, so that wrong names show */
static const struct bits_case remapped_cases[] = {
	{ { 0, 0, 0, false, false }, { 0, 0, 0 }, 0x9, 0 },
	{ { 0, 0, 0, true, false }, { 0, 0, 0 }, 0xd, 0 },
	{ { 0, 0xff, 0, false, false }, { 0, 0, 0 }, 0xff0009, 0 },
	{ { 0, 0x21, 7, false, false }, { 0, 0, 0 }, 0x2100e9, 0 },
	{ { 0xff, 0, 0, false, false }, { 0, 0, 0 }, 0xff0000000009, 0 },
	{ { 0x1ff, 0, 0, false, false }, { 0, 0, 0 }, 0xff0000000009, 0 },
	{ { 0xff, 0, 0, false, true }, { 0, 0, 0 }, 0xff00000009, 0 },
	{ { 0xffffffff, 0, 0, true, true }, { 0, 0, 0 }, 0xffffffff0000000d, 0 },
	{ { 0, 0, 0, false, false }, { 0, 0, 0xffff }, 0x9, 0xffff },
	{ { 0, 0, 0, false, false }, { 0, 3, 0 }, 0x9, 0x30000 },
	{ { 0, 0, 0, false, false }, { 1, 0, 0x8100 }, 0x9, 0x48100 },
	{ { 0, 0, 0, false, false }, { 2, 0, 0x0103 }, 0x9, 0x80103 },
};

static void remapped_bits(struct kunit *test)
{
	const struct bits_case *c;
	struct irte irte;

	for (c = remapped_cases; c < remapped_cases + ARRAY_SIZE(remapped_cases); c++) {
		irte = vtd_make_remapped(c->target, c->senders);
		KUNIT_EXPECT_EQ_MSG(test, irte.low, c->low, "case %td",
				    c - remapped_cases);
		KUNIT_EXPECT_EQ_MSG(test, irte.high, c->high, "case %td",
				    c - remapped_cases);
	}
}

/* Specification 9.11: a descriptor's address goes across both words */
static void posted_bits(struct kunit *test)
{
	const struct vtd_senders all = { 3, 3, 0xffff };
	struct irte irte;
	unsigned int bit;

	irte = vtd_make_posted(0, 0, false, anyone);
	KUNIT_EXPECT_EQ(test, irte.low, 0x8001ULL);
	KUNIT_EXPECT_EQ(test, irte.high, 0ULL);
	irte = vtd_make_posted(0xff, 0, true, all);
	KUNIT_EXPECT_EQ(test, irte.low, 0xffc001ULL);
	KUNIT_EXPECT_EQ(test, irte.high, 0xfffffULL);

	for (bit = 6; bit < 64; bit++) {
		irte = vtd_make_posted(0, BIT_ULL(bit), false, anyone);
		KUNIT_EXPECT_EQ(test, irte.low,
				0x8001ULL | (bit < 32 ? BIT_ULL(bit + 32) : 0));
		KUNIT_EXPECT_EQ(test, irte.high, bit < 32 ? 0 : BIT_ULL(bit));
	}
}

/* What other parts of the kernel see through the fields of dmar.h */
static void fields_agree(struct kunit *test)
{
	const struct vtd_senders senders = { VTD_SVT_BUSES, VTD_SQ_IGNORE_2, 0x1234 };
	const struct vtd_target target = { 0xabcdef01, 0x77, 1, true, true };
	struct irte irte = vtd_make_remapped(target, senders);

	KUNIT_EXPECT_EQ(test, (u32)irte.present, 1);
	KUNIT_EXPECT_EQ(test, (u32)irte.pst, 0);
	KUNIT_EXPECT_EQ(test, (u32)irte.dst_mode, 1);
	KUNIT_EXPECT_EQ(test, (u32)irte.redir_hint, 1);
	KUNIT_EXPECT_EQ(test, (u32)irte.trigger_mode, 0);
	KUNIT_EXPECT_EQ(test, (u32)irte.dlvry_mode, 1);
	KUNIT_EXPECT_EQ(test, (u32)irte.vector, 0x77);
	KUNIT_EXPECT_EQ(test, (u32)irte.dest_id, 0xabcdef01);
	KUNIT_EXPECT_EQ(test, (u32)irte.sid, 0x1234);
	KUNIT_EXPECT_EQ(test, (u32)irte.sq, 1);
	KUNIT_EXPECT_EQ(test, (u32)irte.svt, 2);

	irte = vtd_make_posted(0x55, 0x123456789abcdec0ULL, true, senders);
	KUNIT_EXPECT_EQ(test, (u32)irte.pst, 1);
	KUNIT_EXPECT_EQ(test, (u32)irte.p_urgent, 1);
	KUNIT_EXPECT_EQ(test, (u32)irte.p_vector, 0x55);
	KUNIT_EXPECT_EQ(test, (u32)irte.pda_l, 0x9abcdec0 >> 6);
	KUNIT_EXPECT_EQ(test, (u32)irte.pda_h, 0x12345678);
}

/* Specification 5.1.2.2 */
static void message_bits(struct kunit *test)
{
	struct msi_msg msg;
	unsigned int bit;

	vtd_make_message(&msg, 0, 0);
	KUNIT_EXPECT_EQ(test, msg.address_lo, 0xfee00018U);
	KUNIT_EXPECT_EQ(test, msg.address_hi, 0U);
	KUNIT_EXPECT_EQ(test, msg.data, 0U);
	vtd_make_message(&msg, 0xffff, 31);
	KUNIT_EXPECT_EQ(test, msg.address_lo, 0xfeeffffcU);
	KUNIT_EXPECT_EQ(test, msg.address_hi, 0U);
	KUNIT_EXPECT_EQ(test, msg.data, 31U);

	for (bit = 0; bit < 15; bit++) {
		vtd_make_message(&msg, BIT(bit), 0);
		KUNIT_EXPECT_EQ(test, msg.address_lo, 0xfee00018U | BIT(bit + 5));
		KUNIT_EXPECT_EQ(test, (u32)msg.arch_addr_lo.dmar_index_0_14, BIT(bit));
	}
	vtd_make_message(&msg, BIT(15), 0);
	KUNIT_EXPECT_EQ(test, msg.address_lo, 0xfee0001cU);
	KUNIT_EXPECT_EQ(test, (u32)msg.arch_addr_lo.dmar_index_15, 1);
	KUNIT_EXPECT_EQ(test, (u32)msg.arch_addr_lo.dmar_subhandle_valid, 1);
	KUNIT_EXPECT_EQ(test, (u32)msg.arch_addr_lo.dmar_format, 1);
}

/* What hardware does with a request, written from the specification, 5.1.4 */
static bool accepts(struct irte irte, u16 sid)
{
	static const u16 ignored[] = { 0, 0x4, 0x6, 0x7 };
	u16 wanted = irte.high & 0xffff;
	unsigned int sq = irte.high >> 16 & 3;

	switch (irte.high >> 18 & 3) {
	case 0:
		return true;
	case 1:
		return !((sid ^ wanted) & ~ignored[sq]);
	case 2:
		return sid >> 8 >= wanted >> 8 && sid >> 8 <= (wanted & 0xff);
	}
	return false;
}

/* Of all source-ids, those from @first to @last are accepted and no others */
static void expect_accepted(struct kunit *test, struct vtd_senders senders,
			    u32 first, u32 last)
{
	struct irte irte = vtd_make_remapped((struct vtd_target) {}, senders);
	u32 sid, wrong = 0;

	for (sid = 0; sid <= 0xffff; sid++)
		wrong += accepts(irte, sid) != (sid >= first && sid <= last);
	KUNIT_EXPECT_EQ_MSG(test, wrong, 0, "%x..%x", first, last);
}

static void forged_requests(struct kunit *test)
{
	struct vtd_irq_source source = { .sid = 0xf0f8 };

	source.type = ACPI_DMAR_SCOPE_TYPE_IOAPIC;
	expect_accepted(test, vtd_senders_of_source(source), 0xf0f8, 0xf0f8);
	source.type = ACPI_DMAR_SCOPE_TYPE_HPET;
	expect_accepted(test, vtd_senders_of_source(source), 0xf0f8, 0xf0ff);
	/* Firmware did not say: the interrupts have to come through */
	source.sid = 0;
	expect_accepted(test, vtd_senders_of_source(source), 0, 0xffff);
	expect_accepted(test, anyone, 0, 0xffff);
}

/**
 * struct alias_case - a device and whose requests are its own
 * @name: what it is
 * @aliases: its source-ids
 * @first: first source-id that is accepted
 * @last: last one
 */
struct alias_case {
	const char *name;
	struct vtd_aliases aliases;
	u16 first;
	u16 last;
};

static const struct alias_case alias_cases[] = {
	{ "PCIe device", { 0x0310, 0x0310, 3, 1, 1 }, 0x0310, 0x0310 },
	{ "function 0 of bus 0", { 0, 0, 0, 1, 1 }, 0, 0 },
	{ "DMA quirk, one more function", { 0x0310, 0x0311, 3, 2, 2 },
	  0x0300, 0x03ff },
	{ "behind a bridge to PCI", { 0x0508, 0x0500, 4, 2, 2 }, 0x0500, 0x05ff },
	{ "behind it and another bus", { 0x0608, 0x0500, 4, 3, 2 },
	  0x0500, 0x06ff },
	{ "bridge that takes requests over", { 0x0508, 0x00f0, 0, 2, 1 },
	  0x00f0, 0x00f0 },
	{ "proxy ids of an NTB", { 0x4000, 0x40ff, 0x40, 33, 33 },
	  0x4000, 0x40ff },
	{ "alias back on its own bus", { 0x0310, 0x0318, 3, 3, 2 },
	  0x0310, 0x0310 },
};

static void alias_ranges(struct kunit *test)
{
	const struct alias_case *c;

	for (c = alias_cases; c < alias_cases + ARRAY_SIZE(alias_cases); c++) {
		kunit_info(test, "%s\n", c->name);
		expect_accepted(test, vtd_senders_of_aliases(c->aliases), c->first,
				c->last);
	}
}

static void runs_are_aligned(struct kunit *test)
{
	struct irte_test *t = test->priv;
	unsigned int count;
	int index;

	KUNIT_EXPECT_EQ(test, vtd_irte_alloc(&t->unit, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, vtd_irte_alloc(&t->unit, BIT(TEST_MAX_MASK) + 1),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, vtd_irte_alloc(&t->unit, UINT_MAX), -EINVAL);
	for (count = 1; count <= BIT(TEST_MAX_MASK); count++) {
		index = vtd_irte_alloc(&t->unit, count);
		KUNIT_ASSERT_GE(test, index, 0);
		KUNIT_EXPECT_EQ(test, index % roundup_pow_of_two(count), 0);
		KUNIT_EXPECT_EQ(test,
				find_next_zero_bit(t->unit.irt.used, VTD_IRT_ENTRIES,
						   index) >= index + count, true);
		KUNIT_EXPECT_FALSE(test, vtd_irt_idle(&t->unit));
		vtd_irte_free(&t->unit, index, count);
		KUNIT_EXPECT_EQ(test, t->index, index);
		KUNIT_EXPECT_EQ(test, t->mask, order_base_2(count));
		KUNIT_EXPECT_TRUE(test, vtd_irt_idle(&t->unit));
	}
}

static void table_fills_up(struct kunit *test)
{
	struct irte_test *t = test->priv;
	unsigned int size = BIT(TEST_MAX_MASK), i;

	for (i = 0; i < VTD_IRT_ENTRIES / size; i++)
		KUNIT_ASSERT_GE(test, vtd_irte_alloc(&t->unit, size), 0);
	KUNIT_EXPECT_EQ(test, vtd_irte_alloc(&t->unit, 1), -ENOSPC);
	vtd_irte_free(&t->unit, VTD_IRT_ENTRIES - size, size);
	KUNIT_EXPECT_EQ(test, vtd_irte_alloc(&t->unit, 1), VTD_IRT_ENTRIES - size);
}

/* Random runs against a map of who owns what */
static void runs_do_not_overlap(struct kunit *test)
{
	struct irte_test *t = test->priv;
	struct { int index; unsigned int count; } *runs;
	unsigned int round, i, j;
	u8 *owned;

	runs = kunit_kcalloc(test, 64, sizeof(*runs), GFP_KERNEL);
	owned = kunit_kzalloc(test, VTD_IRT_ENTRIES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, runs);
	KUNIT_ASSERT_NOT_NULL(test, owned);
	for (round = 0; round < 5000; round++) {
		i = get_random_u32_below(64);
		if (runs[i].count) {
			vtd_irte_free(&t->unit, runs[i].index, runs[i].count);
			memset(owned + runs[i].index, 0, runs[i].count);
			runs[i].count = 0;
			continue;
		}
		runs[i].count = get_random_u32_inclusive(1, BIT(TEST_MAX_MASK));
		runs[i].index = vtd_irte_alloc(&t->unit, runs[i].count);
		KUNIT_ASSERT_GE(test, runs[i].index, 0);
		for (j = 0; j < runs[i].count; j++)
			KUNIT_ASSERT_EQ(test, owned[runs[i].index + j]++, 0);
	}
}

static void freed_after_invalidation(struct kunit *test)
{
	struct irte_test *t = test->priv;
	struct irte irte = vtd_make_posted(1, 0x1000, false, anyone);
	int index = vtd_irte_alloc(&t->unit, 4);
	unsigned int i;

	KUNIT_ASSERT_GE(test, index, 0);
	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, vtd_irte_write(&t->unit, index + i, irte), 0);
	vtd_irte_free(&t->unit, index, 4);
	KUNIT_EXPECT_EQ(test, t->low, 0ULL);
	KUNIT_EXPECT_TRUE(test, t->owned);
	KUNIT_EXPECT_FALSE(test, t->locked);
	KUNIT_EXPECT_NULL(test, memchr_inv(t->unit.irt.table + index, 0, 4 * 16));
	KUNIT_EXPECT_TRUE(test, vtd_irt_idle(&t->unit));
}

static void not_reused_unless_invalidated(struct kunit *test)
{
	struct irte_test *t = test->priv;
	int lost = vtd_irte_alloc(&t->unit, 2);

	KUNIT_ASSERT_EQ(test, lost, 0);
	t->error = -ETIMEDOUT;
	vtd_irte_free(&t->unit, lost, 2);
	KUNIT_EXPECT_NULL(test, memchr_inv(t->unit.irt.table + lost, 0, 2 * 16));
	t->error = 0;
	KUNIT_EXPECT_EQ(test, vtd_irte_alloc(&t->unit, 2), lost + 2);
	KUNIT_EXPECT_FALSE(test, vtd_irt_idle(&t->unit));
}

/* From each kind of entry to each */
static void writes_every_change(struct kunit *test)
{
	struct irte_test *t = test->priv;
	const struct vtd_target here = { 1, 0x30, 0, false, true };
	const struct vtd_target there = { 2, 0x40, 0, false, true };
	const struct vtd_senders one = { VTD_SVT_SID, VTD_SQ_ALL, 0x100 };
	const struct irte kinds[] = {
		{},
		vtd_make_remapped(here, one),
		vtd_make_remapped(there, one),
		vtd_make_remapped(there, anyone),
		vtd_make_posted(0x50, 0x1234567c0ULL, false, one),
		vtd_make_posted(0x51, 0xabcdef000040ULL, true, one),
	};
	struct irte *entry = t->unit.irt.table + 7;
	unsigned int from, to, before;

	if (!system_has_cmpxchg128())
		kunit_skip(test, "CPU without CMPXCHG16B");
	for (from = 0; from < ARRAY_SIZE(kinds); from++) {
		for (to = 0; to < ARRAY_SIZE(kinds); to++) {
			KUNIT_ASSERT_EQ(test, vtd_irte_write(&t->unit, 7, kinds[from]), 0);
			before = t->invalidations;
			KUNIT_ASSERT_EQ(test, vtd_irte_write(&t->unit, 7, kinds[to]), 0);
			KUNIT_EXPECT_EQ(test, entry->low, kinds[to].low);
			KUNIT_EXPECT_EQ(test, entry->high, kinds[to].high);
			KUNIT_EXPECT_EQ(test, t->invalidations, before + 1);
			KUNIT_EXPECT_EQ(test, t->low, kinds[to].low);
			KUNIT_EXPECT_EQ(test, t->index, 7);
			KUNIT_EXPECT_EQ(test, t->mask, 0);
			KUNIT_EXPECT_FALSE(test, t->locked);
		}
	}
	t->error = -EIO;
	KUNIT_EXPECT_EQ(test, vtd_irte_write(&t->unit, 7, kinds[1]), -EIO);
}

/**
 * struct watch - another CPU that looks at an entry
 * @entry: the entry
 * @kinds: what it may be
 * @torn: times that it was neither
 * @looks: times that it was looked at
 */
struct watch {
	struct irte *entry;
	struct irte kinds[2];
	unsigned long torn;
	unsigned long looks;
};

static int watch_entry(void *data)
{
	struct watch *watch = data;
	u128 seen;

	while (!kthread_should_stop()) {
		seen = cmpxchg128(&watch->entry->irte, 0, 0);
		if (seen != watch->kinds[0].irte && seen != watch->kinds[1].irte)
			watch->torn++;
		watch->looks++;
		cond_resched();
	}
	return 0;
}

static void never_torn(struct kunit *test)
{
	struct irte_test *t = test->priv;
	struct watch *watch = kunit_kzalloc(test, sizeof(*watch), GFP_KERNEL);
	const struct vtd_senders one = { VTD_SVT_SID, VTD_SQ_ALL, 0x100 };
	struct task_struct *task;
	unsigned int i;

	if (!system_has_cmpxchg128())
		kunit_skip(test, "CPU without CMPXCHG16B");
	KUNIT_ASSERT_NOT_NULL(test, watch);
	watch->entry = t->unit.irt.table;
	watch->kinds[0] = vtd_make_remapped((struct vtd_target) { .vector = 0x30 }, one);
	watch->kinds[1] = vtd_make_posted(0x40, 0x1234567c0ULL, false, one);
	KUNIT_ASSERT_EQ(test, vtd_irte_write(&t->unit, 0, watch->kinds[0]), 0);

	task = kthread_run(watch_entry, watch, "vtd-irte-watch");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	for (i = 0; i < TEST_FLIPS; i++) {
		vtd_irte_write(&t->unit, 0, watch->kinds[~i & 1]);
		cond_resched();
	}
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, watch->torn, 0);
	kunit_info(test, "looked %lu times\n", watch->looks);
}

static void enables_in_order(struct kunit *test)
{
	struct irte_test *t = test->priv;
	u64 table = virt_to_phys(t->unit.irt.table);

	t->status = VTD_GCMD_CFI;
	KUNIT_ASSERT_EQ(test, vtd_irt_enable(&t->unit, false), 0);
	KUNIT_EXPECT_EQ(test, t->irta, table | 0xf);
	KUNIT_EXPECT_EQ(test, t->all, 1);
	KUNIT_ASSERT_GE(test, t->count, 2);
	KUNIT_EXPECT_EQ(test, t->commands[0], VTD_GCMD_SIRTP);
	KUNIT_EXPECT_EQ(test, t->commands[1], VTD_GCMD_IRE);
	KUNIT_EXPECT_EQ(test, t->status & (VTD_GCMD_IRE | VTD_GCMD_CFI), VTD_GCMD_IRE);
	KUNIT_EXPECT_FALSE(test, t->unit.irt.extended);

	vtd_irt_disable(&t->unit);
	KUNIT_EXPECT_EQ(test, t->all, 2);
	KUNIT_EXPECT_EQ(test, t->status & VTD_GCMD_IRE, 0);
	vtd_irt_disable(&t->unit);
	KUNIT_EXPECT_EQ(test, t->all, 2);
}

static void enables_extended(struct kunit *test)
{
	struct irte_test *t = test->priv;
	u64 table = virt_to_phys(t->unit.irt.table);

	t->unit.cap.bits |= VTD_CAP_ESIRTPS;
	KUNIT_ASSERT_EQ(test, vtd_irt_enable(&t->unit, true), 0);
	KUNIT_EXPECT_EQ(test, t->irta, table | 0x80f);
	KUNIT_EXPECT_EQ(test, t->all, 0);
	KUNIT_EXPECT_TRUE(test, t->unit.irt.extended);
}

/* Nothing is remapped by a table of which the unit may remember another */
static void enable_fails(struct kunit *test)
{
	struct irte_test *t = test->priv;

	t->error = -EIO;
	KUNIT_EXPECT_EQ(test, vtd_irt_enable(&t->unit, false), -EIO);
	KUNIT_EXPECT_EQ(test, t->status & VTD_GCMD_IRE, 0);
	t->deaf = true;
	t->status = 0;
	KUNIT_EXPECT_EQ(test, vtd_irt_enable(&t->unit, false), -ETIMEDOUT);
}

static void inherits_entries(struct kunit *test)
{
	struct irte_test *t = test->priv;
	struct irte *old = (void *)get_zeroed_page(GFP_KERNEL);
	struct irte irte = vtd_make_posted(0x61, 0x40, false, anyone);

	KUNIT_ASSERT_NOT_NULL(test, old);
	t->irta = 0;
	KUNIT_EXPECT_EQ(test, vtd_irt_inherit(&t->unit), -EINVAL);

	old[0] = irte;
	old[255] = irte;
	old[3].high = 0xffff;
	t->irta = virt_to_phys(old) | 7;
	KUNIT_ASSERT_EQ(test, vtd_irt_inherit(&t->unit), 0);
	free_page((unsigned long)old);

	KUNIT_EXPECT_EQ(test, bitmap_weight(t->unit.irt.used, VTD_IRT_ENTRIES), 2);
	KUNIT_EXPECT_EQ(test, t->unit.irt.table[0].low, irte.low);
	KUNIT_EXPECT_EQ(test, t->unit.irt.table[255].high, irte.high);
	KUNIT_EXPECT_EQ(test, t->unit.irt.table[3].high, 0ULL);
	KUNIT_EXPECT_EQ(test, vtd_irte_alloc(&t->unit, 1), 1);
	KUNIT_EXPECT_EQ(test, vtd_irte_alloc(&t->unit, 16), 16);
}

/**
 * struct drhd_bytes - a DRHD with space for its scopes
 * @drhd: the structure
 * @scopes: bytes of device scopes
 */
struct drhd_bytes {
	struct acpi_dmar_hardware_unit drhd;
	u8 scopes[64];
} __packed;

static int parse_scopes(struct irte_test *t, const u8 *scopes, size_t bytes)
{
	struct drhd_bytes table = {};

	table.drhd.header.length = sizeof(table.drhd) + bytes;
	memcpy(table.scopes, scopes, bytes);
	vtd_irq_sources_free(&t->unit);
	guard(rwsem_read)(&dmar_global_lock);
	return vtd_irq_sources_init(&t->unit, &table.drhd.header);
}

static void finds_sources(struct kunit *test)
{
	static const u8 good[] = {
		1, 8, 0, 0, 0, 0, 2, 0,			/* an endpoint */
		3, 8, 0, 0, 0xf1, 0xf0, 0x1f, 0,	/* IOAPIC 0xf1 at f0:1f.0 */
		3, 8, 0, 0, 0xf1, 0xf0, 0x1e, 0,	/* once more, elsewhere */
		4, 8, 0, 0, 0xf2, 0xf0, 0x0f, 1,	/* HPET 0xf2 at f0:0f.1 */
		3, 6, 0, 0, 0xf3, 0xf0,			/* without a path */
		3, 10, 0, 0, 0xf4, 0xfe, 0x1f, 7, 0, 0,	/* no such bridge */
	};
	struct irte_test *t = test->priv;
	const struct vtd_irq_source *source;

	KUNIT_ASSERT_EQ(test, parse_scopes(t, good, sizeof(good)), 0);
	KUNIT_EXPECT_EQ(test, t->unit.irt.source_count, 2);
	source = vtd_irq_source_find(&t->unit, ACPI_DMAR_SCOPE_TYPE_IOAPIC, 0xf1);
	KUNIT_ASSERT_NOT_NULL(test, source);
	KUNIT_EXPECT_EQ(test, source->sid, 0xf0f8);
	source = vtd_irq_source_find(&t->unit, ACPI_DMAR_SCOPE_TYPE_HPET, 0xf2);
	KUNIT_ASSERT_NOT_NULL(test, source);
	KUNIT_EXPECT_EQ(test, source->sid, 0xf079);
	KUNIT_EXPECT_NULL(test, vtd_irq_source_find(&t->unit,
						    ACPI_DMAR_SCOPE_TYPE_HPET, 0xf1));
	KUNIT_EXPECT_NULL(test, vtd_irq_source_find(&t->unit,
						    ACPI_DMAR_SCOPE_TYPE_IOAPIC,
						    0x1f1));
}

/* Where it is not known who sends, the source is there all the same */
static void finds_unknown_sources(struct kunit *test)
{
	static const u8 empty[] = { 3, 8, 0, 0, 0xf5, 0, 0, 0 };
	static const u8 behind_bridge[] = { 3, 10, 0, 0, 0xf6, 0, 0x1c, 0, 0, 0 };
	struct irte_test *t = test->priv;
	const struct vtd_irq_source *source;

	KUNIT_ASSERT_EQ(test, parse_scopes(t, empty, sizeof(empty)), 0);
	source = vtd_irq_source_find(&t->unit, ACPI_DMAR_SCOPE_TYPE_IOAPIC, 0xf5);
	KUNIT_ASSERT_NOT_NULL(test, source);
	KUNIT_EXPECT_EQ(test, source->sid, 0);

	t->unit.segment = 1;
	KUNIT_ASSERT_EQ(test, parse_scopes(t, behind_bridge, sizeof(behind_bridge)), 0);
	source = vtd_irq_source_find(&t->unit, ACPI_DMAR_SCOPE_TYPE_IOAPIC, 0xf6);
	KUNIT_ASSERT_NOT_NULL(test, source);
	KUNIT_EXPECT_EQ(test, source->sid, 0);
}

static void refuses_bad_scopes(struct kunit *test)
{
	static const u8 empty[] = { 3, 0, 0, 0, 0xf1, 0xf0, 0x1f, 0 };
	static const u8 small[] = { 3, 5, 0, 0, 0xf1, 0xf0, 0x1f, 0 };
	static const u8 large[] = { 3, 10, 0, 0, 0xf1, 0xf0, 0x1f, 0 };
	static const u8 rest[] = { 3, 6, 0, 0, 0xf1, 0xf0, 0x1f, 0 };
	struct irte_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, parse_scopes(t, empty, sizeof(empty)), -EINVAL);
	KUNIT_EXPECT_EQ(test, parse_scopes(t, small, sizeof(small)), -EINVAL);
	KUNIT_EXPECT_EQ(test, parse_scopes(t, large, sizeof(large)), -EINVAL);
	KUNIT_EXPECT_EQ(test, parse_scopes(t, rest, sizeof(rest)), -EINVAL);
	KUNIT_EXPECT_NULL(test, t->unit.irt.sources);
	KUNIT_EXPECT_EQ(test, parse_scopes(t, rest, 0), 0);
}

static struct kunit_case irte_test_cases[] = {
	KUNIT_CASE(remapped_bits),
	KUNIT_CASE(posted_bits),
	KUNIT_CASE(fields_agree),
	KUNIT_CASE(message_bits),
	KUNIT_CASE(forged_requests),
	KUNIT_CASE(alias_ranges),
	KUNIT_CASE(runs_are_aligned),
	KUNIT_CASE(table_fills_up),
	KUNIT_CASE(runs_do_not_overlap),
	KUNIT_CASE(freed_after_invalidation),
	KUNIT_CASE(not_reused_unless_invalidated),
	KUNIT_CASE(writes_every_change),
	KUNIT_CASE_SLOW(never_torn),
	KUNIT_CASE(enables_in_order),
	KUNIT_CASE(enables_extended),
	KUNIT_CASE_SLOW(enable_fails),
	KUNIT_CASE(inherits_entries),
	KUNIT_CASE(finds_sources),
	KUNIT_CASE(finds_unknown_sources),
	KUNIT_CASE(refuses_bad_scopes),
	{}
};

static struct kunit_suite irte_test_suite = {
	.name = "vtd-irte",
	.init = irte_test_init,
	.exit = irte_test_exit,
	.test_cases = irte_test_cases,
};

kunit_test_suite(irte_test_suite);

MODULE_DESCRIPTION("KUnit tests of VT-d interrupt remapping");
MODULE_LICENSE("GPL");
