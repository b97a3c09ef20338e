// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of root and context tables: makers bit by bit, and what the hardware
 * can see of an entry while it changes.
 *
 * The unit is a model without a queue, so each flush is a few register writes.
 * At each of them the model looks at the entry through the root table, as
 * hardware that walks the tables would, and keeps what it saw. Where the CPU
 * can watch an address, it also looks right behind each store to the entry.
 */

#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/hw_breakpoint.h>
#include <linux/io.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "../hw/tables.h"
#include "../unit.h"

#define TEST_SID		0x2a1b
#define TEST_TABLE		0x123456000ULL
#define TEST_OTHER_TABLE	0xabcdef000ULL
#define TEST_IOTLB_REG		0x208
#define TEST_SIGHTS		32

/* In place of a register's offset: a store to the entry itself */
#define TEST_STORE		0x1000

/**
 * struct sight - what the hardware saw when a register was written
 * @offset: of the register, or TEST_STORE
 * @value: what was written, 0 for a store
 * @context: the entry at that time
 * @locked: the tables' lock was held
 */
struct sight {
	unsigned int offset;
	u64 value;
	struct vtd_context context;
	bool locked;
};

/**
 * struct context_test - unit and model
 * @model: registers of @unit
 * @unit: the unit, made by hand
 * @status: value of the Global Status Register
 * @deaf: register by which the model does not finish invalidations, 0 for none
 * @root: value of the Root Table Address Register
 * @ccmd: last value of the Context Command Register
 * @iotlb: last value of the IOTLB Invalidate Register
 * @count: writes seen
 * @sights: what was seen at each
 */
struct context_test {
	struct vtd_model model;
	struct intel_iommu unit;
	u32 status;
	unsigned int deaf;
	u64 root;
	u64 ccmd;
	u64 iotlb;
	unsigned int count;
	struct sight sights[TEST_SIGHTS];
};

/* As hardware finds it, from the root table on */
static struct vtd_context look(struct context_test *t)
{
	struct vtd_root_entry *root = t->unit.contexts.root;
	struct vtd_context *table;
	u64 lo = READ_ONCE(root[TEST_SID >> 8].lo);

	if (!(lo & VTD_ROOT_PRESENT))
		return (struct vtd_context) {};
	table = phys_to_virt(lo & VTD_ROOT_TABLE);
	return table[TEST_SID & 0xff];
}

/* Done, unless the model is deaf; reports the granularity that was asked for */
static u64 ccmd_value(const struct context_test *t)
{
	if (t->deaf == VTD_CCMD_REG)
		return t->ccmd;
	return (t->ccmd & ~VTD_CCMD_INVALIDATE) |
	       FIELD_PREP(VTD_CCMD_ACTUAL,
			  FIELD_GET(VTD_CCMD_GRANULARITY, t->ccmd));
}

static u64 iotlb_value(const struct context_test *t)
{
	if (t->deaf == TEST_IOTLB_REG)
		return t->iotlb;
	return (t->iotlb & ~VTD_IOTLB_INVALIDATE) |
	       FIELD_PREP(VTD_IOTLB_ACTUAL,
			  FIELD_GET(VTD_IOTLB_GRANULARITY, t->iotlb));
}

static u64 model_read(struct vtd_model *model, unsigned int offset,
		      unsigned int bytes)
{
	struct context_test *t = container_of(model, struct context_test, model);

	switch (offset) {
	case VTD_GSTS_REG:
		return t->status;
	case VTD_CCMD_REG:
		return ccmd_value(t);
	case TEST_IOTLB_REG:
		return iotlb_value(t);
	case VTD_CAP_REG:
		return t->unit.cap.bits;
	case VTD_ECAP_REG:
		return t->unit.ecap.bits;
	default:
		return 0;
	}
}

static void see(struct context_test *t, unsigned int offset, u64 value)
{
	struct sight *sight;

	if (t->count == TEST_SIGHTS)
		return;
	sight = &t->sights[t->count++];
	sight->offset = offset;
	sight->value = value;
	sight->context = look(t);
	sight->locked = raw_spin_is_locked(spinlock_check(&t->unit.contexts.lock));
}

