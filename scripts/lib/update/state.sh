# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# Records of what was built, below /var/lib/mkvinitrd/update, and the replacement of images. Needs
# output.sh, settle.sh, entry.sh and $sysroot.
#   state_open                        makes the directory; only one update runs at a time; completes an interrupted replacement
#   state_matches ID INPUTS IMAGE     whether IMAGE is there as recorded, made of these inputs
#   state_get ID KEY                  a field of a record: image, sha256, sentinel, kernel, preset, vmlinuz, cmdline, keep, entry
#   state_ids                         all records, one a line
#   state_replace                     the images of $work/replace (lines TEMP, IMAGE, ID) and the boot entries: from the old set to the new one
#
# A record is lines KEY VALUE, a line "--", and the inputs. The list of a replacement ("journal") is
# written before the first image is renamed, and is removed after the boot entries are written; each
# rename is atomic. Before the list is there, the old set is in force, and temporary files are only
# waste; after, the next update completes what an interruption left. At any moment each name is a
# complete image, the old or the new one.

state_matches() {
	state_record=$state/$1
	[ -f "$state_record" ] && [ -f "$3" ] || return 1
	[ "$(state_get "$1" image)" = "$3" ] || return 1
	sed '1,/^--$/d' "$state_record" 2>/dev/null | cmp -s - "$2" ||
		return 1 # cmp ends at the first difference
	state_hash=$(sha256sum <"$3") && [ "${state_hash%% *}" = "$(state_get "$1" sha256)" ]
}

state_get() {
	sed -n "/^--\$/q; s/^$2 //p" "$state/$1"
}

state_ids() {
	for state_record in "$state"/*@*; do
		case $state_record in
		*.new | *.tmp) ;;
		*) [ ! -f "$state_record" ] || printf '%s\n' "${state_record##*/}" ;;
		esac
	done
}

# state_write NAME <TEXT: durable, then its name
state_write() {
	cat >"$state/.$1.tmp" && sync "$state/.$1.tmp" && mv -f -T "$state/.$1.tmp" "$state/$1" &&
		sync "$state"
}

state_open() {
	state=$sysroot/var/lib/mkvinitrd/update
	[ -z "$dry_run" ] || return 0
	mkdir -p "$state" || die "cannot make '$state': are you root?"
	exec 9>"$state/lock" || die "cannot write '$state/lock': are you root?"
	state_wait=${MKVINITRD_LOCK_WAIT:-600}
	flock -n 9 || {
		say "another 'mkvinitrd update' is at work: waiting for it, for $state_wait s at most"
		flock -w "$state_wait" 9
	} || die "another 'mkvinitrd update' is at work: '$state/lock' is locked"
	[ ! -f "$state/journal" ] || state_complete
}

# An interrupted replacement: its new images are complete and verified.
state_complete() {
	hold_signals
	state_rename || die "cannot complete the update that was interrupted: $(state_why)"
	state_entries
	say "an update was interrupted while it replaced images; it is complete now"
}

# The list stays until the boot entries, too, are those of the new images, and all is in place.
state_entries() {
	entry_write 2 ||
		die "the new images are in force, and their boot entries cannot be written: $(state_why); the next update tries again"
	{ state_each state_settle && { [ -z "$entry_dir" ] || state_settle '' "$entry_dir/"; } &&
		state_each state_forget && state_end; } ||
		die "cannot remove '$state/journal': $(state_why)"
	release_signals
}

state_end() {
	sync "$state" && rm -f "$state/journal" && sync "$state"
}

# state_each FUNCTION: for each image of the list, with its temporary name, its name and its ID
state_each() {
	state_settled=''
	while IFS='	' read -r state_temp state_image state_id; do
		"$1" "$state_temp" "$state_image" "$state_id" || return
	done <"$state/journal"
}

# Most images are on one file system.
state_settle() {
	state_device=$(stat -c %d "${2%/*}") || return
	[ "$state_device" != "$state_settled" ] || return 0
	state_settled=$state_device
	settle "${2%/*}"
}

# One that has not been booted yet is no fallback: then the previous one stays. The old image keeps
# a name until the new one is in place:
# a boot loader that does not read the journal may find either. FAT has no hard links, and no
# journal.
state_hold() {
	[ -f "$1" ] || return 0
	if [ "$(sed -n '/^--$/q; s/^keep //p' "$state/$3.new")" = keep ] &&
		[ ! -f "$2.previous" ]; then
		state_keep "$2" || return
	fi
	state_old=${2%/*}/.${2##*/}.mkvinitrd-old
	rm -f "$state_old"
	[ ! -f "$2" ] || ln "$2" "$state_old" 2>/dev/null || :
}

state_forget() {
	rm -f "${2%/*}/.${2##*/}.mkvinitrd-old"
}

state_why() {
	explain_write "$sysroot/boot"
}

# state_keep IMAGE: the old image under a second name. FAT has no hard links: there it is copied.
state_keep() {
	[ -f "$1" ] || return 0
	state_new=${1%/*}/.${1##*/}.mkvinitrd-previous
	rm -f "$state_new"
	ln "$1" "$state_new" 2>/dev/null || { cp "$1" "$state_new" && sync "$state_new"; } || {
		rm -f "$state_new"
		return 1
	}
	mv -f -T "$state_new" "$1.previous" && rm -f "$state_new" && sync "${1%/*}"
}

state_rename_one() {
	[ ! -f "$1" ] || mv -f -T "$1" "$2" || return
	sync "${2%/*}" || return
	[ ! -f "$state/$3.new" ] || mv -f -T "$state/$3.new" "$state/$3"
}

state_rename() {
	state_each state_hold && state_each state_settle && state_each state_rename_one
}

state_replace() {
	[ -s "$work/replace" ] || return 0
	hold_signals
	state_write journal <"$work/replace" || {
		rm -f "$state/.journal.tmp"
		die "no space left in '$state'; the old images are in force"
	}
	state_committed=1
	state_rename ||
		die "cannot replace an image: $(state_why); each image is the old or the new one, the next update completes this"
	state_entries
}

# state_drop: temporary files of an update that was not to be
state_drop() {
	[ -z "$state_committed" ] || return 0
	while IFS='	' read -r state_temp state_image state_id; do
		rm -f "$state_temp" "$state_temp".* "${state_temp%/*}/.${state_temp##*/}".* \
			"$state/$state_id.new" "$state/.$state_id.new.tmp"
	done <"$work/planned"
}
