# promise: where the kernel has neither device mapper nor ublk, Debian with systemd boots from a
# QCOW2 by nbd; the same with ublk alone
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
# Every day loop-debian-vhd-ntfs boots by nbd, and loop-exporters the small root by ublk.
. "$TOP/tests/boot/lib/hosts.sh"
mkdir "$WORK/host"
debian_image root.ext4
disk "$WORK/debian.img" 83 "$DEBIAN"
image qcow2 "$WORK/debian.img" "$WORK/host"
host_disk ext4 "$WORK/host"
rm -r "$WORK/host" "$WORK/debian.img"
exporters='nbd ublk'
for exporter in $exporters; do
	lacks=dm_mod
	[ $exporter = ublk ] || lacks='dm_mod ublk_drv'
	build loop loop -s "blacklist $lacks"
	boot loop "rw vi.image=/$IMAGE test.keep=$exporter" $MEDIUM
	expect "/$IMAGE is /dev/$exporter"
	expect_good_boot
	host_clean ext4
done
expect '=== kept nbd'
host_files ext4 "$WORK/after"
image_raw qcow2 "$WORK/after" "$WORK/after.img"
part "$WORK/root.fs" "$WORK/after.img" 1
clean_ext4 "$WORK/root.fs"
debugfs -R 'cat /var/lib/kept' "$WORK/root.fs" 2>/dev/null | tr '\n' ' ' | grep -qx "$exporters " ||
	fail 'what was written is not in the image'
