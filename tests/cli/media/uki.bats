#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mkvinitrd uki, efi, and what the other commands read in unified kernel images and kernels;
# objdump, sbverify and openssl are the oracles. That firmware starts one, with Secure Boot too, is
# tests/boot/cases/media/uki.sh.
load ../../lib/env
bats_require_minimum_version 1.5.0

STUB=/usr/lib/systemd/boot/efi/linuxx64.efi.stub

setup_file() {
	KERNEL=$("$BATS_TEST_DIRNAME/../../lib/small-kernel" "$BATS_FILE_TMPDIR")
	export KERNEL
	cd "$BATS_FILE_TMPDIR" || return
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
		-subj '/CN=test of mkvinitrd' -days 30
	openssl req -x509 -newkey rsa:2048 -nodes -keyout other.pem -out other-cert.pem \
		-subj '/CN=other' -days 30
	"$HOST/mkvinitrd" build -q -p share -r "$KERNEL" -o initramfs
}

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	M=$HOST/mkvinitrd
	TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	F=$BATS_FILE_TMPDIR
	export MKVINITRD=$M TMPDIR=$BATS_TEST_TMPDIR/tmp
	cd "$BATS_TEST_TMPDIR"
	mkdir tmp
}

teardown() {
	run ls -A tmp
	assert_output ''
	run find . -name '.*.efi*'
	assert_output ''
}

# uki ARGUMENT...: with the kernel and initramfs of this file
uki() {
	run --separate-stderr "$TOP/scripts/uki" -r "$KERNEL" -i "$F/initramfs" "$@"
}

# section FILE NAME: as binutils see it
section() {
	local dir=section.$BASHPID
	mkdir "$dir" && objcopy --dump-section "$2=$dir/s" "$1" "$dir/copy" && cat "$dir/s" &&
		rm -r "$dir"
}

@test "a program has kernel, initramfs, command line, name and version as its sections" {
	uki -a 'root=LABEL=x ro' -a 'quiet é' -o u.efi
	assert_success
	assert_output "u.efi: $(($(stat -c %s u.efi) / 1048576)) MiB, Linux ${KERNEL##*/}"
	cmp <(section u.efi .linux) "$KERNEL/vmlinuz"
	cmp <(section u.efi .initrd) "$F/initramfs"
	assert_equal "$(section u.efi .cmdline)" 'root=LABEL=x ro quiet é'
	assert_equal "$(section u.efi .uname)" "${KERNEL##*/}"
	section u.efi .osrel | grep -qx "PRETTY_NAME=\"mkvinitrd ${KERNEL##*/}\""
	cmp <(section u.efi .text) <(section "$STUB" .text)
	# no section lies over another, in memory or in the file; file, sections and headers have no
	# gap
	objdump -h u.efi | gawk 'NF == 7 { size = strtonum("0x" $3); at = strtonum("0x" $4); file = strtonum("0x" $6)
		if (at < memory || file < place) exit 1; memory = at + size; place = file + size }'
	run objdump -p u.efi
	assert_success
}

@test "the same inputs give the same bytes; what is read from other files too" {
	printf 'BM picture' >splash.bmp
	printf 'ID=mine\nPRETTY_NAME="Mine"\n' >os-release
	for n in 1 2; do
		uki --splash=splash.bmp --os-release=os-release -a x -o $n.efi
		assert_success
		sleep 1.1
	done
	cmp 1.efi 2.efi
	cmp <(section 1.efi .osrel) os-release
	cmp <(section 1.efi .splash) splash.bmp
}

