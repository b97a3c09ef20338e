/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the files dmar-*.c, dmar.c and rmrr.c: the ACPI table DMAR, checking it,
 * walking it, and the devices that it names.
 *
 * What is declared for dmar-table.c needs neither hardware nor locks, and works
 * on any bytes.
 */

#ifndef _VTD_DMAR_INTERNAL_H
#define _VTD_DMAR_INTERNAL_H

#include <linux/acpi.h>
#include <linux/dmar.h>
#include <linux/types.h>

/* SoC Integrated Device Property (specification 8.9): nothing to do here */
#define DMAR_TYPE_SIDP		6

/**
 * enum dmar_flaw - what can be wrong with the table
 * @DMAR_FLAW_NONE: nothing
 * @DMAR_FLAW_TABLE_SHORT: table is too short for its own header; not usable
 * @DMAR_FLAW_TABLE_CUT: table says that it is longer than it is
 * @DMAR_FLAW_CHECKSUM: its bytes don't add up to 0
 * @DMAR_FLAW_WIDTH: host addresses are narrower than a page
 * @DMAR_FLAW_LENGTH: structure shorter than its header; the walk ends
 * @DMAR_FLAW_PAST_END: structure longer than what is left; the walk ends
 * @DMAR_FLAW_SHORT: structure too short for its type; left out
 * @DMAR_FLAW_TYPE: structure of unknown type; left out
 * @DMAR_FLAW_BASE_ZERO: registers of a unit at 0; the unit is lost
 * @DMAR_FLAW_BASE_ALIGN: registers not at a multiple of 4 KiB; likewise
 * @DMAR_FLAW_BASE_WRAP: registers beyond the last address; likewise
 * @DMAR_FLAW_RANGE: reserved memory ends before it starts; left out
 * @DMAR_FLAW_RANGE_ALIGN: reserved memory is not whole pages; it is widened
 * @DMAR_FLAW_NAME: name of a device is empty or does not end; left out
 * @DMAR_FLAW_SCOPE_LENGTH: entry of a scope shorter than its header; this and
 *	those behind it are left out
 * @DMAR_FLAW_SCOPE_PAST_END: entry of a scope longer than the structure; likewise
 * @DMAR_FLAW_SCOPE_PATH: no path, half a step, or a device that can't be; the
 *	entry is left out
 * @DMAR_FLAW_SCOPE_TYPE: entry of unknown type; left out
 */
enum dmar_flaw {
	DMAR_FLAW_NONE,
	DMAR_FLAW_TABLE_SHORT,
	DMAR_FLAW_TABLE_CUT,
	DMAR_FLAW_CHECKSUM,
	DMAR_FLAW_WIDTH,
	DMAR_FLAW_LENGTH,
	DMAR_FLAW_PAST_END,
	DMAR_FLAW_SHORT,
	DMAR_FLAW_TYPE,
	DMAR_FLAW_BASE_ZERO,
	DMAR_FLAW_BASE_ALIGN,
	DMAR_FLAW_BASE_WRAP,
	DMAR_FLAW_RANGE,
	DMAR_FLAW_RANGE_ALIGN,
	DMAR_FLAW_NAME,
	DMAR_FLAW_SCOPE_LENGTH,
	DMAR_FLAW_SCOPE_PAST_END,
	DMAR_FLAW_SCOPE_PATH,
	DMAR_FLAW_SCOPE_TYPE,
};

/**
 * struct dmar_handlers - what a walk calls
 * @drhd: for a unit
 * @lost: for a unit whose registers can't be where it says; its devices are
 *	not behind another unit
 * @rmrr: for reserved memory
 * @atsr: for root ports that let ATS through
 * @rhsa: for the NUMA node of a unit
 * @andd: for the name of a device that is not on PCI
 * @satc: for integrated devices that cache translations
 * @flaw: for what is wrong; @at is the structure, NULL for the table itself, and
 *	@offset its distance from the first structure in bytes. A structure that
 *	is used in spite of it is handed on afterwards.
 *
 * All may be NULL. Those that return something end the walk by returning other
 * than 0. A structure that is handed on is as long as its type needs; entries of
 * scopes have to be read by dmar_scope_next().
 */
