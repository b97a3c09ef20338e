/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the rows of mappings share: the same pieces of work, done through
 * iommu_map() and iommu_unmap() or on the operations of a page-table format.
 * Nobody looks at the memory behind the addresses.
 */

#ifndef _BENCH_MAP_H_
#define _BENCH_MAP_H_

#include <linux/io-pgtable.h>
#include <linux/iommu.h>
#include <linux/sizes.h>

#include "bench.h"

struct pci_dev;

/**
 * struct map_work - what the functions of a row keep
 * @pdev: the device
 * @domain: where to map; or NULL, and
 * @ops: operations of a table that no hardware sees
 * @attached: @domain is attached to @pdev
 * @bytes: in tables of this machine before @domain or @ops was there
 */
struct map_work {
	struct pci_dev		*pdev;
	struct iommu_domain	*domain;
	struct io_pgtable_ops	*ops;
	bool			attached;
	unsigned long		bytes;
};

/**
 * struct map_way - where the rows of a set map
 * @setup: provides @domain or @ops of a struct map_work that has a device
 * @fmt: format of the table, for ways without a domain
 * @cfg: its configuration
 */
struct map_way {
	int			(*setup)(struct map_work *work,
					 const struct map_way *way);
	enum io_pgtable_fmt	fmt;
	struct io_pgtable_cfg	cfg;
};

/* The rows, for sets whose argument is a struct map_way */
#define MAP_ROWS 8

extern const struct bench_row map_rows[MAP_ROWS];

#endif /* _BENCH_MAP_H_ */
