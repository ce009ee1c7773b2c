#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# The servers of mkvinitrd pxe: configurations that they check and that clients boot by, and
# --serve.
bats_require_minimum_version 1.5.0
load ../../lib/env

bats_load_library bats-support
bats_load_library bats-assert
load pxe

# loaders: a directory with one for each type
all_loaders() {
	printf 'MZ%58s\x40\0\0\0PE\0\0\x64\xaa' '' >arm64.efi
	printf 'MZ%58s\x40\0\0\0PE\0\0\x4c\x01' '' >ia32.efi
	mkdir 'a b'
	pxe -o "$PWD/a b/srv" --loader arm64=arm64.efi --loader ia32=ia32.efi \
		--address 10.5.0.1/16 --range 10.5.1.1,10.5.1.99 root.tar.xz
	assert_success
	srv="a b/srv"
}

@test "the configurations of all servers pass the servers' own checks, with a blank in the directory's name" {
	all_loaders
	dnsmasq --test -C "$srv/dnsmasq.conf"
	dnsmasq --test -C "$srv/dnsmasq-proxy.conf"
	"$TOP/tests/lib/servers" kea-dhcp4 -t "$srv/kea-dhcp4.conf"
	"$TOP/tests/lib/servers" dhcpd -t -cf "$srv/dhcpd.conf"
	for part in plain tls; do
		mkdir $part
		printf 'error_log stderr;\npid %s/pid;\nevents {}\nhttp {\naccess_log off;\n%s\ninclude "%s";\n}\n' "$PWD/$part" \
			"$(printf '%s_temp_path temp; ' client_body proxy fastcgi uwsgi scgi)" \
			"$PWD/$part/site" >$part/conf
	done
	cp "$srv/nginx.conf" plain/site
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=lab -keyout key -out crt 2>/dev/null
	sed "s,#listen,listen,;s,#ssl_certificate /.*,ssl_certificate $PWD/crt;,;s,#ssl_certificate_key /.*,ssl_certificate_key $PWD/key;," "$srv/nginx.conf" >tls/site
	for part in plain tls; do
		"$TOP/tests/lib/servers" nginx -t -e stderr -p "$PWD/$part" -c "$PWD/$part/conf"
	done
}

