// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of invalidations: whatever is mapped, unmapped and flushed, no device can
 * access a page that it must not, or misses one that is mapped.
 *
 * Devices make requests all the time, so that the unit caches all it can.
 */

#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sizes.h>

#include "../../iommu-pages.h"
#include "../attach.h"
#include "../cache.h"
#include "../command.h"
#include "../domain.h"
#include "../iommu.h"
#include "model.h"

#define TEST_SID	0x0010
#define TEST_TLB_SID	0x0100
#define OTHER_TLB_SID	0x0208

/* A window that lies across a multiple of 1 GiB */
#define TEST_BASE	(SZ_2G - SZ_4M)
#define TEST_PAGES	2048
#define TEST_MAPS	24
#define TEST_RUNS	400
#define TEST_SAMPLES	40

struct unit_case {
	const char *name;
	u64 cap;
	u64 ecap;
	/* Of a second unit of the same domain, if not 0 */
	u64 other_cap;
};

#define CAP_NO_LARGE	(MODEL_CAP & ~VTD_CAP_SSLPS)
#define CAP_NO_PSI	(MODEL_CAP & ~(VTD_CAP_PSI | VTD_CAP_MAMV))
#define CAP_ONE_PAGE	(MODEL_CAP & ~VTD_CAP_MAMV)
#define ECAP_OLD	(MODEL_ECAP & ~(VTD_ECAP_QI | VTD_ECAP_DT | VTD_ECAP_IR))

static const struct unit_case unit_cases[] = {
	{ "usual", MODEL_CAP, MODEL_ECAP },
	{ "no large pages", CAP_NO_LARGE, MODEL_ECAP },
	{ "no pages selected", CAP_NO_PSI, MODEL_ECAP },
	{ "one page selected", CAP_ONE_PAGE, MODEL_ECAP },
	{ "mask of 18", CAP_ONE_PAGE | FIELD_PREP_CONST(VTD_CAP_MAMV, 18), MODEL_ECAP },
	{ "caching mode", MODEL_CAP | VTD_CAP_CM, MODEL_ECAP },
	{ "caching mode, no pages selected", CAP_NO_PSI | VTD_CAP_CM, MODEL_ECAP },
	{ "write buffer", MODEL_CAP | VTD_CAP_RWBF, MODEL_ECAP },
	{ "tables not snooped", MODEL_CAP, MODEL_ECAP & ~VTD_ECAP_C },
	{ "reads of no bytes fault", MODEL_CAP & ~VTD_CAP_ZLR, MODEL_ECAP },
	{ "wide descriptors", MODEL_CAP, MODEL_ECAP | VTD_ECAP_SMTS },
	{ "registers", MODEL_CAP, ECAP_OLD },
	{ "registers, caching mode", MODEL_CAP | VTD_CAP_CM, ECAP_OLD },
	{ "registers, no pages selected", CAP_NO_PSI, ECAP_OLD },
	{ "two units", MODEL_CAP, MODEL_ECAP, MODEL_CAP },
	{ "two units, one selects pages", MODEL_CAP, MODEL_ECAP, CAP_NO_PSI },
	{ "two units in caching mode", MODEL_CAP | VTD_CAP_CM, MODEL_ECAP,
	  CAP_NO_PSI | VTD_CAP_CM },
};

KUNIT_ARRAY_PARAM_DESC(unit, unit_cases, name);

/**
 * struct mapping - pages mapped at once
 * @first: first page in the window
 * @count: their number, 0 if there is none
 */
struct mapping {
	unsigned int first;
	unsigned int count;
};

/**
 * struct cache_test - a domain, and what is in it
 * @models: units that serve it
 * @devices: a device behind each
 * @count: number of units
 * @domain: domain
 * @phys: where a page of the window is, 0 for nowhere
 * @prot: IOMMU_READ, IOMMU_WRITE
 * @maps: mappings
 * @random: state of the generator
 */
struct cache_test {
	struct model_unit *models[2];
	struct vtd_device *devices[2];
	unsigned int count;
	struct iommu_domain *domain;
	u64 phys[TEST_PAGES];
	u8 prot[TEST_PAGES];
	struct mapping maps[TEST_MAPS];
	struct rnd_state random;
};

static u32 any(struct cache_test *t, u32 end)
{
	return prandom_u32_state(&t->random) % end;
}

static void free_domain(void *data)
{
	struct iommu_domain *domain = data;

	domain->ops->free(domain);
}

