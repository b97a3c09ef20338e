#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""lock.py COMMAND...: runs a command that has build/ for itself.

Of two commands in one tree the second waits until the first has ended, and says which one that is.
Commands that only boot what is built may run at the same time. What a command starts belongs to it.
The lock is on the repository's folder, which is there also when build/ is not.
"""

import fcntl
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HOLDER = ROOT / "build/holder"  # what has the lock, for those who wait
VARIABLE = "BUILD_LOCKED"  # names the tree whose lock the caller has

held = []  # the lock's file descriptor: whoever inherits it has the lock too


def holder():
    try:
        return HOLDER.read_text().strip()
    except OSError:
        return "another command"


def take(shared=False):
    """Takes the lock, unless the caller has it; shared: for commands that build nothing."""
    if os.environ.get(VARIABLE) == str(ROOT):
        return
    folder = os.open(ROOT, os.O_RDONLY)
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(folder, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"build/ is in use, waiting for the end of: {holder()}", file=sys.stderr, flush=True)
        try:
            fcntl.flock(folder, kind)
        except KeyboardInterrupt:
            sys.exit(130)
    os.set_inheritable(folder, True)
    held.append(folder)
    os.environ[VARIABLE] = str(ROOT)
    command = os.environ.get("BUILD_COMMAND") or " ".join(sys.argv)
    HOLDER.parent.mkdir(exist_ok=True)
    HOLDER.write_text(f"{command} (pid {os.getpid()})\n")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    del sys.argv[0]
    take()
    os.execvp(sys.argv[0], sys.argv)
