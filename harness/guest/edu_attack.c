// SPDX-License-Identifier: GPL-2.0-only
/*
 * edu_attack DEVICE OTHER-ADDRESS OTHER-MSI OTHER-IRQ: lets the edu device reach
 * for what is not its own, and looks whether it got there, and whether that was
 * reported, once, and counted.
 *
 * OTHER-ADDRESS is mapped for another device, OTHER-MSI is an address that
 * device writes to for an interrupt, whose line in /proc/interrupts ends with
 * OTHER-IRQ. The device must be bound to vfio-pci, and idle.
 *
 * Whether the emulated unit lets something pass that a real one blocks can't be
 * told from outside; such a row is skipped when it passes, with the reason.
 */

#define _GNU_SOURCE
#include "vfio_edu.h"

#define PAGE		4096
#define BUFFER_IOVA	0x1000000ull	/* two pages, always mapped both ways */
#define OTHER_IOVA	0x2000000ull	/* what a test maps */
#define NOWHERE_IOVA	0x7000000ull
#define RW		(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

#define SECRET		0x5e
#define MARK		0x3c

/* the kernel tells of three faults in 5 s at most */
#define REPORTS_APART_MS	1700
#define REPORT_MS		1500

#define CAP_ZLR		0x400000ull

/* an interrupt request in the remapped format */
#define MSI_BASE	0xfee00000ull
#define MSI_REMAPPED	0x10ull
#define ABSENT_HANDLE	0x7ff0ull
#define UNUSED_VECTOR	0x5a

static const char *fault_stats = "/sys/kernel/debug/iommu/intel/dmar0/stats";
static int log_fd;
static int failures;

static void pass(const char *name, const char *what)
{
	printf("PASS attack-%s: %s\n", name, what);
}

static void bad(const char *name, const char *why)
{
	printf("FAIL attack-%s: %s\n", name, why);
	failures++;
}

/* What the kernel has logged since the last call, or within @ms, that has both words */
static int logged(const char *one, const char *other, int ms)
{
	struct pollfd wait = { .fd = log_fd, .events = POLLIN };
	char line[2048];
	int found = 0;
	ssize_t size;

	while (poll(&wait, 1, ms) == 1) {
		size = read(log_fd, line, sizeof(line) - 1);
		if (size <= 0)
			continue;
		line[size] = '\0';
		if (strstr(line, one) && strstr(line, other)) {
			found++;
			ms = 200;	/* a second report would follow soon */
		}
	}
	return found;
}

static void forget_log(void)
{
	lseek(log_fd, 0, SEEK_END);
}

/* Faults of all reasons, of which each has a line, or -1 when nothing is counted */
static long long faults_counted(void)
{
	FILE *stats = fopen(fault_stats, "r");
	unsigned int reason, count;
	long long sum = 0;
	char line[256];

	if (!stats)
		return -1;
	while (fgets(line, sizeof(line), stats))
		if (sscanf(line, "fault 0x%x %u ", &reason, &count) == 2)
			sum += count;
	fclose(stats);
	return sum;
}

static uint64_t physical(const void *memory)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	if (fd >= 0 && pread(fd, &entry, 8, (uintptr_t)memory / PAGE * 8) != 8)
		entry = 0;
	close(fd);
	return (entry & ((1ull << 55) - 1)) * PAGE;
}

static uint8_t *page_of(uint8_t pattern, size_t bytes)
{
	uint8_t *page = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (page == MAP_FAILED || mlock(page, bytes)) {
		perror("memory");
		exit(2);
	}
	memset(page, pattern, bytes);
	return page;
}

static bool all(const uint8_t *memory, uint8_t pattern, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (memory[i] != pattern)
			return false;
	}
	return true;
}

/*
 * Has the device write to, or read from, @address; @memory is what it may not
 * change there, if that is ours. Judges by the memory, the log and the count.
 */
static void attack(struct edu *edu, const char *name, uint64_t address, bool write,
		   const uint8_t *memory)
{
	uint8_t before = memory ? memory[0] : 0;
	long long counted = faults_counted();
	char where[64], text[160];
	int reports;

	snprintf(where, sizeof(where), "fault addr %#llx ", (unsigned long long)address);
	forget_log();
	if (write ? edu_store(edu, address, 64) : edu_load(edu, address, 64)) {
		failures++;
		return;
	}
	reports = logged(where, write ? "DMA Write" : "DMA Read", REPORT_MS);
	snprintf(text, sizeof(text), "%s at %#llx", write ? "write" : "read",
		 (unsigned long long)address);
	if (memory && !all(memory, before, 64))
		bad(name, "memory was written to");
	else if (reports != 1)
		bad(name, reports ? "reported more than once" : "not reported");
	else if (counted >= 0 && faults_counted() <= counted)
		bad(name, "not counted");
	else
		pass(name, strcat(text, counted < 0 ? ", reported" : ", reported, counted"));
	pause_ms(REPORTS_APART_MS);
}

