// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the ACPI table DMAR: a good one, one for each kind of damage, and
 * damage at random. A table is always in memory of exactly its size, so that
 * KASAN reports reads beyond. A walk that does not end has its test aborted by
 * what it calls.
 */

#include <kunit/test.h>
#include <kunit/test-bug.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "../dmar-internal.h"

#define TEST_BYTES		1024
#define TEST_MUTATIONS		20000
/* One for each byte is more than a walk can make; an examination has three walks */
#define TEST_CALLS		(4 * TEST_BYTES)
#define TEST_UNIT		0xfed90000ULL

/**
 * struct dmar_test - a table, and what was found in it
 * @bytes: the table as it is built
 * @length: its length
 * @at: where structures begin, by order
 * @structures: their number
 * @table: the memory that is being examined, or NULL
 * @start: first byte that may be read
 * @end: behind the last
 * @calls: calls of handlers, and entries of scopes, of an examination
 * @handed: structures handed on, by type
 * @lost: units that were handed on as lost
 * @scopes: entries of scopes
 * @outside: something handed on does not lie inside
 * @uncopied: copies that are not like the original
 * @flaws: flaws by kind
 * @stop: a handler returns this
 */
struct dmar_test {
	u8 bytes[TEST_BYTES];
	size_t length;
	size_t at[16];
	unsigned int structures;
	void *table;
	const void *start;
	const void *end;
	unsigned int calls;
	unsigned int handed[8];
	unsigned int lost;
	unsigned int scopes;
	unsigned int outside;
	unsigned int uncopied;
	unsigned int flaws[DMAR_FLAW_SCOPE_TYPE + 1];
	int stop;
};

static const size_t least_bytes[] = { 16, 24, 8, 20, 9, 8 };

static void add(struct dmar_test *t, const void *bytes, size_t count)
{
	memcpy(t->bytes + t->length, bytes, count);
	t->length += count;
}

static struct acpi_dmar_header *structure(struct dmar_test *t, unsigned int index)
{
	return (void *)t->bytes + t->at[index];
}

static void begin(struct dmar_test *t, const void *bytes, size_t count)
{
	t->at[t->structures++] = t->length;
	add(t, bytes, count);
}

static void add_scope(struct dmar_test *t, u8 type, u8 id, u8 bus, u8 device, u8 function)
{
	const u8 scope[] = { type, 8, 0, 0, id, bus, device, function };

	add(t, scope, sizeof(scope));
}

/* The structure is whole; lengths are 16 bits at offset 2 */
static void end(struct dmar_test *t)
{
	struct acpi_dmar_header *header = structure(t, t->structures - 1);

	header->length = t->length - t->at[t->structures - 1];
}

static void seal(struct dmar_test *t)
{
	struct acpi_table_header *table = (void *)t->bytes;
	u8 sum = 0;
	size_t i;

	table->length = t->length;
	table->checksum = 0;
	for (i = 0; i < t->length; i++)
		sum += t->bytes[i];
	table->checksum = -sum;
}

static void add_reserved_memory(struct dmar_test *t, u64 base, u64 last)
{
	struct acpi_dmar_reserved_memory rmrr = {
		.header = { ACPI_DMAR_TYPE_RESERVED_MEMORY },
		.base_address = base, .end_address = last,
	};

	begin(t, &rmrr, sizeof(rmrr));
	add_scope(t, ACPI_DMAR_SCOPE_TYPE_ENDPOINT, 0, 0, 0x14, 0);
	end(t);
}

