#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# mkvinitrd update: boot entries, and the return to what has booted before
bats_require_minimum_version 1.5.0
load ../../lib/env
load update

@test "a changed input rebuilds; the old image is kept with an entry until the new one has booted, and GRUB returns to it" {
	update
	assert_success
	change two
	update
	assert_success
	change three # has not booted either: 'one' stays what is returned to
	update a
	assert_success
	holds "$A" three
	holds "$A.previous" one
	holds "$B" two
	cfg=sys/boot/grub/mkvinitrd.cfg
	grub-script-check "$cfg"
	grep -q "initrd /boot/a-$KVER.img.previous\$" "$cfg"
	grub-editenv sys/boot/grub/grubenv list | grep -qx mkvinitrd_tries=2
	mkdir -p run/initramfs
	export MKVINITRD_RUN=$PWD/run
	# the previous one has booted: nothing is proven
	"$HOST/mkvinitrd" cat "$A.previous" etc/mkvinitrd/sentinel >run/initramfs/sentinel
	update --booted
	assert_success
	[ "$stderr" = "update: this boot was by an image that is not the newest: the previous ones are kept, see 'mkvinitrd update'" ]
	holds "$A.previous" one
	"$HOST/mkvinitrd" cat "$A" etc/mkvinitrd/sentinel >run/initramfs/sentinel
	update --booted
	assert_success
	[ ! -e "$A.previous" ] && [ -e "$B.previous" ]
	run grub-editenv sys/boot/grub/grubenv list
	refute_output --partial mkvinitrd_tries
}

@test "GRUB tries a new image twice, then takes the previous one by itself" {
	update a
	change two
	update a
	assert_success
	cfg=sys/boot/grub/mkvinitrd.cfg env=sys/boot/grub/grubenv
	# the menu's own commands, by a shell that has load_env and save_env
	sed -n '/^load_env/,$p' "$cfg" | sed 's/^\t*set /eval /; s/^\t*save_env mkvinitrd_tries/grub-editenv "$env" set "mkvinitrd_tries=$mkvinitrd_tries"/
		s/^load_env.*/mkvinitrd_tries=$(grub-editenv "$env" list | sed -n "s,mkvinitrd_tries=,,p")/' >count
	for expected in '' '' "mkvinitrd-previous-a-$KVER" "mkvinitrd-previous-a-$KVER"; do
		default=''
		. ./count
		assert_equal "$default" "$expected"
	done
	grep -q -- "--id mkvinitrd-previous-a-$KVER {" "$cfg"
}

@test "systemd-boot: a new entry with two attempts, and the one that booted before below it; nothing is overwritten" {
	rm -r sys/boot/grub
	mkdir -p sys/efi/loader/entries
	update a
	assert_success
	entry=$(echo sys/efi/loader/entries/*+2.conf)
	place=sys/efi$(sed -n 's/^initrd //p' "$entry")
	cmp "$place" "$A"
	cmp "sys/efi$(sed -n 's/^linux //p' "$entry")" "sys/boot/vmlinuz-$KVER"
	grep -qx 'options root=LABEL=nowhere rootfstype=ext4 ro quiet' "$entry"
	mv "$entry" "${entry%+2.conf}.conf" # as systemd-bless-boot does
	change two
	update a
	assert_success
	cmp "sys/efi$(sed -n 's/^initrd //p' sys/efi/loader/entries/*+2.conf)" "$A"
	grep -qx "title Linux $KVER, previous initramfs" "${entry%+2.conf}.conf"
	holds "$place" one
	mkdir -p run/initramfs
	export MKVINITRD_RUN=$PWD/run
	"$HOST/mkvinitrd" cat "$A" etc/mkvinitrd/sentinel >run/initramfs/sentinel
	update --booted
	assert_success
	[ ! -e "${entry%+2.conf}.conf" ] && [ ! -e "$place" ]
}

# chosen: the image that systemd-boot starts, as its manual orders entries: none whose attempts are
# used up, then by sort-key
chosen() {
	for entry in sys/efi/loader/entries/*.conf; do
		case $entry in *+0*) continue ;; esac
		printf '%s\tsys/efi%s\n' "$(sed -n 's/^sort-key //p' "$entry")" \
			"$(sed -n 's/^initrd //p' "$entry")"
	done | LC_ALL=C sort | sed -n '1s/.*\t//p'
}

@test "systemd-boot returns to the previous image, not to that of a preset without attempts" {
	rm -r sys/boot/grub
	mkdir -p sys/efi/loader/entries
	mv sys/etc/mkvinitrd/presets/a.preset sys/etc/mkvinitrd/presets/default.preset
	mv sys/etc/mkvinitrd/presets/b.preset sys/etc/mkvinitrd/presets/fallback.preset
	echo 'previous none' >>sys/etc/mkvinitrd/presets/fallback.preset
	update
	assert_success
	for entry in sys/efi/loader/entries/*+2.conf; do mv "$entry" "${entry%+2.conf}.conf"; done
	change two
	update
	assert_success
	holds "$(chosen)" two
	for entry in sys/efi/loader/entries/*+2.conf; do
		mv "$entry" "${entry%+2.conf}+0-2.conf"
	done
	holds "$(chosen)" one
}

@test "entries of a kernel whose version only begins alike are left alone, at an update, its success and a removal" {
	rm -r sys/boot/grub
	mkdir -p sys/efi/loader/entries sys/efi/mkvinitrd/other run/initramfs
	for name in "a-$KVER-lab-0123456789ab+2" "a-$KVER-lab-0123456789ac" \
		"a-$KVER-lab-0123456789ad+1-1"; do
		printf 'title Linux %s-lab\nsort-key mkvinitrd-a\nlinux /mkvinitrd/other/linux\n' \
			"$KVER" >"sys/efi/loader/entries/mkvinitrd-$name.conf"
	done
	cp -a sys/efi/loader/entries others
	update a
	assert_success
	change two
	update a
	assert_success
	"$HOST/mkvinitrd" cat "$A" etc/mkvinitrd/sentinel >run/initramfs/sentinel
	MKVINITRD_RUN=$PWD/run update --booted
	assert_success
	for other in others/*; do cmp "$other" "sys/efi/loader/entries/${other##*/}"; done
	update --remove -k "$KVER"
	assert_success
	diff -r others sys/efi/loader/entries
	[ -d sys/efi/mkvinitrd/other ]
}

@test "a kernel that is removed takes its images, records and entries with it" {
	update
	change two
	update
	assert_success
	[ -e "$A.previous" ]
	find sys -type f -exec sha256sum {} + | sort >before
	update --remove -n -k "$KVER"
	assert_success
	assert_output --partial "would remove $PWD/$A"
	find sys -type f -exec sha256sum {} + | sort | diff before -
	update --booted -n
	assert_failure 2
	update --remove -k "$KVER"
	assert_success
	run sh -c 'ls sys/boot; ls sys/var/lib/mkvinitrd/update'
	assert_output "grub
vmlinuz-$KVER
lock"
	run grep -c menuentry sys/boot/grub/mkvinitrd.cfg
	assert_output 0
	update --remove
	assert_failure 2
}
