# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For boot cases of a Debian 12 whose only generator is mkvinitrd, as its package installs it: what
# runs in the machine is 'mkvinitrd update'.
# Read after lib.sh. A hook in the image says which image it is, and for its root in /run/image;
# changing it is what an update has to do.
#   machine_tree ESP        makes $WORK/tree with the first image; ESP is the mount point of the EFI system partition, or empty for GRUB
#   machine_disk_grub       $WORK/disk.img from it, started by BIOS and GRUB
#   machine_disk_sdboot     $WORK/disk.img from it, started by UEFI and systemd-boot
#   machine_returns ...     its images and their return, see below

# systemd gives a device 90 seconds, which a busy machine takes to start udev
machine_cmdline="root=UUID=$root_uuid ro $KERNEL_PARAMETERS systemd.default_device_timeout_sec=180 systemd.default_timeout_start_sec=180 quiet"

# machine_hook TEXT: the hook of an image TEXT
machine_hook() {
	printf '%s\n' '#!/bin/sh' "echo $1 >/run/image" "echo '<3>=== image $1' >/dev/kmsg"
}

# machine_inside COMMAND...: in the tree
machine_inside() {
	# shellcheck disable=SC2016 # of the shell inside
	unshare --mount --pid --fork --kill-child sh \
		-c 'mount -t proc proc "$1/proc" && root=$1 && shift && exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 chroot "$root" "$@"' \
		- "$WORK/tree" "$@" >"$WORK/inside.log" 2>&1 || fail "$*: $(cat "$WORK/inside.log")"
}

# What the package has, see debian/rules
machine_install() {
	make -C "$TOP" -s install DESTDIR="$WORK/tree" PREFIX=/usr >"$WORK/install.log" 2>&1 ||
		fail "make install: $(cat "$WORK/install.log")"
	mkdir -p "$WORK/tree/etc/mkvinitrd/presets" "$WORK/tree/etc/grub.d"
	install -m 755 "$TOP/packaging/hooks/42_mkvinitrd" "$WORK/tree/etc/grub.d/42_mkvinitrd"
	install -m 644 "$TOP/packaging/hooks/mkvinitrd-booted.service" \
		"$WORK/tree/lib/systemd/system/"
	mkdir -p "$WORK/tree/etc/systemd/system/multi-user.target.wants"
	ln -s /lib/systemd/system/mkvinitrd-booted.service \
		"$WORK/tree/etc/systemd/system/multi-user.target.wants/"
}

# The first image is for any machine, since it is built on another one; the shipped presets are in
# force after it.
machine_tree() {
	mkdir "$WORK/tree" "$WORK/kernel"
	bsdtar -xpf "$("$TOP/tests/boot/updated-root")" --numeric-owner -C "$WORK/tree"
	machine_install
	machine_kernel=$("$TOP/tests/lib/small-kernel" "$WORK/kernel" ata_piix ahci efivarfs \
		autofs4 nls_cp437 nls_iso8859-1) || fail 'no kernel'
	mkdir -p "$WORK/tree/lib/modules"
	cp -a "$machine_kernel/lib/modules/." "$WORK/tree/lib/modules/"
	cp -L "$machine_kernel/vmlinuz" "$WORK/tree/boot/vmlinuz-$KVER"
	echo "$machine_cmdline" >"$WORK/tree/etc/kernel/cmdline"
	echo "UUID=$root_uuid / ext4 errors=remount-ro 0 1" >"$WORK/tree/etc/fstab"
	machine_hook one >"$WORK/tree/srv/hook"
	if [ -n "$1" ]; then
		mkdir -p "$WORK/tree$1/loader/entries"
		echo "UUID=2EA7-BEEF $1 vfat umask=0077 0 1" >>"$WORK/tree/etc/fstab"
	else
		machine_grub_directory
	fi
	printf 'profile disk\nline module =ata =virtio\nline hook locate /srv/hook\n' \
		>"$WORK/tree/etc/mkvinitrd/presets/default.preset"
	machine_inside mkvinitrd update default
	{ cat "$TOP/presets/default.preset" &&
		echo 'line hook locate /srv/hook'; } \
		>"$WORK/tree/etc/mkvinitrd/presets/default.preset"
}

