# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# Presets of `mkvinitrd update`: lines KEY VALUE, see mkvinitrd-update(8). Needs common.sh and
# $sysroot.
#   preset_list          names of the presets, one a line; those of /etc replace shipped ones, empty ones are off
#   preset_find NAME     sets preset_file
#   preset_read FILE     sets preset_profile, _kernel, _output, _lines, _root, _cmdline, _previous, _entry; or prints each mistake and fails
#   preset_wants KVER    whether the preset that was read is for this kernel

# Shipped ones are beside the profiles; in the source tree beside scripts.
preset_directories() {
	if [ -n "${MKVINITRD_PRESETS:-}" ]; then
		printf '%s\n' "$MKVINITRD_PRESETS"
		return
	fi
	printf '%s\n' "$sysroot/etc/mkvinitrd/presets"
	for preset_dir in "$here/../presets" "$here/../../share/mkvinitrd/presets"; do
		[ ! -d "$preset_dir" ] || printf '%s\n' "$preset_dir"
	done
}

preset_list() {
	preset_directories | while IFS= read -r preset_dir; do
		for preset_found in "$preset_dir"/*.preset; do
			[ ! -f "$preset_found" ] || printf '%s\n' "${preset_found##*/}"
		done
	done | sed 's/\.preset$//' | LC_ALL=C sort -u | while IFS= read -r preset_name; do
		preset_find "$preset_name"
		! grep -q '^[^#]*[^#[:space:]]' "$preset_file" || printf '%s\n' "$preset_name"
	done
}

preset_find() {
	case $1 in */*) preset_file=$1 && [ -f "$1" ] && return ;; esac
	preset_file=''
	while IFS= read -r preset_dir; do
		[ -n "$preset_file" ] || [ ! -f "$preset_dir/$1.preset" ] ||
			preset_file=$preset_dir/$1.preset
	done <<DIRECTORIES
$(preset_directories)
DIRECTORIES
	[ -n "$preset_file" ]
}

preset_mistake() {
	printf '%s\n' "$preset_path:$preset_number: error: $1" >&2
	preset_bad=1
}

# preset_one_of VALUE WORD...
preset_one_of() {
	preset_value=$1
	shift
	for preset_word in "$@"; do
		[ "$preset_word" != "$preset_value" ] || return 0
	done
	preset_mistake "'$preset_key' is one of $(echo "$@" | sed 's/ /, /g'), found '$(quote_show "$preset_value")'"
}

# preset_take KEY VALUE
preset_take() {
	preset_key=$1
	case $1 in
	profile) preset_profile=$2 ;;
	kernel) preset_kernel=$2 ;;
	output)
		case $2 in
		auto | /*%k* | /*%K*) ;;
		*) preset_mistake \
			"'output' is auto, or an absolute path with %k for the version of the kernel, found '$(quote_show "$2")'" ;;
		esac
		preset_output=$2
		;;
	line) preset_lines="$preset_lines$2
" ;;
	root) preset_one_of "$2" auto none && preset_root=$2 ;;
	cmdline) preset_cmdline=$2 ;;
	previous) preset_one_of "$2" keep none && preset_previous=$2 ;;
	entry) preset_one_of "$2" auto grub systemd-boot none && preset_entry=$2 ;;
	*) preset_mistake "unknown key '$(quote_show "$1")', expected profile, kernel, output, line, root, cmdline, previous or entry" ;;
	esac
}

preset_read() {
	preset_profile=disk preset_kernel=all preset_output=auto preset_lines='' preset_root=auto \
		preset_cmdline=auto
	preset_previous=keep preset_entry=auto preset_bad='' preset_number=0 preset_path=$1
	while read -r preset_key preset_rest || [ -n "$preset_key" ]; do
		preset_number=$((preset_number + 1))
		case $preset_key in
		'' | '#'*) continue ;;
		esac
		if [ -n "$preset_rest" ]; then
			preset_take "$preset_key" "$preset_rest"
		else
			preset_mistake "'$(quote_show "$preset_key")' needs a value"
		fi
	done <"$1" || return
	[ -z "$preset_bad" ]
}

preset_wants() {
	set -f
	for preset_word in $preset_kernel; do
		# shellcheck disable=SC2254 # a pattern
		case $1:$preset_word in
		*:all) set +f && return 0 ;;
		*) case $1 in $preset_word) set +f && return 0 ;; esac ;;
		esac
	done
	set +f
	return 1
}
