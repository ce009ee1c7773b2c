# promise: a raw image on exFAT keeps what is written; image, root and exFAT are left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
. "$TOP/tests/boot/hosts.sh"
format_boot raw exfat
