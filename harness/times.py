# SPDX-License-Identifier: GPL-2.0-only
"""What a command has spent its time on, and which boots it had to repeat.

A command calls start(). Its steps (step.sh) and boots (guest.py) then each add a line to
build/log/times: kind, when it began, seconds, how deep it is nested, title. table() shows them.
"""

import os
import pathlib
import time

FILE = pathlib.Path(__file__).resolve().parent.parent / "build/log/times"
VARIABLE = "TIMES"  # set: lines are to be added


def start():
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text("")
    os.environ[VARIABLE] = str(FILE)


def record(kind, title, began, seconds=0.0):
    """Adds a line; kind is step, boot, or again for a boot that has to be repeated."""
    if VARIABLE in os.environ:
        depth = os.environ.get("DEPTH", "0")
        with open(os.environ[VARIABLE], "a") as file:
            file.write(f"{kind}\t{began:.1f}\t{seconds:.1f}\t{depth}\t{title}\n")


def clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def table():
    """All lines in the order in which they began, and the boots that were repeated."""
    rows = [line.split("\t", 4) for line in FILE.read_text().splitlines()]
    rows.sort(key=lambda row: (float(row[1]), int(row[3])))
    ends = [float(began) + float(seconds) for _, began, seconds, _, _ in rows]
    text = [" began    took"]
    for kind, began, seconds, depth, title in rows:
        if kind != "again":
            name = "  " * int(depth) + ("boot " if kind == "boot" else "") + title
            text.append(f"{clock(float(began) - float(rows[0][1])):>6}  {clock(float(seconds)):>6}  {name}")
    if rows:
        text.append(f"{'':6}  {clock(max(ends) - float(rows[0][1])):>6}  in all")
    again = [title for kind, _, _, _, title in rows if kind == "again"]
    text.append(f"{len(again)} boots had to be repeated" + (":" if again else ""))
    return "\n".join(text + [f"  {title}" for title in again])


class Step:
    """with Step(TITLE): a step that runs in this process."""

    def __init__(self, title):
        self.title = title

    def __enter__(self):
        self.began = time.time()

    def __exit__(self, *_):
        record("step", self.title, self.began, time.time() - self.began)
