#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Roots on logical volumes and in LUKS volumes: what is opened, in which order, on which disks, and
# what is left to the shutdown.
load lib.bash
load volumes.bash

# state LINE...: this and nothing else is left to the shutdown
state() {
	diff -u <(printf '%s\n' "$@") "$ROOT/run/initramfs/state"
}

kloop() {
	tools lvm
	echo loop0p1 >"$ROOT/pv"
	mkdir "$ROOT/dev/vdhost" && ln -s /dev/loop0p1 "$ROOT/dev/vdhost/Partition1" &&
		ln -s /dev/loop0 "$ROOT/dev/vdhost/EntireDisk"
	printf 'other\nvg\n' >"$ROOT/groups"
	cmdline 'root=UUID=aabb kloop=/x.vhd kroot=/dev/mapper/vg-lv klvm=vg rw'
	boot
	calls 'vdattach --state /run/initramfs/state --parents /run/initramfs/host /run/initramfs/host/x.vhd' 'modprobe -a dm_mod' \
		'mount -t ext4 -o rw /dev/mapper/vg-lv /newroot' \
		'switch_root /newroot /sbin/init' &&
		grep -qF 'lvm vgchange --sysinit -ay vg --config devices { filter=["a|^/dev/loop0$|", "a|^/dev/loop0p1$|", "r|.*|"] ' "$CALLS" &&
		not_called 'lvm vgchange.*-ay other|lvm lvchange|devices [{] types' &&
		state 'device /dev/vda1' 'loop /dev/loop0' 'volumes all' &&
		[ "$(cat "$ROOT/run/udev/data/b254:1")" = E:DM_UDEV_PRIMARY_SOURCE_FLAG=1 ] &&
		[ "$(readlink "$ROOT/dev/mapper/vg-lv")" = ../dm-1 ]
}
@test "loop: the parameters of kloop activate the named group of the image, and lvm sees no other disk" { both kloop; }

loop_read_only() {
	tools lvm overlayroot
	echo loop0 >"$ROOT/pv"
	mkdir -p "$ROOT/sys/class/block/loop0" "$ROOT/sys/block/dm-1" && echo 1 |
		tee "$ROOT/sys/class/block/loop0/ro" >"$ROOT/sys/block/dm-1/ro"
	cmdline 'vi.mode=loop vi.image=/a.vmdk vi.part=/dev/vg/lv rw'
	boot
	grep -q 'lvm vgchange --sysinit -ay vg .*read_only_volume_list=\["vg"\]' "$CALLS" &&
		calls 'overlayroot --state /run/initramfs/state -l /dev/mapper/vg-lv -u ram /newroot'
}
@test "loop: volumes of an image that can only be read are activated so, and changes stay in memory" { both loop_read_only; }

disk_names() {
	local root
	for root in /dev/vg/lv /dev/mapper/vg-lv; do
		new_tree
		tools lvm
		cmdline "root=$root"
		boot
		grep -q '^lvm vgchange --sysinit -ay vg --config devices { types=' "$CALLS" &&
			calls 'mount -t ext4 -o ro /dev/mapper/vg-lv /newroot' &&
			said "root=$root is /dev/mapper/vg-lv" &&
			state 'device /dev/vda3' 'volumes all' || return 1
	done
}
@test "disk: a logical volume by either of its names; its disks are to be free at the end" { both \
	disk_names; }

# a_disk PLACE WWID-DIRECTORY WWID [SIZE]
a_disk() {
	mkdir -p "$ROOT/sys/devices/$1/$2"
	echo "$3" >"$ROOT/sys/devices/$1/$2/wwid"
	echo "${4:-2048}" >"$ROOT/sys/devices/$1/size"
	ln -s "../devices/$1" "$ROOT/sys/block/${1##*/}"
}

