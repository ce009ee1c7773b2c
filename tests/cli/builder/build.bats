#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# build: what is in an image, that it is the same each time, and what failures leave behind.
# shellcheck disable=SC2154 # output, stderr, status: by bats
bats_require_minimum_version 1.5.0
load build

@test "the layout that init relies on" {
	profile 'root overlay' 'image /live/root.sqfs' 'module ext4'
	build
	"$M" ls out.img >members
	for path in init bin/busybox bin/sh bin/bootplan bin/coldplug bin/findimg bin/vdattach \
		bin/overlayroot bin/modprobe sbin \
		dev/console dev/null etc/initrd-release lib/mkvinitrd/part.sh \
		etc/mkvinitrd/image; do
		grep -qx -e "$path" -e "$path -> .*" members || {
			echo "no $path"
			return 1
		}
	done
	run ! grep -x bin/unpackroot members
	run ! grep 'busybox.links' members
	[ "$(tail -n 1 members)" = etc/mkvinitrd/sentinel ]
	"$M" check out.img
	"$M" unpack -C tree out.img
	[ "$(chroot tree /bin/sh -c 'echo "$0"; test -c /dev/console' run)" = run ]
}

@test "etc/mkvinitrd/image and the sentinel count what is there" {
	profile 'module ext4'
	build
	"$M" unpack -C tree out.img
	. tree/etc/mkvinitrd/image
	[ "$version" = "$(cat "$BATS_TEST_DIRNAME/../../../VERSION")" ] && [ "$kver" = $KVER ] &&
		[ "$profile" = t ]
	# all but the sentinel; the directory itself is no member
	[ "$members" = "$(($(find tree -mindepth 1 | wc -l) - 1))" ]
	[ "$bytes" = "$(find tree -type f ! -path '*/sentinel' -printf '%s\n' | paste -sd+ | bc)" ]
	grep -qx "members=$members" tree/etc/mkvinitrd/sentinel
	grep -Eqx 'xxh128=[0-9a-f]{32}' tree/etc/mkvinitrd/sentinel
}

@test "settings become kernel parameters in a fixed order, each with its place in the profile; blanks are quoted as the kernel does" {
	profile 'param console=ttyS0 quiet' \
		'verify sha256:0000000000000000000000000000000000000000000000000000000000000000' \
		'size 75%' 'persist dir:/changes' 'partition 1' 'host "LABEL=My Disk"' \
		'image /live/root.sqfs' 'root overlay' \
		'param "vi.net=a b"'
	build
	member etc/mkvinitrd/defaults >have
	cat >want <<-'END'
		# t.profile:8
		vi.mode=overlay
		# t.profile:7
		vi.image=/live/root.sqfs
		# t.profile:6
		vi.host="LABEL=My Disk"
		# t.profile:5
		vi.part=1
		# t.profile:4
		vi.persist=dir:/changes
		# t.profile:3
		vi.size=75%
		# t.profile:2
		vi.verify=sha256:0000000000000000000000000000000000000000000000000000000000000000
		# t.profile:1
		console=ttyS0
		# t.profile:1
		quiet
		# t.profile:9
		vi.net="a b"
	END
	diff -u want have
}

@test "an embedded image lies in the root, stored as it is, and its kernel parameter says so" {
	mkdir -p data
	head -c 300000 /dev/urandom >blob
	tar -c blob | xz >data/rootfs.tar.xz
	profile 'root tmpfs' 'image file:data/rootfs.tar.xz'
	build
	[ "$(member etc/mkvinitrd/defaults)" = \
		"$(printf '# t.profile:1\nvi.mode=tmpfs\n# t.profile:2\nvi.image=file:/rootfs.tar.xz')" ]
	member rootfs.tar.xz | cmp - data/rootfs.tar.xz
	# the very bytes are in the file
	offset=$(LC_ALL=C grep -obUaP '\xfd7zXZ\x00' out.img | tail -n 1 | cut -d: -f1)
	cmp -n "$(stat -c %s data/rootfs.tar.xz)" -i "$offset:0" out.img data/rootfs.tar.xz
	"$M" ls out.img | grep -x bin/unpackroot
}

