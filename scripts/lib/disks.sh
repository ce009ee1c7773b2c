# shellcheck shell=sh disable=SC2154 # variables of the script that reads this
# SPDX-License-Identifier: GPL-2.0-or-later
# Disks of this machine as targets: which there are, what is on them, what a path is, who uses it.
# Nothing here writes. Needs tools.sh.
# A disk is named as in /sys/block (sda, mmcblk0). DISKS_ROOT: a directory with sys/ and proc/ of
# another machine, for tests.
#   disks_list                  a line for each whole disk: NAME BYTES REMOVABLE(yes|no) MODEL..., by tabs
#   disk_model NAME             "Generic Flash Disk", or "unknown model"
#   disk_size_text BYTES        "31.9 GB"
#   disk_describe NAME          lines for a person: the disk and its partitions with file systems and labels
#   disk_users NAME             a line for each use of the disk or a partition of it; none: free
#   file_users FILE             the same of a file
#   target_kind PATH            prints disk, file or new; status 1 and a line on stderr for all else
#   target_refusal PATH         why nothing may be written to PATH; nothing: it may

# sys_line FILE: the first line of a file in /sys/block, nothing if there is none
sys_line() {
	[ ! -r "${DISKS_ROOT:-}/sys/block/$1" ] ||
		head -n 1 "${DISKS_ROOT:-}/sys/block/$1" 2>/dev/null || :
}

disk_bytes() {
	sectors=$(sys_line "$1/size")
	echo $((${sectors:-0} * 512))
}

disk_size_text() {
	awk -v n="$1" 'BEGIN { split("B kB MB GB TB PB", unit, " ")
		for (i = 1; n >= 1000 && i < 6; i++) n /= 1000
		printf((i == 1 || n >= 100 ? "%.0f" : "%.1f") " %s\n", n, unit[i]) }'
}

disk_model() {
	text=$(printf '%s %s' "$(sys_line "$1/device/vendor" | sed '/^0x/d' | plain_text)" \
		"$(sys_line "$1/device/model" | plain_text)" | plain_text)
	[ -n "$text" ] || text=$(sys_line "$1/device/name" | plain_text) # a memory card
	echo "${text:-unknown model}"
}

# USB drives say of themselves whether their medium can be taken out; that they can be pulled out,
# their bus tells.
disk_removable() {
	case $(sys_line "$1/removable"):$(readlink -f "${DISKS_ROOT:-}/sys/block/$1") in 1:* | *:*/usb[0-9]*) return 0 ;; esac
	[ "$(sys_line "$1/device/type")" = SD ]
}

# No loop, RAM or optical disk, no volume made of other disks, no card reader without a card
disks_list() {
	for entry in "${DISKS_ROOT:-}"/sys/block/*; do
		disk=${entry##*/}
		case $disk in '*' | loop* | ram* | zram* | sr* | fd* | dm-* | md* | nbd* | ublk* | mmcblk*boot[0-9] | mmcblk*rpmb) continue ;; esac
		bytes=$(disk_bytes "$disk")
		[ "$bytes" -gt 0 ] || continue
		removable=no
		! disk_removable "$disk" || removable=yes
		printf '%s\t%s\t%s\t%s\n' "$disk" "$bytes" $removable "$(disk_model "$disk")"
	done
}

# disk_partitions NAME: their names
disk_partitions() {
	for entry in "${DISKS_ROOT:-}/sys/block/$1/$1"*; do
		[ ! -e "$entry/partition" ] || echo "${entry##*/}"
	done
}

# partition_content NAME: the file system and label that blkid finds
partition_content() {
	content=$(LC_ALL=C blkid -p -s TYPE -s LABEL -o export "/dev/$1" 2>/dev/null) || content=''
	kind=$(echo "$content" | sed -n 's/^TYPE=//p' | plain_text)
	label_found=$(echo "$content" | sed -n 's/^LABEL=//p' | plain_text)
	[ -z "$label_found" ] || label_found=" '$label_found'"
	echo "${kind:-no file system}$label_found"
}

disk_describe() {
	echo "/dev/$1  $(disk_size_text "$(disk_bytes "$1")")  $(disk_model "$1")"
	partitions=$(disk_partitions "$1")
	[ -n "$partitions" ] || echo "    no partitions; $(partition_content "$1")"
	for partition in $partitions; do
		echo "    /dev/$partition  $(disk_size_text "$(disk_bytes "$1/$partition")")  $(partition_content "$partition")"
	done
}