static void block_device(void *data)
{
	struct vtd_device *device = data;

	vtd_blocked_domain.ops->attach_dev(&vtd_blocked_domain, device->dev);
}

static void turn_on(struct kunit *test, struct model_unit *model)
{
	KUNIT_ASSERT_EQ(test, 0, vtd_contexts_enable(model->unit));
	KUNIT_ASSERT_EQ(test, 0, vtd_unit_command(model->unit, VTD_GCMD_TE, 0));
}

static void add_unit(struct kunit *test, struct cache_test *t, u64 cap, u64 ecap)
{
	struct model_unit *model = vtd_model_create(test, cap, ecap);

	turn_on(test, model);
	t->models[t->count] = model;
	t->devices[t->count++] = vtd_model_add_device(test, model, TEST_SID, false);
}

static struct iommu_domain *make_domain(struct kunit *test, struct vtd_device *device)
{
	struct iommu_domain *domain = intel_iommu_ops.domain_alloc_paging(device->dev);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, domain);
	domain->type = IOMMU_DOMAIN_UNMANAGED;
	domain->owner = &intel_iommu_ops;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_domain, domain));
	return domain;
}

static void attach(struct kunit *test, struct iommu_domain *domain,
		   struct vtd_device *device)
{
	KUNIT_ASSERT_EQ(test, 0, vtd_attach_paging(domain, device->dev));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, block_device, device));
}

static struct cache_test *make_test(struct kunit *test, const struct unit_case *c)
{
	struct cache_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	u32 seed = get_random_u32();
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, t);
	kunit_info(test, "seed %u\n", seed);
	prandom_seed_state(&t->random, seed);
	add_unit(test, t, c->cap, c->ecap);
	if (c->other_cap)
		add_unit(test, t, c->other_cap, c->ecap);
	t->domain = make_domain(test, t->devices[0]);
	for (i = 0; i < t->count; i++)
		attach(test, t->domain, t->devices[i]);
	return t;
}

static unsigned long address_of(unsigned int page)
{
	return TEST_BASE + ((unsigned long)page << 12);
}

static u16 did_of(struct cache_test *t, unsigned int unit)
{
	struct vtd_domain *domain = to_vtd_domain(t->domain);

	guard(mutex)(&domain->attach_lock);
	return vtd_domain_did(domain, t->models[unit]->unit);
}

static void expect_request(struct kunit *test, unsigned int unit, unsigned int page,
			   unsigned int want, bool granted)
{
	struct cache_test *t = test->priv;
	u64 phys = 0;
	u8 reason = vtd_model_dma(t->models[unit], TEST_SID, address_of(page) + 8, want,
				  &phys);

	if (!granted)
		KUNIT_ASSERT_NE_MSG(test, reason, 0, "unit %u, page %u, want %u: got %llx",
				    unit, page, want, phys);
	else if (reason)
		KUNIT_FAIL_AND_ABORT(test, "unit %u, page %u, want %u: fault %#x", unit,
				     page, want, reason);
	else
		KUNIT_ASSERT_EQ_MSG(test, phys, t->phys[page] + 8,
				    "unit %u, page %u, want %u", unit, page, want);
}

/* What a device gets of a page is what was mapped there */
static void expect_page(struct kunit *test, unsigned int page)
{
	struct cache_test *t = test->priv;
	bool there = t->phys[page];
	unsigned int unit;

	for (unit = 0; unit < t->count; unit++) {
		bool readable = t->prot[page] & IOMMU_READ;

		if (!vtd_cap_zero_length_read(t->models[unit]->unit->cap))
			readable = true;
		expect_request(test, unit, page, MODEL_WRITE,
			       there && t->prot[page] & IOMMU_WRITE);
		expect_request(test, unit, page, MODEL_READ, there && readable);
		expect_request(test, unit, page, MODEL_READ | MODEL_EMPTY, there);
	}
}

static void expect_samples(struct kunit *test)
{
	struct cache_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < TEST_SAMPLES; i++)
		expect_page(test, any(t, TEST_PAGES));
	for (i = 0; i < TEST_MAPS; i++)
		if (t->maps[i].count) {
			expect_page(test, t->maps[i].first);
			expect_page(test, t->maps[i].first + t->maps[i].count - 1);
		}
}

static bool is_free(const struct cache_test *t, unsigned int first, unsigned int count)
{
	unsigned int i;

	for (i = first; i < first + count; i++)
		if (i >= TEST_PAGES || t->phys[i])
			return false;
	return true;
}

