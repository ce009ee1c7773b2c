#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What other programs' NBD servers say to vdattach. That a disk comes of it is shown by the boot
# cases root-nbd*.
load lib.bash

bats_require_minimum_version 1.5.0

teardown() {
	[ -z "${server:-}" ] || kill "$server" 2>/dev/null || :
}

# start NAME... : runs a server and waits for its socket $T/s
start() {
	"$@" 3>&- >"$T/server.log" 2>&1 &
	server=$!
	for _ in $(seq 300); do
		[ ! -S "$T/s" ] || return 0
		sleep 0.1
	done
	cat "$T/server.log"
	return 1
}

setup() {
	T=$BATS_TEST_TMPDIR
	truncate -s 10M "$T/disk"
}

@test "info: size, block sizes and flags of an export of qemu-nbd" {
	start qemu-nbd -t -e 9 -f raw -x 'my disk' -k "$T/s" "$T/disk"
	for vd in "$HOST/bin/vdattach" "$MUSL/bin/vdattach"; do
		run -0 "$vd" info "nbd+unix:///my%20disk?socket=$T/s"
		[ "${lines[2]}" = 'virtual size: 10485760 bytes' ]
		[ "${lines[5]}" = 'flags: flush fua trim write-zeroes multi-conn' ] ||
			[ "${lines[5]}" = 'flags: flush fua trim write-zeroes' ]
		run -0 "$vd" info --json "nbd+unix:///my%20disk?socket=$T/s"
		[ "$(jq -r '."virtual-size"' <<<"$output")" = 10485760 ]
		[ "$(jq -r '.flags[0]' <<<"$output")" = flush ]
	done
}

@test "info: a server that needs large blocks, and one that only reads" {
	start nbdkit -f -U "$T/s" --filter=blocksize-policy memory 8M blocksize-minimum=4096 \
		blocksize-preferred=4096 blocksize-maximum=65536 -r
	run -0 "$HOST/bin/vdattach" info "nbd+unix:///?socket=$T/s"
	[ "${lines[3]}" = 'sector size: 4096' ]
	[ "${lines[4]}" = 'largest request: 65536 bytes' ]
	[[ ${lines[5]} = 'flags: read-only '* ]]
}

@test "servers that are not fixed newstyle: without options by name, oldstyle refused" {
	start nbdkit -f -U "$T/s" --mask-handshake=0 memory 3M
	run -0 "$HOST/bin/vdattach" info "nbd+unix:///?socket=$T/s"
	[ "${lines[2]}" = 'virtual size: 3145728 bytes' ]
	kill "$server"
	wait "$server" || :
	rm -f "$T/s"
	start nbdkit -f -U "$T/s" --oldstyle memory 3M
	run -1 "$HOST/bin/vdattach" info "nbd+unix:///?socket=$T/s"
	[[ $output = *'oldstyle protocol'* ]]
}

@test "a missing export, a server that requires TLS, one that speaks no NBD: each is named" {
	start qemu-nbd -t -e 9 -f raw -x disk -k "$T/s" "$T/disk"
	run -1 "$HOST/bin/vdattach" "nbd+unix:///other?socket=$T/s"
	[[ $output = *"has no export 'other'"* ]]
	run -1 "$HOST/bin/vdattach" "nbd+unix:///disk?socket=$T/nothing"
	[[ $output = *"$T/nothing: cannot connect: No such file"* ]]
	run -1 "$HOST/bin/vdattach" nbds://10.0.0.1/x
	[[ $output = *'TLS is not known here'* ]]
	run -1 "$HOST/bin/vdattach" nbd://server.example/x
	[[ $output = *'server must be an IP address'* ]]
	for option in '-f qcow2' '-e loop' '-S x'; do
		# shellcheck disable=SC2086 # two words
		run -1 "$HOST/bin/vdattach" $option "nbd+unix:///disk?socket=$T/s"
		[[ $output = *'does not apply to an NBD disk'* ]]
	done
	run -2 "$HOST/bin/vdattach" --patience soon "nbd+unix:///disk?socket=$T/s"
}

@test "a server that wants TLS is recognised" {
	mkdir "$T/psk"
	echo "client:$(printf '%064d' 1)" >"$T/psk/keys.psk"
	start nbdkit -f -U "$T/s" --tls=require --tls-psk="$T/psk/keys.psk" memory 3M
	run -1 "$HOST/bin/vdattach" info "nbd+unix:///?socket=$T/s"
	[[ $output = *'wants TLS, which is not known here'* ]]
}

@test "vdattach's own server is understood by its client" {
	start "$HOST/bin/vdattach" serve -s "$T/s" "$T/disk"
	run -0 "$MUSL/bin/vdattach" info "nbd+unix:///?socket=$T/s"
	[ "${lines[2]}" = 'virtual size: 10485760 bytes' ]
}