/* Without an owner: the device is in its default domain, where nothing is mapped for it. */
static void attack_raw(const char *name, uint64_t other)
{
	struct edu edu = { .name = name };
	uint8_t *page = page_of(MARK, PAGE);
	uint64_t phys = physical(page);

	if (edu_open_raw(&edu)) {
		failures++;
		return;
	}
	if (!phys)
		bad("raw-physical", "no physical address");
	attack(&edu, "raw-physical-write", phys, true, page);
	attack(&edu, "raw-physical-read", phys, false, page);
	attack(&edu, "raw-unmapped", NOWHERE_IOVA, true, NULL);
	attack(&edu, "raw-other-device", other, true, NULL);
	munmap(edu.regs, edu.regs_bytes);
	munmap(page, PAGE);
}

/* What the device has in its own memory comes into the second page of the buffer. */
static bool device_has(struct edu *edu, uint8_t *buffer, uint8_t pattern)
{
	memset(buffer + PAGE, 0, PAGE);
	return !edu_store(edu, BUFFER_IOVA + PAGE, 64) && all(buffer + PAGE, pattern, 64);
}

static void load_mark(struct edu *edu, uint8_t *buffer, uint8_t pattern)
{
	memset(buffer, pattern, PAGE);
	if (edu_load(edu, BUFFER_IOVA, 64))
		failures++;
}

static bool unit_has_zlr(void)
{
	FILE *file = fopen("/sys/class/iommu/dmar0/intel-iommu/cap", "r");
	unsigned long long cap = 0;

	if (file && fscanf(file, "%llx", &cap) != 1)
		cap = 0;
	if (file)
		fclose(file);
	return cap & CAP_ZLR;
}

static void attack_read(struct edu *edu, uint8_t *buffer, const char *name, uint64_t address,
			const uint8_t *memory)
{
	load_mark(edu, buffer, MARK);
	attack(edu, name, address, false, memory);
	if (device_has(edu, buffer, SECRET))
		bad(name, "the device has read it");
}

/* What is read-only is in the unit's cache now: QEMU's blocks the write, and tells nobody. */
static void attack_cached(struct edu *edu, uint8_t *buffer, const uint8_t *page)
{
	if (edu_load(edu, OTHER_IOVA, 64) || !device_has(edu, buffer, SECRET))
		bad("read-only-cached", "not readable");
	load_mark(edu, buffer, MARK);
	if (edu_store(edu, OTHER_IOVA, 64) || !all(page, SECRET, 64))
		bad("read-only-cached", "memory was written to");
	else
		pass("read-only-cached", "readable, and not written to");
	pause_ms(REPORTS_APART_MS);
}

static void attack_permissions(struct edu *edu, uint8_t *buffer)
{
	uint8_t *page = page_of(SECRET, PAGE);
	uint64_t phys = physical(page);

	attack(edu, "unmapped-write", NOWHERE_IOVA, true, NULL);
	attack(edu, "unmapped-read", NOWHERE_IOVA, false, NULL);
	attack(edu, "physical-write", phys, true, page);
	attack_read(edu, buffer, "physical-read", phys, page);

	/* used, so that the unit has it in its cache, and then unmapped */
	load_mark(edu, buffer, MARK);
	if (edu_map(edu, page, OTHER_IOVA, PAGE, RW) || edu_store(edu, OTHER_IOVA, 64) ||
	    !all(page, MARK, 64))
		bad("unmapped-after-use", "did not work while it was mapped");
	if (edu_unmap(edu, OTHER_IOVA, PAGE))
		failures++;
	memset(page, SECRET, PAGE);
	attack(edu, "unmapped-after-use", OTHER_IOVA, true, page);
	attack_read(edu, buffer, "unmapped-after-use-read", OTHER_IOVA, page);

	if (edu_map(edu, page, OTHER_IOVA, PAGE, VFIO_DMA_MAP_FLAG_READ))
		bad("read-only", "not mapped");
	load_mark(edu, buffer, MARK);
	attack(edu, "read-only-write", OTHER_IOVA, true, page);
	attack_cached(edu, buffer, page);
	edu_unmap(edu, OTHER_IOVA, PAGE);

	if (edu_map(edu, page, OTHER_IOVA, PAGE, VFIO_DMA_MAP_FLAG_WRITE))
		bad("write-only", "not mapped");
	if (unit_has_zlr())
		attack_read(edu, buffer, "write-only-read", OTHER_IOVA, page);
	else
		printf("SKIP attack-write-only-read: %s\n",
		       "without CAP.ZLR what is writeable has to be readable");
	edu_unmap(edu, OTHER_IOVA, PAGE);
	munmap(page, PAGE);
}

