# shellcheck shell=sh disable=SC2154,SC2034 # variables of pack
# SPDX-License-Identifier: GPL-2.0-or-later
# What the fstab of a root in a disk image mounts from the same image: /usr, /boot, /home and the
# like. See volumes.sh.

# mount_parts: on `tree`
mount_parts() {
	[ ! -L "$tree/etc/fstab" ] && [ -f "$tree/etc/fstab" ] || return 0
	fstab_lines <"$tree/etc/fstab" >"$work/fstab"
	while IFS=$tab read -r fstab_spec fstab_point fstab_type fstab_options; do
		mount_part "$fstab_spec" "$fstab_point" "$fstab_type" "$fstab_options"
	done <"$work/fstab"
}

# fstab_lines: SPEC POINT TYPE OPTIONS by tabs, a mount point before those below it; what has no
# files of the system is left out
fstab_lines() {
	awk '
		function plain(text, out, at) {
			gsub(/"/, "", text)
			while ((at = match(text, /\\[0-7][0-7][0-7]/))) {
				out = out substr(text, 1, at - 1) sprintf("%c", substr(text, at + 1, 1) * 64 + substr(text, at + 2, 1) * 8 + substr(text, at + 3, 1))
				text = substr(text, at + 4)
			}
			return out text
		}
		/^[ \t]*(#|$)/ || NF < 3 { next }
		{
			point = plain($2)
			gsub(/\/+/, "/", point)
			sub(/\/$/, "", point)
			if (point !~ /^\/./ || point ~ /[\t\n]/ || point ~ /\/\.\.?(\/|$)/) next
			if (point ~ /^\/(proc|sys|dev|run|tmp|media|mnt|efi|boot\/efi|boot\/grub2?\/[^\/]*-[^\/]*|\.snapshots)(\/|$)/) next
			if ($3 ~ /^(swap|tmpfs|proc|sysfs|devpts|nfs4?|cifs|iso9660|udf|none|overlay|fuse.*)$/ || ("," $4 ",") ~ /,(noauto|bind|rbind|_netdev),/) next
			print plain($1) "\t" point "\t" $3 "\t" $4
		}' | LC_ALL=C sort -t "$tab" -k 2,2 -s
}

# find_spec SPEC: the volume that it names, as a line of $work/volumes; the status is that of the
# search
find_spec() {
	case $1 in
	UUID=*) find_tag UUID "${1#*=}" ;;
	/dev/disk/by-uuid/*) find_tag UUID "${1##*/}" ;;
	LABEL=*) find_tag LABEL "${1#*=}" ;;
	/dev/disk/by-label/*) find_tag LABEL "${1##*/}" ;;
	PARTUUID=* | PARTLABEL=*) find_partition "${1%%=*}" "${1#*=}" ;;
	/dev/disk/by-partuuid/*) find_partition PARTUUID "${1##*/}" ;;
	/dev/disk/by-partlabel/*) find_partition PARTLABEL "${1##*/}" ;;
	/dev/mapper/*) find_mapped "${1##*/}" ;;
	/dev/[shv]d[a-z][0-9]* | /dev/xvd[a-z][0-9]* | /dev/nvme*p[0-9]* | /dev/mmcblk*p[0-9]*) find_name "$(echo "$1" | sed 's/.*[a-z]//')" ;;
	/dev/*/*) find_name "${1#/dev/}" ;;
	*) return 1 ;;
	esac
}

find_name() { NAME=$1 awk -F '\t' \
	'$1 == ENVIRON["NAME"] || $1 == ENVIRON["NAME"] "/luks" { print; found = 1; exit } END { exit !found }' "$work/volumes"; }

find_tag() {
	while IFS=$tab read -r tag_name tag_device tag_type; do
		[ "$(blkid -p -o value -s "$1" "$tag_device" 2>/dev/null)" = "$2" ] || continue
		printf '%s\t%s\t%s\n' "$tag_name" "$tag_device" "$tag_type"
		return
	done <"$work/volumes"
	return 1
}

find_partition() {
	find_name "$(jq -r --arg tag "$1" --arg text "$2" '[.partitions[] | select((if $tag == "PARTUUID" then .uuid else .label end | ascii_downcase)
		== ($text | ascii_downcase)) | .number][0] // ""' "$work/info")"
}

# find_mapped NAME: VG-LV with each '-' of both doubled, or what crypttab calls so
find_mapped() {
	find_name "$(echo "$1" | sed 's/--/\t/g; s/-/\//; s/\t/-/g')" && return
	[ ! -L "$tree/etc/crypttab" ] && [ -f "$tree/etc/crypttab" ] && [ -f "$work/luks" ] ||
		return 1
	crypt_uuid=$(NAME=$1 awk '$1 == ENVIRON["NAME"] { sub(/^UUID=|.*\/by-uuid\//, "", $2); gsub(/"/, "", $2); print $2; exit }' "$tree/etc/crypttab")
	find_name "$(UUID=$crypt_uuid awk -F '\t' '$1 == ENVIRON["UUID"] { print $2; exit }' "$work/luks")"
}

# mount_part SPEC POINT TYPE OPTIONS
mount_part() {
	part_found=$(find_spec "$1") || {
		say "warning: the fstab of '$input' has $2 on $1, which is not in the image: it is not packed"
		return 0
	}
	{ [ "$(realpath -e "$tree$2" 2>/dev/null)" = "$(realpath "$tree")$2" ] &&
		[ -d "$tree$2" ]; } || {
		say "warning: the fstab of '$input' has $2, which is no directory of the root: it is not packed"
		return 0
	}
	part_device=$(printf '%s' "$part_found" | cut -f 2) part_type=$(printf '%s' "$part_found" |
		cut -f 3)
	part_options=$(printf '%s' "$4" | tr ',' '\n' | sed -n '/^subvol\(id\)\{0,1\}=[^,]*$/p' |
		head -n 1)
	mount_volume "$part_device" "$part_type" "$tree$2" "$part_options" ||
		die "cannot mount $2 of '$input', $(volume_text "$(printf '%s' "$part_found" | cut -f 1)") ($part_type): $(tail -n 1 "$log" | plain_names); leave it out with --exclude $2, or use a kernel that can"
	excludes="$excludes$(printf '%s' "$2" | sed 's/[][*?\\]/\\&/g')/lost+found
"
	say "$2 is $(volume_text "$(printf '%s' "$part_found" | cut -f 1)")"
	warn_unclean "$part_device" "$part_type"
}
