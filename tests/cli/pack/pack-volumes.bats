#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# `mkvinitrd pack` of disk images as installers make them: a btrfs with subvolumes, logical volumes, several partitions. What needs
# device-mapper (LUKS, volumes in several pieces) is the boot case pack-volumes.
bats_require_minimum_version 1.5.0
load ../../lib/env

bats_load_library bats-support
bats_load_library bats-assert

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	M=$HOST/mkvinitrd
	mkdir -p root/{etc,usr/bin,boot,home,var/log,opt} tmp
	export TMPDIR=$PWD/tmp
	echo hello >root/etc/motd
	echo tool >root/usr/bin/tool
}

# disk FS...: disk.qcow2 with a partition for each, GPT
disk() {
	truncate -s 1M disk.raw
	{
		echo 'label: gpt'
		for fs; do echo "size=$(($(stat -c %s "$fs") / 512))"; done
	} >table
	for fs; do truncate -s +"$(stat -c %s "$fs")" disk.raw; done
	truncate -s +2M disk.raw
	sfdisk -q disk.raw <table
	at=1
	for fs; do
		dd if="$fs" of=disk.raw bs=1M seek=$at conv=notrunc,sparse status=none
		at=$((at + $(stat -c %s "$fs") / 1048576))
	done
	qemu-img convert -O qcow2 disk.raw disk.qcow2
	sha256sum disk.raw disk.qcow2 >sums
	rm -f "$@"
}

ext4() { mke2fs -q -t ext4 -U "$2" -d "$3" "$1" 16M; }

# untouched: the image is as it was, and nothing of it is attached or mounted
untouched() {
	sha256sum --quiet -c sums
	assert_equal "$(ls -A tmp)" ''
	run ! grep "$PWD/tmp" /proc/mounts
	all_detached "$PWD"
}

members() { tar -tf "$1" | LC_ALL=C sort | paste -s -d ' '; }

@test "/usr, /boot and /home of an image are found by the fstab inside, whatever it calls them" {
	u=11111111-2222-3333-4444-55555555555
	mkdir -p usr/bin boot home/me usr/local
	mv root/usr/bin/tool usr/bin/
	echo kernel >boot/vmlinuz && echo mine >home/me/file
	cat >root/etc/fstab <<-FSTAB
		UUID=${u}1 / ext4 defaults 0 1
		UUID="${u}2"	/usr	ext4	ro 0 2
		/dev/sda3 /boot auto defaults 0 2
		PARTUUID=01234567-89AB-cdef-0123-456789abcdef /home ext4 defaults 0 2
		LABEL=gone /opt ext4 defaults 0 2
		UUID=${u}9 none swap sw 0 0
		/var/swap none swap sw 0 0
		tmpfs /tmp tmpfs defaults 0 0
	FSTAB
	head -c 1000 /dev/urandom >root/var/swap
	for n in 1:root 2:usr 3:boot 4:home; do ext4 "fs${n%:*}" "$u${n%:*}" "${n#*:}"; done
	disk fs1 fs2 fs3 fs4
	sfdisk -q --part-uuid disk.raw 4 01234567-89AB-CDEF-0123-456789ABCDEF
	qemu-img convert -O qcow2 disk.raw disk.qcow2
	sha256sum disk.raw disk.qcow2 >sums
	for image in disk.raw disk.qcow2; do
		run -0 "$M" pack $image out.tar
		assert_line "pack: the root is partition 1 of '$image'"
		assert_line "pack: /usr is partition 2 of '$image'"
		assert_line "pack: /boot is partition 3 of '$image'"
		assert_line "pack: /home is partition 4 of '$image'"
		assert_line "pack: warning: the fstab of '$image' has /opt on LABEL=gone, which is not in the image: it is not packed"
		assert_equal "$(members out.tar)" './ ./boot/ ./boot/vmlinuz ./etc/ ./etc/fstab ./etc/motd ./home/ ./home/me/ ./home/me/file ./opt/ ./usr/ ./usr/bin/ ./usr/bin/tool ./usr/local/ ./var/ ./var/log/'
		untouched
	done
	"$M" pack -q --exclude '/home/*' disk.raw out.sqfs
	run -0 unsquashfs -l out.sqfs
	assert_output --partial usr/bin/tool
	refute_output --partial home/me
	untouched
}

