# promise: the power is cut in the middle of writes to a store on FAT and to an image of each dynamic format: host, store and root are good after journal replay, and all that was fsynced is there
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
. "$TOP/tests/boot/hosts.sh"
CUTS=${CUTS:-2}
. "$TOP/tests/boot/cuts.sh"
cut_modes file-vfat
CUTS=1
cut_modes loop-qcow2-ext4 loop-vhd-ext4 loop-vmdk-ext4 loop-vhdx-ext4 loop-vdi-ntfs
