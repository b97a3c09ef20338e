/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What of iommufd's and of VFIO's device files the tests use: Debian 12's own
 * headers are older. Numbers and layouts are the kernel's user interface.
 */

#ifndef _IOMMUFD_ABI_H_
#define _IOMMUFD_ABI_H_

#include <linux/vfio.h>
#include <stdint.h>

#ifndef VFIO_DEVICE_BIND_IOMMUFD
#define VFIO_DEVICE_BIND_IOMMUFD	_IO(VFIO_TYPE, VFIO_BASE + 18)
#define VFIO_DEVICE_ATTACH_IOMMUFD_PT	_IO(VFIO_TYPE, VFIO_BASE + 19)

struct vfio_device_bind_iommufd {
	uint32_t	argsz;
	uint32_t	flags;
	int32_t		iommufd;
	uint32_t	out_devid;
};

struct vfio_device_attach_iommufd_pt {
	uint32_t	argsz;
	uint32_t	flags;
	uint32_t	pt_id;
};
#endif

#define IOAS_ALLOC	_IO(';', 0x81)
#define IOAS_MAP	_IO(';', 0x85)
#define IOAS_UNMAP	_IO(';', 0x86)

#define IOAS_FIXED_IOVA	1
#define IOAS_WRITEABLE	2
#define IOAS_READABLE	4

struct ioas_alloc {
	uint32_t	size;
	uint32_t	flags;
	uint32_t	out_id;
};

struct ioas_map {
	uint32_t	size;
	uint32_t	flags;
	uint32_t	id;
	uint32_t	reserved;
	uint64_t	user_va;
	uint64_t	length;
	uint64_t	iova;
};

struct ioas_unmap {
	uint32_t	size;
	uint32_t	id;
	uint64_t	iova;
	uint64_t	length;
};

#endif /* _IOMMUFD_ABI_H_ */