static void model_write(struct vtd_model *model, unsigned int offset,
			unsigned int bytes, u64 value)
{
	struct context_test *t = container_of(model, struct context_test, model);

	if (offset == VTD_GCMD_REG)
		t->status = value & (VTD_GCMD_SRTP | VTD_GCMD_TE);
	if (offset == VTD_RTADDR_REG)
		t->root = value;
	if (offset == VTD_CCMD_REG)
		t->ccmd = value;
	if (offset == TEST_IOTLB_REG)
		t->iotlb = value;
	see(t, offset, value);
}

static int context_test_init(struct kunit *test)
{
	struct context_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	test->priv = t;
	t->model.read = model_read;
	t->model.write = model_write;
	t->unit.regs.model = &t->model;
	t->unit.node = NUMA_NO_NODE;
	strscpy(t->unit.name, "dmar-test");
	t->unit.cap.bits = FIELD_PREP(VTD_CAP_ND, 6) | FIELD_PREP(VTD_CAP_SAGAW, 0x6);
	t->unit.ecap.bits = VTD_ECAP_C |
			    FIELD_PREP(VTD_ECAP_IRO, (TEST_IOTLB_REG - 8) / 16);
	raw_spin_lock_init(&t->unit.register_lock);
	spin_lock_init(&t->unit.contexts.lock);
	vtd_did_init(&t->unit);
	return vtd_contexts_init(&t->unit);
}

static void context_test_exit(struct kunit *test)
{
	struct context_test *t = test->priv;

	vtd_contexts_free(&t->unit);
	vtd_did_destroy(&t->unit);
}

static bool same(struct vtd_context a, struct vtd_context b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

/* The first write to @offset from sight @from on whose value has @bits */
static int find_write(struct context_test *t, unsigned int from,
		      unsigned int offset, u64 bits)
{
	unsigned int i;

	for (i = from; i < t->count; i++)
		if (t->sights[i].offset == offset &&
		    (t->sights[i].value & bits) == bits)
			return i;
	return -1;
}

static u64 context_command(u16 did, u16 sid)
{
	return VTD_CCMD_INVALIDATE | FIELD_PREP(VTD_CCMD_DID, did) |
	       FIELD_PREP(VTD_CCMD_SID, sid) |
	       FIELD_PREP(VTD_CCMD_GRANULARITY, VTD_GRANULARITY_DEVICE);
}

static u64 iotlb_command(u16 did)
{
	return VTD_IOTLB_INVALIDATE | FIELD_PREP(VTD_IOTLB_DID, did) |
	       FIELD_PREP(VTD_IOTLB_GRANULARITY, VTD_GRANULARITY_DOMAIN);
}

static struct vtd_context translating(u64 table, u16 did)
{
	return vtd_make_context(VTD_TRANSLATE, table, 4, did);
}

/* Context cache first, then IOTLB, each once, and nothing else */
static void expect_flush(struct kunit *test, unsigned int from, u16 context_did,
			 u16 iotlb_did)
{
	struct context_test *t = test->priv;
	int context = find_write(t, from, VTD_CCMD_REG,
				 context_command(context_did, TEST_SID));
	int iotlb = find_write(t, from, TEST_IOTLB_REG, iotlb_command(iotlb_did));

	KUNIT_ASSERT_GE(test, context, 0);
	KUNIT_EXPECT_EQ(test, t->sights[context].value,
			context_command(context_did, TEST_SID));
	KUNIT_EXPECT_GT(test, iotlb, context);
}

static void expect_never_torn(struct kunit *test, struct vtd_context new)
{
	struct context_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < t->count; i++) {
		struct vtd_context seen = t->sights[i].context;

		KUNIT_EXPECT_TRUE_MSG(test,
				      !vtd_context_present(seen) || same(seen, new),
				      "write %u: %016llx %016llx", i, seen.hi, seen.lo);
		/* Stores are made under the lock, the unit is waited for outside */
		if (t->sights[i].offset != TEST_STORE)
			KUNIT_EXPECT_FALSE_MSG(test, t->sights[i].locked, "write %u", i);
	}
}

struct maker_case {
	const char *name;
	enum vtd_context_type type;
	u64 table;
	unsigned int levels;
	u16 did;
	u64 lo;
	u64 hi;
};

