#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# What mkvinitrd pxe makes: menu, entries, generations, configurations that the servers themselves check and that they serve.
bats_require_minimum_version 1.5.0
load ../../lib/env

bats_load_library bats-support
bats_load_library bats-assert

setup() {
	cd "$BATS_TEST_TMPDIR"
	TOP=$BATS_TEST_DIRNAME/../../..
	export MKVINITRD=$HOST/mkvinitrd
	mkdir -p tree/bin
	cp /bin/true tree/bin/true
	kernel=$("$TOP/scripts/kernels" 6.12)
	"$TOP/scripts/pack" -q tree root.tar.xz
}

# pxe ARGUMENT...: with a small initramfs
pxe() {
	printf 'root tmpfs\n' >tiny.profile
	run "$TOP/scripts/pxe" -p ./tiny.profile -r "$kernel" -o srv "$@"
}

# served PATTERN: the file of that name in the directory
served() {
	compgen -G "srv/$1"
}

@test "the menu names files that are there, under names with their hashes, and what the seed's menu had" {
	pxe -u http://10.1.2.3/boot root.tar.xz
	assert_success
	name=$(sed -n 's,.*vi.image=${base}/\([^ ]*\) .*,\1,p' srv/menu.ipxe)
	cmp root.tar.xz "srv/$name"
	for file in srv/*-????????????*; do
		[[ $file =~ -([0-9a-f]{12}) ]]
		[ "$(sha256sum <"$file" | cut -c 1-12)" = "${BASH_REMATCH[1]}" ]
	done
	cmp "$kernel/vmlinuz" "$(served 'vmlinuz-*')"
	"$HOST/mkvinitrd" check "$(served 'initramfs-*.img')" -r "$kernel"
	for file in $(grep -o '${files}[^ ]*' srv/menu.ipxe | grep -v memtest); do [ -s "srv/${file#\$\{files\}}" ]; done
	grep -q "vi.verify=sha256:$(sha256sum <root.tar.xz | cut -d ' ' -f 1) " srv/menu.ipxe
	grep -q '^isset ${base} || set base http://10.1.2.3/boot$' srv/menu.ipxe
	for label in diskless local shell reboot; do
		grep -q "^item $label " srv/menu.ipxe
		grep -q "^:$label\$" srv/menu.ipxe
	done
	grep -q '^chain ${files}local-[0-9a-f]*.efi ||$' srv/menu.ipxe
	run ! grep -q '^item install\|^:install' srv/menu.ipxe
}

@test "memory test and installer are in the menu if their files are there" {
	memtest=$("$TOP/tests/lib/servers")/boot/memtest86+x64
	mkdir installer
	cp "$kernel/vmlinuz" installer/linux
	echo x | cpio -o -H newc --quiet <<<tree | gzip >installer/initrd.gz
	pxe --memtest "$memtest.bin" --memtest="$memtest.efi" --installer installer --installer-append 'auto url="http://x/a b"' root.tar.xz
	assert_success
	grep -q '^iseq ${platform} pcbios && set memtest memtest-[0-9a-f]*.bin ||$' srv/menu.ipxe
	cmp "$memtest.bin" "$(served 'memtest-*.bin')"
	cmp "$memtest.efi" "$(served 'memtest-*.efi')"
	grep -q '^isset ${memtest} && item memtest ' srv/menu.ipxe
	grep -q '^item install ' srv/menu.ipxe
	cmp installer/initrd.gz "$(served 'installer-initrd-*')"
	grep -qF 'auto url="http://x/a b" ||' srv/menu.ipxe
	# the next run leaves it in
	pxe root.tar.xz
	assert_success
	grep -q '^item install ' srv/menu.ipxe
	# each by its content
	for wrong in "--memtest $memtest.nowhere" '--memtest root.tar.xz' '--installer tree' '--loader x64=root.tar.xz' \
		'--loader bios=/usr/lib/ipxe/ipxe.efi' '--loader arm64=/usr/lib/ipxe/ipxe.efi' '-k root.tar.xz'; do
		# shellcheck disable=SC2086
		pxe $wrong root.tar.xz
		assert_failure 1
		assert_equal "${#lines[@]}" 1
	done
}

@test "entries stand side by side, each with its root, kernel and parameters; settings hold for the next run" {
	"$TOP/scripts/pack" -q tree b.sqfs
	pxe -u http://10.1.2.3 -t 7 -a one root.tar.xz
	assert_success
	pxe --name office --title "The office's" -r "$("$TOP/scripts/kernels" 6.1)" -a two b.sqfs
	assert_success
	run grep -c '^item \(diskless\|office\) ' srv/menu.ipxe
	assert_output 2
	grep -q "^item office   The office's\$" srv/menu.ipxe
	grep -q '^set menu-timeout 7000$' srv/menu.ipxe
	grep -q 'set base http://10.1.2.3$' srv/menu.ipxe
	grep -q 'vi.mode=tmpfs .* one ' srv/menu.ipxe
	grep -q 'vi.mode=overlay .* two ' srv/menu.ipxe
	run compgen -G 'srv/vmlinuz-*'
	assert_equal "${#lines[@]}" 2
	grep -q '^set menu-default diskless$' srv/menu.ipxe
	pxe --list --json
	assert_success
	assert_equal "$(jq -r '.entries | map(.name + .mode) | join(" ")' <<<"$output")" 'diskless'tmpfs' 'office'overlay'
	pxe --remove office
	assert_success
	run ! grep -q office srv/menu.ipxe
	pxe --remove office
	assert_failure 1
	pxe --remove diskless
	assert_failure 1
	assert_output --partial "only entry"
}

@test "--hardware adds an item whose initramfs has all drivers, and --default says what boots when the time is up" {
	pci=pci:v00008086d00001533sv00008086sd00001533bc02sc00i00
	echo $pci >lab.hw
	run "$TOP/scripts/pxe" -r "$kernel" -o srv --hardware --default hardware -s "hardware $PWD/lab.hw" -a console=ttyS0 root.tar.xz
	assert_success
	grep -q '^item hardware ' srv/menu.ipxe
	grep -qx 'set menu-default hardware' srv/menu.ipxe
	grep -q 'vi.image=${base}/hardware/ console=ttyS0 ' srv/menu.ipxe
	"$HOST/mkvinitrd" ls "$(served 'hardware-*.img')" | grep -q '/tg3.ko'
	run ! grep -q /tg3.ko <("$HOST/mkvinitrd" ls "$(served 'initramfs-*.img')")
	pxe --prune --keep 1 --keep-days 0 root.tar.xz
	assert_success
	grep -q '^item hardware ' srv/menu.ipxe
	[ -s "$(served 'hardware-*.img')" ]
	pxe --default nowhere
	assert_failure 1
}

@test "a machine boots the entry that --host names for its address, and no entry goes that one needs" {
	pxe root.tar.xz
	pxe --name b --host 52:54:00:AB:cd:01=b --host 52-54-00-00-00-02=local root.tar.xz
	assert_success
	grep -qx 'set menu-default b' srv/hosts/52-54-00-ab-cd-01.ipxe
	grep -qx 'set menu-default local' srv/hosts/52-54-00-00-00-02.ipxe
	pxe --remove b
	assert_failure 1
	assert_output --partial 52-54-00-ab-cd-01
	pxe --host 52:54:00:ab:cd:01= --json
	assert_success
	assert_equal "$(jq -c .hosts <<<"$output")" '[{"mac":"52-54-00-00-00-02","entry":"local"}]'
	pxe --host 52:54:00:ab:cd:01=nowhere
	assert_failure 1
	pxe --host 52:54:00:ab:cd=b
	assert_failure 2
	pxe --host 52:54:00:ab:cd:01
	assert_failure 2
}

@test "an update leaves what the menu before names, gives way to the new one as the last, and --prune keeps what may be in use" {
	pxe root.tar.xz
	for text in two three four; do
		cp srv/menu.ipxe "menu.$text"
		echo "$text" >tree/text
		"$TOP/scripts/pack" -q tree root.tar.xz
		pxe root.tar.xz
		assert_success
		for name in $(sed -n 's,.*vi.image=${base}/\([^ ]*\).*,\1,p' "menu.$text"); do [ -s "srv/$name" ]; done
	done
	run compgen -G 'srv/root-*'
	assert_equal "${#lines[@]}" 4
	# the same again is no generation
	pxe root.tar.xz
	run compgen -G 'srv/entries/diskless.[0-9]*'
	assert_equal "${#lines[@]}" 4
	# nothing is old enough
	pxe --prune
	run compgen -G 'srv/root-*'
	assert_equal "${#lines[@]}" 4
	# 1 was replaced ten days ago, 2 five, 3 now
	touch -d '10 days ago' srv/entries/diskless.1 srv/entries/diskless.2
	touch -d '5 days ago' srv/entries/diskless.3
	touch -d '10 days ago' srv/root-*
	pxe --prune --keep 1 --json
	assert_success
	assert_equal "$(jq -r '.pruned | length' <<<"$output")" 1
	[ ! -e srv/entries/diskless.1 ] && [ -e srv/entries/diskless.2 ]
	pxe --prune --keep 2 --keep-days 0
	assert_equal "$(echo srv/entries/diskless.[0-9]*)" 'srv/entries/diskless.3 srv/entries/diskless.4'
	run compgen -G 'srv/root-*'
	assert_equal "${#lines[@]}" 2
	for name in $(cat srv/entries/diskless.[0-9]* | sed -n 's/^\(kernel\|initramfs\|root\)=//p'); do [ -s "srv/$name" ]; done
	[ -s srv/ipxe.efi ] && [ -s srv/undionly.kpxe ]
}

@test "an update that fails, or is killed, leaves a menu whose files are all there, and two at a time do not mix" {
	pxe root.tar.xz
	cp srv/menu.ipxe menu
	echo more >tree/text
	"$TOP/scripts/pack" -q tree root.tar.xz
	pxe -s 'module nowhere' root.tar.xz
	assert_failure
	cmp menu srv/menu.ipxe
	exec 9>srv/entries/.lock
	flock 9
	pxe root.tar.xz
	assert_failure 1
	assert_output --partial 'another mkvinitrd pxe'
	exec 9>&-
	cmp menu srv/menu.ipxe
	# shellcheck disable=SC2016
	printf '#!/bin/sh\nkill -TERM $PPID\nsleep 5\n' >cmp
	chmod +x cmp
	PATH=$PWD:$PATH pxe root.tar.xz
	assert_failure
	cmp menu srv/menu.ipxe
	run find srv -name '.*.tmp'
	assert_output ''
}

@test "a root is known by its content, and gets a name that nothing has to quote" {
	"$TOP/scripts/pack" -q tree root.sqfs
	mv -- root.sqfs "-my root's \$(touch é).tar.xz"
	pxe --append='a="b c"' -- "-my root's \$(touch é).tar.xz"
	assert_success
	name=$(sed -n 's,.* vi.mode=overlay vi.image=${base}/\([^ ]*\) vi.verify=[^ ]* a="b c" .*,\1,p' srv/menu.ipxe)
	[[ $name =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*-[0-9a-f]{12}.tar.xz$ ]] || fail "the name is '$name'"
	cmp "srv/$name" ./-my*
	run ls -A srv
	refute_output --partial .tmp
}

@test "machines verify by the hash tree that lies beside an image, or as --append says; --prune keeps the tree and the trace" {
	"$TOP/scripts/pack" -q --verity tree root.sqfs
	pxe root.sqfs
	assert_success
	name=$(sed -n "s,.*vi.image=\${base}/\([^ ]*\) vi.verify=verity:$(cat root.sqfs.roothash) .*,\1,p" srv/menu.ipxe)
	pxe --prune --keep-days=0
	assert_success
	veritysetup verify "srv/$name" "srv/$name.verity" "$(cat root.sqfs.roothash)"
	echo signature >root.sqfs.minisig
	pxe -a vi.verify=minisign:RWQ root.sqfs
	assert_success
	grep -q "vi.image=\${base}/$name vi.verify=minisign:RWQ " srv/menu.ipxe
	cmp root.sqfs.minisig "srv/$name.minisig"
	echo '0 1' >root.sqfs.trace
	pxe -a vi.lazy root.sqfs
	assert_success
	pxe --prune --keep-days=0
	cmp root.sqfs.trace "srv/$name.trace"
	rm root.sqfs.trace
	pxe --no-verify root.sqfs
	run ! grep -q vi.verify= srv/menu.ipxe
	cp root.sqfs.verity old
	"$TOP/scripts/pack" -q --verity "$TOP/docs" root.sqfs
	cp old root.sqfs.verity
	pxe root.sqfs
	assert_failure 1
	assert_output --partial "is not the hash tree of 'root.sqfs'"
}

@test "what is no root, or none for HTTP, and what a menu or a server cannot hold, is refused before anything is written" {
	export TMPDIR=$PWD/tmp
	mkdir tmp
	echo text >text.tar.xz
	qemu-img create -q -f qcow2 disk.tar.xz 1M
	mke2fs -q -F disk.sqfs 1M
	for arguments in text.tar.xz disk.tar.xz disk.sqfs nowhere.sqfs /etc/passwd '-k nowhere root.tar.xz' '-o a$b root.tar.xz' '-o a"b root.tar.xz'; do
		# shellcheck disable=SC2086 # words
		pxe $arguments
		assert_failure 1
		assert_equal "${#lines[@]}" 1
	done
	for arguments in '-a x=${y}' '-a x="y' '-u http://a"b' '-u nowhere' '-u http://${x}' '-t 1s' '-t 0' '--output= ' '--name local' '--name a.b' \
		'--title a${b}' '--address 1.2.3' '--address 10.0.0.1/33' '--range 10.9.0.1,10.9.0.9' '--loader mips=x' '--keep 0' 'root.tar.xz'; do
		# shellcheck disable=SC2086
		pxe $arguments root.tar.xz
		assert_failure 2
	done
	pxe
	assert_failure 2
	assert_output --partial 'ROOT is missing'
	[ ! -e srv ]
	assert_equal "$(ls -A tmp)" ''
}

@test "an https address is refused where the initramfs cannot fetch by it, and iPXE's own files come from where the menu does" {
	pxe -u https://lab.example/boot root.tar.xz
	assert_failure 1
	assert_output --partial netfetch
	[ ! -e srv/menu.ipxe ]
	echo x >netfetch
	pxe -u https://lab.example/boot -s 'file /bin/netfetch netfetch 755' root.tar.xz
	assert_success
	grep -q 'set base https://lab.example/boot$' srv/menu.ipxe
	grep -qx 'isset ${files} || set files ' srv/menu.ipxe
}

# loaders: a directory with one for each type
all_loaders() {
	printf 'MZ%58s\x40\0\0\0PE\0\0\x64\xaa' '' >arm64.efi
	printf 'MZ%58s\x40\0\0\0PE\0\0\x4c\x01' '' >ia32.efi
	mkdir 'a b'
	pxe -o "$PWD/a b/srv" --loader arm64=arm64.efi --loader ia32=ia32.efi --address 10.5.0.1/16 --range 10.5.1.1,10.5.1.99 root.tar.xz
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
			"$(printf '%s_temp_path temp; ' client_body proxy fastcgi uwsgi scgi)" "$PWD/$part/site" >$part/conf
	done
	cp "$srv/nginx.conf" plain/site
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=lab -keyout key -out crt 2>/dev/null
	sed "s,#listen,listen,;s,#ssl_certificate /.*,ssl_certificate $PWD/crt;,;s,#ssl_certificate_key /.*,ssl_certificate_key $PWD/key;," "$srv/nginx.conf" >tls/site
	for part in plain tls; do "$TOP/tests/lib/servers" nginx -t -e stderr -p "$PWD/$part" -c "$PWD/$part/conf"; done
}

# in_network: runs the script of standard input in a network of two machines, whose other one runs `other COMMAND...`
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

# the answer for each type of client: without anything, as iPXE by option 175 and by its user class, and by HTTP boot
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
	for line in '0000: 10.5.0.1 undionly.kpxe' '0006: 10.5.0.1 ipxe-ia32.efi' '0007: 10.5.0.1 ipxe.efi' '0009: 10.5.0.1 ipxe.efi' \
		'000b: 10.5.0.1 ipxe-arm64.efi' '0010: 10.5.0.1 http://10.5.0.1/ipxe.efi' '000f: 10.5.0.1 http://10.5.0.1/ipxe-ia32.efi' \
		'0013: 10.5.0.1 http://10.5.0.1/ipxe-arm64.efi' 'ipxe: 10.5.0.1 menu.ipxe' 'class: 10.5.0.1 menu.ipxe'; do
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
	sed "s,\"type\": \"memfile\",& \, \"name\": \"$PWD/kea.leases\"," "$srv/kea-dhcp4.conf" >kea.conf
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

# serve SCRIPT: mkvinitrd pxe --serve in a network of two machines, with SCRIPT on the other one; the lines are in serve.log
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
