#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# mkvinitrd frugal: what it installs, what it refuses, and that it leaves everything else on the partition alone.
# GRUB's own tools say what a path is for GRUB (grub-mkrelpath) and whether it finds the files (grub-emu).
load ../../lib/env
bats_require_minimum_version 1.5.0

setup_file() {
	kernel=$("$BATS_TEST_DIRNAME/../../lib/small-kernel" "$BATS_FILE_TMPDIR")
	export kernel
}

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	cd "$BATS_TEST_TMPDIR" || exit
	export MKVINITRD=${MKVINITRD:-$HOST/mkvinitrd} TMPDIR=$PWD/tmp
	mkdir tmp tree mnt
	echo hello >tree/motd
	mksquashfs tree root.sqfs -quiet -no-progress -all-root >/dev/null
}

teardown() {
	# the deepest first
	awk -v top="$BATS_TEST_TMPDIR/" 'index($5, top) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r path; do
		umount "$(printf '%b' "$path")" || umount -l "$(printf '%b' "$path")"
	done
}

frugal() { "$TOP/scripts/frugal" "$@"; }

# host TYPE [MIB]: a partition of that type on mnt
host() {
	rm -f fs
	truncate -s "${2:-300}M" fs
	case $1 in
	ext4) mke2fs -q -t ext4 fs ;;
	xfs) mkfs.xfs -q fs ;;
	btrfs) mkfs.btrfs -q fs ;;
	vfat) mkfs.vfat -F 32 -i 2EA7BEEF fs >/dev/null ;;
	ntfs) mkntfs -q -F -Q fs 2>/dev/null ;;
	exfat) mkfs.exfat fs >/dev/null ;;
	esac
	case $1 in
	ntfs) mount_fuse ntfs-3g ;;
	exfat) mount_fuse mount.exfat-fuse ;;
	vfat) mount_vfat ;;
	*) mount -o loop fs mnt ;;
	esac
}

# the drivers of this machine's kernel may be few
mount_fuse() {
	loop=$(losetup -f --show fs)
	"$1" "$loop" mnt >/dev/null 3>&- # a daemon: bats would wait for it
	losetup -d "$loop"
}

mount_vfat() { mount -o loop fs mnt; }

# everything below mnt: names, modes, contents, of files times too
picture() {
	(cd mnt && find . -mindepth 1 ! -path ./lost+found \( -type f -printf '%P %m %T@ ' -exec sha256sum {} \; -o -printf '%P %y %m\n' \) | LC_ALL=C sort)
}

bystanders() {
	mkdir -p mnt/Windows mnt/linux.old
	head -c 300000 /dev/urandom >mnt/Windows/ntoskrnl.exe
	echo old >mnt/linux.old/vmlinuz
	echo 'menuentry "Mine" {}' >mnt/grub.cfg
	sync
}

# installed DIRECTORY: each file of the manifest is what the manifest says, and the initramfs is one for that kernel
installed() {
	[ "$(grep -c '^file ' "$1/mkvinitrd.frugal")" -ge 5 ]
	(cd "$1" && sed -n 's/^file \([0-9a-f]*\) /\1  /p' mkvinitrd.frugal | sha256sum --quiet -c -)
	cmp "$kernel/vmlinuz" "$1/vmlinuz"
	"$HOST/mkvinitrd" check "$1/initramfs.img" -r "$kernel"
	grub-script-check "$1/grub.cfg"
	run find "$1" tmp -name '.frugal*' -o -path 'tmp/*'
	assert_output ''
}

@test "install, update and remove, twice, leave every other file as it is; files are what the manifest says" {
	types='ext4:2 ntfs:1' # again on one; every day on two, on the others usb and iso write as well
	[ -z "${CHECK_ALL:-}" ] || types='ext4:2 ntfs:2 xfs:1 exfat:1'
	for type in $types; do
		host ${type%:*} 320
		bystanders
		picture >before
		for _ in $(seq "${type#*:}"); do
			run -0 frugal -c -r "$kernel" mnt/linux root.sqfs
			installed mnt/linux
			cmp root.sqfs mnt/linux/root.sqfs
			mkdir mnt/linux/changes
			run -0 frugal --update mnt/linux
			installed mnt/linux
			rmdir mnt/linux/changes
			run -0 frugal --remove mnt/linux
			[ ! -e mnt/linux ]
			picture | diff before -
		done
		umount mnt
	done
}

