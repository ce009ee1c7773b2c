#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# mkvinitrd update, in a system below a directory: what is built when, what replaces what, and what an update that fails leaves. lsblk and findfs
# are fakes where the root of the command line is on layers that this machine does not have.
load ../lib/env
bats_require_minimum_version 1.5.0

setup_file() {
	KERNEL=$("$BATS_TEST_DIRNAME/../lib/small-kernel" "$BATS_FILE_TMPDIR")
	export KERNEL KVER=${KERNEL##*/}
	cd "$BATS_FILE_TMPDIR" || return
	mkdir -p model/boot/grub model/lib model/etc/kernel model/etc/mkvinitrd/presets model/var/lib
	cp -a "$KERNEL/lib/modules" model/lib/
	cp -L "$KERNEL/vmlinuz" "model/boot/vmlinuz-$KVER"
	echo 'root=LABEL=nowhere rootfstype=ext4 ro quiet' >model/etc/kernel/cmdline
	: >model/boot/grub/grub.cfg
	# small images, for tests of replacing; empty files turn the shipped presets off
	: >model/etc/mkvinitrd/presets/default.preset
	: >model/etc/mkvinitrd/presets/fallback.preset
	printf 'profile %s\noutput /boot/a-%%k.img\n' "$PWD/small.profile" >model/etc/mkvinitrd/presets/a.preset
	printf 'profile %s\noutput /boot/b-%%k.img\nline param b=1\n' "$PWD/small.profile" >model/etc/mkvinitrd/presets/b.preset
	printf 'root disk\nmodule ext4 virtio_blk\nfile /note.txt note.txt\n' >small.profile
	echo one >note.txt
}

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export MKVINITRD=$HOST/mkvinitrd TMPDIR=$BATS_TEST_TMPDIR/tmp
	cd "$BATS_TEST_TMPDIR"
	mkdir tmp bin
	cp -a "$BATS_FILE_TMPDIR/model" sys
	echo one >"$BATS_FILE_TMPDIR/note.txt"
	A=sys/boot/a-$KVER.img B=sys/boot/b-$KVER.img STATE=sys/var/lib/mkvinitrd/update
}

update() {
	run --separate-stderr "$TOP/scripts/update" -r sys "$@"
}

change() { echo "$1" >"$BATS_FILE_TMPDIR/note.txt"; }

# holds IMAGE TEXT: it is complete, and of the set that has TEXT
holds() {
	"$HOST/mkvinitrd" check -q "$1" && assert_equal "$("$HOST/mkvinitrd" cat "$1" note.txt)" "$2"
}

# no_waste: no temporary file of ours
no_waste() {
	run find sys tmp -name '.*' -o -path '*tmp/*' -o -name '*.new' -o -name journal
	assert_output ''
}

