#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# mkvinitrd usb on a drive that has something: --keep, --update, --encrypt, --list, full and failing
# drives.
load ../../lib/env
bats_require_minimum_version 1.5.0

bats_load_library bats-support
bats_load_library bats-assert
load usb

setup() {
	media_setup
}

teardown() {
	media_teardown
}

@test "--keep adds a root to the menu; --update replaces one and keeps changes and the other; nothing old stays" {
	for data in ext4 none exfat; do
		usb -q --data=$data -a first=1 drive.img root.sqfs
		small_root 'second root.sqfs' two
		usb -q --keep --title Second drive.img 'second root.sqfs'
		assert_success
		usb -q --keep drive.img 'second root.sqfs'
		assert_failure 1
		assert_output --partial "has a root 'second_root': replace it with --update"
		assert_equal "$(menu_of drive.img | grep -c '^menuentry')" 4
		[ $data != ext4 ] ||
			debugfs -w -f - "drive.img?offset=$(data_offset drive.img)" \
				<<<$'mkdir /changes\nmkdir /changes/root\nwrite tree/text /changes/root/kept' >/dev/null
		old=$(root_on drive.img)
		menu_of drive.img | grep second >second
		small_root new.sqfs three
		usb -q --update drive.img new.sqfs
		assert_failure 1
		assert_output --partial 'several roots'
		usb -q --update --name root drive.img new.sqfs
		assert_success
		nothing_left
		[ "$(root_on drive.img)" != "$old" ]
		menu_of drive.img | grep -q 'first=1'
		menu_of drive.img | grep second | diff second -
		if [ $data = ext4 ]; then
			at="drive.img?offset=$(data_offset drive.img)"
			debugfs -R 'cat /changes/root/kept' "$at" 2>/dev/null | grep -qx two
			assert_equal \
				"$(debugfs -R 'ls -p /live' "$at" 2>/dev/null | grep -c sqfs)" 2
			debugfs -R "cat $(root_on drive.img)" "$at" 2>/dev/null | cmp - new.sqfs
			e2fsck -fn "$at"
		fi
		assert_equal "$(mdir -b -i drive.img@@1M ::/boot/root | wc -l)" 2
		rm drive.img
	done
}

@test "--keep uses the free space of a disk with partitions, which stay as they are, also when it is interrupted" {
	count_tools
	for table in dos gpt; do
		truncate -s 400M disk
		printf 'label: %s\nstart=2048, size=65536\nstart=67584, size=65536\n' $table |
			sfdisk -q disk
		mkfs.vfat -F 32 --offset=2048 -n PHOTOS disk 32768 >/dev/null 2>&1
		sfdisk -d disk >table
		dd if=disk bs=1M skip=1 count=64 status=none | sha256sum >photos
		cp --sparse=always disk whole
		interrupted 0 TERM "$TOP/scripts/usb" -r "$KERNEL" --keep -q whole root.sqfs
		assert_success
		rm whole
		first=$(awk '$1 == "mkfs.vfat" { print NR; exit }' bin/calls)
		menu=$(awk '$1 == "grub-script-check" { print NR; exit }' bin/calls)
		for moment in $((first + 1)) $(((first + menu) / 2)) "$menu"; do
			interrupted $moment TERM "$TOP/scripts/usb" -r "$KERNEL" --keep -q disk \
				root.sqfs
			assert_equal "$moment $last_call $was_interrupted $status" \
				"$moment $last_call yes 143"
			nothing_left
			sfdisk -d disk | diff table -
			dd if=disk bs=1M skip=1 count=64 status=none | sha256sum | diff photos -
		done
		usb -q --keep disk root.sqfs
		assert_success
		dd if=disk bs=1M skip=1 count=64 status=none | sha256sum | diff photos -
		run sfdisk --verify disk
		assert_success
		sfdisk -d disk | head -n "$(wc -l <table)" | grep start= >now
		grep start= table | diff - now
		small_root other.sqfs two
		usb -q --keep disk other.sqfs
		assert_success
		grub-fstest disk cat \
			"(loop0,$([ $table = dos ] && echo msdos || echo gpt)3)/boot/grub/menu.cfg" >menu
		assert_equal "$(grep -c ^menuentry menu)" 4
		rm disk
	done
}

