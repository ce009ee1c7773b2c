# promise: a QCOW of version 1 on a CD is a root whose changes stay in RAM
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
# Who serves an image does not know its format, which the unit tests read every day (test_qcow1); from a CD boots loop-vmdk-stream-iso.
. "$TOP/tests/boot/lib/hosts.sh"
format_read qcow iso9660