# mounts_of NUMBER NAME: where the device of that number is mounted; btrfs has numbers of its own,
# so by its name as well
mounts_of() {
	awk -v number="$1" -v source="/dev/$2" \
		'{ for (i = 7; i <= NF && $i != "-"; i++); if ($3 == number || $(i + 2) == source) print $5 }' \
		"${DISKS_ROOT:-}/proc/self/mountinfo" | plain_lines
}

# mountinfo writes a space as \040
plain_lines() {
	while IFS= read -r text; do
		printf '%b\n' "$(printf '%s' "$text" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')" |
			plain_text
		echo
	done | grep . || :
}

# holder_text DM-OR-MD: who made it
holder_text() {
	volume=$(sys_line "$1/dm/name" | plain_text)
	case $(sys_line "$1/dm/uuid") in
	LVM-*) echo "the LVM volume '$volume'" ;;
	CRYPT-*) echo "the encrypted volume '$volume'" ;;
	mpath-*) echo "the multipath device '$volume'" ;;
	*) case $1 in md*) echo "the RAID array /dev/$1" ;; bcache*) echo "/dev/$1" ;; *) echo \
		"the device-mapper volume '${volume:-$1}'" ;; esac ;;
	esac
}

# device_users DIRECTORY NAME: of one disk, partition or volume, as sys/block/DIRECTORY
device_users() {
	number=$(sys_line "$1/dev")
	mounts_of "$number" "$2" | while IFS= read -r place; do
		case $place in
		/ | /usr | /boot | /boot/* | /var | /home) echo "/dev/$2 is mounted on $place: the running system is on this disk" ;;
		*) echo "/dev/$2 is mounted on $place" ;;
		esac
	done
	grep -q "^/dev/$2[[:space:]]" "${DISKS_ROOT:-}/proc/swaps" 2>/dev/null &&
		echo "/dev/$2 is swap space in use"
	for holder in "${DISKS_ROOT:-}/sys/block/$1/holders"/*; do
		[ -e "$holder" ] || continue
		holder=${holder##*/}
		echo "/dev/$2 is part of $(holder_text "$holder")"
		device_users "$holder" "$holder"
	done
	for backing in "${DISKS_ROOT:-}"/sys/block/loop*/loop/backing_file; do
		[ ! -r "$backing" ] || [ "$(head -n 1 "$backing")" != "/dev/$2" ] ||
			echo "/dev/$2 is attached to a loop device ($(loop_name "$backing"))"
	done
}

loop_name() {
	loop_entry=${1%/loop/backing_file}
	echo "/dev/${loop_entry##*/}"
}

# The kernel knows of uses that no file tells, in other mount namespaces for instance: it refuses an
# exclusive open.
disk_users() {
	uses=$({
		device_users "$1" "$1"
		for partition in $(disk_partitions "$1"); do
			device_users "$1/$partition" "$partition"
		done
	})
	if [ -n "$uses" ]; then
		echo "$uses"
	elif [ -z "${DISKS_ROOT:-}" ] && LC_ALL=C wipefs -n -a "/dev/$1" 2>&1 |
		grep -q 'Device or resource busy'; then
		echo "/dev/$1 is in use: the kernel says 'Device or resource busy'"
	fi
}

# file_loops FILE: loop devices of it. Of those that were set up in another mount namespace the path
# may be that of nothing here.
file_loops() {
	{
		for backing in "${DISKS_ROOT:-}"/sys/block/loop*/loop/backing_file; do
			[ "$(stat -c %d:%i "$(head -n 1 "$backing" 2>/dev/null)" 2>/dev/null)" = \
				"$file_id" ] || continue
			loop_name "$backing"
		done
		# by path, since that of busybox has no -j
		for losetup in /usr/sbin/losetup /sbin/losetup; do
			[ -x "$losetup" ] || continue
			[ -n "${DISKS_ROOT:-}" ] || "$losetup" -n -O NAME -j "$1" 2>/dev/null
			break
		done
	} | awk '{ print $1 }' | sort -u
}

