# shellcheck shell=sh disable=SC2154,SC2034 # variables of scripts/pxe, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# `mkvinitrd pxe --serve INTERFACE`: dnsmasq and nginx in the foreground, with their files in a
# temporary directory, and a line for each step of each machine, read from their logs. Whatever
# stands in these logs comes from the network and is shown escaped.

# serve_address: the address that the interface has; sets address, with its prefix
serve_address() {
	need ip iproute2
	ip link show dev "$serve" >/dev/null 2>&1 ||
		die "there is no network interface '$serve' (--serve); this machine has $(ip -br link | sed 's/[@ ].*//' | paste -s -d ' ')"
	address=$(ip -4 -o addr show dev "$serve" scope global | awk '{ print $4; exit }')
	[ -n "$address" ] ||
		die "the interface '$serve' has no IPv4 address: give it one, as in ip addr add 192.168.77.1/24 dev $serve"
	[ "$(id -u)" = 0 ] ||
		die "--serve needs root: DHCP, TFTP and HTTP listen on ports below 1024"
}

# check_readable DIRECTORY OPTION: the servers run as users of their own, who reach it through all
# above it
check_readable() {
	above=$1
	while [ "$above" != / ]; do
		# one that is not there yet will be for everybody
		case $(stat -c %A "$above" 2>/dev/null) in
		*[xt] | '') ;;
		*) die "the servers' users may not enter '$above': chmod o+x '$above', or another directory ($2)" ;;
		esac
		above=$(dirname "$above")
	done
}

# What iPXE gets in place of the menu: it tells the menu this server's address.
serve_script() {
	cat <<SCRIPT
#!ipxe
set base $url
set files $url/
set report vi.report=$url/report
chain menu.ipxe
SCRIPT
}

serve_dnsmasq_conf() {
	if [ -n "$proxy" ]; then dnsmasq_proxy_conf; else dnsmasq_conf; fi
	cat <<CONF
interface=$serve
except-interface=lo
bind-interfaces
dhcp-leasefile=$(server_path "$work/leases")
log-dhcp
CONF
}

serve_nginx_conf() {
	below=''
	cat <<CONF
daemon off;
user nobody $(id -gn nobody);
worker_processes 2;
pid $(server_path "$work/nginx.pid");
error_log stderr error;
events { worker_connections 4096; }
http {
	log_format steps 'nginx \$remote_addr \$status \$body_bytes_sent \$uri \$args';
	access_log off;
$(for part in client_body proxy fastcgi uwsgi scgi; do echo "	${part}_temp_path $(server_path "$work/temp-$part");"; done)
	server {
		listen $address:$port;
		access_log $(server_path "$work/log") steps;
		client_max_body_size 256k;
		# What a machine posts becomes a file: nginx writes files by PUT, which wget of a booting machine cannot.
		location ~ "^/hardware/[0-9a-f]{2}(-[0-9a-f]{2}){5}[.]hw\$" {
			proxy_method PUT;
			proxy_pass http://files;
		}
$(nginx_locations)
	}
	upstream files { server unix:$work/files.socket; }
	server {
		listen unix:$work/files.socket;
		root $(server_path "$directory");
		client_max_body_size 256k;
		location / { return 404; }
		location /hardware/ {
			dav_methods PUT;
			dav_access user:rw group:r all:r;
		}
	}
}
CONF
}

# step TEXT: what the machine at $from is doing, unless it was said before
step() {
	key=$(printf %s "$from" | tr -c '0-9\n' _)
	eval "before=\${step_$key:-}"
	[ "$before" != "$1" ] || return 0
	eval "step_$key=\$1"
	mac=$(ip -4 neigh show "$from" dev "$serve" 2>/dev/null |
		sed -n 's/.*lladdr \([0-9a-f:]*\).*/\1/p')
	printf '%s %-15s %-17s %s\n' "$(date +%H:%M:%S)" "$from" "${mac:--}" "$1"
}

# printable TEXT: percent signs and plus signs of a URL undone, then only what a terminal shows
printable() {
	TEXT=$1 LC_ALL=C awk 'BEGIN {
		hex = "0123456789ABCDEF"
		text = ENVIRON["TEXT"]
		for (i = 1; i <= length(text) && length(out) < 200; i++) {
			c = substr(text, i, 1)
			high = index(hex, toupper(substr(text, i + 1, 1)))
			low = index(hex, toupper(substr(text, i + 2, 1)))
			if (c == "+")
				c = " "
			else if (c == "%" && i + 2 <= length(text) && high && low) {
				c = sprintf("%c", (high - 1) * 16 + low - 1)
				i += 2
			}
			out = out (c ~ /[ -~]/ ? c : "?")
		}
		print out
	}'
}

# argument NAME: its value in $arguments, the query of a URL
argument() {
	printf %s "$arguments" | tr '&' '\n' | sed -n "s/^$1=//p" | head -n 1
}

