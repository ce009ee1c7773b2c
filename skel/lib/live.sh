# shellcheck shell=dash
# shellcheck disable=SC2034 # the plan is read by the other files
# SPDX-License-Identifier: GPL-2.0-or-later
# Media that other live systems laid out: where their images are, and in which order they lie.

# Where they have the image, unless a word named one, and what may be there in its place.
plan_live() {
	local dir
	[ -z "$RD_LIVE" ] || [ -n "$LIVE" ] || [ -z "$P_ROOT" ] || {
		word_root_live "${P_ROOT#live:}"
		P_ROOT=''
	}
	# ${pxeserver} stands for the server of the lease
	[ -z "$ARCHISO_NBD" ] || LIVE_HOST=nbd://${ARCHISO_NBD#\$\{pxeserver\}}/$ARCHISO_NBD_NAME
	# of a medium in a file the words tell the label, not that of the partition with the file
	[ -z "$LIVE_NETBOOT" ] || LIVE_NFS=$NFSROOT
	if [ -n "$P_ISO$LIVE_NFS" ]; then
		P_MARK=''
	else
		I_HOST=${LIVE_HOST:-$I_HOST}
	fi
	dir=${LIVE_DIR#/}
	dir=${dir%/}
	case $LIVE in
	dracut)
		I_IMAGE=/${dir:-LiveOS}/${LIVE_FILE:-squashfs.img}
		P_ALSO=/${dir:-LiveOS}/rootfs.img$NL/${dir:-LiveOS}/ext3fs.img
		;;
	live) case $I_IMAGE in *://*) ;; *) I_IMAGE=/${dir:-live}/filesystem.squashfs P_ALSO=/${dir:-live}/ ;; esac ;;
	casper) plan_casper "${dir:-casper}" ;;
	archiso)
		I_IMAGE=${LIVE_URL%/}/${dir:-arch}/x86_64/airootfs.sfs
		[ -n "$LIVE_URL" ] || P_ALSO=/${dir:-arch}/x86_64/airootfs.erofs
		;;
	slax)
		I_IMAGE=/${dir:-slax}/
		[ -n "$dir" ] || P_ALSO=/minios/$NL/porteus/
		;;
	knoppix) I_IMAGE=/${dir:-KNOPPIX}/KNOPPIX ;;
	esac
	case $LIVE:$LIVE_NFS:$ARCHISO_STAY in archiso:?*:) P_TORAM=${P_TORAM:-1} ;; esac
	[ -z "$P_IMAGE" ] || LIVE='' P_ALSO='' P_MARK='' LIVE_NFS=''
	plan_live_store "${dir:-slax}"
}

# A path of layerfs-path= counts from the folder of the images, or is one of the running live system.
plan_casper() {
	case $LIVE_FILE in
	'') I_IMAGE=/$1/ ;;
	/cdrom/*) I_IMAGE=${LIVE_FILE#/cdrom} ;;
	/*) I_IMAGE=$LIVE_FILE ;;
	*) I_IMAGE=/$1/$LIVE_FILE ;;
	esac
}

# plan_live_store FOLDER: what the words leave open
plan_live_store() {
	case $I_PERSIST in
	casper:) I_PERSIST=casper:/${CASPER_PATH#/} ;;
	live:) I_PERSIST=live:${LIVE_LABEL:-persistence}:/${CASPER_PATH#/} ;;
	slax:*:) I_PERSIST=$I_PERSIST/$1/changes ;;
	esac
	[ -z "$COW_HOST" ] || I_PERSIST=archiso:$COW_HOST:/${COW_DIR:-persistent_$ARCHISO_LABEL/x86_64}
	case $I_PERSIST in archiso:*://*) I_PERSIST=${I_PERSIST%%://*}:/${I_PERSIST#*://} ;; esac
}

# live_layers IMAGE|FOLDER: LAYERS, a line each, the lowest first
live_layers() {
	case $LIVE in
	casper) casper_layers "$1" ;;
	slax)
		slax_layers "${1%/}"
		;;
	*) [ ! -d "$1" ] || folder_layers "$1" ;;
	esac
	[ -n "$LAYERS" ] || fail "no image lies in $P_IMAGE on $HOST_DEVICE" "it holds: $(ls "$1")" \
		'name the medium with vi.host=, or the image with vi.image='
}

# NAME.MORE.squashfs lies on NAME.squashfs. Without layerfs-path= the live session's or the installer's is meant, and
# where nothing is named so, all of them.
casper_layers() {
	local top=$1 dir name
	if [ -d "$top" ]; then
		for top in "${1%/}"/*.live.squashfs "${1%/}"/*.installer.generic.squashfs; do
			[ ! -f "$top" ] || break
		done
		[ -f "$top" ] || {
			folder_layers "$1"
			leave_out '/ltsp\.squashfs|/server\.squashfs'
			return 0
		}
	fi
	dir=${top%/*} name=${top##*/}
	LAYERS=''
	while :; do
		[ -f "$dir/$name" ] || fail "the layer $name of ${top##*/} is missing" "the folder holds: $(ls "$dir")"
		LAYERS=$dir/$name${LAYERS:+$NL}$LAYERS
		name=${name%.*}
		case $name in *.*) name=${name%.*}.${top##*.} ;; *) break ;; esac
	done
}

# slax_layers FOLDER: of those in modules load= tells which; where there is a folder optional (Porteus), it is of that; of MiniOS' all
slax_layers() {
	local optional=''
	set -- "$1" "$1/base" "$1/modules"
	if [ -n "$LIVE_LOAD" ] && [ -d "$1/optional" ]; then
		set -- "$@" "$1/optional"
		optional=1
	fi
	if [ -d "$1/base" ]; then porteus_order "$@"; else folder_layers "$@"; fi
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

# porteus_order FOLDER...: those of each folder lie on those of the one before, whatever their names
porteus_order() {
	local dir all=''
	for dir in "$@"; do
		folder_layers "$dir"
		all=$all${LAYERS:+${all:+$NL}$LAYERS}
	done
	LAYERS=$all
}

# choose_layers FOLDER PATTERNS: in that folder only those that a pattern is found in
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

# leave_out PATTERNS: extended regular expressions; in the words of Slax and Porteus ',' or ';' between them
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
	mkdir -p "$dir"
	device=$($RUN vdattach --state "$STATE" --links "$RAMFS/outerdisk" -r "$LAYERS") ||
		fail "cannot attach $LAYERS" 'the messages of vdattach above'
	if $RUN mount -t squashfs -o ro "$device" "$dir" 2>/dev/null; then
		state_push "mount $dir"
		for file in LiveOS/rootfs.img LiveOS/ext3fs.img airootfs.img; do
			[ ! -f "$dir/$file" ] || {
				LAYERS=$dir/$file
				return 0
			}
		done
		$RUN umount "$dir"
		state_drop "mount $dir"
	fi
	$RUN losetup -d "$device"
	state_drop "loop $device"
}

# The files of Slax's folder rootcopy are put over the root. The medium may be gone by then: kept in RAM till then.
keep_rootcopy() {
	[ "$LIVE" != slax ] || [ ! -d "$SOURCE/rootcopy" ] || $RUN cp -a "$SOURCE/rootcopy" "$RAMFS/rootcopy"
}

put_rootcopy() {
	local dir
	[ "$LIVE" = slax ] || return 0
	for dir in "$RAMFS/rootcopy" "$SOURCE/rootcopy"; do
		[ -d "$dir" ] || continue
		$RUN cp -a "$dir/." "$NEWROOT/" || warn "the files of $dir could not be copied into the root"
		break
	done
	rm -rf "$RAMFS/rootcopy"
}
