# promise: a Debian that boots in turn as a virtual machine and on the metal upgrades its kernel by
# apt in either, ten times, and always boots the newest and keeps the one before as a fallback;
# image, host and root are clean, other files as they were, and nobody does anything by hand
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.1
# slow: 6.1
# Every day frugal.bats and kernel-of-root cover parts of it; frugal-disk boots a root of busybox
# five times.
# A boot with its upgrade takes 50 s of CPU in emulation as a virtual machine, and 80 s by our
# entry.
#   SERIES              others SUITE:FORMAT:FS than these
#   TURNS=N             so many instead of all
#   ALTERNATIONS=DIR    what each turn leaves is kept there, and a series continues behind the last turn that is
. "$TOP/tests/boot/lib/hosts.sh"
. "$TOP/tests/boot/lib/menus.sh"
. "$TOP/tests/boot/lib/alternation.sh"
BOOT_TIMEOUT=${BOOT_TIMEOUT:-3600}
PROFILE=''
# what costs an emulated machine much
HOST_PARAMETERS='mitigations=off norandmaps'

# what_it_says VERSION: of a boot with that kernel
what_it_says() {
	expect "=== kernel $1 root /dev"
	expect '=== reached'
	log | grep -q -e '=== failed-units *$' || fail "failed units: $(log | grep 'failed-units')"
	expect_not '=== upgrade: '
	expect_not '=== upgrade said'
}

# turns_kept NAME: how many there are; the host as the last one left it is $WORK/host then
turns_kept() {
	[ -n "${ALTERNATIONS:-}" ] && [ -e "$ALTERNATIONS/$1/turn" ] || return 0
	rm -rf "$WORK/host"
	cp -r --sparse=always "$ALTERNATIONS/$1/host" "$WORK/host"
	cat "$ALTERNATIONS/$1/turn"
}

# keep_turn NAME
keep_turn() {
	[ -n "${ALTERNATIONS:-}" ] || return 0
	mkdir -p "$ALTERNATIONS"
	rm -rf "$ALTERNATIONS/$1.new"
	mkdir "$ALTERNATIONS/$1.new"
	cp -r --sparse=always "$WORK/host" "$ALTERNATIONS/$1.new/host"
	echo "$turn" >"$ALTERNATIONS/$1.new/turn"
	rm -rf "${ALTERNATIONS:?}/$1"
	mv "$ALTERNATIONS/$1.new" "$ALTERNATIONS/$1"
}

# alternate SUITE FORMAT FS
alternate() {
	vm=$("$TOP/tests/boot/upgraded-disk" "$1")
	kept=$(turns_kept "$1-$2-$3")
	disk_name=disk.$2
	[ -n "$kept" ] || host_of "$2" "$3" "$vm"
	turn=0 first='' version=''
	for next in $(head -n "$((${TURNS:-99} + 1))" "$vm.kernels") none; do
		[ -n "$first" ] || {
			first=$next version=$next
			continue
		}
		[ "$turn" -ge "${kept:-0}" ] || {
			turn=$((turn + 1)) version=$next
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
		keep_turn "$1-$2-$3"
		times >"$WORK/times"
		spent=$("$TOP/ci/cpu-seconds" <"$WORK/times")
		echo "# $1 $2 $3: $turn. $version, $spent s of CPU until now"
		version=$next
	done
	fall_back "$2" "$3"
}

# fall_back FORMAT FS: our entry for the kernel before the newest, which the last turn has installed
# if there was one
fall_back() {
	kernels=$(wc -l <"$vm.kernels")
	before=$(sed -n "$((turn < kernels ? turn : kernels - 1))p" "$vm.kernels")
	host_menu 1
	boot_metal "$1" "$2"
	expect "starting kernel $before of the root in place of $first"
	what_it_says "$before"
	image_clean "$1"
}

for series in ${SERIES:-bookworm:vhdx:ntfs bookworm:vdi:ext4 trixie:vhd:ntfs trixie:qcow2:ext4 sid:vmdk:ntfs}; do
	rest=${series#*:}
	alternate "${series%%:*}" "${rest%:*}" "${rest#*:}"
done
