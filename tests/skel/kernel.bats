#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vi.kernel=: which kernel of the root is loaded, with which initramfs; the boot that continues when
# it cannot be.
load ../lib/env
load lib.bash

# kernel VERSION: the root has it, with modules whose names changed a little
kernel() {
	local modules=$ROOT/newroot/usr/lib/modules/$1
	mkdir -p "$ROOT/newroot/boot" "$modules/kernel/fs" "$modules/kernel/lib"
	[ -e "$ROOT/newroot/lib" ] || ln -s usr/lib "$ROOT/newroot/lib"
	echo "kernel $1" >"$ROOT/newroot/boot/vmlinuz-$1"
	printf 'kernel/fs/ext-four.ko.zst: kernel/lib/crc.ko.zst kernel/mbcache.ko.zst\nkernel/lib/crc.ko.zst:\nkernel/mbcache.ko.zst:\nkernel/other.ko.zst: kernel/lib/crc.ko.zst\n' >"$modules/modules.dep"
	printf 'alias fs-ext4 ext_four\nalias pci:x other\n' >"$modules/modules.alias"
	echo kernel/builtin.ko >"$modules/modules.builtin"
	for file in fs/ext-four lib/crc mbcache other; do echo "$1 $file" \
		>"$modules/kernel/$file.ko.zst"; done
}

# runs VERSION: that kernel is running, with modules of its own in the initramfs
runs() {
	mkdir -p "$ROOT/proc/sys/kernel" "$ROOT/lib/modules/$1/kernel/fs"
	echo "$1" >"$ROOT/proc/sys/kernel/osrelease"
	echo "$1" >"$ROOT/lib/modules/$1/kernel/fs/ext_four.ko.xz"
	echo EXITRD >"$ROOT/bin/exitrd"
	chmod +x "$ROOT/bin/exitrd"
	fake exitrd <<'FAKE'
[ "$1" = --load ] || exit 0
[ ! -e "$ROOT/refuses" ] || exit 1
cp "$2" "$ROOT/../loaded.kernel" && cp "$3" "$ROOT/../loaded.initramfs" && echo "$4" >"$ROOT/../loaded.cmdline"
FAKE
	fake mknod <<'FAKE'
: >"$1"
FAKE
}

# members: of the loaded initramfs, whose archives follow each other as in any initramfs
members() { "$HOST/mkvinitrd" ls "$ROOT/../loaded.initramfs" | sort; }

by_what_it_tells() {
	kernel 6.18.1-0-lts
	printf 'HdrS\0006.18.1-0-lts (build@alpine) #1-Alpine SMP\000' \
		>"$ROOT/newroot/boot/vmlinuz-lts"
	printf 'HdrS\0006.18.10-0-virt (build@alpine) #1-Alpine SMP\000' \
		>"$ROOT/newroot/boot/vmlinuz-virt"
	rm "$ROOT/newroot/boot/vmlinuz-6.18.1-0-lts"
	runs 6.1.0-8-amd64
	cmdline 'root=/dev/sda1 rw vi.kernel=image'
	boot
	calls 'switch_root /newroot /run/initramfs/bin/exitrd /run/initramfs/bin/reboot -f' &&
		cmp "$ROOT/../loaded.kernel" "$ROOT/newroot/boot/vmlinuz-lts"
}
@test "a kernel whose name has no version is known by the version that it tells" { both \
	by_what_it_tells; }

