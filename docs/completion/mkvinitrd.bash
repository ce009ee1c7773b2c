# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of mkvinitrd(8) for bash.

_mkvinitrd_reply() {
	mapfile -t COMPREPLY < <(compgen "$@")
}

# Only these may end in a slash: a directory "build" must not spoil the command of that name.
_mkvinitrd_reply_files() {
	compopt -o filenames 2>/dev/null || :
	_mkvinitrd_reply "$@"
}

_mkvinitrd_profiles() {
	mkvinitrd profile list 2>/dev/null | cut -d ' ' -f 1
}

_mkvinitrd_kernels() {
	(cd /lib/modules 2>/dev/null && printf '%s\n' *)
}

_mkvinitrd_options() {
	local common='--verbose --quiet --help --version'
	case $1 in
	build) echo "--profile --kernel --sysroot --output --set --jobs $common" ;;
	plan) echo "--profile --kernel --sysroot --output --set --jobs --format $common" ;;
	check) echo "--kernel --sysroot $common" ;;
	why) echo "$common" ;;
	ls) echo "--long --format $common" ;;
	cat) echo "$common" ;;
	unpack) echo "--directory $common" ;;
	diff) echo "--format $common" ;;
	identify) echo "--mode --shell --json --quiet --help --version" ;;
	profile) echo "--profile --set $common" ;;
	esac
}

# The value of the option before the cursor. False when it takes none.
_mkvinitrd_value() {
	local directives='include root image host partition persist size verify module firmware blacklist binary
		file dir link node busybox compress param hook microcode applet modprobe keymap'
	case $1 in
	-p | --profile) _mkvinitrd_reply_files -f -W "$(_mkvinitrd_profiles)" -- "$2" ;;
	-k | --kernel) _mkvinitrd_reply_files -f -W "$(_mkvinitrd_kernels)" -- "$2" ;;
	-r | --sysroot | -C | --directory) _mkvinitrd_reply_files -d -- "$2" ;;
	-o | --output) _mkvinitrd_reply_files -f -- "$2" ;;
	-s | --set) _mkvinitrd_reply -W "$directives" -- "$2" ;;
	-j | --jobs) COMPREPLY=() ;;
	--mode) _mkvinitrd_reply -W 'overlay tmpfs loop' -- "$2" ;;
	--format) _mkvinitrd_reply -W 'text json list' -- "$2" ;;
	*) return 1 ;;
	esac
}

_mkvinitrd() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
	local commands='build plan check why ls cat unpack diff identify efi profile vm pxe usb frugal iso uki pack'
	# bash hands --format=j over as three words
	[ "$current" != '=' ] || current=''
	[ "$previous" != '=' ] || previous=${COMP_WORDS[COMP_CWORD - 2]}
	if [ "$COMP_CWORD" = 1 ]; then
		_mkvinitrd_reply -W "$commands help --help --version" -- "$current"
		return
	fi
	_mkvinitrd_value "$previous" "$current" && return
	case $command:$current in
	*:-*) _mkvinitrd_reply -W "$(_mkvinitrd_options "$command")" -- "$current" ;;
	help:*) _mkvinitrd_reply -W "$commands" -- "$current" ;;
	profile:*)
		if [ "$COMP_CWORD" = 2 ]; then
			_mkvinitrd_reply -W 'list show check' -- "$current"
		else
			_mkvinitrd_reply_files -f -W "$(_mkvinitrd_profiles)" -- "$current"
		fi
		;;
	*) _mkvinitrd_reply_files -f -- "$current" ;;
	esac
}

complete -F _mkvinitrd mkvinitrd
