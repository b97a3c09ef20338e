// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ACPI table DMAR as bytes (specification, chapter 8).
 *
 * Knows what a structure must look like to be valid, and reports flaws of the
 * firmware. Nothing here touches hardware or takes a lock; only
 * dmar_copy_structure() allocates, and only dmar_firmware_bug() and
 * dmar_report_flaw() print. Whatever the bytes are, no walk reads outside them,
 * and each ends: a structure of invalid length ends the walk of the table, an
 * entry of a scope likewise that of the scope, and every other flaw is skipped.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <kunit/visibility.h>
#include <linux/array_size.h>
#include <linux/dmi.h>
#include <linux/overflow.h>
#include <linux/pci.h>
#include <linux/ratelimit.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "dmar-internal.h"

/* 2^N pages of registers; the bits above are reserved */
#define DMAR_DRHD_SIZE		GENMASK(3, 0)

/**
 * struct dmar_type - what there is to know of a type of structure
 * @name: as in the specification
 * @bytes: how long it is at least, its header included
 * @scoped: a device scope follows
 */
struct dmar_type {
	const char	*name;
	u16		bytes;
	bool		scoped;
};

static const struct dmar_type dmar_types[] = {
	[ACPI_DMAR_TYPE_HARDWARE_UNIT] = {
		"DRHD", sizeof(struct acpi_dmar_hardware_unit), true },
	[ACPI_DMAR_TYPE_RESERVED_MEMORY] = {
		"RMRR", sizeof(struct acpi_dmar_reserved_memory), true },
	[ACPI_DMAR_TYPE_ROOT_ATS] = {
		"ATSR", sizeof(struct acpi_dmar_atsr), true },
	[ACPI_DMAR_TYPE_HARDWARE_AFFINITY] = {
		"RHSA", sizeof(struct acpi_dmar_rhsa), false },
	[ACPI_DMAR_TYPE_NAMESPACE] = {
		"ANDD", offsetof(struct acpi_dmar_andd, device_name) + 1, false },
	[ACPI_DMAR_TYPE_SATC] = {
		"SATC", sizeof(struct acpi_dmar_satc), true },
	[DMAR_TYPE_SIDP] = {
		"SIDP", sizeof(struct acpi_dmar_header), false },
};

static const char * const dmar_flaw_texts[] = {
	[DMAR_FLAW_NONE]		= "nothing wrong",
	[DMAR_FLAW_TABLE_SHORT]		= "too short to be used",
	[DMAR_FLAW_TABLE_CUT]		= "longer than its memory; used as far as it goes",
	[DMAR_FLAW_CHECKSUM]		= "wrong checksum; used all the same",
	[DMAR_FLAW_WIDTH]		= "impossible host address width; not looked at",
	[DMAR_FLAW_LENGTH]		= "impossible length; what follows is lost",
	[DMAR_FLAW_PAST_END]		= "extends past the end; lost",
	[DMAR_FLAW_SHORT]		= "too short for its type; left out",
	[DMAR_FLAW_TYPE]		= "unknown type; left out",
	[DMAR_FLAW_BASE_ZERO]		= "registers at address 0; devices not translated",
	[DMAR_FLAW_BASE_ALIGN]		= "registers not page aligned; devices not translated",
	[DMAR_FLAW_BASE_WRAP]		= "registers past the last address; devices not translated",
	[DMAR_FLAW_RANGE]		= "memory ends before it starts; left out",
	[DMAR_FLAW_RANGE_ALIGN]		= "memory is not whole pages; widened",
	[DMAR_FLAW_NAME]		= "device name is empty or does not end; left out",
	[DMAR_FLAW_SCOPE_LENGTH]	= "scope entry of impossible length; rest of scope is lost",
	[DMAR_FLAW_SCOPE_PAST_END]	= "scope entry extends past the end; lost",
	[DMAR_FLAW_SCOPE_PATH]		= "scope entry with an impossible path; left out",
	[DMAR_FLAW_SCOPE_TYPE]		= "scope entry of unknown type; left out",
};

/**
 * dmar_flaw_text() - say what is wrong
 * @flaw: what
 *
 * Context: Any context.
 * Return: words that follow the name of the structure.
 */
const char *dmar_flaw_text(enum dmar_flaw flaw)
{
	return flaw < ARRAY_SIZE(dmar_flaw_texts) ? dmar_flaw_texts[flaw] : "?";
}
EXPORT_SYMBOL_IF_KUNIT(dmar_flaw_text);