static void do_map(struct kunit *test, struct mapping *map, unsigned int first,
		   unsigned int count, u64 phys, int prot)
{
	struct cache_test *t = test->priv;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, iommu_map(t->domain, address_of(first), phys,
					   (size_t)count << 12, prot, GFP_KERNEL));
	*map = (struct mapping) { first, count };
	for (i = 0; i < count; i++) {
		t->phys[first + i] = phys + ((u64)i << 12);
		t->prot[first + i] = prot;
	}
}

static void map_something(struct kunit *test, struct mapping *map)
{
	struct cache_test *t = test->priv;
	unsigned int first = any(t, TEST_PAGES), count = 1 + any(t, 64);
	u64 phys = SZ_4G + ((u64)any(t, 1 << 20) << 12);

	if (!any(t, 4)) {
		first = round_down(first, 512);
		count = 512 * (1 + any(t, 2)) - (any(t, 2) ? any(t, 100) : 0);
		phys = round_down(phys, SZ_2M);
	}
	if (is_free(t, first, count))
		do_map(test, map, first, count, phys, 1 + any(t, 3));
}

static void note_unmapped(struct cache_test *t, struct mapping *map)
{
	memset(t->phys + map->first, 0, map->count * sizeof(t->phys[0]));
	memset(t->prot + map->first, 0, map->count);
	map->count = 0;
}

/* Nothing is cached of pages that were unmapped */
static void expect_invalidated(struct kunit *test, struct mapping map)
{
	struct cache_test *t = test->priv;
	u64 first = address_of(map.first) >> 12;
	unsigned int unit;

	for (unit = 0; unit < t->count; unit++)
		KUNIT_ASSERT_EQ_MSG(test, 0,
				    vtd_model_count_cached(t->models[unit], MODEL_PAGE,
							   did_of(t, unit), first,
							   first + map.count - 1),
				    "unit %u, pages %u to %u", unit, map.first,
				    map.first + map.count - 1);
}

static void unmap_at_once(struct kunit *test, struct mapping *map)
{
	struct cache_test *t = test->priv;
	size_t bytes = (size_t)map->count << 12;

	KUNIT_ASSERT_EQ(test, bytes, iommu_unmap(t->domain, address_of(map->first), bytes));
	expect_invalidated(test, *map);
	note_unmapped(t, map);
}

/* Some mappings, then one flush, of their range or of all */
static void unmap_together(struct kunit *test, bool queued)
{
	struct cache_test *t = test->priv;
	struct iommu_iotlb_gather gather;
	unsigned long gone = 0, i;

	iommu_iotlb_gather_init(&gather);
	gather.queued = queued;
	for (i = 0; i < TEST_MAPS; i++) {
		struct mapping *map = &t->maps[i];

		if (!map->count || any(t, 4))
			continue;
		gone |= BIT(i);
		KUNIT_ASSERT_EQ(test, (size_t)map->count << 12,
				iommu_unmap_fast(t->domain, address_of(map->first),
						 (size_t)map->count << 12, &gather));
	}
	if (!gone)
		return;
	if (queued) {
		t->domain->ops->flush_iotlb_all(t->domain);
		iommu_put_pages_list(&gather.freelist);
	} else {
		iommu_iotlb_sync(t->domain, &gather);
	}
	for_each_set_bit(i, &gone, TEST_MAPS) {
		expect_invalidated(test, t->maps[i]);
		note_unmapped(t, &t->maps[i]);
	}
}

static void one_run(struct kunit *test)
{
	struct cache_test *t = test->priv;
	struct mapping *map = &t->maps[any(t, TEST_MAPS)];

	switch (any(t, 8)) {
	case 0:
		unmap_together(test, false);
		break;
	case 1:
		unmap_together(test, true);
		break;
	default:
		if (map->count)
			unmap_at_once(test, map);
		else
			map_something(test, map);
	}
}

static void cache_random(struct kunit *test)
{
	struct cache_test *t = make_test(test, test->param_value);
	unsigned int i, run;

	test->priv = t;
	for (run = 0; run < TEST_RUNS; run++) {
		one_run(test);
		expect_samples(test);
	}
	for (i = 0; i < TEST_MAPS; i++)
		if (t->maps[i].count)
			unmap_at_once(test, &t->maps[i]);
	for (i = 0; i < t->count; i++) {
		KUNIT_EXPECT_EQ(test, vtd_model_seen(test, t->models[i])->mixed, 0);
		KUNIT_EXPECT_LE(test, t->models[i]->seen.largest,
				vtd_cap_max_mask(t->models[i]->unit->cap));
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&t->domain->flush_failures), 0);
}