two_paths() {
	tools lvm
	a_disk pci/host0/sda device naa.5000c50015ea71ac
	a_disk pci/host1/sdb device naa.5000c50015ea71ac
	a_disk pci/host2/sdc device naa.5000c50015ea71ac 4096
	a_disk pci/usb1/sdd device naa.5000000000000001
	a_disk pci/usb2/sde device naa.5000000000000001
	a_disk pci/nvme0/nvme0c0n1 '' eui.01
	echo 1 >"$ROOT/sys/devices/pci/nvme0/nvme0c0n1/hidden"
	a_disk pci/nvme0/nvme0n1 '' eui.01
	a_disk pci/nvme1/nvme1n1 '' eui.01
	cmdline 'root=/dev/vg/lv'
	boot
	grep -qF 'lvm vgchange --sysinit -ay vg --config devices { filter=["r|^/dev/sdb$|", "r|^/dev/sdb[0-9]|", "r|^/dev/nvme1n1$|", "r|^/dev/nvme1n1p[0-9]|", "a|.*|"] types=' "$CALLS"
}
@test "disk: two paths to one disk are one for lvm; USB bridges and a hidden path of NVMe are none" { both two_paths; }

silent_disk() {
	tools lvm
	mkdir -p "$ROOT/run/initramfs"
	printf '/dev/sda1\n/dev/sda\n' >"$ROOT/run/initramfs/state.silent"
	cmdline 'root=/dev/vg/lv'
	boot
	calls 'mount -t ext4 -o ro /dev/mapper/vg-lv /newroot' &&
		grep -qF 'lvm vgs --foreign --noheadings -o vg_name,systemid --config devices { filter=["r|^/dev/sda1$|", "r|^/dev/sda$|", "a|.*|"] ' "$CALLS"
}
@test "disk: lvm does not read disks that did not answer findimg" { both silent_disk; }

disk_uuid() {
	tools lvm
	printf 'one\nvg\n' >"$ROOT/groups"
	cmdline 'root=UUID=in-lv'
	boot
	grep -q '^lvm vgchange --sysinit -ay one ' "$CALLS" &&
		grep -q '^lvm vgchange --sysinit -ay vg ' "$CALLS" &&
		calls 'mount -t ext4 -o ro /dev/mapper/vg-lv /newroot' || return 1
	new_tree
	tools lvm
	cmdline 'root=UUID=in-lv rd.lvm.lv=vg/lv rd.lvm.lv=vg/swap'
	boot
	grep -q '^lvm lvchange --sysinit -ay -K vg/lv ' "$CALLS" &&
		grep -q '^lvm lvchange --sysinit -ay -K vg/swap ' "$CALLS" && not_called 'lvm vgchange'
}
@test "disk: the UUID of what is on a logical volume; only the volumes that rd.lvm.lv= names" { both disk_uuid; }

# vgchange does not activate it: snapm and boom boot from such snapshots
lvm_snapshot() {
	tools lvm
	fake lvm <<'FAKE'
case $1:$4 in
vgs:*) printf 'other\nmy-vg\n' ;;
lvchange:-K) "$FAKES/volume" dm-1 my--vg-lv--snap LVM-abc vda3 ;;
esac
FAKE
	cmdline 'root=/dev/my-vg/lv-snap ro rd.lvm.vg=other'
	boot
	calls 'mount -t ext4 -o ro /dev/mapper/my--vg-lv--snap /newroot' &&
		[ "$(grep -c '^lvm lvchange' "$CALLS")" = 1 ] &&
		grep -q '^lvm lvchange --sysinit -ay -K /dev/mapper/my--vg-lv--snap ' "$CALLS"
}
@test "disk: the root is a thin snapshot, which its group does not activate" { both lvm_snapshot; }

lvm_system() {
	tools lvm
	echo 'vg office-pc' >"$ROOT/groups"
	cmdline 'root=/dev/vg/lv ro'
	boot
	calls 'mount -t ext4 -o ro /dev/mapper/vg-lv /newroot' &&
		grep -q '^lvm vgchange --sysinit -ay vg .*lvmlocal" local { system_id="office-pc" }' "$CALLS" &&
		not_called '^lvm vgs .*lvmlocal' || return 1
	new_tree
	tools lvm
	echo 'vg office-pc' >"$ROOT/groups"
	cmdline 'root=UUID=in-lv ro panic=-1 vi.timeout=1'
	boot
	not_called '^lvm (vgchange|lvchange)' && said "rd.lvm.vg=vg takes it"
}
@test "a volume group with a system ID is taken if the command line names it" { both lvm_system; }

