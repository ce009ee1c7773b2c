#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# findimg with real file systems on loop devices of our own. --only keeps it from opening the machine's disks.
# shellcheck disable=SC2154 # output, stderr: by bats

bats_require_minimum_version 1.5.0
load /usr/lib/bats/bats-support/load
load /usr/lib/bats/bats-assert/load

setup() {
	findimg=$HOST/bin/findimg
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p mnt work
	devices='' background=''
}

teardown() {
	local device
	[ -z "$background" ] || kill "$background" 2>/dev/null || :
	while read -r device; do umount "$device"; done < <(awk -v d="$BATS_TEST_TMPDIR" 'index($2, d) == 1 { print $2 }' /proc/mounts | tac)
	for device in $(losetup -l -n -O NAME,BACK-FILE | awk -v d="$BATS_TEST_TMPDIR" 'index($2, d) == 1 { print $1 }'); do
		losetup -d "$device"
	done
}

# attach FILE [OPTION...]: a loop device; its name in $loop, and in the list that findimg may open
attach() {
	local file=$1
	shift
	loop=$(losetup -f --show "$@" "$file")
	devices=${devices:+$devices,}${loop#/dev/}
}

# ext4_image FILE LABEL [PATH]: a small file system that holds PATH
ext4_image() {
	rm -rf tree
	mkdir -p tree
	[ -z "${3:-}" ] || { mkdir -p "tree/$(dirname "$3")" && echo "content of $1" >"tree/$3"; }
	truncate -s 8M "$1"
	mkfs.ext4 -q -L "$2" -d tree "$1"
}

find_only() { run --separate-stderr "$findimg" --only "$devices" -m "$PWD/mnt" "$@"; }

value() { sed -n "s/^$1=//p" <<<"$output"; }

# dirty FILE: mounts it, changes things, and copies it while it is mounted, as a power cut leaves it
dirty() {
	local device
	device=$(losetup -f --show "$1")
	case $(blkid -o value -s TYPE -p "$device") in
	ntfs) ntfs-3g "$device" work ;;
	*) mount "$device" work ;;
	esac
	mkdir -p work/images
	echo image >work/images/root.img
	sync -f work
	echo more >work/synced-later
	sync work/synced-later
	cp --sparse=always "$1" "$1.dirty"
	umount work
	losetup -d "$device"
	mv "$1.dirty" "$1"
}

# An NTFS volume with the dirty flag set in $Volume (attribute 0x70, flags at its value + 10), as chkdsk wants it
mark_ntfs_dirty() {
	python3 - "$1" <<'PY'
import struct, sys
with open(sys.argv[1], 'r+b') as f:
    boot = f.read(512)
    sector, per_cluster = struct.unpack_from('<HB', boot, 11)
    size = struct.unpack_from('<b', boot, 64)[0]
    size = 1 << -size if size < 0 else size * sector * per_cluster
    for lcn in struct.unpack_from('<QQ', boot, 48):  # $MFT and $MFTMirr
        at = lcn * sector * per_cluster + 3 * size
        f.seek(at)
        record = f.read(size)
        assert record[:4] == b'FILE'
        attribute, = struct.unpack_from('<H', record, 20)
        while struct.unpack_from('<I', record, attribute)[0] != 0x70:
            attribute += struct.unpack_from('<I', record, attribute + 4)[0]
        value = attribute + struct.unpack_from('<H', record, attribute + 20)[0]
        f.seek(at + value + 10)
        f.write(b'\x01\x00')
PY
}

bystanders() {
	truncate -s 16M ext4 && mkfs.ext4 -q -L ext4 ext4 && dirty ext4
	truncate -s 16M ext3 && mkfs.ext3 -q -L ext3 ext3 && dirty ext3
	truncate -s 300M xfs && mkfs.xfs -q -L xfs xfs && dirty xfs
	truncate -s 128M btrfs && mkfs.btrfs -q -L btrfs btrfs && dirty btrfs
	truncate -s 16M ntfs && mkfs.ntfs -q -F -Q -L ntfs ntfs 2>/dev/null && dirty ntfs && mark_ntfs_dirty ntfs
	truncate -s 16M vfat && mkfs.vfat -n VFAT vfat >/dev/null
	printf '\1' | dd of=vfat bs=1 seek=37 conv=notrunc status=none
	truncate -s 64M f2fs && mkfs.f2fs -q -l f2fs f2fs >/dev/null
	truncate -s 16M swap && mkswap -L swap swap >/dev/null
	printf 'S1SUSPEND\0' | dd of=swap bs=1 seek=4086 conv=notrunc status=none
	printf 'LUKS\272\276\0\2' >luks && truncate -s 16M luks
}

