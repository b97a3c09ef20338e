#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""make run: builds the run kernel and its guest, boots it, shows its I/O and what passed."""

import sys

import lane
import lock
import steps
import times


def main():
    lock.take()
    times.start()
    plan = steps.Steps(steps.KERNEL_STEPS + 2)
    if plan.kernel("x86_64") or plan.initramfs("x86_64"):
        return 1
    plan.announce("booting the guest")
    status = lane.report(lane.boot("run"))
    print(times.table())
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