/* Words as 9.3 of the specification has them: P 0, T 3:2, SSPTPTR, AW, DID */
static const struct maker_case maker_cases[] = {
	{ "39 bits", VTD_TRANSLATE, 0x1000, 3, 2, 0x1001, 0x201 },
	{ "48 bits", VTD_TRANSLATE, 0x123456000, 4, 0x7f, 0x123456001, 0x7f02 },
	{ "57 bits", VTD_TRANSLATE, 0xffffffffff000, 5, 0xffff,
	  0xffffffffff001, 0xffff03 },
	{ "ats", VTD_TRANSLATE_ATS, 0x2000, 4, 3, 0x2005, 0x302 },
	{ "pass-through", VTD_PASS_THROUGH, 0, 4, 1, 0x9, 0x102 },
	{ "low bits of table", VTD_TRANSLATE, 0x1fff, 3, 2, 0x1001, 0x201 },
};

KUNIT_ARRAY_PARAM_DESC(maker, maker_cases, name);

static void context_maker(struct kunit *test)
{
	const struct maker_case *c = test->param_value;
	struct vtd_context made = vtd_make_context(c->type, c->table, c->levels,
						   c->did);

	KUNIT_EXPECT_EQ(test, made.lo, c->lo);
	KUNIT_EXPECT_EQ(test, made.hi, c->hi);
	KUNIT_EXPECT_TRUE(test, vtd_context_present(made));
	KUNIT_EXPECT_EQ(test, vtd_context_did(made), c->did);
}

/* 9.1: P is bit 0, the table in 63:12; hi is reserved */
static void context_root_entry(struct kunit *test)
{
	struct context_test *t = test->priv;
	struct vtd_root_entry *root = t->unit.contexts.root;
	unsigned int bus;

	KUNIT_ASSERT_EQ(test, 0, vtd_context_set(&t->unit, TEST_SID,
						 translating(TEST_TABLE, 5)));
	for (bus = 0; bus < VTD_TABLE_ENTRIES; bus++) {
		KUNIT_EXPECT_EQ(test, root[bus].hi, 0);
		KUNIT_EXPECT_EQ(test, root[bus].lo & 0xfff, bus == TEST_SID >> 8);
	}
	KUNIT_EXPECT_NE(test, root[TEST_SID >> 8].lo >> 12, 0);
}

/* Only the entry asked for is written, at 16 bytes for each function */
static void context_place(struct kunit *test)
{
	struct context_test *t = test->priv;
	struct vtd_context new = translating(TEST_TABLE, 5);
	u64 *words;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, vtd_context_set(&t->unit, TEST_SID, new));
	words = phys_to_virt(t->unit.contexts.root[TEST_SID >> 8].lo & ~0xfffULL);
	for (i = 0; i < VTD_TABLE_BYTES / sizeof(u64); i++) {
		if (i == (TEST_SID & 0xff) * 2)
			KUNIT_EXPECT_EQ(test, words[i], new.lo);
		else if (i == (TEST_SID & 0xff) * 2 + 1)
			KUNIT_EXPECT_EQ(test, words[i], new.hi);
		else
			KUNIT_EXPECT_EQ(test, words[i], 0);
	}
}

/* Nothing can be cached of an entry that was never there */
static void context_first(struct kunit *test)
{
	struct context_test *t = test->priv;
	struct vtd_context new = translating(TEST_TABLE, 5);

	KUNIT_EXPECT_EQ(test, 0, vtd_context_set(&t->unit, TEST_SID, new));
	KUNIT_EXPECT_EQ(test, t->count, 0);
	KUNIT_EXPECT_TRUE(test, same(vtd_context_read(&t->unit, TEST_SID), new));
	KUNIT_EXPECT_FALSE(test, vtd_context_present(vtd_context_read(&t->unit,
								      TEST_SID + 1)));
	KUNIT_EXPECT_FALSE(test, vtd_context_present(vtd_context_read(&t->unit, 0)));
}

static void context_first_with_caching_mode(struct kunit *test)
{
	struct context_test *t = test->priv;
	struct vtd_context new = translating(TEST_TABLE, 5);
	unsigned int i;

	t->unit.cap.bits |= VTD_CAP_CM;
	KUNIT_EXPECT_EQ(test, 0, vtd_context_set(&t->unit, TEST_SID, new));
	expect_flush(test, 0, VTD_DID_NONE, 5);
	for (i = 0; i < t->count; i++)
		KUNIT_EXPECT_TRUE(test, same(t->sights[i].context, new));
	expect_never_torn(test, new);
}

