#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# overlayroot --rollback: generations of a store. Runs as root.
# shellcheck disable=SC2030,SC2031 # each test is a subshell of its own
load ../../lib/env

bats_require_minimum_version 1.5.0

setup() {
	OVERLAYROOT="${OVERLAYROOT:-$HOST/bin/overlayroot}"
	A="$BATS_TEST_TMPDIR"
	ROOT="$A/root" STATE="$A/state" STORE="$A/disk/changes"
	mkdir -p "$A/lower/etc" "$A/lower/dir/sub" "$A/disk"
	mount -t tmpfs generations-test "$A/disk"
	echo image >"$A/lower/etc/file"
	echo image >"$A/lower/dir/sub/deep"
	echo image >"$A/lower/dir/plain"
}

# What is mounted below the root, as after a power cut
drop() {
	local path
	grep -o " $A/run/[^ ]*" /proc/mounts | tac | while read -r path; do umount -l "$path"; done
}

teardown() {
	down
	drop
	umount "$A/disk"
}

up() { "$OVERLAYROOT" --run "$A/run" --state "$STATE" -l "$A/lower" -u "dir:$STORE" "$@" "$ROOT" \
	>"$A/out"; }

down() {
	local kind what
	! mountpoint -q "$ROOT" || umount "$ROOT"
	[ -f "$STATE" ] || return 0
	tac "$STATE" >"$A/reversed"
	rm "$STATE"
	while read -r kind what; do umount "$what"; done <"$A/reversed"
}

# session TEXT: a boot that came up well and wrote TEXT
session() {
	up --rollback 3
	echo "$1" >"$ROOT/etc/file"
	touch "$STORE/boot-ok"
	down
}
# failed [OPTION...]: one that did not
failed() {
	up --rollback 3 "$@"
	cp "$ROOT/etc/file" "$A/seen"
	down
}
seen() { [ "$(cat "$A/seen")" = "$1" ]; }

@test "each successful boot is a generation; with more than N the oldest become one" {
	for n in 1 2 3 4 5 6; do session $n; done
	[ "$(ls "$STORE/generation")" = $'0003\n0004\n0005\ntries' ]
	up --rollback 3
	[ "$(cat "$ROOT/etc/file")" = 6 ] && grep -qx GENERATION=6 "$A/out"
	[ "$(ls "$STORE/generation")" = $'0004\n0005\n0006\ntries' ]
}

@test "a boot that changed nothing makes none" {
	session 1
	for _ in 1 2 3; do
		up --rollback 3
		touch "$STORE/boot-ok"
		down
	done
	[ "$(ls "$STORE/generation")" = $'0001\ntries' ]
}

@test "after two boots that never came up the third one uses the generation before, and says so" {
	session good
	session bad
	failed && seen bad
	failed && seen bad
	run --separate-stderr failed
	[ "$status" = 0 ] && seen good
	[[ "$stderr" == *'the last two boots failed: using generation 1; the later ones are in generation/aside'* ]]
	[ "$(cat "$STORE/generation/aside/0002/etc/file")" = bad ]
	failed && seen good
	run --separate-stderr failed
	seen image && [[ "$stderr" == *'using the image as it is'* ]]
}

@test "what a failed boot changed goes with it; a successful boot in between forgives the failed one" {
	session good
	up --rollback 3
	echo half >"$ROOT/etc/half"
	down
	session better
	up --rollback 3
	[ -e "$ROOT/etc/half" ]
	echo broken >"$ROOT/etc/file"
	down
	failed && seen broken
	failed && seen good
	[ "$(cat "$STORE/generation/aside/upper/etc/file")" = broken ]
}

@test "--discard forgets the last boot's changes, --commit leaves one generation" {
	session 1
	session 2
	failed --discard && seen 1
	session 3
	session 4
	failed --commit && seen 4
	[ "$(ls "$STORE/generation")" = $'0003\naside\ntries' ] ||
		[ "$(ls -d "$STORE"/generation/0* | wc -l)" = 1 ]
	failed && seen 4
}

@test "--ask: how far back; nothing typed is the newest" {
	session 1
	session 2
	session 3
	failed --ask </dev/null && seen 3
	run --separate-stderr failed --ask <<<1
	seen 2 && [[ "$stderr" == *'0  generation 3, of '* ]]
	touch "$STORE/boot-ok"
	failed --ask <<<nonsense && seen 2
	failed --ask <<<2 && seen image
}

@test "without --rollback the generations are used, and none is made" {
	session 1
	up --rollback 3
	down
	up
	[ "$(cat "$ROOT/etc/file")" = 1 ]
	echo more >"$ROOT/etc/file"
	touch "$STORE/boot-ok"
	down
	up
	[ "$(cat "$ROOT/etc/file")" = more ] && [ "$(ls "$STORE/generation")" = $'0001\ntries' ]
}

