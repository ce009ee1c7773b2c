# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# vi.automount: the partitions of this machine's disks for the user, at /media/NAME, as Slax and
# Virtual Linux give them. They are lines in the root's fstab: its init mounts them, and unmounts
# them at the end.

AUTOMOUNT=comment=automount # an option that each mount(8) knows and leaves alone

automount() {
	local file lines='' line
	inside /etc/fstab
	file=$NEWROOT$RET
	[ ! -r "$file" ] || lines=$(grep -v "$AUTOMOUNT" "$file")
	while read -r line; do
		case $line in /dev/*) automount_line "${line%%:*}" "$line" ;; esac
	done <<DEVICES
$($RUN blkid)
DEVICES
	{ printf '%s\n' "$lines" >"$file"; } 2>/dev/null ||
		warn 'vi.automount: this root has no /etc/fstab that can be written'
}

# automount_line DEVICE BLKID: one more line, when it has a file system that nobody else uses
automount_line() {
	local type name=${1#/dev/}
	case $name in loop* | ram* | zram* | dm-* | mapper/* | ublk* | nbd*) return 0 ;; esac
	case $2 in *' TYPE="'*) ;; *) return 0 ;; esac
	type=${2##*' TYPE="'}
	type=${type%%'"'*}
	case $type in swap | swsuspend | crypto_LUKS | *_member) return 0 ;; esac
	! grep -qx "device $1" "$STATE" 2>/dev/null || return 0
	mkdir -p "$NEWROOT/media/$name" || return 0
	lines="$lines$NL$1 /media/$name auto noatime,nofail,$AUTOMOUNT 0 0"
}