/**
 * dmar_type_name() - name of a type of structure
 * @type: as in the header of the structure
 *
 * Context: Any context.
 * Return: four letters, or "structure" if the type is unknown.
 */
const char *dmar_type_name(u16 type)
{
	return type < ARRAY_SIZE(dmar_types) ? dmar_types[type].name : "structure";
}
EXPORT_SYMBOL_IF_KUNIT(dmar_type_name);

/**
 * dmar_firmware_bug() - report what firmware did wrong
 * @fmt: format of one line, without its end
 *
 * The first report also names the firmware. Ratelimited.
 *
 * Context: Any context.
 */
void dmar_firmware_bug(const char *fmt, ...)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL,
				      2 * DEFAULT_RATELIMIT_BURST);
	struct va_format format;
	va_list args;

	add_taint(TAINT_FIRMWARE_WORKAROUND, LOCKDEP_STILL_OK);
	if (!__ratelimit(&limit))
		return;

	va_start(args, fmt);
	format.fmt = fmt;
	format.va = &args;
	pr_warn(FW_BUG "%pV\n", &format);
	va_end(args);

	pr_warn_once("BIOS vendor: %s; Ver: %s; Product Version: %s\n",
		     dmi_get_system_info(DMI_BIOS_VENDOR),
		     dmi_get_system_info(DMI_BIOS_VERSION),
		     dmi_get_system_info(DMI_PRODUCT_VERSION));
}

/**
 * dmar_report_flaw() - report what is wrong with the table
 * @flaw: what
 * @at: structure that has it, or NULL
 * @offset: distance from the first structure in bytes
 * @arg: not used
 *
 * For struct dmar_handlers. An unknown type is no bug: it may be of a later
 * version of the specification.
 *
 * Context: Any context.
 */
void dmar_report_flaw(enum dmar_flaw flaw, const struct acpi_dmar_header *at,
		      size_t offset, void *arg)
{
	switch (flaw) {
	case DMAR_FLAW_TYPE:
		pr_info_once("structures of unknown type are left out, first is %u\n",
			     at->type);
		break;
	case DMAR_FLAW_SCOPE_TYPE:
		pr_info_once("device scope entries of unknown type are left out, first in %s at +0x%zx\n",
			     dmar_type_name(at->type), offset);
		break;
	case DMAR_FLAW_TABLE_SHORT:
	case DMAR_FLAW_TABLE_CUT:
	case DMAR_FLAW_CHECKSUM:
	case DMAR_FLAW_WIDTH:
		dmar_firmware_bug("table: %s", dmar_flaw_text(flaw));
		break;
	default:
		dmar_firmware_bug("%s at +0x%zx: %s",
				  at ? dmar_type_name(at->type) : "structure", offset,
				  dmar_flaw_text(flaw));
		break;
	}
}

/**
 * dmar_flaw_hides_unit() - tell whether a unit may be missing for a flaw
 * @flaw: what is wrong
 * @at: structure that has it, or NULL
 *
 * Units with registers where none can be are handed on as lost, and don't count.
 *
 * Context: Any context.
 * Return: true if the structure is a unit that is left out, or if what is behind
 * it is not looked at.
 */
bool dmar_flaw_hides_unit(enum dmar_flaw flaw, const struct acpi_dmar_header *at)
{
	switch (flaw) {
	case DMAR_FLAW_LENGTH:
	case DMAR_FLAW_PAST_END:
		return true;
	case DMAR_FLAW_SHORT:
		return at && at->type == ACPI_DMAR_TYPE_HARDWARE_UNIT;
	default:
		return false;
	}
}
EXPORT_SYMBOL_IF_KUNIT(dmar_flaw_hides_unit);

/**
 * dmar_register_bytes() - size of a unit's registers
 * @drhd: the unit
 *
 * Context: Any context.
 * Return: bytes, at least 4 KiB (specification 8.3).
 */
u64 dmar_register_bytes(const struct acpi_dmar_hardware_unit *drhd)
{
	return (u64)SZ_4K << (drhd->size & DMAR_DRHD_SIZE);
}
EXPORT_SYMBOL_IF_KUNIT(dmar_register_bytes);

