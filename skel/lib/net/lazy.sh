# shellcheck shell=dash
# shellcheck disable=SC2034 # the results are for the other files
# SPDX-License-Identifier: GPL-2.0-or-later
# An image that stays on its web server: vdattach reads what is touched.

# lazy_options: HTTP_OPTIONS for vdattach, for the image SOURCE. The directory has what the daemon
# needs when nothing else of the initramfs is left.
lazy_options() {
	local certs=$ROOT/etc/ssl/certs dir=$RAMFS/http
	HTTP_OPTIONS="--http-dir $dir${P_PROXY:+ --proxy $P_PROXY}"
	make_dirs "$dir"
	$RUN mount -t tmpfs -o nosuid,nodev,mode=700,size=100%,nr_inodes=0 http "$dir" ||
		fail VI105 'cannot make a tmpfs for what is read of the image'
	state_push "mount $dir"
	[ ! -d "$certs" ] || cat "$certs"/* >"$dir/ca.pem" ||
		warn 'the CA certificates cannot be used'
	load net/fetch
	load proof
	make_dirs "$RAMFS/proof"
	! lies_beside "$SOURCE" .trace || $RUN cp "$RET" "$dir/first" || :
	[ -z "$P_CACHE" ] || lazy_cache
	[ -z "$P_PREFETCH" ] || HTTP_OPTIONS="$HTTP_OPTIONS --prefetch"
	[ -z "$P_TRACE" ] || lazy_trace
	[ -z "$P_PATIENCE" ] || HTTP_OPTIONS="$HTTP_OPTIONS --patience $P_PATIENCE"
}

# lazy_trace: where the root sees it
lazy_trace() {
	: >"$RAMFS/trace" || fail VI105 'vi.trace: /run/initramfs/trace cannot be made'
	HTTP_OPTIONS="$HTTP_OPTIONS --trace $RAMFS/trace"
}

# lazy_cache: on a partition of this machine, by the root hash: anybody may have written to it.
# Without it the boot continues.
lazy_cache() {
	case $P_VERIFY in
	verity:*) ;;
	*)
		warn "vi.cache=$P_CACHE is not used: it needs vi.verify=verity:, since a disk can hold anything"
		return 0
		;;
	esac
	make_dirs "$RAMFS/cache"
	if find_image -w -t 10 -m "$RAMFS/cache" -H "$P_CACHE" &&
		mkdir -p "$RAMFS/cache/mkvinitrd-cache"; then
		say "what is read of the image is kept on $DEVICE"
		HTTP_OPTIONS="$HTTP_OPTIONS --cache $RAMFS/cache/mkvinitrd-cache/${P_VERIFY#verity:}"
	else
		warn "vi.cache=$P_CACHE cannot be written; what is read is kept in memory"
	fi
	DEVICE='' FSTYPE=''
}

# lazy_possible: whether what is to be verified can be verified by parts
lazy_possible() {
	case $P_VERIFY in
	'' | verity:*) return 0 ;;
	esac
	return 1
}

# attach_lazy [-f raw] [-p N]: DEVICE is the image SOURCE
attach_lazy() {
	local try=1
	network || fail_network "the image $SOURCE"
	lazy_options
	working "attaching $SOURCE"
	# shellcheck disable=SC2086 # options
	until DEVICE=$(keep_errors ${RUN:+"$RUN"} vdattach --state "$STATE" $HTTP_OPTIONS -r "$@" \
		"$SOURCE"); do
		{ ! lazy_is_final && again $try; } || return 1
		try=$((try + 1))
	done
	say "$P_IMAGE is read when needed, as $DEVICE"
	small_steps
}

# lazy_is_final: another try gets the same answer
lazy_is_final() {
	grep -qE 'requests for ranges|status 4[0-9][0-9]|was replaced|has no HTTP|certificate' \
		"$RAMFS/fetch.log" 2>/dev/null
}

# small_steps: the kernel's own read-ahead would fetch what nobody wants; vdattach has one that
# looks at the reader
small_steps() {
	local queue=$ROOT/sys/block/${DEVICE##*/}/queue/read_ahead_kb
	[ ! -w "$queue" ] || echo 16 >"$queue"
}

# lazy_layer: LAYERS is the device; false: the image has to be downloaded
lazy_layer() {
	[ -n "$P_LAZY$P_PREFETCH$P_CACHE$P_TRACE" ] || return 1
	case $SOURCE in http://* | https://*) ;; *)
		warn "vi.lazy is for http:// and https://: downloading $SOURCE"
		return 1
		;;
	esac
	lazy_possible || {
		warn "vi.lazy with vi.verify=${P_VERIFY%%:*} would read the whole image: downloading it; vi.verify=verity: proves what is read"
		return 1
	}
	case $P_VERIFY in
	verity:*) attach_lazy -f raw ;;
	*) attach_lazy ;;
	esac || {
		warn "the image cannot be read by parts: downloading it"
		return 1
	}
	prove_lazy
	LAYERS=$DEVICE
}

# prove_lazy: DEVICE is the verified one
prove_lazy() {
	[ -n "$P_VERIFY" ] || return 0
	gather_proof "$SOURCE"
	prove_file "$DEVICE"
	DEVICE=$RET
	small_steps
}

# lazy_image: mode loop. A verified image is a device that vdattach reads as any other.
lazy_image() {
	lazy_possible || fail VI703 \
		"vi.verify=${P_VERIFY%%:*} cannot verify an image that stays on its server" '' \
		'use vi.verify=verity:'
	[ -n "$P_VERIFY" ] || return 0
	attach_lazy -f raw || fail VI306 "the image $SOURCE could not be attached" \
		'the messages of vdattach above' \
		'does the server answer requests for ranges?'
	prove_lazy
	SOURCE=$DEVICE REMOTE='' P_VERIFY=''
}
