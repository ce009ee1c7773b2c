#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# coldplug against modprobe(8), on a small module tree of our own and on the kernels in the cache.
# shellcheck disable=SC2154 # output, stderr: by bats
load ../../lib/env

bats_require_minimum_version 1.5.0
load /usr/lib/bats/bats-support/load
load /usr/lib/bats/bats-assert/load

# module NAME EXPORTS IMPORTS [MODINFO...]: an object in which depmod finds what it finds in real
# modules
module() {
	local name=$1 exports=$2 imports=$3 word
	shift 3
	{
		echo "#define INFO(n, s) static const char n[] __attribute__((section(\".modinfo\"), used)) = s"
		echo "INFO(name_, \"name=${name//-/_}\");"
		for word in "$@"; do echo "INFO(i$((++count)), \"$word\");"; done
		for word in $exports; do
			echo "static const char s_$word[] __attribute__((section(\"__ksymtab_strings\"), used)) = \"$word\";"
			echo "void $word(void); void $word(void) {}"
		done
		for word in $imports; do
			echo \
				"void $word(void); void use_$word(void); void use_$word(void) { $word(); }"
		done
	} | gcc -c -x c -o "$tree/kernel/$name.ko" -
}

small_tree() {
	tree=$root/lib/modules/1.0
	mkdir -p "$tree/kernel"
	count=0
	module base-lib base_fn '' 'softdep=post: late-one'
	module helper helper_fn base_fn
	module disk '' 'helper_fn base_fn' 'alias=pci:v00001AF4d00001001sv*sd*bc*sc*i*' \
		'softdep=pre: crc-fast post: after' 'softdep=pre: crc-slow'
	module disk-ng '' 'helper_fn' 'alias=pci:v00001AF4d*sv*sd*bc01sc*i*'
	module crc-fast '' '' 'alias=crypto-crc' 'alias=crc-any'
	module crc-slow '' '' 'alias=crypto-crc'
	module after '' 'base_fn' 'softdep=pre: disk'
	module late-one '' ''
	module acpi-thing '' '' 'alias=acpi*:PNP0C0A:*'
	module of-thing '' '' 'alias=of:N*T*Cacme,one-chip' 'alias=of:N*T*Cacme,one-chipC*'
	module usb-thing '' '' 'alias=usb:v0951p16[0-6]6d*dc*dsc*dp*ic08isc06ip50in*' \
		'alias=usb:*ic09*'
	module bus '' '' 'alias=virtio:*'
	module odd.part '' 'helper_fn' 'alias=odd-thing'
	printf 'kernel/fs/rock.ko\nkernel/fs/hard-rock.ko\n' >"$tree/modules.builtin"
	: >"$tree/modules.order"
	depmod -b "$root" 1.0 2>/dev/null
}

setup() {
	coldplug=$HOST/bin/coldplug
	cd "$BATS_TEST_TMPDIR" || return
	ln -s "$coldplug" modprobe
	root=$PWD/root
	mkdir -p "$root/sys/devices" "$root/sys/module" "$root/proc" "$root/etc/modprobe.d" empty
	small_tree
	daemon=''
}

