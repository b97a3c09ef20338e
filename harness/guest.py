# SPDX-License-Identifier: GPL-2.0-only
"""Boots a kernel under QEMU, and reads what its console said."""

import contextlib
import dataclasses
import pathlib
import re
import select
import signal
import subprocess
import time

import qemu as emulator
import times

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"

MACHINES = {
    "x86_64": [emulator.SYSTEM, "-M", "q35,kernel-irqchip=split", "-cpu", "max",
               "-device", "intel-iommu,intremap=on"],
    "arm64": ["qemu-system-aarch64", "-M", "virt,iommu=smmuv3,gic-version=3,its=on",
              "-cpu", "max"],
    # its firmware asks a management controller to power off
    "ppc64le": ["qemu-system-ppc64", "-M", "powernv9", "-device", "ipmi-bmc-sim,id=bmc",
                "-device", "isa-ipmi-bt,bmc=bmc,irq=10"],
}
CONSOLES = {"x86_64": "ttyS0", "arm64": "ttyAMA0", "ppc64le": "hvc0"}
IMAGES = {"x86_64": "arch/x86/boot/bzImage", "arm64": "arch/arm64/boot/Image",
          "ppc64le": "vmlinux"}
# On a busy machine an x86 kernel may find its timer dead that is only late.
WORDS = {"x86_64": "no_timer_check"}

TIMESTAMP = re.compile(r"^\[ *\d+\.\d+\] ?")
END = "END"  # the guest's last word
ATTEMPTS = 3  # boots of a guest, if the emulator fails

# What the kernel says when it has caught itself, or a driver, at a mistake.
SPLAT = re.compile(
    r"BUG: |WARNING: |\bOops\b|Kernel panic|kernel BUG at|general protection fault|UBSAN: |"
    r"INFO: task .* blocked for more|rcu: INFO: .* stall|kmemleak: \d+ new suspected|"
    r"DMA-API: debugging out of memory")


# The base's scheduler warns now and then, under emulation, that a CPU which goes offline has still
# something to run, and lists only a thread of its own. What of ours sees a CPU go comes later, when
# it is dead. Shown as skipped.
KNOWN = re.compile(r"WARNING: .* sched_cpu_dying")


# QEMU fails itself: its AHCI aborts over a command that it refused, see harness/guest/job/storage.
ABORTED = re.compile(rf"^{emulator.PROGRAM}: .*hw/ide/core\.c.* Assertion", re.M)

# Or a CPU of it uses an address of a map of memory that another CPU has replaced (seen with 10.0).
OLD_MAP = re.compile(rf"^{emulator.PROGRAM}: .*physmem\.c.* iotlb_to_section: Assertion", re.M)

# Or it crashes, as it may when a device goes that is at work.
CRASHED = "the emulator has crashed"

# Or it runs a translation of code that another CPU has patched meanwhile. An x86 kernel patches
# itself by way of a breakpoint; the CPU then stops at one, 0xcc, which memory no longer has.
STALE = re.compile(r"Oops: int3: .*?Code: [^<\n]*(?!cc)[0-9a-f]{2} <", re.S)

# Or it has so little of a busy machine that a kernel finds its timer dead.
STARVED = re.compile(r"Kernel panic - not syncing: (IO-APIC \+ timer doesn't work|timer doesn't work through)")

# Or a CPU sleeps on past the time for which it has set its timer.
LOST_TIMER = re.compile(r"NMI backtrace for cpu (\d+) skipped: idling at .*?"
                        r"Possible timer handling issue on cpu=\1 ", re.S)


class Hang(Exception):
    """The guest did not end in time; args: the text to show, and all of the console."""


def disk_devices(nvme, virtio):
    """An NVMe and a virtio disk, both behind the IOMMU; what the guest writes is forgotten."""
    return ["-drive", f"file={nvme},if=none,format=raw,snapshot=on,id=nvme",
            "-device", "nvme,drive=nvme,serial=nvme",
            "-drive", f"file={virtio},if=none,format=raw,snapshot=on,id=virtio",
            "-device", "virtio-blk-pci,drive=virtio,iommu_platform=on,disable-legacy=on"]


def edu_bridges(count):
    """So many edu devices, each below a host bridge of a powernv and so in a group of its own. They
    reach the second window too, whose addresses begin at bit 59."""
    return [argument for i in range(count) for argument in (
        "-device", f"pnv-phb,chip-id=0,index={i},id=phb{i}",
        "-device", f"pnv-phb-root-port,bus=phb{i},id=port{i}",
        "-device", f"edu,bus=port{i},addr=0,dma_mask={(1 << 64) - 1}")]


