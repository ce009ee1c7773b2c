#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# The examples of the man pages and the README work as they stand: commands are run on a scratch
# machine, profiles are checked, kernel parameters are taken. What cannot be run is named in
# cannot_run, with the reason.
load ../../lib/env
bats_require_minimum_version 1.5.0

PROGRAMS='mkvinitrd coldplug findimg netfetch vdattach overlayroot packroot unpackroot bootplan'

# A disk of two partitions; as VHD, fixed and dynamic
disks() {
	truncate -s 48M other.raw
	printf 'start=2048,size=8192\n,\n' | sfdisk -q other.raw
	mkdir -p system/etc system/usr
	mke2fs -q -F -L data -d system -E offset=$((10240 * 512)) other.raw 40M
	qemu-img convert -O vpc -o subformat=fixed,force_size=on other.raw windows.vhd
	qemu-img convert -O vpc -o subformat=dynamic,force_size=on other.raw disk.vhd
}

# What the examples name, as far as it is the same for all
setup_file() {
	local files=$BATS_FILE_TMPDIR/files dir
	KERNEL=$("$BATS_TEST_DIRNAME/../../../scripts/kernels" 6.12)
	export KERNEL
	export CASE=/root/examples.$$
	mkdir -p "$files$CASE" "$files/usr/local/bin" "$files/live" "$files/etc"
	cd "$files$CASE" || return
	disks
	mkdir tree
	echo root >tree/file
	tar -C tree -c . | zstd -q >rootfs.tar.zst
	tar -C tree -cJf "$files/rootfs.tar.xz" .
	cp "$files/rootfs.tar.xz" lab.tar.xz
	mksquashfs tree "$files/live/root.sfs" -quiet -no-progress >/dev/null
	cp "$files/live/root.sfs" "$files/apps.sfs"
	mkfs.erofs --quiet "$files/base.erofs" tree >/dev/null
	echo 'include overlay' >lab.profile
	git init -q . && git add lab.profile
	git -c user.name=lab -c user.email=lab@example.org commit -qm lab
	echo '127.0.0.1 localhost server' >"$files/etc/hosts"
	for dir in less; do ln -s "$(command -v busybox)" "$files/usr/local/bin/$dir"; done
	for dir in $PROGRAMS; do
		ln -s "$(realpath "$HOST/bin/$dir" 2>/dev/null || realpath "$HOST/$dir")" "$files/usr/local/bin/$dir"
	done
	ln -sf "$(realpath "$HOST/mkvinitrd")" "$files/usr/local/bin/mkvinitrd"
}

setup() {
	TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	cd "$BATS_TEST_TMPDIR" || return
}

# blocks PAGE: its examples as files 01, 02, ... Commands, or other text between ``` lines; of the
# README the lines that are indented, as far as its section about documentation.
blocks() {
	rm -f [0-9][0-9]
	case $1 in
	*.md) sed '/^## Documentation/,$d; s/\([^#]\)  *# .*/\1/' "$1" |
		awk '/^    / { if (!on++) n++; print substr($0, 5) >sprintf("%02d", n); next } { on = 0 }' ;;
	*) awk '/^# / { examples = /^# EXAMPLES/ } examples && /^```/ { on = !on; n += on; next } examples && on { gsub(/\\\\/, "\\"); print >sprintf("%02d", n) }' "$1" ;;
	esac
}

# title FILE: the first command of an example, by which it is known here
title() {
	sed '/^#/d; s/ *\\$//; q' "$1"
}