@test "a btrfs with @ and @home, as Debian and Ubuntu make it, one with a default subvolume, as openSUSE, and snapshots that stay out" {
	mkdir mnt
	for layout in @rootfs @ default; do
		truncate -s 256M fs
		mkfs.btrfs -q -f -L sys fs
		mount -o loop fs mnt
		sub=$layout
		if [ $layout = default ]; then
			btrfs -q subvolume create mnt/@ && mkdir -p mnt/@/.snapshots/1 && btrfs -q subvolume create mnt/@/.snapshots/1/snapshot
			sub=@/.snapshots/1/snapshot
			btrfs subvolume set-default mnt/$sub
		else
			btrfs -q subvolume create mnt/$sub
		fi
		btrfs -q subvolume create mnt/@home
		cp -a root/. mnt/$sub/
		echo mine >mnt/@home/file
		# systemd makes such a one by itself
		btrfs -q subvolume create mnt/$sub/var/lib-portables && echo x >mnt/$sub/var/lib-portables/image
		printf 'LABEL=sys / btrfs defaults 0 0\nLABEL=sys /home btrfs defaults,subvol=@home 0 0\nLABEL=sys /.snapshots btrfs subvol=/@/.snapshots 0 0\n' >mnt/$sub/etc/fstab
		mkdir -p mnt/$sub/.snapshots/2
		btrfs -q subvolume snapshot -r mnt/$sub mnt/$sub/.snapshots/2/snapshot
		umount mnt
		disk fs
		run -0 "$M" pack disk.qcow2 out.tar
		assert_equal "$(members out.tar | sed 's| ./.snapshots/||')" './ ./boot/ ./etc/ ./etc/fstab ./etc/motd ./home/ ./home/file ./opt/ ./usr/ ./usr/bin/ ./usr/bin/tool ./var/ ./var/lib-portables/ ./var/lib-portables/image ./var/log/'
		untouched
	done
}

@test "several roots are listed and one is asked for by name; no root, a wrong name and a damaged image are one line" {
	ext4 fs1 11111111-2222-3333-4444-555555555551 root
	echo other >root/etc/motd
	ext4 fs2 11111111-2222-3333-4444-555555555552 root
	truncate -s 256M fs3
	mkfs.btrfs -q fs3
	mkdir mnt
	mount -o loop fs3 mnt
	for sub in @ @old; do btrfs -q subvolume create mnt/$sub && cp -a root/. mnt/$sub/ && echo $sub >mnt/$sub/etc/motd; done
	umount mnt
	mkdir data
	ext4 fs4 11111111-2222-3333-4444-555555555554 data
	disk fs1 fs2 fs3 fs4
	run -1 "$M" pack disk.raw out.tar
	assert_output "pack: several parts of 'disk.raw' have a root in them: 1, 2, 3 with subvolume @, 3 with subvolume @old; name one with --partition, and --subvolume in a btrfs"
	"$M" pack -q --partition 2 disk.raw out.tar
	assert_equal "$(tar -xOf out.tar ./etc/motd)" other
	"$M" pack -q --partition 3 --subvolume @old disk.raw out.tar
	assert_equal "$(tar -xOf out.tar ./etc/motd)" @old
	for part in 4 9 vg/root; do
		run -1 "$M" pack --partition $part disk.raw no.tar
		assert_equal "${#lines[@]}" 1
		assert_output --partial 'has no root in it, or is not there'
		assert_output --partial '4 (ext4)'
	done
	untouched
}

@test "subvolumes of a hostile image are neither options of mount nor lines of ours" {
	truncate -s 256M fs
	mkfs.btrfs -q fs
	mkdir mnt
	mount -o loop fs mnt
	for sub in '@,exec' "@$(printf '\n1\tx')" "@$(printf '\t')" "@$(printf '\033[2J')"; do
		btrfs -q subvolume create "mnt/$sub" && cp -a root/. "mnt/$sub/"
	done
	umount mnt
	disk fs
	run -1 "$M" pack disk.raw out.tar
	assert_line "pack: warning: the subvolume '@,exec' has a comma or a control character in its name, and is not read"
	assert_line "pack: warning: the subvolume '@\\033[2J' has a comma or a control character in its name, and is not read"
	assert_line "pack: no partition of 'disk.raw' has a root in it (a file system with etc and usr): it has 1 (btrfs)"
	run -2 "$M" pack --subvolume '@,exec' disk.raw out.tar
	assert_line --partial "pack: --subvolume: expected a name without commas and control characters"
	untouched
}

