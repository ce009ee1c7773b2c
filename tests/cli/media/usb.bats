#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# mkvinitrd usb: what it refuses, that it leaves nothing behind, that it says "done" only of what is on the drive.
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

# menu_of DRIVE
menu_of() {
	mtype -i "$1@@1M" ::/boot/grub/menu.cfg
}

# data_offset DRIVE: of the second partition
data_offset() {
	sfdisk -d "$1" | sed -n 's/^[^ ]*2 : start= *\([0-9]*\).*/\1/p' | awk '{ print $1 * 512 }'
}

# root_on DRIVE: path of its first root
root_on() {
	menu_of "$1" | sed -n 's/.*vi.image=\([^ ]*\).*/\1/p' | head -n 1
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
		debugfs -R "cat $(root_on drive.img)" "drive.img?offset=$offset" 2>/dev/null | cmp - root.sqfs
		mtype -i drive.img@@1M "::$(menu_of drive.img | sed -n 's/.*linux \([^ ]*\) .*/\1/p' | head -n 1)" | cmp - "$KERNEL/vmlinuz"
		mtype -i drive.img@@1M "::$(menu_of drive.img | sed -n 's/.*initrd \([^ ]*\).*/\1/p' | head -n 1)" >initramfs
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
		grub-fstest drive.img cat "(loop0,msdos$number)$(jq -r .root <<<"$output")" | cmp - root.sqfs
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
		(umask 077 && TZ=Asia/Tokyo "$TOP/scripts/usb" -r "$KERNEL" -z 100 $options b.img root.sqfs)
		cmp "a$options.img" b.img
		rm b.img
	done
	unset SOURCE_DATE_EPOCH
	usb -z 100 a.img root.sqfs
	usb -z 100 b.img root.sqfs
	run ! cmp -s a.img b.img
	[ "$(menu_of a.img | grep -o -m 1 'UUID=[^ ]*')" != "$(menu_of b.img | grep -o -m 1 'UUID=[^ ]*')" ]
}

@test "what is no root, no disk, in use or somebody's file is refused, and nothing is written" {
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
	for option in '-z abc' --data=ntfs --table=apm '-l A"B' '--label=far too long a label' --nonsense '--name=a/b'; do
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
		run sh -c 'printf "%s\n" "$1" | "$2/scripts/usb" -r "$3" "$4" root.sqfs' sh "$answer" "$TOP" "$KERNEL" "$DISK"
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
		interrupted 0 TERM "$TOP/scripts/usb" -r "$KERNEL" --data=$data -q -y "$DISK" "$DISK" root.sqfs
		assert_success
		blkdiscard "$DISK"
		first=$(awk '$1 == "wipefs" { n = NR } END { print n }' bin/calls)
		menu=$(awk '$1 == "grub-script-check" { print NR; exit }' bin/calls)
		for moment in $((first + 1)) $(((first + menu) / 2)) "$menu"; do
			interrupted $moment TERM "$TOP/scripts/usb" -r "$KERNEL" --data=$data -q -y "$DISK" "$DISK" root.sqfs
			assert_equal "$was_interrupted $status" 'yes 143'
			assert_line "usb: interrupted; '$DISK' is unfinished and does not boot: run the command again"
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
	for file in 'my root.sqfs' "it's \"quoted\" \$HOME.sqfs" -dash.sqfs wurzel-größe.sqfs '$(reboot).sqfs' 'a;b&c{d}.sqfs' 'tab	in.sqfs'; do
		cp root.sqfs ./"$file"
		usb -q -- drive.img "$file"
		assert_success
		menu_of drive.img >menu
		grub-script-check menu
		run sh -c 'grep -o "vi.image=[^ ]*" menu | sort -u'
		assert_equal "${#lines[@]}" 1
		debugfs -R "cat ${output#vi.image=}" "drive.img?offset=$(data_offset drive.img)" 2>/dev/null | cmp - root.sqfs
		rm drive.img menu
	done
	usb -q -l 'My Drive' --title "Ann's \$system" -a 'quiet x="a b"' -- '-my drive.img' root.sqfs
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
	truncate -s 32M disk.raw
	mke2fs -q -F disk.raw
	qemu-img convert -O vhdx disk.raw disk.vhdx
	usb -q drive.img disk.vhdx
	assert_success
	mtype -i drive.img@@1M ::/boot/mkvinitrd/disk.entry | grep -qx mode=loop
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
		[ $data != ext4 ] || debugfs -w -f - "drive.img?offset=$(data_offset drive.img)" <<<$'mkdir /changes\nmkdir /changes/root\nwrite tree/text /changes/root/kept' >/dev/null
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
			assert_equal "$(debugfs -R 'ls -p /live' "$at" 2>/dev/null | grep -c sqfs)" 2
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
		printf 'label: %s\nstart=2048, size=65536\nstart=67584, size=65536\n' $table | sfdisk -q disk
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
			interrupted $moment TERM "$TOP/scripts/usb" -r "$KERNEL" --keep -q disk root.sqfs
			assert_equal "$moment $last_call $was_interrupted $status" "$moment $last_call yes 143"
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
		grub-fstest disk cat "(loop0,$([ $table = dos ] && echo msdos || echo gpt)3)/boot/grub/menu.cfg" >menu
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
		interrupted $moment TERM "$TOP/scripts/usb" -r "$KERNEL" --update -q drive.img other.sqfs
		[ $was_interrupted = no ] || {
			assert_equal "$status" 143
			nothing_left
			path=$(root_on drive.img)
			e2fsck -fn "drive.img?offset=$(data_offset drive.img)"
			debugfs -R "cat $path" "drive.img?offset=$(data_offset drive.img)" 2>/dev/null >root.now
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
	for options in --encrypt=40 --encrypt=x --encrypt=8 --key-file=key '--encrypt=40 --key-file=key -n' '--encrypt=40 --key-file=key --update'; do
		usb $options drive.img root.sqfs
		assert_failure 2
	done
	assert [ ! -e drive.img ]
	# a key that is derived in 10 ms, not in some seconds
	break_tool qemu-img 'for a; do shift; [ "$a" != key-secret=key ] || a=$a,iter-time=10; set -- "$@" "$a"; done; exec "$real" "$@"'
	PATH=$PWD/bin:$PATH usb -q -z 200 --encrypt=40 --key-file=key drive.img root.sqfs
	assert_success
	nothing_left
	debugfs -R 'dump /changes/root.luks volume' "drive.img?offset=$(data_offset drive.img)" 2>/dev/null
	cryptsetup luksOpen --test-passphrase --key-file=key volume
	run ! cryptsetup luksOpen --test-passphrase --key-file=empty volume
	run ! grep -a -q secret drive.img
	mtype -i drive.img@@1M ::/boot/mkvinitrd/root.entry | grep -qx persist=file:/changes/root.luks
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
		assert_line --index 0 --regexp "^usb: .*'$DISK'.*(failed: .|is not what was written)"
		assert_line --index 1 "usb: '$DISK' is unfinished and does not boot: run the command again"
		assert_equal "${#lines[@]}" 2
		head -c 440 small/disk | grep -a -q 'UNFINISHED drive'
		assert_equal "$(ls -A tmp)" ''
	done
	losetup -d "$DISK"
	rm loop
	umount small
}
