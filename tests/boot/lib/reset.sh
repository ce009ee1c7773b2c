# shellcheck shell=sh disable=SC2154 # WORK: of lib.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For cases in which the drive of the boot vanishes, and comes back under another name.

# reset_hook: writes $WORK/hook, which waits for both, once
reset_hook() {
	cat >"$WORK/hook" <<'HOOK'
#!/bin/sh
[ ! -e /run/reset ] || exit 0
: >/run/reset
echo '=== the drive is here' >/dev/console
while [ -e /sys/block/sda ]; do sleep 1; done
sleep 1
echo '=== the drive is gone' >/dev/console
n=0
until [ -e /dev/sda1 ] || [ -e /dev/sdb1 ] || [ $n = 60 ]; do n=$((n + 1)) && sleep 1; done
HOOK
}
