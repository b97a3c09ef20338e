// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio_edu DEVICE FIRST LAST: drives the edu device from user space, through
 * VFIO's type 1 IOMMU: DMA into and out of memory that it maps, and an MSI
 * that must arrive through an address from FIRST to LAST.
 *
 * Does all of it twice, each time with a container of its own.
 */

#include "vfio_edu.h"

#define BUFFER_BYTES		8192	/* two pages, one to send from and one to receive in */
#define BUFFER_IOVA		0x1000000
#define INTERRUPTS		5

static int test_dma(struct edu *edu, uint8_t *there, unsigned int round)
{
	uint8_t *back = there + BUFFER_BYTES / 2;

	for (unsigned int i = 0; i < EDU_MEMORY_BYTES; i++)
		there[i] = i * 13 + (i >> 8) + round;
	if (edu_load(edu, BUFFER_IOVA, EDU_MEMORY_BYTES) ||
	    edu_store(edu, BUFFER_IOVA + BUFFER_BYTES / 2, EDU_MEMORY_BYTES))
		return -1;
	if (memcmp(there, back, EDU_MEMORY_BYTES)) {
		errno = EILSEQ;
		return edu_fail("what came back");
	}
	return 0;
}

static int test_doorbell(struct edu *edu, uint64_t first, uint64_t last)
{
	uint64_t address = edu_msi_address(edu);

	printf("  MSI to %#llx\n", (unsigned long long)address);
	if (address < first || address > last) {
		errno = ERANGE;
		return edu_fail("address of the MSI");
	}
	return 0;
}

static int test_round(struct edu *edu, unsigned int round, uint64_t first, uint64_t last)
{
	uint8_t *buffer = mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (buffer == MAP_FAILED)
		return edu_fail("mmap");
	if (edu_open_type1(edu) || edu_enable_bus_master(edu) ||
	    edu_map(edu, buffer, BUFFER_IOVA, BUFFER_BYTES,
		    VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE) ||
	    test_dma(edu, buffer, round))
		return -1;
	/* enabled twice: the second time the doorbell is mapped already */
	for (int i = 0; i < 2; i++) {
		if (edu_set_msi(edu, true) || test_doorbell(edu, first, last))
			return -1;
		for (int j = 0; j < INTERRUPTS; j++) {
			if (edu_test_interrupt(edu))
				return -1;
		}
		if (edu_set_msi(edu, false))
			return -1;
	}
	return munmap(buffer, BUFFER_BYTES) ? edu_fail("munmap") : edu_close(edu);
}

int main(int argc, char **argv)
{
	struct edu edu = { .name = argv[1] };

	if (argc != 4)
		return 2;
	for (unsigned int round = 0; round < 2; round++) {
		if (test_round(&edu, round, strtoull(argv[2], NULL, 0), strtoull(argv[3], NULL, 0)))
			return 1;
	}
	printf("PASS vfio: %d bytes there and back, %d interrupts, twice\n", EDU_MEMORY_BYTES,
	       2 * INTERRUPTS);
	return 0;
}