@test "update keeps the old kernel as an entry, takes a new root, and keeps changes and options" {
	host ext4
	run -0 frugal -c -n 'My System' -a 'quiet test.a="b c"' -r "$kernel" mnt/linux root.sqfs
	mkdir mnt/linux/changes
	echo mine >mnt/linux/changes/file
	echo other >>tree/motd
	mksquashfs tree new.sqfs -quiet -no-progress -all-root >/dev/null
	old=$(sha256sum <mnt/linux/initramfs.img)
	run -0 frugal --update -s 'compress none' mnt/linux new.sqfs
	installed mnt/linux
	[ "$(sha256sum <mnt/linux/initramfs.previous.img)" = "$old" ]
	cmp new.sqfs mnt/linux/new.sqfs
	[ ! -e mnt/linux/root.sqfs ]
	[ "$(cat mnt/linux/changes/file)" = mine ]
	run cat mnt/linux/grub.cfg
	assert_line "menuentry 'My System' {"
	assert_line "menuentry 'My System (before the last update)' {"
	assert_output --partial "quiet 'test.a=b c'"
	# a file that the user changed is theirs
	echo '# mine' >>mnt/linux/grub.cfg
	run -0 frugal --remove mnt/linux
	assert_output --partial "'mnt/linux/grub.cfg' was changed since it was installed, and is left there"
	[ "$(find mnt/linux -type f | sort)" = 'mnt/linux/changes/file
mnt/linux/grub.cfg' ]
}

@test "a kernel without a driver for NTFS gets this machine's ntfs-3g; without one, and on other file systems, it is refused" {
	host ntfs
	older=$("$TOP/scripts/kernels" 6.1)
	run -0 frugal -r "$older" mnt/linux root.sqfs
	refute_output --partial warning
	"$HOST/mkvinitrd" unpack -C image mnt/linux/initramfs.img
	run -0 chroot image /bin/ntfs-3g --version
	run -0 frugal --update mnt/linux
	[ "$(grep -c '^option set' mnt/linux/mkvinitrd.frugal)" = 0 ]
	run -0 frugal --remove mnt/linux
	# from elsewhere, as on a network mount
	run -0 frugal --host UUID=0123456789ABCDEF -r "$older" elsewhere root.sqfs
	assert_output --partial 'insmod ntfs'
	"$HOST/mkvinitrd" ls elsewhere/initramfs.img | grep -x bin/ntfs-3g
	mkdir bin
	ln -sf /usr/bin/* /usr/sbin/* bin/
	rm bin/ntfs-3g
	PATH=$PWD/bin run -1 frugal -r "$older" mnt/linux root.sqfs
	assert_output --partial "has no driver for NTFS, the file system of 'mnt/linux', and there is no ntfs-3g: install ntfs-3g here or in the root"
	[ ! -e mnt/linux ]
	umount mnt
	host exfat
	mkdir -p few/boot few/lib/modules/6.1.0-9-test
	cp "$kernel/vmlinuz" few/boot/vmlinuz-6.1.0-9-test
	grep /ext4 "$kernel"/lib/modules/*/modules.dep >few/lib/modules/6.1.0-9-test/modules.dep
	run -1 frugal -r few mnt/linux root.sqfs
	assert_output "frugal: kernel 6.1.0-9-test has no driver for exfat, the file system of 'mnt/linux', and would not find its root there; nothing was changed"
	[ ! -e mnt/linux ]
}

@test "the path in the entries is the boot loader's, through bind mounts and btrfs subvolumes" {
	host btrfs
	btrfs -q subvolume create mnt/@ && btrfs -q subvolume create mnt/@/data
	mkdir mnt/@/data/deep bound top
	mount -o loop,subvol=@/data fs top
	mount --bind top/deep bound
	for directory in top/linux bound/linux mnt/@/data/x; do
		run -0 frugal -r "$kernel" "$directory" root.sqfs
		path=$(grub-mkrelpath "$directory")
		case $path in *@/data/*) ;; *) path=/@/data/${path#/} ;; esac # Debian's counts from the mounted subvolume
		run cat "$directory/grub.cfg"
		assert_output --partial "linux $path/vmlinuz vi.image=$path/root.sqfs"
		[ -e "mnt$path/vmlinuz" ]
	done
	umount bound top mnt
	host ext4
	mkdir -p mnt/a/b
	mount --bind mnt/a/b bound
	run -0 frugal -r "$kernel" bound/linux root.sqfs
	run cat bound/linux/grub.cfg
	assert_output --partial "linux $(grub-mkrelpath bound/linux)/vmlinuz vi.image=/a/b/linux/root.sqfs"
}

@test "names with blanks, quotes, dollars and UTF-8 are right for GRUB, or refused before anything is written" {
	host ext4
	# shellcheck disable=SC2016 # not a variable
	for name in 'My Linux' 'für $HOME' '#1 (neu);'; do
		cp root.sqfs "$name.sqfs"
		run -0 frugal -c -n "\"$name\" & more" -r "$kernel" "mnt/$name" "$name.sqfs"
		installed "mnt/$name"
		mkdir -p grub
		{
			sed "s/^menuentry .*/if true; then/; s/^}/fi/; s/insmod .*/true/; s/search .*/true/
				s/linux \(.*\)/set_words \1/; s/initrd \(.*\)/true \1/" "mnt/$name/grub.cfg" |
				sed '1i function set_words { if [ -f "(host)$base$1" ]; then echo "found $1"; fi; echo "word $2"; echo "word $4"; }' |
				sed "1i set base=$PWD/mnt"
			echo exit
		} >grub/grub.cfg
		run bash -c 'timeout 20 grub-emu -d "$PWD/grub" </dev/null 2>&1 | tr -d "\r"'
		assert_output --partial "found /"
		case $name in *[!\ -~]*) continue ;; esac # its console has ASCII
		assert_output --partial "found /$name/vmlinuz"
		assert_output --partial "word vi.image=/$name/$name.sqfs"
		assert_output --partial "word vi.persist=dir:/$name/changes"
	done
	picture >before
	cp root.sqfs "it's.sqfs"
	run -1 frugal -r "$kernel" mnt/new "it's.sqfs"
	assert_output --partial "/new/it's.sqfs"
	assert_output --partial 'nothing was written'
	run -1 frugal -r "$kernel" mnt/'a"b' root.sqfs
	assert_output --partial 'double quote'
	picture | diff before -
}

