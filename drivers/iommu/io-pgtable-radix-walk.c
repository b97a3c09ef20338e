// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which CPUs are walking tables, and waiting for their walks to end.
 *
 * Each CPU has a counter that is odd during a walk. io_radix_enter() and
 * io_radix_leave() alone change it, with interrupts off.
 */

#include <linux/cpumask.h>
#include <linux/processor.h>

#include "io-pgtable-radix-walk.h"

DEFINE_PER_CPU(unsigned int, io_radix_walks);

/**
 * io_radix_wait() - wait for the walks that are under way to end
 *
 * After it, no CPU walks a table that was removed before the call. A CPU that
 * comes online meanwhile begins no walk that could see such a table, and a CPU
 * can't go offline during a walk.
 *
 * Context: Any context but NMI, not within a walk.
 */
void io_radix_wait(void)
{
	unsigned int cpu, seen;

	lockdep_assert(!(this_cpu_read(io_radix_walks) & 1));
	/* Pairs with io_radix_enter(). Orders the removal before our reads. */
	smp_mb();
	for_each_online_cpu(cpu) {
		unsigned int *walks = per_cpu_ptr(&io_radix_walks, cpu);

		seen = READ_ONCE(*walks);
		if (seen & 1)
			smp_cond_load_acquire(walks, VAL != seen);
	}
	/* Order the walkers' reads before the tables are freed. */
	smp_mb();
}
