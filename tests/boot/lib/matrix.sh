# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For boot cases of inits and stores: one disk has the image, one the store, one is nobody's
# business. Read after lib.sh and hosts.sh.
#   matrix INIT STORE...   STORE is dir-FS, file-FS, device-FS or archive-FS

# matrix_root INIT: its root as a squashfs, in $WORK/live.img
matrix_root() {
	mkdir -p "$WORK/live/live"
	case $1 in
	busybox) small_image "$WORK/live/live/root.sqfs" ;;
	systemd)
		debian_image root-zstd.sqfs
		cp "$DEBIAN" "$WORK/live/live/root.sqfs"
		;;
	*)
		mkdir "$WORK/tree"
		bsdtar -xpf "$("$TOP/tests/boot/init-root" "$1")" --numeric-owner -C "$WORK/tree"
		mksquashfs "$WORK/tree" "$WORK/live/live/root.sqfs" -quiet -no-progress -comp zstd \
			-Xcompression-level 3
		rm -r "$WORK/tree"
		;;
	esac
	ext4 "$WORK/live.ext4" "$(host_mib "$WORK/live")M" LIVE "$host_uuid" "$WORK/live"
	disk "$WORK/live.img" 83 "$WORK/live.ext4"
	rm -r "$WORK/live" "$WORK/live.ext4"
}

# bystanders: a disk with file systems of other people, one of them not cleanly unmounted
bystanders() {
	truncate -s 16M "$WORK/by1" "$WORK/by2"
	ext4 "$WORK/by1" 16M theirs 6d6b7669-6e69-7472-6400-000000000099
	debugfs -w -R 'feature needs_recovery' "$WORK/by1" >/dev/null 2>&1
	mkntfs -q -F -Q -L THEIRS "$WORK/by2" 2>/dev/null
	vfat "$WORK/by3" 40 OTHERS
	disk "$WORK/bystander.img" 7 "$WORK/by1" "$WORK/by2" "$WORK/by3"
	rm "$WORK"/by?
}

# empty_fs FS OUT MIB: labelled STORE
empty_fs() {
	rm -f "$2"
	truncate -s "$3M" "$2"
	case $1 in
	ext4) ext4 "$2" "$3M" STORE "$root_uuid" ;;
	vfat) mkfs.vfat -F 32 -n STORE "$2" >/dev/null ;;
	exfat) mkfs.exfat -L STORE "$2" >/dev/null ;;
	ntfs) mkntfs -q -F -Q -L STORE "$2" 2>/dev/null ;;
	xfs) mkfs.xfs -q -L STORE "$2" ;;
	btrfs) mkfs.btrfs -q -L STORE "$2" >/dev/null ;;
	f2fs) mkfs.f2fs -q -l STORE "$2" >/dev/null ;;
	*) fail "no file system $1" ;;
	esac
}

store_size() {
	case $1 in
	xfs) echo 320 ;; # the least that mkfs.xfs makes
	btrfs) echo 256 ;;
	*) echo 100 ;;
	esac
}

# store_words STORE: what the command line says of it
store_words() {
	case $1 in
	dir-*) echo 'vi.persist=dir:LABEL=STORE:/changes' ;;
	file-*) echo 'vi.persist=file:LABEL=STORE:/deep/changes.img,32M' ;;
	device-*) echo 'vi.persist=device:LABEL=STORE' ;;
	archive-*) echo 'vi.persist=archive:LABEL=STORE:/saved' ;;
	esac
}

# matrix_boot INIT WORDS: and what each successful boot of it shows
matrix_boot() {
	boot overlay "rw $2" -drive "file=$WORK/live.img,format=raw,if=virtio" \
		-drive "file=$WORK/store.img,format=raw,if=virtio" \
		-drive "file=$WORK/bystander.img,format=raw,if=virtio"
	case $1 in
	systemd) expect_good_boot ;;
	busybox) expect_small_boot ;;
	*)
		expect '=== other init reached'
		expect 'mkvinitrd: clean'
		;;
	esac
	expect 'reboot: Power down'
}

clean_xfs() {
	xfs_repair -n "$1" >"$WORK/fsck.log" 2>&1 || fail "xfs_repair -n: $(cat "$WORK/fsck.log")"
	xfs_logprint -t "$1" 2>/dev/null | grep -q 'state: <CLEAN>' ||
		fail 'the log of XFS is not empty'
}