def boot(kernel, initrd, append="", qemu_args=(), arch="x86_64", timeout=120, icount=False,
         smp=2, memory="1G", log=None, on_line=None, interactive=False, machine=None,
         version=None):
    """Runs a guest to its end and returns its console's text.

    append     more kernel parameters, among them the guest's job=
    icount     one instruction takes one nanosecond (wants smp=1)
    log        file that gets the console's text
    on_line    is called with each line as it comes
    interactive  the terminal is the console, and there is no time limit
    machine    QEMU and what makes up the machine, in place of MACHINES[arch]
    version    of QEMU that it takes at least

    Raises qemu.Lacking when there is no such QEMU, or this one has no such machine.
    """
    log = pathlib.Path(log or BUILD / "log" / "console.log")
    # QEMU shall not outlive us, however we end
    command = ["setpriv", "--pdeathsig", "KILL",
               *emulator.machine(machine or MACHINES[arch], version),
               "-accel", "tcg", "-smp", str(smp), "-m", memory,
               "-nodefaults", "-display", "none", "-no-reboot", "-kernel", str(kernel),
               "-initrd", str(initrd), "-append",
               f"console={CONSOLES[arch]} panic=-1 printk.devkmsg=on {WORDS.get(arch, '')} {append}",
               *qemu_args]
    if icount:
        command += ["-icount", "shift=0,sleep=off"]
    if interactive:
        subprocess.run([*command, "-chardev", f"stdio,mux=on,id=console,signal=off,logfile={log}",
                        "-serial", "chardev:console", "-mon", "chardev=console"], check=True)
        return log.read_text(errors="replace").replace("\r", "")
    return _run([*command, "-serial", "stdio"], timeout, log, on_line)


def emulator_fault(console):
    """What the emulator, not the guest, did wrong; None if nothing."""
    if ABORTED.search(console):
        return "the emulator's disk aborted"
    if OLD_MAP.search(console):
        return "the emulator used a map of memory that it had replaced"
    if console.endswith(CRASHED):
        return CRASHED
    if STALE.search(console):
        return "the emulator ran code that had been patched"
    if STARVED.search(console):
        return "the emulator was too slow for the check of the timer"
    if LOST_TIMER.search(console):
        return "the emulator lost the timer of a CPU"
    return None


def repeated(name, attempt):
    """What attempt() gives, which is (outcome, console), or another one after an emulator_fault.

    Returns the outcome, and what was wrong with the attempts before it.
    """
    faults = []
    for _ in range(ATTEMPTS):
        began = time.time()
        outcome, console = attempt()
        times.record("boot", name, began, time.time() - began)
        why = emulator_fault(console)
        if not why:
            break
        times.record("again", f"{name}: {why}", began)
        faults.append(why)
    return outcome, faults


def attempts(name, attempt):
    """Results of attempt(), or of another one after an emulator_fault, which is shown as skipped.

    So is a boot that this QEMU can't do.
    """
    try:
        results, faults = repeated(name, attempt)
    except emulator.Lacking as why:
        return Results(skipped=[("boot", str(why))])
    results.skipped += [("earlier attempt", why) for why in faults]
    return results


def _run(command, timeout, log, on_line):
    """Collects the console line by line until QEMU ends, or ends QEMU when time is up."""
    deadline = time.monotonic() + timeout
    text, line = [], b""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, bufsize=0) as qemu, open(log, "w") as log_file:
        try:
            while True:
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([qemu.stdout], [], [], left)[0]:
                    raise Hang(f"the guest did not end within {timeout} s; its last words:\n" +
                               "\n".join(text[-20:]), "\n".join(text))
                chunk = qemu.stdout.read(65536)
                *lines, line = (line + chunk).split(b"\n")
                for done in [*lines, line] if not chunk else lines:
                    text.append(done.decode(errors="replace").replace("\r", ""))
                    log_file.write(text[-1] + "\n")
                    log_file.flush()
                    if on_line:
                        on_line(text[-1])
                if not chunk:
                    break
            with contextlib.suppress(subprocess.TimeoutExpired):
                if qemu.wait(10) == -signal.SIGSEGV:
                    text.append(CRASHED)
                    log_file.write(CRASHED + "\n")
        finally:
            qemu.send_signal(signal.SIGKILL)
    return "\n".join(text)


@dataclasses.dataclass
class Results:
    """What was tested: (name, detail) each."""
    passed: list = dataclasses.field(default_factory=list)
    failed: list = dataclasses.field(default_factory=list)
    skipped: list = dataclasses.field(default_factory=list)

    def add(self, ok, name, detail=""):
        (self.passed if ok else self.failed).append((name, detail))

    def add_tap(self, match, name, why=""):
        """Counts a (K)TAP result line, as matched by TAP_RESULT; why: it failed, if it did."""
        if "# SKIP" in match["rest"].upper():
            self.skipped.append((name, match["rest"].strip()))
        else:
            self.add(not match["not"], name, why if match["not"] else "")


WORD_RESULT = re.compile(r"(PASS|FAIL|SKIP) ([^:]+?)(?:: *(.*))?$")
TAP_RESULT = re.compile(r"(?P<not>not )?ok \d+(?: -)? ?(?P<name>[^#]*?) *(?P<rest>(#.*)?)$")
TAP_PLAN = re.compile(r"1\.\.(\d+)")