# PAGE: beginning of the title | why it cannot be run here
CANNOT_RUN=(
	'README.md: scripts/quickstart|installs packages: tests/fresh runs it in a new Debian'
	'README.md: export MKVINITRD_SOURCES=|only names a directory: tests/cli/tree/sources.bats'
	'README.md: mkvinitrd vm |boots a VM: tests/boot does'
	'docs/mkvinitrd-vm.8.scd: mkvinitrd vm |boots a VM: tests/boot/cases/media/vm.sh'
	'docs/mkvinitrd-frugal.8.scd: mkvinitrd frugal --install --disk|wants a virtual machine with a kernel, and GRUB: tests/cli/media/frugal-disk.bats'
	'docs/netfetch.8.scd: netfetch |wants servers: tests/cli/applets/netfetch.bats'
	'docs/verifyimg.8.scd: verifyimg |wants a signature by that key: tests/cli/applets/verifyimg.bats'
	'docs/vdattach.8.scd: vdattach nbd://|wants a server at that address and nbd in the kernel: tests/boot/cases/attach/attach-nbd-server.sh'
)

cannot_run() {
	local entry
	for entry in "${CANNOT_RUN[@]}"; do
		[[ "$1: $2" != "${entry%%|*}"* ]] || return 0
	done
	return 1
}

# prepare TITLE: what the scratch machine needs for that example alone, as commands
prepare() {
	case $1 in
	'findimg -t 60'*) echo "truncate -s 8M usb.img; mke2fs -q -F -L MYUSB usb.img; device=\$(losetup --show -f usb.img)" ;;
	findimg*) echo "mkdir -p fs/images; echo disk >fs/images/ubuntu.vhd; mke2fs -q -F -d fs host.img 8M; device=\$(losetup --show -f host.img)" ;;
	*/dev/sr0*) echo "device=\$(losetup --show -r -f /live/root.sfs); mkdir /.dev; mount --bind /dev /.dev; mount -t tmpfs tmpfs /dev; cp -a /.dev/loop* /.dev/null /.dev/kmsg /dev
		mknod /dev/sr0 b \$(lsblk -ndo MAJ:MIN \"\$device\" | tr : ' ')" ;;
	*/host/live*) echo 'mkdir /host/live; cp /live/root.sfs /host/live' ;;
	*/usb/*) echo 'mkdir /usb; truncate -s 2G usb.img; mke2fs -q -F usb.img; mount -o loop usb.img /usb' ;;
	'mkvinitrd frugal -c'*) echo \
		'mkdir -p /mnt/windows; truncate -s 300M w.img; mke2fs -q -F w.img; mount -o loop w.img /mnt/windows; cp /live/root.sfs root.sqfs' ;;
	'mkvinitrd frugal --host'*) echo 'mkdir -p /mnt/c; cp /live/root.sfs root.sqfs' ;;
	"printf '%s"*) echo 'mkdir -p /newroot/etc /newroot/home/u/.cache; touch /newroot/etc/passwd /newroot/home/u/.cache/x' ;;
	netfetch*) echo "busybox httpd -p 127.0.0.1:80 -h $CASE" ;;
	'mkvinitrd size'*) echo 'mkvinitrd build -q -p loop -o /boot/initrd.img' ;;
	'{ cat /run/initramfs/log'*) echo \
		"mkdir -p /run/initramfs; printf '[ 1.00] mkvinitrd: settle\n[ 2.00] mkvinitrd: switch_root\n' >/run/initramfs/log; journalctl() { :; }" ;;
	'mkvinitrd plan -p loop'*) echo 'mkvinitrd build -q -p loop -o /boot/initrd.img' ;;
	*-r\ /mnt/target*) echo "mkdir -p /mnt/target/boot /mnt/target/usr/lib; ln -s usr/lib /mnt/target/lib; mount --rbind /usr/lib /mnt/target/usr/lib
		cp /boot/config-* /mnt/target/boot" ;;
	'mkvinitrd pack --trace'*) echo '(cd tree && find . -type f | cut -c 3-) >lab.trace' ;;
	'mkvinitrd usb --keep'*) echo \
		'mkvinitrd pack tree root.sqfs; mkvinitrd usb -q drive.img root.sqfs' ;;
	SOURCE_DATE_EPOCH*) echo "mkdir /lib/modules/6.12.43-amd64; mount --bind /lib/modules/${KERNEL##*/} /lib/modules/6.12.43-amd64" ;;
	'mkvinitrd ls'*) echo "cp /boot/vmlinuz-${KERNEL##*/} /boot/vmlinuz-6.1.0-30-amd64; mkdir i; cp \$(command -v busybox) i/init
		(cd i && echo init | cpio --quiet -oH newc | gzip) >/boot/initrd.img-6.1.0-30-amd64" ;;
	esac
}

