#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# mkvinitrd update: what the root of the kernel command line needs of an image
bats_require_minimum_version 1.5.0
load ../../lib/env
load update

@test "what the root of the command line needs is added, or the update is refused: file system, LUKS, LVM, RAID" {
	echo 'root=UUID=11-22 ro' >sys/etc/kernel/cmdline
	update a
	assert_success
	layers 'sda disk xfs'
	update a # xfs is not in the profile
	assert_failure 1
	[[ $stderr == *"root=UUID=11-22, which is xfs: the image lacks xfs (the file system of the root); add it to the preset"* ]]
	layers 'vg-root lvm ext4' 'md0 raid1 LVM2_member' 'sda disk linux_raid_member'
	update a # this system has neither lvm nor mdadm
	assert_failure 1
	[[ $stderr == *"preset 'a', kernel $KVER: "*mdadm* ]] ||
		[[ $stderr == *"preset 'a', kernel $KVER: "*lvm* ]]
	[[ ${stderr} == *'nothing was replaced: the old images are in force'* ]]
	holds "$A" one
	echo 'root none' >>sys/etc/mkvinitrd/presets/a.preset
	update a
	assert_success
	layers 'x crypt ext4' 'sda disk crypto_LUKS'
	sed -i '$d' sys/etc/mkvinitrd/presets/a.preset
	mkdir -p sys/sbin
	cp "$MUSL/bin/busybox" sys/sbin/cryptsetup
	# a program without libraries: this test boots nothing
	update a
	assert_success
	assert_output --partial 'root=UUID=11-22, which is ext4 on LUKS: the image has cryptsetup dm_crypt ext4'
	"$HOST/mkvinitrd" ls "$A" | grep -q '^bin/cryptsetup$'
}

@test "a root that cannot be examined is refused, not taken for none" {
	mkdir -p alone/build
	cp -a "$TOP/scripts" "$TOP/profiles" "$TOP/presets" alone/
	run --separate-stderr alone/scripts/update -r sys a
	assert_failure 1
	[[ $stderr == *": cannot examine the root: there is no program bootplan in "* ]]
	layers 'sda disk ext4'
	printf '#!/bin/sh\nexit 1\n' >bin/lsblk
	update a
	assert_failure 1
	[[ $stderr == *": cannot examine the root: lsblk failed for root=LABEL=nowhere"* ]]
	[ ! -e "$A" ]
}

@test "a LUKS volume that only crypttab names is opened by the image, under its name" {
	layers 'vg-root lvm ext4 4-4' 'sda3_crypt crypt LVM2_member 3-3' \
		'sda3 part crypto_LUKS 2-2' 'sda disk'
	mkdir -p sys/sbin
	for program in cryptsetup lvm; do cp "$MUSL/bin/busybox" sys/sbin/$program; done
	echo 'root=UUID=4-4 ro' >sys/etc/kernel/cmdline
	echo 'sda3_crypt UUID=2-2 none luks,discard' >sys/etc/crypttab
	update a
	assert_success
	"$HOST/mkvinitrd" cat "$A" etc/mkvinitrd/defaults >defaults
	grep -x 'rd.luks.name=2-2=sda3_crypt' defaults
	grep -x 'rd.luks.options=2-2=discard' defaults # or the root cannot be trimmed
	# the command line has it
	echo 'root=UUID=4-4 ro rd.luks.uuid=2-2' >sys/etc/kernel/cmdline
	update a
	assert_success
	run "$HOST/mkvinitrd" cat "$A" etc/mkvinitrd/defaults
	refute_output --partial rd.luks.name
}

