# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of skel/: a root tree, fake programs that write down how they were called, both
# shells.
SKEL=$(cd "${BASH_SOURCE[0]%/*}/../../skel" && pwd)
# exported, as media.bash has another HOST
: "${BOOTPLAN:=$(realpath "${HOST:-$SKEL/../build/host}/bin/bootplan")}"
export BOOTPLAN
# The image has busybox ash; dash is a second opinion on what POSIX says. SKEL_SHELLS=ash: without
# it.
SHELLS=('dash' 'busybox ash')
[ "${SKEL_SHELLS:-}" != ash ] || SHELLS=('busybox ash')

# A fresh tree: ROOT with what the builder and the kernel put there, FAKES, CALLS.
new_tree() {
	ROOT=$BATS_TEST_TMPDIR/root FAKES=$BATS_TEST_TMPDIR/fakes CALLS=$BATS_TEST_TMPDIR/calls
	RUN=$BATS_TEST_TMPDIR/run
	rm -rf "$ROOT" "$FAKES" "$CALLS"
	mkdir -p "$FAKES" "$ROOT"/{bin,proc/self/fd,sys/class/net,sys/block,dev,run,newroot/sbin,etc/mkvinitrd,lib}
	ln -s "$SKEL/lib" "$ROOT/lib/mkvinitrd"
	cp "$SKEL/shutdown" "$ROOT/shutdown"
	echo BUSYBOX >"$ROOT/bin/busybox"
	echo ID=mkvinitrd >"$ROOT/etc/initrd-release"
	printf 'members=9\nxxh128=0123456789abcdef0123456789abcdef\n' \
		>"$ROOT/etc/mkvinitrd/sentinel"
	ln -s "$BOOTPLAN" "$ROOT/bin/bootplan"
	printf '#!/bin/sh\n' >"$ROOT/newroot/sbin/init"
	mkdir "$ROOT/newroot"/{proc,sys,dev,run,etc}
	chmod +x "$ROOT/newroot/sbin/init"
	: >"$ROOT/proc/self/fd/2"
	printf 'MemTotal: 1048576 kB\nMemAvailable: 819200 kB\n' >"$ROOT/proc/meminfo"
	: >"$ROOT/proc/cmdline"
	: >"$CALLS"
	export ROOT RUN FAKES CALLS
	make_runner
	default_fakes
}

# Every command that changes the world goes through it: written down without ROOT, then the fake if
# there is one.
make_runner() {
	cat >"$RUN" <<'RUNNER'
#!/bin/sh
line=$*
while case $line in *"$ROOT"*) ;; *) false ;; esac; do line=${line%%"$ROOT"*}${line#*"$ROOT"}; done
printf '%s\n' "$line" >>"$CALLS"
name=$1
shift
if [ -x "$FAKES/$name" ]; then exec "$FAKES/$name" "$@"; fi
case $name in cp) exec cp "$@" ;; esac
exit 0
RUNNER
	chmod +x "$RUN"
}

# fake NAME: its program on stdin
fake() {
	{
		echo '#!/bin/sh'
		cat
	} >"$FAKES/$1"
	chmod +x "$FAKES/$1"
}

default_fakes() {
	fake findimg <<'FAKE'
host='' mount='' path='' state='' wrapper=''
while [ $# -gt 0 ]; do
	case $1 in
	-H) host=$2 && shift ;;
	-m) mount=$2 && shift ;;
	-t | -D) shift ;;
	-q) ;;
	--state) state=$2 && shift ;;
	-w) ;;
	--wrap) wrapper=/dev/dm-0 ;;
	*) path=${path:-$1} ;;
	esac
	shift
