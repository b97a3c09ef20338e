#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# initramfs.sh KERNEL [FOLDER...]: makes build/initramfs/KERNEL.cpio.gz, the guest of a kernel that
# kernel.sh has built: busybox, our init, jobs, programs and modules, and what is in each FOLDER.

set -eu
. "$(dirname "$0")/lib.sh"

name=$1
shift
stage=$BUILD/initramfs/$name
guest=$ROOT/harness/guest

case $name in
x86_64*)	arch=x86_64 cross= ;;
arm64*)		arch=arm64 cross=aarch64-linux-gnu- ;;
ppc64le*)	arch=ppc64el cross=powerpc64le-linux-gnu- ;;
esac

# Built on a copy: kbuild writes its output beside the sources.
module() {	# FOLDER
	local source copy
	mkdir -p "$BUILD/$1/$name"
	for source in "$guest/$1"/*; do
		copy=$BUILD/$1/$name/${source##*/}
		cmp -s "$source" "$copy" || cp "$source" "$copy"
	done
	make -C "$BUILD/$name" M="$BUILD/$1/$name" modules
	cp "$BUILD/$1/$name"/*.ko "$stage/lib/"
}

# With -i, because the folder's iommufd programs don't compile in every 6.12.y: ours have to. Where they
# are newer than their driver, they shall ask for no PASIDs, nor for a type of hardware information. They
# give a case 30 s by alarm(), too little for an emulator: here the boot alone has a time limit.
selftests() {
	local source program newer=
	make -C "$BUILD/$name" headers
	grep -q IOMMU_HW_INFO_TYPE_DEFAULT "$BUILD/$name/usr/include/linux/iommufd.h" ||
		newer="-DMOCK_FLAGS_DEVICE_PASID=0 -DMOCK_PASID_WIDTH=0 -Din_data_type=out_data_type \
			-DIOMMU_HW_INFO_TYPE_DEFAULT=0 -DIOMMU_HW_INFO_FLAG_INPUT_TYPE=0"
	make -i -C "$BUILD/tree/tools/testing/selftests" O="$BUILD/$name" TARGETS=iommu \
		LDFLAGS="-static -Wl,--defsym=alarm=getpid" USERCFLAGS="$newer" INSTALL_PATH="$stage/selftest" install
	for source in "$ROOT"/tools/testing/selftests/iommu/iova_*.c; do
		program=$(basename "$source" .c)
		[ -x "$stage/selftest/iommu/$program" ] || die "$program was not installed"
	done
}

rm -rf "$stage"
mkdir -p "$stage/bin" "$stage/lib"
cp -r "$guest/init" "$guest/job" "$stage/"
chmod +x "$stage/init"
cp "$("$ROOT/harness/busybox.sh" $arch)" "$stage/bin/busybox"
for source in "$guest"/*.c; do
	case $arch-${source##*/} in
	ppc64el-vfio_spapr*)	;;
	*-vfio_spapr*)		continue ;;	# ioctls that only powerpc has
	esac
	${cross}gcc -O2 -Wall -Wextra -static -o "$stage/bin/$(basename "$source" .c)" "$source"
done
${cross}gcc -O2 -Wall -Wextra -static -pthread -D_GNU_SOURCE -o "$stage/bin/vfio_prereg" \
	"$guest"/prereg/*.c
if [ $arch = x86_64 ]; then
	module edu
	module mdev
	gcc -O2 -static -idirafter "$BUILD/base/include" -o "$stage/bin/dma_map_benchmark" \
		"$BUILD/base/tools/testing/selftests/dma/dma_map_benchmark.c"
fi
[ "$name" != x86_64-debug ] || selftests
for folder in "$@"; do
	cp -r "$folder/." "$stage/"
done

cd "$stage"
find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --reproducible | gzip -n >"$stage.cpio.gz.new"
mv "$stage.cpio.gz.new" "$stage.cpio.gz"
