#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The passphrase over SSH: who is heard, and what is left of it. The boot case ssh-passphrase logs
# in.
load ../lib.bash
load net.bash
load ../volumes.bash

# packed: 'include ssh'; nobody types at the console, and dropbear is never asked
packed() {
	tools cryptsetup dropbear
	loopback
	nic eth0 52:54:00:12:34:56 1
	mkdir -p "$ROOT/etc/mkvinitrd/ssh"
	echo 'ssh-ed25519 AAAAkey friend' >"$ROOT/etc/mkvinitrd/ssh/authorized_keys"
	: >"$ROOT/etc/mkvinitrd/ssh/host_key1"
	fake awk <<<'exec sleep 60'
	fake dropbear <<<'exec sleep 60'
	fake cryptsetup <<'FAKE'
[ "$(cat)" = ' two words ' ] || exit 2
for last in "$@"; do before=$device device=$last; done
"$FAKES/volume" dm-0 "$last" CRYPT-LUKS2-abc "${before##*/}"
FAKE
	cmdline 'root=UUID=luks ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0:off'
}

over_ssh() {
	packed
	# the answer to another question is none
	fake dropbear <<'FAKE'
cd "$ROOT/run/initramfs/ssh"
answer() {
	until [ "$(head -n 1 question 2>/dev/null)" = "$1" ]; do sleep 0.05; done
	echo "$2" >answers
}
answer 1 '9  two words '
answer 1 '1 wrong'
answer 2 '2  two words '
exec sleep 60
FAKE
	boot
	calls 'ip addr add 10.0.2.15/24 brd + dev eth0' \
		'dropbear -F -E -s -j -k -p 22 -c /bin/sh /lib/mkvinitrd/net/ssh-session.sh -r /etc/mkvinitrd/ssh/host_key1' \
		'cryptsetup open --type luks --key-file - /dev/vda2 vi-root' \
		'cryptsetup open --type luks --key-file - /dev/vda2 vi-root' \
		'ip addr flush dev eth0' 'ip link set eth0 down' 'switch_root /newroot /sbin/init' &&
		not_called words &&
		[ ! -e "$ROOT/run/initramfs/ssh" ] && [ ! -e "$ROOT/run/net-eth0.conf" ] &&
		[ "$(stat -c %a "$ROOT/root/.ssh/authorized_keys")" = 600 ] &&
		grep -q 'AAAAkey' "$ROOT/root/.ssh/authorized_keys" &&
		grep -q 'mkvinitrd: ssh root@10.0.2.15 can answer, too' "$ROOT/dev/console"
}
@test "the passphrase over SSH, after a wrong one; its network is not left to the root" { both over_ssh; }

at_console() {
	packed
	fake awk <<'FAKE'
printf '1  two words \n'
FAKE
	boot
	calls 'cryptsetup open --type luks --key-file - /dev/vda2 vi-root' \
		'mount -t ext4 -o ro /dev/mapper/vi-root /newroot' \
		'switch_root /newroot /sbin/init' && [ ! -e "$ROOT/run/initramfs/ssh" ]
}
@test "the passphrase at the console, while SSH waits" { both at_console; }

no_network() {
	packed
	rm -r "$ROOT/sys/class/net/eth0"
	cmdline 'root=UUID=luks vi.timeout=1'
	fake awk <<'FAKE'
until grep -q 'no SSH' "$ROOT/dev/console"; do sleep 0.05; done
printf '1  two words \n'
FAKE
	boot
	grep -q 'mkvinitrd: no SSH: no network: no network adapter was found' "$ROOT/dev/console" &&
		calls 'mount -t ext4 -o ro /dev/mapper/vi-root /newroot' && not_called '^dropbear'
}
@test "without a network the console asks, and says that SSH does not" { both no_network; }

late_adapter() {
	packed
	cp -r "$ROOT/sys/class/net/eth0" "$BATS_TEST_TMPDIR/"
	rm -r "$ROOT/sys/class/net/eth0"
	fake sleep <<<'[ "$1" != 10 ] || cp -r "$ROOT/../eth0" "$ROOT/sys/class/net/"; exec /bin/sleep 0.2'
	fake awk <<'FAKE'
for i in $(seq 1200); do
	! grep -q 'can answer' "$ROOT/dev/console" || break
	sleep 0.05
done
printf '1  two words \n'
FAKE
	cmdline 'root=UUID=luks vi.timeout=1 ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0:off'
	boot
	grep -q 'no SSH: no network: .*; trying again' "$ROOT/dev/console" &&
		calls 'dropbear -F -E -s -j -k -p 22 -c /bin/sh /lib/mkvinitrd/net/ssh-session.sh -r /etc/mkvinitrd/ssh/host_key1'
}
@test "a network that comes late: SSH answers then" { both late_adapter; }

dropbear_ends() {
	packed
	fake dropbear <<<'echo "Failed loading host key"; exit 1'
	fake awk <<'FAKE'
until grep -q 'no SSH any more' "$ROOT/dev/console"; do sleep 0.05; done
printf '1  two words \n'
FAKE
	boot
	grep -q 'no SSH any more: dropbear ended: Failed loading host key' "$ROOT/dev/console"
}
@test "a server that ends is named at the console" { both dropbear_ends; }

# session INPUT: what it answers to question 1, without a terminal
session() {
	local dir=$BATS_TEST_TMPDIR/ssh
	rm -rf "$dir"
	mkdir "$dir" && mkfifo "$dir/answers"
	printf '1\nPassphrase: \n' >"$dir/question"
	printf '%b' "$1" | SSH=$dir $SH "$SKEL/lib/net/ssh-session.sh" >"$dir/out" 2>&1 3>&- &
	timeout 60 head -n 1 "$dir/answers" >"$dir/answer"
	echo 'it is open' >"$dir/opened"
	timeout 60 tail --pid=$! -f /dev/null
	[ "$(cat "$dir/answer")" = '1 secret' ] && grep -qx 'it is open' "$dir/out"
}
sessions() { session 'secret\n' && session secret; }
@test "a session without a terminal answers, with or without a newline at the end, and ends" { both sessions; }

left_behind() {
	local dir=$BATS_TEST_TMPDIR/ssh pid
	rm -rf "$dir"
	mkdir "$dir" && mkfifo "$dir/answers"
	SSH=$dir $SH "$SKEL/lib/net/ssh-session.sh" </dev/null >"$dir.out" 2>&1 3>&- &
	pid=$!
	kill -0 $pid && rm -rf "$dir" && timeout 60 tail --pid=$pid -f /dev/null && [ ! -s "$dir.out" ]
}
@test "a session ends with those who ask" { both left_behind; }

not_needed() {
	packed
	cmdline 'root=UUID=aabb'
	boot
	not_called '^dropbear' && not_called '^ip ' && calls 'switch_root /newroot /sbin/init'
}
@test "a root that asks nothing starts neither SSH nor a network" { both not_needed; }
