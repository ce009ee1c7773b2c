#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# `splash auto|THEME`: which theme of plymouth is packed, with what it needs. The boot case splash
# shows one.
# shellcheck disable=SC2154 # output, stderr, status: by bats
bats_require_minimum_version 1.5.0
load builder

setup() {
	builder_setup
	own_system
	themes=$S/usr/share/plymouth/themes plugins=$S/usr/lib/plymouth
	mkdir -p "$plugins/renderers" "$S/etc/plymouth" "$S/usr/share/fonts/truetype/dejavu"
	for plugin in two-step script text details label renderers/drm; do
		cp "$S/usr/lib/libloaded.so.1" "$plugins/$plugin.so"
	done
	theme text text
	theme details details
	theme spinner two-step
	theme lines script ImageDir=/usr/share/plymouth/themes/spinner
	echo font >"$S/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
	printf '[Daemon]\nTheme=gone\nDeviceTimeout=8\n' >"$S/usr/share/plymouth/plymouthd.defaults"
	profile 'splash auto'
}

# theme NAME MODULE [LINE...]
theme() {
	mkdir -p "$themes/$1"
	echo picture >"$themes/$1/$1.png"
	printf '%s\n' '[Plymouth Theme]' "Name=$1" "ModuleName=$2" "${@:3}" \
		>"$themes/$1/$1.plymouth"
}

packs() {
	run -0 --separate-stderr plan
	for path in "$@"; do grep -q "^$path " <<<"$output" || { echo "lacks $path" && return 1; }; done
}

@test "the theme of the system, with plugins, their libraries, fonts and the plain themes" {
	printf '[Daemon]\n#Theme=x\nTheme=lines\nShowDelay=0\n' >"$S/etc/plymouth/plymouthd.conf"
	packs lib/plymouth/script.so lib/plymouth/text.so lib/plymouth/details.so \
		lib/plymouth/label.so lib/plymouth/renderers/drm.so lib/libinner.so.1.0 \
		usr/share/plymouth/themes/lines/lines.plymouth \
		usr/share/plymouth/themes/spinner/spinner.png \
		usr/share/plymouth/themes/text/text.plymouth \
		usr/share/fonts/truetype/dejavu/DejaVuSans.ttf usr/share/fonts/Plymouth.ttf
	run ! grep two-step <<<"$output"
	real_programs
	build
	diff <(member etc/plymouth/plymouthd.conf) - <<-'CONF'
		[Daemon]
		Theme=lines
		ShowDelay=0
	CONF
}

@test "a theme that the distribution names and has not: default.plymouth, else one of plymouth" {
	packs lib/plymouth/two-step.so usr/share/plymouth/themes/spinner/spinner.png
	ln -s /usr/share/plymouth/themes/lines/lines.plymouth "$themes/default.plymouth"
	packs lib/plymouth/script.so usr/share/plymouth/themes/lines/lines.png
}

@test "a theme of text has neither pictures' labels nor fonts" {
	profile 'splash text'
	packs lib/plymouth/text.so
	run ! grep -E 'label|fonts' <<<"$output"
}

@test "a theme that is not there, and a plugin that is not: named, with what is" {
	profile 'splash spiner'
	run -3 --separate-stderr plan
	assert_regex "$stderr" \
		"there is no theme 'spiner' in /usr/share/plymouth/themes: details lines spinner text"
	rm "$plugins/two-step.so"
	profile 'splash spinner'
	run -3 --separate-stderr plan
	assert_regex "$stderr" "plymouth has no plugin 'two-step.so'.*install the package of the theme"
	profile 'splash a/b'
	run -3 --separate-stderr plan
	assert_regex "$stderr" "'a/b' is a path; 'splash' takes the name of a theme"
}
