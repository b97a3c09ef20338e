#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes our tree as a series of patches on the base, for git am.

series.py          build/series: one patch for each step, and a cover letter
series.py --check  the same, then: does git am reproduce build/tree, and does each step build?

A step is a file harness/series/NN-name: headers, an empty line, the commit message's body.

  Subject:  of the commit
  Files:    patterns of the files of build/tree that arrive whole, in this step
  Hunks:    names of the hunks/NAME.patch that are applied in this step
  Options:  those entries of the root's Kconfig that arrive in this step
  Completes: files of an earlier step of which some lines arrive only now
  Lines:    pattern of these lines

Every file in which build/tree differs from build/base, every hunk and every option has to be
named by exactly one step. harness/series/cover is the cover letter's subject and text.

The commits are made in a repository under build/ that holds only the files we touch: their blobs,
and so the patches, are the same as in a repository of the whole kernel.
"""

import dataclasses
import email
import fnmatch
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True	# nothing outside build/ is written
import tree

ROOT, BUILD, BASE, TREE = tree.ROOT, tree.BUILD, tree.BASE, tree.TREE
STEPS = ROOT / "harness/series"
SERIES = BUILD / "series"
WORK = BUILD / "series-work"		# the repository that the patches come from
APPLIED = BUILD / "series-applied"	# the one that they are applied to
BUILT = BUILD / "series-tree"		# the whole kernel, one step after the other
OBJECTS = BUILD / "compile-series"	# what is built of it
SELFTESTS = "tools/testing/selftests/iommu"
WITHOUT_HISTORY = 1735689600		# 1 January 2025: for a tree that git knows nothing of


@dataclasses.dataclass(eq=False)
class Step:
    name: str
    subject: str
    body: str
    patterns: list
    hunks: list
    options: list
    completes: list
    lines: str
    files: list = dataclasses.field(default_factory=list)


def read_step(path):
    message = email.message_from_string(path.read_text())

    def words(header):
        return message.get(header, "").split()

    return Step(path.name, " ".join(words("Subject")), message.get_payload().strip(),
                words("Files"), words("Hunks"), words("Options"), words("Completes"),
                message.get("Lines", ""))


# What differs, and which step brings it


def files_of(top):
    paths = set()
    for folder, folders, names in os.walk(top):
        folders[:] = set(folders) - {"__pycache__", ".kunit"}  # of tools run in the tree
        paths |= {os.path.relpath(os.path.join(folder, name), top) for name in names}
    return paths


def same(one, other):
    a, b = os.lstat(one), os.lstat(other)
    if os.path.samestat(a, b):
        return True
    if os.path.islink(one) or os.path.islink(other):
        return (os.path.islink(one) and os.path.islink(other)
                and os.readlink(one) == os.readlink(other))
    return ((a.st_mode ^ b.st_mode) & 0o111 == 0 and a.st_size == b.st_size
            and pathlib.Path(one).read_bytes() == pathlib.Path(other).read_bytes())


def differing_files():
    """Every path that build/base and build/tree do not have in common, found by comparing all."""
    base, ours = files_of(BASE), files_of(TREE)
    return (base ^ ours) | {path for path in base & ours if not same(BASE / path, TREE / path)}


def kconfig_entries(text):
    """Cuts a Kconfig into (option or None, text) pieces. Comments belong to what follows them."""
    pieces, option, piece, ahead = [], None, [], []
    for line in text.splitlines(keepends=True):
        if line.startswith("#") or not line.strip():
            ahead.append(line)
        elif line[0].isspace():
            piece += ahead + [line]
            ahead = []
        else:
            pieces.append((option, "".join(piece)))
            entry = re.match(r"(?:menu)?config\s+(\w+)", line)
            option, piece, ahead = entry and entry[1], ahead + [line], []
    return [pair for pair in pieces + [(option, "".join(piece)), (None, "".join(ahead))] if pair[1]]


def stack_kconfig(options):
    """The root's Kconfig as it stands in a step by which these options have arrived."""
    return "".join(text for option, text in kconfig_entries((ROOT / "Kconfig").read_text())
                   if option is None or option in options)