done
case $host in /dev/*) echo "DEVICE=$host" ;; *) echo DEVICE=/dev/vda1 ;; esac
[ -z "$mount" ] || {
	echo 'device /dev/vda1'
	[ -z "$wrapper" ] || echo "wrapper $wrapper"
	echo "mount $mount"
} >>"$state"
echo FSTYPE=ext4
echo UUID=1234
[ -z "$path" ] || echo "FILE=$mount$path"
FAKE
	fake vdattach <<'FAKE'
case $1 in free | unmap) exit 0 ;; esac
device=/dev/loop0 state=''
while [ $# -gt 0 ]; do
	case $1 in
	--state) state=$2 ;;
	-p) device=/dev/loop0p$2 ;;
	esac
	shift
done
echo "loop /dev/loop0" >>"$state"
echo "$device"
FAKE
	# Something changes in this world ten times a second. A test where nothing comes late has no
	# time to wait.
	fake coldplug <<'FAKE'
[ "$1" = --events ] || exit 0
n=$(($2 * 10))
while [ $n -gt 0 ] && echo; do
	n=$((n - 1))
	[ -n "${BATS_VERSION:-}" ] && [ -z "${SLOW_EVENTS:-}" ] || sleep 0.1
done
FAKE
	fake timeout <<'FAKE'
shift
exec "$RUN" "$@"
FAKE
	fake unpackroot <<'FAKE'
for last in "$@"; do before=$archive archive=$last; done
[ "$before" != - ] || cat >/dev/null
FAKE
}

cmdline() {
	printf '%s\n' "$*" >"$ROOT/proc/cmdline"
}

defaults() {
	printf '%s\n' "$@" >"$ROOT/etc/mkvinitrd/defaults"
}

# boot ARGS: init in the shell under test; ARGS are what the kernel hands to it
boot() {
	# shellcheck disable=SC2086 # "busybox ash"
	run timeout 60 $SH "$SKEL/init" "$@"
}

# both FUNCTION: the test's body, once in each of these shells, each time in a fresh tree
both() {
	for SH in "${SHELLS[@]}"; do
		new_tree
		"$@" || {
			echo "in $SH:"
			echo "--- output"
			echo "$output"
			echo "--- calls"
			cat "$CALLS"
			return 1
		}
	done
}

# calls LINE...: these calls happened, in this order, others may lie between
calls() {
	local line rest
	rest=$(cat "$CALLS")
	for line in "$@"; do
		case $'\n'$rest$'\n' in
		*$'\n'"$line"$'\n'*) rest=${rest#*"$line"} ;;
		*)
			echo "not called (in this order): $line"
			return 1
			;;
		esac
	done
}

not_called() {
	! grep -qE -- "$1" "$CALLS" || {
		echo "called: $(grep -E -- "$1" "$CALLS")"
		return 1
	}
}

said() {
	case $output in *"$1"*) return 0 ;; esac
	echo "never said: $1"
	return 1
}

# plan: what the words of the tree resolve to
plan() {
	"$BOOTPLAN" show "$ROOT"
}

# nic NAME ADDRESS CARRIER
nic() {
	mkdir -p "$ROOT/sys/class/net/$1"
	echo 1 >"$ROOT/sys/class/net/$1/type"
	echo "$2" >"$ROOT/sys/class/net/$1/address"
	echo "$3" >"$ROOT/sys/class/net/$1/carrier"
}

# udhcpc's fake calls the real script with the variables in $FAKES/lease.LINK; $FAKES/after.LINK is
# a pipe on which it waits before, $FAKES/then.LINK one that it feeds afterwards. It runs in
# /run/initramfs, as with chroot. Pauses take an eighth of their time.
fake_dhcp() {
	fake sleep <<'FAKE'
exec sleep "$(awk -v s="$1" 'BEGIN { print s / 8 }')"
FAKE
	fake chroot <<'FAKE'
export NET=$1$NET CHROOT=$1
name=$FAKES/${2#@/}
shift 2
exec "$name" "$@"
FAKE
	fake udhcpc <<'FAKE'
while [ $# -gt 0 ]; do
	case $1 in
	-i) interface=$2 ;;
	-s) script=${CHROOT:-}$2 ;;
	esac
	shift
done
[ ! -p "$FAKES/after.$interface" ] || read -r _ <"$FAKES/after.$interface"
[ -e "$FAKES/lease.$interface" ] || exit 1
set -a
export interface
. "$FAKES/lease.$interface"
trap : USR2 TERM
sh "$script" bound
[ ! -p "$FAKES/then.$interface" ] || timeout 60 sh -c 'echo >"$0"' "$FAKES/then.$interface"
FAKE
}

# lease LINK LINES...
lease() {
	printf '%s\n' "${@:2}" >"$FAKES/lease.$1"
}

# fields WORD...: what ip= of each means
fields() {
	# shellcheck disable=SC2086,SC2016
	$SH -c 'set -u; for w in "$@"; do "$ROOT/bin/bootplan" ip "$w" >"$ROOT/ip.sh" || exit; . "$ROOT/ip.sh"
		echo "$w = $N_AUTO dev:$N_DEV ip:$N_CLIENT srv:$N_SERVER gw:$N_GATEWAY mask:$N_MASK host:$N_HOST dns:$N_DNS"; done' - "$@"
}
