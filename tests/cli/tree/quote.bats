#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# scripts/lib/quote.sh: what it writes for a boot loader is read back as it was, or refused. GRUB
# reads by itself (grub-emu).
# The loaders that only run on a machine read the same texts in the boot case menu-quoting.
# shellcheck disable=SC2154
load ../../lib/env
bats_require_minimum_version 1.5.0

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	PATH=$HOST/bin:$PATH
	cd "$BATS_TEST_TMPDIR" || exit
	mkdir -p proc etc/mkvinitrd
	name=test
	# shellcheck source=scripts/lib/quote.sh
	. "$TOP/scripts/lib/quote.sh"
	python3 "$TOP/tests/cli/tree/quote.py" texts 150 >texts
}

# refuses FUNCTION TEXT REASON
refuses() {
	run -1 --separate-stderr "$1" "$2"
	assert_output ''
	[ "${#stderr_lines[@]}" = 1 ]
	[[ $stderr == "test: '"*"$3"* ]] || fail "$1: $stderr"
}

# grub CONFIG: what GRUB says when it runs that
grub() {
	mkdir -p grub
	cp "$1" grub/grub.cfg
	timeout 60 grub-emu -d "$PWD/grub" </dev/null 2>&1 | tr -d '\r' |
		sed 's/\x1b\[[0-9;?]*[A-Za-z]//g'
}

