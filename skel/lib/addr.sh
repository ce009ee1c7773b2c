# shellcheck shell=dash
# shellcheck disable=SC2034 # results for net.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Internet addresses as text: the grammar of ip=, masks, subnets.

# parse_ip WORD: CLIENT:SERVER:GATEWAY:MASK:HOST:DEV:AUTOCONF:DNS0:DNS1, its short forms, DEV:METHOD,
# and live-boot's DEV:CLIENT:MASK:GATEWAY:DNS; in N_CLIENT.. and N_AUTO=static|dhcp|auto6|dhcp6|either6. Addresses of IPv6
# stand in brackets.
parse_ip() {
	local word IFS
	in_brackets "$1"
	word=$RET IFS=:
	N_CLIENT='' N_SERVER='' N_GATEWAY='' N_MASK='' N_HOST='' N_DEV='' N_AUTO='' N_DNS=''
	set -f
	# shellcheck disable=SC2086 # fields
	set -- $word
	set +f
	case ${1:-}/${2:-} in
	dhcp/ | on/ | any/ | both/ | bootp/ | rarp/ | dhcp4/) ;;
	auto6/ | dhcp6/ | either6/) N_AUTO=$1 ;;
	[a-z]*/auto6 | [a-z]*/dhcp6 | [a-z]*/either6) N_DEV=$1 N_AUTO=$2 ;;
	*%*/*) ip_fields "$@" ;;
	[a-z]*/*.* | [a-z]*/*%*) N_DEV=$1 N_CLIENT=$2 N_MASK=${3:-} N_GATEWAY=${4:-} N_DNS=${5:-} ;;
	[a-z]*/*) N_DEV=$1 ;;
	*) ip_fields "$@" ;;
	esac
	unset IFS
	swap "$N_CLIENT" % :
	N_CLIENT=$RET
	swap "$N_SERVER" % :
	N_SERVER=$RET
	swap "$N_GATEWAY" % :
	N_GATEWAY=$RET
	swap "$N_DNS" % :
	N_DNS=$RET
	case $N_AUTO:$N_CLIENT in
	auto6:* | dhcp6:* | either6:*) ;;
	off:?* | none:?* | static:?* | :?*) N_AUTO=static ;;
	*) N_AUTO=dhcp ;;
	esac
}

# ip_fields CLIENT SERVER GATEWAY MASK HOST DEV AUTOCONF DNS0 DNS1: some may be missing
ip_fields() {
	N_CLIENT=${1:-} N_SERVER=${2:-} N_GATEWAY=${3:-} N_MASK=${4:-} N_HOST=${5:-} N_DEV=${6:-} N_AUTO=${7:-} N_DNS="${8:-}${9:+ $9}"
}

# in_brackets WORD: what stands in brackets has '%' for ':' and no brackets, in RET
in_brackets() {
	local rest=$1 out=''
	while :; do
		case $rest in
		*'['*']'*) ;;
		*) break ;;
		esac
		out=$out${rest%%'['*} rest=${rest#*'['}
		swap "${rest%%']'*}" : %
		out=$out$RET rest=${rest#*']'}
	done
	RET=$out$rest
}

# prefix_of MASK ADDRESS: bits in RET; an empty mask is that of the address class
prefix_of() {
	local byte IFS=.
	RET=0
	case $1 in
	'') class_prefix "${2%%.*}" ;;
	*.*.*.*)
		for byte in $1; do
			case $byte in
			255) RET=$((RET + 8)) ;;
			254) RET=$((RET + 7)) ;;
			252) RET=$((RET + 6)) ;;
			248) RET=$((RET + 5)) ;;
			240) RET=$((RET + 4)) ;;
			224) RET=$((RET + 3)) ;;
			192) RET=$((RET + 2)) ;;
			128) RET=$((RET + 1)) ;;
			0) ;;
			*) return 1 ;;
			esac
		done
		;;
	*[!0-9]*) return 1 ;;
	*) RET=$1 && [ "$1" -le 32 ] ;;
	esac
}

class_prefix() {
	if [ "$1" -lt 128 ]; then RET=8; elif [ "$1" -lt 192 ]; then RET=16; else RET=24; fi
}

# number_of ADDRESS: as an integer in RET
number_of() {
	local IFS=.
	RET=0
	case $1 in *[!0-9.]* | *..* | .* | *.) return 1 ;; esac
	# shellcheck disable=SC2086 # bytes
	set -- $1
	[ $# = 4 ] || return 1
	RET=$((($1 << 24) | ($2 << 16) | ($3 << 8) | $4))
}

# in_subnet ADDRESS OF PREFIX
in_subnet() {
	local a
	number_of "$1" || return 1
	a=$RET
	number_of "$2" || return 1
	[ $((a >> (32 - $3))) = $((RET >> (32 - $3))) ]
}
