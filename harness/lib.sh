# SPDX-License-Identifier: GPL-2.0-only
# Sourced by the harness's shell scripts: where things are, and how a step is run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$ROOT/build
export ROOT BUILD
# One command at a time in build/: the script begins again under the lock, unless its caller has it.
[ "${BUILD_LOCKED:-}" = "$ROOT" ] || exec "$ROOT/harness/lock.py" "$0" "$@"
mkdir -p "$BUILD/log"
unset MAKEFLAGS	# kbuild is no part of the make that called us

die() {
	echo "$*" >&2
	exit 1
}

# plan N: this script runs N steps. A caller that counts on over several scripts has set
# STEP (steps done before) and STEPS (of how many) already.
plan() {
	export STEP=${STEP:-0} STEPS=${STEPS:-$1}
}

# step TITLE LOG COMMAND...: runs the next step under harness/step.sh
step() {
	STEP=$((STEP + 1))
	"$ROOT/harness/step.sh" "$@"
}
