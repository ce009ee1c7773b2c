# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For boot cases of roots with filled tables (installed-root): one disk has the root as a squashfs,
# as an image and as an archive, and the /home that its fstab names. Read after lib.sh and hosts.sh.
#   installed SUITE INIT MODE...   MODE is overlay, loop or tmpfs

# systemd gives a device 90 seconds, which a busy machine takes to start udev. What is waited for in
# vain is reported in any case.
BOOT_TIMEOUT=${BOOT_TIMEOUT:-900}
SLOW_MACHINE='systemd.default_device_timeout_sec=180 systemd.default_timeout_start_sec=180'
# Every day no prompts, which nobody sees, and no graphics driver. All other units start as always.
check_all || SLOW_MACHINE="$SLOW_MACHINE systemd.getty_auto=no systemd.mask=getty-static.service systemd.mask=getty@tty1.service systemd.mask=modprobe@drm.service"

# installed_image: blocks of 4096 bytes, as a disk of an installer's size has: in smaller ones the
# zeros before the header of the swap file become a hole, and swapon refuses the file
installed_image() {
	mke2fs -q -t ext4 -b 4096 -L installed -U "$root_uuid" \
		-E root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0 \
		-d "$WORK/tree" "$WORK/host/root.img" 420M
}

# installed_disk SUITE INIT MODE...
installed_disk() {
	installed_tar=$("$TOP/tests/boot/installed-root" "$1" "$2")
	shift 2
	mkdir "$WORK/tree" "$WORK/host"
	bsdtar -xpf "$installed_tar" --numeric-owner -C "$WORK/tree"
	# without holes, which mke2fs makes of zeros and swapon refuses
	dd if=/dev/urandom of="$WORK/tree/swapfile" bs=64k count=16 status=none
	mkswap "$WORK/tree/swapfile" >"$WORK/mkswap.log"
	# Every day it has booted since /usr changed: systemd does some things once after that.
	check_all || touch "$WORK/tree/etc/.updated" "$WORK/tree/var/.updated"
	for mode; do
		case $mode in
		overlay) mksquashfs "$WORK/tree" "$WORK/host/root.sqfs" \
			-quiet -no-progress -comp zstd -Xcompression-level 3 ;;
		loop) installed_image ;;
		tmpfs) zstd -q -3 -o "$WORK/host/root.tar.zst" "$installed_tar" ;;
		esac
	done
	rm -r "$WORK/tree"
	ext4 "$WORK/host.ext4" "$(host_mib "$WORK/host")M" HOST "$host_uuid" "$WORK/host"
	ext4 "$WORK/home.ext4" 32M INSTALLEDHOME 6d6b7669-6e69-7472-6400-0000000000f5
	disk "$WORK/disk.img" 83 "$WORK/host.ext4" "$WORK/home.ext4"
	rm -r "$WORK/host" "$WORK/host.ext4" "$WORK/home.ext4"
}

# installed_boot INIT MODE WORDS: what is good in each boot
installed_boot() {
	case $2 in
	overlay)
		installed_words="vi.persist=dir:LABEL=HOST:/changes"
		[ "$1" != systemd ] || installed_words="$installed_words,rollback=2"
		;;
	loop) installed_words="vi.image=/root.img vi.part=whole" ;;
	tmpfs) installed_words="" ;;
	esac
	boot "$2" "rw $installed_words $SLOW_MACHINE $3" \
		-drive "file=$WORK/disk.img,format=raw,if=virtio"
	expect '=== installed root reached'
	expect "=== root [^ ]* / $(case $2 in overlay) echo overlay ;; loop) echo ext4 ;; tmpfs) echo tmpfs ;; esac)"
	expect '=== home /dev/vda2 /home ext4 rw'
	[ "$2" != loop ] || expect '=== swaps .*/swapfile'
	[ "$1" != systemd ] || expect '=== failed-units *$'
	expect_not 'FAILED\]\|DEPEND\]\|TIME \]\|emergency mode\|\[\.*fail'
	expect_not 'failed!\|ERROR: .*mount\|No changes allowed'
	expect 'mkvinitrd: clean'
	expect 'reboot: Power down'
}

# installed_clean: both file systems of the disk
installed_clean() {
	for n in 1 2; do
		part "$WORK/part" "$WORK/disk.img" $n
		clean_ext4 "$WORK/part"
	done
}

# installed_generation: the boot reached multi-user.target, so what it changed can be gone back
# behind
installed_generation() {
	part "$WORK/part" "$WORK/disk.img" 1
	debugfs -R 'ls -p /changes/generation' "$WORK/part" 2>/dev/null | grep -q /0001/ ||
		fail 'the first boot is no generation'
}

# installed_again INIT MODE: a second boot has what the first one wrote. Every day the root's init
# is a program that shows it: that a changed root suits its init is proven with check-all. In memory
# nothing is kept.
installed_again() {
	if check_all || [ "$2" = tmpfs ]; then
		installed_boot "$1" "$2" test.keep=boot2
		[ "$2" = tmpfs ] || expect '=== kept boot1'
	else
		boot "$2" "rw $installed_words quiet init=/bin/cat -- /var/lib/kept" \
			-drive "file=$WORK/disk.img,format=raw,if=virtio"
		expect '^boot1$'
		expect '/bin/cat ended (status 0)'
		expect 'mkvinitrd: clean'
	fi
}

installed() {
	installed_init=$2
	installed_disk "$@"
	shift 2
	for installed_mode; do
		case $installed_mode in
		overlay) build overlay overlay -s 'image /root.sqfs' ;;
		loop) build loop loop -s 'image /root.img' ;;
		tmpfs) build tmpfs tmpfs -s 'image /root.tar.zst' ;;
		esac
		installed_boot "$installed_init" "$installed_mode" test.keep=boot1
		expect '=== wrote boot1'
		installed_clean
		installed_again "$installed_init" "$installed_mode"
		installed_clean
		[ "$installed_init:$installed_mode" != systemd:overlay ] || installed_generation
		echo "$installed_init in mode $installed_mode: good"
	done
}