# As grub-install and update-grub leave it, in short
machine_grub_directory() {
	mkdir -p "$WORK/tree/boot/grub/i386-pc"
	cp /usr/lib/grub/i386-pc/*.mod /usr/lib/grub/i386-pc/*.lst "$WORK/tree/boot/grub/i386-pc/"
	cat >"$WORK/tree/boot/grub/grub.cfg" <<-CFG
		set default=0
		set timeout=0
		search --no-floppy --fs-uuid --set=root $root_uuid
		menuentry 'Debian GNU/Linux' {
			linux /boot/vmlinuz-$KVER $machine_cmdline
			initrd /boot/initrd.img-$KVER
		}
	CFG
	sh "$TOP/packaging/hooks/42_mkvinitrd" >>"$WORK/tree/boot/grub/grub.cfg"
}

# machine_fs MIB: $WORK/root.fs, and the tree is gone
machine_fs() {
	ext4 "$WORK/root.fs" "$1M" machine "$root_uuid" "$WORK/tree"
	rm -r "$WORK/tree"
}

machine_disk_grub() {
	machine_fs 480
	disk "$WORK/disk.img" 83 "$WORK/root.fs"
	rm "$WORK/root.fs"
	# shellcheck disable=SC2016 # GRUB's variable
	printf 'search --no-floppy --fs-uuid --set=root %s\nset prefix=($root)/boot/grub\n' \
		"$root_uuid" >"$WORK/early.cfg"
	grub-mkimage -O i386-pc -o "$WORK/core.img" -c "$WORK/early.cfg" -p /boot/grub biosdisk \
		part_msdos ext2 search search_fs_uuid normal
	dd if=/usr/lib/grub/i386-pc/boot.img of="$WORK/disk.img" bs=440 count=1 conv=notrunc \
		status=none
	dd if="$WORK/core.img" of="$WORK/disk.img" bs=512 seek=1 conv=notrunc status=none
}

machine_disk_sdboot() {
	truncate -s 96M "$WORK/esp.fs"
	mkfs.vfat -F 32 -n ESP -i 2EA7BEEF "$WORK/esp.fs" >/dev/null
	mkdir -p "$WORK/tree/efi/EFI/BOOT" "$WORK/tree/efi/EFI/systemd"
	cp /usr/lib/systemd/boot/efi/systemd-bootx64.efi "$WORK/tree/efi/EFI/BOOT/BOOTX64.EFI"
	cp /usr/lib/systemd/boot/efi/systemd-bootx64.efi "$WORK/tree/efi/EFI/systemd/"
	echo 'timeout 0' >"$WORK/tree/efi/loader/loader.conf"
	mcopy -s -i "$WORK/esp.fs" "$WORK/tree/efi"/* ::
	rm -r "$WORK/tree/efi"
	mkdir "$WORK/tree/efi"
	machine_fs 480
	truncate -s 580M "$WORK/disk.img"
	printf 'label: gpt\nstart=2048, size=%s, type=uefi\nstart=%s, size=%s, type=linux\n' \
		$((96 * 2048)) $((97 * 2048)) $((480 * 2048)) | sfdisk -q "$WORK/disk.img"
	dd if="$WORK/esp.fs" of="$WORK/disk.img" bs=1M seek=1 conv=notrunc,sparse status=none
	dd if="$WORK/root.fs" of="$WORK/disk.img" bs=1M seek=97 conv=notrunc,sparse status=none
	rm "$WORK/esp.fs" "$WORK/root.fs"
}

# machine_turns FUNCTION: what the machine does at the end of its boots, N being the number of the
# turn; then it restarts
machine_turns() {
	{
		cat <<-'TURN'
			say() { printf '<3>=== %s\n' "$*" >/dev/kmsg; }
			tell() { while read -r line; do say "$1: $line"; done; }
			# change TEXT: the image is to be TEXT
			change() {
				printf '%s\n' '#!/bin/sh' "echo $1 >/run/image" "echo '<3>=== image $1' >/dev/kmsg" >/srv/hook
				[ -z "${2:-}" ] || echo "$2" >>/srv/hook
				mkvinitrd update >/srv/log 2>&1 && say "updated to $1" || say "update to $1 failed"
				tell update </srv/log
			}
			n=$(cat /srv/turn.n 2>/dev/null) || n=0
			n=$((n + 1))
			echo $n >/srv/turn.n
			sync
			say "turn $n by image $(cat /run/image), previous $(ls /boot | grep -c previous), booted $(systemctl show -P Result mkvinitrd-booted.service)"
			say "failed-units $(systemctl --failed --no-legend --plain | awk '{printf "%s ", $1}')"
			journalctl -q -b -u mkvinitrd-booted.service -o cat | tell booted
		TURN
		cat
		echo 'systemctl reboot'
	} >"$WORK/tree/srv/turn"
}

# machine_run QEMU ARGS...: until a turn has said that it is the last, over all restarts; LOG has
# them all. Each start is a QEMU of its own: a firmware that is reset by QEMU may stay where it is.
machine_run() {
	: >"$WORK/machine.log"
	for machine_start in 1 2 3 4 5 6 7 8; do
		boot_firmware -drive "file=$WORK/disk.img,format=raw,if=virtio" "$@"
		cat "$LOG" >>"$WORK/machine.log"
		! log | grep -q '=== finished' || break
	done
	LOG=$WORK/machine.log
	expect '=== finished'
}

# machine_returns ESP LOADER QEMU ARGS...: image two boots, one that crashes is tried twice, then
# two is returned to
machine_returns() {
	machine_tree "$1"
	machine_turns <<-'TURN'
		case $n in
		1) change two ;;
		2) change broken 'echo c >/proc/sysrq-trigger' ;;
		3) say finished ;;
		esac
	TURN
	"machine_disk_$2"
	shift 2
	machine_run "$@"
	log | grep '=== image' | sed 's/.*=== //' >"$WORK/images"
	printf 'image %s\n' one two broken broken two >"$WORK/expected"
	cmp "$WORK/images" "$WORK/expected" ||
		fail "expected images $(paste -s -d , "$WORK/expected"), found $(paste -s -d , "$WORK/images")"
	expect '=== turn 1 by image one, previous 0, booted success'
	expect '=== turn 2 by image two, previous 0, booted success'
	expect '=== turn 3 by image two, previous 1, booted success'
	expect '=== booted: .*this boot was by an image that is not the newest'
	expect_not '=== failed-units [^ ]'
	expect_not 'failed$'
}
