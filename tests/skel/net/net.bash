# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of the network: the loopback, and a boot by HTTP.

loopback() {
	mkdir -p "$ROOT/sys/class/net/lo"
	echo 772 >"$ROOT/sys/class/net/lo/type"
}

http_boot() {
	cmdline "vi.mode=tmpfs vi.image=http://10.0.2.2:8000/rootfs.tar.xz panic=-1 $1"
	boot
}
