// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scatter lists, compared with a model that is one sentence: the bytes of all
 * input segments in a row are the bytes of all output segments in a row. On
 * top of that the device's limits hold for each output segment, and the
 * caller finds its input as it was.
 */

#include <linux/scatterlist.h>
#include <linux/sizes.h>

#include "util.h"

#define BUFFER_ORDER	get_order(SZ_4M)
#define MAX_NENTS	300

/**
 * struct input - a segment before it was mapped
 * @at: memory
 * @len: bytes
 */
struct input {
	u8 *at;
	unsigned int len;
};

/**
 * struct list - a scatter list and what it was made of
 * @sgt: table
 * @in: segments, @nr of them
 * @nr: likewise
 * @dir: direction
 */
struct list {
	struct sg_table sgt;
	struct input *in;
	unsigned int nr;
	enum dma_data_direction dir;
};

static struct list *new_list(struct kunit *test)
{
	struct list *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, l);
	l->in = kunit_kcalloc(test, MAX_NENTS, sizeof(*l->in), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, l->in);
	l->dir = DMA_TO_DEVICE;
	return l;
}

/* Turn the segments into a table, which list_free() frees. */
static void list_make(struct kunit *test, struct list *l)
{
	struct scatterlist *sg;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, sg_alloc_table(&l->sgt, l->nr, GFP_KERNEL), 0);
	for_each_sgtable_sg(&l->sgt, sg, i)
		sg_set_page(sg, virt_to_page(l->in[i].at), l->in[i].len,
			    offset_in_page(l->in[i].at));
}

static void list_free(struct list *l)
{
	sg_free_table(&l->sgt);
}

static int list_prot(const struct list *l)
{
	return (l->dir == DMA_FROM_DEVICE ? 0 : IOMMU_READ) |
	       (l->dir == DMA_TO_DEVICE ? 0 : IOMMU_WRITE);
}

/* Pages that the list's segments touch, each segment for itself */
static unsigned int list_granules(const struct list *l, size_t granule)
{
	unsigned int i, nr = 0;

	for (i = 0; i < l->nr; i++)
		nr += DIV_ROUND_UP((uintptr_t)l->in[i].at % granule +
				   l->in[i].len, granule);
	return nr;
}

static void expect_input_unchanged(struct kunit *test, struct list *l)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_sg(&l->sgt, sg, i) {
		KUNIT_EXPECT_PTR_EQ(test, sg_page(sg),
				    virt_to_page(l->in[i].at));
		KUNIT_EXPECT_EQ(test, sg->offset, offset_in_page(l->in[i].at));
		KUNIT_EXPECT_EQ(test, sg->length, l->in[i].len);
	}
}

static void expect_limits(struct kunit *test, struct device *dev,
			  struct list *l)
{
	unsigned long mask = dma_get_seg_boundary(dev);
	struct scatterlist *sg;
	unsigned int i;

	KUNIT_EXPECT_LE(test, l->sgt.nents, l->nr);
	for_each_sgtable_dma_sg(&l->sgt, sg, i) {
		dma_addr_t first = sg_dma_address(sg);
		dma_addr_t last = first + sg_dma_len(sg) - 1;

		KUNIT_EXPECT_GT(test, sg_dma_len(sg), 0);
		KUNIT_EXPECT_LE(test, sg_dma_len(sg), dma_get_max_seg_size(dev));
		KUNIT_EXPECT_EQ(test, first & ~(u64)mask, last & ~(u64)mask);
		KUNIT_EXPECT_LE(test, last, dma_get_mask(dev));
	}
}

/* Go through both sides at once. */
static void expect_all_bytes(struct kunit *test, struct device *dev,
			     struct list *l)
{
	struct scatterlist *out = l->sgt.sgl;
	unsigned int i, used_out = 0, outs = 0;

	for (i = 0; i < l->nr; i++) {
		unsigned int done = 0;

		while (done < l->in[i].len) {
			unsigned int part;
			bool reached;

			if (used_out == sg_dma_len(out)) {
				out = sg_next(out);
				used_out = 0;
				outs++;
			}
			KUNIT_ASSERT_LT(test, outs, l->sgt.nents);
			part = min(l->in[i].len - done,
				   sg_dma_len(out) - used_out);
			reached = dmi_reaches(dev,
					      sg_dma_address(out) + used_out,
					      virt_to_phys(l->in[i].at + done),
					      part, list_prot(l));
			KUNIT_ASSERT_TRUE_MSG(test, reached,
					      "segment %u of %u, byte %u", i,
					      l->nr, done);
			done += part;
			used_out += part;
		}
	}
	KUNIT_EXPECT_EQ(test, used_out, sg_dma_len(out));
	KUNIT_EXPECT_EQ(test, outs + 1, l->sgt.nents);
}

