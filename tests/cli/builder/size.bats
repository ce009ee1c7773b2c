#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# size: what takes up space in an image, as a table, JSON and a drawing.
# shellcheck disable=SC2154 # output, lines: by bats
bats_require_minimum_version 1.5.0
load builder

setup() {
	builder_setup
	real_programs
	profile 'module ext4' 'module r8169' 'firmware auto'
	build
}

# number NAME COLUMN: in the line of that name
number() {
	awk -v what="$1" -v column="$2" '$0 ~ what"$" { print $column }' table
}

@test "the table names profile lines, also for dependencies, and has every byte of the members" {
	"$M" size out.img >table
	grep -Eq '^ +[0-9]+ +[0-9]+ +[0-9]+    module ext4  \(t.profile:1\)$' table
	grep -Eq '^ +[0-9]+ +[0-9]+ +[0-9]+    module r8169  \(t.profile:2\)$' table
	grep -Eq '  firmware$' table
	# mbcache and jbd2 are there for ext4: its line counts them
	modules=$("$M" ls out.img | grep -cE '/(ext4|jbd2|mbcache|crc16|crc32c.*)\.ko$')
	[ "$(number 'module ext4  .t.profile:1.' 3)" = "$modules" ]
	# what cpio unpacks has as many members, and the sum of the kinds is the sum of the image
	[ "$(awk '/^ .*  [a-z]/ && !/    [^ ]/ || /(modules|firmware|programs|libraries|data|directories)$/ { n += $3 } END { print n }' table)" = "$("$M" ls out.img | wc -l)" ]
}

@test "what the members take in the file adds up to the file" {
	"$M" size --json out.img >size.json
	size=$(stat -c %s out.img)
	[ "$(jq .size size.json)" = "$size" ]
	stored=$(jq '[.reasons[].stored] | add' size.json)
	# the rest is padding between segments
	[ "$stored" -le "$size" ] && [ "$stored" -gt $((size * 9 / 10)) ]
	[ "$(jq '[.reasons[].members[]] | length' size.json)" = "$(jq .members size.json)" ]
	# the members are those that ls lists
	jq -r '.reasons[].members[].path' size.json | LC_ALL=C sort >members
	"$M" ls out.img | LC_ALL=C sort | cmp - members
}

@test "two images: beside each other with the change, by directive whatever its line number" {
	cp out.img with.img
	profile '# a comment moves the lines' 'module ext4'
	build
	run "$M" size with.img out.img
	assert_success
	assert_line --regexp '^ +[1-9][0-9]* +0 +-[0-9]+    module r8169  \(t.profile:2\)$'
	assert_line --regexp '^ +[1-9][0-9]* +[1-9][0-9]* +[+-][0-9]+    module ext4  \(t.profile:1\)$'
	refute_line --partial 'module ext4  (t.profile:2)'
}

@test "-v lists the members, the largest first" {
	run "$M" size -v out.img
	assert_success
	assert_line --regexp '^ +[0-9]+ +[0-9]+  lib/modules/.*/ext4.ko$'
}

@test "the drawing is well-formed, has every file with its reason, and light and dark colours" {
	"$M" size --svg out.img >size.svg
	python3 - size.svg <<'PYTHON'
import sys, xml.etree.ElementTree as tree
svg = "{http://www.w3.org/2000/svg}"
root = tree.parse(sys.argv[1]).getroot()
assert root.tag == svg + "svg"
tips = [t.text for t in root.iter(svg + "title")]
assert any("/ext4.ko: " in t and t.endswith("by module ext4 of t.profile:1") for t in tips), tips
width, height = float(root.get("width")), float(root.get("height"))
for r in root.iter(svg + "rect"):
    x, y, w, h = (float(r.get(k)) for k in ("x", "y", "width", "height"))
    assert 0 <= x and x + w <= width + 1 and 0 <= y and y + h <= height + 1, r.attrib
PYTHON
	grep -q 'screen and (prefers-color-scheme:dark)' size.svg
}

@test "an image of another generator: by kind, without reasons" {
	mkdir -p tree/bin
	cp "$(command -v busybox)" tree/bin/busybox
	printf '#!/bin/sh\n' >tree/init
	(cd tree && printf '%s\n' init bin bin/busybox | cpio -o -H newc --quiet) >foreign.img
	run "$M" size foreign.img
	assert_success
	assert_line --regexp '  programs$'
	assert_line --partial 'not recorded'
}

@test "names of a hostile image neither reach the terminal nor break the drawing" {
	name=$(printf 'x\033]0;t\007<script>&')
	mkdir tree && head -c 5000 /dev/zero >"tree/$name"
	(cd tree && printf '%s\n' "$name" | cpio -o -H newc --quiet) >hostile.img
	"$M" size -v hostile.img >table
	run ! grep -q "$(printf '\033')" table
	"$M" size --svg hostile.img >hostile.svg
	python3 -c 'import sys, xml.dom.minidom as m; d = m.parse("hostile.svg"); sys.exit(bool(d.getElementsByTagName("script")))'
}

# record N LINE: an image with N empty files, and the awk expressions LINE as the reason of file i
record() {
	mkdir -p "tree-$1/etc/mkvinitrd"
	awk -v n="$1" 'BEGIN { for (i = 1; i <= n; i++) printf "f%d\t\t%s\n", i, '"$2"' }' \
		>"tree-$1/etc/mkvinitrd/why"
	(cd "tree-$1" && seq -f 'f%.0f' "$1" | xargs touch && find . -mindepth 1 |
		cpio -o -H newc --quiet) >"$1.img"
}

@test "an image made to confuse, with long chains of reasons or one for each file, takes seconds" {
	record 20000 '"needed by f" (i < n ? i + 1 : 1)'
	timeout 20 "$M" size 20000.img >table
	grep -q 'needed by' table
	timeout 20 "$M" why 20000.img f1 >chain
	record 20001 '"reason " i'
	timeout 20 "$M" size 20001.img >table
	grep -q 'reason 20001' table
	timeout 20 "$M" size 20001.img 20001.img >table
	timeout 20 "$M" size --json 20001.img | jq -e '.reasons | length > 20000'
	timeout 20 "$M" size --svg 20001.img >out.svg
}

@test "a damaged image, and drawings of two, are refused" {
	head -c 3000 out.img >cut.img
	run "$M" size cut.img
	assert_failure 1
	assert_output --partial 'cut.img'
	run "$M" size --svg out.img out.img
	assert_failure 2
	assert_output --partial 'a single image'
}
