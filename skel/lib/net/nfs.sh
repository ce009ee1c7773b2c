# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# A root from an NFS server: nfs:SERVER:/path[:options]

# mount_nfs ro|rw DIRECTORY
mount_nfs() {
	try_nfs "${P_IMAGE#nfs:}" "$2" "$1" "$P_FLAGS" && return 0
	[ -n "$RET" ] || fail VI302 "the NFS server of '$P_IMAGE' cannot be resolved" '' \
		'use its IP address'
	fail VI303 "$RET could not be mounted by NFS" "options $OPTIONS" \
		"is the directory exported to this machine? (showmount -e ${RET%%:*})"
}

# try_nfs SERVER:/path[:options] DIRECTORY ro|rw [OPTIONS]: SERVER:/path in RET, empty when the
# server has no address. Not 4.2: servers have answered its READ_PLUS with I/O errors, and a root
# needs nothing of it.
try_nfs() {
	local server path version directory=$2
	case $1 in
	/*) server=$NET_SERVER path=$1 ;;
	*) server=${1%%:/*} path=/${1#*:/} ;;
	esac
	case $path in *%s*) client_name && path=${path%%%s*}$RET${path#*%s} ;; esac
	OPTIONS=$3,nolock${4:+,$4}
	case $path in
	*:*) OPTIONS=$OPTIONS,${path#*:} path=${path%%:*} ;;
	*,*) OPTIONS=$OPTIONS,${path#*,} path=${path%%,*} ;; # as in nfsroot=
	esac
	address_of "$server" || return 1
	OPTIONS=addr=$RET,$OPTIONS RET=$server:$path
	waiting "$P_TIMEOUT" "the NFS server of $RET"
	for version in 4.1 3; do
		case ,$OPTIONS, in *,vers=* | *,nfsvers=* | *,v[34]*) version='' ;; esac
		$RUN timeout "$P_TIMEOUT" mount -t nfs -o "${version:+vers=$version,}$OPTIONS" \
			"$RET" "$directory" && return 0
		[ -n "$version" ] || return 1
	done
	return 1
}

# client_name: for %s in a path, as the kernel has it: the host name, else the address, in RET
client_name() {
	RET=${NET_HOST:-${NET_IP:-}}
	[ -n "$RET" ]
}

# address_of NAME [SERVER]: its address in RET, an IPv4 one where it has both; asks that name server
address_of() {
	local key value six=''
	RET=$1
	case $1 in
	'') return 1 ;;
	'['*']')
		RET=${1#'['} RET=${RET%']'}
		return 0
		;;
	*[!0-9.]*) ;;
	*) return 0 ;;
	esac
	RET=''
	while read -r key value; do
		case $key in
		Name:) RET='' ;;
		Address:) case $value in *[!0-9.]*) ;; *) RET=$value ;; esac ;;
		esac
		case $key:$value in Address:*.* | Address:*'['*) ;; Address:*:*:*) six=$value ;; esac
	done <<LOOKUP
$($RUN timeout 12 nslookup "$1" ${2:+"$2"})
LOOKUP
	RET=${RET:-$six}
	[ -n "$RET" ]
}
