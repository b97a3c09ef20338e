// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of domains: what they are made like, which units can use them, and that
 * attaching, whether it succeeds or not, leaves nothing behind.
 */

#include <linux/mm.h>
#include <linux/pci-ats.h>
#include <linux/rculist.h>
#include <linux/sizes.h>

#include "../attach.h"
#include "../cache.h"
#include "../command.h"
#include "../domain.h"
#include "../iommu.h"
#include "../params.h"
#include "model.h"

#define TEST_SID	0x0010
#define ATS_SID		0x0313
#define TEST_ADDRESS	SZ_1G

/* Of 16 domain-ids two are reserved */
#define FEW_DOMAINS	14

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

static struct model_unit *make_unit(struct kunit *test, u64 cap, u64 ecap)
{
	struct model_unit *model = vtd_model_create(test, cap, ecap);

	KUNIT_ASSERT_EQ(test, 0, vtd_contexts_enable(model->unit));
	KUNIT_ASSERT_EQ(test, 0, vtd_unit_command(model->unit, VTD_GCMD_TE, 0));
	return model;
}

static struct vtd_device *make_device(struct kunit *test, struct model_unit *model, u16 sid)
{
	struct vtd_device *device = vtd_model_add_device(test, model, sid, false);

	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, block_device, device));
	return device;
}

static void own_domain(struct kunit *test, struct iommu_domain *domain)
{
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, domain);
	domain->type = IOMMU_DOMAIN_UNMANAGED;
	domain->owner = &intel_iommu_ops;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_domain, domain));
}

/* To be made before the devices that will use it, so that it is freed after them */
static struct vtd_domain *make_domain(struct kunit *test, struct vtd_device *device)
{
	struct iommu_domain *domain = intel_iommu_ops.domain_alloc_paging(device->dev);

	own_domain(test, domain);
	/* Detached before its domain is freed, if it still is attached then */
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, block_device, device));
	return to_vtd_domain(domain);
}

static int attach(struct vtd_domain *domain, struct vtd_device *device)
{
	return vtd_attach_paging(&domain->domain, device->dev);
}

static u16 did_in(struct vtd_domain *domain, struct model_unit *model)
{
	guard(mutex)(&domain->attach_lock);
	return vtd_domain_did(domain, model->unit);
}

/* Nothing of a device is left in the domain, nor of the domain in the unit */
static void expect_unused(struct kunit *test, struct vtd_domain *domain,
			  struct intel_iommu *unit, unsigned int used)
{
	KUNIT_EXPECT_TRUE(test, xa_empty(&domain->units));
	KUNIT_EXPECT_TRUE(test, list_empty(&domain->caches.list));
	KUNIT_EXPECT_EQ(test, atomic_read(&unit->dids.used), used);
}

struct shape {
	const char *name;
	unsigned int widths;
	unsigned int reach;
	unsigned int large;
	u64 ecap;
	bool no_large;
	unsigned int levels;
	u64 last;
	unsigned long sizes;
};

static u64 shape_cap(const struct shape *s)
{
	return (MODEL_CAP & ~(VTD_CAP_SAGAW | VTD_CAP_MGAW | VTD_CAP_SSLPS)) |
	       FIELD_PREP(VTD_CAP_SAGAW, s->widths) |
	       FIELD_PREP(VTD_CAP_MGAW, s->reach - 1) |
	       FIELD_PREP(VTD_CAP_SSLPS, s->large);
}

static const struct shape shapes[] = {
	{ "39 bits", 2, 39, 0, MODEL_ECAP, false,
	  3, BIT_ULL(39) - 1, SZ_4K },
	{ "48 bits", 4, 48, 0, MODEL_ECAP, false,
	  4, BIT_ULL(48) - 1, SZ_4K },
	{ "57 bits", 8, 57, 0, MODEL_ECAP, false,
	  5, BIT_ULL(57) - 1, SZ_4K },
	{ "no deeper than need be", 6, 39, 0, MODEL_ECAP, false,
	  3, BIT_ULL(39) - 1, SZ_4K },
	{ "devices reach less", 4, 42, 0, MODEL_ECAP, false,
	  4, BIT_ULL(42) - 1, SZ_4K },
	{ "devices reach more", 2, 48, 0, MODEL_ECAP, false,
	  3, BIT_ULL(39) - 1, SZ_4K },
	{ "2 MiB", 4, 48, 1, MODEL_ECAP, false,
	  4, BIT_ULL(48) - 1, SZ_4K | SZ_2M },
	{ "1 GiB", 4, 48, 3, MODEL_ECAP, false,
	  4, BIT_ULL(48) - 1, SZ_4K | SZ_2M | SZ_1G },
	{ "1 GiB, unwanted", 4, 48, 3, MODEL_ECAP, true,
	  4, BIT_ULL(48) - 1, SZ_4K },
	{ "not coherent", 4, 48, 3,
	  MODEL_ECAP & ~VTD_ECAP_C, false,
	  4, BIT_ULL(48) - 1, SZ_4K | SZ_2M | SZ_1G },
};