/* By order: DRHD, DRHD for all, RMRR, ATSR, RHSA, ANDD, SATC */
static void build(struct dmar_test *t)
{
	static const struct acpi_table_dmar dmar = {
		.header = { .signature = ACPI_SIG_DMAR, .revision = 1 }, .width = 47,
	};
	static const u8 two_steps[] = { ACPI_DMAR_SCOPE_TYPE_ENDPOINT, 10, 0, 0, 0, 0,
					0x1c, 0, 0, 1 };
	static const u8 andd[] = { 4, 0, 0, 0, 0, 0, 0, 1, '\\', '_', 'S', 'B', 0 };
	struct acpi_dmar_hardware_unit drhd = { .address = TEST_UNIT };
	struct acpi_dmar_atsr atsr = { .header = { ACPI_DMAR_TYPE_ROOT_ATS } };
	struct acpi_dmar_rhsa rhsa = {
		.header = { ACPI_DMAR_TYPE_HARDWARE_AFFINITY }, .base_address = TEST_UNIT,
	};
	struct acpi_dmar_satc satc = { .header = { ACPI_DMAR_TYPE_SATC } };

	add(t, &dmar, sizeof(dmar));
	begin(t, &drhd, sizeof(drhd));
	add_scope(t, ACPI_DMAR_SCOPE_TYPE_ENDPOINT, 0, 0, 2, 0);
	add(t, two_steps, sizeof(two_steps));
	end(t);
	drhd.flags = ACPI_DMAR_INCLUDE_ALL;
	drhd.address = TEST_UNIT + SZ_4K;
	begin(t, &drhd, sizeof(drhd));
	add_scope(t, ACPI_DMAR_SCOPE_TYPE_IOAPIC, 2, 0xf0, 0x1f, 0);
	add_scope(t, ACPI_DMAR_SCOPE_TYPE_HPET, 0, 0xf0, 0x0f, 0);
	add_scope(t, ACPI_DMAR_SCOPE_TYPE_NAMESPACE, 1, 0, 0x15, 0);
	end(t);
	add_reserved_memory(t, 0x7d800000, 0x7fffffff);
	begin(t, &atsr, sizeof(atsr));
	add_scope(t, ACPI_DMAR_SCOPE_TYPE_BRIDGE, 0, 0, 1, 0);
	end(t);
	begin(t, &rhsa, sizeof(rhsa));
	end(t);
	begin(t, andd, sizeof(andd));
	end(t);
	begin(t, &satc, sizeof(satc));
	add_scope(t, ACPI_DMAR_SCOPE_TYPE_ENDPOINT, 0, 0, 3, 0);
	end(t);
	seal(t);
}

static bool inside(const struct dmar_test *t, const void *at, size_t bytes)
{
	return at >= t->start && at <= t->end && bytes <= t->end - at;
}

static void count_call(struct dmar_test *t)
{
	if (++t->calls > TEST_CALLS)
		KUNIT_FAIL_AND_ABORT(kunit_get_current_test(), "the walk does not end");
}

static void look_at_scopes(struct dmar_test *t, const struct acpi_dmar_header *header)
{
	struct dmar_scope_cursor cursor = dmar_scope_start(header);
	const struct acpi_dmar_device_scope *scope;
	const void *last = (const void *)header + header->length;

	while ((scope = dmar_scope_next(&cursor))) {
		unsigned int steps = dmar_scope_steps(scope);

		count_call(t);
		t->scopes++;
		if ((const void *)scope < (const void *)header ||
		    (const void *)(scope + 1) + steps * 2 > last || !steps ||
		    (const void *)scope + scope->length > last)
			t->outside++;
	}
}

static int look_at(struct dmar_test *t, const struct acpi_dmar_header *header)
{
	struct acpi_dmar_header *copy;

	count_call(t);
	if (!inside(t, header, sizeof(*header)) || !inside(t, header, header->length) ||
	    header->type >= ARRAY_SIZE(least_bytes) ||
	    header->length < least_bytes[header->type]) {
		t->outside++;
		return 0;
	}
	t->handed[header->type]++;
	look_at_scopes(t, header);

	copy = dmar_copy_structure(header);
	if (!copy || copy->length > header->length || !dmar_same_structure(header, copy) ||
	    !dmar_same_structure(copy, header))
		t->uncopied++;
	kfree(copy);
	return t->stop;
}

