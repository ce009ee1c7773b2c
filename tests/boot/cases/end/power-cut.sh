# promise: the power is cut in the middle of writes to a store on FAT and to an image, on ext4 and
# on NTFS: host, store and root are good after journal replay, and all that was fsynced is there
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
. "$TOP/tests/boot/lib/hosts.sh"
CUTS=${CUTS:-2}
. "$TOP/tests/boot/lib/cuts.sh"
cut_modes file-vfat
CUTS=1
# every day the cuts of the other formats are those of the unit tests (test_*_crash), thousands;
# here they are in power-cuts
cut_modes loop-vhd-ext4 loop-vdi-ntfs
