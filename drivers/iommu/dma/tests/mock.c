// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mock IOMMU's hardware: page table and IOTLB of a domain.
 *
 * The IOTLB has read every entry there ever was, and an entry that is taken
 * out of the page table stays in it, stale, until a flush that began later has
 * ended. To map something where a stale entry is, to give a table back before
 * such a flush, to map twice or where a device must not be led to: these are
 * violations, which are counted and fail the test. A flush invalidates at its
 * end what was stale at its beginning, which is as late as hardware may be.
 *
 * Locks: &dmock_domain.lock, taken in any context.
 */

#include <linux/bits.h>
#include <linux/delay.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../../iommu-pages.h"
#include "mock.h"

/* The first few say it all. */
#define MAX_SHOWN	5

/* So many entries share a table. */
#define TABLE_ENTRIES	512

/**
 * struct dmock_leaf - an entry of the page table, the IOTLB, or both
 * @node: place in &dmock_domain.leaves
 * @entry: place in &dmock_domain.stale
 * @iova: first address
 * @phys: where it leads to
 * @size: bytes
 * @prot: IOMMU_* flags
 * @stale: gone from the page table
 * @stamp: &dmock_domain.clock of that
 * @table: table that the entry is in, while it is
 */
struct dmock_leaf {
	struct rb_node node;
	struct list_head entry;
	dma_addr_t iova;
	phys_addr_t phys;
	size_t size;
	int prot;
	bool stale;
	u64 stamp;
	struct dmock_table *table;
};

/**
 * struct dmock_table - a page of the page table
 * @node: place in &dmock_domain.tables
 * @entry: place in &dmock_domain.out
 * @base: first address that its entries translate
 * @span: bytes that they do
 * @leaves: entries in use
 * @page: memory; after it was given away a second reference tells when it is
 *	  given back
 * @stamp: &dmock_domain.clock of when it was given away
 * @flushed: it has been invalidated
 */
struct dmock_table {
	struct rb_node node;
	struct list_head entry;
	dma_addr_t base;
	size_t span;
	unsigned int leaves;
	struct page *page;
	u64 stamp;
	bool flushed;
};

/**
 * dmock_violation() - note what must not happen
 * @mock: hardware
 * @what: what it is
 * @iova: where
 *
 * Context: Any context.
 */
void dmock_violation(struct dmock *mock, const char *what, dma_addr_t iova)
{
	if (atomic_inc_return(&mock->violations) <= MAX_SHOWN)
		pr_err("dma_iommu_mock: %s at IOVA %pad\n", what, &iova);
}

static struct dmock_leaf *to_leaf(struct rb_node *node)
{
	return rb_entry_safe(node, struct dmock_leaf, node);
}

static bool leaf_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct dmock_leaf, node)->iova <
	       rb_entry(b, struct dmock_leaf, node)->iova;
}

/* The first entry that does not end before @iova. */
static struct dmock_leaf *leaf_from(struct dmock_domain *d, dma_addr_t iova)
{
	struct rb_node *node = d->leaves.rb_node;
	struct dmock_leaf *found = NULL;

	while (node) {
		struct dmock_leaf *leaf = to_leaf(node);

		if (leaf->iova + (leaf->size - 1) < iova) {
			node = node->rb_right;
		} else {
			found = leaf;
			node = node->rb_left;
		}
	}
	return found;
}

static void invalidate_leaf(struct dmock_domain *d, struct dmock_leaf *leaf)
{
	lockdep_assert_held(&d->lock);

	rb_erase(&leaf->node, &d->leaves);
	list_del(&leaf->entry);
	d->nr_stale--;
	kfree(leaf);
}

/* Only tables of the smallest pages are modelled. */
static size_t table_span(struct dmock_domain *d, size_t pgsize)
{
	bool smallest = pgsize == BIT(__ffs(d->domain.pgsize_bitmap));

	return smallest ? pgsize * TABLE_ENTRIES : 0;
}

static struct dmock_table *find_table(struct dmock_domain *d, dma_addr_t base)
{
	struct rb_node *node = d->tables.rb_node;

	while (node) {
		struct dmock_table *table;

		table = rb_entry(node, struct dmock_table, node);
		if (table->base == base)
			return table;
		node = base < table->base ? node->rb_left : node->rb_right;
	}
	return NULL;
}

