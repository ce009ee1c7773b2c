# shellcheck shell=sh disable=SC2154,SC2034 # variables of pack
# SPDX-License-Identifier: GPL-2.0-or-later
# Where pack takes a root from. Each sets `tree`, a directory that is only read.

# open_input INPUT
open_input() {
	if [ -d "$1" ] && [ -f "$1/oci-layout" ]; then
		unpack_container "$1"
	elif [ -d "$1" ]; then
		tree=$(cd "$1" && pwd -P) || die "cannot enter the directory '$1'"
	else
		open_file "$1"
	fi
	[ -n "$(ls -A "$tree" 2>/dev/null)" ] ||
		die "'$1' is empty, or cannot be read: expected the root directory of a system"
}

need_root() {
	[ "$(id -u)" = 0 ] || die "$1 needs root, so that owners, devices and capabilities are kept"
}

open_file() {
	[ -e "$1" ] || die "there is no '$1': expected a directory, an archive or a disk image"
	if is_container "$1"; then
		mkdir "$work/layout"
		run tar -C "$work/layout" -xf "$1" 2>"$log" || fail_tool "cannot unpack '$1'"
		unpack_container "$work/layout"
		return
	fi
	facts=$(mkvinitrd identify --shell "$1") || exit 1
	kind=$(eval "$facts" && echo "$kind") # its other names are ours
	case $kind in
	tar | cpio) unpack_archive "$1" ;;
	squashfs | erofs | cramfs | romfs) mount_read_only "$1" "$kind" ;;
	*) attach_disk "$1" ;;
	esac
}

# is_container FILE: an archive of an OCI layout, or of docker save
is_container() {
	case $(mkvinitrd identify "$1" 2>&1) in *'is an archive of a container image'*)
		return 0
		;;
	esac
	return 1
}

applet() {
	applet_name=$1
	shift
	for program in "$here/../build/musl/bin/$applet_name" "$here/applets/$applet_name" \
		"$here/../build/host/bin/$applet_name"; do
		[ ! -x "$program" ] || break
	done
	"$program" "$@"
}

# fail_unpack WHAT: what unpackroot says of space is for a root in RAM
fail_unpack() {
	unpack_need=$(sed -n 's/.*: need \([0-9]* [KMG]iB\), have \([0-9]* [KMG]iB\).*/\1, which has \2 free/p' "$log" | tail -n 1)
	[ -z "$unpack_need" ] ||
		die "unpacking $1 to '${TMPDIR:-/tmp}' needs $unpack_need: set TMPDIR"
	fail_tool "cannot unpack $1"
}

unpack_archive() {
	need_root "unpacking '$1'"
	mkdir "$work/tree"
	say "unpacking $1"
	run applet unpackroot -q "$1" "$work/tree" >/dev/null 2>"$log" || fail_unpack "'$1'"
	tree=$work/tree
}

# The layers of the only image, or of the one that --image names, the lowest first, in $work/layers
unpack_container() {
	need_root "unpacking a container image"
	need jq jq
	set -- "$(cd "$1" && pwd)"
	mkdir "$work/tree"
	if [ -e "$1/manifest.json" ]; then layers_of_docker "$1"; else layers_of_oci "$1"; fi
	[ -s "$work/layers" ] || die "the container image has no layers"
	first=1
	while IFS= read -r layer; do
		layout_file "$1" "$layer" 'its layer '
		check_digest "$1/$layer"
		say "unpacking layer $layer"
		if [ -n "$first" ]; then set -- "$1"; else set -- "$1" --layer; fi
		directory=$1
		shift
		run applet unpackroot -q "$@" "$directory/$layer" "$work/tree" >/dev/null \
			2>"$log" || fail_unpack "layer $layer"
		set -- "$directory"
		first=''
	done <"$work/layers"
	tree=$work/tree
}

# layout_file LAYOUT PATH [WHAT]: it is there, and a file of the layout; docker save has links
# between layers
layout_file() {
	layout_top=$(readlink -f "$1")
	layout_real=$(readlink -m "$1/$2")
	case $layout_real in
	"${layout_top%/}"/*) ;;
	*) die "the container image names a file outside of it: $2" ;;
	esac
	[ -f "$layout_real" ] || die "the container image lacks ${3:-}$2"
}

# A blob is named by its hash.
check_digest() {
	case $1 in
	*/blobs/sha256/*) [ "$(sha256sum <"$1")" = "${1##*/}  -" ] ||
		die "layer ${1##*/} is damaged: its sha256 is another" ;;
	esac
}

layers_of_docker() {
	layout_file "$1" manifest.json
	jq -r --arg image "$image" '[.[] | select($image == "" or any(.RepoTags[]?; . == $image))]
		| if length == 1 then .[0].Layers[] else error("\(length)") end' "$1/manifest.json" >"$work/layers" 2>"$log" ||
		die "expected one image, found these, of which --image selects one: $(jq -r '[.[].RepoTags[]?] | join(" ")' "$1/manifest.json")"
}

# blob LAYOUT DIGEST
blob() {
	case $2 in
	sha256:*[!0-9a-f]* | sha256:) ;;
	sha256:*)
		echo "blobs/sha256/${2#sha256:}"
		return
		;;
	esac
	die "the container image has a digest that is no sha256: $2"
}

# An index may lead to an index: one image for each platform.
layers_of_oci() {
	file=index.json
	layout_file "$1" index.json
	for depth in 1 2 3 4; do
		jq -e .layers "$1/$file" >/dev/null 2>&1 && break
		digest=$(jq -r --arg image "$image" --arg arch "$(dpkg --print-architecture 2>/dev/null || echo amd64)" '
			[.manifests[] | select((.platform.os // "linux") == "linux" and (.platform.architecture // $arch) == $arch)
			| select($image == "" or .annotations["org.opencontainers.image.ref.name"] == null or .annotations["org.opencontainers.image.ref.name"] == $image)]
			| if length == 1 then .[0].digest else error("\(length)") end' "$1/$file" 2>"$log") ||
			die "expected one image for this machine, found these, of which --image selects one: $(jq -r '[.manifests[]?.annotations["org.opencontainers.image.ref.name"] // "?"] | join(" ")' "$1/$file" 2>/dev/null)"
		file=$(blob "$1" "$digest")
		layout_file "$1" "$file"
		check_digest "$1/$file"
	done
	jq -r '.layers[].digest' "$1/$file" |
		while IFS= read -r digest; do blob "$1" "$digest"; done >"$work/layers"
}

unmount() { umount "$1" || umount -l "$1"; }

# mount_volume DEVICE TYPE PLACE OPTIONS: nothing is written, no journal is replayed
mount_volume() {
	case $2 in
	ext3 | ext4) options=ro,noload ;;
	xfs) options=ro,norecovery,nouuid ;;
	btrfs) options=ro,rescue=nologreplay ;;
	f2fs) options=ro,norecovery ;;
	*) options=ro ;;
	esac
	options=$options,nodev,nosuid,noexec${4:+,$4}
	[ -b "$1" ] || options=$options,loop
	hold_signals
	if mount -t "$2" -o "$options" "$1" "$3" 2>"$log"; then
		at_exit unmount "$3"
		release_signals
		return 0
	fi
	release_signals
	return 1
}

# mount_read_only FILE TYPE
mount_read_only() {
	need_root "reading '$1'"
	mkdir "$work/mount"
	mount_volume "$1" "$2" "$work/mount" '' ||
		fail_tool "cannot mount the $2 file system of '$input'"
	tree=$work/mount
}