static int see_drhd(const struct acpi_dmar_hardware_unit *drhd, void *arg)
{
	return look_at(arg, &drhd->header);
}

static int see_lost(const struct acpi_dmar_hardware_unit *drhd, void *arg)
{
	struct dmar_test *t = arg;

	t->lost++;
	return look_at(arg, &drhd->header);
}

static int see_rmrr(const struct acpi_dmar_reserved_memory *rmrr, void *arg)
{
	struct dmar_test *t = arg;

	/* What is handed on is memory */
	if (rmrr->end_address <= rmrr->base_address)
		t->outside++;
	return look_at(arg, &rmrr->header);
}

static int see_atsr(const struct acpi_dmar_atsr *atsr, void *arg)
{
	return look_at(arg, &atsr->header);
}

static int see_rhsa(const struct acpi_dmar_rhsa *rhsa, void *arg)
{
	return look_at(arg, &rhsa->header);
}

static int see_andd(const struct acpi_dmar_andd *andd, void *arg)
{
	struct dmar_test *t = arg;
	size_t space = andd->header.length - 8;

	/* The name ends within */
	if (inside(t, andd, andd->header.length) && strnlen((char *)andd + 8, space) == space)
		t->outside++;
	return look_at(arg, &andd->header);
}

static int see_satc(const struct acpi_dmar_satc *satc, void *arg)
{
	return look_at(arg, &satc->header);
}

static void see_flaw(enum dmar_flaw flaw, const struct acpi_dmar_header *at,
		     size_t offset, void *arg)
{
	struct dmar_test *t = arg;

	count_call(t);
	if (flaw >= ARRAY_SIZE(t->flaws) || flaw == DMAR_FLAW_NONE) {
		t->outside++;
		return;
	}
	t->flaws[flaw]++;
	if (at && !inside(t, at, sizeof(*at)))
		t->outside++;
}

static const struct dmar_handlers handlers = {
	.drhd = see_drhd,
	.lost = see_lost,
	.rmrr = see_rmrr,
	.atsr = see_atsr,
	.rhsa = see_rhsa,
	.andd = see_andd,
	.satc = see_satc,
	.flaw = see_flaw,
};

static const struct dmar_handlers flaws_only = { .flaw = see_flaw };

static unsigned int all_flaws(const struct dmar_test *t)
{
	unsigned int i, count = 0;

	for (i = 0; i < ARRAY_SIZE(t->flaws); i++)
		count += t->flaws[i];
	return count;
}

/* Check and walk the first @bytes of what was built. Returns what the check did. */
static int examine(struct kunit *test, struct dmar_test *t, size_t bytes)
{
	void *table = kmemdup(t->bytes, bytes, GFP_KERNEL);
	size_t header = sizeof(struct acpi_table_dmar);
	int flaws;

	KUNIT_ASSERT_NOT_NULL(test, table);
	t->table = table;
	t->calls = 0;
	t->start = table;
	t->end = table + bytes;
	flaws = dmar_check_table(table, bytes, &flaws_only, t);
	KUNIT_EXPECT_TRUE(test, flaws < 0 || flaws == all_flaws(t));
	memset(t->flaws, 0, sizeof(t->flaws));
	dmar_check_table(table, bytes, &flaws_only, t);
	if (bytes >= header)
		dmar_walk(table + header, bytes - header, &handlers, t);
	kfree(table);
	t->table = NULL;
	return flaws;
}

static struct dmar_test *dmar_test_of(struct kunit *test)
{
	return test->priv;
}

static int dmar_test_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct dmar_test), GFP_KERNEL);
	if (!test->priv)
		return -ENOMEM;
	build(test->priv);
	return 0;
}

/* The test may have been aborted in the middle of a walk */
static void dmar_test_exit(struct kunit *test)
{
	if (test->priv)
		kfree(dmar_test_of(test)->table);
}

