#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What `mkvinitrd pack` promises, without booting: other people's tools read what it made.
bats_require_minimum_version 1.5.0
load ../../lib/env

bats_load_library bats-support
bats_load_library bats-assert
load pack

@test "what cannot be read fails, for every format, and the old archive stays" {
	for_everybody
	chown nobody . tmp
	chmod 600 tree/etc/issue
	for out in a.tar.zst a.tar a.sqfs; do
		echo old >$out
		run -1 setpriv --reuid nobody --clear-groups "$M" pack tree $out
		assert_output --regexp \
			"cannot read all of 'tree', so nothing was packed: tar: ./etc/(issue|motd): Cannot open: Permission denied"
		assert_equal "$(cat $out)" old
	done
	assert_equal "$(ls -A tmp)" ''
}

@test "a user makes every format of files that are his own, and is told where root is needed" {
	for_everybody
	chown -hR nobody . tmp tree
	for out in a.tar.zst a.sqfs a.erofs a.ext4 a.cpio; do
		setpriv --reuid nobody --clear-groups "$M" pack -q tree $out
		"$M" identify $out
	done
	chown 0 tree/etc/motd
	run -1 setpriv --reuid nobody --clear-groups "$M" pack -q tree a.erofs
	assert_output "pack: making erofs of other users' files needs root, so that owners, devices and capabilities are kept"
}

@test "identity is reset in what is packed, not in the tree; --keep-identity keeps it" {
	identity
	cp -a tree before
	"$M" pack -q tree a.tar
	diff -r before tree
	mkdir out
	tar -C out -xf a.tar
	assert_equal "$(cat out/etc/machine-id)$(cat out/etc/hostname)" localhost
	assert_equal "$(cat out/etc/hosts)" '127.0.0.1 localhost'
	assert_equal "$(grep -v '^#' out/etc/fstab)" \
		$'tmpfs /tmp tmpfs size=1g 0 0\nsrv:/home /home nfs x 0 0'
	assert_equal "$(grep -c '^#' out/etc/fstab)" 2
	[ ! -e out/etc/ssh/ssh_host_rsa_key ]
	[ ! -e out/var/lib/dhcp/dhclient.leases ]
	[ ! -e out/var/log/lastlog ]
	"$M" pack -q --keep-identity tree b.tar
	mkdir out2
	tar -C out2 -xf b.tar
	diff -r tree out2
}

@test "a root whose sshd had host keys makes new ones on each machine" {
	identity
	mkdir -p tree/usr/lib/systemd/system tree/usr/bin tree/usr/sbin
	touch tree/usr/lib/systemd/system/ssh.service tree/usr/bin/ssh-keygen tree/usr/sbin/sshd
	chmod 755 tree/usr/bin/ssh-keygen tree/usr/sbin/sshd
	"$M" pack -q tree a.tar
	run tar -xOf a.tar ./etc/systemd/system/ssh.service.d/host-keys.conf
	assert_line 'ExecStartPre=/usr/bin/ssh-keygen -A'
}

@test "/proc and the like, and what is mounted below, stay out" {
	mkdir -p tree/run tree/tmp tree/mnt tree/dev
	touch tree/run/x tree/tmp/x tree/proc/x tree/dev/x
	mount -t tmpfs tmpfs tree/mnt
	touch tree/mnt/other
	"$M" pack -q tree a.tar
	"$M" pack -q --all-file-systems tree b.tar
	umount tree/mnt
	run names a.tar
	for name in proc/ run/ tmp/ dev/ mnt/; do assert_output --partial " ./$name"; done
	refute_output --regexp '(run|tmp|proc|dev)/x|other'
	run names b.tar
	assert_output --partial ./mnt/other
	refute_output --regexp '(run|tmp|proc|dev)/x'
}

@test "--exclude, --slim and own lists leave out what they name, and say what it saves" {
	run "$M" pack --slim --exclude /etc/issue --exclude 'bin/t*' tree a.tar
	assert_success
	assert_line --regexp 'slim: docs, 1 MiB less'
	assert_line --regexp 'slim: radio, 1 MiB less'
	run names a.tar
	refute_output --regexp 'readme|iwlwifi|issue|bin/true'
	assert_output --partial './etc/motd'
	echo 'mine etc/mo* # a comment' >list
	run --separate-stderr "$M" pack --json --slim-list list tree b.tar
	assert_equal "$(jq -r '.slim.mine > 0, .output, .format' <<<"$output" | paste -s -d ' ')" \
		'true b.tar tar'
	assert_equal "$(jq -r .sha256 <<<"$output")" "$(sha256sum <b.tar | cut -d ' ' -f 1)"
	run names b.tar
	refute_output --partial motd
	run "$M" pack --print-slim-list
	assert_line --partial 'usr/share/doc/*'
}

