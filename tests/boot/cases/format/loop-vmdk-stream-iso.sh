# promise: a streamOptimized VMDK on a CD is a root whose changes stay in RAM
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
# Every day loop-raw-iso is the read-only image of 6.1.
. "$TOP/tests/boot/lib/hosts.sh"
format_read vmdk-stream iso9660
