# SPDX-License-Identifier: GPL-2.0-only
"""Boots guests that measure, and reads the figures that they print.

Figures are kept by (set, label, row, op): a dictionary of numbers such as median, worst, n.
"""

import dataclasses
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
HARNESS = HERE.parent
sys.path.insert(0, str(HARNESS))

import guest	# noqa: E402
import lock	# noqa: E402,F401
import steps	# noqa: E402,F401
import times	# noqa: E402,F401

OUT = guest.BUILD / "bench"
INIT = HARNESS / "guest" / "init"
BASE = guest.BUILD / "base"

FIGURE = re.compile(r"bench: set=(\S+) label=(\S+) row=(\S+) op=(\S+) (.*)")
FAILED = re.compile(r"bench: .*failed=.*")
# the driver's first lines, about interrupts; and its last ones, when all devices are attached
ATTACHED = re.compile(r"\[ *([\d.]+)\] DMAR: .*?\[ *([\d.]+)\] DMAR-IR: Enabled"
                      r".*?\[ *([\d.]+)\] DMAR: .*?\[ *([\d.]+)\] DMAR: Intel\(R\) Virt", re.S)
LOCK = re.compile(r"lockstat: (\S+) (\S+)\s+(\S.*?):((?:\s+[\d.]+){12})$")
LOCK_FIGURES = ("con_bounces", "contentions", "wait_min", "wait_max", "wait_total", "wait_avg",
                "acq_bounces", "acquisitions", "hold_min", "hold_max", "hold_total", "hold_avg")

LOCK_ROWS = [f"fast/{pattern}_{pages}" for pattern in ("pair", "ring", "burst")
             for pages in (1, 64, 256)]
HANDOFF_ROWS = [f"lock/handoff_{pages}" for pages in (1, 64, 256)]
DMA_LOCK_ROWS = ["dma/single_4k", "dma/nic_ring"]

PCI = ["-device", "edu"]
# tables of 4 levels, as in most machines; the default is 3
FOUR_LEVELS = ["-global", "intel-iommu.aw-bits=48"]
# a timer that ticks once per nanosecond, where 62.5 MHz is usual
NS_TIMER = ["-cpu", "max,cntfrq=1000000000"]
IO = ["-netdev", "hubport,id=net0,hubid=0", "-device", "e1000e,netdev=net0",
      "-netdev", "hubport,id=net1,hubid=0", "-device", "e1000e,netdev=net1",
      # a disk that answers late enough for the reader always to sleep
      "-blockdev", "null-co,node-name=null,size=1073741824,latency-ns=100000",
      "-device", "nvme,drive=null,serial=null,mdts=9"]


LOCKSTAT = "x86_64-lockstat"
PROGRAMS = ("io_bench", "prereg_bench")	# of the guest, not of the module


@dataclasses.dataclass
class Boot:
    """One guest: the job it runs and how it is started."""
    name: str
    job: str
    append: str = ""
    devices: list = dataclasses.field(default_factory=list)
    kernel: str = "x86_64"
    icount: bool = True
    smp: int = 1
    timeout: int = 900

    @property
    def lockstat(self):
        return self.kernel == LOCKSTAT


BOOTS = [
    Boot("dma", "dma", "label=-", [*PCI, *FOUR_LEVELS]),
    Boot("iova", "iova"),
    Boot("prereg", "prereg", "hugepages=128", [*PCI, *FOUR_LEVELS]),
    Boot("io-off", "io", "label=off intel_iommu=off", IO),
    Boot("io-lazy", "io", "label=lazy iommu.strict=0", IO),
    Boot("io-strict", "io", "label=strict iommu.strict=1", IO),
    Boot("lock", "lock", "rows=" + ",".join(["lock/empty_hold", *LOCK_ROWS, "fast/flush_16"]),
         kernel=LOCKSTAT),
    Boot("handoff", "lock", "rows=" + ",".join(["lock/empty_hold", *HANDOFF_ROWS]),
         kernel=LOCKSTAT, smp=2),
    *[Boot(f"dma-lock-{policy}", "lock", f"label={policy} iommu.strict={strict} rows=" +
           ",".join(["lock/empty_hold", *DMA_LOCK_ROWS]), [*PCI, *FOUR_LEVELS], kernel=LOCKSTAT)
      for policy, strict in (("lazy", 0), ("strict", 1))],
    # one CPU alone would have its atomic instructions replaced
    Boot("atomic", "atomic", devices=[*PCI, *FOUR_LEVELS], smp=2),
    Boot("arm64", "arm64", "kunit.enable=0", [*PCI, *NS_TIMER], kernel="arm64"),
]
SMP_BOOTS = [
    Boot("smp", "smp", devices=[*PCI, *FOUR_LEVELS], icount=False, smp=2),
    Boot("smp-arm64", "smp", "prefix=arm64- kunit.enable=0", PCI, kernel="arm64", icount=False,
         smp=2),
]


def kernel_name(kernel, base):
    return kernel + ("-base" if base else "")


def arch_of(kernel):
    return kernel.split("-")[0]


