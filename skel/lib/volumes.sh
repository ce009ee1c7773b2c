# shellcheck shell=dash
# shellcheck disable=SC2034 # what is found is for the other files
# SPDX-License-Identifier: GPL-2.0-or-later
# Roots on logical volumes (LVM) and in LUKS volumes. What the plan names is opened in the order in
# which it is found, so that one may lie in the other.

# mapped_name DEVICE: /dev/VG/LV as /dev/mapper/VG-LV in RET, others as they are. Device-mapper
# names have each '-' of VG and LV doubled.
mapped_name() {
	local vg
	RET=$1
	case $1 in
	/dev/mapper/* | /dev/disk/* | /dev/vdhost/* | /dev/block/* | /dev/cciss/* | /dev/ida/* | /dev/md/* | /dev/*/*/*) ;;
	/dev/?*/?*)
		vg=${1#/dev/}
		swap "${vg#*/}" - --
		set -- "$RET"
		swap "${vg%%/*}" - --
		RET=/dev/mapper/$RET-$1
		;;
	esac
}

# What a profile did not pack: a root that needs it cannot be had, other volumes can be done
# without.
check_tools() {
	[ -z "$P_LVM" ] || [ -x "$ROOT/bin/lvm" ] || {
		[ -z "$P_ON_LVM" ] ||
			fail VI106 \
				"the root is on the volume group ${P_LVM%%/*}, and this initramfs has no lvm" '' \
				"build it with the profile line 'include lvm'"
		warn "the volumes $P_LVM stay closed: this initramfs has no lvm; build it with the profile line 'include lvm'"
		P_LVM=''
	}
	[ -z "$P_LUKS" ] || [ -x "$ROOT/bin/cryptsetup" ] || {
		warn "the LUKS volumes of the command line stay closed: this initramfs has no cryptsetup;" \
			"build it with the profile line 'include luks'"
		P_LUKS=''
	}
}

# open_volumes SECONDS SPEC: opens until SPEC, the root, is there: 0, with DEVICE and FSTYPE. Disks
# are waited for so long.
# SCOPE: only on these disks, and in what was opened on them
open_volumes() {
	local left=$1 before found='' since said='' pause
	check_tools
	load volumes/lvm
	# disks that are missing are waited for, a third of the time
	PATIENCE=86400
	[ ! -x "$ROOT/bin/lvm" ] || {
		$RUN modprobe -a dm_mod
		# which disks do not answer must be known before lvm reads any
		[ -n "$P_LVM_OFF$SCOPE" ] || $RUN findimg -q -n -t 0 --state "$STATE" >/dev/null || :
	}
	while :; do
		mapped_devices
		before=$RET
		LVM_MODE=complete
		pause=1
		[ $((left * 3)) -gt $(($1 * 2)) ] || {
			# what does not answer is not missing, and is waited for as long as there is
			# time
			silent_disks
			if [ -n "$RET" ] && [ "$left" -gt 0 ]; then
				pause=5
			else
				PATIENCE=0 LVM_MODE=degraded
			fi
		}
		add_raid_scope
		open_luks_volumes
		uptime_seconds
		since=$RET
		activate_lvm "$2"
		mapped_devices
		! find_within "$2" || found=1
		[ -z "$found" ] || [ -n "$P_LUKS" ] || break
		[ "$RET" = "$before" ] || continue
		[ -z "$found" ] || break
		[ "$left" -gt 0 ] || break
		# the kernel tells when it is there; a disk that may have it in some volume is
		# looked at once a second, or when disks that answer slowly let us
		find_image -q -t "$pause" -H "$2"
		uptime_seconds
		left=$((left - (RET - since > 1 ? RET - since : 1)))
		[ -n "$said" ] || [ $left -gt $(($1 - 3)) ] || [ $left -le 0 ] || {
			said=1
			silent_disks
			say "waiting $left more seconds for $2${RET:+; these do not answer:$RET}"
		}
	done
	PATIENCE=''
	[ -z "$P_LUKS" ] ||
		warn "LUKS volumes on the command line that were not found: $(printf '%s' "$P_LUKS" | cut -d ' ' -f 1 | tr '\n' ' ')"
	keep_volumes
	[ -n "$found" ] || show_lvm_log
}

