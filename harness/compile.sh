#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# compile.sh: does every user of <linux/iova.h> in the base compile, unchanged, against ours?
# Compiles them on x86-64 and arm64 in build/compile-ARCH, and the allocator as a module in
# build/compile-module. Prints PASS or FAIL for each user; nothing is linked or booted.

set -u
. "$(dirname "$0")/lib.sh"

# user, architectures, folder, then each object that must come out of it, with the symbol of
# ours that it must call, or none where it takes the header alone
USERS="
dma-iommu	x86_64,arm64	drivers/iommu/				dma-iommu.o:alloc_iova_fast
intel-iommu	x86_64		drivers/iommu/intel/			iommu.o dmar.o
iommufd		x86_64,arm64	drivers/iommu/iommufd/			io_pagetable.o selftest.o
vdpa_user	x86_64,arm64	drivers/vdpa/vdpa_user/			iova_domain.o:free_iova_fast
vdpa_sim	x86_64,arm64	drivers/vdpa/vdpa_sim/			vdpa_sim.o
mlx5_vdpa	x86_64,arm64	drivers/vdpa/mlx5/			core/resources.o
host1x		x86_64,arm64	drivers/gpu/host1x/			job.o:alloc_iova dev.o:init_iova_domain
drm_tegra	x86_64,arm64	drivers/gpu/drm/tegra/			drm.o:__free_iova
tegra_vde	x86_64,arm64	drivers/media/platform/nvidia/tegra-vde/	iommu.o:reserve_iova dmabuf-cache.o
ipu3		x86_64		drivers/staging/media/ipu3/		ipu3-dmamap.o:find_iova
ipu6		x86_64		drivers/media/pci/intel/ipu6/		ipu6-dma.o:alloc_iova ipu6-mmu.o:put_iova_domain
"
OURS=include/trace/events/iova.h
CALLERS="arch block drivers fs include kernel lib mm net sound virt"

kernel=$ROOT/harness/kernel.sh
jobs=-j$(nproc)
failed=0

pass() { echo "PASS compile $*"; }
fail() { echo "FAIL compile $*"; failed=1; }

users_of() {
	grep -E "	([a-z0-9_]+,)*$1(,|	)" <<<"$USERS"
}

# A new user of the header in another 6.12.y must not slip through.
every_user_is_listed() {
	local path folder missed=
	for path in $(cd "$BUILD/tree" && grep -rlE --include='*.[ch]' \
			'#include <linux/iova.h>' $CALLERS); do
		for folder in $(awk '{ print $3 }' <<<"$USERS") $OURS; do
			[ "${path#"$folder"}" = "$path" ] || continue 2
		done
		missed+=" $path"
	done
	[ -z "$missed" ] && pass "every user listed" ||
		fail "every user listed: and these?$missed"
}

check_objects() {
	local folder=$1 spec object symbol
	shift
	for spec in "$@"; do
		object=$folder${spec%%:*} symbol=${spec#*:}
		[ -f "$object" ] || { echo "$object was not built"; return 1; }
		[ "$symbol" = "$spec" ] && continue
		nm "$object" | grep -q " U $symbol\$" ||
			{ echo "$object does not call $symbol"; return 1; }
	done
}

compile_users() {
	local arch=$1 together=yes user folder objects why
	step "users of iova.h: configuring for $arch" "compile-$arch-config" \
		"$kernel" "compile-$arch" configure ||
		{ fail "$arch: cannot be configured"; return; }
	step "users of iova.h: compiling for $arch" "compile-$arch" \
		"$kernel" "compile-$arch" make "$jobs" -k $(users_of "$arch" | awk '{ print $3 }') ||
		together=no	# some did not: find out which, one by one

	while read -r user _ folder objects; do
		if [ $together = no ] &&
		   ! "$kernel" "compile-$arch" make "$jobs" "$folder" \
			>"$BUILD/log/compile-$arch-$user.log" 2>&1; then
			fail "$arch $user: $(grep -m1 -E '(error|warning):|\*\*\*' \
				"$BUILD/log/compile-$arch-$user.log")"
		elif why=$(cd "$BUILD/compile-$arch" && check_objects "$folder" $objects); then
			pass "$arch $user"
		else
			fail "$arch $user: $why"
		fi
	done < <(users_of "$arch")
}

# Modules may use only what is exported. No vmlinux is linked here, so each symbol that they lack
# is looked up in the source, where some are exported by macros that complete the name.
unexported() {
	local wanted exported
	wanted=$(nm -u "$@" | awk '$1 == "U" { sub("^__SC[TK]__", "", $2); print $2 }' | sort -u)
	exported=$(cd "$BUILD/tree" && grep -rhoE --include='*.[chS]' \
		"EXPORT[A-Z_]*\((${wanted//$'\n'/|})\>|EXPORT_SYMBOL\(\w{6,} *##" \
		arch/x86 block drivers/base drivers/char drivers/iommu fs kernel lib mm |
		sed -E 's/.*\(//; s/ *##/.*/' | sort -u)
	grep -vxE "${exported//$'\n'/|}" <<<"$wanted"
}

# What drivers/iommu in the build folder $1 has made for a module
link_modules() {
	local folder=$BUILD/$1 modules missing
	modules=$(sed 's/o$/ko/' "$folder/drivers/iommu/modules.order")
	[ -n "$modules" ] || { fail "modules in $1: nothing was built as one"; return; }
	step "modules of ours: linking in $1" "$1-modules" \
		"$kernel" "$1" make KBUILD_MODPOST_WARN=1 $modules ||
		{ fail "modules in $1: do not link"; return; }
	missing=$(cd "$folder" && unexported $modules)
	[ -z "$missing" ] && pass "modules in $1:" $modules ||
		fail "modules in $1: not exported:" $missing
}

compile_as_module() {
	step "allocator as a module: configuring" compile-module-config \
		"$kernel" compile-module configure &&
	step "allocator as a module: compiling" compile-module \
		"$kernel" compile-module make "$jobs" drivers/iommu/ ||
		{ fail "as a module: does not compile"; return; }
	link_modules compile-module
}

plan 9
"$ROOT/harness/setup.sh" arm64 || exit 1
step "source of the users of iova.h" compile-source "$kernel" compile-x86_64 source || exit 1
every_user_is_listed
compile_users x86_64
link_modules compile-x86_64	# the tests
compile_users arm64
compile_as_module
exit $failed
