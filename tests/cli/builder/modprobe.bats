#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# modprobe: the system's own settings for drivers count in the image, and the command line wins over
# them.
# shellcheck disable=SC2154 # output, stderr, status: by bats
bats_require_minimum_version 1.5.0
load builder

CONF=lib/modprobe.d/system.conf

setup() {
	builder_setup
	own_system
	real_programs
	mkdir -p "$S/etc/modprobe.d" "$S/usr/lib/modprobe.d"
}

@test "options, blacklists and soft dependencies of the modules inside; the command line wins" {
	cat >"$S/etc/modprobe.d/local.conf" <<-'END'
		# what an administrator writes
		options virtio-blk queue_depth=4 \
			num_request_queues=2
		blacklist r8169
		options absent x=1
		softdep virtio_blk pre: loop post: fs-erofs
		remove loop /bin/true
	END
	printf 'options virtio_blk poll_queues=1\noptions loop max_loop=9\n' \
		>"$S/usr/lib/modprobe.d/a.conf"
	echo 'options loop max_loop=1' >"$S/usr/lib/modprobe.d/masked.conf"
	ln -s /dev/null "$S/etc/modprobe.d/masked.conf"
	echo 'options loop max_part=7' >"$S/usr/lib/modprobe.d/local.conf"
	profile 'module virtio_blk r8169' 'modprobe system'
	build
	run -0 member "$CONF"
	assert_output - <<-'END'
		# /usr/lib/modprobe.d/a.conf
		options virtio_blk poll_queues=1
		options loop max_loop=9
		# /etc/modprobe.d/local.conf
		options virtio-blk queue_depth=4   num_request_queues=2
		blacklist r8169
		softdep virtio_blk pre: loop post: fs-erofs
	END
	"$M" unpack -C tree out.img
	mkdir -p tree/proc
	: >tree/proc/cmdline
	show() { "$HOST/bin/coldplug" -n -S "$PWD/tree" -k "$KVER" "$@" |
		sed 's|insmod .*/\([^/]*\.ko[.a-z]*\)|\1|'; }
	run -0 show virtio_blk
	assert_output --partial 'virtio_blk.ko poll_queues=1 queue_depth=4'
	assert_line 'loop.ko max_loop=9'
	assert_line --partial 'erofs.ko'
	echo 'virtio_blk.queue_depth=64 modprobe.blacklist=virtio_blk' >tree/proc/cmdline
	run -0 show virtio_blk
	assert_line --regexp 'virtio_blk.ko .*queue_depth=4.* queue_depth=64$'
	run show virtio:d00000002v00001AF4
	refute_output --partial virtio_blk.ko
	run show pci:v000010ECd00008168sv00sd00bc02sc00i00
	refute_output --partial r8169.ko
}

@test "a module that the system forbids stays out, and one line says so; other commands are reported" {
	printf '%s\n' 'install overlay /bin/false' 'install erofs /usr/bin/true' \
		'install absent /bin/true' >"$S/etc/modprobe.d/cis.conf"
	printf '%s\n' 'install loop /sbin/modprobe --ignore-install loop; logger loaded' \
		'install r8169 /usr/local/sbin/card' >"$S/etc/modprobe.d/run.conf"
	profile 'module =fs loop' 'modprobe system'
	run --separate-stderr "$M" plan -p ./t.profile -r "$S"
	assert_success
	refute_line --partial /overlay.ko
	refute_line --partial /erofs.ko
	assert_line --partial /ext4.ko
	[[ $stderr == *"/etc/modprobe.d/cis.conf:1"*"left out: overlay, erofs; 'modprobe none' takes them"* ]]
	[[ $stderr == *"/etc/modprobe.d/run.conf:1: the command of 'install loop' is not run at boot"* ]]
	[[ $stderr != *r8169* ]]
	run -0 --separate-stderr "$M" plan -p ./t.profile -r "$S" -s 'modprobe none'
	assert_line --partial /overlay.ko
	[ -z "$stderr" ]
}

@test "on by default for this machine, off for another system unless asked" {
	echo 'options loop max_loop=9' >"$S/etc/modprobe.d/a.conf"
	profile 'module loop'
	build
	run -0 "$M" ls out.img
	refute_line "$CONF"
	mkdir -p over/modules over2
	cp -a "$S/usr/lib/modules/$KVER" over/modules
	for wish in auto none; do
		# shellcheck disable=SC2016 # by the inner shell
		unshare -m sh -c '
			mount -t tmpfs tmpfs over2 && mkdir over2/lib && cp -a over/modules over2/lib &&
			mount -t overlay -o lowerdir=over2/lib:/usr/lib overlay /usr/lib && mount --bind "$1" /etc/modprobe.d &&
			exec "$2" build -q -p ./t.profile -k "$3" -o "here-$4.img" -s "modprobe $4"' sh "$S/etc/modprobe.d" "$M" "$KVER" "$wish"
	done
	[ "$("$M" cat here-auto.img "$CONF" | tail -n 1)" = 'options loop max_loop=9' ]
	run -0 "$M" ls here-none.img
	refute_line "$CONF"
}

@test "a value that is none is refused at its place" {
	profile 'modprobe yes'
	run "$M" plan -p ./t.profile -r "$S"
	assert_failure 3
	assert_line --partial "t.profile:1:10: error: 'yes' is none of 'auto', 'system', 'none'"
}
