/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Access to the registers of a unit.
 *
 * Tests put a model of a unit in place of the hardware; a kernel that is built
 * without them has nothing here but the access itself.
 */

#ifndef _VTD_MMIO_H
#define _VTD_MMIO_H

#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/iopoll.h>

/* How long a register may take: the specification gives no figure */
#define VTD_REGISTER_TIMEOUT_US		(1 * USEC_PER_SEC)

/**
 * struct vtd_model - a unit of a test
 * @read: what a read of @bytes at @offset returns
 * @write: a write of @bytes at @offset
 *
 * Both are called in whatever context the driver touches the register in.
 */
struct vtd_model {
	u64 (*read)(struct vtd_model *model, unsigned int offset, unsigned int bytes);
	void (*write)(struct vtd_model *model, unsigned int offset,
		      unsigned int bytes, u64 value);
};

/**
 * struct vtd_regs - where the registers of a unit are
 * @base: their mapping
 * @model: takes the place of @base in tests, else NULL
 */
struct vtd_regs {
	void __iomem *base;
#ifdef CONFIG_INTEL_IOMMU_KUNIT_TEST
	struct vtd_model *model;
#endif
};

#ifdef CONFIG_INTEL_IOMMU_KUNIT_TEST
static inline struct vtd_model *vtd_regs_model(const struct vtd_regs *regs)
{
	return regs->model;
}
#else
static inline struct vtd_model *vtd_regs_model(const struct vtd_regs *regs)
{
	return NULL;
}
#endif

static inline u32 vtd_read32(const struct vtd_regs *regs, unsigned int offset)
{
	struct vtd_model *model = vtd_regs_model(regs);

	if (model)
		return model->read(model, offset, sizeof(u32));
	return readl(regs->base + offset);
}

static inline u64 vtd_read64(const struct vtd_regs *regs, unsigned int offset)
{
	struct vtd_model *model = vtd_regs_model(regs);

	if (model)
		return model->read(model, offset, sizeof(u64));
	return readq(regs->base + offset);
}

static inline void vtd_write32(const struct vtd_regs *regs, unsigned int offset,
			       u32 value)
{
	struct vtd_model *model = vtd_regs_model(regs);

	if (model)
		model->write(model, offset, sizeof(u32), value);
	else
		writel(value, regs->base + offset);
}

static inline void vtd_write64(const struct vtd_regs *regs, unsigned int offset,
			       u64 value)
{
	struct vtd_model *model = vtd_regs_model(regs);

	if (model)
		model->write(model, offset, sizeof(u64), value);
	else
		writeq(value, regs->base + offset);
}

/**
 * vtd_wait32() - wait for bits of a 32-bit register
 * @regs: registers
 * @offset: of the register, in bytes
 * @mask: bits to look at
 * @value: what they are to become
 *
 * Context: Any context; spins for at most VTD_REGISTER_TIMEOUT_US.
 * Return: 0 or -ETIMEDOUT.
 */
static inline int vtd_wait32(const struct vtd_regs *regs, unsigned int offset,
			     u32 mask, u32 value)
{
	u32 now;

	return read_poll_timeout_atomic(vtd_read32, now, (now & mask) == value, 1,
					VTD_REGISTER_TIMEOUT_US, false, regs, offset);
}

/**
 * vtd_wait64() - wait for bits of a 64-bit register to clear
 * @regs: registers
 * @offset: of the register, in bytes
 * @mask: bits to look at
 *
 * Context: Any context; spins for at most VTD_REGISTER_TIMEOUT_US.
 * Return: 0 or -ETIMEDOUT.
 */
static inline int vtd_wait64(const struct vtd_regs *regs, unsigned int offset,
			     u64 mask)
{
	u64 now;

	return read_poll_timeout_atomic(vtd_read64, now, !(now & mask), 1,
					VTD_REGISTER_TIMEOUT_US, false, regs, offset);
}

#endif /* _VTD_MMIO_H */