# file_writers FILE: processes that have it open for writing, without a lock: a file system in user
# space, a copy under way
file_writers() {
	for open_file in /proc/[0-9]*/fd/*; do
		# shellcheck disable=SC3013 # dash and busybox have it
		[ "$1" -ef "$open_file" ] || continue
		pid=${open_file#/proc/} fd=${open_file##*/}
		pid=${pid%%/*}
		case $(sed -n 's/^flags:[[:space:]]*//p' "/proc/$pid/fdinfo/$fd" 2>/dev/null) in
		*[12]) echo "$1 is open for writing by process $pid ($(process_name "$pid"))" ;;
		esac
	done
}

# file_users FILE: loop devices (mounted or not), swap, locks of a running machine (QEMU's), writers
file_users() {
	file_id=$(stat -L -c %d:%i "$1")
	for loop in $(file_loops "$1"); do
		echo "$1 is attached to the loop device $loop"
		device_users "${loop#/dev/}" "${loop#/dev/}"
	done
	grep -q -F "$(readlink -f "$1") " "${DISKS_ROOT:-}/proc/swaps" 2>/dev/null &&
		echo "$1 is swap space in use"
	inode=:${file_id#*:}
	while read -r _ _ _ _ pid place _; do
		case $pid:$place in
		-1:*"$inode")
			echo "$1 is in use: a process has locked it"
			;; # which, the kernel does not tell
		*"$inode") echo "$1 is in use by process $pid ($(process_name "$pid"))" ;;
		esac
	done <"${DISKS_ROOT:-}/proc/locks" | sort -u
	[ -n "${DISKS_ROOT:-}" ] || file_writers "$1"
}

process_name() {
	{ plain_text <"/proc/$1/comm"; } 2>/dev/null || echo unknown
}

# drive_bytes: size of $drive, a disk or a file
drive_bytes() {
	if [ -b "$(readlink -f "$drive")" ]; then
		blockdev --getsize64 "$drive"
	else
		stat -L -c %s "$drive"
	fi
}

# target_path PATH: without links; also where nothing is yet
target_path() {
	case $1 in
	/*) ;;
	*) set -- "$PWD/$1" ;;
	esac
	readlink -f "$1" || printf '%s\n' "$1"
}

target_kind() {
	path=$(target_path "$1")
	if [ -b "$path" ]; then
		echo disk
	elif [ -f "$path" ]; then
		echo file
	elif [ -e "$path" ] || [ -h "$path" ]; then
		echo "'$1' is neither a disk nor an ordinary file" >&2
		return 1
	else
		case $path in
		/dev/shm/*) ;;
		/dev/*)
			echo "there is no disk '$1' (mkvinitrd usb --list shows those that there are)" >&2
			return 1
			;;
		esac
		[ -d "${path%/*}/" ] || {
			echo "there is no directory '${path%/*}' to make '$1' in" >&2
			return 1
		}
		echo new
	fi
}

# disk_refusal NAME: why it cannot be a target
disk_refusal() {
	if [ -e "${DISKS_ROOT:-}/sys/class/block/$1/partition" ]; then
		parent=$(readlink -f "${DISKS_ROOT:-}/sys/class/block/$1/..")
		echo "/dev/$1 is a partition, not a whole disk: name its disk, /dev/${parent##*/}"
	elif [ ! -e "${DISKS_ROOT:-}/sys/block/$1" ]; then
		echo "/dev/$1 is not known to the kernel as a disk"
	elif [ "$(disk_bytes "$1")" = 0 ]; then
		echo "/dev/$1 has no medium (0 bytes)"
	elif [ "$(sys_line "$1/ro")" = 1 ]; then
		echo "/dev/$1 is write-protected"
	elif [ "$(sys_line "$1/queue/logical_block_size")" = 4096 ]; then
		echo "/dev/$1 has sectors of 4096 bytes: this layout and its boot loader need sectors of 512"
	else
		case $1 in
		sr* | zram* | ram* | dm-* | md*) echo "/dev/$1 is not a whole disk" ;;
		*) disk_users "$1" ;;
		esac
	fi
}

target_refusal() {
	kind=$(target_kind "$1" 2>&1) || {
		echo "$kind"
		return
	}
	path=$(target_path "$1")
	case $kind in
	disk) disk_refusal "${path##*/}" ;;
	file) if [ -w "$path" ]; then file_users "$path"; else echo "'$1' cannot be written"; fi ;;
	new) [ -w "${path%/*}/" ] || echo "the directory '${path%/*}' cannot be written" ;;
	esac
}
