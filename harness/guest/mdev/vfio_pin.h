/* SPDX-License-Identifier: GPL-2.0-only */
/* What vfio_pin.ko and the programs that drive it agree on. */

#ifndef _VFIO_PIN_H_
#define _VFIO_PIN_H_

#include <linux/ioctl.h>
#include <linux/types.h>

#define VFIO_PIN_MOST	64	/* pages in one call */

/**
 * struct vfio_pin_range - pages to pin or unpin
 * @iova: of the first
 * @count: how many
 * @flags: VFIO_PIN_WRITE or 0
 * @pfns: where they are, of pages that were pinned
 */
struct vfio_pin_range {
	__u64 iova;
	__u32 count;
	__u32 flags;
#define VFIO_PIN_WRITE	1
	__u64 pfns[VFIO_PIN_MOST];
};

/**
 * struct vfio_pin_state - what became of the device
 * @pinned: how many pages it has now
 * @asked: how often it was told of an unmapping
 * @given_up: how many pages it unpinned because of that
 */
struct vfio_pin_state {
	__u64 pinned;
	__u64 asked;
	__u64 given_up;
};

#define VFIO_PIN_PIN	_IOWR('p', 0x80, struct vfio_pin_range)
#define VFIO_PIN_UNPIN	_IOW('p', 0x81, struct vfio_pin_range)
#define VFIO_PIN_STATE	_IOR('p', 0x82, struct vfio_pin_state)

#endif /* _VFIO_PIN_H_ */
