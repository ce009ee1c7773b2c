# promise: a server that the root needs and that is gone is reported on the console; when it answers
# again the root continues; when it is gone for good, Ctrl-Alt-Del, the power button and poweroff
# end the machine all the same
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
buttons='atkbd evdev button'
card='-nic user,model=virtio-net-pci,id=card'
small_root "$WORK/small"
cat >"$WORK/small/etc/back" <<'BACK'
exec 3</dev/console # a name can be looked up only as long as the server answers
echo unsynced >/unsynced
echo '=== the server is here'
read -r _ <&3
echo '=== the root continues'
read -r _ <&3
BACK
cat >"$WORK/small/etc/poweroff" <<'POWEROFF'
cat /bin/poweroff >/dev/null # once, so that it is in memory
exec 3</dev/console
echo '=== the server is here'
read -r _ <&3
echo unsynced >/unsynced
poweroff
exit
POWEROFF
ext4 "$WORK/root.ext4" 64M nbdroot "$root_uuid" "$WORK/small"
nbd_port
build nbd disk -s "module $buttons" -s 'param vi.modules=atkbd,evdev,button' \
	-s "image nbd://10.0.2.2:$NBD_PORT/disk" -s 'partition whole'
serve_nbd disk "$WORK/root.ext4"
boot_attended nbd 'rw test.run=/etc/poweroff' \
	'=== the server is here => monitor set_link card off' \
	'not written is lost => monitor system_powerdown' -- $card
expect "no answer from nbd://10.0.2.2:$NBD_PORT/disk for 60 s, and the root needs it"
expect 'powering off the machine'
expect 'reboot: Power down'
# each boot waits more than a minute for what never comes: one is enough for every day
if check_all; then
	boot_attended nbd 'rw test.run=/etc/poweroff' \
		'=== the server is here => monitor set_link card off' \
		'not written is lost => type now' -- $card
	expect 'asked to power off: done without the root in 60 s'
	expect 'reboot: Power down'
	end_nbd

	build share share -s "module =net =netfs $buttons" -s 'param vi.modules=atkbd,evdev,button'
	serve_nfs "$WORK/small"
	boot_attended share "vi.mode=share vi.image=nfs:10.0.2.2:/export:port=$NFS_PORT ip=dhcp rw test.run=/etc/back" \
		'=== the server is here => monitor set_link card off' \
		'not written is lost => monitor set_link card on' \
		'answers again => type now' \
		'=== the root continues => monitor set_link card off' \
		'not written is lost => monitor sendkey ctrl-alt-delete' -- $card
	expect 'no answer from 10.0.2.2:/export for 60 s, and the root needs it'
	expect '10.0.2.2:/export answers again'
	expect 'restarting the machine'
	expect 'reboot: Restarting system'
fi
