# promise: a machine whose root is in an image served by nbd sleeps, by S3 and by suspend-to-idle,
# while the root is written and read, and nothing is lost; where a process cannot be stopped it is
# named, and where what was written cannot be written out that is said, and all continue
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# shellcheck source=tests/boot/lib/hosts.sh
. "$TOP/tests/boot/lib/hosts.sh"
# shellcheck source=tests/boot/lib/sleeping.sh
. "$TOP/tests/boot/lib/sleeping.sh"
build loop loop
sleeping_disk qcow2
BOOT_TIMEOUT=600 boot_sleeper "module_blacklist=$(without nbd) test.cycles=1 test.kinds=mem,freeze test.load=3 test.refused=program,unwritten"
expect 'waits for a disk or a server and cannot be stopped'
expect '=== refused program, and all continue'
expect 'has not taken anything of what is to be written out'
expect '=== refused unwritten, and all continue'
slept_small 2 qcow2