newest() {
	kernel 6.1.0-9-amd64
	kernel 6.1.0-10-amd64
	runs 6.1.0-8-amd64
	cmdline 'root=/dev/sda1 rw vi.kernel=image x="a b"'
	boot
	calls 'switch_root /newroot /run/initramfs/bin/exitrd /run/initramfs/bin/reboot -f' ||
		return 1
	[ "$(cat "$ROOT/../loaded.kernel")" = 'kernel 6.1.0-10-amd64' ] || return 1
	[ "$(cat "$ROOT/../loaded.cmdline")" = 'root=/dev/sda1 rw vi.kernel=image x="a b"' ] ||
		return 1
	diff - <(members | grep '^lib/modules/' | sed 's|lib/modules/||') <<-'LIST'
		6.1.0-10-amd64
		6.1.0-10-amd64/kernel
		6.1.0-10-amd64/kernel/fs
		6.1.0-10-amd64/kernel/fs/ext-four.ko.zst
		6.1.0-10-amd64/kernel/lib
		6.1.0-10-amd64/kernel/lib/crc.ko.zst
		6.1.0-10-amd64/kernel/mbcache.ko.zst
		6.1.0-10-amd64/modules.alias
		6.1.0-10-amd64/modules.builtin
		6.1.0-10-amd64/modules.dep
	LIST
	"$HOST/mkvinitrd" cat "$ROOT/../loaded.initramfs" lib/modules/6.1.0-10-amd64/modules.alias |
		diff <(echo alias fs-ext4 ext_four) - || return 1
	[ "$("$HOST/mkvinitrd" cat "$ROOT/../loaded.initramfs" etc/mkvinitrd/kexec)" = \
		6.1.0-10-amd64 ] || return 1
	[ "$("$HOST/mkvinitrd" ls "$ROOT/../loaded.initramfs" | tail -n 1)" = \
		etc/mkvinitrd/sentinel ]
}
@test "the newest kernel of the root is loaded, with the modules that this initramfs has and what they depend on" { both newest; }

# A cloud kernel sorts behind the general one of its version, and has no driver for the disk.
driverless() {
	local disk=$ROOT/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/block/sda
	mkdir -p "$disk/sda1" "$ROOT/sys/class/block" "$ROOT"/sys/module/{ahci_pci,pcieportdrv} \
		"$ROOT"/sys/bus/pci/drivers/{ahci,pcieport}
	ln -s "../../${disk#"$ROOT"/sys/}/sda1" "$ROOT/sys/class/block/sda1"
	ln -s ../../../../module/ahci_pci "$ROOT/sys/bus/pci/drivers/ahci/module"
	ln -s ../../../bus/pci/drivers/ahci "$ROOT/sys/devices/pci0000:00/0000:00:1f.2/driver"
	echo live >"$ROOT/sys/module/ahci_pci/initstate"
	# built in, and in no list
	ln -s ../../../../module/pcieportdrv "$ROOT/sys/bus/pci/drivers/pcieport/module"
	ln -s ../../bus/pci/drivers/pcieport "$ROOT/sys/devices/pci0000:00/driver"
	kernel 6.1.0-8-amd64
	kernel 6.1.0-9-amd64
	kernel 6.1.0-9-cloud-amd64
	echo kernel/drivers/ata/ahci_pci.ko >>"$ROOT/newroot/usr/lib/modules/6.1.0-8-amd64/modules.builtin"
	echo 'kernel/drivers/ata/ahci-pci.ko.xz: kernel/lib/crc.ko.zst' >>"$ROOT/newroot/usr/lib/modules/6.1.0-9-amd64/modules.dep"
	: >"$ROOT/newroot/usr/lib/modules/6.1.0-9-amd64/kernel/ahci-pci.ko.xz"
	runs 6.1.0-7-amd64
	cmdline 'root=/dev/sda1 vi.kernel=image'
	boot
	[ "$(cat "$ROOT/../loaded.kernel")" = 'kernel 6.1.0-9-amd64' ] || return 1
	said "kernel 6.1.0-9-cloud-amd64 of the root has no driver 'ahci_pci', which /dev/sda1 needs" || return 1
	cmdline 'root=/dev/sda1 vi.kernel=previous'
	boot
	[ "$(cat "$ROOT/../loaded.kernel")" = 'kernel 6.1.0-8-amd64' ] || return 1
	cmdline 'root=/dev/sda1 vi.kernel=6.1.0-9-cloud-amd64'
	boot
	[ "$(cat "$ROOT/../loaded.kernel")" = 'kernel 6.1.0-9-cloud-amd64' ]
}
@test "a kernel without the driver of the disk is started only if it is named" { both driverless; }

# goes_on CMDLINE: the root's init is started, and no kernel
goes_on() {
	rm -f "$ROOT"/../loaded.*
	: >"$CALLS"
	cmdline "$1"
	boot
	calls 'switch_root /newroot /run/initramfs/bin/exitrd /sbin/init' &&
		[ ! -e "$ROOT/../loaded.kernel" ]
}

