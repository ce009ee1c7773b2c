# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For boot cases with a lab of their own: a network namespace in which real servers (dnsmasq, nginx)
# stand at 10.5.0.1 on the bridge lan, and QEMU's machines are on it by taps. Read after lib.sh, by
# a case that begins with
#   . "$TOP/tests/boot/lib/netlab.sh"
#   in_lab "$0"

# in_lab CASE: continues in the namespace, where the case is read again
in_lab() {
	if [ -z "${IN_LAB:-}" ]; then
		# shellcheck disable=SC2016 # of the new shell
		IN_LAB=1 exec unshare -n sh -c '. "$TOP/tests/boot/lib.sh"; . "$0"' "$1"
	fi
	lab_pids=''
	# shellcheck disable=SC2154
	trap 'kill $lab_pids 2>/dev/null || :; wait' EXIT
	ip link set lo up
	ip link add lan type bridge
	ip addr add 10.5.0.1/24 dev lan
	ip link set lan up
}

# tap NAME: one more port of the bridge
tap() {
	ip link show "$1" >/dev/null 2>&1 || ip tuntap add "$1" mode tap
	ip link set "$1" master lan up
}

# lab_server NAME COMMAND...: in the background, until the end of the case or end_server; sets
# server_pid
lab_server() {
	server_name=$1
	shift
	"$@" >"$WORK/$server_name.log" 2>&1 &
	server_pid=$!
	lab_pids="$lab_pids $server_pid"
}

end_server() {
	kill "$1" 2>/dev/null || :
	wait "$1" 2>/dev/null || :
}

# serve_dnsmasq CONF [OPTION...]
serve_dnsmasq() {
	serve_conf=$1
	shift
	lab_server dnsmasq dnsmasq -k -C "$serve_conf" -u root --interface=lan \
		--except-interface=lo --bind-interfaces --dhcp-leasefile="$WORK/leases" \
		--log-dhcp --log-facility=- --pid-file "$@"
	dnsmasq_pid=$server_pid
}

# serve_nginx SITE: with access log $WORK/nginx-access.log
serve_nginx() {
	mkdir -p "$WORK/nginx"
	{
		printf 'user root;\ndaemon off;\npid %s/pid;\nevents {}\nhttp {\naccess_log %s/nginx-access.log;\n' "$WORK/nginx" "$WORK"
		printf '%s_temp_path temp;\n' client_body proxy fastcgi uwsgi scgi
		printf 'include "%s";\n}\n' "$1"
	} >"$WORK/nginx/conf"
	lab_server nginx "$TOP/tests/lib/servers" nginx -e stderr -p "$WORK/nginx" \
		-c "$WORK/nginx/conf"
	nginx_pid=$server_pid
	for _ in $(seq 100); do
		[ ! -s "$WORK/nginx/pid" ] || return 0
		sleep 0.1
	done
	fail "nginx has not started: $(cat "$WORK/nginx.log")"
}

# lab_machine QEMU ARGUMENT...: a machine without disks on the tap card0, until it powers off
lab_machine() {
	tap card0
	BOOTS=$((BOOTS + 1))
	LOG=$WORK/serial-$BOOTS.log
	timeout -k 5 "${BOOT_TIMEOUT:-240}" qemu-system-x86_64 -accel tcg -cpu max,-erms,-fsrm \
		-m "${MEMORY:-1024}" \
		-nodefaults -display none -vga std -no-reboot -serial "file:$LOG" \
		-netdev tap,id=card0,ifname=card0,script=no,downscript=no \
		"$@" </dev/null >"$WORK/qemu.log" 2>&1 ||
		fail "QEMU ended with status $? (124 = time limit of ${BOOT_TIMEOUT:-240} s): $(cat "$WORK/qemu.log")"
}

# fetched TEXT: what some machine asked nginx for
fetched() {
	grep -q -e "$1" "$WORK/nginx-access.log" ||
		fail "nobody fetched $1 by HTTP: $(cat "$WORK/nginx-access.log")"
}

# other_host ADDRESS: a host of its own on the bridge, for a server that needs the same ports;
# in_other COMMAND runs there
other_host() {
	unshare -n sleep 1000 &
	other_pid=$!
	lab_pids="$lab_pids $other_pid"
	for _ in $(seq 100); do
		[ "$(readlink "/proc/$other_pid/ns/net")" = "$(readlink /proc/self/ns/net)" ] ||
			break
		sleep 0.1
	done
	ip link add other0 type veth peer name card0 netns "$other_pid"
	ip link set other0 master lan up
	in_other ip addr add "$1/24" dev card0
	in_other ip link set card0 up
}

in_other() {
	nsenter -t "$other_pid" -n "$@"
}
