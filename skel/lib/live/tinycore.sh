# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# Tiny Core's parameters, in roots that are not Tiny Core: its extensions, and what its boot
# attaches beside the root.

CR=$(printf '\r')

# tinycore_place NAME[/DIR]: Tiny Core's sdXN, UUID= or LABEL= with a directory, as HOST:/DIR in RET
tinycore_place() {
	local device=$1 dir=''
	case $1 in
	/dev/*/*) device=${1#/dev/} && dir=/${device#*/} device=/dev/${device%%/*} ;;
	/dev/*) ;;
	*/*) device=${1%%/*} dir=/${1#*/} ;;
	esac
	case $device in
	UUID=* | LABEL=* | PARTUUID=* | PARTLABEL=* | /dev/*) ;;
	*) device=/dev/$device ;;
	esac
	RET=$device:${dir:-/}
}

# Tiny Core's own scripts evaluate its parameters.
leave_to_tinycore() {
	[ -e "$NEWROOT/etc/init.d/tc-config" ] || return 0
	say 'home=, opt=, local=, tce=, restore= and the like are left to tc-config of this root'
	# shellcheck disable=SC2034 # for assemble and handover
	P_BINDS='' P_TCE='' TC_EXTRAS='' TC_RUNLEVEL='' P_PAUSE=''
	# shellcheck disable=SC2034
	[ -z "$TC_RESTORE" ] || P_PERSIST=ram
}

# tce_extensions HOST:/DIRECTORY
tce_extensions() {
	if mount_place "${1%%:/*}"; then
		load_extensions "$RET/${1#*:/}" "${1#*:}"
	else
		warn "no Tiny Core extensions: ${1%%:/*} was not found"
	fi
}

# load_extensions DIRECTORY NAME: those of its onboot.lst, with what they depend on
load_extensions() {
	TCE=$1 LOADED=${LOADED:-}
	[ -r "$TCE/onboot.lst" ] || {
		warn "no Tiny Core extensions: $2 has no onboot.lst"
		return 0
	}
	root_access rw || {
		warn "no Tiny Core extensions: the root is read-only"
		return 0
	}
	{ mkdir -p "$NEWROOT/tmp/tcloop/.bin" "$NEWROOT/usr/local/tce.installed" &&
		$RUN cp "$ROOT/bin/busybox" "$NEWROOT/tmp/tcloop/.bin/"; } || {
		warn "no Tiny Core extensions: the root cannot be written"
		return 0
	}
	while extension_name; do
		[ -z "$RET" ] || load_extension "$RET"
	done <"$TCE/onboot.lst"
	rm -rf "$NEWROOT/tmp/tcloop/.bin"
	ln -sfn "/tmp/tcloop" "$NEWROOT/etc/sysconfig/tcloop" 2>/dev/null || :
	$RUN chroot "$NEWROOT" /sbin/ldconfig 2>/dev/null || :
	root_access ro || :
}

# extension_name: that of the next line, in RET: the first word, without comments, KERNEL being the
# kernel's version
extension_name() {
	local rest
	# shellcheck disable=SC2034
	read -r RET rest || [ -n "$RET" ] || return 1
	RET=${RET%%#*}
	swap "${RET%"$CR"}" KERNEL "$(uname -r)"
}

# root_access rw|ro: a root that is to be handed over read-only, for the time that links are made in
# it
root_access() {
	case $P_MODE:$P_PERSIST:${P_ACCESS:-ro} in
	disk:none:ro | loop:none:ro | share:*:ro) $RUN mount -o "remount,$1" none "$NEWROOT" ;;
	esac
}

# load_extension NAME.tcz: mounted, and its files linked into the root, where the root has none of
# that name
load_extension() {
	local file name=${1%.tcz}
	! list_has "$LOADED" "$name" || return 0
	LOADED="$LOADED $name"
	file=$TCE/optional/$name.tcz
	[ -f "$file" ] || file=$TCE/$name.tcz
	[ -f "$file" ] || {
		warn "extension $name.tcz is missing"
		return 0
	}
	if [ -r "$file.dep" ]; then
		while extension_name; do
			[ -z "$RET" ] || load_extension "$RET"
		done <"$file.dep"
		name=${1%.tcz} file=${file%/*}/${1%.tcz}.tcz
	fi
	link_extension "$file" "$name" || warn "extension $name.tcz cannot be used"
}

link_extension() {
	local place=$NEWROOT/tmp/tcloop/$2
	mkdir -p "$place" || return 1
	# the loop device goes with the mount
	$RUN mount -t squashfs -o ro,loop "$1" "$place" || return 1
	$RUN chroot "$NEWROOT" /tmp/tcloop/.bin/busybox cp -rs "/tmp/tcloop/$2/." / 2>/dev/null
	: >"$NEWROOT/usr/local/tce.installed/$2"
}

# tinycore_extras first|rest: first what is written to, as a partition that is mounted read-only
# before stays so. What cannot be used is reported, and the boot continues.
tinycore_extras() {
	local word IFS="$NL"
	for word in $TC_EXTRAS; do
		unset IFS
		case $1:$word in
		first:swapfile=* | first:tcvd=*) ;;
		rest:swapfile=* | rest:tcvd=* | first:*) continue ;;
		esac
		tinycore_extra "${word%%=*}" "${word#*=}" ||
			warn "parameter '$word' could not be used"
	done
}

tinycore_extra() {
	case $1:$2 in
	tftplist:*) listed_extensions tftp "${2%:no-ping}" ;;
	httplist:*) listed_extensions http "${2%:no-ping}" ;;
	nbd:*)
		load net/nbd
		nbd_disk "nbd://${2%:no-ping}/" && make_place /mnt/nbd0 &&
			find_image -w -m "$PLACE" -H "$DEVICE"
		;;
	aoe:*) aoe_disk "${2%%:*}" "${2#*:}" ;;
	nfsmount:*)
		swap "$2" no-ping hard # what is the default
		swap "$RET" nfs4 vers=4.1
		set -- "$RET"
		network && load net/nfs && make_place /mnt/nfs && try_nfs "$1" "$PLACE" rw
		;;
	iso:*) iso_extensions "$2" ;;
	tcvd:*) attach_disk_file "$2" && make_place /mnt/tcvd && mount_place "$DEVICE" -w &&
		$RUN mount -o bind "$RET" "$PLACE" ;;
	swapfile:*) swap_file "${2#/dev/}" ;;
	*) return 1 ;;
	esac
}

# aoe_answers NAME: within a second of being asked for
aoe_answers() {
	[ ! -w "$ROOT/dev/etherd/discover" ] || echo >"$ROOT/dev/etherd/discover"
	await 1 [ -b "$ROOT/dev/etherd/$1" ]
}

# aoe_disk LINK NAME: a disk of ATA over Ethernet, as e0.1 or its partition e0.1p1, on /mnt/NAME
aoe_disk() {
	local n=0
	$RUN modprobe -q aoe && $RUN ip link set "$1" up || return 1
	[ ! -w "$ROOT/dev/etherd/interfaces" ] || printf '%s\0' "$1" >"$ROOT/dev/etherd/interfaces"
	until aoe_answers "$2"; do
		n=$((n + 1))
		[ $n -lt "$P_TIMEOUT" ] || return 1
	done
	make_place "/mnt/$2" && find_image -w -m "$PLACE" -H "/dev/etherd/$2"
}

# listed_extensions SCHEME SERVER[:]/PATH: a list of extensions; their paths count from the server's
# top
listed_extensions() {
	local base=${2%%/*} dir=$RAMFS/tce file
	base=$1://${base%:}
	network || return 1
	load net/fetch
	mkdir -p "$dir/optional" || return 1
	fetch "$base/${2#*/}" "$dir/list" || return 1
	while extension_name; do
		file=${RET#/}
		[ -n "$file" ] && fetch "$base/$file" "$dir/optional/${file##*/}" &&
			echo "${file##*/}"
	done <"$dir/list" >"$dir/onboot.lst"
	load_extensions "$dir" "$base"
}