static void context_write_buffer(struct kunit *test)
{
	struct context_test *t = test->priv;
	struct vtd_context new = translating(TEST_TABLE, 5);
	int flush;

	t->unit.cap.bits |= VTD_CAP_RWBF;
	KUNIT_EXPECT_EQ(test, 0, vtd_context_set(&t->unit, TEST_SID, new));
	flush = find_write(t, 0, VTD_GCMD_REG, VTD_GCMD_WBF);
	KUNIT_ASSERT_GE(test, flush, 0);
	KUNIT_EXPECT_TRUE(test, same(t->sights[flush].context, new));
}

static void context_replace(struct kunit *test)
{
	struct context_test *t = test->priv;
	struct vtd_context old = translating(TEST_TABLE, 5);
	struct vtd_context new = vtd_make_context(VTD_PASS_THROUGH, 0, 4, 1);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, vtd_context_set(&t->unit, TEST_SID, old));
	t->count = 0;
	KUNIT_EXPECT_EQ(test, 0, vtd_context_set(&t->unit, TEST_SID, new));
	KUNIT_EXPECT_GT(test, t->count, 0);
	expect_flush(test, 0, 5, 5);
	expect_never_torn(test, new);
	/* The old one must be invalidated before the new one is seen */
	for (i = 0; i < t->count; i++)
		KUNIT_EXPECT_FALSE(test, vtd_context_present(t->sights[i].context));
	KUNIT_EXPECT_TRUE(test, same(vtd_context_read(&t->unit, TEST_SID), new));
}

static void context_replace_with_caching_mode(struct kunit *test)
{
	struct context_test *t = test->priv;
	struct vtd_context new = translating(TEST_OTHER_TABLE, 6);
	int announced;

	KUNIT_ASSERT_EQ(test, 0, vtd_context_set(&t->unit, TEST_SID,
						 translating(TEST_TABLE, 5)));
	t->unit.cap.bits |= VTD_CAP_CM;
	t->count = 0;
	KUNIT_EXPECT_EQ(test, 0, vtd_context_set(&t->unit, TEST_SID, new));
	expect_flush(test, 0, 5, 5);
	expect_never_torn(test, new);

	for (announced = 0; announced < t->count; announced++)
		if (vtd_context_present(t->sights[announced].context))
			break;
	expect_flush(test, announced, VTD_DID_NONE, 6);
}

static void context_cleared(struct kunit *test)
{
	struct context_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, 0, vtd_context_clear(&t->unit, TEST_SID));
	KUNIT_EXPECT_EQ(test, t->count, 0);

	KUNIT_ASSERT_EQ(test, 0, vtd_context_set(&t->unit, TEST_SID,
						 translating(TEST_TABLE, 5)));
	t->count = 0;
	KUNIT_EXPECT_EQ(test, 0, vtd_context_clear(&t->unit, TEST_SID));
	expect_flush(test, 0, 5, 5);
	expect_never_torn(test, (struct vtd_context) {});
	KUNIT_EXPECT_EQ(test, vtd_context_read(&t->unit, TEST_SID).lo, 0);

	t->count = 0;
	KUNIT_EXPECT_EQ(test, 0, vtd_context_clear(&t->unit, TEST_SID));
	KUNIT_EXPECT_EQ(test, t->count, 0);
}

/*
 * A flush that failed stays owed: until it is made there is no new entry. One
 * register that never answers is enough.
 */