/**
 * dmar_scope_start() - start to walk a device scope
 * @header: structure that was handed on by dmar_walk(), or a copy of it
 *
 * Context: Any context.
 * Return: a cursor for dmar_scope_next(); empty for types without a scope.
 */
struct dmar_scope_cursor dmar_scope_start(const struct acpi_dmar_header *header)
{
	struct dmar_scope_cursor cursor = {
		.pos = (const void *)header + header->length,
		.end = (const void *)header + header->length,
	};

	if (header->type < ARRAY_SIZE(dmar_types) && dmar_types[header->type].scoped)
		cursor.pos = (const void *)header + dmar_types[header->type].bytes;
	return cursor;
}
EXPORT_SYMBOL_IF_KUNIT(dmar_scope_start);

/**
 * dmar_scope_steps() - length of the path of a scope entry
 * @scope: the entry, from dmar_scope_next()
 *
 * Context: Any context.
 * Return: number of struct acpi_dmar_pci_path behind it, at least 1.
 */
unsigned int dmar_scope_steps(const struct acpi_dmar_device_scope *scope)
{
	return (scope->length - sizeof(*scope)) / sizeof(struct acpi_dmar_pci_path);
}
EXPORT_SYMBOL_IF_KUNIT(dmar_scope_steps);

static bool dmar_path_possible(const struct acpi_dmar_device_scope *scope)
{
	const struct acpi_dmar_pci_path *path = (const void *)(scope + 1);
	unsigned int i;

	/* I/O APICs and HPETs have source-ids that need not be of PCI functions */
	if (scope->entry_type != ACPI_DMAR_SCOPE_TYPE_ENDPOINT &&
	    scope->entry_type != ACPI_DMAR_SCOPE_TYPE_BRIDGE)
		return true;

	for (i = 0; i < dmar_scope_steps(scope); i++)
		if (path[i].device > PCI_SLOT(0xff) || path[i].function > PCI_FUNC(0xff))
			return false;
	return true;
}

static enum dmar_flaw dmar_check_entry(const struct dmar_scope_cursor *cursor)
{
	const struct acpi_dmar_device_scope *scope = cursor->pos;
	size_t left = cursor->end - cursor->pos;

	if (left < sizeof(*scope))
		return DMAR_FLAW_SCOPE_PAST_END;
	if (scope->length < sizeof(*scope))
		return DMAR_FLAW_SCOPE_LENGTH;
	if (scope->length > left)
		return DMAR_FLAW_SCOPE_PAST_END;
	if (scope->entry_type == ACPI_DMAR_SCOPE_TYPE_NOT_USED ||
	    scope->entry_type >= ACPI_DMAR_SCOPE_TYPE_RESERVED)
		return DMAR_FLAW_SCOPE_TYPE;
	if (!dmar_scope_steps(scope) ||
	    (scope->length - sizeof(*scope)) % sizeof(struct acpi_dmar_pci_path))
		return DMAR_FLAW_SCOPE_PATH;
	return dmar_path_possible(scope) ? DMAR_FLAW_NONE : DMAR_FLAW_SCOPE_PATH;
}

/* Whether it is known where the next entry is; the cursor is there then */
static bool dmar_scope_step(struct dmar_scope_cursor *cursor, enum dmar_flaw flaw)
{
	const struct acpi_dmar_device_scope *scope = cursor->pos;

	if (flaw == DMAR_FLAW_SCOPE_LENGTH || flaw == DMAR_FLAW_SCOPE_PAST_END) {
		cursor->pos = cursor->end;
		return false;
	}

	cursor->pos += scope->length;
	return true;
}

/**
 * dmar_scope_next() - next entry of a device scope that makes sense
 * @cursor: from dmar_scope_start(); moves behind the entry
 *
 * Context: Any context.
 * Return: the entry, with its whole path, or NULL at the end.
 */