static void dmar_good(struct kunit *test)
{
	struct dmar_test *t = dmar_test_of(test);
	unsigned int type;

	KUNIT_EXPECT_EQ(test, 0, examine(test, t, t->length));
	KUNIT_EXPECT_EQ(test, t->handed[ACPI_DMAR_TYPE_HARDWARE_UNIT], 2);
	for (type = ACPI_DMAR_TYPE_RESERVED_MEMORY; type <= ACPI_DMAR_TYPE_SATC; type++)
		KUNIT_EXPECT_EQ(test, t->handed[type], 1);
	KUNIT_EXPECT_EQ(test, t->scopes, 8);
	KUNIT_EXPECT_EQ(test, t->lost, 0);
	KUNIT_EXPECT_EQ(test, t->outside, 0);
	KUNIT_EXPECT_EQ(test, t->uncopied, 0);
	KUNIT_EXPECT_EQ(test, 0, dmar_walk_table((void *)t->bytes, &flaws_only, t));
}

/* What a handler returns ends the walk */
static void dmar_stop(struct kunit *test)
{
	struct dmar_test *t = dmar_test_of(test);

	t->start = t->bytes;
	t->end = t->bytes + t->length;
	t->stop = -EBUSY;
	KUNIT_EXPECT_EQ(test, -EBUSY, dmar_walk_table((void *)t->bytes, &handlers, t));
	KUNIT_EXPECT_EQ(test, t->handed[0], 1);
	KUNIT_EXPECT_EQ(test, t->handed[1], 0);
}

static void dmar_steps(struct kunit *test)
{
	struct dmar_test *t = dmar_test_of(test);
	struct dmar_scope_cursor cursor = dmar_scope_start(structure(t, 0));

	KUNIT_EXPECT_EQ(test, 1, dmar_scope_steps(dmar_scope_next(&cursor)));
	KUNIT_EXPECT_EQ(test, 2, dmar_scope_steps(dmar_scope_next(&cursor)));
	KUNIT_EXPECT_NULL(test, dmar_scope_next(&cursor));
	KUNIT_EXPECT_NULL(test, dmar_scope_next(&cursor));
	/* Types without a scope */
	cursor = dmar_scope_start(structure(t, 4));
	KUNIT_EXPECT_NULL(test, dmar_scope_next(&cursor));
	cursor = dmar_scope_start(structure(t, 5));
	KUNIT_EXPECT_NULL(test, dmar_scope_next(&cursor));
}

static void dmar_bytes(struct kunit *test)
{
	struct acpi_dmar_hardware_unit drhd = { .address = TEST_UNIT };

	KUNIT_EXPECT_EQ(test, dmar_register_bytes(&drhd), SZ_4K);
	drhd.size = 2;
	KUNIT_EXPECT_EQ(test, dmar_register_bytes(&drhd), SZ_16K);
	/* Bits 7:4 are reserved */
	drhd.size = 0xf1;
	KUNIT_EXPECT_EQ(test, dmar_register_bytes(&drhd), SZ_8K);
}

static void dmar_same(struct kunit *test)
{
	struct dmar_test *t = dmar_test_of(test);

	KUNIT_EXPECT_TRUE(test, dmar_same_structure(structure(t, 0), structure(t, 0)));
	KUNIT_EXPECT_FALSE(test, dmar_same_structure(structure(t, 0), structure(t, 1)));
	KUNIT_EXPECT_FALSE(test, dmar_same_structure(structure(t, 0), structure(t, 2)));
	KUNIT_EXPECT_FALSE(test, dmar_same_structure(structure(t, 3), structure(t, 6)));
}

/**
 * struct damage - one kind
 * @name: what it is
 * @index: structure that is damaged, in the order of build()
 * @offset: byte in it
 * @bytes: how many
 * @value: what is put there
 * @flaw: what is to be found
 * @handed: structures that are handed on then, also as lost
 * @scopes: entries of scopes handed on
 */
