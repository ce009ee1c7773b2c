# promise: a monolithicSparse VMDK on exFAT grows and keeps what is written; all is left clean
# SPDX-License-Identifier: GPL-2.0-or-later
. "$TOP/tests/boot/hosts.sh"
format_boot vmdk exfat
