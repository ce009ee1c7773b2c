#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# What is asked on a terminal: which disk, whether to erase it, a passphrase; ^C there; and what is
# said where there is no terminal.
load ../../lib/env
bats_require_minimum_version 1.5.0

bats_load_library bats-support
bats_load_library bats-assert
load usb

setup() {
	media_setup
	node=''
}

teardown() {
	media_teardown
	[ -z "$node" ] || rm -f "$node"
}

# at_terminal [EXPECTED ANSWER]... -- COMMAND...
at_terminal() {
	run python3 "$TOP/tests/lib/terminal.py" "$@"
}

# removable NAME MODEL: a removable disk of $DISK in a machine made up here, with a node in /dev
removable() {
	export DISKS_ROOT=$PWD/machine
	node=/dev/$1
	mkdir -p "machine/sys/block/$1/device" "machine/sys/block/$1/holders" machine/proc/self \
		machine/sys/class/block
	: >machine/proc/self/mountinfo
	: >machine/proc/locks
	: >machine/proc/swaps
	echo "$2" >"machine/sys/block/$1/device/model"
	echo 1 >"machine/sys/block/$1/removable"
	echo 0 >"machine/sys/block/$1/ro"
	echo "$(($(stat -c %s disk) / 512))" >"machine/sys/block/$1/size"
	printf '%d:%d\n' "0x$(stat -c %t "$DISK")" "0x$(stat -c %T "$DISK")" \
		>"machine/sys/block/$1/dev"
	# shellcheck disable=SC2046 # two words
	mknod "$node" b $(tr : ' ' <"machine/sys/block/$1/dev")
}

@test "usb asks for the disk by model and size, and for its name before it erases it; any other answer changes nothing" {
	truncate -s 300M disk
	mke2fs -q -t ext4 -F -L photos disk
	attach disk
	name=vinitrd-test-$$
	removable "$name" 'Flash Voyager'
	sha256sum disk >before
	while IFS='|' read -r number confirmed status message; do
		at_terminal 'Type its number: ' "$number" \
			${confirmed:+'to erase it: ' "$confirmed"} -- "$TOP/scripts/usb" \
			-r "$KERNEL" root.sqfs
		assert_equal "$status" 1
		assert_output --partial "1) /dev/$name  315 MB  Flash Voyager"
		assert_output --partial "ext4 'photos'"
		assert_output --partial "$message"
		assert_output --partial 'nothing was changed'
		sha256sum -c --quiet before
		nothing_left
	done <<ANSWERS
||1|'' is none of them
x||1|'x' is none of them
2||1|there is no number 2
^D||1|no answer
1|yes|1|nothing was changed
1|^D|1|no answer
ANSWERS
	at_terminal 'Type its number: ' 1 \
		"everything on 'Flash Voyager', 315 MB, will be lost. Type /dev/$name to erase it: " "/dev/$name" -- \
		"$TOP/scripts/usb" -r "$KERNEL" root.sqfs
	assert_success
	mtype -i disk@@1M ::/boot/grub/menu.cfg | grep -q '^menuentry'
	nothing_left
}

@test "^C at a question ends the command, and nothing is changed or left" {
	truncate -s 300M disk
	attach disk
	removable "vinitrd-test-$$" 'Flash Voyager'
	sha256sum disk >before
	for question in 'Type its number: ' 'to erase it: '; do
		answers=("$question" ^C)
		[ "$question" = 'Type its number: ' ] ||
			answers=('Type its number: ' 1 "${answers[@]}")
		at_terminal "${answers[@]}" -- "$TOP/scripts/usb" -r "$KERNEL" root.sqfs
		assert_failure 130
		assert_output --partial 'usb: interrupted; nothing was replaced'
		sha256sum -c --quiet before
		nothing_left
	done
}

@test "a passphrase is asked for twice and not shown; ^C there leaves a terminal that echoes" {
	mkdir -p sysroot/lib sysroot/sbin sysroot/boot
	cp -a "$KERNEL/lib/modules" sysroot/lib/
	cp "$KERNEL/vmlinuz" "sysroot/boot/vmlinuz-${KERNEL##*/}"
	cp "$(command -v busybox)" sysroot/sbin/cryptsetup # a static program
	usb_encrypted() {
		at_terminal "$@" -- "$TOP/scripts/usb" -r sysroot --encrypt=40 drive.img root.sqfs
	}
	usb_encrypted 'passphrase for the changes: ' 'sesame open' 'the same again: ' 'other'
	assert_failure 1
	assert_output --partial 'the passphrases differ, nothing was changed'
	usb_encrypted 'passphrase for the changes: ' '' 'the same again: ' ''
	assert_failure 1
	assert_output --partial 'the passphrase is empty'
	for question in 'passphrase for the changes: ' 'the same again: '; do
		answers=("$question" ^C)
		[ "$question" = 'passphrase for the changes: ' ] ||
			answers=('passphrase for the changes: ' 'sesame open' "${answers[@]}")
		usb_encrypted "${answers[@]}"
		assert_failure 130 # 98: it does not echo
		nothing_left
	done
	assert [ ! -e drive.img ]
	usb_encrypted 'passphrase for the changes: ' 'sesame open' 'the same again: ' 'sesame open'
	assert_success
	refute_output --partial sesame
	start=$(sfdisk -d drive.img | sed -n 's/^[^ ]*2 : start= *\([0-9]*\).*/\1/p')
	debugfs -R 'dump /changes/root.luks volume' "drive.img?offset=$((start * 512))" 2>/dev/null
	printf 'sesame open' | cryptsetup luksOpen --test-passphrase --key-file=- volume
}

@test "without a terminal each question is an error that names the option" {
	usb root.sqfs
	assert_failure 2
	assert_line --index 0 'usb: expected TARGET and ROOT; without TARGET a terminal is needed to choose the disk'
	usb --encrypt=40 drive.img root.sqfs
	assert_failure 2
	assert_line --index 0 'usb: --encrypt asks for a passphrase on a terminal; without one use --key-file'
	truncate -s 300M disk
	attach disk
	usb "$DISK" root.sqfs
	assert_failure 1
	assert_output --partial 'no answer, nothing was changed; without a terminal use --yes'
}

# stops_in TOOL: a wrapper that asks for ^C and waits for it. It starts nothing: dash loses a signal
# that comes while it does (vfork).
stops_in() {
	break_tool "$1" 'echo "in the tool" >/dev/tty; exec sleep 120'
}

@test "^C while a tool runs ends the command at once, with nothing left" {
	echo old >cd.iso
	mkdir out
	while IFS='|' read -r tool words; do
		stops_in "$tool"
		# shellcheck disable=SC2086 # words
		SECONDS=0
		PATH=$PWD/bin:$PATH at_terminal 'in the tool' ^C -- $words
		assert_failure 130
		assert_output --partial ': interrupted; '
		[ $SECONDS -lt 100 ]
		rm bin/*
		rm -rf out
		mkdir out
		nothing_left
		assert_equal "$(cat cd.iso)" old
	done <<COMMANDS
mke2fs|$TOP/scripts/usb -r $KERNEL drive.img root.sqfs
xorriso|$TOP/scripts/iso -r $KERNEL -o cd.iso root.sqfs
sync|$TOP/scripts/pxe -r $KERNEL -o out root.sqfs
zstd|$HOST/mkvinitrd pack tree out/root.tar.zst
qemu-system-x86_64|$TOP/scripts/vm -r $KERNEL -t tree -l log
qemu-system-x86_64|$TOP/scripts/vm -r $KERNEL -t tree -- true
COMMANDS
	assert [ ! -e drive.img ]
}