static const struct unit_case usual = { "usual", MODEL_CAP, MODEL_ECAP };

static struct cache_test *make_usual(struct kunit *test, u64 cap)
{
	struct unit_case c = usual;
	struct cache_test *t;

	c.cap = cap;
	t = make_test(test, &c);
	test->priv = t;
	return t;
}

static unsigned int count_tables(struct cache_test *t, unsigned int page)
{
	u64 number = address_of(page) >> 12;

	return vtd_model_count_cached(t->models[0], MODEL_TABLE, did_of(t, 0), number,
				      number);
}

/* Tables stay cached as long as they are there, and no longer */
static void cache_leaf_only(struct kunit *test)
{
	struct cache_test *t = make_usual(test, CAP_NO_LARGE);
	struct iommu_iotlb_gather gather;
	u64 leaf_only;

	do_map(test, &t->maps[0], 512, 512, SZ_4G, IOMMU_READ | IOMMU_WRITE);
	do_map(test, &t->maps[1], 1030, 1, SZ_8G, IOMMU_READ | IOMMU_WRITE);
	expect_samples(test);
	KUNIT_ASSERT_GT(test, count_tables(t, 512), 0);

	/* One page of a table that has others: only a leaf goes */
	leaf_only = t->models[0]->seen.leaf_only;
	KUNIT_ASSERT_EQ(test, SZ_4K, iommu_unmap(t->domain, address_of(600), SZ_4K));
	t->phys[600] = 0;
	t->prot[600] = 0;
	KUNIT_EXPECT_EQ(test, t->models[0]->seen.leaf_only, leaf_only + 1);
	KUNIT_EXPECT_GT(test, count_tables(t, 600), 0);
	expect_samples(test);

	/* All of a table: it goes too, if the page tables say so */
	t->maps[0].count = 0;
	iommu_iotlb_gather_init(&gather);
	KUNIT_ASSERT_EQ(test, 88 * SZ_4K,
			iommu_unmap_fast(t->domain, address_of(512), 88 * SZ_4K, &gather));
	KUNIT_ASSERT_EQ(test, 423 * SZ_4K,
			iommu_unmap_fast(t->domain, address_of(601), 423 * SZ_4K, &gather));
	memset(t->phys + 512, 0, 512 * sizeof(t->phys[0]));
	memset(t->prot + 512, 0, 512);
	if (list_empty(&gather.freelist)) {
		iommu_iotlb_sync(t->domain, &gather);
		KUNIT_EXPECT_GT(test, count_tables(t, 600), 0);
	} else {
		iommu_iotlb_sync(t->domain, &gather);
		KUNIT_EXPECT_EQ(test, count_tables(t, 600), 0);
	}
	expect_samples(test);
	vtd_model_seen(test, t->models[0]);
}

/* A large page where a table was: nothing leads to the table any more */
static void cache_large_after_small(struct kunit *test)
{
	struct cache_test *t = make_usual(test, MODEL_CAP);

	do_map(test, &t->maps[0], 512, 1, SZ_4G, IOMMU_READ);
	expect_page(test, 512);
	unmap_at_once(test, &t->maps[0]);
	do_map(test, &t->maps[0], 512, 512, SZ_8G, IOMMU_READ);
	expect_page(test, 512);
	vtd_model_seen(test, t->models[0]);
}

static u64 iotlb_descs(struct cache_test *t)
{
	const u64 *kinds = t->models[0]->seen.kinds[VTD_DESC_IOTLB];

	return kinds[VTD_GRANULARITY_GLOBAL] + kinds[VTD_GRANULARITY_DOMAIN] +
	       kinds[VTD_GRANULARITY_PAGE];
}

/* Nothing is told of new mappings, unless the unit has to be */
static void cache_sync_map(struct kunit *test)
{
	struct cache_test *t = make_usual(test, MODEL_CAP);
	u64 before = iotlb_descs(t), buffer = t->models[0]->seen.write_buffer;

	KUNIT_EXPECT_NULL(test, t->domain->ops->iotlb_sync_map);
	do_map(test, &t->maps[0], 0, 100, SZ_4G, IOMMU_READ);
	KUNIT_EXPECT_EQ(test, iotlb_descs(t), before);
	KUNIT_EXPECT_EQ(test, t->models[0]->seen.write_buffer, buffer);
}

