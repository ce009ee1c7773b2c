# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# What the root of the boot command line, and a /usr of its own, need of an image. Needs common.sh,
# tools.sh, $work and $sysroot.
#   root_examine CMDLINE    writes $work/needs: lines KIND NAME REASON, sorted; sets root_text, what the root is, and root_lines; fails with
#       root_why if the root cannot be opened by an image of ours
#       KIND is module (a driver, packed or built in), program, or driver (as module, by the name in the running kernel)
#   root_verify LIST KVER   judges an image by the list of its members; prints what is missing, one a line; fails if there is anything
#   root_cmdline SETTING    prints the command line: that of the preset, or of this system

root_cmdline() {
	if [ "$1" != auto ]; then
		[ "$1" = none ] || printf '%s\n' "$1"
	elif [ -s "$sysroot/etc/kernel/cmdline" ]; then
		tr '\n' ' ' <"$sysroot/etc/kernel/cmdline"
	elif [ -z "$sysroot" ]; then
		cat "${MKVINITRD_PROC:-/proc}/cmdline"
	fi
}

# The table of bootplan understands the spellings of all systems.
root_bootplan() {
	for root_program in "$here/applets/bootplan" "$here/../build/musl/bin/bootplan"; do
		[ ! -x "$root_program" ] || break
	done
	[ -x "$root_program" ] ||
		{ root_why="cannot examine the root: there is no program bootplan in $here/applets" && return 1; }
	root_why='cannot examine the root: bootplan cannot evaluate the kernel command line'
	mkdir -p "$work/plan/proc" "$work/plan/etc/mkvinitrd" &&
		printf '%s\n' "$1" >"$work/plan/proc/cmdline" &&
		echo mode=disk >"$work/plan/etc/mkvinitrd/defaults" &&
		"$root_program" "$work/plan" >"$work/plan/out" 2>/dev/null || return
	root_why=''
	eval "$(sed -n "/^P_\(ROOT\|FSTYPE\|HOST\|ACCESS\|FSCK\|NOFSTAB\)='.*'\$/p" "$work/plan/out")"
	! grep -q "^P_LUKS='[^']" "$work/plan/out" || root_named=1
}