@test "no byte of a disk that is only looked at changes, dirty journals included" {
	bystanders
	dumpe2fs -h ext4 2>/dev/null | grep -q needs_recovery
	xfs_logprint -t xfs 2>/dev/null | grep -q 'state: <DIRTY>'
	btrfs inspect-internal dump-super btrfs | grep -Eq 'log_root[[:space:]]+[1-9]'
	file=(ext4 ext3 xfs btrfs ntfs vfat f2fs swap luks)
	sha256sum "${file[@]}" >sums
	for name in "${file[@]}"; do attach "$name"; done
	find_only -t 0 /no/such/image
	assert_equal "$status" 3
	echo "$stderr"
	for name in ext4 ext3 xfs btrfs ntfs; do grep -q "$name *$name .*does not hold /no/such/image" <<<"$stderr"; done
	for device in ${devices//,/ }; do assert_equal "$(<"/sys/block/$device/ro")" 0; done
	grep -q 'ext4 .*(journal not replayed)' <<<"$stderr"
	# the look itself reached their files, so it was a real mount
	for name in ext4 ntfs btrfs; do
		find_only -t 0 -H "LABEL=$name" /images/root.img
		assert_equal "$status" 0
		assert_equal "$(value FILE)" "$PWD/mnt/images/root.img"
		umount mnt
	done
	sync
	for device in ${devices//,/ }; do losetup -d "/dev/$device"; done
	sha256sum -c --quiet sums
}

@test "a device that was read-only before stays read-only" {
	ext4_image disk one image
	attach disk -r
	find_only -t 0 /nothing
	assert_equal "$status" 3
	assert_equal "$(<"/sys/block/${loop#/dev/}/ro")" 1
}

@test "the winner is mounted read-only, printed, and recorded for the way back" {
	ext4_image disk one boot/image
	attach disk
	find_only -t 0 --state "$PWD/state" boot/none boot/image
	assert_equal "$status" 0
	assert_equal "$(value DEVICE)" "$loop"
	assert_equal "$(value FSTYPE)" ext4
	assert_equal "$(value LABEL)" one
	assert_equal "$(value UUID)" "$(blkid -p -o value -s UUID disk)"
	assert_equal "$(value FILE)" "$PWD/mnt/boot/image"
	assert_equal "$(<"$(value FILE)")" 'content of disk'
	run touch mnt/x
	assert_failure
	assert_equal "$(<state)" "device $loop
mount $PWD/mnt"
}

@test "with -w the journal is replayed and the host can be written to" {
	ext4_image disk one image
	dirty disk
	attach disk
	find_only -t 0 -w /image
	assert_equal "$status" 0
	touch mnt/written
	umount mnt
	run dumpe2fs -h "$loop"
	refute_output --partial needs_recovery
	e2fsck -fn "$loop"
}

@test "with -w a file that is in the journal only is found on the host that was named" {
	truncate -s 300M disk
	mkfs.xfs -q -L data disk
	dirty disk
	attach disk
	find_only -t 0 -H LABEL=data /images/root.img
	assert_equal "$status" 3
	find_only -t 0 -w -H LABEL=data /images/root.img
	assert_equal "$status" 0
	assert_equal "$(<"$(value FILE)")" image
}

@test "every way to name a host" {
	ext4_image one-p 'my data' image
	truncate -s 16M one
	echo '4M,8M,L' | sfdisk -q --label gpt one
	sfdisk -q --part-label one 1 'part one'
	dd if=one-p of=one bs=1M seek=4 conv=notrunc status=none
	attach one -P
	partx -u "$loop" # for kernels without GPT support
	uuid=$(blkid -p -o value -s UUID one-p)
	part=$(sfdisk --part-uuid one 1)
	for spec in any "${loop}p1" "${loop#/dev/}p1" "UUID=$uuid" "UUID=${uuid^^}" "LABEL=my data" 'LABEL=my\x20data' \
		'LABEL="my data"' "PARTUUID=$part" "PARTUUID=${part,,}" 'PARTLABEL=part one' "/dev/disk/by-uuid/$uuid"; do
		find_only -t 0 -H "$spec" /image
		assert_equal "$spec: $status $(value DEVICE)" "$spec: 0 ${loop}p1"
		umount mnt
	done
	for spec in usb cdrom UUID=no LABEL=my PARTLABEL=part "$loop"; do
		find_only -t 0 -H "$spec" /image
		assert_equal "$spec: $status" "$spec: 3"
		grep -q "is not $spec" <<<"$stderr"
	done
	find_only -t 0 -D "$loop" /image
	assert_equal "$(value DEVICE)" "${loop}p1"
	find_only -t 0 -D sdzz /image
	assert_equal "$status" 3
}

@test "NTFS and FAT serials match in either case" {
	truncate -s 8M ntfs && mkfs.ntfs -q -F -Q ntfs 2>/dev/null
	truncate -s 8M vfat && mkfs.vfat -i DEADBEEF vfat >/dev/null
	attach ntfs
	attach vfat
	serial=$(blkid -p -o value -s UUID ntfs)
	for spec in "$serial" "${serial,,}" DEAD-BEEF dead-beef; do
		run "$findimg" --only "$devices" -t 0 -H "UUID=$spec"
		assert_success
		assert_line --partial 'DEVICE=/dev/loop'
	done
}

@test "symbolic links count inside the host only" {
	mkdir -p tree/dir
	echo inside >tree/dir/image
	ln -s /dir/image tree/absolute
	ln -s ../../../../dir/image tree/relative
	ln -s /etc/passwd tree/outside
	truncate -s 8M disk && mkfs.ext4 -q -d tree disk
	attach disk
	for path in /absolute relative /dir/../../../dir/image; do
		find_only -t 0 "$path"
		assert_equal "$(value FILE)" "$PWD/mnt/dir/image"
		assert_equal "$(<"$(value FILE)")" inside
		umount mnt
	done
	find_only -t 0 /outside
	assert_equal "$status" 3
}

@test "two matches: always the same one is taken and both are named" {
	ext4_image one one image
	ext4_image two two image
	attach one && first=$loop
	attach two
	find_only -t 0 /image
	assert_equal "$status" 0
	assert_equal "$(value DEVICE)" "$first"
	grep -q "warning: found on '$first' .* and on '$loop' .*UUID=$(blkid -p -o value -s UUID two)" <<<"$stderr"
}

@test "a device that appears later is found by its event" {
	ext4_image late late image
	# a free loop device that findimg may look at; it gets its medium while findimg waits
	loop=$(losetup -f)
	devices=${loop#/dev/}
	mkfifo errors
	"$findimg" --only "$devices" -m "$PWD/mnt" -t 60 /image >out 2>errors &
	background=$!
	# the progress line tells that findimg is waiting in poll
	read -r line <errors
	[[ $line == *"waiting "*"'/image' on host 'any'; seen: "* ]]
	losetup "$loop" late
	wait "$background"
	background=''
	output=$(<out)
	assert_equal "$(value DEVICE)" "$loop"
	assert_equal "$(value FILE)" "$PWD/mnt/image"
}

@test "a partition that appears later is found by its event" {
	ext4_image part late image
	truncate -s 16M late
	dd if=part of=late bs=1M seek=4 conv=notrunc status=none
	attach late -P
	mkfifo errors
	"$findimg" --only "$devices" -m "$PWD/mnt" -t 60 /image >out 2>errors &
	background=$!
	read -r line <errors
	addpart "$loop" 1 8192 16384
	wait "$background"
	background=''
	output=$(<out)
	assert_equal "$(value DEVICE)" "${loop}p1"
}

@test "not found: a table of every device with the reason, exit 3" {
	ext4_image data data image
	truncate -s 16M swap && mkswap -L myswap swap >/dev/null
	printf 'LUKS\272\276\0\2' >luks && truncate -s 16M luks
	truncate -s 8M empty
	for name in data swap luks empty; do attach "$name"; done
	find_only -t 0 /other
	assert_equal "$status" 3
	refute_output
	grep -q 'NAME .*SIZE .*BUS .*TYPE .*LABEL .*UUID .*WHY NOT' <<<"$stderr"
	grep -q "8M virtual ext4 *data .*does not hold /other" <<<"$stderr"
	grep -q 'swap *myswap .* swap$' <<<"$stderr"
	grep -q 'encrypted (LUKS)' <<<"$stderr"
	grep -q 'nothing recognised on it' <<<"$stderr"
}

@test "a hibernated Windows may be read, never written to" {
	truncate -s 16M ntfs && mkfs.ntfs -q -F -Q ntfs 2>/dev/null
	attach ntfs
	ntfs-3g "$loop" work
	printf HIBR | dd of=work/hiberfil.sys bs=8k conv=sync status=none
	echo image >work/image
	umount work
	losetup -d "$loop"
	sha256sum ntfs >sums
	devices=''
	attach ntfs
	find_only -t 0 -w /image
	assert_equal "$status" 1
	grep -q 'holds a hibernated Windows.*shut Windows down' <<<"$stderr"
	find_only -t 0 --state "$PWD/state" /image
	assert_equal "$status" 0
	grep -q 'warning: .*hibernated Windows' <<<"$stderr"
	assert_equal "$(<"$(value FILE)")" image
	umount mnt
	losetup -d "$(sed -n 's/^loop //p' state)"
	losetup -d "$loop"
	sha256sum -c --quiet sums
}

# ntfs_volume FILE: an NTFS volume with /image in it
ntfs_volume() {
	truncate -s 16M "$1" && mkfs.ntfs -q -F -Q "$1" 2>/dev/null
	ntfs-3g "$1" work
	echo image >work/image
	umount work
}

@test "ntfs-3g is a storage daemon: spared by name and from memory shortage, not ended by signals, gone after the unmount" {
	grep -qw ntfs3 /proc/filesystems && skip 'this kernel mounts NTFS itself'
	ntfs_volume ntfs
	attach ntfs
	find_only -t 0 -w /image
	assert_equal "$status" 0
	pid=$(pgrep -f "^@ntfs-3g .*$loop $PWD/mnt")
	# not every machine that tests run on lets root do that
	(echo -1000 >/proc/self/oom_score_adj) 2>/dev/null && assert_equal "$(<"/proc/$pid/oom_score_adj")" -1000
	kill -TERM "$pid" && kill -HUP "$pid" && kill -INT "$pid"
	echo more >mnt/written
	umount mnt
	timeout 10 tail --pid="$pid" -f /dev/null
	losetup -d "$loop"
	ntfsfix -n ntfs
	assert_equal "$(ntfscat ntfs written)" more
}

@test "an NTFS volume marked dirty is read, never written to" {
	ntfs_volume ntfs
	mark_ntfs_dirty ntfs
	sha256sum ntfs >sums
	attach ntfs
	find_only -t 0 -w /image
	assert_equal "$status" 1
	grep -q 'marked dirty.*chkdsk' <<<"$stderr"
	find_only -t 0 /image
	assert_equal "$status" 0
	assert_equal "$(<"$(value FILE)")" image
	umount mnt
	losetup -d "$loop"
	sha256sum -c --quiet sums
}

@test "beside a suspended Linux only a clean or explicitly named file system is written to" {
	ext4_image part data image
	dirty part
	truncate -s 32M disk
	printf '1M,8M,S\n9M,16M,L\n' | sfdisk -q --label gpt disk
	truncate -s 8M part-swap && mkswap part-swap >/dev/null 2>&1
	printf 'S1SUSPEND\0' | dd of=part-swap bs=1 seek=4086 conv=notrunc status=none
	dd if=part-swap of=disk bs=1M seek=1 conv=notrunc status=none
	dd if=part of=disk bs=1M seek=9 conv=notrunc status=none
	attach disk -P
	partx -u "$loop"
	find_only -t 0 -w /image
	assert_equal "$status" 1
	grep -q "'${loop}p2' may belong to the suspended Linux of '${loop}p1'" <<<"$stderr"
	find_only -t 0 /image
	assert_equal "$status" 0
	umount mnt
	find_only -t 0 -w -H "UUID=$(blkid -p -o value -s UUID part)" /image
	assert_equal "$status" 0
}

@test "with -w a host that can only be read is refused, nothing stays mounted or recorded" {
	mkdir -p tree && echo x >tree/image
	mksquashfs tree squash -quiet -no-progress >/dev/null
	attach squash
	ext4_image disk one image
	for option in '' -r; do
		[ -z "$option" ] || { devices='' && attach disk -r; }
		find_only -t 0 -w --state "$PWD/state" /image
		assert_equal "$status" 1
		[[ $stderr == *"'$loop': "*"only be read"* || $stderr == *"'$loop': "*write-protected* ]]
		run mountpoint -q mnt
		assert_failure
		[ ! -e state ]
	done
}

@test "--id tells copies of an image apart" {
	mkdir -p tree
	truncate -s 4M tree/a.img && mkfs.ext2 -q -L rootfs tree/a.img
	cp tree/a.img image-copy
	truncate -s 8M one && mkfs.ext4 -q -L one -d tree one
	tune2fs -U random tree/a.img >/dev/null
	truncate -s 8M two && mkfs.ext4 -q -L two -d tree two
	attach one
	attach two
	uuid=$(blkid -p -o value -s UUID tree/a.img)
	sum=$(sha256sum tree/a.img)
	sum=${sum%% *}
	for id in "$uuid" "UUID=$uuid" "sha256:$sum" "sha256:${sum:0:12}" "$sum" "sha256:${sum^^}"; do
		find_only -t 0 --id "$id" /a.img
		assert_equal "$id $(value LABEL)" "$id two"
		umount mnt
	done
	find_only -t 0 --id "UUID=$(blkid -p -o value -s UUID image-copy)" /a.img
	assert_equal "$(value LABEL)" one
	umount mnt
	find_only -t 0 --id LABEL=other /a.img
	assert_equal "$status" 3
	grep -q "holds another image: its file system has label 'rootfs'" <<<"$stderr"
}

@test "a host that is mounted already is used as it is" {
	ext4_image disk one image
	attach disk
	mount "$loop" work
	find_only -t 0 /image
	assert_equal "$status" 0
	assert_equal "$(<"$(value FILE)")" 'content of disk'
	touch work/still-writable
	run touch mnt/x
	assert_failure
	umount mnt work
	mount -o ro "$loop" work
	find_only -t 0 -w /image
	assert_equal "$status" 1
	grep -q "already mounted read-only on '$PWD/work'" <<<"$stderr"
}

@test "without PATH the host itself is found; mounted only with -m" {
	ext4_image disk one
	attach disk
	run --separate-stderr "$findimg" --only "$devices" -t 0 -H LABEL=one
	assert_success
	assert_equal "$(value DEVICE)" "$loop"
	refute_line --partial FILE=
	run mountpoint -q mnt
	assert_failure
	find_only -t 0 -H LABEL=one
	assert_success
	mountpoint -q mnt
}

@test "-n prints the order of the candidates and mounts nothing" {
	ext4_image one one image
	ext4_image two two image
	attach two
	attach one
	run --separate-stderr "$findimg" --only "$devices" -t 0 -n /image
	assert_success
	assert_equal "$(cut -d' ' -f1 <<<"$output" | tr '\n' ' ')" "$(for d in ${devices//,/ }; do echo "/dev/$d"; done | sort -V | tr '\n' ' ')"
	assert_line --partial 'LABEL=one'
}

@test "a signal ends the wait, with every device writable again" {
	ext4_image disk one image
	attach disk
	mkfifo errors
	"$findimg" --only "$devices" -m "$PWD/mnt" -t 60 /other 2>errors &
	background=$!
	read -r line <errors
	kill "$background"
	run wait "$background"
	background=''
	assert_equal "$(<"/sys/block/${loop#/dev/}/ro")" 0
	run mountpoint -q mnt
	assert_failure
}

@test "help, version, usage" {
	run "$findimg" --help
	assert_success
	[ "${#lines[@]}" -le 20 ]
	run "$findimg" -V
	assert_output "findimg $(<"$BATS_TEST_DIRNAME/../../VERSION")"
	for bad in '-t x' '-t -1' '--nonsense' '-H foo=bar' '--id sha256:xyz p' '-m relative p' '--id x'; do
		# shellcheck disable=SC2086 # words
		run "$findimg" --only none $bad
		assert_equal "$bad: $status" "$bad: 2"
		assert_output --partial "Try 'findimg --help'."
	done
}
