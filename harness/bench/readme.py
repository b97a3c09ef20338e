#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Puts the chart of the last run of make bench and, of its table, the rows that have to reach
something into README.md, for a commit."""

import pathlib
import re
import shutil

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OUT = ROOT / "build/bench"
README = ROOT / "README.md"



def rows_with_a_target(table):
    """Sections without such rows are left out."""
    for section in re.split(r"^(?=### )", table, flags=re.M)[1:]:
        lines = section.strip().split("\n")
        rows = [line for line in lines[4:] if line.split("|")[5].strip()]
        if rows:
            yield "\n".join(lines[:4] + rows)


table = "\n\n".join(rows_with_a_target((OUT / "bench.md").read_text()))
text, places = re.subn(r"(<!-- bench -->\n).*?(<!-- /bench -->)", lambda mark: f"{mark[1]}{table}\n{mark[2]}",
                       README.read_text(), flags=re.S)
if places != 1:
    raise SystemExit("README.md: wanted one place between <!-- bench --> and <!-- /bench -->")
README.write_text(text)
shutil.copy(OUT / "bench.svg", ROOT / "harness/bench/bench.svg")
