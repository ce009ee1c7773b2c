# shellcheck shell=dash
# shellcheck disable=SC2034 # the plan that the words make is read by the other files
# SPDX-License-Identifier: GPL-2.0-or-later
# The words of other live systems, for the table in words.sh.

# live-boot, casper, Knoppix
word_live() {
	case $1 in
	boot=live) I_MODE=overlay LIVE=live ;;
	boot=casper) I_MODE=overlay LIVE=casper ;;
	BOOT_IMAGE=/casper/* | BOOT_IMAGE='(loop)'/casper/*) I_MODE=overlay LIVE=${LIVE:-casper} ;; # all that Ubuntu's menu says
	toram | toram=?* | copy2ram | copytoram | copytoram=y) P_TORAM=1 ;;
	live-media=removable-usb) I_HOST=usb ;;
	live-media=removable) I_HOST=any ;;
	live-media=/dev/*.iso | bootfrom=/dev/*.iso) word_fromiso ;;
	live-media=* | bootfrom=*) I_HOST=$V ;;
	live-media-path=*) LIVE_DIR=$V ;;
	live-media-timeout=*) seconds "$1" ;;
	findiso=/* | iso-scan/filename=/*) P_ISO=$V ;;
	fromiso=/dev/*/* | isofrom=/dev/*/*) word_fromiso ;;
	fetch=?* | httpfs=?* | ftpfs=?*) word_fetch ;;
	url=*://*.iso | iso-url=*://*.iso) I_MODE=overlay LIVE=${LIVE:-casper} P_ISO=$V ;;
	netboot=nfs) LIVE_NETBOOT=1 ;;
	netboot | netboot=*) later "$1" ;;
	nfsopts=*) LIVE_NFSOPTS=$V ;;
	verify-checksums) P_CHECKS="$P_CHECKS sums" ;;
	verify-checksums=?*) P_CHECKS="$P_CHECKS sums:$V" ;;
	overlay-size=*) P_SIZE=$V ;;
	persistent) I_PERSIST=casper: ;;
	persistent-path=*) CASPER_PATH=$V ;;
	layerfs-path=?*) LIVE_FILE=$V ;;
	persistence) I_PERSIST=live: ;;
	nopersistence) I_PERSIST=ram ;;
	persistence-label=?*) LIVE_LABEL=$V ;;
	persistence-path=*) CASPER_PATH=$V ;;
	persistence-media=removable | persistence-media=removable-usb) LIVE_KIND=$V ;;
	persistence-read-only) P_KEEP_RO=1 ;;
	persistence-method=overlay | persistence-storage=filesystem,file) ;; # as we do anyway
	persistence-*=*) later "$1" ;;
	noeject) P_NOEJECT=1 ;;
	noprompt | noprompt=cd) P_NOPROMPT=1 ;;
	noprompt=*) ;; # for sticks nobody is asked
	union=overlay) ;;
	todisk=* | nfsoverlay=* | union=*) later "$1" ;;
	tohd=/dev/*) P_TOHD=$V ;;
	tohd=*) wrong "$1" '/dev/NAME[/folder]' ;;
	fromhd) I_MODE=overlay LIVE=knoppix ;;
	fromhd=/dev/*) I_MODE=overlay LIVE=knoppix I_HOST=$V ;;
	knoppix_dir=?*) LIVE_DIR=$V ;;
	*) return 1 ;;
	esac
}

# fromiso=/dev/NAME/file.iso
word_fromiso() {
	split_device_path "$V"
	I_HOST=$DEVICE_PART P_ISO=$RET
}

# fetch= of live-boot; httpfs= and ftpfs= would read over the network for as long as the system runs: here the image is in memory
word_fetch() {
	case $V in
	*.iso) I_MODE=overlay LIVE=${LIVE:-live} P_ISO=$V ;;
	*.squashfs) I_MODE=overlay I_IMAGE=$V ;;
	*) I_MODE=tmpfs I_IMAGE=$V ;;
	esac
}

# split_device_path /dev/NAME/path: the device in DEVICE_PART, /path in RET
split_device_path() {
	local rest=${1#/dev/} name=''
	case $rest in
	mapper/*/*) name=mapper/ ;;
	disk/by-*/*/*)
		name=${rest#disk/}
		name=disk/${name%%/*}/
		;;
	esac
	rest=${rest#"$name"}
	DEVICE_PART=/dev/$name${rest%%/*} RET=/
	case $rest in */*) RET=/${rest#*/} ;; esac
}