teardown() { [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || :; }

# same ROOT KVER: for each name on stdin the lines of both programs are the same, in the same order
same() {
	local name names=0
	while read -r name; do
		names=$((names + 1))
		modprobe -C empty -S "$2" -d "$1" --show-depends "$name" 2>/dev/null |
			awk '!seen[$0]++' | sed 's/ *$//' >want || :
		"$coldplug" -n -q -S "$1" -k "$2" -C empty "$name" | sed 's/ *$//' >got || :
		diff -u want got || {
			echo "differs for '$name'"
			return 1
		}
	done
	[ "$names" -gt 0 ]
}

@test "order of dependencies and softdeps is modprobe's, for names and aliases" {
	same "$root" 1.0 <<-'END'
		disk
		disk-ng
		disk_ng
		helper
		base_lib
		base-lib
		after
		crypto-crc
		crc_any
		rock
		hard_rock
		unknown
		pci:v00001AF4d00001001sv00001AF4sd00000002bc01sc00i00
		pci:v00001AF4d00001001sv00001AF4sd00000002bc02sc00i00
		pci:v00001AF5d00001001sv00001AF4sd00000002bc02sc00i00
		acpi:PNP0C0A:
		acpi:LNXSYSTM:PNP0C0A:
		of:NchipT(null)Cacme,one-chip
		of:NchipT(null)Cacme,one-chipCacme,two
		usb:v0951p1666d0001dc00dsc00dp00ic08isc06ip50in00
		usb:v0951p1676d0001dc00dsc00dp00ic08isc06ip50in00
		usb:v1D6Bp0002d0601dc09dsc00dp01ic09isc00ip00in00
		virtio:d00000002v00001AF4
		odd
		odd-thing
	END
}

@test "what modules.first names is loaded before the drivers of any device; names that no module has do not matter" {
	echo 'usb:v0951p1666d0001dc00dsc00dp00ic08isc06ip50in00' >"$root/sys/devices/modalias"
	printf 'crypto-none\ncrypto-crc\n' >"$tree/modules.first"
	run "$coldplug" -n -S "$root" -k 1.0 -C empty
	assert_success
	[ "$(sed 's,.*/,,; s/ *$//' <<<"$output" | paste -sd ' ')" = \
		'crc-slow.ko crc-fast.ko usb-thing.ko' ] ||
		[ "$(sed 's,.*/,,; s/ *$//' <<<"$output" | paste -sd ' ')" = \
			'crc-fast.ko crc-slow.ko usb-thing.ko' ]
}

@test "the same on real kernels" {
	local kernel kver
	for kernel in "${MKVINITRD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mkvinitrd}"/kernels/[0-9]*; do
		# no kernel was downloaded yet: the small tree above has to do
		[ -d "$kernel/lib/modules" ] || continue
		# has some of these built in: modprobe names those by an index that no image has
		[[ $kernel != *-arm64 && $kernel != *-cloud-* ]] || continue
		kver=$(ls "$kernel/lib/modules")
		same "$kernel" "$kver" <<-'END'
			ext4
			f2fs
			xfs
			btrfs
			overlay
			usb-storage
			uas
			nvme
			ahci
			sd_mod
			virtio_net
			virtio-blk
			9pnet_virtio
			raid456
			i915
			iwlwifi
			snd-hda-intel
			btusb
			fs-vfat
			fs-iso9660
			crypto-crc32c
			char-major-10-234
			mmc:block
			scsi:t-0x00
			pci:v00008086d00001533sv00008086sd00000001bc02sc00i00
			pci:v00001B36d00000010sv00001AF4sd00001100bc01sc08i02
			usb:v0951p1666d0001dc00dsc00dp00ic08isc06ip50in00
			virtio:d00000002v00001AF4
			acpi:PNP0C0A:
			hid:b0003g0001v0000046Dp0000C52B
			nonexisting
		END
	done
}

device() {
	mkdir -p "$root/sys/devices/$1"
	[ -z "${2:-}" ] || echo "$2" >"$root/sys/devices/$1/modalias"
	printf 'SUBSYSTEM=x\n%s\n' "${3:-}" >"$root/sys/devices/$1/uevent"
}

@test "the hardware that is there gets its modules, each once, without those that are loaded" {
	device pci0/0000:00:01.0 pci:v00001AF4d00001001sv00001AF4sd00000002bc01sc00i00
	device pci0/0000:00:02.0 pci:v00001AF4d00001001sv00001AF4sd00000002bc01sc00i00
	device pci0/0000:00:02.0/mmc0/mmc0:0001 '' 'MODALIAS=virtio:d00000002v00001AF4'
	device platform/dull acpi:NOTHING:
	ln -s ../../pci0 "$root/sys/devices/platform/dull/link"
	mkdir -p "$root/sys/module/base_lib"
	echo live >"$root/sys/module/base_lib/initstate"
	run --separate-stderr "$coldplug" -n -S "$root"
	assert_success
	assert_equal "$(sed 's|.*/||; s/ *$//' <<<"$output" | sort | tr '\n' ' ')" \
		"after.ko bus.ko crc-fast.ko disk-ng.ko disk.ko helper.ko late-one.ko "
	assert_equal "$stderr" ''
}

@test "what leads to no disk and no network comes last; a module from elsewhere may be anything" {
	mkdir -p "$tree/kernel/drivers/input" "$tree/updates"
	module pad '' '' 'alias=acpi*:PAD:*'
	module pad-of-a-vendor '' '' 'alias=acpi*:PAD2:*'
	mv "$tree/kernel/pad.ko" "$tree/kernel/drivers/input/"
	mv "$tree/kernel/pad-of-a-vendor.ko" "$tree/updates/"
	depmod -b "$root" 1.0
	device a/first acpi:PAD:
	device b/second acpi:PAD2:
	device c/third virtio:d00000002v00001AF4
	run --separate-stderr "$coldplug" -n -S "$root"
	assert_success
	assert_equal "$(sed 's|.*/||; s/ *$//' <<<"$output" | sort | tr '\n' ' ')" \
		'bus.ko pad-of-a-vendor.ko pad.ko '
	assert_equal "$(tail -n 1 <<<"$output" | sed 's/ *$//')" \
		"insmod $root/lib/modules/1.0/kernel/drivers/input/pad.ko"
}

@test "blacklist keeps aliases away, not names" {
	echo 'blacklist disk' >"$root/etc/modprobe.d/a.conf"
	echo 'quiet modprobe.blacklist=crc-fast,nothing blacklist=usb_thing' >"$root/proc/cmdline"
	run --separate-stderr "$coldplug" -n -S "$root" \
		pci:v00001AF4d00001001sv00001AF4sd00000002bc01sc00i00
	assert_success
	refute_output --partial /disk.ko
	assert_output --partial /disk-ng.ko
	run --separate-stderr "$coldplug" -n -S "$root" crypto-crc
	assert_equal "$(sed 's/ *$//' <<<"$output")" \
		"insmod $root/lib/modules/1.0/kernel/crc-slow.ko"
	run --separate-stderr "$coldplug" -n -S "$root" \
		usb:v1D6Bp0002d0601dc09dsc00dp01ic09isc00ip00in00
	assert_success
	refute_output
	run --separate-stderr "$coldplug" -n -S "$root" usb-thing
	assert_output --partial usb-thing.ko
	echo 'rd.driver.blacklist=nothing,usb_thing' >"$root/proc/cmdline"
	run --separate-stderr "$coldplug" -n -S "$root" \
		usb:v1D6Bp0002d0601dc09dsc00dp01ic09isc00ip00in00
	assert_success
	refute_output
}

@test "a damaged line of modules.dep is named, and the others count" {
	sed -i '2i README' "$tree/modules.dep"
	run --separate-stderr "$coldplug" -n -S "$root" disk-ng
	assert_success
	assert_line --partial disk-ng.ko
	assert_equal "$stderr" "coldplug: warning: $tree/modules.dep:2: expected 'PATH.ko: PATH...'; the line is ignored"
}

@test "options come from modprobe.d and from the kernel's command line" {
	printf 'options helper a=1 \\\n  b="x y"\noptions base-lib z\ninstall disk /bin/true\nweakdep disk after\n' >"$root/etc/modprobe.d/a.conf"
	echo 'alias my-disk helper' >"$root/etc/modprobe.d/b.conf"
	echo 'console=ttyS0 helper.c=3 base-lib.debug "base_lib.q=a b" root=/dev/x.y -- helper.no=1' >"$root/proc/cmdline"
	run --separate-stderr "$coldplug" -n -S "$root" my-disk
	output=$(tr -s ' ' <<<"$output")
	assert_equal "${output##*$'\n'}" \
		"insmod $root/lib/modules/1.0/kernel/helper.ko a=1 b=\"x y\" c=3"
	assert_line --partial 'base-lib.ko z debug'
	assert_equal "$stderr" "coldplug: warning: a.conf:3: 'install' is not supported here, so the line does nothing"
}

@test "called as modprobe it accepts modprobe's options" {
	run --separate-stderr ./modprobe -n -d "$root" -S 1.0 helper x=1 y=2
	assert_line "insmod $root/lib/modules/1.0/kernel/helper.ko x=1 y=2"
	run --separate-stderr ./modprobe -n -a -d "$root" -S 1.0 helper bus
	assert_line --partial bus.ko
	run --separate-stderr ./modprobe -q -d "$root" -S 1.0 -- fs-unknown
	assert_equal "$status" 1
	assert_equal "$stderr" ''
	run --separate-stderr ./modprobe -d "$root" -S 1.0 fs-unknown
	assert_equal "$status" 1
	assert_equal "$stderr" "modprobe: no module or alias 'fs-unknown' in '$root/lib/modules/1.0'"
	run ./modprobe -bq -d "$root" -S 1.0 rock
	assert_success
	run ./modprobe -r helper
	assert_equal "$status" 2
}

@test "the kernel, which asks before init has mounted /proc, gets nothing; a person does" {
	cp "$MUSL/bin/coldplug" "$root/modprobe"
	run chroot "$root" /modprobe -n helper
	assert_success
	assert_output --partial helper.ko
	run chroot "$root" /modprobe -n -q -- helper
	assert_failure 1
	refute_output
	mkdir "$root/proc/self"
	run chroot "$root" /modprobe -n -q -- helper
	assert_output --partial helper.ko
}

@test "an image without modules is fine" {
	mkdir -p bare/sys/devices bare/proc
	run "$coldplug" -S "$PWD/bare"
	assert_success
	refute_output
}

@test "a module that cannot be loaded is one clear message, and exit 1" {
	echo nonsense >"$root/lib/modules/1.0/kernel/helper.ko"
	echo nonsense >"$root/lib/modules/1.0/kernel/base-lib.ko"
	run --separate-stderr "$coldplug" -S "$root" helper
	assert_equal "$status" 1
	assert_equal "${#stderr_lines[@]}" 1
	[[ $stderr == "coldplug: cannot load '$root/lib/modules/1.0/kernel/base-lib.ko': "* ]]
}

@test "-d: the caller continues after the first pass, events are served, SIGTERM ends it" {
	local uevent alias line
	# a real device of this machine, for which the kernel sends an event when asked
	while read -r uevent; do
		alias=$(sed -n 's/^MODALIAS=//p' "$uevent" 2>/dev/null)
		[ -z "$alias" ] || break
	done < <(find /sys/devices -name uevent)
	[ -n "$alias" ]
	printf 'alias %s bus\n' "$alias" >>"$root/lib/modules/1.0/modules.alias"
	echo nonsense >"$root/lib/modules/1.0/kernel/bus.ko"
	mkfifo errors
	exec 7<>errors
	"$coldplug" -d -S "$root" --pidfile pid 2>errors 3>&- 7>&-
	daemon=$(<pid)
	kill -0 "$daemon"
	echo add >"$uevent"
	# the fake module is refused: that proves that the event arrived and was acted upon
	read -r -t 60 line <&7
	[[ $line == *"cannot load '$root/lib/modules/1.0/kernel/bus.ko'"* ]]
	kill "$daemon"
	timeout 60 tail --pid="$daemon" -f /dev/null
	daemon=''
}

# in a network of its own: "ip" changes a link, and one line tells; the time limit is long
@test "--events: a line at once and for each change of links, and no process is left when nobody reads" {
	mkfifo lines
	cat >in-network <<-'SCRIPT'
		"$1" --events 600 --pidfile pid >lines &
		exec 5<lines
		read -r -t 60 _ <&5 || exit 2
		kill -0 "$(cat pid)" || exit 3
		ip link add name vi0 type dummy || ip link set lo up
		read -r -t 60 _ <&5 || exit 4
		while read -r -t 1 _ <&5; do :; done # several events of one change
		ip link set lo down && ip link set lo up && ip link set lo mtu 1280
		read -r -t 60 _ <&5 || exit 5
		exec 5<&-
		timeout 60 tail --pid="$(cat pid)" -f /dev/null
	SCRIPT
	run timeout 200 unshare -n bash in-network "$coldplug" 3>&-
	assert_success
	run timeout 60 "$coldplug" --events 0
	assert_success
	run "$coldplug" --events soon
	assert_equal "$status" 2
	run "$coldplug" --events 1 -d
	assert_equal "$status" 2
}

@test "help, version, usage" {
	for program in "$coldplug" ./modprobe; do
		run "$program" --help
		assert_success
		[ "${#lines[@]}" -le 20 ]
		run "$program" -V
		assert_output "${program##*/} $(<"$BATS_TEST_DIRNAME/../../../VERSION")"
		run "$program" --nonsense
		assert_equal "$status" 2
		assert_output --partial "Try '${program##*/} --help'."
	done
	run "$coldplug" -d -n
	assert_equal "$status" 2
	run ./modprobe
	assert_equal "$status" 2
}
