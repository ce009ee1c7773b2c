# promise: the parameters of mkinitcpio and dracut open LUKS volumes on disks and in images; images
# that can only be read have volumes, too; what an image lacks is named
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
. "$TOP/tests/boot/lib/hosts.sh"
. "$TOP/tests/boot/lib/volumes.sh"
disk_luks=11112222-3333-4444-5555-666677778888 image_luks=99992222-3333-4444-5555-666677778888
sysroot lvm cryptsetup
build_volumes onluks 'include disk' 'include luks'
build_volumes inimage 'include loop' 'include lvm' 'include luks'
build_volumes bare 'include disk'

# the host's partition, with two images; a LUKS partition with a root
small_ext4 "$WORK/root.fs"
physical_volume "$WORK/pv" a-vg "b-lv=$WORK/root.fs"
encrypt "$WORK/pv" "$WORK/pv.luks" $image_luks
encrypt "$WORK/root.fs" "$WORK/root.luks" $disk_luks
mkdir "$WORK/host"
disk "$WORK/raw.img" 83 "$WORK/pv.luks"
image qcow2 "$WORK/raw.img" "$WORK/host"
disk "$WORK/raw.img" 8e "$WORK/pv"
image vmdk-stream "$WORK/raw.img" "$WORK/host"
ext4 "$WORK/host.fs" 200M imghost "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.fs" "$WORK/root.luks"

typing onluks "cryptdevice=UUID=$disk_luks:croot:allow-discards root=/dev/mapper/croot rw test.keep=one" secret
expect_small_boot
typing onluks "root=UUID=$disk_luks rw test.keep=two" secret
expect_small_boot
expect '=== kept one'
typing onluks "root=UUID=$disk_luks rw panic=-1" a b c
expect 'the LUKS volume /dev/vda2 could not be opened'
expect_not '=== busybox init reached'

typing inimage "vi.host=UUID=$host_uuid vi.image=/disk.qcow2 vi.part=/dev/a-vg/b-lv rd.luks.name=$image_luks=crypt rw test.keep=three" secret
expect_small_boot
expect '=== root ext4 rw'
typing inimage "vi.host=UUID=$host_uuid vi.image=/disk.vmdk kroot=/dev/mapper/a--vg-b--lv rw test.keep=four"
expect_small_boot
expect 'can only be read: changes are kept in RAM'
expect '=== root overlay'

typing bare 'root=/dev/vg/lv panic=-1'
expect "build it with the profile line 'include lvm'"
typing bare "root=UUID=$disk_luks panic=-1"
expect "build it with the profile line 'include luks'"

part "$WORK/luks.after" "$WORK/disk.img" 2
decrypt "$WORK/luks.after" "$WORK/root.after"
clean_ext4 "$WORK/root.after"
host_clean ext4
IMAGE=disk.qcow2
host_files ext4 "$WORK/after"
image_raw qcow2 "$WORK/after" "$WORK/after.img"
part "$WORK/luks.after" "$WORK/after.img" 1
decrypt "$WORK/luks.after" "$WORK/pv.after"
clean_volume "$WORK/pv.after" a-vg 32
debugfs -R 'cat /kept' "$WORK/lv.fs" 2>/dev/null | grep -qx three ||
	fail 'what was written is not in the image'
