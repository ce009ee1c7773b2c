# promise: a Debian 13 as an installer leaves it, under an overlay on another disk: no unit fails,
# what its fstab and crypttab name and is not here is not waited for, its /home is mounted; both
# boots end clean
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
. "$TOP/tests/boot/lib/hosts.sh"
. "$TOP/tests/boot/lib/installed.sh"
installed trixie systemd overlay
