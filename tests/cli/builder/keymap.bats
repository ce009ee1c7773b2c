#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# keymap: the layout of the system, or a named one, as loadkmap reads it. ckbcomp and loadkeys are
# the real ones.
# shellcheck disable=SC2154 # output, stderr, status: by bats
bats_require_minimum_version 1.5.0
load builder

setup() {
	builder_setup
	own_system
	real_programs
	profile 'module loop'
}

# key LAYOUT TABLE KEYCODE: the number in that table (0: without modifiers, 1: Shift, 2: AltGr) of
# the packed keymap
key() {
	member "etc/keymaps/$1.kmap" >kmap
	[ "$(head -c 7 kmap)" = bkeymap ]
	tables=0
	for ((i = 0; i < $2; i++)); do
		[ "$(od -An -tu1 -j $((7 + i)) -N 1 kmap)" -eq 0 ] || tables=$((tables + 1))
	done
	od -An -tx2 -j $((7 + 256 + (tables * 128 + $3) * 2)) -N 2 kmap | tr -d ' '
}

# keymaps: the files in the plan
keymaps() {
	"$M" plan -q -p ./t.profile -r "$S" "$@" | sed -n 's|^etc/keymaps/\([^ ]*\) .*|\1|p' |
		paste -sd' '
}

@test "the system's layout, by keyboard(5) and by vconsole.conf(5); us is the kernel's own" {
	[ -z "$(keymaps)" ]
	mkdir -p "$S/etc/default"
	printf '# a comment\nXKBMODEL="pc105"\nXKBLAYOUT="us"\nXKBVARIANT=""\n' \
		>"$S/etc/default/keyboard"
	[ -z "$(keymaps)" ]
	printf 'XKBMODEL="pc105"\nXKBLAYOUT="de"\nXKBVARIANT="nodeadkeys"\nXKBOPTIONS=""\n' \
		>"$S/etc/default/keyboard"
	[ "$(keymaps)" = 'de-nodeadkeys.kmap default' ]
	build
	[ "$(member etc/keymaps/default)" = de-nodeadkeys ]
	# the key of an American y has z (KT_LETTER), that of z has y; ~ is a character, not a dead
	# key
	[ "$(key de-nodeadkeys 0 21) $(key de-nodeadkeys 0 44) $(key de-nodeadkeys 2 27)" = \
		'0b7a 0b79 007e' ]
	printf 'KEYMAP=fr-latin9\nFONT=eurlatgr\n' >"$S/etc/vconsole.conf"
	[ "$(keymaps)" = 'default fr-latin9.kmap' ]
	build
	[ "$(key fr-latin9 0 16)" = 0b61 ]
	[ -z "$(keymaps -s 'keymap none')" ]
}

@test "where other inits have it; names with a path and an ending; @kernel; what only XKB knows" {
	mkdir -p "$S/etc/conf.d" "$S/etc/sysconfig" "$S/opt/maps"
	printf '# a comment\nkeymap="de"\nwindowkeys="YES"\n' >"$S/etc/conf.d/keymaps"
	[ "$(keymaps)" = 'de.kmap default' ]
	echo 'KEYMAP=@kernel' >"$S/etc/vconsole.conf"
	run -0 --separate-stderr "$M" plan -p ./t.profile -r "$S"
	refute_line --partial keymaps/
	[ -z "$stderr" ]
	rm "$S/etc/vconsole.conf" "$S/etc/conf.d/keymaps"
	printf '#KEYMAP="es"\nKEYMAP=fr\n' >"$S/etc/rc.conf"
	[ "$(keymaps)" = 'default fr.kmap' ]
	rm "$S/etc/rc.conf"
	echo 'KEYTABLE="de-latin1-nodeadkeys.map.gz"' >"$S/etc/sysconfig/keyboard"
	[ "$(keymaps)" = 'de-latin1-nodeadkeys.kmap default' ]
	printf 'KEYMAP=/opt/maps/mine.map\n' >"$S/etc/vconsole.conf"
	{
		echo 'keymaps 0-1'
		printf 'keycode %s = %s\n' 16 a 17 z 18 e 19 r 20 t 21 y 22 u 23 i 24 o 25 p 30 q \
			31 s 32 d 33 f 34 g 35 h 36 j 37 k 38 l 44 w 45 x 46 c 47 v 48 b
	} >"$S/opt/maps/mine.map"
	build
	[ "$(member etc/keymaps/default)" = mine ]
	[ "$(key mine 0 16)" = 0b61 ]
	printf 'KEYMAP=jp106-of-mine\nXKBLAYOUT=es\n' >"$S/etc/vconsole.conf"
	[ "$(keymaps)" = 'default jp106-of-mine.kmap' ]
}

@test "layouts by name, the first by default" {
	[ "$(keymaps -s 'keymap pl cz-qwerty gb')" = 'cz-qwerty.kmap default gb.kmap pl.kmap' ]
	build -s 'keymap pl cz-qwerty'
	[ "$(member etc/keymaps/default)" = pl ]
	build -s 'keymap de fr'
	cp out.img first.img
	build -s 'keymap de fr'
	cmp first.img out.img
}

@test "a layout without Latin letters has us beside it, and the keys that change it" {
	build -s 'keymap ru'
	[ "$(member etc/keymaps/ru.keys)" = Alt+Shift ]
	[ "$(key ru 0 16)" = 0b71 ]
	[ "$(key ru 2 16)" != 0b71 ]
	mkdir -p "$S/etc/default"
	printf 'XKBLAYOUT="us,gr"\nXKBVARIANT=","\nXKBOPTIONS="grp:ctrl_shift_toggle"\n' \
		>"$S/etc/default/keyboard"
	build
	[ "$(member etc/keymaps/default) $(member etc/keymaps/us,gr.keys)" = 'us,gr Ctrl+Shift' ]
}

@test "a console keymap of the system is taken before one of XKB" {
	mkdir -p "$S/usr/share/kbd/keymaps/i386/qwertz"
	{
		echo 'keymaps 0-1'
		letter=97
		for key in 30 48 46 32 18 33 34 35 23 36 37 38 50 49 24 25 16 19 31 20 22 47 17 45 \
			44 21; do
			echo "keycode $key = U+00$(printf %x $letter)"
			letter=$((letter + 1))
		done
		echo 'keycode 2 = exclam'
	} | gzip -n >"$S/usr/share/kbd/keymaps/i386/qwertz/de.map.gz"
	build -s 'keymap de'
	[ "$(key de 0 2)" = 0021 ]
}

@test "an unknown layout is an error at its place; without the programs the system's is a warning, a named one an error" {
	run "$M" plan -q -p ./t.profile -r "$S" -s 'keymap de nonsense'
	assert_failure 3
	assert_line --partial "-s:1:11: error: keyboard layout 'nonsense': ckbcomp does not know it"
	run "$M" plan -q -p ./t.profile -r "$S" -s 'keymap ../de'
	assert_failure 3
	mkdir -p "$S/etc/default" empty
	echo 'XKBLAYOUT=de' >"$S/etc/default/keyboard"
	run env PATH="$PWD/empty" "$M" plan -p ./t.profile -r "$S"
	assert_success
	assert_line --partial "warning: what is typed at boot will be in the layout us: keyboard layout 'de': install the packages console-setup and xkb-data: the program ckbcomp is not installed; or say 'keymap none'"
	run env PATH="$PWD/empty" "$M" plan -q -p ./t.profile -r "$S" -s 'keymap de'
	assert_failure 3
}
