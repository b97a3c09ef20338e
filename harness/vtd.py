#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""vtd.py [BOOT...]: boots built kernels behind each kind of VT-d unit that QEMU has, with each word
of intel_iommu=, and lets devices come, go, sleep, be killed and attack. Without names: all.

vtd.py --list           the names
vtd.py --beside KERNEL  those of a kernel that may run beside other work
vtd.py --alone KERNEL   those that go before all else

JOBS= so many guests at a time (2), but for those that go before all else.

KERNEL= is a folder in build/ to take in place of each boot's own, INITRD= the path of a guest.
"""

import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import shlex
import socket
import sys
import tempfile
import threading
import time

import guest
import lane
import lock
import qemu

MACHINE = [qemu.SYSTEM, "-M", "q35,kernel-irqchip=split", "-cpu", "max"]
NATIVE_HOTPLUG = ["-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"]
WIDE_EDU = ["-device", "edu,dma_mask=0xffffffffffffffff"]
# for memory that is registered: some that is in huge pages, and some that may be moved
HUGE = "hugepages=136 movablecore=768M"
ASLEEP_S = 3  # that the guest sleeps
IO = "storage,net,state,faults"

CRASH = "Kernel panic - not syncing: sysrq"

# The cases that fail on the base as well, a line 'NAME: why' each
BASE_FAILS = guest.ROOT / "harness/guest/base_fails"

# What QEMU says, and nothing else, when it can't do what it was asked for.
REFUSED = re.compile(rf"^{qemu.PROGRAM}: (.*)")


@dataclasses.dataclass
class Boot:
    """One guest behind one unit."""
    name: str
    unit: str | None = "intremap=on"  # properties of intel-iommu, by their newest names, or no unit
    jobs: str = IO
    append: str = ""
    domain: str = "DMA-FQ"  # of every device
    remapped: int | None = 1  # are interrupts?
    smp: int = 2
    memory: str = "1G"
    devices: list = dataclasses.field(default_factory=list)
    usb: bool = True  # AHCI and xHCI as well
    ats: bool = False  # virtio with a device-TLB
    says: str | None = None  # a pattern that the kernel's log has, in one line
    never: str | None = None  # one that it has not
    may_refuse: bool = False  # QEMU may be unable to do this
    plugs: bool = False  # the guest asks for devices to come and go
    wakes: bool = False  # it asks to be woken
    kexec: bool = False  # it needs a kernel to go to
    crash: bool = False  # it panics on its way, as it shall
    excused: bool = False  # cases of BASE_FAILS fail
    alone: bool = False  # it depends on time, and so on how busy the machine is
    kernel: str = "x86_64"
    timeout: int = 180
    version: str | None = None  # of QEMU, at least


def word(name, value=None, **rest):
    """A boot with a word for intel_iommu=, which the driver must know."""
    return Boot(f"word-{name}", append=f"intel_iommu={value or name}",
                never=r"DMAR: .*[Uu]n(known|recogni[sz]ed) ", **rest)


BOOTS = [
    # the unit: widths of addresses, caching mode, interrupt remapping
    Boot("aw39", "intremap=on,aw-bits=39", append="want_high=0"),
    Boot("aw48", "intremap=on,aw-bits=48"),
    # with caching mode every mapping is flushed, and lazy unmapping is not worth it
    Boot("aw39-caching", "intremap=on,aw-bits=39,caching-mode=on", domain="DMA"),
    Boot("aw48-caching", "intremap=on,aw-bits=48,caching-mode=on", domain="DMA"),
    Boot("aw48-strict", "intremap=on,aw-bits=48", append="iommu.strict=1", domain="DMA"),
    Boot("no-intremap", "intremap=off", remapped=0),
    Boot("no-intremap-caching", "intremap=off,aw-bits=48,caching-mode=on", domain="DMA",
         remapped=0),
    Boot("eim", "intremap=on,eim=on", may_refuse=True),
    Boot("no-eim", "intremap=on,eim=off"),
    Boot("device-iotlb", "intremap=on,device-iotlb=on", ats=True),
    Boot("device-iotlb-strict", "intremap=on,device-iotlb=on,caching-mode=on", ats=True,
         append="iommu.strict=1", domain="DMA"),
    Boot("snoop", "intremap=on,snoop-control=on"),
    Boot("no-pass-through", "intremap=on,pt=off", append="iommu.passthrough=1", domain="DMA"),
    Boot("no-translation", "intremap=on,dma-translation=off", domain="none"),
    Boot("scalable", "intremap=on,scalable-mode=on", says=r"DMAR: .*legacy mode"),
    Boot("cpus-1", append="want_cpus=1", smp=1),
    Boot("cpus-8", append="want_cpus=8", smp=8),
    # the switches
    Boot("passthrough", append="iommu.passthrough=1", domain="identity"),
    Boot("intremap-off", append="intremap=off", remapped=0),
    Boot("intremap-nosid", append="intremap=nosid"),
    word("on"),
    word("off", domain="none"),
    word("strict", domain="DMA"),
    word("igfx_off"),
    word("intgpu_off"),
    word("forcedac", "forcedac want_high=1"),
    word("sp_off", says=r"DMAR: .*[Ss]uper ?page"),
    word("sm_on", "sm_on", unit="intremap=on,scalable-mode=on", says=r"DMAR: .*legacy mode"),
    word("sm_off", unit="intremap=on,scalable-mode=on"),
    word("tboot_noforce"),
    word("several", "on,strict,sp_off", domain="DMA"),
    Boot("word-unknown", append="intel_iommu=on,stricter", says=r"DMAR: .*stricter"),
    # the devices' lives
    Boot("hotplug", jobs="hotplug,faults", usb=False, plugs=True, timeout=600),
    Boot("hotplug-caching", "intremap=on,caching-mode=on", jobs="hotplug,faults",
         append="rounds=5 iommu.strict=1", usb=False, plugs=True),
    Boot("vfio", jobs="vfio,storage,faults", append="kills=200", usb=False,
         devices=WIDE_EDU, timeout=600),
    Boot("vfio-caching", "intremap=on,caching-mode=on", jobs="vfio,faults", append="kills=20",
         usb=False, devices=WIDE_EDU),
    Boot("prereg", jobs="prereg,faults", append=HUGE, usb=False, devices=2 * WIDE_EDU,
         memory="2G", timeout=600, alone=True),
    Boot("attack", jobs="attack,faults", usb=False, devices=WIDE_EDU),
    # the machine's life
    Boot("kexec", jobs="kexec", kexec=True),
    Boot("kdump", jobs="kexec", append="crashkernel=320M crash=1", kexec=True, crash=True),
    Boot("suspend", jobs="suspend,net,state,faults", append="end=reboot", usb=False, wakes=True,
         timeout=300, alone=True),
]
DEBUG_BOOTS = [
    Boot("vfio-debug", jobs="vfio,faults,leaks", append="kills=100 kunit.enable=0", usb=False,
         devices=WIDE_EDU, kernel="x86_64-debug", timeout=900),
    Boot("prereg-debug", jobs="prereg,faults,leaks",
         append=f"maps=6000 kills=60 seconds=10 kunit.enable=0 {HUGE}", usb=False,
         devices=2 * WIDE_EDU, memory="2G", kernel="x86_64-debug", timeout=1200, alone=True),
    # the base's tests of iommufd, whose own IOMMU must be the only one
    Boot("iommufd", None, jobs="selftest,leaks",
         append="programs=iommufd hugepages=72 kunit.enable=0", usb=False, excused=True,
         kernel="x86_64-debug", timeout=1200),
    # fails each allocation of a call in turn, of 400 at most: the checkers shall not add theirs
    Boot("iommufd-fail", None, jobs="selftest",
         append="programs=iommufd_fail_nth kmemleak=off no_debug_objects kunit.enable=0",
         usb=False, kernel="x86_64-debug", timeout=600),
]

# One boot of each kind is repeated under a newer QEMU, with more parameters: fewer rounds.
REPEATED = {
    "aw39": "", "aw48": "", "aw48-caching": "", "no-intremap": "", "device-iotlb": "",
    "device-iotlb-strict": "", "snoop": "", "scalable": "", "passthrough": "",
    "word-several": "", "hotplug": "rounds=5", "vfio": "kills=20",
    "prereg": "maps=5000 kills=10 seconds=1", "attack": "", "kexec": "", "kdump": "", "suspend": "",
}


def repetition(name, append):
    boot = BOOT_NAMES[name]
    return dataclasses.replace(boot, name=f"{name}@{qemu.NEWER}", version=qemu.NEWER,
                               append=f"{boot.append} {append}")


BOOT_NAMES = {boot.name: boot for boot in [*BOOTS, *DEBUG_BOOTS]}
NEWER_BOOTS = [repetition(*row) for row in REPEATED.items()]
ALL = BOOT_NAMES | {boot.name: boot for boot in NEWER_BOOTS}


class Qmp:
    """QEMU's monitor, as far as devices are plugged in with it."""

    def __init__(self, path):
        self.path = path
        self.file = None
        self.lacks = []  # what QEMU has refused

    def command(self, name, **arguments):
        """Runs a command; returns its error's text, or None."""
        if not self.file:
            link = socket.socket(socket.AF_UNIX)
            link.connect(self.path)
            self.file = link.makefile("rw")
            self.file.readline()
            self.command("qmp_capabilities")
        json.dump({"execute": name, "arguments": arguments}, self.file)
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "return" in answer or "error" in answer:
                return answer.get("error", {}).get("desc")

    def plug(self, line):
        """Does what a line of the guest's job "hotplug" asks for."""
        line = guest.TIMESTAMP.sub("", line)
        if line.startswith("> plug "):
            self.need("device_add", driver="nvme", id="hot-nvme", bus="rp0", drive="hot",
                      serial="hot")
            self.need("device_add", driver="e1000e", id="hot-net", bus="rp1", netdev="hotnet")
        elif line.startswith("> unplug "):
            for device in ("hot-nvme", "hot-net"):
                self.need("device_del", id=device)

    def need(self, name, **arguments):
        """A command that may have to wait for the last one's effect."""
        for _ in range(50):
            error = self.command(name, **arguments)
            if not error or name == "device_del" and "not found" in error:
                return
            time.sleep(0.1)
        self.lacks.append(f"{name}: {error}")