@test "what is not ours is not replaced; no root, no room, no UUID are one line, and nothing is left" {
	host ext4 40
	mkdir mnt/linux
	echo precious >mnt/linux/vmlinuz
	picture >before
	run -1 frugal -r "$kernel" mnt/linux root.sqfs
	assert_output "frugal: 'mnt/linux/vmlinuz' exists and was not made by mkvinitrd frugal: move it away, or choose another directory; nothing was changed"
	echo 'no root' >text
	run -1 frugal -r "$kernel" mnt/new text
	assert_output --partial text
	[ "${#lines[@]}" = 1 ]
	run -1 frugal -r "$kernel" mnt/new missing.sqfs
	assert_output "frugal: there is no file 'missing.sqfs'"
	head -c 30M /dev/urandom >mnt/fill
	picture >before
	run -1 frugal -r "$kernel" mnt/new root.sqfs
	assert_output --regexp "^frugal: 'mnt/new' has no room: [0-9]+ MiB needed, [0-9]+ MiB free; nothing was changed$"
	picture | diff before -
	umount mnt
	mount -t tmpfs tmpfs mnt
	run -1 frugal -r "$kernel" mnt/linux root.sqfs
	assert_output --partial 'cannot be asked for its UUID: say how the boot loader finds that partition: --host UUID=...'
	[ ! -e mnt/linux ]
	run -0 frugal --host UUID=0123-4567 --boot-path /vm/linux -r "$kernel" mnt/linux root.sqfs
	assert_output --partial 'search --no-floppy --set=root --fs-uuid 0123-4567'
	assert_output --partial 'linux /vm/linux/vmlinuz vi.image=/vm/linux/root.sqfs vi.host=UUID=0123-4567 vi.persist=ram'
	installed mnt/linux
	diff mnt/linux/systemd-boot.conf - <<-'ENTRY'
		title Linux from /vm/linux/root.sqfs
		linux /vm/linux/vmlinuz
		initrd /vm/linux/initramfs.img
		options vi.image=/vm/linux/root.sqfs vi.host=UUID=0123-4567 vi.persist=ram
	ENTRY
	run -2 frugal --host sda1 -r "$kernel" mnt/linux root.sqfs
	run -2 frugal --remove
	run -1 frugal --remove mnt/other
	assert_output --partial "has no installation of mkvinitrd frugal"
}

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

# interrupting_programs: they count their calls, and the one whose number is in the file at interrupts the whole process group
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
	PATH=$PWD/bin:$PATH setsid -w "$TOP/scripts/frugal" --update -s 'compress none' mnt/linux >log 2>&1 3>&- || status=$?
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
		[ -z "$(pgrep -f "$PWD/[b]in|frugal --[u]pdate.*$PWD")" ] || fail "runs on: $(pgrep -af "$PWD")"
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

@test "the report with --json is JSON, with the parameters and every file" {
	host ext4
	# a full standard output undoes nothing
	frugal --json -r "$kernel" "mnt/a b" root.sqfs 2>log >/dev/full && status=0 || status=$?
	assert_equal "$status $(tail -n 1 log)" "1 frugal: cannot write the result to standard output; 'mnt/a b' is installed"
	frugal --json -n 'a "b" \c' -r "$kernel" "mnt/a b" root.sqfs 2>/dev/null >out.json
	run jq -r '.directory, .path, .mode, (.files | length > 4), .parameters' out.json
	assert_line --index 0 'mnt/a b'
	assert_line --index 1 '/a b'
	assert_line --index 2 overlay
	assert_line --index 3 true
	assert_line --index 4 --partial 'vi.image="/a b/root.sqfs"'
}

