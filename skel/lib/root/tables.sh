# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# The root's /etc/fstab and /etc/crypttab, of a system that was installed on some disk: lines that
# cannot hold in this boot are replaced for this boot. The files of the root stay as they are. For
# systemd its own generators read the replaced lines, each time that it reads the tables; for other
# inits a copy is mounted over the file.

TABLES=$RAMFS/tables

# override_tables: nothing to do for a root on the partition that it was installed on
override_tables() {
	case $P_MODE:$P_PERSIST in disk:none | disk:archive:*) return 0 ;; esac
	mkdir -p "$TABLES" || return 0
	CONTAINERS='' SWAPS='' ABSENT=''
	look_at_disks
	override_table fstab
	override_table crypttab
}

# look_at_disks: CONTAINERS is not empty when file systems may be in what is not open yet; SWAPS are
# the suspended ones
look_at_disks() {
	local line
	while read -r line; do
		case $line in
		*' TYPE="LVM2_member"'* | *' TYPE="crypto_LUKS"'* | *' TYPE="linux_raid_member"'*) CONTAINERS=1 ;;
		*' TYPE="swsuspend"'*) SWAPS="$SWAPS ${line%%:*}" ;;
		esac
	done <<DEVICES
$($RUN blkid)
DEVICES
}

# override_table NAME: NAME.rules gets each line that is replaced and what stands for it, empty when
# nothing does
override_table() {
	local line changed=''
	inside "/etc/$1"
	set -- "$1" "$NEWROOT$RET"
	[ -f "$2" ] || return 0
	{
		echo "# /etc/$1 of this boot, by mkvinitrd: lines that cannot hold are replaced. The root's own file is below this one:"
		echo "# umount /etc/$1 shows it."
		while IFS= read -r line || [ -n "$line" ]; do
			"${1}_line" "$line"
			[ "$RET" = "$line" ] || {
				changed=1
				printf '%s\n' "$line" "$RET" >&3
				[ -n "$RET" ] || RET="# not in this boot: $line"
			}
			printf '%s\n' "$RET"
		done <"$2"
	} >"$TABLES/$1" 3>"$TABLES/$1.rules" || warn "$TABLES/$1 could not be written"
	[ -z "$changed" ] || use_table "$1" "$2"
}

# use_table NAME FILE
use_table() {
	inside "$INIT"
	case $RET in
	*/systemd) systemd_table "$1" ;;
	*)
		[ "$1" = fstab ] || return 0
		chmod 644 "$TABLES/$1"
		$RUN mount -o bind "$TABLES/$1" "$2" ||
			warn "the root uses its own /etc/$1, whose lines may fail"
		;;
	esac
}

# systemd_table NAME: generators in /run come before those of the same name in the root, see
# systemd.generator(7)
systemd_table() {
	local units=$ROOT/run/systemd name=fstab
	[ "$1" = fstab ] || name=cryptsetup
	{
		mkdir -p "$units/system-generators" "$units/system/systemd-remount-fs.service.d" \
			"$RAMFS/bin" &&
			$RUN cp "$ROOT/vinitrd-tables" "$RAMFS/bin/" &&
			ln -sf /run/initramfs/bin/vinitrd-tables \
				"$units/system-generators/systemd-$name-generator"
	} || warn "systemd uses the root's own /etc/$1, whose units may fail"
	[ "$1" = fstab ] || return 0
	printf '%s\n' '[Service]' 'Environment=SYSTEMD_FSTAB=/run/systemd/generator/mkvinitrd.fstab' \
		'Environment=LIBMOUNT_FSTAB=/run/systemd/generator/mkvinitrd.fstab' \
		>"$units/system/systemd-remount-fs.service.d/mkvinitrd.conf" || :
}

# device_spec SPEC: as findimg has it, in RET
device_spec() {
	RET=$(printf '%b' "$1")
	case $RET in
	/dev/disk/by-uuid/*) RET=UUID=${RET##*/} ;;
	/dev/disk/by-label/*) RET=LABEL=${RET##*/} ;;
	/dev/disk/by-partuuid/*) RET=PARTUUID=${RET##*/} ;;
	/dev/disk/by-partlabel/*) RET=PARTLABEL=${RET##*/} ;;
	*=\"*\") RET=${RET%%=*}=${RET#*\"} && RET=${RET%\"} ;;
	*=\'*\') RET=${RET%%=*}=${RET#*\'} && RET=${RET%\'} ;;
	esac
}

