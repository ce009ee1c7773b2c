#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# mkvinitrd frugal --disk: what it reads out of the disk of a virtual machine, and which disks it
# refuses.
load ../../lib/env
load frugal
bats_require_minimum_version 1.5.0

# vm_root DIRECTORY: a Debian-like root with two kernels
vm_root() {
	mkdir -p "$1/etc" "$1/boot" "$1/usr/lib/modules/6.1.0-9-test"
	ln -s usr/lib "$1/lib"
	cp -r "$kernel"/lib/modules/* "$1/usr/lib/modules/"
	cp "$kernel/vmlinuz" "$1/boot/vmlinuz-$(basename "$kernel"/lib/modules/*)"
	cp "$kernel"/lib/modules/*/modules.dep "$1/usr/lib/modules/6.1.0-9-test/"
	cp "$kernel/vmlinuz" "$1/boot/vmlinuz-6.1.0-9-test"
}

# disk_of FORMAT FILE FS...: a disk with these partitions
disk_of() {
	local format=$1 out=$2 at=1 fs
	shift 2
	truncate -s $((2 + $(cat "$@" | wc -c) / 1048576))M disk.raw
	for fs in "$@"; do echo "size=$(($(stat -c %s "$fs") / 1048576))MiB"; done |
		sed '1i label: gpt' | sfdisk -q disk.raw
	for fs in "$@"; do
		dd if="$fs" of=disk.raw bs=1M seek=$at conv=notrunc,sparse status=none
		at=$((at + $(stat -c %s "$fs") / 1048576))
	done
	qemu-img convert -f raw -O "$format" disk.raw "$out"
	rm disk.raw
}

# vm_disk FORMAT DIRECTORY: disk.FORMAT in it, as a virtual machine has it: an EFI partition, and
# that root
vm_disk() {
	vm_root vm
	truncate -s 16M esp
	mkfs.vfat esp >/dev/null
	mke2fs -q -t ext4 -d vm root.ext4 200M
	disk_of "$1" "$2/disk.$1" esp root.ext4
	rm -r vm esp root.ext4
}

# nothing_attached: no disk of this test; the list has those of all that run beside it
nothing_attached() {
	"$HOST/bin/vdattach" list >attached
	run ! grep -F "$PWD/mnt/" attached
}

# refused MESSAGE ARGUMENT...: in one line, with nothing written, and nothing left attached
refused() {
	local message=$1
	shift
	picture >before
	run -1 frugal "$@"
	assert_output --partial "$message"
	assert_equal "${#lines[@]}" 1
	picture | diff before -
	all_detached "$PWD/mnt"
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
	assert_equal "$(mode_of mnt/vm/disk.vhdx.boot/initramfs.img)" loop
	"$HOST/mkvinitrd" ls mnt/vm/disk.vhdx.boot/initramfs.img |
		grep -q "^lib/modules/$version/kernel/fs/ext4/"
	"$HOST/bin/vdattach" check mnt/vm/disk.vhdx
	nothing_attached
	run -0 frugal --update mnt/vm/disk.vhdx.boot
	installed mnt/vm/disk.vhdx.boot
	run -1 frugal --part 1 --disk mnt/vm/disk.vhdx mnt/vm/other
	assert_output --partial 'no root with a kernel in /boot and its modules in /lib/modules: partition 1 is vfat'
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
	# the disk is not beside the files, and --update finds it
	run -0 frugal --update kernels/linux
	umount kernels
	picture | diff before -
	head -c 1M /dev/urandom >mnt/vm/x.vhdx
	run -1 frugal --disk mnt/vm/x.vhdx
	[ "${#lines[@]}" = 1 ]
	[ ! -e mnt/vm/x.vhdx.boot ]
	# interrupted while the image is attached
	setsid "$TOP/scripts/frugal" --disk mnt/vm/disk.vhdx >log 2>&1 3>&- &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		if grep -q "$PWD/tmp" /proc/$pid/mountinfo; then break; fi
		sleep 0.02
	done
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	[ $status = 143 ] || fail "status $status: $(cat log)"
	run ! grep "$PWD/tmp" /proc/self/mountinfo
	nothing_attached
	rm mnt/vm/x.vhdx
	picture | diff before -
}

@test "a name of the disk that leads to another is not the name in the entry" {
	host ext4 400
	mkdir mnt/vm mnt/links
	vm_disk qcow2 mnt/vm
	ln -s ../vm/disk.qcow2 mnt/links/linux
	run -0 frugal --disk mnt/links/linux
	assert_output --partial 'linux /links/linux.boot/vmlinuz vi.image=/vm/disk.qcow2 '
	run -0 frugal --update mnt/links/linux.boot
	assert_output --partial 'linux /links/linux.boot/vmlinuz vi.image=/vm/disk.qcow2 '
}

