# shellcheck shell=sh disable=SC2154,SC2034 # variables of scripts/pxe, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# The entries of the directory that scripts/pxe makes, and their generations. entries/NAME.N has
# lines KEY=VALUE: what generation N of the entry NAME boots. The newest generation is in the menu;
# the others say which files machines may still be using.

# Labels of the menu that are no entries
RESERVED='local memtest shell install hardware reboot failed start local_efi'

# check_name NAME OPTION
check_name() {
	case $1 in
	'' | -* | *[!A-Za-z0-9_-]* | ?????????????????????????????????*)
		usage "$2 expects at most 32 letters, digits, '-' and '_', found '$1'"
		;;
	esac
	case " $RESERVED " in
	*" $1 "*) usage "$2: '$1' is an item that the menu has anyway; name the entry otherwise" ;;
	esac
}

# entry_names: of all entries, one a line; the first in the menu is the one that was made first
entry_names() {
	# shellcheck disable=SC2012 # names are letters and digits
	ls -tr "$output/entries" 2>/dev/null | sed -n 's/^\([A-Za-z0-9_-]*\)\.first$/\1/p'
}

# entry_generations NAME: the numbers of its generations, newest first
entry_generations() {
	for record in "$output/entries/$1".*; do
		case ${record##*.} in
		*[!0-9]* | '') ;;
		*) echo "${record##*.}" ;;
		esac
	done | sort -rn
}

newest_generation() {
	entry_generations "$1" | head -n 1
}

# entry_read NAME GENERATION: sets e_KEY for all keys. Nothing in a record is evaluated.
entry_read() {
	e_title='' e_kernel='' e_initramfs='' e_root='' e_sha256='' e_mode='' e_append='' \
		e_time='' e_verity=''
	while IFS='=' read -r key value; do
		case $key in
		title) e_title=$value ;;
		kernel) e_kernel=$value ;;
		initramfs) e_initramfs=$value ;;
		root) e_root=$value ;;
		sha256) e_sha256=$value ;;
		verity) e_verity=$value ;;
		mode) e_mode=$value ;;
		append) e_append=$value ;;
		time) e_time=$value ;;
		esac
	done <"$output/entries/$1.$2"
	for value in "$e_kernel" "$e_initramfs" "$e_root"; do
		case $value in
		'' | .* | *[!A-Za-z0-9._-]*) die \
			"'$output/entries/$1.$2' is damaged: expected names of files, found '$(quote_show "$value")'; remove it and run this again" ;;
		esac
	done
}

# entry_title: the text of the entry in the menu, where --title does not name one
entry_title() {
	[ -z "$title" ] || return 0
	generation=$(newest_generation "$new_entry")
	if [ -n "$generation" ]; then
		entry_read "$new_entry" "$generation"
		title=$e_title
	elif [ "$new_entry" = diskless ]; then
		title="Diskless: the root in this machine's memory"
	else
		title=$new_entry
	fi
}

# entry_write NAME: the record of what was installed just now, unless the newest is the same
entry_write() {
	generation=$(newest_generation "$1")
	{
		printf 'title=%s\nkernel=%s\ninitramfs=%s\nroot=%s\nsha256=%s\nmode=%s\nappend=%s\n' \
			"$title" "$kernel_name" "$initramfs_name" "$root_name" "$root_sum" "$mode" \
			"$words"
		[ -z "$root_hash" ] || printf 'verity=%s\n' "$root_hash"
	} >"$work/record"
	if [ -n "$generation" ] && grep -v '^time=' "$output/entries/$1.$generation" |
		cmp -s - "$work/record"; then
		return
	fi
	generation=$((${generation:-0} + 1))
	date -u -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" +time=%Y-%m-%dT%H:%M:%SZ >>"$work/record"
	[ -e "$output/entries/$1.first" ] || : >"$output/entries/$1.first"
	install_file "$work/record" "entries/$1.$generation"
}

