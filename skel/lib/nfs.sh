# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# A root from an NFS server: nfs:SERVER:/path[:options]

# mount_nfs ro|rw. Not 4.2: servers have answered its READ_PLUS with I/O errors, and a root needs nothing of it.
mount_nfs() {
	local spec=${P_IMAGE#nfs:} server path options version
	case $spec in
	/*) server=$NET_SERVER path=$spec ;;
	*) server=${spec%%:/*} path=/${spec#*:/} ;;
	esac
	options=$1,nolock${P_FLAGS:+,$P_FLAGS}
	case $path in
	*:*) options=$options,${path#*:} path=${path%%:*} ;;
	*,*) options=$options,${path#*,} path=${path%%,*} ;; # as in nfsroot=
	esac
	address_of "$server" || fail "the NFS server '$server' has no address that can be found" '' 'use its number in the address'
	for version in 4.1 3; do
		case ,$options, in *,vers=* | *,nfsvers=*) version='' ;; esac
		$RUN mount -t nfs -o "${version:+vers=$version,}addr=$RET,$options" "$server:$path" "$NEWROOT" && return 0
	done
	fail "$server:$path could not be mounted by NFS" "options $options, address $RET" \
		"is the folder exported to this machine? (showmount -e $server)"
}

# address_of NAME: a dotted address in RET
address_of() {
	local key value
	RET=$1
	case $1 in
	'') return 1 ;;
	*[!0-9.]*) ;;
	*) return 0 ;;
	esac
	RET=''
	while read -r key value; do
		case $key in
		Name:) RET='' ;;
		Address:) case $value in *[!0-9.]*) ;; *) RET=$value ;; esac ;;
		esac
	done <<LOOKUP
$($RUN nslookup "$1")
LOOKUP
	[ -n "$RET" ]
}
