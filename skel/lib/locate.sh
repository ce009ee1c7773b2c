# shellcheck shell=dash
# shellcheck disable=SC2034 # what is found is for the later phases
# SPDX-License-Identifier: GPL-2.0-or-later
# Locate: finds what the root is made of. Leaves one of
#   SOURCE (a file, or a URL when REMOTE=1; IMAGE_TREE the file system that it is in), DEVICE and FSTYPE (a block device), neither for a share.

locate() {
	SOURCE='' REMOTE='' DEVICE='' FSTYPE='' FIND_STATUS=0 HOST_MOUNTED='' HOST_RW='' \
		HOST_DEVICE='' ISO_LOOP='' IMAGE_TREE=''
	HOST_UUID='' HOST_LABEL='' VOLUMES='' DIRECTORIES=''
	[ -z "$P_NETROOT" ] || {
		load net/netroot
		root_of_lease
	}
	[ -z "$LIVE" ] || load live
	check_plan
	[ -z "$P_REMOTE" ] || wait_less
	[ -z "$P_RESUME" ] || {
		load resume
		resume_system
	}
	if image_is_remote; then
		network || fail_network "the image ${P_ISO:-${LIVE_NFS:-$P_IMAGE}}"
		load net/address
		name_server
	elif [ -n "$P_NET" ] && load net/ssh && ssh_packed; then
		ssh_start || :
	elif [ -n "$P_NET" ]; then
		network || warn "no network: ${NET_WHY:-no link}; continuing, the root is local"
	fi
	case $P_HOST in nbd://*)
		load net/nbd
		nbd_disk "$P_HOST"
		P_HOST=$DEVICE
		;;
	esac
	[ -z "$P_NETDISK" ] || {
		load net/nbd
		attach_netdisks
	}
	case $P_MODE:$P_IMAGE in
	share:* | *:nbd://*) ;; # the next phase has it
	disk:*) locate_device "$P_ROOT" root= ;;
	*) locate_image ;;
	esac
}

# wait_less: for what may well not come a third of the limit, but long enough for a USB drive, and
# not as long as rootwait says
wait_less() {
	local third=$((P_TIMEOUT / 3))
	[ $third -ge 10 ] || third=10
	[ $third -le 60 ] || third=60
	[ $third -ge "$P_TIMEOUT" ] || P_TIMEOUT=$third
}

image_is_remote() {
	case $P_IMAGE in http://* | https://* | ftp://* | tftp://* | nfs:* | nbd://*) return 0 ;; esac
	case $P_HOST,$P_ISO in *://*) return 0 ;; esac
	[ -n "$LIVE_NFS$P_NETROOT$P_NETDISK" ]
}

# What no phase could do anything with is refused before anything is touched.
check_plan() {
	[ -z "$P_REFUSED" ] || fail VI206 \
		"the root of '$P_REFUSED' cannot be reached: this version has no support for it" '' \
		'remove the parameter, or name a root on a disk, or on a server of HTTP, TFTP, NFS or NBD'
	case $P_MODE:$P_IMAGE in
	overlay:nbd://* | disk:nbd://* | loop:nbd://* | loop:http://* | loop:https://* | loop:/* | loop:file:/*) ;;
	*:nbd:*) bad_image 'nbd://SERVER[:PORT][/EXPORT] in mode disk or overlay' ;;
	loop:*) bad_image 'a path on the host, as in vi.image=/images/debian.img, or http://' ;;
	share:9p:?* | share:virtiofs:?* | share:nfs:?*) ;;
	share:*) bad_image '9p:TAG, virtiofs:TAG or nfs:SERVER:/path, or root=TAG rootfstype=9p' ;;
	overlay:9p:* | overlay:virtiofs:* | overlay:nfs:*) bad_image 'a path on the host, file:/path or a URL' ;;
	tmpfs:9p:* | tmpfs:virtiofs:* | tmpfs:nfs:*) bad_image 'a path on the host, file:/path or a URL' ;;
	esac
	case $P_MODE:$P_VERIFY in
	*:unknown:*) fail VI703 "vi.verify=${P_VERIFY#unknown:} is not supported: expected sha256:HEX, verity:ROOTHASH or minisign:KEY; nothing is booted unverified instead" '' \
		'name the checksum that sha256sum prints for the image, vi.verify=sha256:HEX, or remove the parameter' ;;
	tmpfs:verity:*) fail VI703 \
		'vi.verify=verity: is for images that are mounted, and mode tmpfs unpacks an archive' '' \
		'use vi.verify=sha256: or vi.verify=minisign:' ;;
	disk:?* | share:?*) fail VI703 "vi.verify= is not supported in mode $P_MODE" '' \
		'it is for images and archives: remove it' ;;
	esac
	case $P_MODE:$P_IMAGE$P_ROOT in
	disk: | disk:any) fail VI201 'no root device given' \
		"the command line: $(cat "$ROOT/proc/cmdline")" \
		'add root=UUID=..., root=LABEL=... or root=/dev/...' ;;
	esac
}