@test "a quoted value is one parameter of the kernel and of bootplan, and comes back as it was; a double quote is refused" {
	done=0
	while IFS= read -r text; do
		if ! word=$(kernel_parameter vi.image "/$text" 2>why); then
			[[ $text == *\"* ]] && grep -q 'double quote' why ||
				fail "refused: $text: $(cat why)"
			continue
		fi
		python3 "$TOP/tests/cli/tree/quote.py" kernel "ro $word quiet" >seen
		printf '%s\n' ro "vi.image=/$text" quiet | diff -u - seen
		printf '%s\n' "ro vi.mode=overlay $word quiet" >proc/cmdline
		bootplan . >plan.sh
		# shellcheck source=/dev/null
		(. ./plan.sh && [ "$P_IMAGE" = "/$text" ]) ||
			fail "/$text became $(grep P_IMAGE plan.sh)"
		done=$((done + 1))
	done <texts
	[ $done -gt 90 ]
}

@test "GRUB finds a file by its quoted path" {
	mkdir files
	number=0
	echo 'insmod regexp' >check.cfg
	while IFS= read -r text; do
		number=$((number + 1))
		file=$PWD/files/$number${text//\//_}
		: >"$file"
		if ! word=$(quote_grub_path "$file" 2>why); then
			[[ $text == *\"* ]] || fail "refused: $text: $(cat why)"
			echo "$number" >>skipped
			continue
		fi
		# shellcheck disable=SC2016 # GRUB's variable
		printf 'set p=%s\nif [ -f (host)"$p" ]; then echo found %s; fi\n' "$word" \
			"$number" >>check.cfg
	done <texts
	echo exit >>check.cfg
	grub-script-check check.cfg
	grub check.cfg | grep -o 'found [0-9]*' | cut -d ' ' -f 2 | sort -n >found
	seq "$number" | grep -vxF -f skipped | diff -u - found
}

@test "GRUB takes a quoted title and quoted words for what they are, and runs nothing of them" {
	number=0
	while IFS= read -r text; do
		case $text in *[!\ -~]*) continue ;; esac # the console of grub-emu has ASCII
		number=$((number + 1))
		echo "echo $number. $(quote_grub_text "$text")" >>check.cfg
		printf '%s\n' "$number. $text" >>expected
		printf 'menuentry %s {\n\ttrue\n}\n' "$(quote_grub_text "$text")" >>menu.cfg
		words=$(quote_grub_words "$text" 2>/dev/null) || continue
		echo "echo $number: $words" >>check.cfg
		printf '%s\n' "$number: $(quote_words "$text" | paste -s -d ' ')" >>expected
	done <texts
	[ "$number" -gt 60 ]
	grub-script-check menu.cfg
	echo exit >>check.cfg
	grub check.cfg | grep -aE '^[0-9]+[.:] ' | sed 's/ *$//' >seen
	sed 's/ *$//' expected | diff -u - seen
}

@test "what GRUB passes on with a backslash is refused among kernel parameters, for titles it is right" {
	refuses quote_grub_words "vi.image=/it's" 'backslash'
	refuses quote_grub_words 'vi.image=/a\b' 'backslash'
	refuses quote_grub_words 'vi.image="/voilà"' 'leaves out quotes'
	[ "$(quote_grub_words 'vi.image="/voilà !"')" = "'vi.image=/voilà !'" ]
	[ "$(quote_grub_text "it's \$x")" = "'it'\\''s \$x'" ]
	[ "$(quote_grub_words 'a="b c" quiet')" = "'a=b c' quiet" ]
}

@test "no loader gets a control character, broken UTF-8, an empty name or an open quote" {
	for loader in grub syslinux ipxe sdboot grub4dos refind; do
		refuses quote_${loader}_text $'a\nb' "a\\nb'"
		refuses quote_${loader}_text $'a\x1b[2Jb' "a\\033[2Jb'"
		refuses quote_${loader}_text $'a\xff' 'cannot be written'
		refuses quote_${loader}_text '' 'it is empty'
		refuses quote_${loader}_words 'a="b c' 'double quote'
		refuses quote_${loader}_path $'/a\nb' 'cannot be written'
		[ "$(quote_${loader}_path /linux/vmlinuz-6.1.0_x+y | tr -d \" | tr '\\' /)" = /linux/vmlinuz-6.1.0_x+y ]
	done
}

@test "loaders that strip, split, expand or reinterpret a text do not get it" {
	refuses quote_syslinux_text 'a^b' 'a key'
	refuses quote_syslinux_text 'a ' 'blanks'
	refuses quote_syslinux_path '/my linux/vmlinuz' 'only letters'
	refuses quote_syslinux_words 'vi.image="/a initrd=b"' 'of its own'
	refuses quote_syslinux_words 'vi.image="/xinitrd=b"' 'of its own'
	refuses quote_syslinux_words 'vi.image="/ämem=b"' 'of its own'
	[ "$(quote_syslinux_words 'vi.image="/a b" quiet')" = 'vi.image="/a b" quiet' ]
	refuses quote_ipxe_text 'a  b' 'several blanks'
	# shellcheck disable=SC2016 # not a variable of ours
	refuses quote_ipxe_words 'a=${net0/mac}' 'setting'
	refuses quote_ipxe_words 'a="b #c"' 'comment'
	refuses quote_ipxe_words 'a="b && c"' 'end a command'
	refuses quote_ipxe_text '--gap' 'option'
	[ "$(quote_ipxe_path '/my linux/ä#1.sqfs')" = /my%20linux/%C3%A4%231.sqfs ]
	refuses quote_sdboot_text '😀' 'U+FFFF'
	refuses quote_sdboot_path '/a\b' 'backslash'
	[ "$(quote_sdboot_text '"a"')" = '""a""' ]
	refuses quote_grub4dos_words 'a=%b%' 'variable'
	refuses quote_grub4dos_text 'C:\new' 'backslash'
	refuses quote_grub4dos_text 'a^b' 'a key'
	refuses quote_grub4dos_text 'a$[0102]b' 'a colour'
	for words in 'vi.image="/a vga=b"' 'iomem=relaxed'; do
		refuses quote_grub4dos_words "$words" 'a part of a word'
	done
	for words in 'a="b && c"' 'a="b | c"' '! a' 'a >'; do
		refuses quote_grub4dos_words "$words" 'operator'
	done
	refuses quote_grub4dos_words "a=$(printf %0900d 0)" '1023'
	refuses quote_grub4dos_path "/$(printf %0300d 0)" '1023'
	words='vga=791 mem=2G a="b c" d>e&&f !g'
	[ "$(quote_grub4dos_words "$words")" = "$words" ]
	[ "$(quote_refind_text 'a "b" c')" = '"a ""b"" c"' ]
	[ "$(quote_refind_path '/Größe/vmlinuz')" = '"\Größe\vmlinuz"' ]
	refuses quote_refind_path '/my linux/vmlinuz' 'ends the path'
	refuses quote_refind_text '😀' 'U+FFFF'
}
