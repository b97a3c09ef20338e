#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# setup.sh GROUP...: sees to it that the packages of each group (x86, arm64, ppc64, s390, static) are
# there. Installs what is missing when it may; else prints the line that does.

set -eu
. "$(dirname "$0")/lib.sh"

wanted="bc bison ccache cpio flex gcc git kmod libc6-dev libelf-dev make patch python3 rsync xz-utils"
[ -n "${KERNEL_SRC:-}" ] || wanted+=" linux-source-6.12"

for group in "$@"; do
	case $group in
	x86)	wanted+=" busybox-static qemu-system-x86" ;;
	arm64)	wanted+=" gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-system-arm" ;;
	ppc64)	wanted+=" gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross qemu-system-data qemu-system-ppc" ;;
	s390)	wanted+=" gcc-s390x-linux-gnu" ;;
	static)	wanted+=" coccinelle perl python3-docutils sparse" ;;
	*)	die "setup.sh: no group '$group'" ;;
	esac
done

missing=
for package in $wanted; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=
	[ "$state" = installed ] || missing+=" $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	as_root=
elif sudo -n true 2>/dev/null; then
	as_root="sudo -n"
else
	echo "Packages are missing, and installing them takes root. This line does it:" >&2
	echo "  sudo apt-get install --no-install-recommends$missing" >&2
	exit 1
fi

install_missing() {
	local apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get"
	# the lists may be absent or older than what the mirror still holds
	$apt install -y --no-install-recommends $missing ||
		{ $apt update && $apt install -y --no-install-recommends $missing; }
}
export -f install_missing
export as_root missing
STEP=1 STEPS=1 "$ROOT/harness/step.sh" "installing $(wc -w <<<"$missing") packages" setup bash -c install_missing