lvm_degraded() {
	tools lvm
	fake lvm <<'FAKE'
case $*:$1 in
*:vgs) echo vg ;;
*'activation_mode="degraded"'*) "$FAKES/volume" dm-1 vg-lv LVM-abc vda3 ;;
esac
FAKE
	cmdline 'root=/dev/vg/lv vi.timeout=6'
	boot
	calls 'switch_root /newroot /sbin/init' &&
		[ "$(grep -c '^lvm vgchange.*activation_mode="complete"' "$CALLS")" = 2 ] &&
		[ "$(grep -c '^lvm vgchange.*activation_mode="degraded"' "$CALLS")" = 1 ]
}
@test "a mirrored volume waits for its disks, a third of the time, before it is used without some" { both lvm_degraded; }

lvm_off() {
	tools lvm cryptsetup
	cmdline 'root=UUID=aabb rd.lvm=0 rd.luks=0 rd.lvm.vg=vg rd.luks.uuid=luks'
	boot
	calls 'mount -t ext4 -o ro /dev/vda1 /newroot' && not_called '^lvm|cryptsetup'
}
@test "rd.lvm=0 and rd.luks=0 open nothing" { both lvm_off; }

luks_lvm() {
	tools lvm cryptsetup
	echo dm-0 >"$ROOT/pv"
	cmdline 'root=/dev/vg/lv rd.luks.name=luks=crypt rd.luks.uuid=luks rd.lvm.vg=vg'
	boot
	calls 'cryptsetup open --type luks --key-file - /dev/vda2 crypt' \
		'mount -t ext4 -o ro /dev/mapper/vg-lv /newroot' &&
		state 'device /dev/vda2' 'volumes all' && not_called 'cryptsetup.*luks-luks'
}
@test "disk: a logical volume in a LUKS volume" { both luks_lvm; }

loop_luks_lvm() {
	tools lvm cryptsetup
	echo dm-0 >"$ROOT/pv"
	cmdline 'vi.mode=loop vi.image=/a.img vi.host=UUID=aabb vi.part=/dev/vg/lv rd.luks.name=luks=crypt rw'
	boot
	calls 'cryptsetup open --type luks --key-file - /dev/vda2 crypt' \
		'mount -t ext4 -o rw /dev/mapper/vg-lv /newroot' &&
		grep -qF 'lvm vgchange --sysinit -ay vg --config devices { filter=["a|^/dev/loop0$|", "a|^/dev/dm-0$|", "r|.*|"] ' "$CALLS"
}
@test "loop: a logical volume in a LUKS volume of the image" { both loop_luks_lvm; }

luks_names() {
	tools cryptsetup
	cmdline 'cryptdevice=UUID=luks:croot:allow-discards root=/dev/mapper/croot rw'
	boot
	calls 'cryptsetup open --type luks --key-file - --allow-discards /dev/vda2 croot' \
		'mount -t ext4 -o rw /dev/mapper/croot /newroot' || return 1
	new_tree
	tools cryptsetup
	cmdline 'root=/dev/mapper/luks-luks rd.luks.uuid=luks-luks'
	boot
	calls 'cryptsetup open --type luks --key-file - /dev/vda2 luks-luks' \
		'mount -t ext4 -o ro /dev/mapper/luks-luks /newroot'
}
@test "disk: mkinitcpio's and dracut's names for LUKS volumes" { both luks_names; }

luks_of_part() {
	tools cryptsetup
	sed -i 's|^UUID=luks) .*|UUID=lu\\*) answer /dev/vda2 crypto_LUKS ;;|; s|UUID=1234|UUID=12-34|' "$FAKES/findimg"
	cmdline 'root=/dev/mapper/luks-12-34 rd.luks.uuid=luks-lu rd.luks.options=discard,perf-same_cpu_crypt'
	boot
	calls 'cryptsetup open --type luks --key-file - --allow-discards --perf-same_cpu_crypt /dev/vda2 luks-12-34' \
		'mount -t ext4 -o ro /dev/mapper/luks-12-34 /newroot'
}
@test "disk: the beginning of a UUID; options of the volume" { both luks_of_part; }

