# promise: mkvinitrd frugal --disk boots a virtual machine's disk on the metal; kernels that are
# installed in the VM are used by the entry, those installed by the entry are used in the VM; image,
# host and root are clean each time
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.1
# slow: 6.1
# frugal-debian does it with Debian. Every day kernel-of-root starts the root's kernel in a VHDX,
# and frugal-disk.bats reads a disk's kernel.
#   PAIRS  other pairs FORMAT:FS than these
. "$TOP/tests/boot/lib/hosts.sh"
. "$TOP/tests/boot/lib/menus.sh"
. "$TOP/tests/boot/lib/alternation.sh"

# kernel_files DIRECTORY KDIR: a kernel as a package of this root would have it, with the modules
# that an initramfs can need
kernel_files() {
	files_version=$(ls "$2/lib/modules")
	"$MKVINITRD" build -q -p loop -r "$2" -k "$files_version" -o "$WORK/all.initramfs" ||
		fail 'build -p loop'
	mkdir -p "$1/boot" "$1/usr/lib/modules" "$WORK/unpacked"
	(cd "$WORK/unpacked" && "$MKVINITRD" unpack "$WORK/all.initramfs" >/dev/null) ||
		fail 'unpack'
	mv "$(find "$WORK/unpacked" -type d -path "*/lib/modules/$files_version")" \
		"$1/usr/lib/modules/"
	rm -r "$WORK/unpacked" "$WORK/all.initramfs"
	depmod -b "$1/usr" "$files_version" 2>"$WORK/depmod.log"
	cp -L "$2/boot/vmlinuz-$files_version" "$1/boot/" 2>/dev/null ||
		cp -L "$2/vmlinuz" "$1/boot/vmlinuz-$files_version"
	"$MKVINITRD" build -q -p disk -r "$2" -k "$files_version" \
		-o "$1/boot/initrd.img-$files_version" || fail 'build -p disk'
}

# The VM's own menu, which the root rewrites when it gets a kernel
vm_menu() {
	printf 'set timeout=0\nmenuentry VM {\nlinux /boot/vmlinuz-%s root=LABEL=vmroot rw %s\ninitrd /boot/initrd.img-%s\n}\n' "$1" \
		"$KERNEL_PARAMETERS" "$1"
}

# vm_disk: $WORK/vm.img, with GRUB, kernel 6.1, and the next two to be installed: one at each boot
vm_disk() {
	small_root "$WORK/small"
	for link in mv tail; do ln -s busybox "$WORK/small/bin/$link"; done
	ln -s usr/lib "$WORK/small/lib"
	kernel_files "$WORK/small" "$KDIR"
	kernel_files "$WORK/small/next1" "$("$TOP/scripts/kernels" 6.12)"
	kernel_files "$WORK/small/next2" "$("$TOP/scripts/kernels" current)"
	mkdir "$WORK/small/boot/grub"
	vm_menu "$KVER" >"$WORK/small/boot/grub/grub.cfg"
	vm_menu VERSION >"$WORK/small/etc/menu"
	sed -i '/^poweroff/i . /etc/rc.d' "$WORK/small/etc/rc"
	cat >"$WORK/small/etc/rc.d" <<'RC'
read -r version </proc/sys/kernel/osrelease && echo "=== kernel $version"
for next in /next1 /next2; do
	[ -d $next/boot ] || continue
	for file in $next/usr/lib/modules/*; do version=${file##*/}; done
	mv $next/usr/lib/modules/$version /usr/lib/modules/ && mv $next/boot/* /boot/ && rm -r $next &&
		while read -r line; do
			case $line in *VERSION*) line="${line%%VERSION*}$version${line#*VERSION}" ;; esac
			echo "$line"
		done </etc/menu >/boot/grub/grub.new && mv /boot/grub/grub.new /boot/grub/grub.cfg && sync &&
		echo "=== installed $version"
	break
done
RC
	ext4 "$WORK/root.fs" 320M vmroot "$root_uuid" "$WORK/small"
	disk "$WORK/vm.img" 83 "$WORK/root.fs"
	grub_pc "$WORK/vm.img" ext2
	rm -r "$WORK/small" "$WORK/root.fs"
}

# in_vm FORMAT VERSION
in_vm() {
	boot_vm "$1"
	expect "=== kernel $2"
	expect '=== busybox init reached'
	image_clean "$1"
}

# on_metal FORMAT FS VERSION
on_metal() {
	boot_metal "$1" "$2"
	expect "=== kernel $3"
	expect '=== busybox init reached'
	image_clean "$1"
}

ntfs_profile loop
vm_disk
second=$("$TOP/scripts/kernels" 6.12)
second=$(ls "$second/lib/modules")
third=$("$TOP/scripts/kernels" current)
third=$(ls "$third/lib/modules")
for pair in ${PAIRS:-vhdx:ntfs vhd:ext4 vdi:ntfs vmdk:ext4 qcow2:ntfs}; do
	vm_format=${pair%:*} host_fs=${pair#*:}
	host_of "$vm_format" "$host_fs" "$WORK/vm.img"
	in_vm "$vm_format" "$KVER"
	expect "=== installed $second"
	on_metal "$vm_format" "$host_fs" "$second"
	expect "starting kernel $second of the root in place of $KVER"
	expect "=== installed $third"
	in_vm "$vm_format" "$third"
	on_metal "$vm_format" "$host_fs" "$third"
	expect "starting kernel $third of the root in place of $KVER"
	in_vm "$vm_format" "$third"
	echo "# $pair"
done