def assign(steps, differing):
    """Gives each step its files; ends the run when something belongs to none or to several."""
    hunks = {path.stem for path in (ROOT / "hunks").glob("*.patch")}
    patched = tree.hunk_files((ROOT / "hunks").glob("*.patch"))
    options = {option for option, _ in kconfig_entries((ROOT / "Kconfig").read_text()) if option}
    whole = differing - patched - {tree.STACK_KCONFIG}
    laid = set((BUILD / "tree.files").read_text().split())
    problems = [f"file {path}: is in build/tree, but not because of us" for path in sorted(differing - laid)]

    def claim(kind, thing, claims):
        takers = [step for step in steps if claims(step)]
        if len(takers) != 1:
            names = " ".join(step.name for step in takers) or "none"
            problems.append(f"{kind} {thing}: should be in one step, is in {names}")
        return takers

    for path in sorted(whole & laid):
        for step in claim("file", path, lambda step: any(fnmatch.fnmatch(path, pattern)
                                                         for pattern in step.patterns)):
            step.files.append(path)
    for number, step in enumerate(steps):
        problems += [f"{step.name}: completes {path}, which is in no step before"
                     for path in step.completes
                     if not any(path in before.files for before in steps[:number])]
    for hunk in sorted(hunks):
        claim("hunk", hunk, lambda step: hunk in step.hunks)
    for option in sorted(options):
        claim("option", option, lambda step: option in step.options)
    for step in steps:
        problems += [f"{step.name}: there is no hunk {hunk}" for hunk in step.hunks if hunk not in hunks]
        problems += [f"{step.name}: there is no option {option}"
                     for option in step.options if option not in options]
        problems += [f"{step.name}: no file matches {pattern}" for pattern in step.patterns
                     if not any(fnmatch.fnmatch(path, pattern) for path in whole)]
        problems += [f"{step.name}: has no {part}" for part in ("subject", "body") if not getattr(step, part)]
    if problems:
        sys.exit("harness/series does not fit the tree:\n  " + "\n  ".join(problems))


# Making the patches


def identity():
    """Name and address of whoever runs this, else of the first maintainer."""
    def config(key):
        result = subprocess.run(["git", "-C", ROOT, "config", key], capture_output=True, text=True)
        return result.stdout.strip()

    name, address = config("user.name"), config("user.email")
    if not (name and address):
        name, address = re.search(r"^M:\s*(.*\S)\s*<(.*)>", (ROOT / "MAINTAINERS").read_text(), re.M).groups()
    return name, address


def start_time():
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    result = subprocess.run(["git", "-C", ROOT, "log", "-1", "--format=%ct"], capture_output=True, text=True)
    return int(result.stdout) if result.stdout.strip() else WITHOUT_HISTORY


class Repository:
    """A repository of its own: nobody's configuration, hooks or clock take part."""

    def __init__(self, folder, author, seconds):
        self.folder, self.author, self.seconds = folder, author, seconds
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "series")

    def git(self, *command, **options):
        name, address = self.author
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        environment |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        for role in ("AUTHOR", "COMMITTER"):
            environment |= {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": address,
                            f"GIT_{role}_DATE": f"@{self.seconds} +0000"}
        result = subprocess.run(["git", "-c", "core.excludesFile=/dev/null", *command], cwd=self.folder,
                                env=environment, capture_output=True, text=True, **options)
        if result.returncode:
            sys.exit(f"git {' '.join(map(str, command))}:\n{result.stdout}{result.stderr}")
        return result.stdout

    def commit(self, message):
        self.seconds += 60
        self.git("add", "-A", "-f")
        self.git("commit", "-q", "--allow-empty", "-F", "-", input=message)

    def put(self, path, source):
        """Copies source, or removes path where there is no source."""
        target = self.folder / path
        if not os.path.lexists(source):
            target.unlink()
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target, follow_symlinks=False)

    def commit_base(self, differing):
        for path in differing:
            if os.path.lexists(BASE / path):
                self.put(path, BASE / path)
        self.commit("base\n")


def without_lines(path, patterns):
    """The text of a file as it is before the steps that complete it."""
    text = "".join(line for line in path.read_text().splitlines(keepends=True)
                   if not any(re.search(pattern, line) for pattern in patterns))
    return re.sub(r"\n{3,}", "\n\n", text).rstrip("\n") + "\n"


def put_files(work, steps, number):
    """The files of a step, and those that it completes, without what only later steps bring."""
    for path in steps[number].files + steps[number].completes:
        work.put(path, TREE / path)
        later = [step.lines for step in steps[number + 1:] if path in step.completes]
        if later:
            (work.folder / path).write_text(without_lines(TREE / path, later))


def apply_hunk(folder, name):
    result = subprocess.run(["patch", "-p1", "-s", "-f", "--no-backup-if-mismatch", "-d", folder, "-i",
                             ROOT / f"hunks/{name}.patch"], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"hunks/{name}.patch does not apply at its step:\n{result.stdout}")


def cover_letter():
    text = (STEPS / "cover").read_text().rstrip()
    table = BUILD / "bench/bench.md"
    figures = table.read_text().strip() if table.exists() else \
        "(`make bench` makes the table of figures; this was written without it.)"
    base = ".".join(map(str, tree.version_of(BASE)))
    return f"{text}\n\n{figures}\n\nThe series applies to Linux {base}.\n"


