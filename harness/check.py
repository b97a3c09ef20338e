#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""make check: every test there is. Ends with the line 'N passed, N failed'."""

import sys
import time

import guest
import lane
import qemu
import steps

HARNESS = steps.HARNESS
SCRIPTS = (
    ("vtd", "guests behind VT-d", HARNESS / "vtd.py"),
    ("lane-newer", f"lane run under QEMU {qemu.NEWER}", HARNESS / "lane.py", f"run@{qemu.NEWER}"),
    ("static", "static checks", HARNESS / "static.sh"),
    ("series", "patch series", HARNESS / "series.py", "--check"),
    ("compile", "users of our interfaces", HARNESS / "compile.sh"),
)


def reported(plan, results, name, title, *command):
    """Runs a step whose output has lines PASS, FAIL and SKIP, and counts them."""
    status = plan.step(title, name, *command)
    log = (guest.BUILD / "log" / f"{name}.log").read_text(errors="replace")
    part = guest.Results()
    guest.word_results(log.split("\n"), part)
    if status and not part.failed:
        part.add(False, name, f"exit status {status}")
    elif not (part.passed or part.failed or part.skipped):
        part.add(False, name, "reported nothing")
    for mine, its in zip((results.passed, results.failed, results.skipped),
                         (part.passed, part.failed, part.skipped)):
        mine += [(f"{name}: {test}", detail) for test, detail in its]


def main():
    began = time.monotonic()
    results = guest.Results()
    plan = steps.Steps(1 + len(SCRIPTS) + len(lane.LANES) * (steps.KERNEL_STEPS + 2))

    status = plan.step("source tree", "tree", HARNESS / "kernel.sh", "x86_64", "source")
    results.add(not status, "source tree")
    for name, kernel in ((name, part.kernel) for name, part in lane.LANES.items()):
        status = plan.kernel(kernel) or plan.initramfs(kernel)
        results.add(not status, f"build of {kernel}")
        if not status:
            reported(plan, results, f"lane-{name}", f"lane {name}", HARNESS / "lane.py", name)
    for name, title, *command in SCRIPTS:
        reported(plan, results, name, title, *command)

    for name, detail in results.skipped:
        print(f"skipped  {name}: {detail}")
    for name, detail in results.failed:
        print(f"FAILED   {name}: {detail}")
    minutes, seconds = divmod(int(time.monotonic() - began), 60)
    print(f"took {minutes}:{seconds:02d}; logs are in {guest.BUILD / 'log'}")
    print(f"{len(results.passed)} passed, {len(results.failed)} failed" +
          (f", {len(results.skipped)} skipped" if results.skipped else ""))
    return 1 if results.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
