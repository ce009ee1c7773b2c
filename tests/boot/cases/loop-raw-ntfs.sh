# promise: a raw image on NTFS keeps what is written, with ntfs3 and with ntfs-3g; image, root and NTFS are left clean
# SPDX-License-Identifier: GPL-2.0-or-later
. "$TOP/tests/boot/hosts.sh"
format_boot raw ntfs
