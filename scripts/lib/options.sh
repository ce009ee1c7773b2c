# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# Options of the scripts behind `mkvinitrd NAME`: parsing, --help and completion from one table.
# Needs common.sh.
#
# The script defines
#   name                      for messages: usb
#   usage_text                prints "Usage: mkvinitrd usb [OPTION]... TARGET ROOT" and what the command does
#   option_table              prints the table, a line per option:  LETTER|LONG|VALUE|KIND|HELP
#       LETTER may be empty. An empty VALUE: the option has none. KIND says how a shell completes the value: file, dir,
#       profile, kernel, directive, disk, param, words:A B C, or empty. "||||TEXT" continues HELP. "@||VALUE|KIND|" is an operand,
#       in order; the last one may be repeated if VALUE ends in "...".
#   set_option LONG [VALUE]   stores one
# and calls
#   options_run FUNCTION "$@"
# which parses as getopt_long(3) does (operands anywhere, -nu, -m512, --memory=512, --memory 512,
# --mem 512), answers -h, --help, -V and --version, and calls FUNCTION with the operands.
# options_before is the number of operands before "--", and empty if there was no "--". A mistake is
# one line and status 2.

# The options of `mkvinitrd build` that a script passes on, for its option_table. build_option_table
# DEFAULT-PROFILE
build_option_table() {
	cat <<TABLE
p|profile|PROFILE|profile|profile of the initramfs (default: $1)
k|kernel|KERNEL|kernel|kernel version or file (default: as mkvinitrd build)
r|sysroot|DIRECTORY|dir|take kernel, modules and programs from below DIRECTORY
s|set|'DIRECTIVE...'|directive|an additional profile line; may be repeated
TABLE
}

# set_build_option LONG VALUE: stores one of those, or an output file; see build_defaults
set_build_option() {
	case $1 in
	profile) profile=$2 ;;
	kernel) kernel=$2 ;;
	sysroot) sysroot=$2 ;;
	output) output=$2 ;;
	set) build_lines="$build_lines$2
" ;;
	*) die "option --$1 is in the table, and no function sets it" ;;
	esac
}

option_table_whole() {
	option_table
	cat <<'TABLE'
h|help|||print this text
V|version|||print the version
TABLE
}

options_help() {
	usage_text
	echo
	option_table_whole | while IFS='|' read -r letter long value kind text; do
		case $letter:$long in
		@:*) continue ;;
		:) left='' ;;
		:*) left="    --$long${value:+=$value}" ;;
		*) left="-$letter, --$long${value:+=$value}" ;;
		esac
		[ ${#left} -le 26 ] || { printf '  %s\n' "$left" && left=''; }
		printf '  %-26s %s\n' "$left" "$text"
	done
	printf '\nExit status: 0 success, 1 failure, 2 usage error, 3 error in the profile. See mkvinitrd-%s(8).\n' "$name"
}

# options_suggest WORD: standard input has candidates; prints " (did you mean '--X'?)" for the
# nearest one, as the builder does
options_suggest() {
	awk -v word="$1" '
		function least(a, b) { return a < b ? a : b }
		function distance(a, b, i, j, d, change) {
			for (i = 0; i <= length(a); i++) d[i, 0] = i
			for (j = 0; j <= length(b); j++) d[0, j] = j
			for (i = 1; i <= length(a); i++) for (j = 1; j <= length(b); j++) {
				change = substr(a, i, 1) != substr(b, j, 1)
				d[i, j] = least(least(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + change)
				if (i > 1 && j > 1 && substr(a, i, 1) == substr(b, j - 1, 1) && substr(a, i - 1, 1) == substr(b, j, 1))
					d[i, j] = least(d[i, j], d[i - 2, j - 2] + 1)
			}
			return d[length(a), length(b)]
		}
		BEGIN { best = (length(word) < 2 ? 0 : length(word) <= 4 ? 1 : 2) + 1 }
		length(word) <= 32 { n = distance(word, $0) }
		length(word) <= 32 && n < best { best = n; found = $0 }
		END { if (found != "") printf " (did you mean \047--%s\047?)", found }'
}

# option_find_long NAME: sets option_long and option_value, that of an unambiguous beginning too
option_find_long() {
	option_long='' matches=''
	while IFS='|' read -r letter long value kind text; do
		case $letter:$long in
		@:* | *:) ;;
		*:"$1") option_long=$long option_value=$value matches='' && break ;;
		*:"${1:-=}"*) option_long=$long option_value=$value matches="$matches --$long" ;;
		esac
	done <<TABLE
