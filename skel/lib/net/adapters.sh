# shellcheck shell=dash
# shellcheck disable=SC2034,SC2153 # results for net.sh; the plan is bootplan's
# SPDX-License-Identifier: GPL-2.0-or-later
# Which network adapters are there, which are meant, and the wait for them. What a parameter names
# is waited for up to the time limit, whatever else is there; what it only prefers (BOOTIF=) for a
# third of that.

# nics: Ethernet-like links in NICS, the one of BOOTIF= first; with bootdev= only that one, when it
# is there
nics() {
	local dir name all=''
	NICS='' PREFERRED=''
	for dir in "$ROOT/sys/class/net"/*; do
		name=${dir##*/}
		first_line "$dir/type"
		if [ "$RET" != 1 ] || [ -d "$dir/wireless" ] ||
			[ -e "$dir/master" ]; then continue; fi
		if [ -n "$P_BOOTIF" ] && is_bootif "$dir/address"; then
			PREFERRED=$name all=" $name$all"
		else
			all="$all $name"
		fi
	done
	NICS=${all# }
	[ -z "$P_BOOTDEV" ] || ! find_link "$P_BOOTDEV" || NICS=$RET PREFERRED=''
	[ -n "$NICS" ]
}

# BOOTIF=01-52-54-00-12-34-56, the first two digits being the hardware type
is_bootif() {
	local want=$P_BOOTIF mac
	first_line "$1"
	swap "$RET" : -
	mac=$RET
	swap "$want" : -
	want=$RET
	case $want in ??-??-??-??-??-??-??) want=${want#??-} ;; esac
	case $want in *[A-F]*) want=$(echo "$want" | tr A-F a-f) ;; esac
	[ "$mac" = "$want" ]
}

# A driver may still be at work on its adapter, or the adapter hang on a slow bus.
wait_nics() {
	local limit=$P_TIMEOUT
	MISSING=''
	if [ -n "$P_WANTED$P_ETHDEVICE" ]; then
		waiting "$limit" "the network adapter $P_WANTED${P_WANTED:+${P_ETHDEVICE:+, }}$P_ETHDEVICE"
		await "$limit" named_links || {
			warn "no network adapter $MISSING appeared in $limit s: $(adapters_here)"
			limit=0
		}
	fi
	waiting "$limit" 'a network adapter'
	await "$limit" nics || {
		NET_WHY='no network adapter was found (is its driver in the image?)'
		return 1
	}
	[ -z "$P_BOOTIF" ] || [ -n "$PREFERRED$P_BOOTDEV" ] || wait_preferred
}

# named_links: whether all are there that the command line names, the others in MISSING. Of the
# links of ethdevice= one is enough.
named_links() {
	local name any=''
	MISSING=''
	for name in $P_WANTED; do
		find_link "$name" || MISSING="$MISSING${MISSING:+, }$name"
	done
	for name in $P_ETHDEVICE; do
		! find_link "$name" || any=1
	done
	[ -z "$P_ETHDEVICE" ] || [ -n "$any" ] || MISSING="$MISSING${MISSING:+, }$P_ETHDEVICE"
	[ -z "$MISSING" ]
}

# The adapter that the machine was booted over may take longer than others. Another one is better
# than none.
wait_preferred() {
	third "$P_TIMEOUT"
	waiting "$RET" "the network adapter BOOTIF=$P_BOOTIF"
	await "$RET" is_preferred_here || {
		third "$P_TIMEOUT"
		warn "no network adapter with the address BOOTIF=$P_BOOTIF appeared in $RET s: using $NICS"
	}
}

is_preferred_here() {
	nics
	[ -n "$PREFERRED" ]
}

# third SECONDS: rounded up, in RET
third() {
	RET=$((($1 + 2) / 3))
}

# adapters_here: for a message
adapters_here() {
	local dir text=''
	for dir in "$ROOT/sys/class/net"/*; do
		first_line "$dir/type"
		[ "$RET" = 1 ] || continue
		first_line "$dir/address"
		text="$text, ${dir##*/} ($RET)"
	done
	text=${text#, }
	echo "this machine has ${text:-none}"
}

# find_link NAME|ADDRESS: the link in RET. There is no udev: links have the kernel's names here, and
# a name that udev would have given means the link that it would have given it to.
find_link() {
	local mac
	RET=$1
	[ ! -e "$ROOT/sys/class/net/$1" ] || return 0
	case $1 in
	??:??:??:??:??:??) link_of "$1" ;;
	enx????????????)
		mac=${1#enx} RET=''
		while [ -n "$mac" ]; do
			RET=$RET${RET:+:}${mac%"${mac#??}"}
			mac=${mac#??}
		done
		link_of "$RET"
		;;
	en[osPp]*[0-9]*) link_at "${1#en}" ;;
	*) return 1 ;;
	esac
}

# link_of ADDRESS: in RET
link_of() {
	local dir
	for dir in "$ROOT/sys/class/net"/*; do
		first_line "$dir/address"
		if [ "$RET" != "$1" ] || [ -e "$dir/bonding" ]; then continue; fi
		RET=${dir##*/}
		return 0
	done
	return 1
}

# link_at PLACE: o1 (the firmware's number), s3 (slot), p1s0f1 (bus, slot, function), P1p1s0 (domain
# in front), in RET.
# Source: systemd.net-naming-scheme(7)
link_at() {
	local dir place=${1%%np[0-9]*} pci
	for dir in "$ROOT/sys/class/net"/*; do
		pci=$(readlink -f "$dir/device") || continue
		while [ -n "$pci" ]; do
			case ${pci##*/} in ????:??:??.?) break ;; esac
			pci=${pci%/*}
		done
		if [ -z "$pci" ] || ! is_at "$place" "$pci"; then continue; fi
		RET=${dir##*/}
		return 0
	done
	return 1
}

# is_at PLACE SYSFS: of a PCI function
is_at() {
	local address=${2##*/} domain bus slot file
	case $1 in
	o*)
		for file in "$2/acpi_index" "$2/index"; do
			first_line "$file"
			[ "o$RET" != "$1" ] || return 0
		done
		return 1
		;;
	s*)
		file=${1#s} file=${file%%f*}
		first_line "$ROOT/sys/bus/pci/slots/$file/address"
		case $1:$address in s"$file":"$RET".0 | s"$file"f"${address##*.}":"$RET".*) [ -n "$RET" ] && return 0 ;; esac
		return 1
		;;
	esac
	domain=$((0x${address%%:*})) bus=${address#*:} slot=${address##*:}
	bus=$((0x${bus%%:*})) slot=$((0x${slot%.*}))
	[ $domain != 0 ] && domain=P$domain || domain=''
	case $1:${address##*.} in "${domain}p${bus}s$slot":0 | "${domain}p${bus}s${slot}f${address##*.}":*) return 0 ;; esac
	return 1
}