@test "ls, cat, check, diff, why and unpack read the initramfs in it; -k reads the kernel" {
	uki -a x -o u.efi
	run "$M" ls -l u.efi
	assert_equal "$output" "$("$M" ls -l "$F/initramfs")"
	run "$M" cat u.efi etc/mkvinitrd/image
	assert_equal "$output" "$("$M" cat "$F/initramfs" etc/mkvinitrd/image)"
	run "$M" why u.efi virtio_blk
	assert_equal "$output" "$("$M" why "$F/initramfs" virtio_blk)"
	run "$M" diff u.efi "$F/initramfs"
	assert_success
	run --separate-stderr "$M" check u.efi
	assert_success
	assert_regex "$output" '^u.efi: ok '
	"$M" unpack -C tree u.efi
	[ -x tree/init ]
	# judged by the kernel that is in the same file
	mkdir i && head -c 300000 /bin/busybox >i/init && chmod +x i/init
	(cd i && find . | cpio --quiet -oH newc) >other.img
	run --separate-stderr "$TOP/scripts/uki" -r "$KERNEL" -i other.img -o o.efi
	run --separate-stderr "$M" check o.efi
	[[ $stderr == *"${KERNEL##*/}"* ]]
	"$M" build -q -p share -r "$KERNEL" -k ./u.efi -o again.img
	cmp again.img "$F/initramfs"
	# one that binutils made
	objcopy --add-section .initrd="$F/initramfs" --change-section-vma .initrd=0x2000000 \
		"$STUB" by-objcopy.efi
	run "$M" ls by-objcopy.efi
	assert_equal "$output" "$("$M" ls "$F/initramfs")"
}

@test "ls reads what is built into a kernel, compressed or not, with any padding" {
	local series compressor all='6.1 6.12 current'
	[ -z "${CHECK_ALL:-}" ] || all="$all 6.1-arm64"
	# a download of 70 MB for one line; every day the Image below is of its kind
	for series in $all; do
		run "$M" ls "$("$TOP/scripts/kernels" $series)/vmlinuz"
		assert_success
		assert_output 'dev
dev/console
root'
	done
	mkdir i && head -c 300000 /bin/busybox >i/init && chmod +x i/init
	for compressor in cat 'gzip -n' 'xz --check=crc32' 'zstd -q' 'lz4 -lq' 'bzip2'; do
		for name in a bb ccc dddd; do
			echo $name >i/$name
			(cd i && find . -type f | sort | cpio --quiet -oH newc |
				$compressor) >built-in
			{
				head -c 56 /dev/zero && printf 'ARM\144' && head -c 964 /dev/zero &&
					cat built-in
				head -c $(((8 - (1024 + $(stat -c %s built-in)) % 8) % 8)) /dev/zero
				python3 \
					-c \
					'import os, sys; sys.stdout.buffer.write(os.path.getsize("built-in").to_bytes(8, "little"))'
				head -c 4096 /dev/zero
			} >Image
			run "$M" ls Image
			assert_equal "$output" "$("$M" ls built-in)"
		done
		rm i/a i/bb i/ccc i/dddd
	done
}

@test "what has no initramfs is named for what it is" {
	run --separate-stderr "$M" ls "$STUB"
	assert_failure 1
	assert_equal "$stderr" "mkvinitrd: ls: '$STUB' is an EFI program without initramfs (section .initrd); 'mkvinitrd efi' lists its sections"
	head -c 3000 /dev/zero >zeros && printf 'HdrS' |
		dd of=zeros bs=1 seek=514 conv=notrunc status=none
	run --separate-stderr "$M" ls zeros
	assert_failure 1
	assert_equal "$stderr" "mkvinitrd: ls: 'zeros' is a kernel, and no initramfs is built into it"
	uki -o u.efi
	for size in 100 300 500 90000 200000; do
		head -c $size u.efi >cut.efi
		run --separate-stderr "$M" ls cut.efi
		assert_failure 1
		assert_equal "${#stderr_lines[@]}" 1
	done
}

@test "efi lists sections as text and JSON, prints one, and refuses what is none" {
	uki -a 'a b' -o u.efi
	run "$M" efi u.efi
	assert_success
	assert_line --index 0 'machine amd64'
	assert_line --index 1 "kernel ${KERNEL##*/}"
	diff <("$M" efi --format=json u.efi | jq -r '.sections[] | "\(.name) \(.size)"') \
		<(objdump -h u.efi | gawk 'NF == 7 { print $2, strtonum("0x" $3) }')
	run "$M" efi u.efi .cmdline
	assert_output 'a b'
	run --separate-stderr "$M" efi u.efi .nothing
	assert_failure 1
	assert_equal "$stderr" "mkvinitrd: efi: 'u.efi' has no section '.nothing'"
	run --separate-stderr "$M" efi "$F/initramfs"
	assert_failure 1
	assert_equal "$stderr" "mkvinitrd: efi: '$F/initramfs': not an EFI program (it has no PE header)"
	run --separate-stderr "$M" efi -o x.efi "$STUB" longername=u.efi
	assert_failure 1
	[ ! -e x.efi ]
}

