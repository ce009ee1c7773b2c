#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vi.report=: a server is told how far a boot is.
load ../lib.bash

# start PARAMETERS: a boot of a machine with one link
start() {
	nic eth0 52:54:00:00:00:01 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24 router=10.0.2.2
	cmdline "ip=dhcp vi.mode=tmpfs vi.image=http://10.0.2.2/root-1.tar panic=-1 $1"
	boot
}

# reported REQUEST...: in this order, and none else
reported() {
	local request
	for request in "$@"; do echo "timeout 3 wget -q -T 2 -O /dev/null $request"; done \
		>"$BATS_TEST_TMPDIR/expected"
	grep '^timeout 3 wget' "$CALLS" | diff "$BATS_TEST_TMPDIR/expected" -
}

each_step() {
	start vi.report=http://10.0.2.2/report
	local query='mac=52:54:00:00:00:01&text='
	reported "http://10.0.2.2/report?state=booting&$query" \
		"http://10.0.2.2/report?state=fetching&${query}root-1.tar" \
		"http://10.0.2.2/report?state=up&$query"
}
@test "a server is told that a boot has the network, fetches its root, and is up" { both \
	each_step; }

failure() {
	fake unpackroot <<<'exit 1'
	start 'vi.report=http://10.0.2.2/report?room=3'
	grep -q '^timeout 3 wget .*http://10.0.2.2/report?room=3&state=failed&mac=52:54:00:00:00:01&text=assemble:+[A-Za-z0-9.:/,='"'"'()_+-]*$' "$CALLS" && not_called 'state=up'
}
@test "a server is told why a boot failed, in characters that need no quoting" { both failure; }

deaf() {
	fake timeout <<<'exit 1'
	start vi.report=http://10.0.2.2/report
	calls 'switch_root /newroot /sbin/init'
}
@test "a server that does not answer holds up nothing" { both deaf; }

quiet() {
	start ''
	not_called '/report' && calls 'switch_root /newroot /sbin/init'
}
@test "without the parameter nobody is told" { both quiet; }
