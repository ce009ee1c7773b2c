# promise: a machine whose root is in an image, whoever serves it, hibernates under load and is off;
# the next boot resumes it with all that it had in memory, its writers continue, and nothing is lost
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12 current
# slow: 6.12 current
# Every day resume has a root in a raw image, without load.
# shellcheck source=tests/boot/lib/hosts.sh
. "$TOP/tests/boot/lib/hosts.sh"
# shellcheck source=tests/boot/lib/sleeping.sh
. "$TOP/tests/boot/lib/sleeping.sh"
exporters=${EXPORTERS:-ublk nbd fuse dm loop} MEMORY=500
build loop loop
for exporter in $exporters; do
	format=qcow2
	[ "$exporter" != loop ] || format=raw
	[ "$exporter" != dm ] || format=vhd
	sleeping_disk $format
	words="module_blacklist=$(without "$exporter") test.cycles=2 test.load=2"
	boot_sleeper "$words test.kinds=off"
	expect "$IMAGE is /dev/$(device_of "$exporter")"
	expect 'PM: Image saving done'
	expect_not '=== slept'
	boot_sleeper "$words resume=/dev/vda2"
	expect 'resuming the system that is hibernated on /dev/vda2'
	expect '=== slept off 1'
	boot_sleeper "$words resume=/dev/vda2"
	expect '=== slept off 2'
	echo "$exporter: hibernated twice"
	slept_small 2 $format
done
