#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# mkvinitrd usb: what it refuses, that it leaves nothing behind, that it says "done" only of what is
# on the drive.
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

@test "a drive has kernel, initramfs and root, byte for byte, on clean file systems with either table" {
	for table in mbr gpt; do
		usb --table=$table drive.img root.sqfs
		assert_success
		assert_line --partial 'drive.img: bootable'
		nothing_left
		run sfdisk --verify drive.img
		assert_success
		offset=$(data_offset drive.img)
		dd if=drive.img of=fat bs=1M skip=1 count=$((offset / 1048576 - 1)) status=none
		fsck.vfat -n fat
		e2fsck -fn "drive.img?offset=$offset"
		debugfs -R "cat $(root_on drive.img)" "drive.img?offset=$offset" 2>/dev/null |
			cmp - root.sqfs
		mtype -i drive.img@@1M \
			"::$(menu_of drive.img | sed -n 's/.*linux \([^ ]*\) .*/\1/p' | head -n 1)" | cmp - "$KERNEL/vmlinuz"
		mtype -i drive.img@@1M \
			"::$(menu_of drive.img | sed -n 's/.*initrd \([^ ]*\).*/\1/p' | head -n 1)" >initramfs
		"$HOST/mkvinitrd" check initramfs -r "$KERNEL"
		rm drive.img
	done
}

@test "a root of 4 GiB is refused on one FAT partition before anything is written" {
	truncate -s 4097M big.ext4
	mke2fs -q -F -t ext4 -E lazy_itable_init=1,lazy_journal_init=1 big.ext4
	usb --data=none drive.img big.ext4
	assert_failure 1
	assert_output --partial "a file on FAT less than 4096: use --data=ext4"
	assert [ ! -e drive.img ]
}

@test "exFAT and F2FS hold the root as well, and one FAT partition does" {
	for data in exfat f2fs none; do
		usb --data=$data --json -q drive.img root.sqfs
		assert_success
		assert_equal "$(jq -r .data <<<"$output")" $data
		nothing_left
		number=2
		[ $data != none ] || number=1
		grub-fstest drive.img cat "(loop0,msdos$number)$(jq -r .root <<<"$output")" |
			cmp - root.sqfs
		rm drive.img
	done
}

@test "the same inputs give the same bytes with SOURCE_DATE_EPOCH, and other identifiers without" {
	export SOURCE_DATE_EPOCH=1700000000
	for options in --table=mbr --table=gpt --data=none; do
		usb -z 100 $options "a$options.img" root.sqfs
		assert_success
	done
	sleep 2.1 # FAT counts in two seconds
	touch root.sqfs
	for options in --table=mbr --table=gpt --data=none; do
		(umask 077 && TZ=Asia/Tokyo "$TOP/scripts/usb" -r "$KERNEL" -z 100 $options b.img \
			root.sqfs)
		cmp "a$options.img" b.img
		rm b.img
	done
	unset SOURCE_DATE_EPOCH
	usb -z 100 a.img root.sqfs
	usb -z 100 b.img root.sqfs
	run ! cmp -s a.img b.img
	[ "$(menu_of a.img | grep -o -m 1 'UUID=[^ ]*')" != \
		"$(menu_of b.img | grep -o -m 1 'UUID=[^ ]*')" ]
}

@test "what is no root, no disk, in use or somebody's file is refused, and nothing is written" {
	for action in --keep --update; do
		usb -z 500 $action drive.img root.sqfs
		assert_failure 2
		assert_output --partial '--size is for a new file'
	done
	truncate -s 40M precious.img
	mke2fs -q -t ext4 -F precious.img
	echo 'just text' >notes.txt
	truncate -s 20M small.img full.img
	echo 'start=2048' | sfdisk -q full.img
	listing >before
	for case in 'precious.img root.sqfs:exists and is no drive of mkvinitrd usb' \
		"/dev/sdzz root.sqfs:there is no disk '/dev/sdzz'" \
		'/dev/null root.sqfs:neither a disk' \
		'. root.sqfs:neither a disk' \
		'no/where.img root.sqfs:there is no directory' \
		'new.img notes.txt:notes.txt' \
		'new.img missing.sqfs:there is no file' \
		'new.img tree:is not an ordinary file' \
		'-z 60 new.img root.sqfs:at least' \
		'--yes=other.img new.img root.sqfs:the target is' \
		'--update precious.img root.sqfs:is no drive that mkvinitrd usb made' \
		'--keep precious.img root.sqfs:has no partition table to keep' \
		'--keep full.img root.sqfs:no free space'; do
		usb ${case%%:*}
		assert_failure 1
		assert_output --partial "${case#*:}"
		assert_equal "${#lines[@]}" 1
	done
	for option in '-z abc' --data=ntfs --table=apm '-l A"B' '--label=far too long a label' \
		--nonsense '--name=a/b'; do
		IFS=' ' read -r -a words <<<"$option"
		[ "${option#--label}" = "$option" ] || words=("$option")
		usb "${words[@]}" new.img root.sqfs
		assert_failure 2
	done
	listing | diff before -
	assert [ ! -e /dev/sdzz ]
}