@test "signed for Secure Boot; a key of another certificate is refused, and the old file stays" {
	uki -a x -o s.efi --sign-key="$F/key.pem" --sign-cert="$F/cert.pem"
	assert_success
	assert_output --partial ', signed'
	sbverify --cert "$F/cert.pem" s.efi
	run sbverify --cert "$F/other-cert.pem" s.efi
	assert_failure
	# the file is what a firmware hashes, to the last byte
	run sbverify --list s.efi
	refute_output --partial warning
	echo old >old.efi
	uki -a x -o old.efi --sign-key="$F/key.pem" --sign-cert="$F/other-cert.pem"
	assert_failure 1
	assert_equal "${#stderr_lines[@]}" 1
	assert_equal "$(cat old.efi)" old
	uki -a x -o old.efi --sign-key="$F/key.pem"
	assert_failure 2
	uki -a x -o old.efi --sign-key="$F/cert.pem" --sign-cert="$F/cert.pem"
	assert_failure 1
	assert_equal "$stderr" "uki: '$F/cert.pem' is no private key in PEM form (--sign-key)"
	# a signed stub can be used again: its signature is not carried on
	uki -a x -S s.efi -o again.efi
	assert_success
	run sbverify --list again.efi
	assert_output --partial 'No signature table present'
}

@test "the expected PCR 11 is signed; without a TPM that computes it, it is one line" {
	mkdir tpm
	swtpm socket --tpm2 --tpmstate dir=tpm --server type=unixio,path=tpm.sock \
		--ctrl type=unixio,path=tpm.sock.ctrl \
		--flags not-need-init,startup-clear >swtpm.log 2>&1 3>&- &
	for _ in {1..100}; do
		[ ! -S tpm.sock ] || break
		sleep 0.1
	done
	uki -a 'x y' -o p.efi --pcr-key="$F/key.pem" --tpm2-device="swtpm:path=$PWD/tpm.sock"
	kill $! 2>/dev/null || :
	assert_success
	assert_output --partial 'PCR 11 signed'
	"$M" efi p.efi .pcrpkey >pub.pem
	cmp pub.pem <(openssl pkey -in "$F/key.pem" -pubout)
	"$M" efi p.efi .pcrsig >pcrsig
	jq -r '.sha256[0].sig' pcrsig | base64 -d >sig
	jq -r '.sha256[0].pol' pcrsig | xxd -r -p >policy
	openssl dgst -sha256 -verify pub.pem -signature sig policy
	uki -a 'x y' -o q.efi --pcr-key="$F/key.pem" --tpm2-device="swtpm:path=$PWD/none.sock"
	assert_failure 1
	assert_equal "${#stderr_lines[@]}" 1
	assert_regex "$stderr" '^uki: systemd-measure cannot sign the expected PCR 11: '
	[ ! -e q.efi ]
}

# newer_stub VERSION: the stub, as if it were of that systemd
newer_stub() {
	sed "s/systemd-stub 252/systemd-stub $1/" "$STUB" >"stub$1"
}

# bats test_tags=unsanitized
@test "entries are profiles of one program, each with the parameters of all and its own" {
	newer_stub 257
	uki -S stub257 -a 'root=x' -e 'rescue:Rescue system:vi.shell single' \
		-e 'ram:To RAM: vi.toram' -o e.efi
	assert_success
	run "$M" efi e.efi
	assert_equal "$(grep -cE '^\.(profile|cmdline) ' <<<"$output")" 6
	# in the order of the specification: what all have, then the profiles, the first of which
	# adds nothing
	run bash -c '"$1" efi e.efi | sed -n "/^.osrel/,\$s/ .*//p" | paste -sd " "' bash "$M"
	assert_output '.osrel .cmdline .uname .initrd .linux .profile .profile .cmdline .profile .cmdline'
	grep -qa 'ID=rescue' e.efi
	grep -qa 'root=x vi.shell single' e.efi
	newer_stub 256
	uki -S stub256 -e 'rescue:Rescue:single' -o f.efi
	assert_failure 1
	assert_regex "$stderr" "^uki: entries .* need the stub of systemd 257 or later, 'stub256' is of 256 version"
	for wrong in rescue 'a:b' ':t:p' 'A:t:p' 'a b:t:p'; do
		uki -S stub257 -e "$wrong" -o f.efi
		assert_failure 1
		assert_regex "$stderr" "found '${wrong%%:*}"
	done
	[ ! -e f.efi ]
}