struct damage {
	const char *name;
	unsigned int index;
	unsigned int offset;
	unsigned int bytes;
	u64 value;
	enum dmar_flaw flaw;
	unsigned int handed;
	unsigned int scopes;
};

static const struct damage damages[] = {
	{ "length 0", 2, 2, 2, 0, DMAR_FLAW_LENGTH, 2, 5 },
	{ "length 3", 2, 2, 2, 3, DMAR_FLAW_LENGTH, 2, 5 },
	{ "past the end", 6, 2, 2, 17, DMAR_FLAW_PAST_END, 6, 7 },
	{ "longest", 0, 2, 2, 0xffff, DMAR_FLAW_PAST_END, 0, 0 },
	{ "unknown type", 3, 0, 2, 0x1234, DMAR_FLAW_TYPE, 6, 7 },
	{ "first unknown type", 3, 0, 2, 7, DMAR_FLAW_TYPE, 6, 7 },
	{ "base 0", 0, 8, 8, 0, DMAR_FLAW_BASE_ZERO, 7, 8 },
	{ "base not aligned", 0, 8, 8, TEST_UNIT + 8, DMAR_FLAW_BASE_ALIGN, 7, 8 },
	{ "base at the end", 0, 8, 8, 0xfffffffffffff000, DMAR_FLAW_BASE_WRAP, 7, 8 },
	{ "memory backwards", 2, 16, 8, 0x7d7fffff, DMAR_FLAW_RANGE, 6, 7 },
	{ "memory of all addresses", 2, 16, 8, U64_MAX, DMAR_FLAW_RANGE, 6, 7 },
	{ "memory begins in a page", 2, 8, 8, 0x7d800010, DMAR_FLAW_RANGE_ALIGN, 7, 8 },
	{ "memory ends in a page", 2, 16, 8, 0x7ffffffe, DMAR_FLAW_RANGE_ALIGN, 7, 8 },
	{ "name is empty", 5, 8, 1, 0, DMAR_FLAW_NAME, 6, 8 },
	{ "name does not end", 5, 12, 1, 'X', DMAR_FLAW_NAME, 6, 8 },
	{ "scope length 0", 0, 17, 1, 0, DMAR_FLAW_SCOPE_LENGTH, 7, 6 },
	{ "scope length 5", 0, 17, 1, 5, DMAR_FLAW_SCOPE_LENGTH, 7, 6 },
	{ "scope past the end", 0, 25, 1, 11, DMAR_FLAW_SCOPE_PAST_END, 7, 7 },
	{ "scope without a path", 0, 17, 1, 6, DMAR_FLAW_SCOPE_PATH, 7, 6 },
	{ "half a step", 0, 25, 1, 9, DMAR_FLAW_SCOPE_PATH, 7, 7 },
	{ "device 32", 0, 22, 1, 32, DMAR_FLAW_SCOPE_PATH, 7, 7 },
	{ "function 8", 0, 23, 1, 8, DMAR_FLAW_SCOPE_PATH, 7, 7 },
	{ "scope type 0", 0, 16, 1, 0, DMAR_FLAW_SCOPE_TYPE, 7, 7 },
	{ "scope type 6", 0, 16, 1, 6, DMAR_FLAW_SCOPE_TYPE, 7, 7 },
};

KUNIT_ARRAY_PARAM_DESC(damage, damages, name);

static void dmar_damage(struct kunit *test)
{
	const struct damage *d = test->param_value;
	struct dmar_test *t = dmar_test_of(test);
	unsigned int type, handed = 0;

	memcpy((void *)structure(t, d->index) + d->offset, &d->value, d->bytes);
	seal(t);
	KUNIT_EXPECT_GE(test, examine(test, t, t->length), 1);
	KUNIT_EXPECT_GE_MSG(test, t->flaws[d->flaw], 1, "%s", dmar_flaw_text(d->flaw));
	for (type = 0; type < ARRAY_SIZE(t->handed); type++)
		handed += t->handed[type];
	KUNIT_EXPECT_EQ(test, handed, d->handed);
	KUNIT_EXPECT_EQ(test, t->scopes, d->scopes);
	KUNIT_EXPECT_EQ(test, t->lost, d->flaw == DMAR_FLAW_BASE_ZERO ||
			d->flaw == DMAR_FLAW_BASE_ALIGN || d->flaw == DMAR_FLAW_BASE_WRAP);
	KUNIT_EXPECT_EQ(test, t->outside, 0);
	KUNIT_EXPECT_EQ(test, t->uncopied, 0);
}