def wake(path):
    """A character on the guest's second serial line."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(path)
        line.send(b"w")


def blank(name):
    """A disk of zeros, in a sparse file: its path."""
    path = lane.IMAGES / f"{name}.blank"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab") as image:
        image.truncate(lane.DISK_BYTES)
    return path


def drive(name, path):
    return ["-drive", f"file={path},if=none,format=raw,snapshot=on,id={name}"]


def devices_of(boot, image, initrd, folder):
    """What the guest has."""
    virtio = "virtio-blk-pci,drive=virtio,iommu_platform=on,disable-legacy=on"
    found = [*drive("nvme", blank("nvme")), "-device", "nvme,drive=nvme,serial=nvme",
             *drive("virtio", blank("virtio")),
             *(["-device", "pcie-root-port,id=ats,chassis=9,slot=9"] if boot.ats else []),
             # only what stands below a port can have a device-TLB
             "-device", virtio + (",ats=on,bus=ats" if boot.ats else ""),
             "-netdev", "user,id=net", "-device", "e1000e,netdev=net", *boot.devices]
    if boot.usb:
        found += [*drive("sata", blank("sata")), "-device", "ide-hd,drive=sata,bus=ide.0",
                  *drive("usb", blank("usb")), "-device", "qemu-xhci",
                  "-device", "usb-storage,drive=usb"]
    if boot.plugs:
        found += [*NATIVE_HOTPLUG, *drive("hot", blank("hot")), "-netdev", "user,id=hotnet",
                  "-device", "pcie-root-port,id=rp0,chassis=1,slot=1",
                  "-device", "pcie-root-port,id=rp1,chassis=2,slot=2",
                  "-qmp", f"unix:{folder}/qmp,server=on,wait=off"]
    if boot.wakes:
        found += ["-chardev", f"socket,id=wake,path={folder}/wake,server=on,wait=off",
                  "-device", "isa-serial,chardev=wake,index=1"]
    if boot.kexec:
        for name, path in (("kernel", image), ("initrd", initrd)):
            found += [*drive(name, path), "-device", virtio.replace("=virtio", f"={name}")]
    return found


def machine_of(boot):
    return MACHINE if boot.unit is None else [*MACHINE, "-device", f"intel-iommu,{boot.unit}"]


def append_of(boot, port):
    words = [f"job={boot.jobs}", boot.append, f"want_domain={boot.domain}", f"echo_port={port}"]
    if boot.remapped is not None:
        words.append(f"want_remapped={boot.remapped}")
    if boot.usb:
        words.append("usb=1 usb-storage.delay_use=0")
    if boot.ats:
        words.append("want_ats=1")
    return " ".join(words + [os.environ.get("APPEND", "")])


def read(boot, console, qmp):
    """A guest's results."""
    if boot.may_refuse and "Linux version" not in console:
        why = [match[1] for match in map(REFUSED.match, console.split("\n")) if match]
        results = guest.Results()
        if why:
            results.skipped.append(("boot", f"this QEMU refuses: {why[0]}"))
        else:
            results.add(False, "boot", "neither a kernel nor a refusal")
        return results
    if boot.crash:
        console = console.replace(CRASH, "As it shall: sysrq")
    results = guest.read_console(console, False, False)
    kernel = guest.split(console)[0]
    if boot.says:
        lines = [line for line in kernel if re.search(boot.says, line)]
        results.add(len(lines) == 1, "log", lines[0] if len(lines) == 1 else
                    f"{len(lines)} lines match {boot.says}")
    if boot.never:
        lines = [line for line in kernel if re.search(boot.never, line)]
        results.add(not lines, "log-silent", "; ".join(lines))
    if boot.excused:
        excuse(results)
    for lack in qmp.lacks:
        results.add(False, "plug", lack)
    return results