# layers LINE...: the root is found, on these layers (NAME TYPE FSTYPE UUID)
layers() {
	printf '%s\n' '#!/bin/sh' 'echo /dev/null' >bin/findfs
	{ printf '#!/bin/sh\ncat <<X\n' && printf '%s\n' "$@" && echo X; } >bin/lsblk
	chmod +x bin/*
	PATH=$PWD/bin:$PATH
}

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
	assert_equal "$(jq -r '.images[] | "\(.preset) \(.status)"' <<<"$output" | paste -s -d ,)" 'default unchanged,fallback unchanged'
	grub-script-check sys/boot/grub/mkvinitrd.cfg
	grep -q "initrd /boot/initrd.img-$KVER.fallback" sys/boot/grub/mkvinitrd.cfg
	no_waste
}

@test "a service, whose SIGPIPE is ignored, sees no messages of tools" {
	rm sys/etc/mkvinitrd/presets/*
	update
	assert_success
	for n in 1 2 3; do # each differs in its first lines
		{ cat "$TOP/presets/default.preset" && echo "line param n=$n"; } >sys/etc/mkvinitrd/presets/default.preset
		run --separate-stderr sh -c "trap '' PIPE; exec '$TOP/scripts/update' -r sys -n default"
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
	mkdir -p sys/usr/sbin && : >sys/usr/sbin/update-initramfs && chmod +x sys/usr/sbin/update-initramfs
	echo theirs >"sys/boot/initrd.img-$KVER"
	update default
	assert_success
	assert_equal "$(cat "sys/boot/initrd.img-$KVER")" theirs
	"$HOST/mkvinitrd" check -q "sys/boot/mkvinitrd-$KVER.img"
}

@test "a changed input rebuilds; the old image is kept with an entry until the new one has booted, and GRUB returns to it" {
	update
	assert_success
	change two
	update
	assert_success
	change three # has not booted either: 'one' stays what is returned to
	update a
	assert_success
	holds "$A" three
	holds "$A.previous" one
	holds "$B" two
	cfg=sys/boot/grub/mkvinitrd.cfg
	grub-script-check "$cfg"
	grep -q "initrd /boot/a-$KVER.img.previous\$" "$cfg"
	grub-editenv sys/boot/grub/grubenv list | grep -qx mkvinitrd_tries=2
	mkdir -p run/initramfs
	export MKVINITRD_RUN=$PWD/run
	# the previous one has booted: nothing is proven
	"$HOST/mkvinitrd" cat "$A.previous" etc/mkvinitrd/sentinel >run/initramfs/sentinel
	update --booted
	assert_success
	[ "$stderr" = "update: this boot was by an image that is not the newest: the previous ones are kept, see 'mkvinitrd update'" ]
	holds "$A.previous" one
	"$HOST/mkvinitrd" cat "$A" etc/mkvinitrd/sentinel >run/initramfs/sentinel
	update --booted
	assert_success
	[ ! -e "$A.previous" ] && [ -e "$B.previous" ]
	run grub-editenv sys/boot/grub/grubenv list
	refute_output --partial mkvinitrd_tries
}

@test "GRUB tries a new image twice, then takes the previous one by itself" {
	update a
	change two
	update a
	assert_success
	cfg=sys/boot/grub/mkvinitrd.cfg env=sys/boot/grub/grubenv
	# the menu's own commands, by a shell that has load_env and save_env
	sed -n '/^load_env/,$p' "$cfg" | sed 's/^\t*set /eval /; s/^\t*save_env mkvinitrd_tries/grub-editenv "$env" set "mkvinitrd_tries=$mkvinitrd_tries"/
		s/^load_env.*/mkvinitrd_tries=$(grub-editenv "$env" list | sed -n "s,mkvinitrd_tries=,,p")/' >count
	for expected in '' '' "mkvinitrd-previous-a-$KVER" "mkvinitrd-previous-a-$KVER"; do
		default=''
		. ./count
		assert_equal "$default" "$expected"
	done
	grep -q -- "--id mkvinitrd-previous-a-$KVER {" "$cfg"
}

