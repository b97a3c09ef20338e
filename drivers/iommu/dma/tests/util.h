/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites of the DMA-API glue share: a fixture that takes hardware and
 * devices away whatever becomes of a test, and a device's view of memory.
 */

#ifndef _DMA_IOMMU_UTIL_H
#define _DMA_IOMMU_UTIL_H

#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/prandom.h>

#include "mock.h"
#include "mock_pci.h"

struct bus_dma_region;

/**
 * struct dmi_fixture - what a test has
 * @mock: hardware
 * @registered: it is known to the core
 * @devices: platform devices, @nr_devices of them
 * @nr_devices: likewise
 * @baseline: entries that the page table of the first device had to begin with
 * @unmanaged: another domain of the first device; NULL if there is none
 * @leaks: the test leaves mappings behind on purpose
 */
struct dmi_fixture {
	struct dmock mock;
	bool registered;
	struct device *devices[DMOCK_DEVICES];
	unsigned int nr_devices;
	unsigned int baseline;
	struct iommu_domain *unmanaged;
	bool leaks;
};

int dmi_init(struct kunit *test);
void dmi_exit(struct kunit *test);
struct dmock *dmi_mock(struct kunit *test, const struct dmock_config *cfg);
struct device *dmi_add_raw_device(struct kunit *test,
				  const struct bus_dma_region *map);
struct device *dmi_add_device(struct kunit *test);
struct device *dmi_begin(struct kunit *test, const struct dmock_config *cfg);
struct device *dmi_begin_pci(struct kunit *test, const struct dmock_config *cfg,
			     const struct dmock_pci_config *pci);
void dmi_end(struct kunit *test);
void dmi_reset_counts(struct dmock *mock);
void dmi_seed(struct kunit *test, struct rnd_state *rnd, unsigned int salt);
u32 dmi_below(struct rnd_state *rnd, u32 ceiling);

struct dmock_domain *dmi_domain(struct device *dev);
struct iommu_domain *dmi_unmanaged(struct kunit *test, struct device *dev);
size_t dmi_granule(struct device *dev);
bool dmi_reaches(struct device *dev, dma_addr_t addr, phys_addr_t phys,
		 size_t len, int prot);
bool dmi_blocked(struct device *dev, dma_addr_t addr, size_t len);
int dmi_device_copy(struct device *dev, dma_addr_t addr, void *buf, size_t len,
		    bool to_memory);

bool dmi_make_noncoherent(struct device *dev);
void *dmi_pages(struct kunit *test, unsigned int order);
unsigned int dmi_take_all(struct kunit *test, struct device *dev,
			  dma_addr_t *all, unsigned int max);
void dmi_give_all(struct device *dev, const dma_addr_t *all, unsigned int nr);
int dmi_set_type(struct device *dev, const char *type);
const char *dmi_type(struct device *dev, char *buf);

void dmi_warnings_begin(struct kunit *test);
unsigned int dmi_warnings_end(struct kunit *test);
unsigned int dmi_hotplug_cpu(struct kunit *test);

#endif /* _DMA_IOMMU_UTIL_H */
