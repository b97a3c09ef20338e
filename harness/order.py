#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The order of our files: a Makefile lists objects floor by floor, lower ones first.

order.py             prints each object that needs a symbol which a later object of its list
                     defines, and each table of files in the documentation that has another order
order.py --circles   prints for each list how many circles of files the symbols make

The objects are those of build/compile-x86_64. A list is what one Makefile of ours links, in the
order of its text; of the base's drivers/iommu/Makefile what it links of each flat family of ours.
"""

import itertools
import pathlib
import re
import subprocess
import sys

import series_make as make
import tree

OBJECTS = tree.BUILD / "compile-x86_64"
FLAT = "drivers/iommu"	# the base's folder, with files of ours
FAMILIES = ("io-pgtable", "iommu-prereg")	# the first words of their names
TABLES = {"drivers/iommu/iova": "iova", "drivers/iommu/dma": "iommu-dma",
          "drivers/iommu/intel": "intel-vtd", "drivers/iommu/io-pgtable": "io-pgtable",
          "drivers/iommu/iommu-prereg": "iommu-prereg"}	# list -> document


def linked(makefile):
    """The objects that a Makefile names, in its order, without composites of its own."""
    names = itertools.chain(*make.lists(makefile.read_text()).values())
    return [name[:-2] for name in dict.fromkeys(names) if name.endswith(".o")]


def lists():
    """Name of a list -> its files, as paths without the suffix."""
    own, found = tree.own_files(), {}
    for path in sorted(own):
        folder = pathlib.Path(path).parent
        if path.endswith("/Makefile") and folder.name != "tests" and path.startswith("drivers/"):
            found[str(folder)] = [f"{folder}/{name}" for name in linked(own[path])]
    for family in FAMILIES:
        found[f"{FLAT}/{family}"] = [f"{FLAT}/{name}" for name in linked(tree.TREE / FLAT / "Makefile")
                                     if name.startswith(family)]
    return {name: [file for file in files if file + ".c" in own] for name, files in found.items()}


def symbols(file):
    """The global symbols that an object defines, and those that it needs."""
    result = subprocess.run(["nm", "-g", OBJECTS / (file + ".o")], capture_output=True, text=True)
    if result.returncode:
        print(f"{file}.o: {result.stderr.strip()}")
    rows = [line.split()[-2:] for line in result.stdout.splitlines()]
    # A weak definition is one; what every object refers to for its exports is none.
    needed = {name for kind, name in rows if kind in "Uvw"}
    return {name for kind, name in rows if kind not in "Uvw"}, needed


def uses(files):
    """(file, other file of the list) -> the symbols that the one needs of the other."""
    table = {file: symbols(file) for file in files}
    pairs = {(one, other): sorted(table[one][1] & table[other][0])
             for one, other in itertools.permutations(files, 2)}
    return {pair: names for pair, names in pairs.items() if names}


def short(file):
    return file.rsplit("/", 1)[1]


def check_objects(files):
    for (one, other), names in uses(files).items():
        if files.index(other) > files.index(one):
            print(f"{one}.o needs {' '.join(names)} of {short(other)}.o, which is listed later")


def circles(files):
    """The sets of more than one file that all reach one another."""
    reach = {file: {file} for file in files}
    pairs = uses(files)
    for middle in files:	# Warshall's closure needs all ways into and out of each file
        pairs.update({(one, other): () for one in files for other in files
                      if (one, middle) in pairs and (middle, other) in pairs})
    for one, other in pairs:
        if (other, one) in pairs:
            reach[one].add(other)
    return sorted({tuple(sorted(group)) for group in reach.values() if len(group) > 1})


def check_table(files, document):
    """Does the paragraph or table that names most of the files name all, in the list's order?"""
    wanted = [short(file) + ".c" for file in files]
    text = document.read_text().replace(".[ch]", ".c")
    shown = max(([name for name in dict.fromkeys(re.findall(r"[\w-]+\.c\b", block)) if name in wanted]
                 for block in text.split("\n\n")), key=len)
    for name in wanted:
        if name not in shown:
            print(f"{document.name}: the table of files lacks {name}")
    for name, other in zip(shown, (name for name in wanted if name in shown)):
        if name != other:
            print(f"{document.name}: the table of files has {name} where the Makefile has {other}")
            break


def main():
    found = lists()
    if sys.argv[1:] == ["--circles"]:
        for name, files in found.items():
            groups = circles(files)
            print(f"{name}: {len(files)} files, circles: {len(groups)}",
                  *(" ".join(map(short, group)) for group in groups), sep="\n  ")
        return
    for name, files in found.items():
        check_objects(files)
        if name in TABLES:
            check_table(files, tree.ROOT / f"Documentation/driver-api/{TABLES[name]}.rst")
        else:
            print(f"{name}: order.py does not know which document shows its files")


if __name__ == "__main__":
    main()