luks_of_systemd() {
	tools cryptsetup
	cmdline 'luks.name=luks=croot luks.options=luks=discard root=/dev/mapper/croot'
	boot
	calls 'cryptsetup open --type luks --key-file - /dev/vda2 croot' \
		'mount -t ext4 -o ro /dev/mapper/croot /newroot' || return 1
	new_tree
	tools cryptsetup
	cmdline 'rd_LUKS_UUID=luks-luks root=/dev/mapper/luks-luks'
	boot
	calls 'cryptsetup open --type luks --key-file - /dev/vda2 luks-luks' \
		'mount -t ext4 -o ro /dev/mapper/luks-luks /newroot'
}
@test "disk: LUKS volumes by systemd's names of parameters, and by dracut's of old" { both \
	luks_of_systemd; }

luks_itself() {
	tools cryptsetup
	cmdline 'root=UUID=luks'
	boot
	calls 'cryptsetup open --type luks --key-file - /dev/vda2 vi-root' \
		'mount -t ext4 -o ro /dev/mapper/vi-root /newroot' || return 1
	new_tree
	tools cryptsetup
	export TYPE=crypto_LUKS
	cmdline 'vi.mode=loop vi.image=/a.img vi.host=UUID=aabb vi.part=1'
	boot
	unset TYPE
	calls 'cryptsetup open --type luks --key-file - /dev/loop0p1 vi-root' \
		'mount -t ext4 -o ro /dev/mapper/vi-root /newroot'
}
@test "root= or vi.part= that is a LUKS volume itself is opened" { both luks_itself; }

luks_refused() {
	tools cryptsetup
	fake cryptsetup <<<'exit 2'
	cmdline 'root=UUID=luks panic=-1'
	boot
	said 'the LUKS volume /dev/vda2 could not be opened' && calls 'reboot -f' &&
		not_called ' /newroot$'
}
@test "no passphrase in three tries: reported, nothing mounted" { both luks_refused; }

# secrets OF-VDA2 OF-VDA4 TYPED...: two LUKS volumes, the root in the second
secrets() {
	new_tree
	tools cryptsetup
	fake cryptsetup <<FAKE
case \$* in *vda2*) secret='$1' device=dm-0 name=one ;; *) secret='$2' device=dm-1 name=two ;; esac
[ "\$(cat)" = "\$secret" ] || exit 2
"\$FAKES/volume" \$device \$name CRYPT-LUKS2-abc vda2
FAKE
	shift 2
	types "$@"
	cmdline "root=/dev/mapper/two rd.luks.name=luks=one rd.luks.name=luks2=two panic=-1${PARAMETERS:+ $PARAMETERS}"
	boot
}

# answers N: so many were asked for
answers() { [ "$(grep -c '^head -n 1' "$CALLS")" = "$1" ]; }

same_passphrase() {
	secrets 'two  words\ %s' 'two  words\ %s' 'two  words\ %s' && answers 1 &&
		calls 'mount -t ext4 -o ro /dev/mapper/two /newroot' &&
		secrets first second wrong first second && answers 3 &&
		calls 'mount -t ext4 -o ro /dev/mapper/two /newroot' &&
		secrets first second first wrong wrong wrong second && answers 4 &&
		not_called ' /newroot$' && calls 'reboot -f' &&
		secrets first second && answers 1 && calls 'reboot -f'
}
@test "one passphrase for two LUKS volumes is asked for once, another one again, three times each" { both same_passphrase; }