static void cache_sync_map_caching_mode(struct kunit *test)
{
	struct cache_test *t = make_usual(test, MODEL_CAP | VTD_CAP_CM);
	u64 before = iotlb_descs(t);

	expect_page(test, 5);
	do_map(test, &t->maps[0], 0, 100, SZ_4G, IOMMU_READ);
	KUNIT_EXPECT_GT(test, iotlb_descs(t), before);
	expect_page(test, 5);
	vtd_model_seen(test, t->models[0]);
}

static void cache_sync_map_write_buffer(struct kunit *test)
{
	struct cache_test *t = make_usual(test, MODEL_CAP | VTD_CAP_RWBF);
	u64 before = iotlb_descs(t), buffer = t->models[0]->seen.write_buffer;

	do_map(test, &t->maps[0], 0, 100, SZ_4G, IOMMU_READ);
	KUNIT_EXPECT_EQ(test, iotlb_descs(t), before);
	KUNIT_EXPECT_EQ(test, t->models[0]->seen.write_buffer, buffer + 1);
	vtd_model_seen(test, t->models[0]);
}

/* Pages where the unit can, the domain where it can't or pages are too many */
static void cache_granularity(struct kunit *test)
{
	struct cache_test *t = make_usual(test, MODEL_CAP);
	u64 *kinds = t->models[0]->seen.kinds[VTD_DESC_IOTLB];
	u64 pages = kinds[VTD_GRANULARITY_PAGE], all = kinds[VTD_GRANULARITY_DOMAIN];
	struct vtd_domain *domain = to_vtd_domain(t->domain);

	KUNIT_EXPECT_EQ(test, 0, vtd_cache_flush_range(&domain->caches, 0, 0xfff, true));
	KUNIT_EXPECT_EQ(test, kinds[VTD_GRANULARITY_PAGE], pages + 1);
	KUNIT_EXPECT_EQ(test, 0, vtd_cache_flush_range(&domain->caches, 0xfff000, 0x1000fff, true));
	KUNIT_EXPECT_EQ(test, kinds[VTD_GRANULARITY_PAGE], pages + 3);
	KUNIT_EXPECT_EQ(test, kinds[VTD_GRANULARITY_DOMAIN], all);
	KUNIT_EXPECT_EQ(test, 0, vtd_cache_flush_range(&domain->caches, 0, SZ_2G, true));
	KUNIT_EXPECT_EQ(test, kinds[VTD_GRANULARITY_PAGE], pages + 3);
	KUNIT_EXPECT_EQ(test, kinds[VTD_GRANULARITY_DOMAIN], all + 1);
	KUNIT_EXPECT_EQ(test, 0, vtd_cache_flush_range(&domain->caches, 0, ULONG_MAX, false));
	KUNIT_EXPECT_EQ(test, kinds[VTD_GRANULARITY_DOMAIN], all + 2);
	vtd_model_seen(test, t->models[0]);
}

/* However much was unmapped lazily, each unit is told once */
static void cache_flush_all(struct kunit *test)
{
	static const struct unit_case c = { "two", MODEL_CAP, MODEL_ECAP, CAP_NO_PSI };
	struct cache_test *t = make_test(test, &c);
	u64 waits[2], all[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		waits[i] = t->models[i]->seen.waits;
		all[i] = t->models[i]->seen.kinds[VTD_DESC_IOTLB][VTD_GRANULARITY_DOMAIN];
	}
	KUNIT_EXPECT_EQ(test, 0, vtd_cache_flush_all(&to_vtd_domain(t->domain)->caches));
	for (i = 0; i < 2; i++) {
		const struct model_seen *seen = vtd_model_seen(test, t->models[i]);

		KUNIT_EXPECT_EQ(test, seen->waits, waits[i] + 1);
		KUNIT_EXPECT_EQ(test, seen->kinds[VTD_DESC_IOTLB][VTD_GRANULARITY_DOMAIN],
				all[i] + 1);
	}
}

/* Two devices behind a unit share its IOTLB: it is told once */
static void cache_shared(struct kunit *test)
{
	struct cache_test *t = make_usual(test, MODEL_CAP);
	struct vtd_device *second = vtd_model_add_device(test, t->models[0], 0x18, false);
	struct vtd_domain *domain = to_vtd_domain(t->domain);
	u64 before;

	attach(test, t->domain, second);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&domain->caches.list));
	before = iotlb_descs(t);
	KUNIT_EXPECT_EQ(test, 0, vtd_cache_flush_range(&domain->caches, 0, 0xfff, true));
	KUNIT_EXPECT_EQ(test, iotlb_descs(t), before + 1);
	block_device(second);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&domain->caches.list));
	KUNIT_EXPECT_EQ(test, 0, vtd_cache_flush_range(&domain->caches, 0, 0xfff, true));
}