KUNIT_ARRAY_PARAM_DESC(shape, shapes, name);

/* The command line's wish can be changed as long as tests run at boot */
static struct vtd_domain *make_shape(struct kunit *test, const struct shape *s,
				     struct vtd_device *device)
{
	bool large = vtd_params.large_pages;
	struct vtd_domain *domain;

	if (large != s->no_large)
		return make_domain(test, device);
	if (system_state > SYSTEM_SCHEDULING)
		kunit_skip(test, "parameters are constant by now");
	vtd_params.large_pages = !large;
	domain = make_domain(test, device);
	vtd_params.large_pages = large;
	return domain;
}

static void domain_shape(struct kunit *test)
{
	const struct shape *s = test->param_value;
	struct model_unit *model = make_unit(test, shape_cap(s), s->ecap);
	struct vtd_device *device = make_device(test, model, TEST_SID);
	struct vtd_domain *domain = make_shape(test, s, device);
	struct iommu_domain *made = &domain->domain;
	u64 phys = 0, last;

	KUNIT_EXPECT_EQ(test, domain->requirements.levels, s->levels);
	KUNIT_EXPECT_EQ(test, made->geometry.aperture_start, 0);
	KUNIT_EXPECT_EQ(test, made->geometry.aperture_end, s->last);
	KUNIT_EXPECT_TRUE(test, made->geometry.force_aperture);
	KUNIT_EXPECT_EQ(test, made->pgsize_bitmap, s->sizes);
	KUNIT_EXPECT_EQ(test, domain->requirements.coherent, !!(s->ecap & VTD_ECAP_C));

	/* The unit takes it, to the last page */
	KUNIT_EXPECT_EQ(test, 0, attach(domain, device));
	last = s->last & PAGE_MASK;
	KUNIT_EXPECT_EQ(test, 0, iommu_map(made, last, SZ_4G, SZ_4K, IOMMU_READ, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, vtd_model_dma(model, TEST_SID, last + 9, MODEL_READ, &phys));
	KUNIT_EXPECT_EQ(test, phys, SZ_4G + 9);
	KUNIT_EXPECT_EQ(test, MODEL_TOO_WIDE, vtd_model_dma(model, TEST_SID, s->last + 1,
							    MODEL_READ, &phys));
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(made, last + 9), SZ_4G + 9);
	KUNIT_EXPECT_EQ(test, SZ_4K, iommu_unmap(made, last, SZ_4K));
	vtd_model_seen(test, model);
}