static void expect_mapped(struct kunit *test, struct device *dev,
			  struct list *l)
{
	expect_input_unchanged(test, l);
	expect_limits(test, dev, l);
	expect_all_bytes(test, dev, l);
}

/* Unmaps, and expects that nothing is left of it. */
static void unmap_list(struct kunit *test, struct device *dev, struct list *l)
{
	struct dmock_domain *d = dmi_domain(dev);
	bool strict = d->domain.type == IOMMU_DOMAIN_DMA;
	struct dmi_fixture *fix = test->priv;
	unsigned int live, before = dmock_live(d);

	live = list_granules(l, dmi_granule(dev));
	dmi_reset_counts(&fix->mock);
	dma_unmap_sgtable(dev, &l->sgt, l->dir, 0);
	if (d->domain.pgsize_bitmap == dmi_granule(dev))
		KUNIT_EXPECT_LE(test, dmock_live(d), before - live);
	if (strict)
		KUNIT_EXPECT_EQ(test, dmock_stale(d), 0);
	if (strict && !fix->mock.cfg.gather_pages)
		KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.iotlb_sync), 1);
	expect_input_unchanged(test, l);
}

/**
 * struct merge_case - a list whose output is known
 * @name: description
 * @max_seg: device's limit; 0 for none
 * @mask: device's segment boundary; 0 for none
 * @in: offset in its own page and length of each segment
 * @out: how many segments come out of it
 */
struct merge_case {
	const char *name;
	unsigned int max_seg;
	unsigned long mask;
	struct {
		unsigned int offset;
		unsigned int len;
	} in[6];
	unsigned int out;
};

static const struct merge_case merge_cases[] = {
	{ "one", 0, 0, { { 0, SZ_4K } }, 1 },
	{ "one byte", 0, 0, { { 4095, 1 } }, 1 },
	{ "whole pages", 0, 0, { { 0, SZ_4K }, { 0, SZ_4K }, { 0, SZ_4K } }, 1 },
	{ "from the middle", 0, 0, { { 100, 3996 }, { 0, SZ_4K } }, 1 },
	{ "to the middle", 0, 0, { { 0, SZ_4K }, { 0, 100 } }, 1 },
	{ "hole after", 0, 0, { { 0, 100 }, { 0, SZ_4K } }, 2 },
	{ "hole before", 0, 0, { { 0, SZ_4K }, { 100, 100 } }, 2 },
	{ "too long", SZ_8K, 0, { { 0, SZ_4K }, { 0, SZ_4K }, { 0, SZ_4K },
				  { 0, SZ_4K } }, 2 },
	{ "odd limit", 5000, 0, { { 0, SZ_4K }, { 0, 904 }, { 0, SZ_4K },
				  { 0, 905 } }, 3 },
	{ "boundary", 0, SZ_8K - 1, { { 0, SZ_4K }, { 0, SZ_4K }, { 0, SZ_4K },
				      { 0, SZ_4K }, { 0, SZ_4K } }, 3 },
	{ "boundary of a page", 0, SZ_4K - 1, { { 0, SZ_4K }, { 0, SZ_4K } }, 2 },
};

KUNIT_ARRAY_PARAM_DESC(merge, merge_cases, name);

static void dmi_test_sg_merge(struct kunit *test)
{
	static const struct dmock_config cfg = {
		.type = IOMMU_DOMAIN_DMA, .pgsize_bitmap = SZ_4K,
	};
	const struct merge_case *c = test->param_value;
	struct device *dev = dmi_begin(test, &cfg);
	u8 *buffer = dmi_pages(test, BUFFER_ORDER);
	struct list *l = new_list(test);

	if (c->max_seg)
		dma_set_max_seg_size(dev, c->max_seg);
	dma_set_seg_boundary(dev, c->mask ?: ULONG_MAX);
	/* Pages in no order, so that nothing follows by chance. */
	for (; l->nr < ARRAY_SIZE(c->in) && c->in[l->nr].len; l->nr++) {
		l->in[l->nr].at = buffer + (16 - 2 * l->nr) * SZ_4K +
				  c->in[l->nr].offset;
		l->in[l->nr].len = c->in[l->nr].len;
	}
	list_make(test, l);

	KUNIT_ASSERT_EQ(test, dma_map_sgtable(dev, &l->sgt, l->dir, 0), 0);
	expect_mapped(test, dev, l);
	KUNIT_EXPECT_EQ(test, l->sgt.nents, c->out);
	dma_sync_sgtable_for_cpu(dev, &l->sgt, l->dir);
	dma_sync_sgtable_for_device(dev, &l->sgt, l->dir);
	unmap_list(test, dev, l);
	KUNIT_EXPECT_EQ(test, dmock_live(dmi_domain(dev)), 0);
	list_free(l);
}