def write_series(steps, differing):
    author = identity()
    work = Repository(WORK, author, start_time())
    work.commit_base(differing)
    options = set()
    for number, step in enumerate(steps):
        put_files(work, steps, number)
        for hunk in step.hunks:
            apply_hunk(WORK, hunk)
        if step.options:
            options.update(step.options)
            (WORK / tree.STACK_KCONFIG).write_text(stack_kconfig(options))
        work.commit(f"{step.subject}\n\n{step.body}\n\nSigned-off-by: {author[0]} <{author[1]}>\n")

    shutil.rmtree(SERIES, ignore_errors=True)
    work.git("config", "branch.series.description", cover_letter())
    written = work.git("format-patch", "--cover-letter", "--cover-from-description=subject",
                       "--subject-prefix=PATCH 6.12", "--zero-commit", "--no-signature",
                       "--break-rewrites", "-o", SERIES, f"HEAD~{len(steps)}")
    return [pathlib.Path(line) for line in written.split()]


# Checking them


failed = False


def verdict(name, why=None):
    global failed
    failed |= bool(why)
    print(f"FAIL series {name}: {why}" if why else f"PASS series {name}", flush=True)


def check_exact(patches, differing):
    applied = Repository(APPLIED, identity(), start_time())
    applied.commit_base(differing)
    applied.git("am", "-q", *patches)
    got = set(applied.git("ls-files", "-z").split("\0")) - {""}
    want = {path for path in differing if os.path.lexists(TREE / path)}
    wrong = sorted((got ^ want) | {path for path in got & want if not same(APPLIED / path, TREE / path)})
    verdict("git am reproduces the tree", wrong and "differs in " + " ".join(wrong))
    return applied


def builds(step):
    """Commands that build what a step touches: (what it is, command) pairs."""
    def kernel_make(*arguments):
        return [ROOT / "harness/kernel.sh", "compile-series", "make", f"-j{os.cpu_count()}", *arguments]

    yield "configuring", kernel_make(f"KCONFIG_ALLCONFIG={OBJECTS}/fragment", "allnoconfig")
    yield "building", kernel_make("drivers/iommu/")
    programs = [path for path in step.files if re.match(SELFTESTS + r"/\w+\.c$", path)]
    if programs:  # ours alone: the base's need not build
        output = OBJECTS / "selftests"
        yield "building selftests", ["make", "-C", BUILT / SELFTESTS, f"OUTPUT={output}",
                                     *(output / pathlib.Path(path).stem for path in programs)]


def run_step(title, log, command):
    os.environ["STEP"] = str(int(os.environ.get("STEP", "0")) + 1)
    return subprocess.run([ROOT / "harness/step.sh", title, log, *command]).returncode == 0


def symbols():
    """What drivers/iommu, as just built, defines, and what it wants from elsewhere."""
    listed = subprocess.run(["nm", "-A", OBJECTS / "drivers/iommu/built-in.a"], check=True,
                            capture_output=True, text=True).stdout
    found = re.findall(r" (\w) (\S+)$", listed, re.M)
    defined = {symbol for kind, symbol in found if kind not in "Uuw"}
    return defined, {symbol for kind, symbol in found if kind == "U"} - defined


def check_builds(steps, applied, differing):
    """Takes a copy of the base through the steps and builds, at each, what it touches.

    Nothing is linked, so a step that calls what arrives later is found another way: it wants a
    symbol that it does not define and that drivers/iommu defines in the end.
    """
    found = {}
    for folder in (BUILT, OBJECTS):
        shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["cp", "-al", BASE, BUILT], check=True)
    (OBJECTS / "selftests").mkdir(parents=True)
    (OBJECTS / "fragment").write_text("".join((ROOT / f"harness/config/{name}.config").read_text()
                                              for name in ("compile", "compile-x86_64")))

    os.environ.setdefault("STEPS", str(sum(len(list(builds(step))) for step in steps)))
    for number, step in enumerate(steps):
        applied.git("checkout", "-q", f"series~{len(steps) - 1 - number}")
        for path in differing:
            source, target = APPLIED / path, BUILT / path
            if not source.exists():
                target.unlink(missing_ok=True)
            elif not target.exists() or not same(source, target):
                tree.replace(target, source.read_bytes(), source.stat().st_mode)
        for what, command in builds(step):
            log = f"series-{step.name}-{what.replace(' ', '-')}"
            if not run_step(f"series: {what} at {step.name}", log, command):
                verdict(f"builds at {step.name}", f"see build/log/{log}.log")
                return
        found[step] = symbols()
    in_the_end = found[steps[-1]][0]
    for step, (_, wanted) in found.items():
        early = sorted(wanted & in_the_end)
        verdict(f"builds at {step.name}", early and "calls what arrives later: " + " ".join(early))
    if not failed:
        shutil.rmtree(BUILT)


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    tree.make_base()
    tree.make_overlay()
    steps = [read_step(path) for path in sorted(STEPS.glob("[0-9][0-9]-*[a-z]"))]
    differing = differing_files()
    assign(steps, differing)
    patches = write_series(steps, differing)
    print(f"{len(patches) - 1} patches and a cover letter in {SERIES.relative_to(ROOT)}")
    if arguments:
        applied = check_exact(patches[1:], differing)
        check_builds(steps, applied, differing)
    sys.exit(failed)


if __name__ == "__main__":
    main(sys.argv[1:])