def excuse(results):
    """Takes the cases of BASE_FAILS for skipped; they have to fail, or the file would not be true."""
    for name, why in re.findall(r"^(?!#)([^:]+): (.+)", BASE_FAILS.read_text(), re.M):
        failed = [row for row in results.failed if row[0] == name]
        if failed:
            results.failed.remove(failed[0])
            results.skipped.append((name, why))
        else:
            results.add(False, name, f"did not fail, as {BASE_FAILS.name} has it")


def folder_of(boot):
    return guest.BUILD / os.environ.get("KERNEL", boot.kernel)


def run(boot, show=None):
    """Boots a guest, again when it was the emulator that failed: its results."""
    return guest.attempts(f"vtd {boot.name}", lambda: attempt(boot, show))


def attempt(boot, show):
    """Boots one guest: its results, and what its console said."""
    if "@" in boot.name:
        qemu.must_differ(boot.version)
    image = folder_of(boot) / guest.IMAGES["x86_64"]
    initrd = pathlib.Path(os.environ.get("INITRD") or
                          guest.BUILD / "initramfs" / f"{boot.kernel}.cpio.gz")
    with tempfile.TemporaryDirectory() as folder, lane.echo_server() as port:
        qmp = Qmp(f"{folder}/qmp")

        def on_line(line):
            if show:
                show(line)
            if boot.plugs:
                qmp.plug(line)
            if boot.wakes and line.endswith("> asleep"):
                threading.Timer(ASLEEP_S, wake, [f"{folder}/wake"]).start()

        try:
            console = guest.boot(
                image, initrd, append=append_of(boot, port), smp=boot.smp, memory=boot.memory,
                timeout=boot.timeout, machine=machine_of(boot), version=boot.version,
                on_line=on_line,
                qemu_args=devices_of(boot, image, initrd, folder) +
                shlex.split(os.environ.get("QEMU_ARGS", "")),
                log=guest.BUILD / "log" / f"vtd-{boot.name}-console.log")
        except guest.Hang as hang:
            message, console = hang.args
            results = read(boot, console, qmp)
            results.add(False, "time-limit", message)
            return results, console
    return read(boot, console, qmp), console