clean_btrfs() {
	btrfs check "$1" >"$WORK/fsck.log" 2>&1 || fail "btrfs check: $(cat "$WORK/fsck.log")"
}

clean_f2fs() {
	fsck.f2fs --dry-run "$1" >"$WORK/fsck.log" 2>&1 || fail "fsck.f2fs: $(cat "$WORK/fsck.log")"
	! grep -q '\[Fail\]' "$WORK/fsck.log" || fail "fsck.f2fs: $(cat "$WORK/fsck.log")"
}

# store_file FS NAME OUT: copied out of $WORK/store.fs by other people's programs
store_file() {
	case $1 in
	vfat) mcopy -n -i "$WORK/store.fs" "::$2" "$3" ;;
	ext4) debugfs -R "dump $2 $3" "$WORK/store.fs" >/dev/null 2>&1 ;;
	ntfs) ntfscat -f "$WORK/store.fs" "$2" >"$3" ;;
	exfat) exfat_file "$2" "$3" ;;
	esac
	[ -s "$3" ] || fail "$2 is not in the store"
}

exfat_file() {
	mkdir -p "$WORK/mnt"
	exfat_loop=$(losetup -r -f --show "$WORK/store.fs")
	mount.exfat-fuse -o ro "$exfat_loop" "$WORK/mnt" >/dev/null && cp "$WORK/mnt$1" "$2"
	umount "$WORK/mnt"
	losetup -d "$exfat_loop"
}

# store_clean STORE: the file system of the store's disk, and the one in the file on it
store_clean() {
	store_fs=${1#*-}
	part "$WORK/store.fs" "$WORK/store.img" 1
	"clean_$store_fs" "$WORK/store.fs"
	case $1 in
	file-*)
		store_file "$store_fs" /deep/changes.img "$WORK/changes.img"
		clean_ext4 "$WORK/changes.img"
		debugfs -R 'ls -p /upper' "$WORK/changes.img" 2>/dev/null | grep -q /var/ ||
			[ "$2" = busybox ] || fail 'the changes are not in the file'
		;;
	archive-*)
		store_file "$store_fs" /saved.tar.zst "$WORK/saved.tar.zst"
		zstd -qdc "$WORK/saved.tar.zst" | tar -tf - | grep -q 'kept$' ||
			fail 'the archive does not have what was kept'
		;;
	esac
	[ "$1" != file-ntfs ] || not_sparse
}

# some drivers lose data beside holes: the store's file has none
not_sparse() {
	ntfsinfo -f -F /deep/changes.img "$WORK/store.fs" >"$WORK/ntfsinfo.log" 2>&1 ||
		fail "ntfsinfo: $(cat "$WORK/ntfsinfo.log")"
	! grep -q 'SPARSE\|COMPRESSED' "$WORK/ntfsinfo.log" ||
		fail "the store's file has holes: $(cat "$WORK/ntfsinfo.log")"
}

new_store() {
	empty_fs "${1#*-}" "$WORK/store.fs" "$(store_size "${1#*-}")"
	case $1 in
	archive-vfat)
		printf 'kept\nvar/lib/kept\n' >"$WORK/list"
		mcopy -i "$WORK/store.fs" "$WORK/list" ::.filetool.lst
		;;
	esac
	rm -f "$WORK/store.img"
	disk "$WORK/store.img" 83 "$WORK/store.fs"
}

# matrix_store INIT STORE: boot 1 writes, boot 2 has it and writes more
matrix_store() {
	new_store "$2"
	matrix_boot "$1" "$(store_words "$2") test.keep=boot1"
	expect '=== wrote boot1'
	store_clean "$2" "$1"
	matrix_boot "$1" "$(store_words "$2") test.keep=boot2"
	expect '=== kept.* boot1\|=== kept boot1'
	expect '=== wrote boot2'
	store_clean "$2" "$1"
	echo "$1 with $2: good"
}

matrix() {
	matrix_init=$1
	shift
	ntfs_profile overlay
	build overlay "$PROFILE" -s 'image /live/root.sqfs' -s 'persist file:/x' \
		-s 'applet packroot unpackroot'
	matrix_root "$matrix_init"
	bystanders
	(cd "$WORK" && sha256sum live.img bystander.img >sums)
	for store; do
		matrix_store "$matrix_init" "$store"
	done
	(cd "$WORK" && sha256sum -c --quiet sums) || fail 'a disk that has no part in it changed'
}
