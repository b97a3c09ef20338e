// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio_spapr_register DEVICE DEVICE: which memory powerpc's VFIO containers
 * register and unregister, and which they refuse to: whatever they refuse
 * leaves nothing pinned and nothing counted.
 */

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "vfio_spapr.h"

#define PAGES			512
#define REGION_BYTES		(PAGES * SYSTEM_PAGE)
#define BAD_PAGE		500
#define MEMORY_SLACK		(16 * (long)MIB)	/* page tables, what CPUs keep */

/* From here on nothing may be locked but these bytes more. */
static int limit_locked(size_t bytes)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	struct rlimit limit;

	limit.rlim_cur = locked_bytes() + bytes;
	limit.rlim_max = limit.rlim_cur;
	if (syscall(SYS_capget, &header, data))
		return fail("capget: %s", strerror(errno));
	data[0].effective &= ~(1u << CAP_IPC_LOCK);
	if (syscall(SYS_capset, &header, data) || setrlimit(RLIMIT_MEMLOCK, &limit))
		return fail("RLIMIT_MEMLOCK: %s", strerror(errno));
	return 0;
}

/* A refusal that has left nothing behind */
static int refuse(const char *what, struct edu *edu, void *memory, size_t bytes, long error)
{
	long locked = locked_bytes(), pinned = pinned_pages();

	return expect(what, spapr_register(edu, memory, bytes), error) ||
	       expect("bytes locked by a refusal", locked_bytes() - locked, 0) ||
	       expect_pinned("pages pinned by a refusal", pinned);
}

/* The range, a part of it, and then all of it again, since nothing was left behind */
static int test_bad_page(const char *what, struct edu *edu, uint8_t *memory)
{
	return refuse(what, edu, memory, REGION_BYTES, -EFAULT) ||
	       refuse(what, edu, memory + BAD_PAGE * SYSTEM_PAGE, SYSTEM_PAGE, -EFAULT);
}

static int bad_first_page(void)
{
	uint8_t *memory = get_memory(REGION_BYTES);
	struct edu edu;

	if (!memory || open_spapr(&edu, devices[0]))
		return -1;
	if (mprotect(memory, SYSTEM_PAGE, PROT_NONE))
		return fail("mprotect: %s", strerror(errno));
	if (refuse("a range without access", &edu, memory, REGION_BYTES, -EFAULT))
		return -1;
	if (mprotect(memory, SYSTEM_PAGE, PROT_READ))
		return fail("mprotect: %s", strerror(errno));
	if (refuse("a range that can't be written", &edu, memory, REGION_BYTES, -EFAULT))
		return -1;
	if (munmap(memory, SYSTEM_PAGE))
		return fail("munmap: %s", strerror(errno));
	if (refuse("a range with nothing there", &edu, memory, REGION_BYTES, -EFAULT))
		return -1;
	return close_spapr(&edu);
}