@test "text of an fstab in an image reaches no terminal as it is" {
	printf 'LABEL=a\\033[2Jb /opt\\033[2J ext4 x 0 0\nLABEL=b\\302\\2332J /opt ext4 x 0 0\n' >root/etc/fstab
	ext4 fs1 11111111-2222-3333-4444-555555555551 root
	disk fs1
	run -0 "$M" pack disk.raw out.tar
	assert_line --partial "warning: the fstab of 'disk.raw' has /opt"
	run ! grep -q "$(printf '\033')" <<<"$output"
	run ! grep -q "$(printf '\302\233')" <<<"$output"
}

@test "an MBR in sectors of 4096 bytes is found by what its partitions hold, or by --sector-size" {
	mke2fs -q -t ext4 -b 4096 -d root fs 16M
	truncate -s 20M disk.raw
	# start and size are at 454 and 458 of the sector, the signature is at 510
	printf '\0\0\0\0\203\0\0\0\0\1\0\0\0\20\0\0' | dd of=disk.raw bs=1 seek=446 conv=notrunc status=none
	printf '\125\252' | dd of=disk.raw bs=1 seek=510 conv=notrunc status=none
	dd if=fs of=disk.raw bs=4096 seek=256 conv=notrunc,sparse status=none
	qemu-img convert -O qcow2 disk.raw disk.qcow2
	sha256sum disk.raw disk.qcow2 >sums
	run -0 "$M" pack disk.qcow2 a.tar
	assert_line "pack: the partition table of 'disk.qcow2' is in sectors of 4096 bytes"
	assert_line "pack: the root is partition 1 of 'disk.qcow2'"
	"$M" pack -q -b 4096 disk.raw b.tar
	cmp a.tar b.tar
	run -1 "$M" pack --sector-size 512 disk.raw c.tar
	assert_output --partial 'it has 1 (nothing known)'
	run -2 "$M" pack --sector-size 1024 disk.raw c.tar
	untouched
}

@test "a link in an image leads nowhere outside of it" {
	mkdir -p outside/etc outside/usr evil/usr usr home
	echo secret >outside/etc/motd
	ln -s "$PWD/outside/etc" evil/etc
	ext4 fs1 11111111-2222-3333-4444-555555555551 evil
	disk fs1
	run -1 "$M" pack disk.raw out.tar
	assert_output --partial 'has a root in it'
	rmdir root/home
	ln -s "$PWD/outside" root/home
	printf 'UUID=11111111-2222-3333-4444-555555555552 /home ext4 x 0 0\nUUID=11111111-2222-3333-4444-555555555552 /opt/../../../%s ext4 x 0 0\n' "$PWD/outside" >root/etc/fstab
	ext4 fs1 11111111-2222-3333-4444-555555555551 root
	ext4 fs2 11111111-2222-3333-4444-555555555552 home
	disk fs1 fs2
	run -0 "$M" pack disk.raw out.tar
	assert_line "pack: warning: the fstab of 'disk.raw' has /home, which is no directory of the root: it is not packed"
	untouched
}