# in_network: runs the script of standard input in a network of two machines, whose other one runs
# `other COMMAND...`
in_network() {
	cat >network <<'SCRIPT'
set -eu
other() { nsenter -t "$peer" -n "$@"; }
unshare -n sleep 60 &
peer=$!
trap 'kill $peer ${server:-} 2>/dev/null; wait' EXIT
until [ "$(readlink /proc/$peer/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
ip link add lan0 type veth peer name card0 netns $peer
ip addr add 10.5.0.1/16 dev lan0
ip link set lan0 up
ip link set lo up
other ip link set card0 up
other ip link set lo up
printf '#!/bin/sh\n[ "$1" != bound ] || echo "$siaddr $boot_file"\n' >lease
chmod +x lease
ask() { other busybox udhcpc -i card0 -n -q -f -t 20 -T 1 -s ./lease "$@" 2>udhcpc.log || { tail -n 3 udhcpc.log server.log; exit 1; }; }
SCRIPT
	cat >>network
}

run_network() {
	run timeout 120 unshare -n bash network
}

# the answer for each type of client: without anything, as iPXE by option 175 and by its user class,
# and by HTTP boot
ask_all() {
	cat <<'SCRIPT'
for arch in 0000 0006 0007 0009 000b 0010 000f 0013; do
	printf '%s: %s\n' $arch "$(ask -x 0x5d:$arch)"
done
printf 'ipxe: %s\n' "$(ask -x 0x5d:0007 -x 0xaf:010100)"
printf 'class: %s\n' "$(ask -x 0x5d:0000 -x 0x4d:69505845)"
SCRIPT
}

assert_loaders() {
	assert_success
	for line in '0000: 10.5.0.1 undionly.kpxe' '0006: 10.5.0.1 ipxe-ia32.efi' \
		'0007: 10.5.0.1 ipxe.efi' '0009: 10.5.0.1 ipxe.efi' \
		'000b: 10.5.0.1 ipxe-arm64.efi' '0010: 10.5.0.1 http://10.5.0.1/ipxe.efi' \
		'000f: 10.5.0.1 http://10.5.0.1/ipxe-ia32.efi' \
		'0013: 10.5.0.1 http://10.5.0.1/ipxe-arm64.efi' 'ipxe: 10.5.0.1 menu.ipxe' \
		'class: 10.5.0.1 menu.ipxe'; do
		assert_line "$line"
	done
}

@test "dnsmasq gives each type of client its loader, and iPXE the menu" {
	all_loaders
	chmod 755 .
	{
		echo "dnsmasq -k -C '$srv/dnsmasq.conf' -u root --dhcp-leasefile=$PWD/leases --log-facility=- --pid-file >server.log 2>&1 & server=\$!"
		ask_all
	} | in_network
	run_network
	assert_loaders
}

@test "Kea gives each type of client its loader, and iPXE the menu" {
	all_loaders
	sed "s,\"type\": \"memfile\",& \, \"name\": \"$PWD/kea.leases\"," "$srv/kea-dhcp4.conf" \
		>kea.conf
	{
		echo "export KEA_LOCKFILE_DIR=$PWD KEA_PIDFILE_DIR=$PWD"
		echo "'$TOP/tests/lib/servers' kea-dhcp4 -c kea.conf >server.log 2>&1 & server=\$!"
		ask_all
	} | in_network
	run_network
	assert_loaders
}

@test "ISC dhcpd gives each type of client its loader, and iPXE the menu" {
	all_loaders
	: >leases
	{
		echo "'$TOP/tests/lib/servers' dhcpd -f -d -cf '$srv/dhcpd.conf' -lf $PWD/leases -pf $PWD/pid lan0 >server.log 2>&1 & server=\$!"
		ask_all
	} | in_network
	run_network
	assert_loaders
}

# serve SCRIPT: mkvinitrd pxe --serve in a network of two machines, with SCRIPT on the other one;
# the lines are in serve.log
serve() {
	chmod 755 .
	mkdir -p bin
	printf '#!/bin/sh\nexec "%s/tests/lib/servers" nginx "$@"\n' "$TOP" >bin/nginx
	chmod +x bin/nginx
	in_network <<SCRIPT
export PATH=$PWD/bin:\$PATH TMPDIR=$public/tmp
mkdir -p $public/tmp
# as at a terminal, where ^C reaches a command
env --default-signal=INT "$TOP/scripts/pxe" -o "$PWD/public/srv" --serve lan0 ${serve_options:-} >serve.log 2>&1 &
server=\$!
for _ in \$(seq 300); do
	! grep -q 'serving\|^pxe:' serve.log || break
	sleep 0.1
done
# seen TEXT: a line of the log, soon
seen() {
	for _ in \$(seq 100); do
		! grep -q -e "\$1" serve.log || return 0
		sleep 0.1
	done
	echo "no line: \$1"
	cat serve.log
	exit 1
}
get() { other busybox wget -q -O - "http://10.5.0.1\$1"; }
$1
kill -INT \$server
wait \$server || echo "status \$?"
server=
cat serve.log
ls -A $public/tmp "$PWD/public/srv"
SCRIPT
	run_network
}

# A directory that the servers' users may enter, unlike that of bats
public() {
	public=$(mktemp -d /tmp/pxe-serve.XXXXXX)
	chmod 755 "$public"
	ln -sfn "$public" public
	pxe -o public/srv "$@" root.tar.xz
	assert_success
}

teardown() {
	rm -rf "${public:-}"
}

@test "--serve runs dnsmasq and nginx, tells each step of each machine, and leaves nothing after ^C" {
	public -u http://elsewhere
	name=$(cd public/srv && echo root-*)
	serve "$(
		cat <<SCRIPT
ask -x 0x5d:0007 | grep '10.5.0.1 ipxe.efi'
ask -x 0x5d:0007 -x 0xaf:010100 | grep '10.5.0.1 serve.ipxe'
seen '10.5.0.* ..:..:..:..:..:.. *booting: has an address'
other ip addr add 10.5.0.9/16 dev card0
get /serve.ipxe | grep -x 'set base http://10.5.0.1'
get '/report?state=booting&mac=x&text='
seen '10.5.0.9 .*booting: the initramfs has the network'
get '/report?state=fetching&text=$name'
seen '10.5.0.9 .*fetching the root: $name'
get /$name | cmp - public/srv/$name
seen '10.5.0.9 .*fetched $name (1 MiB)'
get '/report?state=failed&text=locate:+no%1b%5b31m+disk'
seen '10.5.0.9 .*failed: locate: no?.31m disk'
! get /nowhere
seen '10.5.0.9 .*failed: nowhere: HTTP status 404'
! get /entries/diskless.1
! get /dnsmasq.conf
get '/report?state=up'
seen '10.5.0.9 .* up'
# the list of a machine becomes a file, of nothing else and not of a large one
post() { other busybox wget -q -O - --post-data "\$2" "http://10.5.0.1\$1"; }
post /hardware/52-54-00-00-00-09.hw "\$(seq 20)"
seq 20 | cmp -n 50 - public/srv/hardware/52-54-00-00-00-09.hw
seen '10.5.0.9 .*listed its hardware: hardware/52-54-00-00-00-09.hw'
post /hardware/52-54-00-00-00-09.hw "\$(seq 10)"
[ "\$(wc -l <public/srv/hardware/52-54-00-00-00-09.hw)" = 9 ]
! post /hardware/../menu.ipxe x
! post /menu.ipxe x
! post /hardware/x.hw x
head -c 300000 /dev/zero | tr '\0' x >large
! other busybox nc 10.5.0.1 80 < <(printf 'POST /hardware/52-54-00-00-00-0a.hw HTTP/1.0\r\nContent-Length: 300000\r\n\r\n'; cat large) | grep '^HTTP.* 20'
[ ! -e public/srv/hardware/52-54-00-00-00-0a.hw ]
SCRIPT
	)"
	assert_success
	assert_line 'status 130'
	refute_output --partial $'\e'
	refute_line serve.ipxe
	refute_line --partial mkvinitrd-pxe
	run pgrep -f "$BATS_TEST_TMPDIR"
	assert_output ''
}

