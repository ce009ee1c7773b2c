# shellcheck shell=dash
# shellcheck disable=SC2034 # the plan is read by the other files
# SPDX-License-Identifier: GPL-2.0-or-later
# Media that other live systems laid out: in which order their layers lie.

# live_layers IMAGE|DIRECTORY: LAYERS, a line each, the lowest first
live_layers() {
	case $LIVE:$1 in
	dracut:"$HOSTDIR/")
		LAYERS=${1%/}
		[ -z "$P_TORAM" ] ||
			warn "$HOST_DEVICE is itself the image, and is not copied to RAM: using it where it is"
		return 0
		;;
	esac
	case $LIVE in
	casper) casper_layers "$1" ;;
	slax)
		slax_layers "${1%/}"
		;;
	puppy) puppy_layers "${1%/}" ;;
	liveslak) liveslak_layers "${1%/system*}" ;;
	miso) existing_layers "${1%/}"/rootfs.sfs "${1%/}"/desktopfs.sfs "${1%/}"/mhwdfs.sfs \
		"${1%/}"/livefs.sfs ;;
	*) [ ! -d "$1" ] || directory_layers "$1" ;;
	esac
	[ -n "$LAYERS" ] || fail VI208 "no image in $P_IMAGE on $HOST_DEVICE" \
		"it contains: $(ls "$1")" \
		'name the medium with vi.host=, or the image with vi.image='
}

# NAME.MORE.squashfs lies on NAME.squashfs. Without layerfs-path= the live session's or the
# installer's is meant, and where nothing is named so, all of them.
casper_layers() {
	local top=$1 dir name
	if [ -d "$top" ]; then
		for top in "${1%/}"/*.live.squashfs "${1%/}"/*.installer.generic.squashfs; do
			[ ! -f "$top" ] || break
		done
		[ -f "$top" ] || {
			directory_layers "$1"
			leave_out '/ltsp\.squashfs|/server\.squashfs'
			return 0
		}
	fi
	dir=${top%/*} name=${top##*/}
	LAYERS=''
	while :; do
		[ -f "$dir/$name" ] ||
			fail VI208 "the layer $name of ${top##*/} is missing" \
				"the directory contains: $(ls "$dir")"
		LAYERS=$dir/$name${LAYERS:+$NL}$LAYERS
		name=${name%.*}
		case $name in *.*) name=${name%.*}.${top##*.} ;; *) break ;; esac
	done
}

# slax_layers DIRECTORY: of those in modules load= tells which; where there is a directory optional
# (Porteus), it is of that; of MiniOS' all
slax_layers() {
	local optional=''
	set -- "$1" "$1/base" "$1/modules"
	if [ -n "$LIVE_LOAD" ] && [ -d "$1/optional" ]; then
		set -- "$@" "$1/optional"
		optional=1
	fi
	if [ -d "$1/base" ]; then porteus_order "$@"; else directory_layers "$@"; fi
	if [ -n "$optional" ]; then
		choose_layers /optional/ "$LIVE_LOAD"
	elif [ -n "$LIVE_LOAD" ]; then
		case $1 in
		*/minios) choose_layers "$1/" "$LIVE_LOAD" ;;
		*) choose_layers /modules/ "$LIVE_LOAD" ;;
		esac
	fi
	[ -z "$LIVE_NOLOAD" ] || leave_out "$LIVE_NOLOAD"
}

# puppy_layers IMAGE|DIRECTORY: drivers below the system, patches and applications on it
puppy_layers() {
	local dir=$1
	[ -d "$1" ] || dir=${1%/*}
	existing_layers "$dir"/zdrv*.sfs "$dir"/fdrv*.sfs "$1"/puppy*.sfs "$1" "$dir"/ydrv*.sfs \
		"$dir"/adrv*.sfs
}

# existing_layers FILE...: those that are there
existing_layers() {
	local file
	LAYERS=''
	for file in "$@"; do
		[ ! -f "$file" ] || LAYERS=$LAYERS${LAYERS:+$NL}$file
	done
}

# liveslak_layers DIRECTORY: the system, all addons, and of what is optional what load= names
liveslak_layers() {
	if [ -n "$LIVE_LOAD" ]; then
		porteus_order "$1/system" "$1/addons" "$1/optional"
		choose_layers /optional/ "$LIVE_LOAD"
	else
		porteus_order "$1/system" "$1/addons"
	fi
	[ -z "$LIVE_NOLOAD" ] || leave_out "$LIVE_NOLOAD"
}

# liveslak_keeps PATH: the medium has that directory for changes, or a file PATH.img with a file
# system
liveslak_keeps() {
	[ -d "$HOSTDIR$1" ] || [ -f "$HOSTDIR$1.img" ]
}

# porteus_order DIRECTORY...: those of each directory lie on those of the one before, whatever their
# names
porteus_order() {
	local dir all=''
	for dir in "$@"; do
		directory_layers "$dir"
		all=$all${LAYERS:+${all:+$NL}$LAYERS}
	done
	LAYERS=$all
}

# choose_layers DIRECTORY PATTERNS: in that directory only those that a pattern is found in
choose_layers() {
	swap "$2" , '|'
	swap "$RET" ';' '|'
	LAYERS=$(printf '%s\n' "$LAYERS" | while IFS= read -r layer; do
		case $layer in
		*"$1"*) printf '%s\n' "$layer" | grep -E "$1.*($RET)" ;;
		*) printf '%s\n' "$layer" ;;
		esac
	done)
}

# leave_out PATTERNS: extended regular expressions; as Slax and Porteus have them, separated by ','
# or ';'
leave_out() {
	swap "$1" , '|'
	swap "$RET" ';' '|'
	LAYERS=$(printf '%s\n' "$LAYERS" | grep -Ev "$RET")
}

# A squashfs that holds but the image of an ext4: that is the layer (dracut, old archiso).
inner_image() {
	local dir=$RAMFS/outer device file
	case $LIVE:$LAYERS in
	*"$NL"* | *rootfs.img | *ext3fs.img) return 0 ;;
	dracut:* | archiso:*) ;;
	*) return 0 ;;
	esac
	has_magic hsqs "$LAYERS" || return 0
	make_dirs "$dir"
	device=$($RUN vdattach --state "$STATE" --links "$RAMFS/outerdisk" -r "$LAYERS") ||
		fail VI401 "cannot attach $LAYERS" 'the messages of vdattach above'
	if $RUN mount -t squashfs -o ro "$device" "$dir" 2>/dev/null; then
		state_push "mount $dir"
		for file in LiveOS/rootfs.img LiveOS/ext3fs.img airootfs.img; do
			[ ! -f "$dir/$file" ] || {
				LAYERS=$dir/$file
				return 0
			}
		done
		$RUN umount "$dir" && state_drop "mount $dir"
	fi
	$RUN losetup -d "$device"
	state_drop "loop $device"
}

# The files of Slax's directory rootcopy are put over the root. The medium may be gone by then: kept
# in RAM till then.
keep_rootcopy() {
	[ "$LIVE" != slax ] || [ ! -d "$SOURCE/rootcopy" ] ||
		$RUN cp -a "$SOURCE/rootcopy" "$RAMFS/rootcopy"
}

put_rootcopy() {
	local dir
	[ "$LIVE" = slax ] || return 0
	for dir in "$RAMFS/rootcopy" "$SOURCE/rootcopy"; do
		[ -d "$dir" ] || continue
		$RUN cp -a "$dir/." "$NEWROOT/" ||
			warn "the files of $dir could not be copied into the root"
		break
	done
	rm -rf "$RAMFS/rootcopy"
}
