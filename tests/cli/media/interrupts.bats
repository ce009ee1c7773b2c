#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# ^C and TERM at twenty moments of every command that makes or boots something, every day at seven
# of them: no temporary file, mount, loop device or process is left, and the output is what it was
# or whole. frugal, which works on a mounted partition, is in frugal-menu.bats.
load ../../lib/env
bats_require_minimum_version 1.5.0

bats_load_library bats-support
bats_load_library bats-assert
load usb

setup() {
	media_setup
	mkdir out
	count_tools
	small_root other.sqfs two
}

teardown() {
	media_teardown
}

# outputs: names and contents of what the command writes
outputs() {
	(cd out && find . -type f -exec sha256sum {} + | sort -k 2)
}

# interrupts N COMMAND...: at N moments (every day a third of them) that are spread over its calls
# of tools, by INT and TERM in turn. The function `before` makes out/ what it is before each run;
# what is there after one that was interrupted is that, or what a whole run makes, file by file.
interrupts() {
	local signal=INT moment n moments=$1 interrupted=0
	[ -n "${CHECK_ALL:-}" ] || moments=$(((moments + 1) / 3))
	shift
	before
	outputs >old
	interrupted 0 INT "$@"
	assert_success
	outputs >new
	total=$calls_made
	for ((n = 0; n < moments; n++)); do
		before
		moment=$((1 + (2 * n + 1) * total / (2 * moments)))
		interrupted $moment $signal "$@"
		nothing_left
		case $status in
		130 | 143)
			interrupted=$((interrupted + 1))
			[[ ${output##*$'\n'} == *': interrupted; '* ]] ||
				fail "moment $moment ($last_call) of $total: $output"
			;;
		0) ;;
		*) fail "moment $moment ($last_call) of $total: status $status: $output" ;;
		esac
		run ! grep -vxFf <(cat old new) <(outputs)
		[ $signal = INT ] && signal=TERM || signal=INT
	done
	[ $interrupted -ge $((moments * 3 / 4)) ] ||
		fail "only $interrupted of $moments were interrupted"
}

@test "usb" {
	SOURCE_DATE_EPOCH=1700000000 "$TOP/scripts/usb" -r "$KERNEL" -q -z 100 kept.img other.sqfs
	before() { cp --sparse=always kept.img out/drive.img; }
	export SOURCE_DATE_EPOCH=1700000000
	interrupts 20 "$TOP/scripts/usb" -r "$KERNEL" -q -z 100 out/drive.img root.sqfs
}

@test "iso" {
	before() { echo old >out/cd.iso; }
	export SOURCE_DATE_EPOCH=1700000000
	interrupts 20 "$TOP/scripts/iso" -r "$KERNEL" -q -o out/cd.iso root.sqfs
}

@test "uki, which is signed" {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj '/CN=test' \
		-days 30 2>/dev/null
	before() { echo old >out/linux.efi; }
	# a signature has the time in it
	break_tool sbsign 'echo signed >"$6"'
	break_tool sbverify 'grep -qx signed "$3"'
	interrupts 20 "$TOP/scripts/uki" -r "$KERNEL" -p share -a quiet -o out/linux.efi \
		--sign-key=key.pem --sign-cert=cert.pem
}

@test "pxe" {
	before() {
		rm -rf out/pxe
		mkdir out/pxe
		for file in vmlinuz initramfs.gz menu.ipxe dnsmasq.conf; do
			echo old >out/pxe/$file
		done
	}
	export SOURCE_DATE_EPOCH=1700000000
	interrupts 20 "$TOP/scripts/pxe" -r "$KERNEL" -s 'compress zstd' -o out/pxe root.sqfs
}

@test "pack, to an archive and to a disk image" {
	before() { echo old >out/root.tar.zst; }
	interrupts 20 "$HOST/mkvinitrd" pack -q tree out/root.tar.zst
	rm out/root.tar.zst
	before() { echo old >out/disk.qcow2; }
	interrupts 6 "$HOST/mkvinitrd" pack -q --no-boot tree out/disk.qcow2
}

@test "vm, for a command, for a text and at the terminal" {
	before() { :; }
	cat >bin/qemu-system-x86_64 <<SH
#!/bin/sh
for word; do
	case \$word in
	file,id=status,path=*) status=\${word#*path=} ;;
	file:*) console=\${word#file:} ;;
	esac
done
[ -z "\${status:-}" ] || echo begin >"\$status"
for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
	dd if=/dev/null of=/dev/null status=none
done
[ -z "\${console:-}" ] || echo ready >"\$console"
[ -z "\${status:-}" ] || echo 'end 0' >"\$status"
SH
	chmod +x bin/qemu-system-x86_64
	interrupts 20 "$TOP/scripts/vm" -r "$KERNEL" -t tree -p share -- true
	interrupts 6 "$TOP/scripts/vm" -r "$KERNEL" -t tree -p share -w ready
	interrupts 6 "$TOP/scripts/vm" -r "$KERNEL" -t tree -p share
}
