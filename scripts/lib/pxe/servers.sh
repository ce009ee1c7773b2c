# shellcheck shell=sh disable=SC2154,SC2034 # variables of scripts/pxe, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# Configuration of the servers for the directory that scripts/pxe makes: dnsmasq, alone and beside
# another DHCP server, Kea, ISC dhcpd, nginx. Which client gets which loader is told by the client's
# architecture (RFC 4578, and IANA's list behind it):
#   0 BIOS; 6, 7 or 9, 11 UEFI of ia32, x64, arm64; 15, 16, 19 the same by HTTP boot. iPXE itself sends option 175 or user class iPXE.

# number ADDRESS: of IPv4, as a number
number() {
	echo "$1" | awk -F . '{ print (($1 * 256 + $2) * 256 + $3) * 256 + $4 }'
}

dotted() {
	echo $(($1 >> 24 & 255)).$(($1 >> 16 & 255)).$(($1 >> 8 & 255)).$(($1 & 255))
}

is_address() {
	echo "$1" |
		awk -F . '{ for (i = 1; i <= NF; i++) if ($i !~ /^[0-9]+$/ || $i > 255 || length($i) > 3) exit 1; exit NF != 4 }'
}

# check_network: address/prefix of the server; sets net, mask, range_first and range_last where they
# were not named
check_network() {
	case $address in
	*/*) prefix=${address#*/} address=${address%%/*} ;;
	*) prefix=24 ;;
	esac
	is_address "$address" ||
		usage "--address expects the server's address, like 192.168.77.1/24, found '$address'"
	case $prefix in
	[89] | [12][0-9]) ;;
	*)
		usage "--address expects a prefix from 8 to 29, as in 192.168.77.1/24, found '$prefix'"
		;;
	esac
	hosts=$(((1 << (32 - prefix)) - 2))
	first=$(($(number "$address") & ~((1 << (32 - prefix)) - 1)))
	net=$(dotted $first) mask=$(dotted $(((1 << 32) - (1 << (32 - prefix)))))
	[ -n "$range" ] || range=$(dotted $((first + (hosts > 99 ? 50 : hosts / 2)))),$(dotted \
		$((first + (hosts > 252 ? 250 : hosts))))
	range_first=${range%%,*} range_last=${range#*,}
	for end in "$range_first" "$range_last"; do
		{ is_address "$end" &&
			[ $(($(number "$end") & ~((1 << (32 - prefix)) - 1))) = $first ]; } ||
			usage "--range expects FIRST,LAST of $net/$prefix, found '$range'"
	done
	[ "$(number "$range_first")" -le "$(number "$range_last")" ] ||
		usage "--range expects FIRST,LAST in this order, found '$range'"
}

# server_path PATH: for a configuration file. dnsmasq and nginx take the same quotes; nginx has no
# way to write a dollar sign.
server_path() {
	case $1 in
	*[\"\\\$[:cntrl:]]*) die "the path '$(quote_show "$1")' cannot be written into the configuration of a server: it has quotes, a backslash, a dollar sign or control characters (-o)" ;;
	*[!A-Za-z0-9/._+,@%:=-]*) printf '"%s"' "$1" ;;
	*) printf '%s' "$1" ;;
	esac
}

# loader_of TYPE: its name in the directory, empty if there is none
loader_of() {
	case $1 in
	bios) echo undionly.kpxe ;;
	x64) echo ipxe.efi ;;
	ia32) echo ipxe-ia32.efi ;;
	arm64) echo ipxe-arm64.efi ;;
	esac | while read -r loader; do
		[ ! -e "$output/$loader" ] || echo "$loader"
	done
}

# The types whose loader is there, with their architectures by PXE and by HTTP boot
client_types() {
	while read -r type pxe http csa; do
		loader=$(loader_of "$type")
		[ -z "$loader" ] || echo "$type $loader $pxe $http $csa"
	done <<'TYPES'
bios 0 - x86PC
ia32 6 15 IA32_EFI
x64 7,9 16 BC_EFI,X86-64_EFI
arm64 11 19 ARM64_EFI
TYPES
}

# each_number LIST: one a line
each_number() {
	echo "$1" | tr ',' '\n' | grep -v '^-$'
}

# http_base: the URL of the directory, with the address of the server where iPXE would find that by
# itself
http_base() {
	# shellcheck disable=SC2016 # iPXE's variable
	case $url in
	*'${next-server}'*) echo "http://$address${url#*'${next-server}'}" ;;
	https://*) echo "http://$address" ;;
	*) echo "$url" ;;
	esac
}

dnsmasq_common() {
	cat <<CONF
port=0
enable-tftp
tftp-root=$(server_path "$directory")
# iPXE of any origin gets the menu, everyone else gets iPXE first.
dhcp-match=set:ipxe,175
dhcp-userclass=set:ipxe,iPXE
dhcp-boot=tag:ipxe,$boot_script
CONF
}

dnsmasq_conf() {
	cat <<CONF
# DHCP and TFTP for diskless machines, by dnsmasq -C dnsmasq.conf -d; HTTP is any web server on the same directory, as nginx.conf.
# This is the only DHCP server of its network: for one beside another see dnsmasq-proxy.conf.
$(dnsmasq_common)
dhcp-range=$range_first,$range_last,$mask,12h
CONF
	client_types | while read -r type loader pxe http csa; do
		for arch in $(each_number "$pxe"); do
			echo "dhcp-match=set:$type,option:client-arch,$arch"
		done
		echo "dhcp-boot=tag:!ipxe,tag:$type,$loader"
		[ "$http" != - ] || continue
		cat <<CONF
# UEFI HTTP boot of $type
dhcp-match=set:$type-http,option:client-arch,$http
dhcp-option-force=tag:!ipxe,tag:$type-http,60,HTTPClient
dhcp-boot=tag:!ipxe,tag:$type-http,$(http_base)/$loader
CONF
	done
}

dnsmasq_proxy_conf() {
	cat <<CONF
# Boot service and TFTP beside a DHCP server that stays as it is (proxyDHCP), by dnsmasq -C dnsmasq-proxy.conf -d. That server must not
# name a boot file itself. UEFI HTTP boot knows no proxyDHCP: for it the DHCP server has to send option 60, HTTPClient, and the URL.
$(dnsmasq_common)
dhcp-range=$net,proxy,$mask
CONF
	client_types | while read -r type loader pxe http csa; do
		for service in $(each_number "$csa"); do
			echo "pxe-service=tag:!ipxe,$service,\"iPXE\",$loader"
		done
	done
	echo '# iPXE asks this service too, and takes the file above'
	for service in x86PC IA32_EFI BC_EFI X86-64_EFI ARM64_EFI; do
		echo "pxe-service=tag:ipxe,$service,\"menu\",$boot_script"
	done
}

kea_class() {
	cat <<CLASS
      { "name": "$1", "test": "$2", "boot-file-name": "$3"$4 }
CLASS
}

# Kea takes one class of those that match for the boot file, so that they exclude each other.
kea_classes() {
	kea_class ipxe "option[175].exists or substring(option[77].hex,0,4) == 'iPXE'" menu.ipxe ''
	client_types | while read -r type loader pxe http csa; do
		for arch in $(each_number "$pxe"); do
			kea_class "$type-$arch" \
				"option[93].hex == 0x$(printf %04x "$arch") and not member('ipxe')" "$loader" ''
		done
		[ "$http" = - ] || kea_class "$type-http" \
			"option[93].hex == 0x$(printf %04x "$http") and not member('ipxe')" \
			"$(http_base)/$loader" \
			', "option-data": [ { "name": "vendor-class-identifier", "data": "HTTPClient", "always-send": true } ]'
	done
}

kea_conf() {
	cat <<CONF
// For Kea: put client-classes and subnet4 into your own kea-dhcp4.conf, or start kea-dhcp4 -c with this file. TFTP and HTTP are other
// servers, as dnsmasq (enable-tftp, tftp-root) and nginx (nginx.conf).
{
  "Dhcp4": {
    "interfaces-config": { "interfaces": [ "*" ] },
    "lease-database": { "type": "memfile", "lfc-interval": 3600 },
    "client-classes": [
$(kea_classes | sed '$!s/$/,/')
    ],
    "subnet4": [
      {
        "id": 1,
        "subnet": "$net/$prefix",
        "pools": [ { "pool": "$range_first - $range_last" } ],
        "next-server": "$address",
        "valid-lifetime": 43200
      }
    ]
  }
}
CONF
}

dhcpd_branches() {
	client_types | while read -r type loader pxe http csa; do
		for arch in $(each_number "$pxe"); do
			printf '  } elsif option vi-arch = %s {\n    filename "%s";\n' \
				"$(printf '%02x:%02x' $((arch >> 8)) $((arch & 255)))" "$loader"
		done
		[ "$http" = - ] ||
			printf '  } elsif option vi-arch = %s {\n    option vendor-class-identifier "HTTPClient";\n    filename "%s";\n' \
				"$(printf '%02x:%02x' $((http >> 8)) $((http & 255)))" \
				"$(http_base)/$loader"
	done
}

dhcpd_conf() {
	cat <<CONF
# For the DHCP server of ISC: put this into your own dhcpd.conf, or start dhcpd -cf with this file. TFTP and HTTP are other servers, as
# dnsmasq (enable-tftp, tftp-root) and nginx (nginx.conf).
option vi-arch code 93 = string;
option vi-ipxe code 175 = string;
subnet $net netmask $mask {
  range $range_first $range_last;
  default-lease-time 43200;
  next-server $address;
  if exists vi-ipxe or (exists user-class and substring(option user-class, 0, 4) = "iPXE") {
    filename "menu.ipxe";
$(dhcpd_branches)
  }
}
CONF
}

# url_path: the path in the URL of the directory, without a slash at its end
url_path() {
	# shellcheck disable=SC2016
	case ${url#*://} in
	*/*) printf '/%s' "${url#*://*/}" ;;
	esac
}

