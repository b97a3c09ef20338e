# SPDX-License-Identifier: GPL-2.0-only

ARCH = x86_64
export QUICK KERNEL_SRC APPEND QEMU QEMU_ARGS INTERACTIVE
export PYTHONDONTWRITEBYTECODE = 1
# what a second command in this tree says it waits for
export BUILD_COMMAND = make $(MAKECMDGOALS)

.PHONY: help run check kernel kernel-base bench series static clean

help:
	@echo 'make run          build the kernel, boot it behind an emulated IOMMU, do real I/O'
	@echo '                  INTERACTIVE=1 leaves a shell in the guest,'
	@echo '                  APPEND= adds kernel parameters, QEMU_ARGS= adds devices'
	@echo 'make check        every test, on x86-64, arm64 and powerpc'
	@echo '                  QUICK=1 for the loop while working: KUnit on the debug kernel, the run'
	@echo '                  lane, and sparse and checkpatch on files changed in the work tree or since'
	@echo '                  the branch left the main one (on that: since the last commit but one)'
	@echo 'make kernel       leave a kernel build folder in build/ARCH (ARCH=x86_64, arm64 or ppc64le)'
	@echo 'make kernel-base  the same without our files, in build/ARCH-base'
	@echo 'make bench        the same work on both kernels, side by side, in build/bench'
	@echo 'make series       our tree as patches for git am, in build/series'
	@echo 'make static       sparse, checkpatch, kernel-doc, W=1 and coccicheck on our files'
	@echo 'make clean        remove build/'
	@echo
	@echo 'One command at a time: a second one in this tree waits, and says for what.'
	@echo 'KERNEL_SRC=       a folder or tarball of Linux 6.12.y in place of the package'
	@echo 'QEMU=             another qemu-system-x86_64, or 10.0 or 11.1 for that version, which'
	@echo '                  is fetched from Debian into build/ and not installed'

run:
	@harness/setup.sh x86 && python3 harness/run.py

check:
	@harness/setup.sh x86 static $(if $(filter 1,$(QUICK)),,arm64 ppc64 s390) && python3 harness/check.py

kernel:
	@harness/kernel.sh $(ARCH)

kernel-base:
	@harness/kernel.sh $(ARCH)-base

bench:
	@harness/setup.sh x86 arm64 && python3 harness/bench/bench.py

series:
	@harness/setup.sh && python3 harness/series.py

static:
	@harness/setup.sh x86 arm64 static && harness/static.sh

clean:
	@harness/lock.py rm -rf build