@test "a root that others cannot enter, or of another owner, is packed as one that they can, with a warning" {
	chmod 700 tree
	chown 1000:1000 tree
	for out in a.tar a.sqfs a.cpio; do
		run "$M" pack tree $out
		assert_line 'pack: warning: / has mode 0700, packed as 0755'
		assert_line 'pack: warning: / belongs to 1000:1000, packed as owned by 0:0'
	done
	assert_equal "$(tar --numeric-owner -tvf a.tar | awk 'NR == 1 { print $1, $2 }')" \
		'drwxr-xr-x 0/0'
	run unsquashfs -lln a.sqfs
	assert_line --index 0 --regexp '^drwxr-xr-x 0/0 '
}

# every FILE: each holds the tree, by the tool of its format
holds_tree() {
	rm -rf out
	mkdir out
	case $1 in
	*.sqfs) unsquashfs -q -n -f -d out "$1" >/dev/null ;;
	*.erofs) fsck.erofs --extract=out "$1" >/dev/null ;;
	*.ext4)
		e2fsck -fn "$1"
		debugfs -R 'rdump / out' "$1"
		;;
	*.cloop)
		"$HOST/bin/vdattach" cat -o c.ext4 "$1"
		debugfs -R 'rdump / out' c.ext4
		;;
	*.cpio*) bsdtar -C out -xpf "$1" ;;
	esac
	rm -rf out/lost+found
	diff -r tree out
}

@test "every format holds the tree, can be a root of the right mode, and is the same twice" {
	for pair in cpio:tmpfs cpio.xz:tmpfs sqfs:overlay erofs:overlay cloop:overlay ext4:loop; do
		out=a.${pair%:*}
		"$M" pack -q tree "$out"
		"$M" identify --mode "${pair#*:}" "$out"
		holds_tree "$out"
		"$M" pack -q tree "b.${pair%:*}"
		cmp "$out" "b.${pair%:*}"
	done
}

@test "disks in every format have a partition table and the root, as qemu-img reads them too, and are the same twice" {
	mkdir twice
	for out in a.raw a.vhd a.vhdx a.vdi a.vmdk a.qcow2; do
		"$M" pack -q --no-boot --label system tree $out
		"$M" identify --mode loop $out
		case $out in *.raw) format=raw ;; *.vhd) format=vpc ;; *) format=${out##*.} && qemu-img check -f "$format" $out ;; esac
		qemu-img compare -f "$format" -F raw $out a.raw
		"$HOST/bin/vdattach" check $out
	done
	# all have the same disk, and no time of now is in it: more than a second has gone by for each
	for out in a.raw a.vhd a.vhdx a.vdi a.vmdk a.qcow2; do
		"$M" pack -q --no-boot --label system tree twice/$out
		cmp $out twice/$out
	done
	"$HOST/bin/vdattach" cat -p PARTLABEL=root -o part a.vhdx
	e2fsck -fn part
	assert_equal "$(e2label part)" system
	mkdir out
	debugfs -R 'rdump / out' part
	rmdir out/lost+found
	diff -r tree out
	sfdisk --verify a.raw
	strings -n 8 a.vmdk | grep -x 'RW [0-9]* SPARSE "a.vmdk"'
}

@test "bind mounts of the same file system stay out, those of files with a warning; what they hide stays hidden" {
	mkdir -p "tree/my cache" elsewhere
	touch elsewhere/other tree/file file
	mount --bind elsewhere "tree/my cache"
	mount --bind file tree/file
	run -0 "$M" pack tree a.tar
	umount "tree/my cache" tree/file
	assert_output --partial "warning: '$PWD/tree/file' is mounted from elsewhere, and is left out"
	run names a.tar
	assert_output --partial ' ./my cache/'
	refute_output --regexp 'other|/file'
}

@test "a directory or an archive without anything to boot is packed with a warning that names the root in it" {
	mkdir -p outer/rootfs/sbin
	touch outer/rootfs/sbin/init
	tar -cf outer.tar outer/rootfs
	run -0 "$M" pack outer a.sqfs
	assert_output --partial "'outer' has no /sbin/init or the like, and no /bin/sh, so that it cannot be booted as a root; its directory 'rootfs' looks like a root"
	run -0 "$M" pack outer.tar a.sqfs
	assert_output --partial "'outer.tar' has no /sbin/init or the like, and no /bin/sh, so that it cannot be booted as a root; its directory 'outer/rootfs' looks like a root"
	run -0 "$M" pack outer/rootfs a.sqfs
	refute_output --partial warning
}

@test "a root may have any name at its top" {
	echo pc17 >tree/etc/hostname
	for top in new replaced replaced_; do
		mkdir -p "tree/$top/etc"
		echo "$top" >"tree/$top/etc/motd"
	done
	"$M" pack -q tree a.tar
	mkdir out
	tar -C out -xf a.tar
	assert_equal "$(cat out/etc/motd out/new/etc/motd out/replaced/etc/motd out/replaced_/etc/motd out/etc/hostname | paste -s)" \
		$'hello\tnew\treplaced\treplaced_\tlocalhost'
}

@test "squashfs takes files from before 1970 and after 2106" {
	touch -d @-5000000 tree/etc/motd
	touch -d @9000000000 tree/bin/true
	"$M" pack -q tree a.sqfs
	holds_tree a.sqfs
	run -0 unsquashfs -lls a.sqfs
	assert_output --partial '1970-01-01 00:00 squashfs-root/etc/motd'
}

