# promise: a machine whose root is in an image, whoever serves it, sleeps and hibernates every time,
# 20 times by each way to sleep, while fio verifies what it writes and others write, flush and read;
# where a process cannot be stopped it is named, and all continue
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12 current
# slow: 6.12 current
# shellcheck source=tests/boot/lib/hosts.sh
. "$TOP/tests/boot/lib/hosts.sh"
# shellcheck source=tests/boot/lib/sleeping.sh
. "$TOP/tests/boot/lib/sleeping.sh"
exporters=${EXPORTERS:-ublk nbd fuse dm loop} cycles=${CYCLES:-20}
kinds=${KINDS:-mem,freeze,disk}
build loop loop
for exporter in $exporters; do
	format=qcow2
	[ "$exporter" != loop ] || format=raw
	[ "$exporter" != dm ] || format=vhd
	sleeping_disk $format
	BOOT_TIMEOUT=2400 boot_sleeper \
		"module_blacklist=$(without "$exporter") test.cycles=$cycles test.kinds=$kinds test.load=3 test.refused=direct,program"
	expect 'waits for a disk or a server and cannot be stopped'
	expect '=== refused direct, and all continue'
	expect '=== refused program, and all continue'
	expect "$IMAGE is /dev/$(device_of "$exporter")"
	echo "$exporter: $(log | sed -n 's/^=== slept in all //p') sleeps"
	slept_small $((cycles * $(echo "$kinds" | tr , '\n' | wc -l))) $format
done