# expected TITLE: what the output has, beside success
expected() {
	case $1 in
	'mkvinitrd plan -p loop'*) echo 'ext4' ;;
	'mkvinitrd ls'*) echo 'init' ;;
	findimg*images*) echo 'FILE=/run/initramfs/host/images/ubuntu.vhd' ;;
	findimg*MYUSB*) echo 'LABEL=MYUSB' ;;
	overlayroot*) echo 'UPPER=' ;;
	'mkvinitrd frugal --host'*) echo '/linux/root.sqfs vi.host=UUID=0123456789ABCDEF' ;;
	'mkvinitrd frugal'*) echo 'vi.image=/linux/root.sqfs' ;;
	unpackroot* | netfetch* | "printf '%s"*) echo 'MEMBERS=' ;;
	'coldplug -n fs-ext4') echo 'ext4.ko' ;;
	'mkdir -p /tmp/t'*) echo 'image=/a.vhd' ;;
	'vdattach serve'*) echo 'Images are identical' ;;
	esac
}

# machine FILE TITLE: runs the example as a user types it: a server has answered before the next
# line is
machine() {
	{
		echo "export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root MKVINITRD_DATA='$TOP' MKVINITRD_APPLETS='$(realpath "$MUSL")/bin' MKVINITRD_CACHE='$BATS_FILE_TMPDIR/cache'"
		# only our disk is searched, not those of the machine that tests
		echo "findimg() { command findimg --only=\"\${device#/dev/}\" \"\$@\"; }"
		# the loop devices over files of the machine outlive it; those of FUSE, which are
		# others', are over a file without a name
		echo 'detach_own() {
			losetup -ln -O NAME,BACK-MAJ:MIN,BACK-INO,BACK-FILE | while read -r name disk inode file; do
				for file in "$file" "/usb$file" "/host$file"; do
					[ ! -f "$file" ] || [ "$(stat -c "%Hd:%Ld %i" "$file")" != "$disk $inode" ] || losetup -d "$name"
				done
			done
		}
		trap detach_own EXIT'
		echo "cd $CASE"
		prepare "$2"
		sed 's/ &$/ \&\nfor _ in {1..100}; do [ -e \/tmp\/disk.sock ] || sleep 0.1; done/' \
			"$1"
	} >script
	rm -rf "$BATS_FILE_TMPDIR/machine"
	mkdir -p "$BATS_FILE_TMPDIR/cache"
	WITH="$BATS_FILE_TMPDIR/cache $TOP $(realpath "$HOST") $(realpath "$MUSL")" timeout 300 \
		"$BATS_TEST_DIRNAME/../../lib/scratch-machine" "$BATS_FILE_TMPDIR" script
}

# run_page PAGE: all its examples that can be run
run_page() {
	local example title n=0 failed=''
	blocks "$TOP/$1"
	for example in [0-9][0-9]; do
		title=$(title "$example")
		! cannot_run "$1" "$title" || continue
		n=$((n + 1))
		run machine "$example" "$title"
		[ "$status" = 0 ] && [[ $output == *"$(expected "$title")"* ]] || {
			printf '%s: %s\nends with status %s and says:\n%s\n' "$1" "$title" \
				"$status" "$output"
			failed=yes
		}
	done
	[ $n -gt 0 ] && [ -z "$failed" ]
}