/* Large pages are used where the domain has them, in one piece */
static void domain_large_page(struct kunit *test)
{
	const struct shape *s = test->param_value;
	struct model_unit *model = make_unit(test, shape_cap(s), s->ecap);
	struct vtd_device *device = make_device(test, model, TEST_SID);
	struct vtd_domain *domain = make_shape(test, s, device);
	unsigned int i, order = 0;
	u64 phys;

	KUNIT_ASSERT_EQ(test, 0, attach(domain, device));
	KUNIT_ASSERT_EQ(test, 0, iommu_map(&domain->domain, TEST_ADDRESS, SZ_4G, SZ_2M,
					   IOMMU_READ | IOMMU_WRITE, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, vtd_model_dma(model, TEST_SID, TEST_ADDRESS + SZ_1M,
					       MODEL_WRITE, &phys));
	KUNIT_EXPECT_EQ(test, phys, SZ_4G + SZ_1M);
	for (i = 0; i < MODEL_CACHED; i++)
		if (model->cached[i].valid && model->cached[i].kind == MODEL_PAGE)
			order = max(order, model->cached[i].order);
	KUNIT_EXPECT_EQ(test, order, s->sizes & SZ_2M ? 9 : 0);
	KUNIT_EXPECT_EQ(test, SZ_2M, iommu_unmap(&domain->domain, TEST_ADDRESS, SZ_2M));
	vtd_model_seen(test, model);
}

/* Pages to be written only: readable where a read of no bytes would fault else */
static void domain_write_only(struct kunit *test)
{
	unsigned int zlr;

	for (zlr = 0; zlr < 2; zlr++) {
		u64 cap = zlr ? MODEL_CAP : MODEL_CAP & ~VTD_CAP_ZLR;
		struct model_unit *model = make_unit(test, cap, MODEL_ECAP);
		struct vtd_device *device = make_device(test, model, TEST_SID);
		struct vtd_domain *domain = make_domain(test, device);
		u64 phys;

		KUNIT_ASSERT_EQ(test, 0, attach(domain, device));
		KUNIT_ASSERT_EQ(test, 0, iommu_map(&domain->domain, TEST_ADDRESS, SZ_4G,
						   SZ_4K, IOMMU_WRITE, GFP_KERNEL));
		KUNIT_EXPECT_EQ(test, 0, vtd_model_dma(model, TEST_SID, TEST_ADDRESS,
						       MODEL_WRITE, &phys));
		KUNIT_EXPECT_EQ(test, 0, vtd_model_dma(model, TEST_SID, TEST_ADDRESS,
						       MODEL_READ | MODEL_EMPTY, &phys));
		KUNIT_EXPECT_EQ(test, zlr ? MODEL_NO_READ : 0,
				vtd_model_dma(model, TEST_SID, TEST_ADDRESS, MODEL_READ,
					      &phys));
		iommu_unmap(&domain->domain, TEST_ADDRESS, SZ_4K);
	}
}

/* What does not fit is refused, and leaves nothing */
struct misfit {
	const char *name;
	u64 cap;
	u64 ecap;
	int ret;
};

static const struct misfit misfits[] = {
	{ "the same", MODEL_CAP, MODEL_ECAP, 0 },
	{ "more", MODEL_CAP | FIELD_PREP_CONST(VTD_CAP_SAGAW, 0x6),
	  MODEL_ECAP | VTD_ECAP_SMTS, 0 },
	{ "other widths",
	  (MODEL_CAP & ~VTD_CAP_SAGAW) | FIELD_PREP_CONST(VTD_CAP_SAGAW, 2),
	  MODEL_ECAP, -EINVAL },
	{ "narrower",
	  (MODEL_CAP & ~VTD_CAP_MGAW) | FIELD_PREP_CONST(VTD_CAP_MGAW, 46),
	  MODEL_ECAP, -EINVAL },
	{ "no large pages", MODEL_CAP & ~VTD_CAP_SSLPS, MODEL_ECAP, -EINVAL },
	{ "smaller large pages",
	  (MODEL_CAP & ~VTD_CAP_SSLPS) | FIELD_PREP_CONST(VTD_CAP_SSLPS, 1),
	  MODEL_ECAP, -EINVAL },
	{ "not coherent", MODEL_CAP, MODEL_ECAP & ~VTD_ECAP_C, -EINVAL },
	{ "reads of no bytes fault", MODEL_CAP & ~VTD_CAP_ZLR, MODEL_ECAP, -EINVAL },
	{ "caching mode", MODEL_CAP | VTD_CAP_CM, MODEL_ECAP, -EINVAL },
	{ "write buffer", MODEL_CAP | VTD_CAP_RWBF, MODEL_ECAP, -EINVAL },
	/* Snooping is not needed until it is asked for */
	{ "no snooping", MODEL_CAP, MODEL_ECAP & ~VTD_ECAP_SC, 0 },
};

KUNIT_ARRAY_PARAM_DESC(misfit, misfits, name);

static void domain_misfit(struct kunit *test)
{
	const struct misfit *m = test->param_value;
	struct model_unit *model = make_unit(test, MODEL_CAP, MODEL_ECAP);
	struct model_unit *other = make_unit(test, m->cap, m->ecap);
	struct vtd_device *device = make_device(test, model, TEST_SID);
	struct vtd_domain *domain = make_domain(test, device);
	struct vtd_device *second = make_device(test, other, TEST_SID);

	KUNIT_EXPECT_EQ(test, m->ret, attach(domain, second));
	KUNIT_EXPECT_EQ(test, second->attached, !m->ret);
	KUNIT_EXPECT_EQ(test, vtd_context_present(vtd_context_read(other->unit, TEST_SID)),
			!m->ret);
	if (m->ret)
		expect_unused(test, domain, other->unit, VTD_DID_FIRST);
	/* For the one that it was made for it is good all the same */
	KUNIT_EXPECT_EQ(test, 0, attach(domain, device));
	vtd_model_seen(test, other);
}

/* A domain for the lesser one is good for the better one */
static void domain_fits_better(struct kunit *test)
{
	u64 cap = (MODEL_CAP & ~(VTD_CAP_ZLR | VTD_CAP_SSLPS)) | VTD_CAP_CM;
	struct model_unit *model = make_unit(test, MODEL_CAP, MODEL_ECAP);
	struct model_unit *lesser = make_unit(test, cap, MODEL_ECAP & ~VTD_ECAP_C);
	struct vtd_device *device = make_device(test, lesser, TEST_SID);
	struct vtd_domain *domain = make_domain(test, device);

	KUNIT_EXPECT_EQ(test, 0, attach(domain, device));
	KUNIT_EXPECT_EQ(test, 0, attach(domain, make_device(test, model, TEST_SID)));
	KUNIT_EXPECT_NOT_NULL(test, domain->domain.ops->iotlb_sync_map);
}

/* The units stand first in the list as long as the domain is made */
static struct vtd_domain *make_for_any(struct kunit *test, struct model_unit *first,
				       struct model_unit *second)
{
	struct iommu_domain *domain;

	down_write(&dmar_global_lock);
	list_add_rcu(&second->drhd.list, &dmar_drhd_units);
	list_add_rcu(&first->drhd.list, &dmar_drhd_units);
	domain = intel_iommu_ops.domain_alloc_paging(NULL);
	list_del_rcu(&first->drhd.list);
	list_del_rcu(&second->drhd.list);
	up_write(&dmar_global_lock);
	synchronize_rcu();
	own_domain(test, domain);
	return to_vtd_domain(domain);
}

/* A device does what it likes best: it reads nothing of a page that it may write */
static void expect_useful(struct kunit *test, struct vtd_domain *domain,
			  struct model_unit *model, struct vtd_device *device)
{
	u64 phys = 0;

	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, block_device, device));
	KUNIT_EXPECT_EQ(test, 0, attach(domain, device));
	KUNIT_EXPECT_EQ(test, 0, vtd_model_dma(model, TEST_SID, TEST_ADDRESS + SZ_1M,
					       MODEL_WRITE, &phys));
	KUNIT_EXPECT_EQ(test, phys, SZ_4G + SZ_1M);
	KUNIT_EXPECT_EQ(test, 0, vtd_model_dma(model, TEST_SID, TEST_ADDRESS,
					       MODEL_READ | MODEL_EMPTY, &phys));
	vtd_model_seen(test, model);
}

