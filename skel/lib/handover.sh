# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# Hand over: shutdown programs in place, what lies below the root out of sight, mounts moved, PID 1
# replaced.

# handover ARGS...: what the kernel gave to this init
handover() {
	! lost_disk || fail VI210 "$RET was removed"
	[ ! -d "$RAMFS/ssh" ] || {
		load net/ssh
		ssh_stop
	}
	init_arguments "$@"
	[ -z "$P_KERNEL" ] || {
		load kernel
		root_kernel
	}
	find_init
	install_shutdown
	eject_at_end
	watch_boot
	! needs_exitrd || INIT=/run/initramfs/bin/exitrd$NL$INIT
	give_resolv_conf
	[ ! -d "$ROOT/.extra" ] || { load root/credentials && give_credentials; }
	load root/tables
	override_tables
	[ -z "${NET_LINKS:-}" ] || {
		load net/keep
		keep_links
		put_time_servers
	}
	[ -z "${NET_LINKS:-}$P_IDENTITY$P_HOSTNAME" ] || {
		load root/identity
		machine_identity
	}
	show_host
	watch_store
	watch_disks
	trace_files
	! has_disks_of_ours || {
		load suspend
		guard_sleep
	}
	[ -z "$P_PAUSE" ] || wait_enter
	[ ! -e "$ROOT/run/plymouth/pid" ] || splash_hand_over
	report_state up
	hide_mounts
	stop_helpers
	chart switch_root
	mark "switch_root to ${INIT#*"$NL"}"
	move_mounts
	start_init
}

# The last command of this program; its arguments are lines of INIT_ARGS.
start_init() {
	local IFS="$NL"
	set -f
	# shellcheck disable=SC2086 # one argument a line
	exec $RUN switch_root "$NEWROOT" $INIT $INIT_ARGS
}

# systemd runs the shutdown programs by itself; for all others exitrd(8) does.
needs_exitrd() {
	[ -e "$RAMFS/bin/exitrd" ] && [ -x "$RAMFS/shutdown" ] || return 1
	inside "$INIT"
	case $RET in */systemd) return 1 ;; esac
}

# init= or the first of the usual ones; INIT is its path inside the root.
find_init() {
	local candidate why=''
	FROM=$FROM_INIT$FROM
	if [ -n "$P_INIT" ]; then
		if is_program "$P_INIT"; then
			INIT=$P_INIT
			check_init
			return 0
		fi
		# a leftover in the menus of Virtual Linux; the kernel drops the arguments before it
		[ "$P_INIT" = /linuxrc ] ||
			fail VI601 "the root has no program $P_INIT (init=)" "$WHY_NOT" \
				'correct init=, or leave it out for /sbin/init'
		INIT_ARGS=$RUNLEVEL$INIT_ARGS
	fi
	for candidate in /sbin/init /lib/systemd/systemd /usr/lib/systemd/systemd /etc/init \
		/bin/init /bin/sh; do
		INIT=$candidate
		! is_program "$candidate" || {
			check_init
			[ "$INIT" != /bin/sh ] ||
				warn "the root has no init (/sbin/init: $why): starting /bin/sh"
			return 0
		}
		[ "$candidate" != /sbin/init ] || why=$WHY_NOT
	done
	WHY_NOT=$why
	root_below
	[ -z "$RET" ] || fail VI601 'the root has no init' \
		"/sbin/init: $WHY_NOT; its directory $RET looks like a root" "$ADVICE"
	# shellcheck disable=SC2012
	fail VI601 'the root has no init' \
		"/sbin/init: $WHY_NOT; the root contains: $(ls "$NEWROOT" | tr '\n' ' ')" \
		'is this the root? check vi.part=, vi.image=, root=; name another program with init='
}

# check_init: a kernel that cannot start it panics
check_init() {
	load program
	can_run "$INIT" || fail VI602 "the root's init $INIT cannot be started" "$WHY_NOT" \
		'is this the root, and is it complete? name another program with init='
}