@test "a store that began without generations gets them; directories that it renamed stay apart" {
	up
	mv "$ROOT/dir" "$ROOT/renamed"
	down
	touch "$STORE/boot-ok"
	for n in 1 2 3 4 5; do session $n; done
	failed && seen 5
	up --rollback 3
	[ "$(cat "$ROOT/renamed/sub/deep")" = image ] && [ ! -e "$ROOT/dir" ]
}

@test "usage" {
	for n in 0 10 x ''; do run -2 "$OVERLAYROOT" --rollback "$n" -l "$A/lower" "$ROOT"; done
	up -h
}

# A tree that changes at random in step with a plain copy of it: the same after every boot.
change() {
	cat <<'EOF'
import os, random, shutil, sys
rng = random.Random(int(sys.argv[1]))
roots = sys.argv[2:]

def walk():
    found = []
    for top, dirs, files in os.walk(roots[1]):
        found += [os.path.relpath(os.path.join(top, n), roots[1]) for n in sorted(dirs + files)]
    return found

for _ in range(25):
    paths = walk()
    path = rng.choice(paths) if paths else "x"
    kind = rng.choice(["write", "remove", "mkdir", "replace", "chmod", "new", "link"])
    name = "n%d" % rng.randrange(6)
    mode = rng.choice([0o700, 0o755, 0o750])
    for root in roots:
        full = os.path.join(root, path)
        directory = full if os.path.isdir(full) and not os.path.islink(full) else os.path.dirname(full)
        new = os.path.join(directory, name)
        if kind == "write" and os.path.isfile(full):
            open(full, "a").write(name)
        elif kind in ("remove", "replace"):
            shutil.rmtree(full) if os.path.isdir(full) and not os.path.islink(full) else os.path.lexists(full) and os.unlink(full)
            if kind == "replace":
                if mode == 0o700:
                    open(full, "w").write("file " + name)
                else:
                    os.mkdir(full)
        elif kind == "mkdir" and not os.path.lexists(new):
            os.mkdir(new)
            open(os.path.join(new, "in"), "w").write(name)
        elif kind == "chmod" and os.path.exists(full) and not os.path.islink(full):
            os.chmod(full, mode)
        elif kind == "new" and not os.path.isdir(new):
            open(new, "w").write(name)
        elif kind == "link" and not os.path.lexists(new):
            os.symlink("../" + name, new)
EOF
}
tree() { (cd "$1" && find . -mindepth 1 -printf '%P %y %m %l ' \( -type f -exec cat {} \
	\; -o -true \) -printf '\n' | sort); }

@test "merging generations never changes what is seen" {
	change >"$A/change"
	for seed in 1 2 3; do
		rm -rf "$STORE" "$A/model"
		cp -a "$A/lower" "$A/model"
		for boot in 1 2 3 4 5 6 7 8; do
			up --rollback 2
			diff <(tree "$A/model") <(tree "$ROOT")
			python3 "$A/change" "$seed$boot" "$ROOT" "$A/model"
			touch "$STORE/boot-ok"
			down
		done
	done
}

@test "a cut at any rename or removal of a merge loses nothing: the next boot continues" {
	change >"$A/change"
	cp -a "$A/lower" "$A/model"
	for boot in 1 2 3; do
		up --rollback 9
		python3 "$A/change" "7$boot" "$ROOT" "$A/model"
		touch "$STORE/boot-ok"
		down
	done
	cp -a "$STORE" "$A/disk/saved"
	cut=1
	# LeakSanitizer and strace exclude each other
	export ASAN_OPTIONS=detect_leaks=0
	while :; do
		rm -rf "$STORE" "$A/disk/changes"
		cp -a "$A/disk/saved" "$STORE"
		strace -qq -o "$A/strace" \
			-e trace=rename,unlink,rmdir,unlinkat,setxattr,lsetxattr,pwrite64 \
			-e "inject=rename,unlink,rmdir,unlinkat,lsetxattr,pwrite64:signal=KILL:when=$cut" \
			"$OVERLAYROOT" --run "$A/run" -l "$A/lower" -u "dir:$STORE" --rollback 1 \
			"$ROOT" >"$A/strace.out" 2>&1 && break
		drop
		up --rollback 1
		diff <(tree "$A/model") <(tree "$ROOT")
		down
		cut=$((cut + 1))
		[ "$cut" -lt 200 ]
	done
	[ "$cut" -gt 10 ]
	umount "$ROOT"
}