# nginx_locations: what a server block says about the directory
nginx_locations() {
	cat <<CONF
	root $(server_path "$directory");
${below:+	rewrite ^$below/(.*)\$ /\$1;
}	location ~ (\\.conf|/\\.[^/]*|^/entries/.*)\$ { return 404; }
	# Files with a hash in their names never change; all else is asked for again each time. Ranges are what nginx does with files.
	location ~ "-[0-9a-f]{12}(\\.[A-Za-z0-9._]+)?\$" {
		add_header Cache-Control "public, max-age=31536000, immutable";
	}
	location / { add_header Cache-Control no-cache; }
	# A booting machine says here how far it is; the answer is empty.
	location = /report { return 204; }
	sendfile on;
	tcp_nopush on;
	keepalive_timeout 60;
	keepalive_requests 100000;
	gzip off;
	etag on;
	default_type application/octet-stream;
	types { text/plain ipxe; }
CONF
}

nginx_conf() {
	below=$(url_path)
	cat <<CONF
# A site for nginx: /etc/nginx/sites-enabled or conf.d.
server {
	listen 80;
	# TLS, for https:// in --url: name certificate and key, and remove the signs
	#listen 443 ssl;
	#ssl_certificate /etc/nginx/pxe.crt;
	#ssl_certificate_key /etc/nginx/pxe.key;
	server_name _;
$(nginx_locations)
}
CONF
}

# server_file FUNCTION NAME
server_file() {
	"$1" >"$work/text" || die "cannot write to '$work'"
	install_text "$2"
}

server_files() {
	server_file dnsmasq_conf dnsmasq.conf
	server_file dnsmasq_proxy_conf dnsmasq-proxy.conf
	server_file kea_conf kea-dhcp4.conf
	server_file dhcpd_conf dhcpd.conf
	server_file nginx_conf nginx.conf
}
