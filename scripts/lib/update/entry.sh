# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# Boot entries of `mkvinitrd update` and the return to what has booted before. Needs common.sh,
# quote.sh, tools.sh and state.sh.
#   entry_stage             what entries need on the EFI system partition is there before anything is replaced
#   entry_write             the entries of all records, after it: for GRUB a file that its menu reads, for systemd-boot files of its own
#   entry_booted HASH       this boot was by the image with this hash in its sentinel
#
# GRUB: mkvinitrd.cfg beside grub.cfg, which /etc/grub.d/42_mkvinitrd has read. The variable
# mkvinitrd_tries of grubenv says how often a new image may still be tried. systemd-boot: a number
# in the name of the entry does that, see systemd-boot(7), "BOOT COUNTING".

entry_grub_directory() {
	for entry_dir in "$sysroot/boot/grub" "$sysroot/boot/grub2" ''; do
		[ ! -f "$entry_dir/grub.cfg" ] || break
	done
}

entry_esp() {
	for entry_esp in "$sysroot/efi" "$sysroot/boot" "$sysroot/boot/efi" ''; do
		[ ! -d "$entry_esp/loader/entries" ] || break
	done
}

# entry_kind ID: grub, systemd-boot or none
entry_kind() {
	entry_chosen=$(state_get "$1" entry)
	[ "$entry_chosen" = auto ] || { echo "$entry_chosen" && return; }
	entry_grub_directory && entry_esp
	if [ -n "$entry_dir" ]; then
		echo grub
	elif [ -n "$entry_esp" ]; then
		echo systemd-boot
	else
		echo none
	fi
}

# The words that boot loaders add are none of an entry.
entry_words() {
	quote_words "$1" | grep -v -e '^BOOT_IMAGE=' -e '^initrd=' |
		while IFS= read -r entry_word; do
			case $entry_word in *' '*) printf '"%s"\n' "$entry_word" ;; *) printf \
				'%s\n' "$entry_word" ;; esac
		done | paste -s -d ' '
}

# entry_boot_path FILE: as GRUB sees it, from the top of its file system
entry_boot_path() {
	if [ -z "$sysroot" ] && command -v grub-mkrelpath >/dev/null; then
		grub-mkrelpath "$1"
	elif mountpoint -q "$sysroot/boot"; then
		printf '%s\n' "${1#"$sysroot/boot"}"
	else
		printf '%s\n' "${1#"$sysroot"}"
	fi
}

# entry_grub_search PATH: the file system with the image. By its UUID: another system on this
# machine may have a file of that name.
entry_grub_search() {
	entry_uuid=''
	[ -n "$sysroot" ] || ! command -v grub-probe >/dev/null ||
		entry_uuid=$(grub-probe --target=fs_uuid "$entry_dir" 2>/dev/null) || entry_uuid=''
	if [ -n "$entry_uuid" ]; then
		printf '\tsearch --no-floppy --fs-uuid --set=root %s\n' "$entry_uuid"
	else
		printf '\tsearch --no-floppy --file --set=root %s\n' "$1"
	fi
}

# entry_grub ID IMAGE KEY TITLE
entry_grub() {
	entry_cmdline=$(entry_words "$(state_get "$1" cmdline)")
	[ -n "$entry_cmdline" ] || return 0
	entry_title=$(quote_grub_text "$4") &&
		entry_image=$(quote_grub_path "$(entry_boot_path "$2")") &&
		entry_kernel=$(quote_grub_path "$(entry_boot_path "$(state_get "$1" vmlinuz)")") &&
		entry_cmdline=$(quote_grub_words "$entry_cmdline") || return
	printf 'menuentry %s --class gnu-linux --id %s {\n' "$entry_title" "$3"
	entry_grub_search "$entry_image"
	printf '\tlinux %s %s\n\tinitrd %s\n}\n' "$entry_kernel" "$entry_cmdline" "$entry_image"
}