static bool table_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct dmock_table, node)->base <
	       rb_entry(b, struct dmock_table, node)->base;
}

static struct dmock_table *new_table(dma_addr_t base, size_t span, gfp_t gfp)
{
	struct dmock_table *table = kzalloc(sizeof(*table), gfp);
	void *memory;

	if (!table)
		return NULL;
	memory = iommu_alloc_page(gfp);
	if (!memory) {
		kfree(table);
		return NULL;
	}
	table->page = virt_to_page(memory);
	table->base = base;
	table->span = span;
	return table;
}

static int make_table(struct dmock_domain *d, struct dmock_leaf *leaf,
		      gfp_t gfp)
{
	size_t span = table_span(d, leaf->size);
	dma_addr_t base = leaf->iova & ~(dma_addr_t)(span - 1);
	struct dmock_table *table, *spare;
	unsigned long flags;

	if (!d->mock->cfg.tables || !span)
		return 0;

	spare = new_table(base, span, gfp);
	spin_lock_irqsave(&d->lock, flags);
	table = find_table(d, base);
	if (!table && spare) {
		table = spare;
		spare = NULL;
		rb_add(&table->node, &d->tables, table_less);
	}
	if (table)
		table->leaves++;
	leaf->table = table;
	spin_unlock_irqrestore(&d->lock, flags);

	if (spare) {
		__iommu_free_pages(spare->page, 0);
		kfree(spare);
	}
	return table ? 0 : -ENOMEM;
}

/* Give away the table of an entry that is unmapped, if it was the last there. */
static void leave_table(struct dmock_domain *d, struct dmock_leaf *leaf,
			struct iommu_iotlb_gather *gather)
{
	struct dmock_table *table = leaf->table;

	lockdep_assert_held(&d->lock);
	leaf->table = NULL;
	if (!table || --table->leaves)
		return;

	rb_erase(&table->node, &d->tables);
	table->stamp = leaf->stamp;
	get_page(table->page);
	list_add_tail(&table->entry, &d->out);
	list_add(&table->page->lru, &gather->freelist);
}

static bool table_is_back(struct dmock_table *table)
{
	return page_ref_count(table->page) == 1;
}

static void invalidate_table(struct dmock_table *table)
{
	list_del(&table->entry);
	put_page(table->page);
	kfree(table);
}

/* Check regions that must not be mapped, and those that only lead to themselves */
static void check_region(struct dmock_domain *d, struct dmock_leaf *leaf)
{
	const struct dmock_config *cfg = &d->mock->cfg;
	dma_addr_t last = leaf->iova + (leaf->size - 1);
	unsigned int i;

	if (leaf->iova < d->domain.geometry.aperture_start ||
	    last > d->domain.geometry.aperture_end)
		dmock_violation(d->mock, "mapped outside of the aperture",
				leaf->iova);

	for (i = 0; i < cfg->nr_resv; i++) {
		const struct dmock_resv *r = &cfg->resv[i];

		if (r->type == IOMMU_RESV_SW_MSI || last < r->start ||
		    leaf->iova > r->start + (r->length - 1))
			continue;
		/* Of devices that are not there yet */
		if (r->devices && !(r->devices & (BIT(d->mock->devices) - 1)))
			continue;
		if ((r->type != IOMMU_RESV_DIRECT &&
		     r->type != IOMMU_RESV_DIRECT_RELAXABLE) ||
		    leaf->iova != leaf->phys)
			dmock_violation(d->mock, "mapped a reserved region",
					leaf->iova);
	}
}

/* Tell whether the page table has an entry there. */
static bool meets_entry(struct dmock_domain *d, struct dmock_leaf *leaf)
{
	struct dmock_leaf *other = leaf_from(d, leaf->iova);

	while (other && other->iova <= leaf->iova + (leaf->size - 1)) {
		struct dmock_leaf *next = to_leaf(rb_next(&other->node));

		if (!other->stale) {
			dmock_violation(d->mock, "mapped twice", leaf->iova);
			return true;
		}
		dmock_violation(d->mock, "reused before it was invalidated",
				leaf->iova);
		invalidate_leaf(d, other);
		other = next;
	}
	return false;
}

