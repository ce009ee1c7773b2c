#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# mkvinitrd pack: names, places, environments and interruptions that must harm nothing
bats_require_minimum_version 1.5.0
load ../../lib/env

bats_load_library bats-support
bats_load_library bats-assert
load pack

@test "a full target keeps the old file, and says so in one line" {
	mkdir small
	mount -t tmpfs -o size=100k tmpfs small
	for out in small/a.tar.zst small/a.sqfs; do
		echo old >$out
		run -1 "$M" pack -q tree $out
		assert_equal "${#lines[@]} $(cat $out)" '1 old'
		assert_output --partial 'no space left'
		rm $out
	done
	assert_equal "$(ls -A small)" ''
	umount small
}

@test "nothing is left in the directory that it was called from" {
	mkdir elsewhere
	(cd elsewhere && "$M" pack -q ../tree ../a.sqfs)
	run ls -A elsewhere
	assert_output ''
}

@test "two at the same time both come into the list of checksums" {
	mkdir bin
	cat >bin/minisign <<-'SIGN'
		#!/bin/sh
		: >signing
		while [ ! -e go ]; do sleep 0.1; done
		for last in "$@"; do case $before in -x) echo signed >"$last" ;; esac && before=$last; done
	SIGN
	chmod +x bin/minisign
	echo key >key
	PATH=$PWD/bin:$PATH "$M" pack -q --sign-key key tree a.tar &
	first=$!
	while [ ! -e signing ]; do sleep 0.1; done
	"$M" pack --checksums tree b.tar 2>said &
	second=$!
	until grep -q 'waiting for' said || [ -e b.tar ]; do sleep 0.1; done
	: >go
	wait "$first"
	wait "$second"
	assert_equal "$(cut -d ' ' -f 3 SHA256SUMS | sort | paste -s -d ' ')" 'a.tar b.tar'
	sha256sum -c SHA256SUMS
}

@test "an output that lies in the root is not packed into itself" {
	echo old >tree/out.tar
	"$M" pack -q tree tree/out.tar
	run names tree/out.tar
	refute_output --partial out.tar
}

@test "names with spaces, quotes, dashes and UTF-8 are names" {
	for name in ' my "root' -dash "it's" $'\xc3\xa4;$(id)'; do
		cp -a tree "./$name"
		"$M" pack -q --checksums -- "$name" "$name.tar.gz"
		"$M" pack -q -- "$name.tar.gz" "$name.sqfs"
		unsquashfs -cat "./$name.sqfs" etc/motd | grep -x hello
	done
	sha256sum -c SHA256SUMS
}

@test "names that tools take for more than a name are names; a link that leads nowhere and an input are no output" {
	long=$(printf 'n%.0s' {1..240})
	for out in 'what?offset=4096.ext4' $'new\nline.tar' 'back\nslash.tar' "$long.tar"; do
		run -0 "$M" pack --checksums tree "$out"
		"$M" identify -q "$out"
	done
	"$M" pack -q --checksums tree 'back\nslash.tar'
	assert_equal "$(wc -l <SHA256SUMS)" 4
	sha256sum -c SHA256SUMS
	cp "what?offset=4096.ext4" plain
	e2fsck -fn plain
	run -2 "$M" pack --no-boot tree 'a"b.vmdk'
	ln -s nowhere/x link.tar
	run -1 "$M" pack tree link.tar
	assert_output "pack: 'link.tar' is a link that leads nowhere: remove it, or make the directory that it names"
	ln -s "$long.tar" same.tar
	run -1 "$M" pack "$long.tar" same.tar
	assert_output "pack: 'same.tar' is read for this, and would be replaced: choose another output"
	TMPDIR="$PWD/tm'p x" && mkdir "$TMPDIR"
	"$M" pack -q tree a.ext4
	run -1 env TMPDIR="$PWD/tmp?" "$M" pack tree a.ext4
	assert_equal "${#lines[@]}" 1
}

@test "closed standard files, a full standard output, and what the environment has for tools, harm nothing" {
	"$M" pack -q tree a.sqfs
	for close in '<&-' '2>&-' '<&- 2>&-'; do
		bash -c "'$M' pack tree b.sqfs $close"
		cmp a.sqfs b.sqfs
	done
	for to in '>&-' '>/dev/full' '--json >/dev/full'; do
		run -1 bash -c "'$M' pack tree c.sqfs $to"
		assert_line "pack: cannot write the result to standard output; 'c.sqfs' is complete"
		cmp a.sqfs c.sqfs
	done
	TAR_OPTIONS=--exclude=motd POSIXLY_CORRECT=1 MKE2FS_CONFIG=/dev/null "$M" pack -q tree \
		b.sqfs
	cmp a.sqfs b.sqfs
	run -2 env SOURCE_DATE_EPOCH=now "$M" pack tree b.sqfs
	for tool in tar du; do
		mkdir "$tool-of-others"
		ln -s /bin/busybox "$tool-of-others/$tool"
		run -1 env PATH="$PWD/$tool-of-others:$PATH" "$M" pack tree b.sqfs
		assert_output "pack: the $tool in PATH ($PWD/$tool-of-others/$tool) is not that of GNU, which is needed: apt-get install $([ $tool = tar ] && echo tar || echo coreutils)"
	done
}

