# promise: QEMU killed in the middle of writes, at several moments and for each format: after journal replay host, image and root are consistent, and all that was fsynced is there
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
. "$TOP/tests/boot/cuts.sh"

cut_images
cut_format vhd ext4 7
cut_format qcow2 ext4 23
cut_format vhdx ext4 15
cut_format vmdk ext4 11
cut_format vdi ntfs 19