static int map_leaf(struct dmock_domain *d, dma_addr_t iova, phys_addr_t phys,
		    size_t size, int prot, gfp_t gfp)
{
	struct dmock_leaf *leaf = kzalloc(sizeof(*leaf), gfp);
	unsigned long flags;
	int ret;

	if (!leaf)
		return -ENOMEM;
	leaf->iova = iova;
	leaf->phys = phys;
	leaf->size = size;
	leaf->prot = prot;
	INIT_LIST_HEAD(&leaf->entry);
	ret = make_table(d, leaf, gfp);
	if (ret) {
		kfree(leaf);
		return ret;
	}

	spin_lock_irqsave(&d->lock, flags);
	check_region(d, leaf);
	if (meets_entry(d, leaf)) {
		if (leaf->table)
			leaf->table->leaves--;
		kfree(leaf);
		ret = -EEXIST;
	} else {
		rb_add(&leaf->node, &d->leaves, leaf_less);
		d->nr_live++;
	}
	spin_unlock_irqrestore(&d->lock, flags);
	return ret;
}

/* Count down to the call that fails. */
static bool fails(atomic_t *countdown)
{
	return atomic_read(countdown) > 0 && atomic_dec_and_test(countdown);
}

static int dmock_map_pages(struct iommu_domain *domain, unsigned long iova,
			   phys_addr_t phys, size_t pgsize, size_t pgcount,
			   int prot, gfp_t gfp, size_t *mapped)
{
	struct dmock_domain *d = to_dmock_domain(domain);
	bool fail = fails(&d->mock->fail_map);
	size_t i;
	int ret;

	atomic_inc(&d->mock->map_pages);
	if (!is_power_of_2(pgsize) || !(pgsize & domain->pgsize_bitmap) ||
	    !IS_ALIGNED(iova | phys, pgsize) || !pgcount ||
	    !(prot & (IOMMU_READ | IOMMU_WRITE))) {
		dmock_violation(d->mock, "bad arguments of map_pages", iova);
		return -EINVAL;
	}

	for (i = 0; i < pgcount; i++) {
		/* Half of it is there when it fails. */
		if (fail && i >= pgcount / 2)
			return -ENOMEM;
		ret = map_leaf(d, iova + i * pgsize, phys + i * pgsize, pgsize,
			       prot, gfp);
		if (ret)
			return ret;
		*mapped += pgsize;
	}
	return 0;
}

/* Unmap an entry; tell how many bytes from there on are unmapped. */
static size_t unmap_leaf(struct dmock_domain *d, dma_addr_t iova, size_t size,
			 struct iommu_iotlb_gather *gather)
{
	struct dmock_leaf *leaf;
	unsigned long flags;
	size_t gone = 0;

	spin_lock_irqsave(&d->lock, flags);
	leaf = leaf_from(d, iova);
	if (leaf && !leaf->stale && leaf->iova <= iova) {
		if (leaf->iova != iova || leaf->size > size)
			dmock_violation(d->mock, "unmapped part of a page",
					iova);
		gone = leaf->iova + leaf->size - iova;
		leaf->stale = true;
		leaf->stamp = ++d->clock;
		list_add_tail(&leaf->entry, &d->stale);
		d->nr_live--;
		d->nr_stale++;
		if (d->nr_stale > atomic_read(&d->mock->max_stale))
			atomic_set(&d->mock->max_stale, d->nr_stale);
		leave_table(d, leaf, gather);
	}
	spin_unlock_irqrestore(&d->lock, flags);
	return gone;
}

static size_t dmock_unmap_pages(struct iommu_domain *domain,
				unsigned long iova, size_t pgsize,
				size_t pgcount,
				struct iommu_iotlb_gather *gather)
{
	struct dmock_domain *d = to_dmock_domain(domain);
	size_t size = pgsize * pgcount, done = 0, page;

	atomic_inc(&d->mock->unmap_pages);
	if (!(pgsize & domain->pgsize_bitmap) || !IS_ALIGNED(iova, pgsize)) {
		dmock_violation(d->mock, "bad arguments of unmap_pages", iova);
		return 0;
	}

	while (done < size) {
		page = unmap_leaf(d, iova + done, size - done, gather);
		if (!page)
			break;
		if (!gather->queued && d->mock->cfg.gather_pages)
			iommu_iotlb_gather_add_page(domain, gather,
						    iova + done, page);
		done += page;
	}
	if (done && !gather->queued && !d->mock->cfg.gather_pages)
		iommu_iotlb_gather_add_range(gather, iova, done);
	return done;
}