@test "systemd-boot: a new entry with two attempts, and the one that booted before below it; nothing is overwritten" {
	rm -r sys/boot/grub
	mkdir -p sys/efi/loader/entries
	update a
	assert_success
	entry=$(echo sys/efi/loader/entries/*+2.conf)
	place=sys/efi$(sed -n 's/^initrd //p' "$entry")
	cmp "$place" "$A"
	cmp "sys/efi$(sed -n 's/^linux //p' "$entry")" "sys/boot/vmlinuz-$KVER"
	grep -qx 'options root=LABEL=nowhere rootfstype=ext4 ro quiet' "$entry"
	mv "$entry" "${entry%+2.conf}.conf" # as systemd-bless-boot does
	change two
	update a
	assert_success
	cmp "sys/efi$(sed -n 's/^initrd //p' sys/efi/loader/entries/*+2.conf)" "$A"
	grep -qx "title Linux $KVER, previous initramfs" "${entry%+2.conf}.conf"
	holds "$place" one
	mkdir -p run/initramfs
	export MKVINITRD_RUN=$PWD/run
	"$HOST/mkvinitrd" cat "$A" etc/mkvinitrd/sentinel >run/initramfs/sentinel
	update --booted
	assert_success
	[ ! -e "${entry%+2.conf}.conf" ] && [ ! -e "$place" ]
}

# chosen: the image that systemd-boot starts, as its manual orders entries: none whose attempts are used up, then by sort-key
chosen() {
	for entry in sys/efi/loader/entries/*.conf; do
		case $entry in *+0*) continue ;; esac
		printf '%s\tsys/efi%s\n' "$(sed -n 's/^sort-key //p' "$entry")" "$(sed -n 's/^initrd //p' "$entry")"
	done | LC_ALL=C sort | sed -n '1s/.*\t//p'
}

@test "systemd-boot returns to the previous image, not to that of a preset without attempts" {
	rm -r sys/boot/grub
	mkdir -p sys/efi/loader/entries
	mv sys/etc/mkvinitrd/presets/a.preset sys/etc/mkvinitrd/presets/default.preset
	mv sys/etc/mkvinitrd/presets/b.preset sys/etc/mkvinitrd/presets/fallback.preset
	echo 'previous none' >>sys/etc/mkvinitrd/presets/fallback.preset
	update
	assert_success
	for entry in sys/efi/loader/entries/*+2.conf; do mv "$entry" "${entry%+2.conf}.conf"; done
	change two
	update
	assert_success
	holds "$(chosen)" two
	for entry in sys/efi/loader/entries/*+2.conf; do mv "$entry" "${entry%+2.conf}+0-2.conf"; done
	holds "$(chosen)" one
}

@test "what the root of the command line needs is added, or the update is refused: file system, LUKS, LVM, RAID" {
	echo 'root=UUID=11-22 ro' >sys/etc/kernel/cmdline
	update a
	assert_success
	layers 'sda disk xfs'
	update a # xfs is not in the profile
	assert_failure 1
	[[ $stderr == *"root=UUID=11-22, which is xfs: the image lacks xfs (the file system of the root); add it to the preset"* ]]
	layers 'vg-root lvm ext4' 'md0 raid1 LVM2_member' 'sda disk linux_raid_member'
	update a # this system has neither lvm nor mdadm
	assert_failure 1
	[[ $stderr == *"preset 'a', kernel $KVER: "*mdadm* ]] || [[ $stderr == *"preset 'a', kernel $KVER: "*lvm* ]]
	[[ ${stderr} == *'nothing was replaced: the old images are in force'* ]]
	holds "$A" one
	echo 'root none' >>sys/etc/mkvinitrd/presets/a.preset
	update a
	assert_success
	layers 'x crypt ext4' 'sda disk crypto_LUKS'
	sed -i '$d' sys/etc/mkvinitrd/presets/a.preset
	mkdir -p sys/sbin
	cp "$MUSL/bin/busybox" sys/sbin/cryptsetup # a program without libraries: this test boots nothing
	update a
	assert_success
	assert_output --partial 'root=UUID=11-22, which is ext4 on LUKS: the image has cryptsetup dm_crypt ext4'
	"$HOST/mkvinitrd" ls "$A" | grep -q '^bin/cryptsetup$'
}

@test "a root that cannot be examined is refused, not taken for none" {
	mkdir -p alone/build
	cp -a "$TOP/scripts" "$TOP/profiles" "$TOP/presets" alone/
	run --separate-stderr alone/scripts/update -r sys a
	assert_failure 1
	[[ $stderr == *": cannot examine the root: there is no program bootplan in "* ]]
	layers 'sda disk ext4'
	printf '#!/bin/sh\nexit 1\n' >bin/lsblk
	update a
	assert_failure 1
	[[ $stderr == *": cannot examine the root: lsblk failed for root=LABEL=nowhere"* ]]
	[ ! -e "$A" ]
}

@test "a LUKS volume that only crypttab names is opened by the image, under its name" {
	layers 'vg-root lvm ext4 4-4' 'sda3_crypt crypt LVM2_member 3-3' 'sda3 part crypto_LUKS 2-2' 'sda disk'
	mkdir -p sys/sbin
	for program in cryptsetup lvm; do cp "$MUSL/bin/busybox" sys/sbin/$program; done
	echo 'root=UUID=4-4 ro' >sys/etc/kernel/cmdline
	echo 'sda3_crypt UUID=2-2 none luks,discard' >sys/etc/crypttab
	update a
	assert_success
	"$HOST/mkvinitrd" cat "$A" etc/mkvinitrd/defaults | grep -x 'rd.luks.name=2-2=sda3_crypt'
	# the command line has it
	echo 'root=UUID=4-4 ro rd.luks.uuid=2-2' >sys/etc/kernel/cmdline
	update a
	assert_success
	run "$HOST/mkvinitrd" cat "$A" etc/mkvinitrd/defaults
	refute_output --partial rd.luks
}

@test "a volume that an image of ours cannot open by itself is refused by the name of the option" {
	layers 'x crypt ext4 4-4' 'sda disk crypto_LUKS 2-2'
	mkdir -p sys/sbin
	cp "$MUSL/bin/busybox" sys/sbin/cryptsetup
	echo 'root=UUID=4-4 ro' >sys/etc/kernel/cmdline
	for option in keyscript=/bin/decrypt tpm2-device=auto fido2-device=auto header=/boot/header; do
		printf '#x UUID=2-2 none luks\nx /dev/disk/by-uuid/2-2 none luks,%s\n' "$option" >sys/etc/crypttab
		update a
		assert_failure 1
		[[ $stderr == *"'$option' of the volume x in $PWD/sys/etc/crypttab is not supported; 'root none' in the preset leaves the root to you"* ]]
	done
	echo 'root none' >>sys/etc/mkvinitrd/presets/a.preset
	update a
	assert_success
	sed -i '$d' sys/etc/mkvinitrd/presets/a.preset
	echo 'x UUID=2-2 /etc/keys/x luks' >sys/etc/crypttab
	update a
	assert_success
	assert_output --partial 'which is ext4 on LUKS (its key file /etc/keys/x is not packed: the passphrase is asked)'
}

@test "a /usr of its own is looked at as the root is, and both are checked by the root's e2fsck where no later fsck can" {
	layers 'sda disk ext4'
	mkdir -p sys/sbin
	cp "$MUSL/bin/busybox" sys/sbin/e2fsck
	echo 'root=UUID=11-22 ro' >sys/etc/kernel/cmdline
	update a
	assert_success
	run "$HOST/mkvinitrd" ls "$A" # systemd-fsck-root does that
	refute_output --partial e2fsck
	printf '# UUID=1 /usr xfs\nUUID=11-22 / ext4 defaults 0 1\nLABEL=u /usr xfs defaults 0 2\n' >sys/etc/fstab
	update a
	assert_failure 1
	[[ $stderr == *"root=UUID=11-22, which is ext4; /usr=LABEL=u, which is xfs: the image lacks xfs (the file system of /usr)"* ]]
	sed -i 's/xfs defaults/ext4 defaults/' sys/etc/fstab
	update a
	assert_success
	assert_output --partial '/usr=LABEL=u, which is ext4: the image has e2fsck ext4'
	"$HOST/mkvinitrd" ls "$A" | grep -qx bin/e2fsck
	sed -i 's/defaults 0 2/ro 0 2/' sys/etc/fstab
	echo 'root=UUID=11-22 rw' >sys/etc/kernel/cmdline
	update a
	assert_success
	"$HOST/mkvinitrd" ls "$A" | grep -qx bin/e2fsck
	echo 'line applet e2fsck' >>sys/etc/mkvinitrd/presets/a.preset # ours, for whoever wants that
	update a
	assert_success
}

@test "a build that is killed is named" {
	printf '#!/bin/sh\n[ "$1" != plan ] || kill -KILL $PPID\nexec %s "$@"\n' "$HOST/mkvinitrd" >bin/mkvinitrd
	chmod +x bin/mkvinitrd
	MKVINITRD=$PWD/bin/mkvinitrd update a
	assert_failure 1
	assert_equal "${stderr_lines[-2]}" "update: preset 'a', kernel $KVER: the build ended without a result: was it killed, as by a lack of memory?"
	assert_equal "${stderr_lines[-1]}" 'update: nothing was replaced: the old images are in force'
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

@test "entries of a kernel whose version only begins alike are left alone, at an update, its success and a removal" {
	rm -r sys/boot/grub
	mkdir -p sys/efi/loader/entries sys/efi/mkvinitrd/other run/initramfs
	for name in "a-$KVER-lab-0123456789ab+2" "a-$KVER-lab-0123456789ac" "a-$KVER-lab-0123456789ad+1-1"; do
		printf 'title Linux %s-lab\nsort-key mkvinitrd-a\nlinux /mkvinitrd/other/linux\n' "$KVER" >"sys/efi/loader/entries/mkvinitrd-$name.conf"
	done
	cp -a sys/efi/loader/entries others
	update a
	assert_success
	change two
	update a
	assert_success
	"$HOST/mkvinitrd" cat "$A" etc/mkvinitrd/sentinel >run/initramfs/sentinel
	MKVINITRD_RUN=$PWD/run update --booted
	assert_success
	for other in others/*; do cmp "$other" "sys/efi/loader/entries/${other##*/}"; done
	update --remove -k "$KVER"
	assert_success
	diff -r others sys/efi/loader/entries
	[ -d sys/efi/mkvinitrd/other ]
}

