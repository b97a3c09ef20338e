#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""qemu.py [VERSION]: says which QEMU boots the guests of x86-64, and what its VT-d unit can do.

QEMU= is another binary than the system's qemu-system-x86_64, or a VERSION. A VERSION that is newer
than the system's comes from Debian's packages, which are unpacked in build/qemu and not installed.
"""

import contextlib
import dataclasses
import os
import pathlib
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading

BUILD = pathlib.Path(__file__).resolve().parent.parent / "build"
PLACE = BUILD / "qemu"

SYSTEM = "qemu-system-x86_64"
NEWER = "11.1"
# The suites of Debian that have a version
SUITES = {"10.0": ["trixie"], "11.1": ["trixie", "trixie-backports"]}

# What a message of QEMU begins with: the name of its program, whose folder it leaves out
PROGRAM = r"[\w.+-]*qemu[\w.+-]*"

# Properties of intel-iommu, and what they were called before
RENAMED = {"scalable-mode": "x-scalable-mode", "fsts": "x-flts"}
# The width of addresses where a boot doesn't name it. QEMU's own default is 39 bits in 7.2, 48 in 10.0.
WIDTH = ["-global", "intel-iommu.aw-bits=39"]

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# -c has apt read this after the system's own: proxies and credentials stay, hooks don't.
APT_CONF = """
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Default-Release "%(release)s";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg;
Acquire::Languages "none";
Acquire::http::Timeout "20";
Dir::Cache "%(folder)s/cache";
Dir::Etc::preferences "%(folder)s/none";
Dir::Etc::preferencesparts "%(folder)s/none.d";
Dir::Etc::sourcelist "%(folder)s/sources.list";
Dir::Etc::sourceparts "%(folder)s/none.d";
Dir::State "%(folder)s/state";
Dir::State::status "%(folder)s/status";
"""


class Lacking(Exception):
    """What this machine or its QEMU can't do; args: why, in one line."""


@dataclasses.dataclass
class Emulator:
    """One QEMU."""
    command: list
    version: str
    properties: frozenset  # of intel-iommu

    def property(self, text):
        """NAME=VALUE of intel-iommu, as this QEMU calls it."""
        name, equals, value = text.partition("=")
        for known in (name, RENAMED.get(name)):
            if known in self.properties:
                return known + equals + value
        raise Lacking(f"intel-iommu has no {name} in QEMU {self.version}")

    def argument(self, text):
        """An argument of the command line, as this QEMU takes it."""
        device, *properties = text.split(",")
        if device != "intel-iommu":
            return text
        return ",".join([device, *map(self.property, properties)])


def _output(command):
    """What a command says; it is no fault of ours if it can't be run."""
    try:
        return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL).stdout
    except OSError as error:
        raise Lacking(f"{command[0]}: {error.strerror}") from error
    except subprocess.CalledProcessError as error:
        lines = error.output.strip().split("\n")
        why = [line for line in lines if line.startswith("E: ")] or lines[-1:]
        raise Lacking(f"{command[0]} fails: {why[0]}") from error


def _asked(command):
    """The Emulator that a command starts."""
    version = re.search(r"^QEMU emulator version (\d+(?:\.\d+)*)", _output([*command, "--version"]))
    options = _output([*command, "-device", "intel-iommu,help"])
    if not version:
        raise Lacking(f"{command[0]} is no QEMU")
    return Emulator(command, version[1], frozenset(re.findall(r"^ +([\w-]+)=", options, re.M)))


def _number(version):
    return [int(part) for part in version.split(".")]


def _mirrors():
    """Where the system's own apt finds Debian."""
    if platform.machine() != "x86_64":
        raise Lacking(f"Debian's packages for amd64 don't run on {platform.machine()}")
    release = {}
    with contextlib.suppress(OSError):
        release = platform.freedesktop_os_release()
    if release.get("ID") != "debian" or not pathlib.Path(KEYRING).exists():
        raise Lacking("only a Debian can check the signatures of Debian's packages")
    codename = release.get("VERSION_CODENAME", "")
    uris = _output(["apt-get", "update", "--print-uris"])
    found = re.findall(rf"^'(\S+)/dists/(?:{codename}|stable)/InRelease'", uris, re.M)
    if not found:
        raise Lacking("apt's sources don't say where Debian is")
    return list(dict.fromkeys(found))