@test "--serve says why it cannot: no such interface, no address, a port in use, a directory that is closed" {
	public
	for case in 'nowhere:no network interface' 'lo0:no IPv4 address'; do
		in_network <<SCRIPT
export PATH=$PWD/bin:\$PATH
ip link add lo0 type bridge
"$TOP/scripts/pxe" -o "$PWD/public/srv" --serve ${case%%:*}
SCRIPT
		mkdir -p bin
		printf '#!/bin/sh\nexec "%s/tests/lib/servers" nginx "$@"\n' "$TOP" >bin/nginx
		chmod +x bin/nginx
		run_network
		assert_failure 1
		assert_line --partial "${case#*:}"
	done
	chmod 700 "$public"
	serve 'seen "may not enter"'
	chmod 755 "$public"
	serve 'kill -INT $server; wait $server || :
busybox httpd -p 10.5.0.1:80 -h bin -f & other_server=$!
"'"$TOP"'/scripts/pxe" -o "'"$PWD"'/public/srv" --serve lan0 >serve.log 2>&1 || echo "second $?"
kill $other_server
sleep 30 & server=$!'
	assert_line 'second 1'
	assert_line --regexp 'pxe: nginx has ended: .*Address already in use'
	[ ! -e public/srv/serve.ipxe ]
}