passphrase_hidden() {
	PARAMETERS=vi.debug secrets hush hush hush
	answers 1 && [[ $output == *'unlock /dev/vda4 two'* ]] && [[ $output != *hush* ]] &&
		! grep -q hush "$CALLS" "$ROOT/run/initramfs"/*.log
}
@test "no passphrase gets into the log of vi.debug, or into arguments" { both passphrase_hidden; }

no_tools() {
	volume_fakes
	cmdline 'root=/dev/vg/lv panic=-1'
	boot
	said "the root is on the volume group vg, and this initramfs has no lvm" &&
		said "build it with the profile line 'include lvm'" || return 1
	cmdline 'root=UUID=aabb rd.lvm.lv=vg/home rd.luks.uuid=luks quiet'
	boot
	said "the volumes vg/home stay closed: this initramfs has no lvm; build it with the profile line 'include lvm'" &&
		said "this initramfs has no cryptsetup; build it with the profile line 'include luks'" &&
		calls 'mount -t ext4 -o ro /dev/vda1 /newroot' && not_called '^lvm|cryptsetup'
}
@test "what the profile did not pack is named: a root stops, other volumes stay closed" { both \
	no_tools; }

physical() {
	tools
	cmdline 'root=UUID=pv panic=-1'
	boot
	said '/dev/vda3 is an LVM physical volume' && said 'root=/dev/VG/LV'
}
@test "a physical volume as the root: the message says what to name" { both physical; }

not_here() {
	tools lvm cryptsetup
	: >"$ROOT/groups"
	cmdline 'root=/dev/vg/lv rd.luks.uuid=gone vi.timeout=0 panic=-1'
	boot
	said 'LUKS volumes on the command line that were not found: UUID=gone' &&
		said "the device '/dev/vg/lv' was not found"
}
@test "a volume that is not there is named" { both not_here; }

copied() {
	tools lvm
	fake lvm <<'FAKE'
[ "$1" != vgs ] || echo vg
echo '  WARNING: Not using device /dev/vdb for PV a-b-c.' >&2
[ "$1" = vgs ] || echo '  Cannot activate LVs in VG vg while PVs appear on duplicate devices.' >&2
FAKE
	cmdline 'root=/dev/vg/lv vi.timeout=0 panic=-1'
	boot
	said 'WARNING: Not using device /dev/vdb' &&
		said "the device '/dev/vg/lv' cannot be used: a disk of its volume group is here twice" &&
		said 'to do: remove the copy' && not_called switch_root
}
@test "a volume group that is here twice, as a disk and its copy, is named" { both copied; }

# The shutdown: the lower of two volumes is busy as long as the upper one is there.
shut() {
	volume_fakes
	"$FAKES/volume" dm-0 crypt CRYPT-LUKS2-abc vda2
	"$FAKES/volume" dm-1 vg-lv LVM-abc dm-0
	"$FAKES/volume" dm-2 vdattach0 VDATTACH-vdattach0 loop0
	fake vdattach <<'FAKE'
[ "$1" = unmap ] || exit 0
[ "$2" != /dev/dm-0 ] || [ ! -e "$ROOT/sys/block/dm-1" ] || exit 1
rm -r "$ROOT/sys/block/${2##*/}"
FAKE
	printf 'device /dev/vda2\nloop /dev/mapper/vdattach0\nvolumes all\n' >"$ROOT/state"
	: >"$ROOT/dev/vda2"
	# shellcheck disable=SC2086
	run timeout 60 $SH "$SKEL/shutdown" poweroff
	said 'mkvinitrd: clean' && not_called 'unmap /dev/dm-2' &&
		calls 'vdattach unmap /dev/dm-0' 'vdattach unmap /dev/dm-1' \
			'vdattach unmap /dev/dm-0' \
			'vdattach detach --if-attached /dev/mapper/vdattach0' \
			'vdattach free /dev/vda2' || return 1
	"$FAKES/volume" dm-1 vg-lv LVM-abc vda2
	fake vdattach <<<'[ "$1" != unmap ]'
	# shellcheck disable=SC2086
	run timeout 60 $SH "$SKEL/shutdown" poweroff
	said 'mkvinitrd: busy: /dev/dm-1 stays open'
}
@test "shutdown: volumes are closed from the top, before their disks; one that stays open is named" { both shut; }
