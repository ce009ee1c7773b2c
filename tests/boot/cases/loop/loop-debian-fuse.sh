# promise: Debian with systemd boots from a dynamic VHD where the kernel has neither dm, nbd nor
# ublk; systemd's own detaching of the loop device that FUSE lies below does not keep the shutdown
# from a clean end
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
. "$TOP/tests/boot/lib/hosts.sh"
build loop loop -s 'blacklist dm_mod ublk_drv nbd'
mkdir -p "$WORK/host"
debian_image root.ext4
disk "$WORK/debian.img" 83 "$DEBIAN"
image vhd "$WORK/debian.img" "$WORK/host"
host_disk ext4 "$WORK/host"
rm -r "$WORK/host" "$WORK/debian.img"
words="rw vi.host=UUID=$host_uuid vi.image=/$IMAGE vi.part=1"
for kept in fuse again; do
	boot loop "$words test.keep=$kept" $MEDIUM
	expect_good_boot
	expect "/$IMAGE is /dev/loop"
	host_clean ext4
done
expect '=== kept fuse'
