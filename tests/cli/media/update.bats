#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# mkvinitrd update: what is built when, and what is said of mistakes
bats_require_minimum_version 1.5.0
load ../../lib/env
load update

@test "the shipped presets build an image for this machine, a generic one beside it, and nothing the second time" {
	rm sys/etc/mkvinitrd/presets/*
	update -n
	assert_success
	assert_line --regexp "^${KVER//+/[+]} +default +outdated"
	[ ! -e sys/var/lib/mkvinitrd ]
	update
	assert_success
	image=sys/boot/initrd.img-$KVER
	"$HOST/mkvinitrd" check -q -k "$KERNEL/vmlinuz" "$image"
	"$HOST/mkvinitrd" ls "$image" >list
	grep -q '/ext4\.ko' list
	run grep '/xfs\.ko' list # of no use to a root that is ext4
	assert_failure
	"$HOST/mkvinitrd" check -q -k "$KERNEL/vmlinuz" "$image.fallback"
	[ "$(stat -c %s "$image")" -lt "$(stat -c %s "$image.fallback")" ]
	update --json
	assert_success
	assert_equal "$(jq -r '.images[] | "\(.preset) \(.status)"' <<<"$output" | paste -s -d ,)" \
		'default unchanged,fallback unchanged'
	grub-script-check sys/boot/grub/mkvinitrd.cfg
	grep -q "initrd /boot/initrd.img-$KVER.fallback" sys/boot/grub/mkvinitrd.cfg
	no_waste
}

@test "a service, whose SIGPIPE is ignored, sees no messages of tools" {
	rm sys/etc/mkvinitrd/presets/*
	update
	assert_success
	for n in 1 2 3; do # each differs in its first lines
		{ cat "$TOP/presets/default.preset" &&
			echo "line param n=$n"; } >sys/etc/mkvinitrd/presets/default.preset
		run --separate-stderr sh \
			-c "trap '' PIPE; exec '$TOP/scripts/update' -r sys -n default"
		assert_equal "$status$stderr" 0
	done
}

@test "where the file system of the root is not known, all are packed" {
	rm sys/etc/mkvinitrd/presets/*
	for cmdline in 'root=LABEL=nowhere ro' 'quiet' ''; do
		echo "$cmdline" >sys/etc/kernel/cmdline
		cp "$TOP/presets/default.preset" sys/etc/mkvinitrd/presets/
		[ -n "$cmdline" ] || echo 'root none' >>sys/etc/mkvinitrd/presets/default.preset
		update default
		assert_success
		"$HOST/mkvinitrd" ls "sys/boot/initrd.img-$KVER" >list
		grep -q '/xfs\.ko' list
		grep -q '/ext4\.ko' list
	done
}

@test "where another generator is installed its image is left alone" {
	rm sys/etc/mkvinitrd/presets/*
	mkdir -p sys/usr/sbin && : >sys/usr/sbin/update-initramfs &&
		chmod +x sys/usr/sbin/update-initramfs
	echo theirs >"sys/boot/initrd.img-$KVER"
	update default
	assert_success
	assert_equal "$(cat "sys/boot/initrd.img-$KVER")" theirs
	"$HOST/mkvinitrd" check -q "sys/boot/mkvinitrd-$KVER.img"
}

@test "a build that is killed is named" {
	printf '#!/bin/sh\n[ "$1" != plan ] || kill -KILL $PPID\nexec %s "$@"\n' "$HOST/mkvinitrd" \
		>bin/mkvinitrd
	chmod +x bin/mkvinitrd
	MKVINITRD=$PWD/bin/mkvinitrd update a
	assert_failure 1
	assert_equal "${stderr_lines[-2]}" \
		"update: preset 'a', kernel $KVER: the build ended without a result: was it killed, as by a lack of memory?"
	assert_equal "${stderr_lines[-1]}" \
		'update: nothing was replaced: the old images are in force'
	[ ! -e "$A" ]
}

@test "one image that cannot be built leaves all old ones" {
	update
	change two
	echo 'line module nonsense_driver' >>sys/etc/mkvinitrd/presets/b.preset
	update
	assert_failure 1
	[[ $stderr == *"update: preset 'b', kernel $KVER: "*nonsense_driver* ]]
	holds "$A" one
	holds "$B" one
	no_waste
}

@test "mistakes in presets are named with file and line, and the exit status is 3" {
	printf 'profil disk\nroot maybe\noutput boot/x\nline\n' >sys/etc/mkvinitrd/presets/c.preset
	update
	assert_failure 3
	[[ $stderr == *"c.preset:1: error: unknown key 'profil', expected profile,"* ]]
	[[ $stderr == *"c.preset:2: error: 'root' is one of auto, none, found 'maybe'"* ]]
	[[ $stderr == *"c.preset:3: error: 'output' is auto, or an absolute path with %k"* ]]
	[[ $stderr == *"c.preset:4: error: 'line' needs a value"* ]]
	[ ! -e "$A" ]
	update d
	assert_failure 1
	assert_equal "$stderr" "update: there is no preset 'd'; there are: a b c"
}

@test "an update waits for another one, says so, and gives up with one line" {
	mkdir -p "$STATE"
	exec 8>"$STATE/lock"
	flock 8
	MKVINITRD_LOCK_WAIT=1 update a
	assert_failure 1
	assert_equal "${stderr_lines[0]}" \
		"update: another 'mkvinitrd update' is at work: waiting for it, for 1 s at most"
	assert_equal "${stderr_lines[1]}" \
		"update: another 'mkvinitrd update' is at work: '$PWD/$STATE/lock' is locked"
	[ ! -e "$A" ]
}

@test "a boot without the hash of its image is not taken for that of any image" {
	update a
	assert_success
	sed -i 's/^sentinel .*/sentinel /' "$STATE/a@$KVER"
	mkdir -p run/initramfs
	echo 'members=3' >run/initramfs/sentinel
	MKVINITRD_RUN=$PWD/run update --booted
	assert_failure 1
	assert_equal "$stderr" "update: expected the hash of this boot's image in '$PWD/run/initramfs/sentinel', found none"
	[ ! -e "$STATE/good" ]
}
