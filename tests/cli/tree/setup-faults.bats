#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# shellcheck disable=SC2154,SC2030,SC2031 # of bats, and of setup.bash
# quickstart, check and deps on machines that are not in order: one line says what is wrong and what to do.
load ../../lib/env
load setup
bats_require_minimum_version 1.5.0

build_packages() {
	sed -n "/^build_packages='/,/'\$/p" "$TOP/scripts/deps" | tr -d "'" | sed 's/^build_packages=//' | tr -s ' \t' '\n' | sed '/^$/d'
}

# have PACKAGE STATUS [FIELD...]: dpkg knows it, with that status
have() {
	printf 'Package: %s\nStatus: %s\nVersion: 1\nArchitecture: %s\nMaintainer: x\nDescription: x\n' "$1" "$2" "${architecture:-amd64}" >>admin/status
	printf '%s\n' "${@:3}" '' >>admin/status
}

have_all() {
	local package
	for package in $(build_packages); do have "$package" "$1"; done
}

@test "deps: a package that is held back is there all the same; one of another architecture is not" {
	repository 10
	have_all 'hold ok installed'
	run -0 "$TOP/scripts/deps" build
	assert_output ''
	: >admin/status
	architecture=i386 have_all 'install ok installed'
	run -3 "$TOP/scripts/deps" build
	assert_output --partial 'installing'
}

@test "deps: in any language, what the release has is found" {
	repository 10
	printf 'Package: %s\nVersion: 1\nArchitecture: all\nFilename: ./x.deb\nSize: 1\nSHA256: %064d\n\n' apt 1 cpio 1 >>repo/Packages
	LANG=C.UTF-8 LANGUAGE=de run -3 "$TOP/scripts/deps" test
	assert_line 'deps: no package jq in this release: the tests that use it will fail'
	refute_line --partial 'no package cpio '
	assert_output --partial 'Need to get'
}

@test "deps: an installation that was interrupted before is to be finished first" {
	repository 10
	printf 'Package: less\nStatus: install ok unpacked\nVersion: 1\n' >admin/updates/0001
	run -3 "$TOP/scripts/deps" build
	assert_line 'deps: an installation on this machine was interrupted, and must be finished before anything is installed: run as root: dpkg --configure -a, then this again'
}

@test "deps: a package that is there in part, or lacks another, is named" {
	repository 10
	have torn 'install reinstreq half-installed'
	run -3 "$TOP/scripts/deps" build
	assert_line --partial "deps: package torn is installed in part, and apt's sources do not have it: run as root: dpkg --remove --force-remove-reinstreq torn"
	: >admin/status
	have wants 'install ok installed' 'Depends: nothing-has-it'
	run -3 "$TOP/scripts/deps" build
	assert_line 'deps: packages of this machine lack others (wants : Depends: nothing-has-it but it is not installable): run as root: apt-get --fix-broken install, then this again'
}

@test "deps: what would have to be removed stays, and is named" {
	repository 10
	sed -i '/^Package: gcc$/a Conflicts: treasure' repo/Packages
	have treasure 'install ok installed'
	run -3 "$TOP/scripts/deps" build
	assert_line --regexp '^deps: apt would remove treasure for the packages that are missing; if that may go, run as root: apt-get install --no-install-recommends gcc make '
	refute_output --partial 'Need to get'
}

@test "deps: a package that is held back at a version that does not fit is named" {
	repository 10
	sed -i '/^Package: gcc$/a Depends: base (>= 2)' repo/Packages
	printf 'Package: base\nVersion: 2\nArchitecture: amd64\nMaintainer: x\nFilename: ./base.deb\nSize: 1000\nSHA256: %064d\nDescription: x\n\n' 1 >>repo/Packages
	have base 'hold ok installed'
	run -3 "$TOP/scripts/deps" build
	assert_line --regexp '^deps: packages do not fit those that this machine has.*: base held back, see apt-mark unhold'
}

@test "deps: another apt that downloads is waited for too" {
	repository 10
	hold_lock apt/cache/archives/lock
	LOCK_WAIT=2 run -3 "$TOP/scripts/deps" build
	assert_line "deps: waiting at most 2 s for another apt: $PWD/apt/cache/archives/lock, held by process $holder (python3)"
	assert_line --partial "after 2 s apt is still locked ($PWD/apt/cache/archives/lock, held by process $holder (python3)): let that end"
}

