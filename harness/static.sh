#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# static.sh: what can be said about our files without running them. Each check is a function
# below; what it prints is its findings, and any finding fails it.
#
# static.sh CHECK: runs one of them alone.
# static.sh --changed: runs those that can be had for single files, on what has changed, in the work
# tree and since the branch left the main one (on that: since the last commit but one).

set -u
. "$(dirname "$0")/lib.sh"

CHECKS="sparse_and_w1 order coccicheck checkpatch_files checkpatch_series kernel_doc maintainers
	documentation house_rules words scripts originality"
kernel=$ROOT/harness/kernel.sh
scripts=$BUILD/base/scripts
export PYTHONPYCACHEPREFIX=$BUILD/pycache

# Files that have changed, as paths in the repository; all of them if git can't tell.
changed() {
	local from=
	for branch in origin/HEAD main master; do
		from=$(git -C "$ROOT" merge-base "$branch" HEAD 2>/dev/null) && break
	done
	[ -n "$from" ] && [ "$from" != "$(git -C "$ROOT" rev-parse HEAD)" ] || from=HEAD~
	git -C "$ROOT" diff --name-only "$from" 2>/dev/null || { all_files; return; }
	git -C "$ROOT" ls-files --others --exclude-standard
}

# The lines of the input that are to be looked at, which are all unless CHANGED is set: then those
# that have changed, and what includes a header that has.
looked_at() {
	local path list headers
	[ -n "${CHANGED:-}" ] || { cat; return; }
	list=$(changed)
	headers=$(sed -n 's,.*/\([^/]*\.h\)$,\1,p' <<<"$list" | paste -sd '|' | sed 's/\./\\./g')
	while read -r path; do
		if grep -qxF "${path/#drivers\/iommu\/Kconfig.dma-stack/Kconfig}" <<<"$list" ||
		   { [ -n "$headers" ] && grep -qsE "#include [<\"](.*/)?($headers)[>\"]" "$ROOT/$path"; }; then
			printf '%s\n' "$path"
		fi
	done
}

# Our files, as paths in the kernel tree, whose name matches the pattern
ours() {
	PYTHONPATH=$ROOT/harness python3 -c 'import tree; print(*tree.own_files(), sep="\n")' |
		grep -E "$1" | looked_at
}

# Every file of the repository, which need not be a git one
all_files() {
	(cd "$ROOT" && find . \( -path ./.git -o -path ./build -o -name __pycache__ \) -prune \
		-o -type f -printf '%P\n' | sort)
}