# bats test_tags=unsanitized
@test "an addon has the parameters alone" {
	run --separate-stderr "$TOP/scripts/uki" -A -S "$STUB" -a 'more parameters' -o x.addon.efi \
		--sign-key="$F/key.pem" --sign-cert="$F/cert.pem"
	assert_success
	run "$M" efi x.addon.efi .cmdline
	assert_output 'more parameters'
	run "$M" efi x.addon.efi
	refute_line --partial .linux
	sbverify --cert "$F/cert.pem" x.addon.efi
	for wrong in '-A' '-A -a x -i y' '-A -a x -e a:b:c'; do
		# shellcheck disable=SC2086
		run --separate-stderr "$TOP/scripts/uki" $wrong -o y.efi
		assert_failure 2
	done
}

@test "what cannot be is one line, and the old file stays" {
	echo old >old.efi
	truncate -s 2M full && mke2fs -q -F full && mkdir mnt && mount -o loop full mnt
	echo old >mnt/old.efi
	uki -a x -o mnt/old.efi
	local full_status=$status full_lines=${#stderr_lines[@]} content
	content=$(cat mnt/old.efi)
	run ls -A mnt
	umount mnt
	assert_output 'lost+found
old.efi'
	assert_equal "$full_status:$full_lines:$content" 1:1:old
	echo text >text
	# an initramfs that the kernel cannot unpack
	head -c 100000 "$F/initramfs" >cut.img
	run --separate-stderr "$TOP/scripts/uki" -r "$KERNEL" -i cut.img -o old.efi
	assert_failure 1
	assert_regex "$stderr" 'cut.img'
	assert_equal "$(cat old.efi)" old
	for wrong in '--splash=text' '--os-release=nowhere' '-S nowhere' '-S text' '-k text' \
		'-k nowhere' '-i nowhere'; do
		# shellcheck disable=SC2086
		uki -o old.efi $wrong
		assert_failure 1
		assert_equal "${#stderr_lines[@]}" 1
		assert_equal "$(cat old.efi)" old
	done
	uki -o /nowhere/u.efi
	assert_failure 1
	mkfifo fifo
	uki -a x -o fifo
	assert_failure 1
	assert_equal "$stderr" "uki: 'fifo' is a device or the like, expected a file"
	for words in $'a\nb' 'a "b'; do
		uki -a "$words" -o old.efi
		assert_failure 2
		assert_equal "${#stderr_lines[@]} $(cat old.efi)" '1 old'
	done
	uki -a x -o "- a b.efi"
	assert_success
	[ -s './- a b.efi' ]
}

# bats test_tags=unsanitized
@test "interrupted at any moment: no temporary file, the old output or the new one" {
	uki -a x -o new.efi --sign-key="$F/key.pem" --sign-cert="$F/cert.pem"
	assert_success
	size=$(stat -c %s new.efi)
	local moments='0.01 0.05 0.1 0.3 0.5 0.7 0.9 1.2'
	[ -z "${CHECK_ALL:-}" ] || moments=$(echo 0.0{1..9} 0.{1..9} 1.{0..5})
	for moment in $moments; do
		echo old >u.efi
		env --default-signal "$TOP/scripts/uki" -r "$KERNEL" -p share -a x -o u.efi \
			--sign-key="$F/key.pem" --sign-cert="$F/cert.pem" >/dev/null 2>&1 &
		sleep "$moment"
		kill -TERM $! 2>/dev/null || :
		wait $! || :
		[ "$(cat u.efi | head -c 3)" = old ] || sbverify --cert "$F/cert.pem" u.efi
		assert_equal "$(ls -A tmp)" ''
		assert_equal "$(find . -name '.*.efi*')" ''
	done
	[ "$size" -gt 0 ]
}
