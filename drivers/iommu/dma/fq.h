/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flush queues: I/O addresses whose mappings are gone from the page tables, but
 * perhaps not yet from the IOTLB, wait here until one flush covers many of them.
 *
 * A queue knows an IOVA domain and a function that flushes, nothing else of
 * what it serves. See dma-iommu-fq.c for how it works.
 */

#ifndef __DMA_IOMMU_FQ_H
#define __DMA_IOMMU_FQ_H

#include <linux/list.h>
#include <linux/types.h>

struct iommu_fq;
struct iova_domain;

/* Entries of one CPU that wait for a flush before it flushes by itself */
#define IOMMU_FQ_WATERMARK		250
#define IOMMU_FQ_WATERMARK_MAX		4096
/* Milliseconds that an entry waits at most */
#define IOMMU_FQ_DELAY			10
#define IOMMU_FQ_DELAY_MAX		10000
/* The same for a queue that all CPUs share */
#define IOMMU_FQ_SINGLE_WATERMARK	32768
#define IOMMU_FQ_SINGLE_DELAY		1000

/* Histograms have a bucket for 0 and for each power of two; the last takes the rest */
#define IOMMU_FQ_BUCKETS		20

/**
 * enum iommu_fq_cause - why a flush was done
 * @IOMMU_FQ_WATERMARK_REACHED: enough entries of one CPU were waiting
 * @IOMMU_FQ_TIMER: an entry had waited long enough
 * @IOMMU_FQ_TEARDOWN: the queue ended
 * @IOMMU_FQ_SWITCH: the queue was closed, its domain is strict from now on
 * @IOMMU_FQ_PRESSURE: no address or no memory was left without it
 * @IOMMU_FQ_OFFLINE: a CPU went offline
 * @IOMMU_FQ_TUNING: watermark or delay were lowered
 * @IOMMU_FQ_CAUSES: how many causes there are
 */
enum iommu_fq_cause {
	IOMMU_FQ_WATERMARK_REACHED,
	IOMMU_FQ_TIMER,
	IOMMU_FQ_TEARDOWN,
	IOMMU_FQ_SWITCH,
	IOMMU_FQ_PRESSURE,
	IOMMU_FQ_OFFLINE,
	IOMMU_FQ_TUNING,
	IOMMU_FQ_CAUSES
};

/**
 * struct iommu_fq_stats - what a queue holds and did
 * @waiting: ranges in the queue
 * @aside_ranges: ranges set aside for ever, because a flush failed
 * @aside_tables: pages of page tables likewise
 * @flushes: flushes by cause
 * @entries: flushes by the entries that waited for them, while collecting
 * @age_us: batches of entries by the microseconds from the first of them to
 *	its flush, while collecting
 */
struct iommu_fq_stats {
	unsigned long	waiting;
	unsigned long	aside_ranges;
	unsigned long	aside_tables;
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
bool iommu_fq_is_open(struct iommu_fq *fq);

void iommu_fq_add(struct iommu_fq *fq, unsigned long pfn, unsigned long pages,
		  struct list_head *tables);
bool iommu_fq_relieve(struct iommu_fq *fq);

unsigned int iommu_fq_watermark(void);
int iommu_fq_set_watermark(unsigned int entries);
unsigned int iommu_fq_delay(void);
int iommu_fq_set_delay(unsigned int ms);

void iommu_fq_stats(struct iommu_fq *fq, struct iommu_fq_stats *stats);

#endif /* __DMA_IOMMU_FQ_H */