# Two compilers' warnings, for what goes into the kernel and for the harness's own modules, which
# are built from copies since kbuild puts objects beside external sources.
sparse_and_w1() {
	local log=$BUILD/log/static-kbuild.log copy=$BUILD/static/modules folder object
	rm -rf "$copy" "$log"
	mkdir -p "$copy"
	sparse_build() {
		"$kernel" compile-x86_64 make -j"$(nproc)" -k C=2 W=1 CF=-Wsparse-error "$@" \
			>>"$log" 2>&1 || echo "not all of it builds; everything is in $log"
	}

	set -- $(ours '^(block|drivers|fs|kernel|lib|mm|net)/.*\.c$' | sed 's/c$/o/')
	if [ $# != 0 ]; then
		(cd "$BUILD/compile-x86_64" && rm -f "$@")
		sparse_build "$@"
	fi
	for folder in $(cd "$ROOT/harness" && find * -name Kbuild -printf '%h\n'); do
		[ -n "$(cd "$ROOT" && find "harness/$folder" -name '*.c' | looked_at)" ] || continue
		(cd "$ROOT/harness" && cp -r --parents "$folder" "$copy")
		sparse_build M="$copy/$folder" $(cd "$copy/$folder" && grep -ohE '\w+\.o' Kbuild |
			while read -r object; do [ ! -f "${object%o}c" ] || echo "$object"; done)
	done
	grep -E -A3 '(warning|error):' "$log"
}

# Does an object need a symbol that a later object of its list defines? After sparse_and_w1 there is
# nothing left to build.
order() {
	local log=$BUILD/log/static-order-kbuild.log
	"$kernel" compile-x86_64 make -j"$(nproc)" -k W=1 >"$log" 2>&1 \
		$(ours '^drivers/iommu/.*\.c$' | grep -v /tests/ | sed 's/c$/o/') ||
		echo "not all of it builds; everything is in $log"
	"$ROOT/harness/order.py"
}

# The semantic patches of the base, as scripts/coccicheck would run them in its report mode, on a
# copy of our sources, since spatch takes a folder. Those with parts in OCaml are for single drivers
# and would need a compiler for it.
coccicheck() {
	local copy=$BUILD/static/cocci log=$BUILD/log/static-spatch.log include patch options
	rm -rf "$copy" "$log"
	mkdir -p "$copy"
	cd "$BUILD/tree" && cp --parents $(ours '\.[ch]$') "$copy" || return
	include=$(printf -- '-I %s ' arch/x86/include include arch/x86/include/uapi include/uapi)
	grep -rL 'script:ocaml' --include='*.cocci' scripts/coccinelle | sort |
		while read -r patch; do
			options=$(sed -n 's/.*Options://p' "$patch")
			spatch -D report --very-quiet --no-show-diff --cocci-file "$patch" $options \
				--dir "$copy" $include --include include/linux/kconfig.h \
				--jobs "$(nproc)" 2>>"$log" || echo "$patch could not be run"
		done
}

# Looks at the files that its input names, several at a time. There is no history of the kernel here,
# which checkpatch would look for.
checkpatch() {
	GIT_DIR=/nonexistent xargs -r -n 6 -P "$(nproc)" "$scripts/checkpatch.pl" --root="$BUILD/base" \
		--strict --quiet --terse --no-summary --show-types "$@"
}

checkpatch_files() {
	ours '(\.[chS]|\.rst|Kconfig[^/]*|Makefile)$' | (cd "$BUILD/tree" && checkpatch -f)
	cd "$ROOT" && find harness -name '*.[ch]' | looked_at | checkpatch --ignore PREFER_KERNEL_TYPES -f
}

# FILE_PATH_CHANGES asks whether MAINTAINERS needs a line; the check "maintainers" answers that.
# EMBEDDED_FILENAME takes the source "..." of a Kconfig in the same folder for a file's own name.
# ENOTSUPP is what the base's <linux/iova.h> returns, and users may look for.
checkpatch_series() {
	python3 "$ROOT/harness/series.py" >/dev/null || { echo "no series"; return; }
	cd "$BUILD/series" && ls | grep -v '^0000-' | grep 'patch$' |
		checkpatch --ignore FILE_PATH_CHANGES,EMBEDDED_FILENAME,ENOTSUPP
}

kernel_doc() {
	(cd "$BUILD/tree" && "$scripts/kernel-doc" -none -Wall $(ours '\.[ch]$')) 2>&1
}

# Is every file of ours covered by our entry, and is the entry the one that the hunk adds?
maintainers() {
	local file entry
	entry=$(sed -n '/^IOMMU DMA STACK$/,/^$/p' "$ROOT/MAINTAINERS")
	[ "$entry" = "$(sed -n 's/^+//p' "$ROOT/hunks/maintainers.patch" | sed '1d;/^$/d')" ] ||
		echo "MAINTAINERS and hunks/maintainers.patch differ in the entry"
	cd "$BUILD/tree" || return
	for file in $(ours .); do
		"$scripts/get_maintainer.pl" --no-tree --no-git --sections -f "$file" |
			grep -qx "IOMMU DMA STACK" || echo "no maintainer: $file"
	done
}

documentation() {
	"$ROOT/harness/rst.py" "$BUILD/tree" $(ours '\.rst$')
	local target
	grep -oE '\]\([^)#]+' "$ROOT/README.md" | sed 's/^](//' | grep -v '^https\?:' | while read -r target; do
		[ -e "$ROOT/$target" ] || echo "README.md: there is no $target"
	done
}

# What the reviews of such code keep asking for, and checkpatch does not look at
house_rules() {
	cd "$BUILD/tree" || return
	grep -nE '^[^*#]*\binline\b' $(ours '\.c$') | sed 's/$/	<- inline in a .c file/'
	grep -nE '^#\s*define\s+\w+\(' $(ours '\.[ch]$' | grep -v '^include/trace/') |
		grep -vE 'define (pr_fmt\(fmt\)|for_each_)' | sed 's/$/	<- a macro where a function serves/'
	cd "$ROOT" || return
	grep -LF 'SPDX-License-Identifier' $(all_files |
		grep -vE '^hunks/|^harness/series/|\.gitignore$|config$|\.(md|svg|json)$|^MAINTAINERS$') |
		sed 's/$/: no SPDX line/'
}

# Words that explain a program as if it were a house. Log texts are an interface, and stay.
words() {
	cd "$ROOT" || return
	all_files | xargs -d '\n' grep -nIiE '\b([r]oom|[d]oor)\b|(^|[^a-z])([r]ooms|[d]oors)([^a-z]|$)' |
		grep -v '"no [r]oom for another MSI doorbell'
}

scripts() {
	local file
	cd "$ROOT" || return
	all_files | while read -r file; do
		case $file in
		*.py)	python3 -m py_compile "$file" 2>&1; continue ;;
		esac
		case $(head -n 1 "$file" 2>/dev/null | tr -d '\0') in
		'#!/bin/bash'* | '#!/usr/bin/env bash'*) bash -n "$file" 2>&1 ;;
		'#!/bin/sh'*)	sh -n "$file" 2>&1 ;;
		'#!'*python3*)	python3 -m py_compile "$file" 2>&1 ;;
		esac
	done
}

# A tool beside this repository, where there is one: the tree is a work of its own.
originality() {
	local tool=$ROOT/../shared/tools/originality found
	[ -x "$tool" ] || return
	found=$("$tool" --base "$BUILD/base" "$ROOT") || echo "$found"
}

if [ "${1:-}" = --changed ]; then
	export CHANGED=1
	CHECKS="sparse_and_w1 checkpatch_files"
elif [ $# = 1 ]; then
	findings=$("$1" 2>&1)
	[ -z "$findings" ] && exit
	printf '%s\n' "$findings"
	exit 1
fi

set -- $CHECKS
plan $(($# + 2))
failed=0
"$ROOT/harness/setup.sh" static || exit 1
step "static: source" static-source "$kernel" compile-x86_64 source &&
	step "static: configuring" static-config "$kernel" compile-x86_64 configure || exit 1
for check; do
	if step "static: $check" "static-$check" "$0" "$check"; then
		echo "PASS static $check"
	else
		echo "FAIL static $check: see build/log/static-$check.log"
		failed=1
	fi
done
exit $failed