# mapped_devices: those that there are, and arrays, in RET
mapped_devices() {
	local dir
	RET=''
	for dir in "$ROOT"/sys/block/dm-* "$ROOT"/sys/block/md*; do
		[ ! -e "$dir" ] || RET="$RET ${dir##*/}"
	done
}

# find_within SPEC
find_within() {
	local disk
	[ -n "$SCOPE" ] || {
		find_image -q -t 0 -H "$1"
		return
	}
	for disk in $SCOPE; do
		! find_image -q -t 0 -D "$disk" -H "$1" || return 0
	done
	return 1
}

# open_luks_volumes: those of P_LUKS that are there, and leaves the others in it
open_luks_volumes() {
	local spec name options pending=''
	[ -n "$P_LUKS" ] || return 0
	while read -r spec name options; do
		[ -n "$spec" ] || continue
		if find_luks; then
			# shellcheck disable=SC2086 # each is an option of cryptsetup
			unlock "$DEVICE" "$name" $options
			continue
		fi
		pending="$pending$spec $name${options:+ $options}$NL"
	done <<LUKS
$P_LUKS
LUKS
	P_LUKS=$pending
}

# find_luks: the volume of open_luks_volumes. rd.luks.uuid= may be the beginning of a UUID; the
# volume has the name of the whole one.
find_luks() {
	! find_within "$spec" || {
		[ "$FSTYPE" = crypto_LUKS ]
		return
	}
	[ "$name" = "luks-${spec#UUID=}" ] && find_within "$spec*" && [ "$FSTYPE" = crypto_LUKS ] ||
		return 1
	name=luks-$FOUND_UUID
}

# unlock DEVICE NAME [OPTION...]
unlock() {
	load volumes/crypt
	! is_read_only "$1" || set -- "$@" --readonly
	open_crypt "$@" || fail VI404 "the LUKS volume $1 could not be opened" \
		'no passphrase in three tries, or the messages of cryptsetup above' 'boot again'
	! node_of "$2" || add_scope "$RET"
}

# node_of NAME: the /dev/dm-N of that mapped device in RET
node_of() {
	local dir
	for dir in "$ROOT"/sys/block/dm-*; do
		first_line "$dir/dm/name"
		[ "$RET" != "$1" ] || {
			RET=/dev/${dir##*/}
			return 0
		}
	done
	return 1
}

# add_scope DEVICE: what lies in it is the root's, too
add_scope() {
	[ -z "$SCOPE" ] || list_has "$SCOPE" "$1" || SCOPE="$SCOPE $1"
}

add_raid_scope() {
	local dir
	[ -z "$SCOPE" ] || for dir in "$ROOT"/sys/block/md*; do
		[ ! -e "$dir" ] || ! is_within "$dir" || add_scope "/dev/${dir##*/}"
	done
}

# is_within SYSFS: one of the devices below is of SCOPE
is_within() {
	local below device
	for below in "$1"/slaves/*; do
		for device in $SCOPE; do
			device=$(readlink -f "$ROOT$device")
			[ "${device##*/}" != "${below##*/}" ] || return 0
		done
	done
	return 1
}

# is_volume SYSFS KIND: LVM or CRYPT
is_volume() {
	first_line "$1/dm/uuid"
	case $RET in "$2"-*) return 0 ;; esac
	return 1
}

# keep_volumes: for the udev of the root, which leaves mapped devices alone that nobody told it of;
# for the shutdown
keep_volumes() {
	local dir name data=$ROOT/run/udev/data found=''
	for dir in "$ROOT"/sys/block/dm-*; do
		is_volume "$dir" LVM || is_volume "$dir" CRYPT || continue
		make_dirs "$data" "$ROOT/dev/mapper"
		first_line "$dir/dev"
		echo E:DM_UDEV_PRIMARY_SOURCE_FLAG=1 >"$data/b$RET"
		first_line "$dir/dm/name"
		name=$RET
		ln -sf "../${dir##*/}" "$ROOT/dev/mapper/$name" ||
			warn "/dev/mapper/$name cannot be made"
		[ -n "$SCOPE" ] || keep_disks "${dir##*/}"
		found=1
	done
	[ -n "$found" ] || return 0
	state_drop 'volumes all'
	state_push 'volumes all'
	VOLUMES=1
}

