#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes our tree as a series of patches on the base, for git am.

series.py          build/series: one patch for each step, and a cover letter
series.py --check  the same, then: is no patch too long to be read in one sitting, does git am
                   reproduce build/tree, and does each step build?

What a step is, series_steps.py says. Every file in which build/tree differs from build/base, every
hunk and every option has to be named by exactly one step. harness/series/cover is the cover
letter's subject and text.

The commits are made in a repository under build/ that holds only the files we touch: their blobs,
and so the patches, are the same as in a repository of the whole kernel.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True	# nothing outside build/ is written
import lock	# noqa: E402
import series_make as make	# noqa: E402
import series_steps as plan	# noqa: E402
import tree	# noqa: E402

ROOT, BUILD, BASE, TREE = tree.ROOT, tree.BUILD, tree.BASE, tree.TREE
SERIES = BUILD / "series"
WORK = BUILD / "series-work"		# the repository that the patches come from
APPLIED = BUILD / "series-applied"	# the one that they are applied to
BUILT = BUILD / "series-build/tree"	# the whole kernel, one step after the other
OBJECTS = BUILD / "series-build/compile-x86_64"	# what is built of it
SELFTESTS = "tools/testing/selftests/iommu"
WITHOUT_HISTORY = 1735689600		# 1 January 2025: for a tree that git knows nothing of
PARENT = "drivers/iommu/Makefile"	# the base's, above our folders
LIMITS = {"product": 60_000, "tests": 100_000}	# bytes of added and removed lines in a patch


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


