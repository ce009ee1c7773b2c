# promise: with systemd, an NBD or NFS server that is gone for good and a CD that is taken out are
# reported on the console, and the power button and Ctrl-Alt-Del end the machine without them
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
# server-gone and medium-gone prove the same with busybox.
. "$TOP/tests/boot/lib/hosts.sh"
BOOT_TIMEOUT=900
buttons='atkbd evdev button'
card='-nic user,model=virtio-net-pci,id=card'
debian_image root.ext4
cp --sparse=always "$DEBIAN" "$WORK/root.ext4"
nbd_port
build nbd disk -s "module $buttons" -s 'param vi.modules=atkbd,evdev,button' \
	-s "image nbd://10.0.2.2:$NBD_PORT/disk" -s 'partition whole'
serve_nbd disk "$WORK/root.ext4"
boot_attended nbd 'rw test.keep=synced test.stay=1' \
	'=== multi-user reached => monitor set_link card off' \
	'not written is lost => monitor system_powerdown' -- $card
expect "no answer from nbd://10.0.2.2:$NBD_PORT/disk for 60 s, and the root needs it"
expect 'powering off the machine'
expect 'reboot: Power down'
end_nbd
e2fsck -fy "$WORK/root.ext4" >"$WORK/fsck.log" 2>&1 || [ $? = 1 ] ||
	fail "e2fsck: $(cat "$WORK/fsck.log")"
debugfs -R 'cat /var/lib/kept' "$WORK/root.ext4" 2>/dev/null | grep -qx synced ||
	fail 'what was synced is not on the server'
rm "$WORK/root.ext4"

build overlay overlay -s "module $buttons" -s 'param vi.modules=atkbd,evdev,button' \
	-s 'image /live/root.sqfs'
mkdir -p "$WORK/host/live"
debian_image root-zstd.sqfs
cp "$DEBIAN" "$WORK/host/live/root.sqfs"
host_disk iso9660 "$WORK/host"
mv "$WORK/disk.img" "$WORK/cd.iso"
boot_attended overlay 'test.stay=1' '=== multi-user reached => monitor eject -f cd' \
	'Put it back to continue => monitor sendkey ctrl-alt-delete' -- -device ahci,id=ahci \
	-drive "file=$WORK/cd.iso,if=none,id=cd,format=raw,media=cdrom,readonly=on" \
	-device ide-cd,drive=cd,bus=ahci.0
expect 'the disc was taken out of sr0, and the root needs it'
expect 'restarting the machine'
expect 'reboot: Restarting system'
rm "$WORK/cd.iso"

unsquashfs -q -n -d "$WORK/tree" "$DEBIAN" >/dev/null || fail 'unsquashfs'
rm -r "$WORK/host"
build share share -s "module =net =netfs $buttons" -s 'param vi.modules=atkbd,evdev,button'
serve_nfs "$WORK/tree"
for end in 'system_powerdown Power.down' 'sendkey+ctrl-alt-delete Restarting.system'; do
	boot_attended share "vi.mode=share vi.image=nfs:10.0.2.2:/export:port=$NFS_PORT ip=dhcp rw test.keep=synced test.stay=1" \
		'=== multi-user reached => monitor set_link card off' \
		"not written is lost => monitor $(echo "${end% *}" | tr + ' ')" -- $card
	expect 'no answer from 10.0.2.2:/export for 60 s, and the root needs it'
	expect "reboot: ${end#* }"
	grep -qx synced "$WORK/tree/var/lib/kept" || fail 'what was synced is not on the server'
done
