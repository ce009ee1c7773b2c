#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# mkvinitrd frugal: the menu of the installed GRUB, interruptions, the report, and the profile.
load ../../lib/env
bats_require_minimum_version 1.5.0
load frugal

@test "an entry goes into the menu of GRUB on request and out again with the rest, and what fails there undoes everything" {
	host ext4
	mkdir bin grub.d bootgrub
	echo theirs >grub.d/40_custom
	# shellcheck disable=SC2016 # the script's
	printf '#!/bin/sh\n[ ! -e %s/fails ] || exit 7\nfor f in /etc/grub.d/4*; do echo "BEGIN $f"; [ ! -x "$f" ] || "$f"; done >/boot/grub/grub.cfg\n' "$PWD" >bin/update-grub
	chmod +x bin/update-grub
	export PATH=$PWD/bin:$PATH
	cat >inside <<-'SH'
		mount --bind grub.d /etc/grub.d && mkdir -p /boot/grub && mount --bind bootgrub /boot/grub && exec "$@"
	SH
	run -0 unshare -m sh inside "$TOP/scripts/frugal" -i -r "$kernel" mnt/linux root.sqfs
	grep -q 'linux /linux/vmlinuz vi.image=/linux/root.sqfs' bootgrub/grub.cfg
	grub-script-check bootgrub/grub.cfg
	run -0 unshare -m sh inside "$TOP/scripts/frugal" --update -a quiet mnt/linux
	[ "$(grep -c 'menuentry' bootgrub/grub.cfg)" = 1 ]
	grep -q 'vi.persist=ram quiet' bootgrub/grub.cfg
	installed mnt/linux
	cp bootgrub/grub.cfg menu
	touch fails
	picture >before
	run -1 unshare -m sh inside "$TOP/scripts/frugal" --update -a other mnt/linux
	assert_output --partial 'the menu of GRUB could not be made; nothing was changed'
	picture | diff before -
	cmp menu bootgrub/grub.cfg
	grep -q 'vi.persist=ram quiet' grub.d/42_mkvinitrd-*
	rm fails
	run -0 unshare -m sh inside "$TOP/scripts/frugal" --remove mnt/linux
	[ "$(ls grub.d)" = 40_custom ]
	! grep -q menuentry bootgrub/grub.cfg
}

# interrupting_programs: they count their calls, and the one whose number is in the file at
# interrupts the whole process group
interrupting_programs() {
	mkdir bin
	for program in cp mv rm dd df sync mkdir mktemp sha256sum realpath blkid cmp sed; do
		printf '#!/bin/sh\necho >>%s/count\n[ "$(wc -l <%s/count)" != "$(cat %s/at)" ] || kill -TERM 0\nexec %s "$@"\n' \
			"$PWD" "$PWD" "$PWD" "$(command -v $program)" >bin/$program
		chmod +x bin/$program
	done
}

# interrupted_at N: update, in a process group of its own
interrupted_at() {
	: >count
	echo "$1" >at
	status=0
	PATH=$PWD/bin:$PATH setsid -w "$TOP/scripts/frugal" --update -s 'compress none' mnt/linux \
		>log 2>&1 3>&- || status=$?
}

@test "an interruption at any moment leaves the partition as it was, or is too late; no file, mount or process is left" {
	host ext4
	bystanders
	run -0 frugal -r "$kernel" mnt/linux root.sqfs
	interrupting_programs
	interrupted_at 0
	[ $status = 0 ] || fail "$(cat log)"
	total=$(wc -l <count)
	picture >before
	interrupted=0
	moments=7
	[ -z "${CHECK_ALL:-}" ] || moments=20
	for moment in $(seq "$moments"); do
		interrupted_at $((1 + (2 * moment - 1) * total / (2 * moments)))
		[ -z "$(find tmp -mindepth 1)" ] || fail "left: $(find tmp)"
		# the signal goes to all at once, and tools of a pipe may end after the script
		for _ in $(seq 100); do
			pgrep -f "$PWD/[b]in|frugal --[u]pdate.*$PWD" >/dev/null || break
			sleep 0.1
		done
		[ -z "$(pgrep -f "$PWD/[b]in|frugal --[u]pdate.*$PWD")" ] ||
			fail "runs on: $(pgrep -af "$PWD")"
		[ -z "$(find mnt -name '.frugal*')" ] || fail "left: $(find mnt -name '.frugal*')"
		if [ $status = 0 ]; then
			installed mnt/linux
			picture >before
			continue
		fi
		[ $status = 143 ] || fail "status $status at call $(cat at): $(cat log)"
		picture | diff before -
		interrupted=$((interrupted + 1))
	done
	[ $interrupted -ge $((moments / 2)) ]
}

