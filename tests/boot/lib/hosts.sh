# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For boot cases with an image on a partition of another system: partitions of every file system,
# images of every format, and what is in them afterwards. Read after lib.sh.

VDATTACH=$TOP/build/host/bin/vdattach
# the GRUB variable of the seed has an NTFS serial in small letters
ntfs_serial=0123456789abcdef

# host_mib DIRECTORY: room for it and for what a boot adds, in MiB
host_mib() {
	echo $(($(du -sm "$1" | cut -f1) * 11 / 10 + 100))
}

# copied_to COMMAND... -- DIRECTORY: mounts with COMMAND DIR, copies DIRECTORY there
copied_to() {
	copied_from=$1
	shift
	mkdir -p "$WORK/mnt"
	"$@" "$WORK/mnt" >/dev/null || fail "$*"
	# what is copied into such a directory is compressed
	[ -z "${HOST_COMPRESSED:-}" ] || setfattr -n system.ntfs_attrib_be -v 0x00000810 "$WORK/mnt"
	cp -r --sparse="${HOST_SPARSE:-never}" "$copied_from/." "$WORK/mnt/" ||
		fail "cannot copy to $*"
	umount "$WORK/mnt"
}

ntfs() {
	truncate -s "$2M" "$1"
	mkntfs -q -F -Q -L WINDATA "$1" 2>/dev/null
	ntfslabel --new-serial="$ntfs_serial" "$1" >/dev/null 2>&1
	copied_to "$3" ntfs-3g -o compression "$1"
}

# ntfs_flags FILE: the attributes of that file in $WORK/host.fs: ARCHIVE SPARSE_FILE COMPRESSED
ntfs_flags() {
	ntfsinfo -f -F "$1" "$WORK/host.fs" >"$WORK/ntfsinfo.log" 2>&1 ||
		fail "ntfsinfo: $(cat "$WORK/ntfsinfo.log")"
	sed -n '/File attributes:/{s/.*://p;q;}' "$WORK/ntfsinfo.log"
}

exfat() {
	truncate -s "$2M" "$1"
	mkfs.exfat -L WINDATA "$1" >/dev/null
	host_loop=$(losetup -f --show "$1") # it mounts devices only
	copied_to "$3" mount.exfat-fuse "$host_loop"
	losetup -d "$host_loop"
}

