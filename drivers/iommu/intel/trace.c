// SPDX-License-Identifier: GPL-2.0-only
/* The one place where the tracepoints of trace.h become code and data. */

#define CREATE_TRACE_POINTS
#include "trace.h"

/**
 * vtd_trace_submit() - trace the descriptors of a submission
 * @unit: unit that gets them
 * @descs: descriptors
 * @count: their number
 *
 * To be called only if trace_qi_submit_enabled().
 *
 * Context: Any context.
 */
void vtd_trace_submit(const struct intel_iommu *unit,
		      const struct vtd_desc *descs, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		trace_qi_submit(unit, &descs[i]);
}