/* Beyond 6.12: what keeps segments apart is no way to anything. */
static void dmi_test_sg_padding(struct kunit *test)
{
	static const struct dmock_config cfg = {
		.type = IOMMU_DOMAIN_DMA, .pgsize_bitmap = SZ_4K,
	};
	struct device *dev = dmi_begin(test, &cfg);
	u8 *buffer = dmi_pages(test, BUFFER_ORDER);
	struct dmi_fixture *fix = test->priv;
	struct list *l = new_list(test);
	unsigned int i;

	/* Three pages that may not cross four. */
	dma_set_seg_boundary(dev, SZ_16K - 1);
	for (i = 0; i < 5; i++) {
		l->in[i].at = buffer + i * SZ_64K;
		l->in[i].len = 3 * SZ_4K;
	}
	l->nr = 5;
	list_make(test, l);
	KUNIT_ASSERT_EQ(test, dma_map_sgtable(dev, &l->sgt, l->dir, 0), 0);
	expect_mapped(test, dev, l);
	KUNIT_EXPECT_EQ(test, dmock_live(dmi_domain(dev)), 15);
	dmi_reset_counts(&fix->mock);
	dma_unmap_sgtable(dev, &l->sgt, l->dir, 0);
	KUNIT_EXPECT_EQ(test, dmock_live(dmi_domain(dev)), 0);
	KUNIT_EXPECT_EQ(test, dmock_stale(dmi_domain(dev)), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&fix->mock.iotlb_sync), 1);
	list_free(l);
}

/* Many whole pages: contiguous in memory or not, one range, one flush */
static void dmi_test_sg_long(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct device *dev = dmi_begin(test, &cfg);
	u8 *buffer = dmi_pages(test, BUFFER_ORDER);
	struct list *l = new_list(test);
	unsigned int i;

	dma_set_max_seg_size(dev, UINT_MAX);
	l->nr = 128;
	for (i = 0; i < l->nr; i++) {
		l->in[i].at = buffer + (i * 37 % 128) * SZ_4K;
		l->in[i].len = SZ_4K;
	}
	list_make(test, l);
	KUNIT_ASSERT_EQ(test, dma_map_sgtable(dev, &l->sgt, l->dir, 0), 0);
	KUNIT_EXPECT_EQ(test, l->sgt.nents, 1);
	expect_mapped(test, dev, l);
	unmap_list(test, dev, l);
	list_free(l);
}

/* Each call of the driver fails once. */
static void sweep_failures(struct kunit *test, struct device *dev,
			   atomic_t *countdown, int expected)
{
	u8 *buffer = dmi_pages(test, BUFFER_ORDER);
	struct dmock_domain *d = dmi_domain(dev);
	struct list *l = new_list(test);
	unsigned int i;
	int nth, ret;

	/* Few addresses: those that were lost would be missed. */
	KUNIT_ASSERT_EQ(test, dma_set_mask(dev, DMA_BIT_MASK(19)), 0);
	l->nr = 12;
	for (i = 0; i < l->nr; i++) {
		l->in[i].at = buffer + (24 - 2 * i) * SZ_4K + 10 * (i % 3);
		l->in[i].len = 3000 + 100 * i;
	}
	list_make(test, l);
	for (nth = 1; nth < 100; nth++) {
		atomic_set(countdown, nth);
		ret = dma_map_sgtable(dev, &l->sgt, l->dir, 0);
		if (atomic_read(countdown))
			break;
		KUNIT_EXPECT_EQ(test, ret, expected);
		KUNIT_EXPECT_EQ(test, dmock_live(d), 0);
		KUNIT_EXPECT_EQ(test, dmock_stale(d), 0);
		expect_input_unchanged(test, l);
	}
	atomic_set(countdown, 0);
	KUNIT_EXPECT_GT(test, nth, 1);
	KUNIT_ASSERT_EQ(test, ret, 0);
	expect_mapped(test, dev, l);
	unmap_list(test, dev, l);
	list_free(l);
}