fat() {
	fat_directory=$3
	vfat "$1" "$2" WINDATA
	mcopy -s -i "$1" "$fat_directory"/* ::
}

# host_disk FS DIRECTORY: $WORK/disk.img, whose partition has the files of DIRECTORY; MEDIUM are
# QEMU's arguments for it
host_disk() {
	host_size=$(host_mib "$2") host_type=7
	MEDIUM="-drive file=$WORK/disk.img,format=raw,if=virtio"
	case $1 in
	ext4)
		ext4 "$WORK/host.fs" "${host_size}M" imghost "$host_uuid" "$2"
		host_type=83
		;;
	vfat)
		fat "$WORK/host.fs" "$host_size" "$2"
		host_type=c
		;;
	exfat | ntfs) "$1" "$WORK/host.fs" "$host_size" "$2" ;;
	iso9660)
		xorriso -as mkisofs -quiet -iso-level 3 -R -V IMGHOST -o "$WORK/disk.img" "$2" \
			2>/dev/null
		MEDIUM="-cdrom $WORK/disk.img"
		return 0
		;;
	esac
	disk "$WORK/disk.img" $host_type "$WORK/host.fs"
	rm "$WORK/host.fs"
}

clean_ntfs() {
	ntfsfix -n "$1" >"$WORK/fsck.log" 2>&1 || fail "ntfsfix -n: $(cat "$WORK/fsck.log")"
	ntfsinfo -m "$1" 2>&1 | grep -q 'Volume Flags: 0x0000' ||
		fail "the volume is marked: $(ntfsinfo -m "$1" 2>&1 | grep 'Flags')"
}

clean_exfat() {
	fsck.exfat -n "$1" >"$WORK/fsck.log" 2>&1 || fail "fsck.exfat -n: $(cat "$WORK/fsck.log")"
	grep -q ': clean' "$WORK/fsck.log" || fail "fsck.exfat -n: $(cat "$WORK/fsck.log")"
}

# taken_from DIRECTORY COMMAND...
taken_from() {
	taken_to=$1
	shift
	mkdir -p "$WORK/mnt"
	"$@" "$WORK/mnt" >/dev/null || fail "$*"
	cp -r "$WORK/mnt/." "$taken_to/"
	umount "$WORK/mnt"
}

# host_files FS DIRECTORY [DISK]: what the file system of DISK ($WORK/disk.img) holds now
host_files() {
	rm -rf "$2"
	mkdir "$2"
	[ "$1" = iso9660 ] || part "$WORK/host.fs" "${3:-$WORK/disk.img}" 1
	case $1 in
	ext4) debugfs -R "rdump / $2" "$WORK/host.fs" >/dev/null 2>&1 ;;
	vfat) mcopy -s -i "$WORK/host.fs" '::*' "$2/" ;;
	exfat)
		host_loop=$(losetup -r -f --show "$WORK/host.fs")
		taken_from "$2" mount.exfat-fuse -o ro "$host_loop"
		losetup -d "$host_loop"
		;;
	ntfs) taken_from "$2" ntfs-3g -o ro "$WORK/host.fs" ;;
	iso9660) bsdtar -xf "$WORK/disk.img" -C "$2" ;;
	esac
}

# host_clean FS: after a shutdown that said so
host_clean() {
	[ "$1" != iso9660 ] || return 0
	part "$WORK/host.fs" "$WORK/disk.img" 1
	"clean_$1" "$WORK/host.fs"
}

# image FORMAT RAW DIRECTORY: RAW as an image of that format in DIRECTORY; IMAGE is the name of the
# file to attach
image() {
	IMAGE=disk.$(echo "$1" | cut -d- -f1)
	case $1 in
	raw) cp --sparse=never "$2" "$3/$IMAGE" ;;
	vhd) convert "$2" vpc "$3/$IMAGE" -o subformat=dynamic,force_size=on ;;
	vhd-diff)
		convert "$2" vpc "$3/base.vhd" -o subformat=dynamic,force_size=on
		"$TOP/tests/boot/child" "$3/base.vhd" "$3/$IMAGE"
		;;
	vdi) convert "$2" vdi "$3/$IMAGE" ;;
	vdi-diff)
		convert "$2" vdi "$3/base.vdi"
		"$TOP/tests/boot/child" "$3/base.vdi" "$3/$IMAGE"
		;;
	vmdk) convert "$2" vmdk "$3/$IMAGE" ;;
	vmdk-diff)
		convert "$2" vmdk "$3/base.vmdk"
		qemu-img create -q -f vmdk -F vmdk -b base.vmdk "$3/$IMAGE"
		;;
	vmdk-split) convert "$2" vmdk "$3/$IMAGE" -o subformat=twoGbMaxExtentSparse ;;
	vmdk-stream) convert "$2" vmdk "$3/$IMAGE" -o subformat=streamOptimized ;;
	vhdx) convert "$2" vhdx "$3/$IMAGE" ;;
	qcow) convert "$2" qcow "$3/$IMAGE" ;;
	qcow2) convert "$2" qcow2 "$3/$IMAGE" ;;
	qcow2-backing)
		convert "$2" qcow2 "$3/base.qcow2" -c
		qemu-img create -q -f qcow2 -F qcow2 -b base.qcow2 "$3/$IMAGE"
		;;
	cloop) create_compressed_fs -q -B 131072 "$2" "$3/$IMAGE" >/dev/null 2>&1 ||
		create_compressed_fs "$2" "$3/$IMAGE" ;;
	*) fail "no format $1" ;;
	esac
}

convert() {
	convert_from=$1 convert_type=$2 convert_to=$3
	shift 3
	qemu-img convert -q -f raw -O "$convert_type" "$@" "$convert_from" "$convert_to"
}

# image_raw FORMAT DIRECTORY OUT: checks the image by two programs; its bytes, the same from both
image_raw() {
	"$VDATTACH" check "$2/$IMAGE" >"$WORK/check.log" 2>&1 ||
		fail "vdattach check: $(cat "$WORK/check.log")"
	"$VDATTACH" cat -o "$3" "$2/$IMAGE" || fail 'vdattach cat'
	case $1 in
	raw | vhd-diff | vdi-diff | cloop) return 0 ;; # qemu does not read these, or not with their parents
	vhd) qemu-img compare -f vpc -F raw "$2/$IMAGE" "$3" >"$WORK/check.log" 2>&1 ||
		fail "qemu-img compare: $(cat "$WORK/check.log")" ;;
	*) qemu-img compare -F raw "$2/$IMAGE" "$3" >"$WORK/check.log" 2>&1 ||
		fail "qemu-img compare: $(cat "$WORK/check.log")" ;;
	esac
	case $1 in
	vdi | qcow2* | vhdx | vmdk*) qemu-img check "$2/$IMAGE" >"$WORK/check.log" 2>&1 ||
		fail "qemu-img check: $(cat "$WORK/check.log")" ;;
	esac
}

# mark_dirty: the flag in $Volume of the NTFS on the disk, as Windows leaves it after a crash
mark_dirty() {
	python3 - "$WORK/disk.img" <<'PYTHON'
import struct, sys
with open(sys.argv[1], 'r+b') as f:
    f.seek(1 << 20)
    boot = f.read(512)
    cluster = struct.unpack_from('<H', boot, 11)[0] * boot[13]
    for lcn in struct.unpack_from('<QQ', boot, 48):  # $MFT and $MFTMirr
        at = (1 << 20) + lcn * cluster + 3 * 1024
        f.seek(at)
        record = f.read(1024)
        attribute, = struct.unpack_from('<H', record, 20)
        while struct.unpack_from('<I', record, attribute)[0] != 0x70:
            attribute += struct.unpack_from('<I', record, attribute + 4)[0]
        f.seek(at + attribute + struct.unpack_from('<H', record, attribute + 20)[0] + 10)
        f.write(b'\x01\x00')
PYTHON
}

# ntfs_driver: the kernel's driver that writes NTFS: ntfs3, or ntfs since Linux 7; nothing when it
# has none
ntfs_driver() {
	find "$KDIR/lib/modules/$KVER/" -name 'ntfs3.ko*' -o -name 'ntfs.ko*' |
		sed 's|.*/||; s|\.ko.*||'
}

