# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# Brings images from elsewhere: by network, or from a medium into RAM.

# fetch URL FILE: FILE - is stdout. Addresses with '|' between them are mirrors of one file.
# netfetch tries until the time limit, and continues what was interrupted; it fails with 3 where no
# server has the file, 4 where it cannot be written, 5 where another file came into its place.
# fetch_why tells.
fetch() {
	local file=$2 limit=$P_TIMEOUT IFS='|'
	[ "$limit" -ge 60 ] || limit=60
	set -f
	# shellcheck disable=SC2086 # mirrors
	set -- $1
	set +f
	unset IFS
	rm -f "$RAMFS/fetch.why"
	$RUN netfetch -t "$limit" ${P_PROXY:+--proxy "$P_PROXY"} --status "$RAMFS/status" \
		--report "$RAMFS/fetch.why" -o "$file" "$@"
}

# keep_errors COMMAND...: what it says on stderr is shown, and kept in fetch.log
keep_errors() {
	local status=0
	"$@" 2>"$RAMFS/fetch.log" || status=$?
	[ ! -s "$RAMFS/fetch.log" ] || cat "$RAMFS/fetch.log" >&2
	return $status
}

# again TRY: for what is attached: waits before the next try, longer each time; false when there is
# none left
again() {
	[ "$1" -lt 5 ] || return 1
	warn "attempt $1 of 5 failed; retrying in $((1 << ($1 - 1))) s"
	$RUN sleep $((1 << ($1 - 1)))
}

need_netfetch() {
	[ -n "$RUN" ] || [ -x "$ROOT/bin/netfetch" ] ||
		fail VI106 'this initramfs cannot fetch files: it has no netfetch' '' \
			"build it with the profile line 'applet netfetch'"
}

# fetch_optional URL FILE: not a word when the server has no such file
fetch_optional() {
	local status=0
	fetch "$1" "$2" 2>"$RAMFS/fetch.log" || status=$?
	[ $status = 0 ] || [ $status = 3 ] || cat "$RAMFS/fetch.log" >&2
	return $status
}

# address_beside URL SUFFIX: the file of that suffix, of each mirror; in RET
address_beside() {
	local rest=$1 url all=''
	while [ -n "$rest" ]; do
		url=${rest%%"|"*}
		case $rest in *"|"*) rest=${rest#*"|"} ;; *) rest='' ;; esac
		case $url in
		*\?*) url=${url%%\?*}$2\?${url#*\?} ;;
		*) url=$url$2 ;;
		esac
		all=$all${all:+|}$url
	done
	RET=$all
}

# fetch_why: which server answered what, in RET, and what to do in ADVICE
fetch_why() {
	RET='' ADVICE=''
	[ ! -r "$RAMFS/fetch.why" ] || {
		IFS= read -r RET
		IFS= read -r ADVICE
	} <"$RAMFS/fetch.why" || :
	: "${RET:=the messages of netfetch above}" \
		"${ADVICE:=vi.break=attach gives a shell in which to try netfetch}"
}

# shown URL...: without passwords, in RET
shown() {
	local rest=$* url server
	RET=''
	while [ -n "$rest" ]; do
		url=${rest%%"|"*}
		case $rest in *"|"*) rest=${rest#*"|"} ;; *) rest='' ;; esac
		server=${url#*://} server=${server%%/*}
		case $url in *://*) case $server in *:*@*)
			url="${url%%://*}://${server%%:*}:***@${server##*@}${url#*"$server"}"
			;;
		esac ;; esac
		RET=$RET${RET:+|}$url
	done
}

# ram_dir: a tmpfs for images, in RET. It takes pages as it fills.
ram_dir() {
	make_dirs "$RAMFS/ram"
	$RUN mount -t tmpfs -o nosuid,nodev,mode=755,size=95%,nr_inodes=0 ram "$RAMFS/ram" ||
		fail VI105 'cannot make a tmpfs for the image'
	state_push "mount $RAMFS/ram"
	RET=$RAMFS/ram
}

# fetch_image URL: LOWER is a file in RAM, or status 3: no server has it
fetch_image() {
	local status=0 name=${1%%"|"*}
	need_netfetch
	ram_dir
	name=${name%%\?*}
	LOWER=$RET/${name##*/}
	shown "$1"
	name=$RET
	say "downloading $name"
	working "fetching $name"
	fetch "$1" "$LOWER" || status=$?
	case $status in
	0) ;;
	3) return 3 ;;
	4) ! is_full "${LOWER%/*}" ||
		fail_size VI506 "$name does not fit into memory" "$(free_memory)" \
			'give the machine more memory, or make the image smaller' &&
		fail_fetch "$1" ;;
	*) fail_fetch "$1" ;;
	esac
}