static void expect_flush_fails(struct kunit *test, unsigned int deaf)
{
	struct context_test *t = test->priv;
	struct vtd_context new = translating(TEST_OTHER_TABLE, 6);

	t->deaf = 0;
	KUNIT_ASSERT_EQ(test, 0, vtd_context_set(&t->unit, TEST_SID,
						 translating(TEST_TABLE, 5)));
	t->deaf = deaf;
	t->count = 0;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, vtd_context_clear(&t->unit, TEST_SID));
	expect_never_torn(test, (struct vtd_context) {});
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, vtd_context_set(&t->unit, TEST_SID, new));
	KUNIT_EXPECT_FALSE(test, vtd_context_present(vtd_context_read(&t->unit,
								      TEST_SID)));

	t->deaf = 0;
	t->count = 0;
	KUNIT_EXPECT_EQ(test, 0, vtd_context_set(&t->unit, TEST_SID, new));
	expect_flush(test, 0, 5, 5);
	expect_never_torn(test, new);
	KUNIT_EXPECT_TRUE(test, same(vtd_context_read(&t->unit, TEST_SID), new));
}

static void context_flush_fails(struct kunit *test)
{
	expect_flush_fails(test, VTD_CCMD_REG);
	expect_flush_fails(test, TEST_IOTLB_REG);
}

/* Right behind a store to the entry, on the CPU that made it */
static void stored(struct perf_event *event, struct perf_sample_data *data,
		   struct pt_regs *regs)
{
	see(event->overflow_handler_context, TEST_STORE, 0);
}

static void stop_watching(void *event)
{
	unregister_hw_breakpoint(event);
}

/* What this thread stores, that is: it ends before the table is freed */
static void watch(struct kunit *test, u64 *word)
{
	struct perf_event_attr attr;
	struct perf_event *event;

	hw_breakpoint_init(&attr);
	attr.bp_addr = (unsigned long)word;
	attr.bp_len = HW_BREAKPOINT_LEN_8;
	attr.bp_type = HW_BREAKPOINT_W;
	event = register_user_hw_breakpoint(&attr, stored, test->priv, current);
	if (IS_ERR_OR_NULL(event))
		kunit_skip(test, "no debug register to be had");
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stop_watching, event));
}

static void watch_entry(struct kunit *test)
{
	struct context_test *t = test->priv;
	u64 lo = t->unit.contexts.root[TEST_SID >> 8].lo & VTD_ROOT_TABLE;
	struct vtd_context *entry = (struct vtd_context *)phys_to_virt(lo) +
				    (TEST_SID & 0xff);

	if (!IS_ENABLED(CONFIG_64BIT))
		kunit_skip(test, "a word takes two stores");
	watch(test, &entry->lo);
	watch(test, &entry->hi);
	/* Hypervisors need not let it through */
	t->count = 0;
	WRITE_ONCE(entry->hi, 0);
	if (!t->count)
		kunit_skip(test, "stores are not seen");
}

/*
 * Whenever the entry is present, both of its words are of the same entry: also
 * for a unit that has a capability more, or less.
 */
static void expect_whole(struct kunit *test, struct vtd_context old,
			 struct vtd_context new, u64 more_cap, u64 less_ecap)
{
	struct context_test *t = test->priv;
	u64 usual_cap = t->unit.cap.bits, usual_ecap = t->unit.ecap.bits;
	int gone, flushed, back;

	t->unit.cap.bits = usual_cap | more_cap;
	t->unit.ecap.bits = usual_ecap & ~less_ecap;
	t->count = 0;
	KUNIT_EXPECT_EQ(test, 0, vtd_context_set(&t->unit, TEST_SID, old));
	KUNIT_EXPECT_GE(test, find_write(t, 0, TEST_STORE, 0), 0);
	expect_never_torn(test, old);

	t->count = 0;
	KUNIT_EXPECT_EQ(test, 0, vtd_context_set(&t->unit, TEST_SID, new));
	KUNIT_EXPECT_LT(test, t->count, TEST_SIGHTS);
	expect_never_torn(test, new);
	/* Not present with the very first store, then invalidated, then new */
	gone = find_write(t, 0, TEST_STORE, 0);
	flushed = find_write(t, 0, TEST_IOTLB_REG, VTD_IOTLB_INVALIDATE);
	for (back = 0; back < t->count; back++)
		if (vtd_context_present(t->sights[back].context))
			break;
	KUNIT_EXPECT_EQ(test, gone, 0);
	KUNIT_EXPECT_GT(test, flushed, gone);
	KUNIT_EXPECT_GT(test, back, flushed);
	KUNIT_EXPECT_LT(test, back, t->count);

