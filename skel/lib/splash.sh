# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# The splash: plymouth, which the profile packs, from the end of settle until the root's own plymouth
# has it, or until somebody is to read or type at the console. Nothing waits for it for long, and
# without it all is as ever. /run/plymouth/pid is there as long as it runs.

# splash_start: where splash is on the command line, and there is a screen to draw on
splash_start() {
	[ -n "$P_SPLASH" ] && [ -z "$P_NO_SPLASH$P_DEBUG" ] && [ -x "$ROOT/bin/plymouthd" ] ||
		return 0
	load_screens
	{ mkdir -p "$ROOT/run/plymouth" "$ROOT/dev/pts" && splash_devices; } || {
		warn 'no splash: /run cannot be written'
		return 0
	}
	# messages go to its details view, by a terminal of its own
	$RUN mount -t devpts -o nosuid,noexec,gid=5,mode=620,ptmxmode=666 devpts "$ROOT/dev/pts" ||
		warn 'the splash will not show messages: no /dev/pts'
	$RUN timeout 20 plymouthd --mode=boot --attach-to-session \
		--pid-file="$ROOT/run/plymouth/pid" || {
		warn 'no splash: plymouthd could not be started'
		splash_clean
		return 0
	}
	mark 'the splash is started'
	splash_tell show-splash
}

# load_screens: drivers are loaded beside the boot, and plymouth takes what there is when it starts
load_screens() {
	local dir
	for dir in "$ROOT"/sys/bus/pci/devices/*; do
		first_line "$dir/class"
		case $RET in 0x03*) ;; *) continue ;; esac
		first_line "$dir/modalias"
		[ -z "$RET" ] || $RUN modprobe -q "$RET" || :
	done
	# a virtio-gpu is behind such a device
	for dir in "$ROOT"/sys/bus/virtio/devices/*; do
		first_line "$dir/modalias"
		case $RET in virtio:d00000010*) $RUN modprobe -q "$RET" || : ;; esac
	done
}

# splash_devices: plymouth takes what a udev has seen and given to a seat, and there is none here.
# Sources: plymouth's ply-device-manager.c; sd-device(3), a device with a file in /run/udev/data is
# initialized.
splash_devices() {
	local dir
	mkdir -p "$ROOT/run/udev/data" || return 1
	# a frame buffer beside a card is the card's: plymouth would take it for another screen
	set -- "$ROOT"/sys/class/drm/card*
	[ -e "$1/dev" ] || set -- "$ROOT"/sys/class/graphics/fb[0-9]*
	for dir in "$@"; do
		first_line "$dir/dev"
		[ -z "$RET" ] || printf '%s\n' I:1 G:seat Q:seat V:1 >"$ROOT/run/udev/data/c$RET" ||
			return 1
	done
}

# splash_forget: what the root's udev has to see for itself
splash_forget() {
	local dir
	for dir in "$ROOT"/sys/class/drm/card* "$ROOT"/sys/class/graphics/fb[0-9]*; do
		first_line "$dir/dev"
		[ -z "$RET" ] || rm -f "$ROOT/run/udev/data/c$RET"
	done
}

# splash_tell COMMAND...: one that does not answer is not waited for
splash_tell() {
	$RUN timeout 10 plymouth "$@" >/dev/null 2>&1
}

# splash_ask PROMPT: in RET what is typed there; fails if nobody can type there any more
splash_ask() {
	local prompt=${1%: }
	splash_tell --ping || return 1
	: >"$RAMFS/status"
	[ "${SPLASH_ASKED:-}" != "$1" ] || prompt="It was not opened by that. $prompt"
	mark "the splash asks: $prompt"
	SPLASH_ASKED=$1
	RET=$($RUN plymouth ask-for-password --prompt="$prompt" && echo .) || return 1
	RET=${RET%.}
}

# splash_end: the console can be read and typed at
splash_end() {
	local pid left=50
	first_line "$ROOT/run/plymouth/pid"
	pid=$RET
	splash_tell quit || warn 'the splash does not answer: it is killed'
	# it gives the console back before its file goes
	while [ -e "$ROOT/run/plymouth/pid" ] && [ $left -gt 0 ] && kill -0 "$pid" 2>/dev/null; do
		left=$((left - 1))
		$RUN sleep 0.1
	done
	[ ! -e "$ROOT/run/plymouth/pid" ] || kill -9 "$pid" 2>/dev/null || :
	splash_clean
}

splash_clean() {
	splash_forget
	rm -f "$ROOT/run/plymouth/pid"
	# -l: who has a terminal keeps it
	$RUN umount -l "$ROOT/dev/pts" 2>/dev/null || :
}

# splash_hand_over: to the plymouth of the root, which ends it; where the root has none it ends here
splash_hand_over() {
	if { is_program /usr/bin/plymouth || is_program /bin/plymouth; } &&
		splash_tell update-root-fs --new-root-dir="$NEWROOT"; then
		splash_forget
		$RUN umount -l "$ROOT/dev/pts" || :
		mark 'the splash is left to the root'
	else
		splash_end
	fi
}
