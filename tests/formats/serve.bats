#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# serve: an image by the NBD protocol on a Unix socket, for qemu and nbdkit.
load vdattach

@test "serve: qemu reads, writes and flushes through NBD" {
	make_gpt_disk disk
	fill disk 1 30
	for image in disk disk.vhd; do
		[ $image = disk ] || qemu-img convert -f raw -O vpc -o subformat=fixed,force_size=on disk disk.vhd
		start_server --once $image
		qemu-img compare -f raw -F raw "$url" <(:) 2>/dev/null || true
		wait $pid
		start_server $image
		vd cat -o before $image
		qemu-img compare -f raw -F raw before "$url"
		qemu-io -f raw -c 'write -P 0x5a 5M 1M' -c 'write -f -P 0x77 67108352 512' -c flush -c 'read -P 0x5a 5M 1M' "$url" >io.log
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
