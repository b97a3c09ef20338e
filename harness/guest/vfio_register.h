/* SPDX-License-Identifier: GPL-2.0-only */
/* What <linux/vfio.h> of a kernel with registered memory has, for programs built with another's. */

#ifndef _VFIO_REGISTER_H_
#define _VFIO_REGISTER_H_

#include <linux/vfio.h>

#ifndef VFIO_REGISTER_MEMORY
#define VFIO_REGISTER_MEMORY			11
#define VFIO_IOMMU_TYPE1_REGISTER_MEMORY	_IO(VFIO_TYPE, VFIO_BASE + 22)
#define VFIO_IOMMU_TYPE1_UNREGISTER_MEMORY	_IO(VFIO_TYPE, VFIO_BASE + 23)

struct vfio_iommu_type1_register_memory {
	__u32	argsz;
	__u32	flags;
	__u64	vaddr;
	__u64	size;
};
#endif

#endif