@test "the entries for Windows in windows.txt are ones that GRUB takes, with commands that it has" {
	host ext4
	run -0 frugal -q -r "$kernel" mnt/linux root.sqfs
	awk '/^menuentry / { entry = 1 } entry { print } /^}/ { entry = 0 }' mnt/linux/windows.txt >menu
	[ "$(grep -c '^menuentry' menu)" = 3 ]
	grub-script-check menu
	sed -n 's/^\t\([^ ]*\) .*/\1/p' menu | sort -u >commands
	while read -r command; do
		grep -q "^\*\{0,1\}$command:" /usr/lib/grub/i386-pc/command.lst ||
			[ "$command" = insmod ] || fail "GRUB has no command $command"
	done <commands
	sed -n 's/^\tinsmod //p' menu | while read -r module; do
		[ -e "/usr/lib/grub/i386-pc/$module.mod" ] || exit
	done
	# its lines for cmd.exe have plain backslashes
	grep -qF 'path \grldr.mbr' mnt/linux/windows.txt
	grep -qF 'path \EFI\mkvinitrd\shimx64.efi' mnt/linux/windows.txt
}

@test "one at a time writes a directory" {
	host ext4
	run -0 frugal -q -r "$kernel" mnt/linux root.sqfs
	exec 8<mnt/linux
	flock 8
	for arguments in '-u mnt/linux' '--remove mnt/linux'; do
		# shellcheck disable=SC2086 # words
		run -1 frugal $arguments 8<&-
		assert_output "frugal: another mkvinitrd frugal is writing 'mnt/linux': wait for its end; nothing was changed"
	done
	installed mnt/linux
	exec 8<&-
	run -0 frugal --remove mnt/linux
	[ ! -e mnt/linux ]
}

@test "the report with --json is JSON, with the parameters and every file" {
	host ext4
	# a full standard output undoes nothing
	frugal --json -r "$kernel" "mnt/a b" root.sqfs 2>log >/dev/full && status=0 || status=$?
	assert_equal "$status $(tail -n 1 log)" \
		"1 frugal: cannot write the result to standard output; 'mnt/a b' is installed"
	frugal --json -n 'a "b" \c' -r "$kernel" "mnt/a b" root.sqfs 2>log >out.json || fail "$(cat log)"
	run jq -r '.directory, .path, .mode, (.files | length > 4), .parameters' out.json
	assert_line --index 0 'mnt/a b'
	assert_line --index 1 '/a b'
	assert_line --index 2 overlay
	assert_line --index 3 true
	assert_line --index 4 --partial 'vi.image="/a b/root.sqfs"'
	assert_equal "$(mode_of 'mnt/a b/initramfs.img')" overlay
}

@test "without -p the profile is that of the root's kind, at an update too" {
	host ext4
	mkdir -p tree/sbin
	tar -C tree -czf root.tar.gz .
	mke2fs -q -t ext4 -d tree root.img 8M
	for root in root.sqfs:overlay root.tar.gz:tmpfs root.img:loop; do
		run -0 frugal -q -r "$kernel" "mnt/$root" "${root%:*}"
		assert_equal "$(mode_of "mnt/$root/initramfs.img")" "${root#*:}"
		run -0 frugal -q --update "mnt/$root"
		assert_equal "$(mode_of "mnt/$root/initramfs.img")" "${root#*:}"
		run -0 frugal --remove "mnt/$root"
	done
}