# root_below: a directory of the root that has an init, in RET: it was packed with its name, or is a
# subvolume; ADVICE says what to do
root_below() {
	local dir
	for dir in "$NEWROOT"/*; do
		RET=${dir#"$NEWROOT"}
		ADVICE="pack what is in $RET, not $RET itself: tar -C .$RET -c ."
		[ "${ROOT_TYPE:-}" != btrfs ] ||
			ADVICE="is it a subvolume? boot with rootflags=subvol=$RET"
		[ "$RET" = /usr ] || [ ! -L "$dir/sbin/init" ] || return 0
		[ "$RET" = /usr ] || [ ! -x "$dir/sbin/init" ] || return 0
	done
	RET=''
}

# is_program PATH: after its symlinks, resolved inside the root, an executable file. WHY_NOT else.
is_program() {
	inside "$1"
	WHY_NOT="no $RET"
	[ -e "$NEWROOT$RET" ] || return 1
	WHY_NOT="$RET is not an executable file"
	[ -f "$NEWROOT$RET" ] && [ -x "$NEWROOT$RET" ]
}

# inside PATH: RET is the path with every symlink resolved as the root itself will resolve it.
inside() {
	local todo=${1#/} done='' part hops=0
	while [ -n "$todo" ]; do
		part=${todo%%/*}
		case $todo in */*) todo=${todo#*/} ;; *) todo='' ;; esac
		case $part in
		'' | .) continue ;;
		..)
			done=${done%/*}
			continue
			;;
		esac
		if [ -L "$NEWROOT$done/$part" ] && [ $hops -lt 40 ]; then
			hops=$((hops + 1))
			part=$(readlink "$NEWROOT$done/$part")
			case $part in /*) done='' ;; esac
			todo=$part${todo:+/$todo}
		else
			done=$done/$part
		fi
	done
	RET=$done
}

# Parameters that the table knows are not for the root's init; those after -- always are.
init_arguments() {
	local left=$#
	INIT_ARGS=''
	for arg in "$@"; do
		left=$((left - 1))
		[ $left -ge $((TAIL - 1)) ] && list_has "$KNOWN" "$arg" && continue
		INIT_ARGS=$INIT_ARGS$arg$NL
	done
	[ -z "$TC_RUNLEVEL" ] || INIT_ARGS=$INIT_ARGS$TC_RUNLEVEL$NL
}

# What systemd, or any init that follows its convention, runs when all is stopped.
install_shutdown() {
	local dir
	for dir in bin etc proc sys dev run oldroot lib/mkvinitrd; do
		set -- "$@" "$RAMFS/$dir"
	done
	mkdir -p "$@" || warn "$RAMFS: the directories of the shutdown programs cannot be made"
	set -- "$ROOT/bin/busybox"
	for dir in vdattach exitrd; do
		[ ! -e "$ROOT/bin/$dir" ] || set -- "$@" "$ROOT/bin/$dir"
	done
	ln -sf busybox "$RAMFS/bin/sh" || :
	[ ! -e "$RAMFS/archive/config" ] ||
		set -- "$@" "$ROOT/bin/packroot" "$ROOT/bin/findimg" "$ROOT/vinitrd-save"
	case ${GENERATIONS:-} in *--rollback*) set -- "$@" "$ROOT/vinitrd-ok" ;; esac
	if [ -e "$RAMFS/archive/recipients" ]; then
		set -- "$@" "$ROOT/bin/age"
		copy_libraries /bin/age
	fi
	{ $RUN cp "$@" "$RAMFS/bin/" && $RUN cp -R "$LIB/shutdown" "$RAMFS/lib/mkvinitrd/" &&
		$RUN cp "$ROOT/shutdown" "$RAMFS/shutdown"; } ||
		warn 'the shutdown programs could not be installed: the disks will not be checked at power-off'
	# 'mkvinitrd update' recognises by it which image has booted.
	$RUN cp "$ROOT/etc/mkvinitrd/sentinel" "$RAMFS/" ||
		warn "'mkvinitrd update --booted' will not know which image this boot was by"
	[ ! -e "$ROOT/etc/initrd-release" ] || $RUN cp "$ROOT/etc/initrd-release" "$RAMFS/etc/"
}

# A session from a CD ends with the tray open: the file eject has the drive, and "prompt" if the
# user is to be asked.
eject_at_end() {
	case ${HOST_DEVICE:-}:$P_NOEJECT in /dev/sr[0-9]*:) ;; *) return 0 ;; esac
	if [ -n "$P_NOPROMPT" ]; then set --; else set -- prompt; fi
	printf '%s\n' "$HOST_DEVICE $*" >"$RAMFS/eject"
}

# copy_libraries PROGRAM: what its dynamic linker loads, to the same places
copy_libraries() {
	local loader name arrow path rest
	for loader in "$ROOT"/lib64/ld-linux* "$ROOT"/lib/ld-linux* "$ROOT"/lib/ld-musl*; do
		[ ! -e "$loader" ] || break
	done
	# shellcheck disable=SC2034
	$RUN "$loader" --list "$1" | while read -r name arrow path rest; do
		case $name:$arrow in
		/*) path=$name ;;
		*:'=>') ;;
		*) continue ;;
		esac
		mkdir -p "$RAMFS${path%/*}" && $RUN cp "$ROOT$path" "$RAMFS$path"
	done
}

# With generations a boot has to say that it came up well: systemd by a unit, other inits by coming
# down in good order.
watch_boot() {
	local units=$ROOT/run/systemd/system
	case ${GENERATIONS:-} in *--rollback*) ;; *) return 0 ;; esac
	inside "$INIT"
	case $RET in */systemd) ;; *) return 0 ;; esac
	mkdir -p "$units/multi-user.target.wants" || return 0
	cat >"$units/mkvinitrd-boot-ok.service" <<'UNIT'
