# shellcheck shell=dash disable=SC2034 # SCOPE is for volumes.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Volume groups: lvm, which the profile packs, finds and activates them. It looks at all disks by
# itself, so it is told of those that it had better leave alone.

# in seconds: far more than lvm needs, and what findimg grants mdadm
LVM_LIMIT=30

# second_paths: disks that are here by another path already, in RET. lvm takes neither path for the
# disk: it expects a multipath daemon. USB bridges of one kind may all have the same name.
second_paths() {
	local dir name found='' seen="$NL"
	for dir in "$ROOT"/sys/block/sd* "$ROOT"/sys/block/nvme*; do
		first_line "$dir/hidden"
		[ "$RET" != 1 ] || continue
		first_line "$dir/device/wwid"
		[ -n "$RET" ] || first_line "$dir/wwid"
		[ -n "$RET" ] || continue
		name=$RET
		first_line "$dir/size"
		name="$RET $name"
		case $seen in *"$NL$name$NL"*)
			case $(readlink -f "$dir") in */usb*) ;; *)
				found="$found ${dir##*/}"
				;;
			esac
			;;
		esac
		seen=$seen$name$NL
	done
	RET=$found
}

# silent_disks: those that did not answer findimg, in RET
silent_disks() {
	local device found=''
	[ ! -r "$STATE.silent" ] || while read -r device; do
		found="$found $device"
	done <"$STATE.silent"
	RET=$found
}

# lvm_run ARGS...: without a configuration, a daemon, udev or any file kept; only on the disks of
# SCOPE, and on none that does not answer. What it prints is in $RAMFS/lvm.out.
lvm_run() {
	local device filter=''
	for device in $SCOPE; do
		filter="$filter\"a|^$device\$|\", "
	done
	if [ -n "$filter" ]; then
		filter="filter=[$filter\"r|.*|\"] "
	else
		second_paths
		for device in $RET; do
			filter="$filter\"r|^/dev/$device\$|\", "
			case $device in nvme*) device=${device}p ;; esac
			filter="$filter\"r|^/dev/${device}[0-9]|\", "
		done
		silent_disks
		for device in $RET; do
			filter="$filter\"r|^$device\$|\", "
		done
		[ -z "$filter" ] || filter="filter=[$filter\"a|.*|\"] "
	fi
	lvm_bounded "$@" \
		--config "devices { ${filter}types=[\"ublkb\", 16] use_devicesfile=0 hints=\"none\" obtain_device_list_from_udev=0 external_device_info_source=\"none\" } activation { udev_sync=0 udev_rules=0 monitoring=0 activation_mode=\"$LVM_MODE\" ${LVM_READ_ONLY}} backup { backup=0 archive=0 } global { thin_check_executable=\"\" cache_check_executable=\"\" } ${LVM_SYSTEM:+global/system_id_source=\"lvmlocal\" local { system_id=\"$LVM_SYSTEM\" \}}"
}

# lvm_bounded ARGS...: a disk may answer findimg and be silent then. Nothing ends a program that
# reads it, so lvm is left behind, and not run again: 1. Otherwise 0.
lvm_bounded() {
	local pipe=$RAMFS/lvm.pipe status=0
	[ -z "${LVM_LEFT:-}" ] || return 1
	rm -f "$pipe" "$RAMFS/lvm.out"
	mkfifo "$pipe" || return 1
	# both ways: no open waits
	exec 7<>"$pipe"
	# no job of this shell, whose waits are for its own
	({
		LVM_SUPPRESS_FD_WARNINGS=1 $RUN lvm "$@" >"$RAMFS/lvm.out" 2>>"$RAMFS/lvm.log" 7>&- || :
		echo >&7
	} &)
	timeout $LVM_LIMIT sh -c 'read -r _' <&7 7>&- || {
		status=1 LVM_LEFT=1
		warn "lvm $1 has not ended for $LVM_LIMIT s, a disk may not answer: it is left behind"
	}
	exec 7>&-
	return $status
}

# activate_lvm SPEC: the volume groups of the plan, all when it names none; and the root SPEC itself,
# although it may be a thin snapshot, which is not activated with its group
activate_lvm() {
	local vg groups='' LVM_SYSTEM=''
	[ -z "$P_LVM_OFF" ] && [ -x "$ROOT/bin/lvm" ] || return 0
	: >"$RAMFS/lvm.log"
	LVM_READ_ONLY=''
	! lvm_run vgs --foreign --noheadings -o vg_name,systemid || groups=$(cat "$RAMFS/lvm.out")
	while read -r vg LVM_SYSTEM; do
		[ -z "$vg" ] || ! may_take || activate_group "$1"
	done >>"$RAMFS/lvm.log" <<GROUPS
$groups
GROUPS
	add_lvm_scope
}

# activate_group SPEC: of the group vg what the plan names
activate_group() {
	local name
	# a table that may write is refused on a disk that can only be read
	[ -z "$SCOPE" ] || ! is_read_only "${SCOPE%% *}" ||
		LVM_READ_ONLY="read_only_volume_list=[\"$vg\"] "
	for name in ${P_LVM:-$vg}; do
		case $name in
		"$vg") lvm_run vgchange --sysinit -ay "$vg" ;;
		"$vg"/*) lvm_run lvchange --sysinit -ay -K "$name" ;;
		esac
	done
	name=${1#/dev/mapper/}
	swap "$vg" - --
	case $P_ON_LVM:$name in 1:"$RET"-[!-]*)
		node_of "$name" || lvm_run lvchange --sysinit -ay -K "$1"
		;;
	esac
}

# may_take: the volume group vg may be used. One of another machine (lvmsystemid(7)), as a disk on a
# network may have, must be named; in an image it is the image's.
may_take() {
	case $LVM_SYSTEM in
	'') return 0 ;;
	*[!A-Za-z0-9._+-]*) return 1 ;;
	esac
	[ -z "$P_LVM$SCOPE" ] || return 0
	echo "the volume group $vg belongs to the system '$LVM_SYSTEM': rd.lvm.vg=$vg takes it"
	return 1
}

add_lvm_scope() {
	local dir
	[ -z "$SCOPE" ] || for dir in "$ROOT"/sys/block/dm-*; do
		! is_volume "$dir" LVM || ! is_within "$dir" || add_scope "/dev/${dir##*/}"
	done
}

show_lvm_log() {
	[ ! -s "$RAMFS/lvm.log" ] || cat "$RAMFS/lvm.log" >&2
	return 1
}