# root_device SPEC: prints the device of this machine
root_device() {
	case $1 in
	/dev/*) [ ! -b "$1" ] || printf '%s\n' "$1" ;;
	*=*) findfs "$1" 2>/dev/null || : ;;
	esac
}

root_need() {
	printf '%s %s %s\n' "$1" "$2" "$3" >>"$work/needs"
}

# root_drivers DIRECTORY REASON: the drivers of a device of sysfs and of what it is connected to
root_drivers() {
	root_path=$(readlink -f "$1") || return 0
	while [ "${root_path#"$root_sysfs"/devices/}" != "$root_path" ]; do
		root_module=$(readlink -f "$root_path/driver/module") && [ -d "$root_module" ] &&
			root_need driver "${root_module##*/}" "$2"
		root_path=${root_path%/*}
	done
}

root_keyboards() {
	awk '/^S: Sysfs=/ { sub("S: Sysfs=", ""); path = $0 } /^B: EV=120013/ { print path }' \
		"${MKVINITRD_PROC:-/proc}/bus/input/devices" 2>/dev/null |
		while IFS= read -r root_keyboard; do
			root_drivers "$root_sysfs$root_keyboard" 'the keyboard for the passphrase'
		done
}

root_add_line() {
	case $root_lines in
	*"$1"*) ;;
	*) root_lines="$root_lines$1
" ;;
	esac
}

# root_crypttab NAME UUID: the line of crypttab for that volume
root_crypttab() {
	[ ! -r "$sysroot/etc/crypttab" ] ||
		NAME=$1 UUID=$2 awk \
			'!/^[[:space:]]*#/ && ($1 == ENVIRON["NAME"] || index($2, ENVIRON["UUID"])) { print; exit }' "$sysroot/etc/crypttab"
}

# root_luks NAME UUID: a volume that has to be opened. Debian's command line does not name it: its
# crypttab does.
root_luks() {
	root_crypttab "$1" "$2" >"$work/crypttab"
	read -r root_name root_source root_key root_options <"$work/crypttab" || :
	root_given=''
	for root_option in $(echo "${root_options:-}" | tr , ' '); do
		case $root_option in
		tpm2-* | fido2-* | token-timeout=*)
			[ "${root_option%%-*}" = token ] || root_add_line "include ${root_option%%-*}"
			root_given=$root_given${root_given:+,}$root_option
			;;
		discard | readonly | read-only | no-read-workqueue | no-write-workqueue | same-cpu-crypt | submit-from-crypt-cpus | perf-no_read_workqueue | perf-no_write_workqueue | perf-same_cpu_crypt | perf-submit_from_crypt_cpus)
			root_given=$root_given${root_given:+,}$root_option
			;;
		keyscript=* | pkcs11-* | header=*)
			root_why="'$root_option' of the volume $1 in $sysroot/etc/crypttab is not supported; 'root none' in the preset leaves the root to you"
			return 1
			;;
		esac
	done
	[ -z "$root_given" ] || [ -z "$2" ] ||
		root_add_line "param rd.luks.options=$2=$root_given"
	case ${root_key:-none} in none | -) ;; *) root_text="$root_text (its key file $root_key is not packed: the passphrase is asked)" ;; esac
	case $preset_lines in *rd.luks.* | *cryptdevice=* | *cryptroot=*) root_named=1 ;; esac
	[ -n "$root_named" ] || [ -z "$2" ] || root_add_line "param rd.luks.name=$2=$1"
}

# root_layer NAME TYPE FSTYPE UUID: a device below the root, as lsblk names it
root_layer() {
	case $2 in
	crypt)
		root_text="$root_text on LUKS"
		root_need module dm_crypt 'LUKS' && root_need program cryptsetup 'LUKS'
		root_add_line 'include luks'
		root_keyboards
		root_volume=$1
		;;
	lvm)
		root_text="$root_text on LVM"
		root_need module dm_mod 'LVM' && root_need program lvm 'LVM'
		root_add_line 'include lvm'
		;;
	raid* | linear | md)
		root_text="$root_text on $2"
		case $2 in
		raid4 | raid5 | raid6) root_need module raid456 "the array $1" ;;
		raid*) root_need module "$2" "the array $1" ;;
		esac
		root_need module md_mod 'software RAID' && root_need program mdadm 'software RAID'
		root_add_line 'include raid'
		;;
	disk) root_drivers "$root_sysfs/class/block/$1" "the disk $1" ;;
	esac
	[ "$3:${root_volume:+x}" = crypto_LUKS:x ] || return 0
	root_luks "$root_volume" "$4" && root_volume=''
}

# root_unknown: the line for a profile without the file systems of other machines
root_unknown() {
	[ "$preset_profile" != machine ] || echo 'module =fs'
}

# root_driver TYPE WHAT: the driver of a file system, which is added to a profile without those of
# other machines; all, if it is not known
root_driver() {
	case $1 in
	'')
		root_add_line "$(root_unknown)"
		return
		;;
	ext2 | ext3) set -- ext4 "$2" ;;
	esac
	root_need module "$1" "the file system of $2"
	[ "$preset_profile" != machine ] || root_add_line "module $1?"
}

# root_filesystem WORD SPEC TYPE WHAT: what it is made of; WORD is what names it
root_filesystem() {
	root_type=$3 root_volume=''
	root_found=$(root_device "$2")
	if [ -z "$root_found" ]; then
		root_text="$root_text$1=$2, not on this machine"
		root_driver "$3" "$4"
		return 0
	fi
	lsblk -n -s -r -o NAME,TYPE,FSTYPE,UUID "$root_found" >"$work/layers" ||
		{ root_why="cannot examine the root: lsblk failed for $1=$2" && return 1; }
	[ -n "$root_type" ] || root_type=$(awk 'NR == 1 { print $3 }' "$work/layers")
	root_text="$root_text$1=$2, which is ${root_type:-of an unknown type}"
	root_driver "$root_type" "$4"
	while read -r root_name root_kind root_content root_uuid; do
		root_layer "$root_name" "$root_kind" "$root_content" "$root_uuid" || return
	done <"$work/layers"
	[ -z "$root_volume" ] || [ -n "$root_named" ] || {
		case $preset_lines in *rd.luks.* | *cryptdevice=* | *cryptroot=*) return 0 ;; esac
		root_why="the device of the volume $root_volume has no LUKS header (plain dm-crypt, BitLocker and detached headers are not supported); 'root none' in the preset leaves the root to you"
		return 1
	}
}

# root_fsck: the root's own e2fsck, for what no later fsck can check, since it is writable then
root_fsck() {
	case $root_type:$P_FSCK in *:skip) return 0 ;; ext[234]:*) ;; *) return 0 ;; esac
	[ -x "$sysroot/sbin/e2fsck" ] || return 0
	! { printf '%s\n' "$preset_lines" &&
		mkvinitrd profile show "$preset_profile" 2>/dev/null; } | grep -q '^[^#]*e2fsck' ||
		return 0
	root_need program e2fsck 'the check of what is mounted for writing'
	root_add_line 'binary /sbin/e2fsck'
}

# root_usr: the line of fstab for /usr: SPEC TYPE OPTIONS DUMP PASS
root_usr() {
	[ -z "$P_NOFSTAB" ] && [ -r "$sysroot/etc/fstab" ] || return 0
	awk '!/^[[:space:]]*#/ && ($2 == "/usr" || $2 == "/usr/") { print $1, $3, $4, $5, $6; exit }' "$sysroot/etc/fstab" >"$work/usr"
	read -r root_spec root_type root_options root_dump root_pass <"$work/usr" || return 0
	case ,$root_options, in *,bind,* | *,rbind,*) return 0 ;; esac
	case $root_type in auto | none) root_type='' ;; nfs* | cifs | 9p | virtiofs | fuse* | overlay | tmpfs) return 0 ;; esac
	root_text="$root_text; "
	root_filesystem /usr "$(printf %b "$root_spec")" "$root_type" /usr || return
	case ,$root_options,:${root_pass:-0} in *,ro,*:* | *:0) ;; *) root_fsck ;; esac
}

root_examine() {
	root_lines='' root_text='' root_why='' root_sysfs=${MKVINITRD_SYSFS:-/sys}
	: >"$work/needs"
	P_ROOT='' P_FSTYPE='' P_HOST='' P_ACCESS='' P_FSCK='' P_NOFSTAB='' root_named=''
	root_spec='' root_text='the kernel command line has no root'
	if [ -z "$1" ]; then
		root_text='no kernel command line is known'
	else
		root_bootplan "$1" || return
		root_spec=${P_ROOT:-$P_HOST}
	fi
	if [ -z "$root_spec" ]; then
		root_driver '' ''
		return
	fi
	root_text=''
	root_filesystem root "$root_spec" "$P_FSTYPE" 'the root' || return
	[ "$P_ACCESS" != rw ] || root_fsck
	root_usr || return
	LC_ALL=C sort -u -o "$work/needs" "$work/needs"
}

# root_has_module NAME LIST KVER: packed or built in. Status 2: this kernel has no such driver.
root_has_module() {
	root_pattern=$(printf %s "$1" | sed 's/[-_]/[-_]/g')
	! grep -q "/$root_pattern\.ko\(\.[a-z0-9]*\)\{0,1\}\$" "$2" || return 0
	root_tree=$sysroot/lib/modules/$3
	[ -d "$root_tree" ] || root_tree=$sysroot/usr/lib/modules/$3
	! grep -qs "/$root_pattern\.ko\$" "$root_tree/modules.builtin" || return 0
	grep -qs "/$root_pattern\.ko[.a-z0-9]*:" "$root_tree/modules.dep" || return 2
	return 1
}

# root_parts: what is verified, for the summary
root_parts() {
	[ -s "$work/needs" ] || return 0
	printf ': the image has %s' \
		"$(cut -d ' ' -f 2 "$work/needs" | LC_ALL=C sort -u | paste -s -d ' ')"
}

root_verify() {
	root_missing=''
	while read -r root_kind root_name root_reason; do
		root_status=0
		case $root_kind in
		program) grep -q "^/\{0,1\}s\{0,1\}bin/$root_name\$" "$1" ||
			root_missing="$root_missing, $root_name ($root_reason)" ;;
		*) root_has_module "$root_name" "$1" "$2" || root_status=$? ;;
		esac
		case $root_kind:$root_status in
		*:0 | driver:2) ;; # a driver may have another name in another kernel
		*:2) root_missing="$root_missing, $root_name ($root_reason), which this kernel does not have" ;;
		*) root_missing="$root_missing, $root_name ($root_reason)" ;;
		esac
	done <"$work/needs"
	[ -n "$root_missing" ] || return 0
	printf '%s\n' "${root_missing#, }"
	return 1
}
