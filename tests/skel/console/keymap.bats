#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The keyboard layout: which of those in the image is loaded before anything is typed, and what is
# said of it.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # the fakes run in other shells; output: by bats
load ../lib.bash

# layouts NAME...: in the image, the first by default
layouts() {
	mkdir -p "$ROOT/etc/keymaps"
	echo "$1" >"$ROOT/etc/keymaps/default"
	for name; do echo "bkeymap $name" >"$ROOT/etc/keymaps/$name.kmap"; done
	fake loadkmap <<<'cat >>"$ROOT/loaded"'
	: >"$ROOT/loaded"
}

# loads LAYOUT PARAMETER: that one and no other
loads() {
	: >"$ROOT/loaded"
	cmdline "root=/dev/vda1 $2"
	boot
	[ "$(cat "$ROOT/loaded")" = "bkeymap $1" ]
}

each_system() {
	layouts de fr ru
	loads de '' &&
		loads fr rd.vconsole.keymap=fr && loads fr vconsole.keymap=fr &&
		loads fr keymap=fr && loads fr kmap=azerty/fr && loads fr KEYMAP=fr &&
		loads fr KEYTABLE=fr &&
		loads fr keyboard-layouts=fr,us && loads ru keyboard-layouts=gr,ru &&
		loads fr vi.keymap=fr &&
		loads fr rd.vconsole.keymap=/usr/share/keymaps/i386/azerty/fr.map.gz &&
		loads ru 'keymap=fr vi.keymap=ru'
}
@test "the parameters of each system choose among the layouts inside" { both each_system; }

before_drivers() {
	layouts de
	loads de '' && [ "$(grep -n -m 1 loadkmap "$CALLS" | cut -d: -f1)" \
		-lt "$(grep -n -m 1 coldplug "$CALLS" | cut -d: -f1)" ]
}
@test "it is loaded before the first phase" { both before_drivers; }

other_layout() {
	layouts de fr
	loads de vconsole.keymap=pl &&
		[[ $output == *"warning: vconsole.keymap=pl: that keyboard layout is not in this initramfs, which has de fr; typing is in de; add the profile line 'keymap pl'"* ]]
}
@test "a layout that the image lacks is reported with the parameter and the layouts that it has" { both other_layout; }

no_layouts() {
	fake loadkmap <<<'echo no >>"$ROOT/loaded"'
	: >"$ROOT/loaded"
	cmdline 'root=/dev/vda1 keymap=us'
	boot
	[ ! -s "$ROOT/loaded" ] && [[ $output != *'keyboard layout'* ]] || return 1
	cmdline 'root=/dev/vda1 keymap=fr'
	boot
	[ ! -s "$ROOT/loaded" ] &&
		[[ $output == *'keymap=fr: that keyboard layout is not in this initramfs, which has none but us; typing is in us'* ]]
}
@test "without any the kernel's default stays, which is us" { both no_layouts; }

# init as far as its drivers, then the question
prompt() {
	layouts ru
	echo Alt+Shift >"$ROOT/etc/keymaps/ru.keys"
	: >"$ROOT/dev/console" && : >"$ROOT/bin/cryptsetup" && chmod +x "$ROOT/bin/cryptsetup"
	fake head <<<'echo secret'
	fake coldplug <<<'exit 0'
	cmdline 'root=/dev/vda1 quiet'
	# shellcheck disable=SC2016 # for the other shell
	LIB=$ROOT/lib/mkvinitrd run $SH -c 'RAMFS=$ROOT/run/initramfs NEWROOT=$ROOT/newroot NL="
"; . "$LIB/util.sh"; . "$LIB/status.sh"; . "$LIB/settle.sh"; load volumes/crypt; early; open_crypt /dev/vda2 crypt'
	grep -q '^cryptsetup open' "$CALLS" &&
		[[ $(cat "$ROOT/dev/console") == *$'mkvinitrd: keyboard layout: ru; Alt+Shift changes between it and us\nEnter passphrase for /dev/vda2: '* ]]
}
@test "who is asked for a passphrase sees the layout, and the keys that change it" { both prompt; }
