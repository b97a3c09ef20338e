#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# compile.sh: does every user of <linux/iova.h>, <linux/io-pgtable.h>, the DMA-API glue and
# <linux/dmar.h> in the base compile, unchanged, against ours? Compiles them on x86-64 and arm64, and those of the glue on
# s390, in build/compile-ARCH, and the allocator as a module in build/compile-module. Prints PASS or
# FAIL for each user; nothing is linked or booted.

set -u
. "$(dirname "$0")/lib.sh"

# user, architectures, folder (without a slash at its end: only the objects named are built),
# then each object that must come out of it, with the symbol of ours that it must call, or none
# where it takes the header alone. Kconfig has msm_iommu for 32-bit Arm only, which is not built
# here: its object compiles on arm64 as well, with warnings about its casts.
USERS="
iommufd		x86_64,arm64	drivers/iommu/iommufd/		io_pagetable.o selftest.o device.o:iommu_get_msi_cookie
vdpa_user	x86_64,arm64	drivers/vdpa/vdpa_user/		iova_domain.o:free_iova_fast vduse_dev.o
vdpa_sim	x86_64,arm64	drivers/vdpa/vdpa_sim/		vdpa_sim.o
mlx5_vdpa	x86_64,arm64	drivers/vdpa/mlx5/		core/resources.o
host1x		x86_64,arm64	drivers/gpu/host1x/		job.o:alloc_iova dev.o:init_iova_domain
drm_tegra	x86_64,arm64	drivers/gpu/drm/tegra/		drm.o:__free_iova
tegra_vde	x86_64,arm64	drivers/media/platform/nvidia/tegra-vde/	iommu.o:reserve_iova dmabuf-cache.o
ipu3		x86_64		drivers/staging/media/ipu3/	ipu3-dmamap.o:find_iova
ipu6		x86_64		drivers/media/pci/intel/ipu6/	ipu6-dma.o:alloc_iova ipu6-mmu.o:put_iova_domain

smmu-v3		arm64		drivers/iommu/arm/arm-smmu-v3/	arm-smmu-v3.o:alloc_io_pgtable_ops arm-smmu-v3.o:iommu_dma_get_resv_regions arm-smmu-v3-test.o
smmu		x86_64,arm64	drivers/iommu/arm/arm-smmu/	arm-smmu.o:alloc_io_pgtable_ops arm-smmu.o:iommu_dma_get_resv_regions arm-smmu-impl.o arm-smmu-nvidia.o
smmu-qcom	arm64		drivers/iommu/arm/arm-smmu/	arm-smmu-qcom.o arm-smmu-qcom-debug.o
qcom_iommu	x86_64,arm64	drivers/iommu/arm/arm-smmu/	qcom_iommu.o:alloc_io_pgtable_ops
ipmmu-vmsa	x86_64,arm64	drivers/iommu/			ipmmu-vmsa.o:alloc_io_pgtable_ops
mtk_iommu	x86_64,arm64	drivers/iommu/			mtk_iommu.o:alloc_io_pgtable_ops
apple-dart	x86_64,arm64	drivers/iommu/			apple-dart.o:alloc_io_pgtable_ops apple-dart.o:iommu_dma_get_resv_regions
amd-iommu	x86_64		drivers/iommu/amd/		iommu.o:alloc_io_pgtable_ops io_pgtable.o io_pgtable_v2.o
v7s		x86_64,arm64	drivers/iommu/			io-pgtable-arm-v7s.o io-pgtable.o:io_pgtable_arm_v7s_init_fns
dart		x86_64,arm64	drivers/iommu/			io-pgtable-dart.o io-pgtable.o:io_pgtable_apple_dart_init_fns
amd-v1-v2	x86_64		drivers/iommu/			io-pgtable.o:io_pgtable_amd_iommu_v1_init_fns io-pgtable.o:io_pgtable_amd_iommu_v2_init_fns
msm_iommu	arm64		drivers/iommu			msm_iommu.o:alloc_io_pgtable_ops
panfrost	x86_64,arm64	drivers/gpu/drm/panfrost/	panfrost_mmu.o:alloc_io_pgtable_ops
panthor		x86_64,arm64	drivers/gpu/drm/panthor/	panthor_mmu.o:alloc_io_pgtable_ops
drm_msm		x86_64,arm64	drivers/gpu/drm/msm		msm_iommu.o:alloc_io_pgtable_ops msm_gpu.o adreno/adreno_gpu.o