/*
 * A domain for any device is good for all of them, whichever unit comes first.
 * This machine's own units count too: so that they don't matter, ours take
 * every width.
 */
static void domain_for_any(struct kunit *test)
{
	const u64 every_width = FIELD_PREP_CONST(VTD_CAP_SAGAW, 0xe);
	const struct misfit *m = test->param_value;
	struct model_unit *models[2];
	struct vtd_device *devices[2];
	unsigned int i;

	models[0] = make_unit(test, MODEL_CAP | every_width, MODEL_ECAP);
	models[1] = make_unit(test, m->cap | every_width, m->ecap);
	for (i = 0; i < 2; i++)
		devices[i] = make_device(test, models[i], TEST_SID);

	for (i = 0; i < 2; i++) {
		struct vtd_domain *domain = make_for_any(test, models[i], models[!i]);

		KUNIT_ASSERT_EQ(test, 0, iommu_map(&domain->domain, TEST_ADDRESS, SZ_4G,
						   SZ_2M, IOMMU_WRITE, GFP_KERNEL));
		expect_useful(test, domain, models[0], devices[0]);
		expect_useful(test, domain, models[1], devices[1]);
		KUNIT_EXPECT_EQ(test, SZ_2M, iommu_unmap(&domain->domain, TEST_ADDRESS,
							 SZ_2M));
	}
}

static bool is_snooped(struct model_unit *model, struct vtd_domain *domain)
{
	bool snooped = false;
	unsigned int i;
	u64 phys;

	if (iommu_map(&domain->domain, TEST_ADDRESS, SZ_4G, SZ_4K, IOMMU_READ, GFP_KERNEL))
		return false;
	vtd_model_dma(model, TEST_SID, TEST_ADDRESS, MODEL_READ, &phys);
	for (i = 0; i < MODEL_CACHED; i++)
		if (model->cached[i].valid && model->cached[i].kind == MODEL_PAGE)
			snooped = model->cached[i].lo & BIT_ULL(11);
	iommu_unmap(&domain->domain, TEST_ADDRESS, SZ_4K);
	return snooped;
}

static bool enforce(struct vtd_domain *domain)
{
	return domain->domain.ops->enforce_cache_coherency(&domain->domain);
}

static void domain_snoop(struct kunit *test)
{
	struct model_unit *model = make_unit(test, MODEL_CAP, MODEL_ECAP);
	struct model_unit *unable = make_unit(test, MODEL_CAP, MODEL_ECAP & ~VTD_ECAP_SC);
	struct vtd_device *device = make_device(test, model, TEST_SID);
	struct vtd_domain *domain = make_domain(test, device);

	KUNIT_ASSERT_EQ(test, 0, attach(domain, device));
	KUNIT_EXPECT_TRUE(test, enforce(domain));
	KUNIT_EXPECT_TRUE(test, is_snooped(model, domain));
	/* Also when it is asked for once more */
	KUNIT_EXPECT_TRUE(test, enforce(domain));
	KUNIT_EXPECT_EQ(test, -EINVAL, attach(domain, make_device(test, unable, TEST_SID)));
	vtd_model_seen(test, model);
}

