# promise: with the driver ntfs of Linux 7 an image in a sparse file keeps what is written, one in a
# compressed file, or beside a
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: current
# slow: current
# hibernated Windows, is not written to
. "$TOP/tests/boot/lib/hosts.sh"
[ "$(ntfs_driver)" = ntfs ] || fail "this kernel's driver is $(ntfs_driver)"

HOST_SPARSE=always
format_boot raw ntfs
case $(ntfs_flags /disk.raw) in
*SPARSE*) ;;
*) fail "the image was not sparse: $(ntfs_flags /disk.raw)" ;;
esac

rm -r "$WORK/host" "$WORK/disk.img"
HOST_SPARSE=never HOST_COMPRESSED=yes
format_read raw ntfs
expect 'compressed file on NTFS'
case $(ntfs_flags /disk.raw) in
*COMPRESSED*) ;;
*) fail "the image was not compressed: $(ntfs_flags /disk.raw)" ;;
esac

rm -r "$WORK/host" "$WORK/disk.img"
HOST_COMPRESSED=''
mkdir "$WORK/host"
{ printf hibr && head -c 8188 /dev/zero; } >"$WORK/host/hiberfil.sys"
format_read raw ntfs
expect 'hibernated'