running() {
	kernel 6.1.0-9-amd64
	kernel 6.1.0-10-amd64
	runs 6.1.0-10-amd64
	goes_on 'root=/dev/sda1 vi.kernel=image' || return 1
	! said warning || return 1
	goes_on 'root=/dev/sda1' || return 1
	echo 6.1.0-9-amd64 >"$ROOT/proc/sys/kernel/osrelease"
	goes_on 'root=/dev/sda1 vi.kernel=previous' || return 1
	# one that was started here starts no other, whatever it is called
	echo x >"$ROOT/etc/mkvinitrd/kexec"
	goes_on 'root=/dev/sda1 vi.kernel=image'
}
@test "the wanted kernel runs already, or was started by one: the root's init is started" { both \
	running; }

# A bzImage says of which build it is; so does /proc/version of the running kernel.
rebuilt() {
	kernel 6.1.0-9-amd64
	runs 6.1.0-9-amd64
	echo 'Linux version 6.1.0-9-amd64 (who@where) (gcc) #1 SMP Debian 6.1.27-1 (2023-05-08)' \
		>"$ROOT/proc/version"
	printf 'MZ\0\n\0006.1.0-9-amd64 (who@where) #1 SMP Debian 6.1.27-1 (2023-05-08)\0rest' \
		>"$ROOT/newroot/boot/vmlinuz-6.1.0-9-amd64"
	goes_on 'root=/dev/sda1 vi.kernel=image' || return 1
	printf 'MZ\0\n\0006.1.0-9-amd64 (who@where) #1 SMP Debian 6.1.27-2 (2023-06-01)\0rest' \
		>"$ROOT/newroot/boot/vmlinuz-6.1.0-9-amd64"
	boot
	calls 'switch_root /newroot /run/initramfs/bin/exitrd /run/initramfs/bin/reboot -f' ||
		return 1
	cmp "$ROOT/newroot/boot/vmlinuz-6.1.0-9-amd64" "$ROOT/../loaded.kernel" || return 1
	said 'starting kernel 6.1.0-9-amd64 of the root in place of another build of 6.1.0-9-amd64'
}
@test "a kernel of the root with the version of the running one and another build is started" { both rebuilt; }

# ntfs3 of Linux 5.15 to 6.x is the ntfs of Linux 7.
renamed() {
	local modules=$ROOT/newroot/usr/lib/modules/7.2.1-amd64
	kernel 7.2.1-amd64
	echo 'kernel/fs/ntfs/ntfs.ko.xz:' >>"$modules/modules.dep"
	echo ntfs >"$modules/kernel/ntfs.ko"
	mkdir "$modules/kernel/fs/ntfs"
	mv "$modules/kernel/ntfs.ko" "$modules/kernel/fs/ntfs/ntfs.ko.xz"
	runs 6.12.1-amd64
	echo x >"$ROOT/lib/modules/6.12.1-amd64/kernel/fs/ntfs3.ko.xz"
	cmdline 'root=/dev/sda1 vi.kernel=image'
	boot
	members | grep -x lib/modules/7.2.1-amd64/kernel/fs/ntfs/ntfs.ko.xz
}
@test "a kernel whose driver for NTFS has the other name gets that one" { both renamed; }

refused() {
	kernel 6.1.0-9-amd64
	runs 6.1.0-8-amd64
	goes_on 'root=/dev/sda1 vi.kernel=6.5' &&
		said 'the root has no kernel 6.5: expected /boot/vmlinuz-6.5 with /lib/modules/6.5' || return 1
	goes_on 'root=/dev/sda1 vi.kernel=../../x' && said 'the root has no kernel ../../x' ||
		return 1
	: >"$ROOT/refuses"
	goes_on 'root=/dev/sda1 vi.kernel=image' &&
		said 'kernel 6.1.0-9-amd64 of the root could not be loaded; continuing with kernel 6.1.0-8-amd64' || return 1
	[ ! -e "$ROOT/run/initramfs/kexec" ] || return 1
	# modules alone, or a kernel alone, are none
	rm "$ROOT/newroot/boot/vmlinuz-6.1.0-9-amd64" "$ROOT/refuses"
	echo kernel >"$ROOT/newroot/boot/vmlinuz-6.1.0-11-amd64"
	goes_on 'root=/dev/sda1 vi.kernel=image' && said 'the root has no kernel at all'
}
@test "a kernel that is not there or is refused: a warning, and the boot continues with the running one" { both refused; }
