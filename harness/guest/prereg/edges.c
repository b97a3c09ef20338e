// SPDX-License-Identifier: GPL-2.0-only
/* Mappings of registered memory at places, and under settings, where they are cut into parts. */

#include <fcntl.h>
#include <unistd.h>

#include "prereg.h"

#define PARAMETER	"/sys/module/vfio_iommu_type1/parameters/disable_hugepages"
#define GIB_LINE	0x80000000ull

/* Contiguous memory on both sides of a multiple of 1 GiB, where an unmap goes on in a new call */
int test_gib_line(void)
{
	uint64_t iova = GIB_LINE - HUGE_BYTES / 2;
	uint8_t *mem = memory(HUGETLB, HUGE_BYTES);
	struct lab lab;
	int container;

	if (!mem || lab_open(&lab, 0))
		return -1;
	container = lab.edu.container;
	fill(mem + HUGE_BYTES / 2 - PAGE_BYTES, 1);
	fill(mem + HUGE_BYTES / 2, 2);
	if (expect("registering", reg(container, mem, HUGE_BYTES), 0))
		return -1;
	for (int round = 0; round < 3; round++) {
		if (expect("mapping", map(container, mem, iova, HUGE_BYTES, RW), 0) ||
		    device_sees(&lab, "below the line", GIB_LINE - PAGE_BYTES, 1) ||
		    device_sees(&lab, "above the line", GIB_LINE, 2) ||
		    expect("unmapping", unmap(container, iova, HUGE_BYTES), 0))
			return -1;
	}
	if (expect("unregistering", unreg(container, mem, HUGE_BYTES), 0))
		return -1;
	return lab_close(&lab);
}

static int write_parameter(const char *value)
{
	int fd = open(PARAMETER, O_WRONLY);
	int ret = fd < 0 || write(fd, value, 1) != 1;

	close(fd);
	return ret ? fail("could not write %s to %s", value, PARAMETER) : 0;
}

/* Page by page, though the memory is contiguous */
static int page_by_page(struct lab *lab, uint8_t *mem)
{
	int container = lab->edu.container;

	if (expect("registering", reg(container, mem, HUGE_BYTES), 0) ||
	    expect("mapping", map(container, mem, FIRST_IOVA, HUGE_BYTES, RW), 0) ||
	    device_sees(lab, "the first page", FIRST_IOVA, 1) ||
	    device_sees(lab, "the last page", FIRST_IOVA + HUGE_BYTES - PAGE_BYTES, 2) ||
	    expect("unmapping", unmap(container, FIRST_IOVA, HUGE_BYTES), 0))
		return -1;
	return expect("unregistering", unreg(container, mem, HUGE_BYTES), 0);
}

int test_small_entries(void)
{
	uint8_t *mem = memory(HUGETLB, HUGE_BYTES);
	struct lab lab;
	int ret;

	if (!mem || lab_open(&lab, 0) || write_parameter("1"))
		return -1;
	fill(mem, 1);
	fill(mem + HUGE_BYTES - PAGE_BYTES, 2);
	ret = page_by_page(&lab, mem);
	if (write_parameter("0") || ret)
		return -1;
	return lab_close(&lab);
}
