#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# findimg with real file systems on loop devices of our own. --only keeps it from opening the
# machine's disks.
# shellcheck disable=SC2154 # output, stderr: by bats
load findimg

@test "a disk that is only examined keeps every byte, dirty journals included" {
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
	for name in ext4 ext3 xfs btrfs ntfs; do
		grep -q "$name *$name .*does not hold /no/such/image" <<<"$stderr"
	done
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

@test "the winner is mounted read-only, printed, and recorded for the shutdown" {
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
	for spec in any "${loop}p1" "${loop#/dev/}p1" "UUID=$uuid" "UUID=${uuid^^}" \
		"LABEL=my data" 'LABEL=my\x20data' \
		'LABEL="my data"' "PARTUUID=$part" "PARTUUID=${part,,}" 'PARTLABEL=part one' \
		"/dev/disk/by-uuid/$uuid"; do
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

@test "the kernel's own ways to name a device: a partition after another, numbers" {
	ext4_image two-p second image
	truncate -s 24M disk
	printf ',4M\n,8M\n,4M\n' | sfdisk -q --label gpt disk
	dd if=two-p of=disk bs=1M seek=5 conv=notrunc status=none
	attach disk -P
	partx -u "$loop" # for kernels without GPT support
	first=$(sfdisk --part-uuid disk 1) third=$(sfdisk --part-uuid disk 3)
	for spec in "PARTUUID=$first/PARTNROFF=1" "PARTUUID=$third/PARTNROFF=-1" \
		"$(lsblk -n -o MAJ:MIN "${loop}p2" | tr -d ' ')"; do
		find_only -t 0 -H "$spec" /image
		assert_equal "$spec: $status $(value DEVICE)" "$spec: 0 ${loop}p2"
		umount mnt
	done
	find_only -t 0 -H "PARTUUID=$first/PARTNROFF=3" /image
	assert_equal "$status" 3
}

@test "what only udev can name is refused at once" {
	for spec in /dev/disk/by-diskseq/1 /dev/disk/by-id/memstick-1 \
		/dev/disk/by-path/ip-10.0.0.1:3260-iscsi-x-lun-1; do
		run "$findimg" --only none -t 60 -H "$spec"
		assert_equal "$status" 2
		assert_output --partial "'$spec' cannot be found without udev"
	done
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

@test "NTFS: a path in any case finds the one match, of several all are named" {
	truncate -s 16M disk
	mkntfs -q -F disk >/dev/null 2>&1
	attach disk
	ntfs-3g "$loop" work
	mkdir work/VM work/two work/TWO work/vm.old
	echo one >work/VM/Ärger.VHD
	touch work/two/Image work/TWO/image work/TWO/IMAGE
	umount work
	for path in /vm/ärger.vhd Vm/ÄRGER.Vhd /VM/Ärger.VHD; do
		find_only -t 0 "$path"
		assert_equal "$path: $(value FILE)" "$path: $PWD/mnt/VM/Ärger.VHD"
		assert_equal "$(<"$(value FILE)")" one
		umount mnt
	done
	find_only -t 0 /Two/image
	assert_equal "$status" 3
	grep -Eq 'does not hold /Two/image, but /(two|TWO)/[Ii][A-Za-z]+ and /' <<<"$stderr"
	find_only -t 0 /vm/../VM/ärger.vhd
	assert_equal "$status" 3
}

@test "where case counts, a path in another case is named" {
	ext4_image disk one Images/Root.img
	attach disk
	find_only -t 0 /images/root.img
	assert_equal "$status" 3
	grep -q 'does not hold /images/root.img, but /Images/Root.img$' <<<"$stderr"
}

@test "two matches: always the same one is taken and both are named" {
	ext4_image one one image
	ext4_image two two image
	attach_in_order one two
	find_only -t 0 /image
	assert_equal "$status" 0
	assert_equal "$(value DEVICE)" "$first"
	grep -q "warning: found on '$first' .* and on '$loop' .*UUID=$(blkid -p -o value -s UUID two)" <<<"$stderr"
}

@test "a device that appears later is found by its event" {
	ext4_image late late image
	# a free loop device that findimg may look at; it gets its medium while findimg waits,
	# unless a test of another file takes the device first
	for _ in 1 2 3 4 5 6 7 8; do
		loop=$(losetup -f)
		rm -f errors
		mkfifo errors
		"$findimg" --only "${loop#/dev/}" -m "$PWD/mnt" -t 60 /image >out 2>errors &
		background=$!
		# the progress line tells that findimg is waiting in poll
		read -r line <errors
		[[ $line == *"waiting "*"'/image' on host 'any'; seen: "* ]]
		! losetup "$loop" late || break
		kill "$background"
		wait "$background" || true
	done
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

@test "a file that the file system itself cannot give is not called missing" {
	ext4_image data data image
	debugfs -w -R 'link <200> lost.img' data 2>/dev/null
	attach data
	find_only -t 0 /lost.img
	assert_equal "$status" 3
	grep -q "8M virtual ext4 *data .*has /lost.img, but cannot read it (.*): check this file system first" <<<"$stderr"
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

@test "with -w a host that can only be read is refused, nothing stays mounted or recorded" {
	mkdir -p tree && echo x >tree/image
	mksquashfs tree squash -quiet -no-progress >/dev/null
	attach squash
	ext4_image disk one image
	for option in '' -r; do
		[ -z "$option" ] || { devices='' && attach disk -r; }
		find_only -t 0 -w --state "$PWD/state" /image
		assert_equal "$status" 1
		[[ $stderr == *"'$loop': "*"only be read"* ||
			$stderr == *"'$loop': "*write-protected* ]]
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
	for id in "$uuid" "UUID=$uuid" "sha256:$sum" "sha256:${sum:0:12}" "$sum" \
		"sha256:${sum^^}"; do
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
	# tests beside this one have mount namespaces, where what is unmounted here stays for a
	# moment
	for _ in $(seq 100); do
		! mount -o ro "$loop" work 2>/dev/null || break
		sleep 0.1
	done
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
	assert_equal "$(cut -d' ' -f1 <<<"$output" | tr '\n' ' ')" \
		"$(for d in ${devices//,/ }; do echo "/dev/$d"; done | sort -V | tr '\n' ' ')"
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
	assert_output "findimg $(<"$BATS_TEST_DIRNAME/../../../VERSION")"
	for bad in '-t x' '-t -1' '--nonsense' '-H foo=bar' '--id sha256:xyz p' '-m relative p' \
		'--id x'; do
		# shellcheck disable=SC2086 # words
		run "$findimg" --only none $bad
		assert_equal "$bad: $status" "$bad: 2"
		assert_output --partial "Try 'findimg --help'."
	done
	# the target's getopt_long() ends elsewhere
	run "$MUSL/bin/findimg" -H
	assert_line "findimg: option '-H' needs a value"
}
