# promise: Debian with systemd boots from a dynamic VHD on NTFS with the seed's GRUB line,
# unmodified; what boot 1 writes boot 2 reads, no unit fails, all is left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
. "$TOP/tests/boot/lib/hosts.sh"
ntfs_profile loop
# Every day by nbd, so that systemd ends a system whose disk is a process; by the device mapper a
# small root boots from the same image in loop-vhd-ntfs, and this one with check-all.
if check_all; then
	exporter=dm
	build loop "$PROFILE"
else
	exporter=nbd
	build loop "$PROFILE" -s 'blacklist dm_mod ublk_drv'
fi
mkdir -p "$WORK/host/vhd"
debian_image root.ext4
disk "$WORK/debian.img" 83 "$DEBIAN"
image vhd "$WORK/debian.img" "$WORK/host/vhd"
mv "$WORK/host/vhd/$IMAGE" "$WORK/host/vhd/ubuntu.vhd"
IMAGE=vhd/ubuntu.vhd
host_disk ntfs "$WORK/host"
rm -r "$WORK/host" "$WORK/debian.img"
line="BOOT_IMAGE=/boot/vmlinuz rw rd.hostdev=UUID=$ntfs_serial rd.vdloop=/dev/vdhost/Partition1 rd.vdisk=/vhd/ubuntu.vhd rd.debug rd.shell verbose nomodeset"
boot loop "$line test.keep=seed" $MEDIUM
expect_good_boot
expect "/vhd/ubuntu.vhd is /dev/$exporter"
expect '=== root ext4 rw'
host_clean ntfs
# what is written is looked at below, and read by a second boot in loop-vhd-ntfs, every day
if check_all; then
	boot loop "$line" $MEDIUM
	expect_good_boot
	expect '=== kept seed'
	host_clean ntfs
fi
host_files ntfs "$WORK/after"
image_raw vhd "$WORK/after" "$WORK/after.img"
part "$WORK/root.fs" "$WORK/after.img" 1
clean_ext4 "$WORK/root.fs"
debugfs -R 'cat /var/lib/kept' "$WORK/root.fs" 2>/dev/null | grep -qx seed ||
	fail 'what was written is not in the image'