const struct acpi_dmar_device_scope *dmar_scope_next(struct dmar_scope_cursor *cursor)
{
	while (cursor->pos < cursor->end) {
		const struct acpi_dmar_device_scope *scope = cursor->pos;
		enum dmar_flaw flaw = dmar_check_entry(cursor);

		if (!dmar_scope_step(cursor, flaw))
			break;
		if (flaw == DMAR_FLAW_NONE)
			return scope;
	}

	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(dmar_scope_next);

/* Registers (8.3) */
static enum dmar_flaw dmar_check_unit(const struct acpi_dmar_hardware_unit *drhd)
{
	u64 end;

	if (!drhd->address)
		return DMAR_FLAW_BASE_ZERO;
	if (!IS_ALIGNED(drhd->address, SZ_4K))
		return DMAR_FLAW_BASE_ALIGN;
	if (check_add_overflow(drhd->address, dmar_register_bytes(drhd), &end))
		return DMAR_FLAW_BASE_WRAP;
	return DMAR_FLAW_NONE;
}

/*
 * Reserved memory (8.4). The end is the last byte. What would be widened to all
 * addresses there are is no memory either.
 */
static enum dmar_flaw dmar_check_memory(const struct acpi_dmar_reserved_memory *rmrr)
{
	if (rmrr->end_address <= rmrr->base_address ||
	    rmrr->end_address >= ALIGN_DOWN(U64_MAX, SZ_4K))
		return DMAR_FLAW_RANGE;
	if (!IS_ALIGNED(rmrr->base_address, SZ_4K) ||
	    !IS_ALIGNED(rmrr->end_address + 1, SZ_4K))
		return DMAR_FLAW_RANGE_ALIGN;
	return DMAR_FLAW_NONE;
}

/* Name of a device that is not on PCI (8.7) */
static enum dmar_flaw dmar_check_name(const struct acpi_dmar_andd *andd)
{
	size_t space = andd->header.length - offsetof(struct acpi_dmar_andd, device_name);
	const char *name = (const char *)andd +
			   offsetof(struct acpi_dmar_andd, device_name);
	size_t length = strnlen(name, space);

	return length && length < space ? DMAR_FLAW_NONE : DMAR_FLAW_NAME;
}

/* Whether its length can be believed, which tells where the next one is */
static enum dmar_flaw dmar_check_length(const struct acpi_dmar_header *header,
					size_t left)
{
	if (left < sizeof(*header))
		return DMAR_FLAW_PAST_END;
	if (header->length < sizeof(*header))
		return DMAR_FLAW_LENGTH;
	return header->length > left ? DMAR_FLAW_PAST_END : DMAR_FLAW_NONE;
}

static enum dmar_flaw dmar_check_structure(const struct acpi_dmar_header *header)
{
	if (header->type >= ARRAY_SIZE(dmar_types))
		return DMAR_FLAW_TYPE;
	if (header->length < dmar_types[header->type].bytes)
		return DMAR_FLAW_SHORT;

	switch (header->type) {
	case ACPI_DMAR_TYPE_HARDWARE_UNIT:
		return dmar_check_unit((const void *)header);
	case ACPI_DMAR_TYPE_RESERVED_MEMORY:
		return dmar_check_memory((const void *)header);
	case ACPI_DMAR_TYPE_NAMESPACE:
		return dmar_check_name((const void *)header);
	default:
		return DMAR_FLAW_NONE;
	}
}

/* Call the handler of a structure's type. */
static int dmar_hand_on(const struct acpi_dmar_header *header,
			const struct dmar_handlers *handlers, bool lost, void *arg)
{
	const void *at = header;

	switch (header->type) {
	case ACPI_DMAR_TYPE_HARDWARE_UNIT:
		if (lost)
			return handlers->lost ? handlers->lost(at, arg) : 0;
		return handlers->drhd ? handlers->drhd(at, arg) : 0;
	case ACPI_DMAR_TYPE_RESERVED_MEMORY:
		return handlers->rmrr ? handlers->rmrr(at, arg) : 0;
	case ACPI_DMAR_TYPE_ROOT_ATS:
		return handlers->atsr ? handlers->atsr(at, arg) : 0;
	case ACPI_DMAR_TYPE_HARDWARE_AFFINITY:
		return handlers->rhsa ? handlers->rhsa(at, arg) : 0;
	case ACPI_DMAR_TYPE_NAMESPACE:
		return handlers->andd ? handlers->andd(at, arg) : 0;
	case ACPI_DMAR_TYPE_SATC:
		return handlers->satc ? handlers->satc(at, arg) : 0;
	default:
		return 0;
	}
}

/**
 * struct dmar_walk_state - a walk in progress
 * @start: first structure
 * @handlers: what to call
 * @arg: what they get
 */
struct dmar_walk_state {
	const void			*start;
	const struct dmar_handlers	*handlers;
	void				*arg;
};

static void dmar_tell(const struct dmar_walk_state *walk, enum dmar_flaw flaw,
		      const struct acpi_dmar_header *at)
{
	if (walk->handlers->flaw && flaw != DMAR_FLAW_NONE)
		walk->handlers->flaw(flaw, at, (const void *)at - walk->start, walk->arg);
}

static void dmar_tell_scope(const struct dmar_walk_state *walk,
			    const struct acpi_dmar_header *header)
{
	struct dmar_scope_cursor cursor = dmar_scope_start(header);

	while (walk->handlers->flaw && cursor.pos < cursor.end) {
		enum dmar_flaw flaw = dmar_check_entry(&cursor);

		dmar_tell(walk, flaw, header);
		if (!dmar_scope_step(&cursor, flaw))
			break;
	}
}

static int dmar_visit(const struct dmar_walk_state *walk,
		      const struct acpi_dmar_header *header)
{
	enum dmar_flaw flaw = dmar_check_structure(header);
	bool lost = false;

	dmar_tell(walk, flaw, header);
	switch (flaw) {
	case DMAR_FLAW_BASE_ZERO:
	case DMAR_FLAW_BASE_ALIGN:
	case DMAR_FLAW_BASE_WRAP:
		lost = true;
		break;
	case DMAR_FLAW_NONE:
	case DMAR_FLAW_RANGE_ALIGN:
		break;
	default:
		return 0;
	}

	dmar_tell_scope(walk, header);
	return dmar_hand_on(header, walk->handlers, lost, walk->arg);
}

/**
 * dmar_walk() - go through structures
 * @start: the first
 * @bytes: of all of them
 * @handlers: what to call for each
 * @arg: what the handlers get
 *
 * Context: That of the handlers.
 * Return: 0, or what a handler ended the walk with.
 */
int dmar_walk(const void *start, size_t bytes, const struct dmar_handlers *handlers,
	      void *arg)
{
	struct dmar_walk_state walk = {
		.start = start, .handlers = handlers, .arg = arg,
	};
	size_t offset = 0;

	while (offset < bytes) {
		const struct acpi_dmar_header *header = start + offset;
		enum dmar_flaw flaw = dmar_check_length(header, bytes - offset);
		int ret;

		if (flaw != DMAR_FLAW_NONE) {
			/* Too few bytes for a header */
			if (bytes - offset < sizeof(*header))
				header = NULL;
			if (handlers->flaw)
				handlers->flaw(flaw, header, offset, arg);
			break;
		}

		ret = dmar_visit(&walk, header);
		if (ret)
			return ret;
		offset += header->length;
	}

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(dmar_walk);

/**
 * dmar_walk_table() - go through the structures of the table
 * @table: the table; as much memory as its header says can be read
 * @handlers: what to call for each
 * @arg: what the handlers get
 *
 * Context: That of the handlers.
 * Return: 0, what a handler ended the walk with, or -EINVAL if the table is too short
 * for its header.
 */
int dmar_walk_table(const struct acpi_table_header *table,
		    const struct dmar_handlers *handlers, void *arg)
{
	const struct acpi_table_dmar *dmar = (const void *)table;

	if (table->length < sizeof(*dmar))
		return -EINVAL;
	return dmar_walk(dmar + 1, table->length - sizeof(*dmar), handlers, arg);
}
EXPORT_SYMBOL_IF_KUNIT(dmar_walk_table);

/**
 * struct dmar_check - a check in progress
 * @report: gets the flaws, or NULL
 * @arg: what it gets
 * @flaws: flaws so far
 */
struct dmar_check {
	const struct dmar_handlers	*report;
	void				*arg;
	int				flaws;
};

static void dmar_count_flaw(enum dmar_flaw flaw, const struct acpi_dmar_header *at,
			    size_t offset, void *arg)
{
	struct dmar_check *check = arg;

	check->flaws++;
	if (check->report && check->report->flaw)
		check->report->flaw(flaw, at, offset, check->arg);
}

static const struct dmar_handlers dmar_check_handlers = {
	.flaw = dmar_count_flaw,
};

/**
 * dmar_check_structures() - look for flaws
 * @start: first structure
 * @bytes: of all of them
 * @report: its @flaw is told of each; may be NULL
 * @arg: what it gets
 *
 * Context: That of the handler.
 * Return: number of flaws. A type that is unknown counts as one.
 */
int dmar_check_structures(const void *start, size_t bytes,
			  const struct dmar_handlers *report, void *arg)
{
	struct dmar_check check = { .report = report, .arg = arg };

	dmar_walk(start, bytes, &dmar_check_handlers, &check);
	return check.flaws;
}
EXPORT_SYMBOL_IF_KUNIT(dmar_check_structures);

/**
 * dmar_check_table() - look for flaws of the whole table
 * @table: the table
 * @size: bytes of it that can be read
 * @report: its @flaw is told of each; may be NULL
 * @arg: what it gets
 *
 * Context: That of the handler.
 * Return: number of flaws, or -EINVAL if the table can't be used at all.
 */
int dmar_check_table(const struct acpi_table_header *table, size_t size,
		     const struct dmar_handlers *report, void *arg)
{
	struct dmar_check check = { .report = report, .arg = arg };
	const struct acpi_table_dmar *dmar = (const void *)table;
	const u8 *bytes = (const void *)table;
	size_t length, i;
	u8 sum = 0;

	if (size < sizeof(*dmar) || table->length < sizeof(*dmar)) {
		dmar_count_flaw(DMAR_FLAW_TABLE_SHORT, NULL, 0, &check);
		return -EINVAL;
	}

	if (table->length > size)
		dmar_count_flaw(DMAR_FLAW_TABLE_CUT, NULL, 0, &check);
	length = min_t(size_t, table->length, size);

	for (i = 0; i < length; i++)
		sum += bytes[i];
	if (sum)
		dmar_count_flaw(DMAR_FLAW_CHECKSUM, NULL, 0, &check);
	if (dmar->width < PAGE_SHIFT - 1)
		dmar_count_flaw(DMAR_FLAW_WIDTH, NULL, 0, &check);

	dmar_walk(dmar + 1, length - sizeof(*dmar), &dmar_check_handlers, &check);
	return check.flaws;
}
EXPORT_SYMBOL_IF_KUNIT(dmar_check_table);

/**
 * dmar_same_structure() - tell whether two structures say the same
 * @a: one, handed on by dmar_walk() or a copy of such
 * @b: the other, likewise
 *
 * Entries of scopes that make no sense are not looked at.
 *
 * Context: Any context.
 * Return: true if they do.
 */
bool dmar_same_structure(const struct acpi_dmar_header *a,
			 const struct acpi_dmar_header *b)
{
	struct dmar_scope_cursor at_a = dmar_scope_start(a);
	struct dmar_scope_cursor at_b = dmar_scope_start(b);
	const struct acpi_dmar_device_scope *in_a, *in_b;

	if (a->type != b->type)
		return false;
	/* The bytes between header and scope */
	if (at_a.pos - (const void *)a != at_b.pos - (const void *)b ||
	    memcmp(a + 1, b + 1, at_a.pos - (const void *)(a + 1)))
		return false;

	do {
		in_a = dmar_scope_next(&at_a);
		in_b = dmar_scope_next(&at_b);
		if (!in_a || !in_b)
			return in_a == in_b;
	} while (in_a->length == in_b->length && !memcmp(in_a, in_b, in_a->length));

	return false;
}
EXPORT_SYMBOL_IF_KUNIT(dmar_same_structure);

/**
 * dmar_copy_structure() - copy a structure, less what makes no sense
 * @header: structure that was handed on by dmar_walk()
 *
 * The copy's length is that of what is left in it, so that its scope can also be
 * walked without further checks.
 *
 * Context: Process context, may sleep.
 * Return: the copy, to be freed by kfree(), or NULL without memory.
 */
struct acpi_dmar_header *dmar_copy_structure(const struct acpi_dmar_header *header)
{
	struct dmar_scope_cursor cursor = dmar_scope_start(header);
	size_t bytes = cursor.pos - (const void *)header;
	const struct acpi_dmar_device_scope *scope;
	struct acpi_dmar_header *copy;

	copy = kmalloc(header->length, GFP_KERNEL);
	if (!copy)
		return NULL;

	memcpy(copy, header, bytes);
	while ((scope = dmar_scope_next(&cursor))) {
		memcpy((void *)copy + bytes, scope, scope->length);
		bytes += scope->length;
	}
	copy->length = bytes;
	return copy;
}
EXPORT_SYMBOL_IF_KUNIT(dmar_copy_structure);