# entry_remove NAME: no longer in the menu. Its files stay until --prune finds that nobody needs
# them.
entry_remove() {
	[ -e "$output/entries/$1.first" ] ||
		die "there is no entry '$1' in '$output': it has $(entry_names | paste -s -d ' ')"
	for host in "$output"/hosts/*.ipxe; do
		[ -f "$host" ] || continue
		! grep -qx "set menu-default $1" "$host" ||
			die "the entry '$1' is that of a machine ($host): give that another one first (--host)"
	done
	[ "$(entry_names | wc -l)" -gt 1 ] ||
		die "'$1' is the only entry of '$output': remove the directory instead"
	rm "$output/entries/$1.first" || die "cannot remove '$output/entries/$1.first'"
}

# record_in_use RECORD: the newest of an entry, one of the newest $keep, or replaced less than
# $keep_days days ago
record_in_use() {
	entry=${1##*/}
	generation=${entry##*.} entry=${entry%.*}
	since=$1
	if [ -e "$output/entries/$entry.first" ]; then
		older=0
		for number in $(entry_generations "$entry"); do
			[ "$number" != "$generation" ] || break
			older=$((older + 1)) since=$output/entries/$entry.$number
		done
		[ "$older" -ge "$keep" ] || return 0
	fi
	# replaced when the next generation was written; one of a removed entry counts from its own
	# time
	[ -n "$(find "$since" -mmin "-$((keep_days * 1440))")" ]
}

# files_of_records: all files that remaining records name, and those of the menu itself
files_of_records() {
	cat "$output"/entries/*.[0-9]* 2>/dev/null |
		sed -n 's/^\(kernel\|initramfs\)=//p;s/^root=\(.*\)/\1\n\1.verity\n\1.minisig\n\1.trace/p'
	# shellcheck disable=SC2016 # iPXE's variable
	sed -n 's/.*\${files}\([A-Za-z0-9._-]*\).*/\1/p;s/.* && set memtest \([A-Za-z0-9._-]*\) ||$/\1/p' "$output/menu.ipxe"
}

# prune: removes records that nobody uses, then files with a hash that no record names. Sets pruned.
prune() {
	pruned=''
	for record in "$output"/entries/*.[0-9]*; do
		[ -e "$record" ] || continue
		record_in_use "$record" || rm -- "$record" || die "cannot remove '$record'"
	done
	files_of_records >"$work/used"
	for file in "$output"/*-????????????*; do
		stored=${file##*/}
		printf '%s\n' "$stored" | grep -qE -- '-[0-9a-f]{12}(\.[A-Za-z0-9._]+)?$' ||
			continue
		! grep -qxF -e "$stored" "$work/used" || continue
		# another program may have put it there just now, for a run that is not at its end
		[ -z "$(find "$file" -mmin -60)" ] || [ "$keep_days" = 0 ] || continue
		rm -- "$file" || die "cannot remove '$file'"
		pruned="$pruned$stored
"
	done
}

# list_entries: for people
list_entries() {
	entry_names | while read -r entry; do
		for generation in $(entry_generations "$entry"); do
			entry_read "$entry" "$generation"
			printf '%s generation %s (%s): %s %s %s\n' "$entry" "$generation" \
				"$e_time" "$e_kernel" "$e_initramfs" "$e_root"
		done
	done
}

# json_entries: the same, and what was pruned, as one object
json_entries() {
	{
		for entry in $(entry_names); do
			for generation in $(entry_generations "$entry"); do
				entry_read "$entry" "$generation"
				jq -n -c --arg name "$entry" --argjson generation "$generation" \
					--arg title "$e_title" --arg time "$e_time" \
					--arg kernel "$e_kernel" --arg initramfs "$e_initramfs" \
					--arg root "$e_root" --arg sha256 "$e_sha256" \
					--arg verity "$e_verity" \
					--arg mode "$e_mode" --arg parameters "${e_append# }" \
					'$ARGS.named'
			done
		done
	} | jq -s -c --arg directory "$output" --arg url "$url" --arg pruned "${pruned:-}" \
		--arg hosts "$(list_hosts)" '{directory: $directory, url: $url, entries: .,
			hosts: ($hosts | split("\n") | map(select(. != "") | split(" ") | {mac: .[0], entry: .[1]})),
			pruned: ($pruned | split("\n") | map(select(. != "")))}'
}
