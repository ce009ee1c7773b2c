# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# vi.kernel=: the kernel that the root itself has is started instead of the one that the boot loader
# started. The root is mounted.
# Nothing is written to a disk: this initramfs, with modules of the root's kernel in place of its
# own, is packed in memory.

# root_kernel: does not come back if another kernel is started. If it cannot be, the boot continues
# with this one.
root_kernel() {
	local running
	# a kernel that was started here starts no other
	[ ! -e "$ROOT/etc/mkvinitrd/kexec" ] || return 0
	first_line "$ROOT/proc/sys/kernel/osrelease"
	running=$RET
	find_kernel "$P_KERNEL" || {
		warn "vi.kernel=$P_KERNEL: $RET; continuing with kernel $running"
		return 0
	}
	if [ "$VERSION" = "$running" ]; then
		is_other_build || return 0
		running="another build of $running"
	fi
	working "preparing to start kernel $VERSION of the root"
	load_kernel || {
		rm -rf "$RAMFS/kexec"
		warn "kernel $VERSION of the root could not be loaded; continuing with kernel $running," \
			"whose modules the root may no longer have: run mkvinitrd frugal --update"
		return 0
	}
	start_kernel "$running"
}

# is_other_build: KERNEL is not what runs, although its version is the same, as a rebuilt package or
# one's own kernel may have. The start of a bzImage names its build as /proc/version does, from a #
# on; of other formats nothing is known.
is_other_build() {
	local build text
	first_line "$ROOT/proc/version"
	build="#${RET#*" #"}"
	text=$(version_line "$KERNEL" "$VERSION") || return 1
	case $text in *"$build") return 1 ;; esac
}

# find_kernel CHOICE: VERSION and KERNEL; or why not, in RET
find_kernel() {
	case $1 in
	image) newest_kernel 1 ;;
	previous) newest_kernel 2 ;;
	*) VERSION=$1 ;;
	esac
	if kernel_of "$VERSION"; then
		KERNEL=$RET
		return 0
	fi
	RET="the root has no kernel ${VERSION:-at all}: expected /boot/vmlinuz-${VERSION:-*} with /lib/modules/${VERSION:-*}"
	return 1
}

# newest_kernel N: VERSION of the Nth, or of the last, that can run this machine. One that a virtual
# machine alone needs (Debian's cloud kernels) sorts behind the general one of the same version.
newest_kernel() {
	local version left=$1 drivers
	drivers=$(disk_drivers)
	VERSION=''
	for version in $(root_versions | sort -rV); do
		has_drivers "$version" "$drivers" || {
			say "kernel $version of the root has no driver '$RET'," \
				"which ${HOST_DEVICE:-$DEVICE} needs: an older one is looked for"
			continue
		}
		VERSION=$version
		left=$((left - 1))
		[ $left -gt 0 ] || return 0
	done
}

# disk_drivers: the modules that are loaded for the disk that the image or the root is on, and for
# what it is attached to. Of drivers that are built in, not every kernel has a list.
disk_drivers() {
	local device=${HOST_DEVICE:-$DEVICE}
	device=$(readlink -f "$ROOT/sys/class/block/${device##*/}") || return 0
	while [ -n "$device" ]; do
		[ ! -e "$device/driver/module/initstate" ] || (cd -P "$device/driver/module" && echo "${PWD##*/}")
		device=${device%/*}
	done
}

# has_drivers VERSION DRIVERS: as modules, or built in; if not, one that it lacks is in RET
has_drivers() {
	local driver name
	inside "/lib/modules/$1"
	for driver in $2; do
		name=$(echo "$driver" | sed 's/_/[_-]/g')
		grep -q -s "/$name\.ko" "$NEWROOT$RET/modules.dep" "$NEWROOT$RET/modules.builtin" || {
			RET=$driver
			return 1
		}
	done
}

# root_versions: of kernels that the root can run with, a line each
root_versions() {
	local dir version
	inside /lib/modules
	for dir in "$NEWROOT$RET"/*; do
		version=${dir##*/}
		! kernel_of "$version" || echo "$version"
	done
}

# kernel_of VERSION: the kernel's file in RET; false if it has no modules
kernel_of() {
	local file
	case $1 in '' | *[!A-Za-z0-9._+~-]*) return 1 ;; esac
	inside "/lib/modules/$1/modules.dep"
	[ -f "$NEWROOT$RET" ] || return 1
	for file in "/boot/vmlinuz-$1" "/lib/modules/$1/vmlinuz" "/boot/kernel-$1"; do
		inside "$file"
		RET=$NEWROOT$RET
		[ ! -f "$RET" ] || return 0
	done
	# Arch has vmlinuz-linux, Alpine vmlinuz-lts
	inside /boot
	for file in "$NEWROOT$RET"/vmlinuz*; do
		RET=$file
		! version_line "$file" "$1" >/dev/null || return 0
	done
	return 1
}