/* Invalidate, when the flush ends, what was stale before it began. */
static void invalidate_stale(struct dmock_domain *d, dma_addr_t first, dma_addr_t last)
{
	struct dmock_table *table, *next_table;
	struct dmock_leaf *leaf, *next;
	unsigned long flags;
	u64 begun;

	spin_lock_irqsave(&d->lock, flags);
	begun = d->clock;
	spin_unlock_irqrestore(&d->lock, flags);

	if (d->mock->flush_us)
		udelay(d->mock->flush_us);

	spin_lock_irqsave(&d->lock, flags);
	list_for_each_entry_safe(leaf, next, &d->stale, entry) {
		if (leaf->stamp > begun)
			break;
		if (leaf->iova <= last && leaf->iova + (leaf->size - 1) >= first)
			invalidate_leaf(d, leaf);
	}
	list_for_each_entry_safe(table, next_table, &d->out, entry) {
		if (table->stamp <= begun && !table->flushed &&
		    table->base <= last &&
		    table->base + (table->span - 1) >= first) {
			table->flushed = true;
			if (table_is_back(table))
				dmock_violation(d->mock,
						"table freed before its flush",
						table->base);
		}
		if (table->flushed && table_is_back(table))
			invalidate_table(table);
	}
	spin_unlock_irqrestore(&d->lock, flags);
}

/* Tell whether the hardware does not confirm this one. */
static bool flush_fails(struct dmock_domain *d)
{
	if (atomic_dec_if_positive(&d->mock->fail_flush) < 0)
		return false;
	atomic_inc(&d->domain.flush_failures);
	return true;
}

static void dmock_flush_iotlb_all(struct iommu_domain *domain)
{
	struct dmock_domain *d = to_dmock_domain(domain);

	atomic_inc(&d->mock->flush_iotlb_all);
	if (!flush_fails(d))
		invalidate_stale(d, 0, ~(dma_addr_t)0);
}

static void dmock_iotlb_sync(struct iommu_domain *domain,
			     struct iommu_iotlb_gather *gather)
{
	struct dmock_domain *d = to_dmock_domain(domain);

	if (gather->start <= gather->end) {
		atomic_inc(&d->mock->iotlb_sync);
		if (flush_fails(d))
			return;
		invalidate_stale(d, gather->start, gather->end);
	}
	iommu_put_pages_list(&gather->freelist);
}

static int dmock_iotlb_sync_map(struct iommu_domain *domain,
				unsigned long iova, size_t size)
{
	struct dmock_domain *d = to_dmock_domain(domain);

	atomic_inc(&d->mock->iotlb_sync_map);
	return fails(&d->mock->fail_sync_map) ? -EIO : 0;
}

/**
 * dmock_translate() - what a device's access meets
 * @d: domain
 * @iova: address
 * @t: filled in unless the access faults
 *
 * Return: where the translation was found.
 */
enum dmock_hit dmock_translate(struct dmock_domain *d, dma_addr_t iova,
			       struct dmock_translation *t)
{
	enum dmock_hit hit = DMOCK_FAULT;
	struct dmock_leaf *leaf;
	unsigned long flags;

	spin_lock_irqsave(&d->lock, flags);
	leaf = leaf_from(d, iova);
	if (leaf && leaf->iova <= iova) {
		hit = leaf->stale ? DMOCK_STALE : DMOCK_LIVE;
		t->phys = leaf->phys + (iova - leaf->iova);
		t->prot = leaf->prot;
		t->size = leaf->size - (iova - leaf->iova);
	}
	spin_unlock_irqrestore(&d->lock, flags);
	return hit;
}

static phys_addr_t dmock_iova_to_phys(struct iommu_domain *domain,
				      dma_addr_t iova)
{
	struct dmock_domain *d = to_dmock_domain(domain);
	struct dmock_translation t;

	atomic_inc(&d->mock->iova_to_phys);
	return dmock_translate(d, iova, &t) == DMOCK_LIVE ? t.phys : 0;
}

/**
 * dmock_live() - entries of a page table
 * @d: domain
 *
 * Return: their number.
 */
unsigned int dmock_live(struct dmock_domain *d)
{
	return READ_ONCE(d->nr_live);
}

