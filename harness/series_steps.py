# SPDX-License-Identifier: GPL-2.0-only
"""The steps of the patch series: what each brings, and which Makefiles it leaves behind.

A step is a file harness/series/NN-name: headers, an empty line, the commit message's body.

  Subject:   of the commit
  Files:     patterns of the files of build/tree that arrive whole, in this step
  Hunks:     names of the hunks/NAME.patch that are applied in this step
  Options:   those entries of the root's Kconfig that arrive in this step
  Moves:     pairs OLD NEW: files of the base, or folders, that make way for ours
  Applies:   names of the harness/series/NAME.patch that are applied in this step
  Reverts:   those that are taken back in this step
  Removes:   patterns of the base's files that go, under the name they have by then, and with them
             the -next.h of headers that have their names
  Unlinked:  an option: where it is set, the objects that arrive in this step are compiled, and
             linked by nothing
  Next:      headers that arrive as NAME-next.h, for the unlinked objects alone
  Links:     'yes' for the step from which on all unlinked objects are linked, and the headers
             have their names

Makefiles of ours list, at each step, only the objects whose sources have arrived.
"""

import dataclasses
import email
import fnmatch
import os
import pathlib
import re
import sys

import tree

STEPS = tree.ROOT / "harness/series"


@dataclasses.dataclass(eq=False)
class Step:
    name: str
    subject: str
    body: str
    headers: dict
    arrives: list = dataclasses.field(default_factory=list)  # files of ours

    def words(self, header):
        return self.headers.get(header, "").split()


def read_step(path):
    message = email.message_from_string(path.read_text())
    return Step(path.name, " ".join(message.get("Subject", "").split()),
                message.get_payload().strip(), dict(message.items()))


def read_steps():
    return [read_step(path) for path in sorted(STEPS.glob("[0-9][0-9]-*"))
            if re.fullmatch(r"[\w-]+", path.name)]


def matches(path, patterns):
    return any(fnmatch.fnmatch(path, pattern) for pattern in patterns)


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
    base, ours = files_of(tree.BASE), files_of(tree.TREE)
    return (base ^ ours) | {path for path in base & ours
                            if not same(tree.BASE / path, tree.TREE / path)}


def moves_of(step):
    """OLD -> NEW for each file of the base that a step moves."""
    found = {}
    for old, new in zip(*[iter(step.words("Moves"))] * 2):
        found |= {path: new + path[len(old):] for path in tree.base_files(old)}
    return found


def names_by_then(steps, path):
    """Where a file of the base is before each step: (step, name) pairs."""
    for step in steps:
        yield step, path
        path = moves_of(step).get(path, path)


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
    return "".join(text for option, text in kconfig_entries((tree.ROOT / "Kconfig").read_text())
                   if option is None or option in options)


def assign(steps, differing):
    """Gives each step its files; ends the run when something belongs to none or to several."""
    hunks = {path.stem for path in (tree.ROOT / "hunks").glob("*.patch")}
    patched = tree.hunk_files((tree.ROOT / "hunks").glob("*.patch"))
    options = {option for option, _ in kconfig_entries((tree.ROOT / "Kconfig").read_text()) if option}
    whole = differing - patched - {tree.STACK_KCONFIG}
    laid = set((tree.BUILD / "tree.files").read_text().split())
    problems = [f"file {path}: is in build/tree, but not because of us" for path in sorted(differing - laid)]

    def claim(kind, thing, takers):
        if len(takers) != 1:
            names = " ".join(step.name for step in takers) or "none"
            problems.append(f"{kind} {thing}: should be in one step, is in {names}")
        return takers

    for path in sorted(whole & laid):
        if os.path.lexists(tree.TREE / path):
            for step in claim("file", path, [step for step in steps if matches(path, step.words("Files"))]):
                step.arrives.append(path)
        else:
            claim("removal of", path, [step for step, name in names_by_then(steps, path)
                                       if matches(name, step.words("Removes"))])
    for hunk in sorted(hunks):
        claim("hunk", hunk, [step for step in steps if hunk in step.words("Hunks")])
    for option in sorted(options):
        claim("option", option, [step for step in steps if option in step.words("Options")])
    for step in steps:
        problems += [f"{step.name}: there is no hunk {hunk}" for hunk in step.words("Hunks") if hunk not in hunks]
        problems += [f"{step.name}: there is no option {option}"
                     for option in step.words("Options") if option not in options]
        problems += [f"{step.name}: no file matches {pattern}" for pattern in step.words("Files")
                     if not any(fnmatch.fnmatch(path, pattern) for path in whole)]
        problems += [f"{step.name}: has no {part}" for part in ("subject", "body") if not getattr(step, part)]
    if problems:
        sys.exit("harness/series does not fit the tree:\n  " + "\n  ".join(problems))
