# promise: a raw image on a CD is a root whose changes stay in RAM
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.12
# Every day on 6.1 alone: loop-vmdk-stream-iso boots from a CD on 6.12.
. "$TOP/tests/boot/lib/hosts.sh"
format_read raw iso9660
