# shellcheck shell=sh disable=SC2154 # variables of the script that reads this
# SPDX-License-Identifier: GPL-2.0-or-later
# What GRUB will see after a power cut. It reads ext4 and XFS as they are on the disk, without their
# journal, where a file that is synced may still be in the journal alone. Needs $sysroot and $work.
#   settle DIRECTORY    writes all of its file system in place, by freezing it for a moment. Not in a sysroot, from which nothing boots now,
#                       nor on a file system whose synced files GRUB sees or whose old ones it keeps.

settle() {
	case $sysroot:$(stat -f -c %T "$1") in
	:ext2/ext3 | :xfs) settle_by_freezing "$1" || : ;;
	esac
}

# Whoever freezes may be killed before it thaws: another process does that, when all who have the
# FIFO open for writing are gone.
settle_by_freezing() {
	fsfreeze --version >/dev/null 2>&1 || return
	rm -f "$work/thaw"
	mkfifo "$work/thaw" || return
	# shellcheck disable=SC2016 # of the shell inside
	setsid sh -c 'trap "" HUP INT TERM; read -r failed || exec fsfreeze --unfreeze "$1"' sh \
		"$1" <"$work/thaw" >/dev/null 2>&1 &
	settle_thaw=$!
	exec 8>"$work/thaw"
	if ! fsfreeze --freeze "$1" 2>/dev/null; then
		echo failed >&8
		exec 8>&-
		wait "$settle_thaw" || :
		return 1
	fi
	exec 8>&-
	wait "$settle_thaw" || fsfreeze --unfreeze "$1"
}
