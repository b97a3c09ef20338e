// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers that are made for DMA: coherent ones, whose memory comes from
 * wherever the caller's context allows, and noncontiguous ones, which are pages
 * from anywhere in a row of I/O addresses. How to map both for the CPU and for
 * userspace.
 *
 * A coherent buffer is one of four kinds, told apart by its CPU address when it
 * is freed: pages from anywhere, remapped; contiguous pages, remapped where the
 * device does not snoop; contiguous pages at their own address; and, where one
 * must not sleep and the device does not snoop, a piece of the atomic pool.
 */

#include <linux/device.h>
#include <linux/dma-map-ops.h>
#include <linux/gfp.h>
#include <linux/iommu.h>
#include <linux/iommu-dma.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "fastpath.h"

/* Pages from anywhere */

static void free_page_array(struct page **pages, unsigned int count)
{
	while (count--)
		__free_page(pages[count]);
	kvfree(pages);
}

/* Allocate one block of at most @count pages, as large as the orders and memory allow */
static struct page *alloc_block(int nid, unsigned int count, unsigned long *orders,
				gfp_t gfp, unsigned int *order)
{
	for (*orders &= GENMASK(__fls(count), 0); *orders; __clear_bit(*order, orders)) {
		bool last = is_power_of_2(*orders);
		struct page *page;

		*order = __fls(*orders);
		/* Only the smallest size is worth an effort */
		page = alloc_pages_node(nid, last ? gfp : gfp | __GFP_NORETRY, *order);
		if (page)
			return page;
	}

	return NULL;
}

/*
 * Allocate pages for a buffer, in blocks of the sizes in @orders, a bitmap. A
 * size that was not to be had once is not tried again.
 */