@test "--update without a root replaces the initramfs; an interrupted update leaves the drive as it boots" {
	usb -q drive.img root.sqfs
	before=$(menu_of drive.img)
	count_tools
	small_root other.sqfs two
	cp --sparse=always drive.img whole
	interrupted 0 TERM "$TOP/scripts/usb" -r "$KERNEL" --update -q whole other.sqfs
	assert_success
	rm whole
	total=$calls_made
	for moment in $((total / 3)) $((total / 2)) $((total * 2 / 3)) $((total * 5 / 6)); do
		interrupted $moment TERM "$TOP/scripts/usb" -r "$KERNEL" --update -q drive.img \
			other.sqfs
		[ $was_interrupted = no ] || {
			assert_equal "$status" 143
			nothing_left
			path=$(root_on drive.img)
			e2fsck -fn "drive.img?offset=$(data_offset drive.img)"
			debugfs -R "cat $path" "drive.img?offset=$(data_offset drive.img)" \
				2>/dev/null >root.now
			cmp root.now root.sqfs || cmp root.now other.sqfs
		}
	done
	usb -q --update -a extra=1 -s 'dir /extra' drive.img
	assert_success
	assert_equal "$(menu_of drive.img | grep -c extra=1)" 2
	[ "$(menu_of drive.img)" != "$before" ]
	mtype -i drive.img@@1M "::$(menu_of drive.img | sed -n 's/.*initrd \([^ ]*\).*/\1/p' | head -n 1)" >initramfs
	"$HOST/mkvinitrd" ls initramfs | grep -q extra
}

@test "--encrypt puts changes into a LUKS volume that the passphrase opens; a bad key file is refused" {
	mkdir -p sysroot/lib sysroot/sbin sysroot/boot
	cp -a "$KERNEL/lib/modules" sysroot/lib/
	cp "$KERNEL/vmlinuz" "sysroot/boot/vmlinuz-${KERNEL##*/}"
	cp "$(command -v busybox)" sysroot/sbin/cryptsetup # a static program
	printf secret >key
	: >empty
	KERNEL=sysroot
	for options in '--encrypt=40 --key-file=missing' '--encrypt=40 --key-file=empty'; do
		usb $options drive.img root.sqfs
		assert_failure 1
	done
	for options in --encrypt=40 --encrypt=x --encrypt=8 --key-file=key \
		'--encrypt=40 --key-file=key -n' '--encrypt=40 --key-file=key --update'; do
		usb $options drive.img root.sqfs
		assert_failure 2
	done
	assert [ ! -e drive.img ]
	# a key that is derived in 10 ms, not in some seconds
	break_tool qemu-img 'for a; do shift; [ "$a" != key-secret=key ] || a=$a,iter-time=10; set -- "$@" "$a"; done; exec "$real" "$@"'
	PATH=$PWD/bin:$PATH usb -q -z 200 --encrypt=40 --key-file=key drive.img root.sqfs
	assert_success
	nothing_left
	debugfs -R 'dump /changes/root.luks volume' "drive.img?offset=$(data_offset drive.img)" \
		2>/dev/null
	cryptsetup luksOpen --test-passphrase --key-file=key volume
	run ! cryptsetup luksOpen --test-passphrase --key-file=empty volume
	run ! grep -a -q secret drive.img
	mtype -i drive.img@@1M ::/boot/mkvinitrd/root.entry |
		grep -qx persist=file:/changes/root.luks
}

@test "a full file system leaves the old file, and says what is needed" {
	mkdir full
	mount -t tmpfs -o size=40M none full
	cp root.sqfs full/old
	usb -q full/drive.img root.sqfs
	umount full
	assert_failure 1
	assert_output --partial 'MiB free'
	nothing_left
}

@test "--list shows disks as text and JSON" {
	usb --list
	assert_success
	usb --list --json
	assert_success
	for line in "${lines[@]}"; do jq -e '.device and (.size > 0)' <<<"$line"; done
	usb --list extra
	assert_failure 2
}

@test "a disk that takes no more data, as one that is pulled out or lies about its size, fails in one line and is unfinished" {
	mkdir small
	mount -t tmpfs -o size=8M none small
	truncate -s 300M small/disk
	attach small/disk
	for options in '' --data=none --data=exfat; do
		# shellcheck disable=SC2086 # words
		usb -q -y "$DISK" $options "$DISK" root.sqfs
		assert_failure 1
		assert_line --index 0 \
			--regexp "^usb: .*'$DISK'.*(failed: .|is not what was written)"
		assert_line --index 1 \
			"usb: '$DISK' is unfinished and does not boot: run the command again"
		assert_equal "${#lines[@]}" 2
		head -c 440 small/disk | grep -a -q 'UNFINISHED drive'
		assert_equal "$(ls -A tmp)" ''
	done
	losetup -d "$DISK"
	rm loop
	umount small
}
