#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bootplan as a command, and the manual that is made from its table. UPDATE=1 rewrites the manual's
# list.
load ../../lib/env
TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
PAGE=$TOP/docs/mkvinitrd-boot.7.scd

setup() {
	PATH=$HOST/bin:$PATH
	cd "$BATS_TEST_TMPDIR"
	mkdir -p proc etc/mkvinitrd
}

# section: the list in the manual
section() {
	sed -n '/^; bootplan list: begin$/,/^; bootplan list: end$/p' "$PAGE" | sed '1d;$d'
}

@test "mkvinitrd-boot(7) lists the parameters of the table, no more and no fewer" {
	bootplan list | awk -f "$TOP/docs/parameters.awk" >list
	if [ -n "${UPDATE:-}" ]; then
		{
			sed '/^; bootplan list: begin$/q' "$PAGE"
			cat list
			sed -n '/^; bootplan list: end$/,$p' "$PAGE"
		} >page
		cat page >"$PAGE"
	fi
	section | diff -u - list
}

@test "every parameter that the manual's tables name is in the table" {
	local word missing=''
	bootplan list | cut -f3 >patterns
	for word in $(sed -n '/^## Parameters of other systems$/,/^# PHASES/p' "$PAGE" | grep '^|' |
		grep -oE '[a-zA-Z][a-zA-Z0-9_./-]*=' | sort -u); do
		grep -qF "$word" patterns || grep -qxF "${word%=}" patterns ||
			missing="$missing $word"
	done
	[ "$missing" = '' ] || {
		echo "not in the table:$missing"
		return 1
	}
}

# A name of the table that ends in * stands for all that begin so; what is before a = is the name of
# others.
@test "every parameter that the manuals of other systems name is in the table" {
	bootplan list | cut -f3 | awk '
		NR == FNR { patterns[$0]; next }
		/^#/ { next }
		{
			manual = $0
			sub(/:.*/, "", manual)
			sub(/^[^:]*: /, "")
			for (i = 1; i <= NF; i++)
				if (!known($i))
					print manual ": " $i
		}
		function known(name, pattern, prefix) {
			for (pattern in patterns) {
				prefix = pattern
				if (sub(/[*]$/, "", prefix) && prefix !~ /=/ && index(name, prefix) == 1)
					return 1
				sub(/=.*/, "", prefix)
				if (pattern == name || prefix == name)
					return 1
			}
			return 0
		}' - "$TOP/tests/cli/applets/parameters.list" >missing
	[ ! -s missing ] || {
		cat missing
		return 1
	}
}

@test "assignments are safe to source, whatever the parameters have in them" {
	printf '%s' "root=/dev/sda1 init=/x'y\$(touch\${IFS}hit)\`touch\${IFS}hit\`;touch\${IFS}hit \"rootflags=a b'
second line" >proc/cmdline
	printf '%s\n' "rootfstype=it's" '"vi.hostmount=/a  b"' >etc/mkvinitrd/defaults
	bootplan . >plan.sh
	for shell in dash 'busybox ash'; do
		# shellcheck disable=SC2016
		run $shell -c '. ./plan.sh; printf "%s|%s|%s|%s" "$P_INIT" "$P_FSTYPE" "$P_HOSTMOUNT" "$P_ROOT"'
		[ "$output" = "/x'y\$(touch\${IFS}hit)\`touch\${IFS}hit\`;touch\${IFS}hit|it's|/a  b|/dev/sda1" ] || {
			echo "$output"
			return 1
		}
		[ ! -e hit ]
	done
}

@test "a plan that cannot be written is a failure" {
	echo root=/dev/sda1 >proc/cmdline
	run bash -c 'bootplan . >/dev/full'
	[ "$status" = 1 ] && [[ $output == *'cannot write the plan'* ]]
}

# value PARAMETER SETTING: what the plan says of it
value() {
	echo "$1" >proc/cmdline
	bootplan show . | sed -n "s/^$2=//p"
}