/* Too short for its type, each type; what follows is found all the same */
static void dmar_short(struct kunit *test)
{
	unsigned int type;

	for (type = 0; type < ARRAY_SIZE(least_bytes); type++) {
		struct dmar_test *t = dmar_test_of(test);
		u8 zeroes[32] = { };

		memset(t, 0, sizeof(*t));
		build(t);
		zeroes[0] = type;
		begin(t, zeroes, least_bytes[type] - 1);
		end(t);
		add_reserved_memory(t, 0x1000, 0x1fff);
		seal(t);
		KUNIT_EXPECT_EQ(test, 1, examine(test, t, t->length));
		KUNIT_EXPECT_GE(test, t->flaws[DMAR_FLAW_SHORT], 1);
		KUNIT_EXPECT_EQ(test, t->handed[ACPI_DMAR_TYPE_RESERVED_MEMORY], 2);
		KUNIT_EXPECT_EQ(test, t->outside, 0);
	}
}

static void dmar_table_flaws(struct kunit *test)
{
	struct dmar_test *t = dmar_test_of(test);
	struct acpi_table_dmar *dmar = (void *)t->bytes;

	dmar->header.checksum++;
	KUNIT_EXPECT_EQ(test, 1, examine(test, t, t->length));
	KUNIT_EXPECT_EQ(test, t->flaws[DMAR_FLAW_CHECKSUM], 1);

	dmar->width = 5;
	seal(t);
	memset(t->flaws, 0, sizeof(t->flaws));
	KUNIT_EXPECT_EQ(test, 1, examine(test, t, t->length));
	KUNIT_EXPECT_EQ(test, t->flaws[DMAR_FLAW_WIDTH], 1);

	dmar->width = 47;
	dmar->header.length = sizeof(*dmar) - 1;
	memset(t->flaws, 0, sizeof(t->flaws));
	KUNIT_EXPECT_EQ(test, -EINVAL, dmar_check_table((void *)dmar, t->length,
							&flaws_only, t));
	KUNIT_EXPECT_EQ(test, t->flaws[DMAR_FLAW_TABLE_SHORT], 1);
	KUNIT_EXPECT_EQ(test, -EINVAL, dmar_walk_table((void *)dmar, &handlers, t));
}

/* Cut off anywhere */
static void dmar_cut(struct kunit *test)
{
	struct dmar_test *t = dmar_test_of(test);
	size_t header = sizeof(struct acpi_table_dmar), bytes;

	for (bytes = 1; bytes < t->length; bytes++) {
		int flaws;

		memset(t->flaws, 0, sizeof(t->flaws));
		flaws = examine(test, t, bytes);
		if (bytes < header)
			KUNIT_EXPECT_EQ(test, flaws, -EINVAL);
		else
			KUNIT_EXPECT_GE(test, t->flaws[DMAR_FLAW_TABLE_CUT], 1);
		KUNIT_EXPECT_EQ(test, t->outside, 0);
	}
}

static void mutate(struct dmar_test *t, struct rnd_state *state)
{
	unsigned int i, times = 1 + prandom_u32_state(state) % 6;

	for (i = 0; i < times; i++) {
		u32 value = prandom_u32_state(state);
		u32 where = prandom_u32_state(state);
		struct acpi_dmar_header *header = structure(t, where % t->structures);

		switch (prandom_u32_state(state) % 4) {
		case 0:
			t->bytes[where % t->length] = value;
			break;
		case 1:
			header->length = value & 1 ? value >> 16 : value >> 8 & 0x3f;
			break;
		case 2:
			header->type = value % 9;
			break;
		case 3:
			/* Where a length of a scope entry may be */
			((u8 *)header)[8 + value % 24] = value >> 8 & 0x1f;
			break;
		}
	}
}

