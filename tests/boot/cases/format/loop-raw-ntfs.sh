# promise: a raw image on NTFS keeps what is written, and gets no holes by a trim, with ntfs3, ntfs and ntfs-3g; image, root and NTFS are left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.1
# Every day without ntfs-3g of 6.1, on which a QCOW2 is written in loop-qcow2-ntfs.
. "$TOP/tests/boot/lib/hosts.sh"
# with the youngest driver; vhd and qcow2 boot again from the other two
case $KVER in 6.*) ;; *) TWICE=1 ;; esac
format_boot raw ntfs
case $(ntfs_flags /disk.raw) in
*SPARSE*) fail "the image has become sparse: $(ntfs_flags /disk.raw)" ;;
esac
