# shellcheck shell=dash
# shellcheck disable=SC2034 # what is found is for the later phases
# SPDX-License-Identifier: GPL-2.0-or-later
# Locate: finds what the root is made of. Leaves one of
#   SOURCE (a file, or a URL when REMOTE=1; IMAGE_TREE the file system that it is in), DEVICE and FSTYPE (a block device), neither for a share.

locate() {
	SOURCE='' REMOTE='' DEVICE='' FSTYPE='' FIND_STATUS=0 HOST_MOUNTED='' HOST_RW='' HOST_DEVICE='' ISO_LOOP='' IMAGE_TREE=''
	check_plan
	case $P_IMAGE in
	http://* | https://* | ftp://* | tftp://* | nfs:*) network || fail_network ;;
	*) [ -z "$P_NET" ] || network || warn "no network: ${NET_WHY:-no link}; going on, the root is local" ;;
	esac
	case $P_MODE in
	disk) locate_device "$P_ROOT" root= ;;
	share) ;;
	*) locate_image ;;
	esac
}

# What no phase could do anything with is refused before anything is touched.
check_plan() {
	case $P_IMAGE in
	nbd:*) fail "the image '$P_IMAGE' cannot be used: this version has no client for network block devices" '' \
		'let a web server hand it out (vi.image=http://...), or NFS (vi.image=nfs:SERVER:/path)' ;;
	esac
	case $P_MODE:$P_IMAGE in
	loop:/* | loop:file:/*) ;;
	loop:*) bad_image 'a path on the host, as in vi.image=/images/debian.img' ;;
	share:9p:?* | share:virtiofs:?* | share:nfs:?*) ;;
	share:*) bad_image '9p:TAG, virtiofs:TAG or nfs:SERVER:/path, or root=TAG rootfstype=9p' ;;
	overlay:9p:* | overlay:virtiofs:* | overlay:nfs:*) bad_image 'a path on the host, file:/path or a URL' ;;
	tmpfs:9p:* | tmpfs:virtiofs:* | tmpfs:nfs:*) bad_image 'a path on the host, file:/path or a URL' ;;
	esac
	case $P_MODE:$P_VERIFY in
	disk:?* | share:?*) fail "vi.verify= cannot be kept in mode $P_MODE" '' 'it is for images and archives: leave it out' ;;
	esac
	case $P_MODE:$P_ROOT in
	disk: | disk:any) fail 'which disk is the root is not said' "the command line: $(cat "$ROOT/proc/cmdline")" \
		'add root=UUID=..., root=LABEL=... or root=/dev/...' ;;
	esac
}

bad_image() {
	fail "mode $P_MODE cannot use the image '$P_IMAGE'" '' "expected $1"
}

fail_network() {
	fail "the image $P_IMAGE needs the network, and there is none: ${NET_WHY:-no link}" '' \
		'look at cable, DHCP server and ip=; vi.modules= loads a driver that no device asked for'
}

network() {
	load net
	net_up
}

locate_image() {
	case $P_IMAGE in
	http://* | https://* | ftp://* | tftp://*) SOURCE=$P_IMAGE REMOTE=1 ;;
	file:*) locate_embedded "${P_IMAGE#file:}" ;;
	/*) locate_file ;;
	*) locate_default ;;
	esac
}

locate_embedded() {
	SOURCE=$ROOT$1
	[ -f "$SOURCE" ] || fail "the image file:$1 is not in the initramfs" '' \
		"build with the profile line 'image file:PATH'"
}

# No image named: tmpfs mode has its archive in the initramfs, overlay mode a device that is the image.
locate_default() {
	local file
	if [ "$P_MODE" = tmpfs ]; then
		for file in "$ROOT"/rootfs.tar "$ROOT"/rootfs.tar.* "$ROOT"/rootfs.cpio*; do
			[ ! -f "$file" ] || SOURCE=$file
		done
		[ -n "$SOURCE" ] || fail 'there is no image to unpack' 'no /rootfs.tar.* in the initramfs' \
			"name one: vi.image=/path/rootfs.tar.xz, http://... or the profile line 'image'"
		return 0
	fi
	[ -n "$P_ROOT" ] || P_ROOT=$P_HOST
	[ "$P_ROOT" != any ] || bad_image 'a path, a URL, or the device that holds it in vi.host='
	locate_device "$P_ROOT" vi.host=
}

# need_write: the host partition must be writable for this plan
need_write() {
	case $P_MODE:$P_PERSIST in
	loop:none) return 0 ;;
	*:dir:/* | *:file:/* | *:path:/*) return 0 ;;
	esac
	return 1
}

locate_file() {
	local path=$P_IMAGE
	[ -z "$P_ISO" ] || path=$P_ISO
	if need_write && find_host -w "$path"; then
		HOST_RW=1
	elif [ "$FIND_STATUS" != 3 ] && find_host '' "$path"; then
		HOST_RW=''
		! need_write || warn "$DEVICE${FSTYPE:+ ($FSTYPE)} can only be read, for the reason above"
	else
		fail_find "$path" "$P_HOST"
	fi
	HOST_DEVICE=$DEVICE HOST_MOUNTED=1 IMAGE_TREE=$HOSTDIR
	[ -z "$P_ISO" ] || open_iso
}

# find_host -w|'' PATH: findimg leaves the host mounted at HOSTDIR
find_host() {
	set -- ${1:+-w} "$2"
	[ "$P_HOST" = any ] || set -- -H "$P_HOST" "$@"
	mkdir -p "$HOSTDIR"
	find_image -m "$HOSTDIR" "$@" && SOURCE=$FOUND
}

# find_image ARGS: runs findimg; DEVICE, FSTYPE and FOUND (the file) are what it says
find_image() {
	local out key value
	out=$($RUN findimg --state "$STATE" -t "$P_TIMEOUT" "$@") && FIND_STATUS=0 || FIND_STATUS=$?
	[ "$FIND_STATUS" = 0 ] || return 1
	FOUND='' DEVICE='' FSTYPE='' FOUND_UUID=''
	while IFS='=' read -r key value; do
		case $key in
		DEVICE) DEVICE=$value ;;
		FSTYPE) FSTYPE=$value ;;
		UUID) FOUND_UUID=$value ;;
		FILE) FOUND=$value ;;
		esac
	done <<OUT
$out
OUT
	[ -n "$DEVICE" ]
}

fail_find() {
	case $FIND_STATUS in
	3) fail "$1 was not found on host '$2' within $P_TIMEOUT s" 'the table above: every device and why it was not the one' \
		'correct vi.image= or vi.host=, add the missing driver to the profile, or wait longer with vi.timeout=' ;;
	*) fail "findimg could not look for $1 on host '$2' (status $FIND_STATUS)" 'its messages above' ;;
	esac
}

# locate_device SPEC WORD: a block device by name, label or id
locate_device() {
	find_image -H "$1" || fail_find 'the device' "$1"
	state_push "device $DEVICE"
	say "$2$1 is $DEVICE${FSTYPE:+ ($FSTYPE)}"
}

# The image lies in an ISO file of the host, as with findiso= and iso-scan/filename=.
open_iso() {
	local dir=$RAMFS/iso
	ISO_LOOP=$($RUN vdattach --state "$STATE" --links "$RAMFS/isodisk" -r "$SOURCE") || fail "cannot attach $P_ISO" 'the messages of vdattach above'
	mkdir -p "$dir"
	$RUN mount -t iso9660 -o ro "$ISO_LOOP" "$dir" || fail "$P_ISO has no ISO 9660 file system that can be mounted"
	state_push "mount $dir"
	SOURCE=$dir$P_IMAGE IMAGE_TREE=$dir
	[ -e "$SOURCE" ] || fail "$P_IMAGE is not in $P_ISO"
}

# The image was copied or unpacked: the medium is let go.
release_host() {
	if [ -n "$ISO_LOOP" ]; then
		$RUN umount "$RAMFS/iso" && state_drop "mount $RAMFS/iso"
		$RUN losetup -d "$ISO_LOOP" && state_drop "loop $ISO_LOOP"
	fi
	if ! $RUN umount "$HOSTDIR"; then
		warn "$HOST_DEVICE is still in use"
		return 0
	fi
	state_drop "mount $HOSTDIR"
	HOST_MOUNTED=''
	say "$HOST_DEVICE is no longer needed"
}
