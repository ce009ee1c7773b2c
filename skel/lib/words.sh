# shellcheck shell=dash
# shellcheck disable=SC2034 # the plan that the words make is read by the other files
# SPDX-License-Identifier: GPL-2.0-or-later
# The one table of boot words: each spelling that we know, matched whole, and what it means for the plan.
#
# P_x is what our own words and the kernel's say, I_x what a word of another system, or the profile,
# implies: P_x wins. `later` reports a word that is known and not honoured. V is what follows the '='.

# shellcheck source=skel/lib/words-live.sh
. "$LIB/words-live.sh"
# shellcheck source=skel/lib/words-volumes.sh
. "$LIB/words-volumes.sh"

word() {
	V=${1#*=}
	case $1 in
	vi.*) word_ours "$1" ;;
	rd.*) word_vfuseloop "$1" || word_volumes "$1" || word_dracut "$1" ;;
	*) word_kernel "$1" || word_network "$1" || word_vdisk "$1" || word_volumes "$1" || word_tinycore "$1" ||
		word_live "$1" || word_archiso "$1" || word_slax "$1" ;;
	esac || return 0
	# the kernel hands such a word to init: see init_arguments
	case $1 in *=* | *.*) ;; *) KNOWN="$KNOWN $1" ;; esac
}

note() {
	NOTES=$NOTES$*$NL
}

later() {
	note "word '$1' is known but not honoured by this version"
}

wrong() {
	note "word '$1' ignored: expected $2"
}

# seconds WORD: V as the time limit, when it is a longer one than is set
seconds() {
	case $V in
	'' | *[!0-9]*) wrong "$1" 'a number of seconds' ;;
	*) [ "$V" -le "$P_TIMEOUT" ] || P_TIMEOUT=$V ;;
	esac
}

