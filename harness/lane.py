#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""lane.py NAME[@VERSION]: boots a built kernel with its devices and says what passed. With a VERSION of
QEMU it is a repetition, in fewer rounds, which is skipped where all lanes have that QEMU.

run    x86-64 behind VT-d: devices, disks, network, DMA engine, strict and lazy unmapping
debug  the same on the debug kernel, with selftests and a hunt for leaks
kunit-1, kunit-2, kunit-3  KUnit's suites on the debug kernel
arm64  disks and interrupts behind SMMUv3, VFIO, with KUnit, the same hunt, and the Arm page-table
       format's own test
ppc64  VFIO on a POWER9, whose user memory is registered before it is mapped
"""

import contextlib
import dataclasses
import hashlib
import os
import pathlib
import random
import shlex
import socket
import sys
import threading

import guest
import lock
import qemu

DISK_BYTES = 64 << 20
IMAGES = guest.BUILD / "disks"


@dataclasses.dataclass
class Lane:
    kernel: str  # a name that kernel.sh knows
    jobs: str
    timeout: int  # seconds, several times what an idle machine needs
    kunit: bool = False
    arch: str = "x86_64"
    smp: int = 2
    append: str = ""


# The suites of each boot of the debug kernel. Each name has to match exactly one pattern; how they are
# dealt out is a matter of time. arm64 hunts for leaks of those that it has as well, for less.
KUNIT_LANES = {
    "kunit-1": Lane("x86_64-debug", "faults,dma_api", 2400, kunit=True,
                    append="kunit.filter_glob=i* kmemleak=off"),
    "kunit-2": Lane("x86_64-debug", "faults,dma_api,leaks", 2400, kunit=True,
                    append="kunit.filter_glob=[!di]*"),
    "kunit-3": Lane("x86_64-debug", "faults,dma_api", 2400, kunit=True,
                    append="kunit.filter_glob=d* kmemleak=off"),
}

IO_JOBS = "edu,devices,disks,net,iova"
GLUE_JOBS = "late,settings,observe,policy,map_benchmark"
LANES = {
    "run": Lane("x86_64", f"{IO_JOBS},{GLUE_JOBS},faults", 600),
    "debug": Lane("x86_64-debug", f"{IO_JOBS},{GLUE_JOBS},selftest,faults,dma_api,leaks", 2400,
                  append="kunit.enable=0"),
    **KUNIT_LANES,
    "arm64": Lane("arm64", "devices,disks,iova,msi,faults,leaks", 600, kunit=True, arch="arm64",
                  append="trace_event=iommu_dma:iommu_dma_msi_map"),
    # QEMU 7.2 has no huge pages in radix page tables, and windows of 2 MiB want some
    "ppc64": Lane("ppc64le", "spapr", 600, arch="ppc64le", append="disable_radix"),
}


def disk(name):
    """A disk image of bytes that look random and are the same each time: (path, sha256)."""
    path = IMAGES / f"{name}.img"
    if not path.exists() or path.stat().st_size != DISK_BYTES:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(random.Random(name).randbytes(DISK_BYTES))
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


@contextlib.contextmanager
def echo_server():
    """A UDP echo server on the loopback, which the guest reaches as 10.0.2.2: gives its port."""
    def serve():
        with contextlib.suppress(OSError):
            while True:
                data, peer = server.recvfrom(2048)
                server.sendto(data, peer)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def show(line):
    """Passes on what the guest's jobs print, as it comes."""
    line = guest.TIMESTAMP.sub("", line)
    if line.startswith("> ") and line != f"> {guest.END}":
        print("  " + line[2:], flush=True)


def has_option(kernel, option):
    return f"\nCONFIG_{option}=y\n" in (guest.BUILD / kernel / ".config").read_text()


def attempt(label):
    """Boots NAME[@VERSION]: its results, and what its console said."""
    name, _, version = label.partition("@")
    if version:
        qemu.must_differ(version)
    lane = LANES[name]
    lpae = has_option(lane.kernel, "IOMMU_IO_PGTABLE_LPAE_SELFTEST")
    interactive = os.environ.get("INTERACTIVE") == "1"
    nvme, nvme_sum = disk("nvme")
    virtio, virtio_sum = disk("virtio")
    if lane.arch == "ppc64le":
        devices = guest.edu_bridges(2)
    else:
        devices = [*guest.disk_devices(nvme, virtio), "-device", "edu"]
    if lane.arch == "x86_64":
        devices += ["-netdev", "user,id=net", "-device", "e1000e,netdev=net"]
    with echo_server() as port:
        append = [f"job={lane.jobs}", lane.append, f"nvme_sum={nvme_sum}", f"virtio_sum={virtio_sum}",
                  f"echo_port={port}", "interactive=1" if interactive else "",
                  "rounds=3" if version else "", os.environ.get("APPEND", "")]
        try:
            console = guest.boot(
                guest.BUILD / lane.kernel / guest.IMAGES[lane.arch],
                guest.BUILD / "initramfs" / f"{lane.kernel}.cpio.gz",
                append=" ".join(append), arch=lane.arch, smp=lane.smp, timeout=lane.timeout,
                qemu_args=devices + shlex.split(os.environ.get("QEMU_ARGS", "")),
                log=guest.BUILD / "log" / f"{label}-console.log", on_line=show,
                interactive=interactive, version=version)
        except guest.Hang as hang:
            message, console = hang.args
            results = guest.read_console(console, lane.kunit, lpae)
            results.add(False, "time-limit", message)
            return results, console
    return guest.read_console(console, lane.kunit, lpae), console


def boot(name):
    """Boots a lane, again when it was the emulator that failed: its results."""
    return guest.attempts(f"lane {name}", lambda: attempt(name))


def report(results):
    """Prints a table of the results, one line each; returns the exit status."""
    rows = [(word, *row) for word, part in (("PASS", results.passed), ("SKIP", results.skipped),
                                            ("FAIL", results.failed)) for row in part]
    for word, name, detail in rows:
        print(f"{word} {name}" + (f": {detail}" if detail else ""))
    return 1 if results.failed or not (results.passed or results.skipped) else 0


if __name__ == "__main__":
    if sys.argv[1:2] == [] or sys.argv[1].partition("@")[0] not in LANES:
        sys.exit(__doc__)
    lock.take(shared=True)
    sys.exit(report(boot(sys.argv[1])))
