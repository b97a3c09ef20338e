/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making, opening, closing and ending flush queues, their settings and numbers.
 * See fq.h for how they work.
 */

#ifndef _IOMMU_DMA_FQ_CONTROL_H
#define _IOMMU_DMA_FQ_CONTROL_H

#include <linux/types.h>

#include "fq.h"

/* Entries of one CPU that wait for a flush before it flushes by itself */
#define IOMMU_FQ_WATERMARK		250
#define IOMMU_FQ_WATERMARK_MAX		4096
/* Milliseconds that an entry waits at most */
#define IOMMU_FQ_DELAY			10
#define IOMMU_FQ_DELAY_MAX		10000
/* The same for a queue that all CPUs share */
#define IOMMU_FQ_SINGLE_WATERMARK	32768
#define IOMMU_FQ_SINGLE_DELAY		1000

/**
 * struct iommu_fq_stats - what a queue holds and did
 * @waiting: ranges in the queue
 * @quarantined_ranges: ranges never used again, because a flush failed
 * @quarantined_tables: pages of page tables likewise
 * @flushes: flushes by cause
 * @entries: flushes by the entries that waited for them, while collecting
 * @age_us: batches of entries by the microseconds from the first of them to
 *	its flush, while collecting
 */
struct iommu_fq_stats {
	unsigned long	waiting;
	unsigned long	quarantined_ranges;
	unsigned long	quarantined_tables;
	unsigned long	flushes[IOMMU_FQ_CAUSES];
	unsigned long	entries[IOMMU_FQ_BUCKETS];
	unsigned long	age_us[IOMMU_FQ_BUCKETS];
};

int iommu_fq_setup(void);

struct iommu_fq *iommu_fq_create(struct iova_domain *iovad,
				 bool (*flush)(void *token,
					       enum iommu_fq_cause cause,
					       u64 nr),
				 void *token, bool single);
void iommu_fq_destroy(struct iommu_fq *fq);

void iommu_fq_open(struct iommu_fq *fq);
void iommu_fq_close(struct iommu_fq *fq);

unsigned int iommu_fq_watermark(void);
int iommu_fq_set_watermark(unsigned int entries);
unsigned int iommu_fq_delay(void);
int iommu_fq_set_delay(unsigned int ms);

void iommu_fq_stats(struct iommu_fq *fq, struct iommu_fq_stats *stats);

#endif /* _IOMMU_DMA_FQ_CONTROL_H */
