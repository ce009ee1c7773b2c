# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# For tests of deps, quickstart and check: apt is the real one on a directory of the test's own,
# with a dpkg that does nothing.

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	cd "$BATS_TEST_TMPDIR" || exit
	chmod 755 . .. ../.. # for a user who is not root
	holder=''
}

teardown() {
	[ -z "$holder" ] || kill "$holder" 2>/dev/null || :
}

# private_apt URI: nothing is installed here, so every package of deps is missing
private_apt() {
	mkdir -p apt/lists/partial apt/cache/archives/partial admin/info admin/updates etc
	: >admin/status
	echo "deb [trusted=yes] $1 ./" >etc/sources.list
	cat >apt.conf <<CONF
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "$PWD/etc/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$PWD/apt";
Dir::State::lists "$PWD/apt/lists";
Dir::State::status "$PWD/admin/status";
Dir::Cache "$PWD/apt/cache";
Dir::Cache::archives "$PWD/apt/cache/archives";
Dir::Bin::dpkg "/bin/false";
APT::Sandbox::User "root";
APT::Architecture "amd64";
Acquire::Retries "0";
CONF
	export APT_CONFIG=$PWD/apt.conf DPKG_ADMINDIR=$PWD/admin
}

# repository KIB: has every package that a build needs, as large as that when installed, and no file
# of them
repository() {
	mkdir -p repo
	sed -n "/^build_packages='/,/'\$/p" "$TOP/scripts/deps" | tr -d "'" |
		sed 's/^build_packages=//' | tr -s ' \t' '\n' | sed '/^$/d' |
		while read -r name; do
			printf 'Package: %s\nVersion: 1\nArchitecture: all\nMaintainer: x\nInstalled-Size: %s\nFilename: ./%s.deb\nSize: 1000\nSHA256: %064d\nDescription: x\n\n' \
				"$name" "$1" "$name" 0
		done >repo/Packages
	private_apt "file:$PWD/repo"
}

# hold_lock FILE [SECONDS]: the lock that apt takes (fcntl), by another process
hold_lock() {
	python3 - "$1" "${2:-60}" <<'PY' 3>&- &
import fcntl, os, sys, time
f = open(sys.argv[1], 'w')
fcntl.lockf(f, fcntl.LOCK_EX)
open('locked', 'w')
time.sleep(float(sys.argv[2]))
PY
	holder=$!
	until [ -e locked ]; do sleep 0.05; done
}

as_user() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

# A tree without a build, in which nothing may be built by the test; other users reach it wherever
# the repository is.
bare_tree() {
	mkdir tree
	cp -R "$TOP/scripts" tree
	printf 'all:\n\ttouch built\n' >tree/Makefile
}
