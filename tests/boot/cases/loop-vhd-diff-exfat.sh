# promise: a differencing VHD on exFAT grows, its parent stays as it is
# SPDX-License-Identifier: GPL-2.0-or-later
. "$TOP/tests/boot/hosts.sh"
format_boot vhd-diff exfat