static struct page **alloc_page_array(struct device *dev, unsigned int count,
				      unsigned long orders, gfp_t gfp)
{
	int nid = dev_to_node(dev);
	struct page **pages;
	unsigned int order, have = 0;

	orders &= GENMASK(MAX_PAGE_ORDER, 0);
	if (!orders)
		return NULL;
	pages = kvcalloc(count, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return NULL;

	/* The device sees any page at any address */
	gfp |= __GFP_NOWARN | __GFP_HIGHMEM;

	while (have < count) {
		struct page *page = alloc_block(nid, count - have, &orders, gfp, &order);

		if (!page) {
			free_page_array(pages, have);
			return NULL;
		}
		if (order)
			split_page(page, order);
		for (unsigned int i = 0; i < 1U << order; i++)
			pages[have++] = page + i;
	}

	return pages;
}

/* Map pages in a row of I/O addresses and describe them in a table */
static int map_page_array(struct device *dev, struct page **pages, size_t size,
			  struct sg_table *sgt, gfp_t gfp, unsigned long attrs)
{
	struct iommu_domain *domain = iommu_get_dma_domain(dev);
	int prot = iommu_dma_prot(dev_is_dma_coherent(dev), DMA_BIDIRECTIONAL, attrs);
	struct iova_domain *iovad = &iova_cookie(domain)->iovad;
	int failures = atomic_read(&domain->flush_failures);
	size_t length = iova_align(iovad, size);
	struct scatterlist *s;
	dma_addr_t iova;
	ssize_t mapped;
	int i, ret;

	/* Zones are for the buffer's pages, not for what it takes to map them */
	gfp &= ~(__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM | __GFP_COMP);
	ret = sg_alloc_table_from_pages(sgt, pages, PAGE_ALIGN(size) >> PAGE_SHIFT,
					0, length, gfp);
	if (ret)
		return ret;

	ret = -ENOMEM;
	iova = iommu_dma_alloc_iova(domain, dev, length, dev->coherent_dma_mask, true);
	if (!iova)
		goto err_table;

	if (!(prot & IOMMU_CACHE))
		for_each_sg(sgt->sgl, s, sgt->orig_nents, i)
			arch_dma_prep_coherent(sg_page(s), s->length);

	mapped = iommu_map_sg(domain, iova, sgt->sgl, sgt->orig_nents, prot, gfp);
	if (mapped < (ssize_t)length)
		goto err_iova;

	sg_dma_address(sgt->sgl) = iova;
	sg_dma_len(sgt->sgl) = length;
	if (iommu_dma_collecting())
		iommu_dma_count_map(dev->iommu->dma->counts, length);
	trace_iommu_dma_map(dev, iova, sg_phys(sgt->sgl), length);
	return 0;

err_iova:
	iommu_dma_undo(domain, iova, length, max_t(ssize_t, mapped, 0), failures);
err_table:
	sg_free_table(sgt);
	return ret;
}

/*
 * Allocate a buffer of pages from anywhere. Where the IOMMU has pages smaller than the
 * CPU's, less may be mapped than is allocated; where its smallest are larger,
 * more is allocated than was asked for.
 */
static struct page **alloc_noncontiguous(struct device *dev, size_t size,
					 struct sg_table *sgt, gfp_t gfp,
					 unsigned long attrs)
{
	struct iommu_domain *domain = iommu_get_dma_domain(dev);
	unsigned long sizes = domain->pgsize_bitmap;
	unsigned long smallest = 1UL << __ffs(sizes);
	unsigned int count;
	struct page **pages;

	if (iommu_dma_attach_deferred(dev, domain))
		return NULL;

	if (smallest < PAGE_SIZE) {
		smallest = PAGE_SIZE;
		sizes |= PAGE_SIZE;
	} else {
		size = ALIGN(size, smallest);
	}
	if (attrs & DMA_ATTR_ALLOC_SINGLE_PAGES)
		sizes = smallest;
	if (!size || PAGE_ALIGN(size) < size || PAGE_ALIGN(size) >> PAGE_SHIFT > UINT_MAX)
		return NULL;

	count = PAGE_ALIGN(size) >> PAGE_SHIFT;
	pages = alloc_page_array(dev, count, sizes >> PAGE_SHIFT, gfp);
	if (!pages)
		return NULL;
	if (map_page_array(dev, pages, size, sgt, gfp, attrs)) {
		free_page_array(pages, count);
		return NULL;
	}

	return pages;
}

/*
 * What alloc_noncontiguous() callers get is the table in it; the pages are
 * needed to map it for the CPU.
 */
struct dma_sgt_handle {
	struct sg_table	sgt;
	struct page	**pages;
};

static struct dma_sgt_handle *to_handle(struct sg_table *sgt)
{
	return container_of(sgt, struct dma_sgt_handle, sgt);
}

/**
 * iommu_dma_alloc_noncontiguous() - allocate a buffer of pages from anywhere
 * @dev: device
 * @size: length in bytes
 * @dir: direction of the DMA
 * @gfp: where the pages come from
 * @attrs: DMA_ATTR_*
 *
 * Context: Process context, may sleep.
 * Return: a table whose first entry holds the one I/O address of the buffer, or
 * NULL.
 */
struct sg_table *iommu_dma_alloc_noncontiguous(struct device *dev, size_t size,
					       enum dma_data_direction dir,
					       gfp_t gfp, unsigned long attrs)
{
	struct dma_sgt_handle *handle = kmalloc(sizeof(*handle), gfp);

	if (!handle)
		return NULL;

	handle->pages = alloc_noncontiguous(dev, size, &handle->sgt, gfp, attrs);
	if (!handle->pages) {
		kfree(handle);
		return NULL;
	}

	return &handle->sgt;
}

/**
 * iommu_dma_free_noncontiguous() - free a buffer of pages from anywhere
 * @dev: device
 * @size: length in bytes, as it was asked for
 * @sgt: what iommu_dma_alloc_noncontiguous() returned
 * @dir: direction of the DMA
 *
 * Context: Process context, may sleep.
 */
void iommu_dma_free_noncontiguous(struct device *dev, size_t size,
				  struct sg_table *sgt,
				  enum dma_data_direction dir)
{
	struct dma_sgt_handle *handle = to_handle(sgt);

	if (iommu_dma_unmap_phys(dev, sgt->sgl->dma_address, size))
		free_page_array(handle->pages, PAGE_ALIGN(size) >> PAGE_SHIFT);
	sg_free_table(&handle->sgt);
	kfree(handle);
}

/**
 * iommu_dma_vmap_noncontiguous() - map such a buffer for the CPU
 * @dev: device
 * @size: length in bytes
 * @sgt: what iommu_dma_alloc_noncontiguous() returned
 *
 * Context: Process context, may sleep.
 * Return: an address that iommu_dma_vunmap_noncontiguous() takes, or NULL.
 */
void *iommu_dma_vmap_noncontiguous(struct device *dev, size_t size,
				   struct sg_table *sgt)
{
	return vmap(to_handle(sgt)->pages, PAGE_ALIGN(size) >> PAGE_SHIFT, VM_MAP,
		    PAGE_KERNEL);
}

/* Tell whether an area of userspace lies within a buffer */
static bool vma_fits(struct vm_area_struct *vma, unsigned long count)
{
	return vma->vm_pgoff < count && vma_pages(vma) <= count - vma->vm_pgoff;
}

/**
 * iommu_dma_mmap_noncontiguous() - map such a buffer for userspace
 * @dev: device
 * @vma: area to map it in
 * @size: length of the buffer in bytes
 * @sgt: what iommu_dma_alloc_noncontiguous() returned
 *
 * Context: Process context, may sleep.
 * Return: 0, -ENXIO if the area reaches beyond the buffer, or another errno.
 */
int iommu_dma_mmap_noncontiguous(struct device *dev, struct vm_area_struct *vma,
				 size_t size, struct sg_table *sgt)
{
	unsigned long count = PAGE_ALIGN(size) >> PAGE_SHIFT;

	if (!vma_fits(vma, count))
		return -ENXIO;

	return vm_map_pages(vma, to_handle(sgt)->pages, count);
}

/* Coherent buffers */

static void *alloc_remapped(struct device *dev, size_t size, dma_addr_t *handle,
			    gfp_t gfp, unsigned long attrs)
{
	pgprot_t prot = dma_pgprot(dev, PAGE_KERNEL, attrs);
	struct page **pages;
	struct sg_table sgt;
	void *cpu_addr;

	pages = alloc_noncontiguous(dev, size, &sgt, gfp, attrs);
	if (!pages)
		return NULL;
	*handle = sgt.sgl->dma_address;
	sg_free_table(&sgt);

	cpu_addr = dma_common_pages_remap(pages, size, prot,
					  __builtin_return_address(0));
	if (!cpu_addr) {
		if (iommu_dma_unmap_phys(dev, *handle, size))
			free_page_array(pages, PAGE_ALIGN(size) >> PAGE_SHIFT);
	}

	return cpu_addr;
}

static void *alloc_contiguous(struct device *dev, size_t size, struct page **pagep,
			      gfp_t gfp, unsigned long attrs)
{
	bool coherent = dev_is_dma_coherent(dev);
	size_t length = PAGE_ALIGN(size);
	struct page *page;
	void *cpu_addr;

	page = dma_alloc_contiguous(dev, length, gfp);
	if (!page)
		page = alloc_pages_node(dev_to_node(dev), gfp, get_order(length));
	if (!page)
		return NULL;

	if (coherent && !PageHighMem(page)) {
		cpu_addr = page_address(page);
	} else {
		cpu_addr = dma_common_contiguous_remap(page, length,
						       dma_pgprot(dev, PAGE_KERNEL, attrs),
						       __builtin_return_address(0));
		if (!cpu_addr) {
			dma_free_contiguous(dev, page, length);
			return NULL;
		}
		if (!coherent)
			arch_dma_prep_coherent(page, size);
	}

	*pagep = page;
	memset(cpu_addr, 0, length);
	return cpu_addr;
}

static void free_memory(struct device *dev, size_t size, void *cpu_addr)
{
	size_t length = PAGE_ALIGN(size);
	struct page **pages, *page;

	if (IS_ENABLED(CONFIG_DMA_DIRECT_REMAP) &&
	    dma_free_from_pool(dev, cpu_addr, length))
		return;

	if (!is_vmalloc_addr(cpu_addr)) {
		dma_free_contiguous(dev, virt_to_page(cpu_addr), length);
		return;
	}

	pages = dma_common_find_pages(cpu_addr);
	page = pages ? NULL : vmalloc_to_page(cpu_addr);
	dma_common_free_remap(cpu_addr, length);
	if (pages)
		free_page_array(pages, length >> PAGE_SHIFT);
	else if (page)
		dma_free_contiguous(dev, page, length);
}

/**
 * iommu_dma_alloc() - allocate a coherent buffer
 * @dev: device
 * @size: length in bytes
 * @handle: gets the I/O address, aligned to @size rounded up to a power of two
 * @gfp: whether it may sleep, and where the memory comes from
 * @attrs: DMA_ATTR_*
 *
 * Context: Any context but NMI, if @gfp allows.
 * Return: address for the CPU, of zeroed memory, or NULL.
 */
void *iommu_dma_alloc(struct device *dev, size_t size, dma_addr_t *handle,
		      gfp_t gfp, unsigned long attrs)
{
	bool coherent = dev_is_dma_coherent(dev);
	bool may_sleep = gfpflags_allow_blocking(gfp);
	struct page *page = NULL;
	void *cpu_addr;

	gfp |= __GFP_ZERO;
	if (may_sleep && !(attrs & DMA_ATTR_FORCE_CONTIGUOUS))
		return alloc_remapped(dev, size, handle, gfp, attrs);

	/* Remapping sleeps; the pool has it done already */
	if (IS_ENABLED(CONFIG_DMA_DIRECT_REMAP) && !may_sleep && !coherent) {
		page = dma_alloc_from_pool(dev, PAGE_ALIGN(size), &cpu_addr, gfp, NULL);
		if (!page)
			return NULL;
	} else {
		cpu_addr = alloc_contiguous(dev, size, &page, gfp, attrs);
		if (!cpu_addr)
			return NULL;
	}

	*handle = iommu_dma_map_phys(dev, page_to_phys(page), size,
				     iommu_dma_prot(coherent, DMA_BIDIRECTIONAL, attrs),
				     dev->coherent_dma_mask, true);
	if (*handle == DMA_MAPPING_ERROR) {
		free_memory(dev, size, cpu_addr);
		return NULL;
	}

	return cpu_addr;
}

/**
 * iommu_dma_free() - free a coherent buffer
 * @dev: device
 * @size: length in bytes, as it was asked for
 * @cpu_addr: what iommu_dma_alloc() returned
 * @handle: its I/O address
 * @attrs: DMA_ATTR_*
 *
 * Context: Any context but NMI, if it was allocated without sleeping; else process context.
 */
void iommu_dma_free(struct device *dev, size_t size, void *cpu_addr,
		    dma_addr_t handle, unsigned long attrs)
{
	/* Memory that a device may still write to is lost, not reused */
	if (iommu_dma_unmap_phys(dev, handle, size))
		free_memory(dev, size, cpu_addr);
}

/* Find the first page of a buffer, or all of them where they are not in a row */
static struct page *find_pages(void *cpu_addr, struct page ***pages)
{
	*pages = NULL;
	if (!is_vmalloc_addr(cpu_addr))
		return virt_to_page(cpu_addr);

	*pages = dma_common_find_pages(cpu_addr);
	return *pages ? NULL : vmalloc_to_page(cpu_addr);
}

/**
 * iommu_dma_mmap() - map a coherent buffer for userspace
 * @dev: device
 * @vma: area to map it in
 * @cpu_addr: what iommu_dma_alloc() returned
 * @dma_addr: its I/O address
 * @size: length of the buffer in bytes
 * @attrs: DMA_ATTR_*
 *
 * Context: Process context, may sleep.
 * Return: 0, -ENXIO if the area reaches beyond the buffer, or another errno.
 */
int iommu_dma_mmap(struct device *dev, struct vm_area_struct *vma,
		   void *cpu_addr, dma_addr_t dma_addr, size_t size,
		   unsigned long attrs)
{
	unsigned long count = PAGE_ALIGN(size) >> PAGE_SHIFT;
	struct page **pages, *page;
	int ret;

	vma->vm_page_prot = dma_pgprot(dev, vma->vm_page_prot, attrs);

	if (dma_mmap_from_dev_coherent(dev, vma, cpu_addr, size, &ret))
		return ret;
	if (!vma_fits(vma, count))
		return -ENXIO;

	page = find_pages(cpu_addr, &pages);
	if (pages)
		return vm_map_pages(vma, pages, count);

	return remap_pfn_range(vma, vma->vm_start, page_to_pfn(page) + vma->vm_pgoff,
			       vma->vm_end - vma->vm_start, vma->vm_page_prot);
}

/**
 * iommu_dma_get_sgtable() - describe a coherent buffer's memory
 * @dev: device
 * @sgt: filled in, for sg_free_table()
 * @cpu_addr: what iommu_dma_alloc() returned
 * @dma_addr: its I/O address
 * @size: length of the buffer in bytes
 * @attrs: DMA_ATTR_*
 *
 * Context: Process context, may sleep.
 * Return: 0 or a negative errno.
 */
int iommu_dma_get_sgtable(struct device *dev, struct sg_table *sgt,
			  void *cpu_addr, dma_addr_t dma_addr, size_t size,
			  unsigned long attrs)
{
	struct page **pages, *page;
	int ret;

	page = find_pages(cpu_addr, &pages);
	if (pages)
		return sg_alloc_table_from_pages(sgt, pages,
						 PAGE_ALIGN(size) >> PAGE_SHIFT,
						 0, size, GFP_KERNEL);

	ret = sg_alloc_table(sgt, 1, GFP_KERNEL);
	if (!ret)
		sg_set_page(sgt->sgl, page, PAGE_ALIGN(size), 0);

	return ret;
}