@test "deps: a version that is listed and not there is passed over for another" {
	repository 10
	binary() {
		rm -rf work
		mkdir -p work/DEBIAN
		printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: x\nDescription: x\n' "$1" "$2" >work/DEBIAN/control
		dpkg-deb --root-owner-group -b work "repo/$1_${2#*:}_all.deb" >/dev/null
	}
	for package in $(build_packages) apt; do binary "$package" 1; done
	binary gcc 1:1.0~rc+1
	binary gcc 1:1.1
	(cd repo && dpkg-scanpackages -m . 2>/dev/null) >Packages
	mv Packages repo
	rm repo/gcc_1.1_all.deb 'repo/gcc_1.0~rc+1_all.deb'
	mv repo/scdoc_1_all.deb .
	run -3 "$TOP/scripts/deps" build
	assert_line 'deps: the mirror does not have gcc 1:1.1, scdoc 1: trying other versions'
	assert_line --regexp "^deps: apt's mirror does not give what its lists name, nor another version that fits: .*; name another mirror"
	mv scdoc_1_all.deb repo
	apt_of_dpkg
	run -0 "$TOP/scripts/deps" build
	assert_line 'deps: the mirror does not have gcc 1:1.1: trying other versions'
	assert_line 'deps: the mirror does not have gcc 1:1.0~rc+1: trying other versions'
	grep -q 'gcc_1_all.deb' unpacked
}

# apt_of_dpkg: what dpkg is asked to do is written to the file unpacked, and counts as done
apt_of_dpkg() {
	printf '#!/bin/sh\ncase "$*" in *--print-foreign*|*--assert*) exit 0 ;; esac\necho "$@" >>%s/unpacked\n' "$PWD" >fake-dpkg
	chmod 755 fake-dpkg
	sed -i "s|/bin/false|$PWD/fake-dpkg|" apt.conf
}

# says MESSAGES LINE: what deps makes of apt's messages, as they were recorded
says() {
	cat >log
	# shellcheck disable=SC2016 # variables of the shell inside
	run -0 sh -c 'work=$PWD wanted=gcc; say() { :; }; . "$1/scripts/lib/apt-faults.sh"; reason' - "$TOP"
	assert_output "$1"
}

@test "deps: apt's messages about servers, lists, clocks and other people's packages" {
	says "dpkg cannot install or configure zzz, its messages are above: when it is fixed, or removed, run as root: dpkg --configure -a, then this again" <<-'END'
		Errors were encountered while processing:
		 zzz
		E: Sub-process /usr/bin/dpkg returned an error code (1)
	END
	http_proxy=http://127.0.0.1:3128/ says "no network: apt cannot reach its proxy 127.0.0.1:3128; correct or remove it where it is set (http_proxy, or Acquire::http::Proxy in /etc/apt), then run this again" <<-'END'
		E: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease  Could not connect to 127.0.0.1:3128 (127.0.0.1). - connect (111: Connection refused)
	END
	http_proxy=http://proxy.invalid:3128/ says "no network: apt cannot reach its proxy proxy.invalid; correct or remove it where it is set (http_proxy, or Acquire::http::Proxy in /etc/apt), then run this again" <<-'END'
		E: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease  Temporary failure resolving 'proxy.invalid'
	END
	mkdir bin
	printf '#!/bin/sh\nexec /bin/date -u -d @0\n' >bin/date
	chmod 755 bin/date
	PATH=$PWD/bin:$PATH says "apt refuses the package lists (Release file for http://deb.debian.org/debian/dists/sid/InRelease is expired (invalid since 3d 2h)): is the clock of this machine right? It says Thu Jan  1 00:00:00 UTC 1970" <<-'END'
		E: Release file for http://deb.debian.org/debian/dists/sid/InRelease is expired (invalid since 3d 2h). Updates for this repository will not be applied.
		E: Unable to locate package gcc
	END
	says "apt's mirror does not give what its lists name: http://deb.debian.org/debian/pool/main/g/gcc.deb  404  Not Found [IP: 1.2.3.4 80]; name another mirror in /etc/apt, or run this again later" <<-'END'
		E: Failed to fetch http://deb.debian.org/debian/pool/main/g/gcc.deb  404  Not Found [IP: 1.2.3.4 80]
		E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?
	END
}

# apt_does <SHELL: on installation, in place of the real apt-get
apt_does() {
	mkdir -p bin
	{
		printf '#!/bin/sh\ncase "$*" in *" install -y "*) ;; *) exec /usr/bin/apt-get "$@" ;; esac\ncd %s\n' "$PWD"
		cat
	} >bin/apt-get
	chmod 755 bin/apt-get
	PATH=$PWD/bin:$PATH
}

