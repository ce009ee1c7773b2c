# promise: Debian 12, 13 and sid with systemd, Debian 12 with sysvinit, OpenRC and runit, as an
# installer leaves them, start without a failure in an image, under an overlay and in memory, twice
# each, and end clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
. "$TOP/tests/boot/lib/hosts.sh"
. "$TOP/tests/boot/lib/installed.sh"
for root in bookworm:systemd trixie:systemd sid:systemd bookworm:sysvinit bookworm:openrc \
	bookworm:runit; do
	installed "${root%:*}" "${root#*:}" loop overlay tmpfs
done