bad_image() {
	fail VI207 "mode $P_MODE cannot use the image '$P_IMAGE'" '' "expected $1"
}

# fail_network WHAT: needs it
fail_network() {
	FROM=$FROM$FROM_NET
	fail VI301 "$1 needs the network, and there is none: ${NET_WHY:-no link}" '' \
		'look at cable, DHCP server and ip=; vi.modules= loads a driver that no device asked for'
}

network() {
	load net
	net_up && report_state booting
}

locate_image() {
	[ -z "$LIVE_NFS" ] || {
		locate_nfs
		return
	}
	case $P_ISO in *://*)
		load net/fetch
		fetch_image "$P_ISO" || fail_fetch "$P_ISO"
		SOURCE=$LOWER
		open_iso
		return
		;;
	esac
	case $P_IMAGE in
	http://* | https://* | ftp://* | tftp://*)
		SOURCE=$P_IMAGE REMOTE=1
		report_state fetching "${P_IMAGE##*/}"
		;;
	file:*) locate_embedded "${P_IMAGE#file:}" ;;
	/*) locate_file ;;
	*) locate_default ;;
	esac
}

# The medium is a directory of a server (archiso_nfs_srv=, netboot=nfs).
locate_nfs() {
	load net/nfs
	make_dirs "$HOSTDIR"
	try_nfs "$LIVE_NFS" "$HOSTDIR" ro "$LIVE_NFSOPTS" ||
		fail VI303 "$LIVE_NFS could not be mounted by NFS" "options ${OPTIONS:-none}" \
			"is the directory exported to this machine? (showmount -e ${LIVE_NFS%%:*})"
	HOST_DEVICE=$RET HOST_MOUNTED=1 IMAGE_TREE=$HOSTDIR
	state_push "mount $HOSTDIR"
	if [ -n "$P_ISO" ]; then
		SOURCE=$HOSTDIR$P_ISO
		open_iso
	else
		pick_image "$HOSTDIR" || fail VI208 "$P_IMAGE is not in $LIVE_NFS"
	fi
}

locate_embedded() {
	SOURCE=$ROOT$1
	[ -f "$SOURCE" ] || fail VI209 "the image file:$1 is not in the initramfs" '' \
		"build with the profile line 'image file:PATH'"
}

# No image named: tmpfs mode has its archive in the initramfs, overlay mode a device that is the
# image.
locate_default() {
	local file
	if [ "$P_MODE" = tmpfs ]; then
		for file in "$ROOT"/rootfs.tar "$ROOT"/rootfs.tar.* "$ROOT"/rootfs.cpio*; do
			[ ! -f "$file" ] || SOURCE=$file
		done
		[ -n "$SOURCE" ] ||
			fail VI209 'there is no image to unpack' 'no /rootfs.tar.* in the initramfs' \
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
	*:slax:*:?*:/* | *:porteus:?*:/*) return 1 ;;
	*:live:*) [ -z "$P_KEEP_RO" ] || return 1 ;;
	loop:none | *:dir:/* | *:file:/* | *:casper:* | *:slax:*:/* | *:porteus:/*) ;;
	*) return 1 ;;
	esac
}

locate_file() {
	host_paths
	set --
	! wrap_wanted || set -- --wrap
	if need_write && find_host -w "$@"; then
		HOST_RW=1
	elif [ "$FIND_STATUS" != 3 ] && find_host; then
		HOST_RW=''
		case $P_PERSIST in
		casper:* | live:*) ;; # look elsewhere too
		*)
			! need_write ||
				warn "$DEVICE${FSTYPE:+ ($FSTYPE)} can only be read, for the reason above"
			;;
		esac
		! has_store "$DEVICE" || reopen_host
	else
		fail_find "${HOST_PATHS%%"$NL"*}" "$P_HOST"
	fi
	HOST_DEVICE=$DEVICE HOST_UUID=$FOUND_UUID HOST_LABEL=$FOUND_LABEL HOST_MOUNTED=1 \
		IMAGE_TREE=$HOSTDIR
	if [ -n "$P_ISO" ]; then
		open_iso
	elif [ -n "$P_MARK" ]; then
		pick_image "$HOSTDIR" || fail VI208 "$P_IMAGE is not on $DEVICE, which has $P_MARK"
	fi
}

# wrap_wanted: the exporter direct needs the host mounted through a mapped device, and must be the
# only one that has it
wrap_wanted() {
	case $P_MODE:$P_EXPORTER:$P_HOSTMOUNT:$P_PERSIST in loop:direct::none) ;; *)
		return 1
		;;
	esac
}

# host_paths: what tells the host partition from others, a line each, in HOST_PATHS; the first that
# it has counts
host_paths() {
	HOST_PATHS=$P_IMAGE$NL$P_ALSO
	# root=live: may name a device that is the image, or has the root itself
	[ "$LIVE:$P_HOST" = dracut:any ] || [ "$LIVE" != dracut ] || HOST_PATHS=$HOST_PATHS$NL/
	[ -z "$P_MARK" ] || HOST_PATHS=$P_MARK
	[ -z "$P_ISO" ] || HOST_PATHS=$P_ISO
}

# find_host [-w]: findimg leaves the host mounted at HOSTDIR
find_host() {
	local path IFS="$NL"
	[ "$P_HOST" = any ] || set -- -H "$P_HOST" "$@"
	set -f
	for path in $HOST_PATHS; do
		set -- "$@" "$path"
	done
	set +f
	unset IFS
	make_dirs "$HOSTDIR"
	find_image -m "$HOSTDIR" "$@" && SOURCE=$FOUND
}

# pick_image DIR: SOURCE is the image, or what may be there in its place
pick_image() {
	local path
	while read -r path; do
		SOURCE=$1$path
		[ -z "$path" ] || [ ! -e "$SOURCE" ] || return 0
	done <<PATHS
$P_IMAGE
$P_ALSO
PATHS
	return 1
}

# store_host: the partition that vi.persist= names beside a path, in RET; empty without any
store_host() {
	RET=${P_PERSIST#*:}
	case $P_PERSIST in slax:*) RET=${RET#*:} ;; esac
	case $P_PERSIST:$RET in
	dir:*:?*:/* | file:*:?*:/* | archiso:* | dracut:* | overlayroot:* | liveslak:?*:/* | \
		porteus:?*:/* | slax:*:?*:/*) RET=${RET%%:/*} ;;
	*) RET='' ;;
	esac
}

# has_store DEVICE: changes go to the very partition that the image is on, under whatever name
has_store() {
	local device=$1 type=$FSTYPE uuid=$FOUND_UUID label=$FOUND_LABEL here=1
	case $P_PERSIST in
	liveslak:*:/*) ;;
	liveslak:*)
		load live && liveslak_keeps "${P_PERSIST#*:}"
		return
		;;
	esac
	store_host
	[ -n "$RET" ] || return 1
	find_image -q -t 0 -H "$RET" && [ "$DEVICE" = "$device" ] || here=''
	DEVICE=$device FSTYPE=$type FOUND_UUID=$uuid FOUND_LABEL=$label
	[ -n "$here" ]
}

# A file system is mounted either read-only or not: it can only be written when it was so from the
# start.
reopen_host() {
	$RUN umount "$HOSTDIR" || return 0
	state_drop "mount $HOSTDIR"
	state_drop "device $DEVICE"
	if find_host -w; then
		HOST_RW=1
	else
		find_host || fail_find "${HOST_PATHS%%"$NL"*}" "$P_HOST"
	fi
}

# refuse_hibernated SPEC: even a read-only mount would replay the journal below a system that sleeps
refuse_hibernated() {
	[ "$P_MODE${FSTYPE:+:}" = disk: ] || return 0
	set -- "$1" "$DEVICE"
	find_image -q -t 0 -w -H "$DEVICE" || fail_find 'the device' "$1"
	DEVICE=$2
}

# volumes_wanted: the plan names some, or the root may be on a logical volume that it does not name
volumes_wanted() {
	[ -n "$P_LVM$P_LUKS" ] || { [ -z "$P_LVM_OFF" ] && [ -x "$ROOT/bin/lvm" ]; }
}

# enter_volume: what DEVICE is only the shell of
enter_volume() {
	case $FSTYPE:$P_LUKS_OFF in
	crypto_LUKS:)
		load volumes
		enter_luks
		;;
	LVM2_member:*) fail VI405 "$DEVICE is an LVM physical volume, not a file system" '' \
		'name the root: root=/dev/VG/LV, in an image vi.part=/dev/VG/LV; lvm lvs in the shell lists them' ;;
	esac
	[ -z "$VOLUMES" ] || name_volume
}

# The image lies in an ISO file of the host, as with findiso= and iso-scan/filename=.
open_iso() {
	local dir=$RAMFS/iso
	ISO_LOOP=$($RUN vdattach --state "$STATE" --links "$RAMFS/isodisk" -r "$SOURCE") ||
		fail VI401 "cannot attach $P_ISO" 'the messages of vdattach above'
	make_dirs "$dir"
	$RUN mount -t iso9660 -o ro "$ISO_LOOP" "$dir" ||
		fail VI402 "$P_ISO has no ISO 9660 file system that can be mounted"
	state_push "mount $dir"
	IMAGE_TREE=$dir
	pick_image "$dir" || fail VI208 "$P_IMAGE is not in $P_ISO"
}

# The image was copied or unpacked: the medium is released.
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