@test "an embedded image that cannot be the root of this mode is refused, and the old output kept" {
	echo hello >notes.txt
	tar -cf root.tar notes.txt
	mksquashfs notes.txt root.sqfs -quiet -no-progress
	echo old >out.img
	for pair in 'tmpfs notes.txt is text' \
		'tmpfs root.sqfs squashfs, which mode tmpfs cannot take' \
		'overlay root.tar tar, which mode overlay cannot take'; do
		read -r mode file message <<<"$pair"
		profile "root $mode" "image file:$file"
		run build
		assert_failure 3
		assert_output --regexp \
			"t.profile:2:[0-9]+: error: '[^']*$file' is (a )?${message#is }"
		[ "$(cat out.img)" = old ]
	done
}

@test "files, directories, globs, links, nodes and hooks" {
	mkdir -p src/sub
	echo one >src/one.conf && echo two >src/sub/two.conf && ln -s one.conf src/link.conf &&
		echo '#!/bin/sh' >src/run && chmod 700 src/run
	chmod 600 src/one.conf
	profile 'file /etc/one src/one.conf' 'file /etc/two src/one.conf 0400' \
		'file /etc/tree src' 'file /etc/globbed src/*.conf' \
		'dir /var/lib/x 0700' 'link /etc/l ../one' 'node /dev/sda b 8 0 0660' \
		'hook attach src/run' 'hook attach src/sub/two.conf'
	build
	"$M" unpack -C tree out.img
	[ "$(stat -c '%a %u:%g' tree/etc/one tree/etc/two | paste -sd' ')" = '644 0:0 400 0:0' ]
	[ "$(cat tree/etc/tree/sub/two.conf)" = two ] &&
		[ "$(readlink tree/etc/tree/link.conf)" = one.conf ]
	[ "$(stat -c %a tree/etc/tree/run)" = 755 ]
	[ "$(ls tree/etc/globbed | paste -sd' ')" = 'link.conf one.conf' ]
	[ "$(stat -c %a tree/var/lib/x)" = 700 ] && [ "$(readlink tree/etc/l)" = ../one ]
	[ "$(stat -c '%F %t:%T %a' tree/dev/sda)" = 'block special file 8:0 660' ]
	[ "$(ls tree/lib/mkvinitrd/hooks/attach | paste -sd' ')" = '01-run 02-two.conf' ]
	[ -x tree/lib/mkvinitrd/hooks/attach/02-two.conf ]
}

@test "a profile's file takes the place of the skeleton's; two of its own for one place are an error at the second" {
	echo mine >mine && echo other >other
	profile 'file /lib/mkvinitrd/part.sh mine'
	build
	[ "$(member lib/mkvinitrd/part.sh)" = mine ]
	profile 'file /etc/x mine' 'file /etc/x other'
	run build
	assert_failure 3
	assert_line --regexp "t.profile:2:1: error: '/etc/x' is already in the image with other content: .*t.profile:1"
	profile 'file /init/x mine'
	run build
	assert_failure 3
	assert_line --regexp "t.profile:1:1: error: '/init/x' cannot be made: '/init' is not a directory"
}

@test "indexes name what is inside: the same as depmod makes of it" {
	profile 'module ext4 virtio_pci r8169' 'firmware none'
	build
	"$M" unpack -C tree out.img
	modules=tree/lib/modules/$KVER
	mkdir ours && cp "$modules"/modules.* ours
	cp "$S/usr/lib/modules/$KVER"/modules.builtin* "$S/usr/lib/modules/$KVER/modules.order" \
		"$modules"
	depmod -b tree $KVER
	for index in dep alias softdep; do
		diff -u <(grep -v '^#' "$modules/modules.$index" |
			sort) <(grep -v '^#' ours/modules.$index | sort)
	done
	cmp ours/modules.builtin "$S/usr/lib/modules/$KVER/modules.builtin"
	[ ! -e ours/modules.dep.bin ]
}