	t->count = 0;
	KUNIT_EXPECT_EQ(test, 0, vtd_context_clear(&t->unit, TEST_SID));
	expect_never_torn(test, (struct vtd_context) {});
	t->unit.cap.bits = usual_cap;
	t->unit.ecap.bits = usual_ecap;
}

static void context_every_store(struct kunit *test)
{
	struct context_test *t = test->priv;
	struct vtd_context one = translating(TEST_TABLE, 5);
	struct vtd_context other = translating(TEST_OTHER_TABLE, 6);
	struct vtd_context through = vtd_make_context(VTD_PASS_THROUGH, 0, 4, 1);

	/* So that there is a table */
	KUNIT_ASSERT_EQ(test, 0, vtd_context_set(&t->unit, TEST_SID, one));
	KUNIT_ASSERT_EQ(test, 0, vtd_context_clear(&t->unit, TEST_SID));
	watch_entry(test);
	expect_whole(test, one, other, 0, 0);
	expect_whole(test, other, through, 0, 0);
	expect_whole(test, through, one, VTD_CAP_CM, 0);
	expect_whole(test, one, other, 0, VTD_ECAP_C);
}

static void context_inherited(struct kunit *test)
{
	struct context_test *t = test->priv;
	struct vtd_context new = translating(TEST_OTHER_TABLE, 6);

	KUNIT_EXPECT_FALSE(test, vtd_context_inherited(&t->unit, TEST_SID));
	KUNIT_ASSERT_EQ(test, 0, vtd_context_set(&t->unit, TEST_SID,
						 translating(TEST_TABLE, 5)));
	t->unit.contexts.inherited = bitmap_zalloc(65536, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->unit.contexts.inherited);
	__set_bit(TEST_SID, t->unit.contexts.inherited);
	__set_bit(TEST_SID + 1, t->unit.contexts.inherited);

	t->count = 0;
	KUNIT_EXPECT_TRUE(test, vtd_context_inherited(&t->unit, TEST_SID));
	KUNIT_EXPECT_EQ(test, 0, vtd_context_set(&t->unit, TEST_SID, new));
	expect_flush(test, 0, 5, 5);
	expect_never_torn(test, new);
	KUNIT_EXPECT_FALSE(test, vtd_context_inherited(&t->unit, TEST_SID));
	KUNIT_EXPECT_TRUE(test, vtd_context_inherited(&t->unit, TEST_SID + 1));
}

/* Root table, command, then everything is invalidated: context cache first */
static void context_enable(struct kunit *test)
{
	struct context_test *t = test->priv;
	int address, command, context, iotlb;

	t->unit.gcmd = VTD_GCMD_TE;
	KUNIT_ASSERT_EQ(test, 0, vtd_contexts_enable(&t->unit));
	KUNIT_EXPECT_EQ(test, t->root, virt_to_phys(t->unit.contexts.root));

	address = find_write(t, 0, VTD_RTADDR_REG, 0);
	command = find_write(t, 0, VTD_GCMD_REG, VTD_GCMD_SRTP | VTD_GCMD_TE);
	context = find_write(t, 0, VTD_CCMD_REG, VTD_CCMD_INVALIDATE |
			     FIELD_PREP(VTD_CCMD_GRANULARITY, VTD_GRANULARITY_GLOBAL));
	iotlb = find_write(t, 0, TEST_IOTLB_REG, VTD_IOTLB_INVALIDATE |
			   FIELD_PREP(VTD_IOTLB_GRANULARITY, VTD_GRANULARITY_GLOBAL));
	KUNIT_EXPECT_GE(test, address, 0);
	KUNIT_EXPECT_GT(test, command, address);
	KUNIT_EXPECT_GT(test, context, command);
	KUNIT_EXPECT_GT(test, iotlb, context);

	t->unit.cap.bits |= VTD_CAP_ESRTPS;
	t->count = 0;
	KUNIT_EXPECT_EQ(test, 0, vtd_contexts_enable(&t->unit));
	KUNIT_EXPECT_EQ(test, -1, find_write(t, 0, VTD_CCMD_REG, 0));
	KUNIT_EXPECT_EQ(test, -1, find_write(t, 0, TEST_IOTLB_REG, 0));
}

/* Supported widths and width of addresses; levels that are used, and the most */
struct levels_case {
	unsigned int sagaw;
	unsigned int bits;
	unsigned int levels;
	unsigned int most;
};

