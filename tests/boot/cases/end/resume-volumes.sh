# promise: a system that is hibernated to swap on a logical volume, or to an encrypted swap whose
# passphrase is typed, is resumed with what it had in memory, and ends clean
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
. "$TOP/tests/boot/lib/volumes.sh"
luks_uuid=11112222-3333-4444-5555-666677778888
sysroot lvm cryptsetup
build_volumes x 'include disk' 'include lvm' 'include luks'
small_root "$WORK/small"
cat >"$WORK/small/etc/hibernate" <<'HIBERNATE'
echo "=== first start"
busybox mount -t tmpfs none /tmp
echo remembered >/tmp/state
busybox swapon /dev/dm-0 && sync
echo shutdown >/sys/power/disk
echo disk >/sys/power/state && echo "=== resumed with $(cat /tmp/state)"
busybox swapoff /dev/dm-0
HIBERNATE
ext4 "$WORK/small.ext4" 32M SMALL "$root_uuid" "$WORK/small"
truncate -s 200M "$WORK/swap"
mkswap -q "$WORK/swap"

# resumed WORDS TEXT...: hibernates, and resumes; TEXT is typed at each start
resumed() {
	words="rw root=UUID=$root_uuid $1"
	shift
	typing x "$words test.run=/etc/hibernate" "$@"
	expect '=== first start'
	expect_not 'busybox init reached'
	typing x "$words" "$@"
	expect 'resuming the system that is hibernated on /dev/'
	expect '=== resumed with remembered'
	expect_not '=== first start'
	expect_small_boot
	part "$WORK/part" "$WORK/disk.img" 2
	clean_ext4 "$WORK/part"
}

physical_volume "$WORK/pv" my-vg "swap=$WORK/swap"
disk "$WORK/disk.img" 83 "$WORK/pv" "$WORK/small.ext4"
resumed 'resume=/dev/my-vg/swap'

encrypt "$WORK/swap" "$WORK/luks" $luks_uuid
disk "$WORK/disk.img" 83 "$WORK/luks" "$WORK/small.ext4"
resumed "resume=UUID=$luks_uuid" secret
resumed "resume=/dev/mapper/luks-$luks_uuid rd.luks.uuid=$luks_uuid" secret