/**
 * dmock_stale() - entries that only the IOTLB still has
 * @d: domain
 *
 * Return: their number.
 */
unsigned int dmock_stale(struct dmock_domain *d)
{
	return READ_ONCE(d->nr_stale);
}

/**
 * dmock_tables_out() - tables that were given away and are not back yet
 * @d: domain
 *
 * Return: their number.
 */
unsigned int dmock_tables_out(struct dmock_domain *d)
{
	struct dmock_table *table;
	unsigned int nr = 0;
	unsigned long flags;

	spin_lock_irqsave(&d->lock, flags);
	list_for_each_entry(table, &d->out, entry)
		nr += !table_is_back(table);
	spin_unlock_irqrestore(&d->lock, flags);
	return nr;
}

/**
 * dmock_detach() - end translating for a device
 * @md: device
 *
 * As with real hardware the IOTLB has nothing left of a domain that no device
 * is attached to.
 */
void dmock_detach(struct dmock_device *md)
{
	struct dmock_domain *d = md->domain;

	md->domain = NULL;
	if (d && !--d->attached)
		invalidate_stale(d, 0, ~(dma_addr_t)0);
}

static int dmock_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	struct dmock_device *md = dev_iommu_priv_get(dev);
	struct dmock_domain *d = to_dmock_domain(domain);

	if (md->domain == d)
		return 0;
	dmock_detach(md);
	md->domain = d;
	d->attached++;
	return 0;
}

static void dmock_free(struct iommu_domain *domain)
{
	struct dmock_domain *d = to_dmock_domain(domain);
	struct dmock_table *table, *next_table;
	struct dmock_leaf *leaf, *next;

	/* No device is attached any more: invalidate what is left. */
	invalidate_stale(d, 0, ~(dma_addr_t)0);
	list_for_each_entry_safe(table, next_table, &d->out, entry) {
		if (!table_is_back(table))
			atomic_inc(&d->mock->tables_lost);
		invalidate_table(table);
	}
	rbtree_postorder_for_each_entry_safe(leaf, next, &d->leaves, node)
		kfree(leaf);
	rbtree_postorder_for_each_entry_safe(table, next_table, &d->tables,
					     node) {
		__iommu_free_pages(table->page, 0);
		kfree(table);
	}
	kfree(d);
}

const struct iommu_domain_ops dmock_domain_ops = {
	.attach_dev = dmock_attach_dev,
	.map_pages = dmock_map_pages,
	.unmap_pages = dmock_unmap_pages,
	.flush_iotlb_all = dmock_flush_iotlb_all,
	.iotlb_sync = dmock_iotlb_sync,
	.iova_to_phys = dmock_iova_to_phys,
	.free = dmock_free,
};

const struct iommu_domain_ops dmock_domain_ops_sync_map = {
	.attach_dev = dmock_attach_dev,
	.map_pages = dmock_map_pages,
	.unmap_pages = dmock_unmap_pages,
	.flush_iotlb_all = dmock_flush_iotlb_all,
	.iotlb_sync_map = dmock_iotlb_sync_map,
	.iotlb_sync = dmock_iotlb_sync,
	.iova_to_phys = dmock_iova_to_phys,
	.free = dmock_free,
};

/**
 * dmock_domain_alloc() - make a paging domain
 * @mock: hardware
 *
 * Return: the domain, or NULL without memory.
 */
struct dmock_domain *dmock_domain_alloc(struct dmock *mock)
{
	struct dmock_domain *d = kzalloc(sizeof(*d), GFP_KERNEL);

	if (!d)
		return NULL;
	d->mock = mock;
	spin_lock_init(&d->lock);
	INIT_LIST_HEAD(&d->stale);
	INIT_LIST_HEAD(&d->out);
	d->leaves = RB_ROOT;
	d->tables = RB_ROOT;
	d->domain.ops = mock->cfg.sync_map ? &dmock_domain_ops_sync_map :
					     &dmock_domain_ops;
	d->domain.pgsize_bitmap = mock->cfg.pgsize_bitmap;
	d->domain.geometry.aperture_start = mock->cfg.aperture_start;
	d->domain.geometry.aperture_end = mock->cfg.aperture_end;
	d->domain.geometry.force_aperture = true;
	return d;
}