# ntfs_profile BASE: a profile like BASE that has ntfs-3g where the kernel has no driver, in PROFILE
ntfs_profile() {
	PROFILE=$1
	[ -z "$(ntfs_driver)" ] || return 0
	{
		echo "include $PROFILE"
		echo "file /bin/ntfs-3g $(realpath /bin/ntfs-3g) 755"
		ldd /bin/ntfs-3g | sed \
			-n 's|^.* => \(/[^ ]*\) .*|\1|p; s|^[[:space:]]*\(/lib[^ ]*\) (.*|\1|p' |
			while read -r library; do
				echo "file $library $(realpath "$library") 755"
			done
	} >"$WORK/$PROFILE-ntfs.profile"
	PROFILE=$WORK/$PROFILE-ntfs.profile
}

# writer_root DIRECTORY: the small root, with scripts that write something large and look at it
# again
writer_root() {
	small_root "$1"
	cat >"$1/etc/grow" <<'GROW'
dd if=/dev/urandom of=/data bs=64k count=128 2>/dev/null
busybox sha256sum /data >/data.sum
GROW
	cat >"$1/etc/verify" <<'VERIFY'
busybox sha256sum -c /data.sum && echo '=== data is whole'
ls -l /dev/host /dev/rootfsloop /dev/vdhost/ | while read -r line; do echo "=== name $line"; done
VERIFY
	cat >"$1/etc/verify-trim" <<'TRIM'
. /etc/verify
rm /data && sync && busybox fstrim / 2>&1
TRIM
	cat >"$1/etc/grow-trim" <<'TRIM'
. /etc/grow
dd if=/dev/urandom of=/more bs=64k count=128 2>/dev/null
sync
rm /more && sync && busybox fstrim / 2>&1
TRIM
}