# What the menu does when an image has not booted yet: two attempts, then DEFAULT
entry_grub_count() {
	cat <<CFG
load_env mkvinitrd_tries
if [ "\${mkvinitrd_tries}" = 2 ]; then
	set mkvinitrd_tries=1
	save_env mkvinitrd_tries
elif [ "\${mkvinitrd_tries}" = 1 ]; then
	set mkvinitrd_tries=0
	save_env mkvinitrd_tries
elif [ "\${mkvinitrd_tries}" = 0 ]; then
	set default=$1
fi
CFG
}

# The newest kernel first; the return leads to its previous image, or to that which booted last.
entry_grub_config() {
	entry_default='' entry_good=''
	[ ! -s "$state/good" ] || read -r entry_good <"$state/good"
	echo "# Written by 'mkvinitrd update', see mkvinitrd-update(8); changes are lost."
	for entry_id in $(state_ids | sort -t @ -k 2 -V -r); do
		[ "$(entry_kind "$entry_id")" = grub ] || continue
		entry_preset=${entry_id%@*} entry_kver=${entry_id##*@} \
			entry_path=$(state_get "$entry_id" image)
		if [ -f "$entry_path.previous" ]; then
			entry_grub "$entry_id" "$entry_path.previous" \
				"mkvinitrd-previous-$entry_preset-$entry_kver" \
				"Linux $entry_kver, previous initramfs ($entry_preset)" ||
				return
			[ -n "$entry_default" ] ||
				entry_default=mkvinitrd-previous-$entry_preset-$entry_kver
		fi
		if [ "$entry_preset" != default ] ||
			[ "$entry_path" != "$sysroot/boot/initrd.img-$entry_kver" ] ||
			[ "$entry_id" = "$entry_good" ]; then
			entry_grub "$entry_id" "$entry_path" "mkvinitrd-$entry_preset-$entry_kver" \
				"Linux $entry_kver, initramfs $entry_preset" || return
		fi
	done
	if [ -z "$entry_default" ] && [ -n "$entry_good" ] &&
		[ -f "$state/$entry_good" ]; then entry_default=mkvinitrd-${entry_good%@*}-${entry_good##*@}; fi
	[ -z "$entry_default" ] || entry_grub_count "$entry_default"
}

# entry_count NUMBER: how often GRUB may try; empty: a new image has booted
entry_count() {
	entry_env=$entry_dir/grubenv
	command -v grub-editenv >/dev/null || return 0
	[ -f "$entry_env" ] || grub-editenv "$entry_env" create || return
	if [ -n "$1" ]; then
		grub-editenv "$entry_env" set "mkvinitrd_tries=$1"
	else
		grub-editenv "$entry_env" unset mkvinitrd_tries
	fi && sync "$entry_env"
}

# GRUB writes to plain partitions only.
entry_grub_limits() {
	entry_grub_directory
	[ -n "$entry_dir" ] && [ -z "$sysroot" ] && command -v grub-probe >/dev/null || return 0
	entry_layers=$(grub-probe --target=abstraction "$entry_dir" 2>/dev/null) || return 0
	entry_type=$(grub-probe --target=fs "$entry_dir" 2>/dev/null) || entry_type=''
	case $entry_layers:$entry_type in
	:btrfs | :zfs | :xfs | ?*:*) say \
		"GRUB cannot count boots on '$entry_dir' (${entry_layers:-$entry_type}): if a new image fails, choose the entry 'previous initramfs' yourself" ;;
	esac
	grep -q 'mkvinitrd\.cfg' "$entry_dir/grub.cfg" || [ ! -s "$entry_dir/mkvinitrd.cfg" ] ||
		say "the menu of GRUB does not read '$entry_dir/mkvinitrd.cfg' yet: run update-grub, with 42_mkvinitrd in /etc/grub.d"
}

# entry_write_grub COUNT
entry_write_grub() {
	entry_grub_directory
	[ -n "$entry_dir" ] || return 0
	entry_grub_config >"$work/grub.cfg" || return
	if ! cmp -s "$work/grub.cfg" "$entry_dir/mkvinitrd.cfg"; then
		entry_temp=$entry_dir/.mkvinitrd.cfg.tmp
		cp "$work/grub.cfg" "$entry_temp" && sync "$entry_temp" &&
			mv -f -T "$entry_temp" "$entry_dir/mkvinitrd.cfg" && sync "$entry_dir" ||
			return
	fi
	[ "$1" = same ] || entry_count "$1"
}

# entry_sdboot_paths ID: where kernel and image of a record are on the EFI system partition. A new
# image has new names, so that nothing is overwritten there: FAT has no safe way for that.
entry_sdboot_paths() {
	entry_esp
	entry_key=$(state_get "$1" sha256 | cut -c 1-12)
	entry_place=$entry_esp/mkvinitrd/${1##*@}-$entry_key
	entry_name=mkvinitrd-${1%@*}-${1##*@}-$entry_key
}

# entry_own ID: the files of the record's entries, with those of its older images, one a line. The
# version of another kernel may begin like this one's: what follows it is a hash, and a counter.
entry_own() {
	entry_prefix=$entry_esp/loader/entries/mkvinitrd-${1%@*}-${1##*@}-
	for entry_found in "$entry_prefix"*.conf; do
		entry_rest=${entry_found#"$entry_prefix"}
		case ${entry_rest%%[.+]*} in
		*[!0-9a-f]*) ;;
		????????????) printf '%s\n' "$entry_found" ;;
		esac
	done
}

# entry_sdboot_key ID: systemd-boot takes the first entry that has attempts left. That of the preset
# 'default' is first, and what an image returns to comes right behind it: the image of another
# preset has no counter, and may be as broken as the first.
entry_sdboot_key() {
	case $1 in
	default@*) echo mkvinitrd-0-default ;;
	*) echo "mkvinitrd-1-${1%@*}" ;;
	esac
}

# entry_copy FROM TO
entry_copy() {
	! cmp -s "$1" "$2" || return 0
	cp "$1" "$2.tmp" && sync "$2.tmp" && mv -f -T "$2.tmp" "$2" && return
	rm -f "$2.tmp"
	return 1
}

# entry_stage ID IMAGE: of a record that is not in force yet, ID.new
entry_stage() {
	[ "$(entry_kind "$1.new")" = systemd-boot ] || return 0
	entry_sdboot_paths "$1.new"
	[ -n "$entry_esp" ] ||
		die "there is no loader/entries in /efi, /boot or /boot/efi: install systemd-boot (bootctl install), or 'entry none' in the preset"
	entry_place=${entry_place%.new-*}-$entry_key
	mkdir -p "$entry_place" && entry_copy "$(state_get "$1.new" vmlinuz)" \
		"$entry_place/linux" && entry_copy "$2" "$entry_place/initrd" && return
	entry_why=$(explain_write "$entry_esp")
	rm -rf "$entry_place"
	die "cannot write to '$entry_place': $entry_why; the old images are in force"
}

# entry_sdboot_text ID TITLE SORT PLACE
entry_sdboot_text() {
	entry_title=$(quote_sdboot_text "$2") &&
		entry_options=$(quote_sdboot_words "$(entry_words "$(state_get "$1" cmdline)")") ||
		return
	printf 'title %s\nversion %s\nsort-key %s\noptions %s\n' "$entry_title" "${1##*@}" "$3" \
		"$entry_options"
	printf 'linux %s/linux\ninitrd %s/initrd\n' "${4#"$entry_esp"}" "${4#"$entry_esp"}"
}

# entry_sdboot_put NAME <TEXT
entry_sdboot_put() {
	entry_temp=$entry_esp/loader/entries/.$1.tmp
	cat >"$work/entry.text" || return
	! cmp -s "$work/entry.text" "$entry_esp/loader/entries/$1" || return 0
	cp "$work/entry.text" "$entry_temp" && sync "$entry_temp" &&
		mv -f -T "$entry_temp" "$entry_esp/loader/entries/$1" &&
		sync "$entry_esp/loader/entries"
}

# The older entries of a record: those that have booted (no counter left in the name) stay, as
# "previous".
entry_sdboot_demote() {
	entry_own "$1" >"$work/entries" || return
	while IFS= read -r entry_old; do
		entry_rest=${entry_old#"$entry_esp/loader/entries/mkvinitrd-${1%@*}-${1##*@}-"}
		case $entry_rest in
		"$entry_key".conf | "$entry_key"+*.conf) ;;
		*+*) rm -f "$entry_old" ;;
		*)
			sed -e 's/^title \(Linux [^,]*\).*/title \1, previous initramfs/' \
				-e "s/^sort-key .*/sort-key $(entry_sdboot_key "$1").previous/" \
				"$entry_old" >"$work/entry" &&
				entry_sdboot_put "${entry_old##*/}" <"$work/entry" || return
			;;
		esac
	done <"$work/entries"
}

