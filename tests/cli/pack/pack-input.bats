#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mkvinitrd pack: archives, disks and container images as input, hostile ones too
bats_require_minimum_version 1.5.0
load ../../lib/env

bats_load_library bats-support
bats_load_library bats-assert
load pack

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
	run -1 timeout 60 "$M" pack "$1" d.tar
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
	printf '[{"RepoTags":["a\\u001b[2J:1"],"Layers":[]},{"RepoTags":["b:1"],"Layers":[]}]' \
		>dk/manifest.json
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