# report_step: a machine says itself how far it is
report_step() {
	text=$(printable "$(argument text)")
	case $(argument state) in
	booting) step 'booting: the initramfs has the network' ;;
	fetching) step "fetching the root${text:+: $text}" ;;
	up) step 'up' ;;
	failed) step "failed: ${text:-it gave no reason}" ;;
	esac
}

# nginx_step: of "nginx ADDRESS STATUS BYTES PATH QUERY"
nginx_step() {
	case $status:$path in
	*:/report) report_step ;;
	404:/hosts/*) ;;
	20[06]:/*.ipxe) ;;
	20[06]:*) step "fetched $(printable "${path#/}") ($(mib "$bytes") MiB)" ;;
	20*:/hardware/*) step "listed its hardware: $(printable "${path#/}")" ;;
	[45]*) step "failed: $(printable "${path#/}"): HTTP status $status" ;;
	esac
}

# dnsmasq_step: of "dnsmasq-dhcp: [ID] DHCPACK(lan) 10.5.0.9 52:54:00:12:34:56" and "dnsmasq-tftp:
# sent /srv/pxe/ipxe.efi to 10.5.0.9"
dnsmasq_step() {
	case $line in
	dnsmasq-dhcp*' DHCPACK('*)
		# shellcheck disable=SC2086 # words
		set -- ${line#* DHCPACK(*) }
		is_address "${1:-}" || return 0
		from=$1
		step 'booting: has an address'
		;;
	dnsmasq-tftp*': sent '*' to '*)
		from=${line##* to }
		path=${line#*: sent }
		path=${path%% to *}
		is_address "$from" || return 0
		step "booting: got $(printable "${path##*/}") by TFTP"
		;;
	esac
}

# follow: lines of both servers to lines for people
follow() {
	while IFS= read -r line; do
		case $line in
		'nginx '*)
			# shellcheck disable=SC2162 # nginx escapes
			IFS=' ' read -r _ from status bytes path arguments <<LINE
$line
LINE
			! is_address "$from" || nginx_step
			;;
		*)
			dnsmasq_step
			# the first reason that nginx gives, or the last line
			grep -qs emerg "$work/last.log" || printf '%s\n' "$line" >"$work/last.log"
			;;
		esac
	done
}

# serve_start: sets dnsmasq_pid and nginx_pid
serve_start() {
	follow <"$work/log" 8>&- &
	dnsmasq -k -C "$work/dnsmasq.conf" --log-facility=- --pid-file >&8 2>&8 8>&- &
	dnsmasq_pid=$!
	nginx -e stderr -p "$work" -c "$work/nginx.conf" >&8 2>&8 8>&- &
	nginx_pid=$!
	exec 8>&-
}

# check_servers: what is wrong with them is told by themselves, before anything runs
check_servers() {
	dnsmasq --test -C "$work/dnsmasq.conf" >"$work/test.log" 2>&1 ||
		die "dnsmasq: $(tail -n 1 "$work/test.log")"
	nginx -t -e stderr -p "$work" -c "$work/nginx.conf" >"$work/test.log" 2>&1 ||
		die "nginx: $(grep -m 1 emerg "$work/test.log" || tail -n 1 "$work/test.log")"
}

# ended NAME: one of the servers, by itself; it said why in its last line
ended() {
	sleep 1
	die "$1 has ended: $(quote_show "$(cat "$work/last.log" 2>/dev/null || echo 'it gave no reason')")"
}

serve_directory() {
	url=http://$address
	[ "$port" = 80 ] || url=$url:$port
	boot_script=serve.ipxe
	case $work in
	*[!A-Za-z0-9/._+-]*) die \
		"the servers cannot use the temporary directory '$work': set TMPDIR" ;;
	esac
	serve_script >"$work/text"
	install_text serve.ipxe
	at_exit rm -f "$output/serve.ipxe"
	serve_dnsmasq_conf >"$work/dnsmasq.conf"
	serve_nginx_conf >"$work/nginx.conf"
	chmod 755 "$work"
	check_readable "$work" TMPDIR
	{ mkdir -p "$work/temp-client_body" &&
		chown nobody "$output/hardware" "$work/temp-client_body"; } ||
		die "cannot give '$output/hardware' to the user that nginx runs as"
	mkfifo "$work/log" || die "cannot make a pipe in '$work'"
	# opened both ways first, so that no open waits
	exec 8<>"$work/log"
	check_servers
	serve_start
	output_kept='dnsmasq and nginx are stopped'
	addresses="addresses $range_first to $range_last"
	[ -z "$proxy" ] || addresses="beside the DHCP server of $net/$prefix"
	echo "$output: serving on $serve by $url, $addresses; ^C ends it"
	while :; do
		output_alive "$dnsmasq_pid" || ended dnsmasq
		output_alive "$nginx_pid" || ended nginx
		sleep 1 &
		wait $!
	done
}
