#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# packroot, and unpackroot --over: what is saved of one root is put over another. Runs as root.
# shellcheck disable=SC2030,SC2031 # each test is a subshell of its own
load ../../lib/env

bats_require_minimum_version 1.5.0

setup() {
	PACK="$HOST/bin/packroot" UNPACK="$HOST/bin/unpackroot"
	A="$BATS_TEST_TMPDIR"
	R="$A/root" N="$A/new"
	mkdir -p "$R"/{etc,root,home/user,opt,var,store} "$N/etc"
	mount -t tmpfs -o size=64m store "$R/store"
	S="$R/store/saved.tar.zst"
	echo one >"$R/etc/one"
	echo two >"$R/etc/two"
	echo no >"$R/var/no"
}

teardown() {
	umount "$R/store"
	! mountpoint -q "$R/home" || umount "$R/home"
}

save() { "$PACK" -C "$R" "$@" "$S" >"$A/out"; }
names() { zstd -dc "$S" | bsdtar -tf -; }

@test "the default is /etc, /home and /root; links, holes, attributes, ACLs and times come back" {
	ln "$R/etc/one" "$R/root/hard"
	ln -s ../etc/one "$R/root/sym"
	mknod "$R/home/user/pipe" p
	truncate -s 40M "$R/home/user/sparse" && echo end >>"$R/home/user/sparse"
	setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 "$R/etc/two"
	setfacl -m u:1234:rw,g:12:x,m::r "$R/etc/two"
	setfacl -m u:0:rx -dm g:4321:rwx,o::- "$R/home/user"
	setfattr -n trusted.x -v y "$R/etc"
	chown 12:34 "$R/home/user" && chmod 2751 "$R/home/user"
	[[ $(getfacl -n "$R/home/user" 2>/dev/null) == *user:0:r-x*default:group:4321:rwx* ]]
	touch -d '2001-02-03 04:05:06.123456789' "$R/etc/one" "$R/home/user"
	save
	[ "$(stat -c %s "$S")" -lt 20000 ]
	"$UNPACK" --over "$S" "$N"
	[ ! -e "$N/var" ] && [ -p "$N/home/user/pipe" ] &&
		cmp "$R/home/user/sparse" "$N/home/user/sparse"
	[ "$(stat -c %b "$N/home/user/sparse")" -lt 100 ]
	[ "$N/root/hard" -ef "$N/etc/one" ] && [ "$(readlink "$N/root/sym")" = ../etc/one ]
	for file in etc/one home/user etc/two; do
		diff <(cd "$R" && stat -c '%a %u %g %y %n' $file && getfattr -dm- $file &&
			getfacl $file) \
			<(cd "$N" && stat -c '%a %u %g %y %n' $file && getfattr -dm- $file &&
				getfacl $file)
	done
	getfattr -n trusted.x "$N/etc"
}

@test "other tools read it: bsdtar and GNU tar" {
	save
	zstd -dc "$S" | tar -tf - >"$A/gnu"
	diff "$A/gnu" <(names)
	grep -qx etc/one "$A/gnu"
}

@test "a list of which nothing is there makes an archive that can be put over a root" {
	echo not/there >"$A/files"
	save -T "$A/files"
	echo before >"$N/etc/one"
	"$UNPACK" --over "$S" "$N"
	[ "$(cat "$N/etc/one")" = before ]
}

@test "lists: paths with their parents, patterns, comments; what is mounted and sockets stay out" {
	mkdir -p "$R/var/lib/app/cache" "$R/var/lib/other"
	touch "$R/var/lib/app/"{keep,x.bak} "$R/var/lib/app/cache/c" "$R/etc/x.bak"
	mount -t tmpfs home "$R/home" && touch "$R/home/theirs"
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' \
		"$R/etc/socket"
	printf '# mine\n  /etc/ \n\nvar/lib/app\nhome\nnot/there\r\n' >"$A/files"
	printf '*.bak\ncache\n/one\n' >"$A/exclude"
	save -T "$A/files" -X "$A/exclude"
	diff <(names) - <<-END
		etc/
		etc/one
		etc/two
		var/
		var/lib/
		var/lib/app/
		var/lib/app/keep
		home/
	END
}

@test "what was there before and is removed is removed from the next root too, and is never forgotten" {
	mkdir -p "$R/etc/dir/sub" && touch "$R/etc/dir/sub/x"
	"$PACK" -C "$R" --names >"$A/base"
	cp -a "$R/etc" "$N/"
	rm -r "$R/etc/two" "$R/etc/dir"
	save --base "$A/base"
	grep -qx REMOVED=2 "$A/out"
	names | grep -qx etc/.wh.two
	names | grep -qx etc/.wh.dir
	run ! grep 'wh.sub\|wh.x' <(names)
	"$UNPACK" --over --removed "$A/again" "$S" "$N"
	[ -e "$N/etc/one" ] && [ ! -e "$N/etc/two" ] && [ ! -e "$N/etc/dir" ] &&
		[ ! -e "$N/etc/.wh.two" ]
	diff <(tr '\0' '\n' <"$A/again") <(printf '%s\n' etc/dir etc/two)
}