# format_disk RAW: a disk with that root on its only partition
format_disk() {
	writer_root "$WORK/small"
	ext4 "$WORK/small.ext4" 48M bbroot "$root_uuid" "$WORK/small"
	disk "$1" 83 "$WORK/small.ext4"
	rm -r "$WORK/small" "$WORK/small.ext4"
}

# data_whole FS: what /etc/grow of the root in that ext4 has written is there, by other people's
# programs
data_whole() {
	debugfs -R "dump /data $WORK/data" "$1" 2>/dev/null
	written=$(debugfs -R 'cat /data.sum' "$1" 2>/dev/null)
	found="$(sha256sum <"$WORK/data" | cut -d ' ' -f 1) of $(stat -c %s "$WORK/data") bytes"
	[ "$found" = "${written%% *} of 8388608 bytes" ] ||
		fail "/data has $found, written was ${written:-nothing}"
}

# format_boot FORMAT FS [WORDS]: the image on a partition of that file system; boot 1 writes and
# trims, and all is clean and whole. With check-all or TWICE=1 boot 2 reads. Every day that is so in
# one case for each way: loop-vhd-ntfs (dm, ntfs3), loop-raw-ntfs (a loop device, the current
# kernel's ntfs), loop-qcow2-ntfs (nbd and ntfs-3g of 6.1).
format_boot() {
	ntfs_profile loop
	build loop "$PROFILE"
	mkdir -p "$WORK/host"
	format_disk "$WORK/raw.img"
	image "$1" "$WORK/raw.img" "$WORK/host"
	host_disk "$2" "$WORK/host"
	twice=${TWICE:-${CHECK_ALL:-}} grow=grow
	[ -n "$twice" ] || grow='grow-trim'
	boot loop "rw vi.image=/$IMAGE ${3:-} test.keep=one test.run=/etc/$grow" $MEDIUM
	expect_small_boot
	expect '=== root ext4 rw'
	host_clean "$2"
	[ -z "$twice" ] || format_boot_again "$2" "$IMAGE ${3:-}"
	host_files "$2" "$WORK/after"
	image_raw "$1" "$WORK/after" "$WORK/after.img"
	part "$WORK/root.fs" "$WORK/after.img" 1
	clean_ext4 "$WORK/root.fs"
	debugfs -R 'cat /kept' "$WORK/root.fs" 2>/dev/null | grep -qx one ||
		fail 'what was written is not in the image'
	[ -n "$twice" ] || data_whole "$WORK/root.fs"
}

# format_boot_again FS WORDS
format_boot_again() {
	boot loop "rw vi.image=/$2 test.run=/etc/verify-trim" $MEDIUM
	expect_small_boot
	expect '=== kept one'
	expect '=== data is whole'
	host_clean "$1"
}

# format_read FORMAT FS [WORDS]: the image can only be read: a root that can be written lies over
# it, the image stays as it is
format_read() {
	ntfs_profile loop
	build loop "$PROFILE"
	mkdir -p "$WORK/host"
	format_disk "$WORK/raw.img"
	image "$1" "$WORK/raw.img" "$WORK/host"
	host_disk "$2" "$WORK/host"
	[ -z "${HOST_DIRTY:-}" ] || mark_dirty
	boot loop "rw vi.image=/$IMAGE ${3:-} test.keep=one test.run=/etc/grow" $MEDIUM
	expect_small_boot
	expect 'can only be read: changes are kept in RAM'
	expect '=== root overlay rw'
	expect '=== wrote one'
	[ -n "${HOST_DIRTY:-}" ] || host_clean "$2"
	host_files "$2" "$WORK/after"
	diff -r "$WORK/host" "$WORK/after" -x 'lost+found' || fail 'a file of the host changed'
}
