# SPDX-License-Identifier: GPL-2.0-only
"""Numbers the steps of a command over the scripts that it calls."""

import os
import pathlib
import subprocess
import sys

HARNESS = pathlib.Path(__file__).resolve().parent
KERNEL_STEPS = 3  # that kernel.sh runs


class Steps:
    def __init__(self, total):
        self.total = total
        self.done = 0

    def _run(self, done, command):
        """Runs a script to its end, also when interrupted: it then ends what it started."""
        env = {**os.environ, "STEP": str(done), "STEPS": str(self.total)}
        with subprocess.Popen(command, env=env) as child:
            while True:
                try:
                    status = child.wait()
                    break
                except KeyboardInterrupt:
                    pass
        if status == 130:
            sys.exit(130)
        return status

    def kernel(self, name):
        """Builds a kernel; returns the exit status."""
        status = self._run(self.done, [HARNESS / "kernel.sh", name])
        self.done += KERNEL_STEPS
        return status

    def step(self, title, log, *command):
        """Runs a command of the harness, its output in build/log/LOG.log; returns its status."""
        self.done += 1
        return self._run(self.done, [HARNESS / "step.sh", title, log, *command])

    def initramfs(self, name):
        return self.step(f"guest of {name}", f"{name}-guest", HARNESS / "initramfs.sh", name)

    def announce(self, title):
        """Begins a step that shows its own output."""
        self.done += 1
        print(f"[{self.done}/{self.total}] {title}", flush=True)
