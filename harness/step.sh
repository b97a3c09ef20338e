#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# step.sh TITLE LOG COMMAND...
#
# Runs COMMAND as step $STEP of $STEPS. Shows the title, how many objects have been compiled and
# the time elapsed: redrawn on a terminal, a line each 30 s elsewhere. The output goes to
# build/log/LOG.log; when COMMAND fails, the end of it is shown.

set -um	# -m: COMMAND gets a process group of its own, which an interrupt ends as a whole
. "$(dirname "$0")/lib.sh"

title="[${STEP:-1}/${STEPS:-1}] $1"
log=$BUILD/log/$2.log
shift 2
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

[ -t 1 ] || echo "$title ..."
while kill -0 "$child" 2>/dev/null; do
	if [ -t 1 ]; then
		printf '\r%s' "$(status)"
	elif [ "$SECONDS" -ge "${next:=30}" ]; then
		status
		echo
		next=$((next + 30))
	fi
	sleep 0.5 &
	wait $!	# not a plain sleep, so that an interrupt is served at once
done
wait "$child"
result=$?

[ -t 1 ] && printf '\r'
status
if [ "$result" = 0 ]; then
	echo " done"
else
	printf ' FAILED\n--- the end of %s:\n' "$log"
	tail -n 30 "$log"
	echo "--- the whole log: $log"
fi
exit "$result"
