#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# step.sh TITLE LOG COMMAND...
#
# Runs COMMAND as step $STEP of $STEPS. Shows the title, how many objects have been compiled and
# the time elapsed: redrawn on a terminal, a line each 30 s elsewhere, or where several steps run at a
# time (ABREAST=1). The output goes to build/log/LOG.log; when COMMAND fails, the end of it is shown.
# The time taken goes to the file $TIMES, for harness/times.py.

set -um	# -m: COMMAND gets a process group of its own, which an interrupt ends as a whole
. "$(dirname "$0")/lib.sh"

title="[${STEP:-1}/${STEPS:-1}] $1"
log=$BUILD/log/$2.log
row=$1 began=$(date +%s.%1N)
depth=${DEPTH:-0}
export DEPTH=$((depth + 1))
shift 2
redrawn=
[ ! -t 1 ] || [ -n "${ABREAST:-}" ] || redrawn=yes
unset STEP STEPS	# a script that runs steps of its own numbers them itself

status() {
	local objects took=$SECONDS
	objects=$(grep -cE '^ +(CC|AS|LD|AR|HOSTCC|HOSTLD)( \[M\])? ' "$log")
	printf '%s ...' "$title"
	[ "$objects" = 0 ] || printf ' %d objects' "$objects"
	printf ' %02d:%02d' $((took / 60)) $((took % 60))
}

interrupted() {
	kill -INT -- "-$child" 2>/dev/null
	wait "$child" 2>/dev/null
	printf '\n%s: interrupted\n' "$title"
	exit 130
}

"$@" >"$log" 2>&1 </dev/null &
child=$!
trap interrupted INT TERM HUP

[ -n "$redrawn" ] || echo "$title ..."
while :; do
	if [ -n "$redrawn" ]; then
		printf '\r%s' "$(status)"
	elif [ "$SECONDS" -ge "${next:=30}" ]; then
		echo "$(status)"	# in one piece
		next=$((next + 30))
	fi
	sleep 0.5 &
	tick=$!
	wait -n -p ended "$child" "$tick"	# not a plain sleep: interrupts are served at once
	result=$?
	[ "${ended:-}" != "$child" ] || break
done
disown "$tick"; kill "$tick" 2>/dev/null	# without a word of the shell

[ -z "${TIMES:-}" ] || printf 'step\t%s\t%s\t%s\t%s\n' "$began" "$SECONDS" "$depth" "$row" >>"$TIMES"

[ -z "$redrawn" ] || printf '\r'
if [ "$result" = 0 ]; then
	echo "$(status) done"
else
	printf '%s FAILED\n--- the end of %s:\n' "$(status)" "$log"
	tail -n 30 "$log"
	echo "--- the whole log: $log"
fi
exit "$result"