@test "deps: faults of other packages stop nothing once ours are installed" {
	repository 10
	have_all 'install ok installed'
	mv admin/status installed
	: >admin/status
	apt_does <<-'END'
		cp installed admin/status
		echo 'Errors were encountered while processing:'
		echo ' zzz'
		echo 'E: Sub-process /usr/bin/dpkg returned an error code (1)'
		exit 100
	END
	run -0 "$TOP/scripts/deps" build
	assert_line --partial 'deps: the packages are there, though dpkg cannot install or configure zzz'
	: >admin/status
	sed -i /^cp/d bin/apt-get
	run -3 "$TOP/scripts/deps" build
	assert_line --partial 'deps: dpkg cannot install or configure zzz'
}

@test "deps: what packages make is for all users, whatever the caller's umask is" {
	repository 10
	apt_does <<<'umask >umask'
	umask 077
	run -0 "$TOP/scripts/deps" build
	[ "$(cat umask)" = 0022 ]
}

@test "deps: a proxy in the environment goes through sudo" {
	bare_tree
	repository 10
	mkdir bin
	printf '#!/bin/sh\necho "$@" >>%s/calls\n' "$PWD" >bin/sudo
	chmod 755 bin/sudo
	: >calls
	chmod 666 calls
	http_proxy=http://proxy:3128 PATH=$PWD/bin:$PATH run -0 as_user "$PWD/tree/scripts/deps" build
	[ "$(cat calls)" = "env http_proxy=http://proxy:3128 $PWD/tree/scripts/deps build" ]
}

@test "a CDPATH in the environment leads nowhere else" {
	bare_tree
	cd tree || exit
	CDPATH=/:. run -0 scripts/deps build
	assert_output ''
	CDPATH=/:. run -0 scripts/kernels --help
	run -0 env CDPATH=/:. scripts/musl-libs --packages
	assert_line busybox
}

# one_line_of quickstart TEXT: it says that and nothing else, and builds nothing
one_line() {
	[ "${#lines[@]}" = 1 ]
	assert_output --partial "$1"
	[ ! -e tree/built ]
}

@test "quickstart: a machine of another architecture, and one that is no Debian" {
	bare_tree
	mkdir bin
	printf '#!/bin/sh\necho arm64\n' >bin/dpkg
	chmod 755 bin/dpkg
	PATH=$PWD/bin:$PATH run -1 tree/scripts/quickstart --no-wait
	one_line 'quickstart: this system is arm64, and quickstart builds and boots for amd64: run it on an amd64 Debian'
	rm -r bin
	mkdir bin
	for tool in sh dirname id stat; do ln -s "$(command -v $tool)" bin; done
	PATH=$PWD/bin run -1 tree/scripts/quickstart --no-wait
	one_line 'quickstart: this system has no apt-get: mkvinitrd is built from packages of Debian 12 or later'
}

@test "quickstart: no directory for temporary files, no home, a tree on a read-only file system" {
	bare_tree
	TMPDIR=$PWD/nowhere run -1 tree/scripts/quickstart --no-wait
	one_line "quickstart: cannot make a directory in $PWD/nowhere, for temporary files: set TMPDIR to a directory that can be written to"
	chown 65534 tree
	HOME=/nonexistent run -1 as_user env -u XDG_CACHE_HOME tree/scripts/quickstart --no-wait
	one_line 'quickstart: cannot write to /nonexistent/.cache/mkvinitrd, where downloads and builds are kept: set XDG_CACHE_HOME'
	# shellcheck disable=SC2016 # variables of the shell inside
	run -1 unshare -m sh -c 'mount --bind tree tree && mount -o remount,bind,ro tree && cd "$PWD" && exec tree/scripts/quickstart --no-wait'
	one_line "quickstart: $PWD/tree is on a file system that is mounted read-only: clone the repository"
}

@test "check: a container that cannot mount or has no loop devices is told so before anything is done" {
	bare_tree
	run -1 unshare -m sh -c 'mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && exec setpriv --bounding-set -sys_admin --inh-caps -sys_admin tree/scripts/check'
	one_line 'check: the tests mount disk images, and this machine or container lacks the right to mount (CAP_SYS_ADMIN), loop devices (/dev/loop-control), /dev/fuse; run them in a virtual machine'
}

@test "musl-libs, kernels and fetch: no home, and a cache that cannot be written to" {
	for command in 'scripts/musl-libs out' scripts/kernels 'tests/samples/fetch lzo2'; do
		# shellcheck disable=SC2086 # a list of words
		HOME=/nonexistent run -1 env -u XDG_CACHE_HOME "$TOP"/$command
		assert_output --partial "there is no home directory '/nonexistent' for the cache: set XDG_CACHE_HOME"
		# shellcheck disable=SC2086
		XDG_CACHE_HOME=/proc/1 run -1 "$TOP"/$command
		assert_output --partial 'cannot write to the cache /proc/1/mkvinitrd'
	done
	[ ! -e /nonexistent ]
}