dma-mapping	x86_64,arm64,s390	kernel/dma/		mapping.o:iommu_dma_map_page mapping.o:iommu_dma_map_sg ops_helpers.o
iommu-core	x86_64,arm64,s390	drivers/iommu/		iommu.o:iommu_get_dma_cookie iommu.o:iommu_dma_init_fq
virtio-iommu	x86_64,arm64	drivers/iommu/			virtio-iommu.o:iommu_dma_get_resv_regions
s390-iommu	s390		drivers/iommu/			s390-iommu.o
iommufd-s390	s390		drivers/iommu/iommufd/		device.o:iommu_get_msi_cookie
vfio-type1	x86_64,arm64	drivers/vfio/			vfio_iommu_type1.o:iommu_get_msi_cookie vfio_iommu_type1.o:iommu_prereg_map
gic-v3-its	arm64		drivers/irqchip/		irq-gic-v3-its.o:iommu_dma_prepare_msi irq-gic-v3-its.o:iommu_dma_compose_msi_msg
gic-v3-mbi	arm64		drivers/irqchip/		irq-gic-v3-mbi.o:iommu_dma_prepare_msi irq-gic-v3-mbi.o:iommu_dma_compose_msi_msg
gic-v2m		arm64		drivers/irqchip/		irq-gic-v2m.o:iommu_dma_prepare_msi irq-gic-v2m.o:iommu_dma_compose_msi_msg
x86-iommu	x86_64		arch/x86/kernel			pci-dma.o:detect_intel_iommu tboot.o
x86-apic	x86_64		arch/x86/kernel/apic/		apic.o msi.o:dmar_msi_write
acpi-pci	x86_64		drivers/acpi			pci_root.o:dmar_device_add
irq-remapping	x86_64		drivers/iommu/			irq_remapping.o:intel_irq_remap_ops
ls-scfg-msi	arm64		drivers/irqchip/		irq-ls-scfg-msi.o:iommu_dma_prepare_msi irq-ls-scfg-msi.o:iommu_dma_compose_msi_msg
"
# How the base takes in our interfaces: headers (adreno-smmu-priv passes io-pgtable on), and calls
# of the glue that are declared in a header of the base
HEADERS="iova io-pgtable adreno-smmu-priv iommu-dma dmar"
INCLUDE="#include (<linux/(${HEADERS// /|})\.h>|\"(\.\./)*dma-iommu\.h\")"
CALL="\biommu_(get_msi_cookie|dma_prepare_msi|dma_compose_msi_msg)\("
CALLERS="arch block drivers fs include kernel lib mm net sound virt"

kernel=$ROOT/harness/kernel.sh
jobs=-j$(nproc)
failed=0

pass() { echo "PASS compile $*"; }
fail() { echo "FAIL compile $*"; failed=1; }

users_of() {
	grep -E "	([a-z0-9_]+,)*$1(,|	)" <<<"$USERS"
}

# What kbuild is to make of the rows on its input
targets() {
	local folder objects object
	while read -r _ _ folder objects; do
		case $folder in
		*/)	echo "$folder" ;;
		*)	for object in $objects; do echo "$folder/${object%%:*}"; done ;;
		esac
	done | sort -u
}

# The sources of all objects in the table, and the folders, whose headers are looked after by
# the objects there
listed() {
	awk 'NF {
		sub("/$", "", $3)
		print $3 "/"
		for (i = 4; i <= NF; i++) {
			sub(/\.o(:.*)?$/, ".c", $i)
			print $3 "/" $i
		}
	}' <<<"$USERS"
}

# A new user in another 6.12.y must not slip through.
every_user_is_listed() {
	local path missed= listed
	listed=$(listed)
	for path in $(cd "$BUILD/tree" && grep -rlE --include='*.[ch]' "$INCLUDE|$CALL" $CALLERS); do
		grep -qxF "$path" "$BUILD/tree.files" && continue	# ours
		case $path in
		include/linux/iommu.h)	;;	# declares what CALL has
		include/linux/*.h)	grep -qw "$(basename "$path" .h)" <<<"$HEADERS" ;;
		*.h)			grep -qxF "${path%/*}/" <<<"$listed" ;;
		*)			grep -qxF "$path" <<<"$listed" ;;
		esac || missed+=" $path"
	done
	[ -z "$missed" ] && pass "every user listed" ||
		fail "every user listed: and these?$missed"
}

check_objects() {
	local folder=${1%/} spec object symbol
	shift
	for spec in "$@"; do
		object=$folder/${spec%%:*} symbol=${spec#*:}
		[ -f "$object" ] || { echo "$object was not built"; return 1; }
		[ "$symbol" = "$spec" ] && continue
		nm "$object" | grep -q " U $symbol\$" ||
			{ echo "$object does not call $symbol"; return 1; }
	done
}

# Each source of the glue, for whichever architecture: nothing of it is left out of a kernel that
# has all its options.
check_glue() {
	local arch=$1 path missed= count=0
	for path in $(grep -E '^drivers/iommu/dma/[^/]*\.c$' "$BUILD/tree.files"); do
		count=$((count + 1))
		[ -f "$BUILD/compile-$arch/${path%c}o" ] || missed+=" $path"
	done
	[ $count = 0 ] && fail "$arch glue: none of ours" && return
	[ -z "$missed" ] && pass "$arch glue, $count files" || fail "$arch glue: not built:$missed"
}

compile_users() {
	local arch=$1 together=yes user folder objects why
	step "users of our headers: configuring for $arch" "compile-$arch-config" \
		"$kernel" "compile-$arch" configure ||
		{ fail "$arch: cannot be configured"; return; }
	step "users of our headers: compiling for $arch" "compile-$arch" \
		"$kernel" "compile-$arch" make "$jobs" -k $(users_of "$arch" | targets) ||
		together=no	# some did not: find out which, one by one

	while read -r user _ folder objects; do
		if [ $together = no ] &&
		   ! "$kernel" "compile-$arch" make "$jobs" \
			$(users_of "$arch" | grep "^$user	" | targets) \
			>"$BUILD/log/compile-$arch-$user.log" 2>&1; then
			fail "$arch $user: $(grep -m1 -E '(error|warning):|\*\*\*' \
				"$BUILD/log/compile-$arch-$user.log")"
		elif why=$(cd "$BUILD/compile-$arch" && check_objects "$folder" $objects); then
			pass "$arch $user"
		else
			fail "$arch $user: $why"
		fi
	done < <(users_of "$arch")
	check_glue "$arch"
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

plan 11
"$ROOT/harness/setup.sh" arm64 s390 || exit 1
step "source of the users of our headers" compile-source "$kernel" compile-x86_64 source || exit 1
every_user_is_listed
compile_users x86_64
link_modules compile-x86_64	# the tests
compile_users arm64
compile_users s390
compile_as_module
exit $failed
