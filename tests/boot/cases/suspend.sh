# promise: a machine whose root is in an image served by nbd sleeps, by S3 and by suspend-to-idle, while the root is written and read, and nothing is lost
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# shellcheck source=tests/boot/hosts.sh
. "$TOP/tests/boot/hosts.sh"
# shellcheck source=tests/boot/sleeping.sh
. "$TOP/tests/boot/sleeping.sh"
build loop loop
sleeping_disk qcow2
boot_sleeper "module_blacklist=$(without nbd) test.cycles=1 test.kinds=mem,freeze test.load=3"
slept_small 2 qcow2
