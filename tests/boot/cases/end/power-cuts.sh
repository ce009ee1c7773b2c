# promise: the power is cut 30 times at random moments, under load and while booting, in each mode:
# every time host and store are good after journal replay, the next boot comes up, and all that was
# fsynced is there, also when the disk loses what it had in its cache
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
. "$TOP/tests/boot/lib/hosts.sh"
. "$TOP/tests/boot/lib/cuts.sh"
formats='loop-vhd-ext4 loop-qcow2-ext4 loop-vdi-ext4 loop-vhdx-ext4 loop-vmdk-ext4'
[ -z "$(ntfs_driver)" ] || formats="$formats loop-vdi-ntfs"
formats="$formats loop-vhd-vfat loop-vdi-exfat loop-vmdk-vfat loop-vhdx-exfat loop-qcow2-vfat loop-qcow2-exfat"
# shellcheck disable=SC2086 # a list
cut_modes ${MODES:-dir file-vfat file-ext4 device archive disk loop-raw-ext4 loop-raw-vfat $formats}
