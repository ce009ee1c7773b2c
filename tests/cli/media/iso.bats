#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# mkvinitrd iso: what is in the image, that it is the same twice, that a failure leaves the old one.
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

iso() {
	run "$TOP/scripts/iso" -r "$KERNEL" "$@" </dev/null
}

# extract IMAGE: its files in out/
extract() {
	rm -rf out
	mkdir out
	bsdtar -xf "$1" -C out
}

@test "an image has kernel, initramfs and root, checksums that sha256sum verifies, and boots by BIOS and UEFI" {
	iso -o cd.iso -l 'My CD' root.sqfs
	assert_success
	nothing_left
	extract cd.iso
	(cd out && sha256sum -c --quiet SHA256SUMS)
	cmp out/boot/vmlinuz "$KERNEL/vmlinuz"
	"$HOST/mkvinitrd" check out/boot/initramfs.img -r "$KERNEL"
	cmp out/live/root-*.sqfs root.sqfs
	run xorriso -indev cd.iso -report_el_torito plain
	assert_line --regexp 'El Torito boot img : .* BIOS'
	assert_line --regexp 'El Torito boot img : .* UEFI'
	assert_equal "$(blkid -p -s LABEL -o value cd.iso)" 'My CD'
	grep -q 'vi.host=LABEL=My CD' out/boot/grub/grub.cfg
	start=$(sfdisk -d cd.iso | sed -n 's/^cd.iso2 : start= *\([0-9]*\).*/\1/p')
	for file in BOOTX64 BOOTIA32; do
		mdir -i "cd.iso@@$((start * 512))" "::EFI/BOOT/$file.EFI"
	done
}

@test "an image in /dev/shm, where xorriso takes names for those of drives, is written and read as elsewhere" {
	shared=$(mktemp -d /dev/shm/iso.XXXXXX)
	iso -q -o "$shared/cd.iso" root.sqfs
	rm -r "$shared"
	assert_success
	assert_output ''
}

@test "GRUB verifies the files of the image, and sees a damaged one" {
	iso -q -o cd.iso root.sqfs
	extract cd.iso
	grep -q "hashsum --hash sha256 --check /boot/SHA256SUMS" out/boot/grub/grub.cfg
	(cd out/boot && sed 's, /boot/, ,' SHA256SUMS | sha256sum -c --quiet)
	grep -q "vi.verify=sha256:$(sha256sum root.sqfs | cut -d ' ' -f 1)" out/boot/grub/grub.cfg
}

@test "the same inputs give the same bytes with SOURCE_DATE_EPOCH" {
	export SOURCE_DATE_EPOCH=1700000000
	iso -o a.iso root.sqfs
	assert_success
	sleep 2.1 # its dates count in seconds
	touch root.sqfs
	(umask 077 && TZ=Asia/Tokyo "$TOP/scripts/iso" -q -r "$KERNEL" -o b.iso root.sqfs)
	cmp a.iso b.iso
}

@test "what is no root, disks and labels that cannot be written are refused, and nothing is written" {
	echo 'just text' >notes.txt
	listing >before
	iso -o new.iso notes.txt
	assert_failure 1
	assert_output --partial 'notes.txt'
	iso -o /dev/sdzz root.sqfs
	assert_failure 1
	assert_output --partial "there is no disk '/dev/sdzz'"
	iso -o no/where.iso root.sqfs
	assert_failure 1
	ln -s root.sqfs link.sqfs
	listing >before
	iso -o root.sqfs link.sqfs
	assert_failure 1
	assert_output "iso: 'root.sqfs' is read for this, and would be replaced: choose another output"
	for label in "Ann's" 'A"B' '' ' x' 'größe' 'this label has more than 32 characters'; do
		iso -o new.iso "--label=$label" root.sqfs
		assert_failure 2
	done
	listing | diff before -
}

@test "a tool that fails or lies leaves the old image, and one line says what was being done" {
	echo old >cd.iso
	while IFS='|' read -r tool script message; do
		break_tool "$tool" "$script"
		PATH=$PWD/bin:$PATH iso -q -o cd.iso root.sqfs
		assert_failure 1
		assert_output --partial "$message"
		assert_equal "${#lines[@]}" 1
		assert_equal "$(cat cd.iso)" old
		rm bin/*
		nothing_left
	done <<'TOOLS'
xorriso|echo 'xorriso : FAILURE : no space' >&2; exit 5|xorriso could not write 'cd.iso': xorriso : FAILURE : no space
xorriso|for a; do case $a in /live/*) truncate -s -1 "${a#*=}" ;; esac; done; exec "$real" "$@"|is not what was written
grub-mkimage|echo no such module >&2; exit 1|making GRUB for
TOOLS
}

@test "names with blanks, quotes, dollars, dashes and = are right in the image" {
	for file in 'my root.sqfs' "it's \"quoted\" \$HOME.sqfs" -dash.sqfs größe.sqfs \
		'a=b\c.sqfs'; do
		cp root.sqfs ./"$file"
		iso -q -o '-my cd.iso' -- "$file"
		assert_success
		extract ./'-my cd.iso'
		cmp out/live/*.sqfs root.sqfs
		grep -q "vi.image=/live/$(ls out/live) " out/boot/grub/grub.cfg
		rm ./'-my cd.iso'
	done
}

@test "Virtual Linux' layout: a cloop at its place, changes in virt_linux on any drive" {
	truncate -s 8M root.img
	mke2fs -q -F root.img
	create_compressed_fs -q -B 65536 root.img root.cloop >/dev/null 2>&1
	iso -q --layout=virtual-linux -o cd.iso root.cloop
	assert_success
	extract cd.iso
	cmp out/.virtual_root root.cloop
	grep -q 'vi.image=/.virtual_root' out/boot/grub/grub.cfg
	grep -q 'vi.persist=archive:any:/virt_linux/' out/boot/grub/grub.cfg
}

@test "--add-changes makes a partition on the rest of the drive with the label that the menu looks for" {
	iso -q -o cd.iso root.sqfs
	extract cd.iso
	label=$(grep -o 'vi-[0-9a-f]\{8\}' out/boot/grub/grub.cfg | head -n 1)
	truncate -s 20M empty.img
	iso --add-changes empty.img
	assert_failure 1
	assert_output --partial 'has no image of mkvinitrd iso'
	cp cd.iso small.img
	truncate -s +4M small.img
	iso --add-changes small.img
	assert_failure 1
	assert_output --partial 'at least 16 are needed'
	cp cd.iso drive.img
	truncate -s 128M drive.img
	iso --add-changes drive.img
	assert_success
	nothing_left
	run sfdisk --verify drive.img
	assert_success
	offset=$(sfdisk -d drive.img | sed -n 's/^drive.img4 : start= *\([0-9]*\).*/\1/p')
	assert_equal "$(blkid -p -O $((offset * 512)) -s LABEL -o value drive.img)" "$label"
	e2fsck -fn "drive.img?offset=$((offset * 512))"
	extract drive.img
	(cd out && sha256sum -c --quiet SHA256SUMS)
}