static void dmar_random(struct kunit *test)
{
	struct dmar_test *t = dmar_test_of(test);
	u32 seed = get_random_u32();
	struct rnd_state state;
	unsigned int i;

	kunit_info(test, "seed %u\n", seed);
	prandom_seed_state(&state, seed);
	for (i = 0; i < TEST_MUTATIONS; i++) {
		size_t bytes;

		memset(t, 0, sizeof(*t));
		build(t);
		mutate(t, &state);
		if (prandom_u32_state(&state) % 2)
			seal(t);
		bytes = prandom_u32_state(&state) % 4 ? t->length :
			1 + prandom_u32_state(&state) % t->length;
		examine(test, t, bytes);
		KUNIT_ASSERT_EQ_MSG(test, t->outside, 0, "mutation %u of seed %u", i, seed);
		KUNIT_ASSERT_EQ_MSG(test, t->uncopied, 0, "mutation %u of seed %u", i, seed);
	}
}

/* What is left out may be a unit that interrupts must not go past */
static void dmar_hidden_units(struct kunit *test)
{
	struct dmar_test *t = dmar_test_of(test);

	KUNIT_EXPECT_TRUE(test, dmar_flaw_hides_unit(DMAR_FLAW_SHORT, structure(t, 0)));
	KUNIT_EXPECT_FALSE(test, dmar_flaw_hides_unit(DMAR_FLAW_SHORT, structure(t, 2)));
	KUNIT_EXPECT_TRUE(test, dmar_flaw_hides_unit(DMAR_FLAW_LENGTH, structure(t, 2)));
	KUNIT_EXPECT_TRUE(test, dmar_flaw_hides_unit(DMAR_FLAW_PAST_END, NULL));
	KUNIT_EXPECT_FALSE(test, dmar_flaw_hides_unit(DMAR_FLAW_TYPE, structure(t, 3)));
	KUNIT_EXPECT_FALSE(test, dmar_flaw_hides_unit(DMAR_FLAW_SCOPE_PATH,
						      structure(t, 0)));
}

static void dmar_texts(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i <= DMAR_FLAW_SCOPE_TYPE; i++)
		KUNIT_EXPECT_STRNEQ(test, dmar_flaw_text(i), "?");
	KUNIT_EXPECT_STREQ(test, dmar_type_name(ACPI_DMAR_TYPE_HARDWARE_UNIT), "DRHD");
	KUNIT_EXPECT_STREQ(test, dmar_type_name(ACPI_DMAR_TYPE_SATC), "SATC");
	KUNIT_EXPECT_STREQ(test, dmar_type_name(0xffff), "structure");
}

static struct kunit_case dmar_cases[] = {
	KUNIT_CASE(dmar_good),
	KUNIT_CASE(dmar_stop),
	KUNIT_CASE(dmar_steps),
	KUNIT_CASE(dmar_bytes),
	KUNIT_CASE(dmar_same),
	KUNIT_CASE_PARAM(dmar_damage, damage_gen_params),
	KUNIT_CASE(dmar_short),
	KUNIT_CASE(dmar_table_flaws),
	KUNIT_CASE(dmar_cut),
	KUNIT_CASE(dmar_random),
	KUNIT_CASE(dmar_hidden_units),
	KUNIT_CASE(dmar_texts),
	{ }
};

static struct kunit_suite dmar_suite = {
	.name = "vtd-dmar",
	.init = dmar_test_init,
	.exit = dmar_test_exit,
	.test_cases = dmar_cases,
};

kunit_test_suite(dmar_suite);
