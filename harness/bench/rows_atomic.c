// SPDX-License-Identifier: GPL-2.0-only
/*
 * Atomic instructions per DMA mapping and unmapping, and how many of them are
 * on cache lines that another CPU's mappings change as well. Two CPUs do the
 * same one after the other; what both changed is shared.
 */

#include <linux/cpumask.h>
#include <linux/dma-mapping.h>
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/pci.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "bench_dma.h"
#include "step_x86.h"

/*
 * So many mappings are stepped through, one of so many. Stepping takes its time:
 * without the others in between timers would do all flushes.
 */
#define STEPPED 2048
#define STEP_EACH 101
#define WARM_UP 2000
#define CPUS 2

/**
 * struct atomic_cpu - one CPU's turn
 * @b: the row
 * @log: what it found
 */
struct atomic_cpu {
	struct bench	*b;
	struct step_log	log;
};

static int atomic_setup(struct bench *b)
{
	return cpu_online(1) ? dma_setup(b) : -ENODEV;
}

static int map_unmap(struct bench *b, struct step_log *log)
{
	size_t bytes = b->row->pages << PAGE_SHIFT;
	struct dma_work *work = b->priv;
	struct device *dev = &work->pdev->dev;
	unsigned long flags;
	dma_addr_t addr;

	local_irq_save(flags);
	if (log)
		step_begin(log);
	addr = dma_map_page(dev, work->page, 0, bytes, DMA_BIDIRECTIONAL);
	if (!dma_mapping_error(dev, addr))
		dma_unmap_page(dev, addr, bytes, DMA_BIDIRECTIONAL);
	if (log)
		step_end();
	local_irq_restore(flags);
	return dma_mapping_error(dev, addr);
}

static long do_turn(void *arg)
{
	struct atomic_cpu *cpu = arg;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < WARM_UP && !ret; i++)
		ret = map_unmap(cpu->b, NULL);
	for (i = 0; i < STEPPED * STEP_EACH && !ret; i++)
		ret = map_unmap(cpu->b, i % STEP_EACH ? NULL : &cpu->log);
	return ret;
}

static bool has_line(const struct step_log *log, unsigned long line)
{
	unsigned int i;

	for (i = 0; i < log->nr; i++) {
		if (log->places[i].line == line)
			return true;
	}
	return false;
}

static void report(struct bench *b, const struct step_log *log,
		   const struct step_log *other)
{
	unsigned long all = 0, shared = 0;
	unsigned int i;

	for (i = 0; i < log->nr; i++) {
		const struct step_place *place = &log->places[i];
		bool is_shared = has_line(other, place->line);

		all += place->count;
		shared += is_shared ? place->count : 0;
		pr_info("bench: atomic label=%s %s %lu at %pS\n", bench_label,
			is_shared ? "shared" : "own", place->count,
			(void *)place->ip);
	}
	bench_value(b, "all", all);
	bench_value(b, "shared", shared);
	bench_value(b, "instructions", log->instructions);
}

static int atomic_step(struct bench *b, unsigned int i)
{
	struct atomic_cpu *cpus = vcalloc(CPUS, sizeof(*cpus));
	unsigned int cpu;
	int ret = cpus ? step_init() : -ENOMEM;

	if (ret)
		goto free;
	for (cpu = 0; cpu < CPUS && !ret; cpu++) {
		cpus[cpu].b = b;
		ret = work_on_cpu(cpu, do_turn, &cpus[cpu]);
		if (!ret && cpus[cpu].log.lost)
			ret = -ENOSPC;
	}
	step_exit();
	if (!ret)
		report(b, &cpus[0].log, &cpus[1].log);
free:
	vfree(cpus);
	return ret;
}

static const struct bench_row atomic_rows[] = {
	{
		.name = "single_4k", .steps = 1, .pages = 1,
		.arg = &dma_layouts[DMA_BUFFER], .setup = atomic_setup,
		.step = atomic_step, .teardown = dma_teardown,
	},
};

const struct bench_set bench_set_atomic = {
	.name = "atomic", .rows = atomic_rows, .nr = ARRAY_SIZE(atomic_rows),
};