word_archiso() {
	case $1 in
	archisobasedir=*) I_MODE=overlay LIVE=archiso LIVE_DIR=$V ;;
	archisolabel=*) I_MODE=overlay LIVE=archiso LIVE_HOST=LABEL=$V ARCHISO_LABEL=$V ;;
	archisodevice=*) I_MODE=overlay LIVE=archiso LIVE_HOST=$V ;;
	archisosearchuuid=?*) I_MODE=overlay LIVE=archiso P_MARK=${P_MARK:-/boot/$V.uuid} ;;
	archisosearchfilename=/*) I_MODE=overlay LIVE=archiso P_MARK=$V ;;
	img_dev=*) I_HOST=$V ;;
	img_label=*) I_HOST=LABEL=$V ;;
	img_loop=/*) P_ISO=$V ;;
	img_loop=*) P_ISO=/$V ;;
	copytoram=n) P_TORAM='' ARCHISO_STAY=1 ;;
	copytoram=auto) P_TORAM=auto ;;
	cow_device=*) COW_HOST=$V ;;
	cow_label=*) COW_HOST=LABEL=$V ;;
	cow_directory=*) COW_DIR=$V ;;
	cow_spacesize=*) P_SIZE=$V ;;
	archiso_http_srv=*) I_MODE=overlay LIVE=archiso LIVE_URL=$V ;;
	cow_flags=*) COW_FLAGS=$V ;;
	cow_persistent=* | cow_chunksize=* | dm_snap_prefix=*) ;; # of snapshots by the device mapper
	archiso_nfs_srv=?*) I_MODE=overlay LIVE=archiso LIVE_NFS=$V ;;
	archiso_nfs_opt=*) LIVE_NFSOPTS=$V ;;
	checksum | checksum=y) P_CHECKS="$P_CHECKS sha512" ;;
	verify=y) P_CHECKS="$P_CHECKS gpg" ;;
	cms_verify=y) P_CHECKS="$P_CHECKS cms" ;;
	archiso_nbd_srv=?*) I_MODE=overlay LIVE=archiso ARCHISO_NBD=$V ;;
	archiso_nbd_name=?*) ARCHISO_NBD_NAME=$V ;;
	img_flags=*) later "$1" ;;
	*) return 1 ;;
	esac
}

# Slax, MiniOS, Porteus: a folder of layers
word_slax() {
	case $1 in
	from=*://*.iso) I_MODE=overlay LIVE=slax P_ISO=$V ;;
	from=*://* | from=ask*) later "$1" ;;
	from=*) slax_from ;;
	perch) I_PERSIST=slax:resume: ;;
	perchdir=*) slax_session "$1" ;;
	slax.flags=*) slax_flags ;;
	automount) I_MODE=overlay LIVE=slax P_AUTOMOUNT=1 ;;
	initrd=/slax/boot/* | BOOT_IMAGE=/slax/boot/*) I_MODE=overlay LIVE=${LIVE:-slax} ;;
	changes=?*) porteus_changes "$1" "${V#EXIT:}" ;;
	noload=?*) LIVE_NOLOAD=$V ;;
	load=?*) LIVE_LOAD=$V ;;
	perchmode=native | perchmode=raw | perchmode=dynfilefs) PERCH_MODE=$V ;;
	perchmode=*) wrong "$1" 'native, raw or dynfilefs' ;;
	perchsize=*) perch_size "$1" ;;
	*) return 1 ;;
	esac
}

# from=[/dev/NAME/]folder or an ISO file
slax_from() {
	I_MODE=overlay LIVE=slax
	case $V in
	/dev/*)
		split_device_path "$V"
		I_HOST=$DEVICE_PART
		;;
	*) RET=$V ;;
	esac
	case $RET in
	*.iso) P_ISO=/${RET#/} ;;
	*) LIVE_DIR=$RET ;;
	esac
}

# perchdir= says which session; its folder is that of the layers when none is named
slax_session() {
	I_MODE=overlay LIVE=slax
	case $V in
	resume | new | ask) I_PERSIST=slax:$V: ;;
	/dev/*)
		split_device_path "$V"
		I_PERSIST=slax:resume:$DEVICE_PART:$RET
		;;
	*[!0-9]* | '') wrong "$1" 'resume, new, ask, a number or /dev/NAME/folder' ;;
	*) I_PERSIST=slax:$V: ;;
	esac
}

# perch_size WORD: MiniOS' number of MB, or with M, G or T behind it; "M" is its MiB
perch_size() {
	local number
	number=${V%%[!0-9]*}
	case $number:${V#"$number"} in
	:*) wrong "$1" 'a number of MB' ;;
	*:0* | *: | *:M | *:MB | *:m | *:mb) PERCH_SIZE=$number ;;
	*:G | *:GB | *:g | *:gb) PERCH_SIZE=$((number * 1000)) ;;
	*:T | *:TB | *:t | *:tb) PERCH_SIZE=$((number * 1000000)) ;;
	*) wrong "$1" 'a number of MB' ;;
	esac
	[ "$PERCH_SIZE" != 0 ] || PERCH_SIZE=''
}

slax_flags() {
	I_MODE=overlay LIVE=slax
	case ,$V, in *,perch,*) I_PERSIST=slax:resume: ;; esac
	case ,$V, in *,toram,*) P_TORAM=1 ;; esac
	case ,$V, in *,automount,*) P_AUTOMOUNT=1 ;; esac
}

# porteus_changes WORD PLACE: [/dev/NAME|UUID:ID|LABEL:NAME]/folder or file. Also with EXIT: changes are kept at once.
porteus_changes() {
	case $2 in
	/dev/*/*)
		split_device_path "$2"
		I_PERSIST=porteus:$DEVICE_PART:$RET
		;;
	/*) I_PERSIST=porteus:$2 ;;
	UUID:?*/* | LABEL:?*/*)
		RET=${2#*:}
		I_PERSIST=porteus:${2%%:*}=${RET%%/*}:/${RET#*/}
		;;
	*) wrong "$1" '/folder, /dev/NAME/folder, UUID:ID/folder or LABEL:NAME/folder' ;;
	esac
}