[Unit]
Description=Tell the store of mkvinitrd that this boot came up well
DefaultDependencies=no
After=multi-user.target

[Service]
Type=oneshot
ExecStart=/run/initramfs/bin/vinitrd-ok
UNIT
	ln -sf ../mkvinitrd-boot-ok.service "$units/multi-user.target.wants/" ||
		warn "a successful boot cannot be reported: no unit for it"
	: >"$RAMFS/boot-ok.unit"
}

# The root's own resolv.conf is replaced when the root is made anew at each boot, or when it names
# no server.
give_resolv_conf() {
	local target line
	[ -s "$RAMFS/resolv.conf" ] || return 0
	inside /etc/resolv.conf
	case $RET in
	/run/*) target=$ROOT$RET ;;
	/dev/* | /proc/* | /sys/*) return 0 ;;
	*) target=$NEWROOT$RET ;;
	esac
	if [ "$P_MODE" != tmpfs ] && [ "$P_PERSIST" != ram ] && [ -r "$target" ]; then
		while read -r line; do
			case $line in nameserver*) return 0 ;; esac
		done <"$target"
	fi
	mkdir -p "${target%/*}" 2>/dev/null
	$RUN cp "$RAMFS/resolv.conf" "$target" ||
		warn "the root keeps its own resolv.conf; the network's is /run/initramfs/resolv.conf"
}

# vi.hostmount=PATH: the host partition, for the user to see
show_host() {
	[ -n "$P_HOSTMOUNT" ] || return 0
	if [ -z "$HOST_MOUNTED" ]; then
		warn "vi.hostmount=$P_HOSTMOUNT: no host partition is in use"
		return 0
	fi
	inside "$P_HOSTMOUNT"
	{ mkdir -p "$NEWROOT$RET" && $RUN mount -o bind "$HOSTDIR" "$NEWROOT$RET"; } ||
		warn "vi.hostmount=$P_HOSTMOUNT: the directory cannot be made in this root"
}

# The root holds what it needs of the mounts below it. Detached, they are no business of its init:
# it would try to unmount them while the root stands on them, and report that it failed.
hide_mounts() {
	local kind what lines='' kept=''
	[ -e "$STATE" ] || return 0
	while read -r kind what; do
		case $kind:$what in
		mount:"$NEWROOT") ;;
		mount:*) lines=$what$NL$lines ;;
		*) kept="$kept$kind $what$NL" ;;
		esac
	done <"$STATE"
	while read -r what; do
		[ -z "$what" ] || $RUN umount -l "$what" || warn "$what stays visible"
	done <<LINES
$lines
LINES
	printf '%s' "$kept" >"$STATE"
	drop_wrapper
}

# A disk straight on the host's partition needs the host's file system no more: unmounted, nobody
# can move the image.
drop_wrapper() {
	local kind what
	while read -r kind what; do
		[ "$kind" != wrapper ] || ! $RUN vdattach unmap "$what" 2>/dev/null ||
			state_drop "wrapper $what"
	done <<STATE
$(cat "$STATE")
STATE
}

# A program that stays until the end: it tells before the changes have no more room.
watch_store() {
	[ -n "${UPPER:-}" ] || return 0
	$RUN overlayroot --watch -u "$UPPER" ${UPPER_SIZE:+-s "$UPPER_SIZE"} ||
		warn 'low-space warnings are disabled: overlayroot --watch could not be started'
}

# exitrd --watch reports a removed disk of the root, or a server that does not answer, and from then
# on reboots and powers off without the root.
watch_disks() {
	local kind what source rest access pid offset size nbd=''
	[ -e "$RAMFS/bin/exitrd" ] || return 0
	set --
	[ ! -e "$STATE" ] || while read -r kind what; do
		case $kind:$what in
		device:/dev/etherd/*) set -- "$@" --server "$what" "$what (ATA over Ethernet)" ;;
		device:*) set -- "$@" "$what" ;;
		vdattach:/dev/nbd*) nbd=1 ;;
		esac
	done <"$STATE"
	# shellcheck disable=SC2034 # fields
	[ ! -r "$ROOT/proc/mounts" ] || while read -r source what kind rest; do
		case $kind in nfs | nfs4)
			what=$(printf '%b' "$what") && set -- "$@" --server "$what" "$source"
			;;
		esac
	done <"$ROOT/proc/mounts"
	# shellcheck disable=SC2034 # fields
	[ -z "$nbd" ] || while read -r what access kind pid offset size source; do
		[ "$kind" != nbd-client ] || set -- "$@" --server "$what" "$source"
	done <<DISKS
$($RUN vdattach list)
DISKS
	[ $# -gt 0 ] || return 0
	$RUN "$RAMFS/bin/exitrd" --watch "$RAMFS/watch.pid" "$@" ||
		warn 'removal of a disk of the root will not be noticed: exitrd --watch could not be started'
}

# vi.trace: the names of the files that the root's programs open, for mkvinitrd pack --trace
trace_files() {
	[ -n "$P_TRACE" ] || return 0
	$RUN vdattach trace -o "$RAMFS/trace.files" "$NEWROOT" ||
		warn 'vi.trace: /run/initramfs/trace.files is not written: the message of vdattach above'
}

has_disks_of_ours() {
	local kind rest
	[ -e "$RAMFS/bin/vdattach" ] && [ -e "$STATE" ] || return 1
	# shellcheck disable=SC2034
	while read -r kind rest; do
		case $kind in loop | vdattach) return 0 ;; esac
	done <"$STATE"
	return 1
}

# The parameter pause: the user wants to read the console.
wait_enter() {
	asking
	echo 'mkvinitrd: press Enter to start the system' >"$ROOT/dev/console"
	$RUN head -n 1 <"$ROOT/dev/console" >/dev/null
}

stop_helpers() {
	status_stop
	$RUN coldplug --stop --pidfile "$RAMFS/coldplug.pid" ||
		warn 'a driver is still being loaded'
	[ -z "$P_DEBUG" ] || [ -n "$ROOT" ] || {
		set +x
		exec 2>/dev/console
	}
}

# /proc last: until it is gone busybox finds its own programs by it.
move_mounts() {
	local dir
	for dir in run dev sys proc; do
		[ -d "$NEWROOT/$dir" ] || mkdir -p "$NEWROOT/$dir" 2>/dev/null
		$RUN mount -o move "$ROOT/$dir" "$NEWROOT/$dir" || {
			warn "the root has no directory /$dir to mount on"
			$RUN umount -l "$ROOT/$dir"
		}
	done
}
