# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# Brings images from elsewhere: by network, or from a medium into RAM.

FETCH_TRIES=5

# fetch_stream URL: the bytes on stdout
fetch_stream() {
	case $1 in
	tftp://*) fetch_tftp "${1#tftp://}" ;;
	*) told ${RUN:+"$RUN"} wget -q -T 30 -O - "$1" ;;
	esac
}

# told COMMAND...: what it says on stderr is shown, and kept for fetch_why
told() {
	local status=0
	"$@" 2>"$RAMFS/fetch.log" || status=$?
	[ ! -s "$RAMFS/fetch.log" ] || cat "$RAMFS/fetch.log" >&2
	return $status
}

# fetch_why URL: which server answered what, in RET, and what to do in ADVICE
fetch_why() {
	local line server=${1#*://}
	server=${server%%/*} RET='' ADVICE='look at the server and its log; vi.break=attach gives a shell in which to try wget'
	[ ! -r "$RAMFS/fetch.log" ] || while IFS= read -r line; do
		[ -z "$line" ] || RET=$line
	done <"$RAMFS/fetch.log"
	RET=${RET#*: }
	case $RET in
	*' 404 '* | *' 410 '*) ADVICE='correct the address: the server has no such file' ;;
	*' 401 '* | *' 403 '*) ADVICE='let the server give the file to this machine' ;;
	*' 5'??' '*) ADVICE='look at the log of the server' ;;
	*'bad address'*) ADVICE='is the name right, and is there a name server? (nameserver=, or the number of the server)' ;;
	*"can't connect"* | *unreachable*) ADVICE='does the server run, and is there a route to it? (ip route)' ;;
	*'not an http'* | *'not http'*) ADVICE='this initramfs fetches by http, ftp and tftp alone' ;;
	esac
	RET="the server $server answered: ${RET:-nothing}"
}

# is_final: another try gets the same answer
is_final() {
	grep -qE 'HTTP/[0-9.]+ (400|401|403|404|405|410)|bad address' "$RAMFS/fetch.log" 2>/dev/null
}

# fetch_tftp HOST[:PORT]/PATH: an address of IPv6 stands in brackets
fetch_tftp() {
	local host=${1%%/*} path=${1#*/} port=''
	case $host in
	'['*']' | '['*']':*)
		port=${host#*']'}
		port=${port#:} host=${host#'['}
		host=${host%%']'*}
		;;
	*:*) port=${host#*:} host=${host%%:*} ;;
	esac
	$RUN tftp -g -b 1468 -l - -r "$path" "$host" ${port:+"$port"}
}

# fetch_file URL FILE: what an earlier try left is continued
fetch_file() {
	case $1 in
	tftp://*) fetch_stream "$1" >"$2" ;;
	*) told ${RUN:+"$RUN"} wget -c -T 30 -O "$2" "$1" ;;
	esac
}

# again TRY: waits before the next try, longer each time; false when there is none left
again() {
	[ "$1" -lt "$FETCH_TRIES" ] || return 1
	warn "attempt $1 of $FETCH_TRIES failed; retrying in $((1 << ($1 - 1))) s"
	$RUN sleep $((1 << ($1 - 1)))
}

# ram_dir: a tmpfs for images, in RET. It takes pages as it fills.
ram_dir() {
	make_dirs "$RAMFS/ram"
	$RUN mount -t tmpfs -o nosuid,nodev,mode=755,size=95%,nr_inodes=0 ram "$RAMFS/ram" || fail 'cannot make a tmpfs for the image'
	state_push "mount $RAMFS/ram"
	RET=$RAMFS/ram
}

# fetch_image URL: LOWER is a file in RAM
fetch_image() {
	local try=1
	ram_dir
	LOWER=$RET/${1##*/}
	LOWER=${LOWER%%\?*}
	say "downloading $1"
	working "fetching $1"
	until fetch_file "$1" "$LOWER"; do
		! is_full "${LOWER%/*}" || fail_size "$1 does not fit into memory" "$(free_memory)" \
			'give the machine more memory, or make the image smaller'
		{ ! is_final && again $try; } || fail_fetch "$1" $try
		try=$((try + 1))
	done
}

# fail_fetch URL TRIES
fail_fetch() {
	fetch_why "$1"
	fail "$1 could not be downloaded in $2 $([ "$2" = 1 ] && echo attempt || echo attempts)" "$RET" "$ADVICE"
}

# is_full DIRECTORY: no block is left in its file system
is_full() {
	[ "$($RUN stat -f -c %a "$1")" = 0 ]
}

free_memory() {
	meminfo MemAvailable
	echo "$RET MiB of memory are available"
}

# vi.toram: the medium can be taken out afterwards. Without enough memory the image stays where it is.
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
			fail_size "$layer could not be copied to RAM" "$(free_memory)" 'boot without vi.toram, or check the medium'
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

# copy_to_disk: tohd= of Knoppix: the image goes to the directory of the same name there (or the one named), and is used from there,
# now and with fromhd= later.
copy_to_disk() {
	local place=$RAMFS/tohd layer copies='' to directory
	directory=$place${TOHD_PATH:-${P_IMAGE%/*}}
	if ! mkdir -p "$place" || ! find_image -w -m "$place" -H "$TOHD_DEVICE" || ! mkdir -p "$directory"; then
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
