# promise: a VDI of differences on NTFS grows, its parent stays as it is
# SPDX-License-Identifier: GPL-2.0-or-later
. "$TOP/tests/boot/hosts.sh"
format_boot vdi-diff ntfs