static void domain_snoop_too_late(struct kunit *test)
{
	struct model_unit *model = make_unit(test, MODEL_CAP, MODEL_ECAP);
	struct vtd_device *device = make_device(test, model, TEST_SID);
	struct vtd_domain *domain = make_domain(test, device);

	KUNIT_ASSERT_EQ(test, 0, attach(domain, device));
	KUNIT_EXPECT_FALSE(test, is_snooped(model, domain));
	KUNIT_EXPECT_FALSE(test, enforce(domain));
	KUNIT_EXPECT_FALSE(test, is_snooped(model, domain));
}

static void domain_snoop_unable(struct kunit *test)
{
	struct model_unit *model = make_unit(test, MODEL_CAP, MODEL_ECAP & ~VTD_ECAP_SC);
	struct vtd_device *device = make_device(test, model, TEST_SID);
	struct vtd_domain *domain = make_domain(test, device);

	KUNIT_ASSERT_EQ(test, 0, attach(domain, device));
	KUNIT_EXPECT_FALSE(test, enforce(domain));
	KUNIT_EXPECT_FALSE(test, is_snooped(model, domain));
	vtd_model_seen(test, model);
}

/* Every domain that is attached takes one; a domain that is refused takes none */
static void domain_ids(struct kunit *test)
{
	struct model_unit *model = make_unit(test, MODEL_CAP & ~VTD_CAP_ND, MODEL_ECAP);
	struct vtd_device *devices[FEW_DOMAINS + 1];
	struct vtd_domain *domains[FEW_DOMAINS + 1];
	struct intel_iommu *unit = model->unit;
	unsigned int i;

	for (i = 0; i <= FEW_DOMAINS; i++) {
		devices[i] = make_device(test, model, TEST_SID + i);
		domains[i] = make_domain(test, devices[i]);
	}
	for (i = 0; i < FEW_DOMAINS; i++)
		KUNIT_ASSERT_EQ(test, 0, attach(domains[i], devices[i]));
	KUNIT_EXPECT_EQ(test, -ENOSPC, attach(domains[i], devices[i]));
	expect_unused(test, domains[i], unit, VTD_DID_FIRST + FEW_DOMAINS);
	KUNIT_EXPECT_FALSE(test, vtd_context_present(vtd_context_read(unit, TEST_SID + i)));

	/* A second device of a domain takes none */
	KUNIT_EXPECT_EQ(test, 0, attach(domains[0], devices[i]));
	block_device(devices[i]);
	block_device(devices[3]);
	KUNIT_EXPECT_EQ(test, 0, attach(domains[i], devices[i]));
	for (i = 0; i <= FEW_DOMAINS; i++)
		block_device(devices[i]);
	for (i = 0; i <= FEW_DOMAINS; i++)
		expect_unused(test, domains[i], unit, VTD_DID_FIRST);
	vtd_model_seen(test, model);
}

static void expect_at(struct kunit *test, struct model_unit *model, u64 where)
{
	u64 phys = 0;

	KUNIT_EXPECT_EQ(test, 0, vtd_model_dma(model, TEST_SID, TEST_ADDRESS, MODEL_READ,
					       &phys));
	KUNIT_EXPECT_EQ(test, phys, where);
}

/* Between domains, to pass-through, to nowhere: the unit is never behind */
static void domain_moves(struct kunit *test)
{
	struct model_unit *model = make_unit(test, MODEL_CAP, MODEL_ECAP);
	struct vtd_device *device = make_device(test, model, TEST_SID);
	struct vtd_domain *one = make_domain(test, device), *two = make_domain(test, device);
	u64 phys;

	KUNIT_ASSERT_EQ(test, 0, iommu_map(&one->domain, TEST_ADDRESS, SZ_4G, SZ_4K,
					   IOMMU_READ, GFP_KERNEL));
	KUNIT_ASSERT_EQ(test, 0, iommu_map(&two->domain, TEST_ADDRESS, SZ_8G, SZ_4K,
					   IOMMU_READ, GFP_KERNEL));
	KUNIT_EXPECT_NE(test, 0, vtd_model_dma(model, TEST_SID, TEST_ADDRESS, MODEL_READ,
					       &phys));
	KUNIT_ASSERT_EQ(test, 0, attach(one, device));
	expect_at(test, model, SZ_4G);
	KUNIT_ASSERT_EQ(test, 0, attach(two, device));
	expect_at(test, model, SZ_8G);
	expect_unused(test, one, model->unit, VTD_DID_FIRST + 1);
	KUNIT_EXPECT_EQ(test, 0, vtd_identity_domain.ops->attach_dev(&vtd_identity_domain,
								     device->dev));
	expect_at(test, model, TEST_ADDRESS);
	expect_unused(test, two, model->unit, VTD_DID_FIRST);
	KUNIT_ASSERT_EQ(test, 0, attach(one, device));
	expect_at(test, model, SZ_4G);
	block_device(device);
	KUNIT_EXPECT_EQ(test, MODEL_NO_CONTEXT, vtd_model_dma(model, TEST_SID, TEST_ADDRESS,
							      MODEL_READ, &phys));
	expect_unused(test, one, model->unit, VTD_DID_FIRST);
	vtd_model_seen(test, model);
}

