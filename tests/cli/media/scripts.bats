#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# What the scripts behind `mkvinitrd NAME` promise, without booting.
load ../../lib/env

bats_load_library bats-support
bats_load_library bats-assert
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR"
	TOP=$BATS_TEST_DIRNAME/../../..
	export MKVINITRD=$HOST/mkvinitrd
	mkdir -p tree/bin tree/etc
	cp /bin/true tree/bin/true
	echo hello >tree/etc/motd
	ln tree/etc/motd tree/etc/issue
	setcap cap_net_raw=ep tree/bin/true
	chown -R 1234:77 tree/etc
}

# kernel_of SYSROOT [VERSION]: which one a delivery command takes
kernel_of() {
	# shellcheck disable=SC2016
	run sh -c 'name=test sysroot=$1 kernel=$2 && . "$0/scripts/lib/common.sh" && find_kernel && echo "$vmlinuz"' "$TOP" "$1" "${2:-}"
}

@test "the kernel of a system is found by its version under the names of Debian, Fedora, Arch, Alpine and Gentoo, through links too" {
	kernel=$("$TOP/scripts/kernels" 6.12)
	version=$(ls "$kernel/lib/modules")
	mkdir -p "s/usr/lib/modules/$version" s/usr/lib/modules/5.1-removed/updates \
		s/usr/lib/modules/extramodules s/boot/old
	touch "s/usr/lib/modules/$version/modules.dep"
	ln -s usr/lib s/lib
	for path in "boot/vmlinuz-$version" "lib/modules/$version/vmlinuz" boot/vmlinuz-linux \
		boot/vmlinuz-lts boot/vmlinuz "boot/kernel-$version"; do
		cp "$kernel/vmlinuz" "s/$path"
		kernel_of s
		assert_output "s/$path"
		mv "s/$path" s/boot/old/k
		ln -s /boot/old/k "s/$path"
		kernel_of s "$version"
		assert_output s/boot/old/k
		rm "s/$path"
	done
	echo text >s/boot/vmlinuz-other
	kernel_of s
	assert_failure 1
	assert_output "test: no kernel of version $version in s/boot, as vmlinuz-$version or by another name: name one with -k FILE"
	# as on Ubuntu; a run in a tree that others cannot enter shows nothing
	cp "$TOP/scripts/lib/common.sh" .
	install -m 600 "$kernel/vmlinuz" "s/boot/vmlinuz-$version"
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" .
	run setpriv --reuid 65534 --clear-groups sh -c \
		'name=test sysroot=s kernel= && . ./common.sh && find_kernel'
	assert_failure 1
	assert_output "test: cannot read the kernel 's/boot/vmlinuz-$version', which some systems let only root read: run this as root, or name a copy with -k FILE"
	rm "s/boot/vmlinuz-$version"
	mkdir s/lib/modules/9.9
	touch s/lib/modules/9.9/modules.dep
	kernel_of s
	assert_output "test: 's' has several kernels ($version 9.9): choose one with -k"
}

@test "pack keeps owners, hard links and capabilities, and gives the same bytes twice" {
	for kind in tar.xz tar.zst tar.gz tar; do
		SOURCE_DATE_EPOCH=1 "$TOP/scripts/pack" tree "a.$kind"
		sleep 1.1 # times of reading must not reach the archive
		cat tree/etc/motd >/dev/null
		SOURCE_DATE_EPOCH=1 "$TOP/scripts/pack" tree "b.$kind"
		cmp "a.$kind" "b.$kind"
		mkdir "out.$kind"
		bsdtar -xpf "a.$kind" --numeric-owner -C "out.$kind"
		run getcap "out.$kind/bin/true"
		assert_output --partial cap_net_raw=ep
		run stat -c '%u:%g %h' "out.$kind/etc/motd"
		assert_output '1234:77 2'
	done
}

@test "pack makes squashfs and erofs that hold the tree, the same bytes twice" {
	"$TOP/scripts/pack" tree a.sqfs
	"$TOP/scripts/pack" tree b.sqfs
	cmp a.sqfs b.sqfs
	run unsquashfs -cat a.sqfs etc/motd
	assert_output hello
	"$TOP/scripts/pack" tree a.erofs
	"$TOP/scripts/pack" tree b.erofs
	cmp a.erofs b.erofs
	run fsck.erofs a.erofs
	assert_success
}

@test "pack refuses an ending that it does not know, and leaves nothing behind" {
	run "$TOP/scripts/pack" tree a.zip
	assert_failure 2
	assert_output --partial "a.zip"
	run find . -maxdepth 1 -name '.*.zip*'
	refute_output --partial zip
}