@test "compressed modules: as they are where the kernel can, but those that most boots load; else decompressed with matching indexes" {
	profile 'module ext4 r8169'
	own_system
	compress_module drivers/net/ethernet/realtek/r8169
	build
	path=lib/modules/$KVER/kernel/fs/ext4/ext4.ko
	member "lib/modules/$KVER/kernel/drivers/net/ethernet/realtek/r8169.ko.xz" |
		cmp - "$S/usr/lib/modules/$KVER/kernel/drivers/net/ethernet/realtek/r8169.ko.xz"
	member $path | cmp - <(xz -dc "$S/usr/$path.xz")
	member lib/modules/$KVER/modules.dep >dep
	grep -q 'ext4/ext4.ko:' dep
	grep -q 'r8169.ko.xz:' dep
	sed -i s/CONFIG_MODULE_DECOMPRESS=y// "$S/boot/config-$KVER"
	build
	member $path | cmp - <(xz -dc "$S/usr/$path.xz")
	member lib/modules/$KVER/modules.dep >dep
	grep -q 'ext4/ext4.ko:' dep
	run ! grep 'ko.xz' dep
	xz -dc "$S/usr/$path.xz" >ext4.ko
	rm "$S/usr/$path".*
	zstd -q ext4.ko -o "$S/usr/$path.zst"
	depmod -b "$S" $KVER
	build
	member $path | cmp - ext4.ko
	rm "$S/boot/config-$KVER"
	run "$M" build -v -p ./t.profile -r "$S" -o out.img
	assert_success
	assert_line --partial 'taking its .zst modules as they are because it is 5.17 or newer'
}

@test "what verifies the signatures of modules faster than the kernel itself comes first" {
	own_system
	modules=$S/usr/lib/modules/$KVER
	mkdir -p "$modules/kernel/arch/x86/crypto"
	printf '.section .modinfo,"a"\n.ascii "name=sha256_ssse3\\0license=GPL\\0alias=crypto-sha256\\0"\n' | as -o "$modules/kernel/arch/x86/crypto/sha256-ssse3.ko" -
	depmod -b "$S" "$KVER"
	profile 'module ext4'
	build
	"$M" ls out.img >members
	run grep -E 'sha256-ssse3|modules.first' members
	assert_failure
	echo CONFIG_MODULE_SIG_SHA256=y >>"$S/boot/config-$KVER"
	build
	[ "$(member lib/modules/$KVER/modules.first)" = crypto-sha256 ]
	"$M" why out.img lib/modules/$KVER/kernel/arch/x86/crypto/sha256-ssse3.ko |
		grep 'verifies the signatures of modules'
	profile 'module ext4' 'blacklist sha256_ssse3'
	build
	"$M" ls out.img >members
	run grep sha256-ssse3 members
	assert_failure
}

@test "a damaged module is named" {
	own_system
	sed -i s/CONFIG_MODULE_DECOMPRESS=y// "$S/boot/config-$KVER"
	truncate -s -40 "$S/usr/lib/modules/$KVER/kernel/fs/ext4/ext4.ko.xz"
	profile 'module ext4'
	run build
	assert_failure 1
	assert_output --regexp "ext4.ko.xz' is damaged"
}

@test "firmware of the chosen modules, its links and compressed files; a second build reads no module" {
	own_system
	fw=$S/usr/lib/firmware
	mkdir -p "$fw/real" "$fw/updates/rtl_nic"
	mv "$fw/rtl_nic/rtl8168g-2.fw" "$fw/real/a.fw"
	xz --check=crc32 "$fw/real/a.fw"
	ln -s ../real/a.fw.xz "$fw/rtl_nic/rtl8168g-2.fw.xz"
	profile 'module r8169'
	run "$M" build -v -p ./t.profile -r "$S" -o out.img
	assert_success
	assert_line --partial "no firmware 'rtl_nic/absent.fw', which module 'r8169' may ask for"
	"$M" unpack -C tree out.img
	cmp tree/lib/firmware/rtl_nic/rtl8168g-2.fw.xz "$fw/real/a.fw.xz"
	[ "$(readlink tree/lib/firmware/rtl_nic/rtl8168g-2.fw.xz)" = ../real/a.fw.xz ]
	cp out.img first.img
	# a leak check cannot run below strace
	ASAN_OPTIONS=detect_leaks=0 strace -f -o trace -e trace=openat "$M" build \
		-q -p ./t.profile -r "$S" -o out.img
	cmp out.img first.img
	# once, to be copied
	[ "$(grep -c 'r8169.ko' trace)" = 1 ]
	echo newer >"$fw/updates/rtl_nic/rtl8168g-2.fw"
	build
	[ "$(member lib/firmware/updates/rtl_nic/rtl8168g-2.fw)" = newer ]
	profile 'module r8169' 'firmware none'
	build
	run ! grep lib/firmware <("$M" ls out.img)
	profile 'firmware real' 'firmware /lib/firmware/rtl_nic'
	build
	"$M" ls out.img | grep -qx lib/firmware/real/a.fw.xz
}

