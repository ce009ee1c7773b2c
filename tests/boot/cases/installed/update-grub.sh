# promise: a Debian whose only generator is mkvinitrd, with GRUB on BIOS: a new image boots and its
# predecessor is removed; one that crashes is tried twice, then the menu returns to the previous one
# by itself
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
# Every day update-entries.bats runs the menu's counting in a shell, and installed-* boot a Debian.
. "$TOP/tests/boot/lib/updating.sh"
BOOT_TIMEOUT=${BOOT_TIMEOUT:-600}
machine_returns '' grub
part "$WORK/part" "$WORK/disk.img" 1
clean_ext4 "$WORK/part"