# version_line FILE VERSION: the line of a bzImage with its version and build
version_line() {
	[ -f "$1" ] && dd if="$1" bs=64k count=1 2>/dev/null | tr '\000' '\n' | grep -F -m 1 "$2 ("
}

load_kernel() {
	local staged=$RAMFS/kexec
	rm -rf "$staged"
	mkdir -p "$staged/root/lib" "$staged/tree/dev" "$staged/tree/etc/mkvinitrd" \
		"$staged/tree/lib/modules/$VERSION" || return 1
	inside /lib/modules
	ln -s "$NEWROOT$RET" "$staged/root/lib/modules" &&
		choose_modules "$staged" &&
		pack_initramfs "$staged" >"$staged/initramfs" &&
		first_line "$ROOT/proc/cmdline" &&
		$RUN exitrd --load "$KERNEL" "$staged/initramfs" "$RET"
}

# choose_modules DIRECTORY: the modules of this initramfs, as the other kernel has them:
# DIRECTORY/files, and an index of them
# shellcheck disable=SC2016 # awk's
choose_modules() {
	local from=$1/root/lib/modules/$VERSION index=$1/tree/lib/modules/$VERSION file
	find "$ROOT/lib/modules" -name '*.ko*' >"$1/ours" || return 1
	awk -v version="$VERSION" -v files="$1/files" -v names="$1/names" '
		function name(path) {
			sub(/.*\//, "", path)
			sub(/\.ko.*/, "", path)
			gsub(/-/, "_", path)
			return path
		}
		function add_file(path, dir) {
			dir = path
			if (sub(/\/[^\/]*$/, "", dir) && !(dir in seen))
				add_file(dir)
			seen[path] = 1
			print "lib/modules/" version "/" path >files
		}
		# the driver for NTFS has another name since Linux 7
		FILENAME == ARGV[1] { ours[name($0)] = 1; if (name($0) ~ /^ntfs3?$/) ours["ntfs"] = ours["ntfs3"] = 1; next }
		{
			path = substr($1, 1, length($1) - 1)
			order[++count] = path
			line[path] = $0
			if (name(path) in ours)
				for (i = 1; i <= NF; i++)
					wanted[i == 1 ? path : $i] = 1
		}
		END {
			print "lib/modules/" version >files
			for (i = 1; i <= count; i++) {
				if (!(order[i] in wanted))
					continue
				print line[order[i]]
				print name(order[i]) >names
				add_file(order[i])
				found++
			}
			exit !found
		}' "$1/ours" "$from/modules.dep" >"$index/modules.dep" || return 1
	for file in alias softdep weakdep builtin; do
		[ -f "$from/modules.$file" ] || continue
		if [ "$file" = alias ]; then
			awk 'FILENAME == ARGV[1] { kept[$1] = 1; next } $3 in kept' "$1/names" \
				"$from/modules.alias"
		else
			cat "$from/modules.$file"
		fi >"$index/modules.$file" || return 1
	done
}

# pack_initramfs DIRECTORY: on stdout. The sentinel is the last member, as in every image.
pack_initramfs() {
	{ $RUN mknod "$1/tree/dev/console" c 5 1 && $RUN mknod "$1/tree/dev/null" c 1 3 &&
		cp "$ROOT/etc/mkvinitrd/sentinel" "$1/tree/etc/mkvinitrd/" &&
		echo "$VERSION" >"$1/tree/etc/mkvinitrd/kexec"; } || return 1
	(
		cd "$ROOT/" && find . -xdev ! -path './lib/modules/*' \
			! -path ./etc/mkvinitrd/sentinel | cpio -o -H newc
	) 2>"$1/log" && (
		cd "$1/root" && cpio -o -H newc <"$1/files"
	) 2>>"$1/log" && (
		cd "$1/tree" && {
			find . ! -path ./etc/mkvinitrd/sentinel
			echo ./etc/mkvinitrd/sentinel
		} | cpio -o -H newc
	) 2>>"$1/log" && return 0
	warn "packing an initramfs for kernel $VERSION failed: $(grep -v ' blocks$' "$1/log" | tail -n 1)"
	return 1
}

# The loaded kernel starts when everything is unmounted and detached: at the end of a shutdown,
# which a root comes to whose init only reboots.
# shellcheck disable=SC2034 # for start_init
start_kernel() {
	rm -rf "$RAMFS/kexec"
	install_shutdown
	if ! { [ -x "$RAMFS/bin/exitrd" ] && [ -x "$RAMFS/shutdown" ]; }; then
		warn "kernel $VERSION of the root cannot be started: the shutdown programs are not in place; continuing with kernel $1"
		return 0
	fi
	say "starting kernel $VERSION of the root in place of $1"
	ln -sf busybox "$RAMFS/bin/reboot"
	hide_mounts
	stop_helpers
	mark "kexec of $VERSION"
	move_mounts
	INIT=/run/initramfs/bin/exitrd$NL/run/initramfs/bin/reboot INIT_ARGS=-f
	start_init
}
