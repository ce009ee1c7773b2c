# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# The keyboard layout for what is typed before the root: one of etc/keymaps, which the profile
# packs.
KEYMAP=''

# keymap_packed LAYOUT: /usr/share/keymaps/i386/qwertz/de.map.gz, qwertz/de and de are one.
keymap_packed() {
	RET=${1##*/}
	RET=${RET%.gz}
	RET=${RET%.map}
	[ -n "$RET" ] && [ -r "$ROOT/etc/keymaps/$RET.kmap" ]
}

# keymap_choose LIST: the list itself, else the first of its layouts that is packed, or the kernel's
# own; in RET
keymap_choose() {
	local layout IFS=,
	keymap_packed "$1" && return 0
	for layout in $1; do
		keymap_packed "$layout" && return 0
		[ "$RET" != us ] || return 0
	done
	return 1
}

keymap_list() {
	local file
	RET=''
	for file in "$ROOT"/etc/keymaps/*.kmap; do
		[ ! -e "$file" ] || {
			file=${file##*/}
			RET="$RET${RET:+ }${file%.kmap}"
		}
	done
}

# load_keymap: what the kernel parameters ask for, else the first of the profile. A machine without
# a screen has no keymap.
load_keymap() {
	local default='' wanted=${P_KEYMAP#*=}
	[ ! -r "$ROOT/etc/keymaps/default" ] || read -r default <"$ROOT/etc/keymaps/default"
	if [ -n "$wanted" ] && keymap_choose "$wanted"; then
		KEYMAP=$RET
	else
		KEYMAP=$default
		[ -z "$wanted" ] || {
			keymap_list
			warn "$P_KEYMAP: that keyboard layout is not in this initramfs, which has ${RET:-none but us}; typing is in ${KEYMAP:-us}; add the profile line 'keymap $wanted'"
		}
	fi
	[ -e "$ROOT/etc/keymaps/$KEYMAP.kmap" ] || return 0
	[ -z "$ROOT" ] && [ ! -e /dev/tty0 ] && return 0
	$RUN loadkmap <"$ROOT/etc/keymaps/$KEYMAP.kmap" ||
		warn "the keyboard layout $KEYMAP could not be loaded; typing is in us"
}

# show_keymap: before a question whose answer is not seen
show_keymap() {
	local keys=''
	[ -n "$KEYMAP" ] || return 0
	[ ! -r "$ROOT/etc/keymaps/$KEYMAP.keys" ] || read -r keys <"$ROOT/etc/keymaps/$KEYMAP.keys"
	printf 'mkvinitrd: keyboard layout: %s%s\n' "$KEYMAP" \
		"${keys:+; $keys changes between it and us}" >"$ROOT/dev/console"
}
