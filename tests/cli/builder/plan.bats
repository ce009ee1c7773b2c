#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# plan: what is chosen, why, and in which words it is told. Modules are those of
# tests/golden/make-sysroot.
# shellcheck disable=SC2154 # output, stderr: by bats
bats_require_minimum_version 1.5.0
load builder

setup() {
	builder_setup
}

teardown() {
	[ -z "${outside:-}" ] || rm -rf "$outside"
}

# Names of the modules in the plan, in alphabetical order.
modules() {
	plan "$@" | sed -n 's|^lib/modules/.*/\([^/]*\)\.ko[.a-z]* .*|\1|p' | sort | paste -sd' '
}

@test "a name brings its dependencies and soft dependencies, in either spelling" {
	profile 'module ext4'
	[ "$(modules)" = 'crc32c_generic ext4 jbd2 mbcache' ]
	profile 'module virtio-blk'
	[ "$(modules)" = 'virtio virtio_blk virtio_ring' ]
}

@test "what a driver may ask for comes along where depmod tells" {
	own_system
	echo 'weakdep virtio_blk crc32c-generic fs-erofs absent' \
		>"$S/usr/lib/modules/$KVER/modules.weakdep"
	profile 'module virtio_blk'
	[ "$(modules)" = 'crc32c_generic erofs virtio virtio_blk virtio_ring' ]
	plan | grep '/erofs.ko  weak dependency of virtio_blk (t.profile:1)'
}

@test "globs, aliases, modaliases, directories and groups" {
	profile 'module virtio_[bp]*'
	[ "$(modules)" = 'virtio virtio_blk virtio_pci virtio_ring' ]
	profile 'module fs-erofs block-major-7-0'
	[ "$(modules)" = 'erofs loop' ]
	profile 'module pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00'
	[ "$(modules)" = 'virtio virtio_pci virtio_ring' ]
	profile 'module =drivers/scsi'
	[ "$(modules)" = 'sd_mod' ]
	profile 'module =net'
	[ "$(modules)" = 'r8169' ]
	profile 'module =fs'
	[ "$(modules)" = 'crc32c_generic erofs ext4 jbd2 mbcache overlay' ]
	profile 'module =all'
	[ "$(modules | wc -w)" = 13 ]
}

@test "a module that the kernel holds itself is neither an error nor in the image" {
	profile 'module squashfs fs-squashfs'
	run plan
	assert_success
	[ -z "$(modules)" ]
}

@test "a missing module is an error at its place, with names that are like it; NAME? is not" {
	profile 'root overlay' 'module ext4 virtio_bkl'
	run plan
	assert_failure 3
	assert_line --regexp "t.profile:2:13: error: .*'virtio_bkl' \(did you mean 'virtio_blk'\?\)"
	profile 'module ext4 no_such_module?'
	run plan
	assert_success
	profile 'module =blok' 'module zz*' 'module pci:v0000FFFFd*'
	run plan
	assert_failure 3
	assert_line --partial "t.profile:1:8: error: unknown module group '=blok' (did you mean '=block'?)"
}

@test "blacklist leaves a module out and tells who needs it" {
	profile 'module ext4' 'blacklist jbd2'
	run plan
	assert_success
	assert_line --partial "module 'jbd2' is left out by 'blacklist', but is wanted: needed by ext4"
	refute_line --partial jbd2.ko
	"$M" plan -q -p ./t.profile -r "$S" --format=list -o list
	! grep jbd2 "$(awk '/modules.dep /{print $3}' list)"
}

# follow_advice: runs the depmod command that the message holds, after which the plan can be made
follow_advice() {
	find "$S" -name 'modules.*.bin' -delete
	run plan
	assert_failure 1
	assert_line --regexp "no module index .*make it with 'depmod -b .* $KVER'"
	command=$(sed "s/.*with '\(depmod .*\)'.*/\1/" <<<"$output")
	eval "$command"
	run plan
	assert_success
}

@test "without an index the message holds the depmod command that makes it, for lib, usr/lib and both as one" {
	own_system
	profile 'module ext4'
	follow_advice
	rm "$S/lib"
	follow_advice
	mkdir "$S/lib"
	mv "$S/usr/lib/modules" "$S/lib"
	follow_advice
}

