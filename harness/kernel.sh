#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel.sh NAME: leaves the kernel NAME, built, in build/NAME: an ordinary kernel build folder.
# Runs itself for each of its steps: kernel.sh NAME source|configure|build.
# kernel.sh NAME make ARGUMENTS...: the kernel's own make in that folder; the compile-* folders
# are only used this way, nothing boots them.

set -eu
. "$(dirname "$0")/lib.sh"

# NAME -> source tree, architecture, configuration fragments
name=${1:-}
folder=$name
case $name in
x86_64)		source=tree arch=x86_64 fragments="run" ;;
x86_64-base)	source=base arch=x86_64 fragments="run" ;;
x86_64-debug)	source=tree arch=x86_64 fragments="run debug" ;;
x86_64-lockstat)	source=tree arch=x86_64 fragments="lockstat" ;;
x86_64-lockstat-base)	source=base arch=x86_64 fragments="lockstat" ;;
arm64)		source=tree arch=arm64 fragments="arm64" ;;
arm64-base)	source=base arch=arm64 fragments="arm64" ;;
ppc64le)	source=tree arch=powerpc fragments="ppc64le" ;;
ppc64le-base)	source=base arch=powerpc fragments="ppc64le" ;;
compile-x86_64)	source=tree arch=x86_64 fragments="compile compile-x86_64" ;;
compile-arm64)	source=tree arch=arm64 fragments="compile compile-arm64" ;;
compile-s390)	source=tree arch=s390 fragments="compile-s390" ;;
compile-module)	source=tree arch=x86_64 fragments="compile-module" ;;
# ccache takes its paths for those of compile-x86_64, and finds that one's objects
compile-series)	source=series-build/tree folder=series-build/compile-x86_64 arch=x86_64 fragments="compile compile-x86_64" ;;
*)		die "kernel.sh: no kernel is called '$name'" ;;
esac

case $arch in
x86_64)	group=x86 cross= image=bzImage ;;
arm64)	group=arm64 cross=aarch64-linux-gnu- image=Image ;;
powerpc)	group=ppc64 cross=powerpc64le-linux-gnu- image=vmlinux ;;
s390)	group=s390 cross=s390x-linux-gnu- image=bzImage ;;
esac

# The same input gives the same objects, whoever builds, wherever and whenever: ccache finds them,
# in the user's own cache. Below $BUILD it takes paths as relative ones, so that another clone's
# objects serve.
export KBUILD_BUILD_USER=build KBUILD_BUILD_HOST=build KBUILD_BUILD_TIMESTAMP=1970-01-01
export CCACHE_BASEDIR=$BUILD CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1
used=$BUILD/$name/fragments	# the fragments that .config was made from

kbuild() {
	local ccache=
	[ -z "$(command -v ccache)" ] || ccache="ccache "
	make -C "$BUILD/$source" O="$BUILD/$folder" ARCH="$arch" CROSS_COMPILE="$cross" \
		CC="$ccache${cross}gcc" HOSTCC="${ccache}gcc" "$@"
}

make_source() {
	"$ROOT/harness/tree.py" base
	[ "$source" = base ] || "$ROOT/harness/tree.py" overlay
}

# Configures when a fragment or an option's definition has changed since the last time.
make_config() {
	local wanted
	mkdir -p "$BUILD/$name"
	wanted=$(cat $(printf "$ROOT/harness/config/%s.config " $fragments))
	if [ -f "$BUILD/$name/.config" ] && [ "$wanted" = "$(cat "$used" 2>/dev/null)" ] &&
	   [ -z "$(find "$BUILD/$source/drivers/iommu" -name 'Kconfig*' -newer "$used")" ]; then
		return
	fi
	rm -f "$used"
	echo "$wanted" >"$used.new"
	kbuild KCONFIG_ALLCONFIG="$used.new" allnoconfig
	"$ROOT/harness/config_check.py" "$BUILD/$name/.config" "$used.new" "$BUILD/$source"
	mv "$used.new" "$used"
}

make_kernel() {
	kbuild -j"$(nproc)" "$image" modules
}

case ${2:-} in
source)		make_source ;;
configure)	make_config ;;
build)		make_kernel ;;
make)		shift 2; kbuild "$@" ;;
*)
	plan 3
	"$ROOT/harness/setup.sh" "$group"
	step "source of $name" "$name-source" "$0" "$name" source
	step "configuring $name" "$name-config" "$0" "$name" configure
	step "building $name" "$name-build" "$0" "$name" build
	;;
esac