# fail_fetch URL
fail_fetch() {
	local name
	shown "$1"
	name=$RET
	fetch_why
	fail VI304 "$name could not be downloaded" "$RET" "$ADVICE"
}

# is_full DIRECTORY: no block is left in its file system
is_full() {
	[ "$($RUN stat -f -c %a "$1")" = 0 ]
}

free_memory() {
	meminfo MemAvailable
	echo "$RET MiB of memory are available"
}

# vi.toram: the medium can be taken out afterwards. Without enough memory the image stays where it
# is.
copy_to_ram() {
	local need=0 layer
	while IFS= read -r layer; do
		mib "$layer"
		need=$((need + RET))
	done <<LAYERS
$LAYERS
LAYERS
	meminfo MemAvailable
	if [ "$P_TORAM" = auto ]; then
		[ "$RET" -ge $((need + 512)) ] || {
			say "$SOURCE is not copied to RAM: that needs $need MiB and 512 MiB of headroom, $RET MiB are available"
			return 0
		}
	elif [ "$RET" -lt $((need + 64)) ]; then
		warn "vi.toram needs $need MiB and 64 MiB of headroom, $RET MiB are available: using the image in place"
		return 0
	fi
	ram_dir
	say "copying $SOURCE to RAM ($need MiB)"
	working "copying $SOURCE to RAM ($need MiB)"
	copy_layers "$RET"
	[ -z "$LIVE" ] || keep_rootcopy
	[ -n "$HOST_RW" ] || release_host
}

# copy_layers DIRECTORY: LAYERS are the copies then
copy_layers() {
	local layer copies='' to
	while IFS= read -r layer; do
		to=$1/${layer##*/}
		[ ! -e "$to" ] || to=$to.2
		mib "$layer"
		copy_with_progress "$layer" "$to" "$RET" ||
			fail_size VI506 "$layer could not be copied to RAM" "$(free_memory)" \
				'boot without vi.toram, or check the medium'
		copies=$copies${copies:+$NL}$to
	done <<LAYERS
$LAYERS
LAYERS
	LAYERS=$copies
}

# copy_with_progress FROM TO MIB
copy_with_progress() {
	local pid
	$RUN cp "$1" "$2" &
	pid=$!
	while [ "$3" -gt 64 ] && [ -z "$P_QUIET$ROOT" ] && kill -0 $pid 2>/dev/null; do
		sleep 1
		mib "$2"
		printf '\r%s of %s MiB ' "$RET" "$3" >&2
	done
	wait $pid
}

# copy_to_disk: tohd= of Knoppix: the image goes to the directory of the same name there (or the one
# named), and is used from there, now and with fromhd= later.
copy_to_disk() {
	local place=$RAMFS/tohd layer copies='' to directory
	directory=$place${TOHD_PATH:-${P_IMAGE%/*}}
	if ! mkdir -p "$place" || ! find_image -w -m "$place" -H "$TOHD_DEVICE" ||
		! mkdir -p "$directory"; then
		warn "tohd=$P_TOHD: the partition cannot be written; using the image in place"
		return 0
	fi
	while IFS= read -r layer; do
		to=$directory/${layer##*/}
		copy_once "$layer" "$to" || {
			warn "tohd=$P_TOHD: ${layer##*/} could not be copied (disk full?); using the image in place"
			return 0
		}
		copies=$copies${copies:+$NL}$to
	done <<LAYERS
$LAYERS
LAYERS
	LAYERS=$copies
	[ -n "$HOST_RW" ] || release_host
}

# copy_once FROM TO: what is there with the same size was copied before
copy_once() {
	local size
	size=$(stat -c %s "$1")
	[ "$(stat -c %s "$2" 2>/dev/null)" != "$size" ] || return 0
	mib "$1"
	say "copying $1 to $P_TOHD ($RET MiB)"
	working "copying $1 to $P_TOHD ($RET MiB)"
	copy_with_progress "$1" "$2.new" "$RET" && $RUN sync && mv "$2.new" "$2" && return 0
	rm -f "$2.new"
	return 1
}