/* Whether a page after many good ones can't be pinned; with it mended, nothing is in the way. */
static int bad_later_page(void)
{
	uint8_t *memory = get_memory(REGION_BYTES), *bad = memory + BAD_PAGE * SYSTEM_PAGE;
	uint64_t start;
	struct edu edu;

	/* tables of windows count as well */
	if (!memory || open_spapr(&edu, devices[0]) ||
	    expect("VFIO_IOMMU_SPAPR_TCE_CREATE",
		   spapr_create_window(&edu, 16, 1ul << 30, 1, &start), 0) ||
	    limit_locked(REGION_BYTES))
		return -1;
	if (mprotect(bad, SYSTEM_PAGE, PROT_NONE))
		return fail("mprotect: %s", strerror(errno));
	if (test_bad_page("a page without access", &edu, memory))
		return -1;
	if (mprotect(bad, SYSTEM_PAGE, PROT_READ))
		return fail("mprotect: %s", strerror(errno));
	if (test_bad_page("a page that can't be written", &edu, memory))
		return -1;
	if (munmap(bad, SYSTEM_PAGE))
		return fail("munmap: %s", strerror(errno));
	if (test_bad_page("a hole", &edu, memory))
		return -1;
	if (mmap(bad, SYSTEM_PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != bad)
		return fail("mmap: %s", strerror(errno));
	if (expect("the range without a hole", spapr_register(&edu, memory, REGION_BYTES), 0) ||
	    expect("mapping", spapr_map(&edu, memory, start, REGION_BYTES), 0) ||
	    test_copy(&edu, bad, start + BAD_PAGE * SYSTEM_PAGE, 1))
		return -1;
	return close_spapr(&edu);
}

static long available_bytes(void)
{
	return proc_number("/proc/meminfo", "MemAvailable:") * 1024;
}

/* Memory that was registered, or refused, ten times over is free memory when it is unmapped. */
static int memory_comes_back(void)
{
	long available, now, pinned;
	uint8_t *memory;
	struct edu edu;

	if (open_spapr(&edu, devices[0]))
		return -1;
	available = available_bytes();
	pinned = pinned_pages();
	for (int i = 0; i < 10; i++) {
		memory = get_memory(REGION_BYTES);
		if (!memory || (i % 2 && munmap(memory, SYSTEM_PAGE)))
			return -1;
		if (i % 2 ? refuse("a hole", &edu, memory, REGION_BYTES, -EFAULT) :
		    expect("registration", spapr_register(&edu, memory, REGION_BYTES), 0) ||
		    expect("unregistration", spapr_unregister(&edu, memory, REGION_BYTES), 0) ||
		    expect_pinned("pages still pinned", pinned))
			return -1;
		munmap(memory, REGION_BYTES);
	}
	for (int i = 0; i < SETTLE_MS / 10; i++) {
		now = available_bytes();
		if (now >= available - MEMORY_SLACK)
			return close_spapr(&edu);
		pause_ms(10);
	}
	return fail("%ld KiB of memory are gone", (available - now) / 1024);
}

/* Unregistering what one or two containers map: refused until nobody does */
static int busy(void)
{
	uint8_t *memory = get_memory(4 * SYSTEM_PAGE);
	long locked = locked_bytes(), pinned = pinned_pages(), held;
	struct edu edu;

	if (!memory || open_spapr(&edu, devices[0]) ||
	    expect("registration", spapr_register(&edu, memory, 4 * SYSTEM_PAGE), 0) ||
	    expect("mapping", spapr_map(&edu, memory, 0, 4 * SYSTEM_PAGE), 0))
		return -1;
	held = locked_bytes();
	for (int i = 0; i < 2; i++) {
		if (expect("unregistration of mapped memory",
			   spapr_unregister(&edu, memory, 4 * SYSTEM_PAGE), -EBUSY) ||
		    expect("bytes locked after it", locked_bytes(), held) ||
		    test_copy(&edu, memory, 0, i))
			return -1;
	}
	/* one page that is mapped is enough, and none is not */
	if (expect("unmapping", spapr_unmap(&edu, 0, 3 * SYSTEM_PAGE), 0) ||
	    expect("unregistration with one page mapped",
		   spapr_unregister(&edu, memory, 4 * SYSTEM_PAGE), -EBUSY) ||
	    expect("unmapping", spapr_unmap(&edu, 3 * SYSTEM_PAGE, SYSTEM_PAGE), 0) ||
	    expect("unregistration", spapr_unregister(&edu, memory, 4 * SYSTEM_PAGE), 0) ||
	    expect("second unregistration",
		   spapr_unregister(&edu, memory, 4 * SYSTEM_PAGE), -ENOENT) ||
	    expect("mapping of what is no longer registered",
		   spapr_map(&edu, memory, 0, SYSTEM_PAGE), -EINVAL) ||
	    close_spapr(&edu) || expect("bytes still locked", locked_bytes(), locked))
		return -1;
	return expect_pinned("pages still pinned", pinned);
}

static int busy_elsewhere(void)
{
	uint8_t *memory = get_memory(4 * SYSTEM_PAGE);
	struct edu first, second;

	if (!memory || open_spapr(&first, devices[0]) || open_spapr(&second, devices[1]) ||
	    expect("registration", spapr_register(&first, memory, 4 * SYSTEM_PAGE), 0) ||
	    expect("registration", spapr_register(&second, memory, 4 * SYSTEM_PAGE), 0) ||
	    expect("mapping", spapr_map(&second, memory, 0, 4 * SYSTEM_PAGE), 0) ||
	    /* another one holds it still */
	    expect("unregistration", spapr_unregister(&second, memory, 4 * SYSTEM_PAGE), 0) ||
	    expect("unregistration of what another container maps",
		   spapr_unregister(&first, memory, 4 * SYSTEM_PAGE), -EBUSY) ||
	    test_copy(&second, memory, 0, 1) ||
	    expect("unmapping", spapr_unmap(&second, 0, 4 * SYSTEM_PAGE), 0) ||
	    expect("unregistration", spapr_unregister(&first, memory, 4 * SYSTEM_PAGE), 0) ||
	    close_spapr(&first))
		return -1;
	return close_spapr(&second);
}

/* A container that goes while another one maps what it alone had registered */
static int orphaned(void)
{
	uint8_t *memory = get_memory(4 * SYSTEM_PAGE), *own = get_memory(SYSTEM_PAGE);
	long locked = locked_bytes(), held;
	struct edu first, second;

	if (!memory || !own || open_spapr(&first, devices[0]) || open_spapr(&second, devices[1]) ||
	    expect("registration", spapr_register(&first, memory, 4 * SYSTEM_PAGE), 0) ||
	    expect("registration", spapr_register(&second, own, SYSTEM_PAGE), 0) ||
	    expect("mapping", spapr_map(&second, memory, 0, 4 * SYSTEM_PAGE), 0))
		return -1;
	held = locked_bytes();
	if (close_spapr(&first) || test_copy(&second, memory, 0, 1) ||
	    expect("bytes locked", locked_bytes(), held))
		return -1;
	if (!spapr_map(&second, memory, MIB, SYSTEM_PAGE))
		return fail("memory without a registration was mapped");
	if (refuse("what overlaps it", &second, memory, SYSTEM_PAGE, -EINVAL) ||
	    /* it can be had again, and given back only when it is not mapped */
	    expect("registration", spapr_register(&second, memory, 4 * SYSTEM_PAGE), 0) ||
	    expect("bytes locked again", locked_bytes(), held) ||
	    expect("unregistration",
		   spapr_unregister(&second, memory, 4 * SYSTEM_PAGE), -EBUSY) ||
	    expect("unmapping", spapr_unmap(&second, 0, 4 * SYSTEM_PAGE), 0) ||
	    expect("unregistration", spapr_unregister(&second, memory, 4 * SYSTEM_PAGE), 0) ||
	    close_spapr(&second))
		return -1;
	return expect("bytes still locked", locked_bytes(), locked);
}

/* A mapping in the place of another one ends that */
static int replaced(void)
{
	uint8_t *old = get_memory(SYSTEM_PAGE), *new = get_memory(SYSTEM_PAGE);
	struct edu edu;

	if (!old || !new || open_spapr(&edu, devices[0]) ||
	    expect("registration", spapr_register(&edu, old, SYSTEM_PAGE), 0) ||
	    expect("registration", spapr_register(&edu, new, SYSTEM_PAGE), 0) ||
	    expect("mapping", spapr_map(&edu, old, 0, SYSTEM_PAGE), 0) ||
	    expect("mapping in its place", spapr_map(&edu, new, 0, SYSTEM_PAGE), 0) ||
	    test_copy(&edu, new, 0, 1) ||
	    expect("unregistration", spapr_unregister(&edu, old, SYSTEM_PAGE), 0) ||
	    expect("unmapping", spapr_unmap(&edu, 0, SYSTEM_PAGE), 0) ||
	    expect("unregistration", spapr_unregister(&edu, new, SYSTEM_PAGE), 0))
		return -1;
	return close_spapr(&edu);
}

static int overlaps(void)
{
	uint8_t *memory = get_memory(8 * SYSTEM_PAGE), *middle = memory + 2 * SYSTEM_PAGE;
	long locked = locked_bytes();
	struct edu edu;

	if (!memory || open_spapr(&edu, devices[0]) ||
	    expect("registration", spapr_register(&edu, middle, 4 * SYSTEM_PAGE), 0) ||
	    refuse("the same again", &edu, middle, 4 * SYSTEM_PAGE, -EBUSY) ||
	    refuse("more", &edu, memory, 8 * SYSTEM_PAGE, -EINVAL) ||
	    refuse("less", &edu, middle + SYSTEM_PAGE, SYSTEM_PAGE, -EINVAL) ||
	    refuse("the same start", &edu, middle, SYSTEM_PAGE, -EINVAL) ||
	    refuse("its start", &edu, memory, 3 * SYSTEM_PAGE, -EINVAL) ||
	    refuse("its end", &edu, middle + 3 * SYSTEM_PAGE, 3 * SYSTEM_PAGE, -EINVAL) ||
	    expect("before it", spapr_register(&edu, memory, 2 * SYSTEM_PAGE), 0) ||
	    expect("after it", spapr_register(&edu, middle + 4 * SYSTEM_PAGE, SYSTEM_PAGE), 0) ||
	    expect("unregistration of a part",
		   spapr_unregister(&edu, middle, SYSTEM_PAGE), -ENOENT) ||
	    expect("unregistration", spapr_unregister(&edu, middle, 4 * SYSTEM_PAGE), 0) ||
	    expect("second unregistration",
		   spapr_unregister(&edu, middle, 4 * SYSTEM_PAGE), -ENOENT) ||
	    expect("bytes locked before and after it", locked_bytes() - locked, 3 * SYSTEM_PAGE) ||
	    expect("mapping across what is registered",
		   spapr_map(&edu, memory, 0, 3 * SYSTEM_PAGE), -EINVAL) ||
	    expect("unregistration", spapr_unregister(&edu, memory, 2 * SYSTEM_PAGE), 0) ||
	    close_spapr(&edu))
		return -1;
	return expect("bytes still locked", locked_bytes(), locked);
}

static int bad_arguments(void)
{
	uint8_t *memory = get_memory(2 * SYSTEM_PAGE);
	struct vfio_iommu_spapr_register_memory range = {
		.argsz = sizeof(range), .flags = 1, .vaddr = (uintptr_t)memory, .size = SYSTEM_PAGE,
	};
	struct edu edu;

	if (!memory || open_spapr(&edu, devices[0]) ||
	    refuse("half a page", &edu, memory, SYSTEM_PAGE / 2, -EINVAL) ||
	    refuse("an address in a page", &edu, memory + 4096, SYSTEM_PAGE, -EINVAL) ||
	    refuse("a range that wraps", &edu, (void *)-SYSTEM_PAGE, 2 * SYSTEM_PAGE, -EINVAL) ||
	    expect("a flag", spapr_ioctl(&edu, VFIO_IOMMU_SPAPR_REGISTER_MEMORY, &range), -EINVAL))
		return -1;
	range.flags = 0;
	range.argsz = sizeof(range) - 1;
	if (expect("short", spapr_ioctl(&edu, VFIO_IOMMU_SPAPR_REGISTER_MEMORY, &range), -EINVAL))
		return -1;
	if (spapr_register(&edu, memory, 0) >= 0)
		return fail("nothing was registered");
	if (spapr_register(&edu, (void *)0xc000000000000000, SYSTEM_PAGE) >= 0)
		return fail("memory of the kernel was registered");
	return close_spapr(&edu);
}

static int memlock(void)
{
	uint8_t *memory = get_memory(REGION_BYTES + SYSTEM_PAGE);
	struct edu first, second;

	if (!memory || open_spapr(&first, devices[0]) || open_spapr(&second, devices[1]) ||
	    limit_locked(REGION_BYTES) ||
	    refuse("a page too many", &first, memory, REGION_BYTES + SYSTEM_PAGE, -ENOMEM) ||
	    expect("all there is", spapr_register(&first, memory, REGION_BYTES), 0) ||
	    refuse("another page", &first, memory + REGION_BYTES, SYSTEM_PAGE, -ENOMEM) ||
	    expect("the same elsewhere", spapr_register(&second, memory, REGION_BYTES), 0) ||
	    close_spapr(&first) ||
	    refuse("another page", &second, memory + REGION_BYTES, SYSTEM_PAGE, -ENOMEM) ||
	    expect("unregistration", spapr_unregister(&second, memory, REGION_BYTES), 0) ||
	    expect("other memory", spapr_register(&second, memory + SYSTEM_PAGE, REGION_BYTES), 0))
		return -1;
	return close_spapr(&second);
}

/* A page of the window must not reach beyond a page of memory: 2 MiB needs huge ones. */
static int ordinary_pages(void)
{
	uint8_t *memory = get_memory(4 * MIB);
	uint64_t start;
	struct edu edu;
	long ret;

	if (!memory || open_spapr(&edu, devices[0]) ||
	    expect("VFIO_IOMMU_SPAPR_TCE_CREATE",
		   spapr_create_window(&edu, 21, 1ul << 30, 1, &start), 0) ||
	    expect("registration", spapr_register(&edu, memory, 4 * MIB), 0))
		return -1;
	ret = spapr_map(&edu, memory, start, 4 * MIB);
	if (ret != -EINVAL && ret != -EPERM)
		return fail("mapping of ordinary memory in pages of 2 MiB: %ld", ret);
	return expect("unregistration", spapr_unregister(&edu, memory, 4 * MIB), 0) ?
		-1 : close_spapr(&edu);
}

/* A container that is closed gives back all it had, unmapped or not. */
static int closed(void)
{
	uint8_t *memory = get_memory(REGION_BYTES);
	long locked = locked_bytes(), pinned = pinned_pages();
	struct edu edu;

	for (int i = 0; i < 3; i++) {
		if (!memory || open_spapr(&edu, devices[0]) ||
		    expect("registration", spapr_register(&edu, memory, REGION_BYTES), 0) ||
		    expect("mapping", i ? spapr_map(&edu, memory, 0, REGION_BYTES) : 0, 0) ||
		    close_spapr(&edu) ||
		    expect("bytes still locked", locked_bytes(), locked) ||
		    expect_pinned("pages still pinned", pinned))
			return -1;
	}
	return 0;
}

static const struct test tests[] = {
	{ "spapr-arguments", "what makes no sense is refused", bad_arguments },
	{ "spapr-first-page", "nothing is registered where nothing can be pinned", bad_first_page },
	{ "spapr-later-page", "all or nothing, also within a tight limit", bad_later_page },
	{ "spapr-overlap", "ranges do not overlap", overlaps },
	{ "spapr-busy", "what is mapped stays registered", busy },
	{ "spapr-busy-elsewhere", "also when another container maps it", busy_elsewhere },
	{ "spapr-orphan", "nor do devices lose it when its container goes", orphaned },
	{ "spapr-replace", "a mapping in the place of another", replaced },
	{ "spapr-memlock", "the limit is met exactly", memlock },
	{ "spapr-ordinary-pages", "no pages of 2 MiB but on huge pages", ordinary_pages },
	{ "spapr-close", "a close gives back everything", closed },
	{ "spapr-memory", "memory comes back", memory_comes_back },
	{ }
};

int main(int argc, char **argv)
{
	return run_tests(tests, argc, argv);
}