/* How often the interrupt came whose line ends with @name, over all CPUs */
static long long irq_count(const char *name)
{
	FILE *file = fopen("/proc/interrupts", "r");
	long long sum = 0;
	char line[4096], *at, *end;

	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		at = strchr(line, ':');
		if (!at || strlen(line) < strlen(name) ||
		    strcmp(line + strlen(line) - strlen(name), name))
			continue;
		for (at++;; at = end) {
			long long count = strtoll(at, &end, 10);

			if (end == at)
				break;
			sum += count;
		}
	}
	if (file)
		fclose(file);
	return sum;
}

/* Has the device write four bytes of @data to @address, as an MSI does. */
static void forge(struct edu *edu, uint8_t *buffer, uint64_t address, uint32_t data)
{
	memcpy(buffer, &data, sizeof(data));
	forget_log();
	if (edu_load(edu, BUFFER_IOVA, sizeof(data)) || edu_store(edu, address, sizeof(data)))
		failures++;
}

/* A request that must not be delivered; @skip: why the emulated unit may let it pass. */
static void attack_interrupt(struct edu *edu, uint8_t *buffer, const char *name,
			     uint64_t address, uint32_t data, const char *irq, const char *skip)
{
	long long before = irq_count(irq);
	char text[80];
	bool arrived;

	forge(edu, buffer, address, data);
	arrived = edu_wait_interrupt(edu, 500) || logged("No irq handler for", "", 100) ||
		  irq_count(irq) != before;
	snprintf(text, sizeof(text), "request to %#llx raised nothing",
		 (unsigned long long)address);
	if (!arrived)
		pass(name, text);
	else if (skip)
		printf("SKIP attack-%s: the emulated unit %s\n", name, skip);
	else
		bad(name, "an interrupt was raised");
}

static void attack_interrupts(struct edu *edu, uint8_t *buffer, uint64_t other_msi,
			      const char *other_irq)
{
	uint64_t own;

	if (edu_set_msi(edu, true)) {
		failures++;
		return;
	}
	own = edu_msi_address(edu);
	/* shows that these tests would see a request that is delivered */
	forge(edu, buffer, own, 0);
	if (edu_wait_interrupt(edu, 2000) == 1)
		pass("interrupt-control", "a write to the device's own MSI address is heard");
	else
		bad("interrupt-control", "a write to the device's own MSI address is not heard");
	if (!(own & MSI_REMAPPED))
		bad("interrupt-format", "the device's MSI is not in the remapped format");
	attack_interrupt(edu, buffer, "interrupt-no-entry",
			 MSI_BASE | ABSENT_HANDLE << 5 | MSI_REMAPPED, 0, other_irq, NULL);
	attack_interrupt(edu, buffer, "interrupt-of-other", other_msi, 0, other_irq,
			 "does not know where a device's own writes come from");
	attack_interrupt(edu, buffer, "interrupt-compatible", MSI_BASE, UNUSED_VECTOR, other_irq,
			 "lets requests in compatibility format pass");
	if (edu_set_msi(edu, false))
		failures++;
}

int main(int argc, char **argv)
{
	uint8_t *buffer = page_of(0, 2 * PAGE);
	struct edu edu = { .name = argv[1] };
	uint64_t other;

	if (argc != 5)
		return 2;
	setlinebuf(stdout);
	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	other = strtoull(argv[2], NULL, 0) & ~0xfffull;
	attack_raw(argv[1], other);
	if (edu_open_type1(&edu) || edu_enable_bus_master(&edu) ||
	    edu_map(&edu, buffer, BUFFER_IOVA, 2 * PAGE, RW))
		return 1;
	attack_permissions(&edu, buffer);
	attack(&edu, "other-device", other, true, NULL);
	attack_interrupts(&edu, buffer, strtoull(argv[3], NULL, 0), argv[4]);
	if (faults_counted() < 0)
		printf("SKIP attack-counted: no %s\n", fault_stats);
	return !!failures || edu_close(&edu);
}
