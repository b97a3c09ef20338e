# SPDX-License-Identifier: GPL-2.0-only
"""Makefiles as they stand at a step of the patch series, when some objects have no source yet, or
are compiled and linked by nothing."""

import os
import re

import tree

LIST = re.compile(r"(?P<name>[\w-]+?)-(?P<when>y|m|\$\(\w+\))\s*[:+]?=\s*(?P<what>.*)")
FLAGS = re.compile(r"CFLAGS_(\S+\.o)\s*[:+]?=")
CONDITION = re.compile(r"(ifn?def|ifn?eq|else|endif)\b")
UNLINKED = "\n# Compiled, and linked by nothing yet\n"


def next_name(header):
    """Under which name a header of ours waits for the base's to go."""
    return re.sub(r"\.h$", "-next.h", header)


def _guard(path):
    return re.search(r"^#ifndef (\w+)", path.read_text(), re.M)[1]


def _include(headers):
    """Flags that include headers of ours under their waiting names, and keep the base's out."""
    flags = ""
    for header in headers:
        guard = _guard(tree.BASE / header)
        flags += f" -include $(srctree)/{next_name(header)}"
        flags += f" -D{guard}" if guard != _guard(tree.TREE / header) else ""
    return flags


def _source(folder, item):
    """The source of an item of a list, or the folder that it names."""
    return os.path.join(folder, item[:-2] + ".c" if item.endswith(".o") else item)


def _is_there(folder, item, all_ours, there, parts):
    """Has the source of a list's item arrived, or any part of what is made of several?"""
    source = _source(folder, item)
    if item.endswith("/"):
        return any(path.startswith(source) for path in there) or \
            not any(path.startswith(source) for path in all_ours)
    if item[:-2] in parts:
        return any(_is_there(folder, part, all_ours, there, {}) for part in parts[item[:-2]])
    return source in there or source not in all_ours


def lists(text):
    """The lists of a Makefile: those named 'x' by x-y and the like."""
    found = {}
    for line in text.split("\n"):
        match = LIST.fullmatch(line)
        if match:
            found.setdefault(match["name"], []).extend(match["what"].split())
    return found


def _paragraph(text, keep):
    """A paragraph of a Makefile without those items that keep() refuses; empty if none is left."""
    lines, had, has = [], False, False
    for line in text.split("\n"):
        match = LIST.fullmatch(line)
        if match and match["what"]:
            items = [item for item in match["what"].split() if keep(item)]
            had, has = True, has or bool(items)
            line = line[:match.start("what")] + " ".join(items) if items != match["what"].split() else line
            if not items:
                continue
        flags = FLAGS.match(line)
        if not flags or keep(flags[1]):
            lines.append(line)
    return "" if had and not has else "\n".join(lines)


def trimmed(path, text, all_ours, there):
    """A Makefile of ours without the objects whose sources have not arrived."""
    folder, parts = os.path.dirname(path), lists(text)
    paragraphs = [_paragraph(part, lambda item: _is_there(folder, item, all_ours, there, parts))
                  for part in text.rstrip("\n").split("\n\n")]
    return "\n\n".join(part for part in paragraphs if part) + "\n"


def unlinked(path, text, option, there, headers):
    """A Makefile of ours that has kbuild compile the objects whose sources have arrived, and stop there."""
    folder, lines = os.path.dirname(path), []
    for line in text.split("\n"):
        match, flags = LIST.fullmatch(line), FLAGS.match(line)
        if match:
            items = [item for item in match["what"].split()
                     if item.endswith(".o") and _source(folder, item) in there]
            when = match["when"] if match["when"] != "y" else f"$({option})"
            line = f"always-{when} += {' '.join(items)}" if items else ""
        elif not CONDITION.match(line) and not (flags and _source(folder, flags[1]) in there):
            line = ""
        if line:
            lines.append(line)
    body = re.sub(r"^ifn?\w+ .*\nendif\n", "", "\n".join(lines) + "\n", flags=re.M)
    flags = f"ccflags-y +={_include(headers)}\n" if headers else ""
    return "# SPDX-License-Identifier: GPL-2.0-only" + UNLINKED + flags + body


def parent(sources, option, headers):
    """What the folder above gets, for folders of ours with a Makefile and for files right there."""
    lines = []
    for source in sources:
        if source.endswith("/"):
            lines.append(f"subdir-$({option}) += {source[:-1]}\n")
        else:
            item = source[:-2] + ".o"
            lines.append(f"always-$({option}) += {item}\n")
            if headers:
                lines.append(f"CFLAGS_{item} +={_include(headers)}\n")
    return UNLINKED + "".join(lines) if lines else ""