static void domain_no_pass_through(struct kunit *test)
{
	struct model_unit *model = make_unit(test, MODEL_CAP, MODEL_ECAP & ~VTD_ECAP_PT);
	struct vtd_device *device = make_device(test, model, TEST_SID);
	u64 phys;

	KUNIT_EXPECT_EQ(test, -EINVAL,
			vtd_identity_domain.ops->attach_dev(&vtd_identity_domain,
							    device->dev));
	KUNIT_EXPECT_NE(test, 0, vtd_model_dma(model, TEST_SID, TEST_ADDRESS, MODEL_READ,
					       &phys));
}

/*
 * Whichever descriptor of an attachment is refused: the device is either
 * attached and works, or blocked, and then nothing is kept that need not be.
 */
static void domain_attach_fails(struct kunit *test)
{
	struct model_unit *model = make_unit(test, MODEL_CAP | VTD_CAP_CM, MODEL_ECAP);
	struct vtd_device *device = make_device(test, model, TEST_SID);
	struct vtd_domain *domain = make_domain(test, device);
	unsigned int refuse, failures = 0;
	u64 phys;
	int ret;

	for (refuse = 1; refuse < 12; refuse++) {
		/* In caching mode it is remembered that there is nothing */
		vtd_model_dma(model, TEST_SID, TEST_ADDRESS, MODEL_READ, &phys);
		model->refuse_in = refuse;
		ret = attach(domain, device);
		model->refuse_in = 0;
		KUNIT_EXPECT_EQ(test, device->attached, !ret);
		KUNIT_EXPECT_EQ(test, vtd_context_present(vtd_context_read(model->unit,
									   TEST_SID)),
				!ret);
		if (!ret) {
			KUNIT_EXPECT_EQ(test, MODEL_NO_READ,
					vtd_model_dma(model, TEST_SID, TEST_ADDRESS,
						      MODEL_READ, &phys));
			block_device(device);
			continue;
		}
		failures++;
		KUNIT_EXPECT_EQ(test, ret, -EIO);
		expect_unused(test, domain, model->unit, VTD_DID_FIRST);
		KUNIT_EXPECT_TRUE(test, xa_empty(&model->unit->aliases));
	}
	KUNIT_EXPECT_GT(test, failures, 0);
	KUNIT_EXPECT_EQ(test, 0, attach(domain, device));
}

/* All memory that is unmapped from now on counts as still in use */
static void expect_flush_failed(struct kunit *test, struct vtd_domain *domain)
{
	int failures = atomic_read(&domain->domain.flush_failures);

	KUNIT_EXPECT_EQ(test, -EIO, vtd_cache_flush_range(&domain->caches, 0, 0xfff, true));
	KUNIT_EXPECT_EQ(test, -EIO, vtd_cache_flush_all(&domain->caches));
	domain->domain.ops->flush_iotlb_all(&domain->domain);
	KUNIT_EXPECT_EQ(test, atomic_read(&domain->domain.flush_failures), failures + 1);
}

/* What a unit may still have cached under a domain-id is not given to others */
static void domain_unsettled(struct kunit *test)
{
	struct model_unit *model = make_unit(test, MODEL_CAP, MODEL_ECAP);
	struct vtd_device *device = make_device(test, model, TEST_SID);
	struct vtd_domain *next = make_domain(test, device);
	struct iommu_domain *made = intel_iommu_ops.domain_alloc_paging(device->dev);
	struct vtd_domain *domain;
	u16 did;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, made);
	domain = to_vtd_domain(made);
	KUNIT_ASSERT_EQ(test, 0, attach(domain, device));
	did = did_in(domain, model);
	/* The context entry's flush, or the IOTLB's */
	model->refuse_in = 1;
	block_device(device);
	model->refuse_in = 0;
	KUNIT_EXPECT_FALSE(test, vtd_context_present(vtd_context_read(model->unit,
								      TEST_SID)));
	KUNIT_EXPECT_TRUE(test, list_empty(&domain->caches.list));
	expect_flush_failed(test, domain);
	KUNIT_EXPECT_EQ(test, 0, attach(next, device));
	KUNIT_EXPECT_NE(test, did_in(next, model), did);
	/* Kept, with its page table, for as long as there is a system */
	kunit_info(test, "a domain is left behind on purpose\n");
	made->ops->free(made);
}

/*
 * Tables that the unit may still walk are not freed. There is one for small
 * pages, for the memory is not aligned; it goes as a whole, since all is unmapped.
 */