@test "a volume that an image of ours cannot open by itself is refused by the name of the option" {
	layers 'x crypt ext4 4-4' 'sda disk crypto_LUKS 2-2'
	mkdir -p sys/sbin
	cp "$MUSL/bin/busybox" sys/sbin/cryptsetup
	echo 'root=UUID=4-4 ro' >sys/etc/kernel/cmdline
	for option in keyscript=/bin/decrypt pkcs11-uri=auto header=/boot/header; do
		printf '#x UUID=2-2 none luks\nx /dev/disk/by-uuid/2-2 none luks,%s\n' "$option" \
			>sys/etc/crypttab
		update a
		assert_failure 1
		[[ $stderr == *"'$option' of the volume x in $PWD/sys/etc/crypttab is not supported; 'root none' in the preset leaves the root to you"* ]]
	done
	echo 'root none' >>sys/etc/mkvinitrd/presets/a.preset
	update a
	assert_success
	sed -i '$d' sys/etc/mkvinitrd/presets/a.preset
	layers 'x crypt ext4 4-4' 'sda disk'
	echo 'x /dev/sda none plain,cipher=aes-xts-plain64' >sys/etc/crypttab
	update a
	assert_failure 1
	[[ $stderr == *"the device of the volume x has no LUKS header (plain dm-crypt, BitLocker and detached headers are not supported); 'root none' in the preset leaves the root to you"* ]]
	layers 'x crypt ext4 4-4' 'sda disk crypto_LUKS 2-2'
	echo 'x UUID=2-2 /etc/keys/x luks' >sys/etc/crypttab
	update a
	assert_success
	assert_output --partial 'which is ext4 on LUKS (its key file /etc/keys/x is not packed: the passphrase is asked)'
}

@test "a LUKS volume with a key in the TPM or a security token: the image has what asks it, and the options" {
	layers 'x crypt ext4 4-4' 'sda disk crypto_LUKS 2-2'
	mkdir -p sys/sbin sys/usr/lib/systemd
	cp "$MUSL/bin/busybox" sys/sbin/cryptsetup
	echo 'root=UUID=4-4 ro' >sys/etc/kernel/cmdline
	echo 'x UUID=2-2 none luks,tpm2-device=auto,tpm2-measure-pcr=yes,token-timeout=5' >sys/etc/crypttab
	update a # this system has no systemd-cryptsetup
	assert_failure 1
	[[ $stderr == *"'/usr/lib/systemd/systemd-cryptsetup' does not exist below"* ]]
	cp "$MUSL/bin/busybox" sys/usr/lib/systemd/systemd-cryptsetup
	for library in esys mu rc tcti-device; do
		gcc -shared -nostdlib -o "sys/lib/libtss2-$library.so.0" -x c /dev/null
	done
	update a
	assert_success
	"$HOST/mkvinitrd" ls "$A" | grep -q '^lib/systemd/systemd-cryptsetup$'
	"$HOST/mkvinitrd" ls "$A" | grep -q '/libtss2-tcti-device.so.0$'
	"$HOST/mkvinitrd" cat "$A" etc/mkvinitrd/defaults |
		grep -x 'rd.luks.options=2-2=tpm2-device=auto,tpm2-measure-pcr=yes,token-timeout=5'
	echo 'x UUID=2-2 none luks,fido2-device=auto' >sys/etc/crypttab
	update a
	assert_failure 1
	[[ $stderr == *"needs the library 'libfido2.so.1', which is not found below"* ]]
}

@test "a /usr of its own is looked at as the root is, and both are checked by the root's e2fsck where no later fsck can" {
	layers 'sda disk ext4'
	mkdir -p sys/sbin
	cp "$MUSL/bin/busybox" sys/sbin/e2fsck
	echo 'root=UUID=11-22 ro' >sys/etc/kernel/cmdline
	update a
	assert_success
	run "$HOST/mkvinitrd" ls "$A" # systemd-fsck-root does that
	refute_output --partial e2fsck
	printf '# UUID=1 /usr xfs\nUUID=11-22 / ext4 defaults 0 1\nLABEL=u /usr xfs defaults 0 2\n' >sys/etc/fstab
	update a
	assert_failure 1
	[[ $stderr == *"root=UUID=11-22, which is ext4; /usr=LABEL=u, which is xfs: the image lacks xfs (the file system of /usr)"* ]]
	sed -i 's/xfs defaults/ext4 defaults/' sys/etc/fstab
	update a
	assert_success
	assert_output --partial '/usr=LABEL=u, which is ext4: the image has e2fsck ext4'
	"$HOST/mkvinitrd" ls "$A" | grep -qx bin/e2fsck
	sed -i 's/defaults 0 2/ro 0 2/' sys/etc/fstab
	echo 'root=UUID=11-22 rw' >sys/etc/kernel/cmdline
	update a
	assert_success
	"$HOST/mkvinitrd" ls "$A" | grep -qx bin/e2fsck
	echo 'line applet e2fsck' >>sys/etc/mkvinitrd/presets/a.preset
	# ours, for whoever wants that
	update a
	assert_success
}