word_ours() {
	case $1 in
	vi.mode=loop | vi.mode=tmpfs | vi.mode=overlay | vi.mode=disk | vi.mode=share) P_MODE=$V ;;
	vi.mode=*) wrong "$1" 'loop, tmpfs, overlay, disk or share' ;;
	vi.image=*) P_IMAGE=$V ;;
	vi.host=*) P_HOST=$V ;;
	vi.part=*) P_PART=$V ;;
	vi.persist=,* | vi.persist=rollback=* | vi.persist=commit | vi.persist=discard | vi.persist=ask) P_GENERATIONS=$P_GENERATIONS,${V#,} ;;
	vi.persist=*) P_PERSIST=$V ;;
	vi.size=*) P_SIZE=$V ;;
	vi.toram | vi.toram=1) P_TORAM=1 ;;
	vi.toram=0) P_TORAM='' ;;
	vi.toram=auto) P_TORAM=auto ;;
	vi.bind=?*:/*:/*) P_BINDS=$P_BINDS$V$NL ;;
	vi.bind=*) wrong "$1" 'HOST:/folder:/target' ;;
	vi.tce=?*:/*) P_TCE=$V ;;
	vi.swap= | vi.swap=none) P_SWAP='' ;;
	vi.swap=auto | vi.swap=zram | vi.swap=zram:* | vi.swap=?*=* | vi.swap=/dev/*) P_SWAP="$P_SWAP $V" ;;
	vi.automount | vi.automount=1) P_AUTOMOUNT=1 ;;
	vi.automount=0) P_AUTOMOUNT='' ;;
	vi.swap=*) wrong "$1" 'auto, zram[:SIZE], none or a partition' ;;
	vi.verify=sha256:*) P_VERIFY=${V#sha256:} ;;
	vi.verify=) P_VERIFY='' ;;
	vi.verify=*) P_VERIFY=unknown:$V ;; # refused by check_plan
	vi.timeout= | vi.timeout=*[!0-9]*) wrong "$1" 'a number of seconds' ;;
	vi.timeout=*) P_TIMEOUT=$V ;;
	vi.patience= | vi.patience=*[!0-9]*) wrong "$1" 'a number of seconds' ;;
	vi.patience=*) P_PATIENCE=$V ;;
	vi.net=*) P_NET="$P_NET $V" ;;
	vi.shell | vi.shell=1) P_SHELL=1 ;;
	vi.shell=0) P_SHELL=0 ;;
	vi.debug | vi.debug=1) P_DEBUG=1 ;;
	vi.break=settle | vi.break=locate | vi.break=attach | vi.break=assemble | vi.break=handover) P_BREAK=$V ;;
	vi.break=*) wrong "$1" 'settle, locate, attach, assemble or handover' ;;
	vi.plan | vi.plan=1) P_PLAN=1 ;;
	vi.modules=*) P_MODULES="$P_MODULES${P_MODULES:+,}$V" ;;
	vi.hostmount=/*) P_HOSTMOUNT=$V ;;
	*) wrong "$1" 'a word of mkvinitrd-boot(7)' ;;
	esac
}

word_kernel() {
	case $1 in
	root=live:*) word_root_live "${V#live:}" ;;
	root=virtfs:* | root=9p:*) I_MODE=share I_IMAGE=9p:${V#*:} ;;
	root=virtiofs:*) I_MODE=share I_IMAGE=$V ;;
	root=nfs:* | root=nfs4:*) I_MODE=share I_IMAGE=nfs:${V#*:} ;;
	root=nbd:?*:?*) word_root_nbd "${V#nbd:}" ;;
	root=nbd:*) wrong "$1" 'root=nbd:SERVER:PORT-OR-EXPORT[:FSTYPE[:FLAGS[:OPTIONS]]]' ;;
	root=iscsi:* | root=aoe:* | root=fcoe:*) later "$1" ;;
	root=*) P_ROOT=$V ;;
	nfsroot=*) NFSROOT=$V ;;
	rootfstype=*) P_FSTYPE=$V ;;
	rootflags=*) P_FLAGS=$V ;;
	ro | rw) P_ACCESS=$1 ;;
	init=*) P_INIT=$V ;;
	[1-6] | S | single)
		[ -n "$P_INIT" ] || RUNLEVEL=$1$NL
		return 1
		;;
	rootdelay=*) seconds "$1" ;;
	rootwait) P_TIMEOUT=86400 ;;
	rootwait=*) seconds "$1" ;;
	panic=*) P_PANIC=$V ;;
	quiet) P_QUIET=1 ;;
	verbose | debug) P_VERBOSE=1 ;;
	console=*) P_CONSOLES="$P_CONSOLES ${V%%,*}" ;;
	fsck.mode=*) P_FSCK=$V ;;
	*) return 1 ;;
	esac
}

word_network() {
	case $1 in
	ip=*) P_NET="$P_NET $V" ;;
	bond=?* | vlan=?*:?*) P_LINKS="$P_LINKS $1" ;;
	vlan=*) wrong "$1" 'NAME:LINK, as in vlan5:eth0 or eth0.5:eth0' ;;
	ifname=?*:??:??:??:??:??:??) P_LINKS="$P_LINKS $1" ;;
	BOOTIF=*) P_BOOTIF=$V ;;
	nameserver=*) P_DNS="$P_DNS $V" ;;
	ifname=* | bond=* | team=* | bridge=* | rd.route=* | proxy=*) later "$1" ;;
	*) return 1 ;;
	esac
}

# vfuseloop: an image in a file of a host partition
word_vfuseloop() {
	case $1 in
	rd.hostdev=*) I_HOST=$V COMPAT=1 ;;
	rd.vdisk=*) I_MODE=loop I_IMAGE=$V COMPAT=1 ;;
	rd.vdloop=/dev/vdhost/Partition*) I_PART=${V#/dev/vdhost/Partition} ;;
	rd.vdloop=/dev/vdhost/EntireDisk) I_PART=whole ;;
	rd.vdloop=*) wrong "$1" '/dev/vdhost/PartitionN or /dev/vdhost/EntireDisk' ;;
	rd.snapshot=?*) P_SNAPSHOTS=$P_SNAPSHOTS$V$NL ;;
	rd.snapshot=) wrong "$1" 'the name of a file beside rd.vdisk=' ;;
	rd.ntfsloop=*:/*) I_MODE=loop I_HOST=${V%%:/*} I_IMAGE=/${V#*:/} ;;
	*) return 1 ;;
	esac
}

# kloop, vloop, WUBI, grub4dos menus: root= names the host
word_vdisk() {
	case $1 in
	kloop=/* | vloop=/* | loop=/*) I_MODE=loop I_IMAGE=$V ROOT_IS_HOST=1 ;;
	squashfs=/*) I_MODE=overlay I_IMAGE=$V ROOT_IS_HOST=1 ;;
	vlooppart=p[0-9]*) I_PART=${V#p} ;;
	kloopfstype=* | vloopfstype=*) P_FSTYPE=$V ;;
	hostfstype=*) ;; # findimg knows it by looking
	*) return 1 ;;
	esac
}

# Virtual Linux, Tiny Core
word_tinycore() {
	case $1 in
	clean | clean=*) I_PERSIST=ram P_NORESTORE=1 ;;
	nopersistent) I_PERSIST=ram ;;
	waitusb=*:*=*)
		V=${V%%:*}
		seconds "$1"
		;;
	waitusb=*) seconds "$1" ;;
	norestore) P_NORESTORE=1 ;;
	base) P_NORESTORE=1 NO_TCE=1 ;;
	nozswap) NO_ZRAM=1 ;;
	noswap) NO_SWAP=1 ;;
	home=?* | opt=?* | local=?*) tinycore_bind "${1%%=*}" ;;
	tce=?*)
		tinycore_place "$V"
		case $RET in *:/) RET=${RET}tce ;; esac
		P_TCE=$RET TC_WORDS=1
		;;
	protect) P_PROTECT=1 ;;
	restore) TC_RESTORE=any ;;
	restore=?*) TC_RESTORE=$V ;;
	mydata=?*) TC_MYDATA=$V ;;
	swapfile=?* | tcvd=?* | iso=?* | nfsmount=?*:/* | tftplist=?*/* | httplist=?*/* | nbd=* | aoe=*)
		TC_EXTRAS=$TC_EXTRAS$1$NL TC_WORDS=1
		;;
	pause) P_PAUSE=1 TC_WORDS=1 ;;
	superuser) TC_RUNLEVEL=single TC_WORDS=1 ;;
	text) TC_RUNLEVEL=${TC_RUNLEVEL:-3} TC_WORDS=1 ;;
	*) return 1 ;;
	esac
}

# tinycore_bind NAME: home=, opt=, local= at PLACE mean the folder of that name there
tinycore_bind() {
	tinycore_place "$V"
	case $1 in
	local) P_BINDS=$P_BINDS${RET%/}/local:/usr/local$NL ;;
	*) P_BINDS=$P_BINDS${RET%/}/$1:/$1$NL ;;
	esac
	TC_WORDS=1
}

# tinycore_place NAME[/DIR]: Tiny Core's sdXN, UUID= or LABEL= with a folder, as HOST:/DIR in RET
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

# root=nbd:SERVER:PORT-OR-EXPORT[:FSTYPE[:FLAGS[:OPTIONS]]] of dracut, an IPv6 address in [ ]
word_root_nbd() {
	local server=${1%%:*} rest=${1#*:} flag flags='' IFS=:
	case $1 in '['*']:'?*) server=${1%%']:'*}] rest=${1#*']:'} ;; esac
	set -f
	# shellcheck disable=SC2086 # fields
	set -- $rest
	set +f
	I_MODE=disk
	case $1 in
	*[!0-9]*)
		swap "$1" % %25
		I_IMAGE=nbd://$server/$RET
		;;
	*) I_IMAGE=nbd://$server:$1/ ;;
	esac
	case ${2:-} in '' | auto) ;; *) P_FSTYPE=$2 ;; esac
	IFS=,
	for flag in ${3:-}; do
		case $flag in ro | rw) P_ACCESS=$flag ;; *) flags=$flags${flags:+,}$flag ;; esac
	done
	P_FLAGS=${flags:-$P_FLAGS}
	[ -z "${4:-}" ] || note "options '$4' of nbd-client in root=nbd: are not used"
}

# root=live:SPEC of dracut
word_root_live() {
	I_MODE=overlay
	case $1 in
	*://*.iso) LIVE=dracut P_ISO=$1 ;;
	http://* | https://* | ftp://* | tftp://*) I_IMAGE=$1 ;;
	CDLABEL=*) LIVE=dracut LIVE_HOST=LABEL=${1#*=} ;;
	nfs:* | torrent:*) later "root=live:$1" ;;
	*.iso) LIVE=dracut P_ISO=$1 ;;
	*) LIVE=dracut LIVE_HOST=$1 ;;
	esac
}

word_dracut() {
	case $1 in
	rd.live.image | rd.live.image=1) RD_LIVE=1 ;;
	rd.live.overlay.overlayfs | rd.live.overlay.overlayfs=1) ;; # as we do anyway
	rd.live.dir=*) LIVE_DIR=$V ;;
	rd.live.squashimg=*) LIVE_FILE=$V ;;
	rd.live.ram | rd.live.ram=1 | rd.live.ram=yes) P_TORAM=1 ;;
	rd.overlay=none | rd.live.overlay=none) I_PERSIST=ram ;;
	rd.overlay | rd.overlay=1 | rd.overlay=tmpfs) I_PERSIST=ram ;;
	rd.overlay=*:auto | rd.live.overlay=*:auto) I_PERSIST=dracut:${V%:auto} ;;
	rd.overlay=/dev/* | rd.overlay=*=* | rd.live.overlay=/dev/* | rd.live.overlay=*=*) I_PERSIST=dracut:$V ;;
	rd.overlay.size=* | rd.live.overlay.size=*) P_SIZE=${V}m ;;
	rd.retry=* | rd.timeout=*) seconds "$1" ;;
	rd.break | rd.break=pre-pivot | rd.break=cleanup) P_BREAK=handover ;;
	rd.break=cmdline | rd.break=pre-udev | rd.break=pre-trigger) P_BREAK=settle ;;
	rd.break=initqueue) P_BREAK=locate ;;
	rd.break=pre-mount) P_BREAK=attach ;;
	rd.break=mount) P_BREAK=assemble ;;
	rd.shell | rd.shell=1) P_SHELL=1 ;;
	rd.shell=0) P_SHELL=0 ;;
	rd.emergency=reboot) P_SHELL=0 P_PANIC=-1 ;;
	rd.debug | rd.debug=1) P_DEBUG=1 ;;
	rd.info | rd.udev.* | rd.md=0 | rd.dm=0 | rd.neednet=0) ;; # none of these is used unasked
	rd.driver.pre=* | rd.driver.post=*) P_MODULES="$P_MODULES${P_MODULES:+,}$V" ;;
	rd.live.* | rd.overlay.* | rd.writable.* | rd.minmem=* | rd.emergency=*) later "$1" ;;
	rd.luks* | rd.lvm* | rd.md* | rd.dm* | rd.net.* | rd.neednet* | rd.nvmf* | rd.iscsi*) later "$1" ;;
	*) return 1 ;;
	esac
}
