#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# mkvinitrd hardware, and what the directive of that name leaves out of an image.
bats_require_minimum_version 1.5.0
load ../../lib/env

bats_load_library bats-support
bats_load_library bats-assert

igb=pci:v00008086d00001533sv00008086sd00001533bc02sc00i00
r8169=pci:v000010ECd00008168sv00001043sd00008554bc02sc00i00
tg3=pci:v000014E4d00001657sv0000103Csd000022BEbc02sc00i00
xhci=pci:v00008086d0000A12Fsv00001043sd00008694bc0Csc03i30

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	kernel=$("$BATS_TEST_DIRNAME/../../../scripts/kernels" 6.12)
	printf '# machines of room 1\n%s\r\n\n%s\n' $igb $xhci >a.hw
	printf '%s\n' $r8169 dmi:bvnLENOVO:pnThink\ Centre: >b.hw
}

build() {
	run "$HOST/mkvinitrd" build -r "$kernel" -o x.img "$@"
}

# build_large: as build, but not as small as the profile asks, which takes seconds
build_large() {
	build -s 'compress zstd' "$@"
}

teardown() {
	! mountpoint -q root/lib/modules || umount root/lib/modules
}

# modules: those in the image, by name
modules() {
	"$HOST/mkvinitrd" ls x.img | sed -n 's,.*/\([^/]*\)\.ko.*,\1,p' >list
}

# has, lacks MODULE...
has() {
	modules
	for module in "$@"; do grep -qx "$module" list || fail "no $module in the image"; done
}

lacks() {
	modules
	for module in "$@"; do ! grep -qx "$module" list || fail "$module is in the image"; done
}

@test "of the groups of a profile only what these machines have is packed, and the image is at most 4 MB" {
	build -p netboot -s 'hardware a.hw b.hw'
	assert_success
	has igb r8169 xhci-pci overlay squashfs nbd nfs bonding 8021q
	lacks tg3 iavf e1000e virtio_net xen-netfront ohci-pci usb-storage cifs
	# the chip of r8169, which only a soft dependency names
	has realtek
	[ "$(stat -c %s x.img)" -le 4000000 ]
	"$HOST/mkvinitrd" check x.img -r "$kernel"
	# what is not in the list of the room is there without one
	build_large -p netboot
	has tg3
}

@test "why names the device, and the line of the profile" {
	build_large -p netboot -s 'hardware a.hw'
	run "$HOST/mkvinitrd" why x.img igb
	assert_success
	assert_output --partial "netboot.profile:"
	assert_output --partial "'module =net', for hardware $igb"
}

@test "firmware is that of the drivers that are packed" {
	mkdir -p root/lib/firmware/tigon root/lib/firmware/rtl_nic
	mkdir root/lib/modules
	mount --bind "$kernel/lib/modules" root/lib/modules
	echo x >root/lib/firmware/tigon/tg3.bin
	echo y >root/lib/firmware/rtl_nic/rtl8168g-2.fw
	kernel=$PWD/root
	build_large -p netboot -s 'hardware b.hw'
	assert_success
	run "$HOST/mkvinitrd" ls x.img
	assert_output --partial rtl8168g-2.fw
	refute_output --partial tg3.bin
}

@test "without a group the directive packs the drivers that a boot needs; what is named stays" {
	build -p tmpfs -s 'hardware a.hw'
	assert_success
	printf 'root tmpfs\nmodule ext4 e1000e\nhardware %s/*.hw\n' "$PWD" >own.profile
	build -p ./own.profile
	assert_success
	has igb r8169 xhci-pci ext4 e1000e
	lacks tg3
}

@test "the list of a machine has its devices once each, chips of network cards too, and is what the directive reads" {
	mkdir -p machine/sys/devices/pci0/0000:00:1f.6/mdio_bus/r8169/r8169:00 \
		machine/sys/devices/pci0/0000:00:14.0
	echo $r8169 >machine/sys/devices/pci0/0000:00:1f.6/modalias
	echo 0x001cc916 >machine/sys/devices/pci0/0000:00:1f.6/mdio_bus/r8169/r8169:00/phy_id
	echo $xhci >machine/sys/devices/pci0/0000:00:14.0/modalias
	cp -r machine/sys/devices/pci0/0000:00:14.0 machine/sys/devices/pci0/0000:00:14.1
	run "$HOST/mkvinitrd" hardware -r machine
	assert_success
	assert_equal "$(grep -v '^#' <<<"$output")" "mdio:00000000000111001100100100010110
$r8169
$xhci"
	echo "$output" >lab.hw
	build_large -p netboot -s 'hardware lab.hw'
	assert_success
	has realtek
	run "$HOST/mkvinitrd" hardware -r /nowhere
	assert_failure 1
}

@test "devices that come and go while they are listed are no failure" {
	mkdir -p machine/sys/devices/pci0/0000:00:14.0
	echo $xhci >machine/sys/devices/pci0/0000:00:14.0/modalias
	while [ ! -e stop ]; do
		mkdir -p machine/sys/devices/virtual/loop{0..99}/a/b
		rm -rf machine/sys/devices/virtual
	done 3>&- &
	for n in {1..100}; do
		run "$HOST/mkvinitrd" hardware -r machine
		[ "$status" = 0 ] || break
	done
	: >stop
	wait
	assert_success
	assert_line "$xhci"
}

@test "hardware host is this machine" {
	build_large -p netboot -s 'hardware host'
	assert_success
	"$HOST/mkvinitrd" hardware >here.hw
	mv x.img host.img
	build_large -p netboot -s 'hardware here.hw'
	"$HOST/mkvinitrd" ls host.img >a
	"$HOST/mkvinitrd" ls x.img >b
	cmp a b
}

@test "what is no list of hardware is refused, with its line" {
	printf '%s\nhello\n' $igb >text.hw
	printf '%s\npci:\033[31m\n' $igb >escape.hw
	printf '%s\n\0\n' $igb >nul.hw
	echo '# nothing' >empty.hw
	for case in 'text.hw:text.hw:2: expected a modalias' 'escape.hw:escape.hw:2:' \
		'nul.hw:NUL bytes' 'empty.hw:lists no hardware' 'nowhere.hw:nowhere.hw' \
		'*.none:no'; do
		build -p netboot -s "hardware ${case%%:*}"
		assert_failure 3
		assert_output --partial "${case#*:}"
		refute_output --partial $'\e[31m'
		[ ! -e x.img ]
	done
	build_large -p netboot -s hardware
	assert_failure 3
}
