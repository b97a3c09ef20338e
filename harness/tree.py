#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes the source trees that kernels are built from.

tree.py base     build/base: the unmodified kernel, from $KERNEL_SRC (folder or tarball of 6.12.y)
                 or from the package linux-source-6.12
tree.py overlay  build/tree: the base with this repository's files and hunks laid over it

Files of build/tree that are not ours are hard links into build/base, so nothing is ever written
in place: a changed file is written beside and renamed. Only files whose content changes are
replaced, and they get the time of day: kbuild then rebuilds what depends on them and no more.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
BASE = BUILD / "base"
TREE = BUILD / "tree"
PACKAGE = "/usr/src/linux-source-6.12.tar.xz"

# Our folder -> the file or folder of the base that it takes the place of, of which nothing stays
REPLACED = {"drivers/iommu/dma": "drivers/iommu/dma-iommu.c",
            "drivers/iommu/intel": "drivers/iommu/intel",
            "drivers/iommu/iova": "drivers/iommu/iova.c"}
OVERLAY_FOLDERS = ("Documentation", "arch", "drivers", "include", "kernel", "lib", "tools")
STACK_KCONFIG = "drivers/iommu/Kconfig.dma-stack"
LEFTOVER = re.compile(r"(~|\.orig|\.rej|\.sw[op]|\.pyc)$")


def read(path):
    return path.read_text() if path.exists() else None


def replace(path, content, mode):
    path.parent.mkdir(parents=True, exist_ok=True)
    temp = path.with_name(path.name + ".new")
    temp.write_bytes(content)
    temp.chmod(mode)
    temp.rename(path)


def version_of(tree):
    makefile = read(tree / "Makefile") or ""
    return [int(number) for number in
            re.findall(r"^(?:VERSION|PATCHLEVEL|SUBLEVEL) = (\d+)$", makefile, re.M)[:3]]


def unpack(source, into):
    # Both ways give every file the time of day: kernels built from another base are then stale.
    if source.is_dir():
        into.rmdir()
        shutil.copytree(source, into, symlinks=True, copy_function=shutil.copy,
                        ignore=shutil.ignore_patterns(".git"))
        if (into / ".config").exists():
            subprocess.run(["make", "-C", into, "mrproper"], check=True)
    else:
        subprocess.run(["tar", "-x", "-m", "-f", source, "-C", into, "--strip-components=1"],
                       check=True)


def make_base():
    source = pathlib.Path(os.environ.get("KERNEL_SRC") or PACKAGE).resolve()
    marker = source / "Makefile" if source.is_dir() else source
    if not marker.is_file():
        sys.exit(f"KERNEL_SRC: {source} is neither a kernel tree nor a tarball of one")
    state = marker.stat()
    stamp = f"{source} {state.st_mtime_ns} {state.st_size}\n"
    stamp_file = BUILD / "base.stamp"
    if BASE.exists() and read(stamp_file) == stamp:
        return

    temp = BUILD / "base.new"
    shutil.rmtree(temp, ignore_errors=True)
    temp.mkdir(parents=True)
    try:
        unpack(source, temp)
    except subprocess.CalledProcessError as error:
        sys.exit(f"cannot unpack {source}: {error}")
    version = version_of(temp)
    if version[:2] != [6, 12]:
        shutil.rmtree(temp)
        found = ".".join(map(str, version)) or "no kernel tree"
        sys.exit(f"{source} is {found}; this stack is made for Linux 6.12.y")

    stamp_file.unlink(missing_ok=True)
    shutil.rmtree(BASE, ignore_errors=True)
    temp.rename(BASE)
    stamp_file.write_text(stamp)
    print("base is Linux " + ".".join(map(str, version)))


def own_files():
    """Path in the kernel tree -> our file, for each file that stands whole in this repository."""
    files = {}
    for folder in OVERLAY_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and not LEFTOVER.search(path.name) and "__pycache__" not in path.parts:
                files[str(path.relative_to(ROOT))] = path
    if (ROOT / "Kconfig").exists():
        files[STACK_KCONFIG] = ROOT / "Kconfig"
    return files


def base_files(path):
    """The files of the base that a path names: itself, or all in a folder."""
    found = [BASE / path] if (BASE / path).is_file() else (BASE / path).rglob("*")
    return sorted(str(file.relative_to(BASE)) for file in found if file.is_file())


def removed_files(own):
    """Paths of the base's files that a folder of ours takes the place of."""
    return {path for folder, replaced in REPLACED.items() if (ROOT / folder).exists()
            for path in base_files(replaced)} - own.keys()


def hunk_files(hunks):
    """Paths of the base's files that the hunks change."""
    paths = set()
    for hunk in hunks:
        paths.update(re.findall(r"^\+\+\+ b/(\S+)", hunk.read_text(), re.M))
    return paths


def patched_files():
    """Path in the kernel tree -> the base's file with our hunks applied, in a scratch folder."""
    scratch = BUILD / "patched"
    shutil.rmtree(scratch, ignore_errors=True)
    hunks = sorted((ROOT / "hunks").glob("*.patch"))
    paths = hunk_files(hunks)
    for path in paths:
        (scratch / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(BASE / path, scratch / path)
    for hunk in hunks:
        result = subprocess.run(["patch", "-p1", "-s", "-f", "--no-backup-if-mismatch", "-r", "-",
                                 "-d", scratch, "-i", hunk], capture_output=True, text=True)
        if result.returncode:
            sys.exit(f"hunks/{hunk.name} does not apply to this base:\n{result.stdout}")
    return {path: scratch / path for path in paths}


def make_overlay():
    stamp = read(BUILD / "base.stamp")
    stamp_file = BUILD / "tree.stamp"
    manifest = BUILD / "tree.files"
    if not TREE.exists() or read(stamp_file) != stamp:
        stamp_file.unlink(missing_ok=True)
        temp = BUILD / "tree.new"
        for old in (temp, TREE):
            shutil.rmtree(old, ignore_errors=True)
        subprocess.run(["cp", "-al", BASE, temp], check=True)
        temp.rename(TREE)
        manifest.write_text("")
        stamp_file.write_text(stamp)

    own, patched = own_files(), patched_files()
    both = own.keys() & patched.keys()
    if both:
        sys.exit("both a file of ours and changed by a hunk: " + " ".join(sorted(both)))
    wanted, removed = {**own, **patched}, removed_files(own)

    laid = set((read(manifest) or "").split("\n")) - {""}
    manifest.write_text("\n".join(sorted(laid | wanted.keys() | removed)) + "\n")
    for path in sorted(laid - wanted.keys() - removed):
        print("back to the base:", path)
        if (BASE / path).exists():
            replace(TREE / path, (BASE / path).read_bytes(), (BASE / path).stat().st_mode)
        else:
            (TREE / path).unlink(missing_ok=True)
    for path, source in sorted(wanted.items()):
        content, target = source.read_bytes(), TREE / path
        if not target.is_file() or target.read_bytes() != content:
            print("laid over:", path)
            replace(target, content, source.stat().st_mode)
    for path in removed:
        (TREE / path).unlink(missing_ok=True)
    manifest.write_text("\n".join(sorted(wanted.keys() | removed)) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["base"]:
        make_base()
    elif sys.argv[1:] == ["overlay"]:
        make_overlay()
    else:
        sys.exit(__doc__)
