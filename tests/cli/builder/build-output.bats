#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# build: compressors, the same bytes each time, and what failures leave behind.
# shellcheck disable=SC2154 # output, stderr, status: by bats
load build

# bats test_tags=unsanitized
@test "every compressor holds the same members, and check accepts it" {
	profile 'module ext4 virtio_blk' 'firmware none'
	printf 'CONFIG_RD_%s=y\n' LZ4 XZ GZIP ZSTD >config
	own_system
	cat config >>"$S/boot/config-$KVER"
	sed -i '/is not set/d' "$S/boot/config-$KVER"
	build -s 'compress none'
	"$M" unpack -C want out.img
	for compressor in zstd zstd:19 xz gzip lz4 lz4:9; do
		build -s "compress $compressor"
		"$M" check out.img
		rm -rf have && "$M" unpack -C have out.img
		diff -r --no-dereference -x console -x null -x sentinel want have
	done
}

# bats test_tags=unsanitized
@test "the same bytes in another directory, umask, locale, time zone and time, cold and warm cache, any number of threads" {
	mkdir -p elsewhere conf
	for name in b a Z ä _; do echo "$name" >"conf/$name"; done
	profile 'module ext4 =net' 'file /etc/conf conf' 'binary /bin/tool'
	build
	cp out.img first.img
	cp -a conf elsewhere && cp t.profile elsewhere && touch elsewhere/conf/*
	# the directory lists its files in another order
	(cd elsewhere/conf && for name in ä Z _ a b; do mv "$name" "../$name" &&
		mv "../$name" .; done)
	(cd elsewhere && umask 077 &&
		TZ=Asia/Tokyo LC_ALL=C MKVINITRD_CACHE=none "$M" build -q -j 1 -p ./t.profile \
			-r "$S" -o out.img)
	cmp elsewhere/out.img first.img
	LC_ALL=C.UTF-8 build -j 4
	cmp out.img first.img
	rm -rf cache && build -j 2
	cmp out.img first.img
	own_system
	sed -i '/RD_LZ4/d' "$S/boot/config-$KVER" && echo CONFIG_RD_LZ4=y >>"$S/boot/config-$KVER"
	for compressor in xz gzip lz4 none; do
		build -s "compress $compressor" && cp out.img first.img
		build -s "compress $compressor" -j 3
		cmp out.img first.img
	done
}

@test "a spoilt cache is not used" {
	profile 'module ext4'
	build
	cp out.img first.img
	for file in cache/builder/*.cache; do
		printf 'spoilt' | dd of="$file" bs=1 seek=200 conv=notrunc status=none
	done
	build
	cmp out.img first.img
	for file in cache/builder/*.cache; do truncate -s 30 "$file"; done
	build
	cmp out.img first.img
	rm -rf cache && touch cache
	build
	cmp out.img first.img
}

@test "SOURCE_DATE_EPOCH is the time of every member; nonsense in it is refused" {
	profile 'module ext4'
	SOURCE_DATE_EPOCH=86400 build
	[ "$("$M" ls -l out.img | grep -vc '1970-01-02 00:00')" = 0 ]
	SOURCE_DATE_EPOCH=tomorrow run build
	assert_failure 1
	assert_output --partial "SOURCE_DATE_EPOCH is 'tomorrow'"
}

@test "an ordinary user builds the same image, without root, chroot or device" {
	outside=$(mktemp -d /tmp/build.XXXXXX)
	cp -a "$S" "$outside/sysroot"
	cp "$M" "$outside/mkvinitrd"
	cp -a applets t.profile "$outside" 2>/dev/null || :
	profile 'module ext4' 'node /dev/sda b 8 0'
	cp t.profile "$outside"
	chmod -R a+rX "$outside" && chmod 777 "$outside"
	build
	(cd "$outside" && MKVINITRD_CACHE=none MKVINITRD_APPLETS=$outside/applets \
		MKVINITRD_DATA=$outside/sysroot/opt/data HOME=$outside \
		setpriv --reuid=65534 --regid=65534 --clear-groups ./mkvinitrd build \
		-q -p ./t.profile -r sysroot -o out.img)
	cmp out.img "$outside/out.img"
}

@test "an image with a private key is for its owner alone, also where another was for all" {
	profile 'root disk' 'ssh-keys one.pub' 'ssh-host-key host_key'
	cp "$BATS_TEST_DIRNAME/../../golden/cases/plan-ssh/"{one.pub,host_key} .
	umask 022
	touch out.img
	chmod 644 out.img
	build
	[ "$(stat -c %a out.img)" = 600 ]
	sed -i '/ssh-host-key/d' t.profile
	rm out.img
	build
	[ "$(stat -c %a out.img)" = 644 ]
}

@test "the default name of the output" {
	profile 'module ext4'
	"$M" build -q -p ./t.profile -r "$S"
	[ -s "initramfs-$KVER-t.img" ]
	[ "$(ls ./*.img | wc -l)" = 1 ]
}

@test "one summary line, more with -v, nothing with -q" {
	own_system
	compress_module drivers/net/ethernet/realtek/r8169
	profile 'module ext4 r8169'
	run "$M" build -p ./t.profile -r "$S" -o out.img
	assert_output --regexp '^mkvinitrd: out.img: [0-9.]+ MiB, [0-9]+ members, [0-9]+ MiB unpacked, [0-9.]+ s$'
	run "$M" build -v -p ./t.profile -r "$S" -o out.img
	assert_line --regexp 'segment base: [0-9]+ members, [0-9]+ bytes, zstd to [0-9]+ bytes, from the cache'
	assert_line --regexp 'segment stored: '
	run build
	assert_output ''
}

@test "whatever goes wrong, the old image stays and nothing is left beside it" {
	echo old >out.img
	same() {
		[ "$(cat out.img)" = old ] &&
			[ "$(ls -A . | grep -c -e '\.img' -e tmp -e new)" = 1 ]
	}
	profile 'module nosuch'
	run build
	assert_failure 3
	same
	profile 'file /x /no/such/file'
	run build
	assert_failure 3
	assert_output --partial "cannot find '/no/such/file'"
	same
	ln -s loop-b loop-a && ln -s loop-a loop-b
	profile 'file /x loop-a'
	run build
	assert_failure 3
	assert_output --partial 'Too many levels of symbolic links'
	same
	profile 'module ext4'
	run build -s 'compress lz4'
	assert_failure 1
	assert_output --partial 'RD_LZ4'
	same
	rm applets/coldplug
	run build
	assert_failure 1
	assert_output --regexp "program 'coldplug' is missing in .*: build it with 'make'"
	same
}

# small_disk: a file system of 600 KiB with an old image
small_disk() {
	mkdir small
	mount -t tmpfs -o size=600k tmpfs small
	mounted=$PWD/small
	echo old >small/out.img
}

@test "what cannot fit is refused before it is written" {
	small_disk
	head -c 2000000 /dev/urandom >noise.xz
	profile 'file /noise.xz noise.xz'
	for compress in zstd lz4 none; do
		run "$M" build -q -p ./t.profile -r "$S" -s "compress $compress" -o small/out.img
		assert_failure 1
		assert_line --regexp \
			"not enough room for 'small/out.img': [0-9]+ MiB are needed and 0 MiB are free"
	done
	[ "$(ls -A small)" = out.img ] && [ "$(cat small/out.img)" = old ]
}

@test "a disk that is full while the image is written" {
	small_disk
	head -c 2000000 /dev/urandom >noise
	profile 'file /noise noise'
	run "$M" build -q -p ./t.profile -r "$S" -o small/out.img
	assert_failure 1
	assert_line --partial "no space left for 'small/out.img'"
	[ "$(ls -A small)" = out.img ] && [ "$(cat small/out.img)" = old ]
}

@test "SIGINT in the middle of writing" {
	echo old >out.img
	truncate -s 3G zeros
	profile 'file /zeros zeros' 'compress xz:9'
	# a shell has its background commands ignore SIGINT
	env --default-signal=INT "$M" build -q -p ./t.profile -r "$S" -o out.img 2>message &
	pid=$!
	# the temporary file stands beside the output
	until [ "$(find . -maxdepth 1 -name '*out.img*' | wc -l)" = 2 ]; do kill -0 $pid; done
	kill -INT $pid || :
	wait $pid || status=$?
	[ "$status" = 130 ]
	grep -q 'interrupted' message
	[ "$(cat out.img)" = old ]
	[ "$(find . -maxdepth 1 -name '*out.img*')" = ./out.img ]
}

# bats test_tags=unsanitized
@test "one process, and no more memory than promised for the kernels in the cache" {
	limit=81920
	# sanitizers take eight times as much
	case $HOST in *-san*) limit=1000000 ;; esac
	for kernel in $(kernels); do
		profile 'module =block =usb =net =fs'
		run env time -f '%M' "$M" build -q -p ./t.profile -r "$kernel" -o out.img
		assert_success
		[ "$output" -lt $limit ] || fail "$kernel: $output"
		# 23 MB with our own programs; here are six busyboxes
		[ "$("$M" ls out.img | grep -c '\.ko')" -gt 500 ]
		ASAN_OPTIONS=detect_leaks=0 strace -f -c -o counts \
			-e trace=execve,fork,vfork,clone,clone3 "$M" build -q -j 1 -p ./t.profile \
			-r "$kernel" -o out.img
		awk '$NF ~ /fork/ || $NF == "execve" && $4 > 1 { exit 1 }' counts
	done
}
