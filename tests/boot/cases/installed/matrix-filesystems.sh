# promise: stores on every file system: a directory on xfs, btrfs and f2fs, a file on exFAT, devices
# with xfs, btrfs and f2fs; two boots, the content survives, every file system is clean
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.1 6.12 current
. "$TOP/tests/boot/lib/hosts.sh"
. "$TOP/tests/boot/lib/matrix.sh"
matrix busybox dir-xfs dir-btrfs dir-f2fs file-exfat device-xfs device-btrfs device-f2fs
# generations on btrfs: a boot that is no good is gone back behind
words='vi.persist=dir:LABEL=STORE:/changes,rollback=3'
new_store dir-btrfs
matrix_boot busybox "$words test.keep=good"
matrix_boot busybox "$words test.keep=more"
expect '=== kept good'
matrix_boot busybox "$words,discard test.keep=other"
expect '=== kept good'
expect_not '=== kept more'
store_clean dir-btrfs

# stopped WORDS WHY: the boot ends with that message, and nothing is written to the store
stopped() {
	(cd "$WORK" && sha256sum store.img >store.sum)
	boot overlay "rw panic=1 $1" -drive "file=$WORK/live.img,format=raw,if=virtio" \
		-drive "file=$WORK/store.img,format=raw,if=virtio"
	expect "$2"
	expect_not '=== root'
	(cd "$WORK" && sha256sum -c --quiet store.sum) || fail 'the store changed'
}

# NTFS: a file with holes and a volume after a power cut are not written to
mkdir "$WORK/ntfs"
ext4 "$WORK/ntfs/changes.img" 32M holes "$root_uuid"
HOST_SPARSE=always
ntfs "$WORK/store.fs" 100 "$WORK/ntfs"
ntfslabel "$WORK/store.fs" STORE
disk "$WORK/store.img" 7 "$WORK/store.fs"
if [ "$PROFILE" = overlay ]; then # ntfs-3g can fill holes
	stopped 'vi.persist=file:LABEL=STORE:/changes.img' 'sparse or compressed file on NTFS'
fi
ln -sf store.img "$WORK/disk.img"
mark_dirty
stopped 'vi.persist=file:LABEL=STORE:/changes.img' 'marked dirty: let Windows check it'