struct dmar_handlers {
	int (*drhd)(const struct acpi_dmar_hardware_unit *drhd, void *arg);
	int (*lost)(const struct acpi_dmar_hardware_unit *drhd, void *arg);
	int (*rmrr)(const struct acpi_dmar_reserved_memory *rmrr, void *arg);
	int (*atsr)(const struct acpi_dmar_atsr *atsr, void *arg);
	int (*rhsa)(const struct acpi_dmar_rhsa *rhsa, void *arg);
	int (*andd)(const struct acpi_dmar_andd *andd, void *arg);
	int (*satc)(const struct acpi_dmar_satc *satc, void *arg);
	void (*flaw)(enum dmar_flaw flaw, const struct acpi_dmar_header *at,
		     size_t offset, void *arg);
};

/**
 * struct dmar_scope_cursor - where in a scope a walk is
 * @pos: next entry
 * @end: behind the last byte
 */
struct dmar_scope_cursor {
	const void *pos;
	const void *end;
};

/* dmar-table.c */
const char *dmar_flaw_text(enum dmar_flaw flaw);
const char *dmar_type_name(u16 type);
bool dmar_flaw_hides_unit(enum dmar_flaw flaw, const struct acpi_dmar_header *at);
__printf(1, 2) void dmar_firmware_bug(const char *fmt, ...);
void dmar_report_flaw(enum dmar_flaw flaw, const struct acpi_dmar_header *at,
		      size_t offset, void *arg);
int dmar_walk(const void *start, size_t bytes, const struct dmar_handlers *handlers,
	      void *arg);
int dmar_walk_table(const struct acpi_table_header *table,
		    const struct dmar_handlers *handlers, void *arg);
int dmar_check_structures(const void *start, size_t bytes,
			  const struct dmar_handlers *report, void *arg);
int dmar_check_table(const struct acpi_table_header *table, size_t size,
		     const struct dmar_handlers *report, void *arg);
u64 dmar_register_bytes(const struct acpi_dmar_hardware_unit *drhd);
struct dmar_scope_cursor dmar_scope_start(const struct acpi_dmar_header *header);
const struct acpi_dmar_device_scope *dmar_scope_next(struct dmar_scope_cursor *cursor);
unsigned int dmar_scope_steps(const struct acpi_dmar_device_scope *scope);
bool dmar_same_structure(const struct acpi_dmar_header *a,
			 const struct acpi_dmar_header *b);
struct acpi_dmar_header *dmar_copy_structure(const struct acpi_dmar_header *header);

/* dmar-scope.c */
int dmar_scope_alloc(const struct acpi_dmar_header *header,
		     struct dmar_dev_scope **slots, int *count);
void dmar_scope_free(struct dmar_dev_scope *slots, int count);
bool dmar_scope_take(struct dmar_dev_scope *slots, int count, struct device *dev,
		     u8 bus, u8 devfn);
bool dmar_scope_insert(const struct dmar_pci_notify_info *info,
		       const struct acpi_dmar_header *header, u16 segment,
		       struct dmar_dev_scope *slots, int count);
bool dmar_scope_remove(const struct dmar_pci_notify_info *info, u16 segment,
		       struct dmar_dev_scope *slots, int count);
bool dmar_scope_covers(struct dmar_dev_scope *slots, int count,
		       const struct pci_dev *dev);

/* dmar-units.c */
extern struct list_head dmar_lost_units;

struct dmar_drhd_unit *dmar_find_unit(u16 segment, u64 base);
void dmar_unit_link(struct dmar_drhd_unit *unit);
void dmar_unit_unlink(struct dmar_drhd_unit *unit);

/* rmrr.c */
int vtd_rmrr_add(const struct acpi_dmar_reserved_memory *rmrr, void *arg);
int vtd_atsr_add(const struct acpi_dmar_atsr *atsr, void *arg);
int vtd_atsr_busy(const struct acpi_dmar_atsr *atsr, void *arg);
int vtd_atsr_remove(const struct acpi_dmar_atsr *atsr, void *arg);
int vtd_satc_add(const struct acpi_dmar_satc *satc, void *arg);
int vtd_satc_remove(const struct acpi_dmar_satc *satc, void *arg);
void vtd_reserved_notify(const struct dmar_pci_notify_info *info);

/* dmar.c */
extern bool dmar_units_lost;
/* DMA remapping is on; init.c sets it once, under dmar_global_lock */
extern bool vtd_enabled;

bool dmar_registers_possible(const struct acpi_dmar_hardware_unit *drhd);
bool dmar_registers_answer(u64 address, void __iomem *base);
int dmar_unit_add(const struct acpi_dmar_hardware_unit *drhd);
void dmar_unit_free(struct dmar_drhd_unit *unit);
int dmar_set_node(const struct acpi_dmar_rhsa *rhsa, void *arg);
bool dmar_in_use(void);

#endif /* _VTD_DMAR_INTERNAL_H */