# device_now SPEC: the device that it is in RET, its type in RET_TYPE; both empty when it is not
# there now
device_now() {
	local key value out
	device_spec "$1"
	RET_TYPE=''
	case $RET in
	/dev/mapper/*)
		[ -e "$ROOT$RET" ] || RET=''
		return 0
		;;
	esac
	out=$($RUN findimg -q -t 0 -H "$RET") || out=''
	RET=''
	while IFS='=' read -r key value; do
		case $key in DEVICE) RET=$value ;; FSTYPE) RET_TYPE=$value ;; esac
	done <<OUT
$out
OUT
}

# fstab_line LINE: what stands for it in RET
fstab_line() {
	local spec target type options dump pass
	RET=$1
	read -r spec target type options dump pass <<LINE
$1
LINE
	case ${spec:-#} in '#'*) return 0 ;; esac
	[ -n "$options" ] || options=defaults
	case $target:$type in
	/:*) root_line "$1" ;;
	/usr:* | /usr/:*) usr_line "$1" ;;
	*:swap) swap_line "$1" ;;
	*) other_line "$1" ;;
	esac
}

# usr_line LINE: what is mounted there is named, so that the root's init makes it writable as the
# line says
usr_line() {
	if [ -n "${USR_DEVICE:-}" ]; then
		RET="$USR_DEVICE $target $type $options ${dump:-0} 0"
	else
		other_line "$1"
	fi
}

# other_line LINE
other_line() {
	if is_mount_point "$NEWROOT$(printf '%b' "${target%/}")"; then
		replaced "$target: something else is mounted there"
	elif is_in_absent "$target"; then
		absent_line "$1" "$RET"
	else
		mount_line "$1"
	fi
}

# is_in_absent PATH: it lies in a file system that is not here, whose device is in RET. systemd
# would wait for that one, and fail what is on it.
is_in_absent() {
	local place device
	while read -r place device; do
		case ${place:+$1} in "$place"/*)
			RET=$device
			return 0
			;;
		esac
	done <<ABSENT
$ABSENT
ABSENT
	return 1
}

# is_mount_point DIR
is_mount_point() {
	local device path rest
	[ -r "$ROOT/proc/mounts" ] || return 1
	# shellcheck disable=SC2034
	while read -r device path rest; do
		[ "$(printf '%b' "$path")" != "$1" ] || return 0
	done <"$ROOT/proc/mounts"
	return 1
}

# replaced WHY: says it; nothing stands for the line
replaced() {
	RET=''
	say "fstab: $1"
}

# root_line LINE: only the device that is mounted as root can be meant, if any
root_line() {
	[ -n "${ROOT_DEVICE:-}" ] || {
		RET=''
		return 0
	}
	device_now "$spec"
	if [ "$RET" = "$ROOT_DEVICE" ]; then
		RET=$1
	else
		# shellcheck disable=SC2153 # of assemble.sh
		case $type in "$ROOT_TYPE" | auto) ;; *) options=defaults ;; esac
		RET="$ROOT_DEVICE / ${ROOT_TYPE:-auto} $options ${dump:-0} ${pass:-0}"
	fi
}

# swap_line LINE: a file can be swapped to where it lies on a disk; and never is the memory of a
# system that sleeps written over
swap_line() {
	case $spec in
	/dev/* | *=*) ;;
	/*)
		if [ -z "${ROOT_DEVICE:-}" ]; then
			replaced "$spec is no swap on a root that is in memory or made of layers"
		elif is_in_absent "$spec"; then
			absent_line "$1" "$RET"
		else
			RET=$1
		fi
		return 0
		;;
	esac
	device_now "$spec"
	if [ -n "$RET" ] && { [ "$RET_TYPE" = swsuspend ] || list_has "$SWAPS" "$RET"; }; then
		replaced "swap on $spec is left alone: a system is hibernated there"
	elif [ -n "$RET" ]; then
		RET=$1
	else
		absent_line "$1"
	fi
}

# mount_line LINE: other file systems of the machine stay
mount_line() {
	case $spec:,$options, in
	*,noauto,* | *,_netdev,*) return 0 ;;
	*,bind,* | *,rbind,*)
		! is_in_absent "$spec" || absent_line "$1" "$RET"
		return 0
		;;
	/dev/* | UUID=* | LABEL=* | PARTUUID=* | PARTLABEL=*) ;;
	*) return 0 ;;
	esac
	device_now "$spec"
	if [ -z "$RET" ]; then
		absent_line "$1"
	elif is_hibernated "$RET"; then
		replaced "$spec stays unmounted: a hibernated system has it mounted"
	elif is_in_use "$RET"; then
		[ "$RET" != "${HOST_DEVICE:-}" ] || [ -n "${HOST_RW:-}" ] || options=$options,ro
		RET="$spec $target $type $options ${dump:-0} 0"
	else
		RET=$1
	fi
}

# is_hibernated DEVICE: a hibernated system has it mounted
is_hibernated() {
	local status=0
	[ -n "$SWAPS" ] || return 1
	$RUN findimg -q -t 0 -w -H "$1" >"$TABLES/look" 2>&1 || status=$?
	[ $status = 1 ]
}

# is_in_use DEVICE: mounted for the root, so that nobody can check it
is_in_use() {
	local kind what
	[ -e "$STATE" ] || return 1
	while read -r kind what; do
		[ "$kind:$what" != "device:$1" ] || return 0
	done <"$STATE"
	return 1
}

# absent_line LINE [DEVICE]: what is not here, or lies in a file system that is not, is not waited
# for. systemd mounts it when DEVICE appears, or waits a while for what may be in a volume that the
# root opens.
absent_line() {
	local device=${2:-$spec}
	[ "$type" = swap ] || ABSENT="$ABSENT${target%/} $device$NL"
	case ,$options, in *,noauto,* | *,nofail,*)
		RET=$1
		return 0
		;;
	esac
	case $type in
	swap) say "fstab: $device is not here: the root continues without this swap" ;;
	*) say "fstab: $device is not here: the root continues without $target" ;;
	esac
	if [ -n "$CONTAINERS" ]; then
		[ "$type" = swap ] || options=$options,x-systemd.before=local-fs.target
		options=$options,nofail,x-systemd.device-timeout=15s
	else
		device_unit "$device"
		options=$options,noauto,nofail${RET:+,x-systemd.wanted-by=$RET}
	fi
	RET="$spec $target $type $options ${dump:-0} ${pass:-0}"
}

# device_unit SPEC: systemd's name for it in RET, empty when that would need more than a few escapes
device_unit() {
	device_spec "$1"
	set -- "$RET"
	case $1 in
	*[!A-Za-z0-9:_./=-]*)
		RET=''
		return 0
		;;
	UUID=* | LABEL=* | PARTUUID=* | PARTLABEL=*)
		RET=disk/by-$(printf '%s' "${1%%=*}" | tr '[:upper:]' '[:lower:]')/${1#*=}
		;;
	*) RET=${1#/dev/} ;;
	esac
	swap "$RET" - '\x2d'
	swap "$RET" = '\x3d'
	swap "$RET" / -
	RET=dev-$RET.device
}

# crypttab_line LINE
crypttab_line() {
	local name spec key options
	RET=$1
	read -r name spec key options <<LINE
$1
LINE
	case ${name:-#},$options, in '#'* | *,noauto,* | *,nofail,*) return 0 ;; esac
	[ ! -e "$ROOT/dev/mapper/$name" ] || return 0
	if is_made_anew; then
		leave_out "it would be made anew on $spec, whatever disk that is here"
		return 0
	fi
	device_now "$spec"
	if [ -z "$RET" ]; then
		say "crypttab: $spec is not here: the root continues without $name"
		RET=noauto
		[ -z "$CONTAINERS" ] || RET=nofail,x-systemd.device-timeout=15s
		RET="$name $spec ${key:-none} ${options:+$options,}$RET"
	elif has_crypt_holder "$RET"; then
		leave_out "$spec is open already"
	else
		RET=$1
	fi
}

# is_made_anew: swap and /tmp with a random key, on a partition by a name that means another one in
# another machine
is_made_anew() {
	case ,$options, in *,swap,* | *,tmp,* | *,tmp=*) ;; *) return 1 ;; esac
	case $spec in
	/dev/sd* | /dev/vd* | /dev/hd* | /dev/xvd* | /dev/nvme* | /dev/mmcblk*) return 0 ;;
	esac
	return 1
}

# leave_out WHY
leave_out() {
	RET=''
	say "crypttab: $name is left out: $1"
}

# has_crypt_holder DEVICE: it was opened for the root, by another name
has_crypt_holder() {
	local dir
	for dir in "$ROOT/sys/class/block/${1##*/}"/holders/dm-*; do
		first_line "$dir/dm/uuid"
		case $RET in CRYPT-*) return 0 ;; esac
	done
	return 1
}