@test "README.md" { run_page README.md; }
@test "mkvinitrd(8)" { run_page docs/mkvinitrd.8.scd; }
@test "mkvinitrd-pack(8)" { run_page docs/mkvinitrd-pack.8.scd; }
@test "mkvinitrd-pxe(8)" { run_page docs/mkvinitrd-pxe.8.scd; }
@test "mkvinitrd-uki(8)" { run_page docs/mkvinitrd-uki.8.scd; }
@test "mkvinitrd-frugal(8)" { run_page docs/mkvinitrd-frugal.8.scd; }
@test "mkvinitrd-usb(8)" { run_page docs/mkvinitrd-usb.8.scd; }
@test "mkvinitrd-iso(8)" { run_page docs/mkvinitrd-iso.8.scd; }
@test "findimg(8)" { run_page docs/findimg.8.scd; }
@test "vdattach(8)" { run_page docs/vdattach.8.scd; }
@test "overlayroot(8)" { run_page docs/overlayroot.8.scd; }
@test "packroot(8)" { run_page docs/packroot.8.scd; }
@test "unpackroot(8)" { run_page docs/unpackroot.8.scd; }
@test "coldplug(8)" { run_page docs/coldplug.8.scd; }
@test "bootplan(8)" { run_page docs/bootplan.8.scd; }

@test "mkvinitrd-boot(7), README.md: boot menus and command lines are understood whole" {
	local line
	{
		sed -n '/^# EXAMPLES/,/^# FILES/s/^\t\(.\)/\1/p; /^root=.*VG/p; /^vi.image=.*VG/p' \
			"$TOP/docs/mkvinitrd-boot.7.scd"
		sed -n 's/.*\(#   linux\|iPXE:\) … //p' "$TOP/README.md"
	} | sed 's/UUID=\.\.\./UUID=1234-ABCD/; s/uuid=\.\.\./uuid=0-1-2/' >lines
	[ "$(wc -l <lines)" -ge 9 ]
	mkdir proc
	while read -r line; do
		echo "$line" >proc/cmdline
		"$HOST/bin/bootplan" show . >plan
		grep -q '^mode=' plan && ! grep '^note=' plan || {
			echo "$line"
			return 1
		}
	done <lines
}

@test "mkvinitrd.profile(5): the profiles are good, the message is the one that comes, and its command runs" {
	local page=$TOP/docs/mkvinitrd.profile.5.scd file
	export MKVINITRD_DATA=$TOP MKVINITRD_CACHE=none
	awk '/^```/ { on = !on; n += on; next } on { print >sprintf("%02d", n) }' "$page"
	ls [0-9][0-9] >files
	mkdir profiles
	while read -r file; do
		case $(head -n 1 "$file") in
		'# /etc/mkvinitrd/profiles/overlay.profile')
			cp "$file" profiles/overlay.profile
			MKVINITRD_PROFILES=profiles "$HOST/mkvinitrd" profile check overlay
			;;
		include* | root*)
			cp "$file" "$file.profile"
			"$HOST/mkvinitrd" profile check "./$file.profile"
			;;
		overlay.profile:7:1:*)
			printf 'include common\nroot overlay\n\n\n\n\nmodulx loop\n' \
				>overlay.profile
			run "$HOST/mkvinitrd" profile check ./overlay.profile
			[ "$status" = 3 ]
			diff -u "$file" <(sed 's,^\./,,' <<<"$output")
			;;
		mkvinitrd*) machine "$file" "$(title "$file")" ;;
		*) false ;;
		esac
	done <files
	[ "$(wc -l <files)" -ge 6 ]
}

@test "every page with examples is tested here, and every reason not to run one is of an example that there is" {
	local entry page titles=''
	for page in README.md $(cd "$TOP" && grep -l '^# EXAMPLE' docs/*.scd); do
		grep -q "${page##*/}" "$BATS_TEST_FILENAME" || {
			echo "$page has examples that nobody runs"
			return 1
		}
		blocks "$TOP/$page"
		for entry in [0-9][0-9]; do
			[ ! -e "$entry" ] || titles+="$page: $(title "$entry")"$'\n'
		done
	done
	for entry in "${CANNOT_RUN[@]}"; do
		grep -qF -- "${entry%%|*}" <<<"$titles" || {
			echo "no such example: $entry"
			return 1
		}
	done
}
