# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# Files on the data partition of a USB drive, and reading back what was written. Paths begin with a
# slash and are plain.
# ext4 and FAT are written by debugfs and mtools, without mounting and without root; exFAT and F2FS
# are mounted.

# ext4_device: for debugfs and e2fsck
ext4_device() {
	echo "$drive?offset=$((data_start * 512))"
}

# mount_data: the data partition at $work/mount
mount_data() {
	loop_data
	mkdir -p "$work/mount"
	mount_mark=$undo_count
	at_exit unmount_late
	if run_logged mount -t "$data" "$loop" "$work/mount"; then return; fi
	if [ "$data" = exfat ] && command -v mount.exfat-fuse >/dev/null; then
		run_or_die "mounting the exFAT partition of '$target'" mount.exfat-fuse "$loop" \
			"$work/mount"
	else
		die "this kernel cannot mount $data, which is needed to write to '$target': $(failure_reason)"
	fi
}

unmount_late() {
	! mountpoint -q "$work/mount" || umount "$work/mount" 2>/dev/null || umount -l "$work/mount"
}

# unmount_data: what could not be written shows here
unmount_data() {
	run_or_die "writing to '$target'" sync -f "$work/mount"
	run_or_die "unmounting the data partition of '$target'" umount "$work/mount"
	undo_to "$mount_mark"
	loop_end
}

# sload.f2fs fills a new file system where the kernel has no F2FS: it takes a directory.
load_f2fs() {
	rm -rf "$work/load"
	mkdir -p "$work/load${2%/*}"
	ln "$1" "$work/load$2" 2>/dev/null ||
		run_shown 'copying the root' "$1" cp --sparse=always "$1" "$work/load$2" ||
		die "cannot copy '$1' to '$work', which sload.f2fs needs: $(failure_reason)"
	loop_data
	run_shown "writing $2" "$1" sload.f2fs -f "$work/load" "$loop" ||
		die "writing '$2' to '$target' failed: $(failure_reason)"
	loop_end
	rm -rf "$work/load"
}

# f2fs_by_kernel: whether it can mount F2FS
f2fs_by_kernel() {
	modprobe -q f2fs 2>/dev/null || :
	grep -qw f2fs /proc/filesystems
}

# data_put FILE PATH: the kernel's ext4 has a journal, so an existing one is mounted if we may; its
# directory is one level deep
data_put() {
	case $data in
	none)
		fat_directory "${2%/*}"
		run_shown "writing $2" "$1" mcopy -Q -o -i "$fat" "$1" "::$2"
		;;
	ext4)
		if [ -z "$new_data" ] && [ "$(id -u)" = 0 ]; then copy_by_mount "$1" "$2" &&
			return; fi
		ln -s "$(readlink -f "$1")" "$work/source"
		printf 'mkdir %s\ncd %s\nwrite "%s" %s\n' "${2%/*}" "${2%/*}" "$work/source" \
			"${2##*/}" >"$work/commands"
		# one that has files would be left broken
		[ -n "$new_data" ] || hold_signals
		put_status=0
		run_shown "writing $2" "$1" debugfs -w -f "$work/commands" "$(ext4_device)" ||
			put_status=$?
		[ -n "$new_data" ] || release_signals
		rm "$work/source"
		[ $put_status = 0 ] && ! debugfs_failed
		;;
	f2fs)
		if [ -n "$new_data" ] &&
			! f2fs_by_kernel; then load_f2fs "$1" "$2"; else copy_by_mount "$1" "$2"; fi
		;;
	exfat) copy_by_mount "$1" "$2" ;;
	esac || die "writing '$2' to '$target' failed: $(failure_reason)"
}

# Its status is 0 even then.
debugfs_failed() {
	grep -a -v -e '^debugfs [0-9]' -e '^debugfs: mkdir ' -e '^debugfs: cd ' \
		-e '^debugfs: write ' "$work/log" |
		grep -a -q -i -e error -e 'not open' -e 'no space' -e 'could not'
}

copy_by_mount() {
	mount_data
	mkdir -p "$work/mount${2%/*}"
	run_shown "writing $2" "$1" cp --sparse=always "$1" "$work/mount$2" ||
		die "writing '$2' to '$target' failed: $(failure_reason)"
	unmount_data
}

# data_remove PATH...
data_remove() {
	case $data in
	none) for path in "$@"; do
		run_or_die "removing '$path' from '$target'" mdel -i "$fat" "::$path"
	done ;;
	ext4)
		if [ "$(id -u)" = 0 ]; then remove_by_mount "$@" && return; fi
		printf 'rm %s\n' "$@" >"$work/commands"
		run_or_die "removing files from '$target'" debugfs -w -f "$work/commands" \
			"$(ext4_device)"
		;;
	*) remove_by_mount "$@" ;;
	esac
}

remove_by_mount() {
	mount_data
	for path in "$@"; do rm -f "$work/mount$path"; done
	unmount_data
}

# fat_free: bytes free on the boot partition
fat_free() {
	mdir -i "$fat" ::/boot/mkvinitrd 2>/dev/null | sed -n 's/ bytes free.*//p' | tr -d ' \n'
}

# data_free: bytes free on the data partition
data_free() {
	case $data in
	none) fat_free ;;
	ext4) LC_ALL=C dumpe2fs -h "$(ext4_device)" 2>/dev/null |
		awk -F: '/^Free blocks/ { n = $2 } /^Block size/ { size = $2 } END { printf "%.0f\n", n * size }' ;;
	*)
		mount_data >&2
		df -B 1 --output=avail "$work/mount" | tail -n 1
		unmount_data >&2
		;;
	esac
}

# From the medium, not from memory: pages of a disk that are clean are dropped.
forget_cache() {
	if [ -b "$(readlink -f "$drive")" ]; then
		run_or_die "reading '$target' again" blockdev --flushbufs "$drive"
	else
		dd if="$drive" iflag=nocache count=0 status=none 2>/dev/null || :
	fi
}

# GRUB's own drivers read the drive, as they will when it boots.
grub_has() {
	run_logged grub-fstest "$drive" cmp "(loop0,$grub_type$boot_number)/$2" "$1" ||
		die "'$2' on '$target' is not what was written: GRUB finds: $(failure_reason)"
}

# data_has FILE HASH PATH
data_has() {
	say "reading back $3"
	# shellcheck disable=SC2016 # of the inner shell
	case $data in
	ext4) run_logged sh -c 'debugfs -R "cat $2" "$1" 2>/dev/null | sha256sum' sh \
		"$(ext4_device)" "$3" ;;
	*) run_logged sh -c 'grub-fstest "$1" cat "$2" 2>/dev/null | sha256sum' sh "$drive" \
		"(loop0,$grub_type$data_number)$3" ;;
	esac || die "cannot read '$3' back from '$target': $(failure_reason)"
	[ "$(sed 's/ .*//' "$work/log")" = "$2" ] ||
		die "'$3' on '$target' is not what was written: its SHA-256 is $(sed 's/ .*//' "$work/log"), that of '$1' is $2"
}

# data_check: the file system as a whole
data_check() {
	case $data in
	ext4) run_or_die "checking the ext4 file system of '$target'" e2fsck -fn "$(ext4_device)" ;;
	exfat | f2fs)
		loop_data
		case $data in
		exfat) run_or_die "checking the exFAT file system of '$target'" fsck.exfat \
			-n "$loop" ;;
		f2fs) run_or_die "checking the F2FS file system of '$target'" fsck.f2fs \
			--dry-run "$loop" ;;
		esac
		loop_end
		;;
	esac
}
