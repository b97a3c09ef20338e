#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""make check: every test there is. Ends with the line 'N passed, N failed'.

QUICK=1: sparse and checkpatch on the files that have changed, KUnit on the debug kernel without the
hunt for leaks, and the run lane, all of it at once: for the loop while working.

One thread builds, on the processors that no guest wants. Guests boot what is built: first those that
depend on time, one after the other, then the rest, some at a time.
"""

import concurrent.futures
import dataclasses
import os
import sys
import time

import guest
import lane
import lock
import qemu
import steps
import times

HARNESS = steps.HARNESS


@dataclasses.dataclass
class Part:
    """A command whose output has lines PASS, FAIL and SKIP."""
    name: str
    title: str
    command: list
    kernel: str | None = None  # that it boots


def of_lane(name):
    kernel = lane.LANES[name.partition("@")[0]].kernel
    return Part(f"lane-{name}", f"lane {name}", [HARNESS / "lane.py", name], kernel)


def of_vtd(name, title, which, kernel):
    return Part(name, f"guests behind VT-d, {title}", [HARNESS / "vtd.py", which, kernel], kernel)


@dataclasses.dataclass
class Plan:
    kernels: list  # in the order in which they are built
    scripts: list  # parts that build or look at sources
    alone: list  # parts that boot guests which go before all else
    beside: list  # parts that boot guests beside other work
    append: str = ""  # parameters of all guests' kernels
    abreast: int = 2  # guests at a time


EVERYTHING = Plan(
    ["x86_64", "x86_64-debug", "arm64", "ppc64le"],
    [Part("compile", "users of our interfaces", [HARNESS / "compile.sh"]),
     Part("static", "static checks", [HARNESS / "static.sh"]),
     Part("series", "patch series", [HARNESS / "series.py", "--check"])],
    [of_lane("run"), of_lane(f"run@{qemu.NEWER}"),
     of_vtd("vtd-alone", "run kernel, one at a time", "--alone", kernel="x86_64"),
     of_lane("debug"),
     of_vtd("vtd-debug-alone", "debug kernel, one at a time", "--alone", kernel="x86_64-debug")],
    [of_vtd("vtd", "run kernel", "--beside", kernel="x86_64"),
     *map(of_lane, lane.KUNIT_LANES),
     of_vtd("vtd-debug", "debug kernel", "--beside", kernel="x86_64-debug"),
     of_lane("arm64"), of_lane("ppc64")])

QUICK = Plan(
    ["x86_64", "x86_64-debug"],
    [Part("static", "static checks of what has changed", [HARNESS / "static.sh", "--changed"])],
    [],
    [of_lane("run"), *map(of_lane, lane.KUNIT_LANES)],
    append="kmemleak=off", abreast=3)


class Check:
    def __init__(self, plan):
        self.plan = plan
        self.results = guest.Results()
        guests = len(plan.beside) + len(plan.alone)
        self.steps = steps.Steps(1 + len(plan.kernels) * (steps.KERNEL_STEPS + 1) +
                                 len(plan.scripts) + guests, abreast=True)
        self.built = {kernel: concurrent.futures.Future() for kernel in plan.kernels}

    def count(self, part, status):
        """Counts what a part's output says."""
        log = (guest.BUILD / "log" / f"{part.name}.log").read_text(errors="replace")
        found = guest.Results()
        guest.word_results(log.split("\n"), found)
        if status and not found.failed:
            found.add(False, part.name, f"exit status {status}")
        elif not (found.passed or found.failed or found.skipped):
            found.add(False, part.name, "reported nothing")
        for mine, its in zip((self.results.passed, self.results.failed, self.results.skipped),
                             (found.passed, found.failed, found.skipped)):
            mine += [(f"{part.name}: {test}", detail) for test, detail in its]

    def build(self):
        """Builds the kernels, then runs what boots nothing."""
        try:
            for kernel in self.plan.kernels:
                status = self.steps.kernel(kernel) or self.steps.initramfs(kernel)
                self.results.add(not status, f"build of {kernel}")
                self.built[kernel].set_result(not status)
        finally:
            for built in self.built.values():
                if not built.done():
                    built.set_result(False)
        for part in self.plan.scripts:
            self.count(part, self.steps.build(part.title, part.name, *part.command))

    def boot(self, part):
        """Runs a part that boots guests, one after the other, when its kernel is there."""
        if self.built[part.kernel].result():
            self.count(part, self.steps.step(part.title, part.name, *part.command, JOBS="1",
                                        APPEND=f"{os.environ.get('APPEND', '')} {self.plan.append}"))

    def run(self):
        status = self.steps.step("source tree", "tree", HARNESS / "kernel.sh", "x86_64", "source")
        self.results.add(not status, "source tree")
        with concurrent.futures.ThreadPoolExecutor(1) as builder, \
                concurrent.futures.ThreadPoolExecutor(self.plan.abreast) as guests:
            try:
                building = builder.submit(self.build)
                for part in self.plan.alone:
                    guests.submit(self.boot, part).result()
                beside = [guests.submit(self.boot, part) for part in self.plan.beside]
                for done in concurrent.futures.as_completed([building, *beside]):
                    done.result()
            except BaseException:
                self.steps.interrupted = True
                raise


def report(results, took):
    print(times.table())
    for name, detail in results.skipped:
        print(f"skipped  {name}: {detail}")
    for name, detail in results.failed:
        print(f"FAILED   {name}: {detail}")
    print(f"took {times.clock(took)}; logs are in {guest.BUILD / 'log'}")
    print(f"{len(results.passed)} passed, {len(results.failed)} failed" +
          (f", {len(results.skipped)} skipped" if results.skipped else ""))


def main():
    began = time.monotonic()
    lock.take()
    times.start()
    check = Check(QUICK if os.environ.get("QUICK") == "1" else EVERYTHING)
    check.run()
    report(check.results, time.monotonic() - began)
    return 1 if check.results.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