@test "a target is not its own root; a leading dash is part of a name; a full standard output is said" {
	sha256sum root.sqfs >before
	ln root.sqfs ./-link
	usb --yes=root.sqfs root.sqfs root.sqfs
	assert_failure 1
	assert_output "usb: 'root.sqfs' is read for this, and would be replaced: choose another output"
	sha256sum -c --quiet before
	run -1 bash -c "'$TOP/scripts/usb' -r '$KERNEL' --json --data=none -z 120 -- -drive.img -link >/dev/full"
	assert_line "usb: cannot write the result to standard output; './-drive.img' is complete"
	"$TOP/scripts/usb" --update -q -r "$KERNEL" -- -drive.img -link
	nothing_left
}

@test "a file behind a loop device is refused even if --yes names it" {
	truncate -s 40M precious.img
	mke2fs -q -t ext4 -F precious.img
	attach precious.img
	sha256sum precious.img >before
	usb --yes=precious.img precious.img root.sqfs
	assert_failure 1
	assert_output --partial "is attached to the loop device $DISK"
	sha256sum -c --quiet before
}

@test "a disk is erased only if its name is typed or given to --yes" {
	truncate -s 120M disk
	mke2fs -q -t ext4 -F -L photos disk
	attach disk
	sha256sum disk >before
	for answer in '' no /dev/loop; do
		run sh -c 'printf "%s\n" "$1" | "$2/scripts/usb" -r "$3" "$4" root.sqfs' sh \
			"$answer" "$TOP" "$KERNEL" "$DISK"
		assert_failure 1
		assert_output --partial 'nothing was changed'
		assert_output --partial "ext4 'photos'"
	done
	usb "$DISK" root.sqfs
	assert_failure 1
	assert_output --partial 'no answer, nothing was changed; without a terminal use --yes'
	sha256sum -c --quiet before
	run sh -c 'echo "$1" | "$2/scripts/usb" -r "$3" "$1" root.sqfs' sh "$DISK" "$TOP" "$KERNEL"
	assert_success
	usb -y "$DISK" "$DISK" root.sqfs
	assert_success
	menu_of disk | grep -q menuentry
	nothing_left
}

@test "a disk that was interrupted says that it is unfinished and does not boot, until it is made again" {
	truncate -s 300M disk
	attach disk
	count_tools
	for data in ext4 exfat; do
		interrupted 0 TERM "$TOP/scripts/usb" -r "$KERNEL" --data=$data -q -y "$DISK" \
			"$DISK" root.sqfs
		assert_success
		blkdiscard "$DISK"
		first=$(awk '$1 == "wipefs" { n = NR } END { print n }' bin/calls)
		menu=$(awk '$1 == "grub-script-check" { print NR; exit }' bin/calls)
		for moment in $((first + 1)) $(((first + menu) / 2)) "$menu"; do
			interrupted $moment TERM "$TOP/scripts/usb" -r "$KERNEL" --data=$data \
				-q -y "$DISK" "$DISK" root.sqfs
			assert_equal "$was_interrupted $status" 'yes 143'
			assert_line \
				"usb: interrupted; '$DISK' is unfinished and does not boot: run the command again"
			nothing_left
			head -c 440 disk | grep -a -q 'UNFINISHED drive' || fail "moment $moment"
			run ! mtype -i disk@@1M ::/boot/grub/menu.cfg
		done
		usb --data=$data -y "$DISK" "$DISK" root.sqfs
		assert_success
		run ! grep -a -q UNFINISHED <(head -c 512 disk)
		assert_equal "$(blkid -p -O 1048576 -s LABEL -o value disk)" BOOT
	done
}

