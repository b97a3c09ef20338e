# SPDX-License-Identifier: GPL-2.0-only
"""Numbers the steps of a command over the scripts that it calls."""

import os
import pathlib
import subprocess
import sys
import threading

import lock

HARNESS = pathlib.Path(__file__).resolve().parent
KERNEL_STEPS = 3  # that kernel.sh runs
INTERRUPTED = 130  # exit status


class Steps:
    """The steps of a command.

    abreast    several threads run steps at a time; builds then leave the processors to the guests
    """

    def __init__(self, total, abreast=False):
        self.total = total
        self.done = 0
        self.abreast = abreast
        self.interrupted = False
        self.mutex = threading.Lock()

    def _take(self, count):
        """The number of steps before the next ones, which are so many."""
        with self.mutex:
            self.done += count
            return self.done - count

    def _run(self, done, command, **variables):
        """Runs a script to its end, also when interrupted: it then ends what it started."""
        if self.interrupted:
            sys.exit(INTERRUPTED)
        env = {**os.environ, **variables, "STEP": str(done), "STEPS": str(self.total)}
        if self.abreast:
            env["ABREAST"] = "1"
        with subprocess.Popen(command, env=env, pass_fds=lock.held) as child:
            while True:
                try:
                    status = child.wait()
                    break
                except KeyboardInterrupt:
                    pass
        if status == INTERRUPTED:
            self.interrupted = True
            sys.exit(INTERRUPTED)
        return status

    def _yielding(self, command):
        """A command that runs only while no guest wants the processor."""
        return ["chrt", "--idle", "0", *command] if self.abreast else command

    def kernel(self, name):
        """Builds a kernel; returns the exit status."""
        return self._run(self._take(KERNEL_STEPS), self._yielding([HARNESS / "kernel.sh", name]))

    def step(self, title, log, *command, **variables):
        """Runs a command of the harness, its output in build/log/LOG.log; returns its status."""
        return self._run(self._take(1) + 1, [HARNESS / "step.sh", title, log, *command], **variables)

    def build(self, title, log, *command, **variables):
        """The same for a command that needs processors and no time of its own."""
        return self.step(title, log, *self._yielding(command), **variables)

    def initramfs(self, name):
        return self.build(f"guest of {name}", f"{name}-guest", HARNESS / "initramfs.sh", name)

    def announce(self, title):
        """Begins a step that shows its own output."""
        print(f"[{self._take(1) + 1}/{self.total}] {title}", flush=True)