# only_iso DEVICE: the name of the one ISO file on it, in RET
only_iso() {
	local files
	tinycore_place "$1"
	mount_place "${RET%%:/*}" || return 1
	files=$(cd "$RET" && find . -name '*.iso')
	case $files in
	'' | *"$NL"*)
		warn "iso=$1: expected one ISO file, found: ${files:-none}"
		return 1
		;;
	esac
	RET=${files#./}
}

# iso_extensions DEVICE[/file.iso]: those in the directory cde of Tiny Core's CD
iso_extensions() {
	case ${1#/dev/} in */*) ;; *)
		only_iso "$1" || return 1
		set -- "$1/$RET"
		;;
	esac
	attach_place "$1" && mkdir -p "$RAMFS/tciso" &&
		$RUN mount -t iso9660 -o ro "$DEVICE" "$RAMFS/tciso" || return 1
	state_push "mount $RAMFS/tciso"
	load_extensions "$RAMFS/tciso/cde" "$1"
}

# swap_file NAME[/file]: without a file the tc.swp that Tiny Core makes there
swap_file() {
	case $1 in */*) ;; *) set -- "$1/tc.swp" ;; esac
	attach_place "$1" -w && $RUN swapon "$DEVICE" && say "swap in $1"
}

# attach_disk_file [DEVICE/]file: a file alone may be anywhere
attach_disk_file() {
	local place=$RAMFS/places/$PLACES
	case ${1#/dev/} in */*)
		attach_place "$1" -w
		return
		;;
	esac
	PLACES=$((PLACES + 1))
	find_image -t 0 -w -m "$place" "/$1" || return 1
	DEVICE=$($RUN vdattach --state "$STATE" --links "$RAMFS/disk$PLACES" "$FOUND")
}

# attach_place DEVICE/file [-w]: DEVICE becomes the block device of that file
attach_place() {
	tinycore_place "$1"
	set -- "${RET%%:/*}" "/${RET#*:/}" "${2:-}"
	mount_place "$1" "$3" || return 1
	if [ -n "$3" ]; then set -- "$RET$2"; else set -- "$RET$2" -r; fi
	# shellcheck disable=SC2153 # of places.sh
	DEVICE=$($RUN vdattach --state "$STATE" --links "$RAMFS/disk$PLACES" ${2:+"$2"} "$1")
}

# make_place PATH: a directory of the root for what is mounted there; PLACE is where it is now
make_place() {
	inside "$1"
	PLACE=$NEWROOT$RET
	mkdir -p "$PLACE"
}