@test "a target that goes away, and what only other users may read, are one line" {
	mkdir away bin
	printf '#!/bin/sh\n[ ! -d away ] || mv away gone\nexec /usr/bin/zstd "$@"\n' >bin/zstd
	chmod +x bin/zstd
	run -1 env PATH="$PWD/bin:$PATH" "$M" pack -q tree away/a.tar.zst
	assert_output "pack: cannot write 'away/a.tar.zst': its directory is not there any more"
	for_everybody
	chown -R nobody tree .
	mkdir tree/etc/secret
	chmod 700 tree/etc/secret
	for out in a.cpio a.ext4; do
		run -1 setpriv --reuid nobody --clear-groups "$M" pack -q tree $out
		assert_equal "${#lines[@]}" 1
	done
	rmdir tree/etc/secret
	echo 1 >tree/etc/machine-id
	chmod 600 tree/etc/machine-id
	run -1 setpriv --reuid nobody --clear-groups "$M" pack -q tree a.tar
	assert_equal "${#lines[@]}" 1
	assert_output --partial "cannot read all of 'tree', so nothing was packed"
}

@test "a disk that boots: GRUB finds what it loads, whatever the names and parameters are, at any time and umask; others are refused" {
	mkdir tree/boot
	kernel="6.1 \$x'y"
	cp "$("$BATS_TEST_DIRNAME/../../../scripts/kernels" 6.12)/vmlinuz" \
		"tree/boot/vmlinuz-$kernel"
	echo initrd >"tree/boot/initrd.img-$kernel"
	"$M" pack -q --append 'a="b c" d$e' tree a.raw
	sleep 2.1
	(umask 077 && TZ=Asia/Tokyo "$M" pack -q --append 'a="b c"' --append 'd$e' tree b.raw)
	cmp a.raw b.raw
	"$HOST/bin/vdattach" cat -p 3 -o part a.raw
	debugfs -R 'cat /boot/grub/grub.cfg' part >menu
	grub-script-check menu
	grep -F "linux '/boot/vmlinuz-6.1 \$x'\\''y' root=UUID=" menu
	grep -F " ro 'a=b c' 'd\$e'" menu
	for append in 'a"b' $'a\nb' 'a\b'; do
		run -2 "$M" pack --append "$append" tree b.raw
		assert_equal "${#lines[@]}" 1
	done
	printf '#!/bin/sh\ncase $* in *core.img*seek=2048*) exit 0 ;; esac\nexec /bin/dd "$@"\n' >dd
	chmod +x dd
	run -1 env PATH="$PWD:$PATH" "$M" pack -q tree b.raw
	assert_output --partial "what was written to 'b.raw' cannot be read back as it was"
	cmp a.raw b.raw
	for args in '--append x a.tar' '--no-boot a.sqfs' '--label x a.tar' '--free 1 a.erofs' \
		'--no-boot --append x a.raw' '--label aaaaaaaaaaaaaaaaa a.ext4'; do
		# shellcheck disable=SC2086 # words
		run -2 "$M" pack tree $args
	done
}

@test "INT and TERM at any moment leave nothing but the old file" {
	local moments='0 6 12 18 24 30 38'
	[ -z "${CHECK_ALL:-}" ] || moments='0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 34 38 42 46'
	for moment in $moments; do
		out=$((moment % 4 ? 0 : 1))
		[ $out = 1 ] && out=out.sqfs signal=INT || { out=out.ext4 && signal=TERM; }
		echo old >$out
		env --default-signal "$M" pack -q tree $out 2>log &
		pid=$!
		sleep "$(printf '%d.%02d' $((moment / 20)) $((moment % 20 * 5)))"
		kill -"$signal" $pid 2>/dev/null || :
		status=0
		wait $pid || status=$?
		if [ $status != 0 ]; then
			assert_equal $status $((128 + $(kill -l "$signal")))
			# too late, which is said, or not at all
			grep -q "'$out' is complete" log || assert_equal "$(head -c 9 $out)" old
		fi
		assert_equal "$(ls -A tmp)" ''
		assert_equal "$(find . -maxdepth 1 -name '.*tmp*')" ''
	done
}
