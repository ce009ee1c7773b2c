# promise: roots with sysvinit, with OpenRC, and with a shell as init=, in an image on a host
# partition, keep what was written and end in 'mkvinitrd: clean'
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day without OpenRC, whose process 1 and halt are those of sysvinit; and without the reboot,
# which systemd (shutdown) and busybox (medium-back) do.
kinds=sysvinit
! check_all || kinds='sysvinit openrc'
build loop loop -s 'image /root.img'
medium="-drive file=$WORK/disk.img,format=raw,if=virtio"
for kind in $kinds; do
	tar=$("$TOP/tests/boot/init-root" "$kind")
	mkdir "$WORK/tree" "$WORK/host"
	bsdtar -xpf "$tar" --numeric-owner -C "$WORK/tree"
	printf '#!/bin/sh\ncat /proc/1/cmdline | tr "\\0" " "; echo "=== shell is $$" >/dev/console\nmount -o remount,rw /; echo shell >>/var/lib/kept\n' >"$WORK/tree/etc/once"
	ext4 "$WORK/host/root.img" 250M otherinit "$root_uuid" "$WORK/tree"
	ext4 "$WORK/host.ext4" 300M otherhost "$host_uuid" "$WORK/host"
	disk "$WORK/disk.img" 83 "$WORK/host.ext4"
	rm -r "$WORK/tree" "$WORK/host" "$WORK/host.ext4"

	boot loop 'rw test.keep=one' $medium
	expect "=== init init with $(case $kind in openrc) echo openrc ;; *) echo sysv-rc ;; esac)"
	expect '=== wrote one'
	expect 'mkvinitrd: clean'
	expect 'reboot: Power down'

	if [ "$kind" = sysvinit ] && check_all; then
		boot loop 'rw test.reboot' $medium
		expect '=== kept one'
		expect 'mkvinitrd: clean'
		expect 'reboot: Restarting system'
	fi

	boot loop 'rw init=/bin/bash -- /etc/once' $medium
	expect '=== shell is 1$'
	expect '/bin/bash ended (status 0) without power-off or reboot'
	expect 'mkvinitrd: clean'

	part "$WORK/part" "$WORK/disk.img" 1
	clean_ext4 "$WORK/part"
	debugfs -R "dump /root.img $WORK/root.img" "$WORK/part" 2>/dev/null
	clean_ext4 "$WORK/root.img"
	debugfs -R 'cat /var/lib/kept' "$WORK/root.img" 2>/dev/null | tr '\n' ' ' |
		grep -q 'one shell' || fail 'what was written is not in the image'
done
