# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# Directories of live-boot's store in the root, as persistence.conf(5) has them. What cannot be used
# is reported, and the boot continues.

# DIRECTORIES has lines "ORDER TARGET KIND SOURCE": a directory comes after those that it lies in,
# links come last, so that nothing hides them. STORE is where the store is mounted.
put_directories() {
	local order target kind source
	[ -z "$P_KEEP_RO" ] || store_in_memory || {
		warn 'the directories of the store could not be mounted'
		return 0
	}
	# shellcheck disable=SC2034
	while read -r order target kind source; do
		inside "$target"
		if ! make_target "$NEWROOT$RET" ||
			! put_directory "$kind" "$source" "$NEWROOT$RET"; then
			warn "$target is not mounted from the store: $source cannot be used ($kind)"
		fi
	done <<LINES
$(printf '%s' "$DIRECTORIES" | sort -s -u -k 1,2)
LINES
}

# persistence-read-only: STORE_RO is the store, STORE one in which all that is written goes to
# memory
store_in_memory() {
	MEMORY=$RAMFS/volatile STORE_RO=$STORE
	mkdir -p "$MEMORY" || return 1
	$RUN mount -t tmpfs -o mode=755 volatile "$MEMORY" || return 1
	state_push "mount $MEMORY"
	mkdir -p "$MEMORY/upper" "$MEMORY/work" "$MEMORY/store" || return 1
	$RUN mount -t overlay -o "lowerdir=$STORE_RO,upperdir=$MEMORY/upper,workdir=$MEMORY/work" \
		overlay "$MEMORY/store" || return 1
	state_push "mount $MEMORY/store"
	STORE=$MEMORY/store
}

put_directory() {
	case $1 in
	bind) bind_directory "$STORE$2" "$3" ;;
	union) union_directory "$STORE$2" "$3" ;;
	link)
		show_store && new_directory "$STORE$2" "$3" &&
			link_files "$STORE${2%/}" "$3" "$SHOWN${2%/}"
		;;
	esac
}

# make_target DIRECTORY: what is made below /home is the first user's, as live-boot has it
make_target() {
	local top=$1
	[ ! -d "$1" ] || return 0
	while [ ! -d "${top%/*}" ]; do top=${top%/*}; done
	mkdir -p "$1" || return 1
	case ${top#"$NEWROOT"} in /home/?*) $RUN chown -R 1000:1000 "$top" ;; esac
}

# new_directory DIRECTORY MODEL: made, when it is not there, with owner and mode of the other one
new_directory() {
	[ ! -d "$1" ] || return 0
	mkdir -p "$1" && $RUN chown "$(stat -c %u:%g "$2")" "$1" && chmod "$(stat -c %a "$2")" "$1"
}

# union_directory DIRECTORY TARGET: what is changed in the target goes to the directory's rw
union_directory() {
	case $1$2 in *[,:\\]*) return 1 ;; esac # of the grammar of overlay's options
	[ -z "$P_KEEP_RO" ] || {
		union_in_memory "$STORE_RO${1#"$STORE"}/rw" "$2"
		return
	}
	new_directory "$1" "$2" && new_directory "$1/rw" "$2" && mkdir -p "$1/work" || return 1
	$RUN mount -t overlay -o "lowerdir=$2,upperdir=$1/rw,workdir=$1/work,index=off,metacopy=off,xino=auto,redirect_dir=on" overlay "$2"
}

# union_in_memory CHANGED TARGET
union_in_memory() {
	local dir=$MEMORY/union${2#"$NEWROOT"} lower=$2
	[ ! -d "$1" ] || lower=$1:$2
	mkdir -p "$dir/work" && new_directory "$dir/rw" "$2" || return 1
	$RUN mount -t overlay -o "lowerdir=$lower,upperdir=$dir/rw,workdir=$dir/work,index=off,metacopy=off,xino=auto" overlay "$2"
}

# show_store: links need a path that is there while the system runs: SHOWN
show_store() {
	[ -z "${SHOWN:-}" ] || return 0
	SHOWN=/run/live/persistence/${STORE_DEVICE##*/}
	mkdir -p "$ROOT$SHOWN" && $RUN mount -o bind "$STORE" "$ROOT$SHOWN"
}

# link_files DIRECTORY TARGET NAME: each file of the directory, which the root knows by that name,
# is a link in the target in place of what is there. What lies on a mount of its own is left alone.
link_files() {
	local file target
	for file in "$1"/* "$1"/.[!.]* "$1"/..?*; do
		target=$2/${file##*/}
		if [ -d "$file" ] && [ ! -L "$file" ]; then
			new_directory "$target" "$file" &&
				link_files "$file" "$target" "$3/${file##*/}"
		elif { [ -e "$file" ] || [ -L "$file" ]; } && ! has_mounts "$target"; then
			rm -rf "$target"
			ln -s "$3/${file##*/}" "$target" &&
				$RUN chown -h "$(stat -c %u:%g "$file")" "$target"
		fi
	done
}

# has_mounts DIRECTORY
has_mounts() {
	local device path rest
	[ -d "$1" ] || return 1
	# shellcheck disable=SC2034
	while read -r device path rest; do
		case $(printf '%b' "$path")/ in "$1"/*) return 0 ;; esac
	done <"$ROOT/proc/mounts"
	return 1
}
