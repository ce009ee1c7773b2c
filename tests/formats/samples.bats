#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Images that other programs have made: tests/samples/MANIFEST says which, whence, and what is in
# them.

load lib

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	package=$("$BATS_TEST_DIRNAME/../samples/fetch" qemu)
	tar -x --strip-components=4 --wildcards -f "$package"/qemu_*.orig.tar.* \
		'*/tests/qemu-iotests/sample_images/*.bz2'
}

# The manifest's lines but comments.
manifest() { grep -v -e '^#' -e '^$' "$BATS_TEST_DIRNAME/../samples/MANIFEST"; }

# sample NAME: puts the image into the test's directory.
sample() { bzcat "$BATS_FILE_TMPDIR/$1.bz2" >"$1"; }

# The other reader: qemu, which must be allowed to replay a log first. All data of the samples is in
# their first 128 MiB.
same_as_qemu() { # FILE RAW
	qemu-img check -q -r all "$1" || true
	qemu-img dd -O raw bs=1M count=128 if="$1" of=head.raw
	cmp -n "$(stat -c %s head.raw)" head.raw "$2"
}

@test "each sample has the size and the bytes that its source states, and those that qemu-img reads" {
	seen=0
	while read -r name maker size sum statement; do
		[ "$size" != refused ] || continue
		sample "$name"
		vd info --json "$name" >info
		[ "$(jq '.["virtual-size"]' info)" = "$size" ] ||
			fail "$name of $maker: $(cat info)"
		run vd check "$name"
		assert_output --partial ' 0 errors, '
		vd cat -o got.raw "$name"
		if [ "$sum" != - ]; then
			sha256sum got.raw | grep -q "^$sum" ||
				fail "$name of $maker: $(sha256sum got.raw)"
		fi
		if [ "$statement" != - ]; then
			IFS=';' read -ra commands <<<"${statement//:/ }"
			io raw got.raw "${commands[@]}"
			run -1 grep -a 'Pattern verification failed' io.log
		fi
		same_as_qemu "$name" got.raw
		rm "$name" got.raw
		seen=$((seen + 1))
	done < <(manifest)
	[ $seen -ge 8 ]
}

@test "what fuzzers made, and formats that are not ours, are refused with a reason" {
	seen=0
	while read -r name maker size reason; do
		[ "$size" = refused ] || continue
		sample "$name"
		run -1 timeout 20 "$HOST/bin/vdattach" info "$name"
		assert_output --partial "$reason"
		seen=$((seen + 1))
	done < <(manifest)
	[ $seen -ge 5 ]
}

@test "a sample is written, read by qemu-img, and keeps all that was there" {
	for name in hyperv2012r2-dynamic.vhd virtualpc-dynamic.vhd iotest-dirtylog-10G-4M.vhdx; do
		sample "$name"
		vd cat -o want.raw "$name"
		io raw want.raw 'write -P 7 1000k 3M' 'write -P 8 5G 64k'
		start "$name"
		nbd_io 'write -P 7 1000k 3M' 'write -P 8 5G 64k' flush
		stop
		run vd check "$name"
		assert_output --partial ' 0 errors, '
		same_as_qemu "$name" want.raw
		qemu-io -r -c 'read -P 8 5G 64k' -c 'read -P 0 5242944k 64k' "$name" >io.log
		run -1 grep -a 'Pattern verification failed' io.log
		rm "$name" want.raw
	done
}
