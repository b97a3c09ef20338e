#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the same work on the base's kernel and on ours, and writes down how they compare.

bench.py             builds the kernels, runs all guests and prints the table; build/bench gets
                     bench.json, bench.md and bench.svg
bench.py BOOT...     runs and prints only what comes of these guests, and writes nothing

Ends with a non-zero status when something could not be measured, not when a figure is bad.
"""

import concurrent.futures
import json
import os
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True	# nothing outside build/ is written
import chart	# noqa: E402
import measure	# noqa: E402
import table	# noqa: E402
import qemu	# noqa: E402
from measure import HERE, OUT, guest, lock, steps, times	# noqa: E402

SMP_TIMES = 7	# boots of each kernel, alternating


def kernels_of(boots):
    return [measure.kernel_name(kernel, base)
            for kernel in dict.fromkeys(boot.kernel for boot in boots) for base in (True, False)]


def build(plan, kernels):
    for kernel in kernels:
        if plan.kernel(kernel) or plan.step(f"benchmark for {kernel}", f"bench-{kernel}",
                                            sys.executable, HERE / "bench.py", "--guest", kernel):
            sys.exit(1)


def side(base):
    return "base" if base else "ours"


def cancelled_on_interrupt(pool, tasks):
    """Tasks as they end; no further one begins after an interrupt."""
    try:
        yield from concurrent.futures.as_completed(tasks)
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def run_counted(plan, boots, figures, wrong):
    """Guests that count instructions: how busy the machine is makes no difference to them."""
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        tasks = {pool.submit(measure.run, boot, base): (boot, base)
                 for boot in boots for base in (True, False)}
        for task in cancelled_on_interrupt(pool, tasks):
            boot, base = tasks[task]
            found, failed = task.result()
            if boot.lockstat:
                table.add_locks(figures[base], found)
            else:
                figures[base].update(found)
            wrong += failed
            plan.announce(f"{boot.name} on {side(base)}: {len(found)} figures, "
                      f"{time.monotonic() - start:.0f} s" + (", FAILED" if failed else ""))


def run_parallel(plan, boot, figures, wrong):
    """Guests that measure real time, one at a time, the kernels in turn."""
    samples = {True: [], False: []}
    start = time.monotonic()
    for turn in range(SMP_TIMES):
        for base in (True, False):
            found, failed = measure.run(boot, base, f"-{turn + 1}")
            samples[base].append(found)
            wrong += failed
        plan.announce(f"{boot.name}: two CPUs, {turn + 1} of {SMP_TIMES}, "
                      f"{time.monotonic() - start:.0f} s")
    for base in (True, False):
        table.add_smp(figures[base], samples[base])


def base_version():
    makefile = (measure.BASE / "Makefile").read_text()
    return ".".join(re.findall(r"^(?:VERSION|PATCHLEVEL|SUBLEVEL) = (\d+)$", makefile, re.M)[:3])


def write(entries, figures, wrong, version):
    tools = [subprocess.run([*tool, "--version"], capture_output=True, text=True,
                            check=True).stdout.split("\n")[0]
             for tool in (["gcc"], qemu.emulator().command)]
    (OUT / "bench.json").write_text(json.dumps(
        {"base": version, "tools": tools, "rows": entries, "failed": wrong,
         "atomics": {side(base): measure.atomics(base) for base in figures},
         "figures": {side(base): [{"key": key, **values} for key, values in
                                  sorted(figures[base].items())] for base in figures}},
        indent=1) + "\n")
    (OUT / "bench.md").write_text(table.as_markdown(entries))
    (OUT / "bench.svg").write_text(chart.draw(figures[True], figures[False], version))


def main(names):
    lock.take()
    times.start()
    boots = [boot for boot in measure.BOOTS if boot.name in names or not names]
    parallel = [boot for boot in measure.SMP_BOOTS if boot.name in names or not names]
    kernels = kernels_of([*boots, *parallel])
    plan = steps.Steps((steps.KERNEL_STEPS + 1) * len(kernels) + 2 * len(boots) +
                       SMP_TIMES * len(parallel))
    figures, wrong = {True: dict(table.POWERPC), False: {}}, []
    build(plan, kernels)
    run_counted(plan, boots, figures, wrong)
    for boot in parallel:
        run_parallel(plan, boot, figures, wrong)
    for base in (True, False):
        table.add_differences(figures[base])

    entries = [table.line(row, figures[True], figures[False]) for row in table.ROWS]
    if names:
        entries = [entry for entry in entries if None not in (entry["base"], entry["ours"])]
    wrong += [f"not measured: {entry['section']}: {entry['title']}" for entry in entries
              if None in (entry["base"], entry["ours"])]
    print(table.as_text(entries))
    missed = [entry for entry in entries if entry["met"] is False]
    print(f"\n{len(entries)} rows, {len(missed)} short of what they are to reach, "
          f"{len(wrong)} failures")
    if not names:
        write(entries, figures, wrong, base_version())
        print(f"{OUT.relative_to(guest.ROOT)}/bench.json, bench.md, bench.svg")
    for text in wrong:
        print("FAILED", text)
    print(times.table())
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--guest"]:
        measure.build_guest(sys.argv[2])
    elif set(sys.argv[1:]) <= {boot.name for boot in [*measure.BOOTS, *measure.SMP_BOOTS]}:
        try:
            sys.exit(main(sys.argv[1:]))
        except KeyboardInterrupt:
            sys.exit(130)
    else:
        sys.exit(__doc__)