# vm_disk FORMAT DIRECTORY: disk.FORMAT in it, as a virtual machine has it: an EFI partition, a Debian-like root with two kernels
vm_disk() {
	mkdir -p vm/boot vm/usr/lib/modules/6.1.0-9-test
	ln -s usr/lib vm/lib
	cp -r "$kernel"/lib/modules/* vm/usr/lib/modules/
	cp "$kernel/vmlinuz" "vm/boot/vmlinuz-$(basename "$kernel"/lib/modules/*)"
	cp "$kernel"/lib/modules/*/modules.dep vm/usr/lib/modules/6.1.0-9-test/
	cp "$kernel/vmlinuz" vm/boot/vmlinuz-6.1.0-9-test
	truncate -s 16M esp
	mkfs.vfat esp >/dev/null
	mke2fs -q -t ext4 -d vm root.ext4 200M
	truncate -s 250M disk.raw
	printf 'label: gpt\nsize=16MiB, type=U\nsize=200MiB, type=L\n' | sfdisk -q disk.raw
	dd if=esp of=disk.raw bs=1M seek=1 conv=notrunc,sparse status=none
	dd if=root.ext4 of=disk.raw bs=1M seek=17 conv=notrunc,sparse status=none
	qemu-img convert -f raw -O "$1" disk.raw "$2/disk.$1"
	rm -r vm esp root.ext4 disk.raw
}

@test "the newest kernel of a VM's disk, an initramfs for it and its entries are put beside the image, which is only read" {
	host ext4 400
	mkdir mnt/vm
	vm_disk vhdx mnt/vm
	version=$(basename "$kernel"/lib/modules/*)
	picture >before
	run -0 frugal --disk mnt/vm/disk.vhdx
	assert_output --partial "menuentry 'Linux from disk.vhdx' {"
	assert_output --partial "linux /vm/disk.vhdx.boot/vmlinuz vi.image=/vm/disk.vhdx vi.host=UUID="
	assert_output --partial 'vi.part=2 rw vi.kernel=image'
	assert_output --partial "menuentry 'Linux from disk.vhdx (previous kernel of the image)' {"
	assert_output --partial "menuentry 'Linux from disk.vhdx (kernel $version)' {"
	installed mnt/vm/disk.vhdx.boot
	"$HOST/mkvinitrd" ls mnt/vm/disk.vhdx.boot/initramfs.img | grep -q "^lib/modules/$version/kernel/fs/ext4/"
	"$HOST/bin/vdattach" check mnt/vm/disk.vhdx
	[ -z "$("$HOST/bin/vdattach" list | grep disk.vhdx)" ]
	run -0 frugal --update mnt/vm/disk.vhdx.boot
	installed mnt/vm/disk.vhdx.boot
	run -1 frugal --part 1 --disk mnt/vm/disk.vhdx mnt/vm/other
	assert_output --partial 'is a root with a kernel in /boot'
	run -0 frugal --remove mnt/vm/disk.vhdx.boot
	# the files on another partition than the image
	truncate -s 64M other
	mke2fs -q -t ext4 -U 12345678-1234-1234-1234-123456789abc other
	mkdir kernels
	mount -o loop other kernels
	run -0 frugal --disk mnt/vm/disk.vhdx kernels/linux
	assert_output --partial 'search --no-floppy --set=root --fs-uuid 12345678-1234-1234-1234-123456789abc'
	assert_output --partial "linux /linux/vmlinuz vi.image=/vm/disk.vhdx vi.host=UUID=$(blkid -p -s UUID -o value fs) vi.part=2"
	run -1 frugal --host UUID=1 --disk mnt/vm/disk.vhdx kernels/other
	assert_output --partial 'DIRECTORY must be beside'
	umount kernels
	picture | diff before -
	head -c 1M /dev/urandom >mnt/vm/x.vhdx
	run -1 frugal --disk mnt/vm/x.vhdx
	[ "${#lines[@]}" = 1 ]
	[ ! -e mnt/vm/x.vhdx.boot ]
	# interrupted while the image is attached
	setsid "$TOP/scripts/frugal" --disk mnt/vm/disk.vhdx >log 2>&1 3>&- &
	pid=$!
	until grep -q "$PWD/tmp" /proc/$pid/mountinfo || ! kill -0 $pid 2>/dev/null; do sleep 0.02; done
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	[ $status = 143 ] || fail "status $status: $(cat log)"
	run ! grep "$PWD/tmp" /proc/self/mountinfo
	[ -z "$("$HOST/bin/vdattach" list | grep disk.vhdx)" ]
	rm mnt/vm/x.vhdx
	picture | diff before -
}
