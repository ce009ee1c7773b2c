# promise: a VDI of differences on NTFS grows, its parent stays as it is
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
. "$TOP/tests/boot/lib/hosts.sh"
format_boot vdi-diff ntfs
