// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which CPUs are walking tables, and waiting for them.
 */

#include <linux/cpumask.h>
#include <linux/processor.h>

#include "io-pgtable-radix-walk.h"

DEFINE_PER_CPU(unsigned int, io_radix_walks);

/**
 * io_radix_wait() - wait for walks that may have seen entries as they were
 *
 * A CPU that comes up meanwhile has not, and one in a walk can't go down.
 *
 * Context: Any context but NMI, not within a walk.
 */
void io_radix_wait(void)
{
	unsigned int cpu, seen;

	smp_mb();	/* pairs with the one in io_radix_enter() */
	for_each_online_cpu(cpu) {
		unsigned int *walks = per_cpu_ptr(&io_radix_walks, cpu);

		seen = READ_ONCE(*walks);
		if (seen & 1)
			smp_cond_load_acquire(walks, VAL != seen);
	}
	smp_mb();	/* what they read comes before what becomes of it */
}
