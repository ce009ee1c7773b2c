# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# libnbd's tests that start a server, and of its tools nbdcopy, nbdinfo and nbdfuse; nbdkit and
# qemu-nbd are the stand-in. Built against libnbd-dev, as libnbd's own interop tests are for each
# server, by definitions.
# shellcheck disable=SC2154 # of run

# DIRECTORY/PROGRAM of interop.c and its like, which libnbd builds once for each server, and the
# definitions for ours
libnbd_interop='
interop/interop-nbdkit interop.c -DNEEDS_TMPFILE=1 -DSERVER="nbdkit" -DSERVER_PARAMS="-s","--exit-with-parent","file",TMPFILE
interop/interop-qemu-nbd interop.c -DSOCKET_ACTIVATION=1 -DNEEDS_TMPFILE=1 -DSERVER="qemu-nbd" -DSERVER_PARAMS="-f","raw","-x","",TMPFILE -DEXPORT_NAME=""
interop/socket-activation-nbdkit socket-activation.c -DSERVER="nbdkit" -DSERVER_PARAMS="file",tmpfile
interop/socket-activation-qemu-nbd socket-activation.c -DSERVER="qemu-nbd" -DSERVER_PARAMS="-f","raw","-x","",tmpfile
interop/list-exports-qemu-nbd list-exports.c -DSOCKET_ACTIVATION=1 -DNEEDS_TMPFILE=1 -DSERVER="qemu-nbd" -DSERVER_PARAMS="-f","raw","-x","",TMPFILE -DEXPORTS="" -DDESCRIPTIONS=""
tests/connect-uri-nbd-unix connect-uri.c -DSERVER_PARAMS="-U",UNIX_SOCKET -DNEEDS_UNIX_SOCKET=1 -DPIDFILE="connect.pid" -DURI="nbd+unix:///?socket="'

# The programs of tests/ that start nbdkit, and its scripts that run one
libnbd_programs() {
	(cd "$1/tests" && grep -lE '"nbdkit"' ./*.c) | sed 's,^\./,tests/,; s/\.c$//' |
		grep -vE '/(eflags|connect-uri|connect-tls|opt-list|opt-info|requires)$'
	echo tests/aio-parallel tests/aio-parallel-load tests/synch-parallel
}

# build_libnbd SOURCE OBJECTS PROGRAM FILE [DEFINITION...]
build_libnbd() {
	from=$1/${3%/*} to=$2/$3 file=$4 by=$1
	shift 4
	extra=$by/tests/requires.c
	! grep -q pick-a-port.h "$from/$file" || extra="$extra $by/tests/pick-a-port.c"
	# shellcheck disable=SC2086 # a list of files
	cc -w -O1 -I"${to%/*}" -I"$by/tests" -I"$by/common/include" "$@" -DHAVE_NBDKIT=1 -o "$to" \
		"$from/$file" $extra -lnbd -lpthread
}

# A copy of the source where the scripts find what they want of a built tree
prepare_libnbd() {
	cp -r "$1" "$2"
	: >"$2/interop/config.h"
	: >"$2/tests/config.h"
	for directory in interop tests copy info fuse; do
		sed "s,@abs_top_srcdir@,$2," "$1/tests/functions.sh.in" >"$2/tests/functions.sh"
		for tool in nbdcopy nbdinfo nbdfuse; do
			[ "$directory" = "${tool#nbd}" ] &&
				ln -sf "$(command -v $tool)" "$2/$directory/$tool"
		done
	done
	while read -r program file definitions; do
		if [ -z "$program" ] || ! is_wanted libnbd "$program"; then continue; fi
		# shellcheck disable=SC2086 # a list of words
		build_libnbd "$1" "$2" "$program" "$file" $definitions || return
	done <<-END
		$libnbd_interop
	END
	for program in $(libnbd_programs "$1"); do
		case $program in
		*parallel*) is_wanted libnbd "$program.sh" ;;
		*) is_wanted libnbd "$program" ;;
		esac || continue
		build_libnbd "$1" "$2" "$program" "${program##*/}.c" || return
	done
}

# libnbd_test DIRECTORY TEST: 77 is libnbd's "skipped"
libnbd_test() {
	cd "$1/${2%/*}" || return
	srcdir=. LIBNBD_DEBUG=0 QEMU_NBD=qemu-nbd
	export srcdir LIBNBD_DEBUG QEMU_NBD
	case $2 in
	*.sh) bash "./${2##*/}" ;;
	*) "./${2##*/}" ;;
	esac
}

suite_libnbd() {
	source=$(unpack libnbd) || return
	built=$work/libnbd
	prepare_libnbd "$source" "$built" || return
	for name in $(echo "$libnbd_interop" | awk 'NF { print $1 }') $(libnbd_programs "$source" |
		grep -v -e parallel) \
		$(cd "$source" && grep -lE 'nbdkit|qemu-nbd' tests/*parallel*.sh copy/*.sh \
			info/*.sh fuse/*.sh interop/*.sh | grep -v /test-short); do
		for of in $(variant_names); do
			trial libnbd "$name" "$of" "$top/tests/suites/run" --in libnbd_test \
				"$built" "$name"
		done
	done
}
