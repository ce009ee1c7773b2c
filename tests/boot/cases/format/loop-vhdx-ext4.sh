# promise: a dynamic VHDX on ext4 grows and keeps what is written; all is left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: current
. "$TOP/tests/boot/lib/hosts.sh"
format_boot vhdx ext4