def build_guest(kernel):
    """Builds the module and the programs for a kernel, and the initramfs that holds them."""
    arch = arch_of(kernel)
    module = OUT / "module" / kernel
    module.mkdir(parents=True, exist_ok=True)
    for path in [*HERE.glob("*.[ch]"), HERE / "Kbuild"]:
        copy = module / path.name
        if path.stem not in PROGRAMS and (not copy.exists() or
                                          copy.read_bytes() != path.read_bytes()):
            shutil.copyfile(path, copy)
    subprocess.run([HARNESS / "kernel.sh", kernel, "make", f"M={module}", "modules"], check=True)

    stage = OUT / "initramfs" / kernel
    shutil.rmtree(stage, ignore_errors=True)
    (stage / "bin").mkdir(parents=True)
    (stage / "lib").mkdir()
    shutil.copytree(HERE / "job", stage / "job")
    shutil.copy(INIT, stage / "init")
    (stage / "init").chmod(0o755)
    busybox = subprocess.run([HARNESS / "busybox.sh", arch], check=True, text=True,
                             stdout=subprocess.PIPE).stdout.strip()
    shutil.copy(busybox, stage / "bin")
    shutil.copy(module / "iova_bench.ko", stage / "lib")
    if arch == "x86_64":
        for program in PROGRAMS:
            compile_program(stage / "bin" / program, HERE / f"{program}.c")
        compile_program(stage / "bin" / "dma_map_benchmark",
                        BASE / "tools/testing/selftests/dma/dma_map_benchmark.c",
                        "-idirafter", BASE / "include")
    with open(f"{stage}.cpio", "wb") as archive:
        names = "".join(f"{path.relative_to(stage)}\n" for path in sorted(stage.rglob("*")))
        subprocess.run(["cpio", "-o", "-H", "newc", "-R", "0:0", "--quiet"], cwd=stage,
                       input=names.encode(), stdout=archive, check=True)


def compile_program(output, source, *flags):
    subprocess.run(["gcc", "-O2", "-Wall", "-static", *flags, "-o", output, source], check=True)


def atomics(base):
    """Atomic instructions in the allocator's own code, by function: {function: how many}.

    Those of the spinlocks that it takes are not among them: they are in the kernel's lock
    functions, one for each acquisition that the lock statistics count.
    """
    folder = guest.BUILD / kernel_name("x86_64", base) / "drivers/iommu"
    # The base's allocator is one object, ours those of a folder
    objects = [folder / "iova.o"] if base else sorted((folder / "iova").glob("*.o"))
    listing = subprocess.run(["objdump", "-d", "--no-show-raw-insn", *objects],
                             capture_output=True, text=True, check=True).stdout
    found, function = {}, None
    for line in listing.split("\n"):
        start = re.match(r"[0-9a-f]+ <(\S+)>:", line)
        if start:
            function = start[1]
        elif re.search(r"\t(lock |xchg +.*\()", line):
            found[function] = found.get(function, 0) + 1
    return found


def read_figures(console):
    """All figures on a console, and the rows that failed."""
    figures, failed = {}, []
    for line in console.split("\n"):
        figure, lock = FIGURE.search(line), LOCK.search(line)
        if figure:
            *key, values = figure.groups()
            pairs = dict(re.findall(r"(\w+)=([\d.]+)", values))
            if pairs:
                figures[tuple(key)] = {name: float(value) for name, value in pairs.items()}
            else:
                failed.append(line)
        elif lock:
            label, row, lock_class, values = lock.groups()
            figures["lockstat", f"{label} {row}", lock_class, "hold"] = dict(
                zip(LOCK_FIGURES, map(float, values.split())))
        elif FAILED.search(line):
            failed.append(line)
    return figures, failed


def boot_time(console, label):
    """How long the driver takes to find its units and attach all devices, if there are any."""
    attached = ATTACHED.search(console)
    if not attached:
        return {}
    first, enabled, again, last = map(float, attached.groups())
    return {("boot", label, "dmar", "attached"): {"value": (last - first) * 1e6},
            ("boot", label, "dmar", "driver"): {"value": (enabled - first + last - again) * 1e6}}


def attempt(boot, base, suffix):
    """Boots one guest on one of the kernels: ((its figures, what went wrong), its console)."""
    kernel, arch = kernel_name(boot.kernel, base), arch_of(boot.kernel)
    log = OUT / "log" / f"{boot.name}{suffix}{'-base' if base else ''}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        console = guest.boot(guest.BUILD / kernel / guest.IMAGES[arch],
                             OUT / "initramfs" / f"{kernel}.cpio", arch=arch,
                             append=f"job={boot.job} {boot.append}", qemu_args=boot.devices,
                             icount=boot.icount, smp=boot.smp, timeout=boot.timeout, log=log)
    except guest.Hang as hang:
        message, console = hang.args
        return (read_figures(console)[0], [f"{log.name}: {message}"]), console
    figures, failed = read_figures(console)
    if boot.job == "io":
        figures |= boot_time(console, boot.name.removeprefix("io-"))
    failed += [line for line in console.split("\n") if guest.SPLAT.search(line)]
    if f"> {guest.END}" not in console:
        failed.append("the guest ended early")
    return (figures, [f"{log.name}: {line}" for line in failed]), console


def run(boot, base, suffix=""):
    """Boots one guest, again when it was the emulator that failed: (its figures, what went wrong)."""
    return guest.repeated(f"{boot.name}{suffix} on {kernel_name(boot.kernel, base)}",
                          lambda: attempt(boot, base, suffix))[0]