def apply_patch(folder, path, *options):
    result = subprocess.run(["patch", "-p1", "-s", "-f", "--no-backup-if-mismatch", "-d", folder, "-i",
                             path, *options], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{path.relative_to(ROOT)} does not apply at its step:\n{result.stdout}")


class Writer:
    """Takes the repository from step to step."""

    def __init__(self, work, steps):
        self.work = work
        self.ours = {path for step in steps for path in step.arrives}
        self.there = set()	# files of ours that have arrived
        self.waiting = []	# those of them that nothing links
        self.headers = []	# of ours, under the names of make.next_name()
        self.spare = []		# those of them whose base's has been replaced
        self.option = ""	# with which the waiting ones are compiled
        self.options = set()
        self.added = ""		# to the Makefile above

    def take(self, step):
        """All that a step changes."""
        for old, new in plan.moves_of(step).items():
            if (self.work.folder / old).exists():
                self.work.put(new, self.work.folder / old)
                (self.work.folder / old).unlink()
        if step.words("Removes"):
            self.remove(step.words("Removes"))
        self.arrive(step)
        self.edit_parent("")
        for name in step.words("Reverts"):
            apply_patch(self.work.folder, plan.STEPS / f"{name}.patch", "-R")
        for name in step.words("Applies"):
            apply_patch(self.work.folder, plan.STEPS / f"{name}.patch")
        for hunk in step.words("Hunks"):
            apply_patch(self.work.folder, ROOT / f"hunks/{hunk}.patch")
        self.write_makefiles()
        if step.words("Options"):
            self.options.update(step.words("Options"))
            (self.work.folder / tree.STACK_KCONFIG).write_text(plan.stack_kconfig(self.options))

    def remove(self, patterns):
        for path in self.work.git("ls-files").split("\n"):
            if path not in self.there and plan.matches(path, patterns):
                (self.work.folder / path).unlink()
        for path in self.spare:
            (self.work.folder / make.next_name(path)).unlink()
        self.spare = []

    def arrive(self, step):
        early = step.words("Next")
        for path in step.arrives:
            self.work.put(make.next_name(path) if path in early else path, TREE / path)
        self.there.update(step.arrives)
        self.headers += early
        if step.words("Unlinked"):
            self.option = step.words("Unlinked")[0]
            self.waiting += [path for path in step.arrives if path.endswith(".c")]
        if step.words("Links"):
            for path in self.headers:
                self.work.put(path, TREE / path)
            self.spare += self.headers
            self.waiting, self.headers = [], []

    def edit_parent(self, added):
        """Exchanges what the Makefile above has at its end for the sake of objects that wait."""
        path = self.work.folder / PARENT
        if path.exists() and self.added != added:
            path.write_text(path.read_text().removesuffix(self.added) + added)
            self.added = added

    def write_makefiles(self):
        folders, alone = set(), []
        for path in self.waiting:
            folder = os.path.dirname(path)
            if f"{folder}/Makefile" in self.ours:
                folders.add(folder)
            else:
                alone.append(os.path.relpath(path, os.path.dirname(PARENT)))
        for path in sorted(self.there):
            folder, name = os.path.split(path)
            if name == "Makefile":
                text = (TREE / path).read_text()
                text = make.unlinked(path, text, self.option, self.there, self.headers) \
                    if folder in folders else make.trimmed(path, text, self.ours, self.there)
                (self.work.folder / path).write_text(text)
        below = [f"{os.path.relpath(folder, os.path.dirname(PARENT))}/" for folder in sorted(folders)]
        self.edit_parent(make.parent(below + alone, self.option, self.headers))


def cover_letter():
    base = ".".join(map(str, tree.version_of(BASE)))
    return f"{(plan.STEPS / 'cover').read_text().rstrip()}\n\nThe series applies to Linux {base}.\n"


def write_series(steps, differing):
    author = identity()
    work = Repository(WORK, author, start_time())
    work.commit_base(differing)
    writer = Writer(work, steps)
    for step in steps:
        writer.take(step)
        work.commit(f"{step.subject}\n\n{step.body}\n\nSigned-off-by: {author[0]} <{author[1]}>\n")

    shutil.rmtree(SERIES, ignore_errors=True)
    work.git("config", "branch.series.description", cover_letter())
    written = work.git("format-patch", "--cover-letter", "--cover-from-description=subject",
                       "--subject-prefix=PATCH 6.12", "--zero-commit", "--no-signature",
                       "--find-renames", "--break-rewrites", "-o", SERIES, f"HEAD~{len(steps)}")
    return [pathlib.Path(line) for line in written.split()]


# Checking them


failed = False


def verdict(name, why=None):
    global failed
    failed |= bool(why)
    print(f"FAIL series {name}: {why}" if why else f"PASS series {name}", flush=True)


def kind_of(path):
    if re.search(r"(^|/)tests?/|selftests/", path):
        return "tests"
    return None if path.startswith("Documentation/") else "product"


def changed_bytes(patch):
    """How long what a patch changes is to read, by kind. A file that only goes is not read."""
    found = dict.fromkeys(LIMITS, 0)
    for part in re.split(r"^diff --git ", patch.read_text(errors="replace"), flags=re.M)[1:]:
        kind = kind_of(re.match(r"a/\S+ b/(\S+)", part)[1])
        if kind and "\ndeleted file mode" not in part:
            found[kind] += sum(len(line) + 1 for line in part.split("\n@@", 1)[-1].split("\n")
                               if line[:1] in ("+", "-"))
    return found


def check_sizes(patches):
    long = [f"{patch.name} has {size} bytes of {kind}" for patch in patches
            for kind, size in changed_bytes(patch).items() if size > LIMITS[kind]]
    verdict("patches are short", "; ".join(long))


def check_exact(patches, differing):
    applied = Repository(APPLIED, identity(), start_time())
    applied.commit_base(differing)
    applied.git("am", "-q", *patches)
    got = set(applied.git("ls-files", "-z").split("\0")) - {""}
    want = {path for path in differing if os.path.lexists(TREE / path)}
    wrong = sorted((got ^ want) | {path for path in got & want if not plan.same(APPLIED / path, TREE / path)})
    verdict("git am reproduces the tree", wrong and "differs in " + " ".join(wrong))
    return applied


def builds(step, changed):
    """Commands that build what a step changes: (what it is, command) pairs."""
    def kernel_make(*arguments):
        return [ROOT / "harness/kernel.sh", "compile-series", "make", f"-j{os.cpu_count()}", *arguments]

    if any("Kconfig" in path for path in changed) or not (OBJECTS / ".config").exists():
        yield "configuring", kernel_make(f"KCONFIG_ALLCONFIG={OBJECTS}/fragment", "allnoconfig")
    code = [path for path in changed if re.search(r"(\.[ch]|Kconfig|Makefile)$", path)]
    if any(not path.startswith("tools/") for path in code):
        folders = {"drivers/vfio/" for path in code if path.startswith("drivers/vfio/")}
        yield "building", kernel_make("drivers/iommu/", *folders)
    programs = [path for path in step.arrives if re.match(SELFTESTS + r"/\w+\.c$", path)]
    if programs:  # ours alone: the base's need not build
        output = OBJECTS / "selftests"
        yield "building selftests", ["make", "-C", BUILT / SELFTESTS, f"OUTPUT={output}",
                                     *(output / pathlib.Path(path).stem for path in programs)]


def run_step(title, log, command):
    return subprocess.run([ROOT / "harness/step.sh", title, log, *command]).returncode == 0


def symbols_of(files):
    """What compiled objects define, and what they want from elsewhere: name -> (defined, wanted)."""
    listed = subprocess.run(["nm", "-A", *files], check=True, capture_output=True, text=True,
                            cwd=OBJECTS).stdout
    found = {}
    for name, kind, symbol in re.findall(r"^([^:]+):(?:[^:]+:)? *[0-9a-f]* (\w) (\S+)$", listed, re.M):
        defined, wanted = found.setdefault(name, (set(), set()))
        if kind == "U":
            wanted.add(symbol)
        elif kind.isupper():
            defined.add(symbol)
    return found


def objects_of(paths):
    """The objects, of those that sources have, that have been compiled."""
    return [path[:-2] + ".o" for path in sorted(paths)
            if path.endswith(".c") and (OBJECTS / (path[:-2] + ".o")).exists()]


def calls_early(steps, arrived):
    """Step -> symbols that its objects want and that only objects of later steps define."""
    step_of = {path[:-2] + ".o": number for number, step in enumerate(steps) for path in step.arrives
               if path.endswith(".c")}
    defined_at = {}
    for name, (defined, _) in arrived[-1].items():
        for symbol in defined:
            defined_at[symbol] = max(step_of[name], defined_at.get(symbol, 0))
    return {steps[number]: sorted({symbol for name, (_, wanted) in found.items() for symbol in wanted
                                   if step_of[name] == number and defined_at.get(symbol, 0) > number})
            for number, found in enumerate(arrived)}


def lay_step(applied, number, count):
    """Brings the whole kernel's copy to a step: the paths that this changes."""
    at = f"series~{count - 1 - number}"
    paths = applied.git("diff", "--name-only", "--no-renames", f"{at}~", at).split("\n")
    applied.git("checkout", "-q", at)
    for path in filter(None, paths):
        source, target = APPLIED / path, BUILT / path
        if source.exists():
            tree.replace(target, source.read_bytes(), source.stat().st_mode)
        else:
            target.unlink(missing_ok=True)
    return [path for path in paths if path]


def check_builds(steps, applied):
    """Takes a copy of the base through the steps and builds, at each, what it touches.

    Nothing is linked, so a step that calls what arrives later is found another way: it wants a
    symbol that only an object of a later step defines.
    """
    for folder in (BUILT, OBJECTS):
        shutil.rmtree(folder, ignore_errors=True)
    BUILT.parent.mkdir(exist_ok=True)
    subprocess.run(["cp", "-al", BASE, BUILT], check=True)
    (OBJECTS / "selftests").mkdir(parents=True)
    (OBJECTS / "fragment").write_text("".join((ROOT / f"harness/config/{name}.config").read_text()
                                              for name in ("compile", "compile-x86_64")))

    arrived, there = [], set()
    for number, step in enumerate(steps):
        there.update(step.arrives)
        changed = lay_step(applied, number, len(steps))
        os.environ.update(STEP=str(number + 1), STEPS=str(len(steps)))
        for what, command in builds(step, changed):
            log = f"series-{step.name}-{what.replace(' ', '-')}"
            if not run_step(f"series: {what} at {step.name}", log, command):
                verdict(f"builds at {step.name}", f"see build/log/{log}.log")
                return
        missing = [path for path in compiled_alone(step) if not (OBJECTS / path).exists()]
        if missing:
            verdict(f"builds at {step.name}", "not compiled: " + " ".join(missing))
            return
        arrived.append(symbols_of(objects_of(there)))
    for step, early in calls_early(steps, arrived).items():
        verdict(f"builds at {step.name}", early and "calls what arrives later: " + " ".join(early))
    if not failed:
        shutil.rmtree(BUILT)


def compiled_alone(step):
    """The objects that a step has compiled though nothing links them."""
    return [path[:-2] + ".o" for path in step.arrives
            if step.words("Unlinked") and path.endswith(".c") and path.startswith("drivers/iommu/")]


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    lock.take()
    tree.make_base()
    tree.make_overlay()
    steps = plan.read_steps()
    differing = plan.differing_files()
    plan.assign(steps, differing)
    patches = write_series(steps, differing)
    print(f"{len(patches) - 1} patches and a cover letter in {SERIES.relative_to(ROOT)}")
    if arguments:
        check_sizes(patches[1:])
        applied = check_exact(patches[1:], differing)
        check_builds(steps, applied)
    sys.exit(failed)


if __name__ == "__main__":
    main(sys.argv[1:])
