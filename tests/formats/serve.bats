#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# serve: an image by the NBD protocol on a Unix socket, for qemu and nbdkit.
load vdattach

@test "serve: qemu reads, writes and flushes through NBD" {
	make_gpt_disk disk
	fill disk 1 30
	for image in disk disk.vhd; do
		[ $image = disk ] ||
			qemu-img convert -f raw -O vpc -o subformat=fixed,force_size=on disk \
				disk.vhd
		start_server --once $image
		qemu-img compare -f raw -F raw "$url" <(:) 2>/dev/null || true
		wait $pid
		start_server $image
		vd cat -o before $image
		qemu-img compare -f raw -F raw before "$url"
		qemu-io -f raw -c 'write -P 0x5a 5M 1M' -c 'write -f -P 0x77 67108352 512' \
			-c flush -c 'read -P 0x5a 5M 1M' "$url" >io.log
		run grep -c 'Pattern verification failed' io.log
		assert_output 0
		run qemu-io -f raw -c 'write 64M 512' "$url"
		assert_failure
		kill -TERM $pid
		wait $pid
		[ ! -e socket ]
		vd cat $image >after
		printf '\x5a%.0s' {1..16} | cmp -n 16 -i 0:5242880 - after
		printf '\x77%.0s' {1..16} | cmp -n 16 -i 0:67108848 - after
		run vd check $image
		assert_output --partial 'backup' # GPT's: we overwrote it on purpose
		refute_output --partial 'footer'
		make_gpt_disk disk
	done
}

@test "serve: a partition, read-only, several clients at once, nbdkit's and qemu's views agree" {
	make_mbr_disk disk
	fill disk 1 16 22
	start_server -r -p 5 disk
	vd cat -p 5 -o part disk
	run qemu-img info --output=json "$url"
	assert_equal "$(jq '."virtual-size"' <<<"$output")" 5242880
	for i in 1 2 3; do
		qemu-img compare -f raw -F raw part "$url" 3>&- &
		pids[i]=$!
	done
	wait "${pids[@]}"
	run qemu-io -f raw -c 'write 0 512' "$url"
	assert_failure
	kill -INT $pid
	wait $pid
	cmp part <(vd cat -p 5 disk)
}

@test "serve: a stale socket is replaced, a live one is not, a long path is refused" {
	truncate -s 1M disk
	truncate -s 1M other
	start_server disk
	run vd serve -s socket other
	assert_failure 1
	assert_output --partial 'in use'
	# nor is there a second server that writes
	run vd serve -s socket2 disk
	assert_failure 1
	assert_output --partial 'another program uses it'
	kill -KILL $pid
	wait $pid || true
	[ -S socket ]
	start_server disk
	kill -TERM $pid
	wait $pid
	run vd serve -s "$(printf 'x%.0s' {1..200})" disk
	assert_failure 1
	assert_output --partial 'longer than 107'
}

@test "serve: clients do not wait for one another, and one too many is told so" {
	truncate -s 16M disk
	start_server disk
	python3 - socket <<-'END'
		import socket, struct, sys

		def connect():
		    s = socket.socket(socket.AF_UNIX)
		    s.settimeout(20)
		    s.connect(sys.argv[1])
		    return s

		def read(s, n):
		    data = b''
		    while len(data) < n:
		        part = s.recv(n - len(data))
		        assert part, 'hung up'
		        data += part
		    return data

		def negotiated():
		    s = connect()
		    read(s, 18)
		    s.sendall(struct.pack('>I8sII', 3, b'IHAVEOPT', 1, 0))
		    read(s, 10)
		    return s

		def request(s, kind, offset, length, data=b'', flags=0):
		    s.sendall(struct.pack('>IHH8sQI', 0x25609513, flags, kind, b'cookie..', offset, length) + data)

		def error(s):
		    return struct.unpack('>II8s', read(s, 16))[1]

		stalled = [connect(), negotiated(), negotiated()]
		stalled[0].sendall(b'\0\0')  # half a greeting
		request(stalled[1], 1, 0, 65536, b'x' * 100)  # half a write
		stalled[2].settimeout(1)
		try:
		    for i in range(64):
		        request(stalled[2], 0, 0, 1 << 20)  # replies that are not read
		except OSError:
		    pass
		good = negotiated()
		request(good, 1, 1 << 20, 512, b'y' * 512)
		assert error(good) == 0
		request(good, 0, 1 << 20, 512)
		assert error(good) == 0 and read(good, 512) == b'y' * 512
		for kind, flags in (0, 1 << 9), (3, 1 << 9), (0, 2):
		    request(good, kind, 0, 512, flags=flags)
		    assert error(good) == 22
		request(good, 1, 2 << 20, 512, b'z' * 512, flags=1 << 9)
		assert error(good) == 22
		request(good, 0, 2 << 20, 512)
		assert error(good) == 0 and read(good, 512) == bytes(512)
		others = [negotiated() for i in range(16 - 4)]
		last = connect()
		read(last, 18)
		last.sendall(struct.pack('>I8sIIIH', 3, b'IHAVEOPT', 7, 6, 0, 0))
		assert struct.unpack('>QIII', read(last, 20))[2] == 0x80000002  # NBD_REP_ERR_POLICY
		others.pop().close()
	END
	kill -TERM $pid
	wait $pid
}