@test "cpio: a file of 4 GiB is refused by name unless it is left out; the old archive stays" {
	truncate -s 4G 'tree/usr/a disk.img'
	echo old >a.cpio
	run -1 "$M" pack tree a.cpio
	assert_output --partial "a cpio archive holds files of less than 4 GiB, and './usr/a disk.img' has more: use tar, squashfs, erofs or ext4, or --exclude it"
	assert_equal "$(cat a.cpio)" old
	"$M" pack -q --exclude 'usr/*.img' tree a.cpio
	cpio -it --quiet <a.cpio | grep -x etc/motd
}

@test "checksums and verity hashes lie beside the image, and are right" {
	echo '0000000000000000000000000000000000000000000000000000000000000000  other' >SHA256SUMS
	"$M" pack -q --checksums --verity tree a.sqfs
	"$M" pack -q --checksums tree b.tar.gz
	assert_equal "$(wc -l <SHA256SUMS)" 3
	grep -v other SHA256SUMS | sha256sum -c
	veritysetup verify a.sqfs a.sqfs.verity "$(cat a.sqfs.roothash)"
}

@test "signatures of the output and of the list are those that minisign accepts, and the same each time" {
	minisign -G -W -p k.pub -s k.sec
	"$M" pack -q --sign-key k.sec tree a.sqfs
	minisign -V -q -p k.pub -m a.sqfs
	minisign -V -q -p k.pub -m SHA256SUMS
	sha256sum -c SHA256SUMS
	cp a.sqfs.minisig before
	"$M" pack -q --sign-key k.sec tree a.sqfs
	cmp before a.sqfs.minisig
	run -1 "$M" pack -q --sign-key k.pub tree a.sqfs
	assert_output --partial "cannot sign 'a.sqfs' with 'k.pub'"
	cmp before a.sqfs.minisig
	run -2 "$M" pack -q --sign-key absent tree a.sqfs
}

@test "levels are those of the compressor; a mistake costs nothing" {
	"$M" pack -q --level 1 tree a.tar.zst
	for args in '-L 20 a.tar.gz' '-L x a.tar.zst' '-L 3 a.tar' '--free 1x a.ext4' 'a.zip' \
		'--format zip a.tar' '--frmat tar a.tar'; do
		# shellcheck disable=SC2086 # words
		run -2 "$M" pack tree $args
	done
	run -2 "$M" pack tree
	assert_equal "$(ls -A tmp)" ''
}

# position FILE: where its first line is in t.sqfs; with random bytes behind it, it is not
# compressed
position() { grep -abo -F "$(head -n 1 "$1")" t.sqfs | cut -d : -f 1 | head -n 1; }

@test "--trace: what a boot opened comes first, and OUT.trace says where; the root is the same" {
	mkdir tree/data
	for n in 1 2 3 4 5 6; do
		{ echo "the content of file number $n" &&
			head -c 300000 /dev/urandom; } >"tree/data/$n"
	done
	{ echo 'the name of this file is odd' &&
		head -c 300000 /dev/urandom; } >"tree/data/a [1-9]* b"
	chmod 2750 tree/data
	ln tree/data/6 tree/again
	printf '/data/5\nagain\ndata/gone\ndata/a [1-9]* b\n' >boot.trace
	run "$M" pack --trace boot.trace tree t.sqfs
	assert_success
	assert_output --partial '3 of the 4 files that it names come first'
	read -r first count < <(tail -n 1 t.sqfs.trace)
	for name in 5 6 'a [1-9]* b'; do
		[ "$(position "tree/data/$name")" -lt $(((first + count) * 4096)) ]
	done
	[ "$(position tree/data/5)" -lt "$(position tree/data/6)" ]
	[ "$(position tree/data/6)" -lt "$(position tree/data/1)" ]
	"$M" pack -q tree plain.sqfs
	for image in t plain; do
		unsquashfs -q -n -d $image.tree $image.sqfs >/dev/null
		(cd $image.tree && find . -printf '%p %m %u %g %s %n %T@\n' | LC_ALL=C sort &&
			find . -type f -exec sha256sum {} + | sort) >$image.list
	done
	cmp t.list plain.list
	cp t.sqfs before
	"$M" pack -q --trace boot.trace tree t.sqfs
	cmp before t.sqfs
	# of a root with other files, or positions instead of names
	echo '17 4' >positions
	run -1 "$M" pack -q --trace positions tree t.sqfs
	assert_output --partial "has none of the files that 'positions' names"
	cmp before t.sqfs
	run -2 "$M" pack -q --trace boot.trace tree t.tar
	assert_output --partial 'in a squashfs, not in tar'
}

@test "--trace leaves out what the other options leave out" {
	mkdir tree/data
	echo secret >tree/data/secret
	echo key >tree/etc/ssh/ssh_host_rsa_key
	printf 'data/secret\netc/ssh/ssh_host_rsa_key\netc/motd\n' >boot.trace
	"$M" pack -q --trace boot.trace -x data/secret tree t.sqfs
	run unsquashfs -l t.sqfs
	refute_output --partial secret
	refute_output --partial ssh_host
	assert_output --partial etc/motd
}