@test "microcode comes first, uncompressed, each vendor's files joined" {
	own_system
	fw=$S/usr/lib/firmware
	rm -rf "$fw/intel-ucode" "$fw/amd-ucode"
	mkdir "$fw/intel-ucode" "$fw/amd-ucode"
	intel() { printf '\1\0\0\0%16s\1\0\0\0' "$1" && head -c 1000 /dev/zero; }
	intel one >"$fw/intel-ucode/06-03-02"
	intel two >"$fw/intel-ucode/06-0f-0b"
	echo no microcode >"$fw/intel-ucode/README"
	{ printf 'DMA\0' && head -c 500 /dev/zero; } |
		xz --check=crc32 >"$fw/amd-ucode/microcode_amd.bin.xz"
	profile 'microcode auto' 'module ext4'
	build
	[ "$(head -c 6 out.img)" = 070701 ]
	cpio -it --quiet <out.img 2>/dev/null | grep -qx kernel/x86/microcode/GenuineIntel.bin
	member kernel/x86/microcode/GenuineIntel.bin | cmp - <(cat "$fw"/intel-ucode/06-*)
	member kernel/x86/microcode/AuthenticAMD.bin |
		cmp - <(xz -dc "$fw/amd-ucode/microcode_amd.bin.xz")
	"$M" check out.img
}

@test "a program with its interpreter and libraries runs in the unpacked image" {
	own_system
	mkdir -p "$S/usr/lib/x86_64-linux-gnu" "$S/usr/sbin"
	rm -rf "$S/usr/lib64"
	ln -s usr/sbin "$S/sbin"
	mkdir "$S/usr/lib64"
	cp -a /usr/lib64/ld-linux-x86-64.so.2 "$S/usr/lib64"
	ldd /bin/bash /sbin/mke2fs | sed -n 's|.* => \(/[^ ]*\).*|\1|p' | sort -u |
		while read -r lib; do
			cp -a "$lib" "$S/usr/lib/x86_64-linux-gnu/"
			cp -a "$(realpath "$lib")" "$S/usr/lib/x86_64-linux-gnu/"
		done
	cp -a "$(realpath /lib64/ld-linux-x86-64.so.2)" "$S/usr/lib/x86_64-linux-gnu/"
	cp -a /usr/bin/bash /usr/bin/env "$S/usr/bin"
	cp -a /usr/sbin/mke2fs /usr/sbin/mkfs.ext4 "$S/usr/sbin"
	printf '#!/usr/bin/env bash\necho "script ran $BASH_VERSION"\n' >"$S/usr/bin/hello"
	chmod 755 "$S/usr/bin/hello"
	profile 'binary /bin/hello /sbin/mkfs.ext4'
	build
	"$M" unpack -C tree out.img
	chroot tree /usr/bin/hello | grep '^script ran'
	chroot tree /sbin/mkfs.ext4 -V
	[ "$(readlink tree/bin/mkfs.ext4)" = mke2fs ]
	"$M" check out.img
	profile 'binary /bin/tool' 'binary /no/such'
	run build
	assert_failure 3
	assert_line --partial "t.profile:2:8: error: '/no/such' does not exist below"
}
