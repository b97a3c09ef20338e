#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# busybox.sh ARCH: prints the path of a static busybox for guests of that architecture. Another's
# than this machine's comes from its own package sources, under an apt that keeps everything in
# build/.

set -eu
. "$(dirname "$0")/lib.sh"

arch=$1
apt=$BUILD/apt-$arch

fetch() {
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
	: >"$apt/status"
	cat >"$apt/apt.conf" <<-END
		APT::Architecture "$arch";
		APT::Architectures { "$arch"; };
		APT::Sandbox::User "";
		Dir::State "$apt/state";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt/cache";
	END
	export APT_CONFIG=$apt/apt.conf
	apt-get update || :	# a mirror may lack one list, and the package be on another
	(cd "$apt" && apt-get download busybox-static)
	dpkg -x "$apt"/busybox-static_*.deb "$apt"
}

if [ "$arch" = x86_64 ]; then
	echo /bin/busybox
else
	[ -x "$apt/bin/busybox" ] || fetch >&2
	echo "$apt/bin/busybox"
fi