# keep_disks NAME: those that a mapped device is made of are to be free at the end
keep_disks() {
	local below line
	for below in "$ROOT/sys/block/$1"/slaves/*; do
		[ -e "$below" ] || continue
		line="device /dev/${below##*/}"
		case $line in *' /dev/dm-'* | *' /dev/md'*) continue ;; esac
		state_drop "$line"
		state_push "$line"
	done
}

# locate_volume SPEC: a root that may be on some volume of this machine's disks
locate_volume() {
	# shellcheck disable=SC2034 # for find_within
	SCOPE=''
	mapped_name "$1"
	open_volumes "$P_TIMEOUT" "$RET" || {
		! grep -q 'duplicate devices' "$RAMFS/lvm.log" 2>/dev/null ||
			fail VI203 \
				"the device '$1' cannot be used: a disk of its volume group is here twice, and lvm takes neither" \
				'the messages of lvm above' \
				'remove the copy, or give it names of its own: vgimportclone DISK'
		mapped_name "$1"
		find_image -t 0 -H "$RET" || fail_find 'the device' "$1"
	}
}

# find_in_image: the root is on some volume of the disk DEVICE, and no other disk is looked at
find_in_image() {
	local link spec
	SCOPE=$DEVICE
	for link in "$ROOT"/dev/vdhost/Partition*; do
		[ ! -L "$link" ] || add_scope "$(readlink "$link")"
	done
	mapped_name "$P_PART"
	spec=$RET
	open_volumes 0 "$spec" || fail VI405 "$P_PART is not in $P_IMAGE ($SCOPE)" \
		"volumes opened: $(opened_names)" \
		'correct vi.part= or kroot=; name what is to be opened with klvm=, rd.lvm.lv= or rd.luks.uuid='
}

opened_names() {
	local dir
	for dir in "$ROOT"/sys/block/dm-*; do
		is_volume "$dir" LVM || is_volume "$dir" CRYPT || continue
		first_line "$dir/dm/name"
		printf '%s ' "$RET"
	done
}

# enter_luks: the root is in the LUKS volume DEVICE, which the plan does not name
enter_luks() {
	SCOPE=${SCOPE:-}
	unlock "$DEVICE" vi-root
	find_image -t 0 -H /dev/mapper/vi-root ||
		fail VI405 "the LUKS volume $DEVICE contains no file system that can be a root"
	keep_volumes
}

# name_volume: DEVICE by the name that it has in /dev/mapper
name_volume() {
	case $DEVICE in /dev/dm-*) ;; *) return 0 ;; esac
	first_line "$ROOT/sys/block/${DEVICE##*/}/dm/name"
	# shellcheck disable=SC2034
	[ -z "$RET" ] || [ ! -L "$ROOT/dev/mapper/$RET" ] || DEVICE=/dev/mapper/$RET
}

# raid_wanted: arrays of this machine's disks, or of an image, are to be assembled
raid_wanted() {
	[ -z "$P_MD_OFF" ] && mkdir -p "$ROOT/run/mdadm" || return 1
	# arrays keep their numbers and names, as those of this machine do, whatever machine they
	# say they are of
	[ -e "$ROOT/etc/mdadm/mdadm.conf" ] || [ -e "$ROOT/etc/mdadm.conf" ] ||
		echo 'HOMEHOST <ignore>' >"$ROOT/etc/mdadm.conf"
}

# keep_arrays: for the shutdown, with the disks that they are made of
keep_arrays() {
	local dir below
	for dir in "$ROOT"/sys/block/md*/md; do
		[ -e "$dir" ] || continue
		state_drop 'raid all'
		state_push 'raid all'
		for below in "${dir%/md}"/slaves/*; do
			[ -e "$below" ] || continue
			state_drop "device /dev/${below##*/}"
			state_push "device /dev/${below##*/}"
		done
	done
}
