#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A group has a driver by the place of its name in the kernel's source, wherever the file lies.
# depmod is the real one.
# shellcheck disable=SC2154 # output, status: by bats
bats_require_minimum_version 1.5.0
load builder

setup() {
	builder_setup
	own_system
	D=$S/usr/lib/modules/$KVER
}

# Paths of the modules that the lines choose.
chosen() {
	profile "$@"
	"$M" plan -q -p ./t.profile -r "$S" |
		sed -n "s|^lib/modules/$KVER/\([^ ]*\.ko[.a-z]*\) .*|\1|p" | paste -sd' '
}

# put FILE PLACE: a driver that was built out of tree
put() {
	mkdir -p "$D/${2%/*}"
	cp "$D/kernel/$1" "$D/$2"
}

index() {
	depmod -b "$S" "$KVER"
}

@test "drivers of DKMS, of a vendor and of another kernel replace those of the kernel in every group" {
	put drivers/block/virtio_blk.ko updates/dkms/virtio_blk.ko
	put drivers/net/ethernet/realtek/r8169.ko extra/r8169.ko
	mkdir -p "$D/weak-updates" "$S/usr/lib/modules/6.0/extra"
	mv "$D/kernel/drivers/scsi/sd_mod.ko" "$S/usr/lib/modules/6.0/extra"
	ln -s ../../6.0/extra/sd_mod.ko "$D/weak-updates/sd_mod.ko"
	echo kernel/drivers/scsi/sd_mod.ko >"$D/modules.order"
	rm "$D/kernel/drivers/net/ethernet/realtek/r8169.ko"
	echo kernel/drivers/net/ethernet/realtek/r8169.ko >>"$D/modules.order"
	index
	# as weak-modules writes it on the system itself
	ln -sf /lib/modules/6.0/extra/sd_mod.ko "$D/weak-updates/sd_mod.ko"
	[ "$(chosen 'module =virtio')" = \
		'kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_pci.ko kernel/drivers/virtio/virtio_ring.ko updates/dkms/virtio_blk.ko weak-updates/sd_mod.ko' ]
	[ "$(chosen 'module =net')" = extra/r8169.ko ]
	[ "$(chosen 'module =scsi')" = weak-updates/sd_mod.ko ]
	[ "$(chosen 'module =drivers/scsi')" = weak-updates/sd_mod.ko ]
	[ "$(chosen 'module drivers/net/ethernet/*/*')" = extra/r8169.ko ]
	[ "$(chosen 'module =extra/')" = extra/r8169.ko ]
	profile 'module sd_mod'
	real_programs
	build
	cmp <(member "lib/modules/$KVER/weak-updates/sd_mod.ko") \
		"$S/usr/lib/modules/6.0/extra/sd_mod.ko"
}

@test "a kernel that was installed without modules.builtin" {
	profile 'module ext4 virtio_blk'
	"$M" plan -q -p ./t.profile -r "$S" | grep '[.]ko' >whole
	rm "$D"/modules.builtin*
	"$M" plan -q -p ./t.profile -r "$S" | grep '[.]ko' | diff whole -
	index
	"$M" plan -q -p ./t.profile -r "$S" | grep '[.]ko' | diff whole -
	real_programs
	build
	rm "$D/modules.alias.bin"
	run "$M" plan -q -p ./t.profile -r "$S"
	assert_failure
	assert_output --partial 'no module index (modules.alias.bin)'
}

@test "an index that is older than the modules: what to do" {
	xz --check=crc32 "$D/kernel/drivers/block/virtio_blk.ko"
	profile 'module virtio_blk'
	run "$M" plan -q -p ./t.profile -r "$S"
	assert_failure
	assert_line --regexp "modules.dep names 'kernel/drivers/block/virtio_blk.ko', which is not there: renew it with 'depmod -b .*/own"
	index
	[ "$(chosen 'module virtio_blk')" != '' ]
}

@test "a replacement of what the kernel holds itself" {
	put fs/erofs/erofs.ko updates/squashfs.ko
	index
	[ "$(chosen 'module =fs' 'blacklist ext4 overlay jbd2 mbcache')" = \
		'kernel/fs/erofs/erofs.ko updates/squashfs.ko' ]
}

@test "a driver of another name for the same hardware is packed beside the kernel's" {
	put drivers/net/ethernet/realtek/r8169.ko updates/dkms/r8168.ko
	put fs/erofs/erofs.ko updates/dkms/zfs.ko
	index
	[ "$(chosen 'module =net')" = \
		'kernel/drivers/net/ethernet/realtek/r8169.ko updates/dkms/r8168.ko' ]
	[[ $(chosen 'module =fs') != *zfs* ]]
	[ "$(chosen 'module =updates/dkms')" = 'updates/dkms/r8168.ko updates/dkms/zfs.ko' ]
}

@test "a vendor's tree that keeps the directories of the source" {
	put drivers/block/loop.ko extra/vendor/drivers/net/ethernet/vendor/card.ko
	index
	[ "$(chosen 'module =net')" = \
		'extra/vendor/drivers/net/ethernet/vendor/card.ko kernel/drivers/net/ethernet/realtek/r8169.ko' ]
}

@test "of two files of one name that modules.dep lists the one in updates counts" {
	put drivers/block/loop.ko updates/loop.ko
	put drivers/block/loop.ko extra/loop.ko
	# as busybox's depmod writes it
	printf '%s\n' extra/loop.ko: updates/loop.ko: >>"$D/modules.dep"
	[ "$(chosen 'module loop')" = updates/loop.ko ]
	sed -i '/^updates/d' "$D/modules.dep"
	[ "$(chosen 'module loop')" = kernel/drivers/block/loop.ko ]
}