@test "the depmod command names the sysroot's search order" {
	local tree
	own_system
	profile 'module ext4'
	tree=$S/usr/lib/modules/$KVER
	mkdir -p "$tree/extra" "$tree/updates" "$S/etc/depmod.d"
	cp "$(find "$tree/kernel" -name 'ext4.ko*')" "$tree/extra"
	cp "$tree/extra"/ext4.ko* "$tree/updates"
	follow_advice
	assert_output --partial /updates/ext4.ko
	echo 'search extra updates built-in' >"$S/etc/depmod.d/search.conf"
	follow_advice
	assert_output --partial /extra/ext4.ko
}

@test "a missing module directory is one clear message" {
	own_system
	rm -r "$S/usr/lib/modules/$KVER"
	profile 'module ext4'
	run plan -k $KVER
	assert_failure 1
	[ "${#lines[@]}" = 1 ]
	assert_output --partial "no modules of kernel '$KVER'"
}

@test "what an ordinary user may not read is named, with the reason, in one line" {
	outside=$(mktemp -d /tmp/plan.XXXXXX)
	cp -a "$S" "$outside/sysroot"
	cp "$M" "$outside/mkvinitrd"
	echo 'module ext4' >"$outside/t.profile"
	chmod -R a+rX "$outside"
	modules=usr/lib/modules/$KVER
	for locked in usr/lib usr/lib/modules "$modules" "$modules/modules.dep.bin" \
		"$modules/modules.alias.bin" "$modules/modules.dep" "$modules/kernel/fs"; do
		chmod 0 "$outside/sysroot/$locked"
		run env MKVINITRD_CACHE=none MKVINITRD_APPLETS="$outside/sysroot/opt/applets" \
			MKVINITRD_DATA="$outside/sysroot/opt/data" HOME="$outside" \
			setpriv --reuid=65534 --regid=65534 --clear-groups "$outside/mkvinitrd" \
			plan -p "$outside/t.profile" -r "$outside/sysroot" -k "$KVER"
		chmod a+rX "$outside/sysroot/$locked"
		echo "$locked: $output"
		assert_failure 1
		[ "${#lines[@]}" = 1 ]
		assert_output --partial 'Permission denied'
	done
}

@test "a damaged module index is reported" {
	own_system
	echo rubbish >"$S/usr/lib/modules/$KVER/modules.dep.bin"
	profile 'module ext4'
	run plan
	assert_failure 1
	assert_output --partial 'is damaged or of another version; run depmod again'
}

@test "links of the system that go round in circles are named" {
	own_system
	profile 'module ext4' 'binary /usr/bin/round'
	ln -s round2 "$S/usr/bin/round" && ln -s round "$S/usr/bin/round2"
	run plan
	assert_failure 3
	assert_line --partial "'/usr/bin/round' is a loop of symlinks"
	mv "$S/usr/lib/modules" "$S/usr/lib/kept"
	ln -s modules2 "$S/usr/lib/modules" && ln -s modules "$S/usr/lib/modules2"
	run plan
	assert_failure 1
	[ "${#lines[@]}" = 1 ]
	assert_output --partial "'/lib/modules' below $S: Too many levels of symbolic links"
}

@test "each line of the plan tells the line of the profile, or who needs it" {
	profile '# comment' 'module virtio_blk' 'file /etc/motd t.profile'
	run plan
	assert_line --regexp "^lib/modules/.*/virtio_blk.ko  needed by profile t.profile:2 'module virtio_blk'$"
	assert_line --regexp '^lib/modules/.*/virtio_ring.ko  needed by virtio_blk \(t.profile:2\)$'
	assert_line "etc/motd  needed by profile t.profile:3 'file /etc/motd'"
	assert_line 'bin/sh -> busybox  skeleton, busybox.links'
}

