// SPDX-License-Identifier: GPL-2.0-only
/*
 * The benchmark's interface is the write-only module parameter "run" (and
 * "sets", which lists the sets there are):
 *
 *	echo "run fast" >/sys/module/iova_bench/parameters/run
 *
 * It takes one command at a time and returns when the command has ended. The
 * results go to the kernel log. Where a row is named as SET alone, all rows of
 * the set are meant.
 *
 *	label NAME	call what follows NAME in the results
 *	run SET[/ROW]	open, go, report, close
 *	open SET/ROW	set the row up and warm it
 *	go		take the samples of the opened row
 *	close		report and tear down the opened row
 */

#define pr_fmt(fmt) "bench: " fmt

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "bench.h"
#include "bench_device.h"

static DEFINE_MUTEX(bench_mutex);
static struct bench *opened;	/* under bench_mutex */

static int clock_read_step(struct bench *b, unsigned int i)
{
	struct bench_timer timer;

	bench_start(&timer);
	bench_sample(b, 0, bench_stop(&timer));
	return 0;
}

static const struct bench_row clock_rows[] = {
	{
		.name = "read", .ops = { "read" }, .warm = 100, .steps = 1000,
		.step = clock_read_step,
	},
};

static const struct bench_set bench_set_clock = {
	.name = "clock", .rows = clock_rows, .nr = ARRAY_SIZE(clock_rows),
};

static const struct bench_set *const sets[] = {
	&bench_set_clock,
	&bench_set_fast,
	&bench_set_tree,
	&bench_set_lock,
	&bench_set_smp,
#ifdef CONFIG_IOMMU_DMA
	&bench_set_dma,
	&bench_set_driver,
	&bench_set_inval,
	&bench_set_smp_dma,
	&bench_set_map,
	&bench_set_map_fresh,
#endif
#ifdef CONFIG_INTEL_IOMMU
	&bench_set_atomic,
#endif
#ifdef CONFIG_IOMMU_IO_PGTABLE_VTD
	&bench_set_vtd_ss,
	&bench_set_vtd_ss_nc,
	&bench_set_vtd_fs,
	&bench_set_vtd_fs_nc,
#endif
#ifdef CONFIG_IOMMU_IO_PGTABLE_LPAE
	&bench_set_lpae_s1,
#endif
};

static int run_row(const struct bench_set *set, const struct bench_row *row)
{
	struct bench *b = bench_open(set, row);
	int ret;

	if (IS_ERR(b)) {
		ret = PTR_ERR(b);
	} else {
		ret = bench_go(b);
		if (!ret)
			bench_report(b);
		bench_close(b);
	}
	if (ret)
		pr_err("set=%s label=%s row=%s failed=%pe\n", set->name,
		       bench_label, row->name, ERR_PTR(ret));
	return ret;
}

static const struct bench_set *find_set(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		if (!strcmp(sets[i]->name, name))
			return sets[i];
	}
	return NULL;
}

static const struct bench_row *find_row(const struct bench_set *set,
					const char *name)
{
	unsigned int i;

	for (i = 0; i < set->nr; i++) {
		if (!strcmp(set->rows[i].name, name))
			return &set->rows[i];
	}
	return NULL;
}

static int run_set(const struct bench_set *set)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < set->nr; i++)
		ret = run_row(set, &set->rows[i]) ?: ret;
	return ret;
}

static int open_row(const struct bench_set *set, const struct bench_row *row)
{
	struct bench *b;

	if (opened)
		return -EBUSY;
	b = bench_open(set, row);
	if (IS_ERR(b))
		return PTR_ERR(b);
	opened = b;
	return 0;
}

static int close_row(void)
{
	if (!opened)
		return -EINVAL;
	bench_report(opened);
	bench_close(opened);
	opened = NULL;
	return 0;
}

static int named_command(const char *verb, char *what)
{
	const struct bench_row *row = NULL;
	const struct bench_set *set;
	char *name = what;

	set = find_set(strsep(&name, "/"));
	if (!set)
		return -ENOENT;
	if (name) {
		row = find_row(set, name);
		if (!row)
			return -ENOENT;
	}
	if (!strcmp(verb, "run"))
		return row ? run_row(set, row) : run_set(set);
	if (!strcmp(verb, "open") && row)
		return open_row(set, row);
	return -EINVAL;
}

static int command(char *line)
{
	char *what = strim(line);
	char *verb = strsep(&what, " ");

	if (!what && !strcmp(verb, "go"))
		return opened ? bench_go(opened) : -EINVAL;
	if (!what && !strcmp(verb, "close"))
		return close_row();
	if (!what)
		return -EINVAL;
	if (!strcmp(verb, "label"))
		return strscpy(bench_label, what) < 0 ? -EINVAL : 0;
	return named_command(verb, what);
}

static int run_set_param(const char *val, const struct kernel_param *kp)
{
	char line[64];

	if (strscpy(line, val) < 0)
		return -EINVAL;
	guard(mutex)(&bench_mutex);
	return command(line);
}

static const struct kernel_param_ops run_ops = {
	.set = run_set_param,
};
module_param_cb(run, &run_ops, NULL, 0200);
MODULE_PARM_DESC(run, "command: label NAME, run SET[/ROW], open SET/ROW, go, close");

static int get_sets_param(char *buffer, const struct kernel_param *kp)
{
	unsigned int i;
	int len = 0;

	for (i = 0; i < ARRAY_SIZE(sets); i++)
		len += sysfs_emit_at(buffer, len, "%s\n", sets[i]->name);
	return len;
}

static const struct kernel_param_ops sets_ops = {
	.get = get_sets_param,
};
module_param_cb(sets, &sets_ops, NULL, 0400);
MODULE_PARM_DESC(sets, "names of the sets that this kernel has");

static int __init bench_init(void)
{
	int ret = IS_ENABLED(CONFIG_IOMMU_DMA) ? bench_device_join() : 0;

	return ret ?: iova_cache_get();
}

static void __exit bench_exit(void)
{
	if (opened)
		bench_close(opened);
	iova_cache_put();
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("Benchmark of IOVA allocation, DMA and IOMMU mapping");
MODULE_LICENSE("GPL");
