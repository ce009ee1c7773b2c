#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# chart: the times of a boot as a drawing. That a boot records them: tests/skel/status.bats.
# shellcheck disable=SC2154 # output, lines: by bats
load ../../lib/env
bats_require_minimum_version 1.5.0

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	M=$HOST/mkvinitrd
	cd "$BATS_TEST_TMPDIR"
	cat >initramfs.log <<'LOG'
[        1.00] mkvinitrd: settle
[        1.00] mkvinitrd: status: settle
[        1.05] mkvinitrd: status: loading the drivers of this machine's hardware
[    1.250000] mkvinitrd: module virtio_blk 150000
[        1.50] mkvinitrd: locate
[        1.50] mkvinitrd: status: locate
[        1.60] mkvinitrd: status: waiting for a disk: findimg LABEL=<live>
[        3.60] mkvinitrd: attach
[        3.70] mkvinitrd: assemble
[        3.80] mkvinitrd: state: mount /run/initramfs/host
[        4.00] mkvinitrd: handover
[        4.50] mkvinitrd: switch_root
LOG
	cat >journal <<'LOG'
[    1.500001] lab kernel: mkvinitrd: locate
[    3.850000] lab kernel: EXT4-fs (vda1): mounted filesystem with ordered data mode
[    5.000000] lab systemd[1]: Starting systemd-udevd.service - Rule-based Manager...
[    5.750000] lab systemd[1]: Started systemd-udevd.service - Rule-based Manager.
[    6.000000] lab systemd[1]: Reached target basic.target - Basic System.
[    6.100000] lab systemd[812]: Starting user.service...
[    8.000000] lab systemd[1]: Startup finished in 1s (kernel) + 7s (userspace) = 8s.
[90000.000000] lab systemd[1]: Starting late.service...
LOG
}

# bars FILE: TITLE | LEFT | WIDTH of each bar, in seconds of a boot of SECONDS
bars() {
	python3 - "$1" "$2" <<'PYTHON'
import sys, xml.etree.ElementTree as tree
svg = "{http://www.w3.org/2000/svg}"
root = tree.parse(sys.argv[1]).getroot()
scale = (1120 - 136 - 20) / float(sys.argv[2])
for r in root.iter(svg + "rect"):
    tip = r.find(svg + "title")
    if tip is not None:
        x, w = float(r.get("x")), float(r.get("width"))
        assert x >= 135.9 and x + w <= 1120, r.attrib
        print("%s|%.2f|%.2f" % (tip.text, (x - 136) / scale, w / scale))
PYTHON
}

@test "phases, waits, modules and mounts lie where the log says" {
	"$M" chart initramfs.log >boot.svg
	bars boot.svg 4.5 >bars
	cat bars
	grep -qx 'settle: 0.500 s, from 1.000 s to 1.500 s|1.00|0.50' bars
	grep -qx 'locate: 2.100 s, from 1.500 s to 3.600 s|1.50|2.10' bars
	grep -qx 'handover: 0.500 s, from 4.000 s to 4.500 s|4.00|0.50' bars
	grep -qx 'waiting for a disk: findimg LABEL=<live>: .*|1.60|2.[0-9]*' bars
	grep -qx 'virtio_blk: 0.150 s, from 1.100 s to 1.250 s|1.10|0.15' bars
	grep -q '^/run/initramfs/host: at 3.800 s|3.80|' bars
	grep -q 'Boot: 4.50 s; kernel 1.00 s, then the initramfs 3.50 s' boot.svg
	grep -q 'screen and (prefers-color-scheme:dark)' boot.svg
}

@test "beside it what systemd did, until its start is over; the same line in both logs counts once" {
	cat initramfs.log journal | "$M" chart - >boot.svg
	bars boot.svg 6 >bars
	cat bars
	grep -qx 'systemd-udevd.service - Rule-based Manager: 0.750 s, from 5.000 s to 5.750 s|5.00|0.75' bars
	grep -q '^basic.target - Basic System: at 6.000 s|6.00|' bars
	grep -q 'EXT4-fs (vda1): mounted filesystem' bars
	[ "$(grep -c '^locate: ' bars)" = 1 ]
	run ! grep -E 'late.service|user.service' bars
}

@test "no text of the drawing leaves it, or lies on another one of its row" {
	cat initramfs.log journal | "$M" chart - >boot.svg
	{
		printf '[ 0.5] mkvinitrd: settle\n[ 1.0] mkvinitrd: status: waiting%s\n' \
			"$(printf ' for a long name%.0s' 1 2 3 4 5 6 7 8 9)"
		printf '[ 2.0] mkvinitrd: locate\n[ 6.0] mkvinitrd: attach\n[ 8.0] mkvinitrd: switch_root\n'
	} | "$M" chart - >long.svg
	python3 - boot.svg long.svg <<'PYTHON'
import sys, collections, xml.etree.ElementTree as tree
svg = "{http://www.w3.org/2000/svg}"
for drawing in sys.argv[1:]:
    rows = collections.defaultdict(list)
    for t in tree.parse(drawing).getroot().iter(svg + "text"):
        x, size = float(t.get("x")), (10 if t.get("class") == "head" else 7) * len(t.text)
        assert x >= 0 and x + size <= 1121, t.text
        rows[t.get("y")].append((x, x + size, t.text))
    for row in rows.values():
        row.sort()
        for (_, end, a), (start, _, b) in zip(row, row[1:]):
            assert end <= start, (a, b)
PYTHON
}

@test "logs without times, of something else, and hostile ones" {
	echo 'Linux version 6.1' >log
	run "$M" chart log
	assert_failure 1
	assert_output --partial 'vi.chart'
	{
		printf '[nan] mkvinitrd: settle\n[1e999] mkvinitrd: locate\n[-5] mkvinitrd: attach\n'
		printf '[ 2.0] mkvinitrd: state: mount \033[2J<script>&\n'
		i=0
		while [ $i -lt 6000 ]; do
			i=$((i + 1))
			echo "[ 2.5] mkvinitrd: module m$i 99999999999999999999"
		done
	} >log
	timeout 20 "$M" chart log >boot.svg
	run ! grep -q "$(printf '\033')" boot.svg
	python3 -c 'import xml.dom.minidom as m; assert not m.parse("boot.svg").getElementsByTagName("script")'
}
