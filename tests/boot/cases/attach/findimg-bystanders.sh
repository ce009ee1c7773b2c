# promise: file systems that a crash left dirty keep every byte while findimg looks into them, and a
# USB USB drive that
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.1 current
# comes late is found by its event (coldplug loads its drivers, compressed ones too)
. "$TOP/tests/boot/lib/hosts.sh"
kinds='ext4 xfs btrfs vfat exfat f2fs'
driver=$(ntfs_driver)
[ -z "$driver" ] || kinds="$kinds ntfs"

# small_initramfs: busybox, coldplug, findimg, the drivers that the case needs, and $WORK/init
small_initramfs() {
	tree=$WORK/tree modules=$WORK/tree/lib/modules/$KVER
	mkdir -p "$tree/bin" "$tree/proc" "$tree/sys" "$tree/dev" "$tree/run" "$tree/mnt" "$modules"
	ln -s bin "$tree/sbin"
	for program in busybox coldplug findimg; do
		cp "$TOP/build/musl/bin/$program" "$tree/bin"
	done
	for applet in sh mount umount mkdir cat grep sed sync sleep; do
		ln -s busybox "$tree/bin/$applet"
	done
	ln -s coldplug "$tree/bin/modprobe"
	for module in virtio_pci virtio_blk xhci-pci usb-storage sd_mod loop nls_cp437 nls_ascii \
		nls_utf8 nls_iso8859-1 \
		ext4 xfs btrfs vfat exfat f2fs $driver crypto-crc32 crypto-crc32c; do
		modprobe -d "$KDIR" -S "$KVER" --show-depends "$module" 2>/dev/null || :
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r file; do
		file=${file#"$KDIR"}
		mkdir -p "$tree${file%/*}"
		cp "$KDIR$file" "$tree$file"
	done
	cp "$KDIR/lib/modules/$KVER"/modules.builtin* "$KDIR/lib/modules/$KVER/modules.order" \
		"$modules"
	depmod -b "$tree" "$KVER"
	cp "$WORK/init" "$tree/init"
	(cd "$tree" && find . | cpio -o -H newc --quiet) | gzip -1 >"$WORK/small.initramfs"
}

cat >"$WORK/init" <<'INIT'
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
coldplug -d --pidfile /run/coldplug.pid
if grep -q test=dirty /proc/cmdline; then
	for device in /dev/vd?; do
		type=$(findimg -t 0 -H "$device" | sed -n 's/^FSTYPE=//p')
		[ "$type" != ntfs ] || type=$(sed -n 's/.* test.ntfs=\([a-z0-9]*\).*/\1/p' /proc/cmdline)
		modprobe "$type"
		mkdir -p "/mnt/${device##*/}"
		mount -t "$type" "$device" "/mnt/${device##*/}" || { echo "=== cannot mount $device"; continue; }
		mkdir "/mnt/${device##*/}/dir"
		sync
		for i in 1 2 3 4 5; do echo $i >"/mnt/${device##*/}/dir/$i" && sync "/mnt/${device##*/}/dir/$i"; done
		echo "=== dirty $type"
	done
	echo b >/proc/sysrq-trigger
	sleep 100
fi
findimg -t 0 /nothing 2>&1 | sed -n 's/.* \(vd.\) .*\(does not hold\).*/=== looked into \1/p'
# the controller of the USB drive goes away, and comes back when findimg waits
for controller in /sys/bus/pci/drivers/xhci_hcd/0000:*; do controller=${controller##*/}; done
echo 1 >"/sys/bus/pci/devices/$controller/remove"
findimg -t 200 -m /mnt /stick/image 2>&1 >/run/found | while read -r line; do
	echo "$line"
	case $line in *waiting*) echo 1 >/sys/bus/pci/rescan ;; esac
done
cat /run/found
[ "$(cat /mnt/stick/image)" = content ] && echo '=== late stick found'
umount /mnt
echo o >/proc/sysrq-trigger
sleep 100
INIT
chmod +x "$WORK/init"
small_initramfs

truncate -s 16M "$WORK/ext4" "$WORK/vfat" "$WORK/exfat" "$WORK/ntfs"
truncate -s 64M "$WORK/f2fs"
truncate -s 128M "$WORK/btrfs"
truncate -s 300M "$WORK/xfs"
mkfs.ext4 -q "$WORK/ext4"
mkfs.xfs -q "$WORK/xfs"
mkfs.btrfs -q "$WORK/btrfs" >/dev/null
mkfs.vfat "$WORK/vfat" >/dev/null
mkfs.exfat "$WORK/exfat" >/dev/null
mkfs.f2fs -q "$WORK/f2fs" >/dev/null
mkfs.ntfs -q -F -Q "$WORK/ntfs" 2>/dev/null
mkdir -p "$WORK/stick/stick"
echo content >"$WORK/stick/stick/image"
ext4 "$WORK/stick.img" 8M stick "$host_uuid" "$WORK/stick"

set --
for kind in $kinds; do set -- "$@" -drive "file=$WORK/$kind,format=raw,if=virtio"; done
boot small "test=dirty test.ntfs=$driver" "$@"
for kind in $kinds; do expect "=== dirty $kind"; done
dumpe2fs -h "$WORK/ext4" 2>/dev/null | grep -q needs_recovery || fail 'ext4 was left clean'
xfs_logprint -t "$WORK/xfs" 2>/dev/null | grep -q 'state: <DIRTY>' || fail 'xfs was left clean'
# shellcheck disable=SC2086 # a list
(cd "$WORK" && sha256sum $kinds stick.img >sums)
boot small test=look "$@" -device qemu-xhci \
	-drive "file=$WORK/stick.img,format=raw,if=none,id=stick" -device usb-storage,drive=stick
letter=0
for kind in $kinds; do
	letter=$((letter + 1))
	expect "=== looked into vd$(echo abcdefg | cut -c $letter)"
done
expect '=== late stick found'
(cd "$WORK" && sha256sum -c --quiet sums) || fail 'a bystander changed'
