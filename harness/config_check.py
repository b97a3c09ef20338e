#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""config_check.py CONFIG FRAGMENTS SOURCE: did every option of the fragments take its value?

Options of this repository's own Kconfig don't count where SOURCE lacks it, as the base does.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def options(path):
    return dict(re.findall(r"^(CONFIG_\w+)=(.*)$", path.read_text(), re.M))


def own_options(source):
    ours = ROOT / "Kconfig"
    if (source / "drivers/iommu/Kconfig.dma-stack").exists() or not ours.exists():
        return set()
    return {"CONFIG_" + name for name in re.findall(r"^config (\w+)", ours.read_text(), re.M)}


def main(config, fragments, source):
    took, exempt = options(config), own_options(source)
    refused = [f"{name}: wanted {value}, is {took.get(name, 'n')}"
               for name, value in options(fragments).items()
               if took.get(name, "n") != value and name not in exempt]
    if refused:
        sys.exit("options that did not take the value of their fragment:\n  " + "\n  ".join(refused))


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:4]))