# entry_sdboot_there: whether the record has its entry, with a counter or without
entry_sdboot_there() {
	for entry_old in "$entry_esp/loader/entries/$entry_name".conf \
		"$entry_esp/loader/entries/$entry_name"+*.conf; do
		[ ! -f "$entry_old" ] || return 0
	done
	return 1
}

entry_write_sdboot() {
	for entry_id in $(state_ids); do
		[ "$(entry_kind "$entry_id")" = systemd-boot ] || continue
		entry_sdboot_paths "$entry_id"
		entry_sdboot_there || entry_sdboot_new || return
		entry_sdboot_demote "$entry_id" || return
	done
	entry_sdboot_tidy
}

entry_sdboot_new() {
	entry_title="Linux ${entry_id##*@}" entry_tries=+2
	[ "${entry_id%@*}" = default ] || entry_title="$entry_title, initramfs ${entry_id%@*}"
	[ "$(state_get "$entry_id" keep)" = keep ] || entry_tries=''
	entry_sdboot_text "$entry_id" "$entry_title" "$(entry_sdboot_key "$entry_id")" \
		"$entry_place" >"$work/entry" || return
	entry_sdboot_put "$entry_name$entry_tries.conf" <"$work/entry"
}

# Directories that no entry names
entry_sdboot_tidy() {
	entry_esp
	[ -n "$entry_esp" ] || return 0
	for entry_place in "$entry_esp"/mkvinitrd/*-*; do
		[ ! -d "$entry_place" ] ||
			grep -qs " ${entry_place#"$entry_esp"}/" \
				"$entry_esp"/loader/entries/mkvinitrd-*.conf ||
			rm -rf "$entry_place"
	done
}

# entry_write COUNT: entries of all records; COUNT is 2 when new images wait for their first boot,
# "same" to leave the counter
entry_write() {
	entry_write_grub "$1" && entry_write_sdboot
}

entry_booted() {
	for entry_id in $(state_ids); do
		[ "$(state_get "$entry_id" sentinel)" != "$1" ] || break
		entry_id=''
	done
	if [ -z "$entry_id" ]; then
		say "this boot was by an image that is not the newest: the previous ones are kept, see 'mkvinitrd update'"
		return 0
	fi
	printf '%s\n' "$entry_id" | state_write good || return
	entry_path=$(state_get "$entry_id" image)
	rm -f "$entry_path.previous" && sync "${entry_path%/*}" || return
	entry_esp
	if [ -n "$entry_esp" ]; then
		entry_sdboot_paths "$entry_id"
		entry_own "$entry_id" >"$work/entries" || return
		while IFS= read -r entry_old; do
			case ${entry_old##*/} in "$entry_name".conf | "$entry_name"+*) ;; *) rm -f "$entry_old" ;; esac
		done <"$work/entries"
	fi
	entry_write '' &&
		say "$entry_path has booted; it is what a failing successor is replaced by"
}