def word_results(lines, results):
    """Counts lines that read 'PASS name', 'FAIL name: why', 'SKIP name: why'."""
    for line in lines:
        match = WORD_RESULT.match(line)
        if match:
            word, name, detail = match.groups()
            {"PASS": results.passed, "FAIL": results.failed,
             "SKIP": results.skipped}[word].append((name, detail or ""))


def program_results(lines, results):
    """Counts the TAP output of programs, each between 'TEST name' and 'EXIT name status'."""
    program = None
    for line in lines:
        if line.startswith("TEST "):
            program, plan, ran, failed_before = line[5:], None, 0, len(results.failed)
        elif program and line.startswith("EXIT "):
            status = int(line.split()[-1])
            if plan != ran or not ran:
                results.add(False, program, f"{ran} of {plan} tests ran, exit status {status}")
            elif status not in (0, 4) and len(results.failed) == failed_before:
                results.add(False, program, f"exit status {status}")  # 4: skipped
            program = None
        elif program and TAP_PLAN.match(line):
            plan = int(TAP_PLAN.match(line)[1])
        elif program and TAP_RESULT.match(line):
            match = TAP_RESULT.match(line)
            ran += 1
            results.add_tap(match, f"{program} {match['name']}")
    if program:
        results.add(False, program, "never ended")


def kunit_results(lines, results):
    """Counts the cases of KUnit suites in the kernel's log.

    Suites stand at the margin, their cases 4 columns in; parameters of a case, deeper, are not
    counted: the case's own line sums them up.
    """
    suites = expected = 0
    suite, why = None, ""
    for line in lines:
        depth = len(line) - len(line.lstrip(" "))
        line = line.strip()
        result = TAP_RESULT.match(line)
        if depth == 4 and line.startswith("# Subtest: "):
            if suite:
                results.add(False, f"kunit {suite}", "never finished")
            suite, plan, ran, failed_before = line[11:], None, 0, len(results.failed)
        elif suite and depth == 4 and TAP_PLAN.match(line):
            plan = int(TAP_PLAN.match(line)[1])
        elif suite and depth == 4 and result:
            ran += 1
            results.add_tap(result, f"kunit {suite}.{result['name']}", why)
            why = ""
        elif suite and " FAILED at " in line:
            why = why or line.split(": ", 1)[-1]
        elif suite and depth == 0 and result and result["name"] == suite:
            suites += 1
            if ran != plan:
                results.add(False, f"kunit {suite}", f"{ran} of {plan} cases ran")
            elif result["not"] and len(results.failed) == failed_before:
                results.add(False, f"kunit {suite}", "the suite failed, none of its cases did")
            suite = None
        elif depth == 0 and not suite and TAP_PLAN.match(line):
            expected += int(TAP_PLAN.match(line)[1])
    if suite:
        results.add(False, f"kunit {suite}", "never finished")
    if suites < expected:
        results.add(False, "kunit", f"{suites} of {expected} suites finished")
    if not suites:
        results.add(False, "kunit", "no suite ran")


LPAE_SELFTEST = re.compile(r"arm-lpae io-pgtable: selftest: completed with (\d+) PASS (\d+) FAIL")


def lpae_results(lines, results):
    """Counts what the Arm page-table format found when it tested itself at boot."""
    found = [match.groups() for match in map(LPAE_SELFTEST.search, lines) if match]
    if not found:
        results.add(False, "lpae-selftest", "never completed")
    for passed, failed in found:
        results.add(int(passed) > 0 and int(failed) == 0, "lpae-selftest",
                    f"{passed} passed, {failed} failed")


def split(console):
    """The console's lines without timestamps: (the kernel's, the guest jobs')."""
    kernel, jobs = [], []
    for line in console.split("\n"):
        line = TIMESTAMP.sub("", line)
        if line.startswith("> "):
            jobs.append(line[2:])
        else:
            kernel.append(line)
    return kernel, jobs


def read_console(console, kunit, lpae):
    """All results that a guest's console tells of.

    kunit      suites are expected among them
    lpae       the Arm format's own test is
    """
    results = Results()
    kernel, jobs = split(console)
    word_results(jobs, results)
    program_results(jobs, results)
    if kunit:
        kunit_results(kernel, results)
    if lpae:
        lpae_results(kernel, results)
    splats = [line for line in kernel if SPLAT.search(line) and not KNOWN.search(line)]
    results.skipped += [("splat of the base", line) for line in kernel if KNOWN.search(line)]
    results.add(not splats, "no-splat", "; ".join(splats[:3]))
    if END not in jobs:
        results.add(False, "guest-end", "the guest ended before its job did; its last words:\n" +
                    "\n".join(console.split("\n")[-20:]))
    return results