/**
 * struct tlb_test - devices with TLBs; attached by hand, for they are not on PCI
 * @device: what the driver keeps of one
 * @tlb: the device
 */
struct tlb_test {
	struct vtd_device *device;
	struct model_device *tlb;
};

static struct tlb_test attach_tlb(struct kunit *test, struct cache_test *t, u16 sid)
{
	struct vtd_domain *domain = to_vtd_domain(t->domain);
	struct model_unit *model = t->models[0];
	struct tlb_test made = { };
	int did;

	made.device = vtd_model_add_device(test, model, sid, true);
	made.tlb = vtd_model_find_device(model, sid);
	mutex_lock(&domain->attach_lock);
	did = vtd_domain_join(domain, model->unit);
	KUNIT_EXPECT_GE(test, did, 0);
	KUNIT_EXPECT_EQ(test, 0, vtd_cache_add(&domain->caches, made.device, did));
	KUNIT_EXPECT_EQ(test, 0, vtd_cache_add_device(&domain->caches, made.device, did));
	mutex_unlock(&domain->attach_lock);
	KUNIT_EXPECT_EQ(test, 0,
			vtd_context_set(model->unit, sid,
					vtd_make_context(VTD_TRANSLATE_ATS, domain->root,
							 domain->requirements.levels, did)));
	return made;
}

static void detach_tlb(struct kunit *test, struct cache_test *t, struct tlb_test gone)
{
	struct vtd_domain *domain = to_vtd_domain(t->domain);
	struct intel_iommu *unit = t->models[0]->unit;

	KUNIT_EXPECT_EQ(test, 0, vtd_context_clear(unit, gone.device->sid));
	mutex_lock(&domain->attach_lock);
	vtd_cache_del(&domain->caches, gone.device, vtd_domain_did(domain, unit));
	vtd_domain_leave(domain, unit);
	mutex_unlock(&domain->attach_lock);
}

/* After the IOTLB, with a wait in between, or it could ask for the same again */
static void cache_device_tlb(struct kunit *test)
{
	struct cache_test *t = make_usual(test, MODEL_CAP);
	struct tlb_test one = attach_tlb(test, t, TEST_TLB_SID);
	struct tlb_test two = attach_tlb(test, t, OTHER_TLB_SID);
	unsigned int page;
	u64 phys;

	do_map(test, &t->maps[0], 100, 40, SZ_4G, IOMMU_READ | IOMMU_WRITE);
	do_map(test, &t->maps[1], 200, 8, SZ_8G, IOMMU_READ | IOMMU_WRITE);
	for (page = 100; page < 208; page += page == 139 ? 61 : 1) {
		KUNIT_ASSERT_EQ(test, 0, vtd_model_ask(t->models[0], TEST_TLB_SID,
						       address_of(page), &phys));
		KUNIT_ASSERT_EQ(test, phys, t->phys[page]);
		KUNIT_ASSERT_EQ(test, 0, vtd_model_ask(t->models[0], OTHER_TLB_SID,
						       address_of(page), &phys));
	}

	unmap_at_once(test, &t->maps[0]);
	for (page = 100; page < 140; page++) {
		KUNIT_ASSERT_NE(test, 0, vtd_model_translated(t->models[0], TEST_TLB_SID,
							      address_of(page), &phys));
		KUNIT_ASSERT_NE(test, 0, vtd_model_translated(t->models[0], OTHER_TLB_SID,
							      address_of(page), &phys));
	}
	/* Others were not asked to go */
	KUNIT_EXPECT_EQ(test, 0, vtd_model_translated(t->models[0], TEST_TLB_SID,
						      address_of(207), &phys));
	t->domain->ops->flush_iotlb_all(t->domain);
	KUNIT_EXPECT_NE(test, 0, vtd_model_translated(t->models[0], TEST_TLB_SID,
						      address_of(207), &phys));
	KUNIT_EXPECT_NE(test, 0, vtd_model_translated(t->models[0], OTHER_TLB_SID,
						      address_of(207), &phys));
	KUNIT_EXPECT_EQ(test, vtd_model_seen(test, t->models[0])->mixed, 0);
	detach_tlb(test, t, one);
	detach_tlb(test, t, two);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&to_vtd_domain(t->domain)->caches.list));
}