static void domain_tables_kept(struct kunit *test)
{
	struct model_unit *model = make_unit(test, MODEL_CAP, MODEL_ECAP);
	struct vtd_device *device = make_device(test, model, TEST_SID);
	struct vtd_domain *domain = make_domain(test, device);
	const struct iommu_domain_ops *ops = domain->domain.ops;
	struct iommu_iotlb_gather gather;
	u64 phys, memory = SZ_4G;
	size_t tables;

	memory += SZ_4K;
	KUNIT_ASSERT_EQ(test, 0, attach(domain, device));
	KUNIT_ASSERT_EQ(test, 0, iommu_map(&domain->domain, TEST_ADDRESS, memory, SZ_2M,
					   IOMMU_READ, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, vtd_model_dma(model, TEST_SID, TEST_ADDRESS, MODEL_READ,
					       &phys));
	iommu_iotlb_gather_init(&gather);
	KUNIT_ASSERT_EQ(test, SZ_2M, iommu_unmap_fast(&domain->domain, TEST_ADDRESS, SZ_2M,
						      &gather));
	tables = list_count_nodes(&gather.freelist);
	KUNIT_ASSERT_GT(test, tables, 0);

	model->refuse_in = 1;
	ops->iotlb_sync(&domain->domain, &gather);
	KUNIT_EXPECT_EQ(test, atomic_read(&domain->domain.flush_failures), 1);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&gather.freelist), tables);
	/* It does, also for what it has not cached */
	KUNIT_EXPECT_EQ(test, 0, vtd_model_dma(model, TEST_SID, TEST_ADDRESS + SZ_1M,
					       MODEL_READ, &phys));
	KUNIT_EXPECT_EQ(test, phys, memory + SZ_1M);

	/* They go with a flush that does not fail */
	ops->iotlb_sync(&domain->domain, &gather);
	KUNIT_EXPECT_EQ(test, atomic_read(&domain->domain.flush_failures), 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&gather.freelist));
	KUNIT_EXPECT_NE(test, 0, vtd_model_dma(model, TEST_SID, TEST_ADDRESS + SZ_1M,
					       MODEL_READ, &phys));
	vtd_model_seen(test, model);
}

/* Descriptors for device-TLBs, by the word: 6.5.2.5 of the specification */
struct ats_case {
	const char *name;
	u16 ats;
	u64 ecap;
	bool twice;
	u64 lo;
};

static const struct ats_case ats_cases[] = {
	{ "32 at once", PCI_ATS_CAP_PAGE_ALIGNED, MODEL_ECAP, false, 0x0000031300000003 },
	{ "5 at once", PCI_ATS_CAP_PAGE_ALIGNED | 5, MODEL_ECAP, false,
	  0x0000031300050003 },
	{ "twice", PCI_ATS_CAP_PAGE_ALIGNED | 31, MODEL_ECAP, true, 0x00000313001f0003 },
	{ "throttled", PCI_ATS_CAP_PAGE_ALIGNED | 1, MODEL_ECAP | VTD_ECAP_DIT, false,
	  0x0310031300013003 },
};

KUNIT_ARRAY_PARAM_DESC(ats, ats_cases, name);

/* From all over the 64 bits: each size of block that is too small has one outside */
static void load_tlb(struct model_device *tlb)
{
	unsigned int i;

	for (i = 0; i < MODEL_DEVICE_PAGES; i++)
		tlb->pages[i] = i < 52 ? BIT_ULL(i) : BIT_ULL(52) - BIT_ULL(i - 52);
}

/* Every page of the device-TLB was invalidated, by so many descriptors */
static void expect_invalidated(struct kunit *test, struct model_device *tlb,
			       const struct ats_case *c)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, tlb->flushes, c->twice ? 2 : 1);
	KUNIT_EXPECT_EQ(test, tlb->lo, c->lo);
	KUNIT_EXPECT_EQ(test, tlb->hi, 0x7ffffffffffff001);
	for (i = 0; i < MODEL_DEVICE_PAGES; i++)
		KUNIT_EXPECT_EQ_MSG(test, tlb->pages[i], U64_MAX, "page %u", i);
	tlb->flushes = 0;
}

