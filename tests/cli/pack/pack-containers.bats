#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# `mkvinitrd pack` of container images: what umoci makes of their layers is what is packed.
bats_require_minimum_version 1.5.0
load ../../lib/env

bats_load_library bats-support
bats_load_library bats-assert

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	M=$HOST/mkvinitrd
	umoci=$("$BATS_TEST_DIRNAME/../../lib/umoci")
	mkdir tmp
	export TMPDIR=$PWD/tmp
}

facts() {
	(cd "$1" && find . -mindepth 1 -printf '%p %M %U:%G %l %n\n' -type f -exec sha256sum {} \; |
		LC_ALL=C sort)
}

# change DIRECTORY SEED: files come, go, and become directories or links, as between two layers
change() {
	python3 - "$1" "$2" <<'PYTHON'
import os, random, shutil, sys
top, seed = sys.argv[1], int(sys.argv[2])
r = random.Random(seed)
def remove(path):
    if os.path.isdir(path) and not os.path.islink(path): shutil.rmtree(path)
    elif os.path.lexists(path): os.unlink(path)
for i in range(40):
    parts = [r.choice("abcde") for _ in range(r.randint(1, 3))]
    path = top
    for part in parts[:-1]:
        path = os.path.join(path, part)
        if os.path.islink(path) or not os.path.isdir(path): remove(path)
        os.makedirs(path, exist_ok=True)
    path = os.path.join(path, parts[-1])
    what = r.choice(["file", "file", "remove", "dir", "symlink", "hardlink", "mode", "fifo", "again"])
    if what == "mode":
        if os.path.lexists(path) and not os.path.islink(path): os.chmod(path, r.choice([0o644, 0o4755, 0o700, 0o1777]))
        continue
    remove(path)
    if what == "file":
        with open(path, "w") as f: f.write(str(r.random()) * r.randint(0, 50))
        os.chown(path, r.choice([0, 1000, 70000]), r.choice([0, 50]))
    elif what == "dir": os.mkdir(path, r.choice([0o755, 0o2770]))
    elif what == "symlink": os.symlink(r.choice(["/usr", "../usr", "/etc/passwd", "nowhere"]), path)
    elif what == "hardlink":
        with open(path, "w") as f: f.write("linked")
        other = path + ".hard"
        remove(other); os.link(path, other)
    elif what == "fifo": os.mkfifo(path)
    elif what == "again":  # a new directory in place of another: its files are gone
        os.mkdir(path)
        with open(os.path.join(path, "new"), "w") as f: f.write("new")
PYTHON
}

# image NAME LAYERS SEED: that tag in the layout
image() {
	[ -d layout ] || "$umoci" init --layout layout
	"$umoci" new --image layout:"$1"
	for n in $(seq "$2"); do
		rm -rf bundle
		"$umoci" unpack --image layout:"$1" bundle
		mkdir -p bundle/rootfs/{etc,usr}
		change bundle/rootfs $(($3 * 100 + n))
		"$umoci" repack --image layout:"$1" bundle
	done
	rm -rf bundle
} >>umoci.log 2>&1

# same_as_umoci NAME IN [ARGS...]: what is packed of IN is what umoci unpacks of that tag
same_as_umoci() {
	rm -rf want got bundle
	"$umoci" unpack --image layout:"$1" bundle >>umoci.log 2>&1
	shift
	"$M" pack -q --keep-identity "$@" out.tar
	mkdir got
	tar -C got --numeric-owner -xpf out.tar
	diff <(facts bundle/rootfs) <(facts got)
}

@test "layers that change each other at random: an OCI layout, and its archive in any compressor" {
	for seed in ${SEEDS:-1 2 3 4 5 6}; do
		rm -rf layout
		image latest 4 "$seed"
		same_as_umoci latest layout
		case $seed in
		1) tar -C layout -cf lay.tar . ;;
		2) tar -C layout -czf lay.tar . ;;
		3) tar -C layout -cf - . | zstd -q -f -o lay.tar ;;
		4) tar -C layout -cJf lay.tar . ;;
		*) continue ;;
		esac
		same_as_umoci latest lay.tar
	done
}

@test "several tags: one is asked for by name; docker save, with layers in gzip and zstd" {
	image one 2 7
	image two 3 8
	run -1 "$M" pack layout out.tar
	assert_output "pack: expected one image for this machine, found these, of which --image selects one: one two"
	same_as_umoci two --image two layout
	same_as_umoci one --image one layout
	# the same as docker writes it: manifest.json, layers by any name
	mkdir save
	python3 - <<'PYTHON'
import json, os, subprocess
index = json.load(open("layout/index.json"))
blob = lambda digest: "layout/blobs/sha256/" + digest.split(":")[1]
out = []
for m in index["manifests"]:
    manifest = json.load(open(blob(m["digest"])))
    layers = []
    for n, layer in enumerate(manifest["layers"]):
        name = f"{len(out)}{n}".zfill(64) + "/layer.tar"
        os.makedirs("save/" + os.path.dirname(name))
        command = ["cp", blob(layer["digest"]), "save/" + name] if n % 2 else ["sh", "-c", f"gzip -dc {blob(layer['digest'])} | zstd -q >save/{name}"]
        subprocess.run(command, check=True)
        layers.append(name)
    out.append({"Config": "x.json", "RepoTags": ["lab/root:" + m["annotations"]["org.opencontainers.image.ref.name"]], "Layers": layers})
json.dump(out, open("save/manifest.json", "w"))
PYTHON
	tar -C save -cf save.tar .
	same_as_umoci two --image lab/root:two save.tar
	run -1 "$M" pack save.tar out.tar
	assert_output "pack: expected one image, found these, of which --image selects one: lab/root:one lab/root:two"
	run -1 "$M" pack --image lab/root:three save.tar out.tar
	assert_output --partial 'lab/root:one lab/root:two'
	assert_equal "$(ls -A tmp)" ''
}

@test "an opaque directory hides what lies below it, and nothing of its own layer" {
	mkdir -p l1/{etc,usr} l1/d/old l2/d/new
	touch l1/d/one l2/d/two l2/d/.wh..wh..opq
	one=$(printf '1%.0s' $(seq 64)) two=$(printf '2%.0s' $(seq 64))
	mkdir -p save/$one save/$two
	tar -C l1 -cf save/$one/layer.tar .
	# the marker last, as an archive may have it
	tar -C l2 -cf save/$two/layer.tar ./d/new ./d/two ./d/.wh..wh..opq
	echo "[{\"RepoTags\":[\"a:1\"],\"Layers\":[\"$one/layer.tar\",\"$two/layer.tar\"]}]" \
		>save/manifest.json
	tar -C save -cf save.tar .
	"$M" pack -q save.tar out.tar
	run tar -tf out.tar
	assert_line ./d/two
	assert_line ./d/new/
	refute_line ./d/one
	refute_line ./d/old/
	refute_output --partial .wh.
}
