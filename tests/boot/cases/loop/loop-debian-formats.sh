# promise: Debian with systemd boots from an image of every format, on a partition of every file
# system that can hold one: what boot 1 writes boot 2 reads, no unit fails, all is left clean; from
# a CD the changes stay in RAM
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
#   PAIRS  other pairs FORMAT:FS than these
. "$TOP/tests/boot/lib/hosts.sh"
debian_image root.ext4
disk "$WORK/debian.img" 83 "$DEBIAN"
ntfs_profile loop
build loop "$PROFILE"

# debian_on FORMAT FS: $WORK/disk.img
debian_on() {
	rm -rf "$WORK/host" "$WORK/disk.img"
	mkdir "$WORK/host"
	image "$1" "$WORK/debian.img" "$WORK/host"
	host_disk "$2" "$WORK/host"
	rm -r "$WORK/host"
}

# boot_debian FS WORDS
boot_debian() {
	boot loop "rw vi.image=/$IMAGE $2" $MEDIUM
	expect_good_boot
	host_clean "$1"
}

writable() {
	boot_debian "$2" "test.keep=$1"
	expect '=== root ext4 rw'
	boot_debian "$2" ''
	expect "=== kept $1"
	host_files "$2" "$WORK/after"
	image_raw "$1" "$WORK/after" "$WORK/after.img"
	part "$WORK/root.fs" "$WORK/after.img" 1
	clean_ext4 "$WORK/root.fs"
	rm -r "$WORK/after" "$WORK/after.img" "$WORK/root.fs"
}

readable() {
	boot_debian "$2" "test.keep=$1"
	expect 'can only be read: changes are kept in RAM'
	expect '=== root overlay rw'
}

for pair in ${PAIRS:-raw:vfat vhd:ext4 vhd-diff:exfat vdi:vfat vdi-diff:ntfs vmdk:exfat vmdk-split:vfat vhdx:ntfs qcow2:ext4 qcow2-backing:ntfs cloop:iso9660 vmdk-stream:iso9660 qcow:iso9660}; do
	debian_on "${pair%:*}" "${pair#*:}"
	case $pair in
	*:iso9660) readable "${pair%:*}" "${pair#*:}" ;;
	*) writable "${pair%:*}" "${pair#*:}" ;;
	esac
	echo "# $pair"
done
