#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The splash: when plymouth is started, what it is asked and told, and that it has ended before
# anybody reads or types at the console. The boot case splash has a screen.
load ../lib.bash
load ../volumes.bash

# splash: 'include splash', a card, and a LUKS root that opens by 'secret'; what is typed there is
# in $FAKES/typed, a line for each question
splash() {
	tools cryptsetup plymouthd plymouth
	mkdir -p "$ROOT/sys/class/drm/card0" "$ROOT/sys/class/graphics/fb0"
	echo 226:0 >"$ROOT/sys/class/drm/card0/dev"
	echo 29:0 >"$ROOT/sys/class/graphics/fb0/dev"
	mkdir -p "$ROOT/sys/bus/pci/devices/0000:00:01.0"
	echo 0x030000 >"$ROOT/sys/bus/pci/devices/0000:00:01.0/class"
	echo pci:v00001234 >"$ROOT/sys/bus/pci/devices/0000:00:01.0/modalias"
	fake plymouthd <<'FAKE'
screen=226:0
[ -e "$ROOT/sys/class/drm/card0/dev" ] || screen=29:0
[ "$(cd "$ROOT/run/udev/data" && echo c*)" = "c$screen" ] || exit 1
sleep 60 >/dev/null 2>&1 3>&- &
echo $! >"$ROOT/run/plymouth/pid"
FAKE
	fake plymouth <<'FAKE'
[ -e "$ROOT/run/plymouth/pid" ] || exit 1
read -r pid <"$ROOT/run/plymouth/pid"
case $1 in
ask-for-password)
	[ -s "$FAKES/typed" ] || exit 1
	head -n 1 "$FAKES/typed" | tr -d '\n'
	sed -i 1d "$FAKES/typed"
	;;
quit)
	kill "$pid"
	rm "$ROOT/run/plymouth/pid"
	;;
esac
FAKE
	fake cryptsetup <<'FAKE'
[ "$(cat)" = secret ] || exit 2
for last in "$@"; do before=$device device=$last; done
"$FAKES/volume" dm-0 "$last" CRYPT-LUKS2-abc "${before##*/}"
FAKE
	printf 'secret\n' >"$FAKES/typed"
	cmdline "root=UUID=luks $*"
}

# roots_own: the root has plymouth
roots_own() {
	mkdir -p "$ROOT/newroot/usr/bin"
	printf '#!/bin/sh\n' >"$ROOT/newroot/usr/bin/plymouth"
	chmod +x "$ROOT/newroot/usr/bin/plymouth"
}

# ended: nothing of it is left
ended() {
	[ ! -e "$ROOT/run/plymouth/pid" ] && [ ! -e "$ROOT/run/udev/data/c226:0" ]
}

asked_there() {
	splash quiet splash
	printf 'wrong\nsecret\n' >"$FAKES/typed"
	boot quiet splash
	calls 'modprobe -q pci:v00001234' 'timeout 20 plymouthd --mode=boot --attach-to-session --pid-file=/run/plymouth/pid' \
		'timeout 10 plymouth show-splash' \
		'plymouth ask-for-password --prompt=Enter passphrase for /dev/vda2' \
		'cryptsetup open --type luks --key-file - /dev/vda2 vi-root' \
		'plymouth ask-for-password --prompt=It was not opened by that. Enter passphrase for /dev/vda2' \
		'cryptsetup open --type luks --key-file - /dev/vda2 vi-root' \
		'timeout 10 plymouth quit' 'switch_root /newroot /sbin/init splash' &&
		not_called '^stty|secret' && ended
}
@test "the passphrase is typed at the splash, which has ended when the root starts" { both asked_there; }

frame_buffer() {
	splash quiet splash
	rm -r "$ROOT/sys/class/drm"
	boot quiet splash
	calls 'timeout 10 plymouth show-splash' 'switch_root /newroot /sbin/init splash' && ended &&
		[ ! -e "$ROOT/run/udev/data/c29:0" ]
}
@test "a frame buffer is the screen where there is no card" { both frame_buffer; }

left_to_root() {
	splash rhgb
	roots_own
	boot
	calls 'timeout 10 plymouth update-root-fs --new-root-dir=/newroot' \
		'switch_root /newroot /sbin/init' && not_called 'plymouth quit' &&
		[ ! -e "$ROOT/run/udev/data/c226:0" ]
	kill "$(cat "$ROOT/run/plymouth/pid")"
}
@test "a root with plymouth takes the splash over" { both left_to_root; }

not_wanted() {
	for words in '' 'nosplash splash' 'splash plymouth.enable=0' 'splash rd.plymouth=0' \
		'splash vi.debug'; do
		new_tree
		splash "$words"
		types secret
		boot
		calls 'switch_root /newroot /sbin/init' && not_called plymouth || return
	done
}
@test "without splash, with nosplash or plymouth.enable=0 the console asks, and plymouth is not started" { both not_wanted; }

without_answer() {
	splash splash
	: >"$FAKES/typed"
	types secret
	boot
	calls 'plymouth ask-for-password --prompt=Enter passphrase for /dev/vda2' \
		'timeout 10 plymouth quit' 'stty -echo' \
		'cryptsetup open --type luks --key-file - /dev/vda2 vi-root' \
		'switch_root /newroot /sbin/init' && ended
}
@test "a splash that gives no answer ends, and the console asks" { both without_answer; }

not_started() {
	splash splash
	fake plymouthd <<<'exit 1'
	types secret
	boot
	said 'warning: no splash: plymouthd could not be started' &&
		calls 'cryptsetup open --type luks --key-file - /dev/vda2 vi-root' \
			'switch_root /newroot /sbin/init' && ended
}
@test "a plymouth that cannot be started is a line, and the console asks" { both not_started; }

rescued() {
	splash splash vi.shell=0
	fake findimg <<<'exit 1'
	boot
	said 'locate failed' && calls 'timeout 10 plymouth quit' && ended
}
@test "a boot that fails ends the splash, so that the reason is seen" { both rescued; }

hung() {
	splash splash vi.shell=0
	fake plymouth <<'FAKE'
[ "$1" != quit ]
FAKE
	fake sleep <<<'exit 0'
	fake findimg <<<'exit 1'
	boot
	said 'warning: the splash does not answer: it is killed' && ended
}
@test "a splash that does not answer is killed" { both hung; }