static void cache_device_tlb_twice(struct kunit *test)
{
	struct cache_test *t = make_usual(test, MODEL_CAP);
	struct tlb_test odd = attach_tlb(test, t, TEST_TLB_SID);
	struct vtd_domain *domain = to_vtd_domain(t->domain);
	u16 did = did_of(t, 0);
	unsigned int before;

	before = odd.tlb->flushes;
	KUNIT_EXPECT_EQ(test, 0, vtd_cache_flush_all(&domain->caches));
	KUNIT_EXPECT_EQ(test, odd.tlb->flushes, before + 1);
	detach_tlb(test, t, odd);

	/* As it is asked for by an erratum */
	odd.device->flush_twice = true;
	KUNIT_EXPECT_EQ(test, 0, vtd_cache_add(&domain->caches, odd.device, did));
	KUNIT_EXPECT_EQ(test, 0, vtd_cache_add_device(&domain->caches, odd.device, did));
	before = odd.tlb->flushes;
	KUNIT_EXPECT_EQ(test, 0, vtd_cache_flush_range(&domain->caches, 0, 0xfff, true));
	KUNIT_EXPECT_EQ(test, odd.tlb->flushes, before + 2);
	vtd_cache_del(&domain->caches, odd.device, did);
}

/* A device that does not answer is blocked, and the flush is done then */
static void cache_isolate(struct kunit *test)
{
	struct cache_test *t = make_usual(test, MODEL_CAP);
	struct tlb_test silent = attach_tlb(test, t, TEST_TLB_SID);
	struct tlb_test good = attach_tlb(test, t, OTHER_TLB_SID);
	struct model_unit *model = t->models[0];
	u64 phys;

	do_map(test, &t->maps[0], 100, 4, SZ_4G, IOMMU_READ | IOMMU_WRITE);
	KUNIT_ASSERT_EQ(test, 0, vtd_model_ask(model, TEST_TLB_SID, address_of(101), &phys));
	KUNIT_ASSERT_EQ(test, 0, vtd_model_ask(model, OTHER_TLB_SID, address_of(101), &phys));
	silent.tlb->times_out = true;
	unmap_at_once(test, &t->maps[0]);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->domain->flush_failures), 0);

	KUNIT_EXPECT_TRUE(test, silent.device->isolated);
	KUNIT_EXPECT_FALSE(test, good.device->isolated);
	KUNIT_EXPECT_FALSE(test, vtd_context_present(vtd_context_read(model->unit,
								      TEST_TLB_SID)));
	KUNIT_EXPECT_EQ(test, MODEL_NO_CONTEXT,
			vtd_model_translated(model, TEST_TLB_SID, address_of(101), &phys));
	KUNIT_EXPECT_EQ(test, MODEL_NO_CONTEXT,
			vtd_model_dma(model, TEST_TLB_SID, address_of(101), MODEL_READ,
				      &phys));
	/* The other one goes on, without what was unmapped */
	KUNIT_EXPECT_EQ(test, MODEL_NO_READ,
			vtd_model_translated(model, OTHER_TLB_SID, address_of(101), &phys));
	do_map(test, &t->maps[0], 100, 4, SZ_8G, IOMMU_READ | IOMMU_WRITE);
	KUNIT_EXPECT_EQ(test, 0, vtd_model_ask(model, OTHER_TLB_SID, address_of(101), &phys));
	unmap_at_once(test, &t->maps[0]);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->domain->flush_failures), 0);
	vtd_model_seen(test, model);
	detach_tlb(test, t, silent);
	detach_tlb(test, t, good);
}

