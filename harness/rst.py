#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""rst.py TREE FILE...: prints what is wrong with reStructuredText files of a kernel tree.

docutils, of the system's own Python, parses them. What only Sphinx knows is taken as correct, but
the files that it names have to exist.
"""

import pathlib
import sys

from docutils import core, nodes
from docutils.parsers.rst import Directive, directives, roles

SPHINX_ROLES = ("c:expr", "c:func", "c:macro", "c:struct", "c:type", "doc", "ref", "term")
# directive -> does its argument name a file, and from where?
SPHINX_DIRECTIVES = {"kernel-doc": "tree", "kernel-figure": "folder", "kernel-render": None,
                     "toctree": None, "c:function": None, "c:struct": None}


class AnyOption(dict):
    """An option_spec that knows every option."""

    def __bool__(self):
        return True

    def __getitem__(self, name):
        return directives.unchanged


def role(name, rawtext, text, lineno, inliner, options=None, content=None):
    return [nodes.literal(rawtext, text)], []


def directive(start):
    class Known(Directive):
        optional_arguments, final_argument_whitespace, has_content = 1, True, True
        option_spec = AnyOption()

        def run(self):
            if start:
                source = pathlib.Path(self.state.document.current_source)
                folder = TREE if start == "tree" else source.parent
                if not (folder / self.arguments[0]).exists():
                    raise self.error(f"no file {self.arguments[0]}")
            return []

    return Known


TREE = pathlib.Path(sys.argv[1])
for name in SPHINX_ROLES:
    roles.register_local_role(name, role)
for name, start in SPHINX_DIRECTIVES.items():
    directives.register_directive(name, directive(start))
for path in sys.argv[2:]:
    core.publish_doctree((TREE / path).read_text(), source_path=str(TREE / path),
                         settings_overrides={"report_level": 2, "halt_level": 5, "warning_stream": sys.stdout,
                                             "file_insertion_enabled": False})