@test "a marker cannot reach out of its directory" {
	mkdir "$A/evil" && touch "$A/evil/.wh..." "$A/evil/.wh.." "$A/evil/.wh."
	tar -C "$A" -cf "$A/evil.tar" --transform 's,^evil,etc,' evil/.wh... evil/.wh.. evil/.wh.
	touch "$N/keep" "$N/etc/keep"
	"$UNPACK" --over "$A/evil.tar" "$N"
	[ -e "$N/keep" ] && [ -e "$N/etc/keep" ]
}

@test "without --over such a member is a file like any other" {
	mkdir "$A/t" "$A/empty" && touch "$A/t/.wh.x"
	tar -C "$A/t" -cf "$A/t.tar" .wh.x
	"$UNPACK" "$A/t.tar" "$A/empty"
	[ -e "$A/empty/.wh.x" ]
}

@test "generations: the two before stay, a damaged one is not kept" {
	for n in 1 2 3 4; do
		echo $n >"$R/etc/one"
		save
	done
	[ "$(ls "$R/store")" = $'saved.tar.zst\nsaved.tar.zst.1\nsaved.tar.zst.2' ]
	for n in 4: 3:.1 2:.2; do
		[ "$(zstd -dc "$S${n#*:}" | bsdtar -xOf - etc/one)" = "${n%:*}" ]
	done
	echo junk >"$S"
	echo 5 >"$R/etc/one"
	save --damaged
	[ "$(zstd -dc "$S" | bsdtar -xOf - etc/one)" = 5 ]
	[ "$(zstd -dc "$S.1" | bsdtar -xOf - etc/one)" = 3 ]
	save -k 0
	[ "$(ls "$R/store")" = $'saved.tar.zst\nsaved.tar.zst.1\nsaved.tar.zst.2' ]
}

@test "no room: old generations are removed, the newest stays whole, and a message says so" {
	head -c 20M /dev/urandom >"$R/root/big"
	save && save && save
	run --separate-stderr save
	[ "$status" = 0 ] && [[ "$stderr" == *'removing the oldest'* ]]
	zstd -qt "$S"
	sum=$(sha256sum <"$S")
	head -c 60M /dev/urandom >"$R/root/big"
	run -1 save
	[[ "$output" == *"nothing is saved in '$S'"*'No space left'* ]]
	[ "$(sha256sum <"$S")" = "$sum" ]
	[ ! -e "$S.new" ]
}

@test "a damaged or cut archive puts nothing over the root" {
	save
	echo before >"$N/etc/one"
	for change in 'truncate -s -1' 'truncate -s 60' \
		'dd conv=notrunc bs=1 seek=50 count=4 status=none if=/dev/urandom of='; do
		cp "$S" "$A/bad"
		case $change in *=) $change"$A/bad" ;; *) $change "$A/bad" ;; esac
		run -1 "$UNPACK" --over "$A/bad" "$N"
		[ "$(cat "$N/etc/one")" = before ] &&
			[ "$(ls "$N" "$N/etc")" = "$(printf '%s:\netc\n\n%s/etc:\none' "$N" "$N")" ]
	done
}

@test "archives of others: gzip over files, links and directories that are there" {
	mkdir -p "$N/real" "$A/o/etc" "$A/o/home/u"
	ln -s real "$N/home"
	echo old >"$N/etc/one"
	echo new >"$A/o/etc/one"
	echo x >"$A/o/home/u/file"
	tar -C "$A/o" -czf "$A/o.tgz" etc home
	"$UNPACK" --over "$A/o.tgz" "$N"
	[ "$(cat "$N/etc/one")" = new ] && [ -L "$N/home" ] && [ -e "$N/real/u/file" ]
}

@test "usage" {
	run -2 "$PACK"
	run -2 "$PACK" a b
	run -2 "$PACK" -k 10 a
	run -2 "$PACK" -C
	run -2 "$UNPACK" --over --consume a "$N"
	run -1 "$PACK" -C "$R" "$R/no/directory/x"
	run -1 "$PACK" -C "$A/none" "$S"
	: >"$A/empty"
	run -1 "$PACK" -T "$A/empty" "$S"
	[[ "$output" == *'names nothing to save'* ]]
	[ "$("$PACK" --version)" = "packroot $(cat "$BATS_TEST_DIRNAME/../../../VERSION")" ]
}
