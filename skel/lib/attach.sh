# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# Attach: makes a block device of an image file, or brings a file to where it can be read at once.

attach() {
	[ -z "$REMOTE" ] || report_unverified
	case $P_IMAGE in nbd://*)
		load net/nbd
		attach_nbd
		;;
	esac
	case $P_MODE:$P_IMAGE in
	loop:nbd://*) ;;
	loop:*) attach_disk ;;
	overlay:*) attach_layer ;;
	tmpfs:*) attach_archive ;;
	esac
}

# Whoever answers first on an open network is the server.
report_unverified() {
	local server=${P_IMAGE#*://}
	server=${server%%/*}
	case $P_IMAGE:$P_VERIFY$P_CHECKS in
	https://*) ;;
	*:) warn "the root comes from ${server##*@} by ${P_IMAGE%%://*} and is not verified: vi.verify= or https:// would prove it" ;;
	esac
}

# An archive that can be read twice is verified before it is unpacked, where unpackroot does not do
# it.
attach_archive() {
	case $P_VERIFY in minisign:*)
		load proof
		gather_proof "$SOURCE"
		;;
	esac
	[ -z "$REMOTE" ] || return 0
	case $P_VERIFY in minisign:*) prove_file "$SOURCE" && P_VERIFY='' ;; esac
	[ "${SOURCE#"$ROOT"/rootfs}" != "$SOURCE" ] || say "unpacking $SOURCE"
}

# A disk image: DEVICE becomes the file system in it.
attach_disk() {
	[ -z "$REMOTE" ] || {
		load net/lazy
		lazy_image
	}
	[ -z "$P_VERIFY" ] || {
		load proof
		gather_proof "$SOURCE"
		prove_file "$SOURCE"
		# what is proven is not written
		[ "$RET" = "$SOURCE" ] || SOURCE=$RET HOST_RW=''
	}
	case $P_PART in
	[1-9]* | PARTUUID=* | PARTLABEL=*) vdattach_image -p "$P_PART" ;;
	whole) vdattach_image ;;
	'') vdattach_image && only_partition ;;
	/dev/*) volume_of_image ;;
	*) if volumes_wanted; then volume_of_image; else vdattach_image &&
		partition_of "$DEVICE" "$P_PART"; fi ;;
	esac
	[ -z "$COMPAT" ] || compat_names
	find_image -H "$DEVICE" || fail VI402 \
		"no file system in $P_IMAGE, part '${P_PART:-whole}' ($DEVICE)" \
		'findimg above' 'specify the root partition: vi.part=1, vi.part=UUID=..., vi.part=whole'
	enter_volume
	! is_read_only "$DEVICE" || keep_changes_in_ram
}

# attach_file [OPTION]...: prints the device
attach_file() {
	$RUN vdattach --state "$STATE" ${IMAGE_TREE:+--parents "$IMAGE_TREE"} "$@" "$SOURCE"
}

# attach_by_wish [OPTION]...: by the exporter that vi.exporter= names, if that can be
attach_by_wish() {
	[ -n "$P_EXPORTER" ] || return 1
	DEVICE=$(attach_file -e "$P_EXPORTER" "$@") && return 0
	warn "$P_IMAGE is attached by another exporter than vi.exporter=$P_EXPORTER, for the reason above"
	return 1
}

volume_of_image() {
	vdattach_image
	load volumes
	find_in_image
}

# vdattach_image [-p N]: read-only when its host is, or when the changes go elsewhere. What
# continues or precedes the image may lie anywhere on its partition.
vdattach_image() {
	local file IFS="$NL"
	set -f
	for file in $P_SNAPSHOTS; do
		case $file in
		/*) set -- "$@" -S "${IMAGE_TREE:-$ROOT}$file" ;;
		*) set -- "$@" -S "${SOURCE%/*}/$file" ;;
		esac
	done
	set +f
	unset IFS
	[ -z "$REMOTE" ] || {
		attach_lazy "$@" ||
			fail VI306 "the image $P_IMAGE could not be attached" \
				'the messages of vdattach above' \
				'does the server answer requests for ranges?'
		return 0
	}
	[ -n "$HOST_RW" ] || set -- -r "$@"
	working "attaching $P_IMAGE"
	attach_by_wish "$@" || DEVICE=$(attach_file "$@") ||
		fail VI401 "the image $P_IMAGE could not be attached" \
			'the messages of vdattach above' \
			"run vdattach info $SOURCE to examine it"
	say "$P_IMAGE is $DEVICE"
}

# Without vi.part= an image with one partition means that one, or the only one with a file system of
# Linux, as beside an EFI partition; an image without any means the whole. The partitions of a
# mapped disk are devices of their own, so the links of vdattach tell.
only_partition() {
	local link found='' count=0 device='' roots=0
	for link in "$ROOT"/dev/vdhost/Partition*; do
		[ -L "$link" ] || continue
		found="$found${found:+, }${link##*/Partition} ($(readlink "$link"))"
		count=$((count + 1))
		device=$(readlink "$link")
	done
	[ "$count" -gt 1 ] || {
		DEVICE=${device:-$DEVICE}
		return 0
	}
	for link in "$ROOT"/dev/vdhost/Partition*; do
		may_be_root "$(readlink "$link")" || continue
		roots=$((roots + 1))
		DEVICE=$(readlink "$link")
	done
	[ "$roots" = 1 ] || fail VI403 \
		"$P_IMAGE has $count partitions and vi.part= does not say which" \
		"partitions: $found" \
		'add vi.part=NUMBER, vi.part=UUID=... or vi.part=LABEL=...'
}

# may_be_root DEVICE: it has a file system that a Linux root can be in: no EFI, swap or GRUB
# partition
may_be_root() {
	case $($RUN findimg -q -t 0 -H "$1" 2>/dev/null) in
	*FSTYPE=ext[234]* | *FSTYPE=xfs* | *FSTYPE=btrfs* | *FSTYPE=f2fs* | *FSTYPE=squashfs* | *FSTYPE=erofs* | *FSTYPE=jfs* | *FSTYPE=nilfs2*) ;;
	*) return 1 ;;
	esac
}