@test "a tool that fails or lies makes it fail by one line that says what was being done" {
	usb -z 100 drive.img root.sqfs
	sha256sum drive.img >before
	small_root other.sqfs two
	while IFS='|' read -r tool script message; do
		break_tool "$tool" "$script"
		PATH=$PWD/bin:$PATH usb -q -z 100 drive.img other.sqfs
		assert_failure 1
		assert_output --partial "$message"
		assert_equal "${#lines[@]}" 1
		sha256sum -c --quiet before
		rm bin/*
		nothing_left
	done <<'TOOLS'
mkfs.vfat|echo broken >&2; exit 1|making the FAT file system of 'drive.img' failed: broken
mcopy|case "$*" in *vmlinuz*) exit 0 ;; esac; exec "$real" "$@"|vmlinuz
debugfs|case "$*" in *-w*) exit 0 ;; esac; exec "$real" "$@"|is not what was written
sync|echo 'No space left on device' >&2; exit 1|writing to 'drive.img' failed: No space left
grub-mkimage|echo no such module >&2; exit 1|making GRUB for
sfdisk|case "$*" in *-q*) exit 5 ;; esac; exec "$real" "$@"|writing the partition table of 'drive.img' failed
e2fsck|echo corrupt; exit 4|checking the ext4 file system of 'drive.img' failed: corrupt
TOOLS
}

@test "names and labels with blanks, quotes, dollars, dashes and UTF-8 are right in the menu, or refused" {
	for file in 'my root.sqfs' "it's \"quoted\" \$HOME.sqfs" -dash.sqfs wurzel-größe.sqfs \
		'$(reboot).sqfs' 'a;b&c{d}.sqfs' 'tab	in.sqfs'; do
		cp root.sqfs ./"$file"
		usb -q -- drive.img "$file"
		assert_success
		menu_of drive.img >menu
		grub-script-check menu
		run sh -c 'grep -o "vi.image=[^ ]*" menu | sort -u'
		assert_equal "${#lines[@]}" 1
		debugfs -R "cat ${output#vi.image=}" "drive.img?offset=$(data_offset drive.img)" \
			2>/dev/null | cmp - root.sqfs
		rm drive.img menu
	done
	usb -q -l 'My Drive' --title "Ann's \$system" -a 'quiet x="a b"' -- '-my drive.img' \
		root.sqfs
	assert_success
	menu_of ./'-my drive.img' | grep -q -F "menuentry 'Ann'\\''s \$system'"
	menu_of ./'-my drive.img' | grep -q -F "quiet 'x=a b'"
	usb -q -a 'x="a' new.img root.sqfs
	assert_failure 2
	assert_output --partial 'a double quote has no other one'
	usb -q --title "$(printf 'a\nb')" new.img root.sqfs
	assert_failure 2
	assert [ ! -e new.img ]
}

@test "an archive boots in mode tmpfs and a disk image in mode loop" {
	"$TOP/scripts/pack" tree root.tar.zst
	usb -q drive.img root.tar.zst
	assert_success
	run menu_of drive.img
	assert_output --partial 'vi.image=/live/root-'
	refute_output --partial 'without the saved changes'
	mtype -i drive.img@@1M ::/boot/mkvinitrd/root.entry | grep -qx mode=tmpfs
	assert_equal "$(initramfs_mode drive.img)" tmpfs
	truncate -s 32M disk.raw
	mke2fs -q -F disk.raw
	qemu-img convert -O vhdx disk.raw disk.vhdx
	usb -q drive.img disk.vhdx
	assert_success
	mtype -i drive.img@@1M ::/boot/mkvinitrd/disk.entry | grep -qx mode=loop
	assert_equal "$(initramfs_mode drive.img)" loop
}

# initramfs_mode DRIVE: what the initramfs of its first entry does with a root when no kernel
# parameter says anything else
initramfs_mode() {
	mtype -i "$1@@1M" "::$(menu_of "$1" | sed -n 's/.*initrd \([^ ]*\).*/\1/p' | head -n 1)" \
		>mode.img
	"$HOST/mkvinitrd" cat mode.img etc/mkvinitrd/defaults | sed -n 's/^vi\.mode=//p'
}
