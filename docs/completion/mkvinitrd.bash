# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of mkvinitrd(8) for bash. Commands, options, their values and the words of profiles
# come from `mkvinitrd --complete`.

_mkvinitrd_reply() {
	mapfile -t COMPREPLY < <(compgen "$@")
}

# Only these may end in a slash: a directory "build" must not spoil the command of that name.
_mkvinitrd_reply_files() {
	compopt -o filenames 2>/dev/null || :
	_mkvinitrd_reply "$@"
}

# Candidates of a function, one a line, which may have blanks
_mkvinitrd_reply_lines() {
	local line
	COMPREPLY=()
	while IFS= read -r line; do
		[[ $line != "$1"* ]] || COMPREPLY+=("$line")
	done
}

_mkvinitrd_kernels() {
	local path
	for path in "$1"/lib/modules/* "$1"/usr/lib/modules/*; do
		[[ ! -d $path ]] || printf '%s\n' "${path##*/}"
	done | sort -u
}

# Where several are listed, with size and model; where one is inserted, the path alone
_mkvinitrd_disks() {
	local columns=PATH
	[ "${COMP_TYPE:-9}" = 9 ] || columns=PATH,SIZE,MODEL
	lsblk -dnp -e 1,7,11 -o "$columns" 2>/dev/null | sed 's/ *$//'
}

# A line of a profile: the directive, then the words that its first argument may be. $1: what is
# there, $2: the program
_mkvinitrd_directive() {
	local directive=${1%% *}
	if [[ $1 != *' '* ]]; then
		_mkvinitrd_reply_lines "$1" < <("$2" --complete directives 2>/dev/null | cut -f 1)
		return
	fi
	case $directive in
	include) _mkvinitrd_reply_lines "$1" < <("$2" profile list 2>/dev/null |
		sed 's/^\([^ ]*\).*/include \1/') ;;
	*) _mkvinitrd_reply_lines "$1" < <("$2" --complete values "$directive" 2>/dev/null |
		sed "s/^/$directive /") ;;
	esac
	[ ${#COMPREPLY[@]} != 0 ] || _mkvinitrd_reply -f -P "${1% *} " -- "${1##* }"
}

# Replies with what is of this kind. KIND CURRENT SYSROOT PROGRAM
_mkvinitrd_kind() {
	case $1 in
	profile) _mkvinitrd_reply_files -f -W "$("$4" profile list 2>/dev/null | cut -d ' ' -f 1)" \
		-- "$2" ;;
	kernel) _mkvinitrd_reply_files -f -W "$(_mkvinitrd_kernels "$3")" -- "$2" ;;
	directive)
		# in quotes the word begins with one
		_mkvinitrd_directive "${2#[\"\']}" "$4"
		[[ $2 == [\"\']* || ${COMPREPLY[*]} != *' '* ]] ||
			mapfile -t COMPREPLY < <(printf '%q\n' "${COMPREPLY[@]}")
		;;
	param) _mkvinitrd_reply -W "$("$4" --complete parameters 2>/dev/null)" -- "$2" ;;
	disk)
		mapfile -t COMPREPLY < <(_mkvinitrd_disks | grep -F -- "$2")
		[ ${#COMPREPLY[@]} != 0 ] || _mkvinitrd_reply_files -f -- "$2"
		;;
	words:*) _mkvinitrd_reply -W "${1#words:}" -- "$2" ;;
	dir) _mkvinitrd_reply_files -d -- "$2" ;;
	file) _mkvinitrd_reply_files -f -- "$2" ;;
	*) COMPREPLY=() ;;
	esac
}

# Sets kind of the option's value (empty: it has none, "-": any) by the table. OPTION, long or the
# letters of short ones
_mkvinitrd_option() {
	local letter long value rest
	kind='' has_value=''
	while IFS='|' read -r letter long value rest; do
		[ "$letter" != @ ] || continue
		case $1 in
		--*) [ "--$long" = "$1" ] || continue ;;
		*) [[ -n $letter && $letter == "${1: -1}" ]] || continue ;;
		esac
		has_value=$value kind=${rest%%|*}
		return
	done <<<"$table"
}

# Sets kind for the operand of that number
_mkvinitrd_operand() {
	local letter long value rest n=0
	kind=''
	while IFS='|' read -r letter long value rest; do
		[ "$letter" = @ ] || continue
		kind=${rest%%|*}
		[ $n != "$1" ] && [[ $value != *... ]] || return
		n=$((n + 1))
		kind=''
	done <<<"$table"
}

# Goes through the words before the cursor: counts operands, notes -r, and whether the last one
# waits for its value
_mkvinitrd_scan() {
	local i word kind has_value
	operands=0 sysroot='' waiting=''
	for ((i = 2; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		[ "$word" != '=' ] || continue
		if [ -n "$waiting" ]; then
			case $waiting in -*r | --sysroot) sysroot=${word%/} ;; esac
			waiting=''
		elif [[ $word == -?* ]]; then
			_mkvinitrd_option "$word"
			[ -z "$has_value" ] || waiting=$word
		else
			operands=$((operands + 1))
		fi
	done
}

_mkvinitrd() {
	local current=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} program=${COMP_WORDS[0]}
	local table operands sysroot waiting kind has_value
	command -v "$program" >/dev/null || program=mkvinitrd
	# bash hands --format=j over as three words
	[ "$current" != '=' ] || current=''
	if [ "$COMP_CWORD" = 1 ]; then
		_mkvinitrd_reply -W \
			"$("$program" --complete commands 2>/dev/null | cut -f 1) --help --version" -- "$current"
		return
	fi
	table=$("$program" --complete options "$command" 2>/dev/null)
	_mkvinitrd_scan
	if [ -n "$waiting" ]; then
		_mkvinitrd_option "$waiting"
		_mkvinitrd_kind "$kind" "$current" "$sysroot" "$program"
	elif [[ $current == -* ]]; then
		_mkvinitrd_reply -W \
			"$(sed -n '/^@/d;s/^[^|]*|\([^|][^|]*\)|.*/--\1/p' <<<"$table")" -- \
			"$current"
	elif [ "$command" = help ]; then
		_mkvinitrd_reply -W "$("$program" --complete commands 2>/dev/null | cut -f 1)" -- \
			"$current"
	else
		_mkvinitrd_operand "$operands"
		_mkvinitrd_kind "$kind" "$current" "$sysroot" "$program"
	fi
}

complete -F _mkvinitrd mkvinitrd
