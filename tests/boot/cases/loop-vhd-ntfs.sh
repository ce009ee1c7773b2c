# promise: a dynamic VHD on NTFS boots with the words of vfuseloop, grows, keeps what is written; image, root and NTFS are left clean
# SPDX-License-Identifier: GPL-2.0-or-later
. "$TOP/tests/boot/hosts.sh"
format_boot vhd ntfs
