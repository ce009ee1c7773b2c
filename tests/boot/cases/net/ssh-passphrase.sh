# promise: with 'include ssh' the passphrase of a LUKS root can be given over SSH, after a wrong one
# too, and nothing else is to be had there; the console asks meanwhile, and whoever answers first
# is heard; neither dropbear nor its network is left to the root
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day skel/net/ssh.bats answers at the console, too.
. "$TOP/tests/boot/lib/volumes.sh"
. "$TOP/tests/boot/lib/tpm.sh"
. "$TOP/tests/boot/lib/ssh.sh"
luks_uuid=11112222-3333-4444-5555-666677778888
few_modules xts ecb aes_generic algif_skcipher
sysroot cryptsetup
sysroot_program /usr/sbin/dropbear
ssh_keys
build_volumes x 'include disk' 'include luks' 'include ssh' "ssh-keys $WORK/ssh/friend.pub" \
	"ssh-host-key $WORK/ssh/host"
# the root tells what is left of it: flags 0x1002 are those of a link that is down
small_root "$WORK/small"
echo 'echo "=== left: $(cat /sys/class/net/eth0/flags) $(/bin/busybox pidof dropbear udhcpc) $(ls -d /run/net-* /dev/pts/[0-9]* 2>/dev/null)"' \
	>"$WORK/small/etc/left"
ext4 "$WORK/root.fs" 32M lvroot "$root_uuid" "$WORK/small"
encrypt "$WORK/root.fs" "$WORK/luks" $luks_uuid
disk "$WORK/disk.img" 83 "$WORK/luks"

# typed there: no shell for who asks for one, no door into the network, none for a stranger
ssh_port
boot x "root=UUID=$root_uuid rw rd.luks.uuid=$luks_uuid test.keep=one test.run=/etc/left" $NETWORK_DEVICE \
	-drive "file=$WORK/disk.img,format=raw,if=virtio" &
booting=$!
await_ssh $booting
! log_in stranger true </dev/null >"$WORK/stranger" 2>&1 || fail 'a stranger was let in'
grep -q 'Permission denied (publickey)' "$WORK/stranger" ||
	fail "a stranger was refused otherwise: $(cat "$WORK/stranger")"
! log_in friend -W 10.0.2.2:9 </dev/null >"$WORK/forward" 2>&1 || fail 'a connection was forwarded'
grep -q 'administratively prohibited\|open failed' "$WORK/forward" ||
	fail "forwarding was refused otherwise: $(cat "$WORK/forward")"
printf 'wrong\nsecret\n' | log_in friend cat /proc/cmdline >"$WORK/session" 2>&1 ||
	fail "the session ended with status $?: $(cat "$WORK/session")"
wait $booting || exit 1
LOG=$WORK/serial-1.log BOOTS=1
[ "$(grep -c 'Enter passphrase for /dev/vda1: ' "$WORK/session")" = 2 ] ||
	fail "over SSH was asked: $(cat "$WORK/session")"
grep -q '/dev/vda1 is open' "$WORK/session" || fail "SSH never said that: $(cat "$WORK/session")"
! grep -q root= "$WORK/session" || fail 'a command was run'
expect 'Enter passphrase for /dev/vda1'
expect 'mkvinitrd: ssh root@10.0.2.15 can answer, too'
expect '=== root ext4 rw'
expect '=== wrote one'
expect '=== left: 0x1002 *$'
expect_not '=== resolv'
expect_small_boot

check_all || exit 0
# typed at the console, while a session is open
ssh_port
DEVICES=$NETWORK_DEVICE
typing x "root=UUID=$root_uuid ro rd.luks.uuid=$luks_uuid ip=dhcp" secret &
booting=$!
await_ssh $booting
mkfifo "$WORK/nobody"
exec 9<>"$WORK/nobody"
log_in friend -tt <"$WORK/nobody" >"$WORK/session" 2>&1 ||
	fail "the session ended with status $?: $(cat "$WORK/session")"
wait $booting || exit 1
LOG=$WORK/serial-2.log
grep -q '/dev/vda1 is open' "$WORK/session" || fail "SSH never said that: $(cat "$WORK/session")"
expect '=== root ext4 ro'
expect_small_boot