static void dmi_test_sg_map_fails(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct device *dev = dmi_begin(test, &cfg);
	struct dmi_fixture *fix = test->priv;
	int round;

	/* Some 12 failures in each, and not a tenth as many places. */
	for (round = 0; round < 3; round++)
		sweep_failures(test, dev, &fix->mock.fail_map, -ENOMEM);
}

static void dmi_test_sg_sync_map_fails(struct kunit *test)
{
	static const struct dmock_config cfg = {
		.type = IOMMU_DOMAIN_DMA, .sync_map = true,
	};
	struct device *dev = dmi_begin(test, &cfg);
	struct dmi_fixture *fix = test->priv;
	int round;

	for (round = 0; round < 10; round++)
		sweep_failures(test, dev, &fix->mock.fail_sync_map, -EINVAL);
}

static void dmi_test_sg_no_space(struct kunit *test)
{
	static const struct dmock_config cfg = { .type = IOMMU_DOMAIN_DMA };
	struct device *dev = dmi_begin(test, &cfg);
	u8 *buffer = dmi_pages(test, BUFFER_ORDER);
	struct list *l = new_list(test);

	KUNIT_ASSERT_EQ(test, dma_set_mask(dev, DMA_BIT_MASK(20)), 0);
	l->in[0].at = buffer;
	l->in[0].len = SZ_2M;
	l->nr = 1;
	list_make(test, l);
	KUNIT_EXPECT_EQ(test, dma_map_sgtable(dev, &l->sgt, l->dir, 0), -ENOMEM);
	KUNIT_EXPECT_EQ(test, dma_map_sg(dev, l->sgt.sgl, 1, l->dir), 0);
	expect_input_unchanged(test, l);
	list_free(l);
}

/**
 * struct hardware - hardware that random lists are mapped with
 * @name: description
 * @cfg: what it is like
 */
struct hardware {
	const char *name;
	struct dmock_config cfg;
};

static const struct hardware hardwares[] = {
	{ "4K 2M 1G", { .type = IOMMU_DOMAIN_DMA } },
	{ "4K", { .type = IOMMU_DOMAIN_DMA, .pgsize_bitmap = SZ_4K } },
	{ "1K 4K 64K", { .type = IOMMU_DOMAIN_DMA,
			 .pgsize_bitmap = SZ_1K | SZ_4K | SZ_64K } },
	{ "gathers pages, frees tables", { .type = IOMMU_DOMAIN_DMA,
					   .gather_pages = true,
					   .tables = true } },
	{ "syncs maps", { .type = IOMMU_DOMAIN_DMA, .sync_map = true } },
	{ "lazy", { .type = IOMMU_DOMAIN_DMA_FQ, .tables = true } },
};

KUNIT_ARRAY_PARAM_DESC(hardware, hardwares, name);

static void random_limits(struct device *dev, struct rnd_state *rnd)
{
	static const unsigned long masks[] = {
		SZ_4K - 1, SZ_8K - 1, SZ_64K - 1, SZ_1M - 1, SZ_4G - 1,
		ULONG_MAX,
	};
	static const unsigned int max_segs[] = {
		SZ_4K, 5000, SZ_64K, SZ_64K - 1, SZ_1M, UINT_MAX,
	};
	static const unsigned int bits[] = { 24, 32, 40, 64 };

	dma_set_seg_boundary(dev, masks[dmi_below(rnd, ARRAY_SIZE(masks))]);
	dma_set_max_seg_size(dev,
			     max_segs[dmi_below(rnd, ARRAY_SIZE(max_segs))]);
	dma_set_mask(dev, DMA_BIT_MASK(bits[dmi_below(rnd, ARRAY_SIZE(bits))]));
}

static void shuffle(struct rnd_state *rnd, struct list *l)
{
	unsigned int i, other;

	for (i = l->nr; i > 1; i--) {
		other = dmi_below(rnd, i);
		swap(l->in[i - 1], l->in[other]);
	}
}

/* Pieces of a buffer one after another, most of them without a gap. */
static void random_list(struct device *dev, struct rnd_state *rnd,
			struct list *l, u8 *buffer)
{
	unsigned long max_seg = dma_get_max_seg_size(dev);
	unsigned long most = min3(max_seg, dma_get_seg_boundary(dev),
				  SZ_256K - 1UL);
	unsigned int wanted = 1 + dmi_below(rnd, 1 << dmi_below(rnd, 9));
	size_t at = 0, step;

