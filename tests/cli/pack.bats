#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What `mkvinitrd pack` promises, without booting: other people's tools read what it made.
bats_require_minimum_version 1.5.0
load ../lib/env

bats_load_library bats-support
bats_load_library bats-assert

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	M=$HOST/mkvinitrd
	mkdir -p tree/bin tree/etc/ssh tree/usr/share/doc/x tree/usr/lib/firmware tree/proc tree/var/lib/dhcp tmp
	export TMPDIR=$PWD/tmp
	cp /bin/true tree/bin/true
	setcap cap_net_raw=ep tree/bin/true
	echo hello >tree/etc/motd
	ln tree/etc/motd tree/etc/issue
	chown 1234:77 tree/etc/motd
	head -c 200000 /dev/urandom >tree/usr/share/doc/x/readme
	head -c 300000 /dev/urandom >tree/usr/lib/firmware/iwlwifi-1.ucode
	touch -d @1700000000 tree/bin/true tree/etc/motd
}

# names OUT.tar: its members, one line
names() {
	tar -tf "$1" | LC_ALL=C sort | paste -s -d ' '
}

identity() {
	echo 0123456789abcdef0123456789abcdef >tree/etc/machine-id
	echo pc17 >tree/etc/hostname
	printf '127.0.0.1 localhost\n127.0.1.1 pc17\n' >tree/etc/hosts
	printf 'UUID=1-2 / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\ntmpfs /tmp tmpfs size=1g 0 0\nsrv:/home /home nfs x 0 0\n' >tree/etc/fstab
	echo key >tree/etc/ssh/ssh_host_rsa_key
	echo lease >tree/var/lib/dhcp/dhclient.leases
	mkdir -p tree/var/log
	echo login >tree/var/log/lastlog
}

# for_everybody: $M where every user may read it, and this directory for the user nobody
for_everybody() {
	chmod 755 . tmp "$BATS_RUN_TMPDIR"
	make -s -C "$BATS_TEST_DIRNAME/../.." install DESTDIR="$PWD/installed" PREFIX=/opt/mkvinitrd >install.log
	M=$PWD/installed/opt/mkvinitrd/sbin/mkvinitrd
}

