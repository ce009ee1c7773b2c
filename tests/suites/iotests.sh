# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# qemu-iotests: raw over NBD, where qemu-nbd is the stand-in
# shellcheck disable=SC2154 # of run

# The tests that run for raw over NBD by their own statement, of which those that do not say so
iotests_tests() {
	for test in "$1"/[0-9][0-9][0-9] "$1"/tests/*; do
		case ${test##*/} in *.*) continue ;; esac
		grep -qE '_supported_fmt.*(raw|generic)|supported_fmts=.*(raw|generic)' "$test" ||
			continue
		! grep -qE '_unsupported_fmt.*raw' "$test" || continue
		grep -qE '_supported_proto.*(nbd|generic)|supported_protocols=.*nbd' "$test" ||
			continue
		! grep -qE '_unsupported_proto.*nbd' "$test" || continue
		echo "${test##*/}"
	done
}

# iotest DIRECTORY TEST: what it leaves in its directory is named in the end
iotest() {
	cd "$1" || return
	PATH=$work/iotests-bin:$PATH TEST_DIR=$TMPDIR/scratch SOCK_DIR=$work/sockets
	rm -rf "$SOCK_DIR"
	export TEST_DIR SOCK_DIR
	QEMU_PROG=$top/tests/suites/accel-tcg QEMU_IMG_PROG=$(command -v qemu-img) \
	QEMU_IO_PROG=$(command -v qemu-io)
	QEMU_NBD_PROG=$work/bin/qemu-nbd QSD_PROG=$(command -v qemu-storage-daemon ||
		command -v false)
	export QEMU_PROG QEMU_IMG_PROG QEMU_IO_PROG QEMU_NBD_PROG QSD_PROG
	./check -raw -nbd "$2" >"$TMPDIR/check" 2>&1
	status=$?
	cat "$TMPDIR/check"
	if grep -q "^$2 .*not run" "$TMPDIR/check"; then return 77; fi
	return $status
}

suite_iotests() {
	source=$(unpack qemu '*/tests/qemu-iotests' '*/python/qemu') || return
	for name in $(iotests_tests "$source/tests/qemu-iotests"); do
		for of in $(variant_names); do
			trial iotests "$name" "$of" "$top/tests/suites/run" --in iotest \
				"$source/tests/qemu-iotests" "$name"
		done
	done
}
