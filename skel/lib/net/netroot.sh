# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# root=dhcp and root=/dev/nfs: where the root is, the DHCP server tells (root-path).

# root_of_lease: the plan as it is with what the lease says
root_of_lease() {
	local dns path lines line IFS
	network || fail_network 'the root, which the DHCP server names,'
	path=$NET_PATH
	case $P_NETROOT:$path in
	nfs*:) path=/tftpboot/%s ;; # the kernel's own default
	*:) fail VI305 "the DHCP answer on $NET_DEV names no root (option 17, root-path)" \
		"$(cat "$ROOT/run/net-$NET_DEV.conf")" \
		'let the DHCP server send root-path, as in nfs:SERVER:/path or nbd:SERVER:EXPORT, or name the root with root=' ;;
	esac
	say "the DHCP server says that the root is $path"
	dns=$P_DNS lines=$NOTES
	bootplan_read "$RAMFS/plan.sh" "$ROOT" "$path" ||
		fail VI305 "the root-path '$path' of the DHCP server could not be read"
	P_DNS=$dns
	IFS=$NL
	for line in $NOTES; do
		case $NL$lines in *"$NL$line$NL"*) ;; *) warn "$line" ;; esac
	done
	unset IFS
	[ -n "$P_IMAGE$P_ROOT$P_NETDISK$P_REFUSED" ] ||
		fail VI305 "the root-path '$path' of the DHCP server on $NET_DEV cannot be used" '' \
			'expected nfs:SERVER:/path, nfs4:SERVER:/path, SERVER:/path, /path, nbd:SERVER:EXPORT or http://SERVER/path'
}
