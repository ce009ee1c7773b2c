# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# Links that are made of others: bond= and vlan=, in dracut's grammar; ifname=. What cannot be made
# is said, and the others are tried.

# make_links: in this order, as a VLAN may lie on a bond, and a bridge on both. After it NICS is
# what an address can be had on.
make_links() {
	each_link bond make_bond
	each_link vlan make_vlan
	each_link bridge make_bridge
	nics
}

# each_link KIND FUNCTION
each_link() {
	local word
	for word in $P_LINKS; do
		case $word in
		"$1"=*) "$2" "${word#*=}" || warn "parameter '$word' could not be used" ;;
		esac
	done
}

# write_link FILE TEXT
write_link() {
	{ printf '%s\n' "$2" >"$ROOT/sys/class/net/$1"; } 2>/dev/null
}

# rename_link NAME:MAC
rename_link() {
	local link
	link_of "$(echo "${1#*:}" | tr A-F a-f)" || return 1
	link=$RET
	[ "$link" != "${1%%:*}" ] || return 0
	$RUN ip link set "$link" down || return 1
	$RUN ip link set "$link" name "${1%%:*}"
}

# make_bond NAME[:SLAVE,..[:OPTION=VALUE,..[:MTU]]]: the kernel takes options before slaves, and
# slaves that are down
make_bond() {
	local name slaves options mtu item IFS=:
	set -f
	# shellcheck disable=SC2086 # fields
	set -- $1
	set +f
	name=$1 slaves=${2:-eth0,eth1} options=${3:-} mtu=${4:-}
	IFS=,
	if [ ! -e "$ROOT/sys/class/net/bonding_masters" ]; then
		$RUN modprobe -a bonding
		# the module makes one unasked
		write_link bonding_masters -bond0 || :
	fi
	[ -e "$ROOT/sys/class/net/$name/bonding" ] || write_link bonding_masters "+$name" || :
	[ -e "$ROOT/sys/class/net/$name/bonding" ] || return 1
	for item in $options; do
		swap "${item#*=}" ';' ,
		write_link "$name/bonding/${item%%=*}" "$RET" ||
			warn "bond $name does not take '$item'"
	done
	for item in $slaves; do
		if ! find_link "$item" || ! item=$RET || ! $RUN ip link set "$item" down ||
			! write_link "$name/bonding/slaves" "+$item"; then
			warn "$item cannot be part of $name"
		fi
	done
	[ -z "$mtu" ] || $RUN ip link set dev "$name" mtu "$mtu"
	$RUN ip link set "$name" up
}

# make_bridge NAME:LINK,..: it forwards at once, as nothing can loop here
make_bridge() {
	local name=${1%%:*} item IFS=,
	$RUN modprobe -a bridge
	$RUN ip link add name "$name" type bridge || return 1
	write_link "$name/bridge/forward_delay" 0 || :
	for item in ${1#*:}; do
		unset IFS
		if ! find_link "$item" || ! $RUN ip link set "$RET" master "$name" ||
			! $RUN ip link set "$RET" up; then
			warn "$item cannot be part of $name"
		fi
	done
	unset IFS
	$RUN ip link set "$name" up
}

# make_vlan NAME:LINK: the number is in the name, as in vlan5, vlan0005, eth0.5
make_vlan() {
	local name=${1%%:*} id
	case $name in
	*.*) id=${name##*.} ;;
	*) id=${name#vlan} ;;
	esac
	while :; do case $id in 0?*) id=${id#0} ;; *) break ;; esac done
	case $id in '' | *[!0-9]*) return 1 ;; esac
	find_link "${1#*:}" || return 1
	$RUN modprobe -a 8021q
	$RUN ip link add link "$RET" name "$name" type vlan id "$id" && $RUN ip link set "$name" up
}
