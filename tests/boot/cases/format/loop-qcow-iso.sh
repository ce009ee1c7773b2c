# promise: a QCOW of version 1 on a CD is a root whose changes stay in RAM
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
. "$TOP/tests/boot/lib/hosts.sh"
format_read qcow iso9660