@test "what cannot be read fails, for every format, and the old archive stays" {
	for_everybody
	chown nobody . tmp
	chmod 600 tree/etc/issue
	for out in a.tar.zst a.tar a.sqfs; do
		echo old >$out
		run -1 setpriv --reuid nobody --clear-groups "$M" pack tree $out
		assert_output --regexp "cannot read all of 'tree', so nothing was packed: tar: ./etc/(issue|motd): Cannot open: Permission denied"
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

@test "a full target keeps the old file, and says so in one line" {
	mkdir small
	mount -t tmpfs -o size=100k tmpfs small
	for out in small/a.tar.zst small/a.sqfs; do
		echo old >$out
		run -1 "$M" pack -q tree $out
		assert_equal "${#lines[@]} $(cat $out)" '1 old'
		assert_output --partial 'no space left'
		rm $out
	done
	assert_equal "$(ls -A small)" ''
	umount small
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
	assert_equal "$(grep -v '^#' out/etc/fstab)" $'tmpfs /tmp tmpfs size=1g 0 0\nsrv:/home /home nfs x 0 0'
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
	assert_equal "$(jq -r '.slim.mine > 0, .output, .format' <<<"$output" | paste -s -d ' ')" 'true b.tar tar'
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
	assert_equal "$(tar --numeric-owner -tvf a.tar | awk 'NR == 1 { print $1, $2 }')" 'drwxr-xr-x 0/0'
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
		"$HOST/bin/vdattach" cat -p PARTLABEL=root -o part $out
		e2fsck -fn part
		assert_equal "$(e2label part)" system
		rm -rf out && mkdir out
		debugfs -R 'rdump / out' part
		rmdir out/lost+found
		diff -r tree out
		sleep 1.1 # no time of now is in it
		"$M" pack -q --no-boot --label system tree twice/$out
		cmp $out twice/$out
		case $out in *.raw) format=raw ;; *.vhd) format=vpc ;; *) format=${out##*.} && qemu-img check -f "$format" $out ;; esac
		qemu-img compare -f "$format" -F raw $out a.raw
		"$HOST/bin/vdattach" check $out
	done
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

@test "archives, compressed images, disks and partitions of them are roots to pack from" {
	"$M" pack -q tree want.tar
	tar -C tree -cJf in.tar.xz --xattrs --xattrs-include='*' .
	"$M" pack -q --keep-identity tree in.sqfs
	"$M" pack -q --no-boot tree in.vhdx
	for in in in.tar.xz in.sqfs in.vhdx; do
		"$M" pack -q $in out.tar
		assert_equal "$(names out.tar)" "$(names want.tar)"
		mkdir out
		tar --xattrs --xattrs-include='*' -C out -xpf out.tar
		diff -r tree out
		run getcap out/bin/true
		assert_output --partial cap_net_raw=ep
		rm -r out
	done
	run -1 "$M" pack list out.tar
	assert_output --partial "there is no 'list'"
	echo text >list
	run -1 "$M" pack list out.tar
	assert_output --partial "'list' is text, which cannot be a root"
	assert_equal "$(ls -A tmp)" ''
	run ! grep "$TMPDIR" /proc/mounts
}

# oci: a layout of two layers, the second of which removes and replaces
oci() {
	mkdir -p lay/blobs/sha256 l1/etc l1/usr l2/etc
	echo 1 >l1/etc/one && echo 2 >l1/etc/two && : >l2/etc/.wh.one && echo two >l2/etc/two
	layers=''
	for layer in l1 l2; do
		tar -C $layer -c . | gzip -n >blob
		sum=$(sha256sum <blob | cut -d ' ' -f 1)
		mv blob "lay/blobs/sha256/$sum"
		layers="$layers${layers:+,}{\"digest\":\"sha256:$sum\"}"
	done
	echo "{\"schemaVersion\":2,\"layers\":[$layers]}" >blob
	sum=$(sha256sum <blob | cut -d ' ' -f 1)
	mv blob "lay/blobs/sha256/$sum"
	echo "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:$sum\"}]}" >lay/index.json
	echo '{"imageLayoutVersion":"1.0.0"}' >lay/oci-layout
}

@test "container images: OCI layouts, archives of them and of docker save, with whiteouts; damage is refused" {
	oci
	"$M" pack -q lay a.tar
	assert_equal "$(names a.tar)" './ ./etc/ ./etc/two ./usr/'
	assert_equal "$(tar -xOf a.tar ./etc/two)" two
	tar -C lay -cf lay.tar blobs index.json oci-layout
	"$M" pack -q lay.tar b.tar
	cmp a.tar b.tar
	mkdir -p dk/x dk/y
	tar -C l1 -cf dk/x/layer.tar .
	tar -C l2 -cf dk/y/layer.tar .
	echo '[{"RepoTags":["a:1"],"Layers":["x/layer.tar","y/layer.tar"]}]' >dk/manifest.json
	tar -C dk -cf dk.tar manifest.json x y
	"$M" pack -q dk.tar c.tar
	cmp a.tar c.tar
	echo x >>"$(find lay/blobs -type f -print -quit)"
	run -1 "$M" pack -q lay d.tar
	assert_output --partial 'is damaged: its sha256 is another'
	echo '[{"RepoTags":["a:1"],"Layers":["../../etc/passwd"]}]' >dk/manifest.json
	tar -C dk -cf dk.tar manifest.json x y
	run -1 "$M" pack -q dk.tar d.tar
	assert_output --partial 'names a file outside of it'
}

# refused FILE-OF-LAYOUT: within seconds, and nothing of outside was packed
refused() {
	run -1 timeout 20 "$M" pack "$1" d.tar
	assert_equal "${#lines[@]}" 1
	assert_output --partial "$2"
	run ! grep -q "$(printf '\033')" <<<"$output"
	[ ! -e d.tar ]
}

@test "a container image with links out of it, FIFOs and names for a terminal is refused" {
	mkdir -p outside secret dk/x
	echo secret >secret/file
	tar -C secret -cf outside/layer.tar .
	ln -s "$PWD/outside" dk/y
	echo '[{"RepoTags":["a:1"],"Layers":["y/layer.tar"]}]' >dk/manifest.json
	tar -C dk -cf dk.tar manifest.json x y
	refused dk.tar 'names a file outside of it: y/layer.tar'
	mv dk/manifest.json outside/
	ln -s "$PWD/outside/manifest.json" dk/manifest.json
	tar -C dk -cf dk.tar manifest.json x y
	refused dk.tar 'names a file outside of it: manifest.json'
	rm dk/manifest.json
	mkdir -p dk/blobs/sha256
	echo '{"imageLayoutVersion":"1.0.0"}' >dk/oci-layout
	mkfifo dk/index.json
	tar -C dk -cf dk.tar oci-layout index.json blobs
	refused dk.tar 'lacks index.json'
	rm dk/index.json
	printf '[{"RepoTags":["a:1"],"Layers":["x\\u001b]0;t\\u0007/layer.tar"]}]' >dk/manifest.json
	tar -C dk -cf dk.tar manifest.json x
	refused dk.tar 'lacks its layer'
	printf '[{"RepoTags":["a\\u001b[2J:1"],"Layers":[]},{"RepoTags":["b:1"],"Layers":[]}]' >dk/manifest.json
	tar -C dk -cf dk.tar manifest.json x
	refused dk.tar '--image selects one'
}

@test "a link in an archive leads nowhere outside of it" {
	mkdir -p outside linked/usr/bin
	echo 'secret / ext4 x 0 1' >outside/fstab
	echo secret >outside/hosts
	ln -s "$PWD/outside" linked/etc
	tar -C linked -cf linked.tar .
	"$M" pack -q linked.tar out.tar
	run tar -tf out.tar
	refute_output --partial etc/
}

@test "checksums and verity hashes lie beside the image, and are right" {
	echo '0000000000000000000000000000000000000000000000000000000000000000  other' >SHA256SUMS
	"$M" pack -q --checksums --verity tree a.sqfs
	"$M" pack -q --checksums tree b.tar.gz
	assert_equal "$(wc -l <SHA256SUMS)" 3
	grep -v other SHA256SUMS | sha256sum -c
	veritysetup verify a.sqfs a.sqfs.verity "$(cat a.sqfs.roothash)"
}

@test "nothing is left in the directory that it was called from" {
	mkdir elsewhere
	(cd elsewhere && "$M" pack -q ../tree ../a.sqfs)
	run ls -A elsewhere
	assert_output ''
}

@test "two at the same time both come into the list of checksums" {
	mkdir bin
	cat >bin/minisign <<-'SIGN'
		#!/bin/sh
		: >signing
		while [ ! -e go ]; do sleep 0.1; done
		for last in "$@"; do case $before in -x) echo signed >"$last" ;; esac && before=$last; done
	SIGN
	chmod +x bin/minisign
	echo key >key
	PATH=$PWD/bin:$PATH "$M" pack -q --sign-key key tree a.tar &
	first=$!
	while [ ! -e signing ]; do sleep 0.1; done
	"$M" pack --checksums tree b.tar 2>said &
	second=$!
	until grep -q 'waiting for' said || [ -e b.tar ]; do sleep 0.1; done
	: >go
	wait "$first"
	wait "$second"
	assert_equal "$(cut -d ' ' -f 3 SHA256SUMS | sort | paste -s -d ' ')" 'a.tar b.tar'
	sha256sum -c SHA256SUMS
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

@test "an output that lies in the root is not packed into itself" {
	echo old >tree/out.tar
	"$M" pack -q tree tree/out.tar
	run names tree/out.tar
	refute_output --partial out.tar
}

@test "names with spaces, quotes, dashes and UTF-8 are names" {
	for name in ' my "root' -dash "it's" $'\xc3\xa4;$(id)'; do
		cp -a tree "./$name"
		"$M" pack -q --checksums -- "$name" "$name.tar.gz"
		"$M" pack -q -- "$name.tar.gz" "$name.sqfs"
		unsquashfs -cat "./$name.sqfs" etc/motd | grep -x hello
	done
	sha256sum -c SHA256SUMS
}

@test "names that tools take for more than a name are names; a link that leads nowhere and an input are no output" {
	long=$(printf 'n%.0s' {1..240})
	for out in 'what?offset=4096.ext4' $'new\nline.tar' 'back\nslash.tar' "$long.tar"; do
		run -0 "$M" pack --checksums tree "$out"
		"$M" identify -q "$out"
	done
	"$M" pack -q --checksums tree 'back\nslash.tar'
	assert_equal "$(wc -l <SHA256SUMS)" 4
	sha256sum -c SHA256SUMS
	cp "what?offset=4096.ext4" plain
	e2fsck -fn plain
	run -2 "$M" pack --no-boot tree 'a"b.vmdk'
	ln -s nowhere/x link.tar
	run -1 "$M" pack tree link.tar
	assert_output "pack: 'link.tar' is a link that leads nowhere: remove it, or make the directory that it names"
	ln -s "$long.tar" same.tar
	run -1 "$M" pack "$long.tar" same.tar
	assert_output "pack: 'same.tar' is read for this, and would be replaced: choose another output"
	TMPDIR="$PWD/tm'p x" && mkdir "$TMPDIR"
	"$M" pack -q tree a.ext4
	run -1 env TMPDIR="$PWD/tmp?" "$M" pack tree a.ext4
	assert_equal "${#lines[@]}" 1
}

@test "closed standard files, a full standard output, and what the environment has for tools, harm nothing" {
	"$M" pack -q tree a.sqfs
	for close in '<&-' '2>&-' '<&- 2>&-'; do
		bash -c "'$M' pack tree b.sqfs $close"
		cmp a.sqfs b.sqfs
	done
	for to in '>&-' '>/dev/full' '--json >/dev/full'; do
		run -1 bash -c "'$M' pack tree c.sqfs $to"
		assert_line "pack: cannot write the result to standard output; 'c.sqfs' is complete"
		cmp a.sqfs c.sqfs
	done
	TAR_OPTIONS=--exclude=motd POSIXLY_CORRECT=1 MKE2FS_CONFIG=/dev/null "$M" pack -q tree b.sqfs
	cmp a.sqfs b.sqfs
	run -2 env SOURCE_DATE_EPOCH=now "$M" pack tree b.sqfs
	for tool in tar du; do
		mkdir "$tool-of-others"
		ln -s /bin/busybox "$tool-of-others/$tool"
		run -1 env PATH="$PWD/$tool-of-others:$PATH" "$M" pack tree b.sqfs
		assert_output "pack: the $tool in PATH ($PWD/$tool-of-others/$tool) is not that of GNU, which is needed: apt-get install $([ $tool = tar ] && echo tar || echo coreutils)"
	done
}

@test "a target that goes away, and what only other users may read, are one line" {
	mkdir away bin
	printf '#!/bin/sh\n[ ! -d away ] || mv away gone\nexec /usr/bin/zstd "$@"\n' >bin/zstd
	chmod +x bin/zstd
	run -1 env PATH="$PWD/bin:$PATH" "$M" pack -q tree away/a.tar.zst
	assert_output "pack: cannot write 'away/a.tar.zst': its directory is not there any more"
	for_everybody
	chown -R nobody tree .
	mkdir tree/etc/secret
	chmod 700 tree/etc/secret
	for out in a.cpio a.ext4; do
		run -1 setpriv --reuid nobody --clear-groups "$M" pack -q tree $out
		assert_equal "${#lines[@]}" 1
	done
	rmdir tree/etc/secret
	echo 1 >tree/etc/machine-id
	chmod 600 tree/etc/machine-id
	run -1 setpriv --reuid nobody --clear-groups "$M" pack -q tree a.tar
	assert_equal "${#lines[@]}" 1
	assert_output --partial "cannot read all of 'tree', so nothing was packed"
}

@test "a disk that boots: GRUB finds what it loads, whatever the names and parameters are, at any time and umask; others are refused" {
	mkdir tree/boot
	kernel="6.1 \$x'y"
	cp "$("$BATS_TEST_DIRNAME/../../scripts/kernels" 6.12)/vmlinuz" "tree/boot/vmlinuz-$kernel"
	echo initrd >"tree/boot/initrd.img-$kernel"
	"$M" pack -q --append 'a="b c" d$e' tree a.raw
	sleep 2.1
	(umask 077 && TZ=Asia/Tokyo "$M" pack -q --append 'a="b c"' --append 'd$e' tree b.raw)
	cmp a.raw b.raw
	"$HOST/bin/vdattach" cat -p 3 -o part a.raw
	debugfs -R 'cat /boot/grub/grub.cfg' part >menu
	grub-script-check menu
	grep -F "linux '/boot/vmlinuz-6.1 \$x'\\''y' root=UUID=" menu
	grep -F " ro 'a=b c' 'd\$e'" menu
	for append in 'a"b' $'a\nb' 'a\b'; do
		run -2 "$M" pack --append "$append" tree b.raw
		assert_equal "${#lines[@]}" 1
	done
	printf '#!/bin/sh\ncase $* in *core.img*seek=2048*) exit 0 ;; esac\nexec /bin/dd "$@"\n' >dd
	chmod +x dd
	run -1 env PATH="$PWD:$PATH" "$M" pack -q tree b.raw
	assert_output --partial "what was written to 'b.raw' cannot be read back as it was"
	cmp a.raw b.raw
	for args in '--append x a.tar' '--no-boot a.sqfs' '--label x a.tar' '--free 1 a.erofs' '--no-boot --append x a.raw' '--label aaaaaaaaaaaaaaaaa a.ext4'; do
		# shellcheck disable=SC2086 # words
		run -2 "$M" pack tree $args
	done
}

@test "levels are those of the compressor; a mistake costs nothing" {
	"$M" pack -q --level 1 tree a.tar.zst
	for args in '-L 20 a.tar.gz' '-L x a.tar.zst' '-L 3 a.tar' '--free 1x a.ext4' 'a.zip' '--format zip a.tar' '--frmat tar a.tar'; do
		# shellcheck disable=SC2086 # words
		run -2 "$M" pack tree $args
	done
	run -2 "$M" pack tree
	assert_equal "$(ls -A tmp)" ''
}

@test "INT and TERM at any moment leave nothing but the old file" {
	for moment in 0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 34 38 42 46; do
		out=$((moment % 4 ? 0 : 1))
		[ $out = 1 ] && out=out.sqfs signal=INT || { out=out.ext4 && signal=TERM; }
		echo old >$out
		env --default-signal "$M" pack -q tree $out 2>log &
		pid=$!
		sleep "$(printf '%d.%02d' $((moment / 20)) $((moment % 20 * 5)))"
		kill -"$signal" $pid 2>/dev/null || :
		status=0
		wait $pid || status=$?
		if [ $status != 0 ]; then
			assert_equal $status $((128 + $(kill -l "$signal")))
			# too late, which is said, or not at all
			grep -q "'$out' is complete" log || assert_equal "$(head -c 9 $out)" old
		fi
		assert_equal "$(ls -A tmp)" ''
		assert_equal "$(find . -maxdepth 1 -name '.*tmp*')" ''
	done
}

# position FILE: where its first line is in t.sqfs; with random bytes behind it, it is not compressed
position() { grep -abo -F "$(head -n 1 "$1")" t.sqfs | cut -d : -f 1 | head -n 1; }

@test "--trace: what a boot opened comes first, and OUT.trace says where; the root is the same" {
	mkdir tree/data
	for n in 1 2 3 4 5 6; do
		{ echo "the content of file number $n" && head -c 300000 /dev/urandom; } >"tree/data/$n"
	done
	{ echo 'the name of this file is odd' && head -c 300000 /dev/urandom; } >"tree/data/a [1-9]* b"
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
		(cd $image.tree && find . -printf '%p %m %u %g %s %n %T@\n' | LC_ALL=C sort && find . -type f -exec sha256sum {} + | sort) >$image.list
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
