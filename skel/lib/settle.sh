# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# Settle: the kernel's file systems, the plan, drivers for the hardware that is there.

# Before the first phase there is no plan yet, so no vi.break and no hook.
early() {
	PHASE=settle
	mount_api
	read_plan
	[ -z "$P_DEBUG" ] || trace
	[ -z "$P_PLAN" ] || printf '%s' "$PLAN"
	report_notes
	check_complete
	status_start
	if [ -n "$P_KEYMAP" ] || [ -e "$ROOT/etc/keymaps/default" ]; then
		load keymap
		load_keymap
	fi
}

# What the kernel parameters and the profile mean for this boot: see bootplan(8).
read_plan() {
	bootplan_read "$RAMFS/plan.sh" "$ROOT" ||
		fail VI103 "the kernel parameters could not be read" \
			"bootplan failed, or $RAMFS is full" \
			'give the machine more memory, or build the image again'
}

# Each with the options that the root's init expects of it. Ours, with the shutdown programs, may
# execute.
mount_api() {
	mkdir -p "$ROOT/proc" "$ROOT/sys" "$ROOT/dev" "$ROOT/run" "$NEWROOT" ||
		fail VI104 "cannot make the directories to mount on"
	$RUN mount -t proc -o nosuid,nodev,noexec proc "$ROOT/proc" ||
		fail VI104 "cannot mount /proc"
	$RUN mount -t devtmpfs -o nosuid,mode=755 dev "$ROOT/dev" ||
		fail VI104 "cannot mount /dev" '' \
			'use a kernel with CONFIG_DEVTMPFS'
	$RUN mount -t sysfs -o nosuid,nodev,noexec sys "$ROOT/sys" || fail VI104 "cannot mount /sys"
	$RUN mount -t tmpfs -o nosuid,nodev,mode=755 run "$ROOT/run" ||
		fail VI104 "cannot mount /run"
	mkdir -p "$RAMFS" || fail VI104 "cannot make /run/initramfs"
	$RUN mount -t tmpfs -o nosuid,nodev,mode=755 initramfs "$RAMFS" ||
		fail VI104 "cannot mount /run/initramfs"
	# shellcheck disable=SC2094 # a terminal
	[ -e "$ROOT/proc/self/fd/2" ] || exec <"$ROOT/dev/console" >"$ROOT/dev/console" 2>&1
}

report_notes() {
	local line IFS="$NL"
	for line in $NOTES; do
		warn "$line"
	done
}

# The sentinel is the last member of the image, with a hash over all others. The kernel continues
# when it had no memory for all of them: then the sentinel is missing, or empty.
check_complete() {
	local need='more' had key value hash=''
	[ ! -r "$ROOT/etc/mkvinitrd/sentinel" ] || while IFS='=' read -r key value; do
		[ "$key" != xxh128 ] || hash=$value
	done <"$ROOT/etc/mkvinitrd/sentinel"
	case $hash in
	*[!0]*) return 0 ;;
	?*)
		fail VI102 "this initramfs was not made by 'mkvinitrd build'" \
			'the hash in its last member, etc/mkvinitrd/sentinel, is zeros' \
			"build it with 'mkvinitrd build': lists of 'mkvinitrd plan' are for looking at"
		;;
	esac
	[ ! -r "$ROOT/etc/mkvinitrd/image" ] || while IFS='=' read -r key value; do
		case $key in bytes) need=$((value / 1048576 + 1)) ;; esac
	done <"$ROOT/etc/mkvinitrd/image"
	meminfo MemTotal
	had=$RET
	# shellcheck disable=SC2046 # the words of the line are wanted
	set -- $(df -m "$ROOT/" 2>/dev/null)
	fail VI101 "the kernel ran out of memory while unpacking this initramfs" \
		"unpacked it needs $need MiB; the machine has $had MiB of memory, its initramfs file system at most ${9:-?} MiB" \
		"give the machine more memory, or build the image with fewer modules (mkvinitrd plan lists them)"
}

# From here on each command goes to the console and to /run/initramfs/init.log.
trace() {
	[ ! -w "$ROOT/proc/sys/kernel/printk" ] || echo 8 >"$ROOT/proc/sys/kernel/printk"
	if [ -z "$ROOT" ]; then
		mkfifo "$RAMFS/log.pipe"
		tee -a "$RAMFS/init.log" <"$RAMFS/log.pipe" &
		exec 2>"$RAMFS/log.pipe"
	fi
	PS4="+ \$PHASE: "
	set -x
}

settle() {
	working "loading the drivers of this machine's hardware"
	$RUN coldplug -d --pidfile "$RAMFS/coldplug.pid" ||
		warn "some drivers could not be loaded; continuing without them"
	[ -z "$P_MODULES" ] || load_modules
	[ ! -x "$ROOT/bin/plymouthd" ] || {
		load splash
		splash_start
	}
}

# load_modules: those of vi.modules=
load_modules() {
	local IFS=,
	# shellcheck disable=SC2086 # a list
	set -- $P_MODULES
	unset IFS
	$RUN modprobe -a "$@" || warn "not all of these modules could be loaded: $P_MODULES"
}