	l->dir = dmi_below(rnd, 3);
	/* Only what nobody writes may share a cache line. */
	step = l->dir == DMA_TO_DEVICE ? 1 : SZ_64;
	for (l->nr = 0; l->nr < min(wanted, MAX_NENTS); l->nr++) {
		size_t align = dmi_below(rnd, 2) ? SZ_4K : step;
		unsigned long space, len;

		at = ALIGN(at, align);
		if (!dmi_below(rnd, 4))
			at += step * dmi_below(rnd, SZ_8K / step);
		/* A segment alone can't respect what it is too long for. */
		space = most + 1 - min(most, at % SZ_4K);
		space = min(space, max_seg);
		len = 1 + dmi_below(rnd, space);
		if (!dmi_below(rnd, 3))
			len = min_t(unsigned long, space, SZ_4K - at % SZ_4K);
		if (at + len > SZ_4M)
			break;
		l->in[l->nr].at = buffer + at;
		l->in[l->nr].len = len;
		at += len;
	}
	if (dmi_below(rnd, 2))
		shuffle(rnd, l);
}

static void dmi_test_sg_random(struct kunit *test)
{
	const struct hardware *hw = test->param_value;
	struct device *dev = dmi_begin(test, &hw->cfg);
	u8 *buffer = dmi_pages(test, BUFFER_ORDER);
	struct list *l = new_list(test);
	struct rnd_state rnd;
	int round, ret;

	dmi_seed(test, &rnd, 100 + (hw - hardwares));
	for (round = 0; round < 60; round++) {
		random_limits(dev, &rnd);
		random_list(dev, &rnd, l, buffer);
		list_make(test, l);
		ret = dma_map_sgtable(dev, &l->sgt, l->dir, 0);
		/* 24 bits may be too few for what has to be padded. */
		if (ret == -ENOMEM && dma_get_mask(dev) == DMA_BIT_MASK(24)) {
			list_free(l);
			continue;
		}
		KUNIT_ASSERT_EQ(test, ret, 0);
		expect_mapped(test, dev, l);
		unmap_list(test, dev, l);
		KUNIT_ASSERT_EQ(test, dmock_live(dmi_domain(dev)), 0);
		list_free(l);
	}
}

/* Several lists at once, mapped and unmapped in any order */
static void dmi_test_sg_interleaved(struct kunit *test)
{
	const struct hardware *hw = test->param_value;
	struct device *dev = dmi_begin(test, &hw->cfg);
	struct list *lists[4];
	struct rnd_state rnd;
	u8 *buffers[4];
	int i, step;

	dmi_seed(test, &rnd, 200 + (hw - hardwares));
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		lists[i] = new_list(test);
		buffers[i] = dmi_pages(test, BUFFER_ORDER);
	}
	dma_set_seg_boundary(dev, SZ_64K - 1);
	for (step = 0; step < 100; step++) {
		struct list *l;

		i = dmi_below(&rnd, ARRAY_SIZE(lists));
		l = lists[i];
		if (l->sgt.sgl) {
			expect_mapped(test, dev, l);
			dma_unmap_sgtable(dev, &l->sgt, l->dir, 0);
			list_free(l);
			continue;
		}
		random_list(dev, &rnd, l, buffers[i]);
		list_make(test, l);
		KUNIT_ASSERT_EQ(test, dma_map_sgtable(dev, &l->sgt, l->dir, 0),
				0);
	}
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		if (!lists[i]->sgt.sgl)
			continue;
		expect_mapped(test, dev, lists[i]);
		dma_unmap_sgtable(dev, &lists[i]->sgt, lists[i]->dir, 0);
		list_free(lists[i]);
	}
	KUNIT_EXPECT_EQ(test, dmock_live(dmi_domain(dev)), 0);
}

static struct kunit_case dma_iommu_sg_cases[] = {
	KUNIT_CASE_PARAM(dmi_test_sg_merge, merge_gen_params),
	KUNIT_CASE(dmi_test_sg_padding),
	KUNIT_CASE(dmi_test_sg_long),
	KUNIT_CASE(dmi_test_sg_map_fails),
	KUNIT_CASE(dmi_test_sg_sync_map_fails),
	KUNIT_CASE(dmi_test_sg_no_space),
	KUNIT_CASE_PARAM_ATTR(dmi_test_sg_random, hardware_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM_ATTR(dmi_test_sg_interleaved, hardware_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite dma_iommu_sg_suite = {
	.name = "dma-iommu-sg",
	.init = dmi_init,
	.exit = dmi_exit,
	.test_cases = dma_iommu_sg_cases,
};

kunit_test_suite(dma_iommu_sg_suite);