$(option_table_whole)
TABLE
	case $matches in
	*\ *\ *) usage "option '--$1' is ambiguous:$matches" ;;
	esac
	[ -n "$option_long" ] ||
		usage "'mkvinitrd $name' has no option '--$1'$(option_table_whole | cut -d '|' -f 1,2 | sed -n '/^@/d;s/^[^|]*|//p' | options_suggest "$1")"
}

# option_find_letter LETTER: the same for a short one
option_find_letter() {
	option_long=''
	while IFS='|' read -r letter long value kind text; do
		[ "$letter" != "$1" ] || [ "$1" = @ ] || option_long=$long option_value=$value
	done <<TABLE
$(option_table_whole)
TABLE
	[ -n "$option_long" ] || usage "'mkvinitrd $name' has no option '-$1'"
}

# option_number LONG VALUE MAXIMUM: for set_option, refuses what is no number from 1 on
option_number() {
	case $2 in
	*[!0-9]* | '' | 0* | ??????????*) ;;
	*) [ "$2" -gt "$3" ] || return 0 ;;
	esac
	usage "--$1 expects a number from 1 to $3, found '$2'"
}

# check_epoch: refuses a SOURCE_DATE_EPOCH that is no time
check_epoch() {
	case ${SOURCE_DATE_EPOCH:-0} in *[!0-9]* | ????????????*) usage "SOURCE_DATE_EPOCH is '$SOURCE_DATE_EPOCH', expected a number of seconds" ;; esac
}

# option_choice LONG VALUE WORD...: likewise what is none of these words
option_choice() {
	option_chosen=$2 option_words=''
	option_long=$1
	shift 2
	for word in "$@"; do
		[ "$word" != "$option_chosen" ] || return 0
		option_words="$option_words${option_words:+, }$word"
	done
	usage "--$option_long expects one of $option_words, found '$option_chosen'"
}

option_store() {
	case $1 in
	help) options_help && exit 0 ;;
	version) mkvinitrd --version && exit 0 ;;
	*) set_option "$@" ;;
	esac
}

# option_take_long NAME[=VALUE]: stores it, or sets option_wants if the next argument is its value
option_take_long() {
	option_find_long "${1%%=*}"
	case $option_value:$1 in
	:*=*) usage "option '--$option_long' takes no value" ;;
	:*) option_store "$option_long" ;;
	*:*=*) option_store "$option_long" "${1#*=}" ;;
	*) option_wants=--$option_long ;;
	esac
}

# option_take_letters LETTERS[VALUE]: the same for short ones, which may stand together
option_take_letters() {
	letters=$1
	while [ -n "$letters" ]; do
		option_letter=${letters%"${letters#?}"}
		letters=${letters#?}
		option_find_letter "$option_letter"
		if [ -z "$option_value" ]; then
			option_store "$option_long"
		elif [ -n "$letters" ]; then
			option_store "$option_long" "$letters"
			letters=''
		else
			option_wants=-$option_letter
		fi
	done
}

# A file that is opened while one of these is closed would take its place.
open_standard_files() {
	{ true 9<&0; } 2>/dev/null || exec </dev/null
	{ true 9>&1; } 2>/dev/null || exec >/dev/full
	true 9>&2 || exec 2>/dev/null
}

# Options that tools take from there would change what is made, or leave files out of it.
clean_environment() {
	unset TAR_OPTIONS GZIP BZIP BZIP2 XZ_OPT XZ_DEFAULTS ZSTD_CLEVEL ZSTD_NBTHREADS \
		MKE2FS_CONFIG MKE2FS_DEVICE_SECTSIZE \
		MKE2FS_DEVICE_PHYS_SECTSIZE MTOOLSRC POSIXLY_CORRECT GREP_OPTIONS CDPATH
}

options_run() {
	options_function=$1 options_before='' operands=0
	shift
	open_standard_files
	clean_environment
	[ "${1:-}" != --option-table ] || { option_table_whole && exit 0 || exit; }
	options_left=$#
	while [ "$options_left" -gt 0 ]; do
		argument=$1 option_wants=''
		shift
		options_left=$((options_left - 1))
		case $options_before:$argument in
		:--) options_before=$operands ;;
		:--*) option_take_long "${argument#--}" ;;
		:-?*) option_take_letters "${argument#-}" ;;
		*) # the operands go behind what is left, and are all in the end
			set -- "$@" "$argument"
			operands=$((operands + 1))
			;;
		esac
		[ -n "$option_wants" ] || continue
		[ "$options_left" -gt 0 ] || usage "option '$option_wants' needs a value"
		option_store "$option_long" "$1"
		shift
		options_left=$((options_left - 1))
	done
	"$options_function" "$@"
}