@test "frugal installs into a directory of a mounted partition and writes its menu entry" {
	kernel=$("$TOP/scripts/kernels" 6.12)
	"$TOP/scripts/pack" tree root.sqfs
	truncate -s 128M fs
	mke2fs -q -t ext4 -U 12345678-1234-1234-1234-123456789abc fs
	mkdir mnt
	mount -o loop fs mnt
	run "$TOP/scripts/frugal" -c -r "$kernel" mnt/linux root.sqfs
	umount mnt
	assert_success
	assert_output --partial 'search --no-floppy --set=root --fs-uuid 12345678-1234-1234-1234-123456789abc'
	assert_output --partial 'linux /linux/vmlinuz vi.image=/linux/root.sqfs vi.host=UUID=12345678-1234-1234-1234-123456789abc vi.persist=dir:/linux/changes'
	run debugfs -R 'ls /linux' fs
	assert_output --partial initramfs.img
}

@test "check and quickstart explain themselves without doing anything; a gate that does not exist fails the run" {
	for name in check quickstart; do
		run timeout 60 "$TOP/scripts/$name" --help
		assert_success
		assert_line --partial "  scripts/$name"
		[ "${#lines[@]}" -lt 10 ]
	done
	run timeout 60 "$TOP/ci/run-gates" layers layer
	assert_failure 2
	assert_line --partial 'run-gates: the gates are: compile sources unit'
}

@test "every script explains itself and refuses unknown options with status 2" {
	for name in vm pack iso usb frugal pxe uki update; do
		run "$HOST/mkvinitrd" "$name" --help
		assert_success
		assert_line --index 0 --partial "Usage: mkvinitrd $name"
		run "$HOST/mkvinitrd" "$name" -Z
		assert_failure 2
	done
}

@test "the exit status says what was wrong: a file, the usage, the profile" {
	kernel=$("$TOP/scripts/kernels" 6.12)
	mksquashfs tree root.sqfs -quiet -no-progress -all-root >/dev/null
	mkdir out tmp
	export TMPDIR=$PWD/tmp
	while IFS='|' read -r name words; do
		# shellcheck disable=SC2086 # words
		run "$HOST/mkvinitrd" $name -r "$kernel" -s 'nonsense x' $words </dev/null
		assert_failure 3
		assert_output --partial "unknown directive 'nonsense'"
		run "$HOST/mkvinitrd" $name -r "$kernel" -k 9.9.9 $words </dev/null
		assert_failure 1
		assert_output --partial "no kernel of version 9.9.9"
		assert_equal "${#lines[@]}" 1
		run "$HOST/mkvinitrd" $name --nonsense $words </dev/null
		assert_failure 2
		run "$HOST/mkvinitrd" $name -r "$kernel" -p no/such.profile $words </dev/null
		assert_output --partial no/such.profile
		assert_failure
		assert_equal "$(find out tmp -mindepth 1)" ''
	done <<'COMMANDS'
usb|out/drive.img root.sqfs
iso|-o out/cd.iso root.sqfs
uki|-o out/linux.efi
pxe|-o out/pxe root.sqfs
frugal|--host UUID=1-2 out/linux root.sqfs
vm|-t tree -- true
COMMANDS
}

@test "reports in JSON are JSON, whatever the names are" {
	kernel=$("$TOP/scripts/kernels" 6.12)
	mksquashfs tree root.sqfs -quiet -no-progress -all-root >/dev/null
	mkdir out tmp
	export TMPDIR=$PWD/tmp
	odd=$'out/a "quoted\\" \$name\twith größe'
	for name in 'usb ' 'iso -o' 'pxe -o' 'frugal --host UUID=1-2'; do
		# what GRUB could not pass to the kernel is refused,
		case $name in
		frugal*) odd='out/My $größe' ;;
		pxe*) odd='out/My größe' ;; # nor what a server's configuration cannot have
		*) odd=$'out/a "quoted\\" \$name\twith größe' ;;
		esac
		# shellcheck disable=SC2086 # words
		run --separate-stderr "$HOST/mkvinitrd" ${name%% *} -r "$kernel" --json ${name#* } \
			"$odd" root.sqfs </dev/null
		assert_success
		assert_equal "$(jq -r '.target // .file // .directory' <<<"$output")" "$odd"
		[ -e "$odd" ]
		rm -r "$odd"
	done
	run --separate-stderr "$HOST/mkvinitrd" uki -r "$kernel" --json -p share -o "$odd" \
		</dev/null
	assert_success
	jq -e --arg file "$odd" '.file == $file and .addon == false and .signed == false and (.version | startswith("6.12"))' <<<"$output"
	assert_equal "$(jq -r .sha256 <<<"$output")" "$(sha256sum <"$odd" | cut -c 1-64)"
}
