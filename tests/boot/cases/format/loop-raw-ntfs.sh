# promise: a raw image on NTFS keeps what is written, and gets no holes by a trim, with ntfs3, ntfs
# and ntfs-3g; image, root and NTFS
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# are left clean
. "$TOP/tests/boot/lib/hosts.sh"
# with the youngest driver; vhd and qcow2 boot again from the other two
case $KVER in 6.*) ;; *) TWICE=1 ;; esac
format_boot raw ntfs
case $(ntfs_flags /disk.raw) in *SPARSE*) fail \
	"the image has become sparse: $(ntfs_flags /disk.raw)" ;; esac
