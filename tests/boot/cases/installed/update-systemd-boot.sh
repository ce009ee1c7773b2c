# promise: a Debian whose only generator is mkvinitrd, with systemd-boot on UEFI: a new image boots
# and its predecessor is removed; one that crashes is tried twice, then the loader returns to the
# previous one by itself
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
# Every day update-entries.bats has the names of the entries.
. "$TOP/tests/boot/lib/updating.sh"
BOOT_TIMEOUT=${BOOT_TIMEOUT:-600}
machine_returns /efi sdboot -bios /usr/share/ovmf/OVMF.fd
part "$WORK/part" "$WORK/disk.img" 1
clean_vfat "$WORK/part"
part "$WORK/part" "$WORK/disk.img" 2
clean_ext4 "$WORK/part"
