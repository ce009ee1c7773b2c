# shellcheck shell=sh disable=SC2154,SC2034 # variables of pack
# SPDX-License-Identifier: GPL-2.0-or-later
# qemu-img gives new images random identifiers and the time of now. These take the place of those:
# identifiers by the content, so that the same root gives the same bytes. Sources: VHD specification
# 1.0 (footer), VDI header of VirtualBox (VDICore.h), VMDK specification 1.1 (descriptor), [MS-VHDX]
# 2.2 and 2.6.2.

# stamp_image FORMAT FILE NAME: NAME is the one that it will have
stamp_image() {
	stamp_file=$2
	case $1 in
	vhd) stamp_vhd ;;
	vdi) put_hex 392 "$(stamp_hex image)$(stamp_hex snapshot)" ;;
	vmdk) stamp_vmdk "$3" ;;
	vhdx) stamp_vhdx ;;
	esac
}

# stamp_hex TEXT: an identifier for TEXT, as 32 hexadecimal digits
stamp_hex() { uuid_of "$1" | tr -d -; }

# get_hex OFFSET LENGTH: bytes of the file as hexadecimal digits
get_hex() { dd if="$stamp_file" bs=1 skip="$1" count="$2" status=none | od -An -v -tx1 |
	tr -d ' \n'; }

# get_number OFFSET LENGTH: little-endian
get_number() { echo $((0x$(get_hex "$1" "$2" | sed 's/../& /g' | awk '{ for (i = NF; i; i--) printf "%s", $i }'))); }

# put_hex OFFSET DIGITS
put_hex() {
	stamp_escapes=$(printf '%s' "$2" | sed 's/../0x& /g')
	# shellcheck disable=SC2059,SC2086,SC2046 # octal escapes of words
	printf "$(printf '\\%03o' $stamp_escapes)" |
		dd of="$stamp_file" bs=1 seek="$1" conv=notrunc status=none
}

# The footer, and its copy at the start: time (from 2000 on), identifier, and the complement of the
# sum of all other bytes
stamp_vhd() {
	for footer in 0 $(($(stat -c %s "$stamp_file") - 512)); do
		put_hex $((footer + 24)) \
			"$(printf %08x $(((${SOURCE_DATE_EPOCH:-946684800} > 946684800 ? ${SOURCE_DATE_EPOCH:-946684800} - 946684800 : 0) & 0xffffffff)))" || return
		put_hex $((footer + 64)) 00000000 || return
		put_hex $((footer + 68)) "$(stamp_hex image)" || return
		put_hex $((footer + 64)) "$(printf %08x $((~$(get_hex $footer 512 | sed 's/../& /g' | awk '
			BEGIN { for (i = 0; i < 256; i++) value[sprintf("%02x", i)] = i } { for (i = 1; i <= NF; i++) sum += value[$i] } END { print sum }') & 0xffffffff)))" || return
	done
}

# The descriptor: text in sectors 1 to 20
stamp_vmdk() {
	dd if="$stamp_file" bs=512 skip=1 count=20 status=none | tr -d '\000' | NAME=$1 CID=$(stamp_hex image | cut -c 1-8) awk '
		/^CID=/ { print "CID=" ENVIRON["CID"]; next }
		/^RW .* SPARSE "/ { sub(/SPARSE ".*/, ""); print $0 "SPARSE \"" ENVIRON["NAME"] "\""; next }
		{ print }' >"$work/descriptor" || return
	truncate -s 10240 "$work/descriptor" &&
		dd if="$work/descriptor" of="$stamp_file" bs=512 seek=1 conv=notrunc status=none
}

# Both headers (with a checksum, and a number that is greater in the current one), the log, which is
# empty as no header names it, and the identifier of the disk in the metadata
stamp_vhdx() {
	[ "$(get_hex 65584 16)$(get_hex 131120 16)" = "$(printf %064d 0)" ] || return
	put_zeros "$(get_number 65608 8)" "$(get_number 65604 4)" || return
	first=1 second=2
	[ "$(get_number 65544 7)" -lt "$(get_number 131080 7)" ] || first=2 second=1
	for header in 65536 131072; do
		put_hex $((header + 8)) "0${first}00000000000000" || return
		first=$second
		put_hex $((header + 4)) 00000000 || return
		put_hex $((header + 16)) "$(stamp_hex file)$(stamp_hex data)" || return
		stamp_sum=$(get_hex $header 4096 | crc32c) || return
		put_hex $((header + 4)) \
			"$(printf %08x "$stamp_sum" | sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/')" || return
	done
	stamp_at=$(vhdx_entry 196624 06a27c8b90479a4bb8fe575f050f886e 8) || return
	stamp_at=$((stamp_at + $(vhdx_entry $((stamp_at + 32)) ab12cabee6b2234593efc309e000c746 \
		4))) || return
	put_hex "$stamp_at" "$(stamp_hex disk)"
}

# vhdx_entry OFFSET GUID LENGTH: in a table of entries of 32 bytes, the number of LENGTH bytes
# behind GUID
vhdx_entry() {
	for entry in 0 1 2 3 4 5 6 7; do
		[ "$(get_hex $(($1 + entry * 32)) 16)" != "$2" ] ||
			{ get_number $(($1 + entry * 32 + 16)) "$3" && return; }
	done
	return 1
}

put_zeros() { dd if=/dev/zero of="$stamp_file" bs=4096 seek=$(($1 / 4096)) count=$(($2 / 4096)) \
	conv=notrunc status=none; }

# crc32c: of the bytes that are hexadecimal digits on stdin (Castagnoli, as in RFC 3720), four bits
# at a time
crc32c() {
	set --
	for crc in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		for _ in 1 2 3 4; do crc=$(((crc >> 1) ^ (crc & 1 ? 0x82F63B78 : 0))); done
		set -- "$@" "$crc"
	done
	crc=$((0xffffffff))
	# shellcheck disable=SC2013 # words are wanted
	for byte in $(sed 's/../0x& /g'); do
		crc=$((crc ^ byte))
		eval "crc=\$(((crc >> 4) ^ \${$((1 + (crc & 15)))}))"
		eval "crc=\$(((crc >> 4) ^ \${$((1 + (crc & 15)))}))"
	done
	echo $((crc ^ 0xffffffff))
}