static const struct levels_case levels_cases[] = {
	{ 0x00, 48, 0, 0 }, { 0x01, 48, 0, 0 }, { 0x10, 48, 0, 0 },
	{ 0x02, 39, 3, 3 }, { 0x04, 48, 4, 4 }, { 0x08, 57, 5, 5 },
	/* No more than it takes */
	{ 0x06, 39, 3, 4 }, { 0x06, 48, 4, 4 }, { 0x0e, 48, 4, 5 },
	{ 0x0e, 57, 5, 5 }, { 0x0c, 36, 4, 5 }, { 0x1f, 40, 4, 5 },
	/* As many as there are, if that is too few */
	{ 0x02, 48, 3, 3 }, { 0x12, 48, 3, 3 }, { 0x06, 57, 4, 4 },
};

static void unit_levels(struct kunit *test)
{
	struct context_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(levels_cases); i++) {
		t->unit.cap.bits = FIELD_PREP(VTD_CAP_SAGAW, levels_cases[i].sagaw) |
				   FIELD_PREP(VTD_CAP_MGAW, levels_cases[i].bits - 1);
		KUNIT_EXPECT_EQ(test, 0, vtd_unit_read_caps(&t->unit));
		KUNIT_EXPECT_EQ(test, t->unit.levels, levels_cases[i].levels);
		KUNIT_EXPECT_EQ(test, t->unit.max_levels, levels_cases[i].most);
	}

	t->unit.cap.bits = U64_MAX;
	t->unit.ecap.bits = U64_MAX;
	KUNIT_EXPECT_EQ(test, -EINVAL, vtd_unit_read_caps(&t->unit));
}

static void unit_dids(struct kunit *test)
{
	struct context_test *t = test->priv;
	unsigned int i;

	t->unit.cap.bits = 0;	/* 16 domain-ids */
	KUNIT_EXPECT_EQ(test, 0, vtd_did_reserve(&t->unit, 7));
	KUNIT_EXPECT_EQ(test, 0, vtd_did_reserve(&t->unit, 7));
	KUNIT_EXPECT_EQ(test, 0, vtd_did_reserve(&t->unit, VTD_DID_IDENTITY));
	KUNIT_EXPECT_EQ(test, -ERANGE, vtd_did_reserve(&t->unit, 16));
	KUNIT_EXPECT_EQ(test, 3, atomic_read(&t->unit.dids.used));

	for (i = VTD_DID_FIRST; i < 16; i++)
		if (i != 7)
			KUNIT_EXPECT_EQ(test, (int)i, vtd_did_alloc(&t->unit));
	KUNIT_EXPECT_EQ(test, -ENOSPC, vtd_did_alloc(&t->unit));
	KUNIT_EXPECT_EQ(test, 16, atomic_read(&t->unit.dids.used));

	vtd_did_free(&t->unit, VTD_DID_IDENTITY);
	KUNIT_EXPECT_EQ(test, -ENOSPC, vtd_did_alloc(&t->unit));
	vtd_did_free(&t->unit, 9);
	KUNIT_EXPECT_EQ(test, 9, vtd_did_alloc(&t->unit));
}

static struct kunit_case context_cases[] = {
	KUNIT_CASE_PARAM(context_maker, maker_gen_params),
	KUNIT_CASE(context_root_entry),
	KUNIT_CASE(context_place),
	KUNIT_CASE(context_first),
	KUNIT_CASE(context_first_with_caching_mode),
	KUNIT_CASE(context_write_buffer),
	KUNIT_CASE(context_replace),
	KUNIT_CASE(context_replace_with_caching_mode),
	KUNIT_CASE(context_cleared),
	KUNIT_CASE_SLOW(context_flush_fails),
	KUNIT_CASE(context_every_store),
	KUNIT_CASE(context_inherited),
	KUNIT_CASE(context_enable),
	KUNIT_CASE(unit_levels),
	KUNIT_CASE(unit_dids),
	{}
};

static struct kunit_suite context_suite = {
	.name = "vtd-context",
	.init = context_test_init,
	.exit = context_test_exit,
	.test_cases = context_cases,
};

kunit_test_suite(context_suite);
