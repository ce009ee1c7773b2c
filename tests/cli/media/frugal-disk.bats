#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# mkvinitrd frugal --disk: what it reads out of the disk of a virtual machine, and which disks it refuses.
load ../../lib/env
load frugal
bats_require_minimum_version 1.5.0

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
