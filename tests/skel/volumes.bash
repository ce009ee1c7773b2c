# shellcheck shell=bash disable=SC2154 # of lib.bash
# SPDX-License-Identifier: GPL-2.0-or-later
# For tests of LVM and LUKS volumes: what the profile packed, who types, which disks there are.

# tools NAME...: what the profile packed
tools() {
	local name
	for name in "$@"; do : >"$ROOT/bin/$name" && chmod +x "$ROOT/bin/$name"; done
	: >"$ROOT/dev/console"
	types secret secret secret
	volume_fakes
}

# types LINE...: at the console
types() {
	: >"$ROOT/typed"
	[ $# = 0 ] || printf '%s\n' "$@" >"$ROOT/typed"
	fake head <<'FAKE'
read -r line <"$ROOT/typed" && sed -i 1d "$ROOT/typed" && printf '%s\n' "$line"
FAKE
}

# findimg knows partitions, and what lvm and cryptsetup have made; $FOUND: what else there is, lines
# 'SPEC TYPE DEVICE'
volume_fakes() {
	fake volume <<'FAKE'
dir=$ROOT/sys/block/$1
mkdir -p "$dir/dm" "$dir/slaves/$4" "$ROOT/sys/class/block" && echo "$2" >"$dir/dm/name" && echo "$3" >"$dir/dm/uuid" && echo "254:${1#dm-}" >"$dir/dev"
ln -sfn "../../block/$1" "$ROOT/sys/class/block/$1"
FAKE
	fake lvm <<'FAKE'
case $1 in
vgs) cat "$ROOT/groups" 2>/dev/null ;;
vgchange | lvchange) "$FAKES/volume" dm-1 vg-lv LVM-abc "$(cat "$ROOT/pv")" ;;
esac
FAKE
	fake cryptsetup <<'FAKE'
for last in "$@"; do before=$device device=$last; done
"$FAKES/volume" dm-0 "$last" CRYPT-LUKS2-abc "${before##*/}"
FAKE
	fake findimg <<'FAKE'
while [ $# -gt 0 ]; do
	case $1 in -H) host=$2 && shift ;; -m) mount=$2 && shift ;; -D) disk=$2 && shift ;; -t) shift ;; --state) state=$2 && shift ;; /*) path=$1 ;; esac
	shift
done
answer() {
	printf 'DEVICE=%s\nFSTYPE=%s\nUUID=1234\n' "$1" "$2"
	[ -z "$mount" ] || { printf 'device %s\nmount %s\n' "$1" "$mount" >>"$state" && echo "FILE=$mount$path"; }
	exit 0
}
for dir in "$ROOT"/sys/block/dm-*; do
	[ "${disk:-/dev/${dir##*/}}" = "/dev/${dir##*/}" ] || continue
	[ "$host" != "/dev/mapper/$(cat "$dir/dm/name" 2>/dev/null)" ] || answer "/dev/${dir##*/}" ext4
	[ "$host:${dir##*/}" != UUID=in-lv:dm-1 ] || answer /dev/dm-1 ext4
done
case $host in
UUID=aabb) answer /dev/vda1 ext4 ;;
UUID=luks) answer /dev/vda2 crypto_LUKS ;;
UUID=luks2) answer /dev/vda4 crypto_LUKS ;;
UUID=pv) answer /dev/vda3 LVM2_member ;;
/dev/mapper/*) exit 3 ;;
/dev/dm-*) answer "$host" ext4 ;;
/dev/*) answer "$host" "${TYPE:-ext4}" ;;
esac
[ -z "$mount" ] || answer /dev/vda1 ext4
exit 3
FAKE
	echo vg >"$ROOT/groups"
	echo vda3 >"$ROOT/pv"
}
