# promise: a Debian that boots in turn as a virtual machine and on the metal upgrades its kernel by apt in either, ten times, and always boots the newest; image, host and root are clean each time, and nobody does anything by hand
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.1
# slow: 6.1
# Every day frugal.bats and kernel-of-root cover parts of it; frugal-disk boots a root of busybox five times.
#   SERIES  others SUITE:FORMAT:FS than these
. "$TOP/tests/boot/hosts.sh"
. "$TOP/tests/boot/menus.sh"
. "$TOP/tests/boot/alternation.sh"
BOOT_TIMEOUT=${BOOT_TIMEOUT:-900}
PROFILE=loop

# what_it_says VERSION: of a boot with that kernel
what_it_says() {
	expect "=== kernel $1 root /dev"
	expect '=== reached'
	log | grep -q -e '=== failed-units *$' || fail "failed units: $(log | grep 'failed-units')"
	expect_not '=== upgrade: '
	expect_not '=== upgrade said'
}

# alternate SUITE FORMAT FS
alternate() {
	vm=$("$TOP/tests/boot/upgraded-disk" "$1")
	host_of "$2" "$3" "$vm"
	turn=0 first='' version=''
	for next in $(cat "$vm.kernels") none; do
		[ -n "$first" ] || {
			first=$next version=$next
			continue
		}
		if [ $((turn % 2)) = 0 ]; then
			boot_vm "$2"
		else
			boot_metal "$2" "$3"
			expect "starting kernel $version of the root in place of $first"
		fi
		what_it_says "$version"
		image_clean "$2"
		[ "$next" = none ] || expect "=== upgraded to $next"
		turn=$((turn + 1))
		echo "# $1 $2 $3: $turn. $version"
		version=$next
	done
}

for series in ${SERIES:-bookworm:vhdx:ntfs bookworm:vdi:ext4 trixie:vhd:ntfs trixie:qcow2:ext4 sid:vmdk:ntfs}; do
	rest=${series#*:}
	alternate "${series%%:*}" "${rest%:*}" "${rest#*:}"
done
