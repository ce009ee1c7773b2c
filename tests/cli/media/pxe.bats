#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# What mkvinitrd pxe makes: menu, entries, generations.
bats_require_minimum_version 1.5.0
load ../../lib/env

bats_load_library bats-support
bats_load_library bats-assert
load pxe

@test "the menu names files that are there, under names with their hashes, and what the seed's menu had" {
	pxe -u http://10.1.2.3/boot root.tar.xz
	assert_success
	name=$(sed -n 's,.*vi.image=${base}/\([^ ]*\) .*,\1,p' srv/menu.ipxe)
	cmp root.tar.xz "srv/$name"
	for file in srv/*-????????????*; do
		[[ $file =~ -([0-9a-f]{12}) ]]
		[ "$(sha256sum <"$file" | cut -c 1-12)" = "${BASH_REMATCH[1]}" ]
	done
	cmp "$kernel/vmlinuz" "$(served 'vmlinuz-*')"
	"$HOST/mkvinitrd" check "$(served 'initramfs-*.img')" -r "$kernel"
	for file in $(grep -o '${files}[^ ]*' srv/menu.ipxe |
		grep -v memtest); do [ -s "srv/${file#\$\{files\}}" ]; done
	grep -q "vi.verify=sha256:$(sha256sum <root.tar.xz | cut -d ' ' -f 1) " srv/menu.ipxe
	grep -q '^isset ${base} || set base http://10.1.2.3/boot$' srv/menu.ipxe
	for label in diskless local shell reboot; do
		grep -q "^item $label " srv/menu.ipxe
		grep -q "^:$label\$" srv/menu.ipxe
	done
	grep -q '^chain ${files}local-[0-9a-f]*.efi ||$' srv/menu.ipxe
	run ! grep -q '^item install\|^:install' srv/menu.ipxe
}

@test "memory test and installer are in the menu if their files are there" {
	memtest=$("$TOP/tests/lib/servers")/boot/memtest86+x64
	mkdir installer
	cp "$kernel/vmlinuz" installer/linux
	echo x | cpio -o -H newc --quiet <<<tree | gzip >installer/initrd.gz
	pxe --memtest "$memtest.bin" --memtest="$memtest.efi" --installer installer \
		--installer-append 'auto url="http://x/a b"' root.tar.xz
	assert_success
	grep -q '^iseq ${platform} pcbios && set memtest memtest-[0-9a-f]*.bin ||$' srv/menu.ipxe
	cmp "$memtest.bin" "$(served 'memtest-*.bin')"
	cmp "$memtest.efi" "$(served 'memtest-*.efi')"
	grep -q '^isset ${memtest} && item memtest ' srv/menu.ipxe
	grep -q '^item install ' srv/menu.ipxe
	cmp installer/initrd.gz "$(served 'installer-initrd-*')"
	grep -qF 'auto url="http://x/a b" ||' srv/menu.ipxe
	# the next run leaves it in
	pxe root.tar.xz
	assert_success
	grep -q '^item install ' srv/menu.ipxe
	# each by its content
	for wrong in "--memtest $memtest.nowhere" '--memtest root.tar.xz' '--installer tree' \
		'--loader x64=root.tar.xz' \
		'--loader bios=/usr/lib/ipxe/ipxe.efi' '--loader arm64=/usr/lib/ipxe/ipxe.efi' \
		'-k root.tar.xz'; do
		# shellcheck disable=SC2086
		pxe $wrong root.tar.xz
		assert_failure 1
		assert_equal "${#lines[@]}" 1
	done
}

# a_loader MACHINE FILE: an EFI program for it, of these four digits
a_loader() {
	printf 'MZ%58s\x40\0\0\0PE\0\0\x'"${1%??}"'\x'"${1#??}"'%s' '' "$2" >"$2"
}

@test "a boot loader and a memory test of one's own stay until another run names others or says to take the package's" {
	memtest=$("$TOP/tests/lib/servers")/boot/memtest86+x64
	(cat "$memtest.bin" && echo own) >own.bin
	a_loader 6486 own.efi
	a_loader 4c01 ia32.efi
	pxe --loader x64=own.efi --loader ia32=ia32.efi --memtest own.bin root.tar.xz
	assert_success
	mv own.efi own
	mv own.bin memtest
	rm ia32.efi
	stored=memtest-$(sha256sum <memtest | cut -c 1-12).bin
	# neither the package's loader nor its memory test comes back, nor is theirs pruned
	for again in "--name other root.tar.xz" "--memtest $memtest.efi" "--prune --keep-days 0"; do
		# shellcheck disable=SC2086 # words
		pxe $again
		assert_success
		cmp own srv/ipxe.efi
		cmp /usr/lib/ipxe/undionly.kpxe srv/undionly.kpxe
		cmp memtest "srv/$stored"
		grep -qxF "iseq \${platform} pcbios && set memtest $stored ||" srv/menu.ipxe
	done
	grep -q '^iseq ${platform} efi && set memtest memtest-[0-9a-f]*.efi ||$' srv/menu.ipxe
	a_loader 6486 second.efi
	pxe --loader x64=second.efi
	cmp second.efi srv/ipxe.efi
	pxe
	cmp second.efi srv/ipxe.efi
	# what is lost is the package's again, and that one is kept up to date
	rm srv/ipxe.efi "srv/$stored"
	pxe
	assert_output --partial "$stored' of an earlier run is gone"
	cmp /usr/lib/ipxe/ipxe.efi srv/ipxe.efi
	echo old >srv/ipxe.efi
	pxe
	cmp /usr/lib/ipxe/ipxe.efi srv/ipxe.efi
	pxe --loader x64=own --memtest memtest
	cmp own srv/ipxe.efi
	pxe --loader x64= --memtest=
	assert_success
	cmp /usr/lib/ipxe/ipxe.efi srv/ipxe.efi
	run ! grep -q "$stored" srv/menu.ipxe
}

@test "entries stand side by side, each with its root, kernel and parameters; settings hold for the next run" {
	"$TOP/scripts/pack" -q tree b.sqfs
	pxe -u http://10.1.2.3 -t 7 -a one root.tar.xz
	assert_success
	pxe --name office --title "The office's" -r "$("$TOP/scripts/kernels" 6.1)" -a two b.sqfs
	assert_success
	run grep -c '^item \(diskless\|office\) ' srv/menu.ipxe
	assert_output 2
	grep -q "^item office   The office's\$" srv/menu.ipxe
	grep -q '^set menu-timeout 7000$' srv/menu.ipxe
	grep -q 'set base http://10.1.2.3$' srv/menu.ipxe
	grep -q 'vi.mode=tmpfs .* one ' srv/menu.ipxe
	grep -q 'vi.mode=overlay .* two ' srv/menu.ipxe
	run compgen -G 'srv/vmlinuz-*'
	assert_equal "${#lines[@]}" 2
	grep -q '^set menu-default diskless$' srv/menu.ipxe
	pxe --list --json
	assert_success
	assert_equal "$(jq -r '.entries | map(.name + .mode) | join(" ")' <<<"$output")" \
		'diskless'tmpfs' 'office'overlay'
	pxe --remove office
	assert_success
	run ! grep -q office srv/menu.ipxe
	pxe --remove office
	assert_failure 1
	pxe --remove diskless
	assert_failure 1
	assert_output --partial "only entry"
}

@test "--hardware adds an item whose initramfs has all drivers, and --default says what boots when the time is up" {
	pci=pci:v00008086d00001533sv00008086sd00001533bc02sc00i00
	echo $pci >lab.hw
	run "$TOP/scripts/pxe" -r "$kernel" -o srv --hardware --default hardware \
		-s "hardware $PWD/lab.hw" -a console=ttyS0 root.tar.xz
	assert_success
	grep -q '^item hardware ' srv/menu.ipxe
	grep -qx 'set menu-default hardware' srv/menu.ipxe
	grep -q 'vi.image=${base}/hardware/ console=ttyS0 ' srv/menu.ipxe
	"$HOST/mkvinitrd" ls "$(served 'hardware-*.img')" | grep -q '/tg3.ko'
	run ! grep -q /tg3.ko <("$HOST/mkvinitrd" ls "$(served 'initramfs-*.img')")
	pxe --prune --keep 1 --keep-days 0 root.tar.xz
	assert_success
	grep -q '^item hardware ' srv/menu.ipxe
	[ -s "$(served 'hardware-*.img')" ]
	pxe --default nowhere
	assert_failure 1
}

@test "a machine boots the entry that --host names for its address, and no entry goes that one needs" {
	pxe root.tar.xz
	pxe --name b --host 52:54:00:AB:cd:01=b --host 52-54-00-00-00-02=local root.tar.xz
	assert_success
	grep -qx 'set menu-default b' srv/hosts/52-54-00-ab-cd-01.ipxe
	grep -qx 'set menu-default local' srv/hosts/52-54-00-00-00-02.ipxe
	pxe --remove b
	assert_failure 1
	assert_output --partial 52-54-00-ab-cd-01
	pxe --host 52:54:00:ab:cd:01= --json
	assert_success
	assert_equal "$(jq -c .hosts <<<"$output")" '[{"mac":"52-54-00-00-00-02","entry":"local"}]'
	pxe --host 52:54:00:ab:cd:01=nowhere
	assert_failure 1
	pxe --host 52:54:00:ab:cd=b
	assert_failure 2
	pxe --host 52:54:00:ab:cd:01
	assert_failure 2
}

@test "an update leaves what the menu before names, gives way to the new one as the last, and --prune keeps what may be in use" {
	pxe root.tar.xz
	for text in two three four; do
		cp srv/menu.ipxe "menu.$text"
		echo "$text" >tree/text
		"$TOP/scripts/pack" -q tree root.tar.xz
		pxe root.tar.xz
		assert_success
		for name in $(sed -n 's,.*vi.image=${base}/\([^ ]*\).*,\1,p' \
			"menu.$text"); do [ -s "srv/$name" ]; done
	done
	run compgen -G 'srv/root-*'
	assert_equal "${#lines[@]}" 4
	# the same again is no generation
	pxe root.tar.xz
	run compgen -G 'srv/entries/diskless.[0-9]*'
	assert_equal "${#lines[@]}" 4
	# nothing is old enough
	pxe --prune
	run compgen -G 'srv/root-*'
	assert_equal "${#lines[@]}" 4
	# 1 was replaced ten days ago, 2 five, 3 now
	touch -d '10 days ago' srv/entries/diskless.1 srv/entries/diskless.2
	touch -d '5 days ago' srv/entries/diskless.3
	touch -d '10 days ago' srv/root-*
	pxe --prune --keep 1 --json
	assert_success
	assert_equal "$(jq -r '.pruned | length' <<<"$output")" 1
	[ ! -e srv/entries/diskless.1 ] && [ -e srv/entries/diskless.2 ]
	pxe --prune --keep 2 --keep-days 0
	assert_equal "$(echo srv/entries/diskless.[0-9]*)" \
		'srv/entries/diskless.3 srv/entries/diskless.4'
	run compgen -G 'srv/root-*'
	assert_equal "${#lines[@]}" 2
	for name in $(cat srv/entries/diskless.[0-9]* |
		sed -n 's/^\(kernel\|initramfs\|root\)=//p'); do [ -s "srv/$name" ]; done
	[ -s srv/ipxe.efi ] && [ -s srv/undionly.kpxe ]
}

@test "an update that fails, or is killed, leaves a menu whose files are all there, and two at a time do not mix" {
	pxe root.tar.xz
	cp srv/menu.ipxe menu
	echo more >tree/text
	"$TOP/scripts/pack" -q tree root.tar.xz
	pxe -s 'module nowhere' root.tar.xz
	assert_failure
	cmp menu srv/menu.ipxe
	exec 9>srv/entries/.lock
	flock 9
	pxe root.tar.xz
	assert_failure 1
	assert_output --partial 'another mkvinitrd pxe'
	exec 9>&-
	cmp menu srv/menu.ipxe
	# shellcheck disable=SC2016
	printf '#!/bin/sh\nkill -TERM $PPID\nsleep 5\n' >cmp
	chmod +x cmp
	PATH=$PWD:$PATH pxe root.tar.xz
	assert_failure
	cmp menu srv/menu.ipxe
	run find srv -name '.*.tmp'
	assert_output ''
}

@test "a full disk or one that is not to be written is one line, and no part of a file is left" {
	mkdir full
	mount -t tmpfs -o size=2M none full
	pxe -o full/srv root.tar.xz
	left=$(ls full)
	umount full
	assert_failure 1
	assert_output --regexp "^pxe: cannot copy '[^']*' to 'full/srv': no space left in 'full/srv'$"
	assert_equal "$left" ''
	mount -t tmpfs -o ro none full
	pxe -o full/srv root.tar.xz
	umount full
	assert_failure 1
	assert_output "pxe: cannot make the directory 'full/srv'"
}

@test "a root is known by its content, and gets a name that nothing has to quote" {
	"$TOP/scripts/pack" -q tree root.sqfs
	mv -- root.sqfs "-my root's \$(touch é).tar.xz"
	pxe --append='a="b c"' -- "-my root's \$(touch é).tar.xz"
	assert_success
	name=$(sed -n 's,.* vi.mode=overlay vi.image=${base}/\([^ ]*\) vi.verify=[^ ]* a="b c" .*,\1,p' srv/menu.ipxe)
	[[ $name =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*-[0-9a-f]{12}.tar.xz$ ]] ||
		fail "the name is '$name'"
	cmp "srv/$name" ./-my*
	run ls -A srv
	refute_output --partial .tmp
}

@test "machines verify by the hash tree that lies beside an image, or as --append says; --prune keeps the tree and the trace" {
	"$TOP/scripts/pack" -q --verity tree root.sqfs
	pxe root.sqfs
	assert_success
	name=$(sed -n "s,.*vi.image=\${base}/\([^ ]*\) vi.verify=verity:$(cat root.sqfs.roothash) .*,\1,p" srv/menu.ipxe)
	pxe --prune --keep-days=0
	assert_success
	veritysetup verify "srv/$name" "srv/$name.verity" "$(cat root.sqfs.roothash)"
	echo signature >root.sqfs.minisig
	pxe -a vi.verify=minisign:RWQ root.sqfs
	assert_success
	grep -q "vi.image=\${base}/$name vi.verify=minisign:RWQ " srv/menu.ipxe
	cmp root.sqfs.minisig "srv/$name.minisig"
	echo '0 1' >root.sqfs.trace
	pxe -a vi.lazy root.sqfs
	assert_success
	pxe --prune --keep-days=0
	cmp root.sqfs.trace "srv/$name.trace"
	rm root.sqfs.trace
	pxe --no-verify root.sqfs
	run ! grep -q vi.verify= srv/menu.ipxe
	cp root.sqfs.verity old
	"$TOP/scripts/pack" -q --verity "$TOP/docs" root.sqfs
	cp old root.sqfs.verity
	pxe root.sqfs
	assert_failure 1
	assert_output --partial "is not the hash tree of 'root.sqfs'"
}

@test "what is no root, or none for HTTP, and what a menu or a server cannot hold, is refused before anything is written" {
	export TMPDIR=$PWD/tmp
	mkdir tmp
	echo text >text.tar.xz
	qemu-img create -q -f qcow2 disk.tar.xz 1M
	mke2fs -q -F disk.sqfs 1M
	for arguments in text.tar.xz disk.tar.xz disk.sqfs nowhere.sqfs /etc/passwd \
		'-k nowhere root.tar.xz' '-o a$b root.tar.xz' '-o a"b root.tar.xz'; do
		# shellcheck disable=SC2086 # words
		pxe $arguments
		assert_failure 1
		assert_equal "${#lines[@]}" 1
	done
	for arguments in '-a x=${y}' '-a x="y' '-u http://a"b' '-u nowhere' '-u http://${x}' \
		'-t 1s' '-t 0' '--output= ' '--name local' '--name a.b' \
		'--title a${b}' '--address 1.2.3' '--address 10.0.0.1/33' \
		'--range 10.9.0.1,10.9.0.9' '--loader mips=x' '--keep 0' 'root.tar.xz'; do
		# shellcheck disable=SC2086
		pxe $arguments root.tar.xz
		assert_failure 2
	done
	pxe
	assert_failure 2
	assert_output --partial 'ROOT is missing'
	[ ! -e srv ]
	assert_equal "$(ls -A tmp)" ''
}

@test "an https address is refused where the initramfs cannot fetch by it, and iPXE's own files come from where the menu does" {
	pxe -u https://lab.example/boot root.tar.xz
	assert_failure 1
	assert_output --partial netfetch
	[ ! -e srv/menu.ipxe ]
	echo x >netfetch
	pxe -u https://lab.example/boot -s 'file /bin/netfetch netfetch 755' root.tar.xz
	assert_success
	grep -q 'set base https://lab.example/boot$' srv/menu.ipxe
	grep -qx 'isset ${files} || set files ' srv/menu.ipxe
}