@test "a kernel for virtual machines alone is not the newest" {
	host ext4 400
	version=$(basename "$kernel"/lib/modules/*)
	cloud=${version%-amd64}-cloud-amd64
	vm_root vm
	cp -r "vm/lib/modules/$version" "vm/lib/modules/$cloud"
	cp "vm/boot/vmlinuz-$version" "vm/boot/vmlinuz-$cloud"
	echo kernel/drivers/ata/ahci.ko >>"vm/lib/modules/$version/modules.builtin"
	mke2fs -q -t ext4 -d vm root.ext4 150M
	disk_of qcow2 mnt/cloud.qcow2 root.ext4
	run -0 frugal --disk mnt/cloud.qcow2
	assert_output --partial "menuentry 'Linux from cloud.qcow2 (kernel $version)' {"
	refute_output --partial warning
}

@test "a root in a subvolume of btrfs is found; of several roots the first is taken, which is said" {
	host ext4 700
	vm_root vm
	truncate -s 200M root.btrfs
	mkfs.btrfs -q root.btrfs
	mkdir sub
	mount -o loop root.btrfs sub
	mkdir sub/etc # of nothing
	btrfs subvolume create sub/@rootfs
	cp -r vm/. sub/@rootfs/
	umount sub
	disk_of vdi mnt/debian.vdi root.btrfs
	run -0 frugal --disk mnt/debian.vdi
	assert_output --partial ' vi.part=1 rootflags=subvol=@rootfs rw vi.kernel=image'
	refute_output --partial 'several roots'
	mke2fs -q -t ext4 -d vm root.ext4 150M
	disk_of qcow2 mnt/two.qcow2 root.ext4 root.btrfs
	run -0 frugal --disk mnt/two.qcow2
	assert_output --partial "'mnt/two.qcow2' has several roots with kernels, in partitions 1 2: 1 is taken; --part chooses another"
	assert_output --partial ' vi.part=1 rw vi.kernel=image'
	run -0 frugal --part 2 --disk mnt/two.qcow2
	refute_output --partial 'several roots'
	assert_output --partial ' vi.part=2 rootflags=subvol=@rootfs rw vi.kernel=image'
	all_detached "$PWD/mnt"
}

@test "what makes a disk none that can be booted is said of each partition" {
	host ext4 400
	vm_root vm
	mkdir kernels
	mv vm/boot/* kernels/
	mke2fs -q -t ext4 -d kernels boot.fs 40M
	mke2fs -q -t ext4 -d vm root.fs 100M
	truncate -s 20M luks.fs lvm.fs none.fs
	echo secret |
		cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \
			--luks2-metadata-size 16k \
			--luks2-keyslots-size 256k luks.fs -
	disk_of vmdk mnt/a.vmdk boot.fs root.fs luks.fs none.fs
	refused 'partition 1 has kernels and no root: a separate /boot is not supported; partition 2 is a root without a kernel: install one' \
		--disk mnt/a.vmdk
	assert_output --partial 'partition 3 is encrypted with LUKS, which is not supported; partition 4 has no file system'
	refused "'mnt/a.vmdk' has no partition 9; it has: 1 2 3 4" --part 9 --disk mnt/a.vmdk
}

@test "a disk that another program writes to, that a suspended machine needs, or that has a snapshot is refused" {
	host ext4 400
	mkdir -p mnt/vm/Snapshots
	vm_disk qcow2 mnt/vm
	qemu-img create -q -f qcow2 -F qcow2 -b ../disk.qcow2 mnt/vm/Snapshots/child.qcow2
	refused "'mnt/vm/disk.qcow2' is the parent of '$PWD/mnt/vm/Snapshots/child.qcow2'" \
		--disk mnt/vm/disk.qcow2
	rm mnt/vm/Snapshots/child.qcow2
	for state in vm.vmss Snapshots/2026.sav disk.qcow2.lck/M1.lck; do
		install -D /dev/null "mnt/vm/$state"
		refused "'$PWD/mnt/vm/${state%/M1.lck}'" --disk mnt/vm/disk.qcow2
		rm "mnt/vm/$state"
	done
	for program in "qemu-nbd --fork -t -f qcow2 -k $PWD/socket --pid-file=$PWD/pid" \
		"$HOST/bin/vdattach attach"; do
		device=$($program mnt/vm/disk.qcow2 3>&-)
		refused_in_use
		if [ -s pid ]; then
			kill "$(cat pid)"
			timeout 60 tail -f --pid="$(cat pid)" /dev/null
			rm pid
		else
			"$HOST/bin/vdattach" detach "$device"
		fi
	done
	# who only reads it disturbs nobody
	qemu-nbd --fork -r -t -f qcow2 -k "$PWD/socket" --pid-file="$PWD/pid" mnt/vm/disk.qcow2 3>&-
	run -0 frugal --disk mnt/vm/disk.qcow2
	kill "$(cat pid)"
}

refused_in_use() {
	run -1 frugal --disk mnt/vm/disk.qcow2
	assert_output "frugal: 'mnt/vm/disk.qcow2' is in use by another program, a running virtual machine perhaps: shut that down first; nothing was changed"
	[ ! -e mnt/vm/disk.qcow2.boot ]
}
