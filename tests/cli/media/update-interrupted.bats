#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# mkvinitrd update: what is left by one that is killed or has no room
bats_require_minimum_version 1.5.0
load ../../lib/env
load update

@test "where the old image can be neither linked nor copied, no part of it stays, and the next update completes" {
	update a
	assert_success
	change two
	printf '#!/bin/sh\nexit 1\n' >bin/ln
	cat >bin/cp <<'CP'
#!/bin/sh
case $* in *.mkvinitrd-previous) head -c 4096 "$1" >"$2"; exit 1 ;; esac
exec /bin/cp "$@"
CP
	chmod +x bin/*
	PATH=$PWD/bin:$PATH update a
	assert_failure 1
	run find sys/boot -name '.*.mkvinitrd-previous'
	assert_output ''
	holds "$A" one
	update a
	assert_success
	holds "$A" two
	holds "$A.previous" one
	no_waste
}

# full_at BYTES: an update to the text "two" with so much room in /boot
full_at() {
	local files
	umount boot-full 2>/dev/null || :
	mkdir -p boot-full
	files=$(du -cB1 sys/boot/a-* "sys/boot/vmlinuz-$KVER" | awk 'END { print $1 }')
	mount -t tmpfs -o "size=$((files + $1 + 65536))" tmpfs boot-full
	cp -a sys/boot/. boot-full/
	cp -a sys/var/lib/mkvinitrd before
	mount --bind boot-full sys/boot
	update a
	cp "$A" result.img
	find sys/boot -name '.*.mkvinitrd*' >waste
	umount sys/boot boot-full
}

# Every day at some sizes, "check --all" at each 64 KiB of the image
@test "without room an update is one clear line, and the old set stays as it was" {
	update a
	assert_success
	change two
	size=$(stat -c %s "$A")
	step=$((size / 3))
	[ -z "${CHECK_ALL:-}" ] || step=65536
	for ((room = 0; room < size - 131072; room += step)); do
		rm -rf before
		full_at $room
		assert_failure 1
		[[ ${stderr_lines[0]} == "update: preset 'a', kernel $KVER: no space left for "* ]]
		assert_equal "${stderr_lines[1]}" \
			'update: nothing was replaced: the old images are in force'
		holds result.img one
		diff -r --exclude=lock before "$STATE/.."
		[ ! -s waste ]
	done
	rm -rf before
	full_at $((size + 1048576))
	assert_success
	holds result.img two
}

# killed_at N: an update in a PID namespace of its own, all of which is killed when its N-th writing
# tool starts; fails if there are fewer
killed_at() {
	for tool in mv ln rm cp sync mkdir; do
		cat >"bin/$tool" <<TOOL
#!/bin/sh
echo >>$PWD/calls
[ "\$(wc -l <$PWD/calls)" != $1 ] || { kill -KILL -1; kill -KILL \$\$; }
exec /bin/$tool "\$@"
TOOL
	done
	chmod +x bin/*
	: >calls
	PATH=$PWD/bin:$PATH timeout -s KILL 120 unshare --pid --fork --mount-proc --kill-child sh \
		-c "$TOP/scripts/update -r sys -q a; true" >/dev/null 2>&1
	rm bin/*
	[ "$(wc -l <calls)" -ge "$1" ]
}

# entries: all files of the boot loader, by their hashes
entries() {
	(cd sys && find boot/grub efi -type f -exec sha256sum {} + 2>/dev/null | sort -k 2)
}

# begin grub|systemd-boot: a system whose image 'one' has booted, kept in start, that is to be
# updated to 'two'; in expected, its entries after an update that nothing disturbed
begin() {
	[ "$1" = grub ] || { rm -r sys/boot/grub && mkdir -p sys/efi/loader/entries; }
	update a
	assert_success
	for entry in sys/efi/loader/entries/*+2.conf; do
		[ ! -f "$entry" ] || mv "$entry" "${entry%+2.conf}.conf"
	done
	cp -a sys start
	change two
	update a
	assert_success
	entries >expected
	begin_again
}

begin_again() {
	rm -rf sys tmp
	cp -a start sys
	mkdir tmp
}

# one_set: the image is complete, and so is the previous one; the next update makes the new set of
# either, without waste, with its entries
one_set() {
	text=$("$HOST/mkvinitrd" cat "$A" note.txt)
	[ "$text" = one ] || [ "$text" = two ]
	holds "$A" "$text"
	rm -rf tmp/* # that of a killed process in TMPDIR is the system's to clean
	[ ! -e "$A.previous" ] || holds "$A.previous" one
	for entry in sys/efi/loader/entries/*.conf; do # each names a kernel and an image that are complete
		[ -f "$entry" ] || continue
		cmp "sys/efi$(sed -n 's/^linux //p' "$entry")" "sys/boot/vmlinuz-$KVER"
		"$HOST/mkvinitrd" check -q "sys/efi$(sed -n 's/^initrd //p' "$entry")"
	done
	[ ! -d sys/efi ] || [ -f "$entry" ]
	update a
	assert_success
	holds "$A" two
	holds "$A.previous" one
	assert_equal "$(entries)" "$(cat expected)"
	no_waste
}

# killed_steps FIRST STEP
killed_steps() {
	for ((n = $1; n < 150; n += $2)); do
		killed_at $n || break
		one_set
		begin_again
	done
	[ $n -gt 10 ]
}

# killed_calls N...: each process of the update is killed at its N-th system call that writes:
# shells, the builder, and the tools
killed_calls() {
	calls=write,pwrite64,rename,renameat,renameat2,link,linkat,unlink,unlinkat,fsync,fdatasync,syncfs,ftruncate,mkdir,copy_file_range,sendfile
	for n; do
		run timeout -k 5 120 strace -f -qq -o /dev/null \
			-e "inject=$calls:signal=KILL:when=$n" "$TOP/scripts/update" -r sys -q a
		killed=$status
		one_set
		begin_again
		[ "$killed" != 0 ] || break # no process has so many
	done
	[ "$n" -gt 2 ]
}

# Every day at some steps, "check --all" at each
@test "GRUB: an update that is killed at any step leaves the old set or the new one, and the next completes it" {
	begin grub
	if [ -n "${CHECK_ALL:-}" ]; then killed_steps 2 1; else killed_steps 2 5; fi
}

@test "systemd-boot: an update that is killed at any step leaves the old set or the new one, and the next completes it" {
	begin systemd-boot
	if [ -n "${CHECK_ALL:-}" ]; then killed_steps 2 1; else killed_steps 4 9; fi
}

@test "GRUB: a process that is killed at any system call that writes leaves the old set or the new one" {
	begin grub
	# shellcheck disable=SC2046 # numbers
	if [ -n "${CHECK_ALL:-}" ]; then killed_calls $(seq 100); else killed_calls 2 19; fi
}

@test "systemd-boot: a process that is killed at any system call that writes leaves the old set or the new one" {
	begin systemd-boot
	# shellcheck disable=SC2046
	if [ -n "${CHECK_ALL:-}" ]; then killed_calls $(seq 100); else killed_calls 7; fi
}