partition_of() {
	find_image -D "$1" -H "$2" || fail_find "a partition of $P_IMAGE" "$2"
}

# is_read_only DEVICE
is_read_only() {
	RET=$(readlink -f "$ROOT$1") || return 1
	first_line "$ROOT/sys/class/block/${RET##*/}/ro"
	[ "$RET" = 1 ]
}

# An image that cannot be written (its kind, or its host) still becomes a root that can, unless
# vi.persist= was said.
keep_changes_in_ram() {
	[ -n "$PERSIST_OPEN" ] || return 0
	[ -n "$RUN" ] || [ -x /bin/overlayroot ] || return 0
	# shellcheck disable=SC2034 # for assemble
	P_PERSIST=ram
	warn "$P_IMAGE can only be read: changes are kept in RAM and are lost at power-off;" \
		"vi.persist=file:HOST:/path keeps them elsewhere, vi.persist=none leaves the root read-only"
}

# The names that vfuseloop gave; vdattach itself makes /dev/vdhost/*.
compat_names() {
	{ ln -sf "$HOST_DEVICE" "$ROOT/dev/host" && ln -sf "$DEVICE" "$ROOT/dev/rootfsloop"; } ||
		warn '/dev/host and /dev/rootfsloop cannot be made'
}

# The read-only image of an overlay: fetched, or copied to RAM, or used where it lies. LOWER is the
# result.
attach_layer() {
	LAYERS=$SOURCE
	[ -n "$SOURCE" ] || LAYERS=$DEVICE
	[ -z "$P_VERIFY" ] || load proof
	if [ -n "$REMOTE" ] && load net/lazy && lazy_layer; then
		stack_layers
		return 0
	elif [ -n "$REMOTE" ]; then
		load net/fetch
		[ -z "$P_VERIFY" ] || gather_proof "$SOURCE"
		fetch_image "$SOURCE" || other_remote || fail_fetch "$SOURCE"
		LAYERS=$LOWER
		prove_image
	else
		layers_of "$LAYERS"
		[ -z "$P_VERIFY" ] || gather_proof "$LAYERS"
		prove_image
		[ -z "$P_TOHD" ] || [ -z "$HOST_MOUNTED" ] || {
			load net/fetch
			copy_to_disk
		}
		[ -z "$P_TORAM" ] || [ -z "$HOST_MOUNTED" ] || [ ! -f "${LAYERS%%"$NL"*}" ] || {
			load net/fetch
			copy_to_ram
		}
	fi
	[ -z "$P_VERIFY" ] || {
		prove_file "$LAYERS"
		LAYERS=$RET
	}
	[ -z "$LIVE" ] || inner_image
	stack_layers
}

# A server of archiso has one of two.
other_remote() {
	case $LIVE:$SOURCE in
	archiso:*.sfs) SOURCE=${SOURCE%.sfs}.erofs && fetch_image "$SOURCE" ;;
	*) return 1 ;;
	esac
}

# What verify-checksums, checksum, verify= and cms_verify= ask for
prove_image() {
	[ -n "$P_CHECKS" ] || return 0
	load verify
	verify_medium "${LAYERS%%"$NL"*}"
}

# layers_of IMAGE|DIRECTORY: LAYERS, a line each, the lowest first
layers_of() {
	if [ -n "$LIVE" ]; then
		live_layers "$1"
	elif [ -d "$1" ]; then
		directory_layers "$1"
		LAYERS=${LAYERS:-$1} # a directory without any is itself the layer
	fi
}

# directory_layers DIRECTORY...: all images in them, by number, then name
directory_layers() {
	local dir file
	LAYERS=$(
		for dir in "$@"; do
			for file in "${dir%/}"/*.sb "${dir%/}"/*.xzm "${dir%/}"/*.sxz \
				"${dir%/}"/*.sfs "${dir%/}"/*.squashfs "${dir%/}"/*.erofs; do
				[ ! -f "$file" ] || printf '%s%s\n' "${file##*/}" "$file"
			done
		done | sort -n | while IFS= read -r file; do
			printf '/%s\n' "${file#*/}"
		done
	)
}

# stack_layers: LAYERS as overlayroot wants them: the last on top and so first, ':' between, '\:' in
# names
stack_layers() {
	local layer
	LOWER=''
	while IFS= read -r layer; do
		swap "$layer" : '\:'
		LOWER=$RET${LOWER:+:}$LOWER
	done <<LAYERS
$LAYERS
LAYERS
}
