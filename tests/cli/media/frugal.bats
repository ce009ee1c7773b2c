#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# mkvinitrd frugal: what it installs, what it refuses, and that it leaves everything else on the
# partition alone.
# GRUB's own tools say what a path is for GRUB (grub-mkrelpath) and whether it finds the files
# (grub-emu).
load ../../lib/env
bats_require_minimum_version 1.5.0
load frugal

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
	run -0 frugal --host UUID=0123456789abcdef --boot-path /elsewhere -r "$older" elsewhere root.sqfs
	assert_output --partial 'insmod ntfs'
	grep -q '^find .* /elsewhere/vmlinuz uuid () 0123456789ABCDEF$' elsewhere/grub4dos.lst
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
		case $path in *@/data/*) ;; *) path=/@/data/${path#/} ;; esac
		# Debian's counts from the mounted subvolume
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
				sed \
					'1i function set_words { if [ -f "(host)$base$1" ]; then echo "found $1"; fi; echo "word $2"; echo "word $4"; }' |
				sed "1i set base=$PWD/mnt"
			echo exit
		} >grub/grub.cfg
		run bash -c 'timeout 60 grub-emu -d "$PWD/grub" </dev/null 2>&1 | tr -d "\r"'
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

@test "a root with the name of another file of the installation, or a hidden one, is refused, as is a directory that no menu can have, before anything is written" {
	host ntfs
	bystanders
	picture >before
	for name in vmlinuz Initramfs.IMG grub.cfg windows.txt changes mkvinitrd.frugal; do
		mv root.sqfs "$name"
		run -1 frugal -r "$kernel" mnt/linux "$name"
		assert_output "frugal: '$name' has the name of another file of the installation: rename it; nothing was changed"
		mv "$name" root.sqfs
	done
	mv root.sqfs .root.sqfs
	run -1 frugal -r "$kernel" mnt/linux .root.sqfs
	assert_output "frugal: '.root.sqfs' has a name that begins with a dot: rename it; nothing was changed"
	run -2 frugal -r "$kernel" '' root.sqfs
	run -1 frugal -r "$kernel" $'mnt/two\nlines' .root.sqfs
	assert_output "frugal: 'mnt/two\nlines' has a control character, which no menu can have; nothing was changed"
	picture | diff before -
	# one that is there already is not copied
	mkdir mnt/linux
	cp .root.sqfs mnt/linux/
	run -0 frugal -r "$kernel" mnt/linux mnt/linux/.root.sqfs
	run -0 frugal --update mnt/linux
	run -0 frugal --remove mnt/linux
	cmp .root.sqfs mnt/linux/.root.sqfs
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
	grep -qx 'find --set-root --ignore-floppies --ignore-cd /vm/linux/vmlinuz uuid () 0123-4567' \
		mnt/linux/grub4dos.lst
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
