# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# One kernel command line for many machines: what an address says of the machine, in iPXE's words.

# The server of the lease, where a parameter leaves it open: ${pxeserver} of archiso, scheme:///path
# of live-boot
name_server() {
	# shellcheck disable=SC2016 # as it stands in menus
	swap "$P_IMAGE" '${pxeserver}' "$NET_SERVER"
	swap "$RET" :/// "://$NET_SERVER/"
	P_IMAGE=$RET
	swap "$P_ISO" :/// "://$NET_SERVER/"
	P_ISO=$RET
	# shellcheck disable=SC2016
	swap "$LIVE_NFS" '${pxeserver}' "$NET_SERVER"
	LIVE_NFS=$RET
	# shellcheck disable=SC2016
	case $P_IMAGE$P_ISO$LIVE_NFS$P_VERIFY$P_PERSIST in *'${'*) name_machine ;; esac
}

name_machine() {
	load root/identity
	machine_address "$P_IMAGE"
	P_IMAGE=$RET
	machine_address "$P_ISO"
	P_ISO=$RET
	machine_address "$LIVE_NFS"
	LIVE_NFS=$RET
	machine_address "$P_VERIFY"
	P_VERIFY=$RET
	machine_address "$P_PERSIST"
	P_PERSIST=$RET
}

# machine_address ADDRESS: with ${mac}, ${mac:hexhyp}, ${uuid}, ${serial}, ${asset}, ${hostname} and
# ${ip} of this machine, in RET
machine_address() {
	local address=$1 key
	# shellcheck disable=SC2016 # as it stands in parameters
	for key in mac mac:hexhyp uuid serial asset hostname ip; do
		case $address in *"\${$key}"*) ;; *) continue ;; esac
		address_value "$key"
		[ -n "$RET" ] || fail VI207 "\${$key} in '$1' is not known of this machine" '' \
			'use ${mac}, which every machine on a network has'
		url_escape "$RET"
		swap "$address" "\${$key}" "$RET"
		address=$RET
	done
	RET=$address
}

# address_value KEY: in RET
address_value() {
	local dmi=$ROOT/sys/class/dmi/id
	case $1 in
	mac) machine_mac ;;
	mac:hexhyp)
		machine_mac
		RET=$(printf '%s' "$RET" | tr : -)
		;;
	uuid)
		first_line "$dmi/product_uuid"
		RET=$(printf '%s' "$RET" | tr A-F a-f)
		;;
	serial) first_line "$dmi/product_serial" ;;
	asset) first_line "$dmi/chassis_asset_tag" ;;
	hostname) host_pattern "${P_HOSTNAME:-${NET_HOST:-}}" ;;
	ip) RET=${NET_IP:-} ;;
	esac
}

# url_escape TEXT: as a part of an address, in RET
url_escape() {
	local rest=$1 char escaped=''
	while [ -n "$rest" ]; do
		char=${rest%"${rest#?}"} rest=${rest#?}
		case $char in
		[A-Za-z0-9._~:-]) escaped=$escaped$char ;;
		*) escaped=$escaped$(printf '%%%02X' "'$char") ;;
		esac
	done
	RET=$escaped
}
