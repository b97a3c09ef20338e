#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Puts the table and the chart of the last run of make bench into README.md, for a commit."""

import pathlib
import re
import shutil

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OUT = ROOT / "build/bench"
README = ROOT / "README.md"

table = (OUT / "bench.md").read_text().strip()
text, places = re.subn(r"(<!-- bench -->\n).*?(<!-- /bench -->)", lambda mark: f"{mark[1]}{table}\n{mark[2]}",
                       README.read_text(), flags=re.S)
if places != 1:
    raise SystemExit("README.md: wanted one place between <!-- bench --> and <!-- /bench -->")
README.write_text(text)
shutil.copy(OUT / "bench.svg", ROOT / "harness/bench/bench.svg")