# lvm_on LOOP ARGS...: Debian's lvm, which sees this device alone
lvm_on() {
	on=$1
	shift
	LVM_SYSTEM_DIR=$PWD/lvm LVM_SUPPRESS_FD_WARNINGS=1 "$BATS_TEST_TMPDIR/bin/lvm" "$@" --driverloaded n --config "
		devices { filter=[\"a|^$on\$|\", \"r|.*|\"] use_devicesfile=0 hints=\"none\" obtain_device_list_from_udev=0 external_device_info_source=\"none\" }
		backup { backup=0 archive=0 } global { locking_dir=\"$PWD/lvm\" }" >/dev/null
}

@test "logical volumes, as Debian's installer makes them, with a volume that is not read; nothing of this machine's LVM is asked" {
	tree=$("$BATS_TEST_DIRNAME/../../boot/lvm")
	mkdir bin lvm
	cat >bin/lvm <<-LVM
		#!/bin/sh
		exec $tree/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 --library-path $tree/lib/x86_64-linux-gnu:$tree/usr/lib/x86_64-linux-gnu $tree/sbin/lvm "\$@"
	LVM
	chmod +x bin/lvm
	PATH=$PWD/bin:$PATH
	mkdir home boot
	echo mine >home/file && echo kernel >boot/vmlinuz
	printf '/dev/mapper/my--vg-root / ext4 x 0 1\n/dev/my-vg/home /home ext4 x 0 2\nUUID=11111111-2222-3333-4444-555555555553 /boot ext4 x 0 2\n' >root/etc/fstab
	ext4 lv1 11111111-2222-3333-4444-555555555551 root
	ext4 lv2 11111111-2222-3333-4444-555555555552 home
	ext4 fs1 11111111-2222-3333-4444-555555555553 boot
	truncate -s 64M pv
	loop=$(losetup -f --show pv)
	lvm_on "$loop" pvcreate "$loop"
	lvm_on "$loop" vgcreate my-vg "$loop"
	for lv in root:16 home:16 swap_1:4; do lvm_on "$loop" lvcreate -an -Zn -Wn -y -L "${lv#*:}m" -n "${lv%:*}" my-vg; done
	# this one in two pieces that are neighbours, as after lvextend
	lvm_on "$loop" lvcreate -an -Zn -Wn -y -L 4m -n extended my-vg
	lvm_on "$loop" lvextend -L 8m my-vg/extended
	losetup -d "$loop"
	dd if=lv1 of=pv bs=1M seek=1 conv=notrunc status=none
	dd if=lv2 of=pv bs=1M seek=17 conv=notrunc status=none
	disk fs1 pv
	run -0 "$M" pack disk.qcow2 out.tar
	assert_line "pack: the root is volume my-vg/root of 'disk.qcow2'"
	assert_line "pack: /home is volume my-vg/home of 'disk.qcow2'"
	assert_line "pack: /boot is partition 1 of 'disk.qcow2'"
	assert_equal "$(members out.tar)" './ ./boot/ ./boot/vmlinuz ./etc/ ./etc/fstab ./etc/motd ./home/ ./home/file ./opt/ ./usr/ ./usr/bin/ ./usr/bin/tool ./var/ ./var/log/'
	"$M" pack -q --partition my-vg/root disk.raw out.tar
	untouched
	rm bin/lvm
	run -1 "$M" pack disk.raw out.tar
	assert_output 'pack: lvm is not installed: apt-get install lvm2'
	untouched
}

@test "an encrypted volume needs a key: without a terminal and --key-file that is said" {
	truncate -s 20M fs1
	echo secret | cryptsetup luksFormat -q --type luks1 --pbkdf-force-iterations 1000 fs1 -
	disk fs1
	run -1 "$M" pack disk.raw out.tar </dev/null
	assert_output "pack: partition 1 of 'disk.raw' is encrypted: give the file with its key or passphrase (--key-file), or run this at a terminal"
	run -2 "$M" pack --key-file none disk.raw out.tar
	assert_line "pack: --key-file: cannot read 'none'"
	untouched
}

@test "INT and TERM at any moment leave no mount, loop device or file of an image" {
	mkdir home
	printf 'LABEL=sys / ext4 x 0 1\n/dev/sda2 /home ext4 x 0 2\n' >root/etc/fstab
	ext4 fs1 11111111-2222-3333-4444-555555555551 root
	ext4 fs2 11111111-2222-3333-4444-555555555552 home
	disk fs1 fs2
	local moments='1 4 7 10'
	[ -z "${CHECK_ALL:-}" ] || moments=$(seq 12)
	for moment in $moments; do
		signal=INT
		[ $((moment % 2)) = 0 ] || signal=TERM
		env --default-signal "$M" pack -q disk.qcow2 out.tar 2>log &
		pid=$!
		sleep "$(printf '%d.%02d' $((moment / 10)) $((moment % 10 * 10)))"
		kill -"$signal" $pid 2>/dev/null || :
		wait $pid || :
		untouched
	done
}