def _download(folder, mirror, suites):
    """Fetches the packages of QEMU and of all that it needs: their paths."""
    for name in ("none.d", "state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").write_text("")  # nothing is installed
    (folder / "sources.list").write_text("".join(
        f"deb [signed-by={KEYRING}] {mirror} {suite} main\n" for suite in suites))
    conf = folder / "apt.conf"
    conf.write_text(APT_CONF % {"folder": folder, "release": suites[-1]})
    _output(["apt-get", "-c", conf, "update"])
    _output(["apt-get", "-c", conf, "install", "--download-only", "-y", "qemu-system-x86"])
    return sorted((folder / "cache/archives").glob("*.deb"))


def _fetch(version):
    """Has a version of Debian's in build/qemu: its folder, which is there as a whole or not at all."""
    place = PLACE / version
    if place.exists():
        return place
    mirrors = _mirrors()
    PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PLACE, prefix="new-") as folder:
        folder = pathlib.Path(folder)
        for mirror in mirrors:
            try:
                packages = _download(folder, mirror, SUITES[version])
                break
            except Lacking as why:
                failure = why
        else:
            raise Lacking(f"QEMU {version} can't be fetched: {failure}")
        for package in packages:
            _output(["dpkg-deb", "-x", package, folder / "root"])
        with contextlib.suppress(OSError):  # somebody else was faster
            (folder / "root").rename(place)
    return place


def _unpacked(root):
    """The command that starts a QEMU of Debian's in a folder, with the libraries beside it."""
    libraries, data = root / "usr/lib/x86_64-linux-gnu", root / "usr/share"
    return ["env", f"QEMU_MODULE_DIR={libraries}/qemu", str(libraries / "ld-linux-x86-64.so.2"),
            "--library-path", str(libraries), "--argv0", SYSTEM, str(root / "usr/bin" / SYSTEM),
            "-L", str(data / "qemu"), "-L", str(data / "seabios"),
            "-L", str(root / "usr/lib/ipxe/qemu")]


def _default():
    """The system's QEMU, or the one that QEMU= names."""
    wanted = os.environ.get("QEMU") or SYSTEM
    try:
        return _asked(_unpacked(_fetch(wanted)) if wanted in SUITES else shlex.split(wanted))
    except Lacking as why:
        sys.exit(f"QEMU={wanted}: {why}")


_lock = threading.Lock()
_known = {}  # by version: an Emulator, or why there is none


def _find(version):
    if version not in _known:
        try:
            _known[version] = _asked(_unpacked(_fetch(version))) if version else _default()
        except Lacking as why:
            _known[version] = why
    return _known[version]


def emulator(version=None):
    """The QEMU that boots what names no version; or one that is at least of this version."""
    with _lock:
        found = _find(None)
        if version and _number(found.version) < _number(version):
            found = _find(version)
    if isinstance(found, Lacking):
        raise Lacking(*found.args)
    return found


def must_differ(version):
    """A boot that is repeated under a version has nothing new to say where all boots have it."""
    found = emulator()
    if _number(found.version) >= _number(version):
        raise Lacking(f"QEMU {found.version} boots all the others as well")


def machine(arguments, version=None):
    """The command that starts a machine; arguments: the same for the system's QEMU."""
    if arguments[0] != SYSTEM:
        return arguments
    found = emulator(version)
    unit = WIDTH if any(text.startswith("intel-iommu") for text in arguments) else []
    return [*found.command, *unit, *map(found.argument, arguments[1:])]


def main(versions):
    for version in versions or [None]:
        found = emulator(version)
        print(f"QEMU {found.version}: {shlex.join(found.command)}")
        print(f"  intel-iommu: {' '.join(sorted(found.properties))}")


if __name__ == "__main__":
    if not set(sys.argv[1:]) <= set(SUITES):
        sys.exit(__doc__)
    try:
        main(sys.argv[1:])
    except Lacking as why:
        sys.exit(str(why))