/* If the unit does not confirm that the device is blocked, nothing is done */
static void cache_isolate_unconfirmed(struct kunit *test)
{
	struct cache_test *t = make_usual(test, MODEL_CAP);
	struct tlb_test silent = attach_tlb(test, t, TEST_TLB_SID);
	struct model_unit *model = t->models[0];
	u64 phys;

	do_map(test, &t->maps[0], 100, 1, SZ_4G, IOMMU_READ | IOMMU_WRITE);
	KUNIT_ASSERT_EQ(test, 0, vtd_model_ask(model, TEST_TLB_SID, address_of(100), &phys));
	silent.tlb->times_out = true;
	/* IOTLB, device-TLB, and then the context entry is refused */
	model->refuse_in = 3;
	KUNIT_EXPECT_NE(test, 0, vtd_cache_flush_range(&to_vtd_domain(t->domain)->caches,
						       address_of(100),
						       address_of(100) + 0xfff, true));
	KUNIT_EXPECT_EQ(test, 0, vtd_model_translated(model, TEST_TLB_SID, address_of(100),
						      &phys));
	/* The next flush makes up for it */
	KUNIT_EXPECT_EQ(test, 0, vtd_cache_flush_range(&to_vtd_domain(t->domain)->caches,
						       address_of(100),
						       address_of(100) + 0xfff, true));
	KUNIT_EXPECT_NE(test, 0, vtd_model_translated(model, TEST_TLB_SID, address_of(100),
						      &phys));
	unmap_at_once(test, &t->maps[0]);
	detach_tlb(test, t, silent);
}

/* A flush that the unit refuses is told to the core */
static void cache_flush_fails(struct kunit *test)
{
	struct cache_test *t = make_usual(test, MODEL_CAP);
	struct mapping map;

	do_map(test, &t->maps[0], 100, 1, SZ_4G, IOMMU_READ | IOMMU_WRITE);
	map = t->maps[0];
	t->models[0]->refuse_in = 1;
	KUNIT_EXPECT_EQ(test, SZ_4K, iommu_unmap(t->domain, address_of(100), SZ_4K));
	KUNIT_EXPECT_EQ(test, atomic_read(&t->domain->flush_failures), 1);
	note_unmapped(t, &t->maps[0]);
	t->models[0]->refuse_in = 1;
	t->domain->ops->flush_iotlb_all(t->domain);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->domain->flush_failures), 2);
	t->domain->ops->flush_iotlb_all(t->domain);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->domain->flush_failures), 2);
	expect_invalidated(test, map);

	/* What a large page is flushed for before it is split */
	do_map(test, &t->maps[1], 512, 512, SZ_8G, IOMMU_READ | IOMMU_WRITE);
	t->models[0]->refuse_in = 1;
	KUNIT_EXPECT_EQ(test, SZ_4K, iommu_unmap(t->domain, address_of(600), SZ_4K));
	KUNIT_EXPECT_EQ(test, atomic_read(&t->domain->flush_failures), 3);
	t->phys[600] = 0;
	t->prot[600] = 0;
	t->domain->ops->flush_iotlb_all(t->domain);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->domain->flush_failures), 3);
}

/* Without attached devices there is nothing to flush */
static void cache_unattached(struct kunit *test)
{
	struct model_unit *model = vtd_model_create(test, MODEL_CAP | VTD_CAP_CM, MODEL_ECAP);
	struct vtd_device *device = vtd_model_add_device(test, model, TEST_SID, false);
	struct vtd_domain *domain = to_vtd_domain(make_domain(test, device));
	u64 doorbells = model->seen.doorbells;

	KUNIT_EXPECT_EQ(test, 0, vtd_cache_flush_range(&domain->caches, 0, 0xfff, false));
	KUNIT_EXPECT_EQ(test, 0, vtd_cache_flush_all(&domain->caches));
	KUNIT_EXPECT_EQ(test, 0, vtd_cache_sync_map(&domain->caches, 0, 0xfff));
	KUNIT_EXPECT_EQ(test, model->seen.doorbells, doorbells);
}

static struct kunit_case cache_cases[] = {
	KUNIT_CASE_PARAM(cache_random, unit_gen_params),
	KUNIT_CASE(cache_leaf_only),
	KUNIT_CASE(cache_large_after_small),
	KUNIT_CASE(cache_sync_map),
	KUNIT_CASE(cache_sync_map_caching_mode),
	KUNIT_CASE(cache_sync_map_write_buffer),
	KUNIT_CASE(cache_granularity),
	KUNIT_CASE(cache_flush_all),
	KUNIT_CASE(cache_shared),
	KUNIT_CASE(cache_device_tlb),
	KUNIT_CASE(cache_device_tlb_twice),
	KUNIT_CASE(cache_isolate),
	KUNIT_CASE(cache_isolate_unconfirmed),
	KUNIT_CASE(cache_flush_fails),
	KUNIT_CASE(cache_unattached),
	{ }
};

static struct kunit_suite cache_suite = {
	.name = "vtd-cache",
	.test_cases = cache_cases,
};

kunit_test_suite(cache_suite);