/* A device-TLB is invalidated when ATS is enabled, and before it is disabled */
static void domain_ats(struct kunit *test)
{
	const struct ats_case *c = test->param_value;
	struct model_unit *model = make_unit(test, MODEL_CAP, c->ecap);
	struct vtd_device *device = vtd_model_add_pci_device(test, model, ATS_SID, c->ats);
	struct model_device *tlb = vtd_model_find_device(model, ATS_SID);
	struct pci_dev *pdev = to_pci_dev(device->dev);
	struct vtd_domain *domain = make_domain(test, device);
	u64 phys;
	u16 ctrl;

	device->flush_twice = c->twice;
	KUNIT_ASSERT_EQ(test, 0, iommu_map(&domain->domain, TEST_ADDRESS, SZ_4G, SZ_4K,
					   IOMMU_READ, GFP_KERNEL));
	load_tlb(tlb);
	KUNIT_ASSERT_EQ(test, 0, attach(domain, device));
	expect_invalidated(test, tlb, c);
	pci_read_config_word(pdev, pdev->ats_cap + PCI_ATS_CTRL, &ctrl);
	KUNIT_EXPECT_EQ(test, ctrl, PCI_ATS_CTRL_ENABLE);
	KUNIT_EXPECT_EQ(test, 0, vtd_model_ask(model, ATS_SID, TEST_ADDRESS, &phys));
	KUNIT_EXPECT_EQ(test, phys, SZ_4G);

	load_tlb(tlb);
	block_device(device);
	expect_invalidated(test, tlb, c);
	pci_read_config_word(pdev, pdev->ats_cap + PCI_ATS_CTRL, &ctrl);
	KUNIT_EXPECT_EQ(test, ctrl, 0);
	KUNIT_EXPECT_NE(test, 0, vtd_model_ask(model, ATS_SID, TEST_ADDRESS, &phys));
	expect_unused(test, domain, model->unit, VTD_DID_FIRST);

	/* One that was pulled out is not asked */
	KUNIT_ASSERT_EQ(test, 0, attach(domain, device));
	tlb->flushes = 0;
	pdev->error_state = pci_channel_io_perm_failure;
	block_device(device);
	KUNIT_EXPECT_EQ(test, tlb->flushes, 0);
	expect_unused(test, domain, model->unit, VTD_DID_FIRST);
	vtd_model_seen(test, model);
}

/* Whichever flush of a detached device fails, what it may have is not used again */
static void domain_ats_unsettled(struct kunit *test)
{
	struct model_unit *model = make_unit(test, MODEL_CAP, MODEL_ECAP);
	struct vtd_device *device = vtd_model_add_pci_device(test, model, ATS_SID,
							     PCI_ATS_CAP_PAGE_ALIGNED);
	unsigned int refuse;

	device->flush_twice = true;
	/* Context entry, IOTLB, and twice the device-TLB */
	for (refuse = 1; refuse <= 4; refuse++) {
		struct iommu_domain *made = intel_iommu_ops.domain_alloc_paging(device->dev);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, made);
		KUNIT_ASSERT_EQ(test, 0, attach(to_vtd_domain(made), device));
		model->refuse_in = refuse;
		block_device(device);
		KUNIT_EXPECT_EQ(test, model->refuse_in, 0);
		expect_flush_failed(test, to_vtd_domain(made));
		kunit_info(test, "a domain is left behind on purpose\n");
		made->ops->free(made);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&model->unit->dids.used), VTD_DID_FIRST + 4);
}

static void domain_user(struct kunit *test)
{
	struct model_unit *model = make_unit(test, MODEL_CAP, MODEL_ECAP);
	struct vtd_device *device = make_device(test, model, TEST_SID);
	struct iommu_domain *domain = intel_iommu_ops.domain_alloc_user(device->dev, 0, NULL, NULL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, domain);
	KUNIT_EXPECT_EQ(test, domain->type, IOMMU_DOMAIN_UNMANAGED);
	KUNIT_EXPECT_PTR_EQ(test, domain->owner, &intel_iommu_ops);
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EOPNOTSUPP),
			    intel_iommu_ops.domain_alloc_user(device->dev, 1, NULL, NULL));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EOPNOTSUPP),
			    intel_iommu_ops.domain_alloc_user(device->dev, 0, domain, NULL));
	domain->ops->free(domain);
}

static struct kunit_case domain_cases[] = {
	KUNIT_CASE_PARAM(domain_shape, shape_gen_params),
	KUNIT_CASE_PARAM(domain_large_page, shape_gen_params),
	KUNIT_CASE(domain_write_only),
	KUNIT_CASE_PARAM(domain_misfit, misfit_gen_params),
	KUNIT_CASE(domain_fits_better),
	KUNIT_CASE_PARAM(domain_for_any, misfit_gen_params),
	KUNIT_CASE(domain_snoop),
	KUNIT_CASE(domain_snoop_too_late),
	KUNIT_CASE(domain_snoop_unable),
	KUNIT_CASE(domain_ids),
	KUNIT_CASE(domain_moves),
	KUNIT_CASE(domain_no_pass_through),
	KUNIT_CASE(domain_attach_fails),
	KUNIT_CASE(domain_unsettled),
	KUNIT_CASE(domain_tables_kept),
	KUNIT_CASE_PARAM(domain_ats, ats_gen_params),
	KUNIT_CASE(domain_ats_unsettled),
	KUNIT_CASE(domain_user),
	{ }
};

static struct kunit_suite domain_suite = {
	.name = "vtd-domain",
	.test_cases = domain_cases,
};

kunit_test_suite(domain_suite);
