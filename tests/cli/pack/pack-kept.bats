#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# `mkvinitrd pack` keeps what a root has: modes, owners, devices, links, odd names, times, xattrs,
# capabilities and ACLs, in each format that can hold it. tar, cpio and the kernel's own file
# systems say what is in an output.
bats_require_minimum_version 1.5.0
load ../../lib/env

bats_load_library bats-support
bats_load_library bats-assert

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	M=$HOST/mkvinitrd
	mkdir tmp mnt
	export TMPDIR=$PWD/tmp
}

teardown() {
	! mountpoint -q "$BATS_TEST_TMPDIR/mnt" || umount "$BATS_TEST_TMPDIR/mnt"
}

# odd_root: in tree
odd_root() {
	mkdir -p tree/{bin,etc,usr,nodes,empty,sticky,shared,acls}
	(
		cd tree || exit
		echo ping >bin/ping && setcap cap_net_raw+ep bin/ping
		echo su >bin/su && chmod 4755 bin/su
		echo wall >bin/wall && chgrp 5 bin/wall && chmod 2755 bin/wall
		chmod 1777 sticky
		chown 0:50 shared && chmod 2770 shared
		echo none >none && chmod 000 none && chown 65534:65534 none
		mkfifo -m 620 fifo
		mknod -m 660 nodes/sda b 8 0
		mknod -m 666 nodes/null c 1 3
		mknod nodes/big c 250 1048575
		echo marked >marked
		setfattr -n user.note -v 'x y' marked
		setfattr -n trusted.mark -v z marked
		setfattr -n security.selinux -v system_u:object_r:etc_t:s0 marked
		setfattr -n trusted.mark -v d acls
		ln marked hard
		ln -s 'a b' link && chown -h 100000:200000 link
		ln -s "$(printf 'x%.0s' $(seq 300))" long
		touch "./$(printf 'n%.0s' $(seq 255))" $'./back\\slash' $'./\xff\xfe' './ blank' \
			./-dash './a*b[c]?' $'./"q\''
		mkdir -p "deep/$(printf 'd%.0s' $(seq 120))/$(printf 'e%.0s' $(seq 120))/file"
		truncate -s 3M sparse && echo end >>sparse
		chown 3000000000:3000000001 etc
		touch -d @1700000000.25 marked
		touch -d @1000000000 bin/su
	)
}

# facts DIRECTORY [ALSO]: a line for each file; lost+found is that of a file system
facts() {
	(
		cd "$1" || exit
		find . -name lost+found -prune -o -print0 | LC_ALL=C sort -z |
			while IFS= read -r -d '' path; do
				case ${2:-} in *size*) ;; *) printf '%s ' \
					"$(LC_ALL=C stat -c '%A %u:%g %t:%T' "$path")" ;; esac
				[ -d "$path" ] || stat -c '%h %s' "$path"
				printf '%q' "$path"
				[ ! -L "$path" ] || printf ' -> %q' "$(readlink "$path")"
				[ ! -f "$path" ] || sha256sum <"$path"
				case ${2:-} in *xattrs*) getfattr -h -d -m - \
					--absolute-names "$path" 2>/dev/null |
					sed '/^# file/d' ;; esac
				case ${2:-} in *times*) [ "$path" = . ] ||
					stat -c %Y "$path" ;; esac
				echo
			done
	)
}

# mounted FILE [OFFSET]: on mnt
mounted() { mount -o "ro,loop${2:+,offset=$2}" "$1" mnt; }

@test "tar archives keep everything, in every compressor" {
	odd_root
	setfacl -m u:1000:r tree/marked
	setfacl -d -m g:50:rwx tree/acls
	facts tree 'xattrs times' >want
	for ending in tar tar.gz tar.bz2 tar.xz tar.zst; do
		"$M" pack -q tree out.$ending
		rm -rf got && mkdir got
		tar -C got --numeric-owner --xattrs --xattrs-include='*' --acls -xpf out.$ending
		facts got 'xattrs times' | diff want -
		# and what unpacks it at boot
		rm -rf got && mkdir got
		"$HOST/bin/unpackroot" -q out.$ending got
		facts got 'xattrs times' | diff want -
	done
}

@test "file systems keep everything" {
	odd_root
	setfacl -m u:1000:r tree/marked
	setfacl -d -m g:50:rwx tree/acls
	facts tree 'xattrs times' >want
	"$M" pack -q tree out.ext4
	mounted out.ext4
	facts mnt 'xattrs times' | diff want -
	umount mnt
	run "$M" pack -q tree out.erofs
	# Debian 12's mkfs.erofs has a limit; that is said
	[ "$status" = 0 ] ||
		assert_output --partial \
			'a name of 255 bytes, which this mkfs.erofs cannot store: ./nnn'
	rm -f tree/nnn*
	facts tree xattrs >want.erofs
	"$M" pack -q tree out.erofs
	mounted out.erofs
	facts mnt xattrs | diff want.erofs -
	umount mnt
	facts tree 'xattrs times' >want
	"$M" pack -q tree out.cloop
	"$HOST/bin/vdattach" cat -o cloop.ext4 out.cloop
	mounted cloop.ext4
	facts mnt 'xattrs times' | diff want -
	umount mnt
	"$M" pack -q --no-boot tree out.raw
	"$HOST/bin/vdattach" cat -p PARTLABEL=root -o part out.raw
	mounted part
	facts mnt 'xattrs times' | diff want -
	umount mnt
}

@test "squashfs keeps everything but ACLs, which it cannot have, and says so" {
	odd_root
	facts tree 'xattrs times' >want
	run -0 "$M" pack tree out.sqfs
	refute_output --partial warning
	[ ! -e ./- ] # unsquashfs takes no - for its output
	mounted out.sqfs
	facts mnt 'xattrs times' | diff want -
	umount mnt
	setfacl -m u:1000:r tree/marked
	run -0 "$M" pack tree out.sqfs
	assert_line "pack: warning: the root has ACLs (such as ./hard), which squashfs cannot hold: they are left out; tar, erofs and ext4 keep them"
}

@test "cpio keeps all that it can, and says what it cannot" {
	odd_root
	chown 0:0 tree/etc
	facts tree >want
	run -0 "$M" pack tree out.cpio
	assert_line "pack: warning: the root has xattrs, capabilities or ACLs (such as ./acls/), which cpio cannot hold: they are left out; tar, squashfs, erofs and ext4 keep them"
	mkdir got
	(cd got && cpio -idm --quiet --no-absolute-filenames <../out.cpio)
	facts got | diff want -
}

@test "what is read from an archive, a squashfs or a disk is kept as well" {
	odd_root
	facts tree xattrs >want
	tar -C tree --xattrs --xattrs-include='*' -cf - . | zstd -q -1 >in.tar.zst
	"$M" pack -q tree in.sqfs
	"$M" pack -q --no-boot tree in.vmdk
	for in in in.tar.zst in.sqfs in.vmdk; do
		"$M" pack -q $in out.tar
		rm -rf got && mkdir got
		tar -C got --numeric-owner --xattrs --xattrs-include='*' --acls -xpf out.tar
		facts got xattrs | diff want -
	done
}