@test "no module that modprobe loads is missing, on real kernels" {
	profile '# nothing but what -s says'
	for kernel in $(kernels); do
		kver=$(basename "$kernel")
		for name in ext4 btrfs virtio_net usb_storage nfsv4 xhci_pci r8169 squashfs; do
			modprobe -C /dev/null -d "$kernel" -S "$kver" -a --show-depends $name |
				sed -n 's|.*/\([^/]*\)\.ko.*|\1|p' | sort -u >want
			# ours are more: what a mount or a plugged keyboard asks for
			"$M" plan -q -p ./t.profile -r "$kernel" -s "module $name" \
				-s 'firmware none' | sed -n 's|.*/\([^/]*\)\.ko.*|\1|p' |
				sort -u >have
			comm -23 want have >lacking
			[ ! -s lacking ] || {
				echo "$kver $name lacks: $(cat lacking)"
				return 1
			}
		done
	done
}

@test "JSON is well-formed and complete" {
	touch 'a"b\c' $'e\xff'
	profile 'module ext4' 'file /odd "a\"b\\c"' $'file /bad e\xff' 'node /dev/loop0 b 7 0'
	plan -q --format=json >plan.json
	[ "$(jq -r '.items | length' plan.json)" = "$(jq -r .members plan.json)" ]
	[ "$(jq -r '.items[] | select(.path == "odd").source' plan.json)" = 'a"b\c' ]
	[ "$(jq -r '.items[] | select(.path == "dev/loop0") | "\(.kind) \(.major) \(.minor)"' plan.json)" = 'node 7 0' ]
	[ "$(jq -r '.items[] | select(.path | endswith("ext4.ko")) | "\(.segment) \(.profile)"' plan.json)" = 'modules t.profile:1' ]
}

# The grammar of the kernel's usr/gen_init_cpio.c, each line turned into a line of mtree(5), from
# which bsdtar makes an archive.
list_to_mtree() {
	awk 'function fail() { print FILENAME ":" FNR ": " $0 >"/dev/stderr"; bad = 1; exit 1 }
	function common() { return "." $2 " mode=" $(NF_MODE) " uid=" $(NF_MODE + 1) " gid=" $(NF_MODE + 2) " time=0 " }
	BEGIN { print "#mtree" }
	{ NF_MODE = $1 == "file" || $1 == "slink" ? 4 : 3 }
	$2 !~ /^\/./ || $NF_MODE !~ /^0[0-7]+$/ { fail() }
	$1 == "file" { if (NF != 6) fail(); print common() "type=file contents=" $3; next }
	$1 == "slink" { if (NF != 6) fail(); print common() "type=link link=" $3; next }
	$1 == "dir" { if (NF != 5) fail(); print common() "type=dir"; next }
	$1 == "pipe" { if (NF != 5) fail(); print common() "type=fifo"; next }
	$1 == "nod" { if (NF != 8 || $6 !~ /^[bc]$/) fail()
		print common() "type=" ($6 == "b" ? "block" : "char") " device=linux," $7 "," $8; next }
	{ fail() }
	END { exit bad }' "$1"
}

# type, mode, owner, group, size or device, time, name
listing() {
	# bsdtar counts no links
	TZ=UTC bsdtar -tvf "$1" | sed 's| \./| |' | awk '{ $2 = ""; print }' | sort
}

@test "the list follows the grammar of gen_init_cpio and gives the listing of the built image" {
	real_programs
	profile 'module ext4 virtio_blk' 'node /dev/loop0 b 7 0 0660' 'node /run/pipe p' \
		'dir /srv/x 0700' 'file /etc/motd t.profile 0600' 'link /l a'
	plan --format=list -o list
	list_to_mtree list >mtree
	bsdtar -cf listed.cpio --format=newc @mtree
	build -s 'compress none'
	listing listed.cpio >want
	listing out.img >have
	diff -u want have
	[ "$(tail -n 1 list | cut -d' ' -f2)" = /etc/mkvinitrd/sentinel ]
}

@test "a name that gen_init_cpio cannot express is an error, not a broken list" {
	touch 'a b'
	profile 'file "/with blank" "a b"'
	run plan --format=list
	assert_failure 1
	assert_output --partial "'with blank' has a blank"
}