def timed(boot, show=None):
    """Runs a boot, and says how it went."""
    began = time.monotonic()
    results = run(boot, show)
    print(f"  {boot.name}: {time.monotonic() - began:.0f} s, {len(results.passed)} passed, "
          f"{len(results.failed)} failed, {len(results.skipped)} skipped", flush=True)
    return results


def add(total, boot, results):
    for whole, part in ((total.passed, results.passed), (total.failed, results.failed),
                        (total.skipped, results.skipped)):
        whole += [(f"{boot.name} {name}", detail) for name, detail in part]


def chosen(arguments):
    """The boots that the arguments ask for."""
    if arguments[:1] in (["--beside"], ["--alone"]):
        return [boot for boot in ALL.values()
                if boot.alone == (arguments[0] == "--alone") and [boot.kernel] == arguments[1:]]
    if not set(arguments) <= set(ALL):
        sys.exit(__doc__)
    return [ALL[name] for name in arguments] or list(ALL.values())


def main(arguments):
    if arguments == ["--list"]:
        print("\n".join(ALL))
        return 0
    boots = chosen(arguments)
    lock.take(shared=True)
    total = guest.Results()
    beside = [boot for boot in boots if not boot.alone]
    show = lane.show if set(arguments) & set(ALL) and len(boots) == 1 else None
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", 2))) as pool:
        for boot, results in zip(beside, pool.map(lambda boot: timed(boot, show), beside)):
            add(total, boot, results)
    for boot in boots:
        if boot.alone:
            add(total, boot, timed(boot, show))
    return lane.report(total)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
