#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vdattach-http: images on a web server that misbehaves. What the kernel reads of one from nginx is
# the boot case lazy's.
bats_require_minimum_version 1.5.0
load ../../lib/env

bats_load_library bats-support
bats_load_library bats-assert

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	V=$HOST/bin/vdattach-http
	head -c 6000128 /dev/urandom >image
	python3 "$BATS_TEST_DIRNAME/http-faults.py" . port >requests 3>&- &
	server=$!
	until [ -s port ]; do sleep 0.05; done
	U=http://127.0.0.1:$(cat port)
}

teardown() {
	kill "$server" ${tls_server:+"$tls_server"}
}

# same KIND [OPTION...]: the image is read as it is
same() {
	kind=$1
	shift
	"$V" cat "$@" "$U/$kind/image" | cmp - image
}

@test "what is read is the file, in few requests that grow, each bound to the file that was first seen" {
	same good
	[ "$(wc -l <requests)" -lt 20 ]
	run grep -c '"one"' requests
	assert_output "$(($(wc -l <requests) - 1))"
}

@test "resets, answers that end early and servers that are busy cost time and no error" {
	for kind in reset cut busy; do same $kind; done
}

@test "answers that make no sense are not taken for the file, and not for another one" {
	for kind in nopart other gzip whole none; do
		same $kind
		[ "$(grep -c "^$kind " requests)" -gt 20 ]
	done
	run -1 "$V" cat --patience=1 "$U/loop/image"
	assert_output --partial 'Maximum (5) redirects followed'
}

@test "a file that is replaced is refused, not mixed; so is one that is gone, after the time that was given" {
	run -1 "$V" cat "$U/swap/image"
	assert_output --partial 'the file was replaced'
	run -1 "$V" cat --patience=1 "$U/gone/image"
	assert_output --partial 'it answered with status 404'
	run -1 "$V" cat "$U/plain/image"
	assert_output --partial 'it does not answer requests for ranges'
	run -1 "$V" cat "$U/good/absent" 3>&-
}

@test "who asked for https is not sent to http" {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out ca.pem -days 3650 -subj /CN=lab \
		-addext subjectAltName=IP:127.0.0.1 2>/dev/null
	cat key ca.pem >both
	python3 "$BATS_TEST_DIRNAME/http-faults.py" . tls-port both >tls-requests 3>&- &
	tls_server=$!
	until [ -s tls-port ]; do sleep 0.05; done
	T=https://127.0.0.1:$(cat tls-port)
	"$V" cat --http-dir=. "$T/good/image" | cmp - image
	run -1 "$V" cat --http-dir=. --patience=1 "$T/away/${U##*:}/image"
	assert_output --partial 'Protocol "http" not supported or disabled'
	refute [ -s requests ]
	"$V" cat "$U/away/${U##*:}/image" | cmp - image
}

@test "another server with the same file takes over" {
	touch -d @1000000000 image
	"$V" cat "http://127.0.0.1:1/x|$U/good/image" | cmp - image
}

@test "a cache keeps what was read; of another file it is emptied; a grain that is damaged is read again" {
	same good --cache=cache
	: >requests
	same good --cache=cache
	[ "$(wc -l <requests)" = 1 ]
	printf x | dd of=cache bs=1 seek=5000000 conv=notrunc status=none
	same good --cache=cache
	[ "$(wc -l <requests)" -le 3 ]
	head -c 5000192 /dev/urandom >image
	same good --cache=cache
}

@test "disk images of other formats are read as from a file, and partitions in them" {
	truncate -s 40M raw
	printf 'start=2048, size=8192\nstart=20480\n' | sfdisk -q raw
	dd if=image of=raw bs=512 seek=20480 conv=notrunc status=none
	for format in qcow2 vdi vmdk vpc; do
		qemu-img convert -O $format raw disk.$format
		run -0 "$V" info "$U/good/disk.$format"
		assert_output --partial 'partition table: mbr'
		"$V" cat -p 2 "$U/good/disk.$format" | head -c 6000128 | cmp - image
	done
}

@test "a proxy is asked for the image, and the server's name is for it alone to know" {
	"$V" cat --proxy="$U" http://nowhere.invalid/good/image | cmp - image
	run -0 env http_proxy="$U" "$V" info http://nowhere.invalid/good/image
	run -1 "$V" info --patience=1 http://nowhere.invalid/good/image
	# another one in each run: other checks on this machine do the same
	secret=hush$BASHPID
	device=$("$V" attach -e fuse -r --http-dir=. --proxy="http://user:$secret@localhost:${U##*:}" \
		http://nowhere.invalid/good/image 3>&-)
	run grep -rlsz "$secret" /proc/[0-9]*/cmdline
	cmp -n 6000128 "$device" image || different=yes
	"$V" detach "$device"
	refute [ "${different:-}" ]
	refute_output
}

@test "vdattach without HTTP says which program has it, and a password is not shown" {
	run -1 "$HOST/bin/vdattach" info "$U/good/image"
	assert_output --partial 'use vdattach-http'
	run -1 "$V" info "http://user:secret@127.0.0.1:1/x"
	refute_output --partial secret
	"$V" serve -s "$PWD/socket" "http://user:secret@${U#*//}/good/image" >served 3>&- &
	pid=$!
	until grep -q nbd served || ! kill -0 $pid; do sleep 0.05; done
	run -0 cat /proc/$pid/cmdline
	kill $pid
	wait $pid
	assert_output --partial user:
	refute_output --partial secret
}
