# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# The links that a root on the network lives on are not its own: whoever takes one down, or
# configures it anew, takes the root away. Each manager of networks finds them as "leave alone".
# Those that read files below /run are told there; for the others a changed copy of their file is
# mounted over it for this boot. The files of the root stay as they are.

KEEP=$RAMFS/keep

# keep_links: nothing to do for a root that needs no server any more
keep_links() {
	needs_server && mkdir -p "$KEEP" || return 0
	kept_links
	keep_name
	keep_networkd
	keep_networkmanager
	keep_ifupdown
	keep_dhcpcd
	keep_connman
}

# needs_server: the root is read from a server as long as it runs
needs_server() {
	case $P_IMAGE in nbd://* | nfs:*) return 0 ;; esac
	case $P_HOST in nbd://*) return 0 ;; esac
	case $P_ROOT in nfs:* | *:/*) return 0 ;; esac
	# HTTP_OPTIONS: of an image that stays on a web server (net/lazy.sh)
	[ -n "${LIVE_NFS:-}$P_NETDISK$P_NETROOT${HTTP_OPTIONS:-}" ]
}

# kept_links: those with addresses, and those that they are made of, in KEPT_LINKS
kept_links() {
	local link lower
	KEPT_LINKS=''
	# shellcheck disable=SC2086,SC2153 # a list
	set -- $NET_LINKS
	while [ $# -gt 0 ]; do
		link=$1
		shift
		! list_has "$KEPT_LINKS" "$link" || continue
		KEPT_LINKS="$KEPT_LINKS $link"
		for lower in "$ROOT/sys/class/net/$link"/lower_*; do
			[ ! -e "$lower" ] || set -- "$@" "${lower##*/lower_}"
		done
	done
}

# put FILE: from stdin, below /run
put() {
	{ mkdir -p "$ROOT/run/${1%/*}" && cat >"$ROOT/run/$1"; } ||
		warn "/run/$1 could not be written: the root may reconfigure its network"
}

# cover FILE COMMAND...: a copy that COMMAND makes of that file of the root lies over it
cover() {
	local file copy
	inside "$1"
	file=$NEWROOT$RET
	swap "${1#/}" / -
	copy=$KEEP/$RET
	shift
	[ -f "$file" ] || return 0
	{ "$@" <"$file" >"$copy" && chmod 644 "$copy"; } || return 0
	cmp_files "$copy" "$file" || $RUN mount -o bind "$copy" "$file" ||
		warn "${file#"$NEWROOT"} of the root cannot be replaced for this boot: the root may reconfigure its network"
}

# cmp_files A B: they have the same lines
cmp_files() {
	[ "$(cat "$1")" = "$(cat "$2")" ]
}

# keep_name: udev leaves the name, by which the client of the lease knows the link
keep_name() {
	local link
	for link in $KEPT_LINKS; do
		first_line "$ROOT/sys/class/net/$link/address"
		put "systemd/network/00-00-mkvinitrd-$link.link" <<-LINK
			# the root lives on this link
			[Match]
			OriginalName=$link
			MACAddress=$RET
			[Link]
			NamePolicy=keep
		LINK
	done
}

# keep_networkd: a link that it does not manage is none that its wait-online would ever see
# configured
keep_networkd() {
	put systemd/network/00-00-mkvinitrd.network <<-NETWORK
		# the root lives on these links
		[Match]
		Name=${KEPT_LINKS# }
		[Link]
		Unmanaged=yes
	NETWORK
	put systemd/system/systemd-networkd-wait-online.service.d/mkvinitrd.conf <<-UNIT
		# the network is up: the root came over it
		[Service]
		ExecStart=
		ExecStart=/run/initramfs/bin/busybox true
	UNIT
	[ -s "$RAMFS/resolv.conf" ] || return 0
	put systemd/resolved.conf.d/mkvinitrd.conf <<-RESOLVED
		[Resolve]
		DNS=${P_DNS# }
		Domains=${NET_SEARCH:-}
	RESOLVED
}

keep_networkmanager() {
	local link list=''
	for link in $KEPT_LINKS; do
		list=$list${list:+,}interface-name:=$link
	done
	put NetworkManager/conf.d/00-mkvinitrd.conf <<-CONF
		# the root lives on these links
		[device-00-mkvinitrd]
		match-device=$list
		managed=0
	CONF
}

# keep_ifupdown: also that of busybox, and ifupdown-ng
keep_ifupdown() {
	local file
	cover /etc/network/interfaces manual_links
	for file in "$NEWROOT"/etc/network/interfaces.d/*; do
		[ ! -f "$file" ] || cover "${file#"$NEWROOT"}" manual_links
	done
}

# manual_links: interfaces(5), in which these links are brought up and taken down by nobody, and
# have nothing done to them
manual_links() {
	local line word rest skip='' name family
	while IFS= read -r line || [ -n "$line" ]; do
		read -r word rest <<-LINE
			$line
		LINE
		case $word in
		auto | allow-* | no-auto-down)
			skip=''
			without_links "$word" "$rest"
			line=$RET
			;;
		iface)
			skip=''
			read -r name family rest <<-LINE
				$rest
			LINE
			! is_kept "$name" || {
				line="iface $name ${family:-inet} manual" skip=1
			}
			;;
		mapping | source | source-directory | template) skip='' ;;
		'' | '#'*) ;;
		*) [ -z "$skip" ] || continue ;;
		esac
		printf '%s\n' "$line"
	done
}

# without_links WORD LINKS: the line, without those that the root lives on, in RET
without_links() {
	local link left=''
	set -f
	for link in $2; do
		is_kept "$link" || left="$left $link"
	done
	set +f
	RET=${left:+$1$left}
	[ -n "$left" ] || RET="# not in this boot: $1 $2"
}

# is_kept LINK: LINK may be LINK=NAME, a pattern, or /PATTERN/
is_kept() {
	local link pattern=${1%%=*}
	pattern=${pattern#/}
	pattern=${pattern%/}
	for link in $KEPT_LINKS; do
		# shellcheck disable=SC2254 # a pattern
		case $link in $pattern) return 0 ;; esac
	done
	return 1
}

keep_dhcpcd() {
	cover /etc/dhcpcd.conf deny_links
}

deny_links() {
	printf 'denyinterfaces%s\n' "$KEPT_LINKS"
	cat
}

keep_connman() {
	cover /etc/connman/main.conf blacklist_links
}

# blacklist_links: added to the list that is there, or to connman's own
blacklist_links() {
	local line links='' link text='' listed=''
	for link in $KEPT_LINKS; do
		links=$links,$link
	done
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in NetworkInterfaceBlacklist*=*) line=$line$links listed=1 ;; esac
		text=$text$line$NL
	done
	[ -n "$listed" ] ||
		text="[General]${NL}NetworkInterfaceBlacklist=vmnet,vboxnet,virbr,ifb,ve-,vb-$links$NL$text"
	printf '%s' "$text"
}

# put_time_servers: the time servers of leases and of ip=, for chrony and systemd-timesyncd
put_time_servers() {
	local server
	[ -n "${NET_NTP:-}" ] || return 0
	for server in $NET_NTP; do
		printf 'server %s iburst\n' "$server"
	done | put chrony-dhcp/mkvinitrd.sources
	put systemd/timesyncd.conf.d/mkvinitrd.conf <<-TIMESYNCD
		[Time]
		NTP=${NET_NTP# }
	TIMESYNCD
}