@test "an update waits for another one, says so, and gives up with one line" {
	mkdir -p "$STATE"
	exec 8>"$STATE/lock"
	flock 8
	MKVINITRD_LOCK_WAIT=1 update a
	assert_failure 1
	assert_equal "${stderr_lines[0]}" "update: another 'mkvinitrd update' is at work: waiting for it, for 1 s at most"
	assert_equal "${stderr_lines[1]}" "update: another 'mkvinitrd update' is at work: '$PWD/$STATE/lock' is locked"
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

@test "where the old image can be neither linked nor copied, no part of it stays, and the next update completes" {
	update a
	assert_success
	change two
	printf '#!/bin/sh\nexit 1\n' >bin/ln
	cat >bin/cp <<'CP'
#!/bin/sh
case $* in *.mkvinitrd-previous) head -c 4096 "$1" >"$2"; exit 1 ;; esac
exec /bin/cp "$@"
CP
	chmod +x bin/*
	PATH=$PWD/bin:$PATH update a
	assert_failure 1
	run find sys/boot -name '.*.mkvinitrd-previous'
	assert_output ''
	holds "$A" one
	update a
	assert_success
	holds "$A" two
	holds "$A.previous" one
	no_waste
}

@test "a kernel that is removed takes its images, records and entries with it" {
	update
	change two
	update
	assert_success
	[ -e "$A.previous" ]
	update --remove -k "$KVER"
	assert_success
	run sh -c 'ls sys/boot; ls sys/var/lib/mkvinitrd/update'
	assert_output "grub
vmlinuz-$KVER
lock"
	run grep -c menuentry sys/boot/grub/mkvinitrd.cfg
	assert_output 0
	update --remove
	assert_failure 2
}

# full_at BYTES: an update to the text "two" with so much room in /boot
full_at() {
	local files
	umount boot-full 2>/dev/null || :
	mkdir -p boot-full
	files=$(du -cB1 sys/boot/a-* "sys/boot/vmlinuz-$KVER" | awk 'END { print $1 }')
	mount -t tmpfs -o "size=$((files + $1 + 65536))" tmpfs boot-full
	cp -a sys/boot/. boot-full/
	cp -a sys/var/lib/mkvinitrd before
	mount --bind boot-full sys/boot
	update a
	cp "$A" result.img
	find sys/boot -name '.*.mkvinitrd*' >waste
	umount sys/boot boot-full
}

# Every day at some sizes, "check --all" at each 64 KiB of the image
@test "without room an update is one clear line, and the old set stays as it was" {
	update a
	assert_success
	change two
	size=$(stat -c %s "$A")
	step=$((size / 3))
	[ -z "${CHECK_ALL:-}" ] || step=65536
	for ((room = 0; room < size - 131072; room += step)); do
		rm -rf before
		full_at $room
		assert_failure 1
		[[ ${stderr_lines[0]} == "update: preset 'a', kernel $KVER: no space left for "* ]]
		assert_equal "${stderr_lines[1]}" 'update: nothing was replaced: the old images are in force'
		holds result.img one
		diff -r --exclude=lock before "$STATE/.."
		[ ! -s waste ]
	done
	rm -rf before
	full_at $((size + 1048576))
	assert_success
	holds result.img two
}

# killed_at N: an update in a PID namespace of its own, all of which is killed when its N-th writing tool starts; fails if there are fewer
killed_at() {
	for tool in mv ln rm cp sync mkdir; do
		cat >"bin/$tool" <<TOOL
#!/bin/sh
echo >>$PWD/calls
[ "\$(wc -l <$PWD/calls)" != $1 ] || { kill -KILL -1; kill -KILL \$\$; }
exec /bin/$tool "\$@"
TOOL
	done
	chmod +x bin/*
	: >calls
	PATH=$PWD/bin:$PATH timeout -s KILL 120 unshare --pid --fork --mount-proc --kill-child sh -c "$TOP/scripts/update -r sys -q a; true" >/dev/null 2>&1
	rm bin/*
	[ "$(wc -l <calls)" -ge "$1" ]
}

# entries: all files of the boot loader, by their hashes
entries() {
	(cd sys && find boot/grub efi -type f -exec sha256sum {} + 2>/dev/null | sort -k 2)
}

# begin grub|systemd-boot: a system whose image 'one' has booted, kept in start, that is to be updated to 'two'; in expected, its entries
# after an update that nothing disturbed
begin() {
	[ "$1" = grub ] || { rm -r sys/boot/grub && mkdir -p sys/efi/loader/entries; }
	update a
	assert_success
	for entry in sys/efi/loader/entries/*+2.conf; do
		[ ! -f "$entry" ] || mv "$entry" "${entry%+2.conf}.conf"
	done
	cp -a sys start
	change two
	update a
	assert_success
	entries >expected
	begin_again
}

begin_again() {
	rm -rf sys tmp
	cp -a start sys
	mkdir tmp
}

# one_set: the image is complete, and so is the previous one; the next update makes the new set of either, without waste, with its entries
one_set() {
	text=$("$HOST/mkvinitrd" cat "$A" note.txt)
	[ "$text" = one ] || [ "$text" = two ]
	holds "$A" "$text"
	rm -rf tmp/* # that of a killed process in TMPDIR is the system's to clean
	[ ! -e "$A.previous" ] || holds "$A.previous" one
	for entry in sys/efi/loader/entries/*.conf; do # each names a kernel and an image that are complete
		[ -f "$entry" ] || continue
		cmp "sys/efi$(sed -n 's/^linux //p' "$entry")" "sys/boot/vmlinuz-$KVER"
		"$HOST/mkvinitrd" check -q "sys/efi$(sed -n 's/^initrd //p' "$entry")"
	done
	[ ! -d sys/efi ] || [ -f "$entry" ]
	update a
	assert_success
	holds "$A" two
	holds "$A.previous" one
	assert_equal "$(entries)" "$(cat expected)"
	no_waste
}

# killed_steps FIRST STEP
killed_steps() {
	for ((n = $1; n < 150; n += $2)); do
		killed_at $n || break
		one_set
		begin_again
	done
	[ $n -gt 10 ]
}

# killed_calls N...: each process of the update is killed at its N-th system call that writes: shells, the builder, and the tools
killed_calls() {
	calls=write,pwrite64,rename,renameat,renameat2,link,linkat,unlink,unlinkat,fsync,fdatasync,syncfs,ftruncate,mkdir,copy_file_range,sendfile
	for n; do
		run timeout -k 5 120 strace -f -qq -o /dev/null -e "inject=$calls:signal=KILL:when=$n" "$TOP/scripts/update" -r sys -q a
		killed=$status
		one_set
		begin_again
		[ "$killed" != 0 ] || break # no process has so many
	done
	[ "$n" -gt 2 ]
}

# Every day at some steps, "check --all" at each
@test "GRUB: an update that is killed at any step leaves the old set or the new one, and the next completes it" {
	begin grub
	if [ -n "${CHECK_ALL:-}" ]; then killed_steps 2 1; else killed_steps 2 5; fi
}

@test "systemd-boot: an update that is killed at any step leaves the old set or the new one, and the next completes it" {
	begin systemd-boot
	if [ -n "${CHECK_ALL:-}" ]; then killed_steps 2 1; else killed_steps 4 9; fi
}

@test "GRUB: a process that is killed at any system call that writes leaves the old set or the new one" {
	begin grub
	# shellcheck disable=SC2046 # numbers
	if [ -n "${CHECK_ALL:-}" ]; then killed_calls $(seq 100); else killed_calls 2 19; fi
}

@test "systemd-boot: a process that is killed at any system call that writes leaves the old set or the new one" {
	begin systemd-boot
	# shellcheck disable=SC2046
	if [ -n "${CHECK_ALL:-}" ]; then killed_calls $(seq 100); else killed_calls 7; fi
}
