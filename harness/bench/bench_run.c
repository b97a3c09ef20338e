// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a row: open (set up and warm), go (take the samples), report,
 * close. Samples become a median, a mean, a best and a worst case.
 */

#define pr_fmt(fmt) "bench: " fmt

#include <linux/err.h>
#include <linux/math64.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>

#include "bench.h"

char bench_label[16] = "-";

void bench_sample(struct bench *b, unsigned int op, u64 took)
{
	if (b->keep && b->nr[op] < b->row->steps)
		b->samples[op][b->nr[op]++] = took;
}

void bench_value(const struct bench *b, const char *op, u64 value)
{
	pr_info("set=%s label=%s row=%s op=%s value=%llu\n", b->set->name,
		bench_label, b->row->name, op, value);
}

static int bench_steps(struct bench *b, unsigned int from, unsigned int to)
{
	unsigned int i;
	int ret;

	for (i = from; i < to; i++) {
		ret = b->row->step(b, i);
		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

struct bench *bench_open(const struct bench_set *set,
			 const struct bench_row *row)
{
	struct bench *b = kzalloc(sizeof(*b), GFP_KERNEL);
	unsigned int op;
	int ret = -ENOMEM;

	if (!b)
		return ERR_PTR(ret);
	b->set = set;
	b->row = row;
	for (op = 0; op < BENCH_OPS && row->ops[op]; op++) {
		b->samples[op] = vmalloc_array(row->steps, sizeof(u64));
		if (!b->samples[op])
			goto fail;
	}
	ret = row->setup ? row->setup(b) : 0;
	if (!ret)
		ret = bench_steps(b, 0, row->warm);
	if (!ret)
		return b;
fail:
	bench_close(b);
	return ERR_PTR(ret);
}

int bench_go(struct bench *b)
{
	b->keep = true;
	return bench_steps(b, b->row->warm, b->row->warm + b->row->steps);
}

static int compare_samples(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void report_op(const struct bench *b, unsigned int op)
{
	unsigned int nr = b->nr[op], i;
	u64 *samples = b->samples[op];
	u64 sum = 0;

	for (i = 0; i < nr; i++)
		sum += samples[i];
	sort(samples, nr, sizeof(*samples), compare_samples, NULL);
	pr_info("set=%s label=%s row=%s op=%s median=%llu mean=%llu best=%llu worst=%llu n=%u\n",
		b->set->name, bench_label, b->row->name, b->row->ops[op],
		samples[nr / 2], div_u64(sum, nr), samples[0], samples[nr - 1],
		nr);
}

void bench_report(struct bench *b)
{
	unsigned int op;

	for (op = 0; op < BENCH_OPS; op++) {
		if (b->nr[op])
			report_op(b, op);
	}
}

void bench_close(struct bench *b)
{
	unsigned int op;

	if (b->row->teardown)
		b->row->teardown(b);
	for (op = 0; op < BENCH_OPS; op++)
		vfree(b->samples[op]);
	kfree(b);
}