@test "numbers: zeros in front are no octal numbers" {
	[ "$(value 'vi.timeout=08' timeout)" = 8 ]
	[ "$(value 'vi.timeout=0000010' timeout)" = 10 ]
	[ "$(value 'vi.timeout=0' timeout)" = 0 ]
	[ "$(value 'vi.patience=009' patience)" = 9 ]
	[ "$(value 'panic=010' panic)" = 10 ]
	[ "$(value 'panic=-08' panic)" = -8 ]
	[ "$(value 'vi.size=08G' size)" = 8G ]
	[ "$(value 'overlay-size=050%' size)" = 50% ]
	[ "$(value 'rd.overlay.size=0512' size)" = 512m ]
	[ "$(value 'from=/slax perchmode=raw perchsize=08G' session)" = 'raw 8000' ]
	[ "$(value 'perchdir=007' persist)" = slax:7:/slax/changes ]
	[ "$(value 'vi.mode=loop vi.image=/a vi.part=01' part)" = 1 ]
	[ "$(value 'kloop=/a kroot=/dev/loop0p03' part)" = 3 ]
	[ "$(value 'waitusb=045:UUID=1' timeout)" = 45 ]
	[ "$(value 'vi.swap=zram:064m' swap)" = zram:64m ]
	[ "$(value 'vi.image=/a.sfs vi.persist=file:/c.img,02g,rollback=03' persist)" = \
		file:/c.img,2g,rollback=3 ]
	[ "$(value 'root=nbd:srv:010809' image)" = nbd://srv:10809/ ]
	[ "$(value 'vi.timeout=99999999999999999999999999' timeout)" = 86400 ]
}

@test "numbers: what is none, or no possible one, is refused by name" {
	local word
	for word in vi.timeout= vi.timeout=-1 vi.timeout=0x10 vi.timeout=5s vi.patience= \
		vi.patience=1e3 panic= panic=-- panic=x rootdelay=x \
		rd.retry=-3 waitusb= waitusb=x:UUID=1 live-media-timeout=1.5 vi.size=-1 vi.size=0 \
		vi.size=0x10 vi.size=101% vi.size=%% vi.size=1gg \
		vi.size=99999999999999999999g overlay-size=G cow_spacesize=1kk rd.overlay.size= \
		rd.overlay.size=5g rd.overlay.size=-5 perchsize= \
		perchsize=-1 perchsize=99999999999999999999 perchsize=1X perchdir=0 perchdir=-1 \
		vi.part=0 vi.part=00 vi.part=99999999999 vlooppart=p0 \
		rd.vdloop=/dev/vdhost/Partition rd.vdloop=/dev/vdhost/Partition0 vi.swap=zram:x \
		vi.swap=zram:0 vi.persist=ram:x vi.persist=ram:08z \
		vi.persist=file:/x,0g vi.persist=file:/x,2g,rollback=0 \
		vi.persist=file:/x,rollback=12 vi.persist=rollback=x root=nbd:srv:0 \
		root=nbd:srv:65536; do
		[[ "$(value "$word" note)" == *"'$word' ignored: expected"* ]] || {
			echo "$word: $(value "$word" note)"
			return 1
		}
	done
}

@test "addresses: right or refused by name" {
	local ip good='10.0.0.08::10.0.0.1:24::eth0:off 10.0.0.5:::255.255.255.000 10.0.0.5:::024 10.0.0.5:::0 eth0:dhcp:1500 [fe80::1]:::64 dhcp'
	local bad='10.0.0.256 10.0.0 10.0.0.-1 0x0a000001 10.0.0.5:::33 10.0.0.5:::-1 10.0.0.5:::255.0.255.0 10.0.0.5:::99999999999999999999
		10.0.0.5::10.0.0:24 [fe80::1]:::129 [fe80::1]:::0 [fe80:::1] 10.0.0.5::::::foo 1.2.3.4.5 01234.1.1.1'
	for ip in $good; do
		bootplan ip "$ip" >ip.sh && . ./ip.sh
		[ "$N_WHY" = '' ] || {
			echo "$ip: $N_WHY"
			return 1
		}
	done
	for ip in $bad; do
		bootplan ip "$ip" >ip.sh && . ./ip.sh
		[ "$N_WHY" != '' ] || {
			echo "$ip: taken"
			return 1
		}
	done
	bootplan ip 10.0.0.08::10.0.0.01:024::eth0:off >ip.sh && . ./ip.sh
	[ "$N_CLIENT $N_PREFIX $N_ROUTES" = $'10.0.0.8 24 via default 10.0.0.1\n' ]
}

@test "leases: what a server sends is checked as well" {
	printf '%s\n' ip=10.0.2.15 mask=24 'router=10.0.2.2 10.0.2.9' 'dns=a 10.0.2.3 0.0.0.0' \
		mtu=08 \
		'staticroutes=10.7.0.0/16 10.0.2.1 x y 10.8.0.0/016 0.0.0.0 10.9.0.0/33 10.0.2.1 0.0.0.0/0 10.9.9.9' >lease
	bootplan lease lease >lease.sh && . ./lease.sh
	[ "$L_IP/$L_PREFIX $L_ROUTER $L_DNS $L_MTU" = '10.0.2.15/24 10.0.2.2 10.0.2.3 ' ]
	[ "$L_ROUTES" = $'via 10.7.0.0/16 10.0.2.1\ndev 10.8.0.0/16\nlink 10.9.9.9\nvia 0.0.0.0/0 10.9.9.9\n' ]
	printf '%s\n' 'ip=10.0.2.15; reboot' mask=24 >lease
	bootplan lease lease >lease.sh && . ./lease.sh
	[[ $L_WHY == *"10.0.2.15; reboot"* ]] && [ "$L_IP" = '' ]
	printf '%s\n' ip=10.0.2.15 mask=24 subnet=255.0.255.0 >lease
	bootplan lease lease >lease.sh && . ./lease.sh
	[[ $L_WHY == *10.0.2.15/255.0.255.0* ]] && [ "$L_IP" = '' ]
	# udhcpc says bad for what is no name
	printf '%s\n' ip=10.0.2.15 mask=24 hostname=bad domain='a$b' search='a.example b.example' \
		$'rootpath=/srv/\e[2J' tftp=server boot_file=x >lease
	bootplan lease lease >lease.sh && . ./lease.sh
	[ "$L_HOST,$L_DOMAIN,$L_SEARCH,$L_PATH,$L_FILE,$L_NOTE" = \
		',,a.example b.example,,x,hostname, domain, rootpath' ]
}

@test "usage" {
	run bootplan --help
	[ "$status" = 0 ] && [[ $output == Usage:* ]]
	run bootplan --nonsense
	[ "$status" = 2 ]
	run bootplan ip
	[ "$status" = 2 ]
}
