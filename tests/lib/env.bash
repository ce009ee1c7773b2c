# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where the programs under test are, for a bats file that is run by itself; the gates say it
# themselves.
# Loaded first by every test of a built program: load ../lib/env
built_in=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)/build
export HOST=${HOST:-$built_in/host} MUSL=${MUSL:-$built_in/musl} LC_ALL=C.UTF-8
PATH=$PATH:/usr/sbin:/sbin
[[ -x $HOST/mkvinitrd ]] || {
	echo "$HOST/mkvinitrd is not there: run make all host-applets first" >&2
	exit 1
}
unset built_in

# all_detached DIRECTORY: no loop device has a file below it. One that a test beside this one has
# just opened, to look what is on it, is detached when that closes it.
all_detached() {
	for _ in $(seq 50); do
		[[ -n $(losetup -ln -O BACK-FILE | grep -F "$1/") ]] || return 0
		sleep 0.1
	done
	echo "attached: $(losetup -ln -O NAME,BACK-FILE | grep -F "$1/")" >&2
	return 1
}
